package extract

import (
	"encoding/binary"
	"strings"
	"testing"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"

	"postvern.example/policy/detect"
)

// wordOf is a document of an old Word: a header of zeros but for these
// fields, and what stands after it.
func wordOf(mark uint16, version uint16, fields map[int]uint32, rest string) string {
	head := make([]byte, 0x200)
	binary.LittleEndian.PutUint16(head, mark)
	binary.LittleEndian.PutUint16(head[2:], version)
	for at, v := range fields {
		binary.LittleEndian.PutUint32(head[at:], v)
	}
	return string(head) + rest
}

func inCharset(t *testing.T, enc encoding.Encoding, text string) string {
	t.Helper()
	out, err := enc.NewEncoder().String(text)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// fontsOf is the table of fonts of these character sets.
func fontsOf(sets ...byte) string {
	table := ""
	for _, set := range sets {
		table += "\x0a\x16\x90\x01" + string([]byte{set, 0}) + "Arial"
	}
	return string(binary.LittleEndian.AppendUint16(nil, uint16(len(table)+2))) + table
}

func TestLettersOfOldWordAreReadInTheCodePageThatTheFileSays(t *testing.T) {
	const word6 = 101
	for _, test := range []struct {
		name, text string
		enc        encoding.Encoding
		fields     map[int]uint32
		fonts      string
	}{
		{"Danish", "Lønnen på Ærø 010203-1234", charmap.Windows1252, map[int]uint32{4: 0x0406_0000}, fontsOf(0, 0, 2)},
		{"Danish with one Polish font", "Lønnen på Ærø 010203-1234", charmap.Windows1252, map[int]uint32{4: 0x0406_0000}, fontsOf(0, 0, 238)},
		{"Polish with more Danish fonts", "Łódź źródło 010203-1234", charmap.Windows1250, map[int]uint32{4: 0x0406_0000}, fontsOf(0, 0, 238)},
		{"Danish with more Russian fonts", "Lønnen på Ærø 010203-1234", charmap.Windows1252, map[int]uint32{4: 0x0406_0000}, fontsOf(204, 0, 204)},
		{"Macintosh", "Lønnen på Ærø 010203-1234", charmap.Macintosh, map[int]uint32{0x14: 256}, fontsOf(0)},
		{"Polish by its language", "Łódź źródło 010203-1234", charmap.Windows1250, map[int]uint32{4: 0x0415_0000}, ""},
		{"Polish by its fonts", "Łódź źródło 010203-1234", charmap.Windows1250, nil, fontsOf(238, 0, 238)},
		{"Russian", "Членство 010203-1234", charmap.Windows1251, map[int]uint32{4: 0x0419_0000}, ""},
		{"Lithuanian", "Narystė profsąjungoje 010203-1234", charmap.Windows1257, map[int]uint32{4: 0x0427_0000}, ""},
	} {
		text := inCharset(t, test.enc, test.text+"\r")
		fields := map[int]uint32{0x18: 0x200, 0x1C: 0x200 + uint32(len(text)), 0xD0: 0x200 + uint32(len(text)), 0xD4: uint32(len(test.fonts))}
		for at, v := range test.fields {
			fields[at] = v
		}
		res := New(Config{}).File(t.Context(), "a.doc", compoundOf(map[string]string{"WordDocument": wordOf(0xA5DC, word6, fields, text+test.fonts)}))
		if !res.holds(test.text) || len(res.Findings) > 0 {
			t.Errorf("%s:\n%s", test.name, res.dump())
		}
	}
}

func TestWordBeforeItsFilesWereCompoundIsRead(t *testing.T) {
	const text = "Kære Søren\rcpr 010203-1234\r"
	written := inCharset(t, charmap.Windows1252, text)
	fields := map[int]uint32{0x18: 0x200, 0x1C: 0x200 + uint32(len(written))}
	for name, data := range map[string]string{
		"Word 1": wordOf(0xA59B, 0x21, fields, written),
		"Word 2": wordOf(0xA5DB, 0x2D, fields, written),
	} {
		res := New(Config{}).File(t.Context(), "a.doc", []byte(data))
		s, ok := res.segment("cpr 010203-1234")
		if !ok || s.Place.String() != "attachment 1 (Word)" || !res.holds("Kære Søren") || len(res.Findings) > 0 {
			t.Errorf("%s:\n%s", name, res.dump())
		}
		fields := map[int]uint32{0x08: 0x0100_0000}
		locked := New(Config{}).File(t.Context(), "a.doc", []byte(data[:4]+wordOf(0, 0, fields, written)[4:]))
		if f, ok := locked.finding(detect.Protected); !ok || f.Evidence[0] != strengthWeak {
			t.Errorf("%s with a password:\n%s", name, locked.dump())
		}
	}
}

func TestOldWordThatWasSavedFastIsReadInItsPieces(t *testing.T) {
	const fast = 0x0004_0000 // in the upper half of the field at 8
	clx := "\x01\x02\x00xx\x02\x1c\x00\x00\x00"
	for _, n := range []uint32{0, 8, 15} {
		clx = string(binary.LittleEndian.AppendUint32([]byte(clx), n))
	}
	for _, at := range []uint32{0x220, 0x200} { // what is first in the text was written last
		clx += string(binary.LittleEndian.AppendUint32([]byte("\x00\x00"), at)) + "\x00\x00"
	}
	rest := "03-1234" + strings.Repeat("\x00", 25) + "cpr 0102" + clx
	fields := map[int]uint32{8: fast, 0x18: 0x200, 0x1C: 0x207, 0x160: 0x228, 0x164: uint32(len(clx))}
	res := New(Config{}).File(t.Context(), "a.doc", compoundOf(map[string]string{"WordDocument": wordOf(0xA5DC, 101, fields, rest)}))
	if !res.holds("cpr 010203-1234") || len(res.Findings) > 0 {
		t.Error(res.dump())
	}
	fields[0x164] = 0x7FFFFFFF
	res = New(Config{}).File(t.Context(), "a.doc", compoundOf(map[string]string{"WordDocument": wordOf(0xA5DC, 101, fields, rest)}))
	if f, ok := res.finding(detect.Unscannable); !ok || f.Evidence[0] != whyPartly || !res.holds("03-1234") {
		t.Error(res.dump())
	}
}
