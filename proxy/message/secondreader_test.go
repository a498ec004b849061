package message

import (
	"bufio"
	"bytes"

	gomail "github.com/emersion/go-message/mail"
	"github.com/emersion/go-message/textproto"
)

// goMessageAddresses reads To and Cc with go-message, as a third opinion.
func goMessageAddresses(raw []byte) []string {
	h, err := textproto.ReadHeader(bufio.NewReader(bytes.NewReader(raw)))
	if err != nil {
		return nil
	}
	header := gomail.Header{}
	header.Header.Header = h
	var found []string
	for _, name := range []string{"To", "Cc"} {
		list, err := header.AddressList(name)
		if err != nil {
			continue
		}
		for _, a := range list {
			found = append(found, a.Address)
		}
	}
	return found
}
