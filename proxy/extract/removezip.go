package extract

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"encoding/binary"
	"hash/crc32"
	"io"
	"path"
	"slices"
	"strings"
)

// document takes names out of a document that is packed as a ZIP archive. All
// of its parts keep their packed octets but those that name somebody. It returns
// nil where it is no such document, where nothing names them, and where what
// a new document says could not be vouched for: it is signed, locked, or of a
// form that programs may read in another way than we do.
func (d *removal) document(r *reading, p piece) []byte {
	z, err := zip.NewReader(bytes.NewReader(p.data), int64(len(p.data)))
	if err != nil {
		return nil
	}
	pack := &zipPack{r: r, p: p, files: z.File}
	if !pack.isDocument() || pack.twice() || pack.isSigned() || !endsWithDirectory(p.data, z.Comment) || slices.ContainsFunc(z.File, isLocked) {
		return nil
	}
	changed := map[string][]byte{}
	for _, f := range z.File {
		kind := pack.kindOf(f.Name)
		if kind == noStamps || f.Method != zip.Deflate && f.Method != zip.Store {
			continue
		}
		data := pack.read(f, p.place)
		if len(r.out.Findings) > 0 {
			return nil
		}
		if containsMark(data) {
			if with := d.part(r, data, kind); with != nil {
				changed[f.Name] = with
			}
		}
	}
	if len(changed) == 0 {
		return nil
	}
	out, err := rewritten(z, changed, len(p.data))
	if err != nil || !isRewritten(z, out, changed) {
		return nil
	}
	return out
}

// kindOf returns which stamps a part has, by its place in the package.
func (z *zipPack) kindOf(name string) partKind {
	dir, base := path.Split(strings.ToLower(name))
	office := z.has("[Content_Types].xml")
	switch {
	case !strings.HasSuffix(base, ".xml"):
		return noStamps
	case !office && base == "meta.xml", office && dir == "docprops/":
		return inProperties
	case !office && (base == "content.xml" || base == "styles.xml"):
		return inODF
	case !office:
		return noStamps
	case strings.HasPrefix(dir, "xl/") && strings.HasPrefix(base, "comments"):
		return inNotes
	case strings.HasPrefix(dir, "word/"), strings.HasPrefix(dir, "xl/"), strings.HasPrefix(dir, "ppt/"):
		return inOffice
	}
	return noStamps
}

// isSigned reports whether a document has a digital signature (ECMA-376 part 2
// §12, ODF 1.3 part 2 §5).
func (z *zipPack) isSigned() bool {
	for _, f := range z.files {
		name := strings.ToLower(strings.ReplaceAll(f.Name, `\`, "/"))
		if strings.HasPrefix(name, "_xmlsignatures/") || strings.HasPrefix(name, "meta-inf/") && strings.Contains(name, "signature") {
			return true
		}
	}
	f := z.find("_rels/.rels")
	return f != nil && bytes.Contains(z.read(f, z.p.place), []byte("digital-signature"))
}

// endsWithDirectory reports whether an archive ends where its directory does: what
// stands behind it would be lost.
func endsWithDirectory(data []byte, comment string) bool {
	at := len(data) - len(comment) - 22
	return at >= 0 && bytes.HasPrefix(data[at:], []byte("PK\x05\x06")) && bytes.HasPrefix(data, []byte("PK\x03\x04"))
}

// rewritten writes an archive again, with some entries changed, all in the order
// and packed in the way that they were.
func rewritten(z *zip.Reader, changed map[string][]byte, size int) ([]byte, error) {
	var out bytes.Buffer
	out.Grow(size + size/64)
	w := zip.NewWriter(&out)
	for _, f := range z.File {
		head := f.FileHeader
		head.Extra = withoutSizes(head.Extra)
		from, err := f.OpenRaw()
		if with, ok := changed[f.Name]; ok {
			from, err = packed(&head, with)
		}
		if err != nil {
			return nil, err
		}
		to, err := w.CreateRaw(&head)
		if err != nil {
			return nil, err
		}
		if _, err := io.Copy(to, from); err != nil {
			return nil, err
		}
	}
	if err := w.SetComment(z.Comment); err != nil {
		return nil, err
	}
	err := w.Close()
	return out.Bytes(), err
}

// packed packs an entry as its header says, and writes its sizes there.
func packed(head *zip.FileHeader, content []byte) (io.Reader, error) {
	var out bytes.Buffer
	if head.Method == zip.Store {
		out.Write(content)
	} else {
		w, err := flate.NewWriter(&out, flate.DefaultCompression)
		if err != nil {
			return nil, err
		}
		if _, err := w.Write(content); err != nil {
			return nil, err
		}
		if err := w.Close(); err != nil {
			return nil, err
		}
	}
	head.Flags &^= 8 // sizes and checksum stand in front
	head.CRC32 = crc32.ChecksumIEEE(content)
	head.CompressedSize64, head.UncompressedSize64 = uint64(out.Len()), uint64(len(content))
	return &out, nil
}

// withoutSizes takes the sizes of ZIP64 out of an entry's extra field (APPNOTE
// 6.3.10 §4.5.3): the writer adds its own where they are needed.
func withoutSizes(extra []byte) []byte {
	var out []byte
	for rest := extra; len(rest) >= 4; {
		n := 4 + int(binary.LittleEndian.Uint16(rest[2:]))
		if n > len(rest) {
			return extra
		}
		if binary.LittleEndian.Uint16(rest) != 1 {
			out = append(out, rest[:n]...)
		}
		rest = rest[n:]
	}
	return out
}

// isRewritten reads an archive that was written again, and reports whether it
// has what it should, entry by entry.
func isRewritten(z *zip.Reader, out []byte, changed map[string][]byte) bool {
	now, err := zip.NewReader(bytes.NewReader(out), int64(len(out)))
	if err != nil || len(now.File) != len(z.File) || now.Comment != z.Comment {
		return false
	}
	for i, f := range now.File {
		was := z.File[i]
		if f.Name != was.Name || f.Method != was.Method || f.Comment != was.Comment {
			return false
		}
		if with, ok := changed[f.Name]; ok {
			if !holds(f.Open, with) {
				return false
			}
			continue
		}
		if f.CRC32 != was.CRC32 || f.UncompressedSize64 != was.UncompressedSize64 || !sameRaw(f, was) {
			return false
		}
	}
	return true
}

func holds(open func() (io.ReadCloser, error), want []byte) bool {
	in, err := open()
	if err != nil {
		return false
	}
	got, err := io.ReadAll(io.LimitReader(in, int64(len(want))+1))
	_ = in.Close() // nothing is written
	return err == nil && bytes.Equal(got, want)
}

// sameRaw reports whether the packed octets of two entries are the same.
func sameRaw(a, b *zip.File) bool {
	x, errX := a.OpenRaw()
	y, errY := b.OpenRaw()
	if errX != nil || errY != nil || a.CompressedSize64 != b.CompressedSize64 {
		return false
	}
	var p, q [32 << 10]byte
	for {
		n, errX := io.ReadFull(x, p[:])
		m, errY := io.ReadFull(y, q[:])
		if n != m || !bytes.Equal(p[:n], q[:m]) {
			return false
		}
		if errX != nil || errY != nil {
			return n < len(p) && (errX != nil) == (errY != nil)
		}
	}
}
