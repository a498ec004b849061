package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"postvern.example/internal/app"
	"postvern.example/internal/roster"
	"postvern.example/policy"
	"postvern.example/proxy/seal"
)

type representativesCommand struct {
	Password passwordCommand `cmd:"" help:"Read a password from standard input and print its hash for representatives.yaml."`
}

type passwordCommand struct{}

// Run reads one line and prints its argon2id hash.
func (passwordCommand) Run(s streams) error {
	line, err := bufio.NewReader(s.in).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("read the password: %w", err)
	}
	password := strings.TrimRight(line, "\r\n")
	if password == "" {
		return usageError{errors.New("give the password on standard input, in one line: nothing came")}
	}
	hash, err := roster.HashPassword(password)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(s.out, hash)
	return err
}

type keysCommand struct {
	List keysListCommand `cmd:"" help:"List readers' keys and whether they can be used."`
}

type keysListCommand struct {
	Config string `type:"path" placeholder:"FILE" help:"postvern.yaml."`
	Dir    string `type:"path" placeholder:"FOLDER" help:"The folder of keys; otherwise that of --config."`
	JSON   bool   `name:"json" help:"Print a JSON array."`
}

// keyItem is a key as --json prints it.
type keyItem struct {
	Fingerprint string          `json:"fingerprint"`
	Addresses   []string        `json:"addresses"`
	Created     time.Time       `json:"created"`
	Expires     *time.Time      `json:"expires"`
	State       policy.KeyState `json:"state"`
}

// Run prints every key with its addresses and state.
func (c keysListCommand) Run(s streams) error {
	dir := c.Dir
	if dir == "" {
		if c.Config == "" {
			return usageError{fmt.Errorf("give --config FILE or --dir FOLDER")}
		}
		config, err := app.LoadConfig(c.Config)
		if err != nil {
			return usageError{err}
		}
		dir = config.Keys
	}
	ring, problems, err := seal.LoadKeys(dir)
	if err != nil {
		return usageError{err}
	}
	items := []keyItem{}
	for _, k := range ring.List(time.Now()) {
		item := keyItem{Fingerprint: k.Fingerprint, Addresses: list(k.Addresses), Created: k.Created, State: k.State}
		if !k.Expires.IsZero() {
			item.Expires = &k.Expires
		}
		items = append(items, item)
	}
	for _, p := range problems {
		fmt.Fprintln(s.err, "postvern:", p)
	}
	if c.JSON {
		return printJSON(s.out, items)
	}
	if len(items) == 0 {
		_, err := fmt.Fprintf(s.out, "No key stands in %s.\n", dir)
		return err
	}
	w := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "STATE\tEXPIRES\tADDRESSES\tFINGERPRINT")
	for _, k := range items {
		expires := "never"
		if k.Expires != nil {
			expires = k.Expires.Format("2006-01-02")
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", k.State, expires, strings.Join(k.Addresses, ", "), k.Fingerprint)
	}
	return w.Flush()
}
