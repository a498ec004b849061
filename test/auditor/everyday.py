"""Ordinary mail of everyday work: every program, language, content and encoding.

Each mail is put together from sentences by a generator with a fixed seed, so no
two are alike and all are the same every time. Nobody is to be hidden in any:
they go to one member, to the union's office, or to nobody of the union.
"""

import base64
import io
import random
import zipfile

from calendars import google, outlook
from insides import QUOTED, angle
from ordinary import TAG
from people import EMPLOYER, MEMBERS, OFFICE, OFFICE2, PRIVATE, REP, STRANGER, able, mailbox, q_word
from programs import PROGRAMS, part
from words import WORDS

SENTENCES = {
    "da": ["Lokalet på tredje sal er ledigt fra klokken ni.", "Kaffemaskinen bliver repareret i næste uge.", "Husk at skrive jer på listen til sommerfesten.",
           "Parkeringspladsen ved indgangen er spærret på mandag.", "Jeg har lagt dagsordenen på fællesdrevet.", "Kantinen serverer stegt flæsk på fredag.",
           "Toget var forsinket, så jeg kommer ti minutter senere.", "Vi tager punktet om arbejdstid til sidst.", "Der er nye nøgler til cykelskuret i receptionen.",
           "Projektoren virker igen – prøv gerne kablet først.", "Skærmene bliver skiftet ud i løbet af efteråret.", "God weekend, når I når så langt."],
    "nb": ["Rommet i tredje etasje er ledig fra klokka ni.", "Kaffemaskinen blir reparert neste uke.", "Husk å skrive dere på lista til sommerfesten.",
           "Parkeringsplassen ved inngangen er stengt på mandag.", "Jeg har lagt sakslista på fellesområdet.", "Kantina serverer fårikål på fredag.",
           "Bussen var forsinket, så jeg kommer ti minutter senere.", "Vi tar punktet om arbeidstid til slutt.", "Det ligger nye nøkler til sykkelboden i resepsjonen.",
           "Projektoren virker igjen – prøv gjerne kabelen først.", "Skjermene blir byttet ut i løpet av høsten.", "God helg når dere kommer så langt."],
    "nn": ["Rommet i tredje høgda er ledig frå klokka ni.", "Kaffimaskina blir reparert neste veke.", "Hugs å skrive dykk på lista til sommarfesten.",
           "Parkeringsplassen ved inngangen er stengd på måndag.", "Eg har lagt sakslista på fellesområdet.", "Kantina serverer fårikål på fredag.",
           "Bussen var forseinka, så eg kjem ti minutt seinare.", "Vi tek punktet om arbeidstid til slutt.", "Det ligg nye nyklar til sykkelbua i resepsjonen."],
    "sv": ["Rummet på tredje våningen är ledigt från klockan nio.", "Kaffemaskinen lagas nästa vecka.", "Kom ihåg att skriva upp er på listan till sommarfesten.",
           "Parkeringen vid entrén är avstängd på måndag.", "Jag har lagt dagordningen på den gemensamma disken.", "Matsalen serverar pannkakor på torsdag.",
           "Tåget var försenat, så jag kommer tio minuter senare.", "Vi tar punkten om arbetstid sist.", "Det finns nya nycklar till cykelrummet i receptionen.",
           "Projektorn fungerar igen – prova gärna kabeln först.", "Skärmarna byts ut under hösten.", "Trevlig helg när ni kommer så långt."],
    "fi": ["Kolmannen kerroksen huone on vapaa kello yhdeksästä.", "Kahvinkeitin korjataan ensi viikolla.", "Muistakaa ilmoittautua kesäjuhliin.",
           "Sisäänkäynnin pysäköintialue on suljettu maanantaina.", "Esityslista on yhteisellä levyllä.", "Ruokalassa on perjantaina hernekeittoa.",
           "Juna oli myöhässä, joten tulen kymmenen minuuttia myöhemmin.", "Otamme työaikaa koskevan kohdan viimeisenä.", "Pyörävaraston uudet avaimet ovat vastaanotossa."],
    "is": ["Herbergið á þriðju hæð er laust frá klukkan níu.", "Gert verður við kaffivélina í næstu viku.", "Munið að skrá ykkur á sumarhátíðina.",
           "Bílastæðið við innganginn er lokað á mánudag.", "Ég setti dagskrána á sameiginlega drifið.", "Mötuneytið býður upp á plokkfisk á föstudag.",
           "Strætó var seinn, svo ég kem tíu mínútum síðar.", "Við tökum liðinn um vinnutíma síðast.", "Nýir lyklar að hjólageymslunni eru í afgreiðslunni."],
    "en": ["The room on the third floor is free from nine.", "The coffee machine will be mended next week.", "Please sign up for the summer party.",
           "The car park by the entrance is closed on Monday.", "I have put the agenda on the shared drive.", "The canteen serves pancakes on Thursday.",
           "The train was late, so I will be there ten minutes later.", "We take the item on working hours last.", "There are new keys to the bicycle shed at the front desk.",
           "The projector works again – try the cable first.", "The screens are replaced during the autumn.", "Have a good weekend when you get that far."],
    "de": ["Der Raum im dritten Stock ist ab neun Uhr frei.", "Die Kaffeemaschine wird nächste Woche repariert.", "Bitte tragt euch für das Sommerfest ein.",
           "Der Parkplatz am Eingang ist am Montag gesperrt.", "Ich habe die Tagesordnung auf das gemeinsame Laufwerk gelegt.", "Die Kantine serviert am Freitag Grünkohl.",
           "Der Zug hatte Verspätung, deshalb komme ich zehn Minuten später.", "Den Punkt zur Arbeitszeit nehmen wir zuletzt.", "Neue Schlüssel für den Fahrradkeller liegen am Empfang."],
}


class Maker:
    """Makes one mail after the other."""

    def __init__(self, n, program, language):
        self.n, self.program, self.language = n, program, language
        self.count = 0
        self.any = random.Random("%d %s %s" % (n, program.name, language))
        self.w = WORDS[language]
        self.boundary = self.any.choice(["=_%08x", "----=_NextPart_000_%08X", "_000_%08xAM0PR05_", "b1_%08x", "Apple-Mail=_%08X", "000000000000%08x", "------------%08x"]) % self.any.getrandbits(32)

    def text(self, paragraphs=2):
        some = SENTENCES[self.language]
        return "\n\n".join(" ".join(self.any.sample(some, self.any.randint(1, 4))) for _ in range(paragraphs)) + "\n"

    def letter(self, paragraphs=2):
        return "%s\n\n%s\n%s\n" % (self.w["hello"], self.text(paragraphs), self.any.choice(["Anna", "-- \nAnna Holm\nTillidsrepræsentant", "Mvh Anna", "/Anna"]))

    def html(self, more=""):
        size = self.any.randint(9, 14)
        shapes = [
            '<html><head><meta http-equiv="Content-Type" content="text/html"><style><!-- p.MsoNormal {margin:0cm; font-size:%d.0pt} --></style></head><body lang="DA" link="#0563C1">\n<div class="WordSection1">\n%s%s</div></body></html>\n',
            '<div dir="ltr" style="font-size:%dpx">%s%s</div>\n', '<!DOCTYPE html>\n<html><body style="overflow-wrap: break-word; font-size: %dpx">%s<br>%s</body></html>\n',
            '<HTML><BODY><FONT size=%d>%s</FONT>%s</BODY></HTML>\n',
        ]
        paragraphs = "".join("<p class=MsoNormal>%s<o:p></o:p></p>\n" % p.replace(" – ", self.any.choice([" &ndash; ", " – ", "&nbsp;– "])) for p in self.letter().split("\n\n"))
        return self.any.choice(shapes) % (size, paragraphs, more)

    def body(self, kind, text):
        charset, encoding = self.any.choice([("utf-8", "8bit"), ("utf-8", "quoted-printable"), ("utf-8", "base64"), ("iso-8859-1", "quoted-printable"), ("iso-8859-1", "8bit"),
                                             ("windows-1252", "quoted-printable"), ("windows-1252", "base64"), ("UTF-8", "7bit")])
        if encoding == "7bit":
            text, charset = "".join(c if ord(c) < 128 else "?" for c in text), "us-ascii"
        if able(text, charset) != charset and charset != "us-ascii":
            charset = "utf-8"
        if encoding == "8bit" and charset != "utf-8":
            encoding = "quoted-printable"  # a mail here is text in UTF-8
        return part(kind, text, charset, encoding)

    def multi(self, subtype, parts, preamble=""):
        self.count += 1
        b = "%s%d" % (self.boundary, self.count)
        return 'Content-Type: multipart/%s;\n boundary="%s"\n\n%s%s--%s--\n' % (subtype, b, preamble, "".join("--%s\n%s\n" % (b, p) for p in parts), b)

    def nested(self, subtype, parts, **more):
        inner = Maker(self.n + 1, self.program, self.language)
        inner.boundary = "inner" + self.boundary
        return inner.multi(subtype, parts, **more)

    def file(self, name, kind, content):
        quoted = self.any.choice(['filename="%s"', "filename=%s"]) % name if " " not in name else 'filename="%s"' % name
        return 'Content-Type: %s;\n\tname="%s"\nContent-Disposition: attachment;\n\t%s; size=%d\nContent-Transfer-Encoding: base64\n\n%s' % (
            kind, name, quoted, len(content), base64.encodebytes(content).decode())

    # Contents.

    def plain(self):
        return self.body("plain", self.letter(self.any.randint(1, 6)))

    def page(self):
        return self.body("html", self.html())

    def both(self):
        return self.multi("alternative", [self.body("plain", self.letter()), self.body("html", self.html())])

    def reply(self):
        names = [q for q in QUOTED if q[0] not in ("author", "author, HTML")]
        kind, text = self.any.choice(names)[1](self.language, self.reader, [self.reader, REP], [OFFICE])
        if kind == "both":
            return self.multi("alternative", [self.body("plain", text[0]), self.body("html", text[1])])
        return self.body(kind, text)

    def thread(self):
        text = self.text(1)
        for depth in range(self.any.randint(2, 9)):
            who = (self.reader, REP)[depth % 2]
            text = "%s\n%s\n\n%s" % (self.text(1), self.w["wrote"] % angle(who), "".join("> " + line for line in text.splitlines(True)))
        return self.body("plain", text)

    def flowed(self):
        text = "".join(line + (" \n" if self.any.random() < 0.4 and line else "\n") for line in self.letter(4).split("\n"))
        return "Content-Type: text/plain; charset=UTF-8; format=flowed; delsp=%s\nContent-Transfer-Encoding: 8bit\n\n%s" % (self.any.choice(["yes", "no"]), text)

    def office(self):
        name = self.any.choice(["Dagsorden.docx", "Skema uge %d.docx" % self.any.randint(1, 52), "Plan.docx"])
        text = "".join("<w:p><w:r><w:t>%s</w:t></w:r></w:p>" % p for p in self.text(3).split("\n") if p)
        return self.multi("mixed", [self.both(), self.file(name, "application/vnd.openxmlformats-officedocument.wordprocessingml.document", zipped({
            "[Content_Types].xml": TYPES % ("/word/document.xml", "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"),
            "_rels/.rels": RELS % "word/document.xml",
            "word/document.xml": '<?xml version="1.0" encoding="UTF-8"?><w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>%s</w:body></w:document>' % text}))])

    def sheet(self):
        rows = "".join("<row>" + "".join('<c t="inlineStr"><is><t>%s</t></is></c>' % self.any.choice(["kaffe", "te", "mælk", "vand", "brød"]) + "<c><v>%d</v></c>" % self.any.randint(1, 90) for _ in range(3)) + "</row>" for _ in range(self.any.randint(3, 9)))
        return self.multi("mixed", [self.plain(), self.file("Indkøb.xlsx" if self.any.random() < 0.2 else "Budget.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", zipped({
            "[Content_Types].xml": TYPES % ("/xl/worksheets/sheet1.xml", "application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"),
            "xl/workbook.xml": '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="Ark1" sheetId="1" r:id="rId1"/></sheets></workbook>',
            "xl/_rels/workbook.xml.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
            "xl/worksheets/sheet1.xml": '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>%s</sheetData></worksheet>' % rows}))])

    def archive(self):
        return self.multi("mixed", [self.page(), self.file("bilag.zip", "application/zip", zipped({"referat.txt": self.text(2), "plan.txt": self.text(1)}))])

    def textfile(self):
        return self.multi("mixed", [self.plain(), self.file("noter.txt", "text/plain; charset=utf-8", self.text(3).encode()), self.file("priser.csv", "text/csv", b"vare;pris\nkaffe;%d\nte;%d\n" % (self.any.randint(10, 99), self.any.randint(10, 99)))],
                          preamble="This is a multi-part message in MIME format.\n")

    def picture(self):
        cid = "image%03d@01DA%06X" % (self.any.randint(1, 9), self.any.getrandbits(24))
        image = "Content-Type: image/png; name=\"image001.png\"\nContent-ID: <%s>\nContent-Disposition: inline; filename=\"image001.png\"\nContent-Transfer-Encoding: base64\n\n%s" % (cid, base64.encodebytes(PNG).decode())
        return self.multi("related", [self.body("html", self.html('<img width=1 src="cid:%s">' % cid)), image])

    def newsletter(self):
        items = "".join('<tr><td style="padding:%dpx"><a href="https://nyt.forening.example/a/%08x?utm_source=mail">%s</a></td></tr>\n' % (self.any.randint(4, 20), self.any.getrandbits(32), s) for s in self.any.sample(SENTENCES[self.language], 6))
        return self.body("html", '<table width="600" role="presentation">%s</table><p><a href="https://nyt.forening.example/afmeld">Afmeld</a></p>\n' % items)

    def invitation(self):
        make = self.any.choice([google, outlook])
        text = make("REQUEST", [self.reader], ["DESCRIPTION:" + self.text(1).strip().replace(",", "\\,")])
        text = text.replace("SEQUENCE:0", "SEQUENCE:%d" % self.any.randint(0, 5))
        return self.multi("alternative", [self.body("plain", self.letter(1)), "Content-Type: text/calendar; charset=utf-8; method=REQUEST\nContent-Transfer-Encoding: %s" % self.any.choice(["8bit\n\n" + text, "base64\n\n" + base64.encodebytes(text.encode()).decode()])])

    def answer(self):
        text = google("REPLY", [REP]).replace("NEEDS-ACTION", self.any.choice(["ACCEPTED", "DECLINED", "TENTATIVE"])).replace("ORGANIZER;CN=Anna Holm:mailto:" + REP["address"], "ORGANIZER;CN=Kontor:mailto:" + OFFICE2["address"])
        return "Content-Type: text/calendar; charset=utf-8; method=REPLY\nContent-Transfer-Encoding: 8bit\n\n" + text

    def signed(self):
        return self.multi('signed; micalg="pgp-sha256"; protocol="application/pgp-signature"', [self.body("plain", self.letter()), SIGNATURE])

    def stamped(self):
        return self.multi('signed; micalg=sha-256; protocol="application/pkcs7-signature"', [self.both_inner(), STAMP])

    def both_inner(self):
        return self.nested("alternative", [self.body("plain", self.letter()), self.body("html", self.html())])

    def forward(self):
        inner = "From: %s\nTo: %s\nSubject: %s\nDate: Fri, 20 Nov 2026 0%d:00:00 +0100\nMessage-ID: <f%d@region.example>\nMIME-Version: 1.0\n%s" % (
            mailbox(EMPLOYER), mailbox(STRANGER), q_word(self.w["subject"], "utf-8"), self.any.randint(1, 9), self.n, self.plain())
        return self.multi("mixed", [self.plain(), "Content-Type: message/rfc822\nContent-Disposition: attachment\n\n" + inner])

    def minutes(self):
        rows = "".join("<tr><td>%d.</td><td>%s</td><td>%s</td></tr>\n" % (i, s, self.any.choice(["ok", "–", "&#10003;"])) for i, s in enumerate(self.any.sample(SENTENCES[self.language], 5), 1))
        return self.body("html", self.html("<table border=1 cellspacing=0>%s</table>" % rows))

    def empty(self):
        return self.body("plain", self.any.choice(["", "\n", " \n\n", "Ok\n", "👍\n", "?\n"]))

    def long_lines(self):
        return "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n" + (" ".join(self.any.choice(SENTENCES[self.language]) for _ in range(14)))[:900] + "\n \n\t\n" + self.text(1)

    def sealed(self):
        data = bytes([0x84, 0x5e, 3]) + bytes(self.any.getrandbits(8) for _ in range(8)) + b"\x12" + bytes(self.any.getrandbits(8) for _ in range(84))
        cipher = b"\x01" + bytes(self.any.getrandbits(8) for _ in range(180))
        data += bytes([0xd2, len(cipher)]) + cipher if len(cipher) < 192 else b""
        armored = "-----BEGIN PGP MESSAGE-----\n\n%s-----END PGP MESSAGE-----\n" % base64.encodebytes(data).decode()
        return self.multi('encrypted; protocol="application/pgp-encrypted"', ["Content-Type: application/pgp-encrypted\n\nVersion: 1\n", "Content-Type: application/octet-stream; name=encrypted.asc\n\n" + armored])

    def odd_fields(self):
        return self.plain()

    def fields(self, content):
        more = [
            "", "X-Priority: 3 (Normal)\n", "Importance: high\n", "Organization: %s\n" % q_word("Region Nord – HR", "utf-8"), "X-Spam-Status: No, score=-%d.9\n" % self.any.randint(1, 9),
            "In-Reply-To: <%08x@region.example>\nReferences: <a%d@x.example>\n\t<%08x@region.example>\n" % (self.any.getrandbits(32), self.n, self.any.getrandbits(32)), "Reply-To: %s\n" % REP["address"],
            "Disposition-Notification-To: %s\n" % mailbox(REP), "X-Own:  two  blanks \n", "Keywords: plan, %s\n" % self.any.choice(["kaffe", "uge", "møde"]), "Thread-Topic: %s\n" % q_word(self.w["subject"], "utf-8"),
        ]
        if content == "newsletter":
            return "List-Id: Nyt <nyt.forening.example>\nList-Unsubscribe: <https://nyt.forening.example/u/%08x>\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\nPrecedence: bulk\nFeedback-ID: %d:nyt\n" % (self.any.getrandbits(32), self.n)
        if content == "odd_fields":
            return "X-Empty:\nX-FOLDED: a\n\tb\n  c\nx-lower: %08x\nX-Long: %s\nReceived: from laptop by mail.forening.example; Fri, 20 Nov 2026 08:1%d:00 +0100\n" % (self.any.getrandbits(32), "ord " * self.any.randint(20, 60), self.any.randint(0, 9))
        return "".join(self.any.sample(more, self.any.randint(0, 3)))


PNG = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")
SIGNATURE = """Content-Type: application/pgp-signature; name="signature.asc"
Content-Description: OpenPGP digital signature

-----BEGIN PGP SIGNATURE-----

iHUEABYIAB0WIQSW7Y3fIwkVmmJHbNht7AYIEUQeQQUCawJdJwAKCRBt7AYIEUQe
QU+pAP9APGTC5yrFuURm2CaGz8r9FbDRztO2taQ839x5nQwQDQD/W1Ino/pczIw5
klGfMRf3ufPbObopaX0Wnu+ROQRAcwE=
=7CcX
-----END PGP SIGNATURE-----
"""
STAMP = """Content-Type: application/pkcs7-signature; name="smime.p7s"
Content-Disposition: attachment; filename="smime.p7s"
Content-Transfer-Encoding: base64

MIIDKwYJKoZIhvcNAQcCoIIDHDCCAxgCAQExDTALBglghkgBZQMEAgEwCwYJKoZIhvcNAQcBoIIB
dzCCAXMwggEZoAMCAQICFA9c6EH8ZKLFHHbfnLs1XwD9ozPHMAoGCCqGSM49BAMCMA8xDTALBgNV
BAMMBEFubmEwHhcNMjYxMTIyMDMxMDMxWhcNMjYxMTI0MDMxMDMxWjAPMQ0wCwYDVQQDDARBbm5h
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEqUbCFqnMpPU9WzHCVaBqv9qXvLmubg1yxZDGwDMI
/dD1B21ShBvIelVKi5vI1CZOpAelGZSu1uBmrXC2mCPndqNTMFEwHQYDVR0OBBYEFHLcgzb4GZ3x
Rc8sh94Y84Ulu6g7MB8GA1UdIwQYMBaAFHLcgzb4GZ3xRc8sh94Y84Ulu6g7MA8GA1UdEwEB/wQF
MAMBAf8wCgYIKoZIzj0EAwIDSAAwRQIgX15ULIu31gGWLGwDltDqzldlkoBsbgq4MAVSMYJSLLsC
IQCiKfBcm8lsM2OkIH3wEH6UhAkFoDLjbr0ZcwVO1JEUlDGCAXowggF2AgEBMCcwDzENMAsGA1UE
AwwEQW5uYQIUD1zoQfxkosUcdt+cuzVfAP2jM8cwCwYJYIZIAWUDBAIBoIHkMBgGCSqGSIb3DQEJ
AzELBgkqhkiG9w0BBwEwHAYJKoZIhvcNAQkFMQ8XDTI2MTEyMjAzMTAzMVowLwYJKoZIhvcNAQkE
MSIEIPAiZqrqAqaFXDIbKkUhOlwbx7gr/M6qydTXbeO+Q9UTMHkGCSqGSIb3DQEJDzFsMGowCwYJ
YIZIAWUDBAEqMAsGCWCGSAFlAwQBFjALBglghkgBZQMEAQIwCgYIKoZIhvcNAwcwDgYIKoZIhvcN
AwICAgCAMA0GCCqGSIb3DQMCAgFAMAcGBSsOAwIHMA0GCCqGSIb3DQMCAgEoMAoGCCqGSM49BAMC
BEgwRgIhAPRqc8ctXrlDpIyxXrSXyOuEQFr2JITntYuP41xK4TJpAiEA+x8ertGxsaba1aQ26uaH
ppD6yrDVqGBwgv5bamLQXDo=
"""
TYPES = '<?xml version="1.0" encoding="UTF-8"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="%s" ContentType="%s"/></Types>'
RELS = '<?xml version="1.0" encoding="UTF-8"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="%s"/></Relationships>'


def zipped(files):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        for name, content in files.items():
            z.writestr(zipfile.ZipInfo(name, (2026, 11, 20, 8, 0, 0)), content)
    return out.getvalue()


CONTENTS = ["plain", "page", "both", "reply", "thread", "flowed", "office", "sheet", "archive", "textfile", "picture", "newsletter", "invitation", "answer",
            "signed", "stamped", "forward", "minutes", "empty", "long_lines", "sealed", "odd_fields"]


def add(c):
    n = 0
    for content in CONTENTS:
        for program in PROGRAMS:
            for language in SENTENCES:
                if (n + n // 8) % 4 == 3 and content not in ("reply", "thread", "office", "invitation"):
                    n += 1
                    continue
                member = MEMBERS[n % len(MEMBERS)]
                who, sender, to, cc = [
                    ("one member", REP, [member], []), ("the office", REP, [OFFICE], [OFFICE2]), ("one member and the office", REP, [member], [OFFICE]),
                    ("no member", PRIVATE, [EMPLOYER], [STRANGER]), ("no member, as representative", REP, [EMPLOYER, STRANGER], []),
                ][n % 5]
                if content == "answer":
                    who, sender, to, cc = "the office", REP, [OFFICE2], []
                m = Maker(n, program, language)
                m.reader = to[0]
                made = getattr(m, content)()
                subject = m.any.choice(SENTENCES[language]).rstrip(".") if m.any.random() < 0.8 else m.w["subject"]
                if sender is REP:
                    subject = m.any.choice(["", "SV: ", "VS: ", "Re: "]) + TAG + subject
                envelope = program.envelope(language, to, cc, m.fields(content), sender=sender, subject=subject)
                if "MIME-Version" not in envelope and "Mime-Version" not in envelope:
                    envelope += "MIME-Version: 1.0\n"
                c.add("ordinary", "everyday %s to %s, %s, %s" % (content, who, program.name, language), envelope + made, [p["address"] for p in to + cc],
                      sender=sender["address"], visible=[p["address"] for p in to if p in MEMBERS])
                n += 1


def add_agreed(c):
    """Mail to members who all agreed to be seen by each other: nothing is to change either."""
    n = 0
    for content in CONTENTS:
        if content in ("answer", "sealed"):  # they go to one reader
            continue
        for program in PROGRAMS:
            languages = list(SENTENCES)
            language = languages[n % len(languages)]
            people = [MEMBERS[(n + i) % len(MEMBERS)] for i in range(2 + n % 3)]
            to, cc = [(people, []), (people[:1], people[1:]), (people, [OFFICE]), (people[:1] + [OFFICE], people[1:])][n % 4]
            m = Maker(10000 + n, program, language)
            m.reader = people[0]
            if content == "reply":
                kind, text = QUOTED[n % len(QUOTED)][1](language, people[0], people[1:] + [REP], [OFFICE])
                made = m.multi("alternative", [m.body("plain", text[0]), m.body("html", text[1])]) if kind == "both" else m.body(kind, text)
            elif content == "invitation":
                text = m.any.choice([google, outlook])("REQUEST", people + [OFFICE])
                made = m.multi("alternative", [m.body("plain", m.letter(1)), "Content-Type: text/calendar; charset=utf-8; method=REQUEST\nContent-Transfer-Encoding: 8bit\n\n" + text])
            else:
                made = getattr(m, content)()
            envelope = program.envelope(language, to, cc, m.fields(content), subject=TAG + m.any.choice(SENTENCES[language]).rstrip("."))
            if "MIME-Version" not in envelope and "Mime-Version" not in envelope:
                envelope += "MIME-Version: 1.0\n"
            c.add("agreed", "agreed %s, %s, %s" % (content, program.name, language), envelope + made, [p["address"] for p in to + cc], visible=[p["address"] for p in people])
            n += 1
