package likeness

import (
	"strings"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"
)

// alike maps characters to the one that they are taken for: letters of other
// scripts, digits, and the Nordic letters that people leave the marks off.
var alike = strings.NewReplacer(
	"а", "a", "α", "a", "ɑ", "a", "с", "c", "ϲ", "c", "ԁ", "d", "е", "e", "ε", "e", "ɡ", "g", "һ", "h", "і", "i", "ı", "i", "ι", "i", "ј", "j", "к", "k", "κ", "k", "ӏ", "l",
	"м", "m", "п", "n", "η", "n", "о", "o", "ο", "o", "σ", "o", "р", "p", "ρ", "p", "ԛ", "q", "г", "r", "ѕ", "s", "т", "t", "τ", "t", "ц", "u", "υ", "u", "ν", "v", "ѵ", "v", "ѡ", "w", "ω", "w", "х", "x", "χ", "x", "у", "y", "γ", "y", "ᴢ", "z",
	"æ", "ae", "ø", "o", "ð", "d", "þ", "th", "ß", "ss", "đ", "d", "ł", "l",
	"0", "o", "1", "l", "|", "l", "rn", "m", "vv", "w", "cl", "d",
)

// skeleton returns what an address looks like: two that are not the same and
// have one skeleton cannot be told apart at a glance. Domains are shown as
// people see them, not in A-labels.
func skeleton(canonical string) string {
	local, domain, _ := split(canonical)
	if shown, err := idna.Display.ToUnicode(domain); err == nil {
		domain = shown
	}
	marks := func(r rune) rune {
		if r >= 0x300 && r <= 0x36F {
			return -1
		}
		return r
	}
	s := strings.Map(marks, norm.NFKD.String(strings.ToLower(local+"@"+domain)))
	s = alike.Replace(s)
	return strings.ReplaceAll(s, "i", "l") // a capital I is an l in most letterings
}
