package spool

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"
)

// databaseFile is the name of the SQLite database in the data directory.
const databaseFile = "postvern.db"

// busyTimeout is how long a connection waits for another process.
const busyTimeout = "busy_timeout(10000)"

// The pragmas of every connection. synchronous=FULL flushes the log with every
// commit; secure_delete overwrites what is deleted, all but what
// spareSQLite spares.
var pragmas = []string{
	busyTimeout, "auto_vacuum(INCREMENTAL)", "journal_mode(WAL)", "synchronous(FULL)", "secure_delete(ON)",
	"cache_size(-16000)", "temp_store(MEMORY)", "trusted_schema(OFF)",
	"journal_size_limit(33554432)",
}

func sqliteDialect() (dialect, error) {
	queries, err := readQueries("sqlite")
	return dialect{queries: queries, alone: true, open: openSQLite, full: sqliteFull, rest: restSQLite, serve: sweepSQLite, sparing: spareSQLite}, err
}

// spareSQLite leaves what do frees as it is. All else that is deleted is
// overwritten: where that can't be had again, the connection isn't used again.
func spareSQLite(ctx context.Context, w *writer, do func() error) (err error) {
	if _, err := w.conn.ExecContext(ctx, "PRAGMA secure_delete(FAST)"); err != nil {
		return fmt.Errorf("spare pages: %w", err)
	}
	defer func() {
		if _, on := w.conn.ExecContext(context.WithoutCancel(ctx), "PRAGMA secure_delete(ON)"); on != nil {
			w.drop()
			err = errors.Join(err, fmt.Errorf("overwrite what is deleted: %w", on))
		}
	}()
	return do()
}

func sqliteFull(err error) bool {
	var e *sqlite.Error
	return errors.As(err, &e) && e.Code()&0xff == lib.SQLITE_FULL
}

func sqliteBusy(err error) bool {
	var e *sqlite.Error
	return errors.As(err, &e) && e.Code()&0xff == lib.SQLITE_BUSY
}

// A rest gives back so many pages in each of so many steps.
const (
	restPages = 256
	restSteps = 16
)

// restSQLite moves the log into the database and empties it, or makes zeros of
// it, so that the log keeps nothing that was deleted, and gives the pages that a
// backlog has left behind back to the disk. It stops, to go on with the next
// rest, when it took long, when a reader is in its way or when somebody waits
// for the writer. The log is laid for what comes next by the process that
// serves, on a disk that is not short of room.
func restSQLite(ctx context.Context, w *writer, short bool) (done bool, err error) {
	conn, wanted := w.conn, func() bool { return len(w.s.jobs) > 0 }
	// The writer must not wait as long for a reader as a reader for it.
	if _, err := conn.ExecContext(ctx, "PRAGMA busy_timeout(20)"); err != nil {
		return false, err
	}
	defer func() {
		_, berr := conn.ExecContext(ctx, "PRAGMA "+busyTimeout)
		err = errors.Join(err, berr)
	}()
	mode := "TRUNCATE"
	laid, err := w.s.ahead.keeps(w.s)
	if err != nil {
		return false, err
	}
	if laid = laid && w.s.cfg.TakeBack && !short; laid {
		mode = "RESTART"
	}
	for range restSteps {
		var blocked, free int
		if err := conn.QueryRowContext(ctx, "PRAGMA wal_checkpoint("+mode+")").Scan(&blocked, new(int), new(int)); err != nil {
			return false, err
		}
		if err := conn.QueryRowContext(ctx, "PRAGMA freelist_count").Scan(&free); err != nil {
			return false, err
		}
		if blocked == 0 && free < restPages {
			if !laid {
				return true, nil
			}
			if !wanted() {
				done, err = w.s.ahead.lay(ctx, w)
			}
			if sqliteBusy(err) { // another process writes
				err = nil
			}
			return done, err
		}
		if blocked != 0 || wanted() {
			return false, nil
		}
		if _, err := conn.ExecContext(ctx, fmt.Sprintf("PRAGMA incremental_vacuum(%d)", restPages)); err != nil {
			return false, err
		}
	}
	return false, nil
}

func openSQLite(ctx context.Context, s *Store) error {
	if err := s.disk.make(s.cfg.Dir); err != nil {
		return err
	}
	if s.cfg.TakeBack {
		lock, err := lockPatiently(ctx, filepath.Join(s.cfg.Dir, "serving.lock"), 200*time.Millisecond)
		if err != nil {
			return err
		}
		s.lock = lock
	}
	path := filepath.Join(s.cfg.Dir, databaseFile)
	if err := makeDatabase(path, s.cfg.Dir); err != nil {
		return err
	}
	pages, err := logPages(s.cfg)
	if err != nil {
		return err
	}
	s.ahead = logAhead{path: path + "-wal", most: pages}
	if s.db, err = sql.Open("sqlite", dataSource(path, fmt.Sprintf("wal_autocheckpoint(%d)", pages))); err != nil {
		return fmt.Errorf("open %s: %w", path, err)
	}
	s.db.SetMaxOpenConns(1)
	if s.read, err = sql.Open("sqlite", dataSource(path, "query_only(ON)", "cache_size(-2000)")); err != nil {
		return fmt.Errorf("open %s: %w", path, err)
	}
	s.read.SetMaxOpenConns(4)
	s.read.SetMaxIdleConns(4)
	if err := patiently(ctx, func() error { return migrateSQLite(ctx, s.db) }); err != nil {
		return fmt.Errorf("open %s: %w", path, err)
	}
	return nil
}

// lockPatiently waits for somebody who only looks whether the lock is taken.
func lockPatiently(ctx context.Context, path string, patience time.Duration) (*os.File, error) {
	const pause = 10 * time.Millisecond
	for end := time.Now().Add(patience); ; {
		f, err := lockFile(path)
		if !errors.Is(err, ErrInUse) || time.Now().After(end) {
			return f, err
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(err, ctx.Err())
		case <-time.After(pause):
		}
	}
}

// patiently tries again while another process has the database: SQLite does
// not wait by itself where several switch a new one to its log at once.
func patiently(ctx context.Context, open func() error) error {
	const patience, pause = 10 * time.Second, 20 * time.Millisecond
	for end := time.Now().Add(patience); ; {
		err := open()
		if !sqliteBusy(err) || time.Now().After(end) {
			return err
		}
		select {
		case <-ctx.Done():
			return errors.Join(err, ctx.Err())
		case <-time.After(pause):
		}
	}
}

// logPages is after how many pages the log is moved into the database. Moving
// it may take as much room again: both have to fit into what is kept free.
func logPages(cfg Config) (int64, error) {
	const page, most, least = 4096, 4000, 64
	_, total, err := diskFree(cfg.Dir)
	if err != nil {
		return 0, err
	}
	if cfg.MinFree < 0 {
		cfg.MinFree = 0 // nothing is kept free: what would be is the measure
	}
	return min(max(cfg.reserve(total)/2/page, least), most), nil
}

// makeDatabase makes an empty file that only its owner may read: SQLite itself
// would let the umask decide.
func makeDatabase(path, dir string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("make the database: %w", err)
	}
	if err := errors.Join(f.Sync(), f.Close(), handOver(path, dir)); err != nil {
		return fmt.Errorf("make the database: %w", err)
	}
	return syncDir(dir)
}

func dataSource(path string, more ...string) string {
	values := url.Values{"_pragma": append(append([]string(nil), pragmas...), more...)}
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + values.Encode()
}

// migrateSQLite brings the schema up to date, each step in a transaction.
func migrateSQLite(ctx context.Context, db *sql.DB) error {
	scripts, err := readMigrations("sqlite")
	if err != nil {
		return err
	}
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	for done := false; !done && err == nil; {
		done, err = migrateStep(ctx, conn, scripts)
	}
	return errors.Join(err, conn.Close())
}

func migrateStep(ctx context.Context, conn *sql.Conn, scripts []string) (done bool, err error) {
	version, err := schemaVersion(ctx, conn)
	if err != nil || version == len(scripts) {
		return true, err
	}
	if _, err := conn.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		return false, fmt.Errorf("migrate: %w", err)
	}
	defer func() {
		if err != nil {
			conn.ExecContext(context.WithoutCancel(ctx), "ROLLBACK") //nolint:errcheck // the first error is the one to tell
		}
	}()
	// Another process may have been faster.
	if version, err = schemaVersion(ctx, conn); err != nil {
		return false, err
	}
	if version > len(scripts) {
		return false, ErrTooNew
	}
	if version < len(scripts) {
		if _, err := conn.ExecContext(ctx, scripts[version]); err != nil {
			return false, fmt.Errorf("migrate to version %d: %w", version+1, err)
		}
		if _, err := conn.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", version+1)); err != nil {
			return false, fmt.Errorf("migrate to version %d: %w", version+1, err)
		}
	}
	if _, err := conn.ExecContext(ctx, "COMMIT"); err != nil {
		return false, fmt.Errorf("migrate: %w", err)
	}
	return false, nil
}

func schemaVersion(ctx context.Context, conn *sql.Conn) (int, error) {
	var version int
	if err := conn.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
		return 0, fmt.Errorf("read the schema's version: %w", err)
	}
	return version, nil
}
