// Package message reads a mail byte-exact, edits its header fields and builds
// new mails (RFC 5322, RFC 2045-2049, RFC 2231).
//
// Reading keeps the bytes as they came and notes where each field and part
// stands; editing copies those ranges and never decodes and encodes what the
// edit does not name. What is odd about the structure is a Defect: such a
// message was not fully understood, is unscannable, and is never edited or
// sent on as if it had been. Only what cannot be held in memory at all (too
// large, bare CR or LF, NUL) is an error of Read.
package message

import "postvern.example/policy/detect"

// Message is a mail as it came. It is not changed after Read; edits make a
// new one. It is safe for use by several goroutines.
type Message struct {
	Raw     []byte // CRLF line ends throughout
	Root    *Part
	Defects []Defect
	lists   lists
}

// Range is a run of octets in Message.Raw: Start inclusive, End exclusive.
type Range struct{ Start, End int }

// Part is one MIME entity: the message itself, a part of a multipart, or the
// message inside a message/rfc822.
type Part struct {
	Place       detect.Place
	Fields      []Field
	Head        Range             // the header, with the empty line that ends it
	Body        Range             // what follows, still in its transfer encoding
	MediaType   string            // lower case; the default of RFC 2045 §5.2 where none was given
	Params      map[string]string // of Content-Type, keys in lower case, RFC 2231 and RFC 2047 undone
	Disposition string            // lower case: "", "inline", "attachment", ...
	FileName    string            // from Content-Disposition or Content-Type, decoded
	Encoding    string            // lower case: "7bit" where none was given
	Children    []*Part           // of a multipart in order; of a message/rfc822 exactly one
	Preamble    Range             // of a multipart: before the first boundary
	Epilogue    Range             // of a multipart: after the last
}

// Field is one header field, folded lines and all.
type Field struct {
	Name  string // as written
	Range Range  // name, colon, value and the final CRLF
	Value Range  // what follows the colon, without the final CRLF
}

// Defect is something about a message that keeps it from being understood.
type Defect struct {
	Place  detect.Place
	Reason string // English, from a fixed set, no text of the message
	Header bool   // the fault is in the message's own header: recipients cannot be hidden with certainty
}
