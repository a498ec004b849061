package test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"postvern.example/internal/sink"
)

// upstreams replaces the upstream of a configuration.
func (i *installation) upstreams(text string) {
	i.t.Helper()
	before, rest, _ := strings.Cut(i.read("postvern.yaml"), "upstream: ")
	_, after, _ := strings.Cut(rest, "\n")
	i.write("postvern.yaml", before+text+after)
}

func TestMailGoesByItsRouteAndASpareStandsIn(t *testing.T) {
	g := install(t, nil, sink.Config{})
	spare, err := sink.Start(sink.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = spare.Close() }()
	region, err := sink.Start(sink.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = region.Close() }()
	g.upstreams(fmt.Sprintf(`upstream: {address: %q, tls: none}
upstreams:
  - {name: spare, address: %q, tls: none}
  - {name: region, address: %q, tls: none}
routes:
  - {recipients: ["*@region.example"], upstreams: [region], tls: verified}
  - {upstreams: [upstream, spare]}
`, g.upstream.Addr(), spare.Addr(), region.Addr()))
	g.start()
	letter := func(number int) {
		t.Helper()
		to := []string{"ole.lund@region.example", "hans@kommune.example"}
		mail := fmt.Sprintf("From: anna.holm@region.example\nTo: %s\nX-Number: %d\nSubject: Hej\n\nHej.\n", strings.Join(to, ", "), number)
		if err := submitMail(g.trust, "anna.holm@region.example", to, mail); err != nil {
			t.Fatal(err)
		}
	}
	to := func(s *sink.Sink) string {
		var all []string
		for _, m := range s.Messages() {
			all = append(all, m.Recipients()...)
		}
		return strings.Join(all, " ")
	}
	letter(1)
	waitFor(t, "both recipients' copies", func() bool {
		return to(g.upstream) == "hans@kommune.example" && to(region) == "ole.lund@region.example"
	})
	_ = g.upstream.Close()
	letter(2)
	waitFor(t, "the spare", func() bool {
		return to(spare) == "hans@kommune.example" && to(region) == "ole.lund@region.example ole.lund@region.example"
	})
	letter(3)
	waitFor(t, "the spare again", func() bool { return to(spare) == "hans@kommune.example hans@kommune.example" })
	if _, text := g.get("/metrics"); !strings.Contains(text, `postvern_upstream_up{upstream="upstream"} 0`) || !strings.Contains(text, `postvern_upstream_up{upstream="spare"} 1`) {
		t.Errorf("the metrics do not say which upstream is away")
	}
}

func TestAWrongUpstreamOrRouteIsNamedWithItsPlace(t *testing.T) {
	for text, want := range map[string]string{
		"upstreams: [{name: a, address: \"x:25\"}, {name: a, address: \"y:25\"}]\n":                 `upstreams[1].name: "a" is the name of another upstream`,
		"upstreams: [{name: A b, address: \"x:25\"}]\n":                                             `upstreams[0].name: "A b" is no name: give it one of small letters, digits and hyphens`,
		"upstreams: [{name: a}]\n":                                                                  `upstreams[0].address: is missing`,
		"upstreams: [{name: a, address: \"x:25\", tls: maybe}]\n":                                   `upstreams[0].tls: "maybe" is none of starttls, implicit, none`,
		"upstreams: [{name: a, address: \"x:25\", tls: none, username: u, password-file: p}]\n":     `upstreams[0].tls: a password never crosses a network in clear`,
		"upstreams: [{name: a, address: \"x:25\", connections: -1}]\n":                              `upstreams[0].connections: must be at least 1`,
		"upstreams: [{name: a, address: \"x:25\", conections: 1}]\n":                                `conections`,
		"upstreams: [{name: a, address: \"x:25\"}]\nroutes: [{upstreams: [b]}]\n":                   `routes[0].upstreams: no upstream has the name "b"`,
		"upstreams: [{name: a, address: \"x:25\"}]\nroutes: [{recipients: [\"region.example\"]}]\n": `routes[0].recipients: "region.example" is neither an address nor *@domain or *@*.domain`,
		"upstreams: [{name: a, address: \"x:25\"}]\nroutes: [{classes: [letters]}]\n":               `routes[0].classes: "letters" is none of mail, notice, report`,
		"upstreams: [{name: a, address: \"x:25\"}]\nroutes: [{tls: yes-please}]\n":                  `routes[0].tls: "yes-please" is not verified`,
		"upstreams: [{name: a, address: \"x:25\", tls: none}]\nroutes: [{tls: verified}]\n":         `routes[0].tls: the upstream "a" is sent to in clear`,
		"upstream: {address: \"x:25\"}\nupstreams: [{name: upstream, address: \"y:25\"}]\n":         `upstreams[0].name: "upstream" is the name of another upstream`,
		"upstream: {username: u, password-file: p}\nupstreams: [{name: a, address: \"y:25\"}]\n":    `upstream.address: is missing`,
		"routes: [{upstreams: [upstream]}]\n":                                                       `upstream.address: is missing`,
	} {
		file := filepath.Join(t.TempDir(), "postvern.yaml")
		if err := os.WriteFile(file, []byte("listen: [{address: \"127.0.0.1:0\", tls: starttls}]\n"+text), 0o600); err != nil {
			t.Fatal(err)
		}
		c := exec.Command(binary, "serve", "--config", file)
		out, err := c.CombinedOutput()
		if err == nil || c.ProcessState.ExitCode() != 2 || !strings.Contains(string(out), want) {
			t.Errorf("%s\nsays %s\nwant %s (exit code %d)", text, out, want, c.ProcessState.ExitCode())
		}
	}
}
