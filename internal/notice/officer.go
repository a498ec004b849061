package notice

import (
	"time"

	"postvern.example/policy/detect"
)

// Waiting tells the data protection officer that held mail waits for them.
type Waiting struct {
	Letter
	ID         string // what "postvern held show" takes; empty: the reference
	Config     string // postvern.yaml, which the command needs; empty: not said
	Held       int    // copies
	Releasable bool   // false: it can only be dropped
	Rules      []string
	Findings   []detect.Finding
	Keep       time.Time // dropped then; zero: not said
}

// Waiting returns subject and body (plain text, "\n" line ends, UTF-8).
func (c *Catalog) Waiting(w Waiting) (subject, body string) {
	s := c.in(w.Language)
	id := w.ID
	if id == "" {
		id = w.Reference
	}
	what := s.count("waiting.what", w.Held, nil)
	why := s.say("waiting.why-rules", nil)
	if len(w.Findings) > 0 {
		why = s.say("waiting.why-found", values{"kinds": s.kinds(w.Findings, mostKinds)})
	}
	do := "waiting.do-decide"
	if !w.Releasable {
		do = "waiting.do-drop"
	}
	show := "postvern held show " + clean(id, 40)
	if w.Config != "" {
		show += " --config " + clean(w.Config, 200)
	}
	command := s.say(do, values{"command": show})
	l := w.Letter
	l.Contact = "" // it is the reader
	details := append(s.found(w.Findings), s.details(l, "received", w.Rules, w.Keep)...)
	subject = s.count("waiting.subject", w.Held, values{"reference": clean(w.Reference, 20)})
	return subject, s.letter(w.Organisation, []string{what, why, command}, details)
}

// End is how it ended with copies that were held, or with a mail that waited.
type End string

// The ends.
const (
	EndReleased End = "released" // a person let it go
	EndDropped  End = "dropped"  // a person dropped it
	EndExpired  End = "expired"  // nobody decided in time: dropped
	EndDamaged  End = "damaged"  // it was damaged while it waited for keys

	EndConfirmed  End = "confirmed"  // its sender answered yes: on its way
	EndWithdrawn  End = "withdrawn"  // its sender answered no: dropped
	EndKept       End = "kept"       // its sender answered yes, and it is held for another reason
	EndUnanswered End = "unanswered" // its sender did not answer in time: dropped

	EndRetracted End = "retracted" // its sender chose to delete it
	EndAsked     End = "asked"     // its sender chose to have the recipient asked for a key: it is still held
	EndUnlocked  End = "unlocked"  // the key that was asked for is there: on its way
)

// Ends lists every end.
func Ends() []End {
	return []End{EndReleased, EndDropped, EndExpired, EndDamaged, EndConfirmed, EndWithdrawn, EndKept, EndUnanswered, EndRetracted, EndAsked, EndUnlocked}
}

// Outcome tells a sender how it ended with copies that were held, or with a
// mail that waited.
type Outcome struct {
	Letter
	End    End
	Copies int
	Offers []Choice // what they may still do (AboutKey)
}

// Outcome returns subject and body (plain text, "\n" line ends, UTF-8). The
// reason that a person gave for a release or drop is not in it: it may name
// somebody.
func (c *Catalog) Outcome(o Outcome) (subject, body string) {
	s := c.in(o.Language)
	key := "outcome." + string(o.End)
	v := values{"reference": clean(o.Reference, 20), "contact": s.contact(o.Contact, o.Organisation)}
	sentences := []string{s.count(key+"-what", o.Copies, nil), s.say(key+"-why", nil), s.say(key+"-do", v)}
	return s.say(key+"-subject", v), s.letter(o.Organisation, sentences, append(s.offers(AboutKey, o.Offers), s.details(o.Letter, "sent", nil, time.Time{})...))
}

// KeyRequest asks a recipient for a key. Nothing of the mail that waits for it
// is in it but whom it is from.
type KeyRequest struct {
	Language, Organisation string
	From                   string // the sender's address
}

// KeyRequest returns subject and body (plain text, "\n" line ends, UTF-8).
func (c *Catalog) KeyRequest(r KeyRequest) (subject, body string) {
	s := c.in(r.Language)
	v := values{"from": clean(r.From, 254)}
	var sentences []string
	for _, key := range []string{"what", "how", "else", "doubt"} {
		sentences = append(sentences, s.say("key-request."+key, v))
	}
	return s.say("key-request.subject", nil), s.letter(r.Organisation, sentences, nil)
}
