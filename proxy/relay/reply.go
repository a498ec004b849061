package relay

import (
	"bufio"
	"errors"
	"fmt"
	"strings"
)

// Limits of what is kept of an upstream's reply (RFC 5321 §4.5.3.1.5 allows 512
// octets a line), and of what is read of it. The rest of a longer one is passed
// over: its code says all the same whether the mail was taken, and a mail whose
// 250 is not believed is sent again and again.
const (
	maxReplyLine  = 4096 // octets
	maxReplyLines = 128
	maxReply      = 1 << 20 // octets of all lines: more is noise
)

// errGarbled says that something came that is no SMTP reply.
var errGarbled = errors.New("upstream sent no SMTP reply")

// reply is one SMTP reply (RFC 5321 §4.2).
type reply struct {
	code   int
	status string // enhanced status code (RFC 3463); "" where none was given
	text   string // lines joined by a space, without status
}

// Error returns the reply as it is told to an administrator. Callers that
// write it down mask it first.
func (r reply) Error() string {
	if r.status == "" {
		return fmt.Sprintf("%d %s", r.code, r.text)
	}
	return fmt.Sprintf("%d %s %s", r.code, r.status, r.text)
}

// readReply reads one reply.
func readReply(r *bufio.Reader) (reply, error) {
	var out reply
	var text []string
	for n, left := 0, maxReply; ; n++ {
		line, octets, err := readLine(r, left)
		if err != nil {
			return reply{}, err
		}
		left -= octets
		code, rest, last, ok := parseLine(strings.TrimRight(line, "\r\n"))
		if !ok || n > 0 && code != out.code {
			return reply{}, errGarbled
		}
		out.code = code
		status, rest := cutStatus(code, rest)
		if status != "" {
			out.status = status
		}
		if rest != "" && len(text) < maxReplyLines {
			text = append(text, rest)
		}
		if last {
			out.text = strings.Join(text, " ")
			return out, nil
		}
	}
}

// readLine reads a line of at most so many octets, and returns how many it has
// and what of it is kept.
func readLine(r *bufio.Reader, most int) (line string, octets int, err error) {
	for {
		part, err := r.ReadSlice('\n')
		if octets == 0 {
			line = string(part)
		}
		octets += len(part)
		switch {
		case octets > most:
			return "", octets, errGarbled
		case !errors.Is(err, bufio.ErrBufferFull):
			return line, octets, err
		}
	}
}

func parseLine(line string) (code int, rest string, last, ok bool) {
	if len(line) < 3 || line[0] < '2' || line[0] > '5' {
		return 0, "", false, false
	}
	for i := range 3 {
		if line[i] < '0' || line[i] > '9' {
			return 0, "", false, false
		}
		code = code*10 + int(line[i]-'0')
	}
	if len(line) == 3 {
		return code, "", true, true
	}
	if line[3] != ' ' && line[3] != '-' {
		return 0, "", false, false
	}
	return code, strings.TrimSpace(line[4:]), line[3] == ' ', true
}

// cutStatus takes an enhanced status code off the front of a reply's text. One
// whose class is not the reply's is text (RFC 2034 §4).
func cutStatus(code int, text string) (status, rest string) {
	word, rest, _ := strings.Cut(text, " ")
	parts := strings.Split(word, ".")
	if len(parts) != 3 || parts[0] != fmt.Sprint(code/100) {
		return "", text
	}
	for _, part := range parts[1:] {
		if len(part) == 0 || len(part) > 3 || strings.Trim(part, "0123456789") != "" {
			return "", text
		}
	}
	return word, strings.TrimSpace(rest)
}
