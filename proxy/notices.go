package proxy

import (
	"slices"
	"time"

	"postvern.example/internal/deviation"
	"postvern.example/internal/notice"
	"postvern.example/internal/octets"
	"postvern.example/policy"
	"postvern.example/policy/detect"
	"postvern.example/proxy/message"
	"postvern.example/proxy/spool"
)

// notices adds the mails that tell people what happened: at most one to the
// sender, and one to the organisation's contact where something waits for
// them. A tag alone is no news.
func (p *preparation) notices() error {
	if p.decision.Mode == policy.Observe || p.decision.Strictest() == policy.Reject {
		return nil
	}
	if p.parcel.asked > 0 && p.parcel.asked == len(p.env.To) {
		return nil // nothing was sent: the question says all that there is to say yet
	}
	n := p.notice()
	if p.env.From != "" && (n.Papers || n.Hidden+n.Beside+n.Unusual+p.parcel.sealed+n.Held > 0) {
		from := ""
		if p.keyless != "" {
			var err error
			if from, err = p.askKeyless(&n); err != nil {
				return err
			}
		}
		subject, text := p.cfg.Notices.Notice(n)
		if err := p.addNotice(from, p.env.From, n.Language, subject, text); err != nil {
			return err
		}
	}
	if n.Held == 0 {
		return nil
	}
	w := notice.Waiting{
		Letter: n.Letter, Config: p.cfg.File, Held: n.Held, Releasable: true, Rules: n.Rules, Findings: n.Findings, Keep: n.Keep,
	}
	w.Language = p.rules.Policy.Language
	for _, c := range p.parcel.Copies {
		if c.Hold != nil && (p.question == "" || !waitsFor(c, p.question)) {
			w.Releasable = w.Releasable && c.Hold.Releasable
		}
	}
	subject, text := p.cfg.Notices.Waiting(w)
	return p.addNotice("", p.rules.Policy.Contact, w.Language, subject, text)
}

// notice gathers what the sender is told: numbers, kinds and places.
func (p *preparation) notice() notice.Notice {
	n := notice.Notice{
		Letter: p.letter(),
		Hidden: p.parcel.hidden,
		Tagged: p.asks(policy.EditTag),
		Papers: p.asks(policy.EditPapers),
		Codes:  p.shown(), Texted: p.countWay(policy.CodeSMS), Standing: p.countWay(policy.CodeStanding),
		Codable: p.cfg.SMS && p.rules.Policy.Asks(policy.StepDocument, policy.StepArchive),
		Held:    p.parcel.held - p.parcel.asked,
	}
	for _, step := range policy.Steps() {
		if count := p.parcel.steps[step]; count > 0 && step != policy.StepHold {
			n.Ways = append(n.Ways, notice.Way{Step: step, Count: count})
		}
	}
	if n.Held > 0 {
		n.Keep = p.now.Add(time.Duration(p.rules.Policy.Held.Keep))
	}
	for _, e := range p.decision.Entries {
		if e.Type == policy.EntryBeside && !e.NearMiss {
			n.Beside += e.Count
		}
	}
	for _, v := range p.decision.Verdicts {
		noted := slices.ContainsFunc(v.Reasons, func(r policy.Reason) bool { return r.Rule == policy.RuleUnusual && r.Do == string(policy.DoNote) })
		if noted && (v.Action == policy.Pass || v.Action == policy.Seal) {
			n.Unusual++
		}
	}
	seen := map[string]bool{}
	for _, v := range p.decision.Verdicts {
		for _, r := range v.Reasons {
			if v.Action == policy.Hold && r.Key != "" && r.Key != policy.KeyUsable {
				n.Keyless++
			}
			if v.Action == policy.Pass || seen[r.Rule] {
				continue
			}
			seen[r.Rule] = true
			n.Rules = append(n.Rules, r.Rule)
			n.Findings = append(n.Findings, r.Findings...)
		}
	}
	n.Findings = distinct(n.Findings)
	n.Keyless = min(n.Keyless, n.Held)
	return n
}

func (p *preparation) letter() notice.Letter {
	return notice.Letter{
		Language:     p.language,
		Organisation: p.rules.Policy.Organisation,
		Contact:      p.rules.Policy.Contact,
		Reference:    p.parcel.Reference,
		Sent:         p.env.Received.Local(),
	}
}

// distinct keeps one finding of each kind at each place.
func distinct(findings []detect.Finding) []detect.Finding {
	var out []detect.Finding
	seen := map[string]bool{}
	for _, f := range findings {
		key := string(f.Kind) + " " + f.Place.String()
		if !seen[key] {
			seen[key] = true
			out = append(out, f)
		}
	}
	return out
}

// addNotice adds a mail of ours. from is where it is answered; empty: at the
// contact.
func (p *preparation) addNotice(from, to, language, subject, text string) error {
	replyTo := from
	if replyTo == "" {
		replyTo = p.rules.Policy.Contact
	}
	c, b, err := ownMail(own{
		hostname: p.cfg.Hostname, from: from, replyTo: replyTo, to: to, language: language, subject: subject, text: text, now: p.now,
	})
	if err != nil {
		return err
	}
	c.Body = p.addBody(b)
	p.parcel.Copies = append(p.parcel.Copies, c)
	return nil
}

// own is a mail of the gateway's own.
type own struct {
	hostname, from, replyTo string // from is an address; empty: postvern at hostname
	to, language            string
	subject, text           string
	now                     time.Time
}

// ownMail makes a mail of the gateway's own. It has the null reverse-path, so
// that no program answers it (RFC 3834 §3.3).
func ownMail(o own) (spool.Copy, spool.Body, error) {
	if o.from == "" {
		o.from = "postvern@" + o.hostname
	}
	raw, err := message.Draft{
		From:      "Postvern <" + o.from + ">",
		To:        o.to,
		Subject:   o.subject,
		Date:      o.now,
		MessageID: message.NewMessageID(o.hostname),
		Text:      o.text,
		Language:  o.language,
		Fields:    [][2]string{{"Reply-To", o.replyTo}, {"Auto-Submitted", "auto-generated"}},
	}.Build()
	if err != nil {
		return spool.Copy{}, spool.Body{}, err
	}
	return spool.Copy{
		ID: deviation.NewID(o.now), Class: spool.Notice, State: spool.Queued,
		To: o.to, UTF8: !octets.ASCII(o.to), EightBit: !octets.ASCII(raw), Language: o.language,
	}, spool.Body{Content: raw}, nil
}
