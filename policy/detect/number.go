package detect

import "strings"

// separator says what stands between two groups of digits.
type separator byte

const (
	sepNone separator = iota
	sepSpace
	sepHyphen // also with a line's end after it
	sepDash   // a hyphen with blanks around it
	sepDot
	sepSlash
	sepPlus
)

// group is a run of digits in the text.
type group struct {
	start, end int
	before     separator // what joins it to the group before it in the run
}

// maxGroups bounds a run; a longer one goes on as a new run.
const maxGroups = 48

// run is a sequence of groups of digits that separators join.
type run struct {
	text   string
	groups []group
	digits int // in all groups

	heading                 keyword // what the heading of the column says that the run stands under
	askedAccounts, accounts bool    // whether a word for accounts stands before the run, once asked

	taken          number // the last window that was taken, for the next kind that asks for it
	takenAt        window
	takenOK        bool
	evenly, lashed answers // what repeats and slashed said
}

// window says which digits take read: those from a group on, and how many.
type window struct{ group, want, head int }

// answers keeps what was said to numbers from 1 to 31, a bit for each.
type answers struct{ asked, yes uint32 }

func (a *answers) keep(n int, yes bool) bool {
	a.asked |= 1 << n
	if yes {
		a.yes |= 1 << n
	}
	return yes
}

// forget drops what was found out of the groups before.
func (r *run) forget() {
	r.takenAt, r.evenly, r.lashed = window{}, answers{}, answers{}
}

// read collects the run that begins at the digit text[at] and returns the
// position after it.
func (r *run) read(at int) int {
	r.groups, r.digits, r.askedAccounts = r.groups[:0], 0, false
	r.forget()
	sep := sepNone
	for {
		end := at + 1
		for end < len(r.text) && isDigit(r.text[end]) {
			end++
		}
		r.groups = append(r.groups, group{at, end, sep})
		r.digits += end - at
		next, s := r.gap(end)
		if next < 0 || len(r.groups) == maxGroups {
			return end
		}
		at, sep = next, s
	}
}

// gap reads the separator at text[at] and returns where the next digit
// stands, or -1 where no separator joins one.
func (r *run) gap(at int) (int, separator) {
	sep, i := sepNone, at
	for ; i < len(r.text) && i-at < 4; i++ {
		switch c := r.text[i]; c {
		case ' ':
			if sep == sepNone {
				sep = sepSpace
			} else if sep != sepSpace && sep != sepHyphen && sep != sepDash {
				return -1, sepNone
			}
		case '-', '.', '/', '+':
			switch {
			case sep == sepSpace && c == '-':
				sep = sepDash
			case sep == sepNone:
				sep = separatorOf(c)
			default:
				return -1, sepNone
			}
		case '\r', '\n':
			if sep != sepHyphen && sep != sepDash {
				return -1, sepNone
			}
		default:
			if sep != sepNone && isDigit(c) {
				return i, sep
			}
			return -1, sepNone
		}
	}
	return -1, sepNone
}

func separatorOf(c byte) separator {
	switch c {
	case '-':
		return sepHyphen
	case '.':
		return sepDot
	case '/':
		return sepSlash
	case '+':
		return sepPlus
	}
	return sepSpace
}

// form is how a number is written.
type form byte

const (
	formBare  form = iota // digits only
	formSplit             // one separator where the kind has it
	formParts             // the date in parts too, or blanks elsewhere
	formPairs             // groups of one or two digits throughout
)

// number is a window of a run: some groups that together have the digits of
// an identity number.
type number struct {
	digits     [16]byte // values, not characters
	n          int
	start, end int
	last       int       // index of the last group
	form       form      // how the groups are cut
	sep        separator // what stands before the serial part; sepNone in a bare number
	crowded    bool      // a further group of digits stands a blank away
	apart      bool      // one stands near that is no part of it: across a wide gap, a time, a date, some hours
	joined     bool      // a comma joins it to further digits
}

// take reads want digits from group i on, of which the first head are the
// date. It reports false where the groups do not add up or where the date
// does not end with a group.
func (r *run) take(i, want, head int) (number, bool) {
	if at := (window{i, want, head}); r.takenAt != at {
		r.taken, r.takenOK = r.cut(i, want, head)
		r.takenAt = at
	}
	return r.taken, r.takenOK
}

func (r *run) cut(i, want, head int) (number, bool) {
	v := number{start: r.groups[i].start, last: i}
	small, cuts := true, 0
	for j := i; j < len(r.groups); j++ {
		g := r.groups[j]
		if v.n+g.end-g.start > want {
			return v, false
		}
		if j > i && v.n < head && v.n%2 == 1 && v.n != j-i {
			return v, false // a date is not cut within its day, month or year
		}
		if v.n == head && j > i {
			v.sep = g.before
		} else if j > i {
			cuts++
		}
		if v.n < head && v.n+g.end-g.start > head && j > i {
			return v, false
		}
		small = small && g.end-g.start <= 2
		for k := g.start; k < g.end; k++ {
			v.digits[v.n] = r.text[k] - '0'
			v.n++
		}
		v.last, v.end = j, g.end
		if v.n == want {
			break
		}
	}
	if v.n != want {
		return v, false
	}
	switch {
	case v.last == i:
		v.form = formBare
	case v.sep == sepNone:
		return v, false
	case small:
		v.form = formPairs
	case cuts > 0:
		v.form = formParts
	default:
		v.form = formSplit
	}
	return v, r.stands(i, &v)
}

// stands reports whether the window has the boundaries of a number that
// stands alone: no letter or digit next to it, not part of a longer run.
func (r *run) stands(i int, v *number) bool {
	if i > 0 {
		switch r.groups[i].before {
		case sepSpace:
			if near := !r.repeats(v.n) && r.size(i-1) != 8; near { // a telephone number is no part of it
				v.apart = r.isWide(i) || r.isClock(i-1)
				v.crowded = !v.apart
			}
		case sepDash:
		case sepSlash:
			if !r.slashed(v.n) {
				return false
			}
		default:
			return false
		}
	} else if !r.opens(v.start, v) {
		return false
	}
	if v.last+1 < len(r.groups) {
		switch r.groups[v.last+1].before {
		case sepSpace:
			if near := !r.repeats(v.n) && !r.isAmount(v.last+1); near {
				apart := r.isWide(v.last+1) || r.isDay(v.last+1) || r.isMeasure(v.last+1)
				v.apart, v.crowded = v.apart || apart, v.crowded || !apart
			}
			return true
		case sepDash:
			return true
		case sepSlash:
			return r.slashed(v.n)
		default:
			return false
		}
	}
	return r.closes(v.end, v)
}

// repeats reports whether blanks part the run into numbers of n digits each.
func (r *run) repeats(n int) bool {
	if r.evenly.asked>>n&1 != 0 {
		return r.evenly.yes>>n&1 != 0
	}
	return r.evenly.keep(n, r.isRepeated(n))
}

func (r *run) isRepeated(n int) bool {
	if r.digits%n != 0 || r.digits == n {
		return false
	}
	digits := 0
	for _, g := range r.groups {
		if digits%n == 0 && digits > 0 && g.before != sepSpace {
			return false
		}
		before := digits
		if digits += g.end - g.start; digits/n != before/n && digits%n != 0 {
			return false
		}
	}
	return true
}

// isWide reports whether more than one blank parts group j from the one before, as
// the columns of a table.
func (r *run) isWide(j int) bool { return r.groups[j].start-r.groups[j-1].end > 1 }

// isClock reports whether group j, with which the run begins, are the minutes of a
// time.
func (r *run) isClock(j int) bool {
	at := r.groups[j].start
	return j == 0 && r.size(j) == 2 && at > 1 && r.text[at-1] == ':' && isDigit(r.text[at-2])
}

// isDay reports whether group j begins a day: "12-01-2019", "2019-04-21", "1.5.2024".
func (r *run) isDay(j int) bool {
	if j+2 >= len(r.groups) || r.groups[j+1].before != r.groups[j+2].before || r.groups[j+1].before == sepSpace {
		return false
	}
	a, b, c := r.size(j), r.size(j+1), r.size(j+2)
	return b <= 2 && (a <= 2 && (c == 2 || c == 4) || a == 4 && c == 2)
}

// isMeasure reports whether group j, with which the run ends, is so many of
// something: "37 t", "22,5 h".
func (r *run) isMeasure(j int) bool {
	end := r.groups[j].end
	if j+1 < len(r.groups) || r.size(j) > 3 || end+1 >= len(r.text) {
		return false
	}
	return r.text[end] == ',' && isDigit(r.text[end+1]) || r.text[end] == ' ' && isLetter(r.text[end+1])
}

// isAmount reports whether group j begins an amount with its thousands: "12.500,00".
func (r *run) isAmount(j int) bool {
	return r.size(j) <= 3 && r.size(j+1) == 3 && r.groups[j+1].before == sepDot && (j+2 == len(r.groups) || r.groups[j+2].before == sepDot)
}

// slashed reports whether slashes part the run into numbers of n digits each:
// "010203-1234/040506-5678".
func (r *run) slashed(n int) bool {
	if r.lashed.asked>>n&1 != 0 {
		return r.lashed.yes>>n&1 != 0
	}
	return r.lashed.keep(n, r.isSlashed(n))
}

func (r *run) isSlashed(n int) bool {
	digits := 0
	for j, g := range r.groups {
		if j > 0 && g.before == sepSlash {
			if digits != n {
				return false
			}
			digits = 0
		}
		digits += g.end - g.start
	}
	return digits == n
}

// opens looks at what stands before a number that begins a run.
func (r *run) opens(at int, v *number) bool {
	if at == 0 {
		return true
	}
	c := r.text[at-1]
	if isLetter(c) {
		return r.labelled(at)
	}
	if at == 1 {
		return c != '+' && c != '@'
	}
	b := r.text[at-2]
	switch c {
	case '+', '@', '%':
		return false
	case ',':
		v.joined = isDigit(b)
		return true
	case '.', ':', '/', '=', '#', '-':
		if isDigit(b) {
			return false
		}
		return c != '-' || !isLetter(b) || r.labelled(at-1) || r.afterWord(at-1)
	}
	return true
}

// afterWord reports whether a word of four letters or more ends before the
// hyphen at: "loenseddel-010203-1234", not "AB-010203-1234". A shorter one must be a name
// or a word for somebody's matter: "Bo Ek-010203-1234", "syg-010203-1234".
func (r *run) afterWord(at int) bool {
	n := 0
	for n < at && n < 4 && isLetter(r.text[at-1-n]) {
		n++
	}
	if n == 4 {
		return true
	}
	w := r.text[at-n : at]
	return n > 1 && isUpper(w) && w[n-1] >= 'a' && (at == n || r.text[at-n-1] == ' ') || keywords.find(w)&(keyWork|keyPerson) != 0
}

// labelled reports whether the letters that end before at are a keyword for
// numbers of persons: "cpr010203-1234" is one, "A010203-1234" is none. A word for
// a number may follow it: "CPR-nummer010203-1234".
func (r *run) labelled(at int) bool {
	i := r.letters(at)
	if wordsForNumbers[strings.ToLower(r.text[i:at])] && i > 1 && isIn(" -.", r.text[i-1]) {
		at = i - 1
		i = r.letters(at)
	}
	return keywords.find(r.text[i:at])&keyAnyPerson != 0
}

// wordsForNumbers stand behind the keyword for what they number.
var wordsForNumbers = map[string]bool{"nr": true, "no": true, "nro": true, "nummer": true, "number": true, "numero": true}

// letters returns where the letters begin that end before at.
func (r *run) letters(at int) int {
	i := at
	for i > 0 && isLetter(r.text[i-1]) && at-i < 40 {
		i--
	}
	return i
}

// named reports whether such a keyword stands before a number, with little between
// them: "cpr: ".
func (r *run) named(at int) bool {
	for n := 0; n < 2 && at > 0 && isIn(" :=.", r.text[at-1]); n++ {
		at--
	}
	return at > 0 && isLetter(r.text[at-1]) && r.labelled(at)
}

// closes looks at what stands after a number that ends a run.
func (r *run) closes(at int, v *number) bool {
	if at >= len(r.text) {
		return true
	}
	c := r.text[at]
	if isLetter(c) { // a word, where a keyword says that the number is one: "cpr 010203-1234ring"
		return at+1 < len(r.text) && isLetter(r.text[at+1]) && r.named(v.start)
	}
	if at+1 >= len(r.text) {
		return c != '@'
	}
	d := r.text[at+1]
	switch c {
	case '@', '%':
		return false
	case ',':
		v.joined = v.joined || isDigit(d)
		return true
	case '.', ':', '/', '=', '#', '+':
		return !isDigit(d)
	case '-':
		// A hyphen and a word, as in a file's name, is no longer number; one letter is.
		return !isDigit(d) && (!isLetter(d) || at+3 < len(r.text) && isLetter(r.text[at+2]) && isLetter(r.text[at+3]))
	}
	return true
}

// value returns digits [from, to) as a number.
func (v *number) value(from, to int) int {
	n := 0
	for _, d := range v.digits[from:to] {
		n = n*10 + int(d)
	}
	return n
}

// sum returns the weighted sum of the digits from the first on.
func (v *number) sum(weights ...int) int {
	n := 0
	for i, w := range weights {
		n += int(v.digits[i]) * w
	}
	return n
}

// luhn reports whether digits [from, to) pass the Luhn test (ISO/IEC 7812-1, annex B).
func (v *number) luhn(from, to int) bool {
	n := 0
	for i := from; i < to; i++ {
		d := int(v.digits[i])
		if (to-i)%2 == 0 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		n += d
	}
	return n%10 == 0
}

// ofOurYears reports whether the two digits from at on are those of a year in
// which mails are written.
func (v *number) ofOurYears(at int) bool {
	y := v.value(at, at+2)
	return y >= 10 && y < lastBirth%100
}

// isClock reports whether the four digits from at on are a time of day.
func (v *number) isClock(at int) bool { return v.value(at, at+2) < 24 && v.value(at+2, at+4) < 60 }

// repeats reports whether all digits from from on are the same: filler.
func (v *number) repeats(from int) bool {
	for i := from + 1; i < v.n; i++ {
		if v.digits[i] != v.digits[from] {
			return false
		}
	}
	return true
}

var monthDays = [...]int{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}

// isDate reports whether the day stands in the calendar. A year of 0 is a year
// that is not known: 29 February then is a day.
func isDate(year, month, day int) bool {
	if month < 1 || month > 12 || day < 1 {
		return false
	}
	n := monthDays[month-1]
	if month == 2 && (year == 0 || year%4 == 0 && (year%100 != 0 || year%400 == 0)) {
		n = 29
	}
	return day <= n
}
