package document

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"postvern.example/proxy/message"
)

var danish = Words{From: "Fra", To: "Til", Cc: "Kopi", Date: "Dato", Attachments: "Vedhæftet", File: "fil", Text: "tekst", Time: "02.01.2006 kl. 15.04"}

const code = "4821-0937-5561-2043-7719-3285"

// need skips a test where a program is not installed.
func need(t testing.TB, programs ...string) {
	t.Helper()
	for _, p := range programs {
		if _, err := exec.LookPath(p); err != nil {
			t.Skipf("%s is not installed: make deps installs it", p)
		}
	}
}

func read(t testing.TB, mail string) *message.Message {
	t.Helper()
	mail = strings.ReplaceAll(strings.ReplaceAll(mail, "\r\n", "\n"), "\n", "\r\n")
	m, err := message.Read(strings.NewReader(mail), message.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// writing returns what writes a document, or its error.
func writing(write func(io.Writer) error, err error) func(io.Writer) error {
	if err != nil {
		return func(io.Writer) error { return err }
	}
	return write
}

// write writes the document of a mail to a file.
func write(t testing.TB, mail string) string {
	t.Helper()
	var b bytes.Buffer
	if err := writing(Document{Mail: read(t, mail), Words: danish, Code: code, Plain: strings.ReplaceAll(code, "-", "")}.PDF())(&b); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "mail.pdf")
	if err := os.WriteFile(name, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	if keep := os.Getenv("POSTVERN_KEEP_PDF"); keep != "" {
		if err := os.WriteFile(filepath.Join(keep, strings.ReplaceAll(t.Name(), "/", "-")+".pdf"), b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return name
}

func program(t testing.TB, name string, args ...string) string {
	t.Helper()
	c := exec.Command(name, args...)
	var out, errs bytes.Buffer
	c.Stdout, c.Stderr = &out, &errs
	if err := c.Run(); err != nil || errs.Len() > 0 {
		t.Fatalf("%s: %v\n%s%s", name, err, out.String(), errs.String())
	}
	return out.String()
}

func text(t testing.TB, file string) string {
	t.Helper()
	return program(t, "pdftotext", "-upw", code, "-layout", file, "-")
}

func sample(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestTheCodeOpensTheDocumentAndNothingElseDoes(t *testing.T) {
	need(t, "pdftotext", "qpdf")
	file := write(t, sample(t, "plain.eml"))
	for _, password := range []string{code, strings.ReplaceAll(code, "-", "")} {
		out := program(t, "pdftotext", "-upw", password, "-opw", password, file, "-")
		if !strings.Contains(out, "Kære Mette") {
			t.Errorf("with %s:\n%s", password, out)
		}
		if out := program(t, "qpdf", "--password="+password, "--check", file); !strings.Contains(out, "R = 6") || !strings.Contains(out, "AESv3") {
			t.Errorf("qpdf says:\n%s", out)
		}
	}
	for _, password := range []string{"", "4821-0937-5561-2043-7719-3286", "4821 0937 5561 2043 7719 3285"} {
		if out, err := exec.Command("pdftotext", "-upw", password, "-opw", password, file, "-").Output(); err == nil || len(out) > 0 {
			t.Errorf("%q opens it", password)
		}
		if err := exec.Command("qpdf", "--password="+password, "--check", file).Run(); err == nil {
			t.Errorf("%q opens it for qpdf", password)
		}
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"Mette", "overenskomst", "løn.xlsx", "0707"} {
		if bytes.Contains(raw, []byte(secret)) {
			t.Errorf("%q stands in the file in clear", secret)
		}
	}
}

func TestADanishTextIsReadable(t *testing.T) {
	need(t, "pdftotext")
	out := text(t, write(t, sample(t, "plain.eml")))
	for _, want := range []string{
		"Din sag om overtid – æøå ÆØÅ äö ÄÖ", "Fra: Anna Holm <tr.anna@forening.example>", "Dato: 20.11.2026 kl. 08.12",
		"Kære Mette", "1.250 €", "Ελληνικά", "Русский", "https://forening.example/", "Vedhæftet:", "løn.xlsx", ":-)",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing:\n%s", want, out)
		}
	}
	if strings.Contains(out, "□") {
		t.Errorf("characters are missing:\n%s", out)
	}
}

func TestAttachmentsComeOutByteForByteUnderTheirNames(t *testing.T) {
	need(t, "pdfdetach")
	file, dir := write(t, sample(t, "plain.eml")), t.TempDir()
	program(t, "pdfdetach", "-upw", code, "-saveall", "-o", dir, file)
	m := read(t, sample(t, "plain.eml"))
	for i, name := range map[int]string{1: "løn.xlsx", 2: "løn-2.xlsx", 3: "videresendt.eml"} {
		p := m.Root.Children[i]
		want := m.Bytes(p.Body)
		if p.MediaType != "message/rfc822" {
			var err error
			if want, err = m.Content(p); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: %v, %d octets instead of %d", name, err, len(got), len(want))
		}
	}
}

func TestAnOutlookMailKeepsItsTableAndListsAndLoadsNothing(t *testing.T) {
	need(t, "pdftotext", "qpdf")
	file := write(t, sample(t, "outlook.eml"))
	out := text(t, file)
	for _, want := range []string{"Lønforhandling 2026", "Trin 31", "34.512,00 kr.", "1. Møde med ledelsen", "• Lokalløn", "Se aftalen <https://aftale.example/x?y=1>", "[logo]", "Med venlig hilsen"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing:\n%s", want, out)
		}
	}
	for _, never := range []string{"alert", "@font-face", "usynlig", "tracker.example", "track.png"} {
		if strings.Contains(out, never) {
			t.Errorf("%q is shown:\n%s", never, out)
		}
	}
	open := program(t, "qpdf", "--password="+code, "--decrypt", "--qdf", "--object-streams=disable", file, "-")
	for _, never := range []string{"/JavaScript", "/JS", "/URI", "/Launch", "/SubmitForm", "/OpenAction", "/AA", "/AcroForm", "/GoToR", "tracker.example"} {
		if strings.Contains(open, never) {
			t.Errorf("%s stands in the document", never)
		}
	}
	if !strings.Contains(open, "/DCTDecode") && !strings.Contains(open, "/Subtype /Image") {
		t.Error("the mail's own picture is missing")
	}
}

func TestALongThreadIsQuotedDeeperAndDeeper(t *testing.T) {
	need(t, "pdftotext", "pdfinfo")
	var mail strings.Builder
	mail.WriteString("From: anna@forening.example\nSubject: =?utf-8?Q?SV:_SV:_M=C3=B8de?=\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\nJa, det passer fint.\n")
	for depth := 1; depth <= 8; depth++ {
		mail.WriteString(strings.Repeat(">", depth) + " Den 3. november skrev nr. " + itoa(depth) + ":\n")
		for range 20 {
			mail.WriteString(strings.Repeat("> ", depth) + "Vi skal tale om det lange og noget omstændelige forslag, som ledelsen kom med i går, før vi svarer på det.\n")
		}
	}
	mail.WriteString(strings.Repeat("x", 900) + "\n")
	file := write(t, mail.String())
	out := text(t, file)
	if strings.Count(out, "omstændelige") != 160 || strings.Count(strings.Join(strings.Fields(out), ""), "x") < 900 {
		t.Errorf("text is missing:\n%s", out)
	}
	if info := program(t, "pdfinfo", "-upw", code, file); !strings.Contains(info, "Pages:           ") || strings.Contains(info, "Pages:           1\n") {
		t.Errorf("one page:\n%s", info)
	}
}

func TestWhatTheFontsCannotDrawGoesAlongAsAFile(t *testing.T) {
	need(t, "pdftotext", "pdfdetach")
	file, dir := write(t, "From: a@b.example\nSubject: x\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\nمرحبا 你好 🦄\n"), t.TempDir()
	if out := text(t, file); !strings.Contains(out, "□") || !strings.Contains(out, "tekst.txt") {
		t.Errorf("the document says:\n%s", out)
	}
	program(t, "pdfdetach", "-upw", code, "-saveall", "-o", dir, file)
	got, err := os.ReadFile(filepath.Join(dir, "tekst.txt"))
	if err != nil || !strings.Contains(string(got), "مرحبا 你好 🦄") {
		t.Errorf("%v: %s", err, got)
	}
}

func TestOddMailsBecomeDocuments(t *testing.T) {
	need(t, "qpdf")
	for name, mail := range map[string]string{
		"empty":          "From: a@b.example\n\n",
		"no header":      "\n",
		"only a file":    "From: a@b.example\nContent-Type: application/pdf; name=\"../../etc/passwd\"\nContent-Disposition: attachment\nContent-Transfer-Encoding: base64\n\nJVBERi0=\n",
		"deep HTML":      "From: a@b.example\nContent-Type: text/html\n\n" + strings.Repeat("<div><blockquote><ul><li>", 2000) + "x\n",
		"wide table":     "From: a@b.example\nContent-Type: text/html\n\n<table>" + strings.Repeat("<tr>"+strings.Repeat("<td>ordentligtlangtord</td>", 12)+"</tr>", 200) + "</table>\n",
		"tall cell":      "From: a@b.example\nContent-Type: text/html\n\n<table><tr><td>a</td><td>b</td></tr><tr><td>" + strings.Repeat("x<br>", 300) + "</td><td>y</td></tr></table>\n",
		"control":        "From: a@b.example\nSubject: =?utf-8?Q?a=00b=1Bc=E2=80=AEd?=\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n=00=01=1B=E2=80=AEx=ED=A0=80\n",
		"broken picture": "From: a@b.example\nContent-Type: multipart/related; boundary=b\n\n--b\nContent-Type: text/html\n\n<img src=\"cid:x\">\n--b\nContent-Type: image/png\nContent-ID: <x>\n\nnot a picture\n--b--\n",
	} {
		t.Run(name, func(t *testing.T) {
			if out := program(t, "qpdf", "--password="+code, "--check", write(t, mail)); !strings.Contains(out, "No syntax or stream encoding errors") {
				t.Error(out)
			}
		})
	}
}

// The mails of RFC 9788 appendix E.1 and E.2, as somebody who has decrypted them
// would send them on.
func TestACopyOfProtectedFieldsIsShownOnce(t *testing.T) {
	head := func(kind string) string {
		return "Date: Fri, 21 Jan 2022 20:40:48 -0500\r\nFrom: Alice <alice@example.net>\r\nTo: Bob <bob@example.net>\r\nSubject: Dinner plans\r\nMIME-Version: 1.0\r\n" +
			"HP-Outer: Subject: [...]\r\nContent-Type: text/" + kind + "; charset=\"us-ascii\"; hp-legacy-display=\"1\";\r\n hp=\"cipher\"\r\n\r\n"
	}
	for kind, body := range map[string]string{
		"plain": "Subject: Dinner plans\r\n\r\nLet's meet at Rama's Roti Shop at 8pm and go to the park\r\nfrom there.\r\n",
		"html": "<html><head><title></title></head><body>\r\n<div class=\"header-protection-legacy-display\">\r\n<pre>Subject: Dinner plans</pre>\r\n</div>\r\n" +
			"<p>\r\nLet's meet at Rama's Roti Shop at 8pm and go to the park\r\nfrom there.\r\n</p>\r\n</body>\r\n</html>\r\n",
	} {
		content, err := gather(read(t, head(kind)+body), danish)
		if err != nil || len(content.bodies) != 1 {
			t.Fatal(err)
		}
		if got := asText(content.bodies[0]); strings.Contains(got, "Subject") || !strings.Contains(got, "Rama's Roti Shop") {
			t.Errorf("%s: %q", kind, got)
		}
		without := strings.Replace(head(kind), "hp=\"cipher\"", "x=y", 1)
		if content, err = gather(read(t, without+body), danish); err != nil || !strings.Contains(asText(content.bodies[0]), "Subject: Dinner plans") {
			t.Errorf("%s: what is no copy is left out: %v", kind, err)
		}
	}
}
