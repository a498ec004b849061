package extract

import "postvern.example/policy/detect"

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
		r.looseText(c.streams[name], properties)
	}
}
