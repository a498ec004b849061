package app

import "golang.org/x/sys/unix"

// KeepOffDisk sees to it that this process' memory, with the installation's key
// and what mail is in it, becomes no core dump, whatever ends the process, and
// that other programs of the same user cannot read it.
func KeepOffDisk() {
	// What cannot be set leaves the other in force.
	_ = unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{})
	_ = unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0)
}
