package acme

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/acme"
)

// order obtains a certificate and stores it (RFC 8555 §7.4).
func (c *Certificate) order(ctx context.Context) error {
	key, err := c.account(ctx)
	if err != nil {
		return fmt.Errorf("prepare the account: %w", err)
	}
	client := &acme.Client{Key: key, DirectoryURL: c.cfg.Directory, HTTPClient: c.cfg.Client, UserAgent: "postvern"}
	who := &acme.Account{ExternalAccountBinding: c.cfg.Binding}
	if c.cfg.Contact != "" {
		who.Contact = []string{"mailto:" + c.cfg.Contact}
	}
	// Each time: the authority may have forgotten the account.
	if _, err := client.Register(ctx, who, acme.AcceptTOS); err != nil && !errors.Is(err, acme.ErrAccountAlreadyExists) {
		return fmt.Errorf("open the account: %w", err)
	}
	order, err := client.AuthorizeOrder(ctx, acme.DomainIDs(c.cfg.Names...))
	if err != nil {
		return fmt.Errorf("order: %w", err)
	}
	for _, url := range order.AuthzURLs {
		if err := c.prove(ctx, client, url); err != nil {
			return err
		}
	}
	if order, err = client.WaitOrder(ctx, order.URI); err != nil {
		return fmt.Errorf("wait for the order: %w", err)
	}
	return c.finalize(ctx, client, order)
}

// account returns the key of the account with the authority, made when there is
// none yet.
func (c *Certificate) account(ctx context.Context) (crypto.Signer, error) {
	sum := sha256.Sum256([]byte(c.cfg.Directory))
	name := hex.EncodeToString(sum[:16])
	all, err := c.cfg.Store.Shared(ctx, accounts)
	if err != nil {
		return nil, err
	}
	if der := all[name]; der != nil {
		return x509.ParseECPrivateKey(der)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return nil, err
	}
	return key, c.cfg.Store.Share(ctx, accounts, name, der, time.Time{})
}

// prove shows that a name is ours.
func (c *Certificate) prove(ctx context.Context, client *acme.Client, url string) error {
	z, err := client.GetAuthorization(ctx, url)
	if err != nil {
		return fmt.Errorf("read the authorization: %w", err)
	}
	if z.Status == acme.StatusValid {
		return nil
	}
	challenge, err := c.choose(z.Challenges)
	if err != nil {
		return fmt.Errorf("prove %s: %w", z.Identifier.Value, err)
	}
	if err := c.answers.give(ctx, client, challenge, z.Identifier.Value); err != nil {
		return fmt.Errorf("answer %s for %s: %w", challenge.Type, z.Identifier.Value, err)
	}
	if _, err := client.Accept(ctx, challenge); err != nil {
		return fmt.Errorf("prove %s by %s: %w", z.Identifier.Value, challenge.Type, err)
	}
	if _, err := client.WaitAuthorization(ctx, z.URI); err != nil {
		return fmt.Errorf("prove %s by %s: %w", z.Identifier.Value, challenge.Type, err)
	}
	return nil
}

// choose returns the challenge that is answered. Where both can be, they take
// turns: one of the ports may be closed.
func (c *Certificate) choose(offered []*acme.Challenge) (*acme.Challenge, error) {
	var able []string
	if c.cfg.HTTP {
		able = append(able, http01)
	}
	if c.cfg.TLS {
		able = append(able, tlsALPN01)
	}
	if len(able) == 2 && c.failures%2 == 1 {
		slices.Reverse(able)
	}
	var types []string
	for _, o := range offered {
		types = append(types, o.Type)
	}
	for _, kind := range able {
		if i := slices.Index(types, kind); i >= 0 {
			return offered[i], nil
		}
	}
	return nil, fmt.Errorf("the authority wants %s, and what is configured answers %s", strings.Join(types, " or "), strings.Join(able, " or "))
}

// finalize has the certificate made, for a key of its own, and stores both.
func (c *Certificate) finalize(ctx context.Context, client *acme.Client, order *acme.Order) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("make a key: %w", err)
	}
	request, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{DNSNames: c.cfg.Names}, key)
	if err != nil {
		return fmt.Errorf("make a request: %w", err)
	}
	chain, _, err := client.CreateOrderCert(ctx, order.FinalizeURL, request, true)
	if err != nil {
		return fmt.Errorf("fetch the certificate: %w", err)
	}
	text, err := encode(key, chain)
	if err != nil {
		return err
	}
	pair, err := tls.X509KeyPair(text, text)
	if err != nil {
		return fmt.Errorf("read the certificate: %w", err)
	}
	for _, name := range c.cfg.Names {
		if err := pair.Leaf.VerifyHostname(name); err != nil {
			return fmt.Errorf("read the certificate: %w", err)
		}
	}
	if !c.cfg.Now().Before(renewal(pair.Leaf)) { // it would be ordered anew without end
		return fmt.Errorf("the certificate ends %s already: is this machine's clock right?", pair.Leaf.NotAfter.UTC().Format(time.RFC3339))
	}
	return c.cfg.Store.Share(ctx, certificates, c.id, text, pair.Leaf.NotAfter.AddDate(0, 1, 0))
}

// encode writes a key and a chain as one PEM text.
func encode(key crypto.PrivateKey, chain [][]byte) ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("write the key: %w", err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	for _, c := range chain {
		text = append(text, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c})...)
	}
	return text, nil
}
