package torture

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
)

// full is set by make torture.
var inFull = os.Getenv("POSTVERN_TORTURE") != ""

// TestTorture loses nothing, whatever is done to the gateway, and sends twice
// only where the upstream's answer did not come.
func TestTorture(t *testing.T) {
	var rows []string
	for _, x := range tortures {
		rounds := x.short
		if inFull {
			rounds = x.full
		}
		t.Run(x.fault, func(t *testing.T) {
			got := x.run(t, rounds)
			rows = append(rows, x.row(got))
			t.Log(x.row(got))
			if got.lost > 0 {
				t.Errorf("%d of %d that were acknowledged are lost", got.lost, got.acknowledged)
			}
			if got.unexplained > 0 {
				t.Errorf("%d arrived twice although the upstream's answer was read", got.unexplained)
			}
			if got.acknowledged < 3 {
				t.Errorf("only %d were acknowledged: this proves nothing", got.acknowledged)
			}
		})
	}
	if inFull {
		fmt.Println(strings.Join(append([]string{heading, ruler}, rows...), "\n"))
	}
}

const (
	heading = "| fault | how it was made | rounds | acknowledged | lost | duplicated | besides |"
	ruler   = "|---|---|---|---|---|---|---|"
)

// TestTheTableHasEveryTorture holds docs/reliability.md to the list: each
// fault, how it is made, in full, with nothing lost.
func TestTheTableHasEveryTorture(t *testing.T) {
	text, err := os.ReadFile("../../docs/reliability.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(text), heading+"\n"+ruler+"\n")
	if !ok {
		t.Fatal("there is no table of faults")
	}
	table, _, _ := strings.Cut(rest, "\n\n")
	rows := strings.Split(table, "\n")
	if len(rows) != len(tortures) {
		t.Fatalf("the table has %d rows for %d tortures", len(rows), len(tortures))
	}
	for i, x := range tortures {
		begin := fmt.Sprintf("| %s | %s | ", x.fault, x.how)
		figures := regexp.MustCompile(`^(\d+) \| (\d+) \| 0 \| (\d+) \|`).FindStringSubmatch(strings.TrimPrefix(rows[i], begin))
		if !strings.HasPrefix(rows[i], begin) || figures == nil {
			t.Errorf("row %d is %q, want one that begins %q with nothing lost", i+1, rows[i], begin)
		}
	}
}
