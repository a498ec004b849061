package proxy

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"postvern.example/policy/detect"
	"postvern.example/proxy/message"
)

// visibleFields carry mailboxes that every reader of the message sees.
var visibleFields = []string{
	"To", "Cc", "Reply-To", "Mail-Followup-To", "Mail-Reply-To", "Resent-To", "Resent-Cc",
	"Apparently-To", "Disposition-Notification-To", "Return-Receipt-To",
}

// gossip names fields that tell of other recipients in a form that cannot be
// edited by mailbox. They leave whenever somebody is hidden.
var gossip = []string{
	"Autocrypt-Gossip", "Resent-Bcc", "Envelope-To", "Delivered-To", "X-Envelope-To", "X-Original-To", "X-Rcpt-To",
	"X-Google-Original-To", "X-Gm-Original-To", "X-MS-Exchange-Organization-Recipient-P2-Type", "X-Apparently-To", "X-Forwarded-To",
}

// authors names fields in which an address may stand although it is hidden
// elsewhere: whoever writes is not hidden from the readers.
var authors = map[string]bool{"from": true, "sender": true, "resent-from": true, "resent-sender": true}

var errStillVisible = errors.New("a hidden address still stands in the header")

// hideEdits returns the edits that take hidden mailboxes out of a message's
// header, and how many mailboxes they take out of To and Cc.
func hideEdits(msg *message.Message, hidden map[string]bool) ([]message.Edit, int, error) {
	hide := func(address string) bool { return hidden[canonical(address)] }
	edits, n, err := msg.Hide(hide, "To", "Cc")
	if err != nil {
		return nil, 0, err
	}
	more, _, err := msg.Hide(hide, visibleFields[2:]...)
	if err != nil {
		return nil, 0, err
	}
	edits = append(append(edits, more...), msg.Drop(gossip...)...)
	return append(edits, otherTraces(msg, hidden)...), n, nil
}

// otherTraces returns edits for fields that carry no mailbox list and still
// name a hidden address: the for clause of a Received, a client's own copy of
// the recipient list.
func otherTraces(msg *message.Message, hidden map[string]bool) []message.Edit {
	edited := map[string]bool{"bcc": true}
	for _, name := range append(append([]string{}, visibleFields...), gossip...) {
		edited[strings.ToLower(name)] = true
	}
	var edits []message.Edit
	for _, f := range msg.Root.Fields {
		name := strings.ToLower(f.Name)
		if edited[name] || authors[name] || !names(msg, f, hidden) {
			continue
		}
		if at := forClause.FindIndex(msg.Bytes(f.Value)); name == "received" && at != nil {
			start := f.Value.Start
			edits = append(edits, message.Edit{Range: message.Range{Start: start + at[0], End: start + at[1]}})
			continue
		}
		edits = append(edits, message.Edit{Range: f.Range})
	}
	return edits
}

// forClause is the for clause of a Received field (RFC 5321 §4.4).
var forClause = regexp.MustCompile(`(?i)\s+for\s+<?[^\s<>;]+@[^\s<>;]+>?`)

// names reports whether a field holds a hidden address, as written or decoded.
func names(msg *message.Message, f message.Field, hidden map[string]bool) bool {
	for _, text := range []string{string(msg.Bytes(f.Value)), msg.Text(f)} {
		for _, address := range detect.Addresses(text) {
			if hidden[canonical(address)] {
				return true
			}
		}
	}
	return false
}

// checkHidden reads an edited header once more and fails where a hidden
// address can still be found in it, so that a fault of the editing ends in a
// hold and not in a leak.
func checkHidden(raw []byte, limits message.Limits, hidden map[string]bool) error {
	end := bytes.Index(raw, []byte("\r\n\r\n"))
	if end < 0 {
		return errStillVisible
	}
	msg, err := message.Read(bytes.NewReader(raw[:end+4]), limits)
	if err != nil {
		return fmt.Errorf("read edited header: %w", err)
	}
	for _, f := range msg.Root.Fields {
		if !authors[strings.ToLower(f.Name)] && names(msg, f, hidden) {
			return errStillVisible
		}
	}
	return nil
}
