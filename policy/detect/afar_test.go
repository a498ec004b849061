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
		{"Torvald Brekkestad ble pågrepet av soldater natt til lørdag, melder byrået Vestnytt. Hovedstaden Oravik er rolig etter angrepet, og president Marek Dunai har reist til Lomnica.", detect.CriminalOffences, false},
		{"Sångerskan Alva Nordlund bröt benet i somras. Albumet Norrsken kommer ändå i höst, och turnén går till Bergen, Oulu och Tallinn med bandet Kvarnen.", detect.Health, false},
		{"Hertug Ejler Bramstrup fik konstateret tuberkulose på slottet Rosenvang. Krigen mod Lomnica varede endnu syv år, og kongen af Oravik fik Bramstrups jorder.", detect.Health, false},
		{"- Jeg tenkte ikke på at han var syk, sier Brekkestad. Soldatene lå to mil unna, og ingen hadde spist. Hun fikk malaria samme uke.", detect.Health, false},
		{"Soldaterne kom om natten. Hun var gravid og bange for mørket.", detect.Health, false},
		{"Toimitusjohtaja Ilkka Vuorenlinna sai potkut. Yhtiön osake nousi Oravikin pörssissä seitsemän prosenttia, ja Lomnica Oyj ja Vuorenlinnan konserni Kvarnen Ab ostavat Dunai Groupin.", detect.Dismissal, false},
		{"Edgar Wexcombe was diagnosed with epilepsy in Oravik. His third album, Northern Lights, sold two million copies, and the band toured Lomnica with Dunai and the Kvarnen Orchestra.", detect.Health, false},
		{"Edgar Wexcombe, 63, was diagnosed with epilepsy as a boy in Oravik. The actor lives in Lomnica and appears in Northern Lights with Marek Dunai.", detect.Health, false},
		{"\"Det var en lang høst\", sa Torvald Brekkestad til Vestnytt. Han fikk påvist epilepsi samme år, og filmen Nordlys spilles inn i Oravik, Lomnica og Kvarnen i Bergen.", detect.Health, false},
		{"- Jeg så det komme! sier Torvald. Krigen var slutt. Etter operasjonen satt han i rullestol, og om kvelden spilte de kort.", detect.Health, false},
		{"Arjen Vollebekk has broken his arm, and the midfielder will miss the match.", detect.Health, false},
		// One sign of the wide world beside a name is a colleague's evening.
		{"Karen Lindholm er indlagt på Skejby med en blodprop. Hun skulle have sunget til koncerten lørdag.", detect.Health, true},
		{"Oksana Melnyk er gravid i femte måned. Hendes mand er soldat, og krigen fylder alt.", detect.Health, true},
		{"Turid Hauge (58) har fått påvist brystkreft. Operasjonen er på tirsdag. Koret øver uten henne.", detect.Health, true},
		{"\"Jag orkar inte mer\", sa Lena Hjort. Hon är utbränd sedan mars. Läkaren vill vänta.", detect.Health, true},
		{"- Jeg kan ikke sove, siger Bente Krogh. Hun har angst og får medicin for det.", detect.Health, true},
		{"Kent Åkesson ligger på Sahlgrenska efter en stroke. Matchen i lördags blev för mycket.", detect.Health, true},
		{"Reza Ahmadi är kurd och flydde från kriget i Irak.", detect.Ethnicity, true},
		{"- Jeg orker ikke mer, sier Bente Krogh. Hun har angst. Legen vil vente. Hun sover dårlig.", detect.Health, true},
		{"Hun har fået kræft. Operationen er i maj. Manden er hos hende.", detect.Health, true},
		{"The regulator has fined a bank. Manjit was outed as bisexual by someone in the chat.", detect.Sexuality, true},
		{"Riksdagen röstade nej i går. Jag är gravid och vill sluta med nattpassen.", detect.Health, true},
		{"Gareth Poole is gay and married to a musician.", detect.Sexuality, true},
		{"Flemming Kragh er sygemeldt med depression. Museet ved det godt.", detect.Health, true},
		{"Mika Virta tuomittiin pahoinpitelystä. Poliisi otti hänet kiinni ottelun jälkeen.", detect.CriminalOffences, true},
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
