package detect

import (
	"slices"
	"strings"
)

// maxAmount is how many digits an amount of money has at most.
const maxAmount = 8

// amount reports whether the number at token i has so many digits, or counts
// thousands, and is no date, time or year.
func (s *sentence) amount(i, digits int) bool {
	n := s.figures(i)
	return (n >= digits && n <= maxAmount || s.thousands(i)) && !s.when(i)
}

// figures returns how many digits the number has, without a single decimal: two
// of "14,2". Two decimals are money.
func (s *sentence) figures(i int) int {
	number, n := s.raw(i), s.tokens[i].digits
	if n > 1 && n == len(number)-1 && strings.IndexByte(",.", number[n-1]) >= 0 {
		return n - 1
	}
	return n
}

// raw returns token i as it stands.
func (s *sentence) raw(i int) string { return s.text[s.tokens[i].start:s.tokens[i].end] }

// thousands reports whether the number counts thousands or more: "61k", "52 tusen".
func (s *sentence) thousands(i int) bool {
	number := s.raw(i)
	if last := len(number) - 1; s.tokens[i].digits >= 2 && number[last]|0x20 == 'k' && strings.Trim(number[:last], "0123456789.,") == "" {
		return true
	}
	return i+1 < len(s.tokens) && thousandWords[string(s.folded(i+1))]
}

var thousandWords = wordTable(`tusind tusinde tusen tusan tonnia tonni tuhatta laken lakan grand thousand k mille millioner million millioner miljoner miljoonaa mio mill`)

// when reports whether the number says when and not how much: a date, years from
// one to another, the time behind "at", and a year behind a word of time where
// no money is spoken of.
func (s *sentence) when(i int) bool {
	number := s.raw(i)
	if isWrittenDate(number) || inShortParts(number) || len(number) == 9 && isYear(number[:4]) && isYear(number[5:]) {
		return true
	}
	if i == 0 {
		return false
	}
	before := s.folded(i - 1)
	clock, moment, or := clockWords[string(before)], timeWords[string(before)], either[string(before)]
	if clock || or && i > 1 && isYear(number) && s.when(i-2) {
		return true
	}
	if !isYear(number) || !moment && !s.tokens[i-1].number {
		return false
	}
	for n := i + 1; n < len(s.tokens) && n <= i+2; n++ {
		if moneyWords[string(s.folded(n))] {
			return false
		}
	}
	rest := strings.TrimLeft(s.text[s.tokens[i].end:s.end], " \u00a0")
	return !slices.ContainsFunc(moneyMarks, func(mark string) bool { return strings.HasPrefix(rest, mark) })
}

// isYear reports whether text is a year of the last century or this one.
func isYear(text string) bool {
	return len(text) == 4 && (text[:2] == "19" || text[:2] == "20") && isDigit(text[2]) && isDigit(text[3])
}

// isWrittenDate reports whether text is three numbers parted by one and the same mark, as
// 1.10.2026, 01/10/26 and 2026-10-01 are: none has more than four digits, and
// the first two or the last two have two at most. Amounts are parted in threes.
func isWrittenDate(text string) bool {
	var digits [3]int
	part, mark := 0, byte(0)
	for _, c := range []byte(text) {
		switch {
		case isDigit(c):
			digits[part]++
		case part == 2 || mark != 0 && c != mark:
			return false
		default:
			mark = c
			part++
		}
	}
	short := func(n int) bool { return n == 1 || n == 2 }
	return part == 2 && short(digits[1]) && (short(digits[0]) && (digits[2] == 2 || digits[2] == 4) || digits[0] == 4 && short(digits[2]))
}

// inShortParts reports whether text is a time, a day of a month or a section of a
// text, as 14:38, 30/1 and 3.4.3.1 are: parts of two digits at most with ":" or
// "/" between them, or three parts and more with points.
func inShortParts(text string) bool {
	points, others, digits := 0, 0, 0
	for _, c := range []byte(text) {
		switch {
		case isDigit(c):
			digits++
		case digits == 0 || digits > 2:
			return false
		case c == '.':
			points, digits = points+1, 0
		case c == ':' || c == '/':
			others, digits = others+1, 0
		default:
			return false
		}
	}
	return digits <= 2 && (others > 0 || points > 1)
}

// clockWords stand before a time of the day, timeWords before a year, and
// moneyWords and moneyMarks behind an amount.
var (
	clockWords = wordTable(`kl klokken klokka klokkan klo kello klukkan`)
	timeWords  = wordTable(`
	i for för år året årene åren siden sidan sedan fra frå från inden innen innan efter etter før føre före medio primo ultimo sommeren sommaren høsten hösten hausten høst höst haust efteråret efterår foråret forår våren vår vinteren vinter sommer sommar januar februar marts mars april maj mai juni juli august augusti september oktober november december desember
	vuonna vuoden vuodesta vuoteen vuosina kesällä syksyllä keväällä
	in since from by until year years summer autumn winter spring january february march may june july october december`)
	moneyWords = wordTable(`kr kroner kronor krona króna krónur dkk nok sek isk eur euro euros euroa usd gbp dollar dollars pund pounds quid`)
	moneyMarks = []string{"€", "£", "$", ",-"}
)
