package test

import (
	"fmt"
	"strings"
	"testing"
)

// releaseAll releases every held copy, as the DPO does.
func (i *installation) releaseAll(want int) {
	i.t.Helper()
	var held []struct {
		ID string `json:"id"`
	}
	i.json(&held, "held", "list")
	if len(held) != want {
		i.t.Fatalf("%d copies are held, want %d\n%s", len(held), want, i.log)
	}
	for _, h := range held {
		if out, err := i.run("held", "release", h.ID, "--reason", "aftalt", "--by", "dpo"); err != nil {
			i.t.Fatalf("%v\n%s", err, out)
		}
	}
}

const withNumber = "2. CPR-nummer 070761-4285"

func TestAReleaseDoesWhatTheRulesInForceAskOfAMeeting(t *testing.T) {
	g := gateway(t, nil)
	if err := g.send("anna", "tr.anna@forening.example", []string{"mette@post.example", "peter@post.example"}, strings.Replace(meeting, "2. Ferie", withNumber, 1)); err != nil {
		t.Fatal(err)
	}
	g.write("policy.yaml", papersPolicy("papers: detach, meetings: private")["policy.yaml"])
	g.releaseAll(2)
	invitations, papers := twoMails(t, g)
	for reader, raw := range invitations {
		if strings.Contains(raw, "dagsorden.txt") || strings.Contains(raw, "plan.csv") || !strings.Contains(raw, "CLASS:PRIVATE\r\n") || strings.Contains(raw, "CLASS:PUBLIC") {
			t.Errorf("the invitation for %s is as it was held:\n%s", reader, raw)
		}
	}
	for reader, raw := range papers {
		if all := fileNames(t, []byte(raw)); len(all) != 2 || !strings.Contains(all["dagsorden.txt"], withNumber) {
			t.Errorf("the papers for %s are %q\n%s", reader, all, raw)
		}
	}
	for _, all := range []map[string]string{invitations, papers} {
		for reader, raw := range all {
			for _, other := range []string{"mette", "Mette", "peter", "Peter"} {
				if !strings.HasPrefix(reader, strings.ToLower(other)) && strings.Contains(raw, other) {
					t.Errorf("%s is told of %s:\n%s", reader, other, raw)
				}
			}
		}
	}
}

func TestEveryKindOfHoldIsReleasedAsBlindAsItWasHeld(t *testing.T) {
	block := "\n-----Oprindelig meddelelse-----\nFra: Kontoret <kontor@forening.example>\nTil: Ingrid Østergård <ingrid@post.example>; Mette Sørensen <mette@post.example>\nEmne: x\n\nHej\n"
	number := "\nDit CPR-nummer er 070761-4285.\n"
	for _, c := range []struct {
		name, fields, body string
		shown              []string // what the DPO lets go with the release, and what the hold is for
	}{
		{"personal data", twoMembers, number, nil},
		{"personal data over a quoted block", twoMembers, number + block, nil},
		{"personal data beside a nested mail", twoMembers, attached("Content-Type: message/rfc822\n", aboutIngrid+number), nil},
		{"personal data in an invitation", twoMembers, strings.Replace(invites("ATTENDEE;CN=Ingrid:mailto:ingrid@post.example\nATTENDEE;CN=Mette:mailto:mette@post.example"), "UID:1\n", "UID:1\nDESCRIPTION:CPR-nummer 070761-4285\n", 1), nil},
		{"personal data and fields of the envelope", twoMembers + "X-Envelope-To: mette@post.example, peter@post.example\nAutocrypt-Gossip: addr=mette@post.example; keydata=AAAA\nBcc: ingrid@post.example\n", number, nil},
		{"personal data in a file that is named by an address", twoMembers, attached("Content-Type: text/plain; name=\"mette@post.example.txt\"\nContent-Disposition: attachment; filename=\"mette@post.example.txt\"\n", number), nil},
		{"a file that is a mail", twoMembers, attached("Content-Type: application/octet-stream; name=a.eml\nContent-Disposition: attachment; filename=a.eml\n", aboutIngrid), []string{"Ingrid", "ingrid"}},
	} {
		for _, as := range []string{"bcc", "individual"} {
			t.Run(c.name+" as "+as, func(t *testing.T) {
				g := gateway(t, files{"policy.yaml": strings.Replace(withoutLists(t, "members", as), "beside: hide", "beside: note", 1)})
				to := []string{"mette@post.example", "peter@post.example"}
				mail := "From: Anna Holm <tr.anna@forening.example>\n" + c.fields + "Subject: Torsdag\nDate: Mon, 23 Nov 2026 10:00:00 +0100\nMessage-ID: <hold@forening.example>\n" + c.body
				if err := g.send("anna", "tr.anna@forening.example", to, mail); err != nil {
					t.Fatal(err)
				}
				g.releaseAll(2)
				waitFor(t, "the released copies", func() bool { return len(recipientsOf(mails(g.upstream.Messages()))) == 2 })
				for _, m := range mails(g.upstream.Messages()) {
					for _, secret := range hiddenMembers {
						mine := as == "individual" && len(m.Recipients()) == 1 && strings.HasPrefix(m.Recipients()[0], strings.ToLower(secret))
						let := false
						for _, s := range c.shown {
							let = let || s == secret
						}
						// An invitation is its reader's own.
						own := strings.Contains(c.body, "VCALENDAR") && strings.HasPrefix(m.Recipients()[0], strings.ToLower(secret))
						if !mine && !own && !let && strings.Contains(string(m.Content), secret) {
							t.Errorf("%v is told of %s:\n%s", m.Recipients(), secret, m.Content)
						}
					}
				}
			})
		}
	}
}

func TestASendersYesDoesNotOverrideARuleWhereNothingMarksTheMail(t *testing.T) {
	policy := strings.Replace(askPolicy, "on: representative-mail", "on: never", 1)
	if policy == askPolicy {
		t.Fatal("the policy is another one")
	}
	g := asking(t, files{"policy.yaml": policy})
	const typo = "mete@post.example"
	mail := strings.NewReplacer("tr.anna@forening.example", "anna.holm@region.example", "Vi ses klokken ti.", "Hans CPR-nr. er 070761-4285.").Replace(mailToPeople("mette@post.example", typo))
	if err := g.send("anna", "anna.holm@region.example", []string{"mette@post.example", typo}, mail); err != nil {
		t.Fatal(err)
	}
	// What becomes of the other, who has no key, is a question of its own.
	answerTo := g.questionWith("Er modtageren rigtig?").answerTo
	if err := g.send("anna", "anna.holm@region.example", []string{answerTo}, "From: anna.holm@region.example\nTo: "+answerTo+"\nSubject: SV: x\nMessage-ID: <3@region.example>\n"+plainHead+"Ja\n"); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "word that it is held all the same", func() bool {
		all := g.upstream.Messages()
		return strings.Contains(plain(t, all[len(all)-1].Content), "alligevel tilbage")
	})
	if to := recipientsOf(mails(g.upstream.Messages())); len(to) > 0 {
		t.Errorf("it went out: %v", fmt.Sprint(to))
	}
}
