package test

import (
	"database/sql"
	"errors"
	"strings"
	"testing"

	"postvern.example/internal/sink"
)

func TestMailThatTheStoreCannotReadAnyMoreIsToldAndKeepsNoOther(t *testing.T) {
	const late = "late@kommune.example"
	g := install(t, nil, sink.Config{Faults: []sink.Fault{{At: sink.AtRCPT, Recipient: late, Reply: "450 4.2.1 later"}}})
	g.start()
	for _, word := range []string{"first", "second"} {
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
		if err := errors.Join(body, row, db.Close()); err != nil {
			t.Fatal(err)
		}
	})
	var reports []string
	waitFor(t, "the report", func() bool {
		reports = nil
		for _, m := range g.upstream.Messages() {
			if m.From == "" && strings.Contains(string(m.Content), "multipart/report") {
				reports = append(reports, string(m.Content))
			}
		}
		return len(reports) > 0
	})
	for _, want := range []string{"Action: failed\r\n", "Status: 5.3.0\r\n", "To: anna.holm@region.example\r\n", late} {
		if len(reports) != 1 || !strings.Contains(reports[0], want) || strings.Contains(reports[0], "Diagnostic-Code") || strings.Contains(reports[0], "Hemmelig") {
			t.Errorf("no %q in %q", want, reports)
		}
	}
	waitFor(t, "both to be held", func() bool { return g.entriesOf("undeliverable") == 2 })
	var held []struct {
		Rules []string `json:"rules"`
	}
	g.json(&held, "held", "list")
	if len(held) != 2 {
		t.Errorf("held: %+v", held)
	}
	if _, metrics := g.get("/metrics"); !strings.Contains(metrics, "\npostvern_copies_damaged_total 2\n") {
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
