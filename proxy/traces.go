package proxy

import (
	"bytes"
	"html"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"postvern.example/policy/detect"
	"postvern.example/proxy/message"
)

// authorFields say who writes: that address is not hidden from the readers.
// Gateway.authorise has seen to it that it is the sender's.
var authorFields = []string{"From", "Sender"}

func isAuthor(field string) bool {
	return slices.ContainsFunc(authorFields, func(name string) bool { return strings.EqualFold(name, field) })
}

// kept names fields that never leave: without one the message would be read as
// something else. The subject is edited, and an address in the others ends in
// a hold.
var kept = map[string]bool{
	"subject": true, "mime-version": true, "content-type": true, "content-transfer-encoding": true, "content-disposition": true,
}

// prose names fields in the sender's own words. Programs show none of them, so
// where somebody is hidden they leave if they name a member.
var prose = map[string]bool{"comments": true, "keywords": true, "thread-topic": true, "content-description": true}

// otherTraces returns edits for fields that carry no mailbox list and still
// name somebody hidden: the for clause of a Received, a client's own copy of
// the recipient list.
func (t tracer) otherTraces() []message.Edit {
	msg, hidden := t.msg, t.hidden
	edited := map[string]bool{}
	for _, name := range append(append(append([]string{}, visibleFields...), gossip...), blindFields...) {
		edited[strings.ToLower(name)] = true
	}
	var edits []message.Edit
	for _, f := range msg.Root.Fields {
		name := strings.ToLower(f.Name)
		if edited[name] || isAuthor(name) || kept[name] {
			continue
		}
		text := msg.Text(f)
		if !names(msg, f, hidden) && !t.in(text) && !t.namesMember(text) && leaves(name, string(msg.Bytes(f.Value)), text) {
			continue
		}
		if at := forClause.FindIndex(msg.Bytes(f.Value)); name == "received" && at != nil {
			start, end := f.Value.Start+at[0], f.Value.Start+at[1]
			value := msg.Bytes(f.Value)
			rest := string(value[:at[0]]) + string(value[at[1]:])
			if !mentions(rest, hidden) {
				edits = append(edits, message.Edit{Range: message.Range{Start: start, End: end}})
				continue
			}
		}
		edits = append(edits, message.Edit{Range: f.Range})
	}
	return edits
}

// machinery returns the addresses in fields that mail programs and servers
// write about a message's envelope, at its head or at that of a part, in whatever
// form: such a field tells of a recipient whom To and Cc do not name.
func machinery(msg *message.Message) []string {
	return fieldAddresses(msg, func(parent *message.Part, name string) bool {
		if isAuthor(name) || slices.Contains(threading, name) {
			return false
		}
		if parent == nil {
			return !kept[name] && !prose[name] && !isListed(name)
		}
		return isMultipart(parent) && !strings.HasPrefix(name, "content-")
	})
}

// idsAndForm returns what looks like an address in the fields of ids and those
// that say how a message and its parts are to be read. An id only looks like
// one; but a list of recipients that lost its line stands there as well.
func idsAndForm(msg *message.Message) []string {
	return fieldAddresses(msg, func(_ *message.Part, name string) bool {
		return name != "subject" && (kept[name] || strings.HasPrefix(name, "content-") || slices.Contains(threading, name))
	})
}

// fieldAddresses returns what looks like an address in the header fields, of
// the message (whose parent is nil) and of all parts, whose name in lower case
// is among those that are asked for.
func fieldAddresses(msg *message.Message, asked func(parent *message.Part, name string) bool) []string {
	var found []string
	var walk func(p, parent *message.Part)
	walk = func(p, parent *message.Part) {
		for _, f := range p.Fields {
			if !asked(parent, strings.ToLower(f.Name)) {
				continue
			}
			for _, form := range forms(msg.Text(f)) {
				if strings.Contains(form, "@") {
					found = append(found, detect.Addresses(form)...)
				}
			}
		}
		for _, child := range p.Children {
			walk(child, p)
		}
	}
	walk(msg.Root, nil)
	return found
}

// threading names the fields of ids, which only look like addresses.
var threading = []string{"message-id", "in-reply-to", "references", "resent-message-id", "resent-from", "resent-sender"}

func isVisible(field string) bool {
	return slices.ContainsFunc(visibleFields, func(name string) bool { return strings.EqualFold(name, field) })
}

// isListed reports whether a field is read mailbox by mailbox, or leaves whole.
func isListed(field string) bool {
	same := func(name string) bool { return strings.EqualFold(name, field) }
	return isVisible(field) || slices.ContainsFunc(blindFields, same)
}

// forClause is the for clause of a Received field (RFC 5321 §4.4).
var forClause = regexp.MustCompile(`(?i)\s+for\s+<?[^\s<>;]+@[^\s<>;]+>?`)

// hiddenNames returns the display names of those who are hidden, in lower
// case, where they are full enough to know somebody by.
func hiddenNames(msg *message.Message, hidden map[string]bool) []string {
	var people []string
	for _, name := range visibleFields {
		for _, f := range msg.Root.Get(name) {
			boxes, _ := msg.Mailboxes(f) // Hide has read them without an error
			for _, b := range boxes {
				person := strings.ToLower(strings.Trim(b.Name, " '\""))
				if hidden[canonical(b.Address)] && strings.Contains(person, " ") && len(person) >= 6 {
					people = append(people, person)
				}
			}
		}
	}
	return people
}

// bareNames returns edits that leave only the address of mailboxes that stay
// and beside which somebody stands who is hidden, as lists write "Anna Holm via
// board".
func (t tracer) bareNames() []message.Edit {
	var edits []message.Edit
	for _, name := range visibleFields {
		for _, f := range t.msg.Root.Get(name) {
			boxes, _ := t.msg.Mailboxes(f) // Hide has read them without an error
			for _, b := range boxes {
				if t.hidden[canonical(b.Address)] || !t.beside(t.msg, b, b.Range) {
					continue
				}
				with := b.Address
				if bytes.ContainsRune(t.msg.Bytes(b.Range), '<') {
					with = "<" + with + ">"
				}
				edits = append(edits, message.Edit{Range: b.Range, With: []byte(with)})
			}
		}
	}
	return edits
}

// beside reports whether a range that holds a mailbox names somebody hidden, or
// another member, beside the mailbox itself. Somebody of the very same name is
// who they are, and so is whoever has a name and nothing else.
func (t tracer) beside(msg *message.Message, b message.Mailbox, r message.Range) bool {
	name := strings.Trim(b.Name, " '\"")
	for _, text := range []string{msg.Text(message.Field{Value: r}), string(msg.Bytes(r)), b.Name} {
		text = strings.ReplaceAll(text, b.Address, " ")
		if name != "" && slices.Contains(t.people, strings.ToLower(name)) {
			text = strings.ReplaceAll(text, name, " ")
		}
		if t.in(text) {
			return true
		}
		if isName(name) {
			text = strings.ReplaceAll(text, name, " ")
		}
		if t.namesMember(text) {
			return true
		}
	}
	return false
}

// isName reports whether a display name is that of a person alone: words that
// begin with capitals, and nothing between them.
func isName(display string) bool {
	for word := range strings.FieldsSeq(display) {
		first, _ := utf8.DecodeRuneInString(word)
		if !unicode.IsUpper(first) || strings.ContainsAny(word, `,;:/|()[]<>"@`) {
			return false
		}
	}
	return display != ""
}

// inList reports whether a field of mailboxes names somebody hidden beside
// them, or in the name of a group.
func (t tracer) inList(msg *message.Message, f message.Field) bool {
	boxes, err := msg.Mailboxes(f)
	if err != nil {
		return true
	}
	for _, b := range boxes {
		if t.beside(msg, b, b.Range) || b.Group != "" && t.in(b.Group) {
			return true
		}
	}
	return len(boxes) == 0 && t.in(msg.Text(f))
}

func containsAny(text string, list []string) bool {
	for _, s := range list {
		if strings.Contains(text, s) {
			return true
		}
	}
	return false
}

// names reports whether a field names a hidden address, as written or decoded.
// An author's own address does not count, what stands beside it does.
func names(msg *message.Message, f message.Field, hidden map[string]bool) bool {
	others := hidden
	if isAuthor(f.Name) {
		boxes, _ := msg.Mailboxes(f)
		for _, b := range boxes {
			if hidden[canonical(b.Address)] {
				others = without(others, canonical(b.Address))
			}
		}
	}
	return mentions(string(msg.Bytes(f.Value)), others) || mentions(msg.Text(f), others)
}

func without(set map[string]bool, key string) map[string]bool {
	out := make(map[string]bool, len(set))
	for k, v := range set {
		out[k] = v && k != key
	}
	return out
}

// mentions reports whether a hidden address stands in text, plain or in one of
// the forms that programs write addresses in.
func mentions(text string, hidden map[string]bool) bool {
	for _, form := range forms(text) {
		if slices.ContainsFunc(detect.Addresses(form), func(address string) bool { return hides(hidden, address) }) {
			return true
		}
	}
	return false
}

var (
	comments = regexp.MustCompile(`\([^()]*\)`)
	joints   = regexp.MustCompile(`\s*([@.])\s*`)
	encoded  = regexp.MustCompile(`[A-Za-z0-9+/_-]{12,}={0,2}`)
	wrapped  = regexp.MustCompile(`[^\s<>@,;:"()]*[=#][^\s<>@,;:"()]*@[A-Za-z0-9.-]+`)
	bangs    = regexp.MustCompile(`[A-Za-z0-9.!-]*\.[A-Za-z0-9-]+![^\s<>@!,;:"]+`)
)

// undone returns text as it is and, where it has escapes, without them: those of
// URLs (RFC 3986), of quoted-printable, HTML and JSON, inside each other to a
// depth that programs reach.
func undone(text string) []string {
	const deepest = 3
	all := []string{text}
	for range deepest {
		last := all[len(all)-1]
		plain := last
		if strings.Contains(plain, "%") {
			plain = percents.ReplaceAllStringFunc(plain, unhex)
		}
		if strings.Contains(plain, "=") {
			plain = equals.ReplaceAllStringFunc(plain, unhex)
		}
		if strings.Contains(plain, "&") {
			plain = html.UnescapeString(plain)
		}
		if strings.Contains(plain, "+40") || len(plain) > 5 && strings.Contains(strings.ToLower(plain), "imcea") {
			plain = detect.Unplus(plain)
		}
		if strings.Contains(plain, `\u`) {
			plain = jsonEscapes.ReplaceAllStringFunc(plain, unhex)
		}
		if plain == last {
			break
		}
		all = append(all, plain)
	}
	return all
}

var (
	percents    = regexp.MustCompile(`%[0-9A-Fa-f]{2}`)
	equals      = regexp.MustCompile(`=[0-9A-F]{2}`)
	jsonEscapes = regexp.MustCompile(`\\u00[0-9A-Fa-f]{2}`)
)

// spelledAt are the ways to write an at sign where none may stand (RFC 2156 §3.3).
var spelledAt = strings.NewReplacer("(a)", "@", "(at)", "@", "(A)", "@")

// unhex returns the letter whose number an escape ends in.
func unhex(escape string) string {
	n, err := strconv.ParseUint(escape[len(escape)-2:], 16, 8)
	if err != nil {
		return escape
	}
	return string([]byte{byte(n)})
}

// forms returns text with comments and blanks taken out of its addresses (RFC
// 5322 §4.4), percent signs undone (RFC 6068), base64, base32 and hexadecimal
// undone, and the paths of old (x.example!anna) and of X.400 (anna(a)x.example)
// as addresses. Which mailbox an address stands for, detect.Behind says.
func forms(text string) []string {
	all := undone(text)
	for _, text := range slices.Clone(all) {
		if strings.Contains(text, "(a") {
			all = append(all, spelledAt.Replace(text))
		}
		if strings.Contains(text, "!") {
			for _, path := range bangs.FindAllString(text, -1) {
				all = append(all, path+"@localhost.invalid")
			}
		}
		if strings.Contains(text, "@") {
			for _, made := range wrapped.FindAllString(text, -1) {
				all = append(all, detect.Behind(made)...)
			}
			all = append(all, joints.ReplaceAllString(comments.ReplaceAllString(text, ""), "$1"))
		}
	}
	for _, e := range encoded.FindAllString(text, -1) {
		for _, plain := range decoded(strings.TrimRight(e, "=")) {
			if strings.Contains(plain, "@") {
				all = append(all, plain)
			}
		}
	}
	return all
}
