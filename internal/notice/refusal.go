package notice

import (
	"strings"
	"time"
	"unicode/utf8"

	"postvern.example/policy"
	"postvern.example/policy/detect"
)

// Refusal is why a command or message gets a negative SMTP reply.
type Refusal struct {
	Language  string
	Cause     Cause
	Reference string // PV-7K3F9Q; empty where nothing was recorded
	Contact   string // whom to ask; empty: the union

	// For CausePolicy.
	Rule     string           // the rule's name in the policy, or one of its Rule constants
	Key      policy.KeyState  // why a copy could not be sealed; empty: the rule itself refuses
	Findings []detect.Finding // kinds and places; may be empty

	Limit string // for CauseSize and CauseRecipients: "50 MiB", "1000"
}

// Cause is the reason of a Refusal.
type Cause string

// The causes. The first group is said after a message, the others at a command
// or at any time.
const (
	CausePolicy     Cause = "policy"      // 550 5.7.1
	CauseMalformed  Cause = "malformed"   // 550 5.6.0: not a mail that can be understood
	CauseLineEnds   Cause = "line-ends"   // 550 5.6.0: bare CR, bare LF or NUL
	CauseLineLength Cause = "line-length" // 500 5.5.2 or 550 5.6.0
	CauseLoop       Cause = "loop"        // 554 5.4.6
	CauseSize       Cause = "size"        // 552 5.3.4

	CauseMandateOver  Cause = "mandate-over"  // 550 5.7.1
	CauseMandateEarly Cause = "mandate-early" // 550 5.7.1
	CauseSender       Cause = "sender"        // 550 5.7.1: From or MAIL is not the login's address
	CauseStranger     Cause = "stranger"      // 550 5.7.1: a trust listener does not know the sender
	CauseAddress      Cause = "address"       // 553 5.1.3
	CauseRecipients   Cause = "recipients"    // 452 4.5.3

	CauseAnswerUnknown Cause = "answer-unknown" // 550 5.7.1: the answer to a question that was not put to this sender
	CauseAnswerOver    Cause = "answer-over"    // 550 5.7.1: to one that is decided
	CauseAnswerAlone   Cause = "answer-alone"   // 550 5.7.1: to a question and to other people

	CauseLoginFirst     Cause = "login-first"     // 530 5.7.0
	CauseLoginWrong     Cause = "login-wrong"     // 535 5.7.8
	CauseLoginLimited   Cause = "login-limited"   // 454 4.7.0
	CauseLoginUnchecked Cause = "login-unchecked" // 454 4.7.0: who knows it does not answer
	CauseTLSFirst       Cause = "tls-first"       // 530 5.7.0

	CauseFull      Cause = "full"      // 452 4.3.1
	CauseBusy      Cause = "busy"      // 421 4.3.2: too many connections
	CauseTemporary Cause = "temporary" // 451 4.3.0: our own error
	CauseTimeout   Cause = "timeout"   // 421 4.4.2
	CauseShutdown  Cause = "shutdown"  // 421 4.3.2
)

// Causes lists every cause.
func Causes() []Cause {
	return []Cause{
		CausePolicy, CauseMalformed, CauseLineEnds, CauseLineLength, CauseLoop, CauseSize,
		CauseMandateOver, CauseMandateEarly, CauseSender, CauseStranger, CauseAddress, CauseRecipients,
		CauseAnswerUnknown, CauseAnswerOver, CauseAnswerAlone,
		CauseLoginFirst, CauseLoginWrong, CauseLoginLimited, CauseLoginUnchecked, CauseTLSFirst,
		CauseFull, CauseBusy, CauseTemporary, CauseTimeout, CauseShutdown,
	}
}

// A reply line has 512 octets with code and CRLF (RFC 5321 §4.5.3.1.5); mail
// programs show the text in a small window.
const refusalLimit = 400

// Refusal returns the text of an SMTP reply: one line without code, at most
// 400 octets, in natural language (Fold makes it ASCII). An unknown cause says
// what CauseTemporary says.
func (c *Catalog) Refusal(r Refusal) string {
	return c.in(r.Language).refusalLine(r)
}

// Refused returns subject and body (plain text, "\n" line ends, UTF-8) of the
// mail that says what a reply would have said, where the sender heard 250 first.
func (c *Catalog) Refused(l Letter, r Refusal) (subject, body string) {
	s := c.in(l.Language)
	return s.say("notice.subject-refused", values{"reference": clean(l.Reference, 20)}),
		s.letter(l.Organisation, []string{s.refusalLine(r)}, s.details(l, "sent", []string{r.Rule}, time.Time{}))
}

func (s speaker) refusalLine(r Refusal) string {
	places := s.where(r.Findings)
	if len(places) > 3 {
		places = append(places[:3:3], "…")
	}
	// What can be left out goes first where the line gets too long.
	for _, size := range []room{{places, mostKinds, 100}, {places[:min(1, len(places))], mostKinds, 60}, {nil, 3, 40}} {
		if line := s.refusal(r, size); len(line) <= refusalLimit {
			return line
		}
	}
	r.Contact = ""
	return cut(s.refusal(r, room{nil, 2, 30}), refusalLimit)
}

// room is how much of what may be long is said: places, kinds, and runes of
// the rule's name.
type room struct {
	places []string
	kinds  int
	rule   int
}

func (s speaker) refusal(r Refusal, size room) string {
	key := "refusal." + string(r.Cause)
	if r.Cause == CausePolicy {
		switch {
		case r.Rule == policy.RuleEncrypted:
			key += "-encrypted"
		case len(r.Findings) == 0:
			key += "-bare"
		case r.Key != "" && r.Key != policy.KeyUsable:
			key += "-keyless"
		}
	}
	if _, ok := s[key]; !ok {
		key = "refusal." + string(CauseTemporary)
	}
	in := ""
	if len(size.places) > 0 {
		in = " (" + strings.Join(size.places, "; ") + ")"
	}
	line := s.say(key, values{
		"kinds": s.kinds(r.Findings, size.kinds), "places": in, "rule": s.rule(r.Rule, size.rule),
		"contact": s.contact(r.Contact, ""), "limit": clean(r.Limit, 20),
	})
	if r.Reference != "" {
		line += " " + s.say("refusal.reference", values{"reference": clean(r.Reference, 20)})
	}
	return line
}

// contact is whom to ask: the address from the policy, else the organisation,
// else the union.
func (s speaker) contact(address, organisation string) string {
	for _, name := range []string{address, organisation} {
		if name = clean(name, 100); name != "" {
			return name
		}
	}
	return s.say("format.union", nil)
}

func cut(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	s = s[:limit]
	for !utf8.ValidString(s) {
		s = s[:len(s)-1]
	}
	return s
}
