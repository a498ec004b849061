package relay

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"postvern.example/proxy/spool"
)

// words are the sentences of a report in one language. {name} stands for a
// value; a report is what happened, why, and what to do.
type words struct {
	tag      string
	subjects map[subject]string
	what     map[subject]string
	why      map[cause]string
	todo     map[subject]string
	answer   string // before the upstream's words
	ref      string // before the reference
	sign     string // under the text
}

// cause is a reason that people understand.
type cause string

const (
	causeAddress cause = "address"
	causeFull    cause = "full"
	causeSize    cause = "size"
	causeLetters cause = "letters"
	causePolicy  cause = "policy"
	causeRefused cause = "refused"
	causeAway    cause = "away"
	causeTLS     cause = "tls"
	causeRelayed cause = "relayed"
	causeDamaged cause = "damaged"
)

// causeOf reads a verdict (RFC 3463 §3).
func causeOf(v verdict) cause {
	if v.result == spool.Delivered {
		return causeRelayed
	}
	if errors.Is(v.why, errDamaged) {
		return causeDamaged
	}
	if v.why != nil || v.reply.code == 0 {
		return causeAway
	}
	_, rest, _ := strings.Cut(v.status(), ".")
	switch rest {
	case "2.2":
		return causeFull
	case "3.4", "2.3":
		return causeSize
	case "6.7", "6.9":
		return causeLetters
	case "7.30", "7.10": // RFC 8689 §5, RFC 5248 §2.4
		return causeTLS
	}
	switch group, _, _ := strings.Cut(rest, "."); group {
	case "1", "2":
		return causeAddress
	case "7":
		return causePolicy
	}
	return causeRefused
}

// facts are the values of a report.
type facts struct {
	recipient, date, reply, reference, contact, organisation string
	hours                                                    int
	cause                                                    cause
}

func (r *Relay) facts(d spool.Delivery, c spool.Copy, v verdict, o spool.Outcome) facts {
	return facts{
		recipient: c.To, date: d.Received.Format("2006-01-02 15:04 MST"), reply: o.Reply,
		reference: d.Reference, contact: r.cfg.Reporter.Contact, organisation: r.cfg.Reporter.Organisation,
		hours: max(int(r.cfg.GiveUp/time.Hour), 1), cause: causeOf(v),
	}
}

// wordsIn returns the words of a language, English for one that it lacks.
func wordsIn(language string) words {
	for _, w := range allWords {
		if w.tag == language {
			return w
		}
	}
	return english
}

func (w words) subject(about subject, reference string) string {
	return strings.ReplaceAll(w.subjects[about], "{reference}", reference)
}

func (w words) text(about subject, f facts) string {
	fill := strings.NewReplacer("{recipient}", f.recipient, "{date}", f.date, "{contact}", f.contact,
		"{hours}", strconv.Itoa(f.hours))
	lines := []string{fill.Replace(w.what[about] + " " + w.why[f.cause] + " " + w.todo[about]), ""}
	if f.reply != "" && about != aboutRelayed {
		lines = append(lines, w.answer+" "+f.reply)
	}
	lines = append(lines, w.ref+" "+f.reference, "", w.sign)
	if f.organisation != "" {
		lines = append(lines, f.organisation)
	}
	return strings.Join(lines, "\n") + "\n"
}
