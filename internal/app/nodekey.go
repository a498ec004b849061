package app

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"postvern.example/internal/roster"
	"postvern.example/proxy/spool"
)

// rereadKeys returns what reads the file of the installation's keys where it has
// changed. While it cannot be read, the keys are those that were read last.
func rereadKeys(dir string, keys [][]byte) func() [][]byte {
	var seen fingerprint
	return func() [][]byte {
		info, err := os.Stat(filepath.Join(dir, spool.KeyFile))
		if err != nil {
			return keys
		}
		now := fingerprint{size: info.Size(), changed: info.ModTime()}
		if now == seen {
			return keys
		}
		if read, err := spool.ReadKeys(filepath.Join(dir, spool.KeyFile)); err == nil {
			keys, seen = read, now
		}
		return keys
	}
}

// RewrapMembers brings the rosters that the configuration names, and the numbers
// beside them, under another of the installation's keys, and returns those that
// were not. Exports are left as they are: nothing in them is encrypted.
func RewrapMembers(c Config, to []byte, keys [][]byte) (changed []string, err error) {
	if strings.Join(c.Members, "") == "" {
		return nil, nil
	}
	files, err := roster.Files(c.Members)
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		for _, file := range []string{roster.PhonesFile(f), f} { // what says nothing of its key comes before what does
			write, err := roster.Rewrap(file, to, keys...)
			if errors.Is(err, fs.ErrNotExist) && file != f || err == nil && write == nil {
				continue
			}
			if err == nil {
				err = writeFile(file, write)
			}
			if err != nil {
				return changed, fmt.Errorf("%s: %w", file, err)
			}
			changed = append(changed, file)
		}
	}
	return changed, nil
}
