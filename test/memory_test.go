package test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/emersion/go-smtp"

	"postvern.example/internal/sink"
)

// TestManyLargeMailsAtOnceAreTakenOneAfterTheOther sends more than the budget
// holds: all arrive, and the gateway's memory stays within what the budget, the
// largest of them and its own needs come to.
func TestManyLargeMailsAtOnceAreTakenOneAfterTheOther(t *testing.T) {
	g := install(t, nil, sink.Config{Discard: true})
	g.write("postvern.yaml", strings.Replace(g.read("postvern.yaml"), "log:", "limits: {memory: 64MiB}\nlog:", 1))
	g.start()
	const mails, size = 24, 6 << 20
	idle := g.resident(t)
	var most atomic.Int64
	var senders sync.WaitGroup
	for n := range mails {
		senders.Go(func() {
			err := submitPatiently(g.trust, largeMail(n, size))
			for try := 0; putOff(err) && try < 20; try++ { // a mail server tries again
				err = submitPatiently(g.trust, largeMail(n, size))
			}
			if err != nil {
				t.Error(err)
			}
			most.Store(max(most.Load(), int64(g.gauge("postvern_messages_memory_bytes"))))
		})
	}
	senders.Wait()
	g.arrived(mails)
	if got := int64(g.gauge("postvern_messages_memory_bytes")); got != 0 {
		t.Errorf("%d octets are set aside for no message", got)
	}
	if got, bound := most.Load(), int64(64<<20+4*2*size); got > bound {
		t.Errorf("%d MiB were set aside, more than %d", got>>20, bound>>20)
	}
	// Twice what was set aside: garbage waits for its collection.
	if got, bound := g.resident(t)-idle, int64(2*(64<<20)+64<<20); got > bound {
		t.Errorf("memory grew by %d MiB, more than %d", got>>20, bound>>20)
	}
}

// TestASmallMailPassesWhileALargeOneHoldsTheBudget holds the budget with a mail
// whose end is long in coming.
func TestASmallMailPassesWhileALargeOneHoldsTheBudget(t *testing.T) {
	g := install(t, nil, sink.Config{})
	g.write("postvern.yaml", strings.Replace(g.read("postvern.yaml"), "log:", "limits: {memory: 1MiB}\nlog:", 1))
	g.start()
	c, err := textproto.Dial("tcp", g.trust)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	expect := func(code int) {
		t.Helper()
		if _, _, err := c.ReadResponse(code); err != nil {
			t.Fatal(err)
		}
	}
	expect(220)
	for _, step := range []struct {
		line string
		code int
	}{
		{"EHLO mail.example", 250}, {"MAIL FROM:<tr.anna@forening.example>", 250}, {"RCPT TO:<mette@post.example>", 250}, {"DATA", 354},
	} {
		if err := c.PrintfLine("%s", step.line); err != nil {
			t.Fatal(err)
		}
		expect(step.code)
	}
	write := func(text string) {
		t.Helper()
		if _, err := c.W.WriteString(text); err != nil {
			t.Fatal(err)
		}
		if err := c.W.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	mail := crlf(largeMail(1, 4<<20))
	write(mail[:2<<20])
	waitFor(t, "the budget to be in use", func() bool { return int64(g.gauge("postvern_messages_memory_bytes")) >= 1<<20 })
	if err := submitPatiently(g.trust, largeMail(2, 5<<10)); err != nil {
		t.Errorf("a small mail was not taken: %v", err)
	}
	write(mail[2<<20:] + ".\r\n")
	expect(250)
	g.arrived(2)
}

// putOff reports whether a mail was answered with 452.
func putOff(err error) bool {
	var said *smtp.SMTPError
	return errors.As(err, &said) && said.Code == 452
}

// submitPatiently sends a mail as a mail program does, which declares its size
// and waits for minutes.
func submitPatiently(address, mail string) error {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return err
	}
	c := smtp.NewClient(conn)
	defer func() { _ = c.Close() }()
	mail = crlf(mail)
	if err := c.Mail("tr.anna@forening.example", &smtp.MailOptions{Size: int64(len(mail))}); err != nil {
		return err
	}
	if err := c.Rcpt("mette@post.example", nil); err != nil {
		return err
	}
	w, err := c.Data()
	if err != nil {
		return err
	}
	if _, err := io.WriteString(w, mail); err != nil {
		return err
	}
	return w.Close()
}

// largeMail is plain text of about so many octets, each time another.
func largeMail(n, size int) string {
	line := "Vi mødes på torsdag klokken ti i kantinen, og alle er velkomne.\n"
	return fmt.Sprintf("From: Anna Holm <tr.anna@forening.example>\nTo: mette@post.example\nSubject: Hej\nMessage-ID: <large-%d@forening.example>\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n", n) + strings.Repeat(line, size/len(line))
}

// resident returns the memory of the gateway's process that is its own.
func (i *installation) resident(t testing.TB) int64 {
	t.Helper()
	status, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(i.command.Process.Pid), "status"))
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(status), "RssAnon:")
	n, err := strconv.ParseInt(strings.Fields(after)[0], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n << 10
}

// gauge returns a metric that has no labels.
func (i *installation) gauge(name string) float64 {
	i.t.Helper()
	_, text := i.get("/metrics")
	_, after, _ := strings.Cut(text, "\n"+name+" ")
	n, err := strconv.ParseFloat(strings.Fields(after + " none")[0], 64)
	if err != nil {
		i.t.Fatal(err)
	}
	return n
}

// TestALargeMailIsNotHeld passes on, seals and encloses a mail with a large
// picture: no more than working buffers and what the collector leaves are in
// memory.
func TestALargeMailIsNotHeld(t *testing.T) {
	const size = 44 << 20
	for _, c := range []struct {
		name, text string
		key        bool
	}{
		{"passed", "Her er billedet fra mødet.", true},
		{"sealed", "Mette Sørensen, cpr 010203-1234, er medlem.", true},
		{"document", "Mette Sørensen, cpr 010203-1234, er medlem.", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := install(t, nil, sink.Config{Discard: true})
			if c.key {
				g.write("keys/mette.asc", readerKey(t, "mette@post.example"))
			}
			g.write("policy.yaml", largePolicy)
			g.start()
			before := float64(processMemory(g.command.Process.Pid)) / (1 << 20)
			added := mostMemory(g.command.Process.Pid, func() {
				if err := submitPatiently(g.trust, pictureMail(c.text, size)); err != nil {
					t.Error(err)
				}
				g.arrived(1)
			}) - before
			if bound := float64(36); added > bound {
				t.Errorf("a mail of %d MiB added %.0f MiB, more than %.0f", size>>20, added, bound)
			}
		})
	}
}
