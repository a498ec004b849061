package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"postvern.example/internal/app"
	"postvern.example/policy"
	"postvern.example/policy/strict"
	"postvern.example/proxy/lookup"
	"postvern.example/proxy/seal"
	"postvern.example/proxy/spool"
)

type keysOrganisationCommand struct {
	Create organisationCreateCommand `cmd:"" help:"Make the organisation's key. A gateway whose policy says signature: sealed makes it by itself."`
	Show   organisationShowCommand   `cmd:"" help:"Show the organisation's keys, the newest first, and which of them signs."`
	Export organisationExportCommand `cmd:"" help:"Print the public keys, or write them as a Web Key Directory to publish."`
	Rotate organisationRotateCommand `cmd:"" help:"Make the next key, signed by the one before, which stays valid until it expires."`
	Revoke organisationRevokeCommand `cmd:"" help:"Revoke a key: it signs nothing any more, and what is exported says so. Where the policy asks for signatures the next is made at once."`
}

// withOrganisation runs a function on the organisation's keys, as the user who
// owns the store.
func (i office) withOrganisation(ctx context.Context, s streams, by string, do func(speaker, app.OrganisationKeys) error) error {
	config, err := app.LoadConfig(i.Config)
	if err != nil {
		return usageError{err}
	}
	who, err := whoami(by)
	if err != nil {
		return err
	}
	rules, texts, err := i.register()
	if err != nil {
		return err
	}
	say, err := i.words()
	if err != nil {
		return err
	}
	return i.writeStore(ctx, s, func(store *spool.Store) error {
		return do(say, app.OrganisationKeys{Store: store, Data: config.Data, Policy: rules, Texts: texts, Now: time.Now(), By: who})
	})
}

// lifetime is how long a new key is valid.
type lifetime struct {
	Valid string `placeholder:"TIME" help:"How long it is valid, such as 1y or 90d; otherwise two years."`
}

func (l lifetime) span(say speaker) (time.Duration, error) {
	if l.Valid == "" {
		return app.OrganisationKeyValid, nil
	}
	d, err := strict.ParseDuration(l.Valid)
	if err == nil && (time.Duration(d) < 24*time.Hour || time.Duration(d) > 10*366*24*time.Hour) {
		err = say.fault("valid-span")
	}
	if err != nil {
		return 0, usageError{fmt.Errorf("--valid: %w", err)}
	}
	return time.Duration(d), nil
}

// make makes a key and says where its revocation certificate is.
func (l lifetime) make(ctx context.Context, s streams, say speaker, o app.OrganisationKeys) error {
	valid, err := l.span(say)
	if err != nil {
		return err
	}
	k, file, err := o.Make(ctx, valid)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(s.out, say.say("signs-now", "fingerprint", k.Fingerprint(), "day", k.Expires().Format(time.DateOnly), "file", file))
	return err
}

type organisationCreateCommand struct {
	office   `embed:""`
	lifetime `embed:""`
	By       string `placeholder:"NAME" help:"Who makes it; otherwise your login at this machine."`
}

// Run makes the first key, or one where none can sign.
func (c organisationCreateCommand) Run(ctx context.Context, s streams) error {
	return c.withOrganisation(ctx, s, c.By, func(say speaker, o app.OrganisationKeys) error {
		_, keys, err := o.Read(ctx)
		if err != nil {
			return err
		}
		if signer := keys.Signer(o.Now); signer != nil {
			return say.fault("signs-already", "fingerprint", signer.Fingerprint())
		}
		return c.make(ctx, s, say, o)
	})
}

type organisationRotateCommand struct {
	office   `embed:""`
	lifetime `embed:""`
	By       string `placeholder:"NAME" help:"Who makes it; otherwise your login at this machine."`
}

// Run makes the next key.
func (c organisationRotateCommand) Run(ctx context.Context, s streams) error {
	return c.withOrganisation(ctx, s, c.By, func(say speaker, o app.OrganisationKeys) error {
		_, keys, err := o.Read(ctx)
		if err != nil {
			return err
		}
		if len(keys.Keys()) == 0 {
			return say.fault("organisation-no-key")
		}
		return c.make(ctx, s, say, o)
	})
}

type organisationRevokeCommand struct {
	office      `embed:""`
	By          string `placeholder:"NAME" help:"Who revokes it; otherwise your login at this machine."`
	Reason      string `required:"" enum:"superseded,compromised,retired" placeholder:"WHY" help:"superseded, compromised (somebody else may have it) or retired."`
	Fingerprint string `arg:"" help:"The key's fingerprint, or its last 16 digits."`
}

// Run revokes a key and says what has to follow.
func (c organisationRevokeCommand) Run(ctx context.Context, s streams) error {
	return c.withOrganisation(ctx, s, c.By, func(say speaker, o app.OrganisationKeys) error {
		k, err := o.Revoke(ctx, c.Fingerprint, c.Reason)
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintln(s.out, say.say("organisation-revoked", "fingerprint", k.Fingerprint())); err != nil {
			return err
		}
		_, keys, err := o.Read(ctx)
		if err != nil || o.Policy.Signature != policy.SignSealed || keys.Signer(o.Now) != nil {
			return err
		}
		return lifetime{}.make(ctx, s, say, o)
	})
}

// organisationItem is one of the organisation's keys as --json prints it.
type organisationItem struct {
	Generation  int64     `json:"generation"`
	Fingerprint string    `json:"fingerprint"`
	UserID      string    `json:"user_id"`
	State       string    `json:"state"` // signs, valid, expired or revoked
	Created     time.Time `json:"created"`
	Expires     time.Time `json:"expires"`
	By          string    `json:"by"`
	Revocation  string    `json:"revocation"` // the file, where this machine has it
}

// organisationItems describes keys, the newest first.
func organisationItems(o app.OrganisationKeys, stored []spool.OrganisationKey, keys *seal.Organisation) ([]organisationItem, error) {
	items := []organisationItem{}
	signer := keys.Signer(o.Now)
	for _, row := range slices.Backward(stored) {
		k, err := seal.ReadOrganisationKey(row.Secret)
		if err != nil {
			return nil, err
		}
		item := organisationItem{
			Generation: row.Generation, Fingerprint: k.Fingerprint(), UserID: k.UserID(), Created: k.Created(), Expires: k.Expires(), By: row.By, State: "expired",
		}
		switch {
		case k.Revoked():
			item.State = "revoked"
		case signer != nil && signer.Fingerprint() == k.Fingerprint():
			item.State = "signs"
		case k.Usable(o.Now):
			item.State = "valid"
		}
		if file := o.RevocationFile(k); fileExists(file) {
			item.Revocation = file
		}
		items = append(items, item)
	}
	return items, nil
}

func fileExists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

type organisationShowCommand struct {
	office `embed:""`
	JSON   bool `name:"json" help:"Print a JSON array."`
}

// Run prints the keys.
func (c organisationShowCommand) Run(ctx context.Context, s streams) error {
	return c.withOrganisation(ctx, s, "", func(say speaker, o app.OrganisationKeys) error {
		stored, keys, err := o.Read(ctx)
		if err != nil {
			return err
		}
		items, err := organisationItems(o, stored, keys)
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(s.out, items)
		}
		if len(items) == 0 {
			_, err := fmt.Fprintln(s.out, say.say("organisation-none"))
			return err
		}
		for i, item := range items {
			if i > 0 {
				fmt.Fprintln(s.out)
			}
			where := item.Revocation
			if where == "" {
				where = say.say("revocation-in-store", "fingerprint", item.Fingerprint)
			}
			w := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
			for _, row := range [][2]string{
				{"fingerprint", item.Fingerprint},
				{"user-id", item.UserID},
				{"state", say.word("signing-state", item.State)},
				{"created", strings.TrimSpace(item.Created.Format(time.DateOnly) + " " + item.By)},
				{"expires", item.Expires.Format(time.DateOnly)},
				{"revocation", where},
			} {
				fmt.Fprintf(w, "%s\t%s\n", say.head(row[0]), row[1])
			}
			if err := w.Flush(); err != nil {
				return err
			}
		}
		return nil
	})
}

type organisationExportCommand struct {
	office     `embed:""`
	WKD        string `name:"wkd" type:"path" placeholder:"FOLDER" help:"Write a Web Key Directory into this folder, which a web server publishes, in place of printing."`
	Revocation string `placeholder:"FINGERPRINT" help:"Print the revocation certificate of a key, made with it, in place of the keys."`
}

// Run prints public keys, armored, or writes a directory.
func (c organisationExportCommand) Run(ctx context.Context, s streams) error {
	return c.withOrganisation(ctx, s, "", func(say speaker, o app.OrganisationKeys) error {
		stored, keys, err := o.Read(ctx)
		if err != nil {
			return err
		}
		if c.Revocation != "" {
			return c.revocation(s, say, stored)
		}
		all := keys.Keys()
		if len(all) == 0 {
			return say.fault("organisation-no-key")
		}
		if c.WKD != "" {
			return writeDirectory(s, say, c.WKD, all)
		}
		for _, k := range all {
			public, err := k.Public()
			if err != nil {
				return err
			}
			if _, err := s.out.Write(seal.Armored(public)); err != nil {
				return err
			}
		}
		return nil
	})
}

func (c organisationExportCommand) revocation(s streams, say speaker, stored []spool.OrganisationKey) error {
	for _, row := range stored {
		k, err := seal.ReadOrganisationKey(row.Secret)
		if err != nil {
			return err
		}
		if seal.Names(c.Revocation, k.Fingerprint()) {
			_, err := s.out.Write(row.Revocation)
			return err
		}
	}
	return say.fault("organisation-unknown", "fingerprint", c.Revocation)
}

// writeDirectory writes the files of a Web Key Directory, for its direct and its
// advanced method, below .well-known of a folder.
func writeDirectory(s streams, say speaker, folder string, keys []*seal.OrganisationKey) error {
	files := map[string][]byte{}
	for _, k := range keys {
		public, err := k.Public()
		if err != nil {
			return err
		}
		local, domain, _ := strings.Cut(k.Address(), "@")
		for _, method := range []string{"", domain} {
			at := filepath.Join(folder, ".well-known", "openpgpkey", method)
			files[filepath.Join(at, "policy")] = nil
			hashed := filepath.Join(at, "hu", lookup.Hash(local))
			files[hashed] = append(files[hashed], public...)
		}
	}
	for name, content := range files {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil { //nolint:gosec // a web server reads it
			return err
		}
		if err := os.WriteFile(name, content, 0o644); err != nil { //nolint:gosec // as above
			return err
		}
	}
	_, err := fmt.Fprintln(s.out, say.say("organisation-publish", "folder", folder))
	return err
}
