package detect_test

import (
	"fmt"
	"testing"

	"postvern.example/policy/detect"
)

func TestANumberThatTheEndOfALinePartsAtItsBlankIsFound(t *testing.T) {
	s := scanner(t)
	for _, c := range []struct {
		text string
		kind detect.Kind
		want detect.Confidence
	}{
		{"Hendes CPR-nr. er 070761\n4285, og hun bor i Køge.", detect.DanishCPR, detect.Certain},
		{"Jeg talte med Mette Holm, 070761\n4285, om det hele.", detect.DanishCPR, detect.Likely},
		{"> Jeg talte med Mette Holm, 070761\r\n> 4285, om det hele.", detect.DanishCPR, detect.Likely},
		{"Kan nogen ringe til 010107\n50160 om vagtplanen", detect.NorwegianFnr, detect.Likely},
		{"010107\n50160 har ringt.", detect.NorwegianFnr, detect.Likely},
		{"Den ena är 19811218\n9876, den andra vet jag inte.", detect.SwedishPersonnummer, detect.Likely},
		{"Kennitala 120174\n3399", detect.IcelandicKennitala, detect.Certain},
		{"010107\n50160", detect.NorwegianFnr, 0},
		{"Vi måler\n070761\n4285\n4286", detect.DanishCPR, 0},
		{"Mette Holm er født 070761\n4285 Køge", detect.DanishCPR, 0},
		{"Mødet var 070761\n\n4285 kom", detect.DanishCPR, 0},
		{"Ordre 070761\n4285 er sendt", detect.DanishCPR, 0},
		{"Ordre 010107\n50160 er sendt", detect.NorwegianFnr, detect.Possible},
	} {
		if got := best(s, prose(c.text), nil)[c.kind]; got != c.want {
			t.Errorf("%q: %s is %v, want %v", c.text, c.kind, got, c.want)
		}
	}
}

func TestARoundedCellCountsWhereverItStandsInItsRow(t *testing.T) {
	for _, text := range []string{"CPR-nr.;Navn\n7.07614285E+08;Mette\n", "Navn;CPR-nr.\nMette;7.07614285E+08\n", "Navn|CPR-nr.|By\nMette|7.07614E+08|Køge\n"} {
		if got := best(scanner(t), prose(text), nil)[detect.DanishCPR]; got < detect.Likely {
			t.Errorf("%q is %v", text, got)
		}
	}
}

func TestACellThatASpreadsheetSpoiltIsReadInEveryTable(t *testing.T) {
	s := scanner(t)
	for _, c := range []struct {
		heading, cell string
		kind          detect.Kind
	}{
		{"CPR", "707614285.0", detect.DanishCPR},
		{"CPR", "1203851239.0", detect.DanishCPR},
		{"CPR-nr.", "707614285", detect.DanishCPR},
		{"CPR-nr.", "7.07614285E+08", detect.DanishCPR},
		{"Fødselsnummer", "1010750160", detect.NorwegianFnr},
		{"Fødselsnummer", "1010750160.0", detect.NorwegianFnr},
		{"Kennitala", "1201743399.0", detect.IcelandicKennitala},
		{"Personnummer", "198112189876.0", detect.SwedishPersonnummer},
	} {
		for _, mark := range []string{";", "|", "\t"} {
			text := fmt.Sprintf("Nr%[1]sNavn%[1]s%[2]s%[1]sBy\n7%[1]sMette%[1]s%[3]s%[1]sKøge\n", mark, c.heading, c.cell)
			if got := best(s, prose(text), nil)[c.kind]; got < detect.Likely {
				t.Errorf("%q: %s is %v", text, c.kind, got)
			}
			text = fmt.Sprintf("Nr%[1]sVare%[1]sAntal%[1]sBy\n7%[1]sMette%[1]s%[2]s%[1]sKøge\n", mark, c.cell)
			if got := best(s, prose(text), nil)[c.kind]; got >= detect.Likely {
				t.Errorf("%q: %s is %v", text, c.kind, got)
			}
		}
		table := prose("Navn\t" + c.heading + "\nMette\t" + c.cell + "\n")
		table[0].Shape = detect.Table
		if got := best(s, table, nil)[c.kind]; got < detect.Likely {
			t.Errorf("%q: %s is %v", table[0].Text, c.kind, got)
		}
	}
}

func TestAHeadingForOtherNumbersSpeaksAgainstAllUnderIt(t *testing.T) {
	s := scanner(t)
	for heading, want := range map[string]detect.Confidence{"Sagsnr.": detect.Possible, "Fakturanr.": detect.Possible, "Ärendenummer": detect.Possible, "Bemærkning": detect.Likely} {
		segs := prose("Navn\t" + heading + "\nVarme\t070761-4285\nTag\t0707614285\n")
		segs[0].Shape = detect.Table
		if got := best(s, segs, nil)[detect.DanishCPR]; got != want {
			t.Errorf("%s: %v, want %v", heading, got, want)
		}
	}
	for _, text := range []string{"Ärendenummer 811218-9876", "Reikningur nr. 1201743399, gjalddagi 3.4.2026", "PO 0707614285"} {
		for kind, got := range best(s, prose(text), nil) {
			if got >= detect.Likely {
				t.Errorf("%q: %s is %v", text, kind, got)
			}
		}
	}
}

func TestWhatIsCalledAPersonsNumberOfElsewhereIsOne(t *testing.T) {
	s := scanner(t)
	for text, want := range map[string]detect.Kind{
		"fødselsnummer 2412882697":               detect.DanishCPR, // without check digits, in Norwegian or old Danish words
		"Social security number: 1305872556":     detect.DanishCPR, // and a samordningsnummer by its digits
		"personal ID number 240685-166l":         detect.FinnishHetu,
		"fødsels- og ersonnummer: 01010750160":   detect.NorwegianFnr,
		"Perssnr: 811218-9876":                   detect.SwedishPersonnummer,
		"national_id = '0707614285'":             detect.DanishCPR,
		"Förresten, 3605240518 också, säger Åsa": detect.SwedishPersonnummer,
	} {
		if got := best(s, prose(text), nil)[want]; got < detect.Likely {
			t.Errorf("%q: %s is %v", text, want, got)
		}
	}
	for _, text := range []string{"S/N 0707614285", "Hei Lars, 2409211532 backup done", "txn 0707614285", "#0707614285"} {
		for kind, got := range best(s, prose(text), nil) {
			if got >= detect.Likely {
				t.Errorf("%q: %s is %v", text, kind, got)
			}
		}
	}
}

func TestFiguresThatStandApartAreNoPartOfANumber(t *testing.T) {
	s := scanner(t)
	for text, want := range map[string]detect.Kind{
		"Timer uke 14: 010107 50160 37 t":                                   detect.NorwegianFnr,
		"Utbetalt til 010107 50160 17-12-2022: kr 696":                      detect.NorwegianFnr,
		"16:18 010107 50160":                                                detect.NorwegianFnr,
		"Restanse:\n01 01 07 50160   54 853":                                detect.NorwegianFnr,
		"2026-03-02 08:11:09,221 WARN no match for 01010750160":             detect.NorwegianFnr,
		"Utbetalt till 19811218 9876 2022-04-07: 37 947 kr":                 detect.SwedishPersonnummer,
		"Hon uppgav 198112189876 på telefon":                                detect.SwedishPersonnummer,
		"08:07 070761 4285":                                                 detect.DanishCPR,
		"PID|1||0707614285^^^&1.2.208.176.1.2&ISO||Holm^Mette":              detect.DanishCPR,
		"\"person\": \"2501560678\",":                                       detect.DanishCPR,
		"We have paid the salary of 0904056690 twice":                       detect.DanishCPR,
		"0707614285(2).docx":                                                detect.DanishCPR,
		"Åsa Nyström 070-378 64 56 920206-R470":                             detect.SwedishPersonnummer,
		"131052-308T/070761-4285":                                           detect.FinnishHetu,
		"WARN payroll: no account for 0707614285 (Mette Holm)":              detect.DanishCPR,
		"131052-308T og 070761-4285 - Päivi Salo - kontrakt, som aftalt nu": detect.FinnishHetu,
	} {
		if got := best(s, prose(text), nil)[want]; got < detect.Likely {
			t.Errorf("%q: %s is %v", text, want, got)
		}
	}
	for _, text := range []string{
		"070761 4285 12", "16:18 250190 1234", "Måling: 250190 1234   12   55", "250190 1234 17-12-2022", "Linje 250190 1234 37 t",
		"2026-03-02 08:11:09,221 WARN no match for 0707614285", "PID 0707614285",
	} {
		for kind, got := range best(s, prose(text), nil) {
			if got >= detect.Likely {
				t.Errorf("%q: %s is %v", text, kind, got)
			}
		}
	}
}
