package test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"postvern.example/internal/app"
	"postvern.example/policy/strict"
)

const manual = "../docs/operations.md"

func readText(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// manualTable returns the rows of the table between <!-- name --> and
// <!-- end -->, without the two rows of its heading.
func manualTable(t *testing.T, name string) [][]string {
	t.Helper()
	_, rest, ok := strings.Cut(readText(t, manual), "<!-- "+name+" -->\n")
	text, _, closed := strings.Cut(rest, "<!-- end -->")
	if !ok || !closed {
		t.Fatalf("%s has no table %q", manual, name)
	}
	var rows [][]string
	for _, line := range strings.Split(strings.TrimSpace(text), "\n")[2:] {
		cells := strings.Split(strings.Trim(line, "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		rows = append(rows, cells)
	}
	return rows
}

func unquoted(cell string) string { return strings.Trim(cell, "`") }

// configKeys returns the keys of a configuration struct with its values, in
// order. The elements of a list stand under its key and [].
func configKeys(v reflect.Value, prefix string, visit func(key string, v reflect.Value)) {
	for i := range v.NumField() {
		key := prefix + v.Type().Field(i).Tag.Get("yaml")
		field := v.Field(i)
		switch {
		case field.Kind() == reflect.Slice && field.Type().Elem().Kind() == reflect.Struct:
			visit(key, field)
			configKeys(reflect.New(field.Type().Elem()).Elem(), key+"[].", visit)
		case field.Kind() == reflect.Struct:
			configKeys(field, key+".", visit)
		default:
			visit(key, field)
		}
	}
}

func TestTheManualHasEveryKeyOfTheConfigurationWithItsDefault(t *testing.T) {
	file := filepath.Join(t.TempDir(), "postvern.yaml")
	minimal := "listen: [{address: \"127.0.0.1:0\", tls: starttls}]\nupstream: {address: \"smtp.forening.example:587\"}\n"
	if err := os.WriteFile(file, []byte(minimal), 0o600); err != nil {
		t.Fatal(err)
	}
	config, err := app.LoadConfig(file)
	if err != nil {
		t.Fatal(err)
	}
	defaults := map[string]string{}
	for _, row := range manualTable(t, "keys") {
		defaults[unquoted(row[0])] = row[1]
	}
	spoken := []string{"this machine's name", "must be there", "none", "none: at least one", "as for `upstream`"}
	configKeys(reflect.ValueOf(config), "", func(key string, v reflect.Value) {
		told, ok := defaults[key]
		delete(defaults, key)
		if !ok {
			t.Errorf("the manual does not explain the key %q", key)
			return
		}
		want := fmt.Sprint(v.Interface())
		if words, ok := v.Interface().(strict.Words); ok {
			want = strings.Join(words, ", ")
		}
		if rel, err := filepath.Rel(filepath.Dir(file), want); err == nil && strings.HasPrefix(want, filepath.Dir(file)) {
			want = rel
		}
		switch {
		case slices.Contains(spoken, told):
		case told == "empty":
			if want != "" {
				t.Errorf("%s is empty by default, says the manual; it is %q", key, want)
			}
		case strings.TrimSuffix(unquoted(told), "/") != want:
			t.Errorf("%s is %s by default, says the manual; it is %q", key, told, want)
		}
	})
	for key := range defaults {
		t.Errorf("the manual explains the key %q, which does not exist", key)
	}
}

// markdown lists the documents that people read.
func markdown(t *testing.T) []string {
	t.Helper()
	var files []string
	for _, pattern := range []string{"../*.md", "../docs/*.md", "../docs/adr/*.md", "../configs/*.md", "../configs/*/*.md"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	if len(files) < 6 {
		t.Fatalf("only %d documents found", len(files))
	}
	return files
}

var (
	linkPattern    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	headingPattern = regexp.MustCompile(`(?m)^#+ (.+)$`)
	slugPattern    = regexp.MustCompile(`[^\p{L}\p{N} _-]`)
)

// anchors returns what a heading can be linked by.
func anchors(text string) map[string]bool {
	all := map[string]bool{}
	for _, m := range headingPattern.FindAllStringSubmatch(text, -1) {
		all[strings.ReplaceAll(slugPattern.ReplaceAllString(strings.ToLower(m[1]), ""), " ", "-")] = true
	}
	return all
}

func TestEveryLinkBetweenDocumentsLeadsSomewhere(t *testing.T) {
	for _, file := range markdown(t) {
		for _, m := range linkPattern.FindAllStringSubmatch(readText(t, file), -1) {
			if strings.Contains(m[1], "://") || strings.HasPrefix(m[1], "mailto:") {
				continue
			}
			name, anchor, _ := strings.Cut(m[1], "#")
			target := file
			if name != "" {
				target = filepath.Join(filepath.Dir(file), name)
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s links to %s: %v", file, m[1], err)
				continue
			}
			if anchor != "" && !anchors(readText(t, target))[anchor] {
				t.Errorf("%s links to %s, which has no such heading", file, m[1])
			}
		}
	}
}

var (
	typedPattern  = regexp.MustCompile(`(?m)^(?:    )?(?:sudo (?:-u postvern )?)?postvern ([a-z].*)$`)
	inlinePattern = regexp.MustCompile("`postvern ([a-z][^`\n]*)`")
)

// TestEveryCommandInTheDocumentsParses asks for help about each command line:
// a command or flag that does not exist is an error all the same.
func TestEveryCommandInTheDocumentsParses(t *testing.T) {
	seen := map[string]bool{}
	for _, file := range markdown(t) {
		text := readText(t, file)
		for _, m := range append(typedPattern.FindAllStringSubmatch(text, -1), inlinePattern.FindAllStringSubmatch(text, -1)...) {
			line, _, _ := strings.Cut(m[1], " #")
			if line = strings.TrimSpace(line); seen[line] {
				continue
			}
			seen[line] = true
			if err := parses(arguments(line)); err != nil {
				t.Errorf("%s: postvern %s: %v", file, line, err)
			}
		}
	}
	if len(seen) < 8 {
		t.Errorf("only %d commands found", len(seen))
	}
	for _, wrong := range []string{"held lists", "held list --conf x", "policies", `deviations comment PV-7K3F9Q "two words" three --config x`} {
		if parses(arguments(wrong)) == nil {
			t.Errorf("%q parses: this test tells nothing", wrong)
		}
	}
}

// arguments takes a command line apart as a shell does, as far as the documents
// go: what stands in quotes is one, and what is read from a file is none.
func arguments(line string) (args []string) {
	line, _, _ = strings.Cut(line, " < ")
	for _, word := range regexp.MustCompile(`(?:"[^"]*"|[^\s"])+`).FindAllString(line, -1) {
		args = append(args, strings.ReplaceAll(word, `"`, ""))
	}
	return args
}

func parses(args []string) error {
	c := exec.Command(binary, append(args, "--help")...)
	var out bytes.Buffer
	c.Stdout, c.Stderr = &out, &out
	if err := c.Run(); err != nil {
		return fmt.Errorf("%w: %s", err, out.String())
	}
	words := 0
	for words < len(args) && regexp.MustCompile(`^[a-z]+$`).MatchString(args[words]) {
		words++
	}
	if want := "Usage: postvern " + strings.Join(args[:min(words, 1)], " "); !strings.HasPrefix(out.String(), want) {
		return fmt.Errorf("its help begins %.60q", out.String())
	}
	return nil
}

func TestTheManualQuotesRepliesAsTheyAreSaid(t *testing.T) {
	said := readText(t, "../internal/notice/text/en.yaml")
	for _, pattern := range []string{"../proxy/submission/*.go", "../proxy/*.go", "../proxy/spool/*.go", "../internal/roster/*.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			said += readText(t, f)
		}
	}
	said = strings.NewReplacer("\" + KeyFile + \"", "installation.key", "\\\"", "\"", `{rule}`, "…").Replace(said)
	_, section, ok := strings.Cut(readText(t, manual), "## When something is wrong")
	if !ok {
		t.Fatal("no section on what to do when something is wrong")
	}
	quoted := 0
	for _, row := range strings.Split(section, "\n") {
		cell, _, _ := strings.Cut(strings.TrimPrefix(row, "| "), " | ")
		for _, m := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(cell, -1) {
			text := regexp.MustCompile(`^\d{3} \d\.\d\.\d ?`).ReplaceAllString(m[1], "")
			for _, part := range strings.Split(text, "…") {
				if part = strings.Trim(part, ` "`); part == "" {
					continue
				}
				quoted++
				if !strings.Contains(said, part) {
					t.Errorf("the manual quotes %q, which nothing says", part)
				}
			}
		}
	}
	if quoted < 12 {
		t.Errorf("only %d quotations found", quoted)
	}
}

func TestTheManualsEventsAreLogged(t *testing.T) {
	var source string
	for _, pattern := range []string{"../cmd/postvern/*.go", "../internal/app/*.go", "../proxy/*.go", "../proxy/*/*.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			if !strings.HasSuffix(f, "_test.go") {
				source += readText(t, f)
			}
		}
	}
	for _, row := range manualTable(t, "events") {
		if name := unquoted(row[0]); !strings.Contains(source, `"`+name+`"`) {
			t.Errorf("the manual explains the event %q, which nothing logs", name)
		}
	}
}

// TestTheWayFromAWishToTheLineExists reads the map of CONTRIBUTING.md: a path
// is there, and what stands in brackets behind it is in that file.
func TestTheWayFromAWishToTheLineExists(t *testing.T) {
	_, ways, ok := strings.Cut(readText(t, "../CONTRIBUTING.md"), "## From a wish to the line")
	if !ok {
		t.Fatal("CONTRIBUTING.md has no map")
	}
	targets := readText(t, "../Makefile")
	word := regexp.MustCompile("`([^`]+)`")
	paths, names := 0, 0
	for _, row := range strings.Split(ways, "\n| ") {
		_, where, _ := strings.Cut(row, " | ")
		for _, m := range regexp.MustCompile("`([^`]+/[^`]*)`(?: \\(([^)]*)\\))?").FindAllStringSubmatch(where, -1) {
			if packages, ok := strings.CutPrefix(m[1], "go test "); ok {
				for _, p := range strings.Fields(strings.TrimSuffix(packages, " -update")) {
					exists(t, p)
				}
				continue
			}
			paths++
			for _, name := range word.FindAllStringSubmatch(m[2], -1) {
				names++
				if !regexp.MustCompile(`\b` + regexp.QuoteMeta(strings.TrimLeft(name[1], "-")) + `\b`).MatchString(readText(t, "../"+m[1])) {
					t.Errorf("CONTRIBUTING.md: %s has no %s", m[1], name[1])
				}
			}
			exists(t, m[1])
		}
		for _, m := range regexp.MustCompile("`make ([a-z-]+)`").FindAllStringSubmatch(where, -1) {
			if !strings.Contains(targets, "\n"+m[1]+":") {
				t.Errorf("CONTRIBUTING.md: make has no target %s", m[1])
			}
		}
	}
	if paths < 40 || names < 20 {
		t.Errorf("only %d paths and %d names found", paths, names)
	}
}

// exists looks for a path from the top of the repository, or for what a
// pattern means.
func exists(t *testing.T, path string) {
	t.Helper()
	if found, err := filepath.Glob(filepath.Join("..", path)); err != nil || len(found) == 0 {
		t.Errorf("CONTRIBUTING.md names %s, which does not exist", path)
	}
}
