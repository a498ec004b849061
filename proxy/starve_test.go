package proxy_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"

	"postvern.example/proxy/message"
	"postvern.example/proxy/seal"
	"postvern.example/proxy/spool"
)

// slowDisk is a store that writes the bodies that are made while it takes them,
// and has no room for them until it is let go on.
type slowDisk struct {
	void
	begun   atomic.Int32
	written atomic.Int64
	first   chan struct{} // closed when the first octets come
	once    sync.Once
	goOn    chan struct{}
}

// Accept writes every body that is made while it is taken.
func (s *slowDisk) Accept(_ context.Context, p spool.Parcel) error {
	for _, b := range p.Bodies {
		if b.Write == nil {
			continue
		}
		if err := b.Write(&slowWriter{disk: s}); err != nil {
			return err
		}
	}
	return nil
}

type slowWriter struct {
	disk  *slowDisk
	began bool
}

// Write waits until there is room.
func (w *slowWriter) Write(p []byte) (int, error) {
	d := w.disk
	if !w.began {
		w.began = true
		d.begun.Add(1)
		d.once.Do(func() { close(d.first) })
	}
	<-d.goOn
	d.written.Add(int64(len(p)))
	return len(p), nil
}

// TestSmallMailIsSealedWhileLargeMailWaits holds up the sealing of many large
// mails: no more of them are at work than processors can be spared, and a small
// one is sealed and stored meanwhile.
func TestSmallMailIsSealedWhileLargeMailWaits(t *testing.T) {
	const large = 12
	disk := &slowDisk{first: make(chan struct{}), goOn: make(chan struct{})}
	g := newGatewayIn(t, filepath.Join("..", "configs", "members.csv"), nil, disk)
	rules := g.Rules()
	rules.Keys = ringOf(t, "mette.soerensen@post.example")
	g.Follow(rules)
	submit := func(n, size int) error {
		line := "Vi mødes på torsdag klokken ti i kantinen, og alle er velkomne.\r\n"
		mail := fmt.Sprintf("From: Anna Holm <anna.holm@region.example>\r\nTo: mette.soerensen@post.example\r\nSubject: Sag\r\nMessage-ID: <%d@forening.example>\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"+
			"Mettes CPR-nr. er 070761-4285.\r\n", n) + strings.Repeat(line, size/len(line))
		return g.Submit(context.Background(), message.Envelope{
			From: "anna.holm@region.example", To: []message.Recipient{{Address: "mette.soerensen@post.example"}}, Login: "anna", Received: time.Now(),
		}, strings.NewReader(mail))
	}
	var senders sync.WaitGroup
	for n := range large {
		senders.Go(func() {
			if err := submit(n, 1<<20); err != nil {
				t.Error(err)
			}
		})
	}
	<-disk.first
	if err := submit(large, 5<<10); err != nil {
		t.Errorf("a small mail was not taken: %v", err)
	}
	if disk.written.Load() > 0 {
		t.Error("a large mail went on meanwhile")
	}
	// Those that have begun wait for the disk, so that no other has its turn.
	if begun, bound := int(disk.begun.Load()), max(runtime.GOMAXPROCS(0)-1, 1); begun > bound {
		t.Errorf("%d large mails were sealed at a time, more than %d", begun, bound)
	}
	close(disk.goOn)
	senders.Wait()
	if begun := disk.begun.Load(); begun != large {
		t.Errorf("%d large mails were sealed of %d", begun, large)
	}
}

// ringOf is a keyring with a fresh key for an address.
func ringOf(t *testing.T, address string) *seal.Keyring {
	t.Helper()
	entity, err := openpgp.NewEntity("", "", address, nil)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	f, err := os.Create(filepath.Join(dir, "key.gpg"))
	if err != nil {
		t.Fatal(err)
	}
	if err := entity.Serialize(f); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	ring, problems, err := seal.LoadKeys(dir)
	if err != nil || len(problems) > 0 {
		t.Fatal(err, problems)
	}
	return ring
}
