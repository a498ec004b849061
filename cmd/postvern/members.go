package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"postvern.example/internal/app"
	"postvern.example/internal/roster"
)

type membersCommand struct {
	Import  membersImportCommand  `cmd:"" help:"Put a membership system's exports into a roster of keyed hashes."`
	Status  membersStatusCommand  `cmd:"" help:"Say how many members the roster has, in which groups, and how old they are."`
	Check   membersCheckCommand   `cmd:"" help:"Say whether an address is a member's."`
	Confirm membersConfirmCommand `cmd:"" help:"Let a running gateway take a roster that has become much smaller."`
	Remove  membersRemoveCommand  `cmd:"" help:"Take a group out of the roster."`
}

type membersImportCommand struct {
	office `embed:""`
	Out    string   `type:"path" placeholder:"FILE" help:"Where the roster is written; otherwise the file that postvern.yaml names under members."`
	Group  string   `placeholder:"NAME" help:"The group whose entries are replaced; the others stay. Otherwise \"members\"."`
	Files  []string `arg:"" type:"path" name:"file" help:"CSV or XLSX files with a header row."`
	Shrink bool     `help:"Take a roster or group that is more than a fifth smaller than the one it replaces."`
}

// Run writes the roster. The key of the hashes comes from the installation's
// key, so that a stolen roster cannot be tried against a list of addresses.
func (c membersImportCommand) Run(ctx context.Context, s streams) error {
	config, out, err := c.roster(c.Out)
	if err != nil {
		return err
	}
	say, err := c.words()
	if err != nil {
		return err
	}
	for _, f := range c.Files {
		if f == out {
			return usageError{say.fault("roster-over-export", "file", f)}
		}
	}
	group := c.Group
	if group == "" {
		group = roster.DefaultGroup
	}
	name, ok := roster.GroupName(group)
	if !ok {
		return usageError{say.fault("no-group", "name", c.Group)}
	}
	groups, tally, err := app.ImportMembers(ctx, config, app.MembersImport{Exports: c.Files, Group: name, Out: out, Shrink: c.Shrink})
	var fault *roster.Fault
	if errors.As(err, &fault) || unreadable(err) {
		return usageError{err}
	}
	if err != nil {
		return err
	}
	all, theirs := 0, 0
	for _, g := range groups {
		all += g.Members
		if g.Name == name {
			theirs = g.Members
		}
	}
	if len(groups) > 1 {
		if _, err = fmt.Fprintln(s.out, say.count("imported-group", theirs, "group", name, "groups", strconv.Itoa(len(groups)), "all", strconv.Itoa(all))); err != nil {
			return err
		}
	}
	lines := append([]string{say.count("imported", all, "file", out)}, gaps(say, tally)...)
	_, err = fmt.Fprintln(s.out, strings.Join(lines, "\n"))
	return err
}

// gaps says what an import took or left out that somebody may want to mend. It
// names lines, and nothing that stands on them.
func gaps(say speaker, t roster.Tally) (lines []string) {
	gap := func(key string, g roster.Gap) {
		if g.Rows > 0 {
			lines = append(lines, say.count(key, g.Rows, "place", fmt.Sprintf("%s:%d", filepath.Base(g.File), g.Line)))
		}
	}
	gap("gap-nameless", t.Nameless)
	gap("gap-name-only", t.NameOnly)
	if t.Phones > 0 || t.NoMobile.Rows > 0 {
		lines = append(lines, say.count("phones", t.Phones))
	}
	gap("gap-no-mobile", t.NoMobile)
	return lines
}

func count(n int, one, more string) string {
	if n == 1 {
		more = one
	}
	return fmt.Sprintf("%d %s", n, more)
}

// roster returns the configuration and the file that the roster is written to.
func (i installation) roster(out string) (app.Config, string, error) {
	config, err := app.LoadConfig(i.Config)
	if err != nil {
		return config, "", usageError{err}
	}
	if err := asOwner(config.Data); err != nil {
		return config, "", err
	}
	if out != "" {
		return config, out, nil
	}
	var rosters []string
	for _, f := range config.Members {
		if strings.EqualFold(filepath.Ext(f), ".roster") {
			rosters = append(rosters, f)
		}
	}
	switch {
	case len(config.Members) == 1:
		return config, config.Members[0], nil
	case len(rosters) == 1:
		return config, rosters[0], nil
	}
	return config, "", usageError{errors.New("postvern.yaml names several files under members: say with --out which one is the roster")}
}

type membersStatusCommand struct {
	office `embed:""`
	JSON   bool `name:"json" help:"Print JSON."`
}

// membersStatus is the roster as --json prints it. It never has a name or an
// address of anybody.
type membersStatus struct {
	Members  int           `json:"members"`
	Imported time.Time     `json:"imported"` // of the oldest group
	AgeDays  int           `json:"age_days"`
	Stale    bool          `json:"stale"`
	Limit    string        `json:"stale_after"`
	Groups   []groupStatus `json:"groups"`
}

type groupStatus struct {
	roster.Group
	AgeDays int  `json:"age_days"`
	Stale   bool `json:"stale"`
}

// Run prints numbers and ages, and nobody's name.
func (c membersStatusCommand) Run(ctx context.Context, s streams) error {
	config, members, err := c.members(ctx)
	if err != nil {
		return err
	}
	now, after := time.Now(), config.Roster.StaleAfter
	status := membersStatus{
		Members: members.Len(), Imported: members.Made(), AgeDays: ageDays(now, members.Made()), Groups: []groupStatus{},
		Stale: members.IsStale(now, after.Std()), Limit: after.String(),
	}
	for _, g := range members.Groups() {
		status.Groups = append(status.Groups, groupStatus{Group: g, AgeDays: ageDays(now, g.Imported), Stale: now.Sub(g.Imported) > after.Std()})
	}
	if c.JSON {
		return printJSON(s.out, status)
	}
	say, err := c.words()
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, say.heads("group", "members", "imported", "age"))
	for _, g := range status.Groups {
		age := say.count("days", g.AgeDays)
		if g.Stale {
			age = say.count("days-stale", g.AgeDays)
		}
		fmt.Fprintf(w, "%s\t%d\t%s\t%s\n", g.Name, g.Members, when(g.Imported), age)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	_, err = fmt.Fprintln(s.out, say.say("members-in-groups", "members", strconv.Itoa(status.Members), "groups", strconv.Itoa(len(status.Groups))))
	if status.Stale && err == nil {
		_, err = fmt.Fprintln(s.out, say.say("members-stale", "limit", after.String()))
	}
	return err
}

func ageDays(now, then time.Time) int { return int(now.Sub(then) / (24 * time.Hour)) }

// members loads the members as a gateway that starts now would.
func (i installation) members(ctx context.Context) (app.Config, *roster.Members, error) {
	config, err := app.LoadConfig(i.Config)
	if err != nil {
		return config, nil, usageError{err}
	}
	if err := asOwner(config.Data); err != nil {
		return config, nil, err
	}
	rules, err := app.OfflineRules(ctx, config)
	if err != nil {
		return config, nil, usageError{err}
	}
	return config, rules.Members, nil
}

type membersCheckCommand struct {
	office  `embed:""`
	Address string `arg:"" help:"The mail address, in any form."`
	JSON    bool   `name:"json" help:"Print JSON."`
}

// membersCheck is the answer about one address as --json prints it.
type membersCheck struct {
	Address        string   `json:"address"`
	Member         bool     `json:"member"`
	Groups         []string `json:"groups"`
	LooksLike      bool     `json:"looks_like_a_member"`
	MeansMembers   bool     `json:"means_our_members"`
	Representative bool     `json:"representative"`
	Union          bool     `json:"union"`
	Employer       bool     `json:"employer"`
}

// Run answers for whoever supports the users: is this one hidden, and why.
func (c membersCheckCommand) Run(ctx context.Context, s streams) error {
	config, err := app.LoadConfig(c.Config)
	if err != nil {
		return usageError{err}
	}
	if err := asOwner(config.Data); err != nil {
		return err
	}
	rules, err := app.OfflineRules(ctx, config)
	if err != nil {
		return usageError{err}
	}
	say, err := c.words()
	if err != nil {
		return err
	}
	if !strings.Contains(c.Address, "@") {
		return usageError{say.fault("no-address", "text", c.Address)}
	}
	x := membersCheck{
		Address: c.Address, Member: rules.Members.HasAddress(c.Address), Groups: list(rules.Members.GroupsOf(c.Address)),
		LooksLike: rules.Members.LooksLike(c.Address), MeansMembers: rules.Policy.IsGroup(c.Address),
		Representative: rules.Representatives.IsRepresentative(c.Address), Union: rules.Policy.IsUnion(c.Address), Employer: rules.Policy.IsEmployer(c.Address),
	}
	if c.JSON {
		return printJSON(s.out, x)
	}
	var lines []string
	switch {
	case x.Member && len(x.Groups) > 0:
		lines = append(lines, say.say("is-member", "groups", strings.Join(x.Groups, ", ")))
	case x.Member:
		lines = append(lines, say.say("is-member-spelled"))
	case x.LooksLike:
		lines = append(lines, say.say("looks-like-member"))
	default:
		lines = append(lines, say.say("no-member"))
	}
	for _, one := range []struct {
		is   bool
		says string
	}{
		{x.MeansMembers, say.say("means-members")},
		{x.Representative, say.say("is-representative")},
		{x.Union && !x.MeansMembers, say.say("is-union")},
		{x.Employer, say.say("is-employer")},
	} {
		if one.is {
			lines = append(lines, one.says)
		}
	}
	_, err = fmt.Fprintln(s.out, strings.Join(lines, "\n"))
	return err
}

type membersConfirmCommand struct {
	office `embed:""`
}

// Run confirms the members' files as they are now.
func (c membersConfirmCommand) Run(ctx context.Context, s streams) error {
	config, err := app.LoadConfig(c.Config)
	if err != nil {
		return usageError{err}
	}
	if err := asOwner(config.Data); err != nil {
		return err
	}
	keys, err := app.InstallationKeys(ctx, config)
	if err != nil {
		return err
	}
	m, err := app.ConfirmMembers(config, keys)
	if err != nil {
		return usageError{err}
	}
	say, err := c.words()
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(s.out, say.say("confirmed", "members", strconv.Itoa(m.Len()), "groups", strconv.Itoa(len(m.Groups()))))
	return err
}

type membersRemoveCommand struct {
	office `embed:""`
	Out    string `type:"path" placeholder:"FILE" help:"The roster; otherwise the file that postvern.yaml names under members."`
	Group  string `arg:"" help:"The group's name."`
}

// Run takes the group out and confirms that to a running gateway.
func (c membersRemoveCommand) Run(ctx context.Context, s streams) error {
	config, out, err := c.roster(c.Out)
	if err != nil {
		return err
	}
	groups, err := app.RemoveMembers(ctx, config, c.Group, out)
	if err != nil {
		return err
	}
	n := 0
	for _, g := range groups {
		n += g.Members
	}
	say, err := c.words()
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(s.out, say.say("group-removed", "group", c.Group, "members", strconv.Itoa(n), "groups", strconv.Itoa(len(groups))))
	return err
}
