package spool

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"postvern.example/internal/octets"
)

// putAside returns an Aside that holds content, written in pieces of all sizes.
func putAside(t *testing.T, s *Store, content []byte) *Aside {
	t.Helper()
	a, err := s.PutAside()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Close() })
	for n := 1; len(content) > 0; n = n*3 + 1 {
		n = min(n, len(content))
		if wrote, err := a.Write(content[:n]); err != nil || wrote != n {
			t.Fatalf("%d octets of %d: %v", wrote, n, err)
		}
		content = content[n:]
	}
	return a
}

func TestWhatIsPutAsideIsReadInAnyRange(t *testing.T) {
	content := bytes.Repeat([]byte("Mette Sørensen, 010203-1234\r\n"), 20_000)
	a := putAside(t, openTest(t, t.TempDir()), content)
	if a.Size() != int64(len(content)) {
		t.Fatalf("%d octets", a.Size())
	}
	end := int64(len(content))
	var readers sync.WaitGroup
	for _, c := range [][2]int64{{0, end}, {0, 0}, {0, 1}, {asideBlock - 1, 2}, {asideBlock, asideBlock}, {asideBlock + 5, 3 * asideBlock}, {end - 1, 1}, {end - 70_000, 70_000}, {end, 0}} {
		readers.Go(func() {
			got, err := io.ReadAll(a.Open(c[0], c[1]))
			if err != nil || !bytes.Equal(got, content[c[0]:c[0]+c[1]]) {
				t.Errorf("%d octets from %d: %d came, %v", c[1], c[0], len(got), err)
			}
		})
	}
	readers.Wait()
	if _, err := io.ReadAll(a.Open(end-10, 20)); !errors.Is(err, ErrDamaged) {
		t.Errorf("past the end: %v", err)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(a.Open(0, end)); !errors.Is(err, os.ErrClosed) {
		t.Errorf("after the end: %v", err)
	}
}

func TestWhatIsPutAsideHasNoNameAndStandsNowhereInClear(t *testing.T) {
	dir := t.TempDir()
	s := openTest(t, dir)
	a := putAside(t, s, bytes.Repeat([]byte("Mette Sørensen, 010203-1234\r\n"), 20_000))
	err := filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		if strings.Contains(filepath.Base(path), asideName) {
			t.Errorf("%s has a name", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	written, err := os.ReadFile(fmt.Sprintf("/proc/self/fd/%d", a.file.Fd()))
	if err != nil {
		t.Skip("what a file without a name holds cannot be read here:", err)
	}
	if len(written) < 500_000 {
		t.Errorf("only %d octets are on the disk", len(written))
	}
	if bytes.Contains(written, []byte("Mette")) || bytes.Contains(written, []byte("0203")) {
		t.Error("it is in clear")
	}
}

func TestWhatIsPutAsideAndChangedIsDamaged(t *testing.T) {
	content := bytes.Repeat([]byte("Mette Sørensen, 010203-1234\r\n"), 20_000)
	s := openTest(t, t.TempDir())
	for name, change := range map[string]func(f *os.File) error{
		"an octet":     func(f *os.File) error { _, err := f.WriteAt([]byte{1, 2, 3}, asideStride+7); return err },
		"its end":      func(f *os.File) error { return f.Truncate(3 * asideStride) },
		"two for each": func(f *os.File) error { return swap(f, asideStride, 2*asideStride) },
	} {
		a := putAside(t, s, content)
		if err := change(a.file); err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, a.Open(0, a.Size())); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// swap exchanges two blocks.
func swap(f *os.File, one, two int64) error {
	a, b := make([]byte, asideStride), make([]byte, asideStride)
	_, err := f.ReadAt(a, one)
	_, err2 := f.ReadAt(b, two)
	_, err3 := f.WriteAt(a, two)
	_, err4 := f.WriteAt(b, one)
	return errors.Join(err, err2, err3, err4)
}

func TestNothingIsPutAsideWhereTheDiskIsFull(t *testing.T) {
	s := openTest(t, t.TempDir(), func(c *Config) { c.MinFree = 1 << 60 })
	if _, err := s.PutAside(); !errors.Is(err, ErrFull) {
		t.Errorf("%v", err)
	}
	s = openTest(t, t.TempDir(), func(c *Config) { c.MaxBytes = 512 << 10 })
	a, err := s.PutAside()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = a.Close() }()
	if _, err := a.Write(make([]byte, 1<<20)); !errors.Is(err, ErrFull) {
		t.Errorf("while it is written: %v", err)
	}
}

func TestNamesOfWhatWasPutAsideAreSweptAtTheStart(t *testing.T) {
	dir := t.TempDir()
	left := filepath.Join(dir, asideName+"1234")
	if err := os.WriteFile(left, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	openTest(t, dir)
	if _, err := os.Stat(left); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v", err)
	}
}

// TestARepeatIsRecognisedWhereverItsOctetsStand makes the digest of messages that
// are held, and of the same with octets aside.
func TestARepeatIsRecognisedWhereverItsOctetsStand(t *testing.T) {
	s := openTest(t, t.TempDir())
	for _, size := range []int{10, 1 << 20, 1<<20 + 1, 5 << 20} {
		content := testContent("digest", size)
		want, err := s.vault.repeat([]byte("envelope"), octets.Hold(content))
		if err != nil {
			t.Fatal(err)
		}
		a := putAside(t, s, content)
		rope := octets.Hold(bytes.Clone(content[:size/3]))
		rope.PutAside(a, int64(size/3), int64(size/3))
		rope.Append(octets.Hold(content[2*(size/3):]))
		got, err := s.vault.repeat([]byte("envelope"), rope)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%d octets: another digest: %v", size, err)
		}
		content[size-1] ^= 1
		other, err := s.vault.repeat([]byte("envelope"), octets.Hold(content))
		if err != nil || bytes.Equal(other, want) {
			t.Errorf("%d octets: the digest of others is the same: %v", size, err)
		}
	}
}
