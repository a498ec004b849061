package spool

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// Restored is the rule that copies are held by which a backup found on their
// way: since then they may have been delivered.
const Restored = "restored"

// backupFormat is the number of the way in which backups are written.
const backupFormat = 1

// Manifest says what is in a backup.
type Manifest struct {
	Format  int       `json:"format"`
	Version string    `json:"version"` // of the program
	Created time.Time `json:"created"`
	Keys    []string  `json:"keys,omitempty"` // ids of the installation's keys that open it
	Carried carried   `json:"carried"`
	Files   []string  `json:"files"` // of the configuration, encrypted

	Lacking []string `json:"lacking,omitempty"` // rows that could not be read, and are not in it
}

// Copies returns how many copies, on their way and held, are in the backup.
func (m Manifest) Copies() int64 { return m.Carried.Copies }

// Records returns how many entries of the register are in the backup.
func (m Manifest) Records() int64 { return m.Carried.Tables["deviations"].Rows }

// Backup writes the contents of the store as they stand at one moment to dir,
// which must not exist, with the files (by the name that they get) encrypted
// under the installation's key. Then it reads all of it back: every row is
// there, and every body, copy, record and file opens. The gateway may run. What
// cannot be read in the store is left out: then the backup is whole but for what
// the manifest names, and the error is ErrIncomplete.
func (s *Store) Backup(ctx context.Context, dir, version string, files map[string]string) (Manifest, error) {
	m, err := s.backup(ctx, dir, version, files)
	if err == nil && len(m.Lacking) > 0 {
		return m, fmt.Errorf("back up: %w", ErrIncomplete)
	}
	if err != nil {
		return Manifest{}, fmt.Errorf("back up: %w", err)
	}
	return m, nil
}

func (s *Store) backup(ctx context.Context, dir, version string, files map[string]string) (Manifest, error) {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return Manifest{}, err
	}
	source, err := s.snapshot(ctx)
	if err != nil {
		return Manifest{}, err
	}
	defer source.close()
	a := &archive{dir: dir}
	rotation, err := s.Rotation(ctx)
	if err != nil {
		return Manifest{}, err
	}
	m := Manifest{Format: backupFormat, Version: version, Created: s.clock(), Keys: rotation.keys()}
	take := &sound{s: s, from: source, lost: map[int64]bool{}}
	m.Carried, err = carry(ctx, source, a, func(t table, r values) (bool, error) { return take.take(ctx, t, r) })
	if err != nil {
		return Manifest{}, errors.Join(err, a.close())
	}
	m.Lacking = take.lacking
	if err := a.close(); err != nil {
		return Manifest{}, err
	}
	if m.Files, err = s.vault.sealFiles(dir, files); err != nil {
		return Manifest{}, err
	}
	if err := s.vault.writeManifest(dir, m); err != nil {
		return Manifest{}, err
	}
	_, err = s.vault.checkBackup(ctx, dir)
	return m, err
}

// checkBackup reads all of a backup and returns its manifest.
func (v *vault) checkBackup(ctx context.Context, dir string) (Manifest, error) {
	m, err := v.readManifest(dir)
	if err != nil {
		return m, err
	}
	if err := v.verify(ctx, &archive{dir: dir, listed: m.Carried.List}, m.Carried, nil); err != nil {
		return m, err
	}
	for _, name := range m.Files {
		if _, err := v.openFile(dir, name); err != nil {
			return m, err
		}
	}
	return m, nil
}

// RestoreConfig says what is restored, and where to.
type RestoreConfig struct {
	From    string   // the directory of a backup
	Dir     string   // the data directory
	URL     string   // postgres://...; empty: SQLite in Dir
	Keys    [][]byte // the installation's
	Now     time.Time
	Keep    time.Duration // how long copies that were on their way are held
	Deliver bool          // they are sent instead, perhaps for the second time
}

// Restore fills an empty store from a backup, after reading all of that, and
// verifies it before it commits. Mail that was on its way when the backup was
// made is held under the rule Restored, unless cfg.Deliver is set: what was
// delivered since must not go out twice unasked. Notices and reports go out. It returns
// ErrNotEmpty for a store that holds something, ErrInUse for one in SQLite that
// a gateway serves, ErrKey for another key.
func Restore(ctx context.Context, cfg RestoreConfig) (Moved, error) {
	m, err := restore(ctx, cfg)
	if err != nil {
		return Moved{}, fmt.Errorf("restore: %w", err)
	}
	return m, nil
}

func restore(ctx context.Context, cfg RestoreConfig) (Moved, error) {
	v, err := newVault(cfg.Keys...)
	if err != nil {
		return Moved{}, err
	}
	manifest, err := v.checkBackup(ctx, cfg.From)
	if err != nil {
		return Moved{}, err
	}
	if cfg.URL == "" {
		if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
			return Moved{}, err
		}
		lock, err := lockFile(filepath.Join(cfg.Dir, "serving.lock"))
		if err != nil {
			return Moved{}, err
		}
		defer lock.Close() //nolint:errcheck // only locked
	}
	to, err := Open(ctx, Config{Dir: cfg.Dir, URL: cfg.URL, Key: cfg.Keys[0], Others: cfg.Keys[1:]})
	if err != nil {
		return Moved{}, err
	}
	defer to.Close() //nolint:errcheck // the error of the restore is the one to tell
	target, err := to.refill(ctx)
	if err != nil {
		return Moved{}, err
	}
	defer target.undo()
	held := int64(0)
	done, err := carry(ctx, &archive{dir: cfg.From, listed: manifest.Carried.List}, target, func(t table, r values) (bool, error) {
		if t.Name == "copies" && !cfg.Deliver {
			waits, err := v.holdRestored(t, r, cfg.Now.Add(cfg.Keep))
			if waits {
				held++
			}
			return true, err
		}
		return asQueued(t, r)
	})
	if err == nil {
		err = v.verify(ctx, &snapshot{s: to, tx: target.tx}, done, nil)
	}
	if err == nil {
		err = forgetSent(cfg.Dir)
	}
	if err == nil {
		err = target.finish(ctx)
	}
	moved := done.moved()
	moved.Held, moved.Lacking = held, manifest.Lacking
	return moved, err
}

// holdRestored makes a mail on its way a held one. One that waits for keys is
// marked, so that all of its copies are held.
func (v *vault) holdRestored(t table, r values, until time.Time) (bool, error) {
	if r[t.at("class")] == string(Wait) {
		return true, v.doubt(t, r)
	}
	if r[t.at("state")] != string(Queued) || r[t.at("class")] != string(Mail) {
		return false, nil
	}
	id, _ := r[t.at("id")].(string)
	box, _ := r[t.at("secret")].([]byte)
	var x secret
	if err := v.openJSON(copyPlace(id), box, &x); err != nil {
		return false, err
	}
	x.Hold = &Hold{Rules: []string{Restored}, Releasable: true, Expires: until}
	box, err := v.sealJSON(copyPlace(id), x)
	if err != nil {
		return false, err
	}
	for column, value := range map[string]any{
		"state": string(Held), "owner": int64(0), "due": int64(0), "attempt": int64(0), "reply": nil,
		"expires": millis(until), "secret": box,
	} {
		r[t.at(column)] = value
	}
	return true, nil
}

// doubt marks a message that waited for keys: it may have gone out since.
func (v *vault) doubt(t table, r values) error {
	id, _ := r[t.at("id")].(string)
	box, _ := r[t.at("secret")].([]byte)
	var x secret
	if err := v.openJSON(copyPlace(id), box, &x); err != nil {
		return err
	}
	x.Doubtful = true
	box, err := v.sealJSON(copyPlace(id), x)
	if err != nil {
		return err
	}
	r[t.at("secret")], r[t.at("owner")], r[t.at("due")] = box, int64(0), int64(0)
	return nil
}

// RestoreFiles writes the configuration's files of a backup below to, which
// must not exist, and returns their names.
func RestoreFiles(from, to string, keys ...[]byte) ([]string, error) {
	v, err := newVault(keys...)
	if err != nil {
		return nil, fmt.Errorf("restore files: %w", err)
	}
	m, err := v.readManifest(from)
	if err == nil {
		err = os.Mkdir(to, 0o700)
	}
	for _, name := range m.Files {
		var content []byte
		if err == nil {
			content, err = v.openFile(from, name)
		}
		if err == nil {
			err = os.MkdirAll(filepath.Join(to, filepath.Dir(name)), 0o700)
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(to, name), content, 0o600)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("restore files: %w", err)
	}
	return m.Files, nil
}

const (
	manifestFile  = "manifest.json"
	manifestPlace = "backup/manifest/1"
)

// manifestLine is the manifest as it is written, with a seal that only the
// installation's key can make.
type manifestLine struct {
	Manifest json.RawMessage `json:"manifest"`
	Seal     []byte          `json:"seal"`
}

func (v *vault) writeManifest(dir string, m Manifest) error {
	text, err := json.Marshal(m)
	if err != nil {
		return err
	}
	digest := sha256.Sum256(text)
	line, err := json.Marshal(manifestLine{Manifest: text, Seal: v.seal(manifestPlace, digest[:])})
	if err != nil {
		return err
	}
	err = writeSynced(filepath.Join(dir, manifestFile), func(f *os.File) error { _, err := f.Write(line); return err })
	return errors.Join(err, syncDir(dir))
}

// lacking returns the ids of the keys that a backup needs, by its manifest in
// clear, where one of them is not here; a release before did not say.
func lacking(v *vault, manifest []byte) []string {
	var said struct {
		Keys []string `json:"keys"`
	}
	if json.Unmarshal(manifest, &said) != nil {
		return nil // it is refused where it is read
	}
	here := v.ids()
	if !slices.ContainsFunc(said.Keys, func(id string) bool { return !slices.Contains(here, id) }) {
		return nil
	}
	return said.Keys
}

func (v *vault) readManifest(dir string) (m Manifest, err error) {
	text, err := os.ReadFile(filepath.Join(dir, manifestFile))
	if errors.Is(err, fs.ErrNotExist) {
		return m, fmt.Errorf("%s holds no whole backup: it has no %s", dir, manifestFile)
	}
	if err != nil {
		return m, err
	}
	var line manifestLine
	if err := json.Unmarshal(text, &line); err != nil {
		return m, fmt.Errorf("%s: %w", manifestFile, ErrDamaged)
	}
	seal, err := v.open(manifestPlace, line.Seal)
	if needs := lacking(v, line.Manifest); err != nil || len(needs) > 0 {
		return m, keyError(v, needs...)
	}
	if digest := sha256.Sum256(line.Manifest); string(seal) != string(digest[:]) {
		return m, fmt.Errorf("%s: %w", manifestFile, ErrDamaged)
	}
	if err := json.Unmarshal(line.Manifest, &m); err != nil {
		return m, fmt.Errorf("%s: %w", manifestFile, err)
	}
	if m.Format > backupFormat {
		return m, fmt.Errorf("the backup was made by release %s: %w", m.Version, ErrTooNew)
	}
	return m, nil
}
