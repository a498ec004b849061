package roster

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"postvern.example/internal/likeness"
	"postvern.example/policy/detect"
	"postvern.example/policy/strict"
)

// Representative is one entry of representatives.yaml.
type Representative struct {
	Name          string   `yaml:"name,required"`
	Login         string   `yaml:"login,required"`
	Password      string   `yaml:"password"` // PHC string of argon2id, gone after loading; none: no login here, mail comes by a trust listener
	Addresses     []string `yaml:"addresses"`
	RoleAddresses []string `yaml:"role-addresses"` // used for nothing but union work
	Language      string   `yaml:"language" oneof:"da,nb,nn,sv,en"`
	Mandate       Mandate  `yaml:"mandate"`
}

// Mandate is the time in which a representative may send. Both days belong to
// it; days are those of UTC. A day that is left out sets no end on its side.
type Mandate struct {
	From  Date `yaml:"from"`
	Until Date `yaml:"until"`
}

// Date is a day, written 2026-01-31. The zero Date is none.
type Date struct{ time.Time }

// UnmarshalText reads a day. The error is a *strict.Error.
func (d *Date) UnmarshalText(text []byte) error {
	t, err := time.Parse(time.DateOnly, string(text))
	if err != nil {
		return &strict.Error{Reason: "this is no day", Hint: "write it as 2026-01-31"}
	}
	d.Time = t
	return nil
}

// Representatives answers who is a representative and what they may do. It is
// not changed once made, and may be used by several goroutines.
type Representatives struct {
	list    []Representative
	logins  map[string]int // folded login
	address map[string]int // canonical address, role addresses too
	role    map[string]bool
	near    map[likeness.Key]string // keys under which their addresses are filed, and the first such address
	door    *door
}

// LoadRepresentatives reads representatives.yaml. The error is of type
// strict.Errors, or says that the file cannot be read.
func LoadRepresentatives(file string) (*Representatives, error) {
	src, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read representatives: %w", err)
	}
	return ParseRepresentatives(file, src)
}

// ParseRepresentatives reads the text of representatives.yaml; file names it
// in errors, which are of type strict.Errors. Unknown keys, passwords that are
// no argon2id hash, and logins or addresses that two share are errors.
func ParseRepresentatives(file string, src []byte) (*Representatives, error) {
	doc, err := strict.Parse(file, src)
	if err != nil {
		return nil, err
	}
	r := &Representatives{logins: map[string]int{}, address: map[string]int{}, role: map[string]bool{}}
	if err := doc.Decode(&r.list); err != nil {
		return nil, err
	}
	var faults strict.Errors
	note := func(path, hint, format string, args ...any) {
		faults = append(faults, doc.Errorf(path, hint, format, args...))
	}
	secrets := map[string]secret{}
	for i := range r.list {
		r.enter(i, secrets, func(key, hint, format string, args ...any) {
			note(fmt.Sprintf("[%d].%s", i, key), hint, format, args...)
		})
	}
	if len(faults) > 0 {
		return nil, faults.Sorted()
	}
	r.file()
	if r.door, err = newDoor(secrets); err != nil {
		return nil, err
	}
	return r, nil
}

type noter func(key, hint, format string, args ...any)

// enter indexes one representative and notes what is wrong.
func (r *Representatives) enter(i int, secrets map[string]secret, note noter) {
	one := &r.list[i]
	if strings.TrimSpace(one.Name) == "" {
		note("name", "", "a representative needs a name")
	}
	login := foldLogin(one.Login)
	if login == "" || len(login) > maxLogin || strings.ContainsFunc(login, func(c rune) bool { return c < ' ' || c == 0x7f }) {
		note("login", "", "this is no login")
	} else if other, ok := r.logins[login]; ok {
		note("login", "", "the login is also that of number %d in this file", other+1)
	} else {
		r.logins[login] = i
	}
	if one.Password != "" {
		s, err := parseSecret(one.Password)
		if err != nil {
			note("password", "make one with: postvern representatives password", "this is no argon2id hash: %s", err)
		}
		secrets[login], one.Password = s, "" // the door alone keeps it
	}
	if len(one.Addresses)+len(one.RoleAddresses) == 0 {
		note("addresses", "", "a representative needs an address to send as")
	}
	r.enterAddresses(i, "addresses", one.Addresses, note)
	r.enterAddresses(i, "role-addresses", one.RoleAddresses, note)
	if m := one.Mandate; !m.From.IsZero() && !m.Until.IsZero() && m.Until.Before(m.From.Time) {
		note("mandate.until", "", "the mandate ends before it begins")
	}
}

func (r *Representatives) enterAddresses(i int, key string, addresses []string, note noter) {
	for j, a := range addresses {
		at := fmt.Sprintf("%s[%d]", key, j)
		c, ok := detect.CanonicalAddress(a)
		if !ok || strings.ContainsAny(a, "<>() \t*\"") {
			note(at, "write it as name@domain", "this is no mail address")
			continue
		}
		if other, ok := r.address[c]; ok && other != i {
			note(at, "", "the address is also that of number %d in this file", other+1)
		} else if ok && r.role[c] != (key == "role-addresses") {
			note(at, "", "an address is either their own or a role address, not both")
		}
		r.address[c] = i
		r.role[c] = key == "role-addresses"
	}
}

const maxLogin = 320

// foldLogin makes logins equal that differ in case or in blanks around them.
func foldLogin(login string) string { return strings.ToLower(strings.TrimSpace(login)) }

// Len returns the number of representatives.
func (r *Representatives) Len() int { return len(r.list) }

// Logins returns the logins of all representatives.
func (r *Representatives) Logins() []string {
	logins := make([]string, len(r.list))
	for i, one := range r.list {
		logins[i] = one.Login
	}
	return logins
}

// ByLogin returns the representative with this login.
func (r *Representatives) ByLogin(login string) (Representative, bool) {
	i, ok := r.logins[foldLogin(login)]
	if !ok {
		return Representative{}, false
	}
	return r.list[i], true
}

// ByAddress returns the representative whose own or role address it is, in any
// form that detect.CanonicalAddress accepts.
func (r *Representatives) ByAddress(address string) (Representative, bool) {
	i, ok := r.find(address)
	if !ok {
		return Representative{}, false
	}
	return r.list[i], true
}

func (r *Representatives) find(address string) (int, bool) {
	c, ok := detect.CanonicalAddress(address)
	if !ok {
		return 0, false
	}
	i, ok := r.address[c]
	return i, ok
}

// IsRepresentative reports whether the address is a representative's, a role
// address included. A mandate that is over makes nobody a stranger.
func (r *Representatives) IsRepresentative(address string) bool {
	_, ok := r.find(address)
	return ok
}

// file notes under which keys the addresses are looked for.
func (r *Representatives) file() {
	r.near = map[likeness.Key]string{}
	for _, one := range r.list {
		for _, a := range slices.Concat(one.Addresses, one.RoleAddresses) {
			c, _ := detect.CanonicalAddress(a)
			for _, k := range append(likeness.Keys(c), likeness.HostKeys(c)...) {
				if _, taken := r.near[k]; !taken {
					r.near[k] = c
				}
			}
		}
	}
}

// Resembles returns how an address that is no representative's resembles one,
// and which. It is a guess, and never to be counted as a match.
func (r *Representatives) Resembles(address string) (likeness.Kind, string) {
	a, ok := detect.CanonicalAddress(address)
	if _, theirs := r.address[a]; !ok || theirs {
		return likeness.None, ""
	}
	whose := ""
	closest := likeness.None
	kind := likeness.Closest(a, func(k likeness.Key) bool {
		c, ok := r.near[k]
		if ok && k.Kind > closest {
			closest, whose = k.Kind, c
		}
		return ok
	})
	if kind == likeness.None {
		return kind, ""
	}
	return kind, whose
}

// IsRole reports whether the address is used for union work only.
func (r *Representatives) IsRole(address string) bool {
	c, ok := detect.CanonicalAddress(address)
	return ok && r.role[c]
}

// The errors of MaySend.
var (
	ErrNotYours      = errors.New("the address is not this representative's")
	ErrMandateOver   = errors.New("the mandate is over")
	ErrMandateNotYet = errors.New("the mandate has not begun")
)

// MaySend says whether a login may send as the address at that time. Without a
// login (""), as on a trust listener, the address itself must be a
// representative's. The null sender ("") stands for the login itself. It
// returns ErrNotYours, ErrMandateOver or ErrMandateNotYet.
func (r *Representatives) MaySend(login, address string, at time.Time) error {
	i, known := r.logins[foldLogin(login)]
	if address != "" || login == "" {
		owner, ok := r.find(address)
		if !ok || login != "" && (!known || owner != i) {
			return ErrNotYours
		}
		i, known = owner, true
	}
	if !known {
		return ErrNotYours
	}
	return r.list[i].Mandate.At(at)
}

// At returns nil within the mandate, else ErrMandateNotYet or ErrMandateOver.
func (m Mandate) At(t time.Time) error {
	switch {
	case !m.From.IsZero() && t.Before(m.From.Time):
		return ErrMandateNotYet
	case !m.Until.IsZero() && !t.Before(m.Until.AddDate(0, 0, 1)):
		return ErrMandateOver
	}
	return nil
}

// HasName reports whether a full name is a representative's, in any form that
// Members.HasName accepts.
func (r *Representatives) HasName(name string) bool {
	wanted := canonicalNames(name)
	for _, one := range r.list {
		for _, n := range canonicalNames(one.Name) {
			if slices.Contains(wanted, n) {
				return true
			}
		}
	}
	return false
}
