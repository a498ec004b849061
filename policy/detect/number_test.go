package detect_test

import (
	"testing"

	"postvern.example/internal/specimen"
	"postvern.example/policy/detect"
)

func TestCPRNumbers(t *testing.T) {
	expect(t, []expectation{
		{"Mette 070761-4285 er her", detect.DanishCPR, detect.Likely},
		{"Mette 0101071234 er her", detect.DanishCPR, detect.Likely}, // 1 January without modulus 11
		{"Hylde: 1502071236", detect.DanishCPR, detect.Possible},
		{"Mette 1502071236 er her", detect.DanishCPR, detect.Likely},
		{"Mette 311361-4285 er her", detect.DanishCPR, 0}, // no 13th month
		{"Mette 290201-1234 er her", detect.DanishCPR, 0}, // 1901 was no leap year
		{"Mette 290200-6234 er her", detect.DanishCPR, detect.Likely},
		{"Mette 07.07.61-4285 er her", detect.DanishCPR, detect.Likely},
		{"Mette 07 07 61 4285 er her", detect.DanishCPR, detect.Likely},
		{"A070761-4285", detect.DanishCPR, 0},
		{"070761-4285 - 2 børn", detect.DanishCPR, detect.Likely},
		{"01.01.2026 - 070761-4285", detect.DanishCPR, detect.Likely},
		{"070761 - 4285", detect.DanishCPR, detect.Likely},
		{"2 stk. 070761-4285 1 gang", detect.DanishCPR, detect.Likely},
		{"070761-4285/mette@x.example", detect.DanishCPR, detect.Likely},
		{"070761-42851", detect.DanishCPR, 0},
		{"070761-4285-12", detect.DanishCPR, 0},
		{"12-070761-4285", detect.DanishCPR, 0},
		{"070761-4285@mail.example", detect.DanishCPR, 0},
		{"(070761-4285)", detect.DanishCPR, detect.Likely},
		{"\"070761-4285\"", detect.DanishCPR, detect.Likely},
		{"070761-4285.", detect.DanishCPR, detect.Likely},
		{"Mette;070761-4285;Odense", detect.DanishCPR, detect.Likely},
		{"Mette,070761-4285,33124567", detect.DanishCPR, detect.Likely},
		{"cpr=0707614285", detect.DanishCPR, detect.Certain},
		{"CPR:\n070761-4285", detect.DanishCPR, detect.Certain},
		{"CPR_070761-4285.pdf", detect.DanishCPR, detect.Certain},
		{"Sagen om 070761-4285 er lukket", detect.DanishCPR, detect.Likely},
		{"Faktura 0707614285", detect.DanishCPR, detect.Possible},
		{"Faktura til Mette Hansen, 070761-4285", detect.DanishCPR, detect.Likely},
		{"Ordre 12, CPR 070761-4285", detect.DanishCPR, detect.Certain},
		{"0000000000", detect.DanishCPR, 0},
		{"٠٧٠٧٦١-٤٢٨٥", detect.DanishCPR, detect.Likely},
		{"𝟎𝟕𝟎𝟕𝟔𝟏-𝟒𝟐𝟖𝟓", detect.DanishCPR, detect.Likely},
		{"070761-4285¹", detect.DanishCPR, detect.Likely},
		{"0️⃣7️⃣0️⃣7️⃣6️⃣1️⃣-4️⃣2️⃣8️⃣5️⃣", detect.DanishCPR, detect.Likely},
		{"CPR 0 7 0 7 6 1 - 4 2 8 5", detect.DanishCPR, detect.Certain},
	})
}

func TestFodselsnumre(t *testing.T) {
	expect(t, []expectation{
		{"Kari 15108695088", detect.NorwegianFnr, detect.Likely},
		{"Kari 151086 95088", detect.NorwegianFnr, detect.Likely},
		{"Kari 15108695089", detect.NorwegianFnr, 0},
		{"KID 15108695088", detect.NorwegianFnr, detect.Possible},
		{"kontonr. 1510.86.95088", detect.NorwegianFnr, 0}, // the same weights: the form and the word decide
		{"115108695088", detect.NorwegianFnr, 0},
	})
}

func TestPersonnummer(t *testing.T) {
	expect(t, []expectation{
		{"Anna 811218-9876", detect.SwedishPersonnummer, detect.Likely},
		{"Anna 19811218-9876", detect.SwedishPersonnummer, detect.Likely},
		{"Anna 198112189876", detect.SwedishPersonnummer, detect.Likely},
		{"Anna 811218+9876", detect.SwedishPersonnummer, detect.Likely},
		{"Anna 811218-9875", detect.SwedishPersonnummer, 0},
		{"Organisationsnummer 556036-0793", detect.SwedishPersonnummer, 0},
		{"Anna 701063-2391", detect.SwedishPersonnummer, detect.Likely}, // samordningsnummer
		{"Interimspersonnummer 900101-T002, personnr", detect.SwedishPersonnummer, detect.Likely},
		{"Backup 2401011239 klar", detect.SwedishPersonnummer, 0},
	})
}

func TestHetu(t *testing.T) {
	expect(t, []expectation{
		{"Matti 131052-308T", detect.FinnishHetu, detect.Likely},
		{"Matti 131052Y308T", detect.FinnishHetu, detect.Likely},
		{"Matti 131052A308T", detect.FinnishHetu, detect.Likely},
		{"Matti 131052 - 308T", detect.FinnishHetu, detect.Likely},
		{"Tunnus on 131052-\n308T, kiitos", detect.FinnishHetu, detect.Likely},
		{"Matti 131052  308T", detect.FinnishHetu, 0},
		{"Matti 131052a308t", detect.FinnishHetu, detect.Likely},
		{"Matti 131052-308U", detect.FinnishHetu, 0},
		{"Matti 131052G308T", detect.FinnishHetu, 0},
		{"Matti 131052-308Tx", detect.FinnishHetu, 0},
		{"Matti 311352-308T", detect.FinnishHetu, 0},
		{"Hetu 010101-900R", detect.FinnishHetu, detect.Certain},
	})
}

func TestKennitala(t *testing.T) {
	expect(t, []expectation{
		{"Jón 120174-3399 er hér", detect.IcelandicKennitala, detect.Likely},
		{"Kt. 120174-3389", detect.IcelandicKennitala, detect.Certain}, // no check digit is promised
		{"120174-3389 er á blaðinu og það er allt", detect.IcelandicKennitala, detect.Likely},
		{"Fyrirtækið 450401-3150", detect.IcelandicKennitala, detect.Possible},
		{"Jón 120174-3394", detect.IcelandicKennitala, 0},
	})
}

func TestTableColumnsSpeakForTheirCells(t *testing.T) {
	s := scanner(t)
	sheet := func(text string) []detect.Segment {
		return []detect.Segment{{Place: detect.Place{{Kind: detect.InSheet, Number: 1, Name: "Ark1"}}, Shape: detect.Table, Text: text}}
	}
	for _, c := range []struct {
		name, text string
		kind       detect.Kind
		want       detect.Confidence
		place      string
	}{
		{"a heading makes it certain", "Navn\tCPR-nr.\nMette\t0707614285\n", detect.DanishCPR, detect.Certain, "sheet 1, column 2, row 2"},
		{"a lost zero is put back", "Navn\tCPR\nMette\t707614285\n", detect.DanishCPR, detect.Certain, "sheet 1, column 2, row 2"},
		{"a lost zero is put back before a hyphen", "Navn\tCPR\nMette\t70761-4285\n", detect.DanishCPR, detect.Certain, "sheet 1, column 2, row 2"},
		{"a rounded number is found", "Navn\tCPR\nMette\t1.3E10\n", detect.DanishCPR, detect.Likely, "sheet 1, column 2, row 2"},
		{"a rounded number is found", "Navn\tPersonnummer\nMette\t7,07614E+08\n", detect.DanishCPR, detect.Likely, "sheet 1, column 2, row 2"},
		{"a rounded number with eleven digits is found", "Navn\tFødselsnr\nKari\t1,51087E+10\n", detect.NorwegianFnr, detect.Likely, "sheet 1, column 2, row 2"},
		{"a lost zero is put back although ten digits are a number of another kind", "Navn\tFødselsnummer\nKari\t1101010089\n", detect.NorwegianFnr, detect.Certain, "sheet 1, column 2, row 2"},
		{"a heading of two words", "Namn\tPers. nr.\nEva\t503200016\n", detect.SwedishPersonnummer, detect.Certain, "sheet 1, column 2, row 2"},
		{"another heading speaks against", "Vare\tOrdrenr\nStol\t0707614285\n", detect.DanishCPR, detect.Possible, "sheet 1, column 2, row 2"},
		{"what the cell says itself outranks the heading", "Resultat\nFødselsnr: 90036146264\n", detect.NorwegianFnr, detect.Certain, "sheet 1, column 1, row 2"},
		{"a sentence above is no heading", "Overenskomsten blev forhandlet i går, og resultatet sendes ud.\n15097471131\n", detect.NorwegianFnr, detect.Likely, "sheet 1, column 1, row 2"},
		{"a title above the headings does no harm", "Liste over alle\t\nNavn\tCPR\nMette\t0707614285\n", detect.DanishCPR, detect.Certain, "sheet 1, column 2, row 3"},
		{"repetition confirms", "a\t070761-4285\nb\t070761-4285\nc\t070761-4285\n", detect.DanishCPR, detect.Certain, "sheet 1, column 2, row 1"},
		{"without a heading nothing is padded", "Navn\tNr\nMette\t707614285\n", detect.DanishCPR, 0, ""},
	} {
		found := s.Scan(sheet(c.text), nil)
		got, place := detect.Confidence(0), ""
		for _, f := range found {
			if f.Kind == c.kind && place == "" {
				got, place = f.Confidence, f.Place.String()
			}
		}
		if got != c.want || place != c.place {
			t.Errorf("%s: %v at %q, want %v at %q (%v)", c.name, got, place, c.want, c.place, found)
		}
	}
}

func TestALongColumnIsOneFinding(t *testing.T) {
	text := "Navn\tCPR\n"
	d := specimen.Roll(3)
	for range 500 {
		text += "Mette\t" + d.CPR() + "\n"
	}
	found := scanner(t).Scan([]detect.Segment{{Shape: detect.Table, Text: text}}, nil)
	for _, f := range found {
		if f.Kind == detect.DanishCPR && (f.Count != 500 || f.Place.String() != "column 2" || f.Confidence != detect.Certain) {
			t.Errorf("got %d at %q, %v", f.Count, f.Place, f.Confidence)
		}
	}
	if len(found) == 0 || found[0].Kind != detect.DanishCPR {
		t.Errorf("got %v", found)
	}
}
