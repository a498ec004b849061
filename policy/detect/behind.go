package detect

import (
	"strings"
	"unicode/utf8"
)

// mostBehind bounds how many mailboxes one address can stand for: more make it
// a riddle and not an address.
const mostBehind = 16

// Behind returns which mailboxes an address may stand for that a program made
// of another: a relay's (anna%x.example@y, x.example!anna@y), a list's return
// path (bounce+anna=x.example@y, bounce-anna-at-x.example@y), one that was
// rewritten on its way (SRS0=hash=day=x.example=anna@y) or marked against
// forged bounces (prvs=mark=anna@x.example), Exchange's encapsulation
// (IMCEASMTP-anna+40x+2Eexample@y) and guests (anna_x.example#EXT#@y). Which of
// them is somebody's, the caller has to know: most are nobody's.
func Behind(address string) []string {
	at := lastAt(address)
	if at <= 0 || !mayStandFor(address[:at]) {
		return nil
	}
	b := standIn{local: strings.ToLower(strings.Trim(address[:at], `<" `)), domain: strings.ToLower(strings.Trim(address[at+1:], "> "))}
	b.encapsulated()
	b.relayed()
	b.joined()
	b.marked()
	for _, sign := range [...]string{"-at-", "_at_", ".at."} {
		if i := strings.LastIndex(b.local, sign); i > 0 && isDomainLike(b.local[i+len(sign):]) {
			b.tails(b.local[:i], b.local[i+len(sign):])
		}
	}
	const further = 3 // of those found, one may have been made of another itself
	for _, a := range b.found[:min(further, len(b.found))] {
		if local := a[:lastAt(a)]; mayStandFor(local) {
			more := standIn{local: local, domain: a[lastAt(a)+1:]}
			more.relayed()
			more.joined()
			b.found = append(b.found, more.found...)
		}
	}
	return b.found
}

// mayStandFor reports whether a local part has a sign of such a form. Nearly
// none has.
func mayStandFor(local string) bool {
	return strings.ContainsAny(local, "=%!#@/") || strings.Contains(local, "at") && hasAtWord(local) || len(local) > 6 && strings.EqualFold(local[:5], "imcea")
}

func hasAtWord(local string) bool {
	return strings.Contains(local, "-at-") || strings.Contains(local, "_at_") || strings.Contains(local, ".at.")
}

// standIn is an address of which the mailboxes behind it are looked for.
type standIn struct {
	local, domain string
	found         []string
}

func (b *standIn) add(local, domain string) {
	if local != "" && len(b.found) < mostBehind {
		b.found = append(b.found, local+"@"+domain)
	}
}

// tails adds a mailbox at the domain for what follows each sign in a text, for
// what its own prefix is, is anybody's guess.
func (b *standIn) tails(text, domain string) {
	b.add(text, domain)
	for i, c := range text {
		if c == '+' || c == '-' || c == '_' || c == '.' || c == '/' {
			b.add(text[i+1:], domain)
		}
	}
}

// heads is tails for what stands before each sign.
func (b *standIn) heads(text, domain string) {
	b.add(text, domain)
	for i, c := range text {
		if c == '+' || c == '-' || c == '.' {
			b.add(text[:i], domain)
		}
	}
}

// encapsulated reads Exchange's IMCEA, which writes octets as "+XX", and a whole
// address in quotes.
func (b *standIn) encapsulated() {
	if strings.HasPrefix(b.local, "imcea") {
		for _, a := range Addresses(Unplus(b.local)) {
			b.tails(a[:lastAt(a)], a[lastAt(a)+1:]) // "_CN=" may stand before it
			b.inner(a)
		}
		return
	}
	if strings.Contains(b.local, "@") {
		for _, a := range Addresses(b.local) {
			b.add(a[:lastAt(a)], a[lastAt(a)+1:])
		}
	}
	if before, _, ok := strings.Cut(b.local, "#ext#"); ok {
		if i := strings.LastIndexByte(before, '_'); i > 0 && isDomainLike(before[i+1:]) {
			b.add(before[:i], before[i+1:])
		}
	}
}

// inner adds what stands behind the last "=" of an address.
func (b *standIn) inner(a string) {
	if i := strings.LastIndexByte(a, '='); i >= 0 && lastAt(a[i+1:]) > 0 {
		b.add(a[i+1:i+1+lastAt(a[i+1:])], a[i+2+lastAt(a[i+1:]):])
	}
}

// relayed reads what a relay sends on.
func (b *standIn) relayed() {
	if i := strings.LastIndexByte(b.local, '%'); i > 0 && isDomainLike(b.local[i+1:]) {
		b.add(b.local[:i], b.local[i+1:])
	}
	if i := strings.LastIndexByte(b.local, '!'); i > 0 {
		host := b.local[:i]
		host = host[strings.LastIndexByte(host, '!')+1:]
		if user := b.local[i+1:]; isDomainLike(host) {
			b.add(user, host)
		}
	}
}

// joined reads local part and domain on both sides of an "=", in either order.
func (b *standIn) joined() {
	pieces := strings.Split(b.local, "=")
	for i := 1; i < len(pieces) && len(b.found) < mostBehind; i++ {
		if isDomainLike(pieces[i]) {
			b.tails(pieces[i-1], pieces[i])
		}
		if isDomainLike(pieces[i-1]) {
			b.heads(pieces[i], pieces[i-1])
			if i+1 < len(pieces) {
				b.add(strings.Join(pieces[i:], "="), pieces[i-1])
			}
		}
	}
}

// marked reads BATV, a mark before or behind the local part of its own domain,
// and what stands last in a distinguished name (/O=x/CN=RECIPIENTS/CN=anna@y).
func (b *standIn) marked() {
	if i := strings.LastIndexByte(b.local, '='); i >= 0 {
		b.add(b.local[i+1:], b.domain)
	}
	for _, prefix := range [...]string{"prvs=", "btv1=", "msprvs1="} {
		if strings.HasPrefix(b.local, prefix) {
			for piece := range strings.FieldsFuncSeq(b.local[len(prefix):], func(r rune) bool { return r == '=' || r == '/' }) {
				b.add(piece, b.domain)
			}
		}
	}
}

// isDomainLike reports whether a text could be a domain with a dot.
func isDomainLike(s string) bool {
	dot := strings.IndexByte(s, '.')
	if dot <= 0 || s[len(s)-1] == '.' || len(s) > 253 {
		return false
	}
	for _, r := range s {
		if r < utf8.RuneSelf && !isDigit(byte(r)) && !isLetter(byte(r)) && r != '.' && r != '-' {
			return false
		}
	}
	return true
}

// Unplus undoes the octets that are written as "+XX", as in IMCEA and in xtext
// (RFC 3461 §4).
func Unplus(text string) string {
	if !strings.Contains(text, "+") {
		return text
	}
	var out strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] == '+' && i+2 < len(text) {
			if high, low := hexDigit(text[i+1]), hexDigit(text[i+2]); high >= 0 && low >= 0 {
				out.WriteByte(byte(high<<4 | low))
				i += 2
				continue
			}
		}
		out.WriteByte(text[i])
	}
	return strings.ToValidUTF8(out.String(), "\uFFFD")
}

func hexDigit(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}
