// Command postvern is the outgoing mail server for union representatives: the
// gateway, and the commands by which administrators and data protection
// officers work with it.
//
// It exits with 0 when all went well, 1 when something did not, and 2 when
// the command line or a file that it names was wrong.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"postvern.example/policy/strict"
	"postvern.example/proxy/extract"
)

const (
	exitFailed = 1
	exitUsage  = 2
)

// commands is the command line. Each field is one command.
type commands struct {
	Serve           serveCommand           `cmd:"" help:"Run the gateway."`
	Demo            demoCommand            `cmd:"" help:"Run a gateway with an upstream of its own, send it sample mails and show what came of them."`
	Explain         explainCommand         `cmd:"" help:"Show what would become of a mail, and why."`
	Policy          policyCommand          `cmd:"" help:"Work with the policy file."`
	Members         membersCommand         `cmd:"" help:"Work with the roster of members."`
	Representatives representativesCommand `cmd:"" help:"Work with the representatives."`
	Keys            keysCommand            `cmd:"" help:"Work with readers' OpenPGP keys."`
	Certificates    certificatesCommand    `cmd:"" help:"Work with readers' certificates for S/MIME."`
	Codes           codesCommand           `cmd:"" help:"Work with the codes that were agreed with readers."`
	Deviations      deviationsCommand      `cmd:"" help:"Work in the register of deviations."`
	Held            heldCommand            `cmd:"" help:"Decide about held mail."`
	Consents        consentsCommand        `cmd:"" help:"Keep the ledger of consents: who agreed to be visible to whom."`
	Backup          backupCommand          `cmd:"" help:"Back up the store and the files that the configuration names, while the gateway runs."`
	Restore         restoreCommand         `cmd:"" help:"Fill an empty store from a backup."`
	Store           storeCommand           `cmd:"" help:"Move the store."`
	Version         versionCommand         `cmd:"" help:"Print the version."`
}

// streams is what a command reads from and writes to.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

// usageError is a fault of the command line or of a file that it names.
type usageError struct{ error }

// Unwrap returns the fault itself.
func (e usageError) Unwrap() error { return e.error }

func main() {
	if worker, code := extract.Worker(os.Args); worker {
		os.Exit(code)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], streams{in: os.Stdin, out: os.Stdout, err: os.Stderr})
	stop()
	os.Exit(code)
}

// run runs one command line and returns the exit code.
func run(ctx context.Context, args []string, s streams) int {
	var cli commands
	exited := -1
	parser, err := kong.New(&cli,
		kong.Name("postvern"),
		kong.Description("The outgoing mail server for union representatives: every mail comes out safe, or not at all."),
		kong.Writers(s.out, s.err),
		kong.Exit(func(code int) { exited = code }),
		kong.UsageOnError(),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(s),
	)
	if err != nil {
		fmt.Fprintln(s.err, "postvern:", err)
		return exitFailed
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	parsed, err := parser.Parse(args)
	if exited >= 0 { // --help
		return exited
	}
	if err != nil {
		fmt.Fprintf(s.err, "postvern: %s%s\nTry: %s --help\n", err, mistyped(err), meantCommand(err))
		return exitUsage
	}
	return report(s.err, parsed.Run())
}

// meantCommand returns the command that a wrong command line is about, as far as
// it was understood.
func meantCommand(err error) string {
	words := []string{"postvern"}
	var fault *kong.ParseError
	if errors.As(err, &fault) {
		for _, step := range fault.Context.Path {
			if step.Command != nil {
				words = append(words, step.Command.Name)
			}
		}
	}
	return strings.Join(words, " ")
}

// mistyped says what is behind a command line whose words the shell took apart.
func mistyped(err error) string {
	var fault *kong.ParseError
	if !errors.As(err, &fault) || fault.Context.Selected() == nil || len(fault.Context.Selected().Positional) == 0 {
		return ""
	}
	if strings.HasPrefix(err.Error(), "unexpected argument ") {
		return "; put a text of several words in quotation marks"
	}
	return ""
}

// report prints an error as a person reads it and returns the exit code.
func report(w io.Writer, err error) int {
	if err == nil {
		return 0
	}
	fmt.Fprintf(w, "postvern: %v%s\n", err, advice(err))
	var usage usageError
	var faults strict.Errors
	if errors.As(err, &usage) || errors.As(err, &faults) {
		return exitUsage
	}
	return exitFailed
}
