package test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
)

// TestKilledAtAnyMomentNothingAcknowledgedIsLost kills the gateway with
// SIGKILL again and again while eight senders are at it, and then compares
// what was acknowledged with what arrived. What was not acknowledged may or
// may not arrive; what was must, and at most those arrive twice whose
// delivery was cut.
func TestKilledAtAnyMomentNothingAcknowledgedIsLost(t *testing.T) {
	rounds := 100
	if testing.Short() {
		rounds = 10
	}
	g := install(t, nil, sinkConfig())
	g.write("postvern.yaml", strings.Replace(g.read("postvern.yaml"), "127.0.0.1:0\", tls: none", freeAddress(t)+"\", tls: none", 1))
	var mu sync.Mutex
	acknowledged := map[string]bool{}
	number := 0
	next := func() string {
		mu.Lock()
		defer mu.Unlock()
		number++
		return fmt.Sprintf("kill-%06d", number)
	}
	for range rounds {
		g.start()
		stop := make(chan struct{})
		var senders sync.WaitGroup
		for range 8 {
			senders.Go(func() {
				for {
					select {
					case <-stop:
						return
					default:
					}
					id := next()
					if submit(g.trust, id) == nil {
						mu.Lock()
						acknowledged[id] = true
						mu.Unlock()
					}
				}
			})
		}
		time.Sleep(time.Duration(20+rand.IntN(120)) * time.Millisecond)
		g.kill()
		close(stop)
		senders.Wait()
	}
	g.start()
	arrived := map[string]int{}
	waitFor(t, "everything that was acknowledged", func() bool {
		clear(arrived)
		for _, m := range g.upstream.Messages() {
			_, rest, _ := bytes.Cut(m.Content, []byte("X-Number: "))
			id, _, _ := bytes.Cut(rest, []byte("\r\n"))
			arrived[string(id)]++
		}
		for id := range acknowledged {
			if arrived[id] == 0 {
				return false
			}
		}
		return true
	})
	twice := 0
	for _, n := range arrived {
		if n > 1 {
			twice++
		}
	}
	t.Logf("%d rounds: %d acknowledged, %d arrived, %d twice, 0 lost", rounds, len(acknowledged), len(arrived), twice)
	if len(acknowledged) < rounds {
		t.Errorf("only %d mails were acknowledged: the test proves nothing", len(acknowledged))
	}
	if code, out := g.run("held", "list"); !strings.Contains(code, "No mail is held") {
		t.Errorf("held: %s %v", code, out)
	}
}

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
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}
