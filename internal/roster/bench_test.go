package roster

import (
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// generated is an export of n members that is made as it is read.
func generated(n int) Export {
	return Export{Name: "members.csv", Open: func() (io.ReadCloser, error) {
		r, w := io.Pipe()
		go func() {
			_, err := io.WriteString(w, "Navn;E-mail\n")
			for i := 0; i < n && err == nil; i++ {
				given, family := invented(i), invented(i/7+i%1000)
				_, err = fmt.Fprintf(w, "%s %s;%s.%s@x%d.example\n", given, family, given, family, i%50)
			}
			_ = w.CloseWithError(err) // it returns nil always
		}()
		return r, nil
	}}
}

// invented makes a word of three syllables, so that names are as long and as
// different from each other as people's are.
func invented(i int) string {
	const consonants, vowels = "bdfghjklmnprstv", "aeiouy"
	word := make([]byte, 0, 6)
	for range 3 {
		word = append(word, consonants[i%15], vowels[i/15%6])
		i = i/90 + 1
	}
	return string(word)
}

func roster(b *testing.B, n int) *Members {
	r, err := New(testKey)
	if err != nil {
		b.Fatal(err)
	}
	if err := r.Import(DefaultGroup, made, generated(n)); err != nil {
		b.Fatal(err)
	}
	return r.Members()
}

// prepared is a roster of n members, of whom one has an address: the hashes of
// the others are made up, a hundred likenesses for each.
func prepared(b *testing.B, n int, member string) *Members {
	r, err := New(testKey)
	if err != nil {
		b.Fatal(err)
	}
	if err := r.Import(DefaultGroup, made, TextExport("m", []byte("Mail\n"+member+"\n"))); err != nil {
		b.Fatal(err)
	}
	g := &r.groups[0]
	g.count = n
	random := rand.New(rand.NewPCG(1, 2))
	for kind, each := range map[int]int{addresses: 1, names: 2, pairs: 2, near: 100} {
		step := math.MaxUint64/uint64(n*each) - 1
		all := make([]uint64, 0, n*each+len(g.hashes[kind]))
		for i := range n * each { // in order
			all = append(all, uint64(i)*step+random.Uint64N(step))
		}
		for _, h := range g.hashes[kind] {
			at, _ := slices.BinarySearch(all, h)
			all = slices.Insert(all, at, h)
		}
		g.hashes[kind] = all
	}
	return r.Members()
}

// BenchmarkRoster looks up a member and a stranger, by address and by
// likeness: it takes the same however large the roster is.
func BenchmarkRoster(b *testing.B) {
	const member = "anna.holm@brev.example"
	for _, n := range []int{10, 1000, 100_000, 1_000_000} {
		m := prepared(b, n, member)
		b.Run(fmt.Sprintf("%d/address", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if !m.HasAddress(member) || m.HasAddress("stranger@y.example") {
					b.Fatal("wrong")
				}
			}
		})
		b.Run(fmt.Sprintf("%d/likeness", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if m.LooksLike("somebody.else@elsewhere.example") || !m.LooksLike("anna.holn@brev.example") {
					b.Fatal("wrong")
				}
			}
		})
	}
}

// BenchmarkImport reports what a roster of a national federation takes. What
// stays is reported beside what was allocated: the export itself is never in
// memory whole.
func BenchmarkImport(b *testing.B) {
	const n = 1_000_000
	b.ReportAllocs()
	for b.Loop() {
		m := roster(b, n)
		if m.Len() != n {
			b.Fatal("wrong")
		}
		octets := 0
		for _, s := range m.shelves {
			for _, set := range s.sets {
				octets += 8*cap(set.sorted) + 4*len(set.index)
			}
			octets += 4 * (cap(s.near.tails) + len(s.near.index))
		}
		b.ReportMetric(float64(octets)/n, "octets/member")
	}
}
