package proxy

import (
	"slices"
	"strings"

	"postvern.example/policy/detect"
)

// tells reports whether a text that no program shows names somebody hidden, or
// another member: whom machinery names, its writer did not mean to.
func (t tracer) tells(text string) bool {
	return t.in(text) || len(t.others(text)) > 0
}

// others returns how a text names members whom the reader of this copy is not,
// and who did not agree to be seen: addresses and full names as they stand there,
// or in one of its forms.
func (t tracer) others(text string) []string {
	found, asked := t.told[text]
	if !asked {
		found = t.rules.told(text)
		t.told[text] = found
	}
	known := func(who string) bool { return t.reader(who) || t.agreed.who(who) }
	if !slices.ContainsFunc(found, known) {
		return found
	}
	return slices.DeleteFunc(slices.Clone(found), known)
}

// namesMember reports whether a header field's text holds the full name of a
// member who did not agree to be seen.
func (t tracer) namesMember(text string) bool {
	return slices.ContainsFunc(t.rules.namesIn(text), func(name string) bool { return !t.agreed.name(name) })
}

// reader reports whether an address or a name is that of the one who reads this
// copy alone.
func (t tracer) reader(who string) bool {
	for address, hidden := range t.hidden {
		if !hidden && (t.rules.Members.IsNamed(address, who) || canonical(who) == address || slices.ContainsFunc(detect.Behind(who), func(b string) bool { return canonical(b) == address })) {
			return true
		}
	}
	return false
}

// told returns the addresses and full names of members in a text that a program
// wrote, in whatever form.
func (r *Rules) told(text string) (found []string) {
	for _, form := range forms(text) {
		for _, a := range detect.Addresses(form) {
			if r.member(a) && !r.unit(a) && !slices.Contains(found, a) {
				found = append(found, a)
			}
		}
		for _, written := range []string{form, blanks.Replace(form)} {
			for at := 0; at < len(written); at += longestNamed - longestName { // a name may stand where one piece ends
				for _, name := range r.namesIn(strings.ToValidUTF8(written[at:min(len(written), at+longestNamed)], " ")) {
					if !slices.Contains(found, name) {
						found = append(found, name)
					}
				}
			}
			if form == blanks.Replace(form) {
				break
			}
		}
	}
	return found
}

// longestName is how long a full name may be.
const longestName = 100

// blanks are the signs that programs and people write for those between names.
var blanks = strings.NewReplacer("_", " ", ".", " ", "+", " ", "=", " ", "%", " ", `\`, " ", "#", " ", "'", " ")

// mailbox returns the one behind an address (detect.Behind) that is a member's,
// or that the message knows; otherwise the address itself.
func (in inside) mailbox(address string) string {
	for _, a := range detect.Behind(address) {
		if _, shown := in.shown[canonical(a)]; shown || in.rules.member(a) {
			return a
		}
	}
	return address
}

// behind returns the member's address behind one that a program made of it.
func (r *Rules) behind(address string) string {
	for _, a := range detect.Behind(address) {
		if r.member(a) {
			return a
		}
	}
	return address
}

// hides reports whether an address is hidden, or stands for one that is.
func hides(hidden map[string]bool, address string) bool {
	return hidden[canonical(address)] || slices.ContainsFunc(detect.Behind(address), func(a string) bool { return hidden[canonical(a)] })
}
