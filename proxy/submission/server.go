// Package submission is the SMTP server side: listeners, TLS, login, limits
// and replies (RFC 6409, RFC 5321).
//
// go-smtp speaks the protocol; a wire below it gives it only what is clean:
// whole command lines, and messages that end where every server agrees that
// they end. Nothing is taken before TLS and a login, or from outside the
// networks of a trust listener. A message is answered 250 only after Submit
// returned nil; whatever else happens is a 4xx or 5xx, without internal text,
// and a session that is ended by the server hears 421 first.
package submission

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/emersion/go-smtp"
)

// Server serves one listener.
type Server struct {
	cfg     Config
	limits  Limits
	smtp    *smtp.Server
	context func() context.Context // of all sessions; ended by the end of a Shutdown
	cancel  context.CancelFunc
	large   sync.Pool // *bufio.Reader for messages

	mu       sync.Mutex
	listener net.Listener
	wires    map[*wire]bool       // true: opened, and counted in the metric
	each     map[netip.Addr]crowd // by networkOf
	number   uint64
	down     bool
	empty    chan struct{} // closed when the last session of a Shutdown is gone
}

// New checks the configuration and returns a server that is ready to Serve.
func New(cfg Config) (*Server, error) {
	if err := cfg.check(); err != nil {
		return nil, fmt.Errorf("submission: %w", err)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Throttle == nil {
		cfg.Throttle = NewThrottle(cfg.Now)
	}
	cfg.TLS = secured(cfg.TLS, cfg.Listener.Clients)
	ctx, cancel := context.WithCancel(context.Background())
	s := &Server{
		cfg: cfg, limits: cfg.Limits.orDefault(),
		context: func() context.Context { return ctx }, cancel: cancel,
		large: sync.Pool{New: func() any { return bufio.NewReaderSize(nil, 32<<10) }},
		wires: map[*wire]bool{}, each: map[netip.Addr]crowd{}, empty: make(chan struct{}),
	}
	s.smtp = smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		w, ok := c.Conn().(*wire)
		if !ok {
			return nil, errors.New("submission: a connection that is not ours")
		}
		return w.session, nil
	}))
	s.smtp.Domain = cfg.Hostname
	s.smtp.MaxRecipients = s.limits.Recipients
	s.smtp.MaxMessageBytes = s.limits.MessageSize + 1 // go-smtp takes a message of just this size for too large
	s.smtp.MaxLineLength = 0                          // the wire counts
	s.smtp.AllowInsecureAuth = true                   // the session decides, for go-smtp cannot see the wire's TLS
	s.smtp.TLSConfig = cfg.TLS                        // so that STARTTLS is offered; the wire does it
	s.smtp.EnableSMTPUTF8 = true
	s.smtp.EnableDSN = true
	s.smtp.ErrorLog = errorLog{cfg.Logger}
	return s, nil
}

// Serve accepts connections until Shutdown, and then returns nil. It closes l.
// It can be called once.
func (s *Server) Serve(l net.Listener) error {
	s.mu.Lock()
	if s.down || s.listener != nil {
		s.mu.Unlock()
		return errors.Join(errors.New("submission: serves already, or no longer"), l.Close())
	}
	s.listener = l
	s.mu.Unlock()
	err := s.smtp.Serve(&door{Listener: l, srv: s})
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down {
		return nil
	}
	if err != nil {
		return fmt.Errorf("submission: accept: %w", err)
	}
	return nil
}

// Addr returns the address that is served, or nil before Serve.
func (s *Server) Addr() net.Addr {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listener == nil {
		return nil
	}
	return s.listener.Addr()
}

// Shutdown accepts no more, says 421 to whoever waits outside a transaction,
// lets transactions finish while ctx lasts, and closes what is left. It
// returns ctx's error if something was left.
func (s *Server) Shutdown(ctx context.Context) error {
	s.mu.Lock()
	first := !s.down
	s.down = true
	if s.listener != nil {
		_ = s.listener.Close() // Serve returns its error
	}
	for w := range s.wires {
		w.drain()
	}
	if first && len(s.wires) == 0 {
		close(s.empty)
	}
	s.mu.Unlock()
	defer s.cancel()
	select {
	case <-s.empty:
		return nil
	case <-ctx.Done():
	}
	s.cancel()
	s.mu.Lock()
	for w := range s.wires {
		_ = w.raw.Close() // its goroutine meets the error and ends
	}
	s.mu.Unlock()
	<-s.empty
	return ctx.Err()
}

var errCrowded = reply(421, 3, 2, "Too many connections; please try again in a while")

// door makes a wire of each connection.
type door struct {
	net.Listener
	srv *Server
}

// Accept returns the next connection that is served.
func (d *door) Accept() (net.Conn, error) {
	for {
		c, err := d.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if w := d.srv.enter(c); w != nil {
			return w, nil
		}
		// A fresh connection takes these few octets without waiting.
		_ = c.SetWriteDeadline(time.Now().Add(100 * time.Millisecond))
		_, _ = io.WriteString(c, errCrowded.Error()+"\r\n")
		_ = c.Close()
	}
}

// enter counts the connection in. It returns nil when so many wait at the door
// already that not even who they are can be asked.
func (s *Server) enter(c net.Conn) *wire {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down || len(s.wires) >= 2*s.limits.Connections+100 {
		return nil
	}
	s.number++
	w := &wire{srv: s, raw: c, conn: c, id: s.number, opened: time.Now(), log: s.cfg.Logger}
	w.session = &session{w: w}
	s.wires[w] = false
	return w
}

// admit decides whether a client that is known now may have a session.
func (s *Server) admit(w *wire, peer netip.Addr) *Reply {
	s.mu.Lock()
	defer s.mu.Unlock()
	trusted := contains(s.cfg.Listener.Trust, w.client)
	exempt := trusted || w.client.IsLoopback() || w.client == peer && contains(s.cfg.Listener.ProxyProtocol, peer)
	var r *Reply
	switch {
	case s.trusts() && !trusted:
		s.refused("relay")
		r = reply(421, 7, 1, "This address may not send here")
	case !exempt && s.each[w.network].sessions >= s.limits.PerAddress, s.opened() >= s.limits.Connections && !s.makeRoom(w.network):
		s.refused("limit")
		r = errCrowded
	default:
		s.wires[w] = true
		s.count(w.network, 1, 1)
		w.stranger = true
		s.gauge(1)
		return nil
	}
	w.log.Info("refused session", slog.Int("code", r.Code), slog.String("text", r.Text))
	return r
}

// makeRoom ends a session of a stranger, so that clients who do not log in keep
// nobody out, and reports whether there was one. The network with the most
// strangers loses its oldest one: at once, where it has more than the network of
// the newcomer will have, else after a while to log in. So a flood makes room
// for those who come from elsewhere, however fast it is.
func (s *Server) makeRoom(newcomer netip.Addr) bool {
	if s.trusts() { // nobody logs in
		return false
	}
	var least *wire
	fair, late := s.each[newcomer].strangers+1, s.limits.Login/12
	for w := range s.wires {
		if !w.stranger || w.leaving.Load() {
			continue
		}
		n := s.each[w.network].strangers
		if n <= fair && time.Since(w.opened) <= late {
			continue
		}
		if least == nil || n > s.each[least.network].strangers || n == s.each[least.network].strangers && w.opened.Before(least.opened) {
			least = w
		}
	}
	if least == nil {
		return false
	}
	least.leaving.Store(true)
	s.meet(least)
	least.drain()
	s.refused("limit")
	return true
}

// crowd is who is here from one network.
type crowd struct{ sessions, strangers int }

// networkOf returns what connections are counted by: the address, or of IPv6
// the network of 64 bits, all of which one client has.
func networkOf(a netip.Addr) netip.Addr {
	if a.Is6() {
		if p, err := a.Prefix(64); err == nil {
			return p.Addr()
		}
	}
	return a
}

func (s *Server) count(network netip.Addr, sessions, strangers int) {
	c := s.each[network]
	c.sessions, c.strangers = c.sessions+sessions, c.strangers+strangers
	if c.sessions == 0 {
		delete(s.each, network)
		return
	}
	s.each[network] = c
}

// met notes that the client of a session has logged in.
func (s *Server) met(w *wire) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.meet(w)
}

// meet counts a session among strangers no longer.
func (s *Server) meet(w *wire) {
	if w.stranger {
		w.stranger = false
		s.count(w.network, 0, -1)
	}
}

func (s *Server) opened() int {
	n := 0
	for _, c := range s.each {
		n += c.sessions
	}
	return n
}

// forget counts the connection out.
func (s *Server) forget(w *wire) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.wires[w] {
		s.gauge(-1)
		s.meet(w)
		s.count(w.network, -1, 0)
	}
	delete(s.wires, w)
	if s.down && len(s.wires) == 0 {
		close(s.empty)
	}
}

func (s *Server) trusts() bool { return len(s.cfg.Listener.Trust) > 0 }

func (s *Server) gauge(by float64) {
	if s.cfg.Metrics != nil {
		s.cfg.Metrics.Sessions.WithLabelValues(s.cfg.Listener.kind()).Add(by)
	}
}

// refused counts a refusal; reason is a label value of metrics.Refused.
func (s *Server) refused(reason string) {
	if s.cfg.Metrics != nil {
		s.cfg.Metrics.Refused.WithLabelValues(reason).Inc()
	}
}

// loggedIn counts a login; result is a label value of metrics.Logins.
func (s *Server) loggedIn(result string) {
	if s.cfg.Metrics != nil {
		s.cfg.Metrics.Logins.WithLabelValues(result).Inc()
	}
}

// named returns a logger whose lines, all of which are for information, name
// the session.
func (s *Server) named(w *wire) *slog.Logger {
	if !s.cfg.Logger.Enabled(s.context(), slog.LevelInfo) {
		return s.cfg.Logger // With would write the attributes out for nobody
	}
	return s.cfg.Logger.With(slog.String("listener", s.cfg.Listener.kind()), slog.Uint64("session", w.id), slog.String("client", w.client.String()))
}

// errorLog takes what go-smtp reports: panics, and errors of Accept. A panic's
// text may hold content, so only its first words are kept.
type errorLog struct{ logger *slog.Logger }

// Printf notes the report without its arguments.
func (l errorLog) Printf(format string, _ ...any) {
	l.logger.Error("failed session", slog.String("report", format))
}

// Println notes that there was a report.
func (l errorLog) Println(...any) { l.logger.Error("failed session") }
