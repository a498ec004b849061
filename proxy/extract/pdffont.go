package extract

import (
	"slices"
	"strconv"
	"strings"

	"golang.org/x/text/encoding/charmap"
)

// pdfFont turns the codes of a font into text and widths (ISO 32000-1 §9).
type pdfFont struct {
	bytes   int            // of one code
	unicode map[int]string // by the font's own table
	spans   []cmapSpan     // and the ranges of it, in order
	simple  *[256]string   // by its encoding; nil for composite fonts
	widths  map[int]float64
	usual   float64
	drawn   bool // the file says how its shapes look: also those of control characters
}

func (f *pdfFile) font(dict pdfDict) *pdfFont {
	font := &pdfFont{bytes: 1, widths: map[int]float64{}, usual: 500}
	if dict["Subtype"] == pdfName("Type0") {
		font.bytes = 2
		kids, _ := f.get(dict["DescendantFonts"]).(pdfArray)
		if len(kids) > 0 {
			f.compositeWidths(font, f.dict(kids[0]))
		}
		if name, _ := f.get(dict["Encoding"]).(pdfName); strings.HasPrefix(string(name), "Uni") && (strings.Contains(string(name), "UTF16") || strings.Contains(string(name), "UCS2")) {
			font.unicode, font.spans = map[int]string{}, []cmapSpan{{0, 0xFFFF, pdfString("\x00\x00")}}
		}
	} else {
		font.simple = f.encoding(dict)
		first, _ := f.number(dict["FirstChar"])
		widths, _ := f.get(dict["Widths"]).(pdfArray)
		for i, v := range widths {
			if w, ok := f.number(v); ok {
				font.widths[int(first)+i] = w
			}
		}
		if dict["Subtype"] == pdfName("Type3") {
			font.drawn = true
			f.type3Widths(font, dict)
		}
		look := f.dict(dict["FontDescriptor"])
		for _, program := range [...]pdfName{"FontFile", "FontFile2", "FontFile3"} {
			font.drawn = font.drawn || look[program] != nil
		}
	}
	if s, ok := f.get(dict["ToUnicode"]).(*pdfStream); ok {
		if data, _ := f.decoded(s); len(data) > 0 {
			font.readCMap(data)
		}
	}
	return font
}

// type3Widths brings the widths of a font with a scale of its own to the scale
// of others.
func (f *pdfFile) type3Widths(font *pdfFont, dict pdfDict) {
	matrix, _ := f.get(dict["FontMatrix"]).(pdfArray)
	if len(matrix) == 0 {
		return
	}
	if scale, ok := f.number(matrix[0]); ok {
		for code := range font.widths {
			font.widths[code] *= scale * 1000
		}
	}
}

func (f *pdfFile) compositeWidths(font *pdfFont, kid pdfDict) {
	font.usual = 1000
	if w, ok := f.number(kid["DW"]); ok {
		font.usual = w
	}
	list, _ := f.get(kid["W"]).(pdfArray)
	for i := 0; i+1 < len(list) && len(font.widths) < 1<<16; {
		first, _ := f.number(list[i])
		if several, ok := f.get(list[i+1]).(pdfArray); ok {
			for j, v := range several {
				font.widths[int(first)+j], _ = f.number(v)
			}
			i += 2
			continue
		}
		if i+2 >= len(list) {
			return
		}
		last, _ := f.number(list[i+1])
		w, _ := f.number(list[i+2])
		for c := int(first); c <= int(last) && c < 1<<16; c++ {
			font.widths[c] = w
		}
		i += 3
	}
}

// encoding returns the text of each code of a simple font.
func (f *pdfFile) encoding(dict pdfDict) *[256]string {
	var table [256]string
	base, _ := f.get(dict["Encoding"]).(pdfName)
	details := f.dict(dict["Encoding"])
	if name, ok := f.get(details["BaseEncoding"]).(pdfName); ok {
		base = name
	}
	symbolic := false
	if flags, ok := f.number(f.dict(dict["FontDescriptor"])["Flags"]); ok {
		symbolic = int(flags)&4 != 0
	}
	for c := range 256 {
		switch {
		case c < ' ':
		case base == "MacRomanEncoding":
			table[c] = string(charmap.Macintosh.DecodeByte(byte(c)))
		case base == "" && !symbolic && dict["Subtype"] == pdfName("Type1") && standardEncoding[byte(c)] != "":
			table[c] = standardEncoding[byte(c)]
		default:
			table[c] = string(charmap.Windows1252.DecodeByte(byte(c)))
		}
	}
	differences, _ := f.get(details["Differences"]).(pdfArray)
	code := 0
	for _, v := range differences {
		switch v := f.get(v).(type) {
		case float64:
			code = int(v)
		case pdfName:
			if code >= 0 && code < 256 {
				table[code] = glyphText(string(v))
			}
			code++
		}
	}
	return &table
}

// standardEncoding holds where Adobe's own encoding differs from Windows-1252
// in letters and signs of text.
var standardEncoding = map[byte]string{
	0x27: "’", 0x60: "‘", 0xA9: "'", 0xAE: "fi", 0xAF: "fl", 0xB1: "–", 0xB7: "•", 0xD0: "—", 0xE1: "Æ", 0xE9: "Ø", 0xF1: "æ", 0xF9: "ø", 0xFA: "œ", 0xFB: "ß",
}

// glyphText returns the text of a glyph's name (the Adobe glyph list, as far
// as Latin text needs it), or "" for one that says nothing.
func glyphText(name string) string {
	name, _, _ = strings.Cut(name, ".")
	if strings.Contains(name, "_") {
		var b strings.Builder
		for part := range strings.SplitSeq(name, "_") {
			b.WriteString(glyphText(part))
		}
		return b.String()
	}
	if len(name) == 1 {
		return name
	}
	if text, ok := glyphNames[name]; ok {
		return text
	}
	digits := ""
	switch {
	case strings.HasPrefix(name, "uni") && len(name) >= 7:
		digits = name[3:7]
	case strings.HasPrefix(name, "u") && len(name) >= 5 && len(name) <= 7:
		digits = name[1:]
	}
	if n, err := strconv.ParseUint(digits, 16, 21); err == nil {
		return string(rune(n))
	}
	return accented(name)
}

// accented makes "aring" of "a" and "ring".
func accented(name string) string {
	for suffix, mark := range map[string]rune{
		"acute": 0x301, "grave": 0x300, "dieresis": 0x308, "circumflex": 0x302, "tilde": 0x303, "ring": 0x30A, "cedilla": 0x327,
		"caron": 0x30C, "macron": 0x304, "ogonek": 0x328, "breve": 0x306, "dotaccent": 0x307, "hungarumlaut": 0x30B,
	} {
		if base, found := strings.CutSuffix(name, suffix); found && len(base) == 1 {
			return base + string(mark) // clean composes them
		}
	}
	return ""
}

var glyphNames = func() map[string]string {
	names := map[string]string{
		"space": " ", "nbspace": " ", "nonbreakingspace": " ", "hyphen": "-", "sfthyphen": "", "minus": "-", "quotesingle": "'", "quotedbl": `"`, "fi": "fi", "fl": "fl", "ff": "ff", "ffi": "ffi", "ffl": "ffl",
		"ae": "æ", "AE": "Æ", "oslash": "ø", "Oslash": "Ø", "germandbls": "ß", "eth": "ð", "Eth": "Ð", "thorn": "þ", "Thorn": "Þ", "oe": "œ", "OE": "Œ", "lslash": "ł", "Lslash": "Ł", "dotlessi": "ı", "dcroat": "đ", "Dcroat": "Đ",
		"endash": "–", "emdash": "—", "bullet": "•", "ellipsis": "…", "quoteleft": "‘", "quoteright": "’", "quotedblleft": "“", "quotedblright": "”", "quotesinglbase": "‚", "quotedblbase": "„", "Euro": "€", "sterling": "£", "section": "§", "degree": "°", "periodcentered": "·", "guillemotleft": "«", "guillemotright": "»", "trademark": "™", "copyright": "©", "registered": "®", "mu": "µ", "onehalf": "½", "onequarter": "¼", "threequarters": "¾", "multiply": "×", "divide": "÷", "plusminus": "±", "paragraph": "¶", "currency": "¤", "yen": "¥", "cent": "¢", "acute": "´", "grave": "`", "dieresis": "¨", "nul": "", "CR": "\n",
	}
	const signs = "exclam numbersign dollar percent ampersand parenleft parenright asterisk plus comma period slash colon semicolon less equal greater question at bracketleft backslash bracketright asciicircum underscore braceleft bar braceright asciitilde"
	for i, name := range strings.Fields(signs) {
		names[name] = string(`!#$%&()*+,./:;<=>?@[\]^_{|}~`[i])
	}
	for i, name := range strings.Fields("zero one two three four five six seven eight nine") {
		names[name] = strconv.Itoa(i)
	}
	return names
}()

// readCMap reads a ToUnicode table (§9.10.3).
func (t *pdfFont) readCMap(data []byte) {
	t.unicode = map[int]string{}
	l := pdfLexer{d: data}
	var args []any
	for len(t.unicode)+len(t.spans) < 1<<17 {
		v, ok := l.value()
		if !ok {
			return
		}
		word, isWord := v.(pdfWord)
		if !isWord {
			args = append(args, v)
			continue
		}
		switch word {
		case "endcodespacerange":
			if len(args) > 0 && t.simple == nil { // the codes of a simple font are one byte, whatever is said
				if s, ok := args[0].(pdfString); ok && len(s) > 0 && len(s) <= 4 {
					t.bytes = len(s)
				}
			}
		case "endbfchar":
			for i := 0; i+1 < len(args); i += 2 {
				t.unicode[codeOf(args[i])] = unicodeOf(args[i+1], 0)
			}
		case "endbfrange":
			t.ranges(args)
		}
		args = args[:0]
	}
}

func (t *pdfFont) ranges(args []any) {
	for i := 0; i+2 < len(args); i += 3 {
		first, last := codeOf(args[i]), codeOf(args[i+1])
		if list, ok := args[i+2].(pdfArray); ok {
			for j, v := range list {
				t.unicode[first+j] = unicodeOf(v, 0)
			}
			continue
		}
		if n := len(t.spans); first <= last && (n == 0 || first > t.spans[n-1].last) { // as programs write them
			t.spans = append(t.spans, cmapSpan{first, last, args[i+2]})
			continue
		}
		for c := first; c <= last && c-first < 1<<16; c++ {
			t.unicode[c] = unicodeOf(args[i+2], c-first)
		}
	}
}

// cmapSpan is a range of codes that follow each other as their text does.
type cmapSpan struct {
	first, last int
	text        any // of the first
}

// meaning returns the text of a code by the font's own table.
func (t *pdfFont) meaning(code int) (text string, known bool) {
	if text, known = t.unicode[code]; known {
		return text, true
	}
	i, found := slices.BinarySearchFunc(t.spans, code, func(s cmapSpan, code int) int {
		switch {
		case s.last < code:
			return -1
		case s.first > code:
			return 1
		}
		return 0
	})
	if !found {
		return "", false
	}
	text = unicodeOf(t.spans[i].text, code-t.spans[i].first)
	t.unicode[code] = text
	return text, true
}

func codeOf(v any) int {
	s, _ := v.(pdfString)
	n := 0
	for i := 0; i < len(s) && i < 4; i++ {
		n = n<<8 | int(s[i])
	}
	return n
}

func unicodeOf(v any, add int) string {
	s, _ := v.(pdfString)
	data := []byte(s)
	if len(data) == 0 {
		return ""
	}
	if len(data) == 1 {
		return string(rune(int(data[0]) + add))
	}
	last := len(data)&^1 - 1
	sum := int(data[last-1])<<8 + int(data[last]) + add
	data[last-1], data[last] = byte(sum>>8), byte(sum)
	return pdfText(append([]byte{0xFE, 0xFF}, data...))
}

// glyph is one character that is shown.
type glyph struct {
	text  string
	width float64
	code  int
	known bool
}

func (t *pdfFont) glyphs(s pdfString) []glyph {
	out := make([]glyph, 0, len(s)/t.bytes)
	for i := 0; i+t.bytes <= len(s); i += t.bytes {
		code := 0
		for j := range t.bytes {
			code = code<<8 | int(s[i+j])
		}
		g := glyph{code: code}
		g.text, g.known = t.meaning(code)
		if !g.known && t.simple != nil && code < 256 {
			g.text = t.simple[code]
			g.known = g.text != "" || code < ' ' && !t.drawn
		}
		w, ok := t.widths[code]
		if !ok {
			w = t.usual
		}
		g.width = w / 1000
		out = append(out, g)
	}
	return out
}
