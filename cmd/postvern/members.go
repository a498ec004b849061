package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
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
	installation `embed:""`
	Out          string   `type:"path" placeholder:"FILE" help:"Where the roster is written; otherwise the file that postvern.yaml names under members."`
	Group        string   `placeholder:"NAME" help:"The group whose entries are replaced; the others stay. Otherwise \"members\"."`
	Files        []string `arg:"" type:"path" name:"file" help:"CSV or XLSX files with a header row."`
	Shrink       bool     `help:"Take a roster or group that is more than a fifth smaller than the one it replaces."`
}

// Run writes the roster. The key of the hashes comes from the installation's
// key, so that a stolen roster cannot be tried against a list of addresses.
func (c membersImportCommand) Run(ctx context.Context, s streams) error {
	config, out, err := c.roster(c.Out)
	if err != nil {
		return err
	}
	for _, f := range c.Files {
		if f == out {
			return usageError{fmt.Errorf("%s would be overwritten by its own roster: give --out or another name under members", f)}
		}
	}
	group := c.Group
	if group == "" {
		group = roster.DefaultGroup
	}
	name, ok := roster.GroupName(group)
	if !ok {
		return usageError{fmt.Errorf("--group: %q is no name of a group: write a few words without @ , or ;", c.Group)}
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
		if _, err = fmt.Fprintf(s.out, "%s now in the group %q; the %d groups have %d, each group's counted by itself.\n", count(theirs, "member is", "members are"), name, len(groups), all); err != nil {
			return err
		}
	}
	lines := append([]string{fmt.Sprintf("%s now in %s as keyed hashes; the exports can be deleted.", count(all, "member is", "members are"), out)}, gaps(tally)...)
	_, err = fmt.Fprintln(s.out, strings.Join(lines, "\n"))
	return err
}

// gaps says what an import took or left out that somebody may want to mend. It
// names lines, and nothing that stands on them.
func gaps(t roster.Tally) (lines []string) {
	where := func(g roster.Gap) string { return fmt.Sprintf("%s:%d", filepath.Base(g.File), g.Line) }
	if g := t.Nameless; g.Rows > 0 {
		lines = append(lines, fmt.Sprintf("%s left out, without an address and a whole name (first: %s).", count(g.Rows, "row was", "rows were"), where(g)))
	}
	if g := t.NameOnly; g.Rows > 0 {
		lines = append(lines, fmt.Sprintf("%s no address (first: %s): mail to an address of theirs is not known to be a member's.", count(g.Rows, "member has", "members have"), where(g)))
	}
	if t.Phones > 0 || t.NoMobile.Rows > 0 {
		lines = append(lines, count(t.Phones, "member has", "members have")+" a mobile number for codes.")
	}
	if g := t.NoMobile; g.Rows > 0 {
		lines = append(lines, fmt.Sprintf("%s a telephone number that is no mobile number (first: %s): write it with its country code, such as +45 20 00 00 01.", count(g.Rows, "member has", "members have"), where(g)))
	}
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
	installation `embed:""`
	JSON         bool `name:"json" help:"Print JSON."`
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
	w := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "GROUP\tMEMBERS\tIMPORTED\tAGE")
	for _, g := range status.Groups {
		stale := ""
		if g.Stale {
			stale = ", stale"
		}
		fmt.Fprintf(w, "%s\t%d\t%s\t%d days%s\n", g.Name, g.Members, when(g.Imported), g.AgeDays, stale)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	_, err = fmt.Fprintf(s.out, "%s in %s.\n", count(status.Members, "member", "members"), count(len(status.Groups), "group", "groups"))
	if status.Stale && err == nil {
		_, err = fmt.Fprintf(s.out, "The oldest group is older than %s (roster.stale-after): import a new export.\n", after)
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
	installation `embed:""`
	Address      string `arg:"" help:"The mail address, in any form."`
	JSON         bool   `name:"json" help:"Print JSON."`
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
	if !strings.Contains(c.Address, "@") {
		return usageError{fmt.Errorf("%q is no mail address", c.Address)}
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
		lines = append(lines, "It is a member's address, in: "+strings.Join(x.Groups, ", ")+".")
	case x.Member:
		lines = append(lines, "It is a member's address, in another spelling of the same mailbox.")
	case x.LooksLike:
		lines = append(lines, "It is no member's address, and looks like one.")
	default:
		lines = append(lines, "It is no member's address.")
	}
	for _, one := range []struct {
		is   bool
		says string
	}{
		{x.MeansMembers, "The policy takes it for an address that means our members (people.groups)."},
		{x.Representative, "It is a representative's, who is not hidden."},
		{x.Union && !x.MeansMembers, "It is the union's own office (people.union), which is not hidden."},
		{x.Employer, "It is the employer's (people.employer)."},
	} {
		if one.is {
			lines = append(lines, one.says)
		}
	}
	_, err = fmt.Fprintln(s.out, strings.Join(lines, "\n"))
	return err
}

type membersConfirmCommand struct {
	installation `embed:""`
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
	_, err = fmt.Fprintf(s.out, "Confirmed: the gateway takes the %s of %s as the files have them now.\n", count(m.Len(), "member", "members"), count(len(m.Groups()), "group", "groups"))
	return err
}

type membersRemoveCommand struct {
	installation `embed:""`
	Out          string `type:"path" placeholder:"FILE" help:"The roster; otherwise the file that postvern.yaml names under members."`
	Group        string `arg:"" help:"The group's name."`
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
	_, err = fmt.Fprintf(s.out, "The group %q is gone; what is left: %s in %s.\n", c.Group, count(n, "member", "members"), count(len(groups), "group", "groups"))
	return err
}
