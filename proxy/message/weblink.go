package message

import (
	"bytes"
	"encoding/base64"
	"regexp"
	"strings"

	"postvern.example/policy/detect"
)

// maxUnescaped is how often what was escaped for a URL is undone: a link inside
// a link that a program rewrote is escaped two or three times.
const maxUnescaped = 3

// unescapings returns a text as it is, and with the escapes of URLs undone once,
// twice and so on, as long as there are any.
func unescapings(text string) []string {
	all := []string{text}
	for len(all) <= maxUnescaped {
		plain, _, found := unescapeURL(all[len(all)-1], nil)
		if !found {
			break
		}
		all = append(all, plain)
	}
	return all
}

// unescapeURL undoes the escapes of a URL once (RFC 3986 §2.1); a percent sign that
// begins none stays. With at, the place of each octet and of the end, it returns
// those of what is left.
func unescapeURL(text string, at []int) (plain string, places []int, found bool) {
	if strings.IndexByte(text, '%') < 0 {
		return text, at, false
	}
	out := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		c := text[i]
		if at != nil {
			places = append(places, at[i])
		}
		if c == '%' && i+2 < len(text) && unhex(text[i+1]) >= 0 && unhex(text[i+2]) >= 0 {
			c, found = byte(unhex(text[i+1])<<4|unhex(text[i+2])), true
			i += 2
		}
		out = append(out, c)
	}
	if at != nil {
		places = append(places, at[len(text)])
	}
	return string(out), places, found
}

// noteLinks keeps the mailboxes in the links that stand in a piece of text:
// programs that rewrite or count links put there who opened them, and who sends
// the text on does not see it.
func (v *visibleText) noteLinks(start, end int) {
	const longest = 8 << 10 // of such an address
	for start < end {
		sign := start + cspan(v.source[start:end], linkSigns)
		if sign == end {
			return
		}
		from := start + strings.LastIndexAny(v.source[start:sign], linkEnds) + 1
		length := cspan(v.source[from:end], linkEnds)
		if tail := linkTail(v.source[from : from+min(length, longest)]); tail >= 0 {
			v.noteMailboxes(from+tail, from+min(length, longest))
		}
		start = from + length
	}
}

// linkEnds are the signs that stand in no link, linkSigns those of which one
// stands in every link: most words are spared the rest.
const (
	linkEnds  = " \t\r\n<>\""
	linkSigns = ":/?#"
)

// linkTail returns where in a word what a program puts into a link begins: behind
// the name of the server, or, where no "://" says that it is a link, behind a
// question mark and the mailbox that a mailto names (RFC 6068). -1 says that the
// word is none: an address in it is somebody's own word.
func linkTail(word string) int {
	if i := strings.Index(word, "://"); i >= 0 {
		i += len("://")
		return i + cspan(word[i:], "/?#")
	}
	tail := cspan(word, "/?#")
	if tail == len(word) {
		if i := strings.Index(strings.ToLower(word), "mailto:"); i >= 0 && strings.Contains(word[i:], "=") {
			return i + len("mailto:") // a mailbox that names another one
		}
		return -1
	}
	before := word[:tail]
	switch {
	case strings.HasPrefix(strings.ToLower(strings.TrimLeft(before, "([{'*_")), "mailto:"):
		return tail
	case strings.Contains(before, "@"):
		return -1
	case strings.ContainsRune(word[tail:], '?') && strings.ContainsRune(word[tail:], '='), strings.IndexByte(before, '.') > 0, schemes.MatchString(before):
		return tail
	}
	return -1
}

// schemes begin links of programs that are no web pages.
var schemes = regexp.MustCompile(`(?i)^[("'\[]*[a-z][a-z0-9+.-]+:$`)

// noteMailboxes keeps each mailbox in the address of a web page, of which it
// begins behind the name of the server.
func (v *visibleText) noteMailboxes(start, end int) {
	v.noteCodes(start, end)
	text := v.source[start:end]
	if !mayHoldAddress(text) && !strings.ContainsAny(text, "=-") {
		return
	}
	at := make([]int, len(text)+1)
	for i := range at {
		at[i] = start + i
	}
	for range maxUnescaped {
		text, at, _ = unescapeURL(text, at)
	}
	last := 0
	for i := 0; i < len(text); i++ {
		sign := atSign(text[i:])
		if sign == 0 || i < last {
			continue
		}
		from, to := i, i+sign
		for from > last && ofMailbox(text[from-1]) {
			from--
		}
		for to < len(text) && ofMailbox(text[to]) {
			to++
		}
		if text[i] != '@' && (from == i || !strings.Contains(text[i+sign:to], ".")) {
			continue
		}
		addresses := unseenAddresses(text[from:i] + "@" + text[i+sign:to])
		for cut := from + 1; cut < i && text[i] == '='; cut++ { // "leave-bo=x.example@list.example"
			if strings.IndexByte("-_.+", text[cut-1]) >= 0 {
				addresses = append(addresses, text[cut:i]+"@"+text[i+sign:to])
			}
		}
		if len(addresses) > 0 {
			v.unseen = append(v.unseen, unseen{src: Range{at[from], at[to]}, addresses: addresses})
		}
		if text[i] == '@' {
			last = to
		}
	}
}

// atSign returns the length of what stands for an at sign at the beginning of a
// text: "@" itself, "=" as in variable envelope return paths, "--at--" as Mailman
// writes it; 0 is none.
func atSign(text string) int {
	switch {
	case text[0] == '@' || text[0] == '=':
		return 1
	case strings.HasPrefix(text, "--at--"):
		return len("--at--")
	}
	return 0
}

// noteCodes keeps the mailboxes that stand in a link in base64.
func (v *visibleText) noteCodes(start, end int) {
	const shortest, longest = 12, 2 << 10 // of a code
	for at := start; at < end; {
		at += cspan(v.source[at:end], codeSigns)
		run := v.source[at : at+span(v.source[at:end], codeSigns)]
		if len(run) >= shortest && len(run) <= longest {
			if addresses := inBase64(run); len(addresses) > 0 {
				v.unseen = append(v.unseen, unseen{src: Range{at, at + len(run)}, addresses: addresses})
			}
		}
		at += len(run)
	}
}

const codeSigns = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+_-"

// inBase64 returns the addresses in what a run of letters and digits may be the
// code of (RFC 4648 §4 and §5).
func inBase64(run string) (found []string) {
	for _, decode := range []func(string) ([]byte, error){base64.RawStdEncoding.DecodeString, base64.RawURLEncoding.DecodeString} {
		if text, err := decode(run); err == nil && bytes.IndexByte(text, '@') > 0 {
			found = append(found, detect.Addresses(strings.ToValidUTF8(string(text), " "))...)
		}
	}
	return found
}

// ofMailbox reports whether an octet stands in mailboxes, and not between them
// and the rest of an address of a web page.
func ofMailbox(c byte) bool { return isAlnum(c) || c >= 0x80 || strings.IndexByte("._-+'", c) >= 0 }
