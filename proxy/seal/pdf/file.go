// Package pdf writes encrypted PDF files: objects, streams, embedded fonts,
// images and files (ISO 32000-2), every string and stream of them under
// AES-256 (revision 6, §7.6.4). It knows nothing of mail.
//
// A file is written in one pass to a writer, so that an attachment stands in
// memory once at most. The first error stays: Close returns it, and what was
// written until then is no PDF.
package pdf

import (
	"bufio"
	"compress/zlib"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"unicode/utf16"
)

// Ref is the number of an object.
type Ref int

// String returns the reference as it stands in other objects.
func (r Ref) String() string { return fmt.Sprintf("%d 0 R", int(r)) }

// File is an encrypted PDF on its way into a writer.
type File struct {
	w       *bufio.Writer
	at      int64
	offsets []int64 // by object; 0: not written
	lock    lock
	err     error
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

// Object writes an object. Strings in it have to be made by Text.
func (f *File) Object(r Ref, body string) {
	f.offsets[r] = f.at
	f.print(fmt.Sprintf("%d 0 obj\n%s\nendobj\n", r, body))
}

// Text returns a text string, encrypted.
func (f *File) Text(s string) string {
	raw := []byte{0xfe, 0xff}
	for _, u := range utf16.Encode([]rune(strings.ToValidUTF8(s, "\ufffd"))) {
		raw = append(raw, byte(u>>8), byte(u))
	}
	return "<" + hex.EncodeToString(f.lock.seal(raw)) + ">"
}

// Stream writes a stream object. dict is what its dictionary says besides
// length and filter; compressed streams are deflated.
func (f *File) Stream(r Ref, dict string, compressed bool, write func(io.Writer) error) error {
	length := f.NewRef()
	if compressed {
		dict += " /Filter /FlateDecode"
	}
	f.offsets[r] = f.at
	f.print(fmt.Sprintf("%d 0 obj\n<<%s /Length %s>>\nstream\n", r, dict, length))
	start := f.at
	err := f.sealed(compressed, write)
	if f.err == nil {
		f.err = err
	}
	n := f.at - start
	f.print("\nendstream\nendobj\n")
	f.Object(length, fmt.Sprint(n))
	return f.err
}

func (f *File) sealed(compressed bool, write func(io.Writer) error) error {
	box := f.lock.stream(f)
	if !compressed {
		if err := write(box); err != nil {
			return err
		}
		return box.Close()
	}
	z := zlib.NewWriter(box)
	if err := write(z); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	return box.Close()
}

// Close writes the table of objects and the trailer. root is the catalog.
func (f *File) Close(root Ref) error {
	encrypt := f.NewRef()
	f.Object(encrypt, f.lock.dictionary()) // its strings are not encrypted
	start := f.at
	f.print(fmt.Sprintf("xref\n0 %d\n0000000000 65535 f \n", len(f.offsets)))
	for _, at := range f.offsets[1:] {
		if at == 0 {
			f.print("0000000000 65535 f \n")
			continue
		}
		f.print(fmt.Sprintf("%010d 00000 n \n", at))
	}
	id := hex.EncodeToString(random(16))
	f.print(fmt.Sprintf("trailer\n<</Size %d /Root %s /Encrypt %s /ID [<%s> <%s>]>>\nstartxref\n%d\n%%%%EOF\n",
		len(f.offsets), root, encrypt, id, id, start))
	if err := f.w.Flush(); f.err == nil {
		f.err = err
	}
	return f.err
}
