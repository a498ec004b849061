package seal

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"net/mail"
	"strings"
	"time"
	"unicode/utf8"

	"postvern.example/internal/octets"
	"postvern.example/proxy/message"
)

// ErrMalformed says that a message's header is not clear enough to be sealed.
var ErrMalformed = errors.New("the header cannot be read with certainty")

// field is one header field: raw is all of it with the final CRLF, value what
// follows the colon, as written.
type field struct {
	name  string // lower case
	raw   string
	value string
}

// cutHead cuts a message into its header, with the empty line that ends it, and
// its body, both as they came.
func cutHead(raw octets.Rope) (head []byte, body octets.Rope) {
	end := len(raw.Held)
	if bytes.HasPrefix(raw.Held, []byte("\r\n")) {
		end = 2
	} else if i := bytes.Index(raw.Held, []byte("\r\n\r\n")); i >= 0 {
		end = i + 4
	}
	return raw.Held[:end], raw.Cut(end, len(raw.Held))
}

// readFields returns the fields of a header.
func readFields(head []byte) ([]field, error) {
	if bytes.HasSuffix(head, []byte("\r\n\r\n")) || string(head) == "\r\n" {
		head = head[:len(head)-2]
	}
	var fields []field
	for len(head) > 0 {
		end := fieldEnd(head)
		if end < 0 {
			return nil, ErrMalformed
		}
		f, err := readField(string(head[:end]))
		if err != nil {
			return nil, err
		}
		fields, head = append(fields, f), head[end:]
	}
	return fields, nil
}

// fieldEnd returns where the first field ends, with its folded lines.
func fieldEnd(head []byte) int {
	for at := 0; ; {
		line := bytes.Index(head[at:], []byte("\r\n"))
		if line < 0 {
			return -1
		}
		at += line + 2
		if at == len(head) || (head[at] != ' ' && head[at] != '\t') {
			return at
		}
	}
}

func readField(raw string) (field, error) {
	name, value, ok := strings.Cut(raw, ":")
	name = strings.TrimRight(name, " \t")
	if !ok || name == "" {
		return field{}, ErrMalformed
	}
	for i := range len(name) {
		if name[i] <= ' ' || name[i] > '~' {
			return field{}, ErrMalformed
		}
	}
	value = strings.TrimSuffix(value, "\r\n")
	if strings.ContainsAny(strings.ReplaceAll(value, "\r\n", ""), "\r\n\x00") {
		return field{}, ErrMalformed
	}
	return field{name: strings.ToLower(name), raw: raw, value: value}, nil
}

// inside says which fields the reader gets, protected. It lists what may: a
// field that is not known could name another recipient (Bcc, Resent-*,
// Autocrypt-Gossip), a way the mail took, or pretend to be protection.
func inside(name string) bool {
	switch name {
	case "from", "sender", "reply-to", "to", "cc", "subject", "date", "message-id", "in-reply-to", "references",
		"comments", "keywords", "organization", "importance", "priority", "x-priority", "sensitivity",
		"disposition-notification-to", "original-message-id":
		return true
	}
	return false
}

// structural fields belong to the MIME entity (RFC 9788 §1).
func structural(name string) bool { return strings.HasPrefix(name, "content-") }

// outer returns the fields that stand outside for everybody on the way: where
// from, where to, when, and a subject that says nothing. Addresses lose their
// display names and the date its zone (as hcp_shy of RFC 9788 §3.2 does).
func outer(fields []field, m Sealing, now time.Time) ([]field, error) {
	var out []field
	add := func(name, value string) {
		out = append(out, field{name: strings.ToLower(name), raw: name + ": " + value + "\r\n", value: " " + value})
	}
	from, err := bareAddresses(fields, "from")
	if err != nil || from == "" {
		return nil, fmt.Errorf("read From: %w", ErrMalformed)
	}
	add("From", from)
	for _, name := range []string{"Reply-To", "To", "Cc"} {
		list, err := bareAddresses(fields, strings.ToLower(name))
		switch {
		case err != nil && name == "To", list == "" && name == "To":
			add(name, "undisclosed-recipients:;")
		case err == nil && list != "":
			add(name, list)
		}
	}
	add("Subject", encodeSubject(m.OuterSubject))
	add("Date", outerDate(fields, now).Format("Mon, 02 Jan 2006 15:04:05 -0700"))
	add("Message-ID", m.MessageID)
	if m.Thread {
		for _, name := range []string{"In-Reply-To", "References"} {
			if ids := messageIDs(fields, strings.ToLower(name)); ids != "" {
				add(name, ids)
			}
		}
	}
	return out, nil
}

// bareAddresses returns the addresses of all fields of a name, read as the rest
// of the gateway reads them, without display names, comments and group names,
// folded.
func bareAddresses(fields []field, name string) (string, error) {
	var list []string
	for _, f := range fields {
		if f.name != name {
			continue
		}
		boxes, err := message.MailboxesIn([]byte(f.value))
		if err != nil {
			return "", fmt.Errorf("%w: %w", ErrMalformed, err)
		}
		for _, b := range boxes {
			list = append(list, b.Address)
		}
	}
	return strings.Join(list, ",\r\n "), nil
}

func outerDate(fields []field, now time.Time) time.Time {
	for _, f := range fields {
		if f.name == "date" {
			if t, err := mail.ParseDate(strings.TrimSpace(strings.ReplaceAll(f.value, "\r\n", ""))); err == nil {
				return t.UTC()
			}
		}
	}
	return now.UTC()
}

// messageIDs returns the clean message ids of a field, one a line.
func messageIDs(fields []field, name string) string {
	var ids []string
	for _, f := range fields {
		if f.name != name {
			continue
		}
		for _, word := range strings.Fields(f.value) {
			if validMessageID(word) {
				ids = append(ids, word)
			}
		}
	}
	return strings.Join(ids, "\r\n ")
}

// validMessageID accepts "<left@right>" in printable ASCII (RFC 5322 §3.6.4).
func validMessageID(id string) bool {
	if len(id) < 5 || len(id) > 900 || id[0] != '<' || id[len(id)-1] != '>' {
		return false
	}
	inner := id[1 : len(id)-1]
	for i := range len(inner) {
		if inner[i] <= ' ' || inner[i] > '~' || strings.IndexByte("<>()[]\\,;:\"", inner[i]) >= 0 {
			return false
		}
	}
	left, right, ok := strings.Cut(inner, "@")
	return ok && left != "" && right != "" && !strings.Contains(right, "@")
}

// encodeSubject writes a subject for a header (RFC 2047), folded so that no
// line is longer than 76 octets.
func encodeSubject(s string) string {
	s = strings.Join(strings.Fields(strings.ToValidUTF8(s, "�")), " ")
	plain := len(s) <= 66 && !strings.Contains(s, "=?")
	for _, r := range s {
		plain = plain && r >= ' ' && r <= '~'
	}
	if plain {
		return s
	}
	var words []string
	for chunk := ""; s != ""; chunk = "" {
		for _, r := range s {
			if len(chunk)+utf8.RuneLen(r) > 39 {
				break
			}
			chunk += string(r)
		}
		s = s[len(chunk):]
		words = append(words, "=?utf-8?B?"+base64.StdEncoding.EncodeToString([]byte(chunk))+"?=")
	}
	return strings.Join(words, "\r\n ")
}
