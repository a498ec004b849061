package pdf

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"unicode/utf16"

	"golang.org/x/image/font"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
)

// Font is a TrueType font, of which a file gets the glyphs that were used.
type Font struct {
	name   string
	data   []byte
	font   *sfnt.Font
	buf    sfnt.Buffer
	units  int
	widths map[sfnt.GlyphIndex]int // per mille of the size
	glyphs map[rune]sfnt.GlyphIndex
	used   map[sfnt.GlyphIndex]rune
}

// NewFont reads a TrueType font; name is what the file calls it.
func NewFont(name string, data []byte) (*Font, error) {
	f, err := sfnt.Parse(data)
	if err != nil {
		return nil, fmt.Errorf("read font: %w", err)
	}
	return &Font{
		name: name, data: data, font: f, units: int(f.UnitsPerEm()),
		widths: map[sfnt.GlyphIndex]int{}, glyphs: map[rune]sfnt.GlyphIndex{}, used: map[sfnt.GlyphIndex]rune{},
	}, nil
}

func (f *Font) glyph(r rune) sfnt.GlyphIndex {
	g, ok := f.glyphs[r]
	if !ok {
		g, _ = f.font.GlyphIndex(&f.buf, r) // 0, the missing glyph, on any error
		f.glyphs[r] = g
	}
	return g
}

// Has reports whether the font can draw a character.
func (f *Font) Has(r rune) bool { return f.glyph(r) != 0 }

func (f *Font) advance(g sfnt.GlyphIndex) int {
	w, ok := f.widths[g]
	if !ok {
		a, _ := f.font.GlyphAdvance(&f.buf, g, fixed.I(f.units), font.HintingNone)
		w = a.Round() * 1000 / f.units
		f.widths[g] = w
	}
	return w
}

// Width returns how wide a text is at a size.
func (f *Font) Width(text string, size float64) float64 {
	n := 0
	for _, r := range text {
		n += f.advance(f.glyph(r))
	}
	return float64(n) * size / 1000
}

// Show returns a text as the operand of Tj, and notes its glyphs.
func (f *Font) Show(text string) string {
	var b strings.Builder
	b.WriteByte('<')
	for _, r := range text {
		g := f.glyph(r)
		if first, ok := f.used[g]; !ok || r < first { // a space is copied as a space, though others look like it
			f.used[g] = r
		}
		fmt.Fprintf(&b, "%04x", g)
	}
	b.WriteByte('>')
	return b.String()
}

// Embed writes the font with the glyphs that were used, as object r.
func (f *File) Embed(r Ref, font *Font) error {
	program, descriptor, descendant, unicode := f.NewRef(), f.NewRef(), f.NewRef(), f.NewRef()
	data, err := font.subset()
	if err != nil {
		return fmt.Errorf("cut font: %w", err)
	}
	name := "/PVRN" + "AA+" + font.name
	f.Object(r, fmt.Sprintf("<</Type /Font /Subtype /Type0 /BaseFont %s /Encoding /Identity-H /DescendantFonts [%s] /ToUnicode %s>>", name, descendant, unicode))
	var widths strings.Builder
	glyphs := slices.Sorted(maps.Keys(font.used))
	for _, g := range glyphs {
		fmt.Fprintf(&widths, "%d [%d] ", g, font.advance(g))
	}
	f.Object(descendant, fmt.Sprintf("<</Type /Font /Subtype /CIDFontType2 /BaseFont %s /CIDSystemInfo <</Registry (Adobe) /Ordering (Identity) /Supplement 0>> /FontDescriptor %s /CIDToGIDMap /Identity /DW 1000 /W [%s]>>",
		name, descriptor, widths.String()))
	f.Object(descriptor, fmt.Sprintf("<</Type /FontDescriptor /FontName %s /Flags 4 /FontBBox [-400 -300 1500 1100] /ItalicAngle 0 /Ascent 950 /Descent -250 /CapHeight 700 /StemV 80 /FontFile2 %s>>", name, program))
	length := f.NewRef()
	f.Object(length, fmt.Sprint(len(data)))
	if err := f.Stream(program, fmt.Sprintf("/Length1 %s ", length), Deflated, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	}); err != nil {
		return err
	}
	return f.Stream(unicode, "", Deflated, func(w io.Writer) error { return font.toUnicode(w, glyphs) })
}

// toUnicode writes the map by which readers copy and search text (§9.10.3).
func (f *Font) toUnicode(w io.Writer, glyphs []sfnt.GlyphIndex) error {
	var b strings.Builder
	b.WriteString("/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n/CIDSystemInfo <</Registry (Adobe) /Ordering (UCS) /Supplement 0>> def\n" +
		"/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n1 begincodespacerange\n<0000> <ffff>\nendcodespacerange\n")
	for chunk := range slices.Chunk(glyphs, 100) {
		fmt.Fprintf(&b, "%d beginbfchar\n", len(chunk))
		for _, g := range chunk {
			fmt.Fprintf(&b, "<%04x> <", g)
			for _, u := range utf16.Encode([]rune{f.used[g]}) {
				fmt.Fprintf(&b, "%04x", u)
			}
			b.WriteString(">\n")
		}
		b.WriteString("endbfchar\n")
	}
	b.WriteString("endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n")
	_, err := io.WriteString(w, b.String())
	return err
}

var errFont = errors.New("the font is not as it should be")

// kept are the tables that a reader of PDF needs (§9.9).
var kept = []string{"cvt ", "fpgm", "glyf", "head", "hhea", "hmtx", "loca", "maxp", "prep"}

// subset returns the font with the outlines of the used glyphs alone. Their
// numbers stay.
func (f *Font) subset() ([]byte, error) {
	tables, err := f.tables()
	if err != nil {
		return nil, err
	}
	head, loca, glyf := tables["head"], tables["loca"], tables["glyf"]
	if len(head) < 54 || len(tables["maxp"]) < 6 {
		return nil, errFont
	}
	long := binary.BigEndian.Uint16(head[50:]) == 1
	n := int(binary.BigEndian.Uint16(tables["maxp"][4:]))
	at := func(i int) int {
		if long {
			return int(binary.BigEndian.Uint32(loca[4*i:]))
		}
		return 2 * int(binary.BigEndian.Uint16(loca[2*i:]))
	}
	width := 2
	if long {
		width = 4
	}
	if len(loca) < (n+1)*width {
		return nil, errFont
	}
	want := map[int]bool{0: true}
	todo := []int{0}
	for g := range f.used {
		want[int(g)] = true
		todo = append(todo, int(g))
	}
	for len(todo) > 0 {
		g := todo[0]
		todo = todo[1:]
		if g >= n || at(g+1) > len(glyf) || at(g) > at(g+1) {
			return nil, errFont
		}
		for _, c := range components(glyf[at(g):at(g+1)]) {
			if !want[c] {
				want[c] = true
				todo = append(todo, c)
			}
		}
	}
	var outlines []byte
	places := make([]byte, 0, 4*(n+1))
	for g := range n {
		places = binary.BigEndian.AppendUint32(places, uint32(len(outlines)))
		if want[g] {
			outlines = append(outlines, glyf[at(g):at(g+1)]...)
			outlines = append(outlines, make([]byte, (4-len(outlines)%4)%4)...)
		}
	}
	places = binary.BigEndian.AppendUint32(places, uint32(len(outlines)))
	head = slices.Clone(head)
	binary.BigEndian.PutUint16(head[50:], 1) // loca has long entries
	tables["head"], tables["loca"], tables["glyf"] = head, places, outlines
	return assemble(tables), nil
}

// components returns the glyphs that a glyph is composed of (OpenType, glyf).
func components(outline []byte) (out []int) {
	if len(outline) < 10 || int16(binary.BigEndian.Uint16(outline)) >= 0 {
		return nil
	}
	const words, scale, more, scaleXY, matrix = 1, 8, 32, 64, 128
	for p := 10; p+4 <= len(outline); {
		flags := binary.BigEndian.Uint16(outline[p:])
		out = append(out, int(binary.BigEndian.Uint16(outline[p+2:])))
		p += 6
		if flags&words != 0 {
			p += 2
		}
		switch {
		case flags&scale != 0:
			p += 2
		case flags&scaleXY != 0:
			p += 4
		case flags&matrix != 0:
			p += 8
		}
		if flags&more == 0 {
			break
		}
	}
	return out
}

func (f *Font) tables() (map[string][]byte, error) {
	if len(f.data) < 12 {
		return nil, errFont
	}
	out := map[string][]byte{}
	for i := range int(binary.BigEndian.Uint16(f.data[4:])) {
		at := 12 + 16*i
		if at+16 > len(f.data) {
			return nil, errFont
		}
		entry := f.data[at : at+16]
		start, size := uint64(binary.BigEndian.Uint32(entry[8:])), uint64(binary.BigEndian.Uint32(entry[12:]))
		if start+size > uint64(len(f.data)) {
			return nil, errFont
		}
		if name := string(entry[:4]); slices.Contains(kept, name) {
			out[name] = f.data[start : start+size]
		}
	}
	return out, nil
}

// assemble writes a font file of tables.
func assemble(tables map[string][]byte) []byte {
	names := slices.Sorted(maps.Keys(tables))
	n := len(names)
	search := 1
	log := 0
	for search*2 <= n {
		search, log = search*2, log+1
	}
	out := binary.BigEndian.AppendUint32(nil, 0x00010000)
	for _, v := range []int{n, search * 16, log, n*16 - search*16} {
		out = binary.BigEndian.AppendUint16(out, uint16(v))
	}
	at := 12 + 16*n
	var body []byte
	for _, name := range names {
		t := tables[name]
		padded := append(slices.Clone(t), make([]byte, (4-len(t)%4)%4)...)
		sum := uint32(0)
		for i := 0; i < len(padded); i += 4 {
			sum += binary.BigEndian.Uint32(padded[i:])
		}
		out = append(out, name...)
		for _, v := range []uint32{sum, uint32(at + len(body)), uint32(len(t))} {
			out = binary.BigEndian.AppendUint32(out, v)
		}
		body = append(body, padded...)
	}
	return append(out, body...)
}
