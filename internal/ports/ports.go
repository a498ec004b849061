// Package ports finds ports for tests whose programs must be told where to
// listen before they do.
package ports

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
)

// The range lies below the one from which systems take the ports of outgoing
// connections: one of those would else come between the choice and its use.
const first, last = 12000, 32000

var (
	mu    sync.Mutex
	given = map[int]bool{}
)

// Free returns an address of 127.0.0.1 that nobody listens at, and that this
// process was not given before. Another process may still take it first, which
// chance makes unlikely.
func Free() (netip.AddrPort, error) {
	mu.Lock()
	defer mu.Unlock()
	for range 1000 {
		port := first + rand.IntN(last-first)
		at := netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), uint16(port))
		if given[port] {
			continue
		}
		l, err := new(net.ListenConfig).Listen(context.Background(), "tcp", at.String())
		if err != nil {
			continue
		}
		if err := l.Close(); err != nil {
			return netip.AddrPort{}, err
		}
		given[port] = true
		return at, nil
	}
	return netip.AddrPort{}, errors.New("ports: none is free")
}
