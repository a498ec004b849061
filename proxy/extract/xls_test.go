package extract

import (
	"encoding/binary"
	"math"
	"strings"
	"testing"

	"postvern.example/policy/detect"
)

func TestTheTableOfStringsIsReadAsExcelReadsIt(t *testing.T) {
	str := func(text string) string {
		return string(binary.LittleEndian.AppendUint16(nil, uint16(len(text)))) + "\x00" + text
	}
	cell := func(n byte) string {
		return record16(biffLabelSST, "\x00\x00"+string([]byte{n})+"\x00\x00\x00"+string([]byte{n})+"\x00\x00\x00")
	}
	book := func(told byte, cells string, table string, more ...string) []byte {
		var rest strings.Builder
		for _, m := range more {
			rest.WriteString(record16(biffContinue, m))
		}
		globals := record16(biffBOF, "\x00\x06\x05\x00"+strings.Repeat("\x00", 12))
		sheet := record16(biffBOF, "\x00\x06\x10\x00"+strings.Repeat("\x00", 12))
		sst := record16(biffSST, "\x01\x00\x00\x00"+string([]byte{told, 0, 0, 0})+table) + rest.String()
		name := "\x00\x00\x04\x00Blad"
		start := len(globals) + len(record16(biffBoundSheet, "\x00\x00\x00\x00"+name)) + len(sst) + 4
		bound := record16(biffBoundSheet, string(binary.LittleEndian.AppendUint32(nil, uint32(start)))+name)
		return compoundOf(map[string]string{"Workbook": globals + bound + sst + record16(biffEOF, "") + sheet + cells + record16(biffEOF, "") + record16(0x0FFF, strings.Repeat("\x00", 4096))})
	}
	for _, c := range []struct {
		name      string
		file      []byte
		malformed bool
	}{
		{"two strings", book(2, cell(0)+cell(1), str("Anna")+str("070761-4285")), false},
		{"more told than there are", book(9, cell(0)+cell(1), str("Anna")+str("070761-4285")), false},
		{"fewer told than there are", book(1, cell(0)+cell(1), str("Anna")+str("070761-4285")), false},
		{"zeros behind the last", book(9, cell(0)+cell(1), str("Anna")+str("070761-4285")+"\x00\x00\x00\x00"), false},
		{"cut in a string", book(2, cell(0)+cell(1), str("Anna")+str("070761-4285")[:6], "\x00761-4285"), false},
		{"cut behind the length of a string", book(3, cell(0)+cell(1)+cell(2), str("Anna")+"\x0b\x00\x01", "\x00070761-4285"+str("Bo")), false},
		{"a string that goes on behind the end", book(2, cell(0)+cell(1), str("070761-4285")+str("Anna Holm")[:6]), true},
		{"a cell of a string that is not there", book(2, cell(0)+cell(7), str("070761-4285")+str("Anna")), true},
	} {
		res := extracted(t, attached("application/vnd.ms-excel", "a.xls", c.file))
		f, told := res.finding(detect.Unscannable)
		if told != c.malformed || told && f.Evidence[0] != whyMalformed || !res.holds("070761-4285") {
			t.Errorf("%s\n%s", c.name, res.dump())
		}
	}
}

// Microsoft Graph keeps the sheet behind a chart in records of its own.
func TestTheSheetBehindAChartIsRead(t *testing.T) {
	head := func(row, col byte) string { return string([]byte{row, 0, col, 0, 0, 0, 0}) }
	end := record16(biffEOF, "") + record16(0x0FFF, strings.Repeat("\x00", 4096))
	number := string(binary.LittleEndian.AppendUint64(nil, math.Float64bits(101850016)))
	for name, file := range map[string][]byte{
		"Graph 97": compoundOf(map[string]string{"Workbook": record16(biffBOF, "\x00\x06\x05\x00"+strings.Repeat("\x00", 12)) + record16(biffEOF, "") +
			record16(biffBOF, "\x00\x06\x00\x80"+strings.Repeat("\x00", 12)) + record16(graphLabel, head(0, 1)+"\x04\x00Sygd") +
			record16(graphLabel, head(1, 0)+"\x03\x01A\x00n\x00\xe6\x00") + record16(graphNumber, head(1, 1)+number) + end}),
		"Graph 5": compoundOf(map[string]string{"Book": record16(biffBOF, "\x00\x05\x05\x00\x8c\x0c\xca\x07") + record16(biffEOF, "") +
			record16(biffBOF, "\x00\x05\x00\x80\x8c\x0c\xca\x07") + record16(graphLabel, head(0, 1)+"\x04Sygd") +
			record16(graphLabel, head(1, 0)+"\x03An\xe6") + record16(graphNumber, head(1, 1)+number) + end}),
	} {
		res := extracted(t, attached("application/vnd.ms-excel", "a.xls", file))
		if !res.holds("Sygd") || !res.holds("Anæ") || !res.holds("101850016") || len(res.Findings) > 0 {
			t.Errorf("%s\n%s", name, res.dump())
		}
	}
}
