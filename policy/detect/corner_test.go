package detect_test

import (
	"fmt"
	"testing"

	"postvern.example/internal/specimen"
	"postvern.example/policy/detect"
)

func TestEvaluationRareFormsOfIdentityNumbersAreFound(t *testing.T) {
	s := scanner(t)
	kinds := map[detect.Kind]*tally{}
	for i, c := range specimen.Corners() {
		d := specimen.Roll(uint64(500 + i))
		if kinds[c.Kind] == nil {
			kinds[c.Kind] = &tally{}
		}
		one := &tally{}
		missed := map[string]int{}
		for _, carrier := range specimen.Carriers(c.Kind) {
			for range 20 {
				got := best(s, prose(fmt.Sprintf(carrier, c.Number(d))), nil)[c.Kind]
				one.add(got)
				kinds[c.Kind].add(got)
				if got < detect.Likely {
					missed[fmt.Sprintf("%q %s", carrier, got)]++
				}
			}
		}
		t.Logf("%-20s %-34s %v", c.Kind, c.Name, one)
		if one.share(detect.Likely) < 99.5 {
			t.Logf("  below likely: %v", missed)
		}
	}
	for _, k := range detect.Kinds() {
		one := kinds[k]
		if one == nil {
			continue
		}
		t.Logf("%-55s %v", k, one)
		if one.share(detect.Likely) < 99.5 {
			t.Errorf("%s: recall below 99.5 %%: %v", k, one)
		}
	}
}

func TestEvaluationMoreNumbersOfOtherThingsAreNotCertain(t *testing.T) {
	s := scanner(t)
	all := &tally{}
	for i, make := range specimen.MoreNegatives() {
		d := specimen.Roll(uint64(900 + i))
		one, example := &tally{}, ""
		for range 400 {
			text := make(d)
			worst := detect.Confidence(0)
			for _, c := range best(s, prose(text), nil) {
				worst = max(worst, c)
			}
			one.add(worst)
			all.add(worst)
			if worst >= detect.Likely && example == "" {
				example = text
			}
		}
		if one.atLeast(detect.Likely) > 0 {
			t.Logf("%q %v", example, one)
		}
	}
	t.Logf("any %v", all)
	if all.share(detect.Certain) > 0.3 || all.share(detect.Likely) > 2 {
		t.Errorf("too many are certain: %v", all)
	}
}
