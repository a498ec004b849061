package spool

import (
	"context"
	"fmt"
	"math"
	"strings"
	"time"

	"postvern.example/internal/deviation"
	"postvern.example/policy"
)

// Filter chooses records of the register. A zero field chooses all.
type Filter struct {
	Since    time.Time // Date not before
	Until    time.Time // Date before
	Type     policy.EntryType
	Severity policy.Severity
	Status   deviation.Status
	NearMiss *bool
	Due      time.Time // open, and the follow-up not after
	Limit    int
}

// Deviations returns the records that the filter chooses, newest first.
func (s *Store) Deviations(ctx context.Context, f Filter) ([]deviation.Record, error) {
	since, until, limit, near := int64(math.MinInt64), int64(math.MaxInt64), int64(math.MaxInt64), -1
	if !f.Since.IsZero() {
		since = f.Since.UnixMilli()
	}
	if !f.Until.IsZero() {
		until = f.Until.UnixMilli()
	}
	if f.Limit > 0 {
		limit = int64(f.Limit)
	}
	if f.NearMiss != nil {
		near = number(*f.NearMiss)
	}
	records, err := s.records(ctx, "deviations", since, until, f.Type, f.Severity, f.Status, near, millis(f.Due), limit)
	if err != nil {
		return nil, fmt.Errorf("list deviations: %w", err)
	}
	return records, nil
}

// Deviation returns the record with this id, or all records with this
// reference, oldest first. It returns ErrNotFound when there is none.
func (s *Store) Deviation(ctx context.Context, idOrReference string) ([]deviation.Record, error) {
	records, err := s.records(ctx, "deviation", strings.ToUpper(idOrReference)) // both are written in capitals
	if err == nil && len(records) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("read a deviation: %w", err)
	}
	return records, nil
}

// Prune deletes the records from before a time and returns how many they were.
func (s *Store) Prune(ctx context.Context, before time.Time) (int, error) {
	var n int64
	err := s.run(ctx, &job{urgent: true, do: func(t *tx) (err error) {
		n, err = t.exec("prune deviations", before.UnixMilli())
		return err
	}})
	if err != nil {
		return 0, fmt.Errorf("prune deviations: %w", err)
	}
	return int(n), nil
}

// sealedRecord is what of a record is encrypted in its row.
type sealedRecord struct {
	Description string              `json:"description,omitempty"`
	Reporter    string              `json:"reporter,omitempty"`
	Measures    string              `json:"measures,omitempty"`
	Rule        string              `json:"rule,omitempty"`
	Action      string              `json:"action,omitempty"`
	Kinds       []string            `json:"kinds,omitempty"`
	Places      []string            `json:"places,omitempty"`
	Count       int                 `json:"count,omitempty"`
	Comments    []deviation.Comment `json:"comments,omitempty"`
}

func recordPlace(id string) string { return "deviations/secret/" + id }

func (s *Store) ladeRecord(r deviation.Record) (ladenRecord, error) {
	box, err := s.vault.sealJSON(recordPlace(r.ID), sealedRecord{
		Description: r.Description, Reporter: r.Reporter, Measures: r.Measures, Rule: r.Rule,
		Action: string(r.Action), Kinds: r.Kinds, Places: r.Places, Count: r.Count, Comments: r.Comments,
	})
	return ladenRecord{Record: r, secret: box}, err
}

func (s *Store) ladeRecords(records []deviation.Record) ([]ladenRecord, error) {
	var laden []ladenRecord
	for _, r := range records {
		l, err := s.ladeRecord(r)
		if err != nil {
			return nil, err
		}
		laden = append(laden, l)
	}
	return laden, nil
}

func (t *tx) writeRecords(records []ladenRecord) error {
	for _, r := range records {
		_, err := t.exec("insert deviation", r.ID, r.Reference, millis(r.Date), string(r.Type), string(r.Severity),
			string(r.Status), number(r.NearMiss), millis(r.FollowUp), r.secret)
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) records(ctx context.Context, q query, args ...any) ([]deviation.Record, error) {
	records := []deviation.Record{}
	err := s.query(ctx, q, args, func(row scanner) error {
		r, err := s.scanRecord(row)
		records = append(records, r)
		return err
	})
	return records, err
}

func (s *Store) scanRecord(row scanner) (r deviation.Record, err error) {
	var date, followUp int64
	var near int
	var box []byte
	err = row.Scan(&r.ID, &r.Reference, &date, &r.Type, &r.Severity, &r.Status, &near, &followUp, &box)
	if err != nil {
		return r, err
	}
	var x sealedRecord
	if err := s.vault.openJSON(recordPlace(r.ID), box, &x); err != nil {
		return r, fmt.Errorf("record %s: %w", r.ID, err)
	}
	r.Date, r.FollowUp, r.NearMiss = fromMillis(date), fromMillis(followUp), near != 0
	r.Description, r.Reporter, r.Measures, r.Rule = x.Description, x.Reporter, x.Measures, x.Rule
	r.Action, r.Kinds, r.Places, r.Count, r.Comments = policy.Action(x.Action), x.Kinds, x.Places, x.Count, x.Comments
	return r, nil
}

// number is a truth value as it stands in a row.
func number(b bool) int {
	if b {
		return 1
	}
	return 0
}
