package specimen

import (
	"fmt"
	"strings"

	"postvern.example/policy/detect"
)

// Corner is a rare but official form of a kind's number.
type Corner struct {
	Kind   detect.Kind
	Name   string
	Number func(Dice) string
}

// until draws until a number fits.
func until(draw func() string, fits func(string) bool) string {
	for {
		if s := draw(); fits(s) {
			return s
		}
	}
}

func cprCheck(s string) bool { return mod11(s, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1) == 0 }

// alive reports whether a CPR number is of somebody born from 1912 to 2026.
func alive(s string) bool {
	yy := int(s[4]-'0')*10 + int(s[5]-'0')
	switch seventh := s[6]; {
	case seventh <= '3':
		return yy >= 12
	case seventh == '4' || seventh == '9':
		return yy <= 26 || yy >= 37
	default:
		return yy <= 26
	}
}

// fnrWith returns a Norwegian number whose first digits head draws, with two
// check digits of today.
func fnrWith(head func() string) string {
	for {
		s := head()
		k1 := (11 - mod11(s, 3, 7, 6, 1, 8, 9, 4, 5, 2)) % 11
		if k1 == 10 {
			continue
		}
		s += fmt.Sprint(k1)
		if k2 := (11 - mod11(s, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2)) % 11; k2 != 10 {
			return s + fmt.Sprint(k2)
		}
	}
}

// fnrShifted returns a Norwegian number with additions to day and month.
func fnrShifted(days, months int) func(Dice) string {
	return func(d Dice) string {
		return fnrWith(func() string {
			y, m, day := d.date(1925, 2025)
			return fmt.Sprintf("%02d%02d%02d%03d", day+days, m+months, y%100, d.IntN(1000))
		})
	}
}

// samordning returns a Swedish coordination number of ten digits with a month and a day.
func samordning(month, day func(Dice) int) func(Dice) string {
	return func(d Dice) string {
		s := fmt.Sprintf("%02d%02d%02d%03d", d.IntN(100), month(d), 60+day(d), 1+d.IntN(999))
		return s[:6] + "-" + s[6:] + string(luhnDigit(s))
	}
}

func hetuOf(d Dice, from, to int, signs string, least, most int) string {
	y, m, day := d.date(from, to)
	head, n := fmt.Sprintf("%02d%02d%02d", day, m, y%100), least+d.IntN(most-least+1)
	v := 0
	for _, c := range head + fmt.Sprintf("%03d", n) {
		v = v*10 + int(c-'0')
	}
	return fmt.Sprintf("%s%c%03d%c", head, signs[d.IntN(len(signs))], n, "0123456789ABCDEFHJKLMNPRSTUVWXY"[v%31])
}

// Corners lists the rare forms of the five kinds of identity number, each
// written as its office writes it.
func Corners() []Corner {
	calendar := func(d Dice) int { return 1 + d.IntN(12) }
	day := func(d Dice) int { return 1 + d.IntN(28) }
	zero := func(Dice) int { return 0 }
	hyphen := Cut(6, "-")
	return []Corner{
		{detect.DanishCPR, "1 January, no check digit", func(d Dice) string {
			return hyphen(until(func() string { return fmt.Sprintf("0101%02d%d%03d", d.IntN(100), d.IntN(10), 1+d.IntN(999)) }, func(s string) bool { return !cprCheck(s) && alive(s) }))
		}},
		{detect.DanishCPR, "no check digit", func(d Dice) string {
			return hyphen(until(func() string {
				return fmt.Sprintf("%02d%02d%02d%d%03d", 1+d.IntN(28), 1+d.IntN(12), d.IntN(100), d.IntN(10), 1+d.IntN(999))
			}, func(s string) bool { return !cprCheck(s) && alive(s) }))
		}},
		{detect.DanishCPR, "1 January, bare, no check digit", func(d Dice) string {
			return until(func() string { return fmt.Sprintf("0101%02d%d%03d", d.IntN(25), 4+d.IntN(6), 1+d.IntN(999)) }, func(s string) bool { return !cprCheck(s) })
		}},
		{detect.DanishCPR, "bare", func(d Dice) string { return until(d.CPR, cprCheck) }},
		{detect.DanishCPR, "29 February", func(d Dice) string {
			return hyphen(until(func() string { return fmt.Sprintf("2902%02d%d%03d", 4*d.IntN(25), d.IntN(4), 1+d.IntN(999)) }, func(s string) bool { return cprCheck(s) && s[4:6] != "00" }))
		}},
		{detect.NorwegianFnr, "D-number", fnrShifted(40, 0)},
		{detect.NorwegianFnr, "H-number", fnrShifted(0, 40)},
		{detect.NorwegianFnr, "Tenor", fnrShifted(0, 80)},
		{detect.NorwegianFnr, "D-number of Tenor", fnrShifted(40, 80)},
		{detect.NorwegianFnr, "D-number of NAV", fnrShifted(40, 40)},
		{detect.NorwegianFnr, "reserved 65", fnrShifted(0, 65)},
		{detect.NorwegianFnr, "FH-number", func(d Dice) string {
			return fnrWith(func() string { return fmt.Sprintf("%d%08d", 8+d.IntN(2), d.IntN(1e8)) })
		}},
		{detect.NorwegianFnr, "2032", Dice.Fnr2032},
		{detect.NorwegianFnr, "spaced", func(d Dice) string { return Cut(6, " ")(d.Fnr()) }},
		{detect.SwedishPersonnummer, "coordination", samordning(calendar, day)},
		{detect.SwedishPersonnummer, "coordination, month 00", samordning(zero, day)},
		{detect.SwedishPersonnummer, "coordination, day 60", samordning(calendar, zero)},
		{detect.SwedishPersonnummer, "coordination, month 00 and day 60", samordning(zero, zero)},
		{detect.SwedishPersonnummer, "interim", func(d Dice) string {
			y, m, day := d.date(1940, 2010)
			head := fmt.Sprintf("%02d%02d%02d", y%100, m, day)
			serial := fmt.Sprintf("%02d", d.IntN(100))
			return head + "-" + string("TRSUWXJKLMN"[d.IntN(11)]) + serial + string(luhnDigit(head+"1"+serial))
		}},
		{detect.SwedishPersonnummer, "hundred years", func(d Dice) string {
			y, m, day := d.date(1912, 1926)
			s := fmt.Sprintf("%02d%02d%02d%03d", y%100, m, day, 1+d.IntN(999))
			return s[:6] + "+" + s[6:] + string(luhnDigit(s))
		}},
		{detect.SwedishPersonnummer, "twelve digits", Dice.Personnummer},
		{detect.SwedishPersonnummer, "twelve digits, hyphen", func(d Dice) string { return Cut(8, "-")(d.Personnummer()) }},
		{detect.SwedishPersonnummer, "bare ten", func(d Dice) string {
			return until(func() string { return d.Personnummer()[2:] }, func(s string) bool { return s[0] != '0' })
		}},
		{detect.FinnishHetu, "1800s", func(d Dice) string { return hetuOf(d, 1880, 1900, "+", 2, 899) }},
		{detect.FinnishHetu, "1900s, new signs", func(d Dice) string { return hetuOf(d, 1901, 2000, "YXWVU", 2, 899) }},
		{detect.FinnishHetu, "2000s, new signs", func(d Dice) string { return hetuOf(d, 2000, 2025, "BCDEF", 2, 899) }},
		{detect.FinnishHetu, "lower case", func(d Dice) string { return strings.ToLower(hetuOf(d, 2000, 2025, "ABCDEF", 2, 899)) }},
		{detect.FinnishHetu, "temporary", func(d Dice) string { return hetuOf(d, 1930, 2000, "-", 900, 999) }},
		{detect.IcelandicKennitala, "hyphen", func(d Dice) string { return hyphen(d.Kennitala()) }},
		{detect.IcelandicKennitala, "bare", Dice.Kennitala},
		{detect.IcelandicKennitala, "no check digit", func(d Dice) string {
			y, m, day := d.date(1930, 2026)
			return fmt.Sprintf("%02d%02d%02d-%04d", day, m, y%100, d.IntN(1000)*10+map[bool]int{true: 0, false: 9}[y >= 2000])
		}},
	}
}

// Carriers are sentences, lines, cells and fields as people and programs write
// them, in the languages of the north, by the kind that they carry.
func Carriers(k detect.Kind) []string {
	return append(append([]string{}, carriers[k]...), anywhere...)
}

// anywhere carries every kind; the words name a person or nothing at all.
var anywhere = []string{
	"- Anne Lund: %s", "* %s Peter Berg", "Navn;Nummer\nIda Holm;%s\n", "\"Ida Holm\",\"%s\",\"Lager\"",
	"(%s)", "[%s]", "%s", "»%s«", "Re: %s", "Nr. 3: Eva Lind, %s.", "Vedr.: Eva Lind – %s", "a) Per Dahl / %s", "Per Dahl=%s", "Per Dahl\t%s\tHR",
	"Hi, please register Susan Field, %s, from Monday.", "Her details: %s!", "Is it %s?", "We have \"%s\" for him.", "ID-number: %s", "National ID no. %s",
	"<b>Susan</b>: %s", "Susan Field's number is %s; thanks.", "Susan/%s", "…%s…", "1) %s\n2) later", "> > She wrote %s yesterday", "Name: Eva Lind\nNumber: %s\nTown: Ribe",
}

var carriers = map[detect.Kind][]string{
	detect.DanishCPR: {
		"Kan du tjekke %s for mig?", "Medlemmet med nummer %s har ringet to gange.", "Jeg har lige talt med Bo (%s), og han er okay.", "Personnummer:%s", "cpr%s", "CPR-NR.%s", "CPR nummer - %s",
		"Hej Lone, her er oplysningerne: %s, Vestergade 4, Vejle.", "Sagen drejer sig om %s, som er ansat på lageret.", "Født: %s", "Min kones er %s og mit er et andet.", "Borger %s er visiteret.", "Barnets cpr er %s.",
		"Lønseddel for %s, juni.", "Ansættelsesbrev – Karen Krogh – %s – 37 timer", "Jeg hedder Karen, cpr.: %s, tlf. 20 30 40 50", "Opsigelse af %s, Karen Krogh", "CPR. nr: %s.", "Cpr-nr. (%s)",
	},
	detect.NorwegianFnr: {
		"Kan du sjekke %s for meg?", "Medlemmet med nummer %s har ringt to ganger.", "Personnummer:%s", "fnr%s", "FNR.:%s", "Fødselsnummer - %s", "Hei Turid, her er opplysningene: %s, Storgata 4, Hamar.",
		"Saken gjelder %s, som jobber på lageret.", "Født: %s", "Barnet sitt er %s.", "D-nr %s", "Lønnsslipp for %s, juni.", "Oppsigelse av %s, Kari Moen", "Arbeidsavtale – Kari Moen – %s – 37,5 timar", "Eg heiter Kari, %s, tlf. 90 10 20 30",
		"Personen med fnr. %s har klaga.", "Vi treng %s i skjemaet.",
	},
	detect.SwedishPersonnummer: {
		"Kan du kolla %s åt mig?", "Medlemmen med nummer %s har ringt två gånger.", "Personnummer:%s", "pnr%s", "PERS.NR. %s", "Hej Britt, här är uppgifterna: %s, Storgatan 4, Umeå.", "Ärendet gäller %s, som jobbar på lagret.",
		"Född: %s", "Barnets är %s.", "Lönespecifikation för %s, juni.", "Uppsägning av %s, Britt Ek", "Anställningsavtal – Britt Ek – %s – 40 timmar", "Jag heter Britt, %s, tel. 070-123 45 67", "Samordningsnr: %s", "Sökande %s har överklagat.",
	},
	detect.FinnishHetu: {
		"Voitko tarkistaa %s?", "Jäsen %s on soittanut kahdesti.", "Hetu:%s", "HETU %s", "sotu: %s", "Hei Aino, tässä tiedot: %s, Rantakatu 4, Turku.", "Asia koskee työntekijää %s varastolta.", "Syntynyt: %s",
		"Palkkalaskelma %s, kesäkuu", "Irtisanominen, Aino Mäki, %s", "Työsopimus – Aino Mäki – %s – 37,5 h", "Nimeni on Aino, %s, puh. 040 123 4567", "Henk.tunnus %s", "Personbeteckningen %s stämmer.", "Lapsen tunnus on %s.", "Hänelle (%s) maksetaan huomenna.",
	},
	detect.IcelandicKennitala: {
		"Getur þú athugað %s fyrir mig?", "Félagsmaður með númerið %s hringdi tvisvar.", "Kennitala:%s", "kt.%s", "KT: %s", "Sæl Anna, hér eru upplýsingarnar: %s, Laugavegur 4, Reykjavík.", "Málið varðar %s sem vinnur á lagernum.",
		"Fædd: %s", "Launaseðill fyrir %s, júní.", "Uppsögn, Anna Jónsdóttir, %s", "Ráðningarsamningur – Anna Jónsdóttir – %s – 40 tímar", "Ég heiti Anna, %s, sími 555 1234", "Kennitala barnsins er %s.", "Hún (%s) á að fá greitt á morgun.",
	},
}

// MoreNegatives make lines with numbers that are none of a person of the
// north, as mails and systems hold them.
func MoreNegatives() []func(Dice) string {
	number := func(format string, cut ...int) func(Dice) string {
		return func(d Dice) string {
			args := make([]any, len(cut))
			for i, n := range cut {
				args[i] = d.Digits(n)
			}
			return fmt.Sprintf(format, args...)
		}
	}
	dated := func(format, layout string) func(Dice) string {
		return func(d Dice) string {
			y, m, day := d.date(2018, 2027)
			s := strings.NewReplacer("YYYY", fmt.Sprint(y), "YY", fmt.Sprintf("%02d", y%100), "MM", fmt.Sprintf("%02d", m), "DD", fmt.Sprintf("%02d", day),
				"hh", fmt.Sprintf("%02d", d.IntN(24)), "mm", fmt.Sprintf("%02d", d.IntN(60)), "ss", fmt.Sprintf("%02d", d.IntN(60))).Replace(layout)
			return fmt.Sprintf(format, s)
		}
	}
	return []func(Dice) string{
		number("Bestilling %s er klar til afhentning.", 10), number("Din ordre nr. %s bliver leveret i morgen.", 10), number("Tilauksesi %s on matkalla.", 10), number("Beställning #%s skickad", 10),
		number("Pöntun %s er tilbúin.", 10), number("Your order %s has shipped.", 11), number("Laskun numero %s, eräpäivä 1.3.", 10), number("Viitenumero: %s", 11), number("Viitteenne %s %s", 5, 5),
		number("Invoice no. %s-%s", 6, 4), number("Betal med OCR %s senest fredag.", 10), number("OCR-nummer: %s", 12), number("Indbetalingskort +71 <%s +%s", 15, 8),
		number("KID-nummer %s", 11), number("Forfaller snart: konto 1503, KID %s", 10), number("CVR-nr. %s", 8), number("P-nummer: %s", 10), number("EAN-nr. %s", 13), number("Org.nr. 55%s-%s", 4, 4),
		number("Organisasjonsnummer 9%s", 8), number("Y-tunnus %s-%s", 7, 1), number("EAN %s, vare %s", 13, 10), number("GTIN: %s", 12), number("ISBN %s", 10), number("ISBN-10: %s", 10), number("ISSN %s-%s", 4, 4), number("ISBN 978%s", 10),
		number("Telefon: +45 %s", 8), number("Tlf.: 00%s", 10), number("Ring til %s %s %s %s", 2, 2, 2, 2), number("Mobil: 0%s", 9), number("puh. 0%s", 9), number("Sími %s-%s", 3, 4), number("Fax %s", 10), number("Tel +46%s", 9),
		number("Track: https://t.example/p?n=%s", 10), number("Pakkenummer 00%s", 18), number("Kolli-ID %s", 18), number("Kollinummer: %s", 10), number("Sporingsnummer %s", 10), number("Lähetystunnus JJFI%s", 14), number("Tracking number %s", 12),
		number("Se https://www.example.example/a/%s/%s.html", 10, 6), number("<%s.%s@host.example>", 10, 10), number("In-Reply-To: <CA+%s-%s@mail.example>", 6, 4), number("References: <%s$%s@x.example>", 10, 10), number("https://x.example/%s-%s", 6, 4),
		number("PESEL %s", 11), number("BSN: %s", 9), number("Codice %s", 11), number("NISS/INSZ %s.%s.%s-%s.%s", 2, 2, 2, 3, 2), number("SSN %s-%s-%s", 3, 2, 4), number("Steuer-Identifikationsnummer %s", 11), number("Isikukood: %s", 11), number("Asmens kodas %s", 11), number("Personas kods %s-%s", 6, 5),
		number("NIE X%sL", 7), number("Aadhaar %s %s %s", 4, 4, 4), number("IBAN DK%s %s %s %s", 2, 4, 4, 4), number("DE%s%s", 2, 10), number("Kort %s %s %s %s", 4, 4, 4, 4), number("Visa-kort: %s", 16),
		number("Serienummer %s", 10), number("S/N: %s", 11), number("IMEI %s", 15), number("Stregkode %s", 12), number("Journalnr. %s", 10), number("J.nr. %s-%s", 6, 4), number("Sak %s/%s", 4, 6), number("Dnr %s-%s", 6, 4), number("Ärendenummer: %s", 10), number("Ticket #%s", 10), number("Sagsnr.: %s", 10), number("Case ID %s", 10), number("Policenummer %s", 10), number("Kundenr. %s", 10), number("Kundnummer: %s", 10), number("Asiakasnumero %s", 10), number("Medarbejdernummer %s", 6), number("Rute %s, afgang %s", 10, 2), number("Målernummer %s", 10), number("Aftagenr. 5713%s", 14), number("Kontrakt %s", 10), number("Licens: %s-%s-%s", 5, 5, 5),
		number("%s kr. i alt", 10), number("Lot %s, exp 2027", 10), number("Rev. %s", 10), number("sha %sab%s", 6, 10), number("pid=%s tid=%s", 6, 10), number("lat 55.%s lon 12.%s", 6, 6), number("%s × %s", 5, 5), number("10.1016/j.x.%s.%s", 4, 6), number("doi:10.1000/%s", 10), number("Uge 12: %s enheder", 10), number("Meeting ID: %s %s %s", 3, 4, 4), number("Møde-id: %s %s %s", 3, 3, 4), number("Zoom %s passcode", 11), number("Conference ID: %s#", 9), number("Teams: +45 32 72 %s %s,,%s#", 2, 2, 9),
		dated("log-%s.txt", "YYYYMMDDhhmmss"), dated("%s backup færdig", "YYMMDDhhmm"), dated("Backup %s ok", "YYYYMMDDhhmm"), dated("IMG_%s.jpg", "YYYYMMDD_hhmmss"), dated("Foto %s", "DDMMYYhhmm"), dated("Kørsel %s", "YYYYMMDD-hhmm"), dated("Sidst ændret: %s", "DD-MM-YY hhmm"), dated("v%s", "YYMMDD-hhmm"), dated("Mødet %s", "DDMMYY hhmm"), dated("Ankomst: %s", "DD.MM.YY hh.mm"), dated("ts=%s", "YYMMDDhhmmss"), dated("Skannet %s", "DDMMYYYYhhmm"),
	}
}
