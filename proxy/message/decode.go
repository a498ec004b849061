package message

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
)

// Decoded is the body of a part under base64, to be read without holding all
// of it decoded.
type Decoded struct {
	held []byte
	m    *Message // where not all of it is held
	at   Range
}

// Decode returns the body of a part for reading; ok is false where it is not
// under base64.
func (m *Message) Decode(p *Part) (d Decoded, ok bool) {
	switch {
	case p.Encoding != "base64":
		return d, false
	case m.text.Cut(p.Body.Start, p.Body.End).Whole():
		return Decoded{held: m.Bytes(p.Body)}, true
	}
	return Decoded{m: m, at: p.Body}, true
}

// Open returns what reads the body from its beginning. The errors are those of
// Content, and those of reading what is not held; some of the body may have been
// read before.
func (d Decoded) Open() io.Reader { return d.open() }

// Size decodes the whole body and returns its octets, or the error of Open.
func (d Decoded) Size() (int, error) {
	n, err := d.open().WriteTo(io.Discard)
	return int(n), err
}

func (d Decoded) open() *base64Reader {
	if d.m == nil {
		return newBase64Reader(d.held)
	}
	r := newBase64Reader(make([]byte, base64Block))
	r.body, r.piece, r.from = nil, r.body, d.m.Open(d.at)
	return r
}

// all returns the whole content.
func (d Decoded) all() ([]byte, error) {
	size := len(d.held)
	if d.m != nil {
		size = d.m.Size(d.at)
	}
	content := bytes.NewBuffer(make([]byte, 0, base64.StdEncoding.DecodedLen(size)))
	if _, err := d.open().WriteTo(content); err != nil {
		return nil, err
	}
	return content.Bytes(), nil
}

// base64Reader decodes base64 in blocks (RFC 2045 §6.8). Line ends and blanks
// are skipped; any other octet outside the alphabet is damage, and so is
// anything after the padding.
type base64Reader struct {
	body  []byte
	from  io.Reader // what follows body; nil: nothing does
	piece []byte    // what from is read into
	rest  []byte    // decoded and not read yet
	block []byte    // without line ends
	out   []byte
	n     int // octets of block: fewer than four between two blocks
}

// base64Block is how many characters are decoded at once.
const base64Block = 32 << 10

func newBase64Reader(body []byte) *base64Reader {
	size := min(len(body), base64Block)
	return &base64Reader{body: body, block: make([]byte, size), out: make([]byte, base64.StdEncoding.DecodedLen(size))}
}

// Read reads on.
func (r *base64Reader) Read(p []byte) (int, error) {
	for len(r.rest) == 0 {
		if err := r.next(); err != nil {
			return 0, err
		}
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

// WriteTo writes all that is left.
func (r *base64Reader) WriteTo(w io.Writer) (written int64, err error) {
	for {
		n, err := w.Write(r.rest)
		written += int64(n)
		r.rest = r.rest[n:]
		if err != nil {
			return written, err
		}
		if err := r.next(); errors.Is(err, io.EOF) {
			return written, nil
		} else if err != nil {
			return written, err
		}
	}
}

// more makes sure that there is some body unless it has ended.
func (r *base64Reader) more() error {
	for len(r.body) == 0 && r.from != nil {
		n, err := r.from.Read(r.piece)
		r.body = r.piece[:n]
		if err != nil {
			r.from = nil
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
	}
	return nil
}

// next decodes the next block, or returns io.EOF. What the last one holds has to
// be whole.
func (r *base64Reader) next() (err error) {
	defer func() {
		if err != nil {
			r.body, r.from = nil, nil
		}
	}()
	if err := r.more(); err != nil {
		return err
	}
	if len(r.body) == 0 {
		return io.EOF
	}
	used := 0
	r.n, used = unfoldBase64(r.block, r.n, r.body)
	r.body = r.body[used:]
	if err := r.more(); err != nil {
		return err
	}
	whole := r.n
	if len(r.body) > 0 {
		whole = r.n &^ 3
	}
	n, err := base64.StdEncoding.Decode(r.out, r.block[:whole])
	if err != nil || len(r.body) > 0 && n < whole/4*3 { // padding stands at the end alone
		return fmt.Errorf("%w: base64 has a wrong character or wrong padding", ErrDamaged)
	}
	r.rest = r.out[:n]
	r.n = copy(r.block, r.block[whole:r.n])
	return nil
}

// unfoldBase64 copies text without line ends and blanks behind the n octets of
// dst, until dst is full or all was used. Lines are copied whole, and what few
// of them have inside is looked for afterwards.
func unfoldBase64(dst []byte, n int, text []byte) (filled, used int) {
	before := n
	for used < len(text) {
		line := text[used:]
		end := bytes.IndexByte(line[:min(len(line), len(dst)-n+2)], '\n')
		if end < 0 {
			break
		}
		line = line[:end]
		if end > 0 && line[end-1] == '\r' {
			line = line[:end-1]
		}
		if len(line) > len(dst)-n {
			break
		}
		n += copy(dst[n:], line)
		used += end + 1
	}
	if fresh := dst[before:n]; bytes.IndexByte(fresh, ' ') >= 0 || bytes.IndexByte(fresh, '\t') >= 0 || bytes.IndexByte(fresh, '\r') >= 0 {
		n, _ = unblank(dst, before, fresh, 0)
	}
	return unblank(dst, n, text, used) // a line that does not fit, or has no end
}

// unblank does so octet by octet. dst may be where text stands, or before it.
func unblank(dst []byte, n int, text []byte, used int) (filled, now int) {
	for ; used < len(text); used++ {
		switch c := text[used]; c {
		case '\r', '\n', ' ', '\t':
		default:
			if n == len(dst) {
				return n, used
			}
			dst[n] = c
			n++
		}
	}
	return n, used
}
