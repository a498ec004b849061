package detect_test

import (
	"testing"

	"postvern.example/policy/detect"
)

// TestListsAsPeopleWriteThemAreTold holds lists that show membership, and
// texts with people in them that do not.
func TestListsAsPeopleWriteThemAreTold(t *testing.T) {
	s := scanner(t)
	tables := func(text string) []detect.Segment {
		return []detect.Segment{{Place: detect.Place{{Kind: detect.InAttachment, Number: 1, Label: "CSV"}}, Shape: detect.Table, Text: text}}
	}
	for _, c := range []struct {
		name  string
		segs  []detect.Segment
		least detect.Confidence
	}{
		{"name, dash, telephone", prose("Her er vores medlemmer på lageret:\n• Karen Krogh – 20 30 40 50\n• Henrik Toft – 20304051\n• Jytte Lund – +45 20 30 40 52\n"), detect.Likely},
		{"numbered", prose("Medlemmer i klubben:\n1. Karen Krogh, 2030 4050\n2. Henrik Toft, 2030 4051\n3. Jytte Lund, 2030 4052\n"), detect.Likely},
		{"dashes and titles", prose("Våre medlemmer:\n- Turid Moen (lærer)\n- Geir Aas (vaktmester)\n- Randi Lie (renholder)\n"), detect.Likely},
		{"names in a row after a colon", prose("Følgende har meldt seg inn i Fagforbundet: Turid Moen, Geir Aas og Randi Lie."), detect.Likely},
		{"names below each other", prose("Medlemmar på avdelningen\n\nGunilla Ek\nRoger Dahl\nCamilla Berg\nTommy Frisk\n"), detect.Likely},
		{"surname first", prose("Medlemsliste:\nKrogh, Karen\nToft, Henrik\nLund, Jytte\n"), detect.Likely},
		{"capitals", prose("MEDLEMMER\nKAREN KROGH 20304050\nHENRIK TOFT 20304051\nJYTTE LUND 20304052\n"), detect.Likely},
		{"member numbers", prose("Karen Krogh, medlemsnr. 1004711\nHenrik Toft, medlemsnr. 1004712\nJytte Lund, medlemsnr. 1004713\n"), detect.Likely},
		{"addresses by semicolon", prose("Kan du skrive til medlemmerne: karen@a.example; henrik@b.example; jytte@c.example"), detect.Likely},
		{"Finnish", prose("Jäsenluettelo\nTuula Mäki 040 123 4567\nReijo Laine 040 123 4568\nHenna Koski 040 123 4569\n"), detect.Likely},
		{"English", prose("Union members in Leeds:\n* Karen Field - 07700 900123\n* Brian Stone - 07700 900124\n* Denise Hill - 07700 900125\n"), detect.Likely},
		{"tabs in a body", prose("Navn\tTelefon\tMedlem siden\nKaren Krogh\t20304050\t2011\nHenrik Toft\t20304051\t2014\nJytte Lund\t20304052\t2019\n"), detect.Likely},
		{"padded by blanks", prose("Medlemmer\nKaren Krogh        20304050    Lager\nHenrik Toft        20304051    Lager\nJytte Lund         20304052    Kontor\n"), detect.Likely},
		{"minutes with attendees", prose("Referat af medlemsmøde den 3. marts\nTil stede: Karen Krogh, Henrik Toft, Jytte Lund, Ole Bak\nAfbud: Per Dam\n"), detect.Likely},
		{"wage list", tables("Medlem\tLøn\nKaren Krogh\t38500\nHenrik Toft\t39100\nJytte Lund\t36200\n"), detect.Likely},
		{"quoted cells", tables("Medlemsnr\tNavn\tE-mail\n1001\tKrogh, Karen\tkaren@a.example\n1002\tToft, Henrik\thenrik@b.example\n1003\tLund, Jytte\tjytte@c.example\n"), detect.Certain},
		{"yes and no", tables("Navn\tMedlem\nKaren Krogh\tJa\nHenrik Toft\tNej\nJytte Lund\tJa\n"), detect.Likely},
		{"union in a column", tables("Navn\tFagforening\nKaren Krogh\tHK\nHenrik Toft\t3F\nJytte Lund\tFOA\n"), detect.Likely},
		{"heading above", tables("Klubbens medlemmer 2026\n\nNavn\tMobil\nKaren Krogh\t20304050\nHenrik Toft\t20304051\nJytte Lund\t20304052\n"), detect.Likely},
		{"payment of dues", tables("Navn\tKontingent\nKaren Krogh\t412\nHenrik Toft\t412\nJytte Lund\t206\n"), detect.Likely},
		{"resignations", prose("Udmeldte i foråret:\nKaren Krogh, medlemsnummer 1001\nHenrik Toft, medlemsnummer 1002\nJytte Lund, medlemsnummer 1003\n"), detect.Likely},
		{"ways of address", prose("Nye medlemmer: Karen Krogh (karen@a.example), Henrik Toft (henrik@b.example) og Jytte Lund (jytte@c.example)"), detect.Likely},
	} {
		if got := best(s, c.segs, nil)[detect.MemberList]; got < c.least {
			t.Errorf("%s: %v, want %v at least", c.name, got, c.least)
		}
	}
	for _, c := range []struct {
		name string
		segs []detect.Segment
	}{
		{"suppliers", prose("Leverandører:\nKaren Krogh, Grøn A/S, 20304050\nHenrik Toft, Trælast ApS, 20304051\nJytte Lund, Kontor A/S, 20304052\n")},
		{"duty rota", prose("Vagtplan uge 12\nKaren Krogh: mandag 8-16\nHenrik Toft: tirsdag 8-16\nJytte Lund: onsdag 12-20\n")},
		{"agenda with speakers", prose("Dagsorden\n1. Velkomst (Karen Krogh)\n2. Regnskab (Henrik Toft)\n3. Budget (Jytte Lund)\n4. Eventuelt\n")},
		{"attendees of a project", prose("Til stede: Karen Krogh, Henrik Toft, Jytte Lund\nAfbud: Per Dam\n1. Status på projektet\n")},
		{"staff with telephones", tables("Medarbejder\tAfdeling\tLokal\nKaren Krogh\tLager\t4050\nHenrik Toft\tSalg\t4051\nJytte Lund\tIT\t4052\n")},
		{"a class of pupils' results", tables("Navn\tResultat\nKaren Krogh\t12\nHenrik Toft\t7\nJytte Lund\t10\n")},
		{"football", prose("Holdet: Karen Krogh, Henrik Toft, Jytte Lund, Ole Bak og Per Dam. Vi mødes kl. 17.")},
		{"presents", prose("Karen Krogh har givet 50 kr., Henrik Toft 50 kr. og Jytte Lund 100 kr. til gaven.")},
		{"orders", tables("Ordre\tKunde\tBeløb\n10047110\tKaren Krogh\t412\n10047111\tHenrik Toft\t99\n10047112\tJytte Lund\t1250\n")},
		{"birthdays", prose("Fødselsdage i marts:\nKaren Krogh 3.3.\nHenrik Toft 12.3.\nJytte Lund 29.3.\n")},
		{"the board", prose("Bestyrelsen består af Karen Krogh (formand), Henrik Toft (kasserer) og Jytte Lund (sekretær).")},
		{"the talk of a members' meeting", prose("Kom til medlemsmøde på torsdag. Karen Krogh byder velkommen, og Henrik Toft fortæller om pensioner. Jytte Lund laver kaffe.")},
		{"where to ask", prose("Har du spørgsmål om dit medlemskab, så ring til Karen Krogh på 20304050 eller Henrik Toft på 20304051.")},
	} {
		if got := best(s, c.segs, nil)[detect.MemberList]; got > detect.Possible {
			t.Errorf("%s: %v, want possible at most", c.name, got)
		}
	}
}
