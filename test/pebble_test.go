package test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"postvern.example/internal/ports"
)

// authority makes a certificate authority, and certificates from it.
type authority struct {
	t    testing.TB
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pem  string
}

func newAuthority(t testing.TB, name string) *authority {
	t.Helper()
	a := &authority{t: t}
	a.cert = &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().AddDate(1, 0, 0), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	var err error
	if a.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificate(rand.Reader, a.cert, a.cert, a.key.Public(), a.key)
	if err == nil {
		a.cert, err = x509.ParseCertificate(der)
	}
	if err != nil {
		t.Fatal(err)
	}
	a.pem = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	return a
}

// issue returns a certificate and its key, PEM.
func (a *authority) issue(change func(*x509.Certificate)) (cert, key string) {
	a.t.Helper()
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(0, 1, 0),
		KeyUsage: x509.KeyUsageDigitalSignature,
	}
	change(leaf)
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	der, err := x509.CreateCertificate(rand.Reader, leaf, a.cert, k.Public(), a.key)
	if err != nil {
		a.t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		a.t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})) + a.pem,
		string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}))
}

// pebble is Let's Encrypt's ACME server for tests. It connects to the names
// that are asked for, as the real one does, at ports of its own.
type pebble struct {
	directory, ca      string // URL, PEM file
	httpPort, tlsPort  int
	management, rootCA string
}

func freePort(t testing.TB) int {
	t.Helper()
	at, err := ports.Free()
	if err != nil {
		t.Fatal(err)
	}
	return int(at.Port())
}

// startPebble starts one whose certificates are valid for so many seconds.
func startPebble(t testing.TB, seconds int, eab map[string]string) *pebble {
	t.Helper()
	for _, name := range []string{"pebble", "pebble-challtestsrv"} {
		if _, err := exec.LookPath(name); err != nil {
			t.Skip("pebble is not installed: Debian has it, some others do not")
		}
	}
	dir := t.TempDir()
	p := &pebble{httpPort: freePort(t), tlsPort: freePort(t), ca: filepath.Join(dir, "ca.pem")}
	directory, management, dns := freePort(t), freePort(t), freePort(t)
	a := newAuthority(t, "the authority's web server")
	cert, key := a.issue(func(c *x509.Certificate) { c.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)} })
	config, err := json.Marshal(map[string]any{"pebble": map[string]any{
		"listenAddress": fmt.Sprintf("127.0.0.1:%d", directory), "managementListenAddress": fmt.Sprintf("127.0.0.1:%d", management),
		"certificate": filepath.Join(dir, "cert.pem"), "privateKey": filepath.Join(dir, "key.pem"),
		"httpPort": p.httpPort, "tlsPort": p.tlsPort, "certificateValidityPeriod": seconds,
		"externalAccountBindingRequired": eab != nil, "externalAccountMACKeys": eab,
	}})
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"ca.pem": a.pem, "cert.pem": cert, "key.pem": key, "pebble.json": string(config)} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p.directory, p.management = fmt.Sprintf("https://127.0.0.1:%d/dir", directory), fmt.Sprintf("https://127.0.0.1:%d", management)
	background(t, nil, "pebble-challtestsrv", "-defaultIPv4", "127.0.0.1", "-defaultIPv6", "", "-http01", "", "-https01", "", "-tlsalpn01", "",
		"-dns01", fmt.Sprintf("127.0.0.1:%d", dns), "-management", fmt.Sprintf("127.0.0.1:%d", freePort(t)))
	background(t, []string{"PEBBLE_VA_NOSLEEP=1"}, "pebble", "-config", filepath.Join(dir, "pebble.json"), "-dnsserver", fmt.Sprintf("127.0.0.1:%d", dns))
	waitFor(t, "pebble", func() bool { _, err := p.get(p.directory); return err == nil })
	if p.rootCA, err = p.get(p.management + "/roots/0"); err != nil {
		t.Fatal(err)
	}
	return p
}

// background runs a program until the test ends.
func background(t testing.TB, env []string, name string, args ...string) {
	t.Helper()
	c := exec.CommandContext(context.Background(), name, args...)
	c.Env = append(os.Environ(), env...)
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.Process.Kill()
		_ = c.Wait()
	})
}

func (p *pebble) get(url string) (string, error) {
	text, err := os.ReadFile(p.ca)
	if err != nil {
		return "", err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(text)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}, DisableKeepAlives: true}}
	r, err := client.Get(url)
	if err != nil {
		return "", err
	}
	defer func() { _ = r.Body.Close() }()
	b, err := io.ReadAll(r.Body)
	return string(b), err
}
