package extract

import (
	"bytes"
	"compress/flate"
	"compress/zlib"
	"context"
	"errors"
	"io"

	"postvern.example/policy/detect"
)

// unpack reads what a decompressor gives, within the limits of one entry, of
// the message, and of the ratio to its packed size. Where a limit is met the
// reason is returned with what was read so far.
func (r *reading) unpack(from io.Reader, packed int64) ([]byte, detect.Evidence) {
	return r.unpackSized(from, packed, 0)
}

// unpackSized is unpack for where the size is told, which may be a lie.
func (r *reading) unpackSized(from io.Reader, packed, size int64) ([]byte, detect.Evidence) {
	limit, why := r.x.cfg.EntrySize, whySize
	if r.whole > 0 { // memory is bounded by the size of the file, whatever its tricks
		limit = min(limit, 16<<20+6*r.whole, 24<<20+8*r.whole-r.held)
	}
	if byRatio := max(packed*r.x.cfg.Ratio, 1<<20); byRatio < limit {
		limit, why = byRatio, whyRatio
	}
	if r.left.Unpacked < limit {
		limit, why = r.left.Unpacked, whySize
	}
	if limit <= 0 {
		return nil, why
	}
	var out bytes.Buffer
	out.Grow(int(min(max(size, 0), limit) + bytes.MinRead))
	_, err := out.ReadFrom(io.LimitReader(untilDone{r, from}, limit+1))
	r.left.Unpacked -= int64(out.Len())
	switch {
	case r.ended():
		return out.Bytes(), whyTime
	case int64(out.Len()) > limit:
		return out.Bytes(), why
	case err != nil && !errors.Is(err, io.EOF):
		return out.Bytes(), whyMalformed
	}
	return out.Bytes(), ""
}

// untilDone is a reader that ends when the reading's time is up.
type untilDone struct {
	r    *reading
	from io.Reader
}

// Read implements io.Reader.
func (u untilDone) Read(p []byte) (int, error) {
	if u.r.ended() {
		return 0, context.DeadlineExceeded
	}
	return u.from.Read(p)
}

// inflate undoes zlib's compression. A checksum that is missing or wrong is no
// matter, nor is data that breaks off, as many programs write it so. Data that
// is wrong in its midst is, and what stood behind that is lost.
func (r *reading) inflate(data []byte) ([]byte, detect.Evidence) {
	z, err := zlib.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, whyMalformed
	}
	packed := &keepError{from: z}
	out, why := r.unpack(packed, int64(len(data)))
	var corrupt flate.CorruptInputError
	if why == whyMalformed && len(out) > 0 && !errors.As(packed.err, &corrupt) {
		return out, ""
	}
	return out, why
}

// keepError is a reader that remembers why it ended.
type keepError struct {
	from io.Reader
	err  error
}

// Read implements io.Reader.
func (k *keepError) Read(p []byte) (int, error) {
	n, err := k.from.Read(p)
	k.err = err
	return n, err
}
