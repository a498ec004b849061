package detect_test

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"postvern.example/policy/detect"
)

// tally counts one kind of a set by confidence.
type tally struct {
	n     int
	level [4]int
}

func (t *tally) add(c detect.Confidence) { t.n++; t.level[c]++ }

func (t *tally) atLeast(c detect.Confidence) int {
	n := 0
	for _, k := range t.level[c:] {
		n += k
	}
	return n
}

func (t *tally) share(c detect.Confidence) float64 {
	return 100 * float64(t.atLeast(c)) / float64(max(1, t.n))
}

func (t *tally) String() string {
	return fmt.Sprintf("n=%5d  possible %6.2f %%  likely %6.2f %%  certain %6.2f %%", t.n, t.share(detect.Possible), t.share(detect.Likely), t.share(detect.Certain))
}

func TestEvaluationIdentityNumbersInSentencesAreFound(t *testing.T) {
	s := scanner(t)
	for i, p := range plantedKinds() {
		d := roll(uint64(i))
		plain, keyed := &tally{}, &tally{}
		var missed []string
		for n := range 4000 {
			number := pick(d, p.forms)(p.number(d))
			set, sentences, want := plain, p.sentences, detect.Likely
			if n%4 == 0 {
				set, sentences, want = keyed, p.keyed, detect.Certain
			}
			text := fmt.Sprintf(pick(d, sentences), number)
			got := best(s, prose(text), nil)[p.kind]
			set.add(got)
			if got < min(want, detect.Likely) && len(missed) < 8 {
				missed = append(missed, text)
			}
		}
		t.Logf("%-16s without keyword %v", p.kind, plain)
		t.Logf("%-16s with keyword    %v", p.kind, keyed)
		if len(missed) > 0 {
			t.Logf("missed %q", missed)
		}
		if plain.share(detect.Likely) < 99.5 || keyed.share(detect.Likely) < 99.5 {
			t.Errorf("%s: recall below 99.5 %%; missed %q", p.kind, missed)
		}
	}
}

// hardNegative makes lines with numbers that are none of a person.
var hardNegatives = []func(dice) string{
	func(d dice) string { return "Ordre " + d.digits(10) + " er sendt." },
	func(d dice) string { return "Ordrenummer: " + d.digits(6) + "-" + d.digits(4) },
	func(d dice) string { return "Faktura nr. " + d.digits(11) + " forfalder den 1." },
	func(d dice) string { return "Fakturanummer " + d.digits(10) + ", OCR " + d.digits(12) },
	func(d dice) string { return "KID: " + d.digits(11) },
	func(d dice) string { return fmt.Sprintf("+71<%s+%s<", d.digits(15), d.digits(8)) },
	func(d dice) string { return fmt.Sprintf("%d INFO ready", 1500000000+d.IntN(300000000)) },
	func(d dice) string {
		return fmt.Sprintf("%02d%02d%02d%02d%02d backup ok", 20+d.IntN(8), 1+d.IntN(12), 1+d.IntN(28), d.IntN(24), d.IntN(60))
	},
	func(d dice) string {
		return fmt.Sprintf("20%02d-%02d-%02d %02d:%02d:%02d id=%s", 20+d.IntN(8), 1+d.IntN(12), 1+d.IntN(28), d.IntN(24), d.IntN(60), d.IntN(60), d.digits(10))
	},
	func(d dice) string {
		return "Ring på 07" + d.digits(1) + "-" + d.digits(3) + " " + d.digits(2) + " " + d.digits(2)
	},
	func(d dice) string { return "Mobil 07" + d.digits(8) },
	func(d dice) string { return "tlf. " + d.digits(8) + " / " + d.digits(8) },
	func(d dice) string { return "Puhelin 040" + d.digits(7) },
	func(d dice) string { return "https://example.example/artikel/" + d.digits(10) + "?id=" + d.digits(10) },
	func(d dice) string { return "Message-ID: <" + d.digits(10) + "." + d.digits(11) + "@mail.example>" },
	func(d dice) string { return "Organisationsnummer 5" + d.digits(5) + "-" + d.digits(4) },
	func(d dice) string { return "CVR " + d.digits(8) + ", EAN " + d.digits(13) },
	func(d dice) string { return "ISBN 978-" + d.digits(2) + "-" + d.digits(6) + "-" + d.digits(2) },
	func(d dice) string { return "Sporing: 3707" + d.digits(14) },
	func(d dice) string { return "Serienr. SN" + d.digits(10) },
	func(d dice) string { return "Varenummer " + d.digits(10) + ", antal " + d.digits(2) },
	func(d dice) string { return "Sag nr. " + d.digits(10) },
	func(d dice) string { return "Ärende " + d.digits(10) + " är avslutat" },
	func(d dice) string { return "Hans PESEL er " + d.digits(11) },
	func(d dice) string { return "BSN " + d.digits(9) + " och Steuer-ID " + d.digits(11) },
	func(d dice) string { return "Hyllan " + d.digits(10) + " är tom." },
	func(d dice) string { return "SSN " + d.digits(3) + "-" + d.digits(2) + "-" + d.digits(4) },
	func(d dice) string { return d.digits(4) + " " + d.digits(4) + " " + d.digits(4) + " " + d.digits(4) },
	func(d dice) string { return "Beløb: " + d.digits(7) + ",00 kr., saldo " + d.digits(10) + ",50" },
	func(d dice) string { return "10.0." + d.digits(2) + "." + d.digits(2) + " build " + d.digits(10) },
}

func TestEvaluationOtherNumbersAreNotCertain(t *testing.T) {
	s := scanner(t)
	d := roll(99)
	all := &tally{}
	kinds := map[detect.Kind]*tally{}
	for _, k := range detect.Kinds() {
		kinds[k] = &tally{}
	}
	var wrong []string
	for n := range 30000 {
		text := hardNegatives[n%len(hardNegatives)](d)
		found := best(s, prose(text), nil)
		worst := detect.Confidence(0)
		for _, k := range detect.Kinds() {
			kinds[k].add(found[k])
			worst = max(worst, found[k])
		}
		all.add(worst)
		if worst == detect.Certain && len(wrong) < 10 {
			wrong = append(wrong, text)
		}
	}
	for _, k := range detect.Kinds() {
		if kinds[k].atLeast(detect.Possible) > 0 {
			t.Logf("%-18s %v", k, kinds[k])
		}
	}
	t.Logf("%-18s %v", "any", all)
	if all.share(detect.Certain) > 0.3 || all.share(detect.Likely) > 1.5 {
		t.Errorf("too many are taken for persons' numbers: %q", wrong)
	}
}

// labelled is one sentence of testdata/eval: kinds that must be found, or none.
type labelled struct {
	language, text string
	kinds          []detect.Kind
}

func readLabelled(t *testing.T) []labelled {
	t.Helper()
	files, err := filepath.Glob("testdata/eval/*.tsv")
	if err != nil || len(files) == 0 {
		t.Fatalf("no labelled sentences: %v", err)
	}
	var out []labelled
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(f)
		for lines.Scan() {
			if lines.Text() == "" || lines.Text()[0] == '#' {
				continue
			}
			cells := strings.Split(lines.Text(), "\t")
			if len(cells) != 3 {
				t.Fatalf("%s: %q has no three cells", name, lines.Text())
			}
			l := labelled{language: cells[0], text: cells[2]}
			if cells[1] != "-" {
				l.kinds = []detect.Kind{detect.Kind(cells[1])}
			}
			out = append(out, l)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// people fill the places of the templates.
var people = map[string][]string{
	"da": {"Mette", "Jens Hansen", "Anne Sørensen", "Lars Bo Madsen", "Medlemmet", "Min kollega", "Hun", "Jeg"},
	"nb": {"Kari", "Ola Nordmann", "Ingrid Berg", "Medlemmet", "Min kollega", "Hun", "Jeg"},
	"nn": {"Kari", "Ola Nordbø", "Medlemmet", "Kollegaen min", "Ho", "Eg"},
	"sv": {"Anna", "Lars Svensson", "Karin Åberg", "Medlemmen", "Min kollega", "Hon", "Jag"},
	"fi": {"Matti", "Liisa Virtanen", "Pekka Korhonen", "Hän"},
	"en": {"Susan", "John Carter", "My colleague", "She", "Our member"},
}

func TestEvaluationPhrasesTieAPersonToAState(t *testing.T) {
	s := scanner(t)
	found, total := map[string]*tally{}, &tally{}
	talk, languages := &tally{}, map[string]*tally{}
	var missed, wrong []string
	sentences := 0
	for _, l := range readLabelled(t) {
		for _, person := range people[l.language] {
			text := strings.ReplaceAll(l.text, "{P}", person)
			sentences++
			got := best(s, prose(text), nil)
			if len(l.kinds) == 0 {
				worst := detect.Confidence(0)
				for _, k := range detect.Kinds() {
					worst = max(worst, got[k])
				}
				talk.add(worst)
				if worst > 0 {
					wrong = append(wrong, text)
				}
			} else {
				k := l.kinds[0]
				for _, m := range []string{string(k), l.language} {
					if found[m] == nil {
						found[m] = &tally{}
					}
					found[m].add(got[k])
				}
				total.add(got[k])
				if got[k] < detect.Likely {
					missed = append(missed, l.language+" "+string(k)+": "+text)
				}
			}
			if !strings.Contains(l.text, "{P}") {
				break
			}
		}
	}
	_ = languages
	for _, k := range detect.Kinds() {
		if f := found[string(k)]; f != nil {
			t.Logf("%-18s recall %v", k, f)
		}
	}
	for _, lang := range []string{"da", "nb", "nn", "sv", "fi", "en"} {
		t.Logf("%-18s recall %v", lang, found[lang])
	}
	t.Logf("%-18s recall %v", "all", total)
	t.Logf("%-18s false  %v", "talk about rules", talk)
	t.Logf("%d sentences; missed:\n%s", sentences, strings.Join(missed, "\n"))
	if total.share(detect.Likely) < 90 {
		t.Errorf("recall %.1f %%; missed %s", total.share(detect.Likely), strings.Join(missed[:min(40, len(missed))], "\n"))
	}
	if talk.share(detect.Possible) > 1 {
		t.Errorf("talk about rules is found in %.1f %%: %s", talk.share(detect.Possible), strings.Join(wrong[:min(20, len(wrong))], "\n"))
	}
}
