package spool

import (
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// StandingCode is a code that was agreed with a reader.
type StandingCode struct {
	Reader string // canonical address
	Code   string
	Set    time.Time
	By     string
}

// standingSecret is what of a standing code is encrypted in its row: all.
type standingSecret struct {
	Reader string `json:"reader"`
	Code   string `json:"code"`
	Set    int64  `json:"set"`
	By     string `json:"by"`
}

func codePlace(reader []byte) string { return "codes/secret/" + hex.EncodeToString(reader) }

// StandingCode returns the code of a reader, by canonical address; empty where
// none was agreed. ErrDamaged says that there is one that does not decrypt.
func (s *Store) StandingCode(ctx context.Context, address string) (string, error) {
	reader := s.vault.reader(address)
	var box []byte
	err := s.row(ctx, "standing code", []any{reader}, &box)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	var x standingSecret
	if err == nil {
		err = s.vault.openJSON(codePlace(reader), box, &x)
	}
	if err != nil {
		return "", fmt.Errorf("read a standing code: %w", err)
	}
	return x.Code, nil
}

// StandingCodes returns all of them, by address.
func (s *Store) StandingCodes(ctx context.Context) ([]StandingCode, error) {
	out := []StandingCode{}
	err := s.query(ctx, "standing codes", nil, func(r scanner) error {
		var reader, box []byte
		if err := r.Scan(&reader, &box); err != nil {
			return err
		}
		var x standingSecret
		if err := s.vault.openJSON(codePlace(reader), box, &x); err != nil {
			return err
		}
		out = append(out, StandingCode{Reader: x.Reader, Code: x.Code, Set: fromMillis(x.Set), By: x.By})
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list standing codes: %w", err)
	}
	slices.SortFunc(out, func(a, b StandingCode) int { return strings.Compare(a.Reader, b.Reader) })
	return out, nil
}

// SetStandingCode stores a code for a reader in the place of any other.
func (s *Store) SetStandingCode(ctx context.Context, c StandingCode) error {
	defer s.steady()()
	reader := s.vault.reader(c.Reader)
	box, err := s.vault.sealJSON(codePlace(reader), standingSecret{Reader: c.Reader, Code: c.Code, Set: millis(c.Set), By: c.By})
	if err == nil {
		err = s.run(ctx, &job{urgent: true, do: func(t *tx) error {
			_, err := t.exec("set standing code", reader, box)
			return err
		}})
	}
	if err != nil {
		return fmt.Errorf("store a standing code: %w", err)
	}
	return nil
}

// RemoveStandingCode forgets the code of a reader. It returns ErrNotFound where
// there is none.
func (s *Store) RemoveStandingCode(ctx context.Context, address string) error {
	var n int64
	err := s.run(ctx, &job{urgent: true, do: func(t *tx) (err error) {
		n, err = t.exec("remove standing code", s.vault.reader(address))
		return err
	}})
	if err == nil && n == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("remove a standing code: %w", err)
	}
	return nil
}
