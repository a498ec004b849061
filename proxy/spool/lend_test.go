package spool

import "testing"

func TestOnlySoMuchContentIsOutAtATime(t *testing.T) {
	var w waiting
	w.init(lendable)
	entryOf := func(size int64, ids ...string) *entry {
		e := &entry{size: size, loaded: true}
		for _, id := range ids {
			e.Copies = append(e.Copies, Copy{ID: id})
		}
		return e
	}
	w.add([]*entry{entryOf(lendable/2, "a", "b"), entryOf(lendable/2+1, "c"), entryOf(2*lendable, "d")})
	expect := func(what string, want ...string) {
		t.Helper()
		var got []string
		for _, e := range w.take(10) {
			got = append(got, e.Copies[0].ID)
		}
		if len(got) != len(want) || len(got) > 0 && got[0] != want[0] {
			t.Fatalf("%s: %q were taken, want %q", what, got, want)
		}
	}
	expect("nothing is out", "a")
	expect("half is out", []string{}...)
	w.forget([]string{"b"})
	expect("a copy of it has its outcome, the other has not", []string{}...)
	w.forget([]string{"a"})
	expect("all is back", "c")
	w.forget([]string{"c"})
	expect("one that is too large for all of it", "d")
	w.giveUp()
	w.forget([]string{"d"})
	if w.lent != 0 {
		t.Errorf("%d octets are still lent", w.lent)
	}
}

func TestContentThatIsReadAsItIsSentIsNotLent(t *testing.T) {
	var w waiting
	w.init(lendable)
	for _, id := range []string{"a", "b", "c"} {
		w.add([]*entry{{size: lendable, Delivery: Delivery{Copies: []Copy{{ID: id}}}}})
	}
	if got := w.take(10); len(got) != 3 || w.lent != 3*mostHead {
		t.Errorf("%d were taken, and %d octets lent", len(got), w.lent)
	}
}
