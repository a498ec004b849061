package seal

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"postvern.example/internal/octets"
)

// gnupg is a GnuPG home of its own with one secret key.
type gnupg struct{ home string }

func newGnuPG(t testing.TB, secret string) gnupg {
	t.Helper()
	if _, err := exec.LookPath("gpg"); err != nil {
		t.Skip("gpg is not installed")
	}
	home, err := os.MkdirTemp("", "gpg") // short: the agent's socket stands in it
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = exec.CommandContext(context.Background(), "gpgconf", "--homedir", home, "--kill", "all").Run()
		_ = os.RemoveAll(home)
	})
	g := gnupg{home}
	g.run(t, secret, "--import")
	return g
}

func (g gnupg) run(t testing.TB, stdin string, args ...string) (stdout []byte, stderr string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "gpg", append([]string{"--homedir", g.home, "--batch", "--no-tty", "--pinentry-mode", "loopback", "--passphrase", ""}, args...)...)
	var out, errs bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("gpg %v: %v\n%s", args, err, errs.String())
	}
	return out.Bytes(), errs.String()
}

func TestGnuPGOpensWhatWasSealed(t *testing.T) {
	for _, c := range []struct {
		kind string
		bits int
	}{{"rsa", 2048}, {"rsa", 3072}, {"rsa", 4096}, {"x25519", 0}} {
		t.Run(fmt.Sprintf("%s%d", c.kind, c.bits), func(t *testing.T) {
			if testing.Short() && c.bits > 2048 {
				t.Skip("making a large RSA key takes seconds")
			}
			secret, k := reader(t, c.kind, c.bits)
			armored, err := secret.Armor()
			if err != nil {
				t.Fatal(err)
			}
			g := newGnuPG(t, armored)
			message := armorOf(t, sealed(t, k, sealing()))

			plain, stderr := g.run(t, message, "--decrypt")
			if _, body, _ := strings.Cut(string(plain), "\r\n\r\n"); body != letterBody {
				t.Errorf("body %q", body)
			}
			if !bytes.Contains(plain, []byte("Subject: =?utf-8?Q?Din_sygemelding_og_l=C3=B8n?=\r\n")) {
				t.Error("the real subject is not inside")
			}
			if strings.Contains(strings.ToLower(stderr), "warning: message was not integrity protected") {
				t.Error(stderr)
			}

			packets, _ := g.run(t, message, "--list-packets")
			keys := regexp.MustCompile(`(?m)^:pubkey enc packet:.*keyid ([0-9A-F]{16})`).FindAllStringSubmatch(string(packets), -1)
			want, _ := secret.GetEntity().EncryptionKey(time.Now())
			if len(keys) != 1 || keys[0][1] != fmt.Sprintf("%016X", want.PublicKey.KeyId) {
				t.Errorf("packets:\n%s", packets)
			}
			for _, other := range []string{":signature packet:", ":symkey enc packet:", ":onepass_sig packet:", ":compressed packet:"} {
				if bytes.Contains(packets, []byte(other)) {
					t.Errorf("%s in\n%s", other, packets)
				}
			}
			if !bytes.Contains(packets, []byte(`mdc_method`)) || !bytes.Contains(packets, []byte(`name=""`)) {
				t.Errorf("packets:\n%s", packets)
			}
		})
	}
}

func TestGnuPGOpensALargeMail(t *testing.T) {
	secret, k := reader(t, "x25519", 0)
	armored, err := secret.Armor()
	if err != nil {
		t.Fatal(err)
	}
	g := newGnuPG(t, armored)
	m := sealing()
	body := bytes.Repeat([]byte("\xe6\xf8\xe5 linje\r\n"), 300_000)
	m.Raw = octets.Hold(append([]byte(letter), body...))
	plain, _ := g.run(t, armorOf(t, sealed(t, k, m)), "--decrypt")
	if _, got, _ := bytes.Cut(plain, []byte("\r\n\r\n")); !bytes.Equal(got, body) {
		t.Errorf("%d octets came out, not the %d that went in", len(got), len(body))
	}
}

// BenchmarkBesideGnuPG seals the same mail here and by the gpg program, which is
// started for each, and prints how many of both a second, beside the bars.
func BenchmarkBesideGnuPG(b *testing.B) {
	for _, c := range []struct {
		name string
		size int
		bar  float64
	}{{"5 KB", 5 << 10, 10}, {"10 MB", 10 << 20, 2}} {
		b.Run(c.name, func(b *testing.B) {
			secret, k := reader(b, "x25519", 0)
			armored, err := secret.Armor()
			if err != nil {
				b.Fatal(err)
			}
			g := newGnuPG(b, armored)
			m := sealing()
			m.Raw = octets.Hold(attachmentMail(c.size))
			var ours, theirs time.Duration
			for b.Loop() {
				begun := time.Now()
				made, err := k.Prepare(m, begun)
				if err == nil {
					err = made.Write(io.Discard) // as gpg's output goes nowhere
				}
				if err != nil {
					b.Fatal(err)
				}
				ours += time.Since(begun)
				begun = time.Now()
				g.run(b, string(m.Raw.Held), "--trust-model", "always", "--recipient", "anna@member.example", "--armor", "--output", os.DevNull, "--yes", "--encrypt")
				theirs += time.Since(begun)
			}
			ratio, word := float64(theirs)/float64(ours), "MISSED"
			if ratio >= c.bar {
				word = "met"
			}
			b.ReportMetric(float64(b.N)/ours.Seconds(), "seals/s")
			b.ReportMetric(float64(b.N)/theirs.Seconds(), "gpg-seals/s")
			fmt.Printf("OpenPGP, %-6s %8.1f seals/s   gpg %7.1f   %6.2f ×   bar %5.2f   %s\n", c.name, float64(b.N)/ours.Seconds(), float64(b.N)/theirs.Seconds(), ratio, c.bar, word)
		})
	}
}

// attachmentMail is a mail of about so many octets, most of them of a file.
func attachmentMail(size int) []byte {
	noise := make([]byte, size/4*3*76/78)
	_, _ = rand.NewChaCha8([32]byte{2}).Read(noise)
	out := []byte(letter)
	for line := range slices.Chunk([]byte(base64.StdEncoding.EncodeToString(noise)), 76) {
		out = append(append(out, line...), '\r', '\n')
	}
	return out
}
