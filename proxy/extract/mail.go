package extract

import (
	"bytes"
	"errors"
	"slices"

	"postvern.example/policy/detect"
	"postvern.example/proxy/message"
)

// mail reads a message that is a file: an .eml, an entry of an archive, the
// inside of a signed S/MIME message, an mbox of several.
func (r *reading) mail(p piece) {
	for i, one := range splitMbox(p.data) {
		if r.over(p.place) {
			return
		}
		inner := detect.Step{Kind: detect.InMessage}
		if i > 0 {
			inner.Number = i + 1
		}
		r.nested(p, one, p.place.In(inner))
	}
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

// splitMbox returns the messages of an mbox (RFC 4155), or the one message.
func splitMbox(data []byte) [][]byte {
	if !bytes.HasPrefix(data, []byte("From ")) {
		return [][]byte{data}
	}
	var all [][]byte
	for len(data) > 0 {
		_, rest, _ := bytes.Cut(data, []byte("\n")) // the "From " line
		end := bytes.Index(rest, []byte("\nFrom "))
		if end < 0 {
			return append(all, rest)
		}
		all = append(all, rest[:end+1])
		data = rest[end+1:]
	}
	return all
}
