package roster

import (
	"crypto/rand"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"postvern.example/internal/likeness"
	"postvern.example/policy/detect"
)

// Export is what a membership system writes: a table with a row of headings.
type Export struct {
	Name    string // of the file, for errors
	Content []byte
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

// Import makes a roster of keyed hashes of the exports. key is the
// installation's; made is the exports' date. The error joins a *Fault for each
// cell that cannot be read; an export without members is one too.
func Import(key []byte, made time.Time, exports ...Export) (*Members, error) {
	var salt [saltSize]byte
	if _, err := rand.Read(salt[:]); err != nil {
		return nil, fmt.Errorf("make roster: %w", err)
	}
	m, err := newMembers(key, salt, made)
	if err != nil {
		return nil, err
	}
	var faults []error
	c := collector{members: m, locals: map[uint64]int{}}
	for _, e := range exports {
		c.faults = nil
		c.read(e)
		faults = append(faults, c.faults...)
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	m.addresses, m.names, m.near = newSet(c.addresses), newSet(c.names), newSet(c.near)
	m.count = c.count
	if m.count == 0 {
		return nil, errors.New("roster: there are no members in it")
	}
	return m, nil
}

// collector hashes what it reads, cell by cell.
type collector struct {
	members          *Members
	addresses, names []uint64
	near             []uint64
	locals           map[uint64]int // how many addresses have a local part, by the hash of the key that says it is common
	count            int
	faults           []error
	file             string
}

func (c *collector) fault(line, column int, reason string) {
	if len(c.faults) < maxFaults {
		c.faults = append(c.faults, &Fault{c.file, line, column, reason})
	}
}

func (c *collector) read(e Export) {
	c.file = e.Name
	text, err := decodeText(e.Content)
	if err != nil {
		c.fault(1, 1, err.Error())
		return
	}
	t, skipped, reason := openTable(text)
	if reason != "" {
		c.fault(skipped+1, 1, reason)
		return
	}
	before := c.count
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
			c.fault(1, 1, "the table cannot be read")
			return
		}
		c.row(t, row, skipped)
	}
	if c.count == before && len(c.faults) == 0 {
		c.fault(skipped+1, 1, "there are headings, but no members below them")
	}
}

// row takes one member in.
func (c *collector) row(t *table, row []string, skipped int) {
	if strings.TrimSpace(strings.Join(row, "")) == "" {
		return
	}
	found := false
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
			c.address(a)
			found = true
		}
	}
	for _, name := range t.namesOf(row) {
		for _, n := range canonicalNames(name) {
			c.names = append(c.names, c.members.hash(nameKind, n))
			found = true
		}
	}
	if found {
		c.count++
	}
}

// address takes a canonical address in, and what others resemble it by.
func (c *collector) address(a string) {
	c.addresses = append(c.addresses, c.members.hash(addressKind, a))
	for _, k := range likeness.Keys(a) {
		c.near = append(c.near, c.members.hash(nearKind, k.Text))
	}
	common := c.members.hash(nearKind, likeness.Common(a).Text)
	if c.locals[common]++; c.locals[common] > likeness.MostSame {
		c.near = append(c.near, common)
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
