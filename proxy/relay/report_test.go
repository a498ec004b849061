package relay_test

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"slices"
	"strings"
	"testing"
	"time"

	"postvern.example/internal/sink"
	"postvern.example/proxy/relay"
	"postvern.example/proxy/spool"
)

// report is a delivery status notification as a mail program reads it.
type report struct {
	header mail.Header
	parts  []string // media types
	text   string
	status string
	raw    string
}

func read(t *testing.T, p spool.Parcel) report {
	t.Helper()
	raw := p.Bodies[0].Content
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	media, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || media != "multipart/report" || params["report-type"] != "delivery-status" {
		t.Fatalf("type is %s %v, %v", media, params, err)
	}
	r := report{header: m.Header, raw: string(raw)}
	parts := multipart.NewReader(m.Body, params["boundary"])
	for {
		part, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			return r
		}
		if err != nil {
			t.Fatal(err)
		}
		var body io.Reader = part
		switch part.Header.Get("Content-Transfer-Encoding") {
		case "quoted-printable":
			body = quotedprintable.NewReader(part)
		case "base64":
			t.Fatal("the report's parts should be readable")
		}
		content, err := io.ReadAll(body)
		if err != nil {
			t.Fatal(err)
		}
		kind, _, _ := mime.ParseMediaType(part.Header.Get("Content-Type"))
		r.parts = append(r.parts, kind)
		switch kind {
		case "text/plain":
			r.text = string(content)
		case "message/delivery-status":
			r.status = string(content)
		}
	}
}

// recipientsTold returns the recipients that reports are about, sorted.
func recipientsTold(t *testing.T, parcels []spool.Parcel) string {
	t.Helper()
	var out []string
	for _, p := range parcels {
		_, rest, _ := strings.Cut(read(t, p).status, "Final-Recipient: rfc822; ")
		to, _, _ := strings.Cut(rest, "\r\n")
		out = append(out, to)
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

func TestAReportTellsItsSenderAndNobodyElse(t *testing.T) {
	for language, words := range map[string]string{
		"da": "blev ikke leveret til bo@hjemme.example.", "nb": "ble ikke levert til bo@hjemme.example.",
		"nn": "vart ikkje levert til bo@hjemme.example.", "sv": "levererades inte till bo@hjemme.example.",
		"en": "was not delivered to bo@hjemme.example.", "": "was not delivered to bo@hjemme.example.",
	} {
		s := startSink(t, sink.Config{Faults: []sink.Fault{{At: sink.AtRCPT, Recipient: "bo@hjemme.example", Reply: "550 5.1.1 <bo@hjemme.example> unknown, see 010190-1234"}}})
		d := delivery("eva@hjemme.example", "bo@hjemme.example")
		for i := range d.Copies {
			d.Copies[i].Language, d.Copies[i].EnvelopeID, d.Copies[i].Original = language, "QQ 314", "rfc822;bo@hjemme.example"
		}
		q := newQueue(d)
		cfg := config(s, q)
		cfg.Reporter = relay.Reporter{Contact: "dpo@forening.example", Organisation: "Dansk Psykolog Forening"}
		run(t, cfg)
		q.wait(t, 2)
		parcels := q.told()
		if len(parcels) != 1 {
			t.Fatalf("%d reports", len(parcels))
		}
		p, r := parcels[0], read(t, parcels[0])
		c := p.Copies[0]
		if c.Class != spool.Report || c.From != "" || c.To != "anna.holm@region.example" || c.Sender != "" || c.State != spool.Queued || p.Reference != "PV-7K3F9Q" {
			t.Errorf("copy is %+v", c)
		}
		if !strings.Contains(r.text, words) || !strings.Contains(r.text, "dpo@forening.example") || !strings.Contains(r.text, "PV-7K3F9Q") {
			t.Errorf("%s: text is %q", language, r.text)
		}
		for _, want := range []string{
			"Original-Envelope-Id: QQ+20314\r\n", "Reporting-MTA: dns; mail.forening.example\r\n", "\r\n\r\nOriginal-Recipient: rfc822; bo@hjemme.example\r\n",
			"Final-Recipient: rfc822; bo@hjemme.example\r\n", "Action: failed\r\n", "Status: 5.1.1\r\n",
			"Diagnostic-Code: smtp; 550 5.1.1 *** unknown, see ***\r\n",
		} {
			if !strings.Contains(r.status, want) {
				t.Errorf("%s: no %q in %q", language, want, r.status)
			}
		}
		for _, secret := range []string{"Hemmelig", "Fortroligt", "eva@", "010190"} {
			if strings.Contains(r.raw, secret) || strings.Contains(r.text, secret) {
				t.Errorf("%s: the report holds %q", language, secret)
			}
		}
		if got := strings.Join(r.parts, " "); got != "text/plain message/delivery-status text/rfc822-headers" {
			t.Errorf("parts are %s", got)
		}
		if r.header.Get("Auto-Submitted") != "auto-replied" || r.header.Get("To") != "anna.holm@region.example" {
			t.Errorf("header is %v", r.header)
		}
	}
}

func TestTheSenderIsToldWhatTheyAskedFor(t *testing.T) {
	narrow := slices.DeleteFunc(sink.Extensions(), func(e string) bool { return e == "DSN" })
	refuse := []sink.Fault{{At: sink.AtRCPT, Reply: "550 5.1.1 unknown"}}
	postpone := []sink.Fault{{At: sink.AtRCPT, Reply: "450 4.2.0 later"}}
	for _, c := range []struct {
		name       string
		extensions []string
		faults     []sink.Fault
		age        time.Duration
		change     func(*spool.Copy)
		action     string // "" is no report
		result     spool.Result
	}{
		{"failure by default", nil, refuse, 0, nil, "failed", spool.Failed},
		{"failure, never", nil, refuse, 0, func(c *spool.Copy) { c.Notify = []string{"NEVER"} }, "", spool.Failed},
		{"failure, only success", nil, refuse, 0, func(c *spool.Copy) { c.Notify = []string{"SUCCESS"} }, "", spool.Failed},
		{"failure of a report", nil, refuse, 0, func(c *spool.Copy) { c.Class, c.From, c.Sender = spool.Report, "", "" }, "", spool.Failed},
		{"failure of a notice with a sender", nil, refuse, 0, func(c *spool.Copy) { c.Class = spool.Notice }, "", spool.Failed},
		{"failure from the null sender", nil, refuse, 0, func(c *spool.Copy) { c.From = "" }, "", spool.Failed},
		{"success by default", narrow, nil, 0, nil, "", spool.Delivered},
		{"success where the upstream has DSN", nil, nil, 0, func(c *spool.Copy) { c.Notify = []string{"SUCCESS"} }, "", spool.Delivered},
		{"success where it has not", narrow, nil, 0, func(c *spool.Copy) { c.Notify = []string{"SUCCESS"} }, "relayed", spool.Delivered},
		{"a young delay", nil, postpone, 3 * time.Hour, nil, "", spool.Deferred},
		{"an old delay", nil, postpone, 5 * time.Hour, nil, "delayed", spool.Deferred},
		{"a delay after a long outage of the gateway", nil, postpone, 30 * time.Hour, nil, "delayed", spool.Deferred},
		{"a delay, not asked for", nil, postpone, 5 * time.Hour, func(c *spool.Copy) { c.Notify = []string{"FAILURE"} }, "", spool.Deferred},
		{"time over", nil, postpone, 49 * time.Hour, nil, "failed", spool.Failed},
		{"time over, but nobody could try", nil, postpone, 49 * time.Hour, nil, "delayed", spool.Deferred},
		{"time over, but delivered", nil, nil, 49 * time.Hour, nil, "", spool.Delivered},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := startSink(t, sink.Config{Extensions: c.extensions, Faults: c.faults})
			d := delivery("bo@hjemme.example")
			d.Received = d.Received.Add(-c.age)
			if c.result == spool.Failed {
				d.Attempt = 100
			}
			if c.change != nil {
				c.change(&d.Copies[0])
			}
			q := newQueue(d)
			stop := run(t, config(s, q))
			o := q.wait(t, 1)[0]
			stop()
			if o.Result != c.result {
				t.Errorf("outcome is %+v", o)
			}
			parcels := q.told()
			if len(parcels) == 0 && c.action == "" {
				return
			}
			if len(parcels) != 1 || !strings.Contains(read(t, parcels[0]).status, "Action: "+c.action+"\r\n") {
				t.Errorf("%d reports, want %q", len(parcels), c.action)
			}
		})
	}
}

func TestADelayIsToldOnce(t *testing.T) {
	s := startSink(t, sink.Config{Faults: []sink.Fault{{At: sink.AtRCPT, Reply: "450 4.2.0 later"}}})
	d := delivery("bo@hjemme.example")
	d.Received = d.Received.Add(-5 * time.Hour)
	q := newQueue(d)
	q.attempts = 4
	run(t, config(s, q))
	q.wait(t, 4)
	if n := len(q.told()); n != 1 {
		t.Errorf("%d warnings", n)
	}
}

func TestAReleasedCopyHasAllItsTime(t *testing.T) {
	s := startSink(t, sink.Config{Faults: []sink.Fault{{At: sink.AtRCPT, Reply: "450 4.2.0 later"}}})
	d := delivery("bo@hjemme.example")
	d.Copies[0].Released, d.Received = d.Received, d.Received.Add(-200*time.Hour)
	q := newQueue(d)
	run(t, config(s, q))
	if o := q.wait(t, 1)[0]; o.Result != spool.Deferred || len(q.told()) != 0 {
		t.Errorf("outcome is %+v", o)
	}
}

func TestAReportOnOtherLettersIsStillASCII(t *testing.T) {
	s := startSink(t, sink.Config{Faults: []sink.Fault{{At: sink.AtRCPT, Reply: "550 5.1.1 unknown"}}})
	q := newQueue(delivery("bjørn@hjemme.example"))
	run(t, config(s, q))
	q.wait(t, 1)
	if r := read(t, q.told()[0]); !strings.Contains(r.status, `Final-Recipient: utf-8; bj\x{F8}rn@hjemme.example`) {
		t.Errorf("status is %q", r.status)
	}
}
