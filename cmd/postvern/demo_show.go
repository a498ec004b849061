package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/ProtonMail/gopenpgp/v2/crypto"
	"github.com/emersion/go-smtp"
	"golang.org/x/text/encoding/htmlindex"

	"postvern.example/internal/sink"
	"postvern.example/proxy/message"
	"postvern.example/proxy/spool"
)

// shownFields are the header fields that people see in a mail program.
var shownFields = []string{"From", "To", "Cc", "Subject"}

// printHead prints the fields of a mail that people see, and the beginning
// of its text.
func (d *demo) printHead(raw []byte, indent string) {
	msg, err := message.Parse(raw, message.DefaultLimits())
	if err != nil {
		fmt.Fprintf(d.out, "%s(%s)\n", indent, err)
		return
	}
	for _, name := range shownFields {
		for _, f := range msg.Root.Get(name) {
			fmt.Fprintf(d.out, "%s%-8s %s\n", indent, name+":", fold(msg.Text(f), indent+"         "))
		}
	}
	for _, line := range textOf(msg, msg.Root) {
		fmt.Fprintf(d.out, "%s| %s\n", indent, line)
	}
}

// textOf returns the lines of the first plain text of a message, and names
// its attachments.
func textOf(msg *message.Message, part *message.Part) []string {
	if len(part.Children) > 0 {
		var lines []string
		for _, c := range part.Children {
			if part.MediaType != "multipart/alternative" || len(lines) == 0 {
				lines = append(lines, textOf(msg, c)...)
			}
		}
		return lines
	}
	if part.MediaType != "text/plain" || part.FileName != "" {
		name := part.FileName
		if name == "" {
			name = part.MediaType
		}
		return []string{"[" + name + "]"}
	}
	content, err := plainText(msg, part)
	if err != nil {
		return []string{"(" + err.Error() + ")"}
	}
	lines := strings.Split(strings.TrimSpace(strings.ReplaceAll(content, "\r\n", "\n")), "\n")
	if len(lines) > 7 {
		lines = append(lines[:6], "...")
	}
	return lines
}

func plainText(msg *message.Message, part *message.Part) (string, error) {
	octets, err := msg.Content(part)
	if err != nil {
		return "", err
	}
	charset := part.Params["charset"]
	if charset == "" {
		charset = "utf-8"
	}
	encoding, err := htmlindex.Get(charset)
	if err != nil {
		return "", err
	}
	text, err := encoding.NewDecoder().Bytes(octets)
	return string(text), err
}

// printOutcome prints the reply that the sender heard and what each recipient
// got.
func (d *demo) printOutcome(ctx context.Context, sent error, arrived []sink.Message) {
	var refused *smtp.SMTPError
	switch {
	case errors.As(sent, &refused):
		fmt.Fprintf(d.out, "\n  refused: %d %s\n", refused.Code, fold(refused.Message, "           "))
	case sent != nil:
		fmt.Fprintf(d.out, "\n  not sent: %s\n", sent)
	}
	for _, group := range byContent(arrived) {
		fmt.Fprintf(d.out, "\n  %s got:\n", fold(strings.Join(group.readers, ", "), "    "))
		d.printHead(group.content, "    ")
		if clear, err := d.reader.open(group.content); err == nil {
			fmt.Fprintf(d.out, "\n    which only the reader's key opens:\n")
			d.printHead(clear, "      ")
		}
	}
	d.printHeld(ctx)
}

// delivered is one content and everybody who got it.
type delivered struct {
	readers []string
	content []byte
}

func byContent(arrived []sink.Message) []*delivered {
	var groups []*delivered
	for _, m := range arrived {
		var group *delivered
		for _, g := range groups {
			if bytes.Equal(g.content, m.Content) {
				group = g
			}
		}
		if group == nil {
			group = &delivered{content: m.Content}
			groups = append(groups, group)
		}
		group.readers = append(group.readers, m.Recipients()...)
	}
	sort.SliceStable(groups, func(i, j int) bool { return !isNotice(groups[i].content) && isNotice(groups[j].content) })
	return groups
}

func isNotice(content []byte) bool { return bytes.Contains(content, []byte("\r\nAuto-Submitted:")) }

func (d *demo) printHeld(ctx context.Context) {
	held, err := d.gateway.Store().Held(ctx)
	if err != nil {
		fmt.Fprintln(d.out, "  held mail cannot be listed:", err)
		return
	}
	for _, h := range held {
		if d.known[h.ID] {
			continue
		}
		d.known[h.ID] = true
		fmt.Fprintf(d.out, "\n  held for the data protection officer (%s): the copy for %s,\n    because of %q: %s\n",
			h.Reference, h.To, speaker{texts: d.texts, language: "en"}.rules(h.Hold.Rules), strings.Join(h.Hold.Places, "; "))
	}
}

func (d *demo) printRegister(ctx context.Context) error {
	d.heading("What the register of deviations says now")
	records, err := d.gateway.Store().Deviations(ctx, spool.Filter{})
	if err != nil {
		return err
	}
	slices.Reverse(records) // in the order in which it happened
	return speaker{texts: d.texts, language: "da"}.table(d.out, "  ", records)
}

// fold breaks a long line at blanks.
func fold(text, indent string) string {
	var b strings.Builder
	width := 0
	for i, word := range strings.Fields(text) {
		if i > 0 && width+len(word) > 84 {
			b.WriteString("\n" + indent)
			width = 0
		} else if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(word)
		width += len(word) + 1
	}
	return b.String()
}

// demoReader is somebody with an OpenPGP key, made for this run.
type demoReader struct {
	public []byte
	ring   *crypto.KeyRing
}

func newDemoReader(name, address string) (*demoReader, error) {
	key, err := crypto.GenerateKey(name, address, "x25519", 0)
	if err != nil {
		return nil, fmt.Errorf("make demo key: %w", err)
	}
	public, err := key.GetArmoredPublicKey()
	if err != nil {
		return nil, fmt.Errorf("make demo key: %w", err)
	}
	ring, err := crypto.NewKeyRing(key)
	if err != nil {
		return nil, fmt.Errorf("make demo key: %w", err)
	}
	return &demoReader{public: []byte(public), ring: ring}, nil
}

var errNotSealed = errors.New("not an OpenPGP message")

// open decrypts a PGP/MIME message and returns what is inside, a message with
// the protected header fields before its body.
func (r *demoReader) open(raw []byte) ([]byte, error) {
	start := bytes.Index(raw, []byte("-----BEGIN PGP MESSAGE-----"))
	if start < 0 {
		return nil, errNotSealed
	}
	sealed, err := crypto.NewPGPMessageFromArmored(string(raw[start:]))
	if err != nil {
		return nil, err
	}
	clear, err := r.ring.Decrypt(sealed, nil, 0)
	if err != nil {
		return nil, err
	}
	return clear.GetBinary(), nil
}
