package extract

import (
	"encoding/base64"
	"encoding/hex"
	"strings"

	"golang.org/x/net/html"

	"postvern.example/policy/detect"
)

// tagStyle is what the attributes of a tag say about how it is shown.
type tagStyle struct{ hidden, inline, block bool }

// layoutAttributes hold measures and colours, never words.
var layoutAttributes = map[string]bool{
	"width": true, "height": true, "bgcolor": true, "color": true, "align": true, "valign": true, "border": true,
	"cellpadding": true, "cellspacing": true, "colspan": true, "rowspan": true, "dir": true, "rel": true,
	"target": true, "type": true, "charset": true, "http-equiv": true, "nowrap": true, "size": true, "xmlns": true,
}

// attributes takes the text of a tag's attributes.
func (w *htmlWalk) attributes(z *html.Tokenizer, more bool) tagStyle {
	var style tagStyle
	for more {
		var key, val []byte
		key, val, more = z.TagAttr()
		name, value := string(key), string(val)
		switch name {
		case "hidden":
			style.hidden = true
		case "style":
			style.add(value)
		case "class", "id":
			for word := range strings.FieldsSeq(value) {
				style.hidden = style.hidden || w.hidden[name[:1]+word]
			}
		case "srcdoc":
			w.embedded(value)
		}
		switch {
		case layoutAttributes[name] || len(value) < 2:
		case len(value) > 5 && strings.EqualFold(value[:5], "data:"):
			w.dataURL(value[5:])
		default:
			w.note(value)
			if plain := unpercent(value); plain != value {
				w.note(plain)
			}
			for _, address := range inLink(value) {
				w.note(address)
			}
		}
	}
	return style
}

func (s *tagStyle) add(css string) {
	css = squeeze(css)
	s.hidden = s.hidden || hides(css)
	s.inline = s.inline || strings.Contains(css, "display:inline") || strings.Contains(css, "display:contents")
	s.block = s.block || strings.Contains(css, "display:block") || strings.Contains(css, "display:flex")
}

// squeeze returns CSS in lower case without blanks and comments.
func squeeze(css string) string {
	var b strings.Builder
	for i := 0; i < len(css); i++ {
		if strings.HasPrefix(css[i:], "/*") {
			end := strings.Index(css[i+2:], "*/")
			if end < 0 {
				break
			}
			i += end + 3
			continue
		}
		if css[i] > ' ' {
			b.WriteByte(css[i])
		}
	}
	return strings.ToLower(b.String())
}

// hides reports whether declarations take an element out of sight.
func hides(css string) bool {
	for _, trick := range [...]string{
		"display:none", "visibility:hidden", "visibility:collapse", "font-size:0", "opacity:0", "mso-hide:all",
		"max-height:0", "max-width:0", "text-indent:-", "clip:rect(0", "left:-",
	} {
		if strings.Contains(css, trick) {
			return true
		}
	}
	return false
}

// hiddenClasses returns the classes ("c" and the name) and ids ("i" and the
// name) that the style sheets of a page hide.
func hiddenClasses(page string) map[string]bool {
	hidden := map[string]bool{}
	if !strings.Contains(page, "<style") && !strings.Contains(page, "<STYLE") && !strings.Contains(page, "<Style") {
		return hidden
	}
	lower := strings.ToLower(page)
	for {
		_, after, found := strings.Cut(lower, "<style")
		if !found {
			return hidden
		}
		sheet, rest, _ := strings.Cut(after, "</style")
		hiddenInSheet(sheet, hidden)
		lower = rest
	}
}

func hiddenInSheet(sheet string, hidden map[string]bool) {
	for rule := range strings.SplitSeq(sheet, "}") {
		open := strings.LastIndexByte(rule, '{')
		if open < 0 || !hides(squeeze(rule[open:])) {
			continue
		}
		selectors := rule[:open]
		if i := strings.LastIndexByte(selectors, '{'); i >= 0 {
			selectors = selectors[i+1:] // inside @media
		}
		for _, word := range strings.FieldsFunc(selectors, func(c rune) bool { return strings.ContainsRune(" ,>+~\r\n\t", c) }) {
			i := strings.LastIndexAny(word, ".#")
			if i < 0 {
				continue
			}
			prefix := "c"
			if word[i] == '#' {
				prefix = "i"
			}
			name, _, _ := strings.Cut(word[i+1:], ":")
			hidden[prefix+name] = true
		}
	}
}

// dataURL reads a file that stands in an attribute (RFC 2397).
func (w *htmlWalk) dataURL(rest string) {
	kind, body, found := strings.Cut(rest, ",")
	if !found {
		w.note(rest)
		return
	}
	data := []byte(unpercentBytes(body))
	media, _, _ := strings.Cut(kind, ";")
	if strings.HasSuffix(strings.ToLower(strings.TrimSpace(kind)), ";base64") {
		plain, err := base64.StdEncoding.DecodeString(padded(string(data)))
		if err != nil {
			w.r.unscannable(w.p.place, whyMalformed)
			w.note(body)
			return
		}
		data = plain
	}
	w.r.left.Attachments++
	w.r.piece(piece{
		data: data, declared: strings.ToLower(media), depth: w.p.depth + 1, inline: true,
		place: w.p.place.In(detect.Step{Kind: detect.InAttachment, Number: w.r.left.Attachments}),
	})
}

// padded returns base64 in the standard alphabet, without blanks, with its
// padding.
func padded(text string) string {
	text = strings.Map(func(c rune) rune {
		switch c {
		case ' ', '\t', '\r', '\n', '=':
			return -1
		case '-':
			return '+'
		case '_':
			return '/'
		}
		return c
	}, text)
	if n := len(text) % 4; n > 1 {
		text += strings.Repeat("=", 4-n)
	}
	return text
}

// inLink returns the addresses that newsletters and trackers put into links as
// hexadecimal or base64.
func inLink(value string) []string {
	const shortest = 12 // a@b.dk in hexadecimal
	if len(value) < shortest || !strings.Contains(value, "://") {
		return nil
	}
	var found []string
	for token := range strings.FieldsFuncSeq(value, func(r rune) bool { return strings.ContainsRune("/?&=#.:;,|", r) }) {
		if len(token) < shortest {
			continue
		}
		for _, decode := range []func(string) ([]byte, error){hex.DecodeString, base64.RawStdEncoding.DecodeString, base64.RawURLEncoding.DecodeString} {
			if plain, err := decode(token); err == nil {
				found = append(found, detect.Addresses(strings.ToValidUTF8(string(plain), " "))...)
			}
		}
	}
	return found
}
