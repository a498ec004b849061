package policy_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"postvern.example/policy"
	"postvern.example/policy/detect"
	"postvern.example/policy/strict"
)

// decisionFile is a file of testdata/decisions; its README says how it is
// written.
type decisionFile struct {
	Policy string         `yaml:"policy,required"`
	Cases  []decisionCase `yaml:"cases,required"`
}

type decisionCase struct {
	Name       string   `yaml:"name,required"`
	Role       bool     `yaml:"role"`
	Subject    string   `yaml:"subject"`
	Recipients []string `yaml:"recipients"`
	Sees       []string `yaml:"sees"`
	Findings   []string `yaml:"findings"`
	Facts      []string `yaml:"facts" oneof:"sealed,bcc,header-fault,invitation-fault,invitation,quoted,nested,authors,authors-fixed,invitation-visible,quoted-visible,nested-visible,authors-visible,authors-fixed-visible,two-inside"`
}

// noon is when the cases are submitted.
var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func isMember(a string) bool { return strings.HasPrefix(a, "member") }
func isRep(a string) bool    { return strings.HasPrefix(a, "rep") }
func isSender(a string) bool { return strings.HasPrefix(a, "anna") }

func (c decisionCase) facts() policy.Facts {
	f := policy.Facts{Sender: policy.Sender{Login: "anna", Role: c.Role}, From: []string{"anna@region.example"}, Subject: c.Subject}
	f.At = noon
	for _, r := range c.Recipients {
		words := append(strings.Fields(r+" none"), "") // address, key, and what else is known
		has := func(word string) bool { return slices.Contains(words[1:], word) }
		one := policy.Recipient{
			Address: words[0], Member: isMember(words[0]), Representative: isRep(words[0]), Sender: isSender(words[0]), Key: policy.KeyState(words[1]),
			Standing: has("standing"), Number: has("number"), TLS: has("tls"), LikeMember: has("like-member"),
		}
		if has("certificate") {
			one.Certificate = policy.KeyUsable
		}
		for _, w := range words[2:] {
			if slices.Contains(policy.Likenesses(), policy.Likeness(w)) {
				one.Unusual = append(one.Unusual, policy.Likeness(w))
			}
		}
		f.Sender.Notified, f.Files = f.Sender.Notified || has("notified"), f.Files || has("files")
		f.Recipients = append(f.Recipients, one)
	}
	for _, s := range c.Sees {
		field, address, _ := strings.Cut(s, " ")
		f.Visible = append(f.Visible, policy.Visible{Address: address, Field: field, Member: isMember(address), Representative: isRep(address), Sender: isSender(address)})
	}
	for i, r := range c.Recipients {
		for _, word := range strings.Fields(r)[1:] {
			kind, span, _ := strings.Cut(word, "-")
			before, err := time.ParseDuration(span)
			switch {
			case err != nil:
			case kind == "file":
				f.Recipients[i].FileAt = noon.Add(-before)
			case kind == "password":
				f.Recipients[i].PasswordAt = noon.Add(-before)
			}
		}
	}
	levels := map[string]detect.Confidence{"possible": detect.Possible, "likely": detect.Likely, "certain": detect.Certain}
	for _, s := range c.Findings {
		s, why, _ := strings.Cut(s, ":")
		w := strings.Fields(s + " body")
		one := detect.Finding{Kind: detect.Kind(w[0]), Confidence: levels[w[1]], Place: detect.Place{{Kind: detect.StepKind(w[2])}}, Count: 1}
		if why != "" {
			one.Evidence = []detect.Evidence{detect.Evidence(why)}
		}
		f.Findings = append(f.Findings, one)
	}
	for _, s := range c.Facts {
		if s == "two-inside" {
			f.Inside, f.Quoted = 2, policy.Listed
		}
		f.Sealed = f.Sealed || s == "sealed"
		f.Bcc = f.Bcc || s == "bcc"
		f.HeaderFault = f.HeaderFault || s == "header-fault"
		f.InvitationFault = f.InvitationFault || s == "invitation-fault"
		for word, l := range map[string]*policy.Listing{"invitation": &f.Invitation, "quoted": &f.Quoted, "nested": &f.Nested, "authors": &f.Authors, "authors-fixed": &f.AuthorsFixed} {
			switch s {
			case word:
				*l = policy.Listed
			case word + "-visible":
				*l = policy.ListedVisible
			}
		}
	}
	return f
}

// describe writes a decision as the .txt files have it.
func describe(d policy.Decision) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, representative %v, individual %v, strictest %s\n", d.Mode, d.Representative, d.Individual, d.Strictest())
	for _, e := range d.Edits {
		fmt.Fprintf(&b, "edit %s %s%s (%s)\n", e.Kind, strings.Join(e.Addresses, " "), e.Subject, e.Reason)
	}
	for _, v := range d.Verdicts {
		fmt.Fprintf(&b, "%s %s", v.Action, v.Recipient)
		for _, r := range v.Reasons {
			fmt.Fprintf(&b, " [%s: %s, %d findings, key %q]", r.Rule, r.Do, len(r.Findings), r.Key)
		}
		if v.Step != "" && v.Step != policy.StepOpenPGP {
			fmt.Fprintf(&b, " by %s", v.Step)
		}
		if v.Code != "" {
			fmt.Fprintf(&b, ", code by %s", v.Code)
		}
		b.WriteString("\n")
	}
	for _, e := range d.Entries {
		kind := "deviation"
		if e.NearMiss {
			kind = "near miss"
		}
		fmt.Fprintf(&b, "%s %s: %s, %s, %s, %d findings, %d concerned\n", kind, e.Type, e.Rule, e.Severity, e.Action, len(e.Findings), e.Count)
	}
	return b.String()
}

func TestEveryRuleDecidesAsItIsWritten(t *testing.T) {
	files, err := filepath.Glob("testdata/decisions/*.yaml")
	if err != nil || len(files) < 5 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			src, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var f decisionFile
			if err := strict.Decode(file, src, &f); err != nil {
				t.Fatal(err)
			}
			p := load(t, head+"people: {union: [\"*@forening.example\"], employer: [\"*@region.example\"]}\n"+f.Policy)
			var b strings.Builder
			for _, c := range f.Cases {
				fmt.Fprintf(&b, "## %s\n%s\n", c.Name, describe(p.Decide(c.facts())))
			}
			golden(t, strings.TrimSuffix(file, ".yaml")+".txt", b.String())
		})
	}
}
