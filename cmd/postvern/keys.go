package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"postvern.example/internal/app"
	"postvern.example/policy"
	"postvern.example/policy/strict"
	"postvern.example/proxy/seal"
	"postvern.example/proxy/spool"
)

type keysCommand struct {
	List         keysListCommand         `cmd:"" help:"List readers' keys and whether they can be used."`
	Show         keysShowCommand         `cmd:"" help:"Show all that is known of the keys of a reader, or of one key."`
	Add          keysAddCommand          `cmd:"" help:"Add public keys from a file to the store, for all nodes."`
	Fetch        keysFetchCommand        `cmd:"" help:"Ask the servers that the policy's key-sources names (wkd, vks) for a reader's key, and add it. They learn whom you ask about."`
	Refresh      keysRefreshCommand      `cmd:"" help:"Ask the servers that gave readers' keys about them again, now: whether they are revoked, or valid for longer."`
	Approve      keysApproveCommand      `cmd:"" help:"Use another key for a reader than before. Compare its fingerprint with them first."`
	Remove       keysRemoveCommand       `cmd:"" help:"Remove a key from the store, and forget that readers are bound to it."`
	Organisation keysOrganisationCommand `cmd:"" help:"The organisation's own keys, which sign what is sealed where the policy says signature: sealed."`
	Expiring     keysExpiringCommand     `cmd:"" help:"List usable keys and certificates that expire soon. Exits with 1 where there are any."`
	Rotate       keysRotateCommand       `cmd:"" name:"rotate-node" help:"Change the installation's own key, which the store is sealed with, while the gateways run."`
}

// keyItem is a key as --json prints it.
type keyItem struct {
	Fingerprint string           `json:"fingerprint"`
	Addresses   []string         `json:"addresses"`
	Source      policy.KeySource `json:"source"`
	File        string           `json:"file"`
	Algorithm   string           `json:"algorithm"`
	Created     time.Time        `json:"created"`
	Expires     *time.Time       `json:"expires"`
	State       policy.KeyState  `json:"state"`
	Reason      string           `json:"reason"`
	Bound       []string         `json:"bound"`
	Waits       []string         `json:"waits"`
}

func newKeyItem(k seal.KeyInfo) keyItem {
	item := keyItem{
		Fingerprint: k.Fingerprint, Addresses: list(k.Addresses), Source: k.Source, File: k.File, Algorithm: k.Algorithm,
		Created: k.Created, State: k.State, Reason: k.Reason, Bound: list(k.Bound), Waits: list(k.Waits),
	}
	if !k.Expires.IsZero() {
		item.Expires = &k.Expires
	}
	return item
}

func (k keyItem) expires(say speaker) string {
	if k.Expires == nil {
		return say.say("never")
	}
	return k.Expires.Format(time.DateOnly)
}

// keySource says where a command finds keys.
type keySource struct {
	Config   string `type:"path" placeholder:"FILE" help:"postvern.yaml."`
	Dir      string `type:"path" placeholder:"FOLDER" help:"A folder of keys, without any installation; otherwise the keys of --config."`
	readable `embed:""`
}

// words returns the words of the installation; English for a folder alone.
func (k keySource) words() (speaker, error) { return k.speaker(k.Config) }

// keyring returns the keys of the folder alone, or of an installation with its
// store, and where they were looked for.
func (k keySource) keyring(ctx context.Context, s streams) (*seal.Keyring, string, error) {
	if k.Dir != "" {
		ring, err := loadFolder(s, k.Dir)
		return ring, k.Dir, err
	}
	if k.Config == "" {
		return nil, "", usageError{fmt.Errorf("give --config FILE or --dir FOLDER")}
	}
	config, err := app.LoadConfig(k.Config)
	if err != nil {
		return nil, "", usageError{err}
	}
	if app.Fresh(config) {
		ring, err := loadFolder(s, config.Keys)
		return ring, config.Keys, err
	}
	var ring *seal.Keyring
	err = installation{Config: k.Config}.withStore(ctx, s, func(store *spool.Store) error {
		keys, err := app.NewKeys(ctx, config, store)
		if err == nil {
			ring = keys.Ring()
		}
		return err
	})
	if err != nil {
		return nil, "", err
	}
	say, err := k.words()
	return ring, say.say("or-the-store", "folder", config.Keys), err
}

func loadFolder(s streams, dir string) (*seal.Keyring, error) {
	ring, problems, err := seal.LoadKeys(dir)
	if err != nil {
		return nil, usageError{err}
	}
	for _, p := range problems {
		fmt.Fprintf(s.err, "postvern: %s: %s cannot be used: %s\n", p.File, p.Fingerprint, p.Reason)
	}
	return ring, nil
}

// withKeys runs a function that changes the installation's keys, as the user who
// owns the store.
func (i installation) withKeys(ctx context.Context, s streams, do func(*spool.Store, app.Keys) error) error {
	config, err := app.LoadConfig(i.Config)
	if err != nil {
		return usageError{err}
	}
	return i.writeStore(ctx, s, func(store *spool.Store) error {
		keys, err := app.NewKeys(ctx, config, store)
		if err != nil {
			return err
		}
		return do(store, keys)
	})
}

type keysListCommand struct {
	keySource `embed:""`
	JSON      bool `name:"json" help:"Print a JSON array."`
}

// Run prints every key with its addresses and state.
func (c keysListCommand) Run(ctx context.Context, s streams) error {
	ring, where, err := c.keyring(ctx, s)
	if err != nil {
		return err
	}
	say, err := c.words()
	if err != nil {
		return err
	}
	return printKeys(s.out, say, ring.List(time.Now()), c.JSON, say.say("keys-none", "where", where))
}

func printKeys(out io.Writer, say speaker, infos []seal.KeyInfo, asJSON bool, none string) error {
	items := []keyItem{}
	for _, k := range infos {
		items = append(items, newKeyItem(k))
	}
	if asJSON {
		return printJSON(out, items)
	}
	if len(items) == 0 {
		_, err := fmt.Fprintln(out, none)
		return err
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, say.heads("state", "source", "expires", "addresses", "fingerprint"))
	for _, k := range items {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", say.word("key-state", string(k.State)), k.Source, k.expires(say), strings.Join(k.Addresses, ", "), k.Fingerprint)
	}
	return w.Flush()
}

type keysExpiringCommand struct {
	keySource `embed:""`
	Within    string `default:"30d" placeholder:"TIME" help:"How soon, such as 30d or 12h (${default})."`
	JSON      bool   `name:"json" help:"Print a JSON array."`
}

// Run prints the keys and fails where there are any, so that cron writes a mail.
func (c keysExpiringCommand) Run(ctx context.Context, s streams) error {
	within, err := strict.ParseDuration(c.Within)
	if err != nil {
		return usageError{fmt.Errorf("--within: %w", err)}
	}
	ring, _, err := c.keyring(ctx, s)
	if err != nil {
		return err
	}
	by := time.Now().Add(time.Duration(within))
	soon := slices.DeleteFunc(ring.List(time.Now()), func(k seal.KeyInfo) bool { return !k.ExpiresBy(by) })
	if c.Dir == "" {
		ending, err := c.certificates(ctx, s, by)
		if err != nil {
			return err
		}
		soon = append(soon, ending...)
	}
	say, err := c.words()
	if err != nil {
		return err
	}
	if err := printKeys(s.out, say, soon, c.JSON, say.say("expiring-none", "span", c.Within)); err != nil {
		return err
	}
	if len(soon) > 0 {
		return errors.New(say.count("expiring", len(soon), "span", c.Within))
	}
	return nil
}

// certificates are readers' certificates that end by then, as keys are listed.
func (c keysExpiringCommand) certificates(ctx context.Context, s streams, by time.Time) (ending []seal.KeyInfo, err error) {
	all, _, err := certificateSource{Config: c.Config}.certificates(ctx, s)
	if err != nil {
		return nil, err
	}
	for _, i := range all.List(time.Now()) {
		if i.ExpiresBy(by) {
			ending = append(ending, seal.KeyInfo{
				Fingerprint: i.Fingerprint, Addresses: i.Addresses, Created: i.From, Expires: i.Until, Algorithm: i.Algorithm,
				State: i.State, File: i.File, Source: "certificate", Bound: i.Bound, Waits: i.Waits,
			})
		}
	}
	return ending, nil
}
