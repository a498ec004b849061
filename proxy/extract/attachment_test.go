package extract

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"strings"
	"testing"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"

	"postvern.example/policy/detect"
)

func TestTextAttachmentsAreReadByTheirContent(t *testing.T) {
	for _, c := range []struct{ name, declared, data, want, label string }{
		{"text", "application/octet-stream", "cpr 010203-1234", "010203-1234", "text"},
		{"text called a picture", "image/png", "cpr 010203-1234", "010203-1234", "text"},
		{"a page", "text/plain", "<!DOCTYPE html><p>0102<b>03</b>-1234", "010203-1234", "HTML"},
		{"JSON", "application/json", `{"cpr": "0102\u0030\u0033-1234"}`, "010203-1234", "JSON"},
		{"JSON lines", "application/json", "{\"a\": 1}\n{\"cpr\": \"010203-1234\"}", "010203-1234", "JSON"},
		{"XML", "application/xml", `<?xml version="1.0"?><a><b c="x">0102<i>03</i>-1234</b></a>`, "03", "XML"},
		{"XML without its declaration", "application/xml", `<person><cpr>0707614285</cpr><navn>Mette</navn></person>`, "cpr 0707614285", "XML"},
		{"XML entity", "text/xml", `<?xml version="1.0"?><!DOCTYPE a [<!ENTITY n "010203-1234">]><a>cpr &n;</a>`, "cpr 010203-1234", "XML"},
		{"SVG", "image/svg+xml", `<svg xmlns="x"><text>010203-1234</text></svg>`, "010203-1234", "XML"},
		{"a calendar", "text/calendar", "BEGIN:VCALENDAR\r\nSUMMARY:cpr 0102\r\n 03-1234\r\nEND:VCALENDAR", "cpr 010203-1234", "calendar"},
		{"a card", "text/x-vcard", "BEGIN:VCARD\nNOTE;ENCODING=QUOTED-PRINTABLE:0102=\n03=2D1234\nEND:VCARD", "010203-1234", "contact"},
		{"a note in a card", "text/vcard", "BEGIN:VCARD\nNOTE:a\\, b\\n010203-1234\nEND:VCARD", "a, b\n010203-1234", "contact"},
		{"an event without a calendar", "text/calendar", "BEGIN:VEVENT\r\nSUMMARY:cpr 0102\r\n 03-1234\r\nEND:VEVENT", "cpr 010203-1234", "calendar"},
		{"a phone's note", "text/plain", "BEGIN:VNOTE\r\nBODY;ENCODING=QUOTED-PRINTABLE:0102=\r\n03=2D1234\r\nEND:VNOTE", "010203-1234", "calendar"},
		{"an address book", "text/plain", "version: 1\n# Medlemmer\n\ndn: cn=Anna\ncn:: QW5uYSBCasO4cms=\ndescription:: Y3ByIDAxMDIwMy0x\n MjM0\n", "cn: Anna Bjørk\ndescription: cpr 010203-1234", "contact"},
		{"a folded line of a directory", "text/ldif", "dn:: Y249QXNlIEJqw7hyaw==\r\ndescription: cpr 0102\r\n 03-1234\r\n", "dn: cn=Ase Bjørk\ndescription: cpr 010203-1234", "contact"},
		{"a mail without a sender", "application/octet-stream", "Content-Type: multipart/mixed; boundary=x\n\n--x\nContent-Transfer-Encoding: quoted-printable\n\n0102=\n03=2D1234\n--x--\n", "010203-1234", "mail"},
		{"a part of a mail", "text/plain", "Content-Transfer-Encoding: base64\n\nMDEwMjAzLTEyMzQ=\n", "010203-1234", "mail"},
		{"a mail", "application/octet-stream", "From: a@b.example\nSubject: =?utf-8?q?0102=30=33?=-1234\n\nx", "010203-1234", "mail"},
		{"an mbox", "application/mbox", "From a Mon\nFrom: a@b.example\nTo: b@b.example\n\nx\n\nFrom b Mon\nFrom: a@b.example\nTo: b@b.example\n\n010203-1234", "010203-1234", "mail"},
		{"uuencoded text in text", "text/plain", "x\nbegin 644 a.txt\n+,#$P,C`S+3$R,S0\n`\nend\n", "010203-1234", "text"},
	} {
		res := extracted(t, attached(c.declared, "fil", []byte(c.data)))
		s, ok := res.segment(c.want)
		if !ok {
			t.Errorf("%s: not read\n%s", c.name, res.dump())
			continue
		}
		if !strings.HasPrefix(s.Place.String(), "attachment 1 ("+c.label+")") {
			t.Errorf("%s: place %q", c.name, s.Place)
		}
		if len(res.Findings) > 0 {
			t.Errorf("%s: findings\n%s", c.name, res.dump())
		}
	}
}

func TestSeparatedValuesAreTables(t *testing.T) {
	for _, c := range []struct{ name, data, want string }{
		{"semicolons", "Navn;CPR\r\nAnna;010203-1234\r\n", "Navn\tCPR\nAnna\t010203-1234\n"},
		{"commas", "Navn,CPR\n\"Holm, Anna\",010203-1234\nBo,\n", "Navn\tCPR\nHolm, Anna\t010203-1234\nBo\t\n"},
		{"tabs", "Navn\tCPR\nAnna\t010203-1234\n", "Navn\tCPR\nAnna\t010203-1234\n"},
		{"a line end in a cell", "Navn;Note;CPR\nAnna;\"to\nlinjer\";1\nBo;\"\"\"x\"\"\";2\n", "Navn\tNote\tCPR\nAnna\tto linjer\t1\nBo\t\"x\"\t2\n"},
		{"a lone quote", "Navn;CPR\nAnna \"Holm;1\nBo;2\n", "Navn\tCPR\nAnna  Holm\t1\nBo\t2\n"},
		{"Latin-1", "Navn;By\nS\xf8ren;\xc5rhus\n", "Navn\tBy\nSøren\tÅrhus\n"},
	} {
		res := extracted(t, attached("text/csv", "liste.csv", []byte(c.data)))
		if s, ok := res.segment(c.want); !ok || s.Shape != detect.Table {
			t.Errorf("%s\n%s", c.name, res.dump())
		}
	}
	prose := "Hej Anna, hej Bo.\nTak for sidst, det var godt, og vi ses.\nHilsen, Bo\n"
	if res := extracted(t, attached("text/plain", "brev.txt", []byte(prose))); !res.holds("Tak for sidst, det") {
		t.Error(res.dump())
	}
}

func TestWhatCannotBeReadIsAFinding(t *testing.T) {
	for _, c := range []struct {
		name string
		data string
		why  detect.Evidence
	}{
		{"bytes of no type", "\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x00\x00", whyFormat},
		{"a program", "\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00", whyProgram},
		{"sound", "ID3\x04\x00\x00\x00\x00\x00\x00", whyMedia},
		{"a picture", string(pngOf(1000, 1000)), whyImage},
		{"a broken picture", string(pngOf(10, 10)[:30]), whyMalformed},
		{"a picture with much behind it", string(pngOf(10, 10)) + strings.Repeat("\x00\x01\x02\x03\x04", 30_000), whyTrailing},
	} {
		res := extracted(t, attached("text/plain", "a.txt", []byte(c.data)))
		f, ok := res.finding(detect.Unscannable)
		if !ok || f.Evidence[0] != c.why {
			t.Errorf("%s: %s", c.name, res.dump())
		}
		if !strings.HasPrefix(f.Place.String(), "attachment 1") {
			t.Errorf("%s: place %q", c.name, f.Place)
		}
	}
}

// pngOf returns a picture of a size, with more chunks before its end.
func pngOf(width, height uint32, chunks ...string) []byte {
	var b bytes.Buffer
	b.WriteString("\x89PNG\r\n\x1a\n")
	head := binary.BigEndian.AppendUint32(nil, width)
	head = binary.BigEndian.AppendUint32(head, height)
	pngChunk(&b, "IHDR"+string(head)+"\x08\x00\x00\x00\x00")
	for _, c := range chunks {
		pngChunk(&b, c)
	}
	pngChunk(&b, "IEND")
	return b.Bytes()
}

func pngChunk(b *bytes.Buffer, chunk string) {
	b.Write(binary.BigEndian.AppendUint32(nil, uint32(len(chunk)-4)))
	b.WriteString(chunk)
	b.Write(binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE([]byte(chunk))))
}

// inline returns a mail that shows a picture in its body.
func inline(data []byte) string {
	mail := attached("image/png", "logo.png", data)
	return strings.Replace(mail, "Content-Disposition: attachment; filename=\"logo.png\"", "Content-ID: <a@b.example>\nContent-Disposition: inline; filename=\"logo.png\"", 1)
}

func TestOnlySmallPicturesInsideTheBodyAreLogos(t *testing.T) {
	if res := extracted(t, inline(pngOf(200, 100))); len(res.Findings) > 0 {
		t.Error(res.dump())
	}
	if res := extracted(t, inline(pngOf(2000, 100))); len(res.Findings) != 1 {
		t.Error(res.dump())
	}
	if res := extracted(t, attached("image/png", "logo.png", pngOf(200, 100))); len(res.Findings) != 1 {
		t.Error(res.dump())
	}
}

func TestWordsOfAPictureAreRead(t *testing.T) {
	res := extracted(t, inline(pngOf(20, 10, "tEXtComment\x00010203-1234", "iTXtb\x00\x00\x00da\x00c\x00d 020304-1234")))
	if !res.holds("010203-1234") || !res.holds("020304-1234") {
		t.Error(res.dump())
	}
	exif := "Exif\x00\x00II*\x00\x08\x00\x00\x00\x01\x00\x0e\x01\x02\x00\x0c\x00\x00\x00\x1a\x00\x00\x00\x00\x00\x00\x00010203-1234\x00"
	jpeg := "\xff\xd8\xff\xe1" + string(binary.BigEndian.AppendUint16(nil, uint16(len(exif)+2))) + exif +
		"\xff\xfe\x00\x0d020304-1234\xff\xc0\x00\x0b\x08\x00\x10\x00\x10\x01\x01\x11\x00\xff\xda\x00\x08\x01\x01\x00\x00?\x00x\xff\x00y\xff\xd9"
	res = extracted(t, inline([]byte(jpeg)))
	if !res.holds("010203-1234") || !res.holds("020304-1234") || len(res.Findings) > 0 {
		t.Error(res.dump())
	}
}

func TestAnArmoredBlockIsFoundAsMailProgramsWriteIt(t *testing.T) {
	var armored bytes.Buffer
	out, err := armor.Encode(&armored, "PGP MESSAGE", map[string]string{"Version": "1"})
	if err != nil {
		t.Fatal(err)
	}
	content, err := openpgp.SymmetricallyEncrypt(out, []byte("kode"), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(content, strings.Repeat("Hej med jer. ", 20)); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(content.Close(), out.Close()); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(armored.String()), "\n")
	for name, body := range map[string]string{
		"as it is":                    strings.Join(lines, "\n"),
		"cited":                       "> " + strings.Join(lines, "\n> "),
		"with a blank that is no gap": strings.Replace(strings.Join(lines, "\n"), "\n\n", "\n\u00a0\n", 1),
		"indented, lines apart":       "  " + strings.Join(lines, " \n\n  "),
		"a page of lines":             "<html><body><div>" + strings.Join(lines, "</div><br>\n<div>") + "</div></body></html>",
		"a page with a blank":         "<html><body><div>" + strings.Replace(strings.Join(lines, "</div><br>\n<div>"), "<div></div>", "<div>&nbsp;</div>", 1) + "</div></body></html>",
		"a page of verbatim text":     "<html><body><pre>" + strings.Join(lines, "\n") + "</pre></body></html>",
	} {
		kind := "text/plain"
		if strings.HasPrefix(body, "<html>") {
			kind = "text/html"
		}
		res := extracted(t, fmt.Sprintf("From: anna@union.example\nTo: bo@member.example\nContent-Type: %s; charset=utf-8\n\nHej\n\n%s\n\nAnna\n", kind, body))
		if f, ok := res.finding(detect.Protected); !ok || f.Evidence[0] != strengthStrong {
			t.Errorf("%s:\n%s", name, res.dump())
		}
	}
}

func TestSignaturesAreReadForWhatTheyAre(t *testing.T) {
	armored := "-----BEGIN PGP SIGNATURE-----\nComment: cpr 010203-1234\n\nwsBzBAABCAAdFiEE\n=AAAA\n-----END PGP SIGNATURE-----\ncpr 020304-1234\n"
	res := extracted(t, attached("application/pgp-signature", "signature.asc", []byte(armored)))
	if !res.holds("010203-1234") || !res.holds("020304-1234") {
		t.Error(res.dump())
	}
	res = extracted(t, attached("application/pgp-signature", "signature.asc", []byte("cpr 010203-1234")))
	if !res.holds("010203-1234") {
		t.Error(res.dump())
	}
}

func TestFilesWithoutAReaderAreToldByWhatTheyAre(t *testing.T) {
	rest := string(noise(500))
	for _, c := range []struct {
		name, data string
		why        detect.Evidence
	}{
		{"PostScript", "%!PS-Adobe-3.0\n/F {currentfile /ASCII85Decode filter cvx exec} def F\n87cURD]i,\"Ebo80~>\n", whyUnread},
		{"PostScript for a picture", "\xc5\xd0\xd3\xc6" + rest, whyUnread},
		{"a printer's job", "\x1b%-12345X@PJL\r\n" + rest, whyUnread},
		{"an e-book of Kindle", strings.Repeat("a", 60) + "BOOKMOBI" + rest, whyUnread},
		{"a shortcut", "L\x00\x00\x00\x01\x14\x02\x00" + rest, whyUnread},
		{"Parquet", "PAR1" + rest, whyUnread},
		{"Hangul", "HWP Document File V3.00 \x1a\x01" + rest, whyUnread},
		{"AutoCAD", "AC1032" + rest, whyUnread},
		{"DjVu", "AT&TFORM" + rest, whyImage},
		{"JPEG XR", "II\xbc\x01" + rest, whyImage},
		{"a disc", strings.Repeat("\x00", 32769) + "CD001" + rest, whyPacking},
	} {
		res := extracted(t, attached("application/octet-stream", "fil", []byte(c.data)))
		if f, ok := res.finding(detect.Unscannable); !ok || len(res.Findings) > 1 || f.Evidence[0] != c.why {
			t.Errorf("%s: %s", c.name, res.dump())
		}
	}
	for text, want := range map[string]bool{"PAR1 er et mødelokale": false, "AC10 er en kontrakt": false, "%!PS": true} {
		if _, ok := extracted(t, attached("text/plain", "fil", []byte(text))).finding(detect.Unscannable); ok != want {
			t.Errorf("%q: unscannable %v", text, ok)
		}
	}
}

func TestABookThatOnlyItsBuyerOpensIsProtected(t *testing.T) {
	book := func(algorithm string) string {
		return attached("application/epub+zip", "bog.epub", zipOf(t, "mimetype", "application/epub+zip",
			"META-INF/encryption.xml", `<encryption><enc:EncryptedData><enc:EncryptionMethod Algorithm="`+algorithm+`"/></enc:EncryptedData></encryption>`,
			"OEBPS/a.xhtml", "<html><body><p>ord-bog</p></body></html>"))
	}
	if _, ok := extracted(t, book("http://www.w3.org/2001/04/xmlenc#aes128-cbc")).finding(detect.Protected); !ok {
		t.Error("an encrypted book is not told to be protected")
	}
	if res := extracted(t, book("http://www.idpf.org/2008/embedding")); len(res.Findings) > 0 || !strings.Contains(res.dump(), "ord-bog") {
		t.Errorf("a book with a font: %s", res.dump())
	}
}
