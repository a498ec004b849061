package detect_test

import (
	"testing"

	"postvern.example/policy/detect"
)

func TestCasesThatBecamePublicAreLikelyFindingsOnlyOfPeopleWhomTheReaderKnows(t *testing.T) {
	s := scanner(t)
	for _, c := range []struct {
		text string
		kind detect.Kind
		want bool // likely at least
	}{
		{"En portør fra Odense vandt i landsretten. Hun blev opsagt, mens hun var sygemeldt.", detect.Health, false},
		{"Vores medlem, en portør fra Odense, vandt i landsretten. Hun blev opsagt, mens hun var sygemeldt.", detect.Health, true},
		{"Portør Mette Holm vandt i landsretten. Hun blev opsagt, mens hun var sygemeldt.", detect.Health, true},
		{"Portøren vandt i Højesteret. Hun var sygemeldt.", detect.Health, false},
		{"Portøren på 3. sal er i retten i dag. Hun er sygemeldt.", detect.Health, true},
		{"Kære Lone\nEn portør vandt i landsretten. Hun var sygemeldt.", detect.Health, true},
		{"\"Det er vores bedste sag,\" siger advokaten. Retten gav medhold: Kvinden var sygemeldt, da hun blev opsagt.", detect.Health, false},
		{"Det er vores bedste sag, og retten gav medhold: Kvinden var sygemeldt, da hun blev opsagt.", detect.Health, true},
		{"Kvinnan vann i Arbetsdomstolen. Hon var sjukskriven.", detect.Health, false},
		{"Trygderetten ga kvinnen medhold. Hun var sykmeldt.", detect.Health, false},
		{"Käräjäoikeus kuuli hoitajaa. Hän on sairauslomalla.", detect.Health, false},
		{"A porter won at the tribunal. He was signed off sick.", detect.Health, false},
		{"One of our members won at the tribunal. He was signed off sick.", detect.Health, true},
		{"Et af vores medlemmer har fået kræft.", detect.Health, true},
		{"En av medlemmene våre har fått kreft.", detect.Health, true},
		{"Vores kasserer har fået kræft.", detect.Health, true},
		{"Kassereren vår har fått kreft.", detect.Health, true},
		{"Rahastonhoitajamme sairastui syöpään.", detect.Health, true},
		{"Medlemmet har en § 56-aftale, fordi hun lider af migræne.", detect.Health, true},
		{"Efter § 56 kan medlemmet, der lider af migræne, få en aftale.", detect.Health, false},
		{"Brevkassen: Jeg er sygemeldt med stress. Må jeg rejse? Svar: Ja.", detect.Health, false},
		{"Spørgsmål: Jeg er sygemeldt med stress. Må jeg rejse?", detect.Health, true},
		{"Anna Berg har skrevet en bog om depression.", detect.Health, false},
		{"Mødet i Klub Nord er aflyst på grund af sygdom.", detect.Health, false},
	} {
		if got := best(s, prose(c.text), nil)[c.kind]; got >= detect.Likely != c.want {
			t.Errorf("%q is %v", c.text, got)
		}
	}
}
