package proxy

import (
	"encoding/base64"
	"slices"
	"strings"

	"postvern.example/policy"
	"postvern.example/proxy/message"
	"postvern.example/proxy/seal"
)

// keyholders returns whom the encrypted content of a message names as its
// readers: one for each key but those of the sender and the union's people,
// with an address where the keyring knows it.
func (r *Rules) keyholders(env message.Envelope, msg *message.Message) []policy.Keyholder {
	ids := msg.KeyIDs()
	if len(ids) == 0 {
		return nil
	}
	own, mine := r.ownKeys(env, msg), r.ownAddresses(env)
	var holders []policy.Keyholder
	seen := map[string]bool{} // two subkeys of one person are one reader
	for _, id := range ids {
		owners := r.Keys.Owners(id)
		ours := func(address string) bool { return mine.has(address) || r.unit(address) }
		if slices.Contains(own, id) || slices.ContainsFunc(owners, ours) {
			continue
		}
		h := policy.Keyholder{}
		for _, a := range owners {
			if h.Address == "" || r.member(a) && !h.Member {
				h = policy.Keyholder{Address: a, Member: r.member(a)}
			}
		}
		if h.Address != "" && seen[h.Address] {
			continue
		}
		seen[h.Address] = true
		holders = append(holders, h)
	}
	return holders
}

// ownKeys returns the ids of the key that the sender's own mail program sends
// along.
func (r *Rules) ownKeys(env message.Envelope, msg *message.Message) []string {
	var ids []string
	for _, c := range r.autocrypt(env, msg) {
		ids = append(ids, seal.KeyIDs(c.key)...)
	}
	return ids
}

// carried is a key in an Autocrypt field.
type carried struct {
	address string // canonical
	key     []byte
}

// autocrypt returns the keys that the Autocrypt fields of a message say are its
// sender's (Autocrypt level 1, §2.1.1).
func (r *Rules) autocrypt(env message.Envelope, msg *message.Message) []carried {
	var found []carried
	mine := r.ownAddresses(env)
	for _, f := range msg.Root.Get("Autocrypt") {
		address, keydata := "", ""
		for attribute := range strings.SplitSeq(msg.Text(f), ";") {
			name, value, _ := strings.Cut(strings.TrimSpace(attribute), "=")
			switch name {
			case "addr":
				address = canonical(strings.TrimSpace(value))
			case "keydata":
				keydata = strings.Join(strings.Fields(value), "")
			}
		}
		raw, err := base64.StdEncoding.DecodeString(keydata)
		if err == nil && mine.has(address) {
			found = append(found, carried{address, raw})
		}
	}
	return found
}
