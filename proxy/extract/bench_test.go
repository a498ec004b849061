package extract

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

func benchMail(b *testing.B, mail string) {
	b.Helper()
	x := New(Config{})
	m := read(b, mail)
	b.SetBytes(int64(m.Octets().Size()))
	b.ReportAllocs()
	for b.Loop() {
		x.Text(context.Background(), m)
	}
}

func BenchmarkPlainMail5KB(b *testing.B) {
	benchMail(b, body("text/plain; charset=utf-8", strings.Repeat("Kære alle, mødet om lønnen er på torsdag.\n", 110)))
}

func BenchmarkHTMLMail50KB(b *testing.B) {
	benchMail(b, body("text/html; charset=utf-8", strings.Repeat("<p class=\"MsoNormal\">Kære alle, <b>mødet</b> om l&oslash;nnen er på torsdag.</p>\n", 600)))
}

func BenchmarkTableAttachment1MB(b *testing.B) {
	benchMail(b, attached("text/csv", "liste.csv", []byte(strings.Repeat("Anna Holm;anna.holm@member.example;Aarhus\n", 25_000))))
}

func benchDocument(b *testing.B, name string) {
	b.Helper()
	benchMail(b, attached("application/octet-stream", name, document(b, name)))
}

func BenchmarkDocx(b *testing.B) { benchDocument(b, "brev.docx") }

func BenchmarkDoc(b *testing.B) { benchDocument(b, "brev.doc") }

func BenchmarkXlsx(b *testing.B) { benchDocument(b, "liste.xlsx") }

func BenchmarkXls(b *testing.B) { benchDocument(b, "liste.xls") }

func BenchmarkOdt(b *testing.B) { benchDocument(b, "brev.odt") }

func BenchmarkRTF(b *testing.B) { benchDocument(b, "brev.rtf") }

func BenchmarkZip(b *testing.B) { benchDocument(b, "pakke.zip") }

func BenchmarkPDFBuiltIn(b *testing.B) {
	x := New(Config{PDFToText: "none"})
	m := read(b, attached("application/pdf", "a.pdf", document(b, "brev.pdf")))
	b.SetBytes(int64(m.Octets().Size()))
	for b.Loop() {
		x.Text(context.Background(), m)
	}
}

// BenchmarkMail100KBWithDocx reads a mail of 100 kB with a Word file in a
// worker, and reports the 95th percentile: at most 50 ms is wanted.
func BenchmarkMail100KBWithDocx(b *testing.B) {
	x := withWorkers(b, Config{})
	var text strings.Builder
	for i := range 8200 {
		fmt.Fprintf(&text, "<w:p><w:r><w:t>Afsnit %d om overenskomsten og lønnen, %x.</w:t></w:r></w:p>", i, i*i*7919)
	}
	data := docx(b, text.String())
	m := read(b, attached("application/octet-stream", "a.docx", []byte(data)))
	b.SetBytes(int64(m.Octets().Size()))
	var all []time.Duration
	for b.Loop() {
		start := time.Now()
		if res := x.Text(context.Background(), m); len(res.Findings) > 0 {
			b.Fatal(res.dump())
		}
		all = append(all, time.Since(start))
	}
	slices.Sort(all)
	b.ReportMetric(float64(all[len(all)*95/100].Microseconds())/1000, "p95-ms")
	b.ReportMetric(float64(m.Octets().Size())/1000, "kB")
}

// BenchmarkLargeDocx reads a Word file of 2 MB of XML in a worker.
func BenchmarkLargeDocx(b *testing.B) {
	x := withWorkers(b, Config{})
	data := docx(b, strings.Repeat(`<w:p><w:r><w:t>Overenskomsten og lønnen for 2026 er forhandlet.</w:t></w:r></w:p>`, 25_000))
	m := read(b, attached("application/octet-stream", "a.docx", []byte(data)))
	b.SetBytes(2 << 20)
	for b.Loop() {
		x.Text(context.Background(), m)
	}
}
