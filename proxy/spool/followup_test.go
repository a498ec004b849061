package spool

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"postvern.example/internal/deviation"
	"postvern.example/policy"
)

// remark adds a comment to a record.
func remark(text string) func(deviation.Record) (deviation.Record, bool) {
	return func(r deviation.Record) (deviation.Record, bool) {
		r.Comments = append(slices.Clone(r.Comments), deviation.Comment{Date: time.UnixMilli(1).UTC(), Author: "dpo", Text: text})
		return r, true
	}
}

// register accepts a parcel with records of a reference.
func register(t *testing.T, s *Store, reference string, records int) (all []deviation.Record) {
	t.Helper()
	p := testParcel(10, 1)
	p.Reference = reference
	for range records {
		all = append(all, testRecord(policy.EntryPersonal, reference))
	}
	slices.SortFunc(all, func(a, b deviation.Record) int {
		return cmp.Or(a.Date.Compare(b.Date), strings.Compare(a.ID, b.ID))
	})
	p.Deviations = all
	mustAccept(t, s, p)
	return all
}

func changesRecords(t *testing.T, open opener) {
	dir := t.TempDir()
	s := open(t, dir)
	all := register(t, s, "PV-AAAAAA", 2)
	beside := open(t, dir, guest)
	closing := func(r deviation.Record) (deviation.Record, bool) {
		if r.Status == deviation.Closed {
			return r, false
		}
		r.Status, r.Severity, r.FollowUp, r.Measures = deviation.Closed, policy.Low, time.Time{}, "talt med afsenderen"
		return r, true
	}
	first, _ := closing(all[0])
	got, err := beside.ChangeDeviations(t.Context(), []string{all[0].ID}, closing)
	if want := []Changed{{first, true}}; err != nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("by id: %v\ngot  %+v\nwant %+v", err, got, want)
	}
	second, _ := closing(all[1])
	// The reference names the first one again, and so does its id.
	got, err = beside.ChangeDeviations(t.Context(), []string{"pv-aaaaaa", all[0].ID}, closing)
	if want := []Changed{{first, false}, {second, true}}; err != nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("by reference: %v\ngot  %+v\nwant %+v", err, got, want)
	}
	var unknown UnknownError
	_, err = beside.ChangeDeviations(t.Context(), []string{"PV-AAAAAA", "PV-NOBODY"}, remark("x"))
	if !errors.Is(err, ErrNotFound) || !errors.As(err, &unknown) || unknown.Name != "PV-NOBODY" {
		t.Errorf("what is not there is answered %v", err)
	}
	if got, err := s.Deviation(t.Context(), "PV-AAAAAA"); err != nil || !reflect.DeepEqual(got, []deviation.Record{first, second}) {
		t.Errorf("the gateway sees %v\n%+v", err, got)
	}
	if n, err := s.Prune(t.Context(), all[1].Date.Add(time.Millisecond)); err != nil || n != 2 {
		t.Errorf("%d were pruned by their date: %v", n, err)
	}
}

func changedAtOnce(t *testing.T, open opener) {
	dir := t.TempDir()
	s := open(t, dir)
	all := register(t, s, "PV-BBBBBB", 2)
	const each = 8
	var at sync.WaitGroup
	for i, who := range []*Store{s, open(t, dir, guest), open(t, dir, guest)} {
		for n := range each {
			at.Go(func() {
				names := [][]string{{"PV-BBBBBB"}, {all[0].ID, all[1].ID}}[n%2]
				if _, err := who.ChangeDeviations(t.Context(), names, remark(fmt.Sprintf("%d-%d", i, n))); err != nil {
					t.Error(err)
				}
			})
		}
	}
	at.Wait()
	got, err := s.Deviation(t.Context(), "PV-BBBBBB")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range got {
		texts := map[string]bool{}
		for _, c := range r.Comments {
			texts[c.Text] = true
		}
		if want := 1 + 3*each; len(r.Comments) != want || len(texts) != want {
			t.Errorf("of %d comments %d are there, %d different", want, len(r.Comments), len(texts))
		}
	}
}

func countsFollowUps(t *testing.T, open opener) {
	s := open(t, t.TempDir())
	now := time.Now()
	all := register(t, s, "PV-CCCCCC", 4)
	set := func(id string, status deviation.Status, followUp time.Time) {
		t.Helper()
		_, err := s.ChangeDeviations(t.Context(), []string{id}, func(r deviation.Record) (deviation.Record, bool) {
			r.Status, r.FollowUp = status, followUp
			return r, true
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	want := func(after string, want FollowUps) {
		t.Helper()
		if got, err := s.FollowUps(t.Context(), now); err != nil || got != want {
			t.Errorf("%s: %+v, %v; want %+v", after, got, err, want)
		}
	}
	near := testParcel(10, 1)
	near.Deviations = []deviation.Record{testRecord(policy.EntryVisible, "PV-DDDDDD")}
	near.Deviations[0].NearMiss = true
	mustAccept(t, s, near)
	want("all open", FollowUps{Open: 4, NearOpen: 1})
	set(all[0].ID, deviation.Open, now)
	set(all[1].ID, deviation.Open, now.Add(time.Minute))
	set(all[2].ID, deviation.Open, time.Time{})
	set(near.Deviations[0].ID, deviation.Open, now.Add(-time.Hour))
	want("two past", FollowUps{Open: 4, Due: 1, NearOpen: 1, NearDue: 1})
	set(all[0].ID, deviation.Closed, now)
	set(near.Deviations[0].ID, deviation.Closed, now.Add(-time.Hour))
	want("those closed", FollowUps{Open: 3})
	set(all[0].ID, deviation.Open, now)
	want("one opened again", FollowUps{Open: 4, Due: 1})
}

func TestARecordThatCannotBeReadIsNotChanged(t *testing.T) {
	s := openTest(t, t.TempDir())
	all := register(t, s, "PV-EEEEEE", 2)
	damage(t, s, "UPDATE deviations SET secret = zeroblob(length(secret)) WHERE id = $1", all[1].ID)
	if _, err := s.ChangeDeviations(t.Context(), []string{"PV-EEEEEE"}, remark("x")); !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), all[1].ID) {
		t.Errorf("it is answered %v", err)
	}
	got, err := s.ChangeDeviations(t.Context(), []string{all[0].ID}, remark("y"))
	if err != nil || len(got) != 1 || len(got[0].Comments) != 2 {
		t.Errorf("the other: %+v, %v", got, err)
	}
}
