package proxy

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	udiff "github.com/aymanbagabas/go-udiff"

	"postvern.example/policy"
	"postvern.example/policy/detect"
	"postvern.example/proxy/message"
)

// Explanation is what would become of a message, and why. It is for somebody
// who holds the message: its places and its diff show names and addresses.
type Explanation struct {
	Refused        string               `json:"refused,omitempty"` // the reply to who may not use such an address, or to mail that goes in circles; the rest is as if it were taken
	Mode           policy.Mode          `json:"mode"`
	Representative bool                 `json:"representative_mail"`
	Sealed         bool                 `json:"already_encrypted"`
	Recipients     []ExplainedRecipient `json:"recipients"`
	Findings       []ExplainedFinding   `json:"findings"`
	Edits          []ExplainedEdit      `json:"edits"`
	Entries        []ExplainedEntry     `json:"register"`
	Consents       []string             `json:"consents"` // ids of those that were relied on
	Diff           string               `json:"diff"`
	Uneditable     string               `json:"uneditable,omitempty"` // why the message cannot be edited with certainty: every copy is held
}

// ExplainedRecipient is the verdict for one recipient.
type ExplainedRecipient struct {
	Address     string            `json:"address"`
	Roles       []string          `json:"roles"`
	Key         policy.KeyState   `json:"key"`
	LookUp      bool              `json:"look_up"`     // their key would be looked up first; the verdict is the one without it
	Certificate policy.KeyState   `json:"certificate"` // for S/MIME
	Opens       []string          `json:"opens"`       // what is known that they can open: openpgp, smime, code:standing, code:sms, tls
	Before      []ExplainedBefore `json:"before"`      // how copies to them were protected, the latest first
	Verdict     policy.Action     `json:"verdict"`
	Step        policy.Step       `json:"step,omitempty"` // what protects the copy
	Code        policy.CodeWay    `json:"code,omitempty"` // how its code comes to them
	Choices     []policy.Choice   `json:"choices"`        // what the sender may do about a copy that is held
	Reasons     []ExplainedReason `json:"reasons"`
}

// ExplainedBefore is a step that protected copies to a reader before.
type ExplainedBefore struct {
	Step   string `json:"step"`
	Last   string `json:"last"` // the day
	Copies int64  `json:"copies"`
}

// ExplainedReason is one cause of a verdict.
type ExplainedReason struct {
	Rule     string             `json:"rule"`
	Do       string             `json:"do"`
	Key      policy.KeyState    `json:"key,omitempty"`
	Ladder   []ExplainedRung    `json:"ladder,omitempty"`
	Findings []ExplainedFinding `json:"findings"`
}

// ExplainedRung is one step of a ladder as it was walked.
type ExplainedRung struct {
	Step     policy.Step     `json:"step"`
	Obstacle policy.Obstacle `json:"obstacle,omitempty"` // why they cannot open it; empty: it was taken
}

// ExplainedFinding is one finding with the place as the message names it.
type ExplainedFinding struct {
	Kind       detect.Kind       `json:"kind"`
	Place      string            `json:"place"`
	At         detect.Place      `json:"-"` // the same, for who puts it into words
	Confidence string            `json:"confidence"`
	Evidence   []detect.Evidence `json:"evidence"`
	Count      int               `json:"count"`
}

// ExplainedEdit is one edit of the message.
type ExplainedEdit struct {
	Kind      policy.EditKind `json:"kind"`
	Reason    string          `json:"reason"`
	Addresses []string        `json:"addresses,omitempty"`
	Subject   string          `json:"subject,omitempty"`
}

// ExplainedEntry is one entry that the register would get.
type ExplainedEntry struct {
	Type     policy.EntryType `json:"type"`
	Severity policy.Severity  `json:"severity"`
	NearMiss bool             `json:"near_miss"`
	Rule     string           `json:"rule,omitempty"`
}

// turnsAway returns the reply of the gateway to a message that it does not
// look into.
func (g *Gateway) turnsAway(rules *Rules, env message.Envelope, msg *message.Message) error {
	if err := g.loops(rules, env, msg); err != nil {
		return err
	}
	if rules.Representatives.Len() == 0 {
		return nil // nobody was named who may send
	}
	if env.From != "" {
		if err := g.checkSender(rules, env.Login, env.From, env.Received); err != nil {
			return err
		}
	}
	return g.authorise(rules, env, msg)
}

// Explain decides about a message as Submit would, stores nothing and sends
// nothing. Its error means that the message cannot be read at all, and that
// Submit would refuse it.
func (g *Gateway) Explain(ctx context.Context, env message.Envelope, raw []byte) (Explanation, error) {
	rules := g.Rules()
	msg, err := message.Parse(raw, g.cfg.Limits)
	if err != nil {
		return Explanation{}, err
	}
	refused := ""
	if err := g.turnsAway(rules, env, msg); err != nil {
		refused = err.Error()
	}
	text := g.cfg.Extract.Text(ctx, msg)
	facts := rules.facts(env, msg, text, g.cfg.Now())
	if err := g.unusual(ctx, rules, msg, &facts); err != nil {
		return Explanation{}, err
	}
	if _, err := g.ways(ctx, rules, env, &facts, msg); err != nil {
		return Explanation{}, err
	}
	if err := g.lookable(ctx, rules, env, &facts); err != nil {
		return Explanation{}, err
	}
	files := g.clearing(ctx, rules, env, msg, text, facts)
	files.try(&facts)
	d, wanted := rules.Policy.Decide(facts), rules.Policy.Wanted(facts)
	x := Explanation{
		Refused: refused, Mode: d.Mode, Representative: d.Representative, Sealed: facts.Sealed,
		Recipients: []ExplainedRecipient{}, Findings: explainFindings(facts.Counted()),
		Edits: []ExplainedEdit{}, Entries: []ExplainedEntry{}, Consents: append([]string{}, d.Consents...),
	}
	for i, v := range d.Verdicts {
		r := explainRecipient(rules, facts.Recipients[i], v)
		r.LookUp = slices.Contains(wanted, i)
		x.Recipients = append(x.Recipients, r)
	}
	for _, e := range d.Edits {
		x.Edits = append(x.Edits, ExplainedEdit{Kind: e.Kind, Reason: e.Reason, Addresses: e.Addresses, Subject: e.Subject})
	}
	for _, e := range d.Entries {
		x.Entries = append(x.Entries, ExplainedEntry{Type: e.Type, Severity: e.Severity, NearMiss: e.NearMiss, Rule: e.Rule})
	}
	x.Diff, x.Uneditable = g.diff(rules, env, msg, facts, files, d)
	return x, nil
}

// diff shows what the edits change, line by line, and why they cannot be made
// where they cannot.
func (g *Gateway) diff(rules *Rules, env message.Envelope, msg *message.Message, f policy.Facts, files *clearing, d policy.Decision) (diff, uneditable string) {
	p := newPreparation(g, rules, env, msg, f, d)
	p.files, p.untraced = files, true
	if len(env.To) == 0 || d.Strictest() == policy.Reject {
		return "", ""
	}
	sent, err := p.form(env.To[0].Address)
	if err == nil {
		err = p.detach(sent)
	}
	if err != nil {
		return "", err.Error()
	}
	before, after := p.inBrief(msg.Octets().Held, sent.raw().Held) // nothing of them is aside
	before, after = bytes.ReplaceAll(before, []byte("\r\n"), []byte("\n")), bytes.ReplaceAll(after, []byte("\r\n"), []byte("\n"))
	return udiff.Unified("as written", "as sent", string(before), string(after)), ""
}

func explainRecipient(rules *Rules, r policy.Recipient, v policy.Verdict) ExplainedRecipient {
	x := ExplainedRecipient{Address: r.Address, Roles: []string{}, Key: r.Key, Certificate: r.Certificate, Opens: []string{}, Before: []ExplainedBefore{}, Verdict: v.Action, Step: v.Step, Code: v.Code, Choices: append([]policy.Choice{}, v.Choices...), Reasons: []ExplainedReason{}}
	for _, way := range []struct {
		name string
		open bool
	}{
		{"openpgp", r.Key == policy.KeyUsable},
		{"smime", r.Certificate == policy.KeyUsable},
		{"code:standing", r.Standing},
		{"code:sms", r.Number},
		{"tls", r.TLS},
	} {
		if way.open {
			x.Opens = append(x.Opens, way.name)
		}
	}
	for _, role := range []struct {
		name string
		has  bool
	}{
		{"member", r.Member && !rules.Policy.IsGroup(r.Address)},
		{"group of members", rules.Policy.IsGroup(r.Address)},
		{"representative", r.Representative},
		{"union", rules.Policy.IsUnion(r.Address) && !rules.Policy.IsGroup(r.Address)},
		{"employer", rules.Policy.IsEmployer(r.Address)},
		{"sender", r.Sender},
	} {
		if role.has {
			x.Roles = append(x.Roles, role.name)
		}
	}
	for _, why := range v.Reasons {
		x.Reasons = append(x.Reasons, ExplainedReason{Rule: why.Rule, Do: why.Do, Key: why.Key, Ladder: explainLadder(why.Ladder), Findings: explainFindings(why.Findings)})
	}
	return x
}

func explainLadder(walked []policy.Rung) (out []ExplainedRung) {
	for _, r := range walked {
		out = append(out, ExplainedRung{Step: r.Step, Obstacle: r.Obstacle})
	}
	return out
}

func explainFindings(findings []detect.Finding) []ExplainedFinding {
	out := []ExplainedFinding{}
	for _, f := range findings {
		out = append(out, ExplainedFinding{
			Kind: f.Kind, Place: f.Place.Full(), At: f.Place, Confidence: f.Confidence.String(),
			Evidence: append([]detect.Evidence{}, f.Evidence...), Count: f.Count,
		})
	}
	return out
}

// EnvelopeOf returns the envelope that a mail program would have made of a
// message: from its From, to all in To, Cc and Bcc.
func EnvelopeOf(raw []byte, limits message.Limits) (message.Envelope, error) {
	msg, err := message.Parse(raw, limits)
	if err != nil {
		return message.Envelope{}, err
	}
	var env message.Envelope
	seen := map[string]bool{}
	for _, name := range []string{"From", "To", "Cc", "Bcc"} {
		for _, f := range msg.Root.Get(name) {
			boxes, err := msg.Mailboxes(f)
			if err != nil {
				return env, fmt.Errorf("%s: %w", name, err)
			}
			for _, b := range boxes {
				switch {
				case name == "From" && env.From == "":
					env.From = b.Address
				case name != "From" && !seen[canonical(b.Address)]:
					seen[canonical(b.Address)] = true
					env.To = append(env.To, message.Recipient{Address: b.Address})
				}
			}
		}
	}
	return env, nil
}
