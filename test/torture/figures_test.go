package torture

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"postvern.example/internal/postgres"
	"postvern.example/internal/sink"
)

// TestFigures measures what a mail costs a node and its database, for
// test/scale: processor time, not time on the clock. make figures runs it.
func TestFigures(t *testing.T) {
	if os.Getenv("POSTVERN_FIGURES") == "" {
		t.Skip("make figures runs it")
	}
	fmt.Println("| store | mail | node's CPU | PostgreSQL's CPU | its log |\n|---|---|---|---|---|")
	for _, c := range []struct{ size, mails int }{{5_000, 4000}, {50_000, 1500}, {1_000_000, 100}} {
		for _, store := range []string{"SQLite", "PostgreSQL"} {
			up := startSink(t, sink.Config{Discard: true})
			more, server := "", (*postgres.Server)(nil)
			if store == "PostgreSQL" {
				server = startServer(t)
				more = "store: " + server.URL("postgres") + "\n"
			}
			g := install(t, t.TempDir(), up, more)
			g.write("policy.yaml", wholePolicy)
			g.start()
			l := newLoad(t, c.size, "mette@post.example")
			run := func(n int) {
				before := up.Stats().Messages
				l.begin(10, g.address)
				for l.count250() < n {
					time.Sleep(time.Millisecond)
				}
				l.end()
				for up.Stats().Messages-before < n-before {
					time.Sleep(time.Millisecond)
				}
			}
			run(c.mails / 5) // warm
			cpu, mails, database, wal := cpuOf(t, g.command.Process.Pid), up.Stats().Messages, cpuOfServer(t, server), logOf(t, server)
			run(c.mails)
			time.Sleep(1500 * time.Millisecond)
			n := float64(up.Stats().Messages - mails)
			fmt.Printf("| %s | %d KB | %.2f ms | %.2f ms | %.1f KB |\n", store, c.size/1000,
				1000*(cpuOf(t, g.command.Process.Pid)-cpu)/n, 1000*(cpuOfServer(t, server)-database)/n, float64(logOf(t, server)-wal)/n/1000)
			g.kill()
		}
	}
}

const wholePolicy = policyText + `recipients: {hide: members, from: 2, beside: note, as: bcc, invitations: split, quoted: remove}
personal-data:
  - {name: numbers, detect: [dk-cpr, no-fodselsnummer, se-personnummer, fi-hetu, is-kennitala], do: encrypt, without-key: hold}
  - {name: member lists, detect: [member-list], do: encrypt, without-key: reject}
  - {name: special categories, detect: [health, union-membership, sexuality, ethnicity, politics, religion, criminal-offences], do: encrypt, without-key: hold}
  - {name: what cannot be read, detect: [unscannable], do: hold}
subject: {tag: "TR", on: representative-mail}
`

func (g *gateway) write(name, text string) {
	g.t.Helper()
	if err := os.WriteFile(filepath.Join(g.dir, name), []byte(text), 0o600); err != nil {
		g.t.Fatal(err)
	}
}

// count250 returns how many were acknowledged.
func (l *load) count250() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.acknowledged)
}

// cpuOf returns the seconds of processor time that a process has had, with
// its children that have ended.
func cpuOf(t *testing.T, pid int) float64 {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0 // it has ended
	}
	_, rest, _ := strings.Cut(string(text), ") ")
	fields := strings.Fields(rest)
	ticks := 0
	for _, i := range []int{11, 12, 13, 14} {
		n, _ := strconv.Atoi(fields[i])
		ticks += n
	}
	return float64(ticks) / 100
}

// cpuOfServer returns the processor time of a server and all of its processes.
func cpuOfServer(t *testing.T, s *postgres.Server) (seconds float64) {
	if s == nil {
		return 0
	}
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, stat := range stats {
		text, err := os.ReadFile(stat)
		_, rest, ok := strings.Cut(string(text), ") ")
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(stat)))
		if err == nil && ok && (pid == s.PID() || strings.Fields(rest)[1] == strconv.Itoa(s.PID())) {
			seconds += cpuOf(t, pid)
		}
	}
	return seconds
}

// logOf returns how many octets a server has written to its log.
func logOf(t *testing.T, s *postgres.Server) (octets int64) {
	if s == nil {
		return 0
	}
	db, err := sql.Open("pgx", s.URL("postgres"))
	must(t, err)
	row := db.QueryRowContext(t.Context(), "SELECT (pg_current_wal_lsn() - '0/0'::pg_lsn)::bigint")
	must(t, errors.Join(row.Scan(&octets), db.Close()))
	return octets
}
