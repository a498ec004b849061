package relay

import (
	"errors"
	"io"

	"postvern.example/internal/octets"
	"postvern.example/proxy/spool"
)

// content is what of a message follows its head: in memory, or read as it is
// sent.
type content struct {
	octets []byte
	large  *spool.Large // nil: octets is all
	open   bool         // its last line has no end
}

// piece is how much of a content is read at once.
const piece = 64 << 10

// each hands the content over, piece by piece. The pieces must not be kept.
func (c content) each(do func(p []byte) error) error {
	if c.large == nil {
		return do(c.octets)
	}
	from, err := c.large.Open()
	if err != nil {
		return err
	}
	var read int64
	buf := make([]byte, piece)
	for err == nil {
		var n int
		n, err = io.ReadFull(from, buf)
		read += int64(n)
		if n > 0 && (err == nil || errors.Is(err, io.ErrUnexpectedEOF)) {
			if err := do(buf[:n]); err != nil {
				return errors.Join(err, from.Close())
			}
		}
	}
	switch {
	case !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF):
	case read != c.large.Size:
		err = spool.ErrDamaged
	default:
		err = nil
	}
	return errors.Join(err, from.Close())
}

// errUnclean says that a content is not made of lines.
var errUnclean = errors.New("the content has line ends that mail cannot carry")

// contentOf returns the content of a delivery. The error is errUnclean where it
// is not made of lines that end in CRLF, or has a NUL: what a server may take
// for the end of data must not be in it. Others mean that it cannot be read.
func contentOf(d spool.Delivery) (content, error) {
	c := content{octets: d.Content, large: d.Large}
	if !clean(d.Head) {
		return c, errUnclean
	}
	last := byte('\n') // the octet before the piece
	err := c.each(func(p []byte) error {
		if last == '\r' { // a piece ended within a line end
			if len(p) == 0 || p[0] != '\n' {
				return errUnclean
			}
			p, last = p[1:], '\n'
		}
		if len(p) == 0 {
			return nil
		}
		if last = p[len(p)-1]; last == '\r' {
			p = p[:len(p)-1]
		}
		if !clean(p) {
			return errUnclean
		}
		return nil
	})
	if err == nil && last == '\r' {
		err = errUnclean
	}
	c.open = last != '\n'
	return c, err
}

// clean reports whether b is made of lines that end in CRLF and has no NUL.
func clean(b []byte) bool {
	_, clean := octets.Lines(b, false)
	return clean
}
