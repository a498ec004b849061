package specimen

import (
	"fmt"
	"strings"

	"postvern.example/policy/detect"
)

// Written lists the ways in which people write a kind's number: with the
// separators of word processors and habit, with check digits and, where the
// office promises none, without.
func Written(k detect.Kind) []Corner {
	var out []Corner
	for _, c := range Corners() {
		if c.Kind == k && k != detect.DanishCPR && k != detect.IcelandicKennitala {
			out = append(out, c)
		}
	}
	for _, w := range written() {
		if w.Kind == k {
			out = append(out, w)
		}
	}
	return out
}

func written() []Corner {
	checked := func(d Dice) string { return until(d.CPR, cprCheck) }
	short := func(d Dice) string { return d.Personnummer()[2:] }
	hyphened := func(d Dice) string {
		return until(d.Hetu, func(s string) bool { return s[6] == '-' })
	}
	as := func(number func(Dice) string, sep string) func(Dice) string {
		return func(d Dice) string { return Cut(6, sep)(number(d)) }
	}
	var out []Corner
	add := func(k detect.Kind, name string, number func(Dice) string) { out = append(out, Corner{k, name, number}) }
	for _, sep := range []string{"-", " ", "\u00a0", "–", " - ", ".", "\u2011"} {
		add(detect.DanishCPR, fmt.Sprintf("checked, %+q", sep), as(checked, sep))
	}
	add(detect.DanishCPR, "checked, bare", checked)
	add(detect.DanishCPR, "checked, over a line's end", as(checked, "-\n"))
	add(detect.DanishCPR, "unchecked, over a line's end", as(Dice.UncheckedCPR, "-\n"))
	add(detect.DanishCPR, "unchecked, no-break blank", as(Dice.UncheckedCPR, "\u00a0"))
	add(detect.DanishCPR, "unchecked, hyphen", as(Dice.UncheckedCPR, "-"))
	add(detect.DanishCPR, "unchecked, blank", as(Dice.UncheckedCPR, " "))
	add(detect.DanishCPR, "unchecked, bare", Dice.UncheckedCPR)
	for _, sep := range []string{"-", "\u00a0", "."} {
		add(detect.NorwegianFnr, fmt.Sprintf("any series, %+q", sep), as(Dice.Fnr, sep))
	}
	add(detect.NorwegianFnr, "6 3 2", func(d Dice) string { s := d.Fnr(); return s[:6] + " " + s[6:9] + " " + s[9:] })
	for _, sep := range []string{"-", " ", "–"} {
		add(detect.SwedishPersonnummer, fmt.Sprintf("ten digits, %+q", sep), as(short, sep))
	}
	long := func(sep string) func(Dice) string {
		return func(d Dice) string { return Cut(8, sep)(d.Personnummer()) }
	}
	add(detect.SwedishPersonnummer, "twelve digits, blank", long(" "))
	add(detect.SwedishPersonnummer, "twelve digits, no-break blank", long("\u00a0"))
	add(detect.SwedishPersonnummer, "twelve digits, over a line's end", long("-\n"))
	add(detect.SwedishPersonnummer, "date in parts", func(d Dice) string {
		s := d.Personnummer()
		return s[:4] + "-" + s[4:6] + "-" + s[6:8] + "-" + s[8:]
	})
	add(detect.FinnishHetu, "dash", func(d Dice) string { return strings.Replace(hyphened(d), "-", "–", 1) })
	add(detect.FinnishHetu, "blanks", func(d Dice) string { return strings.Replace(hyphened(d), "-", " - ", 1) })
	add(detect.IcelandicKennitala, "checked, hyphen", as(Dice.Kennitala, "-"))
	add(detect.IcelandicKennitala, "checked, bare", Dice.Kennitala)
	add(detect.IcelandicKennitala, "checked, blank", as(Dice.Kennitala, " "))
	add(detect.IcelandicKennitala, "checked, no-break blank", as(Dice.Kennitala, "\u00a0"))
	add(detect.IcelandicKennitala, "checked, dash", as(Dice.Kennitala, "–"))
	add(detect.IcelandicKennitala, "unchecked, blank", as(Dice.UncheckedKennitala, " "))
	add(detect.IcelandicKennitala, "unchecked, hyphen", as(Dice.UncheckedKennitala, "-"))
	add(detect.IcelandicKennitala, "unchecked, bare", Dice.UncheckedKennitala)
	for _, sep := range []string{" ", "\u00a0", "-", "."} {
		add(detect.IBAN, fmt.Sprintf("in fours, %+q", sep), func(d Dice) string { return strings.ReplaceAll(grouped(d.IBAN()), " ", sep) })
	}
	for _, sep := range []string{".", "", " ", "\u00a0"} {
		add(detect.BankAccount, fmt.Sprintf("Norwegian, %+q", sep), func(d Dice) string { return strings.ReplaceAll(d.NorwegianAccount(), ".", sep) })
	}
	for _, letters := range []string{"", "C", "FP", "CHA"} {
		add(detect.Passport, fmt.Sprintf("nine characters, %q", letters), func(d Dice) string { return letters + d.Digits(9-len(letters)) })
	}
	add(detect.Passport, "eight characters, one letter", func(d Dice) string { return "A" + d.Digits(7) })
	add(detect.Passport, "eight digits", func(d Dice) string { return d.Digits(8) })
	add(detect.IBAN, "over a line's end", func(d Dice) string { return strings.Replace(grouped(d.IBAN()), " ", "\n", 1) })
	return out
}

// UncheckedCPR returns a CPR number of somebody born since 1940, without right check digits.
func (d Dice) UncheckedCPR() string {
	return until(func() string {
		return fmt.Sprintf("%02d%02d%02d%d%03d", 1+d.IntN(28), 1+d.IntN(12), d.IntN(100), d.IntN(10), 1+d.IntN(999))
	}, func(s string) bool { return !cprCheck(s) && alive(s) && (s[6] > '3' || s[4] > '3') })
}

// UncheckedKennitala returns a kennitala as given since 18 February 2026,
// whose ninth digit is no check digit.
func (d Dice) UncheckedKennitala() string {
	return until(func() string {
		y, m, day := d.date(1930, 2027)
		century := map[bool]int{true: 0, false: 9}[y >= 2000]
		return fmt.Sprintf("%02d%02d%02d%02d%d%d", day, m, y%100, 20+d.IntN(80), d.IntN(10), century)
	}, func(s string) bool { return mod11(s, 3, 2, 7, 6, 5, 4, 3, 2, 1) != 0 })
}

// Fill returns the template with its places filled: {d6} is six digits, {h8}
// eight of sixteen kinds, and {dd}, {mm}, {yy}, {yyyy}, {hh}, {mi}, {ss} are parts
// of a day of our years.
func Fill(d Dice, template string) string {
	var b strings.Builder
	for {
		head, rest, more := strings.Cut(template, "{")
		b.WriteString(head)
		if !more {
			return b.String()
		}
		place, after, _ := strings.Cut(rest, "}")
		b.WriteString(fill(d, place))
		template = after
	}
}

func fill(d Dice, place string) string {
	y, m, day := d.date(2018, 2028)
	switch place {
	case "dd":
		return fmt.Sprintf("%02d", day)
	case "mm":
		return fmt.Sprintf("%02d", m)
	case "yy":
		return fmt.Sprintf("%02d", y%100)
	case "yyyy":
		return fmt.Sprint(y)
	case "hh":
		return fmt.Sprintf("%02d", d.IntN(24))
	case "mi", "ss":
		return fmt.Sprintf("%02d", d.IntN(60))
	}
	var n int
	var of rune
	if _, err := fmt.Sscanf(place, "%c%d", &of, &n); err != nil {
		return "{" + place + "}" // a brace of the text itself
	}
	base := map[rune]int{'d': 10, 'h': 16}[of]
	if base == 0 {
		return "{" + place + "}"
	}
	var b strings.Builder
	for range n {
		b.WriteByte("0123456789abcdef"[d.IntN(base)])
	}
	return b.String()
}
