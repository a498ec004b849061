package submission

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/oklog/ulid/v2"

	"postvern.example/internal/notice"
	"postvern.example/proxy/message"
)

// session decides what a client may do. go-smtp calls it in the order of the
// commands; a drain asks beside that whether a transaction is open.
type session struct {
	w *wire

	mu       sync.Mutex
	login    string
	mail     *transaction
	accepted *message.Envelope // answered 250 next
}

// transaction is one message from MAIL on. Data works on the envelope that it
// found when it began.
type transaction struct {
	env   message.Envelope
	until time.Time
	seen  map[string]bool // recipients, to take each once
}

var (
	errGreet      = reply(503, 5, 1, "Say EHLO first")
	errNeedTLS    = caused(notice.CauseTLSFirst, reply(530, 7, 0, "Say STARTTLS first: nothing is taken in clear"))
	errNeedLogin  = caused(notice.CauseLoginFirst, reply(530, 7, 0, "Log in first"))
	errNested     = reply(503, 5, 1, "A message is on its way: finish it or say RSET")
	errNoMail     = reply(503, 5, 1, "Say MAIL and RCPT first")
	errSender     = reply(553, 1, 7, "The sender's address is not written plainly as name@domain")
	errRecipient  = caused(notice.CauseAddress, reply(553, 1, 3, "The recipient's address is not written plainly as name@domain"))
	errPlainUTF8  = reply(553, 6, 7, "An address with letters outside ASCII needs SMTPUTF8")
	errNotYours   = caused(notice.CauseSender, reply(550, 7, 1, "This sender address is not yours to use"))
	errGoingDown  = caused(notice.CauseShutdown, reply(421, 3, 2, "The server is going down; please try again in a while"))
	errIdle       = caused(notice.CauseTimeout, reply(421, 4, 2, "Nothing came in time"))
	errManyTo     = caused(notice.CauseRecipients, reply(452, 5, 3, "Too many recipients"))
	errOneReceipt = reply(550, 7, 1, "A message without a sender goes to one recipient only")
)

// open says whether a transaction is open.
func (s *session) open() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.mail != nil
}

// ready says whether a message may follow.
func (s *session) ready() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.mail != nil && len(s.mail.env.To) > 0
}

// takeAccepted returns the envelope that a 250 is due for, once.
func (s *session) takeAccepted() *message.Envelope {
	s.mu.Lock()
	defer s.mu.Unlock()
	env := s.accepted
	s.accepted = nil
	return env
}

// refuse counts and logs a refusal and returns it as go-smtp writes it.
func (s *session) refuse(what, reason string, r *Reply, utf8 bool, more ...slog.Attr) error {
	if reason != "" {
		s.w.refused(reason)
	}
	s.w.log.LogAttrs(s.w.srv.context(), slog.LevelInfo, "refused", append(more, slog.String("what", what), slog.Int("code", r.Code))...)
	return s.inWords(r, utf8).smtpError(utf8)
}

// inWords returns a reply in the language of the person who reads it, in ASCII
// unless utf8 is set. Only the session's own goroutine may call it.
func (s *session) inWords(r *Reply, utf8 bool) *Reply {
	words := s.w.srv.cfg.Words
	if words == nil || r.cause == "" {
		return r
	}
	sender := ""
	if s.mail != nil {
		sender = s.mail.env.From
	}
	said := *r
	said.Text = words(r.cause, s.login, sender)
	said.Text = said.line(utf8)
	return &said
}

// Mail begins a transaction.
func (s *session) Mail(from string, opts *smtp.MailOptions) error {
	s.mu.Lock()
	login, open := s.login, s.mail != nil
	s.mu.Unlock()
	if r, reason := s.mayMail(login, open); r != nil {
		return s.refuse("sender", reason, r, opts.UTF8)
	}
	if opts.Size > s.w.srv.limits.MessageSize {
		return s.refuse("sender", "size", replyTo(errTooLarge), opts.UTF8, slog.Int64("size", opts.Size))
	}
	if r, reason := s.checkSender(login, from, opts.UTF8); r != nil {
		return s.refuse("sender", reason, r, opts.UTF8, slog.String("login", login), slog.String("sender", Redact(from)))
	}
	until := s.w.now().Add(s.w.srv.limits.Transaction)
	s.w.setHard(until)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mail = &transaction{until: until, seen: map[string]bool{}, env: message.Envelope{
		Transaction: ulid.Make().String(),
		From:        from, UTF8: opts.UTF8, Size: opts.Size, Body: string(opts.Body), Return: string(opts.Return), ID: opts.EnvelopeID,
		Login: login, Client: s.w.client.String(), Hello: helloOf(s.w.hello), Protocol: s.protocol(opts.UTF8),
		Trusted: s.w.srv.trusts(), Received: s.w.srv.cfg.Now(),
	}}
	return nil
}

// mayMail says why MAIL is not in order, with the reason for the metric.
func (s *session) mayMail(login string, open bool) (*Reply, string) {
	trusts := s.w.srv.trusts()
	switch {
	case !s.w.tls && s.w.srv.cfg.Listener.TLS != None:
		return errNeedTLS, "login"
	case !s.w.greeted:
		return errGreet, ""
	case !trusts && login == "":
		return errNeedLogin, "login"
	case open:
		return errNested, ""
	}
	return nil, ""
}

// checkSender says why an address may not be the sender. The null sender is
// taken from a login for the receipts that mail programs send (RFC 8098 §3).
func (s *session) checkSender(login, from string, utf8 bool) (*Reply, string) {
	if !verbatim(s.w.line, from) {
		return errSender, "sender"
	}
	if from != "" {
		if err := CheckAddress(from, utf8); err != nil {
			return badAddress(err, errSender), "sender"
		}
	}
	srv := s.w.srv
	if srv.trusts() && matches(srv.cfg.Listener.Senders, from) {
		return nil, ""
	}
	err := srv.cfg.Sender(login, from, srv.cfg.Now())
	var r *Reply
	switch {
	case err == nil:
		return nil, ""
	case errors.As(err, &r) && r != nil && r.valid():
		return r, "sender"
	}
	return errNotYours, "sender"
}

func badAddress(err error, otherwise *Reply) *Reply {
	if errors.Is(err, ErrUTF8) {
		return errPlainUTF8
	}
	return otherwise
}

// protocol is the word for the Received field (RFC 3848, RFC 6531 §4.3).
func (s *session) protocol(utf8 bool) string {
	p := "ESMTP"
	switch {
	case utf8:
		p = "UTF8SMTP"
	case !s.w.esmtp:
		return "SMTP"
	}
	if s.w.tls {
		p += "S"
	}
	if s.login != "" {
		p += "A"
	}
	return p
}

// helloOf keeps of the name in EHLO what may stand in a header field.
func helloOf(hello string) string {
	name, _, _ := strings.Cut(hello, " ")
	if len(name) > 255 || !isPrintable(name) || strings.ContainsAny(name, "()<>\"\\,;@") {
		return "unknown"
	}
	return name
}

// Rcpt adds a recipient. The same one again is taken and not sent to twice.
func (s *session) Rcpt(to string, opts *smtp.RcptOptions) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.mail
	if t == nil {
		return errNoMail.smtpError(false)
	}
	if !verbatim(s.w.line, to) {
		return s.refuse("recipient", "relay", errRecipient, t.env.UTF8)
	}
	if err := CheckAddress(to, t.env.UTF8); err != nil {
		return s.refuse("recipient", "relay", badAddress(err, errRecipient), t.env.UTF8)
	}
	if t.env.From == "" && t.env.Login != "" && len(t.env.To) > 0 {
		return s.refuse("recipient", "relay", errOneReceipt, t.env.UTF8)
	}
	if t.seen[to] {
		return nil
	}
	t.seen[to] = true
	r := message.Recipient{Address: to}
	if o := parameter(s.w.line, "ORCPT"); t.env.UTF8 || isASCII(o) { // upstream could not be told it otherwise
		r.Original = o
	}
	for _, n := range opts.Notify {
		r.Notify = append(r.Notify, string(n))
	}
	t.env.To = append(t.env.To, r)
	return nil
}

// Data hands the message to Submit and returns what it is answered. It reads
// the message from the wire itself.
func (s *session) Data(io.Reader) error {
	s.mu.Lock()
	t := s.mail
	if t == nil || len(t.env.To) == 0 {
		s.mu.Unlock()
		return errNoMail.smtpError(false)
	}
	env := t.env
	env.To = append([]message.Recipient(nil), env.To...)
	s.mu.Unlock()

	deepen(0)
	ctx, cancel := context.WithDeadline(s.w.srv.context(), t.until)
	defer cancel()
	room := s.w.srv.cfg.Budget.share()
	defer room.end()
	guard := &guardReader{ctx: ctx, r: messageReader{s.w}, room: room, declared: env.Size, left: s.w.srv.limits.MessageSize, framed: !s.w.chunked}
	if err := whole(s.w.srv.cfg.Submit.Submit(ctx, env, guard), guard); err != nil {
		return s.refuse("message", reasonOf(err), replyTo(err), env.UTF8, s.describe(env, guard)...)
	}
	s.w.log.LogAttrs(ctx, slog.LevelInfo, "accepted message", s.describe(env, guard)...)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.mail == t {
		s.accepted = &env
	}
	return nil
}

// deepen makes the goroutine's stack large enough for a message while it is
// shallow: else it is copied, deep as it is by then, once more and later.
//
//go:noinline
func deepen(i int) byte {
	var room [12 << 10]byte
	return room[i]
}

// whole returns nil only if Submit did and has read the message to its end. A
// fault of the message counts before what Submit makes of it.
func whole(err error, g *guardReader) error {
	if g.err == nil && err == nil {
		_, _ = g.Read(make([]byte, 1)) // the error stays in g
	}
	switch {
	case g.err != nil && !errors.Is(g.err, io.EOF):
		return g.err
	case err == nil && g.err == nil:
		return errors.New("submission: message accepted before its end")
	}
	return err
}

func reasonOf(err error) string {
	switch {
	case errors.Is(err, errUnclean):
		return "smuggling"
	case errors.Is(err, errTooLarge), errors.Is(err, smtp.ErrDataTooLarge):
		return "size"
	case errors.Is(err, errBusy):
		return "memory"
	}
	return ""
}

func (s *session) describe(env message.Envelope, g *guardReader) []slog.Attr {
	return []slog.Attr{
		slog.String("login", env.Login), slog.String("sender", Redact(env.From)), slog.Int("recipients", len(env.To)),
		slog.Int64("size", s.w.srv.limits.MessageSize-g.left),
	}
}

// Reset ends the transaction.
func (s *session) Reset() {
	s.mu.Lock()
	had := s.mail != nil
	s.mail = nil
	s.mu.Unlock()
	if had {
		s.w.setHard(time.Time{})
	}
}

// Logout does nothing: the wire ends the session.
func (s *session) Logout() error { return nil }

// end ends the transaction of a connection that is gone.
func (s *session) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mail = nil
}
