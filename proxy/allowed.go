package proxy

import (
	"regexp"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"postvern.example/proxy/message"
)

// allowed names the fields that leave where somebody is hidden, as long as they
// name nobody who is. Any other field leaves only where what it says is too
// plain to tell of a reader: what it means nobody here knows.
var allowed = fieldSet(`from sender to cc reply-to mail-followup-to mail-reply-to followup-to subject date message-id in-reply-to
	references mime-version received resent-from resent-sender resent-to resent-cc resent-reply-to resent-date
	resent-message-id apparently-to disposition-notification-to disposition-notification-options return-receipt-to
	comments keywords organization organisation thread-topic thread-index importance priority x-priority x-msmail-priority
	sensitivity user-agent x-mailer x-mimeole x-newsreader accept-language content-language auto-submitted precedence
	x-auto-response-suppress expires expiry-date reply-by deferred-delivery archived-at supersedes obsoletes
	list-id list-post list-help list-owner list-archive list-subscribe list-unsubscribe list-unsubscribe-post
	autocrypt autocrypt-setup-message openpgp face x-face dkim-signature domainkey-signature arc-seal
	arc-message-signature arc-authentication-results authentication-results x-ms-has-attach x-ms-tnef-correlator
	x-originating-ip msip_labels x-mozilla-status x-mozilla-draft-info x-identity-key x-account-key`)

func fieldSet(names string) map[string]bool {
	set := map[string]bool{}
	for _, name := range strings.Fields(names) {
		set[name] = true
	}
	return set
}

// leaves reports whether a field may leave where somebody is hidden whom it is
// not known to name.
func leaves(name, written, text string) bool {
	return allowed[name] || strings.HasPrefix(name, "content-") || !mayCarry(written, text)
}

// mayCarry reports whether a field could name a recipient in a form that
// nobody can look for: an address of whatever kind, letters outside ASCII, or
// a run of letters and digits that could be a sum, an id or a code.
func mayCarry(written, text string) bool {
	if strings.ContainsAny(written, "@%&\\") || strings.Contains(written, "=?") || strings.ContainsFunc(written, beyondASCII) || strings.ContainsFunc(text, beyondASCII) {
		return true
	}
	const short = 16 // versions, scores and the names of tests are no longer
	for _, token := range codes.FindAllString(written, -1) {
		if len(token) >= short && strings.ContainsAny(token, "0123456789") && strings.ContainsFunc(token, unicode.IsLetter) || len(token) >= 2*short {
			return true
		}
	}
	return false
}

func beyondASCII(r rune) bool { return r > unicode.MaxASCII }

var codes = regexp.MustCompile(`[A-Za-z0-9+/_-]+`)

// spelledNames finds people by name in whatever way programs write one: without
// accents, in any case, with points between the words, the last name first, in
// the genitive.
type spelledNames [2][]string

// twoLetters are the ways to write Nordic letters in ASCII.
var twoLetters = [2]*strings.Replacer{
	strings.NewReplacer("ø", "o", "æ", "ae", "å", "a", "ö", "o", "ä", "a", "ü", "u", "ð", "d", "þ", "th", "ß", "ss"),
	strings.NewReplacer("ø", "oe", "æ", "ae", "å", "aa", "ö", "oe", "ä", "ae", "ü", "ue", "ð", "d", "þ", "th", "ß", "ss"),
}

func spell(people []string) spelledNames {
	var s spelledNames
	for i := range s {
		for _, name := range people {
			words := strings.Fields(inWords(name, i))
			if n := len(words) - 1; n > 0 {
				first := strings.Join(words[:n], " ")
				s[i] = append(s[i], " "+first+" "+words[n], " "+words[n]+" "+first)
			}
		}
	}
	return s
}

// in reports whether a text has one of the names.
func (s spelledNames) in(text string) bool {
	for i, names := range s {
		if len(names) > 0 && hasName(inWords(text, i), names) {
			return true
		}
	}
	return false
}

// within is in for a text of which each way's words are at hand.
func (s spelledNames) within(words [len(twoLetters)]string) bool {
	for i, names := range s {
		if hasName(words[i], names) {
			return true
		}
	}
	return false
}

// hasName reports whether one of the names stands in a text of inWords, as it
// is or in the genitive.
func hasName(text string, names []string) bool {
	for _, name := range names {
		_, rest, found := strings.Cut(text, name)
		for ; found; _, rest, found = strings.Cut(rest, name) {
			if ending, _, _ := strings.Cut(rest, " "); ending == "" || message.IsGenitive(ending) {
				return true
			}
		}
	}
	return false
}

// inWords returns a text as its words in small ASCII letters, with single
// blanks around them.
func inWords(text string, way int) string {
	text = twoLetters[way].Replace(norm.NFC.String(strings.ToLower(text)))
	var b strings.Builder
	b.WriteByte(' ')
	blank := true
	for _, r := range norm.NFD.String(text) {
		switch {
		case unicode.IsMark(r):
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			b.WriteRune(r)
			blank = false
		case !blank:
			b.WriteByte(' ')
			blank = true
		}
	}
	b.WriteByte(' ')
	return b.String()
}
