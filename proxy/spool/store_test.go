package spool

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"
)

func testKey() []byte { return []byte("0123456789abcdef0123456789abcdef") }

func openTest(tb testing.TB, dir string, change ...func(*Config)) *Store {
	tb.Helper()
	cfg := Config{Dir: dir, Key: testKey(), TakeBack: true, MinFree: -1}
	for _, f := range change {
		f(&cfg)
	}
	s, err := Open(tb.Context(), cfg)
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

func testParcel(size, copies int) Parcel {
	content := make([]byte, size)
	for i := range content {
		content[i] = "postvern "[i%9]
	}
	id := ulid.Make().String()
	p := Parcel{ID: id, Reference: "PV-TEST22", Login: "anna", Received: time.Now(), Bodies: []Body{{Content: content}}}
	for i := range copies {
		p.Copies = append(p.Copies, Copy{
			ID: ulid.Make().String(), Class: Mail, State: Queued,
			From: "anna.holm@region.example", To: fmt.Sprintf("member%d@mail.example", i), Sender: "anna.holm@region.example",
		})
	}
	return p
}

func TestSmoke(t *testing.T) {
	s := openTest(t, t.TempDir())
	p := testParcel(5000, 2)
	if err := s.Accept(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	ds, err := s.Claim(ctx, 5)
	if err != nil || len(ds) != 1 || len(ds[0].Copies) != 2 {
		t.Fatal(ds, err)
	}
	if err := s.Finish(ctx, []Outcome{{Copy: ds[0].Copies[0].ID, Result: Delivered}, {Copy: ds[0].Copies[1].ID, Result: Deferred, Retry: time.Now().Add(100 * time.Millisecond), Reply: "later"}}); err != nil {
		t.Fatal(err)
	}
	fmt.Println(s.Stats(ctx))
	ds, err = s.Claim(ctx, 5)
	if err != nil || len(ds) != 1 || len(ds[0].Copies) != 1 || ds[0].Attempt != 2 || string(ds[0].Content) != string(p.Bodies[0].Content) {
		t.Fatal(ds, err)
	}
	if err := s.Finish(ctx, []Outcome{{Copy: ds[0].Copies[0].ID, Result: Delivered}}); err != nil {
		t.Fatal(err)
	}
	fmt.Println(s.Stats(ctx))
}
