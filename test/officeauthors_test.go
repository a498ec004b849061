package test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// flatOffice are documents as LibreOffice reads them, which Ingrid made, changed
// and commented.
var flatOffice = map[string]string{
	"fodt": `<text:tracked-changes><text:changed-region xml:id="c1" text:id="c1"><text:insertion>` + changedBy("Ingrid Østergård") + `</text:insertion></text:changed-region>
<text:changed-region xml:id="c2" text:id="c2"><text:deletion>` + changedBy("Bo Friis") + `<text:p>slettet</text:p></text:deletion></text:changed-region></text:tracked-changes>
<text:p>Referat af <text:change-start text:change-id="c1"/>mødet<text:change-end text:change-id="c1"/> om løn.<text:change text:change-id="c2"/></text:p>
<text:p>Rigtigt?` + notedBy("Ingrid Østergård", "IØ", "Er det rigtigt?") + `</text:p><text:p>Slut.` + notedBy("Bo Friis", "BF", "Ja.") + `</text:p>`,
	"fods": `<table:table table:name="Ark1"><table:table-row><table:table-cell office:value-type="string">` + notedBy("Ingrid Østergård", "", "Ingrid Østergård: tjek tallet") +
		`<text:p>Løn</text:p></table:table-cell></table:table-row></table:table>`,
	"fodp": `<draw:page draw:name="s1"><draw:frame svg:width="10cm" svg:height="3cm" svg:x="1cm" svg:y="1cm"><draw:text-box><text:p>Lønforhandling</text:p></draw:text-box></draw:frame>` +
		notedBy("Ingrid Østergård", "IØ", "Godt") + `</draw:page>`,
}

func changedBy(name string) string {
	return `<office:change-info><dc:creator>` + name + `</dc:creator><dc:date>2026-03-01T10:00:00</dc:date></office:change-info>`
}

func notedBy(name, initials, text string) string {
	if initials != "" {
		initials = `<meta:creator-initials>` + initials + `</meta:creator-initials>`
	}
	return `<office:annotation svg:x="1cm" svg:y="1cm"><dc:creator>` + name + `</dc:creator>` + initials + `<dc:date>2026-03-01T10:00:00</dc:date><text:p>` + text + `</text:p></office:annotation>`
}

// TestEvaluationOfFilesWithoutAuthors sends documents that LibreOffice wrote, and
// has LibreOffice open what arrives.
func TestEvaluationOfFilesWithoutAuthors(t *testing.T) {
	if os.Getenv("POSTVERN_EVAL") == "" {
		t.Skip("make eval has LibreOffice write and open the documents")
	}
	need(t, "soffice")
	dir := t.TempDir()
	convert := func(out, to, file string) string {
		cmd := exec.Command("soffice", "--headless", "--convert-to", to, "--outdir", filepath.Join(dir, out), file)
		cmd.Env = append(os.Environ(), "HOME="+dir)
		if said, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("soffice: %v\n%s", err, said)
		}
		name := strings.TrimSuffix(filepath.Base(file), filepath.Ext(file)) + "." + to
		text, err := os.ReadFile(filepath.Join(dir, out, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	bodies := map[string]string{"fodt": "text", "fods": "spreadsheet", "fodp": "presentation"}
	g := gateway(t, nil)
	n := 0
	for flat, formats := range map[string][]string{"fodt": {"docx", "odt", "pdf"}, "fods": {"xlsx", "ods", "pdf"}, "fodp": {"pptx", "odp", "pdf"}} {
		source := filepath.Join(dir, "a."+flat)
		writeTo(t, source, `<?xml version="1.0" encoding="UTF-8"?><office:document xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" `+
			`xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0" xmlns:svg="urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0" `+
			`xmlns:meta="urn:oasis:names:tc:opendocument:xmlns:meta:1.0" xmlns:dc="http://purl.org/dc/elements/1.1/" office:version="1.3" office:mimetype="application/vnd.oasis.opendocument.`+bodies[flat]+`">`+
			`<office:meta><meta:initial-creator>Ingrid Østergård</meta:initial-creator><dc:creator>Ingrid Østergård</dc:creator></office:meta>`+
			`<office:body><office:`+bodies[flat]+`>`+flatOffice[flat]+`</office:`+bodies[flat]+`></office:body></office:document>`)
		for _, format := range formats {
			t.Run(format, func(t *testing.T) {
				n++
				file := convert("sent", format, source)
				p := probe{fields: "To: mette@post.example\n", to: twoReaders, want: passes, body: mixed("Content-Type: text/plain\n\nHej\n", fileIn("a."+format, []byte(file))), secret: []string{"Ingrid"}}
				p.try(t, g, n)
				got := filesIn(t, copiesOf(t, g, fmt.Sprintf("<probe-%d@forening.example>", n), 2)[0])[1]
				if format == "pdf" {
					after := pdfShows(t, string(got))
					if before := pdfShows(t, file); strings.Contains(after, "Ingrid") || after != before {
						t.Errorf("it shows\n%s\nand showed\n%s", after, before)
					}
					return
				}
				arrived := filepath.Join(dir, "b."+format)
				writeTo(t, arrived, string(got))
				before := convert("before", flat, filepath.Join(dir, "sent", "a."+format))
				after := convert("after", flat, arrived)
				if strings.Contains(after, "Ingrid") || !strings.Contains(after, "</office:body>") {
					t.Errorf("LibreOffice shows her, or nothing:\n%s", after)
				}
				if unnamed(before) != unnamed(after) {
					t.Errorf("LibreOffice shows\n%s\nand showed\n%s", unnamed(after), unnamed(before))
				}
			})
		}
	}
}

// pdfShows is what poppler says of a PDF and reads in it, but for who made it.
func pdfShows(t *testing.T, file string) string {
	t.Helper()
	need(t, "pdfinfo")
	name := filepath.Join(t.TempDir(), "a.pdf")
	writeTo(t, name, file)
	about, err := exec.Command("pdfinfo", name).CombinedOutput()
	if err != nil {
		t.Fatalf("pdfinfo: %v\n%s", err, about)
	}
	text, err := exec.Command("pdftotext", name, "-").CombinedOutput()
	if err != nil {
		t.Fatalf("pdftotext: %v\n%s", err, text)
	}
	return author.ReplaceAllString(string(about), "Author:\n") + string(text)
}

var author = regexp.MustCompile(`Author: +(?:Ingrid Østergård)? *\n`)

// unnamed is the body of a flat document without her name, her initials and what
// takes their place, and without ids that are drawn.
func unnamed(flat string) string {
	_, body, _ := strings.Cut(flat, "<office:body>")
	return stamped.ReplaceAllString(body, "")
}

var stamped = regexp.MustCompile(`Ingrid Østergård|Author1|IØ|A1|\bct[0-9]+`)

func writeTo(t *testing.T, file, content string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}
