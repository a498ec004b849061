package relay

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"

	"postvern.example/internal/octets"
	"postvern.example/proxy/spool"
)

// Refusals of our own, in the form of a reply.
var (
	refuseSize    = reply{552, "5.3.4", "The message is larger than the next mail server takes"}
	refusePath    = reply{553, "5.1.3", "The address is not one that mail can be sent to"}
	refuseAddress = reply{550, "5.6.7", "The next mail server does not take addresses with such letters"}
	refuseTLS     = reply{550, "5.7.30", "The next mail server does not promise verified TLS to the reader's (REQUIRETLS)"} // RFC 8689 §5
	refuseHeader  = reply{550, "5.6.9", "The next mail server does not take header fields with such letters"}
)

// compose makes a transaction of as many pending copies as go into one, and
// returns it with them and with what is left. Copies that this session can
// never carry get their verdict here.
func (a *delivery) compose(to *target, s *session, pending []spool.Copy) (t transaction, in, rest []spool.Copy) {
	t.head, t.content, t.size, t.chunk = a.spool.Head, a.content, a.spool.Size(), to.chunks()
	t.owned = func() bool { return a.owned(in) }
	limit := to.limit.get(to.now())
	for i, c := range pending {
		if len(in) == limit {
			return t, in, append(rest, pending[i:]...)
		}
		mail, rcpt, refusal := commands(s, c, a.spool)
		if c.RequireTLS && !s.promises(a.lane.verified) {
			refusal = &refuseTLS
		}
		switch {
		case refusal != nil:
			a.decide(c, verdict{result: spool.Failed, reply: *refusal, again: refusal != &refusePath, via: to.upstream.ID})
		case len(in) > 0 && mail != t.mail:
			rest = append(rest, c)
		default:
			t.mail, t.rcpts, in = mail, append(t.rcpts, rcpt), append(in, c)
		}
	}
	return t, in, rest
}

// commands returns MAIL and RCPT for a copy, or why it cannot be sent.
func commands(s *session, c spool.Copy, d spool.Delivery) (mail, rcpt string, refusal *reply) {
	if s.size > 0 && d.Size() > s.size {
		return "", "", &refuseSize
	}
	from, to := c.From, c.To
	wide := c.UTF8 || !octets.ASCII(from) || !octets.ASCII(to)
	if wide && !s.utf8 {
		from, to = asciiDomain(from), asciiDomain(to)
		switch {
		case !octets.ASCII(from) || !octets.ASCII(to):
			return "", "", &refuseAddress
		case c.UTF8 && !octets.ASCII(header(headOf(d))):
			return "", "", &refuseHeader
		}
		wide = false
	}
	if from != "" && !validPath(from) || !validPath(to) {
		return "", "", &refusePath
	}
	return mailCommand(s, c, from, wide, d.Size()), rcptCommand(s, c, to, wide), nil
}

func mailCommand(s *session, c spool.Copy, from string, wide bool, size int) string {
	var b strings.Builder
	b.WriteString("MAIL FROM:<" + from + ">")
	if s.eightBit && (c.EightBit || wide) {
		b.WriteString(" BODY=8BITMIME")
	}
	if s.sizeOffered {
		fmt.Fprintf(&b, " SIZE=%d", size)
	}
	if wide {
		b.WriteString(" SMTPUTF8")
	}
	if c.RequireTLS && s.requireTLS {
		b.WriteString(" REQUIRETLS")
	}
	if s.dsn && (c.Return == "FULL" || c.Return == "HDRS") {
		b.WriteString(" RET=" + c.Return)
	}
	if s.dsn && c.EnvelopeID != "" {
		if id := xtext(c.EnvelopeID); len(id) <= 100 { // RFC 3461 §4.4
			b.WriteString(" ENVID=" + id)
		}
	}
	return b.String()
}

func rcptCommand(s *session, c spool.Copy, to string, wide bool) string {
	line := "RCPT TO:<" + to + ">"
	if s.dsn {
		if validNotify(c.Notify) {
			line += " NOTIFY=" + strings.Join(c.Notify, ",")
		}
		if validOriginal(c.Original, wide) {
			line += " ORCPT=" + c.Original
		}
	}
	return line
}

// promises reports whether a copy that demands verified TLS up to its reader's
// server may go over a session: the way to the upstream is protected, and the
// upstream can be asked to protect the rest (RFC 8689 §4.2.1), or its route is
// known to.
func (s *session) promises(verified bool) bool {
	return s.private && (s.requireTLS || verified)
}

// validPath reports whether an address can stand between angle brackets
// without being taken for anything else: no control characters, and spaces and
// brackets only where a quoted local part protects them (RFC 5321 §4.1.2).
func validPath(address string) bool {
	if address == "" || len(address) > 1000 || !utf8.ValidString(address) {
		return false
	}
	quoted := false
	for i := 0; i < len(address); i++ {
		switch b := address[i]; {
		case b < ' ' || b == 0x7f:
			return false
		case quoted && b == '\\':
			if i++; i == len(address) || address[i] < ' ' || address[i] >= 0x7f {
				return false
			}
		case b == '"':
			quoted = !quoted
		case !quoted && strings.IndexByte(" <>\\", b) >= 0:
			return false
		}
	}
	return !quoted
}

func validNotify(notify []string) bool {
	for _, n := range notify {
		switch n {
		case "NEVER":
			if len(notify) > 1 {
				return false
			}
		case "SUCCESS", "FAILURE", "DELAY":
		default:
			return false
		}
	}
	return len(notify) > 0
}

// validOriginal reports whether an ORCPT may be passed on as it was given.
func validOriginal(original string, wide bool) bool {
	kind, address, ok := strings.Cut(original, ";")
	if !ok || kind == "" || address == "" || len(original) > 500 || !utf8.ValidString(original) {
		return false
	}
	return !strings.ContainsFunc(original, func(r rune) bool { return r <= ' ' || r == 0x7f || r > 0x7f && !wide })
}

// asciiDomain returns the address with its domain in ASCII form, where that
// can be had (RFC 5890 §2.3.2.1).
func asciiDomain(address string) string {
	at := strings.LastIndexByte(address, '@')
	if at < 0 || octets.ASCII(address[at:]) {
		return address
	}
	domain, err := idna.Lookup.ToASCII(address[at+1:])
	if err != nil {
		return address
	}
	return address[:at+1] + domain
}

// xtext encodes a parameter value (RFC 3461 §4).
func xtext(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] <= ' ' || s[i] > '~' || s[i] == '+' || s[i] == '=' {
			fmt.Fprintf(&b, "+%02X", s[i])
		} else {
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

// headOf returns the part of a delivery's content that its header stands in.
func headOf(d spool.Delivery) []byte {
	if d.Head != nil {
		return d.Head
	}
	return d.Content
}

// header returns the message's own header section.
func header(content []byte) []byte {
	if bytes.HasPrefix(content, []byte("\r\n")) {
		return nil
	}
	h, _, _ := bytes.Cut(content, []byte("\r\n\r\n"))
	return h
}
