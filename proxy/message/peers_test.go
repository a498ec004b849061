package message

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// pieces are what hostile and careless address lists are made of.
var pieces = []string{
	"a@member.example", "b@member.example", "<a@member.example>", "\"a\"@member.example", "a @ member . example", "A@MEMBER.EXAMPLE", "a(x)@member.example", "<@r.example:a@member.example>",
	"c@x.example", "<c@x.example>", "Bo Friis <c@x.example>", "\"Friis, Bo\" <c@x.example>", "\"a@member.example\" <c@x.example>", "a@member.example <c@x.example>", "(a@member.example)",
	"=?utf-8?Q?Bo_=C3=98?= <c@x.example>", "=?utf-8?Q?a=40member.example?= <c@x.example>", "=?utf-8?B?YUBtZW1iZXIuZXhhbXBsZQ==?=", "=?utf-8?Q?,_a@member.example,?= <c@x.example>",
	"G:", "G: a@member.example;", ";", ",", ",,", ":", "<", ">", "<>", "(", ")", "\"", "\\", "\\\"", "[", "]", "@", " ", "\t", "\r\n ", "\r\n\t", ".", "'", "`", "|", "%", "!", "=?", "?=",
	"a%member.example@x.example", "a@member.example@x.example", "\"a@member.example\"@x.example", "a@[member.example]", "mailto:a@member.example", "a@member.example.", ".a@member.example", "a.@member.example",
	"undisclosed-recipients:;", "<a@member.example", "a@member.example>", "<<a@member.example>>", "<a@member.example,c@x.example>", "c@x.example a@member.example", "\u00a0", "ø", "a@m\u00adember.example", "＠", "a＠member.example",
	"/o=x/cn=a", "\"a\\@member.example\" <c@x.example>", "c@x.example (a@member.example", "\x7f", "\x01",
}

// pythonAddresses returns what Python's parsers see in each header.
func pythonAddresses(t *testing.T, raws []string) [][]string {
	t.Helper()
	program := "/usr/bin/python3"
	if _, err := os.Stat(program); err != nil {
		if program, err = exec.LookPath("python3"); err != nil {
			t.Skip("python3 is not installed: make deps installs it")
		}
	}
	var in bytes.Buffer
	for _, raw := range raws {
		line, err := json.Marshal(raw)
		if err != nil {
			t.Fatal(err)
		}
		in.Write(append(line, '\n'))
	}
	c := exec.Command(program, "testdata/addresses.py")
	c.Stdin = &in
	c.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1", "PYTHONUTF8=1")
	var errs bytes.Buffer
	c.Stderr = &errs
	out, err := c.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, errs.String())
	}
	found := make([][]string, 0, len(raws))
	lines := bufio.NewScanner(bytes.NewReader(out))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var one struct{ Old, New []string }
		if err := json.Unmarshal(lines.Bytes(), &one); err != nil {
			t.Fatal(err)
		}
		found = append(found, append(one.Old, one.New...))
	}
	if len(found) != len(raws) {
		t.Fatalf("Python read %d of %d", len(found), len(raws))
	}
	return found
}

// listRead is one list on its way through all readers.
type listRead struct {
	to, before, after string
	ours              []string
}

// hideIn returns what our parser makes of a To field; ok is false where it
// says that the list cannot be read with certainty, which ends in a hold.
func hideTo(t *testing.T, to string) (l listRead, ok bool) {
	t.Helper()
	l = listRead{to: to, before: "From: x@x.example\r\nTo: " + to + "\r\n\r\n"}
	m, err := Read(strings.NewReader(l.before), DefaultLimits())
	if err != nil || len(m.Defects) > 0 || len(m.Root.Fields) != 2 {
		return l, false
	}
	boxes, err := m.Mailboxes(m.Root.Fields[1])
	if err != nil {
		return l, false
	}
	for _, b := range boxes {
		l.ours = append(l.ours, b.Address, b.Name)
	}
	edits, _, err := m.Hide(isMember)
	if errors.Is(err, ErrAddress) {
		return l, false
	}
	if err != nil {
		t.Fatalf("%q: %v", to, err)
	}
	l.after = apply(t, m, edits)
	return l, true
}

// members returns those of some addresses that are to be hidden.
func members(addresses []string) []string {
	var found []string
	for _, a := range addresses {
		if isMember(plainAddress(a)) {
			found = append(found, a)
		}
	}
	return found
}

// corpusOfLists returns the lists that fuzzing found.
func corpusOfLists(t *testing.T) []string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "addresses.json"))
	if err != nil {
		t.Fatal(err)
	}
	var lists []string
	if err := json.Unmarshal(data, &lists); err != nil {
		t.Fatal(err)
	}
	return lists
}

func TestNoOtherParserFindsAMemberThatOursDidNotHide(t *testing.T) {
	lists := corpusOfLists(t)
	const seed = 4 // the same lists every time
	random := rand.New(rand.NewSource(seed))
	for n := range 20000 {
		const whole = 20 // of the pieces are mailboxes; the others break something
		some, joints := len(pieces), []string{"", "", ", ", ",", " ", "; "}
		if n%2 == 0 {
			some, joints = whole, []string{", ", ",", ",\r\n ", " , ", "(b@member.example),"}
		}
		var b strings.Builder
		for i := range 1 + random.Intn(6) {
			if i > 0 {
				b.WriteString(joints[random.Intn(len(joints))])
			}
			piece := pieces[random.Intn(some)]
			if n%8 == 2 && len(piece) > 2 { // one octet fewer, or twice
				at := 1 + random.Intn(len(piece)-1)
				piece = piece[:at-random.Intn(2)] + piece[at:]
			}
			b.WriteString(piece)
		}
		lists = append(lists, oneField(b.String()))
	}
	var read []listRead
	var before, after []string
	for _, to := range lists {
		if l, ok := hideTo(t, to); ok {
			read = append(read, l)
			before, after = append(before, l.before), append(after, l.after)
		}
	}
	theirs, left := pythonAddresses(t, before), pythonAddresses(t, after)
	wrong, differ := 0, 0
	for i, l := range read {
		said := []string{}
		seen := append(append(theirs[i], secondOpinion([]byte(l.before))...), goMessageAddresses([]byte(l.before))...)
		if found := members(seen); len(found) > 0 && len(members(l.ours)) == 0 && l.after == l.before {
			said = append(said, fmt.Sprintf("others see %q, we see %q", found, l.ours))
		}
		if (len(members(theirs[i])) > 0) != (len(members(secondOpinion([]byte(l.before)))) > 0) {
			differ++
		}
		rest := append(append(left[i], secondOpinion([]byte(l.after))...), goMessageAddresses([]byte(l.after))...)
		if found := members(rest); len(found) > 0 {
			said = append(said, fmt.Sprintf("others still see %q in %q", found, l.after))
		}
		if len(said) > 0 {
			if wrong++; wrong <= 40 {
				t.Errorf("%q: %s", l.to, strings.Join(said, "; "))
			}
		}
	}
	t.Logf("lists: %d, read with certainty: %d, of which others differ about members: %d, wrong: %d", len(lists), len(read), differ, wrong)
	if len(read) < len(lists)/5 || differ < 100 {
		t.Errorf("of %d lists %d were read, and others differ about %d: they say nothing", len(lists), len(read), differ)
	}
}
