package submission

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// The files that SelfSigned keeps in its directory. Users import CAFile into
// their mail programs; the others stay on the server.
const (
	CAFile   = "ca.pem"
	LeafFile = "tls.pem"
	KeyFile  = "tls.key"
)

// SelfSigned makes, on the first start, a certificate authority and a
// certificate for hostname signed by it, in files of dir that only their owner
// can read, and returns the paths of certificate and key. On later starts it
// returns what is there. A certificate that is about to end, or names another
// host, is replaced together with its authority. ECDSA P-256, ten years for
// the authority and two for the certificate, which mail programs accept.
func SelfSigned(dir, hostname string) (certFile, keyFile string, err error) {
	certFile, keyFile = filepath.Join(dir, LeafFile), filepath.Join(dir, KeyFile)
	if usable(certFile, keyFile, hostname) {
		return certFile, keyFile, nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", "", fmt.Errorf("make certificate: %w", err)
	}
	if err := makeCertificate(dir, hostname); err != nil {
		return "", "", fmt.Errorf("make certificate: %w", err)
	}
	return certFile, keyFile, nil
}

func usable(certFile, keyFile, hostname string) bool {
	pair, err := tls.LoadX509KeyPair(certFile, keyFile)
	return err == nil && pair.Leaf != nil && pair.Leaf.VerifyHostname(hostname) == nil &&
		time.Now().Add(30*24*time.Hour).Before(pair.Leaf.NotAfter)
}

func makeCertificate(dir, hostname string) error {
	now := time.Now().Add(-time.Hour) // clocks differ
	ca, caKey, err := template("Postvern CA for "+hostname, now, 10)
	if err != nil {
		return err
	}
	ca.IsCA, ca.BasicConstraintsValid, ca.MaxPathLenZero = true, true, true
	ca.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
	leaf, leafKey, err := template(hostname, now, 2)
	if err != nil {
		return err
	}
	leaf.BasicConstraintsValid = true
	leaf.KeyUsage = x509.KeyUsageDigitalSignature
	leaf.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	if ip := net.ParseIP(hostname); ip != nil {
		leaf.IPAddresses = []net.IP{ip}
	} else {
		leaf.DNSNames = []string{hostname}
	}
	caDER, err := x509.CreateCertificate(rand.Reader, ca, ca, caKey.Public(), caKey)
	if err != nil {
		return err
	}
	leafDER, err := x509.CreateCertificate(rand.Reader, leaf, ca, leafKey.Public(), caKey)
	if err != nil {
		return err
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(leafKey)
	if err != nil {
		return err
	}
	// The authority's key is not kept: it signs nothing else, ever.
	caPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: caDER})
	chain := append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: leafDER}), caPEM...)
	return errors.Join(
		writePrivate(filepath.Join(dir, CAFile), caPEM),
		writePrivate(filepath.Join(dir, KeyFile), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})),
		writePrivate(filepath.Join(dir, LeafFile), chain),
	)
}

func template(name string, from time.Time, years int) (*x509.Certificate, *ecdsa.PrivateKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, nil, err
	}
	return &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: name},
		NotBefore: from, NotAfter: from.AddDate(years, 0, 0),
	}, key, nil
}

// writePrivate puts a whole file in place of the old one, or leaves the old.
func writePrivate(name string, content []byte) error {
	f, err := os.CreateTemp(filepath.Dir(name), ".new-*") // mode 0600
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		err = errors.Join(err, os.Remove(f.Name()))
	}
	return err
}
