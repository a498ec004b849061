package spool

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
)

// archive is a backup: a directory with a file of JSON lines for each table,
// one for each large body, and the configuration's files. All that is secret
// in the store is as encrypted in here.
type archive struct {
	dir    string
	listed []table // when it is read
	open   map[string]*output
}

// output is a file that is being written.
type output struct {
	file *os.File
	w    *bufio.Writer
}

func (a *archive) tables(context.Context) ([]table, error) { return a.listed, nil }

func (a *archive) path(t table) string { return filepath.Join(a.dir, "tables", t.Name+".jsonl") }

func (a *archive) large(_ context.Context, id int64, _ string) (io.ReadCloser, error) {
	return os.Open(filepath.Join(a.dir, "large", strconv.FormatInt(id, 16)))
}

func (a *archive) begin(_ context.Context, tables []table) error {
	a.open = map[string]*output{}
	for _, name := range []string{"tables", "large", "files"} {
		if err := os.Mkdir(filepath.Join(a.dir, name), 0o700); err != nil {
			return err
		}
	}
	for _, t := range tables {
		f, err := os.OpenFile(a.path(t), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return err
		}
		a.open[t.Name] = &output{file: f, w: bufio.NewWriterSize(f, 256<<10)}
	}
	return nil
}

// blob is binary content in JSON.
type blob struct {
	Octets []byte `json:"octets"`
}

func (a *archive) insert(_ context.Context, t table, r values) error {
	line := slices.Clone(r)
	for i, v := range line {
		if b, ok := v.([]byte); ok {
			line[i] = blob{b}
		}
	}
	text, err := json.Marshal(line)
	if err != nil {
		return err
	}
	_, err = a.open[t.Name].w.Write(append(text, '\n'))
	return err
}

func (a *archive) takeLarge(_ context.Context, id int64, from io.Reader) (string, error) {
	path := filepath.Join(a.dir, "large", strconv.FormatInt(id, 16))
	return "large", writeSynced(path, func(f *os.File) error { _, err := io.Copy(f, from); return err })
}

// close flushes what was written.
func (a *archive) close() error {
	var errs []error
	for _, o := range a.open {
		errs = append(errs, o.w.Flush(), o.file.Sync(), o.file.Close())
	}
	a.open = nil
	for _, name := range []string{"tables", "large", "files", "."} {
		errs = append(errs, syncDir(filepath.Join(a.dir, name)))
	}
	return errors.Join(errs...)
}

func (a *archive) rows(_ context.Context, t table, each func(values) error) error {
	f, err := os.Open(a.path(t))
	if err != nil {
		return fmt.Errorf("read %s: %w", t.Name, err)
	}
	defer f.Close() //nolint:errcheck // it was only read
	lines := json.NewDecoder(bufio.NewReaderSize(f, 256<<10))
	for {
		var fields []json.RawMessage
		switch err := lines.Decode(&fields); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil || len(fields) != len(t.Columns):
			return fmt.Errorf("read %s: %w", t.Name, ErrDamaged)
		}
		r := make(values, len(fields))
		for i, field := range fields {
			if r[i], err = archived(field); err != nil {
				return fmt.Errorf("read %s: %w", t.Name, err)
			}
		}
		if err := each(r); err != nil {
			return err
		}
	}
}

// archived reads one value.
func archived(field json.RawMessage) (any, error) {
	var text string
	var number int64
	var box blob
	switch {
	case string(field) == "null":
		return nil, nil
	case json.Unmarshal(field, &number) == nil:
		return number, nil
	case json.Unmarshal(field, &text) == nil:
		return text, nil
	case json.Unmarshal(field, &box) == nil:
		return slices.Concat([]byte{}, box.Octets), nil
	}
	return nil, ErrDamaged
}

func filePlace(name string) string { return "backup/file/" + name }

// sealFiles encrypts files into a backup and returns their names.
func (v *vault) sealFiles(dir string, files map[string]string) ([]string, error) {
	names := []string{}
	for name, path := range files {
		if !filepath.IsLocal(name) {
			return nil, fmt.Errorf("the file name %q leads elsewhere", name)
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		to := filepath.Join(dir, "files", name)
		if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
			return nil, err
		}
		err = writeSynced(to, func(f *os.File) error { _, err := f.Write(v.seal(filePlace(name), content)); return err })
		if err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	slices.Sort(names)
	return names, nil
}

func (v *vault) openFile(dir, name string) ([]byte, error) {
	if !filepath.IsLocal(name) {
		return nil, fmt.Errorf("the file name %q leads elsewhere", name)
	}
	box, err := os.ReadFile(filepath.Join(dir, "files", name))
	if err != nil {
		return nil, err
	}
	content, err := v.open(filePlace(name), box)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", name, err)
	}
	return content, nil
}
