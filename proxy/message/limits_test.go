package message

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"
)

// hostile are messages made to cost more than their size.
func hostile() map[string]string {
	const from = "From: a@x.example\r\n"
	deep := from
	for i := range 1000 {
		deep += fmt.Sprintf("Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n", i, i)
	}
	messages := from + strings.Repeat("Content-Type: message/rfc822\r\n\r\n", 100000)
	var params strings.Builder
	for i := range 20000 {
		fmt.Fprintf(&params, ";\r\n name*%d*=%%41", i)
	}
	return map[string]string{
		"10,000 parts":             from + "Content-Type: multipart/mixed; boundary=b\r\n\r\n" + strings.Repeat("--b\r\n\r\nx\r\n", 10000) + "--b--\r\n",
		"depth 1,000":              deep,
		"100,000 nested messages":  messages,
		"1 MB header field":        from + "X: " + strings.Repeat("x", 1<<20) + "\r\n\r\n",
		"1 MB of folds":            from + "To: a@x.example" + strings.Repeat("\r\n ", 350000) + "\r\n\r\n",
		"100,000 Received":         strings.Repeat("Received: from x by y; z\r\n", 100000) + from + "\r\n",
		"huge parameters":          from + "Content-Type: text/plain" + params.String() + "\r\n\r\n",
		"huge quoted parameter":    from + "Content-Type: text/plain; name=\"" + strings.Repeat("\\x", 120000) + "\"\r\n\r\n",
		"open encoded words":       from + "Subject: " + strings.Repeat("=?a?Q?x", 30000) + "\r\n\r\n",
		"many encoded words":       from + "Subject: " + strings.Repeat("=?a?Q?x?= ", 20000) + "\r\n\r\n",
		"open comments":            from + "To: " + strings.Repeat("(", 200000) + "\r\n\r\n",
		"closed comments":          from + "To: " + strings.Repeat("(", 100000) + strings.Repeat(")", 100000) + "\r\n\r\n",
		"many mailboxes":           from + "To: " + strings.Repeat("a@member.example,", 14000) + "\r\n\r\n",
		"many hidden in turn":      from + "To: " + strings.Repeat("a@member.example,b@x.example,", 8000) + "\r\n\r\n",
		"many groups":              from + "To: " + strings.Repeat("a:;,", 60000) + "\r\n\r\n",
		"open encoded mailboxes":   from + "To: " + strings.Repeat("=?a?Q?x", 30000) + "\r\n\r\n",
		"one line of dashes":       from + "Content-Type: multipart/mixed; boundary=b\r\n\r\n" + strings.Repeat("--", 5<<20),
		"lines of dashes":          from + "Content-Type: multipart/mixed; boundary=b\r\n\r\n" + strings.Repeat("--\r\n", 5<<20),
		"lines that begin like it": from + "Content-Type: multipart/mixed; boundary=b\r\n\r\n" + strings.Repeat("--bb\r\n", 2<<20),
		"broken header lines":      from + strings.Repeat("x\r\n", 80000) + "\r\n",
		"20 MB of base64":          from + "Content-Transfer-Encoding: base64\r\n\r\n" + strings.Repeat(strings.Repeat("QUJD", 19)+"\r\n", 20<<20/78),
		"20 MB of soft breaks":     from + "Content-Transfer-Encoding: quoted-printable\r\n\r\n" + strings.Repeat("=\r\n", 7<<20),
	}
}

func TestNoMessageCostsMoreThanItsSize(t *testing.T) {
	for name, raw := range hostile() {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		start := cpuTime(t)
		m := read(t, raw)
		for _, f := range m.Root.Fields {
			if f.Name == "Subject" {
				m.Text(f)
			}
		}
		if edits, _, err := m.Hide(isMember); err == nil {
			apply(t, m, edits)
		}
		if content, err := m.Content(m.Root); err == nil && len(content) > len(raw) {
			t.Errorf("%s: %d octets of content", name, len(content))
		}
		m.Sealed()
		took := cpuTime(t) - start
		runtime.ReadMemStats(&after)
		allocated := (after.TotalAlloc - before.TotalAlloc) >> 20
		t.Logf("%-26s %8.1f ms %5d MB allocated of %d MB", name, float64(took.Microseconds())/1000, allocated, len(raw)>>20)
		if took > patience*2*time.Second || allocated > 300 {
			t.Errorf("%s: took %v and %d MB", name, took, allocated)
		}
	}
}

func TestHostileShapesAreDefects(t *testing.T) {
	all := hostile()
	for name, want := range map[string]string{
		"10,000 parts":      reasonParts,
		"depth 1,000":       reasonDepth,
		"1 MB header field": reasonHeaderSize,
		"1 MB of folds":     reasonHeaderSize,
		"100,000 Received":  reasonHeaderSize,
		"huge parameters":   reasonHeaderSize,
		"lines of dashes":   reasonUnused,
	} {
		if got := reasons(read(t, all[name])); !strings.Contains(got, want) {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

func BenchmarkRead(b *testing.B) {
	for file, m := range samples(b) {
		b.Run(file, func(b *testing.B) {
			b.SetBytes(int64(len(m.text.Held)))
			for b.Loop() {
				if _, err := Read(strings.NewReader(string(m.text.Held)), DefaultLimits()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	large := "From: a@x.example\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
		strings.Repeat(strings.Repeat("QUJD", 19)+"\r\n", 10<<20/78) + "--b--\r\n"
	b.Run("10 MB", func(b *testing.B) {
		b.SetBytes(int64(len(large)))
		b.ReportAllocs()
		for b.Loop() {
			if _, err := Read(strings.NewReader(large), DefaultLimits()); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkHide(b *testing.B) {
	raw := "From: a@x.example\r\nTo: " + strings.Repeat("Anna Holm <anna@member.example>,\r\n Bo <bo@x.example>,\r\n ", 500) + "c@x.example\r\n\r\n"
	m := read(b, raw)
	b.SetBytes(int64(len(raw)))
	for b.Loop() {
		edits, _, err := m.Hide(isMember)
		if err != nil {
			b.Fatal(err)
		}
		apply(b, m, edits)
	}
}
