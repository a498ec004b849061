package detect_test

import (
	"slices"
	"testing"

	"postvern.example/policy/detect"
)

func TestAReadersOwnDataAreToldOnlyBeyondDoubt(t *testing.T) {
	s := scanner(t)
	mette := detect.Reader{Names: []string{"Mette Sørensen"}}
	for _, c := range []struct {
		kind  detect.Kind
		shape detect.Shape
		text  string
		own   bool
	}{
		{detect.DanishCPR, detect.Prose, "Mette Sørensen, 070761-4285", true},
		{detect.DanishCPR, detect.Prose, "Navn: Mette Sørensen\nCPR: 070761-4285\n", true},
		{detect.DanishCPR, detect.Prose, "METTE SØRENSEN CPR 070761-4285", true},
		{detect.DanishCPR, detect.Prose, "Kære Mette\n\nDit CPR-nummer er 070761-4285.\n", true},
		{detect.DanishCPR, detect.Prose, "Kære Mette Sørensen\n\nVi har dit CPR-nummer som 070761-4285.\n", true},
		{detect.DanishCPR, detect.Prose, "070761-4285", false},
		{detect.DanishCPR, detect.Prose, "CPR 070761-4285\n\nMed venlig hilsen\nMette Sørensen", false},
		{detect.DanishCPR, detect.Prose, "Mette Hansen, CPR 070761-4285", false},
		{detect.DanishCPR, detect.Prose, "Mette Sørensen og Peter Holm, CPR 070761-4285", false},
		{detect.DanishCPR, detect.Prose, "Mette Sørensen, CPR 070761-4285\nPeter Holm, CPR 010190-1234", false},
		{detect.DanishCPR, detect.Prose, "Mette Sørensen\npeter: CPR 070761-4285", false},
		{detect.DanishCPR, detect.Prose, "Kære Mette\n\nDin mands CPR-nummer er 070761-4285.", false},
		{detect.DanishCPR, detect.Prose, "Kære Mette\n\nPeters CPR-nummer er 070761-4285.", false},
		{detect.DanishCPR, detect.Prose, "Kære Mette\n\nHans CPR-nummer er 070761-4285.", false},
		{detect.DanishCPR, detect.Prose, "Kære Mette og Peter\n\nDit CPR-nummer er 070761-4285.", false},
		{detect.DanishCPR, detect.Prose, "Kære Peter\n\nDit CPR-nummer er 070761-4285.", false},
		{detect.DanishCPR, detect.Prose, "Mette Sørensen, ægtefælles CPR 070761-4285", false},
		{detect.DanishCPR, detect.Table, "Navn\tCPR\nMette Sørensen\t070761-4285\n", true},
		{detect.DanishCPR, detect.Table, "Navn\tMette Sørensen\nStilling\tkonsulent\nCPR\t070761-4285\n", true},
		{detect.DanishCPR, detect.Table, "Navn\tCPR\nMette Sørensen\t070761-4285\nPeter Holm\t010190-1234\n", false},
		{detect.DanishCPR, detect.Table, "Navn\tCPR\nPeter Holm\t070761-4285\n", false},
		{detect.Health, detect.Prose, "Kære Mette\n\nDu er sygemeldt fra mandag.", true},
		{detect.Health, detect.Prose, "Mette Sørensen er sygemeldt.", true},
		{detect.Health, detect.Prose, "Kære Mette\n\nDu ved, at hun er sygemeldt.", false},
		{detect.Health, detect.Prose, "Kære Mette\n\nDu spurgte, om Peter Holm er sygemeldt. Peter er sygemeldt.", false},
		{detect.Health, detect.Prose, "Kære Mette\n\nDu er sygemeldt. Karin er også sygemeldt.", false},
		{detect.Health, detect.Prose, "Kære Mette\n\nDin kollega er sygemeldt.", false},
		{detect.Health, detect.Prose, "Hun er sygemeldt.", false},
		{detect.MemberList, detect.Prose, "Medlemmer:\nMette Sørensen mette@post.example\nPeter Holm peter@post.example\nKarin Lund karin@post.example\n", false},
	} {
		segs := []detect.Segment{{Place: detect.Place{{Kind: detect.InBody, Label: "text"}}, Shape: c.shape, Text: c.text}}
		found, own := false, true
		for _, f := range s.ScanFor(segs, nil, mette) {
			if f.Kind == c.kind {
				found, own = true, own && slices.Contains(f.Evidence, detect.EvidenceOwnData)
			}
		}
		if !found || own != c.own {
			t.Errorf("%q: found %v, own %v", c.text, found, own)
		}
		for _, f := range s.Scan(segs, nil) {
			if slices.Contains(f.Evidence, detect.EvidenceOwnData) {
				t.Errorf("%q: own without a reader", c.text)
			}
		}
	}
	for _, name := range []string{"", "Mette", "mette@post.example"} {
		for _, f := range s.ScanFor(prose("Mette, CPR 070761-4285"), nil, detect.Reader{Names: []string{name}}) {
			if slices.Contains(f.Evidence, detect.EvidenceOwnData) {
				t.Errorf("%q is name enough", name)
			}
		}
	}
}
