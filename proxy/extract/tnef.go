package extract

import (
	"encoding/binary"
	"strings"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"

	"postvern.example/policy/detect"
)

// The attributes of TNEF (MS-OXTNEF §2.1.3.2) that this reader takes apart.
const (
	tnefAttachProps = 0x00069005
	tnefMsgProps    = 0x00069003
	tnefRecipients  = 0x00069004
	tnefAttachStart = 0x00069002
	tnefAttachData  = 0x0006800F
	tnefAttachTitle = 0x00018010
	tnefSubject     = 0x00018004
	tnefFrom        = 0x00008000
	tnefCodepage    = 0x00069007
)

// tnef reads winmail.dat, in which Exchange and Outlook wrap a message.
func (r *reading) tnef(p piece) {
	w := tnefWalk{r: r, p: p, place: p.place.In(detect.Step{Kind: detect.InMessage}), enc: charmap.Windows1252}
	if len(p.data) < 6 {
		r.unscannable(p.place, whyMalformed)
		return
	}
	damaged := false
	d := p.data[6:]
	for len(d) >= 11 {
		if r.over(p.place) {
			return
		}
		id, n := binary.LittleEndian.Uint32(d[1:]), int(binary.LittleEndian.Uint32(d[5:]))
		if n < 0 || n > len(d)-11 {
			r.unscannable(p.place, whyMalformed)
			break
		}
		if data := d[9 : 9+n]; tnefSum(data) != binary.LittleEndian.Uint16(d[9+n:]) {
			damaged = true
		}
		w.attribute(id, d[9:9+n])
		d = d[11+n:]
	}
	if damaged { // what it should have said is not known
		r.unscannable(p.place, whyMalformed)
	}
	w.flush()
	r.trailing(p, d)
}

// tnefSum is the checksum of an attribute (MS-OXTNEF §2.1.3.1).
func tnefSum(data []byte) uint16 {
	var sum uint16
	for _, c := range data {
		sum += uint16(c)
	}
	return sum
}

// tnefWalk goes once through the attributes.
type tnefWalk struct {
	r     *reading
	p     piece
	place detect.Place
	enc   encoding.Encoding
	open  bool // an attachment is open
	title string
	data  []byte
	props mapiProps
}

func (w *tnefWalk) attribute(id uint32, d []byte) {
	switch id {
	case tnefCodepage:
		if len(d) >= 4 {
			if enc := codepage(int(binary.LittleEndian.Uint32(d))); enc != nil {
				w.enc = enc
			}
		}
	case tnefAttachStart:
		w.flush()
		w.open = true
	case tnefAttachTitle:
		w.title = strings.TrimRight(convert(w.enc, d), "\x00")
	case tnefAttachData:
		w.data = d
	case tnefAttachProps:
		w.props, _ = w.mapiList(d)
	case tnefMsgProps:
		props, _ := w.mapiList(d)
		w.r.mapi(piece{place: w.place, depth: w.p.depth}, props)
	case tnefRecipients:
		w.recipients(d)
	case tnefSubject:
		w.r.prose(w.place.In(detect.Step{Kind: detect.InHeader, Label: "Subject"}), strings.TrimRight(convert(w.enc, d), "\x00"))
	case tnefFrom:
		w.r.label(w.place.In(detect.Step{Kind: detect.InHeader, Label: "From"}), longRuns(d))
	default:
		// All else is short text or numbers; the upper half names the type.
		switch id >> 16 {
		case 1, 2:
			w.r.prose(w.place.In(detect.Step{Kind: detect.InProperties}), strings.TrimRight(convert(w.enc, d), "\x00"))
		case 6, 0:
			w.r.label(w.place.In(detect.Step{Kind: detect.InProperties}), longRuns(d))
		}
	}
}

func (w *tnefWalk) recipients(d []byte) {
	if len(d) < 4 {
		return
	}
	n := int(binary.LittleEndian.Uint32(d))
	d = d[4:]
	for i := 0; i < n && i < 10_000 && len(d) > 4; i++ {
		var props mapiProps
		props, d = w.mapiList(d)
		w.r.mapi(piece{place: w.place.In(detect.Step{Kind: detect.InHeader, Label: "To"}), depth: w.p.depth}, props)
	}
}

// flush reads the attachment that ends here.
func (w *tnefWalk) flush() {
	if !w.open {
		return
	}
	name := w.props.attachmentName()
	if name == "" {
		name = w.title
	}
	w.r.left.Attachments++
	place := w.place.In(detect.Step{Kind: detect.InAttachment, Number: w.r.left.Attachments, Name: name})
	w.r.label(place.In(detect.Step{Kind: detect.InName}), w.title)
	one := piece{place: place, name: name, depth: w.p.depth + 1, inline: w.props.text(mapiAttachID) != ""}
	if v, ok := w.props.values[mapiAttachData]; ok && v.kind == 0x0D && len(v.data) > 16 {
		one.data = v.data[16:] // the interface's id goes before the object
		delete(w.props.values, mapiAttachData)
		w.r.piece(one)
	} else if len(w.data) > 0 {
		one.data = w.data
		w.r.piece(one)
	}
	one.data = nil
	w.r.mapi(one, w.props)
	w.open, w.title, w.data, w.props = false, "", nil, mapiProps{}
}

// mapiList reads a list of properties (MS-OXTNEF §2.1.3.4) and returns what
// follows it.
func (w *tnefWalk) mapiList(d []byte) (mapiProps, []byte) {
	props := mapiProps{values: map[int]mapiValue{}, enc: w.enc}
	if len(d) < 4 {
		return props, nil
	}
	n := int(binary.LittleEndian.Uint32(d))
	d = d[4:]
	for i := 0; i < n; i++ {
		if len(d) < 4 {
			w.r.unscannable(w.p.place, whyMalformed)
			break
		}
		kind, id := int(binary.LittleEndian.Uint16(d)), int(binary.LittleEndian.Uint16(d[2:]))
		d = d[4:]
		if id >= 0x8000 {
			d = w.named(d)
		}
		var ok bool
		if d, ok = props.take(kind, id, d); !ok {
			w.r.unscannable(w.p.place, whyMalformed)
			return props, nil
		}
	}
	return props, d
}

// named skips the name of a named property, and reads it.
func (w *tnefWalk) named(d []byte) []byte {
	if len(d) < 24 {
		return nil
	}
	if binary.LittleEndian.Uint32(d[16:]) == 0 {
		return d[24:]
	}
	n := int(binary.LittleEndian.Uint32(d[20:]))
	d = d[24:]
	if n < 0 || n > len(d) {
		return nil
	}
	w.r.label(w.place.In(detect.Step{Kind: detect.InProperties}), utf16Text(d[:n&^1]))
	return d[min((n+3)&^3, len(d)):]
}

// take reads the values of one property and returns what follows.
func (m *mapiProps) take(kind, id int, d []byte) ([]byte, bool) {
	count, several := 1, kind&0x1000 != 0
	base := kind &^ 0x1000
	variable := base == 0x1E || base == 0x1F || base == 0x102 || base == 0x0D
	if several || variable {
		if len(d) < 4 {
			return nil, false
		}
		count = int(binary.LittleEndian.Uint32(d))
		d = d[4:]
	}
	for i := 0; i < count; i++ {
		size, known := map[int]int{0x02: 4, 0x03: 4, 0x04: 4, 0x0A: 4, 0x0B: 4, 0x05: 8, 0x06: 8, 0x07: 8, 0x14: 8, 0x40: 8, 0x48: 16, 0x01: 0}[base]
		if !known && !variable {
			return nil, false
		}
		if variable {
			if len(d) < 4 {
				return nil, false
			}
			size = int(binary.LittleEndian.Uint32(d))
			d = d[4:]
		}
		if size < 0 || size > len(d) || size == 0 && count > 1<<16 {
			return nil, false
		}
		if variable {
			m.values[id|i<<16] = mapiValue{kind: base, data: d[:size]}
		}
		d = d[min((size+3)&^3, len(d)):]
	}
	return d, true
}
