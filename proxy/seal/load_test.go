package seal

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/ProtonMail/go-crypto/openpgp/packet"

	"postvern.example/internal/octets"
	"postvern.example/policy"
)

var (
	january = time.Date(2024, 1, 2, 0, 0, 0, 0, time.UTC) // a day after the keys were made
	later   = time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
)

func testKeys(t testing.TB) *Keyring {
	t.Helper()
	k, _, err := LoadKeys("testdata/keys")
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestAKeyIsUsableOnlyWhenAllOfItIs(t *testing.T) {
	k := testKeys(t)
	for address, want := range map[string][2]policy.KeyState{
		"rsa@member.example":         {policy.KeyUsable, policy.KeyUsable},
		"curve@member.example":       {policy.KeyUsable, policy.KeyUsable},
		"expired@member.example":     {policy.KeyUsable, policy.KeyExpired},
		"shortsubkey@member.example": {policy.KeyUsable, policy.KeyExpired},
		"small@member.example":       {policy.KeyWeak, policy.KeyWeak},
		"elgamal@member.example":     {policy.KeyWeak, policy.KeyWeak},
		"mixed@member.example":       {policy.KeyWeak, policy.KeyWeak},
		"sha1@member.example":        {policy.KeyWeak, policy.KeyWeak},
		"signonly@member.example":    {policy.KeyNoEncryption, policy.KeyNoEncryption},
		"revoked@member.example":     {policy.KeyRevoked, policy.KeyRevoked},
		"lostsubkey@member.example":  {policy.KeyRevoked, policy.KeyRevoked},
		"stays@member.example":       {policy.KeyUsable, policy.KeyUsable},
		"left@member.example":        {policy.KeyRevoked, policy.KeyRevoked},
		"nobody@member.example":      {policy.KeyNone, policy.KeyNone},
		"not an address":             {policy.KeyNone, policy.KeyNone},
	} {
		for i, now := range []time.Time{january, later} {
			if got := k.State(address, now); got != want[i] {
				t.Errorf("%s at %s: %s, want %s", address, now.Format(time.DateOnly), got, want[i])
			}
		}
	}
}

func TestAKeyFromTheFutureIsNotUsed(t *testing.T) {
	if got := testKeys(t).State("rsa@member.example", time.Date(2023, 1, 1, 0, 0, 0, 0, time.UTC)); got != policy.KeyExpired {
		t.Error(got)
	}
}

func TestAReaderIsFoundHoweverTheAddressIsWritten(t *testing.T) {
	k := testKeys(t)
	for _, address := range []string{"CURVE@Member.Example", "curve+tr@member.example", `"curve"@member.example`} {
		if got := k.State(address, later); got != policy.KeyUsable {
			t.Errorf("%s: %s", address, got)
		}
	}
}

func TestAnEmptyKeyringKnowsNobody(t *testing.T) {
	var none *Keyring
	k, problems, err := LoadKeys(t.TempDir())
	if err != nil || len(problems) != 0 {
		t.Fatal(problems, err)
	}
	for _, ring := range []*Keyring{k, none} {
		if got := ring.State("rsa@member.example", later); got != policy.KeyNone {
			t.Error(got)
		}
		if len(ring.List(later)) != 0 {
			t.Error("an empty list has keys")
		}
		var why *KeyError
		if sealed, err := ring.Seal(Sealing{Reader: "rsa@member.example", Raw: octets.Hold([]byte("From: a@b.example\r\n\r\n"))}, later); !errors.As(err, &why) || sealed != nil {
			t.Error(err)
		}
	}
}

func TestProblemsNameWhatTimeWillNotMend(t *testing.T) {
	_, problems, err := LoadKeys("testdata/keys")
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]policy.KeyState{}
	for _, p := range problems {
		if len(p.Addresses) == 0 || p.Fingerprint == "" || p.Reason == "" || p.File == "" {
			t.Errorf("%+v", p)
			continue
		}
		got[p.Addresses[0]] = p.State
	}
	for _, address := range []string{"small@", "elgamal@", "mixed@", "sha1@", "signonly@", "revoked@", "lostsubkey@"} {
		if got[address+"member.example"] == "" {
			t.Errorf("%s is missing", address)
		}
		delete(got, address+"member.example")
	}
	if len(got) > 0 {
		t.Errorf("these are no problems: %v", got)
	}
}

func TestListShowsEachKeyOnce(t *testing.T) {
	list := testKeys(t).List(later)
	seen := map[string]KeyInfo{}
	for _, info := range list {
		if _, twice := seen[info.Fingerprint]; twice || len(info.Fingerprint) != 40 {
			t.Errorf("fingerprint %q", info.Fingerprint)
		}
		seen[info.Fingerprint] = info
		if (info.State == policy.KeyUsable) != (info.Reason == "") || info.Created.Year() != 2024 {
			t.Errorf("%+v", info)
		}
		switch info.Addresses[0] {
		case "rsa@member.example":
			if info.Algorithm != "RSA 3072" || !info.Expires.IsZero() {
				t.Errorf("%+v", info)
			}
		case "expired@member.example":
			if info.Expires.Format(time.DateOnly) != "2024-01-31" {
				t.Errorf("%+v", info)
			}
		case "stays@member.example":
			if info.State != policy.KeyUsable || len(info.Addresses) != 2 {
				t.Errorf("%+v", info)
			}
		}
	}
	if len(list) != 12 {
		t.Errorf("%d keys, want 12", len(list))
	}
}

func read(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata/keys", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func load(t testing.TB, files map[string][]byte) (*Keyring, error) {
	t.Helper()
	dir := t.TempDir()
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	k, _, err := LoadKeys(dir)
	return k, err
}

func TestKeysComeInEveryWrapping(t *testing.T) {
	armored := string(read(t, "curve25519.asc"))
	wide := utf16.Encode([]rune(armored))
	powershell := []byte{0xff, 0xfe}
	for _, u := range wide {
		powershell = append(powershell, byte(u), byte(u>>8))
	}
	for name, data := range map[string][]byte{
		"binary":           read(t, "export.gpg"),
		"armored export":   read(t, "export.asc"),
		"CRLF":             []byte(strings.ReplaceAll(armored, "\n", "\r\n")),
		"two blocks":       append(read(t, "rsa1024.asc"), armored...),
		"text around it":   []byte("Here is my key:\n\n" + armored + "\nHi, Kåre\n"),
		"PowerShell":       powershell,
		"no final newline": []byte(strings.TrimSpace(armored)),
		"with a BOM":       []byte("\ufeff" + armored),
	} {
		k, err := load(t, map[string][]byte{"key.asc": data, ".hidden": []byte("x"), "README.md": []byte("x")})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := k.State("curve@member.example", later); got != policy.KeyUsable {
			t.Errorf("%s: %s", name, got)
		}
	}
	if k, _, err := LoadKeys("testdata/keys/curve25519.asc"); err != nil || k.State("curve@member.example", later) != policy.KeyUsable {
		t.Errorf("one file instead of a folder: %v", err)
	}
}

func TestAWrongFileIsAnErrorThatNamesIt(t *testing.T) {
	armored, binary := string(read(t, "curve25519.asc")), read(t, "export.gpg")
	secret := generate(t, "x25519", 0, "Anna Holm", "anna@member.example")
	secretArmor, err := secret.Armor()
	if err != nil {
		t.Fatal(err)
	}
	secretBinary, err := secret.Serialize()
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		data []byte
		want error
	}{
		"empty":            {nil, ErrNoKey},
		"text":             {[]byte("Dear all,\n"), ErrNoKey},
		"certificate":      {[]byte("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"), ErrNoKey},
		"message":          {[]byte("-----BEGIN PGP MESSAGE-----\n\nwV4D\n-----END PGP MESSAGE-----\n"), ErrNoKey},
		"secret":           {[]byte(secretArmor), ErrSecretKey},
		"secret, binary":   {secretBinary, ErrSecretKey},
		"secret behind":    {[]byte(armored + secretArmor), ErrSecretKey},
		"cut armor":        {[]byte(armored[:len(armored)-60]), ErrNoKey},
		"cut binary":       {binary[:len(binary)-30], ErrNoKey},
		"rubbish behind":   {append(append([]byte{}, binary...), "hello"...), ErrNoKey},
		"broken base64":    {[]byte(strings.Replace(armored, "\n\nm", "\n\n*", 1)), ErrNoKey},
		"starts elsewhere": {binary[3:], ErrNoKey},
	} {
		_, err := load(t, map[string][]byte{"wrong.asc": c.data})
		if !errors.Is(err, c.want) || !strings.Contains(err.Error(), "wrong.asc") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, _, err := LoadKeys(filepath.Join(t.TempDir(), "missing")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing folder: %v", err)
	}
}

func TestARevocationInOneFileCountsForAll(t *testing.T) {
	before, after := read(t, "before-revocation.txt"), read(t, "revoked.asc")
	for name, files := range map[string]map[string][]byte{
		"revocation first": {"a.asc": after, "b.asc": before},
		"revocation last":  {"a.asc": before, "b.asc": after},
	} {
		k, err := load(t, files)
		if err != nil {
			t.Fatal(err)
		}
		if got := k.State("revoked@member.example", later); got != policy.KeyRevoked || len(k.List(later)) != 1 {
			t.Errorf("%s: %s", name, got)
		}
	}
	k, err := load(t, map[string][]byte{"a.asc": before})
	if err != nil || k.State("revoked@member.example", later) != policy.KeyUsable {
		t.Errorf("before the revocation: %v", err)
	}
}

func TestTheNewestUsableKeyWins(t *testing.T) {
	old := generateAt(t, january)
	newer := generateAt(t, january.AddDate(1, 0, 0))
	weak := generateAt(t, january.AddDate(2, 0, 0))
	weak.Subkeys = nil
	k, err := load(t, map[string][]byte{"1": public(t, old), "2": public(t, newer), "3": public(t, weak)})
	if err != nil {
		t.Fatal(err)
	}
	for now, want := range map[time.Time]string{
		later:                     fingerprintOf(newer.PrimaryKey.Fingerprint),
		january.AddDate(0, 1, 0):  fingerprintOf(old.PrimaryKey.Fingerprint),
		january.AddDate(1, 0, -1): fingerprintOf(old.PrimaryKey.Fingerprint),
	} {
		v, from := k.pick("anna@member.example", now)
		if v.state != policy.KeyUsable || from.fingerprint != want {
			t.Errorf("at %s: %s %v", now, v.state, from)
		}
	}
}

func TestASubkeyOrSignatureOfTomorrowDoesNotSpoilTheKey(t *testing.T) {
	data := public(t, generateAt(t, january))
	subkey := append([]byte{0xc0 | tagPublicSubkey, 8, 4, 0x65, 0x92, 0, 0, 99, 1, 2}, 0xc0|tagSignature, 10, 4, 0x18, 99, 8, 0, 0, 0, 0, 1, 2)
	attested := []byte{0xc0 | tagSignature, 10, 4, 0x16, 22, 8, 0, 0, 0, 0, 1, 2}
	for name, extra := range map[string][]byte{"subkey": subkey, "signature": attested} {
		k, err := load(t, map[string][]byte{"a.gpg": append(append([]byte{}, data...), extra...)})
		if err != nil {
			t.Fatal(err)
		}
		if got := k.State("anna@member.example", later); got != policy.KeyUsable {
			t.Errorf("%s: %s", name, got)
		}
	}
}

func TestASubkeyThatNothingBindsDoesNotSpoilTheKey(t *testing.T) {
	e := generateAt(t, january)
	plain := public(t, e)
	after := &packet.Config{Time: func() time.Time { return january.Add(time.Hour) }}
	if err := e.AddEncryptionSubkey(after); err != nil {
		t.Fatal(err)
	}
	two := public(t, e)
	if err := e.RevokeSubkey(&e.Subkeys[1], packet.KeyCompromised, "", after); err != nil {
		t.Fatal(err)
	}
	revoked := public(t, e)
	damage := func(key []byte, subkey int, of packet.SignatureType) []byte {
		n := -1
		return edit(t, key, func(p *packet.OpaquePacket) []*packet.OpaquePacket {
			if p.Tag == tagPublicSubkey {
				n++
			}
			if p.Tag == tagSignature && signatureType(p) == of && n == subkey {
				p.Contents = bytes.Clone(p.Contents)
				p.Contents[len(p.Contents)-1] ^= 1
			}
			return []*packet.OpaquePacket{p}
		})
	}
	of := func(n int) string { return fingerprintOf(e.Subkeys[n].PublicKey.Fingerprint) }
	for _, c := range []struct {
		name   string
		files  [][]byte
		state  policy.KeyState
		subkey string
	}{
		{"both are good", [][]byte{two}, policy.KeyUsable, of(1)},
		{"the second is damaged", [][]byte{damage(two, 1, packet.SigTypeSubkeyBinding)}, policy.KeyUsable, of(0)},
		{"the first is damaged", [][]byte{damage(two, 0, packet.SigTypeSubkeyBinding)}, policy.KeyUsable, of(1)},
		{"the only one is damaged", [][]byte{damage(plain, 0, packet.SigTypeSubkeyBinding)}, policy.KeyWeak, ""},
		{"the second is revoked", [][]byte{revoked}, policy.KeyUsable, of(0)},
		{"its revocation is damaged", [][]byte{damage(revoked, 1, packet.SigTypeSubkeyRevocation)}, policy.KeyUsable, of(0)},
		{"and another file does not have it", [][]byte{damage(revoked, 1, packet.SigTypeSubkeyRevocation), two}, policy.KeyUsable, of(0)},
		{"the same the other way round", [][]byte{two, damage(revoked, 1, packet.SigTypeSubkeyRevocation)}, policy.KeyUsable, of(0)},
		{"its revocation and what binds it are damaged", [][]byte{damage(damage(revoked, 1, packet.SigTypeSubkeyRevocation), 1, packet.SigTypeSubkeyBinding)}, policy.KeyWeak, ""},
	} {
		files := map[string][]byte{}
		for i, data := range c.files {
			files[string(rune('a'+i))+".gpg"] = data
		}
		k, err := load(t, files)
		if err != nil {
			t.Fatal(err)
		}
		v, _ := k.pick("anna@member.example", later)
		if v.state != c.state {
			t.Errorf("%s: %s (%s)", c.name, v.state, v.reason)
			continue
		}
		if v.subkey != nil && fingerprintOf(v.subkey.PublicKey.Fingerprint) != c.subkey {
			t.Errorf("%s: the other subkey is used", c.name)
		}
	}
}

func FuzzLoadKeys(f *testing.F) {
	for _, name := range []string{"curve25519.asc", "export.gpg", "revoked-userid.asc", "dsa-elgamal.asc"} {
		f.Add(read(f, name))
	}
	f.Add([]byte("-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n-----END PGP PUBLIC KEY BLOCK-----\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		keys, err := parseKeys(data, "fuzz.asc")
		if err != nil {
			return
		}
		keys = merge(keys)
		ring := newKeyring(keys)
		problems(keys)
		for _, info := range ring.List(later) {
			for _, address := range info.Addresses {
				if ring.State(address, later) != policy.KeyUsable {
					continue
				}
				sealed, err := ring.Seal(Sealing{Reader: address, Raw: octets.Hold([]byte("From: a@b.example\r\n\r\nhi\r\n")), OuterSubject: "x"}, later)
				if err == nil && len(sealed) == 0 {
					t.Fatal("nothing was sealed")
				}
			}
		}
	})
}
