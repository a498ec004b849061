package detect

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"
)

// domains maps a domain to A-labels as one looks it up, and is lenient about
// what stands in it.
var domains = idna.New(idna.MapForLookup(), idna.Transitional(false), idna.StrictDomainName(false))

// CanonicalAddress returns the one form in which mail addresses are compared:
// the bare address without angle brackets, display name, comments, source
// route (RFC 5321 §4.1.2) and needless quotes, in lower case and NFKC, with the domain
// in A-labels (RFC 5891) and no plus-tag. It returns false where the text is
// no single address.
func CanonicalAddress(address string) (string, bool) {
	if isPlain(address) {
		return strings.ToLower(address), true
	}
	return canonicalAddress(address)
}

// isPlain reports whether an address is nothing but letters, digits, "_" and
// single inner dots and hyphens around one at sign, with no A-label: then its
// canonical form is itself in lower case. Nearly all addresses are so.
func isPlain(s string) bool {
	at := -1
	before := byte('.') // a dot or hyphen here would be an outer one
	for i := range len(s) {
		c := s[i]
		switch {
		case 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_' && at < 0:
		case c == '.' || c == '-':
			if before == '.' || before == '-' || before == '@' {
				return false
			}
		case c == '@' && at < 0 && before != '.' && before != '-':
			at = i
		default:
			return false
		}
		before = c
	}
	return at > 0 && len(s)-at <= 254 && before != '.' && before != '-' && before != '@' && strings.IndexByte(s[at:], '.') > 0
}

func canonicalAddress(address string) (string, bool) {
	s := norm.NFKC.String(strings.Map(visible, address))
	s, ok := bare(s)
	if !ok {
		return "", false
	}
	at := lastAt(s)
	if at <= 0 {
		return "", false
	}
	local, ok := canonicalLocal(s[:at])
	if !ok {
		return "", false
	}
	domain, ok := canonicalDomain(s[at+1:])
	if !ok {
		return "", false
	}
	return local + "@" + domain, true
}

// visible drops runes that have no width.
func visible(r rune) rune {
	if unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Variation_Selector, r) || r == 0x34F {
		return -1
	}
	return r
}

// bare takes away what stands around an address: comments and folding white
// space (RFC 5322 §3.2.2), display name, angle brackets, mailto:, source route.
func bare(s string) (string, bool) {
	var b strings.Builder
	quoted, depth, open := false, 0, false
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '\\' && (quoted || depth > 0):
			if i++; i < len(s) && quoted {
				b.WriteByte(c)
				b.WriteByte(s[i])
			}
		case depth > 0:
			depth += nesting(c)
		case c == '"':
			quoted = !quoted
			b.WriteByte(c)
		case quoted:
			b.WriteByte(c)
		case c == '(':
			depth++
		case c == '<':
			if open {
				return "", false
			}
			open = true
			b.Reset()
		case c == '>':
			if !open || strings.Trim(s[i+1:], " \t\r\n>;,") != "" && s[i+1:] != "" && !isComment(s[i+1:]) {
				return "", false
			}
			i = len(s)
		case c == ' ' || c == '\t' || c == '\r' || c == '\n':
			b.WriteByte(' ')
		default:
			b.WriteByte(c)
		}
	}
	if quoted || depth > 0 {
		return "", false
	}
	return strip(b.String())
}

func nesting(c byte) int {
	switch c {
	case '(':
		return 1
	case ')':
		return -1
	}
	return 0
}

func isComment(s string) bool {
	s = strings.TrimSpace(s)
	return strings.HasPrefix(s, "(") && strings.HasSuffix(s, ")")
}

// strip removes mailto:, a source route and the blanks that RFC 5322 §4.4
// allows around dots and the at sign.
func strip(s string) (string, bool) {
	s = strings.TrimSpace(s)
	if len(s) > 7 && strings.EqualFold(s[:7], "mailto:") {
		s = s[7:]
	}
	if strings.HasPrefix(s, "@") {
		i := strings.IndexByte(s, ':')
		if i < 0 {
			return "", false
		}
		s = s[i+1:]
	}
	for _, p := range []string{"@", "."} {
		s = trimAround(s, p)
	}
	return strings.TrimSpace(s), true
}

// trimAround removes the blanks around each separator outside quotes.
func trimAround(s, sep string) string {
	if !strings.Contains(s, " "+sep) && !strings.Contains(s, sep+" ") || strings.Contains(s, `"`) {
		return s
	}
	parts := strings.Split(s, sep)
	for i, p := range parts {
		parts[i] = strings.Trim(p, " ")
	}
	return strings.Join(parts, sep)
}

// lastAt returns the position of the at sign that parts local part and
// domain: the last one outside quotes.
func lastAt(s string) int {
	at, quoted := -1, false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && quoted:
			i++
		case c == '"':
			quoted = !quoted
		case c == '@' && !quoted:
			at = i
		}
	}
	return at
}

// atomSpecial are the ASCII characters besides letters and digits that a local
// part needs no quotes for (RFC 5322 §3.2.3), and the dot.
const atomSpecial = "!#$%&'*+-/=?^_`{|}~."

func needsQuotes(local string) bool {
	for _, r := range local {
		if r < 0x80 && !isDigit(byte(r)) && !isLetter(byte(r)) && strings.IndexByte(atomSpecial, byte(r)) < 0 || r == utf8.RuneError {
			return true
		}
	}
	return local == ""
}

func canonicalLocal(s string) (string, bool) {
	if strings.HasPrefix(s, `"`) {
		inner, ok := unquote(s)
		if !ok {
			return "", false
		}
		s = inner
	} else if needsQuotes(s) {
		return "", false
	}
	s = norm.NFKC.String(strings.ToLower(s))
	if i := strings.IndexByte(s, '+'); i > 0 {
		s = s[:i]
	}
	if strings.ContainsFunc(s, unicode.IsControl) || s == "" {
		return "", false
	}
	if needsQuotes(s) {
		s = strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s)
		return `"` + s + `"`, true
	}
	return s, true
}

// unquote undoes a quoted-string (RFC 5322 §3.2.4).
func unquote(s string) (string, bool) {
	if len(s) < 3 || s[len(s)-1] != '"' {
		return "", false
	}
	var b strings.Builder
	for i := 1; i < len(s)-1; i++ {
		switch s[i] {
		case '\\':
			if i++; i == len(s)-1 {
				return "", false
			}
		case '"':
			return "", false
		}
		b.WriteByte(s[i])
	}
	return b.String(), true
}

func canonicalDomain(s string) (string, bool) {
	if strings.HasPrefix(s, "[") {
		ok := strings.HasSuffix(s, "]") && len(s) > 2 && !strings.ContainsAny(s[1:len(s)-1], "[]\\ ")
		return strings.ToLower(s), ok
	}
	s = strings.TrimRight(s, ".")
	a, err := domains.ToASCII(s)
	if err != nil || a == "" {
		// An A-label that decodes to nothing good is compared as it stands.
		if a = strings.ToLower(s); !isHost(a) {
			return "", false
		}
	}
	a = strings.TrimRight(strings.ToLower(a), ".")
	return a, isHost(a)
}

func isHost(s string) bool {
	if s == "" || len(s) > 255 || s[0] == '.' || strings.Contains(s, "..") {
		return false
	}
	for i := 0; i < len(s); i++ {
		if c := s[i]; !isDigit(c) && c != '-' && c != '_' && c != '.' && (c >= 0x80 || !isLetter(c)) {
			return false
		}
	}
	return true
}

// Addresses returns the mail addresses in running text, as they are written
// there and in their order. What has no dot in its domain is not taken for one.
func Addresses(text string) []string {
	var out []string
	for _, a := range findAddresses(normalise(text)) {
		out = append(out, a.text)
	}
	return out
}

// span is an address in a text.
type span struct {
	start, end int
	text       string
}

func findAddresses(text string) []span {
	var out []span
	for from := 0; ; {
		i := strings.IndexByte(text[from:], '@')
		if i < 0 {
			return out
		}
		at := from + i
		from = at + 1
		start, end := localStart(text, at), domainEnd(text, at+1)
		if start < at && end > at+1 && (len(out) == 0 || start >= out[len(out)-1].end) {
			out = append(out, span{start, end, text[start:end]})
			from = end
		}
	}
}

// maxLocal is how far back a local part is looked for; RFC 5321 §4.5.3.1.1 allows 64.
const maxLocal = 128

func localStart(text string, at int) int {
	if at > 0 && text[at-1] == '"' {
		for i := at - 2; i >= 0 && at-i < maxLocal; i-- {
			if text[i] == '"' && (i == 0 || text[i-1] != '\\') {
				return i
			}
		}
		return at
	}
	i := at
	for i > 0 && at-i < maxLocal {
		c := text[i-1]
		// Of the characters that an atom may have, these join rather than belong.
		if !isDigit(c) && !isLetter(c) && strings.IndexByte("!#$%*+-^_`~.'", c) < 0 {
			break
		}
		i--
	}
	for i < at && (text[i] == '.' || text[i] == '\'' || text[i] == '*' || text[i] == '-' || text[i] == '`') {
		i++
	}
	return i
}

func domainEnd(text string, from int) int {
	i := from
	for i < len(text) && i-from < 255 && (isDigit(text[i]) || isLetter(text[i]) || text[i] == '-' || text[i] == '.' || text[i] == '_') {
		if text[i] == '.' && (i+1 == len(text) || text[i+1] == '.') {
			break
		}
		i++
	}
	for i > from && (text[i-1] == '.' || text[i-1] == '-' || text[i-1] == '_') {
		i--
	}
	dot := strings.LastIndexByte(text[from:i], '.')
	if dot <= 0 || i-from-dot < 3 || isDigit(text[i-1]) {
		return from
	}
	return i
}
