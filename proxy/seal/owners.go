package seal

import (
	"fmt"
	"slices"

	"github.com/ProtonMail/go-crypto/openpgp"
)

// Owners returns the canonical addresses of the keys that have a key id, given
// in 16 upper-case hexadecimal digits, for themselves or for a subkey. It asks
// nothing of a key: one that has expired names its owner all the same.
func (k *Keyring) Owners(id string) []string {
	if k == nil {
		return nil
	}
	var owners []string
	for _, one := range k.keys {
		if one.entity == nil || !slices.Contains(idsOf(one.entity), id) {
			continue
		}
		for _, a := range one.addresses {
			if !slices.Contains(owners, a) {
				owners = append(owners, a)
			}
		}
	}
	return owners
}

// KeyIDs returns the key ids of public keys in binary form, as an Autocrypt
// header field carries its writer's, and nothing for what is no key.
func KeyIDs(keydata []byte) []string {
	keys, err := parsePackets(keydata, "")
	if err != nil {
		return nil
	}
	var ids []string
	for _, one := range keys {
		if one.entity != nil {
			ids = append(ids, idsOf(one.entity)...)
		}
	}
	return ids
}

func idsOf(e *openpgp.Entity) []string {
	ids := []string{fmt.Sprintf("%016X", e.PrimaryKey.KeyId)}
	for _, sub := range e.Subkeys {
		ids = append(ids, fmt.Sprintf("%016X", sub.PublicKey.KeyId))
	}
	return ids
}
