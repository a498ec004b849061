package policy

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"postvern.example/policy/detect"
	"postvern.example/policy/strict"
)

// Sentences returns what the policy does, one sentence or two for each key in
// the order of the file, in the language da, nb, nn, sv or en (en for any
// other). It says what this release does with a key, not what the key asks for.
func (p *Policy) Sentences(lang string) []string {
	w := wordsOf(lang)
	out := []string{fmt.Sprintf(w.mode[p.Mode], p.Organisation), w.scope[p.Scope]}
	if len(p.People.Union) > 0 {
		out = append(out, fmt.Sprintf(w.union, w.patterns(p.People.Union)))
	} else {
		out = append(out, w.noUnion)
	}
	if len(p.People.Employer) > 0 {
		out = append(out, fmt.Sprintf(w.employer, w.patterns(p.People.Employer)))
	}
	people := peopleWordsOf(lang)
	if len(p.People.Groups) > 0 {
		out = append(out, fmt.Sprintf(people.groups, w.patterns(p.People.Groups)))
	}
	if len(p.People.SameMailbox) > 0 {
		out = append(out, fmt.Sprintf(people.sameMailbox, w.mailboxes(p.People.SameMailbox)))
	}
	r := p.Recipients
	if r.From == 1 {
		out = append(out, w.hideOne[r.Hide])
	} else {
		out = append(out, fmt.Sprintf(w.hideMany[r.Hide], r.From))
	}
	out = append(out, w.as[r.As], w.beside[r.Beside], w.invitation[r.Invitations], w.quoted[r.Quoted], w.nested, w.authors[r.Authors], w.papers[r.Papers], w.meetings[r.Meetings], w.unusual[r.Unusual], people.consents)
	out = append(out, p.ruleSentences(lang, w)...)
	out = append(out, p.termSentences(lang, w)...)
	out = append(out, w.sealed, w.ciphers[r.Encrypted])
	if p.Subject.On == OnNever {
		out = append(out, w.tag[OnNever])
	} else {
		out = append(out, fmt.Sprintf(w.tag[p.Subject.On], p.Subject.Tag))
	}
	out = append(out,
		people.names[p.Subject.Names],
		fmt.Sprintf(w.followUp, w.span(p.Deviations.FollowUp)),
		fmt.Sprintf(w.keep, w.span(p.Deviations.Keep)),
		fmt.Sprintf(w.held, w.span(p.Held.Keep)))
	return append(append(out, p.askSentences(lang, w)...), fmt.Sprintf(w.contact, p.Contact))
}

func (p *Policy) ruleSentences(lang string, w words) []string {
	var out []string
	for _, r := range p.Rules {
		kinds := make([]string, len(r.Detect))
		for i, k := range r.Detect {
			kinds[i] = kindWord(lang, k)
		}
		do := w.do[r.Do]
		if r.Do == DoEncrypt {
			do = w.protected(lang, r)
		}
		level := w.level[r.Confidence]
		if onlyUnread(r) {
			level = "" // what cannot be read is always certain
		}
		out = append(out, fmt.Sprintf(w.rule, r.Name, list(kinds, w.or), level, do, w.severity[r.Severity])+w.audience(lang, r))
	}
	out = append(out, slices.Concat(p.codeSentences(lang), p.signatureSentences(lang), p.sourceSentences(lang, w))...)
	if len(p.Rules) == 0 {
		out = append(out, w.noRules)
	}
	all, some := false, false
	for _, r := range p.Rules {
		if r.names(detect.Unscannable) {
			some, all = true, all || len(r.To)+len(r.Except) == 0
		}
	}
	switch {
	case !some:
		out = append(out, w.unread)
	case !all:
		out = append(out, unreadRest[column(lang)])
	}
	return out
}

// termSentences says how many words of the DPO's own are looked for as signs
// of each kind, and how many are muted.
func (p *Policy) termSentences(lang string, w words) []string {
	added, muted := map[detect.Kind]int{}, 0
	for _, t := range p.Terms {
		if t.Mute {
			muted++
		} else {
			added[t.Kind]++
		}
	}
	var kinds, files, out []string
	for _, k := range detect.Kinds() {
		if added[k] > 0 {
			kinds = append(kinds, fmt.Sprintf("%s (%d)", kindWord(lang, k), added[k]))
		}
	}
	for _, l := range p.Lexicons {
		files = append(files, path.Base(l.Name))
	}
	if len(kinds) > 0 {
		out = append(out, fmt.Sprintf(w.added, list(kinds, w.and)))
	}
	if len(files) > 0 {
		out = append(out, fmt.Sprintf(w.phrases, list(files, w.and)))
	}
	switch {
	case muted == 1:
		out = append(out, w.mutedOne)
	case muted > 1:
		out = append(out, fmt.Sprintf(w.mutedMany, muted))
	}
	return out
}

func onlyUnread(r Rule) bool {
	for _, k := range r.Detect {
		if k != detect.Unscannable && k != detect.Protected {
			return false
		}
	}
	return true
}

func (w words) patterns(all []Pattern) string {
	texts := make([]string, len(all))
	for i, p := range all {
		texts[i] = p.String()
	}
	return list(texts, w.and)
}

// list joins items as prose; last stands before the last of them.
func list(items []string, last string) string {
	if len(items) < 2 {
		return strings.Join(items, "")
	}
	n := len(items) - 1
	return strings.Join(items[:n], ", ") + " " + last + " " + items[n]
}

// span says a span of time in the largest unit that holds it without rest.
func (w words) span(d strict.Duration) string {
	text := d.String()
	digits := strings.TrimRight(text, "ymsdh")
	names := w.units[5]
	if i := strings.Index("smhdy", strings.TrimPrefix(text, digits)); i >= 0 && len(text)-len(digits) == 1 {
		names = w.units[i]
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return time.Duration(d).String()
	}
	if n == 1 {
		return digits + " " + names[0]
	}
	return digits + " " + names[1]
}
