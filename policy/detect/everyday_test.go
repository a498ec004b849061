package detect_test

import (
	"os"
	"path/filepath"
	"testing"

	"postvern.example/policy/detect"
)

// What colleagues write of each other every day, in words that also stand for
// illness, faith, descent and pay.
func TestEverydayWordsBesideANameTellNothingOfAnybody(t *testing.T) {
	expectLikely(t, "", []string{
		"Kari Nordmann er i Roma denne uken og svarer på e-post mandag.",
		"Hej Lars, Mette går på pension i 2027, og vi skal finde en afløser.",
		"Opgaverne er lette, og Anna klarer dem alene.",
		"Det var å finne hos Kari på kontoret.",
		"Anna er flytende i engelsk og norsk.",
		"Lars kommer sammen med Peter til mødet på torsdag.",
		"Jeg tager Morten sammen med Anders med til forhandlingen.",
		"Anna ja Liisa valmistelevat yhdessä kokouksen.",
		"Anna har faste vagter om tirsdagen.",
		"Anna og hendes faster tog til Aarhus.",
		"Peter og hans kæreste holder ferie i uge 29.",
		"Peter er en gift mand.",
		"Peter is a married man.",
		"Peter sat between Mary and her husband.",
		"Anna er lidt fjollet i dag.",
		"Peter bor på Als og kører til Sønderborg hver dag.",
		"Vi har boet på Als, siger Peter.",
		"Peter fik fyret godt op under gryden.",
		"Der forelå fuldmagt fra Anna Jensen til generalforsamlingen.",
		"Forligsinstitutionen har indkaldt Anna og Peter til møde.",
		"Anna har opsagt sin lejlighed og flytter til Odense.",
		"Peter stiller store krav til sig selv.",
		"Vi har et godt tilbud til Annas klub.",
		"Anna holdt for rødt ved Helsingørsvej.",
		"Er Ester kommet til mødet?",
		"Anna skal på ferie i Palæstina.",
		"Anna har skrevet notatet fra mødet.",
		"Ergoterapeut Anja Nielsen holder oplæg på generalforsamlingen.",
		"Anna sluttede med at takke for et godt møde.",
		"Så er der dømt sommerfest, skriver Anna.",
		"Per er reisende i dag og kan ikke svare.",
		"Anna tager frossen fisk med til frokosten.",
		"Peter står udenfor og venter.",
		"Han sprang ud af sengen, fortalte Anna.",
		"Pekka ja Liisa syövät lounasta.",
		"Peter er alltid å finne på kontoret.",
	})
}

func TestSurnamesSayNothingOfTheirBearers(t *testing.T) {
	expectLikely(t, "", []string{
		"Puheenjohtajana on Pekka Virolainen.",
		"Paikalla oli Maija Venäläinen.",
		"Referent er Peter Munk.",
		"The chair is Peter Black.",
		"Our new rep is Anna Gay.",
		"The secretary is Mary Christian.",
		"Leiar er Kari Finne.",
		"Ordförande är Erik Ryss.",
	})
	expectLikely(t, "ethnicity", []string{
		"Is Anna Polish?",
		"Liisa on virolainen.",
		"Kari er same.",
	})
	expectLikely(t, "religion", []string{
		"Is Peter Jewish or not, do you know?",
		"Peter er munk.",
	})
}

func TestDatesAndTimesAreNoAmounts(t *testing.T) {
	expectLikely(t, "", []string{
		"Peter har haft tillæg siden 2019.",
		"Peters løn blev drøftet kl. 13.00.",
		"Vi talte om Karis lønn 14.10.2026 kl. 08.30-10.00.",
		"Karin talade om pensionen 2026-10-14.",
		"Vårt budsjett for lønn og pensjon, Kari, er for 2025 og 2026.",
		"Milersättning till Anna: 14,2 mil à 25 kronor.",
	})
	expectLikely(t, "salary", []string{
		"Peter har haft tillæg på 2000 kr. siden 2019.",
		"Peter får 2000 i tillæg om måneden.",
		"Lars fikk 1950 kroner i påslag.",
		"Peter har løn 31.500 fra 1.10.2026.",
		"Annas timeløn er 185,5 kr.",
		"Liisan tuntipalkka on 15,40 euroa.",
		"Peter har en løn på 31 500 kr fra 2026.",
	})
}

func TestTheSameWordsStillTellWhereTheyMeanIt(t *testing.T) {
	for kind, texts := range map[detect.Kind][]string{
		"health":      {"Peter har fået als.", "Peter har frossen skulder.", "Peter er kollapset på arbejdet.", "Anna er blevet udskrevet fra sygehuset.", "Pekalla on syöpä, ja Pekka kertoi syövästä.", "Hans mor er kommet på plejehjem, skriver Peter.", "Torsdag: Anna syg, Lone dækker 7-15", "Fredag: Erik sjuk, Karin tar passet", "Friday: Peter off sick, Anna covers"},
		"sexuality":   {"Lars og hans mand kommer.", "Peter is married to a man.", "Anna er gift med Mette."},
		"dismissal":   {"Peter er blevet fyret.", "Ledelsen vil fyre Peter."},
		"negotiation": {"Anna kræver 2050 kr. i tillæg."},
		"ethnicity":   {"Peter er adopteret fra Korea."},
		"religion":    {"Yusuf fortæller, at han faster i april."},
	} {
		expectLikely(t, kind, texts)
	}
}

// Minutes, agendas, newsletters and letters of representatives, as whole texts.
func TestOrdinaryPapersOfAClubAreNoFinding(t *testing.T) {
	papers, err := filepath.Glob("testdata/papers/*.txt")
	if err != nil || len(papers) < 8 {
		t.Fatalf("%d papers: %v", len(papers), err)
	}
	for _, name := range papers {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(filepath.Base(name), func(t *testing.T) { expectLikely(t, "", []string{string(text)}) })
	}
}
