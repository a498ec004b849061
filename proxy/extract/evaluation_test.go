package extract

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"postvern.example/policy/detect"
)

// share counts how often something holds.
type share struct{ n, of int }

func (s *share) add(holds bool) {
	s.of++
	if holds {
		s.n++
	}
}

func (s *share) percent() float64 { return 100 * float64(s.n) / float64(max(1, s.of)) }

func (s *share) String() string { return fmt.Sprintf("%5.1f %% of %d", s.percent(), s.of) }

// outcome is what an evaluation of documents found.
type outcome struct {
	planted, other map[detect.Kind]*[4]int // documents with a kind and without it, by the confidence it was found with
	values         map[string]*share       // planted values that stand in the text, by format
	words          map[string]*share       // words of the same page as PDF that stand in the text, by format
	documents      int
	protected      []string // documents without a password that are told to have one
	unread         []string
	missed         []string
	wrong          []string
}

func (o *outcome) document(t *testing.T, x *Extractor, scanner *detect.Scanner, p *paper, file, format string, tableOnly bool, reference map[string]bool) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	o.documents++
	res := x.Text(context.Background(), read(t, attached("application/octet-stream", "bilag", data)))
	for _, f := range res.Findings {
		if f.Kind == detect.Protected {
			o.protected = append(o.protected, filepath.Base(file))
		} else {
			o.unread = append(o.unread, fmt.Sprintf("%s %v", filepath.Base(file), f))
		}
	}
	var text strings.Builder
	for _, s := range res.Segments {
		text.WriteString(s.Text + "\n")
	}
	found := map[detect.Kind]detect.Confidence{}
	for _, f := range scanner.Scan(res.Segments, nil) {
		found[f.Kind] = max(found[f.Kind], f.Confidence)
	}
	planted := p.planted(tableOnly)
	squeezed := strings.Join(strings.Fields(clean(text.String())), " ")
	for _, k := range detect.Kinds() {
		set := o.other
		if values := planted[k]; len(values) > 0 {
			set = o.planted
			for _, v := range values {
				if k == detect.MemberList {
					break // no value
				}
				holds := strings.Contains(squeezed, strings.Join(strings.Fields(clean(v)), " "))
				counter(o.values, format).add(holds)
				if !holds {
					o.missed = append(o.missed, filepath.Base(file)+": a value of "+string(k)+" is not in the text")
				}
			}
			if found[k] < detect.Likely {
				o.missed = append(o.missed, fmt.Sprintf("%s: %s is %s", filepath.Base(file), k, found[k]))
			}
		} else if found[k] > detect.Possible {
			o.wrong = append(o.wrong, fmt.Sprintf("%s: %s is %s", filepath.Base(file), k, found[k]))
		}
		if set[k] == nil {
			set[k] = &[4]int{}
		}
		set[k][found[k]]++
	}
	words := wordsOf(text.String())
	for w := range reference {
		counter(o.words, format).add(words[w])
	}
}

func counter(m map[string]*share, key string) *share {
	if m[key] == nil {
		m[key] = &share{}
	}
	return m[key]
}

// print says for each kind and confidence in which share of the documents with
// it it was found, and which share of those where it was found have it.
func (o *outcome) print(t *testing.T) {
	t.Helper()
	t.Logf("%d documents", o.documents)
	for _, k := range detect.Kinds() {
		in := o.planted[k]
		if in == nil {
			continue
		}
		out := o.other[k]
		if out == nil {
			out = &[4]int{}
		}
		for _, at := range []detect.Confidence{detect.Possible, detect.Likely, detect.Certain} {
			right, wrong, all := 0, 0, 0
			for c := detect.Confidence(0); c <= detect.Certain; c++ {
				all += in[c]
				if c >= at {
					right += in[c]
					wrong += out[c]
				}
			}
			t.Logf("%-18s %-8s recall %5.1f %%  precision %5.1f %%  (%d with it)", k, at, 100*float64(right)/float64(max(1, all)), 100*float64(right)/float64(max(1, right+wrong)), all)
		}
	}
	for _, m := range []struct {
		what string
		of   map[string]*share
	}{{"planted values in the text", o.values}, {"words against pdftotext", o.words}} {
		for _, format := range slices.Sorted(maps.Keys(m.of)) {
			t.Logf("%-26s %-18s %v", m.what, format, m.of[format])
		}
	}
	t.Logf("falsely told to be protected: %d; unscannable: %d", len(o.protected), len(o.unread))
	t.Logf("missed: %s", strings.Join(o.missed[:min(len(o.missed), 40)], "\n"))
	t.Logf("found where nothing is planted: %s", strings.Join(o.wrong[:min(len(o.wrong), 40)], "\n"))
}

// whole reports whether `make eval` runs the evaluation, with every program;
// otherwise a small one runs with those that are installed.
func whole() bool { return os.Getenv("POSTVERN_EVAL") != "" }

func TestEvaluationOfDocuments(t *testing.T) {
	dir := t.TempDir()
	all := papers(3)
	if whole() {
		all = papers(12)
	}
	write(t, dir, all, whole())
	scanner, err := detect.NewScanner(detect.Config{})
	if err != nil {
		t.Fatal(err)
	}
	o := &outcome{
		planted: map[detect.Kind]*[4]int{}, other: map[detect.Kind]*[4]int{},
		values: map[string]*share{}, words: map[string]*share{},
	}
	x, own := withWorkers(t, Config{}), withWorkers(t, Config{PDFToText: "none"})
	for _, p := range all {
		files, err := filepath.Glob(filepath.Join(dir, p.ID+"-*"))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			o.document(t, x, scanner, p, f, strings.TrimPrefix(filepath.Base(f), p.ID+"-"), false, nil)
		}
		if !whole() {
			continue
		}
		for ext, formats := range formatsOf {
			reference := pdfWords(t, filepath.Join(dir, ext+"-pdf", p.ID+".pdf"))
			for _, to := range formats {
				file := filepath.Join(dir, ext+"-"+to, p.ID+"."+to)
				format := ext + " as " + to
				tableOnly := to == "csv"
				if tableOnly {
					o.document(t, x, scanner, p, file, format, true, nil)
					continue
				}
				o.document(t, x, scanner, p, file, format, false, reference)
				if to == "pdf" {
					o.document(t, own, scanner, p, file, format+", built-in reader", false, reference)
				}
			}
		}
	}
	o.print(t)
	if o.documents < len(all) || whole() && o.documents < 200 {
		t.Errorf("only %d documents were written", o.documents)
	}
	if len(o.protected) > 0 || len(o.unread) > 0 {
		t.Errorf("read in part or not at all: %s %s", o.protected, o.unread)
	}
	for format, s := range o.values {
		if s.percent() < 99 {
			t.Errorf("%s: %v of the planted values are in the text", format, s)
		}
	}
	for format, s := range o.words {
		if s.percent() < 90 {
			t.Errorf("%s: %v of the words are read", format, s)
		}
	}
	for k, in := range o.planted {
		if sum := in[0] + in[1] + in[2] + in[3]; 100*(in[2]+in[3]) < 95*sum {
			t.Errorf("%s: found in %d of %d documents", k, in[2]+in[3], sum)
		}
	}
}

// protectedBy tells, for each file under a password, with what strength.
func protectedBy(t *testing.T, dir string) map[string]detect.Evidence {
	t.Helper()
	source := filepath.Join(dir, "lønseddel.txt")
	if err := os.WriteFile(source, []byte("CPR-nummer 070761-4285\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	abs, err := filepath.Abs("testdata/documents")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]detect.Evidence{}
	made := func(name string, strength detect.Evidence, program string, args ...string) {
		if run(t, whole(), dir, program, args...) {
			want[name] = strength
		}
	}
	made("aes.zip", strengthStrong, "7z", "a", "-tzip", "-mem=AES256", "-pkode", "aes.zip", source)
	made("aes128.zip", strengthStrong, "7z", "a", "-tzip", "-mem=AES128", "-pkode", "aes128.zip", source)
	made("crypto.zip", strengthWeak, "7z", "a", "-tzip", "-mem=ZipCrypto", "-pkode", "crypto.zip", source)
	made("a.7z", strengthStrong, "7z", "a", "-pkode", "a.7z", source)
	made("names.7z", strengthStrong, "7z", "a", "-pkode", "-mhe=on", "names.7z", source)
	made("infozip.zip", strengthWeak, "zip", "-q", "-P", "kode", "infozip.zip", source)
	made("open.zip", "", "7z", "a", "-tzip", "open.zip", source)
	for name, c := range map[string]struct {
		strength detect.Evidence
		how      []string
	}{
		"rc4-40":  {strengthWeak, []string{"40"}},
		"rc4-128": {strengthWeak, []string{"128", "--use-aes=n"}},
		"aes-128": {strengthStrong, []string{"128", "--use-aes=y"}},
		"r6":      {strengthStrong, []string{"256"}},
		"r5":      {strengthStrong, []string{"256", "--force-R5"}},
	} {
		for user, strength := range map[string]detect.Evidence{"kode": c.strength, "": ""} {
			file := name + "-" + user + ".pdf"
			args := append(append([]string{"--allow-weak-crypto", "--encrypt", user, "ejer"}, c.how...), "--", filepath.Join(abs, "brev.pdf"), file)
			made(file, strength, "qpdf", args...)
		}
	}
	made("a.gpg", strengthStrong, "gpg", "--homedir", dir, "--batch", "--passphrase", "kode", "--pinentry-mode", "loopback", "-o", "a.gpg", "-c", source)
	made("a.asc", strengthStrong, "gpg", "--homedir", dir, "--batch", "--passphrase", "kode", "--pinentry-mode", "loopback", "--armor", "-o", "a.asc", "-c", source)
	run(t, whole(), dir, "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", "-out", "cert.pem", "-subj", "/CN=Anna Holm", "-days", "3000")
	made("enveloped.p7m", strengthStrong, "openssl", "cms", "-encrypt", "-aes256", "-in", source, "-outform", "DER", "-out", "enveloped.p7m", "cert.pem")
	made("signed.p7m", "", "openssl", "cms", "-sign", "-nodetach", "-in", source, "-signer", "cert.pem", "-inkey", "key.pem", "-outform", "DER", "-out", "signed.p7m")
	if whole() {
		byOffice(t, dir, abs, want)
	}
	return want
}

// byOffice has LibreOffice protect documents.
func byOffice(t *testing.T, dir, documents string, want map[string]detect.Evidence) {
	t.Helper()
	text, sheet, slides := filepath.Join(documents, "source", "brev.fodt"), filepath.Join(documents, "source", "liste.fods"), filepath.Join(documents, "source", "oplaeg.fodp")
	script, err := filepath.Abs("testdata/eval/protect.py")
	if err != nil {
		t.Fatal(err)
	}
	args := []string{script}
	for name, c := range map[string]struct {
		source, filter, password string
		strength                 detect.Evidence
	}{
		"o.docx":       {text, "MS Word 2007 XML", "kode", strengthStrong},
		"o.doc":        {text, "MS Word 97", "kode", strengthWeak},
		"o.odt":        {text, "writer8", "kode", strengthStrong},
		"o-1.1.odt":    {text, "writer8", "kode", strengthStrong},
		"o.xlsx":       {sheet, "Calc MS Excel 2007 XML", "kode", strengthStrong},
		"o.xls":        {sheet, "MS Excel 97", "kode", strengthWeak},
		"o.ods":        {sheet, "calc8", "kode", strengthStrong},
		"o.pptx":       {slides, "Impress MS PowerPoint 2007 XML", "kode", strengthStrong},
		"o.odp":        {slides, "impress8", "kode", strengthStrong},
		"default.xlsx": {sheet, "Calc MS Excel 2007 XML", defaultPassword, ""},
		"default.xls":  {sheet, "MS Excel 97", defaultPassword, ""},
	} {
		args = append(args, c.source, c.filter, c.password, filepath.Join(dir, name))
		want[name] = c.strength
	}
	run(t, true, dir, python(), args...)
}

func TestEvaluationOfWhatAPasswordProtects(t *testing.T) {
	dir := t.TempDir()
	want := protectedBy(t, dir)
	told, falsely := &share{}, &share{}
	x := withWorkers(t, Config{})
	for _, name := range slices.Sorted(maps.Keys(want)) {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		res := x.Text(context.Background(), read(t, attached("application/octet-stream", "bilag", data)))
		f, ok := res.finding(detect.Protected)
		if want[name] == "" {
			falsely.add(ok)
			if ok || !res.holds("070761-4285") && !res.holds("010203-1234") && !res.holds("0102031234") {
				t.Errorf("%s: is no longer read\n%s", name, res.dump())
			}
			continue
		}
		told.add(ok)
		if !ok || !slices.Contains(f.Evidence, want[name]) {
			t.Errorf("%s: want %s\n%s", name, want[name], res.dump())
		}
	}
	t.Logf("told to be protected:         %v", told)
	t.Logf("falsely told to be protected: %v", falsely)
	if whole() && told.of < 20 {
		t.Errorf("only %d files were protected", told.of)
	}
}
