package extract

import (
	"encoding/binary"
	"sort"
	"strconv"
	"strings"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"

	"postvern.example/policy/detect"
)

// The properties of Outlook's messages whose values are not plain text
// (MS-OXPROPS).
const (
	mapiSubject      = 0x0037
	mapiHeaders      = 0x007D
	mapiBody         = 0x1000
	mapiRTF          = 0x1009
	mapiHTML         = 0x1013
	mapiAttachData   = 0x3701
	mapiAttachName   = 0x3704
	mapiAttachLong   = 0x3707
	mapiAttachType   = 0x370E
	mapiAttachID     = 0x3712
	mapiCodepage     = 0x3FFD
	mapiInternetPage = 0x3FDE
)

// mapiFields are the properties that name people as fields of a header do: who
// wrote, in whose name, to whom, and who received it.
var mapiFields = map[int]string{
	0x0042: "From", 0x0065: "From", 0x0C1A: "From", 0x0C1F: "From", 0x5D01: "From", 0x5D02: "From", 0x3FF8: "From", 0x3FFA: "From",
	0x0E04: "To", 0x0E03: "Cc", 0x0E02: "Bcc", 0x0074: "To", 0x0073: "Cc", 0x0072: "Bcc", 0x0050: "Reply-To",
	0x0040: "To", 0x0044: "To", 0x0076: "To", 0x0078: "To", 0x5D07: "To", 0x5D08: "To",
}

// outlook reads a message that Outlook has saved (MS-OXMSG): each property is
// a stream of its own.
func (r *reading) outlook(p piece, c *compound, under string) {
	if r.over(p.place) {
		return
	}
	place := labelled(p.place, "mail").In(detect.Step{Kind: detect.InMessage})
	props := c.properties(under)
	props.enc = messageCodepage(c.streams[under+"__properties_version1.0"])
	r.mapi(piece{place: place, depth: p.depth}, props)
	for _, dir := range c.children(under) {
		name := dir[len(under):]
		switch {
		case strings.HasPrefix(name, "__recip_version1.0"):
			recipient := c.properties(dir)
			recipient.enc = props.enc
			r.mapi(piece{place: place.In(detect.Step{Kind: detect.InHeader, Label: "To"}), depth: p.depth}, recipient)
		case strings.HasPrefix(name, "__attach_version1.0"):
			r.outlookAttachment(p, c, dir, place, props.enc)
		case strings.HasPrefix(name, "__nameid_version1.0"):
			for _, stream := range c.names {
				if strings.HasPrefix(stream, dir) && strings.HasSuffix(stream, "00040102") { // the names of named properties
					r.label(place.In(detect.Step{Kind: detect.InProperties}), wideText(c.streams[stream]))
				}
			}
		}
	}
}

// children returns the storages directly inside one, with a final slash.
func (c *compound) children(under string) []string {
	seen := map[string]bool{}
	for _, name := range c.names {
		if rest, ok := strings.CutPrefix(name, under); ok {
			if dir, _, found := strings.Cut(rest, "/"); found {
				seen[under+dir+"/"] = true
			}
		}
	}
	return sortedKeys(seen)
}

// properties returns the properties whose streams stand in a storage.
func (c *compound) properties(under string) mapiProps {
	props := mapiProps{values: map[int]mapiValue{}}
	for _, name := range c.names {
		rest, ok := strings.CutPrefix(name, under+"__substg1.0_")
		if !ok || len(rest) < 8 || strings.Contains(rest, "/") {
			continue
		}
		tag, err := strconv.ParseUint(rest[:8], 16, 32)
		if err != nil {
			continue
		}
		if len(rest) > 8 { // one of several values
			if index, err := strconv.ParseUint(strings.TrimPrefix(rest[8:], "-"), 16, 32); err == nil {
				props.values[int(tag>>16)|int(index+1)<<16] = mapiValue{kind: int(tag) & 0xFFF, data: c.streams[name]}
			}
			continue
		}
		props.values[int(tag>>16)] = mapiValue{kind: int(tag) & 0xFFFF, data: c.streams[name]}
	}
	return props
}

// messageCodepage returns the encoding of the strings that are not Unicode.
func messageCodepage(d []byte) encoding.Encoding {
	for _, head := range [...]int{32, 24, 8} {
		for at := head; at+16 <= len(d); at += 16 {
			tag := binary.LittleEndian.Uint32(d[at:])
			if tag == mapiCodepage<<16|3 || tag == mapiInternetPage<<16|3 {
				if enc := codepage(int(binary.LittleEndian.Uint32(d[at+8:]))); enc != nil {
					return enc
				}
			}
		}
	}
	return charmap.Windows1252
}

// outlookAttachment reads a file, a message or an object in a message.
func (r *reading) outlookAttachment(p piece, c *compound, dir string, place detect.Place, enc encoding.Encoding) {
	props := c.properties(dir)
	props.enc = enc
	r.left.Attachments++
	in := place.In(detect.Step{Kind: detect.InAttachment, Number: r.left.Attachments, Name: props.attachmentName()})
	one := piece{place: in, depth: p.depth + 1, name: props.attachmentName(), inline: props.text(mapiAttachID) != "", data: p.data}
	if one.depth > r.x.cfg.Depth {
		r.unscannable(in, whyDepth)
		return
	}
	inner := dir + "__substg1.0_3701000d/"
	switch {
	case c.streams[inner+"__properties_version1.0"] != nil:
		r.outlook(one, c, inner)
	case len(c.children(dir)) > 0:
		r.storage(one, c, inner)
	}
	r.mapi(one, props)
}

// mapiProps are the properties of a message, a recipient or an attachment.
type mapiProps struct {
	values map[int]mapiValue
	enc    encoding.Encoding
}

type mapiValue struct {
	kind int // 0x1E and 0x1F are strings, 0x102 is bytes
	data []byte
}

func (m mapiProps) text(id int) string {
	v := m.values[id]
	switch v.kind {
	case 0x1E:
		return strings.TrimRight(convert(m.enc, v.data), "\x00")
	case 0x1F:
		return strings.TrimRight(utf16Text(v.data[:len(v.data)&^1]), "\x00")
	}
	return ""
}

func (m mapiProps) attachmentName() string {
	if name := m.text(mapiAttachLong); name != "" {
		return name
	}
	return m.text(mapiAttachName)
}

// mapi reads properties: every string, the body in its three forms, and the
// bytes of an attachment.
func (r *reading) mapi(p piece, m mapiProps) {
	ids := make([]int, 0, len(m.values))
	for id := range m.values {
		ids = append(ids, id)
	}
	sort.Ints(ids)
	properties := p.place.In(detect.Step{Kind: detect.InProperties})
	for _, id := range ids {
		v := m.values[id]
		switch {
		case id == mapiBody && (v.kind == 0x1E || v.kind == 0x1F):
			r.prose(p.place.In(detect.Step{Kind: detect.InBody, Label: "text"}), m.text(id))
		case id == mapiSubject:
			r.prose(p.place.In(detect.Step{Kind: detect.InHeader, Label: "Subject"}), m.text(id))
		case mapiFields[id] != "" && (v.kind == 0x1E || v.kind == 0x1F):
			r.label(p.place.In(detect.Step{Kind: detect.InHeader, Label: mapiFields[id]}), strings.Trim(m.text(id), "\x00"))
		case id == mapiHTML:
			place := p.place.In(detect.Step{Kind: detect.InBody, Label: "HTML"})
			if v.kind == 0x102 {
				r.html(piece{data: v.data, place: place, depth: p.depth})
			} else {
				r.markup(piece{place: place, depth: p.depth}, m.text(id), 0)
			}
		case id == mapiRTF && v.kind == 0x102:
			r.compressedRTF(piece{data: v.data, place: p.place.In(detect.Step{Kind: detect.InBody, Label: "HTML"}), depth: p.depth})
		case id == mapiAttachData && v.kind == 0x102:
			p.data, p.declared = v.data, m.text(mapiAttachType)
			r.label(p.place.In(detect.Step{Kind: detect.InName}), p.name)
			r.piece(p)
		case v.kind == 0x1E || v.kind == 0x1F:
			r.label(properties, m.text(id))
		case v.kind == 0x102 && id != 0x3702 && id != 0x3709:
			r.label(properties, longRuns(v.data))
		}
	}
}

// longRuns returns the texts in binary properties: entry ids hold names.
func longRuns(data []byte) string {
	if len(data) > 16<<10 {
		return ""
	}
	var b strings.Builder
	for line := range strings.SplitSeq(printable(data)+wideText(data), "\n") {
		if len(line) >= 8 {
			b.WriteString(line + "\n")
		}
	}
	return b.String()
}
