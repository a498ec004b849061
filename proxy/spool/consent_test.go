package spool

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"postvern.example/internal/deviation"
	"postvern.example/policy"
)

func consentRecord(typ policy.EntryType, at time.Time) deviation.Record {
	return deviation.Record{ID: deviation.NewID(at), Reference: "PV-CNSNT1", Date: at, Type: typ, Severity: policy.Low, Status: deviation.Closed}
}

func ledgerOfConsents(t *testing.T, open opener) {
	dir := t.TempDir()
	s := open(t, dir)
	ctx := t.Context()
	at := time.Now().UTC().Truncate(time.Millisecond)
	first, err := s.Ledger(ctx, nil)
	if err != nil || !first.Empty() || first.Of("mette@post.example") != nil || first.OfName([]string{"mette soerensen"}) != nil {
		t.Fatalf("%v", err)
	}
	if again, err := s.Ledger(ctx, first); err != nil || again != first {
		t.Errorf("an unchanged ledger is read anew: %v", err)
	}
	a := Consent{
		ID: NewConsentID(), Who: "mette@post.example", Name: "Mette Sørensen", NameForms: []string{"mette soerensen"}, To: "løngruppen", Purpose: "forhandling",
		Added: at, AddedBy: "dpo", From: at, Until: at.Add(time.Hour), Evidence: Evidence{MessageID: "<a@b>"},
	}
	b := Consent{ID: NewConsentID(), Who: "bo@post.example", To: "*@region.example", Purpose: "x", Added: at.Add(time.Millisecond), AddedBy: "dpo", From: at, Evidence: Evidence{File: "f.pdf", SHA256: "00"}}
	if err := s.AddConsents(ctx, []Consent{a, b}, []deviation.Record{consentRecord(policy.EntryConsentGiven, at)}); err != nil {
		t.Fatal(err)
	}
	want := []Consent{a, b}
	want[0].NameForms = nil // only their keyed hashes are kept
	check := func(s *Store) {
		t.Helper()
		if got, err := s.Consents(ctx); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v, %v\nwant %+v", got, err, want)
		}
	}
	check(s)
	if got, err := s.Consent(ctx, b.ID); err != nil || !reflect.DeepEqual(got, b) {
		t.Errorf("%+v, %v", got, err)
	}
	l, err := s.Ledger(ctx, first)
	if err != nil || l == first {
		t.Fatalf("a change is not seen: %v", err)
	}
	if got := l.Of("mette@post.example"); len(got) != 1 || !reflect.DeepEqual(got[0], policy.Consent{ID: a.ID, Who: a.Who, To: a.To, From: a.From, Until: a.Until}) {
		t.Errorf("%+v", got)
	}
	if got := l.OfName([]string{"x", "mette soerensen"}); len(got) != 1 || got[0].ID != a.ID || got[0].Who != "" {
		t.Errorf("%+v", got)
	}
	if l.Of("mette@post.example.") != nil || l.Of("stranger@post.example") != nil {
		t.Error("somebody else has consented")
	}

	// Another process withdraws it, and this one sees that.
	guest := open(t, dir, guest)
	if err := guest.WithdrawConsent(ctx, "co-"+a.ID[3:], at.Add(time.Minute), "dpo", "left", consentRecord(policy.EntryConsentWithdrawn, at)); err != nil {
		t.Fatal(err)
	}
	want[0].Withdrawn, want[0].WithdrawnBy, want[0].Reason = at.Add(time.Minute), "dpo", "left"
	check(s)
	after, err := s.Ledger(ctx, l)
	if err != nil || after == l || !after.Of(a.Who)[0].Withdrawn.Equal(at.Add(time.Minute)) {
		t.Errorf("a withdrawal is not seen: %v", err)
	}
	if err := s.WithdrawConsent(ctx, a.ID, at, "dpo", "again", consentRecord(policy.EntryConsentWithdrawn, at)); !errors.Is(err, ErrWithdrawn) {
		t.Errorf("twice: %v", err)
	}
	if err := s.WithdrawConsent(ctx, "CO-NOBODY", at, "dpo", "", consentRecord(policy.EntryConsentWithdrawn, at)); !errors.Is(err, ErrNotFound) {
		t.Errorf("of nobody: %v", err)
	}
	records, err := s.Deviations(ctx, Filter{})
	if err != nil || len(records) != 2 {
		t.Errorf("the register has %d records: %v", len(records), err)
	}
	mustClose(t, s)
	if _, err := s.Ledger(context.Background(), after); !errors.Is(err, ErrClosed) {
		t.Errorf("a closed store: %v", err)
	}
	check(open(t, dir))
	files, _ := filepath.Glob(filepath.Join(dir, "postvern.db*"))
	for _, f := range files {
		if raw, err := os.ReadFile(f); err != nil || bytes.Contains(raw, []byte("mette")) || bytes.Contains(raw, []byte("Mette")) || bytes.Contains(raw, []byte("region.example")) {
			t.Errorf("%s shows who consented: %v", f, err)
		}
	}
}
