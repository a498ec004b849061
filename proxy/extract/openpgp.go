package extract

import (
	"bytes"
	"errors"
	"io"
	"strings"

	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/ProtonMail/go-crypto/openpgp/packet"

	"postvern.example/policy/detect"
)

// openPGP reads armored OpenPGP data (RFC 9580 §6). Keys and signatures are no
// findings, but what stands around and beside them is read: an armor header, a
// user id, a notation is text like any other.
func (r *reading) openPGP(p piece) {
	text := mixed(p.data)
	r.prose(p.place, withoutArmor(text))
	rest := p.data
	for {
		i := bytes.Index(rest, []byte("-----BEGIN PGP "))
		if i < 0 {
			return
		}
		if r.over(p.place) {
			return
		}
		rest = rest[i:]
		if bytes.HasPrefix(rest, []byte("-----BEGIN PGP SIGNED MESSAGE-----")) {
			rest = rest[len("-----BEGIN PGP SIGNED"):] // its text is not armored
			continue
		}
		block, err := armor.Decode(bytes.NewReader(rest))
		if err != nil {
			r.unscannable(p.place, whyMalformed)
			return
		}
		for _, value := range block.Header {
			r.label(p.place, value)
		}
		data, err := io.ReadAll(block.Body)
		if err != nil {
			r.unscannable(p.place, whyMalformed)
		}
		p.data = data
		r.packets(p)
		rest = rest[len("-----BEGIN PGP "):]
	}
}

// withoutArmor returns the text around the blocks. The base64 of a block is no
// text: its lines are those between the empty line and the end marker.
func withoutArmor(text string) string {
	var b strings.Builder
	inside, body := false, false
	for line := range strings.SplitSeq(strings.ReplaceAll(text, "\r\n", "\n"), "\n") {
		switch {
		case strings.HasPrefix(line, "-----BEGIN PGP ") && !strings.Contains(line, "SIGNED MESSAGE"):
			inside, body = true, false
		case strings.HasPrefix(line, "-----END PGP "):
			inside = false
		case inside && line == "":
			body = true
		case inside && body && !strings.ContainsAny(line, " @:,."):
		default:
			b.WriteString(line + "\n")
		}
	}
	return b.String()
}

// openPGPData reads binary OpenPGP packets.
func (r *reading) openPGPData(p piece) { r.packets(p) }

// packets goes through OpenPGP packets. A message that is encrypted is
// protected; one that is only signed or packed is read.
func (r *reading) packets(p piece) {
	packets := packet.NewReader(bytes.NewReader(p.data))
	for n := 0; n < 10_000; n++ {
		if r.over(p.place) {
			return
		}
		one, err := packets.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			r.unscannable(p.place, whyMalformed)
			return
		}
		switch one := one.(type) {
		case *packet.EncryptedKey, *packet.SymmetricKeyEncrypted:
		case *packet.SymmetricallyEncrypted, *packet.AEADEncrypted:
			r.protected(p.place, strengthStrong, sealedOpenPGP)
			return
		case *packet.UserId:
			r.label(p.place, one.Id)
		case *packet.Signature:
			for _, notation := range one.Notations {
				r.label(p.place, notation.Name+": "+mixed(notation.Value))
			}
		case *packet.PublicKey, *packet.PrivateKey, *packet.OnePassSignature, *packet.Marker, *packet.Padding:
		case *packet.Compressed:
			r.compressed(p, one.Body)
			return
		case *packet.LiteralData:
			r.literal(p, one.Body, one.FileName)
		default:
			r.unscannable(p.place, whyPartly)
		}
	}
	r.unscannable(p.place, whyEntries)
}

func (r *reading) compressed(p piece, body io.Reader) {
	if p.depth++; p.depth > r.x.cfg.Depth {
		r.unscannable(p.place, whyDepth)
		return
	}
	data, why := r.unpack(body, int64(len(p.data)))
	if why != "" {
		r.unscannable(p.place, why)
	}
	p.data = data
	r.packets(p)
}

func (r *reading) literal(p piece, body io.Reader, name string) {
	data, why := r.unpack(body, int64(len(p.data)))
	if why != "" {
		r.unscannable(p.place, why)
	}
	place := p.place.In(detect.Step{Kind: detect.InEntry, Number: 1, Name: name})
	r.label(place.In(detect.Step{Kind: detect.InName}), name)
	r.piece(piece{data: data, place: place, name: name, depth: p.depth + 1})
}

// isPGPPacket reports whether data begins with a packet that begins an
// encrypted message: the key packets of RFC 9580 §5.1 and §5.3.
func isPGPPacket(data []byte) bool {
	if len(data) < 16 || data[0]&0x80 == 0 {
		return false
	}
	tag, body := data[0]&0x3F, 2
	if data[0]&0x40 == 0 { // the old form of packet header
		tag = data[0] & 0x3F >> 2
		body = 1 + 1<<(data[0]&3)
	} else if data[1] >= 192 && data[1] < 224 {
		body = 3
	}
	version := data[body]
	return tag == 1 && (version == 3 || version == 6) || tag == 3 && version >= 4 && version <= 6
}
