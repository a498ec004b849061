package spool

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
)

// A mail's flush takes longest where the log grows with it: the file system
// then flushes its own journal too, and the log's first frames wait for the
// flush of its head. So after a rest the log is made as long as what the next
// mails are likely to need, of zeros, with a head that is flushed already.
// SQLite takes zeros for the end of the log.

// frameSize is what a page takes in the log: the page and 24 octets.
const frameSize = 4096 + 24

// leastLaid is how many pages of the log lie ready for a single mail or two.
const leastLaid = 32

// logAhead is how much of SQLite's log lies ready.
type logAhead struct {
	path  string
	most  int64 // pages: after so many the log is moved into the database
	pages int64 // lie ready, or lay ready when the first of them was written
}

// used returns how many pages were written to the log since it was laid, as far
// as that can be told: the log begins anew when it is full.
func (l *logAhead) used(ctx context.Context, conn *sql.Conn) (int64, error) {
	info, err := os.Stat(l.path)
	if err != nil {
		return 0, err
	}
	if size := info.Size() / frameSize; size > l.pages+leastLaid {
		return size, nil // it grew
	}
	var frames int64
	err = conn.QueryRowContext(ctx, "PRAGMA wal_checkpoint(PASSIVE)").Scan(new(int), &frames, new(int))
	return frames, err
}

// lay makes an empty log as long as the last time of work needed, or half of
// what lay ready before where that is more. Nothing hangs on it: where it can't
// be done the log grows as it is written.
func (l *logAhead) lay(ctx context.Context, w *writer, used int64) (err error) {
	pages := min(max(used, l.pages/2, leastLaid), l.most)
	if free, least, err := w.s.gauge.left(w.s.cfg); err != nil || free-pages*frameSize < max(least, 0) {
		return err
	}
	if _, err := w.conn.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			w.rollBack(ctx)
		}
	}()
	// Nobody else writes now, and an empty log is read by nobody.
	if err := zeros(l.path, pages*frameSize, func() bool { return len(w.s.jobs) > 0 }); err != nil {
		return err
	}
	// A page that is written as it was puts the head in its place.
	version, err := schemaVersion(ctx, w.conn)
	if err != nil {
		return err
	}
	for _, statement := range []string{fmt.Sprintf("PRAGMA user_version = %d", version), "COMMIT"} {
		if _, err := w.conn.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	l.pages = pages
	return nil
}

// zeros makes an empty file so many octets long, or less where somebody waits.
// One that is not empty it leaves as it is.
func zeros(path string, size int64, wanted func() bool) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err == nil && info.Size() == 0 {
		err = fillZeros(f, size, wanted)
		if err != nil {
			err = errors.Join(err, f.Truncate(0))
		}
	}
	return errors.Join(err, f.Close())
}

// fillZeros flushes each block, so that nobody waits for more than one.
func fillZeros(f *os.File, size int64, wanted func() bool) error {
	block := make([]byte, 256<<10)
	for ; size > 0 && !wanted(); size -= int64(len(block)) {
		if _, err := f.Write(block[:min(size, int64(len(block)))]); err != nil {
			return err
		}
		if err := f.Sync(); err != nil {
			return err
		}
	}
	return nil
}
