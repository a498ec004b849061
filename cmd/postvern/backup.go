package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"postvern.example/internal/app"
	"postvern.example/proxy/spool"
)

type backupCommand struct {
	installation `embed:""`
	To           string `required:"" type:"path" placeholder:"PATH" help:"A folder that does not exist yet, or a file named .tar or .tar.gz."`
	JSON         bool   `name:"json" help:"Print a JSON object."`
}

// backupItem is a backup as --json prints it.
type backupItem struct {
	Path    string    `json:"path"`
	Created time.Time `json:"created"`
	Copies  int64     `json:"copies"`
	Records int64     `json:"deviations"`
	Files   []string  `json:"files"`
	Lacking []string  `json:"lacking,omitempty"`
}

// Run backs up the store and the files that the configuration names, and
// reads the backup once more.
func (c backupCommand) Run(ctx context.Context, s streams) error {
	config, err := app.LoadConfig(c.Config)
	if err != nil {
		return usageError{err}
	}
	if _, err := os.Stat(filepath.Dir(c.To)); err != nil {
		return usageError{fmt.Errorf("--to: the folder for the backup is not there: %w", err)}
	}
	if app.Fresh(config) {
		return fmt.Errorf("no gateway has run with the data folder %s yet: there is nothing to back up", config.Data)
	}
	if _, err := os.Lstat(c.To); err == nil {
		return usageError{fmt.Errorf("%s is there already: a backup overwrites nothing", c.To)}
	}
	dir := c.To
	if spool.Packed(c.To) {
		if dir, err = os.MkdirTemp(filepath.Dir(c.To), ".postvern-backup-"); err != nil {
			return err
		}
		defer os.RemoveAll(dir) //nolint:errcheck // it holds nothing in clear
		dir = filepath.Join(dir, "backup")
	}
	files, err := config.Files(c.Config)
	if err != nil {
		return err
	}
	store, err := app.OpenStore(ctx, config)
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }()
	m, err := store.Backup(ctx, dir, version(), files)
	incomplete := errors.Is(err, spool.ErrIncomplete)
	if incomplete {
		err = nil
	}
	if err == nil && dir != c.To {
		err = spool.Pack(dir, c.To)
	}
	if err != nil {
		if dir == c.To {
			err = errors.Join(err, os.RemoveAll(dir))
		}
		return err
	}
	if err := c.print(s.out, config, m); err != nil || !incomplete {
		return err
	}
	sayLacking(s.err, m.Lacking)
	return spool.ErrIncomplete
}

// sayLacking names what a backup was made without.
func sayLacking(out io.Writer, lacking []string) {
	for _, name := range lacking {
		fmt.Fprintf(out, "postvern: not in the backup, since it cannot be read: %s\n", name)
	}
}

func (c backupCommand) print(out io.Writer, config app.Config, m spool.Manifest) error {
	if c.JSON {
		return printJSON(out, backupItem{Path: c.To, Created: m.Created, Copies: m.Copies(), Records: m.Records(), Files: m.Files, Lacking: m.Lacking})
	}
	fmt.Fprintf(out, "Backed up to %s, and read back: %d copies, %d register entries, %d files.\n", c.To, m.Copies(), m.Records(), len(m.Files))
	_, err := fmt.Fprintf(out, "Everything in it is encrypted. %s opens it and is not in it: keep a copy of that file in another place.\n",
		filepath.Join(config.Data, spool.KeyFile))
	return err
}

type restoreCommand struct {
	installation `embed:""`
	From         string `required:"" type:"path" placeholder:"PATH" help:"The folder or file that postvern backup wrote."`
	Key          string `type:"path" placeholder:"FILE" help:"The installation.key that belongs to it, where the data folder has none."`
	Deliver      bool   `help:"Send mail that was on its way when the backup was made, perhaps for the second time. Without this it is held."`
	Files        string `type:"path" placeholder:"FOLDER" help:"Only write the configuration's files to this new folder."`
}

// Run fills an empty store from a backup, or writes the files in it.
func (c restoreCommand) Run(ctx context.Context, s streams) error {
	from, done, err := c.unpacked()
	if err != nil {
		return err
	}
	defer done()
	if c.Files != "" {
		return c.files(s.out, from)
	}
	config, err := app.LoadConfig(c.Config)
	if err != nil {
		return usageError{err}
	}
	if err := asOwner(config.Data); err != nil {
		return err
	}
	if c.Key != "" {
		if err := spool.CopyKeys(c.Key, config.Data); err != nil {
			return err
		}
	} else if app.Fresh(config) {
		return usageError{fmt.Errorf("%s has no %s: put the one there that belongs to the backup, or name it with --key", config.Data, spool.KeyFile)}
	}
	m, err := app.Restore(ctx, config, from, c.Deliver)
	if errors.Is(err, spool.ErrInUse) {
		return fmt.Errorf("%w: stop the gateway, and give it an empty data folder", err)
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(s.out, "Restored and verified: %s.\n", counts(m))
	sayLacking(s.err, m.Lacking)
	if m.Held > 0 {
		fmt.Fprintf(s.out, "%s on the way when the backup was made, and held now, since it may have been delivered meanwhile: postvern held list.\n", count(int(m.Held), "copy was", "copies were"))
	}
	return nil
}

// unpacked returns the folder of the backup.
func (c restoreCommand) unpacked() (dir string, done func(), err error) {
	if _, err := os.Stat(c.From); err != nil {
		return "", nil, usageError{fmt.Errorf("--from: %w", err)}
	}
	if !spool.Packed(c.From) {
		return c.From, func() {}, nil
	}
	if dir, err = os.MkdirTemp("", "postvern-restore-"); err != nil {
		return "", nil, err
	}
	done = func() { _ = os.RemoveAll(dir) }
	if err := spool.Unpack(c.From, dir); err != nil {
		done()
		return "", nil, fmt.Errorf("%s is no whole backup: %w", c.From, err)
	}
	return dir, done, nil
}

func (c restoreCommand) files(out io.Writer, from string) error {
	keyFile := c.Key
	if keyFile == "" {
		config, err := app.LoadConfig(c.Config)
		if err != nil {
			return usageError{fmt.Errorf("%w: name the installation's key with --key", err)}
		}
		keyFile = filepath.Join(config.Data, spool.KeyFile)
	}
	keys, err := spool.ReadKeys(keyFile)
	if err != nil {
		return err
	}
	names, err := spool.RestoreFiles(from, c.Files, keys...)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "Written to %s: %s\n", c.Files, strings.Join(names, ", "))
	return err
}

// counts says what was brought over, table by table.
func counts(m spool.Moved) string {
	var parts []string
	for name, n := range m.Rows {
		parts = append(parts, fmt.Sprintf("%s %d", name, n))
	}
	slices.Sort(parts)
	return strings.Join(parts, ", ")
}
