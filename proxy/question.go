package proxy

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"postvern.example/internal/notice"
	"postvern.example/internal/question"
	"postvern.example/policy"
	"postvern.example/proxy/spool"
)

// asking is what is stored of a question: all that it takes to put it again and
// to carry an answer out.
type asking struct {
	Kind      notice.QuestionKind `json:"kind"`
	Reference string              `json:"reference"`
	Language  string              `json:"language"`
	Login     string              `json:"login,omitempty"` // who handed the mail in
	Sender    string              `json:"sender"`          // whom the question goes to
	Received  time.Time           `json:"received"`
	Keep      time.Time           `json:"keep"`
	All       bool                `json:"all,omitempty"`
	About     []notice.Doubtful   `json:"about"`
	Offers    []notice.Choice     `json:"offers,omitempty"` // of a question about keys
	Copies    []askedCopy         `json:"copies"`
}

// askedCopy is a held copy and the SHA-256 of the octets that the question is
// about.
type askedCopy struct {
	ID     string            `json:"id"`
	Seen   [sha256.Size]byte `json:"seen"`
	Number int               `json:"number,omitempty"` // how the sender's mail counts the recipient; 0: it had one
}

// seen returns the SHA-256 of a body as the store gives it back.
func seen(b spool.Body) (sum [sha256.Size]byte) {
	h := sha256.New()
	_, _ = h.Write(b.Head) // a hash never fails
	_, _ = h.Write(b.Content)
	h.Sum(sum[:0])
	return sum
}

// letter is how a question is put to its sender.
func (a asking) letter(r *Rules) notice.Question {
	return notice.Question{
		Letter: notice.Letter{
			Language: a.Language, Organisation: r.Policy.Organisation, Contact: r.Policy.Contact,
			Reference: a.Reference, Sent: a.Received.Local(),
		},
		Kind: a.Kind, About: a.About, Copies: len(a.Copies), Offers: a.Offers, All: a.All, Keep: a.Keep,
	}
}

// asksSender reports whether the sender is asked about a copy. Other rules may
// hold it too.
func (p *preparation) asksSender(v policy.Verdict) bool {
	return p.cfg.Tokens != nil && p.env.From != "" &&
		slices.ContainsFunc(v.Reasons, func(r policy.Reason) bool { return r.Do == string(policy.DoAsk) })
}

// onlyAsksSender reports whether a copy waits for the sender's answer and for
// nothing else.
func (p *preparation) onlyAsksSender(v policy.Verdict) bool {
	return p.asksSender(v) && !slices.ContainsFunc(v.Reasons, func(r policy.Reason) bool {
		return r.Action == policy.Hold && r.Do != string(policy.DoAsk)
	})
}

// ask adds the question about the copies that wait for the sender's answer: one
// for the whole message.
func (p *preparation) ask() error {
	a := asking{
		Kind: notice.AboutRecipient, Reference: p.parcel.Reference, Language: p.language,
		Login: p.env.Login, Sender: p.env.From, Received: p.env.Received,
	}
	for _, c := range p.parcel.Copies {
		if p.question != "" && waitsFor(c, p.question) {
			a.Copies = append(a.Copies, askedCopy{ID: c.ID, Seen: seen(p.parcel.Bodies[c.Body])})
			a.Keep = c.Hold.Expires
		}
	}
	if len(a.Copies) == 0 {
		return nil
	}
	for _, r := range p.facts.Recipients {
		if len(r.Unusual) == 0 {
			continue
		}
		_, whom := p.rules.Representatives.Resembles(r.Address)
		a.About = append(a.About, notice.Doubtful{Address: r.Address, Why: r.Unusual, Whom: whom})
		a.All = a.All || slices.Contains(r.Unusual, policy.LikeOutsider)
	}
	content, err := json.Marshal(a)
	if err != nil {
		return fmt.Errorf("encode question: %w", err)
	}
	p.parcel.Questions = append(p.parcel.Questions, spool.Question{ID: p.question, Expires: a.Keep, Content: content})
	q := a.letter(p.rules)
	q.Link, q.Until = p.cfg.Tokens.Link(p.question, p.now, a.Keep)
	q.Until = q.Until.Local()
	subject, text := p.cfg.Notices.Question(q)
	c, b, err := ownMail(own{
		hostname: p.cfg.Hostname, from: p.cfg.Tokens.Address(p.question), replyTo: p.cfg.Tokens.Address(p.question),
		to: p.env.From, language: p.language, subject: subject, text: text, now: p.now,
	})
	if err != nil {
		return err
	}
	c.Body = p.addBody(b)
	p.parcel.Copies = append(p.parcel.Copies, c)
	p.cfg.Metrics.Questions.WithLabelValues("asked").Inc()
	return nil
}

// waitsFor reports whether a copy waits for the answer to a question.
func waitsFor(c spool.Copy, question string) bool {
	return c.Hold != nil && c.Hold.Question == question
}

// questionID returns the id of a question, and draws it where it is not asked
// yet.
func questionID(id *string) string {
	if *id == "" {
		*id = question.NewID()
	}
	return *id
}
