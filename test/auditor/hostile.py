"""Doors that somebody finds who reads a mailbox to learn who else is in it.

Written against the gateway: every shape here was chosen because a reader of
header fields, quoted blocks or parts that goes by the usual form misses it.
"""

import base64
import binascii
import hashlib

from insides import angle, escaped, letter, page
from people import EMPLOYER, OFFICE, REP, b_word, listed, mailbox, q_word
from words import WORDS


def b64(text):
    return base64.b64encode(text if isinstance(text, bytes) else text.encode()).decode()


def qp(text):
    return "".join("=%02X" % o if o > 126 or chr(o) in "=@<>:;, " else chr(o) for o in text.encode())


def fields(a, b, c, d):
    """Yields each door and the fields that open it. a and b stand in To and Cc."""
    x, y, z = a["ascii"], b["ascii"], c["ascii"]
    md5, sha = hashlib.md5(x.encode()).hexdigest(), hashlib.sha256(x.encode())
    yield "copied header fields of DKIM", ("DKIM-Signature: v=1; a=rsa-sha256; d=forening.example; s=s1; h=from:to:subject;\n\tz=From:%s|To:%s,=20%s|Subject:x;\n\tbh=%s; b=%s\n"
                                          % (qp(REP["address"]), qp(x), qp(y), b64(b"h" * 32), b64(b"s" * 64)))
    yield "a DKIM identity", "DKIM-Signature: v=1; a=rsa-sha256; d=post.example; i=%s; s=s1; h=from; bh=%s; b=%s\n" % (qp(x), b64(b"h" * 32), b64(b"s" * 64))
    yield "results of ARC", "ARC-Authentication-Results: i=1; mx.example; dkim=pass header.i=%s; spf=pass smtp.rcpt=%s; auth=pass smtp.auth=%s\n" % (x, y, z)
    yield "results of authentication", "Authentication-Results: mx.example; iprev=pass; x-rcpt=%s; dmarc=none (to %s)\n" % (x, y)
    yield "Received-SPF", "Received-SPF: pass (mx.example: domain of x designates 192.0.2.1) receiver=mx; envelope-to=%s; helo=a\n" % x
    yield "Exchange's encoded data", "X-MS-Exchange-AntiSpam-MessageData-0: %s\nX-MS-Exchange-AntiSpam-MessageData-ChunkCount: 1\n" % b64((x + ";" + y).encode("utf-16-le"))
    yield "Exchange's antispam report", "X-Microsoft-Antispam-Message-Info: %s\n" % "\n ".join(b64("recipients=%s,%s" % (x, y)))
    yield "Exchange's data in hexadecimal", "X-MS-Exchange-CrossTenant-Id: %s\n" % binascii.hexlify(x.encode()).decode()
    yield "Exchange's data in base32", "X-MS-Exchange-Route: %s\n" % base64.b32encode(x.encode()).decode()
    yield "base64 for URLs", "X-Track: https://t.example/o/%s.gif\n" % base64.urlsafe_b64encode(("??>%s" % x).encode()).decode()
    yield "an address in two URLs' escapes", "X-Track: https://t.example/?to=%s\n" % x.replace("@", "%2540")
    yield "an address in entities", "X-Info: %s\n" % "".join("&#%d;" % ord(l) for l in x)
    yield "an address with its letters escaped", "X-Info: %s\n" % "".join("%%%02X" % o for o in x.encode())
    yield "sha512", "X-Contact: %s\n" % hashlib.sha512(x.encode()).hexdigest()
    yield "sha256 in base64", "X-Contact: %s\n" % b64(sha.digest())
    yield "sha1 in upper case", "X-Contact: %s\n" % hashlib.sha1(x.encode()).hexdigest().upper()
    yield "md5 in a URL", "X-Image-URL: https://www.gravatar.example/avatar/%s?s=80\n" % md5
    yield "md5 in pieces", "X-Image-URL: %s\n %s\n" % (md5[:16], md5[16:])
    yield "Face and avatar", "Avatar: https://seccdn.libravatar.example/avatar/%s\nX-Face-URL: https://f.example/%s\n" % (sha.hexdigest(), md5)
    yield "Date with a comment", "X-Date: x\nResent-Date: Fri, 20 Nov 2026 08:12:44 +0100 (til %s)\n" % x
    yield "a name in a field of one's own", "X-Teams: Mødet med %s\n" % a["name"]
    yield "a name in encoded words, cut in two", "X-Room: =?utf-8?B?%s?=\n =?utf-8?B?%s?=\n" % (b64(a["name"].encode()[:9]), b64(a["name"].encode()[9:]))
    yield "last name first in a field of one's own", "X-Attendee: %s\n" % q_word("%s, %s" % (a["name"].split()[-1], " ".join(a["name"].split()[:-1])), "utf-8")
    yield "a name without its accents", "X-Attendee: %s\n" % a["name"].translate(str.maketrans("øæåäöüØÆÅÄÖÜ", "oaaaouOAAAOU"))
    yield "a name in small letters", "X-Attendee: %s\n" % q_word(a["name"].lower(), "utf-8")
    yield "a name with points", "X-Attendee: %s\n" % q_word(a["name"].replace(" ", "."), "utf-8")
    yield "a local part alone, with its domain elsewhere", "X-User: %s\nX-Domain: %s\n" % tuple(x.split("@"))
    yield "Exchange's distinguished name", "X-MS-Exchange-Recipient: /o=Region/ou=Exchange/cn=Recipients/cn=%s\n" % x.replace("@", "_at_")
    yield "an SMTP prefix", "X-MS-Recipients: SMTP:%s;smtp:%s\n" % (x.upper(), y)
    yield "Exchange's IMCEA", "X-MS-Original: IMCEAEX-_O%%3D1@post.example %s\n" % x
    yield "VERP in List-Unsubscribe", "List-Unsubscribe: <mailto:unsub-%s@l.example>\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\nList-Help: <mailto:h@l.example?subject=%s>\n" % (x.replace("@", "="), y)
    yield "List-Post and List-Owner", "List-Owner: <mailto:%s> (%s)\nList-Post: <mailto:%s>\n" % (x, a["name"], y)
    yield "Message-ID in References", "References: <%s.1@mail.example> <abc@%s>\nThread-Index: AdpQ\n" % (x.replace("@", "."), x)
    yield "In-Reply-To in words", "In-Reply-To: Din mail af 3. maj fra \"%s\" <%s>\n" % (a["name"], x)
    yield "Supersedes and Obsoletes", "Supersedes: <1.%s>\nObsoletes: <%s>\n" % (x, y)
    yield "Importance with words", "Importance: high (%s)\nPriority: urgent\n" % x
    yield "Organization", "Organization: %s, %s\n" % (q_word(a["name"], "utf-8"), x)
    yield "Sensitivity with a comment", "Sensitivity: private (%s)\n" % x
    yield "User-Agent", "User-Agent: Mail/1.0 (%s)\n" % x
    yield "X-Mailer of a merge", "X-Mailer: MailMerge 3 for %s\n" % q_word(a["name"], "utf-8")
    yield "Reply-To group", "Reply-To: Holdet: %s, %s;\n" % (x, mailbox(c, "q"))
    yield "Return-Receipt-To and its kin", "Generate-Delivery-Report: %s\nDeliver-To: %s\nX-MDN-To: %s\n" % (x, y, z)
    yield "Delivery-Report", "Prevent-NonDelivery-Report: %s\nAlternate-Recipient: %s\nDisclose-Recipients: %s\n" % (x, y, z)
    yield "X.400", "X400-Recipients: non-disclosure;, %s\nX400-Content-Type: P2-1988\nOriginator-Info: login-id=%s\n" % (x, y)
    yield "Lotus Notes", "$MessageID: x\nX-Notes-Item: %s; type=501; name=SendTo\nX-MIMETrack: Itemize by SMTP Server on N/Region(%s)\n" % (x, y)
    yield "GroupWise", "X-GW-Recipients: %s, %s\nX-GWUser: %s\n" % (x, y, z)
    yield "SmarterMail and others", "X-SmarterMail-Rcpt: %s\nX-Rcpt-Original: %s\nX-Deliver-To: %s\nX-Envelope-Recipient: %s\n" % (x, y, z, x)
    yield "mail merge", "X-MergeRecipient: %s\nX-Campaign-Recipient: %s\nX-SG-EID: %s\nX-Mailgun-Recipients: %s\n" % (x, b64(y), b64("u=%s" % x), y)
    yield "Feedback-ID and VERP", "Feedback-ID: 1:%s:mail\nX-Report-Abuse-To: %s\nX-CSA-Complaints: <mailto:%s>\n" % (x.replace("@", "-at-"), x, y)
    yield "Sieve and vacation", "X-Sieve: CMU Sieve 2.4\nX-Loop: %s\nX-Autoreply-To: %s\nX-Vacation: %s\n" % (x, y, z)
    yield "JSON", 'X-Meta: {"to":[{"email":"%s","name":"%s"},{"email":"\\u006d%s"}]}\n' % (x, "x", y[1:])
    yield "JSON escapes", 'X-Meta: {"to":"%s"}\n' % x.replace("@", "\\u0040")
    yield "quoted pairs", 'X-Rcpt: "\\%s"@%s\n' % tuple(x.split("@"))
    yield "a domain in brackets", "X-Rcpt: %s at %s\n" % tuple(x.split("@"))
    yield "a domain with dots in words", "X-Rcpt: %s (at) %s\n" % (x.split("@")[0], x.split("@")[1].replace(".", " (dot) "))
    yield "a field in capitals with a blank before its colon", "X-TO : %s\n" % x
    yield "a field longer than a line", "X-Long: %s %s\n" % ("a " * 200, x)
    yield "a field folded in the middle of an address", "X-Long: %s\n\t%s\n" % (x[:4], x[4:])
    yield "Autocrypt with gossip in its key", "Autocrypt: addr=%s; keydata=%s\n" % (REP["address"], b64("\x99\x01\x0d user id: <%s>" % x))
    yield "Autocrypt of somebody else", "Autocrypt: addr=%s; keydata=%s\n" % (x, b64(b"k" * 90))
    yield "a key's place", "OpenPGP: id=0123456789ABCDEF; url=https://keys.example/pks/lookup?search=%s\n" % x.replace("@", "%40")
    yield "Resent fields of two", "Resent-To: %s\nResent-To: %s\nResent-Message-ID: <%s>\n" % (x, mailbox(c, "q"), y)
    yield "Cc of another writing", "CC : %s\n" % x
    yield "Blind fields of another writing", "BCC: %s\nbCc: %s\n" % (z, y)
    yield "Old-To", "Old-To: %s\nOriginal-To: %s\nX-Old-Cc: %s\nX-Bcc: %s\n" % (x, y, z, x)
    yield "Content-Description of all", "Content-Description: til %s og %s\n" % (q_word(a["name"], "utf-8"), y)
    yield "Content-Location of all", "Content-Base: mailto:%s\nContent-Location: mailto:%s\n" % (x, y)
    yield "Content-ID of all", "Content-ID: <%s>\n" % x
    yield "Content-Language with a comment", "Content-Language: da (%s)\n" % x
    yield "Solicitation and VBR", "VBR-Info: md=post.example; mc=%s\nX-Complaints-To: %s\n" % (x, y)


def parts(a, b, c):
    """Yields a name, the fields of the content and the body: what stands around and between the parts."""
    x, y, z = a["ascii"], b["ascii"], c["ascii"]
    head = 'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="%s"%s'
    body = "%s--%s\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n%s\nHej alle.\n--%s\n%s\n\n%s\n--%s--\n%s"

    def mixed(boundary="=_b", params="", preamble="", inner="", file="Content-Type: text/plain; name=a.txt\nContent-Disposition: attachment; filename=a.txt", content="Bilag.", epilogue=""):
        return head % (boundary, params), body % (preamble, boundary, inner, boundary, file, content, boundary, epilogue)

    named = lambda disposition, kind="application/octet-stream": "Content-Type: %s\nContent-Disposition: attachment;%s\nContent-Transfer-Encoding: 7bit" % (kind, disposition)
    yield ("boundary",) + mixed(boundary="=_%s" % x.replace("@", "=_"))
    yield ("boundary with an address",) + mixed(boundary="b-%s" % x)
    yield ("a parameter of one's own",) + mixed(params='; x-to="%s"' % x)
    yield ("preamble",) + mixed(preamble="Til %s og %s\n" % (x, y))
    yield ("epilogue",) + mixed(epilogue="Til %s og %s\n" % (x, y))
    yield ("To in a part's header",) + mixed(inner="To: %s, %s\n" % (mailbox(a, "q"), y))
    yield ("Cc in a part's header",) + mixed(inner="Cc: %s\nSubject: x\n" % mailbox(c, "b"))
    yield ("protected headers",) + mixed(inner="", file='Content-Type: text/plain; protected-headers="v1"\nTo: %s\nCc: %s' % (listed([a, b], "q"), z))
    yield ("header protection in clear",) + (('MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8; hp="clear"; hp-legacy-display="1"\nContent-Transfer-Encoding: 8bit', "To: %s, %s\nSubject: x\n\nHej\n" % (angle(a), angle(b))))
    yield ("wrapped by header protection",) + (('MIME-Version: 1.0\nContent-Type: multipart/mixed; hp="clear"; boundary="=_h"', "--=_h\nContent-Type: text/plain\nHP-Outer: To: %s\nHP-Outer: Cc: %s\n\nHej\n--=_h--\n" % (x, y)))
    yield ("X-Original-To in a part's header",) + mixed(inner="X-Original-To: %s\n" % x)
    yield ("Content-Description in a part",) + mixed(inner="Content-Description: til %s\n" % q_word(a["name"], "utf-8"))
    yield ("Content-Description with an address",) + mixed(inner="Content-Description: til %s\n" % x)
    yield ("Content-ID in a part",) + mixed(inner="Content-ID: <1.%s>\n" % x)
    yield ("Content-Location in a part",) + mixed(inner="Content-Location: mailto:%s\n" % x)
    yield ("a comment in a part's type",) + mixed(file="Content-Type: text/plain (for %s)" % x)
    yield ("file name with an address",) + mixed(file=named(' filename="til %s.txt"' % x, "text/plain"))
    yield ("file name in pieces",) + mixed(file=named(' filename*0="til %s";\n filename*1="%s.txt"' % (x[:6], x[6:]), "text/plain"))
    yield ("file name in escapes",) + mixed(file=named(" filename*=utf-8''%s" % "".join("%%%02X" % o for o in (x + ".txt").encode()), "text/plain"))
    yield ("file name in encoded words",) + mixed(file=named(' filename="%s"' % b_word(x + ".txt"), "text/plain"))
    yield ("name of a type with an address",) + mixed(file='Content-Type: text/plain; name="%s.txt"' % x)
    yield ("a sum as file name",) + mixed(file=named(' filename="%s.txt"' % hashlib.md5(x.encode()).hexdigest(), "text/plain"))


def gone(people):
    return [p["name"] for p in people]


def bold(w, sender, to, cc, row, joint="; ", form=escaped):
    rows = [row(w["from"], form(sender)), row(w["sent"], w["when"]), row(w["to"], joint.join(map(form, to)))]
    if cc:
        rows.append(row(w["cc"], joint.join(map(form, cc))))
    return "".join(rows + [row(w["subject_"], w["subject"])])


def outlook_new(language, sender, to, cc):
    w = WORDS[language]
    row = lambda k, v: "<b>%s:</b>&nbsp;%s<br>" % (k, v)
    return "html", page(w, '<div style="border-right:none; border-bottom:none; border-left:none; border-top:1pt solid rgb(181, 196, 223); padding:3pt 0in 0in">'
                        '<div class="elementToProof" style="text-align:left; font-family:Calibri,Arial">%s</div></div>' % bold(w, sender, to, cc, row))


def outlook_mac(language, sender, to, cc):
    w = WORDS[language]
    row = lambda k, v: '<b><span style="font-size:12.0pt;color:black">%s: </span></b><span style="font-size:12.0pt;color:black">%s<br></span>' % (k, v)
    return "html", page(w, '<div id="mail-editor-reference-message-container"><div><div style="border:none;border-top:solid #B5C4DF 1.0pt;padding:3.0pt 0cm 0cm 0cm">'
                        '<p class="MsoNormal" style="margin-bottom:12.0pt">%s</p></div></div></div>' % bold(w, sender, to, cc, row))


def outlook_conditional(language, sender, to, cc):
    """Word's comments for other programs say it once more."""
    kind, text = outlook_mac(language, sender, to, cc)
    return kind, text.replace("</p></div>", "</p><!--[if gte mso 9]><xml><o:To>%s</o:To></xml><![endif]--></div>" % "; ".join(p["address"] for p in to), 1)


def colon_in_bold(language, sender, to, cc):
    w = WORDS[language]
    return "html", page(w, "<div>%s</div>" % bold(w, sender, to, cc, lambda k, v: "<strong>%s</strong><span>:</span> %s<br/>" % (k, v)))


def label_in_pieces(language, sender, to, cc):
    w = WORDS[language]
    return "html", page(w, "<div>%s</div>" % bold(w, sender, to, cc, lambda k, v: "<b>%s<span></span>%s</b>:&#32;%s<br>" % (k[:1], k[1:], v)))


def rows_of_a_table(language, sender, to, cc):
    w = WORDS[language]
    return "html", page(w, "<table border=0>%s</table>" % bold(w, sender, to, cc, lambda k, v: "<tr><td align=right><b>%s:</b></td><td>%s</td></tr>" % (k, v)))


def definition_list(language, sender, to, cc):
    w = WORDS[language]
    return "html", page(w, "<dl>%s</dl>" % bold(w, sender, to, cc, lambda k, v: "<dt>%s:</dt><dd>%s</dd>" % (k, v)))


def each_in_a_span(language, sender, to, cc):
    w = WORDS[language]
    form = lambda p: '<span class="x_persona" title="%s" data-email="%s"><span>%s</span> <span>&lt;%s&gt;</span></span>' % (p["address"], p["address"], p["name"], p["address"])
    return "html", page(w, "<div>%s</div>" % bold(w, sender, to, cc, lambda k, v: "<p><b>%s:</b> %s</p>" % (k, v), form=form))


def with_pictures(language, sender, to, cc):
    w = WORDS[language]
    form = lambda p: '<img src="https://www.gravatar.example/avatar/%s" alt="%s" width="16"> <a href="mailto:%s">%s</a>' % (
        hashlib.md5(p["address"].encode()).hexdigest(), p["name"], p["address"], p["name"])
    return "html", page(w, "<div>%s</div>" % bold(w, sender, to, cc, lambda k, v: "<b>%s:</b> %s<br>" % (k, v), form=form))


def links_alone(language, sender, to, cc):
    w = WORDS[language]
    form = lambda p: '<a href="mailto:%s?subject=Re">%s</a>' % (p["address"], p["name"])
    return "html", page(w, "<div>%s</div>" % bold(w, sender, to, cc, lambda k, v: "<b>%s:</b> %s<br>" % (k, v), form=form))


def each_in_a_line(language, sender, to, cc):
    w = WORDS[language]
    return "html", page(w, "<div>%s</div>" % bold(w, sender, to, cc, lambda k, v: "<div><b>%s:</b> %s</div>" % (k, v), joint=";<br>"))


def hard_blanks(language, sender, to, cc):
    w = WORDS[language]
    return "html", page(w, "<div>%s</div>" % bold(w, sender, to, cc, lambda k, v: "%s&nbsp;:&nbsp;%s<br>" % (k, v.replace(" ", "&nbsp;"))))


def entities_for_marks(language, sender, to, cc):
    w = WORDS[language]
    return "html", page(w, "<div>%s</div>" % bold(w, sender, to, cc, lambda k, v: "<b>%s&#58;</b> %s<br>" % (k, v.replace("@", "&#64;").replace(".", "&#x2E;"))))


def soft_breaks(language, sender, to, cc):
    w = WORDS[language]
    form = lambda p: "%s &lt;%s&gt;" % (p["name"], p["address"].replace("@", "@<wbr>").replace(".", "<wbr>."))
    return "html", page(w, "<div>%s</div>" % bold(w, sender, to, cc, lambda k, v: "<b>%s:</b> %s<br>" % (k, v), form=form))


def hidden_block(language, sender, to, cc):
    kind, text = outlook_mac(language, sender, to, cc)
    return kind, text.replace('<div id="mail-editor', '<div style="display:none" id="mail-editor')


def capitals(language, sender, to, cc):
    kind, text = outlook_mac(language, sender, to, cc)
    return kind, text.replace("<b>", "<B>").replace("<br>", "<BR>").replace("<div", "<DIV")


def plain_shape(build):
    def made(language, sender, to, cc):
        w = WORDS[language]
        rows = [(w["from"], angle(sender)), (w["sent"], w["when"]), (w["to"], to), (w["cc"], cc), (w["subject_"], w["subject"])]
        return "plain", letter(w, build(w, [r for r in rows if r[1]]))
    return made


def said(value, joint="; ", form=angle):
    return joint.join(map(form, value)) if isinstance(value, list) else value


PLAIN = [
    ("markdown", lambda w, rows: "\n".join("**%s:** %s" % (k, said(v)) for k, v in rows)),
    ("markdown of another kind", lambda w, rows: "\n".join("**%s**: %s  " % (k, said(v)) for k, v in rows)),
    ("underlined", lambda w, rows: "\n".join("_%s:_ %s" % (k, said(v)) for k, v in rows)),
    ("in a box", lambda w, rows: "\n".join("| %s: | %s |" % (k, said(v)) for k, v in rows)),
    ("aligned", lambda w, rows: "\n".join("%14s: %s" % (k, said(v, ",\n" + " " * 16)) for k, v in rows)),
    ("blank before the colon", lambda w, rows: "\n".join("%s : %s" % (k, said(v)) for k, v in rows)),
    ("hard blank before the colon", lambda w, rows: "\n".join("%s : %s" % (k, said(v)) for k, v in rows)),
    ("tabs", lambda w, rows: "\n".join("%s:\t\t%s" % (k, said(v, ";\n\t\t")) for k, v in rows)),
    ("capitals", lambda w, rows: "\n".join("%s: %s" % (k.upper(), said(v)) for k, v in rows)),
    ("value on the next line", lambda w, rows: "\n".join("%s:\n%s" % (k, said(v)) for k, v in rows)),
    ("one a line", lambda w, rows: "\n".join("%s: %s" % (k, said(v, ";\n")) for k, v in rows)),
    ("one a line, commas before", lambda w, rows: "\n".join("%s: %s" % (k, said(v, "\n  , ")) for k, v in rows)),
    ("flowed", lambda w, rows: "\n".join("%s: %s" % (k, said(v, ", \n")) for k, v in rows)),
    ("cited at depth 2, wrapped", lambda w, rows: "\n".join(">> %s: %s" % (k, said(v, ",\n>> ")) for k, v in rows)),
    ("cited, blanks between the marks", lambda w, rows: "\n".join("> > > %s: %s" % (k, said(v)) for k, v in rows)),
    ("cited, half of it wrapped out", lambda w, rows: "\n".join("> %s: %s" % (k, said(v, ",\n")) for k, v in rows)),
    ("cited with bars", lambda w, rows: "\n".join("| %s: %s" % (k, said(v)) for k, v in rows)),
    ("cited with initials", lambda w, rows: "\n".join("AH> %s: %s" % (k, said(v)) for k, v in rows)),
    ("indented", lambda w, rows: "\n".join("        %s: %s" % (k, said(v)) for k, v in rows)),
    ("addresses alone", lambda w, rows: "\n".join("%s: %s" % (k, said(v, ", ", lambda p: p["address"])) for k, v in rows)),
    ("addresses in brackets", lambda w, rows: "\n".join("%s: %s" % (k, said(v, ", ", lambda p: "<%s>" % p["address"])) for k, v in rows)),
    ("names in quotes", lambda w, rows: "\n".join("%s: %s" % (k, said(v, ", ", lambda p: "\"'%s'\" <%s>" % (p["name"], p["address"]))) for k, v in rows)),
    ("names with a department", lambda w, rows: "\n".join("%s: %s" % (k, said(v, "; ", lambda p: "%s (RH-PSY) <%s>" % (p["name"], p["address"]))) for k, v in rows)),
    ("names alone with a department", lambda w, rows: "\n".join("%s: %s" % (k, said(v, "; ", lambda p: "%s (Region)" % p["name"])) for k, v in rows)),
    ("address before name", lambda w, rows: "\n".join("%s: %s" % (k, said(v, ", ", lambda p: "%s (%s)" % (p["address"], p["name"]))) for k, v in rows)),
    ("mailto links", lambda w, rows: "\n".join("%s: %s" % (k, said(v, ", ", lambda p: "[%s](mailto:%s)" % (p["name"], p["address"]))) for k, v in rows)),
    ("Samsung", lambda w, rows: "-------- %s --------\n" % w["original"] + "\n".join("%s: %s " % (k, said(v, ", ")) for k, v in rows)),
    ("Zimbra", lambda w, rows: "----- %s -----\n" % w["original"] + "\n".join("| %s: %s" % (k, said(v, ", ", lambda p: '"%s" <%s>' % (p["name"], p["address"]))) for k, v in rows)),
    ("Notes", lambda w, rows: "\n".join("%s:     %s" % (k, said(v, ", ", lambda p: "%s/REGION@REGION, %s" % (p["name"], p["address"]))) for k, v in rows)),
    ("wide colon", lambda w, rows: "\n".join("%s： %s" % (k, said(v)) for k, v in rows)),
    ("list marks", lambda w, rows: "\n".join("- %s: %s" % (k, said(v)) for k, v in rows)),
    ("label and list alone", lambda w, rows: "\n".join("%s: %s" % (k, said(v)) for k, v in rows if isinstance(v, list))),
    ("blank lines between", lambda w, rows: "\n\n".join("%s: %s" % (k, said(v)) for k, v in rows)),
    ("zero width", lambda w, rows: "\n".join("%s:​ %s" % (k, said(v)) for k, v in rows)),
    ("marks of direction", lambda w, rows: "\n".join("‎%s‎: %s" % (k, said(v)) for k, v in rows)),
]

QUOTED = [
    ("Outlook new", outlook_new), ("Outlook for Mac", outlook_mac), ("conditional comments", outlook_conditional), ("colon outside", colon_in_bold),
    ("label in pieces", label_in_pieces), ("rows of a table", rows_of_a_table), ("definition list", definition_list), ("spans with titles", each_in_a_span),
    ("pictures by sum", with_pictures), ("links alone", links_alone), ("each in a line", each_in_a_line), ("hard blanks", hard_blanks),
    ("entities for marks", entities_for_marks), ("soft breaks", soft_breaks), ("not shown", hidden_block), ("tags in capitals", capitals),
] + [(name, plain_shape(build)) for name, build in PLAIN]

WROTE = [
    "%s skrev den 19-11-2026 10:12:", "Den tor. 19. nov. 2026 kl. 10.12 skrev\n%s:", "19.11.2026 10:12, %s skrev:", "On 19 Nov 2026, at 10:12, %s wrote:",
    "On Thursday, November 19, 2026 at 10:12:31 AM GMT+1,\n%s wrote:", "Le jeu. 19 nov. 2026 à 10:12, %s a écrit :", "Am 19.11.26 um 10:12 schrieb %s:",
    "Þann fim., 19. nóv. 2026 kl. 10:12 skrifaði %s:", "* %s [2026-11-19 10:12]:", ">>> %s 19-11-2026 10:12 >>>", "19 nov. 2026 kl. 10:12 skrev %s:",
    "Tors 19 nov. 2026 kl. 10:12 skreiv %s:", "%s kirjoitti 19.11.2026 klo 10.12:", "Quoting %s (19/11/2026 10:12):", "Citat %s:", "> Den 19. nov. 2026 kl. 10.12 skrev %s:",
]


def attributed(line):
    def build(language, sender, to, cc):
        w = WORDS[language]
        return "plain", "%s\n\n%s\n> %s\n> \n> %s\n" % (w["hello"], line % angle(to[0]), w["hello"], w["text"])
    return build


QUOTED += [("attribution %d" % n, attributed(line)) for n, line in enumerate(WROTE)]


def bodies(a, b, c):
    """Yields a name, the fields of the content and the body: quoted blocks in odd texts."""
    w = WORDS["da"]
    block = "Fra: %s\nSendt: %s\nTil: %s\nEmne: Skema\n\nSe skemaet.\n" % (angle(OFFICE), w["when"], "; ".join(map(angle, [a, b])))
    kinds = [
        ("UTF-16", "text/plain; charset=utf-16", block.encode("utf-16")), ("UTF-16 without a mark", "text/plain; charset=utf-16le", block.encode("utf-16-le")),
        ("Windows-1252", "text/plain; charset=windows-1252", block.encode("cp1252")), ("no charset", "text/plain", block.encode()),
        ("a wrong charset", "text/plain; charset=us-ascii", block.encode()), ("ISO 8859-15", "text/plain; charset=iso-8859-15", block.encode("iso-8859-15")),
        ("Macintosh", "text/plain; charset=macintosh", block.encode("mac-roman")), ("a charset that nobody has", "text/plain; charset=x-none", block.encode()),
        ("markdown", "text/markdown; charset=utf-8", block.encode()), ("enriched", "text/enriched; charset=utf-8", block.replace("<", "<<").encode()),
        ("AMP", "text/x-amp-html; charset=utf-8", ("<html><body><div>%s</div></body></html>" % block.replace("<", "&lt;").replace("\n", "<br>\n")).encode()),
        ("text that is no text", "application/octet-stream", block.encode()), ("XHTML", "application/xhtml+xml; charset=utf-8", ("<html><body><p>%s</p></body></html>" % block.replace("<", "&lt;").replace("\n", "<br/>\n")).encode()),
        ("delivered as HTML", "text/html; charset=utf-8", ("<pre>%s</pre>" % block.replace("<", "&lt;")).encode()),
        ("RTF", "text/rtf", ("{\\rtf1\\ansi %s}" % block.replace("\n", "\\par\n")).encode("cp1252")),
    ]
    for name, kind, octets in kinds:
        yield name, "MIME-Version: 1.0\nContent-Type: %s\nContent-Transfer-Encoding: base64" % kind, base64.encodebytes(octets).decode()
    yield "quoted-printable cut in the address", "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable", "".join(
        "".join("=%02X" % o if o > 126 or o == 61 else chr(o) for o in line.encode()).replace("@", "=\n@") + "\n" for line in block.split("\n"))
    mixed = 'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="=_b"'
    part = "--=_b\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n%s\n"
    yield "in the second text", mixed, part % "Hej" + part % block + "--=_b--\n"
    yield "in a text file", mixed, part % "Hej" + "--=_b\nContent-Type: text/plain; name=traad.txt\nContent-Disposition: attachment; filename=traad.txt\n\n%s\n--=_b--\n" % "\n".join(l for l in block.split("\n"))
    yield "in an HTML file", mixed, part % "Hej" + "--=_b\nContent-Type: text/html; charset=utf-8; name=traad.html\nContent-Disposition: attachment; filename=traad.html\n\n<html><body>%s</body></html>\n--=_b--\n" % block.replace("<", "&lt;").replace("\n", "<br>\n")
    yield "in a part of another language", 'MIME-Version: 1.0\nContent-Type: multipart/multilingual; boundary="=_b"', part % "Hej" + part % block + "--=_b--\n"
    yield "in a related part", 'MIME-Version: 1.0\nContent-Type: multipart/related; boundary="=_b"', part % block + "--=_b--\n"
    yield "in a digest of texts", mixed, part % "Hej" + "--=_b\nContent-Type: multipart/parallel; boundary=i\n\n--i\nContent-Type: text/plain; charset=utf-8\n\n%s\n--i--\n--=_b--\n" % block
    signed = 'MIME-Version: 1.0\nContent-Type: multipart/signed; micalg=pgp-sha512; protocol="application/pgp-signature"; boundary="=_b"'
    signature = "--=_b\nContent-Type: application/pgp-signature\n\n-----BEGIN PGP SIGNATURE-----\n\niHUE\n=abcd\n-----END PGP SIGNATURE-----\n--=_b--\n"
    yield "in a signed text", signed, part % block + signature
    yield "in a signed text of OpenPGP", "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit", "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\n%s\n-----BEGIN PGP SIGNATURE-----\n\niHUE\n=abcd\n-----END PGP SIGNATURE-----\n" % block
    yield "protected fields of a signed text", signed, "--=_b\nContent-Type: text/plain; protected-headers=\"v1\"\nFrom: %s\nTo: %s, %s\n\nHej\n" % (REP["address"], a["ascii"], b["ascii"]) + signature
    yield "protected fields of a signed text (RFC 9788)", signed, "--=_b\nContent-Type: text/plain; hp=\"clear\"\nFrom: %s\nTo: %s\nCc: %s\nSubject: x\n\nHej\n" % (REP["address"], a["ascii"], mailbox(b, "q")) + signature
    inner = "From: %s\nTo: %s, %s\nSubject: Skema\n\nSe skemaet.\n" % (EMPLOYER["address"], a["ascii"], b["ascii"])
    yield "a folder of mail", mixed, part % "Hej" + "--=_b\nContent-Type: application/mbox; name=arkiv.mbox\nContent-Disposition: attachment; filename=arkiv.mbox\n\nFrom x Fri Nov 20 08:00:00 2026\n%s\n--=_b--\n" % inner
    yield "a mail as text", mixed, part % "Hej" + "--=_b\nContent-Type: text/plain; name=mail.eml\n\n%s\n--=_b--\n" % inner
    yield "a mail of another name", mixed, part % "Hej" + "--=_b\nContent-Type: message/global\n\n%s\n--=_b--\n" % inner
    yield "a mail of news", mixed, part % "Hej" + "--=_b\nContent-Type: message/news\n\n%s\n--=_b--\n" % inner
    yield "a mail of no name", mixed, part % "Hej" + "--=_b\nContent-Type: message/x-mail\n\n%s\n--=_b--\n" % inner
    yield "headers of a mail", mixed, part % "Hej" + "--=_b\nContent-Type: message/rfc822-headers\n\n%s\n--=_b--\n" % inner
    yield "a report of abuse", 'MIME-Version: 1.0\nContent-Type: multipart/report; report-type=feedback-report; boundary="=_b"', part % "Hej" + (
        "--=_b\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\nOriginal-Rcpt-To: %s\nOriginal-Mail-From: <x@y.example>\n--=_b\nContent-Type: message/rfc822\n\n%s\n--=_b--\n" % (a["ascii"], inner))
    yield "a receipt", 'MIME-Version: 1.0\nContent-Type: multipart/report; report-type=disposition-notification; boundary="=_b"', part % "Hej" + (
        "--=_b\nContent-Type: message/disposition-notification\n\nFinal-Recipient: rfc822;%s\nOriginal-Recipient: rfc822;%s\nDisposition: manual-action/MDN-sent-manually; displayed\n\n--=_b--\n" % (a["ascii"], b["ascii"]))
    yield "a piece of a mail", mixed, part % "Hej" + "--=_b\nContent-Type: message/partial; id=\"1@x\"; number=1; total=2\n\n%s\n--=_b--\n" % inner
    yield "a mail elsewhere", mixed, part % "Hej" + "--=_b\nContent-Type: message/external-body; access-type=mail-server; server=\"%s\"\n\nContent-Type: text/plain\n\n--=_b--\n" % a["ascii"]
    yield "fields in a mail in the mail", mixed, part % "Hej" + "--=_b\nContent-Type: message/rfc822\n\nX-Rcpt: %s\nX-Original-To: %s\n%s\n--=_b--\n" % (a["ascii"], b["ascii"], inner)
    yield "Reply-To in a mail in the mail", mixed, part % "Hej" + "--=_b\nContent-Type: message/rfc822\n\nReply-To: %s\nMail-Followup-To: %s\n%s\n--=_b--\n" % (a["ascii"], b["ascii"], inner)


def script(method, people, more=()):
    """Google's markup for mail programs in the HTML of an invitation."""
    return "<script type=\"application/ld+json\">{\"@type\":\"Event\",\"attendee\":[%s]}</script>" % ",".join('{"email":"%s"}' % p["ascii"] for p in people)


def calendars(pick, make, wrap):
    """Yields a name, the content's fields and the body of odd invitations."""
    lines = [
        ("delegates", lambda a, b, c: ["ATTENDEE;DELEGATED-TO=\"mailto:%s\";CN=Ole:mailto:ole.lund@region.example" % a["ascii"]]),
        ("delegated from", lambda a, b, c: ["ATTENDEE;DELEGATED-FROM=\"mailto:%s\":mailto:ole.lund@region.example" % a["ascii"]]),
        ("sent by", lambda a, b, c: ["ATTENDEE;SENT-BY=\"mailto:%s\":mailto:ole.lund@region.example" % a["ascii"]]),
        ("members of a group", lambda a, b, c: ["ATTENDEE;CUTYPE=GROUP;MEMBER=\"mailto:%s\",\"mailto:%s\":mailto:holdet@region.example" % (a["ascii"], b["ascii"])]),
        ("e-mail parameter", lambda a, b, c: ["ATTENDEE;EMAIL=%s;CN=Gæst:urn:uuid:1" % a["ascii"]]),
        ("X parameters", lambda a, b, c: ["ATTENDEE;CN=Ole;X-SENT-TO=%s:mailto:ole.lund@region.example" % a["ascii"]]),
        ("directory", lambda a, b, c: ["ATTENDEE;DIR=\"ldap://d.example/cn=%s\":mailto:ole.lund@region.example" % a["name"].replace(" ", "%20")]),
        ("summary", lambda a, b, c: ["SUMMARY:Møde: %s\\, %s" % (a["name"], b["name"])]),
        ("guests in the text", lambda a, b, c: ["DESCRIPTION:Gæster:\\n%s\\n%s\\n-::~:~::~:~" % (a["ascii"], b["ascii"])]),
        ("guests in the text by link", lambda a, b, c: ["DESCRIPTION:Se https://calendar.example/?eid=%s" % b64("x %s" % a["ascii"]).rstrip("=")]),
        ("Outlook's block in the text", lambda a, b, c: ["DESCRIPTION:Hvornår: torsdag\\nFra: %s\\nSendt: i dag\\nTil: %s\\; %s\\nEmne: Møde" % (angle(OFFICE), angle(a), angle(b))]),
        ("HTML of the text", lambda a, b, c: ["X-ALT-DESC;FMTTYPE=text/html:<html><body><a href=\"mailto:%s\">%s</a></body></html>" % (a["ascii"], a["name"])]),
        ("comment", lambda a, b, c: ["COMMENT:%s kommer ikke" % a["name"]]),
        ("Microsoft's fields", lambda a, b, c: ["X-MS-OLK-SENDER;CN=\"%s\":mailto:%s" % (a["name"], a["ascii"]), "X-MICROSOFT-ATTENDEES:%s" % b["ascii"]]),
        ("Lotus's fields", lambda a, b, c: ["X-LOTUS-REQUIREDATTENDEES:%s" % a["ascii"], "X-LOTUS-CHANGE-INVITEES:%s" % b["ascii"]]),
        ("Apple's fields", lambda a, b, c: ["X-CALENDARSERVER-ATTENDEE-COMMENT;X-CALENDARSERVER-ATTENDEE-REF=\"mailto:%s\":ja" % a["ascii"]]),
        ("answer's status", lambda a, b, c: ["REQUEST-STATUS:3.7;Invalid user;ATTENDEE:mailto:%s" % a["ascii"]]),
        ("contact", lambda a, b, c: ["CONTACT;ALTREP=\"mailto:%s\":%s" % (a["ascii"], a["name"])]),
        ("alarm by mail", lambda a, b, c: ["BEGIN:VALARM", "ACTION:EMAIL", "TRIGGER:-PT1H", "SUMMARY:x", "DESCRIPTION:x", "ATTENDEE:mailto:%s" % a["ascii"], "END:VALARM"]),
        ("participants (RFC 9073)", lambda a, b, c: ["BEGIN:PARTICIPANT", "UID:1", "PARTICIPANT-TYPE:ACTIVE", "CALENDAR-ADDRESS:mailto:%s" % a["ascii"], "END:PARTICIPANT"]),
        ("location and resources", lambda a, b, c: ["LOCATION:Hos %s" % a["name"], "RESOURCES:%s" % b["ascii"]]),
        ("categories", lambda a, b, c: ["CATEGORIES:%s,Møde" % a["name"]]),
        ("small letters", lambda a, b, c: ["attendee;cn=%s:MAILTO:%s" % (a["name"], a["ascii"].upper())]),
        ("quoted and escaped", lambda a, b, c: ["ATTENDEE;CN=\"%s\":mailto:%s" % (a["name"].replace(" ", " ^n"), a["ascii"].replace("@", "%40"))]),
    ]
    n = 0
    for name, more in lines:
        a, b, c = pick(n, 3)
        yield (name,) + wrap[n % len(wrap)](make[n % len(make)]("REQUEST", [a, c, OFFICE], more(a, b, c)), "REQUEST")
        n += 1
    for method in ("REPLY", "COUNTER", "ADD", "REFRESH", "DECLINECOUNTER", "PUBLISH"):
        a, b, c = pick(n, 3)
        yield ("method " + method,) + wrap[n % len(wrap)](make[n % len(make)](method, [a, b, OFFICE]), method)
        n += 1
    a, b, c = pick(n, 3)
    text = make[0]("REQUEST", [a, b, OFFICE])
    yield ("guests in Google's markup", 'MIME-Version: 1.0\nContent-Type: multipart/alternative; boundary="=_b"',
           "--=_b\nContent-Type: text/html; charset=utf-8\n\n<html><body>%s<table><tr><td>Gæster</td></tr><tr><td><a href=\"mailto:%s\">%s</a></td></tr></table></body></html>\n"
           "--=_b\nContent-Type: text/calendar; charset=utf-8; method=REQUEST\nContent-Transfer-Encoding: 8bit\n\n%s--=_b--\n" % (script("", [a, b]), a["ascii"], a["name"], text))
    for name, kind in (("jCal", "application/calendar+json"), ("xCal", "application/calendar+xml")):
        body = '["vcalendar",[],[["vevent",[["attendee",{},"cal-address","mailto:%s"],["attendee",{},"cal-address","mailto:%s"]],[]]]]' % (a["ascii"], b["ascii"])
        if "xml" in kind:
            body = "<icalendar xmlns=\"urn:ietf:params:xml:ns:icalendar-2.0\"><vcalendar><components><vevent><properties><attendee><cal-address>mailto:%s</cal-address></attendee></properties></vevent></components></vcalendar></icalendar>" % a["ascii"]
        yield name, "MIME-Version: 1.0\nContent-Type: %s; charset=utf-8\nContent-Transfer-Encoding: 7bit" % kind, body + "\n"
    yield "vCalendar 1.0", "MIME-Version: 1.0\nContent-Type: text/x-vcalendar; charset=utf-8\nContent-Transfer-Encoding: 8bit", (
        "BEGIN:VCALENDAR\nVERSION:1.0\nBEGIN:VEVENT\nATTENDEE;ROLE=ATTENDEE;ENCODING=QUOTED-PRINTABLE:%s <%s>\nEND:VEVENT\nEND:VCALENDAR\n" % (qp(a["name"]), a["ascii"]))
    yield "in UTF-16", "MIME-Version: 1.0\nContent-Type: text/calendar; charset=utf-16; method=REQUEST\nContent-Transfer-Encoding: base64", base64.encodebytes(text.encode("utf-16")).decode()
    yield "lines that end in LF or nothing", "MIME-Version: 1.0\nContent-Type: text/calendar; charset=utf-8; method=REQUEST\nContent-Transfer-Encoding: base64", base64.encodebytes(text.rstrip("\n").encode()).decode()


def add(c, pick, programs, languages):
    """Adds every door to a corpus."""
    for n, program in enumerate(programs):
        if n % 4:
            continue
        people = pick(n, 4)
        readers = [p["address"] for p in people] + [OFFICE["address"]]
        for i, (door, extra) in enumerate(fields(*people)):
            c.add("doors", "hostile field: %s, %s" % (door, program.name), program.mail(languages[i % 5], people[:1] + [OFFICE], people[1:2], fields=extra), readers)
    for n in range(2):
        a, b, d = pick(n * 3, 3)
        for i, (door, head, text) in enumerate(parts(a, b, d)):
            program = programs[(i + n) % len(programs)]
            c.add("doors", "hostile part: " + door, program.envelope(languages[i % 5], [a, OFFICE], [b], fields="").replace("MIME-Version: 1.0\n", "").replace("Mime-Version: 1.0 (Mac OS X Mail 16.0 \\(3774.100.2.1.4\\))\n", "") + head + "\n\n" + text,
                  [a["address"], b["address"], d["address"], OFFICE["address"]])
    n = 0
    for door, build in QUOTED:
        for language in ("da", "nn", "is", "de", "sv", "fi")[n % 2::2]:
            a, b, d, e = pick(n, 4)
            kind, text = build(language, OFFICE, [a, REP, b], [d])
            program = programs[n % len(programs)]
            c.add("doors", "hostile quote: %s, %s" % (door, language), program.wrap(language, [OFFICE], [], kind, text, n), [OFFICE["address"], d["address"], e["address"]])
            n += 1
    for n in range(2):
        a, b, d = pick(n * 5, 3)
        for i, (door, head, text) in enumerate(bodies(a, b, d)):
            program = programs[(i + n) % len(programs)]
            raw = program.envelope(languages[i % 5], [OFFICE], [], "").replace("MIME-Version: 1.0\n", "").replace("Mime-Version: 1.0 (Mac OS X Mail 16.0 \\(3774.100.2.1.4\\))\n", "") + head + "\n\n" + text
            c.add("doors", "hostile body: " + door, raw, [OFFICE["address"], d["address"], EMPLOYER["address"]])
