package test

import (
	"context"
	"fmt"
	"net"
	"net/textproto"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"postvern.example/internal/sink"
)

// load is one row of the comparison. The bars are ratios to what Postfix does
// in the same run; docs/performance.md says where they come from.
type load struct {
	size, sessions, messages int
	bar                      float64
}

var loads = []load{{5 << 10, 50, 3000, 6}, {50 << 10, 50, 1200, 3.5}, {1 << 20, 10, 150, 3}}

func (l load) String() string {
	return fmt.Sprintf("%d KB, %d sessions", l.size>>10, l.sessions)
}

// peer is a server under comparison.
type peer struct {
	name, address string
	pid           int
}

// figures are what one server did under one load: medians of all runs but for
// memory.
type figures struct {
	rate   []float64 // messages a second, accepted and arrived
	cpu    []float64 // milliseconds a message
	memory float64   // the most PSS of all its processes, MiB
}

// BenchmarkPeers runs smtp-source, which Postfix brings along, straight into an
// upstream that discards, through a bare Postfix that only queues and forwards,
// through the least relay that the gateway's own libraries make, and through the
// gateway with its whole policy on, in turn. It prints a table, and the ratios to
// Postfix beside the bars.
func BenchmarkPeers(b *testing.B) {
	if _, err := exec.LookPath("smtp-source"); err != nil {
		b.Skip("smtp-source is not installed: make deps installs Postfix")
	}
	var table strings.Builder
	for _, l := range loads {
		b.Run(fmt.Sprintf("size=%dKB/sessions=%d", l.size>>10, l.sessions), func(b *testing.B) {
			table.WriteString(comparePeers(b, l))
		})
	}
	b.Run("size=5KB/single", func(b *testing.B) { table.WriteString(compareLatency(b)) })
	fmt.Printf("\n%s\n", table.String())
}

// peers are the servers under comparison, all before one upstream.
type peers struct {
	upstream               *sink.Sink
	postfix, minimal, ours peer
}

func startPeers(b *testing.B) peers {
	b.Helper()
	upstream, err := sink.Start(sink.Config{Discard: true})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = upstream.Close() })
	address, dir := postfixIn(b, upstream.Addr())
	pid, err := os.ReadFile(filepath.Join(dir, "queue/pid/master.pid"))
	if err != nil {
		b.Fatal(err)
	}
	postfix := peer{name: "Postfix", address: address}
	if postfix.pid, err = strconv.Atoi(strings.TrimSpace(string(pid))); err != nil {
		b.Fatal(err)
	}
	g := quietGateway(b, nil, upstream.Addr())
	return peers{upstream, postfix, startMinimal(b, upstream.Addr()), peer{name: "Postvern", address: g.trust, pid: g.command.Process.Pid}}
}

// startMinimal builds and starts test/minimal.
func startMinimal(b *testing.B, upstream string) peer {
	b.Helper()
	dir, address := b.TempDir(), freeAddress(b)
	program := filepath.Join(dir, "minimal")
	build := exec.Command("go", "build", "-o", program, "./minimal")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		b.Fatalf("build the minimal relay: %v\n%s", err, out)
	}
	c := exec.Command(program, "-listen", address, "-upstream", upstream, "-database", filepath.Join(dir, "mail.db"))
	c.Stderr = os.Stderr
	if err := c.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = c.Process.Kill()
		_ = c.Wait()
	})
	if !listens(address) {
		b.Fatal("the minimal relay did not start")
	}
	return peer{name: "Minimal", address: address, pid: c.Process.Pid}
}

// quietGateway starts a gateway that logs only what is wrong.
func quietGateway(b testing.TB, with files, upstream string) *installation {
	b.Helper()
	g := install(b, nil, sink.Config{})
	g.trust = freeAddress(b)
	g.configure(with, upstream)
	g.write("postvern.yaml", strings.NewReplacer("level: debug", "level: warn", "127.0.0.1:0\", tls: none", g.trust+"\", tls: none").Replace(g.read("postvern.yaml")))
	g.startQuietly(g.trust)
	return g
}

func comparePeers(b *testing.B, l load) string {
	p := startPeers(b)
	upstream, theirs, ours, all := p.upstream, p.postfix, p.ours, []peer{p.postfix, p.minimal, p.ours}
	of := map[string]*figures{}
	for _, p := range all {
		of[p.name] = &figures{}
	}
	var ceiling []float64 // what is left for a server that costs nothing
	for b.Loop() {
		ceiling = append(ceiling, source(b, upstream, upstream.Addr(), l.size, l.sessions, l.messages))
		for _, p := range all {
			f, before := of[p.name], processTime(p.pid)
			f.rate = append(f.rate, source(b, upstream, p.address, l.size, l.sessions, l.messages))
			f.cpu = append(f.cpu, float64(processTime(p.pid)-before)/float64(time.Millisecond)/float64(l.messages))
		}
	}
	// Memory is looked at in runs of its own: looking takes time.
	var out strings.Builder
	fmt.Fprintf(&out, "%-22s %-9s %7.0f msg/s   smtp-source straight into the upstream\n", l, "Nobody", median(ceiling))
	b.ReportMetric(median(ceiling), "ceiling-msg/s")
	for _, p := range all {
		f := of[p.name]
		f.memory = mostMemory(p.pid, func() { source(b, upstream, p.address, l.size, l.sessions, l.messages) })
		fmt.Fprintf(&out, "%-22s %-9s %7.0f msg/s   CPU %6.3f ms a mail   memory %4.0f MiB\n", l, p.name, median(f.rate), median(f.cpu), f.memory)
		b.ReportMetric(median(f.rate), strings.ToLower(p.name)+"-msg/s")
		b.ReportMetric(median(f.cpu), strings.ToLower(p.name)+"-cpu-ms")
	}
	ratio := median(of[ours.name].rate) / median(of[theirs.name].rate)
	b.ReportMetric(ratio, "ratio")
	out.WriteString(barLine(l.String(), "ratio", ratio, l.bar, ratio >= l.bar, "×"))
	if l.size == 5<<10 {
		cpu := median(of[ours.name].cpu)
		out.WriteString(barLine(l.String(), "CPU a mail", cpu, 0.5, cpu <= 0.5, "ms"))
	}
	if l.size == 50<<10 {
		memory := of[ours.name].memory
		out.WriteString(barLine(l.String(), "memory", memory, 100, memory <= 100, "MiB"))
	}
	return out.String() + "\n"
}

func barLine(what, figure string, got, bar float64, met bool, unit string) string {
	word := "MISSED"
	if met {
		word = "met"
	}
	return fmt.Sprintf("%-22s %-9s %-14s %7.2f %-3s bar %5.2f   %s\n", what, "", figure, got, unit, bar, word)
}

// compareLatency sends one mail after the other, each when the one before has
// arrived upstream.
func compareLatency(b *testing.B) string {
	p := startPeers(b)
	upstream, theirs, ours, all := p.upstream, p.postfix, p.ours, []peer{p.postfix, p.minimal, p.ours}
	const mails = 200
	type times struct{ answer, arrival []float64 }
	of := map[string]*times{}
	for _, p := range all {
		of[p.name] = &times{}
	}
	for b.Loop() {
		for _, p := range all {
			answer, arrival := single(b, upstream, p.address, mails)
			of[p.name].answer = append(of[p.name].answer, answer...)
			of[p.name].arrival = append(of[p.name].arrival, arrival...)
		}
	}
	var out strings.Builder
	for _, p := range all {
		t := of[p.name]
		fmt.Fprintf(&out, "%-22s %-9s DATA to 250 %5.2f ms, 95 %% %5.2f   to the upstream %5.2f ms, 95 %% %5.2f\n", "5 KB, one at a time", p.name,
			median(t.answer), percentile(t.answer, 95), median(t.arrival), percentile(t.arrival, 95))
		b.ReportMetric(median(t.answer), strings.ToLower(p.name)+"-ms-to-250")
	}
	answer, arrival, bar := median(of[ours.name].answer), median(of[ours.name].arrival), median(of[theirs.name].answer)
	out.WriteString(barLine("5 KB, one at a time", "DATA to 250", answer, bar, answer <= bar, "ms"))
	out.WriteString(barLine("5 KB, one at a time", "to upstream", arrival, 1.5, arrival <= 1.5, "ms"))
	return out.String()
}

// single returns, in milliseconds, how long after DATA the 250 came, and how
// long after DATA the mail was upstream.
func single(b *testing.B, upstream *sink.Sink, address string, mails int) (answer, arrival []float64) {
	b.Helper()
	c, err := textproto.Dial("tcp", address)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	said := func(code int) {
		b.Helper()
		if _, _, err := c.ReadResponse(code); err != nil {
			b.Fatal(err)
		}
	}
	say := func(code int, line string) {
		b.Helper()
		if err := c.PrintfLine("%s", line); err != nil {
			b.Fatal(err)
		}
		said(code)
	}
	said(220)
	say(250, "EHLO mail.example")
	for range mails {
		mail := crlf(largeMail(int(time.Now().UnixNano()), 5<<10))
		before := upstream.Stats().Messages
		say(250, "MAIL FROM:<tr.anna@forening.example>")
		say(250, "RCPT TO:<mette@post.example>")
		begun := time.Now()
		say(354, "DATA")
		if _, err := c.W.WriteString(mail + ".\r\n"); err != nil {
			b.Fatal(err)
		}
		if err := c.W.Flush(); err != nil {
			b.Fatal(err)
		}
		arrived := make(chan time.Time, 1)
		go func() {
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			defer cancel()
			_, _ = upstream.Wait(ctx, before+1)
			arrived <- time.Now()
		}()
		said(250)
		answer = append(answer, float64(time.Since(begun))/float64(time.Millisecond))
		arrival = append(arrival, float64((<-arrived).Sub(begun))/float64(time.Millisecond))
	}
	return answer, arrival
}

// source sends messages through a server and returns how many a second
// arrived.
func source(b testing.TB, upstream *sink.Sink, address string, size, sessions, messages int) float64 {
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

func median(of []float64) float64 { return percentile(of, 50) }

func percentile(of []float64, p int) float64 {
	sorted := slices.Sorted(slices.Values(of))
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(len(sorted)*p/100, len(sorted)-1)]
}
