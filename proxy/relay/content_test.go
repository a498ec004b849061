package relay_test

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"

	"postvern.example/internal/sink"
	"postvern.example/proxy/spool"
)

func TestContentArrivesByteForByte(t *testing.T) {
	for _, extensions := range [][]string{sink.Extensions(), without("CHUNKING"), {"CHUNKING"}, {}} {
		t.Run(fmt.Sprint(extensions), func(t *testing.T) { contentArrives(t, extensions) })
	}
}

func contentArrives(t *testing.T, extensions []string) {
	s := startSink(t, sink.Config{Extensions: extensions})
	q := newQueue()
	contents := []string{
		"", ".\r\n", "..\r\n", "\r\n.\r\n", "a: b\r\n\r\n.\r\n.\r\n..\r\n...x\r\n", "a: b\r\n\r\nno line end",
		"a: b\r\n\r\n" + strings.Repeat(".\r\n", 50000), "a: b\r\n\r\n" + strings.Repeat("x", 200000) + "\r\n",
		"a: b\r\n\r\n\xe6\xf8\xe5 \xff\r\n", ".",
	}
	pieces := []string{".", "\r\n", "\r\n.", "x", "ø", strings.Repeat("y", 65530)}
	random := rand.New(rand.NewPCG(1, 2))
	for range 40 {
		var b strings.Builder
		for range 30 {
			b.WriteString(pieces[random.IntN(len(pieces))])
		}
		contents = append(contents, b.String())
	}
	want := map[string]string{}
	for i, content := range contents {
		d := delivery(fmt.Sprintf("m%d@hjemme.example", i))
		d.Content = []byte(content)
		if head, body, ok := strings.Cut(content, "\r\n\r\n"); ok && i%2 == 0 && !strings.HasPrefix(content, "\r\n") {
			d.Head, d.Content = []byte(head+"\r\n\r\n"), []byte(body) // as the spool hands over what it has just taken
		}
		if i%3 == 0 { // as the spool hands over what is too large for memory
			d.Large = large(string(d.Content))
			d.Content = nil
		}
		q.add(d)
		if content != "" && !strings.HasSuffix(content, "\r\n") {
			content += "\r\n"
		}
		want[d.Copies[0].To] = content
	}
	run(t, config(s, q))
	for _, o := range q.wait(t, len(contents)) {
		if o.Result != spool.Delivered {
			t.Fatalf("outcome is %+v", o)
		}
	}
	for _, m := range s.Messages() {
		if to := m.Recipients()[0]; string(m.Content) != want[to] {
			t.Errorf("%s got %.60q (%d octets), want %.60q (%d)", to, m.Content, len(m.Content), want[to], len(want[to]))
		}
	}
}

// large is content that is read as it is sent.
func large(content string) *spool.Large {
	return &spool.Large{Size: int64(len(content)), Open: func() (io.ReadCloser, error) {
		return io.NopCloser(iotest.HalfReader(strings.NewReader(content))), nil
	}}
}

func TestLargeContentIsReadToItsEndBeforeItIsSent(t *testing.T) {
	const piece = 64 << 10
	line := strings.Repeat("x", 62) + "\r\n"
	lines := strings.Repeat(line, piece/len(line))
	gone := &spool.Large{Size: 10, Open: func() (io.ReadCloser, error) { return nil, spool.ErrDamaged }}
	breaks := &spool.Large{Size: 2 * piece, Open: func() (io.ReadCloser, error) {
		return io.NopCloser(io.MultiReader(strings.NewReader(lines), iotest.ErrReader(errors.New("the disk is broken")))), nil
	}}
	short := large(lines)
	short.Size++
	for _, c := range []struct {
		name    string
		content *spool.Large
		want    spool.Result
		arrives bool
	}{
		{"lines", large(lines + lines), spool.Delivered, true},
		{"a line end over two pieces", large(lines[1:] + "\r\n" + lines), spool.Delivered, true},
		{"a bare LF at a piece's beginning", large(lines + "\n"), spool.Failed, false},
		{"a bare CR at a piece's end", large(lines[:piece-2] + "xx" + lines[:piece-1] + "\r" + lines), spool.Failed, false},
		{"a bare CR over two pieces", large(lines[1:] + "\r.\r\n"), spool.Failed, false},
		{"a CR at the end", large(lines + "\r"), spool.Failed, false},
		{"a NUL at the end", large(lines + "\x00\r\n"), spool.Failed, false},
		{"it is not there", gone, spool.Deferred, false},
		{"it breaks off", breaks, spool.Deferred, false},
		{"it is shorter than it was", short, spool.Deferred, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, q := startSink(t, sink.Config{}), newQueue()
			d := delivery("bo@hjemme.example")
			d.Head, d.Content, d.Large = []byte("Subject: x\r\n\r\n"), nil, c.content
			q.add(d)
			run(t, config(s, q))
			if o := q.wait(t, 1)[0]; o.Result != c.want {
				t.Errorf("outcome is %+v", o)
			}
			if n := len(s.Messages()); (n > 0) != c.arrives {
				t.Errorf("%d arrived", n)
			}
		})
	}
}
