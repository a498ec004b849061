package extract

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"io"

	"postvern.example/policy/detect"
)

// cabinet reads a cabinet file (MS-CAB): folders of blocks, each stored or
// packed with MSZIP (MS-MCI), that hold files one after the other. Those that
// are packed with Quantum or LZX, or go on in another cabinet, are findings.
func (r *reading) cabinet(p piece) {
	c := cabinetFile{r: r, p: p, data: p.data, folders: map[int][]byte{}}
	if !c.open() {
		r.unscannable(p.place, whyMalformed)
		return
	}
	for n := 1; n <= c.files && r.counted(p); n++ {
		if !c.file(n) {
			r.unscannable(p.place, whyMalformed)
			return
		}
	}
	r.trailing(p, p.data[min(c.size, len(p.data)):])
}

type cabinetFile struct {
	r       *reading
	p       piece
	data    []byte
	size    int // of the whole cabinet
	files   int
	at      int // where the next file's entry stands
	table   int // where the folders' entries stand
	count   int // of folders
	extra   int // bytes beside each folder's entry
	reserve int // bytes beside each block's head
	folders map[int][]byte
}

// open reads the header (§2.2).
func (c *cabinetFile) open() bool {
	d := c.data
	if len(d) < 36 {
		return false
	}
	c.size, c.at = int(binary.LittleEndian.Uint32(d[8:])), int(binary.LittleEndian.Uint32(d[16:]))
	c.count, c.files = int(binary.LittleEndian.Uint16(d[26:])), int(binary.LittleEndian.Uint16(d[28:]))
	flags := binary.LittleEndian.Uint16(d[30:])
	c.table = 36
	if flags&4 != 0 {
		if len(d) < 40 {
			return false
		}
		c.table, c.extra, c.reserve = 40+int(binary.LittleEndian.Uint16(d[36:])), int(d[38]), int(d[39])
	}
	for bit := uint16(1); bit <= 2; bit++ { // names of the cabinets before and after
		if flags&bit == 0 {
			continue
		}
		for range 2 {
			i := bytes.IndexByte(d[min(c.table, len(d)):], 0)
			if i < 0 {
				return false
			}
			c.table += i + 1
		}
	}
	return c.table <= len(d) && c.at >= 36 && c.at <= len(d)
}

// file reads an entry (§2.2.3) and the file that it names.
func (c *cabinetFile) file(number int) bool {
	if c.at+16 > len(c.data) {
		return false
	}
	d := c.data[c.at:]
	size, start, folder := int(binary.LittleEndian.Uint32(d)), int(binary.LittleEndian.Uint32(d[4:])), int(binary.LittleEndian.Uint16(d[8:]))
	end := bytes.IndexByte(d[16:], 0)
	if end < 0 {
		return false
	}
	name := entryName(string(d[16:16+end]), binary.LittleEndian.Uint16(d[14:])&0x80 != 0)
	c.at += 16 + end + 1
	place := c.p.place.In(detect.Step{Kind: detect.InEntry, Number: number, Name: name})
	c.r.label(place.In(detect.Step{Kind: detect.InName}), name)
	if folder >= c.count { // begun in another cabinet, or going on in one
		c.r.unscannable(place, whyPacking)
		return true
	}
	data, known := c.folders[folder]
	if !known {
		var why detect.Evidence
		if data, why = c.unpack(folder); why != "" {
			c.r.unscannable(c.p.place, why)
		}
		c.folders[folder] = data
	}
	if start < 0 || size < 0 || start > len(data) {
		return len(data) == 0 // what could not be unpacked was said
	}
	c.r.piece(piece{data: data[start:min(start+size, len(data))], place: place, name: name, depth: c.p.depth + 1})
	return true
}

// unpack undoes the blocks of a folder (§2.2.2, §2.2.4).
func (c *cabinetFile) unpack(folder int) ([]byte, detect.Evidence) {
	at := c.table + folder*(8+c.extra)
	if at+8 > len(c.data) {
		return nil, whyMalformed
	}
	first, blocks := int(binary.LittleEndian.Uint32(c.data[at:])), int(binary.LittleEndian.Uint16(c.data[at+4:]))
	packing := binary.LittleEndian.Uint16(c.data[at+6:]) & 0x0F
	if packing > 1 {
		return nil, whyPacking
	}
	return c.r.unpack(&cabinetBlocks{c: c, at: first, left: blocks, zipped: packing == 1}, int64(len(c.data)))
}

// cabinetBlocks reads the data of a folder.
type cabinetBlocks struct {
	c      *cabinetFile
	at     int
	left   int
	zipped bool
	before []byte // the block before, which the next refers to
	out    []byte
}

// Read implements io.Reader.
func (b *cabinetBlocks) Read(p []byte) (int, error) {
	for len(b.out) == 0 {
		if b.left == 0 {
			return 0, io.EOF
		}
		b.left--
		if err := b.next(); err != nil {
			return 0, err
		}
	}
	n := copy(p, b.out)
	b.out = b.out[n:]
	return n, nil
}

func (b *cabinetBlocks) next() error {
	d := b.c.data
	if b.at < 0 || b.at+8+b.c.reserve > len(d) {
		return io.ErrUnexpectedEOF
	}
	packed, size := int(binary.LittleEndian.Uint16(d[b.at+4:])), int(binary.LittleEndian.Uint16(d[b.at+6:]))
	b.at += 8 + b.c.reserve
	if packed > len(d)-b.at {
		return io.ErrUnexpectedEOF
	}
	block := d[b.at : b.at+packed]
	b.at += packed
	if !b.zipped {
		b.out = block
		return nil
	}
	if !bytes.HasPrefix(block, []byte("CK")) {
		return io.ErrUnexpectedEOF
	}
	plain := make([]byte, size)
	if _, err := io.ReadFull(flate.NewReaderDict(bytes.NewReader(block[2:]), b.before), plain); err != nil {
		return io.ErrUnexpectedEOF
	}
	b.before, b.out = plain, plain
	return nil
}
