package detect_test

import (
	"testing"

	"postvern.example/policy/detect"
)

func TestWhatIsToldOfStrangersIsAPossibleFindingAtMost(t *testing.T) {
	s := scanner(t)
	for _, c := range []struct {
		text string
		kind detect.Kind
		want bool // likely at least
	}{
		// Reports and stories.
		{"Torvald Brekkestad ble pågrepet av soldater natt til lørdag. Hovedstaden er rolig etter angrepet.", detect.CriminalOffences, false},
		{"Sångerskan Alva Nordlund bröt benet i somras. Albumet kommer ändå i höst.", detect.Health, false},
		{"Hertug Ejler Bramstrup fik konstateret tuberkulose. Krigen varede endnu syv år.", detect.Health, false},
		{"- Jeg tenkte ikke på at han var syk, sier Brekkestad. Fienden lå to mil unna, og ingen hadde spist. Hun fikk malaria samme uke.", detect.Health, false},
		{"Regnet faldt. Ingen havde set hende siden søndag. Hun var gravid og bange for mørket.", detect.Health, false},
		{"Toimitusjohtaja Ilkka Vuorenlinna sai potkut. Yhtiön osake nousi seitsemän prosenttia.", detect.Dismissal, false},
		{"Edgar Wexcombe was diagnosed with epilepsy. His third album sold two million copies.", detect.Health, false},
		{"Trommeslageren Edgar Wexcombe fik konstateret epilepsi. \"Min musik er det eneste, jeg har,\" udtalte han. Bandet holdt en koncert om året.", detect.Health, false},
		{"Talsmannen sa at Torvald Brekkestad ble pågrepet i grenseområdet, der fire soldater mistet livet.", detect.CriminalOffences, false},
		{"- Jeg så det komme! sier Torvald. Etter operasjonen satt han i rullestol, og om kvelden spilte de kort.", detect.Health, false},
		{"Torvald Brekkestad (63) fikk påvist epilepsi da han var ung. Siden har han bodd ved fjorden.", detect.Health, false},
		{"Edgar Wexcombe, 63, was diagnosed with epilepsy as a boy. He lives by the sea.", detect.Health, false},
		{"\"Det var en lang høst\", sa Torvald Brekkestad. Han fikk påvist epilepsi samme år.", detect.Health, false},
		{"I fjor fik Edgar Wexcombe konstateret epilepsi. Albummet udkom alligevel.", detect.Health, false},
		{"Edgar Wexcombe fik konstateret epilepsi. Bandet øver hjemme hos ham.", detect.Health, false},
		{"The injured Arjen Vollebekk broke his arm in the league. Murray scored twice. The shares fell.", detect.Health, false},
		{"Arjen Vollebekk has broken his arm, and the midfielder will miss the match.", detect.Health, false},
		// The same of people whom writer and reader know.
		{"Hej Lone\nEdgar Wexcombe har fået konstateret epilepsi. Koncerten på torsdag er aflyst for ham.", detect.Health, true},
		{"Edgar Wexcombe har fået konstateret epilepsi. Jeg har meldt ham fra til koncerten.", detect.Health, true},
		{"Edgar Wexcombe har fået konstateret epilepsi. Arbejdsgiveren har fået besked om koncerten.", detect.Health, true},
		{"Mette har fået konstateret epilepsi. Koncerten er aflyst.", detect.Health, true},
		{"Edgar Wexcombe har haft epilepsi siden 2019. Prognosen er usikker, og der er brug for hvile om eftermiddagen.", detect.Health, true},
		{"Karin Hallgren-Wiik fick bröstcancer i våras. Behandlingen pågår till juni.", detect.Health, true},
		{"Ingrid Tveitnes har brukket armen. Hun kommer tilbake etter påske.", detect.Health, true},
		{"Kassereren vår har fått kreft. Filmen på torsdag blir uten ham.", detect.Health, true},
		{"Aino Vuorenlinna on sairauslomalla. Hänellä on masennus, ja lääkäri arvioi tilannetta kesäkuussa.", detect.Health, true},
		{"- Torvald sier at han skal opereres. Etter operasjonen sitter han i rullestol.", detect.Health, true},
		{"Torvald Brekkestad (63) har fått påvist epilepsi.", detect.Health, true},
		{"Torvald Brekkestad (63) har fått påvist epilepsi. Jeg har snakket med ham.", detect.Health, true},
		{"\"Det var en lang høst\", sa Sverre. Han fikk påvist epilepsi samme år.", detect.Health, true},
		{"I skal vide, at Edgar Wexcombe har fået konstateret epilepsi. Koncerten er aflyst.", detect.Health, true},
		{"I told Edgar Wexcombe that the concert is off. Edgar Wexcombe has epilepsy.", detect.Health, true},
		{"Aino Vuorenlinnalla on todettu epilepsia. Konserttimme on peruttu.", detect.Health, true},
		{"Hun er gravid.", detect.Health, true},
		{"Ifølge lægen lider hun af epilepsi.", detect.Health, true},
	} {
		if got := best(s, prose(c.text), nil)[c.kind]; got >= detect.Likely != c.want {
			t.Errorf("%s is %s with confidence %d", c.text, c.kind, got)
		}
	}
}

func TestPoliticsOfWhoHoldsAnOfficeIsAPossibleFindingAtMost(t *testing.T) {
	expect(t, []expectation{
		{"Torunn Brekkestad er nestleder i Rødt.", detect.Politics, detect.Possible},
		{"Alva Nordlund, ledare för Centerpartiet, reser norrut.", detect.Politics, detect.Possible},
		{"Torunn er nestleder i Rødt her i byen.", detect.Politics, detect.Likely},
		{"Kassereren vår er leder i Høyre lokalt.", detect.Politics, detect.Likely},
		{"Torunn Brekkestad stemmer Rødt.", detect.Politics, detect.Likely},
	})
}
