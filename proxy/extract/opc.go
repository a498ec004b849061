package extract

import (
	"path"
	"strconv"
	"strings"

	"postvern.example/policy/detect"
)

// otherPackage reads a package that is built as Office documents are (ECMA-376
// part 2) and is none of Word, Excel or PowerPoint: Visio, XPS, and what else
// there may be. All its text counts, attributes too.
func (r *reading) otherPackage(z *zipPack) {
	page := 0
	for i, f := range z.files {
		if r.late || r.left.Entries < 0 {
			return
		}
		dir, base := path.Split(strings.ToLower(f.Name))
		place := z.p.place
		switch {
		case strings.HasSuffix(f.Name, "/") && f.UncompressedSize64 == 0:
		case strings.HasPrefix(dir, "docprops/"):
			r.documentProperties(z, f, place.In(detect.Step{Kind: detect.InProperties}))
		case strings.HasSuffix(base, ".odttf"), strings.HasPrefix(base, "thumbnail."):
			z.read(f, place) // a font, made unreadable on purpose; a small picture of what is read itself
		case isLayoutPart(dir, base):
			r.looseText(z.read(f, place), place)
		case strings.HasSuffix(base, ".fpage"):
			page++
			r.fixedPage(z.read(f, place), place.In(detect.Step{Kind: detect.InPage, Number: page}))
		case strings.HasSuffix(base, ".rels"):
			r.relations(z.read(f, place), place)
		case strings.HasSuffix(base, ".xml"), strings.HasSuffix(base, ".frag"), strings.HasSuffix(base, ".struct"),
			strings.HasSuffix(base, ".fdoc"), strings.HasSuffix(base, ".fdseq"):
			r.xml(piece{data: z.read(f, place), place: place, depth: z.p.depth + 1, inline: true})
		default:
			entry := detect.Step{Kind: detect.InEntry, Number: i + 1, Name: mixed([]byte(f.Name))}
			r.piece(piece{data: z.read(f, place), place: place.In(entry), name: f.Name, depth: z.p.depth + 1, inline: true})
		}
	}
}

// fixedPage reads a page of XPS (ECMA-388 §12): runs of glyphs with the point
// where each begins. Runs on one line are joined, with a tab where there is
// room between them.
func (r *reading) fixedPage(data []byte, place detect.Place) {
	s := scanXML(data)
	var text strings.Builder
	var aside []string
	lineY, end := "", 0.0
	for n := 0; s.next(); n++ {
		if n%4096 == 0 && r.over(place) {
			break
		}
		switch {
		case s.kind == xmlText && !blank(s.content), s.kind == xmlAside:
			aside = append(aside, s.content)
		case s.kind == xmlOpen && s.name == "Glyphs":
			run := strings.TrimPrefix(s.attr("UnicodeString"), "{}")
			x, size := decimal(s.attr("OriginX")), decimal(s.attr("FontRenderingEmSize"))
			switch y := s.attr("OriginY"); {
			case y != lineY:
				text.WriteByte('\n')
				lineY = y
			case x > end+size/2 || x < end-20*size:
				text.WriteByte('\t')
			}
			text.WriteString(run)
			end = x + 0.55*size*float64(len([]rune(run)))
		case s.kind == xmlOpen:
			for _, name := range [...]string{"AutomationProperties.Name", "AutomationProperties.HelpText", "FixedPage.NavigateUri"} {
				if value := s.attr(name); value != "" {
					aside = append(aside, value)
				}
			}
		}
	}
	r.prose(place, text.String())
	r.prose(place, strings.Join(aside, "\n"))
	if s.broken {
		r.unscannable(place, whyMalformed)
	}
}

func decimal(text string) float64 {
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return 0
	}
	return v
}
