package extract

import (
	"encoding/binary"
	"strings"
	"testing"

	"golang.org/x/text/encoding/charmap"
)

func le16(n int) string { return string(binary.LittleEndian.AppendUint16(nil, uint16(n))) }
func le32(n int) string { return string(binary.LittleEndian.AppendUint32(nil, uint32(n))) }

// docLevel is a level of a list (MS-DOC §2.9.150); octets below 9 in its text
// stand for counts.
func docLevel(start int, format, flags, limit byte, text string) string {
	wide := ""
	for _, c := range text {
		wide += le16(int(c))
	}
	return le32(start) + string([]byte{format, flags}) + strings.Repeat("\x00", 18) + string([]byte{0, 0, limit, 0}) + le16(len(wide)/2) + wide
}

// docParagraph is one with its style and properties.
type docParagraph struct {
	text, properties string
	style            int
}

// docWith is a document of Word 97 of paragraphs, lists as paragraphs name
// them, and styles of paragraphs with these properties.
func docWith(t *testing.T, paragraphs []docParagraph, lists, levels, named, styles string) []byte {
	t.Helper()
	const from = 0x400
	text, ends, page := "", le32(from), [512]byte{}
	low := 510
	for i, p := range paragraphs {
		text += inCharset(t, charmap.Windows1252, p.text) + "\r"
		ends += le32(from + len(text))
		properties := le16(p.style) + p.properties
		low = (low - len(properties) - 2) &^ 1
		page[low+1] = byte((len(properties) + 1) / 2)
		copy(page[low+2:], properties)
		page[4*(len(paragraphs)+1)+13*i] = byte(low / 2)
	}
	copy(page[:], ends)
	page[511] = byte(len(paragraphs))

	table, fields := "", map[int]uint32{8: 0, 0x4C: uint32(len(text))}
	part := func(at int, data, behind string) {
		fields[at], fields[at+4] = uint32(len(table)), uint32(len(data))
		table += data + behind
	}
	part(0x1A2, "\x02"+le32(16)+le32(0)+le32(len(text))+le16(0)+le32(0x40000000+2*from)+le16(0), "")
	part(0x102, le32(from)+le32(from+len(text))+le32(4), "")
	part(0x2E2, lists, levels)
	part(0x2EA, named, "")
	part(0xA2, styles, "")
	head := []byte(wordOf(0xA5EC, 0xC1, nil, strings.Repeat("\x00", from-0x200)+text))
	for at, v := range fields {
		binary.LittleEndian.PutUint32(head[at:], v)
	}
	main := string(head) + strings.Repeat("\x00", 4*512-len(head)) + string(page[:])
	return compoundOf(map[string]string{"WordDocument": main, "0Table": table})
}

func TestParagraphsOfWord97AreNumberedAsItShowsThem(t *testing.T) {
	// One list of nine levels, and one of a single level; the second paragraph
	// style numbers what it forms with the first list's second level.
	list := func(id int, simple byte) string {
		return le32(id) + strings.Repeat("\x00", 22) + string([]byte{simple, 0})
	}
	levels := docLevel(4, 0, 0, 0, "§ \x00") + docLevel(1, 4, 0, 0, "§ \x00 \x01") + docLevel(1, 2, 8, 0, "(\x02)") + docLevel(1, 1, 4+8, 1, "\x00.\x03")
	for range 5 {
		levels += docLevel(1, 255, 0, 0, "")
	}
	levels += docLevel(1, 22, 0, 0, "Nr. \x00")
	named := func(id, changes int) string {
		return le32(id) + le32(0) + le32(0) + string([]byte{byte(changes), 0, 0, 0})
	}
	style := func(base int, properties string) string {
		std := le16(0) + le16(1+base<<4) + le16(1) + strings.Repeat("\x00", 4) + le16(1) + "A\x00\x00\x00" + le16(2+len(properties)) + le16(0) + properties
		return le16(len(std)) + std + strings.Repeat("\x00", len(std)%2)
	}
	in := func(list, level int) string {
		return "\x0a\x26" + string([]byte{byte(level)}) + "\x0b\x46" + le16(list)
	}
	const columns = "\x08\xd6\x04\x00\x01\x00\x00" // properties before others, one of them with a length of its own kind
	res := New(Config{}).File(t.Context(), "a.doc", docWith(t, []docParagraph{
		{"Indledning", "", 0},
		{"Overenskomsten", in(1, 0), 0},
		{"Løn", in(1, 1), 0},
		{"Tillæg", "", 1},
		{"Ferie", columns + in(1, 0), 0},
		{"Syg", in(1, 2), 0},
		{"Barn", "", 2},
		{"Barsel", in(1, 2), 0},
		{"Aften", in(1, 3), 0},
		{"Kost", in(1, 1), 0},
		{"Nat", in(1, 3), 0},
		{"Anna", in(2, 0), 0},
		{"Bo", in(3, 0), 0},
		{"uden", in(0, 0), 1},
		{"ukendt", in(9, 0), 0},
	}, le16(2)+list(7, 0)+list(8, 1), levels, le32(3)+named(7, 0)+named(8, 0)+named(8, 1)+le32(-1)+le32(-1)+le32(-1)+le32(40)+le32(0x10),
		le16(4)+le16(3)+le16(10)+style(0xFFF, "")+style(0xFFF, in(1, 1))+style(1, "")))
	want := "Indledning\n§ 4 Overenskomsten\n§ 4 a Løn\n§ 4 b Tillæg\n§ 5 Ferie\n(i) Syg\n§ 5 b Barn\n(ii) Barsel\n5.1 Aften\n§ 5 c Kost\n5.2 Nat\nNr. 01 Anna\nNr. 40 Bo\nuden\nukendt\n"
	if !res.holds(want) || len(res.Findings) > 0 {
		t.Errorf("%s\nwant %q", res.dump(), want)
	}
}

func TestParagraphsOfNewerWordAreNumberedAsItShowsThem(t *testing.T) {
	level := func(i, format, text, more string) string {
		return `<w:lvl w:ilvl="` + i + `"><w:start w:val="1"/><w:numFmt w:val="` + format + `"/>` + more + `<w:lvlText w:val="` + text + `"/></w:lvl>`
	}
	numbering := `<w:numbering xmlns:w="w"><w:abstractNum w:abstractNumId="0">` + level("0", "decimal", "§ %1", "") + level("1", "lowerLetter", "§ %1 %2", "") +
		level("2", "upperRoman", "%1.%2.%3", `<w:lvlRestart w:val="1"/>`) + level("3", "decimal", "(%4)", `<w:lvlRestart w:val="0"/>`) +
		`</w:abstractNum><w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num></w:numbering>`
	var body, want strings.Builder
	for _, p := range []struct{ level, shown string }{
		{"0", "§ 1 Løn"},
		{"1", "§ 1 a Løn"},
		{"2", "1.a.I Løn"},
		{"3", "(1) Løn"},
		{"1", "§ 1 b Løn"},
		{"2", "1.b.II Løn"},
		{"0", "§ 2 Løn"},
		{"2", "2.a.I Løn"},
		{"1", "§ 2 b Løn"},
		{"3", "(2) Løn"},
	} {
		body.WriteString(`<w:p><w:pPr><w:numPr><w:ilvl w:val="` + p.level + `"/><w:numId w:val="1"/></w:numPr></w:pPr><w:r><w:t>Løn</w:t></w:r></w:p>`)
		want.WriteString(p.shown + "\n")
	}
	res := New(Config{}).File(t.Context(), "a.docx", []byte(docx(t, body.String(), "word/numbering.xml", numbering)))
	if !res.holds(want.String()) || len(res.Findings) > 0 {
		t.Errorf("%s\nwant %q", res.dump(), want.String())
	}
}
