package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"postvern.example/policy"
	"postvern.example/policy/detect"
	"postvern.example/proxy"
	"postvern.example/proxy/spool"
)

type heldCommand struct {
	List    heldListCommand    `cmd:"" help:"List held mail."`
	Show    heldShowCommand    `cmd:"" help:"Show one held mail: why it is held, and its content where asked."`
	Release heldReleaseCommand `cmd:"" help:"Let a held mail go. The rules run again; where they still hold it, the register records an override."`
	Drop    heldDropCommand    `cmd:"" help:"Forget a held mail and tell its sender."`
}

type heldListCommand struct {
	office `embed:""`
	JSON   bool `name:"json" help:"Print a JSON array."`
}

// heldItem is held mail as --json prints it.
type heldItem struct {
	ID         string    `json:"id"`
	Reference  string    `json:"reference"`
	Received   time.Time `json:"received"`
	Expires    time.Time `json:"expires"`
	From       string    `json:"from"`
	To         string    `json:"to"`
	Subject    string    `json:"subject"`
	Rules      []string  `json:"rules"`
	Kinds      []string  `json:"kinds"`
	Places     []string  `json:"places"`
	Releasable bool      `json:"releasable"`
	Asked      bool      `json:"asked"` // it waits for its sender's answer to a question
}

func newHeldItem(h spool.HeldCopy) heldItem {
	return heldItem{
		ID: h.ID, Reference: h.Reference, Received: h.Received, Expires: h.Hold.Expires, From: h.From, To: h.To,
		Subject: h.Hold.Subject, Rules: list(h.Hold.Rules), Kinds: list(h.Hold.Kinds), Places: list(h.Hold.Places),
		Releasable: h.Hold.Releasable, Asked: h.Hold.Question != "",
	}
}

// Run prints all held mail, oldest first.
func (c heldListCommand) Run(ctx context.Context, s streams) error {
	return c.withStore(ctx, s, func(store *spool.Store) error {
		held, err := store.Held(ctx)
		if err != nil {
			return err
		}
		items := []heldItem{}
		for _, h := range held {
			items = append(items, newHeldItem(h))
		}
		if c.JSON {
			return printJSON(s.out, items)
		}
		say, err := c.words()
		if err != nil {
			return err
		}
		if len(items) == 0 {
			_, err := fmt.Fprintln(s.out, say.say("held-none"))
			return err
		}
		w := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, say.heads("id", "reference", "received", "expires", "from", "to", "why"))
		for _, h := range items {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", h.ID, h.Reference, when(h.Received), when(h.Expires),
				h.From, h.To, say.rules(h.Rules))
		}
		return w.Flush()
	})
}

type heldShowCommand struct {
	office  `embed:""`
	ID      string `arg:"" help:"ID or reference of the held mail."`
	Content bool   `help:"Print the mail itself, as it would be sent."`
	JSON    bool   `name:"json" help:"Print JSON."`
}

// Run prints one held mail; a reference that several copies share prints each.
func (c heldShowCommand) Run(ctx context.Context, s streams) error {
	return c.withStore(ctx, s, func(store *spool.Store) error {
		say, err := c.words()
		if err != nil {
			return err
		}
		found, err := heldNamed(ctx, store, say, c.ID)
		if err != nil {
			return err
		}
		items := []heldItem{}
		for _, h := range found {
			items = append(items, newHeldItem(h))
		}
		if c.JSON {
			return printJSON(s.out, items)
		}
		for i, h := range items {
			if i > 0 {
				fmt.Fprintln(s.out)
			}
			printHeld(s, say, c.Config, h)
			if !c.Content {
				continue
			}
			raw, err := store.HeldContent(ctx, h.ID)
			if err != nil {
				return err
			}
			fmt.Fprintf(s.out, "\n%s", raw)
		}
		return nil
	})
}

func printHeld(s streams, say speaker, config string, h heldItem) {
	w := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	release, waits := say.say("release-never"), say.say("waits-officer")
	if h.Releasable {
		release = say.say("release-command", "id", h.ID, "file", config)
	}
	if h.Asked {
		waits = say.say("waits-sender")
	}
	var kinds, places []string
	for _, k := range h.Kinds {
		kinds = append(kinds, say.texts.Kind(say.language, detect.Kind(k)))
	}
	for _, p := range h.Places {
		places = append(places, say.texts.PlaceText(say.language, p))
	}
	for _, row := range [][2]string{
		{"id", h.ID},
		{"reference", h.Reference},
		{"received", when(h.Received)},
		{"dropped-at", when(h.Expires)},
		{"from", h.From},
		{"to", h.To},
		{"subject", h.Subject},
		{"rules", say.rules(h.Rules)},
		{"found", strings.Join(kinds, ", ")},
		{"where", strings.Join(places, "; ")},
		{"waits-for", waits},
		{"release", release},
	} {
		fmt.Fprintf(w, "%s:\t%s\n", capital(say.head(row[0])), row[1])
	}
	_ = w.Flush()
}

type heldDecision struct {
	office `embed:""`
	ID     string `arg:"" help:"ID or reference of the held mail; a reference decides about all its copies."`
	Reason string `required:"" placeholder:"TEXT" help:"Why: the register records it; - reads it from standard input."`
	By     string `placeholder:"NAME" help:"Who decides; otherwise your login at this machine."`
}

type heldReleaseCommand struct {
	heldDecision `embed:""`
}

// Run releases the held copies that the ID or reference names.
func (c heldReleaseCommand) Run(ctx context.Context, s streams) error {
	return c.decide(ctx, s, func(custody proxy.Custody, say speaker, h spool.HeldCopy, by, reason string) error {
		action, err := custody.Release(ctx, h.ID, by, reason)
		if err != nil {
			return err
		}
		key := "released-plain"
		if action == policy.Seal {
			key = "released-sealed"
		}
		_, err = fmt.Fprintln(s.out, say.say(key, "id", h.ID, "reference", h.Reference))
		return err
	})
}

type heldDropCommand struct {
	heldDecision `embed:""`
}

// Run drops the held copies that the ID or reference names.
func (c heldDropCommand) Run(ctx context.Context, s streams) error {
	return c.decide(ctx, s, func(custody proxy.Custody, say speaker, h spool.HeldCopy, by, reason string) error {
		if err := custody.Drop(ctx, h.ID, by, reason); err != nil {
			return err
		}
		_, err := fmt.Fprintln(s.out, say.say("dropped", "id", h.ID, "reference", h.Reference))
		return err
	})
}

func (c heldDecision) decide(ctx context.Context, s streams, do func(proxy.Custody, speaker, spool.HeldCopy, string, string) error) error {
	say, err := c.words()
	if err != nil {
		return err
	}
	if strings.TrimSpace(c.Reason) == "" {
		return usageError{say.fault("no-reason")}
	}
	reason, err := written(s.in, say, c.Reason)
	if err != nil {
		return usageError{err}
	}
	by, err := whoami(c.By)
	if err != nil {
		return err
	}
	return c.withCustody(ctx, s, func(custody proxy.Custody) error {
		found, err := heldNamed(ctx, custody.Store, say, c.ID)
		if err != nil {
			return err
		}
		for _, h := range found {
			err := do(custody, say, h, by, reason)
			switch {
			case errors.Is(err, proxy.ErrRefused):
				err = say.fault("held-refused")
			case errors.Is(err, spool.ErrNotFound):
				err = say.fault("held-gone")
			}
			if err != nil {
				return fmt.Errorf("%s: %w", h.ID, err)
			}
		}
		return nil
	})
}

// heldNamed returns the held copies with an ID or reference.
func heldNamed(ctx context.Context, store *spool.Store, say speaker, name string) ([]spool.HeldCopy, error) {
	held, err := store.Held(ctx)
	if err != nil {
		return nil, err
	}
	var found []spool.HeldCopy
	for _, h := range held {
		if strings.EqualFold(h.ID, name) || strings.EqualFold(h.Reference, name) {
			found = append(found, h)
		}
	}
	if len(found) == 0 {
		return nil, say.fault("held-unknown", "name", name)
	}
	return found, nil
}

// when formats a time for a table, in this machine's zone.
func when(t time.Time) string { return t.Local().Format("2006-01-02 15:04") }

// list returns an empty list for none, so that JSON says [].
func list(s []string) []string { return append([]string{}, s...) }

// rules says the names of rules as a person reads them: those of the policy
// file as they are, the built-in ones in words.
func (s speaker) rules(rules []string) string {
	words := make([]string, len(rules))
	for i, r := range rules {
		words[i] = s.texts.Rule(s.language, r)
	}
	return strings.Join(words, "; ")
}
