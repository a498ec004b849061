package submission

import "strings"

// rewording gives go-smtp's replies the codes of the RFCs and plain words. The
// key is how the reply begins, code and enhanced code included.
var rewording = []struct{ theirs, ours string }{
	{"250 2.0.0 Roger, accepting", "250 2.1.0 Sender accepted"},
	{"250 2.0.0 I'll make sure", "250 2.1.5 Recipient accepted"},
	{"250 2.0.0 OK: queued", "250 2.0.0 Message accepted"},
	{"250 2.0.0 I have successfully", "250 2.0.0 OK"},
	{"250 2.0.0 Session reset", "250 2.0.0 OK"},
	{"252 2.5.0 Cannot VRFY", "252 2.5.0 Addresses are not verified here"},
	{"235 2.0.0", "235 2.7.0 Authentication succeeded"},             // RFC 4954 §6
	{"502 5.5.1 Please introduce", "503 5.5.1 Say EHLO first"},      // RFC 5321 §4.1.4
	{"502 5.5.1 Missing MAIL", "503 5.5.1 Say MAIL first"},          //
	{"502 5.5.1 Missing RCPT", "503 5.5.1 Say MAIL and RCPT first"}, //
	{"502 5.5.1 MAIL not allowed", "503 5.5.1 A message is on its way: finish it or say RSET"},
	{"502 5.5.1 RCPT not allowed", "503 5.5.1 A message is on its way: finish it or say RSET"},
	{"502 5.5.1 DATA not allowed", "503 5.5.1 A message is on its way: finish it or say RSET"},
	{"502 5.5.4 Missing parameter", "501 5.5.4 AUTH needs a mechanism"}, // RFC 4954 §4
	{"454 4.7.0 Invalid base64", "501 5.5.2 Not base64"},                // RFC 4954 §4
	{"501 5.0.0 Negotiation cancelled", "501 5.7.0 Login cancelled"},    // RFC 4954 §4
	{"500 5.5.4 Unknown MAIL", "555 5.5.4 Unknown parameter of MAIL"},   // RFC 5321 §4.1.1.11
	{"500 5.5.4 Unknown RCPT", "555 5.5.4 Unknown parameter of RCPT"},   //
	{"500 5.5.4 Malformed AUTH", "501 5.5.4 AUTH parameter not understood"},
	{"504 5.5.4 BINARYMIME", "555 5.5.4 BINARYMIME is not offered"},
	{"504 5.5.4 REQUIRETLS", "555 5.5.4 REQUIRETLS is not offered"},
	{"504 5.5.4 MT-PRIORITY", "555 5.5.4 MT-PRIORITY is not offered"},
	{"504 5.5.4 DELIVERBY", "555 5.5.4 DELIVERBY is not offered"},
	{"504 5.5.4 RRVS", "555 5.5.4 RRVS is not offered"},
	{"421 4.0.0 Internal", "421 4.3.0 Something went wrong here; please try again"},
}

// reword returns go-smtp's reply line, without line end, in our words.
func reword(line string) string {
	for _, w := range rewording {
		if strings.HasPrefix(line, w.theirs) {
			return w.ours
		}
	}
	return line
}

// known lists the commands that go-smtp may see. It closes after four others;
// those are answered and counted before it.
func known(verb string) bool {
	switch verb {
	case "EHLO", "HELO", "MAIL", "RCPT", "DATA", "BDAT", "RSET", "NOOP", "VRFY", "QUIT", "AUTH",
		"SEND", "SOML", "SAML", "EXPN", "HELP", "TURN":
		return true
	}
	return false
}

// web says whether a client begins a request for a web server. A page can make a
// browser post to any port that it reaches, and what it posts be commands.
func web(verb string) bool {
	switch verb {
	case "GET", "POST", "PUT", "HEAD", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE":
		return true
	}
	return false
}

// idle says whether a command moves nothing: many in a row are a flood.
func idle(verb string) bool {
	switch verb {
	case "MAIL", "RCPT", "DATA", "BDAT", "AUTH", "QUIT":
		return false
	}
	return true
}

// parameter returns the raw value of a parameter of MAIL or RCPT.
func parameter(line, name string) string {
	for i, f := range strings.Fields(line) {
		if v, ok := cutPrefixFold(f, name+"="); ok && i > 1 {
			return v
		}
	}
	return ""
}

// verbatim reports whether the path that go-smtp read, between brackets, is
// what stands after "MAIL FROM:" or "RCPT TO:", octet for octet. It takes
// quotes and source routes off, and what it makes of them can be another
// address than the client wrote.
func verbatim(line, path string) bool {
	_, rest, _ := strings.Cut(line, ":")
	rest, ok := strings.CutPrefix(strings.TrimLeft(rest, " "), "<"+path+">")
	return ok && (rest == "" || rest[0] == ' ')
}

func cutPrefixFold(s, prefix string) (string, bool) {
	if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return s, false
	}
	return s[len(prefix):], true
}
