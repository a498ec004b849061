package extract

import (
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"postvern.example/policy/detect"
)

func TestWhatStandsBehindAnRTFIsTextAndOneThatIsCutIsToldSo(t *testing.T) {
	for name, c := range map[string]struct {
		data string
		cut  bool
	}{
		"whole":               {`{\rtf1\ansi CPR 070761-4285}`, false},
		"letters behind it":   {`{\rtf1\ansi CPR 070761-4285}ve`, false}, // what was in the writer's memory
		"a number behind it":  {`{\rtf1\ansi hej} CPR 070761-4285`, false},
		"cut in a group":      {`{\rtf1\ansi CPR 070761-4285 {\b hej`, true},
		"cut behind a group":  {`{\rtf1\ansi CPR 070761-4285 {\b hej}`, true},
		"a brace too many":    {`{\rtf1\ansi hej}} CPR 070761-4285`, false},
		"cut behind a second": {`{\rtf1\ansi hej} {CPR 070761-4285`, true},
	} {
		res := extracted(t, attached("application/rtf", "a.rtf", []byte(c.data)))
		f, told := res.finding(detect.Unscannable)
		if told != c.cut || told && f.Evidence[0] != whyMalformed || !res.holds("070761-4285") {
			t.Errorf("%s\n%s", name, res.dump())
		}
	}
}

// ole1Of returns an object of OLE 1 in hexadecimal digits.
func ole1Of(kind byte, texts ...string) string {
	data := "\x01\x05\x00\x00" + string(rune(kind)) + "\x00\x00\x00"
	for _, text := range texts {
		data += fmt.Sprintf("%c\x00\x00\x00", rune(len(text))) + text
	}
	return hex.EncodeToString([]byte(data))
}

func TestNoPlaceInAnRTFHidesText(t *testing.T) {
	const cpr = "070761-4285"
	packed := "\x02\x00a.txt\x00C:\\a.txt\x00\x00\x00\x03\x00\x02\x00\x00\x00a\x00\x0b\x00\x00\x00" + cpr
	for name, inside := range map[string]string{
		"a cell without a row":            `12038010\cell 070761-4285\cell 05`,
		"a row that is cut off":           `\trowd\intbl 12038010\cell 070761-4285`,
		"text behind the last cell":       `\trowd\intbl 1\cell 070761-4285\row 12`,
		"cells without \\intbl":           `\trowd\cellx1\cellx2 12\cell 070761-4285\cell\row 07`,
		"a table in a table":              `\pard\intbl\itap2 12\nestcell 070761-4285\nestcell{\*\nesttableprops\trowd\nestrow}{\nonesttables\par}\pard\intbl 05\cell\row`,
		"a table deeper than any":         `\pard\intbl\itap9999 12\nestcell 070761-4285\nestcell`,
		"a table in a header":             `{\header\pard\intbl 12\cell 070761-4285\cell\row}3`,
		"text for no nested tables":       `{\nonesttables 070761-4285\par}`,
		"a footer":                        `12{\footer 070761-4285}34`,
		"a footnote in a word":            `12{\footnote 070761-4285}34`,
		"two headers in one group":        `\header 070761-4285\footer 12`,
		"a text box":                      `12{\shp{\*\shpinst{\shptxt 070761-4285}}{\shprslt}}34`,
		"a text box for old programs":     `12{\*\do\dptxbx{\dptxbxtext 070761-4285}}34`,
		"a box that only old ones show":   `12{\shp{\*\shpinst{\shptxt a}}{\shprslt{\*\do{\dptxbxtext b}070761-4285}}}34`,
		"the old text of two":             `12{\upr{070761-4285}{\*\ud{a}}}34`,
		"the new text of two":             `12 {\upr{a}{\*\ud{070761-4285}}} 34`,
		"an unknown destination":          `{\*\nobodyknows 0707{\b 61-4285}}`,
		"one in another":                  `{\*\nobodyknows 12{\*\either 070761-4285}34}`,
		"a link":                          `{\field{\*\fldinst HYPERLINK "mailto:070761{\b -4285}@post.example"}{\fldrslt a}}`,
		"what a link shows, in a note":    `{\footnote{\field{\*\fldinst PAGE}{\fldrslt 070761-4285}}}`,
		"a bookmark":                      `{\*\bkmkstart 070761-4285}`,
		"an index entry":                  `12{\xe {\v 070761-4285}}34`,
		"a comment":                       `12{\*\atnid A}{\*\atnauthor Bo}{\*\annotation 07{\b 0761-4285}}`,
		"a table in a comment":            `{\*\annotation\pard\intbl 12\cell 070761-4285\cell\row}`,
		"a title":                         `{\info{\title 1}{\subject 070761-4285}{\author 2}}`,
		"a title in two kinds of letters": `{\info{\upr{\title 1}{\*\ud{\title 070761-4285}}}}`,
		"an unknown property":             `{\info{\*\else 070761-4285}}`,
		"a property of one's own":         `{\*\userprops{\propname A}\proptype30{\staticval 070761-4285}}`,
		"where such a one is linked to":   `{\*\userprops{\propname A}\proptype30{\staticval 1}{\linkval 070761-4285}}`,
		"a comment on the document":       `{\info{\doccomm 070761-4285}}`,
		"where links begin":               `{\info{\hlinkbase 070761-4285}}`,
		"who changed it":                  `{\*\revtbl{Unknown;}{070761-4285;}}`,
		"deleted text":                    `12{\deleted 0707{\b 61}-4285}34`,
		"deleted text in a header":        `{\header {\deleted 070761-4285\par}34}`,
		"hidden text":                     `{\v 070761-4285}`,
		"a tag of XML":                    `{\*\xmlopen\xmlns1{\*\xmlattr{\*\xmlattrname a}{\*\xmlattrvalue 070761-4285}}}`,
		"data of a field":                 `{\field{\*\fldinst A{\*\datafield ` + hex.EncodeToString([]byte(utf16le(cpr))) + `}}{\fldrslt}}`,
		"a form field":                    `{\*\formfield{\fftype2{\*\ffname A}{\*\ffl Nej}{\*\ffl 070761-4285}{\*\ffhelptext B}}}`,
		"the default of a form field":     `{\*\formfield{\*\ffdeftext 070761-4285}}`,
		"the help of a form field":        `{\*\formfield{\ffhelptext 070761-4285}}`,
		"what describes a picture":        `{\pict{\*\picprop{\sp{\sn wzDescription}{\sv 070761-4285}}}\wmetafile8 0102}`,
		"the name of a property":          `{\shp{\*\shpinst{\sp{\sn 070761-4285}{\sv 1}}}}`,
		"octets":                          `12\bin11 070761-4285 34`,
		"a variable":                      `{\*\docvar{felt}{070761-4285}}`,
		"a font":                          `{\fonttbl{\f0 A;}{\f1 070761-4285;}}`,
		"a font in the place of one":      `{\fonttbl{\f0 A{\*\falt 070761-4285};}}`,
		"a style":                         `{\stylesheet{\s0 A;}{\*\cs1 070761-4285;}}`,
		"a list":                          `{\*\listtable{\list{\listlevel{\leveltext 070761-4285;}}{\listname A;}}}`,
		"a file":                          `{\*\filetbl{\file\fid1 070761-4285}}`,
		"a template":                      `{\*\template 070761-4285}`,
		"a program":                       `{\*\generator 070761-4285;}`,
		"XML of one's own":                `{\*\datastore ` + hex.EncodeToString(compoundOf(map[string]string{"MsoDataStore/A/Item": "<a>" + cpr + "</a>"})) + `}`,
		"XML of one's own, as it is":      `{\*\datastore ` + hex.EncodeToString([]byte("<a>"+cpr+"</a>")) + `}`,
		"a theme":                         `{\*\themedata ` + hex.EncodeToString(zipOf(t, "theme/theme/theme1.xml", "<a>"+cpr+"</a>")) + `}`,
		"a packaged file":                 `{\object{\*\objdata ` + ole1Of(2, "Package\x00", "", "", packed) + `}{\result}}`,
		"where an object is linked to":    `{\object{\*\objdata ` + ole1Of(1, "Word.Document.8\x00", cpr+"\x00", "") + `}}`,
		"which part of it":                `{\object{\*\objdata ` + ole1Of(1, "Word.Document.8\x00", "A\x00", cpr+"\x00") + `}}`,
		"what shows an object":            `{\object{\result 070761-4285}}`,
		"an object before another":        `{\pict ` + hex.EncodeToString([]byte(cpr)) + `{\pict 0102}}`,
		"behind a character with one":     `12 \u248\b  070761-4285`,
		"behind two characters":           `12 \uc2\u248\'f8\'f8 070761-4285`,
		"half of a pair":                  `\u-10240? 070761-4285`,
		"the text of Word 6 for a number": `{\pntext 070761-4285\tab}A`,
	} {
		res := extracted(t, attached("application/rtf", "a.rtf", []byte(`{\rtf1\ansi 00 `+inside+` 00}`)))
		if !res.holdsNumber(cpr) {
			t.Errorf("%s\n%s", name, res.dump())
		}
	}
}

func TestAnRTFKeepsItsRowsAndSentencesWhole(t *testing.T) {
	res := extracted(t, attached("application/rtf", "a.rtf", []byte(`{\rtf1\ansi Hun er {\header Side\par}{\footnote En note}sygemeldt`+
		`{\shp{\*\shpinst{\shptxt En boks\par}}{\shprslt{\*\do{\dptxbxtext En boks\par}}}}.\par\trowd\intbl Bo\cell Ek\cell\row\trowd\intbl Ida\par Maria\cell `+
		`\pard\intbl\itap2 indre\nestcell\nestcell{\*\nesttableprops\nestrow}\pard\intbl efter\cell\row\pard Slut\par\trowd\intbl Ny\cell tabel\cell\row}`)))
	for text, shape := range map[string]detect.Shape{
		"Hun er sygemeldt.\n": detect.Prose, "Bo\tEk\nIda Maria\tefter\n": detect.Table, "indre\t\n": detect.Table, "Ny\ttabel\n": detect.Table,
		"\nSlut": detect.Prose, "Side\n": detect.Prose, "En note\n": detect.Prose, "En boks\n": detect.Prose,
	} {
		if s, ok := res.segment(text); !ok || s.Shape != shape || text == "Ny\ttabel\n" && strings.Contains(s.Text, "Bo") {
			t.Errorf("%q\n%s", text, res.dump())
		}
	}
	if again := strings.Count(res.dump(), "En boks"); again != 1 {
		t.Errorf("a box that old programs show as well is read %d times\n%s", again, res.dump())
	}
}

func TestLettersOfAnRTFAreThoseOfItsFontsAndCodePages(t *testing.T) {
	for inside, want := range map[string]string{
		`\ansicpg1252 bl\'e5b\'e6r`:                            "blåbær",
		`\ansicpg1250 \'bf\'f3\'b3\'e6`:                        "żółć",
		`\mac \'8c\'be\'bf`:                                    "åæø",
		`\pc \'86\'91`:                                         "åæ",
		`\ansicpg932 \'82\'b1\'82\'f1\'82\'c9\'82\'bf\'82\'cd`: "こんにちは",
		`\ansicpg936 \'c4\'e3\'ba\'c3`:                         "你好",
		`\ansicpg949 \'be\'c8\'b3\'e7`:                         "안녕",
		`\ansicpg950 \'a7\'41\'a6n`:                            "你好",
		`\deff1{\fonttbl{\f0\fcharset0 A;}{\f1\fcharset204 B;}}\'ef\f0\'e5\plain\'ee`: "пåо",
		`\ansicpg1251{\fonttbl{\f0\fcharset1 A;}}\f0\'ef`:                             "п",
		`{\fonttbl{\f0\cpg1251 A;}}\f0\'ef`:                                           "п",
		`\u-10179\'3f\u-8694\'3f!`:                                                    "😊!",
		`A\u-10240? B \u-9216? C \u-9216\u-10240? D`:                                  "A\uFFFD B \uFFFD C \uFFFD\uFFFD D",
		`\lquote a\rquote  \ldblquote b\rdblquote \emdash c\_d\~e\bullet`:             "‘a’ “b”—c-d e•",
		`\u1234\'3f\u1235\b 5`:                                                        "Ӓӓ5",
	} {
		res := extracted(t, attached("application/rtf", "a.rtf", []byte(`{\rtf1\ansi `+inside+`}`)))
		if !res.holds(want) {
			t.Errorf("%s: no %q\n%s", inside, want, res.dump())
		}
	}
}
