package spool

import (
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// disk image: a file system whose backing file can be copied at any moment. The
// copy is what a power cut would have left: what was not flushed is not in it.
type image struct{ file, dir string }

func (i image) mount(t *testing.T) {
	t.Helper()
	if err := os.MkdirAll(i.dir, 0o700); err != nil {
		t.Fatal(err)
	}
	// commit=300: the file system by itself writes nothing for five minutes.
	out, err := exec.CommandContext(t.Context(), "mount", "-o", "loop,commit=300", i.file, i.dir).CombinedOutput()
	if err != nil {
		t.Skipf("a disk image cannot be mounted here: %s", out)
	}
	t.Cleanup(func() {
		if out, err := exec.CommandContext(context.Background(), "umount", i.dir).CombinedOutput(); err != nil {
			t.Errorf("unmount: %s", out)
		}
	})
}

func newImage(t *testing.T) image {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root may mount a disk image")
	}
	i := image{filepath.Join(t.TempDir(), "image"), filepath.Join(t.TempDir(), "mounted")}
	if err := os.WriteFile(i.file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(i.file, 64<<20); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), "mkfs.ext4", "-q", "-F", i.file).CombinedOutput(); err != nil {
		t.Skipf("no ext4 can be made here: %v %s", err, out)
	}
	i.mount(t)
	return i
}

// cut copies the backing file as it is at this moment, and mounts the copy.
func (i image) cut(t *testing.T) image {
	t.Helper()
	c := image{filepath.Join(t.TempDir(), "image"), filepath.Join(t.TempDir(), "mounted")}
	from, err := os.Open(i.file)
	if err != nil {
		t.Fatal(err)
	}
	to, err := os.Create(c.file)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(to, from); err != nil {
		t.Fatal(err)
	}
	if err := from.Close(); err != nil {
		t.Fatal(err)
	}
	if err := to.Close(); err != nil {
		t.Fatal(err)
	}
	c.mount(t)
	return c
}

func TestAPowerCutLosesNothingAcknowledged(t *testing.T) {
	disk := newImage(t)
	// The test has to be able to fail: what is written and not flushed is lost.
	if err := os.WriteFile(filepath.Join(disk.dir, "unflushed"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(disk.cut(t).dir, "unflushed")); err == nil {
		t.Skip("this file system flushes by itself: a cut would prove nothing")
	}
	s := openTest(t, filepath.Join(disk.dir, "data"))
	want := make(map[string]bool)
	for n := range 4 {
		if n >= 2 { // after a rest: into a log that lies ready, for the second time where it was written to
			laidLog(t, filepath.Join(disk.dir, "data"), s.ahead.ready)
		}
		for _, size := range []int{3000, largeBody + 1} {
			p := testParcel(size, 1)
			mustAccept(t, s, p)
			want[p.Copies[0].ID] = true
			seen := deliverRest(t, openTest, filepath.Join(disk.cut(t).dir, "data"))
			for id := range want {
				if seen[id] != 1 {
					t.Errorf("after a cut at the answer, %s came %d times", id, seen[id])
				}
			}
		}
	}
}
