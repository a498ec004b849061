package roster

import "time"

// Empty returns a roster without members, for trying a mail without one. key
// is the installation's, or any 32 octets.
func Empty(key []byte, made time.Time) (*Members, error) {
	return newMembers(key, [saltSize]byte{}, made)
}
