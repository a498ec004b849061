package proxy

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"postvern.example/internal/deviation"
	"postvern.example/internal/octets"
	"postvern.example/policy"
	"postvern.example/proxy/lookup"
	"postvern.example/proxy/message"
	"postvern.example/proxy/spool"
)

// Answers is what is remembered of look-ups.
type Answers interface {
	// LookedUp returns what a reader's last look-up came to, by canonical
	// address.
	LookedUp(ctx context.Context, reader string) (spool.LookUp, error)
}

// lookable notes whose keys may be had from servers outside, where the policy
// allows to ask them. It reads local state only. Where nobody could be told that
// a mail was refused after all, nobody is asked.
func (g *Gateway) lookable(ctx context.Context, r *Rules, env message.Envelope, f *policy.Facts) error {
	if !r.Policy.LooksUp() || !r.Policy.Asks(policy.StepOpenPGP) || len(f.Findings) == 0 || env.From == "" || g.keys.unknown.Load() {
		return nil
	}
	for i := range f.Recipients {
		rcpt := &f.Recipients[i]
		if !replaceable(rcpt.Key) || !lookup.Askable(rcpt.Address) {
			continue
		}
		result, err := g.askedLately(ctx, rcpt.Address)
		if err != nil {
			return err
		}
		// What was found a moment ago may stand in the store alone yet.
		rcpt.LookUp = result == "" || result == spool.LookUpFound && (rcpt.Key == "" || rcpt.Key == policy.KeyNone)
	}
	return nil
}

// replaceable reports whether another key, or another form of the same, could
// be used in the place of one that cannot.
func replaceable(k policy.KeyState) bool {
	switch k {
	case "", policy.KeyNone, policy.KeyExpired, policy.KeyRevoked, policy.KeyWeak, policy.KeyNoEncryption:
		return true
	case policy.KeyUsable, policy.KeyUnapproved, policy.KeyUntrusted: // another one would wait for an approval too
	}
	return false
}

// askedLately returns what a look-up came to that is not to be made again yet;
// empty where there is none.
func (g *Gateway) askedLately(ctx context.Context, address string) (spool.LookUpResult, error) {
	if g.cfg.Answers == nil {
		return "", nil
	}
	l, err := g.cfg.Answers.LookedUp(ctx, canonical(address))
	if err != nil || !g.cfg.Now().Before(l.Again) {
		return "", err
	}
	return l.Result, nil
}

// waiting is what is stored of a message that waits for keys, besides its
// octets.
type waiting struct {
	Envelope message.Envelope `json:"envelope"`
	Wanted   []string         `json:"wanted"` // recipients whose keys are looked up
}

// wait stores a message until the keys of some of its recipients are looked up:
// the whole of it, since what becomes of one copy can refuse all, and its sender
// is told once. Nothing else follows from it yet.
func (g *Gateway) wait(ctx context.Context, env message.Envelope, msg *message.Message, wanted []int) error {
	w := waiting{Envelope: env}
	for _, i := range wanted {
		w.Wanted = append(w.Wanted, env.To[i].Address)
	}
	body, err := w.pack(msg.Octets())
	if err != nil {
		return err
	}
	err = g.cfg.Spool.Accept(ctx, spool.Parcel{
		ID: env.Transaction, Reference: env.Reference, Login: env.Login, Received: env.Received, Digest: digest(env), Original: msg.Octets(),
		Bodies: []spool.Body{body}, Copies: []spool.Copy{{
			ID: deviation.NewID(g.cfg.Now()), Class: spool.Wait, State: spool.Queued,
			Sender: env.From, Language: g.Rules().language(env.Login, env.From), // for who has to be told without its content
		}},
	})
	switch {
	case errors.Is(err, spool.ErrRepeat):
		g.cfg.Logger.Info("repeated", "reference", env.Reference)
	case err != nil:
		return fmt.Errorf("store message: %w", err)
	default:
		g.cfg.Logger.Info("waiting", "reference", env.Reference, "id", env.Transaction, "look_ups", len(wanted))
	}
	return nil
}

// pack puts a line before the message that says what waits.
func (w waiting) pack(raw octets.Rope) (spool.Body, error) {
	line, err := json.Marshal(w)
	if err != nil {
		return spool.Body{}, fmt.Errorf("write envelope: %w", err)
	}
	return bodyOf(append(line, '\n'), raw), nil
}

// unpack is the inverse of pack: it reads what waited, large or not, as it was
// read when it came.
func (g *Gateway) unpack(d spool.Delivery) (w waiting, msg *message.Message, err error) {
	from := []io.Reader{bytes.NewReader(d.Head), bytes.NewReader(d.Content)}
	if d.Large != nil {
		content, err := d.Large.Open()
		if err != nil {
			return w, nil, fmt.Errorf("read message: %w", err)
		}
		defer content.Close() //nolint:errcheck // it was only read
		from = append(from, content)
	}
	all := bufio.NewReader(io.MultiReader(from...))
	line, err := all.ReadBytes('\n')
	if err != nil {
		return w, nil, fmt.Errorf("read envelope: %w", err)
	}
	if err := json.Unmarshal(line, &w); err != nil {
		return w, nil, fmt.Errorf("read envelope: %w", err)
	}
	reader := message.Reader{Limits: g.cfg.Limits, Aside: g.cfg.Aside}
	reader.Limits.Size = max(reader.Limits.Size, int64(d.Size())) // it was taken
	msg, err = reader.Read(all, int64(d.Size()-len(line)))
	return w, msg, err
}
