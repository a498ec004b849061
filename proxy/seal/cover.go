package seal

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"time"

	"postvern.example/proxy/message"
)

// Enclosure is a copy whose content stands in a file that a code opens. Of the
// message only what Sealing leaves outside stands in its header.
type Enclosure struct {
	Raw          []byte // the message as edited, CRLF line ends; it is not changed
	Above        []byte // stands before the header: a trace field
	OuterSubject string
	MessageID    string // as in Sealing
	// Quiet says that nothing was found in the header: the sender's name, In-Reply-To
	// and References stand outside then.
	Quiet     bool
	Language  string
	Text      string // what the reader is told
	FileName  string // says nothing of the message
	MediaType string
	Size      int                     // of the file, about
	Write     func(w io.Writer) error // the file
}

// Enclose returns the mail that carries the file. ErrMalformed says that the
// message's header is not clear; there are no bytes then.
func Enclose(e Enclosure, now time.Time) ([]byte, error) {
	m := Sealing{Raw: e.Raw, OuterSubject: e.OuterSubject, MessageID: e.MessageID, Thread: e.Quiet}
	fields, outside, _, err := m.outline(now)
	if err != nil {
		return nil, fmt.Errorf("enclose message: %w", err)
	}
	var out bytes.Buffer
	out.Grow(e.Size/57*78 + 64<<10)
	out.Write(e.Above)
	for _, f := range outside {
		if f.name == "from" && e.Quiet {
			f = named(fields, f)
		}
		out.WriteString(f.raw)
	}
	if err := e.body(&out); err != nil {
		return nil, fmt.Errorf("enclose message: %w", err)
	}
	return out.Bytes(), nil
}

// named returns the From field as it was written, where there is one.
func named(fields []field, bare field) field {
	var found []field
	for _, f := range fields {
		if f.name == "from" {
			found = append(found, f)
		}
	}
	if len(found) != 1 {
		return bare
	}
	return found[0]
}

func (e Enclosure) body(out *bytes.Buffer) error {
	boundary := random()
	fmt.Fprintf(out, "MIME-Version: 1.0\r\nContent-Language: %s\r\nContent-Type: multipart/mixed; boundary=\"%s\"\r\n\r\n--%s\r\n", e.Language, boundary, boundary)
	if err := message.WriteText(out, e.Text); err != nil {
		return err
	}
	fmt.Fprintf(out, "\r\n--%s\r\nContent-Type: %s; name=\"%s\"\r\nContent-Disposition: attachment; filename=\"%s\"\r\nContent-Transfer-Encoding: base64\r\n\r\n",
		boundary, e.MediaType, e.FileName, e.FileName)
	lines := &lineWriter{w: out}
	encoder := base64.NewEncoder(base64.StdEncoding, lines)
	if err := e.Write(encoder); err != nil {
		return err
	}
	if err := encoder.Close(); err != nil {
		return err
	}
	fmt.Fprintf(out, "\r\n--%s--\r\n", boundary)
	return nil
}

// lineWriter breaks base64 into lines of 76 (RFC 2045 §6.8).
type lineWriter struct {
	w  io.Writer
	at int
}

// Write writes p, with line ends.
func (l *lineWriter) Write(p []byte) (int, error) {
	const width = 76
	n := len(p)
	for len(p) > 0 {
		if l.at == width {
			if _, err := io.WriteString(l.w, "\r\n"); err != nil {
				return 0, err
			}
			l.at = 0
		}
		take := min(len(p), width-l.at)
		if _, err := l.w.Write(p[:take]); err != nil {
			return 0, err
		}
		p, l.at = p[take:], l.at+take
	}
	return n, nil
}
