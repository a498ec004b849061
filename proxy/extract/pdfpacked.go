package extract

// pdfUnread is an object that is no stream, from its first octet on. It is
// read when it is asked for: read, small ones take fifty times their size.
type pdfUnread struct {
	text   []byte
	packed bool // in an object stream: its strings are not encrypted by themselves
	at     int  // where in the file it stands, or what it is packed in
}

// What a file may take in memory: of its objects, also for each octet of the
// file; of one that is read; of those that are kept once they were read;
// and of an object's entries in tables.
const (
	objectRoom = 32 << 20
	fileRoom   = 4
	valueRoom  = 24 << 20
	keepRoom   = 12 << 20
	objectCost = 200
)

// pay counts what an object costs and reports whether there is room for it.
func (f *pdfFile) pay(cost int) bool {
	if f.room -= cost; f.room > 0 {
		return true
	}
	f.tooBig()
	return false
}

func (f *pdfFile) tooBig() {
	if !f.tooMuch {
		f.tooMuch = true
		f.r.unscannable(f.p.place, whySize)
	}
}

// at returns an object, nil where there is none.
func (f *pdfFile) at(ref pdfRef) any {
	if v, ok := f.parsed[ref]; ok {
		return v
	}
	v, cost := f.value(f.objects[ref])
	f.remember(ref, v, cost)
	return v
}

// remember keeps what was read of an object as long as there is room.
func (f *pdfFile) remember(ref pdfRef, v any, cost int) {
	if cost > 0 && f.keep > cost {
		f.keep -= cost
		f.parsed[ref] = v
	}
}

// value reads an object that was not read before, and returns about how much
// memory that took. Once the time is up it reads none.
func (f *pdfFile) value(object any) (v any, cost int) {
	unread, ok := object.(pdfUnread)
	if !ok || f.r.ended() {
		return object, 0
	}
	l := pdfLexer{d: unread.text, limit: valueRoom}
	v, _ = l.value()
	if l.full() {
		f.tooBig()
	}
	return v, l.cost + objectCost
}

// isPacked reports whether an object stands in an object stream.
func (f *pdfFile) isPacked(ref pdfRef) bool {
	unread, ok := f.objects[ref].(pdfUnread)
	return ok && unread.packed
}
