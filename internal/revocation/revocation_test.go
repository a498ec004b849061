package revocation

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// authority signs certificates and lists.
type authority struct {
	t   *testing.T
	key *ecdsa.PrivateKey
	x   *x509.Certificate
}

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

const day = 24 * time.Hour

// under makes an authority below another one; below none it is its own.
func under(t *testing.T, above *authority, name string, serial int64) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	a := &authority{t: t, key: key, x: &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: name}, NotBefore: noon.Add(-365 * day), NotAfter: noon.Add(365 * day),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign, SubjectKeyId: []byte(name),
	}}
	if above == nil {
		above = a
	}
	a.x = above.sign(a.x, &key.PublicKey)
	return a
}

func (a *authority) sign(x *x509.Certificate, public any) *x509.Certificate {
	a.t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, x, a.x, public, a.key)
	if err == nil {
		x, err = x509.ParseCertificate(der)
	}
	if err != nil {
		a.t.Fatal(err)
	}
	return x
}

// lists loads one list of each authority, until that time, with its serials.
func lists(t *testing.T, of map[*authority]time.Time, revoked ...int64) *Lists {
	t.Helper()
	dir := t.TempDir()
	for a, until := range of {
		list := &x509.RevocationList{Number: big.NewInt(1), ThisUpdate: noon.Add(-2 * day), NextUpdate: until}
		for _, serial := range revoked {
			list.RevokedCertificateEntries = append(list.RevokedCertificateEntries, x509.RevocationListEntry{SerialNumber: big.NewInt(serial), RevocationTime: noon.Add(-day)})
		}
		der, err := x509.CreateRevocationList(rand.Reader, list, a.x, a.key)
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, a.x.Subject.CommonName+".crl"), der, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	l, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestEveryIssuerOfAChainNeedsACurrentList(t *testing.T) {
	root := under(t, nil, "root", 1)
	between := under(t, root, "between", 2)
	leaf := under(t, between, "leaf", 3)
	chain := []*x509.Certificate{leaf.x, between.x, root.x}
	tomorrow, yesterday := noon.Add(day), noon.Add(-day)
	for name, c := range map[string]struct {
		of      map[*authority]time.Time
		revoked []int64
		want    Standing
	}{
		"both are there":           {map[*authority]time.Time{root: tomorrow, between: tomorrow}, nil, Good},
		"one of the root alone":    {map[*authority]time.Time{root: tomorrow}, nil, Unknown},
		"one between alone":        {map[*authority]time.Time{between: tomorrow}, nil, Unknown},
		"the root's is old":        {map[*authority]time.Time{root: yesterday, between: tomorrow}, nil, Unknown},
		"the issuer is revoked":    {map[*authority]time.Time{root: tomorrow, between: tomorrow}, []int64{2}, Revoked},
		"revoked on an old list":   {map[*authority]time.Time{root: yesterday, between: yesterday}, []int64{3}, Revoked},
		"another one is revoked":   {map[*authority]time.Time{root: tomorrow, between: tomorrow}, []int64{4}, Good},
		"there are none":           {nil, nil, Unknown},
		"another of the same name": {map[*authority]time.Time{under(t, nil, "root", 9): tomorrow, between: tomorrow}, nil, Unknown},
	} {
		l := lists(t, c.of, c.revoked...)
		for range 2 { // what was found out about a signature is kept
			if got := l.Judge(chain, noon); got != c.want {
				t.Errorf("%s: %d, not %d", name, got, c.want)
			}
		}
	}
	if got := lists(t, nil).Judge(chain[2:], noon); got != Good {
		t.Errorf("an authority by itself: %d", got)
	}
}

func TestTheFirstListThatEndsCounts(t *testing.T) {
	root, other := under(t, nil, "root", 1), under(t, nil, "other", 1)
	between := under(t, root, "between", 2)
	soon, late := noon.Add(time.Hour), noon.Add(9*day)
	for name, c := range map[string]struct {
		of          map[*authority]time.Time
		authorities []*x509.Certificate
		want        time.Time
	}{
		"the authority's":            {map[*authority]time.Time{root: soon, between: late}, []*x509.Certificate{root.x}, soon},
		"one between":                {map[*authority]time.Time{root: late, between: soon}, []*x509.Certificate{root.x}, soon},
		"an authority without one":   {map[*authority]time.Time{root: late}, []*x509.Certificate{root.x, other.x}, time.Time{}},
		"one of the same name alone": {map[*authority]time.Time{under(t, nil, "root", 9): late}, []*x509.Certificate{root.x}, time.Time{}},
		"none at all":                {nil, []*x509.Certificate{root.x}, time.Time{}},
	} {
		if got := lists(t, c.of).Until(c.authorities); !got.Equal(c.want) {
			t.Errorf("%s: %v, not %v", name, got, c.want)
		}
	}
}

func TestWhatIsNoListIsRefused(t *testing.T) {
	for name, text := range map[string]string{
		"text": "hello", "nothing": "", "PEM of something else": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
		"damaged PEM": "-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n", "PEM without an end": "-----BEGIN X509 CRL-----\nAAAA",
	} {
		file := filepath.Join(t.TempDir(), "a.crl")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Load(file); !errors.Is(err, ErrNoList) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAFileOfWhichOneListIsDamagedIsRefused(t *testing.T) {
	a := under(t, nil, "Authority", 1)
	der, err := x509.CreateRevocationList(rand.Reader, &x509.RevocationList{Number: big.NewInt(1), ThisUpdate: noon, NextUpdate: noon.Add(day)}, a.x, a.key)
	if err != nil {
		t.Fatal(err)
	}
	whole := string(pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: der}))
	for name, c := range map[string]struct {
		text string
		want error
	}{
		"two lists":                {"Authority's\n" + whole + "and once more\n" + whole, nil},
		"the last without an end":  {whole + whole[:len(whole)-30], ErrNoList},
		"the first without an end": {whole[:len(whole)-30] + "\n" + whole, ErrNoList},
		"other letters in it":      {whole + strings.Replace(whole, "M", "!", 1), ErrNoList},
	} {
		file := filepath.Join(t.TempDir(), "a.crl")
		if err := os.WriteFile(file, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Load(file); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}
