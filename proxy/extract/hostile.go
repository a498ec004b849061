package extract

import (
	"context"
	"errors"
	"slices"
	"time"
)

// maxWait is how long a message waits for a free worker.
const maxWait = time.Minute

// hostile reads a file whose reader may crash or hang: in a worker process, or
// where there is none in a goroutine of its own.
func (r *reading) hostile(f format, p piece) {
	if r.inside {
		r.safely(f, p)
		return
	}
	segments, findings := len(r.out.Segments), len(r.out.Findings)
	if r.x.pool != nil {
		r.byWorker(p)
	} else {
		r.aside(f, p)
	}
	r.remember(f, p, segments, findings)
}

// safely reads and turns a crash of the reader into a finding.
func (r *reading) safely(f format, p piece) {
	defer func() {
		if recover() != nil {
			r.unscannable(p.place, whyCrash)
		}
	}()
	f.read(r, p)
}

// byWorker has a worker read the file. The time spent waiting for one is not
// the message's.
func (r *reading) byWorker(p piece) {
	waiting, cancel := context.WithTimeout(r.ctx, maxWait)
	defer cancel()
	start := time.Now()
	w, err := r.x.pool.acquire(waiting)
	r.until = r.until.Add(time.Since(start))
	if err != nil {
		why := whyCrash
		if waiting.Err() != nil {
			why = whyTime
		}
		r.unscannable(p.place, why)
		return
	}
	j := job{
		Limits: r.x.cfg, Place: p.place, Name: p.name, Declared: p.declared, Params: p.params, Depth: p.depth,
		Inline: p.inline, Passwords: r.passwords, Texts: r.texts, Left: r.left, Time: max(time.Until(r.until), 10*time.Millisecond) + r.left.OCR,
	}
	j.Limits.Worker = nil
	start = time.Now()
	a, err := w.do(r.ctx, j, p.size(), p.open())
	r.x.pool.release(w, err == nil && !a.Worn)
	if err != nil {
		why := whyCrash
		if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
			why = whyTime
		}
		r.unscannable(p.place, why)
		r.until = r.until.Add(min(time.Since(start), r.left.OCR))
		r.left.OCR = 0
		return
	}
	r.take(a)
}

// take adds what was found elsewhere. The time that pictures took is not the
// message's.
func (r *reading) take(a answer) {
	r.until = r.until.Add(r.left.OCR - a.Left.OCR)
	r.texts, r.left = r.texts-a.Texts, a.Left
	r.out.Segments = append(r.out.Segments, a.Result.Segments...)
	r.out.Authors = append(r.out.Authors, a.Result.Authors...)
	r.out.Findings = append(r.out.Findings, a.Result.Findings...)
}

// aside reads in a goroutine. All of our own readers end soon after the time
// is up; one that does not is left behind, and what it finds is dropped.
func (r *reading) aside(f format, p piece) {
	sub := newReading(r.ctx, r.x)
	sub.until, sub.texts, sub.left, sub.inside = r.until, r.texts, r.left, true
	sub.texts = min(sub.texts, textOf(len(p.data)))
	sub.whole = int64(len(p.data))
	sub.passwords = slices.Clone(r.passwords)
	before := sub.texts
	done := make(chan struct{})
	go func() {
		defer close(done)
		sub.safely(f, p)
	}()
	late := time.NewTimer(time.Until(r.until) + r.left.OCR + time.Second)
	defer late.Stop()
	select {
	case <-done:
		r.take(answer{Result: sub.out, Texts: before - sub.texts, Left: sub.left})
	case <-late.C:
		r.unscannable(p.place, whyTime)
	}
}
