package proxy

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"

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
	raw     []byte
	tls     bool // it goes over verified TLS only
	reshape bool // raw is not the form that others get
	traced  bool // our trace field stands in it
}

// maker makes the copy of one reader of a form.
type maker func(p *preparation, i int, v policy.Verdict, raw []byte) (protected, error)

// makers are the steps that this gateway can make copies by. A step that is
// not among them is never one that a reader can open.
var makers = map[policy.Step]maker{
	policy.StepOpenPGP:  (*preparation).sealOpenPGP,
	policy.StepSMIME:    (*preparation).sealSMIME,
	policy.StepDocument: (*preparation).document,
	policy.StepArchive:  (*preparation).archive,
	policy.StepTLS:      (*preparation).overTLS,
}

// protect makes the copy that a verdict asks for. Large mail waits for its
// turn, so that small mail does not.
func (p *preparation) protect(i int, v policy.Verdict, raw []byte) (protected, error) {
	make, ok := makers[v.Step]
	if !ok {
		return protected{}, fmt.Errorf("nothing makes copies by the step %q", v.Step)
	}
	if len(raw) > small {
		p.heavy <- struct{}{}
		defer func() { <-p.heavy }()
	}
	out, err := make(p, i, v, raw)
	if err != nil {
		return protected{}, fmt.Errorf("%s: %w", v.Step, err)
	}
	note := spool.Protection{Reader: canonical(p.env.To[i].Address), Step: string(v.Step)}
	if !slices.Contains(p.parcel.Protections, note) { // of several mails that one becomes too
		p.parcel.Protections = append(p.parcel.Protections, note)
	}
	return out, nil
}

// small mail is protected at once.
const small = 512 << 10

// newHeavy bounds how much large mail is protected at a time: one processor
// stays free for the rest.
func newHeavy() chan struct{} { return make(chan struct{}, max(runtime.GOMAXPROCS(0)-1, 1)) }

func (p *preparation) sealOpenPGP(i int, _ policy.Verdict, raw []byte) (protected, error) {
	sealed, err := p.rules.Keys.Seal(p.sealing(i, raw), p.now)
	if err == nil {
		p.pin(p.env.To[i].Address)
	}
	return protected{raw: sealed, reshape: true}, err
}

func (p *preparation) sealSMIME(i int, _ policy.Verdict, raw []byte) (protected, error) {
	sealed, err := p.rules.Certificates.Seal(p.sealing(i, raw), p.now)
	return protected{raw: sealed, reshape: true}, err
}

func (p *preparation) sealing(i int, raw []byte) seal.Sealing {
	return seal.Sealing{
		Reader:       p.env.To[i].Address,
		Raw:          raw,
		OuterSubject: p.rules.Policy.Subject.Tag,
		MessageID:    message.NewMessageID(p.cfg.Hostname),
	}
}

// overTLS leaves the copy as it is, and demands what protects it on its way.
func (p *preparation) overTLS(_ int, _ policy.Verdict, raw []byte) (protected, error) {
	return protected{raw: raw, tls: true}, nil
}

// The names of the files say nothing of the message.
const (
	documentName = "mail.pdf"
	archiveName  = "mail.zip"
)

func (p *preparation) document(i int, v policy.Verdict, raw []byte) (protected, error) {
	return p.enclose(i, v, raw, documentName, "application/pdf", document.Document.WritePDF)
}

func (p *preparation) archive(i int, v policy.Verdict, raw []byte) (protected, error) {
	return p.enclose(i, v, raw, archiveName, "application/zip", document.Document.WriteZIP)
}

func (p *preparation) enclose(i int, v policy.Verdict, raw []byte, name, media string, write func(document.Document, io.Writer) error) (protected, error) {
	msg, err := message.Parse(raw, p.cfg.Limits)
	if err != nil {
		return protected{}, fmt.Errorf("read edited message: %w", err)
	}
	language := p.rules.language("", p.env.To[i].Address)
	code := p.code(i, v)
	shown := document.Document{Mail: msg, Words: document.Words(p.cfg.Notices.DocumentWords(language)), Code: string(code), Plain: code.Plain()}
	quiet := !slices.ContainsFunc(p.facts.Findings, showsOutside)
	cover, err := seal.Enclose(seal.Enclosure{
		Raw: raw, Above: p.trace(""), OuterSubject: p.rules.Policy.Subject.Tag, MessageID: message.NewMessageID(p.cfg.Hostname),
		Quiet: quiet, Language: language, FileName: name, MediaType: media, Size: len(raw)/4*3 + 256<<10,
		Text: p.cfg.Notices.Cover(notice.Cover{
			Language: language, Organisation: p.rules.Policy.Organisation, Contact: p.rules.Policy.Contact,
			From: author(msg, quiet), File: name, Archive: v.Step == policy.StepArchive, Code: v.Code,
		}),
		Write: func(w io.Writer) error { return write(shown, w) },
	}, p.now)
	return protected{raw: cover, reshape: true, traced: true}, undecodable(err)
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
