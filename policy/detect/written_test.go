package detect_test

import (
	"strings"
	"testing"

	"postvern.example/policy/detect"
)

// How a statement is written down and what a program puts around it change nothing
// of what it says.
func TestEvaluationHowAStatementIsWrittenSeldomHidesIt(t *testing.T) {
	s := scanner(t)
	around := func(before, after string) func(string) string {
		return func(text string) string { return before + text + after }
	}
	forms := []struct {
		name  string
		write func(string) string
		found float64 // of a hundred, at least
	}{
		{"greeting", around("Hej alle, ", ""), 99},
		{"greeting in a line", around("Hej Lone\n\n", "\n\nMvh\nOle"), 99},
		{"item", around("3. ", ""), 99},
		{"shouted", func(text string) string { return strings.TrimRight(text, ".") + "!!!" }, 99},
		{"left open", func(text string) string { return strings.TrimRight(text, ".") + "..." }, 99},
		{"in brackets", around("(", ")"), 99},
		{"in bold", around("*", "*"), 99},
		{"subject", around("SV: VS: ", ""), 99},
		{"before a link", around("", " Se https://intranet.example/sag/4711"), 99},
		{"Danish signature", around("", "\n-- \nOle Vind\nTillidsrepræsentant\nTlf. 12 34 56 78"), 99},
		{"Swedish signature", around("", "\n\nMed vänliga hälsningar\nÅke Björk\nFörtroendeman\nTelefon 12 34 56 78"), 99},
		{"Finnish signature", around("", "\n\nYstävällisin terveisin\nVille Mäki\nPääluottamusmies\nPuhelin 12 34 56 78"), 99},
		{"English signature", around("", "\n\nBest regards\nAnn Cook\nShop steward\nPhone 12 34 56 78"), 99},
		{"English disclaimer", around("", "\n\nThis e-mail and any attachments are confidential and intended for the addressee only. If you have received it in error, please delete it and notify the sender."), 99},
		{"Danish disclaimer", around("", "\n\nDenne e-mail og eventuelle vedhæftede filer er fortrolige og kun til den, som den er sendt til. Har du fået den ved en fejl, bedes du slette den og give afsenderen besked."), 99},
		{"from a telephone", around("", "\n\nSendt fra min iPhone"), 99},
		{"forwarded", around("Fra: Ann Cook <ann@cook.example>\nSendt: 5. oktober 2026 10:14\nTil: Ole Vind <ole@vind.example>\nEmne: SV: møde\n\n", ""), 99},
		{"quoted", func(text string) string { return "> " + strings.ReplaceAll(column(text, 60), "\n", "\n> ") }, 99},
		{"narrow column", func(text string) string { return column(text, 36) }, 97.5},
		{"small letters", strings.ToLower, 94.5},
		{"capitals", strings.ToUpper, 94.5},
	}
	var statements []labelled
	for _, l := range readLabelled(t) {
		l.text = strings.ReplaceAll(l.text, "{P}", "Anna Lindgren")
		if len(l.kinds) > 0 && best(s, prose(l.text), nil)[l.kinds[0]] >= detect.Likely {
			statements = append(statements, l)
		}
	}
	for _, form := range forms {
		found := &tally{}
		var hidden []string
		for _, l := range statements {
			text := form.write(l.text)
			level := best(s, prose(text), nil)[l.kinds[0]]
			found.add(level)
			if level < detect.Likely {
				hidden = append(hidden, l.language+" "+string(l.kinds[0])+": "+text)
			}
		}
		t.Logf("%-18s %v", form.name, found)
		if found.share(detect.Likely) < form.found {
			t.Errorf("%s: %v; hidden:\n%s", form.name, found, strings.Join(hidden[:min(20, len(hidden))], "\n"))
		}
	}
}

// column breaks the text into lines of at most the width, as far as its words let it.
func column(text string, width int) string {
	var b strings.Builder
	line := 0
	for _, w := range strings.Fields(text) {
		switch {
		case line == 0:
		case line+1+len(w) > width:
			b.WriteByte('\n')
			line = 0
		default:
			b.WriteByte(' ')
			line++
		}
		b.WriteString(w)
		line += len(w)
	}
	return b.String()
}
