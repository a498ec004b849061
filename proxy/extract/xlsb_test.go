package extract

import (
	"encoding/binary"
	"math"
	"strings"
	"testing"

	"postvern.example/policy/detect"
)

// brt writes a record of a binary workbook.
func brt(kind int, data string) string {
	head := string(rune(kind & 0x7F))
	if kind > 127 {
		head = string([]byte{byte(kind&0x7F | 0x80), byte(kind >> 7)})
	}
	return head + string([]byte{byte(len(data)&0x7F | 0x80), byte(len(data) >> 7)}) + data
}

func brtWide(text string) string {
	wide := utf16le(text)
	return string(binary.LittleEndian.AppendUint32(nil, uint32(len(wide)/2))) + wide
}

func brtNumber(n uint32) string { return string(binary.LittleEndian.AppendUint32(nil, n)) }

func TestNumbersOfBinaryWorkbooksAreShownAsTheirFormatSays(t *testing.T) {
	cell := func(col, style uint32) string { return brtNumber(col) + brtNumber(style) }
	number := func(v float64) string { return string(binary.LittleEndian.AppendUint64(nil, math.Float64bits(v))) }
	style := func(id uint16) string {
		return brt(brtStyle, "\x00\x00"+string(binary.LittleEndian.AppendUint16(nil, id))+strings.Repeat("\x00", 12))
	}
	data := zipOf(t,
		"[Content_Types].xml", contentTypes,
		"xl/workbook.bin", brt(brtBook, "\x01\x00\x00\x00")+brt(brtSheet, strings.Repeat("\x00", 8)+brtWide("rId1")+brtWide("Medlemmer")),
		"xl/styles.bin", brt(brtFormat, "\xa4\x00"+brtWide(`000000\-0000`))+style(9)+brt(brtStylesBegin, "\x03\x00\x00\x00")+style(0)+style(164)+style(14)+brt(brtStylesEnd, ""),
		"xl/worksheets/sheet1.bin", brt(brtRow, brtNumber(0))+brt(brtCellReal, cell(0, 1)+number(102031234))+brt(brtCellReal, cell(1, 2)+number(0))+brt(brtCellReal, cell(2, 9)+number(7)),
	)
	res := extracted(t, attached("application/octet-stream", "a.xlsb", data))
	if !res.holds("010203-1234\t1/1/04\t7") {
		t.Error(res.dump())
	}
}

func TestBinaryWorkbooksAreRead(t *testing.T) {
	cell := func(col uint32) string { return brtNumber(col) + "\x00\x00\x00\x00" }
	real := string(binary.LittleEndian.AppendUint64(nil, math.Float64bits(102031234)))
	data := zipOf(t,
		"[Content_Types].xml", contentTypes,
		"xl/workbook.bin", brt(brtSheet, strings.Repeat("\x00", 8)+brtWide("rId1")+brtWide("Medlemmer"))+brt(39, strings.Repeat("\x00", 9)+brtWide("ord-navn")),
		"xl/_rels/workbook.bin.rels", `<Relationships><Relationship Id="rId1" Target="worksheets/sheet1.bin"/></Relationships>`,
		"xl/sharedStrings.bin", brt(brtSharedItem, "\x00"+brtWide("Søren Ærø")),
		"xl/worksheets/sheet1.bin", brt(brtRow, brtNumber(0))+brt(brtCellText, cell(0)+brtWide("Navn"))+brt(brtCellText, cell(1)+brtWide("CPR"))+
			brt(brtRow, brtNumber(1))+brt(brtCellShared, cell(0)+brtNumber(0))+brt(brtCellReal, cell(1)+real),
		"xl/comments1.bin", brt(brtCommentText, "\x00"+brtWide("ord-kommentar")),
		"xl/externalLinks/externalLink1.bin", brt(581, brtNumber(3)+real)+brt(584, brtNumber(4)+brtWide("ord-andet")),
		"xl/pivotCache/pivotCacheRecords1.bin", brt(33, "\x01"+double(707614285)+double(0.1)),
	)
	res := extracted(t, attached("application/octet-stream", "a.xlsb", data))
	s, ok := res.segment("Søren Ærø\t102031234")
	if !ok || !strings.HasPrefix(s.Text, "Navn\tCPR\n") || s.Place.Full() != `attachment 1 (Excel) "a.xlsb", sheet 1 "Medlemmer"` {
		t.Error(res.dump())
	}
	for _, want := range []string{"ord-kommentar", "ord-navn", "ord-andet", "102031234\n", "707614285\n"} {
		if !res.holds(want) || len(res.Findings) > 0 {
			t.Errorf("%q\n%s", want, res.dump())
		}
	}
}

func TestABinaryWorkbookWhoseRecordsBreakOffIsAFinding(t *testing.T) {
	shared := brt(brtSharedItem, "\x00"+brtWide("Anna Holm"))
	sheet := brt(brtRow, brtNumber(0)) + brt(brtCellShared, brtNumber(0)+brtNumber(0)+brtNumber(0)) + brt(brtCellText, brtNumber(1)+brtNumber(0)+brtWide("010203-1234"))
	for name, c := range map[string]struct {
		shared, sheet string
		damaged       bool
	}{
		"whole":                            {shared, sheet, false},
		"a sheet ends in a record":         {shared, sheet + brt(brtCellText, brtNumber(1)+brtNumber(0)+brtWide("Bo"))[:9], true},
		"the shared text ends in a record": {shared + shared[:9], sheet, true},
	} {
		data := zipOf(t,
			"[Content_Types].xml", contentTypes,
			"xl/workbook.bin", brt(brtBook, "\x00\x00\x00\x00")+brt(brtSheet, strings.Repeat("\x00", 8)+brtWide("rId1")+brtWide("Medlemmer")),
			"xl/sharedStrings.bin", c.shared, "xl/worksheets/sheet1.bin", c.sheet,
		)
		res := extracted(t, attached("application/octet-stream", "a.xlsb", data))
		f, told := res.finding(detect.Unscannable)
		if told != c.damaged || told && f.Evidence[0] != whyMalformed || !res.holds("Anna Holm\t010203-1234") {
			t.Errorf("%s\n%s", name, res.dump())
		}
	}
}
