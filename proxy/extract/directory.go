package extract

import (
	"encoding/base64"
	"io"
	"mime/quotedprintable"
	"strings"

	"postvern.example/policy/detect"
)

// directory reads calendars and business cards, which are written alike
// (RFC 5545 §3.1, RFC 6350 §3.2, vCard 2.1).
func (r *reading) directory(p piece) {
	texts, ok := decode(p.data, p.params["charset"])
	if !ok {
		r.unscannable(p.place, whyCharset)
	}
	for _, text := range texts {
		var b strings.Builder
		for _, line := range unfold(text) {
			b.WriteString(r.property(p, line))
			b.WriteByte('\n')
		}
		r.prose(p.place, b.String())
		r.coded(p, b.String())
	}
}

// unfold joins folded lines, and those of quoted-printable values, which end
// in "=".
func unfold(text string) []string {
	var lines []string
	var line strings.Builder
	soft := false
	for part := range strings.SplitSeq(strings.ReplaceAll(text, "\r\n", "\n"), "\n") {
		switch {
		case soft:
			part = strings.TrimLeft(part, " \t")
		case part != "" && (part[0] == ' ' || part[0] == '\t'):
			part = part[1:]
		default:
			lines = append(lines, line.String())
			line.Reset()
		}
		soft = strings.HasSuffix(part, "=") && isQuotedPrintable(line.String(), part)
		if soft {
			part = strings.TrimSuffix(part, "=")
		}
		line.WriteString(part)
	}
	return append(lines, line.String())[1:]
}

// isQuotedPrintable reports whether the line that part goes on says so before
// its value. No real line has that farther in.
func isQuotedPrintable(line, part string) bool {
	const far = 512
	head := line[:min(len(line), far)]
	return strings.Contains(strings.ToUpper(head+part[:min(len(part), far)]), "QUOTED-PRINTABLE")
}

// property returns the text of one line: the name, its parameters, and the
// value with its encoding undone.
func (r *reading) property(p piece, line string) string {
	colon := valueStart(line)
	if colon < 0 {
		return line
	}
	head, value := line[:colon], line[colon+1:]
	upper := strings.ToUpper(head)
	switch {
	case strings.Contains(upper, "QUOTED-PRINTABLE"):
		plain, err := io.ReadAll(quotedprintable.NewReader(strings.NewReader(value)))
		if err != nil {
			r.unscannable(p.place, whyMalformed)
		}
		value = mixed(plain)
	case strings.Contains(upper, "ENCODING=B"), strings.HasPrefix(strings.ToLower(value), "data:") && strings.Contains(value, "base64,"):
		body := value
		if _, after, found := strings.Cut(value, "base64,"); found {
			body = after
		}
		r.enclosed(p, body)
		return head
	}
	value = unescape(value)
	if strings.Contains(upper, "TEXT/HTML") || strings.Contains(value, "</") || strings.Contains(value, "<br") {
		r.html(piece{data: []byte(value), place: p.place, depth: p.depth, inline: true})
	}
	return head + ": " + value
}

// valueStart returns where the colon before the value stands: the first one
// outside quotes.
func valueStart(line string) int {
	quoted := false
	for i := 0; i < len(line); i++ {
		switch line[i] {
		case '"':
			quoted = !quoted
		case ':':
			if !quoted {
				return i
			}
		}
	}
	return -1
}

// enclosed reads a file that stands in a property.
func (r *reading) enclosed(p piece, body string) {
	data, err := base64.StdEncoding.DecodeString(padded(body))
	if err != nil {
		r.unscannable(p.place, whyMalformed)
		return
	}
	r.left.Attachments++
	place := p.place.In(detect.Step{Kind: detect.InAttachment, Number: r.left.Attachments})
	r.piece(piece{data: data, place: place, depth: p.depth + 1, inline: true})
}

func unescape(value string) string {
	if !strings.Contains(value, `\`) {
		return value
	}
	return strings.NewReplacer(`\\`, `\`, `\n`, "\n", `\N`, "\n", `\,`, ",", `\;`, ";", `\:`, ":").Replace(value)
}
