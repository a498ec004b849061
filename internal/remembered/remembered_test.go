package remembered

import (
	"strconv"
	"testing"
	"time"
)

func TestAPasswordIsKnownAgainUntilItsTimeIsUp(t *testing.T) {
	p, err := New()
	if err != nil {
		t.Fatal(err)
	}
	now := time.Unix(1800000000, 0)
	anna, bo := p.ID("anna", "correct horse"), p.ID("bo", "correct horse")
	p.Remember(anna, now.Add(time.Minute))
	p.Remember(bo, time.Time{})
	for _, step := range []struct {
		what string
		id   ID
		at   time.Time
		want bool
	}{
		{"at once", anna, now, true},
		{"at its end", anna, now.Add(time.Minute), false},
		{"for good", bo, now.AddDate(10, 0, 0), true},
		{"another password", p.ID("anna", "correct hors"), now, false},
		{"the same octets, divided elsewhere", p.ID("annac", "orrect horse"), now, false},
	} {
		if got := p.Knows(step.id, step.at); got != step.want {
			t.Errorf("%s: %t", step.what, got)
		}
	}
	p.Forget(bo)
	if p.Knows(bo, now) {
		t.Error("it was forgotten, and is known")
	}
}

func TestNoMoreIsRememberedThanTheBound(t *testing.T) {
	p, err := New()
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3 * Most {
		p.Remember(p.ID(strconv.Itoa(i), "x"), time.Time{})
	}
	if p.Len() > Most {
		t.Errorf("%d are remembered", p.Len())
	}
}
