package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"postvern.example/internal/app"
	"postvern.example/policy"
	"postvern.example/policy/strict"
	"postvern.example/proxy"
	"postvern.example/proxy/seal"
	"postvern.example/proxy/spool"
)

type certificatesCommand struct {
	List     certificatesListCommand     `cmd:"" help:"List readers' certificates and whether they can be used, or why not."`
	Show     certificatesShowCommand     `cmd:"" help:"Show all that is known of the certificates of a reader, or of one certificate."`
	Add      certificatesAddCommand      `cmd:"" help:"Add certificates from a file to the store, for all nodes."`
	Approve  certificatesApproveCommand  `cmd:"" help:"Use another certificate for a reader than before. Compare its fingerprint with them first."`
	Remove   certificatesRemoveCommand   `cmd:"" help:"Remove a certificate from the store, and forget that readers are bound to it."`
	Expiring certificatesExpiringCommand `cmd:"" help:"List usable certificates that expire soon. Exits with 1 where there are any."`
}

// certificateSource says where a command finds certificates.
type certificateSource struct {
	Config string `type:"path" placeholder:"FILE" help:"postvern.yaml."`
	Dir    string `type:"path" placeholder:"FOLDER" help:"A folder of certificates, without any installation; otherwise those of --config."`

	readable `embed:""`
}

// words returns the words of the installation; English for a folder alone.
func (c certificateSource) words() (speaker, error) { return c.speaker(c.Config) }

// certificates returns those of the folder alone, or of an installation with its
// store, and where they were looked for.
func (c certificateSource) certificates(ctx context.Context, s streams) (*seal.Certificates, string, error) {
	if c.Dir != "" {
		if _, err := os.Stat(c.Dir); err != nil {
			return nil, "", usageError{err}
		}
		folder, err := app.LoadCertificates(app.SMIMEConfig{Certificates: c.Dir})
		if err != nil {
			return nil, "", usageError{err}
		}
		return folder, c.Dir, nil
	}
	if c.Config == "" {
		return nil, "", usageError{fmt.Errorf("give --config FILE or --dir FOLDER")}
	}
	config, err := app.LoadConfig(c.Config)
	if err != nil {
		return nil, "", usageError{err}
	}
	all, err := app.LoadCertificates(config.SMIME)
	if err != nil {
		return nil, "", usageError{err}
	}
	if app.Fresh(config) {
		return all, config.SMIME.Certificates, nil
	}
	err = installation{Config: c.Config}.withStore(ctx, s, func(store *spool.Store) error {
		book, err := store.KeyBook(ctx, nil)
		if err == nil {
			all = proxy.CertificatesOf(all, book)
		}
		return err
	})
	if err != nil {
		return nil, "", err
	}
	say, err := c.words()
	return all, say.say("or-the-store", "folder", config.SMIME.Certificates), err
}

// certificateItem is a certificate as --json prints it.
type certificateItem struct {
	Fingerprint string          `json:"fingerprint"`
	Addresses   []string        `json:"addresses"`
	Issuer      string          `json:"issuer"`
	Algorithm   string          `json:"algorithm"`
	From        *time.Time      `json:"from"`
	Until       *time.Time      `json:"until"`
	State       policy.KeyState `json:"state"`
	Reason      string          `json:"reason"`
	File        string          `json:"file"`
	Bound       []string        `json:"bound"`
	Waits       []string        `json:"waits"`
}

func newCertificateItem(i seal.CertificateInfo) certificateItem {
	item := certificateItem{
		Fingerprint: i.Fingerprint, Addresses: list(i.Addresses), Issuer: i.Issuer, Algorithm: i.Algorithm,
		State: i.State, Reason: i.Reason, File: i.File, Bound: list(i.Bound), Waits: list(i.Waits),
	}
	if !i.Until.IsZero() {
		item.From, item.Until = &i.From, &i.Until
	}
	return item
}

func (i certificateItem) until() string {
	if i.Until == nil {
		return "–"
	}
	return i.Until.Format(time.DateOnly)
}

type certificatesListCommand struct {
	certificateSource `embed:""`
	JSON              bool `name:"json" help:"Print a JSON array."`
}

// Run prints every certificate with its addresses and state.
func (c certificatesListCommand) Run(ctx context.Context, s streams) error {
	all, where, err := c.certificates(ctx, s)
	if err != nil {
		return err
	}
	say, err := c.words()
	if err != nil {
		return err
	}
	return printCertificates(s.out, say, all.List(time.Now()), c.JSON, say.say("certificates-none", "where", where))
}

func printCertificates(out io.Writer, say speaker, infos []seal.CertificateInfo, asJSON bool, none string) error {
	items := []certificateItem{}
	for _, i := range infos {
		items = append(items, newCertificateItem(i))
	}
	if asJSON {
		return printJSON(out, items)
	}
	if len(items) == 0 {
		_, err := fmt.Fprintln(out, none)
		return err
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, say.heads("state", "expires", "addresses", "encrypts-by", "file", "why-not"))
	for _, i := range items {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", say.word("key-mark", string(i.State)), i.until(), strings.Join(i.Addresses, ", "), i.Algorithm, i.File, i.Reason)
	}
	return w.Flush()
}

type certificatesShowCommand struct {
	certificateSource `embed:""`
	JSON              bool   `name:"json" help:"Print a JSON array."`
	Which             string `arg:"" name:"address|fingerprint" help:"A reader's mail address, or a fingerprint (its last 16 digits are enough)."`
}

// Run prints each of the certificates at length.
func (c certificatesShowCommand) Run(ctx context.Context, s streams) error {
	all, _, err := c.certificates(ctx, s)
	if err != nil {
		return err
	}
	say, err := c.words()
	if err != nil {
		return err
	}
	infos := slices.DeleteFunc(all.List(time.Now()), func(i seal.CertificateInfo) bool { return !meant(c.Which, i.Fingerprint, i.Addresses...) })
	if c.JSON {
		return printCertificates(s.out, say, infos, true, "")
	}
	if len(infos) == 0 {
		return say.fault("certificate-unknown", "name", c.Which)
	}
	for n, i := range infos {
		if n > 0 {
			fmt.Fprintln(s.out)
		}
		printCertificate(s.out, say, newCertificateItem(i))
	}
	return nil
}

func printCertificate(out io.Writer, say speaker, i certificateItem) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	row := func(name, value string) {
		if value != "" {
			fmt.Fprintf(w, "%s\t%s\n", say.head(name), value)
		}
	}
	row("fingerprint", i.Fingerprint)
	row("addresses", strings.Join(i.Addresses, ", "))
	state := say.word("key-mark", string(i.State))
	if i.Reason != "" {
		state += ": " + i.Reason
	}
	row("state", state)
	row("file", i.File)
	row("issuer", i.Issuer)
	row("encrypts-by", i.Algorithm)
	if i.From != nil {
		row("valid-from", i.From.Format(time.DateOnly))
	}
	row("expires", i.until())
	row("bound", strings.Join(i.Bound, ", "))
	if len(i.Waits) > 0 {
		row("waits", say.say("certificate-waits", "addresses", strings.Join(i.Waits, ", ")))
	}
	_ = w.Flush()
}

type certificatesExpiringCommand struct {
	certificateSource `embed:""`
	Within            string `default:"30d" placeholder:"TIME" help:"How soon, such as 30d or 12h (${default})."`
	JSON              bool   `name:"json" help:"Print a JSON array."`
}

// Run prints the certificates and fails where there are any, so that cron writes
// a mail.
func (c certificatesExpiringCommand) Run(ctx context.Context, s streams) error {
	within, err := strict.ParseDuration(c.Within)
	if err != nil {
		return usageError{fmt.Errorf("--within: %w", err)}
	}
	all, _, err := c.certificates(ctx, s)
	if err != nil {
		return err
	}
	now := time.Now()
	soon := slices.DeleteFunc(all.List(now), func(i seal.CertificateInfo) bool { return !i.ExpiresBy(now.Add(time.Duration(within))) })
	say, err := c.words()
	if err != nil {
		return err
	}
	if err := printCertificates(s.out, say, soon, c.JSON, say.say("expiring-no-certificate", "span", c.Within)); err != nil {
		return err
	}
	if len(soon) > 0 {
		return errors.New(say.count("expiring-certificates", len(soon), "span", c.Within))
	}
	return nil
}
