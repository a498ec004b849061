package notice

import (
	"strconv"
	"strings"
	"time"

	"postvern.example/policy"
)

// Way says how many copies a step of the ladder protects.
type Way struct {
	Step  policy.Step
	Count int
}

// Code is a code that the sender passes on.
type Code struct {
	Number int // of the recipient, as the mail names them; 0: it has one only
	Code   string
}

// ways says how the copies went, in one line.
func (s speaker) ways(ways []Way) string {
	var items []string
	for _, w := range ways {
		if w.Count > 0 {
			items = append(items, s.word("step", string(w.Step))+" ("+strconv.Itoa(w.Count)+")")
		}
	}
	return strings.Join(items, ", ")
}

// codes are the lines below the sentences: each code alone on its line.
func (s speaker) codes(codes []Code) []string {
	var lines []string
	for _, c := range codes {
		if c.Number > 0 {
			lines = append(lines, s.say("detail.code-for", values{"number": strconv.Itoa(c.Number)}))
		}
		lines = append(lines, s.say("detail.code", values{"value": c.Code}), "")
	}
	return lines
}

// protection are the lines about how the copies went.
func (s speaker) protection(n Notice) []string {
	lines := s.codes(n.Codes)
	if n.Texted > 0 {
		lines = append(lines, s.count("detail.texted", n.Texted, nil))
	}
	if n.Standing > 0 {
		lines = append(lines, s.count("detail.standing", n.Standing, nil))
	}
	if len(lines) > 0 && lines[len(lines)-1] != "" {
		lines = append(lines, "")
	}
	return lines
}

// by returns how many copies the steps protect.
func (n Notice) by(steps ...policy.Step) (sum int) {
	for _, w := range n.Ways {
		for _, s := range steps {
			if w.Step == s {
				sum += w.Count
			}
		}
	}
	return sum
}

// DocumentWords are the words that stand in a document.
type DocumentWords struct {
	From, To, Cc, Date, Attachments string
	File                            string
	Text                            string
	Time                            string
}

// DocumentWords returns the words of a document in its reader's language.
func (c *Catalog) DocumentWords(lang string) DocumentWords {
	s := c.in(lang)
	say := func(key string) string { return s.say("document."+key, nil) }
	return DocumentWords{
		From: say("from"), To: say("to"), Cc: say("cc"), Date: say("date"), Attachments: say("attachments"),
		File: say("file"), Text: say("text"), Time: s.say("format.time", nil),
	}
}

// Cover is the mail around a document or archive.
type Cover struct {
	Language     string
	Organisation string
	Contact      string
	From         string // whom the mail is from, as it says; empty: not said
	File         string // the name of the file
	Archive      bool
	Code         policy.CodeWay
}

// Cover returns what the reader is told (plain text, "\n" line ends, UTF-8):
// what it is, from whom, how to open it, where the code comes from and whom to
// ask. It says nothing of the message.
func (c *Catalog) Cover(v Cover) string {
	s := c.in(v.Language)
	from := clean(v.From, 100)
	if from == "" {
		from = s.say("cover.sender", nil)
	}
	open := "cover.open-document"
	if v.Archive {
		open = "cover.open-archive"
	}
	paragraphs := []string{
		s.say("letter.greeting", nil),
		wrap(s.say("cover.what", values{"from": from, "file": v.File})),
		wrap(s.say(open, nil) + " " + s.say("cover.code-"+string(v.Code), nil)),
		wrap(s.say("cover.call", values{"contact": s.contact(v.Contact, v.Organisation)})),
		wrap(s.say("cover.reply", nil)),
		s.say("letter.regards", nil) + "\n" + clean(v.Organisation, 100),
	}
	return strings.Join(paragraphs, "\n\n") + "\n"
}

// TextMessage returns the text message that brings a reader their code. It
// names neither the sender nor the organisation: telephones show messages to
// whoever looks.
func (c *Catalog) TextMessage(lang, code string) string {
	return c.in(lang).say("cover.sms", values{"code": code})
}

// CodeFailed tells a sender that a text message with a code did not go out.
type CodeFailed struct {
	Letter
	Code Code // to pass on; empty: the policy does not show codes
}

// CodeFailed returns subject and body (plain text, "\n" line ends, UTF-8).
func (c *Catalog) CodeFailed(f CodeFailed) (subject, body string) {
	s := c.in(f.Language)
	v := values{"reference": clean(f.Reference, 20), "contact": s.contact(f.Contact, f.Organisation)}
	do, lines := "code-failed.do-secret", []string(nil)
	if f.Code.Code != "" {
		do, lines = "code-failed.do-shown", s.codes([]Code{f.Code})
	}
	sentences := []string{s.say("code-failed.what", nil), s.say("code-failed.why", nil), s.say(do, v)}
	return s.say("code-failed.subject", v), s.letter(f.Organisation, sentences, append(lines, s.details(f.Letter, "sent", nil, time.Time{})...))
}
