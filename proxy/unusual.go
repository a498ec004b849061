package proxy

import (
	"context"
	"fmt"
	"slices"

	"postvern.example/internal/likeness"
	"postvern.example/policy"
	"postvern.example/proxy/message"
	"postvern.example/proxy/spool"
)

// Memory is what the gateway asks of who was written to before.
type Memory interface {
	// Known returns which canonical addresses were written to before, as the
	// only outsider among many members where beside says so.
	Known(ctx context.Context, beside bool, addresses ...string) (map[string]bool, error)
	// Resembles returns how an address resembles one that was written to.
	Resembles(ctx context.Context, canonical string) (likeness.Kind, error)
}

// unusual completes the facts with what speaks for a wrong recipient: somebody
// outside the union and the roster who was never written to, and resembles
// somebody who is known here. A memory that does not answer is an error.
func (g *Gateway) unusual(ctx context.Context, r *Rules, msg *message.Message, f *policy.Facts) error {
	if r.Policy.Recipients.Unusual == policy.UnusualLeave {
		return nil
	}
	strangers := r.strangers(*f)
	if len(strangers) == 0 {
		return nil
	}
	if !r.Policy.Concerns(*f) { // unless somebody is a slip away from a member
		for _, i := range strangers {
			r.likeMember(&f.Recipients[i])
		}
		if !r.Policy.Concerns(*f) {
			return nil
		}
	}
	known, err := g.known(ctx, false, *f, strangers)
	if err != nil {
		return err
	}
	names := namesOf(msg)
	for _, i := range strangers {
		one := &f.Recipients[i]
		address := canonical(one.Address)
		if one.New = !known[address]; !one.New {
			one.LikeMember = false
			continue
		}
		colleague, _ := r.Representatives.Resembles(address)
		kind := max(r.likeMember(one), colleague)
		if g.cfg.Memory != nil && kind < likeness.Letters {
			met, err := g.cfg.Memory.Resembles(ctx, address)
			if err != nil {
				return fmt.Errorf("look a recipient up: %w", err)
			}
			kind = max(kind, met)
		}
		if kind != likeness.None {
			one.Unusual = append(one.Unusual, policy.Likeness(kind.String()))
		}
		if name := names[address]; name != "" && (r.Members.HasName(name) || r.Representatives.HasName(name)) {
			one.Unusual = append(one.Unusual, policy.LikeName)
		}
	}
	return g.outsider(ctx, r, f)
}

// likeMember notes whether a recipient is a slip away from a member, and returns
// how they resemble one.
func (r *Rules) likeMember(one *policy.Recipient) likeness.Kind {
	kind := r.Members.Resembles(one.Address)
	one.LikeMember = kind == likeness.Typo || kind == likeness.Letters
	return kind
}

// outsider notes the only outsider among many members, unless they were that
// before.
func (g *Gateway) outsider(ctx context.Context, r *Rules, f *policy.Facts) error {
	at, only := r.Policy.OneOutsider(*f)
	if !only || canonical(f.Recipients[at].Address) == "" {
		return nil
	}
	beside, err := g.known(ctx, true, *f, []int{at})
	if err == nil && !beside[canonical(f.Recipients[at].Address)] {
		f.Recipients[at].Unusual = append(f.Recipients[at].Unusual, policy.LikeOutsider)
	}
	return err
}

func (g *Gateway) known(ctx context.Context, beside bool, f policy.Facts, of []int) (map[string]bool, error) {
	if g.cfg.Memory == nil {
		return nil, nil
	}
	addresses := make([]string, len(of))
	for n, i := range of {
		addresses[n] = canonical(f.Recipients[i].Address)
	}
	known, err := g.cfg.Memory.Known(ctx, beside, addresses...)
	if err != nil {
		return nil, fmt.Errorf("look recipients up: %w", err)
	}
	return known, nil
}

// strangers returns the recipients who are neither members nor of the union's
// unit: nobody else is remembered.
func (r *Rules) strangers(f policy.Facts) []int {
	var out []int
	for i, one := range f.Recipients {
		if !one.Member && !one.Sender && !r.unit(one.Address) && canonical(one.Address) != "" {
			out = append(out, i)
		}
	}
	return out
}

// namesOf returns the names in To and Cc by canonical address.
func namesOf(msg *message.Message) map[string]string {
	names := map[string]string{}
	for _, field := range slices.Concat(msg.Root.Get("To"), msg.Root.Get("Cc")) {
		boxes, _ := msg.Mailboxes(field)
		for _, b := range boxes {
			names[canonical(b.Address)] = b.Name
		}
	}
	return names
}

// owner is in whose name recipients are remembered: the representative who
// sends; empty for senders who are none.
func (r *Rules) owner(login, from string) string {
	if rep, ok := r.representative(login, from); ok {
		return rep.Login
	}
	return ""
}

// mostLikenesses bounds of how many recipients of one message the memory notes
// by what others may resemble them: a mail to hundreds is no correspondence, and
// the writing of it must not keep others waiting.
const mostLikenesses = 50

// remember notes the strangers whose copies leave now.
func (p *preparation) remember() {
	if p.rules.Policy.Recipients.Unusual == policy.UnusualLeave || !p.decision.Representative && p.rules.Policy.Scope != policy.ScopeAll {
		return
	}
	at, only := p.rules.Policy.OneOutsider(p.facts)
	for n, i := range p.rules.strangers(p.facts) {
		address := canonical(p.facts.Recipients[i].Address)
		leaves := slices.ContainsFunc(p.parcel.Copies, func(c spool.Copy) bool {
			return c.Class == spool.Mail && c.State == spool.Queued && c.To == p.env.To[i].Address
		})
		if leaves {
			p.parcel.Correspondents = append(p.parcel.Correspondents, spool.Correspondent{
				Owner: p.rules.owner(p.env.Login, p.env.From), Address: address, Beside: only && i == at, New: p.facts.Recipients[i].New && n < mostLikenesses,
			})
		}
	}
}

// released returns whom a release writes to, for the memory.
func (c Custody) released(ctx context.Context, rules *Rules, held spool.HeldCopy, f policy.Facts) ([]spool.Correspondent, error) {
	if rules.Policy.Recipients.Unusual == policy.UnusualLeave || len(rules.strangers(f)) == 0 {
		return nil, nil
	}
	address := canonical(held.To)
	known, err := c.Store.Known(ctx, false, address)
	if err != nil {
		return nil, err
	}
	return []spool.Correspondent{{
		Owner: rules.owner(held.Login, held.From), Address: address,
		Beside: slices.Contains(held.Hold.Rules, policy.RuleUnusual), New: !known[address],
	}}, nil
}
