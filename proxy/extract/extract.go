// Package extract turns the bodies and attachments of a mail into text, and
// says of each piece of text which place of the mail it came from.
//
// It never returns an error. What it cannot read - a broken structure, an
// unknown format or charset, something over a limit, a reader that crashed or
// ran out of time - is a finding of kind unscannable at that place, and a file
// that only a password opens is one of kind protected. So whoever ignores
// nothing of a Result has either seen all text of a mail or been told where
// text may be hidden. The type of a piece is told by its content, not by its
// name or by what the mail says about it.
//
// Readers of office documents, archives and PDF run in child processes of the
// same program (see Worker), which are limited in memory and time and are
// killed when they exceed either.
package extract

import (
	"context"
	"runtime"
	"time"

	"postvern.example/policy/detect"
	"postvern.example/proxy/message"
)

// Config holds the limits of an Extractor. A zero field means its default.
type Config struct {
	TextBytes int           // text taken from one message; 32 MiB
	Depth     int           // nesting of messages, archives and documents inside attachments; 8
	Entries   int           // entries of archives and documents in one message; 10,000
	Unpacked  int64         // bytes unpacked from one message; 512 MiB
	EntrySize int64         // bytes of one unpacked entry; 256 MiB, and 16 MiB + 6 times the file it is in
	Ratio     int64         // unpacked to packed size of an entry, where it unpacks to more than 1 MiB; 250
	Time      time.Duration // for one message; 8 s

	// Worker is the command line that starts this program as a worker (see the
	// function Worker). Where it is empty the readers of hostile formats run in
	// this process: for tests and for commands that end soon.
	Worker  []string
	Workers int // worker processes at most; one for each processor, 2 to 8
	// PDFToText is poppler's pdftotext: empty looks it up in PATH, "none" uses
	// the reader built in.
	PDFToText string
	OCR       OCR // how text in pictures is recognised; FindOCR fills it in
}

func (c Config) withDefaults() Config {
	setDefault(&c.TextBytes, 32<<20)
	setDefault(&c.Depth, 8)
	setDefault(&c.Entries, 10_000)
	setDefault(&c.Unpacked, 512<<20)
	setDefault(&c.EntrySize, 256<<20)
	setDefault(&c.Ratio, 250)
	setDefault(&c.Time, 8*time.Second)
	setDefault(&c.Workers, min(max(runtime.NumCPU(), 2), 8))
	c.OCR = c.OCR.withDefaults()
	return c
}

func setDefault[T int | int64 | time.Duration](v *T, d T) {
	if *v <= 0 {
		*v = d
	}
}

// Extractor reads the text of messages. It is safe for use by several
// goroutines.
type Extractor struct {
	cfg     Config
	formats map[kind]format
	pool    *pool // nil: no worker processes
}

// New returns an Extractor with the limits of cfg. Close ends its workers.
func New(cfg Config) *Extractor {
	x := &Extractor{cfg: cfg.withDefaults(), formats: formatTable()}
	if len(cfg.Worker) > 0 {
		x.pool = newPool(x.cfg.Worker, x.cfg.Workers)
	}
	return x
}

// Close ends the worker processes. What is still read then is unscannable.
func (e *Extractor) Close() {
	if e.pool != nil {
		e.pool.close()
	}
}

// Result is what could be read of a message, and what could not.
type Result struct {
	Segments []detect.Segment
	Findings []detect.Finding // of kind unscannable or protected
	Authors  []Author         // people whom programs named in files, each once in a file
}

// Text returns all text of the message with its places. When ctx ends or the
// time limit is reached, what was not read yet is a finding.
func (e *Extractor) Text(ctx context.Context, m *message.Message) Result {
	r := newReading(ctx, e)
	r.message(m, 0) //nolint:contextcheck // a reading carries its context
	r.unlock()      //nolint:contextcheck // see above
	return r.out
}

// File returns all text of one file, as if it were the only attachment of a
// message.
func (e *Extractor) File(ctx context.Context, name string, content []byte) Result {
	r := newReading(ctx, e)
	place := detect.Place{}.In(detect.Step{Kind: detect.InAttachment, Number: 1, Name: name})
	r.piece(piece{data: content, place: place, name: name}) //nolint:contextcheck // a reading carries its context
	return r.out
}
