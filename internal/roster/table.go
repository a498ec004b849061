package roster

import (
	"bytes"
	"encoding/binary"
	"encoding/csv"
	"errors"
	"slices"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/unicode/norm"
)

// decodeText undoes the charset: by its byte order mark, else UTF-8 where it
// is valid, else Windows-1252.
func decodeText(b []byte) (string, error) {
	switch {
	case bytes.HasPrefix(b, []byte{0xEF, 0xBB, 0xBF}):
		b = b[3:]
		if !utf8.Valid(b) {
			return "", errors.New("the file says that it is UTF-8, and is not")
		}
	case bytes.HasPrefix(b, []byte{0xFF, 0xFE}):
		return decodeUTF16(b[2:], binary.LittleEndian)
	case bytes.HasPrefix(b, []byte{0xFE, 0xFF}):
		return decodeUTF16(b[2:], binary.BigEndian)
	}
	if bytes.IndexByte(b, 0) >= 0 {
		return "", errors.New("this is not a text file: export as CSV")
	}
	if !utf8.Valid(b) {
		d, err := charmap.Windows1252.NewDecoder().Bytes(b)
		if err != nil {
			return "", errors.New("the file is neither UTF-8 nor Windows-1252")
		}
		b = d
	}
	return plainLines(string(b)), nil
}

func decodeUTF16(b []byte, order binary.ByteOrder) (string, error) {
	if len(b)%2 != 0 {
		return "", errors.New("the file says that it is UTF-16, and is not")
	}
	units := make([]uint16, len(b)/2)
	for i := range units {
		units[i] = order.Uint16(b[2*i:])
	}
	return plainLines(string(utf16.Decode(units))), nil
}

// plainLines makes the ends of lines those that encoding/csv knows.
func plainLines(s string) string {
	if strings.Contains(s, "\r") && !strings.Contains(s, "\n") {
		s = strings.ReplaceAll(s, "\r", "\n")
	}
	return s
}

// table is an export whose headings are understood.
type table struct {
	rows      *csv.Reader
	columns   int
	addresses []int // columns
	full      []int // columns of whole names
	parts     []int // columns of a name's parts, given names first
}

// openTable reads the headings. It returns how many lines it left out before
// them, and on failure a reason.
func openTable(text string) (t *table, skipped int, reason string) {
	comma := rune(0)
	if line, rest, _ := strings.Cut(text, "\n"); strings.HasPrefix(line, "sep=") && utf8.RuneCountInString(strings.TrimRight(line, "\r")) == 5 {
		comma, _ = utf8.DecodeRuneInString(line[4:]) // as Excel writes it
		text, skipped = rest, 1
	}
	for strings.HasPrefix(text, "\n") || strings.HasPrefix(text, "\r\n") {
		text = strings.TrimPrefix(strings.TrimPrefix(text, "\r"), "\n")
		skipped++
	}
	if text == "" {
		return nil, skipped, "the file is empty"
	}
	for _, c := range []rune{comma, ';', '\t', ','} {
		if c == 0 || c == '\r' || c == '"' || c == utf8.RuneError || comma != 0 && c != comma {
			continue
		}
		if with := tableWith(text, c); with != nil && len(with.addresses) > 0 && (t == nil || with.columns > t.columns) {
			t = with
		}
	}
	if t != nil {
		return t, skipped, ""
	}
	return nil, skipped, "the first row must be headings, one of them E-mail, E-post, Mail or Sähköposti; the columns are parted by comma, semicolon or tab"
}

func tableWith(text string, comma rune) *table {
	r := csv.NewReader(strings.NewReader(text))
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
	if slices.Contains(headings[address], rest) {
		return address
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
