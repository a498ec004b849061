package seal

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"fmt"
	"slices"
	"time"

	"postvern.example/internal/folder"
	"postvern.example/policy"
	"postvern.example/policy/detect"
)

// With returns certificates that also know those that were added for single
// readers, and use for each of the bound ones no other than theirs: one that was
// renewed for the same public key is no other. The certificates themselves are
// not changed. What is kept of one that a reader is bound to counts only beside
// another of theirs.
func (c *Certificates) With(added, bound []Known) *Certificates {
	if c == nil {
		c = &Certificates{}
	}
	all := &Certificates{cfg: c.cfg, lists: c.lists, byAddress: map[string][]*certificate{}, between: x509.NewCertPool(), pins: map[string]*certificate{}}
	seen := map[[sha256.Size]byte]*certificate{}
	for _, one := range c.all {
		own := *one
		own.addresses = slices.Clone(one.addresses)
		if all.put(&own); own.x != nil {
			seen[sha256.Sum256(own.x.Raw)] = &own
		}
	}
	for _, known := range added {
		one, ok := all.leaf(known)
		if !ok {
			continue
		}
		if have := seen[sha256.Sum256(one.x.Raw)]; have != nil {
			if !slices.Contains(have.addresses, known.Reader) {
				have.addresses = append(have.addresses, known.Reader)
				all.byAddress[known.Reader] = append(all.byAddress[known.Reader], have)
			}
			continue
		}
		seen[sha256.Sum256(one.x.Raw)] = one
		all.put(one)
	}
	for _, known := range bound {
		all.pins[known.Reader], _ = all.leaf(known) // where it cannot be read, its reader stays bound
	}
	all.sort()
	return all
}

// leaf reads what is kept for a reader: their certificate, and after it those
// between it and its authority.
func (c *Certificates) leaf(known Known) (*certificate, bool) {
	all, err := x509.ParseCertificates(known.Key)
	if err != nil || len(all) == 0 || known.Fingerprint != fingerprintOfCertificate(all[0]) {
		return nil, false
	}
	if !slices.Contains(namedAddresses(all[0]), known.Reader) {
		return nil, false
	}
	for _, x := range all[1:] {
		c.between.AddCert(x)
	}
	return &certificate{x: all[0], addresses: []string{known.Reader}}, true
}

func fingerprintOfCertificate(x *x509.Certificate) string {
	sum := sha256.Sum256(x.Raw)
	return fingerprintOf(sum[:])
}

// candidates returns what can be used for a bound reader: certificates for the
// key that they are bound to. others says that there are more.
func (c *Certificates) candidates(canonical string) (own []*certificate, others bool) {
	pin, bound := c.pins[canonical]
	if !bound {
		return c.byAddress[canonical], false
	}
	for _, one := range c.byAddress[canonical] {
		if pin != nil && bytes.Equal(one.x.RawSubjectPublicKeyInfo, pin.x.RawSubjectPublicKeyInfo) {
			own = append(own, one)
		} else {
			others = true
		}
	}
	if len(own) == 0 && others && pin != nil {
		own = []*certificate{pin}
	}
	return own, others
}

// binds notes whose readers are bound to a certificate, and whose to another.
func (c *Certificates) binds(one *certificate, info *CertificateInfo) {
	for _, a := range one.addresses {
		switch pin, bound := c.pins[a]; {
		case !bound:
		case pin != nil && bytes.Equal(one.x.RawSubjectPublicKeyInfo, pin.x.RawSubjectPublicKeyInfo):
			info.Bound = append(info.Bound, a)
		default:
			info.Waits = append(info.Waits, a)
		}
	}
	if len(info.Waits) == len(info.Addresses) && len(info.Waits) > 0 && info.State == policy.KeyUsable {
		v := anotherCertificate()
		info.State, info.Reason = v.state, v.reason
	}
}

// Use returns the certificate that a copy for an address is sealed to, as Seal
// picks it. It reports false where none is usable.
func (c *Certificates) Use(address string, now time.Time) (Known, bool) {
	v, from := c.pick(address, now)
	canonical, ok := detect.CanonicalAddress(address)
	if v.state != policy.KeyUsable || !ok {
		return Known{}, false
	}
	return Known{Reader: canonical, Fingerprint: fingerprintOfCertificate(from.x), Key: from.x.Raw}, true
}

// Of returns the certificates with a fingerprint, or its last 16 digits, for each
// of their addresses, ready to be kept.
func (c *Certificates) Of(fingerprint string) (out []Known) {
	if c == nil {
		return nil
	}
	for _, one := range c.all {
		if one.x == nil || !Names(fingerprint, fingerprintOfCertificate(one.x)) {
			continue
		}
		for _, a := range one.addresses {
			out = append(out, Known{Reader: a, Fingerprint: fingerprintOfCertificate(one.x), Key: one.x.Raw})
		}
	}
	return out
}

// ReadCertificates reads a file of certificates that a person adds: one entry for
// each address in each certificate, with the others of the file that name nobody
// behind it. Its errors are ErrNoCertificate and ErrSecretKey.
func ReadCertificates(file string) ([]Known, error) {
	data, err := folder.Read(file, maxKeyFile)
	if err != nil {
		return nil, fmt.Errorf("read certificates: %w", err)
	}
	found, err := parseCertificates(data)
	if err != nil {
		return nil, fmt.Errorf("read certificates from %s: %w", file, err)
	}
	var known []Known
	var between []byte
	for _, der := range found {
		x, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, fmt.Errorf("read certificates from %s: %w: one of them is damaged", file, ErrNoCertificate)
		}
		addresses := namedAddresses(x)
		if len(addresses) == 0 {
			between = append(between, x.Raw...)
		}
		for _, a := range addresses {
			known = append(known, Known{Reader: a, Fingerprint: fingerprintOfCertificate(x), Key: x.Raw})
		}
	}
	if len(known) == 0 {
		return nil, fmt.Errorf("read certificates from %s: %w: none of them names a mail address", file, ErrNoCertificate)
	}
	for i := range known {
		known[i].Key = slices.Concat(known[i].Key, between)
	}
	return known, nil
}
