package seal

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"

	"postvern.example/policy"
)

// authority signs certificates and lists for tests.
type authority struct {
	t   *testing.T
	key *ecdsa.PrivateKey
	x   *x509.Certificate
}

func newAuthority(t *testing.T, name string, now time.Time) authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	x := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: now.AddDate(-1, 0, 0), NotAfter: now.AddDate(5, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign, SubjectKeyId: []byte(name),
	}
	a := authority{t: t, key: key, x: x}
	a.x = a.sign(x, &key.PublicKey)
	return a
}

func (a authority) sign(x *x509.Certificate, public any) *x509.Certificate {
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

func (a authority) list(from, until time.Time, critical bool, revoked ...x509.RevocationListEntry) []byte {
	a.t.Helper()
	list := &x509.RevocationList{Number: big.NewInt(1), ThisUpdate: from, NextUpdate: until, RevokedCertificateEntries: revoked}
	if critical { // a part only
		list.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 28}, Critical: true, Value: []byte{0x30, 0x00}}}
	}
	der, err := x509.CreateRevocationList(rand.Reader, list, a.x, a.key)
	if err != nil {
		a.t.Fatal(err)
	}
	return der
}

func TestACertificateIsUsedOnlyWhereACurrentListOfItsIssuerDoesNotHaveIt(t *testing.T) {
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	ca, other := newAuthority(t, "ca", now), newAuthority(t, "other", now)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	leaf := ca.sign(&x509.Certificate{
		SerialNumber: big.NewInt(77), EmailAddresses: []string{"mette@post.example"}, NotBefore: now.AddDate(0, -1, 0), NotAfter: now.AddDate(1, 0, 0),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageEmailProtection},
	}, &key.PublicKey)
	roots := x509.NewCertPool()
	roots.AddCert(ca.x)
	dir := t.TempDir()
	file := filepath.Join(dir, "mette.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: leaf.Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	entry := func(serial int64, reason int) x509.RevocationListEntry {
		return x509.RevocationListEntry{SerialNumber: big.NewInt(serial), RevocationTime: now.AddDate(0, 0, -1), ReasonCode: reason}
	}
	day := 24 * time.Hour
	for name, c := range map[string]struct {
		lists [][]byte
		want  policy.KeyState
	}{
		"a current list without it":    {[][]byte{ca.list(now.Add(-day), now.Add(day), false, entry(78, 1))}, policy.KeyUsable},
		"a list with it":               {[][]byte{ca.list(now.Add(-day), now.Add(day), false, entry(77, 1))}, policy.KeyRevoked},
		"an old list with it":          {[][]byte{ca.list(now.Add(-9*day), now.Add(-8*day), false, entry(77, 1)), ca.list(now.Add(-day), now.Add(day), false)}, policy.KeyRevoked},
		"it was taken off the list":    {[][]byte{ca.list(now.Add(-day), now.Add(day), false, entry(77, 8))}, policy.KeyUsable},
		"no list":                      {nil, policy.KeyUntrusted},
		"a list that is out of date":   {[][]byte{ca.list(now.Add(-9*day), now.Add(-time.Second), false)}, policy.KeyUntrusted},
		"one that is not yet":          {[][]byte{ca.list(now.Add(time.Hour), now.Add(day), false)}, policy.KeyUntrusted},
		"one of somebody else":         {[][]byte{other.list(now.Add(-day), now.Add(day), false)}, policy.KeyUntrusted},
		"a part only":                  {[][]byte{ca.list(now.Add(-day), now.Add(day), true)}, policy.KeyUntrusted},
		"a part that has it":           {[][]byte{ca.list(now.Add(-day), now.Add(day), true, entry(77, 0))}, policy.KeyRevoked},
		"somebody else's list has one": {[][]byte{other.list(now.Add(-day), now.Add(day), false, entry(77, 1)), ca.list(now.Add(-day), now.Add(day), false)}, policy.KeyUsable},
	} {
		folder := t.TempDir()
		for i, der := range c.lists {
			if i%2 == 1 {
				der = pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: der})
			}
			if err := os.WriteFile(filepath.Join(folder, string(rune('a'+i))+".crl"), der, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		all, err := LoadCertificates(CertificateConfig{Folder: file, Authorities: roots, Revocations: folder})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got := all.State("mette@post.example", now); got != c.want {
			t.Errorf("%s: %s, not %s", name, got, c.want)
		}
		if got := all.With(nil, nil).State("mette@post.example", now); got != c.want {
			t.Errorf("%s, beside the store: %s, not %s", name, got, c.want)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "x.crl"), []byte("hello"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadCertificates(CertificateConfig{Folder: file, Authorities: roots, Revocations: dir}); err == nil {
		t.Error("a file that is no list was taken")
	}
}
