package proxy

import (
	"strings"

	"postvern.example/policy/detect"
	"postvern.example/proxy/message"
)

// spellings are the ways in which addresses write the letters of names.
var spellings = []*strings.Replacer{
	strings.NewReplacer("å", "a", "æ", "a", "ä", "a", "ø", "o", "ö", "o", "é", "e", "ü", "u", "ð", "d", "þ", "th"),
	strings.NewReplacer("å", "aa", "æ", "ae", "ä", "ae", "ø", "oe", "ö", "oe", "é", "e", "ü", "ue", "ð", "d", "þ", "th"),
	strings.NewReplacer(),
}

// reader returns the names of the only reader of a message: nobody else gets it
// or stands in To and Cc, and the name there fits the address. Otherwise, and
// in all doubt, it has no names.
func (r *Rules) reader(env message.Envelope, msg *message.Message) detect.Reader {
	key := ""
	for _, rcpt := range env.To {
		c := canonical(rcpt.Address)
		if c == "" || key != "" && c != key {
			return detect.Reader{}
		}
		key = c
	}
	var one detect.Reader
	for _, name := range []string{"To", "Cc", "Resent-To", "Resent-Cc"} {
		for _, field := range msg.Root.Get(name) {
			boxes, err := msg.Mailboxes(field)
			if err != nil {
				return detect.Reader{}
			}
			for _, b := range boxes {
				if key == "" || canonical(b.Address) != key {
					return detect.Reader{}
				}
				if fitsAddress(b.Name, key) {
					one.Names = append(one.Names, b.Name)
				}
			}
		}
	}
	return one
}

// fitsAddress reports whether a word of the name stands in the address: the
// wrong address under the right name is how data go astray.
func fitsAddress(name, address string) bool {
	local, _, _ := strings.Cut(address, "@")
	for word := range strings.FieldsSeq(strings.ToLower(name)) {
		for _, s := range spellings {
			if w := s.Replace(word); len(w) >= 3 && strings.Contains(local, w) {
				return true
			}
		}
	}
	return false
}
