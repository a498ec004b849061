package extract

import (
	"testing"

	"postvern.example/policy/detect"
)

func TestWhatStandsBehindAnRTFIsTextAndOneThatIsCutIsToldSo(t *testing.T) {
	for name, c := range map[string]struct {
		data string
		cut  bool
	}{
		"whole":               {`{\rtf1\ansi CPR 070761-4285}`, false},
		"letters behind it":   {`{\rtf1\ansi CPR 070761-4285}ve`, false}, // what was in the writer's memory
		"a number behind it":  {`{\rtf1\ansi hej} CPR 070761-4285`, false},
		"cut in a group":      {`{\rtf1\ansi CPR 070761-4285 {\b hej`, true},
		"cut behind a group":  {`{\rtf1\ansi CPR 070761-4285 {\b hej}`, true},
		"a brace too many":    {`{\rtf1\ansi hej}} CPR 070761-4285`, false},
		"cut behind a second": {`{\rtf1\ansi hej} {CPR 070761-4285`, true},
	} {
		res := extracted(t, attached("application/rtf", "a.rtf", []byte(c.data)))
		f, told := res.finding(detect.Unscannable)
		if told != c.cut || told && f.Evidence[0] != whyMalformed || !res.holds("070761-4285") {
			t.Errorf("%s\n%s", name, res.dump())
		}
	}
}
