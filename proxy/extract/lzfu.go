package extract

import "encoding/binary"

// lzfuStart is what the dictionary of compressed RTF holds at first
// (MS-OXRTFCP §2.1.2.1).
const lzfuStart = "{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"

// compressedRTF reads the body of an Outlook message in its RTF form.
func (r *reading) compressedRTF(p piece) {
	plain, ok := decompressRTF(p.data)
	if !ok {
		r.unscannable(p.place, whyMalformed)
	}
	if len(plain) > 0 {
		p.data = plain
		r.rtf(p)
	}
}

// decompressRTF undoes the compression of MS-OXRTFCP.
func decompressRTF(d []byte) ([]byte, bool) {
	if len(d) < 16 {
		return nil, false
	}
	raw := int(binary.LittleEndian.Uint32(d[4:]))
	kind := string(d[8:12])
	d = d[16:]
	if kind == "MELA" {
		return d[:min(max(raw, 0), len(d))], true
	}
	if kind != "LZFu" {
		return nil, false
	}
	var dictionary [4096]byte
	at := copy(dictionary[:], lzfuStart)
	var out []byte
	put := func(c byte) {
		out = append(out, c)
		dictionary[at] = c
		at = (at + 1) & 4095
	}
	for len(d) > 0 {
		flags := d[0]
		d = d[1:]
		for bit := 0; bit < 8; bit++ {
			if flags>>bit&1 == 0 {
				if len(d) == 0 {
					return out, len(out) >= raw
				}
				put(d[0])
				d = d[1:]
				continue
			}
			if len(d) < 2 {
				return out, len(out) >= raw
			}
			token := int(binary.BigEndian.Uint16(d))
			d = d[2:]
			from, n := token>>4, token&15+2
			if from == at {
				return out, true
			}
			for range n {
				put(dictionary[from])
				from = (from + 1) & 4095
			}
		}
	}
	return out, len(out) >= raw
}
