package spool

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
)

// sent remembers, from the upstream's answer until the outcome is committed,
// which copies the upstream has taken. What it writes outlives the process,
// though not the machine: after a kill only those copies are sent twice whose
// answer had not been read. An entry whose outcome stands is one too many and
// does no harm; a file goes when all of its are.
type sent struct {
	dir string
	mu  sync.Mutex

	file  *os.File // the one that is written to
	size  int64
	now   int            // its number
	in    map[string]int // by copy: the number of the file that it stands in
	open  map[int]int    // by file: how many of its copies have no outcome yet
	quiet bool           // an error was logged
}

// sentLimit is the size at which another file is begun.
const sentLimit = 1 << 20

const sentPattern = "sent-*.log"

func (j *sent) path(number int) string {
	return filepath.Join(j.dir, "sent-"+strconv.Itoa(number)+".log")
}

// Sent notes that the upstream took copies that are claimed: should this
// process be killed before their outcome is stored, they are not sent again.
func (s *Store) Sent(copies []string) {
	if s.cfg.Dir == "" || len(copies) == 0 {
		return
	}
	claims, ok := s.waiting.claimed(copies)
	if !ok {
		return // another node has them; its outcome counts
	}
	if err := s.sent.note(copies, claims); err != nil && s.sent.first() {
		s.log.Warn("note what was sent", "error", err)
	}
}

// first reports whether this is the first error.
func (j *sent) first() bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	defer func() { j.quiet = true }()
	return !j.quiet
}

func (j *sent) note(copies []string, claims []claim) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.file == nil || j.size > sentLimit {
		if err := j.begin(); err != nil {
			return err
		}
	}
	var lines []byte
	for i, id := range copies {
		lines = fmt.Appendf(lines, "%d %s\n", claims[i].body, id)
	}
	n, err := j.file.Write(lines)
	j.size += int64(n)
	if err != nil {
		return fmt.Errorf("note what was sent: %w", err)
	}
	for _, id := range copies {
		j.in[id] = j.now
		j.open[j.now]++
	}
	return nil
}

// begin begins another file.
func (j *sent) begin() error {
	if j.file != nil {
		if err := j.file.Close(); err != nil {
			return err
		}
		j.sweep(j.now, true)
	}
	j.file = nil
	for {
		j.now++
		f, err := os.OpenFile(j.path(j.now), os.O_WRONLY|os.O_CREATE|os.O_EXCL|os.O_APPEND, 0o600)
		if errors.Is(err, fs.ErrExist) { // one that could not be read at the start
			continue
		}
		if err != nil {
			return err
		}
		j.file, j.size = f, 0
		return nil
	}
}

// sweep removes a file that nothing new is written to, once no copy needs it.
func (j *sent) sweep(number int, done bool) {
	if done && j.open[number] == 0 {
		delete(j.open, number)
		_ = os.Remove(j.path(number)) // what stays is read once more at the next start
	}
}

// finished forgets copies whose outcome stands.
func (j *sent) finished(copies []string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, id := range copies {
		if number, ok := j.in[id]; ok {
			delete(j.in, id)
			j.open[number]--
			j.sweep(number, number != j.now)
		}
	}
}

// end closes and removes what is left. With an outcome still open, the next
// start reads it.
func (j *sent) end() {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.file != nil {
		_ = j.file.Close() // each line was handed to the system when it was written
		j.file = nil
		j.sweep(j.now, true)
	}
}

var sentLine = regexp.MustCompile(`^(\d{1,19}) (\S{1,64})\n$`)

// resume finishes the copies that a process before this one had sent when it
// was killed.
func (s *Store) resume(ctx context.Context) error {
	s.sent.dir, s.sent.in, s.sent.open = s.cfg.Dir, map[string]int{}, map[int]int{}
	if s.cfg.Dir == "" {
		return nil
	}
	if s.lock == nil { // another's notes are not to be taken for those of one that was killed
		lock, err := lockPatiently(ctx, filepath.Join(s.cfg.Dir, "sent.lock"), 200*time.Millisecond)
		if err != nil {
			return err
		}
		s.lock = lock
	}
	files, err := filepath.Glob(filepath.Join(s.cfg.Dir, sentPattern))
	if err != nil {
		return fmt.Errorf("look for what was sent: %w", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil { // sent twice is better than not served
			s.log.Warn("read what was sent", "error", err)
			continue
		}
		n, err := s.resumeCopies(ctx, text)
		if err != nil {
			return fmt.Errorf("finish what was sent: %w", err)
		}
		if n > 0 {
			s.log.Info("finished copies that were sent before the end", "copies", n)
		}
		if err := os.Remove(file); err != nil {
			s.log.Warn("read what was sent", "error", err)
		}
	}
	return nil
}

// forgetSent removes what a store that is gone had noted in a directory: what
// is restored there is for somebody to decide about.
func forgetSent(dir string) error {
	if dir == "" {
		return nil
	}
	files, err := filepath.Glob(filepath.Join(dir, sentPattern))
	for _, file := range files {
		err = errors.Join(err, os.Remove(file))
	}
	if err != nil {
		return fmt.Errorf("forget what was sent: %w", err)
	}
	return nil
}

// resumeCopies finishes the copies of a file, whoever has claimed them since.
func (s *Store) resumeCopies(ctx context.Context, text []byte) (n int64, err error) {
	err = s.run(ctx, &job{urgent: true, do: func(t *tx) error {
		n = 0
		for line := range strings.Lines(string(text)) {
			// A line that was cut off is not believed.
			m := sentLine.FindStringSubmatch(line)
			if m == nil {
				continue
			}
			done, err := t.finishSent(m[1], m[2])
			if err != nil {
				return err
			}
			n += done
		}
		return nil
	}})
	return n, err
}

func (t *tx) finishSent(number, id string) (done int64, err error) {
	body, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return 0, nil //nolint:nilerr // no body has such a number
	}
	switch err := t.endSent(body, id); {
	case errors.Is(err, ErrNotFound):
		return 0, nil
	case err != nil:
		return 0, err
	}
	return 1, t.forgetBody(body)
}

// endSent ends a copy that the upstream has taken, whoever has claimed it since.
// It returns ErrNotFound where that was done.
func (t *tx) endSent(body int64, id string) error {
	var attempts int64
	err := t.row("sent copy", []any{body, id}, &attempts)
	if errors.Is(err, sql.ErrNoRows) {
		return ErrNotFound
	}
	if err != nil {
		return err
	}
	if attempts > 0 {
		t.change.Deferred--
	}
	t.change.Queued--
	return nil
}
