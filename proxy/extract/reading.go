package extract

import (
	"context"
	"slices"
	"strings"
	"time"

	"postvern.example/policy/detect"
)

// The evidence words of this package's findings, besides the reasons that
// package message gives for its defects.
const (
	whyStructure detect.Evidence = "structure"      // the MIME structure or a transfer encoding is broken
	whyCharset   detect.Evidence = "charset"        // text in a charset that cannot be read
	whyFormat    detect.Evidence = "unknown-format" // no reader for this type of file
	whyUnread    detect.Evidence = "unread-format"  // a known type of file that there is no reader for
	whyPacking   detect.Evidence = "unread-packing" // packed or split in a way that is not undone
	whyMalformed detect.Evidence = "malformed"      // of a known type, but broken
	whyPartly    detect.Evidence = "partly-read"    // text was read, but there is more in it that was not
	whyImage     detect.Evidence = "image"          // a picture that may show text
	whyMedia     detect.Evidence = "sound-or-film"
	whyProgram   detect.Evidence = "program"
	whyTrailing  detect.Evidence = "trailing-data" // bytes after the end of the file that it claims to be
	whyElsewhere detect.Evidence = "elsewhere"     // message/partial, message/external-body: the content is not here
	whyCrash     detect.Evidence = "reader-crash"
	whyTime      detect.Evidence = "time-limit"
	whyText      detect.Evidence = "text-limit"
	whyDepth     detect.Evidence = "depth-limit"
	whyEntries   detect.Evidence = "entry-limit"
	whySize      detect.Evidence = "size-limit"
	whyRatio     detect.Evidence = "ratio-limit"

	strengthWeak   detect.Evidence = "weak"   // ZipCrypto, RC4, XOR: opened within minutes without the password
	strengthStrong detect.Evidence = "strong" // AES
	sealedOpenPGP  detect.Evidence = "openpgp"
	sealedSMIME    detect.Evidence = "smime"
)

// Reasons lists every evidence word of this package's findings, for packages
// that put them in words. Those of package message stand in its defects.
func Reasons() []detect.Evidence {
	return []detect.Evidence{
		whyStructure, whyCharset, whyFormat, whyUnread, whyPacking, whyMalformed, whyPartly, whyImage, whyMedia, whyProgram, whyTrailing,
		whyElsewhere, whyCrash, whyTime, whyText, whyDepth, whyEntries, whySize, whyRatio,
		strengthWeak, strengthStrong, sealedOpenPGP, sealedSMIME,
	}
}

// reading is the reading of one message, or in a worker of one file. It
// collects the text and counts what the limits count.
type reading struct {
	ctx    context.Context //nolint:containedctx // a reading lives exactly as long as the call that it was made for
	x      *Extractor
	out    Result
	until  time.Time // when the time is up
	texts  int       // bytes of text that may still be taken
	left   budget
	full   bool  // the text limit was reached, and said so
	whole  int64 // size of the file that a worker reads; 0 outside
	held   int64 // octets of the pieces that are open in each other
	inside bool  // this is a worker, or a goroutine of one file
	late   bool  // ctx ended, and said so

	stamped   map[string]bool // the authors that were taken of a file
	stampedIn detect.Place    // that file
	locked    []locked        // files that asked for a password
	passwords []string        // to try on them; nothing of these is kept
	trying    time.Time       // until when; zero: none was tried yet
}

// budget is what a reading may still use. It travels to a worker and back.
type budget struct {
	Entries     int
	Unpacked    int64
	Attachments int // number of the last attachment that this package counted
	Logos       int // small images that may still be passed over
	Pictures    int // pictures and pages whose text may still be recognised
	OCR         time.Duration
}

func newReading(ctx context.Context, x *Extractor) *reading {
	return &reading{
		ctx: ctx, x: x, until: time.Now().Add(x.cfg.Time), texts: x.cfg.TextBytes,
		left: budget{Entries: x.cfg.Entries, Unpacked: x.cfg.Unpacked, Logos: maxLogos, Pictures: x.cfg.OCR.Pictures, OCR: x.cfg.OCR.Time},
	}
}

// text adds a segment. Empty text adds none.
func (r *reading) text(place detect.Place, shape detect.Shape, text string) {
	r.cleaned(place, shape, clean(text))
}

// cleaned adds a segment of text that is clean.
func (r *reading) cleaned(place detect.Place, shape detect.Shape, text string) {
	if len(text) > r.texts {
		if !r.full {
			r.full = true
			r.unscannable(place, whyText)
		}
		text = text[:max(0, strings.LastIndexAny(text[:r.texts], " \n\t"))]
	}
	if blank(text) {
		return
	}
	r.texts -= len(text)
	r.out.Segments = append(r.out.Segments, detect.Segment{Place: place, Shape: shape, Text: text})
}

func (r *reading) prose(place detect.Place, text string) { r.text(place, detect.Prose, text) }

// unseen adds a segment of what no program shows.
func (r *reading) unseen(place detect.Place, text string) {
	before := len(r.out.Segments)
	r.prose(place, text)
	for i := range r.out.Segments[before:] {
		r.out.Segments[before+i].Unseen = true
	}
}

func (r *reading) label(place detect.Place, text string) { r.text(place, detect.Label, text) }

// unscannable records that a piece, or some of it, could not be read.
func (r *reading) unscannable(place detect.Place, why ...detect.Evidence) {
	r.found(detect.Unscannable, place, why...)
}

// protected records a file that only a password or a private key opens.
func (r *reading) protected(place detect.Place, why ...detect.Evidence) {
	r.found(detect.Protected, place, why...)
}

func (r *reading) found(kind detect.Kind, place detect.Place, why ...detect.Evidence) {
	// A file with ten thousand broken entries needs no ten thousand findings.
	if n := len(r.out.Findings); n > 0 {
		last := &r.out.Findings[n-1]
		if last.Kind == kind && slices.Equal(last.Place, place) && slices.Equal(last.Evidence, why) {
			return
		}
		if n >= maxFindings {
			last.Count++
			return
		}
	}
	r.out.Findings = append(r.out.Findings, detect.Finding{
		Kind: kind, Place: place, Confidence: detect.Certain, Evidence: why, Count: 1,
	})
}

const maxFindings = 1000

// ended reports whether the time is up.
func (r *reading) ended() bool { return r.ctx.Err() != nil || time.Now().After(r.until) }

// over reports whether the time is up; the first time it says so in a finding.
func (r *reading) over(place detect.Place) bool {
	if !r.ended() {
		return false
	}
	if !r.late {
		r.late = true
		r.unscannable(place, whyTime)
	}
	return true
}

// labelled returns the place with the format named on its last step, where
// that step goes into a file.
func labelled(place detect.Place, format string) detect.Place {
	n := len(place)
	if n == 0 {
		return place
	}
	last := place[n-1]
	if last.Kind != detect.InAttachment && last.Kind != detect.InEntry || last.Label == format {
		return place
	}
	last.Label = format
	return place[:n-1].In(last)
}
