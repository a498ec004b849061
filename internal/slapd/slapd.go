// Package slapd runs OpenLDAP's server (Debian: slapd) for tests of logins.
package slapd

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"postvern.example/internal/ports"
)

// The root of the tree, and who may search it. Anonymous clients can bind, and
// read nothing.
const (
	Root           = "dc=forening,dc=example"
	Searcher       = "cn=searcher," + Root
	SearchPassword = "searches"
)

const head = `dn: dc=forening,dc=example
objectClass: domain
dc: forening

dn: ou=people,dc=forening,dc=example
objectClass: organizationalUnit
ou: people

dn: cn=searcher,dc=forening,dc=example
objectClass: organizationalRole
objectClass: simpleSecurityObject
cn: searcher
userPassword: searches

`

const configuration = `include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload argon2
TLSCertificateFile DIR/cert.pem
TLSCertificateKeyFile DIR/key.pem
database mdb
suffix dc=forening,dc=example
directory DIR/db
index uid eq
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact=cn=searcher,dc=forening,dc=example read by anonymous auth by * none
`

// Server is one that runs.
type Server struct {
	Clear, Secured string // URLs
	CA             []byte // PEM; vouches for its certificate
	command        *exec.Cmd
}

// Start starts a server with people, in LDIF, below ou=people of Root. What it
// needs stands in dir. The error says so where slapd is not installed.
func Start(dir, people string) (*Server, error) {
	program, err := exec.LookPath("slapd")
	if err != nil {
		program = "/usr/sbin/slapd"
	}
	if _, err := os.Stat(program); err != nil {
		return nil, errors.New("slapd is not installed: run test/deps.sh")
	}
	cert, key, err := certificate()
	if err != nil {
		return nil, err
	}
	for name, text := range map[string][]byte{
		"cert.pem": cert, "key.pem": key, "people.ldif": []byte(head + people), "slapd.conf": []byte(strings.ReplaceAll(configuration, "DIR", dir)),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			return nil, err
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "db"), 0o700); err != nil {
		return nil, err
	}
	conf := filepath.Join(dir, "slapd.conf")
	add := exec.CommandContext(context.Background(), filepath.Join(filepath.Dir(program), "slapadd"), "-q", "-f", conf, "-l", filepath.Join(dir, "people.ldif"))
	if out, err := add.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("slapadd: %w\n%s", err, out)
	}
	addresses, err := free(2)
	if err != nil {
		return nil, err
	}
	s := &Server{Clear: "ldap://" + addresses[0], Secured: "ldaps://" + addresses[1], CA: cert}
	s.command = exec.CommandContext(context.Background(), program, "-d", "0", "-f", conf, "-h", s.Clear+" "+s.Secured)
	if err := s.command.Start(); err != nil {
		return nil, err
	}
	for _, address := range addresses {
		if err := answers(address); err != nil {
			s.Stop()
			return nil, err
		}
	}
	return s, nil
}

// Stop ends the server.
func (s *Server) Stop() {
	_ = s.command.Process.Kill()
	_ = s.command.Wait()
}

// Pool returns the pool that holds CA alone.
func (s *Server) Pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(s.CA)
	return pool
}

func answers(address string) (err error) {
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		var conn net.Conn
		if conn, err = new(net.Dialer).DialContext(context.Background(), "tcp", address); err == nil {
			return conn.Close()
		}
	}
	return err
}

// free returns addresses that nobody listens at.
func free(n int) (addresses []string, err error) {
	for range n {
		at, err := ports.Free()
		if err != nil {
			return nil, err
		}
		addresses = append(addresses, at.String())
	}
	return addresses, nil
}

func certificate() (cert, key []byte, err error) {
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, k.Public(), k)
	if err != nil {
		return nil, nil, err
	}
	private, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		return nil, nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), nil
}
