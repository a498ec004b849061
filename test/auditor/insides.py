"""Quoted header blocks and nested messages, in the shapes of mail programs."""

import base64

from people import EMPLOYER, MEMBERS, OFFICE, REP, b_word, listed, mailbox, q_word
from words import WORDS


def angle(p):
    return "%s <%s>" % (p["name"], p["address"])


def escaped(p):
    return "%s &lt;%s&gt;" % (p["name"], p["address"])


def entities(text):
    return "".join(c if ord(c) < 128 else "&#%d;" % ord(c) for c in text)


def page(w, block, tail="<p>Hej igen</p>"):
    return "<html><head></head><body lang=\"DA\"><p>%s</p>\n%s\n%s</body></html>\n" % (w["hello"], block, tail)


def letter(w, block):
    return "%s\n\n%s\n\n%s\n" % (w["hello"], block, w["text"])


def header(w, sender, to, cc, joint="; ", form=angle, mark="", copy="cc"):
    lines = ["%s: %s" % (w["from"], form(sender)), "%s: %s" % (w["sent"], w["when"]), "%s: %s" % (w["to"], joint.join(map(form, to)))]
    if cc:
        lines.append("%s: %s" % (w[copy], joint.join(map(form, cc))))
    lines.append("%s: %s" % (w["subject_"], w["subject"]))
    return "\n".join(mark + line for line in lines)


def outlook_plain(language, sender, to, cc):
    w = WORDS[language]
    return "plain", letter(w, header(w, sender, to, cc))


def outlook_names(language, sender, to, cc):
    """Outlook leaves the addresses out where the directory knows the people."""
    w = WORDS[language]
    return "plain", letter(w, header(w, sender, to, cc, form=lambda p: p["name"]))


def outlook_mailto(language, sender, to, cc):
    w = WORDS[language]
    return "plain", letter(w, header(w, sender, to, cc, form=lambda p: "%s [mailto:%s]" % (p["name"], p["address"])))


def outlook_double(language, sender, to, cc):
    w = WORDS[language]
    return "plain", letter(w, header(w, sender, to, cc, form=lambda p: "%s <%s<mailto:%s>>" % (p["name"], p["address"], p["address"])))


def outlook_original(language, sender, to, cc):
    w = WORDS[language]
    return "plain", letter(w, "-----%s-----\n" % w["original"] + header(w, sender, to, cc, copy="copy"))


def outlook_html(language, sender, to, cc):
    w = WORDS[language]
    cc_line = "<b>%s:</b> %s<br>\n" % (w["cc"], "; ".join(map(escaped, cc))) if cc else ""
    return "html", page(w, "<div style='border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm'>"
                        "<p class=MsoNormal><b><span lang=EN-US style='mso-fareast-language:DA'>%s:</span></b><span lang=EN-US> %s<br>\n"
                        "<b>%s:</b> %s<br>\n<b>%s:</b> %s<br>\n%s<b>%s:</b> %s<o:p></o:p></span></p></div>" % (
                            w["from"], escaped(sender), w["sent"], w["when"], w["to"], "; ".join(map(escaped, to)), cc_line, w["subject_"], w["subject"]))


def outlook_web(language, sender, to, cc):
    w = WORDS[language]
    cc_line = "<b>%s:</b> %s<br>" % (w["cc"], "; ".join(map(escaped, cc))) if cc else ""
    return "html", page(w, '<hr style="display:inline-block;width:98%%" tabindex="-1"><div id="divRplyFwdMsg" dir="ltr">'
                        '<font face="Calibri, sans-serif" style="font-size:11pt" color="#000000"><b>%s:</b> %s<br><b>%s:</b> %s<br><b>%s:</b> %s<br>%s'
                        '<b>%s:</b> %s</font><div>&nbsp;</div></div>' % (
                            w["from"], escaped(sender), w["sent"], w["when"], w["to"], "; ".join(map(escaped, to)), cc_line, w["subject_"], w["subject"]))


def outlook_web_entities(language, sender, to, cc):
    kind, text = outlook_web(language, sender, to, cc)
    return kind, entities(text)


def outlook_mobile(language, sender, to, cc):
    w = WORDS[language]
    return "plain", letter(w, "Hent Outlook til iOS<https://aka.example/o0ukef>\n________________________________\n" + header(w, sender, to, cc))


def outlook_mobile_html(language, sender, to, cc):
    w = WORDS[language]
    link = lambda p: '%s &lt;<a href="mailto:%s">%s</a>&gt;' % (p["name"], p["address"], p["address"])
    cc_line = "<br>\n<b>%s:</b> %s" % (w["cc"], "; ".join(map(link, cc))) if cc else ""
    return "html", page(w, '<div id="ms-outlook-mobile-signature" dir="ltr">Outlook til iOS</div>\n<div id="mail-editor-reference-message-container" dir="ltr"><hr>\n'
                        '<div style="direction:ltr;text-align:initial"><div style="padding-right:0pt"><b>%s:</b> %s<br>\n<b>%s:</b> %s<br>\n<b>%s:</b> %s%s<br>\n<b>%s:</b> %s</div></div></div>' % (
                            w["from"], link(sender), w["sent"], w["when"], w["to"], "; ".join(map(link, to)), cc_line, w["subject_"], w["subject"]))


def thunderbird_plain(language, sender, to, cc):
    w = WORDS[language]
    lines = ["-------- %s --------" % w["forward"], "%s: \t%s" % (w["subject_"], w["subject"]), "%s: \t%s" % (w["date"], w["when"]),
             "%s: \t%s" % (w["from"], angle(sender)), "%s: \t%s" % (w["to"], ", ".join(map(angle, to)))]
    if cc:
        lines.append("%s: \t%s" % (w["copy"], ", ".join(map(angle, cc))))
    return "plain", letter(w, "\n".join(lines))


def thunderbird_html(language, sender, to, cc):
    w = WORDS[language]
    link = lambda p: '%s <a class="moz-txt-link-rfc2396E" href="mailto:%s">&lt;%s&gt;</a>' % (p["name"], p["address"].replace("@", "%40"), p["address"])
    row = lambda k, v: '<tr><th nowrap="nowrap" valign="BASELINE" align="RIGHT">%s: </th><td>%s</td></tr>\n' % (k, v)
    rows = row(w["subject_"], w["subject"]) + row(w["date"], w["when"]) + row(w["from"], link(sender)) + row(w["to"], ", ".join(map(link, to)))
    if cc:
        rows += row(w["copy"], ", ".join(map(link, cc)))
    return "html", page(w, '<div class="moz-forward-container"><br>-------- %s --------\n<table class="moz-email-headers-table" cellspacing="0"><tbody>\n%s</tbody></table><br></div>' % (w["forward"], rows))


def apple_plain(language, sender, to, cc):
    w = WORDS[language]
    lines = ["%s: %s" % (w["from"], angle(sender)), "%s: %s" % (w["subject_"], w["subject"]), "%s: %s" % (w["date"], w["when"]),
             "%s: %s" % (w["to"], ", ".join(map(angle, to)))]
    if cc:
        lines.append("%s: %s" % (w["cc"], ", ".join(map(angle, cc))))
    return "plain", letter(w, "%s:\n\n" % w["apple"] + "\n".join("> " + line for line in lines + ["", "Hej"]))


def apple_html(language, sender, to, cc):
    w = WORDS[language]
    link = lambda p: '%s &lt;<a href="mailto:%s">%s</a>&gt;' % (p["name"], p["address"], p["address"])
    row = lambda k, v: ('<div style="margin: 0px;"><span style="font-family: -webkit-system-font; color:rgba(0, 0, 0, 1.0);"><b>%s: </b></span>'
                        '<span style="font-family: -webkit-system-font;">%s<br></span></div>' % (k, v))
    rows = row(w["from"], link(sender)) + row(w["subject_"], w["subject"]) + row(w["date"], w["when"]) + row(w["to"], ", ".join(map(link, to)))
    if cc:
        rows += row(w["cc"], ", ".join(map(link, cc)))
    return "html", page(w, '<div><br><blockquote type="cite"><div>%s:</div><br class="Apple-interchange-newline">%s<br></blockquote></div>' % (w["apple"], rows))


def gmail_plain(language, sender, to, cc):
    w = WORDS[language]
    lines = ["---------- Forwarded message ---------", "%s: *%s* <%s>" % (w["from"], sender["name"], sender["address"]), "Date: " + w["when"],
             "Subject: " + w["subject"], "To: " + ", ".join(map(angle, to))]
    if cc:
        lines.append("Cc: " + ", ".join(map(angle, cc)))
    return "plain", letter(w, "\n".join(lines))


def gmail_wrapped(language, sender, to, cc):
    """Gmail breaks long lines of its plain text at 78, in the middle of lists."""
    w = WORDS[language]
    lines = ["---------- Forwarded message ---------", "From: %s" % angle(sender), "Date: " + w["when"], "Subject: " + w["subject"],
             "To: " + ",\n".join("%s <\n%s>" % (p["name"], p["address"]) for p in to)]
    if cc:
        lines.append("Cc: " + ", \n".join(map(angle, cc)))
    return "plain", letter(w, "\n".join(lines))


def gmail_html(language, sender, to, cc):
    w = WORDS[language]
    link = lambda p: '%s &lt;<a href="mailto:%s">%s</a>&gt;' % (p["name"], p["address"], p["address"])
    cc_line = "Cc: %s<br>" % ", ".join(map(link, cc)) if cc else ""
    return "html", page(w, '<div class="gmail_quote"><div dir="ltr" class="gmail_attr">---------- Forwarded message ---------<br>%s: <strong class="gmail_sendername" dir="auto">%s</strong> '
                        '<span dir="auto">&lt;<a href="mailto:%s">%s</a>&gt;</span><br>Date: %s<br>Subject: %s<br>To: %s<br>%s</div><br></div>' % (
                            w["from"], sender["name"], sender["address"], sender["address"], w["when"], w["subject"], ", ".join(map(link, to)), cc_line))


def cited(depth):
    def build(language, sender, to, cc):
        w = WORDS[language]
        mark = "> " * depth if depth % 2 else ">" * depth + " "
        return "plain", letter(w, header(w, sender, to, cc, mark=mark, joint=", "))
    return build


def both(language, sender, to, cc):
    return "both", (outlook_plain(language, sender, to, cc)[1], outlook_html(language, sender, to, cc)[1])


def exchange_bold(language, sender, to, cc):
    w = WORDS[language]
    lines = ["*%s:* %s" % (w["from"], angle(sender)), "*%s:* %s" % (w["sent"], w["when"]), "*%s:* %s" % (w["to"], "; ".join(map(angle, to))),
             "*%s:* %s" % (w["subject_"], w["subject"])]
    if cc:
        lines.insert(3, "*%s:* %s" % (w["cc"], "; ".join(map(angle, cc))))
    return "plain", letter(w, "\n".join(lines))


def last_first(language, sender, to, cc):
    """Directories write the family name first."""
    w = WORDS[language]
    form = lambda p: "%s, %s <%s>" % (p["name"].split()[-1], " ".join(p["name"].split()[:-1]), p["address"])
    return "plain", letter(w, header(w, sender, to, cc, form=form))


def twice(language, sender, to, cc):
    """A thread of two mails, one quoted in the other."""
    w = WORDS[language]
    return "plain", letter(w, header(w, REP, to, cc) + "\n\n%s\n\n" % w["text"] + header(w, sender, to[::-1], cc))


def authored(language, sender, to, cc):
    """The quoted mail is a member's own."""
    w = WORDS[language]
    return "plain", letter(w, header(w, to[0], [sender, REP], []))


def authored_html(language, sender, to, cc):
    return outlook_html(language, to[0], [sender], [])


def attributed(language, sender, to, cc):
    """A reply to all, below the line that says whose words these were."""
    w = WORDS[language]
    return "plain", "%s\n\n%s\n> %s\n" % (w["hello"], w["wrote"] % angle(to[0]), w["text"])


def attributed_html(language, sender, to, cc):
    w = WORDS[language]
    who = '%s &lt;<a href="mailto:%s">%s</a>&gt;' % (to[0]["name"], to[0]["address"], to[0]["address"])
    return "html", page(w, '<div class="gmail_quote"><div dir="ltr" class="gmail_attr">%s<br></div><blockquote class="gmail_quote">%s</blockquote></div>' % (w["wrote"] % who, w["text"]))


QUOTED = [
    ("Outlook plain", outlook_plain), ("Outlook names alone", outlook_names), ("Outlook mailto", outlook_mailto), ("Outlook double", outlook_double),
    ("Outlook original message", outlook_original), ("Outlook desktop HTML", outlook_html), ("Outlook web HTML", outlook_web),
    ("Outlook web HTML in entities", outlook_web_entities), ("Outlook mobile", outlook_mobile), ("Outlook mobile HTML", outlook_mobile_html),
    ("Thunderbird plain", thunderbird_plain), ("Thunderbird HTML", thunderbird_html), ("Apple Mail plain", apple_plain), ("Apple Mail HTML", apple_html),
    ("Gmail plain", gmail_plain), ("Gmail plain, wrapped", gmail_wrapped), ("Gmail HTML", gmail_html), ("cited once", cited(1)), ("cited at depth 4", cited(4)),
    ("plain and HTML", both), ("Exchange bold", exchange_bold), ("last name first", last_first), ("two blocks", twice),
    ("author", authored), ("author, HTML", authored_html), ("attribution", attributed), ("attribution, HTML", attributed_html),
]


def nested(pick):
    """Yields a name, more fields of the header, the content's fields, and the body."""
    mixed = 'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="=_b"'
    forwards = lambda inner, kind="message/rfc822", more="": "--=_b\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\nSe vedlagt.\n--=_b\nContent-Type: %s\n%s\n%s\n--=_b--\n" % (kind, more, inner)
    for n in range(4):
        a, b, c = pick(n, 3)
        inner = "From: %s\nTo: %s\nCc: %s\nDelivered-To: %s\nSubject: Skema\nDate: Fri, 20 Nov 2026 08:00:00 +0100\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\nSe skemaet.\n" % (
            mailbox(EMPLOYER), listed([a, EMPLOYER], "q"), listed([b, c], ["q", "b", "last-first", "raw"][n]), a["ascii"])
        yield "forwarded as attachment", "", mixed, forwards(inner)
        yield "attachment with disposition", "", mixed, forwards(inner, "message/rfc822", 'Content-Disposition: attachment;\n filename="Skema.eml"\n')
        extra = "X-Envelope-To: %s\nReceived: from a by b for <%s>; Fri, 20 Nov 2026 08:00:00 +0100\nAutocrypt-Gossip: addr=%s; keydata=AAAA\nThread-Topic: %s\nX-MS-Exchange-CrossTenant-Recipients: %s\n" % (
            a["ascii"], b["ascii"], c["ascii"], q_word("Til " + a["name"], "utf-8"), a["ascii"])
        yield "inner fields", "", mixed, forwards(extra + inner)
        yield "a member's own mail", "", mixed, forwards(inner.replace("From: " + mailbox(EMPLOYER), "From: " + mailbox(a)).replace("Delivered-To: " + a["ascii"] + "\n", ""))
        yield "two levels", "", mixed, forwards("From: %s\nTo: %s\nSubject: VS\nMIME-Version: 1.0\nContent-Type: message/rfc822\n\n%s" % (mailbox(OFFICE), a["ascii"], inner))
        yield "digest", "", 'MIME-Version: 1.0\nContent-Type: multipart/digest; boundary="=_b"', "--=_b\n\n%s\n--=_b\n\n%s\n--=_b--\n" % (inner, inner.replace("Skema", "Plan"))
        yield "eml as octets", "", mixed, forwards(base64.encodebytes(inner.encode()).decode(), 'application/octet-stream; name="Skema.eml"', "Content-Transfer-Encoding: base64\n")
        yield "eml in base64", "", mixed, forwards(base64.encodebytes(inner.encode()).decode(), "message/rfc822", "Content-Transfer-Encoding: base64\n")
        yield "headers of a bounce", "", 'MIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status; boundary="=_b"', (
            "--=_b\nContent-Type: text/plain\n\nIkke leveret.\n--=_b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\nFinal-Recipient: rfc822; %s\nAction: failed\nStatus: 5.1.1\n"
            "--=_b\nContent-Type: text/rfc822-headers\n\nFrom: %s\nTo: %s, %s\nSubject: Skema\n\n--=_b--\n" % (a["ascii"], REP["address"], a["ascii"], b["ascii"]))
        kind, text = outlook_plain("da", OFFICE, [a, b], [c])
        yield "quoted inside", "", mixed, forwards("From: %s\nTo: %s\nSubject: x\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n%s" % (OFFICE["address"], REP["address"], text))
        yield "winmail.dat", "", mixed, forwards(base64.encodebytes(b"\x78\x9f\x3e\x22\x01\x00" + ("%s;%s" % (a["ascii"], b["ascii"])).encode("utf-16-le") + b"\x00" * 64).decode(), 'application/ms-tnef; name="winmail.dat"', "Content-Transfer-Encoding: base64\n")
        yield "protected headers", "", 'MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8; protected-headers="v1"\nContent-Transfer-Encoding: 8bit', "Subject: x\nTo: %s, %s\n\nHej\n" % (mailbox(a, "raw"), mailbox(b, "raw"))
        yield "signed with protected headers", "", 'MIME-Version: 1.0\nContent-Type: multipart/signed; micalg=pgp-sha512; protocol="application/pgp-signature"; boundary="=_b"', (
            '--=_b\nContent-Type: multipart/mixed; boundary="i"; protected-headers="v1"\nFrom: %s\nTo: %s, %s\nSubject: x\n\n--i\nContent-Type: text/plain\n\nHej\n\n--i--\n'
            "--=_b\nContent-Type: application/pgp-signature\n\n-----BEGIN PGP SIGNATURE-----\n\niHUE\n=abcd\n-----END PGP SIGNATURE-----\n--=_b--\n" % (REP["address"], a["ascii"], b["ascii"]))
