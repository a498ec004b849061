package test

import (
	"crypto/tls"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
	"github.com/goccy/go-yaml"
)

const memberListMail = `From: Anna Holm <anna.holm@region.example>
To: HR <hr@region.example>
Subject: Deltagere
Date: Fri, 20 Nov 2026 08:12:44 +0100
Message-ID: <list@region.example>
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

Mette Sørensen <mette@post.example>
Peter Ægidius <peter@post.example>
Ingrid Østergård <ingrid@post.example>
Karin Öberg <karin.oberg@brev.example>
`

const numberMail = `From: Anna Holm <tr.anna@forening.example>
To: Peter <peter@post.example>
Subject: Din sag
Date: Fri, 20 Nov 2026 08:12:44 +0100
Message-ID: <cpr@forening.example>
Content-Type: text/plain; charset=utf-8

CPR-nr. 070761-4285
`

const ordinaryMail = `From: Anna Holm <anna.holm@region.example>
To: Ole Lund <ole.lund@region.example>
Subject: Frokost
Date: Fri, 20 Nov 2026 08:12:44 +0100
Message-ID: <lunch@region.example>
Content-Type: text/plain; charset=utf-8

Klokken 12?
`

// exercised returns a gateway on which much has happened that is counted and
// logged: mails of every verdict but seal, a denied login, a forbidden sender,
// a reload that went well and one that did not.
func exercised(t *testing.T) *installation {
	g := gateway(t, nil)
	send := func(from, to, mail string) error { return g.send("anna", from, []string{to}, mail) }
	if err := g.send("anna", "tr.anna@forening.example", []string{"mette@post.example", "peter@post.example"}, threeMembers); err != nil {
		t.Fatal(err)
	}
	if err := send("tr.anna@forening.example", "peter@post.example", numberMail); err != nil {
		t.Fatal(err)
	}
	if err := send("anna.holm@region.example", "ole.lund@region.example", ordinaryMail); err != nil {
		t.Fatal(err)
	}
	if err := send("anna.holm@region.example", "hr@region.example", memberListMail); err == nil {
		t.Fatal("the member list was not refused")
	}
	if err := send("director@region.example", "hr@region.example", ordinaryMail); err == nil {
		t.Fatal("a foreign sender was not refused")
	}
	conn, err := net.Dial("tcp", g.submit)
	if err != nil {
		t.Fatal(err)
	}
	c, err := smtp.NewClientStartTLS(conn, &tls.Config{RootCAs: g.roots, ServerName: "mail.forening.example"})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Auth(sasl.NewPlainClient("", "anna", "wrong")); err == nil {
		t.Fatal("a wrong password was taken")
	}
	_ = c.Close()
	g.arrived(2)
	hangup := func(event string) {
		n := len(g.log.lines(event))
		_ = g.command.Process.Signal(syscall.SIGHUP)
		for deadline := time.Now().Add(20 * time.Second); len(g.log.lines(event)) == n; time.Sleep(10 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("no %q after a reload\n%s", event, g.log)
			}
		}
	}
	hangup("loaded")
	g.write("policy.yaml", "version: 1\nnonsense: 2\n")
	hangup("kept")
	return g
}

// exposed is one metric as /metrics shows it: each label with its values.
type exposed map[string]map[string]bool

var (
	samplePattern = regexp.MustCompile(`(?m)^([a-z_0-9]+)(?:\{(.*)\})? `)
	labelPattern  = regexp.MustCompile(`([a-z_]+)="((?:[^"\\]|\\.)*)"`)
	typePattern   = regexp.MustCompile(`(?m)^# TYPE ([a-z_0-9]+) ([a-z]+)$`)
)

// samples returns every sample of an exposition by its name, and the metrics'
// types.
func samples(text string) (map[string]exposed, map[string]string) {
	all, types := map[string]exposed{}, map[string]string{}
	for _, m := range typePattern.FindAllStringSubmatch(text, -1) {
		types[m[1]] = m[2]
	}
	for _, m := range samplePattern.FindAllStringSubmatch(text, -1) {
		if all[m[1]] == nil {
			all[m[1]] = exposed{}
		}
		for _, l := range labelPattern.FindAllStringSubmatch(m[2], -1) {
			if all[m[1]][l[1]] == nil {
				all[m[1]][l[1]] = map[string]bool{}
			}
			all[m[1]][l[1]][l[2]] = true
		}
	}
	return all, types
}

func TestMetricsAreWhatManualRulesAndDashboardSay(t *testing.T) {
	g := exercised(t)
	status, text := g.get("/metrics")
	if status != 200 {
		t.Fatalf("/metrics answers %d", status)
	}
	if out := tool(t, "", text, "promtool", "check", "metrics"); strings.TrimSpace(out) != "" {
		t.Errorf("promtool on /metrics: %s", out)
	}
	all, types := samples(text)
	t.Run("manual", func(t *testing.T) { checkMetricsTable(t, all, types) })
	t.Run("rules", func(t *testing.T) {
		for _, expr := range ruleExpressions(t) {
			checkExpression(t, all, expr)
		}
	})
	t.Run("dashboard", func(t *testing.T) {
		expressions := dashboardExpressions(t)
		if len(expressions) < 10 {
			t.Errorf("only %d queries in the dashboard", len(expressions))
		}
		for _, expr := range expressions {
			checkExpression(t, all, expr)
		}
	})
	t.Run("log", func(t *testing.T) { checkEvents(t, g.log.String()) })
	for _, path := range []string{"/healthz", "/readyz"} {
		if status, body := g.get(path); status != 200 || !strings.HasPrefix(body, "ok\n") {
			t.Errorf("%s answers %d %q", path, status, body)
		}
	}
	for _, m := range samplePattern.FindAllStringSubmatch(text, -1) {
		for _, secret := range []string{"tr.anna", "mette", "forening.example", "070761", "Frokost"} {
			if strings.Contains(m[2], secret) {
				t.Errorf("the labels of %s hold %q", m[1], secret)
			}
		}
	}
}

func checkMetricsTable(t *testing.T, all map[string]exposed, types map[string]string) {
	told := map[string]string{}
	for _, row := range manualTable(t, "metrics") {
		told[unquoted(row[0])] = row[1]
	}
	for name, kind := range types {
		if !strings.HasPrefix(name, "postvern_") {
			continue
		}
		if _, ok := told[name]; !ok {
			t.Errorf("the manual does not explain %s", name)
			continue
		}
		series := name
		if kind == "histogram" {
			series += "_count"
		}
		checkLabels(t, name, told[name], all[series])
		delete(told, name)
	}
	for name := range told {
		t.Errorf("the manual explains %s, which a started gateway does not expose", name)
	}
}

// checkLabels compares a metric's labels with a cell such as
// "result: ok, error" or "rule; action": a label without values is free.
func checkLabels(t *testing.T, name, cell string, got exposed) {
	labels := map[string][]string{}
	for _, part := range strings.Split(cell, ";") {
		label, values, fixed := strings.Cut(strings.TrimSpace(part), ": ")
		if label == "" {
			continue
		}
		labels[label] = nil
		if fixed {
			labels[label] = strings.Split(values, ", ")
		}
	}
	for label, values := range got {
		want, ok := labels[label]
		if !ok {
			t.Errorf("%s has a label %s that the manual does not name", name, label)
		}
		if want == nil {
			continue
		}
		for v := range values {
			if !slices.Contains(want, v) {
				t.Errorf("%s{%s=%q} is not in the manual", name, label, v)
			}
		}
		for _, v := range want {
			if !values[v] {
				t.Errorf("%s{%s=%q} is in the manual, but not exposed", name, label, v)
			}
		}
	}
	for label := range labels {
		if got[label] == nil {
			t.Errorf("%s has no label %s, which the manual names", name, label)
		}
	}
}

func ruleExpressions(t *testing.T) []string {
	t.Helper()
	var file struct {
		Groups []struct {
			Rules []struct{ Alert, Expr string }
		}
	}
	if err := yaml.Unmarshal([]byte(readText(t, "../deploy/prometheus/postvern.rules.yml")), &file); err != nil {
		t.Fatal(err)
	}
	told := map[string]bool{}
	for _, row := range manualTable(t, "alerts") {
		told[row[0]] = true
	}
	var all []string
	for _, g := range file.Groups {
		for _, r := range g.Rules {
			all = append(all, r.Expr)
			if !told[r.Alert] {
				t.Errorf("the manual does not say what to do about %s", r.Alert)
			}
			delete(told, r.Alert)
		}
	}
	for name := range told {
		t.Errorf("the manual explains %s, which is no alert", name)
	}
	return all
}

// dashboardExpressions returns every expr in the dashboard.
// TestTheDashboardIsDrawnByAPrometheus asks each of its queries of a Prometheus
// that scrapes a gateway.
func TestTheDashboardIsDrawnByAPrometheus(t *testing.T) {
	if _, err := exec.LookPath("prometheus"); err != nil {
		t.Skip("prometheus is not installed: make deps installs it")
	}
	g := exercised(t)
	dir, address := t.TempDir(), freeAddress(t)
	config := fmt.Sprintf("global: {scrape_interval: 250ms, scrape_timeout: 250ms}\nscrape_configs: [{job_name: postvern, static_configs: [{targets: [%q]}]}]\n", strings.TrimPrefix(g.metrics, "http://"))
	if err := os.WriteFile(filepath.Join(dir, "prometheus.yml"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	c := exec.Command("prometheus", "--config.file="+filepath.Join(dir, "prometheus.yml"), "--storage.tsdb.path="+filepath.Join(dir, "data"), "--web.listen-address="+address)
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.Process.Kill()
		_ = c.Wait()
	})
	ask := func(expr string) (status string, series int) {
		r, err := http.Get("http://" + address + "/api/v1/query?query=" + url.QueryEscape(expr))
		if err != nil {
			return err.Error(), 0
		}
		defer func() { _ = r.Body.Close() }()
		var answer struct {
			Status string
			Error  string
			Data   struct{ Result []any }
		}
		if err := json.NewDecoder(r.Body).Decode(&answer); err != nil {
			return err.Error(), 0
		}
		return answer.Status + answer.Error, len(answer.Data.Result)
	}
	waitFor(t, "scrapes", func() bool {
		time.Sleep(100 * time.Millisecond)
		_, n := ask("count_over_time(up[1m]) >= 3")
		return n > 0
	})
	for _, expr := range dashboardExpressions(t) {
		status, series := ask(strings.ReplaceAll(expr, "$__rate_interval", "1m"))
		if status != "success" || series == 0 && !strings.HasPrefix(expr, "changes(") { // a mark stands only where something has changed
			t.Errorf("%s: %s, %d series", expr, status, series)
		}
	}
}

func dashboardExpressions(t *testing.T) []string {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(readText(t, "../deploy/grafana/dashboards/postvern.json")), &v); err != nil {
		t.Fatal(err)
	}
	var all []string
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			if expr, ok := v["expr"].(string); ok {
				all = append(all, expr)
			}
			for _, child := range v {
				walk(child)
			}
		case []any:
			for _, child := range v {
				walk(child)
			}
		}
	}
	walk(v)
	return all
}

var selectorPattern = regexp.MustCompile(`\b((?:postvern|process|go)_[a-z_]+)(?:\{([^}]*)\})?`)

// checkExpression sees to it that what an expression selects is there.
func checkExpression(t *testing.T, all map[string]exposed, expr string) {
	t.Helper()
	found := selectorPattern.FindAllStringSubmatch(expr, -1)
	if len(found) == 0 && !strings.Contains(expr, `up{job="postvern"}`) {
		t.Errorf("%s: selects nothing of ours", expr)
	}
	for _, m := range found {
		series, ok := all[m[1]]
		if !ok {
			t.Errorf("%s: a started gateway has no %s", expr, m[1])
			continue
		}
		for _, l := range regexp.MustCompile(`([a-z_]+)(?:=~|!=|=)"([^"]*)"`).FindAllStringSubmatch(m[2], -1) {
			if l[1] == "job" {
				continue
			}
			for _, v := range strings.Split(l[2], "|") {
				if !series[l[1]][v] {
					t.Errorf("%s: a started gateway has no %s{%s=%q}", expr, m[1], l[1], v)
				}
			}
		}
	}
}

// checkEvents holds the log of a gateway to the manual's list of events.
func checkEvents(t *testing.T, log string) {
	type event struct {
		level  string
		fields []string
	}
	told := map[string]event{}
	for _, row := range manualTable(t, "events") {
		told[unquoted(row[0])] = event{row[1], strings.Split(row[2], ", ")}
	}
	seen := map[string]bool{}
	for _, text := range strings.Split(strings.TrimSpace(log), "\n") {
		var line map[string]any
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			t.Errorf("a line of the log is not JSON: %s", text)
			continue
		}
		name, _ := line["msg"].(string)
		e, ok := told[name]
		if !ok {
			t.Errorf("the manual does not explain the event %q", name)
			continue
		}
		seen[name] = true
		if level, _ := line["level"].(string); !strings.EqualFold(level, e.level) {
			t.Errorf("%q is %s, not %s", name, level, e.level)
		}
		for field := range line {
			if !slices.Contains([]string{"time", "level", "msg"}, field) && !slices.Contains(e.fields, field) {
				t.Errorf("the manual does not name the field %s of %q", field, name)
			}
		}
	}
	for _, name := range []string{"loaded", "listening", "started", "kept", "accepted", "refused", "refused login", "delivered copy"} {
		if !seen[name] {
			t.Errorf("nothing was logged as %q", name)
		}
	}
	for _, secret := range []string{"mette", "peter", "070761", "Deltagere", "Frokost", "wrong\""} {
		if strings.Contains(log, secret) {
			t.Errorf("the log holds %q", secret)
		}
	}
}
