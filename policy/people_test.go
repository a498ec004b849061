package policy_test

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"postvern.example/policy"
	"postvern.example/policy/detect"
	"postvern.example/policy/strict"
)

func rules(t *testing.T, more string) *policy.Policy {
	t.Helper()
	if !strings.Contains(more, "subject:") {
		more += "\nsubject: {on: never}\n"
	}
	p, err := policy.Load("policy.yaml", []byte("version: 1\norganisation: F\ncontact: dpo@forening.example\n"+more))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// addressed makes the facts of a mail to these, all of whom stand in To.
func addressed(addresses ...string) policy.Facts {
	f := policy.Facts{Sender: policy.Sender{Login: "anna", Role: true}, From: []string{"anna@region.example"}, At: noon}
	for _, a := range addresses {
		f.Recipients = append(f.Recipients, policy.Recipient{Address: a, Member: isMember(a), Representative: isRep(a), Sender: isSender(a)})
		f.Visible = append(f.Visible, policy.Visible{Address: a, Field: "To", Member: isMember(a), Representative: isRep(a), Sender: isSender(a)})
	}
	return f
}

func hidden(d policy.Decision) []string {
	for _, e := range d.Edits {
		if e.Kind == policy.EditHide {
			return e.Addresses
		}
	}
	return nil
}

func entry(d policy.Decision, typ policy.EntryType) (policy.Entry, bool) {
	i := slices.IndexFunc(d.Entries, func(e policy.Entry) bool { return e.Type == typ })
	if i < 0 {
		return policy.Entry{}, false
	}
	return d.Entries[i], true
}

func TestAnAddressThatMeansOurMembersCountsAsManyAsItTakes(t *testing.T) {
	p := rules(t, `people: {union: ["*@forening.example"], groups: ["alle@forening.example", "*@lister.example"]}
recipients: {from: 3}`)
	for _, c := range []struct {
		name string
		to   []string
		want []string
	}{
		{"beside an outsider", []string{"alle@forening.example", "boss@region.example"}, []string{"alle@forening.example"}},
		{"by a pattern", []string{"klub@lister.example", "boss@region.example"}, []string{"klub@lister.example"}},
		{"beside one member", []string{"klub@lister.example", "member1@a.example"}, []string{"klub@lister.example", "member1@a.example"}},
		{"alone", []string{"klub@lister.example"}, nil},
		{"another address of the union's", []string{"kontor@forening.example", "boss@region.example"}, nil},
	} {
		if got := hidden(p.Decide(addressed(c.to...))); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: hidden %v, want %v", c.name, got, c.want)
		}
	}
	f := addressed("klub@lister.example")
	f.Sender.Role = false
	if d := p.Decide(f); !d.Representative {
		t.Error("mail to a group that means our members is no representative mail")
	}
}

func TestSpellingsOfOneMailboxAreOnePerson(t *testing.T) {
	const gmail = `people: {same-mailbox: [{domains: [gmail.com, googlemail.com], dots: ignore}, {domains: [brev.example], tag: "-"}, {domains: ["*.skole.example"], dots: ignore}]}`
	p := rules(t, gmail)
	for in, want := range map[string]string{
		"bo.lund@gmail.com":            "bolund@gmail.com",
		"b.o.l.u.n.d@googlemail.com":   "bolund@gmail.com",
		"bo.lund@brev.example":         "bo.lund@brev.example",
		"bo-jobb@brev.example":         "bo@brev.example",
		"bo.lund@nord.skole.example":   "bolund@nord.skole.example",
		"bo.lund@skole.example":        "bo.lund@skole.example",
		"bo.lund@post.example":         "bo.lund@post.example",
		`"bo lund"@gmail.com`:          `"bo lund"@gmail.com`,
		"-bo@brev.example":             "-bo@brev.example",
		"bo.lund@gmail.com.br.example": "bo.lund@gmail.com.br.example",
	} {
		if got := p.Mailbox(in); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
	if got := hidden(p.Decide(addressed("member.1@gmail.com", "member1@googlemail.com"))); got != nil {
		t.Errorf("two spellings of one member hide each other: %v", got)
	}
	if got := hidden(p.Decide(addressed("member.1@gmail.com", "member2@googlemail.com"))); len(got) != 2 {
		t.Errorf("two members are hidden: %v", got)
	}
}

func TestASubjectThatNamesAMemberIsADoubtForOtherReaders(t *testing.T) {
	for choice, want := range map[string]policy.Action{"leave": policy.Pass, "note": policy.Pass, "hold": policy.Hold} {
		p := rules(t, "people: {union: [\"*@forening.example\"], employer: [\"*@region.example\"]}\nsubject: {on: never, names: "+choice+"}")
		f := addressed("member1@a.example", "boss@region.example", "office@forening.example")
		for i := range f.Recipients {
			f.Recipients[i].Named = 1
		}
		f.Recipients[0].Named = 0 // it is their own name
		d := p.Decide(f)
		if d.Verdicts[0].Action != policy.Pass || d.Verdicts[1].Action != want || d.Verdicts[2].Action != policy.Pass {
			t.Errorf("%s: %+v", choice, d.Verdicts)
		}
		e, recorded := entry(d, policy.EntryNamed)
		if recorded != (choice != "leave") || recorded && (e.Severity != policy.High || e.Count != 1) {
			t.Errorf("%s: entry %+v", choice, e)
		}
	}
}

func consent(id, who, to string) policy.Consent {
	return policy.Consent{ID: id, Who: who, To: to, From: noon.Add(-time.Hour)}
}

func TestWhoAgreedToBeSeenByEverybodyInSightIsNotHidden(t *testing.T) {
	const one, two, three, boss = "member1@a.example", "member2@a.example", "member3@b.example", "boss@region.example"
	both := []policy.Consent{consent("CO-1", one, "Løngruppen"), consent("CO-2", two, "løngruppen ")}
	with := func(c policy.Consent, change func(*policy.Consent)) policy.Consent { change(&c); return c }
	for _, c := range []struct {
		name     string
		to       []string
		consents []policy.Consent
		groups   map[string][]string
		want     []string // hidden
		relied   []string
	}{
		{"none", []string{one, two}, nil, nil, []string{one, two}, nil},
		{"each other", []string{one, two}, both, nil, nil, []string{"CO-1", "CO-2"}},
		{"one of two", []string{one, two}, both[:1], nil, []string{one, two}, nil},
		{"a third who did not agree", []string{one, two, three}, both, nil, []string{one, two, three}, nil},
		{"an outsider beside them", []string{one, two, boss}, both, nil, []string{one, two}, nil},
		{"of different groups", []string{one, two}, []policy.Consent{both[0], consent("CO-3", two, "festudvalget")}, nil, []string{one, two}, nil},
		{"not begun", []string{one, two}, []policy.Consent{both[0], with(both[1], func(c *policy.Consent) { c.From = noon.Add(time.Second) })}, nil, []string{one, two}, nil},
		{"run out", []string{one, two}, []policy.Consent{both[0], with(both[1], func(c *policy.Consent) { c.Until = noon })}, nil, []string{one, two}, nil},
		{"withdrawn", []string{one, two}, []policy.Consent{both[0], with(both[1], func(c *policy.Consent) { c.Withdrawn = noon })}, nil, []string{one, two}, nil},
		{"to be withdrawn later", []string{one, two}, []policy.Consent{both[0], with(both[1], func(c *policy.Consent) { c.Withdrawn = noon.Add(time.Second) })}, nil, nil, []string{"CO-1", "CO-2"}},
		{
			"to an address and a domain",
			[]string{one, two, boss},
			[]policy.Consent{
				consent("CO-1", one, "*@a.example"), consent("CO-2", one, boss), consent("CO-3", two, "*@a.example"), consent("CO-4", two, "*@region.example"),
			},
			nil, nil,
			[]string{"CO-1", "CO-2", "CO-3", "CO-4"},
		},
		{"to a group of the roster", []string{one, two}, both[:1], map[string][]string{two: {"løngruppen"}}, []string{one, two}, nil},
		{"to groups of the roster", []string{one, two}, []policy.Consent{both[0], consent("CO-9", two, "bestyrelsen")}, map[string][]string{two: {"løngruppen"}, one: {"Bestyrelsen"}}, nil, []string{"CO-1", "CO-9"}},
		{"the union's office looks on", []string{one, two, "office@forening.example"}, both, nil, nil, []string{"CO-1", "CO-2"}},
	} {
		f := addressed(c.to...)
		f.Consents = c.consents
		for i, a := range c.to {
			f.Recipients[i].Groups, f.Visible[i].Groups = c.groups[a], c.groups[a]
		}
		d := rules(t, `people: {union: ["*@forening.example"]}`).Decide(f)
		if got := hidden(d); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: hidden %v, want %v", c.name, got, c.want)
		}
		if len(d.Consents)+len(c.relied) > 0 && !reflect.DeepEqual(d.Consents, c.relied) {
			t.Errorf("%s: relied on %v, want %v", c.name, d.Consents, c.relied)
		}
		e, recorded := entry(d, policy.EntryConsent)
		if recorded != (len(c.relied) > 0) || recorded && (!e.NearMiss || !reflect.DeepEqual(e.Consents, c.relied)) {
			t.Errorf("%s: entry %+v", c.name, e)
		}
	}
}

func TestAMemberBesideAnOutsiderToWhomTheyAgreedIsNoDeviation(t *testing.T) {
	f := addressed("member1@a.example", "boss@region.example")
	f.Consents = []policy.Consent{consent("CO-1", "member1@a.example", "boss@region.example")}
	d := rules(t, "recipients: {beside: hide}").Decide(f)
	if _, beside := entry(d, policy.EntryBeside); beside || hidden(d) != nil || len(d.Consents) != 1 {
		t.Errorf("%+v", d)
	}
	f.Consents[0].Withdrawn = noon
	d = rules(t, "recipients: {beside: hide}").Decide(f)
	if _, beside := entry(d, policy.EntryBeside); !beside || len(hidden(d)) != 1 {
		t.Errorf("%+v", d)
	}
}

func TestWithEverybodyHiddenConsentsHaveToCoverNonMembersToo(t *testing.T) {
	p := rules(t, "recipients: {hide: everyone}")
	f := addressed("member1@a.example", "friend@b.example")
	f.Consents = []policy.Consent{consent("CO-1", "member1@a.example", "g")}
	if got := hidden(p.Decide(f)); len(got) != 2 {
		t.Errorf("hidden %v", got)
	}
	f.Consents = append(f.Consents, consent("CO-2", "friend@b.example", "g"))
	if got := hidden(p.Decide(f)); got != nil {
		t.Errorf("hidden %v", got)
	}
}

func TestAListOfPeopleWhoAgreedMeetsNoRule(t *testing.T) {
	f := addressed("member1@a.example")
	f.Findings = []detect.Finding{{Kind: detect.MemberList, Confidence: detect.Certain, Evidence: []detect.Evidence{detect.EvidenceRoster, detect.EvidenceConsent}, Count: 3}}
	f.Relied = []string{"CO-2", "CO-1"}
	d := rules(t, "").Decide(f)
	if d.Strictest() != policy.Pass || !reflect.DeepEqual(d.Consents, []string{"CO-1", "CO-2"}) {
		t.Errorf("%+v", d)
	}
	f.Findings[0].Evidence = f.Findings[0].Evidence[:1]
	if d := rules(t, "").Decide(f); d.Strictest() != policy.Reject {
		t.Errorf("%+v", d)
	}
}

func TestFaultsInWhoIsWhoAreNamed(t *testing.T) {
	for text, want := range map[string]string{
		`people: {groups: [alle]}`:                                              "people.groups[0]",
		`people: {same-mailbox: [{domains: []}]}`:                               "people.same-mailbox[0].domains",
		`people: {same-mailbox: [{domains: ["@gmail.com"]}]}`:                   "people.same-mailbox[0].domains[0]",
		`people: {same-mailbox: [{domains: [gmail.com, gmail.com]}]}`:           "people.same-mailbox[0].domains[1]",
		`people: {same-mailbox: [{domains: [gmail.com], tag: ab}]}`:             "people.same-mailbox[0].tag",
		`people: {same-mailbox: [{domains: [gmail.com], dots: no}]}`:            "people.same-mailbox[0].dots",
		"subject: {names: remove}":                                              "subject.names",
		`people: {same-mailbox: [{dots: ignore}]}`:                              "people.same-mailbox[0].domains",
		`people: {same-mailbox: [{domains: [gmail.com]}, {domains: [b, c.d]}]}`: "people.same-mailbox[1].domains[0]",
	} {
		_, err := policy.Load("policy.yaml", []byte("version: 1\norganisation: F\ncontact: dpo@forening.example\n"+text+"\n"))
		if err == nil || !containsPath(err, want) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func containsPath(err error, path string) bool {
	var faults strict.Errors
	return errors.As(err, &faults) && slices.ContainsFunc(faults, func(e *strict.Error) bool { return e.Path == path })
}
