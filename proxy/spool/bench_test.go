package spool

import (
	"context"
	"fmt"
	"sync"
	"testing"
)

// BenchmarkAccept measures durable accepts by so many submitters at once,
// whose copies nobody claims.
func BenchmarkAccept(b *testing.B) {
	for _, size := range []int{5 << 10, 50 << 10, 1 << 20} {
		for _, submitters := range []int{1, 10, 50} {
			b.Run(fmt.Sprintf("%dKB/%d", size>>10, submitters), func(b *testing.B) {
				s := openTest(b, b.TempDir())
				b.SetBytes(int64(size))
				submit(b, s, size, submitters)
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "accepts/s")
			})
		}
	}
}

// BenchmarkAcceptPostgreSQL is BenchmarkAccept with a server of the tests' own
// on the same machine.
func BenchmarkAcceptPostgreSQL(b *testing.B) {
	for _, submitters := range []int{1, 50} {
		b.Run(fmt.Sprintf("5KB/%d", submitters), func(b *testing.B) {
			s := openPostgresTest(b, b.TempDir())
			submit(b, s, 5<<10, submitters)
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "accepts/s")
		})
	}
}

// BenchmarkCycle measures accept, claim and finish, as a gateway under load
// does them.
func BenchmarkCycle(b *testing.B) {
	for _, size := range []int{5 << 10, 50 << 10} {
		for _, submitters := range []int{1, 50} {
			b.Run(fmt.Sprintf("%dKB/%d", size>>10, submitters), func(b *testing.B) {
				s := openTest(b, b.TempDir())
				ctx, cancel := context.WithCancel(b.Context())
				defer cancel()
				var wg sync.WaitGroup
				for range 8 {
					wg.Go(func() { deliverAll(ctx, b, s) })
				}
				b.SetBytes(int64(size))
				submit(b, s, size, submitters)
				for {
					st, err := s.Stats(ctx)
					if err != nil {
						b.Fatal(err)
					}
					if st.Queued == 0 {
						break
					}
				}
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "mails/s")
				cancel()
				wg.Wait()
			})
		}
	}
}

// submit accepts b.N parcels.
func submit(b *testing.B, s *Store, size, submitters int) {
	var wg sync.WaitGroup
	for i := range submitters {
		wg.Go(func() {
			for n := i; n < b.N; n += submitters {
				p := testParcel(size, 1)
				p.Digest = []byte(p.ID)
				if err := s.Accept(b.Context(), p); err != nil {
					b.Error(err)
					return
				}
				if err := s.Answered(b.Context(), p.ID); err != nil {
					b.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

// deliverAll delivers what it can claim until ctx ends.
func deliverAll(ctx context.Context, b *testing.B, s *Store) {
	for {
		deliveries, err := s.Claim(ctx, 4)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			b.Error(err)
			return
		}
		var outcomes []Outcome
		for _, d := range deliveries {
			for _, c := range d.Copies {
				outcomes = append(outcomes, Outcome{Copy: c.ID, Result: Delivered})
			}
		}
		if err := s.Finish(ctx, outcomes); err != nil && ctx.Err() == nil {
			b.Error(err)
			return
		}
	}
}
