package main

import (
	"fmt"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"postvern.example/internal/app"
	"postvern.example/policy"
)

type certificatesCommand struct {
	List certificatesListCommand `cmd:"" help:"List readers' certificates and whether they can be used, or why not."`
}

type certificatesListCommand struct {
	Config string `type:"path" placeholder:"FILE" help:"postvern.yaml."`
	Dir    string `type:"path" placeholder:"FOLDER" help:"The folder of certificates; otherwise that of --config."`
	JSON   bool   `name:"json" help:"Print a JSON array."`
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
}

// Run prints every certificate with its addresses and state.
func (c certificatesListCommand) Run(s streams) error {
	var smime app.SMIMEConfig
	switch {
	case c.Config != "":
		config, err := app.LoadConfig(c.Config)
		if err != nil {
			return usageError{err}
		}
		smime = config.SMIME
	case c.Dir == "":
		return usageError{fmt.Errorf("give --config FILE or --dir FOLDER")}
	}
	if c.Dir != "" {
		smime.Certificates = c.Dir
		if _, err := os.Stat(c.Dir); err != nil {
			return usageError{err}
		}
	}
	certificates, err := app.LoadCertificates(smime)
	if err != nil {
		return usageError{err}
	}
	items := []certificateItem{}
	for _, i := range certificates.List(time.Now()) {
		item := certificateItem{Fingerprint: i.Fingerprint, Addresses: list(i.Addresses), Issuer: i.Issuer, Algorithm: i.Algorithm, State: i.State, Reason: i.Reason, File: i.File}
		if !i.Until.IsZero() {
			item.From, item.Until = &i.From, &i.Until
		}
		items = append(items, item)
	}
	if c.JSON {
		return printJSON(s.out, items)
	}
	if len(items) == 0 {
		_, err := fmt.Fprintf(s.out, "No certificate stands in %s.\n", smime.Certificates)
		return err
	}
	w := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "STATE\tUNTIL\tADDRESSES\tKEY\tFILE\tWHY NOT")
	for _, i := range items {
		until := "-"
		if i.Until != nil {
			until = i.Until.Format("2006-01-02")
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", i.State, until, strings.Join(i.Addresses, ", "), i.Algorithm, i.File, i.Reason)
	}
	return w.Flush()
}
