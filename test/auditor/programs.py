"""Mail programs: the order of their fields, their encodings, their bodies."""

import base64

from people import REP, able, b_word, listed, mailbox, q_word
from words import WORDS

DATE = "Fri, 20 Nov 2026 08:12:44 +0100"


def quoted_printable(text, charset):
    """Encodes as programs do: lines of at most 76, ends of lines kept (RFC 2045 §6.7)."""
    out = []
    for line in text.split("\n"):
        now = ""
        for i, o in enumerate(line.encode(charset)):
            c = chr(o)
            piece = c if 33 <= o <= 126 and c != "=" or c in " \t" and i < len(line.encode(charset)) - 1 else "=%02X" % o
            if len(now) + len(piece) > 75:
                out.append(now + "=")
                now = ""
            now += piece
        out.append(now)
    return "\n".join(out)


def part(kind, text, charset, encoding, more=""):
    """Returns the fields and the body of a text part."""
    charset = able(text, charset)
    head = "Content-Type: text/%s; charset=%s%s\nContent-Transfer-Encoding: %s\n\n" % (kind, charset, more, encoding)
    if encoding == "quoted-printable":
        return head + quoted_printable(text, charset)
    if encoding == "base64":
        return head + base64.encodebytes(text.encode(charset)).decode()
    return head + text


class Program:
    """One mail program. order names the fields as it writes them."""

    def __init__(self, name, order, style, charset, encoding, both, fixed):
        self.name, self.order, self.style, self.charset = name, order, style, charset
        self.encoding, self.both, self.fixed = encoding, both, fixed

    def subject(self, text):
        return b_word(text) if self.style == "b" else q_word(text, self.charset if self.style == "q" else "utf-8")

    def envelope(self, language, to, cc, fields="", to_field=None, sender=REP, subject=None):
        """Returns the header without the fields of the content."""
        values = {
            "From": mailbox(sender, self.style),
            "To": listed(to, self.style), "Cc": listed(cc, self.style), "CC": listed(cc, self.style),
            "Subject": self.subject(subject or WORDS[language]["subject"]),
            "Date": DATE, "Message-ID": "<%s@mail.example>" % self.name.replace(" ", "-"), "Message-Id": "<A1@mail.example>",
            "MIME-Version": "1.0", "Mime-Version": "1.0 (Mac OS X Mail 16.0 \\(3774.100.2.1.4\\))",
        }
        out = []
        for name in self.order:
            if name == "To" and to_field is not None:
                out.append(to_field)
            elif name in values and values[name]:
                out.append("%s: %s\n" % (name, values[name]))
            elif name in self.fixed:
                out.append("%s: %s\n" % (name, self.fixed[name]))
        return "".join(out) + fields

    def content(self, plain, html, boundary="----=_NextPart_000_0001"):
        kind, more = self.both, "; format=flowed" if self.name == "Thunderbird" else ""
        if kind == "plain" or html is None:
            return part("plain", plain, self.charset, self.encoding, more)
        if kind == "html":
            return part("html", html, self.charset, self.encoding)
        return 'Content-Type: multipart/alternative;\n boundary="%s"\n\n--%s\n%s\n--%s\n%s\n--%s--\n' % (
            boundary, boundary, part("plain", plain, self.charset, self.encoding), boundary,
            part("html", html, self.charset, self.encoding), boundary)

    def mail(self, language, to, cc, fields="", to_field=None, **more):
        w = WORDS[language]
        html = "<html><head></head><body><p>%s</p><p>%s</p></body></html>\n" % (w["hello"], w["text"])
        return self.envelope(language, to, cc, fields, to_field, **more) + self.content(w["hello"] + "\n\n" + w["text"] + "\n", html)

    def wrap(self, language, to, cc, kind, text, n, **more):
        """Returns a mail with a body of one kind, in one of four charsets and encodings."""
        charset, encoding = [("utf-8", "quoted-printable"), ("iso-8859-1", "quoted-printable"), ("utf-8", "base64"), ("utf-8", "8bit")][n % 4]
        if kind == "both":
            plain, html = text
            b = "_000_AM0PR05MB4321"
            return self.envelope(language, to, cc, **more) + 'Content-Type: multipart/alternative; boundary="%s"\n\n--%s\n%s\n--%s\n%s\n--%s--\n' % (
                b, b, part("plain", plain, charset, encoding), b, part("html", html, charset, encoding), b)
        return self.envelope(language, to, cc, **more) + part(kind, text, charset, encoding)


EXCHANGE = {
    "Thread-Index": "AdpQ0m5xY2FsbGVkAAAAAA==", "Accept-Language": "da-DK, en-US", "Content-Language": "da-DK",
    "X-MS-Has-Attach": "", "X-MS-TNEF-Correlator": "", "X-MS-Exchange-MessageSentRepresentingType": "1",
    "msip_labels": "", "X-Originating-IP": "[192.0.2.7]",
}

PROGRAMS = [
    Program("Outlook desktop", ["From", "To", "Cc", "Subject", "Date", "Message-ID", "MIME-Version", "X-Mailer", "Thread-Index", "Content-Language"],
            "q", "iso-8859-1", "quoted-printable", "both", EXCHANGE | {"X-Mailer": "Microsoft Outlook 16.0"}),
    Program("Outlook web", ["From", "To", "CC", "Subject", "Thread-Index", "Date", "Message-ID", "Accept-Language", "Content-Language",
                            "X-MS-Has-Attach", "X-MS-TNEF-Correlator", "msip_labels", "MIME-Version"],
            "q", "iso-8859-1", "quoted-printable", "both", EXCHANGE),
    Program("Outlook mobile", ["From", "To", "CC", "Subject", "Thread-Index", "Date", "Message-ID", "Accept-Language", "MIME-Version"],
            "b", "utf-8", "base64", "both", EXCHANGE),
    Program("Thunderbird", ["Message-ID", "Date", "MIME-Version", "User-Agent", "Content-Language", "To", "Cc", "From", "Subject"],
            "raw", "utf-8", "8bit", "plain", {"User-Agent": "Mozilla Thunderbird", "Content-Language": "da"}),
    Program("Apple Mail", ["From", "Mime-Version", "Subject", "Message-Id", "Date", "Cc", "To", "X-Mailer"],
            "q8", "utf-8", "quoted-printable", "both", {"X-Mailer": "Apple Mail (2.3774.100.2.1.4)"}),
    Program("Gmail", ["MIME-Version", "Date", "Message-ID", "Subject", "From", "To", "Cc"],
            "b", "utf-8", "base64", "both", {}),
    Program("Exchange", ["From", "To", "CC", "Subject", "Date", "Message-ID", "Accept-Language", "X-MS-Exchange-MessageSentRepresentingType",
                         "X-Originating-IP", "MIME-Version"],
            "last-first", "utf-8", "quoted-printable", "html", EXCHANGE),
]
