package extract

import (
	"encoding/binary"

	"postvern.example/policy/detect"
)

// The records that tell where a presentation's other records stand.
const (
	pptUserEdit  = 0x0FF5
	pptDirectory = 0x1772
)

// pptEdits is what the saves of a presentation say about it (MS-PPT §2.1.2):
// the stream "Current User" names the last save, each names the one before it
// and a directory of the records that it wrote.
type pptEdits struct {
	known   bool  // the chain was found
	locked  bool  // what the directories name is encrypted
	records []int // where the records stand
}

func pptEditsOf(user, d []byte) pptEdits {
	var e pptEdits
	if len(user) < 20 {
		return e
	}
	seen := map[int]bool{}
	for at := int(binary.LittleEndian.Uint32(user[16:])); !seen[at]; {
		seen[at] = true
		kind, edit, ok := pptRecord(d, at)
		if !ok || kind != pptUserEdit || len(edit) < 24 {
			break
		}
		e.locked = e.locked || len(edit) >= 32 // it names the record of the key
		if kind, directory, ok := pptRecord(d, int(binary.LittleEndian.Uint32(edit[12:]))); ok && kind == pptDirectory {
			e.known = true
			e.take(directory)
		}
		at = int(binary.LittleEndian.Uint32(edit[8:]))
	}
	return e
}

// take reads runs of offsets: each begins with the first number, and how many
// follow in the upper twelve bits.
func (e *pptEdits) take(d []byte) {
	for len(d) >= 4 {
		n := int(binary.LittleEndian.Uint32(d) >> 20)
		d = d[4:]
		for ; n > 0 && len(d) >= 4; n-- {
			e.records = append(e.records, int(binary.LittleEndian.Uint32(d)))
			d = d[4:]
		}
	}
}

// pptRecord returns the record at an offset, if it ends within the stream.
func pptRecord(d []byte, at int) (kind int, data []byte, ok bool) {
	if at < 0 || at > len(d)-8 {
		return 0, nil, false
	}
	n := int(binary.LittleEndian.Uint32(d[at+4:]))
	if n > len(d)-at-8 {
		return 0, nil, false
	}
	return int(binary.LittleEndian.Uint16(d[at+2:])), d[at+8 : at+8+n], true
}

// stream reads the records one after the other, and then those that stand
// elsewhere. What is left when the records no longer follow on each other, and
// no directory names, shows nowhere: it is looked through for words.
func (w *pptWalk) stream(d []byte, edits pptEdits) {
	read := map[int]bool{}
	at := 0
	for _, data, ok := pptRecord(d, at); ok; _, data, ok = pptRecord(d, at) {
		read[at] = true
		w.records(d[at:at+8+len(data)], w.p.place, 0)
		at += 8 + len(data)
	}
	whole := len(d)-at < 8
	again := 2 * len(d) // records may be named that lie in each other
	for _, ref := range edits.records {
		if read[ref] || w.r.over(w.p.place) {
			continue
		}
		read[ref] = true
		_, data, ok := pptRecord(d, ref)
		if again -= len(data); again < 0 || !ok && !whole {
			w.r.unscannable(w.p.place, whyMalformed)
			return
		}
		if ok {
			w.records(d[ref:ref+8+len(data)], w.p.place, 0)
		}
	}
	if !whole && !edits.known {
		w.r.unscannable(w.p.place, whyMalformed)
	}
	if !whole {
		w.flush()
		w.r.prose(w.p.place.In(detect.Step{Kind: detect.InProperties}), printable(d[at:])+wideText(d[at:]))
	}
}
