package detect_test

import (
	"testing"

	"postvern.example/policy/detect"
)

func TestWhoIsAskedForByNameIsKnownToBeInAUnion(t *testing.T) {
	expect(t, []expectation{
		{"Har Brian betalt kontingent til 3F?", detect.UnionMembership, detect.Likely},
		{"Onko Markku maksanut PAMin jäsenmaksun?", detect.UnionMembership, detect.Likely},
		{"Har du betalt kontingent til 3F?", detect.UnionMembership, 0},
		{"Hvis Brian har betalt kontingent, er alt i orden?", detect.UnionMembership, detect.Possible},
		{"Er Brian sygemeldt?", detect.Health, detect.Likely},
		{"Må jeg fyres, når jeg er sygemeldt?", detect.Health, 0},
	})
}

func TestWhatIsOfferedForOnePersonIsANegotiation(t *testing.T) {
	expect(t, []expectation{
		{"Arbejdsgiveren tilbyder Niels seks måneder.", detect.Negotiation, detect.Likely},
		{"Arbetsgivaren erbjuder Nils tre månader.", detect.Negotiation, detect.Likely},
		{"Kan vi få Pia til å akseptere 150 000 kroner?", detect.Negotiation, detect.Likely},
		{"De tilbyder tre måneder gratis, hvis man tegner abonnement.", detect.Negotiation, 0},
		{"Direktøren siger, at banken tilbyder Niels seks måneder uden renter.", detect.Negotiation, 0},
		{"They are offering three months free to new customers.", detect.Negotiation, 0},
	})
}

func TestACompoundIsFoundByItsEnding(t *testing.T) {
	expect(t, []expectation{
		{"Karen har fået konstateret en sjælden bindevævssygdom.", detect.Health, detect.Likely},
		{"Oddvar slit med ei kronisk tarmbetennelse.", detect.Health, detect.Likely},
		{"Ylva tar ezetrosuvastatin varje kväll.", detect.Health, detect.Likely},
		{"Jarmolla on harvinainen sidekudossairaus.", detect.Health, detect.Likely},
		{"Gwen has had a bout of labyrinthitis.", detect.Health, detect.Likely},
		{"Bindevævssygdom er sjælden.", detect.Health, 0},
	})
}

func TestSomebodyKnownByWorkInitialsOrAnUncommonNameIsAPerson(t *testing.T) {
	expect(t, []expectation{
		{"Vikaren har fået brystkræft.", detect.Health, detect.Likely},
		{"The new kitchen assistant has diabetes.", detect.Health, detect.Likely},
		{"K.B. har epilepsi.", detect.Health, detect.Likely},
		{"Jeg talte med Thandiwe, hun har epilepsi.", detect.Health, detect.Likely},
		{"I mandags fik Thandiwe epilepsi.", detect.Health, detect.Likely},
		{"I Randers fik mange brystkræft.", detect.Health, 0},
		{"Chaufføren har fået brystkræft, skriver avisen.", detect.Health, 0},
		{"Arbejdstilsynet undersøger sagen. Chaufføren brækkede armen.", detect.Health, 0},
		{"Kassereren blev fængslet i 1872.", detect.CriminalOffences, 0},
	})
}

func TestAnAmountNearAPersonAndAWordForPayIsASalary(t *testing.T) {
	expect(t, []expectation{
		{"Zofia fekk sett ned timeløna frå 215 til 204.", detect.Salary, detect.Likely},
		{"Hanne mangler sit nattillæg, det drejer sig om 6.300 kr.", detect.Salary, detect.Likely},
		{"Den nye controlleren startet på 61k.", detect.Salary, detect.Likely},
		{"Pekka tienaa kolme tonnia.", detect.Salary, detect.Likely},
		{"Median for gruppen er 690 000 kroner i årslønn.", detect.Salary, 0},
		{"Pia mangler en kollega på onsdag.", detect.Salary, 0},
		{"Ola står to timer ved grillen.", detect.Salary, 0},
	})
}

func TestWhoTheSentenceBeforeNamesIsThePersonWhereNobodyIsNamed(t *testing.T) {
	expect(t, []expectation{
		{"Soitin Eijalle. Magneettikuvissa näkyi jotain outoa.", detect.Health, detect.Likely},
		{"Karin ringde. Provsvaren var inte bra, metastaser i levern.", detect.Health, detect.Likely},
		{"Du hugsar Jostein på tunnelen? Silikose.", detect.Health, detect.Likely},
		{"Vi talte om tunnelen. Silikose.", detect.Health, 0},
		{"Sag 12, Emilie Raun. Gravid i uge 14.", detect.Health, detect.Likely},
		{"Allan Frost (47). Diabetes type 1.", detect.Health, detect.Likely},
		{"Karen Hall, 38. Bulimia since university.", detect.Health, detect.Likely},
		{"karen lindholm har gigt.", detect.Health, detect.Likely},
		{"Fra mette@example.example i går: Karen Lindholm har gigt.", detect.Health, detect.Likely},
		{"Jostein Lie er overlege. Silikose er en sjelden sykdom.", detect.Health, 0},
		{"Dagsorden: 1. Siden sidst (Mogens). 2. Lønforhandlinger 2026.", detect.Negotiation, 0},
	})
}

func TestAGivenNameAloneIsNoNews(t *testing.T) {
	expect(t, []expectation{
		{"Politiet har anmeldt Jeppe for at stjæle medicin fra afdelingen.", detect.CriminalOffences, detect.Likely},
		{"Steve is standing for Labour in the local elections.", detect.Politics, detect.Likely},
		{"Grethe er leder i det lokale Senterpartiet.", detect.Politics, detect.Likely},
		{"Politiet har anmeldt Jeppe Lund for at stjæle medicin fra afdelingen.", detect.CriminalOffences, detect.Likely},
		{"Politiet har anmeldt Jeppe Lund for at stjæle medicin, skriver Tidende.", detect.CriminalOffences, 0},
		{"Fagforeningen hjalp Karin, da hun blev fyret, fortæller hun til fagbladet.", detect.Dismissal, 0},
		{"Historien om Anna Holm, berättar tidningen: hon fick bröstcancer och blev chef.", detect.Health, 0},
	})
}

func TestAQuestionAboutAnUncommonNameTellsWhatItAsks(t *testing.T) {
	expect(t, []expectation{
		{"Er Thandiwe russisk?", detect.Ethnicity, detect.Likely},
		{"Onko Markku syytteessä?", detect.CriminalOffences, detect.Likely},
		{"Er du russisk?", detect.Ethnicity, 0},
	})
}

func TestWhoKnowsItIsNotWhoItIsSaidOf(t *testing.T) {
	expect(t, []expectation{
		{"Alla vet att Gunilla är moderat.", detect.Politics, detect.Likely},
		{"Kaikki tietävät, että Aila on demari.", detect.Politics, detect.Likely},
		{"Alla anställda som Gunilla mötte är moderater.", detect.Politics, 0},
	})
}

func TestWhoIsWithWhomTellsOfLove(t *testing.T) {
	expect(t, []expectation{
		{"Trine er gift med en kvinde.", detect.Sexuality, detect.Likely},
		{"Malin har en flickvän.", detect.Sexuality, detect.Likely},
		{"Hennalla on tyttöystävä.", detect.Sexuality, detect.Likely},
		{"Timo ja hänen miehensä odottavat lasta.", detect.Sexuality, detect.Likely},
		{"Becky has a girlfriend.", detect.Sexuality, detect.Likely},
		{"Peter er gift med en kvinde fra Aalborg.", detect.Sexuality, 0},
		{"Lars er gift med Hanne og har tre børn.", detect.Sexuality, 0},
		{"Anna lives with her sister in Leeds.", detect.Sexuality, 0},
		{"Mari ja Jussi menivät naimisiin.", detect.Sexuality, 0},
	})
}

func TestAFinnishWordForWhatIsMineTellsOfItsWriter(t *testing.T) {
	expect(t, []expectation{
		{"Työsuhteeni päättyy irtisanomiseen 31. toukokuuta.", detect.Dismissal, detect.Likely},
		{"Työsuhde päättyy irtisanomiseen 31. toukokuuta.", detect.Dismissal, 0},
		{"Domen mot Castellani står fast.", detect.CriminalOffences, 0},
	})
}
