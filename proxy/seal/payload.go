package seal

import (
	"fmt"
	"io"
	"mime"
	"slices"
	"strings"
)

// writePayload writes what is encrypted (RFC 9788 §2, the Cryptographic
// Payload): the protected fields, what stood outside, and the MIME entity of
// the message as it came.
func writePayload(w io.Writer, fields, outside []field, body []byte, boundary string) error {
	var head strings.Builder
	var entity []field
	for _, f := range fields {
		switch {
		case inside(f.name):
			head.WriteString(f.raw)
		case structural(f.name):
			entity = append(entity, f)
		}
	}
	for _, f := range outside {
		// What stood outside, so that the reader's program can tell what was
		// changed on the way (RFC 9788 §2.2).
		head.WriteString("HP-Outer: " + f.raw)
	}
	content, wrap, err := contentType(entity)
	if err != nil {
		return err
	}
	closing := ""
	if wrap {
		// A Content-Type that cannot take a parameter more: one part around it.
		head.WriteString("Content-Type: multipart/mixed; boundary=\"" + boundary + "\"; hp=\"cipher\"\r\n\r\n--" + boundary + "\r\n")
		closing = "\r\n--" + boundary + "--\r\n"
	} else {
		head.WriteString(content)
	}
	for _, f := range entity {
		if wrap || f.name != "content-type" {
			head.WriteString(f.raw)
		}
	}
	head.WriteString("\r\n")
	if _, err := io.WriteString(w, head.String()); err != nil {
		return fmt.Errorf("write header: %w", err)
	}
	// In pieces: the cipher makes a copy of what it is given at once.
	for piece := range slices.Chunk(body, 64<<10) {
		if _, err := w.Write(piece); err != nil {
			return fmt.Errorf("write body: %w", err)
		}
	}
	_, err = io.WriteString(w, closing)
	return err
}

// contentType returns the Content-Type field with hp="cipher" (RFC 9788 §2.1)
// behind what the message says, or asks for a part around it.
func contentType(entity []field) (raw string, wrap bool, err error) {
	var types []field
	for _, f := range entity {
		if f.name == "content-type" {
			types = append(types, f)
		}
	}
	switch len(types) {
	case 0:
		return "Content-Type: text/plain; charset=us-ascii; hp=\"cipher\"\r\n", false, nil
	case 1:
	default:
		return "", false, fmt.Errorf("two Content-Type fields: %w", ErrMalformed)
	}
	value := types[0].value
	if !takesParameter(strings.ReplaceAll(value, "\r\n", "")) {
		return "", true, nil
	}
	name, _, _ := strings.Cut(types[0].raw, ":")
	return name + ":" + strings.TrimRight(value, "; \t\r\n") + ";\r\n hp=\"cipher\"\r\n", false, nil
}

// takesParameter says whether a parameter can be put behind a Content-Type
// with certainty about how it will be read.
func takesParameter(value string) bool {
	media, params, err := mime.ParseMediaType(value)
	_, has := params["hp"]
	comment := strings.ContainsAny(value, "()") // one at the end could swallow the parameter
	return err == nil && !has && !comment && strings.Contains(media, "/")
}
