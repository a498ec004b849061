package policy

import (
	"fmt"
	"slices"
)

// Choice is something that the sender of held mail may do about it, where a
// recipient can open none of the ways in which a rule lets it go.
type Choice string

// The choices.
const (
	ChoiceCode     Choice = "code"     // it goes as a document, and the code comes to the sender or the reader as codes do
	ChoiceKey      Choice = "key"      // the recipient is asked for a key, in a mail that tells nothing of the content
	ChoiceWithdraw Choice = "withdraw" // it is deleted
)

// choices are what the sender may do about a copy that is held for want of
// protection and for nothing else.
func (p *Policy) choices(f Facts, r Recipient, v Verdict) (out []Choice) {
	other := func(why Reason) bool { return why.Action == Hold && len(why.Ladder) == 0 }
	if v.Action != Hold || !f.Sender.Notified || slices.ContainsFunc(v.Reasons, other) {
		return nil
	}
	for _, c := range p.Held.Ask {
		switch {
		case c == ChoiceCode && p.obstacle(StepDocument, f, r) != "":
		case c == ChoiceKey && r.Key == KeyUnapproved: // there is one, and somebody has to compare it
		default:
			out = append(out, c)
		}
	}
	return out
}

// Encoded returns a verdict that its sender chose to turn into a document.
func (p *Policy) Encoded(f Facts, v Verdict) Verdict {
	v.Action, v.Step, v.Code, v.Choices = Seal, StepDocument, p.codeWay(f, f.Recipients[0]), nil
	return v
}

// ask checks the choices as written.
func (c *checker) ask(written []string) []Choice {
	out := make([]Choice, 0, len(written))
	for i, w := range written {
		if slices.Contains(out, Choice(w)) {
			c.fault(fmt.Sprintf("held.ask[%d]", i), "keep one of them", "`%s` stands here a second time", w)
		}
		out = append(out, Choice(w))
	}
	return out
}

// The words of choices, in da, nb, nn, sv and en. The tables are never changed.
var (
	choiceWords = map[Choice][5]string{
		ChoiceCode:     {"sende den som et dokument, som en kode åbner", "sende den som et dokument som en kode åpner", "sende han som eit dokument som ein kode opnar", "skicka det som ett dokument som en kod öppnar", "send it as a document that a code opens"},
		ChoiceKey:      {"få modtageren spurgt om en nøgle", "få mottakeren spurt om en nøkkel", "få mottakaren spurd om ein nøkkel", "låta mottagaren tillfrågas om en nyckel", "have the recipient asked for a key"},
		ChoiceWithdraw: {"trække den tilbage", "trekke den tilbake", "trekkje han tilbake", "dra tillbaka det", "withdraw it"},
	}
	askWords = [5]string{
		"Om mail, som holdes tilbage, fordi en modtager ikke kan åbne den, bliver afsenderen spurgt; de kan %s.",
		"Om e-post som holdes tilbake fordi en mottaker ikke kan åpne den, blir avsenderen spurt; de kan %s.",
		"Om e-post som blir halden tilbake fordi ein mottakar ikkje kan opne han, blir avsendaren spurd; dei kan %s.",
		"Om mejl som hålls kvar därför att en mottagare inte kan öppna det tillfrågas avsändaren, som kan %s.",
		"About mail that is held because a recipient cannot open it the sender is asked; they can %s.",
	}
)

// askSentences says what the sender may do about held mail; nothing where no
// ladder ends with it.
func (p *Policy) askSentences(lang string, w words) []string {
	if len(p.Held.Ask) == 0 || !p.Asks(StepHold) {
		return nil
	}
	l := column(lang)
	said := make([]string, len(p.Held.Ask))
	for i, c := range p.Held.Ask {
		said[i] = choiceWords[c][l]
	}
	return []string{fmt.Sprintf(askWords[l], list(said, w.or))}
}
