package app

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"postvern.example/proxy/spool"
)

// Files returns the configuration's own file and all that it names, by the
// name that each gets in a backup: relative to the folder of that file, where
// it stands below it. The store and the installation's key are not among them.
func (c *Config) Files(file string) (map[string]string, error) {
	file, err := filepath.Abs(file)
	if err != nil {
		return nil, fmt.Errorf("list files: %w", err)
	}
	files := map[string]string{}
	add := func(path string) {
		name, err := filepath.Rel(filepath.Dir(file), path)
		if err != nil || !filepath.IsLocal(name) {
			name = filepath.Join("absolute", strings.TrimPrefix(path, filepath.VolumeName(path)))
		}
		files[name] = path
	}
	add(file)
	tops := []string{filepath.Join(c.Data, "tls"), filepath.Join(filepath.Dir(c.Policy), "lexicon")}
	for _, p := range c.paths()[1:] {
		tops = append(tops, *p)
	}
	for _, top := range tops {
		if top == "" {
			continue
		}
		err := filepath.WalkDir(top, func(path string, entry fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if entry.Type().IsRegular() && entry.Name() != spool.KeyFile {
				add(path)
			}
			return nil
		})
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("list files: %w", err)
		}
	}
	return files, nil
}
