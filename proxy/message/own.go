package message

import (
	"regexp"
	"strings"
	"unicode"

	nethtml "golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// Own returns the lines of the body that its writer wrote, without blank ones
// and outer blanks: those above what they quote or, where there are none, those
// below it. It reads the plain text where there is any, else the HTML.
func (m *Message) Own() []string {
	for _, media := range []string{"text/plain", "text/html"} {
		for _, p := range shownParts(m.Root, media) {
			content, err := m.Content(p)
			if err != nil {
				continue
			}
			text, _ := fromCharset(p.Params["charset"], content)
			if media == "text/html" {
				text = quotedText(text)
			}
			if own := ownLines(text); len(own) > 0 {
				return own
			}
		}
	}
	return nil
}

// shownParts returns the leaves of a media type that a mail program shows as
// the message itself.
func shownParts(p *Part, media string) []*Part {
	if len(p.Children) == 0 {
		if p.MediaType == media && p.Disposition != "attachment" && p.FileName == "" {
			return []*Part{p}
		}
		return nil
	}
	var found []*Part
	if strings.HasPrefix(p.MediaType, "multipart/") {
		for _, child := range p.Children {
			found = append(found, shownParts(child, media)...)
		}
	}
	return found
}

// ruled is a line that programs draw above what is quoted or forwarded.
var ruled = regexp.MustCompile(`^[-_=*\x{2014}\x{2500}]{5,}`)

// ownLines tells a writer's lines from quoted ones.
func ownLines(text string) []string {
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		lines[i] = strings.TrimFunc(l, func(r rune) bool {
			return unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Cf, r)
		})
	}
	var above, below []string
	quoting, signing := false, false
	for i := 0; i < len(lines); i++ {
		l := lines[i]
		switch {
		case l == "":
		case strings.HasPrefix(l, ">") || strings.HasPrefix(l, "|"):
			quoting, signing = true, false
		case ruled.MatchString(l) || quotedHeader(lines[i:]):
			if len(above) > 0 {
				return above
			}
			return below // what follows is all another's
		case attributionLines(lines[i:]) > 0:
			i += attributionLines(lines[i:]) - 1
			quoting, signing = true, false
		case l == "--":
			signing = true
		case signing:
		case quoting:
			below = append(below, l)
		default:
			above = append(above, l)
		}
	}
	if len(above) > 0 {
		return above
	}
	return below
}

// quotedHeader reports whether lines begin with the header block of a quoted
// mail: who wrote it, and another field within the next lines.
func quotedHeader(lines []string) bool {
	if kind, _ := labelOf(lines[0]); kind != senderLabel {
		return false
	}
	for _, l := range lines[1:min(len(lines), 6)] {
		if kind, _ := labelOf(l); kind == otherLabel || kind == recipientLabel {
			return true
		}
	}
	return false
}

// attributionLines returns how many lines say whose words are quoted below
// them; 0 where they say something else.
func attributionLines(lines []string) int {
	joined := ""
	for n, l := range lines[:min(len(lines), 4)] {
		if l == "" || strings.HasPrefix(l, ">") {
			break
		}
		joined += " " + l
		if strings.HasSuffix(l, ":") && strings.ContainsAny(joined, "0123456789@") &&
			(wroteVerbs.MatchString(joined) || dated.MatchString(strings.TrimSuffix(strings.TrimSpace(joined), ":")) || named(joined) > 0) {
			return n + 1
		}
	}
	return 0
}

// replied are the ids that Outlook on the web and on phones gives to what
// stands above a quoted mail.
var replied = []string{"divrplyfwdmsg", "appendonsend", "mail-editor-reference-message-container", "ms-outlook-mobile-reference-message"}

// quotedText reads HTML as text in which quoted lines begin with ">", as they
// do in plain text.
func quotedText(source string) string {
	var b strings.Builder
	z := nethtml.NewTokenizer(strings.NewReader(source))
	depth, hidden, cut := 0, false, false
	fresh := true
	line := func() {
		b.WriteByte('\n')
		fresh = true
	}
	for {
		switch z.Next() {
		case nethtml.ErrorToken:
			return b.String()
		case nethtml.TextToken:
			text := strings.NewReplacer("\r", " ", "\n", " ").Replace(string(z.Text()))
			if hidden || strings.TrimSpace(text) == "" && fresh {
				continue
			}
			if fresh && (depth > 0 || cut) {
				b.WriteString("> ")
			}
			fresh = false
			b.WriteString(text)
		case nethtml.StartTagToken, nethtml.SelfClosingTagToken, nethtml.EndTagToken:
			t := z.Token()
			opens := t.Type == nethtml.StartTagToken
			switch {
			case t.DataAtom == atom.Script || t.DataAtom == atom.Style || t.DataAtom == atom.Title || t.DataAtom == atom.Head:
				hidden = opens
			case t.DataAtom == atom.Body:
				hidden = false
			case t.DataAtom == atom.Blockquote && opens:
				depth++
			case t.DataAtom == atom.Blockquote && depth > 0:
				depth--
			}
			cut = cut || t.Type != nethtml.EndTagToken && isReplied(t)
			if breaking[t.DataAtom] {
				line()
			}
		case nethtml.CommentToken, nethtml.DoctypeToken:
		}
	}
}

func isReplied(t nethtml.Token) bool {
	for _, a := range t.Attr {
		if a.Key != "id" {
			continue
		}
		id := strings.TrimPrefix(strings.ToLower(a.Val), "x_")
		for _, r := range replied {
			if id == r {
				return true
			}
		}
	}
	return false
}
