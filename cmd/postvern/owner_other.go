//go:build !unix

package main

// asOwner asks nothing where files have no numeric owner.
func asOwner(string) error { return nil }
