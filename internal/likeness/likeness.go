// Package likeness tells which mail addresses are easily taken for each other:
// one typed wrongly, one at another domain, one written with letters that only
// look the same.
//
// It never needs two addresses at once. An address is filed under keys, and
// another one that resembles it is looked up under keys of its own; a store of
// keyed hashes can so be asked without holding a single address, and one
// look-up costs the same however many addresses are filed. Nothing here does
// I/O, and a text that is no canonical address has no keys and resembles
// nothing.
package likeness

import (
	"slices"
	"strings"
)

// Kind says how an address resembles another one. The higher, the closer.
type Kind int

// The kinds of likeness.
const (
	None      Kind = iota
	Elsewhere      // the same name before the at sign, at another domain
	Domain         // a domain that nobody has, one or two slips away from one that somebody has
	Typo           // the same domain, one or two slips away before the at sign
	Letters        // other letters that look the same
)

// String returns the word for a kind: letters, typo, domain or elsewhere; empty
// for None.
func (k Kind) String() string {
	switch k {
	case Letters:
		return "letters"
	case Typo:
		return "typo"
	case Domain:
		return "domain"
	case Elsewhere:
		return "elsewhere"
	case None:
	}
	return ""
}

// Key is something that two addresses which resemble each other share.
type Key struct {
	Kind Kind
	Text string
}

// The first letters of keys' texts keep them apart. A class says what was left
// out of a text, so that two that share it are two slips apart at most.
const (
	classWhole  = "0:" // nothing
	classLetter = "1:" // one character that is no digit
	classDigit  = "1d:"
	classTwo    = "2:" // two characters that are no digits
	classDomain = "d:" // the local part stays, a character of the domain is left out
	classTop    = "w:" // the local part stays, the top level domain is left out
	classSame   = "s:" // look-alike letters are made the same
	classLocal  = "l:" // the local part alone
	classCommon = "c:" // a local part that too many share
	classHost   = "h:" // a domain
	classNear   = "n:" // a domain with one character left out
)

// Lengths from which on a slip is a slip: below, half of all short addresses
// would resemble each other.
const (
	shortestOne  = 4  // of a local part, for one slip
	shortestTwo  = 8  // for two
	longestTwo   = 24 // and no longer, since the keys grow with the square
	shortestHost = 6  // of a domain without its last label, whoever has an address there
	shortestMove = 3  // the same, where the local part is that of an address at the other
	shortestSame = 3  // of a local part, to be looked for at other domains
)

// split takes a canonical address apart.
func split(canonical string) (local, domain string, ok bool) {
	i := strings.LastIndexByte(canonical, '@')
	if i <= 0 || i == len(canonical)-1 || strings.HasPrefix(canonical, `"`) {
		return "", "", false
	}
	return canonical[:i], canonical[i+1:], true
}

// Keys returns the keys under which an address is filed, in the form that
// detect.CanonicalAddress gives it. Those of its domain are in HostKeys.
func Keys(canonical string) []Key {
	local, domain, ok := split(canonical)
	if !ok {
		return nil
	}
	at := "@" + domain
	keys := []Key{
		{Letters, classSame + skeleton(canonical)},
		{Typo, classWhole + local + at},
	}
	for _, s := range slips(local) {
		keys = append(keys, Key{Typo, s.class + s.text + at})
	}
	keys = append(keys, moved(local, domain)...)
	if distinctive(local) {
		keys = append(keys, Key{Elsewhere, classLocal + local})
	}
	return keys
}

// Few returns the keys of Keys but for those that find two slips in whatever
// form: enough to be written with every mail.
func Few(canonical string) []Key {
	return slices.DeleteFunc(Keys(canonical), func(k Key) bool { return strings.HasPrefix(k.Text, classTwo) })
}

// HostKeys returns the keys under which the domain of an address is filed.
func HostKeys(canonical string) []Key {
	_, domain, ok := split(canonical)
	if !ok {
		return nil
	}
	keys := []Key{{Domain, classHost + domain}}
	if len(domain) > shortestHost {
		for _, near := range nearHosts(domain) {
			keys = append(keys, Key{Domain, classNear + near})
		}
	}
	return keys
}

// moved are the keys of an address whose domain may be mistyped.
func moved(local, domain string) []Key {
	host, _, ok := cutTop(domain)
	if !ok || len(host) < shortestMove {
		return nil
	}
	keys := []Key{{Domain, classTop + local + "@" + host}, {Domain, classDomain + local + "@" + domain}}
	for _, near := range nearHosts(domain) {
		keys = append(keys, Key{Domain, classDomain + local + "@" + near})
	}
	return keys
}

// Probes returns the keys under which addresses are filed that an address
// resembles. Those of its domain are in Hosts.
func Probes(canonical string) []Key {
	local, domain, ok := split(canonical)
	if !ok {
		return nil
	}
	at := "@" + domain
	keys := []Key{{Letters, classSame + skeleton(canonical)}}
	typo := func(text string, classes ...string) {
		for _, c := range classes {
			keys = append(keys, Key{Typo, c + text + at})
		}
	}
	if len(local) >= shortestOne {
		typo(local, classLetter, classDigit, classTwo)
	}
	for _, s := range slips(local) {
		switch s.class {
		case classLetter:
			typo(s.text, classWhole, classLetter, classDigit, classTwo)
		case classDigit: // another digit in its place makes another mailbox, not a slip
			typo(s.text, classWhole, classLetter)
		case classTwo:
			typo(s.text, classWhole, classLetter, classTwo)
		}
	}
	if !provider(domain) { // these are a letter apart, and have every top level domain
		keys = append(keys, moved(local, domain)...)
	}
	if distinctive(local) {
		keys = append(keys, Key{Elsewhere, classLocal + local})
	}
	return keys
}

// Closest returns the closest likeness of an address to those that are filed.
// filed says whether a key is.
func Closest(canonical string, filed func(Key) bool) Kind {
	best := None
	for _, k := range Probes(canonical) {
		if k.Kind > best && filed(k) && (k.Kind != Elsewhere || !filed(Common(canonical))) {
			best = k.Kind
		}
	}
	if best >= Domain {
		return best
	}
	if own, near := Host(canonical); len(near) > 0 && slices.ContainsFunc(near, filed) && !filed(own) {
		return Domain
	}
	return best
}

// Host returns the key under which the domain of an address is filed by itself,
// and those of domains that it may be a slip for. The latter count only where
// nobody has the first.
func Host(canonical string) (own Key, near []Key) {
	_, domain, ok := split(canonical)
	if !ok || provider(domain) {
		return Key{}, nil
	}
	host, _, ok := cutTop(domain)
	if !ok || len(host) < shortestHost {
		return Key{}, nil
	}
	near = append(near, Key{Domain, classNear + domain})
	for _, n := range nearHosts(domain) {
		near = append(near, Key{Domain, classHost + n}, Key{Domain, classNear + n})
	}
	return Key{Domain, classHost + domain}, near
}

// Common returns the key that says of an address' local part that too many
// share it for it to mean anybody. Who files addresses files it once more than
// MostSame have a local part.
func Common(canonical string) Key {
	local, _, _ := split(canonical)
	return Key{Elsewhere, classCommon + local}
}

// Local returns the key under which the local part of an address is filed.
func Local(canonical string) Key {
	local, _, _ := split(canonical)
	return Key{Elsewhere, classLocal + local}
}

// MostSame is how many filed addresses may have one local part and still make
// an address at another domain resemble them.
const MostSame = 3

// slip is a text with one or two characters left out.
type slip struct{ class, text string }

// slips returns a local part with one character left out, and where it is long
// enough with two. Two never take the first letter of a word: people seldom
// mistype that, and jensen is not hansen.
func slips(local string) []slip {
	if len(local) < shortestOne {
		return nil
	}
	out := make([]slip, 0, len(local))
	for i := range len(local) {
		class := classLetter
		if isDigit(local[i]) {
			class = classDigit
		}
		out = append(out, slip{class, local[:i] + local[i+1:]})
	}
	if len(local) < shortestTwo || len(local) > longestTwo {
		return out
	}
	for i := range len(local) {
		if !inner(local, i) {
			continue
		}
		for j := i + 1; j < len(local); j++ {
			if !inner(local, j) {
				continue
			}
			out = append(out, slip{classTwo, local[:i] + local[i+1:j] + local[j+1:]})
		}
	}
	return out
}

// inner reports whether a character is a letter that does not begin a word.
func inner(local string, i int) bool {
	return i > 0 && isLetter(local[i]) && isLetter(local[i-1])
}

func isDigit(c byte) bool  { return '0' <= c && c <= '9' }
func isLetter(c byte) bool { return 'a' <= c && c <= 'z' || c >= 0x80 }

// cutTop takes the last label from a domain.
func cutTop(domain string) (host, top string, ok bool) {
	i := strings.LastIndexByte(domain, '.')
	if i <= 0 {
		return "", "", false
	}
	return domain[:i], domain[i+1:], true
}

// nearHosts returns a domain with one character left out, the last label
// apart.
func nearHosts(domain string) []string {
	host, top, ok := cutTop(domain)
	if !ok || len(host) < shortestMove {
		return nil
	}
	out := make([]string, 0, len(host))
	for i := range len(host) {
		if host[i] != '.' && !isDigit(host[i]) {
			out = append(out, host[:i]+host[i+1:]+"."+top)
		}
	}
	return out
}

// provider reports whether a domain is one of those at which everybody has an
// address, some of which are a letter apart.
func provider(domain string) bool {
	host, _, _ := strings.Cut(domain, ".")
	return slices.Contains(providers, host)
}

var providers = []string{
	"gmail", "googlemail", "hotmail", "outlook", "live", "msn", "yahoo", "ymail", "icloud", "me", "mac", "proton", "protonmail", "aol",
	"mail", "gmx", "online", "telia", "telenor", "bredband", "comhem", "tdcadsl", "stofanet", "youmail", "jubii", "ofir", "webspeed", "getmail", "spray", "passagen",
}

// distinctive reports whether a local part says who somebody is. Those that
// every organisation has say nothing.
func distinctive(local string) bool {
	return len(local) >= shortestSame && !slices.Contains(functions, local)
}

var functions = []string{
	"abuse", "administration", "admin", "administrasjon", "arkiv", "booking", "bogholderi", "bokholderi", "contact", "direktion", "drift", "economy", "ekonomi",
	"epost", "e-post", "faktura", "formand", "fellestillitsvalgt", "fagforening", "fackforening", "hello", "help", "helpdesk", "hotline", "hovedpostkasse", "hr", "info", "information", "it", "job", "jobb",
	"kansli", "kassen", "kasserer", "kontakt", "kontor", "kundeservice", "kundtjanst", "ledelse", "leder", "ledning", "leverandor", "lon", "loen", "lonn", "mail", "marketing", "medlem", "medlemmer", "medlemsservice",
	"noreply", "no-reply", "office", "okonomi", "oekonomi", "ordforande", "ordforer", "personal", "personale", "post", "postkasse", "postmaster", "postmottak", "presse", "press", "receptionen", "reception",
	"registrator", "resepsjon", "salg", "sales", "sekretaer", "sekretar", "sekretariat", "sekretariatet", "service", "sikkerhed", "skole", "skolen", "sporgsmal", "styrelsen", "styret", "support", "tillidsmand", "tillidsrepraesentant", "tillitsvalgt",
	"tillitsvald", "team", "test", "tr", "udvalg", "union", "vagt", "webmaster",
}
