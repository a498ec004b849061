package detect_test

import (
	"slices"
	"strings"
	"testing"

	"postvern.example/policy/detect"
)

func TestCandidatesForAPasswordAreWhatPeopleWrite(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"Koden er Sommer2026.", "Sommer2026"},
		{"Lösenord: \"blå himmel\"", "blå himmel"},
		{"Hej\n\nFjord2025\n\nHilsen Anna", "Fjord2025"},
		{"> > hemmelig7", "hemmelig7"},
		{"Filen åbnes med dit CPR-nummer, 070761-4285.", "070761-4285"},
		{"Filen åbnes med dit CPR-nummer, 070761-4285.", "0707614285"},
		{"De sidste fire af 070761-4285", "4285"},
		{"Salasana on Kevät-2026!", "Kevät-2026!"},
		{"lykilorð: Jökull99", "Jökull99"},
		{"pw 4711", "4711"},
		{"the code for the zip: trombone", "trombone"},
	} {
		if got := detect.PasswordCandidates(prose(c.text)); !slices.Contains(got, c.want) {
			t.Errorf("%q: %q has no %q", c.text, got, c.want)
		}
	}
	long := strings.Repeat("Vare A1234567 koster 4711 kr. og B7654321 koster 17 kr.\n", 400)
	if got := detect.PasswordCandidates(prose("Koden er Sommer2026.\n" + long)); len(got) > 24 || got[0] != "Sommer2026" {
		t.Errorf("%d candidates, the first %q", len(got), got[:1])
	}
	if got := detect.PasswordCandidates(prose("Vi ses i morgen.")); len(got) != 0 {
		t.Errorf("candidates where there is none: %q", got)
	}
}
