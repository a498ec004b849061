package test

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"net/textproto"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"

	"postvern.example/internal/sink"
	"postvern.example/proxy/spool"
)

// BenchmarkIdleSessions measures the memory of 1,000 TLS sessions that have
// said EHLO and wait.
func BenchmarkIdleSessions(b *testing.B) {
	for b.Loop() {
		g := install(b, nil, sink.Config{Discard: true})
		g.start()
		const sessions = 1000
		before := processMemory(g.command.Process.Pid)
		conns := make([]*textproto.Conn, sessions)
		for i := range conns {
			raw, err := tls.Dial("tcp", g.implicit, &tls.Config{RootCAs: g.roots, ServerName: "mail.forening.example"})
			if err != nil {
				b.Fatal(err)
			}
			conns[i] = textproto.NewConn(raw)
			for _, step := range []struct {
				line string
				code int
			}{{"", 220}, {"EHLO mail.example", 250}} {
				if step.line != "" {
					if err := conns[i].PrintfLine("%s", step.line); err != nil {
						b.Fatal(err)
					}
				}
				if _, _, err := conns[i].ReadResponse(step.code); err != nil {
					b.Fatal(err)
				}
			}
		}
		each := float64(processMemory(g.command.Process.Pid)-before) / sessions / 1024
		b.ReportMetric(each, "KiB/session")
		fmt.Print(barLine("1,000 idle sessions", "memory each", each, 48, each <= 48, "KiB"))
		for _, c := range conns {
			_ = c.Close()
		}
		g.kill()
	}
}

// largePolicy lets pictures pass, and gives readers without a key a document.
var largePolicy = strings.NewReplacer("detect: [unscannable]\n    do: hold", "detect: [unscannable]\n    do: note",
	"without-key: hold", "without-key: password", "without-key: reject", "without-key: password").Replace(defaultPolicy)

// BenchmarkLargeMail measures what one mail of 50 MB, most of it a picture,
// adds to the memory of an idle gateway: when it is passed on, when it is sealed
// to a key, and when it becomes a document that a code opens.
func BenchmarkLargeMail(b *testing.B) {
	const size = 50 << 20
	for _, c := range []struct {
		name, text string
		key        bool
		bar        float64 // MiB
	}{
		{"passed", "Her er billedet fra mødet.", true, 64},
		{"sealed", "Mette Sørensen, cpr 010203-1234, er medlem.", true, 50},
		{"document", "Mette Sørensen, cpr 010203-1234, er medlem.", false, 150},
	} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				g := install(b, nil, sink.Config{Discard: true})
				g.write("postvern.yaml", strings.Replace(g.read("postvern.yaml"), "log:", "limits: {message-size: 64MiB}\nlog:", 1))
				if c.key {
					g.write("keys/mette.asc", readerKey(b, "mette@post.example"))
				}
				g.write("policy.yaml", largePolicy)
				g.start()
				mail := pictureMail(c.text, size)
				before := processMemory(g.command.Process.Pid)
				most := mostMemory(g.command.Process.Pid, func() {
					if err := submitPatiently(g.trust, mail); err != nil {
						b.Error(err)
					}
					g.arrived(1)
				})
				added := most - float64(before)/(1<<20)
				b.ReportMetric(added, "MiB")
				fmt.Print(barLine("50 MB mail, "+c.name, "memory added", added, c.bar, added <= c.bar, "MiB"))
				g.kill()
			}
		})
	}
}

// pictureMail returns a mail of about so many octets with a PNG picture.
func pictureMail(text string, size int) string {
	noise := make([]byte, size/4*3*76/78)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(noise)
	var picture bytes.Buffer
	picture.WriteString("\x89PNG\r\n\x1a\n")
	for _, chunk := range []string{"IHDR\x00\x00\x10\x00\x00\x00\x10\x00\x08\x02\x00\x00\x00", "IDAT" + string(noise), "IEND"} {
		picture.Write(bigEndian(len(chunk) - 4))
		picture.WriteString(chunk)
		picture.Write(bigEndian(int(crc32.ChecksumIEEE([]byte(chunk)))))
	}
	encoded := base64.StdEncoding.EncodeToString(picture.Bytes())
	var b strings.Builder
	b.Grow(size + size/16)
	b.WriteString("From: Anna Holm <tr.anna@forening.example>\r\nTo: mette@post.example\r\nSubject: Hej\r\nMessage-ID: <picture@forening.example>\r\n" +
		"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" +
		text + "\r\n\r\n--b\r\nContent-Type: image/png; name=foto.png\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: inline; filename=foto.png\r\n\r\n")
	for len(encoded) > 76 {
		b.WriteString(encoded[:76] + "\r\n")
		encoded = encoded[76:]
	}
	b.WriteString(encoded + "\r\n--b--\r\n")
	return b.String()
}

func bigEndian(n int) []byte { return []byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)} }

// readerKey returns a fresh public key, armored.
func readerKey(b testing.TB, address string) string {
	b.Helper()
	entity, err := openpgp.NewEntity("", "", address, nil)
	if err != nil {
		b.Fatal(err)
	}
	var out strings.Builder
	w, err := armor.Encode(&out, openpgp.PublicKeyType, nil)
	if err == nil {
		err = errors.Join(entity.Serialize(w), w.Close())
	}
	if err != nil {
		b.Fatal(err)
	}
	return out.String()
}

// BenchmarkColdStart measures from the start of the process to the banner, with
// 100 readers' keys and 2,000 words of the DPO's own: time on the clock, and
// processor time, which other programs on the machine disturb less.
func BenchmarkColdStart(b *testing.B) {
	for _, waiting := range []int{0, 100_000} {
		b.Run(fmt.Sprintf("waiting=%d", waiting), func(b *testing.B) {
			g := quietInstallation(b)
			if err := os.Mkdir(g.path("lexicon"), 0o700); err != nil {
				b.Fatal(err)
			}
			g.write("lexicon/own.yaml", ownWords(2000))
			for n := range 100 {
				g.write(fmt.Sprintf("keys/%d.asc", n), readerKey(b, fmt.Sprintf("reader%d@post.example", n)))
			}
			fillSpool(b, g, waiting, 0)
			var took, cpu []float64
			for b.Loop() {
				begun := time.Now()
				g.startQuietly(g.trust)
				if line, _ := greeting(b, g.trust, nil); !strings.HasPrefix(line, "220 ") {
					b.Fatalf("%q", line)
				}
				took = append(took, float64(time.Since(begun))/float64(time.Millisecond))
				cpu = append(cpu, float64(scheduledTime(b, g.command.Process.Pid))/float64(time.Millisecond))
				g.kill()
			}
			b.ReportMetric(median(took), "ms")
			b.ReportMetric(median(cpu), "cpu-ms")
			fmt.Print(barLine(fmt.Sprintf("start, %d waiting", waiting), "to the banner", median(took), 50, median(took) <= 50, "ms"))
		})
	}
}

// ownWords is a file of the folder lexicon with so many phrases.
func ownWords(n int) string {
	var file strings.Builder
	file.WriteString("- kind: negotiation\n  add:\n")
	for i := range n {
		fmt.Fprintf(&file, "    - forhandling %c%c%c %d\n", 'a'+i%23, 'a'+i/23%23, 'a'+i/529%23, i)
	}
	return file.String()
}

// scheduledTime returns how long the threads of a process have run, to the
// microsecond.
func scheduledTime(b *testing.B, pid int) (sum time.Duration) {
	b.Helper()
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
	if err != nil || len(threads) == 0 {
		b.Skipf("no /proc: %v", err)
	}
	for _, file := range threads {
		var run time.Duration
		if text, err := os.ReadFile(file); err == nil { // one may have ended
			_, _ = fmt.Sscan(string(text), &run)
		}
		sum += run
	}
	return sum
}

// BenchmarkSpoolSize measures the CPU time of a mail with an empty spool and
// with one that is full of copies that wait and copies that are held.
func BenchmarkSpoolSize(b *testing.B) {
	const messages = 2000
	var empty float64
	for _, copies := range []int{0, 1_000_000} {
		b.Run(fmt.Sprintf("copies=%d", copies), func(b *testing.B) {
			g := quietInstallation(b)
			fillSpool(b, g, copies/2, copies/2)
			g.startQuietly(g.trust)
			source(b, g.upstream, g.trust, 5<<10, 50, messages) // what a start costs is not a mail's
			var cpu []float64
			for b.Loop() {
				before := processTime(g.command.Process.Pid)
				source(b, g.upstream, g.trust, 5<<10, 50, messages)
				cpu = append(cpu, float64(processTime(g.command.Process.Pid)-before)/float64(time.Millisecond)/messages)
			}
			b.ReportMetric(median(cpu), "cpu-ms/mail")
			if copies == 0 {
				empty = median(cpu)
				return
			}
			ratio := median(cpu) / empty
			fmt.Print(barLine(fmt.Sprintf("%d copies in the spool", copies), "CPU to empty", ratio, 1.25, ratio <= 1.25, "×"))
		})
	}
}

// quietInstallation is a gateway that is not started yet, before an upstream
// that discards.
func quietInstallation(b testing.TB) *installation {
	b.Helper()
	g := install(b, nil, sink.Config{Discard: true})
	g.trust = freeAddress(b)
	g.write("postvern.yaml", strings.NewReplacer("level: debug", "level: warn", "127.0.0.1:0\", tls: none", g.trust+"\", tls: none").Replace(g.read("postvern.yaml")))
	return g
}

// fillSpool puts copies into an installation's store: some that are deferred
// for a day, some that are held.
func fillSpool(b testing.TB, g *installation, waiting, held int) {
	b.Helper()
	dir := filepath.Join(g.dir, "data")
	keys, err := spool.LoadKeys(b.Context(), dir, "")
	if err != nil {
		b.Fatal(err)
	}
	ctx := context.Background()
	s, err := spool.Open(ctx, spool.Config{Dir: dir, Key: keys[0], TakeBack: true, MinFree: -1})
	if err != nil {
		b.Fatal(err)
	}
	body := []byte(crlf(largeMail(0, 2<<10)))
	const each = 500
	parcel := func(n int, state spool.State) spool.Parcel {
		p := spool.Parcel{ID: fmt.Sprintf("%s-%d", state, n), Reference: "PV-AAAAAA", Received: time.Now(), Bodies: []spool.Body{{Content: body}}}
		for i := range each {
			c := spool.Copy{ID: fmt.Sprintf("%s-%d-%d", state, n, i), Class: spool.Mail, State: state, From: "tr.anna@forening.example", To: fmt.Sprintf("m%d@post.example", i)}
			if state == spool.Held {
				c.Hold = &spool.Hold{Expires: time.Now().Add(24 * time.Hour)}
			}
			p.Copies = append(p.Copies, c)
		}
		return p
	}
	for n := range held / each {
		if err := s.Accept(ctx, parcel(n, spool.Held)); err != nil {
			b.Fatal(err)
		}
	}
	for n := range waiting / each {
		if err := s.Accept(ctx, parcel(n, spool.Queued)); err != nil {
			b.Fatal(err)
		}
		for left := each; left > 0; {
			deliveries, err := s.Claim(ctx, each)
			if err != nil {
				b.Fatal(err)
			}
			var outcomes []spool.Outcome
			for _, d := range deliveries {
				for _, c := range d.Copies {
					outcomes = append(outcomes, spool.Outcome{Copy: c.ID, Result: spool.Deferred, Retry: time.Now().Add(90 * time.Minute), Reply: "451 4.3.0 later"})
				}
			}
			if err := s.Finish(ctx, outcomes); err != nil {
				b.Fatal(err)
			}
			left -= len(outcomes)
		}
	}
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
}
