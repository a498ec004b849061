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
