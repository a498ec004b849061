// Package specimen makes personal data that nobody has: identity numbers by
// the published rules, sentences that hold them, and lines with numbers of
// other kinds. Tests and evaluations plant them. The rules are written here a
// second time, so that a mistake in package detect does not agree with itself.
package specimen

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"

	"postvern.example/policy/detect"
)

// Dice is a source of chance that gives the same for the same seed.
type Dice struct{ *rand.Rand }

// Roll returns dice with a seed.
func Roll(seed uint64) Dice { return Dice{rand.New(rand.NewPCG(seed, 7))} }

// Pick returns one of all.
func Pick[T any](d Dice, all []T) T { return all[d.IntN(len(all))] }

func (d Dice) date(from, to int) (year, month, day int) {
	return from + d.IntN(to-from), 1 + d.IntN(12), 1 + d.IntN(28)
}

func mod11(s string, weights ...int) int {
	n := 0
	for i, w := range weights {
		n += int(s[i]-'0') * w
	}
	return n % 11
}

func luhnDigit(s string) byte {
	n := 0
	for i := len(s) - 1; i >= 0; i-- {
		d := int(s[i] - '0')
		if (len(s)-i)%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		n += d
	}
	return '0' + byte((10-n%10)%10)
}

// CPR returns a Danish CPR number, ten digits; one in ten without the check digit.
func (d Dice) CPR() string {
	y, m, day := d.date(1937, 2008)
	seventh := d.IntN(4)
	if y >= 2000 {
		seventh = 4 + d.IntN(4)
	}
	for {
		s := fmt.Sprintf("%02d%02d%02d%d%03d", day, m, y%100, seventh, 1+d.IntN(999))
		if d.IntN(10) == 0 || mod11(s, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1) == 0 {
			return s // one in ten without the check digit
		}
	}
}

// Fnr returns a Norwegian national identity number of any series, eleven digits.
func (d Dice) Fnr() string {
	for {
		y, m, day := d.date(1930, 2010)
		switch d.IntN(8) {
		case 0:
			day += 40 // D-number
		case 1:
			m += 40 // H-number, NAV's test numbers
		case 2:
			m += 80 // Tenor's test numbers
		case 3:
			day, m = day+40, m+80
		}
		s := fmt.Sprintf("%02d%02d%02d%03d", day, m, y%100, d.IntN(1000))
		if d.IntN(12) == 0 {
			s = fmt.Sprintf("%d%08d", 8+d.IntN(2), d.IntN(1e8)) // FH-number
		}
		k1 := (11 - mod11(s, 3, 7, 6, 1, 8, 9, 4, 5, 2)) % 11
		if k1 == 10 {
			continue
		}
		s += fmt.Sprint(k1)
		k2 := (11 - mod11(s, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2)) % 11
		if k2 != 10 {
			return s + fmt.Sprint(k2)
		}
	}
}

// Fnr2032 returns a number as they may be given from 2032 on.
func (d Dice) Fnr2032() string {
	for {
		y, m, day := d.date(1930, 2010)
		s := fmt.Sprintf("%02d%02d%02d%03d%02d", day, m, y%100, d.IntN(1000), d.IntN(100))
		k1 := mod11(s, 3, 7, 6, 1, 8, 9, 4, 5, 2, 1)
		if k1 >= 1 && k1 <= 3 && mod11(s, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1) == 0 {
			return s
		}
	}
}

// Personnummer returns a Swedish personal or coordination number with its century, twelve digits.
func (d Dice) Personnummer() string {
	y, m, day := d.date(1930, 2009)
	if d.IntN(8) == 0 {
		day += 60
		if d.IntN(10) == 0 {
			m = 0
		}
	}
	s := fmt.Sprintf("%02d%02d%02d%03d", y%100, m, day, 1+d.IntN(999))
	return fmt.Sprintf("%02d", y/100) + s + string(luhnDigit(s))
}

// Hetu returns a Finnish personal identity code.
func (d Dice) Hetu() string {
	y, m, day := d.date(1900, 2010)
	signs := "-YXWVU"
	if y >= 2000 {
		signs = "ABCDEF"
	}
	n := 2 + d.IntN(898)
	if d.IntN(8) == 0 {
		n = 900 + d.IntN(100)
	}
	head := fmt.Sprintf("%02d%02d%02d", day, m, y%100)
	v, err := strconv.Atoi(fmt.Sprintf("%s%03d", head, n))
	if err != nil {
		panic(err)
	}
	return fmt.Sprintf("%s%c%03d%c", head, signs[d.IntN(6)], n, "0123456789ABCDEFHJKLMNPRSTUVWXY"[v%31])
}

// Kennitala returns an Icelandic kennitala, ten digits.
func (d Dice) Kennitala() string {
	for {
		y, m, day := d.date(1930, 2010)
		century := 9
		if y >= 2000 {
			century = 0
		}
		s := fmt.Sprintf("%02d%02d%02d%02d", day, m, y%100, 20+d.IntN(80))
		k := (11 - mod11(s, 3, 2, 7, 6, 5, 4, 3, 2)) % 11
		if k != 10 {
			return fmt.Sprintf("%s%d%d", s, k, century)
		}
	}
}

// IBAN returns an IBAN of one of five countries.
func (d Dice) IBAN() string {
	country := Pick(d, []string{"DK", "NO", "SE", "FI", "DE"})
	digits := map[string]int{"DK": 14, "NO": 11, "SE": 20, "FI": 14, "DE": 18}[country]
	var b strings.Builder
	for range digits {
		fmt.Fprint(&b, d.IntN(10))
	}
	rest := 0
	for _, c := range b.String() + country + "00" {
		if c >= 'A' {
			rest = (rest*100 + int(c-'A') + 10) % 97
		} else {
			rest = (rest*10 + int(c-'0')) % 97
		}
	}
	return fmt.Sprintf("%s%02d%s", country, 98-rest, b.String())
}

// NorwegianAccount returns a Norwegian account number with its dots.
func (d Dice) NorwegianAccount() string {
	for {
		s := fmt.Sprintf("%010d", 1e9+d.IntN(8e9))
		if k := (11 - mod11(s, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2)) % 11; k != 10 {
			return fmt.Sprintf("%s.%s.%s%d", s[:4], s[4:6], s[6:], k)
		}
	}
}

// Digits returns n digits, the first of which is not 0.
func (d Dice) Digits(n int) string {
	var b strings.Builder
	b.WriteByte('1' + byte(d.IntN(9)))
	for b.Len() < n {
		b.WriteByte('0' + byte(d.IntN(10)))
	}
	return b.String()
}

// Planted is a kind with its generator, the ways to write it and sentences.
type Planted struct {
	Kind      detect.Kind
	Number    func(Dice) string
	Forms     []func(string) string
	Sentences []string // without a keyword
	Keyed     []string // with one: these must be certain
}

func same(s string) string { return s }

// Cut returns a form with a separator after the first digits.
func Cut(at int, sep string) func(string) string {
	return func(s string) string { return s[:at] + sep + s[at:] }
}

// short drops the century.
func short(f func(string) string) func(string) string {
	return func(s string) string { return f(s[2:]) }
}

func fullWidth(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r + 0xFEE0
		}
		return r
	}, s)
}

func then(f, g func(string) string) func(string) string {
	return func(s string) string { return g(f(s)) }
}

func zeroWidth(s string) string { return s[:3] + "\u200b" + s[3:7] + "\u00ad" + s[7:] }

// Numbers lists the kinds of number that have sentences.
func Numbers() []Planted {
	return []Planted{
		{
			detect.DanishCPR, Dice.CPR,
			[]func(string) string{Cut(6, "-"), Cut(6, "-"), Cut(6, " "), Cut(6, "–"), Cut(6, "\u00a0"), Cut(6, " - "), then(Cut(6, "-"), fullWidth), then(Cut(6, "-"), zeroWidth), Cut(6, "-\n"), same},
			[]string{"Mette %s er syg i dag.", "Vi taler om Jens Hansen (%s) på mødet.", "Hun hedder Anne og har %s.", "Send det til Lars Nielsen, %s, i morgen.", "Du kan slå %s op under Bo Madsen.", "Jeg er født i Odense, %s."},
			[]string{"Hendes CPR-nummer er %s.", "CPR: %s", "cpr nr. %s står på sedlen", "Jens' cprnr.: %s, han ringer.", "Mit personnummer er %s, og jeg bor i Aarhus."},
		},
		{
			detect.NorwegianFnr, Dice.Fnr,
			[]func(string) string{same, same, Cut(6, " "), Cut(6, "-"), fullWidth, zeroWidth},
			[]string{"Kari %s kommer i morgen.", "Vi snakker om Ola Nordmann (%s) på møtet.", "Nummeret til henne er %s.", "Send det til %s i dag.", "Det gjeld %s, ikkje ein annan."},
			[]string{"Fødselsnummeret er %s.", "Fødselsnr: %s", "Fnr. %s gjelder Kari.", "Hans personnummer er %s, og han bor i Bergen.", "D-nummer eller fødselsnummer: %s"},
		},
		{
			detect.NorwegianFnr, Dice.Fnr2032,
			[]func(string) string{same, Cut(6, " ")},
			[]string{"Kari %s kommer i morgen.", "Vi snakker om Ola Nordmann (%s) på møtet."},
			[]string{"Fødselsnummeret er %s."},
		},
		{
			detect.SwedishPersonnummer, Dice.Personnummer,
			[]func(string) string{same, short(Cut(6, "-")), short(Cut(6, "-")), Cut(8, "-"), short(same), Cut(8, " "), short(Cut(6, "+")), then(short(Cut(6, "-")), fullWidth), short(Cut(6, "–"))},
			[]string{"Anna %s är sjuk i dag.", "Vi talar om Lars Svensson (%s) på mötet.", "Hon heter Karin och har %s.", "Skicka det till Johan Nilsson, %s, i morgon."},
			[]string{"Hennes personnummer är %s.", "Personnr: %s", "pnr %s står på lappen", "Samordningsnummer: %s"},
		},
		{
			detect.FinnishHetu, Dice.Hetu,
			[]func(string) string{same, same, strings.ToLower, fullWidth},
			[]string{"Matti %s on poissa.", "Puhumme hänestä, %s, huomenna.", "Lähetä se: %s.", "Tunnus on %s eikä muu."},
			[]string{"Hänen henkilötunnuksensa on %s.", "Hetu: %s", "henkilötunnus %s löytyy paperista", "Personbeteckning: %s"},
		},
		{
			detect.IcelandicKennitala, Dice.Kennitala,
			[]func(string) string{Cut(6, "-"), same, Cut(6, " ")},
			[]string{"Jón %s er veikur í dag.", "Við tölum um Guðrúnu (%s) á fundinum.", "Sendu þetta til %s og það er allt."},
			[]string{"Kennitala hennar er %s.", "Kt. %s er á blaðinu", "kennitala: %s"},
		},
		{
			detect.IBAN, Dice.IBAN,
			[]func(string) string{same, grouped, strings.ToLower},
			[]string{"Send pengene til %s i dag.", "Pengarna ska till %s, tack.", "Maksa %s huomenna."},
			[]string{"IBAN: %s", "Kontonummer (IBAN) %s"},
		},
		{
			detect.BankAccount, Dice.NorwegianAccount,
			[]func(string) string{same},
			[]string{"Pengene skal til %s i dag."},
			[]string{"Kontonummer: %s", "Lønna går til konto %s."},
		},
	}
}

func grouped(s string) string {
	var b strings.Builder
	for i, r := range s {
		if i > 0 && i%4 == 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// HardNegatives make lines with numbers that are none of a person.
func HardNegatives() []func(Dice) string {
	return []func(Dice) string{
		func(d Dice) string { return "Ordre " + d.Digits(10) + " er sendt." },
		func(d Dice) string { return "Ordrenummer: " + d.Digits(6) + "-" + d.Digits(4) },
		func(d Dice) string { return "Faktura nr. " + d.Digits(11) + " forfalder den 1." },
		func(d Dice) string { return "Fakturanummer " + d.Digits(10) + ", OCR " + d.Digits(12) },
		func(d Dice) string { return "KID: " + d.Digits(11) },
		func(d Dice) string { return d.Digits(10) + "; Kontorpapir A4; " + d.Digits(2) },
		func(d Dice) string { return fmt.Sprintf("+71<%s+%s<", d.Digits(15), d.Digits(8)) },
		func(d Dice) string { return fmt.Sprintf("%d INFO ready", 1500000000+d.IntN(300000000)) },
		func(d Dice) string {
			return fmt.Sprintf("%02d%02d%02d%02d%02d backup ok", 20+d.IntN(8), 1+d.IntN(12), 1+d.IntN(28), d.IntN(24), d.IntN(60))
		},
		func(d Dice) string {
			return fmt.Sprintf("20%02d-%02d-%02d %02d:%02d:%02d id=%s", 20+d.IntN(8), 1+d.IntN(12), 1+d.IntN(28), d.IntN(24), d.IntN(60), d.IntN(60), d.Digits(10))
		},
		func(d Dice) string {
			return "Ring på 07" + d.Digits(1) + "-" + d.Digits(3) + " " + d.Digits(2) + " " + d.Digits(2)
		},
		func(d Dice) string { return "Mobil 07" + d.Digits(8) },
		func(d Dice) string { return "tlf. " + d.Digits(8) + " / " + d.Digits(8) },
		func(d Dice) string { return "Puhelin 040" + d.Digits(7) },
		func(d Dice) string { return "https://example.example/artikel/" + d.Digits(10) + "?id=" + d.Digits(10) },
		func(d Dice) string { return "Message-ID: <" + d.Digits(10) + "." + d.Digits(11) + "@mail.example>" },
		func(d Dice) string { return "Organisationsnummer 5" + d.Digits(5) + "-" + d.Digits(4) },
		func(d Dice) string { return "CVR " + d.Digits(8) + ", EAN " + d.Digits(13) },
		func(d Dice) string { return "ISBN 978-" + d.Digits(2) + "-" + d.Digits(6) + "-" + d.Digits(2) },
		func(d Dice) string { return "Sporing: 3707" + d.Digits(14) },
		func(d Dice) string { return "Serienr. SN" + d.Digits(10) },
		func(d Dice) string { return "Varenummer " + d.Digits(10) + ", antal " + d.Digits(2) },
		func(d Dice) string { return "Sag nr. " + d.Digits(10) },
		func(d Dice) string { return "Ärende " + d.Digits(10) + " är avslutat" },
		func(d Dice) string { return "Hans PESEL er " + d.Digits(11) },
		func(d Dice) string { return "BSN " + d.Digits(9) + " och Steuer-ID " + d.Digits(11) },
		func(d Dice) string { return "Hyllan " + d.Digits(10) + " är tom." },
		func(d Dice) string { return "SSN " + d.Digits(3) + "-" + d.Digits(2) + "-" + d.Digits(4) },
		func(d Dice) string { return d.Digits(4) + " " + d.Digits(4) + " " + d.Digits(4) + " " + d.Digits(4) },
		func(d Dice) string { return "Beløb: " + d.Digits(7) + ",00 kr., saldo " + d.Digits(10) + ",50" },
		func(d Dice) string { return "10.0." + d.Digits(2) + "." + d.Digits(2) + " build " + d.Digits(10) },
	}
}
