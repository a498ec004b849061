// Package deviation is the register of deviations (afvigelse, avvik,
// avvikelse): what a record holds and how an entry of the policy becomes one.
// Its words come from package notice.
//
// A record names kinds, places and counts; of itself it never holds a value that
// was found, an address of a member, a file name or any text of a message. What
// a person writes into it (Change) may.
package deviation

import (
	"time"

	"postvern.example/policy"
)

// Record is one entry of the register, with the fields that the unions'
// guidelines and GDPR art. 33(5) ask for.
type Record struct {
	ID          string    // ULID, made by the store's caller
	Reference   string    // PV-7K3F9Q: shared by all that follows from one message
	Date        time.Time // UTC
	Description string    // in the organisation's language
	Reporter    string    // who caused the record: the login or address of the sender, or who released
	Type        policy.EntryType
	Severity    policy.Severity
	NearMiss    bool
	Status      Status
	Measures    string    // what was done at once, in the organisation's language
	FollowUp    time.Time // when somebody has to look at it again
	Rule        string
	Action      policy.Action
	Kinds       []string // what was found
	Places      []string // where, masked: "attachment 2 (PDF), page 2"
	Count       int
	Comments    []Comment
}

// Status is where a record stands.
type Status string

// The states of a record.
const (
	Open   Status = "open"
	Closed Status = "closed"
)

// Comment is a remark on a record.
type Comment struct {
	Date   time.Time `json:"date"`
	Author string    `json:"author"`
	Text   string    `json:"text"`
}
