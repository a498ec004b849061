package torture

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"postvern.example/internal/sink"
)

// tally is what came of one torture.
type tally struct {
	rounds       int
	acknowledged int
	lost         int
	twice        int // copies that arrived more than once
	unexplained  int // of those, where the gateway had read every answer
	note         string
}

// load sends mails, each with a number of its own, and remembers which of
// them were acknowledged.
type load struct {
	t    *testing.T
	size int
	to   []string
	open func(address string) (*smtp.Client, error)

	mu           sync.Mutex
	number       int
	pending      []string        // numbers that are handed in again: they were not taken
	doubtful     []string        // and these now and then: the connection broke before an answer
	acknowledged map[string]bool // number and recipient
	refused      map[string]int  // replies other than 250, by their code
	stop         chan struct{}
	senders      sync.WaitGroup
}

func newLoad(t *testing.T, size int, to ...string) *load {
	if len(to) == 0 {
		to = []string{"ole.lund@region.example"}
	}
	return &load{t: t, size: size, to: to, open: openPlain, acknowledged: map[string]bool{}, refused: map[string]int{}}
}

// openPlain connects to a trust listener.
func openPlain(address string) (*smtp.Client, error) {
	conn, err := net.DialTimeout("tcp", address, 2*time.Second)
	if err != nil {
		return nil, err
	}
	return smtp.NewClient(conn), nil
}

// begin starts so many senders to each address.
func (l *load) begin(senders int, addresses ...string) {
	l.stop = make(chan struct{})
	for _, address := range addresses {
		for range senders {
			l.senders.Go(func() {
				for {
					select {
					case <-l.stop:
						return
					default:
					}
					if l.send(address) != nil {
						time.Sleep(2 * time.Millisecond) // do not spin while nothing answers
					}
				}
			})
		}
	}
}

func (l *load) end() {
	close(l.stop)
	l.senders.Wait()
}

// next returns the number of the next mail. A sender hands in again what was
// not taken, octet for octet, as mail programs and servers do. What may have been
// taken can wait a while for its answer where there are several nodes: most
// senders go on with new mail, so that kills meet that as well.
func (l *load) next() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if n := len(l.pending); n > 0 {
		number := l.pending[0]
		l.pending = l.pending[1:]
		return number
	}
	if n := len(l.doubtful); n > 0 && rand.IntN(8) == 0 {
		number := l.doubtful[0]
		l.doubtful = l.doubtful[1:]
		return number
	}
	l.number++
	return fmt.Sprintf("mail-%07d", l.number)
}

// forgetPending gives up mails that were not acknowledged.
func (l *load) forgetPending() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.pending, l.doubtful = nil, nil
}

// send hands in one mail.
func (l *load) send(address string) error {
	number := l.next()
	c, err := l.open(address)
	if err != nil {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.pending = append(l.pending, number)
		return err
	}
	defer func() { _ = c.Close() }()
	c.CommandTimeout, c.SubmissionTimeout = 10*time.Second, 30*time.Second
	mail := "From: anna.holm@region.example\r\nTo: " + strings.Join(l.to, ", ") + "\r\nX-Number: " + number + "\r\nSubject: Hej\r\n\r\n" +
		strings.Repeat("Vi ses i kantinen.\r\n", l.size/20)
	err = c.SendMail("anna.holm@region.example", l.to, strings.NewReader(mail))
	l.mu.Lock()
	defer l.mu.Unlock()
	var reply *smtp.SMTPError
	switch {
	case err == nil:
		for _, to := range l.to {
			l.acknowledged[number+" "+to] = true
		}
	case asReply(err, &reply):
		l.pending = append(l.pending, number)
		l.refused[fmt.Sprint(reply.Code)]++
	default:
		l.doubtful = append(l.doubtful, number)
	}
	return err
}

func asReply(err error, into **smtp.SMTPError) bool {
	for err != nil {
		if r, ok := err.(*smtp.SMTPError); ok { //nolint:errorlint // it walks the chain itself
			*into = r
			return true
		}
		u, ok := err.(interface{ Unwrap() error })
		if !ok {
			return false
		}
		err = u.Unwrap()
	}
	return false
}

// arrivals is what stands upstream.
type arrivals struct {
	times map[string]int  // by number and recipient
	heard map[string]bool // the gateway has read the answer to one that was not the last
}

func arrived(sinks ...*sink.Sink) arrivals {
	a := arrivals{times: map[string]int{}, heard: map[string]bool{}}
	seen := map[string]bool{}
	for _, s := range sinks {
		for _, m := range s.Messages() {
			_, rest, ok := bytes.Cut(m.Content, []byte("X-Number: "))
			if !ok {
				continue
			}
			number, _, _ := bytes.Cut(rest, []byte("\r\n"))
			for _, to := range m.Recipients() {
				key := string(number) + " " + to
				if seen[key] {
					a.heard[key] = true
				}
				a.times[key]++
				seen[key] = m.Heard && m.Acknowledged
			}
		}
	}
	return a
}

// settle waits until all that was acknowledged has arrived and nothing more
// comes, and counts.
func (l *load) settle(rounds int, sinks ...*sink.Sink) tally {
	l.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	for ctx.Err() == nil && l.missing(arrived(sinks...)) > 0 {
		time.Sleep(50 * time.Millisecond)
	}
	for before := -1; ctx.Err() == nil; time.Sleep(300 * time.Millisecond) {
		now := 0
		for _, s := range sinks {
			now += s.Stats().Messages
		}
		if now == before {
			break
		}
		before = now
	}
	a := arrived(sinks...)
	t := tally{rounds: rounds, acknowledged: len(l.acknowledged), lost: l.missing(a)}
	for key, n := range a.times {
		if n > 1 {
			t.twice++
			if a.heard[key] {
				t.unexplained++
			}
		}
	}
	return t
}

func (l *load) missing(a arrivals) (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for key := range l.acknowledged {
		if a.times[key] == 0 {
			n++
		}
	}
	return n
}
