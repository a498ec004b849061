package spool

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"postvern.example/internal/deviation"
)

// ReaderKey is a public key that the store knows of a reader.
type ReaderKey struct {
	Reader      string // canonical address
	Fingerprint string // upper-case hexadecimal
	Key         []byte // in binary form; a public key is no secret, but names its owner
	Source      string // where it came from
	Since       time.Time
	By          string // who added or approved it; empty for a pin: it was the first to be used
}

// KeyBook is what the store knows of keys, as it stood at one moment.
// It is not changed. The nil KeyBook knows nothing.
type KeyBook struct {
	Added  []ReaderKey // by address and fingerprint
	Pinned []ReaderKey // one for each reader who is bound to a key

	Organisation []OrganisationKey // its own, the oldest first

	count, sum int64
	pinned     map[string]bool
}

// Binds reports whether a reader, by canonical address, is bound to a key.
func (b *KeyBook) Binds(reader string) bool { return b != nil && b.pinned[reader] }

// KeyBook returns the keys as they stand now; have, where it is that already.
func (s *Store) KeyBook(ctx context.Context, have *KeyBook) (*KeyBook, error) {
	now := &KeyBook{pinned: map[string]bool{}}
	err := s.query(ctx, "keys version", nil, func(r scanner) error { return r.Scan(&now.count, &now.sum) })
	if err == nil && have != nil && have.count == now.count && have.sum == now.sum {
		return have, nil
	}
	if err == nil {
		now.Added, err = s.readerKeys(ctx, "reader keys", keysTable)
	}
	if err == nil {
		now.Pinned, err = s.readerKeys(ctx, "key pins", pinsTable)
	}
	if err == nil {
		now.Organisation, err = s.organisationKeys(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("read keys: %w", err)
	}
	for _, k := range now.Pinned {
		now.pinned[k.Reader] = true
	}
	return now, nil
}

func (s *Store) readerKeys(ctx context.Context, q query, table string) ([]ReaderKey, error) {
	var keys []ReaderKey
	err := s.query(ctx, q, nil, func(r scanner) error {
		var reader, print, box []byte
		if err := r.Scan(&reader, &print, &box); err != nil {
			return err
		}
		var k ReaderKey
		if err := s.vault.openJSON(keyPlace(table, reader, print), box, &k); err != nil {
			return err
		}
		keys = append(keys, k)
		return nil
	})
	slices.SortFunc(keys, func(a, b ReaderKey) int {
		return cmp.Or(cmp.Compare(a.Reader, b.Reader), cmp.Compare(a.Fingerprint, b.Fingerprint))
	})
	return keys, err
}

// AddKeys stores keys, each in the place of an older form of itself, and what
// the register says of it.
func (s *Store) AddKeys(ctx context.Context, keys []ReaderKey, records ...deviation.Record) error {
	defer s.steady()()
	if err := s.writeKeys(ctx, "put reader key", keysTable, keys, records); err != nil {
		return fmt.Errorf("store keys: %w", err)
	}
	return nil
}

// ApproveKeys binds each key's reader to it, whatever they were bound to, and
// stores what the register says of it.
func (s *Store) ApproveKeys(ctx context.Context, keys []ReaderKey, records ...deviation.Record) error {
	defer s.steady()()
	if err := s.writeKeys(ctx, "approve key", pinsTable, keys, records); err != nil {
		return fmt.Errorf("approve keys: %w", err)
	}
	return nil
}

func (s *Store) writeKeys(ctx context.Context, q query, table string, keys []ReaderKey, records []deviation.Record) error {
	laden, err := s.ladeKeys(table, keys)
	if err != nil {
		return err
	}
	said, err := s.ladeRecords(records)
	if err != nil {
		return err
	}
	return s.run(ctx, &job{urgent: true, do: func(t *tx) error {
		if err := t.putKeys(q, laden); err != nil {
			return err
		}
		return t.writeRecords(said)
	}})
}

// RemoveKey forgets a key of a reader and that they are bound to it, and stores
// what the register says of it. It returns ErrNotFound where the store knows
// nothing of the key.
func (s *Store) RemoveKey(ctx context.Context, reader, fingerprint string, records ...deviation.Record) error {
	r, p := s.vault.reader(reader), s.vault.print(reader, fingerprint)
	said, err := s.ladeRecords(records)
	if err != nil {
		return fmt.Errorf("remove a key: %w", err)
	}
	err = s.run(ctx, &job{urgent: true, do: func(t *tx) error {
		added, err := t.exec("remove reader key", r, p)
		if err != nil {
			return err
		}
		pins, err := t.exec("remove pin", r, p)
		if err != nil {
			return err
		}
		if added+pins == 0 {
			return refusal{ErrNotFound}
		}
		return t.writeRecords(said)
	}})
	if err != nil {
		return fmt.Errorf("remove a key: %w", err)
	}
	return nil
}

// ladenKey is a key as it is written.
type ladenKey struct{ reader, print, secret []byte }

// ladeKeys encrypts keys. They are in one order, so that two nodes that write
// some of the same do not wait for each other.
func (s *Store) ladeKeys(table string, keys []ReaderKey) ([]ladenKey, error) {
	var laden []ladenKey
	for _, k := range keys {
		if k.Reader == "" || k.Fingerprint == "" {
			return nil, errors.New("a key has no reader or no fingerprint")
		}
		l := ladenKey{reader: s.vault.reader(k.Reader), print: s.vault.print(k.Reader, k.Fingerprint)}
		k.Since = k.Since.UTC()
		var err error
		if l.secret, err = s.vault.sealJSON(keyPlace(table, l.reader, l.print), k); err != nil {
			return nil, err
		}
		laden = append(laden, l)
	}
	slices.SortFunc(laden, func(a, b ladenKey) int { return slices.Compare(a.reader, b.reader) })
	return laden, nil
}

func (t *tx) putKeys(q query, keys []ladenKey) error {
	for _, k := range keys {
		if _, err := t.exec(q, k.reader, k.print, drawChange(), k.secret); err != nil {
			return err
		}
	}
	return nil
}

// drawChange draws a number that tells one state of the keys from all others,
// small enough that the sum of very many fits 64 bits.
func drawChange() int64 {
	var b [8]byte
	rand.Read(b[:])
	return int64(binary.BigEndian.Uint64(b[:]) >> 24)
}

// The tables of keys. What is encrypted for one opens in no other: nobody who
// can write to the database makes an approval of an upload.
const (
	keysTable = "reader_keys"
	pinsTable = "key_pins"
)

func keyPlace(table string, reader, print []byte) string {
	return table + "/secret/" + hex.EncodeToString(reader) + "/" + hex.EncodeToString(print)
}

// print is the keyed form of a reader's key.
func (v *vault) print(reader, fingerprint string) []byte {
	m := hmac.New(sha256.New, v.secrets.Digests)
	m.Write([]byte("reader key\x00" + reader + "\x00" + fingerprint))
	return m.Sum(nil)[:20]
}
