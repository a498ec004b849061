package test

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"testing"
)

// TestTheGatewayLeavesNoDumpAndNothingReadsItsMemory looks at what
// the kernel says of a gateway that was allowed to leave dumps.
func TestTheGatewayLeavesNoDumpAndNothingReadsItsMemory(t *testing.T) {
	need(t, "sh")
	g := install(t, nil, sinkConfig())
	g.launch(exec.Command("sh", "-c", "ulimit -S -c $(ulimit -H -c); exec \"$0\" serve --config \"$1\"", binary, g.path("postvern.yaml")))
	of := fmt.Sprintf("/proc/%d", g.command.Process.Pid)
	limits, err := os.ReadFile(of + "/limits")
	if err != nil {
		t.Skip(err)
	}
	if !regexp.MustCompile(`Max core file size +0 +0 `).Match(limits) {
		t.Errorf("it may leave dumps:\n%s", limits)
	}
	if os.Getuid() != 0 { // root reads every process
		if f, err := os.Open(of + "/mem"); err == nil {
			_ = f.Close()
			t.Error("its memory can be read")
		}
	}
}
