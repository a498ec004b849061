package extract

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"strings"

	"postvern.example/policy/detect"
)

// xml reads XML that belongs to no office document: text, attributes,
// comments. Elements that stand inside running text leave no gap.
func (r *reading) xml(p piece) {
	if _, ok := first(p.data, xmlCharset(p.data)); !ok {
		r.unscannable(p.place, whyCharset)
	}
	if isMetadata(p.data) {
		r.stamps(p.place, p.data)
	}
	s := scanXML(p.data)
	var text strings.Builder
	var aside []string
	seen := map[string]bool{}
	note := func(value string) {
		if len(value) > 1 && !seen[value] {
			seen[value] = true
			aside = append(aside, value)
		}
	}
	var apart, named strings.Builder // each element's text on a line of its own, and with what its element is called
	inText := false                  // the last token was text with something in it
	joined := false                  // words or numbers of two elements met without a gap
	tag := ""
	for n := 0; s.next(); n++ {
		if n%4096 == 0 && r.over(p.place) {
			break
		}
		switch s.kind {
		case xmlText:
			if !inText && !blank(s.content) {
				text.WriteByte('\n')
			}
			joined = joined || inText && !blank(s.content)
			inText = !blank(s.content)
			text.WriteString(s.content)
			apart.WriteString(s.content + "\n")
			named.WriteString(tag + " " + s.content + "\n")
		case xmlOpen:
			tag = s.name
			s.eachAttr(func(_, value string) bool {
				r.xmlAttribute(p, value, note)
				return true
			})
		case xmlAside:
			note(s.content)
		case xmlClose:
			tag = ""
		case xmlEnd:
		}
	}
	r.prose(p.place, text.String())
	if joined { // a record: "cpr" says what stands in it
		r.prose(p.place, named.String())
	}
	if strings.Contains(text.String(), "@") { // elements are the words of a sentence, or the rows of a list
		r.prose(p.place, apart.String())
	}
	r.prose(p.place, strings.Join(aside, "\n"))
	r.coded(p, apart.String())
	for _, value := range aside {
		r.coded(p, value)
	}
	if !p.inline && blank(text.String()) && strings.Contains(s.text[:min(len(s.text), 4096)], "<svg") {
		r.unscannable(p.place, whyImage) // letters can be drawn as lines
	}
}

func (r *reading) xmlAttribute(p piece, value string, note func(string)) {
	head, body, found := strings.Cut(value, "base64,")
	if found && strings.HasPrefix(head, "data:") {
		if data, err := base64.StdEncoding.DecodeString(padded(body)); err == nil {
			r.left.Attachments++
			place := p.place.In(detect.Step{Kind: detect.InAttachment, Number: r.left.Attachments})
			r.piece(piece{data: data, place: place, depth: p.depth + 1, inline: true})
			return
		}
	}
	note(value)
}

// hasHTMLTag reports whether one of the commonest elements of HTML begins in
// the text, which is in lower case.
func hasHTMLTag(low []byte) bool {
	for _, tag := range htmlTags {
		for rest := low; ; {
			i := bytes.Index(rest, []byte(tag))
			if i < 0 {
				break
			}
			if rest = rest[i+len(tag):]; len(rest) == 0 || bytes.IndexByte([]byte(" >/\t\r\n"), rest[0]) >= 0 {
				return true
			}
		}
	}
	return false
}

var htmlTags = []string{
	"<p", "<div", "<span", "<br", "<table", "<tr", "<td", "<b", "<i", "<u", "<a", "<font", "<img", "<ul", "<ol", "<li", "<h1", "<h2", "<h3", "<h4",
	"<strong", "<em", "<style", "<script", "<meta", "<title", "<center", "<blockquote", "<pre", "<hr", "<form", "<link", "<!--", "<section", "<article", "<small", "<sub", "<sup",
}

// looksLikeJSON reports whether the text begins as an object or array does.
func looksLikeJSON(head []byte) bool {
	dec := json.NewDecoder(bytes.NewReader(head))
	for range 3 {
		if _, err := dec.Token(); err != nil {
			return errors.Is(err, io.EOF) && len(head) > 2
		}
	}
	return true
}

// json reads JSON, also one object a line. What does not parse is read as the
// text that it is.
func (r *reading) json(p piece) {
	text, ok := first(p.data, p.params["charset"])
	if !ok {
		r.unscannable(p.place, whyCharset)
	}
	var b strings.Builder
	dec := json.NewDecoder(strings.NewReader(strings.TrimPrefix(text, "\ufeff")))
	dec.UseNumber()
	for n := 0; ; n++ {
		if n%4096 == 0 && r.over(p.place) {
			return
		}
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			r.prose(p.place, text)
			r.coded(p, text)
			break
		}
		switch value := token.(type) {
		case string:
			b.WriteString(value + "\n")
			r.coded(p, value)
		case json.Number:
			b.WriteString(value.String() + "\n")
		}
	}
	r.prose(p.place, b.String())
}
