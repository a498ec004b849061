"""Invitations as Google and Outlook write them (RFC 5545, RFC 5546, RFC 6047)."""

import base64

from people import OFFICE, REP


def fold(line):
    """Folds a line at 75 octets (RFC 5545 §3.1)."""
    out, now = [], b""
    for c in line:
        o = c.encode()
        if len(now) + len(o) > 74:
            out.append(now.decode())
            now = b" "
        now += o
    return "\n".join(out + [now.decode()])


def calendar(method, lines, prodid):
    head = ["BEGIN:VCALENDAR", "PRODID:" + prodid, "VERSION:2.0", "CALSCALE:GREGORIAN", "METHOD:" + method, "BEGIN:VEVENT"]
    return "\n".join(fold(l) for l in head + lines + ["END:VEVENT", "END:VCALENDAR"]) + "\n"


def google(method, people, more=()):
    lines = ["DTSTART:20261203T090000Z", "DTEND:20261203T100000Z", "DTSTAMP:20261120T071244Z",
             "ORGANIZER;CN=Anna Holm:mailto:" + REP["address"], "UID:7kukuqrfedlm2f9t@google.example"]
    for p in people:
        lines.append("ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=TRUE;CN=%s;X-NUM-GUESTS=0:mailto:%s" % (p["ascii"], p["ascii"]))
    return calendar(method, lines + list(more) + ["SEQUENCE:0", "STATUS:CONFIRMED", "SUMMARY:Møde", "TRANSP:OPAQUE"], "-//Google Inc//Google Calendar 70.9054//EN")


def outlook(method, people, more=()):
    lines = ["ORGANIZER;CN=Anna Holm:mailto:" + REP["address"]]
    for p in people:
        lines.append("ATTENDEE;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=TRUE;CN=%s:MAILTO:%s" % (p["name"], p["ascii"]))
    lines += ["UID:040000008200E00074C5B7101A82E00800000000A0", "SUMMARY;LANGUAGE=da-DK:Møde", "DTSTART:20261203T090000Z", "DTEND:20261203T100000Z",
              "CLASS:PUBLIC", "PRIORITY:5", "DTSTAMP:20261120T071244Z", "TRANSP:OPAQUE", "STATUS:CONFIRMED", "SEQUENCE:0", "LOCATION:Kantinen",
              "X-MICROSOFT-CDO-APPT-SEQUENCE:0", "X-MICROSOFT-CDO-OWNERAPPTID:2121"]
    return calendar(method, lines + list(more), "Microsoft Exchange Server 2010")


def alternative(text, method):
    return ('MIME-Version: 1.0\nContent-Type: multipart/alternative; boundary="=_b"',
            "--=_b\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\nMøde i kantinen.\n"
            "--=_b\nContent-Type: text/calendar; charset=utf-8; method=%s\nContent-Transfer-Encoding: base64\n\n%s--=_b--\n" % (method, base64.encodebytes(text.encode()).decode()))


def attached(text, method):
    return ('MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="=_b"',
            "--=_b\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\nMøde i kantinen.\n"
            '--=_b\nContent-Type: application/ics; name="invite.ics"\nContent-Disposition: attachment; filename="invite.ics"\nContent-Transfer-Encoding: base64\n\n%s--=_b--\n'
            % base64.encodebytes(text.encode()).decode())


def alone(text, method):
    return ("MIME-Version: 1.0\nContent-Type: text/calendar; charset=utf-8; method=%s\nContent-Transfer-Encoding: 8bit" % method, text)


def invitations(pick):
    """Yields a name, the content's fields, and the body."""
    n = 0
    for program, make in (("Google", google), ("Outlook", outlook)):
        for method in ("REQUEST", "CANCEL"):
            for shape, wrap in (("alternative", alternative), ("attached", attached), ("alone", alone)):
                a, b, c = pick(n, 3)
                more = [
                    [],
                    ["DESCRIPTION:Deltagere: %s\\, %s\\nVel mødt" % (a["name"], c["ascii"])],
                    ["COMMENT:Til %s <%s>" % (b["name"], b["ascii"]), "CONTACT:%s" % a["ascii"]],
                    ["X-ALT-DESC;FMTTYPE=text/html:<html><body>Til: %s &lt;%s&gt;</body></html>" % (a["name"], a["ascii"])],
                ][n % 4]
                yield ("%s %s %s" % (program, method, shape),) + wrap(make(method, [a, b, OFFICE] if n % 2 else [a, b, c], more), method)
                n += 1
