package message

import (
	"bytes"
	"errors"
	"fmt"
)

// The errors of Content.
var (
	ErrEncoding = errors.New("the transfer encoding is not known")
	ErrDamaged  = errors.New("the transfer encoding is damaged")
)

// Content returns the body of a part with its transfer encoding undone (RFC
// 2045 §6). Where nothing was encoded it shares memory with the message. The
// errors are ErrEncoding and ErrDamaged: what two readers could decode to two
// texts was not understood.
func (m *Message) Content(p *Part) ([]byte, error) {
	if d, ok := m.Decode(p); ok {
		return d.all()
	}
	return undo(p.Encoding, m.Bytes(p.Body))
}

// undo undoes a transfer encoding.
func undo(encoding string, body []byte) ([]byte, error) {
	switch encoding {
	case "7bit", "8bit", "binary":
		return body, nil
	case "quoted-printable":
		return decodeQP(body)
	case "base64":
		return Decoded{held: body}.all()
	}
	return nil, ErrEncoding
}

// decodeQP undoes quoted-printable (RFC 2045 §6.7). Octets that should have
// been encoded are taken as they are, by every reader; a code that is none is
// damage.
func decodeQP(body []byte) ([]byte, error) {
	out := make([]byte, 0, len(body))
	for len(body) > 0 {
		line, rest, ended := bytes.Cut(body, []byte("\r\n"))
		body = rest
		line = trimBlanks(line) // added on the way (rule 3)
		soft := bytes.HasSuffix(line, []byte("="))
		if soft {
			line = line[:len(line)-1]
		}
		for i := 0; i < len(line); i++ {
			if line[i] != '=' {
				out = append(out, line[i])
				continue
			}
			if i+2 >= len(line) || unhex(line[i+1]) < 0 || unhex(line[i+2]) < 0 {
				return nil, fmt.Errorf("%w: quoted-printable has an equals sign without a code", ErrDamaged)
			}
			out = append(out, byte(unhex(line[i+1])<<4|unhex(line[i+2])))
			i += 2
		}
		if ended && !soft {
			out = append(out, '\r', '\n')
		}
	}
	return out, nil
}

func trimBlanks(line []byte) []byte {
	for len(line) > 0 && (line[len(line)-1] == ' ' || line[len(line)-1] == '\t') {
		line = line[:len(line)-1]
	}
	return line
}
