package sink

import (
	"slices"
	"strings"
	"time"
)

// Stage is a point of a session at which a Fault can happen.
type Stage string

// The stages, in the order of a session.
const (
	AtConnect  Stage = "connect"  // in place of the greeting
	AtEHLO     Stage = "EHLO"     // in place of the reply to EHLO or HELO
	AtSTARTTLS Stage = "STARTTLS" // in place of the reply to STARTTLS
	AtAUTH     Stage = "AUTH"     // in place of the verdict on a login
	AtMAIL     Stage = "MAIL"     // in place of the reply to MAIL
	AtRCPT     Stage = "RCPT"     // in place of the reply to RCPT
	AtDATA     Stage = "DATA"     // in place of the 354, or of the reply to a chunk, which is thrown away
	InData     Stage = "in-data"  // after the first octets of the content, before the rest is read
	AtEnd      Stage = "end"      // in place of the reply to the final dot
)

// Fault is one scripted misbehaviour. What is set happens in this order: wait
// Delay, record or drop the message, send Reply, then Hang or Drop. At AtEnd a
// fault with Reply 4xx or 5xx refuses the message (it is not kept); one that
// drops or hangs without a Reply keeps it: its 250 is lost.
type Fault struct {
	At        Stage
	Recipient string        // AtRCPT: only for this address; "" is any
	Times     int           // how often it happens; 0 is always
	After     int           // how many matching events pass unharmed first
	Delay     time.Duration // wait before anything else
	Reply     string        // one or more lines, without the final CRLF, in place of the real reply; "" with neither Hang nor Drop only delays
	Drop      bool          // close the connection
	Hang      bool          // say and read nothing more until the client leaves or the sink closes
}

// Noise is a Reply that is no SMTP reply.
const Noise = "\x00\xffgarbled\x01"

// Script replaces the faults that are still to come.
func (s *Sink) Script(faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.script = slices.Clone(faults)
}

// next returns the fault that is due at a stage, and uses it up.
func (s *Sink) next(at Stage, recipient string) (Fault, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.script {
		f := &s.script[i]
		if f.At != at || f.Recipient != "" && !strings.EqualFold(f.Recipient, recipient) {
			continue
		}
		if f.After > 0 {
			f.After--
			continue
		}
		due := *f
		if f.Times == 1 {
			s.script = slices.Delete(s.script, i, i+1)
		} else if f.Times > 1 {
			f.Times--
		}
		s.stats.Faults++
		return due, true
	}
	return Fault{}, false
}

// refuses reports whether the fault's reply is a 4xx or 5xx.
func (f Fault) refuses() bool {
	return strings.HasPrefix(f.Reply, "4") || strings.HasPrefix(f.Reply, "5")
}

// replaces reports whether the fault stands in for the real reply.
func (f Fault) replaces() bool { return f.Reply != "" || f.Drop || f.Hang }
