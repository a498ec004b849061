package test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"postvern.example/internal/deviation"
	"postvern.example/policy"
)

// entries returns the register as a command prints it.
func (i *installation) entries(args ...string) (records []deviation.Record) {
	i.t.Helper()
	i.json(&records, append([]string{"deviations"}, args...)...)
	return records
}

// gauges waits until the metrics have a line.
func (i *installation) gauges(line string) {
	i.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		_, text := i.get("/metrics")
		if strings.Contains(text, "\n"+line+"\n") {
			return
		}
		if time.Now().After(deadline) {
			i.t.Fatalf("the metrics do not say %s:\n%s", line, text)
		}
	}
}

// said runs a command with what it reads, and returns what it printed and its
// exit code.
func (i *installation) said(in string, args ...string) (out, errs string, code int) {
	i.t.Helper()
	c := exec.Command(binary, append(args, "--config", i.path("postvern.yaml"))...)
	var stdout, stderr bytes.Buffer
	c.Stdin, c.Stdout, c.Stderr = strings.NewReader(in), &stdout, &stderr
	c.Env = append(os.Environ(), "SUDO_USER=dorthe")
	_ = c.Run()
	return stdout.String(), stderr.String(), c.ProcessState.ExitCode()
}

// noting is a policy under which a mail with a number and a word about health
// goes out, so that it makes two deviations, of which somebody has to look
// at once.
var noting = strings.NewReplacer("do: encrypt\n    without-key: hold", "do: note", "follow-up: 72h", "follow-up: 1s").Replace(defaultPolicy)

const aboutHealth = "\n\nHun er sygemeldt med en depression.\n"

func TestTheRegisterIsWorkedInWhileTheGatewayRuns(t *testing.T) {
	for name, store := range map[string]func(*testing.T) string{"SQLite": func(*testing.T) string { return "" }, "PostgreSQL": postgresURL} {
		t.Run(name, func(t *testing.T) {
			g := install(t, files{"policy.yaml": noting}, sinkConfig())
			store := store(t)
			if store != "" {
				g.write("postvern.yaml", strings.Replace(g.read("postvern.yaml"), "data: data\n", "data: data\nstore: "+store+"\n", 1))
			}
			g.start()
			g.gauges(`postvern_deviations_open{near_miss="no"} 0`)
			if err := g.send("anna", "tr.anna@forening.example", []string{"mette@post.example"}, strings.TrimSpace(withCPR)+aboutHealth); err != nil {
				t.Fatal(err)
			}
			g.gauges(`postvern_deviations_due{near_miss="no"} 2`)
			due := g.entries("list", "--due", "--near", "none")
			if len(due) != 2 || due[0].Reference != due[1].Reference || due[0].Status != deviation.Open {
				t.Fatalf("due: %+v", due)
			}
			reference, first := due[0].Reference, due[0].ID

			out, errs, code := g.said("Ringet til Mette Sørensen,\r\nhun har \x1b[2Jslettet mailen.\n", "deviations", "comment", strings.ToLower(reference), "-")
			if code != 0 || strings.Count(out, reference) != 2 || strings.Count(out, "bemærkningen står i registret") != 2 {
				t.Fatalf("comment: %d %s%s", code, out, errs)
			}
			out, errs, code = g.said("", "deviations", "close", first, "Mailen er slettet hos modtageren.", "--severity", "low", "--by", "Dorthe DPO", "--language", "en")
			if code != 0 || !strings.Contains(out, first) || !strings.Contains(out, "closed, with the measures") || !strings.Contains(out, "severity is low now, and was ") {
				t.Fatalf("close: %d %s%s", code, out, errs)
			}
			g.gauges(`postvern_deviations_due{near_miss="no"} 1`)
			g.gauges(`postvern_deviations_open{near_miss="no"} 1`)
			out, errs, code = g.said("", "deviations", "close", reference, "Alle er talt med.", "--json")
			if code != 0 || strings.Count(out, `"status": "closed"`) != 2 || strings.Count(errs, "\n") != 1 || !strings.Contains(errs, first) {
				t.Fatalf("close what is left: %d %s%s", code, out, errs)
			}
			g.gauges(`postvern_deviations_due{near_miss="no"} 0`)
			g.gauges(`postvern_deviations_open{near_miss="no"} 0`)
			if left := g.entries("list", "--due"); len(left) != 0 {
				t.Errorf("what is closed is due: %+v", left)
			}
			if closed := g.entries("list", "--status", "closed"); len(closed) != 2 {
				t.Errorf("closed: %+v", closed)
			}
			var got deviation.Record
			for _, r := range g.entries("show", reference) {
				if r.ID == first {
					got = r
				}
			}
			if len(got.Comments) != 2 || got.Comments[0].Author != "dorthe" || got.Comments[0].Text != "Ringet til Mette Sørensen,\nhun har [2Jslettet mailen." ||
				got.Comments[1].Author != "Dorthe DPO" || !strings.HasSuffix(got.Comments[1].Text, "til lav. Afsluttet.") ||
				got.Severity != policy.Low || got.Measures != due[0].Measures+"\nMailen er slettet hos modtageren." {
				t.Errorf("it stands as %+v", got)
			}
			if out, errs, code := g.said("", "deviations", "reopen", first, "Ny oplysning"); code != 0 || !strings.Contains(out, "åben igen") {
				t.Errorf("reopen: %d %s%s", code, out, errs)
			}
			g.gauges(`postvern_deviations_due{near_miss="no"} 1`)
			if again := g.entries("list", "--due"); len(again) != 1 || again[0].ID != first || again[0].Comments[2].Text != "Åbnet igen. Ny oplysning" {
				t.Errorf("what was opened again: %+v", again)
			}
			if text := g.log.String(); strings.Contains(text, "Mette Sørensen") || strings.Contains(text, "slettet") {
				t.Errorf("the log says what was written:\n%s", text)
			}
			if store != "" {
				return
			}
			if err := g.stop(); err != nil {
				t.Error(err)
			}
			if text := g.read("data/postvern.db"); !strings.Contains(text, reference) || strings.Contains(text, "Mette S") {
				t.Error("the store does not hold the entry, or holds what was written in clear")
			}
		})
	}
}

func TestCommentsAtOnceAreAllKept(t *testing.T) {
	g := gateway(t, files{"policy.yaml": noting})
	if err := g.send("anna", "tr.anna@forening.example", []string{"mette@post.example"}, withCPR); err != nil {
		t.Fatal(err)
	}
	id := g.entries("list")[0].ID
	var at sync.WaitGroup
	for n := range 6 {
		at.Go(func() {
			if _, errs, code := g.said("", "deviations", "comment", id, fmt.Sprint("nr. ", n)); code != 0 {
				t.Error(errs)
			}
		})
	}
	at.Wait()
	texts := map[string]bool{}
	for _, c := range g.entries("show", id)[0].Comments {
		texts[c.Text] = true
	}
	if len(texts) != 6 {
		t.Errorf("of 6 comments %v are there", texts)
	}
}

func TestWrongWordsChangeNothingInTheRegister(t *testing.T) {
	g := gateway(t, files{"policy.yaml": noting})
	if err := g.send("anna", "tr.anna@forening.example", []string{"mette@post.example"}, withCPR); err != nil {
		t.Fatal(err)
	}
	before := g.entries("list")
	id := before[0].ID
	for name, c := range map[string]struct {
		in, want string
		args     []string
		code     int
	}{
		"nothing":             {"", "teksten er tom", []string{"comment", id, " \n\t"}, 2},
		"nothing comes":       {"", "teksten er tom", []string{"close", id, "-"}, 2},
		"only controls":       {"\x1b\x07\u200b", "teksten er tom", []string{"close", id, "-"}, 2},
		"too long":            {"", "10000 tegn", []string{"comment", id, strings.Repeat("å", 10001)}, 2},
		"much too long":       {strings.Repeat("å", 1<<20), "10000 tegn", []string{"comment", id, "-"}, 2},
		"no UTF-8":            {"caf\xe9", "UTF-8", []string{"comment", id, "-"}, 2},
		"no name":             {"", "ingen ID", []string{"comment", " , ", "x"}, 2},
		"an unknown name":     {"", `"PV-NOPE"`, []string{"comment", "PV-NOPE", "x"}, 1},
		"one of them unknown": {"", `"PV-NOPE"`, []string{"close", id + ",PV-NOPE", "x"}, 1},
		"no such severity":    {"", "--severity", []string{"close", id, "x", "--severity", "grave"}, 2},
		"what is open":        {"", "", []string{"reopen", id, "x"}, 0},
	} {
		out, errs, code := g.said(c.in, append([]string{"deviations"}, c.args...)...)
		if code != c.code || !strings.Contains(errs, c.want) || (code == 0) != strings.Contains(out, "er åben i forvejen") {
			t.Errorf("%s: %d %s%s", name, code, out, errs)
		}
	}
	for want, reason := range map[string]string{"10000 tegn": strings.Repeat("å", 10001), "UTF-8": "caf\xe9", "teksten er tom": "\u200b"} {
		if out, errs, code := g.said("", "held", "drop", id, "--reason", reason); code != 2 || !strings.Contains(errs, want) {
			t.Errorf("a reason that does not say %q: %d %s%s", want, code, out, errs)
		}
	}
	if after := g.entries("list"); fmt.Sprint(after) != fmt.Sprint(before) {
		t.Errorf("the register was %+v\nand is %+v", before, after)
	}
}
