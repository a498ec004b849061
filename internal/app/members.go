package app

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"postvern.example/internal/roster"
	"postvern.example/policy/detect"
	"postvern.example/proxy/extract"
	"postvern.example/proxy/spool"
)

// LoadMembers reads the files and folders that the configuration names under
// members. Where it names none, as when a mail is only explained, nobody is
// known.
func LoadMembers(c Config, keys [][]byte) (*roster.Members, error) {
	if strings.Join(c.Members, "") == "" {
		return roster.Empty(), nil
	}
	return roster.Load(c.Members, keys, openExport)
}

// openExport makes an export of a file: as it is where it is text, and of a
// workbook the sheet that lists members.
func openExport(file string) (roster.Export, error) {
	if !strings.EqualFold(filepath.Ext(file), ".xlsx") {
		return roster.FileExport(file), nil
	}
	content, err := os.ReadFile(file)
	if err != nil {
		return roster.Export{}, fmt.Errorf("read members: %w", err)
	}
	text, err := sheet(file, content)
	if err != nil {
		return roster.Export{}, err
	}
	return roster.TextExport(file, text), nil
}

// sheet returns the first sheet of a workbook that has members' headings as
// tab-separated text; where none has, the first. A workbook that is not read
// whole is refused.
func sheet(file string, content []byte) ([]byte, error) {
	reader := extract.New(extract.Config{})
	defer reader.Close()
	read := reader.File(context.Background(), filepath.Base(file), content)
	fault := func(reason string) ([]byte, error) {
		return nil, &roster.Fault{File: file, Line: 1, Column: 1, Reason: reason}
	}
	locked := func(f detect.Finding) bool { return f.Kind == detect.Protected }
	switch {
	case slices.ContainsFunc(read.Findings, locked):
		return fault("the workbook is locked with a password: save it without, or export as CSV")
	case len(read.Findings) > 0:
		return fault("the workbook is too large or cannot be read whole: export as CSV")
	}
	var first []byte
	for _, s := range read.Segments {
		if s.Shape != detect.Table {
			continue
		}
		text, err := separated(s.Text)
		if err != nil {
			return nil, fmt.Errorf("read members: %s: %w", file, err)
		}
		if roster.HasHeadings(bytes.NewReader(text)) {
			return text, nil
		}
		if first == nil {
			first = text
		}
	}
	if first == nil {
		return fault("there is no sheet with cells in the workbook")
	}
	return first, nil
}

// separated writes rows of cells so that a quotation mark in one is one.
func separated(table string) ([]byte, error) {
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	w.Comma = '\t'
	for row := range strings.SplitSeq(table, "\n") {
		if err := w.Write(strings.Split(row, "\t")); err != nil {
			return nil, err
		}
	}
	w.Flush()
	return out.Bytes(), w.Error()
}

// MembersImport is what goes into a roster.
type MembersImport struct {
	Exports []string
	Group   string // roster.DefaultGroup where it is empty
	Out     string
	Shrink  bool // take a roster or group that is much smaller than the one it replaces
}

// ImportMembers puts the members of the exports into the roster in a file, as
// one group that replaces its entries, and returns the roster's groups and what
// the exports lack. A
// roster or group that is more than a fifth smaller than the one that it
// replaces is refused, unless the import says that it is right; then a running
// gateway takes it too.
func ImportMembers(ctx context.Context, c Config, in MembersImport) ([]roster.Group, roster.Tally, error) {
	keys, err := c.keys(ctx)
	if err != nil {
		return nil, roster.Tally{}, err
	}
	var exports []roster.Export
	for _, file := range in.Exports {
		e, err := openExport(file)
		if err != nil {
			return nil, roster.Tally{}, err
		}
		exports = append(exports, e)
	}
	if in.Group == "" {
		in.Group = roster.DefaultGroup
	}
	// Nearly all that an import holds are long lists of hashes, which a
	// collection need not look into: it may as well come often.
	defer debug.SetGCPercent(debug.SetGCPercent(10))
	numbers, err := readNumbers(keys, in.Out)
	if err != nil {
		return nil, roster.Tally{}, err
	}
	var tally roster.Tally
	groups, err := changeRoster(c, keys, in.Out, in.Shrink, func(r *roster.Roster) (err error) {
		tally, err = roster.Intake{Roster: r, Numbers: numbers.book, Language: c.country()}.Import(in.Group, time.Now(), exports...)
		return err
	})
	if err != nil {
		return nil, roster.Tally{}, err
	}
	return groups, tally, numbers.write()
}

// RemoveMembers takes a group out of the roster in a file.
func RemoveMembers(ctx context.Context, c Config, group, out string) ([]roster.Group, error) {
	keys, err := c.keys(ctx)
	if err != nil {
		return nil, err
	}
	numbers, err := readNumbers(keys, out)
	if err != nil {
		return nil, err
	}
	groups, err := changeRoster(c, keys, out, true, func(r *roster.Roster) error {
		for _, g := range r.Groups() {
			if strings.EqualFold(g.Name, group) {
				numbers.book.Remove(g.Name)
			}
		}
		if !r.Remove(group) {
			return fmt.Errorf("%s has no group %q: postvern members status lists them", out, group)
		}
		if r.Len() == 0 {
			return fmt.Errorf("%q is the last group: an empty roster hides nobody, and is never taken", group)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return groups, numbers.write()
}

// country is whose numbers those without a country code are, by the policy's
// language.
func (c Config) country() string {
	if p, err := LoadPolicy(c.Policy); err == nil {
		return p.Language
	}
	return "da" // as where a policy does not say
}

// numbers is the file of mobile numbers beside a roster.
type numbers struct {
	file   string
	book   *roster.PhoneBook
	before int
}

func readNumbers(keys [][]byte, out string) (numbers, error) {
	n := numbers{file: roster.PhonesFile(out)}
	var err error
	if n.book, err = roster.ReadPhoneBook(n.file, keys...); err != nil {
		return n, err
	}
	n.before = n.book.Len()
	return n, nil
}

// write writes the file anew, where it had any before or has some now.
func (n numbers) write() error {
	if n.before == 0 && n.book.Len() == 0 {
		return nil
	}
	text, err := n.book.Encode()
	if err != nil {
		return err
	}
	return replaceFile(n.file, text)
}

// changeRoster changes the roster in a file, which may not be there yet, and
// writes it as a whole.
func changeRoster(c Config, keys [][]byte, out string, shrink bool, change func(*roster.Roster) error) ([]roster.Group, error) {
	var before []roster.Group
	var old roster.Size
	r, err := roster.ReadRoster(out, keys...)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, err
	case r == nil:
		return nil, fmt.Errorf("%s is no roster of hashes, and would be overwritten: give --out or another name under members", out)
	default:
		before, old = r.Groups(), r.Size()
	}
	if r == nil {
		if r, err = roster.New(keys[0]); err != nil {
			return nil, err
		}
	}
	if err := change(r); err != nil {
		return nil, err
	}
	small := errors.Join(roster.CompareGroups(before, r.Groups()), roster.Compare(old, r.Size()))
	if small != nil && !shrink {
		return nil, fmt.Errorf("%s: %w; give --shrink if that is right", out, small)
	}
	if err := writeFile(out, r.Encode); err != nil {
		return nil, err
	}
	if small != nil {
		if _, err := ConfirmMembers(c, keys); err != nil {
			return nil, fmt.Errorf("the roster is written; confirm it to the gateway: %w", err)
		}
	}
	return r.Groups(), nil
}

// keys is InstallationKeys.
func (c Config) keys(ctx context.Context) ([][]byte, error) {
	if err := os.MkdirAll(c.Data, 0o700); err != nil {
		return nil, fmt.Errorf("make data folder: %w", err)
	}
	keys, err := spool.LoadKeys(ctx, c.Data, c.Store)
	if err != nil {
		return nil, fmt.Errorf("load installation key: %w", err)
	}
	return keys, nil
}

// InstallationKeys returns the installation's keys and makes one where there is
// none.
func InstallationKeys(ctx context.Context, c Config) ([][]byte, error) { return c.keys(ctx) }

// warnStale says in the log that the roster is older than it may be.
func (a *App) warnStale(m *roster.Members) {
	after := time.Duration(a.opt.Config.Roster.StaleAfter)
	if m.IsStale(a.opt.Now(), after) {
		a.opt.Logger.Warn("stale", "what", "the roster of members", "days", days(m.Age(a.opt.Now())), "allowed", a.opt.Config.Roster.StaleAfter.String(),
			"reason", "its oldest group was imported that long ago: who has joined since is not hidden")
	}
}

func days(d time.Duration) int { return int(d / (24 * time.Hour)) }

// rosterHealth is the line of the health page: numbers, never a name.
func (a *App) rosterHealth(w io.Writer) {
	m, now := a.gateway.Rules().Members, a.opt.Now()
	state := ""
	if m.IsStale(now, time.Duration(a.opt.Config.Roster.StaleAfter)) {
		state = ", stale"
	}
	_, _ = fmt.Fprintf(w, "roster: %d members, %d groups, %d days old%s\n", m.Len(), len(m.Groups()), days(m.Age(now)), state) // the reader may be gone
}
