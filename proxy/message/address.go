package message

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
)

// Mailbox is one mailbox of an address field.
type Mailbox struct {
	Name    string // display name decoded; else what a comment says
	Address string // local part unquoted where it needs no quotes, "@", domain as written
	Group   string // the group it stands in, decoded; empty: none
	Range   Range  // in Message.Raw, comments included, separators and outer blanks not
}

// ErrAddress is the error of Mailboxes and Hide for a field that is not an
// address list that every reader reads alike. Nothing may be concluded from it.
var ErrAddress = errors.New("an address list cannot be read with certainty")

func addressError(reason string) error { return fmt.Errorf("%w: %s", ErrAddress, reason) }

// Mailboxes returns the mailboxes of an address field in their order (RFC 5322
// §3.4 and §4.4, RFC 6854, RFC 6531). With the error ErrAddress it returns
// those before the fault. They belong to the message: nobody changes them.
func (m *Message) Mailboxes(f Field) ([]Mailbox, error) {
	m.lists.mu.Lock()
	defer m.lists.mu.Unlock()
	if l, ok := m.lists.read[f.Value]; ok {
		return l.boxes, l.err
	}
	boxes, err := m.mailboxes(f)
	if m.lists.read == nil {
		m.lists.read = make(map[Range]list)
	}
	m.lists.read[f.Value] = list{boxes, err}
	return boxes, err
}

// lists are the address lists of a message that were read already: each is
// asked for at several steps of the message's way.
type lists struct {
	mu   sync.Mutex
	read map[Range]list
}

type list struct {
	boxes []Mailbox
	err   error
}

func (m *Message) mailboxes(f Field) ([]Mailbox, error) { return mailboxes(m.text.Held, f.Value) }

// MailboxesIn returns the mailboxes in the value of a field that stands alone, as
// Mailboxes does.
func MailboxesIn(value []byte) ([]Mailbox, error) { return mailboxes(value, Range{End: len(value)}) }

func mailboxes(raw []byte, value Range) ([]Mailbox, error) {
	list, err := parseAddresses(raw, value)
	var boxes []Mailbox
	for _, e := range list {
		if e.kind == elementMailbox {
			boxes = append(boxes, e.box)
		}
		for _, member := range e.members {
			if member.kind == elementMailbox {
				boxes = append(boxes, member.box)
			}
		}
	}
	return slices.Clip(boxes), err
}

type elementKind int

const (
	elementMailbox elementKind = iota + 1
	elementGroup
	elementComment // comments and nothing else, between two commas
)

// element is what stands between two commas.
type element struct {
	kind    elementKind
	segment Range // from the separator before it to after the one that follows
	trimmed Range // without outer blanks and separator
	box     Mailbox
	members []element // of a group
	inner   Range     // of a group: what stands between colon and semicolon
}

// word is an atom with its dots, a quoted string or an encoded word.
type word struct {
	text    []byte // of a quoted string: without quotes and escapes
	quoted  bool
	encoded bool
	joined  bool // nothing stands between it and the word before
}

// addressParser goes once over the value of a field; it never turns back.
type addressParser struct {
	raw      []byte
	i, end   int
	start    int // of the element: its first octet that is not blank; -1 before it
	stop     int // of the element: after its last octet that is not blank
	comments []string
	typed    bool // a semicolon separates too
}

// parseAddresses reads a list as the standards have it. One that is none is
// read as people type it into Outlook, with semicolons, where nothing but
// mailboxes then stands between them.
func parseAddresses(raw []byte, value Range) ([]element, error) {
	p := addressParser{raw: raw, i: value.Start, end: value.End}
	list, err := p.whole()
	if err == nil || bytes.IndexByte(raw[value.Start:value.End], ';') < 0 {
		return list, err
	}
	p = addressParser{raw: raw, i: value.Start, end: value.End, typed: true}
	if typed, failed := p.whole(); failed == nil && !slices.ContainsFunc(typed, func(e element) bool { return e.kind != elementMailbox }) {
		return typed, nil
	}
	return list, err
}

func (p *addressParser) whole() ([]element, error) {
	list, err := p.list("", false)
	if err == nil && p.i < p.end {
		err = addressError("something follows the list")
	}
	return list, err
}

func (p *addressParser) peek() byte {
	if p.i >= p.end {
		return 0
	}
	return p.raw[p.i]
}

// list reads elements up to the end of the value, or of the group.
func (p *addressParser) list(group string, inGroup bool) ([]element, error) {
	var list []element
	pending := -1 // where the segment of the next element begins
	for {
		if pending < 0 {
			pending = p.i
		}
		e, err := p.element(group, inGroup)
		if e.kind == elementGroup && err != nil {
			return append(list, e), err
		}
		if err != nil {
			return list, err
		}
		c := p.peek()
		if c == ';' && p.typed && !inGroup {
			c = ','
		}
		if c == ',' {
			p.i++
		}
		if e.kind != 0 {
			e.segment = Range{pending, p.i}
			list = append(list, e)
			pending = -1
		}
		switch {
		case c == ',':
		case p.i >= p.end && (!inGroup || len(list) == 0), c == ';' && inGroup:
			return list, nil
		default:
			return list, addressError("something other than a comma follows an address")
		}
	}
}

// element reads one mailbox, group or comment; kind is 0 where there is none.
func (p *addressParser) element(group string, inGroup bool) (element, error) {
	p.start, p.stop, p.comments = -1, p.i, nil
	words, err := p.words()
	if err != nil {
		return element{}, err
	}
	e := element{kind: elementMailbox}
	switch c := p.peek(); {
	case c == '<':
		e.box.Name = phrase(words)
		e.box.Address, err = p.angle(e.box.Name == "")
	case c == '@':
		e.box.Name, e.box.Address, err = p.bare(words)
	case c == ':' && !inGroup && len(words) > 0:
		return p.group(words)
	case len(words) > 0:
		return element{}, addressError("a name has no address")
	case p.start < 0:
		return element{}, nil
	default:
		e.kind = elementComment
	}
	if err != nil {
		return element{}, err
	}
	if err := p.cfws(); err != nil {
		return element{}, err
	}
	if e.box.Name == "" && len(p.comments) > 0 {
		e.box.Name = p.comments[len(p.comments)-1]
	}
	e.trimmed = Range{p.start, p.stop}
	if e.kind == elementMailbox && e.box.Address == "" {
		return element{kind: elementGroup, trimmed: e.trimmed, inner: Range{p.stop, p.stop}}, nil
	}
	e.box.Group, e.box.Range = group, e.trimmed
	return e, nil
}

// bare reads the rest of an addr-spec that stands alone, or that some programs
// write unquoted as the display name of itself.
func (p *addressParser) bare(local []word) (name, address string, err error) {
	p.mark()
	domain, literal, err := p.domainWords()
	if err != nil {
		return "", "", err
	}
	if p.peek() != '<' {
		address, err = addrSpec(local, domain, literal)
		return "", address, err
	}
	name = phrase(local) + "@" + phrase(domain) + literal
	if address, err = p.angle(false); err != nil {
		return "", "", err
	}
	if !strings.EqualFold(strings.Trim(name, "'"), address) {
		return "", "", addressError("two addresses stand side by side")
	}
	return name, address, nil
}

func (p *addressParser) group(name []word) (element, error) {
	start := p.start
	p.mark()
	inner := p.i
	e := element{kind: elementGroup}
	var err error
	if e.members, err = p.list(phrase(name), true); err != nil {
		return e, err
	}
	p.comments = nil
	e.inner = Range{inner, p.stop}
	if p.i < p.end { // some programs leave the semicolon of an empty group out
		e.inner.End = p.i
		p.mark()
	}
	if err := p.cfws(); err != nil {
		return e, err
	}
	e.trimmed = Range{start, p.stop}
	return e, nil
}

// mark takes one octet as part of the element.
func (p *addressParser) mark() {
	if p.start < 0 {
		p.start = p.i
	}
	p.i++
	p.stop = p.i
}

// angle reads <addr-spec>, with the source route of old (RFC 5322 §4.4). An
// empty pair is nobody, where no name stands before it.
func (p *addressParser) angle(nameless bool) (string, error) {
	p.mark()
	if err := p.cfws(); err != nil {
		return "", err
	}
	if nameless && p.peek() == '>' {
		p.mark()
		return "", nil
	}
	for p.peek() == '@' || p.peek() == ',' {
		if p.raw[p.i] == '@' {
			p.mark()
			domain, literal, err := p.domainWords()
			if err != nil {
				return "", err
			}
			if _, err := domainOf(domain, literal); err != nil {
				return "", err
			}
		} else {
			p.mark()
			if err := p.cfws(); err != nil {
				return "", err
			}
			continue
		}
		if p.peek() == ':' {
			p.mark()
			break
		}
		if p.peek() != ',' {
			return "", addressError("a source route has no end")
		}
	}
	local, err := p.words()
	if err != nil {
		return "", err
	}
	if p.peek() == ':' && len(local) > 0 {
		return "", p.nobody()
	}
	if p.peek() != '@' {
		return "", addressError("angle brackets hold no address")
	}
	p.mark()
	domain, literal, err := p.domainWords()
	if err != nil {
		return "", err
	}
	address, err := addrSpec(local, domain, literal)
	if err != nil {
		return "", err
	}
	if p.peek() != '>' {
		return "", addressError("an angle bracket is not closed")
	}
	p.mark()
	return address, nil
}

// nobody reads on in <Undisclosed-Recipient:;>, as Microsoft's programs write
// an empty group.
func (p *addressParser) nobody() error {
	for _, c := range []byte(":;>") {
		if p.peek() != c {
			return addressError("angle brackets hold a group")
		}
		p.mark()
		if c == '>' {
			break
		}
		if err := p.cfws(); err != nil {
			return err
		}
	}
	return nil
}
