package spool

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
)

// A mail's flush takes longest where the log grows with it: the file system
// then flushes its own journal too, and the log's first frames wait for the
// flush of its head. So the log keeps the length that it may grow to, and after
// a rest it has a head that is flushed already, one page, and behind that zeros:
// SQLite takes them for the end of the log, and nothing that was deleted is left
// in it.

const (
	logHead    = 32             // octets: what the log begins with
	frameSize  = 4096 + 24      // what a page takes in the log
	laidBlock  = 32 * frameSize // is made zeros at a time
	grownBlock = 4 * laidBlock  // is added at a time
)

// logAhead is SQLite's log, as it lies ready.
type logAhead struct {
	path string
	most int64 // pages: after so many the log is moved into the database
}

// length returns how many octets a log has that lies ready.
func (l logAhead) length() int64 { return logHead + l.most*frameSize }

// keeps says whether the log is kept as long as it is: not where a reader that
// stayed long made it longer than it may grow to, and not on a disk that has no
// room for it.
func (l logAhead) keeps(s *Store) (bool, error) {
	info, err := os.Stat(l.path)
	if err != nil {
		return false, err
	}
	free, least, err := s.gauge.left(s.cfg)
	return info.Size() <= 2*l.length() && free-max(l.length()-info.Size(), 0) >= max(least, 0), err
}

// lay begins a log anew whose pages are all in the database, and makes what
// stands behind its first page zeros, as far as it may grow. It reports whether
// that was done: not where somebody else wrote meanwhile or wants to.
func (l logAhead) lay(ctx context.Context, w *writer) (done bool, err error) {
	// A page that is written as it was puts the head in its place. All that
	// stands behind it then belongs to no transaction any more.
	version, err := schemaVersion(ctx, w.conn)
	if err != nil {
		return false, err
	}
	if err := l.locked(ctx, w, func() error {
		_, err := w.conn.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", version))
		return err
	}); err != nil {
		return false, err
	}
	f, err := os.OpenFile(l.path, os.O_RDWR, 0)
	if err != nil {
		return false, err
	}
	err = l.locked(ctx, w, func() (err error) {
		done, err = blank(f, l.length(), func() bool { return len(w.s.jobs) > 0 })
		return err
	})
	return done, errors.Join(err, f.Close())
}

// locked does something while nobody else writes to the database.
func (l logAhead) locked(ctx context.Context, w *writer, do func() error) error {
	if _, err := w.conn.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		return err
	}
	if err := do(); err != nil {
		w.rollBack(ctx)
		return err
	}
	_, err := w.conn.ExecContext(ctx, "COMMIT")
	return err
}

// blank makes zeros of what is written behind the first page of a log, the last
// of it first, and then makes the log so many octets long. It flushes each
// block, so that nobody waits for more than one, and stops before a page that
// still counts and where somebody waits.
func blank(f *os.File, length int64, wanted func() bool) (done bool, err error) {
	const first = logHead + frameSize
	written, err := spent(f, first)
	if written < 0 || err != nil {
		return false, err
	}
	info, err := f.Stat()
	if err != nil {
		return false, err
	}
	block := make([]byte, grownBlock)
	write := func(begin, end int64) error {
		if _, err := f.WriteAt(block[:end-begin], begin); err != nil {
			return err
		}
		return f.Sync()
	}
	for end := written; end > first; end -= laidBlock {
		if wanted() {
			return false, nil
		}
		if err := write(max(end-laidBlock, first), end); err != nil {
			return false, err
		}
	}
	for begin := info.Size(); begin < length; begin += grownBlock {
		if wanted() {
			return false, nil
		}
		if err := write(begin, min(begin+grownBlock, length)); err != nil {
			return false, err
		}
	}
	return true, nil
}

// spent returns where the pages end that are written behind that place of a log,
// one behind the other, or -1 where one of them still counts.
func spent(f *os.File, end int64) (int64, error) {
	salts, block := make([]byte, 8), make([]byte, laidBlock)
	if _, err := f.ReadAt(salts, 16); err != nil {
		return 0, err
	}
	for {
		n, err := f.ReadAt(block, end)
		switch {
		case err != nil && !errors.Is(err, io.EOF):
			return 0, err
		case allZero(block[:n]):
			return end, nil
		case counts(block[:n], salts):
			return -1, nil
		}
		end += int64(n)
	}
}

// counts says whether one of the pages in a block of a log carries the salts of
// its head: any other is of a log that is over (SQLite's file format, §4.1).
func counts(block, salts []byte) bool {
	for ; len(block) >= 16; block = block[min(frameSize, len(block)):] {
		if bytes.Equal(block[8:16], salts) {
			return true
		}
	}
	return false
}

func allZero(b []byte) bool {
	for ; len(b) >= len(zeros); b = b[len(zeros):] {
		if !bytes.Equal(b[:len(zeros)], zeros[:]) {
			return false
		}
	}
	return bytes.Equal(b, zeros[:len(b)])
}

var zeros [4096]byte
