package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"postvern.example/internal/deviation"
	"postvern.example/policy/strict"
	"postvern.example/proxy/spool"
)

type deviationsCommand struct {
	List deviationsListCommand `cmd:"" help:"List the register of deviations, near misses included."`
	Show deviationsShowCommand `cmd:"" help:"Show one entry, or all with one reference."`
}

type deviationsListCommand struct {
	installation `embed:""`
	JSON         bool            `name:"json" help:"Print a JSON array."`
	Since        strict.Duration `placeholder:"SPAN" help:"Only entries of the last 72h, 14d, 5y ..."`
	Near         string          `enum:"all,only,none" default:"all" placeholder:"WHICH" help:"Near misses: all, only, none."`
}

// Run prints the register, newest first.
func (c deviationsListCommand) Run(ctx context.Context, s streams) error {
	return c.withStore(ctx, s, func(store *spool.Store) error {
		filter := spool.Filter{}
		if c.Since > 0 {
			filter.Since = time.Now().Add(-time.Duration(c.Since))
		}
		records, err := store.Deviations(ctx, filter)
		if err != nil {
			return err
		}
		shown := []deviation.Record{}
		for _, r := range records {
			if c.Near == "all" || r.NearMiss == (c.Near == "only") {
				shown = append(shown, r)
			}
		}
		if c.JSON {
			return printJSON(s.out, shown)
		}
		if len(shown) == 0 {
			_, err := fmt.Fprintln(s.out, "The register has no such entry.")
			return err
		}
		w := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "DATE\tREFERENCE\tSEVERITY\tTYPE\tNEAR MISS\tSTATUS\tREPORTER\tDESCRIPTION")
		for _, r := range shown {
			near := ""
			if r.NearMiss {
				near = "yes"
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", when(r.Date), r.Reference, r.Severity, r.Type, near, r.Status, r.Reporter, r.Description)
		}
		return w.Flush()
	})
}

type deviationsShowCommand struct {
	installation `embed:""`
	ID           string `arg:"" help:"ID or reference of the entry."`
	JSON         bool   `name:"json" help:"Print a JSON array."`
}

// Run prints the entries with an ID or reference.
func (c deviationsShowCommand) Run(ctx context.Context, s streams) error {
	return c.withStore(ctx, s, func(store *spool.Store) error {
		records, err := store.Deviation(ctx, strings.ToUpper(c.ID))
		if errors.Is(err, spool.ErrNotFound) {
			return fmt.Errorf("the register has no entry %q: postvern deviations list shows all", c.ID)
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
			printRecord(s, r)
		}
		return nil
	})
}

func printRecord(s streams, r deviation.Record) {
	w := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	near := "no"
	if r.NearMiss {
		near = "yes: it was caught before it left"
	}
	follow := "none"
	if !r.FollowUp.IsZero() {
		follow = when(r.FollowUp)
	}
	for _, row := range [][2]string{
		{"ID", r.ID},
		{"Reference", r.Reference},
		{"Date", when(r.Date)},
		{"Description", r.Description},
		{"Reporter", r.Reporter},
		{"Type", string(r.Type)},
		{"Severity", string(r.Severity)},
		{"Near miss", near},
		{"Status", string(r.Status)},
		{"Measures", r.Measures},
		{"Next follow-up", follow},
		{"Rule", r.Rule},
		{"Found", strings.Join(r.Kinds, ", ")},
		{"Where", strings.Join(r.Places, "; ")},
	} {
		fmt.Fprintf(w, "%s:\t%s\n", row[0], row[1])
	}
	for _, c := range r.Comments {
		fmt.Fprintf(w, "Comment:\t%s, %s: %s\n", when(c.Date), c.Author, c.Text)
	}
	_ = w.Flush()
}
