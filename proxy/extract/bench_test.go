package extract

import (
	"context"
	"strings"
	"testing"
)

func benchMail(b *testing.B, mail string) {
	b.Helper()
	x := New(Config{})
	m := read(b, mail)
	b.SetBytes(int64(len(m.Raw)))
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
