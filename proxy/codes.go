package proxy

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"postvern.example/internal/deviation"
	"postvern.example/internal/notice"
	"postvern.example/policy"
	"postvern.example/proxy/spool"
)

// letterOfCode is the content of a copy of class code: what its courier needs.
// It stands in the spool alone, encrypted as every content is.
type letterOfCode struct {
	Code     string `json:"code"`
	Language string `json:"language"` // of the reader
	Number   int    `json:"number"`   // of the recipient in the sender's mail; 0: there is one
}

// sendCodes adds the text messages with codes to the parcel.
func (p *preparation) sendCodes() error {
	copies, bodies, err := p.textMessages(p.env.From)
	if err != nil {
		return err
	}
	for i, c := range copies {
		c.Body = p.addBody(bodies[i])
		p.parcel.Copies = append(p.parcel.Copies, c)
	}
	return nil
}

func (p *preparation) textMessages(sender string) (copies []spool.Copy, bodies []spool.Body, err error) {
	for _, i := range slices.Sorted(maps.Keys(p.codes)) {
		c := p.codes[i]
		if c.way != policy.CodeSMS {
			continue
		}
		content, err := json.Marshal(letterOfCode{Code: string(c.code), Language: p.rules.language("", p.env.To[i].Address), Number: p.number(i)})
		if err != nil {
			return nil, nil, fmt.Errorf("write code: %w", err)
		}
		copies = append(copies, spool.Copy{
			ID: deviation.NewID(p.now), Body: len(bodies), Class: spool.Code, State: spool.Queued,
			To: c.number, Language: p.language, Sender: sender,
		})
		bodies = append(bodies, spool.Body{Content: content})
	}
	return copies, bodies, nil
}

// number is how the sender's mail counts a recipient; 0 where there is one.
func (p *preparation) number(i int) int {
	if len(p.env.To) < 2 {
		return p.counted
	}
	return i + 1
}

// shown returns the codes that the sender is shown.
func (p *preparation) shown() []notice.Code {
	var out []notice.Code
	for _, i := range slices.Sorted(maps.Keys(p.codes)) {
		if c := p.codes[i]; c.way == policy.CodeNotice {
			out = append(out, notice.Code{Number: p.number(i), Code: string(c.code)})
		}
	}
	return out
}

func (p *preparation) countWay(way policy.CodeWay) (n int) {
	for _, c := range p.codes {
		if c.way == way {
			n++
		}
	}
	return n
}

// codeParcels are the notice and the text messages that follow when held copies
// of one mail are released as something that a code opens; none where no code does.
func codeParcels(released []*preparation, sender string) ([]spool.Parcel, error) {
	var copies []spool.Copy
	var bodies []spool.Body
	var n notice.Notice
	steps := map[policy.Step]int{}
	for _, p := range released {
		if len(p.codes) == 0 {
			continue
		}
		texts, contents, err := p.textMessages(sender)
		if err != nil {
			return nil, err
		}
		for _, c := range texts {
			c.Body += len(bodies)
			copies = append(copies, c)
		}
		bodies = append(bodies, contents...)
		n.Letter = p.letter()
		n.Codes = append(n.Codes, p.shown()...)
		n.Texted += p.countWay(policy.CodeSMS)
		n.Standing += p.countWay(policy.CodeStanding)
		steps[p.decision.Verdicts[0].Step]++
	}
	if len(steps) == 0 {
		return nil, nil
	}
	first := released[0]
	if sender != "" {
		for _, step := range policy.Steps() {
			if steps[step] > 0 {
				n.Ways = append(n.Ways, notice.Way{Step: step, Count: steps[step]})
			}
		}
		subject, text := first.cfg.Notices.Notice(n)
		mail, body, err := ownMail(own{
			hostname: first.cfg.Hostname, replyTo: first.rules.Policy.Contact, to: sender, language: n.Language, subject: subject, text: text, now: first.now,
		})
		if err != nil {
			return nil, fmt.Errorf("write notice: %w", err)
		}
		mail.Body = len(bodies)
		copies, bodies = append(copies, mail), append(bodies, body)
	}
	if len(copies) == 0 {
		return nil, nil
	}
	return []spool.Parcel{{ID: deviation.NewID(first.now), Reference: first.parcel.Reference, Received: first.now, Bodies: bodies, Copies: copies}}, nil
}
