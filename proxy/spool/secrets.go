package spool

import (
	"context"
	"crypto/cipher"
	"database/sql"
	"errors"
	"fmt"
)

// secrets are keys of the store's own: of the hashes by which it finds what it
// does not know, and of the tokens that are in people's mail. They stand in the
// store, sealed under the installation's key, so that the one can change without
// the others.
type secrets struct {
	Octets    []byte `json:"octets"` // of messages as received
	Digests   []byte `json:"digests"`
	People    []byte `json:"people"`
	Questions []byte `json:"questions"`

	octets cipher.AEAD // it only authenticates
}

const (
	secretsMeta  = "secrets"
	secretsPlace = "meta/value/" + secretsMeta
)

// deriveSecrets makes the secrets of a store that has none of its own: what was
// hashed before there were any was hashed with these.
func deriveSecrets(key []byte) (*secrets, error) {
	var x secrets
	for use, to := range map[string]*[]byte{
		"postvern spool octets": &x.Octets, "postvern spool digests": &x.Digests,
		"postvern spool correspondents": &x.People, "postvern questions": &x.Questions,
	} {
		var err error
		if *to, err = derived(key, use); err != nil {
			return nil, err
		}
	}
	return &x, x.use()
}

func (x *secrets) use() (err error) {
	x.octets, err = bodyCipher(x.Octets)
	return err
}

// readSecrets reads the store's own keys, and writes them where there are none
// yet.
func (s *Store) readSecrets(ctx context.Context) error {
	box, err := s.readMeta(ctx, secretsMeta)
	if errors.Is(err, sql.ErrNoRows) {
		box, err = s.makeSecrets(ctx)
	}
	x := &secrets{}
	if err == nil {
		err = s.vault.openJSON(secretsPlace, box, x)
	}
	if err == nil {
		err = x.use()
	}
	if err != nil {
		return fmt.Errorf("read the store's own keys: %w", err)
	}
	s.vault.secrets = x
	return nil
}

func (s *Store) makeSecrets(ctx context.Context) (box []byte, err error) {
	x, err := deriveSecrets(s.vault.ring.Load().seals.key)
	if err == nil {
		box, err = s.vault.sealJSON(secretsPlace, x)
	}
	if err != nil {
		return nil, err
	}
	_, werr := s.db.ExecContext(ctx, s.lang.queries["write meta"], secretsMeta, box)
	if box, err = s.readMeta(ctx, secretsMeta); err != nil { // another process may have been faster
		return nil, errors.Join(err, werr)
	}
	return box, nil
}

// QuestionKey returns the key of the addresses and links of questions. It stays
// the same when the installation's key changes.
func (s *Store) QuestionKey() []byte { return s.vault.secrets.Questions }
