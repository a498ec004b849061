// Package phone reads the telephone numbers that codes are sent to. What it
// does not know to be a whole number is none: a code must not go to a stranger.
package phone

import "strings"

// country is how the numbers of a Nordic country are written at home.
type country struct {
	code   string
	least  int  // digits without code and trunk prefix
	most   int  // the same
	trunk  bool // a 0 stands before the number at home
	mobile func(national string) bool
}

// home are the countries of the languages.
var home = map[string]country{
	"da": {code: "45", least: 8, most: 8, mobile: func(n string) bool { return n[0] >= '2' }},
	"nb": {code: "47", least: 8, most: 8, mobile: func(n string) bool { return n[0] == '4' || n[0] == '9' || strings.HasPrefix(n, "59") }},
	"nn": {code: "47", least: 8, most: 8, mobile: func(n string) bool { return n[0] == '4' || n[0] == '9' || strings.HasPrefix(n, "59") }},
	"sv": {code: "46", least: 9, most: 9, trunk: true, mobile: func(n string) bool { return n[0] == '7' }},
	"fi": {code: "358", least: 6, most: 11, trunk: true, mobile: func(n string) bool { return n[0] == '4' || strings.HasPrefix(n, "50") }},
	"is": {code: "354", least: 7, most: 7, mobile: func(n string) bool { return n[0] >= '6' && n[0] <= '8' }},
}

// Parse returns a number in the form of E.164, "+4520000001". One without a
// country code is of the country of the language. It returns false for what is
// no number, and for one of a Nordic country that no text message reaches.
func Parse(text, language string) (string, bool) {
	digits := strings.Builder{}
	international := false
	text = strings.TrimSpace(text)
	text = strings.Replace(text, "(0)", "", 1)
	for i, r := range text {
		switch {
		case r >= '0' && r <= '9':
			digits.WriteRune(r)
		case r == '+' && i == 0:
			international = true
		case strings.ContainsRune(" .-()/\u00a0\u2009\u2011\u2013", r):
		default:
			return "", false
		}
	}
	number := digits.String()
	if rest, ok := strings.CutPrefix(number, "00"); ok && !international {
		number, international = rest, true
	}
	if !international {
		c, ok := home[language]
		if !ok {
			return "", false
		}
		if c.trunk {
			rest, ok := strings.CutPrefix(number, "0")
			if !ok {
				return "", false
			}
			number = rest
		}
		number = c.code + number
	}
	if len(number) < 8 || len(number) > 15 || number[0] == '0' {
		return "", false
	}
	for _, c := range home {
		if national, ok := strings.CutPrefix(number, c.code); ok {
			if c.trunk {
				national = strings.TrimPrefix(national, "0")
			}
			if len(national) < c.least || len(national) > c.most || !c.mobile(national) {
				return "", false
			}
			number = c.code + national
		}
	}
	return "+" + number, true
}
