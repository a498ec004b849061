package app

import "errors"

// ErrFile is what Start returns, wrapped, where a file that the configuration
// names keeps the gateway from starting: to start it again changes nothing.
var ErrFile = errors.New("a file has to be put right")

// wrongFile is such an error. Its text says which file, and why.
type wrongFile struct{ error }

// Unwrap returns the fault itself.
func (e wrongFile) Unwrap() error { return e.error }

// Is makes it an ErrFile.
func (e wrongFile) Is(target error) bool { return target == ErrFile }
