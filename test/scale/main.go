// Command scale simulates a Monday at nine o'clock, from one node to a
// national federation: nodes die, the upstream is slow or away, the database
// is away. What a mail costs was measured (make figures); how mails, nodes,
// connections and flushes wait for each other is simulated, event by event,
// with a fixed seed. make scale prints the table of docs/scale.md.
package main

import (
	"fmt"
	"os"
	"strings"
	"time"
)

// scenarios grow from a branch to a federation; then the federation suffers.
var scenarios = []scenario{
	{name: "a branch", mails: 5_000, nodes: 1, cores: 2, connections: 8},
	{name: "a union", mails: 100_000, nodes: 1, cores: 2, connections: 8},
	{name: "a large union", mails: 250_000, nodes: 2, cores: 2, database: 2, connections: 16},
	{name: "a confederation", mails: 1_000_000, nodes: 5, cores: 4, database: 4, connections: 32},
	{name: "a national federation on four nodes", mails: 5_000_000, nodes: 4, cores: 4, database: 4, connections: 32},
	{name: "a national federation", mails: 5_000_000, nodes: 20, cores: 2, database: 4, connections: 8},
	{name: "… six nodes die at 9:05", mails: 5_000_000, nodes: 20, cores: 2, database: 4, connections: 8, trouble: trouble{dying: 6}},
	{name: "… upstream ten times slower, 9:00 to 9:30", mails: 5_000_000, nodes: 20, cores: 2, database: 4, connections: 8, trouble: trouble{slow: 10}},
	{name: "… upstream away, 9:00 to 9:10", mails: 5_000_000, nodes: 20, cores: 2, database: 4, connections: 8, trouble: trouble{upstreamed: 10 * time.Minute}},
	{name: "… database away for a minute at 9:10", mails: 5_000_000, nodes: 20, cores: 2, database: 4, connections: 8, trouble: trouble{away: time.Minute}},
}

// heading is the table's; seed is the same for all.
const (
	heading = "| Monday, 8:45 to 10:00 | mails a day | nodes × cores | database | connections a node | busiest minute | 250 after, half / 99 % | upstream after, half / 99 % | in the spool at most | node's CPU | database's CPU | tried again by mail programs | twice | lost |"
	seed    = 20260302
)

func main() {
	if err := write(os.Stdout, scenarios); err != nil {
		fmt.Fprintln(os.Stderr, "scale:", err)
		os.Exit(1)
	}
}

func write(to interface{ Write([]byte) (int, error) }, all []scenario) error {
	lines := []string{heading, strings.Repeat("|---", strings.Count(heading, "|")-1) + "|"}
	for _, s := range all {
		lines = append(lines, row(s))
	}
	_, err := fmt.Fprintln(to, strings.Join(lines, "\n"))
	return err
}

// row simulates a scenario and writes its line.
func row(s scenario) string {
	r := simulate(s, seed)
	database, databaseCPU := "SQLite", ""
	if s.database > 0 {
		database, databaseCPU = fmt.Sprintf("%d cores", s.database), percent(r.database)
	}
	return fmt.Sprintf("| %s | %d | %d × %d | %s | %d | %d | %s / %s | %s / %s | %d | %s | %s | %d | %d | %d |",
		s.name, s.mails, s.nodes, s.cores, database, s.connections, r.peak, short(r.ack50), short(r.ack99),
		short(r.through50), short(r.through99), r.waiting, percent(r.node), databaseCPU, r.retried, r.twice, r.lost)
}

func percent(share float64) string { return fmt.Sprintf("%.0f %%", 100*share) }

// short writes a time with two digits that count.
func short(d time.Duration) string {
	switch {
	case d < 10*time.Millisecond:
		return fmt.Sprintf("%.1f ms", d.Seconds()*1000)
	case d < time.Second:
		return fmt.Sprintf("%.0f ms", d.Seconds()*1000)
	case d < 10*time.Second:
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
	return fmt.Sprintf("%.0f s", d.Seconds())
}
