package notice

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"postvern.example/policy"
	"postvern.example/policy/detect"
)

// mostKinds is how many kinds a sentence names: one with more is not read.
const mostKinds = 6

// Letter is what every mail of the gateway begins from.
type Letter struct {
	Language     string
	Organisation string    // signs the mail
	Contact      string    // whom to ask: the DPO's address; empty: the organisation
	Reference    string    // PV-7K3F9Q
	Sent         time.Time // when the sender's mail came, in the zone to show; zero: not said
}

// Notice is what a sender is told about one mail. It has numbers, kinds and
// places only: it travels in clear.
type Notice struct {
	Letter
	Hidden   int              // addresses taken out of the visible fields
	Beside   int              // members left in sight of an outsider
	Unusual  int              // copies that went to somebody who is probably not meant
	Tagged   bool             // the subject got the tag
	Papers   bool             // an invitation's papers went in a mail of their own
	Sealed   int              // copies encrypted, where Ways does not say how
	Ways     []Way            // how copies were protected
	Codes    []Code           // that the sender passes on
	Texted   int              // codes that go out as text messages
	Standing int              // copies that open with a standing code
	Codable  bool             // of held copies: a number in the subject would have helped
	Held     int              // copies held
	Keyless  int              // copies held for want of a usable key
	Refused  bool             // with Observe: it would have been refused
	Observe  bool             // nothing was changed: the numbers are what would have happened
	Rules    []string         // names of the rules that matched
	Findings []detect.Finding // what they matched
	Keep     time.Time        // held copies are dropped then; zero: not said
	Offers   []Choice         // what the sender may do about held copies (AboutKey)
	Link     string           // where they can say so without mail; empty: nowhere
	Until    time.Time        // how long the link leads there
}

// Notice returns subject and body (plain text, "\n" line ends, UTF-8) of the
// mail to the sender: what happened, why, and what to do, in three sentences;
// then where, the reference and whom to ask.
func (c *Catalog) Notice(n Notice) (subject, body string) {
	s := c.in(n.Language)
	what := s.what(n)
	because := "notice.why"
	if o := n.outcome(); o == "beside" || o == "unusual" || o == "unchanged" { // nothing was done that needs a reason
		because = "notice.why-noted"
	}
	why := s.say(because, values{"reasons": list(s.reasons(n), s.say("format.comma-why", nil), s.say("format.and-why", nil))})
	do := s.say("notice.do-"+n.advice(), values{"contact": s.contact(n.Contact, n.Organisation)})
	details := append(s.protection(n), s.found(n.Findings)...)
	if len(n.Offers) > 0 {
		ask := slices.Concat(s.offers(AboutKey, n.Offers), s.link(n.Link, n.Until))
		if n.advice() != "ask" { // codes come first
			ask = append([]string{wrap(s.say("notice.do-ask", nil)), ""}, ask...)
		}
		details = append(ask, details...)
	}
	if ways := s.ways(n.Ways); ways != "" && !n.Observe {
		details = append(details, s.say("detail.ways", values{"value": ways}))
	}
	details = append(details, s.details(n.Letter, "sent", n.Rules, n.Keep)...)
	return s.subject("notice.subject-"+n.outcome(), n), s.letter(n.Organisation, []string{what, why, do}, details)
}

// Papers returns what stands above the papers of an invitation that go in a
// mail of their own.
func (c *Catalog) Papers(language string) string { return c.in(language).say("papers", nil) + "\n" }

func (s speaker) subject(key string, n Notice) string {
	return s.count(key, max(n.Beside, n.Held), values{"reference": clean(n.Reference, 20)})
}

// outcome is the one word for the subject line: the gravest first.
func (n Notice) outcome() string {
	switch {
	case n.Observe:
		return "observe"
	case n.Held > 0:
		return "held"
	case n.Hidden > 0 || n.Sealed > 0 || len(n.Ways) > 0 || n.Tagged || n.Papers:
		return "changed"
	case n.Beside > 0:
		return "beside"
	case n.Unusual > 0:
		return "unusual"
	}
	return "unchanged"
}

func (n Notice) advice() string {
	switch {
	case n.Observe:
		return "observe"
	case len(n.Codes) > 0:
		return "code"
	case len(n.Offers) > 0:
		return "ask"
	case n.Held > 0 && n.Keyless == n.Held && n.Codable:
		return "keyless"
	case n.Held > 0 && n.Keyless == n.Held:
		return "nocode"
	case n.Held > 0:
		return "held"
	case n.Unusual > 0:
		return "unusual"
	case n.Hidden > 0:
		return "hidden"
	case n.Beside > 0:
		return "beside"
	}
	return "nothing"
}

// what is the first sentence.
func (s speaker) what(n Notice) string {
	prefix := "notice.did-"
	if n.Observe {
		prefix = "notice.would-"
	}
	var did []string
	for _, part := range []struct {
		key string
		n   int
	}{
		{"hidden", n.Hidden},
		{"beside", n.Beside},
		{"unusual", n.Unusual},
		{"tagged", one(n.Tagged)},
		{"papers", one(n.Papers)},
		{"sealed", n.Sealed + n.by(policy.StepOpenPGP, policy.StepSMIME)},
		{"document", n.by(policy.StepDocument)},
		{"archive", n.by(policy.StepArchive)},
		{"tls", n.by(policy.StepTLS)},
		{"held", n.Held},
	} {
		if part.n > 0 {
			did = append(did, s.count(prefix+part.key, part.n, nil))
		}
	}
	if n.Observe && n.Refused {
		did = append(did, s.say("notice.would-refused", nil))
	}
	and := s.say("format.and-clause", nil)
	switch {
	case len(did) == 0:
		return s.say("notice.unchanged", nil)
	case n.Observe:
		return s.say("notice.observe", values{"would": list(did, ", ", and)})
	}
	return capital(list(did, ", ", and)) + "."
}

func one(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

// reasons are the clauses of the second sentence; there is always one.
func (s speaker) reasons(n Notice) []string {
	var why []string
	if n.Hidden > 0 || n.Beside > 0 {
		why = append(why, s.say("notice.why-member", nil))
	}
	if n.Unusual > 0 {
		why = append(why, s.say("notice.why-unusual", nil))
	}
	if len(n.Findings) > 0 {
		why = append(why, s.say("notice.why-found", values{"kinds": s.kinds(n.Findings, mostKinds)}))
	}
	if n.Keyless > 0 {
		why = append(why, s.count("notice.why-keyless", n.Keyless, nil))
	}
	if len(why) == 0 {
		why = append(why, s.say("notice.why-rules", nil))
	}
	return why
}

// found lists what was found and where, one line each.
func (s speaker) found(findings []detect.Finding) []string {
	const most = 10
	var lines []string
	for _, f := range findings {
		line := "- " + s.word("kind", string(f.Kind))
		if p := s.place(f.Place); p != "" {
			line += ": " + p
		}
		if !slices.Contains(lines, line) {
			lines = append(lines, line)
		}
	}
	if more := len(lines) - most; more > 0 {
		lines = append(lines[:most], "- "+s.count("format.more-places", more, nil))
	}
	if len(lines) > 0 {
		lines = append([]string{s.say("detail.found", nil)}, append(lines, "")...)
	}
	return lines
}

// details are the lines below the sentences. sent is the key of what is said
// about when the mail came.
func (s speaker) details(l Letter, sent string, rules []string, keep time.Time) []string {
	var lines []string
	add := func(key, value string) {
		if value != "" {
			lines = append(lines, s.say("detail."+key, values{"value": value}))
		}
	}
	add("reference", clean(l.Reference, 20))
	if !l.Sent.IsZero() {
		add(sent, l.Sent.Format(s.say("format.time", nil)))
	}
	var names []string
	for _, r := range rules {
		if r = s.rule(r, 60); r != "" && !slices.Contains(names, r) {
			names = append(names, r)
		}
	}
	add("rule", strings.Join(names, "; "))
	if !keep.IsZero() {
		add("keep", keep.Format(s.say("format.date", nil)))
	}
	add("contact", clean(l.Contact, 100))
	return lines
}

// letter puts a mail together.
func (s speaker) letter(organisation string, sentences, details []string) string {
	var b strings.Builder
	b.WriteString(s.say("letter.greeting", nil) + "\n\n")
	b.WriteString(wrap(strings.Join(sentences, " ")) + "\n\n")
	for _, line := range details {
		b.WriteString(line + "\n")
	}
	b.WriteString("\n" + s.say("letter.regards", nil) + "\n")
	if organisation = clean(organisation, 100); organisation != "" {
		b.WriteString(organisation + "\n")
	}
	b.WriteString("\n" + wrap(s.say("letter.automatic", nil)) + "\n")
	return b.String()
}

// wrap breaks lines at 72 columns (RFC 5322 §2.1.1 asks for at most 78).
func wrap(s string) string {
	var b strings.Builder
	width := 0
	for i, w := range strings.Fields(s) {
		n := utf8.RuneCountInString(w)
		switch {
		case i == 0:
		case width+1+n > 72:
			b.WriteByte('\n')
			width = 0
		default:
			b.WriteByte(' ')
			width++
		}
		b.WriteString(w)
		width += n
	}
	return b.String()
}
