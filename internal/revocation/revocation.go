// Package revocation judges certificates by lists of revoked ones (CRL, RFC 5280
// §5). Where lists are asked for, a certificate of whose issuer none is there,
// whole and up to date, is as bad as a revoked one: nobody knows.
package revocation

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	"postvern.example/internal/folder"
)

// ErrNoList says that a file holds no list of revoked certificates, or a
// damaged one.
var ErrNoList = errors.New("it is no list of revoked certificates (CRL)")

// maxFile is the largest file that is read: those of large public authorities
// have some ten megabytes.
const maxFile = 64 << 20

// Lists are those of any number of issuers. They may be used by several
// goroutines.
type Lists struct {
	lists []*list
}

// list is one of them, with what is found out about it once.
type list struct {
	*x509.RevocationList
	revoked  map[string]bool // by serial number
	mu       sync.Mutex
	signedBy map[string]bool // by the issuer's certificate
}

// Load reads lists, PEM or DER, from a folder or one file.
func Load(path string) (*Lists, error) {
	files, err := folder.Files(path, ErrNoList)
	if err != nil {
		return nil, fmt.Errorf("load revocations: %w", err)
	}
	all := &Lists{}
	for _, file := range files {
		data, err := folder.Read(file, maxFile)
		if err != nil {
			return nil, fmt.Errorf("load revocations: %w", err)
		}
		lists, err := parse(data)
		if err != nil {
			return nil, fmt.Errorf("load revocations from %s: %w", filepath.Base(file), err)
		}
		all.lists = append(all.lists, lists...)
	}
	return all, nil
}

func parse(data []byte) (lists []*list, err error) {
	ders := [][]byte{data}
	if n := bytes.Count(data, []byte("-----BEGIN ")); n > 0 {
		ders = nil
		for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
			if block.Type != "X509 CRL" {
				return nil, ErrNoList
			}
			ders = append(ders, block.Bytes)
		}
		if len(ders) != n { // one is damaged, and would be passed over
			return nil, ErrNoList
		}
	}
	for _, der := range ders {
		read, err := x509.ParseRevocationList(der)
		if err != nil {
			return nil, ErrNoList
		}
		l := &list{RevocationList: read, revoked: map[string]bool{}, signedBy: map[string]bool{}}
		for _, entry := range read.RevokedCertificateEntries {
			if entry.ReasonCode != removedFromList {
				l.revoked[entry.SerialNumber.String()] = true
			}
		}
		l.RevokedCertificateEntries = nil // they are many
		lists = append(lists, l)
	}
	if len(lists) == 0 {
		return nil, ErrNoList
	}
	return lists, nil
}

// removedFromList is the reason of an entry that takes back another (RFC 5280
// §5.3.1).
const removedFromList = 8

// Standing is what lists say of a certificate.
type Standing int

// A certificate is Good only where a current list of its issuer does not have
// it, and so on up to its authority.
const (
	Unknown Standing = iota
	Revoked
	Good
)

// Judge judges the first certificate of a verified chain, and those between it
// and its authority, which is the last.
func (l *Lists) Judge(chain []*x509.Certificate, now time.Time) Standing {
	for i, x := range chain[:max(len(chain)-1, 0)] { // the authority itself is trusted as it is
		current := false
		for _, one := range l.lists {
			if !one.of(chain[i+1]) {
				continue
			}
			if one.revoked[x.SerialNumber.String()] {
				return Revoked
			}
			current = current || one.current(now)
		}
		if !current {
			return Unknown
		}
	}
	return Good
}

// of reports whether the list is one that the issuer has signed.
func (l *list) of(issuer *x509.Certificate) bool {
	if !bytes.Equal(l.RawIssuer, issuer.RawSubject) {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	signed, known := l.signedBy[string(issuer.Raw)]
	if !known {
		signed = l.CheckSignatureFrom(issuer) == nil
		l.signedBy[string(issuer.Raw)] = signed
	}
	return signed
}

// current reports whether the list says all of its issuer's now.
func (l *list) current(now time.Time) bool {
	return l.complete() && !l.NextUpdate.IsZero() && now.Before(l.NextUpdate) && !now.Before(l.ThisUpdate)
}

// complete reports whether a list says all of its issuer's: one with a critical
// extension may be for some certificates only, or for what changed since another.
func (l *list) complete() bool {
	for _, e := range l.Extensions {
		if e.Critical {
			return false
		}
	}
	return true
}

// Until returns when the first certificate will be Unknown because a list has
// not been renewed: the earliest end of the newest lists of every authority that
// is given, and of every other issuer that has one here. It is zero where an
// authority has none.
func (l *Lists) Until(authorities []*x509.Certificate) (first time.Time) {
	ends := map[string]time.Time{}
	for _, one := range l.lists {
		if name := string(one.RawIssuer); one.complete() && one.NextUpdate.After(ends[name]) {
			ends[name] = one.NextUpdate
		}
	}
	for _, a := range authorities {
		name, own := string(a.RawSubject), time.Time{}
		for _, one := range l.lists {
			if one.complete() && one.of(a) && one.NextUpdate.After(own) {
				own = one.NextUpdate
			}
		}
		ends[name] = own
	}
	for _, end := range ends {
		if first.IsZero() || end.Before(first) {
			first = end
		}
		if end.IsZero() {
			return end
		}
	}
	return first
}
