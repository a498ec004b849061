package detect_test

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"

	"postvern.example/policy/detect"
)

// The generators make numbers by the published rules, written again here so
// that a mistake in the package does not agree with itself.

type dice struct{ *rand.Rand }

func roll(seed uint64) dice { return dice{rand.New(rand.NewPCG(seed, 7))} }

func pick[T any](d dice, all []T) T { return all[d.IntN(len(all))] }

func (d dice) date(from, to int) (year, month, day int) {
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

func (d dice) cpr() string {
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

func (d dice) fnr() string {
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

// fnr2032 returns a number as they may be given from 2032 on.
func (d dice) fnr2032() string {
	for {
		y, m, day := d.date(1930, 2010)
		s := fmt.Sprintf("%02d%02d%02d%03d%02d", day, m, y%100, d.IntN(1000), d.IntN(100))
		k1 := mod11(s, 3, 7, 6, 1, 8, 9, 4, 5, 2, 1)
		if k1 >= 1 && k1 <= 3 && mod11(s, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1) == 0 {
			return s
		}
	}
}

func (d dice) personnummer() string {
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

func (d dice) hetu() string {
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

func (d dice) kennitala() string {
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

func (d dice) iban() string {
	country := pick(d, []string{"DK", "NO", "SE", "FI", "DE"})
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

func (d dice) norwegianAccount() string {
	for {
		s := fmt.Sprintf("%010d", 1e9+d.IntN(8e9))
		if k := (11 - mod11(s, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2)) % 11; k != 10 {
			return fmt.Sprintf("%s.%s.%s%d", s[:4], s[4:6], s[6:], k)
		}
	}
}

func (d dice) digits(n int) string {
	var b strings.Builder
	b.WriteByte('1' + byte(d.IntN(9)))
	for b.Len() < n {
		b.WriteByte('0' + byte(d.IntN(10)))
	}
	return b.String()
}

// planted is a kind with its generator, the ways to write it and sentences.
type planted struct {
	kind      detect.Kind
	number    func(dice) string
	forms     []func(string) string
	sentences []string // without a keyword
	keyed     []string // with one: these must be certain
}

func same(s string) string { return s }

func cut(at int, sep string) func(string) string {
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

func plantedKinds() []planted {
	return []planted{
		{
			detect.DanishCPR, dice.cpr,
			[]func(string) string{cut(6, "-"), cut(6, "-"), cut(6, " "), cut(6, "–"), cut(6, "\u00a0"), cut(6, " - "), then(cut(6, "-"), fullWidth), then(cut(6, "-"), zeroWidth), cut(6, "-\n"), same},
			[]string{"Mette %s er syg i dag.", "Vi taler om Jens Hansen (%s) på mødet.", "Hun hedder Anne og har %s.", "Send det til Lars Nielsen, %s, i morgen.", "Du kan slå %s op under Bo Madsen.", "Jeg er født i Odense, %s."},
			[]string{"Hendes CPR-nummer er %s.", "CPR: %s", "cpr nr. %s står på sedlen", "Jens' cprnr.: %s, han ringer.", "Mit personnummer er %s, og jeg bor i Aarhus."},
		},
		{
			detect.NorwegianFnr, dice.fnr,
			[]func(string) string{same, same, cut(6, " "), cut(6, "-"), fullWidth, zeroWidth},
			[]string{"Kari %s kommer i morgen.", "Vi snakker om Ola Nordmann (%s) på møtet.", "Nummeret til henne er %s.", "Send det til %s i dag.", "Det gjeld %s, ikkje ein annan."},
			[]string{"Fødselsnummeret er %s.", "Fødselsnr: %s", "Fnr. %s gjelder Kari.", "Hans personnummer er %s, og han bor i Bergen.", "D-nummer eller fødselsnummer: %s"},
		},
		{
			detect.NorwegianFnr, dice.fnr2032,
			[]func(string) string{same, cut(6, " ")},
			[]string{"Kari %s kommer i morgen.", "Vi snakker om Ola Nordmann (%s) på møtet."},
			[]string{"Fødselsnummeret er %s."},
		},
		{
			detect.SwedishPersonnummer, dice.personnummer,
			[]func(string) string{same, short(cut(6, "-")), short(cut(6, "-")), cut(8, "-"), short(same), cut(8, " "), short(cut(6, "+")), then(short(cut(6, "-")), fullWidth), short(cut(6, "–"))},
			[]string{"Anna %s är sjuk i dag.", "Vi talar om Lars Svensson (%s) på mötet.", "Hon heter Karin och har %s.", "Skicka det till Johan Nilsson, %s, i morgon."},
			[]string{"Hennes personnummer är %s.", "Personnr: %s", "pnr %s står på lappen", "Samordningsnummer: %s"},
		},
		{
			detect.FinnishHetu, dice.hetu,
			[]func(string) string{same, same, strings.ToLower, fullWidth},
			[]string{"Matti %s on poissa.", "Puhumme hänestä, %s, huomenna.", "Lähetä se: %s.", "Tunnus on %s eikä muu."},
			[]string{"Hänen henkilötunnuksensa on %s.", "Hetu: %s", "henkilötunnus %s löytyy paperista", "Personbeteckning: %s"},
		},
		{
			detect.IcelandicKennitala, dice.kennitala,
			[]func(string) string{cut(6, "-"), same, cut(6, " ")},
			[]string{"Jón %s er veikur í dag.", "Við tölum um Guðrúnu (%s) á fundinum.", "Sendu þetta til %s og það er allt."},
			[]string{"Kennitala hennar er %s.", "Kt. %s er á blaðinu", "kennitala: %s"},
		},
		{
			detect.IBAN, dice.iban,
			[]func(string) string{same, grouped, strings.ToLower},
			[]string{"Send pengene til %s i dag.", "Pengarna ska till %s, tack.", "Maksa %s huomenna."},
			[]string{"IBAN: %s", "Kontonummer (IBAN) %s"},
		},
		{
			detect.BankAccount, dice.norwegianAccount,
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
