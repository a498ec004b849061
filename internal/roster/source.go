package roster

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// source is an export whose charset is known.
type source struct {
	Export
	charset encoding.Encoding // nil: UTF-8
	skip    int               // octets of the byte order mark
	bare    bool              // lines end in CR alone
}

// look reads an export once, to know how to read it.
func look(e Export) (source, error) {
	s := source{Export: e}
	fault := func(reason string) (source, error) { return s, &Fault{e.Name, 1, 1, reason} }
	if reason, err := s.findCharset(); err != nil {
		return s, err
	} else if reason != "" {
		return fault(reason)
	}
	text, err := s.text()
	if err != nil {
		return s, err
	}
	defer text.Close() //nolint:errcheck // it was only read
	cr, buf := false, make([]byte, 64<<10)
	for {
		n, err := text.Read(buf)
		if bytes.IndexByte(buf[:n], '\n') >= 0 {
			return s, nil
		}
		cr = cr || bytes.IndexByte(buf[:n], '\r') >= 0
		if errors.Is(err, io.EOF) {
			s.bare = cr
			return s, nil
		}
		if err != nil {
			return s, fmt.Errorf("read members: %s: %w", e.Name, err)
		}
	}
}

// findCharset goes by the byte order mark, else UTF-8 where it is valid, else
// Windows-1252. It returns a reason where the file is no text.
func (s *source) findCharset() (reason string, err error) {
	raw, err := s.Open()
	if err != nil {
		return "", fmt.Errorf("read members: %w", err)
	}
	defer raw.Close() //nolint:errcheck // it was only read
	in := bufio.NewReaderSize(raw, 64<<10)
	mark, _ := in.Peek(4)
	switch {
	case bytes.HasPrefix(mark, []byte{0xFF, 0xFE}), bytes.HasPrefix(mark, []byte{0xFE, 0xFF}):
		order := unicode.LittleEndian
		if mark[0] == 0xFE {
			order = unicode.BigEndian
		}
		s.charset, s.skip = unicode.UTF16(order, unicode.IgnoreBOM), 2
		n, err := io.Copy(io.Discard, in)
		if err != nil {
			return "", fmt.Errorf("read members: %s: %w", s.Name, err)
		}
		if n%2 != 0 {
			return "the file says that it is UTF-16, and is not", nil
		}
		return "", nil
	case bytes.HasPrefix(mark, []byte{0xEF, 0xBB, 0xBF}):
		s.skip = 3
	case bytes.HasPrefix(mark, []byte("PK\x03\x04")):
		return "this is a spreadsheet or an archive, and no text file: export as CSV", nil
	}
	valid, nul, err := isUTF8(in)
	switch {
	case err != nil:
		return "", fmt.Errorf("read members: %s: %w", s.Name, err)
	case nul:
		return "this is not a text file: export as CSV", nil
	case !valid && s.skip > 0:
		return "the file says that it is UTF-8, and is not", nil
	case !valid:
		s.charset = charmap.Windows1252
	}
	return "", nil
}

// isUTF8 reports whether all of a stream is valid UTF-8, and whether it holds a
// NUL.
func isUTF8(in *bufio.Reader) (valid, nul bool, err error) {
	valid = true
	buf := make([]byte, 0, 64<<10)
	for {
		n, err := in.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		nul = nul || bytes.IndexByte(buf, 0) >= 0
		end := len(buf)
		for i := 1; i <= min(utf8.UTFMax-1, end) && err == nil; i++ { // a rune may go on in what comes
			if utf8.RuneStart(buf[end-i]) {
				if !utf8.FullRune(buf[end-i:]) {
					end -= i
				}
				break
			}
		}
		valid = valid && utf8.Valid(buf[:end])
		buf = append(buf[:0], buf[end:]...)
		if errors.Is(err, io.EOF) {
			return valid, nul, nil
		}
		if err != nil {
			return false, false, err
		}
	}
}

// text returns the export in UTF-8 from its beginning.
func (s *source) text() (io.ReadCloser, error) {
	raw, err := s.Open()
	if err != nil {
		return nil, fmt.Errorf("read members: %w", err)
	}
	if _, err := io.CopyN(io.Discard, raw, int64(s.skip)); err != nil {
		return nil, errors.Join(fmt.Errorf("read members: %s: %w", s.Name, err), raw.Close())
	}
	var in io.Reader = raw
	if s.charset != nil {
		in = transform.NewReader(in, s.charset.NewDecoder())
	}
	if s.bare {
		in = lineEnds{in}
	}
	return struct {
		io.Reader
		io.Closer
	}{in, raw}, nil
}

// lineEnds makes the ends of lines those that encoding/csv knows, where all of
// them are CR.
type lineEnds struct{ io.Reader }

// Read implements io.Reader.
func (l lineEnds) Read(b []byte) (int, error) {
	n, err := l.Reader.Read(b)
	for i := range b[:n] {
		if b[i] == '\r' {
			b[i] = '\n'
		}
	}
	return n, err
}
