package extract

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"path"
	"slices"
	"strings"
	"unicode"

	"postvern.example/policy/detect"
)

// laterLooks are the packages of later versions (ECMA-376 part 2) that stand in
// the records of an older document: what a shape, a table or a theme looks like
// there. Many say the same.
type laterLooks struct {
	packages map[[sha256.Size]byte]bool // that were read
	lines    map[string]bool            // that they held
}

func newLaterLooks() *laterLooks {
	return &laterLooks{packages: map[[sha256.Size]byte]bool{}, lines: map[string]bool{}}
}

// in reads the packages in a record. One that is broken shows nowhere.
func (l *laterLooks) in(r *reading, p piece, data []byte) {
	for {
		at := bytes.Index(data, []byte("PK\x03\x04"))
		if at < 0 || r.over(p.place) {
			return
		}
		data = data[at:]
		end := bytes.Index(data, []byte("PK\x05\x06"))
		if end < 0 || end+22 > len(data) {
			return
		}
		file := data[:end+22]
		data = data[end+22:]
		sum := sha256.Sum256(file)
		if l.packages[sum] {
			continue
		}
		l.packages[sum] = true
		if z, err := zip.NewReader(bytes.NewReader(file), int64(len(file))); err == nil {
			before := len(r.out.Segments)
			r.looks(&zipPack{r: r, p: piece{data: file, place: p.place, depth: p.depth}, files: z.File})
			r.out.Segments = append(r.out.Segments[:before], l.onlyNew(r.out.Segments[before:], p.place)...)
		}
	}
}

// onlyNew joins the texts of a package's parts, without what others have said
// and without lines that keep the room of text.
func (l *laterLooks) onlyNew(segments []detect.Segment, place detect.Place) []detect.Segment {
	var kept []detect.Segment
	var prose strings.Builder
	for _, s := range segments {
		if s.Shape != detect.Prose || !slices.Equal(s.Place, place) {
			kept = append(kept, s)
			continue
		}
		for line := range strings.SplitSeq(s.Text, "\n") {
			if !l.lines[line] && strings.ContainsFunc(line, func(c rune) bool { return unicode.IsLetter(c) || unicode.IsDigit(c) }) {
				l.lines[line] = true
				prose.WriteString(line + "\n")
			}
		}
	}
	if prose.Len() > 0 {
		kept = append(kept, detect.Segment{Place: place, Shape: detect.Prose, Text: prose.String()})
	}
	return kept
}

// looks reads the parts of such a package.
func (r *reading) looks(z *zipPack) {
	for _, f := range z.files {
		if r.late || r.left.Entries < 0 {
			return
		}
		dir, base := path.Split(strings.ToLower(f.Name))
		switch {
		case strings.HasSuffix(dir, "theme/"), isLayoutPart(dir, base):
			r.looseText(z.read(f, z.p.place), z.p.place)
		case strings.HasSuffix(base, ".rels"):
			r.relations(z.read(f, z.p.place), z.p.place)
		case strings.HasSuffix(base, ".xml"):
			r.officeText(z.read(f, z.p.place), z.p.place, nil)
		case !strings.HasSuffix(f.Name, "/"):
			r.drawn(z.p, z.read(f, z.p.place))
		}
	}
}
