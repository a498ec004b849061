package extract

import (
	"encoding/binary"
	"math"
	"math/bits"
	"strings"
	"testing"

	"postvern.example/policy/detect"
)

// book97 is a workbook of these records, in its globals.
func book97(records ...string) []byte {
	return compoundOf(map[string]string{"Workbook": bookStream(records...)})
}

func bookStream(records ...string) string {
	return record16(biffBOF, "\x00\x06\x05\x00"+strings.Repeat("\x00", 12)) + strings.Join(records, "") + record16(biffEOF, "") + record16(0x0208, strings.Repeat("\x00", 4096))
}

func double(v float64) string {
	return string(binary.LittleEndian.AppendUint64(nil, math.Float64bits(v)))
}

func narrow(text string) string { return le16(len(text)) + "\x00" + text }

func TestRecordsBesideTheCellsOfAWorkbookAreRead(t *testing.T) {
	const number = "070761-4285"
	wide := utf16le(number)
	for name, c := range map[string]struct{ record, want string }{
		"a cached string":                {record16(biffCacheOf, "\x01\x00\x00\x00") + record16(biffCached, "\x01\x00\x07\x00\x02"+narrow("Anna")+"\x02"+narrow(number)), "Anna\t" + number},
		"a cached wide string":           {record16(biffCached, "\x01\x00\x07\x00\x02\x04\x00\x01"+utf16le("Anna")+"\x02\x0b\x00\x01"+wide), "Anna\t" + number},
		"a cached number":                {record16(biffCached, "\x02\x00\x07\x00\x01"+double(707614285)+"\x00"+strings.Repeat("\x00", 8)+"\x01"+double(2.34567)), "707614285\t\t2.35"},
		"the name of a linked file":      {record16(0x01AE, "\x01\x00"+narrow("\x01\x01C\x03lister\x03"+number+".xls")), number},
		"a shape":                        {record16(0x00EC, "\x0f\x00\x04\xf0\x20\x00\x00\x00"+wide), number},
		"a shape that is continued":      {record16(0x00EC, "\x0f\x00\x04\xf0"+wide[:9]) + record16(biffContinue, wide[9:]), number},
		"a shared formula":               {record16(biffShared, strings.Repeat("\x00", 10)+"\x17\x06\x00070761\x17\x05\x00-4285\x08"), number},
		"an array's formula":             {record16(biffArray, strings.Repeat("\x00", 14)+"\x17\x06\x00070761\x17\x05\x00-4285\x08"), number},
		"a condition":                    {record16(biffCondition, strings.Repeat("\x00", 12)+"\x17\x06\x00070761\x17\x05\x00-4285\x08"), number},
		"a number of a pivot table":      {record16(biffPivotNum, double(707614285)), "707614285"},
		"a comment on a name":            {record16(0x0894, strings.Repeat("\x00", 12)+"\x04\x00\x0b\x00\x01"+utf16le("Navn")+"\x01"+wide), number},
		"a view of somebody's":           {record16(0x01A9, strings.Repeat("\x00", 50)+"\x00"+number), number},
		"a record that is not known":     {record16(0x0BCD, "\x01\x02"+wide), number},
		"somebody who a mail goes on to": {record16(0x00B9, "\x0b\x00\x04\x00"+number+"SMTP"), number},
	} {
		res := extracted(t, attached("application/vnd.ms-excel", "a.xls", book97(c.record)))
		if !res.holds(c.want) || len(res.Findings) > 0 {
			t.Errorf("%s\n%s", name, res.dump())
		}
	}
	res := extracted(t, attached("application/vnd.ms-excel", "a.xls", book97(record16(0x0BCD, strings.Repeat("\x00\x40\xc0\xff", 400)+strings.Repeat("\x00\x01\x40\x01", 99)))))
	for _, s := range res.Segments {
		if strings.Contains(s.Text, "Ā") || strings.Contains(s.Text, "@À") {
			t.Errorf("noise is text\n%s", res.dump())
		}
	}
}

func TestWhoSavedAWorkbookIsItsAuthor(t *testing.T) {
	for name, c := range map[string]struct{ stream, head, text string }{
		"97": {"Workbook", "\x00\x06\x05\x00", narrow("Anna Holm" + strings.Repeat(" ", 100))},
		"95": {"Book", "\x00\x05\x05\x00", "\x09Anna Holm" + strings.Repeat(" ", 21)},
	} {
		stream := record16(biffBOF, c.head+strings.Repeat("\x00", 12)) + record16(biffUser, c.text) + record16(biffEOF, "") + record16(0x0208, strings.Repeat("\x00", 4096))
		res := extracted(t, attached("application/vnd.ms-excel", "a.xls", compoundOf(map[string]string{c.stream: stream})))
		if len(res.Authors) != 1 || res.Authors[0].Name != "Anna Holm" {
			t.Errorf("%s: %v\n%s", name, res.Authors, res.dump())
		}
	}
}

// obscure is what openObscured undoes.
func obscure(stream, password string) string {
	key, verifier := obscured([]byte(password))
	a := obscureArray([]byte(password), key)
	head := record16(biffBOF, "\x00\x06\x05\x00"+strings.Repeat("\x00", 12)) + record16(biffFilePass, "\x00\x00"+le16(int(key))+le16(int(verifier)))
	out := []byte(head + stream)
	for at := len(head); at+4 <= len(out); {
		size := int(binary.LittleEndian.Uint16(out[at+2:]))
		for i := at + 4; i < at+4+size; i++ {
			out[i] = bits.RotateLeft8(out[i]^a[(i+size)%16], 5)
		}
		at += 4 + size
	}
	return string(out)
}

// The key and the verifier of Excel's own password stand in every file that it
// writes so.
func TestXORObfuscationIsUndone(t *testing.T) {
	if key, verifier := obscured([]byte(defaultPassword)); key != 0xB359 || verifier != 0x9A0A {
		t.Errorf("key %X, verifier %X", key, verifier)
	}
	rest := record16(0x01AE, "\x01\x00"+narrow("cpr 070761-4285")) + record16(biffEOF, "") + record16(0x0208, strings.Repeat("\x00", 4096))
	res := extracted(t, attached("application/vnd.ms-excel", "a.xls", compoundOf(map[string]string{"Workbook": obscure(rest, defaultPassword)})))
	if !res.holds("cpr 070761-4285") || len(res.Findings) > 0 {
		t.Error(res.dump())
	}
	res = extracted(t, attached("application/vnd.ms-excel", "a.xls", compoundOf(map[string]string{"Workbook": obscure(rest, "Sommer2026")})))
	if f, ok := res.finding(detect.Protected); !ok || f.Evidence[0] != strengthWeak || res.holds("070761-4285") {
		t.Error(res.dump())
	}
	key, verifier := obscured([]byte("Sommer2026"))
	plain, ok := openBIFF([]byte(obscure(rest, "Sommer2026")), []byte("\x00\x00"+le16(int(key))+le16(int(verifier))), "Sommer2026")
	if !ok || !strings.Contains(string(plain), "070761-4285") {
		t.Error("the right password does not open it")
	}
}
