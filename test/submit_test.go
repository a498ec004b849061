package test

import (
	"net"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"postvern.example/internal/ports"
)

// submit hands one small mail to the trust listener.
func submit(address, id string) error {
	return submitMail(address, "anna.holm@region.example", []string{"ole.lund@region.example"},
		"From: anna.holm@region.example\nTo: ole.lund@region.example\nX-Number: "+id+"\nSubject: Hej\n\n"+strings.Repeat("Hej med dig igen.\n", 50))
}

// submitMail hands one mail to a server that asks for no login.
func submitMail(address, from string, to []string, mail string) error {
	conn, err := net.DialTimeout("tcp", address, 2*time.Second)
	if err != nil {
		time.Sleep(5 * time.Millisecond) // the server is down: do not spin
		return err
	}
	c := smtp.NewClient(conn)
	defer func() { _ = c.Close() }()
	c.CommandTimeout, c.SubmissionTimeout = 5*time.Second, 5*time.Second
	return c.SendMail(from, to, strings.NewReader(crlf(mail)))
}

func freeAddress(t testing.TB) string {
	t.Helper()
	at, err := ports.Free()
	if err != nil {
		t.Fatal(err)
	}
	return at.String()
}
