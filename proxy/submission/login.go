package submission

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"postvern.example/internal/notice"
)

var (
	errDenied      = caused(notice.CauseLoginWrong, reply(535, 7, 8, "Wrong user name or password"))
	errThrottled   = caused(notice.CauseLoginLimited, reply(454, 7, 0, "Too many failed logins; please try again in a quarter of an hour"))
	errCannotTell  = caused(notice.CauseLoginUnchecked, reply(454, 7, 0, "The login could not be checked now; please try again in a while"))
	errMechanism   = reply(504, 5, 4, "This way to log in is not offered here")
	errNoLogin     = reply(503, 5, 1, "No login is needed here")
	errMidMail     = reply(503, 5, 1, "No login in the middle of a message")
	errBadExchange = reply(501, 5, 2, "Login not understood")
)

// AuthMechanisms returns what is offered: nothing before TLS, and nothing on a
// trust listener. Outlook needs LOGIN, or XOAUTH2.
func (s *session) AuthMechanisms() []string {
	if !s.w.tls || s.w.srv.trusts() {
		return nil
	}
	var offered []string
	if s.w.srv.cfg.Login != nil {
		offered = append(offered, "PLAIN", "LOGIN")
	}
	if s.w.srv.cfg.Tokens != nil {
		offered = append(offered, sasl.OAuthBearer, xoauth2)
	}
	return offered
}

// Auth returns the server side of a mechanism.
func (s *session) Auth(mechanism string) (sasl.Server, error) {
	s.mu.Lock()
	open := s.mail != nil
	s.mu.Unlock()
	var r *Reply
	switch {
	case !s.w.tls && s.w.srv.cfg.Listener.TLS != None:
		r = errNeedTLS
	case s.w.srv.trusts():
		r = errNoLogin
	case !s.w.greeted:
		r = errGreet
	case open:
		r = errMidMail
	case !slices.Contains(s.AuthMechanisms(), mechanism):
		r = errMechanism
	case mechanism == "PLAIN":
		return &plainServer{login: s.tryPassword}, nil
	case mechanism == "LOGIN":
		return &loginServer{login: s.tryPassword}, nil
	case mechanism == xoauth2:
		return &tokenServer{parse: parseXOAuth2, login: s.tryToken, refusal: refusalXOAuth2}, nil
	case mechanism == sasl.OAuthBearer:
		return &tokenServer{parse: parseOAuthBearer, login: s.tryToken, refusal: refusalOAuthBearer}, nil
	default:
		r = errMechanism
	}
	return nil, s.refuse("login", "login", r, false)
}

// tryPassword asks the Authenticator.
func (s *session) tryPassword(user, password string) error {
	if user == "" || len(user) > 320 || len(password) > 1024 || !utf8.ValidString(user) ||
		strings.ContainsAny(user, "\x00\r\n") || strings.ContainsRune(password, 0) {
		return s.deny("password", "denied", errDenied)
	}
	return s.tryLogin("password", user, func(ctx context.Context) (string, error) {
		return user, s.w.srv.cfg.Login.Login(ctx, user, password, s.w.client)
	})
}

// tryToken asks the TokenChecker. The user that the client named, if any, has
// to be the one of the token.
func (s *session) tryToken(user, token string) error {
	if len(user) > 320 || !utf8.ValidString(user) || strings.ContainsAny(user, "\x00\r\n") {
		return s.deny("token", "denied", errDenied)
	}
	return s.tryLogin("token", user, func(ctx context.Context) (string, error) {
		login, err := s.w.srv.cfg.Tokens.Token(ctx, token)
		if err == nil && user != "" && !strings.EqualFold(user, login) {
			err = ErrDenied
		}
		return login, err
	})
}

// tryLogin checks a login and answers. Nothing of what was typed is logged: a
// password in the place of the user name is a common mistake. What could not
// be checked counts as no failure of anybody's.
func (s *session) tryLogin(by, user string, check func(context.Context) (string, error)) error {
	srv := s.w.srv
	if srv.cfg.Throttle.Limited(user, s.w.client) {
		return s.deny(by, "limited", errThrottled)
	}
	ctx, cancel := context.WithTimeout(srv.context(), srv.limits.Handshake)
	defer cancel()
	login, err := check(ctx)
	switch {
	case err == nil:
		srv.cfg.Throttle.Succeeded(login)
		srv.loggedIn("ok")
		s.w.log.Info("accepted login", slog.String("login", login), slog.String("by", by))
		s.w.setHard(time.Time{})
		srv.met(s.w)
		s.mu.Lock()
		defer s.mu.Unlock()
		s.login = login
		return nil
	case errors.Is(err, ErrExpired):
		return s.deny(by, "denied", errDenied)
	case errors.Is(err, ErrDenied):
		srv.cfg.Throttle.Failed(user, s.w.client)
		return s.deny(by, "denied", errDenied)
	case errors.Is(err, ErrLimited):
		return s.deny(by, "limited", errThrottled)
	}
	s.w.log.Warn("put off login", slog.String("by", by), slog.String("cause", err.Error()))
	return s.deny(by, "error", errCannotTell)
}

func (s *session) deny(by, result string, r *Reply) *smtp.SMTPError {
	s.w.srv.loggedIn(result)
	s.w.log.Info("refused login", slog.String("by", by), slog.String("result", result), slog.Int("code", r.Code))
	return s.inWords(r, false).smtpError(false)
}

// plainServer is AUTH PLAIN (RFC 4616). Nobody logs in for somebody else.
type plainServer struct {
	login func(user, password string) error
	asked bool
}

// Next takes the client's response, which may come with the command.
func (p *plainServer) Next(response []byte) ([]byte, bool, error) {
	if response == nil && !p.asked {
		p.asked = true
		return nil, false, nil
	}
	parts := bytes.Split(response, []byte{0})
	if len(parts) != 3 || len(parts[1]) == 0 {
		return nil, false, errBadExchange.smtpError(false)
	}
	if id := parts[0]; len(id) > 0 && !bytes.EqualFold(id, parts[1]) {
		return nil, false, errDenied.smtpError(false)
	}
	return nil, true, p.login(string(parts[1]), string(parts[2]))
}

// loginServer is AUTH LOGIN (draft-murchison-sasl-login): a user name, which
// may come with the command, and a password.
type loginServer struct {
	login func(user, password string) error
	user  []byte
	step  int
}

// Next takes the client's response to the question before.
func (l *loginServer) Next(response []byte) ([]byte, bool, error) {
	if l.step == 0 && response != nil {
		l.step = 1
	}
	l.step++
	switch l.step {
	case 1:
		return []byte("Username:"), false, nil
	case 2:
		l.user = bytes.Clone(response)
		return []byte("Password:"), false, nil
	case 3:
		return nil, true, l.login(string(l.user), string(response))
	}
	return nil, false, errBadExchange.smtpError(false)
}
