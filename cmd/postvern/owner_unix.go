//go:build unix

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"strconv"
	"syscall"
)

// asOwner returns an error where root would write into a data folder of
// another user: the gateway could not read what root left there.
func asOwner(dir string) error {
	info, err := os.Stat(dir)
	if errors.Is(err, fs.ErrNotExist) || os.Geteuid() != 0 {
		return nil
	}
	if err != nil {
		return err
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok || stat.Uid == 0 {
		return nil
	}
	name := "#" + strconv.Itoa(int(stat.Uid))
	if u, err := user.LookupId(strconv.Itoa(int(stat.Uid))); err == nil {
		name = u.Username
	}
	return usageError{fmt.Errorf("%s belongs to the user %s, who could not read what root writes: type sudo -u %s before the command", dir, name, name)}
}
