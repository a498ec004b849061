package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
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
	office `embed:""`
	By     string `placeholder:"NAME" help:"Who sets it; otherwise the login at this machine."`
	Stdin  bool   `help:"Read the code from standard input, in one line, in the place of drawing one."`
	Reader string `arg:"" name:"address" help:"The reader's mail address."`
}

// Run stores a code and prints one that was drawn.
func (c codesSetCommand) Run(ctx context.Context, s streams) error {
	say, err := c.words()
	if err != nil {
		return err
	}
	reader, ok := detect.CanonicalAddress(c.Reader)
	if !ok {
		return usageError{say.fault("no-address", "text", c.Reader)}
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
		if err := checkCode(say, code); err != nil {
			return usageError{err}
		}
	}
	err = c.writeStore(ctx, s, func(store *spool.Store) error {
		return store.SetStandingCode(ctx, spool.StandingCode{Reader: reader, Code: code, Set: time.Now(), By: by})
	})
	if err != nil {
		return err
	}
	if c.Stdin {
		_, err = fmt.Fprintln(s.out, say.say("code-stored", "reader", reader))
		return err
	}
	_, err = fmt.Fprintf(s.out, "%s\n\n%s\n\n%s\n", say.say("code-shown", "reader", reader), code, say.say("code-bring"))
	return err
}

// leastCode is how long a code of one's own has to be.
const leastCode = 16

// checkCode refuses a code that is guessed or mistyped easily.
func checkCode(say speaker, code string) error {
	different := map[rune]bool{}
	for _, r := range code {
		if unicode.IsControl(r) {
			return say.fault("code-control")
		}
		different[r] = true
	}
	switch n := len([]rune(code)); {
	case n == 0:
		return say.fault("code-empty")
	case n < leastCode || len(different) < leastCode/2:
		return say.fault("code-weak", "least", strconv.Itoa(leastCode))
	case len(code) > 127:
		return say.fault("code-long")
	}
	return nil
}

type codesRemoveCommand struct {
	office `embed:""`
	Reader string `arg:"" name:"address" help:"The reader's mail address."`
}

// Run forgets a code.
func (c codesRemoveCommand) Run(ctx context.Context, s streams) error {
	say, err := c.words()
	if err != nil {
		return err
	}
	reader, ok := detect.CanonicalAddress(c.Reader)
	if !ok {
		return usageError{say.fault("no-address", "text", c.Reader)}
	}
	err = c.writeStore(ctx, s, func(store *spool.Store) error { return store.RemoveStandingCode(ctx, reader) })
	if errors.Is(err, spool.ErrNotFound) {
		return say.fault("code-unknown", "reader", reader)
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(s.out, say.say("code-forgotten", "reader", reader))
	return err
}

type codesListCommand struct {
	office `embed:""`
	JSON   bool `name:"json" help:"Print a JSON array."`
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
	err := c.writeStore(ctx, s, func(store *spool.Store) error {
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
	say, err := c.words()
	if err != nil {
		return err
	}
	if len(items) == 0 {
		_, err := fmt.Fprintln(s.out, say.say("codes-none"))
		return err
	}
	w := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, say.heads("recipient", "since", "by"))
	for _, i := range items {
		fmt.Fprintf(w, "%s\t%s\t%s\n", i.Reader, i.Set.Local().Format("2006-01-02"), i.By)
	}
	return w.Flush()
}

// writeStore runs a function on the store as the user who owns it.
func (i installation) writeStore(ctx context.Context, s streams, do func(*spool.Store) error) error {
	config, err := app.LoadConfig(i.Config)
	if err != nil {
		return usageError{err}
	}
	if err := asOwner(config.Data); err != nil {
		return err
	}
	return i.withStore(ctx, s, do)
}
