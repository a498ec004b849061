package detect_test

import (
	"fmt"
	"strings"
	"testing"

	"postvern.example/internal/specimen"
	"postvern.example/policy/detect"
)

func TestANumberWrittenCarelesslyIsFoundBesideItsKeyword(t *testing.T) {
	for _, number := range []string{
		"07071961-4285", "07.07.1961-4285", "07-07-1961-4285", "07/07/1961 4285", "07 07 1961 4285", "070719614285", "07071961  4285",
		"07.07.61-4285", "07-07-61-4285", "07/07/61 4285", "07.07.61  4285", "070761\t4285", "070761     4285", "070761--4285", "070761 - 4285",
		"070761  --  4285", "070761 –\u00a0 4285", "(070761)4285", "(070761) 4285", "(070761)-4285", "070761 (4285)", "070761_4285",
		"070761-\n4285", "070761-\r\n4285", "070761 -\n  4285", "070761-\n> 4285", "070761-\n>> 4285", "070761-\r\n> > 4285",
		"0\u03327\u03320\u03327\u03326\u03321\u0332-\u03324\u03322\u03328\u03325", "0\u20dd7\u20dd0\u20dd761-4285", "O7O761-4285", "07076l-4285", "07076I-4285",
	} {
		expect(t, []expectation{
			{"Dit CPR-nummer er " + number + " som aftalt.", detect.DanishCPR, detect.Certain},
			{"> CPR " + number, detect.DanishCPR, detect.Certain},
		})
	}
	expect(t, []expectation{
		{"Fødselsnummeret er 15.10.86-95088", detect.NorwegianFnr, detect.Certain},
		{"Fødselsnummeret er 15.10.1986 95088", detect.NorwegianFnr, detect.Certain},
		{"Fødselsnummeret er 15101986-95088", detect.NorwegianFnr, detect.Certain},
		{"Fødselsnummeret er 1510198695088", detect.NorwegianFnr, detect.Certain},
		{"Fødselsnummeret er 151086\t95088", detect.NorwegianFnr, detect.Certain},
		{"Fødselsnummeret er 151086-\n> 95088", detect.NorwegianFnr, detect.Certain},
		{"Hennes personnummer är 81-12-18-9876", detect.SwedishPersonnummer, detect.Certain},
		{"Hennes personnummer är 1981/12/18 9876", detect.SwedishPersonnummer, detect.Certain},
		{"Hennes personnummer är 1981-12-18 -- 9876", detect.SwedishPersonnummer, detect.Certain},
		{"Hennes personnummer är 19811218\t9876", detect.SwedishPersonnummer, detect.Certain},
		{"Hennes personnummer är 811218-\n> 9876", detect.SwedishPersonnummer, detect.Certain},
		{"Henkilötunnus 13.10.52-308T", detect.FinnishHetu, detect.Certain},
		{"Henkilötunnus 13.10.1952-308T", detect.FinnishHetu, detect.Certain},
		{"Henkilötunnus 13101952-308T", detect.FinnishHetu, detect.Certain},
		{"Henkilötunnus 13.10.2052-308T", detect.FinnishHetu, 0},
		{"Henkilötunnus 131052 - 308T", detect.FinnishHetu, detect.Certain},
		{"Henkilötunnus 131052-\n> 308T", detect.FinnishHetu, detect.Certain},
		{"Kennitala hennar er 12.01.1974-3399", detect.IcelandicKennitala, detect.Certain},
		{"Kennitala hennar er 12011974-3399", detect.IcelandicKennitala, detect.Certain},
		{"Kennitala hennar er 120174\t3399", detect.IcelandicKennitala, detect.Certain},
	})
}

func TestTwoNumbersSideBySideAreNoPersons(t *testing.T) {
	for _, text := range []string{
		"12.05.2026-1430", "Mødet er 12.05.2026-1430 i kantinen.", "Mødet var 12.05.1999-1430 i kantinen.", "Mødet var 07.07.1961-1430 i kantinen.",
		"070761-080761", "Perioden 070761-080761 er lukket.", "Perioden 07.07.61-08.07.61 er lukket.", "Perioden 07.07.1961-08.07.1961 er lukket.",
		"Ferien er 07.07.1961 - 08.07.1961, siger Mette.", "Født 07.07.1961, 4285 Køge", "Hun er født 07.07.1961 4285 Køge", "Anna 070761\t4285\t12", "Anna har 070761     4285 kr.",
		"Hun ringer på 33 12 45 67 -- 4285", "Lager: 070761_4285", "Vi ses (070761) 4285 gange", "Anna har O7O761-4285 og l0l0l0-1234", "070719614285 Mette",
		"På linje 070761\n4285 står Anna", "CPR har 33 12 45 67   4285", "CPR 070761--428512", "CPR 07071961-4285-12", "CPR 07071861-4285", "CPR 31131961-4285",
	} {
		for kind, level := range best(scanner(t), prose(text), nil) {
			if level >= detect.Likely {
				t.Errorf("%q: %s is %v", text, kind, level)
			}
		}
	}
}

func TestAWordRightBeforeANumberCapsItWhateverStandsFurtherOff(t *testing.T) {
	for _, word := range []string{"Ordre", "Ordre nr.", "Ordrenummer:", "Faktura", "Fakturanr.", "Invoice", "Order", "Beställning", "Tilaus"} {
		for _, before := range []string{"", "2012345678 er sendt. ", "Vi har 2012345678 og ", "2012345678\n", "Tak for hjælpen med 2012345678, hvor vi mangler "} {
			text := before + word + " 0707614285 er betalt."
			if got := best(scanner(t), prose(text), nil)[detect.DanishCPR]; got > detect.Possible {
				t.Errorf("%q is %v", text, got)
			}
		}
	}
}

// careless are the ways to write a number of so many digits of date.
func careless(date int) []func(string) string {
	ways := []func(string) string{specimen.Cut(date, "\t"), specimen.Cut(date, "   "), specimen.Cut(date, "--"), specimen.Cut(date, " - "), specimen.Cut(date, ")"), specimen.Cut(date, "-\n> "), specimen.Cut(date, "-\n"), specimen.Cut(date, "_"), specimen.Cut(date, " -- ")}
	for _, sep := range []string{".", "/", "-", " "} {
		year := date - 4
		if date == 8 {
			ways = append(ways, func(s string) string { return s[:4] + sep + s[4:6] + sep + s[6:8] + "-" + s[8:] })
			continue
		}
		ways = append(ways, func(s string) string { return s[:2] + sep + s[2:4] + sep + s[4:4+year] + "-" + s[4+year:] })
	}
	return ways
}

func TestEvaluationCarelessFormsAreFoundBesideAKeyword(t *testing.T) {
	s := scanner(t)
	for i, p := range specimen.Numbers() {
		date := 6
		switch p.Kind {
		case detect.DanishCPR, detect.NorwegianFnr, detect.IcelandicKennitala:
		case detect.SwedishPersonnummer:
			date = 8
		default:
			continue
		}
		d, set := specimen.Roll(uint64(100+i)), &tally{}
		var missed []string
		for range 2000 {
			text := fmt.Sprintf(specimen.Pick(d, p.Keyed), specimen.Pick(d, careless(date))(p.Number(d)))
			got := best(s, prose(text), nil)[p.Kind]
			set.add(got)
			if got < detect.Likely && len(missed) < 8 {
				missed = append(missed, text)
			}
		}
		t.Logf("%-16s %v", p.Kind, set)
		if set.share(detect.Likely) < 99.5 {
			t.Errorf("%s: recall below 99.5 %%; missed %q", p.Kind, missed)
		}
	}
}

func TestAValueThatStandsTwiceAtOnePlaceCountsOnce(t *testing.T) {
	s := scanner(t)
	here := detect.Place{{Kind: detect.InBody, Label: "HTML"}}
	other := detect.Place{{Kind: detect.InBody, Label: "text"}}
	for _, c := range []struct {
		name string
		segs []detect.Segment
		kind detect.Kind
		want []int
	}{
		{"a number", prose("CPR 070761-4285, altså 070761-4285."), detect.DanishCPR, []int{1}},
		{"two numbers", prose("CPR 070761-4285 og CPR 010203-1234."), detect.DanishCPR, []int{2}},
		{"an illness", prose("Hun er sygemeldt.\n\nHun er sygemeldt."), detect.Health, []int{1}},
		{"the illnesses of two", prose("Mette er sygemeldt.\n\nBo er sygemeldt."), detect.Health, []int{2}},
		{"two segments of one place", []detect.Segment{{Place: here, Text: "Mette er sygemeldt."}, {Place: here, Text: "Mette er sygemeldt."}}, detect.Health, []int{1}},
		{"two places", []detect.Segment{{Place: other, Text: "Mette er sygemeldt."}, {Place: here, Text: "Mette er sygemeldt."}}, detect.Health, []int{1, 1}},
	} {
		var got []int
		for _, f := range s.Scan(c.segs, nil) {
			if f.Kind == c.kind {
				got = append(got, f.Count)
			}
		}
		if fmt.Sprint(got) != fmt.Sprint(c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

// anyOrder is a roster that knows a name however its words are turned, as
// rosters do.
type anyOrder []string

func (r anyOrder) HasAddress(string) bool { return false }

func (r anyOrder) HasName(name string) bool {
	for _, n := range r {
		first, last, _ := strings.Cut(n, " ")
		if name == n || name == last+" "+first {
			return true
		}
	}
	return false
}

func TestAMemberWhoseNameCanBeTurnedCountsOnce(t *testing.T) {
	text := "Deltagere: Anna Holm, Bo Lind, Carl Friis, Dorte Bak."
	segs := append(prose(text), detect.Segment{Place: detect.Place{{Kind: detect.InBody, Label: "HTML"}}, Text: text})
	for _, f := range scanner(t).Scan(segs, anyOrder{"Anna Holm", "Bo Lind", "Carl Friis", "Dorte Bak"}) {
		if f.Kind == detect.MemberList && f.Count == 4 {
			return
		}
	}
	t.Errorf("no list of four")
}
