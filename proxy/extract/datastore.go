package extract

import (
	"strings"

	"postvern.example/policy/detect"
)

// dataStore reads the XML of one's own that Word keeps in RTF: a compound file
// with the storage that a document of its own has (MS-DOC §2.1, Custom XML
// Data), in an object of OLE 1.
func (r *reading) dataStore(p piece) {
	if o := (ole1{p.data}); o.u32(0) == 0x0501 {
		o.u32(0)
		_, _, _ = o.text(), o.text(), o.text()
		p.data = o.counted()
	}
	properties := p.place.In(detect.Step{Kind: detect.InProperties})
	if sniff(p.data) != isOLE {
		r.prose(properties, printable(p.data)+wideText(p.data)) // nothing that a program reads
		return
	}
	c, why := r.openCompound(p)
	if why != "" {
		r.unscannable(p.place, why)
	}
	if c == nil {
		return
	}
	for _, name := range c.names {
		r.ownXML(c.streams[name], properties)
	}
}

// ownXML reads XML that no program of an office has the say over: its attributes
// are text as well.
func (r *reading) ownXML(data []byte, place detect.Place) {
	r.looseText(data, place)
	var b strings.Builder
	seen := map[string]bool{}
	s := scanXML(data)
	for n := 0; s.next(); n++ {
		if n%4096 == 0 && r.over(place) {
			return
		}
		if s.kind != xmlOpen || s.attrs == "" {
			continue
		}
		s.eachAttr(func(key, value string) bool {
			if len(value) > 3 && !seen[value] && !isSchema(key, value) {
				seen[value] = true
				b.WriteString(value + "\n")
			}
			return true
		})
	}
	r.prose(place, b.String())
}

// isSchema reports whether an attribute says what kind of XML this is.
func isSchema(key, value string) bool {
	return key == "xmlns" || key == "ref" || key == "base" || key == "type" || strings.HasPrefix(value, "http://schemas.") ||
		strings.HasPrefix(value, "{") && strings.HasSuffix(value, "}")
}
