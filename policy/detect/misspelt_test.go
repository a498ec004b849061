package detect_test

import (
	"testing"

	"postvern.example/policy/detect"
)

func TestAMisspeltWordForANumberSpeaksForIt(t *testing.T) {
	expect(t, []expectation{
		{"Personummer 811218-9876", detect.SwedishPersonnummer, detect.Certain},
		{"persnummer 811218-9876", detect.SwedishPersonnummer, detect.Certain},
		{"perosnnummer 070761-4285", detect.DanishCPR, detect.Certain},
		{"Fødselnummer: 151086 950 88", detect.NorwegianFnr, detect.Certain},
		{"henkilötunus 131052-308T", detect.FinnishHetu, detect.Certain},
		{"kenitala 1201743399", detect.IcelandicKennitala, detect.Certain},
		{"partinummer 0707614285", detect.DanishCPR, detect.Possible},
		{"sessionsnummer 0707614285", detect.DanishCPR, detect.Possible},
	})
}

func TestWordsThatHandANumberOverSayNothingAgainstIt(t *testing.T) {
	expect(t, []expectation{
		{"Sending the number again, it is 0207215834. The other was my husband's.", detect.DanishCPR, detect.Likely},
		{"Sending 0207215834", detect.DanishCPR, 0},
		{"ok 0207215834 tak", detect.DanishCPR, detect.Likely},
		{"Hi, 0207215834 thanks", detect.DanishCPR, detect.Likely},
		{"Social security no.: 0207215834", detect.DanishCPR, detect.Likely},
	})
}

func TestAShortWordBeforeANumberInAFileNameIsAMatterOrAName(t *testing.T) {
	s := scanner(t)
	for name, want := range map[string]detect.Confidence{
		"syg-0207215834.jpg":       detect.Likely,
		"Bo Ek-0207215834.pdf":     detect.Likely,
		"AB-070761-4285.pdf":       0,
		"part Ab1-070761-4285.jpg": 0,
	} {
		segs := prose(name)
		segs[0].Shape = detect.Label
		if got := best(s, segs, nil)[detect.DanishCPR]; got != want {
			t.Errorf("%q is %v, want %v", name, got, want)
		}
	}
}
