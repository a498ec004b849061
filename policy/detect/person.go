package detect

import (
	_ "embed"
	"strings"
)

//go:embed lexicon/given-names.txt
var givenNameList string

// givenNames holds common given names of the Nordic countries, folded.
var givenNames = func() map[string]bool {
	m := map[string]bool{}
	for line := range strings.Lines(givenNameList) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		for _, w := range strings.Fields(line) {
			m[string(fold(nil, w))] = true
		}
	}
	return m
}()

// isGivenName reports whether a capitalised word is a common given name.
func isGivenName(w string) bool {
	var buf [24]byte
	return len(w) <= len(buf) && givenNames[string(fold(buf[:], w))]
}

// pronouns are the words for one certain person, in all languages, folded.
var pronouns = func() map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(`
		jeg mig min mit mine hun han hende hendes ham hans
		meg henne hennes eg ho hennar honom
		jag mina mitt hon
		minua minut minuun minusta multa mulle mulla mun mua mä musta haluan haluaisin toivon sanoin pyydän vaadin ehdotin pyysin jätin tein ostin maksan maksoin hain poikaani tytärtäni vaimoani miestäni minulta
		minä masennuin uuvuin sairastuin syön käytän otan kävin käyn sain saan istun jäin jään joudun jouduin odotan minun minulla minulle minut olen olin sairastan kärsin palkkani kuukausipalkkani tuntipalkkani liityin erosin kuulun äänestän ansaitsen tienaan poikani tyttäreni vaimoni mieheni äitini isäni sairauteni lääkärini veljeni siskoni lapseni puolisoni pojallani pojalleni tyttärelläni tyttärelleni vaimollani vaimolleni miehelläni miehelleni äidilläni isälläni veljelläni siskollani lapsellani puolisollani hän hänen hänellä hänelle häntä hänet
		ég mig mér mín minn hún hann hennar hennar henni honum
		my me mine he him his she her`) {
		m[w] = true
	}
	return m
}()

func isPronoun(w string) bool {
	var buf [12]byte
	return len(w) <= len(buf) && pronouns[string(fold(buf[:], w))]
}
