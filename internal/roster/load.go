package roster

import (
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Opener makes an export of a file. It is asked for files that are no rosters.
type Opener func(file string) (Export, error)

// Load reads members' files and folders of them: rosters that Encode wrote, and
// membership systems' exports, which are hashed as they are read, each as a
// group that is named as its file is. keys are the installation's, of which the first is used for what is hashed here. What was
// exported is as old as its file. A roster without members is an error.
func Load(paths []string, keys [][]byte, open Opener) (*Members, error) {
	files, err := Files(paths)
	if err != nil {
		return nil, err
	}
	source := hmac.New(sha256.New, keys[0])
	fresh, err := New(keys[0])
	if err != nil {
		return nil, err
	}
	rosters := []*Roster{fresh}
	var faults []error
	for _, file := range files {
		r, err := readRoster(file, keys, source)
		if err == nil && r == nil {
			err = fresh.load(file, source, open)
		}
		faults = append(faults, err)
		if r != nil {
			rosters = append(rosters, r)
		}
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	m := gather(rosters...)
	if m.Len() == 0 {
		return nil, fmt.Errorf("%s: there are no members in it: an empty roster hides nobody, and is never taken", strings.Join(paths, ", "))
	}
	source.Sum(m.source[:0])
	return m, nil
}

// Empty returns members of whom there are none, for trying a mail without a
// roster.
func Empty() *Members { return &Members{} }

// Files returns the files that paths name; of a folder all rosters and exports
// (.roster, .csv, .tsv, .txt, .xlsx), in order.
func Files(paths []string) ([]string, error) {
	var files []string
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			return nil, fmt.Errorf("read members: %w", err)
		}
		if !info.IsDir() {
			files = append(files, path)
			continue
		}
		inside, err := os.ReadDir(path)
		if err != nil {
			return nil, fmt.Errorf("read members: %w", err)
		}
		for _, e := range inside {
			if IsMembersFile(e) {
				files = append(files, filepath.Join(path, e.Name()))
			}
		}
	}
	slices.Sort(files)
	return slices.Compact(files), nil
}

// IsMembersFile reports whether an entry of a folder is a roster or an export.
func IsMembersFile(e fs.DirEntry) bool {
	return !e.IsDir() && !strings.HasPrefix(e.Name(), ".") && !strings.HasPrefix(e.Name(), "~$") &&
		slices.Contains([]string{".roster", ".csv", ".tsv", ".txt", ".xlsx"}, strings.ToLower(filepath.Ext(e.Name())))
}

// ReadRoster reads a roster file; it returns nil and no error where the file
// is something else.
func ReadRoster(file string, keys ...[]byte) (*Roster, error) { return readRoster(file, keys, nil) }

func readRoster(file string, keys [][]byte, source hash.Hash) (_ *Roster, err error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("read members: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	start := make([]byte, len(magicStart))
	if n, _ := f.ReadAt(start, 0); !IsRoster(start[:n]) {
		return nil, nil
	}
	info, err := f.Stat()
	if err == nil && source != nil {
		_, err = io.Copy(source, f)
	}
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		return nil, fmt.Errorf("read members: %s: %w", file, err)
	}
	return Decode(file, f, info.Size(), keys...)
}

// load puts an export into the roster, as a group that is named as the file.
func (r *Roster) load(file string, source io.Writer, open Opener) error {
	info, err := os.Stat(file)
	if err != nil {
		return fmt.Errorf("read members: %w", err)
	}
	e, err := open(file)
	if err != nil {
		return err
	}
	in, err := e.Open()
	if err != nil {
		return fmt.Errorf("read members: %w", err)
	}
	_, err = io.Copy(source, in)
	if err = errors.Join(err, in.Close()); err != nil {
		return fmt.Errorf("read members: %s: %w", file, err)
	}
	name, ok := GroupName(strings.TrimSuffix(filepath.Base(file), filepath.Ext(file)))
	if !ok {
		name = DefaultGroup
	}
	if slices.ContainsFunc(r.groups, func(g entries) bool { return sameGroup(g.name, name) }) {
		return fmt.Errorf("%s: another file has the same name before its ending; its group would be replaced", file)
	}
	return r.Import(name, info.ModTime(), e)
}

// IsStale reports whether the members were imported longer ago than after; 0
// means never.
func (m *Members) IsStale(now time.Time, after time.Duration) bool {
	return after > 0 && m.Age(now) > after
}
