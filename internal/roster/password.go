package roster

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/crypto/argon2"
)

// cost is what one hash takes: 19 MiB, two passes (OWASP, RFC 9106 §4).
type cost struct {
	memory, time uint32 // KiB, passes
	threads      uint8
}

var usualCost = cost{19 * 1024, 2, 1}

// The most that a hash in a file may cost, so that one login cannot take the
// machine.
var highestCost = cost{256 * 1024, 16, 16}

// secret is a password's hash.
type secret struct {
	cost       cost
	salt, hash []byte
}

// HashPassword returns the PHC string of the password's argon2id hash, as
// representatives.yaml holds it. An empty password is an error.
func HashPassword(password string) (string, error) {
	if password == "" || len(password) > maxPassword {
		return "", fmt.Errorf("a password has 1 to %d octets", maxPassword)
	}
	s := secret{cost: usualCost, salt: make([]byte, 16)}
	if _, err := rand.Read(s.salt); err != nil {
		return "", fmt.Errorf("hash password: %w", err)
	}
	s.hash = s.of(password, 32)
	return s.String(), nil
}

// maxPassword bounds what a client can make us hash.
const maxPassword = 1024

func (s secret) of(password string, size int) []byte {
	return argon2.IDKey([]byte(password), s.salt, s.cost.time, s.cost.memory, s.cost.threads, uint32(size))
}

func (s secret) matches(password string) bool {
	return subtle.ConstantTimeCompare(s.of(password, len(s.hash)), s.hash) == 1
}

// String returns the PHC string.
func (s secret) String() string {
	b := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, s.cost.memory, s.cost.time, s.cost.threads,
		b.EncodeToString(s.salt), b.EncodeToString(s.hash))
}

// parseSecret reads a PHC string. Its errors do not repeat it.
func parseSecret(phc string) (secret, error) {
	f := strings.Split(phc, "$")
	if len(f) != 6 || f[0] != "" || f[1] != "argon2id" {
		return secret{}, errors.New("it does not read $argon2id$v=19$m=...,t=...,p=...$salt$hash")
	}
	if f[2] != "v=19" {
		return secret{}, errors.New("its version is not 19")
	}
	var s secret
	params := strings.Split(f[3], ",")
	if len(params) != 3 {
		return secret{}, errors.New("it lacks m, t or p")
	}
	memory, ok1 := parameter(params[0], "m=", highestCost.memory)
	time, ok2 := parameter(params[1], "t=", highestCost.time)
	threads, ok3 := parameter(params[2], "p=", uint32(highestCost.threads))
	if !ok1 || !ok2 || !ok3 || memory < 8*threads || memory < 1024 {
		return secret{}, fmt.Errorf("its cost is none of 1024 to %d KiB, 1 to %d passes, 1 to %d threads", highestCost.memory, highestCost.time, highestCost.threads)
	}
	s.cost = cost{memory, time, uint8(threads)}
	var err error
	if s.salt, err = base64.RawStdEncoding.Strict().DecodeString(f[4]); err != nil || len(s.salt) < 8 || len(s.salt) > 64 {
		return secret{}, errors.New("its salt is not base64 of 8 to 64 octets")
	}
	if s.hash, err = base64.RawStdEncoding.Strict().DecodeString(f[5]); err != nil || len(s.hash) < 16 || len(s.hash) > 64 {
		return secret{}, errors.New("its hash is not base64 of 16 to 64 octets")
	}
	return s, nil
}

func parameter(text, name string, highest uint32) (uint32, bool) {
	digits, ok := strings.CutPrefix(text, name)
	n, err := strconv.ParseUint(digits, 10, 32)
	return uint32(n), ok && err == nil && n >= 1 && n <= uint64(highest)
}
