package extract

import (
	"encoding/binary"
	"maps"
	"strings"
	"testing"

	"golang.org/x/text/encoding/charmap"
)

// word97 is a document of Word 97 with a word in one piece, and more streams. What is called "main" and "table" stands behind those streams' own.
func word97(more map[string]string) []byte {
	const textAt, text = 0x200, "Hej\r"
	head := make([]byte, textAt)
	binary.LittleEndian.PutUint16(head, 0xA5EC)
	binary.LittleEndian.PutUint16(head[2:], 0xC1)
	binary.LittleEndian.PutUint32(head[0x4C:], uint32(len(text)))
	pieces := words32(0, len(text)) + "\x00\x00" + words32(textAt*2|0x40000000) + "\x00\x00"
	table := "\x02" + words32(len(pieces)) + pieces
	binary.LittleEndian.PutUint32(head[0x1A6:], uint32(len(table)))
	streams := maps.Clone(more)
	if streams == nil {
		streams = map[string]string{}
	}
	streams["WordDocument"] = string(head) + text + streams["main"]
	streams["0Table"] = table + streams["table"]
	delete(streams, "main")
	delete(streams, "table")
	for name, data := range streams {
		streams[name] = data + strings.Repeat("\x00", 4096) // no blanks behind it
	}
	return compoundOf(streams)
}

func TestNoStreamOfAnOlderDocumentHidesText(t *testing.T) {
	const cpr = "070761-4285"
	wide := utf16le(cpr)
	drawing := string(zipOf(t, "[Content_Types].xml", contentTypes, "drs/shapexml.xml", `<p:sp><a:p><a:r><a:t>070761-4285</a:t></a:r></a:p></p:sp>`))
	packed := "\x02\x00a.txt\x00C:\\a.txt\x00\x00\x00\x03\x00" + words32(14) + "C:\\070761-4285" + words32(1) + "a"
	metafile := "\x01\x00\x09\x00\x00\x03" + strings.Repeat("\x00", 12) + words32(10) + "\x21\x05\x0b\x00070761-4285\x00\x00\x00\x00\x00" + words32(3) + "\x00\x00"
	ppt := func(record string) []byte {
		return pptSaved(pptRecordOf(0x0F, pptDocument, record), "", 0)
	}
	for name, file := range map[string][]byte{
		"what describes a picture in a line":   word97(map[string]string{"Data": "\x00\x01\x02" + wide + "\x00\x00"}),
		"the file that a picture is linked to": word97(map[string]string{"Data": words32(0x60) + "\x44\x00\x66\x00" + strings.Repeat("\x00", 60) + "\x0b" + cpr}),
		"what was deleted and saved fast":      word97(map[string]string{"main": "\x00\x01Gamle Ole 070761-4285\x00"}),
		"how a newer Word draws a shape":       word97(map[string]string{"table": "\x01\x02" + drawing}),
		"XML of one's own":                     word97(map[string]string{"MsoDataStore/A/Item": "<a b='" + cpr + "'/>"}),
		"an object of an unknown program":      word97(map[string]string{"ObjectPool/_1/Native": "\x00\x01Gamle " + cpr}),
		"one that writes in Unicode":           word97(map[string]string{"ObjectPool/_1/Native": "\x00\x03" + wide}),
		"a file in an unknown stream":          word97(map[string]string{"ObjectPool/_1/package_stream": string(zipOf(t, "a.txt", cpr))}),
		"what an object is linked to":          word97(map[string]string{"ObjectPool/_1/\x01Ole": "\x01\x00\x00\x02C:\\Sager\\070761-4285 \x00"}),
		"how an object looks":                  word97(map[string]string{"ObjectPool/_1/\x03META": "\x08\x00\x00\x00\x00\x00\x00\x00" + metafile}),
		"where a packed file lay":              word97(map[string]string{"ObjectPool/_1/\x01Ole10Native": words32(len(packed)) + packed}),
		"its name in Unicode":                  word97(map[string]string{"ObjectPool/_1/\x01Ole10Native": words32(99) + "\x02\x00a.txt\x00C:\\a.txt\x00\x00\x00\x03\x00" + words32(1) + "\x00" + words32(1) + "a" + words32(11) + wide}),
		"what macros are called":               word97(map[string]string{"Macros/PROJECT": "ID=\"{1}\"\r\nName=\"A\"\r\nDescription=\"070761-4285\"\r\n"}),
		"behind the text of Word 6":            compoundOf(map[string]string{"WordDocument": wordOf(0xA5DC, 101, map[int]uint32{0x18: 0x200, 0x1C: 0x204}, "Hej\r\x01\x020761\x00"+"\x0b070761-4285\x00")}),
		"how a newer PowerPoint draws a shape": ppt(pptRecordOf(3, 0xF122, "\xa9\xc3"+words32(len(drawing))+drawing)),
		"how it draws a table":                 ppt(pptRecordOf(0, 0x041E, drawing)),
		"records of a later version":           ppt(pptRecordOf(0, pptTagData, pptRecordOf(0x0F, pptComment, pptRecordOf(0, pptCString, wide)))),
		"the name of a sound":                  ppt(pptRecordOf(0x0F, 0x07E4, pptRecordOf(0x0F, 0x07E6, pptRecordOf(0, pptCString, wide)))),
		"a show of one's own":                  ppt(pptRecordOf(0x0F, 0x0410, pptRecordOf(0x0F, 0x0411, pptRecordOf(0, pptCString, wide)))),
		"a footer":                             ppt(pptRecordOf(0x4F, 0x0FD9, pptRecordOf(0x20, pptCString, wide))),
		"what describes a shape":               ppt(pptRecordOf(3, 0xF00B, "\x81\xc3"+words32(len(wide)+2)+wide+"\x00\x00")),
		"a stream of its own":                  word97(map[string]string{"Andet": "\x00\x01" + cpr}),
	} {
		res := New(Config{}).File(t.Context(), "fil", file)
		found := res.holdsNumber(cpr)
		for _, s := range res.Segments {
			found = found || strings.Contains(s.Text, "C:\\"+cpr) || s.Text == cpr // the names of files are labels
		}
		if !found {
			t.Errorf("%s\n%s", name, res.dump())
		}
		if len(res.Findings) > 0 {
			t.Errorf("%s: is told as not wholly read\n%s", name, res.dump())
		}
	}
}

func TestWhatStandsInOctetsByChanceIsNoText(t *testing.T) {
	res := New(Config{}).File(t.Context(), "fil", word97(map[string]string{
		"ObjectPool/_1/Native": "\x00#*IIJIJIJ2\x00xxxxxxxx\x00\xfe\xfb\xfe\xf8\xfe\xf8\xfe\xf8\x00a7-a8.a8.%&'()*456789:CD\x00~~~~~~~~\x00",
		"Macros/PROJECT":       "ID=\"{12345678-1234}\"\r\nCMG=\"0707614285\"\r\n", "\x01CompObj": "\x00Word.Document.8 070761-4285",
	}))
	for _, s := range res.Segments {
		if !strings.Contains(s.Text, "Hej") && s.Text != "fil" {
			t.Error(res.dump())
		}
	}
}

func TestWhoSavedAPresentationIsOneOfItsAuthors(t *testing.T) {
	for name, wide := range map[string]string{"Bo Friis": "", "Søren Ærø": utf16le("Søren Ærø")} {
		narrow := inCharset(t, charmap.Windows1252, name)
		user := words32(20, 0xE391C05F, 0) + string(binary.LittleEndian.AppendUint16(nil, uint16(len(narrow)))) + "\xf4\x03\x03\x00\x00\x00" + narrow + words32(8) + wide
		res := New(Config{}).File(t.Context(), "a.ppt", compoundOf(map[string]string{
			"PowerPoint Document": pptRecordOf(0x0F, pptDocument, strings.Repeat("\x00", 4096)), "Current User": pptRecordOf(0, 0x0FF6, user+strings.Repeat("\x00", 4096)),
		}))
		if len(res.Authors) != 1 || res.Authors[0].Name != name || !res.holds(name) {
			t.Errorf("%s: %v\n%s", name, res.Authors, res.dump())
		}
	}
}
