package detect_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"postvern.example/policy/detect"
)

func TestOrdinaryNewsAndUnionProseIsNoFinding(t *testing.T) {
	var text []byte
	for _, name := range []string{"ordinary.txt", "news.txt", "notices.txt", "bulletins.txt", "columns.txt", "circulars.txt", "dispatches.txt", "gazettes.txt", "journals.txt", "messages.txt", "gleanings.txt", "briefs.txt", "snippets.txt"} {
		one, err := os.ReadFile("testdata/prose/" + name)
		if err != nil {
			t.Fatal(err)
		}
		text = append(text, one...)
	}
	s := scanner(t)
	all, taken := 0, 0
	for line := range strings.Lines(string(text)) {
		all++
		for kind, level := range best(s, prose(line), nil) {
			if level >= detect.Likely {
				t.Logf("%s %s: %s", kind, level, strings.TrimSpace(line))
				taken++
				break
			}
		}
	}
	t.Logf("%d of %d paragraphs", taken, all)
	if all < 200 || taken*100 > all {
		t.Errorf("%d of %d paragraphs are taken for personal data", taken, all)
	}
}

func TestWordsThatMeanSomethingElseAreNoFinding(t *testing.T) {
	for _, name := range []string{"meanings.txt", "everyday.txt"} {
		text, err := os.ReadFile("testdata/prose/" + name)
		if err != nil {
			t.Fatal(err)
		}
		expectLikely(t, "", slices.Collect(strings.Lines(string(text))))
	}
}
