package seal

import (
	"bytes"
	"context"
	"crypto"
	"crypto/dsa" //nolint:staticcheck // to see it refused
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"postvern.example/internal/octets"
	"postvern.example/policy"
	"postvern.example/proxy/seal/cms"
)

var certificateNow = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

var smimeRSA = sync.OnceValue(func() *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return k
})

func ecKey(t testing.TB, c elliptic.Curve) *ecdsa.PrivateKey {
	t.Helper()
	k, err := ecdsa.GenerateKey(c, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// template is a certificate of Mette's that can be used.
func template() *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: "Mette"}, EmailAddresses: []string{"mette@post.example"},
		NotBefore: certificateNow.AddDate(0, -1, 0), NotAfter: certificateNow.AddDate(20, 0, 0), BasicConstraintsValid: true,
	}
}

// issue makes a certificate: with no issuer it signs itself.
func issue(t testing.TB, x *x509.Certificate, key crypto.Signer, issuer *x509.Certificate, by crypto.Signer) *x509.Certificate {
	t.Helper()
	if issuer == nil {
		issuer, by = x, key
	}
	der, err := x509.CreateCertificate(rand.Reader, x, issuer, key.Public(), by)
	if err != nil {
		t.Fatal(err)
	}
	made, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func pemOf(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

func certificatesOf(t testing.TB, cfg CertificateConfig, files map[string][]byte) (*Certificates, error) {
	t.Helper()
	cfg.Folder = t.TempDir()
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(cfg.Folder, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return LoadCertificates(cfg)
}

func mustCertificates(t testing.TB, cfg CertificateConfig, files map[string][]byte) *Certificates {
	t.Helper()
	c, err := certificatesOf(t, cfg, files)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func command(t testing.TB, stdin []byte, env []string, name string, args ...string) []byte {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Skip(name + " is not installed")
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	c := exec.CommandContext(ctx, name, args...)
	c.Env = append(os.Environ(), env...)
	var out, errs bytes.Buffer
	c.Stdin, c.Stdout, c.Stderr = bytes.NewReader(stdin), &out, &errs
	if err := c.Run(); err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, errs.String())
	}
	return out.Bytes()
}

// smimeReaders are keys of every kind that can be used.
func smimeReaders(t testing.TB) map[string]crypto.Signer {
	return map[string]crypto.Signer{
		"RSA 2048": smimeRSA(), "EC P-256": ecKey(t, elliptic.P256()),
		"EC P-384": ecKey(t, elliptic.P384()), "EC P-521": ecKey(t, elliptic.P521()),
	}
}

func TestOpenSSLOpensWhatIsSealedToACertificate(t *testing.T) {
	for name, key := range smimeReaders(t) {
		for _, cipher := range cms.Ciphers() {
			t.Run(name+" "+string(cipher), func(t *testing.T) {
				x := issue(t, template(), key, nil, nil)
				c := mustCertificates(t, CertificateConfig{Cipher: cipher}, map[string][]byte{"m.pem": pemOf("CERTIFICATE", x.Raw)})
				private, err := x509.MarshalPKCS8PrivateKey(key)
				if err != nil {
					t.Fatal(err)
				}
				secret := filepath.Join(t.TempDir(), "key.pem")
				if err := os.WriteFile(secret, pemOf("PRIVATE KEY", private), 0o600); err != nil {
					t.Fatal(err)
				}
				for _, extra := range []int{0, 1, 15, 16, 17, 200_000} { // the padding of CBC, and lengths of DER
					m := sealing()
					m.Raw = octets.Hold(append(bytes.Clone(m.Raw.Held), bytes.Repeat([]byte("x"), extra)...))
					m.Reader = "METTE@post.example"
					raw, err := c.Seal(m, certificateNow)
					if err != nil {
						t.Fatal(err)
					}
					plain := command(t, raw, nil, "openssl", "cms", "-decrypt", "-inkey", secret)
					head, body, _ := strings.Cut(string(plain), "\r\n\r\n")
					if body != letterBody+strings.Repeat("x", extra) {
						t.Errorf("%d more: %d octets come out", extra, len(body))
					}
					for _, want := range []string{"Subject: =?utf-8?Q?Din_sygemelding_og_l=C3=B8n?=", "hp=\"cipher\"", "HP-Outer: Subject:"} {
						if !strings.Contains(head, want) {
							t.Errorf("%q is not inside:\n%s", want, head)
						}
					}
				}
				raw, err := c.Seal(Sealing{Reader: "mette@post.example", Raw: sealing().Raw}, certificateNow)
				if err != nil {
					t.Fatal(err)
				}
				shown := command(t, raw, nil, "openssl", "cms", "-cmsout", "-print", "-noout")
				if n := bytes.Count(shown, []byte("d.ktri")) + bytes.Count(shown, []byte("d.kari")); n != 1 {
					t.Errorf("%d recipients:\n%s", n, shown)
				}
			})
		}
	}
}

// GnuPG 2.2 imports no PKCS #12 with a key on a curve, and opens no GCM.
func TestGpgSMOpensWhatIsSealedToACertificate(t *testing.T) {
	key := smimeRSA()
	x := issue(t, template(), key, nil, nil)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for file, b := range map[string][]byte{"k.pem": pemOf("PRIVATE KEY", private), "c.pem": pemOf("CERTIFICATE", x.Raw)} {
		if err := os.WriteFile(filepath.Join(dir, file), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	home, err := os.MkdirTemp("", "gpgsm") // short: the agent's socket stands in it
	if err != nil {
		t.Fatal(err)
	}
	env := []string{"GNUPGHOME=" + home}
	t.Cleanup(func() {
		_ = exec.CommandContext(context.Background(), "gpgconf", "--homedir", home, "--kill", "all").Run()
		_ = os.RemoveAll(home)
	})
	if err := os.WriteFile(filepath.Join(home, "gpgsm.conf"), []byte("disable-crl-checks\ndisable-dirmngr\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	command(t, nil, nil, "openssl", "pkcs12", "-export", "-inkey", filepath.Join(dir, "k.pem"), "-in", filepath.Join(dir, "c.pem"),
		"-passout", "pass:x", "-out", filepath.Join(dir, "k.p12"), "-legacy")
	command(t, []byte("x"), env, "gpgsm", "--batch", "--pinentry-mode", "loopback", "--passphrase-fd", "0", "--import", filepath.Join(dir, "k.p12"))
	c := mustCertificates(t, CertificateConfig{}, map[string][]byte{"m.pem": pemOf("CERTIFICATE", x.Raw)})
	raw, err := c.Seal(sealingTo("mette@post.example"), certificateNow)
	if err != nil {
		t.Fatal(err)
	}
	_, body, _ := bytes.Cut(raw, []byte("\r\n\r\n"))
	der := command(t, body, nil, "openssl", "base64", "-d")
	file := filepath.Join(dir, "smime.p7m")
	if err := os.WriteFile(file, der, 0o600); err != nil {
		t.Fatal(err)
	}
	plain := command(t, []byte("x"), env, "gpgsm", "--batch", "--pinentry-mode", "loopback", "--passphrase-fd", "0", "--decrypt", file)
	if _, inside, _ := strings.Cut(string(plain), "\r\n\r\n"); inside != letterBody {
		t.Errorf("%q", plain)
	}
}

func sealingTo(address string) Sealing {
	m := sealing()
	m.Reader = address
	return m
}

func TestACertificateIsUsableOnlyWhenAllOfItIs(t *testing.T) {
	authority := issue(t, &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Authority"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
		NotBefore: certificateNow.AddDate(-1, 0, 0), NotAfter: certificateNow.AddDate(20, 0, 0),
	}, smimeRSA(), nil, nil)
	trusted := x509.NewCertPool()
	trusted.AddCert(authority)
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	utf8Mailbox := func(x *x509.Certificate) {
		x.EmailAddresses = nil
		text, _ := asn1.MarshalWithParams("mette@bæk.example", "utf8")
		id, _ := asn1.Marshal(oidSMTPUTF8Mailbox)
		value := append(id, append([]byte{0xA0, byte(len(text))}, text...)...)
		other := append([]byte{0xA0, byte(len(value))}, value...)
		x.ExtraExtensions = []pkix.Extension{{Id: oidAlternativeNames, Critical: true, Value: append([]byte{0x30, byte(len(other))}, other...)}}
	}
	for name, c := range map[string]struct {
		change      func(x *x509.Certificate)
		key         crypto.Signer
		address     string
		authorities *x509.CertPool
		issued      bool
		want        policy.KeyState
		why         string
	}{
		"as it should be": {want: policy.KeyUsable},
		"expired":         {change: func(x *x509.Certificate) { x.NotAfter = certificateNow.Add(-time.Second) }, want: policy.KeyExpired, why: "has expired"},
		"not yet valid":   {change: func(x *x509.Certificate) { x.NotBefore = certificateNow.Add(time.Second) }, want: policy.KeyExpired, why: "not valid yet"},
		"signs only":      {change: func(x *x509.Certificate) { x.KeyUsage = x509.KeyUsageDigitalSignature }, want: policy.KeyNoEncryption, why: "key usage"},
		"enciphers":       {change: func(x *x509.Certificate) { x.KeyUsage = x509.KeyUsageKeyEncipherment }, want: policy.KeyUsable},
		"a curve that enciphers": {
			change: func(x *x509.Certificate) { x.KeyUsage = x509.KeyUsageKeyEncipherment }, key: ecKey(t, elliptic.P256()), want: policy.KeyNoEncryption, why: "key usage",
		},
		"a curve that agrees": {change: func(x *x509.Certificate) { x.KeyUsage = x509.KeyUsageKeyAgreement }, key: ecKey(t, elliptic.P256()), want: policy.KeyUsable},
		"for servers":         {change: func(x *x509.Certificate) { x.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} }, want: policy.KeyNoEncryption, why: "extended"},
		"for mail":            {change: func(x *x509.Certificate) { x.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageEmailProtection} }, want: policy.KeyUsable},
		"for what is unknown": {change: func(x *x509.Certificate) { x.UnknownExtKeyUsage = []asn1.ObjectIdentifier{{1, 3, 6, 1, 4, 1, 99999}} }, want: policy.KeyNoEncryption, why: "extended"},
		"critical": {change: func(x *x509.Certificate) {
			x.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 2, 3, 4}, Critical: true, Value: []byte{5, 0}}}
		}, want: policy.KeyNoEncryption, why: "critical"},
		"RSA 1024":        {key: small, want: policy.KeyWeak, why: "RSA with less"},
		"P-224":           {key: ecKey(t, elliptic.P224()), want: policy.KeyWeak, why: "not supported"},
		"another's":       {address: "peter@post.example", want: policy.KeyNone, why: "no certificate"},
		"of a look-alike": {address: "mette@post.example.example", want: policy.KeyNone, why: "no certificate"},
		"in the subject": {
			change: func(x *x509.Certificate) {
				x.EmailAddresses = nil
				x.Subject.ExtraNames = []pkix.AttributeTypeAndValue{{Type: oidEmailAddress, Value: "Mette@Post.example"}}
			},
			want: policy.KeyUsable,
		},
		"beyond ASCII":      {change: utf8Mailbox, address: "Mette@BÆK.example", want: policy.KeyUsable},
		"of no authority":   {authorities: trusted, want: policy.KeyUntrusted, why: "authorities"},
		"of the authority":  {authorities: trusted, issued: true, want: policy.KeyUsable},
		"an authority's":    {change: func(x *x509.Certificate) { x.IsCA, x.KeyUsage = true, x509.KeyUsageCertSign }, want: policy.KeyNoEncryption, why: "key usage"},
		"made with openssl": {change: func(x *x509.Certificate) { x.IsCA = true }, want: policy.KeyUsable},
	} {
		t.Run(name, func(t *testing.T) {
			x, key := template(), c.key
			if c.change != nil {
				c.change(x)
			}
			if key == nil {
				key = smimeRSA()
			}
			var issuer *x509.Certificate
			if c.issued {
				issuer = authority
			}
			made := issue(t, x, key, issuer, smimeRSA())
			ring := mustCertificates(t, CertificateConfig{Authorities: c.authorities}, map[string][]byte{"m.cer": made.Raw})
			address := c.address
			if address == "" {
				address = "mette@post.example"
			}
			if got := ring.State(address, certificateNow); got != c.want {
				t.Errorf("%s", got)
			}
			raw, err := ring.Seal(sealingTo(address), certificateNow)
			var refused *KeyError
			switch {
			case c.want == policy.KeyUsable && err != nil:
				t.Error(err)
			case c.want != policy.KeyUsable && (raw != nil || !errors.As(err, &refused) || refused.State != c.want || !strings.Contains(refused.Reason, c.why)):
				t.Errorf("%d octets, %v", len(raw), err)
			}
			if listed := ring.List(certificateNow); len(listed) != 1 || c.address == "" && (listed[0].State != c.want || !strings.Contains(listed[0].Reason, c.why)) {
				t.Errorf("listed as %+v", listed)
			}
		})
	}
}

func TestASignatureOfTodayIsAskedFor(t *testing.T) {
	for a, weak := range map[x509.SignatureAlgorithm]bool{
		x509.MD5WithRSA: true, x509.SHA1WithRSA: true, x509.ECDSAWithSHA1: true, x509.DSAWithSHA256: true, x509.UnknownSignatureAlgorithm: true,
		x509.SHA256WithRSA: false, x509.SHA256WithRSAPSS: false, x509.ECDSAWithSHA384: false,
	} {
		if weakSignature(a) != weak {
			t.Errorf("%v is weak: %v", a, !weak)
		}
	}
	if weakPublicKey(&x509.Certificate{PublicKey: &dsa.PublicKey{}}) == "" {
		t.Error("DSA is taken")
	}
}

func TestTheCertificateThatCanBeUsedWins(t *testing.T) {
	pems := func(change ...func(x *x509.Certificate)) (all []byte) {
		for _, c := range change {
			x := template()
			c(x)
			all = append(all, pemOf("CERTIFICATE", issue(t, x, smimeRSA(), nil, nil).Raw)...)
		}
		return all
	}
	old := func(x *x509.Certificate) { x.NotBefore = certificateNow.AddDate(-2, 0, 0) }
	signs := func(x *x509.Certificate) { x.KeyUsage = x509.KeyUsageDigitalSignature }
	over := func(x *x509.Certificate) {
		x.NotBefore, x.NotAfter = certificateNow.AddDate(-2, 0, 0), certificateNow.AddDate(-1, 0, 0)
	}
	ring := mustCertificates(t, CertificateConfig{}, map[string][]byte{"all.pem": pems(old, signs, over)})
	if v, one := ring.pick("mette@post.example", certificateNow); v.state != policy.KeyUsable || !one.x.NotBefore.Equal(certificateNow.AddDate(-2, 0, 0)) {
		t.Errorf("%+v", v)
	}
	ring = mustCertificates(t, CertificateConfig{}, map[string][]byte{"all.pem": pems(signs, over)})
	if s := ring.State("mette@post.example", certificateNow); s != policy.KeyExpired {
		t.Errorf("a certificate that only signs hides why the other cannot be used: %s", s)
	}
}

func TestCertificatesComeInEveryWrapping(t *testing.T) {
	x := issue(t, template(), smimeRSA(), nil, nil)
	private, err := x509.MarshalPKCS8PrivateKey(smimeRSA())
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	for name, b := range map[string][]byte{"c.pem": pemOf("CERTIFICATE", x.Raw), "k.pem": pemOf("PRIVATE KEY", private), "t": []byte("Hej\r\n")} {
		if err := os.WriteFile(at(name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	openssl := func(args ...string) []byte { return command(t, nil, nil, "openssl", args...) }
	bag := openssl("crl2pkcs7", "-nocrl", "-certfile", at("c.pem"), "-outform", "DER")
	var wide []byte
	for _, b := range append([]byte{0xff}, pemOf("CERTIFICATE", x.Raw)...) {
		wide = append(wide, b, 0)
	}
	wide[0], wide[1] = 0xff, 0xfe
	for name, content := range map[string][]byte{
		"PEM": pemOf("CERTIFICATE", x.Raw), "DER": x.Raw, "two in DER": slices.Concat(x.Raw, x.Raw), "DER and a line's end": append(bytes.Clone(x.Raw), "\r\n"...), "of PowerShell": wide,
		"PEM with words": append([]byte("Bag Attributes\n    friendlyName: Mette\n"), pemOf("CERTIFICATE", x.Raw)...), "CRLF": bytes.ReplaceAll(pemOf("CERTIFICATE", x.Raw), []byte("\n"), []byte("\r\n")),
		"a bag": bag, "a bag in PEM": pemOf("PKCS7", bag), "trusted by OpenSSL": openssl("x509", "-in", at("c.pem"), "-trustout", "-addtrust", "emailProtection"),
		"a signature":        openssl("cms", "-sign", "-binary", "-in", at("t"), "-signer", at("c.pem"), "-inkey", at("k.pem"), "-outform", "DER"),
		"a streamed signing": openssl("cms", "-sign", "-binary", "-nodetach", "-stream", "-in", at("t"), "-signer", at("c.pem"), "-inkey", at("k.pem"), "-outform", "DER"),
	} {
		t.Run(name, func(t *testing.T) {
			ring := mustCertificates(t, CertificateConfig{}, map[string][]byte{"mette": content, "README.md": []byte("no certificate"), ".hidden": []byte("no certificate")})
			if s := ring.State("mette@post.example", certificateNow); s != policy.KeyUsable || len(ring.List(certificateNow)) != 1 {
				t.Errorf("%s: %+v", s, ring.List(certificateNow))
			}
		})
	}
	one := pemOf("CERTIFICATE", x.Raw)
	for name, c := range map[string]struct {
		content []byte
		want    error
	}{
		"text": {[]byte("hello"), ErrNoCertificate}, "empty": {nil, ErrNoCertificate}, "a private key": {pemOf("PRIVATE KEY", private), ErrSecretKey},
		"a key beside it": {append(bytes.Clone(one), pemOf("RSA PRIVATE KEY", private)...), ErrSecretKey}, "a private key in DER": {private, ErrSecretKey},
		"PKCS #12": {openssl("pkcs12", "-export", "-inkey", at("k.pem"), "-in", at("c.pem"), "-passout", "pass:x"), ErrSecretKey},
		"half":     {one[:len(one)/2], ErrNoCertificate}, "half in DER": {x.Raw[:len(x.Raw)/2], ErrNoCertificate}, "a request": {pemOf("CERTIFICATE REQUEST", x.Raw), ErrNoCertificate},
		"an OpenPGP key": {[]byte("-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n=AAAA\n-----END PGP PUBLIC KEY BLOCK-----\n"), ErrNoCertificate},
	} {
		if _, err := certificatesOf(t, CertificateConfig{}, map[string][]byte{"mette.cer": c.content}); !errors.Is(err, c.want) || !strings.Contains(err.Error(), "mette.cer") {
			t.Errorf("%s: %v", name, err)
		}
	}
	ring := mustCertificates(t, CertificateConfig{}, map[string][]byte{"m.pem": append(pemOf("CERTIFICATE", x.Raw[:len(x.Raw)-5]), one...)})
	if listed := ring.List(certificateNow); len(listed) != 2 || listed[0].State != policy.KeyWeak || ring.State("mette@post.example", certificateNow) != policy.KeyUsable {
		t.Errorf("a damaged one takes the other with it: %+v", listed)
	}
	var none *Certificates
	if none.State("mette@post.example", certificateNow) != policy.KeyNone || len(none.List(certificateNow)) != 0 {
		t.Error("nobody's certificate is somebody's")
	}
}

func TestTwoCopiesToOneCertificateHaveNothingInCommon(t *testing.T) {
	x := issue(t, template(), smimeRSA(), nil, nil)
	ring := mustCertificates(t, CertificateConfig{}, map[string][]byte{"m.cer": x.Raw})
	var bodies [2]string
	for i := range bodies {
		raw, err := ring.Seal(sealingTo("mette@post.example"), certificateNow)
		if err != nil {
			t.Fatal(err)
		}
		var head string
		head, bodies[i], _ = strings.Cut(string(raw), "\r\n\r\n")
		for _, secret := range []string{"sygemelding", "Anna", "X-", "User-Agent"} {
			if strings.Contains(head, secret) {
				t.Errorf("%q stands outside:\n%s", secret, head)
			}
		}
		for line := range strings.SplitSeq(string(raw), "\r\n") {
			if len(line) > 78 {
				t.Errorf("a line of %d", len(line))
			}
		}
	}
	if a, b := bodies[0][len(bodies[0])/2:], bodies[1][len(bodies[1])/2:]; a == b {
		t.Error("the same ciphertext twice")
	}
}

func TestALargeMailToACertificateTakesLittleMoreThanItsCiphertext(t *testing.T) {
	x := issue(t, template(), smimeRSA(), nil, nil)
	ring := mustCertificates(t, CertificateConfig{}, map[string][]byte{"m.cer": x.Raw})
	m := sealingTo("mette@post.example")
	m.Raw = octets.Hold(append(bytes.Clone(m.Raw.Held), bytes.Repeat([]byte("blåbærgrød\r\n"), 1<<20)...))
	result := testing.Benchmark(func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := ring.Seal(m, certificateNow); err != nil {
				b.Fatal(err)
			}
		}
	})
	if got := result.AllocedBytesPerOp(); got > int64(m.Raw.Size())*3/2*instrumented {
		t.Errorf("%d octets for a mail of %d", got, m.Raw.Size())
	}
}

func FuzzParseCertificates(f *testing.F) {
	x := issue(f, template(), smimeRSA(), nil, nil)
	f.Add(x.Raw)
	f.Add(pemOf("CERTIFICATE", x.Raw))
	f.Add([]byte("\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02\xa0\x80\x30\x80"))
	f.Fuzz(func(t *testing.T, data []byte) {
		found, err := parseCertificates(data)
		if err == nil && len(found) == 0 {
			t.Error("nothing, and no error")
		}
		for _, der := range found {
			if x, err := x509.ParseCertificate(der); err == nil {
				namedAddresses(x)
			}
		}
	})
}
