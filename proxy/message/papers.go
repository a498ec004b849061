package message

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"net/url"
	"strings"

	"postvern.example/internal/octets"
)

// Detached is a message whose invitation has lost its papers, and the papers.
type Detached struct {
	Edits []Edit
	Parts []*Part     // of the message, as they stand in it
	Files []DraftPart // that stood inside a calendar (RFC 5545 §3.8.1.1)
}

// DetachPapers returns the edits that take the papers out of the message's
// invitation: the files beside its calendar, and those inside it. What a
// calendar only links to stays. ErrSigned and ErrCalendar say that they cannot
// be taken out.
func (m *Message) DetachPapers() (Detached, error) {
	var d Detached
	parts, fixed := m.paperParts()
	if fixed {
		return d, fmt.Errorf("detach papers: %w", ErrSigned)
	}
	ids := map[string]bool{}
	for _, p := range parts {
		r, ok := m.withDelimiter(p)
		if !ok {
			return d, fmt.Errorf("detach papers: %w: the end of a part", ErrRange)
		}
		d.Edits, d.Parts = append(d.Edits, Edit{Range: r}), append(d.Parts, p)
		for _, f := range p.Get("Content-ID") {
			ids[strings.Trim(m.Text(f), "<> ")] = true
		}
	}
	seen := map[string]bool{} // invitations often stand twice in a mail
	damaged := false
	edits, err := m.editEvents(func(text string, lines []calendarLine) string {
		change := map[int]string{}
		for _, l := range inlineFiles(text, lines) {
			change[l.line] = ""
			damaged = damaged || l.file.Content == nil
			if key := l.file.FileName + "\n" + string(l.file.Content); !seen[key] {
				seen[key] = true
				d.Files = append(d.Files, l.file)
			}
		}
		for i, l := range lines {
			if p := takeProperty(l.text); p.name == "ATTACH" {
				if id, ok := contentID(l.text[p.value:]); ok && ids[id] {
					change[i] = ""
				}
			}
		}
		return withLines(text, lines, change)
	})
	if err == nil && damaged {
		err = fmt.Errorf("detach papers: %w: a file in it", ErrCalendar)
	}
	d.Edits = append(d.Edits, edits...)
	return d, err
}

// paperParts returns the parts that are files sent along, and whether one
// stands where nothing may change.
func (m *Message) paperParts() (papers []*Part, fixed bool) {
	var walk func(p *Part, signed bool)
	walk = func(p *Part, signed bool) {
		signed = signed || p.MediaType == "multipart/signed"
		for i, child := range p.Children {
			switch {
			case isTNEF(child):
				fixed = true // what is in it nobody can take out
			case m.isPaper(p, child, i == 0):
				papers, fixed = append(papers, child), fixed || signed
			case !isMessage(child.MediaType):
				walk(child, signed)
			}
		}
	}
	walk(m.Root, false)
	return papers, fixed
}

func (m *Message) isPaper(parent, p *Part, first bool) bool {
	switch parent.MediaType {
	case "multipart/alternative", "multipart/signed", "multipart/encrypted", "multipart/report":
		return false
	}
	if !strings.HasPrefix(parent.MediaType, "multipart/") || strings.HasPrefix(p.MediaType, "multipart/") || m.isCalendar(p) {
		return false
	}
	switch p.MediaType {
	case "application/pgp-keys", "application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature":
		return false
	}
	text := strings.HasPrefix(p.MediaType, "text/")
	switch {
	case p.Disposition == "attachment":
		return true
	case strings.HasPrefix(p.MediaType, "image/"): // in the text
		return parent.MediaType != "multipart/related" && p.Disposition != "inline" && len(p.Get("Content-ID")) == 0
	case parent.MediaType == "multipart/related":
		return !text && !first
	case text:
		return p.FileName != ""
	}
	return true
}

// withDelimiter returns the octets of a part with the line of the boundary
// before it and the line end before the next.
func (m *Message) withDelimiter(p *Part) (Range, bool) {
	start := bytes.LastIndexByte(m.text.Held[:max(0, p.Head.Start-1)], '\n') + 1
	end := p.Body.End + len("\r\n")
	if !bytes.HasPrefix(m.text.Held[start:], []byte("--")) || end > len(m.text.Held) ||
		!bytes.HasSuffix(m.text.Held[:end], []byte("\r\n")) || !bytes.HasPrefix(m.text.Held[end:], []byte("--")) {
		return Range{}, false
	}
	return Range{start, end}, true
}

// inlineFile is a file inside a calendar and the line that it is.
type inlineFile struct {
	line int
	file DraftPart // Content is nil where it cannot be decoded
}

func inlineFiles(text string, lines []calendarLine) []inlineFile {
	if !strings.Contains(strings.ToUpper(text), "ATTACH") {
		return nil
	}
	var found []inlineFile
	for i, l := range lines {
		p := takeProperty(l.text)
		if p.name != "ATTACH" {
			continue
		}
		value := strings.TrimSpace(l.text[p.value:])
		file := DraftPart{MediaType: p.param("FMTTYPE"), FileName: fileName(p)}
		switch {
		case strings.EqualFold(p.param("ENCODING"), "BASE64") || strings.EqualFold(p.param("VALUE"), "BINARY"):
			file.Content = decodeLoose(value)
		case len(value) > len("data:") && strings.EqualFold(value[:len("data:")], "data:"): // RFC 2397
			file.MediaType, file.Content = dataURL(value[len("data:"):])
		default:
			continue
		}
		media, _, _ := strings.Cut(file.MediaType, ";")
		if file.MediaType = strings.ToLower(strings.TrimSpace(media)); !strings.Contains(file.MediaType, "/") ||
			strings.HasPrefix(file.MediaType, "text/") || strings.HasPrefix(file.MediaType, "multipart/") || strings.HasPrefix(file.MediaType, "message/") {
			file.MediaType = "application/octet-stream" // its octets, whatever they are
		}
		found = append(found, inlineFile{i, file})
	}
	return found
}

func fileName(p property) string {
	for _, name := range []string{"FILENAME", "X-FILENAME", "X-APPLE-FILENAME", "X-MS-FILENAME", "X-ORACLE-FILENAME"} {
		if v := p.param(name); v != "" {
			return strings.NewReplacer("/", "_", `\`, "_", "\r", "", "\n", "").Replace(v)
		}
	}
	return "attachment"
}

func dataURL(rest string) (media string, content []byte) {
	head, data, ok := strings.Cut(rest, ",")
	if !ok {
		return "", nil
	}
	if before, packed := strings.CutSuffix(head, ";base64"); packed {
		return before, decodeLoose(data)
	}
	plain, err := url.PathUnescape(data)
	if err != nil {
		return head, nil
	}
	return head, []byte(plain)
}

// decodeLoose undoes base64 with or without padding; nil where it is none.
func decodeLoose(value string) []byte {
	value = strings.TrimRight(strings.Join(strings.Fields(value), ""), "=")
	content, err := base64.RawStdEncoding.DecodeString(value)
	if err != nil {
		return nil
	}
	return content
}

// contentID returns the id that an ATTACH points to (RFC 2392).
func contentID(value string) (string, bool) {
	value = strings.TrimSpace(value)
	if len(value) < len("cid:") || !strings.EqualFold(value[:len("cid:")], "cid:") {
		return "", false
	}
	id, err := url.PathUnescape(value[len("cid:"):])
	return strings.Trim(id, "<> "), err == nil
}

// companions are the fields of a mail that its papers' own mail has as well:
// who, when, and where it belongs.
var companions = labels("from", "sender", "reply-to", "to", "cc", "date", "subject", "importance", "priority", "x-priority",
	"sensitivity", "content-language", "accept-language", "thread-topic", "thread-index", "organization", "autocrypt")

// Papers returns a mail of what was detached from this one, which must be the
// message that the edits were made for: to the same people, in answer to it,
// with the octets of its parts as they came. text stands before them.
func (m *Message) Papers(d Detached, messageID, text string) (octets.Rope, error) {
	var out octets.Rope
	var b bytes.Buffer
	references := ""
	for _, f := range m.Root.Fields {
		switch name := strings.ToLower(f.Name); {
		case companions[name]:
			b.Write(m.Bytes(f.Range))
		case name == "references":
			references = strings.Join(strings.Fields(string(m.Bytes(f.Value))), " ") + " "
		}
	}
	answered := ""
	for _, f := range m.Root.Get("Message-ID") {
		answered = strings.Join(strings.Fields(string(m.Bytes(f.Value))), " ")
	}
	fields := [][2]string{{"Message-ID", messageID}, {"In-Reply-To", answered}, {"References", strings.TrimSpace(references + answered)}, {"MIME-Version", "1.0"}}
	for _, f := range fields {
		if f[1] == "" {
			continue
		}
		field, err := formatField(f[0], f[1])
		if err != nil {
			return out, fmt.Errorf("write papers: %w", err)
		}
		b.WriteString(field)
	}
	boundary := newBoundary(m.text.Held)
	if err := writeType(&b, "multipart/mixed", map[string]string{"boundary": boundary}); err != nil {
		return out, fmt.Errorf("write papers: %w", err)
	}
	b.WriteString("\r\n--" + boundary + "\r\n")
	first := DraftPart{MediaType: "text/plain", Params: map[string]string{"charset": "utf-8"}, Content: []byte(text)}
	if err := first.write(&b); err != nil {
		return out, fmt.Errorf("write papers: %w", err)
	}
	for _, p := range d.Parts {
		b.WriteString("\r\n--" + boundary + "\r\n")
		out.Append(octets.Hold(b.Bytes()))
		out.Append(m.text.Cut(p.Head.Start, p.Body.End))
		b.Reset()
	}
	for _, f := range d.Files {
		b.WriteString("\r\n--" + boundary + "\r\n")
		if err := f.write(&b); err != nil {
			return out, fmt.Errorf("write papers: %w", err)
		}
	}
	b.WriteString("\r\n--" + boundary + "--\r\n")
	out.Append(octets.Hold(b.Bytes()))
	return out, nil
}
