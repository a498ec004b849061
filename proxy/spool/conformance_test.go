package spool

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"postvern.example/internal/deviation"
	"postvern.example/policy"
)

// opener opens the store that belongs to a directory; the same directory is
// the same store.
type opener func(tb testing.TB, dir string, change ...func(*Config)) *Store

func TestSQLiteConforms(t *testing.T) { Conformance(t, openTest) }

// Conformance is what every store has to do, whatever database it stands on.
func Conformance(t *testing.T, open opener) {
	for _, c := range []struct {
		name string
		test func(*testing.T, opener)
	}{
		{"a copy comes out as it went in", comesOutAsItWentIn},
		{"its key changes while it works", keyChanges},
		{"a body in two parts is one", isStoredInTwoParts},
		{"copies of one transaction come together", comeTogether},
		{"a body goes with its last copy", bodyGoesLast},
		{"a deferred copy comes back when it is due", deferredComesBack},
		{"copies of different attempts come apart", attemptsApart},
		{"a delay is told once for a message", delayToldOnce},
		{"a clock that was ahead holds nothing up for long", clockWasAhead},
		{"what follows from an outcome is stored with it", thenIsStored},
		{"an outcome of a copy that is not claimed stores nothing", strangersOutcome},
		{"a wrong parcel is refused whole", wrongParcel},
		{"a parcel that fails leaves nothing", failingParcel},
		{"claim waits, and wakes for what is accepted", claimWakes},
		{"more than the buffer holds comes from the table", overflow},
		{"claims are taken back at the next start", takenBack},
		{"what was sent before the end is not sent again", sentBeforeTheEnd},
		{"large bodies stand on their own", largeBodies},
		{"a body that is written as it is encrypted comes out whole", writtenBodies},
		{"a body that cannot be written leaves nothing", failedWriting},
		{"a damaged large body is held before any of it is sent", damagedLargeBody},
		{"held copies wait and are released", holdAndRelease},
		{"a release is bound to what was seen", boundRelease},
		{"a release may carry other content", otherContent},
		{"a drop forgets", dropForgets},
		{"holds expire", holdsExpire},
		{"a command works beside the serving process", besideServing},
		{"the register is filtered", filterRegister},
		{"records are changed by name, all that are named or none", changesRecords},
		{"two who write into a record at once lose nothing", changedAtOnce},
		{"what is open and what is due is counted", countsFollowUps},
		{"a repeat is recognised while the 250 is open", repeatOpen},
		{"a second sending is delivered", secondSending},
		{"sendings that overlap are both delivered", overlapping},
		{"the ledger of consents is kept, and its changes are seen", ledgerOfConsents},
		{"keys of readers are kept, and changes to them are seen", keysOfReaders},
		{"keys of the organisation are kept, one a generation", keysOfTheOrganisation},
		{"how copies were protected is known, and forgotten in time", protections},
		{"what nodes share is kept until its end, and turns are taken one at a time", nodesShare},
		{"what key servers answered is known until it may be asked again", lookedUp},
		{"one node refreshes a reader's keys when that is due", refreshesAreClaimed},
		{"a message that waits for keys becomes its copies whole or not at all", waitsForKeys},
		{"the first key that is used binds its reader", firstKeyBinds},
		{"what was handed to a reader is known for a while", handedOver},
		{"a parcel that was decided before another handing is refused", handedMeanwhile},
		{"all of many submitters' copies are delivered once", manySubmitters},
		{"who was written to is known, and forgotten in time", correspondents},
		{"a name that many share resembles nobody", commonLocalParts},
		{"who was not written to is not remembered", refusedIsNotRemembered},
		{"a question is answered once", answeredOnce},
		{"a sender is reminded of a question once", remindedOnce},
		{"a question is settled whole or not at all", settledWhole},
		{"a damaged body is held", damagedBody},
		{"a damaged row is held", damagedRow},
		{"a copy whose body is missing is held", missingBody},
		{"no copy rests where nobody sees it", noneRestsUnseen},
		{"a store needs its own key", ownKey},
		{"a closed store says so", closedStore},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.test(t, open)
		})
	}
}

func comesOutAsItWentIn(t *testing.T, open opener) {
	dir := t.TempDir()
	s := open(t, dir)
	p := testParcel(3000, 1)
	p.Copies[0] = Copy{
		ID: p.Copies[0].ID, Class: Mail, State: Queued, From: annasAddress, To: "bø@mail.example", UTF8: true, EightBit: true,
		Return: "HDRS", EnvelopeID: "QQ314159", Notify: []string{"FAILURE", "DELAY"}, Original: "rfc822;bo@mail.example",
		Language: "nn", Sender: annasAddress, RequireTLS: true, Released: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC),
	}
	want := Delivery{Parcel: p.ID, Reference: p.Reference, Received: p.Received, Attempt: 1, Copies: p.Copies, Content: p.Bodies[0].Content}
	mustAccept(t, s, p)
	if got := claimOne(t, s); !reflect.DeepEqual(got, want) {
		t.Errorf("from memory:\ngot  %+v\nwant %+v", got, want)
	}
	mustClose(t, s)
	if got := claimOne(t, open(t, dir)); !reflect.DeepEqual(got, want) {
		t.Errorf("from the table:\ngot  %+v\nwant %+v", got, want)
	}
}

func isStoredInTwoParts(t *testing.T, open opener) {
	for _, size := range []int{0, 100, largeBody - 5, largeBody, 3 << 20} {
		dir := t.TempDir()
		s := open(t, dir)
		p := testParcel(size, 1)
		p.Bodies[0].Head = []byte("Subject: x\r\n\r\n")
		whole := slices.Concat(p.Bodies[0].Head, p.Bodies[0].Content)
		mustAccept(t, s, p)
		wantStats(t, s, Stats{Queued: 1, Bytes: int64(len(whole))})
		if d := claimOne(t, s); !bytes.Equal(slices.Concat(d.Head, d.Content), whole) || d.Size() != len(whole) {
			t.Errorf("%d octets: from memory came %d", len(whole), d.Size())
		}
		mustClose(t, s)
		if d := claimOne(t, open(t, dir)); !bytes.Equal(slices.Concat(d.Head, d.Content), whole) {
			t.Errorf("%d octets: from the store came %d", len(whole), d.Size())
		}
	}
}

func comeTogether(t *testing.T, open opener) {
	dir := t.TempDir()
	s := open(t, dir)
	p := testParcel(100, 6)
	p.Bodies = append(p.Bodies, Body{Content: []byte("sealed\r\n")})
	p.Copies[2].From = ""
	p.Copies[3].Return = "FULL"
	p.Copies[4].EnvelopeID = "x"
	p.Copies[5].Body = 1
	mustAccept(t, s, p)
	check := func(where string, got []Delivery) {
		var sizes []int
		for _, d := range got {
			sizes = append(sizes, len(d.Copies))
			want := p.Bodies[0].Content
			if d.Copies[0].ID == p.Copies[5].ID {
				want = p.Bodies[1].Content
			}
			if !bytes.Equal(d.Content, want) {
				t.Errorf("%s: a delivery has another's body", where)
			}
		}
		slices.Sort(sizes)
		if !slices.Equal(sizes, []int{1, 1, 1, 1, 2}) {
			t.Errorf("%s: deliveries of %v copies", where, sizes)
		}
	}
	check("from memory", claimCopies(t, s, 6))
	mustClose(t, s)
	check("from the table", claimCopies(t, open(t, dir), 6))
}

func bodyGoesLast(t *testing.T, open opener) {
	s := open(t, t.TempDir())
	mustAccept(t, s, testParcel(500, 2))
	wantStats(t, s, Stats{Queued: 2, Bytes: 500})
	d := claimOne(t, s)
	finishAll(t, s, Delivered, Delivery{Copies: d.Copies[:1]})
	wantStats(t, s, Stats{Queued: 1, Bytes: 500})
	finishAll(t, s, Failed, Delivery{Copies: d.Copies[1:]})
	wantStats(t, s, Stats{})
}

func deferredComesBack(t *testing.T, open opener) {
	var mu sync.Mutex
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	clock := func() time.Time { mu.Lock(); defer mu.Unlock(); return now }
	s := open(t, t.TempDir(), func(c *Config) { c.Now = clock })
	mustAccept(t, s, testParcel(500, 1))
	d := claimOne(t, s)
	err := s.Finish(t.Context(), []Outcome{{Copy: d.Copies[0].ID, Result: Deferred, Retry: now.Add(time.Minute), Reply: "451 4.3.0 later"}})
	if err != nil {
		t.Fatal(err)
	}
	wantStats(t, s, Stats{Queued: 1, Deferred: 1, Bytes: 500})
	if got := claimAll(t, s, 1200*time.Millisecond); len(got) != 0 {
		t.Fatalf("it came back early: %+v", got)
	}
	mu.Lock()
	now = now.Add(time.Minute)
	mu.Unlock()
	again := claimOne(t, s)
	if again.Attempt != 2 || !reflect.DeepEqual(again.Copies, d.Copies) || !bytes.Equal(again.Content, d.Content) {
		t.Errorf("it came back as %+v", again)
	}
	finishAll(t, s, Delivered, again)
	wantStats(t, s, Stats{})
}

func attemptsApart(t *testing.T, open opener) {
	dir := t.TempDir()
	s := open(t, dir)
	mustAccept(t, s, testParcel(500, 2))
	d := claimOne(t, s)
	later := func(c Copy, after time.Duration) {
		if err := s.Finish(t.Context(), []Outcome{{Copy: c.ID, Result: Deferred, Retry: time.Now().Add(after)}}); err != nil {
			t.Fatal(err)
		}
	}
	later(d.Copies[0], 0)
	if again := claimOne(t, s); again.Attempt != 2 || len(again.Copies) != 1 {
		t.Fatalf("the first came as %+v", again)
	}
	for _, c := range d.Copies {
		later(c, 0)
	}
	want := map[string]int{d.Copies[0].ID: 3, d.Copies[1].ID: 2}
	for _, d := range claimCopies(t, s, 2) {
		if len(d.Copies) != 1 || d.Attempt != want[d.Copies[0].ID] {
			t.Errorf("%d copies came for the attempt %d", len(d.Copies), d.Attempt)
		}
	}
}

func thenIsStored(t *testing.T, open opener) {
	s := open(t, t.TempDir())
	mustAccept(t, s, testParcel(500, 1))
	d := claimOne(t, s)
	report := testParcel(200, 1)
	report.Copies[0].Class, report.Copies[0].From, report.Copies[0].Sender = Report, "", ""
	report.Deviations = []deviation.Record{testRecord(policy.EntryFailed, d.Reference)}
	if err := s.Finish(t.Context(), []Outcome{{Copy: d.Copies[0].ID, Result: Failed}}, report); err != nil {
		t.Fatal(err)
	}
	if got := claimOne(t, s); got.Copies[0].ID != report.Copies[0].ID || got.Copies[0].Class != Report {
		t.Errorf("the report came as %+v", got)
	}
	if got, err := s.Deviation(t.Context(), d.Reference); err != nil || len(got) != 1 {
		t.Errorf("the record: %v, %v", got, err)
	}
}

func strangersOutcome(t *testing.T, open opener) {
	s := open(t, t.TempDir())
	mustAccept(t, s, testParcel(500, 1))
	d := claimOne(t, s)
	err := s.Finish(t.Context(), []Outcome{{Copy: d.Copies[0].ID, Result: Delivered}, {Copy: "01JUNKNOWN", Result: Delivered}}, testParcel(100, 1))
	if !errors.Is(err, ErrNotFound) {
		t.Errorf("the answer is %v", err)
	}
	wantStats(t, s, Stats{Queued: 1, Bytes: 500})
	finishAll(t, s, Delivered, d)
	if err := s.Finish(t.Context(), []Outcome{{Copy: d.Copies[0].ID, Result: Delivered}}); !errors.Is(err, ErrNotFound) {
		t.Errorf("a second outcome is answered %v", err)
	}
}

func wrongParcel(t *testing.T, open opener) {
	s := open(t, t.TempDir())
	for name, change := range map[string]func(*Parcel){
		"no id":          func(p *Parcel) { p.ID = "" },
		"copy no id":     func(p *Parcel) { p.Copies[0].ID = "" },
		"same id":        func(p *Parcel) { p.Copies[0].ID = p.Copies[1].ID },
		"no body":        func(p *Parcel) { p.Copies[0].Body = 1 },
		"negative body":  func(p *Parcel) { p.Copies[0].Body = -1 },
		"no state":       func(p *Parcel) { p.Copies[0].State = "" },
		"held no reason": func(p *Parcel) { p.Copies[0].State = Held },
		"queued, reason": func(p *Parcel) { p.Copies[0].Hold = &Hold{} },
		"no class":       func(p *Parcel) { p.Copies[0].Class = "" },
		"record no id":   func(p *Parcel) { p.Deviations = []deviation.Record{{}} },
	} {
		p := testParcel(100, 2)
		change(&p)
		if err := s.Accept(t.Context(), p); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	wantStats(t, s, Stats{})
}

func failingParcel(t *testing.T, open opener) {
	s := open(t, t.TempDir())
	first, second := testParcel(100, 1), testParcel(largeBody+1, 1)
	first.Deviations = []deviation.Record{testRecord(policy.EntryVisible, first.Reference)}
	second.Deviations = first.Deviations // the same id twice
	mustAccept(t, s, first)
	good := make(chan error, 20)
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() { good <- s.Accept(context.Background(), testParcel(10, 1)) })
	}
	if err := s.Accept(t.Context(), second); err == nil {
		t.Error("accepted")
	}
	wg.Wait()
	close(good)
	for err := range good {
		if err != nil {
			t.Errorf("one who shared the transaction heard %v", err)
		}
	}
	wantStats(t, s, Stats{Queued: 21, Bytes: 300})
	for _, d := range claimCopies(t, s, 21) {
		if d.Parcel == second.ID {
			t.Error("it is delivered all the same")
		}
	}
}

func claimWakes(t *testing.T, open opener) {
	s := open(t, t.TempDir())
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if got, err := s.Claim(ctx, 1); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("an empty store gave %v, %v", got, err)
	}
	woke := make(chan time.Time, 1)
	var wg sync.WaitGroup
	wg.Go(func() {
		claimOne(t, s)
		woke <- time.Now()
	})
	time.Sleep(100 * time.Millisecond)
	start := time.Now()
	mustAccept(t, s, testParcel(100, 1))
	wg.Wait()
	if late := (<-woke).Sub(start); late > 700*time.Millisecond {
		t.Errorf("it woke after %v", late)
	}
}

func overflow(t *testing.T, open opener) {
	s := open(t, t.TempDir(), func(c *Config) { c.Buffer = 20000 })
	const parcels = 30
	for range parcels {
		mustAccept(t, s, testParcel(5000, 1))
	}
	seen := make(map[string]int)
	for _, d := range claimCopies(t, s, parcels) {
		for _, c := range d.Copies {
			seen[c.ID]++
		}
		if len(d.Content) != 5000 || !bytes.Contains(d.Content, []byte(d.Parcel)) {
			t.Error("a delivery has another's body")
		}
		finishAll(t, s, Delivered, d)
	}
	if len(seen) != parcels {
		t.Errorf("%d of %d came", len(seen), parcels)
	}
	for id, n := range seen {
		if n != 1 {
			t.Errorf("%s came %d times", id, n)
		}
	}
	wantStats(t, s, Stats{})
}

func takenBack(t *testing.T, open opener) {
	dir := t.TempDir()
	s := open(t, dir)
	mustAccept(t, s, testParcel(100, 1), testParcel(100, 1), testParcel(100, 1))
	done, open1 := claimOne(t, s), claimOne(t, s)
	finishAll(t, s, Delivered, done)
	mustClose(t, s)
	s = open(t, dir)
	got := claimCopies(t, s, 2)
	if len(got) != 2 || !slices.ContainsFunc(got, func(d Delivery) bool { return d.Parcel == open1.Parcel }) ||
		slices.ContainsFunc(got, func(d Delivery) bool { return d.Parcel == done.Parcel }) {
		t.Errorf("%d deliveries came back", len(got))
	}
	finishAll(t, s, Delivered, got...)
	wantStats(t, s, Stats{})
}

func largeBodies(t *testing.T, open opener) {
	dir := t.TempDir()
	s := open(t, dir)
	sizes := []int{0, 1, largeBody - 1, largeBody, largeBody + 1, 3<<20 + 17}
	for _, n := range sizes {
		p := testParcel(n, 1)
		p.Copies[0].EnvelopeID = p.ID
		mustAccept(t, s, p)
	}
	mustClose(t, s)
	s = open(t, dir)
	got := claimCopies(t, s, len(sizes))
	if len(got) != len(sizes) {
		t.Fatalf("%d deliveries", len(got))
	}
	for _, d := range got {
		if !slices.Contains(sizes, len(d.Content)) || !bytes.Equal(d.Content, testContent("Kære medlem "+d.Parcel+"\r\n", len(d.Content))) {
			t.Errorf("a body of %d octets is not what it was", len(d.Content))
		}
	}
	finishAll(t, s, Delivered, got...)
	wantStats(t, s, Stats{})
}

func holdAndRelease(t *testing.T, open opener) {
	s := open(t, t.TempDir())
	p := heldParcel(700, true)
	mustAccept(t, s, p)
	wantStats(t, s, Stats{Held: 1, Bytes: 700})
	if got := claimAll(t, s, 100*time.Millisecond); len(got) != 0 {
		t.Fatal("held mail was delivered")
	}
	held, err := s.Held(t.Context())
	want := HeldCopy{Copy: p.Copies[0], Parcel: p.ID, Reference: p.Reference, Login: "anna", Received: p.Received, Size: 700}
	if err != nil || !reflect.DeepEqual(held, []HeldCopy{want}) {
		t.Fatalf("%v\ngot  %+v\nwant %+v", err, held, want)
	}
	content, err := s.HeldContent(t.Context(), p.Copies[0].ID)
	if err != nil || !bytes.Equal(content, p.Bodies[0].Content) {
		t.Fatalf("its content: %d octets, %v", len(content), err)
	}
	record, notice := testRecord(policy.EntryOverride, p.Reference), testParcel(50, 1)
	err = s.Release(t.Context(), p.Copies[0].ID, Released{Seen: sha256.Sum256(content), Records: []deviation.Record{record}, Then: []Parcel{notice}})
	if err != nil {
		t.Fatal(err)
	}
	got := claimCopies(t, s, 2)
	i := slices.IndexFunc(got, func(d Delivery) bool { return d.Parcel == p.ID })
	if len(got) != 2 || i < 0 {
		t.Fatalf("%d deliveries", len(got))
	}
	released := p.Copies[0]
	released.State, released.Hold, released.Released = Queued, nil, got[i].Copies[0].Released
	if age := time.Since(released.Released); age < 0 || age > time.Minute {
		t.Errorf("it was released %v ago", age)
	}
	if !reflect.DeepEqual(got[i].Copies, []Copy{released}) || !bytes.Equal(got[i].Content, content) || got[i].Attempt != 1 {
		t.Errorf("it went out as %+v", got[i])
	}
	if records, err := s.Deviation(t.Context(), record.ID); err != nil || !reflect.DeepEqual(records, []deviation.Record{record}) {
		t.Errorf("%v\ngot  %+v\nwant %+v", err, records, record)
	}
	if err := s.Release(t.Context(), p.Copies[0].ID, Released{Seen: sha256.Sum256(content)}); !errors.Is(err, ErrNotFound) {
		t.Errorf("a second release is answered %v", err)
	}
}

func boundRelease(t *testing.T, open opener) {
	s := open(t, t.TempDir())
	p, never := heldParcel(700, true), heldParcel(700, false)
	mustAccept(t, s, p, never)
	record := testRecord(policy.EntryOverride, p.Reference)
	for _, c := range []struct {
		id   string
		seen []byte
		want error
	}{
		{p.Copies[0].ID, []byte("other"), ErrChanged},
		{p.Copies[0].ID, nil, ErrChanged},
		{never.Copies[0].ID, never.Bodies[0].Content, ErrNotReleasable},
		{"01JUNKNOWN", nil, ErrNotFound},
	} {
		err := s.Release(t.Context(), c.id, Released{Seen: sha256.Sum256(c.seen), Records: []deviation.Record{record}})
		if !errors.Is(err, c.want) {
			t.Errorf("the answer is %v, not %v", err, c.want)
		}
	}
	wantStats(t, s, Stats{Held: 2, Bytes: 1400})
	if _, err := s.Deviation(t.Context(), record.ID); !errors.Is(err, ErrNotFound) {
		t.Errorf("a release that was refused stands in the register: %v", err)
	}
}

func otherContent(t *testing.T, open opener) {
	s := open(t, t.TempDir())
	for _, size := range []int{100, largeBody + 1} {
		p := heldParcel(700, true)
		p.Copies[0].EightBit = true
		mustAccept(t, s, p)
		sealed := testContent("-----BEGIN PGP MESSAGE-----", size)
		if err := s.Release(t.Context(), p.Copies[0].ID, Released{Seen: sha256.Sum256(p.Bodies[0].Content), Content: sealed}); err != nil {
			t.Fatal(err)
		}
		wantStats(t, s, Stats{Queued: 1, Bytes: int64(size)})
		d := claimOne(t, s)
		if !bytes.Equal(d.Content, sealed) || d.Copies[0].EightBit {
			t.Error("it went out as it was")
		}
		finishAll(t, s, Delivered, d)
	}
	wantStats(t, s, Stats{})
}

func dropForgets(t *testing.T, open opener) {
	s := open(t, t.TempDir())
	p := heldParcel(700, false)
	mustAccept(t, s, p)
	record := testRecord(policy.EntryDropped, p.Reference)
	if err := s.Drop(t.Context(), p.Copies[0].ID, []deviation.Record{record}, testParcel(50, 1)); err != nil {
		t.Fatal(err)
	}
	wantStats(t, s, Stats{Queued: 1, Bytes: 50})
	if _, err := s.HeldContent(t.Context(), p.Copies[0].ID); !errors.Is(err, ErrNotFound) {
		t.Errorf("its content is answered %v", err)
	}
	if err := s.Drop(t.Context(), p.Copies[0].ID, nil); !errors.Is(err, ErrNotFound) {
		t.Errorf("a second drop is answered %v", err)
	}
	if got, err := s.Deviation(t.Context(), p.Reference); err != nil || len(got) != 1 {
		t.Errorf("the record: %v, %v", got, err)
	}
}

func holdsExpire(t *testing.T, open opener) {
	s := open(t, t.TempDir())
	p, forever := heldParcel(10, true), heldParcel(10, true)
	forever.Copies[0].Hold.Expires = time.Time{}
	mustAccept(t, s, p, forever)
	at := p.Copies[0].Hold.Expires
	if got, err := s.ExpiredHolds(t.Context(), at.Add(-time.Millisecond)); err != nil || len(got) != 0 {
		t.Errorf("before its time: %d, %v", len(got), err)
	}
	got, err := s.ExpiredHolds(t.Context(), at)
	if err != nil || len(got) != 1 || got[0].ID != p.Copies[0].ID || got[0].Hold.Subject != "Fraværssamtale" {
		t.Errorf("at its time: %+v, %v", got, err)
	}
}

func besideServing(t *testing.T, open opener) {
	dir := t.TempDir()
	s := open(t, dir)
	p, q := heldParcel(700, true), heldParcel(700, true)
	mustAccept(t, s, p, q)
	beside := open(t, dir, guest)
	held, err := beside.Held(t.Context())
	if err != nil || len(held) != 2 {
		t.Fatalf("%d held, %v", len(held), err)
	}
	if _, err := beside.Claim(t.Context(), 1); err == nil {
		t.Error("a command may claim")
	}
	err = beside.Release(t.Context(), p.Copies[0].ID, Released{Seen: sha256.Sum256(p.Bodies[0].Content), Then: []Parcel{testParcel(20, 1)}})
	if err != nil {
		t.Fatal(err)
	}
	if err := beside.Drop(t.Context(), q.Copies[0].ID, nil); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	if d := claimOne(t, s); time.Since(start) > 10*time.Second {
		t.Errorf("%s came late", d.Reference)
	}
	claimCopies(t, s, 1)
	wantStats(t, s, Stats{Queued: 2, Bytes: 720})
}

func filterRegister(t *testing.T, open opener) {
	s := open(t, t.TempDir())
	noon := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	var all []deviation.Record
	for i, typ := range []policy.EntryType{policy.EntryVisible, policy.EntryPersonal, policy.EntryOverride} {
		r := testRecord(typ, "PV-AAAAAA")
		r.Date, r.NearMiss = noon.Add(time.Duration(i)*time.Hour), i == 0
		r.FollowUp = r.Date.Add(72 * time.Hour)
		if i == 2 {
			r.Severity, r.Status = policy.Low, deviation.Closed
		}
		all = append(all, r)
	}
	for i, v := 0, reflect.ValueOf(all[0]); i < v.NumField(); i++ {
		if v.Field(i).IsZero() {
			t.Errorf("testRecord leaves out %s: nothing tells whether the store keeps it", v.Type().Field(i).Name)
		}
	}
	p := testParcel(0, 0)
	p.Deviations = all
	mustAccept(t, s, p)
	yes, no := true, false
	for name, c := range map[string]struct {
		filter Filter
		want   []deviation.Record
	}{
		"all":       {Filter{}, []deviation.Record{all[2], all[1], all[0]}},
		"since":     {Filter{Since: noon.Add(time.Hour)}, []deviation.Record{all[2], all[1]}},
		"until":     {Filter{Until: noon.Add(time.Hour)}, all[:1]},
		"type":      {Filter{Type: policy.EntryPersonal}, all[1:2]},
		"severity":  {Filter{Severity: policy.Low}, all[2:]},
		"status":    {Filter{Status: deviation.Open}, []deviation.Record{all[1], all[0]}},
		"near miss": {Filter{NearMiss: &yes}, all[:1]},
		"none near": {Filter{NearMiss: &no}, []deviation.Record{all[2], all[1]}},
		"limit":     {Filter{Limit: 1}, all[2:]},
		"due":       {Filter{Due: all[1].FollowUp}, []deviation.Record{all[1], all[0]}}, // what is closed is due to nobody
		"due soon":  {Filter{Due: all[0].FollowUp}, all[:1]},
		"not due":   {Filter{Due: all[0].FollowUp.Add(-time.Millisecond)}, []deviation.Record{}},
		"nothing":   {Filter{Type: policy.EntryDropped}, []deviation.Record{}},
	} {
		if got, err := s.Deviations(t.Context(), c.filter); err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %v\ngot  %+v\nwant %+v", name, err, got, c.want)
		}
	}
	if got, err := s.Deviation(t.Context(), "pv-aaaaaa"); err != nil || !reflect.DeepEqual(got, all) {
		t.Errorf("by reference: %+v, %v", got, err)
	}
	if n, err := s.Prune(t.Context(), noon.Add(time.Hour)); err != nil || n != 1 {
		t.Errorf("pruned %d, %v", n, err)
	}
	if _, err := s.Deviation(t.Context(), all[0].ID); !errors.Is(err, ErrNotFound) {
		t.Errorf("what was pruned is answered %v", err)
	}
}

// again is the same message handed in once more.
func again(p Parcel) Parcel {
	q := testParcel(len(p.Bodies[0].Content), len(p.Copies))
	q.Digest = p.Digest
	return q
}

func repeatOpen(t *testing.T, open opener) {
	dir := t.TempDir()
	var mu sync.Mutex
	now := time.Now()
	tick := func(c *Config) { c.Now = func() time.Time { mu.Lock(); defer mu.Unlock(); return now } }
	s := open(t, dir, tick)
	p := testParcel(100, 1)
	p.Digest = []byte("digest of envelope and octets")
	mustAccept(t, s, p)
	if err := s.Accept(t.Context(), again(p)); !errors.Is(err, ErrRepeat) {
		t.Errorf("a retry is answered %v", err)
	}
	mustClose(t, s)
	s = open(t, dir, tick)
	retry := again(p)
	if err := s.Accept(t.Context(), retry); !errors.Is(err, ErrRepeat) {
		t.Errorf("after a restart a retry is answered %v", err)
	}
	wantStats(t, s, Stats{Queued: 1, Bytes: 100})
	if err := s.Answered(t.Context(), retry.ID); err != nil {
		t.Fatal(err)
	}
	mustAccept(t, s, again(p)) // the retry heard its 250: this one is meant
	mu.Lock()
	now = now.Add(remember + time.Second)
	mu.Unlock()
	mustAccept(t, s, again(p)) // an hour later nobody retries
	wantStats(t, s, Stats{Queued: 3, Bytes: 300})
}

func secondSending(t *testing.T, open opener) {
	dir := t.TempDir()
	s := open(t, dir)
	p := testParcel(100, 1)
	p.Digest = []byte("digest")
	mustAccept(t, s, p)
	if err := s.Answered(t.Context(), p.ID); err != nil {
		t.Fatal(err)
	}
	p = again(p)
	mustAccept(t, s, p)
	if err := s.Answered(t.Context(), p.ID); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil { // writes the answer that no transaction took along
		t.Fatal(err)
	}
	s = open(t, dir)
	mustAccept(t, s, again(p))
	wantStats(t, s, Stats{Queued: 3, Bytes: 300})
}

func overlapping(t *testing.T, open opener) {
	s := open(t, t.TempDir())
	p := testParcel(100, 1)
	p.Digest = []byte("digest")
	mustAccept(t, s, p)
	second := make(chan error, 1)
	go func() { second <- s.Accept(context.Background(), again(p)) }()
	time.Sleep(50 * time.Millisecond)
	if err := s.Answered(t.Context(), p.ID); err != nil {
		t.Fatal(err)
	}
	if err := <-second; err != nil {
		t.Errorf("the second one is answered %v", err)
	}
}

func manySubmitters(t *testing.T, open opener) {
	s := open(t, t.TempDir(), func(c *Config) { c.Buffer = 100000 })
	const submitters, each = 8, 40
	ctx, cancel := context.WithCancel(t.Context())
	var mu sync.Mutex
	seen := make(map[string]int)
	var relays, wg sync.WaitGroup
	for range 3 {
		relays.Go(func() {
			relayAll(ctx, t, s, func(d Delivery) { //nolint:contextcheck // an outcome is stored although the relay ends
				var outcomes []Outcome
				mu.Lock()
				for i, c := range d.Copies {
					o := Outcome{Copy: c.ID, Result: Delivered}
					if d.Attempt == 1 && i == 0 && len(seen)%3 == 0 {
						o.Result, o.Retry = Deferred, time.Now() // it will come again
					} else {
						seen[c.ID]++
					}
					outcomes = append(outcomes, o)
				}
				mu.Unlock()
				if err := s.Finish(t.Context(), outcomes); err != nil {
					t.Error(err)
				}
			})
		})
	}
	for range submitters {
		wg.Go(func() {
			for range each {
				mustAccept(t, s, testParcel(3000, 2))
			}
		})
	}
	wg.Wait()
	for deadline := time.Now().Add(20 * time.Second); stats(t, s).Queued > 0 && time.Now().Before(deadline); {
		time.Sleep(10 * time.Millisecond)
	}
	cancel()
	relays.Wait()
	if len(seen) != 2*submitters*each {
		t.Errorf("%d of %d copies came", len(seen), 2*submitters*each)
	}
	for id, n := range seen {
		if n != 1 {
			t.Errorf("%s was delivered %d times", id, n)
		}
	}
	wantStats(t, s, Stats{})
}

// waitHeld claims until so many copies are held.
func waitHeld(t *testing.T, s *Store, n int64) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); stats(t, s).Held < n && time.Now().Before(deadline); {
		if got := claimAll(t, s, 100*time.Millisecond); len(got) != 0 {
			t.Errorf("%d deliveries more than were due", len(got))
		}
	}
}

// damage changes what stands in the store, as a broken disk would.
func damage(t *testing.T, s *Store, statement string, args ...any) {
	t.Helper()
	err := s.run(t.Context(), &job{do: func(x *tx) error {
		_, err := x.w.conn.ExecContext(x.ctx, statement, args...)
		return err
	}})
	if err != nil {
		t.Fatal(err)
	}
}

func damagedBody(t *testing.T, open opener) {
	dir := t.TempDir()
	s := open(t, dir)
	p, good := testParcel(700, 2), testParcel(800, 1)
	mustAccept(t, s, p, good)
	damage(t, s, "UPDATE bodies SET content = (SELECT content FROM bodies WHERE size = 800) WHERE size = 700")
	mustClose(t, s)
	report := testParcel(60, 1)
	report.Deviations = []deviation.Record{testRecord(policy.EntryFailed, p.Reference)}
	var told []Delivery
	s = open(t, dir, func(c *Config) {
		c.Unreadable = func(d Delivery) ([]Parcel, error) {
			told = append(told, d)
			switch len(told) {
			case 1:
				return nil, errors.New("nobody can be told now")
			case 2:
				return []Parcel{report}, nil
			}
			return nil, errors.New("it is told twice")
		}
	})
	got := claimCopies(t, s, 1)
	if len(got) != 1 || got[0].Parcel != good.ID {
		t.Fatalf("%d deliveries", len(got))
	}
	if st, err := s.Stats(t.Context()); err != nil || st.Held != 0 || st.Deferred != 2 {
		t.Errorf("what nobody could be told of is held: %+v, %v", st, err)
	}
	damage(t, s, "UPDATE copies SET due = 0 WHERE owner = 0")
	got = claimCopies(t, s, 1)
	waitHeld(t, s, 2)
	if len(got) != 1 || got[0].Parcel != report.ID || len(told) != 2 || len(told[1].Copies) != 2 || told[1].Copies[0].To == "" || told[1].Parcel != p.ID || told[1].Reference != p.Reference {
		t.Fatalf("the sender is told by %+v of %+v", got, told)
	}
	finishAll(t, s, Delivered, got[0])
	if records, err := s.Deviations(t.Context(), Filter{}); err != nil || len(records) != 1 {
		t.Errorf("the register has %d entries, %v", len(records), err)
	}
	wantStats(t, s, Stats{Queued: 1, Held: 2, Bytes: 1500})
	held, err := s.Held(t.Context())
	if err != nil || len(held) != 2 {
		t.Fatalf("%d held, %v", len(held), err)
	}
	for _, h := range held {
		if h.Damaged || h.To == "" || !slices.Equal(h.Hold.Rules, []string{Damaged}) || h.Hold.Releasable || h.Hold.Expires.IsZero() {
			t.Errorf("it is held as %+v, %+v", h, h.Hold)
		}
		if _, err := s.HeldContent(t.Context(), h.ID); !errors.Is(err, ErrDamaged) {
			t.Errorf("its content is answered %v", err)
		}
		if err := s.Release(t.Context(), h.ID, Released{Content: []byte("x")}); !errors.Is(err, ErrNotReleasable) {
			t.Errorf("its release is answered %v", err)
		}
		if err := s.Drop(t.Context(), h.ID, nil); err != nil {
			t.Error(err)
		}
	}
	wantStats(t, s, Stats{Queued: 1, Bytes: 800})
}

func damagedRow(t *testing.T, open opener) {
	dir := t.TempDir()
	s := open(t, dir)
	p, good := testParcel(700, 1), testParcel(800, 1)
	mustAccept(t, s, p, good)
	damage(t, s, "UPDATE copies SET secret = (SELECT secret FROM copies WHERE id = $1) WHERE id = $2", good.Copies[0].ID, p.Copies[0].ID)
	mustClose(t, s)
	s = open(t, dir)
	if got := claimCopies(t, s, 1); got[0].Parcel != good.ID {
		t.Fatalf("%d deliveries", len(got))
	}
	waitHeld(t, s, 1)
	held, err := s.Held(t.Context())
	if err != nil || len(held) != 1 || !held[0].Damaged || held[0].ID != p.Copies[0].ID || held[0].Reference != p.Reference {
		t.Fatalf("held: %+v, %v", held, err)
	}
	if err := s.Drop(t.Context(), held[0].ID, nil); err != nil {
		t.Error(err)
	}
	wantStats(t, s, Stats{Queued: 1, Bytes: 800})
}

func ownKey(t *testing.T, open opener) {
	dir := t.TempDir()
	s := open(t, dir)
	cfg := s.cfg
	mustClose(t, s)
	cfg.Key = bytes.Repeat([]byte{7}, keySize)
	if other, err := Open(t.Context(), cfg); !errors.Is(err, ErrKey) {
		t.Errorf("another key is answered %v", err)
		mustClose(t, other)
	}
	cfg.Key = nil
	if other, err := Open(t.Context(), cfg); err == nil {
		t.Error("no key is taken")
		mustClose(t, other)
	}
}

func closedStore(t *testing.T, open opener) {
	s := open(t, t.TempDir())
	waits := make(chan error, 1)
	go func() {
		_, err := s.Claim(context.Background(), 1)
		waits <- err
	}()
	time.Sleep(20 * time.Millisecond)
	mustClose(t, s)
	if err := <-waits; !errors.Is(err, ErrClosed) {
		t.Errorf("who waits hears %v", err)
	}
	if err := s.Accept(t.Context(), testParcel(1, 1)); !errors.Is(err, ErrClosed) {
		t.Errorf("accept is answered %v", err)
	}
	if _, err := s.Held(t.Context()); !errors.Is(err, ErrClosed) {
		t.Errorf("held is answered %v", err)
	}
	if _, err := s.Stats(t.Context()); !errors.Is(err, ErrClosed) {
		t.Errorf("stats are answered %v", err)
	}
	if err := s.Close(); err != nil {
		t.Errorf("a second close: %v", err)
	}
}

func delayToldOnce(t *testing.T, open opener) {
	dir := t.TempDir()
	s := open(t, dir)
	p := testParcel(300, 3)
	mustAccept(t, s, p)
	d := claimOne(t, s)
	if d.Warned {
		t.Error("a new message counts as told")
	}
	warning := func() *Parcel {
		w := testParcel(100, 1)
		w.Copies[0].Class = Report
		return &w
	}
	late := func(c Copy, w *Parcel) Outcome {
		return Outcome{Copy: c.ID, Result: Deferred, Retry: time.Now().Add(-time.Second), Warning: w}
	}
	if err := s.Finish(t.Context(), []Outcome{late(d.Copies[0], warning()), late(d.Copies[1], warning()), late(d.Copies[2], nil)}); err != nil {
		t.Fatal(err)
	}
	if st, err := s.Stats(t.Context()); err != nil || st.Queued != 4 {
		t.Errorf("%d copies wait, want three and one warning: %v", st.Queued, err)
	}
	mustClose(t, s)
	s = open(t, dir) // another process, another node
	told := 0
	for seen := 0; seen < 4; {
		again, err := s.Claim(t.Context(), 10)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range again {
			seen += len(d.Copies)
			if d.Copies[0].Class == Report {
				told++
				continue
			}
			if !d.Warned {
				t.Error("the delay is forgotten")
			}
			if err := s.Finish(t.Context(), []Outcome{{Copy: d.Copies[0].ID, Result: Deferred, Retry: time.Now().Add(time.Hour), Warning: warning()}}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if st, err := s.Stats(t.Context()); err != nil || told != 1 || st.Queued != 4 {
		t.Errorf("told %d times, %d copies wait: %v", told, st.Queued, err)
	}
}

func sentBeforeTheEnd(t *testing.T, open opener) {
	dir := t.TempDir()
	here := func(c *Config) { c.Dir = dir }
	s := open(t, dir, here)
	mustAccept(t, s, testParcel(300, 2), testParcel(largeBody+1, 1), testParcel(400, 1))
	for i, d := range claimCopies(t, s, 4) {
		if i == 0 {
			if err := s.Finish(t.Context(), []Outcome{{Copy: d.Copies[0].ID, Result: Deferred, Retry: time.Now().Add(time.Hour)}}); err != nil {
				t.Fatal(err)
			}
		}
		if i < 2 {
			s.Sent([]string{d.Copies[len(d.Copies)-1].ID})
		}
	}
	s.Sent([]string{"unknown"})
	mustClose(t, s) // as it is after a kill: no outcome is stored
	again := open(t, dir, here)
	wantStats(t, again, Stats{Queued: 2, Deferred: 1, Bytes: 700})
	finishAll(t, again, Delivered, claimOne(t, again))
	if left, err := filepath.Glob(filepath.Join(dir, sentPattern)); err != nil || len(left) != 0 {
		t.Errorf("files are left: %v %v", left, err)
	}
}

func TestFilesOfWhatWasSentGoWithTheirOutcomes(t *testing.T) {
	dir := t.TempDir()
	s := openTest(t, dir)
	const n = 40
	for range n {
		mustAccept(t, s, testParcel(100, 1))
	}
	deliveries := claimCopies(t, s, n)
	for _, d := range deliveries {
		s.Sent([]string{d.Copies[0].ID})
		s.sent.mu.Lock()
		s.sent.size += sentLimit / 4
		s.sent.mu.Unlock()
	}
	files := func() int {
		left, err := filepath.Glob(filepath.Join(dir, sentPattern))
		if err != nil {
			t.Fatal(err)
		}
		return len(left)
	}
	if before := files(); before < 5 {
		t.Errorf("%d files", before)
	}
	finishAll(t, s, Delivered, deliveries...)
	if after := files(); after != 1 {
		t.Errorf("%d files are left while one is written to", after)
	}
	mustClose(t, s)
	if after := files(); after != 0 {
		t.Errorf("%d files are left", after)
	}
}

func TestWhatWasSentIsNotedBesideAFileThatCannotBeRead(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "sent-1.log"), 0o700); err != nil {
		t.Fatal(err)
	}
	s := openTest(t, dir)
	mustAccept(t, s, testParcel(100, 1))
	d := claimOne(t, s)
	s.Sent([]string{d.Copies[0].ID})
	if text, err := os.ReadFile(filepath.Join(dir, "sent-2.log")); err != nil || !bytes.Contains(text, []byte(d.Copies[0].ID)) {
		t.Errorf("noted is %q, %v", text, err)
	}
	finishAll(t, s, Delivered, d)
}

func clockWasAhead(t *testing.T, open opener) {
	dir := t.TempDir()
	ahead := func(c *Config) { c.Now = func() time.Time { return time.Now().Add(24 * time.Hour) } }
	s := open(t, dir, ahead)
	mustAccept(t, s, testParcel(300, 1))
	d := claimOne(t, s)
	if err := s.Finish(t.Context(), []Outcome{{Copy: d.Copies[0].ID, Result: Deferred, Retry: time.Now().Add(24*time.Hour + time.Minute)}}); err != nil {
		t.Fatal(err)
	}
	mustAccept(t, s, testParcel(400, 1))
	mustClose(t, s)
	s = open(t, dir)
	finishAll(t, s, Delivered, claimCopies(t, s, 2)...)
	wantStats(t, s, Stats{})
}
