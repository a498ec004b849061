package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/coreos/go-systemd/v22/activation"
	"github.com/coreos/go-systemd/v22/daemon"
	"golang.org/x/sys/unix"
)

// socketPrefix begins the address of a listener whose socket systemd has opened
// (sd_listen_fds(3)); its FileDescriptorName follows.
const socketPrefix = "systemd:"

// sockets are those that systemd passed on, by name.
type sockets map[string][]net.Listener

// passedSockets takes what systemd has passed on, if a listener asks for it.
func passedSockets(listen []ListenConfig) (sockets, error) {
	if !slices.ContainsFunc(listen, func(l ListenConfig) bool { return strings.HasPrefix(l.Address, socketPrefix) }) {
		return nil, nil
	}
	passed, err := activation.ListenersWithNames()
	if err != nil {
		return nil, fmt.Errorf("take sockets from systemd: %w", err)
	}
	return passed, nil
}

// close closes what no listener has asked for: nobody would ever answer there.
func (s sockets) close() {
	for _, unused := range s {
		_ = closeAll(unused)
	}
}

func closeAll(listeners []net.Listener) error {
	var faults []error
	for _, l := range listeners {
		if l != nil {
			faults = append(faults, l.Close())
		}
	}
	return errors.Join(faults...)
}

// open returns the listener's sockets: one of its own, or those with its name
// that systemd has passed on, which are taken out of passed.
func (l ListenConfig) open(ctx context.Context, passed sockets) ([]net.Listener, error) {
	name, activated := strings.CutPrefix(l.Address, socketPrefix)
	if !activated {
		lc := net.ListenConfig{KeepAlive: -1} // sessions have deadlines of their own
		ln, err := lc.Listen(ctx, "tcp", l.Address)
		if err != nil {
			return nil, err
		}
		return []net.Listener{ln}, nil
	}
	found := passed[name]
	delete(passed, name)
	for _, ln := range found {
		if _, ok := ln.(*net.TCPListener); !ok {
			return nil, errors.Join(fmt.Errorf("the socket %q that systemd passed is none for TCP", name), closeAll(found))
		}
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("systemd passed no socket with the name %q: is its socket unit started, and does FileDescriptorName= say so?", name)
	}
	return found, nil
}

// notifySystemd tells the service manager, where there is one, how it stands.
func notifySystemd(state string) {
	_, _ = daemon.SdNotify(false, state)
}

// notifyReloading says that a reload begins, and when (sd_notify(3)).
func notifyReloading() {
	var now unix.Timespec
	if unix.ClockGettime(unix.CLOCK_MONOTONIC, &now) == nil {
		notifySystemd(fmt.Sprintf("%s\nMONOTONIC_USEC=%d", daemon.SdNotifyReloading, now.Nano()/1000))
	}
}

// watchdog says twice in WatchdogSec that the program is alive, where the unit
// asks for it.
func watchdog(ctx context.Context) error {
	every, err := daemon.SdWatchdogEnabled(false)
	if err != nil || every <= 0 {
		return nil //nolint:nilerr // it is not asked for
	}
	tick := time.NewTicker(every / 2)
	defer tick.Stop()
	for {
		notifySystemd(daemon.SdNotifyWatchdog)
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}
