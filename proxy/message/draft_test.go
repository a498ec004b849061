package message

import (
	"bytes"
	"errors"
	"io"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"strings"
	"testing"
	"time"
)

func draft() Draft {
	return Draft{
		From: "Postvern <postvern@mail.union.example>", To: "Åsa Bø <aasa@region.example>, bo@region.example",
		Subject: "Din mail er holdt tilbage – PV-7K3F9Q", Date: time.Date(2026, 5, 4, 9, 0, 0, 0, time.FixedZone("", 7200)),
		MessageID: "<1@mail.union.example>", Language: "da", Text: "Kære Åsa,\n\nDin mail …\n.\nFrom her \nslut",
		Fields: [][2]string{{"Auto-Submitted", "auto-replied"}, {"Reply-To", "\"DPO, Forening\" <dpo@forening.example>"}, {"X-Empty", ""}},
	}
}

func TestADraftIsReadByOthersAsItWasMeant(t *testing.T) {
	for _, text := range []string{draft().Text, strings.Repeat("æøå ", 300), "", strings.Repeat("x", 5000), "a \r\nb\t\nc\rd"} {
		d := draft()
		d.Text = text
		raw, err := d.Build()
		if err != nil {
			t.Fatal(err)
		}
		m := read(t, string(raw))
		if len(m.Defects) > 0 || !isASCII(raw) || longestLine(raw) > 78 {
			t.Errorf("defects %q, ASCII %t, longest line %d", reasons(m), isASCII(raw), longestLine(raw))
		}
		want := string(canonicalLines([]byte(text)))
		content, err := m.Content(m.Root)
		if err != nil || string(content) != want {
			t.Errorf("got %q, %v, want %q", content, err, want)
		}
		std, err := mail.ReadMessage(bytes.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		to, err := std.Header.AddressList("To")
		if err != nil || len(to) != 2 || to[0].Name != "Åsa Bø" || to[1].Address != "bo@region.example" {
			t.Errorf("To: %v, %v", to, err)
		}
		if reply, err := std.Header.AddressList("Reply-To"); err != nil || reply[0].Name != "DPO, Forening" {
			t.Errorf("Reply-To: %v, %v", reply, err)
		}
		if got := m.Text(m.Root.Get("Subject")[0]); got != d.Subject {
			t.Errorf("Subject: %q", got)
		}
		if date, err := std.Header.Date(); err != nil || !date.Equal(d.Date) {
			t.Errorf("Date: %v, %v", date, err)
		}
		if len(m.Root.Get("X-Empty")) > 0 || len(m.Root.Get("Auto-Submitted")) != 1 || len(m.Root.Get("Content-Language")) != 1 {
			t.Errorf("fields: %q", m.Bytes(m.Root.Head))
		}
		if m.Root.Encoding == "quoted-printable" {
			std, err := io.ReadAll(quotedprintable.NewReader(bytes.NewReader(m.Bytes(m.Root.Body))))
			if err != nil || string(std) != want {
				t.Errorf("the standard library reads %q, %v, want %q", std, err, want)
			}
		}
	}
}

func TestADeliveryReportHasItsThreeParts(t *testing.T) {
	d := draft()
	d.Multipart, d.Params = "report", map[string]string{"report-type": "delivery-status"}
	d.Parts = []DraftPart{
		{MediaType: "message/delivery-status", Description: "Delivery report", Content: []byte("Reporting-MTA: dns; mail.union.example\n\nFinal-Recipient: rfc822; x@y.example\nAction: failed\nStatus: 5.1.1\n")},
		{MediaType: "text/rfc822-headers", Content: []byte("Subject: x\r\n")},
		{MediaType: "application/pdf", FileName: "møde.pdf", Content: []byte("%PDF\n\x00")},
	}
	raw, err := d.Build()
	if err != nil {
		t.Fatal(err)
	}
	m := read(t, string(raw))
	if len(m.Defects) > 0 || m.Root.MediaType != "multipart/report" || m.Root.Params["report-type"] != "delivery-status" || len(m.Root.Children) != 4 {
		t.Fatalf("%s", raw)
	}
	report := m.Root.Children[1]
	if report.MediaType != "message/delivery-status" || report.Encoding != "7bit" {
		t.Errorf("report: %+v", report)
	}
	file := m.Root.Children[3]
	if content, err := m.Content(file); err != nil || string(content) != "%PDF\n\x00" || file.FileName != "møde.pdf" || file.Disposition != "attachment" {
		t.Errorf("file: %q, %v, %+v", content, err, file)
	}
	reader := multipart.NewReader(bytes.NewReader(m.Bytes(m.Root.Body)), m.Root.Params["boundary"])
	for n := 0; ; n++ {
		if _, err := reader.NextRawPart(); errors.Is(err, io.EOF) {
			if n != 4 {
				t.Errorf("the standard library reads %d parts", n)
			}
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

func TestADraftThatCannotBeWrittenIsAnError(t *testing.T) {
	for name, change := range map[string]func(*Draft){
		"no sender":           func(d *Draft) { d.From = "" },
		"no recipient":        func(d *Draft) { d.To = " " },
		"half an address":     func(d *Draft) { d.To = "anna" },
		"a group":             func(d *Draft) { d.To = "TR: a@x.example;" },
		"no date":             func(d *Draft) { d.Date = time.Time{} },
		"injected recipient":  func(d *Draft) { d.To = "a@x.example\r\nBcc: b@x.example" },
		"injected name":       func(d *Draft) { d.From = "\"a\nb\" <a@x.example>" },
		"injected subject":    func(d *Draft) { d.Subject = "a\r\nBcc: b@x.example" },
		"injected field":      func(d *Draft) { d.Fields = [][2]string{{"X", "a\nb"}} },
		"injected field name": func(d *Draft) { d.Fields = [][2]string{{"X: a\r\nY", "b"}} },
		"injected reply-to":   func(d *Draft) { d.Fields = [][2]string{{"Reply-To", "a@x.example\r\nX: y"}} },
		"injected message ID": func(d *Draft) { d.MessageID = "<a>\r\nX: y" },
		"illegal type":        func(d *Draft) { d.Parts = []DraftPart{{MediaType: "a b/c"}} },
		"type with a line":    func(d *Draft) { d.Parts = []DraftPart{{MediaType: "text/plain\r\nX: y"}} },
		"nested multipart":    func(d *Draft) { d.Parts = []DraftPart{{MediaType: "multipart/mixed"}} },
		"message of long line": func(d *Draft) {
			d.Parts = []DraftPart{{MediaType: "message/rfc822", Content: bytes.Repeat([]byte("x"), 999)}}
		},
		"injected description": func(d *Draft) { d.Parts = []DraftPart{{MediaType: "text/plain", Description: "a\r\nb"}} },
	} {
		d := draft()
		change(&d)
		raw, err := d.Build()
		if err == nil {
			t.Errorf("%s: built %q", name, raw)
		}
	}
}

func TestMessageIDsAreFreshAndSayNothing(t *testing.T) {
	seen := map[string]bool{}
	for range 100 {
		id := NewMessageID("mail.union.example")
		if seen[id] || !strings.HasPrefix(id, "<") || !strings.HasSuffix(id, "@mail.union.example>") || len(id) < 40 {
			t.Fatalf("bad or repeated: %s", id)
		}
		seen[id] = true
	}
}
