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
	"postvern.example/policy/detect"
	"postvern.example/policy/strict"
	"postvern.example/proxy/lookup"
	"postvern.example/proxy/seal"
	"postvern.example/proxy/spool"
)

type keysCommand struct {
	List     keysListCommand     `cmd:"" help:"List readers' keys and whether they can be used."`
	Show     keysShowCommand     `cmd:"" help:"Show all that is known of the keys of a reader, or of one key."`
	Add      keysAddCommand      `cmd:"" help:"Add public keys from a file to the store, for all nodes."`
	Fetch    keysFetchCommand    `cmd:"" help:"Ask the servers that key-sources allows (wkd, vks) for a reader's key, and add it. They learn whom you ask about."`
	Approve  keysApproveCommand  `cmd:"" help:"Use another key for a reader than before. Compare its fingerprint with them first."`
	Remove   keysRemoveCommand   `cmd:"" help:"Remove a key from the store, and forget that readers are bound to it."`
	Expiring keysExpiringCommand `cmd:"" help:"List usable keys that expire soon. Exits with 1 where there are any."`
}

// keyItem is a key as --json prints it.
type keyItem struct {
	Fingerprint string          `json:"fingerprint"`
	Addresses   []string        `json:"addresses"`
	Source      seal.Source     `json:"source"`
	File        string          `json:"file"`
	Algorithm   string          `json:"algorithm"`
	Created     time.Time       `json:"created"`
	Expires     *time.Time      `json:"expires"`
	State       policy.KeyState `json:"state"`
	Reason      string          `json:"reason"`
	Bound       []string        `json:"bound"`
	Waits       []string        `json:"waits"`
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

func (k keyItem) expires() string {
	if k.Expires == nil {
		return "never"
	}
	return k.Expires.Format(time.DateOnly)
}

// keySource says where a command finds keys.
type keySource struct {
	Config string `type:"path" placeholder:"FILE" help:"postvern.yaml."`
	Dir    string `type:"path" placeholder:"FOLDER" help:"A folder of keys, without any installation; otherwise the keys of --config."`
}

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
	return ring, config.Keys + " or the store", err
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
	return i.withCodes(ctx, s, func(store *spool.Store) error {
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
	return printKeys(s.out, ring.List(time.Now()), c.JSON, fmt.Sprintf("No key stands in %s.", where))
}

func printKeys(out io.Writer, infos []seal.KeyInfo, asJSON bool, none string) error {
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
	fmt.Fprintln(w, "STATE\tSOURCE\tEXPIRES\tADDRESSES\tFINGERPRINT")
	for _, k := range items {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", k.State, k.Source, k.expires(), strings.Join(k.Addresses, ", "), k.Fingerprint)
	}
	return w.Flush()
}

type keysShowCommand struct {
	keySource `embed:""`
	JSON      bool   `name:"json" help:"Print a JSON array."`
	Which     string `arg:"" name:"address|fingerprint" help:"A reader's mail address, or a fingerprint (its last 16 digits are enough)."`
}

// Run prints each of the keys at length.
func (c keysShowCommand) Run(ctx context.Context, s streams) error {
	ring, _, err := c.keyring(ctx, s)
	if err != nil {
		return err
	}
	infos := slices.DeleteFunc(ring.List(time.Now()), func(k seal.KeyInfo) bool { return !meant(c.Which, k.Fingerprint, k.Addresses...) })
	if c.JSON {
		return printKeys(s.out, infos, true, "")
	}
	if len(infos) == 0 {
		return fmt.Errorf("there is no key of %q", c.Which)
	}
	for i, info := range infos {
		if i > 0 {
			fmt.Fprintln(s.out)
		}
		printKey(s.out, newKeyItem(info))
	}
	if state := ring.State(c.Which, time.Now()); strings.Contains(c.Which, "@") {
		fmt.Fprintf(s.out, "\nMail to %s can be sealed: %s\n", c.Which, map[bool]string{true: "yes", false: "no (" + string(state) + ")"}[state == policy.KeyUsable])
	}
	return nil
}

func printKey(out io.Writer, k keyItem) {
	row := func(name, value string) {
		if value != "" {
			fmt.Fprintf(out, "%-12s %s\n", name, value)
		}
	}
	row("fingerprint", k.Fingerprint)
	row("addresses", strings.Join(k.Addresses, ", "))
	state := string(k.State)
	if k.Reason != "" {
		state += ": " + k.Reason
	}
	row("state", state)
	row("source", strings.TrimSpace(string(k.Source)+" "+k.File))
	row("encrypts by", k.Algorithm)
	row("created", k.Created.Format(time.DateOnly))
	row("expires", k.expires())
	row("bound", strings.Join(k.Bound, ", "))
	if len(k.Waits) > 0 {
		row("waits", strings.Join(k.Waits, ", ")+" had another key before: compare the fingerprint with them, then postvern keys approve")
	}
}

// meant reports whether what a person wrote is one of the addresses or the
// fingerprint.
func meant(which, fingerprint string, addresses ...string) bool {
	if canonical, ok := detect.CanonicalAddress(which); ok && strings.Contains(which, "@") {
		return slices.Contains(addresses, canonical)
	}
	return seal.Names(which, fingerprint)
}

type keysAddCommand struct {
	installation `embed:""`
	For          string `placeholder:"ADDRESS" help:"Only for this reader, whom the key has to name; otherwise for all whom it names."`
	By           string `placeholder:"NAME" help:"Who adds it; otherwise your login at this machine."`
	File         string `arg:"" type:"path" help:"A file of public keys, armored or binary."`
}

// Run stores the keys and says which of them wait for an approval.
func (c keysAddCommand) Run(ctx context.Context, s streams) error {
	by, err := whoami(c.By)
	if err != nil {
		return err
	}
	now := time.Now()
	found, infos, err := seal.ReadKeys(c.File, now)
	if err != nil {
		return usageError{err}
	}
	keys, err := c.wanted(found, infos)
	if err != nil {
		return usageError{err}
	}
	return c.store(ctx, s, keys, now, by)
}

// store stores keys, and says of each whether it is used now.
func (i installation) store(ctx context.Context, s streams, keys []seal.Known, now time.Time, by string) error {
	return i.withKeys(ctx, s, func(store *spool.Store, all app.Keys) error {
		if err := store.AddKeys(ctx, stored(keys, now, by)); err != nil {
			return err
		}
		var err error
		if all.Book, err = store.KeyBook(ctx, nil); err != nil {
			return err
		}
		ring := all.Ring()
		for _, k := range keys {
			said := "can be used"
			switch state := stateOf(ring, k, now); {
			case state == policy.KeyUnapproved:
				said = "waits: another key was used for them before. Compare the fingerprint with them, then: postvern keys approve " + k.Fingerprint
			case state != policy.KeyUsable:
				said = "is not used: " + string(state)
			}
			if _, err := fmt.Fprintf(s.out, "%s for %s %s.\n", k.Fingerprint, k.Reader, said); err != nil {
				return err
			}
		}
		return nil
	})
}

type keysFetchCommand struct {
	installation `embed:""`
	By           string `placeholder:"NAME" help:"Who fetches it; otherwise your login at this machine."`
	Reader       string `arg:"" name:"address" help:"The reader's mail address."`
}

// Run asks the servers and stores what they gave.
func (c keysFetchCommand) Run(ctx context.Context, s streams) error {
	by, err := whoami(c.By)
	if err != nil {
		return err
	}
	config, err := app.LoadConfig(c.Config)
	if err != nil {
		return usageError{err}
	}
	client, err := app.NewLookup(config)
	if err != nil {
		return usageError{err}
	}
	now := time.Now()
	found, err := client.Fetch(ctx, c.Reader, now)
	if errors.Is(err, lookup.ErrNone) {
		return fmt.Errorf("no server that was asked has a key for %s", c.Reader)
	}
	if err == nil {
		err = checkUsable(found.Infos)
	}
	if err != nil {
		return fmt.Errorf("no key of %s was added: %w", c.Reader, err)
	}
	fmt.Fprintf(s.out, "From %s:\n", found.Source)
	return c.store(ctx, s, found.Keys, now, by)
}

// checkUsable refuses keys that are never used. One that is revoked is taken:
// nobody is to use it from elsewhere.
func checkUsable(infos []seal.KeyInfo) error {
	for _, k := range infos {
		if k.State != policy.KeyUsable && k.State != policy.KeyRevoked {
			return fmt.Errorf("the key %s is never used (%s): %s", k.Fingerprint, k.State, k.Reason)
		}
	}
	return nil
}

// wanted returns the keys that are to be stored, and says what is wrong with
// the others.
func (c keysAddCommand) wanted(found []seal.Known, infos []seal.KeyInfo) ([]seal.Known, error) {
	if err := checkUsable(infos); err != nil {
		return nil, fmt.Errorf("%s: %w", c.File, err)
	}
	if c.For == "" {
		return found, nil
	}
	reader, ok := detect.CanonicalAddress(c.For)
	if !ok {
		return nil, fmt.Errorf("--for: %q is no mail address", c.For)
	}
	keys := slices.DeleteFunc(found, func(k seal.Known) bool { return k.Reader != reader })
	if len(keys) == 0 {
		return nil, fmt.Errorf("%s: no key in it names %s: ask them for one that does", c.File, reader)
	}
	return keys, nil
}

func stored(keys []seal.Known, now time.Time, by string) []spool.ReaderKey {
	var out []spool.ReaderKey
	for _, k := range keys {
		out = append(out, spool.ReaderKey{
			Reader: k.Reader, Fingerprint: k.Fingerprint, Key: k.Key, Source: string(k.Source), Since: now, By: by,
		})
	}
	return out
}

// stateOf returns how a key of a reader stands.
func stateOf(ring *seal.Keyring, k seal.Known, now time.Time) policy.KeyState {
	if use, ok := ring.Use(k.Reader, now); ok && use.Fingerprint == k.Fingerprint {
		return policy.KeyUsable
	}
	for _, info := range ring.List(now) {
		switch {
		case info.Fingerprint != k.Fingerprint:
		case slices.Contains(info.Waits, k.Reader):
			return policy.KeyUnapproved
		default:
			return info.State
		}
	}
	return policy.KeyNone
}

type keysApproveCommand struct {
	installation `embed:""`
	For          string `placeholder:"ADDRESS" help:"Only for this reader; otherwise for all whom the key names."`
	By           string `placeholder:"NAME" help:"Who approves it; otherwise your login at this machine."`
	Fingerprint  string `arg:"" help:"The key's fingerprint, or its last 16 digits."`
}

// Run binds the key's readers to it.
func (c keysApproveCommand) Run(ctx context.Context, s streams) error {
	by, err := whoami(c.By)
	if err != nil {
		return err
	}
	return c.withKeys(ctx, s, func(store *spool.Store, all app.Keys) error {
		now := time.Now()
		ring := all.Ring()
		keys := slices.DeleteFunc(ring.Of(c.Fingerprint), func(k seal.Known) bool { return c.For != "" && !meant(c.For, "", k.Reader) })
		if len(keys) == 0 {
			return fmt.Errorf("there is no key %s%s", c.Fingerprint, map[bool]string{true: " for " + c.For}[c.For != ""])
		}
		for _, k := range keys {
			if k.Fingerprint != keys[0].Fingerprint {
				return usageError{errors.New("several keys end in these digits: give the whole fingerprint")}
			}
			if state := stateOf(ring, k, now); state != policy.KeyUsable && state != policy.KeyUnapproved {
				return fmt.Errorf("the key of %s cannot be used (%s): postvern keys show says why", k.Reader, state)
			}
		}
		if err := store.ApproveKeys(ctx, stored(keys, now, by)); err != nil {
			return err
		}
		for _, k := range keys {
			if _, err := fmt.Fprintf(s.out, "Mail to %s is sealed to %s from now on.\n", k.Reader, k.Fingerprint); err != nil {
				return err
			}
		}
		return nil
	})
}

type keysRemoveCommand struct {
	installation `embed:""`
	Which        string `arg:"" name:"address|fingerprint" help:"A reader's mail address, or a fingerprint (its last 16 digits are enough)."`
}

// Run removes keys from the store. A file in the folder of keys is not touched.
func (c keysRemoveCommand) Run(ctx context.Context, s streams) error {
	return c.withKeys(ctx, s, func(store *spool.Store, all app.Keys) error {
		removed := map[string]bool{}
		for _, k := range slices.Concat(all.Book.Added, all.Book.Pinned) {
			if name := k.Fingerprint + " of " + k.Reader; meant(c.Which, k.Fingerprint, k.Reader) && !removed[name] {
				if err := store.RemoveKey(ctx, k.Reader, k.Fingerprint); err != nil {
					return err
				}
				removed[name] = true
				if _, err := fmt.Fprintf(s.out, "%s is removed.\n", name); err != nil {
					return err
				}
			}
		}
		left := slices.DeleteFunc(all.Folder.List(time.Now()), func(k seal.KeyInfo) bool { return !meant(c.Which, k.Fingerprint, k.Addresses...) })
		for _, k := range left {
			if _, err := fmt.Fprintf(s.out, "%s stands in the folder of keys too: delete the file %s to be rid of it.\n", k.Fingerprint, k.File); err != nil {
				return err
			}
		}
		if len(removed)+len(left) == 0 {
			return fmt.Errorf("there is no key of %q", c.Which)
		}
		return nil
	})
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
	now := time.Now()
	soon := slices.DeleteFunc(ring.List(now), func(k seal.KeyInfo) bool { return !k.ExpiresBy(now.Add(time.Duration(within))) })
	if err := printKeys(s.out, soon, c.JSON, fmt.Sprintf("No key expires within %s.", c.Within)); err != nil {
		return err
	}
	if len(soon) > 0 {
		return fmt.Errorf("keys that expire within %s: %d", c.Within, len(soon))
	}
	return nil
}
