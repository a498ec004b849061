package extract

import (
	"bytes"
)

// pdfFile holds all objects of a file. They are found by going through the
// bytes, not by the table of offsets: so what an edit replaced, and what a
// wrong table hides, is read too.
type pdfFile struct {
	r        *reading
	p        piece
	objects  map[pdfRef]any // pdfUnread or *pdfStream
	parsed   map[pdfRef]any // of the unread ones, those that were read first
	order    []pdfRef       // in the order of the file
	latest   map[int]pdfRef
	trailer  pdfDict // all trailers in one, the last one wins
	crypt    *pdfCrypt
	older    []any     // objects that a later one of the same number replaced
	leaves   []pdfDict // the pages, once they were looked for
	inTree   map[pdfRef]bool
	fonts    map[any]*pdfFont    // that were met
	ran      map[*pdfStream]bool // the streams whose text was read as content
	readWith map[int]any         // the resources of pages by the numbers of their content streams
	partly   bool                // something of it could not be unpacked
	room     int                 // octets of memory that objects may still take
	keep     int                 // and those that are kept once they were read
	tooMuch  bool                // there are more, and that was said
}

// loadPDF finds the objects. ok is false when there is none.
func loadPDF(r *reading, p piece) (*pdfFile, bool) {
	f := &pdfFile{r: r, p: p, objects: map[pdfRef]any{}, parsed: map[pdfRef]any{}, latest: map[int]pdfRef{}, trailer: pdfDict{}, fonts: map[any]*pdfFont{}, ran: map[*pdfStream]bool{}, readWith: map[int]any{}, room: objectRoom + fileRoom*len(p.data), keep: keepRoom}
	d := p.data
	trailer := indexFrom(d, 0, "trailer")
	for at := 0; at < len(d); {
		i := indexFrom(d, at, "obj")
		if trailer < i {
			at = trailer + len("trailer")
			l := pdfLexer{d: d, pos: at}
			if v, ok := l.value(); ok {
				if dict, ok := v.(pdfDict); ok {
					f.addTrailer(dict)
				}
			}
		} else if i < len(d) {
			at = f.object(d, i)
		} else {
			break
		}
		if trailer < at { // once for all objects before it, not once for each
			trailer = indexFrom(d, at, "trailer")
		}
		if r.over(p.place) {
			return f, false
		}
		if f.room <= 0 {
			break
		}
	}
	return f, len(f.objects) > 0
}

// indexFrom returns where a word stands next, from an offset on; the length of
// the data where it does not.
func indexFrom(d []byte, at int, word string) int {
	if i := bytes.Index(d[at:], []byte(word)); i >= 0 {
		return at + i
	}
	return len(d)
}

func (f *pdfFile) addTrailer(dict pdfDict) {
	for _, key := range [...]pdfName{"Root", "Info", "Encrypt", "ID"} {
		if v, ok := dict[key]; ok {
			f.trailer[key] = v
		}
	}
}

// object reads the object whose word "obj" stands at the offset, and returns
// where to go on.
func (f *pdfFile) object(d []byte, at int) int {
	ref, ok := refBefore(d, at)
	next := at + len("obj")
	if !ok {
		return next
	}
	start := next
	l := pdfLexer{d: d, pos: next, limit: valueRoom}
	v, ok := l.value()
	if l.full() {
		f.tooBig()
	}
	if !ok || !f.pay(objectCost) {
		f.partly = f.partly || !ok
		return next
	}
	dict, isDict := v.(pdfDict)
	next = l.pos
	l.space()
	if isDict && bytes.HasPrefix(d[l.pos:], []byte("stream")) {
		data, end, whole := streamData(d, l.pos+len("stream"), dict)
		f.partly = f.partly || !whole
		f.add(ref, &pdfStream{dict: dict, data: data, owner: ref, at: at})
		if dict["Type"] == pdfName("XRef") {
			f.addTrailer(dict)
		}
		f.pay(l.cost)
		return end
	}
	f.add(ref, pdfUnread{text: d[start:next], at: at})
	f.remember(ref, v, l.cost+objectCost)
	return next
}

func (f *pdfFile) add(ref pdfRef, v any) {
	if old, twice := f.objects[ref]; twice {
		f.older = append(f.older, old)
	} else {
		f.order = append(f.order, ref)
	}
	f.objects[ref] = v
	delete(f.parsed, ref)
	f.latest[ref.num] = ref
}

// refBefore reads "12 0 " backwards from the offset.
func refBefore(d []byte, at int) (pdfRef, bool) {
	gen, at, ok := numberBefore(d, at)
	if !ok {
		return pdfRef{}, false
	}
	num, _, ok := numberBefore(d, at)
	return pdfRef{num, gen}, ok
}

func numberBefore(d []byte, at int) (n, start int, ok bool) {
	end := at
	for end > 0 && isPDFSpace(d[end-1]) {
		end--
	}
	start = end
	for start > 0 && end-start < 10 && d[start-1] >= '0' && d[start-1] <= '9' {
		start--
	}
	for _, c := range d[start:end] {
		n = n*10 + int(c-'0')
	}
	return n, start, start < end
}

// streamData returns the bytes of a stream and where they end, and whether they
// do before the file does. A Length that does not lead to "endstream" is not
// believed.
func streamData(d []byte, at int, dict pdfDict) (data []byte, end int, whole bool) {
	if at < len(d) && d[at] == '\r' {
		at++
	}
	if at < len(d) && d[at] == '\n' {
		at++
	}
	if n, ok := dict["Length"].(float64); ok && n >= 0 && int(n) <= len(d)-at {
		end := at + int(n)
		rest := bytes.TrimLeft(d[end:min(len(d), end+16)], "\r\n ")
		if bytes.HasPrefix(rest, []byte("endstream")) || bytes.HasPrefix(rest, []byte("endobj")) {
			return d[at:end], end, true
		}
	}
	end = bytes.Index(d[at:], []byte("endstream"))
	if end < 0 {
		end = bytes.Index(d[at:], []byte("endobj"))
	}
	if end < 0 {
		return d[at:], len(d), false
	}
	data = d[at : at+end]
	data = bytes.TrimSuffix(data, []byte("\n"))
	data = bytes.TrimSuffix(data, []byte("\r"))
	return data, at + end, true
}

// get follows references.
func (f *pdfFile) get(v any) any {
	for range 16 {
		ref, ok := v.(pdfRef)
		if !ok {
			return v
		}
		if _, ok = f.objects[ref]; !ok {
			ref = f.latest[ref.num]
		}
		v = f.at(ref)
	}
	return nil
}

func (f *pdfFile) dict(v any) pdfDict {
	switch v := f.get(v).(type) {
	case pdfDict:
		return v
	case *pdfStream:
		return v.dict
	}
	return nil
}

func (f *pdfFile) number(v any) (float64, bool) {
	n, ok := f.get(v).(float64)
	return n, ok
}

// unpackObjects reads the objects inside object streams (§7.5.7). It is done
// once the key is known.
func (f *pdfFile) unpackObjects() {
	for _, ref := range append([]pdfRef(nil), f.order...) {
		s, ok := f.objects[ref].(*pdfStream)
		if !ok || s.dict["Type"] != pdfName("ObjStm") || f.r.over(f.p.place) {
			continue
		}
		data, why := f.decoded(s)
		if why != "" {
			f.partly = true
		}
		if !f.pay(len(data)) || !f.unpackStream(s, data) {
			return
		}
	}
}

// unpackStream adds the objects of one object stream. It reports false where
// there is no more room.
func (f *pdfFile) unpackStream(s *pdfStream, data []byte) bool {
	dict := s.dict
	n, _ := f.number(dict["N"])
	first, _ := f.number(dict["First"])
	l := pdfLexer{d: data[:min(max(int(first), 0), len(data))]}
	for range min(max(int(n), 0), len(data)) {
		num, ok1 := l.value()
		offset, ok2 := l.value()
		a, isA := num.(float64)
		b, isB := offset.(float64)
		if !ok1 || !ok2 || !isA || !isB {
			f.partly = true
			break
		}
		at := int(first) + int(b)
		own := pdfRef{int(a), 0}
		if at < 0 || at >= len(data) {
			continue
		}
		if !f.pay(objectCost) {
			return false
		}
		object := pdfUnread{text: data[at:], packed: true, at: s.at}
		if latest, there := f.latest[own.num]; there && offsetOf(f.objects[latest]) > s.at {
			f.older = append(f.older, object)
			continue
		}
		f.add(own, object)
	}
	return true
}

// offsetOf returns where in the file an object stands, or what it is packed in:
// the later of two is the one that counts.
func offsetOf(object any) int {
	switch object := object.(type) {
	case *pdfStream:
		return object.at
	case pdfUnread:
		return object.at
	}
	return 0
}
