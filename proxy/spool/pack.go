package spool

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Packed reports whether a path names a backup in one file: its name ends in
// .tar, .tar.gz or .tgz.
func Packed(path string) bool {
	return strings.HasSuffix(path, ".tar") || zipped(path)
}

func zipped(path string) bool {
	return strings.HasSuffix(path, ".tar.gz") || strings.HasSuffix(path, ".tgz")
}

// Pack writes a backup to one file, which must not exist, and flushes it.
func Pack(dir, file string) error {
	err := writeSynced(file, func(f *os.File) error {
		if !zipped(file) {
			return pack(dir, f)
		}
		z := gzip.NewWriter(f)
		return errors.Join(pack(dir, z), z.Close())
	})
	if err == nil {
		err = syncDir(filepath.Dir(file))
	}
	if err != nil {
		return fmt.Errorf("pack: %w", err)
	}
	return nil
}

func pack(dir string, to io.Writer) error {
	out := tar.NewWriter(to)
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		header := &tar.Header{Typeflag: tar.TypeReg, Name: filepath.ToSlash(name), Mode: 0o600, Size: info.Size(), ModTime: info.ModTime()}
		if err := out.WriteHeader(header); err != nil {
			return err
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		_, err = io.Copy(out, f)
		return errors.Join(err, f.Close())
	})
	return errors.Join(err, out.Close())
}

// Unpack undoes Pack below dir. What is not a plain file below it is refused.
func Unpack(file, dir string) error {
	f, err := os.Open(file)
	if err != nil {
		return fmt.Errorf("unpack: %w", err)
	}
	defer f.Close() //nolint:errcheck // it was only read
	var from io.Reader = f
	if zipped(file) {
		if from, err = gzip.NewReader(f); err != nil {
			return fmt.Errorf("unpack %s: %w", file, err)
		}
	}
	in := tar.NewReader(from)
	for {
		header, err := in.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("unpack %s: %w", file, err)
		}
		name := filepath.FromSlash(header.Name)
		if header.Typeflag != tar.TypeReg || !filepath.IsLocal(name) {
			return fmt.Errorf("unpack %s: %q does not belong into a backup", file, header.Name)
		}
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return fmt.Errorf("unpack: %w", err)
		}
		err = writeSynced(path, func(f *os.File) error { _, err := io.Copy(f, in); return err })
		if err != nil {
			return fmt.Errorf("unpack: %w", err)
		}
	}
}
