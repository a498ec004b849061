package detect_test

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"postvern.example/internal/specimen"
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
	for i, p := range specimen.Numbers() {
		d := specimen.Roll(uint64(i))
		plain, keyed := &tally{}, &tally{}
		var missed []string
		for n := range 4000 {
			number := specimen.Pick(d, p.Forms)(p.Number(d))
			set, sentences, want := plain, p.Sentences, detect.Likely
			if n%4 == 0 {
				set, sentences, want = keyed, p.Keyed, detect.Certain
			}
			text := fmt.Sprintf(specimen.Pick(d, sentences), number)
			got := best(s, prose(text), nil)[p.Kind]
			set.add(got)
			if got < min(want, detect.Likely) && len(missed) < 8 {
				missed = append(missed, text)
			}
		}
		t.Logf("%-16s without keyword %v", p.Kind, plain)
		t.Logf("%-16s with keyword    %v", p.Kind, keyed)
		if len(missed) > 0 {
			t.Logf("missed %q", missed)
		}
		if plain.share(detect.Likely) < 99.5 || keyed.share(detect.Likely) < 99.5 {
			t.Errorf("%s: recall below 99.5 %%; missed %q", p.Kind, missed)
		}
	}
}

func TestEvaluationOtherNumbersAreNotCertain(t *testing.T) {
	s := scanner(t)
	d, negatives := specimen.Roll(99), specimen.HardNegatives()
	all := &tally{}
	kinds := map[detect.Kind]*tally{}
	for _, k := range detect.Kinds() {
		kinds[k] = &tally{}
	}
	var wrong []string
	for n := range 30000 {
		text := negatives[n%len(negatives)](d)
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
	talk := &tally{}
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

// A mail says more than one thing: what is found by itself is found among other
// sentences, too.
func TestEvaluationWhatStandsAroundAStatementSeldomHidesIt(t *testing.T) {
	s := scanner(t)
	var statements []labelled
	around := map[string][]string{}
	for _, l := range readLabelled(t) {
		switch {
		case strings.Contains(l.text, "{P}"):
		case len(l.kinds) > 0:
			statements = append(statements, l)
		default:
			around[l.language] = append(around[l.language], l.text)
		}
	}
	found := &tally{}
	var hidden []string
	for i, l := range statements {
		k := l.kinds[0]
		if best(s, prose(l.text), nil)[k] < detect.Likely {
			continue
		}
		others := around[l.language]
		text := sentenceOf(others[i*7%len(others)]) + " " + sentenceOf(l.text) + " " + sentenceOf(others[(i*11+5)%len(others)])
		level := best(s, prose(text), nil)[k]
		found.add(level)
		if level < detect.Likely {
			hidden = append(hidden, l.language+" "+string(k)+": "+text)
		}
	}
	t.Logf("%v; hidden:\n%s", found, strings.Join(hidden, "\n"))
	if found.share(detect.Likely) < 97 {
		t.Errorf("%v; hidden:\n%s", found, strings.Join(hidden[:min(40, len(hidden))], "\n"))
	}
}

// sentenceOf returns the text with a full stop where it ends without.
func sentenceOf(text string) string {
	if strings.ContainsAny(text[len(text)-1:], `.!?"`) {
		return text
	}
	return text + "."
}
