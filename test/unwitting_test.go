package test

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
)

// twoReaders are members, and Ingrid is a third one who reads nothing here.
var twoReaders = []string{"mette@post.example", "peter@post.example"}

// quoting is a mail with the header block of another.
func quoting(from string) string {
	return "Content-Type: text/plain; charset=utf-8\n\nSe nedenfor.\n\n-----Oprindelig meddelelse-----\nFra: " + from + "\nSendt: 19. november 2026 10:12\nTil: kontor@forening.example\nEmne: x\n\nHej\n"
}

// saying is a mail with an attribution line.
func saying(line string) string {
	return "Content-Type: text/plain; charset=utf-8\n\nJa.\n\n" + line + "\n> Hej\n"
}

func page(html string) string {
	return "Content-Type: text/html; charset=utf-8\n\n<html><body>" + html + "</body></html>\n"
}

func worded(text string) string { return "Content-Type: text/plain; charset=utf-8\n\n" + text + "\n" }

// mht is a saved page.
const mht = "From: <Saved by Blink>\nSnapshot-Content-Location: https://x.example/\nSubject: x\nDate: Mon, 23 Nov 2026 10:00:00 -0000\nMIME-Version: 1.0\nContent-Type: multipart/related; type=\"text/html\"; boundary=\"m\"\n\n--m\nContent-Type: text/html\nContent-Location: https://x.example/\n\n<html><body>%s</body></html>\n--m--\n"

func file(kind, name, content string) string {
	return attached("Content-Type: "+kind+"; name=\""+name+"\"\nContent-Disposition: attachment; filename=\""+name+"\"\n", content)
}

// unwitting are mails in which a program has named Ingrid where their writer sees
// nothing of it, or has no hand in it.
var unwitting = []probe{
	{name: "groups header", body: quoting("'Ingrid Østergård' via Tillidsfolk <tillid@googlegroups.com>"), want: passes},
	{name: "groups header quoted", body: quoting("\"'Ingrid Østergård' via Tillidsfolk\" <tillid@googlegroups.com>"), want: passes},
	{name: "groups header no address", body: quoting("'Ingrid Østergård' via Tillidsfolk"), want: passes},
	{name: "mailman header", body: quoting("Ingrid Østergård via Tillidsfolk [mailto:tillid@lister.example]"), want: passes},
	{name: "on behalf", body: quoting("tillid@lister.example [mailto:tillid@lister.example] On Behalf Of Ingrid Østergård"), want: passes},
	{name: "on behalf da", body: quoting("tillid@lister.example <tillid@lister.example> På vegne af Ingrid Østergård"), want: passes},
	{name: "on behalf names", body: quoting("Tillidsfolk På vegne af Ingrid Østergård"), want: passes},
	{name: "google docs", body: quoting("Ingrid Østergård (via Google Docs) <drive-shares-noreply@google.com>"), want: passes},
	{name: "teams", body: quoting("Ingrid Østergård i Teams <noreply@email.teams.microsoft.com>"), want: passes},
	{name: "last name first", body: quoting("Østergård, Ingrid via Tillidsfolk <tillid@googlegroups.com>"), want: passes},
	{name: "sender line", body: "Content-Type: text/plain; charset=utf-8\n\n> From: 'Ingrid Østergård' via Tillidsfolk <tillid@googlegroups.com>\n> Reply-To: Ingrid Østergård <ingrid@post.example>\n> Date: Thu\n> Subject: x\n", want: passes},
	{name: "groups attribution", body: saying("On Thu, Nov 19, 2026 at 10:12 AM 'Ingrid Østergård' via Tillidsfolk <tillid@googlegroups.com> wrote:"), want: passes},
	{name: "groups attribution broken", body: saying("On Thu, Nov 19, 2026 at 10:12 AM 'Ingrid Østergård' via Tillidsfolk <\ntillid@googlegroups.com> wrote:"), want: passes},
	{name: "groups attribution broken 2", body: saying("On Thu, Nov 19, 2026 at 10:12 AM 'Ingrid Østergård' via\nTillidsfolk 2026 <tillid@googlegroups.com> wrote:"), want: passes},
	{name: "groups attribution numbered", body: saying("On Thu, Nov 19, 2026 at 10:12 AM 'Ingrid Østergård' via Klub 71 <tillid@googlegroups.com> wrote:"), want: passes},
	{name: "groups attribution da", body: saying("Den 19. november 2026 kl. 10.12 skrev 'Ingrid Østergård' via Tillidsfolk <tillid@googlegroups.com>:"), want: passes},
	{name: "groups attribution no address", body: saying("On 19/11/2026 10:12, 'Ingrid Østergård' via Tillidsfolk wrote:"), want: passes},
	{name: "groups attribution fi", body: saying("to 19. marrask. 2026 klo 10.12 Ingrid Østergård via Tillidsfolk (tillid@lister.example) kirjoitti:"), want: passes},
	{name: "via html", body: page("<p>Ja</p><div class=gmail_quote><div dir=ltr class=gmail_attr>On Thu, Nov 19, 2026 at 10:12 AM &#39;Ingrid Østergård&#39; via Tillidsfolk &lt;<a href=\"mailto:tillid@googlegroups.com\">tillid@googlegroups.com</a>&gt; wrote:<br></div></div>"), want: passes},
	{name: "via html header", body: page("<p><b>Fra:</b> 'Ingrid Østergård' via Tillidsfolk &lt;tillid@googlegroups.com&gt;<br><b>Sendt:</b> 19. nov<br><b>Til:</b> kontor@forening.example<br><b>Emne:</b> x</p>"), want: passes},
	{name: "via in own To", fields: twoMembers + "Reply-To: 'Mette Sørensen' via Tillidsfolk <tillid@googlegroups.com>\nX-Original-From: Mette Sørensen <mette@post.example>\n", want: passes},
	{name: "via nested From", body: attached("Content-Type: message/rfc822\n", "From: 'Ingrid Østergård' via Tillidsfolk <tillid@googlegroups.com>\nX-Original-From: Ingrid <ingrid@post.example>\nTo: kontor@forening.example\nSubject: x\n\nhej\n"), want: isHeld},
	{name: "via nested To", body: attached("Content-Type: message/rfc822\nContent-Transfer-Encoding: 8bit\n", "From: chef@region.example\nTo: kontor@forening.example\nReply-To: 'Ingrid Østergård' via Tillidsfolk <tillid@googlegroups.com>\nSubject: x\n\nhej\n"), want: passes},
	{name: "via eml file", body: file("application/octet-stream", "a.eml", "From: 'Ingrid Østergård' via Tillidsfolk <tillid@googlegroups.com>\nTo: kontor@forening.example\nSubject: x\n\nhej\n"), want: isHeld},
	{name: "via eml file quoted", body: file("application/octet-stream", "a.eml", "From: chef@region.example\nTo: kontor@forening.example\nSubject: x\nContent-Type: text/plain; charset=utf-8\n\nOn Thu, Nov 19, 2026 at 10:12 AM 'Ingrid Østergård' via Tillidsfolk <tillid@googlegroups.com> wrote:\n> x\n"), want: isHeld},
	{name: "html file header", body: file("text/html", "a.html", "<html><body><p><b>Fra:</b> Ingrid Østergård &lt;ingrid@post.example&gt;<br><b>Sendt:</b> 19. nov<br><b>Til:</b> kontor@forening.example<br><b>Emne:</b> x</p></body></html>"), want: isHeld},
	{name: "html file to", body: file("text/html", "a.html", "<html><body><p><b>Fra:</b> x@y.example<br><b>Sendt:</b> 19. nov<br><b>Til:</b> Ingrid Østergård &lt;ingrid@post.example&gt;<br><b>Emne:</b> x</p></body></html>"), want: isHeld},
	{name: "html file comment", body: file("text/html", "a.html", "<html><body><!-- to ingrid@post.example --><p>hej</p></body></html>"), want: isHeld},
	{name: "html file attribute", body: file("application/octet-stream", "a.htm", "<html><body data-to='ingrid@post.example'><p>hej</p></body></html>"), want: isHeld},
	{name: "html file pixel", body: file("text/html", "a.html", "<html><body><img src='https://x.example/o?u=ingrid%40post.example'><p>hej</p></body></html>"), want: isHeld},
	{name: "html file link", body: file("text/html", "a.html", "<html><body><a href='https://x.example/o?u=ingrid%40post.example'>her</a><p>hej</p></body></html>"), want: isHeld},
	{name: "html file attribution", body: file("text/html", "a.html", "<html><body><p>Den 19. november 2026 kl. 10.12 skrev Ingrid Østergård &lt;ingrid@post.example&gt;:</p><p>hej</p></body></html>"), want: isHeld},
	{name: "html file, names", body: file("text/html", "a.html", "<html><body><p>From: Ingrid Østergård<br>Sent: 19. nov<br>To: Kontoret<br>Subject: x</p></body></html>"), want: isHeld},
	{name: "mht header", body: file("application/octet-stream", "a.mht", fmt.Sprintf(mht, "<p><b>Fra:</b> Ingrid Østergård &lt;ingrid@post.example&gt;<br><b>Sendt:</b> 19. nov<br><b>Til:</b> kontor@forening.example<br><b>Emne:</b> x</p>")), want: isHeld},
	{name: "mht attribute", body: file("multipart/related", "a.mht", fmt.Sprintf(mht, "<div data-to='ingrid@post.example'>x</div>")), want: isHeld},
	{name: "mht comment", body: file("application/octet-stream", "a.mht", fmt.Sprintf(mht, "<!-- ingrid@post.example -->x")), want: isHeld},
	{name: "mht message/rfc822", body: file("message/rfc822", "a.mht", fmt.Sprintf(mht, "<a href='https://x.example/?u=ingrid%40post.example'>x</a>")), want: passes},
	{name: "eml with html comment", body: file("application/octet-stream", "a.eml", "From: chef@region.example\nTo: kontor@forening.example\nSubject: x\nContent-Type: text/html\n\n<p>x<!-- ingrid@post.example --></p>\n"), want: isHeld},
	{name: "txt file link", body: file("text/plain", "a.txt", "Se https://x.example/?u=ingrid%40post.example her\n"), want: isHeld},
	{name: "txt file attribution", body: file("text/plain", "a.txt", "Den 19. november 2026 kl. 10.12 skrev Ingrid Østergård <ingrid@post.example>:\n> hej\n"), want: isHeld},
	{name: "link mailto query", body: worded("Se mailto:liste@x.example?cc=ingrid@post.example&subject=x"), want: passes},
	{name: "link mailto unsubscribe", body: worded("Afmeld: <mailto:unsubscribe@x.example?subject=unsubscribe%20ingrid%40post.example>"), want: passes},
	{name: "link mailto verp", body: worded("Afmeld: <mailto:leave-ingrid=post.example@x.example>"), want: passes},
	{name: "link www", body: worded("Se www.x.example/p?to=ingrid@post.example"), want: passes},
	{name: "link bare", body: worded("Afmeld: x.example/unsubscribe?email=ingrid@post.example"), want: passes},
	{name: "link path", body: worded("Afmeld: x.example/unsubscribe/ingrid%40post.example/123"), want: passes},
	{name: "link relative", body: worded("Afmeld: unsubscribe?email=ingrid@post.example"), want: passes},
	{name: "link relative esc", body: worded("Afmeld: /unsubscribe?email=ingrid%40post.example"), want: passes},
	{name: "link safelinks", body: worded("Se eur01.safelinks.protection.outlook.com/?url=https%3A%2F%2Fx.example%2F&data=05%7C01%7Cingrid%40post.example%7C08da%7C0&x=1"), want: passes},
	{name: "link teams", body: worded("Se msteams:/l/chat/0/0?users=ingrid@post.example"), want: passes},
	{name: "link html bare href", body: page("<a href='www.x.example/?to=ingrid@post.example'>her</a>"), want: passes},
	{name: "link html mailto hidden", body: page("<a href='mailto:ingrid@post.example'>her</a>"), want: passes},
	{name: "link html mailto cc", body: page("<a href='mailto:liste@x.example?cc=ingrid@post.example'>her</a>"), want: passes},
	{name: "link html text bare", body: page("<p>www.x.example/?to=ingrid%40post.example</p>"), want: passes},
	{name: "link html title", body: page("<a href='mailto:ingrid@post.example' title='ingrid@post.example'>her</a>"), want: passes},
	{name: "link verp", body: worded("Se https://x.example/u/ingrid=post.example/x"), want: passes},
	{name: "link base64", body: worded("Se https://x.example/u?d=" + base64.RawURLEncoding.EncodeToString([]byte(`{"to":"ingrid@post.example"}`))), want: passes},
	{name: "link base64 html", body: page("<a href='https://x.example/u?d=" + base64.RawURLEncoding.EncodeToString([]byte(`to=ingrid@post.example`)) + "'>her</a>"), want: passes},
	{name: "forwarded bounce", body: worded("Fra: Mail Delivery Subsystem <mailer-daemon@googlemail.com>\nEmne: Failure\n\nYour message wasn't delivered to ingrid@post.example because the address couldn't be found."), want: passes},
	{name: "bounce of Postfix", body: worded("<ingrid@post.example>: host mx.post.example[192.0.2.1] said: 550 5.1.1\n    <ingrid@post.example>: Recipient address rejected (in reply to RCPT TO command)"), want: passes},
	{name: "bounce of Exchange", body: worded("Levering til mislykkedes:\n\nIngrid Østergård (ingrid@post.example)<mailto:ingrid@post.example>\nAdressen findes ikke.\n\nDiagnostik:\n\ningrid@post.example\nRemote Server returned '550 5.1.1 RESOLVER.ADR.RecipNotFound'"), want: passes},
	{name: "bounce in HTML", body: page("<p>&lt;ingrid@post.example&gt;: host x said: 550 5.1.1 &lt;<a href='mailto:ingrid@post.example'>ingrid@post.example</a>&gt; unknown</p>"), want: passes},
	{name: "words of a report", body: "Content-Type: multipart/report; report-type=delivery-status; boundary=r\n\n--r\nContent-Type: text/plain\n\n<ingrid@post.example>: unknown user\n--r\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; x\n\nFinal-Recipient: rfc822; kontor@forening.example\nAction: failed\n--r--\n", want: passes},
	{name: "report as text", body: worded("Reporting-MTA: dns; x\n\nFinal-Recipient: rfc822; ingrid@post.example\nAction: failed\nDiagnostic-Code: smtp; 550 <ingrid@post.example> unknown"), want: passes},
	{name: "report as a file of text", body: file("text/plain", "details.txt", "Reporting-MTA: dns; x\n\nFinal-Recipient: rfc822;ingrid@post.example\nAction: failed\n"), want: isHeld},
	{name: "report of tracking", body: attached("Content-Type: message/tracking-status\n", "Original-Envelope-Id: 1\n\nFinal-Recipient: rfc822;ingrid@post.example\nAction: relayed\n"), want: isHeld},
	{name: "bounce in an eml file", body: file("application/octet-stream", "a.eml", "From: MAILER-DAEMON@x.example\nTo: tr.anna@forening.example\nSubject: Undelivered\n\n<ingrid@post.example>: unknown user\n"), want: isHeld},
	{name: "printed by Gmail", body: page("<table><tr><td><b>Ingrid Østergård</b> &lt;ingrid@post.example&gt;</td><td>2. marts 2026 kl. 12.00</td></tr><tr><td colspan=2><div>Til: Kontoret &lt;kontor@forening.example&gt;</div></td></tr></table>"), want: passes},
	{name: "printed by Gmail, one reader", body: worded("Kontoret <kontor@forening.example>\t2. marts 2026 kl. 12.00\nTil: Ingrid Østergård <ingrid@post.example>\nHej"), want: passes},
	{name: "printed by Gmail, in a file", body: file("text/html", "Gmail.html", "<html><body><table><tr><td><b>Ingrid Østergård</b> &lt;ingrid@post.example&gt;</td><td>2. marts 2026 kl. 12.00</td></tr><tr><td colspan=2><div>Til: Kontoret &lt;kontor@forening.example&gt;</div></td></tr></table></body></html>"), want: isHeld},
	{name: "JSCalendar", body: attached("Content-Type: application/jscalendar+json;type=event\n", `{"@type":"Event","uid":"1","participants":{"p":{"@type":"Participant","name":"Ingrid","email":"ingrid@post.example"}}}`), want: isHeld},
	{name: "JSCalendar of names", body: file("application/json", "a.json", `{"@type":"Event","uid":"1","participants":{"p":{"@type":"Participant","name":"Ingrid Østergård"}}}`), want: isHeld},
	{name: "jCal in a file", body: file("application/octet-stream", "a.json", `["vcalendar",[],[["vevent",[["attendee",{},"cal-address","mailto:ingrid@post.example"]],[]]]]`), want: isHeld},
	{name: "xCal in a file", body: file("application/octet-stream", "a.xml", `<?xml version="1.0"?><icalendar xmlns="urn:ietf:params:xml:ns:icalendar-2.0"><vcalendar><components><vevent><properties><attendee><cal-address>mailto:ingrid@post.example</cal-address></attendee></properties></vevent></components></vcalendar></icalendar>`), want: isHeld},
	{name: "a contact by name", body: invites("CONTACT:Ingrid Østergård\\, 12 34 56 78"), want: passes},
	{name: "the line before a mail in an mbox", body: file("application/mbox", "a.mbox", "From ingrid@post.example Mon Mar  2 12:00:00 2026\nFrom: chef@region.example\nTo: kontor@forening.example\nSubject: x\n\nhej\n"), want: isHeld},
	{name: "a link in the header of a nested mail", body: attached("Content-Type: message/rfc822\n", "From: chef@region.example\nTo: kontor@forening.example\nSubject: x\nList-Unsubscribe: <https://x.example/u?e="+base64.RawURLEncoding.EncodeToString([]byte("ingrid@post.example"))+">\n\nhej\n"), want: isHeld},
	{name: "html comment by name", body: page("<!-- Til: Ingrid Østergård --><p>hej</p>"), want: passes},
	{name: "html meta by name", body: page("<meta name=author content=\"Ingrid Østergård\"><p>hej</p>"), want: passes},
	{name: "html attribute by name", body: page("<p data-author='Ingrid &Oslash;sterg&aring;rd'>hej</p>"), want: passes},
	{name: "html properties of Word", body: page("<!--[if gte mso 9]><xml><o:DocumentProperties><o:LastAuthor>Ingrid Østergård</o:LastAuthor></o:DocumentProperties></xml><![endif]--><p>hej</p>"), want: passes},
	{name: "html JSON-LD by name", body: page(`<script type="application/ld+json">{"attendee":{"name":"Ingrid Østergård"}}</script><p>hej</p>`), want: passes},
	{name: "invitation of Outlook", body: worded("Emne: Møde\nHvornår: 20. november 2026 10:00-11:00\nHvor: Teams\nDeltagere: Ingrid Østergård; Kontoret"), want: passes},
	{name: "appointment of Outlook", body: worded("-----Oprindelig aftale-----\nFra: Kontoret\nSendt: 19. november 2026 10:12\nTil: Kontoret\nObligatoriske: Ingrid Østergård\nValgfri: Kontoret\nEmne: Møde"), want: passes},
	{name: "invited guests", body: worded("Invited: Ingrid Østergård <ingrid@post.example>, Kontoret <kontor@forening.example>"), want: passes},
	{name: "attribution without a date", body: saying("Ingrid Østergård skrev:"), want: passes},
	{name: "an attendee in the genitive", body: invites("ATTENDEE;CN=Ingrid Østergård:mailto:ingrid@post.example\nSUMMARY:Ingrid Østergårds sag\nLOCATION:Ingrid Østergård's kontor"), want: passes},
}

func TestNoCopyTellsWhomAProgramNamedInWhatIsQuotedSavedOrLinked(t *testing.T) {
	g := gateway(t, nil)
	for n, p := range unwitting {
		p.to = twoReaders
		if p.fields == "" {
			p.fields = "To: kontor@forening.example\n"
		}
		if p.body != "" && !strings.HasPrefix(p.body, "MIME-Version") {
			p.body = "MIME-Version: 1.0\nContent-Transfer-Encoding: 8bit\n" + p.body
		}
		t.Run(p.name, func(t *testing.T) { p.try(t, g, n) })
	}
}
