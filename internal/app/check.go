package app

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"

	"postvern.example/policy/strict"
)

// checkNetworks checks networks in CIDR notation.
func checkNetworks(key string, networks []string, fault func(string, string, ...any)) {
	for _, t := range networks {
		if _, err := netip.ParsePrefix(t); err == nil {
			continue
		}
		hint := ""
		if ip, err := netip.ParseAddr(t); err == nil {
			hint = fmt.Sprintf("; for this one machine write \"%s/%d\"", ip, ip.BitLen())
		}
		fault(key, "%q is no network such as 127.0.0.0/8%s", t, hint)
	}
}

// checkAddress checks a host, which may be left out, with a port.
func checkAddress(key, address string, fault func(string, string, ...any)) {
	if address == "" {
		return
	}
	if _, _, err := net.SplitHostPort(address); err == nil {
		return
	}
	hint := "; write the host, a colon and the port"
	if strings.Trim(address, "0123456789") == "" {
		host := "127.0.0.1"
		if strings.HasPrefix(key, "listen") {
			host = ""
		}
		hint = fmt.Sprintf("; did you mean \"%s:%s\"?", host, address)
	}
	fault(key, "%q is no address with a port, such as \"127.0.0.1:9580\"%s", address, hint)
}

// choice checks that a word is one of those that a key can have.
func choice(key, word string, fault func(string, string, ...any), words ...string) {
	if slices.Contains(words, word) {
		return
	}
	hint := ""
	if near, ok := strict.Nearest(word, words); ok {
		hint = fmt.Sprintf("; did you mean `%s`?", near)
	}
	fault(key, "%q is none of %s%s", word, strings.Join(words, ", "), hint)
}

// checkHostname refuses what cannot stand in EHLO, in Received and in a
// certificate: the address of a page, an address with a port, several names.
func checkHostname(name string, fault func(string, string, ...any)) {
	if strings.ContainsAny(name, " \t/@:,;<>()") || name == "" {
		fault("hostname", "%q is no name of a machine: write it alone, such as \"mail.forening.example\"", name)
	}
}

// checkListeners refuses one address for two listeners.
func checkListeners(all []ListenConfig, fault func(string, string, ...any)) {
	seen := map[string]int{}
	for i, l := range all {
		if _, port, err := net.SplitHostPort(l.Address); err != nil || port == "0" || strings.HasPrefix(l.Address, socketPrefix) {
			continue
		}
		if first, again := seen[l.Address]; again {
			fault(fmt.Sprintf("listen[%d].address", i), "%q is the address of listen[%d] too: each needs a port of its own", l.Address, first)
			continue
		}
		seen[l.Address] = i
	}
}

// loopback reports whether what is sent to an address stays on this machine.
func loopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return host == "localhost" || err == nil && ip.IsLoopback()
}
