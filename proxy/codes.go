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
		return 0
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

// codeParcels are the notice and text messages that follow when a held copy is
// released as something that a code opens.
func (p *preparation) codeParcels(sender string) ([]spool.Parcel, error) {
	if len(p.codes) == 0 {
		return nil, nil
	}
	copies, bodies, err := p.textMessages(sender)
	if err != nil {
		return nil, err
	}
	if sender != "" {
		n := notice.Notice{
			Letter: p.letter(), Codes: p.shown(), Texted: p.countWay(policy.CodeSMS), Standing: p.countWay(policy.CodeStanding),
			Ways: []notice.Way{{Step: p.decision.Verdicts[0].Step, Count: 1}},
		}
		subject, text := p.cfg.Notices.Notice(n)
		mail, body, err := ownMail(own{
			hostname: p.cfg.Hostname, replyTo: p.rules.Policy.Contact, to: sender, language: n.Language, subject: subject, text: text, now: p.now,
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
	return []spool.Parcel{{ID: deviation.NewID(p.now), Reference: p.parcel.Reference, Received: p.now, Bodies: bodies, Copies: copies}}, nil
}
