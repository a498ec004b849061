package seal

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/mail"
	"strings"
	"testing"
	"time"

	"postvern.example/internal/octets"
)

// leaf is a message with one part.
func leaf(fields, body string) string {
	return "From: a@forening.example\r\nTo: anna@member.example\r\nSubject: x\r\n" + fields + "\r\n" + body
}

func TestPaddingStandsWhereProgramsShowNothing(t *testing.T) {
	secret, k := reader(t, "x25519", 0)
	base := strings.TrimRight(lines(base64.StdEncoding.EncodeToString(bytes.Repeat([]byte("lon"), 1_500_000))), "\r\n")
	parts := "--b\r\nContent-Type: text/plain\r\n\r\nhej\r\n--b\r\n\r\nigen\r\n"
	for name, c := range map[string]struct{ fields, body string }{
		"one part":               {"Content-Type: text/plain\r\n", "hej"},
		"no body":                {"", ""},
		"a large text":           {"Content-Type: text/plain\r\n", strings.Repeat("Kaere Anna.\r\n", 400_000)},
		"a large file":           {"Content-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n", base},
		"parts":                  {"Content-Type: multipart/mixed; boundary=b\r\n", parts + "--b--\r\n"},
		"parts and an epilogue":  {"Content-Type: multipart/mixed; boundary=b\r\n", parts + "--b--\r\nepilogue\r\n"},
		"parts without an end":   {"Content-Type: multipart/mixed; boundary=b\r\n", parts},
		"an end of another":      {"Content-Type: multipart/mixed; boundary=b\r\n", parts + "--b1--\r\n"},
		"signed, and of no size": {"Content-Type: multipart/signed; boundary=\"b\"; micalg=sha-256; protocol=\"application/pkcs7-signature\"\r\n", parts + "--b--"},
	} {
		t.Run(name, func(t *testing.T) {
			inner := open(t, secret, sealed(t, k, Sealing{Reader: "anna@member.example", Raw: octets.Hold([]byte(leaf(c.fields, c.body)))}))
			if len(inner) != octets.PadTo(len(inner)) {
				t.Errorf("%d octets were not filled up", len(inner))
			}
			if want := texts(t, leaf(c.fields, c.body)); texts(t, inner) != want {
				t.Errorf("what programs show has changed: %d octets, not %d", len(texts(t, inner)), len(want))
			}
			for line := range strings.SplitSeq(inner, "\r\n") {
				if len(line) > 200 {
					t.Errorf("a line of %d octets", len(line))
				}
			}
		})
	}
}

func lines(s string) string {
	var b strings.Builder
	w := &lineWriter{w: &b}
	_, _ = io.WriteString(w, s)
	return b.String()
}

// texts are the decoded leaves of a message, as programs show them.
func texts(t *testing.T, raw string) string {
	t.Helper()
	m, err := mail.ReadMessage(strings.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	var walk func(content, encoding string, body io.Reader) string
	walk = func(content, encoding string, body io.Reader) string {
		media, params, err := mime.ParseMediaType(content)
		if err == nil && strings.HasPrefix(media, "multipart/") {
			var out strings.Builder
			for parts := multipart.NewReader(body, params["boundary"]); ; {
				p, err := parts.NextRawPart()
				if err != nil {
					return out.String()
				}
				out.WriteString(walk(p.Header.Get("Content-Type"), p.Header.Get("Content-Transfer-Encoding"), p))
			}
		}
		if encoding == "base64" {
			body = base64.NewDecoder(base64.StdEncoding, body)
		}
		read, err := io.ReadAll(body)
		if err != nil && !strings.HasPrefix(media, "text/") && media != "" {
			t.Errorf("%s: %v", media, err)
		}
		return string(read)
	}
	return strings.TrimSpace(walk(m.Header.Get("Content-Type"), m.Header.Get("Content-Transfer-Encoding"), m.Body))
}

func TestMailsOfNearlyOneSizeCannotBeToldApart(t *testing.T) {
	_, k := reader(t, "x25519", 0)
	certificates := mustCertificates(t, CertificateConfig{}, map[string][]byte{"m.cer": issue(t, template(), smimeRSA(), nil, nil).Raw})
	for name, seal := range map[string]func(Sealing) ([]byte, error){
		"OpenPGP": func(m Sealing) ([]byte, error) { m.Reader = "anna@member.example"; return k.Seal(m, time.Now()) },
		"S/MIME": func(m Sealing) ([]byte, error) {
			m.Reader = "mette@post.example"
			return certificates.Seal(m, certificateNow)
		},
	} {
		sizes := map[int]bool{}
		for n := range 400 {
			raw := leaf("Content-Type: text/plain\r\n", fmt.Sprintf("%0*d", 9000+n, 0))
			out, err := seal(Sealing{Raw: octets.Hold([]byte(raw))})
			if err != nil {
				t.Fatal(err)
			}
			sizes[len(out)] = true
		}
		if len(sizes) > 3 {
			t.Errorf("%s: %d sizes", name, len(sizes))
		}
	}
}
