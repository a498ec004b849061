// Package spool is the durable queue between the gateway and the relay. In one
// database (SQLite, or PostgreSQL where several nodes serve) it holds the copies
// on their way, held mail and the register of deviations, so that one
// transaction covers all that follows from a message.
//
// What can go wrong, and what is done:
//
//   - Accept returns nil only when the rows are committed and flushed, and the
//     files of large bodies and their directory were flushed before. After any
//     other answer the caller answers 4xx and nothing of the parcel is handed
//     to the relay. When the commit's own answer was an error its outcome is
//     unknown until the store has been read again: should the rows turn out to
//     stand after all, they are delivered and the client's retry is ErrRepeat.
//   - A full disk, or less of it free than Config.MinFree, is ErrFull. Copies
//     that were accepted before stay, and go on once there is room.
//   - A body or row that does not decrypt, or is not what was written, is held
//     and can only be dropped. It is never delivered.
//   - A copy is claimed by one store at a time. After a crash, or when a node's
//     lease has run out, its claims are taken back, so that a copy whose outcome
//     was not stored is tried again: delivery is at least once. On SQLite
//     outcomes share a flush with the next Accept. A kill loses none that was
//     noted (Sent); a power cut may lose those of a few milliseconds.
//
// Bodies and every column that holds personal data are encrypted under keys
// that the installation's key wraps or derives; to drop is to forget the key.
// SQLite overwrites it at once, and its log when it has a second's rest;
// PostgreSQL keeps dead rows until it vacuums, and its log as long as it is set
// to: there, the installation's key is what guards them.
package spool

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"
)

// Config says where the store stands and how it is opened.
type Config struct {
	Dir      string           // the data directory, for SQLite; made with mode 0700 when it does not exist
	URL      string           // postgres://...: the store of several nodes; empty: SQLite in Dir
	Key      []byte           // the installation's key, 32 octets (LoadKeys returns it)
	Others   [][]byte         // other keys of the installation, while one is changed for another
	Reread   func() [][]byte  // the keys as their file has them now, Key among them; nil: they do not change
	Now      func() time.Time // nil: time.Now
	TakeBack bool             // this process serves: it alone claims copies, and takes back all claims at start
	Logger   *slog.Logger     // nil: nothing is logged
	MinFree  int64            // octets of the disk that Accept leaves free; 0: a tenth of the disk, at most 256 MiB; negative: none
	MaxBytes int64            // octets of message content that the store takes; 0: no limit but the disk
	Buffer   int64            // octets of accepted content handed over in memory; 0: 16 MiB
	// Unreadable makes what follows from copies that nobody can read any more and
	// that are held from now on: their senders' reports, an entry of the register.
	// What is damaged of a copy is not set, so that it may have no sender. nil:
	// nothing follows.
	Unreadable func(Delivery) ([]Parcel, error)
	evenMoved  bool // Open does not mind that the contents were moved

	Lease time.Duration // PostgreSQL: how long a node may be silent before another takes over; 0: 15 s
}

// Store is the spool, the held mail and the register. Its methods may be
// called by several goroutines, and several processes may have it open.
type Store struct {
	cfg    Config
	log    *slog.Logger
	now    func() time.Time
	vault  *vault
	disk   disk
	db     *sql.DB  // the writer's connection
	read   *sql.DB  // connections that only read
	asked  sync.Map // the statements that they have compiled, by query
	lang   dialect
	lock   *os.File
	jobs   chan *job
	stop   chan struct{} // closed by Close
	done   chan struct{} // closed when the writer has ended
	closed atomic.Bool
	ears   sync.WaitGroup // what runs beside the writer
	enter  sync.RWMutex   // held for reading while a job is handed over

	node     int64 // the row of totals that this process writes; the writer's own
	lasts    until // the lease
	ids      ids
	waiting  waiting
	repeats  repeats
	sent     sent
	doubts   doubts
	unread   unread
	boxes    sync.Pool // of *[]byte, for ciphertext on its way into the database
	gauge    gauge
	ahead    logAhead                  // the writer's
	keyBox   atomic.Pointer[[]byte]    // what says which key seals, as it was last read
	changing sync.RWMutex              // held for reading from where something is sealed until it is written
	crammed  atomic.Bool               // the server was full since somebody looked
	spent    atomic.Pointer[time.Time] // since when the reserve is given up: the server is full
	tookBack bool                      // the claims of the process before are given up; the writer's
	held     atomic.Int64              // octets of content in the store, as far as this process knows
}

// ErrClosed is returned by the methods of a store that was closed.
var ErrClosed = errors.New("the store is closed")

// Open opens the store in cfg.Dir, making or migrating it where necessary. It
// returns ErrTooNew when a newer release wrote it, ErrKey when the key does not
// fit, and ErrInUse when cfg.TakeBack is set and another process serves it.
func Open(ctx context.Context, cfg Config) (*Store, error) {
	s, err := newStore(cfg)
	if err != nil {
		return nil, fmt.Errorf("open the store: %w", err)
	}
	if err := s.open(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open the store: %w", err), s.release())
	}
	go s.write(context.WithoutCancel(ctx))
	if cfg.TakeBack {
		if err := s.startServing(ctx); err != nil {
			return nil, errors.Join(fmt.Errorf("open the store: %w", err), s.Close())
		}
	}
	return s, nil
}

// startServing makes ready to claim.
func (s *Store) startServing(ctx context.Context) error {
	if err := s.sweepAside(); err != nil {
		return err
	}
	if _, err := s.nextID(ctx); err != nil {
		return err
	}
	if err := s.resume(ctx); err != nil {
		return err
	}
	if err := s.joinNodes(ctx); err != nil {
		return err
	}
	if err := s.startKeys(ctx); err != nil {
		return err
	}
	beside, cancel := context.WithCancel(context.WithoutCancel(ctx))
	s.ears.Go(func() { s.followKeys(beside) })
	if s.lang.listen != nil {
		s.ears.Go(func() { s.lang.listen(beside, s) })
		s.ears.Go(func() { s.keepReserve(beside) })
	}
	s.ears.Go(func() {
		<-s.stop
		cancel()
	})
	return nil
}

func newStore(cfg Config) (*Store, error) {
	v, err := newVault(append([][]byte{cfg.Key}, cfg.Others...)...)
	if err != nil {
		return nil, err
	}
	if cfg.Buffer == 0 {
		cfg.Buffer = 16 << 20
	}
	if cfg.Lease == 0 {
		cfg.Lease = lease
	}
	lang, err := dialectOf(cfg.URL)
	if err != nil {
		return nil, err
	}
	s := &Store{
		cfg: cfg, log: cfg.Logger, now: cfg.Now, vault: v, lang: lang,
		jobs: make(chan *job, maxBatch),
		stop: make(chan struct{}),
		done: make(chan struct{}),
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.now == nil {
		s.now = time.Now
	}
	s.disk = disk{dir: filepath.Join(cfg.Dir, "bodies"), serving: cfg.TakeBack}
	s.waiting.init(cfg.Buffer)
	s.repeats.init()
	return s, nil
}

func (s *Store) open(ctx context.Context) error {
	if err := s.lang.open(ctx, s); err != nil {
		return err
	}
	if err := s.checkKey(ctx); err != nil {
		return err
	}
	if err := s.checkMoved(ctx); err != nil {
		return err
	}
	if s.cfg.TakeBack && s.lang.serve != nil {
		if err := s.lang.serve(ctx, s); err != nil {
			return err
		}
	}
	st, err := s.Stats(ctx)
	if err != nil {
		return err
	}
	s.held.Store(st.Bytes)
	return nil
}

// Close waits for what was handed to the store, writes it and closes the
// database. Claims that have no outcome yet are taken back at the next start.
func (s *Store) Close() error {
	s.enter.Lock()
	first := !s.closed.Swap(true)
	s.enter.Unlock()
	if !first {
		<-s.done
		return nil
	}
	close(s.stop)
	<-s.done
	s.ears.Wait()
	s.sent.end()
	return s.release()
}

// release closes what open has opened.
func (s *Store) release() error {
	var errs []error
	for _, db := range []*sql.DB{s.read, s.db} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	if s.lock != nil {
		errs = append(errs, s.lock.Close())
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("close the store: %w", err)
	}
	return nil
}
