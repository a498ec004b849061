package proxy

import (
	"regexp"
	"strings"

	"postvern.example/policy/detect"
)

// through stands between the name of who wrote and that of the list, the program
// or the colleague that sent it for them.
var through = regexp.MustCompile(`(?i)(?:^|[\s'"(])(?:via|gennem|gjennom|genom|on behalf of|på vegne af|på vegne av|på uppdrag av|puolesta|im auftrag von|namens)(?:$|\s)`)

// who returns whom a name with an address truly means. Mailing lists and the
// programs of web sites write "'Mette Sørensen' via Board <board@x>": it is her.
// Somebody with a name and nothing else is who they are, for it may be a
// namesake's.
func (in inside) who(p person) person {
	p.address = in.mailbox(p.address)
	name := strings.Trim(p.name, " '\"")
	if name == "" || in.rules.member(p.address) || !through.MatchString(name) && (p.address == "" || isName(strings.ReplaceAll(name, ",", " "))) {
		return p
	}
	for _, form := range []string{name, firstNameFirst(name)} {
		if names := in.rules.namesIn(form); len(names) > 0 {
			return person{name: names[0]}
		}
	}
	if address := in.shownIn(name); address != "" && address != canonical(p.address) {
		return person{name: in.shown[address], address: address}
	}
	return p
}

// shownIn returns the canonical address of somebody who stands in To or Cc with
// a full name that a longer name holds.
func (in inside) shownIn(name string) string {
	words := [...]string{inWords(name, 0), inWords(name, 1)}
	for _, s := range in.spelled() {
		if s.names.within(words) {
			return s.address
		}
	}
	return ""
}

// spelled is a canonical address with what its owner's name is found by.
type spelled struct {
	address string
	names   spelledNames
}

// spell makes what shownIn looks for: a mail to hundreds that quotes hundreds
// asks for it once for each who is quoted.
func (in inside) spell() (all []spelled) {
	for address, shown := range in.shown {
		if strings.Contains(shown, " ") {
			all = append(all, spelled{address, spell([]string{shown})})
		}
	}
	return all
}

// firstNameFirst turns "Sørensen, Mette via Board" around.
func firstNameFirst(name string) string {
	last, rest, ok := strings.Cut(name, ",")
	words := strings.Fields(rest)
	if !ok || len(words) == 0 {
		return name
	}
	return words[0] + " " + strings.Trim(last, " '\"")
}

// peopleIn returns the people in a list of mailboxes that stands as text: each
// address with what is written before it.
func peopleIn(text string) (people []person) {
	for _, a := range detect.Addresses(text) {
		name := ""
		if before, after, ok := strings.Cut(text, a); ok {
			name, text = before, after
		}
		people = append(people, person{name: strings.Trim(name, " \t<>[](),;:\"'"), address: a})
	}
	return people
}
