package message

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ProtonMail/gopenpgp/v2/crypto"
)

// encrypted returns an OpenPGP message in binary and armored, CRLF line ends.
func encrypted(t *testing.T, text string) (packets []byte, armored string) {
	t.Helper()
	key, err := crypto.GenerateKey("Anna", "anna@x.example", "x25519", 0)
	if err != nil {
		t.Fatal(err)
	}
	ring, err := crypto.NewKeyRing(key)
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := ring.Encrypt(crypto.NewPlainMessage([]byte(text)), nil)
	if err != nil {
		t.Fatal(err)
	}
	armored, err = sealed.GetArmored()
	if err != nil {
		t.Fatal(err)
	}
	return sealed.GetBinary(), strings.ReplaceAll(strings.TrimSpace(armored), "\n", "\r\n") + "\r\n"
}

func pgpMIME(version, armored string) string {
	return crlf("From: a@x.example\nMIME-Version: 1.0\nContent-Type: multipart/encrypted;\n"+
		" protocol=\"application/pgp-encrypted\"; boundary=b\n\n"+
		"This is an OpenPGP/MIME encrypted message (RFC 4880 and 3156)\n"+
		"--b\nContent-Type: application/pgp-encrypted\n\n"+version+"\n\n"+
		"--b\nContent-Type: application/octet-stream; name=\"encrypted.asc\"\n\n") + armored + crlf("\n--b--\n")
}

func TestAMessageIsSealedOnlyWhereItsPacketsAre(t *testing.T) {
	packets, armored := encrypted(t, strings.Repeat("hemmeligt ", 200))
	lines := strings.SplitN(armored, "\r\n\r\n", 2)
	bare := "-----BEGIN PGP MESSAGE-----\r\n\r\n" + lines[1]
	commented := "-----BEGIN PGP MESSAGE-----\r\nComment: 311299-1234 is ill\r\n\r\n" + lines[1]
	fake := armor(append(append([]byte{}, packets[:len(packets)/3]...), "clear text"...))
	clear := armor(clearAfterHeader(packets))
	literal := armor([]byte("\xcb\x0ct\x00\x00\x00\x00\x00secret"))
	good := pgpMIME("Version: 1", armored)
	plain := func(body string) string {
		return "From: a@x.example\r\nContent-Type: text/plain\r\n\r\n" + body
	}
	tests := []struct {
		name, raw string
		want      Sealing
	}{
		{"PGP/MIME", good, PGPMIME},
		{"PGP/MIME without armor headers", pgpMIME("Version: 1", bare), PGPMIME},
		{"clear text for a message", pgpMIME("Version: 1", "hemmeligt\r\n"), NotSealed},
		{"armored clear text", pgpMIME("Version: 1", armor([]byte("hemmeligt"))), NotSealed},
		{"armored literal packet", pgpMIME("Version: 1", literal), NotSealed},
		{"clear text in an encrypted packet", pgpMIME("Version: 1", clear), NotSealed},
		{"clear text after cut packets", pgpMIME("Version: 1", fake), NotSealed},
		{"clear text in an armor header", pgpMIME("Version: 1", commented), NotSealed},
		{"clear text before the armor", pgpMIME("Version: 1", "hemmeligt\r\n"+armored), NotSealed},
		{"clear text after the armor", pgpMIME("Version: 1", armored+"hemmeligt\r\n"), NotSealed},
		{"two messages", pgpMIME("Version: 1", armored+armored), NotSealed},
		{"wrong checksum", pgpMIME("Version: 1", strings.Replace(armored, "\r\n=", "\r\n=A", 1)), NotSealed},
		{"other version", pgpMIME("Version: 2 and 311299-1234", armored), NotSealed},
		{"clear text in the preamble", strings.Replace(good, "This is an", "hemmeligt", 1), NotSealed},
		{"clear text in the epilogue", good + "hemmeligt\r\n", NotSealed},
		{"a third part", strings.Replace(good, "--b--", "--b\r\n\r\nhemmeligt\r\n--b--", 1), NotSealed},
		{"wrong protocol", strings.Replace(good, `"application/pgp-encrypted"`, `"x"`, 1), NotSealed},
		{"a defect", strings.Replace(good, "MIME-Version", "Broken line\r\nMIME-Version", 1), NotSealed},
		{"inline", plain("\r\n" + armored + "\r\n"), PGPInline},
		{"inline with words before it", plain("Hej\r\n" + armored), NotSealed},
		{"inline with words after it", plain(armored + "-- \r\nAnna\r\n"), NotSealed},
		{"inline with a sealed file", inlineMixed(armored, base64.StdEncoding.EncodeToString(packets)), PGPInline},
		{"inline with a clear file", inlineMixed(armored, base64.StdEncoding.EncodeToString([]byte("hemmeligt"))), NotSealed},
		{"plain mail", plain("Hej\r\n"), NotSealed},
	}
	for _, test := range tests {
		if got := read(t, test.raw).Sealed(); got != test.want {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
}

func armor(packets []byte) string {
	return "-----BEGIN PGP MESSAGE-----\r\n\r\n" + string(encodeBase64(packets)) + "=" + checksum(packets) + "\r\n-----END PGP MESSAGE-----\r\n"
}

// clearAfterHeader keeps the session key and puts readable text where the
// ciphertext was.
func clearAfterHeader(packets []byte) []byte {
	_, _, rest, _ := nextPacket(packets)
	key := packets[:len(packets)-len(rest)]
	text := "\x01" + strings.Repeat("hemmeligt ", 15)
	return append(append([]byte{}, key...), append([]byte{0xd2, byte(len(text))}, text...)...)
}

func inlineMixed(armored, file string) string {
	return "From: a@x.example\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n" + armored +
		"\r\n--b\r\nContent-Type: application/octet-stream; name=x.gpg\r\nContent-Transfer-Encoding: base64\r\n\r\n" + file + "\r\n--b--\r\n"
}

func TestPacketLengthsOfEveryFormAreRead(t *testing.T) {
	random := func(n int) []byte {
		b := make([]byte, n)
		if _, err := rand.Read(b); err != nil {
			t.Fatal(err)
		}
		return b
	}
	session := append([]byte{0x84, 12, 3}, random(11)...) // legacy format, one octet of length
	short := append(append([]byte{0xd2, 101}, 1), random(100)...)
	two := append(append([]byte{0xd2, 192 + 0, 9}, 1), random(200)...)
	five := append(append([]byte{0xd2, 255, 0, 0, 1, 1}, 1), random(256)...)
	partial := append(append([]byte{0xd2, 224 + 9, 1}, random(511)...), append([]byte{30}, random(30)...)...)
	for name, packet := range map[string][]byte{"one octet": short, "two octets": two, "five octets": five, "partial": partial} {
		whole := append(append([]byte{}, session...), packet...)
		if !encryptedPackets(whole) {
			t.Errorf("%s: not taken for encrypted: %s", name, hex.EncodeToString(whole[:20]))
		}
		for cut := 1; cut < len(packet); cut++ {
			if encryptedPackets(whole[:len(whole)-cut]) {
				t.Errorf("%s, %d octets short: taken for encrypted", name, cut)
			}
		}
		if encryptedPackets(append(whole, 0xcb, 1, 't')) {
			t.Errorf("%s with a literal packet behind: taken for encrypted", name)
		}
		if encryptedPackets(packet) {
			t.Errorf("%s without a session key: taken for encrypted", name)
		}
	}
}

// openssl runs the command, or skips the test where there is none.
func openssl(t *testing.T, dir string, args ...string) {
	t.Helper()
	path, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("openssl is not installed")
	}
	cmd := exec.CommandContext(t.Context(), path, args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("openssl %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// smimeIdentity makes a key and certificate for a synthetic person.
func smimeIdentity(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	openssl(t, dir, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", "-out", "cert.pem", "-days", "30",
		"-subj", "/CN=Anna Holm/emailAddress=anna@x.example", "-addext", "keyUsage=digitalSignature,keyEncipherment", "-addext", "extendedKeyUsage=emailProtection")
	if err := os.WriteFile(filepath.Join(dir, "body"), []byte("Content-Type: text/plain\r\n\r\nhemmeligt\r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func smimeMessage(t *testing.T, dir, file string) *Message {
	t.Helper()
	der, err := os.ReadFile(filepath.Join(dir, file))
	if err != nil {
		t.Fatal(err)
	}
	return read(t, "From: a@x.example\r\nContent-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m\r\n"+
		"Content-Transfer-Encoding: base64\r\n\r\n"+string(encodeBase64(der)))
}

func TestSMIMEIsSealedWhereItsContentIsEnveloped(t *testing.T) {
	dir := smimeIdentity(t)
	openssl(t, dir, "cms", "-encrypt", "-binary", "-aes256", "-in", "body", "-outform", "DER", "-out", "enveloped", "cert.pem")
	openssl(t, dir, "cms", "-encrypt", "-binary", "-stream", "-aes256", "-in", "body", "-outform", "DER", "-out", "streamed", "cert.pem")
	openssl(t, dir, "cms", "-encrypt", "-binary", "-aes-256-gcm", "-in", "body", "-outform", "DER", "-out", "authenticated", "cert.pem")
	openssl(t, dir, "cms", "-sign", "-binary", "-nodetach", "-in", "body", "-outform", "DER", "-out", "signed", "-signer", "cert.pem", "-inkey", "key.pem")
	openssl(t, dir, "cms", "-data_create", "-binary", "-in", "body", "-outform", "DER", "-out", "data")
	for file, want := range map[string]Sealing{"enveloped": SMIME, "streamed": SMIME, "authenticated": SMIME, "signed": NotSealed, "data": NotSealed, "body": NotSealed} {
		if got := smimeMessage(t, dir, file).Sealed(); got != want {
			t.Errorf("%s: got %q, want %q", file, got, want)
		}
	}
	der, err := os.ReadFile(filepath.Join(dir, "enveloped"))
	if err != nil {
		t.Fatal(err)
	}
	for cut := 1; cut < len(der); cut++ {
		if isEnveloped(der[:cut]) {
			t.Fatalf("%d of %d octets are taken for the whole", cut, len(der))
		}
	}
	if isEnveloped(append(bytes.Clone(der), "hemmeligt"...)) {
		t.Error("text behind the structure went unseen")
	}
}
