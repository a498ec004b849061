#!/usr/bin/env python3
"""Says where an edited copy differs from its mail in more than what was cut out of it.

    surgery.py CORPUS COPIES

COPIES is a directory as the auditor reads it, CORPUS what corpus.py wrote. A
copy may lose people and whole header fields, and get a mask, a subject and a
Received; all else stays: the order and octets of other fields, the tree of its
parts with their types, charsets and transfer encodings, every octet of a signed
part, and in texts all that was not cut. It shares no code with the gateway.
"""

import email
import email.header
import html.parser
import json
import os
import re
import sys

MASK = "[...]"
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
MAY_CHANGE = {"subject", "received"}  # the tag, and our own trace


def cut_from(short, long):
    """Reports whether the letters of short stand in long, in their order."""
    rest = iter(long)
    return all(letter in rest for letter in short)


def fields(raw):
    """Returns the header's fields as (name, octets)."""
    head = raw.split(b"\r\n\r\n")[0] + b"\r\n"
    found = re.findall(rb"[^\r\n]*\r\n(?:[ \t][^\r\n]*\r\n)*", head)
    return [(f.partition(b":")[0].strip().lower().decode("latin-1"), f) for f in found]


def header_faults(before, after):
    """Yields what is wrong with the header of a copy."""
    old = fields(before)
    at = 0
    for name, octets in fields(after)[1:]:  # the first is our Received
        if name in MAY_CHANGE or octets.strip().endswith(b"undisclosed-recipients:;"):
            continue
        flat = re.sub(rb"\s", b"", octets)
        for i in range(at, len(old)):
            if old[i][0] == name and (old[i][1] == octets or cut_from(flat, re.sub(rb"\s", b"", old[i][1]))):
                at = i + 1
                break
        else:
            if not any(old_name == name and cut_from(flat, re.sub(rb"\s", b"", o)) for old_name, o in old):
                yield "header field %s is new, or changed in more than who was cut: %r" % (name, octets[:200])
            elif len({n for n, _ in old}) == len(old):
                yield "header field %s has moved" % name


def tree(part, depth=0):
    """Yields what makes a part what it is."""
    yield depth, part.get_content_type(), str(part.get_param("charset", "")).lower(), str(part.get("Content-Transfer-Encoding", "")).strip().lower(), part.get_content_disposition()
    if part.is_multipart():
        for child in part.get_payload():
            yield from tree(child, depth + 1)


def leaves(part, signed=False):
    """Yields every leaf, and whether it is signed."""
    signed = signed or part.get_content_type() == "multipart/signed"
    if part.is_multipart():
        for child in part.get_payload():
            yield from leaves(child, signed)
    else:
        yield part, signed


def text(part):
    octets = part.get_payload(decode=True) or b""
    for charset in (str(part.get_content_charset() or "utf-8"), "windows-1252"):
        try:
            return octets.decode(charset)
        except (LookupError, UnicodeDecodeError):
            continue
    return octets.decode("latin-1")


class Tags(html.parser.HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=False)
        self.all, self.open = [], 0

    def handle_starttag(self, tag, attrs):
        self.all.append(self.get_starttag_text())
        self.open += tag not in VOID

    def handle_startendtag(self, tag, attrs):
        self.all.append(self.get_starttag_text())

    def handle_endtag(self, tag):
        self.all.append("</%s>" % tag)
        self.open -= tag not in VOID


def tags(source):
    reader = Tags()
    reader.feed(source)
    reader.close()
    return reader


def body_faults(before, after):
    """Yields what is wrong with the parts of a copy."""
    old, new = list(tree(before)), list(tree(after))
    if old != new:
        yield "the tree of its parts changed: %s became %s" % (old, new)
        return
    for (a, signed), (b, _) in zip(leaves(before), leaves(after)):
        if a.get_payload() == b.get_payload():
            continue
        kind = a.get_content_type()
        if signed:
            yield "a signed part changed"
        if not kind.startswith("text/") and "calendar" not in kind and not (a.get_filename() or "").endswith(".ics") and "ics" not in kind:
            yield "a %s changed" % kind
            continue
        was, now = text(a), text(b)
        if "calendar" in kind or "ics" in kind:
            was, now = re.sub(r"\r?\n[ \t]", "", was), re.sub(r"\r?\n[ \t]", "", now)
        if not cut_from(now.replace(MASK, ""), was):
            yield "a %s has words that its mail has not" % kind
        if kind == "text/html":
            x, y = tags(was), tags(now)
            if x.open != y.open or not cut_from(y.all, x.all):
                yield "the markup of a text/html changed in more than what was cut"


def main():
    corpus, copies = sys.argv[1:3]
    edited = faults = 0
    for name in sorted(os.listdir(copies)):
        if not name.endswith(".eml"):
            continue
        with open(os.path.join(copies, name[:-4] + ".json"), encoding="utf-8") as f:
            mail = json.load(f)["mail"]
        source = os.path.join(corpus, mail.split(" ")[0] + ".eml")
        if not os.path.exists(source):
            continue  # a notice
        with open(source, "rb") as f:
            before = f.read()
        with open(os.path.join(copies, name), "rb") as f:
            after = f.read()
        if b"\r\nContent-Type: multipart/encrypted" in after and b"\r\nContent-Type: multipart/encrypted" not in before:
            continue  # sealed: the auditor opens it
        was = email.message_from_bytes(before)
        if was.defects:
            continue  # this reader takes a field for the end of the header
        edited += 1
        for fault in list(header_faults(before, after)) + list(body_faults(was, email.message_from_bytes(after))):
            faults += 1
            print("SURGERY %s mail=%s %s" % (name, mail, fault))
    print("compared: %d" % edited)
    print("more than cut: %d" % faults)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
