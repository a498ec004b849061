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
	CAFile    = "ca.pem"
	CAKeyFile = "ca.key"
	LeafFile  = "tls.pem"
	KeyFile   = "tls.key"
)

// renewal is how long before its end a certificate is replaced.
const renewal = 30 * 24 * time.Hour

// SelfSigned makes, on the first start, a certificate authority and a
// certificate for hostname signed by it, in files of dir that only their owner
// can read, and returns the paths of certificate and key. On later starts it
// returns what is there, and replaces a certificate that is about to end or
// names another host. The authority stays, so that nobody has to import it
// again, as long as it may sign for hostname: it is bound to that one name.
// ECDSA P-256; ten years for the authority and two for the certificate, which
// is what mail programs accept.
func SelfSigned(dir, hostname string) (certFile, keyFile string, err error) {
	certFile, keyFile = filepath.Join(dir, LeafFile), filepath.Join(dir, KeyFile)
	if _, ok := usable(certFile, keyFile, hostname); ok {
		return certFile, keyFile, nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", "", fmt.Errorf("make certificate: %w", err)
	}
	ca, err := authority(dir, hostname)
	if err == nil {
		err = makeLeaf(dir, hostname, ca)
	}
	if err != nil {
		return "", "", fmt.Errorf("make certificate: %w", err)
	}
	return certFile, keyFile, nil
}

// usable reads a pair and says whether it still serves for the name.
func usable(certFile, keyFile, hostname string) (tls.Certificate, bool) {
	pair, err := tls.LoadX509KeyPair(certFile, keyFile)
	return pair, err == nil && pair.Leaf != nil && pair.Leaf.VerifyHostname(hostname) == nil &&
		time.Now().Add(renewal).Before(pair.Leaf.NotAfter)
}

// authority returns the one that is there, or makes one. Its certificate bears
// the host's name too, which is how the next start knows whose it is.
func authority(dir, hostname string) (tls.Certificate, error) {
	certFile, keyFile := filepath.Join(dir, CAFile), filepath.Join(dir, CAKeyFile)
	if pair, ok := usable(certFile, keyFile, hostname); ok {
		return pair, nil
	}
	ca, key, err := template("Postvern CA for "+hostname, hostname, 10)
	if err != nil {
		return tls.Certificate{}, err
	}
	ca.IsCA, ca.MaxPathLenZero = true, true
	ca.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
	ca.PermittedDNSDomainsCritical = true
	ca.PermittedDNSDomains = ca.DNSNames
	for _, ip := range ca.IPAddresses {
		bits := 8 * len(ip)
		ca.PermittedIPRanges = append(ca.PermittedIPRanges, &net.IPNet{IP: ip, Mask: net.CIDRMask(bits, bits)})
	}
	der, err := x509.CreateCertificate(rand.Reader, ca, ca, key.Public(), key)
	if err != nil {
		return tls.Certificate{}, err
	}
	if err := writePair(certFile, keyFile, key, der); err != nil {
		return tls.Certificate{}, err
	}
	return tls.LoadX509KeyPair(certFile, keyFile)
}

func makeLeaf(dir, hostname string, ca tls.Certificate) error {
	leaf, key, err := template(hostname, hostname, 2)
	if err != nil {
		return err
	}
	leaf.KeyUsage = x509.KeyUsageDigitalSignature
	leaf.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	der, err := x509.CreateCertificate(rand.Reader, leaf, ca.Leaf, key.Public(), ca.PrivateKey)
	if err != nil {
		return err
	}
	return writePair(filepath.Join(dir, LeafFile), filepath.Join(dir, KeyFile), key, der, ca.Certificate[0])
}

func template(subject, hostname string, years int) (*x509.Certificate, *ecdsa.PrivateKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, nil, err
	}
	from := time.Now().Add(-time.Hour) // clocks differ
	c := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: subject},
		NotBefore: from, NotAfter: from.AddDate(years, 0, 0), BasicConstraintsValid: true,
	}
	if ip := net.ParseIP(hostname); ip != nil {
		if v4 := ip.To4(); v4 != nil {
			ip = v4
		}
		c.IPAddresses = []net.IP{ip}
	} else {
		c.DNSNames = []string{hostname}
	}
	return c, key, nil
}

// writePair writes key and chain, the key first: a new certificate never
// stands beside an old key for longer than it takes.
func writePair(certFile, keyFile string, key *ecdsa.PrivateKey, chain ...[]byte) error {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	var certs []byte
	for _, c := range chain {
		certs = append(certs, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c})...)
	}
	return errors.Join(
		writePrivate(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})),
		writePrivate(certFile, certs),
	)
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
