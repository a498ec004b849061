package extract

import (
	"encoding/binary"
	"math"
	"strconv"
	"strings"
)

// cellRecord takes the records that are cells, and reports whether this is one.
func (w *xlsWalk) cellRecord(kind int, d []byte, more [][]byte) bool {
	if kind == biffString && w.waiting {
		w.waiting = false
		text, _ := w.str(joined(d, more), 2)
		w.open.set(w.wait[0], w.wait[1], text)
		return true
	}
	if len(d) < 6 {
		return false
	}
	row, col := int(binary.LittleEndian.Uint16(d)), int(binary.LittleEndian.Uint16(d[2:]))
	style := int(binary.LittleEndian.Uint16(d[4:]))
	switch kind {
	case graphNumber:
		if len(d) >= 15 {
			w.open.set(row, col, formatNumber(math.Float64frombits(binary.LittleEndian.Uint64(d[7:])), "", false))
		}
	case graphLabel:
		if len(d) > 7 {
			text, _ := w.str(joined(d[7:], more), 1)
			w.open.set(row, col, text)
		}
	case biffNumber:
		if len(d) >= 14 {
			w.open.set(row, col, w.number(math.Float64frombits(binary.LittleEndian.Uint64(d[6:])), style))
		}
	case biffRK:
		if len(d) >= 10 {
			w.open.set(row, col, w.number(rkNumber(binary.LittleEndian.Uint32(d[6:])), style))
		}
	case biffMulRK:
		for i := 4; i+6 <= len(d)-2; i += 6 {
			w.open.set(row, col, w.number(rkNumber(binary.LittleEndian.Uint32(d[i+2:])), int(binary.LittleEndian.Uint16(d[i:]))))
			col++
		}
	case biffLabelSST:
		if len(d) >= 10 {
			if i := int(binary.LittleEndian.Uint32(d[6:])); i < len(w.strings) {
				w.open.set(row, col, w.strings[i])
			} else { // what the cell shows is nowhere
				w.r.unscannable(w.p.place, whyMalformed)
			}
		}
	case biffLabel, biffRString:
		text, _ := w.str(joined(d[6:], more), 2)
		w.open.set(row, col, text)
	case biffBoolErr:
		if len(d) >= 8 && d[7] == 0 {
			w.open.set(row, col, strings.ToUpper(strconv.FormatBool(d[6] == 1)))
		}
	case biffFormula, 0x0206, 0x0406:
		w.formula(d, row, col, style)
	default:
		return false
	}
	return true
}

// formula takes the last result of a formula, and the texts inside it.
func (w *xlsWalk) formula(d []byte, row, col, style int) {
	if len(d) < 14 {
		return
	}
	if binary.LittleEndian.Uint16(d[12:]) == 0xFFFF {
		switch d[6] {
		case 0:
			w.wait, w.waiting = [2]int{row, col}, true
		case 1:
			w.open.set(row, col, strings.ToUpper(strconv.FormatBool(d[8] == 1)))
		}
	} else {
		w.open.set(row, col, w.number(math.Float64frombits(binary.LittleEndian.Uint64(d[6:])), style))
	}
	if len(d) > 22 {
		w.formulaTexts(d[22:])
	}
}

// formulaTexts takes the string constants of a formula's tokens.
func (w *xlsWalk) formulaTexts(d []byte) {
	all := ""
	for i := 0; i+3 < len(d); i++ {
		if d[i] == 0x17 && d[i+2] <= 1 {
			if text, used := w.str(d[i+1:], 1); used > 3 {
				all += text
				i += used
			}
		}
	}
	if len(all) > 3 {
		w.aside.WriteString(all + "\n") // a number put together of pieces is whole
	}
}

// rkNumber undoes the short form of numbers (MS-XLS §2.5.217).
func rkNumber(rk uint32) float64 {
	v := float64(int32(rk) >> 2)
	if rk&2 == 0 {
		v = math.Float64frombits(uint64(rk&^3) << 32)
	}
	if rk&1 != 0 {
		v /= 100
	}
	return v
}

func (w *xlsWalk) number(v float64, style int) string {
	code := ""
	if style < len(w.styles) {
		id := w.styles[style]
		var own bool
		if code, own = w.formats[id]; !own {
			code = builtInFormat(id)
		}
	}
	return formatNumber(v, code, w.date04)
}
