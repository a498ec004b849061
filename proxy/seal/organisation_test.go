package seal

import (
	"bytes"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/ProtonMail/gopenpgp/v2/crypto"
)

func organisationKey(t testing.TB, before *OrganisationKey) *OrganisationKey {
	t.Helper()
	k, err := NewOrganisationKey("Dansk Psykolog Forening (DP)", "dpo@forening.example", time.Now().Add(-time.Hour), 2*365*24*time.Hour, before)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func publicOf(t testing.TB, k *OrganisationKey) []byte {
	t.Helper()
	raw, err := k.Public()
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestTheOrganisationsKeySignsInsideTheEncryption(t *testing.T) {
	secret, k := reader(t, "rsa", 3072)
	own := organisationKey(t, nil)
	m := sealing()
	m.Sign = own
	out := sealed(t, k, m)

	msg, err := crypto.NewPGPMessageFromArmored(armorOf(t, out))
	if err != nil {
		t.Fatal(err)
	}
	if _, signed := msg.GetSignatureKeyIDs(); signed {
		t.Error("the signature stands outside")
	}
	head, _, _ := bytes.Cut(out, []byte("\r\n\r\n"))
	for _, tells := range []string{"dpo@forening.example", "Psykolog", own.Fingerprint(), "Autocrypt"} {
		if bytes.Contains(head, []byte(tells)) {
			t.Errorf("%q stands outside", tells)
		}
	}
	armored, err := secret.Armor()
	if err != nil {
		t.Fatal(err)
	}
	g := newGnuPG(t, armored)
	g.run(t, string(Armored(publicOf(t, own))), "--import")
	plain, said := g.run(t, armorOf(t, out), "--decrypt", "--status-fd", "2")
	if !strings.Contains(said, "GOODSIG") || !strings.Contains(said, "VALIDSIG "+own.Fingerprint()) || strings.Contains(said, "Note: ") {
		t.Errorf("GnuPG says\n%s", said)
	}
	if _, body, _ := strings.Cut(string(plain), "\r\n\r\n"); body != letterBody {
		t.Errorf("body %q", body)
	}
	dir := home(t)
	if library := librnp(); library != "" {
		var both bytes.Buffer
		if err := secret.GetEntity().SerializePrivateWithoutSigning(&both, nil); err != nil {
			t.Fatal(err)
		}
		both.Write(publicOf(t, own))
		said, err := exec.CommandContext(t.Context(), "python3", "testdata/librnp.py", library, write(t, dir, "both.pgp", both.Bytes()), write(t, dir, "copy.asc", []byte(armorOf(t, out)))).CombinedOutput()
		if err != nil || !strings.Contains(string(said), "1 good of 1") {
			t.Errorf("Thunderbird's RNP does not verify it: %v %s", err, said)
		}
	}
	if _, err := exec.LookPath("sq"); err != nil {
		t.Log("sq is not installed")
		return
	}
	cert, key := write(t, dir, "own.asc", Armored(publicOf(t, own))), write(t, dir, "secret.asc", []byte(armored))
	if _, err := try(dir, "", "sq", "decrypt", "--signer-cert", cert, "--signatures", "1", "--recipient-key", key, write(t, dir, "copy.asc", []byte(armorOf(t, out)))); err != nil {
		t.Errorf("sq does not verify it: %v", err)
	}
}

func TestTheOrganisationsKeyGoesAlongWhereItIsAskedFor(t *testing.T) {
	secret, k := reader(t, "x25519", 0)
	own := organisationKey(t, nil)
	m := sealing()
	m.Sign, m.SendKey = own, true
	out := sealed(t, k, m)
	inner := open(t, secret, out)
	if !strings.Contains(inner, "\r\nAutocrypt: addr=dpo@forening.example; keydata=\r\n ") || strings.Count(inner, "Content-Type: application/pgp-keys;") != 1 {
		t.Errorf("the key is not inside:\n%s", inner)
	}
	if !strings.Contains(inner, "\r\n\r\n"+letterBody+"\r\n--") {
		t.Error("the text has changed")
	}
	at := strings.Index(inner, "-----BEGIN PGP PUBLIC KEY")
	found, err := parseKeys([]byte(inner[at:]), "a")
	if err != nil || len(found) != 1 || found[0].fingerprint != own.Fingerprint() {
		t.Errorf("%v %v", found, err)
	}
	if v := found[0].judge("dpo@forening.example", time.Now()); v.state != "no-encryption" {
		t.Errorf("somebody could encrypt to it: %s", v.state)
	}
}

func TestTheNextKeyIsSignedByTheOneBefore(t *testing.T) {
	first := organisationKey(t, nil)
	second, err := NewOrganisationKey("Dansk Psykolog Forening", "dpo@forening.example", time.Now(), time.Hour, first)
	if err != nil {
		t.Fatal(err)
	}
	both := NewOrganisation(first, second)
	now := time.Now()
	if got := both.Signer(now); got != second {
		t.Error("the newest does not sign")
	}
	if got := both.Signer(now.Add(2 * time.Hour)); got != first {
		t.Error("the one before does not sign where the newest has expired")
	}
	revoked, err := second.Revoke(Compromised, now)
	if err != nil {
		t.Fatal(err)
	}
	if second.Revoked() || !revoked.Revoked() || NewOrganisation(first, revoked).Signer(now) != first {
		t.Error("a revoked key signs")
	}
	g := newGnuPG(t, string(Armored(publicOf(t, first))))
	g.run(t, string(Armored(publicOf(t, second))), "--import")
	said, _ := g.run(t, "", "--check-signatures", "--with-colons", second.Fingerprint())
	if !strings.Contains(string(said), "sig:!::22:"+first.Fingerprint()[24:]) {
		t.Errorf("GnuPG says\n%s", said)
	}
}

func TestARevocationMadeInAdvanceRevokes(t *testing.T) {
	own := organisationKey(t, nil)
	certificate, err := own.Revocation(Compromised, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if own.Revoked() {
		t.Error("the key is revoked by making it")
	}
	g := newGnuPG(t, string(Armored(publicOf(t, own))))
	g.run(t, string(certificate), "--import")
	said, _ := g.run(t, "", "--list-keys", "--with-colons")
	if !strings.Contains(string(said), "pub:r:") {
		t.Errorf("GnuPG says\n%s", said)
	}
	if _, err := own.Revocation("anger", time.Now()); err == nil || !strings.Contains(err.Error(), `"anger" is no reason: write superseded, compromised or retired`) {
		t.Errorf("%v", err)
	}
}

func TestTheOrganisationsKeySurvivesTheStore(t *testing.T) {
	first := organisationKey(t, nil)
	second := organisationKey(t, first)
	revoked, err := second.Revoke(Retired, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range []*OrganisationKey{first, second, revoked} {
		secret, err := k.Secret()
		if err != nil {
			t.Fatal(err)
		}
		again, err := ReadOrganisationKey(secret)
		if err != nil {
			t.Fatal(err)
		}
		if again.Fingerprint() != k.Fingerprint() || again.Revoked() != k.Revoked() || !again.Expires().Equal(k.Expires()) ||
			again.Address() != "dpo@forening.example" || again.UserID() != "Dansk Psykolog Forening DP <dpo@forening.example>" || !bytes.Equal(publicOf(t, again), publicOf(t, k)) {
			t.Errorf("%s is another key", again.UserID())
		}
	}
	if _, err := ReadOrganisationKey(publicOf(t, first)); err == nil {
		t.Error("a public key is read as a secret one")
	}
}
