package message

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// memoryAside is an Aside for tests. Octets of it can be lost.
type memoryAside struct {
	b      []byte
	closed bool
	lost   error
}

func (a *memoryAside) Write(p []byte) (int, error) { a.b = append(a.b, p...); return len(p), nil }
func (a *memoryAside) Size() int64                 { return int64(len(a.b)) }
func (a *memoryAside) Close() error                { a.closed = true; return nil }
func (a *memoryAside) Open(off, n int64) io.Reader {
	switch {
	case a.lost != nil:
		return io.MultiReader(bytes.NewReader(a.b[off:off+n/2]), lostReader{a.lost})
	case a.closed:
		return lostReader{io.ErrClosedPipe}
	}
	return bytes.NewReader(a.b[off : off+n])
}

type lostReader struct{ err error }

func (l lostReader) Read([]byte) (int, error) { return 0, l.err }

// inPieces gives a few octets at a time, never the same number.
type inPieces struct {
	b   []byte
	rnd *rand.Rand
	put int64
}

func (p *inPieces) Read(b []byte) (int, error) {
	if len(p.b) == 0 {
		return 0, io.EOF
	}
	n := copy(b[:min(len(b), 1+p.rnd.IntN(70_000))], p.b)
	p.b = p.b[n:]
	return n, nil
}

func (p *inPieces) PutAside(n int64) { p.put += n }

// base64Lines returns so many octets of lines, about.
func base64Lines(seed, size int) string {
	noise := make([]byte, size/78*57)
	rnd := rand.NewChaCha8([32]byte{byte(seed)})
	_, _ = rnd.Read(noise)
	var b strings.Builder
	for line := range slices.Chunk(noise, 57) {
		b.WriteString(base64.StdEncoding.EncodeToString(line) + "\r\n")
	}
	return b.String()
}

func largeParts(size int, parts ...string) string {
	var b strings.Builder
	b.WriteString("From: a@b.example\r\nTo: c@d.example\r\nSubject: Hej\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\nTo whom it may concern\r\n")
	for i, p := range parts {
		b.WriteString("--b\r\n" + p + "\r\n\r\n" + base64Lines(i, size))
	}
	return b.String() + "--b--\r\n"
}

const (
	attachment = "Content-Type: application/octet-stream; name=x.bin\r\nContent-Transfer-Encoding: base64"
	plainPart  = "Content-Type: text/plain"
	text64     = "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64"
)

// read returns a message as it is read with somewhere to put octets.
func readAside(t testing.TB, mail string, seed uint64) (*Message, *memoryAside) {
	t.Helper()
	var a *memoryAside
	r := Reader{Limits: DefaultLimits(), Aside: func() (Aside, error) { a = &memoryAside{}; return a, nil }}
	from := &inPieces{b: []byte(mail), rnd: rand.New(rand.NewPCG(seed, 1))}
	m, err := r.Read(from, int64(len(mail)))
	if err != nil {
		t.Fatal(err)
	}
	if a != nil && from.put != a.Size() {
		t.Errorf("%d octets are aside, and the reader knows of %d", a.Size(), from.put)
	}
	return m, a
}

// sameMessage compares what is found in a message with what is found in one that
// is held.
func sameMessage(t testing.TB, got, want *Message) {
	t.Helper()
	if !reflect.DeepEqual(got.Defects, want.Defects) {
		t.Fatalf("defects: %v, want %v", got.Defects, want.Defects)
	}
	var walk func(g, w *Part)
	walk = func(g, w *Part) {
		for _, c := range [][2]Range{{g.Head, w.Head}, {g.Body, w.Body}, {g.Preamble, w.Preamble}, {g.Epilogue, w.Epilogue}} {
			if !bytes.Equal(got.Bytes(c[0]), want.Bytes(c[1])) || got.Size(c[0]) != want.Size(c[1]) {
				t.Fatalf("%v: another range: %v, %v", w.Place, c[0], c[1])
			}
			read, err := io.ReadAll(got.Open(c[0]))
			if err != nil || !bytes.Equal(read, want.Bytes(c[1])) {
				t.Fatalf("%v: another range is read: %v", w.Place, err)
			}
			for _, n := range []int{0, 10, 1000, 1 << 20} {
				if !bytes.Equal(got.front(c[0], n), want.front(c[1], n)) {
					t.Fatalf("%v: another beginning of %d", w.Place, n)
				}
			}
		}
		if len(g.Fields) != len(w.Fields) || len(g.Children) != len(w.Children) {
			t.Fatalf("%v: %d fields and %d parts, want %d and %d", w.Place, len(g.Fields), len(g.Children), len(w.Fields), len(w.Children))
		}
		for i := range w.Fields {
			if g.Fields[i].Name != w.Fields[i].Name || !bytes.Equal(got.Bytes(g.Fields[i].Range), want.Bytes(w.Fields[i].Range)) ||
				!bytes.Equal(got.Bytes(g.Fields[i].Value), want.Bytes(w.Fields[i].Value)) {
				t.Fatalf("%v: another field %s", w.Place, w.Fields[i].Name)
			}
		}
		if g.Place.String() != w.Place.String() || g.MediaType != w.MediaType || g.Encoding != w.Encoding || g.FileName != w.FileName {
			t.Fatalf("another part: %v %s %s, want %v %s %s", g.Place, g.MediaType, g.Encoding, w.Place, w.MediaType, w.Encoding)
		}
		if len(w.Children) == 0 {
			content, err := got.Content(g)
			expected, werr := want.Content(w)
			if !bytes.Equal(content, expected) || fmt.Sprint(err) != fmt.Sprint(werr) {
				t.Fatalf("%v: other content: %v, want %v", w.Place, err, werr)
			}
			if d, ok := got.Decode(g); ok {
				n, err := d.Size()
				streamed, rerr := io.ReadAll(d.Open())
				if fmt.Sprint(err) != fmt.Sprint(werr) || fmt.Sprint(rerr) != fmt.Sprint(werr) || err == nil && (n != len(expected) || !bytes.Equal(streamed, expected)) {
					t.Fatalf("%v: decoded to %d octets, %v, %v", w.Place, n, err, rerr)
				}
			}
		}
		for i := range w.Children {
			walk(g.Children[i], w.Children[i])
		}
	}
	walk(got.Root, want.Root)
	all, err := got.Octets().Octets()
	if err != nil || !bytes.Equal(all, want.text.Held) {
		t.Fatalf("other octets: %v", err)
	}
	if !reflect.DeepEqual(got.KeyIDs(), want.KeyIDs()) {
		t.Fatal("other keys")
	}
	if err := got.Err(); err != nil {
		t.Fatal(err)
	}
}

func TestALargeMessageIsUnderstoodAsOneThatIsHeld(t *testing.T) {
	long := strings.Repeat("QUJD", 500_000)
	for _, c := range []struct {
		name, mail string
		aside      bool
	}{
		{"an attachment", largeParts(9<<19, attachment), true},
		{"the last part without an end", strings.TrimSuffix(largeParts(9<<19, attachment), "--b--\r\n"), true},
		{"two and text", largeParts(3<<20, plainPart, attachment, attachment), true},
		{"text", largeParts(9<<19, plainPart), false},
		{"text under base64", largeParts(9<<19, text64), false},
		{"a whole message under base64", "From: a@b.example\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64Lines(1, 9<<19), true},
		{"a header of base64", "From: a@b.example\r\n" + base64Lines(1, 9<<19) + "Subject: x\r\n\r\nHej\r\n", false},
		{"a field of base64", "From: a@b.example\r\nX-Photo: x\r\n " + strings.ReplaceAll(base64Lines(1, 9<<19), "\r\n", "\r\n ") + "\r\n\r\nHej\r\n", false},
		{"no header", "\r\n" + base64Lines(1, 9<<19), false},
		{"nothing but base64", base64Lines(1, 9<<19), false},
		{"a preamble", strings.Replace(largeParts(9<<19, attachment), "To whom it may concern\r\n", base64Lines(3, 3<<20), 1), true},
		{"an epilogue", largeParts(3<<20, attachment) + base64Lines(4, 3<<20), true},
		{"one long line", strings.Replace(largeParts(3<<20, attachment), "--b--", long+"\r\n--b--", 1), true},
		{"padding in the middle", strings.Replace(largeParts(9<<19, attachment), "AA", "==", 1), true},
		{"damaged base64", strings.Replace(largeParts(9<<19, attachment), "A\r\n", "!\r\n", 1), true},
		{"a nested message", largeParts(9<<19, "Content-Type: message/rfc822\r\n\r\nFrom: x@y.example\r\n"+attachment), true},
		{"a nested message that is encoded", largeParts(9<<19, "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64"), false},
		{"a multipart that is encoded", largeParts(9<<19, "Content-Type: multipart/mixed; boundary=c\r\nContent-Transfer-Encoding: base64"), false},
		{"a boundary of base64 letters", strings.NewReplacer("--b", "--QUJD", "boundary=b", "boundary=QUJD").Replace(largeParts(9<<19, attachment)), true},
		{"no end of the header", "From: a@b.example\r\nContent-Transfer-Encoding: base64\r\n" + base64Lines(1, 9<<19), false},
		{"blanks", strings.ReplaceAll(largeParts(9<<19, attachment), "AAA", "A A"), true},
		{"a last line without an end", largeParts(3<<20, attachment) + base64Lines(4, 3<<20) + "QUJD", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			want, err := Read(strings.NewReader(c.mail), DefaultLimits())
			if err != nil {
				t.Fatal(err)
			}
			got, _ := readAside(t, c.mail, uint64(len(c.name)))
			if whole := got.text.Whole(); whole == c.aside {
				t.Errorf("all is held: %t", whole)
			}
			if c.aside && len(got.text.Held) > len(c.mail)*3/4 {
				t.Errorf("%d of %d octets are held", len(got.text.Held), len(c.mail))
			}
			sameMessage(t, got, want)
		})
	}
}

func TestALargeMessageIsEditedAsOneThatIsHeld(t *testing.T) {
	mail := largeParts(3<<20, plainPart, attachment, attachment)
	want, err := Read(strings.NewReader(mail), DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	got, _ := readAside(t, mail, 7)
	edits := func(m *Message) []Edit {
		subject, err := m.SetSubject("Hej igen")
		if err != nil {
			t.Fatal(err)
		}
		return append(append(subject, m.Drop("To")...), Edit{With: []byte("X: y\r\n")})
	}
	for name, more := range map[string]func(m *Message) []Edit{
		"the header":         func(*Message) []Edit { return nil },
		"an attachment goes": func(m *Message) []Edit { return []Edit{{Range: m.Root.Children[1].Body, With: []byte("gone\r\n")}} },
		"a text":             func(m *Message) []Edit { return []Edit{{Range: m.Root.Children[0].Body, With: []byte("Hej")}} },
		"behind it all": func(m *Message) []Edit {
			return []Edit{{Range: Range{len(m.text.Held), len(m.text.Held)}, With: []byte("x\r\n")}}
		},
	} {
		wanted, err := want.Apply(append(edits(want), more(want)...)...)
		if err != nil {
			t.Fatal(err)
		}
		all := append(edits(got), more(got)...)
		whole, err := got.Apply(all...)
		if err != nil || !bytes.Equal(whole, wanted) {
			t.Errorf("%s: other octets: %v", name, err)
		}
		head, rest, err := got.ApplyApart(all...)
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		out.Write(head)
		if n, err := rest.WriteTo(&out); err != nil || int(n) != rest.Size() || !bytes.Equal(out.Bytes(), wanted) {
			t.Errorf("%s: other octets apart: %v", name, err)
		}
		rope, err := got.ApplyRope(all...)
		if err != nil {
			t.Fatal(err)
		}
		again, err := ParseRope(rope, DefaultLimits())
		if err != nil {
			t.Fatal(err)
		}
		held, err := Parse(wanted, DefaultLimits())
		if err != nil {
			t.Fatal(err)
		}
		sameMessage(t, again, held)
	}
}

func TestWhatCannotBeReadAgainIsAnError(t *testing.T) {
	mail := largeParts(9<<19, attachment)
	broken := errors.New("the disk is gone")
	for name, use := range map[string]func(m *Message){
		"the octets":       func(m *Message) { m.Bytes(m.Root.Children[0].Body) },
		"the beginning":    func(m *Message) { m.front(m.Root.Children[0].Body, 9<<19) },
		"the content":      func(m *Message) { _, _ = m.Content(m.Root.Children[0]) },
		"a decoded part":   func(m *Message) { d, _ := m.Decode(m.Root.Children[0]); _, _ = d.Size() },
		"a stream":         func(m *Message) { _, _ = io.Copy(io.Discard, m.Open(m.Root.Body)) },
		"keys":             func(m *Message) { m.front(m.Root.Body, 4<<20) },
		"decoding, lazily": func(m *Message) { d, _ := m.Decode(m.Root.Children[0]); _, _ = io.ReadAll(d.Open()) },
	} {
		m, a := readAside(t, mail, 1)
		a.lost = broken
		use(m)
		if err := m.Err(); !errors.Is(err, broken) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := m.Apply(); !errors.Is(err, broken) {
			t.Errorf("%s: edited: %v", name, err)
		}
	}
}

func TestAMessageThatIsNotTakenLeavesNothingAside(t *testing.T) {
	mail := largeParts(9<<19, attachment)
	cut := errors.New("the client is gone")
	for name, c := range map[string]struct {
		from   io.Reader
		limits Limits
		want   error
	}{
		"cut off":      {io.MultiReader(strings.NewReader(mail[:17<<18]), lostReader{cut}), DefaultLimits(), cut},
		"too large":    {strings.NewReader(mail), Limits{Size: 17 << 18, Depth: 20, Parts: 1000, HeaderBytes: 256 << 10}, ErrTooLarge},
		"a bare LF":    {strings.NewReader(mail + "x\n"), DefaultLimits(), ErrBareLine},
		"a bare LF in": {strings.NewReader(mail[:17<<18] + "\n" + mail[17<<18:]), DefaultLimits(), ErrBareLine},
		"a NUL":        {strings.NewReader(mail[:17<<18] + "\x00" + mail[17<<18:]), DefaultLimits(), ErrNUL},
	} {
		var a *memoryAside
		r := Reader{Limits: c.limits, Aside: func() (Aside, error) { a = &memoryAside{}; return a, nil }}
		if _, err := r.Read(c.from, 0); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
		if a == nil || !a.closed {
			t.Errorf("%s: octets are still aside", name)
		}
	}
	full := errors.New("no room")
	r := Reader{Limits: DefaultLimits(), Aside: func() (Aside, error) { return (*memoryAside)(nil), full }}
	if _, err := r.Read(strings.NewReader(mail), 0); !errors.Is(err, full) {
		t.Errorf("no room: %v", err)
	}
}

// FuzzAside compares a message that is read with octets aside to the same that
// is held: runs of base64 stand wherever the text has a mark.
func FuzzAside(f *testing.F) {
	for _, seed := range []string{
		"From: a\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Transfer-Encoding: base64\r\nContent-Type: image/png\r\n\r\n@--b--\r\n",
		"From: a\r\nContent-Transfer-Encoding: base64\r\nContent-Type: image/png\r\n\r\n@",
		"From: a\r\n@X: y\r\n\r\n@",
		"Content-Type: multipart/mixed; boundary=b\r\n\r\n@--b\r\nContent-Type: message/rfc822\r\n\r\nContent-Transfer-Encoding: base64\r\n\r\n@-x\r\n@\r\n@--b\r\n@--b--\r\n@",
		"A: b\r\nContent-Type: a/b\r\nContent-Transfer-Encoding: base64\r\n\r\nx @ y\r\n@--\r\n@\r\n.@",
	} {
		f.Add(seed, uint64(1))
	}
	run := base64Lines(1, 300<<10)
	f.Fuzz(func(t *testing.T, text string, seed uint64) {
		if len(text) > 4<<10 || strings.Count(text, "@") > 12 {
			t.Skip()
		}
		mail := strings.ReplaceAll(text, "@", run)
		want, err := Parse([]byte(mail), DefaultLimits())
		a := &memoryAside{}
		from := &inPieces{b: []byte(mail), rnd: rand.New(rand.NewPCG(seed, 1))}
		r := Reader{Limits: DefaultLimits(), Aside: func() (Aside, error) { return a, nil }}
		rope, _, gerr := r.thin(make([]byte, 0, 16<<10), from, 0)
		if gerr != nil {
			t.Fatal(gerr)
		}
		got, gerr := ParseRope(rope, DefaultLimits())
		if fmt.Sprint(err) != fmt.Sprint(gerr) {
			t.Fatalf("%v, want %v", gerr, err)
		}
		if err == nil {
			sameMessage(t, got, want)
		}
	})
}
