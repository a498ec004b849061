package proxy

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"postvern.example/policy/detect"
	"postvern.example/proxy/message"
)

// tracer knows in which ways a text can name those who are hidden.
type tracer struct {
	msg    *message.Message
	rules  *Rules
	hidden map[string]bool
	people []string // display names of those who are hidden, in lower case
	names  spelledNames
	sums   sums
	told   map[string][]string // what others found of texts of this message
	agreed *agreement
}

// tracer returns what finds those who are hidden.
func (p *preparation) tracer(hidden map[string]bool) tracer {
	if p.sums == nil {
		p.sums = sumsOf(p.hidden)
	}
	if p.told == nil {
		p.told = map[string][]string{}
	}
	people := hiddenNames(p.msg, hidden)
	// A representative is no secret, and may have a member's name.
	people = slices.DeleteFunc(people, p.rules.Representatives.HasName)
	return tracer{msg: p.msg, rules: p.rules, hidden: hidden, people: people, names: spell(people), sums: p.sums, told: p.told, agreed: p.agreement()}
}

// in reports whether a text names somebody hidden.
func (t tracer) in(text string) bool {
	lower := strings.ToLower(text)
	return mentions(text, t.hidden) || containsAny(lower, t.people) || t.names.in(text) || t.holds(lower) || len(t.sums.in(lower, t.hidden)) > 0
}

// holds reports whether a hidden address stands anywhere in a text, be it
// inside something longer.
func (t tracer) holds(lower string) bool {
	for address, is := range t.hidden {
		if is && strings.Contains(lower, address) {
			return true
		}
	}
	return false
}

// inParts returns the edits that take those who are hidden out of what stands
// around and between the parts of a message: their header fields, file names,
// preambles and epilogues. The error says that one cannot be taken out. What
// stands in nested messages is blindNested's.
func (t tracer) inParts() (edits []message.Edit, err error) {
	var walk func(p *message.Part, signed bool) error
	walk = func(p *message.Part, signed bool) error {
		var more []message.Edit
		for _, r := range []message.Range{p.Preamble, p.Epilogue} {
			if around := t.msg.Bytes(r); len(around) > longestAround || len(around) > 0 && t.tells(string(around)) {
				more = append(more, message.Edit{Range: r})
			}
		}
		signed = signed || p.MediaType == "multipart/signed"
		of := ofMessage
		if isMultipart(p) {
			of = ofMultipart
		}
		for _, child := range p.Children {
			fields, err := t.inPart(child, of)
			if err != nil {
				return fmt.Errorf("%s: %w", child.Place, err)
			}
			more = append(more, fields...)
		}
		if signed && len(more) > 0 {
			return fmt.Errorf("%s: %w", p.Place, message.ErrSigned)
		}
		edits = append(edits, more...)
		for _, child := range p.Children {
			if err := walk(child, signed); err != nil {
				return err
			}
		}
		return nil
	}
	edits, err = t.inPart(t.msg.Root, ofNothing)
	if err == nil {
		err = walk(t.msg.Root, false)
	}
	return edits, err
}

// longestAround is up to where a preamble or an epilogue is looked through for
// those who are hidden. No program shows them, and theirs are a sentence or two:
// what is longer does not leave where somebody is hidden.
const longestAround = 16 << 10

func isMultipart(p *message.Part) bool { return strings.HasPrefix(p.MediaType, "multipart/") }

// inPart returns the edits of one part's header fields.
func (t tracer) inPart(p *message.Part, of partOf) ([]message.Edit, error) {
	var edits []message.Edit
	renamed := false
	for _, f := range p.Fields {
		text, written := t.msg.Text(f), string(t.msg.Bytes(f.Value))
		told := t.tells(text) || text != written && t.in(written)
		switch name := strings.ToLower(f.Name); name {
		case "content-type", "content-disposition":
			if !renamed && of != ofNothing && t.inName(p.FileName) {
				more, err := t.msg.RenameFile(p, t.masked(p.FileName))
				if err != nil {
					return nil, err
				}
				edits, renamed = append(edits, more...), true
			}
			if !renamed && (told || t.inName(p.FileName)) || t.inParams(p) {
				return nil, errStillVisible
			}
		case "content-transfer-encoding", "content-id", "mime-version":
			if told && of != ofNothing {
				return nil, errStillVisible
			}
		default:
			switch {
			case of == ofMultipart && (told || !leaves(name, written, text)),
				of == ofMessage && told && !isAuthor(name) && !reached(name) && name != "subject" && !slices.Contains(threading, name):
				edits = append(edits, message.Edit{Range: f.Range})
			}
		}
	}
	return edits, nil
}

// partOf says whose header fields are looked through.
type partOf int

const (
	ofNothing   partOf = iota // the message's own: most of them are otherTraces'
	ofMultipart               // a part's
	ofMessage                 // a message's inside this one: its lists are blindNested's
)

// inParams reports whether a parameter that is no file name names somebody.
func (t tracer) inParams(p *message.Part) bool {
	for name, value := range p.Params {
		if name != "name" && t.tells(value) {
			return true
		}
	}
	return false
}

// inName reports whether a file name names somebody, with its extension or
// without.
func (t tracer) inName(file string) bool {
	return file != "" && (t.tells(file) || t.tells(strings.TrimSuffix(file, path.Ext(file))))
}

// masked returns a file name without whom it names.
func (t tracer) masked(file string) string {
	const mask = "[...]"
	out := file
	for _, word := range slices.Concat(detect.Addresses(file), t.people, t.sums.in(strings.ToLower(file), t.hidden), t.others(file)) {
		for at := indexFold(out, word); word != "" && at >= 0 && t.tells(word); at = indexFold(out, word) {
			out = out[:at] + mask + out[at+len(word):]
		}
	}
	if t.inName(out) {
		return mask + path.Ext(file)
	}
	return out
}

// indexFold finds a word in a text whatever its case, where that changes no
// lengths.
func indexFold(text, word string) int {
	lower := strings.ToLower(text)
	if len(lower) != len(text) {
		return -1
	}
	return strings.Index(lower, strings.ToLower(word))
}
