package login_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"postvern.example/internal/sink"
	"postvern.example/proxy/login"
	"postvern.example/proxy/relay"
	"postvern.example/proxy/submission"
)

// asked is a Method that knows one password and counts.
type asked struct {
	mu    sync.Mutex
	times int
	fault error
}

func (a *asked) Try(_ context.Context, _, password string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.times++
	if a.fault == nil && password != "right" {
		return submission.ErrDenied
	}
	return a.fault
}

func (a *asked) count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.times
}

type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

func passwords(t *testing.T, m login.Method, c *clock) *login.Passwords {
	t.Helper()
	p, err := login.NewPasswords(login.Config{
		Method: m, Representative: func(login string) bool { return strings.EqualFold(strings.TrimSpace(login), "anna") },
		Connections: 1, Remember: time.Minute, Now: c.now,
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestARushOfOneUserIsAskedAboutOnce(t *testing.T) {
	m := &asked{}
	c := &clock{time.Unix(1e9, 0)}
	p := passwords(t, m, c)
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			if err := p.Login(t.Context(), "anna", "right", netip.Addr{}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if m.count() != 1 {
		t.Errorf("the other server was asked %d times", m.count())
	}
	if err := p.Login(t.Context(), " Anna", "right", netip.Addr{}); err != nil || m.count() != 1 {
		t.Errorf("the same login in other letters: %v, asked %d times", err, m.count())
	}
	c.at = c.at.Add(time.Minute)
	if err := p.Login(t.Context(), "anna", "right", netip.Addr{}); err != nil || m.count() != 2 {
		t.Errorf("after its time: %v, asked %d times", err, m.count())
	}
}

func TestOnlyRepresentativesWithTheRightPasswordGetIn(t *testing.T) {
	m := &asked{}
	p := passwords(t, m, &clock{time.Unix(1e9, 0)})
	for _, c := range []struct {
		user, password string
		want           error
		asked          int
	}{
		{"anna", "wrong", submission.ErrDenied, 1},
		{"anna", "", submission.ErrDenied, 0},
		{"", "right", submission.ErrDenied, 0},
		{"bo", "right", submission.ErrDenied, 1}, // no representative, but asked all the same
		{"bo", "right", submission.ErrDenied, 1}, // and never known again
		{"anna", "right", nil, 1},
		{"anna", "wrong", submission.ErrDenied, 1}, // knowing one password is not knowing another
		{"annar", "ight", submission.ErrDenied, 1},
	} {
		before := m.count()
		if err := p.Login(t.Context(), c.user, c.password, netip.Addr{}); !errors.Is(err, c.want) {
			t.Errorf("%q, %q: %v", c.user, c.password, err)
		}
		if m.count()-before != c.asked {
			t.Errorf("%q, %q: asked %d times", c.user, c.password, m.count()-before)
		}
	}
}

func TestAnOutageDeniesNobodyAndForgetsNothing(t *testing.T) {
	m := &asked{}
	p := passwords(t, m, &clock{time.Unix(1e9, 0)})
	if err := p.Login(t.Context(), "anna", "right", netip.Addr{}); err != nil {
		t.Fatal(err)
	}
	m.fault = errors.New("no route")
	if err := p.Login(t.Context(), "anna", "right", netip.Addr{}); err != nil {
		t.Errorf("who is known was asked about: %v", err)
	}
	for _, user := range []string{"anna", "bo"} {
		if err := p.Login(t.Context(), user, "another", netip.Addr{}); err == nil || errors.Is(err, submission.ErrDenied) {
			t.Errorf("%s: %v", user, err)
		}
	}
}

func TestTheUpstreamServerDecidesOverVerifiedTLS(t *testing.T) {
	for _, security := range []sink.Security{sink.StartTLS, sink.Implicit} {
		for _, mechanism := range []string{"PLAIN", "LOGIN"} {
			t.Run(fmt.Sprintf("%s %s", security, mechanism), func(t *testing.T) {
				s, err := sink.Start(sink.Config{Security: security, Username: "anna", Password: "rød grød", Mechanisms: []string{mechanism}})
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { _ = s.Close() })
				server := relay.Upstream{Address: s.Addr(), TLS: string(security), RootCAs: s.Roots()}
				try := func(user, password string) error {
					return login.Upstream{Server: server, Hostname: "mail.forening.example", Timeout: 5 * time.Second}.Try(t.Context(), user, password)
				}
				if err := try("anna", "rød grød"); err != nil {
					t.Error(err)
				}
				for user, password := range map[string]string{"anna": "wrong", "bo": "rød grød"} {
					if err := try(user, password); !errors.Is(err, submission.ErrDenied) {
						t.Errorf("%s: %v", user, err)
					}
				}
				server.RootCAs = nil // an impostor's certificate
				if err := try("anna", "rød grød"); err == nil || errors.Is(err, submission.ErrDenied) {
					t.Errorf("a certificate that nobody vouches for: %v", err)
				}
				_ = s.Close()
				if err := try("anna", "rød grød"); err == nil || errors.Is(err, submission.ErrDenied) {
					t.Errorf("nobody listens: %v", err)
				}
			})
		}
	}
}

func TestAnUpstreamThatIsNotReadyDeniesNobody(t *testing.T) {
	for _, c := range []struct{ reply string }{{"454 4.7.0 busy with anna"}, {"421 4.3.2 going down"}, {"500 5.5.1 what"}, {"530 5.7.0 no"}} {
		s, err := sink.Start(sink.Config{Username: "anna", Password: "right", Faults: []sink.Fault{{At: sink.AtAUTH, Reply: c.reply}}})
		if err != nil {
			t.Fatal(err)
		}
		u := login.Upstream{Server: relay.Upstream{Address: s.Addr(), TLS: relay.None}, Hostname: "mail.forening.example", Timeout: 5 * time.Second}
		err = u.Try(t.Context(), "anna", "right")
		if err == nil || errors.Is(err, submission.ErrDenied) || strings.Contains(err.Error(), "anna") {
			t.Errorf("%s: %v", c.reply, err)
		}
		_ = s.Close()
	}
}
