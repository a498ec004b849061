package proxy

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"postvern.example/policy"
	"postvern.example/policy/detect"
	"postvern.example/proxy/message"
	"postvern.example/proxy/spool"
)

// handovers is what the sender of a message lately sent its readers, by their
// canonical addresses.
type handovers map[string]*spool.Handover

// decideAtMost is how often a message is decided because something was sent to
// one of its readers while it was.
const decideAtMost = 5

// hands reports what of a file and its password stands in a message. Where
// neither does, nothing that was sent before matters.
func hands(f policy.Facts) (file, password bool) {
	for _, found := range f.Findings {
		file = file || found.Kind == detect.Protected
		password = password || found.Kind == detect.FilePassword
	}
	return file, password
}

// memory is where handovers are asked for.
type memory interface {
	Handovers(ctx context.Context, sender string, readers []string) ([]spool.Handover, error)
}

// recall completes the facts with what the sender lately sent the readers.
func (r *Rules) recall(ctx context.Context, m memory, env message.Envelope, f *policy.Facts) (handovers, error) {
	if file, password := hands(*f); !file && !password {
		return nil, nil
	}
	var readers []string
	for _, rcpt := range f.Recipients {
		if c := canonical(rcpt.Address); c != "" && !slices.Contains(readers, c) {
			readers = append(readers, c)
		}
	}
	all, err := m.Handovers(ctx, r.sender(env), readers)
	if err != nil {
		return nil, err
	}
	known := handovers{}
	for _, h := range all {
		known[h.Reader] = &h
	}
	for i := range f.Recipients {
		if h := known[canonical(f.Recipients[i].Address)]; h != nil {
			f.Recipients[i].FileAt, f.Recipients[i].PasswordAt = h.File, h.Password
		}
	}
	return known, nil
}

// sender names who sends, whichever of their addresses they use.
func (r *Rules) sender(env message.Envelope) string {
	if rep, ok := r.representative(env.Login, env.From); ok && rep.Login != "" {
		return "login " + rep.Login
	}
	return canonical(env.From)
}

// handings returns what of a file and its password leaves in clear, and to
// whom.
func (p *preparation) handings(known handovers) []spool.Handing {
	var out []spool.Handing
	file, password := hands(p.facts)
	for i, v := range p.decision.Verdicts {
		reader := canonical(p.env.To[i].Address)
		h := known[reader]
		if h == nil {
			continue
		}
		delete(known, reader) // each reader once
		one := spool.Handing{Handover: spool.Handover{Sender: h.Sender, Reader: reader}, Known: h}
		if p.leaves(v) {
			one.File, one.Password = at(file, p.now), at(password, p.now)
		}
		out = append(out, one)
	}
	return append(out, p.locked()...)
}

// locked returns the files that were made for readers who are yet to get their
// codes: a code that its sender mails after them is the password of a file that
// went the same way.
func (p *preparation) locked() (out []spool.Handing) {
	for _, i := range slices.Sorted(maps.Keys(p.codes)) {
		if p.codes[i].way == policy.CodeStanding {
			continue
		}
		out = append(out, spool.Handing{Handover: spool.Handover{
			Sender: p.rules.sender(p.env), Reader: canonical(p.env.To[i].Address), File: p.now,
		}})
	}
	return out
}

// leaves reports whether a copy goes out in clear.
func (p *preparation) leaves(v policy.Verdict) bool {
	queued := slices.ContainsFunc(p.parcel.Copies, func(c spool.Copy) bool {
		return c.Class == spool.Mail && c.State == spool.Queued && c.To == v.Recipient
	})
	return queued && (v.Action == policy.Pass || p.decision.Mode == policy.Observe)
}

func at(yes bool, now time.Time) time.Time {
	if yes {
		return now
	}
	return time.Time{}
}

// settle decides about a message, makes its copies and stores them. Where the
// sender sent one of the readers something in the meantime, it begins again.
func (g *Gateway) settle(ctx context.Context, r *Rules, env message.Envelope, msg *message.Message, f policy.Facts, w ways, files *clearing, lap func(string)) (parcel, policy.Decision, error) {
	for try := 1; ; try++ {
		known, err := r.recall(ctx, g.cfg.Spool, env, &f)
		if err != nil {
			return parcel{}, policy.Decision{}, err
		}
		decision := r.Policy.Decide(f)
		lap("decide")
		p, err := g.prepare(r, env, msg, f, w, files, decision, known)
		if err != nil {
			return parcel{}, decision, fmt.Errorf("prepare copies: %w", err)
		}
		if p.Refusal() == nil { // a refusal is no repeat of anything: it is said again
			p.Digest, p.Original = digest(env), msg.Octets()
		}
		lap("prepare")
		err = g.cfg.Spool.Accept(ctx, p.Parcel)
		if errors.Is(err, spool.ErrMeanwhile) && try < decideAtMost {
			continue
		}
		lap("accept")
		return p, decision, err
	}
}
