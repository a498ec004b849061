package message

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/emersion/go-msgauth/dkim"
)

// editAll makes every edit of the header that the gateway makes.
func editAll(t *testing.T, m *Message) []byte {
	t.Helper()
	edits, n, err := m.Hide(isMember)
	if err != nil || n == 0 {
		t.Fatalf("Hide: %d hidden, %v", n, err)
	}
	subject, err := m.SetSubject("TR – fortroligt: møde")
	if err != nil {
		t.Fatal(err)
	}
	top, err := m.AddTop("Received", "by mail.union.example (Postvern)")
	if err != nil {
		t.Fatal(err)
	}
	out, err := m.Apply(append(append(append(edits, subject...), m.Drop("Bcc")...), top)...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

const signedSample = `From: Anna Holm <tr.anna@union.example>
To: Bo <bo@member.example>, Chef <chef@region.example>
Bcc: hemmelig@member.example
Subject: =?utf-8?Q?m=C3=B8de?=
Date: Sat, 21 Nov 2026 12:00:00 +0100
Message-ID: <1@union.example>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=b

This is a multi-part message in MIME format.
--b
Content-Type: text/plain; charset=iso-8859-1
Content-Transfer-Encoding: 8bit

Hej alle,  ` + "\xe6\xf8\xe5" + `  
.. . .

--b
Content-Type: application/pdf
Content-Transfer-Encoding: base64

JVBERg==
--b--

  
`

func TestADKIMSignatureOverWhatIsNotEditedStillVerifies(t *testing.T) {
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	verify := func(raw []byte) error {
		found, err := dkim.VerifyWithOptions(bytes.NewReader(raw), &dkim.VerifyOptions{LookupTXT: func(string) ([]string, error) {
			return []string{"v=DKIM1; k=ed25519; p=" + base64.StdEncoding.EncodeToString(public)}, nil
		}})
		if err != nil || len(found) != 1 {
			t.Fatalf("Verify: %v, %d signatures", err, len(found))
		}
		return found[0].Err
	}
	for _, test := range []struct {
		canonical dkim.Canonicalization
		headers   []string
		survives  bool
	}{
		{dkim.CanonicalizationSimple, []string{"From", "Date", "Message-ID", "MIME-Version", "Content-Type"}, true},
		{dkim.CanonicalizationRelaxed, []string{"From", "Date", "Message-ID", "MIME-Version", "Content-Type"}, true},
		{dkim.CanonicalizationRelaxed, []string{"From", "To", "Subject"}, false}, // the signature covers what was edited
	} {
		var signed bytes.Buffer
		err := dkim.Sign(&signed, strings.NewReader(crlf(signedSample)), &dkim.SignOptions{
			Domain: "union.example", Selector: "s", Signer: private, Hash: crypto.SHA256,
			HeaderCanonicalization: test.canonical, BodyCanonicalization: test.canonical, HeaderKeys: test.headers,
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := verify(signed.Bytes()); err != nil {
			t.Fatalf("before the edit: %v", err)
		}
		err = verify(editAll(t, read(t, signed.String())))
		if (err == nil) != test.survives {
			t.Errorf("%s over %v: after the edit: %v", test.canonical, test.headers, err)
		}
		if err != nil && strings.Contains(err.Error(), "body hash") {
			t.Errorf("%s: the body hash changed", test.canonical)
		}
	}
}

func TestAnSMIMESignatureStillVerifiesAfterTheHeaderIsEdited(t *testing.T) {
	dir := smimeIdentity(t)
	openssl(t, dir, "cms", "-sign", "-binary", "-crlfeol", "-in", "body", "-out", "signed.eml", "-signer", "cert.pem", "-inkey", "key.pem")
	entity, err := os.ReadFile(filepath.Join(dir, "signed.eml"))
	if err != nil {
		t.Fatal(err)
	}
	head := crlf("From: Anna <tr.anna@union.example>\nTo: bo@member.example, c@x.example\nBcc: d@x.example\nSubject: x\n")
	m := read(t, head+string(canonicalLines(entity)))
	if len(m.Defects) > 0 || m.Root.MediaType != "multipart/signed" || m.Sealed() != NotSealed {
		t.Fatalf("read as %s, sealed %q, defects %q", m.Root.MediaType, m.Sealed(), reasons(m))
	}
	out := editAll(t, m)
	if bytes.Contains(out, []byte("bo@member.example")) {
		t.Error("a member is still visible")
	}
	if err := os.WriteFile(filepath.Join(dir, "edited.eml"), out, 0o600); err != nil {
		t.Fatal(err)
	}
	openssl(t, dir, "cms", "-verify", "-in", "edited.eml", "-CAfile", "cert.pem", "-purpose", "any", "-out", "content")
}
