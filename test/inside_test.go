package test

import (
	"bytes"
	"strings"
	"testing"

	"postvern.example/internal/sink"
)

// onlyMail returns the one mail that arrived besides notices.
func onlyMail(t *testing.T, all []sink.Message, log *logBuffer) []byte {
	t.Helper()
	m := mails(all)
	if len(m) != 1 {
		t.Fatalf("%d mails arrived\n%s", len(m), log)
	}
	return m[0].Content
}

func TestMembersLeaveQuotedHeaderBlocksAndTheRestStays(t *testing.T) {
	for name, c := range map[string]struct{ kind, text, want string }{
		"plain, as Outlook writes it": {"text/plain", `Hej begge

Se nedenfor.

Fra: Sekretariat <sekretariat@forening.example>
Sendt: 19. november 2026 10:12
Til: Mette Sørensen <mette@post.example>; Ingrid Østergård <ingrid@post.example>; Anna Holm <tr.anna@forening.example>
Emne: Møde

Kære alle, mød op til tiden: Til: alle
`, "Kære alle, mød op til tiden: Til: alle"},
		"names alone, quoted": {"text/plain", `Hej

> From: Sekretariat
> Sent: Thursday
> To: Mette Sørensen; Peter Ægidius
> Subject: Møde
>
> Hej
`, "> Subject: Møde"},
		"HTML, as Outlook writes it": {"text/html", `<html><body><p>Hej</p><div style="border:none;border-top:solid #E1E1E1 1.0pt"><p><b>Fra:</b> Sekretariat &lt;sekretariat@forening.example&gt;<br><b>Sendt:</b> 19. november<br><b>Til:</b> Mette S&oslash;rensen &lt;mette@post.example&gt;; Ingrid &Oslash;sterg&aring;rd &lt;ingrid@post.example&gt;<br><b>Emne:</b> M&oslash;de</p></div><p>Hej igen</p></body></html>
`, "<p>Hej igen</p></body></html>"},
		"HTML, where no program shows it": {"text/html", `<html><head><style>/* mette@post.example */</style></head><body data-to="ingrid@post.example"><!-- Til: peter@post.example -->
<p title="mette@post.example">Hej</p><img src="https://brev.example/o.gif?u=ingrid%40post.example"><p>Hej igen</p></body></html>
`, "<p>Hej igen</p></body></html>"},
		"links that a program rewrote for whoever got them": {"text/plain", `Se <https://links.example/?url=https%3A%2F%2Fx.example%2F&data=05%7C01%7Cingrid%40post.example%7C08da%7C0&x=1>

On Thu, Nov 19, 2026 at 10:12 AM Mette Sørensen <
mette@post.example> wrote:
> Se https://links.example/?u=https%3A%2F%2Fx.example%2F%3Fd%3Dmette%2540post.example
`, "&data=05%7C01%7C%7C08da%7C0&x=1>"},
		"HTML that is cut off, and links inside links": {
			"text/html", `<html><body><img alt="100%" src="https://x.example/?p=100%&u=ingrid%40post.example"><p>Hej igen</p><a href="https://x.example/?u=https%3A%2F%2Fy.example%2F%3Fd%3Dmette%2540post.example">her</a>
<script>var to='mette@post.example'</script><noscript><img src="https://x.example/?u=ingrid%40post.example"></noscript><a title="mette@post.example`,
			"<p>Hej igen</p><a>her</a>",
		},
	} {
		t.Run(name, func(t *testing.T) {
			g := gateway(t, nil)
			mail := "From: tr.anna@forening.example\nTo: sekretariat@forening.example\nSubject: SV: Møde\nDate: Fri, 20 Nov 2026 08:12:44 +0100\nMessage-ID: <5@forening.example>\nMIME-Version: 1.0\nContent-Type: " + c.kind + "; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n" + c.text
			if err := g.send("anna", "tr.anna@forening.example", []string{"peter@post.example", "ingrid@post.example"}, mail); err != nil {
				t.Fatal(err)
			}
			raw := onlyMail(t, g.arrived(1), g.log)
			for _, secret := range []string{"Mette", "mette@", "Ingrid", "ingrid@", "ingrid%40", "mette%", "Peter", "peter@", "S&oslash;rensen"} {
				if bytes.Contains(raw, []byte(secret)) {
					t.Errorf("%q still stands in it:\n%s", secret, raw)
				}
			}
			if !bytes.Contains(raw, []byte(c.want)) {
				t.Errorf("%q is gone:\n%s", c.want, raw)
			}
		})
	}
}

func TestMembersLeaveTheHeadersOfNestedMessages(t *testing.T) {
	g := gateway(t, nil)
	mail := `From: tr.anna@forening.example
To: sekretariat@forening.example
Subject: Videresendt
Date: Fri, 20 Nov 2026 08:12:44 +0100
Message-ID: <6@forening.example>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/plain

Se den vedlagte.
--b
Content-Type: message/rfc822

From: chef@region.example
To: Mette <mette@post.example>, Ole <ole.lund@region.example>
Cc: peter@post.example
Delivered-To: mette@post.example
Subject: Skema
Date: Fri, 20 Nov 2026 08:00:00 +0100

Se skemaet.
--b--
`
	if err := g.send("anna", "tr.anna@forening.example", []string{"sekretariat@forening.example", "ingrid@post.example"}, mail); err != nil {
		t.Fatal(err)
	}
	raw := onlyMail(t, g.arrived(1), g.log)
	for _, secret := range []string{"mette@", "Mette", "peter@"} {
		if bytes.Contains(raw, []byte(secret)) {
			t.Errorf("%q still stands in it:\n%s", secret, raw)
		}
	}
	for _, kept := range []string{"Ole <ole.lund@region.example>", "Se skemaet.", "From: chef@region.example"} {
		if !bytes.Contains(raw, []byte(kept)) {
			t.Errorf("%q is gone:\n%s", kept, raw)
		}
	}
}

func TestAReplyToOneMemberKeepsEveryByteOfItsQuotation(t *testing.T) {
	g := gateway(t, nil)
	text := "Hej Mette\n\nDet er i orden.\n\nFra: Mette Sørensen <mette@post.example>\nSendt: 19. november 2026\nTil: Anna Holm <tr.anna@forening.example>\nKopi: Mette Sørensen <mette@post.example>\nEmne: Møde\n\nHej\n"
	mail := "From: tr.anna@forening.example\nTo: Mette <mette@post.example>\nSubject: TR – fortroligt SV: Møde\nDate: Fri, 20 Nov 2026 08:12:44 +0100\nMessage-ID: <5@forening.example>\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n" + text
	if err := g.send("anna", "tr.anna@forening.example", []string{"mette@post.example"}, mail); err != nil {
		t.Fatal(err)
	}
	raw := onlyMail(t, g.arrived(1), g.log)
	if !bytes.HasSuffix(raw, []byte(crlf(mail))) {
		t.Errorf("the mail changed:\n%s", raw)
	}
}

func TestQuotedHeaderBlocksAreHeldOrLeftAsThePolicySays(t *testing.T) {
	const mail = `From: tr.anna@forening.example
To: sekretariat@forening.example
Subject: SV: Møde
Date: Fri, 20 Nov 2026 08:12:44 +0100
Message-ID: <6@forening.example>
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

Se nedenfor.

Fra: Sekretariat <sekretariat@forening.example>
Sendt: 19. november 2026 10:12
Til: Mette Sørensen <mette@post.example>; Ole Lund <ole.lund@region.example>
Emne: Møde
`
	for quoted, want := range map[string]fate{"hold": isHeld, "leave": passes} {
		t.Run(quoted, func(t *testing.T) {
			g := gateway(t, files{"policy.yaml": strings.Replace(defaultPolicy, "quoted: remove", "quoted: "+quoted, 1)})
			if err := g.send("anna", "tr.anna@forening.example", []string{"peter@post.example"}, mail); err != nil {
				t.Fatal(err)
			}
			if got := verdictOf(t, g, 0); got != string(want) {
				t.Fatalf("the verdict is %s, want %s", got, want)
			}
			if want == passes && !bytes.Contains(onlyMail(t, g.arrived(1), g.log), []byte("Til: Mette Sørensen <mette@post.example>; Ole Lund <ole.lund@region.example>\r\n")) {
				t.Error("the block was changed")
			}
		})
	}
}

func TestTheAttributionOfSomebodyVisibleStays(t *testing.T) {
	g := gateway(t, nil)
	const mail = `From: tr.anna@forening.example
To: Mette Sørensen <mette@post.example>, kontor@forening.example
Subject: SV: TR – fortroligt Møde
Date: Fri, 20 Nov 2026 08:12:44 +0100
Message-ID: <11@forening.example>
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

Ja.

Den 19. november 2026 kl. 10.12 skrev Mette Sørensen <mette@post.example>:
> Kommer du?
>
> Den 18. november 2026 kl. 9.00 skrev Peter Ægidius <peter@post.example>:
>> Mon?
`
	if err := g.send("anna", "tr.anna@forening.example", []string{"mette@post.example", "kontor@forening.example"}, mail); err != nil {
		t.Fatal(err)
	}
	raw := onlyMail(t, g.arrived(1), g.log)
	if !bytes.Contains(raw, []byte("skrev Mette Sørensen <mette@post.example>:\r\n> Kommer du?")) {
		t.Errorf("who wrote to them is gone:\n%s", raw)
	}
	if bytes.Contains(raw, []byte("Peter")) || bytes.Contains(raw, []byte("peter@")) || !bytes.Contains(raw, []byte(">> Mon?")) {
		t.Errorf("another member's line, of an older mail:\n%s", raw)
	}
}
