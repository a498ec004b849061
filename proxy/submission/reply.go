package submission

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/emersion/go-smtp"
	"golang.org/x/text/unicode/norm"

	"postvern.example/internal/notice"
)

// Reply is an SMTP reply that a person reads. Text is one line in any
// language; it is folded to ASCII for a session without SMTPUTF8.
type Reply struct {
	Code     int    // 4xx or 5xx
	Enhanced [3]int // RFC 3463
	Text     string

	cause notice.Cause // what Config.Words is asked for; empty: Text stands
}

// Error returns the reply as it stands on the wire.
func (r *Reply) Error() string {
	return fmt.Sprintf("%d %d.%d.%d %s", r.Code, r.Enhanced[0], r.Enhanced[1], r.Enhanced[2], r.Text)
}

func reply(code, subject, detail int, text string) *Reply {
	return &Reply{Code: code, Enhanced: [3]int{code / 100, subject, detail}, Text: text}
}

// caused is a reply that people meet in their mail program.
func caused(cause notice.Cause, r *Reply) *Reply {
	r.cause = cause
	return r
}

// The replies to a message that did not arrive, or could not be stored.
var (
	errLineEnds = caused(notice.CauseLineEnds, reply(550, 6, 0, "The message holds a bare CR, a bare LF or a NUL. Nothing was sent."))
	errSize     = caused(notice.CauseSize, reply(552, 3, 4, "The message is larger than this server takes. Nothing was sent."))
	errNoRoom   = caused(notice.CauseFull, reply(452, 3, 1, "Too much mail at once. Nothing was sent; please try again in a while."))
	errLate     = caused(notice.CauseTimeout, reply(421, 4, 2, "The message did not come in time. Nothing was sent."))
	errNotNow   = caused(notice.CauseTemporary, reply(451, 3, 0, "The message could not be taken now. Nothing was sent; please try again in a while."))
)

// replyTo turns an error into the reply for it: this is the one place that
// does. An error that nobody made for people is a 451 without its text.
func replyTo(err error) *Reply {
	var r *Reply
	switch {
	case errors.As(err, &r) && r != nil && r.valid():
		return r
	case errors.Is(err, errUnclean):
		return errLineEnds
	case errors.Is(err, errTooLarge), errors.Is(err, smtp.ErrDataTooLarge):
		return errSize
	case errors.Is(err, errBusy):
		return errNoRoom
	case errors.Is(err, errSlow):
		return errLate
	}
	return errNotNow
}

// valid says whether it is a refusal that a client understands: 2xx and 3xx,
// or a class that contradicts the code, would be taken for an acceptance.
func (r *Reply) valid() bool {
	return r.Code >= 400 && r.Code <= 599 && r.Code/100 == r.Enhanced[0]
}

// maxText keeps a reply line below what clients read (RFC 5321 §4.5.3.1.5 says
// 512; all that were tried take 998).
const maxText = 980

// line returns the text as one line, in ASCII unless utf8 is set.
func (r *Reply) line(utf8 bool) string {
	text := oneLine(r.Text)
	if !utf8 {
		text = Fold(text)
	}
	return cut(text, maxText)
}

// smtpError makes of the reply what go-smtp writes as it is.
func (r *Reply) smtpError(utf8 bool) *smtp.SMTPError {
	return &smtp.SMTPError{Code: r.Code, EnhancedCode: smtp.EnhancedCode(r.Enhanced), Message: r.line(utf8)}
}

func oneLine(s string) string {
	s = strings.ToValidUTF8(s, "?")
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
}

func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// folding is how Nordic letters and typographic marks are written in ASCII.
var folding = strings.NewReplacer(
	"å", "aa", "ä", "a", "æ", "ae", "ø", "oe", "ö", "o",
	"Å", "Aa", "Ä", "A", "Æ", "Ae", "Ø", "Oe", "Ö", "O",
	"ü", "u", "Ü", "U", "ß", "ss", "ð", "d", "Ð", "D", "þ", "th", "Þ", "Th", "đ", "d", "ł", "l", "Ł", "L", "ŋ", "n", "ŧ", "t",
	"–", "-", "—", "-", "‑", "-", "“", `"`, "”", `"`, "„", `"`, "«", `"`, "»", `"`,
	"‘", "'", "’", "'", "…", "...", "•", "*", "→", "->", "€", "EUR", "§", "par. ", "\u00a0", " ",
)

// Fold returns text in ASCII: å as aa, ø as oe, æ as ae, ä as a, ö as o, other
// letters without their marks, and "?" for what has no such form.
func Fold(text string) string {
	if isASCII(text) {
		return text
	}
	var b strings.Builder
	for _, r := range norm.NFKD.String(folding.Replace(norm.NFC.String(text))) {
		switch {
		case r < utf8.RuneSelf:
			b.WriteRune(r)
		case !unicode.Is(unicode.Mn, r):
			b.WriteByte('?')
		}
	}
	return b.String()
}
