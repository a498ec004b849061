package extract

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"sync"
	"time"
)

// pool keeps worker processes for reuse: starting one costs more than reading
// most files.
type pool struct {
	command []string
	slots   chan struct{} // one for each worker that may run
	mu      sync.Mutex
	idle    []*worker
	closed  bool
}

// worker is a running worker process.
type worker struct {
	cmd  *exec.Cmd
	in   io.WriteCloser
	out  io.ReadCloser
	jobs int
	rest *time.Timer // ends it when nobody needs it for long
}

// maxJobs is after how many files a worker is replaced: what one of them may
// have left behind goes with it.
const maxJobs = 500

// maxIdle is how long a worker waits for a file.
const maxIdle = 5 * time.Minute

var errPoolClosed = errors.New("the extractor is closed")

func newPool(command []string, workers int) *pool {
	return &pool{command: command, slots: make(chan struct{}, workers)}
}

// acquire waits for a worker. The caller gives it back with release.
func (p *pool) acquire(ctx context.Context) (*worker, error) {
	select {
	case p.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	p.mu.Lock()
	if n := len(p.idle); n > 0 && !p.closed {
		w := p.idle[n-1]
		p.idle = p.idle[:n-1]
		w.rest.Stop()
		p.mu.Unlock()
		return w, nil
	}
	closed := p.closed
	p.mu.Unlock()
	if closed {
		<-p.slots
		return nil, errPoolClosed
	}
	w, err := p.start()
	if err != nil {
		<-p.slots
		return nil, err
	}
	return w, nil
}

// start runs a worker with nothing of this process' environment.
func (p *pool) start() (*worker, error) {
	cmd := exec.Command(p.command[0], p.command[1:]...) //nolint:noctx // it lives for many messages; release and close end it
	cmd.Env = []string{"GOTRACEBACK=none", "GOMAXPROCS=2", "PATH=/usr/local/bin:/usr/bin:/bin"}
	cmd.Dir = "/"
	ownGroup(cmd)
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("start a worker: %w", err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("start a worker: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start a worker: %w", err)
	}
	return &worker{cmd: cmd, in: in, out: out}, nil
}

// release gives a worker back; one that is not healthy is killed.
func (p *pool) release(w *worker, healthy bool) {
	p.mu.Lock()
	keep := healthy && w.jobs < maxJobs && !p.closed
	if keep {
		p.idle = append(p.idle, w)
		w.rest = time.AfterFunc(maxIdle, func() { p.retire(w) })
	}
	p.mu.Unlock()
	if !keep {
		w.kill()
	}
	<-p.slots
}

// retire ends a worker that is still idle.
func (p *pool) retire(w *worker) {
	p.mu.Lock()
	i := slices.Index(p.idle, w)
	if i >= 0 {
		p.idle = slices.Delete(p.idle, i, i+1)
	}
	p.mu.Unlock()
	if i >= 0 {
		w.kill()
	}
}

// close ends all idle workers; those at work end when they are released.
func (p *pool) close() {
	p.mu.Lock()
	p.closed = true
	idle := p.idle
	p.idle = nil
	p.mu.Unlock()
	for _, w := range idle {
		w.rest.Stop()
		w.kill()
	}
}

func (w *worker) kill() {
	_ = w.in.Close()
	killGroup(w.cmd)
	_ = w.cmd.Wait() // its state is of no interest: it was killed
}

// do has the worker read a file. After an error the worker is of no more use.
func (w *worker) do(ctx context.Context, j job, size int, file io.Reader) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, j.Time+500*time.Millisecond)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { killGroup(w.cmd) })
	defer stop()
	w.jobs++
	var a answer
	err := send(w.in, j)
	if err == nil {
		err = sendFile(w.in, size, file)
	}
	if err == nil {
		err = receive(w.out, &a, maxFrame)
	}
	if err == nil && a.Wrote {
		a.file, err = receiveBytes(w.out, maxFrame)
	}
	if ctx.Err() != nil {
		return answer{}, ctx.Err()
	}
	return a, err
}
