package test

import (
	"bufio"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"postvern.example/internal/sink"
)

// representativeWithout is somebody whose password stands elsewhere.
const representativeWithout = `- name: Anna Holm
  login: anna
  addresses: [anna.holm@region.example]
  language: da
`

// withLogin returns the administrator's file with a login section of its own.
func withLogin(upstream, login string) string {
	return fmt.Sprintf(`hostname: mail.forening.example
data: data
listen:
  - {address: "127.0.0.1:0", tls: starttls}
  - {address: "127.0.0.1:0", tls: implicit}
upstream: {address: %q, tls: none}
login: %s
policy: policy.yaml
representatives: representatives.yaml
members: members.csv
keys: keys/
metrics: {address: "127.0.0.1:0"}
log: {format: json, level: debug}
`, upstream, login)
}

// says connects to the implicit listener, greets, says the lines one after
// another and returns the last line of each reply.
func (i *installation) says(lines ...string) []string {
	i.t.Helper()
	conn, err := tls.Dial("tcp", i.implicit, &tls.Config{RootCAs: i.roots, ServerName: "mail.forening.example", MinVersion: tls.VersionTLS12})
	if err != nil {
		i.t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(60 * time.Second))
	in := bufio.NewReader(conn)
	var replies []string
	for n, line := range append([]string{"", "EHLO pc.example"}, lines...) {
		if n > 0 {
			if _, err := fmt.Fprintf(conn, "%s\r\n", line); err != nil {
				i.t.Fatal(err)
			}
		}
		reply := ""
		for len(reply) < 4 || reply[3] == '-' {
			text, err := in.ReadString('\n')
			if err != nil {
				i.t.Fatalf("after %q: %v", line, err)
			}
			reply = strings.TrimRight(text, "\r\n")
			if n == 1 && strings.HasPrefix(reply[4:], "AUTH ") {
				replies = append([]string{reply[4:]}, replies...)
			}
		}
		if n > 1 {
			replies = append(replies, reply)
		}
	}
	return replies
}

func plainLogin(user, password string) string {
	return "AUTH PLAIN " + base64.StdEncoding.EncodeToString([]byte("\x00"+user+"\x00"+password))
}

func expectReplies(t testing.TB, got []string, want ...string) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("got %q, want %q", got, want)
	}
	for n := range want {
		if !strings.HasPrefix(got[n], want[n]) {
			t.Errorf("reply %d: got %q, want %q", n, got[n], want[n])
		}
	}
}

func TestALoginIsTriedAtTheUpstreamServer(t *testing.T) {
	i := install(t, nil, sink.Config{})
	passwords, err := sink.Start(sink.Config{Security: sink.StartTLS, Username: "anna", Password: "rød grød med fløde"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = passwords.Close() })
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: passwords.Certificate().Raw})
	i.write("ca.pem", string(ca))
	i.write("representatives.yaml", representativeWithout)
	i.write("postvern.yaml", withLogin(i.upstream.Addr(), fmt.Sprintf("{method: upstream, upstream: {address: %q, ca: ca.pem}}", passwords.Addr())))
	i.start()

	expectReplies(t, i.says(plainLogin("anna", "wrong"), plainLogin("anna", "rød grød med fløde"),
		"MAIL FROM:<anna.holm@region.example>", "RCPT TO:<bo@mail.example>", "DATA", "Subject: Hej\r\n\r\nHej.\r\n."),
		"AUTH PLAIN LOGIN", "535 5.7.8", "235 2.7.0", "250", "250", "354", "250")
	i.arrived(1)
	expectReplies(t, i.says(plainLogin("bo", "rød grød med fløde")), "AUTH", "535 5.7.8")

	before := passwords.Stats().Sessions
	for range 20 {
		expectReplies(t, i.says(plainLogin("anna", "rød grød med fløde")), "AUTH", "235")
	}
	if n := passwords.Stats().Sessions - before; n != 0 {
		t.Errorf("the upstream server was asked %d times about a password that it had just taken", n)
	}
	_ = passwords.Close()
	for range 12 { // an outage is nobody's failure
		expectReplies(t, i.says(plainLogin("anna", "another")), "AUTH", "454 4.7.0 Dit login kan ikke kontrolleres")
	}
	expectReplies(t, i.says(plainLogin("anna", "rød grød med fløde")), "AUTH", "235")
	if !i.log.comes(`"msg":"put off login"`) || strings.Contains(i.log.String(), "another") || strings.Contains(i.log.String(), "rød grød") {
		t.Errorf("the log:\n%s", i.log)
	}
}

// issuer is an OpenID Connect provider with one key.
type issuer struct {
	*httptest.Server
	t   *testing.T
	key *rsa.PrivateKey
}

func newIssuer(t *testing.T) *issuer {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	o := &issuer{t: t, key: key}
	o.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var v any = jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: "1", Use: "sig"}}}
		if strings.HasPrefix(r.URL.Path, "/.well-known/") {
			v = map[string]string{"issuer": o.URL, "jwks_uri": o.URL + "/keys"}
		}
		_ = json.NewEncoder(w).Encode(v)
	}))
	t.Cleanup(o.Close)
	return o
}

// token is one for a user, with a claim of so many octets that nobody needs.
func (o *issuer) token(user string, until time.Time, pad int) string {
	o.t.Helper()
	s, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: o.key, KeyID: "1"}}, nil)
	if err != nil {
		o.t.Fatal(err)
	}
	claims, err := json.Marshal(map[string]any{
		"iss": o.URL, "aud": "postvern", "exp": until.Unix(), "preferred_username": user, "groups": strings.Repeat("g", pad),
	})
	if err != nil {
		o.t.Fatal(err)
	}
	signed, err := s.Sign(claims)
	if err != nil {
		o.t.Fatal(err)
	}
	text, err := signed.CompactSerialize()
	if err != nil {
		o.t.Fatal(err)
	}
	return text
}

// xoauth2 is what a mail program says with AUTH XOAUTH2.
func xoauth2(user, token string) string {
	return base64.StdEncoding.EncodeToString([]byte("user=" + user + "\x01auth=Bearer " + token + "\x01\x01"))
}

func TestTokensOfAnIssuerOpenTheServer(t *testing.T) {
	issuer := newIssuer(t)
	token := issuer.token
	encode := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	bearer := func(user, token string) string {
		return encode("n," + user + ",\x01host=mail.forening.example\x01port=465\x01auth=Bearer " + token + "\x01\x01")
	}
	i := install(t, nil, sink.Config{})
	i.write("postvern.yaml", withLogin(i.upstream.Addr(), fmt.Sprintf("{method: [file, oidc], oidc: {issuer: %q, audience: postvern}}", issuer.URL)))
	i.start()
	good, expired := token("anna", time.Now().Add(time.Hour), 0), token("anna", time.Now().Add(-time.Hour), 0)
	long := token("anna", time.Now().Add(time.Hour), 4000)

	const offered = "AUTH PLAIN LOGIN OAUTHBEARER XOAUTH2"
	const no, noX = `334 eyJzdGF0dXMiOiJpbnZhbGlkX3Rva2VuIn0=`, `334 eyJzdGF0dXMiOiI0MDEi`
	for name, c := range map[string]struct{ lines, want []string }{
		"password beside it":         {[]string{plainLogin("anna", password)}, []string{"235"}},
		"XOAUTH2":                    {[]string{"AUTH XOAUTH2 " + xoauth2("anna", good)}, []string{"235"}},
		"XOAUTH2 asked for":          {[]string{"AUTH XOAUTH2", xoauth2("anna", good)}, []string{"334", "235"}},
		"XOAUTH2, long token":        {[]string{"AUTH XOAUTH2 " + xoauth2("anna", long)}, []string{"235"}},
		"XOAUTH2, another's name":    {[]string{"AUTH XOAUTH2 " + xoauth2("ole", good), ""}, []string{noX, "535 5.7.8"}},
		"XOAUTH2, no name":           {[]string{"AUTH XOAUTH2 " + xoauth2("", good)}, []string{"501 5.5.2"}},
		"XOAUTH2, expired":           {[]string{"AUTH XOAUTH2 " + xoauth2("anna", expired), ""}, []string{noX, "535 5.7.8"}},
		"OAUTHBEARER":                {[]string{"AUTH OAUTHBEARER " + bearer("a=anna", good)}, []string{"235"}},
		"OAUTHBEARER asked for":      {[]string{"AUTH OAUTHBEARER", bearer("a=anna", long)}, []string{"334", "235"}},
		"OAUTHBEARER, no name":       {[]string{"AUTH OAUTHBEARER " + bearer("", good)}, []string{"235"}},
		"OAUTHBEARER, expired":       {[]string{"AUTH OAUTHBEARER " + bearer("a=anna", expired), "AQ=="}, []string{no, "535 5.7.8"}},
		"OAUTHBEARER, then again":    {[]string{"AUTH OAUTHBEARER " + bearer("", expired), "AQ==", "AUTH OAUTHBEARER " + bearer("", good)}, []string{no, "535 5.7.8", "235"}},
		"OAUTHBEARER, cancelled":     {[]string{"AUTH OAUTHBEARER " + bearer("", expired), "*"}, []string{no, "501 5.7.0"}},
		"OAUTHBEARER, a stranger":    {[]string{"AUTH OAUTHBEARER " + bearer("", token("nobody", time.Now().Add(time.Hour), 0)), "AQ=="}, []string{no, "535"}},
		"OAUTHBEARER, binding":       {[]string{"AUTH OAUTHBEARER " + encode("p=tls-unique,,\x01auth=Bearer "+good+"\x01\x01")}, []string{"501 5.5.2"}},
		"OAUTHBEARER, two tokens":    {[]string{"AUTH OAUTHBEARER " + encode("n,,\x01auth=Bearer x\x01auth=Bearer "+good+"\x01\x01")}, []string{"501 5.5.2"}},
		"OAUTHBEARER, no token":      {[]string{"AUTH OAUTHBEARER " + encode("n,,\x01host=x\x01\x01")}, []string{"501 5.5.2"}},
		"a token is no password":     {[]string{plainLogin("anna", good)}, []string{"535"}},
		"then MAIL as the token's":   {[]string{"AUTH OAUTHBEARER " + bearer("", good), "MAIL FROM:<anna.holm@region.example>"}, []string{"235", "250"}},
		"then MAIL as somebody else": {[]string{"AUTH OAUTHBEARER " + bearer("", good), "MAIL FROM:<ole@region.example>"}, []string{"235", "550 5.7.1"}},
	} {
		t.Run(name, func(t *testing.T) { expectReplies(t, i.says(c.lines...), append([]string{offered}, c.want...)...) })
	}
	for range 12 { // a mail program tries its old token first: that is no attack
		expectReplies(t, i.says("AUTH XOAUTH2 "+xoauth2("anna", expired), ""), offered, noX, "535")
	}
	expectReplies(t, i.says("AUTH XOAUTH2 "+xoauth2("anna", good)), offered, "235")
	for range 10 {
		i.says("AUTH XOAUTH2 "+xoauth2("anna", good[:len(good)-8]+"AAAAAAAA"), "")
	}
	expectReplies(t, i.says("AUTH XOAUTH2 "+xoauth2("anna", good)), offered, "454 4.7.0 Der har vaeret for mange")
	if strings.Contains(i.log.String(), good[len(good)-40:]) {
		t.Error("the log holds a token")
	}
}

func TestLoginSettingsAreCheckedAtTheStart(t *testing.T) {
	for login, want := range map[string]string{
		`{method: kerberos}`:         `"kerberos" is none of file, upstream, ldap, oidc`,
		`{method: [file, ldap]}`:     "give one of file, upstream and ldap",
		`{method: ldap}`:             "login.ldap: url:",
		`{ldap: {url: "ldaps://x"}}`: "login.ldap: is used with login.method: ldap only",
		`{method: oidc}`:             "login.oidc.issuer",
		`{method: oidc, oidc: {issuer: "https://login.example"}}`:               "login.oidc.audience: is missing",
		`{method: oidc, oidc: {issuer: "http://login.example"}}`:                "is no https:// address",
		`{method: upstream, upstream: {address: "mail.example:25", tls: none}}`: "never crosses a network in clear",
		`{method: file, remember: 3d}`:                                          "login.remember",
		`{method: file, timeout: 5m}`:                                           "login.timeout",
		`{methods: file}`:                                                       "method",
	} {
		i := install(t, files{}, sink.Config{})
		i.write("postvern.yaml", withLogin(i.upstream.Addr(), login))
		out, err := i.run("keys", "list")
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v\n%s", login, err, out)
		}
	}
}
