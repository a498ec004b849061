package detect

import (
	"math/bits"
	"strings"
)

// How far a keyword reaches, in bytes.
const (
	reachBefore  = 100 // a keyword for the kind, before the number
	reachAgainst = 44  // a keyword against it, before the number
)

// shortLabel bounds what labels a number in a form.
const shortLabel = 32

// surroundings is what the words around a number say.
type surroundings struct {
	nearest   [32]int // per bit of keyword: distance of the nearest word that has it, 0 for none
	noted     keyword // those of which there is one
	label     keyword // what the word means that labels the number: between them stand but "no.", "is" and marks
	company   bool    // a word for a company's number stands before it
	unit      bool    // it is labelled as that of a Danish production unit
	about     bool    // "about" stands right before it
	recipient bool    // "to" stands right before it
	alone     bool    // nothing but marks stands on the number's line beside it
	name      int     // distance of the nearest name before, 0 for none
	pronoun   bool
	address   bool // a mail address stands on the line
	patronym  bool // a name may be an Icelandic patronymic
	count     int  // words in reach
	language  tongue
	timeLike  bool // a clock time stands on the line
	amount    bool // a currency stands right behind it
	link      bool // the number is part of a link
	messageID bool
	swedish   bool     // its digits can be a Swedish number
	mail      *setting // what the whole message says; nil: nothing
}

// look reads the words around text[start:end]. The number is part of a run of
// digits, which holds no words, from first to last.
func look(text string, start, end, first, last int) surroundings {
	var s surroundings
	s.readToken(text, start, end, first, last)
	lo := lineStart(text, start, reachBefore)
	s.alone = standsAlone(text, start, end)
	// Where the number begins its line, what labels it stands above.
	for n := 0; n < 2 && lo > 0 && !hasLetters(text[lo:max(lo, first)]); n++ {
		lo = lineStart(text, lo-1, reachBefore)
	}
	if hasLetter(text[lo:max(lo, first)]) {
		s.words(text, lo, start, false)
	}
	if start > 0 && text[start-1] == '#' && s.label&keyAnyPerson == 0 && isTicket(digitsAt(text, start)) {
		s.note(keyNumber, 1)
	}
	if s.name == 0 && start-lo <= shortLabel {
		s.named(text, start)
	}
	if !s.company && s.near(keyPersonnummer, reachBefore) > 0 {
		s.company = companyAbove(text, lo)
	}
	hi := lineEnd(text, end, reachBefore)
	if hasLetter(text[min(hi, last):hi]) {
		s.words(text, end, hi, true)
	}
	s.address = holdsAddress(text[lo:start]) || holdsAddress(text[end:hi])
	s.amount = isAmount(text[end:])
	s.timeLike = hasClock(text[lo:start]) || hasClock(text[end:hi])
	return s
}

// isTicket reports whether a number behind "#" with so many digits is a ticket's.
// Longer ones are none that pass for a person's by chance.
func isTicket(digits int) bool { return digits == 9 || digits == 10 }

// words takes in the words of text[lo:hi], which ends where the number begins or
// begins where it ends. Words after it count as further off.
func (s *surroundings) words(text string, lo, hi int, after bool) {
	capital := false // the word before was capitalised and stood right before
	last := lo       // where the word before ends
	person := 0      // where the last word for a person's number ends
	company := 0     // and the last for a company's
	ended := false   // the sentence of a number before the words
	var land nation  // the last word for a country
	for i := lo; i < hi; {
		if !isLetter(text[i]) {
			if isDigit(text[i]) {
				digits, end := digitsAlong(text, i, hi)
				if after && isDay(text[i:end]) {
					i, capital = end, false
					continue
				}
				if digits >= 6 && after {
					return // what follows belongs to the next number
				} else if !after && (digits >= 5 || s.label&(keyAgainst|keyLoose) != 0 && tokenDigits(text[i:hi]) >= 4) {
					s.forget(keyAgainst | keyLoose) // what came before belonged to this one
				}
				if !after {
					s.label = 0
				}
				i, capital = end, false
				continue
			}
			if text[i] != ' ' && text[i] != '-' {
				capital = false
			}
			if !after && (text[i] == ',' || text[i] == ';') {
				s.label = 0 // "in your case, NN": no number of the case
			}
			i++
			continue
		}
		b := i
		for i < hi && isLetter(text[i]) {
			i++
		}
		w, d := text[b:i], hi-i+1
		if after {
			d = 2*(b-lo) + 12
		}
		s.count++
		if !after && closesSentence(text, lo, last, b) {
			s.forget(keyAgainst | keyLoose)
			s.label = 0
		}
		k := meaning(text, lo, b, i)
		k = land.numbers(text, k, b, i)
		if after && k == keyPhone && isSpoken(text[lo:b]) {
			k = 0
		}
		if after && k&(keyAgainst|keyLoose) != 0 && numberFollows(text, i, hi) {
			k = 0 // it labels the next number
		} else if after && k&(keyAccount|keyPassport) != 0 && numberFollows(text, i, hi) {
			k &^= keyAccount | keyGiro | keyPassport
		}
		if ended = ended || after && isSentenceEnd(text, last, b); ended {
			k &^= keyAgainst | keyLoose
		}
		if !after && k&keyAnyPerson != 0 {
			person = i
			s.company = s.company && !isEither(text[company:b])
		} else if k&keyCompany != 0 && (person > 0 && isEither(text[person:b]) || isHalf(text[lo:b])) {
			k = k&^keyCompany | keyAnyPerson&halves(text[lo:b])
		}
		if k&keyCompany != 0 {
			company = i
		}
		last = i
		if !after && isSaid(text[lo:b], w) {
			s.forget(keyAgainst | keyLoose) // "on the invoice writes she 010203-1234": a new clause
		}
		if !after {
			s.unit = s.unit || k&keyPersonnummer != 0 && isUnit(text, b, i)
			s.before(k, w)
		}
		if k != 0 {
			s.note(k, d)
		}
		s.pronoun = s.pronoun || isPronoun(w)
		s.language.add(w)
		upper := isUpper(w)
		if upper && (capital && len(w) > 2 || isGivenName(w)) && (s.name == 0 || d < s.name) {
			s.name = d
		}
		capital = upper && len(w) > 1
		s.patronym = s.patronym || capital && isPatronymic(w)
	}
}

// isSaid reports whether the word is who does something, right behind the verb in
// a clause of its own: "today send I". In "the number that I got" it is not.
func isSaid(before, w string) bool {
	if len(w) > 4 || !strings.HasSuffix(before, "r ") || !subjects[string(fold(nil, w))] {
		return false
	}
	verb := strings.TrimRight(before, " ")
	at := len(verb)
	for at > 0 && isLetter(verb[at-1]) {
		at--
	}
	return len(verb)-at > 3 && keywords.find(verb[at:]) == 0 && compound(verb[at:]) == 0
}

// isSpoken reports whether the text ends in the word before the means by which
// somebody said something: "on the phone", "per telefon".
func isSpoken(before string) bool {
	for _, w := range []string{" på ", " per ", " over ", " i ", " on the ", " by "} {
		if strings.HasSuffix(before, w) {
			return true
		}
	}
	return false
}

// before takes in a word before the number, with what it means.
func (s *surroundings) before(k keyword, w string) {
	s.company = s.company || k&keyCompany != 0
	kind := linkOf(w)
	s.about = k == 0 && kind == linkAbout
	s.recipient = k == 0 && kind == linkRecipient
	switch {
	case k != 0:
		s.label = k
	case kind == linkSender, kind == linkAbout:
		s.forget(keyAgainst | keyLoose) // "a call from", "the case about": whom it is about is no number of it
		s.label = 0
	case kind == linkOwner:
		s.forget(keyAgainst | keyLoose | keyAccount | keyGiro)
		s.about, s.label = true, 0
	case kind == linkTopic, kind == linkRecipient:
		s.forget(keyLoose)
		s.label = 0
	case kind != linkGlue:
		s.label = 0
	}
}

func (s *surroundings) note(k keyword, d int) {
	s.noted |= k
	for ; k != 0; k &= k - 1 {
		if bit := bits.TrailingZeros32(uint32(k)); s.nearest[bit] == 0 || d < s.nearest[bit] {
			s.nearest[bit] = d
		}
	}
}

// forget drops what was noted of the meanings.
func (s *surroundings) forget(k keyword) {
	for k &= s.noted; k != 0; k &= k - 1 {
		s.nearest[bits.TrailingZeros32(uint32(k))] = 0
		s.noted &^= k & -k
	}
}

// isDay reports whether s is a day as programs write it: "2026-03-31".
func isDay(s string) bool {
	return len(s) == 10 && s[4] == '-' && s[7] == '-' && (s[:2] == "19" || s[:2] == "20")
}

// digitsAlong counts the digits from i on that only single blanks and hyphens
// part, and returns where they end.
func digitsAlong(text string, i, hi int) (digits, end int) {
	for ; i < hi; i++ {
		if isDigit(text[i]) {
			digits++
			end = i + 1
		} else if text[i] != ' ' && text[i] != '-' || i != end {
			break
		}
	}
	return digits, end
}

// tokenDigits counts the digits of the number that s begins with and that
// marks may part: "24/1873".
func tokenDigits(s string) int {
	n := 0
	for i := 0; i < len(s) && (isDigit(s[i]) || isIn("./-", s[i])); i++ {
		if isDigit(s[i]) {
			n++
		}
	}
	return n
}

// numberFollows reports whether a number stands within a few bytes of i.
func numberFollows(text string, i, hi int) bool {
	for j := i; j < hi && j-i < 12; j++ {
		if isDigit(text[j]) {
			return true
		}
	}
	return false
}

// near returns the distance of the nearest word that has one of the meanings,
// or 0 where none stands within reach.
func (s *surroundings) near(k keyword, reach int) int {
	best := 0
	for k &= s.noted; k != 0; k &= k - 1 {
		if d := s.nearest[bits.TrailingZeros32(uint32(k))]; d <= reach && (best == 0 || d < best) {
			best = d
		}
	}
	return best
}

// readToken looks at the unbroken run of characters that the number is in.
func (s *surroundings) readToken(text string, start, end, first, last int) {
	lo, hi := start, end
	if !hasBlank(text[first:start]) {
		for lo = first; lo > 0 && !isBlank(text[lo-1]) && start-lo < 300; {
			lo--
		}
	}
	if !hasBlank(text[end:last]) {
		for hi = last; hi < len(text) && !isBlank(text[hi]) && hi-end < 300; {
			hi++
		}
	}
	left, right := text[lo:max(lo, min(first, start))], text[min(hi, last):hi]
	holds := func(mark string) bool { return strings.Contains(left, mark) || strings.Contains(right, mark) }
	s.link = holds("://") || holds("www.") || holds("?") && holds("=")
	s.messageID = strings.Contains(text[end:hi], "@") && !strings.ContainsAny(text[end:hi], ",;<(/|")
}

// hasBlank reports whether a blank stands in a part of a run of digits.
func hasBlank(s string) bool {
	return strings.IndexByte(s, ' ') >= 0 || strings.IndexByte(s, '\n') >= 0
}

func isBlank(c byte) bool { return c <= ' ' || c == '<' || c == '>' || c == '"' }

func lineStart(text string, at, reach int) int {
	lo := max(0, at-reach)
	if i := strings.LastIndexByte(text[lo:max(lo, at)], '\n'); i >= 0 {
		return lo + i + 1
	}
	for lo > 0 && lo < at && isLetter(text[lo-1]) && isLetter(text[lo]) {
		lo++ // do not begin within a word
	}
	return lo
}

func lineEnd(text string, at, reach int) int {
	hi := min(len(text), at+reach)
	if i := strings.IndexByte(text[at:hi], '\n'); i >= 0 {
		return at + i
	}
	return hi
}

func hasLetters(s string) bool {
	for i := 0; i+1 < len(s); i++ {
		if isLetter(s[i]) && isLetter(s[i+1]) {
			return true
		}
	}
	return false
}

func hasLetter(s string) bool {
	for i := 0; i < len(s); i++ {
		if isLetter(s[i]) {
			return true
		}
	}
	return false
}

// digitsAt counts the digits from i on.
func digitsAt(s string, i int) int {
	n := 0
	for i+n < len(s) && isDigit(s[i+n]) {
		n++
	}
	return n
}

// currencies are what an amount of money ends in, in lower case.
var currencies = []string{"kr", "dkk", "nok", "sek", "isk", "eur", "$", "%", ",-"}

// isAmount reports whether what follows a number makes it one of money.
func isAmount(rest string) bool {
	if len(rest) > 0 && rest[0] == ' ' {
		rest = rest[1:]
	}
	for _, c := range currencies {
		if len(rest) >= len(c) && strings.EqualFold(rest[:len(c)], c) && (len(rest) == len(c) || !isAlnum(rest[len(c)])) {
			next := strings.TrimLeft(rest[len(c):min(len(rest), len(c)+4)], " .:")
			return next == "" || !isDigit(next[0]) // "kr. 12.450" is the amount
		}
	}
	return false
}

// hasClock reports whether a time with seconds stands in s.
func hasClock(s string) bool {
	first := strings.IndexByte(s, ':')
	if first < 0 {
		return false
	}
	for i := max(2, first); i+5 < len(s); i++ {
		if s[i] == ':' && s[i+3] == ':' && isDigit(s[i-1]) && isDigit(s[i+1]) && isDigit(s[i+2]) && isDigit(s[i+4]) {
			return true
		}
	}
	return false
}

// isEither reports whether what stands between a word for a person's number and
// one for a company's makes a label of both: "CPR-nr./CVR-nr.", "personnummer eller orgnr".
// The form of the number tells which it is.
func isEither(between string) bool {
	if len(between) > len("nummer/Handels- og ") {
		return false
	}
	if strings.IndexByte(between, '/') >= 0 {
		return true
	}
	for i := 0; ; {
		w, ok := nextWord(between, i)
		if !ok {
			return false
		}
		if either[string(fold(nil, between[w.start:w.end]))] {
			return true
		}
		i = w.end
	}
}

var either = wordTable(`eller og och or and tai ja eða`)

// isHalf reports whether the text ends in half a word for a person's number whose
// other half ends the word behind it: "Person-/organisationsnummer", "Pers/orgnr".
func isHalf(before string) bool { return halves(before) != 0 }

// halves returns what such a half means.
func halves(before string) keyword {
	head, ok := strings.CutSuffix(before, "/")
	if !ok {
		return 0
	}
	head = strings.TrimRight(head, "-. ")
	at := len(head)
	for at > 0 && isLetter(head[at-1]) {
		at--
	}
	return halfWords[string(fold(nil, head[at:]))]
}

var halfWords = map[string]keyword{
	"person": keyCPR | keyFnr | keyPersonnummer, "pers": keyFnr | keyPersonnummer, "fødsels": keyFnr, "henkilö": keyHetu,
}

func isPatronymic(w string) bool {
	return strings.HasSuffix(w, "son") || strings.HasSuffix(w, "dóttir") || strings.HasSuffix(w, "dottir")
}

// holdsAddress reports whether a mail address stands in s that is no program's: in
// brackets stand message ids as well.
func holdsAddress(s string) bool {
	i := strings.IndexByte(s, '@')
	if i <= 0 || i+2 >= len(s) || !isAlnum(s[i-1]) || !isLetter(s[i+1]) {
		return false
	}
	for i > 0 && !isBlank(s[i-1]) && !isIn(",;:(", s[i-1]) {
		i--
	}
	return isLetter(s[i])
}

// isUpper reports whether the word begins with a capital.
func isUpper(w string) bool {
	c := w[0]
	return c >= 'A' && c <= 'Z' || c == 0xC3 && len(w) > 1 && w[1] >= 0x80 && w[1] <= 0x9E
}
