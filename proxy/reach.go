package proxy

import (
	"context"
	"fmt"

	"postvern.example/internal/phone"
	"postvern.example/policy"
	"postvern.example/policy/detect"
	"postvern.example/proxy/message"
	"postvern.example/proxy/seal"
)

// reach is what is known of the ways to one reader besides mail.
type reach struct {
	standing seal.Code // agreed with them; empty: none
	number   string    // E.164; empty: none
}

// ways are the ways to the readers of one message, by canonical address.
type ways map[string]reach

// ways looks up how codes can come to readers, where the policy in force may
// need one. It reads local state only.
func (g *Gateway) ways(ctx context.Context, r *Rules, env message.Envelope, f *policy.Facts, msg *message.Message) (ways, error) {
	f.Sender.Notified = env.From != ""
	f.Files = hasFiles(msg.Root)
	for i, rcpt := range f.Recipients {
		f.Recipients[i].TLS = g.cfg.Verified != nil && g.cfg.Verified(rcpt.Address)
	}
	if len(f.Findings) == 0 || !r.Policy.Asks(policy.StepDocument, policy.StepArchive) {
		return nil, nil
	}
	out := ways{}
	written := subjectNumber(f)
	for i, rcpt := range f.Recipients {
		var one reach
		if g.cfg.Codes != nil {
			code, err := g.cfg.Codes.StandingCode(ctx, canonical(rcpt.Address))
			if err != nil {
				return nil, fmt.Errorf("read standing code: %w", err)
			}
			one.standing = seal.Code(code)
		}
		if g.cfg.SMS {
			if one.number = written; written == "" {
				one.number, _ = r.Phones.Phone(rcpt.Address)
			}
		}
		out[canonical(rcpt.Address)] = one
		f.Recipients[i].Standing, f.Recipients[i].Number = one.standing != "", one.number != ""
	}
	return out, nil
}

// subjectNumber returns the number that stands in the subject, where it can
// only be that of the one reader.
func subjectNumber(f *policy.Facts) string {
	numbers := policy.SubjectNumbers(f.Subject)
	if len(numbers) != 1 || len(f.Recipients) != 1 {
		return ""
	}
	number, _ := phone.Parse(numbers[0], f.Sender.Language)
	return number
}

// hasFiles reports whether a mail has attachments.
func hasFiles(p *message.Part) bool {
	if n := len(p.Place); n > 0 && len(p.Children) == 0 && p.Place[n-1].Kind == detect.InAttachment {
		return true
	}
	for _, c := range p.Children {
		if hasFiles(c) {
			return true
		}
	}
	return false
}
