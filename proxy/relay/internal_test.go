package relay

import (
	"bufio"
	"errors"
	"strings"
	"testing"
	"time"

	"postvern.example/proxy/spool"
)

func TestWaitGrowsWithAgeAndAttemptsUpToItsLimit(t *testing.T) {
	for _, c := range []struct {
		age       time.Duration
		attempt   int
		most      time.Duration
		low, high time.Duration
	}{
		{0, 1, longestWait, 1500 * time.Millisecond, 2500 * time.Millisecond},
		{time.Hour, 1, longestWait, 1500 * time.Millisecond, 2500 * time.Millisecond},
		{2 * time.Second, 2, longestWait, 1500 * time.Millisecond, 2500 * time.Millisecond},
		{8 * time.Second, 4, longestWait, 6 * time.Second, 10 * time.Second},
		{10 * time.Hour, 40, longestWait, 22 * time.Minute, 38 * time.Minute},
		{10 * time.Hour, 40, outageWait, 3 * time.Minute, 7 * time.Minute},
		{-time.Hour, 0, longestWait, time.Second, 3 * time.Second},
		{-time.Hour, 6, longestWait, 48 * time.Second, 80 * time.Second},
		{-time.Hour, 40, longestWait, 22 * time.Minute, 38 * time.Minute},
	} {
		for range 100 {
			if got := wait(c.age, c.attempt, c.most); got < c.low || got > c.high {
				t.Fatalf("age %s, attempt %d: %s", c.age, c.attempt, got)
			}
		}
	}
}

func TestMaskLeavesNothingPersonal(t *testing.T) {
	for text, want := range map[string]string{
		"<bo.berg@hjemme.example>: Recipient address rejected": "***: Recipient address rejected",
		"bo.berg@hjemme.example unknown":                       "*** unknown",
		"User Bo.Berg is unknown (bo.bergen is not)":           "User *** is unknown (bo.bergen is not)",
		"bo.berg":                                        "***",
		`mailbox "Bo Berg" full`:                         "mailbox *** full",
		"subject 'Fyring af Bo' rejected":                "subject *** rejected",
		"can't deliver, doesn't exist":                   "can't deliver, doesn't exist",
		"contains 010190-1234 and 010190 1234":           "contains *** and ***",
		"contains 131052-308T":                           "contains ***",
		"host 192.0.2.17 blocked":                        "host 192.0.2.17 blocked",
		"greet upstream: SMTP error 554: 454 4.7.0 no":   "greet upstream: SMTP error 554: 454 4.7.0 no",
		"queued as 4F2A6E1B09":                           "queued as 4F2A6E1B09",
		"bjørn\x00\r\n\t\x1b[31m red":                    "bj?rn? ?[31m red",
		strings.Repeat("word ", 100):                     strings.Repeat("word ", 60) + "...",
		"https://x.example/?p=NoSuchUser a1-20020a05.22": "https://x.example/?p=NoSuchUser a***a05.22",
	} {
		if got := mask(text, "bo.berg@hjemme.example"); got != want {
			t.Errorf("mask(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestRepliesAreReadStrictly(t *testing.T) {
	for text, want := range map[string]reply{
		"250 ok\r\n":                         {250, "", "ok"},
		"250\r\n":                            {250, "", ""},
		"250 2.1.0 ok\n":                     {250, "2.1.0", "ok"},
		"250-2.1.0 one\r\n250 2.1.0 two\r\n": {250, "2.1.0", "one two"},
		"550 4.1.1 class of another\r\n":     {550, "", "4.1.1 class of another"},
		"550 5.1 short\r\n":                  {550, "", "5.1 short"},
		"550 5.1.x no\r\n":                   {550, "", "5.1.x no"},
		"250-a\r\n550 b\r\n":                 {},
		"25 x\r\n":                           {},
		"2500 x\r\n":                         {},
		"650 x\r\n":                          {},
		"hello\r\n":                          {},
		"250 " + strings.Repeat("x", 70000) + "\r\n":                    {250, "", strings.Repeat("x", maxReplyLine-4)},
		strings.Repeat("250-x\r\n", 200) + "250 y\r\n":                  {250, "", strings.TrimSpace(strings.Repeat("x ", maxReplyLines))},
		"250-" + strings.Repeat("x", 70000) + "\r\n550 no\r\n":          {},
		"250 " + strings.Repeat("x", maxReply) + "\r\n":                 {},
		strings.Repeat("250-x\r\n", maxReply/7) + "250 " + "y\r\n" + "": {},
	} {
		got, err := readReply(bufio.NewReaderSize(strings.NewReader(text), maxReplyLine))
		if got != want || (want == reply{}) != errors.Is(err, errGarbled) {
			t.Errorf("%.40q is %+v, %v; want %+v", text, got, err, want)
		}
	}
	if _, err := readReply(bufio.NewReader(strings.NewReader("250-half\r\n"))); err == nil {
		t.Error("half a reply was read")
	}
}

func TestXtextAndOriginalRecipient(t *testing.T) {
	if got := xtext("a+b=c d\xc3\xb8"); got != "a+2Bb+3Dc+20d+C3+B8" {
		t.Errorf("xtext is %q", got)
	}
	for original, want := range map[string]bool{
		"rfc822;bo@x.example": true, "": false, "bo@x.example": false, "rfc822;bo x": false, "rfc822;bo\r\nRCPT": false,
		"utf-8;bjørn@x.example": false, "rfc822;" + strings.Repeat("x", 600): false,
	} {
		if got := validOriginal(original, false); got != want {
			t.Errorf("%q: %t", original, got)
		}
	}
}

func TestOnlyAPlainMessageIDIsQuoted(t *testing.T) {
	for content, want := range map[string]string{
		"Message-ID: <a@b>\r\n\r\nx":           "<a@b>",
		"message-id:<a@b>\r\n\r\nx":            "<a@b>",
		"Subject: x\r\n\r\nMessage-ID: <a@b>":  "",
		"Message-ID: <a b@c>\r\n\r\n":          "",
		"Message-ID: <ø@c>\r\n\r\n":            "",
		"Message-ID:\r\n <a@b>\r\n\r\n":        "",
		"Message-ID: Hemmelig\r\n\r\n":         "",
		"\r\nMessage-ID: <body@b>\r\n\r\nbody": "",
	} {
		if got := messageID([]byte(content)); got != want {
			t.Errorf("%q: %q, want %q", content, got, want)
		}
	}
}

func TestEveryLanguageHasEveryWord(t *testing.T) {
	for _, w := range allWords {
		for _, about := range []subject{aboutFailed, aboutExpired, aboutDelayed, aboutRelayed} {
			for _, cause := range []cause{causeAddress, causeFull, causeSize, causeLetters, causePolicy, causeRefused, causeAway, causeTLS, causeRelayed, causeDamaged} {
				text := w.text(about, facts{recipient: "bo@x.example", date: "2026", reply: "no", reference: "PV-1", contact: "dpo@x.example", hours: 48, cause: cause})
				first, _, _ := strings.Cut(text, "\n")
				if strings.ContainsAny(text, "{}") || w.subject(about, "PV-1") == "" || strings.Contains(w.subject(about, "PV-1"), "{") {
					t.Errorf("%s %s: %q", w.tag, about, text)
				}
				if n := strings.Count(first, ". ") + 1; n != 3 {
					t.Errorf("%s %s %s has %d sentences: %q", w.tag, about, cause, n, first)
				}
			}
		}
	}
}

func TestCausesFollowTheStatus(t *testing.T) {
	for want, replies := range map[cause][]reply{
		causeAddress: {{550, "5.1.1", ""}, {550, "5.2.1", ""}},
		causeFull:    {{452, "4.2.2", ""}},
		causeSize:    {{552, "5.3.4", ""}},
		causeLetters: {{550, "5.6.7", ""}, refuseHeader},
		causePolicy:  {{554, "5.7.1", ""}},
		causeRefused: {{550, "", ""}, {554, "5.6.0", ""}},
	} {
		for _, r := range replies {
			if got := causeOf(verdict{result: spool.Failed, reply: r}); got != want {
				t.Errorf("%v is %s, want %s", r, got, want)
			}
		}
	}
}

func FuzzAPathThatIsValidStaysBetweenItsBrackets(f *testing.F) {
	for _, seed := range []string{"bo@x.example", `"a> b"@x`, "a\r\nb", `"\`, "a>b", "ø@x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, address string) {
		if !validPath(address) {
			return
		}
		quoted := false
		for i := 0; i < len(address); i++ {
			switch {
			case address[i] == '\r' || address[i] == '\n' || address[i] == 0:
				t.Fatalf("%q has a control character", address)
			case quoted && address[i] == '\\':
				i++
			case address[i] == '"':
				quoted = !quoted
			case !quoted && (address[i] == '>' || address[i] == ' '):
				t.Fatalf("%q ends early", address)
			}
		}
		if quoted {
			t.Fatalf("%q does not end", address)
		}
	})
}

func TestTimeInWhichNobodyCouldTryIsNotSpent(t *testing.T) {
	for _, c := range []struct {
		name     string
		age      time.Duration
		attempts int
		low      time.Duration
		high     time.Duration
	}{
		{"the first attempt after a week", 7 * 24 * time.Hour, 1, 0, 0},
		{"the second", 7 * 24 * time.Hour, 2, time.Minute, 10 * time.Minute},
		{"two hours of attempts after a week", 7 * 24 * time.Hour, 12, time.Hour, 6 * time.Hour},
		{"two days of them", 7 * 24 * time.Hour, 110, 48 * time.Hour, 96 * time.Hour},
		{"a gateway that was never off", 30 * time.Hour, 60 + 9, 30 * time.Hour, 30 * time.Hour},
		{"an outage of the upstream", 30 * time.Hour, 360, 30 * time.Hour, 30 * time.Hour},
		{"a clock that was set back", -24 * time.Hour, 110, 48 * time.Hour, 96 * time.Hour},
	} {
		if got := spent(c.age, c.attempts); got < c.low || got > c.high {
			t.Errorf("%s: %s is spent, want between %s and %s", c.name, got, c.low, c.high)
		}
	}
}

func TestALimitOfRecipientsThatWasLearnedIsForgottenByAndBy(t *testing.T) {
	var l recipientLimit
	now := time.Now()
	want := func(n int) {
		t.Helper()
		if got := l.get(now); got != n {
			t.Errorf("%d recipients are sent at once, want %d", got, n)
		}
	}
	want(maxRecipients)
	l.set(0, now)
	want(1)
	now = now.Add(limitTime - time.Second)
	want(1)
	now = now.Add(time.Second)
	want(2)
	now = now.Add(2 * limitTime)
	want(8)
	l.set(3, now)
	want(3)
	now = now.Add(-time.Hour) // the clock was set back
	want(3)
	now = now.Add(limitTime)
	want(6)
	now = now.Add(1000 * time.Hour)
	want(maxRecipients)
}
