package seal

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/packet"

	"postvern.example/policy"
)

func formOf(t *testing.T, write func(*bytes.Buffer) error) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := write(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestAKeyThatWasRevokedOnceStaysRevokedWhateverFormsOfItCome(t *testing.T) {
	then := time.Now().Add(-time.Hour)
	config := &packet.Config{Algorithm: packet.PubKeyAlgoEdDSA, Time: func() time.Time { return then }}
	e, err := openpgp.NewEntity("", "", "mette@post.example", config)
	if err != nil {
		t.Fatal(err)
	}
	whole := func(b *bytes.Buffer) error { return e.Serialize(b) }
	before := formOf(t, whole)
	known := func(form []byte) Known {
		return Known{Reader: "mette@post.example", Fingerprint: fingerprintOf(e.PrimaryKey.Fingerprint), Key: form}
	}
	state := func(form []byte) policy.KeyState {
		return (*Keyring)(nil).With([]Known{known(form)}, nil).State("mette@post.example", time.Now())
	}
	if got := state(before); got != policy.KeyUsable {
		t.Fatal(got)
	}
	bare := formOf(t, func(b *bytes.Buffer) error { return e.PrimaryKey.Serialize(b) })
	if err := e.RevokeKey(packet.KeyCompromised, "", config); err != nil {
		t.Fatal(err)
	}
	revoked := formOf(t, whole)
	// As a server gives it out whose owner has taken the addresses back.
	stripped := formOf(t, func(b *bytes.Buffer) error {
		if err := e.PrimaryKey.Serialize(b); err != nil {
			return err
		}
		return e.Revocations[0].Serialize(b)
	})
	other, err := openpgp.NewEntity("", "", "eva@post.example", config)
	if err != nil {
		t.Fatal(err)
	}
	if err := other.RevokeKey(packet.KeyCompromised, "", config); err != nil {
		t.Fatal(err)
	}
	forged := formOf(t, func(b *bytes.Buffer) error { // a revocation that another key signed
		if err := e.PrimaryKey.Serialize(b); err != nil {
			return err
		}
		return other.Revocations[0].Serialize(b)
	})
	for name, form := range map[string][]byte{"whole": revoked, "without addresses": stripped} {
		for order, together := range map[string][]byte{"after": Together(before, form), "before": Together(form, before)} {
			if got := state(together); got != policy.KeyRevoked {
				t.Errorf("%s, %s: %s", name, order, got)
			}
		}
		if again := Together(Together(before, form), before); !bytes.Equal(again, Together(before, form)) {
			t.Errorf("%s: an older form makes it grow", name)
		}
		if k, ok := ReadRevoked(form, "mette@post.example", known(nil).Fingerprint, policy.SourceVKS, time.Now()); !ok || !bytes.Contains(form, k.Key) {
			t.Errorf("%s: it is not taken for revoked", name)
		}
	}
	for name, form := range map[string][]byte{"not revoked": before, "bare": bare, "forged": forged, "nothing": nil, "garbage": []byte("\x99\x01garbage")} {
		if _, ok := ReadRevoked(form, "mette@post.example", known(nil).Fingerprint, policy.SourceVKS, time.Now()); ok {
			t.Errorf("%s: it is taken for revoked", name)
		}
		if got := state(Together(before, form)); got != policy.KeyUsable {
			t.Errorf("%s: %s", name, got)
		}
	}
	large := Together(before, stripped)
	for n := range 30 {
		large = Together(large, formOf(t, func(b *bytes.Buffer) error {
			if err := e.PrimaryKey.Serialize(b); err != nil {
				return err
			}
			return packet.NewUserId(strings.Repeat(fmt.Sprint(n, " "), 20000), "", "").Serialize(b)
		}))
	}
	if !bytes.Contains(large, stripped) || len(large) > mostForms {
		t.Errorf("of a large key %d octets are left, %s", len(large), state(large))
	}
}
