package detect_test

import (
	"testing"

	"postvern.example/policy/detect"
)

func TestWordsThatMeanSomethingElseTieNobodyToASpecialCategory(t *testing.T) {
	expectLikely(t, "", []string{
		"Anna was charged for two extra bags at the airport.",
		"Peter served four years as treasurer of the chess club.",
		"Maria went inside for a cup of coffee.",
		"Ruth dismissed the rumours about the bridge.",
		"Paul was fired up before the final.",
		"Nina got rid of the old sofa.",
		"Ella's project was terminated in spring.",
		"Anna says that talks collapsed at midnight.",
		"Tom had a stroke of luck.",
		"Paul broke back into the lead on lap nine.",
		"Peter Hall built the tower of stone and timber.",
		"Anna's cat is white.",
		"Ahmed grew roses in the Muslim quarter.",
		"Tom converted the barn into a studio.",
		"Kara Nilsen and Ann opened the exhibition.",
		"Anna managed the transition to the new system.",
		"Karen said the trans-Atlantic cable is old.",
		"Jane joined the labour market in 2001.",
		"He earned 115 points that season.",
		"Lars asked for 300 copies.",
		"Emma negotiated the narrow road with care.",
		"\"The road is long\", he cautioned.",
		"Anna wrote that the coffee comes from Brazil.",
		"Eva was director of the hospital.",

		"Matti pitää linnassa opastettuja kierroksia.",
		"Liisa oli tuomittu epäonnistumaan jo alussa.",
		"Johtaja Pekka Salo vapautui tehtävästään.",
		"Jussi otti kupin kaapista.",
		"Hanna löysi lepakon vintiltä.",
		"Ville ja hänen tyttöystävänsä matkustivat Roomaan.",
		"Leena on kotoisin Tampereelta.",
		"Silta romahti, kertoo Anna.",
		"Laura työskentelee sairaalassa.",
		"Kari ajoi täydellä teholla.",
		"Ottelu ratkesi, kun Petri osui.",
		"Rakennus purettiin, Anna muistelee.",
		"Jari haluaa eroon ydinvoimasta.",
		"Matti on akatemian jäsen.",
		"Pekka Virtanen kannattaa Nato-jäsenyyttä.",
		"Matti suostui sillä ehdolla, että saa lomaa.",
		"Ukko värväsi kuoroon uusia laulajia, kertoo Anna.",
		"Todistaja kertoi Annan nähneen auton.",
		"Annan vihreä takki jäi junaan.",
		"Anna oli avioliitossa kaksi vuotta.",
		"Maija alkoi käyttää uutta ohjelmaa.",
		"Matti palasi lomalta, kun laiva tuli Kiinasta.",
		"Elokuvan loppukohtaus liikutti Annaa.",
	})
}

func TestTheSameWordsTieAColleagueToASpecialCategory(t *testing.T) {
	expectLikely(t, "criminal-offences", []string{
		"Peter has been charged again.",
		"Tom is back inside again, his brother says.",
		"Matti istuu linnassa.",
		"Jari on tutkintavankeudessa.",
	})
	expectLikely(t, "dismissal", []string{
		"They want to dismiss Helen.",
		"Manager fired Anna without notice.",
		"Tom was terminated, his contract is gone.",
		"Leena sai kenkää eilen.",
		"Leena sai kirjallisen varoituksen.",
	})
	expectLikely(t, "health", []string{
		"Anna is off with covid.",
		"Tom is on a phased return.",
		"Kari on ollut kuivilla vuoden.",
		"Leena on katkolla.",
		"Leena makaa sairaalassa.",
		"Leena joutui osastolle.",
		"Leena kaatui töissä ja joutui sairaalaan.",
		"He broke his back in a fall at work.",
	})
	expectLikely(t, "sexuality", []string{
		"Sam is transitioning and wants a new name on the rota.",
		"Jari tuli kaapista viime vuonna.",
		"Jari ja hänen poikaystävänsä muuttivat Poriin.",
	})
	expectLikely(t, "union-membership", []string{
		"Leena haki jäseneksi viime viikolla.",
	})
}

// expectLikely checks that each text is a likely finding of the kind, or of none.
func expectLikely(t *testing.T, kind detect.Kind, texts []string) {
	t.Helper()
	s := scanner(t)
	for _, text := range texts {
		found := best(s, prose(text), nil)
		if kind != "" && found[kind] < detect.Likely {
			t.Errorf("%q is no likely finding of %s", text, kind)
		}
		for k, level := range found {
			if kind == "" && level >= detect.Likely {
				t.Errorf("%q is a likely finding of %s", text, k)
			}
		}
	}
}
