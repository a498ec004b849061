package test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"postvern.example/internal/sink"
)

// TestCommandLines runs testdata/script: what people type, what they read, and
// the exit code.
func TestCommandLines(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(e *testscript.Env) error {
			e.Setenv("PATH", filepath.Dir(binary)+string(os.PathListSeparator)+e.Getenv("PATH"))
			return os.CopyFS(filepath.Join(e.WorkDir, "configs"), os.DirFS("../configs"))
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"exits": exits},
	})
}

// TestRootIsSentToTheGatewaysUser covers what would break a running gateway:
// root writing files that the gateway's own user cannot read.
func TestRootIsSentToTheGatewaysUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can be somebody else")
	}
	i := install(t, nil, sink.Config{})
	if err := os.Mkdir(i.path("data"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(i.path("data"), 2525, 2525); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"members", "import", "--out", i.path("roster"), i.path("members.csv")},
		{"held", "drop", "PV-AAAAAA", "--reason", "read it"},
		{"held", "release", "PV-AAAAAA", "--reason", "read it"},
	} {
		out, err := i.run(args...)
		var failed *exec.ExitError
		if !errors.As(err, &failed) || failed.ExitCode() != 2 || !strings.Contains(err.Error(), "type sudo -u #2525 before the command") {
			t.Errorf("postvern %v as root: %v %s", args, err, out)
		}
	}
	if _, err := os.Stat(i.path("roster")); err == nil {
		t.Error("the roster was written all the same")
	}
}

// exits runs a program and wants an exit code: exits 2 postvern serve.
func exits(ts *testscript.TestScript, negated bool, args []string) {
	if negated || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM ARGUMENT...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	code := 0
	var failed *exec.ExitError
	if err := ts.Exec(args[1], args[2:]...); errors.As(err, &failed) {
		code = failed.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if code != want {
		ts.Fatalf("the exit code is %d, not %d", code, want)
	}
}
