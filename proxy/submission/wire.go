package submission

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pires/go-proxyproto"
)

// wire is the connection that go-smtp sees. It stands above TLS: it hands
// go-smtp one clean command line at a time and a message that is framed
// already, so that go-smtp never sees octets that it would read in another
// way; it holds every deadline and limit, and it reads the replies on their
// way out. One goroutine reads and writes; expire alone is called by others.
type wire struct {
	srv    *Server
	raw    net.Conn      // as accepted
	conn   net.Conn      // raw, behind a PROXY header, or TLS over it
	in     *bufio.Reader // small while it waits for commands, large inside a message
	small  *bufio.Reader
	out    []byte // replies not yet sent: they go out together before the next wait
	id     uint64
	client netip.Addr
	opened time.Time

	network  netip.Addr // networkOf(client)
	stranger bool       // has a session and has not logged in; the server's mu

	log *slog.Logger

	leaving atomic.Bool // it makes room for another

	started bool
	tls     bool
	esmtp   bool // EHLO, not HELO
	greeted bool // since the last STARTTLS
	hello   string
	session *session // made with the wire, never another

	mode    mode
	verb    string // the command that go-smtp works on
	line    string // the same, whole
	rest    []byte // of a line or message, for the next Read
	chunked bool   // the message comes by BDAT
	chunk   int64  // octets of the chunk still to come
	last    bool   // it is the last one
	frame   framer
	taken   int64 // octets of the message in DATA
	whole   bool  // the message in DATA was read to its end
	fault   error // why the message in DATA is refused
	message bool  // the next reply is to a message, or to a part of it
	cutoff  bool  // the client may still be sending what nobody will read
	auth    bool  // the next line belongs to an AUTH exchange
	errors  int
	idle    int
	ended   bool   // nothing more is read
	goodbye bool   // 421 or 221 was said
	partial []byte // of a reply line

	mu       sync.Mutex
	hard     time.Time // the deadline of the login or the transaction
	draining bool
	closed   atomic.Bool
}

type mode int

const (
	commands mode = iota
	data
)

var _ net.Conn = (*wire)(nil)

// start names the client and, on an implicit listener, speaks TLS. It runs on
// the connection's own goroutine, before the greeting.
func (w *wire) start() error {
	w.started = true
	if err := w.raw.SetDeadline(w.now().Add(w.srv.limits.Handshake)); err != nil {
		return err
	}
	peer := addressOf(w.raw.RemoteAddr())
	w.client = peer
	if contains(w.srv.cfg.Listener.ProxyProtocol, peer) {
		pc := proxyproto.NewConn(w.raw, proxyproto.WithPolicy(proxyproto.REQUIRE),
			proxyproto.ValidateHeader(onlyV2), proxyproto.SetReadHeaderTimeout(w.srv.limits.Handshake))
		if pc.ProxyHeader() == nil {
			w.log.Info("refused balancer", slog.String("reason", "no PROXY protocol v2 header"))
			return errors.New("no PROXY header")
		}
		w.conn, w.client = pc, addressOf(pc.RemoteAddr())
	}
	w.network = networkOf(w.client)
	w.log = w.srv.named(w)
	if r := w.srv.admit(w, peer); r != nil {
		w.conn = w.raw // on an implicit listener the 421 goes out in clear, as other servers do
		w.bye(r)
		return errors.New("turned away")
	}
	if w.srv.cfg.Listener.TLS == Implicit {
		if err := w.secure(); err != nil {
			return err
		}
	}
	w.log.Info("opened session", slog.Bool("tls", w.tls))
	w.listen()
	if !w.srv.trusts() {
		w.setHard(w.now().Add(w.srv.limits.Login))
	}
	return nil
}

func onlyV2(h *proxyproto.Header) error {
	if h.Version != 2 {
		return errors.New("PROXY protocol v1")
	}
	return nil
}

// listen makes the reader for commands. It is small: most sessions wait.
func (w *wire) listen() {
	w.small = bufio.NewReaderSize(source{w}, 512)
	w.in = w.small
}

// widen reads a message in larger pieces, narrow goes back.
func (w *wire) widen() {
	if w.in == w.small {
		w.in = w.srv.large.Get().(*bufio.Reader)
		w.in.Reset(w.small)
	}
}

func (w *wire) narrow() {
	if w.in != w.small && w.in.Buffered() == 0 {
		w.in.Reset(nil)
		w.srv.large.Put(w.in)
		w.in = w.small
	}
}

// secure puts TLS on the connection.
func (w *wire) secure() error {
	ctx, cancel := context.WithTimeout(w.srv.context(), w.srv.limits.Handshake)
	defer cancel()
	if err := w.raw.SetDeadline(w.now().Add(w.srv.limits.Handshake)); err != nil {
		return err
	}
	c := tls.Server(w.conn, w.srv.cfg.TLS)
	if err := c.HandshakeContext(ctx); err != nil {
		var clear tls.RecordHeaderError
		inClear := errors.As(err, &clear) && clear.Conn != nil
		w.log.Info("refused handshake", slog.String("reason", handshakeFault(err)))
		if clientFaultOf(err) != nil {
			w.refused("certificate")
		}
		if inClear { // who speaks no TLS can read why it ends
			w.bye(reply(421, 7, 0, "Nothing but TLS is spoken here"))
		}
		w.goodbye = true
		return err
	}
	w.conn, w.tls = c, true
	return nil
}

// source is what in reads from: it sends the replies that wait before it
// waits itself.
type source struct{ w *wire }

func (s source) Read(b []byte) (int, error) {
	if err := s.w.flush(); err != nil {
		return 0, err
	}
	return s.w.conn.Read(b)
}

func (w *wire) flush() error {
	if len(w.out) == 0 {
		return nil
	}
	if err := w.raw.SetWriteDeadline(w.now().Add(w.srv.limits.Write)); err != nil {
		return err
	}
	n, err := w.conn.Write(w.out)
	if err == nil && n < len(w.out) {
		err = io.ErrShortWrite
	}
	w.out = w.out[:0]
	if cap(w.out) > 4096 {
		w.out = nil
	}
	if err != nil {
		w.ended, w.goodbye = true, true
	}
	return err
}

// await sets the deadline of the next reads: d from now, but never after the
// hard one.
func (w *wire) await(d time.Duration) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.draining && !w.busy() {
		return w.raw.SetReadDeadline(time.Unix(1, 0))
	}
	at := w.now().Add(d)
	if !w.hard.IsZero() && w.hard.Before(at) {
		at = w.hard
	}
	return w.raw.SetReadDeadline(at)
}

func (w *wire) setHard(t time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.hard = t
}

// busy says whether a transaction is open, which a drain lets finish.
func (w *wire) busy() bool { return w.session.open() }

// drain makes the session end with 421: now where it waits for a command
// outside a transaction, else after the transaction.
func (w *wire) drain() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.draining = true
	if !w.busy() {
		_ = w.raw.SetReadDeadline(time.Unix(1, 0)) // a closed connection is as well
	}
}

func (w *wire) isDraining() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.draining
}

// bye says 421, or another last word, and ends the session.
func (w *wire) bye(r *Reply) {
	if !w.goodbye {
		w.out = append(w.out, r.Error()+"\r\n"...)
		w.goodbye = true
		_ = w.flush() // the session ends whether the client hears it or not
	}
	w.ended = true
}

// Close says 421 if nothing was said yet and closes the connection. The error
// is that of the connection.
func (w *wire) Close() error {
	if w.closed.Swap(true) {
		return net.ErrClosed
	}
	defer w.srv.forget(w)
	if w.started {
		w.bye(reply(421, 3, 0, "This session ends here"))
		w.linger()
	}
	err := w.conn.Close()
	w.session.end()
	if w.in != nil {
		w.log.Info("closed session", slog.Duration("after", w.now().Sub(w.opened)), slog.Int("errors", w.errors))
	}
	return err
}

// linger takes in for a moment what a client that is cut off still sends:
// closing at once would reset the connection, and the last reply be lost.
func (w *wire) linger() {
	half, ok := w.conn.(interface{ CloseWrite() error })
	if !ok || !w.cutoff || half.CloseWrite() != nil {
		return
	}
	_ = w.raw.SetReadDeadline(w.now().Add(500 * time.Millisecond)) // best effort
	_, _ = io.CopyN(io.Discard, w.raw, 1<<20)                      // best effort
}

func (w *wire) now() time.Time { return time.Now() } // of the kernel's deadlines, not of Config.Now

// LocalAddr returns the address that the client connected to.
func (w *wire) LocalAddr() net.Addr { return w.raw.LocalAddr() }

// RemoteAddr returns the address of the peer, which may be a balancer.
func (w *wire) RemoteAddr() net.Addr { return w.raw.RemoteAddr() }

// SetDeadline does nothing: go-smtp's deadlines span the wrong things.
func (w *wire) SetDeadline(time.Time) error { return nil }

// SetReadDeadline does nothing.
func (w *wire) SetReadDeadline(time.Time) error { return nil }

// SetWriteDeadline does nothing.
func (w *wire) SetWriteDeadline(time.Time) error { return nil }

func addressOf(a net.Addr) netip.Addr {
	if t, ok := a.(*net.TCPAddr); ok {
		return t.AddrPort().Addr().Unmap().WithZone("")
	}
	p, err := netip.ParseAddrPort(a.String())
	if err != nil {
		return netip.Addr{}
	}
	return p.Addr().Unmap().WithZone("")
}

func contains(prefixes []netip.Prefix, a netip.Addr) bool {
	for _, p := range prefixes {
		if p.Contains(a) {
			return true
		}
	}
	return false
}
