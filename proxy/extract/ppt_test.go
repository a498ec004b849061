package extract

import (
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"postvern.example/policy/detect"
)

// pptRecordOf is a record of a presentation; containers have the version 15.
func pptRecordOf(version, kind uint16, data string) string {
	b := binary.LittleEndian.AppendUint16(nil, version)
	b = binary.LittleEndian.AppendUint16(b, kind)
	return string(binary.LittleEndian.AppendUint32(b, uint32(len(data)))) + data
}

func words32(words ...int) string {
	var b []byte
	for _, w := range words {
		b = binary.LittleEndian.AppendUint32(b, uint32(w))
	}
	return string(b)
}

// pptSaved is a presentation with the records of its last save behind it, which
// name the records at these offsets; more stands in the save's own record.
func pptSaved(records string, more string, named ...int) []byte {
	directory := len(records)
	records += pptRecordOf(0, pptDirectory, words32(append([]int{1 | len(named)<<20}, named...)...))
	edit := len(records)
	records += pptRecordOf(0, pptUserEdit, words32(0, 3<<24, edit, directory, 1, len(named)+1, 0)+more)
	return compoundOf(map[string]string{
		"PowerPoint Document": records,
		"Current User":        pptRecordOf(0, 0x0FF6, words32(20, 0xE391C05F, edit, 0)),
	})
}

func TestAPresentationIsReadWhereItsSavesSayThatItStands(t *testing.T) {
	text := pptRecordOf(0, pptTextBytes, "CPR 070761-4285")
	document := pptRecordOf(0x0F, pptDocument, text)
	aside := "\x00\x00" // no record begins here
	for _, c := range []struct {
		name string
		file []byte
		why  []detect.Evidence
		read bool
	}{
		{"one record behind the other", pptSaved(document, "", 0), nil, true},
		{"a record that nothing leads to but a save", pptSaved(pptRecordOf(0x0F, pptDocument, "")+aside+document, "", 0, 10), nil, true},
		{"a record inside one that holds no text", pptSaved(pptRecordOf(0, 0x1234, document), "", 8), nil, true},
		{"what no save names", pptSaved(document+"\xff\xff\xff\xff\xff\xff\xff\xff CPR 020304-1234", "", 0), nil, true},
		{"a save that names what is not there", pptSaved(pptRecordOf(0x0F, pptDocument, "")+"\xff\xff\xff\xff\xff\xff\xff\xff", "", 8), []detect.Evidence{whyMalformed}, false},
		{"no save", compoundOf(map[string]string{"PowerPoint Document": document + "\xff\xff\xff\xff\xff\xff\xff\xff"}), []detect.Evidence{whyMalformed}, true},
		{"a package in what is called a container", pptSaved(pptRecordOf(0x0F, pptDocument, pptRecordOf(0x0F, 0x0428, string(zipOf(t, "a.xml", "<a/>")))+text), "", 0), nil, true},
		{"a save that names a key", pptSaved(pptRecordOf(0x0F, 0xFC60, "CPR 070761-4285"), "\x01\x00\x00\x00", 0), []detect.Evidence{strengthWeak}, false},
		{"PowerPoint 95", compoundOf(map[string]string{"PowerPoint Document": "\x00\x01\x02\x03\x04\x05\x06\x07", "Header": "\x01\x02", "Text_Content": "CPR 070761-4285"}), []detect.Evidence{whyUnread}, true},
	} {
		res := extracted(t, attached("application/vnd.ms-powerpoint", "a.ppt", c.file))
		var why []detect.Evidence
		for _, f := range res.Findings {
			why = append(why, f.Evidence...)
		}
		if !slices.Equal(why, c.why) || res.holds("070761-4285") != c.read {
			t.Errorf("%s: %v\n%s", c.name, why, res.dump())
		}
		if strings.HasPrefix(c.name, "what no save") && !res.holds("020304-1234") {
			t.Errorf("%s was not looked through", c.name)
		}
	}
}
