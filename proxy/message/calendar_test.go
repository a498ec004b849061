package message

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

var calendarMembers = map[string]bool{"bo@member.example": true, "aase@member.example": true, "gry@member.example": true}

// hideBut hides members but one reader.
func hideBut(reader string) func(name, address string) bool {
	return func(name, address string) bool {
		if address == "" {
			return name == "Åsa Øst" || name == "Bo Friis"
		}
		a := strings.ToLower(address)
		return calendarMembers[a] && a != reader
	}
}

// calendarReaders are the readers of the samples; "" is everybody else.
var calendarReaders = map[string]string{"": "shared", "bo@member.example": "bo", "aase@member.example": "aase"}

func calendarSamples(t testing.TB) map[string]*Message {
	t.Helper()
	files, err := filepath.Glob("testdata/calendar/*.eml")
	if err != nil || len(files) < 6 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	all := map[string]*Message{}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all[strings.TrimSuffix(file, ".eml")] = read(t, crlf(string(raw)))
	}
	return all
}

func TestAnInvitationNamesItsReaderAndNoOtherMember(t *testing.T) {
	for name, m := range calendarSamples(t) {
		for reader, label := range calendarReaders {
			edits, n, err := m.HideAttendees(hideBut(reader))
			if err != nil || n == 0 {
				t.Errorf("%s for %s: %d hidden, %v", name, label, n, err)
				continue
			}
			out := read(t, apply(t, m, edits))
			left, err := out.Attendees()
			if err != nil || len(out.Defects) > 0 {
				t.Errorf("%s for %s: %v, defects %q", name, label, err, reasons(out))
			}
			own := false
			for _, a := range left {
				own = own || strings.EqualFold(a.Address, reader)
				if hideBut(reader)(a.Name, a.Address) {
					t.Errorf("%s for %s still names %+v", name, label, a)
				}
			}
			if reader != "" && !own {
				t.Errorf("%s for %s does not name its reader", name, label)
			}
			compareCalendar(t, name+"."+label, out)
		}
	}
}

// compareCalendar compares all decoded text with the golden file, and looks
// for traces in it.
func compareCalendar(t *testing.T, golden string, out *Message) {
	t.Helper()
	var got strings.Builder
	var walk func(p *Part)
	walk = func(p *Part) {
		for _, child := range p.Children {
			walk(child)
		}
		if len(p.Children) > 0 {
			return
		}
		content, err := out.Content(p)
		if err != nil {
			t.Fatal(err)
		}
		got.WriteString("== " + p.Place.String() + " " + p.Encoding + "\n" + strings.ReplaceAll(calendarText(p, content), "\r\n", "\n"))
	}
	walk(out.Root)
	unfolded := strings.NewReplacer("\n ", "", "\n\t", "").Replace(got.String())
	for trace, reader := range map[string]string{"bo@": "bo", "Bo Friis": "bo", "Friis, Bo": "bo", "aase": "aase", "Åsa Øst": "aase", "Øst, Åsa": "aase"} {
		if strings.Contains(strings.ToLower(unfolded), strings.ToLower(trace)) && !strings.HasSuffix(golden, "."+reader) {
			t.Errorf("%s has a trace of %s", golden, reader)
		}
	}
	if *update {
		if err := os.WriteFile(golden, []byte(got.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil || got.String() != string(want) {
		t.Errorf("%s: got\n%s\nwant\n%s%v", golden, got.String(), want, err)
	}
}

func TestLinesOfAnInvitationThatNameNobodyKeepTheirOctets(t *testing.T) {
	for name, m := range calendarSamples(t) {
		err := m.calendars(func(c calendarPart) error {
			before, err := m.Content(c.part)
			if err != nil {
				return err
			}
			e := calendarEditor{hide: hideBut(""), gone: newPeople()}
			after, err := e.edit(string(before))
			if err != nil {
				return err
			}
			kept := map[string]int{}
			for _, l := range calendarLines(after) {
				kept[after[l.raw.Start:l.raw.End]]++
			}
			for _, l := range calendarLines(string(before)) {
				raw := string(before[l.raw.Start:l.raw.End])
				if strings.Contains(strings.ToLower(raw), "alarm") || e.names(l.text) || hasQuoted(l.text) {
					continue
				}
				if kept[raw]--; kept[raw] < 0 && !strings.Contains(string(before), "ACTION:EMAIL") {
					t.Errorf("%s lost or changed %q", name, raw)
				}
			}
			return nil
		})
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func hasQuoted(line string) bool { return strings.Contains(line, "Sendt:") }

const smallCalendar = "BEGIN:VCALENDAR\nVERSION:2.0\nMETHOD:REQUEST\nBEGIN:VEVENT\nUID:1\nORGANIZER:mailto:tr@union.example\n" +
	"ATTENDEE;CN=Bo Friis:mailto:bo@member.example\nATTENDEE;CN=Gry Holt:mailto:gry@member.example\nEND:VEVENT\nEND:VCALENDAR\n"

func calendarMail(t testing.TB, fields, body string) *Message {
	t.Helper()
	return read(t, crlf("From: tr@union.example\nMIME-Version: 1.0\n"+fields+"\n\n"+body))
}

func TestAnInvitationThatCannotBeEditedIsAnError(t *testing.T) {
	with := func(line string) string { return strings.Replace(smallCalendar, "UID:1\n", "UID:1\n"+line+"\n", 1) }
	const plain = "Content-Type: text/calendar; charset=utf-8"
	for name, c := range map[string]struct {
		fields, body string
		want         error
	}{
		"a hidden organizer":         {plain, strings.Replace(smallCalendar, "tr@union", "gry@member", 1), ErrCalendar},
		"a UID that is an address":   {plain, strings.Replace(smallCalendar, "UID:1", "UID:gry@member.example", 1), ErrCalendar},
		"an attached file of theirs": {plain, with("ATTACH;ENCODING=BASE64;VALUE=BINARY:R3J5IDxncnlAbWVtYmVyLmV4YW1wbGU+"), ErrCalendar},
		"a Latin charset":            {"Content-Type: text/calendar; charset=iso-8859-1", smallCalendar, ErrCalendar},
		"UTF-16":                     {"Content-Type: text/calendar\nContent-Transfer-Encoding: base64", "QgBFAEcASQBOADoAVgBDAEEATABFAE4ARABBAFIACgBBAFQAVABFAE4ARABFAEUAOgBnAHIAeQBAAG0AZQBtAGIAZQByAC4AZQB4AGEAbQBwAGwAZQAKAEUATgBEADoAVgBDAEEATABFAE4ARABBAFIACgA=\n", ErrCalendar},
		"vCalendar 1.0":              {"Content-Type: text/x-vcalendar", strings.Replace(smallCalendar, "UID:1\n", "UID:1\nSUMMARY;ENCODING=QUOTED-PRINTABLE:m=C3=B8de\n", 1), ErrCalendar},
		"an open component":          {plain, strings.Replace(smallCalendar, "END:VEVENT\n", "", 1), ErrCalendar},
		"a line without a colon":     {plain, with("ATTENDEE gry@member.example"), ErrCalendar},
		"quotes that never close":    {plain, with("ATTENDEE;CN=\"Gry:mailto:gry@member.example"), ErrCalendar},
		"lines beside the calendar":  {plain, smallCalendar + "ATTENDEE:mailto:gry@member.example\n", ErrCalendar},
		"an answer without answerer": {plain, strings.Replace(smallCalendar, "REQUEST", "REPLY", 1), ErrCalendar},
		"jCal":                       {"Content-Type: application/calendar+json", "[\"vcalendar\",[],[[\"vevent\",[[\"attendee\",{},\"cal-address\",\"mailto:gry@member.example\"]]]]]\n", ErrCalendar},
		"a base64 link":              {"Content-Type: multipart/mixed; boundary=b", "--b\n" + plain + "\n\n" + smallCalendar + "--b\nContent-Type: text/plain\n\nhttps://x.example/?eid=YWJjIGdyeUBtZW1iZXIuZXhhbXBsZQ\n--b--\n", ErrRewrite},
		"a signed part":              {"Content-Type: multipart/signed; boundary=b; protocol=\"application/pkcs7-signature\"; micalg=sha256", "--b\n" + plain + "\n\n" + smallCalendar + "--b\nContent-Type: application/pkcs7-signature\n\nx\n--b--\n", ErrSigned},
		"a forwarded message":        {"Content-Type: message/rfc822", "From: x@x.example\n" + plain + "\n\n" + smallCalendar, ErrSigned},
		"a signed body that tells":   {"Content-Type: multipart/mixed; boundary=b", "--b\n" + plain + "\n\n" + smallCalendar + "--b\nContent-Type: text/plain\n\n-----BEGIN PGP SIGNED MESSAGE-----\nTil Gry Holt\n--b--\n", ErrSigned},
		"damaged base64":             {plain + "\nContent-Transfer-Encoding: base64", "!!\n", ErrDamaged},
	} {
		m := calendarMail(t, c.fields, c.body)
		if edits, n, err := m.HideAttendees(hideBut("bo@member.example")); !errors.Is(err, c.want) || n > 0 || edits != nil {
			t.Errorf("%s: %d edits, %v", name, len(edits), err)
		}
	}
}

func TestACalendarWithNobodyHiddenIsNotTouched(t *testing.T) {
	for _, body := range []string{
		strings.Replace(smallCalendar, "gry@member", "gry@region", 1),
		"BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:x\n", // broken, but without attendees
		"",
	} {
		for _, fields := range []string{"Content-Type: text/calendar; charset=iso-8859-1", "Content-Type: application/octet-stream; name=a.ics"} {
			m := calendarMail(t, fields, body)
			if edits, n, err := m.HideAttendees(hideBut("bo@member.example")); err != nil || n > 0 || len(edits) > 0 {
				t.Errorf("%q: %d edits, %v", body, len(edits), err)
			}
		}
	}
}

func TestACalendarIsKnownByTypeNameOrFirstLine(t *testing.T) {
	for _, fields := range []string{
		"Content-Type: text/calendar", "Content-Type: Application/ICS", "Content-Type: text/plain",
		"Content-Type: application/octet-stream; name=\"M=?utf-8?Q?=C3=B8?=de.ICS\"",
		"Content-Type: application/octet-stream\nContent-Disposition: attachment; filename*=utf-8''m.ics",
	} {
		if a, err := calendarMail(t, fields, smallCalendar).Attendees(); err != nil || len(a) != 3 {
			t.Errorf("%s: %d people, %v", fields, len(a), err)
		}
	}
}

func TestWhoCannotBeTakenOutIsCalledFixed(t *testing.T) {
	a, err := calendarMail(t, "Content-Type: text/calendar", smallCalendar).Attendees()
	if err != nil || len(a) != 3 || !a[0].Fixed || a[1].Fixed || a[1].Name != "Bo Friis" || a[1].Address != "bo@member.example" {
		t.Errorf("%+v, %v", a, err)
	}
	a, err = calendarMail(t, "Content-Type: message/rfc822", "Content-Type: text/calendar\n\n"+smallCalendar).Attendees()
	if err != nil || len(a) != 3 || !a[1].Fixed {
		t.Errorf("%+v, %v", a, err)
	}
}

// TestAnotherReaderFindsNoMemberEither asks Python's icalendar.
func TestAnotherReaderFindsNoMemberEither(t *testing.T) {
	const program = "/usr/bin/python3" // Debian's, which has its icalendar
	if exec.Command(program, "-c", "import icalendar").Run() != nil {
		t.Skip("python3-icalendar is not installed: make deps installs it")
	}
	// A component's BEGIN and END are plain octets in some of its versions.
	const script = `
import sys, icalendar
for k, v in icalendar.Calendar.from_ical(sys.stdin.buffer.read()).property_items():
    octets = v.to_ical() if hasattr(v, "to_ical") else v
    print(k, octets.decode() if isinstance(octets, bytes) else octets, dict(getattr(v, "params", {})))
`
	for name, m := range calendarSamples(t) {
		if strings.Contains(name, "lower-case") {
			continue // it wants upper-case BEGIN
		}
		for reader, label := range calendarReaders {
			edits, _, err := m.HideAttendees(hideBut(reader))
			if err != nil {
				t.Fatal(err)
			}
			out := read(t, apply(t, m, edits))
			err = out.calendars(func(c calendarPart) error {
				content, err := out.Content(c.part)
				if err != nil {
					return err
				}
				python := exec.Command(program, "-c", script)
				python.Env = append(os.Environ(), "PYTHONUTF8=1")
				python.Stdin = bytes.NewReader(content)
				seen, err := python.CombinedOutput()
				if err != nil {
					t.Errorf("%s for %s: %v\n%s", name, label, err, seen)
				}
				text := strings.ToLower(string(seen))
				for trace, of := range map[string]string{"bo@member": "bo", "bo friis": "bo", "friis, bo": "bo", "aase": "aase", "åsa": "aase"} {
					if strings.Contains(text, trace) && of != label {
						t.Errorf("%s for %s: icalendar sees %s", name, label, of)
					}
				}
				if label != "shared" && !strings.Contains(text, "attendee") {
					t.Errorf("%s for %s: icalendar sees no attendee", name, label)
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
}

// FuzzHideAttendees holds HideAttendees to its promise: a calendar that was
// edited names nobody who is hidden, however it is read.
func FuzzHideAttendees(f *testing.F) {
	for _, m := range calendarSamples(f) {
		_ = m.calendars(func(c calendarPart) error {
			content, err := m.Content(c.part)
			f.Add(string(content))
			return err
		})
	}
	f.Add(smallCalendar)
	f.Fuzz(func(t *testing.T, text string) {
		if strings.ContainsAny(text, "\x00") || strings.Contains(strings.ReplaceAll(text, "\r\n", ""), "\r") {
			return
		}
		m, err := Read(strings.NewReader("Content-Type: text/calendar\r\n\r\n"+crlf(strings.ReplaceAll(text, "\r\n", "\n"))), DefaultLimits())
		if err != nil {
			return
		}
		edits, n, err := m.HideAttendees(hideBut("bo@member.example"))
		if err != nil || len(edits) == 0 && n > 0 {
			if n > 0 {
				t.Fatalf("%d hidden and nothing edited: %v", n, err)
			}
			return
		}
		if len(edits) == 0 {
			return
		}
		out := read(t, apply(t, m, edits))
		body := string(out.Bytes(out.Root.Body))
		again, _, err := out.HideAttendees(hideBut("bo@member.example"))
		if err != nil || len(again) > 0 {
			t.Fatalf("a second pass finds more: %v\n%s", err, body)
		}
		unfolded := strings.ToLower(strings.NewReplacer("\r\n ", "", "\r\n\t", "").Replace(body))
		if strings.Contains(unfolded, "mailto:aase@member.example\r\n") {
			t.Fatalf("a member is left:\n%s", body)
		}
	})
}

func TestAFullNameInTheWordsOfAnInvitationGoesWithoutAnAttendeeOfThatName(t *testing.T) {
	body := strings.Replace(smallCalendar, "ATTENDEE;CN=Bo Friis:mailto:bo@member.example\n", "DESCRIPTION:Deltagere: Bo Friis\\, Gry.\\nHej Bo\nATTENDEE;CN=bo@member.example:mailto:bo@member.example\n", 1)
	m := calendarMail(t, "Content-Type: text/calendar", body)
	edits, _, err := m.HideAttendees(hideBut("gry@member.example"))
	if out := apply(t, m, edits); err != nil || !strings.Contains(out, "\r\nDESCRIPTION:Deltagere: [...]\\, Gry.\\nHej Bo\r\n") {
		t.Errorf("%v\n%s", err, out)
	}
}
