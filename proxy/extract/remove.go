package extract

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"postvern.example/policy/detect"
	"postvern.example/proxy/message"
)

// ErrKept says that names cannot be taken out of a file with certainty.
var ErrKept = errors.New("the names of those who worked on a file cannot be taken out")

// MostRemoved is the size up to which files are written again, which are held
// in memory for that, more than once.
const MostRemoved = 16 << 20

// WithoutAuthors returns the file in a part under base64 without the names of
// some of those who made, changed or commented it, as Text told them. It was read
// again: it names none of them any more, and is otherwise the same. The error
// is ErrKept, or one of reading the part.
func (e *Extractor) WithoutAuthors(ctx context.Context, m *message.Message, p *message.Part, names []string) ([]byte, error) {
	content, ok := m.Decode(p)
	if !ok {
		return nil, fmt.Errorf("%w: it is not under base64", ErrKept)
	}
	size, err := content.Size()
	if err != nil {
		return nil, err
	}
	if size > MostRemoved {
		return nil, fmt.Errorf("%w: it is too large", ErrKept)
	}
	names = slices.Clone(names)
	slices.Sort(names)
	j := job{Limits: e.cfg, Remove: slices.Compact(names), Time: e.cfg.Time}
	j.Limits.Worker, j.Limits.OCR = nil, OCR{} // what pictures show does not change
	var out []byte
	if e.pool == nil {
		data, err := io.ReadAll(content.Open())
		if err != nil {
			return nil, err
		}
		out = removeHere(ctx, j, data)
	} else {
		waiting, cancel := context.WithTimeout(ctx, maxWait)
		defer cancel()
		w, err := e.pool.acquire(waiting)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrKept, err)
		}
		a, err := w.do(ctx, j, size, content.Open())
		e.pool.release(w, err == nil && !a.Worn)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrKept, err)
		}
		out = a.file
	}
	if len(out) == 0 {
		return nil, ErrKept
	}
	return out, nil
}

// removeHere does in this process what a worker does. As with reading, one that
// does not end is left behind.
func removeHere(ctx context.Context, j job, data []byte) []byte {
	done := make(chan []byte, 1)
	go func() { done <- New(j.Limits).remove(j, data) }()
	late := time.NewTimer(j.Time + time.Second)
	defer late.Stop()
	select {
	case out := <-done:
		return out
	case <-late.C:
	case <-ctx.Done():
	}
	return nil
}

// remove returns a file without the names, or nil. It reads it before and after:
// what it names and says has to be the same but for them.
func (e *Extractor) remove(j job, data []byte) (out []byte) {
	defer func() {
		if recover() != nil {
			out = nil
		}
	}()
	until := time.Now().Add(j.Time)
	alone := func(data []byte) *reading {
		r := newReading(context.Background(), e)
		r.until, r.inside, r.whole = until, true, int64(len(data))
		r.texts = min(r.texts, textOf(len(data)))
		return r
	}
	place := detect.Place{{Kind: detect.InAttachment, Number: 1}}
	d := newRemoval(j.Remove)
	switch sniff(data) {
	case isZip:
		out = d.document(alone(data), piece{data: data, place: place})
	case isPDF:
		out = d.pdf(alone(data), data)
	default:
	}
	if out == nil {
		return nil
	}
	before, after := alone(data), alone(out)
	before.piece(piece{data: data, place: place})
	after.piece(piece{data: out, place: place})
	if !d.spared(before.out, after.out) {
		return nil
	}
	return out
}

// spared reports whether what was read of a document after names were taken out
// is what was read before, but for the names.
func (d *removal) spared(before, after Result) bool {
	if !slices.EqualFunc(before.Findings, after.Findings, func(a, b detect.Finding) bool {
		return a.Kind == b.Kind && slices.Equal(a.Place, b.Place) && slices.Equal(a.Evidence, b.Evidence) && a.Count == b.Count
	}) || slices.ContainsFunc(before.Findings, unsure) {
		return false
	}
	if slices.ContainsFunc(after.Authors, func(a Author) bool { return d.words[a.Name] != "" }) {
		return false
	}
	others := func(authors []Author) []Author { // an account goes with the name beside it
		return slices.DeleteFunc(slices.Clone(authors), func(a Author) bool { return d.gone[a.Name] })
	}
	if !slices.EqualFunc(others(before.Authors), others(after.Authors), func(a, b Author) bool { return a.Name == b.Name }) {
		return false
	}
	gone := d.longestFirst()
	text := func(segments []detect.Segment) (out []detect.Segment) {
		for _, s := range segments {
			if s.Text = blinded(s.Text, gone); s.Text != "" {
				out = append(out, s)
			}
		}
		return out
	}
	if slices.ContainsFunc(after.Segments, d.stillNamed) {
		return false
	}
	return slices.EqualFunc(text(before.Segments), text(after.Segments), func(a, b detect.Segment) bool {
		return slices.Equal(a.Place, b.Place) && a.Shape == b.Shape && a.Unseen == b.Unseen && a.Recognised == b.Recognised && a.Text == b.Text
	})
}

// unsure reports whether there may be more in a document than was read of it.
// What a picture shows stays as it is.
func unsure(f detect.Finding) bool {
	return f.Kind != detect.Unscannable || !slices.Equal(f.Evidence, []detect.Evidence{whyImage})
}

// stillNamed reports whether a comment or a property still names somebody: a
// program may have written that there as well.
func (d *removal) stillNamed(s detect.Segment) bool {
	if !slices.ContainsFunc(s.Place, func(at detect.Step) bool { return at.Kind == detect.InComment || at.Kind == detect.InProperties }) {
		return false
	}
	for name := range d.words {
		if strings.Contains(s.Text, name) {
			return true
		}
	}
	return false
}
