package proxy

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"postvern.example/policy"
	"postvern.example/policy/detect"
	"postvern.example/proxy/message"
)

// visibleFields carry mailboxes that every reader of the message sees.
var visibleFields = []string{
	"To", "Cc", "Reply-To", "Mail-Followup-To", "Mail-Reply-To", "Resent-To", "Resent-Cc",
	"Apparently-To", "Disposition-Notification-To", "Return-Receipt-To",
}

// blindFields name readers whom nobody else is to know of. They never leave.
var blindFields = []string{"Bcc", "Resent-Bcc"}

// gossip names fields that tell of other recipients in a form that cannot be
// edited by mailbox. They leave whenever somebody is hidden.
var gossip = []string{
	"Autocrypt-Gossip", "Envelope-To", "Delivered-To", "X-Envelope-To", "X-Original-To", "X-Rcpt-To",
	"X-Google-Original-To", "X-Gm-Original-To", "X-MS-Exchange-Organization-Recipient-P2-Type", "X-Apparently-To", "X-Forwarded-To",
}

var errStillVisible = errors.New("a hidden address still stands in the header")

// hideEdits returns the edits that take hidden mailboxes out of a message's
// header, and how many mailboxes they take out of To and Cc. The subject is
// edited apart, for it gets the tag as well.
func hideEdits(t tracer) ([]message.Edit, int, error) {
	msg := t.msg
	hide := func(address string) bool { return hides(t.hidden, address) }
	edits, n, err := msg.Hide(hide, "To", "Cc")
	if err != nil {
		return nil, 0, err
	}
	more, _, err := msg.Hide(hide, visibleFields[2:]...)
	if err != nil {
		return nil, 0, err
	}
	edits = append(append(edits, more...), msg.Drop(gossip...)...)
	edits = append(edits, t.bareNames()...)
	inParts, err := t.inParts()
	if err != nil {
		return nil, 0, err
	}
	edits = append(edits, inParts...)
	return append(edits, t.otherTraces()...), n, nil
}

// masked returns a subject without the hidden addresses that it names: a
// forwarded mail's subject may begin with its writer's.
func masked(subject string, hidden map[string]bool) string {
	for _, address := range detect.Addresses(subject) {
		if hidden[canonical(address)] {
			subject = strings.ReplaceAll(subject, address, "[...]")
		}
	}
	return subject
}

// numberEdits takes out the fields in which mail programs repeat the subject,
// where a telephone number stands in it. The error says that it stands in a
// subject that a signature covers, or that nobody can say whether it does: what
// is signed as a whole (application/pkcs7-mime) is one piece of binary data.
func numberEdits(msg *message.Message) (edits []message.Edit, err error) {
	if p, ok := msg.Protected(); ok && p.Payload != msg.Root {
		for _, f := range p.Fields {
			if len(policy.SubjectNumbers(msg.Text(f))) > 0 {
				return nil, fmt.Errorf("take the number out of the protected %s: %w", f.Name, message.ErrSigned)
			}
		}
	}
	if whole := strings.TrimPrefix(msg.Root.MediaType, "application/"); (whole == "pkcs7-mime" || whole == "x-pkcs7-mime") && msg.Sealed() == message.NotSealed {
		return nil, fmt.Errorf("take the number out of what is signed as a whole: %w", message.ErrSigned)
	}
	for _, f := range msg.Root.Fields {
		if !strings.EqualFold(f.Name, "Subject") && len(policy.SubjectNumbers(msg.Text(f))) > 0 {
			edits = append(edits, message.Edit{Range: f.Range})
		}
	}
	return edits, nil
}

// checkHidden reads an edited header once more and fails where somebody hidden
// can still be found in it, so that a fault of the editing ends in a hold and
// not in a leak. What stands beside the writer's own address cannot be edited:
// the mail would be another's.
func checkHidden(raw []byte, limits message.Limits, t tracer) error {
	end := bytes.Index(raw, []byte("\r\n\r\n"))
	if end < 0 {
		return errStillVisible
	}
	msg, err := message.Parse(raw[:end+4], limits)
	if err != nil {
		return fmt.Errorf("read edited header: %w", err)
	}
	for _, f := range msg.Root.Fields {
		if names(msg, f, t.hidden) || (isAuthor(f.Name) || isVisible(f.Name)) && t.inList(msg, f) {
			return errStillVisible
		}
	}
	return nil
}
