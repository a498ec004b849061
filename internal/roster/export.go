package roster

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"postvern.example/internal/likeness"
	"postvern.example/policy"
	"postvern.example/policy/detect"
)

// Export is what a membership system writes: a table with a row of headings.
// It is read for its charset, then for its rows, and never kept in memory whole.
type Export struct {
	Name string // of the file, for errors
	Open func() (io.ReadCloser, error)
}

// FileExport returns the export that stands in a file.
func FileExport(name string) Export {
	return Export{Name: name, Open: func() (io.ReadCloser, error) { return os.Open(name) }}
}

// TextExport returns an export that is in memory already.
func TextExport(name string, content []byte) Export {
	return Export{Name: name, Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content)), nil }}
}

// Fault is something wrong in an export. It never holds the value of a cell.
type Fault struct {
	File         string
	Line, Column int // 1-based; Column counts characters
	Reason       string
}

// Error returns file:line:column: reason.
func (f *Fault) Error() string {
	return fmt.Sprintf("%s:%d:%d: %s", f.File, f.Line, f.Column, f.Reason)
}

// maxFaults bounds what is reported of one export.
const maxFaults = 20

// Import puts the members of the exports into the roster as one group, in the
// place of what the group held; other groups stay. imported is when they left
// the membership system. The error joins a *Fault for each cell that cannot be
// read; exports without members are one too. After an error the roster is as it
// was.
func (r *Roster) Import(group string, imported time.Time, exports ...Export) error {
	_, err := Intake{Roster: r}.Import(group, imported, exports...)
	return err
}

// Intake goes through the rows of exports once, for all that is made of them.
type Intake struct {
	Roster   *Roster
	Numbers  *PhoneBook // nil: telephone numbers are left out, and nothing is counted
	Language string     // whose numbers those without a country code are
}

// Import is Roster.Import, and puts the mobile numbers into the book as the
// same group. After an error the book is good for nothing.
func (in Intake) Import(group string, imported time.Time, exports ...Export) (Tally, error) {
	name, ok := GroupName(group)
	if !ok {
		return Tally{}, errors.New("roster: a group's name is a few words on one line, without @ , or ;")
	}
	c := collector{hasher: in.Roster.hasher, entries: entries{name: name, imported: imported.UTC().Truncate(time.Second)}, locals: map[uint64]int{}, people: map[uint64]bool{}}
	if in.Numbers != nil {
		in.Numbers.Remove(name)
		for _, g := range in.Roster.groups {
			if sameGroup(g.name, name) {
				in.Numbers.Remove(g.name)
			}
		}
		c.beside = func(t *table, row []string, line int, again bool) {
			in.Numbers.row(t, row, name, in.Language)
			if !again {
				c.tally.row(t, row, c.file, line, in.Language)
			}
		}
	}
	var faults []error
	var sources []source
	for _, e := range exports {
		s, err := look(e)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		sources = append(sources, s)
	}
	for _, s := range sources {
		c.faults = nil
		c.read(s)
		faults = append(faults, c.faults...)
	}
	if len(faults) > 0 {
		return Tally{}, errors.Join(faults...)
	}
	if len(c.people) == 0 {
		return Tally{}, errors.New("roster: there are no members in it")
	}
	for k, hashes := range c.hashes {
		slices.Sort(hashes)
		c.hashes[k] = slices.Clip(slices.Compact(hashes))
	}
	c.count = len(c.people)
	if in.Numbers != nil {
		in.Numbers.index()
	}
	return c.tally, in.Roster.put(c.entries)
}

// collector hashes what it reads, cell by cell.
type collector struct {
	*hasher
	entries
	locals map[uint64]int  // how many addresses have a local part, by the hash of the key that says it is common
	people map[uint64]bool // hashes of what rows say of their member: a row that stands twice is one member
	tally  Tally
	beside func(t *table, row []string, line int, again bool) // what else is made of a row; nil: nothing
	faults []error
	file   string
}

func (c *collector) fault(line, column int, reason string) {
	if len(c.faults) < maxFaults {
		c.faults = append(c.faults, &Fault{c.file, line, column, reason})
	}
}

func (c *collector) read(s source) {
	c.file = s.Name
	text, err := s.text()
	if err != nil {
		c.faults = append(c.faults, err)
		return
	}
	defer text.Close() //nolint:errcheck // it was only read
	t, skipped, reason := openTable(text)
	if reason != "" {
		c.fault(skipped+1, 1, reason)
		return
	}
	empty := true
	for {
		row, err := t.rows.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		var parse *csv.ParseError
		if errors.As(err, &parse) {
			c.fault(parse.Line+skipped, parse.Column, "quotes are not closed, or stand inside a cell")
			return
		}
		if err != nil {
			c.faults = append(c.faults, fmt.Errorf("read members: %s: %w", s.Name, err))
			return
		}
		member, again := c.row(t, row, skipped)
		empty = empty && !member
		if c.beside != nil {
			line, _ := t.rows.FieldPos(0)
			c.beside(t, row, line+skipped, again)
		}
	}
	if empty && len(c.faults) == 0 {
		c.fault(skipped+1, 1, "there are headings, but no members below them")
	}
}

// row takes in one row, and says whether it is a member's, who may have been
// taken in before.
func (c *collector) row(t *table, row []string, skipped int) (member, again bool) {
	if strings.TrimSpace(strings.Join(row, "")) == "" {
		return false, false
	}
	var theirs, forms []string
	for _, i := range t.addresses {
		if i >= len(row) {
			continue
		}
		for _, text := range cellAddresses(row[i]) {
			a, ok := detect.CanonicalAddress(text)
			if !ok {
				line, column := t.rows.FieldPos(i)
				c.fault(line+skipped, column, "this is no mail address; leave the cell empty where there is none")
				continue
			}
			theirs = append(theirs, a)
		}
	}
	for _, name := range t.namesOf(row) {
		forms = append(forms, canonicalNames(name)...)
	}
	for _, n := range forms {
		c.add(names, nameKind, n)
	}
	for _, a := range theirs {
		c.address(a)
		for _, n := range forms {
			c.add(pairs, pairKind, pairText(a, n))
		}
	}
	if len(theirs)+len(forms) == 0 {
		return false, false
	}
	person := c.hash(pairKind, pairText(strings.Join(theirs, "\x00")+"\x00", strings.Join(forms, "\x00")))
	again = c.people[person]
	c.people[person] = true
	return true, again
}

func (c *collector) add(set int, k kind, text string) {
	c.hashes[set] = append(c.hashes[set], c.hash(k, text))
}

// address takes in a canonical address, and all that it is found by.
func (c *collector) address(a string) {
	c.add(addresses, addressKind, a)
	at := strings.LastIndexByte(a, '@')
	if local := policy.WithoutDots(a[:at]); len(local) < at && !strings.HasPrefix(a, `"`) {
		c.add(dotless, addressKind, local+a[at:])
	}
	for _, k := range append(likeness.Keys(a), likeness.HostKeys(a)...) {
		c.add(near, nearKind, k.Text)
	}
	common := c.hash(nearKind, likeness.Common(a).Text)
	if c.locals[common]++; c.locals[common] > likeness.MostSame {
		c.hashes[near] = append(c.hashes[near], common)
	}
}

// cellAddresses returns the addresses of a cell, which may hold several.
func cellAddresses(cell string) []string {
	cell = strings.TrimSpace(cell)
	if isNothing(cell) {
		return nil
	}
	if strings.Count(cell, "@") < 2 {
		return []string{strings.TrimRight(cell, ";,| ")}
	}
	return strings.FieldsFunc(cell, func(r rune) bool { return strings.ContainsRune(";,| \t\r\n", r) })
}

// isNothing says whether a cell says in words that there is nothing.
func isNothing(cell string) bool {
	switch strings.ToLower(strings.Trim(cell, " .()<>[]")) {
	case "", "-", "--", "–", "—", "0", "x", "?", "n/a", "na", "null", "nil", "none", "no", "nej", "nei", "ei", "ingen", "inga", "inget",
		"mangler", "mangel", "saknas", "puuttuu", "ukendt", "ukjent", "okänd", "okänt", "unknown", "ikke oplyst", "ikke oppgitt", "ej angivet", "har ikke", "ei ole":
		return true
	}
	return false
}
