package detect

import "strings"

// signatureReach is how many lines after its greeting a signature goes on.
const signatureReach = 10

// closingStems begin the words that close a letter.
var closingStems = []string{"mvh", "vh", "hils", "hels", "häls", "tervei", "regards", "wishes", "sincerely", "cheers", "kveð"}

// closes reports whether the line closes a letter: a short greeting, or the
// dashes that stand before a signature.
func closes(line string) bool {
	if line == "--" || line == "—" {
		return true
	}
	if len(line) > 48 || len(line) < 2 {
		return false
	}
	var buf [24]byte
	words := 0
	for i := 0; words < 4; words++ {
		w, ok := nextWord(line, i)
		if !ok {
			break
		}
		if i = w.end; w.end-w.start > len(buf) {
			continue
		}
		f := fold(buf[:], line[w.start:w.end])
		for _, stem := range closingStems {
			if len(stem) <= 3 && string(f) == stem || len(stem) > 3 && strings.HasPrefix(string(f), stem) {
				return true
			}
		}
	}
	return false
}

// sign begins a signature: whoever is named in the next lines and alone there
// wrote the mail, or the part of it that is quoted.
func (l *listReader) sign(b *body) {
	l.unsign(b)
	l.signed, l.signedAt = &cluster{}, l.line
}

// unsign ends the signature. Where more people stand in it than one, it was
// none.
func (l *listReader) unsign(b *body) {
	s := l.signed
	if l.signed = nil; s == nil || len(s.named) <= 1 && len(s.bare) <= 2 {
		return
	}
	l.begin(b)
	for name := range s.named {
		note(&l.now.named, name)
	}
	for address := range s.bare {
		note(&l.now.bare, address)
	}
	l.now.addressed += s.addressed
	for address := range s.members {
		note(&b.members, address)
	}
}
