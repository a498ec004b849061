package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"postvern.example/internal/deviation"
	"postvern.example/policy"
	"postvern.example/proxy/spool"
)

type deviationsCommentCommand struct {
	deviationsChange `embed:""`
	judgement        `embed:""`
	Text             string `arg:"" help:"What the register is to keep; - reads it from standard input."`
}

// Run adds a comment.
func (c deviationsCommentCommand) Run(ctx context.Context, s streams) error {
	return c.change(ctx, s, c.Text, "", c.Severity)
}

type deviationsCloseCommand struct {
	deviationsChange `embed:""`
	judgement        `embed:""`
	Measures         string `arg:"" help:"The measures that were taken; - reads them from standard input."`
}

// Run closes what is open.
func (c deviationsCloseCommand) Run(ctx context.Context, s streams) error {
	return c.change(ctx, s, c.Measures, deviation.Closed, c.Severity)
}

type deviationsReopenCommand struct {
	deviationsChange `embed:""`
	Reason           string `arg:"" help:"Why: the register keeps it; - reads it from standard input."`
}

// Run opens what is closed.
func (c deviationsReopenCommand) Run(ctx context.Context, s streams) error {
	return c.change(ctx, s, c.Reason, deviation.Open, "")
}

// judgement is how grave a person finds what happened.
type judgement struct {
	Severity string `enum:"low,medium,high," default:"" placeholder:"SEVERITY" help:"Judge it otherwise than the rule did: low, medium, high. A comment says so."`
}

type deviationsChange struct {
	office `embed:""`
	By     string `placeholder:"NAME" help:"Who writes it; otherwise your login at this machine."`
	JSON   bool   `name:"json" help:"Print a JSON array: the entries as they stand now."`
	ID     string `arg:"" help:"ID or reference of the entry, or several with commas between them; a reference means all its entries."`
}

// change writes into the named entries and says of each what was done.
func (c deviationsChange) change(ctx context.Context, s streams, text string, to deviation.Status, severity string) error {
	say, err := c.words()
	if err != nil {
		return err
	}
	names := strings.FieldsFunc(c.ID, func(r rune) bool { return r == ',' || r == ' ' })
	if len(names) == 0 {
		return usageError{say.fault("no-name", "text", c.ID)}
	}
	if text, err = written(s.in, say, text); err != nil {
		return usageError{err}
	}
	by, err := whoami(c.By)
	if err != nil {
		return err
	}
	p, texts, err := c.register()
	if err != nil {
		return err
	}
	now := time.Now()
	change := deviation.Change{
		Texts: texts, Language: p.Language, Date: now, Author: by, Text: text, Status: to,
		Severity: policy.Severity(severity), FollowUp: now.Add(p.Deviations.FollowUp.Std()),
	}
	return c.writeStore(ctx, s, func(store *spool.Store) error {
		before := map[string]policy.Severity{}
		changed, err := store.ChangeDeviations(ctx, names, func(r deviation.Record) (deviation.Record, bool) {
			before[r.ID] = r.Severity
			return change.Apply(r)
		})
		var unknown spool.UnknownError
		if errors.As(err, &unknown) {
			return say.fault("register-unknown", "name", unknown.Name)
		}
		if err != nil {
			return err
		}
		out := s.out
		if c.JSON {
			out = s.err
		}
		records := []deviation.Record{}
		for _, r := range changed {
			records = append(records, r.Record)
			if c.JSON && r.Changed {
				continue
			}
			fills := []string{
				"id", r.ID, "reference", r.Reference, "rule", say.texts.Rule(say.language, r.Rule), "time", when(r.FollowUp),
				"severity", say.word("severity", string(r.Severity)), "before", say.word("severity", string(before[r.ID])),
			}
			fmt.Fprintln(out, say.say(outcome(to, r.Changed), fills...))
			if r.Changed && before[r.ID] != r.Severity {
				fmt.Fprintln(out, say.say("register-severity", fills...))
			}
		}
		if c.JSON {
			return printJSON(s.out, records)
		}
		return nil
	})
}

// outcome names what is said of an entry.
func outcome(to deviation.Status, changed bool) string {
	switch {
	case to == deviation.Closed && changed:
		return "register-closed"
	case to == deviation.Closed:
		return "register-closed-before"
	case to == deviation.Open && changed:
		return "register-opened"
	case to == deviation.Open:
		return "register-open-before"
	}
	return "register-commented"
}

// written returns what a person wrote: an argument, or what comes on standard
// input where that is "-".
func written(in io.Reader, say speaker, text string) (string, error) {
	const octets = deviation.MaxText * utf8.UTFMax
	if text == "-" {
		read, err := io.ReadAll(io.LimitReader(in, octets+1))
		if err != nil {
			return "", fmt.Errorf("read the text: %w", err)
		}
		text = string(read)
	}
	long := len(text) > octets
	if !long && strings.ContainsRune(text, utf8.RuneError) { // what is no UTF-8 in an argument comes as this
		return "", say.fault("text-octets")
	}
	text = deviation.Clean(text)
	switch {
	case long || utf8.RuneCountInString(text) > deviation.MaxText:
		return "", say.fault("text-long", "most", strconv.Itoa(deviation.MaxText))
	case text == "":
		return "", say.fault("text-none")
	}
	return text, nil
}
