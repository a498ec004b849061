package message

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unsafe"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"

	"postvern.example/policy/detect"
)

// The errors of HideQuoted: nothing may be sent as it is.
var (
	ErrSigned  = errors.New("a signed part cannot be changed")
	ErrRewrite = errors.New("a part cannot be written as it was")
)

// Quotation is who stands in the quoted messages of a message.
type Quotation struct {
	Recipients []QuotedRecipient // in lines such as "Til:", "To:", "Kopia:"
	Writers    []QuotedRecipient // in "Fra:" and in attribution lines ("Den 3. maj skrev Bo <bo@x>:")
	Unseen     []QuotedRecipient // addresses and, apart from them, names in comments, style sheets, scripts and attributes of HTML, as far as they can be told from what only looks like one
}

// Quoted returns the people that stand in header blocks of quoted messages
// ("Til:" beside "Fra:", "Sendt:" ...), in attribution lines and in what programs
// tell of people ("Bo Friis reacted to your message"), in the bodies of the message, plain and HTML, at any depth of quotation and in messages
// inside it. The error is that of a body that cannot be decoded.
func (m *Message) Quoted() (Quotation, error) {
	var q Quotation
	err := m.bodies(m.Root, false, func(p *Part, _ bool) error {
		if m.quotesNobody(p) {
			return nil
		}
		b, err := m.body(p)
		if err != nil {
			return err
		}
		q.add(b.lists())
		for _, u := range b.visible.unseen {
			for _, a := range u.addresses {
				q.Unseen = append(q.Unseen, QuotedRecipient{Address: a})
			}
			for _, name := range u.names {
				q.Unseen = append(q.Unseen, QuotedRecipient{Name: name})
			}
		}
		return nil
	})
	return q, err
}

// QuotedIn returns the people that stand in header blocks and attribution
// lines of a plain text.
func QuotedIn(text string) Quotation {
	var q Quotation
	q.add(listsIn(text, nil))
	return q
}

// LinkedIn returns what looks like an address in the links of a plain text.
func LinkedIn(text string) (addresses []string) {
	v := visibleText{source: text}
	v.noteLinks(0, len(text))
	for _, u := range v.unseen {
		addresses = append(addresses, u.addresses...)
	}
	return addresses
}

func (q *Quotation) add(lists []quotedList) {
	for _, l := range lists {
		people := &q.Recipients
		if l.writer {
			people = &q.Writers
		}
		for _, e := range l.elements {
			r := QuotedRecipient{Name: e.name}
			if len(e.addresses) > 0 {
				r.Address = e.addresses[len(e.addresses)-1]
			}
			*people = append(*people, r)
		}
	}
}

// Bodies returns where the texts stand that Quoted reads and HideQuoted edits.
func (m *Message) Bodies() []detect.Place {
	var places []detect.Place
	_ = m.bodies(m.Root, false, func(p *Part, _ bool) error { // which never fails
		places = append(places, p.Place)
		return nil
	})
	return places
}

// HideQuoted returns the edits that take recipients out of those lines where
// hide says so of name and address (one of them may be empty), and how many.
// A part that changes is written anew in its own charset and transfer
// encoding; every other part keeps its octets. ErrSigned says that a signed
// part would have to change, ErrRewrite that a part could not be written back
// exactly; other errors are those of Content.
func (m *Message) HideQuoted(hide func(name, address string) bool) ([]Edit, int, error) {
	return m.hideQuoted(hideQuoted{recipient: hide})
}

// HideQuotedPeople does what HideQuoted does, and takes those out whom writer
// says so of where they are named as writers, and whatever no program shows of
// an HTML body and names somebody whom unseen says so of.
func (m *Message) HideQuotedPeople(recipient, writer, unseen func(name, address string) bool) ([]Edit, int, error) {
	return m.hideQuoted(hideQuoted{recipient: recipient, writer: writer, unseen: unseen})
}

func (m *Message) hideQuoted(hide hideQuoted) ([]Edit, int, error) {
	var edits []Edit
	total := 0
	err := m.bodies(m.Root, false, func(p *Part, signed bool) error {
		b, err := m.body(p)
		if err != nil {
			return err
		}
		cuts, hidden := cutQuoted(b.lists(), hide)
		if len(cuts) == 0 && len(b.visible.unseenOf(hide.unseen)) == 0 {
			return nil
		}
		if signed || strings.Contains(b.text, "-----BEGIN PGP SIGNED MESSAGE-----") {
			return fmt.Errorf("hide quoted recipients in %s: %w", p.Place, ErrSigned)
		}
		with, err := b.rewrite(cuts, hide)
		if err != nil {
			return fmt.Errorf("hide quoted recipients in %s: %w", p.Place, err)
		}
		edits = append(edits, Edit{Range: p.Body, With: with})
		total += hidden
		return nil
	})
	if err != nil {
		return nil, 0, err
	}
	return edits, total, nil
}

// bodies calls f for every part that mail programs show as text.
func (m *Message) bodies(p *Part, signed bool, f func(p *Part, signed bool) error) error {
	signed = signed || p.MediaType == "multipart/signed"
	for _, child := range p.Children {
		if err := m.bodies(child, signed, f); err != nil {
			return err
		}
	}
	if n := len(p.Place); len(p.Children) > 0 || n == 0 || p.Place[n-1].Kind != detect.InBody {
		return nil
	}
	return f(p, signed)
}

// quotesNobody reports whether a look at the octets of a plain body is enough
// to say that nobody is quoted in it: there is no colon, no address, and no line
// of a program's own.
func (m *Message) quotesNobody(p *Part) bool {
	if p.MediaType != "text/plain" || p.Encoding != "7bit" && p.Encoding != "8bit" {
		return false
	}
	charset, err := lookCharset(p.Params["charset"])
	ascii := p.Params["charset"] == "" || err == nil && (charset == nil || charset == charmap.Windows1252)
	body := m.Bytes(p.Body)
	return ascii && bytes.IndexByte(body, ':') < 0 && bytes.IndexByte(body, '@') < 0 && !bytes.Contains(body, []byte("%40")) && !bytes.Contains(body, []byte("%2540")) && !mayTell(unsafe.String(unsafe.SliceData(body), len(body))) // nobody changes it meanwhile
}

// textBody is a decoded body and how to write it again.
type textBody struct {
	part    *Part
	raw     []byte // as it stands in the message
	content []byte // transfer encoding undone
	charset encoding.Encoding
	text    string // charset undone
	exact   bool   // text can be encoded again to the same octets
	visible visibleText
}

func (m *Message) body(p *Part) (*textBody, error) {
	content, err := m.Content(p)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", p.Place, err)
	}
	b := &textBody{content: content}
	charset, err := lookCharset(p.Params["charset"])
	if p.Params["charset"] == "" {
		charset, err = nil, nil
	}
	if err != nil {
		b.text = guess(content)
	} else {
		b.decode(charset)
	}
	shown := newTextBody(p, b.text)
	shown.raw, shown.content, shown.charset, shown.exact = m.Bytes(p.Body), content, b.charset, b.exact
	return shown, nil
}

// newTextBody returns a body with only its text and what is seen of it.
func newTextBody(p *Part, text string) *textBody {
	visible := visibleText{source: text, text: text}
	if p.MediaType == "text/html" {
		visible = visibleHTML(text)
	} else {
		visible.noteLinks(0, len(text))
	}
	return &textBody{part: p, text: text, visible: visible}
}

func (b *textBody) decode(charset encoding.Encoding) {
	if charset == nil {
		if text := guess(b.content); text == string(b.content) {
			b.text, b.exact = text, true
			return
		}
		charset = charmap.Windows1252
	}
	text, err := charset.NewDecoder().Bytes(b.content)
	if err != nil {
		b.text = guess(b.content)
		return
	}
	b.text, b.charset = string(text), charset
	again, err := charset.NewEncoder().Bytes(text)
	b.exact = err == nil && bytes.Equal(again, b.content)
}

// lists returns the recipient lines and those that name a writer. In HTML an
// address may stand in a link only.
func (b *textBody) lists() []quotedList {
	if b.visible.runs == nil {
		return listsIn(b.visible.text, nil)
	}
	return listsIn(b.visible.text, b.visible.linked)
}

func listsIn(text string, linked func(Range) []string) []quotedList {
	lists := told(text, linked)
	if mayQuote(text) {
		lists = append(lists, findQuoted(text, linked)...)
	}
	return lists
}

// rewrite returns the body without what is cut, in its charset and transfer
// encoding.
func (b *textBody) rewrite(cuts []Range, hide hideQuoted) ([]byte, error) {
	if !b.exact {
		return nil, fmt.Errorf("%w: its charset", ErrRewrite)
	}
	text, ok := b.blinded(cuts, hide)
	if !ok {
		return nil, fmt.Errorf("%w: its markup", ErrRewrite)
	}
	after := newTextBody(b.part, text)
	if left, _ := cutQuoted(after.lists(), hide); len(left) > 0 || len(after.visible.unseenOf(hide.either)) > 0 {
		return nil, fmt.Errorf("%w: somebody is still named", ErrRewrite)
	}
	return b.encode(text)
}

// blinded returns the text without what is cut; ok is false where the markup
// around it doesn't allow that.
func (b *textBody) blinded(cuts []Range, hide hideQuoted) (text string, ok bool) {
	if b.part.MediaType == "text/html" {
		text, ok = b.visible.without(cuts, hide.either)
	} else {
		text, ok = withoutRanges(b.text, cuts)
	}
	if !ok {
		return "", false
	}
	left := newTextBody(b.part, text).visible
	return withoutRanges(text, left.unseenOf(hide.either))
}

// encode returns text in the charset and transfer encoding of the body.
func (b *textBody) encode(text string) ([]byte, error) {
	content := []byte(text)
	if b.charset != nil {
		var err error
		if content, err = b.charset.NewEncoder().Bytes(content); err != nil {
			return nil, fmt.Errorf("%w: its charset", ErrRewrite)
		}
	}
	return b.transfer(content)
}

func (b *textBody) transfer(content []byte) ([]byte, error) {
	switch b.part.Encoding {
	case "quoted-printable":
		return encodeQP(content), nil
	case "base64":
		out := encodeBase64(content)
		if !bytes.HasSuffix(b.raw, []byte("\r\n")) {
			out = bytes.TrimSuffix(out, []byte("\r\n"))
		}
		return out, nil
	}
	if longestLine(content) > max(mostLength, longestLine(b.raw)) {
		return nil, fmt.Errorf("%w: a line is too long", ErrRewrite)
	}
	return content, nil
}

func withoutRanges(text string, cuts []Range) (string, bool) {
	var b strings.Builder
	last := 0
	for _, cut := range cuts {
		if cut.Start < last || cut.End > len(text) {
			return "", false
		}
		b.WriteString(text[last:cut.Start])
		last = cut.End
	}
	b.WriteString(text[last:])
	return b.String(), true
}
