package detect_test

import (
	"testing"

	"postvern.example/policy/detect"
)

func TestOnlyWhatLabelsThemSpeaksAgainstDigitsThatHardlyPassByChance(t *testing.T) {
	expect(t, []expectation{
		{"Protokoll: 15108695088 plasseres i ltr 52 med virkning fra 1. mai.", detect.NorwegianFnr, detect.Likely},
		{"Rapport fra BHT om 15108695088 er kommet.", detect.NorwegianFnr, detect.Likely},
		{"Jf. tlf.samtale i dag sender jeg 15108695088", detect.NorwegianFnr, detect.Likely},
		{"Ordrenr. 15108695088", detect.NorwegianFnr, detect.Possible},
		{"KID 15108695088", detect.NorwegianFnr, detect.Possible},
		{"Protokoll: 198112189876 placeras i lönegrupp 5 från 1 april.", detect.SwedishPersonnummer, detect.Likely},
		{"OCR 198112189876", detect.SwedishPersonnummer, detect.Possible},
		{"Protokoll 8112189876", detect.SwedishPersonnummer, detect.Possible}, // ten digits have but one check digit
	})
}

func TestAWordOfWorkBehindANumberOutdoesALooseLabel(t *testing.T) {
	expect(t, []expectation{
		{"Bare til info: 070761-4286 starter på barsel i uge 34.", detect.DanishCPR, detect.Likely},
		{"Bare til info: 0707614285 starter på barsel i uge 34.", detect.DanishCPR, detect.Likely},
		{"Sag 0707614286 er lukket.", detect.DanishCPR, 0},
	})
}

func TestAClauseOfItsOwnIsNotSpokenAgainstByWordsBeforeIt(t *testing.T) {
	expect(t, []expectation{
		{"Jf. tlf.samtale i dag fremsender jeg hermed 0707614285", detect.DanishCPR, detect.Likely},
		{"Vedr. faktura fra maj sender jeg 0707614285", detect.DanishCPR, detect.Likely},
		{"Tlf.nummer 0707614285", detect.DanishCPR, detect.Possible},
		{"Fakturanummeret jeg fik er 0707614286", detect.DanishCPR, 0},
		{"C.P.R. 0707614286", detect.DanishCPR, detect.Likely},
		{"C.P.R. 070761-4286", detect.DanishCPR, detect.Certain},
	})
}

func TestTwoFieldsOfOneRecordAreOneNumber(t *testing.T) {
	expect(t, []expectation{
		{`{"navn":"Ida","cpr1":"120380","cpr2":"1005"}`, detect.DanishCPR, detect.Certain},
		{`{"cpr_dato": "070761", "cpr_lbnr": "4285"}`, detect.DanishCPR, detect.Certain},
		{"cpr1: 070761, cpr2: 4285", detect.DanishCPR, detect.Certain},
		{`{"fnr1":"151086","fnr2":"95088"}`, detect.NorwegianFnr, detect.Certain},
		{`{"order1":"120380","order2":"1005"}`, detect.DanishCPR, 0},
		{`{"cpr1":"120380","uge":"1005"}`, detect.DanishCPR, 0},
		{`{"cpr1":"120380","cpr2":"`, detect.DanishCPR, 0},
		{`{"cpr1":"120380","cpr21005"}`, detect.DanishCPR, 0},
	})
}

func TestASentenceInSwedishIsNoneInDanishForWordsThatBothHave(t *testing.T) {
	expect(t, []expectation{
		{"Vi har möte om 120261-7153 torsdag kl. 10 i rum 204.", detect.SwedishPersonnummer, detect.Likely},
		{"Vi har møde om 120261-7153 torsdag kl. 10 i rum 204.", detect.DanishCPR, detect.Likely},
	})
}
