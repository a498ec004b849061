package spool

import (
	"errors"
	"testing"
	"time"
)

func TestAStandingCodeIsFoundByItsReaderAlone(t *testing.T) {
	s := openTest(t, t.TempDir())
	ctx := t.Context()
	if code, err := s.StandingCode(ctx, "mette@post.example"); err != nil || code != "" {
		t.Errorf("%q %v", code, err)
	}
	for _, code := range []string{"first", "second"} { // the later one counts
		if err := s.SetStandingCode(ctx, StandingCode{Reader: "mette@post.example", Code: code, Set: time.Unix(1, 0), By: "dpo"}); err != nil {
			t.Fatal(err)
		}
	}
	if code, err := s.StandingCode(ctx, "mette@post.example"); err != nil || code != "second" {
		t.Errorf("%q %v", code, err)
	}
	if code, err := s.StandingCode(ctx, "peter@post.example"); err != nil || code != "" {
		t.Errorf("%q %v", code, err)
	}
	if all, err := s.StandingCodes(ctx); err != nil || len(all) != 1 || all[0].Reader != "mette@post.example" || all[0].By != "dpo" {
		t.Errorf("%v %v", all, err)
	}
	if err := s.RemoveStandingCode(ctx, "mette@post.example"); err != nil {
		t.Fatal(err)
	}
	if err := s.RemoveStandingCode(ctx, "mette@post.example"); !errors.Is(err, ErrNotFound) {
		t.Errorf("removed twice: %v", err)
	}
}
