package extract

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"time"
)

// errLongAnswer says that a program wrote more than it may; what it wrote
// until then is returned.
var errLongAnswer = errors.New("the answer is too long")

// limitsOf is what a program may use that filter runs.
type limitsOf struct {
	memory  uint64 // bytes of address space
	seconds uint64 // of processor time
	answer  int    // bytes
}

// filter gives data to a program and returns what it writes. The program runs
// with limits, in no folder of its own, and ends when this process does: it
// cannot begin before it has the file, and can write no other.
func filter(ctx context.Context, data []byte, limits limitsOf, program string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = []string{"LC_ALL=C.UTF-8", "HOME=/nonexistent", "OMP_THREAD_LIMIT=1"}
	cmd.Dir = "/"
	cmd.WaitDelay = 200 * time.Millisecond
	endWithParent(cmd)
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", program, err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", program, err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", program, err)
	}
	if err := limitChild(cmd.Process.Pid, limits.memory, limits.seconds); err != nil {
		_ = in.Close()
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // it was killed
		return nil, fmt.Errorf("limit %s: %w", program, err)
	}
	go func() {
		_, _ = in.Write(data) // ends when the process does
		_ = in.Close()
	}()
	var answer bytes.Buffer
	_, err = answer.ReadFrom(io.LimitReader(out, int64(limits.answer)+1))
	if answer.Len() > limits.answer {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // it was killed
		return answer.Bytes(), errLongAnswer
	}
	if waitErr := cmd.Wait(); waitErr != nil {
		return nil, fmt.Errorf("run %s: %w", program, waitErr)
	}
	if err != nil {
		return nil, fmt.Errorf("read from %s: %w", program, err)
	}
	return answer.Bytes(), nil
}
