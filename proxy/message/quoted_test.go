package message

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// hideMember hides members by address, and two of them by name.
func hideMember(name, address string) bool {
	return isMember(address) || name == "Åsa Øst" || name == "Mette Madsen" && address == ""
}

func TestQuotedHeaderBlocksLoseMembersAndNothingElse(t *testing.T) {
	files, err := filepath.Glob("testdata/quoted/*.eml")
	if err != nil || len(files) < 6 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		m := read(t, crlf(string(raw)))
		edits, n, err := m.HideQuoted(hideMember)
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		if strings.HasSuffix(file, "prose.eml") && (n > 0 || len(edits) > 0) {
			t.Errorf("%s: prose was edited", file)
		}
		out := read(t, apply(t, m, edits))
		if len(out.Defects) > 0 {
			t.Errorf("%s: defects %q", file, reasons(out))
		}
		if left, err := out.Quoted(); err != nil {
			t.Errorf("%s: %v", file, err)
		} else {
			for _, r := range left.Recipients {
				if hideMember(r.Name, r.Address) {
					t.Errorf("%s: still names %+v", file, r)
				}
			}
		}
		compareQuoted(t, strings.TrimSuffix(file, ".eml")+".clean", out)
	}
}

// compareQuoted compares the decoded bodies with the golden file.
func compareQuoted(t *testing.T, golden string, out *Message) {
	t.Helper()
	var got strings.Builder
	err := out.bodies(out.Root, false, func(p *Part, _ bool) error {
		b, err := out.body(p)
		if err != nil {
			return err
		}
		got.WriteString("== " + p.Place.String() + " " + p.Encoding + "\n" + strings.ReplaceAll(b.text, "\r\n", "\n"))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(golden, []byte(got.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil || got.String() != string(want) {
		t.Errorf("%s: got\n%s\nwant\n%s%v", golden, got.String(), want, err)
	}
}

const quotedBlock = "Hej\n\nFra: Anna\nSendt: i dag\nTil: Bo <bo@member.example>; Chef <chef@region.example>\nEmne: x\n\nHej\n"

func TestASignedPartWithQuotedMembersIsAnError(t *testing.T) {
	signed := "From: a@x.example\nContent-Type: multipart/signed; protocol=\"application/pgp-signature\"; micalg=pgp-sha256; boundary=b\n\n" +
		"--b\nContent-Type: text/plain\n\n" + quotedBlock + "--b\nContent-Type: application/pgp-signature\n\nx\n--b--\n"
	clear := "From: a@x.example\n\n-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n" + quotedBlock + "-----BEGIN PGP SIGNATURE-----\n\nx\n-----END PGP SIGNATURE-----\n"
	for name, raw := range map[string]string{"PGP/MIME": signed, "cleartext": clear} {
		m := read(t, crlf(raw))
		if edits, _, err := m.HideQuoted(hideMember); !errors.Is(err, ErrSigned) || edits != nil {
			t.Errorf("%s: got %d edits, %v", name, len(edits), err)
		}
		if edits, n, err := m.HideQuoted(func(string, string) bool { return false }); err != nil || n > 0 || len(edits) > 0 {
			t.Errorf("%s: nobody to hide and yet %d edits, %v", name, len(edits), err)
		}
	}
}

func TestABodyThatCannotBeWrittenBackIsAnError(t *testing.T) {
	for name, head := range map[string]string{
		"unknown charset":  "Content-Type: text/plain; charset=x-unknown\n\n" + quotedBlock,
		"undefined octets": "Content-Type: text/plain; charset=windows-1252\n\n\x81 \x8d" + quotedBlock,
		"damaged encoding": "Content-Transfer-Encoding: quoted-printable\n\n=zz" + quotedBlock,
		"link around two":  "Content-Type: text/html\n\n<b>Fra:</b> x<br><b>Til:</b> <a href=\"mailto:bo@member.example\">Bo; Chef</a><br>",
	} {
		m := read(t, crlf("From: a@x.example\n"+head))
		if edits, n, err := m.HideQuoted(func(name, a string) bool { return name == "Bo" || isMember(a) }); err == nil {
			t.Errorf("%s: got %d edits for %d", name, len(edits), n)
		}
	}
}

func TestOnlyTheQuotedPartIsWrittenAnew(t *testing.T) {
	raw := crlf("From: a@x.example\nX-Odd:  a \nContent-Type: multipart/mixed; boundary=b\n\npre\n--b\n\nodd  \n--b\nContent-Transfer-Encoding: base64\n\n" +
		string(encodeBase64([]byte(crlf(quotedBlock)))) + "\n--b\nContent-Type: application/pdf\nContent-Transfer-Encoding: base64\n\nJVBE\nRg==\n--b--\nepi\n")
	raw = strings.ReplaceAll(raw, "\r\r\n", "\r\n")
	m := read(t, raw)
	edits, n, err := m.HideQuoted(hideMember)
	if err != nil || n != 1 || len(edits) != 1 || edits[0].Range != m.Root.Children[1].Body {
		t.Fatalf("%d hidden by %d edits, %v", n, len(edits), err)
	}
	out := read(t, apply(t, m, edits))
	content, err := out.Content(out.Root.Children[1])
	if want := strings.Replace(crlf(quotedBlock), "Bo <bo@member.example>; ", "", 1); err != nil || string(content) != want {
		t.Errorf("got %q, %v, want %q", content, err, want)
	}
}

func TestQuotedRecipientsAreListed(t *testing.T) {
	m := read(t, crlf("From: a@x.example\n\n> "+strings.ReplaceAll(quotedBlock, "\n", "\n> ")))
	q, err := m.Quoted()
	found := q.Recipients
	if err != nil || len(found) != 2 || found[0] != (QuotedRecipient{"Bo", "bo@member.example"}) || found[1].Name != "Chef" {
		t.Errorf("got %+v, %v", found, err)
	}
}

func TestQuotedBlocksCostNoMoreThanTheirSize(t *testing.T) {
	for name, body := range map[string]string{
		"long list":        "Fra: x\nTil: " + strings.Repeat("bo@member.example, ", 40000),
		"long folded list": "Fra: x\nTil: " + strings.Repeat("bo@member.example,\n a@x.example,\n", 20000),
		"many blocks":      strings.Repeat("Fra: x\nTil: bo@member.example; a@x.example\n\nx\n\n", 10000),
		"labels only":      strings.Repeat("Til: \n", 100000),
		"open brackets":    "Fra: x\nTil: " + strings.Repeat("<\n", 100000),
	} {
		for _, media := range []string{"text/plain", "text/html"} {
			text := body
			if media == "text/html" {
				text = strings.ReplaceAll(strings.ReplaceAll(body, "<", "&lt;"), "\n", "<br>\n")
			}
			m := read(t, crlf("From: a@x.example\nContent-Type: "+media+"\nContent-Transfer-Encoding: base64\n\n")+string(encodeBase64([]byte(crlf(text)))))
			start := cpuTime(t)
			if _, _, err := m.HideQuoted(hideMember); err != nil && !errors.Is(err, ErrRewrite) {
				t.Errorf("%s, %s: %v", name, media, err)
			}
			if took := cpuTime(t) - start; took > patience*time.Second {
				t.Errorf("%s, %s: took %v", name, media, took)
			} else {
				t.Logf("%s, %s: %v", name, media, took)
			}
		}
	}
}

// blinded returns a body without the members in it, plain or HTML.
func blinded(t *testing.T, media, body string, writers bool) string {
	t.Helper()
	m := read(t, crlf("From: a@x.example\nContent-Type: "+media+"; charset=utf-8\n\n"+body))
	var writer func(name, address string) bool
	if writers {
		writer = hideMember
	}
	edits, _, err := m.HideQuotedPeople(hideMember, writer, nil)
	if err != nil {
		t.Errorf("%q: %v", body, err)
	}
	_, after, _ := strings.Cut(apply(t, m, edits), "\r\n\r\n")
	return strings.ReplaceAll(after, "\r\n", "\n")
}

func TestALineThatListsMailboxesNeedsNoOtherBesideIt(t *testing.T) {
	for _, test := range []struct{ media, before, after string }{
		{"text/plain", "Til: bo@member.example, Chef <chef@region.example>\n\nHej\n", "Til: Chef <chef@region.example>\n\nHej\n"},
		{"text/plain", "Hej\n\n>> To: Bo <bo@member.example>; ann@member.example\n>> Hi\n", "Hej\n\n>> To: \n>> Hi\n"},
		{"text/plain", "-----Oprindelig meddelelse-----\nTil: Friis, Bo <bo@member.example>; Chef <chef@region.example>\nHej\n", "-----Oprindelig meddelelse-----\nTil: Chef <chef@region.example>\nHej\n"},
		{"text/plain", "________________\nCc: Chef <chef@region.example>,\n bo@member.example,\n k@region.example \nHej bo@member.example, k@x.example\n", "________________\nCc: Chef <chef@region.example>,\n k@region.example \nHej bo@member.example, k@x.example\n"},
		{"text/plain", "To: chef@region.example\nCc: bo@member.example\n\nHi\n", "To: chef@region.example\nCc: \n\nHi\n"},
		{"text/plain", "Kopi: chef@region.example<mailto:chef@region.example>, bo@member.example [mailto:bo@member.example], c@x.example (C)\n", "Kopi: chef@region.example<mailto:chef@region.example>, c@x.example (C)\n"},
		{"text/plain", "Required attendees: bo@member.example; chef@region.example\n", "Required attendees: chef@region.example\n"},
		{"text/html", "<table><tr><td><b>Til:</b></td><td>Bo &lt;bo@member.example&gt;, Chef &lt;chef@region.example&gt;</td></tr></table>", "<table><tr><td><b>Til:</b></td><td>Chef &lt;chef@region.example&gt;</td></tr></table>"},
		{"text/html", "<table>\n<tr>\n<td><p><b>Til:</b></p></td>\n<td>\n<div><p>Bo &lt;bo@member.example&gt;; Chef &lt;chef@region.example&gt;</p></div>\n</td>\n</tr></table>", "<table>\n<tr>\n<td><p><b>Til:</b></p></td>\n<td>\n<div><p>Chef &lt;chef@region.example&gt;</p></div>\n</td>\n</tr></table>"},
		{"text/html", "<p>Til: <a href=\"mailto:bo@member.example\">Bo Friis</a>; <a href=\"mailto:chef@region.example\">Chef</a></p>", "<p>Til: <a href=\"mailto:chef@region.example\">Chef</a></p>"},
	} {
		if got := blinded(t, test.media, test.before, true); got != test.after {
			t.Errorf("%q:\ngot  %q\nwant %q", test.before, got, test.after)
		}
	}
}

func TestASentenceAfterALabelIsNoList(t *testing.T) {
	for _, body := range []string{
		"Til: alle\n", "Til: Mette Madsen og Åsa Øst\n", "Til: Mette Madsen, Åsa Øst\n", "Til: bo@member.example\n",
		"Til: dig, som skrev til bo@member.example, og ann@member.example\n", "Til: bo@member.example skrev jeg, og ann@member.example svarede\n",
		"Til: @bo, @ann\n", "To: do this, and that bo@member.example\n", "Husk. Til: bo@member.example, ann@member.example\n",
		"An: alle, bo@member.example\n", "De: bo@member.example, ann@member.example\n",
		"Dato: 3. maj\nDeltagere: Åsa Øst, Mette Madsen\nEmne: løn\n", "Required: Åsa Øst; Mette Madsen\n",
	} {
		for _, media := range []string{"text/plain", "text/html"} {
			if got := blinded(t, media, body, true); got != body {
				t.Errorf("%s: %q became %q", media, body, got)
			}
		}
	}
}

func TestHeaderBlocksAreKnownInEveryLanguage(t *testing.T) {
	const to = "Bo <bo@member.example>; Chef <chef@region.example>"
	for _, labels := range []string{
		"From Sent To Cc Subject", "Fra Sendt Til Cc Emne", "Fra Dato Til Kopi Emne", "Från Skickat Till Kopia Ämne", "Lähettäjä Lähetetty Vastaanottaja Kopio Aihe",
		"Lähettäjä Pvm Saaja Saajat Aihe", "Von Gesendet An Kopie Betreff", "Von Datum An Cc Betreff", "Frá Sent Til Afrit Efni",
		"De Envoyé À Cc Objet", "Od Wysłano Do DW Temat", "From When Required_attendees Optional_attendees Subject",
		"Fra Sendt Deltagere Valgfri_deltakere Emne", "Från Skickat Obligatoriska_deltagare Deltagere Ämne", "Fra Sendt Obligatoriske_deltagere Deltakere Emne",
	} {
		l := strings.Fields(labels)
		for i := range l {
			l[i] = strings.ReplaceAll(l[i], "_", " ")
		}
		for _, space := range []string{":", " :", "\u00a0:"} {
			block := func(one, two string) string {
				return l[0] + space + " Ann\n" + l[1] + space + " 3.5.2026\n" + l[2] + space + " " + one + "\n" + l[3] + space + " " + two + "\n" + l[4] + space + " x\n\nHej\n"
			}
			if got, want := blinded(t, "text/plain", block(to, "Åsa Øst; Chef"), false), block("Chef <chef@region.example>", "Chef"); got != want {
				t.Errorf("%s: got %q", labels, got)
			}
		}
	}
}

func TestWhoWroteAQuotedMailIsTakenOutWhereAsked(t *testing.T) {
	for before, after := range map[string]string{
		"Den 3. maj skrev Bo Friis <bo@member.example>:\n> Hej\n":                  "Den 3. maj skrev :\n> Hej\n",
		"Den 03.05.2026 kl. 10.00 skrev Åsa Øst:\n> Hej\n":                         "Den 03.05.2026 kl. 10.00 skrev :\n> Hej\n",
		"Den 2026-05-03 kl. 10:00, skrev Åsa Øst:\n> Hej\n":                        "Den 2026-05-03 kl. 10:00, skrev :\n> Hej\n",
		"søn. 3. mai 2026 kl. 10:00 skrev Bo <bo@member.example>:\n":               "søn. 3. mai 2026 kl. 10:00 skrev :\n",
		"Den søn. 3. maj 2026 kl. 10.00 skrev Bo Friis <\nbo@member.example>:\n":   "Den søn. 3. maj 2026 kl. 10.00 skrev :\n",
		"Den 03.05.2026 10:00 skreiv Åsa Øst:\n":                                   "Den 03.05.2026 10:00 skreiv :\n",
		"> 3 maj 2026 kl. 10:00 skrev Bo Friis <bo@member.example>:\n> \n>> Hej\n": "> 3 maj 2026 kl. 10:00 skrev :\n> \n>> Hej\n",
		"On Sun, May 3, 2026 at 10:00 AM Bo Friis <bo@member.example> wrote:\n":    "On Sun, May 3, 2026 at 10:00 AM wrote:\n",
		"On 03/05/2026 10:00, Åsa Øst wrote:\n":                                    "On 03/05/2026 10:00, wrote:\n",
		"Åsa Øst kirjoitti 3.5.2026 klo 10.00:\n":                                  " kirjoitti 3.5.2026 klo 10.00:\n",
		"Bo Friis <bo@member.example> kirjoitti 3.5.2026 kello 10.00:\n":           " kirjoitti 3.5.2026 kello 10.00:\n",
		"su 3. toukok. 2026 klo 10.00 Bo Friis (bo@member.example) kirjoitti:\n":   "su 3. toukok. 2026 klo 10.00 kirjoitti:\n",
		"Am 03.05.2026 um 10:00 schrieb Åsa Øst:\n":                                "Am 03.05.2026 um 10:00 schrieb :\n",
		"Le 3 mai 2026 à 10:00, Bo Friis <bo@member.example> a écrit :\n":          "Le 3 mai 2026 à 10:00, a écrit :\n",
		"Þann 3. maí 2026 kl. 10:00 skrifaði Bo <bo@member.example>:\n":            "Þann 3. maí 2026 kl. 10:00 skrifaði :\n",
		"niedz., 3 maj 2026 o 10:00 Bo Friis <bo@member.example> napisał(a):\n":    "niedz., 3 maj 2026 o 10:00 napisał(a):\n",
		"2026-05-03 10:00 GMT+02:00 Bo Friis <bo@member.example>:\n\n> Hej\n":      "2026-05-03 10:00 GMT+02:00 :\n\n> Hej\n",
		"Fra: Bo Friis <bo@member.example>\nSendt: i dag\nTil: Anna\nEmne: x\n":    "Fra: \nSendt: i dag\nTil: Anna\nEmne: x\n",
		"From: Åsa Øst\nDate: 3 May\nTo: Anna\n":                                   "From: \nDate: 3 May\nTo: Anna\n",
	} {
		if got := blinded(t, "text/plain", before, true); strings.ReplaceAll(got, "  ", " ") != after {
			t.Errorf("%q:\ngot  %q\nwant %q", before, got, after)
		}
		if got := blinded(t, "text/plain", before, false); got != before {
			t.Errorf("%q: nobody asked, and it became %q", before, got)
		}
	}
}

func TestWordsAboutAWriterStay(t *testing.T) {
	for _, body := range []string{
		"Som Åsa Øst skrev i går:\nintet nyt\n", "Åsa Øst skrev til mig:\n", "Jeg skrev:\n", "Fra: Åsa Øst\n", "I 2026 er lønnen, som bo@member.example siger:\n",
	} {
		if got := blinded(t, "text/plain", body, true); got != body {
			t.Errorf("%q became %q", body, got)
		}
	}
}

func TestWhatNoProgramShowsLeavesWithTheMembersThatItNames(t *testing.T) {
	for _, c := range []struct{ html, want string }{
		{`<style>p { /* bo@member.example */ }</style><p>Hej</p>`, `<style></style><p>Hej</p>`},
		{`<!-- Til: Bo <bo@member.example> --><p>Hej</p>`, `<p>Hej</p>`},
		{`<!--[if mso]><p>Hej</p><![endif]--><!DOCTYPE bo@member.example>x`, `<!--[if mso]><p>Hej</p><![endif]-->x`},
		{`<script>var to = "bo@member.example"</script>Hej`, `<script></script>Hej`},
		{`Hej<style>bo@member.example`, `Hej<style>`},
		{`<p data-to="bo@member.example" class=x>Hej</p>`, `<p class=x>Hej</p>`},
		{`<p class=x data-to='a, bo@member.example'>Hej</p>`, `<p class=x>Hej</p>`},
		{`<img src="https://x.example/o.gif?u=bo%40member.example&amp;n=1" alt=x>`, `<img alt=x>`},
		{`<img src=https://x.example/bo@member.example/o.gif alt=x>`, `<img alt=x>`},
		{`<img src="https://x.example/?u=bo%2540member.example">`, `<img>`},
		{`<a href="https://links.example/?u=https%3A%2F%2Fx.example%3Fd%3D05%257C01%257Cbo%2540member.example%257C0">her</a>`, `<a>her</a>`},
		{`<a href="https://x.example/?p=100%&amp;u=bo%40member.example">her</a>`, `<a>her</a>`},
		{`<script>var to='bo@member.example'</script>Hej`, `<script></script>Hej`},
		{`<!--[if mso]><td width="100%" data-to="bo%40member.example"><![endif]-->Hej`, `Hej`},
		{`<p>Hej<a href=x title="bo@member.example`, `<p>Hej`},
		{`<p>Hej<img alt=bo@member.example`, `<p>Hej`},
		{`<noscript><img src="https://x.example/?u=bo%40member.example"></noscript>Hej`, `<noscript></noscript>Hej`},
		{`<template><p>bo@member.example</p></template>Hej`, `<template><p></p></template>Hej`},
		{`<p>https://x.example/?u=bo%40member.example&amp;n=1</p>`, `<p>https://x.example/?u=&amp;n=1</p>`},
		{`<noscript><p>Hej</p></noscript><p>bo@member.example</p>`, `<noscript><p>Hej</p></noscript><p>bo@member.example</p>`},
		{`<p title = "bo&#64;member.example">Hej</p>`, `<p>Hej</p>`},
		{`<p title="bo&commat;member.example"/>Hej`, `<p/>Hej`},
		{`<p class='x' title='Mette Madsen'>Hej</p>`, `<p class='x'>Hej</p>`},
		{`<!-- Til: Mette Madsen --><p>Hej</p>`, `<p>Hej</p>`},
		{`<meta name=author content="Mette Madsen"><p>Hej</p>`, `<meta name=author><p>Hej</p>`},
		{`<p title="Besked fra &Aring;sa &Oslash;st" class=x>Hej</p>`, `<p class=x>Hej</p>`},
		{`<!--[if gte mso 9]><xml><o:DocumentProperties><o:Author>Mette Madsen</o:Author></o:DocumentProperties></xml><![endif]-->Hej`, `Hej`},
		{`<script type="application/ld+json">{"attendee":{"name":"Mette Madsen"}}</script>Hej`, `<script type="application/ld+json"></script>Hej`},
		{`<style>p { font-family: "Times New Roman", Segoe UI }</style><p title="Mette Madsensen">Mette Madsen</p>`, `<style>p { font-family: "Times New Roman", Segoe UI }</style><p title="Mette Madsensen">Mette Madsen</p>`},
		// A link to a mailbox is the writer's own word, whatever programs add to it.
		{`<a href="mailto:bo@member.example" title="bo@member.example">Bo</a>`, `<a href="mailto:bo@member.example" title="bo@member.example">Bo</a>`},
		{`<a href="MAILTO:bo@member.example?subject=Hej" data-x="chef@region.example">Bo</a>`, `<a href="MAILTO:bo@member.example?subject=Hej" data-x="chef@region.example">Bo</a>`},
		{`<img src="cid:image001.png@01DB.1234"><p>bo@member.example</p>`, `<img src="cid:image001.png@01DB.1234"><p>bo@member.example</p>`},
		{`<style>@media (x) { a { b: url(y@2x.png) } }</style>`, `<style>@media (x) { a { b: url(y@2x.png) } }</style>`},
	} {
		m := read(t, crlf("From: a@x.example\nContent-Type: text/html; charset=utf-8\n\n"+c.html))
		edits, _, err := m.HideQuotedPeople(hideMember, hideMember, hideMember)
		if err != nil {
			t.Errorf("%s: %v", c.html, err)
			continue
		}
		if _, body, _ := strings.Cut(apply(t, m, edits), "\r\n\r\n"); body != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.html, body, c.want)
		}
	}
}

func TestMembersLeaveTheAddressesOfWebPages(t *testing.T) {
	for before, after := range map[string]string{
		"Se <https://links.example/?url=https%3A%2F%2Fx.example%2F&data=05%7C01%7Cbo%40member.example%7C08da%7C0&x=1>.\n": "Se <https://links.example/?url=https%3A%2F%2Fx.example%2F&data=05%7C01%7C%7C08da%7C0&x=1>.\n",
		"https://x.example/?u=bo%2540member.example#a\n":                                                                  "https://x.example/?u=#a\n",
		"https://x.example/?p=100%&u=bo%40member.example\n":                                                               "https://x.example/?p=100%&u=\n",
		"(http://x.example/unsubscribe/bo@member.example/now)\n":                                                          "(http://x.example/unsubscribe//now)\n",
		"https://x.example/?u=chef%40region.example&v=bo@member.example\n":                                                "https://x.example/?u=chef%40region.example&v=\n",
		"https://x.example/?u=chef@region.example https://x.example/@bo bo@member.example\n":                              "https://x.example/?u=chef@region.example https://x.example/@bo bo@member.example\n",
		"https://x.example\nbo@member.example/x\n":                                                                        "https://x.example\nbo@member.example/x\n",
	} {
		m := read(t, crlf("From: a@x.example\nContent-Type: text/plain; charset=utf-8\n\n"+before))
		edits, _, err := m.HideQuotedPeople(hideMember, hideMember, hideMember)
		if err != nil {
			t.Errorf("%q: %v", before, err)
			continue
		}
		if _, body, _ := strings.Cut(apply(t, m, edits), "\r\n\r\n"); body != crlf(after) {
			t.Errorf("%q:\n got %q\nwant %q", before, body, after)
		}
	}
}

func TestUnseenPeopleUnderASignatureHoldTheMail(t *testing.T) {
	m := read(t, crlf("From: a@x.example\nContent-Type: multipart/signed; boundary=b; protocol=\"application/pgp-signature\"\n\n--b\nContent-Type: text/html\n\n<p title=bo@member.example>Hej</p>\n--b\nContent-Type: application/pgp-signature\n\nx\n--b--\n"))
	if _, _, err := m.HideQuotedPeople(hideMember, hideMember, hideMember); !errors.Is(err, ErrSigned) {
		t.Error(err)
	}
}
