package message_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"postvern.example/proxy/message"
)

func TestAPartGetsAnotherContent(t *testing.T) {
	const around = "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: application/x\r\nContent-Transfer-Encoding: base64\r\n\r\n"
	for name, c := range map[string]struct{ before, after string }{
		"in a multipart":              {around + "aGVq\r\n--b--\r\n", around + "%s\r\n--b--\r\n"},
		"in a multipart, with a line": {around + "aGVq\r\n\r\n--b--\r\n", around + "%s\r\n\r\n--b--\r\n"},
		"the whole":                   {"MIME-Version: 1.0\r\nContent-Transfer-Encoding: base64\r\n\r\naGVq\r\n", "MIME-Version: 1.0\r\nContent-Transfer-Encoding: base64\r\n\r\n%s\r\n"},
	} {
		msg, err := message.Parse([]byte(c.before), message.DefaultLimits())
		if err != nil {
			t.Fatal(err)
		}
		part := msg.Root
		if len(part.Children) > 0 {
			part = part.Children[0]
		}
		content := bytes.Repeat([]byte("Farvel\x00"), 20)
		e, err := msg.Refill(part, content)
		if err != nil {
			t.Fatal(err)
		}
		got, err := msg.Apply(e)
		code := base64.StdEncoding.EncodeToString(content)
		want := strings.Replace(c.after, "%s", code[:76]+"\r\n"+code[76:152]+"\r\n"+code[152:], 1)
		if err != nil || string(got) != want {
			t.Errorf("%s: %v\n%q, want\n%q", name, err, got, want)
		}
	}
	msg, err := message.Parse([]byte("Subject: x\r\n\r\nhej\r\n"), message.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := msg.Refill(msg.Root, nil); !errors.Is(err, message.ErrRewrite) {
		t.Error(err)
	}
}
