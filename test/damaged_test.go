package test

import (
	"database/sql"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"postvern.example/internal/sink"
)

func TestMailThatTheStoreCannotReadAnyMoreIsToldAndKeepsNoOther(t *testing.T) {
	const late = "late@kommune.example"
	g := install(t, nil, sink.Config{Faults: []sink.Fault{{At: sink.AtRCPT, Recipient: late, Reply: "450 4.2.1 later"}}})
	g.start()
	for _, word := range []string{"first", "second", "third"} {
		mail := "From: anna.holm@region.example\nTo: " + late + "\nSubject: Hemmelig sag " + word + "\n\nFortroligt.\n"
		if err := g.send("anna", "anna.holm@region.example", []string{late}, mail); err != nil {
			t.Fatal(err)
		}
	}
	g.restart(func() {
		db, err := sql.Open("sqlite", "file:"+g.path("data/postvern.db"))
		if err != nil {
			t.Fatal(err)
		}
		_, body := db.ExecContext(t.Context(), "UPDATE bodies SET content = zeroblob(length(content)) WHERE id = (SELECT min(id) FROM bodies)")
		_, row := db.ExecContext(t.Context(), "UPDATE copies SET secret = zeroblob(length(secret)) WHERE body = (SELECT max(id) FROM bodies)")
		_, gone := db.ExecContext(t.Context(), "DELETE FROM bodies WHERE id NOT IN (SELECT min(id) FROM bodies UNION SELECT max(id) FROM bodies)")
		if err := errors.Join(body, row, gone, db.Close()); err != nil {
			t.Fatal(err)
		}
	})
	var reports []string
	waitFor(t, "the reports", func() bool {
		reports = nil
		for _, m := range g.upstream.Messages() {
			if m.From == "" && strings.Contains(string(m.Content), "multipart/report") {
				reports = append(reports, string(m.Content))
			}
		}
		return len(reports) == 2
	})
	for _, want := range []string{"Action: failed\r\n", "Status: 5.3.0\r\n", "To: anna.holm@region.example\r\n", late} {
		for _, report := range reports {
			if !strings.Contains(report, want) || strings.Contains(report, "Diagnostic-Code") || strings.Contains(report, "Hemmelig") {
				t.Errorf("no %q in %q", want, report)
			}
		}
	}
	waitFor(t, "all to be held", func() bool { return g.entriesOf("undeliverable") == 3 })
	var held []struct {
		ID, Reference string
		Rules         []string
		Received      time.Time
	}
	g.json(&held, "held", "list")
	if len(held) != 3 {
		t.Errorf("held: %+v", held)
	}
	for _, h := range held {
		if !slices.Equal(h.Rules, []string{"damaged"}) || len(h.Reference) != len("PV-7K3F9Q") || time.Since(h.Received).Abs() > time.Hour {
			t.Errorf("it is held as %+v", h)
		}
		if out, err := g.run("held", "drop", h.ID, "--reason", "sendes igen"); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
	}
	if _, metrics := g.get("/metrics"); !strings.Contains(metrics, "\npostvern_copies_damaged_total 3\n") {
		t.Error("they are not counted")
	}
	if code, _ := g.get("/readyz"); code != 200 {
		t.Errorf("the gateway is not ready: %d", code)
	}
	const fine = "fine@kommune.example"
	if err := g.send("anna", "anna.holm@region.example", []string{fine}, "From: anna.holm@region.example\nTo: "+fine+"\nSubject: x\n\ny\n"); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the next mail", func() bool {
		for _, m := range g.upstream.Messages() {
			if strings.Join(m.Recipients(), " ") == fine {
				return true
			}
		}
		return false
	})
}

func TestABackupAndAMoveOfMailThatCannotBeReadNameItAndEndWithOne(t *testing.T) {
	const late = "late@kommune.example"
	url := postgresURL(t)
	g := install(t, nil, sink.Config{Faults: []sink.Fault{{At: sink.AtRCPT, Recipient: late, Reply: "450 4.2.1 later"}}})
	g.start()
	if err := g.send("anna", "anna.holm@region.example", []string{late}, "From: anna.holm@region.example\nTo: "+late+"\nSubject: x\n\ny\n"); err != nil {
		t.Fatal(err)
	}
	endsWithOne := func(want, out, named string, args ...string) {
		t.Helper()
		printed, err := g.run(args...)
		if err == nil || !strings.Contains(err.Error(), "exit status 1") || !strings.Contains(err.Error(), named+": bodies PV-") || !strings.Contains(err.Error(), want) || !strings.Contains(printed, out) {
			t.Errorf("%s\n%v", printed, err)
		}
	}
	g.restart(func() {
		db, err := sql.Open("sqlite", "file:"+g.path("data/postvern.db"))
		if err != nil {
			t.Fatal(err)
		}
		_, err = db.ExecContext(t.Context(), "UPDATE bodies SET content = zeroblob(length(content))")
		if err := errors.Join(err, db.Close()); err != nil {
			t.Fatal(err)
		}
		endsWithOne("the backup lacks", "Backed up to", "not in the backup, since it cannot be read", "backup", "--to", g.path("backup"))
		endsWithOne("some of what was moved", "keep postvern.db and bodies/", "moved as it is, since it cannot be read", "store", "migrate", "--to", url)
	})
	waitFor(t, "the report", func() bool {
		return slices.ContainsFunc(g.upstream.Messages(), func(m sink.Message) bool {
			return m.From == "" && strings.Contains(string(m.Content), "Action: failed\r\n")
		})
	})
	var held []heldRow
	g.json(&held, "held", "list")
	if len(held) != 1 || !slices.Equal(held[0].Rules, []string{"damaged"}) {
		t.Errorf("held: %+v", held)
	}
}

// TestASenderHearsOfWhatWasDamagedWhileItWaitedForSomethingElseThanTheUpstream
// damages a message that waits for keys, and a code that waits for its provider.
func TestASenderHearsOfWhatWasDamagedWhileItWaitedForSomethingElseThanTheUpstream(t *testing.T) {
	spoil := func(g *installation, class string) {
		t.Helper()
		db, err := sql.Open("sqlite", "file:"+g.path("data/postvern.db"))
		if err != nil {
			t.Fatal(err)
		}
		var n int64
		done, err := db.ExecContext(t.Context(), "UPDATE bodies SET content = zeroblob(length(content)) WHERE id IN (SELECT body FROM copies WHERE class = $1)", class)
		if err == nil {
			n, err = done.RowsAffected()
		}
		if err := errors.Join(err, db.Close()); err != nil || n != 1 {
			t.Fatal(n, err)
		}
	}
	t.Run("a message that waits for keys", func(t *testing.T) {
		servers := newKeyServers(t)
		g := install(t, nil, sinkConfig())
		servers.mayBeAskedBy(g)
		waitsLong(g)
		g.start()
		servers.does(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
		g.forMette()
		g.counts(`postvern_lookups_waiting 1`)
		g.kill()
		spoil(g, "lookup")
		g.start()
		all := g.arrived(1)
		if text := noticeText(t, all); len(notices(all)) != 1 || len(mails(all)) != 0 || !strings.Contains(text, "blev ikke sendt til nogen") || !strings.Contains(text, "PV-") {
			t.Errorf("the sender hears\n%s", text)
		}
		waitFor(t, "the register", func() bool { return g.entriesOf("undeliverable") == 1 })
	})
	t.Run("a code that waits for its provider", func(t *testing.T) {
		p := newProvider(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
		g := withSMS(t, p, documentPolicy+"codes: [sms]\n", "")
		g.forMette()
		p.wait(t, 1)
		before := len(notices(g.arrived(1)))
		g.kill()
		spoil(g, "code")
		g.start()
		waitFor(t, "the notice", func() bool { return len(notices(g.upstream.Messages())) > before })
		if text := noticeText(t, g.upstream.Messages()); !strings.Contains(text, "koden") {
			t.Errorf("the sender hears\n%s", text)
		}
		waitFor(t, "the register", func() bool { return g.entriesOf("undeliverable") == 1 })
	})
}
