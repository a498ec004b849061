package extract

import (
	"strconv"
	"strings"
)

// numbering holds how the lists of a Word document number their paragraphs
// (ECMA-376 part 1 §17.9), and how far each has come. "§ 4 b" may be what a
// paragraph is known by, and stands in no text.
type numbering struct {
	lists  map[string]*numberedList // by numId
	styles map[string]listStyle     // by styleId
}

type numberedList struct {
	levels [9]listLevel
	counts *[9]int     // shared by the lists of one abstract definition
	starts map[int]int // where its own numbers begin, until they have
}

type listLevel struct {
	start  int
	format string
	text   string
	legal  bool // all numbers in it are decimal

	restarts int // 1 and the last level, from 1, behind which it begins again; 0: any above it
}

type listStyle struct {
	list  string
	level int
	based string
}

// openNumbering reads the definitions of a document.
func (r *reading) openNumbering(z *zipPack) *numbering {
	n := &numbering{lists: map[string]*numberedList{}, styles: map[string]listStyle{}}
	if f := z.find("word/numbering.xml"); f != nil {
		n.readLists(scanXML(z.read(f, z.p.place)))
	}
	if f := z.find("word/styles.xml"); f != nil && len(n.lists) > 0 {
		n.readStyles(scanXML(z.read(f, z.p.place)))
	}
	return n
}

func (n *numbering) readLists(s *xmlScanner) {
	abstract := map[string]*numberedList{}
	var list *numberedList
	level := 0
	for s.next() {
		if s.kind != xmlOpen {
			continue
		}
		val := s.attr("val")
		switch s.name {
		case "abstractNum":
			list = &numberedList{counts: new([9]int)}
			abstract[s.attr("abstractNumId")] = list
		case "num":
			list = &numberedList{counts: new([9]int), starts: map[int]int{}}
			n.lists[s.attr("numId")] = list
		case "abstractNumId":
			if from := abstract[val]; from != nil && list != nil {
				list.levels, list.counts = from.levels, from.counts
			}
		case "lvl", "lvlOverride":
			level = min(max(atoi(s.attr("ilvl")), 0), 8)
		case "startOverride":
			if list != nil && list.starts != nil {
				list.starts[level] = atoi(val)
			}
		default:
			if list != nil {
				list.levels[level].define(s, val)
			}
		}
	}
}

func (l *listLevel) define(s *xmlScanner, val string) {
	switch s.name {
	case "start":
		l.start = atoi(val)
	case "numFmt":
		if l.format = val; val == "custom" {
			l.format = s.attr("format")
		}
	case "lvlText":
		l.text = val
	case "lvlRestart":
		l.restarts = max(atoi(val), 0) + 1
	case "isLgl":
		l.legal = val != "0" && val != "false"
	}
}

func (n *numbering) readStyles(s *xmlScanner) {
	id := ""
	for s.next() {
		if s.kind != xmlOpen {
			continue
		}
		style := n.styles[id]
		switch s.name {
		case "style":
			id = s.attr("styleId")
			continue
		case "basedOn":
			style.based = s.attr("val")
		case "numId":
			style.list = s.attr("val")
		case "ilvl":
			style.level = atoi(s.attr("val"))
		default:
			continue
		}
		n.styles[id] = style
	}
}

// label returns the number of the next paragraph of a list, or "". Where the
// paragraph names no list its style may.
func (n *numbering) label(list string, level int, style string) string {
	for range 16 {
		if list != "" || style == "" {
			break
		}
		s := n.styles[style]
		if list = s.list; list != "" && level < 0 {
			level = s.level
		}
		style = s.based
	}
	l := n.lists[list]
	if l == nil {
		return ""
	}
	return l.next(min(max(level, 0), 8))
}

// first is the count that a level begins with: -1 stands for 0, since 0 says that
// it has not begun.
func (l listLevel) first() int {
	if l.start <= 0 {
		return -1
	}
	return l.start
}

func (l *numberedList) next(level int) string {
	if start, ok := l.starts[level]; ok {
		delete(l.starts, level)
		l.counts[level] = start
	} else if l.counts[level] == 0 {
		l.counts[level] = l.levels[level].first()
	} else {
		l.counts[level] = max(l.counts[level], 0) + 1
	}
	for above := range level { // a level that was passed over counts as begun
		if l.counts[above] == 0 {
			l.counts[above] = l.levels[above].first()
		}
	}
	for deeper := level + 1; deeper < 9; deeper++ {
		if limit := l.levels[deeper].restarts; limit == 0 || level+1 < limit {
			l.counts[deeper] = 0
		}
	}
	own := l.levels[level]
	if own.format == "bullet" {
		return "·"
	}
	text := own.text
	for i := range 9 {
		mark := "%" + strconv.Itoa(i+1)
		if !strings.Contains(text, mark) {
			continue
		}
		count := l.counts[i]
		if count == 0 {
			count = l.levels[i].start // of a level below
		}
		format := l.levels[i].format
		if own.legal {
			format = "decimal"
		}
		text = strings.ReplaceAll(text, mark, countIn(max(count, 0), format))
	}
	return text
}

// countIn writes a number in one of Word's formats.
func countIn(n int, format string) string {
	switch format {
	case "lowerLetter":
		return letterCount(n, 'a')
	case "upperLetter":
		return letterCount(n, 'A')
	case "lowerRoman":
		return strings.ToLower(roman(n))
	case "upperRoman":
		return roman(n)
	case "none":
		return ""
	case "ordinal":
		return strconv.Itoa(n) + ordinalEnding(n)
	case "decimalZero", "01, 02, 03, ...":
		return leftPad(n)[8-max(2, len(strconv.Itoa(n))):]
	case "001, 002, 003, ...":
		return leftPad(n)[8-max(3, len(strconv.Itoa(n))):]
	}
	return strconv.Itoa(n)
}

func letterCount(n int, first rune) string {
	if n < 1 || n > 780 {
		return strconv.Itoa(n)
	}
	return strings.Repeat(string(first+rune((n-1)%26)), (n-1)/26+1)
}

func ordinalEnding(n int) string {
	if n%100 >= 11 && n%100 <= 13 {
		return "th"
	}
	switch n % 10 {
	case 1:
		return "st"
	case 2:
		return "nd"
	case 3:
		return "rd"
	}
	return "th"
}

func roman(n int) string {
	if n < 1 || n > 3999 {
		return strconv.Itoa(n)
	}
	var b strings.Builder
	values := [...]int{1000, 900, 500, 400, 100, 90, 50, 40, 10, 9, 5, 4, 1}
	for i, sign := range [...]string{"M", "CM", "D", "CD", "C", "XC", "L", "XL", "X", "IX", "V", "IV", "I"} {
		for ; n >= values[i]; n -= values[i] {
			b.WriteString(sign)
		}
	}
	return b.String()
}
