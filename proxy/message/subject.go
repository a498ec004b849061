package message

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

const (
	wordLength = 75  // of an encoded word (RFC 2047 §2)
	lineLength = 76  // of a line with encoded words (RFC 2047 §2)
	goodLength = 78  // of any line where blanks allow it (RFC 5322 §2.1.1)
	mostLength = 998 // of any line (RFC 5322 §2.1.1)
	wordStartB = "=?UTF-8?B?"
	wordStartQ = "=?UTF-8?Q?"
	wordEnd    = "?="
)

var errTwoSubjects = errors.New(reasonTwoSubjects)

// SetSubject returns the edits that give the message this subject, written as
// RFC 2047 asks where it is not plain ASCII. A field that is there keeps its
// place and name; a missing one is added. A CR, LF or NUL in the text is
// ErrField, and so are two Subject fields an error.
func (m *Message) SetSubject(text string) ([]Edit, error) {
	if strings.ContainsAny(text, "\r\n\x00") {
		return nil, fmt.Errorf("%w: a control character in Subject", ErrField)
	}
	fields := m.Root.Get("Subject")
	switch len(fields) {
	case 0:
		at := 0
		if from := m.Root.Get("From"); len(from) > 0 {
			at = from[0].Range.Start
		}
		line := "Subject:" + foldText(len("Subject:"), text) + "\r\n"
		return []Edit{{Range: Range{at, at}, With: []byte(line)}}, nil
	case 1:
		f := fields[0]
		used := f.Value.Start - f.Range.Start
		return []Edit{{Range: f.Value, With: []byte(foldText(used, text))}}, nil
	}
	return nil, fmt.Errorf("set subject: %w", errTwoSubjects)
}

// EncodeWords returns text for a header field: as it is where it is plain
// ASCII, else as encoded words in UTF-8 (RFC 2047), each of at most 75
// characters, with single spaces between them and no character cut in two.
func EncodeWords(text string) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	if isPlain(text) {
		return text
	}
	return strings.Join(encodeWords(text, wordLength), " ")
}

// isPlain reports whether text can stand in a field as it is.
func isPlain(text string) bool {
	for i := range len(text) {
		if text[i] < ' ' || text[i] >= 0x7f {
			return false
		}
	}
	return !strings.Contains(text, "=?") && strings.TrimSpace(text) == text
}

// foldText returns what follows the colon of a field, begun with a space,
// without the final CRLF. used is how much of the first line is taken.
func foldText(used int, text string) string {
	text = strings.TrimSpace(strings.ToValidUTF8(text, "\uFFFD"))
	if text == "" {
		return ""
	}
	if isPlain(text) {
		if folded, ok := foldPlain(used, text); ok {
			return folded
		}
	}
	first := lineLength - used - 1
	fold := " "
	if first < len(wordStartQ)+len(wordEnd)+12 { // room for one character at least
		fold, first = "\r\n ", wordLength
	}
	return fold + strings.Join(encodeWords(text, first), "\r\n ")
}

// foldPlain breaks ASCII before single spaces; ok is false where a line would
// be too long for SMTP.
func foldPlain(used int, text string) (folded string, ok bool) {
	var b strings.Builder
	length := used
	for len(text) > 0 {
		piece := text
		if i := singleSpace(text); i > 0 {
			piece = text[:i]
		}
		text = strings.TrimPrefix(text[len(piece):], " ")
		if length+1+len(piece) > goodLength && length > used {
			b.WriteString("\r\n")
			length = 0
		}
		b.WriteString(" " + piece)
		length += 1 + len(piece)
		if length > mostLength {
			return "", false
		}
	}
	return b.String(), true
}

// singleSpace returns where a space stands alone: folding at a run of them
// could lose some, or make a line of nothing else.
func singleSpace(s string) int {
	for i := 1; i+1 < len(s); i++ {
		if s[i] == ' ' && s[i-1] != ' ' && s[i+1] != ' ' {
			return i
		}
	}
	return -1
}

// encodeWords cuts text into words of at most 75 characters, the first of at
// most first, in the encoding that is shorter.
func encodeWords(text string, first int) []string {
	first = min(first, wordLength)
	q := wordsOf(text, first, wordStartQ, encodeQ, sizeQ)
	b := wordsOf(text, first, wordStartB, encodeB, sizeB)
	if length(b) < length(q) {
		return b
	}
	return q
}

func length(words []string) (n int) {
	for _, w := range words {
		n += len(w)
	}
	return n
}

func wordsOf(text string, room int, start string, encode func(string) string, size func(coded, octets int, r string) int) []string {
	var words []string
	from, coded := 0, 0
	for i := 0; i < len(text); {
		_, n := utf8.DecodeRuneInString(text[i:])
		next := size(coded, i-from, text[i:i+n])
		if len(start)+next+len(wordEnd) > room && i > from {
			words = append(words, start+encode(text[from:i])+wordEnd)
			from, coded, room = i, 0, wordLength
			continue
		}
		coded = next
		i += n
	}
	return append(words, start+encode(text[from:])+wordEnd)
}

func encodeB(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

func sizeB(_, octets int, r string) int { return base64.StdEncoding.EncodedLen(octets + len(r)) }

// sizeQ returns the size with one more character.
func sizeQ(coded, _ int, r string) int { return coded + len(encodeQ(r)) }

// encodeQ leaves only what RFC 2047 §5 (3) allows in every place.
func encodeQ(s string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		switch c := s[i]; {
		case c == ' ':
			b.WriteByte('_')
		case isAlnum(c) || strings.IndexByte("!*+-/", c) >= 0:
			b.WriteByte(c)
		default:
			b.Write([]byte{'=', hex[c>>4], hex[c&15]})
		}
	}
	return b.String()
}
