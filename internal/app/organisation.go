package app

import (
	"context"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"postvern.example/internal/deviation"
	"postvern.example/internal/notice"
	"postvern.example/policy"
	"postvern.example/proxy"
	"postvern.example/proxy/seal"
	"postvern.example/proxy/spool"
)

const (
	// OrganisationKeyValid is how long the organisation's key is valid, where
	// nobody says otherwise.
	OrganisationKeyValid = 2 * 365 * 24 * time.Hour
	// organisationOverlap is how long before its end a key is replaced, so that
	// both are valid for that long.
	organisationOverlap = 90 * 24 * time.Hour
)

// OrganisationKeys works on the keys that the organisation signs by.
type OrganisationKeys struct {
	Store  *spool.Store
	Data   string // the folder that revocation certificates are written to
	Policy *policy.Policy
	Texts  *notice.Catalog
	Now    time.Time
	By     string // who; empty: the gateway
}

// Read returns the keys as the store has them, the oldest first, and ready to
// use.
func (o OrganisationKeys) Read(ctx context.Context) ([]spool.OrganisationKey, *seal.Organisation, error) {
	book, err := o.Store.KeyBook(ctx, nil)
	if err != nil {
		return nil, nil, err
	}
	keys, err := proxy.OrganisationOf(book)
	return book.Organisation, keys, err
}

// Make makes the next key, which signs from now on, and returns it with the file
// that holds its revocation certificate. The one before goes on being valid
// until it expires. spool.ErrMade says that another node was first.
func (o OrganisationKeys) Make(ctx context.Context, valid time.Duration) (*seal.OrganisationKey, string, error) {
	stored, keys, err := o.Read(ctx)
	if err != nil {
		return nil, "", err
	}
	k, err := seal.NewOrganisationKey(o.Policy.Organisation, o.Policy.Contact, o.Now, valid, keys.Signer(o.Now))
	if err != nil {
		return nil, "", err
	}
	row := spool.OrganisationKey{Generation: 1, Since: o.Now, By: o.By}
	if len(stored) > 0 {
		row.Generation = stored[len(stored)-1].Generation + 1
	}
	if row.Secret, err = k.Secret(); err != nil {
		return nil, "", err
	}
	if row.Revocation, err = k.Revocation(seal.Compromised, o.Now); err != nil {
		return nil, "", err
	}
	if err := o.Store.AddOrganisationKey(ctx, row, o.record(policy.EntryKeyMade, k.Fingerprint())); err != nil {
		return nil, "", err
	}
	file := o.RevocationFile(k)
	if err := replaceFile(file, row.Revocation); err != nil { // the store has it too
		return k, "", fmt.Errorf("the key was made, but its revocation certificate could not be written: %w", err)
	}
	return k, file, nil
}

// RevocationFile names the file of a key's revocation certificate, on the
// machine that made it.
func (o OrganisationKeys) RevocationFile(k *seal.OrganisationKey) string {
	return filepath.Join(o.Data, "organisation-"+k.Fingerprint()+".revocation.asc")
}

// Revoke revokes a key, for one of the reasons of seal: from then on it signs
// nothing, and what is exported says so.
func (o OrganisationKeys) Revoke(ctx context.Context, fingerprint, reason string) (*seal.OrganisationKey, error) {
	stored, _, err := o.Read(ctx)
	if err != nil {
		return nil, err
	}
	for _, row := range stored {
		k, err := seal.ReadOrganisationKey(row.Secret)
		if err != nil {
			return nil, err
		}
		if !seal.Names(fingerprint, k.Fingerprint()) {
			continue
		}
		if k.Revoked() {
			return nil, fmt.Errorf("the key %s is revoked already", k.Fingerprint())
		}
		if k, err = k.Revoke(reason, o.Now); err != nil {
			return nil, err
		}
		if row.Secret, err = k.Secret(); err != nil {
			return nil, err
		}
		return k, o.Store.ReplaceOrganisationKey(ctx, row, o.record(policy.EntryKeyRevoked, k.Fingerprint()+", "+reason))
	}
	return nil, fmt.Errorf("the organisation has no key %s", fingerprint)
}

// record is what the register says of a key.
func (o OrganisationKeys) record(typ policy.EntryType, comment string) deviation.Record {
	by := o.By
	if by == "" {
		by = "postvern"
	}
	r := deviation.FromEntry(policy.Entry{Type: typ, Severity: policy.Low, NearMiss: true, Rule: policy.RuleSignature, Action: policy.Pass, Count: 1},
		deviation.Meta{Texts: o.Texts, Now: o.Now, Reference: deviation.NewReference(), Reporter: by, Language: o.Policy.Language, Comment: comment})
	r.Status = deviation.Closed // nobody has to look at it
	return r
}

// signing sees to it that a key can sign where the policy asks for signatures,
// and that the next one is there in time. It returns an error where none can
// sign.
func (a *App) signing(ctx context.Context, p *policy.Policy) error {
	if p.Signature != policy.SignSealed {
		return nil
	}
	o := OrganisationKeys{Store: a.store, Data: a.opt.Config.Data, Policy: p, Texts: a.texts, Now: a.opt.Now()}
	lasts := func(keys *seal.Organisation) bool {
		signer := keys.Signer(o.Now)
		return signer != nil && signer.Expires().After(o.Now.Add(organisationOverlap))
	}
	if lasts(a.gateway.Rules().Organisation()) {
		return nil
	}
	_, keys, err := o.Read(ctx)
	if err != nil {
		return fmt.Errorf("read the organisation's keys: %w", err)
	}
	if lasts(keys) { // another node was first
		return nil
	}
	k, file, err := o.Make(ctx, OrganisationKeyValid)
	switch {
	case k != nil:
		if err != nil {
			a.opt.Logger.Error("kept", "what", "the revocation certificate of the organisation's key in the store alone", "cause", err)
		}
		a.opt.Logger.Warn("signing key", "fingerprint", k.Fingerprint(), "expires", k.Expires().Format(time.DateOnly),
			"revocation", file, "reason", "the organisation's key was made, and signs from now on: keep its revocation certificate in another place")
	case !errors.Is(err, spool.ErrMade):
		return err
	}
	book, err := a.store.KeyBook(ctx, nil)
	if err != nil {
		return err
	}
	a.gateway.FollowKeys(book)
	return nil
}

var organisationExpires = prometheus.NewDesc("postvern_organisation_key_expires_timestamp_seconds",
	"When the key expires that the organisation signs by, in seconds since 1970; 0: none can sign; infinite where the policy asks for no signature.", nil, nil)

// collectOrganisation sends the gauge of the organisation's key.
func collectOrganisation(ch chan<- prometheus.Metric, r *proxy.Rules, now time.Time) {
	expires := math.Inf(1)
	if r.Policy.Signature == policy.SignSealed {
		expires = 0
		if signer := r.Organisation().Signer(now); signer != nil {
			expires = float64(signer.Expires().Unix())
		}
	}
	ch <- prometheus.MustNewConstMetric(organisationExpires, prometheus.GaugeValue, expires)
}
