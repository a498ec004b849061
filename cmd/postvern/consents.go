package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"postvern.example/internal/app"
	"postvern.example/internal/deviation"
	"postvern.example/internal/notice"
	"postvern.example/internal/roster"
	"postvern.example/policy"
	"postvern.example/policy/detect"
	"postvern.example/proxy/spool"
)

type consentsCommand struct {
	Add      consentsAddCommand      `cmd:"" help:"Enter the consent of one or several people to be visible to a group."`
	List     consentsListCommand     `cmd:"" help:"List the ledger."`
	Show     consentsShowCommand     `cmd:"" help:"Show one consent."`
	Withdraw consentsWithdrawCommand `cmd:"" help:"End a consent: its member is hidden again."`
}

type consentsAddCommand struct {
	office   `embed:""`
	Who      []string `required:"" placeholder:"ADDRESS,..." help:"Who agreed: mail addresses, each with a consent of its own."`
	Name     string   `placeholder:"NAME" help:"Their full name, so that lists and minutes that only name them are known too; for one --who."`
	To       string   `required:"" placeholder:"GROUP" help:"To whom they agreed to be visible: the name of a group (those who consent to the same one, and the roster's group of that name), an address, or a pattern such as *@forening.example."`
	Purpose  string   `required:"" placeholder:"TEXT" help:"What for."`
	From     string   `placeholder:"DAY" help:"From this day on (2026-01-31); otherwise from now on."`
	Until    string   `placeholder:"DAY" help:"Until the end of this day; otherwise until it is withdrawn."`
	Evidence string   `required:"" placeholder:"MESSAGE-ID|FILE" help:"What shows it: the Message-ID of the mail in which they agreed, or a file, of which a SHA-256 is kept."`
	By       string   `placeholder:"NAME" help:"Who enters it; otherwise your login at this machine."`
	JSON     bool     `name:"json" help:"Print a JSON array."`
}

// Run enters the consents and records that in the register.
func (c consentsAddCommand) Run(ctx context.Context, s streams) error {
	by, err := whoami(c.By)
	if err != nil {
		return err
	}
	say, err := c.words()
	if err != nil {
		return err
	}
	now := time.Now()
	consents, err := c.consents(say, by, now)
	if err != nil {
		return usageError{err}
	}
	config, texts, err := c.register()
	if err != nil {
		return err
	}
	var records []deviation.Record
	for _, one := range consents {
		records = append(records, auditRecord(config, texts, policy.RuleConsents, policy.EntryConsentGiven, by, one.ID+": "+one.Purpose, now))
	}
	return c.withStore(ctx, s, func(store *spool.Store) error {
		if err := store.AddConsents(ctx, consents, records); err != nil {
			return err
		}
		if c.JSON {
			return printJSON(s.out, consentItems(consents, now))
		}
		for _, one := range consents {
			if _, err := fmt.Fprintln(s.out, say.say("consent-added", "id", one.ID, "who", one.Who, "to", one.To)); err != nil {
				return err
			}
		}
		return nil
	})
}

// consents makes the entries and says what is wrong with them.
func (c consentsAddCommand) consents(say speaker, by string, now time.Time) ([]spool.Consent, error) {
	base := spool.Consent{
		Name: strings.TrimSpace(c.Name), To: strings.Join(strings.Fields(c.To), " "), Purpose: strings.TrimSpace(c.Purpose),
		Added: now, AddedBy: by, From: now,
	}
	if base.Purpose == "" {
		return nil, say.fault("consent-purpose")
	}
	if strings.Contains(base.To, "@") {
		if _, ok := policy.ParsePattern(base.To); !ok {
			return nil, say.fault("consent-to-pattern", "text", c.To)
		}
	} else if _, ok := roster.GroupName(base.To); !ok {
		return nil, say.fault("consent-to-group", "text", c.To)
	}
	if base.Name != "" {
		if base.NameForms = roster.NameForms(base.Name); len(base.NameForms) == 0 || len(c.Who) != 1 {
			return nil, say.fault("consent-name")
		}
	}
	var err error
	if base.From, err = day(say, "--from", c.From, base.From, 0); err != nil {
		return nil, err
	}
	if base.Until, err = day(say, "--until", c.Until, time.Time{}, 1); err != nil {
		return nil, err
	}
	if !base.Until.IsZero() && !base.Until.After(base.From) {
		return nil, say.fault("consent-span")
	}
	if base.Evidence, err = evidenceOf(say, c.Evidence); err != nil {
		return nil, err
	}
	var out []spool.Consent
	for _, who := range c.Who {
		one := base
		address, ok := detect.CanonicalAddress(who)
		if !ok || strings.Contains(who, "*") {
			return nil, say.fault("consent-who", "text", who)
		}
		one.ID, one.Who = spool.NewConsentID(), address
		out = append(out, one)
	}
	return out, nil
}

// day reads a day of this machine's zone, and returns its beginning, so many
// days later.
func day(say speaker, flag, text string, otherwise time.Time, later int) (time.Time, error) {
	if text == "" {
		return otherwise, nil
	}
	t, err := time.ParseInLocation(time.DateOnly, text, time.Local)
	if err != nil {
		return t, say.fault("consent-day", "flag", flag, "text", text)
	}
	return t.AddDate(0, 0, later), nil
}

// evidenceOf reads what shows a consent: a file that is there, else a
// Message-ID (RFC 5322 §3.6.4).
func evidenceOf(say speaker, text string) (spool.Evidence, error) {
	text = strings.TrimSpace(text)
	f, err := os.Open(text)
	if err == nil {
		sum := sha256.New()
		_, err = io.Copy(sum, f)
		if err = errors.Join(err, f.Close()); err != nil {
			return spool.Evidence{}, fmt.Errorf("--evidence: %w", err)
		}
		return spool.Evidence{File: filepath.Base(text), SHA256: hex.EncodeToString(sum.Sum(nil))}, nil
	}
	id := strings.Trim(text, "<>")
	left, right, ok := strings.Cut(id, "@")
	if !ok || left == "" || right == "" || strings.ContainsAny(id, " \t\r\n/\\") {
		return spool.Evidence{}, say.fault("consent-evidence", "text", text)
	}
	return spool.Evidence{MessageID: "<" + id + ">"}, nil
}

// register returns what a record of the register is written with.
func (i installation) register() (*policy.Policy, *notice.Catalog, error) {
	config, err := app.LoadConfig(i.Config)
	if err != nil {
		return nil, nil, usageError{err}
	}
	p, err := app.LoadPolicy(config.Policy)
	if err != nil {
		return nil, nil, usageError{err}
	}
	texts, err := notice.Load()
	return p, texts, err
}

// auditRecord is what the register says of something that a person entered. It
// names nobody.
func auditRecord(p *policy.Policy, texts *notice.Catalog, rule string, typ policy.EntryType, by, comment string, now time.Time) deviation.Record {
	r := deviation.FromEntry(policy.Entry{Type: typ, Severity: policy.Low, NearMiss: true, Rule: rule, Action: policy.Pass, Count: 1},
		deviation.Meta{Texts: texts, Now: now, Reference: deviation.NewReference(), Reporter: by, Language: p.Language, Comment: comment})
	r.Status = deviation.Closed // nobody has to look at it
	return r
}

// consentItem is a consent as --json prints it.
type consentItem struct {
	ID          string          `json:"id"`
	State       string          `json:"state"` // in force, not yet, run out, withdrawn
	Who         string          `json:"who"`
	Name        string          `json:"name"`
	To          string          `json:"to"`
	Purpose     string          `json:"purpose"`
	From        time.Time       `json:"from"`
	Until       *time.Time      `json:"until"`
	Evidence    consentEvidence `json:"evidence"`
	Added       time.Time       `json:"added"`
	AddedBy     string          `json:"added_by"`
	Withdrawn   *time.Time      `json:"withdrawn"`
	WithdrawnBy string          `json:"withdrawn_by"`
	Reason      string          `json:"reason"`
}

type consentEvidence struct {
	MessageID string `json:"message_id"`
	File      string `json:"file"`
	SHA256    string `json:"sha256"`
}

func consentItems(consents []spool.Consent, now time.Time) []consentItem {
	items := []consentItem{}
	for _, c := range consents {
		item := consentItem{
			ID: c.ID, State: consentState(c, now), Who: c.Who, Name: c.Name, To: c.To, Purpose: c.Purpose, From: c.From.UTC(),
			Evidence: consentEvidence(c.Evidence), Added: c.Added.UTC(), AddedBy: c.AddedBy, WithdrawnBy: c.WithdrawnBy, Reason: c.Reason,
		}
		for _, t := range []struct {
			from time.Time
			into **time.Time
		}{{c.Until, &item.Until}, {c.Withdrawn, &item.Withdrawn}} {
			if utc := t.from.UTC(); !t.from.IsZero() {
				*t.into = &utc
			}
		}
		items = append(items, item)
	}
	return items
}

func consentState(c spool.Consent, now time.Time) string {
	switch {
	case !c.Withdrawn.IsZero():
		return "withdrawn"
	case now.Before(c.From):
		return "not yet"
	case !c.Until.IsZero() && !now.Before(c.Until):
		return "run out"
	}
	return "in force"
}

type consentsListCommand struct {
	office  `embed:""`
	InForce bool `help:"Only those that count now."`
	JSON    bool `name:"json" help:"Print a JSON array."`
}

// Run prints the ledger, oldest first.
func (c consentsListCommand) Run(ctx context.Context, s streams) error {
	return c.withStore(ctx, s, func(store *spool.Store) error {
		all, err := store.Consents(ctx)
		if err != nil {
			return err
		}
		items := []consentItem{}
		for _, item := range consentItems(all, time.Now()) {
			if !c.InForce || item.State == "in force" {
				items = append(items, item)
			}
		}
		if c.JSON {
			return printJSON(s.out, items)
		}
		say, err := c.words()
		if err != nil {
			return err
		}
		if len(items) == 0 {
			_, err := fmt.Fprintln(s.out, say.say("consents-none"))
			return err
		}
		w := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, say.heads("id", "state", "who", "visible-to", "purpose", "begins", "until"))
		for _, i := range items {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", i.ID, say.consentState(i), i.Who, i.To, i.Purpose, when(i.From), say.until(i))
		}
		return w.Flush()
	})
}

// consentState returns how a consent stands.
func (s speaker) consentState(i consentItem) string {
	return s.word("consent-state", strings.ReplaceAll(i.State, " ", "-"))
}

// until returns when a consent ends.
func (s speaker) until(i consentItem) string {
	if i.Until == nil {
		return s.say("until-withdrawn")
	}
	return when(*i.Until)
}

type consentsShowCommand struct {
	office `embed:""`
	ID     string `arg:"" help:"ID of the consent."`
	JSON   bool   `name:"json" help:"Print JSON."`
}

// Run prints one consent with its evidence.
func (c consentsShowCommand) Run(ctx context.Context, s streams) error {
	return c.withStore(ctx, s, func(store *spool.Store) error {
		say, err := c.words()
		if err != nil {
			return err
		}
		one, err := store.Consent(ctx, c.ID)
		if errors.Is(err, spool.ErrNotFound) {
			return say.fault("consent-unknown", "id", c.ID)
		}
		if err != nil {
			return err
		}
		item := consentItems([]spool.Consent{one}, time.Now())[0]
		if c.JSON {
			return printJSON(s.out, item)
		}
		shown := item.Evidence.MessageID
		if item.Evidence.File != "" {
			shown = item.Evidence.File + ", SHA-256 " + item.Evidence.SHA256
		}
		w := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
		rows := [][2]string{
			{"id", item.ID},
			{"state", say.consentState(item)},
			{"who", strings.TrimSpace(item.Name + " " + item.Who)},
			{"visible-to", item.To},
			{"purpose", item.Purpose},
			{"begins", when(item.From)},
			{"until", say.until(item)},
			{"evidence", shown},
			{"entered", when(item.Added) + ", " + item.AddedBy},
		}
		if item.Withdrawn != nil {
			rows = append(rows, [2]string{"withdrawn", when(*item.Withdrawn) + ", " + item.WithdrawnBy + ": " + item.Reason})
		}
		for _, row := range rows {
			fmt.Fprintf(w, "%s:\t%s\n", capital(say.head(row[0])), row[1])
		}
		return w.Flush()
	})
}

type consentsWithdrawCommand struct {
	office `embed:""`
	ID     string `arg:"" help:"ID of the consent."`
	Reason string `required:"" placeholder:"TEXT" help:"Why: the ledger and the register keep it."`
	By     string `placeholder:"NAME" help:"Who enters it; otherwise your login at this machine."`
	JSON   bool   `name:"json" help:"Print JSON: the consent as it stands in the ledger now."`
}

// Run ends the consent at once.
func (c consentsWithdrawCommand) Run(ctx context.Context, s streams) error {
	by, err := whoami(c.By)
	if err != nil {
		return err
	}
	say, err := c.words()
	if err != nil {
		return err
	}
	if strings.TrimSpace(c.Reason) == "" {
		return usageError{say.fault("consent-reason")}
	}
	p, texts, err := c.register()
	if err != nil {
		return err
	}
	now := time.Now()
	id := strings.ToUpper(c.ID)
	record := auditRecord(p, texts, policy.RuleConsents, policy.EntryConsentWithdrawn, by, id+": "+c.Reason, now)
	return c.withStore(ctx, s, func(store *spool.Store) error {
		switch err := store.WithdrawConsent(ctx, id, now, by, c.Reason, record); {
		case errors.Is(err, spool.ErrNotFound):
			return say.fault("consent-unknown", "id", c.ID)
		case err != nil:
			return err
		}
		if c.JSON {
			one, err := store.Consent(ctx, id)
			if err != nil {
				return err
			}
			return printJSON(s.out, consentItems([]spool.Consent{one}, now)[0])
		}
		_, err := fmt.Fprintln(s.out, say.say("consent-ended", "id", id))
		return err
	})
}
