package detect_test

import (
	"testing"

	"postvern.example/policy/detect"
)

func TestWhoIsMeantIsToldFromWhoHearsOfIt(t *testing.T) {
	s := scanner(t)
	for _, c := range []struct {
		kind  detect.Kind
		text  string
		found bool
	}{
		{detect.Health, "rikke har ondt i ryggen igen", true},
		{detect.Health, "monika är sjuk igen", true},
		{detect.Health, "mark har ondt i ryggen igen", false}, // the word, no name
		{detect.Health, "Chefen sa inför alla att Birgitta går hos psykolog.", true},
		{detect.Health, "The manager told everyone that Brenda is seeing a psychiatrist.", true},
		{detect.Health, "Everyone knows that seeing a psychiatrist helps.", false},
		{detect.Health, "Gretas man har fått demens.", true},
		{detect.Health, "Blir man sjuk har man rätt till sjuklön.", false},
		{detect.Dismissal, "Bifogat finns vår begäran om förhandling om uppsägningen av Tom.", true},
		{detect.Dismissal, "Karin håller ett föredrag om uppsägning.", false},
		{detect.Health, "Mette har været væk siden uge 34 med en slem depression.", true},
		{detect.Health, "Jeg skal til samtale om min §56-aftale pga. migræne.", true},
		{detect.CriminalOffences, "Rogeria epäillään varkaudesta.", true},
		{detect.Dismissal, "Toinen varoitus annettiin Arille perjantaina.", true},
		{detect.Health, "Susannes mulighedserklæring siger fire timer dagligt.", true}, // her paper speaks, not she
		{detect.Health, "Åke Lund säger att självmordsförsök är vanligare i höst.", false},
		{detect.Health, "Vores nye vikar har sukkersyge.", true},
		{detect.Health, "Vi søger en vikar for vores kollega, der går på barsel 1. maj.", false}, // a post, nobody's illness
		{detect.Health, "Angående Krister: rehabplanen säger två timmar om dagen.", true},
		{detect.Health, "Re Dave P: can only stand for two hours", true},
	} {
		if got := best(s, prose(c.text), nil)[c.kind]; (got >= detect.Likely) != c.found {
			t.Errorf("%q: %s is %v", c.text, c.kind, got)
		}
	}
}
