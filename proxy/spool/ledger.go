package spool

import (
	"context"
	"encoding/hex"
	"fmt"

	"postvern.example/policy"
)

// Ledger is the ledger of consents as it stood at one moment, to be asked
// without the store. It holds keyed hashes and no address. The nil Ledger has
// no consents.
type Ledger struct {
	vault   *vault
	address map[string][]policy.Consent // by keyed hash, without Who
	name    map[string][]policy.Consent
	count   int64
	changes int64
}

// Ledger returns the ledger as it stands now; have, where it is that already.
func (s *Store) Ledger(ctx context.Context, have *Ledger) (*Ledger, error) {
	now := &Ledger{vault: s.vault, address: map[string][]policy.Consent{}, name: map[string][]policy.Consent{}}
	err := s.query(ctx, "ledger version", nil, func(row scanner) error { return row.Scan(&now.count, &now.changes) })
	if err != nil {
		return nil, fmt.Errorf("read the ledger of consents: %w", err)
	}
	if have != nil && have.count == now.count && have.changes == now.changes {
		return have, nil
	}
	err = s.query(ctx, "ledger", nil, func(row scanner) error {
		var c policy.Consent
		var who, box []byte
		var begins, ends, withdrawn int64
		if err := row.Scan(&c.ID, &who, &begins, &ends, &withdrawn, &box); err != nil {
			return err
		}
		var t terms
		if err := s.vault.openJSON(termsPlace(c.ID), box, &t); err != nil {
			return fmt.Errorf("consent %s: %w", c.ID, err)
		}
		c.To, c.From, c.Until, c.Withdrawn = t.To, fromMillis(begins), fromMillis(ends), fromMillis(withdrawn)
		key := hex.EncodeToString(who)
		now.address[key] = append(now.address[key], c)
		for _, form := range t.Names {
			now.name[form] = append(now.name[form], c)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the ledger of consents: %w", err)
	}
	return now, nil
}

// Empty reports whether nobody has ever consented.
func (l *Ledger) Empty() bool { return l == nil || len(l.address) == 0 }

// Of returns the consents of somebody with a canonical address, in force or
// not.
func (l *Ledger) Of(address string) []policy.Consent {
	if l.Empty() {
		return nil
	}
	var out []policy.Consent
	for _, c := range l.address[hex.EncodeToString(l.vault.agreed("address", address))] {
		c.Who = address
		out = append(out, c)
	}
	return out
}

// OfName returns the consents of somebody whose full name has one of the forms.
// They do not say whose they are.
func (l *Ledger) OfName(forms []string) []policy.Consent {
	if l.Empty() {
		return nil
	}
	var out []policy.Consent
	seen := map[string]bool{}
	for _, form := range forms {
		for _, c := range l.name[hex.EncodeToString(l.vault.agreed("name", form))] {
			if !seen[c.ID] {
				seen[c.ID] = true
				out = append(out, c)
			}
		}
	}
	return out
}
