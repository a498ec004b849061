package message

import "time"

// Envelope is what the SMTP session said about a message (RFC 5321 §2.3.1). It
// is not changed after it was made.
type Envelope struct {
	Transaction string // ULID of this mail transaction; the parcel that follows from it has the same
	From        string // reverse-path without angle brackets; "" is the null sender
	To          []Recipient
	UTF8        bool   // SMTPUTF8 (RFC 6531)
	Size        int64  // as the client declared it; 0: it did not (RFC 1870)
	Body        string // "", "7BIT" or "8BITMIME" (RFC 6152)
	Return      string // DSN RET: "", "FULL" or "HDRS" (RFC 3461 §4.3)
	ID          string // DSN ENVID, decoded (RFC 3461 §4.4)
	Login       string // who logged in; "" on a trust listener
	Client      string // the client's IP address; never leaves in a header
	Hello       string // what it said in EHLO
	Protocol    string // SMTP, ESMTP, ESMTPS, ESMTPSA, UTF8SMTPSA ... (RFC 3848, RFC 6531)
	Trusted     bool   // it came by a trust listener
	Received    time.Time
	Reference   string // PV-7K3F9Q: what people call the message by; the gateway draws it
}

// Recipient is one RCPT.
type Recipient struct {
	Address  string   // forward-path without angle brackets
	Notify   []string // DSN NOTIFY: NEVER or SUCCESS, FAILURE, DELAY; empty: not given (RFC 3461 §4.1)
	Original string   // DSN ORCPT as given, "rfc822;..." (RFC 3461 §4.2)
}
