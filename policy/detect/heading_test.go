package detect_test

import (
	"slices"
	"strings"
	"testing"

	"postvern.example/policy/detect"
)

func sheetOf(text string) []detect.Segment {
	return []detect.Segment{{Place: detect.Place{{Kind: detect.InAttachment, Number: 1}, {Kind: detect.InSheet, Number: 1, Name: "Ark1"}}, Shape: detect.Table, Text: text}}
}

func TestHeadingsSayWhatStandsBelowThem(t *testing.T) {
	s := scanner(t)
	for _, c := range []struct {
		kind  detect.Kind
		table string
		found bool
	}{
		{detect.Salary, "Navn|Løn\nKaren Lund|34.500\nBo Kjær|31.200", true},
		{detect.Salary, "Fornavn|Efternavn|Stilling|Løn pr. md.\nKaren|Lund|lærer|34500\nBo|Kjær|lærer|31200", true},
		{detect.Salary, "Medarbejder|Trin|Grundløn\nKL|31|34500", true},
		{detect.Salary, "Name|Salary\nSarah Cook|34500\nJohn Miller|31200", true},
		{detect.Salary, "Navn|Stilling|Lønn\nKari Nes|vernepleier|512 000", true},
		{detect.Salary, "Namn|Befattning|Månadslön\nAnna Berg|lärare|38 200", true},
		{detect.Salary, "Nimi|Tehtävä|Kuukausipalkka\nLiisa Mäki|opettaja|3 410", true},
		{detect.Salary, "Trin|Løn\n31|34.500\n32|35.100", false},                 // a scale, nobody's pay
		{detect.Salary, "Navn|Løn\nKaren Lund|\nBo Kjær|aftales", false},         // a form that nobody filled in
		{detect.Salary, "Navn|Lønkonto\nKaren Lund|se bilag", false},             // another word
		{detect.Salary, "Emne|Løn, ferie og pension\nOplæg|Karen Lund", false},   // a topic
		{detect.Salary, "Stilling|Løn\nLærer|34.500\nSygeplejerske|35.1", false}, // rates of an agreement
		{detect.Health, "Navn|Afdeling|Diagnose\nKaren Lund|3|noget med ryggen", true},
		{detect.Health, "Navn|Afdeling|Sygedage\nKaren Lund|3|14", true},
		{detect.Health, "Navn|Afdeling|Sygedage\nKaren Lund|3|0", false},
		{detect.Health, "Navn|Afdeling|Allergi\nKaren Lund|3|nødder\nBo Kjær|3|nej", true},
		{detect.Health, "Navn|Afdeling|Allergi\nKaren Lund|3|nej\nBo Kjær|3|", false},
		{detect.UnionMembership, "Navn|Fagforening\nKaren Lund|HK\nBo Kjær|FOA", true},
		{detect.UnionMembership, "Navn|Afdeling|Medlem\nKaren Lund|3|nej", true}, // not to be one says as much
		{detect.UnionMembership, "Name|Grade|Union member\nSarah Cook|4|Y", true},
		{detect.UnionMembership, "Afdeling|Medlemmer\nLager|14\nKontor|9", false},
		{detect.Dismissal, "Navn|Afdeling|Opsagt\nKaren Lund|3|31-03-2026", true},
		{detect.Religion, "Namn|Avdelning|Religion\nAnna Berg|3|muslim", true},
		{detect.Ethnicity, "Name|Grade|Ethnic origin\nSarah Cook|4|Black British", true},
		{detect.Politics, "Navn|Afdeling|Parti\nKaren Lund|3|Venstre", true},
		{detect.Sexuality, "Name|Grade|Sexual orientation\nSarah Cook|4|gay", true},
		{detect.CriminalOffences, "Navn|Afdeling|Straffeattest\nKaren Lund|3|tyveri 2019", true},
	} {
		for form, segs := range map[string][]detect.Segment{
			"a sheet":            sheetOf(strings.ReplaceAll(c.table, "|", "\t")),
			"bars":               prose(strings.ReplaceAll(c.table, "|", " | ")),
			"semicolons":         prose(strings.ReplaceAll(c.table, "|", ";")),
			"columns of a text":  prose(strings.ReplaceAll(c.table, "|", "      ")),
			"a quoted semicolon": prose("> " + strings.ReplaceAll(strings.ReplaceAll(c.table, "|", ";"), "\n", "\n> ")),
		} {
			if got := best(s, segs, nil)[c.kind]; (got >= detect.Likely) != c.found {
				t.Errorf("%s, %s: %s is %v", c.table, form, c.kind, got)
			}
		}
	}
}

func TestColumnsOfATextAreToldByWhereTheyStand(t *testing.T) {
	s := scanner(t)
	for text, found := range map[string]bool{
		"Navn         Stilling Løn pr. md.\nKaren Lund   lærer          34500\nBo Kjær      lærer          31200\n": true,
		"Navn         Løn      Anciennitet\nKaren Lund   aftales           12\nBo Kjær      aftales           14\n": false,
		"Navn          Nr.     Lønkonto  Løn\nKaren Lund    12345               \n":                                 false,
	} {
		if got := best(s, prose(text), nil)[detect.Salary]; (got >= detect.Likely) != found {
			t.Errorf("%s: %v", text, got)
		}
	}
}

func TestFieldsOfAFormSaySomethingOfWhomItNames(t *testing.T) {
	s := scanner(t)
	for _, c := range []struct {
		kind  detect.Kind
		text  string
		found bool
	}{
		{detect.Salary, "Navn: Karen Lund\nMånedsløn: 34.500", true},
		{detect.Salary, "Navn: Karen Lund\n\nMånedsløn:\n34.500 kr.", true},
		{detect.Salary, "Lønseddel\nKaren Lund\nByvej 12\n\nGrundløn        34.500,00\nPension 12 %      4.140,00", true},
		{detect.Salary, "Medarbejder: Karen Lund\nStilling: lærer\nLøn: 34.500 kr.", true},
		{detect.Salary, "*Navn:* Karen Lund\n*Løn:* 34.500 kr.", true},
		{detect.Salary, "Løn: 34.500 kr.\nNavn: Karen Lund", true},
		{detect.Salary, "Løn: 34.500 kr.\n\nMvh\nKaren Lund", false},                           // who signs
		{detect.Salary, "Tak for sidst.\n\nMvh\nKaren Lund\n\nLøn: 2,5 % fra 1. april", false}, // nor who signed above
		{detect.Salary, "Dagsorden\n1. Løn: 10 min\n2. Ferie\nReferent: Karen Lund", false},
		{detect.UnionMembership, "Navn: Karen Lund\nFagforening: HK", true},
		{detect.UnionMembership, "Medlem: Karen Lund\nSag: overenskomst", true},
		{detect.Health, "Navn: Karen Lund\nAfdeling: 3\nFraværsårsag: ryggen", true},
		{detect.Health, "Navn: Karen Lund\nAllergi: ingen", false},
		{detect.Health, "Diagnose: skriv her\n", false},
		{detect.Dismissal, "Name: Sarah Cook\nDismissal date: 1 May", true},
	} {
		for form, text := range map[string]string{"": c.text, "CRLF": strings.ReplaceAll(c.text, "\n", "\r\n"), "quoted": "> " + strings.ReplaceAll(c.text, "\n", "\n> ")} {
			if got := best(s, prose(text), nil)[c.kind]; (got >= detect.Likely) != c.found {
				t.Errorf("%q %s: %s is %v", text, form, c.kind, got)
			}
		}
	}
}

func TestHeadsOfNotesAndListsSayOfWhomTheyTell(t *testing.T) {
	s := scanner(t)
	for _, c := range []struct {
		kind  detect.Kind
		text  string
		found bool
	}{
		{detect.Health, "Karen Lund\nSygemeldt med stress", true},
		{detect.Health, "Karen:\nSygemeldt med stress", true},
		{detect.Health, "Karen Lund\n\nAfdeling 3\nSygemeldt med stress siden maj", true},
		{detect.Health, "Navn: Karen Lund\nAfdeling: 3\nÅrsag: depression", true},
		{detect.Health, "Vedr. Karen Lund\n\nSygemeldt med stress siden maj.", true},
		{detect.Health, "- Karen Lund\n  - sygemeldt med stress", true},
		{detect.Health, "Mvh\nKaren Lund\nPsykolog, depression og stress", false},
		{detect.Health, "Med venlig hilsen\n\nKaren Lund\nKonsulent\n\nGå til lægen, hvis du har stress.", false},
		{detect.Health, "Sygemeldte i uge 40:\nKaren Lund\nBo Kjær", true},
		{detect.Health, "Syge i dag\n\nKaren Lund", true},
		{detect.Health, "Syge i dag: Karen og Bo", true},
		{detect.Health, "Sjukskrivna:\n- Anna Berg", true},
		{detect.Health, "Off sick:\nSarah Cook", true},
		{detect.Health, "Gravide: 3", false},
		{detect.Health, "Sygemeldte:\nVi mødes kl. 10.", false},
		{detect.Dismissal, "Følgende er varslet afskediget:\n- Karen Lund\n- Bo Kjær", true},
		{detect.Dismissal, "Oppsagte:\nKari Nes", true},
		{detect.Dismissal, "Irtisanotut:\nLiisa Mäki", true},
		{detect.Salary, "Lønforhandling 2026\nKaren Lund: 1.200 kr.\nBo Kjær: 800 kr.", true},
		{detect.Salary, "Löneöversyn\n\nAnna Berg    1 200 kr\nBjörn Ek     800 kr", true},
		{detect.Salary, "Lønforhandling\nKaren Lund\nBo Kjær", false}, // who takes part
		{detect.Health, "Sag: Karen Lund\nHar diabetes og skal spise kl. 10", true},
		{detect.UnionMembership, "Ikke medlem:\n- Karen Lund", true},
		{detect.UnionMembership, "Nye medlemmer i maj\n\nKaren Lund (lager)\nBo Kjær", true},
		{detect.UnionMembership, "Medlemmer: 45\nFormand: Karen Lund", false},
		{detect.UnionMembership, "Kære medlemmer\nKaren Lund holder oplæg på torsdag.", false},
		{detect.UnionMembership, "Venlig hilsen\nBestyrelsen for lagerets medlemmer\nKaren Lund", false},
	} {
		if got := best(s, prose(c.text), nil)[c.kind]; (got >= detect.Likely) != c.found {
			t.Errorf("%q: %s is %v", c.text, c.kind, got)
		}
	}
}

// What stands beside names without saying anything of them: programmes, minutes,
// signatures, empty forms, scales, who sees to what.
func TestProgrammesAndEmptyFormsSayNothingOfAnybody(t *testing.T) {
	s := scanner(t)
	for _, text := range []string{
		"Program\n\n10.00 Velkomst\nKaren Lund\n\n10.15 Stress og sygefravær\nBo Kjær\n\n11.00 Pause",
		"Kursus: Diabetes på arbejdspladsen\nUnderviser: Karen Lund\nPris: 450 kr.",
		"Oplæg\nKaren Lund, læge\nDepression og angst i arbejdslivet",
		"Deltagere:\nKaren Lund\nBo Kjær\n\nPunkt 1: Sygefravær\nSygefraværet er steget til 5 %.",
		"Referat\nTil stede: Karen Lund, Bo Kjær\nAfbud: Ole Vind\n\nSygefravær: 5,2 %\nLøn: 2,5 % fra 1. april",
		"Kontaktperson: Karen Lund\nEmne: Ny lønmodel\nLøn: se bilag 3",
		"Fra: Karen Lund\nEmne: Løn: 34 sider",
		"Karen Lund\nFormand\n\nMedlemmer: 450\nKontingent: 250 kr.",
		"Bestyrelsen\nFormand: Karen Lund\nKasserer: Bo Kjær\nMedlemmer: Ole Vind og Anne Holm",
		"Indhold\nOpsigelser\nBortvisning\nAdvarsler",
		"Stilling: lærer\nLøn: 34.500 kr.\nKontakt: Karen Lund",
		"Jobopslag\nLøn: efter aftale, ca. 34.500 kr.\nSpørgsmål: Karen Lund",
		"Lærer, trin 31\nMånedsløn: 34.500 kr.",
		"Tak til Karen Lund\n\nHusk: har du stress, så ring.",
		"Med venlig hilsen\nKaren Lund\n\nFagforening: HK\nTlf. 33 12 45 67",
		"Navn:\nMedlemsnr.:\nFagforening:\nLøn:",
		"Navn: ____________\nDiagnose: ____________\nLøn: ________ kr.",
		"Navn;Løn\n;\n;",
		"Afdeling;Medlemmer;Løn\nLager;14;34.500\nKontor;9;31.200",
		"Kære medlemmer\n\nKaren Lund\nFormand",
		"Til medlemmerne i klubben\n\nKaren Lund stiller op.",
		"Medlemmer\n\nKontakt Karen Lund på 33 12 45 67",
		"Satser 2026\nGrundløn: 34.500\nTillæg: 1.200\nMvh\nKaren Lund",
		"Hej Karen\n\nLøn: 2,5 %\nPension: 12 %\n\nMvh Bo",
		"Karen Lund skriver:\n\nSygefraværet er for højt.",
		"Sygefravær\nKaren Lund (formand): Vi skal se på det.",
		"Sygemeldinger\nKaren Lund orienterede om reglerne.",
		"Uppsägningar\nAnna Berg informerade.",
		"Opsigelser: Karen Lund (jurist)\nLøn: Bo Kjær (konsulent)\nBarsel: Ole Vind",
		"Udvalg for religion: Karen Lund",
	} {
		for kind, level := range best(s, prose(text), nil) {
			if level >= detect.Likely {
				t.Errorf("%q: %s is %v", text, kind, level)
			}
		}
	}
}

// Members may have agreed to be listed: then nothing else may say what the list does.
func TestAListOfMembersSaysOfMembershipWhatThereIsToSay(t *testing.T) {
	s := scanner(t)
	for _, segs := range [][]detect.Segment{
		prose("Nye medlemmer:\nKaren Lund\nBo Kjær\nOle Vind"),
		prose("Nye medlemmer: Karen Lund, Bo Kjær og Ole Vind"),
		prose("Navn;Medlem\nKaren Lund;ja\nBo Kjær;ja\nOle Vind;ja"),
		sheetOf("Navn\tMedlem\nKaren Lund\tja\nBo Kjær\tja\nOle Vind\tja"),
	} {
		got := best(s, segs, nil)
		if got[detect.MemberList] < detect.Likely || got[detect.UnionMembership] > 0 {
			t.Errorf("%q: the list is %v, membership %v", segs[0].Text, got[detect.MemberList], got[detect.UnionMembership])
		}
	}
	if got := best(s, sheetOf("Medarbejdernr.\tFagforening\n1201\tHK\n1202\tFOA\n1203\tHK"), nil)[detect.UnionMembership]; got < detect.Likely {
		t.Errorf("members by their numbers: %v", got)
	}
}

func TestEachRowBelowAHeadingCounts(t *testing.T) {
	rows := "Navn\tLøn\nKaren Lund\t34500\nBo Kjær\t31200\nOle Vind\t30100\n"
	for _, f := range scanner(t).Scan(sheetOf(rows), nil) {
		if f.Kind == detect.Salary && f.Count != 3 {
			t.Errorf("three rows count as %d", f.Count)
		}
	}
	for text, want := range map[string]int{
		"Navn;Løn\nKaren Lund;34500\n\nNavn;Løn\nBo Kjær;31200\n":     2,
		"Navn;Løn\nKaren Lund;34500\nNavn;Løn\nBo Kjær;31200\n":       2,
		"Navn: Karen Lund\nLøn: 34.500\n\nNavn: Bo Kjær\nLøn: 31.200": 2,
		"Navn: Karen Lund\nGrundløn: 34.500\nBruttoløn: 36.000":       2,
	} {
		for _, f := range scanner(t).Scan(prose(text), nil) {
			if f.Kind == detect.Salary && f.Count != want {
				t.Errorf("%q counts as %d", text, f.Count)
			}
		}
	}
	if got := best(scanner(t), prose("Navn;Løn\nKaren Lund;34500\nNavn;Diagnose\nBo Kjær;ryg\n"), nil)[detect.Health]; got < detect.Likely {
		t.Errorf("the table below another: %v", got)
	}
	reader := detect.Reader{Names: []string{"Karen Lund"}}
	for text, own := range map[string]bool{"Navn: Karen Lund\nLøn: 34.500 kr.": true, "Navn: Bo Kjær\nLøn: 34.500 kr.": false, rows: false} {
		found := scanner(t).ScanFor(prose(text), nil, reader)
		if !slices.ContainsFunc(found, func(f detect.Finding) bool { return f.Kind == detect.Salary }) {
			t.Errorf("%q: no pay is found", text)
		}
		for _, f := range found {
			if f.Kind == detect.Salary && slices.Contains(f.Evidence, detect.EvidenceOwnData) != own {
				t.Errorf("%q: the reader's own: %v", text, !own)
			}
		}
	}
}
