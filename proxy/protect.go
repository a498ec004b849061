package proxy

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"

	"postvern.example/internal/notice"
	"postvern.example/policy"
	"postvern.example/policy/detect"
	"postvern.example/proxy/message"
	"postvern.example/proxy/seal"
	"postvern.example/proxy/seal/document"
	"postvern.example/proxy/spool"
)

// protected is a copy as a step of the ladder makes it.
type protected struct {
	made *seal.Copy // nil: the form as others get it
	tls  bool       // it goes over verified TLS only
}

// maker makes the copy of one reader of a form.
type maker func(p *preparation, i int, v policy.Verdict, f *form) (protected, error)

// makers are the steps that this gateway can make copies by. A step that is
// not among them is never one that a reader can open.
var makers = map[policy.Step]maker{
	policy.StepOpenPGP:  (*preparation).sealOpenPGP,
	policy.StepSMIME:    (*preparation).sealSMIME,
	policy.StepDocument: (*preparation).document,
	policy.StepArchive:  (*preparation).archive,
	policy.StepTLS:      (*preparation).overTLS,
}

// protect prepares the copy that a verdict asks for.
func (p *preparation) protect(i int, v policy.Verdict, f *form) (protected, error) {
	make, ok := makers[v.Step]
	if !ok {
		return protected{}, fmt.Errorf("nothing makes copies by the step %q", v.Step)
	}
	out, err := make(p, i, v, f)
	if err != nil {
		return protected{}, fmt.Errorf("%s: %w", v.Step, err)
	}
	note := spool.Protection{Reader: canonical(p.env.To[i].Address), Step: string(v.Step)}
	if !slices.Contains(p.parcel.Protections, note) { // of several mails that one becomes too
		p.parcel.Protections = append(p.parcel.Protections, note)
	}
	return out, nil
}

// small mail is protected at once, and in memory.
const small = 512 << 10

// newHeavy bounds how much large mail is protected at a time: one processor
// stays free for the rest.
func newHeavy() chan struct{} { return make(chan struct{}, max(runtime.GOMAXPROCS(0)-1, 1)) }

// enclosed returns the body that holds a protected copy of a form, with our
// trace field on top. Large ones are made when the spool takes them, one after
// the other, so that small mail need not wait and none is held in memory.
func (p *preparation) enclosed(made *seal.Copy, f *form) (spool.Body, error) {
	b := spool.Body{Head: append(p.trace(""), made.Head...)}
	if f.size() > small {
		b.About = int64(made.Size)
		b.Write = func(w io.Writer) error {
			p.heavy <- struct{}{}
			defer func() { <-p.heavy }()
			return made.Write(w)
		}
		return b, nil
	}
	var out bytes.Buffer
	out.Grow(made.Size)
	err := made.Write(&out)
	b.Content = out.Bytes()
	return b, err
}

// errUnsigned puts a message off: what the policy wants signed does not leave
// without.
var errUnsigned = errors.New("the organisation has no key that can sign: postvern keys organisation show says why")

func (p *preparation) sealOpenPGP(i int, _ policy.Verdict, f *form) (protected, error) {
	m := p.sealing(i, f)
	if p.rules.Policy.Signature == policy.SignSealed {
		if m.Sign = p.rules.own.Signer(p.now); m.Sign == nil {
			return protected{}, errUnsigned
		}
		m.SendKey = p.rules.Policy.SignatureKey == policy.KeyGoes
	}
	made, err := p.rules.Keys.Prepare(m, p.now)
	if err == nil {
		p.pin(p.env.To[i].Address)
	}
	return protected{made: &made}, err
}

func (p *preparation) sealSMIME(i int, _ policy.Verdict, f *form) (protected, error) {
	made, err := p.rules.Certificates.Prepare(p.sealing(i, f), p.now)
	if err == nil {
		p.pinCertificate(p.env.To[i].Address)
	}
	return protected{made: &made}, err
}

func (p *preparation) sealing(i int, f *form) seal.Sealing {
	return seal.Sealing{
		Reader:       p.env.To[i].Address,
		Head:         f.head,
		Raw:          f.rest,
		OuterSubject: p.rules.Policy.Subject.Tag,
		MessageID:    message.NewMessageID(p.cfg.Hostname),
	}
}

// overTLS leaves the copy as it is, and demands what protects it on its way.
func (p *preparation) overTLS(int, policy.Verdict, *form) (protected, error) {
	return protected{tls: true}, nil
}

// The names of the files say nothing of the message.
const (
	documentName = "mail.pdf"
	archiveName  = "mail.zip"
)

func (p *preparation) document(i int, v policy.Verdict, f *form) (protected, error) {
	return p.enclose(i, v, f, documentName, "application/pdf", document.Document.PDF)
}

func (p *preparation) archive(i int, v policy.Verdict, f *form) (protected, error) {
	return p.enclose(i, v, f, archiveName, "application/zip", document.Document.ZIP)
}

// writing takes a document apart and returns what writes it.
type writing func(document.Document) (func(io.Writer) error, error)

func (p *preparation) enclose(i int, v policy.Verdict, f *form, name, media string, begin writing) (protected, error) {
	msg, top, err := p.read(f)
	if err != nil {
		return protected{}, fmt.Errorf("read edited message: %w", err)
	}
	language := p.rules.language("", p.env.To[i].Address)
	code := p.code(i, v)
	write, err := begin(document.Document{
		Mail: msg, Top: top, Words: document.Words(p.cfg.Notices.DocumentWords(language)), Code: string(code), Plain: code.Plain(),
	})
	if err != nil {
		return protected{}, undecodable(err)
	}
	quiet := !slices.ContainsFunc(p.facts.Findings, showsOutside)
	made, err := seal.Enclose(seal.Enclosure{
		Head: f.head, Raw: f.rest, OuterSubject: p.rules.Policy.Subject.Tag, MessageID: message.NewMessageID(p.cfg.Hostname),
		Quiet: quiet, Language: language, FileName: name, MediaType: media, Size: f.size()/4*3 + 256<<10,
		Text: p.cfg.Notices.Cover(notice.Cover{
			Language: language, Organisation: p.rules.Policy.Organisation, Contact: p.rules.Policy.Contact,
			From: author(top, quiet), File: name, Archive: v.Step == policy.StepArchive, Code: v.Code,
		}),
		Write: write,
	}, p.now)
	return protected{made: &made}, err
}

// read takes the edited message apart: its parts, and what its own header
// stands in. Where the header alone was edited, and not what it says of the
// body, the parts are those of the message as it came, so that a large one is
// not held twice.
func (p *preparation) read(f *form) (msg, top *message.Message, err error) {
	if f.head != nil {
		if top, err = message.Parse(f.head, p.cfg.Limits); err != nil {
			return nil, nil, err
		}
		if bytes.Equal(aboutBody(top), aboutBody(p.msg)) {
			return p.msg, top, nil
		}
	}
	msg, err = message.ParseRope(f.raw(), p.cfg.Limits)
	return msg, msg, err
}

// aboutBody returns the header fields that say what a message's body is.
func aboutBody(m *message.Message) (fields []byte) {
	for _, f := range m.Root.Fields {
		if name := strings.ToLower(f.Name); strings.HasPrefix(name, "content-") || name == "mime-version" {
			fields = append(fields, m.Bytes(f.Range)...)
		}
	}
	return fields
}

// undecodable marks errors that the same message gives at every try.
func undecodable(err error) error {
	if errors.Is(err, message.ErrDamaged) || errors.Is(err, message.ErrEncoding) {
		return fmt.Errorf("%w: %w", seal.ErrMalformed, err)
	}
	return err
}

// showsOutside reports whether a finding is in the header.
func showsOutside(f detect.Finding) bool {
	return len(f.Place) > 0 && f.Place[0].Kind == detect.InHeader
}

// author returns whom a mail says it is from. The name stays away where
// something was found in the header.
func author(msg *message.Message, named bool) string {
	for _, f := range msg.Root.Get("From") {
		boxes, _ := msg.Mailboxes(f)
		for _, b := range boxes {
			if named && b.Name != "" {
				return b.Name + " (" + b.Address + ")"
			}
			return b.Address
		}
	}
	return ""
}

// code returns the code for a reader. All that one message sends them opens
// with the same.
func (p *preparation) code(i int, v policy.Verdict) seal.Code {
	if c, ok := p.codes[i]; ok {
		return c.code
	}
	c := drawn{way: v.Code, number: p.ways[canonical(v.Recipient)].number}
	if v.Code == policy.CodeStanding {
		c.code = p.ways[canonical(v.Recipient)].standing
	}
	if c.code == "" { // what is not there opens nothing: a new one that the sender is shown
		c.code = seal.NewCode()
		if c.way == policy.CodeStanding {
			c.way = policy.CodeNotice
		}
	}
	if p.codes == nil {
		p.codes = map[int]drawn{}
	}
	p.codes[i] = c
	return c.code
}

// drawn is a code and how it comes to its reader.
type drawn struct {
	code   seal.Code
	way    policy.CodeWay
	number string
}
