package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"
	"time"

	"postvern.example/internal/app"
	"postvern.example/internal/notice"
	"postvern.example/policy"
	"postvern.example/policy/detect"
	"postvern.example/policy/strict"
	"postvern.example/proxy"
	"postvern.example/proxy/message"
	"postvern.example/proxy/spool"
)

type explainCommand struct {
	Policy          string   `type:"path" placeholder:"FILE" help:"The policy file; otherwise that of --config."`
	Config          string   `type:"path" placeholder:"FILE" help:"postvern.yaml: where members, representatives and keys come from."`
	Members         string   `type:"path" placeholder:"FILE" help:"The roster of members, as a CSV file or hashes."`
	Representatives string   `type:"path" placeholder:"FILE" help:"The representatives' file."`
	Keys            string   `type:"path" placeholder:"FOLDER" help:"The folder of readers' OpenPGP keys."`
	Certificates    string   `type:"path" placeholder:"FOLDER" help:"The folder of readers' certificates for S/MIME."`
	From            string   `placeholder:"ADDRESS" help:"The envelope's sender; otherwise the address in From."`
	To              []string `placeholder:"ADDRESS,..." help:"The envelope's recipients; otherwise all in To, Cc and Bcc."`
	JSON            bool     `name:"json" help:"Print JSON."`
	Mail            string   `arg:"" help:"The mail as a file (.eml), or - for standard input."`
}

// Run prints what would become of the mail. Nothing is stored or sent.
func (c explainCommand) Run(ctx context.Context, s streams) error {
	config, err := c.config()
	if err != nil {
		return usageError{err}
	}
	reader := app.NewReader(ctx, config, workerCommand(), slog.New(slog.NewTextHandler(s.err, &slog.HandlerOptions{Level: slog.LevelWarn})))
	defer reader.Close()
	store, err := c.store(ctx, config)
	if err != nil {
		fmt.Fprintln(s.err, "postvern: the store cannot be opened; nobody counts as having consented, or as having a key or code in it:", err)
	}
	if store != nil {
		defer func() { _ = store.Close() }()
	}
	gateway, err := app.NewExplainer(ctx, config, reader, store)
	if err != nil {
		return usageError{err}
	}
	if store != nil {
		follow(ctx, s, store, gateway)
	}
	raw, err := readMail(c.Mail, s.in)
	if err != nil {
		return usageError{err}
	}
	env, err := proxy.EnvelopeOf(raw, message.DefaultLimits())
	if err != nil && len(c.To) == 0 {
		return fmt.Errorf("%s: the gateway cannot read its recipients: %w\nName them with --to to see what would become of it", c.Mail, err)
	}
	env.Received = time.Now()
	if c.From != "" {
		env.From = c.From
	}
	if len(c.To) > 0 {
		env.To = nil
		for _, to := range c.To {
			env.To = append(env.To, message.Recipient{Address: to})
		}
	}
	x, err := gateway.Explain(ctx, env, raw)
	if err != nil {
		return fmt.Errorf("%s: the gateway refuses it: %w", c.Mail, err)
	}
	if store != nil {
		before(ctx, s, store, &x)
	}
	if c.JSON {
		return printJSON(s.out, x)
	}
	c.printMissing(s.out)
	texts, err := notice.Load()
	if err != nil {
		return err
	}
	printExplanation(s.out, texts, x)
	return nil
}

// store opens the installation's store, where there is one: nil otherwise.
func (c explainCommand) store(ctx context.Context, config app.Config) (*spool.Store, error) {
	if c.Config == "" || app.Fresh(config) {
		return nil, nil
	}
	return app.OpenStore(ctx, config)
}

// follow lets the gateway know the ledger and the keys of the installation.
func follow(ctx context.Context, s streams, store *spool.Store, gateway *proxy.Gateway) {
	ledger, err := store.Ledger(ctx, nil)
	gateway.FollowConsents(ledger)
	if err != nil {
		fmt.Fprintln(s.err, "postvern: the ledger of consents cannot be read, and nobody counts as having consented:", err)
	}
	book, err := store.KeyBook(ctx, nil)
	if gateway.FollowKeys(book); err != nil {
		gateway.WithoutKeys()
		fmt.Fprintln(s.err, "postvern: the store's keys cannot be read, and nobody counts as having a key:", err)
	}
}

// before adds how copies to the recipients were protected before.
func before(ctx context.Context, s streams, store *spool.Store, x *proxy.Explanation) {
	for i := range x.Recipients {
		r := &x.Recipients[i]
		reader, ok := detect.CanonicalAddress(r.Address)
		if !ok {
			continue
		}
		all, err := store.Protections(ctx, reader)
		if err != nil {
			fmt.Fprintln(s.err, "postvern: how copies were protected before cannot be read:", err)
			return
		}
		for _, p := range all {
			r.Before = append(r.Before, proxy.ExplainedBefore{Step: p.Step, Last: p.Last.Format(time.DateOnly), Copies: p.Copies})
		}
	}
}

// printMissing says which files were not given: without them the gateway
// itself would decide otherwise.
func (c explainCommand) printMissing(w io.Writer) {
	if c.Config != "" {
		return
	}
	if c.Members == "" {
		fmt.Fprintln(w, "No roster is given (--members or --config): nobody is known as a member.")
	}
	if c.Representatives == "" {
		fmt.Fprintln(w, "No representatives are given (--representatives or --config): no address is known as theirs.")
	}
}

// config returns the files to go by: those of --config, but for those that
// are named beside it.
func (c explainCommand) config() (app.Config, error) {
	var config app.Config
	if c.Config != "" {
		var err error
		if config, err = app.LoadConfig(c.Config); err != nil {
			return app.Config{}, err
		}
	}
	for _, o := range []struct{ flag, into *string }{
		{&c.Policy, &config.Policy},
		{&c.Representatives, &config.Representatives},
		{&c.Keys, &config.Keys},
		{&c.Certificates, &config.SMIME.Certificates},
	} {
		if *o.flag != "" {
			*o.into = *o.flag
		}
	}
	if c.Members != "" {
		config.Members = strict.Words{c.Members}
	}
	if config.Policy == "" {
		return app.Config{}, fmt.Errorf("give --policy FILE or --config FILE")
	}
	return config, nil
}

// readMail reads a mail from a file or standard input. Files that an editor
// saved have LF line ends; SMTP has CRLF.
func readMail(name string, in io.Reader) ([]byte, error) {
	var raw []byte
	var err error
	if name == "-" {
		raw, err = io.ReadAll(in)
	} else {
		raw, err = os.ReadFile(name)
	}
	if err != nil {
		return nil, fmt.Errorf("read mail: %w", err)
	}
	text := strings.ReplaceAll(string(raw), "\r\n", "\n")
	return []byte(strings.ReplaceAll(text, "\n", "\r\n")), nil
}

func printExplanation(w io.Writer, texts *notice.Catalog, x proxy.Explanation) {
	kind := "not representative mail"
	if x.Representative {
		kind = "representative mail"
	}
	if x.Sealed {
		kind += ", encrypted by its writer"
	}
	fmt.Fprintf(w, "This is %s.\n", kind)
	if x.Refused != "" {
		fmt.Fprintf(w, "The gateway does not take it: it answers %s\nWhat follows is as if it did.\n", x.Refused)
	}
	if x.Mode == "observe" {
		fmt.Fprintln(w, "The policy observes: the mail leaves unchanged, and this is what would have happened.")
	}
	fmt.Fprintln(w, "\nRecipients")
	hidden := hiddenBy(x)
	for _, r := range x.Recipients {
		roles := strings.Join(r.Roles, ", ")
		if roles == "" {
			roles = "neither member, union nor employer"
		}
		if hidden[strings.ToLower(r.Address)] {
			roles += ", hidden"
		}
		keys := "key: " + string(r.Key)
		if r.Certificate != policy.KeyNone {
			keys += "; certificate: " + string(r.Certificate)
		}
		fmt.Fprintf(w, "  %-7s %s (%s; %s)\n", r.Verdict, r.Address, roles, keys)
		for _, b := range r.Before {
			fmt.Fprintf(w, "          before: %s, %d copies, last on %s\n", b.Step, b.Copies, b.Last)
		}
		for _, why := range r.Reasons {
			fmt.Fprintf(w, "          because of %q, which says %s", texts.Rule("en", why.Rule), why.Do)
			if why.Key != "" {
				fmt.Fprintf(w, " (key: %s)", why.Key)
			}
			fmt.Fprintln(w)
			printLadder(w, why.Ladder)
		}
		if len(r.Choices) > 0 {
			fmt.Fprintf(w, "          its sender is asked: %s\n", joined(r.Choices))
		}
		if r.LookUp {
			fmt.Fprintln(w, "          their key would be looked up first (key-sources), and the mail would wait for it: this is what becomes of it without one")
		}
		if r.Code != "" {
			fmt.Fprintf(w, "          its code comes to the reader by: %s\n", r.Code)
		}
	}
	if len(x.Recipients) == 0 {
		fmt.Fprintln(w, "  none in To, Cc and Bcc: name them with --to")
	}
	fmt.Fprintln(w, "\nFound")
	for _, f := range x.Findings {
		fmt.Fprintf(w, "  %-18s %s: %s, %d× (%s)\n", f.Kind, f.Place, f.Confidence, f.Count, evidence(f))
	}
	if len(x.Findings) == 0 {
		fmt.Fprintln(w, "  nothing")
	}
	if outOfScope(x) {
		fmt.Fprintln(w, "  The rules for it are not applied: the policy is for representative mail only (scope).")
	}
	if len(x.Consents) > 0 {
		fmt.Fprintf(w, "\nConsents relied on\n  %s\n", strings.Join(x.Consents, ", "))
	}
	fmt.Fprintln(w, "\nRegister")
	for _, e := range x.Entries {
		what := "deviation"
		if e.NearMiss {
			what = "near miss"
		}
		fmt.Fprintf(w, "  %s: %s, %s severity, because of %q\n", what, e.Type, e.Severity, e.Rule)
	}
	if len(x.Entries) == 0 {
		fmt.Fprintln(w, "  nothing")
	}
	printEdits(w, x)
}

func joined(choices []policy.Choice) string {
	words := make([]string, len(choices))
	for i, c := range choices {
		words[i] = string(c)
	}
	return strings.Join(words, ", ")
}

// printLadder prints the steps that were tried for a reader.
func printLadder(w io.Writer, ladder []proxy.ExplainedRung) {
	if len(ladder) == 0 {
		return
	}
	var steps []string
	for _, r := range ladder {
		step := string(r.Step)
		if r.Obstacle != "" {
			why := obstacles[r.Obstacle]
			if r.Step == policy.StepSMIME {
				why = strings.Replace(why, "key", "certificate", 1)
			}
			step += " (" + why + ")"
		}
		steps = append(steps, step)
	}
	fmt.Fprintf(w, "          ladder: %s: taken\n", strings.Join(steps, ", "))
}

// obstacles says in English why a step is not one that a reader can open.
var obstacles = map[policy.Obstacle]string{
	policy.Obstacle(policy.KeyNone): "no key", policy.Obstacle(policy.KeyExpired): "key expired", policy.Obstacle(policy.KeyRevoked): "key revoked",
	policy.Obstacle(policy.KeyWeak): "key too weak", policy.Obstacle(policy.KeyNoEncryption): "key not for encryption",
	policy.Obstacle(policy.KeyUnapproved): "key changed, not approved",
	policy.Obstacle(policy.KeyUntrusted):  "key of no accepted authority",
	policy.ObstacleNoCode:                 "no way for a code", policy.ObstacleTLS: "no route of verified TLS", policy.ObstacleNoFiles: "no files",
	policy.ObstacleSealed: "encrypted by its writer",
}

// outOfScope reports whether there are findings that no rule was asked about.
func outOfScope(x proxy.Explanation) bool {
	return !x.Representative && len(x.Findings) > 0 && len(x.Entries) == 0 &&
		!slices.ContainsFunc(x.Recipients, func(r proxy.ExplainedRecipient) bool { return len(r.Reasons) > 0 })
}

// hiddenBy returns the addresses that the edits take out of visible fields.
func hiddenBy(x proxy.Explanation) map[string]bool {
	hidden := map[string]bool{}
	for _, e := range x.Edits {
		if e.Kind == policy.EditHide {
			for _, a := range e.Addresses {
				hidden[strings.ToLower(a)] = true
			}
		}
	}
	return hidden
}

func printEdits(w io.Writer, x proxy.Explanation) {
	fmt.Fprintln(w, "\nEdits")
	for _, e := range x.Edits {
		fmt.Fprintf(w, "  %s, asked for by %s\n", e.Kind, e.Reason)
	}
	switch {
	case x.Uneditable != "":
		fmt.Fprintf(w, "  cannot be made with certainty (%s): every copy is held\n", x.Uneditable)
	case x.Diff != "":
		fmt.Fprintf(w, "\n%s", x.Diff)
	case refused(x):
		fmt.Fprintln(w, "  none: it is refused, and nobody gets it")
	case len(x.Edits) == 0:
		fmt.Fprintln(w, "  none: it leaves as it came")
	}
}

func refused(x proxy.Explanation) bool {
	return x.Mode != "observe" && slices.ContainsFunc(x.Recipients, func(r proxy.ExplainedRecipient) bool { return r.Verdict == "reject" })
}

func evidence(f proxy.ExplainedFinding) string {
	var words []string
	for _, e := range f.Evidence {
		words = append(words, string(e))
	}
	return strings.Join(words, ", ")
}
