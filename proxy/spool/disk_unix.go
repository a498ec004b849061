//go:build unix

package spool

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// ErrInUse is returned by Open when another process already serves the store.
var ErrInUse = errors.New("another process serves this store")

// lockFile takes the lock that the serving process holds; closing the file, or
// the end of the process, gives it back.
func lockFile(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock the store: %w", err)
	}
	err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		err = ErrInUse
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("lock the store: %w", err), f.Close())
	}
	return f, nil
}

// diskFree returns the octets that may still be written to the disk of path
// and those that it has in all.
func diskFree(path string) (free, total int64, err error) {
	var st unix.Statfs_t
	if err := unix.Statfs(path, &st); err != nil {
		return 0, 0, fmt.Errorf("ask for free disk space: %w", err)
	}
	block := int64(st.Bsize) //nolint:unconvert // not an int64 on every system
	return int64(st.Bavail) * block, int64(st.Blocks) * block, nil
}

// noSpace reports whether err says that disk, quota or inodes are used up.
func noSpace(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}

// handOver gives what root made to the owner of like: an administrator's
// command must not leave files that the gateway cannot read.
func handOver(path, like string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	info, err := os.Stat(like)
	if err != nil {
		return fmt.Errorf("hand over a file: %w", err)
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok || st.Uid == 0 {
		return nil
	}
	if err := os.Chown(path, int(st.Uid), int(st.Gid)); err != nil {
		return fmt.Errorf("hand over a file: %w", err)
	}
	return nil
}
