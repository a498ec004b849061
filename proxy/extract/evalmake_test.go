package extract

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"postvern.example/internal/specimen"
	"postvern.example/policy/detect"
)

// paper is the content of some documents, and what is planted in it.
type paper struct {
	ID     string     `json:"id"`
	Lines  []string   `json:"lines"`
	Header []string   `json:"header"`
	Rows   [][]string `json:"rows"`

	inLines, inRows map[detect.Kind][]string // values, as they are written
}

// states are sentences that tie a person to a state.
var states = []struct {
	kind detect.Kind
	text string
}{
	{detect.Health, "Mette Hansen er sygemeldt med stress."},
	{detect.Health, "Kari Berg er sykmeldt med depresjon."},
	{detect.Health, "Anna Svensson är sjukskriven för utmattning."},
	{detect.UnionMembership, "Lars Nielsen har medlemsnr. 482913 i fagforeningen."},
}

var ordinary = []string{
	"Dagsordenen til mødet på torsdag er vedlagt, og der er kaffe fra klokken ni.", "Overenskomsten blev forhandlet færdig i går aftes, og resultatet sendes ud.",
	"Møtet flyttes til uke 42, og alle får beskjed når rommet er klart.", "Vi ses i fikarummet på fredag klockan tre, ta med dig protokollen.",
	"The minutes of the last meeting are attached; please read them before Monday.", "Lønnen forhandles hvert år i oktober efter reglerne i § 4.",
	"Kokous pidetään torstaina kello kymmenen neuvotteluhuoneessa.", "Alle medarbejdere kan deltage i kurset om arbejdsmiljø.",
}

var names = []string{
	"Søren Ærø", "Anna Holm", "Bo Ek", "Kari Nordmann", "Åse Østby", "Lars Bæk", "Matti Mäkinen", "Guðrún Jónsdóttir", "Ingrid Øst", "Peter Møller",
}

// papers makes n papers; in every third nothing is planted.
func papers(n int) []*paper {
	kinds := specimen.Numbers()
	negatives := specimen.HardNegatives()
	var all []*paper
	for i := range n {
		d := specimen.Roll(uint64(1000 + i))
		p := &paper{ID: fmt.Sprintf("doc%02d", i), inLines: map[detect.Kind][]string{}, inRows: map[detect.Kind][]string{}}
		for range 4 {
			p.Lines = append(p.Lines, specimen.Pick(d, ordinary))
		}
		if i%3 == 2 {
			for range 8 {
				p.Lines = append(p.Lines, specimen.Pick(d, negatives)(d))
			}
			p.Header = []string{"Varenummer", "Tekst", "Antal"}
			for range 12 {
				p.Rows = append(p.Rows, []string{d.Digits(10), "Kontorpapir A4", d.Digits(2)})
			}
			all = append(all, p)
			continue
		}
		for j := range 3 {
			k := kinds[(3*i+j)%len(kinds)]
			value := k.Forms[0](k.Number(d))
			p.Lines = append(p.Lines, fmt.Sprintf(specimen.Pick(d, k.Keyed), value), specimen.Pick(d, ordinary))
			p.inLines[k.Kind] = append(p.inLines[k.Kind], value)
		}
		s := states[i%len(states)]
		p.Lines = append(p.Lines, s.text)
		p.inLines[s.kind] = append(p.inLines[s.kind], s.text)
		p.Header = []string{"Navn", "CPR-nummer", "E-mail"}
		for row := range 8 {
			value := d.CPR()
			value = value[:6] + "-" + value[6:]
			p.Rows = append(p.Rows, []string{names[(i+row)%len(names)], value, fmt.Sprintf("medlem%d@post.example", 10*i+row)})
			p.inRows[detect.DanishCPR] = append(p.inRows[detect.DanishCPR], value)
		}
		p.inRows[detect.MemberList] = []string{p.Rows[0][0]}
		all = append(all, p)
	}
	return all
}

// planted returns what is planted in the table alone, or in all of it.
func (p *paper) planted(tableOnly bool) map[detect.Kind][]string {
	all := map[detect.Kind][]string{}
	for k, v := range p.inRows {
		all[k] = append(all[k], v...)
	}
	if !tableOnly {
		for k, v := range p.inLines {
			all[k] = append(all[k], v...)
		}
	}
	return all
}

const flatHead = `<?xml version="1.0" encoding="UTF-8"?>
<office:document xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0" xmlns:svg="urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0" office:version="1.2" office:mimetype="application/vnd.oasis.opendocument.%s"><office:body><office:%s>`

func paragraph(text string) string { return "<text:p>" + html.EscapeString(text) + "</text:p>" }

func (p *paper) table(name string) string {
	var b strings.Builder
	fmt.Fprintf(&b, `<table:table table:name=%q><table:table-column table:number-columns-repeated="3"/>`, name)
	for _, row := range append([][]string{p.Header}, p.Rows...) {
		b.WriteString("<table:table-row>")
		for _, cell := range row {
			b.WriteString(`<table:table-cell office:value-type="string">` + paragraph(cell) + "</table:table-cell>")
		}
		b.WriteString("</table:table-row>")
	}
	return b.String() + "</table:table>"
}

// flat returns the paper as flat OpenDocument: a text, a sheet or slides.
func (p *paper) flat(kind string) string {
	var b strings.Builder
	fmt.Fprintf(&b, flatHead, kind, kind)
	switch kind {
	case "text":
		for _, line := range p.Lines {
			b.WriteString(paragraph(line))
		}
		b.WriteString(p.table("Liste") + paragraph("Slut"))
	case "spreadsheet":
		b.WriteString(p.table("Liste") + `<table:table table:name="Noter"><table:table-column/>`)
		for _, line := range p.Lines {
			b.WriteString(`<table:table-row><table:table-cell office:value-type="string">` + paragraph(line) + "</table:table-cell></table:table-row>")
		}
		b.WriteString("</table:table>")
	case "presentation":
		slide := func(n int, lines []string) {
			fmt.Fprintf(&b, `<draw:page draw:name="s%d"><draw:frame svg:x="1cm" svg:y="1cm" svg:width="24cm" svg:height="14cm"><draw:text-box>`, n)
			for _, line := range lines {
				b.WriteString(paragraph(line))
			}
			b.WriteString("</draw:text-box></draw:frame></draw:page>")
		}
		for i, line := range p.Lines {
			slide(i, []string{line})
		}
		var lines []string
		for _, row := range append([][]string{p.Header}, p.Rows...) {
			lines = append(lines, strings.Join(row, "; "))
		}
		slide(len(p.Lines), lines)
	}
	return b.String() + "</office:" + kind + "></office:body></office:document>"
}

// python returns Debian's own, which has Debian's packages.
func python() string {
	if _, err := os.Stat("/usr/bin/python3"); err == nil {
		return "/usr/bin/python3"
	}
	return "python3"
}

// run runs a writer and reports whether it is installed and did its work.
func run(t *testing.T, must bool, dir, name string, args ...string) bool {
	t.Helper()
	c := exec.Command(name, args...)
	c.Dir = dir
	c.Env = append(os.Environ(), "HOME="+dir, "LC_ALL=C.UTF-8")
	if out, err := c.CombinedOutput(); err != nil {
		if must {
			t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
		}
		t.Logf("without %s: %v", name, err)
		return false
	}
	return true
}

// formatsOf are what LibreOffice makes of each kind of source.
var formatsOf = map[string][]string{
	"fodt": {"docx", "doc", "rtf", "odt", "pdf", "html"},
	"fods": {"xlsx", "xls", "ods", "pdf", "html", "csv"},
	"fodp": {"pptx", "ppt", "odp", "pdf"},
}

// write has real programs write the papers into dir.
func write(t *testing.T, dir string, all []*paper, office bool) {
	t.Helper()
	list, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	put := func(name string, data []byte) {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put("documents.json", list)
	script, err := filepath.Abs("testdata/eval/write.py")
	if err != nil {
		t.Fatal(err)
	}
	run(t, office, dir, python(), script, dir)
	if !office {
		return
	}
	for ext, kind := range map[string]string{"fodt": "text", "fods": "spreadsheet", "fodp": "presentation"} {
		var sources []string
		for _, p := range all {
			put(p.ID+"."+ext, []byte(p.flat(kind)))
			sources = append(sources, p.ID+"."+ext)
		}
		for _, to := range formatsOf[ext] {
			out := filepath.Join(dir, ext+"-"+to)
			run(t, true, dir, "soffice", append([]string{"--headless", "--convert-to", to, "--outdir", out}, sources...)...)
		}
	}
}

// wordsOf returns the different words of a text.
func wordsOf(text string) map[string]bool {
	all := map[string]bool{}
	for _, w := range strings.Fields(clean(text)) {
		all[w] = true
	}
	return all
}

// pdfWords returns what pdftotext reads in a file.
func pdfWords(t *testing.T, file string) map[string]bool {
	t.Helper()
	out, err := exec.Command("pdftotext", "-enc", "UTF-8", file, "-").Output()
	if err != nil {
		t.Skip("make deps installs pdftotext: ", err)
	}
	return wordsOf(string(bytes.ReplaceAll(out, []byte("\f"), nil)))
}
