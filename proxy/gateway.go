// Package proxy is the gateway: what a message goes through from DATA to the
// spool.
//
// Failure rules, step by step:
//   - A stream that cannot be read as lines of text, or that is too large, is
//     refused (5xx) before anything is decided.
//   - A sender that may not use the From address is refused (550).
//   - What is odd about a message's structure, and what no text could be had
//     of, is a finding, and policy decides; without a rule for it, it is held.
//   - A message whose header cannot be edited with certainty is held, and can
//     only be dropped.
//   - An error of the keyring, the spool or the disk is a 451: the client
//     keeps the message. No error leads to a delivery.
package proxy

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"postvern.example/internal/deviation"
	"postvern.example/internal/metrics"
	"postvern.example/internal/notice"
	"postvern.example/internal/question"
	"postvern.example/policy"
	"postvern.example/proxy/extract"
	"postvern.example/proxy/message"
	"postvern.example/proxy/spool"
	"postvern.example/proxy/submission"
)

// Config is what a Gateway is made of.
type Config struct {
	Hostname string
	File     string // postvern.yaml, for commands that notices name; empty: not said
	Limits   message.Limits
	Rules    *Rules
	Extract  *extract.Extractor
	Notices  *notice.Catalog
	Spool    Store
	Memory   Memory           // who was written to before; nil: nobody
	Held     *spool.Store     // where answers to questions take effect; nil with Tokens
	Tokens   *question.Tokens // nil: no sender is asked, and what they would be asked about waits for the DPO
	Metrics  *metrics.Metrics // nil is counted for nobody
	Logger   *slog.Logger
	Now      func() time.Time
	Answers  Answers                       // what servers outside said of readers' keys; nil: nothing is remembered
	Codes    CodeStore                     // nil: no code was agreed with anybody
	SMS      bool                          // codes can be sent as text messages
	Aside    func() (message.Aside, error) // where octets of a large message are put while it is taken; nil: in memory
	Verified func(address string) bool     // mail to the address goes over verified TLS only, all the way; nil: none does
}

// CodeStore holds the codes that were agreed with readers.
type CodeStore interface {
	// StandingCode returns the code of a reader, by canonical address; empty
	// where there is none.
	StandingCode(ctx context.Context, address string) (string, error)
}

// Store is what the gateway asks of the spool.
type Store interface {
	// Accept returns nil only when the whole parcel is durable.
	Accept(ctx context.Context, p spool.Parcel) error
	// Answered notes that the client has heard that a parcel was accepted.
	Answered(ctx context.Context, parcelID string) error
	// Handovers returns what a sender lately sent each of some readers.
	Handovers(ctx context.Context, sender string, readers []string) ([]spool.Handover, error)
}

// Gateway takes messages from submission to the spool. It is safe for use by
// several goroutines.
type Gateway struct {
	cfg    Config
	rules  atomic.Pointer[Rules]
	ledger atomic.Pointer[spool.Ledger] // of consents
	keys   keys
	reader message.Reader
	words  map[notice.QuestionKind]func() question.Words // made when the first answer comes
	heavy  chan struct{}                                 // large mail that is being protected
}

// New returns a gateway that follows cfg.Rules until Follow gives it others.
func New(cfg Config) *Gateway {
	if cfg.Metrics == nil {
		cfg.Metrics = metrics.New(prometheus.NewRegistry())
	}
	g := &Gateway{cfg: cfg, reader: message.Reader{Limits: cfg.Limits, Aside: cfg.Aside}, heavy: newHeavy()}
	if cfg.Tokens != nil {
		g.words = map[notice.QuestionKind]func() question.Words{}
		for _, kind := range []notice.QuestionKind{notice.AboutRecipient, notice.AboutKey} {
			g.words[kind] = sync.OnceValue(func() question.Words { return question.LoadWords(cfg.Notices, kind) })
		}
	}
	g.rules.Store(cfg.Rules)
	return g
}

// Follow makes r the rules for every message from now on. A message in
// progress ends by the rules that it began with.
func (g *Gateway) Follow(r *Rules) {
	g.rules.Store(r)
	g.keys.ring(r) // now, and not when the next message comes
}

// Rules returns the rules in force, with the consents and keys as they are now.
func (g *Gateway) Rules() *Rules {
	in := g.rules.Load()
	r := *in
	r.ledger = g.ledger.Load()
	r.folder = in.Keys
	all := g.keys.ring(in)
	r.Keys, r.Certificates, r.book = all.ring, all.certs, all.book
	r.own = g.keys.organisation()
	return &r
}

// Submit takes one message from DATA to the spool. It returns nil only when
// every copy, notice and register entry is durable; a *submission.Reply where
// the message is refused; any other error where it could not be decided or
// stored, which the client hears as 451.
func (g *Gateway) Submit(ctx context.Context, env message.Envelope, r io.Reader) error {
	err := g.submit(ctx, env, r)
	var reply *submission.Reply
	if err == nil || errors.As(err, &reply) || submission.Undelivered(err) {
		return err
	}
	g.cfg.Metrics.Messages.WithLabelValues("error").Inc()
	g.cfg.Logger.Error("put off", "id", env.Transaction, "cause", err)
	if errors.Is(err, spool.ErrFull) {
		return g.full(env)
	}
	return err
}

func (g *Gateway) submit(ctx context.Context, env message.Envelope, r io.Reader) error {
	rules, lap := g.Rules(), g.stopwatch()
	env.Reference = deviation.NewReference()

	msg, err := g.reader.Read(r, env.Size)
	lap("read")
	if err != nil {
		return g.unreadable(rules, env, err)
	}
	defer func() { _ = msg.Close() }() // all that is to be kept of it is in the spool
	if err := errors.Join(g.loops(rules, env, msg), g.authorise(rules, env, msg)); err != nil {
		return err
	}
	if g.isAnswer(env) {
		return g.answer(ctx, rules, env, msg)
	}
	if err := takeBack(r, g.cfg.Extract.Holds(msg)); err != nil {
		return err
	}
	text := g.cfg.Extract.Text(ctx, msg)
	lap("extract")
	facts := rules.facts(env, msg, text, g.cfg.Now())
	if err := g.unusual(ctx, rules, msg, &facts); err != nil {
		return err
	}
	ways, err := g.ways(ctx, rules, env, &facts, msg)
	if err != nil {
		return err
	}
	if err := g.lookable(ctx, rules, env, &facts); err != nil {
		return err
	}
	files := g.clearing(ctx, rules, env, msg, text, facts)
	if err := takeBack(r, files.aside()); err != nil {
		return err
	}
	files.try(&facts)
	lap("detect")
	if err := msg.Err(); err != nil {
		return err
	}
	if wanted := rules.Policy.Wanted(facts); len(wanted) > 0 {
		return g.wait(ctx, env, msg, wanted)
	}
	parcel, decision, err := g.settle(ctx, rules, env, msg, facts, ways, files, lap)
	switch {
	case errors.Is(err, spool.ErrRepeat):
		g.cfg.Logger.Info("repeated", "reference", parcel.Reference)
		return nil
	case err != nil:
		return fmt.Errorf("store message: %w", err)
	}
	g.record(parcel, facts, decision)
	return parcel.Refusal()
}

// takeBack asks for memory for octets of a message that were put aside.
func takeBack(r io.Reader, n int64) error {
	if room, ok := r.(interface{ TakeBack(n int64) error }); ok {
		return room.TakeBack(n)
	}
	return nil
}

// Answered notes that the client has heard the 250 for a message: from then on
// the same message again is a second sending, and delivered.
func (g *Gateway) Answered(ctx context.Context, env message.Envelope) {
	if err := g.cfg.Spool.Answered(ctx, env.Transaction); err != nil {
		g.cfg.Logger.Warn("unmarked", "id", env.Transaction, "cause", err)
	}
}

// stopwatch returns a function that books the time since its last call under
// the name of a step.
func (g *Gateway) stopwatch() func(step string) {
	last := time.Now()
	return func(step string) {
		now := time.Now()
		g.cfg.Metrics.Steps.WithLabelValues(step).Observe(now.Sub(last).Seconds())
		last = now
	}
}

// record counts and logs what became of a message that is stored.
func (g *Gateway) record(p parcel, f policy.Facts, d policy.Decision) {
	m := g.cfg.Metrics
	verdict := string(d.Strictest())
	if p.held > 0 { // also where the decision was to edit, and it could not be
		verdict = string(policy.Hold)
	}
	m.Messages.WithLabelValues(verdict).Inc()
	m.Hidden.Add(float64(p.hidden))
	m.Sealed.Add(float64(p.sealed))
	for step, n := range p.steps {
		m.Protected.WithLabelValues(string(step)).Add(float64(n))
	}
	for _, finding := range f.Counted() {
		m.Findings.WithLabelValues(string(finding.Kind)).Add(float64(max(1, finding.Count)))
	}
	for _, r := range f.Recipients {
		for _, why := range r.Unusual {
			m.Unusual.WithLabelValues(string(why)).Inc()
		}
	}
	type fired struct{ rule, action string }
	seen := map[fired]bool{}
	for _, v := range d.Verdicts {
		for _, why := range v.Reasons {
			if r := (fired{why.Rule, why.Do}); !seen[r] {
				seen[r] = true
				m.Rules.WithLabelValues(r.rule, r.action).Inc()
			}
		}
	}
	g.cfg.Logger.Info("accepted", "reference", p.Reference, "id", p.ID, "verdict", verdict,
		"mode", string(d.Mode), "representative_mail", d.Representative, "recipients", len(f.Recipients),
		"hidden", p.hidden, "sealed", p.sealed, "held", p.held, "entries", len(p.Deviations))
}

// digest recognises the same envelope. Lengths keep neighbouring fields apart.
func digest(env message.Envelope) []byte {
	h := sha256.New()
	put := func(s string) {
		var n [8]byte
		binary.BigEndian.PutUint64(n[:], uint64(len(s)))
		h.Write(n[:])
		h.Write([]byte(s))
	}
	put(env.Login)
	put(env.From)
	put(fmt.Sprintf("%s %s %t", env.Return, env.ID, env.UTF8))
	for _, r := range env.To {
		put(r.Address)
		put(fmt.Sprintf("%v %s", r.Notify, r.Original))
	}
	return h.Sum(nil)
}
