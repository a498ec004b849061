package relay

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// The ways to protect the connection to the upstream server.
const (
	StartTLS = "starttls" // RFC 3207; without it nothing is sent
	Implicit = "implicit" // RFC 8314 §3.3
	None     = "none"     // clear text: never with a login beyond this machine
)

// Upstream is a mail server that copies go to.
type Upstream struct {
	ID       string         // what routes, metrics and the log call it; "" is upstream
	Address  string         // host:port
	TLS      string         // starttls, implicit or none
	Username string         // "" is no login
	Password string         // said only over TLS, or on this machine
	RootCAs  *x509.CertPool // the authorities that its certificate may come from; nil is the system's
	Name     string         // the name that its certificate has to carry; "" is the host of Address

	Connections int // at most; 0 is 8
}

// check completes u and returns an error that says what about it is wrong.
func (u *Upstream) check() error {
	host, port, err := net.SplitHostPort(u.Address)
	if err != nil || host == "" || port == "" {
		return fmt.Errorf("upstream address %q is not host:port", u.Address)
	}
	if u.Name == "" {
		u.Name = host
	}
	if u.ID == "" {
		u.ID = "upstream"
	}
	if u.Connections <= 0 {
		u.Connections = 8
	}
	switch u.TLS {
	case StartTLS, Implicit:
	case None:
		if u.Username != "" && !u.private() {
			return errors.New("a password never crosses a network in clear: use starttls or implicit")
		}
	default:
		return fmt.Errorf("upstream TLS %q is none of starttls, implicit, none", u.TLS)
	}
	return nil
}

// private reports whether what is sent to it crosses no network in clear.
func (u Upstream) private() bool {
	host, _, err := net.SplitHostPort(u.Address)
	ip := net.ParseIP(host)
	return u.TLS != None || err == nil && (host == "localhost" || ip != nil && ip.IsLoopback())
}

// Timeouts bounds every wait for the upstream server (RFC 5321 §4.5.3.2). A
// zero value means the default in brackets.
type Timeouts struct {
	Connect time.Duration // TCP and TLS, each (30 s)
	Command time.Duration // the greeting, and each reply but the last (5 min)
	Block   time.Duration // 64 KiB of content (3 min)
	End     time.Duration // the reply to the final dot (10 min)
}

func (t Timeouts) withDefaults() Timeouts {
	set := func(d *time.Duration, v time.Duration) {
		if *d <= 0 {
			*d = v
		}
	}
	set(&t.Connect, 30*time.Second)
	set(&t.Command, 5*time.Minute)
	set(&t.Block, 3*time.Minute)
	set(&t.End, 10*time.Minute)
	return t
}

// dialer opens sessions.
type dialer struct {
	upstream Upstream
	hostname string
	timeouts Timeouts
	tls      *tls.Config
}

func newDialer(u Upstream, hostname string, t Timeouts) *dialer {
	return &dialer{upstream: u, hostname: hostname, timeouts: t, tls: &tls.Config{
		ServerName: u.Name, RootCAs: u.RootCAs, MinVersion: tls.VersionTLS12,
		ClientSessionCache: tls.NewLRUClientSessionCache(0),
	}}
}

// open returns a session that is greeted, secured and logged in. There is no
// way from a failed STARTTLS, handshake or login to a session.
func (d *dialer) open(ctx context.Context) (*session, error) {
	conn, err := (&net.Dialer{Timeout: d.timeouts.Connect}).DialContext(ctx, "tcp", d.upstream.Address)
	if err != nil {
		return nil, fmt.Errorf("connect upstream: %w", err)
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	s, err := d.prepare(ctx, conn)
	if !stop() && err == nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	return s, nil
}

func (d *dialer) prepare(ctx context.Context, conn net.Conn) (*session, error) {
	var err error
	if d.upstream.TLS == Implicit {
		if conn, err = d.secure(ctx, conn); err != nil {
			return nil, err
		}
	}
	client, err := d.greet(conn)
	if err != nil {
		return nil, err
	}
	if d.upstream.TLS == StartTLS {
		if conn, err = d.startTLS(ctx, conn, client); err != nil {
			return nil, err
		}
		if client, err = d.greet(&greeted{Conn: conn}); err != nil {
			return nil, err
		}
	}
	if err := d.login(client); err != nil {
		return nil, fmt.Errorf("log in upstream: %w", err)
	}
	s := newSession(conn, client, d.timeouts)
	s.private = d.upstream.private()
	return s, nil
}

func (d *dialer) greet(conn net.Conn) (*smtp.Client, error) {
	client := smtp.NewClient(conn)
	client.CommandTimeout = d.timeouts.Command
	if err := client.Hello(d.hostname); err != nil {
		return nil, fmt.Errorf("greet upstream: %w", err)
	}
	return client, nil
}

// startTLS does what smtp.NewClientStartTLS does, but under our own host name
// (that one says "EHLO localhost" first) and with a bound to the handshake.
func (d *dialer) startTLS(ctx context.Context, conn net.Conn, client *smtp.Client) (net.Conn, error) {
	if ok, _ := client.Extension("STARTTLS"); !ok {
		return nil, errors.New("upstream does not offer STARTTLS: nothing is sent in clear")
	}
	plain := newSession(conn, client, d.timeouts)
	if err := plain.write([]byte("STARTTLS\r\n")); err != nil {
		return nil, fmt.Errorf("start TLS upstream: %w", err)
	}
	r, err := plain.read(d.timeouts.Command)
	if err != nil {
		return nil, fmt.Errorf("start TLS upstream: %w", err)
	}
	if r.code != 220 {
		return nil, fmt.Errorf("start TLS upstream: %w", r)
	}
	if plain.r.Buffered() > 0 { // text that somebody on the way put in (RFC 3207 §6)
		return nil, errors.New("start TLS upstream: clear text follows the reply")
	}
	return d.secure(ctx, conn)
}

func (d *dialer) secure(ctx context.Context, conn net.Conn) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, d.timeouts.Connect)
	defer cancel()
	secured := tls.Client(conn, d.tls)
	if err := secured.HandshakeContext(ctx); err != nil {
		return nil, fmt.Errorf("shake hands with upstream: %w", err)
	}
	return secured, nil
}

func (d *dialer) login(client *smtp.Client) error {
	u := d.upstream
	switch {
	case u.Username == "":
		return nil
	case client.SupportsAuth(sasl.Plain):
		return client.Auth(sasl.NewPlainClient("", u.Username, u.Password))
	case client.SupportsAuth(sasl.Login):
		return client.Auth(&loginClient{u.Username, u.Password})
	}
	return errors.New("upstream offers neither PLAIN nor LOGIN")
}

// greeted is a connection after STARTTLS: the server does not greet again
// (RFC 3207 §4.2), but a new smtp.Client waits for it.
type greeted struct {
	net.Conn
	said strings.Reader
	done bool
}

func (g *greeted) Read(p []byte) (int, error) {
	if !g.done {
		g.said.Reset("220 secured\r\n")
		g.done = true
	}
	if g.said.Len() > 0 {
		return g.said.Read(p)
	}
	return g.Conn.Read(p)
}

// loginClient speaks AUTH LOGIN. It waits for both prompts and does not care
// how they are worded: servers differ, and some take no initial response.
type loginClient struct{ username, password string }

func (l *loginClient) Start() (string, []byte, error) { return sasl.Login, nil, nil }

func (l *loginClient) Next([]byte) ([]byte, error) {
	answer := l.username
	l.username, l.password = l.password, ""
	if answer == "" {
		return nil, sasl.ErrUnexpectedServerChallenge
	}
	return []byte(answer), nil
}
