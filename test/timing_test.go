package test

import (
	"bufio"
	"crypto/sha1"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"postvern.example/internal/ranks"
	"postvern.example/internal/sink"
	"postvern.example/internal/slapd"
	"postvern.example/proxy/login"
	"postvern.example/proxy/submission"
)

// TestEvaluationOfLoginTimes prints whether the time of an answer tells who is a
// representative, and who of them was locked out. It asserts nothing: times are
// the machine's. What is asserted stands in internal/roster, where the work is
// counted.
func TestEvaluationOfLoginTimes(t *testing.T) {
	if os.Getenv("POSTVERN_EVAL") == "" {
		t.Skip("make eval prints the times")
	}
	t.Run("file", func(t *testing.T) {
		i := install(t, nil, sink.Config{})
		measureLogins(t, i, i.upstream.Addr(), "{method: file}", 240)
	})
	t.Run("upstream", func(t *testing.T) {
		m := startMailServer(t, "plain", "127.0.0.1")
		i := &installation{t: t, dir: t.TempDir(), upstream: m.sink}
		var users strings.Builder
		for n := range 90 {
			fmt.Fprintf(&users, "known%d:right\ncolleague%[1]d:right\n", n)
		}
		m.write("users", users.String())
		i.configure(nil, m.address)
		measureLogins(t, i, m.sink.Addr(), fmt.Sprintf("{method: upstream, connections: 64, upstream: {address: %q, ca: %q}}", m.address, m.ca), 90)
	})
	for name, hash := range map[string]string{"ldap, cheap hashes": saltedSHA1("right"), "ldap, argon2": "{ARGON2}" + hashed(t, "right")} {
		t.Run(name, func(t *testing.T) { measureDirectory(t, hash) })
	}
	t.Run("oidc", measureTokens)
}

// measureDirectory measures logins by a directory, and the directory by itself:
// what it tells is told whoever asks it.
func measureDirectory(t *testing.T, hash string) {
	t.Helper()
	var people strings.Builder
	account := func(login string) {
		fmt.Fprintf(&people, "dn: uid=%s,ou=people,%s\nobjectClass: inetOrgPerson\ncn: Person\nsn: Person\nuid: %[1]s\nuserPassword: %[3]s\n\n", login, slapd.Root, hash)
	}
	for n := range 60 { // the others are representatives without an account
		account(fmt.Sprintf("known%d", n))
	}
	for n := range 30 {
		account(fmt.Sprintf("colleague%d", n))
	}
	s, err := slapd.Start(t.TempDir(), people.String())
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(s.Stop)
	i := install(t, files{"ldap.password": slapd.SearchPassword}, sink.Config{})
	measureLogins(t, i, i.upstream.Addr(), fmt.Sprintf("{method: ldap, connections: 64, ldap: {url: %q, base: %q, filter: \"(uid={login})\", bind-dn: %q, password-file: ldap.password}}",
		s.Clear, slapd.Root, slapd.Searcher), 120)
	alone := login.Directory{URL: s.Clear, Base: slapd.Root, Filter: "(uid={login})", BindDN: slapd.Searcher, Password: slapd.SearchPassword, Timeout: 10 * time.Second}
	times := map[string][]float64{}
	for n := range 120 {
		for _, kind := range []string{"nobody", "known"} {
			start := time.Now()
			if err := alone.Try(t.Context(), fmt.Sprintf("%s%d", kind, n%30), "wrong"); !errors.Is(err, submission.ErrDenied) {
				t.Fatal(err)
			}
			times[kind] = append(times[kind], float64(time.Since(start).Microseconds())/1000)
		}
	}
	logTimes(t, "asked directly: unknown", "known, wrong password", times["nobody"], times["known"])
}

// saltedSHA1 is a password as OpenLDAP keeps it by default.
func saltedSHA1(password string) string {
	const salt = "postvern"
	sum := sha1.Sum([]byte(password + salt))
	return "{SSHA}" + base64.StdEncoding.EncodeToString(append(sum[:], salt...))
}

// measureTokens tries tokens that do not do. Who has a good one knows whose it is.
func measureTokens(t *testing.T) {
	o := newIssuer(t)
	i := install(t, nil, sink.Config{})
	i.write("representatives.yaml", representatives(t, hashed(t, "right")))
	i.write("postvern.yaml", balanced(withLogin(i.upstream.Addr(), fmt.Sprintf("{method: [file, oidc], oidc: {issuer: %q, audience: postvern}}", o.URL))))
	i.start()
	kinds := map[string]func(user string) string{
		"forged": func(user string) string {
			s := o.token(user, time.Now().Add(time.Hour), 0)
			return s[:len(s)-8] + "AAAAAAAA"
		},
		"expired": func(user string) string { return o.token(user, time.Now().Add(-time.Hour), 0) },
	}
	client := 0
	for kind, token := range kinds {
		times := map[string][]float64{}
		for n := range 120 {
			for _, who := range []string{"nobody", "known"} {
				client++
				user := fmt.Sprintf("%s%d", who, n%30)
				took, said := i.timeOfLogin(t, clientAddress(client), "AUTH XOAUTH2 "+xoauth2(user, token(user)))
				if !strings.HasPrefix(said, "334") { // with the reason; 535 is what follows
					t.Fatalf("%s: %q", kind, said)
				}
				times[who] = append(times[who], took)
			}
		}
		logTimes(t, kind+" token: unknown", "known", times["nobody"], times["known"])
	}
}

// representatives are 90 people: 30 by a hash, 30 whose mandate is over, and 30
// without a password.
func representatives(t *testing.T, right string) string {
	t.Helper()
	var people strings.Builder
	for n := range 90 {
		hash, mandate := right, ""
		switch {
		case n >= 60:
			hash = ""
		case n >= 30:
			mandate = "  mandate: {from: 2020-01-01, until: 2020-12-31}\n"
		}
		fmt.Fprintf(&people, "- name: Person %d\n  login: known%d\n  addresses: [known%d@region.example]\n  language: da\n%s", n, n, n, mandate)
		if hash != "" {
			fmt.Fprintf(&people, "  password: %q\n", hash)
		}
	}
	return people.String()
}

// balanced puts the implicit listener behind a balancer on this machine, which
// names a client of its own for each try.
func balanced(config string) string {
	return strings.Replace(config, "tls: implicit}", `tls: implicit, proxy-protocol: ["127.0.0.0/8"]}`, 1)
}

func clientAddress(n int) string { return fmt.Sprintf("198.51.%d.%d", n/250%250, n%250+1) }

func logTimes(t *testing.T, one, other string, a, b []float64) {
	t.Helper()
	larger, p := ranks.Compare(a, b)
	t.Logf("%-24s against %-28s medians %7.2f and %7.2f ms, AUC %.3f, p %.3f", one, other, median(a), median(b), larger, p)
}

// measureLogins tries wrong passwords of several kinds of people in turn, each
// from an address of its own. Each is tried eight times at most: ten failures
// lock out.
func measureLogins(t *testing.T, i *installation, upstream, login string, rounds int) {
	t.Helper()
	i.write("representatives.yaml", representatives(t, hashed(t, "right")))
	i.write("postvern.yaml", balanced(withLogin(upstream, login)))
	i.start()
	groups := map[string]func(n int) string{
		"unknown":                  func(n int) string { return fmt.Sprintf("nobody%d", n%30) },
		"known, wrong password":    func(n int) string { return fmt.Sprintf("known%d", n%30) },
		"mandate over":             func(n int) string { return fmt.Sprintf("known%d", 30+n%30) },
		"known, no password there": func(n int) string { return fmt.Sprintf("known%d", 60+n%30) },
		"no representative":        func(n int) string { return fmt.Sprintf("colleague%d", n%30) }, // who has a password there, where others have one
	}
	locked := map[string]string{"unknown, locked out": "locked", "known, locked out": "known0"}
	times := map[string][]float64{}
	client := 0
	once := func(user string) (float64, string) {
		client++
		return i.timeOfLogin(t, clientAddress(client), plainLogin(user, "wrong"))
	}
	for n := range rounds {
		names := slices.Sorted(maps.Keys(groups))
		rand.Shuffle(len(names), func(a, b int) { names[a], names[b] = names[b], names[a] })
		for _, name := range names {
			took, said := once(groups[name](n))
			if !strings.HasPrefix(said, "535") {
				t.Fatalf("%s: %q", name, said)
			}
			times[name] = append(times[name], took)
		}
	}
	for _, user := range locked {
		for said := ""; !strings.HasPrefix(said, "454"); {
			_, said = once(user)
		}
	}
	for range rounds {
		for name, user := range locked {
			took, _ := once(user)
			times[name] = append(times[name], took)
		}
	}
	for _, pair := range [][2]string{
		{"unknown", "known, wrong password"},
		{"unknown", "mandate over"},
		{"unknown", "known, no password there"},
		{"no representative", "known, wrong password"},
		{"known, wrong password", "mandate over"},
		{"unknown, locked out", "known, locked out"},
	} {
		logTimes(t, pair[0], pair[1], times[pair[0]], times[pair[1]])
	}
}

// timeOfLogin returns how long the answer to a login takes, in ms, and the answer.
func (i *installation) timeOfLogin(t *testing.T, client, command string) (float64, string) {
	t.Helper()
	raw, err := net.Dial("tcp", i.implicit)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = raw.Close() }()
	_, _ = raw.Write(proxyHeader(t, 2, client))
	conn := tls.Client(raw, &tls.Config{RootCAs: i.roots, ServerName: "mail.forening.example", MinVersion: tls.VersionTLS12})
	_ = conn.SetDeadline(time.Now().Add(60 * time.Second))
	in := bufio.NewReader(conn)
	line, err := in.ReadString('\n')
	for _, hello := range []string{"HELO pc.example", ""} {
		if err == nil && hello != "" {
			_, _ = fmt.Fprintf(conn, "%s\r\n", hello)
			line, err = in.ReadString('\n')
		}
	}
	if err != nil {
		t.Fatalf("%q, %v", line, err)
	}
	start := time.Now()
	_, _ = fmt.Fprintf(conn, "%s\r\n", command)
	line, err = in.ReadString('\n')
	took := float64(time.Since(start).Microseconds()) / 1000
	if err != nil {
		t.Fatal(err)
	}
	return took, line
}
