package notice

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"postvern.example/policy"
	"postvern.example/policy/detect"
)

var update = flag.Bool("update", false, "write the goldens")

var (
	inPDF  = detect.Place{{Kind: detect.InAttachment, Number: 2, Label: "PDF", Name: "Hemmelig Jensen.pdf"}, {Kind: detect.InPage, Number: 2}}
	inBody = detect.Place{{Kind: detect.InBody, Label: "text"}}
	sample = []detect.Finding{
		{Kind: detect.Health, Place: inBody, Count: 1},
		{Kind: detect.DanishCPR, Place: inPDF, Count: 1},
		{Kind: detect.DanishCPR, Place: inPDF, Count: 2},
		{Kind: detect.Unscannable, Place: detect.Place{{Kind: detect.InAttachment, Number: 3, Label: "archive"}, {Kind: detect.InEntry, Number: 1, Label: "Word"}}},
	}
	clock = time.Date(2026, 3, 4, 14, 2, 0, 0, time.UTC)
)

func letter(lang string) Letter {
	return Letter{Language: lang, Organisation: "Eksempelforeningen", Contact: "dpo@forening.example", Reference: "PV-7K3F9Q", Sent: clock}
}

func notices(lang string) []Notice {
	l := letter(lang)
	return []Notice{
		{Letter: l, Hidden: 11, Tagged: true},
		{Letter: l, Hidden: 1},
		{Letter: l, Beside: 1},
		{Letter: l, Beside: 2, Sealed: 1, Rules: []string{"numre"}, Findings: sample[:1]},
		{Letter: l, Hidden: 3, Sealed: 4, Held: 1, Keyless: 1, Tagged: true, Rules: []string{"numre", "sygdom"}, Findings: sample, Keep: clock.AddDate(0, 0, 14)},
		{Letter: Letter{Language: lang, Reference: "PV-7K3F9Q"}, Held: 2, Findings: sample[3:]},
		{Letter: l, Observe: true, Hidden: 2, Tagged: true, Sealed: 1, Held: 3, Findings: sample[:2]},
		{Letter: l, Observe: true, Beside: 1, Refused: true},
		{Letter: l, Findings: sample[:1]},
		{Letter: l, Unusual: 1},
		{Letter: l, Hidden: 4, Unusual: 2},
		{Letter: l, Observe: true, Unusual: 1},
		{Letter: l, Ways: []Way{{policy.StepDocument, 1}}, Codes: []Code{{Code: "4821-0937-5561-2043-7719-3285"}}, Rules: []string{"numre"}, Findings: sample[:1]},
		{
			Letter: l, Tagged: true, Ways: []Way{{policy.StepOpenPGP, 2}, {policy.StepDocument, 3}, {policy.StepTLS, 1}}, Texted: 1, Standing: 1,
			Codes: []Code{{2, "4821-0937-5561-2043-7719-3285"}, {3, "0001-0937-5561-2043-7719-3285"}}, Rules: []string{"numre"}, Findings: sample[:1],
		},
		{Letter: l, Ways: []Way{{policy.StepArchive, 2}}, Texted: 2, Standing: 2},
		{Letter: l, Observe: true, Ways: []Way{{policy.StepArchive, 1}, {policy.StepDocument, 2}, {policy.StepTLS, 2}}},
		{Letter: l, Held: 2, Keyless: 2, Codable: true, Findings: sample[:1]},
		{Letter: l, Held: 1, Keyless: 1, Findings: sample[:1], Offers: AboutKey.Choices(), Link: "https://svar.forening.example/svar/abc", Until: clock.AddDate(0, 0, 3), Keep: clock.AddDate(0, 0, 14)},
		{Letter: l, Held: 1, Keyless: 1, Findings: sample[:1], Codes: []Code{{Number: 2, Code: "111111-222222"}}, Ways: []Way{{policy.StepDocument, 1}}, Offers: []Choice{AskKey, Withdraw}},
	}
}

func questions(lang string) []Question {
	l := letter(lang)
	return []Question{
		{Letter: l, Kind: AboutRecipient, About: []Doubtful{{Address: "anna.holn@region.example", Why: []policy.Likeness{policy.LikeTypo, policy.LikeName}, Whom: "anna.holm@region.example"}}, Keep: clock.AddDate(0, 0, 14)},
		{Letter: l, Kind: AboutRecipient, About: []Doubtful{
			{Address: "mette@brev.example", Why: []policy.Likeness{policy.LikeElsewhere}},
			{Address: "bo@forenning.example", Why: []policy.Likeness{policy.LikeDomain}},
			{Address: "annа@post.example", Why: []policy.Likeness{policy.LikeLetters}},
		}, Link: "https://svar.forening.example/svar/abc", Until: clock.AddDate(0, 0, 3)},
		{Letter: l, Kind: AboutKey, Copies: 2, Offers: AboutKey.Choices(), Keep: clock.AddDate(0, 0, 14)},
		{Letter: l, Kind: AboutRecipient, All: true, About: []Doubtful{{Address: "chef@region.example", Why: []policy.Likeness{policy.LikeOutsider}}}},
	}
}

func refusals(lang string) []Refusal {
	all := []Refusal{
		{Language: lang, Cause: CausePolicy, Rule: "medlemslister", Contact: "dpo@forening.example", Reference: "PV-7K3F9Q"},
		{Language: lang, Cause: CausePolicy, Rule: "numre", Contact: "dpo@forening.example", Reference: "PV-7K3F9Q", Findings: sample},
		{Language: lang, Cause: CausePolicy, Rule: "numre", Contact: "dpo@forening.example", Reference: "PV-7K3F9Q", Findings: sample[:1], Key: policy.KeyExpired},
	}
	for _, cause := range Causes()[1:] {
		all = append(all, Refusal{Language: lang, Cause: cause, Contact: "dpo@forening.example", Limit: "50 MiB"})
	}
	return all
}

func TestTextsAreAsInTheGoldens(t *testing.T) {
	c := load(t)
	for _, lang := range c.Languages() {
		t.Run(lang, func(t *testing.T) {
			golden(t, filepath.Join("testdata", lang+".golden"), everything(c, lang))
		})
	}
}

func everything(c *Catalog, lang string) string {
	var b strings.Builder
	mail := func(subject, body string) { fmt.Fprintf(&b, "=== %s\n\n%s\n", subject, body) }
	for _, n := range notices(lang) {
		mail(c.Notice(n))
	}
	l := letter(lang)
	mail(c.Waiting(Waiting{Letter: l, Held: 2, Releasable: true, Rules: []string{"numre"}, Findings: sample, Keep: clock.AddDate(0, 0, 14)}))
	mail(c.Waiting(Waiting{Letter: l, ID: "01HZX", Config: "/etc/postvern/postvern.yaml", Held: 1}))
	for i, end := range Ends() {
		mail(c.Outcome(Outcome{Letter: l, End: end, Copies: 1 + i%2}))
	}
	mail(c.KeyRequest(KeyRequest{Language: lang, Organisation: l.Organisation, From: "tr.anna@forening.example"}))
	mail(c.Refused(l, Refusal{Language: lang, Cause: CausePolicy, Rule: "numre", Contact: "dpo@forening.example", Findings: sample[:1], Key: policy.KeyNone}))
	for _, v := range []Cover{
		{Language: lang, Organisation: l.Organisation, Contact: l.Contact, From: "Anna Holm (tr.anna@forening.example)", File: "mail.pdf", Code: policy.CodeNotice},
		{Language: lang, Organisation: l.Organisation, Contact: l.Contact, File: "mail.zip", Archive: true, Code: policy.CodeSMS},
		{Language: lang, Organisation: l.Organisation, From: "tr.anna@forening.example", File: "mail.pdf", Code: policy.CodeStanding},
	} {
		mail("cover", c.Cover(v))
	}
	mail(c.CodeFailed(CodeFailed{Letter: l, Code: Code{Number: 2, Code: "4821-0937-5561-2043-7719-3285"}}))
	mail(c.CodeFailed(CodeFailed{Letter: l}))
	fmt.Fprintf(&b, "%s\n%v\n", c.TextMessage(lang, "4821-0937-5561-2043-7719-3285"), c.DocumentWords(lang))
	for _, q := range questions(lang) {
		if q.Kind == AboutKey { // it is put in the notice that says what is held
			mail(c.Unclear(q))
			mail(c.Reminder(q))
		} else {
			mail(c.Question(q))
		}
		page := c.Ask(q)
		fmt.Fprintf(&b, "%s\n%s\n%s\n%s\n%v\n", page.Title, strings.Join(page.Text, "\n"), strings.Join(page.Doubts, "\n"), strings.Join(page.Details, "\n"), page.Buttons)
	}
	mail(c.Unclear(questions(lang)[0]))
	mail(c.Reminder(questions(lang)[0]))
	for _, told := range []Told{ToldConfirmed, ToldWithdrawn, ToldKept, ToldCoded, ToldAsked, ToldDecided, ToldOver, ToldUnknown, ToldTrouble, ToldChoose} {
		page := c.Tell(lang, told)
		fmt.Fprintf(&b, "%s: %s %s\n", told, page.Title, strings.Join(page.Text, "\n"))
	}
	for _, e := range entries() {
		description, measures := c.Record(lang, e, false)
		fmt.Fprintf(&b, "%s: %s\n  %s\n", e.Type, description, measures)
	}
	_, observed := c.Record(lang, entries()[0], true)
	fmt.Fprintf(&b, "%s\n", observed)
	for _, rule := range policy.BuiltinRules() {
		fmt.Fprintf(&b, "%s: %s\n", rule, c.Rule(lang, rule))
	}
	for _, r := range refusals(lang) {
		fmt.Fprintf(&b, "%s: %s\n", r.Cause, c.Refusal(r))
	}
	return b.String()
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; run with -update and read what changed:\n%s", file, got)
	}
}

func TestNoTextHasAHoleOrAKeyLeftInIt(t *testing.T) {
	c := load(t)
	for _, lang := range c.Languages() {
		all := everything(c, lang)
		if placeholder.MatchString(all) {
			t.Errorf("%s: %s is left", lang, placeholder.FindString(all))
		}
		for _, section := range []string{"notice.", "waiting.", "outcome.", "refusal.", "format.", "detail.", "letter.", "record.", "question.", "page."} {
			if i := strings.Index(all, section); i >= 0 {
				t.Errorf("%s: a key is left: %q", lang, all[i:min(i+30, len(all))])
			}
		}
		if strings.Contains(all, "Jensen") {
			t.Errorf("%s: a file name got out", lang)
		}
	}
}

func TestANoticeIsThreeSentences(t *testing.T) {
	c := load(t)
	for _, lang := range c.Languages() {
		for i, n := range notices(lang) {
			n.Contact, n.Organisation = "Anna", "Anna"
			_, body := c.Notice(n)
			text := strings.ReplaceAll(strings.Split(body, "\n\n")[1], "\n", " ")
			if got := strings.Count(text+" ", ". "); got != 3 {
				t.Errorf("%s, notice %d: %d sentences: %s", lang, i, got, text)
			}
		}
	}
}

func TestLinesOfAMailAreShort(t *testing.T) {
	c := load(t)
	for _, lang := range c.Languages() {
		for _, n := range notices(lang) {
			subject, body := c.Notice(n)
			for _, line := range append(strings.Split(body, "\n"), subject) {
				if len(line) > 150 || strings.ContainsAny(line, "\r\t") {
					t.Errorf("%s: %q", lang, line)
				}
			}
		}
	}
}
