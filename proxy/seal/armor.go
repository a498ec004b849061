package seal

import (
	"bytes"
	"encoding/base64"
	"io"
)

// armorWriter writes OpenPGP's ASCII armor (RFC 9580 §6.2) for mail: CRLF line
// ends, no Version or Comment, 64 characters a line. GnuPG 2.2 and older
// programs want the checksum.
type armorWriter struct {
	out     *bytes.Buffer
	encoder io.WriteCloser
	column  int
	sum     uint32
}

const armorLine = 64

func newArmorWriter(out *bytes.Buffer) *armorWriter {
	out.WriteString("-----BEGIN PGP MESSAGE-----\r\n\r\n")
	a := &armorWriter{out: out, sum: crc24Init}
	a.encoder = base64.NewEncoder(base64.StdEncoding, lines{a})
	return a
}

// Write encodes p. It returns no error: the buffer takes everything.
func (a *armorWriter) Write(p []byte) (int, error) {
	a.sum = crc24(a.sum, p)
	return a.encoder.Write(p)
}

// Close writes the checksum and the last line.
func (a *armorWriter) Close() error {
	if err := a.encoder.Close(); err != nil {
		return err
	}
	if a.column > 0 {
		a.out.WriteString("\r\n")
	}
	sum := []byte{byte(a.sum >> 16), byte(a.sum >> 8), byte(a.sum)}
	a.out.WriteString("=" + base64.StdEncoding.EncodeToString(sum) + "\r\n-----END PGP MESSAGE-----\r\n")
	return nil
}

// lines breaks base64 into lines.
type lines struct{ *armorWriter }

func (l lines) Write(p []byte) (int, error) {
	written := len(p)
	for len(p) > 0 {
		n := min(len(p), armorLine-l.column)
		l.out.Write(p[:n])
		p = p[n:]
		if l.column += n; l.column == armorLine {
			l.out.WriteString("\r\n")
			l.column = 0
		}
	}
	return written, nil
}

const (
	crc24Init = 0xb704ce
	crc24Poly = 0x864cfb
)

// crcTable is CRC-24 (RFC 9580 §6.1) a byte at a time.
var crcTable = func() (table [256]uint32) {
	for i := range table {
		crc := uint32(i) << 16
		for range 8 {
			if crc <<= 1; crc&0x1000000 != 0 {
				crc ^= 0x1000000 | crc24Poly
			}
		}
		table[i] = crc & 0xffffff
	}
	return table
}()

func crc24(sum uint32, p []byte) uint32 {
	for _, b := range p {
		sum = (sum<<8 ^ crcTable[byte(sum>>16)^b]) & 0xffffff
	}
	return sum
}
