package test

import (
	"fmt"
	"net"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"postvern.example/internal/sink"
)

// BenchmarkPeers runs smtp-source, which Postfix brings along, through a bare
// Postfix that only queues and forwards, and through the gateway with its whole
// policy on, in turn, into an upstream that discards. It prints the medians of
// messages a second, accepted and arrived, and their ratio.
func BenchmarkPeers(b *testing.B) {
	if _, err := exec.LookPath("smtp-source"); err != nil {
		b.Skip("smtp-source is not installed: make deps installs Postfix")
	}
	for _, c := range []struct{ size, sessions, messages int }{
		{5 << 10, 50, 3000}, {50 << 10, 50, 1200}, {1 << 20, 10, 150}, {5 << 10, 1, 500},
	} {
		b.Run(fmt.Sprintf("size=%dKB/sessions=%d", c.size>>10, c.sessions), func(b *testing.B) {
			upstream, err := sink.Start(sink.Config{Discard: true})
			if err != nil {
				b.Fatal(err)
			}
			b.Cleanup(func() { _ = upstream.Close() })
			peer := postfix(b, upstream.Addr())
			g := install(b, nil, sink.Config{})
			address := freeAddress(b)
			g.configure(nil, upstream.Addr())
			g.write("postvern.yaml", strings.NewReplacer("level: debug", "level: warn", "127.0.0.1:0\", tls: none", address+"\", tls: none").Replace(g.read("postvern.yaml")))
			g.startQuietly(address)
			var ours, theirs []float64
			for b.Loop() {
				theirs = append(theirs, source(b, upstream, peer, c.size, c.sessions, c.messages))
				ours = append(ours, source(b, upstream, address, c.size, c.sessions, c.messages))
			}
			slices.Sort(ours)
			slices.Sort(theirs)
			o, t := ours[len(ours)/2], theirs[len(theirs)/2]
			b.ReportMetric(o, "postvern-msg/s")
			b.ReportMetric(t, "postfix-msg/s")
			b.ReportMetric(o/t, "ratio")
		})
	}
}

// source sends messages through a server and returns how many a second
// arrived.
func source(b *testing.B, upstream *sink.Sink, address string, size, sessions, messages int) float64 {
	b.Helper()
	host, port, _ := net.SplitHostPort(address)
	before := upstream.Stats().Messages
	begun := time.Now()
	c := exec.Command("smtp-source", "-s", strconv.Itoa(sessions), "-m", strconv.Itoa(messages), "-l", strconv.Itoa(size),
		"-f", "tr.anna@forening.example", "-t", "mette@post.example", "inet:"+host+":"+port)
	if out, err := c.CombinedOutput(); err != nil {
		b.Fatalf("smtp-source: %v\n%s", err, out)
	}
	for deadline := begun.Add(2 * time.Minute); upstream.Stats().Messages < before+messages; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			b.Fatalf("%d of %d arrived by %s", upstream.Stats().Messages-before, messages, address)
		}
	}
	return float64(messages) / time.Since(begun).Seconds()
}
