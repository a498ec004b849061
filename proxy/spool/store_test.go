package spool

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"

	"postvern.example/internal/deviation"
	"postvern.example/policy"
)

func TestMain(m *testing.M) {
	if role := os.Getenv("POSTVERN_SPOOL_CHILD"); role != "" {
		os.Exit(child(role))
	}
	if err := flag.Set("rapid.checks", "15"); err != nil { // -rapid.checks=N asks for more
		panic(err)
	}
	code := m.Run()
	stopPeers()
	if code == 0 {
		if err := goleak.Find(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

func testKey() []byte { return []byte("0123456789abcdef0123456789abcdef") }

// openTest opens the SQLite store in dir as the serving process does.
func openTest(tb testing.TB, dir string, change ...func(*Config)) *Store {
	tb.Helper()
	cfg := Config{Dir: dir, Key: testKey(), TakeBack: true, MinFree: -1}
	for _, f := range change {
		f(&cfg)
	}
	s, err := Open(context.Background(), cfg)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Error(err)
		}
	})
	return s
}

// guest opens a store as a command beside the serving process does.
func guest(cfg *Config) { cfg.TakeBack = false }

// testContent is some text of a size, different for each word.
func testContent(word string, size int) []byte {
	content := make([]byte, size)
	for i := range content {
		content[i] = word[i%len(word)]
	}
	return content
}

const annasAddress = "anna.holm@region.example"

// testParcel is a mail from Anna to so many members.
func testParcel(size, copies int) Parcel {
	p := Parcel{
		ID: deviation.NewID(time.Now()), Reference: deviation.NewReference(), Login: "anna",
		Received: time.Now().Truncate(time.Millisecond).UTC(),
	}
	p.Bodies = []Body{{Content: testContent("Kære medlem "+p.ID+"\r\n", size)}}
	for i := range copies {
		p.Copies = append(p.Copies, Copy{
			ID: deviation.NewID(time.Now()), Class: Mail, State: Queued,
			From: annasAddress, To: fmt.Sprintf("member%d@mail.example", i), Sender: annasAddress,
		})
	}
	return p
}

// heldParcel is a mail that is held for one reader.
func heldParcel(size int, releasable bool) Parcel {
	p := testParcel(size, 1)
	p.Copies[0].State = Held
	p.Copies[0].Hold = &Hold{
		Rules: []string{"national identity numbers"}, Kinds: []string{"dk-cpr"}, Places: []string{"body (text)"},
		Expires: time.Now().Add(time.Hour).Truncate(time.Millisecond).UTC(), Releasable: releasable, Subject: "Fraværssamtale",
	}
	return p
}

func testRecord(typ policy.EntryType, reference string) deviation.Record {
	now := time.Now().Truncate(time.Millisecond).UTC()
	return deviation.Record{
		ID: deviation.NewID(now), Reference: reference, Date: now, Reporter: "anna", Type: typ, Severity: policy.High,
		Description: "En mail viste 2 medlemmers adresser til hinanden.", Measures: "Mailen er tilbageholdt.",
		Status: deviation.Open, FollowUp: now.Add(72 * time.Hour), Rule: "recipients.from", Action: policy.Hold,
		Kinds: []string{"dk-cpr"}, Places: []string{"body (text)"}, Count: 2,
		Comments: []deviation.Comment{{Date: now, Author: "dpo", Text: "efter aftale"}},
	}
}

func mustAccept(tb testing.TB, s *Store, parcels ...Parcel) {
	tb.Helper()
	for _, p := range parcels {
		if err := s.Accept(tb.Context(), p); err != nil {
			tb.Fatal(err)
		}
	}
}

// claimAll claims until nothing has been due for a while.
func claimAll(tb testing.TB, s *Store, within time.Duration) []Delivery {
	tb.Helper()
	var all []Delivery
	for {
		ctx, cancel := context.WithTimeout(tb.Context(), within)
		got, err := s.Claim(ctx, 100)
		cancel()
		if errors.Is(err, context.DeadlineExceeded) {
			return all
		}
		if err != nil {
			tb.Fatal(err)
		}
		all = append(all, got...)
	}
}

// claimCopies claims until so many copies have come, and makes sure that no
// more do.
func claimCopies(tb testing.TB, s *Store, n int) []Delivery {
	tb.Helper()
	var all []Delivery
	for came := 0; came < n; {
		d := claimOne(tb, s)
		all = append(all, d)
		came += len(d.Copies)
	}
	if more := claimAll(tb, s, 100*time.Millisecond); len(more) != 0 {
		tb.Errorf("%d deliveries more than were due", len(more))
	}
	return all
}

// claimOne claims one delivery, which has to come.
func claimOne(tb testing.TB, s *Store) Delivery {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), 30*time.Second)
	defer cancel()
	got, err := s.Claim(ctx, 1)
	if err != nil || len(got) != 1 {
		tb.Fatalf("claimed %d deliveries: %v", len(got), err)
	}
	return got[0]
}

// relayAll claims until ctx ends.
func relayAll(ctx context.Context, tb testing.TB, s *Store, each func(Delivery)) {
	for {
		got, err := s.Claim(ctx, 5)
		if err != nil {
			if ctx.Err() == nil {
				tb.Error(err)
			}
			return
		}
		for _, d := range got {
			each(d)
		}
	}
}

// finishAll gives all copies of deliveries the same outcome.
func finishAll(tb testing.TB, s *Store, result Result, deliveries ...Delivery) {
	tb.Helper()
	var outcomes []Outcome
	for _, d := range deliveries {
		for _, c := range d.Copies {
			outcomes = append(outcomes, Outcome{Copy: c.ID, Result: result})
		}
	}
	if err := s.Finish(tb.Context(), outcomes); err != nil {
		tb.Fatal(err)
	}
}

// mustClose closes a store that is no longer needed, if there is one.
func mustClose(tb testing.TB, s *Store) {
	tb.Helper()
	if s == nil {
		return
	}
	if err := s.Close(); err != nil {
		tb.Fatal(err)
	}
}

func stats(tb testing.TB, s *Store) Stats {
	tb.Helper()
	st, err := s.Stats(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	st.Oldest = 0
	return st
}

func wantStats(tb testing.TB, s *Store, want Stats) {
	tb.Helper()
	if got := stats(tb, s); got != want {
		tb.Errorf("the store holds %+v, not %+v", got, want)
	}
}
