package extract

import (
	"bytes"
	"errors"
	"slices"
	"strconv"

	"postvern.example/policy/detect"
	"postvern.example/proxy/message"
)

// mail reads a message that is a file: an .eml, an entry of an archive, the
// inside of a signed S/MIME message, an mbox of several.
func (r *reading) mail(p piece) {
	for i, one := range splitMbox(r.appleMail(p)) {
		if r.over(p.place) {
			return
		}
		inner := detect.Step{Kind: detect.InMessage}
		if i > 0 {
			inner.Number = i + 1
		}
		place := p.place.In(inner)
		if len(one.from) > 0 {
			r.label(place.In(detect.Step{Kind: detect.InHeader, Label: "From"}), mixed(one.from))
		}
		r.nested(p, one.mail, place)
	}
}

// appleMail returns the message of a file of Apple Mail (.emlx), which stands
// between its length and a property list; any other file as it is.
func (r *reading) appleMail(p piece) []byte {
	n, rest := mailLength(p.data)
	place := p.place.In(detect.Step{Kind: detect.InProperties})
	r.prose(place, string(p.data[:len(p.data)-len(rest)])) // it may be no length
	if n == 0 || n > len(rest) || !bytes.HasPrefix(bytes.TrimSpace(rest[n:]), []byte("<?xml")) {
		return rest
	}
	r.xml(piece{data: rest[n:], place: place, depth: p.depth + 1})
	return rest[:n]
}

// mailLength takes off the line with a number that a file of Apple Mail begins
// with; n is 0 where there is none.
func mailLength(data []byte) (n int, rest []byte) {
	line, _, ends := bytes.Cut(data[:min(len(data), 32)], []byte("\n"))
	n, err := strconv.Atoi(string(bytes.TrimSpace(line)))
	if !ends || err != nil || n < 0 {
		return 0, data
	}
	return n, data[len(line)+1:]
}

func (r *reading) nested(p piece, data []byte, place detect.Place) {
	m, err := message.Parse(wireForm(data), message.DefaultLimits())
	if err != nil {
		why := whyMalformed
		if errors.Is(err, message.ErrTooLarge) {
			why = whySize
		}
		r.unscannable(place, why)
		r.prose(place, mixed(data))
		return
	}
	m.Defects = slices.DeleteFunc(m.Defects, func(d message.Defect) bool { return d.Header && onlyForSending(d.Reason) })
	prefix(m, place)
	r.message(m, p.depth+1)
}

// onlyForSending reports whether a defect stands in the way of editing a
// message's recipients, which is of no matter in a file, and hides no text.
func onlyForSending(reason string) bool {
	return reason == "there is no From field" || reason == "there are two From fields" || reason == "there are two Subject fields"
}

// wireForm returns the bytes with CRLF line ends and without NUL.
func wireForm(data []byte) []byte {
	out := make([]byte, 0, len(data)+len(data)/32)
	for i, c := range data {
		switch c {
		case 0:
		case '\r':
			out = append(out, '\r', '\n')
		case '\n':
			if i == 0 || data[i-1] != '\r' {
				out = append(out, '\r', '\n')
			}
		default:
			out = append(out, c)
		}
	}
	if !bytes.HasSuffix(out, []byte("\r\n")) {
		out = append(out, '\r', '\n')
	}
	return out
}

// prefix puts all places of a message inside place.
func prefix(m *message.Message, place detect.Place) {
	for i := range m.Defects {
		m.Defects[i].Place = within(place, m.Defects[i].Place)
	}
	if m.Root != nil {
		prefixPart(m.Root, place)
	}
}

func prefixPart(p *message.Part, place detect.Place) {
	p.Place = within(place, p.Place)
	for _, child := range p.Children {
		prefixPart(child, place)
	}
}

func within(outer, inner detect.Place) detect.Place {
	all := make(detect.Place, 0, len(outer)+len(inner))
	return append(append(all, outer...), inner...)
}

// boxed is a message of an mbox, and what the line before it says of its
// sender and time.
type boxed struct{ from, mail []byte }

// splitMbox returns the messages of an mbox (RFC 4155), or the one message.
func splitMbox(data []byte) []boxed {
	if !bytes.HasPrefix(data, []byte("From ")) {
		return []boxed{{mail: data}}
	}
	var all []boxed
	for len(data) > 0 {
		line, rest, _ := bytes.Cut(data, []byte("\n"))
		from := bytes.TrimSpace(line[len("From "):])
		end := bytes.Index(rest, []byte("\nFrom "))
		if end < 0 {
			return append(all, boxed{from, rest})
		}
		all = append(all, boxed{from, rest[:end+1]})
		data = rest[end+1:]
	}
	return all
}
