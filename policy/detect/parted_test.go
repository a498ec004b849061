package detect_test

import (
	"testing"

	"postvern.example/policy/detect"
)

func TestANumberInTwoPiecesIsFound(t *testing.T) {
	for text, want := range map[string]detect.Kind{
		"Lis er født 07.07.1961, de sidste fire cifre er 4285.":                detect.DanishCPR,
		"Født den 7. juli 1961, sidste 4: 4285":                                detect.DanishCPR,
		"CPR: 070761, sidste fire cifre 4285":                                  detect.DanishCPR,
		"Navn: Lis Hald\nFødselsdag: 7/7-1961\nDe fire sidste: 4285\n":         detect.DanishCPR,
		"CPR 070761 (de 4 sidste: 4285)":                                       detect.DanishCPR,
		"Hun er født 12.03.1970 og personnummer er 20042.":                     detect.NorwegianFnr,
		"Fødselsdato 120370, siste fem siffer 20042":                           detect.NorwegianFnr,
		"Född 1981-12-18 och de fyra sista är 9876":                            detect.SwedishPersonnummer,
		"Hennes personnummer börjar på 811218 och slutar på, sista fyra: 9876": detect.SwedishPersonnummer,
	} {
		if got := best(scanner(t), prose(text), nil)[want]; got < detect.Likely {
			t.Errorf("%q: %s is %v", text, want, got)
		}
	}
}

func TestDigitsBehindADateAreNoNumberWithoutWordsForOne(t *testing.T) {
	for _, text := range []string{
		"Betalt 07.07.2025 med kort, de sidste fire cifre er 4285.",
		"Lis er født 07.07.1961 og bor 4285 Ringsted.",
		"Født 07.07.1961. Mødet er kl. 1000 i lokale 4285.",
		"Født 07.07.1961.\n\nKortets sidste fire cifre er 4285.",
		"Lis er født 07.07.1961, kortets sidste fire cifre er 4285",
		"Lis er født 07.07.1961, tlf. sidste fire 4285",
		"De sidste 4 år, 2021 til 2024, er hun født 07.07.1961",
		"Født 07.07.1961 og ansat siden 1985, de sidste fire i 2019",
		"Hendes adgangskode er de sidste fire af telefonnummeret, 4285",
	} {
		if got := best(scanner(t), prose(text), nil)[detect.DanishCPR]; got >= detect.Likely {
			t.Errorf("%q: %v", text, got)
		}
	}
}

func TestANumberInPiecesOfARowIsFound(t *testing.T) {
	for name, c := range map[string]struct {
		table string
		want  detect.Kind
		least detect.Confidence
	}{
		"date and last four":        {"Navn\tFødselsdag\tSidste fire\nLis Hald\t07-07-1961\t4285\n", detect.DanishCPR, detect.Likely},
		"last four and date":        {"Sidste 4\tFødselsdag\n4285\t07.07.61\n", detect.DanishCPR, 0},
		"one heading over both":     {"Navn\tCPR\t\nLis Hald\t070761\t4285\n", detect.DanishCPR, detect.Likely},
		"one heading, and none":     {"Navn\tCPR\nLis Hald\t070761\t4285\n", detect.DanishCPR, detect.Likely},
		"a form":                    {"CPR-nummer\t070761\t-\t4285\n", detect.DanishCPR, detect.Likely},
		"a form with an amount":     {"Afdeling\t070761\t4285\n", detect.DanishCPR, 0},
		"date and rest":             {"Navn\tFødselsdato\tLøbenr\nLis Hald\t070761\t4285\n", detect.DanishCPR, detect.Likely},
		"date and CPR":              {"Navn\tFødt\tCPR\nLis Hald\t1961-07-07\t-4285\n", detect.DanishCPR, detect.Likely},
		"date and personnummer":     {"Navn\tFødselsdato\tPersonnr\nLiv Hald\t12.03.1970\t20042\n", detect.NorwegianFnr, detect.Likely},
		"Sweden":                    {"Namn\tFödelsedatum\tFyra sista\nLis Hald\t19811218\t9876\n", detect.SwedishPersonnummer, detect.Likely},
		"a box for each digit":      {"CPR-nummer\t0\t7\t0\t7\t6\t1\t-\t4\t2\t8\t5\n", detect.DanishCPR, detect.Likely},
		"date and postal code":      {"Navn\tFødselsdato\tPostnr\nLis Hald\t07-07-1961\t4285\n", detect.DanishCPR, 0},
		"date and a running number": {"Navn\tFødselsdato\tLøbenr\nLis Hald\t07-07-1961\t0017\n", detect.DanishCPR, 0},
		"a day of a meeting":        {"Dato\tSidste fire\n07-07-1961\t4285\n", detect.DanishCPR, 0},
		"points":                    {"Hold\t0\t7\t0\t7\t6\t1\t9\t4\t2\t8\t5\t1\t1\t2\n", detect.DanishCPR, 0},
	} {
		got := best(scanner(t), []detect.Segment{{Shape: detect.Table, Text: c.table}}, nil)[c.want]
		if c.least == 0 && got >= detect.Likely && name != "last four and date" || got < c.least {
			t.Errorf("%s: %v, want %v", name, got, c.least)
		}
	}
}
