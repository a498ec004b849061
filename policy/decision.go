package policy

import "postvern.example/policy/detect"

// Decision is what becomes of a message: one verdict for each recipient, the
// edits for the message as a whole, and what goes into the register.
type Decision struct {
	Mode           Mode // in observe mode the verdicts and edits are what would have happened
	Representative bool // it is representative mail
	Individual     bool // each recipient gets a copy of their own, whose To is that reader alone
	Verdicts       []Verdict
	Edits          []Edit
	Entries        []Entry
	Consents       []string // ids of the consents that were relied on
}

// Mode says whether decisions are carried out.
type Mode string

// The modes of a policy.
const (
	Enforce Mode = "enforce"
	Observe Mode = "observe"
)

// Action is the word for what becomes of one copy.
type Action string

// The actions, weakest first.
const (
	Pass   Action = "pass"
	Seal   Action = "seal"
	Hold   Action = "hold"
	Reject Action = "reject"
)

// strength orders the actions.
func (a Action) strength() int {
	switch a {
	case Pass:
		return 0
	case Seal:
		return 1
	case Hold:
		return 2
	case Reject:
		return 3
	}
	return 4
}

// Strictest returns the strictest action of all verdicts; Pass where there
// are none.
func (d Decision) Strictest() Action {
	worst := Pass
	for _, v := range d.Verdicts {
		worst = stricter(worst, v.Action)
	}
	return worst
}

func stricter(a, b Action) Action {
	if b.strength() > a.strength() {
		return b
	}
	return a
}

// Verdict is the fate of the copy for one recipient.
type Verdict struct {
	Recipient string
	Action    Action
	Step      Step     // what protects the copy, where Action is Seal
	Choices   []Choice // where it is held for want of protection: what its sender may do
	Code      CodeWay  // how its code comes to the reader, where the step needs one
	Reasons   []Reason // empty only where Action is Pass and nothing matched
}

// Reason is one cause of a verdict.
type Reason struct {
	Rule     string   // the rule's name in the policy, or one of the Rule constants
	Do       string   // what the rule asked for: note, encrypt, ask, hold, reject
	Action   Action   // what that means for this reader
	Key      KeyState // why a seal became a hold or reject; empty otherwise
	Ladder   []Rung   // where the rule says encrypt: the steps that were tried, the last one taken
	Findings []detect.Finding
}

// Edit is one change to the message that every copy gets.
type Edit struct {
	Kind      EditKind
	Addresses []string // EditHide: addresses that leave the visible fields, as the facts name them
	Subject   string   // EditTag: the whole subject that replaces the one that came, decoded
	Reason    string   // the key of the policy that asks for it: "recipients.from", "recipients.beside", "recipients.as", "subject.tag"
}

// EditKind names an edit.
type EditKind string

// The edits.
const (
	EditHide EditKind = "hide"     // take addresses out of the fields that readers see
	EditBcc  EditKind = "drop-bcc" // a Bcc field never leaves
	EditTag  EditKind = "tag"      // put the tag before the subject

	EditNumber EditKind = "drop-number" // take the telephone number of a code out of the subject

	EditQuoted EditKind = "blind-quoted" // take members out of the header blocks of quoted messages
	EditNested EditKind = "blind-nested" // take members out of the headers of nested messages

	EditAuthors EditKind = "blind-authors" // take members out of what programs wrote into files about those who worked on them

	EditInvitation EditKind = "split-invitation" // each hidden member gets an invitation that names no other

	EditPapers  EditKind = "detach-papers" // the papers of an invitation go in a mail of their own
	EditPrivate EditKind = "mark-private"  // an invitation is marked private
)

// Entry is something for the register of deviations. Package deviation turns
// it into a record with date, reference and words.
type Entry struct {
	Type     EntryType
	Severity Severity
	NearMiss bool // nothing went out that should not have: it was caught
	Rule     string
	Action   Action
	Findings []detect.Finding
	Count    int      // recipients or addresses concerned
	Consents []string // EntryConsent: ids of those that were relied on
	Steps    []Step   // what protected copies, strongest first, each once; empty where none was protected
}

// EntryType is the type of a register entry.
type EntryType string

// The types of entry.
const (
	EntryVisible  EntryType = "visible-recipients" // members stood in sight of each other
	EntryBeside   EntryType = "member-beside"      // a member stood in sight of an outsider
	EntryPersonal EntryType = "personal-data"      // a rule of personal-data matched
	EntryOverride EntryType = "override"           // a person released held mail
	EntryDropped  EntryType = "dropped"            // held mail was dropped
	EntryFailed   EntryType = "undeliverable"      // a copy could not be delivered

	EntryUnusual          EntryType = "unusual-recipient" // a recipient was probably not the one that was meant
	EntryAnswer           EntryType = "answered"          // its sender answered the question about held mail
	EntryNamed            EntryType = "member-named"      // a subject named a member
	EntryConsentGiven     EntryType = "consent-given"     // a consent was entered in the ledger
	EntryConsentWithdrawn EntryType = "consent-withdrawn" // and withdrawn
	EntryKeyAdded         EntryType = "key-added"         // a person gave the store a reader's key
	EntryKeyApproved      EntryType = "key-approved"      // a person approved one that had changed
	EntryKeyRemoved       EntryType = "key-removed"       // a person removed one
	EntryKeyAsked         EntryType = "key-asked"         // the recipient of held mail was asked for a key
	EntryKeyChanged       EntryType = "key-changed"       // a look-up found another key than before
	EntryReaderRevoked    EntryType = "key-revoked"       // the server that gave a reader's key says that it is revoked
	EntryConsent          EntryType = "consent"           // members stayed in sight, as they had agreed to

	EntryKeyMade    EntryType = "signing-key-made"    // a key of the organisation's own was made
	EntryKeyRevoked EntryType = "signing-key-revoked" // and revoked
)

// Severity is how bad an entry is.
type Severity string

// The severities, as the policy file names them.
const (
	Low    Severity = "low"
	Medium Severity = "medium"
	High   Severity = "high"
)
