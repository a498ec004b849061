package message

import (
	"errors"
	"strings"
	"testing"
)

const forwarded = `From: a@x.example
To: a@member.example, top@x.example
Bcc: c@member.example
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: message/rfc822

From: b@x.example
To: a@member.example, x@x.example
Bcc: d@member.example
Subject: outer
Content-Type: multipart/digest; boundary=c

--c

From: c@x.example
To: a@member.example
CC: b@member.example

a@member.example

--c--
--b
Content-Type: text/plain; name=x.txt

To: a@member.example
--b--
`

func TestMessagesInsideLoseMembersAndTheOuterHeaderStays(t *testing.T) {
	m := read(t, crlf(forwarded))
	edits, n, err := m.HideNested(isMemberAt)
	if err != nil || n != 3 {
		t.Fatalf("%d hidden, %v", n, err)
	}
	drops, err := m.DropNested("Bcc")
	if err != nil || len(drops) != 1 {
		t.Fatalf("%d dropped, %v", len(drops), err)
	}
	want := strings.NewReplacer(
		"To: a@member.example, x@x.example\nBcc: d@member.example\n", "To: x@x.example\n",
		"To: a@member.example\nCC: b@member.example\n", "To: undisclosed-recipients:;\n",
	).Replace(forwarded)
	if got := apply(t, m, append(edits, drops...)); got != crlf(want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestASignedMessageInsideIsNotEdited(t *testing.T) {
	signed := strings.Replace(forwarded, "multipart/mixed", "multipart/signed; protocol=x; micalg=y", 1)
	m := read(t, crlf(signed))
	if edits, _, err := m.HideNested(isMemberAt); !errors.Is(err, ErrSigned) || edits != nil {
		t.Errorf("got %d edits, %v", len(edits), err)
	}
	if edits, err := m.DropNested("Bcc"); !errors.Is(err, ErrSigned) || edits != nil {
		t.Errorf("got %d edits, %v", len(edits), err)
	}
	if edits, n, err := m.HideNested(func(string, string) bool { return false }); err != nil || n > 0 || len(edits) > 0 {
		t.Errorf("nobody to hide: %d edits, %v", len(edits), err)
	}
}

func TestABrokenListInsideIsAnError(t *testing.T) {
	m := read(t, crlf(strings.Replace(forwarded, "To: a@member.example, x@x.example", "To: a@member.example x@x.example", 1)))
	if edits, _, err := m.HideNested(isMemberAt); !errors.Is(err, ErrAddress) || edits != nil {
		t.Errorf("got %d edits, %v", len(edits), err)
	}
}

func isMemberAt(_, address string) bool { return isMember(address) }
