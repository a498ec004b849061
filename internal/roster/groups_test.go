package roster

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"postvern.example/policy"
)

func grouped(t *testing.T, groups map[string]string) *Roster {
	t.Helper()
	r, err := New(testKey)
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range groups {
		if err := r.Import(name, made, TextExport(name, []byte(content))); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

func TestAGroupIsReplacedAndTheOthersStay(t *testing.T) {
	r := grouped(t, map[string]string{"Klub Nord": "Mail\na@x.example\nb@x.example\n", "Klub Syd": "Mail\nc@x.example\na@x.example\n"})
	later := made.Add(48 * time.Hour)
	if err := r.Import("klub  nord", later, TextExport("n", []byte("Mail\nd@x.example\n"))); err != nil {
		t.Fatal(err)
	}
	for _, r := range []*Roster{r, again(t, r)} {
		m := r.Members()
		got := fmt.Sprint(m.HasAddress("a@x.example"), m.HasAddress("b@x.example"), m.HasAddress("c@x.example"), m.HasAddress("d@x.example"), m.Len())
		if got != "true false true true 3" {
			t.Error(got)
		}
		want := []Group{{"Klub Syd", 2, made}, {"klub nord", 1, later}}
		if !reflect.DeepEqual(m.Groups(), want) || !m.Made().Equal(made) {
			t.Errorf("%v, %v", m.Groups(), m.Made())
		}
		if !slices.Equal(m.GroupsOf("A@x.example"), []string{"Klub Syd"}) || !slices.Equal(m.GroupsOf("d@x.example"), []string{"klub nord"}) || m.GroupsOf("b@x.example") != nil {
			t.Error(m.GroupsOf("a@x.example"), m.GroupsOf("d@x.example"), m.GroupsOf("b@x.example"))
		}
	}
	if !r.Remove("KLUB SYD") || r.Remove("klub syd") || r.Members().HasAddress("c@x.example") {
		t.Error("a group that was taken out is still there")
	}
}

func TestWhoIsInSeveralGroupsIsInAll(t *testing.T) {
	m := again(t, grouped(t, map[string]string{"a": "Mail\nx@y.example\n", "b": "Mail\nx@y.example\nz@y.example\n", "c": "Mail\nz@y.example\n"})).Members()
	if got := m.GroupsOf("x@y.example"); !slices.Equal(got, []string{"a", "b"}) {
		t.Error(got)
	}
}

func again(t *testing.T, r *Roster) *Roster {
	t.Helper()
	back, err := decoded("r", encoded(r), testKey)
	if err != nil {
		t.Fatal(err)
	}
	return back
}

func TestAFailedImportLeavesTheRosterAsItWas(t *testing.T) {
	r := grouped(t, map[string]string{"a": "Mail\nx@y.example\n"})
	for _, content := range []string{"Mail\nno address\n", "", "Mail\n"} {
		if err := r.Import("a", made, TextExport("a", []byte(content))); err == nil || !r.Members().HasAddress("x@y.example") {
			t.Errorf("%q: %v", content, err)
		}
	}
	for _, name := range []string{"", "a@b", "a;b", strings.Repeat("x", 101)} {
		if r.Import(name, made, TextExport("a", []byte("Mail\nx@y.example\n"))) == nil {
			t.Errorf("a group is called %q", name)
		}
	}
}

func TestRostersOfTheFormatsBeforeAreReadAsOneGroup(t *testing.T) {
	r := written(t, "Navn;E-mail\nAnna Holm;anna.holm@mail.example\n")
	for header, sets := range map[string][]int{magicFirst: {addresses, names}, magicSecond: {addresses, names, near}} {
		b := append([]byte(header), r.salt[:]...)
		b = binary.BigEndian.AppendUint64(b, uint64(made.Unix()))
		b = binary.BigEndian.AppendUint32(b, 1)
		for _, k := range sets {
			b = binary.BigEndian.AppendUint32(b, uint32(len(r.groups[0].hashes[k])))
		}
		for _, k := range sets {
			for _, h := range r.groups[0].hashes[k] {
				b = binary.BigEndian.AppendUint64(b, h)
			}
		}
		old, err := decoded("r", append(b, sealed(r, b)...), testKey)
		if err != nil {
			t.Fatal(err)
		}
		m := old.Members()
		if !m.HasAddress("anna.holm@mail.example") || !m.HasName("Anna Holm") || m.LooksLike("ana.holm@mail.example") != (len(sets) == 3) ||
			!reflect.DeepEqual(m.Groups(), []Group{{DefaultGroup, 1, made}}) {
			t.Errorf("%q: %v", header, m.Groups())
		}
		if err := old.Import("more", made, TextExport("m", []byte("Mail\nbo@x.example\n"))); err != nil {
			t.Fatal(err)
		}
		if m := again(t, old).Members(); !m.HasAddress("bo@x.example") || !m.HasAddress("anna.holm@mail.example") {
			t.Errorf("%q: it does not go on in the new format", header)
		}
	}
}

func TestMembersAreFoundHoweverTheirAddressIsWritten(t *testing.T) {
	m := load(t, "Mail\npeter.æg@bæk.example\nmette@post.example\nkarin.öberg@brev.example\n").Following(nil)
	for _, a := range []string{
		"METTE@Post.Example", "mette+union@post.example", `"mette"@post.example`, `"met\te"@post.example`, "mette(hjemme)@post.example", "(x)mette @ post.example",
		"<@relay.example,@b.example:mette@post.example>", "mette@post.example.", "mette%post.example@relay.example", "post.example!mette@relay.example",
		"Mette <mette@post.example>", "ｍｅｔｔｅ@post.example", "mette\u200b@post.example", "mette@po\u00adst.example",
		"peter.æg@xn--bk-1ia.example", "PETER.ÆG@BÆK.EXAMPLE", "peter.æg@ba\u0308k.example", "karin.o\u0308berg@brev.example", "mette@post。example",
		`"mette+x"@post.example`, "mette%post.example%b.example@relay.example",
	} {
		want := !strings.Contains(a, "ba\u0308k") // an a with dots is no æ
		if m.HasAddress(a) != want {
			t.Errorf("%q is a member: %v", a, !want)
		}
	}
	for _, a := range []string{"mette@post.example.evil.example", "mette%other.example@post.example", "xmette@post.example", "mette@relay.example", "m.ette@post.example", "%post.example@relay.example", "mette%@post.example", ""} {
		if m.HasAddress(a) {
			t.Errorf("%q is taken for a member", a)
		}
	}
}

func TestAProvidersSpellingsAreThoseOfItsRule(t *testing.T) {
	rules := []policy.SameMailbox{
		{Domains: []string{"gmail.com", "googlemail.com"}, IgnoreDots: true},
		{Domains: []string{"brev.example"}, Tag: "-"},
	}
	m := load(t, "Mail\nbo.ny.lund@gmail.com\nannaholm@googlemail.com\nper@brev.example\nbo.ny@post.example\n")
	for _, a := range []string{"bonylund@gmail.com", "b.onylund+x@googlemail.com", "anna.holm@gmail.com", "annaholm@gmail.com", "per-jobb@brev.example", "bonylund%gmail.com@relay.example"} {
		if m.HasAddress(a) || !m.Following(rules).HasAddress(a) {
			t.Errorf("%s: %v without the rule, %v with it", a, m.HasAddress(a), m.Following(rules).HasAddress(a))
		}
	}
	for _, a := range []string{"bony@post.example", "bonylund@brev.example", "per-jobb@gmail.com", "bony@gmail.com"} {
		if m.Following(rules).HasAddress(a) {
			t.Errorf("%s is taken for a member", a)
		}
	}
}

func TestFoldersAndListsMakeOneRosterWithAGroupForEachFile(t *testing.T) {
	dir := t.TempDir()
	r := grouped(t, map[string]string{"Stab": "Mail\nstab@x.example\n"})
	for name, content := range map[string]string{
		"nord.csv": "Mail\na@x.example\n", "syd.tsv": "Namn\tE-post\nBo Ek\tb@x.example\n", "stab.roster": string(encoded(r)), "readme.md": "Mail", "~$nord.xlsx": "x", ".hidden.csv": "y",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	m, err := Load([]string{dir}, [][]byte{testKey}, plain)
	if err != nil {
		t.Fatal(err)
	}
	if m.Len() != 3 || !slices.Equal(m.GroupsOf("a@x.example"), []string{"nord"}) || !slices.Equal(m.GroupsOf("stab@x.example"), []string{"Stab"}) || !m.HasName("Bo Ek") {
		t.Errorf("%v", m.Groups())
	}
	same, err := Load([]string{filepath.Join(dir, "syd.tsv"), filepath.Join(dir, "nord.csv"), filepath.Join(dir, "stab.roster")}, [][]byte{testKey}, plain)
	if err != nil || same.Source() != m.Source() {
		t.Errorf("the same files are not recognised: %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "nord.csv"), []byte("Mail\nc@x.example\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if other, err := Load([]string{dir}, [][]byte{testKey}, plain); err != nil || other.Source() == m.Source() {
		t.Errorf("another file is not recognised: %v", err)
	}
	empty := t.TempDir()
	if _, err := Load([]string{empty}, [][]byte{testKey}, plain); err == nil || !strings.Contains(err.Error(), "there are no members in it") {
		t.Errorf("an empty folder: %v", err)
	}
	if _, err := Load([]string{filepath.Join(empty, "none.csv")}, [][]byte{testKey}, plain); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
}

func plain(file string) (Export, error) { return FileExport(file), nil }

func TestAnExportIsReadRightWhereverItsBlocksEnd(t *testing.T) {
	// The charset is found out block by block: letters of several octets
	// stand across every border.
	var b strings.Builder
	b.WriteString("Navn;E-mail\n")
	for i := range 4000 {
		fmt.Fprintf(&b, "Søren %s Ågård;søren%d@bæk.example\n", strings.Repeat("ø", i%97), i)
	}
	for name, content := range map[string]string{"UTF-8": b.String(), "Windows-1252": cp1252(b.String()), "UTF-16": utf16le(b.String()), "CR": strings.ReplaceAll(b.String(), "\n", "\r")} {
		m := load(t, content)
		if m.Len() != 4000 || !m.HasAddress("søren3999@bæk.example") || !m.HasAddress("søren1777@xn--bk-1ia.example") {
			t.Errorf("%s: %d members", name, m.Len())
		}
	}
}

// sealed is the keyed hash at the end of a file that begins so.
func sealed(r *Roster, b []byte) []byte {
	h := r.sealer()
	_, _ = h.Write(b) // a hash never fails
	return h.Sum(nil)
}
