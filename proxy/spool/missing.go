package spool

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"

	"github.com/oklog/ulid/v2"

	"postvern.example/internal/deviation"
)

// A copy whose body is missing, as after a broken disk or half a restore, is
// claimed and listed as any other, so that it is held as damaged and somebody
// hears of it. The body's row knew what the message is called and when it came.
// All copies of a body get one reference in its place, and the time that is in
// the copy's id.
func standIn(body int64, id string) (reference string, received int64) {
	digest := sha256.Sum256(binary.BigEndian.AppendUint64(nil, uint64(body)))
	if u, err := ulid.ParseStrict(id); err == nil {
		received = int64(u.Time()) //nolint:gosec // 48 bits
	}
	return deviation.ReferenceOf(digest[:]), received
}

// bodiless makes of a held copy whose body is missing one that can only be
// dropped.
func (h *heldRow) bodiless() {
	reference, received := standIn(h.body, h.ID)
	h.Reference, h.Received = reference, fromMillis(received)
	hold := *h.Hold
	hold.Releasable, hold.Key = false, false // a key that comes cannot let it go any more
	if !slices.Contains(hold.Rules, Damaged) {
		hold.Rules = append(slices.Clone(hold.Rules), Damaged)
	}
	h.Hold = &hold
}
