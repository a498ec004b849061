package test

import (
	"encoding/json"
	"fmt"
	"net"
	"os/exec"
	"strings"
	"testing"
	"time"

	"postvern.example/internal/sink"
)

// readReports reads mails with Python's own parser, which knows nothing of ours.
const readReports = `
import sys, json, email, email.policy
out = []
for raw in json.load(sys.stdin):
    m = email.message_from_bytes(raw.encode("utf-8"), policy=email.policy.default)
    parts = list(m.iter_parts())
    status = parts[1].get_payload()
    out.append({
        "type": m.get_content_type(), "report": m.get_param("report-type"), "auto": m["Auto-Submitted"], "to": m["To"],
        "parts": [p.get_content_type() for p in parts],
        "defects": [str(d) for p in m.walk() for d in p.defects],
        "mta": status[0]["Reporting-MTA"], "groups": len(status) - 1,
        "recipient": status[1]["Final-Recipient"], "action": status[1]["Action"], "status": status[1]["Status"],
        "text": parts[0].get_content(),
    })
json.dump(out, sys.stdout)
`

type report struct {
	Type, Report, Auto, To, MTA, Recipient, Action, Status, Text string

	Parts, Defects []string
	Groups         int
}

// TestAnUndeliverableCopyIsReportedOnForItsRecipientAlone looks at what
// arrives at the sender: for a refusal, and for a copy whose time is over.
func TestAnUndeliverableCopyIsReportedOnForItsRecipientAlone(t *testing.T) {
	if exec.Command("python3", "-c", "import email.policy").Run() != nil {
		t.Skip("Python is not installed: make deps installs it")
	}
	const gone, late, fine = "gone@kommune.example", "late@kommune.example", "fine@kommune.example"
	g := install(t, nil, sink.Config{Faults: []sink.Fault{
		{At: sink.AtRCPT, Recipient: gone, Reply: "550 5.1.1 <" + gone + "> unknown"},
		{At: sink.AtRCPT, Recipient: late, Reply: "450 4.2.1 later"},
	}})
	g.write("postvern.yaml", g.read("postvern.yaml")+"deliveries: {give-up: 1s}\n")
	g.start()
	mail := "From: anna.holm@region.example\nTo: " + strings.Join([]string{gone, late, fine}, ", ") + "\nSubject: Hemmelig sag\nMessage-ID: <x@region.example>\n\nFortroligt.\n"
	if err := g.send("anna", "anna.holm@region.example", []string{gone, late, fine}, mail); err != nil {
		t.Fatal(err)
	}
	var raw []string
	waitFor(t, "two reports", func() bool {
		raw = nil
		for _, m := range g.upstream.Messages() {
			if m.From == "" && strings.Contains(string(m.Content), "multipart/report") {
				if to := strings.Join(m.Recipients(), " "); to != "anna.holm@region.example" {
					t.Fatalf("a report goes to %q", to)
				}
				raw = append(raw, string(m.Content))
			}
		}
		return len(raw) == 2
	})
	input, err := json.Marshal(raw)
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command("python3", "-c", readReports)
	c.Stdin = strings.NewReader(string(input))
	out, err := c.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, raw)
	}
	var reports []report
	if err := json.Unmarshal(out, &reports); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"rfc822; " + gone: "failed 5.1.1", "rfc822; " + late: "failed 4.2.1"}
	for i, r := range reports {
		if r.Type != "multipart/report" || r.Report != "delivery-status" || r.Auto != "auto-replied" || r.MTA != "dns; mail.forening.example" ||
			r.To != "anna.holm@region.example" || len(r.Defects) > 0 || r.Groups != 1 || len(r.Parts) < 2 || r.Parts[1] != "message/delivery-status" {
			t.Errorf("the report is %+v", r)
		}
		if got := r.Action + " " + r.Status; want[r.Recipient] != got {
			t.Errorf("%s: %s, want %s", r.Recipient, got, want[r.Recipient])
		}
		for _, other := range []string{gone, late, fine} {
			if !strings.HasSuffix(r.Recipient, other) && strings.Contains(raw[i], other) {
				t.Errorf("the report on %s names %s", r.Recipient, other)
			}
		}
		if strings.Contains(raw[i], "Hemmelig") || strings.Contains(raw[i], "Fortroligt") {
			t.Errorf("the report quotes the mail: %s", raw[i])
		}
		delete(want, r.Recipient)
	}
	if len(want) > 0 {
		t.Errorf("nobody was told of %v", want)
	}
}

// TestARetryIsNotSentTwiceAndASecondSendingIs hands in the same octets again:
// after a 250 that was never read, and after one that was.
func TestARetryIsNotSentTwiceAndASecondSendingIs(t *testing.T) {
	g := gateway(t, nil)
	mail := func(number int) string {
		return fmt.Sprintf("From: anna.holm@region.example\r\nTo: ole.lund@region.example\r\nX-Number: %d\r\nSubject: Hej\r\n\r\nHej.\r\n", number)
	}
	arrivals := func(number int) (n int) {
		for _, m := range g.upstream.Messages() {
			if strings.Contains(string(m.Content), fmt.Sprintf("X-Number: %d\r\n", number)) {
				n++
			}
		}
		return n
	}
	heard := func(number int) bool { // the answer to its first arrival was read
		for _, m := range g.upstream.Messages() {
			if strings.Contains(string(m.Content), fmt.Sprintf("X-Number: %d\r\n", number)) {
				return m.Heard
			}
		}
		return false
	}
	hand := func(number int) {
		t.Helper()
		if err := submitMail(g.trust, "anna.holm@region.example", []string{"ole.lund@region.example"}, mail(number)); err != nil {
			t.Fatal(err)
		}
	}
	// The mail is stored, and the process is killed before its client reads the 250.
	g.write("postvern.yaml", strings.Replace(g.read("postvern.yaml"), "127.0.0.1:0\", tls: none", freeAddress(t)+"\", tls: none", 1))
	lost := 0
	for number := range 400 { // few on a machine with nothing else to do
		g.kill()
		g.start()
		conn, err := net.Dial("tcp", g.trust)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = fmt.Fprintf(conn, "EHLO localhost\r\nMAIL FROM:<anna.holm@region.example>\r\nRCPT TO:<ole.lund@region.example>\r\nDATA\r\n")
		read(t, conn, "354")
		_, _ = conn.Write([]byte(mail(number) + ".\r\n"))
		for end := time.Now().Add(2 * time.Second); arrivals(number) == 0 && time.Now().Before(end); {
			time.Sleep(50 * time.Microsecond)
		}
		g.kill()
		answer := make([]byte, 64)
		n, _ := conn.Read(answer)
		_ = conn.Close()
		if n > 0 {
			continue // the 250 was written: the next sending would be meant
		}
		g.start()
		hand(number)
		hand(1000 + number)
		waitFor(t, "the next mail", func() bool { return arrivals(1000+number) == 1 })
		// Once, and once more where the upstream's answer too was cut off.
		if n := arrivals(number); n < 1 || n > 2 || n == 2 && heard(number) {
			t.Errorf("mail %d arrived %d times", number, n)
		}
		if lost++; lost == 3 {
			break
		}
	}
	if lost == 0 {
		t.Error("no answer was lost: this proves nothing")
	}
	if g.command == nil {
		g.start()
	}
	hand(2000)
	hand(2000)
	waitFor(t, "both sendings", func() bool { return arrivals(2000) == 2 })
}

// read reads from a connection until a text comes.
func read(t *testing.T, conn net.Conn, until string) {
	t.Helper()
	_ = conn.SetReadDeadline(time.Now().Add(time.Minute))
	var all []byte
	for !strings.Contains(string(all), until) {
		part := make([]byte, 4096)
		n, err := conn.Read(part)
		if err != nil {
			t.Fatalf("%q: %v", all, err)
		}
		all = append(all, part[:n]...)
	}
}
