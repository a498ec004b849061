package extract

import (
	"bytes"
	"context"
	"io"
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
	ctx, cancel := context.WithDeadline(r.ctx, r.until.Add(-100*time.Millisecond))
	defer cancel()
	cmd := exec.CommandContext(ctx, path, "-q", "-enc", "UTF-8", "-eol", "unix", "-", "-")
	cmd.Env = []string{"LC_ALL=C.UTF-8", "HOME=/nonexistent"}
	cmd.Dir = "/"
	cmd.WaitDelay = 200 * time.Millisecond
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, false
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, false
	}
	if err := cmd.Start(); err != nil {
		return nil, false
	}
	// It cannot begin before it has the file, so the limits come in time.
	if err := limitChild(cmd.Process.Pid, uint64(256<<20+8*len(p.data)), 10); err != nil {
		_ = in.Close()
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // it was killed
		return nil, false
	}
	go func() {
		_, _ = in.Write(p.data) // ends when the process does
		_ = in.Close()
	}()
	var text bytes.Buffer
	_, err = text.ReadFrom(io.LimitReader(out, int64(r.texts)+1))
	if text.Len() > r.texts {
		r.unscannable(p.place, whyText)
		_ = cmd.Process.Kill()
	}
	if waitErr := cmd.Wait(); err != nil || waitErr != nil && text.Len() <= r.texts {
		return nil, false
	}
	all := strings.TrimSuffix(mixed(text.Bytes()), "\f")
	return strings.Split(all, "\f"), true
}
