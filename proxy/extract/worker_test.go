package extract

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"postvern.example/policy/detect"
)

// TestMain lets the test binary be its own worker.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == WorkerArgument && os.Getenv("HOME") == "" {
		_, code := Worker(os.Args)
		os.Exit(code)
	}
	minimizeLittle()
	goleak.VerifyTestMain(m)
}

// minimizeLittle has a fuzz run look for new inputs rather than for shorter
// ones: by itself it spends a minute on each input that is worth keeping, and
// a file of 25 KB has no end of shorter forms.
func minimizeLittle() {
	flag.Parse()
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "test.fuzzminimizetime" })
	if !given {
		_ = flag.Set("test.fuzzminimizetime", "5x") // as make fuzz says it
	}
}

// program builds the program itself: what the race detector adds to a test's
// memory is not the reader's.
func program(t testing.TB) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "postvern")
	build := exec.Command("go", "build", "-o", file, "../../cmd/postvern")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build postvern: %v\n%s", err, out)
	}
	return file
}

func withWorkers(t testing.TB, cfg Config) *Extractor {
	t.Helper()
	cfg.Worker = []string{os.Args[0], WorkerArgument}
	x := New(cfg)
	t.Cleanup(x.Close)
	return x
}

func TestWorkersReadWhatIsReadWithoutThem(t *testing.T) {
	x := withWorkers(t, Config{})
	for _, name := range []string{"brev.docx", "liste.xls", "pakke.zip", "brev.pdf", "oplaeg.ppt", "brev.rtf", "laast.7z", "laast-svag.zip"} {
		m := read(t, attached("application/octet-stream", name, document(t, name)))
		want, got := New(Config{}).Text(context.Background(), m).dump(), x.Text(context.Background(), m).dump()
		if got != want {
			t.Errorf("%s: with workers\n%s\nwithout\n%s", name, got, want)
		}
	}
}

func TestWorkersAreSharedByManyMessages(t *testing.T) {
	x := withWorkers(t, Config{Workers: 2})
	m := read(t, attached("application/octet-stream", "liste.xlsx", document(t, "liste.xlsx")))
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 5 {
				if res := x.Text(context.Background(), m); !res.holds("0102031234") || len(res.Findings) > 0 {
					t.Error(res.dump())
				}
			}
		})
	}
	wg.Wait()
	if n := len(x.pool.idle); n < 1 || n > 2 {
		t.Errorf("%d workers are idle, want one or two", n)
	}
}

func TestAWorkerThatHangsIsKilled(t *testing.T) {
	x := New(Config{Worker: []string{"/bin/sleep", "600"}, Time: 300 * time.Millisecond})
	t.Cleanup(x.Close)
	start := time.Now()
	res := x.Text(context.Background(), read(t, attached("application/octet-stream", "a.zip", document(t, "pakke.zip"))))
	f, ok := res.finding(detect.Unscannable)
	if !ok || f.Evidence[0] != whyTime || time.Since(start) > hangs {
		t.Errorf("after %v\n%s", time.Since(start), res.dump())
	}
}

func TestAWorkerThatDiesIsAFindingAndReplaced(t *testing.T) {
	x := withWorkers(t, Config{Workers: 1})
	m := read(t, attached("application/octet-stream", "a.zip", document(t, "pakke.zip")))
	x.Text(context.Background(), m)
	killGroup(x.pool.idle[0].cmd)
	res := x.Text(context.Background(), m)
	if f, ok := res.finding(detect.Unscannable); !ok || f.Evidence[0] != whyCrash {
		t.Error(res.dump())
	}
	if res = x.Text(context.Background(), m); len(res.Findings) > 0 || !res.holds("010203-1234") {
		t.Error(res.dump())
	}
}

func TestAWorkerThatHasGrownIsReplaced(t *testing.T) {
	if underRace {
		t.Skip("the race detector takes several times the memory: make test runs this without it as well")
	}
	x := withWorkers(t, Config{Workers: 1})
	var long strings.Builder
	for i := range 500_000 {
		fmt.Fprintf(&long, "<w:p><w:r><w:t>%d Søren har mange tal %d</w:t></w:r></w:p>", i, i*7919)
	}
	for _, c := range []struct {
		name string
		data []byte
		idle int
	}{{"pakke.zip", document(t, "pakke.zip"), 1}, {"lang.docx", []byte(docx(t, long.String())), 0}, {"pakke.zip", document(t, "pakke.zip"), 1}} {
		res := x.Text(context.Background(), read(t, attached("application/octet-stream", c.name, c.data)))
		if len(res.Findings) > 0 || len(x.pool.idle) != c.idle {
			t.Errorf("%s: %d workers are idle, want %d; %v", c.name, len(x.pool.idle), c.idle, res.Findings)
		}
	}
}

func TestAWorkerThatCannotStartIsAFinding(t *testing.T) {
	x := New(Config{Worker: []string{"/nonexistent/worker"}})
	t.Cleanup(x.Close)
	res := x.Text(context.Background(), read(t, attached("application/octet-stream", "a.zip", document(t, "pakke.zip"))))
	if _, ok := res.finding(detect.Unscannable); !ok {
		t.Error(res.dump())
	}
}

func TestAnIdleWorkerIsRetiredAndOneAtWorkIsNot(t *testing.T) {
	x := withWorkers(t, Config{Workers: 1})
	m := read(t, attached("application/octet-stream", "a.zip", document(t, "pakke.zip")))
	x.Text(context.Background(), m)
	w := x.pool.idle[0]
	x.pool.retire(w)
	if len(x.pool.idle) != 0 || w.cmd.ProcessState == nil {
		t.Error("it was not ended")
	}
	x.pool.retire(w) // it is idle no more
	if res := x.Text(context.Background(), m); len(res.Findings) > 0 {
		t.Error(res.dump())
	}
}

func TestPlainMailStartsNoWorker(t *testing.T) {
	x := withWorkers(t, Config{})
	x.Text(context.Background(), read(t, attached("text/csv", "a.csv", []byte("a;b\nc;d\n"))))
	if len(x.pool.idle) > 0 {
		t.Error("a worker was started")
	}
}

func TestAReaderThatCrashesIsAFinding(t *testing.T) {
	x := New(Config{})
	x.formats[isZip] = format{label: "archive", hostile: true, read: func(*reading, piece) { panic("a fault") }}
	x.formats[isText] = format{label: "text", read: func(*reading, piece) { panic("a fault") }}
	for _, data := range []string{string(document(t, "pakke.zip")), "text"} {
		res := x.Text(context.Background(), read(t, attached("application/octet-stream", "a", []byte(data))))
		if f, ok := res.finding(detect.Unscannable); !ok || f.Evidence[0] != whyCrash {
			t.Error(res.dump())
		}
	}
}

func TestAProgramIsAWorkerOnlyWhenAsked(t *testing.T) {
	for _, args := range [][]string{nil, {"postvern"}, {"postvern", "serve"}, {"postvern", "serve", WorkerArgument}} {
		if handled, code := Worker(args); handled || code != 0 {
			t.Errorf("%q was taken for a worker's command line", args)
		}
	}
}

func TestAFrameThatIsTooLargeIsRefused(t *testing.T) {
	if err := serve(strings.NewReader("\xff\xff\xff\xff"), nil); err == nil {
		t.Error("no error")
	}
}
