package detect

import "strings"

// A number is also whole where it stands in two pieces that are told to be
// those of one: "født 12.03.1980, de sidste fire: 1234", columns for the date of birth and
// for the rest, a box for each digit.

// What is looked at before the last digits: for the words that say that they
// are, and for the date.
const (
	tailReach = 48
	dateReach = 160
)

// tail offers the four or five digits text[first:end] with the date of birth
// before them, where words say that both are one number.
func (n *numberScan) tail(text string, first, end int, weighed func([]candidate)) {
	at := first
	for at > 0 && isIn(" :=\t", text[at-1]) {
		at--
	}
	if at == 0 || isDigit(text[at-1]) && (at < 2 || text[at-2] != ' ' || text[at] != ':') || at == first && !isIn("\n(", text[at-1]) ||
		end < len(text) && (isAlnum(text[end]) || end+1 < len(text) && isIn("-./,:", text[end]) && isDigit(text[end+1])) {
		return
	}
	lo := max(0, at-tailReach)
	label := text[lo:at]
	if !isTail(label, end-first) {
		return
	}
	lo = max(0, lo-dateReach)
	if i := strings.LastIndex(text[lo:at], "\n\n"); i >= 0 {
		lo += i // the paragraph before speaks of something else
	}
	day, from, ok := lastDay(text[lo:at])
	if !ok || !speaksOfPerson(text[max(0, lo+from-tailReach):at]) {
		return
	}
	n.halves(day, text[first:end], keyAnyPerson, true, weighed)
}

// isTail reports whether the words before some digits say that these end a
// number: "de sidste fire cifre er", "personnr.".
func isTail(label string, digits int) bool {
	if !mayEndTail(label, digits) {
		return false
	}
	var kinds [5]tailWord // of the last words
	fnr := false          // whether the last but such as may stand before the digits names the number
	for i := 0; ; {
		w, ok := nextWord(label, i)
		if !ok {
			break
		}
		word := string(fold(nil, label[w.start:w.end]))
		i = w.end
		k := keywords.find(word)
		if k&(keyAccount|keyGiro|keyPhone|keyPassport|keyPassword) != 0 || strings.HasPrefix(word, "kort") || strings.HasPrefix(word, "kredit") || strings.HasPrefix(word, "card") {
			return false
		}
		copy(kinds[:], kinds[1:])
		kinds[4] = tailWords[word]
		fnr = k&keyFnr != 0 || fnr && kinds[4] == tailFiller
	}
	if digits == 5 && fnr {
		return true
	}
	last, count := false, false
	for _, k := range kinds {
		last = last || k == tailLast
		count = count || digits == 4 && k == tailFour || digits == 5 && k == tailFive
	}
	// A figure is no word: "sidste 4".
	near := strings.TrimRight(label, " :.=")
	return last && (count || strings.ContainsRune(near[max(0, len(near)-30):], rune('0'+digits)))
}

// mayEndTail reports whether the last word is one that such words end with.
func mayEndTail(label string, digits int) bool {
	const longest = 32
	end := len(label)
	for end > 0 && !isLetter(label[end-1]) {
		end--
	}
	at := end
	for at > 0 && isLetter(label[at-1]) {
		at--
	}
	if end-at > longest {
		return false
	}
	var folded [longest]byte
	return tailWords[string(fold(folded[:0], label[at:end]))] != 0 || digits == 5 && keywords.find(label[at:end])&keyFnr != 0
}

// tailWord is what a word means before the last digits of a number.
type tailWord byte

const (
	tailLast   tailWord = iota + 1
	tailFour            // the word for so many digits
	tailFive            //
	tailFiller          // what may stand before the digits: "cifre er"
)

var tailWords = func() map[string]tailWord {
	all := map[string]tailWord{}
	for k, list := range map[tailWord]string{
		tailLast:   `sidste siste sista last viimeiset síðustu`,
		tailFour:   `fire fyra four neljä fjórir fjóra`,
		tailFive:   `fem five viisi fimm`,
		tailFiller: `cifre ciffer cifrene siffer sifre sifrene siffrene siffror siffrorna tal tallene tall talla digits numeroa merkkiä stafir stafirnir er är is are on eru blir`,
	} {
		for word := range strings.FieldsSeq(list) {
			all[word] = k
		}
	}
	return all
}()

// speaksOfPerson reports whether a word for a person's number or birth stands in
// the text: the last four digits of a card are none.
func speaksOfPerson(text string) bool {
	for i := 0; ; {
		w, ok := nextWord(text, i)
		if !ok {
			return false
		}
		if keywords.find(text[w.start:w.end])&(keyPerson|keyAnyPerson) != 0 {
			return true
		}
		i = w.end
	}
}

// day is a date of birth as numbers have it.
type day struct{ d, m, y int }

// lastDay returns the last date in a text, and where it begins.
func lastDay(text string) (day, int, bool) {
	for end := len(text); end > 0; {
		for end > 0 && !isDigit(text[end-1]) {
			end--
		}
		at := end
		for at > 0 && isDigit(text[at-1]) {
			at--
		}
		if d, start, ok := dayBefore(text, at, end); ok {
			return d, start, true
		}
		end = at
	}
	return day{}, 0, false
}

// dayBefore reads the date that ends with the digits text[at:end]: "120380", "12.03.1980",
// "1980-03-12", "12. marts 1980".
func dayBefore(text string, at, end int) (d day, start int, ok bool) {
	last := text[at:end]
	var part [3]int
	part[2] = decimal(last)
	if n := len(last); n == 6 || n == 8 {
		if n == 6 {
			if d = (day{part[2] / 10000, part[2] / 100 % 100, part[2] % 100}); !isDate(0, d.m, d.d) {
				d = day{d.y, d.m, d.d}
			}
		} else if d = (day{part[2] / 1_000_000, part[2] / 10000 % 100, part[2] % 100}); !isDate(0, d.m, d.d) {
			d = day{part[2] % 100, part[2] / 100 % 100, part[2] / 10000 % 100}
		}
		return d, at, isDate(0, d.m, d.d)
	}
	if len(last) != 2 && len(last) != 4 {
		return d, 0, false
	}
	start = at
	first := len(last)
	for i := 1; i >= 0; i-- {
		i0 := start
		for i0 > 0 && isIn(" .-/", text[i0-1]) {
			i0--
		}
		b := i0
		for b > 0 && (isDigit(text[b-1]) || i == 1 && isLetter(text[b-1])) {
			b--
		}
		if b == i0 || i0 == start || start-i0 > 2 {
			return d, 0, false
		}
		if isDigit(text[b]) {
			part[i] = decimal(text[b:i0])
		} else {
			part[i] = monthOf(text[b:i0])
		}
		start, first = b, i0-b
	}
	d = day{part[0], part[1], part[2] % 100}
	if first == 4 {
		d = day{part[2], part[1], part[0] % 100}
	}
	return d, start, isDate(0, d.m, d.d)
}

// monthOf returns the number of a month from how its name begins, 0 where it is
// none.
func monthOf(word string) int {
	w := string(fold(nil, word))
	for i, starts := range [...]string{"jan tammi", "feb helmi", "mars marts maalis march mar", "apr huhti", "maj mai may maí touko", "jun jún kesä", "jul júl heinä", "aug ágú elo", "sep syys", "okt oct loka", "nov marras", "dec des joulu"} {
		for start := range strings.FieldsSeq(starts) {
			if strings.HasPrefix(w, start) && (i != 2 || !strings.HasPrefix(w, "marras")) {
				return i + 1
			}
		}
	}
	return 0
}

// halves offers a date and the digits behind it as one number, the day first and
// then, as Sweden writes it, the year. Where the words are vague only check digits
// make them one.
func (n *numberScan) halves(d day, rest string, heading keyword, told bool, weighed func([]candidate)) {
	mark := "-"
	if len(rest) == 5 {
		mark = " "
	}
	whole := numberScan{mail: n.mail, owner: n.owner, row: n.row}
	kept := false
	for _, order := range [...][3]int{{d.d, d.m, d.y}, {d.y, d.m, d.d}} {
		var b [6]byte
		for i, v := range order {
			b[2*i], b[2*i+1] = byte('0'+v/10), byte('0'+v%10)
		}
		whole.scan(string(b[:])+mark+rest, heading, func(found []candidate) {
			for _, c := range found {
				if heading&c.key != 0 && (told || c.evidence.has(EvidenceChecksum)) {
					kept = true
					weighed([]candidate{c})
				}
			}
		})
		if kept {
			return
		}
	}
}

// pieces gathers what a row of a table has of a number in pieces.
type pieces struct {
	boxes  []byte  // digits that stand in a cell each
	label  keyword // what the cell before them says
	day    day
	dated  bool
	form   bool   // the cell before the date says whose number begins with it
	rest   string // the last digits
	column int    // where these stand
	told   bool   // their heading says what they are
}

// A number has so many digits; of more boxes one more is kept.
const fewestBoxes, mostBoxes = 10, 13

// take looks at a cell under a heading.
func (p *pieces) take(cell string, i int, c *column, label keyword) {
	switch {
	case len(cell) == 1 && isDigit(cell[0]):
		if len(p.boxes) == 0 {
			p.label = label
		}
		if len(p.boxes) < mostBoxes {
			p.boxes = append(p.boxes, cell[0])
		}
		p.column = i
	case (c.heading&(keyPerson|keyAnyPerson) != 0 || label&keyAnyPerson != 0) && !p.dated && len(cell) >= 6 && len(cell) <= 20:
		if d, _, ok := dayBefore(cell, len(strings.TrimRight(cell, digitSigns)), len(cell)); ok {
			p.day, p.dated = d, true
			p.form = label&keyAnyPerson != 0 // a form: "CPR-nr.", the date, the rest
		}
	case (c.tail != 0 || p.form) && p.rest == "":
		if rest := strings.TrimLeft(cell, "-"); (len(rest) == 4 || len(rest) == 5) && digitsAt(rest, 0) == len(rest) {
			p.rest, p.column, p.told = rest, i, c.tail == tailTold || p.form
		}
	case cell != "-" && len(p.boxes) < fewestBoxes:
		p.boxes = p.boxes[:0]
	}
}

const digitSigns = "0123456789"

// tailing says whether a column holds the last digits of numbers.
type tailing byte

const (
	tailVague tailing = iota + 1 // "Løbenr": a list may count its rows so
	tailTold                     // "Sidste fire", "Personnr"
)

// tailOf returns whether a heading says that. The column before it is the one to
// its left: a heading may stand over both.
func tailOf(heading string, before keyword) tailing {
	switch {
	case heading == "":
		if before&keyAnyPerson != 0 {
			return tailTold
		}
		return 0
	case isTail(heading, 4), isTail(heading, 5):
		return tailTold
	}
	switch k := headingOf(heading) & keyAnyPerson; k {
	case 0:
	case keyAnyPerson: // "ID nr.", "Personalenr."
		return tailVague
	default:
		return tailTold
	}
	for i := 0; ; {
		w, ok := nextWord(heading, i)
		if !ok {
			return 0
		}
		if serialWords[string(fold(nil, heading[w.start:w.end]))] {
			return tailVague
		}
		i = w.end
	}
}

var serialWords = wordTable(`løbenr løbenummer lbnr løpenr løpenummer individnr individnummer kontrolcifre kontrolciffer kontrollsiffer kontrollsiffror kontrollnr tunnusosa loppuosa`)

// parted reads the pieces of a row.
func (t *table) parted(p *pieces, row int) {
	hit := func(found []candidate) {
		for _, k := range found {
			c := &t.columns[min(p.column, maxColumns-1)]
			c.hits = append(c.hits, hit{row, k})
		}
	}
	if n := len(p.boxes); n >= fewestBoxes && n < mostBoxes {
		t.scan.scan(string(p.boxes), p.label, hit)
	}
	if p.dated && p.rest != "" {
		t.scan.halves(p.day, p.rest, keyAnyPerson, p.told, hit)
	}
}
