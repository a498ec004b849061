package detect

import (
	"strconv"
	"strings"
)

// Kind names what was found, in the words of the policy file.
type Kind string

// The kinds that a policy can name under detect.
const (
	DanishCPR           Kind = "dk-cpr"
	NorwegianFnr        Kind = "no-fodselsnummer"
	SwedishPersonnummer Kind = "se-personnummer"
	FinnishHetu         Kind = "fi-hetu"
	IcelandicKennitala  Kind = "is-kennitala"
	IBAN                Kind = "iban"
	BankAccount         Kind = "bank-account"
	Passport            Kind = "passport"
	MemberList          Kind = "member-list"
	Health              Kind = "health"
	UnionMembership     Kind = "union-membership"
	Sexuality           Kind = "sexuality"
	Ethnicity           Kind = "ethnicity"
	Politics            Kind = "politics"
	Religion            Kind = "religion"
	CriminalOffences    Kind = "criminal-offences"
	Salary              Kind = "salary"
	Dismissal           Kind = "dismissal"
	Negotiation         Kind = "negotiation"
	Unscannable         Kind = "unscannable"   // no text could be had of a piece: reported by message and extract
	Protected           Kind = "protected"     // a file that only a password opens: reported by extract
	FilePassword        Kind = "file-password" // counts where its file goes the same way, which the policy finds out
)

// Kinds lists every kind, in the order of the manual.
func Kinds() []Kind {
	return []Kind{
		DanishCPR, NorwegianFnr, SwedishPersonnummer, FinnishHetu, IcelandicKennitala,
		IBAN, BankAccount, Passport, MemberList,
		Health, UnionMembership, Sexuality, Ethnicity, Politics, Religion, CriminalOffences,
		Salary, Dismissal, Negotiation, Unscannable, Protected, FilePassword,
	}
}

// Confidence says how sure a finding is. The order of the values is their strength.
type Confidence int

// The levels of confidence, as the policy file names them.
const (
	Possible Confidence = iota + 1
	Likely
	Certain
)

// String returns the word of the policy file: possible, likely or certain.
func (c Confidence) String() string {
	switch c {
	case Possible:
		return "possible"
	case Likely:
		return "likely"
	case Certain:
		return "certain"
	}
	return "none"
}

// Evidence names one reason for or against a finding: "checksum", "keyword",
// "time-stamp". It comes from a fixed set and never holds text of the message.
type Evidence string

// Finding is one kind of personal data at one place. The value that was found
// is not part of it and never leaves the function that found it.
type Finding struct {
	Kind       Kind
	Place      Place
	Confidence Confidence
	Evidence   []Evidence
	Count      int // how many values of this kind stand at this place; at least 1
}

// Segment is a run of text and the place that it came from. Text is valid
// UTF-8 with entities, transfer encodings and charsets already undone.
type Segment struct {
	Place      Place
	Shape      Shape
	Text       string
	Unseen     bool // no program shows it: comments, scripts and attributes of HTML
	Recognised bool // read from a picture, where a digit may be misread: no number in it is certain
}

// Shape says how the text of a segment is to be read.
type Shape int

// The shapes of a segment.
const (
	Prose Shape = iota // sentences and lines
	Table              // rows end in "\n", cells in "\t"; the first row may be a heading
	Label              // a short string that stands alone: a file name, a parameter, a display name
)

// Place is the way to a piece of a message, outermost step first.
type Place []Step

// Step is one step of a Place.
type Step struct {
	Kind   StepKind
	Number int    // 1-based; 0 where the kind has none
	Label  string // a format ("PDF") or a well-known field name ("Subject") from a fixed set; never text of the message
	Name   string // a file or sheet name as written. It is content: only explain shows it, String never does
}

// StepKind says what a Step goes into.
type StepKind string

// The kinds of step. Each has a word in every language of package notice.
const (
	InHeader     StepKind = "header"     // Label: field name or "other"
	InBody       StepKind = "body"       // Label: "text" or "HTML"
	InAttachment StepKind = "attachment" // Number, Label: format, Name
	InMessage    StepKind = "message"    // a nested message
	InEntry      StepKind = "entry"      // Number: of an archive, Label: format, Name
	InName       StepKind = "name"       // a file name, parameter or comment
	InPage       StepKind = "page"       // Number
	InSheet      StepKind = "sheet"      // Number, Name
	InColumn     StepKind = "column"     // Number
	InRow        StepKind = "row"        // Number
	InSlide      StepKind = "slide"      // Number
	InComment    StepKind = "comment"    // a comment, note or tracked change of a document
	InProperties StepKind = "properties" // a document's properties
	InHidden     StepKind = "hidden"     // what a file keeps and no program shows: pages taken out, layers that are off
	InStructure  StepKind = "structure"  // the MIME structure itself: preamble, epilogue, boundaries
)

// In returns the place with one more step. The receiver is not changed.
func (p Place) In(s Step) Place {
	q := make(Place, len(p), len(p)+1)
	copy(q, p)
	return append(q, s)
}

// String returns the place in English without any text of the message:
// "attachment 2 (PDF), page 2".
func (p Place) String() string { return p.text(false) }

// Full returns the place with the names that the message gives to files and
// sheets. It is content: show it only to somebody who holds the message.
func (p Place) Full() string { return p.text(true) }

func (p Place) text(names bool) string {
	var b strings.Builder
	for i, s := range p {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(s.text(names))
	}
	return b.String()
}

func (s Step) text(names bool) string {
	t := string(s.Kind)
	if s.Number > 0 {
		t += " " + strconv.Itoa(s.Number)
	}
	if s.Label != "" {
		t += " (" + s.Label + ")"
	}
	if names && s.Name != "" {
		t += " " + strconv.Quote(s.Name)
	}
	return t
}

// Roster answers who is a member. Package roster implements it with keyed
// hashes; both methods are look-ups in memory.
type Roster interface {
	// HasAddress reports whether the mail address, in any form that
	// CanonicalAddress accepts, is a member's.
	HasAddress(address string) bool
	// HasName reports whether a full name, as written, is a member's.
	HasName(name string) bool
}
