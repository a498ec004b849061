package detect_test

import (
	"slices"
	"strings"
	"testing"

	"postvern.example/policy/detect"
)

var known = members{
	"anna@x.example": true, "bo@x.example": true, "carl@x.example": true, "dorte@x.example": true, "erik@x.example": true,
	"Anna Holm": true, "Bo Lind": true, "Carl Friis": true,
}

func TestListsOfMembersAreTold(t *testing.T) {
	s := scanner(t)
	for _, c := range []struct {
		name, text string
		roster     detect.Roster
		want       detect.Confidence
	}{
		{"three members' addresses", "Skriv til anna@x.example, BO@x.example og <carl@x.example>.", known, detect.Certain},
		{"two members are no list", "Skriv til anna@x.example og bo@x.example.", known, 0},
		{"the same member three times", "anna@x.example, Anna@x.example, anna+tr@x.example", known, 0},
		{"three members' names", "På mødet deltog Anna Holm, Bo Lind og Carl Friis.", known, detect.Certain},
		{"names turned round", "Holm, Anna\nLind, Bo\nFriis, Carl\n", known, detect.Certain},
		{"a thread of three members", "> Fra: anna@x.example\n> Til: bo@x.example; carl@x.example\n> Emne: Møde\n\nTak for sidst.", known, 0},
		{"a quoted header with many members", "Fra: anna@x.example\nTil: bo@x.example; carl@x.example; dorte@x.example; erik@x.example\nEmne: Møde\n", known, detect.Certain},
		{"addresses beside names", "Kirsten Falk kirsten@y.example\nLars Bak, lars@y.example\nMona Dam <mona@y.example>\n", nil, detect.Likely},
		{"addresses beside names in one line", "Kirsten Falk <kirsten@y.example>; Lars Bak <lars@y.example>; Mona Dam <mona@y.example>", nil, detect.Likely},
		{"and the union named", "Vores medlemmer:\nKirsten Falk kirsten@y.example\nLars Bak, lars@y.example\nMona Dam <mona@y.example>\n", nil, detect.Certain},
		{"and employees named", "Medarbejdere i afdelingen:\nKirsten Falk kirsten@y.example\nLars Bak, lars@y.example\nMona Dam <mona@y.example>\n", nil, detect.Possible},
		{"names with telephones", "Kirsten Falk 33 12 45 67\nLars Bak 33124568\nMona Dam, tlf. 33 12 45 69\n", nil, detect.Possible},
		{"members with telephones", "Medlemsliste\nKirsten Falk 33 12 45 67\nLars Bak 33124568\nMona Dam, tlf. 33 12 45 69\n", nil, detect.Likely},
		{"names with private addresses", "Kirsten Falk, Byvej 12, 2100 København\nLars Bak, Storgata 3\nMona Dam, Skolegade 4\n", nil, detect.Possible},
		{"members with private addresses", "Medlemmer\nKirsten Falk, Byvej 12, 2100 København\nLars Bak, Storgata 3\nMona Dam, Skolegade 4\n", nil, detect.Likely},
		{"names under a heading", "Følgende er medlemmer:\n- Kirsten Falk\n- Lars Bak\n- Mona Dam\n", nil, detect.Likely},
		{"names under a heading with blank lines", "Medlemmer i klubben:\n\nKirsten Falk\n\nLars Bak\n\nMona Dam\n", nil, detect.Likely},
		{"given names under a heading", "Vores medlemmer på lageret\nKirsten\nLars\nMona\n", nil, detect.Likely},
		{"given names in a sentence about members", "Her er 3F-medlemmerne: Kirsten, Lars og Mona.", nil, detect.Likely},
		{"names in small letters under a heading", "medlemmer\n\nkirsten falk\nlars bak\nmona dam\n", nil, detect.Likely},
		{"names and since when", "Medlemmar i klubben:\nKirsten Falk – 2014\nLars Bak (2019)\nMona Dam, lager\n", nil, detect.Likely},
		{"names above the word for members", "Kirsten Falk\nLars Bak\nMona Dam\n\nDet er medlemmerne på lageret.", nil, detect.Likely},
		{"names in columns", "Organiserte på avdelingen:\nKirsten Falk        Lars Bak\nMona Dam        Ole Ek\n", nil, detect.Likely},
		{"labelled names with telephones", "Union members\nName: Kirsten Falk\nPhone: 33 12 45 67\nName: Lars Bak\nPhone: 33 12 45 68\nName: Mona Dam\nPhone: 33 12 45 69\n", nil, detect.Likely},
		{"a greeting to three", "Hej Kirsten, Lars og Mona. Husk mødet for medlemmer på torsdag.", nil, 0},
		{"a greeting to three in a line about members", "Medlemsmøde på torsdag. Hej Kirsten, Lars og Mona, kommer I?", nil, 0},
		{"three who sign", "Husk klubmødet for medlemmer.\nMvh\nKirsten\nLars\nMona\n", nil, 0},
		{"given names without a word for members", "På ferie i uge 29:\nKirsten\nLars\nMona\n", nil, 0},
		{"names in a sentence about members", "Vi har tre medlemmer her: Kirsten Falk, Lars Bak og Mona Dam.", nil, detect.Likely},
		{"names below each other with addresses", "Kirsten Falk\nkirsten@y.example\n\nLars Bak\nlars@y.example\n\nMona Dam\nmona@y.example\n", nil, detect.Likely},
		{"addresses alone", "kirsten@y.example\nlars@y.example\nmona@y.example\n", nil, detect.Possible},
		{"a signature", "Med venlig hilsen\n\nKirsten Falk\nTillidsrepræsentant\nTlf. 33 12 45 67\nkirsten@y.example\nwww.y.example\n", nil, 0},
		{"attributions in a thread", "Tak.\n\nDen 3. maj skrev Kirsten Falk <kirsten@y.example>:\n> Ja.\n> Den 2. maj skrev Lars Bak <lars@y.example>:\n>> Nej.\n>> Den 1. maj skrev Mona Dam <mona@y.example>:\n>>> Hvad?\n", nil, 0},
		{"an agenda with dates", "Kirsten Falk 12.03.2026\nLars Bak 13.03.2026\nMona Dam 14.03.2026\n", nil, 0},
		{"a wrapped attribution", "Tak.\n\nOn Mon, 3 May 2026 at 10:12, Kirsten Falk <kirsten@y.example>\nwrote:\n> Ja.\n> On Sun, 2 May 2026, Lars Bak <lars@y.example>\n> wrote:\n>> Nej.\n>> On Sat, 1 May 2026, Mona Dam <mona@y.example>\n>> wrote:\n>>> Hvad?\n", nil, 0},
		{"signatures of a thread of three", "Ja.\n\nMvh\nKirsten Falk\nTillidsrepræsentant\nTlf. 33 12 45 67\nkirsten@y.example\n\nDen 2. maj skrev Lars Bak <lars@y.example>:\n> Nej.\n>\n> Venlig hilsen\n> Lars Bak\n> Mobil 33 12 45 68\n> lars@y.example\n>\n> Den 1. maj skrev Mona Dam <mona@y.example>:\n>> Hvad?\n>> --\n>> Mona Dam, 33 12 45 69\n>> mona@y.example\n", nil, 0},
		{"signatures in Swedish, Finnish and English", "Ja.\n\nVänliga hälsningar\nKirsten Falk\nkirsten@y.example\n\nTerveisin\nLars Bak\nlars@y.example\n\nKind regards,\nMona Dam\nmona@y.example\n", nil, 0},
		{"a signature with the office's addresses", "Hilsen\nKirsten Falk\nForeningen Eksempel, medlemsservice\nkirsten@y.example\ninfo@y.example\nTlf. 33 12 45 67\n", nil, 0},
		{"signatures of members", "Mvh\nAnna Holm\nanna@x.example\n\nMvh\nBo\nbo@x.example\n\nMvh\nCarl\ncarl@x.example\n", members{"anna@x.example": true, "bo@x.example": true, "carl@x.example": true}, 0},
		{"a quoted header with many strangers", "Hej\n\nFra: kirsten@y.example\nTil: Lars Bak <lars@y.example>; Mona Dam <mona@y.example>; Ole Ek <ole@y.example>; Pia Fog <pia@y.example>; Per Gram <per@y.example>\nEmne: Medlemsmøde\n\nHej\n", nil, detect.Possible},
		{"people at a meeting of staff", "Referat\nDeltagere:\nKirsten Falk, kirsten@y.example\nLars Bak, lars@y.example\nMona Dam, mona@y.example\n", nil, detect.Possible},
		{"people at a meeting of members", "Referat\nMedlemsmøde, deltagere:\nKirsten Falk, kirsten@y.example\nLars Bak, lars@y.example\nMona Dam, mona@y.example\n", nil, detect.Certain},
		{"a list below the writer's greeting", "Listen følger.\nHilsen Anna\n\nKirsten Falk kirsten@y.example\nLars Bak lars@y.example\nMona Dam mona@y.example\n", nil, detect.Likely},
		{"telephones below the writer's greeting", "Medlemmerne følger.\nMvh\nAnna\n\nKirsten Falk 33 12 45 67\nLars Bak 33 12 45 68\nMona Dam 33 12 45 69\n", nil, detect.Likely},
		{"members below the writer's greeting", "Mvh\nanna@x.example\nbo@x.example\ncarl@x.example\n", members{"anna@x.example": true, "bo@x.example": true, "carl@x.example": true}, detect.Certain},
		{"lines of a CSV file in the body", "Navn;E-mail\nKirsten Falk;kirsten@y.example\nLars Bak;lars@y.example\nMona Dam;mona@y.example\n", nil, detect.Likely},
		{"bullets", "Vores medlemmer er\n  * Kirsten Falk (kirsten@y.example)\n  * Lars Bak (lars@y.example)\n  * Mona Dam (mona@y.example)\n", nil, detect.Certain},
		{"ordinary prose", "Kirsten Falk talte om budgettet. Lars Bak var enig. Mona Dam ville vente.", nil, 0},
	} {
		if got := best(s, prose(c.text), c.roster)[detect.MemberList]; got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestATableOfPeopleIsAList(t *testing.T) {
	s := scanner(t)
	rows := "Kirsten\tFalk\tkirsten@y.example\nLars\tBak\tlars@y.example\nMona\tDam\tmona@y.example\n"
	for _, c := range []struct {
		name, heading, sheet string
		want                 detect.Confidence
	}{
		{"people with addresses", "Fornavn\tEfternavn\tE-mail\n", "Ark1", detect.Likely},
		{"with membership in a heading", "Fornavn\tEfternavn\tMedlem\n", "Ark1", detect.Certain},
		{"with membership in the sheet's name", "Fornavn\tEfternavn\tE-mail\n", "Medlemmer 2026", detect.Certain},
		{"of employees", "Medarbejder\tEfternavn\tE-mail\n", "Ark1", detect.Possible},
	} {
		segs := []detect.Segment{{Place: detect.Place{{Kind: detect.InAttachment, Number: 1}, {Kind: detect.InSheet, Number: 1, Name: c.sheet}}, Shape: detect.Table, Text: c.heading + rows}}
		if got := best(s, segs, nil)[detect.MemberList]; got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestATableOfNamesIsAListBelowATitleThatSpeaksOfMembers(t *testing.T) {
	s := scanner(t)
	for title, want := range map[string]detect.Confidence{
		"Medlemmer i klubben:": detect.Likely,
		"Vagtplan for uge 40":  0,
		"Vi ses til medlemsmødet på torsdag, hvor disse fortæller om deres arbejde.": 0,
	} {
		body := detect.Place{{Kind: detect.InBody, Label: "HTML"}}
		segs := []detect.Segment{
			{Place: body, Shape: detect.Table, Text: "Kirsten Falk\tlager\nLars Bak\tkontor\nMona Dam\tlager\n"},
			{Place: body, Text: title},
		}
		if got := best(s, segs, nil)[detect.MemberList]; got != want {
			t.Errorf("%s: %v, want %v", title, got, want)
		}
	}
}

func TestMembersAreCountedAcrossThePiecesOfABody(t *testing.T) {
	s := scanner(t)
	at := detect.Place{{Kind: detect.InAttachment, Number: 1, Label: "PDF"}}
	var segs []detect.Segment
	for i, a := range []string{"anna@x.example", "bo@x.example", "carl@x.example"} {
		segs = append(segs, detect.Segment{Place: at.In(detect.Step{Kind: detect.InPage, Number: i + 1}), Text: a})
	}
	if got := best(s, segs, known)[detect.MemberList]; got != detect.Certain {
		t.Errorf("three pages: %v", got)
	}
	both := append(prose("anna@x.example bo@x.example"), detect.Segment{Place: detect.Place{{Kind: detect.InBody, Label: "HTML"}}, Text: "anna@x.example bo@x.example"})
	if got := best(s, both, known)[detect.MemberList]; got != 0 {
		t.Errorf("text and HTML of two members: %v", got)
	}
	header := []detect.Segment{{Place: detect.Place{{Kind: detect.InHeader, Label: "To"}}, Text: "anna@x.example, bo@x.example, carl@x.example"}}
	if got := best(s, header, known)[detect.MemberList]; got != 0 {
		t.Errorf("recipients: %v", got)
	}
}

func TestTermsAddAndMute(t *testing.T) {
	text := "Hun er sygemeldt og har søgt orlov uden løn."
	if got := best(scanner(t, detect.Term{Kind: detect.Negotiation, Text: "Orlov uden  løn"}), prose(text), nil)[detect.Negotiation]; got != detect.Likely {
		t.Errorf("an own term: %v", got)
	}
	if got := best(scanner(t, detect.Term{Kind: detect.Negotiation, Text: "orlov*", Confidence: detect.Certain}), prose(text), nil)[detect.Negotiation]; got != detect.Certain {
		t.Errorf("an own term with an ending: %v", got)
	}
	if got := best(scanner(t, detect.Term{Text: "er sygemeldt", Mute: true}), prose(text), nil)[detect.Health]; got != 0 {
		t.Errorf("a muted phrase: %v", got)
	}
	if got := best(scanner(t, detect.Term{Kind: detect.Salary, Text: "er sygemeldt", Mute: true}), prose(text), nil)[detect.Health]; got != detect.Likely {
		t.Errorf("a phrase muted for another kind: %v", got)
	}
	for _, bad := range []detect.Term{{Kind: detect.Health}, {Text: "x"}, {Kind: "helth", Text: "x"}, {Kind: detect.Unscannable, Text: "x"}, {Kind: detect.Health, Text: "!!"}, {Kind: detect.Health, Text: "x", Confidence: 9}} {
		if _, err := detect.NewScanner(detect.Config{Terms: []detect.Term{bad}}); err == nil {
			t.Errorf("%+v is accepted", bad)
		}
	}
}

func TestFindingsComeInTheOrderOfSegmentsAndKinds(t *testing.T) {
	segs := []detect.Segment{
		{Place: detect.Place{{Kind: detect.InHeader, Label: "Subject"}}, Text: "Hun er sygemeldt, CPR 070761-4285"},
		{Place: detect.Place{{Kind: detect.InBody, Label: "text"}}, Text: "hetu 131052-308T, CPR 070761-4285 og CPR 070761-4285"},
	}
	var got []string
	for _, f := range scanner(t).Scan(segs, nil) {
		got = append(got, f.Place.String()+": "+string(f.Kind))
		if slices.Contains(f.Evidence, "") || len(f.Evidence) == 0 {
			t.Errorf("%v has no evidence", f)
		}
	}
	want := "header (Subject): dk-cpr, header (Subject): health, body (text): dk-cpr, body (text): fi-hetu"
	if strings.Join(got, ", ") != want {
		t.Errorf("got %s, want %s", strings.Join(got, ", "), want)
	}
}

func TestTheLinkOfAnAddressThatStandsInTheTextIsNobodyNew(t *testing.T) {
	s := scanner(t)
	html := detect.Place{{Kind: detect.InBody, Label: "HTML"}}
	links := "mailto:kirsten@y.example\nmailto:lars@y.example\nmailto:anna@x.example\n"
	header := "Hej\nFra: Kirsten Falk <kirsten@y.example>\nTil: Lars Bak <lars@y.example>; Anna Holm <anna@x.example>\nEmne: Møde\nTak.\n"
	if got := best(s, []detect.Segment{{Place: html, Text: header}, {Place: html, Text: links}}, known)[detect.MemberList]; got != 0 {
		t.Errorf("a quoted header with links: %v", got)
	}
	if got := best(s, []detect.Segment{{Place: html, Text: "Skriv til Kirsten, Lars eller Anna.\n"}, {Place: html, Text: links}}, known)[detect.MemberList]; got != detect.Likely {
		t.Errorf("links alone: %v", got)
	}
}
