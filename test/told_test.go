package test

import (
	"fmt"
	"html"
	"strings"
	"testing"
)

// toldByPrograms are texts in which a program names Ingrid without a label.
var toldByPrograms = map[string]string{
	"google guests en":         "Board\n\nWhen\nThursday 3 Dec 2026 ⋅ 10:00 – 11:00\nCentral European Time\n\nGuests\nAnna Holm - organizer\nIngrid Østergård\nView all guest info https://calendar.example/e1",
	"google guests da":         "Bestyrelse\n\nHvornår\ntorsdag 3. dec. 2026 ⋅ 10.00 – 11.00\n\nSted\nLokale 2\n\nGæster\nAnna Holm - organisator\nIngrid Østergård - valgfri\nSe alle oplysninger om gæster https://calendar.example/e1",
	"google guests nb":         "Styre\n\nGjester\nAnna Holm – arrangør\nIngrid Østergård\nVis all gjesteinformasjon",
	"google guests nn":         "Styre\n\nKor\nRom 2\n\nGjester\nIngrid Østergård",
	"google guests sv":         "Styrelse\n\nGäster\nAnna Holm - organisatör\nIngrid Østergård",
	"google guests fi":         "Hallitus\n\nVieraat\nAnna Holm - järjestäjä\nIngrid Østergård",
	"google guests is":         "Stjórn\n\nGestir\nAnna Holm - skipuleggjandi\nIngrid Østergård",
	"google guests addresses":  "Gæster\nanna.holm@region.example - organisator\ningrid@post.example",
	"google guests counted":    "2 guests\nAnna Holm - organizer\nIngrid Østergård - optional",
	"google guests cited":      "> Gæster\n> Anna Holm - organisator\n> Ingrid Østergård\n> Se alle oplysninger om gæster",
	"google answer en":         "Ingrid Østergård has accepted this invitation.",
	"google answer da":         "Ingrid Østergård har accepteret denne invitation.",
	"google answer nb":         "Ingrid Østergård har godtatt denne invitasjonen.",
	"google answer nn":         "Ingrid Østergård har avslege denne invitasjonen.",
	"google answer sv":         "Ingrid Østergård har tackat ja till den här inbjudan.",
	"google answer fi":         "Ingrid Østergård on hyväksynyt tämän kutsun.",
	"google answer is":         "Ingrid Østergård hefur samþykkt þetta fundarboð.",
	"reaction en":              "👍 Ingrid Østergård reacted to your message:",
	"reaction da":              "Ingrid Østergård reagerede på din besked: 👍",
	"reaction nb":              "Ingrid Østergård reagerte på meldingen din: 👍",
	"reaction nn":              "Ingrid Østergård reagerte på meldinga di:",
	"reaction sv":              "Ingrid Østergård reagerade på ditt meddelande:",
	"reaction fi":              "Ingrid Østergård reagoi viestiisi:",
	"reaction is":              "Ingrid Østergård brást við skilaboðunum þínum:",
	"reaction gmail en":        "❤️ Ingrid Østergård reacted via Gmail <https://www.gmail.example/>",
	"reaction gmail da":        "👍 Ingrid Østergård reagerede via Gmail",
	"reaction no colon, no at": "Ingrid Østergård reagerede på din meddelelse",
	"like":                     "Ingrid Østergård liked your message.",
	"shared en":                "Ingrid Østergård shared a file with you",
	"shared drive en":          "Ingrid Østergård (ingrid@post.example) has invited you to edit the following document:",
	"shared da":                "Ingrid Østergård delte \"Budget\" med dig.",
	"shared da 2":              "Ingrid Østergård har delt en fil med dig",
	"shared nb":                "Ingrid Østergård delte mappen «Styre» med deg.",
	"shared nn":                "Ingrid Østergård har delt eit dokument med deg",
	"shared sv":                "Ingrid Østergård har delat en fil med dig",
	"shared fi":                "Ingrid Østergård jakoi tiedoston kanssasi",
	"shared is":                "Ingrid Østergård deildi skrá með þér",
	"invites drive da":         "Ingrid Østergård har inviteret dig til at redigere følgende dokument:",
	"zoom en":                  "Ingrid Østergård is inviting you to a scheduled Zoom meeting.",
	"zoom da":                  "Ingrid Østergård inviterer dig til et planlagt Zoom-møde.",
	"zoom nb":                  "Ingrid Østergård inviterer deg til et planlagt Zoom-møte.",
	"zoom sv":                  "Ingrid Østergård bjuder in dig till ett schemalagt Zoom-möte.",
	"zoom fi":                  "Ingrid Østergård kutsuu sinut ajoitettuun Zoom-kokoukseen.",
	"doodle en":                "Ingrid Østergård invited you to participate in the Doodle poll \"Board\".",
	"doodle da":                "Ingrid Østergård har deltaget i afstemningen \"Bestyrelse\"",
	"teams mention en":         "Ingrid Østergård mentioned you in General",
	"teams mention da":         "Ingrid Østergård nævnte dig i Generelt",
	"teams mention sv":         "Ingrid Østergård omnämnde dig i Allmänt",
	"teams mention fi":         "Ingrid Østergård mainitsi sinut",
	"planner da":               "Ingrid Østergård tildelte dig en opgave",
	"sharepoint comment da":    "Ingrid Østergård kommenterede din fil",
	"sharepoint access da":     "Ingrid Østergård anmoder om adgang til Budget.xlsx",
	"teams message nb":         "Ingrid Østergård sendte deg en melding i Teams",
	"recap da":                 "Mødeoversigt\n\nMødedeltagere\nAnna Holm, Ingrid Østergård\n",
	"recap en":                 "Meeting recap: Board\n\nAttendees\nAnna Holm\nIngrid Østergård\n",
	"voting en":                "Recipient\tResponse\nAnna Holm\tYes: 03-11-2026 10:12\nIngrid Østergård\tNo: 03-11-2026 10:14",
	"voting da":                "Modtager\tSvar\nAnna Holm\tGodkend: 03-11-2026 10:12\nIngrid Østergård\tAfvis: 03-11-2026 10:14",
	"tracking da":              "Navn Fremmøde Svar\nAnna Holm Mødearrangør Ingen\nIngrid Østergård Obligatorisk Accepteret",
	"tracking en":              "Name    Attendance    Response\nAnna Holm    Meeting Organizer    None\nIngrid Østergård    Required Attendee    Accepted",
	"tracking sv":              "Namn\tNärvaro\tSvar\nIngrid Østergård\tObligatorisk deltagare\tAccepterat",
	"tracking fi":              "Nimi\tOsallistuminen\tVastaus\nIngrid Østergård\tPakollinen\tHyväksytty",
	"attendance report":        "Name\tFirst join\tLast leave\tRole\nAnna Holm\t11/3/26, 10:00\t11/3/26, 11:00\tOrganizer\nIngrid Østergård\t11/3/26, 10:01\t11/3/26, 11:00\tPresenter",
	"behalf en":                "This message was sent on behalf of Ingrid Østergård",
	"behalf da":                "Sendt på vegne af Ingrid Østergård",
	"behalf nb":                "Sendt på vegne av Ingrid Østergård",
	"behalf sv":                "Skickat på uppdrag av Ingrid Østergård",
	"shared by":                "Delt af Ingrid Østergård",
	"receipt en":               "This is a Return Receipt for the mail that you sent to ingrid@post.example.",
	"receipt da":               "Dette er en kvittering for den mail, du sendte til ingrid@post.example.",
	"receipt sv":               "Detta är ett mottagningskvitto för mailet som du skickade till ingrid@post.example.",
	"receipt fi":               "Tämä on vastaanottokuittaus viestille, jonka lähetit osoitteeseen ingrid@post.example.",
	"recall en":                "Ingrid Østergård would like to recall the message, \"x\".",
	"recall da":                "Ingrid Østergård vil gerne tilbagekalde meddelelsen \"x\".",
	"planner done da":          "Ingrid Østergård har fuldført en opgave",
	"planner done en":          "Ingrid Østergård completed a task",
	"teams added da":           "Ingrid Østergård føjede dig til teamet Bestyrelse!",
	"teams added en":           "Ingrid Østergård added you to the Board team!",
	"teams added nb":           "Ingrid Østergård la deg til i teamet Styre",
	"teams added sv":           "Ingrid Østergård lade till dig i teamet Styrelse",
	"drive comment":            "Ingrid Østergård added a comment to the following document",
	"new time da":              "Ingrid Østergård har foreslået et nyt tidspunkt til mødet",
	"new time en":              "Ingrid Østergård has proposed a new time for the meeting",
	"files en":                 "ingrid@post.example sent you some files",
	"answer block da":          "Accepteret: Bestyrelse\nFra: Ingrid Østergård\nHvornår: 3. november 2026 10:00-11:00\nHvor: Lokale 2",
	"opener da":                "Den 3. nov. 2026 kl. 10.12 skrev Ingrid Østergård:\n> hej",
	"opener da weekday":        "Den tirs. 3. nov. 2026 10.12 skrev Ingrid Østergård <ingrid@post.example>:\n> hej",
	"opener nb":                "3. nov. 2026 kl. 10:12 skrev Ingrid Østergård <ingrid@post.example>:\n> hei",
	"opener nn":                "Den 3. nov. 2026 kl. 10:12 skreiv Ingrid Østergård:\n> hei",
	"opener sv":                "3 nov. 2026 kl. 10:12 skrev Ingrid Østergård:\n> hej",
	"opener fi":                "Ingrid Østergård kirjoitti 3.11.2026 kello 10.12:\n> hei",
	"opener is":                "Þann 3. nóv. 2026 kl. 10:12 skrifaði Ingrid Østergård:\n> hæ",
	"opener en":                "On 3 Nov 2026, at 10:12, Ingrid Østergård wrote:\n> hi",
	"opener bare":              "Ingrid Østergård skrev:\n> hej",
	"notes block":              "Fra: Ingrid Østergård/REGION/DK\nTil: Anna Holm/REGION/DK@REGION\nDato: 03-11-2026 10:12\nEmne: x",
	"oof opener":               "Automatisk svar: ferie\nFra: Ingrid Østergård\nSendt: 3. november 2026 10:12\nTil: Anna Holm\nEmne: Automatisk svar\n\nJeg er på ferie.",
	"read receipt inline":      "Din meddelelse\n\n   Til: Ingrid Østergård\n   Emne: Torsdag\n   Sendt: 3. november 2026 10:12\n\nblev læst den 3. november 2026 10:14.",
}

// saidByPeople are texts of people, in which nothing changes.
var saidByPeople = map[string]string{
	"prose":                "Mette og jeg talte om lokalet i går.",
	"name in prose":        "Jeg har spurgt Ingrid Østergård, som gerne vil være med.",
	"name begins prose":    "Ingrid Østergård har lovet at tage kaffe med.",
	"name begins prose 2":  "Ingrid Østergård har delt kage ud i kantinen.",
	"name begins prose 3":  "Ingrid Østergård inviterer dig på kaffe.",
	"name begins prose 4":  "Ingrid Østergård svarede på alt i går.",
	"name begins prose 5":  "Ingrid Østergård vil gerne have kaffe.",
	"name begins prose 6":  "Ingrid Østergård har sendt dig en hilsen.",
	"name begins prose 7":  "Ingrid Østergård har accepteret din indstilling.",
	"name begins prose 8":  "Ingrid Østergård has declined the offer of early retirement.",
	"name begins prose 9":  "Ingrid Østergård har delt sin bekymring med dig.",
	"name begins prose 10": "Ingrid Østergård nævnte dig i går.",
	"name begins prose 11": "Ingrid Østergård svarede på din mail i går.",
	"name begins prose 12": "Ingrid Østergård reagerede på din mail med et smil.",
	"name begins prose 13": "Ingrid Østergård inviterer dig til et møde på torsdag.",
	"name begins prose 14": "Ingrid Østergård har stemt i urafstemningen.",
	"name begins prose 15": "Ingrid Østergård ber om tilgang til arkivet på torsdag.",
	"name begins prose 16": "Ingrid Østergård sendte dig en besked i går.",
	"name ends prose":      "Referatet er skrevet af Ingrid Østergård",
	"minutes":              "Deltagere\nIngrid Østergård\n\nVi talte om kaffe.",
	"minutes with a place": "Deltagere i dag\nIngrid Østergård tog referat.",
	"guests in prose":      "Gæster\nVi får gæster på torsdag, også Ingrid Østergård.",
	"when in prose":        "Hvornår\nPå torsdag.\n\nIngrid Østergård kommer forbi.",
	"columns in prose":     "Navn svar\n\nIngrid Østergård skriver til jer.",
	"receipt in prose":     "Jeg har en kvittering fra Brugsen.",
}

func inHTML(text string) string {
	var b strings.Builder
	for _, line := range strings.Split(text, "\n") {
		cells := strings.Split(html.EscapeString(line), "\t")
		b.WriteString("<div><span>" + strings.Join(cells, "</span></td><td><span>") + "</span></div>\n")
	}
	return b.String()
}

// bodiesOf are the ways in which a text stands in a mail.
func bodiesOf(text string) map[string]string {
	return map[string]string{
		"plain": "Content-Type: text/plain; charset=utf-8\n\nSe nedenfor.\n\n" + text + "\n\nHilsen Anna\n",
		"html":  "Content-Type: text/html; charset=utf-8\n\n<html><body><p>Se nedenfor.</p>\n" + inHTML(text) + "<p>Hilsen Anna</p></body></html>\n",
	}
}

func modes(t *testing.T, try func(t *testing.T, g *installation)) {
	t.Helper()
	for _, hide := range []string{"members", "everyone"} {
		for _, as := range []string{"bcc", "individual"} {
			t.Run(hide+", "+as, func(t *testing.T) {
				try(t, gateway(t, files{"policy.yaml": strings.NewReplacer("hide: members", "hide: "+hide, "as: bcc", "as: "+as).Replace(defaultPolicy)}))
			})
		}
	}
}

func TestWhomProgramsNameWithoutALabelLeaves(t *testing.T) {
	modes(t, func(t *testing.T, g *installation) {
		n := 0
		for name, text := range toldByPrograms {
			for kind, body := range bodiesOf(text) {
				n++
				t.Run(kind+", "+name, func(t *testing.T) { probe{body: body, want: passes}.ofIngrid(t, g, n) })
			}
		}
	})
}

func TestWhatPeopleWriteOfSomebodyStays(t *testing.T) {
	modes(t, func(t *testing.T, g *installation) {
		n := 0
		for name, text := range saidByPeople {
			for kind, body := range bodiesOf(text) {
				n++
				t.Run(kind+", "+name, func(t *testing.T) {
					p := probe{fields: "To: mette@post.example, peter@post.example\n", to: twoReaders, body: "MIME-Version: 1.0\nContent-Transfer-Encoding: 8bit\n" + body}
					from, to, mail := p.mail(n)
					if err := g.send("anna", from, to, mail); err != nil {
						t.Fatal(err)
					}
					_, want, _ := strings.Cut(crlf(body), "\r\n\r\n")
					for _, content := range copiesOf(t, g, fmt.Sprintf("<probe-%d@forening.example>", n), len(to)) {
						if _, got, _ := strings.Cut(string(content), "\r\n\r\n"); got != want {
							t.Errorf("there arrived %q", got)
						}
					}
				})
			}
		}
	})
}
