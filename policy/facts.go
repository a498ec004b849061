package policy

import (
	"time"

	"postvern.example/policy/detect"
)

// Facts is all that a decision rests on. Nothing else is asked: no clock, no
// network, no disk.
type Facts struct {
	At         time.Time // when it was submitted
	Sender     Sender
	From       []string    // addresses of the From field
	Recipients []Recipient // one for each RCPT, in their order
	Visible    []Visible   // every mailbox that other readers of the message see
	Subject    string      // decoded and unfolded
	Sealed     bool        // its writer encrypted it already (PGP/MIME, S/MIME enveloped)
	Findings   []detect.Finding

	Bcc         bool    // a Bcc field stands in the message, empty or not
	HeaderFault bool    // the header cannot be read with certainty: nobody can be hidden in it
	Invitation  Listing // members in a calendar invitation
	Quoted      Listing // members in the header block of a quoted message
	Nested      Listing // members in the header of a nested message
	Files       bool    // it has attachments
	Held        bool    // it was held as representative mail, and is decided again for one of its readers

	Buried  Listing // members in headers of messages that no edit reaches: an attached .eml or .msg, a report
	Authors Listing // members whom attached files name as those who made, changed or commented them

	AuthorsFixed Listing // those of them whom nothing takes out of the files

	Inside int // members on the recipient lists of quoted and nested messages who do not stand in To or Cc, each counted once

	Keyholders []Keyholder // whom the encrypted content of a message names as its readers, beyond the sender and the union

	Papers       int  // files that come with an invitation
	Meeting      bool // an invitation that is not marked private
	MeetingFault bool // the invitation can be neither marked nor parted from its papers: it is signed, in a winmail.dat, unreadable

	Consents []Consent // that concern recipients and visible mailboxes; none where the ledger cannot be read
	Relied   []string  // ids of consents because of which somebody is not counted among the findings and listings above

	InvitationFault bool // members cannot be taken out of the invitation: it is signed, inside a file, unreadable
}

// Sender is who handed the message in.
type Sender struct {
	Login    string // empty for mail from a trust listener
	Language string // da, nb, nn, sv or en; empty: the organisation's
	Role     bool   // From is a role address, used for union work only
	Notified bool   // notices reach them: there is a reverse-path
}

// Recipient is one envelope recipient and what the roster and keyring know.
type Recipient struct {
	Address        string // as given in RCPT
	Member         bool
	Representative bool
	Sender         bool // it is the sender
	Key            KeyState
	LookUp         bool     // a key that can be used may be had from servers that the policy names, and they were not asked lately
	Certificate    KeyState // for S/MIME
	Standing       bool     // a code was agreed with them
	Number         bool     // a telephone number is known that a code can be sent to
	TLS            bool     // their server is reached by verified connections only

	FileAt     time.Time // when the same sender last sent them a file under a password; zero: not lately
	PasswordAt time.Time // and when a password

	New        bool       // nobody here has written to them before
	Unusual    []Likeness // why it is probably not the recipient that was meant; none where it was written to before
	LikeMember bool       // it is a slip away from a member's address

	Groups []string // of the roster, that it belongs to; only where there are consents
	Named  int      // members named in the subject, this reader not counted
}

// Keyholder is somebody whose key opens what the writer of a message
// encrypted. Everybody who gets the message can read which keys those are.
type Keyholder struct {
	Address string // canonical; empty: nobody here knows whose key it is
	Member  bool
}

// KeyState says whether a copy can be sealed to a reader, and if not, why.
type KeyState string

// The states of a reader's key. Only KeyUsable seals.
const (
	KeyUsable       KeyState = "usable"
	KeyNone         KeyState = "none"
	KeyExpired      KeyState = "expired"
	KeyRevoked      KeyState = "revoked"
	KeyWeak         KeyState = "weak"
	KeyNoEncryption KeyState = "no-encryption"
	KeyUnapproved   KeyState = "unapproved" // it is another one than before
	KeyUntrusted    KeyState = "untrusted"  // a certificate from none of the authorities
)

// KeyStates returns all of them.
func KeyStates() []KeyState {
	return []KeyState{KeyUsable, KeyNone, KeyExpired, KeyRevoked, KeyWeak, KeyNoEncryption, KeyUnapproved, KeyUntrusted}
}

// Visible is a mailbox written in a field that every reader sees.
type Visible struct {
	Address        string
	Field          string // To, Cc, Reply-To, Bcc, ... in any case
	Member         bool
	Representative bool
	Sender         bool
	Groups         []string // of the roster; only where there are consents
}

// Listing says whether members are listed inside a message, beyond its own
// header, where a reader learns of somebody else.
type Listing int

// The listings. A member who stays in To or Cc is no secret inside the
// message either; one who leaves them is.
const (
	NotListed     Listing = iota
	ListedVisible         // only members who also stand in To or Cc
	Listed                // others as well
)
