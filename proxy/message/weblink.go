package message

import "strings"

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

// noteLinks keeps the mailboxes in the addresses of web pages that stand in a
// piece of text: programs that rewrite or count links put there who opened
// them, and who sends the text on does not see it.
func (v *visibleText) noteLinks(start, end int) {
	const longest = 8 << 10 // of such an address
	for {
		i := strings.Index(v.source[start:end], "://")
		if i < 0 {
			return
		}
		start += i + len("://")
		link := v.source[start:end]
		link = link[:cspan(link[:min(len(link), longest)], " \t\r\n<>\"")]
		v.noteMailboxes(start+cspan(link, "/?#"), start+len(link))
		start += len(link)
	}
}

// noteMailboxes keeps each mailbox in the address of a web page, of which it
// begins behind the name of the server.
func (v *visibleText) noteMailboxes(start, end int) {
	text := v.source[start:end]
	if !mayHoldAddress(text) {
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
	for i := range len(text) {
		if text[i] != '@' || i < last {
			continue
		}
		from, to := i, i+1
		for from > last && ofMailbox(text[from-1]) {
			from--
		}
		for to < len(text) && ofMailbox(text[to]) {
			to++
		}
		if addresses := unseenAddresses(text[from:to]); len(addresses) > 0 {
			v.unseen = append(v.unseen, unseen{Range{at[from], at[to]}, addresses})
		}
		last = to
	}
}

// ofMailbox reports whether an octet stands in mailboxes, and not between them
// and the rest of an address of a web page.
func ofMailbox(c byte) bool { return isAlnum(c) || c >= 0x80 || strings.IndexByte("._-+'", c) >= 0 }
