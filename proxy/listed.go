package proxy

import (
	"slices"
	"strings"

	"postvern.example/proxy/message"
)

// listed counts the members on the recipient lists of the messages that one
// quotes or contains, who do not stand in its own To or Cc, and of whom a
// reader would learn. So many together are a list of members.
func (in inside) listed(msg *message.Message, q message.Quotation) int {
	people := nested(msg, msg.Root, visibleFields)
	for _, q := range q.Recipients {
		people = append(people, person{name: q.Name, address: q.Address})
	}
	addresses, names := map[string]bool{}, map[string]bool{}
	named := map[string]bool{} // those with an address, who may stand elsewhere without
	for _, p := range people {
		p = in.who(p)
		if !in.member(p) {
			continue
		}
		address, name := in.address(p), strings.ToLower(p.name)
		_, shown := in.shown[address]
		switch {
		case shown || !slices.ContainsFunc(in.readers, func(reader string) bool { return reader != address }):
		case address == "":
			names[name] = true
		default:
			addresses[address], named[name] = true, true
		}
	}
	for name := range names {
		if named[name] {
			delete(names, name)
		}
	}
	return len(addresses) + len(names)
}
