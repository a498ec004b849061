package message

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"mime"
	"strings"
	"time"
)

// Draft is a mail of our own. From and To are address lists as people write
// them: "Postvern <postvern@union.example>"; names need not be ASCII.
type Draft struct {
	From, To  string
	Subject   string
	Date      time.Time
	MessageID string            // with its angle brackets; empty: none is written
	Language  string            // Content-Language; empty: none
	Text      string            // the body, UTF-8, any line ends
	Fields    [][2]string       // further fields in their order; those with an empty value are left out
	Multipart string            // with Parts: the subtype, "report"; empty: "mixed"
	Params    map[string]string // of the multipart: "report-type"
	Parts     []DraftPart       // what follows the text
}

// DraftPart is one further part of a Draft.
type DraftPart struct {
	MediaType   string
	Params      map[string]string
	Description string // Content-Description
	FileName    string // makes it an attachment
	Content     []byte
}

// ErrDraft is the error of Build for a draft that cannot be written.
var ErrDraft = errors.New("a mail cannot be written")

// Build returns the mail with CRLF line ends. Text is UTF-8 in quoted-printable
// or base64, whichever is shorter; parts of type message/* keep their octets,
// as RFC 2046 §5.2 wants. ErrField and ErrDraft say what is wrong with a field
// or part, ErrAddress that From or To cannot be read.
func (d Draft) Build() ([]byte, error) {
	var b bytes.Buffer
	if err := d.header(&b); err != nil {
		return nil, fmt.Errorf("build mail: %w", err)
	}
	text := DraftPart{MediaType: "text/plain", Params: map[string]string{"charset": "utf-8"}, Content: []byte(d.Text)}
	if len(d.Parts) == 0 {
		if err := text.write(&b); err != nil {
			return nil, fmt.Errorf("build mail: %w", err)
		}
		return b.Bytes(), nil
	}
	if err := d.multipart(&b, append([]DraftPart{text}, d.Parts...)); err != nil {
		return nil, fmt.Errorf("build mail: %w", err)
	}
	return b.Bytes(), nil
}

func (d Draft) header(b *bytes.Buffer) error {
	from, err := formatAddresses("From", d.From)
	if err != nil {
		return err
	}
	to, err := formatAddresses("To", d.To)
	if err != nil {
		return err
	}
	if d.Date.IsZero() {
		return fmt.Errorf("%w: it has no date", ErrDraft)
	}
	b.WriteString("Date: " + d.Date.Format("Mon, 2 Jan 2006 15:04:05 -0700") + "\r\n" + from + to)
	fields := append([][2]string{{"Subject", d.Subject}, {"Message-ID", d.MessageID}}, d.Fields...)
	fields = append(fields, [2]string{"Content-Language", d.Language}, [2]string{"MIME-Version", "1.0"})
	for _, f := range fields {
		if f[1] == "" {
			continue
		}
		field, err := d.field(f[0], f[1])
		if err != nil {
			return err
		}
		b.WriteString(field)
	}
	return nil
}

func (d Draft) field(name, value string) (string, error) {
	switch strings.ToLower(name) {
	case "cc", "reply-to", "sender":
		return formatAddresses(name, value)
	}
	return formatField(name, value)
}

// formatAddresses writes an address field with one mailbox a line.
func formatAddresses(name, value string) (string, error) {
	if !isFieldName([]byte(name)) || strings.ContainsAny(value, "\r\n\x00") {
		return "", fmt.Errorf("%w: %s", ErrField, name)
	}
	list, err := parseAddresses([]byte(value), Range{0, len(value)})
	if err != nil {
		return "", fmt.Errorf("%s: %w", name, err)
	}
	var boxes []string
	for _, e := range list {
		if e.kind != elementMailbox {
			return "", fmt.Errorf("%s: %w", name, addressError("a group in a mail of our own"))
		}
		boxes = append(boxes, e.box.format())
	}
	if len(boxes) == 0 {
		return "", fmt.Errorf("%w: %s is empty", ErrDraft, name)
	}
	field := name + ": " + strings.Join(boxes, ",\r\n ") + "\r\n"
	if longestLine([]byte(field)) > mostLength {
		return "", fmt.Errorf("%w: %s is too long", ErrField, name)
	}
	return field, nil
}

// format writes a mailbox (RFC 5322 §3.4).
func (m Mailbox) format() string {
	if m.Name == "" {
		return m.Address
	}
	name := m.Name
	switch {
	case !isPlain(name) || len(name) > 60:
		name = strings.Join(encodeWords(name, wordLength-12), "\r\n ")
	case !isPhrase(name):
		name = `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(name) + `"`
	}
	return name + " <" + m.Address + ">"
}

// isPhrase reports whether a display name needs no quotes.
func isPhrase(s string) bool {
	for i := range len(s) {
		if !isAtext(s[i]) && s[i] != ' ' {
			return false
		}
	}
	return true
}

func (d Draft) multipart(b *bytes.Buffer, parts []DraftPart) error {
	subtype := d.Multipart
	if subtype == "" {
		subtype = "mixed"
	}
	params := map[string]string{"boundary": newBoundary(nil)}
	for k, v := range d.Params {
		params[k] = v
	}
	if err := writeType(b, "multipart/"+subtype, params); err != nil {
		return err
	}
	b.WriteString("\r\n")
	for _, p := range parts {
		b.WriteString("--" + params["boundary"] + "\r\n")
		if err := p.write(b); err != nil {
			return err
		}
		b.WriteString("\r\n")
	}
	b.WriteString("--" + params["boundary"] + "--\r\n")
	return nil
}

// newBoundary returns a boundary that does not stand in raw.
func newBoundary(raw []byte) string {
	for {
		if b := "=_" + rand.Text(); !bytes.Contains(raw, []byte(b)) {
			return b
		}
	}
}

func writeType(b *bytes.Buffer, media string, params map[string]string) error {
	value := mime.FormatMediaType(media, params)
	if value == "" {
		return fmt.Errorf("%w: a part has an illegal type", ErrDraft)
	}
	b.WriteString("Content-Type: " + foldParams(value) + "\r\n")
	return nil
}

// foldParams breaks a parameter list before each parameter. FormatMediaType
// writes "; " nowhere else but inside quotes.
func foldParams(value string) string {
	var b strings.Builder
	quoted := false
	for i := range len(value) {
		c := value[i]
		if c == '"' && value[i-1] != '\\' {
			quoted = !quoted
		}
		b.WriteByte(c)
		if c == ';' && !quoted {
			b.WriteString("\r\n")
		}
	}
	return b.String()
}

// write writes header fields, the empty line and the encoded body of a part.
func (p DraftPart) write(b *bytes.Buffer) error {
	if err := writeType(b, p.MediaType, p.Params); err != nil {
		return err
	}
	encoding, body, err := p.encode()
	if err != nil {
		return err
	}
	b.WriteString("Content-Transfer-Encoding: " + encoding + "\r\n")
	if p.Description != "" {
		field, err := formatField("Content-Description", p.Description)
		if err != nil {
			return err
		}
		b.WriteString(field)
	}
	if p.FileName != "" {
		value := mime.FormatMediaType("attachment", map[string]string{"filename": p.FileName})
		if value == "" {
			return fmt.Errorf("%w: a part has an illegal file name", ErrDraft)
		}
		b.WriteString("Content-Disposition: " + foldParams(value) + "\r\n")
	}
	b.WriteString("\r\n")
	b.Write(body)
	return nil
}

func (p DraftPart) encode() (encoding string, body []byte, err error) {
	media := strings.ToLower(p.MediaType)
	switch {
	case strings.HasPrefix(media, "text/"):
		encoding, body = encodeText(canonicalLines(p.Content))
		return encoding, body, nil
	case strings.HasPrefix(media, "multipart/"):
		return "", nil, fmt.Errorf("%w: a multipart in a part", ErrDraft)
	case strings.HasPrefix(media, "message/"):
		body = canonicalLines(p.Content)
		if longestLine(body) > mostLength || bytes.IndexByte(body, 0) >= 0 {
			return "", nil, fmt.Errorf("%w: a message in a part has a line too long or a NUL", ErrDraft)
		}
		if isASCII(body) {
			return "7bit", body, nil
		}
		return "8bit", body, nil
	}
	return "base64", encodeBase64(p.Content), nil
}

// NewMessageID returns a fresh Message-ID with angle brackets (RFC 5322
// §3.6.4). It says nothing of the message, its time or its sender.
func NewMessageID(domain string) string {
	if domain == "" {
		domain = "localhost"
	}
	return "<" + rand.Text() + "@" + domain + ">"
}

// WriteText writes a text as a part of type text/plain, UTF-8: header fields,
// the empty line and the encoded body.
func WriteText(b *bytes.Buffer, text string) error {
	return DraftPart{MediaType: "text/plain", Params: map[string]string{"charset": "utf-8"}, Content: []byte(text)}.write(b)
}
