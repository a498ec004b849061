package extract

import (
	"bytes"
	"encoding/base64"
	"strings"
	"unicode/utf8"

	"postvern.example/policy/detect"
)

// Texts of all kinds carry files as base64: JSON and XML that programs export,
// "data:" in style sheets and scripts, the source of a mail pasted into another.
const (
	leastCode  = 56      // signs of base64 in a row: fewer are words and sums, more may be a file or its first line
	longLine   = 128     // what breaks base64 into lines makes them shorter
	leastFile  = 4 << 10 // octets of no known type: fewer are keys, signatures and marks
	leastHead  = 5       // different signs at the beginning of a file; fewer are a drawn line
	leastSigns = 32      // different signs in what is base64 of a file: fewer are hexadecimal
)

// isCode tells the signs of base64 and base64url (RFC 4648 §4, §5).
var isCode = func() (is [256]bool) {
	for _, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_") {
		is[c] = true
	}
	return is
}()

// coded reads the files that stand in a text as base64. A text without looks
// costs a glance at one octet in leastCode.
func (r *reading) coded(p piece, text string) {
	from := 0 // what stands before it is done with
	for at, n := leastCode-1, 0; at < len(text); {
		if isDrawn(text, at) {
			at += leastCode
			continue
		}
		start, end := codeAround(text, from, at)
		if end-start < leastCode || signs(text[start:start+leastCode]) < leastHead {
			from, at = end+1, end+leastCode
			continue
		}
		if n++; n%64 == 0 && r.over(p.place) {
			return
		}
		code, after := codeLines(text, start, end)
		r.codedFile(p, code, inAddress(text, from, start))
		from, at = after, after+leastCode-1
	}
}

// isDrawn reports whether the sign at an offset ends a row of the same: a drawn
// line, or what stands in for a text. Rows that stand for zeros and ones may be
// in the head of a file.
func isDrawn(text string, at int) bool {
	const row = 8
	if at < row {
		return false
	}
	switch text[at] {
	case 'A', '/', '_':
		return false
	}
	return text[at-row+1:at+1] == text[at-row:at]
}

// codeAround returns the run of signs around one, not before from; an empty one
// where that is no sign.
func codeAround(text string, from, at int) (start, end int) {
	if !isCode[text[at]] {
		return at, at
	}
	start, end = at, at+1
	for start > from && isCode[text[start-1]] {
		start--
	}
	for end < len(text) && isCode[text[end]] {
		end++
	}
	return start, end
}

// codeLines returns the code that begins with a run, with the lines that go on
// with it: whole ones, indented or cited alike, up to one that is shorter. It
// returns where the code ends, too.
func codeLines(text string, start, end int) (code string, after int) {
	line := end - start
	if line > longLine && nextLine(text, end, line) != line {
		return text[start:end], end
	}
	var b strings.Builder
	b.WriteString(text[start:end])
	for {
		size := nextLine(text, end, line)
		if size == 0 {
			return b.String(), end
		}
		from := end + len(text[end:]) - len(strings.TrimLeft(text[end:], lineGap))
		end = from + size
		b.WriteString(text[from:end])
		if size < leastCode {
			return b.String(), end
		}
		line = max(line, size)
	}
}

// lineGap stands between two lines of code: the line's end, and what indents or
// cites the next one.
const lineGap = " \t\r\n>"

// nextLine returns how many signs the line has that goes on with the code
// which ends here; 0 where none does. A short one is the last of it.
func nextLine(text string, end, line int) int {
	const farthest = 64 // the deepest indentation
	rest := text[end:]
	gap := 0
	for gap < min(len(rest), farthest) && strings.IndexByte(lineGap, rest[gap]) >= 0 {
		gap++
	}
	if strings.IndexByte(rest[:gap], '\n') < 0 {
		return 0
	}
	rest = rest[gap:]
	size := 0
	for size < len(rest) && size <= max(line, longLine) && isCode[rest[size]] {
		size++
	}
	padded := size < len(rest) && rest[size] == '='
	whole := padded || size == len(rest) || strings.IndexByte("\r\n \t\"'<;,)", rest[size]) >= 0
	if !whole || size < leastCode && !padded && size%4 != 0 {
		return 0
	}
	return size
}

// inAddress reports whether the run that begins here is a piece of an address
// of the web.
func inAddress(text string, from, start int) bool {
	const farthest = 4 << 10
	head := text[max(from, start-farthest):start]
	head = head[strings.LastIndexAny(head, " \t\r\n\"'<(")+1:]
	return strings.Contains(head, "://")
}

// codedFile reads what a code stands for, if that is a file. In addresses, texts
// are none: they are marks of the page that is called up.
func (r *reading) codedFile(p piece, code string, address bool) {
	data, err := base64.RawStdEncoding.DecodeString(urlAlphabet.Replace(code[:len(code)-brokenCode(code)]))
	if err != nil || !r.isCodedFile(data, code, address) {
		return
	}
	if r.left.Entries--; r.left.Entries < 0 {
		r.unscannable(p.place, whyEntries)
		return
	}
	r.left.Attachments++
	place := p.place.In(detect.Step{Kind: detect.InAttachment, Number: r.left.Attachments})
	r.piece(piece{data: data, place: place, depth: p.depth + 1, inline: true})
}

var urlAlphabet = strings.NewReplacer("-", "+", "_", "/")

// brokenCode returns how many signs at the end are too many: four are three
// octets, and one alone is none.
func brokenCode(code string) int {
	if len(code)%4 == 1 {
		return 1
	}
	return 0
}

// isCodedFile reports whether octets that stood in a text are a file that has
// something to tell.
func (r *reading) isCodedFile(data []byte, code string, address bool) bool {
	k := sniff(data)
	switch {
	case k == isEmpty, k == isFont, k == isX509:
		return false
	case k == isPGPData:
		return false // in its armor, which is read as that
	case k == isUnknown:
		return len(data) >= leastFile && signs(code) >= leastSigns
	case !k.binary():
		return !address && (utf8.Valid(data) || len(data) >= leastFile || byBOM(data) != nil)
	case k == isPacked, k == isProgram:
		return len(data) >= leastFile // two octets tell them, which chance gives as well
	case k == isGzip:
		return bytes.HasPrefix(data, []byte("\x1f\x8b\x08"))
	}
	return true
}

// signs counts the different signs of a code.
func signs(code string) (n int) {
	var seen [256]bool
	for i := range len(code) {
		if !seen[code[i]] {
			seen[code[i]] = true
			n++
		}
	}
	return n
}
