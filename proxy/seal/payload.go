package seal

import (
	"fmt"
	"io"
	"mime"
	"strings"

	"postvern.example/internal/octets"
)

// payload is what is encrypted (RFC 9788 §2, the Cryptographic Payload): the
// protected fields, what stood outside, and the MIME entity of the message as it
// came, filled up to one of few sizes.
type payload struct {
	head string
	body octets.Rope // of the message
	tail string
}

func (p payload) size() int { return len(p.head) + p.body.Size() + len(p.tail) }

func (p payload) write(w io.Writer) error {
	if _, err := io.WriteString(w, p.head); err != nil {
		return fmt.Errorf("write header: %w", err)
	}
	if _, err := p.body.WriteTo(w); err != nil {
		return fmt.Errorf("write body: %w", err)
	}
	if _, err := io.WriteString(w, p.tail); err != nil {
		return fmt.Errorf("write padding: %w", err)
	}
	return nil
}

// newPayload puts the payload of a message together. key is the organisation's
// public key that goes along; nil: none does.
func newPayload(fields, outside []field, body octets.Rope, key *OrganisationKey) (payload, error) {
	var protected, own strings.Builder
	var entity []field
	along, err := key.along()
	if err != nil {
		return payload{}, err
	}
	for _, f := range fields {
		switch {
		case inside(f.name):
			protected.WriteString(f.raw)
		case structural(f.name):
			entity = append(entity, f)
		}
	}
	for _, f := range outside {
		// What stood outside, so that the reader's program can tell what was
		// changed on the way (RFC 9788 §2.2).
		protected.WriteString("HP-Outer: " + f.raw)
	}
	protected.WriteString(along.field)
	content, wrap, err := contentType(entity)
	if err != nil {
		return payload{}, err
	}
	at := paddingPlace(entity, body)
	p := payload{body: body}
	if wrap || at == nowhere || along.part != "" {
		// A Content-Type that cannot take a parameter more, a message that no
		// padding or key can follow: one part around it.
		boundary := random()
		own.WriteString("Content-Type: multipart/mixed; boundary=\"" + boundary + "\"; " + protection + "\r\n\r\n--" + boundary + "\r\n")
		p.tail, at, wrap = "\r\n--"+boundary+"--\r\n", epilogue, true
		if along.part != "" {
			p.tail = "\r\n--" + boundary + "\r\n" + along.part + p.tail
		}
	} else {
		own.WriteString(content)
	}
	for _, f := range entity {
		if wrap || f.name != "content-type" {
			own.WriteString(f.raw)
		}
	}
	own.WriteString("\r\n")
	p.head = protected.String() + own.String()
	p.pad(at, protected.Len())
	return p, nil
}

// pad fills the payload up where at says; the protected fields end at that
// octet of the head.
func (p *payload) pad(at place, protected int) {
	inHead := func(n int) {
		p.head = p.head[:protected] + "Padding: 0" + fill(n, "\r\n ", '0') + "\r\n" + p.head[protected:]
	}
	const field = len("Padding: 0\r\n")
	switch at {
	case inField:
		n := p.size() + field
		inHead(octets.PadTo(n) - n)
	case epilogue:
		n := p.size() + 2
		p.tail += "\r\n" + fill(octets.PadTo(n)-n, "\r\n", '0')
	case blank: // of nothing but line ends, which come in two octets
		n := p.size() + field
		n = octets.PadTo(n) - n
		inHead(n % 2)
		p.tail += strings.Repeat("\r\n", n/2)
	case nowhere:
	}
}

// protection says that the fields beside it are protected: for programs of RFC
// 9788 (§2.1), and for Thunderbird, which shows them where the draft before it
// is named (draft-autocrypt-lamps-protected-headers §3).
const protection = `protected-headers="v1"; hp="cipher"`

// contentType returns the Content-Type field with the parameters of protection
// behind what the message says, or asks for a part around it.
func contentType(entity []field) (raw string, wrap bool, err error) {
	var types []field
	for _, f := range entity {
		if f.name == "content-type" {
			types = append(types, f)
		}
	}
	switch len(types) {
	case 0:
		return "Content-Type: text/plain; charset=us-ascii; " + protection + "\r\n", false, nil
	case 1:
	default:
		return "", false, fmt.Errorf("two Content-Type fields: %w", ErrMalformed)
	}
	value := types[0].value
	if !takesParameter(strings.ReplaceAll(value, "\r\n", "")) {
		return "", true, nil
	}
	name, _, _ := strings.Cut(types[0].raw, ":")
	return name + ":" + strings.TrimRight(value, "; \t\r\n") + ";\r\n " + protection + "\r\n", false, nil
}

// takesParameter says whether a parameter can be put behind a Content-Type
// with certainty about how it will be read.
func takesParameter(value string) bool {
	media, params, err := mime.ParseMediaType(value)
	_, has := params["hp"]
	_, old := params["protected-headers"]
	comment := strings.ContainsAny(value, "()") // one at the end could swallow the parameter
	return err == nil && !has && !old && !comment && strings.Contains(media, "/")
}
