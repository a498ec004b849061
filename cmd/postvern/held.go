package main

import (
	"context"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"postvern.example/internal/notice"
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
	installation `embed:""`
	JSON         bool `name:"json" help:"Print a JSON array."`
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
		if len(items) == 0 {
			_, err := fmt.Fprintln(s.out, "No mail is held.")
			return err
		}
		texts, err := notice.Load()
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "ID\tREFERENCE\tRECEIVED\tEXPIRES\tFROM\tTO\tWHY")
		for _, h := range items {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", h.ID, h.Reference, when(h.Received), when(h.Expires),
				h.From, h.To, ruleWords(texts, h.Rules))
		}
		return w.Flush()
	})
}

type heldShowCommand struct {
	installation `embed:""`
	ID           string `arg:"" help:"ID or reference of the held mail."`
	Content      bool   `help:"Print the mail itself, as it would be sent."`
	JSON         bool   `name:"json" help:"Print JSON."`
}

// Run prints one held mail; a reference that several copies share prints each.
func (c heldShowCommand) Run(ctx context.Context, s streams) error {
	return c.withStore(ctx, s, func(store *spool.Store) error {
		found, err := heldNamed(ctx, store, c.ID)
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
		texts, err := notice.Load()
		if err != nil {
			return err
		}
		for i, h := range items {
			if i > 0 {
				fmt.Fprintln(s.out)
			}
			printHeld(s, texts, c.Config, h)
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

func printHeld(s streams, texts *notice.Catalog, config string, h heldItem) {
	w := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	release := fmt.Sprintf("postvern held release %s --config %s --reason \"...\"", h.ID, config)
	if !h.Releasable {
		release = "not possible: its recipients could not be hidden with certainty; drop it and ask the sender to write it anew"
	}
	waits := "your decision"
	if h.Asked {
		waits = "its sender, who was asked what is to become of it; you can decide as well"
	}
	for _, row := range [][2]string{
		{"ID", h.ID},
		{"Reference", h.Reference},
		{"Received", when(h.Received)},
		{"Dropped at", when(h.Expires)},
		{"From", h.From},
		{"To", h.To},
		{"Subject", h.Subject},
		{"Rules", ruleWords(texts, h.Rules)},
		{"Found", strings.Join(h.Kinds, ", ")},
		{"Where", strings.Join(h.Places, "; ")},
		{"Waits for", waits},
		{"Release", release},
	} {
		fmt.Fprintf(w, "%s:\t%s\n", row[0], row[1])
	}
	_ = w.Flush()
}

type heldDecision struct {
	installation `embed:""`
	ID           string `arg:"" help:"ID or reference of the held mail; a reference decides about all its copies."`
	Reason       string `required:"" placeholder:"TEXT" help:"Why: the register records it."`
	By           string `placeholder:"NAME" help:"Who decides; otherwise your login at this machine."`
}

type heldReleaseCommand struct {
	heldDecision `embed:""`
}

// Run releases the held copies that the ID or reference names.
func (c heldReleaseCommand) Run(ctx context.Context, s streams) error {
	return c.decide(ctx, s, func(custody proxy.Custody, h spool.HeldCopy, by string) error {
		action, err := custody.Release(ctx, h.ID, by, c.Reason)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(s.out, "Released %s (%s): %s.\n", h.ID, h.Reference, map[bool]string{
			true: "encrypted to its reader", false: "sent as it is, which the register records",
		}[action == "seal"])
		return err
	})
}

type heldDropCommand struct {
	heldDecision `embed:""`
}

// Run drops the held copies that the ID or reference names.
func (c heldDropCommand) Run(ctx context.Context, s streams) error {
	return c.decide(ctx, s, func(custody proxy.Custody, h spool.HeldCopy, by string) error {
		if err := custody.Drop(ctx, h.ID, by, c.Reason); err != nil {
			return err
		}
		_, err := fmt.Fprintf(s.out, "Dropped %s (%s): its content is gone, and the sender is told.\n", h.ID, h.Reference)
		return err
	})
}

func (c heldDecision) decide(ctx context.Context, s streams, do func(proxy.Custody, spool.HeldCopy, string) error) error {
	if strings.TrimSpace(c.Reason) == "" {
		return usageError{proxy.ErrNoReason}
	}
	by, err := whoami(c.By)
	if err != nil {
		return err
	}
	return c.withCustody(ctx, s, func(custody proxy.Custody) error {
		found, err := heldNamed(ctx, custody.Store, c.ID)
		if err != nil {
			return err
		}
		for _, h := range found {
			if err := do(custody, h, by); err != nil {
				return fmt.Errorf("%s: %w", h.ID, err)
			}
		}
		return nil
	})
}

// heldNamed returns the held copies with an ID or reference.
func heldNamed(ctx context.Context, store *spool.Store, name string) ([]spool.HeldCopy, error) {
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
		return nil, fmt.Errorf("no held mail is called %q: postvern held list shows what is held", name)
	}
	return found, nil
}

// when formats a time for a table, in this machine's zone.
func when(t time.Time) string { return t.Local().Format("2006-01-02 15:04") }

// list returns an empty list for none, so that JSON says [].
func list(s []string) []string { return append([]string{}, s...) }

// ruleWords says the names of rules as a person reads them: those of the
// policy file as they are, the built-in ones in words.
func ruleWords(texts *notice.Catalog, rules []string) string {
	words := make([]string, len(rules))
	for i, r := range rules {
		words[i] = texts.Rule("en", r)
	}
	return strings.Join(words, "; ")
}
