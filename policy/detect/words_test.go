package detect_test

import (
	"os"
	"strings"
	"testing"

	"postvern.example/policy/detect"
)

// Each line of testdata/words.txt has a language, a kind, a sentence with a place
// for a word, and words for that place.
func TestWordsOfASystematicListAreFoundInASentence(t *testing.T) {
	text, err := os.ReadFile("testdata/words.txt")
	if err != nil {
		t.Fatal(err)
	}
	s := scanner(t)
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(strings.TrimSpace(line), "|")
		if len(cells) != 4 {
			t.Fatalf("%q has no four cells", line)
		}
		words := strings.Split(cells[3], ",")
		var missed []string
		for _, w := range words {
			if best(s, prose(strings.Replace(cells[2], "%", w, 1)), nil)[detect.Kind(cells[1])] < detect.Likely {
				missed = append(missed, w)
			}
		}
		t.Logf("%s %s %q: %d of %d", cells[0], cells[1], cells[2], len(words)-len(missed), len(words))
		if len(missed)*100 > 10*len(words) {
			t.Errorf("%s %s %q: missed %q", cells[0], cells[1], cells[2], missed)
		}
	}
}

// Whoever writes of somebody says where they work and as what, and who told it, and
// that hides nothing.
func TestWordsOfASystematicListAreFoundOfSomebodyWhoseWorkIsNamed(t *testing.T) {
	text, err := os.ReadFile("testdata/words.txt")
	if err != nil {
		t.Fatal(err)
	}
	persons := map[string][]string{
		"da": {"Karen Lund på afdeling 3", "Karen Lund, som er overlæge,", "Forsker Karen Lund", "Journalist Karen Lund", "Betjent Karen Lund", "Musiker Karen Lund", "Lægen siger, at Karen Lund"},
		"nb": {"Kari Moe på avdeling 3", "Kari Moe, leder for barnehagen,", "Rådgiver Kari Moe", "Forsker Kari Moe", "Journalist Kari Moe", "Legen sier at Kari Moe"},
		"nn": {"Kari Moe på avdeling 3", "Kari Moe, leiar i barnehagen,", "Rådgivar Kari Moe", "Forskar Kari Moe"},
		"sv": {"Karin Holm på avdelning 3", "Karin Holm, ordförande i klubben,", "Forskare Karin Holm", "Polis Karin Holm", "Vår ordförande"},
		"fi": {"Liisa Salo osastolta 3", "Poliisi Liisa Salo", "Tutkija Liisa Salo", "Lääkäri sanoo, että Liisa Salo"},
		"en": {"Karen Hall on the ward", "Nurse Karen Hall", "Karen Hall, our chair,", "Researcher Karen Hall", "Journalist Karen Hall", "We have been told that Karen Hall", "Our chair"},
	}
	s := scanner(t)
	for language, people := range persons {
		for _, person := range people {
			all, missed := 0, 0
			for line := range strings.Lines(string(text)) {
				cells := strings.Split(strings.TrimSpace(line), "|")
				if cells[0] != language {
					continue
				}
				_, rest, _ := strings.Cut(cells[2], " ")
				for w := range strings.SplitSeq(cells[3], ",") {
					all++
					if best(s, prose(person+" "+strings.Replace(rest, "%", w, 1)), nil)[detect.Kind(cells[1])] < detect.Likely {
						missed++
					}
				}
			}
			t.Logf("%s %q: missed %d of %d", language, person, missed, all)
			if all == 0 || missed*100 > 16*all {
				t.Errorf("%s %q: missed %d of %d", language, person, missed, all)
			}
		}
	}
}
