package test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"regexp"
	"strings"
	"testing"
	"time"

	"postvern.example/internal/sink"
)

// What clients write into MAIL and RCPT, beside an address that is in order.
// None of it may become a command, another recipient or a field upstream.
var hostileParameters = []struct{ mail, rcpt string }{
	{"", ""},
	{" ENVID=a+0D+0ARCPT+20TO:<evil@evil.example>", ""},
	{" ENVID=+0D+0A.+0D+0A", " ORCPT=rfc822;a+0D+0ARCPT+20TO:+3Cevil@evil.example+3E"},
	{" ENVID=" + strings.Repeat("+0A", 33), ""},
	{" ENVID=" + strings.Repeat("e", 2000), ""},
	{" ENVID=a ENVID=evil@evil.example", ""},
	{" RET=HDRS RET=FULL", " NOTIFY=NEVER NOTIFY=SUCCESS"},
	{" RET=FULL\x0bRCPT", ""},
	{" SIZE=10 SIZE=99999999999999999999", ""},
	{" SIZE=-1", ""},
	{" AUTH=evil@evil.example", ""},
	{" AUTH=<>", ""},
	{" AUTH=+0D+0Aevil", ""},
	{" BODY=BINARYMIME", ""},
	{" BODY=8BITMIME BODY=7BIT", ""},
	{" SMTPUTF8=evil", ""},
	{" REQUIRETLS", ""},
	{" MT-PRIORITY=9", " BY=120;R"},
	{" XORIG=evil@evil.example", " XRCPT=evil@evil.example"},
	{" BY=120;R", ""},
	{"\tENVID=x", "\tNOTIFY=NEVER"},
	{"> <evil@evil.example", "> RCPT TO:<evil@evil.example"},
	{"", ",<evil@evil.example>"},
	{"", " <evil@evil.example>"},
	{"", " ORCPT=rfc822;evil@evil.example> RCPT TO:<evil@evil.example"},
	{"", " ORCPT=;evil@evil.example"},
	{"", " ORCPT=rfc822;" + strings.Repeat("a", 3000)},
	{"", " ORCPT=utf-8;\\x{D}\\x{A}evil@evil.example"},
	{"", " NOTIFY=SUCCESS,NEVER"},
	{"", " NOTIFY=,,,"},
	{"", " RRVS=2014-04-03T23:01:00Z;C"},
}

// What may be said upstream: words, paths and parameters, and one of each on a
// line.
var cleanCommand = regexp.MustCompile(`^(EHLO \S+|RSET|QUIT|DATA|BDAT \d+( LAST)?|MAIL FROM:<[!-~]*>( [A-Z0-9-]+(=[!-~]+)?)*|RCPT TO:<[!-~]+>( [A-Z0-9-]+(=[!-~]+)?)*)$`)

func TestWhatStandsInParametersBecomesNoCommandUpstream(t *testing.T) {
	g := gateway(t, nil)
	conn, err := net.Dial("tcp", g.trust)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(60 * time.Second))
	in := bufio.NewReader(conn)
	say := func(text string) string {
		t.Helper()
		if _, err := io.WriteString(conn, text); err != nil {
			t.Fatal(err)
		}
		for {
			line, err := in.ReadString('\n')
			if err != nil {
				t.Fatalf("after %.60q: %q, %v", text, line, err)
			}
			if len(line) > 3 && line[3] == ' ' {
				return line
			}
		}
	}
	say("")
	say("EHLO pc.example\r\n")
	taken := 0
	for n, p := range hostileParameters {
		say("RSET\r\n")
		if reply := say("MAIL FROM:<anna.holm@region.example>" + p.mail + "\r\n"); reply[0] != '2' {
			say("RSET\r\n")
			say("MAIL FROM:<anna.holm@region.example>\r\n")
		}
		if reply := say("RCPT TO:<bo@mail.example>" + p.rcpt + "\r\n"); reply[0] != '2' {
			say("RCPT TO:<bo@mail.example>\r\n")
		}
		if reply := say("DATA\r\n"); reply[0] != '3' {
			t.Fatalf("%q: %q", p, reply)
		}
		if reply := say(fmt.Sprintf("From: anna.holm@region.example\r\nTo: bo@mail.example\r\nSubject: %d\r\n\r\nhej\r\n.\r\n", n)); reply[0] == '2' {
			taken++
		}
	}
	if taken != len(hostileParameters) {
		t.Fatalf("%d of %d mails were taken", taken, len(hostileParameters))
	}
	for _, m := range g.arrived(taken) {
		if to := m.Recipients(); len(to) != 1 || to[0] != "bo@mail.example" || m.From != "anna.holm@region.example" {
			t.Errorf("from %q to %q", m.From, to)
		}
		if strings.Contains(string(m.Content), "evil") {
			t.Errorf("the mail has it:\n%s", m.Content)
		}
	}
	for _, command := range g.upstream.Commands() {
		if !cleanCommand.MatchString(command) || strings.Contains(command, "<evil") {
			t.Errorf("upstream heard %q", command)
		}
	}
}

// TestWhatWasAskedForInAReportBecomesNoField has the upstream refuse, so that a
// report quotes what the client wrote into the parameters.
func TestWhatWasAskedForInAReportBecomesNoField(t *testing.T) {
	g := install(t, nil, sink.Config{Faults: []sink.Fault{{At: sink.AtRCPT, Reply: "550 5.1.1 evil\x0bBcc: evil@evil.example", Times: 1}}})
	g.start()
	conn, err := net.Dial("tcp", g.trust)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(60 * time.Second))
	in := bufio.NewReader(conn)
	for _, line := range []string{
		"", "HELO pc.example", "MAIL FROM:<anna.holm@region.example> RET=FULL ENVID=Bcc:evil@evil.example", "RCPT TO:<bo@mail.example> ORCPT=rfc822;bo+2CBcc:evil@evil.example",
		"DATA", "From: anna.holm@region.example\r\nTo: bo@mail.example\r\nSubject: Hej\r\n\r\nhej\r\n.",
	} {
		if line != "" {
			_, _ = io.WriteString(conn, line+"\r\n")
		}
		if reply, err := in.ReadString('\n'); err != nil || reply[0] > '3' {
			t.Fatalf("%q: %q, %v", line, reply, err)
		}
	}
	report := g.arrived(1)[0]
	for _, line := range strings.Split(string(report.Content), "\r\n") {
		if strings.HasPrefix(strings.ToLower(line), "bcc:") || strings.ContainsAny(line, "\x0b\r\n") {
			t.Errorf("the report has the line %q", line)
		}
	}
	if to := report.Recipients(); len(to) != 1 || to[0] != "anna.holm@region.example" || report.From != "" {
		t.Errorf("the report goes from %q to %q", report.From, to)
	}
}
