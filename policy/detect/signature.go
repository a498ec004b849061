package detect

// signatureReach is how many lines after its greeting a signature goes on.
const signatureReach = 10

// closes reports whether a line closes a letter: a short greeting, or the
// dashes that stand before a signature.
func closes(line string, words keyword) bool {
	return words&keyClosing != 0 && len(line) <= 48 || line == "--"
}

// sign begins a signature: whoever is named in the next lines and alone there
// wrote the mail, or the part of it that is quoted.
func (l *listReader) sign(b *body) {
	l.unsign(b)
	l.signed, l.signedAt = cluster{}, l.line
}

// unsign ends the signature. Where more people stand in it than one, it was
// none.
func (l *listReader) unsign(b *body) {
	s, at := l.signed, l.signedAt
	if l.signedAt = 0; at == 0 || len(s.named) <= 1 && len(s.bare) <= 2 {
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
