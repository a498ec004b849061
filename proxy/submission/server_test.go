package submission

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"postvern.example/internal/metrics"
	"postvern.example/proxy/message"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// inbox is a Submitter that keeps what it is given.
type inbox struct {
	mu       sync.Mutex
	mails    []mail
	answered int
	answer   func(env message.Envelope, body []byte) error
	wait     chan struct{} // Submit waits for it after reading, if not nil
	reading  chan struct{} // closed at the first Submit, if not nil
	once     sync.Once
}

type mail struct {
	env  message.Envelope
	body string
}

func (b *inbox) Submit(ctx context.Context, env message.Envelope, r io.Reader) error {
	if b.reading != nil {
		b.once.Do(func() { close(b.reading) })
	}
	body, err := io.ReadAll(r)
	if err != nil {
		return fmt.Errorf("read message: %w", err)
	}
	if b.wait != nil {
		select {
		case <-b.wait:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if b.answer != nil {
		if err := b.answer(env, body); err != nil {
			return err
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.mails = append(b.mails, mail{env, string(body)})
	return nil
}

func (b *inbox) all() []mail {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]mail(nil), b.mails...)
}

func (b *inbox) heard() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.answered
}

type logins map[string]string

func (l logins) Login(_ context.Context, user, password string, _ netip.Addr) error {
	switch {
	case user == "broken":
		return fmt.Errorf("ask directory at 10.1.2.3: %w", ErrUnavailable)
	case l[user] == "" || l[user] != password:
		return ErrDenied
	}
	return nil
}

func sender(login, address string, _ time.Time) error {
	switch {
	case login == "anna" && (address == "" || address == "anna.holm@region.example" || address == "åse@region.example"):
		return nil
	case login == "old":
		return fmt.Errorf("check mandate: %w", &Reply{Code: 550, Enhanced: [3]int{5, 7, 1}, Text: "Dit mandat udløb\r\n den 31. december – spørg å æ ø"})
	case login == "" && address == "anna.holm@region.example":
		return nil
	}
	return errors.New("sender belongs to somebody else: secret detail")
}

type house struct {
	srv   *Server
	inbox *inbox
	addr  string
	roots *x509.CertPool
	log   *logBuffer
}

type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func open(t testing.TB, change func(*Config)) *house {
	t.Helper()
	dir := t.TempDir()
	certFile, keyFile, err := SelfSigned(dir, "mail.forening.example")
	if err != nil {
		t.Fatal(err)
	}
	cert, err := LoadCertificate(certFile, keyFile, nil)
	if err != nil {
		t.Fatal(err)
	}
	ca, err := os.ReadFile(filepath.Join(dir, CAFile))
	if err != nil {
		t.Fatal(err)
	}
	h := &house{inbox: &inbox{}, roots: x509.NewCertPool(), log: &logBuffer{}}
	if !h.roots.AppendCertsFromPEM(ca) {
		t.Fatal("CA file holds no certificate")
	}
	cfg := Config{
		Hostname: "mail.forening.example",
		Listener: Listener{Address: "127.0.0.1:0", TLS: StartTLS},
		TLS:      TLSConfig(cert.Get),
		Login:    logins{"anna": "s3cret", "old": "s3cret", "bo": "p"},
		Sender:   sender,
		Limits:   Limits{MessageSize: 2000, Recipients: 3, Grace: 200 * time.Millisecond},
		Submit:   h.inbox,
		Answered: func(context.Context, message.Envelope) {
			h.inbox.mu.Lock()
			defer h.inbox.mu.Unlock()
			h.inbox.answered++
		},
		Metrics: metrics.New(prometheus.NewRegistry()),
		Logger:  slog.New(slog.NewTextHandler(h.log, nil)),
	}
	if change != nil {
		change(&cfg)
	}
	h.srv, err = New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h.addr = l.Addr().String()
	done := make(chan error, 1)
	go func() { done <- h.srv.Serve(l) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		_ = h.srv.Shutdown(ctx) // tests of Shutdown look at its error
		if err := <-done; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	return h
}

func (h *house) clientTLS() *tls.Config {
	return &tls.Config{RootCAs: h.roots, ServerName: "mail.forening.example", MinVersion: tls.VersionTLS12}
}

func trusted(c *Config) {
	c.Listener = Listener{TLS: None, Trust: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Senders: []string{"*@forening.example"}}
	c.Login = nil
}

func implicit(c *Config) { c.Listener.TLS = Implicit }
