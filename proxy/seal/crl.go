package seal

import (
	"crypto/x509"
	"time"

	"postvern.example/internal/revocation"
	"postvern.example/policy"
)

// revoked judges a chain of certificates by the lists of their issuers.
func (c *Certificates) revoked(chain []*x509.Certificate, now time.Time) (policy.KeyState, string) {
	switch c.lists.Judge(chain, now) {
	case revocation.Good:
		return policy.KeyUsable, ""
	case revocation.Revoked:
		return policy.KeyRevoked, "the certificate, or its issuer's, is on a list of revoked ones"
	case revocation.Unknown:
	}
	return policy.KeyUntrusted, "no list of revoked certificates of its issuer is there and up to date"
}
