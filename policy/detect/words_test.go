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
