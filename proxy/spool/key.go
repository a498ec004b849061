package spool

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// KeyFile is the name of the installation key's file in the data directory.
const KeyFile = "installation.key"

// keySize is the length of the installation's key in octets.
const keySize = 32

// Errors of the installation's key.
var (
	ErrKey        = errors.New("the installation key does not fit this store: restore the " + KeyFile + " that belongs to it")
	ErrKeyMissing = errors.New("the store stands without its " + KeyFile + ": restore that file, nothing can be read without it")
)

// LoadKey reads the installation's key, 32 octets in base64, from dir, and
// makes one, flushed to disk, when neither key nor store is there yet. It
// returns ErrKeyMissing when there is a store without a key, and an error when
// the file is not a key or others may read it.
func LoadKey(dir string) ([]byte, error) {
	path := filepath.Join(dir, KeyFile)
	key, err := ReadKey(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return key, err
	}
	if _, err := os.Stat(filepath.Join(dir, databaseFile)); err == nil {
		return nil, ErrKeyMissing
	}
	if err := makeKey(dir, path); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("make the installation key: %w", err)
	}
	return ReadKey(path)
}

// CopyKey puts the key of another installation's folder, or of a safe place,
// into dir, unless another one stands there.
func CopyKey(from, dir string) error {
	key, err := ReadKey(from)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("copy the installation key: %w", err)
	}
	path := filepath.Join(dir, KeyFile)
	if there, err := ReadKey(path); !errors.Is(err, fs.ErrNotExist) {
		if err == nil && string(there) != string(key) {
			err = fmt.Errorf("copy the installation key: %s is another one", path)
		}
		return err
	}
	err = writeSynced(path, func(f *os.File) error {
		_, err := f.WriteString(base64.StdEncoding.EncodeToString(key) + "\n")
		return err
	})
	if err == nil {
		err = handOver(path, dir)
	}
	if err != nil {
		return fmt.Errorf("copy the installation key: %w", err)
	}
	return syncDir(dir)
}

// ReadKey reads an installation's key from a file that not everybody may read.
func ReadKey(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("read the installation key: %w", err)
	}
	if info.Mode().Perm()&0o007 != 0 {
		return nil, fmt.Errorf("read the installation key: everybody may read or write %s: chmod 600 it", path)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the installation key: %w", err)
	}
	key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(key) != keySize {
		return nil, fmt.Errorf("read the installation key: %s does not hold %d octets in base64", path, keySize)
	}
	return key, nil
}

// makeKey writes a new key to a file of its own and links it into place, so
// that of several processes one wins and none reads half a key.
func makeKey(dir, path string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	key := make([]byte, keySize)
	rand.Read(key)
	draft := path + "." + rand.Text()
	err := writeSynced(draft, func(f *os.File) error {
		_, err := f.WriteString(base64.StdEncoding.EncodeToString(key) + "\n")
		return err
	})
	if err == nil {
		err = handOver(draft, dir)
	}
	if err == nil {
		err = os.Link(draft, path)
	}
	if rerr := os.Remove(draft); !errors.Is(rerr, fs.ErrNotExist) {
		err = errors.Join(err, rerr)
	}
	return errors.Join(err, syncDir(dir))
}
