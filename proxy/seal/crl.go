package seal

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"postvern.example/policy"
)

// ErrNoRevocations says that a file holds no list of revoked certificates, or a
// damaged one.
var ErrNoRevocations = errors.New("it is no list of revoked certificates (CRL)")

// loadRevocations reads lists of revoked certificates (RFC 5280 §5) from a
// folder, or one file: PEM or DER.
func (c *Certificates) loadRevocations(folder string) error {
	files, err := keyFiles(folder, ErrNoRevocations)
	if err != nil {
		return fmt.Errorf("load revocations: %w", err)
	}
	for _, file := range files {
		data, err := readFile(file)
		if err != nil {
			return fmt.Errorf("load revocations: %w", err)
		}
		lists, err := parseRevocations(data)
		if err != nil {
			return fmt.Errorf("load revocations from %s: %w", filepath.Base(file), err)
		}
		c.lists = append(c.lists, lists...)
	}
	return nil
}

func parseRevocations(data []byte) (lists []*x509.RevocationList, err error) {
	ders := [][]byte{data}
	if bytes.Contains(data, []byte("-----BEGIN ")) {
		ders = nil
		for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
			if block.Type != "X509 CRL" {
				return nil, ErrNoRevocations
			}
			ders = append(ders, block.Bytes)
		}
	}
	for _, der := range ders {
		list, err := x509.ParseRevocationList(der)
		if err != nil {
			return nil, ErrNoRevocations
		}
		lists = append(lists, list)
	}
	if len(lists) == 0 {
		return nil, ErrNoRevocations
	}
	return lists, nil
}

// revoked judges a certificate, and those between it and its authority, by the
// lists of their issuers. Where lists are asked for, none, or one that is out of date or
// not signed by the issuer, is as bad as a revocation: nobody knows.
func (c *Certificates) revoked(chain []*x509.Certificate, now time.Time) (policy.KeyState, string) {
	for i, x := range chain[:max(len(chain)-1, 0)] { // the authority itself is trusted as it is
		issuer := chain[i+1]
		current := false
		for _, list := range c.lists {
			if !bytes.Equal(list.RawIssuer, issuer.RawSubject) || list.CheckSignatureFrom(issuer) != nil {
				continue
			}
			for _, entry := range list.RevokedCertificateEntries {
				if entry.SerialNumber.Cmp(x.SerialNumber) == 0 && entry.ReasonCode != removedFromList {
					return policy.KeyRevoked, "the certificate, or its issuer's, is on a list of revoked ones"
				}
			}
			current = current || complete(list) && !list.NextUpdate.IsZero() && now.Before(list.NextUpdate) && !now.Before(list.ThisUpdate)
		}
		if !current {
			return policy.KeyUntrusted, "no list of revoked certificates of its issuer is there and up to date"
		}
	}
	return policy.KeyUsable, ""
}

// removedFromList is the reason of an entry that takes back another (RFC 5280
// §5.3.1).
const removedFromList = 8

// complete reports whether a list says all of its issuer's: one with a critical
// extension may be for some certificates only, or for what changed since another.
func complete(list *x509.RevocationList) bool {
	for _, e := range list.Extensions {
		if e.Critical {
			return false
		}
	}
	return true
}
