package extract

import (
	"bytes"
	"encoding/ascii85"
	"io"

	"postvern.example/policy/detect"
)

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
