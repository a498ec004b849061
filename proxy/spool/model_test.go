package spool

import (
	"crypto/sha256"
	"errors"
	"maps"
	"os"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"postvern.example/internal/deviation"
	"postvern.example/policy"
)

// model is what a store ought to hold after what was done to it.
type model struct {
	t       *testing.T
	open    opener
	dir     string
	s       *Store
	clock   atomic.Int64 // milliseconds
	queued  map[string]modelCopy
	claimed map[string]bool
	held    map[string]modelCopy
	bodies  map[string]int64 // parcel and body -> size
}

type modelCopy struct {
	body    string
	attempt int
	due     int64
	content []byte
}

func TestAStoreHoldsWhatItOughtTo(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) { checkModel(t, rt, openTest) })
}

func TestAStoreInPostgreSQLHoldsWhatItOughtTo(t *testing.T) {
	postgresServer(t)
	dir := t.TempDir() // one database for all: what went before was delivered
	open := func(tb testing.TB, _ string, change ...func(*Config)) *Store {
		return openPostgresTest(tb, dir, change...)
	}
	rapid.Check(t, func(rt *rapid.T) { checkModel(t, rt, open) })
}

func checkModel(t *testing.T, rt *rapid.T, open opener) {
	dir, err := os.MkdirTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	m := &model{
		t: t, open: open, dir: dir, queued: map[string]modelCopy{}, claimed: map[string]bool{},
		held: map[string]modelCopy{}, bodies: map[string]int64{},
	}
	m.clock.Store(time.Now().UnixMilli())
	m.start()
	rt.Repeat(map[string]func(*rapid.T){
		"":        m.check,
		"accept":  m.accept,
		"claim":   m.claim,
		"finish":  m.finish,
		"release": m.release,
		"drop":    m.drop,
		"wait":    func(rt *rapid.T) { m.clock.Add(int64(rapid.IntRange(1, 5000).Draw(rt, "ms"))) },
		"restart": m.restart,
	})
	m.empty(rt)
	mustClose(t, m.s)
}

func (m *model) start() {
	m.s = m.open(m.t, m.dir, func(c *Config) {
		c.Now = func() time.Time { return time.UnixMilli(m.clock.Load()) }
		c.Buffer = 4000
	})
}

// check compares what the store says of itself.
func (m *model) check(rt *rapid.T) {
	want := Stats{Queued: int64(len(m.queued)), Held: int64(len(m.held))}
	for _, c := range m.queued {
		if c.attempt > 0 {
			want.Deferred++
		}
	}
	for body, size := range m.bodies {
		if !m.needs(body) {
			delete(m.bodies, body)
			continue
		}
		want.Bytes += size
	}
	if got := stats(m.t, m.s); got != want {
		rt.Fatalf("the store holds %+v, not %+v", got, want)
	}
	held, err := m.s.Held(m.t.Context())
	if err != nil {
		rt.Fatal(err)
	}
	var ids []string
	for _, h := range held {
		ids = append(ids, h.ID)
	}
	slices.Sort(ids)
	if want := slices.Sorted(maps.Keys(m.held)); !slices.Equal(ids, want) {
		rt.Fatalf("held are %v, not %v", ids, want)
	}
}

func (m *model) needs(body string) bool {
	of := func(c modelCopy) bool { return c.body == body }
	return slices.ContainsFunc(slices.Collect(maps.Values(m.queued)), of) ||
		slices.ContainsFunc(slices.Collect(maps.Values(m.held)), of)
}

func (m *model) accept(rt *rapid.T) {
	p := testParcel(0, 0)
	p.Bodies = nil
	for range rapid.IntRange(1, 2).Draw(rt, "bodies") {
		size := rapid.SampledFrom([]int{10, 1000, 3000, largeBody + 1}).Draw(rt, "size")
		p.Bodies = append(p.Bodies, Body{Content: testContent(p.ID, size)})
	}
	for range rapid.IntRange(0, 4).Draw(rt, "copies") {
		c := Copy{
			ID: deviation.NewID(time.Now()), Class: Mail, State: Queued, To: "bo@mail.example",
			Body: rapid.IntRange(0, len(p.Bodies)-1).Draw(rt, "body"), From: rapid.SampledFrom([]string{"", annasAddress}).Draw(rt, "from"),
		}
		if rapid.Bool().Draw(rt, "held") {
			c.State, c.Hold = Held, &Hold{Releasable: true}
		}
		p.Copies = append(p.Copies, c)
	}
	mustAccept(m.t, m.s, p)
	for _, c := range p.Copies {
		content := p.Bodies[c.Body].Content
		x := modelCopy{body: p.ID + string(rune('0'+c.Body)), content: content, due: m.clock.Load()}
		m.bodies[x.body] = int64(len(content))
		if c.State == Held {
			m.held[c.ID] = x
		} else {
			m.queued[c.ID] = x
		}
	}
}

// due are the copies that a claim ought to get.
func (m *model) due() int {
	n := 0
	for id, c := range m.queued {
		if !m.claimed[id] && c.due <= m.clock.Load() {
			n++
		}
	}
	return n
}

func (m *model) claim(rt *rapid.T) {
	if m.due() == 0 {
		return
	}
	m.take(rt, claimOne(m.t, m.s))
}

func (m *model) take(rt *rapid.T, d Delivery) {
	for _, c := range d.Copies {
		want, ok := m.queued[c.ID]
		switch {
		case !ok || m.claimed[c.ID]:
			rt.Fatalf("%s was not to be claimed", c.ID)
		case want.due > m.clock.Load():
			rt.Fatalf("%s came %d ms early", c.ID, want.due-m.clock.Load())
		case want.attempt+1 != d.Attempt:
			rt.Fatalf("%s came for the attempt %d, not %d", c.ID, d.Attempt, want.attempt+1)
		case string(d.Content) != string(want.content):
			rt.Fatalf("%s came with another content", c.ID)
		}
		m.claimed[c.ID] = true
	}
}

func (m *model) finish(rt *rapid.T) {
	var outcomes []Outcome
	retry := m.clock.Load() + int64(rapid.IntRange(0, 3000).Draw(rt, "retry"))
	for _, id := range slices.Sorted(maps.Keys(m.claimed)) {
		switch r := rapid.SampledFrom([]Result{"", Delivered, Failed, Deferred}).Draw(rt, "result"); r {
		case "":
		case Deferred:
			outcomes = append(outcomes, Outcome{Copy: id, Result: r, Retry: time.UnixMilli(retry), Reply: "later"})
		default:
			outcomes = append(outcomes, Outcome{Copy: id, Result: r})
		}
	}
	if err := m.s.Finish(m.t.Context(), outcomes); err != nil {
		rt.Fatal(err)
	}
	for _, o := range outcomes {
		delete(m.claimed, o.Copy)
		if o.Result != Deferred {
			delete(m.queued, o.Copy)
			continue
		}
		c := m.queued[o.Copy]
		c.attempt, c.due = c.attempt+1, retry
		m.queued[o.Copy] = c
	}
}

// pick chooses a held copy; ok is false when there is none.
func (m *model) pick(rt *rapid.T) (id string, ok bool) {
	if len(m.held) == 0 {
		return "", false
	}
	return rapid.SampledFrom(slices.Sorted(maps.Keys(m.held))).Draw(rt, "held"), true
}

// via is the store that a person works with: that of the serving process, or
// one beside it.
func (m *model) via(rt *rapid.T) (s *Store, done func()) {
	if rapid.Bool().Draw(rt, "serving") {
		return m.s, func() {}
	}
	beside := m.open(m.t, m.dir, guest, func(c *Config) { c.Now = m.s.cfg.Now })
	return beside, func() { mustClose(m.t, beside) }
}

func (m *model) release(rt *rapid.T) {
	id, ok := m.pick(rt)
	if !ok {
		return
	}
	s, done := m.via(rt)
	defer done()
	c := m.held[id]
	with := Released{Seen: sha256.Sum256(c.content)}
	if size := rapid.SampledFrom([]int{0, 500, largeBody + 2}).Draw(rt, "new"); size > 0 {
		with.Content = testContent("sealed "+id, size)
		c.content, c.body = with.Content, "sealed "+id
		m.bodies[c.body] = int64(size)
	}
	if err := s.Release(m.t.Context(), id, with); err != nil {
		rt.Fatal(err)
	}
	delete(m.held, id)
	c.due = m.clock.Load()
	m.queued[id] = c
}

func (m *model) drop(rt *rapid.T) {
	id, ok := m.pick(rt)
	if !ok {
		return
	}
	s, done := m.via(rt)
	defer done()
	record := testRecord(policy.EntryDropped, "PV-DR0PPD")
	if err := s.Drop(m.t.Context(), id, []deviation.Record{record}); err != nil {
		rt.Fatal(err)
	}
	delete(m.held, id)
	if _, err := m.s.Deviation(m.t.Context(), record.ID); err != nil {
		rt.Fatal(err)
	}
	if _, err := m.s.HeldCopy(m.t.Context(), id); !errors.Is(err, ErrNotFound) {
		rt.Fatalf("what was dropped is answered %v", err)
	}
}

func (m *model) restart(*rapid.T) {
	mustClose(m.t, m.s)
	m.start()
	clear(m.claimed) // they are taken back
}

// empty delivers and drops all that is left.
func (m *model) empty(rt *rapid.T) {
	m.restart(rt)
	m.clock.Add(time.Hour.Milliseconds())
	for m.due() > 0 {
		m.claim(rt)
	}
	var outcomes []Outcome
	for id := range m.claimed {
		outcomes = append(outcomes, Outcome{Copy: id, Result: Delivered})
	}
	if err := m.s.Finish(m.t.Context(), outcomes); err != nil {
		rt.Fatal(err)
	}
	clear(m.queued)
	for id := range m.held {
		if err := m.s.Drop(m.t.Context(), id, nil); err != nil {
			rt.Fatal(err)
		}
	}
	clear(m.held)
	m.check(rt)
	if files, err := os.ReadDir(m.dir + "/bodies"); err == nil && len(files) != 0 {
		rt.Fatalf("%d files stayed", len(files))
	}
}
