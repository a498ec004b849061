package seal

import (
	"cmp"
	"crypto/sha256"
	"crypto/x509"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"postvern.example/internal/folder"
	"postvern.example/internal/revocation"
	"postvern.example/policy"
	"postvern.example/policy/detect"
	"postvern.example/proxy/seal/cms"
)

// Certificates holds readers' certificates for S/MIME. It is not changed after
// LoadCertificates and is safe for use by several goroutines.
type Certificates struct {
	cfg       CertificateConfig
	all       []*certificate
	byAddress map[string][]*certificate // canonical address; the newest first
	between   *x509.CertPool            // all that were loaded: some are their issuers
	lists     *revocation.Lists         // nil: none are asked for
	pins      map[string]*certificate   // of readers who are bound to one, by canonical address; nil where it cannot be read
}

// CertificateConfig says where certificates are and which are trusted.
type CertificateConfig struct {
	Folder string
	// Authorities are those that a certificate has to come from. Nil: whoever
	// put it into the folder answers for it.
	Authorities *x509.CertPool
	Cipher      cms.Cipher // empty: CBC
	// Revocations is a folder of lists of revoked certificates, by which every
	// certificate is judged. Empty: none is.
	Revocations string
}

// certificate is one as loaded. x is nil where it could not be read.
type certificate struct {
	x         *x509.Certificate
	file      string
	addresses []string // canonical
}

// CertificateInfo describes a certificate for a list.
type CertificateInfo struct {
	Fingerprint string // SHA-256 in upper-case hex; empty where it cannot be read
	Addresses   []string
	Issuer      string
	From, Until time.Time
	Algorithm   string // "RSA 3072", "EC P-256"
	State       policy.KeyState
	Reason      string   // English; empty for a usable certificate
	File        string   // its name, without the folder; empty for one of the store
	Bound       []string // of its addresses, the ones whose readers are bound to it
	Waits       []string // and those whose readers are bound to another, until it is approved
}

// ExpiresBy reports whether a certificate that can be used now cannot at that
// time.
func (i CertificateInfo) ExpiresBy(at time.Time) bool {
	return i.State == policy.KeyUsable && !i.Until.After(at)
}

// NoCertificates returns an empty set with a configuration. Its error is that of
// a list of revoked certificates.
func NoCertificates(cfg CertificateConfig) (*Certificates, error) {
	if cfg.Cipher == "" {
		cfg.Cipher = cms.CBC
	}
	c := &Certificates{cfg: cfg, byAddress: map[string][]*certificate{}, between: x509.NewCertPool()}
	if cfg.Revocations == "" {
		return c, nil
	}
	var err error
	c.lists, err = revocation.Load(cfg.Revocations)
	return c, err
}

// LoadCertificates reads certificates from a folder, or from one file: PEM or
// DER, one or a chain, and CMS with certificates in it (.p7b, .p7c, and the
// smime.p7s of a signed mail). Hidden files, files that begin with README and
// folders are left out. A file that holds anything else is an error that names
// it (ErrNoCertificate, ErrSecretKey); a certificate that cannot be used is
// kept to say why.
func LoadCertificates(cfg CertificateConfig) (*Certificates, error) {
	files, err := folder.Files(cfg.Folder, ErrNoCertificate)
	if err != nil {
		return nil, fmt.Errorf("load certificates: %w", err)
	}
	c, err := NoCertificates(cfg)
	if err != nil {
		return nil, err
	}
	seen := map[[sha256.Size]byte]bool{}
	for _, file := range files {
		data, err := folder.Read(file, maxKeyFile)
		if err != nil {
			return nil, fmt.Errorf("load certificates: %w", err)
		}
		found, err := parseCertificates(data)
		if err != nil {
			return nil, fmt.Errorf("load certificates from %s: %w", file, err)
		}
		for _, der := range found {
			sum := sha256.Sum256(der)
			if !seen[sum] {
				seen[sum] = true
				c.add(der, filepath.Base(file))
			}
		}
	}
	c.sort()
	return c, nil
}

// sort puts the newest certificate of each reader first.
func (c *Certificates) sort() {
	for _, list := range c.byAddress {
		slices.SortStableFunc(list, func(a, b *certificate) int { return b.x.NotBefore.Compare(a.x.NotBefore) })
	}
}

func (c *Certificates) add(der []byte, file string) {
	one := &certificate{file: file}
	if x, err := x509.ParseCertificate(der); err == nil {
		one.x, one.addresses = x, namedAddresses(x)
	}
	c.put(one)
}

func (c *Certificates) put(one *certificate) {
	c.all = append(c.all, one)
	if one.x != nil {
		c.between.AddCert(one.x)
	}
	for _, a := range one.addresses {
		c.byAddress[a] = append(c.byAddress[a], one)
	}
}

// State says whether mail to the address can be sealed to a certificate at
// that time, and if not, why; for several certificates it is the best one's.
func (c *Certificates) State(address string, now time.Time) policy.KeyState {
	best, _ := c.pick(address, now)
	return best.state
}

// pick returns the newest usable certificate for an address, or the verdict on
// the newest one.
func (c *Certificates) pick(address string, now time.Time) (verdict, *certificate) {
	best := verdict{state: policy.KeyNone, reason: "there is no certificate for this address"}
	canonical, ok := detect.CanonicalAddress(address)
	if c == nil || !ok {
		return best, nil
	}
	candidates, others := c.candidates(canonical)
	if others && len(candidates) == 0 {
		return anotherCertificate(), nil
	}
	for i, one := range candidates {
		v := c.judge(one, now)
		if v.state == policy.KeyUsable {
			return v, one
		}
		// Many people have a second certificate that only signs: why the other
		// one cannot be used says more.
		if i == 0 || best.state == policy.KeyNoEncryption {
			best = v
		}
	}
	if others {
		return anotherCertificate(), nil
	}
	return best, nil
}

func anotherCertificate() verdict {
	return verdict{state: policy.KeyUnapproved, reason: "it is another certificate than the one that was used before, and nobody has approved it"}
}

// List returns every certificate with its state at that time, by address.
// Authorities, whose certificates name nobody, are left out.
func (c *Certificates) List(now time.Time) []CertificateInfo {
	if c == nil {
		return nil
	}
	var infos []CertificateInfo
	for _, one := range c.all {
		if one.x != nil && one.x.IsCA && len(one.addresses) == 0 {
			continue
		}
		v := c.judge(one, now)
		if v.state == policy.KeyUsable && len(one.addresses) == 0 {
			v.state, v.reason = policy.KeyNone, "it names no mail address"
		}
		info := CertificateInfo{Addresses: slices.Clone(one.addresses), State: v.state, Reason: v.reason, File: one.file}
		if one.x != nil {
			info.Fingerprint, info.Issuer = fingerprintOfCertificate(one.x), one.x.Issuer.String()
			info.From, info.Until, info.Algorithm = one.x.NotBefore.UTC(), one.x.NotAfter.UTC(), publicKey(one.x)
			c.binds(one, &info)
		}
		infos = append(infos, info)
	}
	slices.SortFunc(infos, func(a, b CertificateInfo) int {
		return cmp.Or(
			cmp.Compare(strings.Join(a.Addresses, " "), strings.Join(b.Addresses, " ")),
			b.From.Compare(a.From), cmp.Compare(a.Fingerprint, b.Fingerprint), cmp.Compare(a.File, b.File),
		)
	})
	return infos
}
