package spool

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"time"
)

// Handover is what a sender lately sent a reader: when a file that only a
// password opens, and when a password. A zero time is not lately.
type Handover struct {
	Sender, Reader string // in one form each; stored as a keyed hash
	File, Password time.Time
}

// Handing is what a parcel sends a reader, and what was known of the two when
// that was decided.
type Handing struct {
	Handover           // the times of what the parcel sends; zero: it sends none
	Known    *Handover // nil: whatever stands there
}

// ErrMeanwhile says that the sender has sent the reader a file or a password
// since the message was decided: it has to be decided again.
var ErrMeanwhile = errors.New("something was sent to the same reader in the meantime")

// keepHandovers is how long they are kept: longer than they matter, whatever
// the clocks of several nodes say.
const keepHandovers = 3 * time.Hour

// Handovers returns what a sender lately sent each of some readers, in their
// order.
func (s *Store) Handovers(ctx context.Context, sender string, readers []string) ([]Handover, error) {
	out := make([]Handover, 0, len(readers))
	for _, r := range readers {
		h := Handover{Sender: sender, Reader: r}
		err := s.query(ctx, "handover", []any{s.vault.pair(h)}, func(row scanner) error {
			var file, password int64
			err := row.Scan(&file, &password)
			h.File, h.Password = fromMillis(file), fromMillis(password)
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("read what was sent lately: %w", err)
		}
		out = append(out, h)
	}
	return out, nil
}

// pair is the keyed form of a sender and a reader.
func (v *vault) pair(h Handover) []byte {
	text := binary.AppendUvarint([]byte("handover "), uint64(len(h.Sender)))
	m := hmac.New(sha256.New, v.secrets.Digests)
	m.Write(append(append(text, h.Sender...), h.Reader...))
	return m.Sum(nil)[:20]
}

// unchanged refuses a parcel where something was sent since it was decided. It
// changes nothing, and keeps other nodes from sending to the same readers until
// the transaction ends.
func (t *tx) unchanged(all []Handing) error {
	for _, h := range all {
		if h.Known == nil {
			continue
		}
		pair := t.s.vault.pair(h.Handover)
		var free, file, password int64
		if err := t.row("try pair", []any{int64(binary.BigEndian.Uint64(pair))}, &free); err != nil {
			return err
		}
		if free == 0 {
			return refusal{ErrMeanwhile}
		}
		err := t.row("handover", []any{pair}, &file, &password)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		if file != millis(h.Known.File) || password != millis(h.Known.Password) {
			return refusal{ErrMeanwhile}
		}
	}
	return nil
}

// handOver notes what a parcel sends.
func (t *tx) handOver(all []Handing) error {
	for _, h := range all {
		if h.File.IsZero() && h.Password.IsZero() {
			continue
		}
		if _, err := t.exec("hand over", t.s.vault.pair(h.Handover), millis(h.File), millis(h.Password)); err != nil {
			return err
		}
	}
	return nil
}
