package seal

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"postvern.example/proxy/message"
	"postvern.example/proxy/seal/document"
)

// reading is what a program made of a document: its text, where it shows it, and
// the file in it.
type reading struct {
	text string
	file []byte
}

var (
	documentFile = []byte{0, 1, 0xff, 0x80, '\r', '\n', 'a'}
	documentCode = "1234-5678-9012-3456-7890-1234"
)

// documentPeer is a program that opens documents or archives.
type documentPeer struct {
	name    string
	program string
	version []string
	gone    func() string // why it cannot be had; nil: the program decides
	open    func(dir, file, code string) (reading, error)
}

var pdfPeers = []documentPeer{
	{"poppler", "pdftotext", []string{"-v"}, nil, func(dir, file, code string) (reading, error) {
		text, err := try(dir, "", "pdftotext", "-upw", code, file, "-")
		if err == nil {
			_, err = try(dir, "", "pdfdetach", "-upw", code, "-saveall", "-o", dir, file)
		}
		if err != nil {
			return reading{}, err
		}
		attached, err := os.ReadFile(filepath.Join(dir, "løn.bin"))
		return reading{string(text), attached}, err
	}},
	{"qpdf", "qpdf", []string{"--version"}, nil, func(dir, file, code string) (reading, error) {
		if _, err := try(dir, "", "qpdf", "--password="+code, "--check", file); err != nil {
			return reading{}, err
		}
		attached, err := try(dir, "", "qpdf", "--password="+code, "--show-attachment=00000", file)
		return reading{"", attached}, err
	}},
	{"MuPDF", "mutool", []string{"-v"}, nil, func(dir, file, code string) (reading, error) {
		text, err := try(dir, "", "mutool", "draw", "-q", "-p", code, "-F", "txt", file)
		if err != nil {
			return reading{}, err
		}
		attached, err := try(dir, "", "mutool", "show", "-b", "-p", code, file, "trailer/Root/Names/EmbeddedFiles/Names/2/EF/F")
		return reading{string(text), attached}, err
	}},
	{"pdf.js, as in Firefox", "node", []string{"-p", "JSON.parse(require('fs').readFileSync(process.env.POSTVERN_PEERS + '/node_modules/pdfjs-dist/package.json')).version"}, pdfJSGone, func(dir, file, code string) (reading, error) {
		script := filepath.Join(peersFolder(), "open.mjs")
		out, err := try(dir, "", "node", script, file, code)
		if err != nil {
			return reading{}, err
		}
		var said struct {
			Text  string
			Files [][2]string
		}
		if err := json.Unmarshal(out, &said); err != nil || len(said.Files) != 1 || said.Files[0][0] != "løn.bin" {
			return reading{}, fmt.Errorf("%w: %s", errors.Join(err, errors.New("not one file")), out)
		}
		attached, err := base64.StdEncoding.DecodeString(said.Files[0][1])
		return reading{said.Text, attached}, err
	}},
}

// peersFolder is where make interop puts peers that are no Debian packages.
func peersFolder() string { return os.Getenv("POSTVERN_PEERS") }

func pdfJSGone() string {
	if _, err := os.Stat(filepath.Join(peersFolder(), "node_modules/pdfjs-dist")); peersFolder() == "" || err != nil {
		return "pdfjs-dist of npm is not in the folder POSTVERN_PEERS"
	}
	script := `import { readFileSync } from "node:fs";
console.log = () => {}; // what it says of drawing, which is not its task here
const { getDocument } = await import("pdfjs-dist/legacy/build/pdf.mjs");
const [file, code] = process.argv.slice(2);
const pdf = await getDocument({ data: new Uint8Array(readFileSync(file)), password: code, verbosity: 0 }).promise;
const text = [];
for (let n = 1; n <= pdf.numPages; n++) text.push(...(await (await pdf.getPage(n)).getTextContent()).items.map((i) => i.str));
const files = Object.values((await pdf.getAttachments()) || {});
process.stdout.write(JSON.stringify({ text: text.join(" "), files: files.map((f) => [f.filename, Buffer.from(f.content).toString("base64")]) }));
`
	if err := os.WriteFile(filepath.Join(peersFolder(), "open.mjs"), []byte(script), 0o600); err != nil {
		return err.Error()
	}
	return ""
}

// inner takes the file out of the archive in the archive, with a program that
// need not know of encryption.
func inner(dir string, archive []byte, program string, args ...string) (reading, error) {
	name := filepath.Join(dir, "inner.zip")
	if err := os.WriteFile(name, archive, 0o600); err != nil {
		return reading{}, err
	}
	if _, err := try(dir, "", program, append(args, name)...); err != nil {
		return reading{}, err
	}
	names, err := filepath.Glob(filepath.Join(dir, "l*n.bin")) // not every program takes the ø for what it is
	if err != nil || len(names) != 1 {
		return reading{}, fmt.Errorf("%d files: %w", len(names), errors.Join(err, os.ErrNotExist))
	}
	attached, err := os.ReadFile(names[0])
	text, none := os.ReadFile(filepath.Join(dir, "tekst.txt"))
	return reading{string(text), attached}, errors.Join(err, none)
}

var zipPeers = []documentPeer{
	{"7-Zip", "7z", []string{"i"}, nil, func(dir, file, code string) (reading, error) {
		archive, err := try(dir, "", "7z", "x", "-so", "-p"+code, file)
		if err != nil {
			return reading{}, err
		}
		return inner(dir, archive, "7z", "x", "-y")
	}},
	{"libarchive", "bsdtar", []string{"--version"}, nil, func(dir, file, code string) (reading, error) {
		archive, err := try(dir, "", "bsdtar", "--passphrase", code, "-xOf", file, "mail.zip")
		if err != nil {
			return reading{}, err
		}
		return inner(dir, archive, "bsdtar", "-xf")
	}},
	{"7-Zip, then unzip", "unzip", []string{"-v"}, sevenZipGone, func(dir, file, code string) (reading, error) {
		archive, err := try(dir, "", "7z", "x", "-so", "-p"+code, file)
		if err != nil {
			return reading{}, err
		}
		return inner(dir, archive, "unzip", "-q", "-o")
	}},
	{"7-Zip, then minizip", "miniunzip", nil, sevenZipGone, func(dir, file, code string) (reading, error) {
		archive, err := try(dir, "", "7z", "x", "-so", "-p"+code, file)
		if err != nil {
			return reading{}, err
		}
		return inner(dir, archive, "miniunzip", "-o")
	}},
	{"7-Zip, then Python", "python3", []string{"--version"}, sevenZipGone, func(dir, file, code string) (reading, error) {
		archive, err := try(dir, "", "7z", "x", "-so", "-p"+code, file)
		if err != nil {
			return reading{}, err
		}
		return inner(dir, archive, "python3", "-c", "import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); assert z.testzip() is None; z.extractall()")
	}},
}

func sevenZipGone() string {
	if _, err := exec.LookPath("7z"); err != nil {
		return "7z is not installed"
	}
	return ""
}

// documentTables lets the programs open one mail as a document and as an
// archive, with its code and with another.
func documentTables(t *testing.T, doc *strings.Builder) {
	t.Helper()
	raw := "From: anna@forening.example\r\nTo: mette@post.example\r\nSubject: =?utf-8?Q?L=C3=B8n_og_orlov?=\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" +
		"--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nKære Åse, blåbærgrød på øen.\r\n" +
		"--b\r\nContent-Type: application/octet-stream\r\nContent-Disposition: attachment; filename*=utf-8''l%C3%B8n.bin\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
		base64.StdEncoding.EncodeToString(documentFile) + "\r\n--b--\r\n"
	msg, err := message.Parse([]byte(raw), message.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	d := document.Document{
		Mail: msg, Code: documentCode, Plain: Code(documentCode).Plain(),
		Words: document.Words{From: "Fra", To: "Til", Cc: "Kopi", Date: "Dato", Attachments: "Filer", File: "fil", Text: "tekst"},
	}
	for _, kind := range []struct {
		name  string
		begin func(document.Document) (func(io.Writer) error, error)
		peers []documentPeer
	}{{"mail.pdf", document.Document.PDF, pdfPeers}, {"mail.zip", document.Document.ZIP, zipPeers}} {
		var made bytes.Buffer
		write, err := kind.begin(d)
		if err == nil {
			err = write(&made)
		}
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(doc, "\n| `%s` | with its code | with another |\n|---|---|---|\n", kind.name)
		for _, p := range kind.peers {
			documentRow(t, doc, kind.name, made.Bytes(), p)
		}
	}
}

func documentRow(t *testing.T, doc *strings.Builder, name string, made []byte, p documentPeer) {
	t.Helper()
	gone := ""
	if _, err := exec.LookPath(p.program); err != nil {
		gone = p.program + " is not installed"
	} else if p.gone != nil {
		gone = p.gone()
	}
	if gone != "" {
		t.Logf("%s is left out: %s", p.name, gone)
		return
	}
	dir := home(t)
	file := write(t, dir, name, made)
	said := opened
	got, err := p.open(dir, file, documentCode)
	if err != nil || !bytes.Equal(got.file, documentFile) || got.text != "" && !strings.Contains(got.text, "Kære Åse, blåbærgrød på øen.") {
		said = "does not open it"
		t.Errorf("%s with %s: %v %q", name, p.name, err, got)
	}
	other := home(t)
	without := "does not open it"
	if got, err := p.open(other, write(t, other, name, made), "0000-0000-0000-0000-0000-0000"); err == nil {
		without = opened
		t.Errorf("%s opens with %s and another code: %q", name, p.name, got)
	}
	fmt.Fprintf(doc, "| %s%s | %s | %s |\n", p.name, versionOf(t, p.program, p.version), said, without)
}

// versionOf returns the first line that a program says of itself which has a
// number in it.
func versionOf(t *testing.T, program string, args []string) string {
	t.Helper()
	if len(args) == 0 {
		return ""
	}
	out, _ := exec.CommandContext(t.Context(), program, args...).CombinedOutput() // some end with an error
	for line := range strings.SplitSeq(string(out), "\n") {
		if line = strings.TrimSpace(line); strings.ContainsAny(line, "0123456789") {
			return ": " + line
		}
	}
	return ""
}
