// Package policy turns the DPO's policy file into a Policy, and a Policy with
// the facts about one message into a Decision.
//
// It is pure: no clock, no network, no disk, so the same message and policy
// always give the same decision. It fails closed: a policy with any fault is
// not loaded at all, what could not be scanned is held where no rule says
// otherwise, and a reader whose key is in doubt has no key.
package policy

import (
	"strings"

	"postvern.example/policy/detect"
	"postvern.example/policy/strict"
)

// Policy is a policy file that was found right, with every default filled in.
// It is never changed after Load and may be used by several goroutines.
type Policy struct {
	Organisation string
	Language     string // da, nb, nn, sv or en
	Mode         Mode
	Contact      string // the DPO's address
	Scope        Scope
	People       People
	Recipients   Recipients
	Rules        []Rule           // personal-data, in the order of the file
	Codes        []CodeWay        // how a code comes to its reader: the first that is open
	KeySources   []KeySource      // where readers' keys may come from
	Terms        []detect.Term    // the DPO's own words, of the file and of the folder beside it
	Lexicons     []detect.Lexicon // and phrases
	Signature    Signature
	SignatureKey SignatureKey
	Subject      Subject
	Deviations   Deviations
	Held         Held
	Hash         string // SHA-256 of the file, in hexadecimal; of the files of its lexicon folder as well, where it has any
}

// People says who is who, by patterns of addresses.
type People struct {
	Union    []Pattern // the union's own office
	Employer []Pattern

	Groups      []Pattern     // addresses of groups and lists that mean our members
	SameMailbox []SameMailbox // spellings that a provider delivers to one mailbox
}

// Recipients says what becomes of members in sight.
type Recipients struct {
	Hide        Hide
	From        int // this many members in To and Cc together are hidden
	Beside      Beside
	As          As
	Invitations Handling // Split, HoldIt or Leave
	Quoted      Handling // Remove, HoldIt or Leave
	Authors     Handling // Remove, HoldIt or Leave: who made, changed or commented an attached file
	Encrypted   Handling // Refuse or HoldIt
	Papers      Handling // Detach, HoldIt or Leave: what is attached to an invitation
	Meetings    Handling // Private or Leave
	Unusual     Unusual
}

// Rule is one rule of personal-data.
type Rule struct {
	Name       string
	Detect     []detect.Kind
	Confidence detect.Confidence // findings that are at least this sure
	Strength   Strength          // of detect.Protected: files that are so well protected; empty: all
	To         []Readers         // the readers whom it is for; empty: all
	Except     []Readers         // and of these, those whom it is not for
	Do         Do
	WithoutKey Do       // DoHold, DoReject or DoPassword: what encrypt becomes for a reader without a key, where Protection is empty
	Protection []Step   // the ladder of encrypt; empty: what WithoutKey is short for
	own        bool     // the ladder stands in the rule
	For        []Ladder // ladders of some readers: the first that fits counts before Protection
	Severity   Severity
}

// Subject says how subjects are marked.
type Subject struct {
	Tag string
	On  On

	Names Doubt // members' names in the subject
}

// Deviations says how long the register has and keeps.
type Deviations struct {
	FollowUp strict.Duration
	Keep     strict.Duration
}

// Held says how long held mail is kept, and what its sender is asked.
type Held struct {
	Keep strict.Duration
	Ask  []Choice // what the sender may do about mail that is held for want of protection; empty: they are not asked
}

// Scope says which mail the policy is for.
type Scope string

// The scopes.
const (
	ScopeRepresentative Scope = "representative-mail"
	ScopeAll            Scope = "all"
)

// Hide says who leaves the visible fields.
type Hide string

// The choices of recipients.hide.
const (
	HideMembers  Hide = "members"
	HideEveryone Hide = "everyone"
)

// Beside says what to do about one member in sight of an outsider.
type Beside string

// The choices of recipients.beside.
const (
	BesideLeave Beside = "leave"
	BesideNote  Beside = "note"
	BesideHide  Beside = "hide"
)

// As says how mail with hidden recipients is sent.
type As string

// The choices of recipients.as.
const (
	AsBcc        As = "bcc"
	AsIndividual As = "individual"
)

// Handling says what to do about members whom a message names beyond its own
// header.
type Handling string

// The choices of recipients.invitations, quoted, encrypted, papers and
// meetings.
const (
	Split   Handling = "split"
	Remove  Handling = "remove"
	HoldIt  Handling = "hold"
	Leave   Handling = "leave"
	Refuse  Handling = "reject"
	Detach  Handling = "detach"
	Private Handling = "private"
)

// Doubt says what to do about what may be a fault and may be right.
type Doubt string

// The choices of subject.names.
const (
	DoubtLeave Doubt = "leave"
	DoubtNote  Doubt = "note"
	DoubtHold  Doubt = "hold"
)

// Do is what a rule asks for.
type Do string

// What a rule can ask for, weakest first. A rule of the file cannot ask the
// sender.
const (
	DoNote    Do = "note"
	DoEncrypt Do = "encrypt"
	DoAsk     Do = "ask" // hold, until the sender has answered a question
	DoHold    Do = "hold"
	DoReject  Do = "reject"

	DoPassword Do = "password" // of without-key alone: a document that a code opens
)

// Strength says how well a file is protected that only a password opens.
type Strength string

// The strengths: weak protection is opened within minutes without the password.
const (
	StrengthWeak   Strength = "weak"
	StrengthStrong Strength = "strong"
)

// On says which mail gets the tag.
type On string

// The choices of subject.on.
const (
	OnRepresentative On = "representative-mail"
	OnPersonalData   On = "personal-data"
	OnAlways         On = "always"
	OnNever          On = "never"
)

// Languages returns the languages of notices and reports, as the file names
// them.
func Languages() []string { return []string{"da", "nb", "nn", "sv", "en"} }

// Detection returns what a Scanner for this policy is made from.
func (p *Policy) Detection() detect.Config {
	return detect.Config{Terms: p.Terms, Lexicons: p.Lexicons}
}

// IsUnion reports whether the address is of the union's own office.
func (p *Policy) IsUnion(address string) bool { return matchAny(p.People.Union, address) }

// IsEmployer reports whether the address is of the employer.
func (p *Policy) IsEmployer(address string) bool { return matchAny(p.People.Employer, address) }

// IsGroup reports whether the address is a group's or list's that means our
// members.
func (p *Policy) IsGroup(address string) bool { return matchAny(p.People.Groups, address) }

// Names reports whether some rule of personal-data names the kind.
func (p *Policy) Names(k detect.Kind) bool {
	for _, r := range p.Rules {
		if r.names(k) {
			return true
		}
	}
	return false
}

func (r Rule) names(k detect.Kind) bool {
	for _, d := range r.Detect {
		if d == k {
			return true
		}
	}
	return false
}

// Pattern is an address ("anna@forening.example"), a domain
// ("*@forening.example") or the domains below one ("*@*.forening.example").
// Its parts are canonical.
type Pattern struct {
	text   string // as written
	exact  string // a whole address
	domain string // or a domain
	below  bool   // the domains below domain, not itself
}

// String returns the pattern as written.
func (p Pattern) String() string { return p.text }

// ParsePattern reads a pattern. It returns false for what is neither an
// address nor a domain with `*@` before it.
func ParsePattern(text string) (Pattern, bool) {
	p := Pattern{text: text}
	rest, wild := strings.CutPrefix(text, "*@")
	if !wild {
		var ok bool
		p.exact, ok = bare(text)
		return p, ok && !strings.Contains(text, "*")
	}
	rest, p.below = strings.CutPrefix(rest, "*.")
	address, ok := bare("x@" + rest)
	if !ok || strings.ContainsAny(rest, "*@") || !strings.Contains(rest, ".") {
		return Pattern{}, false
	}
	p.domain = domainOf(address)
	return p, true
}

// Matches reports whether an address, in any form that
// detect.CanonicalAddress accepts, fits the pattern.
func (p Pattern) Matches(address string) bool {
	a, ok := detect.CanonicalAddress(address)
	return ok && p.matches(a)
}

// matches wants a canonical address.
func (p Pattern) matches(a string) bool {
	switch {
	case p.exact != "":
		return a == p.exact
	case p.domain == "":
		return false
	case p.below:
		return strings.HasSuffix(domainOf(a), "."+p.domain)
	}
	return domainOf(a) == p.domain
}

func matchAny(patterns []Pattern, address string) bool {
	a, ok := detect.CanonicalAddress(address)
	return ok && anyMatches(patterns, a)
}

// bare returns the canonical form of an address that is written without a
// name or brackets.
func bare(text string) (string, bool) {
	a, ok := detect.CanonicalAddress(text)
	return a, ok && !strings.ContainsAny(text, " \t\r\n<>()\",;:")
}

func domainOf(address string) string {
	return address[strings.LastIndexByte(address, '@')+1:]
}
