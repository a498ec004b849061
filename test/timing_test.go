package test

import (
	"bufio"
	"crypto/tls"
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
			fmt.Fprintf(&users, "known%d:right\n", n)
		}
		m.write("users", users.String())
		i.configure(nil, m.address)
		measureLogins(t, i, m.sink.Addr(), fmt.Sprintf("{method: upstream, connections: 64, upstream: {address: %q, ca: %q}}", m.address, m.ca), 90)
	})
}

// measureLogins tries wrong passwords of several kinds of people in turn, each
// from an address of its own. Each is tried eight times at most: ten failures
// lock out.
func measureLogins(t *testing.T, i *installation, upstream, login string, rounds int) {
	t.Helper()
	var people strings.Builder
	right := hashed(t, "right")
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
	i.write("representatives.yaml", people.String())
	i.write("postvern.yaml", strings.Replace(withLogin(upstream, login), "tls: implicit}", `tls: implicit, proxy-protocol: ["127.0.0.0/8"]}`, 1))
	i.start()
	groups := map[string]func(n int) string{
		"unknown":                    func(n int) string { return fmt.Sprintf("nobody%d", n%30) },
		"known, wrong password":      func(n int) string { return fmt.Sprintf("known%d", n%30) },
		"mandate over":               func(n int) string { return fmt.Sprintf("known%d", 30+n%30) },
		"known, no password in file": func(n int) string { return fmt.Sprintf("known%d", 60+n%30) },
	}
	locked := map[string]string{"unknown, locked out": "locked", "known, locked out": "known0"}
	times := map[string][]float64{}
	client := 0
	once := func(user string) (float64, string) {
		client++
		return i.timeOfLogin(t, fmt.Sprintf("198.51.%d.%d", client/250%250, client%250+1), user)
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
		{"unknown", "known, no password in file"},
		{"known, wrong password", "mandate over"},
		{"unknown, locked out", "known, locked out"},
	} {
		larger, p := ranks.Compare(times[pair[0]], times[pair[1]])
		t.Logf("%-22s against %-28s medians %7.2f and %7.2f ms, AUC %.3f, p %.3f", pair[0], pair[1], median(times[pair[0]]), median(times[pair[1]]), larger, p)
	}
}

// timeOfLogin returns how long a wrong password takes, in ms, and the answer.
func (i *installation) timeOfLogin(t *testing.T, client, user string) (float64, string) {
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
	for _, command := range []string{"HELO pc.example", ""} {
		if err == nil && command != "" {
			_, _ = fmt.Fprintf(conn, "%s\r\n", command)
			line, err = in.ReadString('\n')
		}
	}
	if err != nil {
		t.Fatalf("%q, %v", line, err)
	}
	start := time.Now()
	_, _ = fmt.Fprintf(conn, "%s\r\n", plainLogin(user, "wrong"))
	line, err = in.ReadString('\n')
	took := float64(time.Since(start).Microseconds()) / 1000
	if err != nil {
		t.Fatal(err)
	}
	return took, line
}
