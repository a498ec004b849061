package extract

import (
	"encoding/binary"
	"strings"
	"testing"

	"postvern.example/policy/detect"
)

func TestOutlooksMessagesAreReadWithWhatIsAttached(t *testing.T) {
	msg := compoundOf(map[string]string{
		"__properties_version1.0":                            "x",
		"__substg1.0_0037001F":                               utf16le("Emne 010203-1111"),
		"__substg1.0_1000001F":                               utf16le("Brødtekst 010203-2222"),
		"__substg1.0_10130102":                               "<p>0102<b>03</b>-3333</p>",
		"__substg1.0_0C1A001E":                               "S\xf8ren 010203-4444",
		"__substg1.0_10090102":                               "\x20\x00\x00\x00\x18\x00\x00\x00MELA\x00\x00\x00\x00{\\rtf1 0102{\\b 03}-5555}",
		"__recip_version1.0_#00000000/__substg1.0_3001001F":  utf16le("Modtager 010203-6666"),
		"__attach_version1.0_#00000000/__substg1.0_3707001F": utf16le("liste 010203-7777.csv"),
		"__attach_version1.0_#00000000/__substg1.0_37010102": "Navn;CPR\nAnna;010203-8888\n",
		"__attach_version1.0_#00000001/__substg1.0_3701000D/__properties_version1.0":                            "x",
		"__attach_version1.0_#00000001/__substg1.0_3701000D/__substg1.0_1000001F":                               utf16le("Indre 010203-9999"),
		"__attach_version1.0_#00000001/__substg1.0_3701000D/__attach_version1.0_#00000000/__substg1.0_37010102": "dybt 010203-0000",
	})
	res := extracted(t, attached("application/vnd.ms-outlook", "brev.msg", msg))
	for text, place := range map[string]string{
		"Emne 010203-1111":      "attachment 1 (mail), message, header (Subject)",
		"Brødtekst 010203-2222": "attachment 1 (mail), message, body (text)",
		"010203-3333":           "attachment 1 (mail), message, body (HTML)",
		"Søren 010203-4444":     "attachment 1 (mail), message, header (From)",
		"010203-5555":           "attachment 1 (mail), message, body (HTML)",
		"Modtager 010203-6666":  "attachment 1 (mail), message, header (To), properties",
		"liste 010203-7777":     "attachment 1 (mail), message, attachment 1, name",
		"Anna\t010203-8888":     "attachment 1 (mail), message, attachment 1 (table)",
		"Indre 010203-9999":     "attachment 1 (mail), message, attachment 2 (mail), message, body (text)",
		"dybt 010203-0000":      "attachment 1 (mail), message, attachment 2 (mail), message, attachment 3 (text)",
	} {
		s, ok := res.segment(text)
		if !ok || s.Place.String() != place {
			t.Errorf("%q stands in %q, want %q", text, s.Place, place)
		}
	}
	if len(res.Findings) > 0 || t.Failed() {
		t.Error(res.dump())
	}
}

// tnefOf writes a winmail.dat with these attributes.
func tnefOf(attributes ...any) []byte {
	out := []byte("\x78\x9f\x3e\x22\x01\x00")
	for i := 0; i+1 < len(attributes); i += 2 {
		data := attributes[i+1].(string)
		out = append(out, 1)
		out = binary.LittleEndian.AppendUint32(out, uint32(attributes[i].(int)))
		out = binary.LittleEndian.AppendUint32(out, uint32(len(data)))
		out = append(out, data...)
		out = binary.LittleEndian.AppendUint16(out, tnefSum([]byte(data)))
	}
	return out
}

func TestADamagedWinmailIsAFinding(t *testing.T) {
	list := func(n byte, props ...string) string {
		return string([]byte{n, 0, 0, 0}) + strings.Join(props, "")
	}
	const number = "cpr 010203-1234\x00"
	whole := string(tnefOf(tnefMsgProps, list(1, property(0x1000001E, number)), tnefSubject, "Lønseddel\x00"))
	for name, c := range map[string]struct {
		file    string
		damaged bool
	}{
		"whole":                      {whole, false},
		"one letter is another":      {strings.Replace(whole, "nseddel", "nsedler", 1), true},
		"an attribute of zeros":      {strings.Replace(whole, "seddel", "\x00\x00\x00\x00\x00\x00", 1), true},
		"fewer properties than told": {string(tnefOf(tnefMsgProps, list(2, property(0x1000001E, number)))), true},
		"a property of no type":      {string(tnefOf(tnefMsgProps, list(2, property(0x1000001E, number), "\x33\x00\x00\x10"+number))), true},
	} {
		res := New(Config{}).File(t.Context(), "winmail.dat", []byte(c.file))
		f, told := res.finding(detect.Unscannable)
		if told != c.damaged || told && f.Evidence[0] != whyMalformed || !res.holds("010203-1234") {
			t.Errorf("%s\n%s", name, res.dump())
		}
	}
}

// property writes one string or bytes of a MAPI list.
func property(tag uint32, value string) string {
	out := binary.LittleEndian.AppendUint32(nil, tag)
	out = binary.LittleEndian.AppendUint32(out, 1)
	out = binary.LittleEndian.AppendUint32(out, uint32(len(value)))
	return string(out) + value + strings.Repeat("\x00", -len(value)&3)
}

func TestWinmailIsReadWithWhatIsInIt(t *testing.T) {
	list := func(props ...string) string {
		return string(binary.LittleEndian.AppendUint32(nil, uint32(len(props)))) + strings.Join(props, "")
	}
	data := tnefOf(
		0x00018004, "Emne 010203-1111\x00",
		tnefMsgProps, list(property(0x1000001F, utf16le("Brødtekst 010203-2222")), "\x03\x00\x17\x00\x01\x00\x00\x00", property(0x10130102, "<p>0102<b>03</b>-3333")),
		tnefRecipients, string(binary.LittleEndian.AppendUint32(nil, 1))+list(property(0x3001001E, "Modtager 010203-4444")),
		tnefAttachStart, strings.Repeat("\x00", 14),
		tnefAttachTitle, "LISTE.CSV\x00",
		tnefAttachData, "Navn;CPR\nAnna;010203-5555\n",
		tnefAttachProps, list(property(0x3707001F, utf16le("liste 010203-6666.csv"))),
		tnefAttachStart, strings.Repeat("\x00", 14),
		tnefAttachData, string(document(t, "liste.xlsx")),
	)
	res := extracted(t, attached("application/ms-tnef", "winmail.dat", data))
	for _, want := range []string{"Emne 010203-1111", "Brødtekst 010203-2222", "010203-3333", "Modtager 010203-4444", "Anna\t010203-5555", "liste 010203-6666.csv", "Søren Ærø\t0102031234"} {
		if !res.holds(want) {
			t.Errorf("%q was not read", want)
		}
	}
	if len(res.Findings) > 0 || t.Failed() {
		t.Error(res.dump())
	}
	if res = extracted(t, attached("application/ms-tnef", "winmail.dat", data[:len(data)-5000])); len(res.Findings) == 0 {
		t.Error("a winmail.dat cut short is no finding")
	}
}

func TestFilesInsideOldDocumentsAreRead(t *testing.T) {
	native := "\x02\x00a.txt\x00C:\\a.txt\x00\x00\x00\x03\x00\x06\x00\x00\x00a.txt\x00" + "\x0f\x00\x00\x00cpr 010203-1234"
	native = string(binary.LittleEndian.AppendUint32(nil, uint32(len(native)))) + native
	c := compoundOf(map[string]string{
		"WordDocument":                  string(make([]byte, 512)),
		"ObjectPool/_1/\x01Ole10Native": native,
		"Macros/VBA/dir":                "x",
		"Macros/VBA/Modul1":             "\x00\x01\x02" + vba("Attribute VB_Name = \"Modul1\"\r\nx = \"020304-1234\""),
		"\x05SummaryInformation":        summary("Titel 030405-1234"),
	})
	res := extracted(t, attached("application/msword", "a.doc", c))
	for _, want := range []string{"cpr 010203-1234", "020304-1234", "Titel 030405-1234"} {
		if !res.holds(want) {
			t.Errorf("%q was not read", want)
		}
	}
	if t.Failed() {
		t.Log(res.dump())
	}
}

// vba writes text as MS-OVBA does, without compressing any of it.
func vba(text string) string {
	var b strings.Builder
	for len(text) > 0 {
		n := min(8, len(text))
		b.WriteString("\x00" + text[:n])
		text = text[n:]
	}
	chunk := b.String()
	return "\x01" + string(binary.LittleEndian.AppendUint16(nil, uint16(len(chunk)-1)|0xB000)) + chunk
}

// summary writes a property set with a title.
func summary(title string) string {
	set := "\xfe\xff\x00\x00" + strings.Repeat("\x00", 20) + "\x01\x00\x00\x00" + strings.Repeat("\x00", 16) + "\x30\x00\x00\x00"
	section := "\x00\x01\x00\x00\x01\x00\x00\x00\x02\x00\x00\x00\x10\x00\x00\x00" + "\x1e\x00\x00\x00" + string(binary.LittleEndian.AppendUint32(nil, uint32(len(title)))) + title
	return set + section
}

func TestDocumentsThatRightsManagementLocksAreProtected(t *testing.T) {
	c := compoundOf(map[string]string{"\x09DRMContent": "x", "WordDocument": "x"})
	res := extracted(t, attached("application/msword", "a.doc", c))
	if _, ok := res.finding(detect.Protected); !ok {
		t.Error(res.dump())
	}
}

func TestAMetafileInAnOldDocumentIsAPicture(t *testing.T) {
	text := "\x0f\x00\x00\x00\x21\x05\x0b\x00010203-1234\x00\x00\x00\x00\x00\x00"
	wmf := "\x01\x00\x09\x00\x00\x03" + strings.Repeat("\x00", 12) + text
	native := "\x08\x00\x55\x0f\x29\x0c" + wmf
	res := extracted(t, attached("application/msword", "a.doc", compoundOf(map[string]string{
		"WordDocument":                  string(make([]byte, 512)),
		"ObjectPool/_1/\x01Ole10Native": string(binary.LittleEndian.AppendUint32(nil, uint32(len(native)))) + native,
	})))
	if !res.holds("010203-1234") || strings.Contains(res.dump(), string(whyFormat)) {
		t.Error(res.dump())
	}
}

func TestOutlooksFormsAreReadInsideEachOther(t *testing.T) {
	winmail := func(file string) string {
		return string(tnefOf(tnefAttachStart, strings.Repeat("\x00", 14), tnefAttachTitle, "A.DAT\x00", tnefAttachData, file))
	}
	const attachment = "__attach_version1.0_#00000000/__substg1.0_"
	msg := func(file string) string {
		return string(compoundOf(map[string]string{
			"__properties_version1.0": "x",
			attachment + "3707001F":   utf16le("a.msg"), attachment + "37010102": file,
		}))
	}
	inner := msg(docx(t, `<w:p><w:r><w:t>010203-1234</w:t></w:r></w:p>`))
	for name, file := range map[string]string{
		"TNEF in TNEF":                 winmail(winmail(inner)),
		"a message in one in TNEF":     winmail(msg(inner)),
		"TNEF in a message":            msg(winmail(inner)),
		"a mail with TNEF in a mail":   winmail(attached("application/ms-tnef", "winmail.dat", []byte(winmail(inner)))),
		"a message that is an archive": msg(string(zipOf(t, "a.msg", inner, "winmail.dat", winmail("x")))),
	} {
		res := extracted(t, attached("application/ms-tnef", "winmail.dat", []byte(file)))
		if !res.holds("010203-1234") || len(res.Findings) > 0 {
			t.Errorf("%s: %.800s", name, res.dump())
		}
	}
}
