package spool

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// TestTheLogOfAStoreThatIsMovedStaysSmall has mail come and go between the rows
// of a copying: what that writes does not pile up in the log.
func TestTheLogOfAStoreThatIsMovedStaysSmall(t *testing.T) {
	const parcels, size, each, most = 300, 100_000, 4, 40 << 20
	dir := t.TempDir()
	s := openTest(t, dir)
	for range parcels {
		mustAccept(t, s, testParcel(100, 1))
	}
	of := func(name string) table {
		t.Helper()
		all, err := tablesOf(t.Context(), s.read, false)
		if err != nil {
			t.Fatal(err)
		}
		for _, one := range all {
			if one.Name == name {
				return one
			}
		}
		t.Fatalf("no table %s", name)
		return table{}
	}
	var largest, written int64
	seen := map[string]bool{}
	come := func(key string) {
		t.Helper()
		if seen[key] {
			t.Errorf("the row %s was read twice", key)
		}
		seen[key] = true
		for range each {
			mustAccept(t, s, testParcel(size, 1))
			written += size
		}
		info, err := os.Stat(filepath.Join(dir, databaseFile+"-wal"))
		if err != nil {
			t.Fatal(err)
		}
		largest = max(largest, info.Size())
	}
	bodies := of("bodies")
	err := live{&snapshot{s: s}, s.read}.rows(t.Context(), bodies, func(r values) error {
		come(fmt.Sprint(r[bodies.at("id")]))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(seen) != parcels { // what has come since is followed, not copied
		t.Errorf("%d rows were read of %d", len(seen), parcels)
	}
	if written < 2*most || largest > most {
		t.Errorf("of %d MiB that were written, %d stood in the log at once", written>>20, largest>>20)
	}
	t.Logf("%d MiB written, %d MiB in the log at most", written>>20, largest>>20)

	// One reading of one moment keeps all of it.
	reading, err := s.snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer reading.close()
	if _, err := reading.tables(t.Context()); err != nil {
		t.Fatal(err)
	}
	clear(seen)
	largest, written = 0, 0
	for n := range parcels {
		come(fmt.Sprint(n))
	}
	t.Logf("beside one reading: %d MiB written, %d MiB in the log at most", written>>20, largest>>20)
}
