package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"postvern.example/internal/deviation"
	"postvern.example/policy/detect"
	"postvern.example/policy/strict"
	"postvern.example/proxy/spool"
)

type deviationsCommand struct {
	List    deviationsListCommand    `cmd:"" help:"List the register of deviations, near misses included."`
	Show    deviationsShowCommand    `cmd:"" help:"Show one entry, or all with one reference."`
	Comment deviationsCommentCommand `cmd:"" help:"Write a comment into entries of the register."`
	Close   deviationsCloseCommand   `cmd:"" help:"Close entries, with the measures that were taken."`
	Reopen  deviationsReopenCommand  `cmd:"" help:"Open entries again that were closed."`
}

type deviationsListCommand struct {
	office `embed:""`
	JSON   bool            `name:"json" help:"Print a JSON array."`
	Since  strict.Duration `placeholder:"SPAN" help:"Only entries of the last 72h, 14d, 5y ..."`
	Near   string          `enum:"all,only,none" default:"all" placeholder:"WHICH" help:"Near misses: all, only, none."`
	Status string          `enum:"all,open,closed" default:"all" placeholder:"STATUS" help:"Only entries that are open, or closed."`
	Due    bool            `help:"Only open entries that somebody should have looked at by now (deviations.follow-up)."`
}

// Run prints the register, newest first.
func (c deviationsListCommand) Run(ctx context.Context, s streams) error {
	return c.withStore(ctx, s, func(store *spool.Store) error {
		shown, err := store.Deviations(ctx, c.filter(time.Now()))
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(s.out, shown)
		}
		say, err := c.words()
		if err != nil {
			return err
		}
		if len(shown) == 0 {
			_, err := fmt.Fprintln(s.out, say.say("register-none"))
			return err
		}
		return say.table(s.out, "", shown)
	})
}

func (c deviationsListCommand) filter(now time.Time) (f spool.Filter) {
	if c.Since > 0 {
		f.Since = now.Add(-time.Duration(c.Since))
	}
	if only := c.Near == "only"; c.Near != "all" {
		f.NearMiss = &only
	}
	if c.Status != "all" {
		f.Status = deviation.Status(c.Status)
	}
	if c.Due {
		f.Due = now
	}
	return f
}

type deviationsShowCommand struct {
	office `embed:""`
	ID     string `arg:"" help:"ID or reference of the entry."`
	JSON   bool   `name:"json" help:"Print a JSON array."`
}

// Run prints the entries with an ID or reference.
func (c deviationsShowCommand) Run(ctx context.Context, s streams) error {
	return c.withStore(ctx, s, func(store *spool.Store) error {
		say, err := c.words()
		if err != nil {
			return err
		}
		records, err := store.Deviation(ctx, strings.ToUpper(c.ID))
		if errors.Is(err, spool.ErrNotFound) {
			return say.fault("register-unknown", "name", c.ID)
		}
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(s.out, records)
		}
		for i, r := range records {
			if i > 0 {
				fmt.Fprintln(s.out)
			}
			printRecord(s, say, r)
		}
		return nil
	})
}

func printRecord(s streams, say speaker, r deviation.Record) {
	w := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	near, follow := say.word("word", "no"), say.word("word", "none")
	if r.NearMiss {
		near = say.word("word", "yes")
	}
	if !r.FollowUp.IsZero() {
		follow = when(r.FollowUp)
	}
	var kinds, places []string
	for _, k := range r.Kinds {
		kinds = append(kinds, say.texts.Kind(say.language, detect.Kind(k)))
	}
	for _, p := range r.Places {
		places = append(places, say.texts.PlaceText(say.language, p))
	}
	line := func(key, text string) {
		fmt.Fprintf(w, "%s:\t%s\n", capital(say.word("word", key)), strings.ReplaceAll(text, "\n", "\n\t"))
	}
	fmt.Fprintf(w, "ID:\t%s\n", r.ID)
	line("reference", r.Reference)
	line("date", when(r.Date))
	line("description", r.Description)
	line("reporter", r.Reporter)
	line("type", say.word("type", string(r.Type)))
	line("severity", say.word("severity", string(r.Severity)))
	line("near-miss", near)
	line("status", say.word("status", string(r.Status)))
	line("measures", r.Measures)
	line("follow-up", follow)
	line("rule", say.texts.Rule(say.language, r.Rule))
	line("found", strings.Join(kinds, ", "))
	line("where", strings.Join(places, "; "))
	for _, c := range r.Comments {
		line("comments", fmt.Sprintf("%s, %s: %s", when(c.Date), c.Author, c.Text))
	}
	_ = w.Flush()
}

// table prints entries of the register, a line each.
func (s speaker) table(out io.Writer, indent string, records []deviation.Record) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	var heads []string
	for _, key := range []string{"date", "reference", "severity", "type", "near-miss", "status", "reporter", "description"} {
		heads = append(heads, strings.ToUpper(s.word("word", key)))
	}
	fmt.Fprintln(w, indent+strings.Join(heads, "\t"))
	for _, r := range records {
		near := ""
		if r.NearMiss {
			near = s.word("word", "yes")
		}
		fmt.Fprintf(w, "%s%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", indent, when(r.Date), r.Reference, s.word("severity", string(r.Severity)), s.word("type", string(r.Type)), near,
			s.word("status", string(r.Status)), r.Reporter, r.Description)
	}
	return w.Flush()
}
