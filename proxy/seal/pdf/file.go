// Package pdf writes encrypted PDF files: objects, streams, embedded fonts,
// images and files (ISO 32000-2) under AES-256 (revision 6, §7.6.4). It knows
// nothing of mail.
//
// Without the password a file shows how many streams it has (pages, pictures,
// embedded files and fonts), the size of each picture in pixels, and of every
// stream a length that was filled up. All objects that are no streams stand in
// one stream (§7.5.7), and are encrypted with it.
//
// A file is written in one pass to a writer, so that an attachment stands in
// memory once at most. The first error stays: Close returns it, and what was
// written until then is no PDF.
package pdf

import (
	"bufio"
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"unicode/utf16"

	"postvern.example/internal/octets"
)

// Ref is the number of an object.
type Ref int

// String returns the reference as it stands in other objects.
func (r Ref) String() string { return fmt.Sprintf("%d 0 R", int(r)) }

// File is an encrypted PDF on its way into a writer.
type File struct {
	w       *bufio.Writer
	at      int64
	offsets []int64  // by object; 0: not written, or in the stream of objects
	objects []object // those that are no streams
	lock    lock
	err     error
}

// object is one that is no stream.
type object struct {
	ref  Ref
	body string
}

// NewFile begins a file that either of the two passwords opens, in full. They
// are UTF-8, and must not be empty.
func NewFile(w io.Writer, password, other string) (*File, error) {
	l, err := newLock(password, other)
	if err != nil {
		return nil, err
	}
	f := &File{w: bufio.NewWriterSize(w, 32<<10), offsets: []int64{0}, lock: l}
	f.print("%PDF-2.0\n%\xe2\xe3\xcf\xd3\n")
	return f, nil
}

// NewRef returns the number of an object that is still to be written.
func (f *File) NewRef() Ref {
	f.offsets = append(f.offsets, 0)
	return Ref(len(f.offsets) - 1)
}

func (f *File) print(s string) {
	n, err := f.w.WriteString(s)
	f.note(n, err)
}

// Write writes octets as they are.
func (f *File) Write(p []byte) (int, error) {
	n, err := f.w.Write(p)
	f.note(n, err)
	return n, err
}

func (f *File) note(n int, err error) {
	f.at += int64(n)
	if f.err == nil {
		f.err = err
	}
}

// Object adds an object that is no stream.
func (f *File) Object(r Ref, body string) {
	f.objects = append(f.objects, object{r, body})
}

// plain writes an object that is read before anything is decrypted.
func (f *File) plain(r Ref, body string) {
	f.offsets[r] = f.at
	f.print(fmt.Sprintf("%d 0 obj\n%s\nendobj\n", r, body))
}

// Text returns a text string for an Object, which is encrypted as a whole.
func (f *File) Text(s string) string {
	raw := []byte{0xfe, 0xff}
	for _, u := range utf16.Encode([]rune(strings.ToValidUTF8(s, "\ufffd"))) {
		raw = append(raw, byte(u>>8), byte(u))
	}
	return "<" + hex.EncodeToString(raw) + ">"
}

// Packing is how the content of a stream is written.
type Packing int

// The packings. All of them fill the stream up, so that its length tells little.
const (
	Deflated Packing = iota
	Stored           // as it is: it would not become smaller
	JPEG             // as it is, which is a JPEG
)

// Stream writes a stream object. dict is what its dictionary says besides
// length and filters, in clear.
func (f *File) Stream(r Ref, dict string, packed Packing, write func(io.Writer) error) error {
	length := f.NewRef()
	filter := "/FlateDecode"
	if packed == JPEG {
		filter = "[/FlateDecode /DCTDecode]"
	}
	f.offsets[r] = f.at
	f.print(fmt.Sprintf("%d 0 obj\n<<%s/Filter %s /Length %s>>\nstream\n", r, dict, filter, length))
	start := f.at
	err := f.sealed(packed, write)
	if f.err == nil {
		f.err = err
	}
	n := f.at - start
	f.print("\nendstream\nendobj\n")
	f.plain(length, fmt.Sprint(n))
	return f.err
}

// What ends a stream of zlib behind a flush, and what may stand before it any
// number of times: a stored block with nothing in it (RFC 1951 §3.2.4).
const (
	zlibEnd = 9
	nothing = "\x00\x00\x00\xff\xff"
)

func (f *File) sealed(packed Packing, write func(io.Writer) error) error {
	box := f.lock.stream(f)
	counted := &counting{w: box}
	level := zlib.DefaultCompression
	if packed != Deflated {
		level = zlib.NoCompression
	}
	z, err := zlib.NewWriterLevel(counted, level)
	if err != nil {
		return err
	}
	if err := write(z); err != nil {
		return err
	}
	if err := z.Flush(); err != nil {
		return err
	}
	// Up to four octets before the size, which the cipher then rounds up to it.
	end := counted.n + zlibEnd + 1
	for range (octets.PadTo(end) - end) / len(nothing) {
		if _, err := io.WriteString(counted, nothing); err != nil {
			return err
		}
	}
	if err := z.Close(); err != nil {
		return err
	}
	return box.Close()
}

// counting counts what goes through it.
type counting struct {
	w io.Writer
	n int
}

// Write passes p on.
func (c *counting) Write(p []byte) (int, error) {
	c.n += len(p)
	return c.w.Write(p)
}

// Close writes the stream of objects, the catalog and the table of objects.
// pages is the root of the pages, names the dictionary of names; empty: it has
// none, and then no embedded files.
func (f *File) Close(pages Ref, names string) error {
	tree, mode, catalog := f.NewRef(), f.NewRef(), f.NewRef()
	show := "/UseAttachments"
	if names == "" {
		names, show = "<<>>", "/UseNone"
	}
	f.Object(tree, names)
	f.Object(mode, show)
	// It stands in clear, and says the same of every file.
	f.plain(catalog, fmt.Sprintf("<</Type /Catalog /Pages %s /Names %s /PageMode %s>>", pages, tree, mode))
	encrypt := f.NewRef()
	f.plain(encrypt, f.lock.dictionary()) // its strings are not encrypted
	inside, err := f.writeObjects()
	if err != nil {
		return err
	}
	f.writeTable(catalog, encrypt, inside)
	if err := f.w.Flush(); f.err == nil {
		f.err = err
	}
	return f.err
}

// roundObjects is what the number of objects is rounded up to, which stands in
// clear.
const roundObjects = 64

// writeObjects writes the stream of objects (§7.5.7) and returns its number.
func (f *File) writeObjects() (Ref, error) {
	for len(f.objects)%roundObjects != 0 {
		f.Object(f.NewRef(), "<<>>")
	}
	var index, bodies strings.Builder
	for _, o := range f.objects {
		fmt.Fprintf(&index, "%d %d ", o.ref, bodies.Len())
		bodies.WriteString(o.body + "\n")
	}
	for index.Len()%1024 != 0 { // where the first begins stands in clear too
		index.WriteByte(' ')
	}
	r := f.NewRef()
	return r, f.Stream(r, fmt.Sprintf("/Type /ObjStm /N %d /First %d ", len(f.objects), index.Len()), Deflated, func(w io.Writer) error {
		_, err := io.WriteString(w, index.String()+bodies.String())
		return err
	})
}

// writeTable writes where each object stands, as a stream that is not encrypted
// (§7.5.8), and the end of the file.
func (f *File) writeTable(catalog, encrypt, inside Ref) {
	table := f.NewRef()
	f.offsets[table] = f.at
	at := map[Ref]int{}
	for i, o := range f.objects {
		at[o.ref] = i
	}
	var rows bytes.Buffer
	for r, offset := range f.offsets {
		i, within := at[Ref(r)]
		switch {
		case within:
			rows.WriteByte(2)
			rows.Write(binary.BigEndian.AppendUint64(nil, uint64(inside)))
			rows.Write(binary.BigEndian.AppendUint32(nil, uint32(i)))
		case offset == 0:
			rows.Write([]byte{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff})
		default:
			rows.WriteByte(1)
			rows.Write(binary.BigEndian.AppendUint64(nil, uint64(offset)))
			rows.Write([]byte{0, 0, 0, 0})
		}
	}
	id := hex.EncodeToString(random(16))
	start := f.at
	f.print(fmt.Sprintf("%d 0 obj\n<</Type /XRef /Size %d /W [1 8 4] /Root %s /Encrypt %s /ID [<%s> <%s>] /Length %d>>\nstream\n",
		table, len(f.offsets), catalog, encrypt, id, id, rows.Len()))
	_, _ = f.Write(rows.Bytes()) // File keeps the error
	f.print(fmt.Sprintf("\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n", start))
}
