package relay_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"postvern.example/internal/sink"
	"postvern.example/proxy/spool"
)

func TestEachFaultHasItsOutcome(t *testing.T) {
	const bo, eva = "bo@hjemme.example", "eva@hjemme.example"
	long := letter + strings.Repeat("Et langt brev med mange linjer.\r\n", 200000)
	type copies map[string]spool.Result
	for _, c := range []struct {
		name    string
		fault   sink.Fault
		content string
		want    copies
		kept    int    // messages at the upstream
		told    string // recipients that Anna hears of
		reply   string // in Bo's outcome
	}{
		{name: "no fault", want: copies{bo: spool.Delivered, eva: spool.Delivered}, kept: 1, reply: "250 2.0.0 Ok"},
		{name: "4xx to MAIL", fault: sink.Fault{At: sink.AtMAIL, Reply: "451 4.3.0 later"}, want: copies{bo: spool.Deferred, eva: spool.Deferred}, reply: "451 4.3.0 later"},
		{name: "5xx to MAIL", fault: sink.Fault{At: sink.AtMAIL, Reply: "550 5.7.1 no"}, want: copies{bo: spool.Failed, eva: spool.Failed}, told: bo + " " + eva},
		{name: "login wanted", fault: sink.Fault{At: sink.AtMAIL, Reply: "530 5.7.0 Authentication required"}, want: copies{bo: spool.Deferred, eva: spool.Deferred}},
		{name: "4xx to one RCPT", fault: sink.Fault{At: sink.AtRCPT, Recipient: bo, Reply: "450 4.2.1 greylisted"}, want: copies{bo: spool.Deferred, eva: spool.Delivered}, kept: 1},
		{name: "5xx to one RCPT", fault: sink.Fault{At: sink.AtRCPT, Recipient: bo, Reply: "550-5.1.1 <bo@hjemme.example>:\r\n550 5.1.1 bo unknown"}, want: copies{bo: spool.Failed, eva: spool.Delivered}, kept: 1, told: bo, reply: "550 5.1.1 ***: *** unknown"},
		{name: "5xx to every RCPT", fault: sink.Fault{At: sink.AtRCPT, Reply: "550 5.1.1 unknown"}, want: copies{bo: spool.Failed, eva: spool.Failed}, told: bo + " " + eva},
		{name: "421 to RCPT", fault: sink.Fault{At: sink.AtRCPT, Recipient: eva, Reply: "421 4.3.2 bye", Drop: true}, want: copies{bo: spool.Deferred, eva: spool.Deferred}},
		{name: "4xx to DATA", fault: sink.Fault{At: sink.AtDATA, Reply: "451 4.3.0 later"}, want: copies{bo: spool.Deferred, eva: spool.Deferred}},
		{name: "5xx to DATA", fault: sink.Fault{At: sink.AtDATA, Reply: "554 5.7.1 no"}, want: copies{bo: spool.Failed, eva: spool.Failed}, told: bo + " " + eva},
		{name: "2xx to DATA", fault: sink.Fault{At: sink.AtDATA, Reply: "250 fine"}, want: copies{bo: spool.Deferred, eva: spool.Deferred}},
		{name: "4xx at the end", fault: sink.Fault{At: sink.AtEnd, Reply: "452 4.3.1 full"}, want: copies{bo: spool.Deferred, eva: spool.Deferred}},
		{name: "5xx at the end", fault: sink.Fault{At: sink.AtEnd, Reply: "554 5.6.0 Subject 'Hemmelig sag' has 010190-1234"}, want: copies{bo: spool.Failed, eva: spool.Failed}, told: bo + " " + eva, reply: "554 5.6.0 Subject *** has ***"},
		{name: "cut in the data", fault: sink.Fault{At: sink.InData, Drop: true}, content: long, want: copies{bo: spool.Deferred, eva: spool.Deferred}},
		{name: "552 in the data", fault: sink.Fault{At: sink.InData, Reply: "552 5.3.4 too big", Drop: true}, content: long, want: copies{bo: spool.Failed, eva: spool.Failed}, told: bo + " " + eva, reply: "552 5.3.4 too big"},
		{name: "deaf in the data", fault: sink.Fault{At: sink.InData, Delay: time.Hour}, content: long, want: copies{bo: spool.Deferred, eva: spool.Deferred}},
		{name: "lost 250", fault: sink.Fault{At: sink.AtEnd, Drop: true}, want: copies{bo: spool.Deferred, eva: spool.Deferred}, kept: 1},
		{name: "no 250", fault: sink.Fault{At: sink.AtEnd, Hang: true}, want: copies{bo: spool.Deferred, eva: spool.Deferred}, kept: 1, reply: "i/o timeout"},
		{name: "noise for a 250", fault: sink.Fault{At: sink.AtEnd, Reply: sink.Noise}, want: copies{bo: spool.Deferred, eva: spool.Deferred}, kept: 1, reply: "no SMTP reply"},
		{name: "354 for a 250", fault: sink.Fault{At: sink.AtEnd, Reply: "354 more"}, want: copies{bo: spool.Deferred, eva: spool.Deferred}, kept: 1},
		{name: "a long reply", fault: sink.Fault{At: sink.AtEnd, Reply: "250 " + strings.Repeat("x", 64<<10)}, want: copies{bo: spool.Delivered, eva: spool.Delivered}, kept: 1},
		{name: "a reply of many lines", fault: sink.Fault{At: sink.AtEnd, Reply: strings.Repeat("250-x\r\n", 2000) + "250 x"}, want: copies{bo: spool.Delivered, eva: spool.Delivered}, kept: 1},
		{name: "an endless reply", fault: sink.Fault{At: sink.AtEnd, Reply: "250 " + strings.Repeat("x", 2<<20)}, want: copies{bo: spool.Deferred, eva: spool.Deferred}, kept: 1},
		{name: "3xx to MAIL", fault: sink.Fault{At: sink.AtMAIL, Reply: "354 go ahead"}, want: copies{bo: spool.Deferred, eva: spool.Deferred}},
		{name: "3xx to RCPT", fault: sink.Fault{At: sink.AtRCPT, Recipient: bo, Reply: "354 go ahead"}, want: copies{bo: spool.Deferred, eva: spool.Deferred}},
		{name: "501 to one RCPT", fault: sink.Fault{At: sink.AtRCPT, Recipient: bo, Reply: "501 bad address"}, want: copies{bo: spool.Failed, eva: spool.Delivered}, kept: 1, told: bo},
		{name: "5.5.x to one RCPT", fault: sink.Fault{At: sink.AtRCPT, Recipient: bo, Reply: "554 5.5.0 no"}, want: copies{bo: spool.Failed, eva: spool.Delivered}, kept: 1, told: bo},
		{name: "a slow 250", fault: sink.Fault{At: sink.AtEnd, Delay: 100 * time.Millisecond}, want: copies{bo: spool.Delivered, eva: spool.Delivered}, kept: 1},
		{name: "421 at once", fault: sink.Fault{At: sink.AtConnect, Reply: "421 4.3.2 busy", Drop: true}, want: copies{bo: spool.Deferred, eva: spool.Deferred}, reply: "busy"},
		{name: "554 at once", fault: sink.Fault{At: sink.AtConnect, Reply: "554 5.3.2 not for you", Drop: true}, want: copies{bo: spool.Deferred, eva: spool.Deferred}},
		{name: "noise at once", fault: sink.Fault{At: sink.AtConnect, Reply: sink.Noise}, want: copies{bo: spool.Deferred, eva: spool.Deferred}},
		{name: "silence at once", fault: sink.Fault{At: sink.AtConnect, Hang: true}, want: copies{bo: spool.Deferred, eva: spool.Deferred}},
		{name: "EHLO refused", fault: sink.Fault{At: sink.AtEHLO, Reply: "550 5.7.1 bad name"}, want: copies{bo: spool.Deferred, eva: spool.Deferred}},
		{name: "EHLO unknown, HELO taken", fault: sink.Fault{At: sink.AtEHLO, Times: 1, Reply: "502 5.5.1 what"}, want: copies{bo: spool.Delivered, eva: spool.Delivered}, kept: 1},
	} {
		for _, extensions := range [][]string{sink.Extensions(), {}, without("CHUNKING"), without("PIPELINING")} {
			if c.name == "2xx to DATA" && slices.Contains(extensions, "CHUNKING") {
				continue // to a chunk that is no fault
			}
			t.Run(fmt.Sprintf("%s, offering %v", c.name, extensions), func(t *testing.T) {
				t.Parallel()
				var faults []sink.Fault
				if c.fault.At != "" {
					faults = append(faults, c.fault)
				}
				s := startSink(t, sink.Config{Extensions: extensions, Faults: faults})
				d := delivery(bo, eva)
				if c.content != "" {
					d.Content = []byte(c.content)
				}
				q := newQueue(d)
				cfg := config(s, q)
				if c.fault.Hang || c.fault.Delay > time.Second || c.fault.Reply == sink.Noise {
					cfg = impatient(cfg)
				}
				stop := run(t, cfg)
				got := copies{}
				for _, o := range q.wait(t, 2) {
					to := o.Copy[2:]
					got[to] = o.Result
					if to == bo && !strings.Contains(o.Reply, c.reply) {
						t.Errorf("reply is %q, want %q", o.Reply, c.reply)
					}
					if strings.Contains(o.Reply, "@") {
						t.Errorf("reply %q holds an address", o.Reply)
					}
				}
				stop()
				if got[bo] != c.want[bo] || got[eva] != c.want[eva] {
					t.Errorf("outcomes are %v, want %v", got, c.want)
				}
				messages := s.Messages()
				if len(messages) != c.kept {
					t.Errorf("upstream has %d messages, want %d", len(messages), c.kept)
				}
				for _, m := range messages {
					if string(m.Content) != string(d.Content) {
						t.Errorf("content arrived as %q", m.Content)
					}
				}
				if got := recipientsTold(t, q.told()); got != c.told {
					t.Errorf("Anna hears of %q, want %q", got, c.told)
				}
			})
		}
	}
}

// without returns what a sink offers but for one extension.
func without(extension string) []string {
	return slices.DeleteFunc(sink.Extensions(), func(e string) bool { return e == extension })
}

func TestALost250IsSentAgain(t *testing.T) {
	s := startSink(t, sink.Config{Faults: []sink.Fault{{At: sink.AtEnd, Drop: true, Times: 2}}})
	q := newQueue(delivery("bo@hjemme.example"))
	q.attempts = 5
	run(t, config(s, q))
	outcomes := q.wait(t, 3)
	if outcomes[2].Result != spool.Delivered || len(s.Messages()) != 3 {
		t.Errorf("%+v, %d messages", outcomes, len(s.Messages()))
	}
}

func TestTheFirstRetryComesWithinFiveSeconds(t *testing.T) {
	s := startSink(t, sink.Config{Faults: []sink.Fault{{At: sink.AtRCPT, Reply: "450 later"}}})
	q := newQueue(delivery("bo@hjemme.example"))
	q.attempts = 0
	run(t, config(s, q))
	o := q.wait(t, 1)[0]
	if in := time.Until(o.Retry); in <= 0 || in > 5*time.Second {
		t.Errorf("retry in %s", in)
	}
}

func TestWhatCannotBeSentNeverIs(t *testing.T) {
	const bo = "bo@hjemme.example"
	all := sink.Extensions()
	narrow := without("SMTPUTF8")
	for _, c := range []struct {
		name       string
		extensions []string
		size       int64
		change     func(*spool.Delivery)
		want       spool.Result
		reply      string
		to         string // as it arrives
	}{
		{"bare LF", all, 0, func(d *spool.Delivery) { d.Content = []byte("a: b\r\n\r\nx\n.\nMAIL FROM:<>\r\n") }, spool.Failed, "554 5.6.0", ""},
		{"bare CR", all, 0, func(d *spool.Delivery) { d.Content = []byte("a: b\r\n\r\nx\r.\rMAIL\r\n") }, spool.Failed, "554 5.6.0", ""},
		{"CR CR LF", all, 0, func(d *spool.Delivery) { d.Content = []byte("a: b\r\n\r\nx\r\r\n.\r\n") }, spool.Failed, "554 5.6.0", ""},
		{"NUL", all, 0, func(d *spool.Delivery) { d.Content = []byte("a: b\r\n\r\nx\x00\r\n") }, spool.Failed, "554 5.6.0", ""},
		{"too large", all, 20, nil, spool.Failed, "552 5.3.4", ""},
		{"a line break in the address", all, 0, func(d *spool.Delivery) { d.Copies[0].To = "bo@x.example>\r\nRCPT TO:<eva@x.example" }, spool.Failed, "553 5.1.3", ""},
		{"a bracket in the address", all, 0, func(d *spool.Delivery) { d.Copies[0].To = "bo@x.example> NOTIFY=NEVER <" }, spool.Failed, "553 5.1.3", ""},
		{"a bracket in the sender", all, 0, func(d *spool.Delivery) { d.Copies[0].From = "anna@x.example> SIZE=1" }, spool.Failed, "553 5.1.3", ""},
		{"a quoted local part", all, 0, func(d *spool.Delivery) { d.Copies[0].To = `"b> o"@x.example` }, spool.Delivered, "250", `"b> o"@x.example`},
		{"letters in the local part, offered", all, 0, func(d *spool.Delivery) { d.Copies[0].To = "bjørn@x.example" }, spool.Delivered, "250", "bjørn@x.example"},
		{"letters in the local part, not offered", narrow, 0, func(d *spool.Delivery) { d.Copies[0].To = "bjørn@x.example" }, spool.Failed, "550 5.6.7", ""},
		{"letters in the domain, not offered", narrow, 0, func(d *spool.Delivery) { d.Copies[0].To = "bo@smørrebrød.example" }, spool.Delivered, "250", "bo@xn--smrrebrd-64af.example"},
		{"SMTPUTF8 asked for without need, not offered", narrow, 0, func(d *spool.Delivery) { d.Copies[0].UTF8 = true }, spool.Delivered, "250", bo},
		{"SMTPUTF8 header, not offered", narrow, 0, func(d *spool.Delivery) {
			d.Copies[0].UTF8, d.Content = true, []byte("Subject: Året\r\n\r\nx\r\n")
		}, spool.Failed, "550 5.6.9", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := startSink(t, sink.Config{Extensions: c.extensions, Size: c.size})
			d := delivery(bo)
			if c.change != nil {
				c.change(&d)
			}
			q := newQueue(d)
			stop := run(t, config(s, q))
			o := q.wait(t, 1)[0]
			stop()
			if o.Result != c.want || !strings.HasPrefix(o.Reply, c.reply) {
				t.Errorf("outcome is %+v, want %s %s", o, c.want, c.reply)
			}
			var to string
			for _, m := range s.Messages() {
				to += strings.Join(m.Recipients(), ",")
			}
			if to != c.to {
				t.Errorf("upstream has mail for %q, want %q", to, c.to)
			}
			if told := len(q.told()); told != map[bool]int{true: 1}[c.want == spool.Failed] && d.Copies[0].To == bo {
				t.Errorf("%d reports", told)
			}
		})
	}
}

func TestParametersFollowWhatTheUpstreamOffers(t *testing.T) {
	change := func(d *spool.Delivery) {
		c := &d.Copies[0]
		c.EightBit, c.Return, c.EnvelopeID = true, "HDRS", "a+b c"
		c.Notify, c.Original = []string{"SUCCESS", "FAILURE"}, "rfc822;Bo+40hjemme.example"
	}
	for _, c := range []struct {
		extensions []string
		mail, rcpt string
	}{
		{sink.Extensions(), "MAIL FROM:<anna.holm@region.example> BODY=8BITMIME SIZE=156 RET=HDRS ENVID=a+2Bb+20c", "RCPT TO:<bo@hjemme.example> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;Bo+40hjemme.example"},
		{[]string{}, "MAIL FROM:<anna.holm@region.example>", "RCPT TO:<bo@hjemme.example>"},
	} {
		s := startSink(t, sink.Config{Extensions: c.extensions})
		d := delivery("bo@hjemme.example")
		change(&d)
		q := newQueue(d)
		run(t, config(s, q))
		q.wait(t, 1)
		for _, want := range []string{"EHLO mail.forening.example", c.mail, c.rcpt} {
			if !slices.Contains(s.Commands(), want) {
				t.Errorf("no %q in %q", want, s.Commands())
			}
		}
	}
}
