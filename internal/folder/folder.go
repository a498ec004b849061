// Package folder reads what people put into folders: keys, certificates, lists,
// one file or many.
package folder

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// Files returns the files of a folder in the order of their names, or path
// itself where it is no folder. Hidden files, a README and folders within do
// not count; anything else that is no file is an error that wraps unlike.
func Files(path string, unlike error) ([]string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return []string{path}, nil
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, err
	}
	var files []string
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") || strings.HasPrefix(strings.ToUpper(e.Name()), "README") {
			continue
		}
		file := filepath.Join(path, e.Name())
		if info, err = os.Stat(file); err != nil { // follows links, as in a mounted secret
			return nil, err
		}
		if info.IsDir() {
			continue
		}
		if !info.Mode().IsRegular() {
			return nil, fmt.Errorf("%s: %w", file, unlike)
		}
		files = append(files, file)
	}
	return files, nil
}

// Read returns the content of a file of at most so many octets.
func Read(path string, most int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // only read
	data, err := io.ReadAll(io.LimitReader(f, most+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	if int64(len(data)) > most {
		return nil, fmt.Errorf("%s: it is larger than %d bytes", path, most)
	}
	return data, nil
}
