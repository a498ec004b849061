package extract

import (
	"encoding/binary"
	"strings"

	"postvern.example/policy/detect"
)

// oleObject reads an object of OLE 1 (MS-OLEDS §2.2.4), as RTF has them: what
// it is called, and the object's own bytes or the file that it is linked to.
// How it looks may follow as a picture.
func (r *reading) oleObject(p piece) {
	o := ole1{p.data}
	if len(o.d) < 12 {
		r.unscannable(p.place, whyMalformed)
		return
	}
	kind := o.u32(4)
	class, topic, item := o.text(), o.text(), o.text()
	r.prose(p.place.In(detect.Step{Kind: detect.InProperties}), topic+"\n"+item)
	if kind == 1 { // linked: the network's name of the file, and two numbers
		r.prose(p.place.In(detect.Step{Kind: detect.InProperties}), o.text())
		o.u32(4)
		r.presentation(p, &o)
		return
	}
	inside := piece{data: o.counted(), place: p.place, depth: p.depth, inline: true}
	if len(inside.data) == 0 {
		r.unscannable(p.place, whyMalformed)
		return
	}
	if strings.EqualFold(class, "package") {
		inside.data = append(make([]byte, 4), inside.data...)
		r.packaged(inside)
	} else {
		r.piece(inside)
	}
	r.presentation(p, &o)
}

// presentation reads the picture behind an object (§2.2.2).
func (r *reading) presentation(p piece, o *ole1) {
	if kind := o.u32(4); kind != 5 {
		return // none
	}
	class := strings.ToUpper(o.text())
	o.u32(4) // width and height
	data := o.counted()
	if class == "METAFILEPICT" && len(data) > 8 {
		data = data[8:]
	}
	if sniff(data) == isWMF {
		r.piece(piece{data: data, place: p.place, depth: p.depth, inline: true})
		return
	}
	r.prose(p.place.In(detect.Step{Kind: detect.InProperties}), printable(data)+wideText(data))
}

// ole1 is what is left of an object.
type ole1 struct{ d []byte }

// u32 reads a number behind some octets.
func (o *ole1) u32(skip int) uint32 {
	if len(o.d) < skip+4 {
		o.d = nil
		return 0
	}
	n := binary.LittleEndian.Uint32(o.d[skip:])
	o.d = o.d[skip+4:]
	return n
}

// counted returns octets behind their number.
func (o *ole1) counted() []byte {
	n := min(int(o.u32(0)), len(o.d))
	s := o.d[:n]
	o.d = o.d[n:]
	return s
}

func (o *ole1) text() string { return mixed([]byte(strings.TrimRight(string(o.counted()), "\x00"))) }
