package spool

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"postvern.example/internal/deviation"
	"postvern.example/internal/likeness"
	"postvern.example/policy"
)

// days is a clock that a test moves on.
type days struct{ n atomic.Int64 }

func (d *days) now() time.Time {
	return time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC).AddDate(0, 0, int(d.n.Load()))
}

func wroteTo(t *testing.T, s *Store, people ...Correspondent) {
	t.Helper()
	p := testParcel(50, 1)
	p.Correspondents = people
	mustAccept(t, s, p)
}

func wantKnown(t *testing.T, s *Store, beside bool, address string, want bool) {
	t.Helper()
	known, err := s.Known(t.Context(), beside, address, "somebody@else.example")
	if err != nil || known[address] != want || known["somebody@else.example"] {
		t.Errorf("%s (beside %v) is known: %v, %v", address, beside, known, err)
	}
}

func wantResembles(t *testing.T, s *Store, address string, want likeness.Kind) {
	t.Helper()
	if got, err := s.Resembles(t.Context(), address); err != nil || got != want {
		t.Errorf("%s resembles %q, not %q: %v", address, got, want, err)
	}
}

func correspondents(t *testing.T, open opener) {
	var d days
	dir := t.TempDir()
	s := open(t, dir, func(c *Config) { c.Now = d.now })
	kirsten := Correspondent{Owner: "anna", Address: "kirsten.holm@region.example", New: true}
	wantKnown(t, s, false, kirsten.Address, false)
	wroteTo(t, s, kirsten, Correspondent{Owner: "bo", Address: "chef@region.example", Beside: true, New: true})
	wantKnown(t, s, false, kirsten.Address, true)
	wantKnown(t, s, true, kirsten.Address, false)
	wantKnown(t, s, false, "chef@region.example", true)
	wantKnown(t, s, true, "chef@region.example", true)
	for day := range 2 {
		for range 3 { // many a day are one
			wroteTo(t, s, Correspondent{Owner: "anna", Address: kirsten.Address})
		}
		wantResembles(t, s, "kirsten.holn@region.example", likeness.None) // nobody is established yet
		d.n.Store(int64(day) + 1)
	}
	wroteTo(t, s, Correspondent{Owner: "anna", Address: kirsten.Address})
	for address, want := range map[string]likeness.Kind{
		"kirsten.holn@region.example": likeness.Typo,
		"kristen.holm@region.example": likeness.Typo,
		"kirsten.holm@brev.example":   likeness.Elsewhere,
		"kirsten.holm@region.invalid": likeness.Domain,
		"eva.lund@regionn.example":    likeness.Domain,
		"kirsten.ho1m@region.example": likeness.Letters,
		"eva.lund@region.example":     likeness.None,
		"chefen@region.example":       likeness.None, // written to once
	} {
		wantResembles(t, s, address, want)
	}
	mustClose(t, s)
	s = open(t, dir, func(c *Config) { c.Now = d.now })
	wantKnown(t, s, false, kirsten.Address, true)
	wantResembles(t, s, "kirsten.holn@region.example", likeness.Typo)
	if n, err := s.ForgetCorrespondents(t.Context(), []string{"anna"}); err != nil || n != 1 {
		t.Errorf("forgot %d owners: %v", n, err)
	}
	wantKnown(t, s, false, "chef@region.example", false)
	wantKnown(t, s, false, kirsten.Address, true)
	d.n.Add(rememberPeople + 1)
	if n, err := s.ForgetCorrespondents(t.Context(), []string{"anna"}); err != nil || n != 0 {
		t.Errorf("forgot %d owners: %v", n, err)
	}
	wantKnown(t, s, false, kirsten.Address, false)
	wantResembles(t, s, "kirsten.holn@region.example", likeness.None)
	var left int
	for _, table := range []string{"correspondents", "likenesses"} {
		if err := s.read.QueryRowContext(t.Context(), "SELECT count(*) FROM "+table).Scan(&left); err != nil || left != 0 {
			t.Errorf("%d rows of %s are left: %v", left, table, err)
		}
	}
}

func commonLocalParts(t *testing.T, open opener) {
	var d days
	s := open(t, t.TempDir(), func(c *Config) { c.Now = d.now })
	for day := range 3 {
		d.n.Store(int64(day))
		for i := range likeness.MostSame {
			wroteTo(t, s, Correspondent{Owner: "anna", Address: fmt.Sprintf("mette@firma%c.example", 'a'+i), New: day == 0})
		}
	}
	wantResembles(t, s, "mette@andet.example", likeness.Elsewhere)
	for day := range 3 {
		d.n.Store(int64(10 + day))
		wroteTo(t, s, Correspondent{Owner: "anna", Address: "mette@mere.example", New: day == 0})
		if day < 2 { // one that is not established does not count
			wantResembles(t, s, "mette@andet.example", likeness.Elsewhere)
		}
	}
	wantResembles(t, s, "mette@andet.example", likeness.None)
}

func refusedIsNotRemembered(t *testing.T, open opener) {
	s := open(t, t.TempDir())
	p := testParcel(50, 1)
	p.Deviations = []deviation.Record{testRecord(policy.EntryVisible, p.Reference)}
	mustAccept(t, s, p)
	again := testParcel(50, 1)
	again.Deviations = p.Deviations // the same id twice: the transaction fails
	again.Correspondents = []Correspondent{{Owner: "anna", Address: "eva@x.example", New: true}}
	if err := s.Accept(t.Context(), again); err == nil {
		t.Fatal("accepted")
	}
	wantKnown(t, s, false, "eva@x.example", false)
	first, second := testParcel(50, 1), testParcel(50, 1)
	first.Digest, second.Digest = []byte("same"), []byte("same")
	mustAccept(t, s, first)
	key, err := s.vault.repeat(first.Digest, first.Original)
	if err != nil {
		t.Fatal(err)
	}
	s.repeats.lapse(s.repeats.digests[string(key)])
	second.Correspondents = again.Correspondents
	if err := s.Accept(t.Context(), second); !errors.Is(err, ErrRepeat) {
		t.Fatalf("a repeat is answered %v", err)
	}
	wantKnown(t, s, false, "eva@x.example", false)
}

// asked stores a parcel of held copies that wait for an answer.
func asked(t *testing.T, s *Store, copies int) (Parcel, Question) {
	t.Helper()
	p := testParcel(500, copies)
	q := Question{ID: "q" + p.ID, Expires: time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC), Content: []byte(`{"about":"eva@x.example"}`)}
	for i := range p.Copies {
		p.Copies[i].State = Held
		p.Copies[i].Hold = &Hold{Rules: []string{"recipients.unusual"}, Expires: q.Expires, Releasable: true, Question: q.ID}
	}
	p.Questions = []Question{q}
	mustAccept(t, s, p)
	return p, q
}

func answeredOnce(t *testing.T, open opener) {
	dir := t.TempDir()
	s := open(t, dir)
	p, q := asked(t, s, 3)
	mustClose(t, s)
	s = open(t, dir)
	if got, err := s.Question(t.Context(), q.ID); err != nil || got.Answer != "" || string(got.Content) != string(q.Content) || !got.Expires.Equal(q.Expires) {
		t.Fatalf("the question is %+v, %v", got, err)
	}
	if _, err := s.Question(t.Context(), "another"); !errors.Is(err, ErrNotFound) {
		t.Errorf("one that is not there: %v", err)
	}
	seen := sha256.Sum256(p.Bodies[0].Content)
	with := Settlement{
		Question: q.ID, Answer: "yes",
		Release: map[string]Released{p.Copies[0].ID: {Seen: seen, Correspondents: []Correspondent{{Owner: "anna", Address: "eva@x.example", New: true}}}},
		Drop:    []string{p.Copies[1].ID},
		Keep:    map[string]Hold{p.Copies[2].ID: {Rules: []string{"numbers"}, Expires: q.Expires, Releasable: true}},
		Records: []deviation.Record{testRecord(policy.EntryAnswer, p.Reference)},
	}
	if err := s.Settle(t.Context(), with); err != nil {
		t.Fatal(err)
	}
	if err := s.Settle(t.Context(), with); !errors.Is(err, ErrAnswered) && !errors.Is(err, ErrNotFound) {
		t.Errorf("a second time: %v", err)
	}
	if err := s.Settle(t.Context(), Settlement{Question: q.ID, Answer: "no"}); !errors.Is(err, ErrAnswered) {
		t.Errorf("another answer: %v", err)
	}
	if d := claimOne(t, s); len(d.Copies) != 1 || d.Copies[0].ID != p.Copies[0].ID {
		t.Errorf("released %+v", d.Copies)
	}
	held, err := s.Held(t.Context())
	if err != nil || len(held) != 1 || held[0].ID != p.Copies[2].ID || held[0].Hold.Question != "" || !slices.Equal(held[0].Hold.Rules, []string{"numbers"}) {
		t.Errorf("held: %+v, %v", held, err)
	}
	if records, err := s.Deviation(t.Context(), p.Reference); err != nil || len(records) != 1 {
		t.Errorf("records: %v, %v", records, err)
	}
	wantKnown(t, s, false, "eva@x.example", true)
	wantStats(t, s, Stats{Queued: 1, Held: 1, Bytes: 500})
}

func remindedOnce(t *testing.T, open opener) {
	dir := t.TempDir()
	s := open(t, dir)
	_, q := asked(t, s, 1)
	day := 24 * time.Hour
	for before, want := range map[time.Duration]int{2 * day: 0, day: 1, time.Minute: 1, 0: 0, -day: 0} {
		now := q.Expires.Add(-before)
		if ids, err := s.QuestionsToRemindOf(t.Context(), now, now.Add(day)); err != nil || len(ids) != want || want == 1 && ids[0] != q.ID {
			t.Errorf("%v before its end: %v, %v", before, ids, err)
		}
	}
	mail := testParcel(10, 1)
	if err := s.Remind(t.Context(), q.ID, q.Expires.Add(-day), mail); err != nil {
		t.Fatal(err)
	}
	mustClose(t, s)
	s = open(t, dir)
	if ids, err := s.QuestionsToRemindOf(t.Context(), q.Expires.Add(-day), q.Expires); err != nil || len(ids) != 0 {
		t.Errorf("after a restart: %v, %v", ids, err)
	}
	if err := s.Remind(t.Context(), q.ID, q.Expires.Add(-day), testParcel(10, 1)); !errors.Is(err, ErrAnswered) {
		t.Errorf("a second time: %v", err)
	}
	wantStats(t, s, Stats{Queued: 1, Held: 1, Bytes: 510})
	_, q = asked(t, s, 1)
	if err := s.Settle(t.Context(), Settlement{Question: q.ID, Answer: "no"}); err != nil {
		t.Fatal(err)
	}
	if err := s.Remind(t.Context(), q.ID, q.Expires.Add(-day), testParcel(10, 1)); !errors.Is(err, ErrAnswered) {
		t.Errorf("one that is answered: %v", err)
	}
}

func settledWhole(t *testing.T, open opener) {
	s := open(t, t.TempDir())
	p, q := asked(t, s, 2)
	seen := sha256.Sum256(p.Bodies[0].Content)
	for name, with := range map[string]Settlement{
		"other bytes":        {Release: map[string]Released{p.Copies[0].ID: {Seen: [32]byte{1}}}},
		"a copy that is not": {Release: map[string]Released{p.Copies[0].ID: {Seen: seen}}, Drop: []string{"01JUNKNOWN"}},
		"no such question":   {Question: "none", Drop: []string{p.Copies[0].ID}},
		"a record twice":     {Drop: []string{p.Copies[0].ID}, Records: slices.Repeat([]deviation.Record{testRecord(policy.EntryAnswer, p.Reference)}, 2)},
	} {
		if with.Question == "" {
			with.Question = q.ID
		}
		with.Answer = "yes"
		if err := s.Settle(t.Context(), with); err == nil {
			t.Errorf("%s: settled", name)
		}
	}
	if got, err := s.Question(t.Context(), q.ID); err != nil || got.Answer != "" {
		t.Errorf("the question is %+v, %v", got, err)
	}
	wantStats(t, s, Stats{Held: 2, Bytes: 500})
	var wg sync.WaitGroup
	var settled atomic.Int64
	for range 8 {
		wg.Go(func() {
			if s.Settle(t.Context(), Settlement{Question: q.ID, Answer: "no", Drop: []string{p.Copies[0].ID, p.Copies[1].ID}}) == nil {
				settled.Add(1)
			}
		})
	}
	wg.Wait()
	if settled.Load() != 1 {
		t.Errorf("settled %d times", settled.Load())
	}
	wantStats(t, s, Stats{})
	if n, err := s.OpenQuestions(t.Context()); err != nil || n != 0 {
		t.Errorf("%d open, %v", n, err)
	}
	if err := s.ExpireQuestions(t.Context(), q.Expires.Add(time.Second)); err != nil {
		t.Error(err)
	}
	if _, err := s.Question(t.Context(), q.ID); !errors.Is(err, ErrNotFound) {
		t.Errorf("an expired question: %v", err)
	}
}
