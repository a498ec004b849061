package spool

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"postvern.example/internal/deviation"
)

// Consent is one entry of the ledger of consents: somebody agreed to be visible
// to a group.
type Consent struct {
	ID          string // CO-7K3F9Q
	Who         string // their canonical address
	Name        string // their full name; empty: not known
	NameForms   []string
	To          string // a group's name, an address, or a pattern of addresses
	Purpose     string
	Added       time.Time
	AddedBy     string
	From        time.Time
	Until       time.Time // the zero time: no end
	Evidence    Evidence
	Withdrawn   time.Time // the zero time: not withdrawn
	WithdrawnBy string
	Reason      string // of the withdrawal
}

// Evidence is what shows that somebody agreed.
type Evidence struct {
	MessageID string // of the mail in which they did
	File      string // or the name of a file
	SHA256    string // and its digest, in hexadecimal
}

// ErrWithdrawn says that a consent was withdrawn before.
var ErrWithdrawn = errors.New("the consent is withdrawn already")

// terms is what the gateway reads of a consent.
type terms struct {
	To    string   `json:"to"`
	Names []string `json:"names"` // keyed hashes of the forms of the name
}

// label is what only a person reads of it.
type label struct {
	Who, Name, Purpose, AddedBy, WithdrawnBy, Reason string
	Evidence                                         Evidence
}

func termsPlace(id string) string { return "consents/terms/" + id }
func labelPlace(id string) string { return "consents/label/" + id }

// NewConsentID draws an ID that a person can read out.
func NewConsentID() string { return "CO-" + strings.TrimPrefix(deviation.NewReference(), "PV-") }

// agreed is the keyed form of an address or name in the ledger. It is the same
// for every roster of the installation.
func (v *vault) agreed(kind, text string) []byte {
	m := hmac.New(sha256.New, v.secrets.Digests)
	m.Write([]byte("consent " + kind + " " + text)) // a hash never fails
	return m.Sum(nil)[:20]
}

// AddConsents writes consents, and what the register says of it, in one
// transaction.
func (s *Store) AddConsents(ctx context.Context, consents []Consent, records []deviation.Record) error {
	defer s.steady()()
	type row struct{ terms, label []byte }
	rows := make([]row, len(consents))
	for i, c := range consents {
		t := terms{To: c.To}
		for _, form := range c.NameForms {
			t.Names = append(t.Names, hex.EncodeToString(s.vault.agreed("name", form)))
		}
		var err error
		if rows[i].terms, err = s.vault.sealJSON(termsPlace(c.ID), t); err != nil {
			return err
		}
		if rows[i].label, err = s.sealLabel(c); err != nil {
			return err
		}
	}
	laden, err := s.ladeRecords(records)
	if err != nil {
		return err
	}
	err = s.run(ctx, &job{do: func(t *tx) error {
		for i, c := range consents {
			if _, err := t.exec("insert consent", c.ID, millis(c.Added), s.vault.agreed("address", c.Who), millis(c.From), millis(c.Until),
				rows[i].terms, rows[i].label); err != nil {
				return err
			}
		}
		return t.writeRecords(laden)
	}})
	if err != nil {
		return fmt.Errorf("add consents: %w", err)
	}
	return nil
}

// WithdrawConsent ends a consent, and writes what the register says of it in
// the same transaction. It returns ErrNotFound or ErrWithdrawn.
func (s *Store) WithdrawConsent(ctx context.Context, id string, at time.Time, by, reason string, record deviation.Record) error {
	defer s.steady()()
	c, err := s.Consent(ctx, id)
	if err != nil {
		return err
	}
	c.Withdrawn, c.WithdrawnBy, c.Reason = at, by, reason
	box, err := s.sealLabel(c)
	if err != nil {
		return err
	}
	laden, err := s.ladeRecords([]deviation.Record{record})
	if err != nil {
		return err
	}
	err = s.run(ctx, &job{urgent: true, do: func(t *tx) error {
		n, err := t.exec("withdraw consent", c.ID, millis(at), box)
		if err != nil {
			return err
		}
		if n == 0 {
			return refusal{ErrWithdrawn}
		}
		return t.writeRecords(laden)
	}})
	if err != nil {
		return fmt.Errorf("withdraw a consent: %w", err)
	}
	return nil
}

func (s *Store) sealLabel(c Consent) ([]byte, error) {
	return s.vault.sealJSON(labelPlace(c.ID), label{
		Who: c.Who, Name: c.Name, Purpose: c.Purpose, AddedBy: c.AddedBy, WithdrawnBy: c.WithdrawnBy, Reason: c.Reason, Evidence: c.Evidence,
	})
}

// Consents returns the whole ledger, oldest first.
func (s *Store) Consents(ctx context.Context) ([]Consent, error) {
	all, err := s.consents(ctx, "consents")
	if err != nil {
		return nil, fmt.Errorf("list consents: %w", err)
	}
	return all, nil
}

// Consent returns one entry. It returns ErrNotFound when there is none.
func (s *Store) Consent(ctx context.Context, id string) (Consent, error) {
	all, err := s.consents(ctx, "consent", strings.ToUpper(id)) // it is written in capitals
	if err == nil && len(all) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return Consent{}, fmt.Errorf("read a consent: %w", err)
	}
	return all[0], nil
}

func (s *Store) consents(ctx context.Context, q query, args ...any) ([]Consent, error) {
	all := []Consent{}
	err := s.query(ctx, q, args, func(row scanner) error {
		var c Consent
		var added, begins, ends, withdrawn int64
		var termsBox, labelBox []byte
		if err := row.Scan(&c.ID, &added, &begins, &ends, &withdrawn, &termsBox, &labelBox); err != nil {
			return err
		}
		var t terms
		var l label
		if err := errors.Join(s.vault.openJSON(termsPlace(c.ID), termsBox, &t), s.vault.openJSON(labelPlace(c.ID), labelBox, &l)); err != nil {
			return fmt.Errorf("consent %s: %w", c.ID, err)
		}
		c.Added, c.From, c.Until, c.Withdrawn = fromMillis(added), fromMillis(begins), fromMillis(ends), fromMillis(withdrawn)
		c.To, c.Who, c.Name, c.Purpose, c.AddedBy = t.To, l.Who, l.Name, l.Purpose, l.AddedBy
		c.WithdrawnBy, c.Reason, c.Evidence = l.WithdrawnBy, l.Reason, l.Evidence
		all = append(all, c)
		return nil
	})
	slices.SortStableFunc(all, func(a, b Consent) int { return a.Added.Compare(b.Added) })
	return all, err
}
