package test

import (
	"fmt"
	"strings"
	"testing"
)

func TestALookAlikeReachesDecisionRegisterAndExplanation(t *testing.T) {
	private := func(to string) string {
		return "From: Anna Holm <anna.holm@region.example>\nTo: " + to + "\nSubject: En hilsen\nDate: Fri, 20 Nov 2026 08:12:44 +0100\nMessage-ID: <3@region.example>\nContent-Type: text/plain; charset=utf-8\n\nVi ses klokken ti.\n"
	}
	for _, do := range []string{"note", "ask"} {
		for name, to := range map[string]string{
			"another letter":                    "karin.oberq@brev.example",
			"a digit that looks like a letter":  "karin.0berg@brev.example",
			"a letter of another alphabet":      "kаrin.oberg@brev.example", // Cyrillic
			"a domain with a letter of another": "lars@bæк.example",         // Cyrillic
		} {
			t.Run(do+" "+name, func(t *testing.T) {
				t.Parallel()
				g := gateway(t, files{"policy.yaml": strings.Replace(askPolicy, "unusual: ask", "unusual: "+do, 1)})
				c := g.client("anna")
				if err := c.SendMail("anna.holm@region.example", []string{to}, strings.NewReader(crlf(private(to)))); err != nil {
					t.Fatal(err)
				}
				if do == "ask" {
					if q := g.question(); q.to != "anna.holm@region.example" {
						t.Errorf("asked %s", q.to)
					}
				} else {
					waitFor(t, "the mail", func() bool { return len(mails(g.upstream.Messages())) == 1 })
					if got := mails(g.upstream.Messages())[0].Content; decoded(t, field(string(got), "Subject")) != "TR – fortroligt En hilsen" {
						t.Errorf("it is not treated as representative mail:\n%s", got)
					}
				}
				if held := len(g.heldTo()); held != map[string]int{"note": 0, "ask": 1}[do] {
					t.Errorf("%d copies are held", held)
				}
				entries := g.register()
				if len(entries) != 1 || entries[0].Type != "unusual-recipient" || !entries[0].NearMiss || strings.Contains(fmt.Sprint(entries), to) {
					t.Errorf("the register: %+v", entries)
				}
				g.write("mail.eml", private(to))
				out, err := g.run("explain", "--language", "en", g.path("mail.eml"))
				for _, want := range []string{"This is representative mail.", "which says " + map[string]string{"note": "note", "ask": "ask the sender"}[do] + "\n", "near miss: unusual recipient", "because of \"recipients who are probably not meant\" (recipients.unusual)"} {
					if err != nil || !strings.Contains(out, want) {
						t.Errorf("%v, without %q\n%s", err, want, out)
					}
				}
			})
		}
	}
}
