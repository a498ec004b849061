package spool

import (
	"bytes"
	"errors"
	"fmt"
	"sync"
	"testing"
)

func TestNodesThatStartAtOnceOnAnEmptyPostgreSQLNeverSealWithTwoKeys(t *testing.T) {
	srv := postgresServer(t)
	for round := range 3 {
		t.Run(fmt.Sprint(round), func(t *testing.T) {
			at := srv.storeURL(t, t.TempDir())
			const nodes = 4
			var dirs [nodes]string
			var stores [nodes]*Store
			var errs [nodes]error
			start := make(chan struct{})
			var all sync.WaitGroup
			for i := range nodes {
				dirs[i] = t.TempDir()
				all.Go(func() {
					<-start
					stores[i], errs[i] = startNode(t, dirs[i], at)
				})
			}
			close(start)
			all.Wait()
			winner := -1
			for i, err := range errs {
				switch {
				case err == nil && winner < 0:
					winner = i
				case err == nil:
					t.Errorf("two nodes have a key of their own each")
				case !errors.Is(err, ErrKey) && !errors.Is(err, ErrKeyMissing):
					t.Errorf("a node that came later hears %v", err)
				}
			}
			if winner < 0 {
				t.Fatalf("none starts: %v", errs)
			}
			p := testParcel(700, 1)
			mustAccept(t, stores[winner], p)
			mustClose(t, stores[winner])
			for i := range nodes {
				if i == winner {
					continue
				}
				if _, err := ReadKeys(dirs[i] + "/" + KeyFile); err == nil {
					t.Error("a key that is no store's stays behind")
				}
				if err := CopyKeys(dirs[winner]+"/"+KeyFile, dirs[i]); err != nil {
					t.Fatal(err)
				}
				s, err := startNode(t, dirs[i], at)
				if err != nil {
					t.Fatal(err)
				}
				if d := claimOne(t, s); !bytes.Equal(d.Content, p.Bodies[0].Content) {
					t.Error("what one node sealed is not what another reads")
				}
				mustClose(t, s)
			}
		})
	}
}

// startNode does what a node does that finds no key.
func startNode(t *testing.T, dir, url string) (*Store, error) {
	keys, err := LoadKeys(t.Context(), dir, url)
	if err != nil {
		return nil, err
	}
	return Open(t.Context(), Config{Dir: dir, URL: url, Key: keys[0], TakeBack: true})
}
