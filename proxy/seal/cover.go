package seal

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"time"

	"postvern.example/internal/octets"
	"postvern.example/proxy/message"
)

// Enclosure is a copy whose content stands in a file that a code opens. Of the
// message only what Sealing leaves outside stands in its header.
type Enclosure struct {
	Head         []byte      // as in Sealing
	Raw          octets.Rope // the message as edited, CRLF line ends; it is not changed
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

// Enclose returns the mail that carries the file, which Copy.Write writes.
// ErrMalformed says that the message's header is not clear.
func Enclose(e Enclosure, now time.Time) (Copy, error) {
	head := e.Head
	if head == nil {
		head, _ = cutHead(e.Raw)
	}
	fields, err := readFields(head)
	if err != nil {
		return Copy{}, fmt.Errorf("enclose message: %w", err)
	}
	outside, err := Sealing{OuterSubject: e.OuterSubject, MessageID: e.MessageID, Thread: e.Quiet}.outside(fields, now)
	if err != nil {
		return Copy{}, fmt.Errorf("enclose message: %w", err)
	}
	if e.Quiet {
		for i, f := range outside {
			if f.name == "from" {
				outside[i] = named(fields, f)
			}
		}
	}
	boundary := random()
	out := bytes.NewBuffer(joined(outside))
	fmt.Fprintf(out, "MIME-Version: 1.0\r\nContent-Language: %s\r\nContent-Type: multipart/mixed; boundary=\"%s\"\r\n\r\n--%s\r\n", e.Language, boundary, boundary)
	if err := message.WriteText(out, e.Text); err != nil {
		return Copy{}, fmt.Errorf("enclose message: %w", err)
	}
	fmt.Fprintf(out, "\r\n--%s\r\nContent-Type: %s; name=\"%s\"\r\nContent-Disposition: attachment; filename=\"%s\"\r\nContent-Transfer-Encoding: base64\r\n\r\n",
		boundary, e.MediaType, e.FileName, e.FileName)
	return Copy{Head: out.Bytes(), Size: e.Size/57*78 + 64<<10, Write: func(w io.Writer) error {
		if err := e.file(w, boundary); err != nil {
			return fmt.Errorf("enclose message: %w", err)
		}
		return nil
	}}, nil
}

// file writes the file and the end of the mail.
func (e Enclosure) file(w io.Writer, boundary string) error {
	encoder := base64.NewEncoder(base64.StdEncoding, &lineWriter{w: w})
	if err := e.Write(encoder); err != nil {
		return err
	}
	if err := encoder.Close(); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\r\n--"+boundary+"--\r\n")
	return err
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

// lineWriter breaks base64 into lines of 76 (RFC 2045 §6.8).
type lineWriter struct {
	w   io.Writer
	at  int
	out []byte
}

// Write writes p, with line ends, at once.
func (l *lineWriter) Write(p []byte) (int, error) {
	const width = 76
	n := len(p)
	l.out = l.out[:0]
	for len(p) > 0 {
		if l.at == width {
			l.out, l.at = append(l.out, '\r', '\n'), 0
		}
		take := min(len(p), width-l.at)
		l.out = append(l.out, p[:take]...)
		p, l.at = p[take:], l.at+take
	}
	if _, err := l.w.Write(l.out); err != nil {
		return 0, err
	}
	return n, nil
}
