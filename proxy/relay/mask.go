package relay

import (
	"net/netip"
	"regexp"
	"strings"
)

// longestReply is how much of an upstream's words is kept.
const longestReply = 300

// masks are what is masked, in this order.
var masks = []struct {
	needs string // one of these stands in it
	found *regexp.Regexp
	with  string
}{
	{`"<`, regexp.MustCompile(`"[^"]*"|<[^<>]*>`), "***"},
	{"'", regexp.MustCompile(`(^|[\s(=:])'[^']*'`), "$1***"}, // and no apostrophe
	{"@", regexp.MustCompile(`[^\s<>()\[\],;:"']*@[^\s<>()\[\],;:"']*`), "***"},
}

var (
	maskNumber = regexp.MustCompile(`[0-9]{6}[-+A-FU-Y][0-9]{3}[0-9A-Y]|[0-9](?:[-./ +]?[0-9]){5,}`)
	keepCode   = regexp.MustCompile(`^[245][0-9]{2} [245]\.[0-9]{1,3}\.[0-9]{1,3}$`) // "550 5.1.1"
)

// mask returns what an upstream said without what could be somebody's data: an
// upstream may quote an address, a subject, or the number that its own filter
// tripped over. Addresses, what stands in quotes or brackets, the local part
// of the recipient, and runs of six or more digits become "***"; IP addresses
// stay, they are the upstream's and ours.
func mask(text, recipient string) string {
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, strings.Join(strings.Fields(text), " "))
	for _, m := range masks {
		if strings.ContainsAny(text, m.needs) { // most replies have none of it, and there is one for each copy
			text = m.found.ReplaceAllString(text, m.with)
		}
	}
	if at := strings.LastIndexByte(recipient, '@'); at > 1 {
		text = maskWord(text, recipient[:at])
	}
	if digits(text) >= 6 {
		text = maskNumber.ReplaceAllStringFunc(text, func(run string) string {
			if _, err := netip.ParseAddr(run); err == nil || digits(run) < 6 || keepCode.MatchString(run) {
				return run
			}
			return "***"
		})
	}
	if len(text) > longestReply {
		text = text[:longestReply] + "..."
	}
	return text
}

// maskWord masks a word wherever it stands alone, in any case. Both are ASCII
// where it matters: text was cleaned, and a word that is not does not occur.
func maskWord(text, word string) string {
	inside := func(i int) bool {
		return i >= 0 && i < len(text) && (text[i]|0x20 >= 'a' && text[i]|0x20 <= 'z' || text[i] >= '0' && text[i] <= '9')
	}
	for from := 0; from+len(word) <= len(text); {
		end := from + len(word)
		if strings.EqualFold(text[from:end], word) && !inside(from-1) && !inside(end) {
			text = text[:from] + "***" + text[end:]
			from += 3
		} else {
			from++
		}
	}
	return text
}

func digits(s string) int {
	n := 0
	for i := range len(s) {
		if s[i] >= '0' && s[i] <= '9' {
			n++
		}
	}
	return n
}

// domain returns all that a log may say of a recipient.
func domain(address string) string {
	return address[strings.LastIndexByte(address, '@')+1:]
}
