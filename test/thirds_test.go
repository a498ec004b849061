package test

import (
	"encoding/base64"
	"fmt"
	"html"
	"io"
	"mime"
	"mime/quotedprintable"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// everyReading returns a copy as whoever looks for somebody in it may read it:
// as it is, unfolded, and with each of the encodings of mail undone.
func everyReading(raw []byte) []string {
	all := []string{string(raw)}
	add := func(s string) { all = append(all, s) }
	flat := regexp.MustCompile(`\r\n[ \t]`).ReplaceAllString(string(raw), " ")
	add(flat)
	add(regexp.MustCompile(`\r\n[ \t]`).ReplaceAllString(string(raw), ""))
	words := mime.WordDecoder{}
	for _, line := range strings.Split(flat, "\r\n") {
		if s, err := words.DecodeHeader(line); err == nil {
			add(s)
		}
		if _, params, err := mime.ParseMediaType(strings.TrimPrefix(line[strings.IndexByte(line, ':')+1:], " ")); err == nil {
			for _, v := range params {
				add(v)
			}
		}
	}
	if qp, err := io.ReadAll(quotedprintable.NewReader(strings.NewReader(string(raw)))); err == nil || len(qp) > 0 {
		add(string(qp))
	}
	for _, s := range append([]string{}, all...) {
		if u, err := url.PathUnescape(s); err == nil {
			add(u)
		}
		add(regexp.MustCompile(`%([0-9A-Fa-f]{2})|\+([0-9A-Fa-f]{2})|=([0-9A-Fa-f]{2})`).ReplaceAllStringFunc(s, func(e string) string {
			b, _ := strconv.ParseUint(e[1:], 16, 8) // two hexadecimal digits
			return string([]byte{byte(b)})
		}))
		add(html.UnescapeString(s))
		joined := strings.ReplaceAll(s, "\r\n", "")
		for _, run := range regexp.MustCompile(`[A-Za-z0-9+/_-]{12,}`).FindAllString(s+" "+joined, -1) {
			for shift := range 4 {
				if len(run) < shift+8 {
					continue
				}
				if plain, err := base64.RawStdEncoding.DecodeString(run[shift : shift+(len(run)-shift)/4*4]); err == nil {
					add(string(plain))
				}
			}
		}
	}
	return all
}

// tellsOfIngrid is how she is named.
var tellsOfIngrid = regexp.MustCompile(`(?i)ingrid|østergård|ostergard|oestergaard`)

var thirdName = "=?utf-8?Q?Ingrid_=C3=98sterg=C3=A5rd?="

var thirds = []probe{
	{name: "content-id", body: attached("Content-Type: image/png; name=a.png\nContent-ID: <ingrid@post.example>\n", "x"), want: isHeld},
	{name: "content-id with more", body: attached("Content-Type: image/png; name=a.png\nContent-ID: <image1.ingrid=post.example@x.example>\n", "x"), want: isHeld},
	{name: "content-location", body: attached("Content-Type: text/plain\nContent-Location: mailto:ingrid@post.example\n", "x"), want: passes},
	{name: "content-location path", body: attached("Content-Type: text/plain\nContent-Location: file:///C:/Users/Ingrid%20%C3%98sterg%C3%A5rd/a.txt\n", "x"), want: passes},
	{name: "content-description address", body: attached("Content-Type: text/plain\nContent-Description: til ingrid@post.example\n", "x"), want: passes},
	{name: "content-description name", body: attached("Content-Type: text/plain\nContent-Description: "+thirdName+"\n", "x"), want: passes},
	{name: "file address", body: attached("Content-Type: text/plain; name=\"ingrid@post.example\"\n", "x"), want: passes},
	{name: "file address ext", body: attached("Content-Type: text/plain; name=\"sag ingrid@post.example.txt\"\n", "x"), want: passes},
	{name: "file name", body: attached("Content-Type: text/plain; name=\"=?utf-8?Q?Ingrid_=C3=98sterg=C3=A5rd.txt?=\"\nContent-Disposition: attachment; filename*=utf-8''Ingrid%20%C3%98sterg%C3%A5rd.txt\n", "x"), want: passes},
	{name: "file name points", body: attached("Content-Type: text/plain; name=a.txt\nContent-Disposition: attachment; filename*0*=utf-8''Sag_Ingrid.%C3%98; filename*1*=sterg%C3%A5rd.txt\n", "x"), want: passes},
	{name: "file name ascii", body: attached("Content-Type: text/plain\nContent-Disposition: attachment; filename=\"Ingrid_Oestergaard.txt\"\n", "x"), want: passes},
	{name: "param address", body: attached("Content-Type: text/plain; x-user=\"ingrid@post.example\"\n", "x"), want: isHeld},
	{name: "param name", body: attached("Content-Type: text/plain; x-author*=utf-8''Ingrid%20%C3%98sterg%C3%A5rd\n", "x"), want: isHeld},
	{name: "disposition param", body: attached("Content-Type: text/plain\nContent-Disposition: attachment; filename=a.txt; x-owner=\"ingrid@post.example\"\n", "x"), want: isHeld},
	{name: "disposition param name", body: attached("Content-Type: text/plain\nContent-Disposition: attachment; filename=a.txt; x-owner*=utf-8''Ingrid%20%C3%98sterg%C3%A5rd\n", "x"), want: isHeld},
	{name: "root param name", body: "MIME-Version: 1.0\nContent-Type: text/plain; x-author*=utf-8''Ingrid%20%C3%98sterg%C3%A5rd\n\nHej\n", want: isHeld},
	{name: "root param address", body: "MIME-Version: 1.0\nContent-Type: text/plain; x-author=\"ingrid@post.example\"\n\nHej\n", want: isHeld},
	{name: "root file name", body: "MIME-Version: 1.0\nContent-Type: text/plain; name*=utf-8''Ingrid%20%C3%98sterg%C3%A5rd.txt\n\nHej\n", want: isHeld},
	{name: "x-field address", body: attached("Content-Type: text/plain\nX-Sender: ingrid@post.example\n", "x"), want: passes},
	{name: "x-field name", body: attached("Content-Type: text/plain\nX-Owner: "+thirdName+"\n", "x"), want: passes},
	{name: "x-field base64 name", body: attached("Content-Type: text/plain\nX-Owner: "+base64.StdEncoding.EncodeToString([]byte("Ingrid Østergård"))+"\n", "x"), want: passes},
	{name: "preamble address", body: "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\nSendt af ingrid@post.example\n--b\n\nHej\n--b--\n", want: passes},
	{name: "preamble name", body: "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\nContent-Transfer-Encoding: 8bit\n\nSendt af Ingrid Østergård\n--b\n\nHej\n--b--\n", want: passes},
	{name: "epilogue name", body: "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\nContent-Transfer-Encoding: 8bit\n\n--b\n\nHej\n--b--\nSendt af Ingrid Østergård\n", want: passes},
	{name: "epilogue address", body: "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nHej\n--b--\nSendt af ingrid@post.example\n", want: passes},
	{name: "nested x-original-from", body: nest("X-Original-From: Ingrid <ingrid@post.example>\n"), want: isHeld},
	{name: "nested x name", body: nest("X-Author: " + thirdName + "\n"), want: passes},
	{name: "nested comments", body: nest("Comments: " + thirdName + "\n"), want: passes},
	{name: "nested thread-topic", body: nest("Thread-Topic: " + thirdName + "\n"), want: passes},
	{name: "nested received", body: nest("Received: from a by b for <ingrid@post.example>; Mon, 23 Nov 2026 10:00:00 +0100\n"), want: isHeld},
	{name: "nested delivered-to", body: nest("Delivered-To: ingrid@post.example\nX-Original-To: ingrid@post.example\n"), want: passes},
	{name: "nested return-path", body: nest("Return-Path: <ingrid@post.example>\n"), want: isHeld},
	{name: "nested return-path verp", body: nest("Return-Path: <bounce+ingrid=post.example@x.example>\n"), want: isHeld},
	{name: "nested received verp", body: nest("Received: from a (envelope-from <bounce+ingrid=post.example@x.example>) by b; x\n"), want: isHeld},
	{name: "nested list-unsubscribe", body: nest("List-Unsubscribe: <mailto:leave-ingrid=post.example@x.example>\n"), want: isHeld},
	{name: "nested x500", body: nest("X-MS-Exchange-Recipient: /O=Region/OU=EXCHANGE/CN=RECIPIENTS/CN=ingrid@post.example\n"), want: isHeld},
	{name: "nested content-description", body: nest("Content-Description: " + thirdName + "\n"), want: passes},
	{name: "nested part x", body: attached("Content-Type: message/rfc822\n", "From: chef@region.example\nTo: kontor@forening.example\nSubject: x\nContent-Type: multipart/mixed; boundary=n\n\nPre ingrid@post.example\n--n\nX-Owner: ingrid@post.example\n\nhej\n--n--\n"), want: isHeld},
	{name: "nested part x name", body: attached("Content-Type: message/rfc822\n", "From: chef@region.example\nTo: kontor@forening.example\nSubject: x\nContent-Type: multipart/mixed; boundary=n\n\n--n\nX-Owner: "+thirdName+"\n\nhej\n--n--\n"), want: passes},
	{name: "nested file name", body: attached("Content-Type: message/rfc822\n", "From: chef@region.example\nTo: kontor@forening.example\nSubject: x\nContent-Type: multipart/mixed; boundary=n\n\n--n\nContent-Disposition: attachment; filename*=utf-8''Ingrid%20%C3%98sterg%C3%A5rd.txt\n\nhej\n--n--\n"), want: passes},
	{name: "nested preamble name", body: attached("Content-Type: message/rfc822\nContent-Transfer-Encoding: 8bit\n", "From: chef@region.example\nTo: kontor@forening.example\nSubject: x\nContent-Type: multipart/mixed; boundary=n\nContent-Transfer-Encoding: 8bit\n\nIngrid Østergård\n--n\n\nhej\n--n--\n"), want: passes},
	{name: "dsn name", body: attached("Content-Type: message/delivery-status\n", "Reporting-MTA: dns; x\n\nFinal-Recipient: rfc822; kontor@forening.example\nX-Display-Name: "+thirdName+"\nAction: failed\n"), want: isHeld},
	{name: "dsn x500", body: attached("Content-Type: message/delivery-status\n", "Reporting-MTA: dns; x\n\nFinal-Recipient: x500; /O=Region/CN=RECIPIENTS/CN=ingrid@post.example\nAction: failed\n"), want: isHeld},
	{name: "dsn xtext", body: attached("Content-Type: message/delivery-status\n", "Reporting-MTA: dns; x\n\nFinal-Recipient: rfc822; kontor@forening.example\nOriginal-Recipient: rfc822;ingrid+40post.example\nAction: failed\n"), want: isHeld},
	{name: "dsn verp", body: attached("Content-Type: message/delivery-status\n", "Reporting-MTA: dns; x\n\nFinal-Recipient: rfc822; bounce+ingrid=post.example@forening.example\nAction: failed\n"), want: isHeld},
	{name: "mdn name", body: attached("Content-Type: message/disposition-notification\nContent-Transfer-Encoding: 8bit\n", "Reporting-UA: x\nFinal-Recipient: rfc822;kontor@forening.example\nX-User: Ingrid Østergård\nDisposition: manual-action/MDN-sent-manually; displayed\n"), want: isHeld},
	{name: "mdn description", body: attached("Content-Type: message/disposition-notification\n", "Reporting-UA: Ingrids PC; Outlook (ingrid%40post.example)\nFinal-Recipient: rfc822;kontor@forening.example\nDisposition: manual-action/MDN-sent-manually; displayed\n"), want: isHeld},
	{name: "headers part", body: attached("Content-Type: text/rfc822-headers\n", "From: chef@region.example\nTo: kontor@forening.example\nSubject: x\nX-Author: "+thirdName+"\n"), want: isHeld},
	{name: "headers part received", body: attached("Content-Type: text/rfc822-headers\n", "Received: from a by b for <ingrid@post.example>; x\nFrom: chef@region.example\nTo: kontor@forening.example\nSubject: x\n"), want: isHeld},
	{name: "headers part verp", body: attached("Content-Type: text/rfc822-headers\n", "Return-Path: <bounce+ingrid=post.example@x.example>\nFrom: chef@region.example\nTo: kontor@forening.example\nSubject: x\n"), want: isHeld},
	{name: "cal x-ms-olk-sender", body: invites("X-MS-OLK-SENDER;CN=\"Ingrid Østergård\":mailto:ingrid@post.example"), want: passes},
	{name: "cal x prop name", body: invites("X-OWNER:Ingrid Østergård"), want: passes},
	{name: "cal x prop addr", body: invites("X-OWNER:ingrid@post.example"), want: passes},
	{name: "cal x prop b64", body: invites("X-OWNER:" + base64.StdEncoding.EncodeToString([]byte("ingrid@post.example"))), want: passes},
	{name: "cal uid", body: strings.Replace(invites("SUMMARY:x"), "UID:1", "UID:ingrid@post.example", 1), want: isHeld},
	{name: "cal uid verp", body: strings.Replace(invites("SUMMARY:x"), "UID:1", "UID:1-ingrid=post.example@x.example", 1), want: isHeld},
	{name: "cal description list", body: invites("DESCRIPTION:Fra: Kontoret\\nSendt: i dag\\nTil: Ingrid Østergård\\nEmne: x"), want: passes},
	{name: "cal sent-by", body: strings.Replace(invites("SUMMARY:x"), "ORGANIZER:", "ORGANIZER;SENT-BY=\"mailto:ingrid@post.example\":", 1), want: passes},
	{name: "cal url", body: invites("URL:mailto:ingrid@post.example"), want: passes},
	{name: "cal url esc", body: invites("URL:https://x.example/?u=ingrid%40post.example"), want: passes},
	{name: "cal attendee x500", body: invites("ATTENDEE;CN=x:invalid:/O=Region/CN=RECIPIENTS/CN=ingrid@post.example"), want: passes},
	{name: "cal attendee imceaex", body: invites("ATTENDEE;CN=x:mailto:IMCEAEX-_O=REGION_OU=EX_CN=RECIPIENTS_CN=ingrid+40post+2Eexample@region.example"), want: passes},
	{name: "cal attendee email param", body: invites("ATTENDEE;CN=x;EMAIL=ingrid@post.example:urn:uuid:1"), want: passes},
	{name: "cal attendee dir", body: invites("ATTENDEE;CN=x;DIR=\"ldap://x/cn=Ingrid%20%C3%98sterg%C3%A5rd\":mailto:kontor@forening.example"), want: passes},
	{name: "cal request-status", body: invites("REQUEST-STATUS:3.7;Invalid calendar user;ATTENDEE:mailto:ingrid@post.example"), want: passes},
	{name: "cal related", body: invites("RELATED-TO:ingrid@post.example"), want: passes},
	{name: "cal header name", body: strings.Replace(invites("SUMMARY:x"), "BEGIN:VEVENT", "X-WR-CALNAME:Ingrid Østergård\nX-WR-RELCALID:ingrid@post.example\nBEGIN:VEVENT", 1), want: passes},
	{name: "cal content-type param", body: strings.Replace(invites("SUMMARY:x"), "method=REQUEST", "method=REQUEST; name*=utf-8''Ingrid%20%C3%98sterg%C3%A5rd.ics", 1), want: isHeld},
}

// madeOfHers are addresses that programs make of Ingrid's.
var madeOfHers = map[string]string{
	"imceaex":      "IMCEAEX-_O=REGION_OU=EXCHANGE_CN=RECIPIENTS_CN=ingrid+40post+2Eexample@region.example",
	"imcea smtp":   "IMCEASMTP-ingrid+40post+2Eexample@region.example",
	"x500 at":      "/O=REGION/OU=EXCHANGE/CN=RECIPIENTS/CN=ingrid@post.example",
	"srs0":         "SRS0=HHH=TT=post.example=ingrid@x.example",
	"srs0+":        "SRS0+HHH=TT=post.example=ingrid@x.example",
	"srs1":         "SRS1=GGG=y.example==HHH=TT=post.example=ingrid@x.example",
	"srs exchange": "kontor+SRS=Hhh7a=TT=post.example=ingrid@forening.example",
	"prvs":         "prvs=1234567890=ingrid@post.example",
	"prvs old":     "prvs=ingrid/1234567890@post.example",
	"btv1":         "btv1==1234567890==ingrid@post.example",
	"verp":         "bounce+ingrid=post.example@x.example",
	"verp rev":     "post.example=ingrid.bounce@x.example",
	"verp at":      "bounce-ingrid-at-post.example@x.example",
	"percent":      "ingrid%post.example@x.example",
	"bang at":      "post.example!ingrid@x.example",
	"guest":        "ingrid_post.example#EXT#@region.onmicrosoft.example",
}

// spellingHers are no addresses to a mail program, and name her.
var spellingHers = map[string]string{
	"atsign":    "ingrid(at)post.example",
	"bang":      "x.example!post.example!ingrid",
	"x400":      "c=DK;a= ;p=Region;dda:SMTP=ingrid(a)post.example",
	"x400 2":    "/DD.RFC-822=ingrid(a)post.example/O=Region/C=DK/",
	"xtext":     "rfc822;ingrid+40post.example",
	"x500 name": "/O=REGION/OU=EXCHANGE/CN=RECIPIENTS/CN=Ingrid Østergård",
	"notes":     "CN=Ingrid Østergård/OU=Region/O=DK@DK",
}

func nest(fields string) string {
	return attached("Content-Type: message/rfc822\n", fields+"From: chef@region.example\nTo: kontor@forening.example\nSubject: x\n\nhej\n")
}

// TestNoCopyTellsOfAThirdMemberWhomMachineryNames sends mail to two members in
// which a program has named a third one where their writer sees nothing of it.
func TestNoCopyTellsOfAThirdMemberWhomMachineryNames(t *testing.T) {
	for _, hide := range []string{"members", "everyone"} {
		for _, as := range []string{"bcc", "individual"} {
			g := gateway(t, files{"policy.yaml": strings.NewReplacer("hide: members", "hide: "+hide, "as: bcc", "as: "+as).Replace(defaultPolicy)})
			for n, p := range thirds {
				t.Run(hide+", "+as+", "+p.name, func(t *testing.T) { p.ofIngrid(t, g, n) })
			}
		}
	}
}

func TestAnAddressThatAProgramMadeOfAMembersIsTheirs(t *testing.T) {
	g := gateway(t, nil)
	n := 0
	try := func(name string, p probe) {
		t.Run(name, func(t *testing.T) { n++; p.ofIngrid(t, g, n) })
	}
	for name, made := range madeOfHers {
		nested := "From: chef@region.example\nTo: Kontoret <kontor@forening.example>, x <" + made + ">\nSubject: x\n\nhej\n"
		block := worded("Fra: Kontoret\nSendt: 19. november 2026\nTil: x <" + made + ">; Kontoret\nEmne: x\n\nHej")
		try(name+" in Return-Path", probe{fields: "Return-Path: <" + made + ">\n", want: passes})
		try(name+" in List-Unsubscribe", probe{fields: "List-Unsubscribe: <mailto:" + made + ">\n", want: passes})
		try(name+" in a part", probe{body: attached("Content-Type: text/plain\nX-From: "+made+"\n", "x"), want: passes})
		try(name+" in a nested To", probe{body: attached("Content-Type: message/rfc822\n", nested), want: passes})
		try(name+" in a nested Return-Path", probe{body: nest("Return-Path: <" + made + ">\n"), want: isHeld})
		try(name+" in a quoted header", probe{body: block, want: passes})
		try(name+" in an invitation", probe{body: invites("ATTENDEE;CN=x:mailto:" + made), want: passes})
	}
	for name, written := range spellingHers {
		try(name+" in a field", probe{fields: "X-From: " + written + "\n", want: passes})
		try(name+" in a part", probe{body: attached("Content-Type: text/plain\nX-From: "+written+"\n", "x"), want: passes})
		try(name+" in a Content-ID", probe{body: attached("Content-Type: text/plain\nContent-ID: <"+written+">\n", "x"), want: isHeld})
	}
}

// TestQuotedHeadersInOtherKindsOfTextTellNobody sends bodies that no edit
// reaches.
func TestQuotedHeadersInOtherKindsOfTextTellNobody(t *testing.T) {
	g := gateway(t, nil)
	n := 0
	for kind, marks := range map[string][3]string{
		"text/enriched": {"\n\n", "<<", ">"}, "text/richtext": {"<nl>\n", "<lt>", ">"}, "text/x-amp-html": {"<br>\n", "&lt;", "&gt;"},
	} {
		her := "Ingrid Østergård " + marks[1] + "ingrid@post.example" + marks[2]
		for name, lines := range map[string][]string{
			"block":       {"Hej", "Fra: Kontoret", "Sendt: 19. november 2026", "Til: " + her + "; Kontoret", "Emne: x", "Hej"},
			"attribution": {"Hej", "Den 19. november 2026 kl. 10.12 skrev " + her + ":", "Hej"},
		} {
			t.Run(kind+", "+name, func(t *testing.T) {
				n++
				probe{body: "Content-Type: " + kind + "; charset=utf-8\n\n" + strings.Join(lines, marks[0]) + "\n", want: isHeld}.ofIngrid(t, g, n)
			})
		}
	}
}

func TestTheNamesOfOthersAndOnesOwnStayInFileNames(t *testing.T) {
	g := gateway(t, files{"policy.yaml": strings.Replace(defaultPolicy, "as: bcc", "as: individual", 1)})
	of := func(name string) string {
		return "--b\nContent-Type: text/plain\nContent-Disposition: attachment; filename*=utf-8''" + url.PathEscape(name) + "\n\nx\n"
	}
	p := probe{
		fields: "To: mette@post.example, peter@post.example\n", to: twoReaders,
		body: "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n" + of("Mette Sørensen.txt") + of("Per Hansen.txt") + of("Sag Ingrid Østergård.txt") + "--b--\n",
	}
	from, to, mail := p.mail(1)
	if err := g.send("anna", from, to, mail); err != nil {
		t.Fatal(err)
	}
	copiesOf(t, g, "<probe-1@forening.example>", len(to))
	for _, m := range mails(g.upstream.Messages()) {
		all := strings.Join(everyReading(m.Content), "\n")
		own := m.Recipients()[0] == twoReaders[0]
		if strings.Contains(all, "Mette Sørensen.txt") != own || !strings.Contains(all, "Per Hansen.txt") || tellsOfIngrid.MatchString(all) {
			t.Errorf("what %s gets:\n%s", m.Recipients(), m.Content)
		}
	}
}

// ofIngrid sends a probe to two members and looks for the third in every copy.
func (p probe) ofIngrid(t *testing.T, g *installation, n int) {
	t.Helper()
	if p.body != "" && !strings.HasPrefix(p.body, "MIME-Version") {
		p.body = "MIME-Version: 1.0\nContent-Transfer-Encoding: 8bit\n" + p.body
	}
	p.fields, p.to = "To: mette@post.example, peter@post.example\n"+p.fields, twoReaders
	from, to, mail := p.mail(n)
	marked := len(g.log.lines("accepted"))
	if err := g.send("anna", from, to, mail); err != nil {
		t.Fatal(err)
	}
	if got := verdictOf(t, g, marked); got != string(p.want) {
		t.Fatalf("the verdict is %s, want %s", got, p.want)
	}
	if p.want == isHeld {
		return
	}
	for _, content := range copiesOf(t, g, fmt.Sprintf("<probe-%d@forening.example>", n), len(to)) {
		for _, reading := range everyReading(content) {
			if tellsOfIngrid.MatchString(reading) {
				t.Fatalf("a copy names her, as in %q:\n%s", tellsOfIngrid.FindString(reading), content)
			}
		}
	}
}

// TestWhoAgreedToBeSeenStaysWhereMachineryNamesThem sends mail in which a program
// names a third member, to two who did not agree to be seen by each other.
func TestWhoAgreedToBeSeenStaysWhereMachineryNamesThem(t *testing.T) {
	for _, as := range []string{"bcc", "individual"} {
		g := gateway(t, files{"policy.yaml": strings.Replace(defaultPolicy, "as: bcc", "as: "+as, 1)})
		entered := g.consent("ingrid@post.example", "*@post.example", "--name", "Ingrid Østergård")
		time.Sleep(time.Second) // what is promised
		for n, c := range []struct{ name, body, stays string }{
			{"file name", attached("Content-Type: text/plain\nContent-Disposition: attachment; filename*=utf-8''Ingrid%20%C3%98sterg%C3%A5rd.txt\n", "x"), "Ingrid%20%C3%98sterg%C3%A5rd.txt"},
			{"file address", attached("Content-Type: text/plain; name=\"ingrid@post.example.txt\"\n", "x"), "ingrid@post.example.txt"},
			{"content-description", attached("Content-Type: text/plain\nContent-Description: "+thirdName+"\n", "x"), thirdName},
			{"parameter", attached("Content-Type: text/plain; x-author*=utf-8''Ingrid%20%C3%98sterg%C3%A5rd\n", "x"), "x-author"},
			{"content-id", attached("Content-Type: image/png; name=a.png\nContent-ID: <ingrid@post.example>\n", "x"), "Content-ID: <ingrid@post.example>"},
			{"preamble", "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\nSendt af ingrid@post.example\n--b\n\nHej\n--b--\n", "Sendt af ingrid@post.example"},
			{"comments", "Comments: " + thirdName + "\n\nHej\n", thirdName},
			{"reaction", "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\nIngrid Østergård reagerede på din besked\n", "Ingrid Østergård reagerede"},
		} {
			t.Run(as+", "+c.name, func(t *testing.T) {
				p := probe{fields: "To: mette@post.example, peter@post.example\n", to: twoReaders, body: c.body}
				from, to, mail := p.mail(n)
				if err := g.send("anna", from, to, mail); err != nil {
					t.Fatal(err)
				}
				for _, content := range copiesOf(t, g, fmt.Sprintf("<probe-%d@forening.example>", n), len(to)) {
					if !strings.Contains(string(content), c.stays) || strings.Contains(string(content), "mette@") && strings.Contains(string(content), "peter@") {
						t.Errorf("%q is not in a copy:\n%s", c.stays, content)
					}
				}
				relied := 0
				for _, r := range g.register() {
					if r.Type == "consent" && strings.Contains(fmt.Sprint(r.Comments), entered[0].ID) {
						relied++
					}
				}
				if relied != n+1 {
					t.Errorf("the register says %d times that her consent was relied on, want %d", relied, n+1)
				}
			})
		}
	}
}

func TestALongPreambleLeavesOnlyWhereNobodyIsHidden(t *testing.T) {
	g := gateway(t, nil)
	for n, c := range []struct {
		name  string
		to    []string
		size  int
		stays bool
	}{
		{"a sentence to two members", twoReaders, 1000, true},
		{"a book to two members", twoReaders, 20_000, false},
		{"a book to one", []string{"ole.lund@region.example"}, 20_000, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			around := strings.Repeat("Hej med dig og alle de andre\n", c.size/29)
			p := probe{
				fields: "To: " + strings.Join(c.to, ", ") + "\n", to: c.to,
				body: "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n" + around + "--b\n\nHej\n--b--\n" + around,
			}
			from, to, mail := p.mail(n)
			if err := g.send("anna", from, to, mail); err != nil {
				t.Fatal(err)
			}
			for _, content := range copiesOf(t, g, fmt.Sprintf("<probe-%d@forening.example>", n), len(to)) {
				if got := strings.Count(string(content), "alle de andre") == 2*(c.size/29); got != c.stays || !strings.Contains(string(content), "\r\n--b\r\n\r\nHej\r\n--b--") {
					t.Errorf("it stays is %v:\n%.2000s", got, content)
				}
			}
		})
	}
}
