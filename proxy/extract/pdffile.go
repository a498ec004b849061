package extract

import (
	"bytes"
	"encoding/ascii85"
	"io"

	"postvern.example/policy/detect"
)

// pdfFile holds all objects of a file. They are found by going through the
// bytes, not by the table of offsets: so what an edit replaced, and what a
// wrong table hides, is read too.
type pdfFile struct {
	r       *reading
	p       piece
	objects map[pdfRef]any
	order   []pdfRef // in the order of the file
	latest  map[int]pdfRef
	trailer pdfDict // all trailers in one, the last one wins
	crypt   *pdfCrypt
	older   []any           // objects that a later one of the same number replaced
	plain   map[pdfRef]bool // objects from object streams, whose strings are not encrypted by themselves
	partly  bool            // something of it could not be unpacked
}

// loadPDF finds the objects. ok is false when there is none.
func loadPDF(r *reading, p piece) (*pdfFile, bool) {
	f := &pdfFile{r: r, p: p, objects: map[pdfRef]any{}, latest: map[int]pdfRef{}, trailer: pdfDict{}, plain: map[pdfRef]bool{}}
	d := p.data
	for at := 0; at < len(d); {
		i := bytes.Index(d[at:], []byte("obj"))
		t := bytes.Index(d[at:], []byte("trailer"))
		if t >= 0 && (i < 0 || t < i) {
			l := pdfLexer{d: d, pos: at + t + len("trailer")}
			if v, ok := l.value(); ok {
				if dict, ok := v.(pdfDict); ok {
					f.addTrailer(dict)
				}
			}
			at += t + len("trailer")
			continue
		}
		if i < 0 {
			break
		}
		if r.over(p.place) {
			return f, false
		}
		at = f.object(d, at+i)
	}
	return f, len(f.objects) > 0
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
	l := pdfLexer{d: d, pos: next}
	v, ok := l.value()
	if !ok {
		return next
	}
	if num, isNum := v.(float64); isNum { // perhaps the first half of a reference
		v = num
	}
	dict, isDict := v.(pdfDict)
	next = l.pos
	l.space()
	if isDict && bytes.HasPrefix(d[l.pos:], []byte("stream")) {
		data, end := streamData(d, l.pos+len("stream"), dict)
		v, next = &pdfStream{dict: dict, data: data, owner: ref}, end
		if dict["Type"] == pdfName("XRef") {
			f.addTrailer(dict)
		}
	}
	f.add(ref, v)
	return next
}

func (f *pdfFile) add(ref pdfRef, v any) {
	if old, twice := f.objects[ref]; twice {
		f.older = append(f.older, old)
	} else {
		f.order = append(f.order, ref)
	}
	f.objects[ref] = v
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

// streamData returns the bytes of a stream and where they end. A Length that
// does not lead to "endstream" is not believed.
func streamData(d []byte, at int, dict pdfDict) ([]byte, int) {
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
			return d[at:end], end
		}
	}
	end := bytes.Index(d[at:], []byte("endstream"))
	if end < 0 {
		end = bytes.Index(d[at:], []byte("endobj"))
	}
	if end < 0 {
		return d[at:], len(d)
	}
	data := d[at : at+end]
	data = bytes.TrimSuffix(data, []byte("\n"))
	data = bytes.TrimSuffix(data, []byte("\r"))
	return data, at + end
}

// get follows references.
func (f *pdfFile) get(v any) any {
	for range 16 {
		ref, ok := v.(pdfRef)
		if !ok {
			return v
		}
		if v, ok = f.objects[ref]; !ok {
			v = f.objects[f.latest[ref.num]]
		}
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
		n, _ := f.number(s.dict["N"])
		first, _ := f.number(s.dict["First"])
		l := pdfLexer{d: data}
		for range min(max(int(n), 0), len(data)) {
			num, ok1 := l.value()
			offset, ok2 := l.value()
			a, isA := num.(float64)
			b, isB := offset.(float64)
			if !ok1 || !ok2 || !isA || !isB {
				break
			}
			at := int(first) + int(b)
			if at < 0 || at >= len(data) {
				continue
			}
			inner := pdfLexer{d: data, pos: at}
			v, ok := inner.value()
			own := pdfRef{int(a), 0}
			if latest, there := f.latest[own.num]; !ok || there && isStream(f.objects[latest]) {
				continue
			}
			f.add(own, v)
			f.plain[own] = true
		}
	}
}

func isStream(v any) bool {
	_, ok := v.(*pdfStream)
	return ok
}

// decoded returns a stream's data without its filters (§7.4). Filters of
// pictures leave the data as it is.
func (f *pdfFile) decoded(s *pdfStream) ([]byte, detect.Evidence) {
	data := s.data
	if f.crypt != nil && s.owner != (pdfRef{}) && s.dict["Type"] != pdfName("XRef") {
		data = f.crypt.decrypt(s.owner, data, true)
	}
	filters, parms := f.list(s.dict["Filter"], s.dict["F"]), f.list(s.dict["DecodeParms"], s.dict["DP"])
	for i, filter := range filters {
		name, _ := f.get(filter).(pdfName)
		var why detect.Evidence
		switch name {
		case "FlateDecode", "Fl":
			data, why = f.r.inflate(data)
		case "LZWDecode", "LZW":
			early := 1
			if i < len(parms) {
				if n, ok := f.number(f.dict(parms[i])["EarlyChange"]); ok {
					early = int(n)
				}
			}
			data, why = f.r.unpack(&lzwReader{d: data, early: early}, int64(len(data)))
		case "ASCIIHexDecode", "AHx":
			l := pdfLexer{d: append([]byte("<"), data...)}
			data = []byte(l.hex())
		case "ASCII85Decode", "A85":
			data, why = f.r.unpack(ascii85.NewDecoder(bytes.NewReader(ascii85Body(data))), int64(len(data)))
		case "RunLengthDecode", "RL":
			data = runLengths(data)
		default:
			return data, ""
		}
		if i < len(parms) {
			data = f.unpredict(data, f.dict(parms[i]))
		}
		if why != "" {
			return data, why
		}
	}
	return data, ""
}

func (f *pdfFile) list(values ...any) pdfArray {
	for _, v := range values {
		switch v := f.get(v).(type) {
		case pdfArray:
			return v
		case pdfName, pdfDict:
			return pdfArray{v}
		}
	}
	return nil
}

func ascii85Body(data []byte) []byte {
	data = bytes.TrimPrefix(bytes.TrimSpace(data), []byte("<~"))
	if end := bytes.Index(data, []byte("~>")); end >= 0 {
		data = data[:end]
	}
	return data
}

func runLengths(d []byte) []byte {
	var out []byte
	for len(d) > 0 {
		n := int(d[0])
		d = d[1:]
		switch {
		case n == 128:
			return out
		case n < 128:
			k := min(n+1, len(d))
			out = append(out, d[:k]...)
			d = d[k:]
		case len(d) > 0:
			out = append(out, bytes.Repeat(d[:1], 257-n)...)
			d = d[1:]
		}
	}
	return out
}

// unpredict undoes PNG's prediction, which object streams use (§7.4.4.4).
func (f *pdfFile) unpredict(data []byte, parms pdfDict) []byte {
	if n, _ := f.number(parms["Predictor"]); n < 10 {
		return data
	}
	width := 1
	for key, def := range map[pdfName]float64{"Columns": 1, "Colors": 1, "BitsPerComponent": 8} {
		n, ok := f.number(parms[key])
		if !ok || n < 1 || n > 1<<16 {
			n = def
		}
		width *= int(n)
	}
	row := (width + 7) / 8
	if row < 1 || row > 1<<20 {
		return data
	}
	out := make([]byte, 0, len(data))
	before := make([]byte, row)
	for len(data) > 1 {
		kind := data[0]
		n := min(row, len(data)-1)
		line := append([]byte(nil), data[1:1+n]...)
		data = data[1+n:]
		unfilter(kind, line, before)
		out = append(out, line...)
		copy(before, line)
	}
	return out
}

func unfilter(kind byte, line, before []byte) {
	for i := range line {
		var left byte
		if i > 0 {
			left = line[i-1]
		}
		switch kind {
		case 1:
			line[i] += left
		case 2, 4: // Paeth with one byte a pixel and no left neighbour is nearly Up
			line[i] += before[i]
		case 3:
			line[i] += byte((int(left) + int(before[i])) / 2)
		}
	}
}

// lzwReader undoes LZW as PDF and TIFF write it.
type lzwReader struct {
	d     []byte
	early int
	bits  uint32
	have  int
	width int
	table [][]byte
	last  []byte
	out   []byte
	ended bool
}

// Read implements io.Reader.
func (z *lzwReader) Read(p []byte) (int, error) {
	for len(z.out) == 0 {
		if z.ended || !z.step() {
			return 0, io.EOF
		}
	}
	n := copy(p, z.out)
	z.out = z.out[n:]
	return n, nil
}

func (z *lzwReader) step() bool {
	if z.table == nil {
		z.clear()
	}
	for z.have < z.width {
		if len(z.d) == 0 {
			return false
		}
		z.bits = z.bits<<8 | uint32(z.d[0])
		z.d = z.d[1:]
		z.have += 8
	}
	code := int(z.bits >> (z.have - z.width) & (1<<z.width - 1))
	z.have -= z.width
	switch {
	case code == 256:
		z.clear()
		return true
	case code == 257:
		return false
	case code < len(z.table):
		z.out = z.table[code]
	case z.last != nil && code == len(z.table):
		z.out = append(append([]byte(nil), z.last...), z.last[0])
	default:
		z.ended = true
		return false
	}
	if z.last != nil && len(z.table) < 4096 {
		z.table = append(z.table, append(append([]byte(nil), z.last...), z.out[0]))
	}
	z.last = z.out
	switch n := len(z.table) + z.early; {
	case n >= 2048:
		z.width = 12
	case n >= 1024:
		z.width = 11
	case n >= 512:
		z.width = 10
	}
	return true
}

func (z *lzwReader) clear() {
	z.table = make([][]byte, 258, 4096)
	for i := range 256 {
		z.table[i] = []byte{byte(i)}
	}
	z.last, z.width = nil, 9
}
