package extract

import (
	"archive/zip"
	"encoding/binary"
	"io"
	"path"
	"strings"
	"unicode/utf8"

	"github.com/klauspost/compress/snappy"

	"postvern.example/policy/detect"
)

// iwork reads what Pages, Numbers and Keynote write since 2013: archives
// (.iwa) of packed messages. Their strings are read; the numbers in tables are
// packed in a way of their own, so that a document with tables is read in part
// only. In one with a password nothing is readable.
func (r *reading) iwork(z *zipPack) {
	z.p.place = labelled(z.p.place, "document")
	if z.has(".iwph") || z.has(".iwpv2") {
		r.protected(z.p.place, strengthStrong)
		return
	}
	for i, f := range z.files {
		if r.late || r.left.Entries < 0 {
			return
		}
		name := strings.ToLower(f.Name)
		entry := detect.Step{Kind: detect.InEntry, Number: i + 1, Name: mixed([]byte(f.Name))}
		switch {
		case strings.HasSuffix(name, "/"):
		case strings.HasSuffix(name, ".iwa"):
			r.iwa(z, f)
		case isIWorkPreview(name), strings.HasPrefix(name, "metadata/"):
			z.read(f, z.p.place) // counted
		default:
			r.piece(piece{data: z.read(f, z.p.place), place: z.p.place.In(entry), name: f.Name, depth: z.p.depth + 1, inline: true})
		}
	}
}

// isIWork reports whether an archive is a document of Pages, Numbers or
// Keynote.
func (z *zipPack) isIWork() bool {
	for _, f := range z.files {
		if strings.HasPrefix(f.Name, "Index/") && strings.HasSuffix(f.Name, ".iwa") || f.Name == ".iwph" || f.Name == ".iwpv2" {
			return true
		}
	}
	return false
}

// isIWorkPreview reports whether an entry is a picture of what is read itself.
func isIWorkPreview(name string) bool {
	switch path.Base(name) {
	case "preview.jpg", "preview-micro.jpg", "preview-web.jpg", "thumbnail.jpg":
		return true
	}
	return false
}

// iwa reads one archive: chunks of a type, three bytes of size and Snappy's
// packing of at most 64 KiB.
func (r *reading) iwa(z *zipPack, f *zip.File) {
	data := z.read(f, z.p.place)
	plain, why := r.unpack(&iwaChunks{data: data}, int64(len(data)))
	if why != "" {
		r.unscannable(z.p.place, why)
	}
	r.prose(z.p.place, iwaStrings(plain))
	if strings.Contains(f.Name, "Tables/Tile") {
		r.unscannable(z.p.place, whyPartly)
	}
}

// iwaChunks unpacks the chunks of an archive.
type iwaChunks struct{ data, out []byte }

// Read implements io.Reader.
func (c *iwaChunks) Read(p []byte) (int, error) {
	for len(c.out) == 0 {
		if len(c.data) == 0 {
			return 0, io.EOF
		}
		if len(c.data) < 4 {
			return 0, io.ErrUnexpectedEOF
		}
		n := int(c.data[1]) | int(c.data[2])<<8 | int(c.data[3])<<16
		if c.data[0] != 0 || n > len(c.data)-4 {
			return 0, io.ErrUnexpectedEOF
		}
		packed := c.data[4 : 4+n]
		size, err := snappy.DecodedLen(packed)
		if err != nil || size > 1<<16 {
			return 0, io.ErrUnexpectedEOF
		}
		if c.out, err = snappy.Decode(nil, packed); err != nil {
			return 0, io.ErrUnexpectedEOF
		}
		c.data = c.data[4+n:]
	}
	n := copy(p, c.out)
	c.out = c.out[n:]
	return n, nil
}

// iwaStrings collects the strings of all objects: each has a head that tells
// in its second field how long its messages are, which follow it.
func iwaStrings(d []byte) string {
	var text strings.Builder
	for len(d) > 0 {
		size, n := binary.Uvarint(d)
		if n <= 0 || size > uint64(len(d)-n) {
			break
		}
		head := d[n : n+int(size)]
		d = d[n+int(size):]
		eachField(head, func(number uint64, _ uint64, info []byte) {
			if number != 2 {
				return
			}
			eachField(info, func(number, length uint64, _ []byte) {
				if number == 3 && length <= uint64(len(d)) {
					messageStrings(d[:length], 0, &text)
					d = d[length:]
				}
			})
		})
	}
	return text.String()
}

// messageStrings collects the strings of a Protocol Buffers message: any field
// of bytes may be a string or a message.
func messageStrings(d []byte, depth int, text *strings.Builder) {
	if depth > 24 {
		return
	}
	eachField(d, func(_, _ uint64, field []byte) {
		switch {
		case isPlainString(field):
			text.Write(field)
			text.WriteByte('\n')
		case len(field) > 1:
			messageStrings(field, depth+1, text)
		}
	})
}

// eachField calls f with the number of each field of a message and its value:
// a number or bytes. It ends where the message is none.
func eachField(d []byte, f func(number, value uint64, field []byte)) {
	for len(d) > 0 {
		tag, n := binary.Uvarint(d)
		if n <= 0 {
			return
		}
		d = d[n:]
		var value uint64
		var field []byte
		switch tag & 7 {
		case 0:
			if value, n = binary.Uvarint(d); n <= 0 {
				return
			}
		case 1:
			n = 8
		case 2:
			size, m := binary.Uvarint(d)
			if m <= 0 || size > uint64(len(d)-m) {
				return
			}
			n = m + int(size)
			field = d[m:n]
		case 5:
			n = 4
		default:
			return
		}
		if n > len(d) {
			return
		}
		d = d[n:]
		f(tag>>3, value, field)
	}
}

func isPlainString(d []byte) bool {
	if len(d) < 2 || !utf8.Valid(d) {
		return false
	}
	for _, c := range d {
		if c < 0x20 && c != '\n' && c != '\t' && c != '\r' && c != 0x0B && c != 0x0C && c != 0x05 {
			return false
		}
	}
	return true
}
