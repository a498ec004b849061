package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"postvern.example/internal/app"
	"postvern.example/policy"
	"postvern.example/proxy"
	"postvern.example/proxy/seal"
	"postvern.example/proxy/spool"
)

// withCertificates runs a function that changes the installation's
// certificates, as the user who owns the store.
func (i installation) withCertificates(ctx context.Context, s streams, do func(*spool.Store, app.Keys, *seal.Certificates) error) error {
	config, err := app.LoadConfig(i.Config)
	if err != nil {
		return usageError{err}
	}
	folder, err := app.LoadCertificates(config.SMIME)
	if err != nil {
		return usageError{err}
	}
	return i.withKeys(ctx, s, func(store *spool.Store, keys app.Keys) error { return do(store, keys, folder) })
}

func asCertificates(say speaker, all *seal.Certificates, by string, now time.Time) readerKeys {
	return readerKeys{
		noun: "certificate", say: say,
		state: func(k seal.Known) (policy.KeyState, string) { return certificateState(all, k, now) },
		row:   func(k seal.Known) spool.ReaderKey { return proxy.StoredCertificate(k, by, now) },
	}
}

// certificateState returns how a certificate of a reader stands.
func certificateState(all *seal.Certificates, k seal.Known, now time.Time) (policy.KeyState, string) {
	for _, i := range all.List(now) {
		switch {
		case i.Fingerprint != k.Fingerprint || !slices.Contains(i.Addresses, k.Reader):
		case i.State == policy.KeyUsable && slices.Contains(i.Waits, k.Reader):
			return policy.KeyUnapproved, ""
		default:
			return i.State, i.Reason
		}
	}
	return policy.KeyNone, ""
}

type certificatesAddCommand struct {
	office `embed:""`
	For    string `placeholder:"ADDRESS" help:"Only for this reader, whom the certificate has to name; otherwise for all whom it names."`
	By     string `placeholder:"NAME" help:"Who adds it; otherwise your login at this machine."`
	File   string `arg:"" type:"path" help:"A file of certificates: PEM, DER, .p7b, or the smime.p7s of a mail that the reader signed."`
}

// Run stores the certificates and says which of them wait for an approval.
func (c certificatesAddCommand) Run(ctx context.Context, s streams) error {
	by, err := whoami(c.By)
	if err != nil {
		return err
	}
	found, err := seal.ReadCertificates(c.File)
	if err != nil {
		return usageError{err}
	}
	now := time.Now()
	say, err := c.words()
	if err != nil {
		return err
	}
	if found, err = asCertificates(say, nil, by, now).meantFor(c.For, c.File, found); err != nil {
		return usageError{err}
	}
	return c.withCertificates(ctx, s, func(store *spool.Store, keys app.Keys, folder *seal.Certificates) error {
		with := asCertificates(say, folder.With(found, nil), by, now)
		for _, k := range found {
			if state, why := with.state(k); state != policy.KeyUsable {
				return usageError{say.fault("certificate-useless", "file", c.File, "fingerprint", k.Fingerprint, "state", say.word("key-mark", string(state)), "why", why)}
			}
		}
		return with.add(ctx, s, store, keys, found, by, now, func(book *spool.KeyBook) readerKeys {
			return asCertificates(say, proxy.CertificatesOf(folder, book), by, now)
		})
	})
}

type certificatesApproveCommand struct {
	office      `embed:""`
	For         string `placeholder:"ADDRESS" help:"Only for this reader; otherwise for all whom the certificate names."`
	By          string `placeholder:"NAME" help:"Who approves it; otherwise your login at this machine."`
	Fingerprint string `arg:"" help:"The certificate's fingerprint (SHA-256), or its last 16 digits."`
}

// Run binds the certificate's readers to it.
func (c certificatesApproveCommand) Run(ctx context.Context, s streams) error {
	by, err := whoami(c.By)
	if err != nil {
		return err
	}
	say, err := c.words()
	if err != nil {
		return err
	}
	return c.withCertificates(ctx, s, func(store *spool.Store, keys app.Keys, folder *seal.Certificates) error {
		now := time.Now()
		all := proxy.CertificatesOf(folder, keys.Book)
		return asCertificates(say, all, by, now).approve(ctx, s, store, keys, all.Of(c.Fingerprint), c.Fingerprint, c.For, by, now)
	})
}

type certificatesRemoveCommand struct {
	office `embed:""`
	By     string `placeholder:"NAME" help:"Who removes it; otherwise your login at this machine."`
	Which  string `arg:"" name:"address|fingerprint" help:"A reader's mail address, or a fingerprint (its last 16 digits are enough)."`
}

// Run removes certificates from the store. A file in the folder is not touched.
func (c certificatesRemoveCommand) Run(ctx context.Context, s streams) error {
	by, err := whoami(c.By)
	if err != nil {
		return err
	}
	say, err := c.words()
	if err != nil {
		return err
	}
	return c.withCertificates(ctx, s, func(store *spool.Store, keys app.Keys, folder *seal.Certificates) error {
		now := time.Now()
		removed, err := asCertificates(say, folder, by, now).remove(ctx, s, store, keys, proxy.StoredCertificates(keys.Book), c.Which, by, now)
		if err != nil {
			return err
		}
		left := slices.DeleteFunc(folder.List(now), func(i seal.CertificateInfo) bool { return !meant(c.Which, i.Fingerprint, i.Addresses...) })
		for _, i := range left {
			if _, err := fmt.Fprintln(s.out, say.say("certificate-in-folder", "fingerprint", i.Fingerprint, "file", i.File)); err != nil {
				return err
			}
		}
		if removed+len(left) == 0 {
			return say.fault("certificate-unknown", "name", c.Which)
		}
		return nil
	})
}
