package spool

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// KeyFile is the name of the installation key's file in the data directory.
const KeyFile = "installation.key"

// keySize is the length of the installation's key in octets.
const keySize = 32

// Errors of the installation's key.
var (
	ErrKey        = errors.New("the installation key does not fit this store: restore the " + KeyFile + " that belongs to it")
	ErrKeyMissing = errors.New("the store stands without its " + KeyFile + ": restore that file, or copy it from another node, for nothing can be read without it")
)

// LoadKeys reads the installation's keys, each 32 octets in base64 on a line of
// its own, from dir, and makes one, flushed to disk, when neither key nor store
// is there yet. There is one, unless it is being changed: then the next one
// stands behind it. url is that of the store, empty where it is in dir. It
// returns ErrKeyMissing when there is a store without a key, and an error when
// that cannot be found out, when the file holds something else or when others
// may read it.
func LoadKeys(ctx context.Context, dir, url string) ([][]byte, error) {
	path := filepath.Join(dir, KeyFile)
	keys, err := ReadKeys(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return keys, err
	}
	if _, err := os.Stat(filepath.Join(dir, databaseFile)); err == nil {
		return nil, ErrKeyMissing
	}
	if url != "" { // a key that is made beside another node's would be taken for the store's
		if err := keyless(ctx, url); err != nil {
			return nil, fmt.Errorf("%s is not there: %w", path, err)
		}
	}
	err = makeKey(dir, path)
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("make the installation key: %w", err)
	}
	if err == nil && url != "" {
		if err := claimStore(ctx, dir, url); err != nil {
			return nil, err
		}
	}
	return ReadKeys(path)
}

// claimStore makes the key that stands in dir since now that of an empty store
// of several nodes. Of those that start at once one comes first; the others give
// up their key, which has sealed nothing: should it stay, it would look like one
// that somebody might need. Other faults are for whoever opens the store next.
func claimStore(ctx context.Context, dir, url string) error {
	path := filepath.Join(dir, KeyFile)
	keys, err := ReadKeys(path)
	if err != nil {
		return err
	}
	s, err := Open(ctx, Config{Dir: dir, URL: url, Key: keys[0], Others: keys[1:]})
	if err == nil {
		return s.Close()
	}
	if !errors.Is(err, ErrKey) {
		return nil
	}
	if err := errors.Join(os.Remove(path), syncDir(dir)); err != nil {
		return fmt.Errorf("remove a key that another node's came before: %w", err)
	}
	if err := keyless(ctx, url); err != nil {
		return fmt.Errorf("%s is not there, since another node has made the key at this moment: %w", path, err)
	}
	return ErrKeyMissing
}

// CopyKeys puts the keys of another installation's folder, or of a safe place,
// into dir, unless others stand there.
func CopyKeys(from, dir string) error {
	keys, err := ReadKeys(from)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("copy the installation key: %w", err)
	}
	path := filepath.Join(dir, KeyFile)
	if there, err := ReadKeys(path); !errors.Is(err, fs.ErrNotExist) {
		if err == nil && !slices.EqualFunc(there, keys, bytes.Equal) {
			err = fmt.Errorf("copy the installation key: %s is another one", path)
		}
		return err
	}
	if err := writeKeys(path, keys); err != nil {
		return fmt.Errorf("copy the installation key: %w", err)
	}
	return syncDir(dir)
}

// SaveKeys writes keys to a new file that only its owner may read.
func SaveKeys(path string, keys [][]byte) error {
	err := writeKeys(path, keys)
	if err == nil {
		err = syncDir(filepath.Dir(path))
	}
	if err != nil {
		return fmt.Errorf("save the installation key: %w", err)
	}
	return nil
}

// ReplaceKeys puts keys in the place of those in dir, and overwrites what the
// file held before. Whoever stops in between leaves the one or the other.
func ReplaceKeys(dir string, keys [][]byte) error {
	path := filepath.Join(dir, KeyFile)
	before, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return fmt.Errorf("replace the installation key: %w", err)
	}
	defer before.Close() //nolint:errcheck // what was written to it was flushed
	draft := path + "." + rand.Text()
	err = writeKeys(draft, keys)
	if err == nil {
		err = os.Rename(draft, path)
	}
	if err == nil {
		err = syncDir(dir)
	}
	if err != nil {
		if rerr := os.Remove(draft); !errors.Is(rerr, fs.ErrNotExist) {
			err = errors.Join(err, rerr)
		}
		return fmt.Errorf("replace the installation key: %w", err)
	}
	info, err := before.Stat()
	if err == nil {
		_, err = before.WriteAt(make([]byte, info.Size()), 0)
	}
	if err == nil {
		err = before.Sync()
	}
	if err != nil {
		return fmt.Errorf("overwrite the installation key before: %w", err)
	}
	return nil
}

// NewKey draws a key.
func NewKey() []byte {
	key := make([]byte, keySize)
	rand.Read(key)
	return key
}

// ReadKeys reads an installation's keys from a file that not everybody may read.
func ReadKeys(path string) ([][]byte, error) {
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
	var keys [][]byte
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		key, err := base64.StdEncoding.DecodeString(line)
		if err != nil || len(key) != keySize {
			keys = nil
			break
		}
		keys = append(keys, key)
	}
	if len(keys) == 0 {
		return nil, fmt.Errorf("read the installation key: %s does not hold %d octets in base64", path, keySize)
	}
	return keys, nil
}

// writeKeys writes a new file of keys for the owner of its folder.
func writeKeys(path string, keys [][]byte) error {
	err := writeSynced(path, func(f *os.File) error {
		for _, key := range keys {
			if _, err := f.WriteString(base64.StdEncoding.EncodeToString(key) + "\n"); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		err = handOver(path, filepath.Dir(path))
	}
	return err
}

// makeKey writes a new key to a file of its own and links it into place, so
// that of several processes one wins and none reads half a key.
func makeKey(dir, path string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	draft := path + "." + rand.Text()
	err := writeKeys(draft, [][]byte{NewKey()})
	if err == nil {
		err = os.Link(draft, path)
	}
	if rerr := os.Remove(draft); !errors.Is(rerr, fs.ErrNotExist) {
		err = errors.Join(err, rerr)
	}
	return errors.Join(err, syncDir(dir))
}
