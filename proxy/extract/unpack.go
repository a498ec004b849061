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
	limit, why := r.room(packed)
	if limit <= 0 {
		return nil, why
	}
	out, err := readUpTo(untilDone{r, from}, size, limit)
	r.left.Unpacked -= int64(len(out))
	switch {
	case r.ended():
		return out, whyTime
	case int64(len(out)) > limit:
		return out, why
	case err != nil:
		return out, whyMalformed
	}
	return out, ""
}

// room returns how much may be unpacked of an entry of a packed size, and
// which limit that is.
func (r *reading) room(packed int64) (limit int64, why detect.Evidence) {
	limit, why = r.x.cfg.EntrySize, whySize
	if r.whole > 0 { // memory is bounded by the size of the file, whatever its tricks
		limit = min(limit, 16<<20+6*r.whole, 24<<20+8*r.whole-r.held)
	}
	if byRatio := max(packed*r.x.cfg.Ratio, 1<<20); byRatio < limit {
		limit, why = byRatio, whyRatio
	}
	if r.left.Unpacked < limit {
		limit, why = r.left.Unpacked, whySize
	}
	return limit, why
}

// readUpTo reads to the end, or one octet past a limit. What it was read into
// before is held beside the new until it is copied: so it grows fourfold, and at
// last to the limit at once, of which what is not filled costs nothing.
func readUpTo(from io.Reader, size, limit int64) ([]byte, error) {
	out := make([]byte, 0, min(max(size, 0)+bytes.MinRead, limit+1))
	for int64(len(out)) <= limit {
		if len(out) == cap(out) {
			next := 4 * int64(cap(out))
			if next > limit/2 {
				next = limit + 1
			}
			larger := make([]byte, len(out), next)
			copy(larger, out)
			out = larger
		}
		n, err := from.Read(out[len(out):cap(out)])
		out = out[:len(out)+n]
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return out, err
		}
	}
	return out, nil
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
