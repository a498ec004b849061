package policy

import "slices"

// named returns what a subject that names members comes to: it may be a fault,
// and it may be right.
func (p *Policy) named(f Facts, c cast) []match {
	readers := make([]bool, len(f.Recipients))
	severity := Medium
	for i, r := range f.Recipients {
		readers[i] = r.Named > 0 && !c.readers[i].inside
		if readers[i] && c.readers[i].employer {
			severity = High
		}
	}
	if !slices.Contains(readers, true) || p.Subject.Names == DoubtLeave {
		return nil
	}
	m := match{rule: RuleNames, do: DoNote, readers: readers, severity: severity, typ: EntryNamed}
	if p.Subject.Names == DoubtHold {
		m.do = DoHold
	}
	return []match{m}
}
