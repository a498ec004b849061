package policy_test

import (
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"postvern.example/policy"
	"postvern.example/policy/detect"
)

var strength = map[policy.Action]int{policy.Pass: 0, policy.Seal: 1, policy.Hold: 2, policy.Reject: 3}

func drawPolicy(t *rapid.T, base *policy.Policy) *policy.Policy {
	p := *base
	p.Mode = rapid.SampledFrom([]policy.Mode{policy.Enforce, policy.Observe}).Draw(t, "mode")
	p.Scope = rapid.SampledFrom([]policy.Scope{policy.ScopeRepresentative, policy.ScopeAll}).Draw(t, "scope")
	p.Recipients.Hide = rapid.SampledFrom([]policy.Hide{policy.HideMembers, policy.HideEveryone}).Draw(t, "hide")
	p.Recipients.From = rapid.IntRange(1, 4).Draw(t, "from")
	p.Recipients.Beside = rapid.SampledFrom([]policy.Beside{policy.BesideLeave, policy.BesideNote, policy.BesideHide}).Draw(t, "beside")
	p.Recipients.As = rapid.SampledFrom([]policy.As{policy.AsBcc, policy.AsIndividual}).Draw(t, "as")
	p.Rules = slices.Clone(base.Rules)
	for i := range p.Rules {
		p.Rules[i].Do = rapid.SampledFrom([]policy.Do{policy.DoNote, policy.DoEncrypt, policy.DoHold, policy.DoReject}).Draw(t, "do")
		p.Rules[i].WithoutKey = rapid.SampledFrom([]policy.Do{policy.DoHold, policy.DoReject}).Draw(t, "without-key")
		p.Rules[i].Confidence = detect.Confidence(rapid.IntRange(1, 3).Draw(t, "confidence"))
	}
	return &p
}

func drawFacts(t *rapid.T) policy.Facts {
	addresses := []string{"member1@a.example", "Member1+x@A.example", "member2@b.example", "member3@c.example", "m@forening.example", "boss@region.example", "friend@d.example", "not an address"}
	fields := []string{"To", "Cc", "cc", "Reply-To", "Resent-To", "Bcc", "From"}
	f := policy.Facts{
		Sender:  policy.Sender{Role: rapid.Bool().Draw(t, "role")},
		Subject: rapid.SampledFrom([]string{"", "Løn", "SV: tr - fortroligt x"}).Draw(t, "subject"),
		Inside:  rapid.IntRange(0, 3).Draw(t, "inside"),
		Sealed:  rapid.Bool().Draw(t, "sealed"), Bcc: rapid.Bool().Draw(t, "bcc"), Invitation: policy.Listing(rapid.IntRange(0, 2).Draw(t, "invitation")),
		InvitationFault: rapid.Bool().Draw(t, "invitation-fault"),
		Quoted:          policy.Listing(rapid.IntRange(0, 2).Draw(t, "quoted")), Nested: policy.Listing(rapid.IntRange(0, 2).Draw(t, "nested")), Authors: policy.Listing(rapid.IntRange(0, 2).Draw(t, "authors")),
		AuthorsFixed: policy.Listing(rapid.IntRange(0, 2).Draw(t, "authors-fixed")),
	}
	for range rapid.IntRange(0, 5).Draw(t, "recipients") {
		f.Recipients = append(f.Recipients, policy.Recipient{
			Address: rapid.SampledFrom(addresses).Draw(t, "address"), Member: rapid.Bool().Draw(t, "member"),
			Representative: rapid.Bool().Draw(t, "representative"), Sender: rapid.Bool().Draw(t, "sender"),
			Key:      rapid.SampledFrom([]policy.KeyState{"", policy.KeyUsable, policy.KeyNone, policy.KeyExpired}).Draw(t, "key"),
			Standing: rapid.Bool().Draw(t, "standing"), Number: rapid.Bool().Draw(t, "number"), TLS: rapid.Bool().Draw(t, "tls"),
		})
	}
	for range rapid.IntRange(0, 6).Draw(t, "visible") {
		f.Visible = append(f.Visible, policy.Visible{
			Address: rapid.SampledFrom(addresses).Draw(t, "seen"), Field: rapid.SampledFrom(fields).Draw(t, "field"),
			Member: rapid.Bool().Draw(t, "member"), Representative: rapid.Bool().Draw(t, "representative"), Sender: rapid.Bool().Draw(t, "sender"),
		})
	}
	for range rapid.IntRange(0, 4).Draw(t, "findings") {
		f.Findings = append(f.Findings, detect.Finding{
			Kind:       rapid.SampledFrom(detect.Kinds()).Draw(t, "kind"),
			Confidence: detect.Confidence(rapid.IntRange(0, 3).Draw(t, "level")),
			Place:      detect.Place{{Kind: rapid.SampledFrom([]detect.StepKind{detect.InBody, detect.InHeader, detect.InAttachment}).Draw(t, "place")}},
			Count:      1,
		})
	}
	return f
}

func TestTheSameFactsGiveTheSameDecisionAndStayAsTheyAre(t *testing.T) {
	base, _ := example(t)
	rapid.Check(t, func(t *rapid.T) {
		p, f := drawPolicy(t, base), drawFacts(t)
		for i := range p.Rules {
			p.Rules[i].Protection = rapid.SampledFrom([][]policy.Step{
				nil, {policy.StepOpenPGP, policy.StepDocument, policy.StepHold}, {policy.StepTLS, policy.StepReject}, {policy.StepArchive, policy.StepSMIME, policy.StepHold},
			}).Draw(t, "protection")
		}
		before := f
		before.Findings, before.Visible, before.Recipients = slices.Clone(f.Findings), slices.Clone(f.Visible), slices.Clone(f.Recipients)
		a, b := p.Decide(f), p.Decide(f)
		if !reflect.DeepEqual(a, b) {
			t.Fatalf("%+v\n%+v", a, b)
		}
		if !reflect.DeepEqual(f, before) {
			t.Fatal("the facts were changed")
		}
		for _, v := range a.Verdicts {
			if (v.Action == policy.Seal) != (v.Step != "") || v.Step.NeedsCode() != (v.Code != "") {
				t.Fatalf("%+v: what is sealed has a step, and what a code opens a way for it", v)
			}
		}
		if len(a.Verdicts) != len(f.Recipients) {
			t.Fatal("a recipient has no verdict, or two")
		}
		for i, v := range a.Verdicts {
			if v.Recipient != f.Recipients[i].Address || v.Action != policy.Pass && len(v.Reasons) == 0 {
				t.Fatalf("%+v for %s", v, f.Recipients[i].Address)
			}
		}
	})
}

func TestASurerFindingNeverGivesAWeakerVerdict(t *testing.T) {
	base, _ := example(t)
	rapid.Check(t, func(t *rapid.T) {
		p, f := drawPolicy(t, base), drawFacts(t)
		if len(f.Findings) == 0 {
			return
		}
		g := f
		g.Findings = slices.Clone(f.Findings)
		i := rapid.IntRange(0, len(f.Findings)-1).Draw(t, "which")
		g.Findings[i].Confidence = detect.Certain
		a, b := p.Decide(f), p.Decide(g)
		for i := range a.Verdicts {
			if strength[b.Verdicts[i].Action] < strength[a.Verdicts[i].Action] {
				t.Fatalf("%s becomes %s", a.Verdicts[i].Action, b.Verdicts[i].Action)
			}
		}
	})
}

func TestNoPathLeadsFromAHoldToDelivery(t *testing.T) {
	base, _ := example(t)
	rapid.Check(t, func(t *rapid.T) {
		p, f := drawPolicy(t, base), drawFacts(t)
		d := p.Decide(f)
		if !d.Representative && p.Scope != policy.ScopeAll {
			return
		}
		rejected := slices.ContainsFunc(d.Verdicts, func(v policy.Verdict) bool { return v.Action == policy.Reject })
		for i, v := range d.Verdicts {
			least := policy.Pass
			for _, r := range p.Rules {
				if !slices.ContainsFunc(f.Findings, func(found detect.Finding) bool { return meets(r, found, f.Sealed) }) {
					continue
				}
				least = worst(least, asks(r, f.Recipients[i]))
			}
			if rejected {
				least = policy.Reject
			}
			if strength[v.Action] < strength[least] {
				t.Fatalf("%s: %s, but the rules ask for %s", v.Recipient, v.Action, least)
			}
			if f.HeaderFault && strength[v.Action] < strength[policy.Hold] {
				t.Fatalf("%s passes in spite of its header", v.Recipient)
			}
		}
		if rejected && (len(d.Edits) > 0 || d.Individual) {
			t.Fatal("a rejected message is edited")
		}
	})
}

// meets and asks say again, in the plainest way, what a rule means.
func meets(r policy.Rule, f detect.Finding, sealed bool) bool {
	unread := f.Kind == detect.Unscannable || f.Kind == detect.Protected // no strength is drawn: it is weak
	if sealed && (unread || f.Place[0].Kind != detect.InHeader) || f.Kind == detect.FilePassword {
		return false
	}
	if unread {
		return slices.Contains(r.Detect, detect.Unscannable)
	}
	return slices.Contains(r.Detect, f.Kind) && max(f.Confidence, detect.Possible) >= r.Confidence
}

func asks(r policy.Rule, reader policy.Recipient) policy.Action {
	switch {
	case r.Do == policy.DoNote:
		return policy.Pass
	case r.Do == policy.DoEncrypt && reader.Key == policy.KeyUsable:
		return policy.Seal
	case r.Do == policy.DoReject, r.Do == policy.DoEncrypt && r.WithoutKey == policy.DoReject:
		return policy.Reject
	}
	return policy.Hold
}

func worst(a, b policy.Action) policy.Action {
	if strength[b] > strength[a] {
		return b
	}
	return a
}

// canonicalOr returns the canonical form of an address, or the address where it
// has none: two spellings of one mailbox are one reader.
func canonicalOr(address string) string {
	if c, ok := detect.CanonicalAddress(address); ok {
		return c
	}
	return address
}

func TestHidingNeverLeavesAsManyMembersInSightAsThePolicyAllows(t *testing.T) {
	base, _ := example(t)
	rapid.Check(t, func(t *rapid.T) {
		p, f := drawPolicy(t, base), drawFacts(t)
		f.Sender.Role = true
		d := p.Decide(f)
		if d.Strictest() == policy.Reject {
			return
		}
		gone := map[string]bool{}
		for _, e := range d.Edits {
			for _, a := range e.Addresses {
				gone[a] = true
			}
		}
		left := map[string]bool{}
		for _, v := range f.Visible {
			addressed := slices.Contains([]string{"To", "Cc", "cc", "Resent-To"}, v.Field)
			if v.Member && !v.Representative && !v.Sender && !p.IsUnion(v.Address) && addressed && !gone[v.Address] {
				left[canonicalOr(v.Address)] = true
			}
		}
		readers := map[string]bool{}
		for _, r := range f.Recipients {
			readers[canonicalOr(r.Address)] = true
		}
		if len(left) == 1 && len(readers) == 1 {
			return // nobody is hidden from themselves
		}
		if len(left) >= p.Recipients.From {
			t.Fatalf("%d members are left in sight", len(left))
		}
	})
}

func TestAnObservedDecisionIsTheEnforcedOneAndRecordsDeviations(t *testing.T) {
	base, _ := example(t)
	rapid.Check(t, func(t *rapid.T) {
		p, f := drawPolicy(t, base), drawFacts(t)
		enforce, observe := *p, *p
		enforce.Mode, observe.Mode = policy.Enforce, policy.Observe
		a, b := enforce.Decide(f), observe.Decide(f)
		for _, e := range b.Entries {
			if e.NearMiss {
				t.Fatalf("it went out, and is called a near miss: %+v", e)
			}
		}
		if !reflect.DeepEqual(a.Verdicts, b.Verdicts) || !reflect.DeepEqual(a.Edits, b.Edits) || len(a.Entries) != len(b.Entries) {
			t.Fatalf("%+v\n%+v", a, b)
		}
	})
}

func BenchmarkDecide(b *testing.B) {
	p, _ := example(b)
	f := policy.Facts{Subject: "SV: Løn", Findings: []detect.Finding{{Kind: detect.DanishCPR, Confidence: detect.Likely, Count: 1}, {Kind: detect.Health, Confidence: detect.Possible, Count: 1}}}
	for _, a := range []string{"member1@a.example", "member2@b.example", "boss@region.example", "office@forening.example"} {
		f.Recipients = append(f.Recipients, policy.Recipient{Address: a, Member: isMember(a), Key: policy.KeyUsable})
		f.Visible = append(f.Visible, policy.Visible{Address: a, Field: "To", Member: isMember(a)})
	}
	b.ReportAllocs()
	for b.Loop() {
		p.Decide(f)
	}
}

func TestARuleForSomeReadersNeverMakesAnythingMilder(t *testing.T) {
	base, _ := example(t)
	var extra []policy.Rule
	for _, to := range []string{"self", "union", "members", "representatives", "employer", "others", "[self, union]", "\"*@d.example\""} {
		for _, do := range []string{"note", "encrypt", "hold", "reject"} {
			kinds := "[dk-cpr, health, member-list, iban, salary, file-password]"
			p := load(t, head+"personal-data:\n  - {name: some, detect: "+kinds+", to: "+to+", do: "+do+"}\n")
			extra = append(extra, p.Rules[0])
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		p, f := drawPolicy(t, base), drawFacts(t)
		for i := range f.Findings {
			if rapid.Bool().Draw(t, "own") {
				f.Findings[i].Evidence = []detect.Evidence{detect.EvidenceOwnData}
			}
		}
		q := *p
		q.Rules = append(slices.Clone(p.Rules), rapid.SampledFrom(extra).Draw(t, "rule"))
		a, b := p.Decide(f), q.Decide(f)
		for i := range a.Verdicts {
			if strength[b.Verdicts[i].Action] < strength[a.Verdicts[i].Action] {
				t.Fatalf("%s becomes %s", a.Verdicts[i].Action, b.Verdicts[i].Action)
			}
		}
	})
}
