package spool

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"postvern.example/internal/deviation"
)

// OrganisationKey is a key that the organisation signs by. All of it stands
// encrypted in the store.
type OrganisationKey struct {
	Generation int64 // counts up from 1
	Secret     []byte
	Revocation []byte // a certificate that revokes it, made with it
	Since      time.Time
	By         string // who made it; empty: a gateway did
}

// ErrMade says that another node has made the key of that generation.
var ErrMade = errors.New("another node has made this key")

const organisationTable = "organisation_keys"

func organisationPlace(generation int64) string {
	return organisationTable + "/secret/" + strconv.FormatInt(generation, 10)
}

func (s *Store) organisationKeys(ctx context.Context) ([]OrganisationKey, error) {
	var keys []OrganisationKey
	err := s.query(ctx, "organisation keys", nil, func(r scanner) error {
		var generation int64
		var box []byte
		if err := r.Scan(&generation, &box); err != nil {
			return err
		}
		var k OrganisationKey
		if err := s.vault.openJSON(organisationPlace(generation), box, &k); err != nil {
			return err
		}
		keys = append(keys, k)
		return nil
	})
	return keys, err
}

// AddOrganisationKey stores a key, and what the register says of it, in one
// transaction. ErrMade says that its generation stands there already: nothing
// was stored.
func (s *Store) AddOrganisationKey(ctx context.Context, k OrganisationKey, record deviation.Record) error {
	if err := s.writeOrganisationKey(ctx, "add organisation key", k, record, ErrMade); err != nil {
		return fmt.Errorf("store the organisation's key: %w", err)
	}
	return nil
}

// ReplaceOrganisationKey stores a new form of a key, such as the revoked one, and
// what the register says of it, in one transaction. It returns ErrNotFound where
// there is no key of its generation.
func (s *Store) ReplaceOrganisationKey(ctx context.Context, k OrganisationKey, record deviation.Record) error {
	if err := s.writeOrganisationKey(ctx, "replace organisation key", k, record, ErrNotFound); err != nil {
		return fmt.Errorf("replace the organisation's key: %w", err)
	}
	return nil
}

// writeOrganisationKey returns none where the statement changed nothing.
func (s *Store) writeOrganisationKey(ctx context.Context, q query, k OrganisationKey, record deviation.Record, none error) error {
	defer s.steady()()
	k.Since = k.Since.UTC()
	box, err := s.vault.sealJSON(organisationPlace(k.Generation), k)
	if err != nil {
		return err
	}
	laden, err := s.ladeRecords([]deviation.Record{record})
	if err != nil {
		return err
	}
	return s.run(ctx, &job{urgent: true, do: func(t *tx) error {
		n, err := t.exec(q, k.Generation, drawChange(), box)
		if err != nil {
			return err
		}
		if n == 0 {
			return refusal{none}
		}
		return t.writeRecords(laden)
	}})
}
