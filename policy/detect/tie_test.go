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
		{"Er Brian sygemeldt?", detect.Health, detect.Possible},
	})
}

func TestWhatIsOfferedForOnePersonIsANegotiation(t *testing.T) {
	expect(t, []expectation{
		{"Arbejdsgiveren tilbyder Niels seks måneder.", detect.Negotiation, detect.Likely},
		{"Arbetsgivaren erbjuder Nils tre månader.", detect.Negotiation, detect.Likely},
		{"Kan vi få Pia til å akseptere 150 000 kroner?", detect.Negotiation, detect.Possible},
		{"De tilbyder tre måneder gratis, hvis man tegner abonnement.", detect.Negotiation, 0},
		{"Direktøren siger, at banken tilbyder Niels seks måneder uden renter.", detect.Negotiation, 0},
		{"They are offering three months free to new customers.", detect.Negotiation, 0},
	})
}
