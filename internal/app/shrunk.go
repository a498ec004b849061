package app

import (
	"bytes"
	"crypto/hmac"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"postvern.example/internal/roster"
)

// confirmedFile holds what recognises the members that somebody has confirmed.
const confirmedFile = "roster.confirmed"

// ConfirmMembers lets a running gateway take the members as the files are now,
// however many are gone. A change of the files after that has to be confirmed
// anew.
func ConfirmMembers(c Config, keys [][]byte) (*roster.Members, error) {
	m, err := LoadMembers(c, keys)
	if err != nil {
		return nil, err
	}
	source := m.Source()
	return m, replaceFile(filepath.Join(c.Data, confirmedFile), []byte(hex.EncodeToString(source[:])+"\n"))
}

// compare refuses members that have become much fewer than old, unless somebody
// has confirmed that this is right.
func (a *App) compare(old roster.Size, new *roster.Members) error {
	err := roster.Compare(old, new.Size())
	if err == nil {
		return nil
	}
	said, ferr := os.ReadFile(filepath.Join(a.opt.Config.Data, confirmedFile))
	source := new.Source()
	if ferr == nil && hmac.Equal(bytes.TrimSpace(said), []byte(hex.EncodeToString(source[:]))) {
		return nil
	}
	return fmt.Errorf("%s: %w; if that is right: postvern members confirm --config postvern.yaml", strings.Join(a.opt.Config.Members, ", "), err)
}

// lastFile holds how large the roster was that was last in force, so that a
// start refuses what a reload would have refused.
const lastFile = "roster.last"

// lastSize returns what remember wrote; the zero Size before the first start.
func (a *App) lastSize() (size roster.Size, err error) {
	file := filepath.Join(a.opt.Config.Data, lastFile)
	src, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return size, nil
	}
	if err == nil {
		err = json.Unmarshal(src, &size)
	}
	if err == nil && (size.Members < 0 || size.Addresses < 0) {
		err = errors.New("a number below zero")
	}
	if err != nil {
		return size, fmt.Errorf("%s: it cannot be said whether the roster has shrunk: %w; delete the file if it has not", file, err)
	}
	return size, nil
}

// remember notes how large the roster is that is in force now. Where that
// cannot be written, the next start compares with an older one.
func (a *App) remember(m *roster.Members) {
	last, err := a.lastSize()
	if err == nil && last == m.Size() {
		return
	}
	src, err := json.Marshal(m.Size())
	if err == nil {
		err = replaceFile(filepath.Join(a.opt.Config.Data, lastFile), append(src, '\n'))
	}
	if err != nil {
		a.opt.Logger.Error("kept", "what", "the size of an older roster, which the next start compares with", "cause", err)
	}
}
