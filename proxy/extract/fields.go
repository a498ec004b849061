package extract

import (
	"mime"
	"sort"
	"strconv"
	"strings"

	"postvern.example/policy/detect"
	"postvern.example/proxy/message"
)

// knownFields are the field names that a Place may show. Any other name is
// text of the message.
var knownFields = func() map[string]string {
	known := map[string]string{}
	for _, name := range strings.Fields(`From To Cc Bcc Reply-To Sender Subject Date Message-ID In-Reply-To References
		Comments Keywords Received Return-Path MIME-Version Resent-From Resent-To Resent-Cc Resent-Bcc Resent-Sender
		Resent-Reply-To Resent-Date Resent-Message-ID Content-Type Content-Disposition Content-Transfer-Encoding
		Content-ID Content-Description Content-Location Content-Language Content-Class DKIM-Signature
		Authentication-Results Autocrypt Autocrypt-Gossip List-Id List-Unsubscribe List-Post List-Help
		Thread-Topic Thread-Index User-Agent X-Mailer Organization Importance X-Priority Priority Sensitivity
		Accept-Language Disposition-Notification-To Return-Receipt-To Auto-Submitted Errors-To Delivered-To
		X-Originating-IP X-Forwarded-To Mail-Followup-To Mail-Reply-To Apparently-To`) {
		known[strings.ToLower(name)] = name
	}
	return known
}()

// fields takes the text of every header field of a part. place is where the
// fields stand: for the first part of a message that is the message.
func (r *reading) fields(m *message.Message, p *message.Part, place detect.Place) {
	r.label(p.Place.In(detect.Step{Kind: detect.InName}), p.FileName)
	r.params(p, p.Params)
	for _, f := range p.Fields {
		name, known := knownFields[strings.ToLower(f.Name)]
		text := m.Text(f)
		shape := detect.Label
		switch {
		case !known:
			name = "other"
			text = f.Name + ": " + text
		case name == "Subject" || name == "Comments" || name == "Content-Description" || name == "Thread-Topic":
			shape = detect.Prose
		}
		others := readings(text)
		if name == "Content-Disposition" || name == "Content-Type" {
			_, params, _ := mime.ParseMediaType(string(m.Bytes(f.Value)))
			if name == "Content-Disposition" {
				r.params(p, params)
			}
			text = without(text, p, params)
			for i := range others {
				others[i] = without(others[i], p, params)
			}
		}
		in := place.In(detect.Step{Kind: detect.InHeader, Label: name})
		r.text(in, shape, text)
		for _, other := range others {
			r.label(in, other)
		}
	}
}

// without takes out of a field what stands in segments of its own.
func without(text string, p *message.Part, params map[string]string) string {
	for _, values := range [...]map[string]string{p.Params, params, {"": p.FileName}} {
		for _, value := range values {
			if len(value) >= 8 { // shorter ones hold nothing and may have no segment
				text = strings.ReplaceAll(text, value, " ")
			}
		}
	}
	return text
}

// params takes the MIME parameters of a part; the file name is taken apart
// from them.
func (r *reading) params(p *message.Part, params map[string]string) {
	names := make([]string, 0, len(params))
	for name := range params {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		value := params[name]
		switch name {
		case "boundary", "charset", "format", "delsp", "micalg", "protocol", "type", "size", "creation-date", "modification-date", "read-date":
			if len(value) < 8 {
				continue // too short to hold anything
			}
		}
		if value != p.FileName {
			r.label(p.Place.In(detect.Step{Kind: detect.InName}), value)
		}
	}
}

// readings returns what else a program may show for a field: quoted pairs
// undone, comments left out, percent signs decoded (RFC 5322 §3.2, RFC 2231).
func readings(text string) []string {
	var others []string
	if strings.Contains(text, `\`) {
		others = append(others, unquote(text))
	}
	if strings.ContainsAny(text, "(") {
		if bare := withoutComments(text); bare != text {
			others = append(others, bare)
		}
	}
	if plain := unpercent(text); plain != text {
		others = append(others, plain)
	}
	return others
}

func unquote(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] == '\\' && i+1 < len(text) {
			i++
		}
		b.WriteByte(text[i])
	}
	return b.String()
}

func withoutComments(text string) string {
	var b strings.Builder
	depth, quoted := 0, false
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case c == '\\' && i+1 < len(text):
			i++
			if depth == 0 {
				b.WriteByte(text[i])
			}
		case c == '"' && depth == 0:
			quoted = !quoted
		case c == '(' && !quoted:
			depth++
		case c == ')' && depth > 0:
			depth--
		case depth == 0:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// unpercent undoes percent encoding wherever two hexadecimal digits follow.
func unpercent(text string) string {
	if !strings.Contains(text, "%") {
		return text
	}
	return mixed([]byte(unpercentBytes(text)))
}

func unpercentBytes(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] == '%' && i+2 < len(text) {
			if c, err := strconv.ParseUint(text[i+1:i+3], 16, 8); err == nil {
				b.WriteByte(byte(c))
				i += 2
				continue
			}
		}
		b.WriteByte(text[i])
	}
	return b.String()
}
