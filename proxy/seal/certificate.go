package seal

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"fmt"
	"slices"
	"time"

	"postvern.example/internal/ber"
	"postvern.example/policy"
	"postvern.example/policy/detect"
)

// Where addresses stand in a certificate.
var (
	oidAlternativeNames = asn1.ObjectIdentifier{2, 5, 29, 17}
	oidEmailAddress     = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 1}
	oidSMTPUTF8Mailbox  = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 8, 9}
)

// judge decides whether a certificate may be used at that time (RFC 8550 §4).
func (c *Certificates) judge(one *certificate, now time.Time) verdict {
	x := one.x
	if x == nil {
		return verdict{state: policy.KeyWeak, reason: "the certificate is damaged or of a kind that is not supported"}
	}
	v := verdict{state: policy.KeyUsable, expires: x.NotAfter.UTC(), algorithm: publicKey(x)}
	because := func(s policy.KeyState, reason string) verdict {
		v.state, v.reason = s, reason
		return v
	}
	switch {
	case now.After(x.NotAfter):
		return because(policy.KeyExpired, "the certificate has expired")
	case now.Before(x.NotBefore):
		return because(policy.KeyExpired, "the certificate is not valid yet")
	case weakSignature(x.SignatureAlgorithm):
		return because(policy.KeyWeak, "the certificate is signed with an outdated or unknown algorithm")
	}
	if why := weakPublicKey(x); why != "" {
		return because(policy.KeyWeak, "the certificate's key is "+why)
	}
	if !encrypts(x) {
		return because(policy.KeyNoEncryption, "the certificate's key usage does not allow encryption")
	}
	if !forMail(x) {
		return because(policy.KeyNoEncryption, "the certificate's extended key usage does not allow mail")
	}
	if len(x.UnhandledCriticalExtensions) > 0 { // RFC 5280 §4.2
		return because(policy.KeyNoEncryption, "the certificate has a critical extension that is not understood")
	}
	if c.cfg.Authorities == nil {
		return v
	}
	chains, err := x.Verify(x509.VerifyOptions{
		Roots: c.cfg.Authorities, Intermediates: c.between, CurrentTime: now,
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageEmailProtection},
	})
	if err != nil {
		return because(policy.KeyUntrusted, "the certificate comes from none of the authorities")
	}
	if c.cfg.Revocations == "" {
		return v
	}
	for _, chain := range chains { // one that is good is enough
		if v.state, v.reason = c.revoked(chain, now); v.state == policy.KeyUsable {
			return v
		}
	}
	return v
}

// encrypts asks for the key usage that brings a content's key to this kind of
// key, where usages are named (RFC 8550 §4.4.2).
func encrypts(x *x509.Certificate) bool {
	want := x509.KeyUsageKeyEncipherment
	if _, curve := x.PublicKey.(*ecdsa.PublicKey); curve {
		want = x509.KeyUsageKeyAgreement
	}
	return x.KeyUsage == 0 || x.KeyUsage&want != 0
}

// forMail asks for a certificate that is for mail, where it says what it is
// for (RFC 8550 §4.4.4).
func forMail(x *x509.Certificate) bool {
	if len(x.ExtKeyUsage)+len(x.UnknownExtKeyUsage) == 0 {
		return true
	}
	return slices.Contains(x.ExtKeyUsage, x509.ExtKeyUsageEmailProtection) || slices.Contains(x.ExtKeyUsage, x509.ExtKeyUsageAny)
}

// weakPublicKey says why a key is too weak, or nothing. What is not known to
// be strong is weak.
func weakPublicKey(x *x509.Certificate) string {
	switch key := x.PublicKey.(type) {
	case *rsa.PublicKey:
		if key.N.BitLen() < minRSA {
			return fmt.Sprintf("RSA with less than %d bits", minRSA)
		}
		return ""
	case *ecdsa.PublicKey:
		switch key.Curve {
		case elliptic.P256(), elliptic.P384(), elliptic.P521():
			return ""
		}
	}
	return "of a kind that is not supported"
}

func weakSignature(a x509.SignatureAlgorithm) bool {
	switch a {
	case x509.SHA256WithRSA, x509.SHA384WithRSA, x509.SHA512WithRSA,
		x509.SHA256WithRSAPSS, x509.SHA384WithRSAPSS, x509.SHA512WithRSAPSS,
		x509.ECDSAWithSHA256, x509.ECDSAWithSHA384, x509.ECDSAWithSHA512, x509.PureEd25519:
		return false
	default:
		return true // MD5, SHA-1, DSA and what else may come
	}
}

func publicKey(x *x509.Certificate) string {
	switch key := x.PublicKey.(type) {
	case *rsa.PublicKey:
		return fmt.Sprintf("RSA %d", key.N.BitLen())
	case *ecdsa.PublicKey:
		return "EC " + key.Curve.Params().Name
	}
	return x.PublicKeyAlgorithm.String()
}

// namedAddresses returns the canonical addresses that a certificate is for: its
// alternative names, those beyond ASCII (RFC 9598) among them, and the old
// field of its subject (RFC 8550 §3).
func namedAddresses(x *x509.Certificate) []string {
	written := slices.Clone(x.EmailAddresses)
	for _, e := range x.Extensions {
		if e.Id.Equal(oidAlternativeNames) {
			written = append(written, internationalAddresses(e.Value)...)
		}
	}
	for _, name := range x.Subject.Names {
		if text, ok := name.Value.(string); ok && name.Type.Equal(oidEmailAddress) {
			written = append(written, text)
		}
	}
	var addresses []string
	for _, w := range written {
		if a, ok := detect.CanonicalAddress(w); ok && !slices.Contains(addresses, a) {
			addresses = append(addresses, a)
		}
	}
	if len(addresses) > 0 { // a critical list of names that only we have understood
		x.UnhandledCriticalExtensions = slices.DeleteFunc(x.UnhandledCriticalExtensions, oidAlternativeNames.Equal)
	}
	return addresses
}

// internationalAddresses reads the SmtpUTF8Mailbox among alternative names
// (RFC 9598 §3): [0] { OID, [0] { UTF8String } }.
func internationalAddresses(names []byte) (found []string) {
	list, _, ok := ber.Enter(names)
	for ok && len(list) > 0 {
		var tag byte
		var other []byte
		if tag, other, list, ok = ber.Element(list); tag != 0xA0 {
			continue
		}
		var id asn1.ObjectIdentifier
		value, err := asn1.Unmarshal(other, &id)
		if err != nil || !id.Equal(oidSMTPUTF8Mailbox) {
			continue
		}
		if text, _, ok := ber.Enter(value); ok {
			if address, _, ok := ber.Enter(text); ok {
				found = append(found, string(address))
			}
		}
	}
	return found
}
