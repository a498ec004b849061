#!/usr/bin/env python3
"""Reports every trace of a member in a mail that another member or an outsider got.

    auditor.py DIRECTORY [--secret-keys DIRECTORY]

The directory holds people.json, which says who is who, and for every copy that
arrived upstream NAME.json (the envelope, and who may be seen in it) beside
NAME.eml (the octets). It prints a line for each leak, then "leaks: N", and
ends with 1 where there is one. A copy that it cannot read is an error, not
clean: it ends with 2.

It shares no code with the gateway. It reads with Python's email package, with
icalendar, gpg, openssl, ytnef and ripmime where they are installed, and with
plain searches in every decoding that it knows. It knows nothing of how the
gateway hides: wherever a trace stands, it counts.
"""

import argparse
import base64
import binascii
import email
import email.header
import email.message
import email.utils
import hashlib
import html
import html.parser
import io
import json
import os
import quopri
import re
import shutil
import subprocess
import sys
import tempfile
import unicodedata
import urllib.parse
import zipfile
import zlib

try:
    import icalendar
except ImportError:
    icalendar = None

DEEPEST = 12  # how many containers inside each other are opened


# What a trace looks like.


# Letters of no width, and marks that are left when composing is done; those of
# Nordic letters count.
WIDTHLESS = {c: None for c in range(0xE1000) if unicodedata.category(chr(c)) in ("Cf", "Mn") and c not in (0x308, 0x30A)}


def fold(text):
    """Returns text as addresses and names are compared: NFKC, no case, nothing of no width."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFKC", text).translate(WIDTHLESS)).casefold()


def plain_letters(text):
    """Returns text without accents, and with the letters that have none written as ASCII has them."""
    text = text.translate(str.maketrans({"ø": "o", "æ": "ae", "å": "a", "ð": "d", "þ": "th", "ß": "ss"}))
    return "".join(c for c in unicodedata.normalize("NFD", text) if unicodedata.category(c) != "Mn")


def spelled(name):
    """Yields the ways in which programs write a name."""
    words = fold(name).split()
    orders = [words, words[-1:] + words[:-1]]
    for order in orders:
        for text in (" ".join(order), order[0] + ", " + " ".join(order[1:])):
            yield text
            yield plain_letters(text)
            yield text.translate(str.maketrans({"ø": "oe", "å": "aa", "ö": "oe", "ä": "ae", "ü": "ue", "æ": "ae"}))
            yield ".".join(re.findall(r"\w+", text))


class Member:
    """A member, and the patterns that find them."""

    def __init__(self, entry):
        self.address = entry["address"]
        self.keys = [k.upper() for k in entry.get("keys", [])]
        self.patterns = [("address", self.address_pattern(a)) for a in [self.address] + entry.get("aliases", [])]
        names = sorted({s for n in entry.get("names", []) if len(n.split()) > 1 for s in spelled(n)})
        if names:
            self.patterns.append(("name", re.compile(r"(?<!\w)(?:%s)(?!\w)" % "|".join(
                re.escape(n).replace(r"\ ", r"[\s>]+") for n in names))))
        parts = re.split(r"\W+", " ".join(s for n in entry.get("names", []) for s in spelled(n)))
        parts += [fold(a).rpartition("@")[0] for a in [self.address] + entry.get("aliases", [])]
        self.hints = sorted({p for p in parts if len(p) > 2})
        hashes = sorted(set(entry.get("hashes", [])) | set(self.hashes()))
        self.patterns.append(("hash", re.compile("|".join(re.escape(h.casefold()) for h in hashes))))
        if self.keys:
            self.patterns.append(("key", re.compile("|".join(re.escape(k.casefold()) for k in self.keys))))

    @staticmethod
    def address_pattern(address):
        local, _, domain = fold(address).rpartition("@")
        domains = {domain, domain.encode("idna").decode("ascii")}
        try:
            domains.add(domain.encode("ascii").decode("idna"))
        except UnicodeError:
            pass
        domains = "|".join(re.escape(d) for d in sorted(domains))
        return re.compile(
            r"(?<![\w.+-])%s(?:\+[\w.-]*)?@(?:%s)(?![\w-]|\.(?!(?:txt|pdf|docx?|xlsx?|eml|ics|asc|vcf|msg)\b)\w)|%s=(?:%s)@" % (re.escape(local), domains, re.escape(local), domains))

    def hashes(self):
        """Yields the sums by which address books, avatars and key directories name an address."""
        local, _, domain = fold(self.address).rpartition("@")
        ascii_form = local + "@" + domain.encode("idna").decode("ascii")
        for text in {fold(self.address), ascii_form, "mailto:" + fold(self.address)}:
            for kind in (hashlib.md5, hashlib.sha1, hashlib.sha224, hashlib.sha256, hashlib.sha384, hashlib.sha512):
                digest = kind(text.encode()).digest()
                yield digest.hex()
                yield base64.b64encode(digest).decode().rstrip("=")
                yield base64.urlsafe_b64encode(digest).decode().rstrip("=")
        yield zbase32(hashlib.sha1(local.encode()).digest())

    def found(self, text, sums):
        """Yields the kinds of trace of this member in folded text; sums are its long tokens."""
        near = any(hint in text for hint in self.hints)
        for kind, pattern in self.patterns:
            if kind in ("hash", "key"):
                if sums and pattern.search(sums):
                    yield kind
            elif near and pattern.search(text):
                yield kind


def long_tokens(text):
    """Returns what may be sums or key ids in folded text."""
    return " ".join(re.findall(r"[a-z0-9+/_-]{16,}", text))


def zbase32(digest):
    """Returns the form in which a Web Key Directory names a local part."""
    bits = int.from_bytes(digest, "big")
    return "".join("ybndrfg8ejkmcpqxot1uwisza345h769"[(bits >> shift) & 31] for shift in range(len(digest) * 8 - 5, -1, -5))


class Protected:
    """A number that must not be read by anybody without a key."""

    def __init__(self, value):
        digits = re.sub(r"\W", "", value)
        self.pattern = re.compile(r"(?<!\d)" + r"[\s\W_]{0,3}".join(map(re.escape, digits.casefold())) + r"(?!\d)")

    def found(self, text):
        return bool(self.pattern.search(text))


# How text is got out of octets. Every reader yields (place, text).


def texts(raw):
    """Yields octets as text in the charsets that they may be in."""
    for charset in ("utf-8", "latin-1"):
        yield raw.decode(charset, "replace")
    if raw.count(0) > len(raw) // 8:
        for charset in ("utf-16-le", "utf-16-be"):
            yield raw.decode(charset, "replace")
            yield raw[1:].decode(charset, "replace")


ENCODED_WORD = re.compile(r"=\?([^?\s]+)\?([bqBQ])\?([^?]*)\?=")
COMMENT = re.compile(r"\((?:[^()\\]|\\.)*\)")
BASE64 = re.compile(r"[A-Za-z0-9+/_-]{12,}={0,2}")
HEXADECIMAL = re.compile(r"(?:[0-9A-Fa-f]{2}){8,}")
BASE32 = re.compile(r"[A-Z2-7]{16,}=*")


def encoded_words(text):
    """Undoes RFC 2047 where the standard library is too strict."""
    text = re.sub(r"(=\?[^?\s]+\?[bqBQ]\?[^?]*\?=)\s+(?==\?)", r"\1", text)

    def undo(match):
        charset, kind, data = match.groups()
        try:
            if kind in "bB":
                octets = base64.b64decode(data + "=" * (-len(data) % 4))
            else:
                octets = quopri.decodestring(data.replace("_", " ").encode("latin-1", "replace"), header=True)
            return octets.decode(charset.split("*")[0], "replace")
        except (binascii.Error, LookupError, ValueError):
            return match.group(0)

    return ENCODED_WORD.sub(undo, text)


def decodings(text):
    """Yields text and what may be hidden in it: folded lines, escapes, entities, base64, comments."""
    seen = set()
    queue = [(text, 0)]
    while queue:
        one, depth = queue.pop()
        if one in seen or depth > 3:
            continue
        seen.add(one)
        yield one
        more = [encoded_words(one)]
        if "\n" in one:
            more += [re.sub(r"\r?\n[ \t]", "", one), re.sub(r"\s+", " ", one)]
        if "%" in one:
            more.append(urllib.parse.unquote(one))
        if "&" in one:
            more.append(html.unescape(one))
        if "=" in one:
            more.append(quopri.decodestring(one.encode("utf-8", "replace")).decode("utf-8", "replace"))
        if "+" in one:
            more.append(re.sub(r"\+([0-9A-Fa-f]{2})", lambda m: chr(int(m.group(1), 16)), one))
        if "\\" in one or '"' in one:
            more.append(re.sub(r'\\(.)', r"\1", one).replace('"', ""))
        if "(" in one:
            more.append(re.sub(r"\s*([@.])\s*", r"\1", COMMENT.sub("", COMMENT.sub("", one))))
        if depth == 0 and len(one) < 100000:
            for token in BASE64.findall(one) + BASE64.findall(one.replace("/", " ")):
                try:
                    octets = base64.b64decode(token.rstrip("=").replace("-", "+").replace("_", "/") + "=" * (-len(token.rstrip("=")) % 4))
                except binascii.Error:
                    continue
                more.append(octets.decode("utf-8", "ignore"))
            for token in HEXADECIMAL.findall(one):
                more += texts(binascii.unhexlify(token))
            for token in BASE32.findall(one):
                try:
                    more.append(base64.b32decode(token.rstrip("=") + "=" * (-len(token.rstrip("=")) % 8)).decode("utf-8", "ignore"))
                except binascii.Error:
                    continue
        queue += [(m, depth + 1) for m in more if m]


class Visible(html.parser.HTMLParser):
    """Collects what HTML shows, and what stands in its attributes and comments."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.shown, self.inside = [], []

    def handle_data(self, data):
        self.shown.append(data)

    def handle_starttag(self, tag, attrs):
        if tag in ("p", "div", "br", "tr", "li", "table", "blockquote", "td", "th", "hr"):
            self.shown.append("\n")
        self.inside += [value for _, value in attrs if value]

    def handle_comment(self, data):
        self.inside.append(data)


def of_html(text):
    reader = Visible()
    reader.feed(text)
    reader.close()
    yield "html text", "".join(reader.shown)
    yield "html text", " ".join(" ".join(reader.shown).split())
    yield "html attributes", "\n".join(reader.inside)


def of_calendar(octets):
    text = octets.decode("utf-8", "replace")
    yield "calendar", re.sub(r"\r?\n[ \t]", "", text).replace("\\,", ",").replace("\\;", ";").replace("\\n", "\n").replace("\\N", "\n")
    if icalendar is None:
        return
    try:
        calendar = icalendar.Calendar.from_ical(octets)
    except (ValueError, IndexError, KeyError):
        return
    for component in calendar.walk():
        for name, value in component.property_items():
            values = value if isinstance(value, list) else [value]
            for one in values:
                yield "calendar " + name, str(one)
                for parameter, p in getattr(one, "params", {}).items():
                    yield "calendar %s %s" % (name, parameter), str(p)


class Auditor:
    def __init__(self, secret_keys=None):
        self.gpg = shutil.which("gpg")
        self.openssl = shutil.which("openssl")
        self.home = tempfile.mkdtemp(prefix="audit") if self.gpg else None
        for name in sorted(os.listdir(secret_keys)) if secret_keys and self.gpg else []:
            self.run(["gpg", "--homedir", self.home, "--batch", "--quiet", "--pinentry-mode", "loopback", "--passphrase", "",
                      "--import", os.path.join(secret_keys, name)], b"")
        self.opened = 0

    def close(self):
        if self.home:
            self.run(["gpgconf", "--homedir", self.home, "--kill", "all"], b"")
            shutil.rmtree(self.home, ignore_errors=True)

    def run(self, command, stdin):
        return subprocess.run(command, input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60, check=False)

    # A message, and what stands in it.

    def message(self, raw, where="", depth=0):
        """Yields (place, text) of everything that a message shows or hides."""
        if depth > DEEPEST:
            raise ValueError("too deep: " + where)
        yield from self.entity(email.message_from_bytes(raw), where, depth)
        for text in texts(raw):
            yield where + "octets", text
        if depth == 0 and shutil.which("ripmime"):
            yield from self.ripped(raw)

    def ripped(self, raw):
        """Yields what ripmime, which forgives other faults than Python, unpacks."""
        with tempfile.TemporaryDirectory() as folder:
            self.run(["ripmime", "-i", "-", "-d", folder], raw)
            for name in sorted(os.listdir(folder)):
                yield "ripmime file name", name
                with open(os.path.join(folder, name), "rb") as f:
                    for text in texts(f.read()):
                        yield "ripmime", text

    def entity(self, part, where, depth):
        for name, value in part.raw_items():
            yield from self.field(where + "header " + name, name, value)
        for at in ("preamble", "epilogue"):
            if getattr(part, at):
                yield where + at, getattr(part, at)
        if part.is_multipart():
            for i, child in enumerate(part.get_payload(), 1):
                if isinstance(child, email.message.Message):
                    yield from self.entity(child, "%spart %d " % (where, i), depth + 1)
            return
        octets = part.get_payload(decode=True)
        if octets is None:
            octets = str(part.get_payload()).encode("utf-8", "surrogateescape")
        yield from self.content(octets, part.get_content_type(), part.get_content_charset(), part.get_filename() or "", where, depth)

    def field(self, where, name, value):
        value = str(value)
        yield where, value
        octets = value.encode("ascii", "surrogateescape")
        for text in texts(octets):
            yield where, text
        try:
            yield where, str(email.header.make_header(email.header.decode_header(re.sub(r"\r?\n", "", octets.decode("utf-8", "replace")))))
        except (LookupError, ValueError, email.errors.HeaderParseError):
            pass
        if ";" in value:
            message = email.message.Message()
            message["Content-Type"] = re.sub(r"\r?\n", "", octets.decode("utf-8", "replace"))
            for key, param in message.get_params(failobj=[]):
                yield where + " " + key, email.utils.collapse_rfc2231_value(param)
        for shown, address in email.utils.getaddresses([octets.decode("utf-8", "replace")]):
            yield where, "%s <%s>" % (shown, address)

    def content(self, octets, kind, charset, name, where, depth):
        """Yields what stands in a decoded body or attachment of whatever kind."""
        if depth > DEEPEST:
            raise ValueError("too deep: " + where)
        where += kind + " "
        for text in texts(octets):
            yield where, text
        text = octets.decode("utf-8", "replace")
        if charset:
            try:
                text = octets.decode(charset, "replace")
                yield where, text
            except LookupError:
                pass
        lower = octets[:2000].lower()
        if kind == "text/html" or b"<html" in lower or b"<div" in lower or b"<p>" in lower:
            for place, shown in of_html(text):
                yield where + place, shown
        if kind == "text/calendar" or b"begin:vcalendar" in lower:
            for place, shown in of_calendar(octets):
                yield where + place, shown
        if kind in ("message/rfc822", "message/global", "text/rfc822-headers") or name.lower().endswith(".eml"):
            yield from self.message(octets, where, depth + 1)
        if octets[:2] == b"PK":
            yield from self.zip(octets, where, depth)
        if octets[:2] == b"\x1f\x8b":
            yield from self.content(zlib.decompressobj(31).decompress(octets, 1 << 24), "gunzip", None, "", where, depth + 1)
        if octets[:4] == b"\x78\x9f\x3e\x22":
            yield from self.tnef(octets, where, depth)
        if b"-----BEGIN PGP MESSAGE-----" in octets or kind == "application/pgp-encrypted" or name.lower().endswith((".gpg", ".pgp")):
            yield from self.openpgp(octets, where, depth)
        if kind in ("application/pkcs7-mime", "application/x-pkcs7-mime") or name.lower().endswith((".p7m", ".p7s")):
            yield from self.cms(octets, where)

    def zip(self, octets, where, depth):
        try:
            with zipfile.ZipFile(io.BytesIO(octets)) as archive:
                for entry in archive.infolist():
                    yield where + "zip", entry.filename
                    if not entry.flag_bits & 1 and entry.file_size < 1 << 24:
                        yield from self.content(archive.read(entry), "file", None, entry.filename, where + "zip ", depth + 1)
        except zipfile.BadZipFile:
            return

    def tnef(self, octets, where, depth):
        """Yields what ytnef unpacks; the octets themselves have been searched already."""
        if not shutil.which("ytnef"):
            return
        with tempfile.TemporaryDirectory() as folder:
            source = os.path.join(folder, "winmail.dat")
            with open(source, "wb") as f:
                f.write(octets)
            self.run(["ytnef", "-F", "-f", folder, source], b"")
            for name in sorted(os.listdir(folder)):
                if name != "winmail.dat":
                    with open(os.path.join(folder, name), "rb") as f:
                        yield from self.content(f.read(), "tnef", None, name, where, depth + 1)

    def openpgp(self, octets, where, depth):
        """Yields the packets as gpg lists them, and the plain text where there is a key for it."""
        if not self.gpg or b"Version: 1" == octets.strip():
            return
        listed = self.run(["gpg", "--homedir", self.home, "--batch", "--list-packets", "--list-only"], octets)
        yield where + "packets", listed.stdout.decode("utf-8", "replace")
        opened = self.run(["gpg", "--homedir", self.home, "--batch", "--quiet", "--pinentry-mode", "loopback", "--passphrase", "",
                           "--decrypt"], octets)
        if opened.returncode == 0 or opened.stdout:
            self.opened += 1
            yield from ((SEALED + place, text) for place, text in self.message(opened.stdout, where + "decrypted ", depth + 1))

    def cms(self, octets, where):
        if self.openssl:
            printed = self.run(["openssl", "cms", "-cmsout", "-print", "-inform", "DER"], octets)
            yield where + "recipients", printed.stdout.decode("utf-8", "replace")

    # Who may see whom.

    def copy(self, people, envelope, raw):
        """Returns the leaks of one copy as (reader, kind, member, place)."""
        members = [Member(m) for m in people["members"]]
        visible = {fold(a) for a in envelope.get("visible", [])}
        protected = [(v, Protected(v)) for v in envelope.get("protected", [])]
        places = list(self.message(raw))
        places.append(("MAIL", envelope["from"] + " " + " ".join(envelope.get("params", []))))
        traces, numbers = {}, {}
        done = set()
        for where, text in places:
            if (where, text) in done:
                continue
            done.add((where, text))
            for form in decodings(text):
                folded = fold(form)
                sealed = where.startswith(SEALED)
                if (sealed, folded) in done:
                    continue
                done.add((sealed, folded))
                sums = long_tokens(folded)
                for member in members:
                    for kind in member.found(folded, sums):
                        traces.setdefault((member.address, kind), where)
                for i, (_, p) in enumerate(protected):
                    if not sealed and p.found(folded):
                        numbers.setdefault(i, where)
        leaks = []
        for rcpt in envelope["to"]:
            reader = fold(re.sub(r"\+[^@]*@", "@", rcpt["address"]))
            for i, where in numbers.items():
                leaks.append((reader, "protected", "number %d" % (i + 1), where))
            if self.unit(people, reader):
                continue
            of_reader = dict(traces)
            for form in decodings(" ".join(rcpt.get("params", []))):
                for member in members:
                    for kind in member.found(fold(form), long_tokens(fold(form))):
                        of_reader.setdefault((member.address, kind), "RCPT")
            for (address, kind), where in sorted(of_reader.items()):
                if fold(address) in visible or self.same(address, reader):
                    continue
                leaks.append((reader, kind, address, where.removeprefix(SEALED)))
        return leaks

    @staticmethod
    def same(address, reader):
        return bool(Member.address_pattern(address).fullmatch(reader))

    @staticmethod
    def unit(people, reader):
        return any(fold(p) == reader or p.startswith("*@") and reader.endswith(fold(p[1:])) for p in people["unit"])


SEALED = "sealed: "  # stands before the places that only a key opens


def main():
    options = argparse.ArgumentParser()
    options.add_argument("directory")
    options.add_argument("--secret-keys")
    options = options.parse_args()
    with open(os.path.join(options.directory, "people.json"), encoding="utf-8") as f:
        people = json.load(f)
    auditor = Auditor(options.secret_keys)
    copies = leaks = 0
    try:
        for name in sorted(os.listdir(options.directory)):
            if not name.endswith(".json") or name == "people.json":
                continue
            with open(os.path.join(options.directory, name), encoding="utf-8") as f:
                envelope = json.load(f)
            with open(os.path.join(options.directory, name[:-5] + ".eml"), "rb") as f:
                raw = f.read()
            copies += 1
            for reader, kind, whose, where in auditor.copy(people, envelope, raw):
                leaks += 1
                print("LEAK %s mail=%s to=%s sees=%s of=%s in=%s" % (name[:-5], envelope.get("mail", ""), reader, kind, whose, where.strip()))
    finally:
        auditor.close()
    print("copies: %d" % copies)
    print("opened: %d" % auditor.opened)
    print("leaks: %d" % leaks)
    return 1 if leaks else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (OSError, ValueError, KeyError) as error:
        print("auditor: %s" % error, file=sys.stderr)
        sys.exit(2)
