package document

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"mime"
	"path"
	"strconv"
	"strings"
	"unicode"

	"postvern.example/policy/detect"
	"postvern.example/proxy/message"
)

// mostText is how much of one body is drawn. A longer one goes along as a
// file as well.
const mostText = 2 << 20

// contents is a mail taken apart: what is drawn, and what is attached.
type contents struct {
	bodies   [][]block
	files    []file
	pictures map[string][]byte // by Content-ID
}

// gatherer walks a mail.
type gatherer struct {
	contents
	m     *message.Message
	words Words
	names map[string]bool
	inner []*message.Part // parts that HTML may show
	shown map[string]bool // Content-IDs that it does

	protected message.Protected // header fields
}

func gather(m *message.Message, words Words) (*contents, error) {
	g := gatherer{m: m, words: words, names: map[string]bool{}, shown: map[string]bool{}, contents: contents{pictures: map[string][]byte{}}}
	g.protected, _ = m.Protected()
	if err := g.part(m.Root); err != nil {
		return nil, err
	}
	for _, p := range g.inner {
		id := g.id(p)
		content, err := m.Content(p)
		if err != nil {
			return nil, err
		}
		if g.shown[id] && drawable(content) {
			g.pictures[id] = content
			continue
		}
		if err := g.attach(p); err != nil {
			return nil, err
		}
	}
	return &g.contents, nil
}

func (g *gatherer) part(p *message.Part) error {
	switch {
	case p.MediaType == "multipart/alternative" && len(p.Children) > 0:
		return g.alternative(p)
	case strings.HasPrefix(p.MediaType, "multipart/"):
		for _, c := range p.Children {
			if err := g.part(c); err != nil {
				return err
			}
		}
		return nil
	case isBody(p) && (p.MediaType == "text/html" || p.MediaType == "text/plain"):
		return g.body(p)
	case strings.HasPrefix(p.MediaType, "image/") && g.id(p) != "":
		g.inner = append(g.inner, p)
		return nil
	}
	return g.attach(p)
}

func isBody(p *message.Part) bool {
	n := len(p.Place)
	return n == 0 || p.Place[n-1].Kind == detect.InBody
}

// alternative draws the best form of a text, and attaches those that are
// something else, as a calendar is.
func (g *gatherer) alternative(p *message.Part) error {
	best := -1
	for i, c := range p.Children {
		if holds(c, "text/html") || best < 0 && holds(c, "text/plain") {
			best = i
		}
	}
	for i, c := range p.Children {
		if i != best && (c.MediaType == "text/plain" || c.MediaType == "text/html" || c.MediaType == "text/enriched" || c.MediaType == "text/x-amp-html") && isBody(c) {
			continue
		}
		if err := g.part(c); err != nil {
			return err
		}
	}
	return nil
}

func holds(p *message.Part, media string) bool {
	if p.MediaType == media {
		return isBody(p)
	}
	if !strings.HasPrefix(p.MediaType, "multipart/") {
		return false
	}
	for _, c := range p.Children {
		if holds(c, media) {
			return true
		}
	}
	return false
}

func (g *gatherer) body(p *message.Part) error {
	text, err := g.m.Body(p)
	if err != nil {
		return err
	}
	if len(text) > mostText {
		if err := g.attach(p); err != nil {
			return err
		}
		text = strings.ToValidUTF8(text[:mostText], "") + "\n[…]"
	}
	var blocks []block
	legacy := g.protected.LegacyDisplay(p) // a copy of what stands in the heading
	if p.MediaType == "text/html" {
		blocks = readHTML(text, g.shown, legacy)
	} else {
		if legacy {
			text = message.CutLegacyDisplay(text)
		}
		blocks = readPlain(text, p.Params)
	}
	if len(g.bodies) > 0 && len(blocks) > 0 {
		blocks = append([]block{{rule: true}}, blocks...)
	}
	g.bodies = append(g.bodies, blocks)
	return nil
}

func (g *gatherer) id(p *message.Part) string {
	for _, f := range p.Get("Content-ID") {
		return strings.Trim(g.m.Text(f), "<> ")
	}
	return ""
}

// attach adds a part as a file. What is base64 is decoded when it is written,
// in pieces.
func (g *gatherer) attach(p *message.Part) error {
	f := file{name: g.name(p)}
	switch {
	case strings.HasPrefix(p.MediaType, "message/"):
		f.size, f.open = g.m.Size(p.Body), func() (io.Reader, error) { return g.m.Open(p.Body), nil }
	case p.Encoding == "base64":
		open := func() io.Reader { return decoder(g.m.Open(p.Body)) }
		n, err := io.Copy(io.Discard, open())
		if err != nil {
			return fmt.Errorf("read attachment: %w", err)
		}
		f.size, f.open = int(n), func() (io.Reader, error) { return open(), nil }
	default:
		content, err := g.m.Content(p)
		if err != nil {
			return fmt.Errorf("read attachment: %w", err)
		}
		f.size, f.open = len(content), func() (io.Reader, error) { return bytes.NewReader(content), nil }
	}
	g.files = append(g.files, f)
	return nil
}

func decoder(body io.Reader) io.Reader {
	return base64.NewDecoder(base64.StdEncoding, &unblanked{body})
}

// unblanked leaves blanks out: the decoder knows line ends only.
type unblanked struct{ r io.Reader }

// Read reads without blanks.
func (u *unblanked) Read(p []byte) (int, error) {
	for {
		n, err := u.r.Read(p)
		kept := 0
		for _, c := range p[:n] {
			if c != ' ' && c != '\t' {
				p[kept] = c
				kept++
			}
		}
		if kept > 0 || err != nil || len(p) == 0 {
			return kept, err
		}
	}
}

// name returns a name of its own for a file: the sender's, without what could
// lead out of a folder or deceive.
func (g *gatherer) name(p *message.Part) string {
	name := cleanName(p.FileName)
	if name == "" {
		name = g.words.File + extension(p.MediaType)
	}
	stem, ext := strings.TrimSuffix(name, path.Ext(name)), path.Ext(name)
	for n := 2; g.names[strings.ToLower(name)]; n++ {
		name = stem + "-" + strconv.Itoa(n) + ext
	}
	g.names[strings.ToLower(name)] = true
	return name
}

func cleanName(name string) string {
	name = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r), r == unicode.ReplacementChar:
			return -1
		case strings.ContainsRune(`/\:*?"<>|`, r):
			return '_'
		}
		return r
	}, strings.ToValidUTF8(name, ""))
	name = strings.TrimLeft(strings.TrimSpace(name), ". ")
	if runes := []rune(name); len(runes) > 150 {
		ext := []rune(path.Ext(name))
		if len(ext) > 10 {
			ext = nil
		}
		name = string(runes[:150-len(ext)]) + string(ext)
	}
	return name
}

// extension returns the usual ending of a media type's files.
func extension(media string) string {
	switch media {
	case "text/plain":
		return ".txt"
	case "text/html":
		return ".html"
	case "text/calendar":
		return ".ics"
	case "message/rfc822", "message/global":
		return ".eml"
	case "image/jpeg":
		return ".jpg"
	case "application/pkcs7-signature", "application/x-pkcs7-signature":
		return ".p7s"
	case "application/pgp-signature":
		return ".asc"
	}
	if all, err := mime.ExtensionsByType(media); err == nil && len(all) > 0 {
		return all[0]
	}
	return ".bin"
}

// text returns the whole text as a file.
func (c *contents) text(words Words, head [][2]string) file {
	var b strings.Builder
	for _, line := range head {
		if line[0] != "" {
			b.WriteString(line[0] + ": ")
		}
		b.WriteString(line[1] + "\r\n")
	}
	for _, body := range c.bodies {
		b.WriteString("\r\n" + asText(body))
	}
	content := []byte("\ufeff" + b.String()) // for programs that take text for Windows-1252
	return file{name: words.Text + ".txt", size: len(content), open: func() (io.Reader, error) { return bytes.NewReader(content), nil }}
}
