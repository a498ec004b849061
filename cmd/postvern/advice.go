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

// advice says what to do about a file or folder that cannot be read, for the
// system only says why; nothing about any other error.
func advice(err error) string {
	var fault *fs.PathError
	switch {
	case !errors.As(err, &fault):
		return ""
	case errors.Is(fault, syscall.EISDIR):
		return ": name a file, not a folder"
	case errors.Is(fault, syscall.ENOTDIR):
		return ": name a folder; a file stands there"
	case errors.Is(fault, syscall.ELOOP):
		return ": links that lead to each other stand there; put the file itself there"
	case errors.Is(fault, fs.ErrNotExist):
		return ": put it there, or mend its name"
	case errors.Is(fault, fs.ErrPermission):
		return fmt.Sprintf(": the user %s may not; change its owner, group or mode, or run the command as a user who may", login())
	}
	return ""
}

// login is who runs this command, for the system.
func login() string {
	if u, err := user.Current(); err == nil && u.Username != "" {
		return u.Username
	}
	return strconv.Itoa(os.Geteuid())
}

// unreadable reports whether a file that the command line or the configuration
// names is not there, is no file, or may not be read.
func unreadable(err error) bool { return advice(err) != "" }
