package detect_test

import (
	"strings"
	"testing"
)

// Texts of nothing but headings take no longer for each line than others.
func BenchmarkHeadings(b *testing.B) {
	for name, line := range map[string]string{
		"columns": "Navn;Løn\n", "fields": "Løn: 34\n", "rows": "Navn;Løn;Diagnose\nKaren Lund;34.500;ryg\n", "heads": "Sygemeldte:\n\n", "notes": "Sygemeldt med stress\n", "names": "Medlemmer\nKaren\n",
	} {
		b.Run(name, func(b *testing.B) {
			s, segs := scanner(b), prose(strings.Repeat(line, 1<<18/len(line)))
			b.SetBytes(int64(len(segs[0].Text)))
			for b.Loop() {
				s.Scan(segs, nil)
			}
		})
	}
}
