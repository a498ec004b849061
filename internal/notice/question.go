package notice

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"postvern.example/policy"
)

// QuestionKind says what a sender is asked about a mail of theirs that is held.
type QuestionKind string

// The kinds of questions.
const (
	AboutRecipient QuestionKind = "unusual" // whether a recipient is the one that was meant
	AboutKey       QuestionKind = "keyless" // how a mail is to go that a recipient can open in none of the ways that the policy names
)

// Choice is an answer to a question.
type Choice string

// The choices.
const (
	Yes Choice = "yes"
	No  Choice = "no"

	SendCode = Choice(policy.ChoiceCode)
	AskKey   = Choice(policy.ChoiceKey)
	Withdraw = Choice(policy.ChoiceWithdraw)
)

// Choices returns the answers that a kind of question has.
func (k QuestionKind) Choices() []Choice {
	switch k {
	case AboutRecipient:
		return []Choice{Yes, No}
	case AboutKey:
		return []Choice{SendCode, AskKey, Withdraw}
	}
	return nil
}

// Number is what an answer may be begun with in the place of a choice's word;
// empty where the kind of question is answered by words alone.
func (k QuestionKind) Number(c Choice) string {
	if i := slices.Index(k.Choices(), c); k == AboutKey && i >= 0 {
		return strconv.Itoa(i + 1)
	}
	return ""
}

// Question is what the sender of held mail is asked. It is the one mail of ours
// that names recipients: those that its reader wrote and has to look at. It
// goes to the sender alone, and never says whom they resemble unless that is a
// representative, whose role is public.
type Question struct {
	Letter
	Kind   QuestionKind
	About  []Doubtful // AboutRecipient
	Copies int        // AboutKey
	Offers []Choice   // AboutKey: those of its choices that there are
	All    bool       // the whole mail waits, not the copies to these alone
	Keep   time.Time  // held copies are dropped then
	Link   string     // where it can be answered without mail; empty: nowhere
	Until  time.Time  // how long the link leads there
}

// Choices returns the answers that the question has.
func (q Question) Choices() []Choice {
	if q.Kind == AboutKey {
		return q.Offers
	}
	return q.Kind.Choices()
}

// Doubtful is a recipient who is probably not the one that was meant.
type Doubtful struct {
	Address string // as the sender wrote it
	Why     []policy.Likeness
	Whom    string // a representative's address that it resembles; empty: not said
}

// Question returns subject and body (plain text, "\n" line ends, UTF-8) of the
// mail that asks a sender.
func (c *Catalog) Question(q Question) (subject, body string) {
	s := c.in(q.Language)
	v := s.asked(q)
	prefix := "question." + string(q.Kind)
	what := s.count(prefix+"-what", len(q.About), v)
	if q.All {
		what = s.say(prefix+"-what-all", v)
	}
	sentences := []string{what, s.how(q, v), s.say("question.again", nil)}
	return s.say(prefix+"-subject", v), s.letter(q.Organisation, sentences, s.below(q))
}

// Reminder returns subject and body of the mail to a sender who has not answered
// and whose mail will be dropped soon, at q.Keep.
func (c *Catalog) Reminder(q Question) (subject, body string) {
	s := c.in(q.Language)
	v := s.asked(q)
	v["end"] = q.Keep.Format(s.say("format.time", nil))
	what := "question.reminder-what"
	if q.Kind == AboutKey {
		what = "question.keyless-reminder"
	}
	sentences := []string{s.say(what, v), s.how(q, v), s.say("question.again", nil)}
	return s.say("question.reminder-subject", v), s.letter(q.Organisation, sentences, s.below(q))
}

// below says why we ask, and where it can be answered but by mail.
func (s speaker) below(q Question) []string {
	details := slices.Concat(s.doubts(q), s.link(q.Link, q.Until))
	return append(details, s.details(q.Letter, "sent", nil, q.Keep)...)
}

// link says where it can be answered but by mail.
func (s speaker) link(link string, until time.Time) []string {
	if link == "" {
		return nil
	}
	return []string{wrap(s.say("question.link", values{"until": until.Format(s.say("format.time", nil))})), link, ""}
}

// offers says what there is to choose, one line each.
func (s speaker) offers(k QuestionKind, choices []Choice) []string {
	var lines []string
	for _, c := range choices {
		lines = append(lines, wrap(s.say("question."+string(k)+"-"+string(c), values{"number": k.Number(c)})))
	}
	if len(lines) > 0 {
		lines = append(lines, "")
	}
	return lines
}

// Unclear returns subject and body of the mail to somebody whose answer could
// not be understood: nothing has changed, and how to answer.
func (c *Catalog) Unclear(q Question) (subject, body string) {
	s := c.in(q.Language)
	v := s.asked(q)
	what := "question.unclear-what"
	if q.Kind == AboutKey {
		what = "question.keyless-unclear"
	}
	sentences := []string{s.say(what, v), s.how(q, v)}
	return s.say("question.unclear-subject", v), s.letter(q.Organisation, sentences, append(s.doubts(q), s.details(q.Letter, "sent", nil, q.Keep)...))
}

// how says how to answer.
func (s speaker) how(q Question, v values) string {
	if q.Kind == AboutKey {
		return s.say("question.keyless-do", nil)
	}
	if q.All {
		return s.say("question."+string(q.Kind)+"-do-all", v)
	}
	return s.count("question."+string(q.Kind)+"-do", len(q.About), v)
}

// asked fills the placeholders of a question.
func (s speaker) asked(q Question) values {
	const most = 5
	var addresses []string
	for _, d := range q.About {
		addresses = append(addresses, clean(d.Address, 254))
	}
	if len(addresses) > most {
		addresses = append(addresses[:most-1:most-1], s.say("format.more-kinds", nil))
	}
	return values{
		"addresses": list(addresses, ", ", s.say("format.and", nil)), "reference": clean(q.Reference, 20),
		"yes": strings.ToUpper(s.say("question.choice-yes", nil)), "no": strings.ToUpper(s.say("question.choice-no", nil)),
	}
}

// doubts says of each recipient why we ask, or what there is to choose, one line
// each.
func (s speaker) doubts(q Question) []string {
	const most = 50
	if q.Kind == AboutKey {
		return s.offers(q.Kind, q.Offers)
	}
	lines := []string{s.say("question.why", nil)}
	for i, d := range q.About {
		if i == most {
			lines = append(lines, "- "+s.count("format.more-places", len(q.About)-most, nil))
			break
		}
		for _, why := range d.Why {
			line := "- " + s.say("question."+string(why), values{"address": clean(d.Address, 254)})
			if d.Whom != "" && why != policy.LikeOutsider && why != policy.LikeName {
				line += " " + s.say("question.whom", values{"whom": clean(d.Whom, 254)})
			}
			if !slices.Contains(lines, line) {
				lines = append(lines, line)
			}
		}
	}
	return append(lines, "")
}

// Page is what somebody sees who follows the link in a question.
type Page struct {
	Language, Title, Organisation string
	Text                          []string // paragraphs
	Doubts                        []string
	Details                       []string
	Buttons                       []Button
}

// Button is one answer on a page.
type Button struct {
	Choice Choice
	Label  string
}

// Ask returns the page on which a question can be answered.
func (c *Catalog) Ask(q Question) Page {
	s := c.in(q.Language)
	v := s.asked(q)
	p := Page{Language: c.Language(q.Language), Title: s.say("page."+string(q.Kind)+"-title", nil), Organisation: clean(q.Organisation, 100)}
	what := s.count("question."+string(q.Kind)+"-what", max(len(q.About), q.Copies), v)
	if q.All {
		what = s.say("question."+string(q.Kind)+"-what-all", v)
	}
	p.Text = []string{what}
	for _, line := range s.doubts(q) {
		if d, ok := strings.CutPrefix(line, "- "); ok {
			p.Doubts = append(p.Doubts, d)
		}
	}
	p.Details = s.details(q.Letter, "sent", nil, q.Keep)
	for _, choice := range q.Choices() {
		p.Buttons = append(p.Buttons, Button{choice, s.say("page.button-"+string(choice), nil)})
	}
	return p
}

// Told is what a page says once nothing is left to choose.
type Told string

// What a page tells.
const (
	ToldConfirmed Told = "confirmed"
	ToldWithdrawn Told = "withdrawn"
	ToldKept      Told = "kept"
	ToldCoded     Told = "coded"
	ToldAsked     Told = "asked"
	ToldDecided   Told = "decided"
	ToldOver      Told = "over"
	ToldUnknown   Told = "unknown"
	ToldTrouble   Told = "trouble"
	ToldChoose    Told = "choose"
)

// Tell returns a page that says one thing: in its heading, where that is short.
func (c *Catalog) Tell(lang string, t Told) Page {
	const short = 60
	s := c.in(lang)
	says := s.say("page."+string(t), nil)
	if len(says) <= short {
		return Page{Language: c.Language(lang), Title: says}
	}
	title := AboutRecipient
	if t == ToldCoded || t == ToldAsked {
		title = AboutKey
	}
	return Page{Language: c.Language(lang), Title: s.say("page."+string(title)+"-title", nil), Text: []string{says}}
}
