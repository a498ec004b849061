package submission

import (
	"cmp"
	"errors"
	"os"
	"slices"
	"sync"
	"time"

	"postvern.example/internal/folder"
)

// fresh is what was read from files, or folders of files, and is read again when they change. What
// cannot be read leaves in force what was, and failed is told why.
type fresh[T any] struct {
	files  []string
	read   func() (T, error)
	failed func(error)

	mu      sync.Mutex
	looked  time.Time
	stamps  []stamp
	current T
}

type stamp struct {
	name string
	time time.Time
	size int64
}

// freshCheck is how often the files are looked at, at most.
const freshCheck = time.Second

func newFresh[T any](read func() (T, error), failed func(error), files ...string) (*fresh[T], error) {
	f := &fresh[T]{files: files, read: read, failed: failed}
	if f.failed == nil {
		f.failed = func(error) {}
	}
	return f, f.load()
}

// get returns what is in force.
func (f *fresh[T]) get() T {
	f.mu.Lock()
	defer f.mu.Unlock()
	if now := time.Now(); now.Sub(f.looked) >= freshCheck || now.Before(f.looked) {
		f.looked = now
		if s, err := f.stat(); err != nil || !slices.Equal(s, f.stamps) {
			if err := f.load(); err != nil {
				f.stamps = s // one report for each change
				f.failed(err)
			}
		}
	}
	return f.current
}

func (f *fresh[T]) load() error {
	s, missing := f.stat() // before it is read, so that no change is overlooked
	read, err := f.read()
	if err = cmp.Or(err, missing); err != nil {
		return err
	}
	f.current, f.stamps, f.looked = read, s, time.Now()
	return nil
}

// errNoFile is of what stands in a folder of files and is none.
var errNoFile = errors.New("it is no file")

// stat returns nothing where a file is missing, so that each change is reported
// once.
func (f *fresh[T]) stat() ([]stamp, error) {
	var all []stamp
	for _, path := range f.files {
		names, err := folder.Files(path, errNoFile)
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			info, err := os.Stat(name)
			if err != nil {
				return nil, err
			}
			all = append(all, stamp{name, info.ModTime(), info.Size()})
		}
	}
	return all, nil
}
