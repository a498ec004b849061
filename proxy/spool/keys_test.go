package spool

import (
	"crypto/sha256"
	"errors"
	"reflect"
	"testing"
	"time"

	"postvern.example/policy"
)

func readerKey(reader, fingerprint string) ReaderKey {
	return ReaderKey{Reader: reader, Fingerprint: fingerprint, Key: []byte("key " + fingerprint), Source: "added", Since: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC), By: "dpo"}
}

func keysOfReaders(t *testing.T, open opener) {
	dir := t.TempDir()
	s := open(t, dir)
	ctx := t.Context()
	var none *KeyBook
	if none.Binds("mette@post.example") {
		t.Error("nothing binds somebody")
	}
	var book *KeyBook
	look := func(at *Store, added, pinned []ReaderKey) {
		t.Helper()
		b, err := at.KeyBook(ctx, book)
		if err != nil || b == book || !reflect.DeepEqual(b.Added, added) || !reflect.DeepEqual(b.Pinned, pinned) {
			t.Fatalf("%+v %v", b, err)
		}
		if again, err := at.KeyBook(ctx, b); err != nil || again != b {
			t.Errorf("unchanged keys are read anew: %v", err)
		}
		book = b
	}
	look(s, nil, nil)
	one, two, other := readerKey("mette@post.example", "AA"), readerKey("mette@post.example", "BB"), readerKey("eva@post.example", "AA")
	if err := s.AddKeys(ctx, []ReaderKey{two, one, other}); err != nil {
		t.Fatal(err)
	}
	look(s, []ReaderKey{other, one, two}, nil)

	// Another process changes them, and this one sees that.
	guest := open(t, dir, guest)
	one.Key = []byte("key AA, renewed")
	if err := errors.Join(guest.AddKeys(ctx, []ReaderKey{one}), guest.ApproveKeys(ctx, []ReaderKey{one})); err != nil {
		t.Fatal(err)
	}
	look(s, []ReaderKey{other, one, two}, []ReaderKey{one})
	if !book.Binds(one.Reader) || book.Binds(other.Reader) {
		t.Error("somebody else is bound")
	}
	if err := guest.ApproveKeys(ctx, []ReaderKey{two}); err != nil {
		t.Fatal(err)
	}
	look(s, []ReaderKey{other, one, two}, []ReaderKey{two})
	if err := guest.RemoveKey(ctx, two.Reader, "BB"); err != nil {
		t.Fatal(err)
	}
	look(s, []ReaderKey{other, one}, nil)
	if err := guest.RemoveKey(ctx, two.Reader, "BB"); !errors.Is(err, ErrNotFound) {
		t.Errorf("removed twice: %v", err)
	}
	if err := s.AddKeys(ctx, []ReaderKey{{Reader: "mette@post.example"}}); err == nil {
		t.Error("a key without a fingerprint was stored")
	}
	mustClose(t, s)
	if _, err := s.KeyBook(ctx, book); !errors.Is(err, ErrClosed) {
		t.Errorf("a closed store: %v", err)
	}
}

func firstKeyBinds(t *testing.T, open opener) {
	s := open(t, t.TempDir())
	first, second := readerKey("mette@post.example", "AA"), readerKey("mette@post.example", "BB")
	for _, k := range []ReaderKey{first, second} {
		p := testParcel(100, 1)
		p.Pins = []ReaderKey{k, readerKey("eva@post.example", "CC")}
		mustAccept(t, s, p)
	}
	held := heldParcel(100, true)
	held.Keys = []ReaderKey{second}
	mustAccept(t, s, held)
	bo := readerKey("bo@post.example", "DD")
	if err := s.Release(t.Context(), held.Copies[0].ID, Released{Seen: sha256.Sum256(held.Bodies[0].Content), Pins: []ReaderKey{bo}}); err != nil {
		t.Fatal(err)
	}
	b, err := s.KeyBook(t.Context(), nil)
	if want := []ReaderKey{bo, readerKey("eva@post.example", "CC"), first}; err != nil || !reflect.DeepEqual(b.Pinned, want) || !reflect.DeepEqual(b.Added, held.Keys) {
		t.Errorf("%+v %v", b, err)
	}
}

func keysOfTheOrganisation(t *testing.T, open opener) {
	dir := t.TempDir()
	s := open(t, dir)
	ctx := t.Context()
	empty, err := s.KeyBook(ctx, nil)
	if err != nil || len(empty.Organisation) != 0 {
		t.Fatalf("%+v %v", empty, err)
	}
	at := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	one := OrganisationKey{Generation: 1, Secret: []byte("secret one"), Revocation: []byte("revocation"), Since: at, By: "dpo"}
	record := consentRecord(policy.EntryKeyMade, at)
	if err := s.AddOrganisationKey(ctx, one, record); err != nil {
		t.Fatal(err)
	}
	guest := open(t, dir, guest)
	twin := OrganisationKey{Generation: 1, Secret: []byte("a twin"), Since: at}
	if err := guest.AddOrganisationKey(ctx, twin, consentRecord(policy.EntryKeyMade, at)); !errors.Is(err, ErrMade) {
		t.Errorf("a second key of one generation: %v", err)
	}
	two := OrganisationKey{Generation: 2, Secret: []byte("secret two"), Since: at}
	if err := guest.AddOrganisationKey(ctx, two, consentRecord(policy.EntryKeyMade, at)); err != nil {
		t.Fatal(err)
	}
	book, err := s.KeyBook(ctx, empty)
	if err != nil || book == empty || !reflect.DeepEqual(book.Organisation, []OrganisationKey{one, two}) {
		t.Fatalf("%+v %v", book, err)
	}
	one.Secret = []byte("secret one, revoked")
	if err := guest.ReplaceOrganisationKey(ctx, one, consentRecord(policy.EntryKeyRevoked, at)); err != nil {
		t.Fatal(err)
	}
	if err := guest.ReplaceOrganisationKey(ctx, OrganisationKey{Generation: 7}, consentRecord(policy.EntryKeyRevoked, at)); !errors.Is(err, ErrNotFound) {
		t.Errorf("a key that is not there is replaced: %v", err)
	}
	again, err := s.KeyBook(ctx, book)
	if err != nil || again == book || !reflect.DeepEqual(again.Organisation, []OrganisationKey{one, two}) {
		t.Fatalf("%+v %v", again, err)
	}
	records, err := s.Deviations(ctx, Filter{})
	if err != nil || len(records) != 3 {
		t.Errorf("the register has %d entries, %v", len(records), err)
	}
	damage(t, s, "UPDATE organisation_keys SET secret = (SELECT secret FROM organisation_keys WHERE generation = $1) WHERE generation = $2", 2, 1)
	if _, err := s.KeyBook(ctx, nil); !errors.Is(err, ErrDamaged) {
		t.Errorf("a key in the place of another opens: %v", err)
	}
}
