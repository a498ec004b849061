package torture

import (
	"errors"
	"syscall"
	"testing"

	"postvern.example/internal/postgres"
)

// startServer starts a PostgreSQL with options of its command line.
func startServer(t *testing.T, options ...string) *postgres.Server {
	t.Helper()
	s := makeServer(t)
	s.Options = options
	must(t, s.Start())
	t.Cleanup(func() { s.Stop(syscall.SIGQUIT) })
	return s
}

// makeServer makes the data of one with options of initdb.
func makeServer(t *testing.T, options ...string) *postgres.Server {
	t.Helper()
	s, err := postgres.Make(options...)
	if errors.Is(err, postgres.ErrMissing) {
		t.Skip(err)
	}
	must(t, err)
	t.Cleanup(func() { _ = s.Remove() })
	return s
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
