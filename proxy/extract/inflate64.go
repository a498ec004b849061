package extract

import (
	"bufio"
	"errors"
	"io"
)

var errDeflate64 = errors.New("deflate64: the data is broken")

// inflate64 reads Deflate64 (APPNOTE 6.3.10 §4.4.5, method 9), which Windows
// writes for large files: Deflate (RFC 1951) with a window of 64 KiB, a longest
// length without end and two more distances.
type inflate64 struct {
	in     *bufio.Reader
	bits   uint32
	n      uint // bits that are held
	window [1 << 16]byte
	at     int // in the window
	out    []byte
	last   bool // this is the last block
	inside func() error
	err    error
	left   int // bytes of a stored block

	literals, distances huffman
}

func newInflate64(in io.Reader) *inflate64 { return &inflate64{in: bufio.NewReader(in)} }

// Read implements io.Reader.
func (z *inflate64) Read(p []byte) (int, error) {
	for len(z.out) == 0 && z.err == nil {
		z.err = z.step()
	}
	if len(z.out) == 0 {
		return 0, z.err
	}
	n := copy(p, z.out)
	z.out = z.out[n:]
	return n, nil
}

// step reads a bit more of a block, or the head of the next.
func (z *inflate64) step() error {
	z.out = z.out[:0]
	if z.inside != nil {
		return z.inside()
	}
	if z.last {
		return io.EOF
	}
	head, err := z.take(3)
	if err != nil {
		return err
	}
	z.last = head&1 == 1
	switch head >> 1 {
	case 0:
		return z.storedBlock()
	case 1:
		var lengths [288]byte
		for i := range lengths {
			switch {
			case i < 144, i > 279:
				lengths[i] = 8
			case i < 256:
				lengths[i] = 9
			default:
				lengths[i] = 7
			}
		}
		var far [32]byte
		for i := range far {
			far[i] = 5
		}
		if !z.literals.build(lengths[:]) || !z.distances.build(far[:]) {
			return errDeflate64
		}
	case 2:
		if err := z.tables(); err != nil {
			return err
		}
	default:
		return errDeflate64
	}
	z.inside = z.codes
	return nil
}

func (z *inflate64) storedBlock() error {
	z.bits, z.n = z.bits>>(z.n&7), z.n&^7
	size, err := z.take(16)
	if err != nil {
		return err
	}
	inverse, err := z.take(16)
	if err != nil || size != inverse^0xFFFF {
		return errDeflate64
	}
	z.left = int(size)
	z.inside = z.stored
	return nil
}

func (z *inflate64) stored() error {
	for z.left > 0 && len(z.out) < 1<<14 {
		c, err := z.take(8)
		if err != nil {
			return err
		}
		z.put(byte(c))
		z.left--
	}
	if z.left == 0 {
		z.inside = nil
	}
	return nil
}

// codes reads literals and repetitions (RFC 1951 §3.2.5).
func (z *inflate64) codes() error {
	for len(z.out) < 1<<14 {
		symbol, err := z.symbol(&z.literals)
		if err != nil {
			return err
		}
		switch {
		case symbol < 256:
			z.put(byte(symbol))
			continue
		case symbol == 256:
			z.inside = nil
			return nil
		}
		length, err := z.extended(int(symbol)-257, lengthBase[:], lengthBits[:])
		if err != nil {
			return err
		}
		far, err := z.symbol(&z.distances)
		if err != nil {
			return err
		}
		distance, err := z.extended(int(far), distanceBase[:], distanceBits[:])
		if err != nil {
			return err
		}
		for range length {
			z.put(z.window[(z.at-distance)&0xFFFF])
		}
	}
	return nil
}

func (z *inflate64) extended(i int, base []int, bits []uint) (int, error) {
	if i < 0 || i >= len(base) {
		return 0, errDeflate64
	}
	more, err := z.take(bits[i])
	return base[i] + int(more), err
}

// The values that length and distance codes stand for, and how many bits
// follow. Code 285 is 3 and sixteen bits in Deflate64.
var (
	lengthBase = [29]int{3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 3}
	lengthBits = [29]uint{0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 16}

	distanceBase = [32]int{
		1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073,
		4097, 6145, 8193, 12289, 16385, 24577, 32769, 49153,
	}
	distanceBits = [32]uint{0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13, 14, 14}

	codeOrder = [19]byte{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}
)

// tables reads the codes of a block (RFC 1951 §3.2.7).
func (z *inflate64) tables() error {
	head, err := z.take(14)
	if err != nil {
		return err
	}
	literals, distances, codes := int(head&31)+257, int(head>>5&31)+1, int(head>>10)+4
	var first [19]byte
	for i := range codes {
		n, err := z.take(3)
		if err != nil {
			return err
		}
		first[codeOrder[i]] = byte(n)
	}
	var code huffman
	if !code.build(first[:]) {
		return errDeflate64
	}
	lengths := make([]byte, 0, literals+distances)
	for len(lengths) < literals+distances {
		if lengths, err = z.lengths(&code, lengths); err != nil {
			return err
		}
	}
	if len(lengths) > literals+distances || !z.literals.build(lengths[:literals]) || !z.distances.build(lengths[literals:]) {
		return errDeflate64
	}
	return nil
}

// lengths reads one length of a code, or a repetition of some.
func (z *inflate64) lengths(code *huffman, all []byte) ([]byte, error) {
	symbol, err := z.symbol(code)
	if err != nil {
		return nil, err
	}
	var value byte
	var bits uint
	count := 3
	switch {
	case symbol < 16:
		return append(all, byte(symbol)), nil
	case symbol == 16:
		if len(all) == 0 {
			return nil, errDeflate64
		}
		value, bits = all[len(all)-1], 2
	case symbol == 17:
		bits = 3
	default:
		bits, count = 7, 11
	}
	more, err := z.take(bits)
	for range count + int(more) {
		all = append(all, value)
	}
	return all, err
}

func (z *inflate64) put(c byte) {
	z.window[z.at] = c
	z.at = (z.at + 1) & 0xFFFF
	z.out = append(z.out, c)
}

// take returns the next n bits, at most 16.
func (z *inflate64) take(n uint) (uint32, error) {
	for z.n < n {
		c, err := z.in.ReadByte()
		if err != nil {
			return 0, io.ErrUnexpectedEOF
		}
		z.bits |= uint32(c) << z.n
		z.n += 8
	}
	v := z.bits & (1<<n - 1)
	z.bits >>= n
	z.n -= n
	return v, nil
}

// symbol reads one symbol of a code.
func (z *inflate64) symbol(h *huffman) (uint16, error) {
	code, first, index := 0, 0, 0
	for length := 1; length < len(h.count); length++ {
		bit, err := z.take(1)
		if err != nil {
			return 0, err
		}
		code |= int(bit)
		n := h.count[length]
		if code-n < first {
			return h.symbols[index+code-first], nil
		}
		index += n
		first = (first + n) << 1
		code <<= 1
	}
	return 0, errDeflate64
}

// huffman is a canonical code: how many symbols have each length, and the
// symbols in their order.
type huffman struct {
	count   [16]int
	symbols []uint16
}

// build reports whether no more codes are given than there can be.
func (h *huffman) build(lengths []byte) bool {
	h.count = [16]int{}
	for _, n := range lengths {
		h.count[n]++
	}
	h.count[0] = 0
	left := 1
	var at [16]int
	for n := 1; n < 16; n++ {
		if left = left<<1 - h.count[n]; left < 0 {
			return false
		}
		if n < 15 {
			at[n+1] = at[n] + h.count[n]
		}
	}
	h.symbols = make([]uint16, len(lengths))
	for symbol, n := range lengths {
		if n > 0 {
			h.symbols[at[n]] = uint16(symbol)
			at[n]++
		}
	}
	return true
}
