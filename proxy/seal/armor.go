package seal

import (
	"encoding/base64"
	"encoding/binary"
	"io"
)

// armorWriter writes OpenPGP's ASCII armor (RFC 9580 §6.2) for mail: CRLF line
// ends, no Version or Comment, 64 characters a line. GnuPG 2.2 and older
// programs want the checksum.
type armorWriter struct {
	w    io.Writer
	out  []byte // lines that are not written yet
	rest []byte // less than a line of octets
	sum  uint32
	err  error // the first of w
}

const (
	armorLine   = 64
	armorOctets = armorLine / 4 * 3
	armorBuffer = 16 << 10
)

func newArmorWriter(w io.Writer) *armorWriter {
	return &armorWriter{w: w, sum: crc24Init, out: []byte("-----BEGIN PGP MESSAGE-----\r\n\r\n")}
}

// Write encodes p, line by line.
func (a *armorWriter) Write(p []byte) (int, error) {
	written := len(p)
	a.sum = crc24(a.sum, p)
	if len(a.rest) > 0 {
		n := min(armorOctets-len(a.rest), len(p))
		a.rest, p = append(a.rest, p[:n]...), p[n:]
		if len(a.rest) < armorOctets {
			return written, a.err
		}
		a.line(a.rest)
		a.rest = a.rest[:0]
	}
	for ; len(p) >= armorOctets; p = p[armorOctets:] {
		a.line(p[:armorOctets])
	}
	a.rest = append(a.rest, p...)
	return written, a.err
}

func (a *armorWriter) line(p []byte) {
	a.out = append(base64.StdEncoding.AppendEncode(a.out, p), '\r', '\n')
	if len(a.out) >= armorBuffer {
		a.flush()
	}
}

func (a *armorWriter) flush() {
	if a.err == nil {
		_, a.err = a.w.Write(a.out)
	}
	a.out = a.out[:0]
}

// Close writes the last line and the checksum.
func (a *armorWriter) Close() error {
	if len(a.rest) > 0 {
		a.line(a.rest)
	}
	sum := []byte{byte(a.sum >> 16), byte(a.sum >> 8), byte(a.sum)}
	a.out = append(a.out, "="+base64.StdEncoding.EncodeToString(sum)+"\r\n-----END PGP MESSAGE-----\r\n"...)
	a.flush()
	return a.err
}

const (
	crc24Init = 0xb704ce
	crc24Poly = 0x864cfb
)

// crcTables are CRC-24 (RFC 9580 §6.1), left in a word of 32 bits, for each of
// the eight octets that are taken at a time: the first is for the last of them.
var crcTables = func() (tables [8][256]uint32) {
	for i := range tables[0] {
		crc := uint32(i) << 24
		for range 8 {
			carry := crc >> 31
			crc = crc<<1 ^ carry*(crc24Poly<<8)
		}
		tables[0][i] = crc
	}
	for k := 1; k < len(tables); k++ {
		for i, crc := range tables[k-1] {
			tables[k][i] = crc<<8 ^ tables[0][crc>>24]
		}
	}
	return tables
}()

func crc24(sum uint32, p []byte) uint32 {
	t := &crcTables
	sum <<= 8
	for ; len(p) >= 8; p = p[8:] {
		x, y := sum^binary.BigEndian.Uint32(p), binary.BigEndian.Uint32(p[4:])
		sum = t[7][x>>24] ^ t[6][byte(x>>16)] ^ t[5][byte(x>>8)] ^ t[4][byte(x)] ^
			t[3][y>>24] ^ t[2][byte(y>>16)] ^ t[1][byte(y>>8)] ^ t[0][byte(y)]
	}
	for _, b := range p {
		sum = sum<<8 ^ t[0][byte(sum>>24)^b]
	}
	return sum >> 8
}
