package relay_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

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
