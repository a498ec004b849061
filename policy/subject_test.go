package policy_test

import (
	"strings"
	"testing"
	"time"
	"unicode"

	"postvern.example/policy"
)

func TestTheTagStandsOnceHoweverOftenAMailIsAnswered(t *testing.T) {
	const tag = "TR – fortroligt"
	for _, same := range []string{
		"TR – fortroligt", "TR – fortroligt Løn", "SV: TR – fortroligt Løn", "VS: SV: TR – fortroligt Løn", "RE: TR – fortroligt",
		"Re[2]: TR – fortroligt Løn", "Re: (2) TR – fortroligt", "FW: Fwd: AW: VL: Svar: WG: TR – fortroligt x",
		"tr - fortroligt løn", "TR — FORTROLIGT", "TR‑fortroligt", "TR  –   fortroligt", "TR\u00a0–\u00a0fortroligt", "TR -- fortroligt",
		"TR –\r\n fortroligt", "[TR – fortroligt] Løn", "Løn (TR – fortroligt)", "TR \u2212 fortroligt: Løn", "T\u200bR – fort\u00adroligt",
		"ＴＲ – fortroligt",
	} {
		if got, changed := policy.TagSubject(same, tag); changed || got != same {
			t.Errorf("%q becomes %q", same, got)
		}
		if !policy.Tagged(same, tag) {
			t.Errorf("%q does not count as tagged", same)
		}
	}
	for in, want := range map[string]string{
		"":                           "TR – fortroligt",
		"Løn":                        "TR – fortroligt Løn",
		"SV: Løn":                    "TR – fortroligt SV: Løn",
		"TR fortroligt":              "TR – fortroligt TR fortroligt",
		"TR – fortroligtere":         "TR – fortroligt TR – fortroligtere",
		"HTR – fortroligt":           "TR – fortroligt HTR – fortroligt",
		"  Løn \t og  vilkår\r\n x ": "TR – fortroligt Løn og vilkår x",
		"a\r\nBcc: x@evil.example":   "TR – fortroligt a Bcc: x@evil.example",
		"TR – fortroligt SV: TR - fortroligt SV: tr – Fortroligt Løn": "TR – fortroligt Løn",
		"SV: TR – fortroligt TR – fortroligt":                         "SV: TR – fortroligt",
	} {
		got, changed := policy.TagSubject(in, tag)
		if got != want || !changed {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
}

func TestATagIsFoundInEitherUnicodeForm(t *testing.T) {
	for _, s := range []string{"SV: Förtroligt – å", "SV: Fo\u0308rtroligt - a\u030a"} {
		if got, changed := policy.TagSubject(s, "förtroligt – Å"); changed {
			t.Errorf("%q becomes %q", s, got)
		}
	}
}

func TestATagOfOneWordCountsAtTheStartOnly(t *testing.T) {
	for in, want := range map[string]string{
		"SV: [Fortroligt] x": "Fortroligt SV: [Fortroligt] x",
		"Er det fortroligt?": "Fortroligt Er det fortroligt?",
		"SV: FORTROLIGT x":   "SV: FORTROLIGT x",
	} {
		if got, _ := policy.TagSubject(in, "Fortroligt"); got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
}

func TestNoTagChangesNothing(t *testing.T) {
	for _, tag := range []string{"", "  ", "***"} {
		if got, changed := policy.TagSubject("Løn", tag); changed || got != "Løn" || policy.Tagged("Løn", tag) {
			t.Errorf("tag %q makes %q", tag, got)
		}
	}
}

func TestALongSubjectCostsNoMoreThanItsLength(t *testing.T) {
	for _, s := range []string{
		strings.Repeat("a", 250_000), strings.Repeat("TR – fortroligt ", 12_000), strings.Repeat("SV: ", 60_000), strings.Repeat("TR ", 80_000),
	} {
		start := time.Now()
		policy.TagSubject(s, "TR – fortroligt")
		if took := time.Since(start); took > time.Minute {
			t.Errorf("%.20s...: %s", s, took)
		}
	}
}

func FuzzTagSubject(f *testing.F) {
	f.Add("SV: TR – fortroligt Løn", "TR – fortroligt")
	f.Add("TR - fortroligt TR -- fortroligt", "TR – fortroligt")
	f.Add("a\u0301", "\u0301b -")
	f.Add("\xff\r\nBcc: x", "[TR]")
	f.Fuzz(func(t *testing.T, subject, tag string) {
		got, changed := policy.TagSubject(subject, tag)
		if changed == (got == subject) && changed {
			t.Fatalf("said to be changed: %q", got)
		}
		if !changed && got != subject {
			t.Fatalf("%q became %q without a word", subject, got)
		}
		if changed && strings.ContainsFunc(got, unicode.IsControl) {
			t.Fatalf("control characters in %q", got)
		}
		if changed && !policy.Tagged(got, tag) {
			t.Fatalf("%q with %q gives %q, which does not carry it", subject, tag, got)
		}
		if again, changed := policy.TagSubject(got, tag); changed {
			t.Fatalf("%q is tagged again: %q", got, again)
		}
	})
}
