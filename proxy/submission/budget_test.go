package submission

import (
	"context"
	"errors"
	"testing"
	"time"
)

func TestABudgetIsSharedAndGivenBack(t *testing.T) {
	const mail = 1 << 20
	b := NewBudget(2*mail*budgetFactor, time.Millisecond)
	one, two, three, small := b.share(), b.share(), b.share(), b.share()
	ctx := context.Background()
	for _, s := range []*share{one, two} {
		if err := s.grow(ctx, mail); err != nil {
			t.Fatal(err)
		}
	}
	if got := b.Used(); got != 2*mail*budgetFactor {
		t.Errorf("%d octets are used", got)
	}
	if err := three.grow(ctx, mail); !errors.Is(err, errBusy) {
		t.Errorf("the third found room: %v", err)
	}
	if err := small.grow(ctx, budgetFree); err != nil || small.held != 0 {
		t.Errorf("a small mail had to ask: %v", err)
	}
	one.end()
	one.end()
	if err := three.grow(ctx, mail); err != nil {
		t.Errorf("the third found no room after the first had gone: %v", err)
	}
	two.end()
	three.end()
	small.end()
	if got := b.Used(); got != 0 {
		t.Errorf("%d octets are left in use", got)
	}
}

func TestAMessageThatIsAloneGetsWhatItNeeds(t *testing.T) {
	b := NewBudget(1<<20, time.Hour)
	s := b.share()
	for n := int64(1); n < 64<<20; n *= 3 {
		if err := s.grow(context.Background(), n); err != nil {
			t.Fatal(err)
		}
	}
	s.end()
	if b.Used() != 0 {
		t.Errorf("%d octets are left in use", b.Used())
	}
}

func TestMessagesThatHoldPartsDoNotWaitForEachOther(t *testing.T) {
	b := NewBudget(4<<20, time.Hour)
	shares := []*share{b.share(), b.share(), b.share()}
	for n := int64(budgetFree + 1); n < 200<<10; n += 10 << 10 { // together all that there is
		for _, s := range shares {
			if err := s.grow(context.Background(), n); err != nil {
				t.Fatal(err)
			}
		}
	}
	done := make(chan error)
	for _, s := range shares {
		go func() {
			err := s.grow(context.Background(), 3<<20)
			s.end()
			done <- err
		}()
	}
	for range shares {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

func TestAMessageWaitsForRoomAsLongAsItsSession(t *testing.T) {
	b := NewBudget(1<<20, time.Hour)
	first, second := b.share(), b.share()
	if err := first.grow(context.Background(), 1<<20); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	got := make(chan error)
	go func() { got <- second.grow(ctx, 1<<20) }()
	cancel()
	if err := <-got; !errors.Is(err, context.Canceled) {
		t.Errorf("waiting ended with %v", err)
	}
	go func() { got <- second.grow(context.Background(), 1<<20) }()
	first.end()
	if err := <-got; err != nil {
		t.Errorf("there was room, and yet: %v", err)
	}
}

func TestWhoFindsNoRoomHears452(t *testing.T) {
	r := replyTo(errBusy)
	if r.Code != 452 || r.Enhanced != [3]int{4, 3, 1} || reasonOf(errBusy) != "memory" {
		t.Errorf("%v, counted as %q", r, reasonOf(errBusy))
	}
}
