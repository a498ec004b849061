package seal

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/mail"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
	"github.com/ProtonMail/gopenpgp/v2/crypto"

	"postvern.example/internal/octets"
	"postvern.example/policy"
)

func generate(t testing.TB, kind string, bits int, name, address string) *crypto.Key {
	t.Helper()
	k, err := crypto.GenerateKey(name, address, kind, bits)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func generateAt(t testing.TB, when time.Time) *openpgp.Entity {
	t.Helper()
	e, err := openpgp.NewEntity("Anna", "", "anna@member.example", &packet.Config{Algorithm: packet.PubKeyAlgoEdDSA, Time: func() time.Time { return when }})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func public(t testing.TB, e *openpgp.Entity) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := e.Serialize(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// reader is somebody with a new key, and a keyring that holds it.
func reader(t testing.TB, kind string, bits int) (*crypto.Key, *Keyring) {
	t.Helper()
	secret := generate(t, kind, bits, "Åse Ærlig Øst", "anna@member.example")
	data, err := secret.GetPublicKey()
	if err != nil {
		t.Fatal(err)
	}
	k, err := load(t, map[string][]byte{"anna.gpg": data})
	if err != nil {
		t.Fatal(err)
	}
	return secret, k
}

const letter = "Received: from laptop (10.0.0.7) by mx.example; Thu, 5 Mar 2026 10:00:00 +0100\r\n" +
	"From: =?utf-8?Q?Bj=C3=B8rn_Sk=C3=A5r?= <bjorn@region.example>\r\n" +
	"To: Anna Berg <anna@member.example>,\r\n \"010190-1234 Kontor\" <office@forening.example>\r\n" +
	"Cc: undisclosed-recipients:;\r\n" +
	"Bcc: hidden@member.example\r\n" +
	"Subject: =?utf-8?Q?Din_sygemelding_og_l=C3=B8n?=\r\n" +
	"Date: Thu, 5 Mar 2026 10:00:00 +0100\r\n" +
	"Message-ID: <original.1@laptop.region.example>\r\n" +
	"In-Reply-To: <before@member.example>\r\n" +
	"References: <first@member.example>\r\n <before@member.example>\r\n" +
	"User-Agent: Mozilla Thunderbird\r\nX-Mailer: x\r\nAutocrypt: addr=bjorn@region.example; keydata=AAAA\r\n" +
	"Autocrypt-Gossip: addr=other@member.example; keydata=AAAA\r\nHP-Outer: Subject: false\r\n" +
	"List-Id: <x.example>\r\nDKIM-Signature: v=1\r\nThread-Topic: Din sygemelding\r\nResent-To: third@member.example\r\n" +
	"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=iso-8859-1;\r\n format=flowed\r\nContent-Transfer-Encoding: 8bit\r\n" +
	"Content-Language: da\r\n\r\n"

// letterBody is Latin-1, with odd white space, no final line end and dots.
const letterBody = "K\xe6re Anna,\r\n\r\n. \r\n..  \t\r\nDin l\xf8n, \xe5r 2026.\r\n--x\r\nsidste linje"

func sealing() Sealing {
	return Sealing{Reader: "Anna@Member.Example", Raw: octets.Hold([]byte(letter + letterBody)), OuterSubject: "TR – fortroligt"}
}

func sealed(t testing.TB, k *Keyring, m Sealing) []byte {
	t.Helper()
	out, err := k.Seal(m, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// armorOf returns the armored message in a sealed mail.
func armorOf(t testing.TB, mailed []byte) string {
	t.Helper()
	msg, err := mail.ReadMessage(bytes.NewReader(mailed))
	if err != nil {
		t.Fatal(err)
	}
	media, params, err := mime.ParseMediaType(msg.Header.Get("Content-Type"))
	if err != nil || media != "multipart/encrypted" || params["protocol"] != "application/pgp-encrypted" {
		t.Fatalf("%s %v %v", media, params, err)
	}
	parts := multipart.NewReader(msg.Body, params["boundary"])
	control, err := parts.NextRawPart()
	if err != nil {
		t.Fatal(err)
	}
	version, err := io.ReadAll(control)
	if err != nil || control.Header.Get("Content-Type") != "application/pgp-encrypted" || string(version) != "Version: 1\r\n" {
		t.Fatalf("%v %q %v", control.Header, version, err)
	}
	data, err := parts.NextRawPart()
	if err != nil {
		t.Fatal(err)
	}
	if data.FileName() != "encrypted.asc" || !strings.HasPrefix(data.Header.Get("Content-Type"), "application/octet-stream") {
		t.Fatalf("%v", data.Header)
	}
	armored, err := io.ReadAll(data)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parts.NextRawPart(); !errors.Is(err, io.EOF) {
		t.Fatalf("a third part: %v", err)
	}
	return string(armored)
}

func open(t testing.TB, secret *crypto.Key, mailed []byte) string {
	t.Helper()
	ring, err := crypto.NewKeyRing(secret)
	if err != nil {
		t.Fatal(err)
	}
	msg, err := crypto.NewPGPMessageFromArmored(armorOf(t, mailed))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := ring.Decrypt(msg, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	if plain.GetFilename() != "" {
		t.Errorf("file name %q", plain.GetFilename())
	}
	return string(plain.GetBinary())
}

func TestTheReaderGetsTheMailByteForByte(t *testing.T) {
	secret, k := reader(t, "x25519", 0)
	inner := open(t, secret, sealed(t, k, sealing()))
	head, body, _ := strings.Cut(inner, "\r\n\r\n")
	if body != letterBody {
		t.Errorf("body %q", body)
	}
	for _, want := range []string{
		"From: =?utf-8?Q?Bj=C3=B8rn_Sk=C3=A5r?= <bjorn@region.example>\r\n",
		"To: Anna Berg <anna@member.example>,\r\n \"010190-1234 Kontor\" <office@forening.example>\r\n",
		"Subject: =?utf-8?Q?Din_sygemelding_og_l=C3=B8n?=\r\n",
		"Date: Thu, 5 Mar 2026 10:00:00 +0100\r\n",
		"Message-ID: <original.1@laptop.region.example>\r\n",
		"References: <first@member.example>\r\n <before@member.example>\r\n",
		"Content-Type: text/plain; charset=iso-8859-1;\r\n format=flowed;\r\n protected-headers=\"v1\"; hp=\"cipher\"\r\n",
		"Content-Transfer-Encoding: 8bit\r\n", "Content-Language: da",
		"HP-Outer: From: bjorn@region.example\r\n",
		"HP-Outer: To: anna@member.example,\r\n office@forening.example\r\n",
		"HP-Outer: Date: Thu, 05 Mar 2026 09:00:00 +0000\r\n",
	} {
		if !strings.Contains(head+"\r\n", want) {
			t.Errorf("%q is missing inside:\n%s", want, head)
		}
	}
	for _, other := range []string{"Bcc", "hidden@", "Gossip", "other@", "Received", "10.0.0.7", "Resent", "third@", "Subject: false", "DKIM"} {
		if strings.Contains(inner, other) {
			t.Errorf("%q got inside", other)
		}
	}
}

func TestOutsideStandsOnlyWhatMustBe(t *testing.T) {
	_, k := reader(t, "x25519", 0)
	m := sealing()
	out := string(sealed(t, k, m))
	head, _, _ := strings.Cut(out, "\r\n\r\n")
	got, err := mail.ReadMessage(strings.NewReader(out))
	if err != nil {
		t.Fatal(err)
	}
	allowed := map[string]bool{"From": true, "To": true, "Subject": true, "Date": true, "Message-Id": true, "Mime-Version": true, "Content-Type": true}
	for name := range got.Header {
		if !allowed[name] {
			t.Errorf("%s stands outside", name)
		}
	}
	for _, secret := range []string{"010190", "Berg", "Bj", "sygemelding", "l=C3", "original.1", "laptop", "before@", "first@", "hidden@", "+0100", "Kontor"} {
		if strings.Contains(head, secret) {
			t.Errorf("%q stands outside:\n%s", secret, head)
		}
	}
	decoded, err := new(mime.WordDecoder).DecodeHeader(got.Header.Get("Subject"))
	if err != nil || decoded != m.OuterSubject {
		t.Errorf("subject %q %v", decoded, err)
	}
	for _, line := range strings.SplitAfter(out, "\n") {
		if len(line) > 998 || (line != "" && !strings.HasSuffix(line, "\r\n")) {
			t.Errorf("line %q", line)
		}
		for _, c := range []byte(line) {
			if c > 126 {
				t.Fatalf("an octet above 126: %q", line)
			}
		}
	}
	if strings.Contains(out, "Version: GopenPGP") || strings.Contains(out, "Comment:") {
		t.Error("the armor tells who made it")
	}
}

func TestThreadLeavesCleanMessageIDsOutside(t *testing.T) {
	_, k := reader(t, "x25519", 0)
	m := sealing()
	m.Thread = true
	m.Raw = octets.Hold([]byte(strings.Replace(letter, "<first@member.example>", "<first@member.example> words <a b@c> (x@y)", 1) + letterBody))
	got, err := mail.ReadMessage(bytes.NewReader(sealed(t, k, m)))
	if err != nil {
		t.Fatal(err)
	}
	if got.Header.Get("References") != "<first@member.example> <before@member.example>" || got.Header.Get("In-Reply-To") != "<before@member.example>" {
		t.Errorf("%v", got.Header)
	}
}

func TestEveryCopyHasAMessageIDAndCiphertextOfItsOwn(t *testing.T) {
	_, k := reader(t, "x25519", 0)
	one, two := sealed(t, k, sealing()), sealed(t, k, sealing())
	ids := map[string]bool{}
	for _, copied := range [][]byte{one, two} {
		msg, err := mail.ReadMessage(bytes.NewReader(copied))
		if err != nil {
			t.Fatal(err)
		}
		id := msg.Header.Get("Message-Id")
		if !strings.HasSuffix(id, "@region.example>") || len(id) < 30 {
			t.Errorf("Message-ID %s", id)
		}
		ids[id] = true
	}
	if len(ids) != 2 || armorOf(t, one) == armorOf(t, two) {
		t.Error("two copies share something")
	}
	m := sealing()
	m.MessageID = "<mine@forening.example>"
	if out := sealed(t, k, m); !bytes.Contains(out, []byte("Message-ID: <mine@forening.example>\r\n")) {
		t.Error("the given Message-ID is not used")
	}
	m.MessageID = "<mine@forening.example>\r\nBcc: x@y"
	if out, err := k.Seal(m, time.Now()); !errors.Is(err, ErrMalformed) || out != nil {
		t.Errorf("%v", err)
	}
}

func TestOneSessionKeyForOneReader(t *testing.T) {
	secret, k := reader(t, "x25519", 0)
	msg, err := crypto.NewPGPMessageFromArmored(armorOf(t, sealed(t, k, sealing())))
	if err != nil {
		t.Fatal(err)
	}
	ids, ok := msg.GetEncryptionKeyIDs()
	want, _ := secret.GetEntity().EncryptionKey(time.Now())
	if !ok || len(ids) != 1 || ids[0] != want.PublicKey.KeyId {
		t.Errorf("key ids %x, want %x", ids, want.PublicKey.KeyId)
	}
	if _, signed := msg.GetSignatureKeyIDs(); signed {
		t.Error("it is signed")
	}
}

func TestContentTypesThatTakeNoParameterGetAPartAround(t *testing.T) {
	secret, k := reader(t, "x25519", 0)
	for name, c := range map[string]struct{ content, inside string }{
		"none":            {"", "Content-Type: text/plain; charset=us-ascii; protected-headers=\"v1\"; hp=\"cipher\"\r\n\r\nhej"},
		"plain":           {"Content-Type: text/html\r\n", "Content-Type: text/html;\r\n protected-headers=\"v1\"; hp=\"cipher\"\r\n\r\nhej"},
		"semicolon":       {"content-type:text/html; charset=utf-8 ; \r\n", "content-type:text/html; charset=utf-8;\r\n protected-headers=\"v1\"; hp=\"cipher\"\r\n\r\nhej"},
		"false hp":        {"Content-Type: text/html; hp=clear\r\n", "\r\nContent-Type: text/html; hp=clear\r\n\r\nhej\r\n--"},
		"comment":         {"Content-Type: text/html; charset=utf-8 (x\r\n", "\r\nContent-Type: text/html; charset=utf-8 (x\r\n\r\nhej\r\n--"},
		"false draft":     {"Content-Type: text/html; protected-headers=v1\r\n", "\r\nContent-Type: text/html; protected-headers=v1\r\n\r\nhej\r\n--"},
		"not a type":      {"Content-Type: text\r\n", "\r\nContent-Type: text\r\n\r\nhej\r\n--"},
		"twice a charset": {"Content-Type: text/plain; charset=a; charset=b\r\n", "\r\nContent-Type: text/plain; charset=a; charset=b\r\n\r\nhej\r\n--"},
	} {
		m := Sealing{Reader: "anna@member.example", Raw: octets.Hold([]byte("From: a@b.example\r\n" + c.content + "\r\nhej"))}
		inner := open(t, secret, sealed(t, k, m))
		if !strings.Contains(inner, c.inside) {
			t.Errorf("%s: %q", name, inner)
			continue
		}
		got, err := mail.ReadMessage(strings.NewReader(inner))
		if err != nil {
			t.Fatal(err)
		}
		if _, params, err := mime.ParseMediaType(got.Header.Get("Content-Type")); err != nil || params["hp"] != "cipher" || params["protected-headers"] != "v1" {
			t.Errorf("%s: %v %v", name, params, err)
		}
	}
}

func TestAnUnclearMessageIsNotSealed(t *testing.T) {
	_, k := reader(t, "x25519", 0)
	for name, raw := range map[string]string{
		"no From":            "To: a@b.example\r\n\r\nhej",
		"empty":              "",
		"From in pieces":     "From: Anna <a@\r\n\r\nhej",
		"From is nobody":     "From: <>\r\n\r\nhej",
		"bare LF in header":  "From: a@b.example\nBcc: c@d.example\r\n\r\nhej",
		"bare CR in header":  "From: a@b.example\r\nSubject: x\rBcc: c\r\n\r\nhej",
		"NUL":                "From: a@b.example\r\nSubject: x\x00\r\n\r\nhej",
		"no colon":           "From: a@b.example\r\nhello\r\n\r\nhej",
		"folded first":       " folded\r\nFrom: a@b.example\r\n\r\nhej",
		"header cut":         "From: a@b.example\r\nSubject: x",
		"two Content-Types":  "From: a@b.example\r\nContent-Type: text/plain\r\nContent-type: text/html\r\n\r\nhej",
		"space in a name":    "From: a@b.example\r\nSub ject: x\r\n\r\nhej",
		"UTF-8 in the name":  "From: a@b.example\r\nSübject: x\r\n\r\nhej",
		"LF mail altogether": "From: a@b.example\nTo: a@b.example\n\nhej",
	} {
		m := sealing()
		m.Raw = octets.Hold([]byte(raw))
		if out, err := k.Seal(m, time.Now()); !errors.Is(err, ErrMalformed) || out != nil {
			t.Errorf("%s: %v %q", name, err, out)
		}
	}
}

func TestWithoutAUsableKeyNothingComesOut(t *testing.T) {
	k := testKeys(t)
	for address, want := range map[string]policy.KeyState{
		"expired@member.example": policy.KeyExpired, "revoked@member.example": policy.KeyRevoked, "small@member.example": policy.KeyWeak,
		"signonly@member.example": policy.KeyNoEncryption, "left@member.example": policy.KeyRevoked, "x@member.example": policy.KeyNone,
	} {
		m := sealing()
		m.Reader = address
		out, err := k.Seal(m, later)
		var why *KeyError
		if out != nil || !errors.As(err, &why) || why.State != want || strings.Contains(err.Error(), "@") {
			t.Errorf("%s: %v", address, err)
		}
	}
}

func TestTheClockIsTheCallers(t *testing.T) {
	k := testKeys(t)
	m := sealing()
	m.Reader = "expired@member.example"
	if _, err := k.Seal(m, january); err != nil {
		t.Errorf("while it was valid: %v", err)
	}
}

func TestNoOuterSubjectMeansThreeDots(t *testing.T) {
	_, k := reader(t, "x25519", 0)
	m := sealing()
	m.OuterSubject = " "
	if out := sealed(t, k, m); !bytes.Contains(out, []byte("\r\nSubject: [...]\r\n")) {
		t.Error("the outer subject is not [...]")
	}
}

func TestAVersionSixKeySeals(t *testing.T) {
	e, err := openpgp.NewEntity("Anna", "", "anna@member.example", &packet.Config{V6Keys: true, Algorithm: packet.PubKeyAlgoEd25519})
	if err != nil {
		t.Fatal(err)
	}
	k, err := load(t, map[string][]byte{"a.gpg": public(t, e)})
	if err != nil {
		t.Fatal(err)
	}
	block, err := armor.Decode(strings.NewReader(armorOf(t, sealed(t, k, sealing()))))
	if err != nil {
		t.Fatal(err)
	}
	opened, err := openpgp.ReadMessage(block.Body, openpgp.EntityList{e}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(opened.UnverifiedBody)
	if err != nil || !bytes.HasSuffix(plain, []byte(letterBody)) {
		t.Errorf("%v %q", err, plain)
	}
}

func TestReadersAreListedOutsideAsTheyWereEdited(t *testing.T) {
	_, k := reader(t, "x25519", 0)
	for to, want := range map[string]string{
		"undisclosed-recipients:;":                     "undisclosed-recipients:;",
		"Styret: Anna <a@x.example>, b@x.example;":     "a@x.example,\r\n b@x.example",
		"=?x-unknown?Q?A=FF?= <a@x.example>":           "a@x.example",
		"\"odd @ local\"@x.example (0101901234)":       "\"odd @ local\"@x.example",
		"Bjørn <bj@x.example>":                         "bj@x.example",
		"broken <a@x.example, Anna 010190-1234 <b@y.e": "undisclosed-recipients:;",
	} {
		m := Sealing{Reader: "anna@member.example", Raw: octets.Hold([]byte("From: a@b.example\r\nTo: " + to + "\r\n\r\nhej"))}
		out := string(sealed(t, k, m))
		if !strings.Contains(out, "\r\nTo: "+want+"\r\n") {
			head, _, _ := strings.Cut(out, "\r\n\r\n")
			t.Errorf("%s:\n%s", to, head)
		}
	}
}

func TestEveryWriterThatTheGatewayReadsIsSealed(t *testing.T) {
	_, k := reader(t, "x25519", 0)
	for from, want := range map[string]string{
		"<@relay.example,@b.example:anna@region.example>":       "anna@region.example",
		"Anna Holm <anna @ region (TR) . example>":              "anna@region.example",
		"anna@region.example.":                                  "anna@region.example",
		"anna..holm.@region.example":                            "anna..holm.@region.example",
		"=?UTF-8?Q?Holm,_Anna?= <anna@region.example>":          "anna@region.example",
		"Anna Q. Holm (TR; formand) <\"anna\"@region.example>,": "anna@region.example",
		"\"an\\\"na\"@region.example":                           `"an\"na"@region.example`,
		"anna@region.example; bo@region.example;":               "anna@region.example,\r\n bo@region.example",
		"Sm\xf8r <sm\xc3\xb8r@region.example>":                  "smør@region.example",
		"anna@[192.0.2.1]":                                      "anna@[192.0.2.1]",
	} {
		m := Sealing{Reader: "anna@member.example", Raw: octets.Hold([]byte("From: " + from + "\r\nTo: <>\r\n\r\nhej"))}
		out, err := k.Seal(m, time.Now())
		if head, _, _ := strings.Cut(string(out), "\r\nSubject:"); err != nil || head != "From: "+want+"\r\nTo: undisclosed-recipients:;" {
			t.Errorf("%s: %v\n%s", from, err, head)
		}
	}
}

func TestSubjectsAreEncodedSoThatTheyReadBack(t *testing.T) {
	for _, s := range []string{
		"", "TR – fortroligt", "plain", "looks like =?utf-8?Q?one?=", strings.Repeat("lang emne ", 30), strings.Repeat("æøå🙂", 60),
	} {
		encoded := encodeSubject(s)
		for i, line := range strings.Split("Subject: "+encoded, "\r\n") {
			if len(line) > 76 || (i > 0 && line[0] != ' ') {
				t.Errorf("line %q", line)
			}
		}
		got, err := new(mime.WordDecoder).DecodeHeader(strings.ReplaceAll(encoded, "\r\n", ""))
		if want := strings.TrimSpace(s); err != nil || got != want {
			t.Errorf("%q came back as %q, %v", want, got, err)
		}
	}
	if got := encodeSubject("a\r\nBcc: x\x00\xff"); strings.ContainsAny(got, "\r\n\x00") || !utf8.ValidString(got) {
		t.Errorf("%q", got)
	}
}

func TestArmorIsExactAtEveryLength(t *testing.T) {
	for n := range 200 {
		data := bytes.Repeat([]byte{0xa5, 1, 0xff}, n)[:n]
		var out bytes.Buffer
		a := newArmorWriter(&out)
		for _, b := range data {
			_, _ = a.Write([]byte{b})
		}
		if err := a.Close(); err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSuffix(out.String(), "\r\n"), "\r\n")
		body := strings.Join(lines[2:len(lines)-2], "")
		got, err := base64.StdEncoding.DecodeString(body)
		if err != nil || !bytes.Equal(got, data) {
			t.Fatalf("%d octets: %v %q", n, err, out.String())
		}
	}
	// A value of RFC 9580's CRC-24: of nothing it is the start value.
	if got := crc24(crc24Init, nil); got != 0xb704ce {
		t.Errorf("%x", got)
	}
	if got := crc24(crc24Init, []byte("123456789")); got != 0x21cf02 { // the check value of CRC-24/OPENPGP
		t.Errorf("%x", got)
	}
}

func TestALargeMailTakesLittleMoreThanItsCiphertext(t *testing.T) {
	_, k := reader(t, "x25519", 0)
	m := sealing()
	m.Raw = octets.Hold(append([]byte(letter), bytes.Repeat([]byte("Kaere Anna, her er lidt tekst.\r\n"), 16<<20/32)...))
	if out := sealed(t, k, m); cap(out) > m.Raw.Size()*3/2 {
		t.Errorf("the result holds %d octets", cap(out))
	}
	var pieces widest
	if err := (payload{body: m.Raw}).write(&pieces); err != nil || pieces > 64<<10 {
		t.Errorf("%d octets were written at once, %v", pieces, err)
	}
}

// widest is the size of the largest piece that was written.
type widest int

func (w *widest) Write(p []byte) (int, error) {
	*w = max(*w, widest(len(p)))
	return len(p), nil
}

func FuzzSeal(f *testing.F) {
	secret, k := reader(f, "x25519", 0)
	f.Add([]byte(letter+letterBody), "TR – fortroligt", true)
	f.Add([]byte("From: a@b.example\r\n\r\n"), "", false)
	f.Add([]byte("From: a@b.example\r\nContent-Type: text/plain; hp=x\r\n\r\nx"), "=?x", true)
	f.Fuzz(func(t *testing.T, raw []byte, subject string, thread bool) {
		out, err := k.Seal(Sealing{Reader: "anna@member.example", Raw: octets.Hold(raw), OuterSubject: subject, Thread: thread}, time.Now())
		if err != nil {
			if out != nil {
				t.Fatal("bytes beside an error")
			}
			return
		}
		inner := open(t, secret, out)
		if _, body := cutHead(octets.Hold(raw)); !strings.Contains(inner, string(body.Held)) {
			t.Fatal("the body is not inside")
		}
		if bytes.Contains(bytes.ReplaceAll(out, []byte("\r\n"), nil), []byte("\n")) {
			t.Fatal("a bare LF outside")
		}
	})
}

func BenchmarkSeal(b *testing.B) {
	for name, size := range map[string]int{"5KB": 5 << 10, "10MB": 10 << 20} {
		for kind, bits := range map[string]int{"x25519": 0, "rsa": 3072} {
			b.Run(kind+"/"+name, func(b *testing.B) {
				_, k := reader(b, kind, bits)
				m := sealing()
				m.Raw = octets.Hold(append([]byte(letter), bytes.Repeat([]byte("Kaere Anna, her er lidt tekst.\r\n"), size/32)...))
				now := time.Now()
				b.SetBytes(int64(m.Raw.Size()))
				b.ReportAllocs()
				for b.Loop() {
					if _, err := k.Seal(m, now); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

func TestArmorIsTheSameHoweverItIsWritten(t *testing.T) {
	data := make([]byte, 1000)
	for i := range data {
		data[i] = byte(i * 7)
	}
	armored := func(piece int) string {
		var out bytes.Buffer
		a := newArmorWriter(&out)
		for p := range slices.Chunk(data, piece) {
			_, _ = a.Write(p)
		}
		if err := a.Close(); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	whole := armored(len(data))
	for _, piece := range []int{1, 7, 47, 48, 49, 95, 96, 97, 500} {
		if armored(piece) != whole {
			t.Errorf("pieces of %d", piece)
		}
	}
	for n := range 40 {
		want := uint32(crc24Init)
		for _, b := range data[:n] { // bit by bit, as RFC 9580 §6.1.1 describes it
			want ^= uint32(b) << 16
			for range 8 {
				if want <<= 1; want&0x1000000 != 0 {
					want ^= 0x1000000 | crc24Poly
				}
			}
		}
		if got := crc24(crc24Init, data[:n]); got != want {
			t.Errorf("%d octets: %06x, not %06x", n, got, want)
		}
	}
}
