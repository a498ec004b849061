package detect_test

import (
	"strings"
	"testing"

	"postvern.example/policy/detect"
)

// BenchmarkKind measures each detector on a letter in which every page holds
// what it looks for, so that a detector that gets slow on its own kind shows.
func BenchmarkKind(b *testing.B) {
	s := scanner(b)
	for _, c := range []struct {
		kind detect.Kind
		text string
	}{
		{detect.DanishCPR, "Hendes CPR-nr. er 070761-4285."},
		{detect.NorwegianFnr, "Fødselsnummer: 01010750160."},
		{detect.SwedishPersonnummer, "Personnummer 811218-9876."},
		{detect.FinnishHetu, "Henkilötunnus 131052-308T."},
		{detect.IcelandicKennitala, "Kennitala 120174-3399."},
		{detect.IBAN, "IBAN DK50 0040 0440 1162 43."},
		{detect.BankAccount, "Kontonummer 8601.11.17947."},
		{detect.Passport, "Pasnummer 205123456."},
		{detect.MemberList, "Mette Holm <mette@a.example>\nPeter Friis <peter@b.example>\nOle Lund <ole@c.example>\n"},
		{detect.Health, "Mette Holm er sygemeldt med depression."},
		{detect.UnionMembership, "Mette Holm er medlem af fagforeningen."},
	} {
		b.Run(string(c.kind), func(b *testing.B) {
			segs := prose(strings.ReplaceAll(corpus(), "Med venlig hilsen", c.text+"\n\nMed venlig hilsen"))
			b.SetBytes(int64(len(segs[0].Text)))
			found := false
			for b.Loop() {
				for _, f := range s.Scan(segs, nil) {
					found = found || f.Kind == c.kind
				}
			}
			if !found {
				b.Fatalf("%s is not found in %q", c.kind, c.text)
			}
		})
	}
}
