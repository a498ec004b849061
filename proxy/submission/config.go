package submission

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"strings"
	"time"

	"postvern.example/internal/metrics"
	"postvern.example/internal/notice"
	"postvern.example/proxy/message"
)

// Config is what a Server is made from. Hostname, Listener and Submit must be
// given, and Sender too; a listener that is no trust listener needs Login,
// Tokens or both.
type Config struct {
	Hostname string // what the greeting names, in ASCII
	Listener Listener
	TLS      *tls.Config   // from TLSConfig; its GetCertificate lets certificates change without a stop
	Login    Authenticator // of passwords
	Tokens   TokenChecker  // nil: none are taken
	Sender   SenderCheck
	Words    Words     // nil: replies in English
	Throttle *Throttle // share one among all listeners; nil: one of its own
	Limits   Limits
	Budget   *Budget // share one among all listeners; nil: memory is not bounded
	Submit   Submitter
	// Answered, if set, is called once the 250 for a message was written in
	// full: from then on a client that sends it again means to.
	Answered func(ctx context.Context, env message.Envelope)
	Metrics  *metrics.Metrics // nil: none are kept
	Logger   *slog.Logger     // nil: nothing is logged
	Now      func() time.Time // nil: time.Now
}

// Listener says how one address is served.
type Listener struct {
	Address string
	TLS     Mode
	// Trust makes this a trust listener: clients of these networks need no
	// login, all others are turned away.
	Trust []netip.Prefix
	// Senders are patterns of envelope senders that a trust listener takes
	// beside the representatives' own: an address, "*@domain", or "<>" for the
	// null sender.
	Senders []string
	// Clients, if set, asks the clients of a trust listener for a certificate
	// as well; TLS must not be None.
	Clients *Clients
	// ProxyProtocol lists the load balancers whose PROXY protocol v2 header
	// names the client. A connection from one of them must begin with it;
	// anybody else's is never read.
	ProxyProtocol []netip.Prefix
}

// Mode says when a listener speaks TLS.
type Mode string

// The modes of a listener. None is only for trust listeners.
const (
	StartTLS Mode = "starttls"
	Implicit Mode = "implicit"
	None     Mode = "none"
)

// Limits bound what one client, and all together, can take. A zero field
// means its default.
type Limits struct {
	MessageSize int64         // octets of a message after dot-unstuffing; default 50 MiB
	Recipients  int           // of one message; default 1000
	Connections int           // at a time; default 1000
	PerAddress  int           // connections of one address at a time; default a quarter of Connections; loopback, trust and balancers are exempt
	Errors      int           // 5xx replies of a session since the last accepted message; default 20
	Idle        int           // commands that move nothing (NOOP, RSET, EHLO ...) since the last accepted message; default 100
	Line        int           // octets of a command line; default 4096 (RFC 5321 §4.5.3.1.4 asks for 512 and what extensions add)
	LoginLine   int           // octets of a line of an AUTH exchange; default 12288 (RFC 4954 §4.3)
	Command     time.Duration // for a command line to be complete; default 5 min (RFC 5321 §4.5.3.2.7)
	Read        time.Duration // for the next octets of a message; default 3 min (RFC 5321 §4.5.3.2.5)
	Write       time.Duration // for a reply to be taken; default 1 min
	Handshake   time.Duration // for TLS, the PROXY header, and the Authenticator; default 30 s
	Login       time.Duration // from the connection to the login; default 2 min; a twelfth of it where others wait for a connection
	Transaction time.Duration // from MAIL to the reply after the message; default 30 min
	Grace       time.Duration // for the end of a message that was refused for a bare CR, LF or NUL; default 5 s
}

func (l Limits) orDefault() Limits {
	orSize(&l.MessageSize, 50<<20)
	orSize(&l.Recipients, 1000)
	orSize(&l.Connections, 1000)
	orSize(&l.PerAddress, max(l.Connections/4, 1))
	orSize(&l.Errors, 20)
	orSize(&l.Idle, 100)
	orSize(&l.Line, 4096)
	orSize(&l.LoginLine, 12288)
	orSize(&l.Command, 5*time.Minute)
	orSize(&l.Read, 3*time.Minute)
	orSize(&l.Write, time.Minute)
	orSize(&l.Handshake, 30*time.Second)
	orSize(&l.Login, 2*time.Minute)
	orSize(&l.Transaction, 30*time.Minute)
	orSize(&l.Grace, 5*time.Second)
	return l
}

func orSize[T int | int64 | time.Duration](v *T, d T) {
	if *v <= 0 {
		*v = d
	}
}

// Submitter takes a whole message. A nil error is answered 250; a *Reply, also
// a wrapped one, is answered as it is; any other error 451 4.3.0 without its
// text. r yields the message with CRLF line ends, no bare CR or LF and no NUL;
// an error of r other than io.EOF means that the message is not whole, and
// Submit must then return an error.
type Submitter interface {
	Submit(ctx context.Context, env message.Envelope, r io.Reader) error
}

// Authenticator checks a login. It returns nil, ErrDenied, ErrLimited, or an
// error that means that it could not tell (ErrUnavailable); that one's text is
// logged, and holds nothing of what was typed. It takes the same time for a user
// that does not exist as for a wrong password.
type Authenticator interface {
	Login(ctx context.Context, user, password string, client netip.Addr) error
}

// TokenChecker checks a bearer token (RFC 6750) and returns whose it is. Its
// errors are those of an Authenticator, and ErrExpired. The text of one that
// means that it could not tell is logged: it holds nothing of the token.
type TokenChecker interface {
	Token(ctx context.Context, token string) (login string, err error)
}

// The errors of an Authenticator. ErrExpired is that of a token whose time is
// up, which mail programs try before they fetch a new one: it is denied, and
// counts as no failed login.
var (
	ErrDenied      = errors.New("submission: wrong user or password")
	ErrExpired     = errors.New("submission: the token has expired")
	ErrLimited     = errors.New("submission: too many failed logins")
	ErrUnavailable = errors.New("submission: the login could not be checked")
)

// SenderCheck says whether a login may use an address in MAIL FROM. The null
// sender is "". On a trust listener login is "", and the question is whether
// the address is a representative's. A *Reply is answered as it is; any other
// error is a plain 550 5.7.1.
type SenderCheck func(login, address string, at time.Time) error

// Words writes the text of a reply that people meet in their mail program, in
// the language of the login or, without one, of the sender; both may be empty.
type Words func(cause notice.Cause, login, sender string) string

func (c *Config) check() error {
	l := c.Listener
	switch {
	case c.Hostname == "" || !isPrintable(c.Hostname) || strings.ContainsRune(c.Hostname, ' '):
		return fmt.Errorf("hostname %q: must be a name in ASCII", c.Hostname)
	case c.Submit == nil:
		return errors.New("no Submit")
	case c.Sender == nil:
		return errors.New("no Sender check: anybody could send as anybody")
	case l.TLS != StartTLS && l.TLS != Implicit && l.TLS != None:
		return fmt.Errorf("listener %s: tls is %q, must be starttls, implicit or none", l.Address, l.TLS)
	case l.TLS != None && c.TLS == nil:
		return fmt.Errorf("listener %s: tls is %s, but there is no certificate", l.Address, l.TLS)
	case l.TLS == None && len(l.Trust) == 0:
		return fmt.Errorf("listener %s: tls: none needs trust, for nobody may log in in clear", l.Address)
	case len(l.Trust) == 0 && c.Login == nil && c.Tokens == nil:
		return fmt.Errorf("listener %s: no Login and no trust", l.Address)
	case l.Clients != nil && (len(l.Trust) == 0 || l.TLS == None):
		return fmt.Errorf("listener %s: client certificates are for trust listeners with TLS", l.Address)
	case len(l.Trust) == 0 && len(l.Senders) > 0:
		return fmt.Errorf("listener %s: senders is for trust listeners", l.Address)
	}
	for _, p := range l.Senders {
		if !validPattern(p) {
			return fmt.Errorf("listener %s: sender %q: must be an address, *@domain or <>", l.Address, p)
		}
	}
	return nil
}

func validPattern(p string) bool {
	if p == "<>" {
		return true
	}
	if domain, ok := strings.CutPrefix(p, "*@"); ok {
		p = "x@" + domain
	}
	return CheckAddress(p, true) == nil
}

// matches reports whether one of the patterns stands for the address.
func matches(patterns []string, address string) bool {
	for _, p := range patterns {
		if p == "<>" && address == "" {
			return true
		}
		if domain, ok := strings.CutPrefix(p, "*@"); ok {
			if at := strings.LastIndexByte(address, '@'); at >= 0 && strings.EqualFold(address[at+1:], domain) {
				return true
			}
		} else if strings.EqualFold(p, address) && address != "" {
			return true
		}
	}
	return false
}

// kind is the label of the sessions metric.
func (l Listener) kind() string {
	if len(l.Trust) > 0 {
		return "trust"
	}
	return string(l.TLS)
}
