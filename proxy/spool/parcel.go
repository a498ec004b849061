package spool

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"time"

	"postvern.example/internal/deviation"
	"postvern.example/internal/octets"
)

// Parcel is all that follows from one message. Accept stores it whole or not
// at all.
type Parcel struct {
	ID         string // ULID
	Reference  string // PV-7K3F9Q
	Login      string // who handed it in
	Received   time.Time
	Digest     []byte      // of all that tells this parcel from others besides Original; nil: it is never a repeat
	Original   octets.Rope // the message as received. A parcel with the same Digest and Original is a repeat
	Bodies     []Body
	Copies     []Copy
	Deviations []deviation.Record
	Handings   []Handing // files under passwords, and passwords, that go to readers; each reader once

	Questions      []Question      // what the sender is asked about held copies
	Correspondents []Correspondent // who is written to with this parcel
	Protections    []Protection    // of the copies in it
	Keys           []ReaderKey     // that came with the message
	LookUps        []LookUp        // that were made for the message
	Pins           []ReaderKey     // keys that copies were sealed to for the first time: their readers are bound to them
}

// Body is the content of one or more copies, CRLF line ends, ready to send.
type Body struct {
	Head    []byte // the header with its empty line, where it stands apart, so that bodies can share what follows; nil: it stands in Content
	Content []byte
	// Write writes what follows Head in the place of Content, where that is too
	// large to be held: once, to the encrypted body, while the parcel is accepted.
	Write func(w io.Writer) error
	About int64 // octets that Write writes, about
}

// size returns the octets of the body; with Write, about.
func (b Body) size() int64 { return int64(len(b.Head)+len(b.Content)) + b.About }

// Octets returns the whole body.
func (b Body) Octets() ([]byte, error) {
	var out bytes.Buffer
	out.Grow(int(b.size()))
	out.Write(b.Head)
	out.Write(b.Content)
	if b.Write != nil {
		if err := b.Write(&out); err != nil {
			return nil, fmt.Errorf("write body: %w", err)
		}
	}
	return out.Bytes(), nil
}

// Copy is one message for one recipient on its way.
type Copy struct {
	ID         string // ULID
	Body       int    // index into Parcel.Bodies
	Class      Class
	State      State  // Queued or Held when accepted
	From       string // reverse-path; "" for notices and reports
	To         string // forward-path
	UTF8       bool
	EightBit   bool // the body has octets above 127
	Return     string
	EnvelopeID string
	Notify     []string
	Original   string
	Language   string    // for the report, should it fail
	Sender     string    // whom to tell should it fail; "" nobody (notices and reports)
	Released   time.Time // when a person let it go, had it been held: its time to give up runs from here
	Hold       *Hold     // set where State is Held
	RequireTLS bool      // it goes only where verified TLS up to the reader's server is promised (RFC 8689)
	Doubtful   bool      // of class lookup: a backup found it waiting, and it may have gone out since
}

// Class says what a copy is.
type Class string

// The classes of copies.
const (
	Mail   Class = "mail"   // what a representative wrote
	Notice Class = "notice" // what the gateway tells its users
	Report Class = "report" // RFC 3464 delivery status notification
	Code   Class = "code"   // a code on its way to a telephone: To is the number, the content is for its courier alone
	Wait   Class = "lookup" // a whole message that waits for readers' keys to be looked up; the content is for its courier alone
)

// State is where a copy stands.
type State string

// The states of a copy. A delivered, failed or dropped copy is a row no more:
// its body's key is forgotten when the last copy of it is gone.
const (
	Queued State = "queued"
	Held   State = "held"
)

// Hold says why a copy is held and what a release has to know.
type Hold struct {
	Rules      []string
	Kinds      []string
	Places     []string
	Expires    time.Time // dropped, with a record, when this has passed
	Releasable bool      // false: the message could not be made safe to send; it can only be dropped
	Subject    string    // for the DPO's list; stored encrypted
	Key        bool      // its recipient was asked for a key: it goes once there is one
	Question   string    // the question whose answer it waits for; empty: it waits for the DPO
}

// Errors that callers tell apart.
var (
	ErrFull     = errors.New("the spool is full")             // disk or watermark: answer 452
	ErrRepeat   = errors.New("this message was taken before") // same digest, first 250 never written: answer 250, store nothing
	ErrNotFound = errors.New("no such entry")
	ErrTooNew   = errors.New("the store was written by a newer release: install that one, or restore the backup from before the upgrade")
)

// Delivery is one claimed set of copies that share a body and a reverse-path:
// one transaction upstream (RFC 5321 §3.3).
type Delivery struct {
	Parcel    string
	Reference string
	Received  time.Time
	Attempt   int  // 1 for the first
	Warned    bool // the sender of the message was told that it is late
	Copies    []Copy
	Head      []byte // the header with its empty line; nil: it stands in Content
	Content   []byte
	Large     *Large // what follows Head in the place of Content, where that is too large to be held
}

// Size returns the octets of the message.
func (d Delivery) Size() int {
	n := len(d.Head) + len(d.Content)
	if d.Large != nil {
		n += int(d.Large.Size)
	}
	return n
}

// Outcome is what became of one claimed copy.
type Outcome struct {
	Copy   string // ID
	Result Result
	Retry  time.Time // Deferred: not before
	Reply  string    // the upstream's last words, with addresses masked

	// Warning tells the sender that the message is late. It is accepted with the
	// outcome unless one for the same message was accepted before.
	Warning *Parcel
}

// Result is what an attempt came to.
type Result string

// The results of an attempt.
const (
	Delivered Result = "delivered"
	Deferred  Result = "deferred"
	Failed    Result = "failed"
)
