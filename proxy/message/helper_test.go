package message

import (
	"bytes"
	"strings"
	"syscall"
	"testing"
	"time"
)

// crlf turns the line ends of a literal into those of a mail.
func crlf(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }

// read reads a message that must be readable.
func read(t testing.TB, raw string) *Message {
	t.Helper()
	m, err := Read(strings.NewReader(raw), DefaultLimits())
	if err != nil {
		t.Fatalf("Read: %v", err)
	}
	if !bytes.Equal(m.text.Held, []byte(raw)) {
		t.Fatal("Read changed the message")
	}
	return m
}

// withField returns a message with one more header field, "To: ...".
func withField(t testing.TB, field string) (*Message, Field) {
	t.Helper()
	m := read(t, "From: tr@union.example\r\n"+field+"\r\n\r\nHej\r\n")
	return m, m.Root.Fields[1]
}

func apply(t testing.TB, m *Message, edits []Edit) string {
	t.Helper()
	out, err := m.Apply(edits...)
	if err != nil {
		t.Fatalf("Apply: %v", err)
	}
	return string(out)
}

// cpuTime returns what the process has used so far: a bound on it holds on a
// busy machine too.
func cpuTime(t testing.TB) time.Duration {
	t.Helper()
	var use syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &use); err != nil {
		t.Fatal(err)
	}
	return time.Duration(use.Utime.Nano() + use.Stime.Nano())
}
