package spool

import (
	"fmt"
	"testing"
)

// BenchmarkCorrespondents is what a recipient outside the union costs: one who
// was written to before, and one who was not, beside 10,000 who were.
func BenchmarkCorrespondents(b *testing.B) {
	s := openTest(b, b.TempDir())
	const n = 10_000
	for at := 0; at < n; at += 500 {
		p := testParcel(50, 1)
		for i := at; i < at+500; i++ {
			p.Correspondents = append(p.Correspondents, Correspondent{Owner: "anna", Address: fmt.Sprintf("person%c%c.nummer%d@firma%d.example", 'a'+i%26, 'a'+i/26%26, i, i%100), New: true})
		}
		if err := s.Accept(b.Context(), p); err != nil {
			b.Fatal(err)
		}
	}
	b.Run("known", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if known, err := s.Known(b.Context(), false, "personaa.nummer0@firma0.example"); err != nil || len(known) != 1 {
				b.Fatal(known, err)
			}
		}
	})
	b.Run("new", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := s.Resembles(b.Context(), "kirsten.andersen@region.example"); err != nil {
				b.Fatal(err)
			}
		}
	})
}
