package extract

import (
	"context"
	"errors"
	"os/exec"
	"strings"
	"time"
)

// poppler has pdftotext read the pages, in a process with limits of its own
// that gets the file through a pipe and can write nothing but its answer. It
// reports false where the program is not there or could not read the file.
func (r *reading) poppler(p piece) (pages []string, ok bool) {
	program := r.x.cfg.PDFToText
	if program == "none" {
		return nil, false
	}
	if program == "" {
		program = "pdftotext"
	}
	path, err := exec.LookPath(program)
	if err != nil {
		return nil, false
	}
	ctx, cancel := context.WithTimeout(r.ctx, time.Until(r.until)/2) // there is a reader for what it hangs on
	defer cancel()
	limits := limitsOf{memory: uint64(256<<20 + 8*len(p.data)), seconds: 10, answer: r.texts}
	text, err := filter(ctx, p.data, limits, path, "-q", "-enc", "UTF-8", "-eol", "unix", "-", "-")
	if errors.Is(err, errLongAnswer) {
		r.unscannable(p.place, whyText)
	} else if err != nil {
		return nil, false
	}
	all := strings.TrimSuffix(mixed(text), "\f")
	return strings.Split(all, "\f"), true
}
