package extract

import (
	"encoding/binary"
	"strings"
	"testing"

	"github.com/klauspost/compress/snappy"

	"postvern.example/policy/detect"
)

func TestDrawingsAndPagesOfPackagesAreRead(t *testing.T) {
	utf16 := func(text string) string { return "\xff\xfe" + utf16le(text) }
	for name, c := range map[string]struct {
		label, want string
		file        []byte
	}{
		"Visio": {"Visio", "010203-1234", zipOf(t, "[Content_Types].xml", contentTypes, "visio/document.xml", "<VisioDocument/>",
			"visio/pages/page1.xml", `<PageContents><Shapes><Shape><Text>0102<cp IX='0'/>03-1234</Text></Shape></Shapes></PageContents>`)},
		"data of a Visio shape": {"Visio", "010203-1234", zipOf(t, "[Content_Types].xml", contentTypes, "visio/document.xml", "<VisioDocument/>",
			"visio/pages/page1.xml", `<PageContents><Row N='CPR'><Cell N='Value' V='010203-1234'/></Row></PageContents>`)},
		"XPS, a number in two runs": {"document", "010203-1234\tAnna", zipOf(t, "[Content_Types].xml", contentTypes, "Documents/1/Pages/1.fpage",
			`<FixedPage><Glyphs OriginX="10" OriginY="20" FontRenderingEmSize="12" UnicodeString="010203"/>`+
				`<Glyphs OriginX="50" OriginY="20" FontRenderingEmSize="12" UnicodeString="-1234"/>`+
				`<Glyphs OriginX="150" OriginY="20" FontRenderingEmSize="12" UnicodeString="Anna"/></FixedPage>`)},
		"XPS in UTF-16": {"document", "010203-1234", zipOf(t, "[Content_Types].xml", contentTypes, "Documents/1/Pages/1.fpage",
			utf16(`<FixedPage><Glyphs OriginX="10" OriginY="20" FontRenderingEmSize="12" UnicodeString="010203-1234"/></FixedPage>`))},
		"Pages": {"document", "010203-1234", zipOf(t, "Index/Document.iwa", iwaOf("cpr 010203-1234"), "preview.jpg", string(pngOf(800, 600)))},
	} {
		res := extracted(t, attached("application/octet-stream", "x", c.file))
		s, ok := res.segment(c.want)
		if !ok || !strings.HasPrefix(s.Place.String(), "attachment 1 ("+c.label+")") || len(res.Findings) > 0 {
			t.Errorf("%s\n%s", name, res.dump())
		}
	}
}

// iwaOf is one object with one message, whose third field is a text.
func iwaOf(text string) string {
	field := func(number int, data []byte) []byte {
		return append(binary.AppendUvarint([]byte{byte(number<<3 | 2)}, uint64(len(data))), data...)
	}
	message := field(3, []byte(text))
	info := append([]byte{1 << 3, 1, 3 << 3}, binary.AppendUvarint(nil, uint64(len(message)))...)
	head := append([]byte{1 << 3, 1}, field(2, info)...)
	packed := snappy.Encode(nil, append(append(binary.AppendUvarint(nil, uint64(len(head))), head...), message...))
	return string([]byte{0, byte(len(packed)), byte(len(packed) >> 8), 0}) + string(packed)
}

func TestWhatIsReadInPartOnlySaysSo(t *testing.T) {
	numbers := zipOf(t, "Index/Document.iwa", iwaOf("cpr 010203-1234"), "Index/Tables/Tile.iwa", iwaOf("x"))
	res := extracted(t, attached("application/octet-stream", "a.numbers", numbers))
	if f, ok := res.finding(detect.Unscannable); !ok || f.Evidence[0] != whyPartly || !res.holds("010203-1234") {
		t.Error(res.dump())
	}
	res = extracted(t, attached("application/octet-stream", "a.pages", zipOf(t, "Index/Document.iwa", "x", ".iwpv2", "x")))
	if _, ok := res.finding(detect.Protected); !ok {
		t.Error(res.dump())
	}
	for label, data := range map[string]string{
		"OneNote":  "\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d\xae\xb1\x53\x78\xd0\x29\x96\xd3" + utf16le("cpr 010203-1234"),
		"Access":   "\x00\x01\x00\x00Standard ACE DB\x00" + utf16le("cpr 010203-1234"),
		"document": "\x00\x00\x02\x00\x06\x04\x06\x00\x01\x02cpr 010203-1234\x00",
	} {
		res := extracted(t, attached("application/octet-stream", "x", []byte(data)))
		f, ok := res.finding(detect.Unscannable)
		if !ok || f.Evidence[0] != whyUnread || !res.holds("010203-1234") || f.Place.String() != "attachment 1 ("+label+")" {
			t.Errorf("%s\n%s", label, res.dump())
		}
	}
}

func TestAnEncryptedDatabaseIsProtected(t *testing.T) {
	data := "\x00\x01\x00\x00Standard ACE DB\x00\x02" + strings.Repeat("\x00", 0x299-21) + "\x1f\x04\x04\x00\x04\x00\x40\x00\x00\x00<?xml version=\"1.0\"?><encryption/>"
	res := extracted(t, attached("application/octet-stream", "a.accdb", []byte(data)))
	if f, ok := res.finding(detect.Protected); !ok || f.Evidence[0] != strengthStrong || len(res.Findings) != 1 {
		t.Error(res.dump())
	}
}

func TestLinksAndLongNumbersOfPropertiesAreRead(t *testing.T) {
	value := func(kind int, data string) string { return le16(kind) + "\x00\x00" + data }
	values := []string{
		value(0x41, le16(52)+"\x00\x00"+utf16le("mailto:anna@member.example")),
		value(0x03, string(binary.LittleEndian.AppendUint32(nil, 101850016))),
		value(0x05, double(707614285)),
		value(0x03, string(binary.LittleEndian.AppendUint32(nil, 12))),
	}
	var heads, body strings.Builder
	at := 8 + 8*len(values)
	for i, v := range values {
		v += strings.Repeat("\x00", 8)
		heads.WriteString(string(binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(nil, uint32(20+i)), uint32(at))))
		body.WriteString(v)
		at += len(v)
	}
	section := string(binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(nil, uint32(at)), uint32(len(values)))) + heads.String() + body.String()
	set := "\xfe\xff" + strings.Repeat("\x00", 22) + "\x01\x00\x00\x00" + strings.Repeat("\x00", 16) + "\x30\x00\x00\x00" + section
	stream := record16(biffBOF, "\x00\x06\x05\x00"+strings.Repeat("\x00", 12)) + record16(biffEOF, "") + record16(0x0208, strings.Repeat("\x00", 4096))
	res := extracted(t, attached("application/vnd.ms-excel", "a.xls", compoundOf(map[string]string{"Workbook": stream, "\x05SummaryInformation": set})))
	for _, want := range []string{"mailto:anna@member.example", "101850016", "707614285"} {
		if !res.holds(want) || len(res.Findings) > 0 {
			t.Errorf("%q\n%s", want, res.dump())
		}
	}
}

func TestTextThatBeginsLikeAFileIsText(t *testing.T) {
	for _, text := range []string{"070707-1234 er nummeret", "!BDN er en forkortelse, cpr 070707-1234", "x -lh5- 070707-1234"} {
		if res := extracted(t, attached("text/plain", "a.txt", []byte(text))); len(res.Findings) > 0 || !res.holds("070707-1234") {
			t.Error(res.dump())
		}
	}
}
