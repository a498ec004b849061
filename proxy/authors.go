package proxy

import (
	"slices"
	"strings"

	"postvern.example/policy/detect"
	"postvern.example/proxy/message"
)

// stamped returns the people whom programs named in attached files as those who
// made, changed or commented them. The one who sends does not count.
func (in inside) stamped(msg *message.Message, authors []string) []person {
	var people []person
	seen := map[string]bool{}
	for _, author := range authors {
		if seen[author] {
			continue
		}
		seen[author] = true
		addresses := detect.Addresses(author)
		for _, a := range addresses {
			people = append(people, person{address: a})
		}
		if len(addresses) == 0 {
			people = append(people, in.reading(person{name: author}))
		}
	}
	return in.others(msg, people)
}

// reading returns a person who is only named with their address, where they are
// among the readers: nobody learns of themselves.
func (in inside) reading(p person) person {
	for _, reader := range in.readers {
		if in.rules.Members.IsNamed(reader, p.name) {
			p.address = reader
			break
		}
	}
	return p
}

// others returns people without the one who sends.
func (in inside) others(msg *message.Message, people []person) []person {
	own := map[string]bool{}
	for _, f := range msg.Root.Get("From") {
		boxes, _ := msg.Mailboxes(f)
		for _, b := range boxes {
			own[strings.ToLower(b.Name)] = true
		}
	}
	return slices.DeleteFunc(people, func(p person) bool {
		return in.own.has(p.address) || p.address == "" && own[strings.ToLower(p.name)]
	})
}
