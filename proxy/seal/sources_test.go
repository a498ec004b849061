package seal

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"postvern.example/internal/octets"
	"postvern.example/policy"
)

func TestWhatTwoRingsShareIsNotChanged(t *testing.T) {
	folder := t.TempDir()
	before, err := os.ReadFile("testdata/keys/before-revocation.txt")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "key.asc"), before, 0o600); err != nil {
		t.Fatal(err)
	}
	ring, _, err := LoadKeys(folder)
	if err != nil {
		t.Fatal(err)
	}
	revoked, _, err := ReadKeys("testdata/keys/revoked.asc", january)
	if err != nil || len(revoked) != 1 {
		t.Fatal(revoked, err)
	}
	with := ring.With(revoked, nil)
	if got := with.State("revoked@member.example", january); got != policy.KeyRevoked {
		t.Errorf("a revocation that was added is not seen: %s", got)
	}
	if got := ring.State("revoked@member.example", january); got != policy.KeyUsable {
		t.Errorf("the folder's own ring was changed: %s", got)
	}
	// It stays revoked whatever older form of it is added after that.
	old, _, err := ReadKeys("testdata/keys/before-revocation.txt", january)
	if err != nil {
		t.Fatal(err)
	}
	if got := with.With(old, old).With(old, nil).State("revoked@member.example", january); got != policy.KeyRevoked {
		t.Errorf("a revocation was forgotten: %s", got)
	}
}

func TestABoundReaderGetsTheirKeyOrNone(t *testing.T) {
	all := testKeys(t)
	curve, ok := all.Use("curve@member.example", january)
	if !ok || curve.Source != policy.SourceFolder {
		t.Fatal(curve)
	}
	rsa, _ := all.Use("rsa@member.example", january)
	expired, ok := all.Use("expired@member.example", january)
	if !ok {
		t.Fatal("the key that expires later is not usable yet")
	}
	nobody := Known{Reader: "curve@member.example", Fingerprint: "00", Key: []byte("nonsense")}
	for _, c := range []struct {
		name    string
		ring    *Keyring
		bound   Known
		address string
		want    policy.KeyState
	}{
		{"to the key that is there", all, curve, "curve@member.example", policy.KeyUsable},
		{"to a key that nobody has any more", &Keyring{}, curve, "curve@member.example", policy.KeyNone},
		{"to a key that cannot be read", all, nobody, "curve@member.example", policy.KeyUnapproved},
		{"to one that does not name them", all, Known{Reader: "curve@member.example", Fingerprint: rsa.Fingerprint, Key: rsa.Key}, "curve@member.example", policy.KeyUnapproved},
		{"to one that expired", all, expired, "expired@member.example", policy.KeyExpired},
	} {
		ring := c.ring.With(nil, []Known{c.bound})
		if got := ring.State(c.address, later); got != c.want {
			t.Errorf("bound %s: %s, want %s", c.name, got, c.want)
		}
		sealed, err := ring.Seal(Sealing{Reader: c.address, Raw: octets.Hold([]byte("From: a@b.example\r\n\r\nx\r\n"))}, later)
		var why *KeyError
		if (err == nil) != (c.want == policy.KeyUsable) || err != nil && (!errors.As(err, &why) || why.State != c.want || sealed != nil) {
			t.Errorf("bound %s: sealing: %v", c.name, err)
		}
	}
}

func TestAnAddedKeyCountsOnlyForAReaderWhomItNames(t *testing.T) {
	rsa, _ := testKeys(t).Use("rsa@member.example", january)
	foreign := rsa
	foreign.Reader = "eva@member.example"
	ring := (&Keyring{}).With([]Known{rsa, foreign, {Reader: "bo@member.example", Fingerprint: "00", Key: []byte("x")}}, nil)
	for address, want := range map[string]policy.KeyState{
		"rsa@member.example": policy.KeyUsable, "eva@member.example": policy.KeyNone, "bo@member.example": policy.KeyNone,
	} {
		if got := ring.State(address, later); got != want {
			t.Errorf("%s: %s", address, got)
		}
	}
}

func TestAKeyIsKeptAsItCame(t *testing.T) {
	all := testKeys(t)
	for _, info := range all.List(later) {
		for _, k := range all.Of(info.Fingerprint) {
			again := k.parse()
			if len(again) == 0 || !slices.Equal(again[0].addresses, []string{k.Reader}) || !bytes.HasPrefix(k.Key, again[0].raw()) {
				t.Errorf("%s is not read again", info.Fingerprint)
			}
		}
	}
	if all.Of("1234") != nil || all.Of("") != nil {
		t.Error("a few digits name a key")
	}
}
