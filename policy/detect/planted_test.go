package detect_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"postvern.example/internal/specimen"
	"postvern.example/policy/detect"
)

// planted is a sentence, line, cell or mail with places for a kind's numbers.
type planted struct {
	kind  detect.Kind
	shape detect.Shape
	text  string
}

func readPlanted(t *testing.T) []planted {
	t.Helper()
	files, err := filepath.Glob("testdata/eval/planted/*.tsv")
	if err != nil || len(files) == 0 {
		t.Fatalf("no planted sentences: %v", err)
	}
	var out []planted
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(b)) {
			cells := strings.SplitN(strings.TrimSuffix(line, "\n"), "\t", 3)
			if len(cells) != 3 {
				t.Fatalf("%s: %q has no three cells", name, line)
			}
			shape := detect.Prose
			if cells[1] == "table" {
				shape = detect.Table
			}
			text := strings.NewReplacer(`\n`, "\n", `\t`, "\t").Replace(cells[2])
			out = append(out, planted{detect.Kind(cells[0]), shape, text})
		}
	}
	return out
}

// with returns the text with numbers in its places.
func (p planted) with(d specimen.Dice, number func(specimen.Dice) string) []detect.Segment {
	segs := prose(strings.NewReplacer("{N}", number(d), "{M}", number(d), "{O}", number(d)).Replace(p.text))
	segs[0].Shape = p.shape
	return segs
}

func TestEvaluationNumbersPlantedInEverydayMailAreFound(t *testing.T) {
	s, all := scanner(t), readPlanted(t)
	for _, kind := range []detect.Kind{detect.DanishCPR, detect.NorwegianFnr, detect.SwedishPersonnummer, detect.FinnishHetu, detect.IcelandicKennitala, detect.IBAN} {
		whole, other := &tally{}, &tally{}
		twin := map[detect.Kind]detect.Kind{detect.DanishCPR: detect.IcelandicKennitala, detect.IcelandicKennitala: detect.DanishCPR}[kind]
		for i, form := range specimen.Written(kind) {
			d, one := specimen.Roll(uint64(2000+i)), &tally{}
			missed := map[string]int{}
			for _, p := range all {
				if p.kind != kind || p.shape == detect.Table && strings.Contains(form.Name, "line's end") {
					continue
				}
				for range 20 {
					got := best(s, p.with(d, form.Number), nil)
					one.add(got[kind])
					whole.add(got[kind])
					other.add(got[twin])
					if got[kind] < detect.Likely {
						missed[p.text]++
					}
				}
			}
			t.Logf("%-16s %-34s %v", kind, form.Name, one)
			if one.share(detect.Likely) < 99.5 {
				t.Logf("  below likely: %v", missed)
			}
			least := 99.5
			switch form.Name {
			case "unchecked, hyphen", "unchecked, blank":
				least = 99 // one in a hundred is a Swedish number by chance, and "Personnr." its word
			case "unchecked, bare":
				least = 92 // ten digits alone on a line, or in a file's name, may be anything
			}
			if one.share(detect.Likely) < least {
				t.Errorf("%s, %s: recall below %.1f %%: %v", kind, form.Name, least, one)
			}
		}
		t.Logf("%-16s %-34s %v", kind, "all forms", whole)
		if twin != "" {
			t.Logf("%-16s %-34s %v", kind, "taken for "+string(twin)+" as well", other)
		}
		if twin != "" && other.share(detect.Likely) > 3 {
			t.Errorf("%s is taken for %s as well in %.1f %%", kind, twin, other.share(detect.Likely))
		}
	}
}

func TestEvaluationNumbersOfEverydayThingsAreRarelyLikely(t *testing.T) {
	s := scanner(t)
	b, err := os.ReadFile("testdata/eval/other-numbers.txt")
	if err != nil {
		t.Fatal(err)
	}
	d, any, kinds := specimen.Roll(77), &tally{}, map[detect.Kind]*tally{}
	persons := []detect.Kind{detect.DanishCPR, detect.NorwegianFnr, detect.SwedishPersonnummer, detect.FinnishHetu, detect.IcelandicKennitala}
	for _, k := range persons {
		kinds[k] = &tally{}
	}
	for line := range strings.Lines(string(b)) {
		line = strings.ReplaceAll(strings.TrimSuffix(line, "\n"), `\n`, "\n")
		one, example := &tally{}, ""
		for range 200 {
			text := specimen.Fill(d, line)
			found, worst := best(s, prose(text), nil), detect.Confidence(0)
			for _, k := range persons {
				kinds[k].add(found[k])
				worst = max(worst, found[k])
			}
			any.add(worst)
			if one.add(worst); worst >= detect.Likely {
				example = text
			}
		}
		if one.share(detect.Likely) > 3 {
			t.Logf("%q %v", example, one)
		}
	}
	for _, k := range persons {
		t.Logf("%-18s false %v", k, kinds[k])
	}
	t.Logf("%-18s false %v", "any", any)
	if any.share(detect.Certain) > 0.3 || any.share(detect.Likely) > 1 {
		t.Errorf("too many numbers of other things are taken for a person's: %v", any)
	}
}
