package detect_test

import (
	"testing"

	"postvern.example/policy/detect"
)

type expectation struct {
	text string
	kind detect.Kind
	want detect.Confidence
}

func expect(t *testing.T, cases []expectation) {
	t.Helper()
	s := scanner(t)
	for _, c := range cases {
		if got := best(s, prose(c.text), nil)[c.kind]; got != c.want {
			t.Errorf("%q: %s is %v, want %v", c.text, c.kind, got, c.want)
		}
	}
}

func TestAccountsNeedTheirFormOrAKeyword(t *testing.T) {
	expect(t, []expectation{
		{"IBAN: DK50 0040 0440 1162 43", detect.IBAN, detect.Certain},
		{"til NO9386011117947 i dag", detect.IBAN, detect.Likely},
		{"til NO9386011117948 i dag", detect.IBAN, 0},
		{"se45 5000 0000 0583 9825 7466", detect.IBAN, detect.Likely},
		{"FI21 1234 5600 0007 85", detect.IBAN, detect.Likely},
		{"Pengene skal til 8601.11.17947.", detect.BankAccount, detect.Likely},
		{"Refusjon til 8601 11 17947 takk", detect.BankAccount, detect.Likely},
		{"Refusjon til 8601 11 17948 takk", detect.BankAccount, 0},
		{"Utlegg 2019 11 10006", detect.BankAccount, 0},
		{"kontonummer 86011117947", detect.BankAccount, detect.Certain},
		{"nummer 86011117947", detect.BankAccount, 0},
		{"Reg. 1551 konto 1234567890", detect.BankAccount, detect.Certain},
		{"Reg.nr. 1551, kontonr. 12345678", detect.BankAccount, detect.Certain},
		{"Min lønkonto er 1551 0012345678", detect.BankAccount, detect.Certain},
		{"Bankgiro 5050-1055", detect.BankAccount, detect.Certain},
		{"Bankgiro 5050-1056", detect.BankAccount, 0},
		{"Plusgiro 28 65 43-4", detect.BankAccount, detect.Certain},
		{"Plusgiro 286543-4", detect.BankAccount, detect.Certain},
		{"pg-nr 11300-1", detect.BankAccount, detect.Certain},
		{"pg-nr 11300-8", detect.BankAccount, 0},
		{"Plusgiro 8 57 53-2", detect.BankAccount, detect.Certain},
		{"Kapitel 8 57 53-2", detect.BankAccount, 0},
		{"kto 86011117947", detect.BankAccount, detect.Certain},
		{"Reikningur nr. 0515-26-123456", detect.BankAccount, detect.Certain},
		{"Reikningur nr. 2940322780", detect.BankAccount, 0},
		{"PG 410 54 68-5", detect.BankAccount, detect.Certain},
		{"plusgiro 4105468-5", detect.BankAccount, detect.Certain},
		{"Ring 28 65 43-4", detect.BankAccount, 0},
		{"clearing 8327-9 konto 123 456 7890", detect.BankAccount, detect.Certain},
		{"Bankkonto: 8327 1234567", detect.BankAccount, detect.Certain},
		{"Mitt konto är 8327-9 123 456 789-2", detect.BankAccount, detect.Certain},
		{"IBAN DK50 0040 0440\n1162 43 er hans", detect.IBAN, detect.Certain},
		{"IBAN DK50.0040.0440.1162.43 er hans", detect.IBAN, detect.Certain},
		{"Reikningur 0101-26-123456", detect.BankAccount, detect.Certain},
		{"Reg.nr. 1551 konto 514487", detect.BankAccount, detect.Certain},
		{"Regnr: 1551\nKontonr: 514487", detect.BankAccount, detect.Certain},
		{"Kontonummer: 1551 / 514487", detect.BankAccount, detect.Certain},
		{"Konto 514487", detect.BankAccount, 0},
		{"Kontouppgifter: 5321 6174972", detect.BankAccount, detect.Certain},
		{"Sätt in på 5242 0087992, det är mitt lönekonto", detect.BankAccount, detect.Certain},
		{"reikn. nr. 0668-26-692812", detect.BankAccount, detect.Certain},
		{"reikn. nr. 2940322780", detect.BankAccount, 0},
		{"Reg.nr. 1551\n\n\nKonto 514487", detect.BankAccount, 0},
		{"Uge 1551, beløb 514487", detect.BankAccount, 0},
		{"Clearing 8579-5 konto 125952328-8", detect.BankAccount, detect.Certain},
		{"Telefon 33 12 45 67", detect.BankAccount, 0},
		{"Lønskonto 86011117947", detect.BankAccount, detect.Certain},
		{"Kontoen ble åpnet 12.3.2024", detect.BankAccount, 0},
		{"konto 12/3/2024", detect.BankAccount, 0},
		{"DNB 86011117947, kontohaver Kari Moe", detect.BankAccount, detect.Certain},
		{"Navn;Kontonr;Beløp\nKari Moe;86011117947;450\nOla Berg;86011117947;500", detect.BankAccount, detect.Certain},
		{"Navn,Nummer,Beløp\nKari Moe,86011117947,450", detect.BankAccount, 0},
		{"Navn | Bankgiro\nMoa Ek | 5050-1055", detect.BankAccount, detect.Certain},
		{"Feriekonto 86011117947", detect.BankAccount, 0},
		{"uttakskontonr 86011117947", detect.BankAccount, detect.Certain},
		{"clearing 9150 kontonr 17 719 21", detect.BankAccount, detect.Certain},
		{"Ulla Ek, 1960-06-25-8740, clearing 6000 konto 123456789", detect.SwedishPersonnummer, detect.Likely},
		{"IBAN DK5000400440116243 er hans", detect.DanishCPR, 0},
	})
}

func TestAHeadingSpeaksForAccountsAndPassports(t *testing.T) {
	s := scanner(t)
	for _, c := range []struct {
		text string
		kind detect.Kind
		want detect.Confidence
	}{
		{"Navn\tKontonummer\nKari Moe\t86011117947", detect.BankAccount, detect.Certain},
		{"Navn\tReg.nr.\tKontonr.\nIda Holm\t1551\t0012345678", detect.BankAccount, detect.Certain},
		{"Namn\tBankgiro\nMoa Ek\t5050-1055", detect.BankAccount, detect.Certain},
		{"Navn\tPasnummer\nIda Holm\t204567890", detect.Passport, detect.Certain},
		{"Navn:\tKari Moe\nKontonr.:\t86011117947", detect.BankAccount, detect.Certain},
		{"Navn\tNummer\nKari Moe\t86011117947", detect.BankAccount, 0},
		{"Navn\tNummer\nIda Holm\t204567890", detect.Passport, 0},
	} {
		segs := prose(c.text)
		segs[0].Shape = detect.Table
		if got := best(s, segs, nil)[c.kind]; got != c.want {
			t.Errorf("%q: %s is %v, want %v", c.text, c.kind, got, c.want)
		}
	}
}

func TestPassportsNeedAKeywordOrTheirMachineReadableZone(t *testing.T) {
	expect(t, []expectation{
		{"Pasnummer: 204567890", detect.Passport, detect.Certain},
		{"Passnr. CAA123456 tilhører Kari", detect.Passport, detect.Certain},
		{"Passi: FP1234567", detect.Passport, detect.Certain},
		{"passets nummer är FP5482315", detect.Passport, detect.Certain},
		{"Name,Passport\nIda Holm,A1818425\nBo Ek,A2037526", detect.Passport, detect.Certain},
		{"Name,Town\nIda Holm,A1818425", detect.Passport, 0},
		{"her passport number is A1234567", detect.Passport, detect.Certain},
		{"Nummer 204567890", detect.Passport, 0},
		{"Det passer fint, ring 20456789", detect.Passport, 0},
		{"P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10", detect.Passport, detect.Certain},
		{"P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C37UTO7408122F1204159ZE184226B<<<<<10", detect.Passport, 0},
	})
}
