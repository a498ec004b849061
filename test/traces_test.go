package test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"unicode/utf16"
)

// inDisguise returns a text as it is and as programs store texts.
func inDisguise(secret string) []string {
	var wide []byte
	for _, u := range utf16.Encode([]rune(secret)) {
		wide = append(wide, byte(u), byte(u>>8))
	}
	all := []string{secret, string(wide), hex.EncodeToString([]byte(secret)), strings.ReplaceAll(secret, "@", "%40")}
	for shift := range 3 { // wherever in a longer text it begins
		code := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", shift) + secret))
		from, to := []int{0, 2, 3}[shift], len(code)-4
		if to-from >= 8 {
			all = append(all, code[from:to])
		}
	}
	return all
}

func TestNothingOfABusyDayStandsInTheDataTheLogTheMetricsOrWhatIsPrinted(t *testing.T) {
	with := strings.Replace(askPolicy, "quoted: remove,", "quoted: remove, papers: detach,", 1)
	with = strings.Replace(with, "do: encrypt\n    without-key: hold\n    severity: high", "do: encrypt\n    without-key: password\n    severity: high", 1)
	with = strings.Replace(with, "detect: [member-list]\n    do: encrypt\n    without-key: reject", "detect: [member-list]\n    do: hold", 1)
	if strings.Count(with, "papers: detach")+strings.Count(with, "without-key: password")+strings.Count(with, "do: hold") != 4 {
		t.Fatalf("the policy is another one\n%s", with)
	}
	g := asking(t, files{"policy.yaml": with})
	g.consent("karin.oberg@brev.example,lars@bæk.example", "Løngruppen")
	send := func(to []string, mail string) {
		t.Helper()
		if err := g.send("anna", "tr.anna@forening.example", to, mail); err != nil {
			t.Fatal(err)
		}
	}
	both := []string{"mette@post.example", "peter@post.example"}
	send(both, strings.Replace(meeting, "2. Ferie", withNumber, 1))
	send(append(both, "fremmed@ude.example"), "From: tr.anna@forening.example\n"+twoMembers+"Cc: fremmed@ude.example\nSubject: Hemmelig sag\nDate: Mon, 23 Nov 2026 10:00:00 +0100\nMessage-ID: <busy1@forening.example>\n"+
		attached("Content-Type: text/plain; name=\"Sag Ingrid.txt\"\nContent-Disposition: attachment; filename=\"Sag Ingrid.txt\"\n", "Ingrid Østergård er sygemeldt med stress."))
	send([]string{"mete@post.example"}, mailToPeople("mete@post.example"))
	send([]string{"mette@post.example"}, "From: tr.anna@forening.example\nTo: mette@post.example\nSubject: Liste\nDate: Mon, 23 Nov 2026 10:00:00 +0100\nMessage-ID: <busy2@forening.example>\n\nMedlemmer:\nPeter Ægidius <peter@post.example>\nIngrid Østergård <ingrid@post.example>\nKarin Öberg <karin.oberg@brev.example>\nLars Bæk <lars@bæk.example>\n")
	g.question()
	waitFor(t, "the copies", func() bool { return recipientsOf(mails(g.upstream.Messages()))["peter@post.example"] })
	held := ""
	for _, args := range [][]string{{"held", "list"}, {"held", "list", "--json"}, {"deviations", "list"}, {"deviations", "list", "--json"}, {"members", "status"}} {
		out, err := g.run(args...)
		if err != nil {
			t.Fatalf("%v: %v\n%s", args, err, out)
		}
		if args[0] != "held" { // who a held copy is for, the DPO has to know
			held += out
		}
		for _, secret := range []string{"070761-4285", "sygemeldt", "Hemmelig sag", "Sag Ingrid"} {
			subject := args[0] == "held" && secret == "Hemmelig sag" // by which the DPO knows the mail
			if !subject && strings.Contains(out, secret) {
				t.Errorf("%v prints %q:\n%s", args, secret, out)
			}
		}
	}
	people := []string{"mette@post.example", "peter@post.example", "ingrid@post.example", "karin.oberg@brev.example", "fremmed@ude.example", "mete@post.example", "Mette Sørensen", "Peter Ægidius", "Ingrid Østergård", "Karin Öberg", "Lars Bæk"}
	for _, secret := range people {
		if strings.Contains(held, secret) {
			t.Errorf("the register or the roster's status prints %q:\n%s", secret, held)
		}
	}
	code := ""
	for _, m := range g.upstream.Messages() {
		if m.From != "" {
			continue
		}
		text := plain(t, m.Content)
		if found := smsCode.FindString(text); found != "" {
			code = found
		}
		for _, secret := range append([]string{"070761-4285", "sygemeldt"}, people...) {
			asked := questionAddress.Match(m.Content) && strings.HasSuffix(secret, "ete@post.example") || questionAddress.Match(m.Content) && strings.HasPrefix(secret, "fremmed@")
			if strings.Contains(text, secret) && (!asked || secret == "mette@post.example") {
				t.Errorf("what %v reads tells %q:\n%s", m.Recipients(), secret, text)
			}
		}
	}
	if code == "" {
		t.Errorf("nobody was told a code: %s", fmt.Sprint(len(g.upstream.Messages())))
	}
	var secrets []string
	for _, secret := range append(append(people, code, "070761-4285", "sygemeldt", "Hemmelig sag", "Sag Ingrid", "Vel mødt", "Vi ses klokken ti", "tr.anna@forening.example", "lønforhandling", "samtykke@region.example"), withNumber) {
		if secret != "" {
			secrets = append(secrets, inDisguise(secret)...)
		}
	}
	g.nowhere(secrets...)
}

func TestAConsentThatWasWithdrawnBetweenTwoMailsHidesInTheSecondAndInAHeldFirst(t *testing.T) {
	g := gateway(t, nil)
	both := []string{"Mette Sørensen <mette@post.example>", "Peter Ægidius <peter@post.example>"}
	to := []string{"mette@post.example", "peter@post.example"}
	entered := g.consent("mette@post.example,peter@post.example", "Løngruppen")
	g.sentTo("aftalt", visible, both...)
	head := "From: Anna Holm <tr.anna@forening.example>\nTo: " + strings.Join(both, ", ") + "\nSubject: %s\nDate: Mon, 23 Nov 2026 10:00:00 +0100\nMessage-ID: <%s@forening.example>\nContent-Type: text/plain; charset=utf-8\n\n"
	if err := g.send("anna", "tr.anna@forening.example", to, fmt.Sprintf(head, "Holdt", "first")+"Dit CPR-nummer er 070761-4285.\n"); err != nil {
		t.Fatal(err)
	}
	g.mustRun("consents", "withdraw", entered[1].ID, "--reason", "trådt ud", "--by", "dpo")
	g.sentTo("ikke aftalt", isHidden, both...)
	g.releaseAll(2)
	chain := "Svar.\n\n-----Oprindelig meddelelse-----\nFra: Anna Holm <tr.anna@forening.example>\nSendt: 23. november 2026 10:00\nTil: Mette Sørensen <mette@post.example>; Peter Ægidius <peter@post.example>\nEmne: Holdt\n\nHej\n"
	if err := g.send("anna", "tr.anna@forening.example", to, fmt.Sprintf(head, "SV: Holdt", "second")+chain); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"<first@forening.example>", "<second@forening.example>"} {
		for _, copied := range copiesOf(t, g, id, 2) {
			for _, secret := range []string{"mette", "peter", "Mette", "Peter"} {
				if bytes.Contains(copied, []byte(secret)) {
					t.Errorf("%q stands in a copy of %s:\n%s", secret, id, copied)
				}
			}
		}
	}
}
