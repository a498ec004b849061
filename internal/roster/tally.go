package roster

import (
	"strings"

	"postvern.example/internal/phone"
)

// Tally is what exports hold beside members with an address: what an import
// takes without a word, and somebody may want to mend. Lines are of the first
// such row of each sort; none is 0.
type Tally struct {
	Nameless Gap // rows with neither an address nor a whole name: they are left out
	NameOnly Gap // rows with a name and no address: members who are known by name alone
	Phones   int // rows with a mobile number
	NoMobile Gap // rows with something in a column for telephones, but no mobile number
}

// Gap counts rows and says where the first of them stands.
type Gap struct {
	Rows int
	File string
	Line int
}

func (g *Gap) add(file string, line int) {
	if g.Rows++; g.Rows == 1 {
		g.File, g.Line = file, line
	}
}

// row counts one row that is not empty.
func (n *Tally) row(t *table, row []string, file string, line int, language string) {
	if strings.TrimSpace(strings.Join(row, "")) == "" {
		return
	}
	addresses := 0
	for _, i := range t.addresses {
		if i < len(row) {
			addresses += len(cellAddresses(row[i]))
		}
	}
	named := false
	for _, name := range t.namesOf(row) {
		named = named || len(canonicalNames(name)) > 0
	}
	switch {
	case addresses == 0 && named:
		n.NameOnly.add(file, line)
	case addresses == 0:
		n.Nameless.add(file, line)
		return
	}
	written, mobile := false, false
	for _, i := range t.phones {
		if i < len(row) && !isNothing(row[i]) {
			_, ok := phone.Parse(row[i], language)
			written, mobile = true, mobile || ok
		}
	}
	switch {
	case mobile && addresses > 0:
		n.Phones++
	case written && !mobile:
		n.NoMobile.add(file, line)
	}
}
