package message

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// hideMember hides members by address, and two of them by name.
func hideMember(name, address string) bool {
	return isMember(address) || name == "Åsa Øst" || name == "Mette Madsen" && address == ""
}

func TestQuotedHeaderBlocksLoseMembersAndNothingElse(t *testing.T) {
	files, err := filepath.Glob("testdata/quoted/*.eml")
	if err != nil || len(files) < 6 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		m := read(t, crlf(string(raw)))
		edits, n, err := m.HideQuoted(hideMember)
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		if strings.HasSuffix(file, "prose.eml") && (n > 0 || len(edits) > 0) {
			t.Errorf("%s: prose was edited", file)
		}
		out := read(t, apply(t, m, edits))
		if len(out.Defects) > 0 {
			t.Errorf("%s: defects %q", file, reasons(out))
		}
		if left, err := out.Quoted(); err != nil {
			t.Errorf("%s: %v", file, err)
		} else {
			for _, r := range left {
				if hideMember(r.Name, r.Address) {
					t.Errorf("%s: still names %+v", file, r)
				}
			}
		}
		compareQuoted(t, strings.TrimSuffix(file, ".eml")+".clean", out)
	}
}

// compareQuoted compares the decoded bodies with the golden file.
func compareQuoted(t *testing.T, golden string, out *Message) {
	t.Helper()
	var got strings.Builder
	err := out.bodies(out.Root, false, func(p *Part, _ bool) error {
		b, err := out.body(p)
		if err != nil {
			return err
		}
		got.WriteString("== " + p.Place.String() + " " + p.Encoding + "\n" + strings.ReplaceAll(b.text, "\r\n", "\n"))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(golden, []byte(got.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil || got.String() != string(want) {
		t.Errorf("%s: got\n%s\nwant\n%s%v", golden, got.String(), want, err)
	}
}

const quotedBlock = "Hej\n\nFra: Anna\nSendt: i dag\nTil: Bo <bo@member.example>; Chef <chef@region.example>\nEmne: x\n\nHej\n"

func TestASignedPartWithQuotedMembersIsAnError(t *testing.T) {
	signed := "From: a@x.example\nContent-Type: multipart/signed; protocol=\"application/pgp-signature\"; micalg=pgp-sha256; boundary=b\n\n" +
		"--b\nContent-Type: text/plain\n\n" + quotedBlock + "--b\nContent-Type: application/pgp-signature\n\nx\n--b--\n"
	clear := "From: a@x.example\n\n-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n" + quotedBlock + "-----BEGIN PGP SIGNATURE-----\n\nx\n-----END PGP SIGNATURE-----\n"
	for name, raw := range map[string]string{"PGP/MIME": signed, "cleartext": clear} {
		m := read(t, crlf(raw))
		if edits, _, err := m.HideQuoted(hideMember); !errors.Is(err, ErrSigned) || edits != nil {
			t.Errorf("%s: got %d edits, %v", name, len(edits), err)
		}
		if edits, n, err := m.HideQuoted(func(string, string) bool { return false }); err != nil || n > 0 || len(edits) > 0 {
			t.Errorf("%s: nobody to hide and yet %d edits, %v", name, len(edits), err)
		}
	}
}

func TestABodyThatCannotBeWrittenBackIsAnError(t *testing.T) {
	for name, head := range map[string]string{
		"unknown charset":  "Content-Type: text/plain; charset=x-unknown\n\n" + quotedBlock,
		"undefined octets": "Content-Type: text/plain; charset=windows-1252\n\n\x81 \x8d" + quotedBlock,
		"damaged encoding": "Content-Transfer-Encoding: quoted-printable\n\n=zz" + quotedBlock,
		"link around two":  "Content-Type: text/html\n\n<b>Fra:</b> x<br><b>Til:</b> <a href=\"mailto:bo@member.example\">Bo; Chef</a><br>",
	} {
		m := read(t, crlf("From: a@x.example\n"+head))
		if edits, n, err := m.HideQuoted(func(name, a string) bool { return name == "Bo" || isMember(a) }); err == nil {
			t.Errorf("%s: got %d edits for %d", name, len(edits), n)
		}
	}
}

func TestOnlyTheQuotedPartIsWrittenAnew(t *testing.T) {
	raw := crlf("From: a@x.example\nX-Odd:  a \nContent-Type: multipart/mixed; boundary=b\n\npre\n--b\n\nodd  \n--b\nContent-Transfer-Encoding: base64\n\n" +
		string(encodeBase64([]byte(crlf(quotedBlock)))) + "\n--b\nContent-Type: application/pdf\nContent-Transfer-Encoding: base64\n\nJVBE\nRg==\n--b--\nepi\n")
	raw = strings.ReplaceAll(raw, "\r\r\n", "\r\n")
	m := read(t, raw)
	edits, n, err := m.HideQuoted(hideMember)
	if err != nil || n != 1 || len(edits) != 1 || edits[0].Range != m.Root.Children[1].Body {
		t.Fatalf("%d hidden by %d edits, %v", n, len(edits), err)
	}
	out := read(t, apply(t, m, edits))
	content, err := out.Content(out.Root.Children[1])
	if want := strings.Replace(crlf(quotedBlock), "Bo <bo@member.example>; ", "", 1); err != nil || string(content) != want {
		t.Errorf("got %q, %v, want %q", content, err, want)
	}
}

func TestQuotedRecipientsAreListed(t *testing.T) {
	m := read(t, crlf("From: a@x.example\n\n> "+strings.ReplaceAll(quotedBlock, "\n", "\n> ")))
	found, err := m.Quoted()
	if err != nil || len(found) != 2 || found[0] != (QuotedRecipient{"Bo", "bo@member.example"}) || found[1].Name != "Chef" {
		t.Errorf("got %+v, %v", found, err)
	}
}

func TestQuotedBlocksCostNoMoreThanTheirSize(t *testing.T) {
	for name, body := range map[string]string{
		"long list":        "Fra: x\nTil: " + strings.Repeat("bo@member.example, ", 40000),
		"long folded list": "Fra: x\nTil: " + strings.Repeat("bo@member.example,\n a@x.example,\n", 20000),
		"many blocks":      strings.Repeat("Fra: x\nTil: bo@member.example; a@x.example\n\nx\n\n", 10000),
		"labels only":      strings.Repeat("Til: \n", 100000),
		"open brackets":    "Fra: x\nTil: " + strings.Repeat("<\n", 100000),
	} {
		for _, media := range []string{"text/plain", "text/html"} {
			text := body
			if media == "text/html" {
				text = strings.ReplaceAll(strings.ReplaceAll(body, "<", "&lt;"), "\n", "<br>\n")
			}
			m := read(t, crlf("From: a@x.example\nContent-Type: "+media+"\nContent-Transfer-Encoding: base64\n\n")+string(encodeBase64([]byte(crlf(text)))))
			start := cpuTime(t)
			if _, _, err := m.HideQuoted(hideMember); err != nil && !errors.Is(err, ErrRewrite) {
				t.Errorf("%s, %s: %v", name, media, err)
			}
			if took := cpuTime(t) - start; took > patience*time.Second {
				t.Errorf("%s, %s: took %v", name, media, took)
			} else {
				t.Logf("%s, %s: %v", name, media, took)
			}
		}
	}
}
