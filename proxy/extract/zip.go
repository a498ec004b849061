package extract

import (
	"archive/zip"
	"bytes"
	"compress/bzip2"
	"encoding/binary"
	"errors"
	"io"
	"sort"
	"strings"
	"unicode/utf8"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz/lzma"
	"golang.org/x/text/encoding/charmap"

	"postvern.example/policy/detect"
)

// zip reads an archive, or the office document that is packed as one.
func (r *reading) zip(p piece) {
	z, err := zip.NewReader(bytes.NewReader(p.data), int64(len(p.data)))
	if err != nil {
		if hasLockedDirectory(p.data) {
			r.protected(labelled(p.place, "archive"), strengthStrong)
			return
		}
		r.unscannable(labelled(p.place, "archive"), whyMalformed)
		return
	}
	registerMethods(z)
	pack := &zipPack{r: r, p: p, files: z.File}
	if !pack.separate() {
		return
	}
	if pack.isDocument() && pack.twice() {
		r.unscannable(p.place, whyMalformed) // programs differ in which of the two they show
	}
	switch {
	case pack.has("[Content_Types].xml"):
		r.ooxml(pack)
	case pack.isDocument():
		r.openDocument(pack)
	case pack.isIWork():
		r.iwork(pack)
	default:
		pack.p.place = labelled(p.place, "archive")
		pack.bookLock()
		r.archive(pack, z.Comment)
	}
}

// isDocument reports whether an archive is an Office or OpenDocument file. One
// that LibreOffice 24 has encrypted holds nothing but a package (ODF 1.4 part 2
// §3.17).
func (z *zipPack) isDocument() bool {
	manifest := z.has("META-INF/manifest.xml")
	return z.has("[Content_Types].xml") || z.has("content.xml") && (manifest || z.has("mimetype")) || manifest && z.has("encrypted-package")
}

// bookLock tells of an e-book that only its buyer's program opens: a part of it
// is encrypted in another way than fonts are made unreadable (EPUB OCF 3.3 §4.2.6.3.2).
func (z *zipPack) bookLock() {
	f := z.find("META-INF/encryption.xml")
	if f == nil {
		return
	}
	for s := scanXML(z.read(f, z.p.place)); s.next(); {
		if s.kind != xmlOpen || s.name != "EncryptionMethod" {
			continue
		}
		switch s.attr("Algorithm") {
		case "http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC":
		default:
			z.r.protected(z.p.place, strengthStrong)
			return
		}
	}
}

// twice reports whether two entries have one name.
func (z *zipPack) twice() bool {
	seen := make(map[string]bool, len(z.files))
	for _, f := range z.files {
		name := strings.ToLower(f.Name)
		if seen[name] {
			return true
		}
		seen[name] = true
	}
	return false
}

// encryptedDirectory begins the record in front of a directory that is
// encrypted itself (APPNOTE 6.3.10 §4.3.11).
const encryptedDirectory = "PK\x06\x08"

// hasLockedDirectory reports whether the directory of an archive that could not be
// read is encrypted: then it has a record in front, or its entries' own headers
// are masked (bits 0 and 13 of their flags, §4.4.4).
func hasLockedDirectory(data []byte) bool {
	masked := bytes.HasPrefix(data, []byte("PK\x03\x04")) && len(data) > 8 && data[6]&1 != 0 && data[7]&0x20 != 0
	return masked || bytes.Contains(data, []byte(encryptedDirectory))
}

func registerMethods(z *zip.Reader) {
	z.RegisterDecompressor(9, func(in io.Reader) io.ReadCloser { return io.NopCloser(newInflate64(in)) })
	z.RegisterDecompressor(12, func(in io.Reader) io.ReadCloser { return io.NopCloser(bzip2.NewReader(in)) })
	z.RegisterDecompressor(93, func(in io.Reader) io.ReadCloser {
		d, err := zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(64<<20))
		if err != nil {
			return io.NopCloser(failing{err})
		}
		return d.IOReadCloser()
	})
	z.RegisterDecompressor(95, func(in io.Reader) io.ReadCloser {
		d, err := xzReader(in, 64<<20) // what "xz -9" asks for
		if err != nil {
			return io.NopCloser(failing{err})
		}
		return io.NopCloser(d)
	})
}

type failing struct{ err error }

// Read implements io.Reader.
func (f failing) Read([]byte) (int, error) { return 0, f.err }

// zipPack is an open archive.
type zipPack struct {
	r      *reading
	p      piece
	files  []*zip.File
	locked map[detect.Evidence]bool // strengths that were reported
	locks  map[string]*odfLock      // of the entries of a document that a password of the message opened
}

func (z *zipPack) has(name string) bool { return z.find(name) != nil }

func (z *zipPack) find(name string) *zip.File {
	for _, f := range z.files {
		if strings.EqualFold(strings.ReplaceAll(f.Name, `\`, "/"), name) {
			return f
		}
	}
	return nil
}

// read returns an entry's bytes; what cannot be read of it is a finding at
// place.
func (z *zipPack) read(f *zip.File, place detect.Place) []byte {
	r := z.r
	if r.over(place) {
		return nil
	}
	if r.left.Entries--; r.left.Entries < 0 {
		r.unscannable(z.p.place, whyEntries)
		return nil
	}
	if isLocked(f) {
		z.lock(f)
		data, _ := z.unlock(f)
		return data
	}
	in, err := z.open(f)
	switch {
	case errors.Is(err, zip.ErrAlgorithm):
		r.unscannable(place, whyPacking)
		return nil
	case err != nil:
		r.unscannable(place, whyMalformed)
		return nil
	}
	defer func() { _ = in.Close() }() // nothing is written
	data, why := r.unpackSized(in, int64(f.CompressedSize64), int64(min(f.UncompressedSize64, 1<<40)))
	if why != "" {
		r.unscannable(place, why)
	}
	if l := z.locks[f.Name]; l != nil {
		return z.unlocked(f, l, data, place)
	}
	return data
}

// isLocked reports whether an entry is encrypted. Pages, Numbers and Keynote '09
// say so by methods of their own.
func isLocked(f *zip.File) bool { return f.Flags&1 != 0 || isLockedIWork(f) }

func isLockedIWork(f *zip.File) bool { return f.Method == 0x636B || f.Method == 0x636C }

// open unpacks an entry. LZMA's own header does not tell the size, which is
// needed where its data has no end mark (APPNOTE 6.3.10 §5.8.8).
func (z *zipPack) open(f *zip.File) (io.ReadCloser, error) {
	if f.Method != 14 {
		return f.Open()
	}
	raw, err := f.OpenRaw()
	if err != nil {
		return nil, err
	}
	var head [9]byte // version, size of the properties, the properties
	if _, err := io.ReadFull(raw, head[:]); err != nil || head[2] != 5 || head[3] != 0 {
		return nil, zip.ErrFormat
	}
	size := f.UncompressedSize64
	if f.Flags&2 != 0 {
		size = 1<<64 - 1 // there is an end mark
	}
	in, err := lzma.ReaderConfig{DictCap: 16 << 20}.NewReader(io.MultiReader(
		bytes.NewReader(head[4:]), bytes.NewReader(binary.LittleEndian.AppendUint64(nil, size)), raw))
	if err != nil {
		return nil, err
	}
	return io.NopCloser(in), nil
}

// lock reports an entry that only a password opens: AES is method 99, bit 6
// is PKWARE's strong encryption, all else is ZipCrypto.
func (z *zipPack) lock(f *zip.File) {
	strength := strengthWeak
	if f.Method == 99 || f.Flags&0x40 != 0 || isLockedIWork(f) {
		strength = strengthStrong
	}
	if z.locked[strength] {
		return
	}
	if z.locked == nil {
		z.locked = map[detect.Evidence]bool{}
	}
	z.locked[strength] = true
	z.r.protected(z.p.place, strength)
}

// archive reads the entries of an archive that is nothing but that.
func (r *reading) archive(z *zipPack, comment string) {
	r.prose(z.p.place.In(detect.Step{Kind: detect.InComment}), mixed([]byte(comment)))
	var names []string
	for i, f := range z.files {
		if r.late || r.left.Entries < 0 {
			break
		}
		name := entryName(f.Name, !f.NonUTF8)
		place := z.p.place.In(detect.Step{Kind: detect.InEntry, Number: i + 1, Name: name})
		names = append(names, name)
		r.label(place.In(detect.Step{Kind: detect.InName}), name)
		r.prose(place.In(detect.Step{Kind: detect.InComment}), mixed([]byte(f.Comment)))
		if strings.HasSuffix(f.Name, "/") && f.UncompressedSize64 == 0 {
			continue
		}
		data := z.read(f, place)
		r.piece(piece{data: data, place: place, name: name, depth: z.p.depth + 1})
	}
	r.listing(z.p.place, names)
}

// entryName returns the name of an entry. Windows' own zip program writes the
// code page of the console.
func entryName(name string, isUTF8 bool) string {
	if isUTF8 || utf8.ValidString(name) {
		return mixed([]byte(name))
	}
	return convert(charmap.CodePage850, []byte(name))
}

// separate looks at where the entries lie. Bytes between them are a finding: a
// reader that goes by local headers finds files there that the directory does
// not name. Entries that overlap are a trap, and none of them is read.
func (z *zipPack) separate() bool {
	type span struct{ start, end int64 }
	spans := make([]span, 0, len(z.files))
	for _, f := range z.files {
		start, err := f.DataOffset()
		if err != nil {
			z.r.unscannable(z.p.place, whyMalformed)
			continue
		}
		spans = append(spans, span{start, start + int64(f.CompressedSize64)})
	}
	sort.Slice(spans, func(i, j int) bool { return spans[i].start < spans[j].start })
	end, gap := int64(0), false
	for _, s := range spans {
		if s.start < end {
			z.r.unscannable(z.p.place, whyMalformed)
			return false
		}
		gap = gap || !isLocalHeader(z.p.data, end, s.start)
		end = s.end
	}
	if gap && len(spans) == len(z.files) {
		z.r.unscannable(z.p.place, whyTrailing)
	}
	return true
}

// isLocalHeader reports whether from start to end there is one local header,
// perhaps after a data descriptor.
func isLocalHeader(data []byte, start, end int64) bool {
	if start > end || end > int64(len(data)) {
		return false
	}
	between := data[start:end]
	i := bytes.Index(between, []byte("PK\x03\x04"))
	if i < 0 || len(between) < i+30 {
		return false
	}
	switch i {
	case 0:
	case 12, 16, 20, 24: // sizes and checksum of the entry before
		if start == 0 {
			return false
		}
	default:
		return false
	}
	name := int(between[i+26]) | int(between[i+27])<<8
	extra := int(between[i+28]) | int(between[i+29])<<8
	return len(between) == i+30+name+extra
}
