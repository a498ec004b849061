package relay

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"

	"postvern.example/internal/octets"
	"postvern.example/proxy/message"
	"postvern.example/proxy/spool"
)

// Reporter is who reports to senders, and how.
type Reporter struct {
	From         string // mailbox; "" is Postvern <postvern@Hostname>
	Contact      string // an address to ask; "" is postmaster@Hostname
	Organisation string // signs the text; may be empty
	Language     string // where a copy has none: da, nb, nn, sv or en; "" is en
}

func (p Reporter) withDefaults(hostname string) Reporter {
	if p.From == "" {
		p.From = "Postvern <postvern@" + hostname + ">"
	}
	if p.Contact == "" {
		p.Contact = "postmaster@" + hostname
	}
	return p
}

// subject is what a report is about. Its value is the Action of RFC 3464
// §2.3.3, except that an expired copy is a failed one.
type subject string

const (
	aboutFailed  subject = "failed"
	aboutExpired subject = "expired"
	aboutDelayed subject = "delayed"
	aboutRelayed subject = "relayed"
)

// report returns a parcel with the delivery status notification on one copy
// (RFC 3464): for its sender alone, about this recipient alone, with nothing
// of the message but its Message-ID, from the null reverse-path.
func (r *Relay) report(d spool.Delivery, c spool.Copy, about subject, v verdict, o spool.Outcome, now time.Time) (spool.Parcel, error) {
	if !validPath(c.Sender) {
		return spool.Parcel{}, fmt.Errorf("report to the sender: %w", refusePath)
	}
	language := c.Language
	if language == "" {
		language = r.cfg.Reporter.Language
	}
	words := wordsIn(language)
	parts := []message.DraftPart{{MediaType: "message/delivery-status", Content: r.deliveryStatus(d, c, about, v, o, now)}}
	if id := messageID(headOf(d)); id != "" {
		parts = append(parts, message.DraftPart{MediaType: "text/rfc822-headers", Content: []byte("Message-ID: " + id + "\r\n")})
	}
	content, err := message.Draft{
		From: r.cfg.Reporter.From, To: c.Sender,
		Subject:   words.subject(about, d.Reference),
		Date:      now,
		MessageID: message.NewMessageID(r.cfg.Hostname),
		Language:  words.tag,
		Text:      words.text(about, r.facts(d, c, v, o)),
		Fields:    [][2]string{{"Auto-Submitted", "auto-replied"}, {"Reply-To", r.cfg.Reporter.Contact}}, // RFC 3834 §3.1.7
		Multipart: "report", Params: map[string]string{"report-type": "delivery-status"},
		Parts: parts,
	}.Build()
	if err != nil {
		return spool.Parcel{}, err
	}
	digest := sha256.Sum256(content) // the Message-ID in it makes it the only one
	return spool.Parcel{
		ID: newID(now), Reference: d.Reference, Received: now, Digest: digest[:],
		Bodies: []spool.Body{{Content: content}},
		Copies: []spool.Copy{{
			ID: newID(now), Class: spool.Report, State: spool.Queued,
			To: c.Sender, UTF8: !octets.ASCII(c.Sender), EightBit: !octets.ASCII(content), Language: words.tag,
		}},
	}, nil
}

// deliveryStatus writes the part that programs read.
func (r *Relay) deliveryStatus(d spool.Delivery, c spool.Copy, about subject, v verdict, o spool.Outcome, now time.Time) []byte {
	var b bytes.Buffer
	field := func(name, value string) { b.WriteString(name + ": " + value + "\r\n") }
	date := func(t time.Time) string { return t.Format("Mon, 02 Jan 2006 15:04:05 -0700") }
	if c.EnvelopeID != "" {
		field("Original-Envelope-Id", xtext(c.EnvelopeID))
	}
	field("Reporting-MTA", "dns; "+r.cfg.Hostname)
	field("Arrival-Date", date(d.Received))
	b.WriteString("\r\n")
	if validOriginal(c.Original, false) {
		field("Original-Recipient", strings.Replace(c.Original, ";", "; ", 1))
	}
	field("Final-Recipient", finalRecipient(c.To))
	action, status := string(about), v.status()
	switch about {
	case aboutExpired:
		action = string(aboutFailed)
	case aboutRelayed:
		status = "2.0.0"
	case aboutFailed, aboutDelayed:
	}
	field("Action", action)
	field("Status", status)
	if v.why == nil && v.reply.code != 0 && about != aboutRelayed {
		field("Diagnostic-Code", "smtp; "+o.Reply)
	}
	field("Last-Attempt-Date", date(now))
	if about == aboutDelayed {
		field("Will-Retry-Until", date(now.Add(r.cfg.GiveUp-spent(now.Sub(queuedAt(d, c)), d.Attempt))))
	}
	return b.Bytes()
}

// finalRecipient writes an address as RFC 3464 §2.3.2 wants it; one with other
// letters than ASCII in the form that needs no SMTPUTF8 (RFC 6533 §3).
func finalRecipient(address string) string {
	if octets.ASCII(address) {
		return "rfc822; " + address
	}
	var b strings.Builder
	for _, r := range address {
		if r > '~' || r <= ' ' || r == '\\' || r == '+' || r == '=' {
			fmt.Fprintf(&b, `\x{%X}`, r)
		} else {
			b.WriteRune(r)
		}
	}
	return "utf-8; " + b.String()
}

// messageID returns the Message-ID of the content, by which a mail program
// finds what a report is about; "" where it has none that is plain to read.
func messageID(content []byte) string {
	for line := range bytes.SplitSeq(header(content), []byte("\r\n")) {
		name, value, ok := strings.Cut(string(line), ":")
		if !ok || !strings.EqualFold(strings.TrimSpace(name), "Message-ID") {
			continue
		}
		id := strings.TrimSpace(value)
		plain := !strings.ContainsFunc(id, func(r rune) bool { return r <= ' ' || r > '~' })
		if plain && len(id) <= 250 && strings.HasPrefix(id, "<") && strings.HasSuffix(id, ">") {
			return id
		}
		return ""
	}
	return ""
}

func newID(now time.Time) string {
	return ulid.MustNew(ulid.Timestamp(now), rand.Reader).String()
}

// queuedAt returns since when a copy may be sent.
func queuedAt(d spool.Delivery, c spool.Copy) time.Time { return later(d.Received, c.Released) }
