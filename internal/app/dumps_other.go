//go:build !linux

package app

// KeepOffDisk does something on Linux only.
func KeepOffDisk() {}
