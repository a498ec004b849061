package detect_test

import (
	"reflect"
	"strings"
	"testing"

	"postvern.example/policy/detect"
)

// check holds what is true of the findings in any text.
func check(t *testing.T, s *detect.Scanner, text string, shape detect.Shape) {
	t.Helper()
	segs := []detect.Segment{{Place: detect.Place{{Kind: detect.InBody, Label: "text"}}, Shape: shape, Text: text}}
	found := s.Scan(segs, known)
	if again := s.Scan(segs, known); !reflect.DeepEqual(found, again) {
		t.Fatalf("two scans differ: %v, %v", found, again)
	}
	type key struct {
		kind  detect.Kind
		place string
	}
	seen := map[key]bool{}
	for _, f := range found {
		k := key{f.Kind, f.Place.String()}
		if seen[k] {
			t.Fatalf("%v twice", k)
		}
		seen[k] = true
		if f.Count < 1 || f.Confidence < detect.Possible || f.Confidence > detect.Certain || len(f.Evidence) == 0 {
			t.Fatalf("a finding that says nothing: %+v", f)
		}
	}
}

func fuzzKind(f *testing.F, seeds ...string) {
	for _, seed := range seeds {
		f.Add(seed)
	}
	s := scanner(f)
	f.Fuzz(func(t *testing.T, text string) {
		text = strings.ToValidUTF8(text, "\uFFFD")
		check(t, s, text, detect.Prose)
		check(t, s, text, detect.Table)
		check(t, s, text, detect.Label)
	})
}

func FuzzCPR(f *testing.F) {
	fuzzKind(f, "CPR 070761-4285", "07.07.61\u200b-4285", "cpr=0707614285&x=1", "070761-\n4285", "CPR 07.07.1961 -- 4285", "CPR (070761)\t4285", "> cpr 070761-\n> 4285", "CPR O7O76l-4285", "Navn\tCPR\nA\t1,3E10\n")
}

func FuzzFodselsnummer(f *testing.F) {
	fuzzKind(f, "fnr 15108695088", "151086 95088", "1510.86.95088", "Fødselsnr\n1,51087E+10\n")
}

func FuzzParted(f *testing.F) {
	fuzzKind(f, "født 07.07.1961, de sidste fire: 4285", "CPR 070761 (de 4 sidste: 4285)", "fnr 12. marts 1970, personnr 20042", "Född 1981-12-18, sista fyra 9876",
		"Født\tSidste fire\n07-07-1961\t4285\n", "CPR\t\n070761\t-4285\n", "CPR\t0\t7\t0\t7\t6\t1\t-\t4\t2\t8\t5\n", "sidste 4: 4285 født 1-1-1 sidste 4: 4285")
}

func FuzzPersonnummer(f *testing.F) {
	fuzzKind(f, "811218-9876", "19811218-9876", "811218+9876", "900101-T002", "701063-2391")
}

func FuzzHetu(f *testing.F) {
	fuzzKind(f, "131052-308T", "131052a308t", "hetu 010101-900R", "hetu 13.10.1952 - 308T", "131052-308")
}

func FuzzKennitala(f *testing.F) {
	fuzzKind(f, "kt. 120174-3399", "450401-3150", "8001011234")
}

func FuzzIBAN(f *testing.F) {
	fuzzKind(f, "DK50 0040 0440 1162 43", "NO9386011117947", "se45 5000 0000 0583 9825 7466", "DK 50 0040")
}

func FuzzAccount(f *testing.F) {
	fuzzKind(f, "Reg. 1551 konto 1234567890", "8601.11.17947", "Bankgiro 5050-1055", "clearing 8327-9 konto 123 456 789-0")
}

func FuzzPassport(f *testing.F) {
	fuzzKind(f, "Pasnummer: 204567890", "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10")
}

func FuzzMemberList(f *testing.F) {
	fuzzKind(f, "anna@x.example bo@x.example carl@x.example", "Holm, Anna\nLind, Bo\nFriis, Carl", "Fra: a@x.example\nTil: b@x.example,\n c@x.example", "Navn\tE-mail\nAnna Holm\tanna@x.example\n")
}

func FuzzLexicons(f *testing.F) {
	fuzzKind(f, "Hun er sygemeldt på grund af stress.", "Hvis man er sygemeldt, gælder § 7.", "Medlemsnr. 12 34 56", "Anna är\nsjukskriven", "Navn\tStatus\nAnna Holm\tsygemeldt\n")
}

func FuzzHeadings(f *testing.F) {
	fuzzKind(f, "Navn;Løn\nKaren Lund;34.500\n", "Navn      Løn\nKaren Lund     34.500", "| Navn | Diagnose |\n|---|---|\n| Karen Lund | ryg |", "Navn: Karen Lund\n\nLøn:\n34.500 kr.",
		"Sygemeldte:\r\n\r\n- Karen Lund\r\n", "> Karen Lund\n> Sygemeldt med stress", "Medlemmer i klubben:\nKaren\n\nBo\nOle", "Karen\tLund\tLøn\t2", "sygemeldt:\nkaren har\nstress", "Mvh\nKaren Lund\nDiagnose: ja")
}

func FuzzCanonicalAddress(f *testing.F) {
	for _, seed := range []string{"anna@x.example", `"a b"@x.example`, "<@r:anna+x@X.example>", "(c(d)) a@b (e)", `"a\"b"@x`, "a@[127.0.0.1]", "ａ＠ｂ.example", "bo@blåbær.example", "x <a@b> y", "@"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		a, ok := detect.CanonicalAddress(text)
		if !ok {
			return
		}
		if b, ok := detect.CanonicalAddress(a); !ok || a != b {
			t.Fatalf("%q becomes %q, which becomes %q, %v", text, a, b, ok)
		}
		for _, found := range detect.Addresses(text) {
			if found == "" || !strings.Contains(found, "@") {
				t.Fatalf("%q holds the address %q", text, found)
			}
		}
	})
}
