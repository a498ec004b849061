package roster

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

func people(t testing.TB, password string) *Representatives {
	t.Helper()
	src, err := os.ReadFile("testdata/representatives.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if password != "" {
		s := secret{cost: cost{1024, 1, 1}, salt: []byte("a salt, sixteen.")}
		s.hash = s.of(password, 32)
		src = []byte(strings.Replace(string(src), `$argon2id$v=19$m=1024,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA`, s.String(), 1))
	}
	r, err := ParseRepresentatives("representatives.yaml", src)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestRepresentativesAreFoundHoweverTheirAddressIsWritten(t *testing.T) {
	r := people(t, "")
	if r.Len() != 3 {
		t.Fatalf("%d", r.Len())
	}
	for address, want := range map[string]string{
		"anna.holm@region.example":          "Anna Holm",
		"Anna.Holm+tr@REGION.example":       "Anna Holm",
		"TR.Anna@forening.example":          "Anna Holm",
		"\"Bjørn\" <bjørn@kommune.example>": "Bjørn Åsen",
		"bjorn@blåbær.example":              "Bjørn Åsen",
		"ombud@facket.example":              "Cecilia Ek",
	} {
		got, ok := r.ByAddress(address)
		if !ok || got.Name != want || !r.IsRepresentative(address) {
			t.Errorf("%s: %q, %v", address, got.Name, ok)
		}
		if got.Password != "" {
			t.Error("the hash is handed out")
		}
	}
	for _, a := range []string{"anna@region.example", "", "region.example"} {
		if r.IsRepresentative(a) || r.IsRole(a) {
			t.Errorf("%s is one", a)
		}
	}
	if !r.IsRole("tr.anna@forening.example") || r.IsRole("anna.holm@region.example") {
		t.Error("role addresses are mixed up")
	}
	if got, ok := r.ByLogin(" BJORN@kommune.example"); !ok || got.Language != "nb" {
		t.Errorf("by login: %v, %v", got, ok)
	}
	if _, ok := r.ByLogin("nobody"); ok {
		t.Error("nobody is somebody")
	}
}

func TestAMandateHoldsOnItsFirstAndLastDay(t *testing.T) {
	r := people(t, "")
	day := func(s string) time.Time {
		at, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	for _, c := range []struct {
		login, address, at string
		want               error
	}{
		{"anna", "anna.holm@region.example", "2026-01-01T00:00:00Z", nil},
		{"ANNA", "tr.anna@forening.example", "2027-12-31T23:59:59Z", nil},
		{"anna", "anna.holm@region.example", "2025-12-31T23:59:59Z", ErrMandateNotYet},
		{"anna", "anna.holm@region.example", "2028-01-01T00:00:00Z", ErrMandateOver},
		{"anna", "", "2026-06-01T00:00:00Z", nil},
		{"anna", "", "2028-06-01T00:00:00Z", ErrMandateOver},
		{"anna", "ombud@facket.example", "2026-06-01T00:00:00Z", ErrNotYours},
		{"anna", "stranger@x.example", "2026-06-01T00:00:00Z", ErrNotYours},
		{"nobody", "anna.holm@region.example", "2026-06-01T00:00:00Z", ErrNotYours},
		{"nobody", "", "2026-06-01T00:00:00Z", ErrNotYours},
		{"", "anna.holm@region.example", "2026-06-01T00:00:00Z", nil},
		{"", "anna.holm@region.example", "2028-06-01T00:00:00Z", ErrMandateOver},
		{"", "stranger@x.example", "2026-06-01T00:00:00Z", ErrNotYours},
		{"", "", "2026-06-01T00:00:00Z", ErrNotYours},
		{"cecilia", "ombud@facket.example", "1990-01-01T00:00:00Z", nil},
	} {
		if err := r.MaySend(c.login, c.address, day(c.at)); !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
			t.Errorf("%v: %v", c, err)
		}
	}
}

func TestFaultyFilesSayWhatIsWrongAndWhere(t *testing.T) {
	files, err := filepath.Glob("testdata/bad/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files: %v", err)
	}
	for _, f := range files {
		src, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		first, _, _ := strings.Cut(string(src), "\n")
		want := strings.TrimPrefix(first, "# ")
		_, err = LoadRepresentatives(f)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), f+":") {
			t.Errorf("%s:\ngot  %v\nwant %s", f, err, want)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: the password is repeated", f)
		}
	}
}

func TestOnlyTheRightPasswordLogsIn(t *testing.T) {
	r := people(t, "s3cret æøå")
	try := func(user, password string) error {
		return r.Login(context.Background(), user, password, netip.MustParseAddr("192.0.2.1"))
	}
	for range 2 { // the second time from the cache
		if err := try("Anna", "s3cret æøå"); err != nil {
			t.Error(err)
		}
		for _, c := range [][2]string{{"anna", "s3cret"}, {"anna", ""}, {"bjorn@kommune.example", "s3cret æøå"}, {"nobody", "s3cret æøå"}, {"cecilia", ""}, {"", ""}, {"ann", "as3cret æøå"}, {"anna", strings.Repeat("x", 5000)}} {
			if err := try(c[0], c[1]); !errors.Is(err, ErrDenied) {
				t.Errorf("%v: %v", c, err)
			}
		}
	}
	if n := r.door.known.Len(); n != 1 {
		t.Errorf("%d passwords are known", n)
	}
}

func TestALoginThatCannotWaitIsNotALogin(t *testing.T) {
	r := people(t, "s3cret")
	for range cap(r.door.slots) {
		r.door.slots <- struct{}{}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	if err := r.Login(ctx, "anna", "s3cret", netip.Addr{}); !errors.Is(err, ErrUnavailable) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
}

func TestManyLoginsAtOnceAreAnsweredRight(t *testing.T) {
	r := people(t, "s3cret")
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Go(func() {
			password, want := "s3cret", error(nil)
			if i%2 == 0 {
				password, want = fmt.Sprint("wrong", i), ErrDenied
			}
			if err := r.Login(context.Background(), "anna", password, netip.Addr{}); !errors.Is(err, want) {
				t.Errorf("%s: %v", password, err)
			}
		})
	}
	wg.Wait()
}

// work returns how much memory a login has argon2id fill, in KiB: a login that
// was answered without the hash, or with another one's cost, takes another sum.
func work(r *Representatives, user, password string) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_ = r.Login(context.Background(), user, password, netip.Addr{}) // denied, as other tests see
	runtime.ReadMemStats(&after)
	return (after.TotalAlloc - before.TotalAlloc) >> 10
}

func TestAStrangersPasswordIsHashedAsAnybodys(t *testing.T) {
	r := people(t, "s3cret")
	const least, most = 1 << 10, 1<<10 + 64 // KiB of one hash, and a little for the rest
	for _, user := range []string{"anna", "bjorn@kommune.example", "stranger", "", "ANNA ", strings.Repeat("x", maxLogin)} {
		for _, password := range []string{"wrong", "", strings.Repeat("x", maxPassword)} {
			if w := work(r, user, password); w < least || w > most {
				t.Errorf("%.20q with a password of %d octets: %d KiB are filled, want %d", user, len(password), w, least)
			}
		}
	}
	// Neither a stranger's right guess of somebody's password, nor what was
	// remembered of a right one, shortens the next wrong one.
	if err := r.Login(context.Background(), "anna", "s3cret", netip.Addr{}); err != nil {
		t.Fatal(err)
	}
	for _, user := range []string{"anna", "stranger"} {
		if w := work(r, user, "s3cre7"); w < least || w > most {
			t.Errorf("%s after a right password: %d KiB", user, w)
		}
	}
	if w := work(r, "stranger", "s3cret"); w < least || w > most {
		t.Errorf("a stranger with another's password: %d KiB", w)
	}
}

func TestAHashedPasswordIsAPHCString(t *testing.T) {
	phc, err := HashPassword("hunter2")
	if err != nil || !strings.HasPrefix(phc, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Fatalf("%s, %v", phc, err)
	}
	s, err := parseSecret(phc)
	if err != nil || !s.matches("hunter2") || s.matches("hunter3") || s.String() != phc {
		t.Errorf("%v", err)
	}
	for _, p := range []string{"", strings.Repeat("x", maxPassword+1)} {
		if _, err := HashPassword(p); err == nil {
			t.Errorf("%d octets are hashed", len(p))
		}
	}
}

// The vector is from test.c of the reference implementation of Argon2.
func TestHashesOfOtherProgramsAreUnderstood(t *testing.T) {
	s, err := parseSecret("$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc")
	if err != nil || !s.matches("password") || s.matches("Password") {
		t.Errorf("the reference's hash does not match: %v", err)
	}
	for _, bad := range []string{
		"", "hunter2", "$argon2i$v=19$m=65536,t=3,p=4$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAA", "$2y$10$abcdefghijklmnopqrstuv",
		"$argon2id$v=16$m=65536,t=3,p=4$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAA", "$argon2id$v=19$m=65536,t=3$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
		"$argon2id$v=19$m=99999999,t=3,p=4$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAA", "$argon2id$v=19$m=65536,t=0,p=4$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
		"$argon2id$v=19$m=65536,t=3,p=4$c2Fs$AAAAAAAAAAAAAAAAAAAAAA", "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQ$AAAA", "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAA$",
	} {
		if _, err := parseSecret(bad); err == nil {
			t.Errorf("%s is taken", bad)
		}
	}
}

func FuzzParseSecret(f *testing.F) {
	f.Add("$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
	f.Fuzz(func(t *testing.T, phc string) {
		s, err := parseSecret(phc)
		if err == nil && (s.cost.memory > highestCost.memory || s.cost.time > highestCost.time || len(s.hash) < 16) {
			t.Fatalf("%+v", s.cost)
		}
	})
}

func TestAnAddressThatResemblesAColleaguesIsTold(t *testing.T) {
	r, err := ParseRepresentatives("r.yaml", []byte("- name: Anna Holm\n  login: anna\n  addresses: [anna.holm@region.example]\n  role-addresses: [tr.anna@forening.example]\n"))
	if err != nil {
		t.Fatal(err)
	}
	for address, want := range map[string]string{
		"anna.holn@region.example":   "typo anna.holm@region.example",
		"Anna.Holm@gmail.example":    "elsewhere anna.holm@region.example",
		"tr.ana@forening.example":    "typo tr.anna@forening.example",
		"anna.holm@region.example":   " ",
		"bo.friis@region.example":    " ",
		"bo.friis@forenning.example": "domain tr.anna@forening.example",
		"nobody":                     " ",
	} {
		kind, whose := r.Resembles(address)
		if got := kind.String() + " " + whose; got != want {
			t.Errorf("%s resembles %q, not %q", address, got, want)
		}
	}
	if kind, _ := (&Representatives{}).Resembles("anna@x.example"); kind != 0 {
		t.Error("somebody resembles nobody")
	}
}
