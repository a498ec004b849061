// Package sink is a small SMTP server that keeps what it is sent: the upstream
// of the demo, the tests and the benchmarks.
//
// It speaks the protocol line by line with code of its own, so that what
// arrived is recorded byte for byte: a bare CR, a bare LF or a NUL stands in
// Message.Raw as it came, and only CRLF "." CRLF ends the data. Faults are
// scripted: a reply of one's choice, a dropped connection, a lost 250, silence,
// noise, slowness. It listens on the loopback interface unless told otherwise,
// believes everybody, and must never face a network.
package sink

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"time"
)

// Security says how a Sink protects its connections.
type Security string

// The kinds of protection.
const (
	Clear    Security = ""         // no TLS at all
	StartTLS Security = "starttls" // RFC 3207
	Implicit Security = "implicit" // RFC 8314 §3.3
)

// Extensions lists the EHLO keywords that a Sink offers unless its Config says
// otherwise. STARTTLS and AUTH follow from the Config.
func Extensions() []string {
	return []string{"PIPELINING", "8BITMIME", "SMTPUTF8", "DSN", "CHUNKING", "SIZE", "ENHANCEDSTATUSCODES"}
}

// Config says what kind of server a Sink is. The zero value is a clear-text
// server on a free port that takes everything.
type Config struct {
	Address    string   // "" is 127.0.0.1:0
	Security   Security // how connections are protected
	Names      []string // host names and addresses in its self-signed certificate; nil is localhost, 127.0.0.1 and ::1
	Extensions []string // keywords to offer; nil is Extensions(), empty is none
	Size       int64    // largest message, offered with SIZE and enforced; 0 is no limit
	Username   string   // "" asks for no login; else MAIL needs AUTH
	Password   string
	Mechanisms []string // "PLAIN", "LOGIN"; nil is both
	Discard    bool     // count messages, keep nothing of them
	Faults     []Fault  // see Script
}

// Recipient is one accepted RCPT.
type Recipient struct {
	Address string   // without angle brackets, as sent
	Params  []string // ESMTP parameters, as sent
}

// Message is one mail that the sink took, or would have taken had its
// connection lived: Acknowledged tells which.
type Message struct {
	Session      int // 1 for the first connection
	Hello        string
	Login        string
	TLS          bool
	From         string
	Params       []string // ESMTP parameters of MAIL, as sent
	To           []Recipient
	Raw          []byte // as transmitted, dots stuffed, without the final ".CRLF"
	Content      []byte // with the dots undone (RFC 5321 §4.5.2)
	Acknowledged bool   // false: the 250 was lost on purpose
	Heard        bool   // the client spoke again on its connection: it has read the 250
	At           time.Time
}

// Recipients returns the addresses of the message's recipients in their order.
func (m Message) Recipients() []string {
	to := make([]string, len(m.To))
	for i, r := range m.To {
		to[i] = r.Address
	}
	return to
}

// Stats counts what happened so far.
type Stats struct {
	Sessions int   // connections accepted
	Secured  int   // TLS handshakes completed
	Messages int   // messages taken
	Bytes    int64 // their octets after dot-unstuffing
	Resets   int   // RSET commands
	Faults   int   // scripted faults that happened
}

// Sink is a running server. Its methods may be used by several goroutines.
type Sink struct {
	cfg      Config
	listener net.Listener
	tls      *tls.Config
	roots    *x509.CertPool
	done     chan struct{}
	wg       sync.WaitGroup

	mu       sync.Mutex
	conns    map[net.Conn]struct{}
	messages []Message
	commands []string
	stats    Stats
	script   []Fault
	changed  chan struct{} // closed and replaced at every message
}

// Start listens and serves until Close. It returns an error when the address
// cannot be listened on or no certificate can be made.
func Start(cfg Config) (*Sink, error) {
	s := &Sink{
		cfg: cfg, done: make(chan struct{}), changed: make(chan struct{}),
		conns: make(map[net.Conn]struct{}), script: slices.Clone(cfg.Faults),
	}
	if s.cfg.Address == "" {
		s.cfg.Address = "127.0.0.1:0"
	}
	if s.cfg.Extensions == nil {
		s.cfg.Extensions = Extensions()
	}
	if s.cfg.Mechanisms == nil {
		s.cfg.Mechanisms = []string{"PLAIN", "LOGIN"}
	}
	if cfg.Security != Clear {
		certificate, roots, err := selfSigned(cfg.Names)
		if err != nil {
			return nil, fmt.Errorf("make the sink's certificate: %w", err)
		}
		s.tls, s.roots = &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}, roots
	}
	listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", s.cfg.Address)
	if err != nil {
		return nil, fmt.Errorf("listen for the sink: %w", err)
	}
	s.listener = listener
	s.wg.Add(1)
	go s.accept()
	return s, nil
}

// Addr returns the host and port that the sink listens on.
func (s *Sink) Addr() string { return s.listener.Addr().String() }

// Roots returns a pool with the sink's certificate; nil when it has none.
func (s *Sink) Roots() *x509.CertPool { return s.roots }

// Certificate returns the sink's own certificate, which is its authority as well.
func (s *Sink) Certificate() *x509.Certificate { return s.tls.Certificates[0].Leaf }

// Close stops listening, cuts every connection and waits for their
// goroutines. The messages stay readable. It may be called twice.
func (s *Sink) Close() error {
	s.mu.Lock()
	select {
	case <-s.done:
		s.mu.Unlock()
		return nil
	default:
	}
	close(s.done)
	err := s.listener.Close()
	for c := range s.conns {
		err = errors.Join(err, ignoreClosed(c.Close()))
	}
	s.mu.Unlock()
	s.wg.Wait()
	return err
}

// Messages returns what arrived so far, oldest first. In discard mode it is
// always empty.
func (s *Sink) Messages() []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.messages)
}

// Commands returns every command line received so far, oldest first, without
// its CRLF. In discard mode it is always empty.
func (s *Sink) Commands() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.commands)
}

// Stats returns the counts so far.
func (s *Sink) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stats
}

// Wait blocks until at least n messages have arrived in all, and returns the
// messages (none in discard mode). It returns an error when the context ends
// or the sink is closed before.
func (s *Sink) Wait(ctx context.Context, n int) ([]Message, error) {
	for {
		s.mu.Lock()
		have, changed := s.stats.Messages, s.changed
		s.mu.Unlock()
		if have >= n {
			return s.Messages(), nil
		}
		select {
		case <-changed:
		case <-s.done:
			return nil, fmt.Errorf("wait for %d messages, have %d: %w", n, have, net.ErrClosed)
		case <-ctx.Done():
			return nil, fmt.Errorf("wait for %d messages, have %d: %w", n, have, ctx.Err())
		}
	}
}

func (s *Sink) accept() {
	defer s.wg.Done()
	for number := 1; ; number++ {
		conn, err := s.listener.Accept()
		if err != nil {
			return // closed: nothing else ends a loopback listener
		}
		s.mu.Lock()
		select {
		case <-s.done:
			s.mu.Unlock()
			_ = conn.Close()
			return
		default:
		}
		s.conns[conn] = struct{}{}
		s.stats.Sessions++
		s.wg.Add(1)
		s.mu.Unlock()
		go s.serve(conn, number)
	}
}

func (s *Sink) serve(conn net.Conn, number int) {
	defer s.wg.Done()
	defer func() {
		_ = conn.Close()
		s.mu.Lock()
		delete(s.conns, conn)
		s.mu.Unlock()
	}()
	newSession(s, conn, number).run()
}

// keep records one message that was read to its end.
func (s *Sink) keep(c *session, m Message, size int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stats.Messages++
	s.stats.Bytes += size
	if !s.cfg.Discard {
		s.messages = append(s.messages, m)
		c.kept = len(s.messages)
	}
	close(s.changed)
	s.changed = make(chan struct{})
}

// heard notes a command, and that its sender has read the reply before it.
func (s *Sink) heard(c *session, command string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cfg.Discard {
		return
	}
	s.commands = append(s.commands, command)
	if c.kept > 0 {
		s.messages[c.kept-1].Heard = true
		c.kept = 0
	}
}

func (s *Sink) count(f func(*Stats)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(&s.stats)
}

func ignoreClosed(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}
