package message

import (
	"regexp"
	"strings"
)

// printed is the line that Gmail prints above the recipients of a mail: who
// wrote it, and when, without a label.
var printed = regexp.MustCompile(`^([^<>@:]{0,80}<[^<>\s]+@[^<>\s]+>)\s.*\p{Nd}{1,2}[:.]\p{Nd}{2}`)

// printedHead returns the writer in such a line.
func printedHead(text string, line quotedLine) (quotedList, bool) {
	who := printed.FindStringSubmatchIndex(text[line.content:line.end])
	if who == nil {
		return quotedList{}, false
	}
	span := Range{line.content + who[2], line.content + who[3]}
	e := quotedElement{span: span, mailbox: true}
	e.name, e.addresses = personOf(text[span.Start:span.End])
	return quotedList{elements: []quotedElement{e}, writer: true}, true
}

// Mail servers say in words of their own, and in any language, to whom they
// could not deliver. What is the same everywhere is who says so, the address in
// brackets that a line begins with, and the codes of replies (RFC 3463).
var (
	mailSystems = regexp.MustCompile(`(?i)mailer-daemon|postmaster@|mail delivery|mail-daemon|microsoftexchange329e71ec88ae4615bbc36ab6ce41109e`)
	failedFor   = regexp.MustCompile(`^<[^<>\s]+@[^<>\s]+>(?: \([^()]*\))?:`)
	onlyMailbox = regexp.MustCompile(`^[^<>@():]{0,80}[<(]?[^\s<>@()]+@[^\s<>@()]+[>)]?(?:[<\[]mailto:[^\s<>\[\]]+[>\]])?\s*$`)
	replyCode   = regexp.MustCompile(`\b[45][0-9]{2}[ -]#?[45]\.[0-9]\.[0-9]{1,3}\b`)
)

// mayBounce reports whether a text has a code or an address such as these. Nearly
// none has, so no line of it is looked at by itself; the writers of header blocks
// are known to findQuoted.
func mayBounce(text string) bool {
	if strings.IndexByte(text, '@') < 0 {
		return false
	}
	for rest := text; ; { // the points of codes are rare, and so is what follows an address
		i := strings.IndexByte(rest, '.')
		if i < 0 {
			break
		}
		if i > 0 && (rest[i-1] == '4' || rest[i-1] == '5') && len(rest) > i+2 && rest[i+2] == '.' && replyCode.MatchString(rest[max(0, i-6):min(len(rest), i+7)]) {
			return true
		}
		rest = rest[i+1:]
	}
	for _, mark := range [...]string{">:", "):"} {
		for rest := text; ; {
			i := strings.Index(rest, mark)
			if i < 0 {
				break
			}
			if line := rest[strings.LastIndexByte(rest[:i], '\n')+1:]; failedFor.MatchString(strings.TrimLeft(line[:min(len(line), 400)], "> \t|")) {
				return true
			}
			rest = rest[i+2:]
		}
	}
	return false
}

// bounced returns whom mail servers name where they report: in paragraphs with
// a code or an address that a line begins with, on lines beside them that hold
// a mailbox and nothing else, and behind a header block of the mail system, up
// to the next block.
func bounced(text string) (found []quotedList) {
	var paragraph, alone []quotedLine
	system, report, reports := false, false, false
	note := func(line quotedLine) {
		for _, e := range addressesOf(text, line) {
			found = append(found, quotedList{elements: []quotedElement{e}}) // what stands between them is no list
		}
	}
	flush := func() {
		for _, line := range paragraph {
			switch {
			case onlyMailbox.MatchString(text[line.content:line.end]):
				alone = append(alone, line)
			case system || report:
				note(line)
			}
		}
		reports = reports || system || report
		paragraph, report = paragraph[:0], false
	}
	for at := 0; at < len(text); {
		line, next := takeLine(text, at)
		at = next
		words := text[line.content:line.end]
		switch {
		case line.label == senderLabel:
			flush()
			system = mailSystems.MatchString(words)
		case line.label != noLabel:
		case strings.TrimSpace(words) == "":
			flush()
		default:
			paragraph = append(paragraph, line)
			report = report || failedFor.MatchString(words) || replyCode.MatchString(words)
		}
	}
	flush()
	if !reports {
		return nil
	}
	for _, line := range alone {
		e := quotedElement{span: Range{line.content, line.content + len(strings.TrimRight(text[line.content:line.end], " \t\u00a0"))}, mailbox: true}
		if e.name, e.addresses = personOf(text[e.span.Start:e.span.End]); len(e.addresses) > 0 {
			found = append(found, quotedList{elements: []quotedElement{e}})
		}
	}
	return found
}

// addressesOf returns the addresses in a line, each with its brackets.
func addressesOf(text string, line quotedLine) (found []quotedElement) {
	words := text[line.content:line.end]
	for _, at := range mailbox.FindAllStringIndex(words, -1) {
		e := quotedElement{span: Range{line.content + at[0], line.content + at[1]}, mailbox: true}
		if _, e.addresses = personOf(words[at[0]:at[1]]); len(e.addresses) > 0 {
			found = append(found, e)
		}
	}
	return found
}

var mailbox = regexp.MustCompile(`<[^<>\s]+@[^<>\s]+>|[^\s<>()\[\],;:"]+@[^\s<>()\[\],;:"]+`)
