package spool

import (
	"testing"
	"time"
)

// jobsOf returns a writer before whom jobs stand in line.
func jobsOf(line ...*job) *writer {
	w := &writer{s: &Store{jobs: make(chan *job, maxBatch)}, over: time.NewTimer(time.Hour)}
	for _, j := range line {
		w.s.jobs <- j
	}
	return w
}

func TestOutcomesStandFirstInTheTransactionThatTheyShare(t *testing.T) {
	accept, outcome := &job{}, &job{late: true}
	batch := jobsOf(outcome).gather(accept)
	if len(batch) != 2 || batch[0] != outcome || batch[1] != accept {
		t.Errorf("the transaction has %d jobs, or they are in another order", len(batch))
	}
}

func TestOutcomesWaitForTheNextAcceptWhereThereWasOneLately(t *testing.T) {
	w := jobsOf()
	w.last = time.Now().Add(time.Hour) // lately, however slow this test is
	first, second, accept := &job{late: true}, &job{late: true}, &job{}
	if batch := w.gather(first); batch != nil {
		t.Errorf("an outcome that was to wait is in a transaction of %d", len(batch))
	}
	if batch := w.gather(second); batch != nil {
		t.Errorf("an outcome that was to wait is in a transaction of %d", len(batch))
	}
	batch := w.gather(accept)
	if len(batch) != 3 || batch[0] != first || batch[1] != second || batch[2] != accept {
		t.Errorf("the transaction has %d jobs, or they are in another order", len(batch))
	}
}

func TestOutcomesDoNotWaitWhereNobodySubmits(t *testing.T) {
	w := jobsOf()
	w.last = time.Now().Add(-time.Hour)
	if batch := w.gather(&job{late: true}); len(batch) != 1 {
		t.Errorf("the transaction has %d jobs", len(batch))
	}
}

func TestManyOutcomesDoNotWait(t *testing.T) {
	var line []*job
	for range maxLate - 1 {
		line = append(line, &job{late: true})
	}
	w := jobsOf(line...)
	w.last = time.Now().Add(time.Hour)
	if batch := w.gather(&job{late: true}); len(batch) != maxLate {
		t.Errorf("the transaction has %d jobs", len(batch))
	}
}

func TestAnOutcomeThatWasTakenBackIsNotWritten(t *testing.T) {
	gone, accept := &job{late: true}, &job{}
	gone.taken.Store(true)
	if batch := jobsOf(gone).gather(accept); len(batch) != 1 || batch[0] != accept {
		t.Errorf("the transaction has %d jobs", len(batch))
	}
}
