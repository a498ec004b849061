package extract

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"postvern.example/policy/detect"
)

// opened are the files of protectedBy that a password of the message opens.
var opened = []string{
	"aes.zip", "aes128.zip", "crypto.zip", "infozip.zip", "a.7z", "names.7z", "rc4-40-kode.pdf", "rc4-128-kode.pdf", "aes-128-kode.pdf", "r5-kode.pdf", "r6-kode.pdf",
	"o.docx", "o.xlsx", "o.pptx", "o.doc", "o.xls", "o.odt", "o.ods", "o.odp", "o-1.1.odt",
}

func TestAPasswordOfTheMessageIsTriedOnItsFiles(t *testing.T) {
	dir := t.TempDir()
	made := protectedBy(t, dir)
	x := withWorkers(t, Config{})
	tried := 0
	for _, name := range opened {
		if _, ok := made[name]; !ok {
			continue // the program that makes it is not installed, or the evaluation is not run
		}
		tried++
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		mail := attached("application/octet-stream", "bilag", data)
		with := strings.Replace(mail, "Se bilag", "Se bilag. Adgangskode: kode", 1)
		res := x.Text(context.Background(), read(t, with))
		if f, ok := res.finding(detect.FilePassword); !ok || f.Confidence != detect.Certain || f.Evidence[0] != detect.EvidenceOpens {
			t.Errorf("%s: the password is not told to open it\n%s", name, res.dump())
		}
		if _, ok := res.finding(detect.Protected); !ok {
			t.Errorf("%s: is no longer told to be protected", name)
		}
		if !res.holds("070761-4285") && !res.holds("010203-1234") && !res.holds("0102031234") {
			t.Errorf("%s: is not read\n%s", name, res.dump())
		}
		for _, other := range []string{mail, strings.Replace(mail, "Se bilag", "Adgangskode: Sommer2026", 1)} {
			res = x.Text(context.Background(), read(t, other))
			if _, ok := res.finding(detect.FilePassword); ok || res.holds("070761-4285") {
				t.Errorf("%s: opens without its password\n%s", name, res.dump())
			}
			if _, ok := res.finding(detect.Protected); !ok {
				t.Errorf("%s: is not told to be protected", name)
			}
		}
	}
	t.Logf("%d files opened with the password beside them", tried)
}

func TestAnOwnersPasswordOpensAPDFToo(t *testing.T) {
	dir := t.TempDir()
	made := protectedBy(t, dir)
	for _, name := range opened {
		if _, ok := made[name]; !ok || filepath.Ext(name) != ".pdf" {
			continue
		}
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		res := extracted(t, strings.Replace(attached("application/pdf", "bilag", data), "Se bilag", "Adgangskode: ejer", 1))
		if _, ok := res.finding(detect.FilePassword); !ok || !res.holds("010203-1234") {
			t.Errorf("%s\n%s", name, res.dump())
		}
	}
}

func TestAPasswordIsTriedInsideOtherFilesToo(t *testing.T) {
	dir := t.TempDir()
	made := protectedBy(t, dir)
	if _, ok := made["aes.zip"]; !ok {
		t.Skip("7z is not installed")
	}
	data, err := os.ReadFile(filepath.Join(dir, "aes.zip"))
	if err != nil {
		t.Fatal(err)
	}
	outer := attached("application/zip", "ydre.zip", zipOf(t, "indre.zip", string(data)))
	res := New(Config{}).Text(context.Background(), read(t, strings.Replace(outer, "Se bilag", "Hej\n\nkode\n\nAnna", 1)))
	if f, ok := res.finding(detect.FilePassword); !ok || !res.holds("070761-4285") {
		t.Errorf("%v\n%s", f, res.dump())
	}
}
