package spool

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

// serverPatience is how long the server may take over one transaction.
const serverPatience = 30 * time.Second

// connectPatience is how long one of the servers may take over a connection.
const connectPatience = 10 * time.Second

func postgresDialect() (dialect, error) {
	queries, err := readQueries("postgres")
	return dialect{
		queries: queries, open: openPostgres, full: postgresFull, stale: postgresStale, pooled: pooledPostgres, patience: serverPatience,
		greet: greetPostgres, listen: listenPostgres, spare: giveUpReserve,
	}, err
}

// postgresFull reports whether the server has no room left (SQLSTATE 53100).
func postgresFull(err error) bool {
	var e *pgconn.PgError
	return errors.As(err, &e) && e.Code == "53100"
}

// postgresStale reports whether the server only reads (SQLSTATE 25006): the
// connection leads to one that another has taken the place of.
func postgresStale(err error) bool {
	var e *pgconn.PgError
	return errors.As(err, &e) && e.Code == "25006"
}

// postgresConfig says how to connect: to a server that writes, the first such of
// those that the URL names. One that only reads is behind the others: what it
// does not have yet would look lost.
func postgresConfig(at string) (*pgx.ConnConfig, error) {
	cfg, err := pgx.ParseConfig(at)
	if err != nil {
		return nil, errors.New("the store's URL is not one of PostgreSQL") // its own text may show the password
	}
	if cfg.ValidateConnect == nil { // the URL has no target_session_attrs
		cfg.ValidateConnect = pgconn.ValidateConnectTargetSessionAttrsReadWrite
	}
	if cfg.ConnectTimeout == 0 { // nor connect_timeout: without one, those after a server that is gone were never tried
		cfg.ConnectTimeout = connectPatience
	}
	return cfg, nil
}

func openPostgres(ctx context.Context, s *Store) error {
	cfg, err := postgresConfig(s.cfg.URL)
	if err != nil {
		return err
	}
	s.db = stdlib.OpenDB(*cfg)
	s.db.SetMaxOpenConns(2)
	s.read = stdlib.OpenDB(*cfg)
	s.read.SetMaxOpenConns(8)
	s.read.SetMaxIdleConns(4) // a server with a full disk may not let anybody in
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("connect to the store: %w", err)
	}
	if err := errors.Join(greetPostgres(ctx, conn), conn.Close()); err != nil {
		return err
	}
	return migratePostgres(ctx, s.db)
}

// migrationLock is the advisory lock under which one node migrates.
const migrationLock = 0x706f737476657266

// migratePostgres brings the schema up to date in one transaction, while no
// other node does.
func migratePostgres(ctx context.Context, db *sql.DB) error {
	scripts, err := readMigrations("postgres")
	if err != nil {
		return err
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("connect to the store: %w", err)
	}
	if err := migrateLocked(ctx, tx, scripts); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}

func migrateLocked(ctx context.Context, tx *sql.Tx, scripts []string) error {
	if _, err := tx.ExecContext(ctx, "SELECT pg_advisory_xact_lock($1)", int64(migrationLock)); err != nil {
		return fmt.Errorf("lock the schema: %w", err)
	}
	if _, err := tx.ExecContext(ctx, "CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL)"); err != nil {
		return fmt.Errorf("read the schema's version: %w", err)
	}
	var version int
	if err := tx.QueryRowContext(ctx, "SELECT coalesce(max(version), 0) FROM schema_version").Scan(&version); err != nil {
		return fmt.Errorf("read the schema's version: %w", err)
	}
	if version > len(scripts) {
		return ErrTooNew
	}
	for ; version < len(scripts); version++ {
		if _, err := tx.ExecContext(ctx, scripts[version]); err != nil {
			return fmt.Errorf("migrate to version %d: %w", version+1, err)
		}
		if _, err := tx.ExecContext(ctx, "INSERT INTO schema_version (version) VALUES ($1)", version+1); err != nil {
			return fmt.Errorf("migrate to version %d: %w", version+1, err)
		}
	}
	return nil
}

// ErrNotDurable is returned when the server is set up so that what it says is
// written may be lost with the next power cut.
var ErrNotDurable = errors.New("the server runs with fsync = off: switch it on, or mail will be lost")

// ErrPooled is returned where a pooler stands before the server that gives each
// transaction another connection: what is prepared, set or listened to on one is
// not there on the next.
var ErrPooled = errors.New("a pooler stands before the server: let it pool sessions, not transactions (pool_mode = session), or connect to the server itself")

// pooledPostgres reports whether an error comes of that: a statement that was
// prepared is not there (SQLSTATE 26000), or one that was not is (42P05).
func pooledPostgres(err error) bool {
	var e *pgconn.PgError
	return errors.As(err, &e) && (e.Code == "26000" || e.Code == "42P05")
}

// greetPostgres makes sure that a commit of this connection is flushed before
// it is answered. Settings that ask for more than that are left as they are.
func greetPostgres(ctx context.Context, conn *sql.Conn) error {
	var fsync, commit string
	var pid uint32
	err := conn.QueryRowContext(ctx, "SELECT current_setting('fsync'), current_setting('synchronous_commit'), pg_backend_pid()").Scan(&fsync, &commit, &pid)
	if err != nil {
		if pooledPostgres(err) {
			err = fmt.Errorf("%w: %w", ErrPooled, err)
		}
		return fmt.Errorf("ask the server how it flushes: %w", err)
	}
	if fsync != "on" {
		return ErrNotDurable
	}
	if commit != "off" {
		return nil
	}
	if !direct(conn, pid) { // nobody knows on which connection the next transaction is
		return fmt.Errorf("the server commits before it flushes (synchronous_commit = off), and that cannot be changed for one session: %w", ErrPooled)
	}
	if _, err := conn.ExecContext(ctx, "SET synchronous_commit = on"); err != nil {
		return fmt.Errorf("ask the server to flush: %w", err)
	}
	return nil
}

// direct reports whether a connection leads to the server's process itself.
func direct(conn *sql.Conn, pid uint32) bool {
	err := conn.Raw(func(c any) error {
		if one, ok := c.(*stdlib.Conn); ok && one.Conn().PgConn().PID() == pid {
			return nil
		}
		return ErrPooled
	})
	return err == nil
}

// listenPostgres wakes Claim when another node or a command says that copies
// are due. When the connection is lost, polling stands in until it is back.
func listenPostgres(ctx context.Context, s *Store) {
	for ctx.Err() == nil {
		if err := s.listenOnce(ctx); err != nil && ctx.Err() == nil {
			s.log.Warn("listen to the store", "error", s.masked(err))
		}
		select {
		case <-ctx.Done():
		case <-time.After(poll):
		}
	}
}

func (s *Store) listenOnce(ctx context.Context) error {
	cfg, err := postgresConfig(s.cfg.URL)
	if err != nil {
		return err
	}
	conn, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx)) //nolint:errcheck // it was only listened to
	if _, err := conn.Exec(ctx, "LISTEN postvern_due"); err != nil {
		return err
	}
	for {
		if _, err := conn.WaitForNotification(ctx); err != nil {
			return err
		}
		s.waiting.dueAt(0)
	}
}

// masked is an error of the server without the address that it may name.
func (s *Store) masked(err error) string {
	var e *pgconn.PgError
	if errors.As(err, &e) {
		return "SQLSTATE " + e.Code
	}
	return "no connection"
}

// chunked marks a body whose content stands in chunks.
const chunked = "chunks"

// chunkSize is the size of a chunk: large enough to be few, small enough not
// to be copied about.
const chunkSize = 256 << 10

// chunkTime is how long the reading of a chunk may take.
const chunkTime = time.Minute

// split encrypts a large body into chunks, and returns its octets as well.
func split(key []byte, body Body) (chunkWriter, int64, error) {
	var chunks chunkWriter
	n, err := sealStream(&chunks, key, body)
	if err != nil {
		return nil, 0, fmt.Errorf("encrypt a body: %w", err)
	}
	return chunks, n, nil
}

// chunkWriter keeps what is written to it in chunks.
type chunkWriter [][]byte

// Write takes all of p.
func (c *chunkWriter) Write(p []byte) (int, error) {
	written := len(p)
	for len(p) > 0 {
		last := len(*c) - 1
		if last < 0 || len((*c)[last]) == chunkSize {
			*c, last = append(*c, make([]byte, 0, chunkSize)), last+1
		}
		n := min(chunkSize-len((*c)[last]), len(p))
		(*c)[last], p = append((*c)[last], p[:n]...), p[n:]
	}
	return written, nil
}
