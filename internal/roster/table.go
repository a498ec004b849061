package roster

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// table is an export whose headings are understood.
type table struct {
	rows      *csv.Reader
	columns   int
	addresses []int // columns
	full      []int // columns of whole names
	phones    []int // columns of telephone numbers, mobile ones first
	parts     []int // columns of a name's parts, given names first
}

// maxHead bounds the first line of headings and what stands before it.
const maxHead = 64 << 10

// openTable reads the headings. It returns how many lines it left out before
// them, and on failure a reason.
func openTable(text io.Reader) (t *table, skipped int, reason string) {
	in := bufio.NewReaderSize(text, maxHead)
	comma := rune(0)
	if start, _ := in.Peek(16); bytes.HasPrefix(start, []byte("sep=")) {
		line, _, _ := bytes.Cut(start, []byte("\n"))
		if utf8.RuneCount(bytes.TrimRight(line, "\r")) == 5 && len(line) < len(start) {
			comma, _ = utf8.DecodeRune(line[4:]) // as Excel writes it
			_, _ = in.Discard(len(line) + 1)     // it was peeked at
			skipped = 1
		}
	}
	for {
		start, _ := in.Peek(2)
		n := len(start) - len(bytes.TrimPrefix(bytes.TrimPrefix(start, []byte("\r")), []byte("\n")))
		if n == 0 || start[n-1] != '\n' {
			break
		}
		_, _ = in.Discard(n) // it was peeked at
		skipped++
	}
	head, _ := in.Peek(maxHead)
	if len(head) == 0 {
		return nil, skipped, "the file is empty"
	}
	sign := rune(0)
	for _, c := range []rune{comma, ';', '\t', ','} {
		if c == 0 || c == '\r' || c == '"' || c == utf8.RuneError || comma != 0 && c != comma {
			continue
		}
		if with := tableWith(bytes.NewReader(head), c); with != nil && len(with.addresses) > 0 && (t == nil || with.columns > t.columns) {
			t, sign = with, c
		}
	}
	if t != nil {
		return tableWith(in, sign), skipped, ""
	}
	return nil, skipped, "the first row must be headings, one of them E-mail, E-post, Mail or Sähköposti; the columns are parted by comma, semicolon or tab"
}

// eachRow hands out the rows of an export that was taken before. A row is good
// until the next.
func eachRow(e Export, do func(t *table, row []string)) error {
	s, err := look(e)
	if err != nil {
		return err
	}
	text, err := s.text()
	if err != nil {
		return err
	}
	defer text.Close() //nolint:errcheck // it was only read
	t, _, reason := openTable(text)
	if reason != "" {
		return &Fault{e.Name, 1, 1, reason}
	}
	for {
		row, err := t.rows.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s: the table cannot be read", e.Name)
		}
		do(t, row)
	}
}

// HasHeadings reports whether a table begins with headings that an import
// understands.
func HasHeadings(text io.Reader) bool {
	_, _, reason := openTable(text)
	return reason == ""
}

func tableWith(text io.Reader, comma rune) *table {
	r := csv.NewReader(text)
	r.Comma, r.FieldsPerRecord, r.ReuseRecord = comma, -1, true
	head, err := r.Read()
	if err != nil {
		return nil
	}
	t := &table{rows: r, columns: len(head)}
	var given, middle, family []int
	for i, h := range head {
		switch meaning(h) {
		case address:
			t.addresses = append(t.addresses, i)
		case fullName:
			t.full = append(t.full, i)
		case givenName:
			given = append(given, i)
		case middleName:
			middle = append(middle, i)
		case familyName:
			family = append(family, i)
		case mobileNumber:
			t.phones = slices.Insert(t.phones, 0, i)
		case phoneNumber:
			t.phones = append(t.phones, i)
		case nothing:
		}
	}
	if len(given) > 0 && len(family) > 0 {
		t.parts = slices.Concat(given, middle, family)
	} else if len(given) == 0 && len(family) > 0 && len(t.full) == 1 {
		t.parts, t.full = []int{t.full[0], family[0]}, nil // Navn;Efternavn
	}
	return t
}

// namesOf returns the names of a row.
func (t *table) namesOf(row []string) []string {
	var out, parts []string
	for _, i := range t.full {
		if i < len(row) {
			out = append(out, row[i])
		}
	}
	for _, i := range t.parts {
		if i < len(row) {
			parts = append(parts, row[i])
		}
	}
	if len(parts) > 0 {
		out = append(out, strings.Join(parts, " "))
	}
	return out
}

type column int

const (
	nothing column = iota
	address
	fullName
	givenName
	middleName
	familyName
	mobileNumber
	phoneNumber
)

// headings are the words of the languages, folded as foldHeading does.
var headings = map[column][]string{
	address: {
		"mail", "email", "epost", "mailadresse", "emailadresse", "epostadresse", "epostadress", "emailaddress", "mailaddress", "mailadress", "emailadress",
		"sahkoposti", "sahkopostiosoite", "netfang", "tolvupostur", "tolvupostfang", "medlemsmail", "eposti", "postadresseelektronisk", "elektroniskpost",
	},
	fullName: {
		"navn", "namn", "nimi", "name", "nafn", "fuldenavn", "fuldtnavn", "fulltnavn", "fulltnamn", "fullnamn", "fullstandigtnamn", "fullname",
		"membername", "medlemsnavn", "medlemsnamn", "medlem", "member", "jasen", "jasenennimi", "kokonimi", "personnavn", "visningsnavn", "visningsnamn", "displayname", "felagi",
	},
	givenName: {
		"fornavn", "fornamn", "fornavne", "firstname", "givenname", "forename", "etunimi", "etunimet", "tilltalsnamn", "eiginnafn", "fyrstanafn", "first", "fnavn", "kutsumanimi",
	},
	mobileNumber: {
		"mobil", "mobiltelefon", "mobilnummer", "mobilnr", "mobiltlf", "mobile", "mobilephone", "cell", "cellphone", "matkapuhelin", "matkapuhelinnumero", "farsimi", "gsm", "sms",
	},
	phoneNumber: {
		"telefon", "telefonnummer", "telefonnr", "tlf", "tlfnr", "tlfnummer", "tel", "phone", "phonenumber", "telephone", "puhelin", "puhelinnumero", "simi", "simanumer",
	},
	middleName: {"mellemnavn", "mellomnavn", "mellannamn", "middlename", "millinafn"},
	familyName: {"efternavn", "etternavn", "etternamn", "efternamn", "lastname", "surname", "familyname", "sukunimi", "kenninafn", "eftirnafn", "last", "slektsnavn", "enavn"},
}

// aside are words that a heading for an address may hold besides.
var aside = []string{
	"privat", "private", "personlig", "personal", "arbejds", "arbeids", "arbets", "arbejde", "arbeid", "arbete", "work", "job", "jobb", "primaer", "primar", "primary",
	"sekundaer", "sekundar", "secondary", "hjem", "home", "medlemmets", "medlems", "medlem", "member", "members", "kontakt", "contact", "anden", "annen", "annan", "other",
	"alternativ", "alternative", "tyo", "koti", "henkilokohtainen", "jasenen", "ekstra", "extra", "adresse", "adress", //nolint:misspell // Swedish
	"address", "osoite", "union", "din", "your", "elektronisk",
}

// meaning tells what stands below a heading.
func meaning(heading string) column {
	h := foldHeading(heading)
	for c, words := range headings {
		if slices.Contains(words, h) {
			return c
		}
	}
	// E-mail (privat), E-post 2, arbejdsmail: the word, and others that say which.
	rest := withoutAside(strings.TrimRight(h, "0123456789"))
	for _, c := range []column{address, mobileNumber, phoneNumber} {
		if slices.Contains(headings[c], rest) {
			return c
		}
	}
	return nothing
}

func withoutAside(h string) string {
	for _, w := range aside {
		for _, cut := range []func(string, string) string{strings.TrimPrefix, strings.TrimSuffix} {
			if rest := cut(h, w); rest != h && rest != "" {
				return withoutAside(rest)
			}
		}
	}
	return h
}

// foldHeading leaves letters and digits, in lower case and without marks.
func foldHeading(h string) string {
	h = strings.NewReplacer("ø", "o", "æ", "ae", "ð", "d", "þ", "th").Replace(strings.ToLower(h))
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return -1
	}, norm.NFD.String(h))
}
