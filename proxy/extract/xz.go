package extract

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"io"

	"github.com/ulikunitz/xz"
)

// leastDictionary is a dictionary of LZMA that costs nothing to speak of.
const leastDictionary = 1 << 20

// xzReader unpacks a stream of xz of which no more than some octets are read.
// The dictionary that its first block asks for is made only as large as that:
// "xz -9" asks for 64 MB, a hostile file for gigabytes, however small it is.
func xzReader(in io.Reader, most int64) (io.Reader, error) {
	var head bytes.Buffer
	const streamHeader = 12
	if _, err := io.CopyN(&head, in, streamHeader+1); err == nil {
		size := 4 * (int64(head.Bytes()[streamHeader]) + 1)
		if _, err = io.CopyN(&head, in, size-1); err == nil {
			lessenDictionary(head.Bytes()[streamHeader:], most)
		}
	}
	return xz.ReaderConfig{DictCap: leastDictionary}.NewReader(io.MultiReader(&head, in))
}

// lessenDictionary edits the header of a block (The .xz File Format §3.1). One
// that it does not understand is left to the reader.
func lessenDictionary(header []byte, most int64) {
	const lzma2, sum = 0x21, 4
	if header[0] == 0 || crc32.ChecksumIEEE(header[:len(header)-sum]) != binary.LittleEndian.Uint32(header[len(header)-sum:]) {
		return
	}
	flags, rest := header[1], header[2:len(header)-sum]
	number := func() uint64 {
		v, n := binary.Uvarint(rest)
		rest = rest[max(n, 0):]
		return v
	}
	if flags&0x40 != 0 {
		number() // the packed size
	}
	if flags&0x80 != 0 {
		number() // the unpacked size
	}
	for range flags&3 + 1 {
		id, size := number(), number()
		if size > uint64(len(rest)) {
			return
		}
		if id == lzma2 && size == 1 {
			rest[0] = min(rest[0], dictionaryBits(max(most, leastDictionary)))
		}
		rest = rest[size:]
	}
	binary.LittleEndian.PutUint32(header[len(header)-sum:], crc32.ChecksumIEEE(header[:len(header)-sum]))
}

// dictionaryBits is the smallest dictionary that holds so many octets, as the
// header writes it (The .xz File Format §5.3.1).
func dictionaryBits(octets int64) (bits byte) {
	for bits < 40 && (2|int64(bits&1))<<(bits/2+11) < octets {
		bits++
	}
	return bits
}
