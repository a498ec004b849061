package test

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"postvern.example/internal/app"
	"postvern.example/internal/sink"
)

// tool runs a program and returns what it printed. One that make deps would
// install must be there.
func tool(t *testing.T, dir, stdin, name string, args ...string) string {
	t.Helper()
	c := exec.Command(name, args...)
	c.Dir, c.Stdin = dir, strings.NewReader(stdin)
	out, err := c.CombinedOutput()
	if err != nil {
		t.Errorf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

func TestPromtoolAcceptsConfigurationRulesAndTheirTests(t *testing.T) {
	const dir = "../deploy/prometheus"
	tool(t, dir, "", "promtool", "check", "config", "prometheus.yml")
	tool(t, dir, "", "promtool", "check", "rules", "postvern.rules.yml")
	tool(t, dir, "", "promtool", "test", "rules", "postvern.rules.test.yml")
}

const unit = "../deploy/systemd/postvern.service"

// analyze runs systemd-analyze on a copy of the unit whose program exists.
func analyze(t *testing.T, verb ...string) string {
	t.Helper()
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		t.Skip("systemd is not installed")
	}
	file := filepath.Join(t.TempDir(), "postvern.service")
	text := strings.ReplaceAll(readText(t, unit), "/usr/bin/postvern ", binary+" ")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return tool(t, "", "", "systemd-analyze", append(verb, file)...)
}

func TestSystemdAcceptsTheUnit(t *testing.T) {
	if out := analyze(t, "verify", "--man=no"); strings.TrimSpace(out) != "" {
		t.Errorf("systemd-analyze verify: %s", out)
	}
}

func TestTheUnitIsExposedToLittle(t *testing.T) {
	out := analyze(t, "security", "--offline=true", "--no-pager", "--threshold=15")
	if !strings.Contains(out, "Overall exposure level for postvern.service") {
		t.Errorf("systemd-analyze security: %s", out)
	}
}

func TestTheUnitRunsACommandThatExists(t *testing.T) {
	m := regexp.MustCompile(`(?m)^ExecStart=/usr/bin/postvern (.+)$`).FindStringSubmatch(readText(t, unit))
	if m == nil {
		t.Fatal("the unit starts something else")
	}
	if err := parses(strings.Fields(m[1])); err != nil {
		t.Error(err)
	}
	if !strings.Contains(readText(t, "../deploy/systemd/postvern.sysusers.conf"), "\nu postvern ") {
		t.Error("the unit's user is made by nothing")
	}
}

// permitted returns the system calls that the unit lets pass.
func permitted(t *testing.T) map[string]bool {
	t.Helper()
	sets := map[string][]string{}
	name := ""
	for _, line := range strings.Split(tool(t, "", "", "systemd-analyze", "--no-pager", "syscall-filter"), "\n") {
		line = strings.TrimRight(regexp.MustCompile("\x1b\\[[0-9;]*m").ReplaceAllString(line, ""), " ")
		switch {
		case strings.HasPrefix(line, "@"):
			name = line
		case line == "" || strings.HasPrefix(line, "#"):
			name = ""
		case name != "" && !strings.HasPrefix(strings.TrimSpace(line), "#"):
			sets[name] = append(sets[name], strings.TrimSpace(line))
		}
	}
	if len(sets["@system-service"]) == 0 {
		t.Fatal("systemd-analyze syscall-filter was not understood")
	}
	var expand func(string) []string
	expand = func(name string) []string {
		if !strings.HasPrefix(name, "@") {
			return []string{name}
		}
		var all []string
		for _, n := range sets[name] {
			all = append(all, expand(n)...)
		}
		return all
	}
	passes := map[string]bool{}
	for _, call := range expand("@default") {
		passes[call] = true
	}
	filters := regexp.MustCompile(`(?m)^SystemCallFilter=(~?)(.+)$`).FindAllStringSubmatch(readText(t, unit), -1)
	for _, m := range filters {
		for _, word := range strings.Fields(m[2]) {
			for _, call := range expand(word) {
				passes[call] = m[1] == ""
			}
		}
	}
	return passes
}

// TestTheUnitPermitsWhatTheGatewayCalls runs a gateway under strace through
// start, mails with attachments that child processes read, reload and stop.
func TestTheUnitPermitsWhatTheGatewayCalls(t *testing.T) {
	for _, name := range []string{"systemd-analyze", "strace"} {
		if _, err := exec.LookPath(name); err != nil {
			t.Skip(name + " is not installed")
		}
	}
	passes := permitted(t)
	trace := filepath.Join(t.TempDir(), "trace")
	wrapper := filepath.Join(t.TempDir(), "postvern")
	script := fmt.Sprintf("#!/bin/sh\nexec strace -D -f -qq -e signal=none -o %s %s \"$@\"\n", trace, binary)
	if err := os.WriteFile(wrapper, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	g := install(t, nil, sink.Config{})
	real := binary
	binary = wrapper
	defer func() { binary = real }()
	g.start()
	binary = real
	if err := g.send("anna", "anna.holm@region.example", []string{"ole.lund@region.example"}, attachments(t)); err != nil {
		t.Fatal(err)
	}
	g.arrived(1)
	if err := g.stop(); err != nil {
		t.Fatal(err)
	}
	calls := tracedCalls(t, trace)
	for _, child := range []string{"extract-worker", "pdftotext"} {
		if !regexp.MustCompile(`execve\(.*` + child).MatchString(readText(t, trace)) {
			t.Errorf("the trace shows no %s at work", child)
		}
	}
	checkWritten(t, trace, g.path("data"))
	t.Logf("%d different system calls", len(calls))
	if !calls["execve"] || !calls["fsync"] && !calls["fdatasync"] || len(calls) < 20 {
		t.Fatalf("the trace does not show a gateway at work: %v", calls)
	}
	for call := range calls {
		switch {
		case call == "setpriority": // refused, the readers of attachments keep the gateway's nice value
			continue
		case call == "fchown" && os.Geteuid() == 0: // SQLite, as root alone; the unit's user is not
			continue
		}
		if !passes[call] {
			t.Errorf("the gateway calls %s, which the unit refuses", call)
		}
	}
}

// written finds what a system call opens to write, makes, moves or removes.
var written = regexp.MustCompile(`(?:open(?:at)?\((?:[^,"]+, )?"([^"]+)", [^)\n]*O_(?:WRONLY|RDWR|CREAT)|(?:mkdir|unlink|rename|link|symlink|chmod|fchmod|chown|truncate|mknod)[a-z0-9]*\((?:[^,"]+, )?"([^"]+)")`)

// checkWritten sees to it that a gateway writes below its data folder alone: the
// unit makes all else read-only.
func checkWritten(t *testing.T, trace, data string) {
	t.Helper()
	inData := 0
	for _, m := range written.FindAllStringSubmatch(readText(t, trace), -1) {
		path := m[1] + m[2]
		switch {
		case path == data || strings.HasPrefix(path, data+"/"):
			inData++
		case strings.HasPrefix(path, "/dev/") || strings.HasPrefix(path, "/proc/self/"), strings.HasPrefix(path, filepath.Join(os.TempDir(), "postvern")): // PrivateTmp
		default:
			t.Errorf("the gateway writes %s, which the unit makes read-only: %s", path, m[0])
		}
	}
	if inData == 0 {
		t.Error("the trace does not show what is written")
	}
}

// tracedCalls waits for the end of a trace and returns the system calls in it.
func tracedCalls(t *testing.T, file string) map[string]bool {
	t.Helper()
	var text string
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		before := len(text)
		text = readText(t, file)
		if len(text) > 0 && len(text) == before || time.Now().After(deadline) {
			break
		}
	}
	calls := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^\d+ +(?:<\.\.\. )?([a-z_0-9]+)[( ]`).FindAllStringSubmatch(text, -1) {
		calls[m[1]] = true
	}
	return calls
}

// attachments is a private mail with a word document and a PDF.
func attachments(t *testing.T) string {
	t.Helper()
	var docx bytes.Buffer
	z := zip.NewWriter(&docx)
	for name, text := range map[string]string{
		"[Content_Types].xml": `<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>`,
		"_rels/.rels":         `<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>`,
		"word/document.xml":   `<?xml version="1.0"?><w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body><w:p><w:r><w:t>Frokost klokken tolv</w:t></w:r></w:p></w:body></w:document>`,
	} {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = w.Write([]byte(text))
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	part := func(media, name string, content []byte) string {
		return fmt.Sprintf("--b\nContent-Type: %s; name=%s\nContent-Disposition: attachment; filename=%s\nContent-Transfer-Encoding: base64\n\n%s\n",
			media, name, name, regexp.MustCompile(`.{76}`).ReplaceAllString(base64.StdEncoding.EncodeToString(content), "$0\n"))
	}
	return strings.Replace(ordinaryMail, "Content-Type: text/plain; charset=utf-8\n\nKlokken 12?\n",
		"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\nKlokken 12?\n"+
			part("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "a.docx", docx.Bytes())+
			part("application/pdf", "b.pdf", smallPDF())+"--b--\n", 1)
}

// smallPDF is one page that says when lunch is.
func smallPDF() []byte {
	var b bytes.Buffer
	var at []int
	object := func(text string) {
		at = append(at, b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", len(at), text)
	}
	b.WriteString("%PDF-1.4\n")
	object("<< /Type /Catalog /Pages 2 0 R >>")
	object("<< /Type /Pages /Kids [3 0 R] /Count 1 >>")
	object("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 200] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>")
	text := "BT /F1 12 Tf 20 100 Td (Frokost klokken tolv) Tj ET"
	object(fmt.Sprintf("<< /Length %d >>\nstream\n%s\nendstream", len(text), text))
	object("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>")
	start := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(at)+1)
	for _, n := range at {
		fmt.Fprintf(&b, "%010d 00000 n \n", n)
	}
	fmt.Fprintf(&b, "trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(at)+1, start)
	return b.Bytes()
}

const containerfile = "../deploy/container/Containerfile"

func TestTheContainerIsBuiltFromWhatIsThere(t *testing.T) {
	text := readText(t, containerfile)
	for _, m := range regexp.MustCompile(`(?m)^COPY ([^-].*) \S+$`).FindAllStringSubmatch(text, -1) {
		for _, name := range strings.Fields(m[1]) {
			if _, err := os.Stat(filepath.Join("..", name)); err != nil {
				t.Errorf("COPY %s: %v", name, err)
			}
		}
	}
	release := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindStringSubmatch(readText(t, "../go.mod"))
	if !strings.Contains(text, "golang:"+release[1]+"-") {
		t.Errorf("the container is not built with Go %s, which go.mod asks for", release[1])
	}
	for _, want := range []string{
		"-o /postvern ./cmd/postvern", "COPY --from=build /postvern /usr/bin/postvern", `ENTRYPOINT ["/usr/bin/postvern"]`,
		`CMD ["serve", "--config", "/etc/postvern/postvern.yaml"]`, "USER postvern", "poppler-utils",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the container file does not say %s", want)
		}
	}
}

// service is what these tests read of compose.yaml.
type service struct {
	Build struct {
		Context, Dockerfile string
	}
	Image   string
	Volumes []string
}

func TestComposeNamesFilesThatExistAndItsCommentIsTrue(t *testing.T) {
	const file = "../deploy/compose.yaml"
	text := readText(t, file)
	var compose struct {
		Services map[string]service
		Volumes  map[string]any
	}
	if err := yaml.Unmarshal([]byte(text), &compose); err != nil {
		t.Fatal(err)
	}
	gateway := compose.Services["postvern"]
	built := filepath.Join("../deploy", gateway.Build.Context, gateway.Build.Dockerfile)
	if _, err := os.Stat(built); err != nil || filepath.Clean(built) != filepath.Clean(containerfile) {
		t.Errorf("compose builds %s: %v", built, err)
	}
	root := followComment(t, text)
	for name, s := range compose.Services {
		for _, v := range s.Volumes {
			from, _, _ := strings.Cut(v, ":")
			if !strings.HasPrefix(from, ".") {
				if _, ok := compose.Volumes[from]; !ok {
					t.Errorf("%s mounts the volume %q, which is not declared", name, from)
				}
				continue
			}
			if _, err := os.Stat(filepath.Join(root, "deploy", from)); err != nil {
				t.Errorf("%s mounts %s: %v", name, from, err)
			}
		}
	}
	config, err := app.LoadConfig(filepath.Join(root, "deploy/etc/postvern.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range append([]string{config.Policy, config.Representatives, config.Keys}, config.Members...) {
		if _, err := os.Stat(f); err != nil {
			t.Error(err)
		}
	}
	if config.Data != "/var/lib/postvern" {
		t.Errorf("the gateway keeps its data in %s, which no volume holds", config.Data)
	}
	var scrape struct {
		Jobs []struct {
			Static []struct{ Targets []string } `yaml:"static_configs"`
		} `yaml:"scrape_configs"`
	}
	if err := yaml.Unmarshal([]byte(readText(t, "../deploy/prometheus/prometheus.yml")), &scrape); err != nil {
		t.Fatal(err)
	}
	if target := scrape.Jobs[0].Static[0].Targets[0]; target != "postvern"+config.Metrics.Address {
		t.Errorf("Prometheus asks %s, the gateway answers at %s", target, config.Metrics.Address)
	}
}

// followComment does what the comment of compose.yaml tells, on a copy of the
// folders that it speaks of, and returns the copy's root.
func followComment(t *testing.T, text string) string {
	t.Helper()
	root := t.TempDir()
	for _, dir := range []string{"configs", "deploy"} {
		if err := os.CopyFS(filepath.Join(root, dir), os.DirFS(filepath.Join("..", dir))); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.RemoveAll(filepath.Join(root, "deploy/etc")); err != nil {
		t.Fatal(err)
	}
	copying := regexp.MustCompile(`(?m)^# +(cp .+)$`).FindStringSubmatch(text)
	metrics := regexp.MustCompile(`(?m)^# +(metrics: \{.*?\})`).FindStringSubmatch(text)
	if copying == nil || metrics == nil {
		t.Fatal("the comment does not say what to do first")
	}
	tool(t, root, "", "sh", "-c", copying[1])
	file := filepath.Join(root, "deploy/etc/postvern.yaml")
	changed := regexp.MustCompile(`(?m)^metrics: .*$`).ReplaceAllString(readText(t, file), metrics[1])
	if err := os.WriteFile(file, []byte(changed), 0o600); err != nil {
		t.Fatal(err)
	}
	return root
}

func TestGrafanaFindsItsDataSourceAndDashboard(t *testing.T) {
	var sources struct {
		Datasources []struct{ UID, URL string }
	}
	if err := yaml.Unmarshal([]byte(readText(t, "../deploy/grafana/provisioning/datasources/prometheus.yaml")), &sources); err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`"uid": "([^"]*prometheus[^"]*)"`).FindAllStringSubmatch(readText(t, "../deploy/grafana/dashboards/postvern.json"), -1) {
		if m[1] != sources.Datasources[0].UID {
			t.Fatalf("the dashboard asks the data source %q, which is not provisioned", m[1])
		}
	}
	provider := readText(t, "../deploy/grafana/provisioning/dashboards/postvern.yaml")
	compose := readText(t, "../deploy/compose.yaml")
	path := regexp.MustCompile(`path: ([^}\s]+)`).FindStringSubmatch(provider)
	if path == nil || !strings.Contains(compose, "./grafana/dashboards:"+path[1]+":ro") {
		t.Errorf("the dashboards are not where Grafana looks: %v", path)
	}
}
