package proxy

import (
	"slices"
	"strings"
	"unicode"

	"postvern.example/internal/roster"
	"postvern.example/policy"
	"postvern.example/proxy/message"
)

// member reports whether an address is a member's, or means our members.
func (r *Rules) member(address string) bool {
	return r.Members.HasAddress(address) || r.Policy.IsGroup(address)
}

// nameReaders counts, for each recipient, the members named in the subject who
// are somebody else.
func (r *Rules) nameReaders(f *policy.Facts, msg *message.Message) {
	named := r.namesIn(f.Subject)
	if len(named) == 0 {
		return
	}
	shown := displayNames(msg)
	for i := range f.Recipients {
		rcpt := &f.Recipients[i]
		for _, name := range named {
			theirs := func(shown string) bool { return roster.SameName(shown, name) }
			if !r.Members.IsNamed(rcpt.Address, name) && !slices.ContainsFunc(shown[canonical(rcpt.Address)], theirs) {
				rcpt.Named++
			}
		}
	}
}

// displayNames returns the names that stand beside addresses in To and Cc.
func displayNames(msg *message.Message) map[string][]string {
	out := map[string][]string{}
	for _, field := range []string{"To", "Cc"} {
		for _, f := range msg.Root.Get(field) {
			boxes, _ := msg.Mailboxes(f) // what cannot be read is a fault of the header
			for _, b := range boxes {
				out[canonical(b.Address)] = append(out[canonical(b.Address)], b.Name)
			}
		}
	}
	return out
}

// longestNamed is up to where names are looked for in a header field: longer
// ones are signatures, keys and routes.
const longestNamed = 2000

// namesIn returns the full names of members in a header field's text, each
// once: two to four words that stand together. Representatives are no secret.
func (r *Rules) namesIn(text string) []string {
	if len(text) > longestNamed {
		return nil
	}
	var found []string
	words := strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune(`<>()[]{}"“”;:|/=`, r) })
	for i := range words {
		for n := 2; n <= 4 && i+n <= len(words); n++ {
			for name := range nominatives(strings.Trim(strings.Join(words[i:i+n], " "), ",.'!?-–")) {
				known := func(other string) bool { return roster.SameName(other, name) }
				if r.Members.HasName(name) && !r.Representatives.HasName(name) && !slices.ContainsFunc(found, known) {
					found = append(found, name)
				}
			}
		}
	}
	return found
}

// nominatives yields what a name may be: as it stands, and without the endings
// of the genitive ("Mette Sørensens sag", "Karin Öberg's", "Matti Salon").
func nominatives(name string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		if !yield(name) {
			return
		}
		for at := len(name) - 1; at > 0 && at >= len(name)-2; at-- {
			if message.IsGenitive(name[at:]) && !yield(strings.TrimRight(name[:at], "'’´")) {
				return
			}
		}
	}
}
