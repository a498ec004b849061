package detect_test

import (
	"testing"

	"postvern.example/policy/detect"
)

// TestANumberIsACPRNumberOrAKennitalaByWhatStandsAround holds numbers that both
// offices could have given.
func TestANumberIsACPRNumberOrAKennitalaByWhatStandsAround(t *testing.T) {
	s := scanner(t)
	const (
		open     = "120190-2349" // no check digit of either kind
		checked  = "120174-3399" // the check digit of a kennitala
		danish   = "070761-4285" // no kennitala: it ends in 5
		bothways = "110203-4230" // born in 2003, either way
	)
	for _, c := range []struct {
		name, text string
		cpr, kt    detect.Confidence
	}{
		{"Danish words", "Jeg har talt med hende om " + open + " i dag.", detect.Likely, detect.Possible},
		{"Icelandic words", "Ég talaði við hana um " + open + " í gær.", detect.Possible, detect.Likely},
		{"a word for the one", "CPR: " + open, detect.Certain, 0},
		{"a word for the other", "Kt. " + open, 0, detect.Certain},
		{"a word for the other among Danish words", "Vores islandske kollega har kennitala " + open + ", siger hun.", 0, detect.Certain},
		{"Danish words and the other's check digit", "Jeg har talt med hende om " + checked + " i dag.", detect.Likely, detect.Likely},
		{"a check digit and nothing else", checked, detect.Possible, detect.Likely},
		{"nothing at all", open, detect.Likely, detect.Likely},
		{"the language of the rest of the message", "Sæl Rakel, hér er það sem við ræddum um á fundinum.\n\n" + bothways + "\n\nKveðja", detect.Possible, detect.Likely},
		{"the other numbers", "110203-4230\n120304-5236\n" + danish + "\n130405-6231\n140506-7233", detect.Likely, detect.Possible},
		{"a word that names no kennitala", "Personnummer: " + open, detect.Certain, 0},
		{"an Icelander's name", "Sigríður Ólafsdóttir, " + open, detect.Possible, detect.Likely},
	} {
		got := best(s, prose(c.text), nil)
		if got[detect.DanishCPR] != c.cpr || got[detect.IcelandicKennitala] != c.kt {
			t.Errorf("%s: CPR %v and kennitala %v, want %v and %v", c.name, got[detect.DanishCPR], got[detect.IcelandicKennitala], c.cpr, c.kt)
		}
	}
}
