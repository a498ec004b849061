package proxy

import (
	"path"
	"slices"
	"strings"

	"postvern.example/policy/detect"
	"postvern.example/proxy/extract"
	"postvern.example/proxy/message"
)

// buried returns the people in the headers of messages where no edit reaches:
// in a file that is attached (.eml, .msg, winmail.dat), in a field that is no
// list, and in the names of the files of such a message.
func buried(text extract.Result) []person {
	var people []person
	for _, s := range text.Segments {
		if n := len(s.Place); n > 0 && s.Place[n-1].Kind == detect.InName && ofMailFile(s.Place) {
			people = append(people, inFileName(s.Text)...)
		}
		field := fieldOf(s)
		if field == "" {
			continue
		}
		if isAuthor(field) || !isFile(s.Place) && reached(field) {
			continue
		}
		found := peopleIn(s.Text)
		people = append(people, found...)
		for _, form := range forms(s.Text)[1:] { // in links, for one
			people = append(people, peopleIn(form)...)
		}
		if len(found) == 0 && isFile(s.Place) && reached(field) {
			for name := range strings.SplitSeq(s.Text, ";") {
				people = append(people, person{name: strings.TrimSpace(name)})
			}
		}
	}
	return people
}

// fieldOf returns the name of the header field of a message inside this one that
// a segment is, or is a property of, as Outlook keeps recipients; otherwise "".
func fieldOf(s detect.Segment) string {
	p := s.Place
	if n := len(p); n > 1 && p[n-1].Kind == detect.InProperties {
		p = p[:n-1]
	}
	if n := len(p); n == 0 || p[n-1].Kind != detect.InHeader || !slices.ContainsFunc(p, func(step detect.Step) bool { return step.Kind == detect.InMessage }) {
		return ""
	}
	field := p[len(p)-1].Label
	if name, _, ok := strings.Cut(s.Text, ":"); ok && field == "other" {
		return name
	}
	return field
}

// inFileName returns whom a file name names: by an address, or as a whole.
func inFileName(file string) []person {
	base := strings.TrimSuffix(file, path.Ext(file))
	people := []person{{name: strings.ReplaceAll(base, "_", " ")}}
	for _, a := range slices.Concat(detect.Addresses(file), detect.Addresses(base)) {
		people = append(people, person{address: a})
	}
	return people
}

// authored returns who wrote messages that are files, and whose words are quoted
// in them: that cannot be taken out. The one who sends does not count: Outlook's
// winmail.dat is their own message.
func (in inside) authored(msg *message.Message, text extract.Result) []person {
	var people []person
	for _, s := range text.Segments {
		saved := ofPage(s.Place)
		if !ofMailFile(s.Place) && !saved {
			continue
		}
		switch last := s.Place[len(s.Place)-1]; {
		case last.Kind == detect.InBody || saved:
			for _, q := range message.QuotedIn(s.Text).Writers {
				people = append(people, person{name: q.Name, address: q.Address})
			}
		case isAuthor(fieldOf(s)):
			found := peopleIn(s.Text)
			people = append(people, found...)
			if len(found) == 0 {
				people = append(people, person{name: strings.TrimSpace(s.Text)})
			}
		}
	}
	return slices.DeleteFunc(people, in.sender(msg))
}

// ofPage reports whether a place is a web page or a text that is a file, as mail
// programs save mails.
func ofPage(p detect.Place) bool {
	if len(p) == 0 {
		return false
	}
	last := p[len(p)-1]
	return (last.Kind == detect.InAttachment || last.Kind == detect.InEntry) && (last.Label == "HTML" || last.Label == "text")
}

// ofMailFile reports whether a place is in a message that stands in a file.
func ofMailFile(p detect.Place) bool {
	file := slices.IndexFunc(p, func(s detect.Step) bool { return s.Kind == detect.InAttachment || s.Kind == detect.InEntry })
	return file >= 0 && slices.ContainsFunc(p[file:], func(s detect.Step) bool { return s.Kind == detect.InMessage })
}
