package extract

import (
	"encoding/base64"
	"fmt"
	"mime"
	"mime/quotedprintable"
	"strings"
	"testing"

	"postvern.example/internal/specimen"
	"postvern.example/policy/detect"
)

// rare returns a number of a rare form of the kind, the same at every run.
func rare(t testing.TB, kind detect.Kind, name string) string {
	t.Helper()
	for _, c := range specimen.Corners() {
		if c.Kind == kind && c.Name == name {
			return c.Number(specimen.Roll(11))
		}
	}
	t.Fatalf("no form of %s is called %q", kind, name)
	return ""
}

// quoted returns a mail whose text is quoted-printable, with soft line breaks.
func quoted(t testing.TB, mediaType, text string) string {
	t.Helper()
	var b strings.Builder
	w := quotedprintable.NewWriter(&b)
	_, err := w.Write([]byte(text))
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return strings.Replace(body(mediaType, b.String()), "8bit", "quoted-printable", 1)
}

// based returns a mail whose text is base64.
func based(mediaType, text string) string {
	return strings.Replace(body(mediaType, base64.StdEncoding.EncodeToString([]byte(text))), "8bit", "base64", 1)
}

// form is a way in which a number comes in a mail, and how sure it must be.
type form struct {
	name, mail string
	kind       detect.Kind
	least      detect.Confidence
}

// danish are forms of one CPR number with check digits, 070761-4285, and of one
// without, 130585-1235.
func danish(t testing.TB) []form {
	plain := func(text string) string { return body("text/plain; charset=utf-8", text) }
	flowed := func(text string) string { return body("text/plain; charset=utf-8; format=flowed", text) }
	page := func(text string) string { return body("text/html; charset=utf-8", text) }
	csv := func(text string) string { return attached("text/csv", "medlemmer.csv", []byte(text)) }
	subject := func(text string) string {
		return strings.Replace(plain("x"), "Subject: Hej", "Subject: "+text, 1)
	}
	far := strings.Repeat("Her er en lang linje, som fylder godt op ", 2)
	const cpr = detect.DanishCPR
	return []form{
		{"in a sentence", plain("Kan du ringe til Mette 070761-4285 i dag?"), cpr, detect.Likely},
		{"beside its word", plain("CPR 070761-4285"), cpr, detect.Certain},
		{"ten digits", plain("cpr 0707614285"), cpr, detect.Certain},
		{"without check digits", plain("Hun hedder Anne og har 130585-1235."), cpr, detect.Likely},
		{"ten digits without check digits, alone", plain("Hej Bo\n\n1305851235\n\nHilsen Pia"), cpr, detect.Likely},
		{"ten digits without check digits in a signature", plain("Hilsen\n\nEmil Krag\nMontør\n1305851235\nMobil 20 30 40 50"), cpr, detect.Likely},
		{"a no-break blank", plain("Mette 070761\u00a04285 er syg"), cpr, detect.Likely},
		{"a no-break hyphen", plain("Mette 070761\u20114285 er syg"), cpr, detect.Likely},
		{"a dash", plain("Mette 070761–4285 er syg"), cpr, detect.Likely},
		{"brackets", plain("Mette (070761-4285) er syg"), cpr, detect.Likely},
		{"square brackets", plain("Mette [070761-4285] er syg"), cpr, detect.Likely},
		{"quotation marks", plain("Hun skrev »070761-4285« på sedlen"), cpr, detect.Likely},
		{"asterisks", plain("Mette *070761-4285* er syg"), cpr, detect.Likely},
		{"a colon without a blank", plain("CPR:070761-4285"), cpr, detect.Certain},
		{"grown together with its word", plain("cpr070761-4285"), cpr, detect.Certain},
		{"the date in parts", plain("CPR 07.07.61-4285"), cpr, detect.Certain},
		{"the year in full", plain("CPR 07.07.1961-4285"), cpr, detect.Certain},
		{"cut by a line's end", plain("Mette har 070761-\n4285, siger hun."), cpr, detect.Likely},
		{"cut in a quoted mail", plain("> Mit cpr er 070761-\n> 4285, tak."), cpr, detect.Certain},
		{"quoted twice", plain("> > Mette 070761-4285 er syg"), cpr, detect.Likely},
		{"on the line below its label", plain("CPR-nummer:\n070761-4285"), cpr, detect.Certain},
		{"in a list", plain("1) Mette Kjær 070761-4285\n2) Ib Skov 130585-1235"), cpr, detect.Likely},
		{"in a table of bars", plain("| Mette Kjær | 070761-4285 | Vejle |"), cpr, detect.Likely},
		{"flowed", flowed(far + "Mette har \n070761-4285 og er syg."), cpr, detect.Likely},
		{"flowed within the number", flowed(far + "CPR 070761- \n4285 er syg."), cpr, detect.Certain},
		{"flowed and quoted", flowed("> " + far + "\n> CPR 070761-4285"), cpr, detect.Certain},
		{"soft line breaks", quoted(t, "text/plain; charset=utf-8", far+"Mette 070761-4285 er syg, skriver hun til os i dag."), cpr, detect.Likely},
		{"a soft line break within the number", strings.Replace(body("text/plain", "CPR 0707=\n61-42=\n85"), "8bit", "quoted-printable", 1), cpr, detect.Certain},
		{"every byte quoted", strings.Replace(body("text/plain", "=43=50=52=20=30=37=30=37=36=31=2D=34=32=38=35"), "8bit", "quoted-printable", 1), cpr, detect.Certain},
		{"base64", based("text/plain; charset=utf-8", "Mette 070761-4285 er syg"), cpr, detect.Likely},
		{"UTF-16", based("text/plain; charset=utf-16le", utf16le("CPR 070761-4285 tilhører Mette")), cpr, detect.Certain},
		{"Windows-1252", strings.Replace(body("text/plain; charset=windows-1252", "Sp=F8rg S=F8ren om 070761=964285"), "8bit", "quoted-printable", 1), cpr, detect.Likely},
		{"HTML", page("<p>CPR <b>070761-4285</b></p>"), cpr, detect.Certain},
		{"split by markup", page("<p>CPR 0707<span>61</span>-<i>42</i>85</p>"), cpr, detect.Certain},
		{"a no-break blank of HTML", page("<p>CPR-nr.:&nbsp;070761&nbsp;4285</p>"), cpr, detect.Certain},
		{"entities", page("<p>CPR 070761&#45;&#x34;285</p>"), cpr, detect.Certain},
		{"cells of HTML", page("<table><tr><th>Navn</th><th>CPR</th></tr><tr><td>Mette</td><td>070761-4285</td></tr></table>"), cpr, detect.Certain},
		{"the two columns of a form in HTML", page("<table><tr><td>Navn</td><td>Mette Kjær</td></tr><tr><td>CPR-nr.</td><td>130585-1235</td></tr></table>"), cpr, detect.Certain},
		{"a break of HTML after its label", page("CPR-nummer<br>070761-4285"), cpr, detect.Certain},
		{"a list of HTML", page("<ul><li>Mette Kjær 070761-4285</li></ul>"), cpr, detect.Likely},
		{"the subject", subject("Opsigelse 070761-4285"), cpr, detect.Likely},
		{"the subject of an answer, ten digits without check digits", subject("SV: Ang. 1305851235"), cpr, detect.Likely},
		{"an encoded subject", subject(mime.QEncoding.Encode("utf-8", "Vedrørende 070761-4285")), cpr, detect.Likely},
		{"a file's name", attached("application/octet-stream", "lønseddel 070761-4285.txt", []byte("x")), cpr, detect.Likely},
		{"a file's name of ten digits without check digits", attached("text/plain", "loenseddel_1305851235_maj.txt", []byte("x")), cpr, detect.Likely},
		{"semicolons", csv("Navn;CPR;By\nMette Kjær;070761-4285;Vejle\n"), cpr, detect.Certain},
		{"commas and quotation marks", csv("\"Navn\",\"CPR\",\"By\"\n\"Kjær, Mette\",\"070761-4285\",\"Vejle\"\n"), cpr, detect.Certain},
		{"tabs", attached("text/tab-separated-values", "a.tsv", []byte("Navn\tCPR\nMette\t0707614285\n")), cpr, detect.Certain},
		{"a lost zero", csv("Navn;CPR\nMette Kjær;707614285\n"), cpr, detect.Likely},
		{"a number that was rounded", csv("Navn;CPR\nMette Kjær;1,3E+10\n"), cpr, detect.Likely},
		{"a card", attached("text/vcard", "m.vcf", []byte("BEGIN:VCARD\nVERSION:3.0\nFN:Mette Kjær\nNOTE:CPR 070761-4285\nEND:VCARD\n")), cpr, detect.Certain},
		{"an invitation", attached("text/calendar", "m.ics", []byte("BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:Samtale med Mette 070761-4285\nEND:VEVENT\nEND:VCALENDAR\n")), cpr, detect.Likely},
		{"JSON", attached("application/json", "a.json", []byte(`{"navn": "Mette", "cpr": "0707614285"}`)), cpr, detect.Likely},
		{"a mail that is forwarded", attached("message/rfc822", "m.eml", []byte(crlf(plain("Mette 070761-4285 er syg")))), cpr, detect.Likely},
	}
}

// nordic are forms of the other countries' numbers.
func nordic(t testing.TB) []form {
	plain := func(format string, args ...any) string {
		return body("text/plain; charset=utf-8", fmt.Sprintf(format, args...))
	}
	const fnr, se, hetu, kt = detect.NorwegianFnr, detect.SwedishPersonnummer, detect.FinnishHetu, detect.IcelandicKennitala
	return []form{
		{"eleven digits", plain("Kari 15108695088 kommer i morgen."), fnr, detect.Likely},
		{"six and five", plain("Fnr. 151086 95088"), fnr, detect.Certain},
		{"a call from somebody", plain("Fikk telefon fra 15108695088 om ferien"), fnr, detect.Likely},
		{"a D-number", plain("D-nummer: %s", rare(t, fnr, "D-number")), fnr, detect.Certain},
		{"an H-number", plain("Kari %s kommer.", rare(t, fnr, "H-number")), fnr, detect.Likely},
		{"an FH-number", plain("Kari %s kommer.", rare(t, fnr, "FH-number")), fnr, detect.Likely},
		{"a synthetic number of Tenor", plain("Kari %s kommer.", rare(t, fnr, "Tenor")), fnr, detect.Likely},
		{"a synthetic D-number of NAV", plain("Kari %s kommer.", rare(t, fnr, "D-number of NAV")), fnr, detect.Likely},
		{"a number as from 2032", plain("Kari %s kommer.", rare(t, fnr, "2032")), fnr, detect.Likely},
		{"ten digits with a hyphen", plain("Anna 811218-9876 är sjuk"), se, detect.Likely},
		{"twelve digits", plain("Anna 198112189876 är sjuk"), se, detect.Likely},
		{"twelve digits with a hyphen", plain("Personnummer: 19811218-9876"), se, detect.Certain},
		{"twelve digits with a no-break blank", plain("Anna 19811218\u00a09876 är sjuk"), se, detect.Likely},
		{"a hundred years old", plain("Anna %s är sjuk", rare(t, se, "hundred years")), se, detect.Likely},
		{"a samordningsnummer", plain("Samordningsnummer: %s", rare(t, se, "coordination")), se, detect.Certain},
		{"a samordningsnummer without month and day", plain("Anna %s är sjuk", rare(t, se, "coordination, month 00 and day 60")), se, detect.Likely},
		{"an interim number", plain("Anna %s är sjuk", rare(t, se, "interim")), se, detect.Likely},
		{"a hyphen for the century", plain("Matti 131052-308T on poissa."), hetu, detect.Likely},
		{"a sign of 2023 for the 1900s", plain("Matti %s on poissa.", rare(t, hetu, "1900s, new signs")), hetu, detect.Likely},
		{"a sign of 2023 for the 2000s", plain("Matti %s on poissa.", rare(t, hetu, "2000s, new signs")), hetu, detect.Likely},
		{"a plus for the 1800s", plain("Hetu %s", rare(t, hetu, "1800s")), hetu, detect.Certain},
		{"small letters", plain("Matti %s on poissa.", rare(t, hetu, "lower case")), hetu, detect.Likely},
		{"a temporary number", plain("Matti %s on poissa.", rare(t, hetu, "temporary")), hetu, detect.Likely},
		{"of a customer", plain("Asiakas 131052-308T odottaa."), hetu, detect.Likely},
		{"with a check digit", plain("Jón 120174-3399 er veikur í dag."), kt, detect.Likely},
		{"without a check digit", plain("Jón 120174-3349 er veikur í dag."), kt, detect.Likely},
		{"without check digit or hyphen", plain("Jón 1201743349 er veikur í dag."), kt, detect.Likely},
		{"behind its short word", plain("kt.120174-3399"), kt, detect.Certain},
		{"in a cell", attached("text/csv", "a.csv", []byte("Nafn;Kennitala\nJón;1201743399\n")), kt, detect.Certain},
		{"in HTML", body("text/html; charset=utf-8", "<p>Kennitala:&nbsp;120174<b>-3399</b></p>"), kt, detect.Certain},
		{"soft line breaks", quoted(t, "text/plain; charset=utf-8", "Þórður og Guðrún Ragnheiður Steingrímsdóttir hringdu í gær út af 120174-3399."), kt, detect.Likely},
	}
}

// `go test -v -run TestANumberIsFoundInEvery` prints the table.
func TestANumberIsFoundInEveryFormOfMail(t *testing.T) {
	scanner, err := detect.NewScanner(detect.Config{})
	if err != nil {
		t.Fatal(err)
	}
	forms := append(danish(t), nordic(t)...)
	for _, f := range forms {
		res := extracted(t, f.mail)
		var best detect.Finding
		for _, found := range scanner.Scan(res.Segments, nil) {
			if found.Kind == f.kind && found.Confidence > best.Confidence {
				best = found
			}
		}
		if best.Confidence < f.least {
			t.Errorf("%s, %s: %v, want %v at least\n%s", f.kind, f.name, best.Confidence, f.least, res.dump())
		}
		t.Logf("%-16s %-52s %-8v %s %v", f.kind, f.name, best.Confidence, best.Place, best.Evidence)
	}
	if len(forms) < 50 {
		t.Errorf("only %d forms", len(forms))
	}
}

func TestNumbersOfOtherThingsAreNotLikelyInAnyFormOfMail(t *testing.T) {
	scanner, err := detect.NewScanner(detect.Config{})
	if err != nil {
		t.Fatal(err)
	}
	plain := func(text string) string { return body("text/plain; charset=utf-8", text) }
	for name, mail := range map[string]string{
		"an order, flowed":                      body("text/plain; charset=utf-8; format=flowed", "Tak for din bestilling. Vi har sendt ordre \n0707614286 i dag."),
		"an invoice, quoted-printable":          quoted(t, "text/plain; charset=utf-8", "Fakturanummer: 130585-1235 af 3. marts, beløb 1.250,00 kr., forfalder om otte dage."),
		"a version":                             plain("build 230524.9818"),
		"a batch":                               plain("batch 2305249818"),
		"a report":                              plain("Rapport nr. 230524-9818"),
		"a meeting":                             plain("Mødet 230524 0915"),
		"a picture's name":                      attached("text/plain", "foto 2305240915.txt", []byte("x")),
		"a document's number in the subject":    strings.Replace(plain("x"), "Subject: Hej", "Subject: Tegning 230524-9818", 1),
		"the number of a place of work":         plain("CVR-nr. 12345678\nP-nr.: 1305851235"),
		"orders in a table":                     attached("text/csv", "a.csv", []byte("Ordrenr;Vare\n1305851235;Stol\n0707614286;Bord\n")),
		"bare numbers of which one has a date":  attached("text/csv", "a.csv", []byte("A;B\n1305851235;1\n9981234567;2\n8871234568;3\n7761234569;4\n")),
		"a parcel in HTML":                      body("text/html", "<p>Pakkenummer <b>1305851235</b></p>"),
		"a telephone in a signature":            plain("Mvh Per\nTel. 0701740605"),
		"a payment reference in two lines":      plain("OCR\n1305851235"),
		"a part of a link":                      plain("https://shop.example/product/1305851235"),
		"digits within a Message-ID of a reply": plain("<1305851235.130585@mail.example>"),
	} {
		res := extracted(t, mail)
		for _, found := range scanner.Scan(res.Segments, nil) {
			if found.Confidence >= detect.Likely {
				t.Errorf("%s: %s is %v for %v\n%s", name, found.Kind, found.Confidence, found.Evidence, res.dump())
			}
		}
	}
}
