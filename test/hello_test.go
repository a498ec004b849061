package test

import (
	bigendian "encoding/binary"
	"fmt"
	"io"
	"net"
	"testing"
	"time"
)

// hello is the first message of a TLS client, written octet by octet: no library
// says what we want to hear refused.
type hello struct {
	record, version uint16
	suites          []uint16
	compression     []byte
	name            string   // SNI; empty: none
	protocols       []string // ALPN
	tls13           bool     // supported_versions and key_share say so
}

func sized8(b []byte) []byte { return append([]byte{byte(len(b))}, b...) }

func sized16(b []byte) []byte {
	return append(bigendian.BigEndian.AppendUint16(nil, uint16(len(b))), b...)
}

func words(all ...uint16) (b []byte) {
	for _, w := range all {
		b = bigendian.BigEndian.AppendUint16(b, w)
	}
	return b
}

// octets returns the records of the message (RFC 5246 §7.4.1.2, RFC 8446 §4.1.2).
func (h hello) octets() []byte {
	var more []byte
	extension := func(kind uint16, content []byte) { more = append(append(more, words(kind)...), sized16(content)...) }
	if h.name != "" {
		extension(0, sized16(append([]byte{0}, sized16([]byte(h.name))...)))
	}
	extension(10, sized16(words(0x001d, 0x0017, 0x0018)))
	extension(11, sized8([]byte{0}))
	extension(13, sized16(words(0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601, 0x0203, 0x0201)))
	if len(h.protocols) > 0 {
		var list []byte
		for _, p := range h.protocols {
			list = append(list, sized8([]byte(p))...)
		}
		extension(16, sized16(list))
	}
	if h.tls13 {
		extension(43, sized8(words(0x0304)))
		extension(51, sized16(append(words(0x001d), sized16([]byte("0123456789abcdef0123456789abcdef"))...)))
	}
	body := append(words(h.version), "every client draws thirty-two of."[:32]...)
	body = append(body, sized8([]byte("0123456789abcdef0123456789abcdef"))...)
	body = append(append(append(body, sized16(words(h.suites...))...), sized8(h.compression)...), sized16(more)...)
	message := append([]byte{1, byte(len(body) >> 16), byte(len(body) >> 8), byte(len(body))}, body...)
	var out []byte
	for len(message) > 0 {
		n := min(len(message), 16000)
		out = append(append(append(out, 22), words(h.record)...), sized16(message[:n])...)
		message = message[n:]
	}
	return out
}

// choice is what a server answers to a hello.
type choice struct {
	version, suite uint16
	compression    byte
	alert          byte // 0: none
}

// String names a choice.
func (c choice) String() string {
	if c.suite == 0 {
		return fmt.Sprintf("alert %d", c.alert)
	}
	return fmt.Sprintf("version %04x, suite %04x, compression %d", c.version, c.suite, c.compression)
}

// answer says a hello on a connection where TLS is expected, and reads what the
// server chooses; a connection that ends without a word is alert 255.
func answer(t testing.TB, conn net.Conn, octets []byte) choice {
	t.Helper()
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(30 * time.Second))
	_, _ = conn.Write(octets) // it may hang up in the middle
	head := make([]byte, 5)
	if _, err := io.ReadFull(conn, head); err != nil {
		return choice{alert: 255}
	}
	body := make([]byte, bigendian.BigEndian.Uint16(head[3:]))
	if _, err := io.ReadFull(conn, body); err != nil || len(body) < 2 {
		return choice{alert: 255}
	}
	switch {
	case head[0] == 21:
		return choice{alert: body[1]}
	case head[0] != 22 || body[0] != 2 || len(body) < 42:
		return choice{alert: 255} // not TLS, such as a 421
	}
	at := 39 + int(body[38])
	c := choice{version: bigendian.BigEndian.Uint16(body[4:]), suite: bigendian.BigEndian.Uint16(body[at:]), compression: body[at+2]}
	for rest := body[min(at+5, len(body)):]; len(rest) >= 4; {
		n := int(bigendian.BigEndian.Uint16(rest[2:]))
		if bigendian.BigEndian.Uint16(rest) == 43 && n == 2 {
			c.version = bigendian.BigEndian.Uint16(rest[4:])
		}
		rest = rest[min(4+n, len(rest)):]
	}
	return c
}
