package relay_test

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"postvern.example/internal/sink"
	"postvern.example/proxy/spool"
)

// TestACopyThatAnotherNodeHasTakenIsNotEnded takes a copy away while it is being
// sent, as when the process was stopped for a while, and looks at what the
// upstream got.
func TestACopyThatAnotherNodeHasTakenIsNotEnded(t *testing.T) {
	for _, c := range []struct {
		name  string
		asked int64 // how often the queue says yes before it says no
		size  int
	}{
		{"before it is begun", 0, 10},
		{"before its end", 1, 10},
		{"before the end of a long one", 1, 300_000},
		{"before the end of one that fills the buffer", 1, 64<<10 - len("BDAT 65536 LAST\r\n")},
	} {
		for _, extensions := range [][]string{sink.Extensions(), without("CHUNKING"), without("PIPELINING"), {}} {
			t.Run(fmt.Sprintf("%s, offering %v", c.name, extensions), func(t *testing.T) {
				s := startSink(t, sink.Config{Extensions: extensions})
				d := delivery("bo@hjemme.example", "eva@hjemme.example")
				d.Received = time.Now().Add(-100 * time.Hour) // long over: it is not ours to give up on either
				d.Content = append(d.Content, strings.Repeat("x\r\n", c.size/3)...)
				q := newQueue(d)
				q.attempts = 0
				var asked atomic.Int64
				q.owned = func() bool { return asked.Add(1) <= c.asked }
				stop := run(t, config(s, q))
				for _, o := range q.wait(t, 2) {
					if o.Result != spool.Deferred || o.Retry.After(time.Now()) || o.Warning != nil {
						t.Errorf("outcome is %+v", o)
					}
				}
				stop()
				if got := s.Stats().Messages; got != 0 || len(q.told()) != 0 {
					t.Errorf("%d messages arrived, and %d were told", got, len(q.told()))
				}
				if begun := strings.Contains(strings.Join(s.Commands(), "\n"), "MAIL FROM"); begun != (c.asked > 0) {
					t.Errorf("the commands were %q", s.Commands())
				}
			})
		}
	}
}
