package policy

import (
	"fmt"
	"slices"
)

// The words for whom a rule is, in da, nb, nn, sv and en. The tables are never
// changed.
var (
	classWords = map[string][5]string{
		self:              {"den, som oplysningerne handler om", "den opplysningene gjelder", "den opplysningane gjeld", "den som uppgifterna gäller", "the person whose data it is"},
		"members":         {"medlemmer", "medlemmer", "medlemmer", "medlemmar", "members"},
		"representatives": {"tillidsrepræsentanter", "tillitsvalgte", "tillitsvalde", "förtroendevalda", "representatives"},
		"union":           {"fagforeningen", "fagforeningen", "fagforeininga", "fackföreningen", "the union's office"},
		"employer":        {"arbejdsgiveren", "arbeidsgiveren", "arbeidsgivaren", "arbetsgivaren", "the employer"},
		"others":          {"andre", "andre", "andre", "andra", "others"},
	}
	toWords = [5]string{
		"Reglen gælder kun kopier til %s.", "Regelen gjelder bare kopier til %s.", "Regelen gjeld berre kopiar til %s.",
		"Regeln gäller bara kopior till %s.", "The rule is for copies to %s only.",
	}
	exceptWords = [5]string{
		"Reglen gælder ikke kopier til %s.", "Regelen gjelder ikke kopier til %s.", "Regelen gjeld ikkje kopiar til %s.",
		"Regeln gäller inte kopior till %s.", "The rule is not for copies to %s.",
	}
	strengthWords = map[Strength][5]string{
		StrengthWeak: {
			"Af filer med adgangskode gælder reglen kun dem med svag beskyttelse.", "Av passordbeskyttede filer gjelder regelen bare dem med svak beskyttelse.",
			"Av passordverna filer gjeld regelen berre dei med svakt vern.", "Av lösenordsskyddade filer gäller regeln bara dem med svagt skydd.",
			"Of files that only a password opens the rule is for weakly protected ones only.",
		},
		StrengthStrong: {
			"Af filer med adgangskode gælder reglen kun dem med stærk beskyttelse.", "Av passordbeskyttede filer gjelder regelen bare dem med sterk beskyttelse.",
			"Av passordverna filer gjeld regelen berre dei med sterkt vern.", "Av lösenordsskyddade filer gäller regeln bara dem med starkt skydd.",
			"Of files that only a password opens the rule is for strongly protected ones only.",
		},
	}
	unreadRest = [5]string{
		"Til alle andre modtagere holdes mail med noget, der ikke kan læses, tilbage.", "Til alle andre mottakere holdes e-post med noe som ikke kan leses, tilbake.",
		"Til alle andre mottakarar blir e-post med noko som ikkje kan lesast, halden tilbake.", "Till alla andra mottagare hålls mejl med något som inte kan läsas kvar.",
		"For all other recipients, mail with something that cannot be read is held.",
	}
)

// column is where a language stands in the tables.
func column(lang string) int {
	if i := slices.Index(Languages(), lang); i >= 0 {
		return i
	}
	return 4
}

// audience says for whom a rule is, and for which files, where that is not
// all.
func (w words) audience(lang string, r Rule) string {
	l, said := column(lang), ""
	if r.Strength != "" {
		said += " " + strengthWords[r.Strength][l]
	}
	for _, part := range []struct {
		readers []Readers
		words   [5]string
	}{{r.To, toWords}, {r.Except, exceptWords}} {
		if len(part.readers) > 0 {
			said += " " + fmt.Sprintf(part.words[l], w.readers(l, part.readers))
		}
	}
	return said
}

// readers lists readers as prose.
func (w words) readers(column int, readers []Readers) string {
	who := make([]string, len(readers))
	for i, reader := range readers {
		if who[i] = reader.String(); reader.class != "" {
			who[i] = classWords[reader.class][column]
		}
	}
	return list(who, w.and)
}
