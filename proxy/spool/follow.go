package spool

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"
)

// ErrKeyChanged is returned to a command that was about to write when the
// installation's key was changed.
var ErrKeyChanged = errors.New("the installation's key was changed meanwhile: run the command again")

// steady keeps the key that seals as it is until the caller has written what it
// seals.
func (s *Store) steady() (done func()) {
	s.changing.RLock()
	return s.changing.RUnlock
}

// sameKey makes sure that the key that seals is still that of the store. Who
// serves is asked before it changes; a command is not.
func (t *tx) sameKey() error {
	var box []byte
	if err := t.row("read meta", []any{keyMeta}, &box); err != nil {
		return err
	}
	if !bytes.Equal(box, *t.s.keyBox.Load()) {
		return ErrKeyChanged
	}
	return nil
}

// stillHere makes sure that the store was not moved since a command opened it.
func (t *tx) stillHere() error {
	if t.s.cfg.URL != "" || t.s.cfg.evenMoved {
		return nil
	}
	var mark []byte
	switch err := t.row("read meta", []any{movedMark}, &mark); {
	case errors.Is(err, sql.ErrNoRows):
		return nil
	case err != nil:
		return err
	}
	return ErrMoved
}

// errBehind says that the store's key was changed, which this process has yet to
// follow.
var errBehind = errors.New("the installation's key was changed")

// reportKeys says in the store which keys this process has.
func (s *Store) reportKeys(ctx context.Context) error {
	if s.ids.epoch.Load() == 0 {
		return nil
	}
	return s.run(ctx, &job{urgent: true, do: func(t *tx) error {
		if err := t.reportKeys(); err != nil {
			return err
		}
		if _, ok := s.lang.queries["forget others' keys"]; !ok {
			return nil
		}
		_, err := t.exec("forget others' keys", s.ids.epoch.Load())
		return err
	}})
}

// reportKeys is refused where the store's key was changed since this process
// looked: nothing may be written then that was sealed before.
func (t *tx) reportKeys() error {
	name, err := os.Hostname()
	if err != nil {
		name = "a machine without a name"
	}
	v := t.s.vault
	if _, err = t.exec("report keys", t.s.ids.epoch.Load(), name, strings.Join(v.ids(), " "), v.sealing()); err != nil {
		return err
	}
	if err := t.sameKey(); errors.Is(err, ErrKeyChanged) {
		return errBehind
	} else if err != nil {
		return err
	}
	return nil
}

// followPause is how often the keys are looked at.
const followPause = time.Second

// followKeys keeps up with the installation's keys: with their file, and with
// which of them the store is sealed with.
func (s *Store) followKeys(ctx context.Context) {
	tick := time.NewTicker(followPause)
	defer tick.Stop()
	said := ""
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		err := s.followKey(ctx)
		if err == nil || ctx.Err() != nil {
			said = ""
			continue
		}
		text := s.masked(err)
		if errors.Is(err, ErrKey) {
			text = err.Error() // it names keys by their ids
		}
		if said != text {
			said = text
			s.log.Error("follow the installation's key", "error", text)
		}
	}
}

func (s *Store) followKey(ctx context.Context) error {
	held, sealing := s.vault.ids(), s.vault.sealing()
	if s.cfg.Reread != nil {
		keys := s.cfg.Reread()
		if !slices.ContainsFunc(keys, func(k []byte) bool { return KeyID(k) == sealing }) {
			return keyError(s.vault, sealing)
		}
		if err := s.vault.hold(keys); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, serverPatience)
	defer cancel()
	var box []byte
	err := s.read.QueryRowContext(ctx, s.lang.queries["read meta"], keyMeta).Scan(&box)
	if err != nil {
		return fmt.Errorf("read the key: %w", err)
	}
	if !bytes.Equal(box, *s.keyBox.Load()) {
		if err := s.changeKey(box); err != nil {
			return err
		}
		s.log.Info("the installation's key is changed", "from", sealing, "to", s.vault.sealing())
	}
	if sealing == s.vault.sealing() && slices.Equal(held, s.vault.ids()) {
		return nil
	}
	return s.reportKeys(ctx)
}

// startKeys makes the keys known with which this process starts. The store's
// may have been changed since it was opened.
func (s *Store) startKeys(ctx context.Context) error {
	err := s.reportKeys(ctx)
	if errors.Is(err, errBehind) {
		if err = s.followKey(ctx); err == nil {
			err = s.reportKeys(ctx)
		}
	}
	return err
}

// changeKey seals with the key of the store from here on. What was sealed with
// the one before is written first.
func (s *Store) changeKey(box []byte) error {
	s.changing.Lock()
	defer s.changing.Unlock()
	if !s.vault.sealWith(keyCheck, box) {
		return keyError(s.vault, "that the others use")
	}
	s.keyBox.Store(&box)
	return nil
}
