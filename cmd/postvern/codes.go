package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"postvern.example/internal/app"
	"postvern.example/policy/detect"
	"postvern.example/proxy/seal"
	"postvern.example/proxy/spool"
)

type codesCommand struct {
	Set    codesSetCommand    `cmd:"" help:"Agree on a standing code with a reader: drawn and printed once, or read from standard input."`
	Remove codesRemoveCommand `cmd:"" help:"Forget the standing code of a reader."`
	List   codesListCommand   `cmd:"" help:"List the readers who have a standing code. The codes are not shown."`
}

type codesSetCommand struct {
	installation `embed:""`
	By           string `placeholder:"NAME" help:"Who sets it; otherwise the login at this machine."`
	Stdin        bool   `help:"Read the code from standard input, in one line, in the place of drawing one."`
	Reader       string `arg:"" name:"address" help:"The reader's mail address."`
}

// Run stores a code and prints one that was drawn.
func (c codesSetCommand) Run(ctx context.Context, s streams) error {
	reader, ok := detect.CanonicalAddress(c.Reader)
	if !ok {
		return usageError{fmt.Errorf("%q is no mail address", c.Reader)}
	}
	by, err := whoami(c.By)
	if err != nil {
		return err
	}
	code := string(seal.NewCode())
	if c.Stdin {
		line, err := bufio.NewReader(s.in).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("read the code: %w", err)
		}
		code = strings.TrimSpace(line)
		if err := checkCode(code); err != nil {
			return usageError{err}
		}
	}
	err = c.withCodes(ctx, s, func(store *spool.Store) error {
		return store.SetStandingCode(ctx, spool.StandingCode{Reader: reader, Code: code, Set: time.Now(), By: by})
	})
	if err != nil {
		return err
	}
	if c.Stdin {
		_, err = fmt.Fprintf(s.out, "The code for %s is stored.\n", reader)
		return err
	}
	_, err = fmt.Fprintf(s.out, "The code for %s, which is shown only now:\n\n%s\n\nGive it to them in person or by telephone, never by mail.\n", reader, code)
	return err
}

// leastCode is how long a code of one's own has to be.
const leastCode = 16

// checkCode refuses a code that is guessed or mistyped easily.
func checkCode(code string) error {
	different := map[rune]bool{}
	for _, r := range code {
		if unicode.IsControl(r) {
			return errors.New("the code has control characters")
		}
		different[r] = true
	}
	switch n := len([]rune(code)); {
	case n == 0:
		return errors.New("give the code on standard input, in one line: nothing came")
	case n < leastCode || len(different) < leastCode/2:
		return fmt.Errorf("the code is too easy to guess: take %d characters or more, or leave --stdin out to have one drawn", leastCode)
	case len(code) > 127:
		return errors.New("the code is too long: 127 octets are the most")
	}
	return nil
}

type codesRemoveCommand struct {
	installation `embed:""`
	Reader       string `arg:"" name:"address" help:"The reader's mail address."`
}

// Run forgets a code.
func (c codesRemoveCommand) Run(ctx context.Context, s streams) error {
	reader, ok := detect.CanonicalAddress(c.Reader)
	if !ok {
		return usageError{fmt.Errorf("%q is no mail address", c.Reader)}
	}
	err := c.withCodes(ctx, s, func(store *spool.Store) error { return store.RemoveStandingCode(ctx, reader) })
	if errors.Is(err, spool.ErrNotFound) {
		return fmt.Errorf("%s has no standing code", reader)
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(s.out, "The code of %s is forgotten.\n", reader)
	return err
}

type codesListCommand struct {
	installation `embed:""`
	JSON         bool `name:"json" help:"Print a JSON array."`
}

// codeItem is a standing code as --json prints it.
type codeItem struct {
	Reader string    `json:"reader"`
	Set    time.Time `json:"set"`
	By     string    `json:"by"`
}

// Run prints who has a code.
func (c codesListCommand) Run(ctx context.Context, s streams) error {
	items := []codeItem{}
	err := c.withCodes(ctx, s, func(store *spool.Store) error {
		codes, err := store.StandingCodes(ctx)
		for _, one := range codes {
			items = append(items, codeItem{Reader: one.Reader, Set: one.Set.UTC(), By: one.By})
		}
		return err
	})
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(s.out, items)
	}
	if len(items) == 0 {
		_, err := fmt.Fprintln(s.out, "No code was agreed with anybody.")
		return err
	}
	w := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "READER\tSINCE\tBY")
	for _, i := range items {
		fmt.Fprintf(w, "%s\t%s\t%s\n", i.Reader, i.Set.Local().Format("2006-01-02"), i.By)
	}
	return w.Flush()
}

// withCodes runs a function on the store as the user who owns it.
func (i installation) withCodes(ctx context.Context, s streams, do func(*spool.Store) error) error {
	config, err := app.LoadConfig(i.Config)
	if err != nil {
		return usageError{err}
	}
	if err := asOwner(config.Data); err != nil {
		return err
	}
	return i.withStore(ctx, s, do)
}
