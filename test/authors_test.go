package test

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/emersion/go-message"
)

// zipFile packs files, given as names and contents in turn.
func zipFile(t *testing.T, parts ...string) []byte { return zipBy(t, zip.Deflate, parts...) }

func zipBy(t *testing.T, method uint16, parts ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i < len(parts); i += 2 {
		w, err := z.CreateHeader(&zip.FileHeader{Name: parts[i], Method: method})
		if err == nil {
			_, err = io.WriteString(w, parts[i+1])
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// letterParts are the parts of a letter of Word that says who made and changed
// it.
func letterParts(creator, changed string) []string {
	return []string{
		"[Content_Types].xml", `<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>`,
		"docProps/core.xml", `<cp:coreProperties xmlns:cp="c" xmlns:dc="d"><dc:creator>` + creator + `</dc:creator><cp:lastModifiedBy>` + changed + `</cp:lastModifiedBy></cp:coreProperties>`,
		"word/document.xml", `<w:document xmlns:w="w"><w:body><w:p><w:r><w:t>Referat af mødet</w:t></w:r></w:p></w:body></w:document>`,
	}
}

// fileIn is a part with a file.
func fileIn(name string, file []byte) string {
	return "Content-Type: application/octet-stream; name=" + name + "\nContent-Disposition: attachment; filename=" + name + "\nContent-Transfer-Encoding: base64\n\n" +
		folded(file) + "\n"
}

// folded is base64 in lines as programs write it.
func folded(file []byte) string {
	return strings.Join(slices.Collect(func(yield func(string) bool) {
		for line := range slices.Chunk([]byte(base64.StdEncoding.EncodeToString(file)), 76) {
			if !yield(string(line)) {
				return
			}
		}
	}), "\n")
}

// letterBy is a mail with a letter of Word in it, which says who made it.
func letterBy(t *testing.T, creator, changed string) string {
	t.Helper()
	return "MIME-Version: 1.0\n" + fileIn("referat.docx", zipFile(t, letterParts(creator, changed)...))
}

// mixed is a mail with several parts.
func mixed(parts ...string) string {
	return "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=mm\n\n--mm\n" + strings.Join(parts, "--mm\n") + "--mm--\n"
}

// filesIn returns the files of a mail, and of the mails in it, decoded.
func filesIn(t *testing.T, content []byte) (files [][]byte) {
	t.Helper()
	e, err := message.Read(bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	err = e.Walk(func(_ []int, e *message.Entity, err error) error {
		if err != nil || e.MultipartReader() != nil {
			return err
		}
		body, err := io.ReadAll(e.Body)
		if media, _, _ := e.Header.ContentType(); media == "message/rfc822" {
			files = append(files, filesIn(t, body)...)
		} else {
			files = append(files, body)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// entriesOf returns the contents of the entries of an archive, in their order.
func entriesOf(t *testing.T, file []byte) (entries []string) {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range z.File {
		in, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(in)
		if err != nil {
			t.Fatal(err)
		}
		entries = append(entries, f.Name, string(data))
	}
	return entries
}

// withPolicy is the default policy with more under recipients.
func withPolicy(more string) string {
	return strings.Replace(defaultPolicy, "quoted: remove", "quoted: remove, "+more, 1)
}

func TestAFileThatNamesAHiddenMemberAsItsAuthorIsHeldOrLeftAsThePolicySays(t *testing.T) {
	office, mette := []string{"kontor@forening.example"}, []string{"mette@post.example"}
	for policy, cases := range map[string][]probe{
		withPolicy("authors: hold"): {
			{name: "made by a member", body: letterBy(t, "Ingrid Østergård", "Anna Holm"), to: twoReaders, want: isHeld},
			{name: "changed by a member", body: letterBy(t, "Anna Holm", "Østergård, Ingrid"), to: twoReaders, want: isHeld},
			{name: "changed by a member's account", body: letterBy(t, "Anna Holm", "ingrid@post.example"), to: twoReaders, want: isHeld},
			{name: "made by one of two readers", fields: twoMembers, body: letterBy(t, "Mette Sørensen", ""), to: twoReaders, want: isHeld},
			{name: "to an outsider", body: letterBy(t, "Ingrid Østergård", ""), to: []string{"chef@region.example"}, want: isHeld},
			{name: "made by one who stands in To", body: letterBy(t, "Mette Sørensen", ""), to: twoReaders, want: passes},
			{name: "made by its only reader", body: letterBy(t, "Mette Sørensen", "Anna Holm"), to: mette, want: passes},
			{name: "made by the one who sends", body: letterBy(t, "Anna Holm", "Anna Holm"), to: twoReaders, want: passes},
			{name: "made by a stranger", body: letterBy(t, "Grete Vang", "Regionen"), to: twoReaders, want: passes},
			{name: "to the union's office", body: letterBy(t, "Ingrid Østergård", ""), to: office, want: passes},
		},
		withPolicy("authors: leave"): {
			{name: "where the policy leaves it", body: letterBy(t, "Ingrid Østergård", ""), to: twoReaders, want: passes},
		},
	} {
		g := gateway(t, files{"policy.yaml": policy})
		for n, p := range cases {
			if p.fields == "" {
				p.fields = "To: " + p.to[0] + "\n"
			}
			p.secret = []string{"Ingrid"} // of the file there is base64 only
			t.Run(p.name, func(t *testing.T) { p.try(t, g, n) })
		}
	}
}

// TestHiddenMembersAreTakenOutOfFilesThatNameThemAsTheirAuthors looks at the
// files that arrive.
func TestHiddenMembersAreTakenOutOfFilesThatNameThemAsTheirAuthors(t *testing.T) {
	g := gateway(t, nil)
	word := func(creator, changed string, more ...string) []string {
		return append(letterParts(creator, changed), more...)
	}
	comment := func(author, initials string) string {
		return `<w:comment w:id="0" w:author="` + author + `" w:initials="` + initials + `"><w:p><w:r><w:t>Er det rigtigt?</w:t></w:r></w:p></w:comment>`
	}
	for n, c := range []struct {
		name   string
		fields string
		to     []string
		sent   []string
		want   []string
	}{
		{"made by a member", "", twoReaders, word("Ingrid Østergård", "Anna Holm"), word("", "Anna Holm")},
		{"changed by a member", "", twoReaders, word("Anna Holm", "Østergård, Ingrid"), word("Anna Holm", "")},
		{"changed by a member's account", "", twoReaders, word("Anna Holm", "ingrid@post.example"), word("Anna Holm", "")},
		{"made by several", "", twoReaders, word("Grete Vang; Ingrid Østergård;Bo Lie", "Ingrid Østergård"), word("Grete Vang; Bo Lie", "")},
		{"to an outsider", "", []string{"chef@region.example"}, word("Ingrid Østergård", ""), word("", "")},
		{"made by one of two readers", twoMembers, twoReaders, word("Mette Sørensen", ""), word("", "")},
		{
			"commented by a member and by a stranger", "", twoReaders,
			word("Anna Holm", "", "word/comments.xml", `<w:comments xmlns:w="w">`+comment("Ingrid Østergård", "IØ")+comment("Grete Vang", "GV")+`</w:comments>`),
			word("Anna Holm", "", "word/comments.xml", `<w:comments xmlns:w="w">`+comment("Author1", "A1")+comment("Grete Vang", "GV")+`</w:comments>`),
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			fields := c.fields
			if fields == "" {
				fields = "To: " + c.to[0] + "\n"
			}
			p := probe{name: c.name, fields: fields, to: c.to, want: passes, body: mixed("Content-Type: text/plain\n\nHej\n", fileIn("referat.docx", zipFile(t, c.sent...))), secret: []string{"Ingrid"}}
			p.try(t, g, n)
			for _, copy := range copiesOf(t, g, fmt.Sprintf("<probe-%d@forening.example>", n), len(c.to)) {
				if got := entriesOf(t, filesIn(t, copy)[1]); !slices.Equal(got, c.want) {
					t.Errorf("there arrived\n%q, want\n%q", got, c.want)
				}
			}
		})
	}
	if entries, err := g.run("deviations", "list", "--json"); err != nil || !strings.Contains(entries, `"rule": "recipients.authors"`) {
		t.Errorf("the register does not know: %v %s", err, entries)
	}
}

func TestAFileThatCannotBeWrittenWithoutAHiddenAuthorIsHeld(t *testing.T) {
	docx := zipFile(t, letterParts("Ingrid Østergård", "")...)
	signed := zipFile(t, append(letterParts("Ingrid Østergård", ""), "_xmlsignatures/sig1.xml", "<Signature/>")...)
	titled := zipFile(t, slices.Replace(letterParts("Ingrid Østergård", ""), 3, 4, `<p><dc:creator>Ingrid Østergård</dc:creator><dc:title>Ved Ingrid Østergård</dc:title></p>`)...)
	wrapped := "MIME-Version: 1.0\nContent-Type: multipart/signed; micalg=pgp-sha256; protocol=\"application/pgp-signature\"; boundary=ss\n\n--ss\n" + fileIn("referat.docx", docx) +
		"--ss\nContent-Type: application/pgp-signature\n\n-----BEGIN PGP SIGNATURE-----\n\nwsBc\n-----END PGP SIGNATURE-----\n--ss--\n"
	quoted := strings.NewReplacer("=", "=3D").Replace(base64.StdEncoding.EncodeToString(docx))
	g := gateway(t, nil)
	for n, p := range []probe{
		{name: "a signed document", body: "MIME-Version: 1.0\n" + fileIn("a.docx", signed)},
		{name: "a document in signed mail", body: wrapped},
		{name: "a document in an archive", body: "MIME-Version: 1.0\n" + fileIn("a.zip", zipFile(t, "a.docx", string(docx)))},
		{name: "a document beside one in an archive", body: mixed(fileIn("a.docx", docx), fileIn("a.zip", zipFile(t, "a.docx", string(docx))))},
		{name: "a document whose title names its author", body: "MIME-Version: 1.0\n" + fileIn("a.docx", titled)},
		{name: "a document with something behind it", body: "MIME-Version: 1.0\n" + fileIn("a.docx", append(slices.Clone(docx), "PK\x03\x04"...))},
		{name: "a document of which a field tells the sum", body: mixed("Content-MD5: Q2hlY2sgSW50ZWdyaXR5IQ==\n" + fileIn("a.docx", docx))},
		{name: "a letter in RTF", body: mixed("Content-Type: application/rtf; name=a.rtf\n\n" + `{\rtf1\ansi{\info{\author Ingrid \'d8sterg\'e5rd}}Hej}` + "\n")},
		{name: "a signed PDF", body: mixed(fileIn("a.pdf", []byte(pdfBy("(Ingrid Østergård)")+"9 0 obj <</ByteRange [0 1 2 3]>> endobj\n")))},
		{name: "a mail as a file with a document", body: mixed("Content-Type: application/octet-stream; name=a.eml\nContent-Transfer-Encoding: quoted-printable\n\nFrom: anna.holm@region.example\nSubject: x\nMIME-Version: 1.0\nContent-Type: application/octet-stream; name=3Da.docx\nContent-Transfer-Encoding: base64\n\n" + quoted + "\n")},
	} {
		p.fields, p.to, p.want = "To: mette@post.example\n", twoReaders, isHeld
		t.Run(p.name, func(t *testing.T) { p.try(t, g, n) })
	}
	var held []struct {
		Rules      []string
		Releasable bool
	}
	g.json(&held, "held", "list")
	for _, h := range held { // a person may let them go, as they were written
		if !h.Releasable || !slices.Contains(h.Rules, "recipients.authors") {
			t.Errorf("it is held so: %+v", h)
		}
	}
	if len(held) != 20 {
		t.Errorf("%d copies are held", len(held))
	}
}

// pdfBy is a PDF that says who made it.
func pdfBy(author string) string {
	return "%PDF-1.4\n1 0 obj <</Type/Catalog /Pages 2 0 R>> endobj\n2 0 obj <</Type/Pages /Kids [3 0 R] /Count 1>> endobj\n" +
		"3 0 obj <</Type/Page /Parent 2 0 R /MediaBox [0 0 300 300] /Contents 4 0 R /Resources <</Font <</F1 5 0 R>> >> >> endobj\n" +
		"4 0 obj <</Length 40>> stream\nBT /F1 12 Tf 20 200 Td (Referat) Tj ET   \nendstream endobj\n5 0 obj <</Type/Font /Subtype/Type1 /BaseFont/Helvetica>> endobj\n" +
		"6 0 obj <</Author " + author + ">> endobj\ntrailer <</Root 1 0 R /Info 6 0 R>>\n%%EOF\n"
}

func TestAHiddenAuthorIsTakenOutOfAPDFInPlace(t *testing.T) {
	g := gateway(t, nil)
	p := probe{fields: "To: mette@post.example\n", to: twoReaders, want: passes, body: mixed(fileIn("a.pdf", []byte(pdfBy("(Ingrid \xd8sterg\xe5rd)")))), secret: []string{"Ingrid"}}
	p.try(t, g, 1)
	for _, copy := range copiesOf(t, g, "<probe-1@forening.example>", 2) {
		if got := string(filesIn(t, copy)[0]); got != pdfBy("("+strings.Repeat(" ", 16)+")") {
			t.Errorf("there arrived %q", got)
		}
	}
}

func TestALargeFileLosesItsHiddenAuthorToo(t *testing.T) {
	g := gateway(t, nil)
	noise := make([]byte, 6<<20)
	for i := range noise {
		noise[i] = byte(i*7 ^ i>>8*31 ^ i>>16*17)
	}
	parts := append(letterParts("Ingrid Østergård", "Anna Holm"), "word/fonts/font1.odttf", string(noise))
	p := probe{fields: "To: mette@post.example\n", to: twoReaders, want: passes, body: mixed("Content-Type: text/plain\n\nHej\n", fileIn("a.docx", zipBy(t, zip.Store, parts...))), secret: []string{"Ingrid"}}
	p.try(t, g, 1)
	want := append(letterParts("", "Anna Holm"), parts[6:]...)
	for _, copy := range copiesOf(t, g, "<probe-1@forening.example>", 2) {
		if got := entriesOf(t, filesIn(t, copy)[1]); !slices.Equal(got, want) {
			t.Errorf("there arrived %.300q of %d entries", got, len(got))
		}
	}
}

func TestWhereEachReaderGetsACopyTheirOwnNameStays(t *testing.T) {
	g := gateway(t, files{"policy.yaml": strings.Replace(defaultPolicy, "as: bcc", "as: individual", 1)})
	p := probe{
		fields: twoMembers, to: []string{"mette@post.example", "peter@post.example"}, want: passes, secret: []string{},
		body: letterBy(t, "Mette Sørensen", "Peter Ægidius"),
	}
	p.try(t, g, 1)
	for _, m := range mails(g.upstream.Messages()) {
		want := letterParts("", "Peter Ægidius")
		if m.To[0].Address == "mette@post.example" {
			want = letterParts("Mette Sørensen", "")
		}
		if got := entriesOf(t, filesIn(t, m.Content)[0]); !slices.Equal(got, want) {
			t.Errorf("to %s: %q", m.To, got)
		}
	}
}

func TestAFileInAForwardedMailLosesItsHiddenAuthor(t *testing.T) {
	g := gateway(t, nil)
	inner := "From: anna.holm@region.example\nTo: anna.holm@region.example\nSubject: x\n" + letterBy(t, "Ingrid Østergård", "")
	p := probe{fields: "To: mette@post.example\n", to: twoReaders, want: passes, body: mixed("Content-Type: message/rfc822\n\n" + inner), secret: []string{"Ingrid"}}
	p.try(t, g, 1)
	for _, copy := range copiesOf(t, g, "<probe-1@forening.example>", 2) {
		if got := entriesOf(t, filesIn(t, copy)[0]); !slices.Equal(got, letterParts("", "")) {
			t.Errorf("there arrived %q", got)
		}
	}
}

func TestExplainShowsThatFilesLoseTheirAuthors(t *testing.T) {
	g := gateway(t, nil)
	mail := "From: tr.anna@forening.example\nTo: mette@post.example\nBcc: peter@post.example\nSubject: x\n" + letterBy(t, "Ingrid Østergård", "Grete Vang")
	file := writeFile(t, "mail.eml", []byte(crlf(mail)))
	if out, err := g.run("explain", file); err != nil || !strings.Contains(out, "fjern medlemmer fra det, vedhæftede filer siger") || !strings.Contains(out, "-author: Ingrid Østergård\n author: Grete Vang\n") {
		t.Errorf("explain says %v\n%s", err, out)
	}
}
