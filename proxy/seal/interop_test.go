package seal

import (
	"bytes"
	"context"
	"crypto"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/packet"

	"postvern.example/internal/octets"
	"postvern.example/proxy/seal/cms"
)

var interop = flag.Bool("interop", false, "try every kind of key, and write docs/interoperability.md")

// peer is a program that readers have.
type peer struct {
	name    string
	program string
	version []string // arguments; the first line tells it
	open    func(t *testing.T, dir, secret, sealed string) ([]byte, error)
}

// try runs a program in a home of its own.
func try(dir string, stdin string, name string, args ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	c := exec.CommandContext(ctx, name, args...)
	c.Dir, c.Stdin = dir, strings.NewReader(stdin)
	c.Env = append(os.Environ(), "GNUPGHOME="+dir, "HOME="+dir, "LC_ALL=C.UTF-8")
	return c.Output()
}

var openPGPPeers = []peer{
	{"GnuPG", "gpg", []string{"--version"}, func(_ *testing.T, dir, secret, sealed string) ([]byte, error) {
		if _, err := try(dir, "", "gpg", "--batch", "--import", secret); err != nil {
			return nil, err
		}
		return try(dir, "", "gpg", "--batch", "--pinentry-mode", "loopback", "--passphrase", "", "--decrypt", sealed)
	}},
	{"Sequoia (sq)", "sq", []string{"--version"}, func(_ *testing.T, dir, secret, sealed string) ([]byte, error) {
		return try(dir, "", "sq", "decrypt", "--recipient-key", secret, sealed)
	}},
	{"RNP", "rnp", []string{"--version"}, func(_ *testing.T, dir, secret, sealed string) ([]byte, error) {
		if _, err := try(dir, "", "rnpkeys", "--homedir", dir, "--import", secret); err != nil {
			return nil, err
		}
		return try(dir, "", "rnp", "--homedir", dir, "--notty", "--decrypt", sealed, "--output", "-")
	}},
	{"Thunderbird's own RNP", "python3", []string{"testdata/librnp.py", librnp()}, func(t *testing.T, dir, secret, sealed string) ([]byte, error) {
		script, err := filepath.Abs("testdata/librnp.py")
		if err != nil {
			t.Fatal(err)
		}
		return try(dir, "", "python3", script, librnp(), secret, sealed)
	}},
	{"GnuPG 1", "gpg1", []string{"--version"}, func(_ *testing.T, dir, secret, sealed string) ([]byte, error) {
		if _, err := try(dir, "", "gpg1", "--batch", "--import", secret); err != nil {
			return nil, err
		}
		return try(dir, "", "gpg1", "--batch", "--decrypt", sealed)
	}},
}

// librnp returns Thunderbird's library, where it is installed or make interop
// has unpacked it.
func librnp() string {
	for _, root := range []string{peersFolder(), "/"} {
		file := filepath.Join(root, "usr/lib/thunderbird/librnp.so")
		if _, err := os.Stat(file); root != "" && err == nil {
			return file
		}
	}
	return ""
}

// gone says why a peer cannot be had; empty: it can.
func (p peer) gone() string {
	if _, err := exec.LookPath(p.program); err != nil {
		return p.program + " is not installed"
	}
	if p.program == "python3" && librnp() == "" {
		return "neither is Thunderbird installed, nor its package in the folder POSTVERN_PEERS"
	}
	return ""
}

// has reports whether a peer has to open keys of a kind that all do: GnuPG 1
// knows RSA only.
func (p peer) has(kind string) bool { return p.program != "gpg1" || strings.HasPrefix(kind, "RSA") }

var smimePeers = []peer{
	{"OpenSSL", "openssl", []string{"version"}, func(_ *testing.T, dir, secret, sealed string) ([]byte, error) {
		return try(dir, "", "openssl", "cms", "-decrypt", "-inform", "DER", "-in", sealed, "-inkey", secret)
	}},
	{"GnuPG (gpgsm)", "gpgsm", []string{"--version"}, func(_ *testing.T, dir, secret, sealed string) ([]byte, error) {
		if err := os.WriteFile(filepath.Join(dir, "gpgsm.conf"), []byte("disable-crl-checks\ndisable-dirmngr\n"), 0o600); err != nil {
			return nil, err
		}
		bag := filepath.Join(dir, "k.p12")
		if _, err := try(dir, "", "openssl", "pkcs12", "-export", "-legacy", "-in", secret, "-passout", "pass:x", "-out", bag); err != nil {
			return nil, err
		}
		ask := []string{"--batch", "--pinentry-mode", "loopback", "--passphrase-fd", "0"}
		// It gives up on the agent that it starts where the machine is busy.
		if _, err := try(dir, "", "gpgconf", "--launch", "gpg-agent"); err != nil {
			return nil, err
		}
		if _, err := try(dir, "x", "gpgsm", append(ask, "--import", bag)...); err != nil {
			return nil, err
		}
		return try(dir, "x", "gpgsm", append(ask, "--decrypt", sealed)...)
	}},
}

// pgpKind is a kind of OpenPGP key; everybody says that all programs of
// Debian's stable release open it.
type pgpKind struct {
	name      string
	config    packet.Config
	everybody bool
	slow      bool
}

func pgpKinds() []pgpKind {
	rsaOf := func(bits int) packet.Config { return packet.Config{Algorithm: packet.PubKeyAlgoRSA, RSABits: bits} }
	return []pgpKind{
		{"RSA 2048", rsaOf(2048), true, false},
		{"RSA 3072", rsaOf(3072), true, true},
		{"RSA 4096", rsaOf(4096), true, true},
		{"Curve25519 (v4)", packet.Config{Algorithm: packet.PubKeyAlgoEdDSA, Curve: packet.Curve25519}, true, false},
		{"NIST P-256", packet.Config{Algorithm: packet.PubKeyAlgoECDSA, Curve: packet.CurveNistP256}, true, false},
		{"NIST P-384", packet.Config{Algorithm: packet.PubKeyAlgoECDSA, Curve: packet.CurveNistP384}, true, false},
		{"NIST P-521", packet.Config{Algorithm: packet.PubKeyAlgoECDSA, Curve: packet.CurveNistP521}, true, true},
		{"Brainpool P-256", packet.Config{Algorithm: packet.PubKeyAlgoECDSA, Curve: packet.CurveBrainpoolP256}, false, true},
		{"Brainpool P-384", packet.Config{Algorithm: packet.PubKeyAlgoECDSA, Curve: packet.CurveBrainpoolP384}, false, true},
		{"Brainpool P-512", packet.Config{Algorithm: packet.PubKeyAlgoECDSA, Curve: packet.CurveBrainpoolP512}, false, true},
		{"X25519 (v4, RFC 9580)", packet.Config{Algorithm: packet.PubKeyAlgoEd25519}, false, true},
		{"X448 (v4, RFC 9580)", packet.Config{Algorithm: packet.PubKeyAlgoEd448}, false, true},
		{"X25519 (v6, RFC 9580)", packet.Config{Algorithm: packet.PubKeyAlgoEd25519, V6Keys: true}, false, true},
		{"X448 (v6, RFC 9580)", packet.Config{Algorithm: packet.PubKeyAlgoEd448, V6Keys: true}, false, true},
	}
}

// home is a folder with a path short enough for an agent's socket.
func home(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "pv")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = exec.CommandContext(context.Background(), "gpgconf", "--homedir", dir, "--kill", "all").Run()
		_ = os.RemoveAll(dir)
	})
	return dir
}

func write(t *testing.T, dir, name string, content []byte) string {
	t.Helper()
	file := filepath.Join(dir, name)
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// saw says what a program made of a copy.
func saw(plain []byte, err error) string {
	head, body, _ := strings.Cut(string(plain), "\r\n\r\n")
	switch {
	case err != nil:
		return "does not open it"
	case strings.TrimRight(body, "0\r\n") != strings.TrimRight(interopBody, "\r\n") || !strings.Contains(head, "Subject: =?utf-8?Q?Din_sygemelding_og_l=C3=B8n?=\r\n"):
		return "opens it, and shows something else"
	}
	return "opens it"
}

const opened = "opens it"

// interopBody has an attachment, and letters in it and its name.
const interopBody = "--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nKære Åse, blåbærgrød på øen.\r\n" +
	"--b\r\nContent-Type: application/octet-stream\r\nContent-Disposition: attachment; filename*=utf-8''l%C3%B8nseddel.bin\r\n" +
	"Content-Transfer-Encoding: base64\r\n\r\nAAH/gA0KCg==\r\n--b--\r\n"

func interopMail(reader string) Sealing {
	return Sealing{Reader: reader, OuterSubject: "TR – fortroligt", Raw: octets.Hold([]byte("From: anna@forening.example\r\nTo: " + reader +
		"\r\nSubject: =?utf-8?Q?Din_sygemelding_og_l=C3=B8n?=\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" + interopBody))}
}

func TestReadersProgramsOpenWhatIsSealed(t *testing.T) {
	var doc strings.Builder
	doc.WriteString("# Interoperability\n\n`make interop` writes this page. It seals one mail, with an attachment and æ, ø and å, to a key of each kind, and lets the programs\n" +
		"that Debian has open it; Thunderbird is there by the library in its package, and pdf.js comes from npm. *Opens it* means that the subject and every octet of text and\n" +
		"attachment came out.\n\n## OpenPGP\n\n")
	table(t, &doc, openPGPPeers, func(row func(name string, cells func(p peer) (string, bool))) {
		for _, kind := range pgpKinds() {
			if kind.slow && !*interop {
				continue
			}
			kind.config.Time = func() time.Time { return time.Now().Add(-time.Hour) }
			e, err := openpgp.NewEntity("Åse", "", "anna@member.example", &kind.config)
			if err != nil {
				t.Fatal(err)
			}
			k, err := load(t, map[string][]byte{"a.gpg": public(t, e)})
			if err != nil {
				t.Fatal(err)
			}
			mailed := sealed(t, k, interopMail("anna@member.example"))
			var secret bytes.Buffer
			if err := e.SerializePrivateWithoutSigning(&secret, nil); err != nil {
				t.Fatal(err)
			}
			row(kind.name, func(p peer) (string, bool) {
				dir := home(t)
				return saw(p.open(t, dir, write(t, dir, "secret.pgp", secret.Bytes()), write(t, dir, "copy.asc", []byte(armorOf(t, mailed))))), kind.everybody && p.has(kind.name)
			})
		}
	})
	doc.WriteString("\nThe last kinds are for programs of RFC 9580, which those above are not yet: their owners have one that opens them. GnuPG 1 knows RSA alone. RSA below 2048 bits, DSA and ElGamal\n" +
		"are refused, and so are keys whose own signatures use SHA-1 or MD5: `postvern keys list` says why.\n\n## S/MIME\n\n")
	table(t, &doc, smimePeers, smimeRows(t))
	doc.WriteString("\nGnuPG 2.2 neither imports keys on curves from PKCS #12 files nor opens GCM. RSA below 2048 bits, other curves, and certificates that were signed with SHA-1 or\n" +
		"MD5 are refused: `postvern certificates list` says why.\n\n## Documents and archives\n\nA mail with an attachment, whose text and file have to come out. An archive holds another one, which every program opens: the outer one is AES-256 (AE-2), which 7-Zip,\n" +
		"WinZip and libarchive know, and Windows' own and Info-ZIP's programs do not.\n")
	documentTables(t, &doc)
	if *interop {
		if err := os.WriteFile("../../docs/interoperability.md", []byte(doc.String()), 0o644); err != nil { //nolint:gosec // a document
			t.Fatal(err)
		}
	}
}

// table writes a row for each kind of key and a column for each program that is
// installed; what every program opens has to be opened.
func table(t *testing.T, doc *strings.Builder, peers []peer, rows func(row func(name string, cells func(p peer) (string, bool)))) {
	t.Helper()
	var here []peer
	doc.WriteString("| key |")
	for _, p := range peers {
		if gone := p.gone(); gone != "" {
			t.Logf("%s is left out: %s", p.name, gone)
			continue
		}
		here = append(here, p)
		fmt.Fprintf(doc, " %s%s |", p.name, versionOf(t, p.program, p.version))
	}
	doc.WriteString("\n|---|" + strings.Repeat("---|", len(here)) + "\n")
	rows(func(name string, cells func(p peer) (string, bool)) {
		doc.WriteString("| " + name + " |")
		for _, p := range here {
			what, must := cells(p)
			if must && what != opened {
				t.Errorf("%s: %s %s", name, p.name, what)
			}
			doc.WriteString(" " + what + " |")
		}
		doc.WriteString("\n")
	})
}

func smimeRows(t *testing.T) func(row func(name string, cells func(p peer) (string, bool))) {
	return func(row func(name string, cells func(p peer) (string, bool))) {
		for _, kind := range []string{"RSA 2048", "RSA 4096", "NIST P-256", "NIST P-384", "NIST P-521"} {
			var key crypto.Signer
			var err error
			switch kind {
			case "RSA 2048":
				key = smimeRSA()
			case "RSA 4096":
				if !*interop {
					continue
				}
				key, err = rsa.GenerateKey(rand.Reader, 4096)
			case "NIST P-256":
				key = ecKey(t, elliptic.P256())
			case "NIST P-384":
				key = ecKey(t, elliptic.P384())
			default:
				key = ecKey(t, elliptic.P521())
			}
			if err != nil {
				t.Fatal(err)
			}
			x := issue(t, template(), key, nil, nil)
			private, err := x509.MarshalPKCS8PrivateKey(key)
			if err != nil {
				t.Fatal(err)
			}
			secret := append(pemOf("PRIVATE KEY", private), pemOf("CERTIFICATE", x.Raw)...)
			for _, cipher := range cms.Ciphers() {
				c := mustCertificates(t, CertificateConfig{Cipher: cipher}, map[string][]byte{"m.cer": x.Raw})
				mailed, err := c.Seal(interopMail("mette@post.example"), certificateNow)
				if err != nil {
					t.Fatal(err)
				}
				_, body, _ := strings.Cut(string(mailed), "\r\n\r\n")
				der, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(body, "\r\n", ""))
				if err != nil {
					t.Fatal(err)
				}
				row(kind+", "+string(cipher), func(p peer) (string, bool) {
					dir := home(t)
					must := p.program == "openssl" || cipher == cms.CBC && strings.HasPrefix(kind, "RSA")
					return saw(p.open(t, dir, write(t, dir, "secret.pem", secret), write(t, dir, "smime.p7m", der))), must
				})
			}
		}
	}
}
