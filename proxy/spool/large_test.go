package spool

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"testing"
)

// wholeOf returns the content of a delivery, wherever it stands.
func wholeOf(t *testing.T, d Delivery) []byte {
	t.Helper()
	if d.Large == nil {
		return slices.Concat(d.Head, d.Content)
	}
	from, err := d.Large.Open()
	if err != nil {
		t.Fatal(err)
	}
	rest, err := io.ReadAll(from)
	if err := errors.Join(err, from.Close()); err != nil {
		t.Fatal(err)
	}
	if int64(len(rest)) != d.Large.Size {
		t.Errorf("%d octets were read where %d stand", len(rest), d.Large.Size)
	}
	return slices.Concat(d.Head, rest)
}

// noise returns lines of octets that repeat nowhere.
func noise(size int) []byte {
	b := make([]byte, size)
	_, _ = rand.NewChaCha8([32]byte{9}).Read(b)
	for i := range b {
		b[i] = b[i]&15 + 'a'
	}
	for i := 78; i+2 < size; i += 80 {
		copy(b[i:], "\r\n")
	}
	copy(b[max(0, size-2):], "\r\n")
	return b
}

// writtenBodies stores bodies that are written while they are encrypted, and
// reads back those that are too large for memory as they are sent.
func writtenBodies(t *testing.T, open opener) {
	for _, size := range []int{0, 100, largeBody + 1, streamed - 100, streamed, streamed + 1, streamed + 3*chunkSize + 7} {
		dir := t.TempDir()
		s := open(t, dir)
		p := testParcel(0, 1)
		content := noise(size)
		p.Bodies[0] = Body{Head: []byte("Subject: x\r\nTo: y\r\n\r\n"), About: int64(size / 2), Write: func(w io.Writer) error {
			for piece := range slices.Chunk(content, 1000) {
				if _, err := w.Write(piece); err != nil {
					return err
				}
			}
			return nil
		}}
		whole := slices.Concat(p.Bodies[0].Head, content)
		mustAccept(t, s, p)
		wantStats(t, s, Stats{Queued: 1, Bytes: int64(len(whole))})
		for _, when := range []string{"at once", "after a restart"} {
			d := claimOne(t, s)
			if d.Size() != len(whole) || (d.Large != nil) != (len(whole) > streamed) {
				t.Errorf("%d octets %s: %d came, as a stream: %t", size, when, d.Size(), d.Large != nil)
			}
			if d.Large != nil && !bytes.Equal(d.Head, p.Bodies[0].Head) {
				t.Errorf("%d octets %s: the header is %q", size, when, d.Head)
			}
			for range 2 { // each upstream that is tried reads it anew
				if !bytes.Equal(wholeOf(t, d), whole) {
					t.Errorf("%d octets %s: others came", size, when)
				}
			}
			mustClose(t, s)
			s = open(t, dir)
		}
		finishAll(t, s, Delivered, claimOne(t, s))
		wantStats(t, s, Stats{})
	}
}

// failedWriting stores nothing of a parcel of which a body could not be written.
func failedWriting(t *testing.T, open opener) {
	s := open(t, t.TempDir())
	wrong := errors.New("it cannot be encrypted")
	p := testParcel(10, 2)
	p.Bodies = append(p.Bodies, Body{Head: []byte("a: b\r\n\r\n"), About: 1 << 20, Write: func(w io.Writer) error {
		_, _ = w.Write(make([]byte, 1<<20))
		return wrong
	}})
	p.Copies[1].Body = 1
	if err := s.Accept(t.Context(), p); !errors.Is(err, wrong) {
		t.Errorf("the answer is %v", err)
	}
	wantStats(t, s, Stats{})
	if s.cfg.URL != "" {
		return
	}
	if names, err := s.disk.orphans(nil, s.clock()); err != nil || len(names) > 0 {
		t.Errorf("%q is left, %v", names, err)
	}
}

// damagedLargeBody holds a copy whose body is damaged at its end, before any of
// it is sent.
func damagedLargeBody(t *testing.T, open opener) {
	dir := t.TempDir()
	s := open(t, dir)
	p, good := testParcel(0, 1), testParcel(800, 1)
	p.Bodies[0].Content = noise(streamed + 1000)
	mustAccept(t, s, p, good)
	damage(t, s, "UPDATE bodies SET size = size + 1 WHERE size > 800")
	mustClose(t, s)
	s = open(t, dir)
	if got := claimCopies(t, s, 1); len(got) != 1 || got[0].Parcel != good.ID {
		t.Fatalf("%d deliveries", len(got))
	}
	waitHeld(t, s, 1)
}
