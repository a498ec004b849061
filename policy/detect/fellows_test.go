package detect_test

import (
	"strings"
	"testing"

	"postvern.example/policy/detect"
)

func TestANumberOfAListIsOfTheKindThatTheOthersAreOf(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want, not  detect.Kind
		count      int
	}{
		{"a Swedish list whose first number fits CPR", "personnummer på alla: Tina N 020127-4776, Ali N 661102-9239, Bo K 550212-4810", detect.SwedishPersonnummer, detect.DanishCPR, 3},
		{"a list of names whose heading says nothing", "Tina N 020127-4776\nAli N 661102-9239\nBo K 550212-4810", detect.SwedishPersonnummer, detect.DanishCPR, 3},
		{"a Finnish heading above", "Nimi;Henkilötunnus;Osasto\nIlkka Heikkilä;120277-5233;Keittiö\nLeena Järvinen;160394-1638;Siivous", detect.FinnishHetu, detect.DanishCPR, 2},
		{"a Finnish list beside a sign of our century", "- Tuula Heikkilä 121153-0253\n- Mikko Aalto 080352W3144", detect.FinnishHetu, detect.DanishCPR, 2},
		{"an English heading that names the Danish number", "Name,CPR number,Site\nKevin Clarke,191148-2777,North\nImran Hughes,100286 2839,South", detect.DanishCPR, detect.IcelandicKennitala, 2},
		{"an English phrase that names the country", "Our member Imran Clarke (Swedish personal identity number 011108-6120) was called to a hearing.", detect.SwedishPersonnummer, detect.DanishCPR, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			found := best(scanner(t), prose(c.text), nil)
			if found[c.want] < detect.Likely || found[c.not] >= detect.Likely {
				t.Errorf("%s is %s, %s is %s", c.want, found[c.want], c.not, found[c.not])
			}
			for _, f := range scanner(t).Scan(prose(c.text), nil) {
				if f.Kind == c.want && f.Count != c.count {
					t.Errorf("%d numbers of %s are found, want %d", f.Count, f.Kind, c.count)
				}
			}
		})
	}
}

func TestANumberThatItsOwnWordNamesIsNotOutvotedByTheOthers(t *testing.T) {
	found := best(scanner(t), prose("Ali N 661102-9239\nBo K 550212-4810\nTina N, CPR 020127-4776"), nil)
	if found[detect.DanishCPR] != detect.Certain || found[detect.SwedishPersonnummer] < detect.Likely {
		t.Errorf("found %v", found)
	}
}

func TestTheCodeThatIdentifiesAPersonIsNoPassword(t *testing.T) {
	for text, want := range map[string]bool{
		"Her Finnish personal identity code is 110161-052a.": false,
		"Postal code: 8000C9":                                false,
		"The code is Hk7-92xQ for the attached file.":        true,
	} {
		if got := best(scanner(t), prose(text), nil)[detect.FilePassword] > 0; got != want {
			t.Errorf("%q holds a password: %v", text, got)
		}
	}
}

func TestMixedNumbersOfAVastMailAreReadOnce(t *testing.T) {
	text := strings.Repeat("Tina N 020127-4776, fødselsdato og løbenr ", 40_000)
	if found := best(scanner(t), prose(text), nil); found[detect.DanishCPR] < detect.Likely {
		t.Errorf("found %v", found)
	}
}

func TestBirthDateAndSerialNumberAreACPRNumber(t *testing.T) {
	for _, text := range []string{"Fødselsdato og løbenr: 020303-7055", "Fødselsdato/løbenummer 0310612319"} {
		if got := best(scanner(t), prose(text), nil)[detect.DanishCPR]; got < detect.Likely {
			t.Errorf("%q: %s", text, got)
		}
	}
	if got := best(scanner(t), prose("Løbenr. 0310612319"), nil)[detect.DanishCPR]; got >= detect.Likely {
		t.Errorf("a serial number of a thing is a CPR number: %s", got)
	}
}
