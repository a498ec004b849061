package detect

import (
	"slices"
	"strings"
)

// memberScan looks for lists of members over all segments of a message. The
// pieces of one body or attachment belong together.
type memberScan struct {
	roster Roster
	known  map[string]bool // answers of the roster, by canonical address or name
	bodies []body
	at     map[string]int // the index in bodies of a place
}

// body is what is known of one body, attachment or nested message.
type body struct {
	place    Place // of the segment that shows most
	segment  int
	members  map[string]bool // addresses of members, outside headers that a reply quotes
	names    map[string]bool // names of members
	quoted   map[string]bool // addresses of members in quoted headers
	shown    map[string]bool // every address
	best     cluster
	loose    int  // names in a row or a line that a word for members introduces
	tabled   int  // names in the rows of a table
	titled   bool // a line that may be the title of a table speaks of members
	union    bool
	staff    bool
	agreed   bool // somebody agreed to be listed for all readers
	stranger bool // somebody did not, or may not have
	mostSeen int
}

// note puts somebody into a set, which is made with the first.
func note(set *map[string]bool, who string) {
	if *set == nil {
		*set = map[string]bool{}
	}
	(*set)[who] = true
}

// listMinimum is the number of people that make a list.
const listMinimum = 3

// quotedMinimum is the number of members in quoted headers that make a list:
// fewer are the parties of an ordinary thread, who know each other.
const quotedMinimum = 5

// recipientFields are the fields whose addresses the rules for recipients
// judge; here they are no list.
var recipientFields = []string{"to", "cc", "bcc", "from", "sender", "reply-to", "resent-to", "resent-cc", "resent-bcc", "resent-from", "resent-sender", "resent-reply-to", "return-path", "delivered-to"}

// read takes in one segment, whose text was normalised.
func (m *memberScan) read(segment int, seg *Segment, text string, notices []notice) {
	if len(seg.Place) > 0 && seg.Place[0].Kind == InHeader && slices.Contains(recipientFields, strings.ToLower(seg.Place[0].Label)) {
		return
	}
	b := m.body(seg.Place)
	l := listReader{text: text, table: seg.Shape == Table, label: seg.Shape == Label, notices: notices}
	for _, step := range seg.Place {
		l.heard |= headingOf(step.Name)
	}
	if m.roster != nil {
		l.member = m.isMember
	}
	l.consents, _ = m.roster.(Consents)
	l.read(b)
	if seen := len(b.members) + len(b.names) + b.best.people(); seen > b.mostSeen || b.place == nil {
		b.mostSeen, b.place, b.segment = seen, seg.Place, segment
	}
}

// body returns the collection for a place: its steps down to the attachment or
// nested message, or the body.
func (m *memberScan) body(p Place) *body {
	n := 0
	for n < len(p) && (n == 0 || p[n].Kind == InAttachment || p[n].Kind == InMessage || p[n].Kind == InEntry) {
		n++
	}
	key := slices.Clone(p[:n])
	if n > 0 && key[n-1].Kind == InBody {
		key[n-1] = Step{Kind: InBody} // text and HTML say the same
	}
	k := key.key()
	if i, ok := m.at[k]; ok {
		return &m.bodies[i]
	}
	if m.at == nil {
		m.at = map[string]int{}
	}
	m.at[k] = len(m.bodies)
	m.bodies = append(m.bodies, body{})
	return &m.bodies[len(m.bodies)-1]
}

// isMember asks the roster, once for each address or name.
func (m *memberScan) isMember(s string, address bool) bool {
	known, asked := m.known[s]
	if !asked {
		if address {
			known = m.roster.HasAddress(s)
		} else {
			known = m.roster.HasName(s)
		}
		if m.known == nil {
			m.known = map[string]bool{}
		}
		m.known[s] = known
	}
	return known
}

// findings adds one finding for each body that holds a list.
func (m *memberScan) findings(out *collector) {
	for i := range m.bodies {
		b := &m.bodies[i]
		if level, why, n := b.judge(); level > 0 {
			if b.agreed && !b.stranger {
				why |= evidence(EvidenceConsent)
			}
			out.all = append(out.all, entry{place: b.place, segment: b.segment, kind: MemberList, confidence: level, evidence: why, count: n})
		}
	}
}

// judge weighs what was seen of one body.
func (b *body) judge() (Confidence, evidenceSet, int) {
	seen := max(len(b.members), len(b.names))
	all := len(b.members)
	for a := range b.quoted {
		if !b.members[a] {
			all++
		}
	}
	why := evidenceSet(0)
	if b.union {
		why |= evidence(EvidenceUnionWord)
	}
	if seen > 0 {
		why |= evidence(EvidenceRoster)
	}
	people := b.best.people()
	switch {
	case seen >= listMinimum || all >= quotedMinimum:
		why |= evidence(EvidenceRoster)
		if people >= listMinimum {
			why |= evidence(EvidenceShape)
		}
		return Certain, why, max(seen, all)
	case people >= listMinimum && b.best.quoted >= people && seen == 0:
		// To whom a quoted mail went, none of whom the roster knows.
		return Possible, why | b.best.evidence(), people
	case len(b.best.named) >= listMinimum:
		return b.shaped(seen, why|b.best.evidence())
	case len(b.best.bare) >= listMinimum:
		level := Possible
		if b.union || seen > 0 {
			level = Likely
		}
		return level, why | evidence(EvidenceAddresses), people
	case b.loose >= listMinimum:
		return Likely, why | evidence(EvidenceShape, EvidenceUnionWord), b.loose
	case b.titled && b.tabled >= listMinimum:
		return Likely, why | evidence(EvidenceShape, EvidenceUnionWord), b.tabled
	}
	return 0, 0, 0
}

// shaped weighs a list of people by its shape, without enough of the roster.
func (b *body) shaped(seen int, why evidenceSet) (Confidence, evidenceSet, int) {
	level := Possible
	if b.best.addressed >= listMinimum {
		level = Likely
	}
	if b.staff && !b.union && seen == 0 {
		return Possible, why | evidence(EvidenceStaff), b.best.people()
	}
	if b.union {
		level++
	}
	if seen > 0 {
		level++
	}
	return min(level, Certain), why, b.best.people()
}
