package extract

import (
	"encoding/binary"
	"sort"
	"strings"
	"unicode/utf16"
)

// compoundOf writes a compound file with these streams, by path: enough of
// MS-CFB for the readers, with all streams in full sectors.
func compoundOf(streams map[string]string) []byte {
	w := cfbWriter{}
	root := &cfbEntry{name: "Root Entry", kind: 5}
	paths := make([]string, 0, len(streams))
	for path := range streams {
		paths = append(paths, path)
	}
	sort.Strings(paths)
	for _, path := range paths {
		at := root
		parts := strings.Split(path, "/")
		for _, dir := range parts[:len(parts)-1] {
			at = at.child(dir, 1)
		}
		leaf := at.child(parts[len(parts)-1], 2)
		data := streams[path]
		// Small streams would stand in the mini stream: blanks make them long.
		leaf.data = []byte(data + strings.Repeat(" ", max(0, 4096-len(data))))
	}
	return w.file(root)
}

type cfbEntry struct {
	name     string
	kind     byte
	data     []byte
	children []*cfbEntry
	id       int
	start    int
	right    int // the next sibling
}

func (e *cfbEntry) child(name string, kind byte) *cfbEntry {
	for _, c := range e.children {
		if c.name == name {
			return c
		}
	}
	c := &cfbEntry{name: name, kind: kind}
	e.children = append(e.children, c)
	return c
}

type cfbWriter struct {
	entries []*cfbEntry
	sectors []byte
	fat     []uint32
}

func (w *cfbWriter) walk(e *cfbEntry) {
	e.id = len(w.entries)
	w.entries = append(w.entries, e)
	for i, c := range e.children {
		w.walk(c)
		if i > 0 {
			e.children[i-1].right = c.id
		}
	}
}

// put appends a chain of sectors and returns where it starts.
func (w *cfbWriter) put(data []byte) int {
	start := len(w.fat)
	for i := 0; i < len(data) || i == 0; i += 512 {
		sector := make([]byte, 512)
		copy(sector, data[i:])
		w.sectors = append(w.sectors, sector...)
		w.fat = append(w.fat, uint32(len(w.fat)+1))
	}
	w.fat[len(w.fat)-1] = 0xFFFFFFFE
	return start
}

func (w *cfbWriter) file(root *cfbEntry) []byte {
	w.walk(root)
	for _, e := range w.entries {
		if e.kind == 2 {
			e.start = w.put(e.data)
		}
	}
	var dir []byte
	for _, e := range w.entries {
		dir = append(dir, e.record()...)
	}
	dirStart := w.put(dir)
	fatSectors := (len(w.fat) + 127) / 128
	for (len(w.fat)+fatSectors+127)/128 > fatSectors {
		fatSectors++
	}
	fatStart := len(w.fat)
	for range fatSectors {
		w.fat = append(w.fat, 0xFFFFFFFD)
	}
	for len(w.fat)%128 != 0 {
		w.fat = append(w.fat, 0xFFFFFFFF)
	}
	head := []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + strings.Repeat("\x00", 16) + "\x3e\x00\x03\x00\xfe\xff\x09\x00\x06\x00" + strings.Repeat("\x00", 10))
	for _, n := range []uint32{uint32(fatSectors), uint32(dirStart), 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0} {
		head = binary.LittleEndian.AppendUint32(head, n)
	}
	for i := range 109 {
		n := uint32(0xFFFFFFFF)
		if i < fatSectors {
			n = uint32(fatStart + i)
		}
		head = binary.LittleEndian.AppendUint32(head, n)
	}
	out := append(head, w.sectors...)
	for _, n := range w.fat {
		out = binary.LittleEndian.AppendUint32(out, n)
	}
	return out
}

// record writes a directory entry. Siblings hang in a chain to the right.
func (e *cfbEntry) record() []byte {
	rec := make([]byte, 128)
	name := utf16.Encode([]rune(e.name))
	for i, c := range name {
		binary.LittleEndian.PutUint16(rec[2*i:], c)
	}
	binary.LittleEndian.PutUint16(rec[64:], uint16(2*len(name)+2))
	rec[66], rec[67] = e.kind, 1
	for at := 68; at < 80; at += 4 {
		binary.LittleEndian.PutUint32(rec[at:], 0xFFFFFFFF)
	}
	if len(e.children) > 0 {
		binary.LittleEndian.PutUint32(rec[76:], uint32(e.children[0].id))
	}
	if e.right > 0 {
		binary.LittleEndian.PutUint32(rec[72:], uint32(e.right))
	}
	if e.kind == 2 {
		binary.LittleEndian.PutUint32(rec[116:], uint32(e.start))
		binary.LittleEndian.PutUint32(rec[120:], uint32(len(e.data)))
	}
	return rec
}
