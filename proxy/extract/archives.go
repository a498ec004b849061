package extract

import (
	"archive/tar"
	"bytes"
	"compress/bzip2"
	"compress/gzip"
	"errors"
	"io"
	"path"
	"runtime/debug"
	"strings"

	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
	"github.com/ulikunitz/xz/lzma"

	"postvern.example/policy/detect"
)

// entry reads one file of an archive.
func (r *reading) entry(p piece, number int, name string, in io.Reader, packed int64) {
	place := p.place.In(detect.Step{Kind: detect.InEntry, Number: number, Name: name})
	r.label(place.In(detect.Step{Kind: detect.InName}), name)
	if in == nil {
		return
	}
	data, why := r.unpack(in, packed)
	if why != "" {
		r.unscannable(place, why)
	}
	r.piece(piece{data: data, place: place, name: name, depth: p.depth + 1})
	if r.inside && len(data) > largeEntry {
		debug.FreeOSMemory() // the next may be as large, and the file has what is allowed for it but once
	}
}

// largeEntry is the size from which what an entry took is given back at once.
const largeEntry = 8 << 20

// listing reads the names of an archive's files together, as a person does who
// opens it: one for each member is a list of members. All else that they say is
// looked for in each.
func (r *reading) listing(place detect.Place, names []string) {
	var people []string
	for _, name := range names {
		if found := detect.Addresses(strings.TrimSuffix(name, path.Ext(name))); len(found) > 0 {
			people = append(people, found...)
		}
	}
	if len(people) > 1 {
		r.prose(place.In(detect.Step{Kind: detect.InName}), strings.Join(people, "\n"))
	}
}

// counted reports whether one more entry is within the limits.
func (r *reading) counted(p piece) bool {
	if r.over(p.place) {
		return false
	}
	if r.left.Entries--; r.left.Entries < 0 {
		r.unscannable(p.place, whyEntries)
		return false
	}
	return true
}

// gzip reads the members of a gzip file (RFC 1952), which are one stream.
func (r *reading) gzip(p piece) {
	from := bytes.NewReader(p.data)
	z, err := gzip.NewReader(from)
	if err != nil {
		r.unscannable(p.place, whyMalformed)
		return
	}
	r.prose(p.place.In(detect.Step{Kind: detect.InComment}), mixed([]byte(z.Comment)))
	name := mixed([]byte(z.Name))
	if name == "" {
		name = strings.TrimSuffix(p.name, ".gz")
	}
	r.packedStream(p, name, z)
}

// packedStream reads a file that is nothing but one compressed stream.
func (r *reading) packedStream(p piece, name string, in io.Reader) {
	if r.counted(p) {
		r.entry(p, 1, name, in, int64(len(p.data)))
	}
}

func (r *reading) bzip2(p piece) {
	r.packedStream(p, strings.TrimSuffix(p.name, ".bz2"), bzip2.NewReader(bytes.NewReader(p.data)))
}

func (r *reading) xz(p piece) {
	most, _ := r.room(int64(len(p.data)))
	z, err := xzReader(bytes.NewReader(p.data), most+1)
	if err != nil {
		r.unscannable(p.place, whyMalformed)
		return
	}
	r.packedStream(p, strings.TrimSuffix(p.name, ".xz"), z)
}

func (r *reading) zstd(p piece) {
	z, err := zstd.NewReader(bytes.NewReader(p.data), zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(64<<20))
	if err != nil {
		r.unscannable(p.place, whyMalformed)
		return
	}
	defer z.Close()
	r.packedStream(p, strings.TrimSuffix(p.name, ".zst"), z)
}

func (r *reading) lz4(p piece) {
	r.packedStream(p, strings.TrimSuffix(p.name, ".lz4"), lz4.NewReader(bytes.NewReader(p.data)))
}

func (r *reading) lzma(p piece) {
	z, err := lzma.ReaderConfig{DictCap: 16 << 20}.NewReader(bytes.NewReader(p.data))
	if err != nil {
		r.unscannable(p.place, whyMalformed)
		return
	}
	r.packedStream(p, strings.TrimSuffix(p.name, ".lzma"), z)
}

// tar reads a tar archive of any kind.
func (r *reading) tar(p piece) {
	from := bytes.NewReader(p.data)
	z := tar.NewReader(from)
	for n := 1; r.counted(p); n++ {
		head, err := z.Next()
		if errors.Is(err, io.EOF) {
			r.trailing(p, p.data[len(p.data)-from.Len():])
			return
		}
		if err != nil {
			r.unscannable(p.place, whyMalformed)
			return
		}
		name := mixed([]byte(head.Name))
		if head.Linkname != "" {
			r.label(p.place.In(detect.Step{Kind: detect.InName}), mixed([]byte(head.Linkname)))
		}
		for _, value := range head.PAXRecords {
			r.label(p.place.In(detect.Step{Kind: detect.InProperties}), mixed([]byte(value)))
		}
		if head.Typeflag == tar.TypeDir {
			r.entry(p, n, name, nil, 0)
			continue
		}
		r.entry(p, n, name, z, max(head.Size, 1))
	}
}
