"""Shapes of programs and services that are no mail programs, and what they leave in mail.

fields() stand in the header beside To and Cc; bodies() list members whom the
header does not name, in a body or a file, and are tried under the whole policy:
a list of members is personal data.
"""

import base64
import binascii
import hashlib
import io
import json
import zipfile
import zlib

from calendars import google
from everyday import RELS, TYPES, zipped
from insides import angle, escaped
from people import EMPLOYER, OFFICE, REP, b_word, q_word


def url64(octets):
    return base64.urlsafe_b64encode(octets).decode().rstrip("=")


def fields(a, b, c):
    """Yields each door and the fields that open it. a and b stand in To and Cc."""
    x, y = a["ascii"], b["ascii"]
    sha = {n: hashlib.new(n, x.encode()) for n in ("sha512", "sha384", "sha224", "sha256", "sha1", "md5")}
    unsubscribe = lambda token: "List-Unsubscribe: <https://l.example/u/%s>\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\n" % token
    yield "unsubscribe by the address in hexadecimal", unsubscribe(binascii.hexlify(x.encode()).decode())
    yield "unsubscribe by the address in capitals of hexadecimal", unsubscribe(binascii.hexlify(x.encode()).decode().upper())
    yield "unsubscribe by the address in base64 for URLs", unsubscribe(url64(b"\xfb\xff" + x.encode() + b"|1"))
    yield "unsubscribe by the address in base32", unsubscribe(base64.b32encode(x.encode()).decode())
    yield "unsubscribe by a token of JSON", unsubscribe("%s.%s.%s" % (url64(b'{"alg":"HS256"}'), url64(json.dumps({"email": x, "list": 7}).encode()), url64(b"s" * 32)))
    yield "unsubscribe by base64 in base64", unsubscribe(url64(base64.b64encode(x.encode())))
    for name, sum in sha.items():
        yield "unsubscribe by " + name, unsubscribe(sum.hexdigest())
        yield "unsubscribe by %s in base64" % name, unsubscribe(url64(sum.digest()))
    yield "sha512 in Comments", "Comments: %s\n" % sha["sha512"].hexdigest()
    yield "the address in hexadecimal in User-Agent", "User-Agent: Mail/1.0 %s\n" % binascii.hexlify(x.encode()).decode()
    yield "Google Groups", ("X-Original-Sender: %s\nX-Original-Authentication-Results: gmr-mx.google.example; spf=pass smtp.mailfrom=%s\nPrecedence: list\n"
                            "Mailing-list: list tr@forening.example; contact tr+owners@forening.example\nX-Spam-Checked-In-Group: tr@forening.example\n"
                            "List-ID: <tr.forening.example>\nX-Google-Group-Id: 77\nList-Unsubscribe: <mailto:googlegroups-manage+77+unsubscribe@g.example?body=%s>\n" % (x, y, x))
    yield "Outlook's flag", "X-Message-Flag: Ring til %s\nReply-By: Fri, 27 Nov 2026 10:00:00 +0100\n" % a["name"]
    yield "Outlook's flag in encoded words", "X-Message-Flag: %s\n" % q_word("Svar %s inden fredag" % a["name"], "utf-8")
    yield "Outlook's delegate", "X-MS-Exchange-MessageSentRepresentingType: 2\nX-MS-Exchange-SentRepresenting: %s\n" % x
    yield "mail tracking", "X-MailTrack-Recipients: %s\nX-Mixmax: %s\nX-HS-Cid: 0%s\n" % (url64(x.encode()), x, url64(y.encode()))
    yield "Zoom's host", "X-Zoom-Invitees: %s;%s\nX-SG-EID: u001.%s\n" % (x, y, url64(b"\x01" + x.encode()))
    yield "a name before a visible address, in another spelling", "Reply-To: %s <%s>\n" % (q_word("%s, %s via TR" % (a["name"].split()[-1], a["name"].split()[0]), "utf-8"), OFFICE["address"])
    yield "a name before a visible address, without accents", "Reply-To: \"%s via TR\" <%s>\n" % (a["name"].translate(str.maketrans("øæåäöüØÆÅÄÖÜ", "oaaaouOAAAOU")), OFFICE["address"])
    yield "the name of somebody else before a visible address", "Reply-To: %s <%s>\n" % (q_word(c["name"] + " (via TR)", "utf-8"), OFFICE["address"])
    yield "a sum before a visible address", "Reply-To: %s <%s>\n" % (sha["md5"].hexdigest(), OFFICE["address"])
    yield "the name of a group", "Reply-To: %s: %s, %s;\n" % (q_word("%s og co" % a["name"], "utf-8"), OFFICE["address"], y)
    yield "a comment beside a visible address", "Reply-To: %s (for %s)\n" % (OFFICE["address"], x)
    yield "a name in a comment beside a visible address", "Reply-To: %s (for %s)\n" % (OFFICE["address"], a["name"] if a["name"].isascii() else q_word(a["name"], "utf-8"))


def writers(a, c):
    """Yields each door and the writer's mailbox that opens it."""
    yield "the writer's name has a reader's", '%s <%s>' % (q_word("Anna Holm for %s" % a["name"], "utf-8"), REP["address"])
    yield "the writer's name has a reader's, last name first", '"Anna (for %s, %s)" <%s>' % (a["name"].split()[-1], a["name"].split()[0], REP["address"])
    yield "the writer's name has somebody else's", '%s <%s>' % (b_word("Anna Holm p.v.a. %s" % c["name"]), REP["address"])
    yield "a comment beside the writer", '%s (for %s)' % (REP["address"], a["ascii"])


def related(cid, extra=""):
    """An image that is named by cid, with more fields."""
    return ('MIME-Version: 1.0\nContent-Type: multipart/related; boundary="=_r"',
            '--=_r\nContent-Type: text/html; charset=utf-8\n\n<html><body><img src="cid:%s"></body></html>\n'
            "--=_r\nContent-Type: image/png; name=a.png\nContent-ID: <%s>\n%sContent-Transfer-Encoding: base64\n\niVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==\n--=_r--\n" % (cid, cid, extra))


def parts(a):
    """Yields a name, the content's fields and the body: names of parts that are made of addresses."""
    x = a["ascii"]
    yield ("an image named by an address",) + related(x)
    yield ("an image named by the sum of an address",) + related(hashlib.md5(x.encode()).hexdigest() + "@img.example")
    yield ("an image named by an address in hexadecimal",) + related(binascii.hexlify(x.encode()).decode() + "@img.example")
    yield ("an image named by the address of its portrait",) + related("foto." + x.replace("@", "_at_") + "@img.example", "Content-Location: https://p.example/avatar/%s.png\n" % hashlib.sha512(x.encode()).hexdigest())


def with_file(name, kind, octets):
    return ('MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="=_m"',
            "--=_m\nContent-Type: text/plain; charset=utf-8\n\nSe filen.\n--=_m\nContent-Type: %s; name=\"%s\"\nContent-Disposition: attachment; filename=\"%s\"\nContent-Transfer-Encoding: base64\n\n%s--=_m--\n"
            % (kind, name, name, base64.encodebytes(octets).decode()))


def html(body):
    return "MIME-Version: 1.0\nContent-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: base64", base64.encodebytes(("<html><body>%s</body></html>" % body).encode()).decode()


def plain(body, kind="plain"):
    return "MIME-Version: 1.0\nContent-Type: text/%s; charset=utf-8\nContent-Transfer-Encoding: base64" % kind, base64.encodebytes(body.encode()).decode()


def pdf(lines):
    """A page of text, compressed, as small writers of PDF make it."""
    text = "BT /F1 11 Tf 50 780 Td 14 TL\n" + "".join("(%s) Tj T*\n" % l.replace("(", "\\(").replace(")", "\\)") for l in lines) + "ET"
    stream = zlib.compress(text.encode("cp1252", "replace"))
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
               b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
               b"<< /Length %d /Filter /FlateDecode >>\nstream\n" % len(stream) + stream + b"\nendstream",
               b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"]
    out, at = b"%PDF-1.4\n", []
    for n, o in enumerate(objects, 1):
        at.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (n, o)
    start = len(out)
    out += b"xref\n0 6\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % o for o in at)
    return out + b"trailer\n<< /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % start


def bodies(people):
    """Yields a name, the content's fields and the body. The people are members whom the header does not name."""
    addresses = [p["ascii"] for p in people]
    both = [angle(p) for p in people]
    inner = "From: %s\nTo: %s\nSubject: Skema\nDate: Fri, 20 Nov 2026 08:00:00 +0100\nMIME-Version: 1.0\nContent-Type: text/plain\n\nSe skemaet.\n" % (EMPLOYER["address"], ", ".join(addresses))
    vcards = "".join("BEGIN:VCARD\r\nVERSION:3.0\r\nFN:%s\r\nN:%s;%s;;;\r\nEMAIL;TYPE=INTERNET:%s\r\nEND:VCARD\r\n" % (p["name"], p["name"].split()[-1], p["name"].split()[0], p["address"]) for p in people)
    yield ("mailto of several in HTML",) + html('<p>Skriv til <a href="mailto:%s?subject=Hej">alle</a></p>' % ",".join(addresses))
    yield ("mailto with cc and bcc in HTML",) + html('<p><a href="mailto:%s?cc=%s&amp;bcc=%s">Svar alle</a></p>' % tuple(addresses[:3]))
    yield ("mailto in escapes in HTML",) + html('<p><a href="mailto:%s">Svar alle</a></p>' % "%2C".join(a.replace("@", "%40") for a in addresses))
    yield ("mailto of several in text",) + plain("Svar alle: mailto:%s?cc=%s\n" % (",".join(addresses[:2]), ",".join(addresses[2:])))
    yield ("an HTML comment",) + html("<p>Hej</p><!-- til: %s -->" % "; ".join(both))
    yield ("a conditional comment of Outlook",) + html("<p>Hej</p><!--[if gte mso 9]><xml><o:To>%s</o:To></xml><![endif]-->" % "; ".join(addresses))
    yield ("hidden in style",) + html('<div style="display:none">%s</div><p>Hej</p>' % ", ".join(map(escaped, people)))
    yield ("attributes of data",) + html("<p>Hej</p>" + "".join('<span data-email="%s" title="%s"></span>' % (p["ascii"], p["name"]) for p in people))
    yield ("Outlook's mentions",) + html("".join('<a id="OWAAM%d" href="mailto:%s">@%s</a> ' % (i, p["ascii"], p["name"]) for i, p in enumerate(people)))
    yield ("tracking links with addresses",) + html("".join('<a href="https://t.example/c?e=%s&amp;n=1">Læs</a>' % a.replace("@", "%40") for a in addresses))
    yield ("tracking links with base64",) + html("".join('<a href="https://t.example/c/%s">Læs</a>' % url64(a.encode()) for a in addresses))
    yield ("tracking images in hexadecimal",) + html("".join('<img width=1 src="https://t.example/o/%s.gif">' % binascii.hexlify(a.encode()).decode() for a in addresses))
    yield ("markup for mail programs",) + html('<script type="application/ld+json">%s</script><p>Hej</p>' % json.dumps({"@type": "Event", "attendee": [{"@type": "Person", "email": p["ascii"], "name": p["name"]} for p in people]}))
    yield ("Teams' text of an invitation",) + plain("Microsoft Teams-møde\nDeltag på din computer\nhttps://teams.example/l/meetup-join/19%%3ameeting\n\nArrangør: Anna Holm\nNødvendige deltagere: %s\nValgfri deltagere: %s\n" % ("; ".join(both[:2]), "; ".join(both[2:])))
    yield ("Teams' text with names alone",) + plain("Microsoft Teams-møde\n\nArrangør: Anna Holm\nNødvendige deltagere: %s\n" % "; ".join(p["name"] for p in people))
    yield ("Zoom's summary",) + html("<h2>Mødereferat</h2><p>Deltagere</p><ul>%s</ul>" % "".join("<li>%s (%s)</li>" % (p["name"], p["ascii"]) for p in people))
    yield ("Google's guests",) + html("<table>%s</table>" % "".join('<tr><td><span itemprop="attendee" itemscope itemtype="http://schema.org/Person"><span itemprop="name">%s</span><meta itemprop="email" content="%s"></span></td></tr>' % (p["name"], p["ascii"]) for p in people))
    yield ("a poll's answers",) + html("<table><tr><th>Navn</th><th>Torsdag</th></tr>%s</table>" % "".join("<tr><td>%s</td><td>&#10003;</td></tr>" % p["name"] for p in people) + "<p>%s</p>" % " ".join(addresses))
    yield ("votes of Outlook",) + plain("Godkend: 3\nAfvis: 0\n\nModtager\tSvar\n%s\n" % "\n".join("%s\tGodkend: 20-11-2026 10:12" % angle(p) for p in people))
    yield ("the footer of a group",) + plain("Hej\n\n-- \nDu modtager denne mail, fordi du er medlem af gruppen \"TR\".\nMedlemmer: %s\n" % ", ".join(addresses))
    yield ("AMP",) + ('MIME-Version: 1.0\nContent-Type: multipart/alternative; boundary="=_b"', "--=_b\nContent-Type: text/plain\n\nHej\n--=_b\nContent-Type: text/x-amp-html; charset=utf-8\n\n<!doctype html><html amp4email><body><amp-state id=s><script type=\"application/json\">%s</script></amp-state><p>Hej</p></body></html>\n--=_b--\n" % json.dumps(addresses))
    yield ("vCards",) + with_file("kontakter.vcf", "text/vcard", vcards.encode())
    yield ("vCards in the body",) + plain(vcards, "vcard")
    yield ("a calendar in a file of no type",) + with_file("moede.ics", "application/octet-stream", google("REQUEST", people).encode())
    yield ("a calendar in an archive",) + with_file("moede.zip", "application/zip", zipped({"moede.ics": google("REQUEST", people)}))
    yield ("a mail in an archive",) + with_file("traad.zip", "application/zip", zipped({"svar.eml": inner}))
    yield ("a mail in an archive in an archive",) + with_file("traad.zip", "application/zip", zipped({"indre.zip": zipped({"svar.eml": inner})}))
    yield ("names of the files in an archive",) + with_file("svar.zip", "application/zip", zipped({"%s.txt" % a: "ok" for a in addresses}))
    yield ("a comment of an archive",) + with_file("svar.zip", "application/zip", commented(", ".join(addresses)))
    yield ("a list as PDF",) + with_file("liste.pdf", "application/pdf", pdf(["Deltagere"] + both))
    yield ("a list as CSV",) + with_file("liste.csv", "text/csv", ("Navn;E-mail\n" + "".join("%s;%s\n" % (p["name"], p["address"]) for p in people)).encode("cp1252", "replace"))
    yield ("a list as JSON",) + with_file("liste.json", "application/json", json.dumps([{"mail": a} for a in addresses]).encode())
    yield ("a list as XML",) + with_file("liste.xml", "application/xml", ("<r>%s</r>" % "".join('<p mail="%s"/>' % a for a in addresses)).encode())
    yield ("a list as SQL",) + with_file("liste.sql", "application/sql", "".join("INSERT INTO m VALUES ('%s');\n" % a for a in addresses).encode())
    yield ("a picture with words of XMP",) + with_file("foto.jpg", "image/jpeg", b"\xff\xd8\xff\xe1" + (lambda s: (len(s) + 2).to_bytes(2, "big") + s)(b"http://ns.adobe.com/xap/1.0/\x00<x:xmpmeta>%s</x:xmpmeta>" % ", ".join(addresses).encode()) + b"\xff\xd9")
    yield ("a drawing",) + with_file("tegning.svg", "image/svg+xml", ("<svg xmlns=\"http://www.w3.org/2000/svg\">%s</svg>" % "".join("<text y='%d'>%s</text>" % (i, l) for i, l in enumerate(addresses))).encode())
    yield ("properties of a document",) + with_file("plan.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", zipped({
        "[Content_Types].xml": TYPES % ("/word/document.xml", "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"), "_rels/.rels": RELS % "word/document.xml",
        "docProps/core.xml": '<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:creator>%s</dc:creator></cp:coreProperties>' % "; ".join(addresses),
        "word/document.xml": '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body><w:p><w:r><w:t>Plan</w:t></w:r></w:p></w:body></w:document>'}))
    yield ("links of a document",) + with_file("plan.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", zipped({
        "[Content_Types].xml": TYPES % ("/word/document.xml", "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"), "_rels/.rels": RELS % "word/document.xml",
        "word/_rels/document.xml.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">%s</Relationships>' % "".join(
            '<Relationship Id="h%d" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/hyperlink" Target="mailto:%s" TargetMode="External"/>' % (i, a) for i, a in enumerate(addresses)),
        "word/document.xml": '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body><w:p><w:r><w:t>Skriv til os</w:t></w:r></w:p></w:body></w:document>'}))


def commented(comment):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as z:
        z.writestr(zipfile.ZipInfo("a.txt", (2026, 11, 20, 8, 0, 0)), "ok")
        z.comment = comment.encode()
    return out.getvalue()


def add(c, pick, programs, languages):
    """Adds every shape to a corpus."""
    bare = lambda raw: raw.replace("MIME-Version: 1.0\n", "").replace("Mime-Version: 1.0 (Mac OS X Mail 16.0 \\(3774.100.2.1.4\\))\n", "")
    n = 0
    for start in (0, 4):
        a, b, d = pick(start, 3)
        readers = [p["address"] for p in (a, b, OFFICE, EMPLOYER)]
        for door, extra in fields(a, b, d):
            n += 1
            c.add("doors", "wild field: " + door, programs[n % len(programs)].mail(languages[n % 5], [a, OFFICE], [b], fields=extra), readers)
        for door, mailbox in writers(a, d):
            n += 1
            raw = "From: %s\n%s" % (mailbox, "".join(bare(programs[3].mail(languages[n % 5], [a, OFFICE], [b])).replace("From: Anna Holm <%s>\n" % REP["address"], "")))
            c.add("doors", "wild writer: " + door, raw, readers)
        for door, head, text in parts(a):
            n += 1
            c.add("doors", "wild part: " + door, bare(programs[n % len(programs)].envelope(languages[n % 5], [a, OFFICE], [b], "")) + head + "\n\n" + text, readers)
        people, (e,) = pick(start + 3, 4), pick(start + 7, 1)
        for door, head, text in bodies(people):
            n += 1
            c.add("lists", "wild body: " + door, bare(programs[n % len(programs)].envelope(languages[n % 5], [e, OFFICE], [], "")) + head + "\n\n" + text, [e["address"], OFFICE["address"], EMPLOYER["address"]], visible=[e["address"]])
