package extract

import (
	"encoding/binary"
	"strings"
)

// str reads a string with a length of size bytes and returns how many bytes it
// took: in BIFF8 flags tell its width, in BIFF5 it is bytes of the code page.
func (w *xlsWalk) str(d []byte, size int) (string, int) {
	if len(d) < size+1 {
		return "", len(d)
	}
	n := int(d[0])
	if size == 2 {
		n = int(binary.LittleEndian.Uint16(d))
	}
	if w.old {
		end := min(size+n, len(d))
		return convert(w.enc, d[size:end]), end
	}
	return wideOrNarrow(d[size:], n, size)
}

// wideOrNarrow reads the flags and characters of a BIFF8 string.
func wideOrNarrow(d []byte, n, before int) (string, int) {
	flags := d[0]
	at := 1
	runs, extra := 0, 0
	if flags&8 != 0 && len(d) >= at+2 {
		runs = int(binary.LittleEndian.Uint16(d[at:]))
		at += 2
	}
	if flags&4 != 0 && len(d) >= at+4 {
		extra = int(binary.LittleEndian.Uint32(d[at:]))
		at += 4
	}
	width := 1 + int(flags&1)
	end := min(at+n*width, len(d))
	text := characters(d[min(at, end):end], width)
	return text, before + end + 4*runs + max(extra, 0)
}

func characters(d []byte, width int) string {
	if width == 2 {
		return utf16Text(d[:len(d)&^1])
	}
	var b strings.Builder
	for _, c := range d {
		b.WriteRune(rune(c)) // the low bytes of UTF-16
	}
	return b.String()
}

// sharedStrings reads the table of strings, which goes on in CONTINUE records:
// a string that is cut has its flags once more where it goes on.
func (w *xlsWalk) sharedStrings(d []byte, more [][]byte) {
	if len(d) < 8 {
		return
	}
	told := int(binary.LittleEndian.Uint32(d[4:]))
	s := sstReader{d: d[8:], more: more}
	for i := 0; !s.ended(); i++ { // some programs tell fewer strings than there are
		if i%4096 == 0 && w.r.over(w.p.place) {
			return
		}
		w.strings = append(w.strings, s.next())
	}
	if s.cut && len(w.strings) <= told { // a table of fewer strings than it tells is whole, and so programs show it
		w.r.unscannable(w.p.place, whyMalformed)
	}
}

type sstReader struct {
	d    []byte
	more [][]byte
	cut  bool // a string went on behind the end
}

func (s *sstReader) ended() bool {
	for len(s.d) == 0 && len(s.more) > 0 {
		s.d, s.more = s.more[0], s.more[1:]
	}
	return len(s.d) == 0
}

func (s *sstReader) take(n int) []byte {
	var out []byte
	for n > 0 && !s.ended() {
		k := min(n, len(s.d))
		if out == nil && k == n {
			out = s.d[:k:k]
		} else {
			out = append(out, s.d[:k]...)
		}
		s.d = s.d[k:]
		n -= k
	}
	return out
}

func (s *sstReader) next() string {
	head := s.take(3)
	if len(head) < 3 {
		return ""
	}
	n, flags := int(binary.LittleEndian.Uint16(head)), head[2]
	runs, extra := 0, 0
	if flags&8 != 0 {
		if d := s.take(2); len(d) == 2 {
			runs = int(binary.LittleEndian.Uint16(d))
		}
	}
	if flags&4 != 0 {
		if d := s.take(4); len(d) == 4 {
			extra = int(binary.LittleEndian.Uint32(d))
		}
	}
	var b strings.Builder
	for n > 0 {
		width := 1 + int(flags&1)
		k := min(n, len(s.d)/width)
		b.WriteString(characters(s.d[:k*width], width))
		s.d = s.d[k*width:]
		if n -= k; n == 0 {
			break
		}
		s.d = nil
		if s.ended() {
			s.cut = true
			break
		}
		flags = s.d[0]
		s.d = s.d[1:]
	}
	s.take(4 * runs)
	s.take(max(extra, 0))
	return b.String()
}

// texts takes the records that hold text outside cells.
func (w *xlsWalk) texts(kind int, d []byte, more [][]byte) {
	switch kind {
	case biffHeader, biffFooter:
		text, _ := w.str(d, 2)
		if w.old {
			text, _ = w.str(d, 1)
		}
		w.aside.WriteString(text + "\n")
	case biffUser:
		text, _ := w.str(d, 2)
		if w.old {
			text, _ = w.str(d, 1)
		}
		text = strings.TrimSpace(text)
		w.aside.WriteString(text + "\n")
		w.r.stamp(w.p.place, text)
	case biffSeriesText:
		if len(d) > 3 {
			text, _ := w.str(d[2:], 1)
			w.aside.WriteString(text + "\n")
		}
	case biffPivotText:
		text, _ := w.str(d, 2)
		w.aside.WriteString(text + "\n")
	case biffNote:
		if w.old && len(d) > 6 {
			w.notes.WriteString(convert(w.enc, d[6:]) + "\n")
		} else if len(d) > 8 {
			author, _ := w.str(d[8:], 2)
			w.notes.WriteString(author + "\n")
		}
	case biffTextObject:
		w.textObject(d, more)
	case biffName, biffExtName, biffHyperlink, biffValidation, biffTable:
		all := joined(d, more)
		w.aside.WriteString(printable(all) + wideText(all))
	}
}

// textObject reads the text of a comment or box: it stands in the CONTINUE
// records after the object, each with flags of its own.
func (w *xlsWalk) textObject(d []byte, more [][]byte) {
	if len(d) < 14 {
		return
	}
	n := int(binary.LittleEndian.Uint16(d[10:]))
	for _, m := range more {
		if n <= 0 || len(m) < 1 {
			break
		}
		width := 1 + int(m[0]&1)
		k := min(n, (len(m)-1)/width)
		w.notes.WriteString(characters(m[1:1+k*width], width))
		n -= k
	}
	w.notes.WriteByte('\n')
}
