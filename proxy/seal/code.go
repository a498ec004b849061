package seal

import (
	"crypto/rand"
	"fmt"
	"math/big"
	"strings"
)

// Code opens a document or archive. It is never logged.
type Code string

// The shape of a generated code: six groups of four digits, of 79 bits. Digits
// are said alike in every language, and typed on every telephone.
const (
	codeGroups = 6
	codeGroup  = 10_000
)

// NewCode draws a code.
func NewCode() Code {
	groups := make([]string, codeGroups)
	for i := range groups {
		n, err := rand.Int(rand.Reader, big.NewInt(codeGroup))
		if err != nil {
			panic(err) // never fails (crypto/rand)
		}
		groups[i] = fmt.Sprintf("%04d", n)
	}
	return Code(strings.Join(groups, "-"))
}

// Plain returns the code as people type it who leave out what stands between
// the groups.
func (c Code) Plain() string {
	return strings.NewReplacer("-", "", " ", "").Replace(string(c))
}

// String returns a mask: what is printed or logged by mistake tells nothing.
func (c Code) String() string { return "[code]" }
