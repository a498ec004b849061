package test

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"mime"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode/utf16"

	"postvern.example/internal/deviation"
	"postvern.example/internal/sink"
)

// mailTo is a mail of a representative to some addresses.
func mailTo(subject string, to ...string) string {
	return "X-Mark: " + mark(subject) + "\nFrom: Anna Holm <tr.anna@forening.example>\nTo: " + strings.Join(to, ", ") + "\nSubject: " + subject +
		"\nDate: Mon, 2 Mar 2026 12:00:00 +0100\nMessage-ID: <" + fmt.Sprint(len(subject), len(to)) + "@region.example>\n\nHej,\n\nVi ses.\n"
}

// mark finds a mail again whatever becomes of its subject.
func mark(subject string) string {
	sum := sha256.Sum256([]byte(subject))
	letters := make([]byte, 12)
	for i := range letters {
		letters[i] = 'a' + sum[i]%26
	}
	return string(letters)
}

// sendTo sends such a mail and returns what arrived for one of the addresses.
func (i *installation) sendTo(subject, reader string, to ...string) string {
	i.t.Helper()
	var bare []string
	for _, a := range to {
		if open := strings.IndexByte(a, '<'); open >= 0 {
			a = strings.Trim(a[open:], "<>")
		}
		if strings.Contains(a, "%") { // the listener takes no such recipient
			a = "mette@post.example"
		}
		bare = append(bare, a)
	}
	if err := i.send("anna", "tr.anna@forening.example", bare, mailTo(subject, to...)); err != nil {
		i.t.Fatal(err)
	}
	return i.delivered(subject, reader)
}

// delivered waits for a mail with a subject to arrive for somebody.
func (i *installation) delivered(subject, reader string) string {
	i.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		for _, m := range mails(i.upstream.Messages()) {
			if slices.ContainsFunc(m.To, func(r sink.Recipient) bool { return r.Address == reader }) && strings.Contains(string(m.Content), "X-Mark: "+mark(subject)) {
				return string(m.Content)
			}
		}
	}
	i.t.Fatalf("nothing about %q arrived for %s\n%s", subject, reader, i.log)
	return ""
}

func (i *installation) register() []deviation.Record {
	i.t.Helper()
	var records []deviation.Record
	i.json(&records, "deviations", "list")
	return records
}

func field(mail, name string) string {
	for line := range strings.Lines(mail) {
		if strings.HasPrefix(line, name+": ") {
			text, err := new(mime.WordDecoder).DecodeHeader(strings.TrimSpace(strings.TrimPrefix(line, name+": ")))
			if err != nil {
				return err.Error()
			}
			return text
		}
	}
	return ""
}

func TestMembersAreHiddenHoweverTheirAddressIsWritten(t *testing.T) {
	i := gateway(t, files{
		"policy.yaml": strings.Replace(defaultPolicy, "people:\n", "people:\n  same-mailbox: [{domains: [gmail.com, googlemail.com], dots: ignore}]\n", 1),
		"members.csv": defaultMembers + "Bo Lund;bo.lund@gmail.com;\n",
	})
	for n, spelling := range []string{
		"METTE@POST.EXAMPLE", "mette+fest@post.example", "Mette <mette@post.example>", "bolund@googlemail.com", "lars@xn--bk-1ia.example", "mette%post.example@relay.example",
	} {
		subject := fmt.Sprintf("stavemåde%d", n)
		got := i.sendTo(strings.ReplaceAll(subject, "å", "a"), "peter@post.example", spelling, "peter@post.example")
		if to := field(got, "To"); strings.Contains(to, "@") {
			t.Errorf("%s stays in To: %s", spelling, to)
		}
	}
}

func TestAnAddressThatMeansOurMembersIsHiddenBesideAnOutsider(t *testing.T) {
	i := gateway(t, files{"policy.yaml": strings.Replace(defaultPolicy, "people:\n", "people:\n  groups: [\"medlemmer@forening.example\"]\n", 1)})
	got := i.sendTo("til alle", "chef@region.example", "medlemmer@forening.example", "chef@region.example")
	if to := field(got, "To"); strings.Contains(to, "medlemmer@") || !strings.Contains(to, "chef@region.example") {
		t.Errorf("To: %s", to)
	}
	if got := i.sendTo("kun medlemmerne", "medlemmer@forening.example", "medlemmer@forening.example"); !strings.Contains(field(got, "To"), "medlemmer@") {
		t.Errorf("alone it is hidden from itself: %s", field(got, "To"))
	}
	if got := i.sendTo("til kontoret", "chef@region.example", "kontor@forening.example", "chef@region.example"); !strings.Contains(field(got, "To"), "kontor@") {
		t.Errorf("the union's office is hidden: %s", field(got, "To"))
	}
}

func TestASubjectThatNamesAMemberToOthersIsRecorded(t *testing.T) {
	i := gateway(t, nil)
	i.sendTo("Sagen om Ingrid Ostergard", "ingrid@post.example", "ingrid@post.example") // another spelling of nobody
	i.sendTo("Vedr. Karin Oeberg", "karin.oberg@brev.example", "karin.oberg@brev.example")
	if records := i.register(); len(records) != 0 {
		t.Errorf("a mail to the one whom it names: %+v", records)
	}
	got := i.sendTo("Vedr. Karin Oeberg nu", "peter@post.example", "peter@post.example")
	if !strings.Contains(field(got, "Subject"), "Karin Oeberg") {
		t.Errorf("the subject was changed: %s", field(got, "Subject"))
	}
	records := i.register()
	if len(records) != 1 || records[0].Type != "member-named" || records[0].NearMiss || strings.Contains(fmt.Sprint(records[0]), "Karin") {
		t.Errorf("%+v", records)
	}
	i.sendTo("Karin Öbergs sag", "peter@post.example", "peter@post.example")
	if records := i.register(); len(records) != 2 {
		t.Errorf("the genitive: %+v", records)
	}
}

// reload asks the gateway to read its files and waits until it has.
func (i *installation) reload() {
	i.t.Helper()
	before := len(i.log.lines("loaded")) + len(i.log.lines("kept"))
	if err := i.command.Process.Signal(syscall.SIGHUP); err != nil {
		i.t.Fatal(err)
	}
	for deadline := time.Now().Add(20 * time.Second); len(i.log.lines("loaded"))+len(i.log.lines("kept")) == before; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			i.t.Fatalf("no reload\n%s", i.log)
		}
	}
}

func TestAGroupOfTheRosterIsReplacedAndTheOthersStay(t *testing.T) {
	i := install(t, nil, sink.Config{})
	i.write("postvern.yaml", strings.Replace(i.read("postvern.yaml"), "members: members.csv", "members: members.roster", 1))
	i.write("nord.csv", "Navn;E-mail\nMette Sørensen;mette@post.example\nPeter Ægidius;peter@post.example\n")
	i.write("syd.xlsx", string(workbook(t, [][]string{{"Nr", "Fornavn", "Efternavn", "E-mail"}, {"1", "Ingrid", "Øster \"Å\" gård", "ingrid@post.example"}, {"2", "Lars", "Bæk", "lars@bæk.example"}})))
	for _, args := range [][]string{{"--group", "Klub Nord", i.path("nord.csv")}, {"--group", "Klub Syd", i.path("syd.xlsx")}} {
		if out, err := i.run(append([]string{"members", "import", "--language", "en"}, args...)...); err != nil || !strings.Contains(out, "2 members") && !strings.Contains(out, "4 members") {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	if raw := i.read("members.roster"); strings.Contains(raw, "post.example") || strings.Contains(raw, "Ingrid") {
		t.Error("the roster can be read")
	}
	i.start()
	if got := i.sendTo("fra hver sin klub", "mette@post.example", "mette@post.example", "lars@xn--bk-1ia.example"); strings.Contains(field(got, "To"), "@") {
		t.Errorf("To: %s", field(got, "To"))
	}
	var status struct {
		Members int
		Stale   bool
		Groups  []struct {
			Name    string
			Members int
		}
	}
	i.json(&status, "members", "status")
	if status.Members != 4 || status.Stale || len(status.Groups) != 2 || status.Groups[0].Name != "Klub Nord" || status.Groups[1].Members != 2 {
		t.Errorf("%+v", status)
	}
	i.write("nord.csv", "Navn;E-mail\nKarin Öberg;karin.oberg@brev.example\n")
	if out, err := i.run("members", "import", "--group", "klub nord", i.path("nord.csv")); err == nil || !strings.Contains(err.Error(), "more than a fifth smaller") || !strings.Contains(err.Error(), "--shrink") {
		t.Errorf("a group that shrinks: %v\n%s", err, out)
	}
	if out, err := i.run("members", "import", "--group", "klub nord", "--shrink", i.path("nord.csv")); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	i.awaitMembers(3)
	var check struct {
		Member    bool
		Groups    []string
		LooksLike bool `json:"looks_like_a_member"`
	}
	i.json(&check, "members", "check", "KARIN.oberg+x@brev.example")
	if !check.Member || !slices.Equal(check.Groups, []string{"klub nord"}) {
		t.Errorf("%+v", check)
	}
	i.json(&check, "members", "check", "karin.oberq@brev.example")
	if check.Member || !check.LooksLike {
		t.Errorf("%+v", check)
	}
}

// awaitMembers waits until the roster in force has so many members.
func (i *installation) awaitMembers(n int) {
	i.t.Helper()
	want := fmt.Sprintf("\npostvern_roster_members %d\n", n)
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if _, text := i.get("/metrics"); strings.Contains(text, want) {
			return
		}
	}
	i.t.Fatalf("the roster never had %d members\n%s", n, i.log)
}

func TestARosterThatShrinksStaysUntilSomebodyConfirms(t *testing.T) {
	i := gateway(t, nil)
	i.write("members.csv", "Navn;E-mail\nMette Sørensen;mette@post.example\nPeter Ægidius;peter@post.example\n")
	i.reload()
	kept := i.log.lines("kept")
	if len(kept) == 0 || !strings.Contains(fmt.Sprint(kept[len(kept)-1]["cause"]), "postvern members confirm") {
		t.Fatalf("the log does not say what to do: %v", kept)
	}
	if got := i.sendTo("stadig skjult", "lars@xn--bk-1ia.example", "lars@xn--bk-1ia.example", "ingrid@post.example"); strings.Contains(field(got, "To"), "@") {
		t.Errorf("the roster before is not in force any more: %s", field(got, "To"))
	}
	if _, err := i.run("members", "confirm"); err != nil {
		t.Fatal(err)
	}
	i.awaitMembers(2)
	i.write("members.csv", "Navn;E-mail\n")
	i.reload()
	if out, err := i.run("members", "confirm"); err == nil {
		t.Errorf("an empty roster is confirmed: %s", out)
	}
	i.awaitMembers(2)
}

func TestAStartRefusesARosterThatShrankWhileTheGatewayWasDown(t *testing.T) {
	i := gateway(t, nil)
	i.write("members.csv", defaultMembers+"Ada Berg;ada@post.example;\nBo Dam;bo@post.example;\n")
	i.awaitMembers(7)
	if err := i.stop(); err != nil {
		t.Fatal(err)
	}
	refused := func(what, want string) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second) // one that starts does not end
		defer cancel()
		c := exec.CommandContext(ctx, binary, "serve", "--config", i.path("postvern.yaml"))
		out, err := c.CombinedOutput()
		if err == nil || c.ProcessState.ExitCode() != 2 || !strings.Contains(string(out), want) || !strings.Contains(string(out), "postvern members confirm") {
			t.Fatalf("%s: %v\n%s", what, err, out)
		}
	}
	i.write("members.csv", defaultMembers)
	refused("5 of the 7 that were in force after the reload", "5 members instead of 7")
	refused("the same once more", "5 members instead of 7")
	i.mustRun("members", "confirm")
	i.write("members.csv", strings.Replace(defaultMembers, "Mette", "Maren", 1))
	refused("other files than those that were confirmed", "5 members instead of 7")
	i.mustRun("members", "confirm")
	i.start()
	i.awaitMembers(5)
	i.kill()
	i.start() // the roster is as large as the last one, confirmed or not
	i.awaitMembers(5)
}

func TestAnOldRosterIsAnAlarmInTheLogTheMetricsAndTheHealthPage(t *testing.T) {
	i := install(t, nil, sink.Config{})
	old := time.Now().Add(-100 * 24 * time.Hour)
	if err := os.Chtimes(i.path("members.csv"), old, old); err != nil {
		t.Fatal(err)
	}
	i.start()
	stale := i.log.lines("stale")
	if len(stale) != 1 || stale[0]["days"] != 100.0 {
		t.Errorf("%v", stale)
	}
	if _, text := i.get("/healthz"); text != "ok\nroster: 5 members, 1 groups, 100 days old, stale\n" {
		t.Errorf("%q", text)
	}
	_, text := i.get("/metrics")
	if !strings.Contains(text, fmt.Sprintf("postvern_roster_imported_timestamp_seconds %v", float64(old.Unix()))) || !strings.Contains(text, "postvern_roster_stale_after_seconds 3.888e+06") {
		t.Errorf("%s", text)
	}
	out, err := i.run("members", "status", "--language", "en")
	if err != nil || !strings.Contains(out, "100 days, stale") || !strings.Contains(out, "roster.stale-after") {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestAFolderOfExportsIsOneRoster(t *testing.T) {
	i := install(t, nil, sink.Config{})
	i.write("postvern.yaml", strings.Replace(i.read("postvern.yaml"), "members: members.csv", "members: [members.csv, klubber]", 1))
	if err := os.Mkdir(i.path("klubber"), 0o700); err != nil {
		t.Fatal(err)
	}
	i.write("klubber/nord.csv", "\ufeffFörnamn\tEfternamn\tE-postadress\r\nAda\tBerg\tada@post.example\r\n")
	i.write("klubber/øst.csv", utf16file("Sukunimi;Etunimi;Sähköposti\nLaine;Ilo;ilo@post.example\n"))
	i.start()
	if got := i.sendTo("fra hver sin fil", "ada@post.example", "ada@post.example", "ilo@post.example", "mette@post.example"); strings.Contains(field(got, "To"), "@") {
		t.Errorf("To: %s", field(got, "To"))
	}
	i.awaitMembers(7)
	i.write("klubber/vest.csv", "Mail\nvest@post.example\n")
	i.awaitMembers(8)
}

func utf16file(s string) string {
	b := []byte{0xFE, 0xFF}
	for _, u := range utf16.Encode([]rune(s)) {
		b = append(b, byte(u>>8), byte(u))
	}
	return string(b)
}

// workbook writes an XLSX as membership systems do: a first sheet that only
// explains, a second with the rows as inline strings.
func workbook(t *testing.T, rows [][]string) []byte {
	t.Helper()
	var sheet strings.Builder
	sheet.WriteString(`<?xml version="1.0" encoding="UTF-8"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>`)
	escape := strings.NewReplacer("&", "&amp;", "<", "&lt;")
	for r, row := range rows {
		fmt.Fprintf(&sheet, `<row r="%d">`, r+1)
		for c, cell := range row {
			fmt.Fprintf(&sheet, `<c r="%c%d" t="inlineStr"><is><t>%s</t></is></c>`, 'A'+c, r+1, escape.Replace(cell))
		}
		sheet.WriteString("</row>")
	}
	sheet.WriteString("</sheetData></worksheet>")
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, f := range [][2]string{
		{"[Content_Types].xml", `<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/><Override PartName="/xl/worksheets/sheet2.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>`},
		{"_rels/.rels", `<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>`},
		{"xl/workbook.xml", `<?xml version="1.0"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="Om" sheetId="1" r:id="rId1"/><sheet name="Medlemmer" sheetId="2" r:id="rId2"/></sheets></workbook>`},
		{"xl/_rels/workbook.xml.rels", `<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet2.xml"/></Relationships>`},
		{"xl/worksheets/sheet1.xml", `<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>Udtræk af 1. marts</t></is></c></row></sheetData></worksheet>`},
		{"xl/worksheets/sheet2.xml", sheet.String()},
	} {
		w, err := z.Create(f[0])
		if err == nil {
			_, err = w.Write([]byte(f[1]))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
