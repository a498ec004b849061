package spool

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// disk keeps large bodies in files beside the database, one file for each.
type disk struct {
	dir     string
	serving bool
}

// largeBody is the size above which a body stands in a file: writing it twice,
// to the log and to the table, costs more than a file of its own.
const largeBody = 256 << 10

// guestAge is how old a file of a process that does not serve has to be before
// it counts as forgotten: that process may be about to commit its row.
const guestAge = time.Hour

func (d disk) make(parent string) error {
	for _, dir := range []string{parent, d.dir} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return fmt.Errorf("make the data directory: %w", err)
		}
		if err := handOver(dir, filepath.Dir(dir)); err != nil {
			return err
		}
	}
	return syncDir(parent)
}

// name is the file of a body. Its first letter says whether the serving
// process wrote it.
func (d disk) name(id int64) string {
	kind := "guest-"
	if d.serving {
		kind = "body-"
	}
	return kind + strconv.FormatInt(id, 16)
}

// write puts a body into its file, flushed together with the directory. The
// file has its name from the start: no row names it before it is whole, and one
// that was cut off is an orphan. Writing a draft and renaming it would cost a
// second commit of the file system's journal and protect nothing. It returns
// the octets of the body.
func (d disk) write(name string, key []byte, body Body) (size int64, err error) {
	path := filepath.Join(d.dir, name)
	err = writeSynced(path, func(f *os.File) (err error) { size, err = sealStream(f, key, body); return err })
	if err == nil {
		err = handOver(path, d.dir)
	}
	if err == nil {
		err = syncDir(d.dir)
	}
	if err != nil {
		return 0, errors.Join(fmt.Errorf("write a body: %w", err), d.remove(name))
	}
	return size, nil
}

// remove deletes a body's file; one that is gone already is no error.
func (d disk) remove(name string) error {
	err := os.Remove(filepath.Join(d.dir, name))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove a body: %w", err)
	}
	return nil
}

// orphans lists the files that no row of known names and no other process can
// be about to name.
func (d disk) orphans(known map[string]bool, now time.Time) ([]string, error) {
	entries, err := os.ReadDir(d.dir)
	if err != nil {
		return nil, fmt.Errorf("list bodies: %w", err)
	}
	var names []string
	for _, e := range entries {
		if known[e.Name()] {
			continue
		}
		info, err := e.Info()
		if err != nil {
			continue // gone in the meantime
		}
		if strings.HasPrefix(e.Name(), "guest-") && now.Sub(info.ModTime()) < guestAge {
			continue
		}
		names = append(names, e.Name())
	}
	return names, nil
}

// writeSynced makes a new file, fills it and flushes it.
func writeSynced(path string, fill func(*os.File) error) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	err = fill(f)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// syncDir flushes a directory, so that a file made or renamed in it stays.
func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("flush a directory: %w", err)
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("flush a directory: %w", err)
	}
	return nil
}
