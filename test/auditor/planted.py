#!/usr/bin/env python3
"""Plants one trace of each kind in a clean mail and sees that the auditor finds it, and nothing in clean ones.

It prints "planted: N, found: N" and ends with 1 where one was missed: a blind auditor says "leaks: 0" too.
"""

import base64
import binascii
import gzip
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile

HERE = os.path.dirname(os.path.abspath(__file__))

PEOPLE = {
    "unit": ["*@forening.example", "tr.anna@forening.example"],
    "members": [
        {"address": "mette@post.example", "names": ["Mette Sørensen"], "hashes": ["c0ffee00c0ffee00"], "keys": ["A1B2C3D4E5F60718"]},
        {"address": "lars@bæk.example", "names": ["Lars Bæk"]},
        {"address": "peter@post.example", "names": ["Peter Ægidius"]},
    ],
}

HEAD = """From: Anna Holm <tr.anna@forening.example>
To: undisclosed-recipients:;
Subject: Hej
"""


def mail(fields="", text="Hej alle.", kind="text/plain; charset=utf-8", encoding="8bit"):
    raw = HEAD + fields + "MIME-Version: 1.0\nContent-Type: %s\nContent-Transfer-Encoding: %s\n\n" % (kind, encoding)
    raw = raw.encode() + (text if isinstance(text, bytes) else text.encode())
    return raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def b64(data):
    return base64.encodebytes(data if isinstance(data, bytes) else data.encode()).decode()


def zipped(name, data):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        z.writestr(name, data)
    return out.getvalue()


def b(text, charset="utf-8", q=False):
    """Returns an RFC 2047 encoded word."""
    raw = text.encode(charset)
    if q:
        return "=?%s?Q?%s?=" % (charset, "".join("=%02X" % o for o in raw))
    return "=?%s?B?%s?=" % (charset, base64.b64encode(raw).decode())


CALENDAR = """BEGIN:VCALENDAR
METHOD:REQUEST
BEGIN:VEVENT
UID:1
%s
END:VEVENT
END:VCALENDAR
"""

NESTED = "From: a@x.example\nTo: Mette <mette@post.example>\nSubject: x\n\nHej\n"


def openpgp_for(key_id):
    """Returns an armoured message of one PKESK packet for a key (RFC 4880 §5.1) and an encrypted one."""
    pkesk = b"\x03" + binascii.unhexlify(key_id) + b"\x01" + b"\x00\x08\xff"
    body = b"\x01" + b"\x00" * 40
    packets = bytes([0xC1, len(pkesk)]) + pkesk + bytes([0xD2, len(body)]) + body
    return "-----BEGIN PGP MESSAGE-----\n\n%s-----END PGP MESSAGE-----\n" % b64(packets)


METTE = "mette@post.example"
NAME = "Mette Sørensen"

# The name of the plant, the mail, and what the auditor has to see.
PLANTS = [
    ("address in Cc", mail("Cc: <METTE@Post.Example>\n"), "address"),
    ("address with a plus tag", mail("Cc: mette+tr@post.example\n"), "address"),
    ("address with a comment", mail("Cc: mette(x)@ (y) post.example\n"), "address"),
    ("quoted local part", mail('Cc: "mette"@post.example\n'), "address"),
    ("folded header", mail("Cc: a@x.example,\n mette@post.example\n"), "address"),
    ("address in an encoded word", mail("X-A: %s\n" % b(METTE)), "address"),
    ("address in a split encoded word", mail("X-A: %s\n %s\n" % (b("mette@po"), b("st.example"))), "address"),
    ("address percent-encoded", mail("List-Unsubscribe: <https://x.example/?m=mette%40post.example>\n"), "address"),
    ("address base64 in a token", mail("X-Token: %s\n" % base64.b64encode(b"to=mette@post.example").decode()), "address"),
    ("address in VERP", mail("X-Bounce: bounce-7-mette=post.example@x.example\n"), "address"),
    ("address full width", mail("X-A: mette＠post.example\n"), "address"),
    ("name in Cc", mail("Cc: %s <x@x.example>\n" % b(NAME)), "name"),
    ("name in Latin 1", mail("Cc: %s <x@x.example>\n" % b(NAME, "iso-8859-1", True)), "name"),
    ("name raw in UTF-8", mail("Thread-Topic: Mette Sørensen\n"), "name"),
    ("name turned round", mail("Keywords: Sørensen, Mette\n"), "name"),
    ("name without its letters", mail("Keywords: Mette Soerensen; mette sorensen\n"), "name"),
    ("name in upper case, decomposed", mail("X-A: METTE SØRENSEN\n"), "name"),
    ("name in an RFC 2231 parameter", mail(kind="text/plain; charset=utf-8; name*=utf-8''Mette%20S%C3%B8rensen.txt"), "name"),
    ("name in split RFC 2231 parameters", mail(kind="text/plain; name*0*=utf-8''Mette%20S%C3%B8; name*1=rensen.txt"), "name"),
    ("IDN as U-label", mail("Cc: lars@bæk.example\n"), "address"),
    ("IDN as A-label", mail("Cc: lars@xn--bk-1ia.example\n"), "address"),
    ("plain body", mail(text="Til: mette@post.example"), "address"),
    ("body in quoted-printable", mail(text="Til: mette=40post=2Eexample", encoding="quoted-printable"), "address"),
    ("body in base64", mail(text=b64("Til: " + METTE), encoding="base64"), "address"),
    ("body in UTF-16", mail(text=b64(METTE.encode("utf-16")), kind="text/plain; charset=utf-16", encoding="base64"), "address"),
    ("name in a Latin 1 body", mail(text=b"Til: Mette S\xf8rensen", kind="text/plain; charset=iso-8859-1"), "name"),
    ("name over a line end in a quotation", mail(text="> Til: Mette\n> Sørensen"), "name"),
    ("HTML entities", mail(text="<p>Mette S&oslash;rensen", kind="text/html"), "name"),
    ("HTML cut by tags", mail(text="<p><b>met</b>te@<i>post</i>.example", kind="text/html"), "address"),
    ("HTML link", mail(text='<a href="mailto:mette%40post.example">hun</a>', kind="text/html"), "address"),
    ("HTML comment", mail(text="<p>Hej<!-- mette@post.example -->", kind="text/html"), "address"),
    ("attendee", mail(text=CALENDAR % "ATTENDEE;CN=M:mailto:mette@pos\n t.example", kind="text/calendar"), "address"),
    ("attendee's name", mail(text=CALENDAR % 'ATTENDEE;CN="Mette Sør\n ensen":mailto:x@x.example', kind="text/calendar"), "name"),
    ("calendar description", mail(text=CALENDAR % "DESCRIPTION:Til\\nMette Sørensen\\, alle", kind="text/calendar"), "name"),
    ("calendar in base64", mail(text=b64(CALENDAR % "CONTACT:" + METTE), kind="application/ics", encoding="base64"), "address"),
    ("nested message", mail(text=NESTED, kind="message/rfc822"), "address"),
    ("nested message in base64", mail(text=b64(NESTED), kind="message/rfc822", encoding="base64"), "address"),
    ("attached .eml", mail(text=b64(NESTED.replace(METTE, b(METTE))), kind='application/octet-stream; name="a.eml"', encoding="base64"), "address"),
    ("digest", mail(text="--d\n\n%s\n--d--\n" % NESTED, kind="multipart/digest; boundary=d"), "address"),
    ("preamble", mail(text="mette@post.example\n--d\n\nHej\n--d--\n", kind="multipart/mixed; boundary=d"), "address"),
    ("epilogue", mail(text="--d\n\nHej\n--d--\nmette@post.example\n", kind="multipart/mixed; boundary=d"), "address"),
    ("header of a part", mail(text="--d\nContent-Description: %s\n\nHej\n--d--\n" % b(NAME), kind="multipart/mixed; boundary=d"), "name"),
    ("zip", mail(text=b64(zipped("a.txt", METTE)), kind="application/zip", encoding="base64"), "address"),
    ("name of a file in a zip", mail(text=b64(zipped("mette@post.example.txt", "x")), kind="application/zip", encoding="base64"), "address"),
    ("gzip", mail(text=b64(gzip.compress(METTE.encode())), kind="application/gzip", encoding="base64"), "address"),
    ("winmail.dat in UTF-16", mail(text=b64(b"\x78\x9f\x3e\x22" + METTE.encode("utf-16-le") + b"\x00" * 40), kind="application/ms-tnef", encoding="base64"), "address"),
    ("roster hash", mail("X-Member: c0ffee00c0ffee00\n"), "hash"),
    ("MD5", mail("X-Avatar: %s\n" % hashlib.md5(METTE.encode()).hexdigest()), "hash"),
    ("SHA-512", mail("X-Avatar: %s\n" % hashlib.sha512(METTE.encode()).hexdigest()), "hash"),
    ("SHA-512 in base64 for URLs", mail(text="https://t.example/" + base64.urlsafe_b64encode(hashlib.sha512(METTE.encode()).digest()).decode()), "hash"),
    ("SHA-384", mail(text="id=" + hashlib.sha384(METTE.encode()).hexdigest()), "hash"),
    ("address in hexadecimal", mail("X-Token: %s\n" % binascii.hexlify(METTE.encode()).decode().upper()), "address"),
    ("address in hexadecimal, in UTF-16", mail("X-Token: %s\n" % binascii.hexlify(METTE.encode("utf-16-le")).decode()), "address"),
    ("address in base32", mail("X-Token: %s\n" % base64.b32encode(METTE.encode()).decode()), "address"),
    ("SHA-256", mail(text="id=" + hashlib.sha256(METTE.encode()).hexdigest()), "hash"),
    ("key id in the header", mail("X-PGP-Key: 0xA1B2C3D4E5F60718\n"), "key"),
    ("key id in a packet", mail(text=openpgp_for("A1B2C3D4E5F60718")), "key"),
    ("number", mail(text="CPR 150365-4285"), "protected"),
    ("number with a blank, in base64", mail(text=b64("CPR 150365 4285"), encoding="base64"), "protected"),
    ("number in the subject", mail("X-Subject: %s\n" % b("150365-4285")), "protected"),
]

CLEAN = [
    mail(),
    mail("Cc: amette@post.example, mette@post.example.org, mette.x@post.example\n", "Mette kommer. 1150365-42859"),
    mail("Cc: peter@post.example\n"),  # the reader
    mail("Cc: lars@xn--bk-1ia.example\n", kind="text/plain; name=a"),  # he may be seen
]


def audit(cases):
    """Runs the auditor over mails and returns the kinds of leak by case."""
    folder = tempfile.mkdtemp(prefix="planted")
    try:
        with open(os.path.join(folder, "people.json"), "w", encoding="utf-8") as f:
            json.dump(PEOPLE, f)
        for i, (envelope, raw) in enumerate(cases):
            base = os.path.join(folder, "%04d" % i)
            with open(base + ".json", "w", encoding="utf-8") as f:
                json.dump(envelope, f)
            with open(base + ".eml", "wb") as f:
                f.write(raw)
        done = subprocess.run([sys.executable, os.path.join(HERE, "auditor.py"), folder], stdout=subprocess.PIPE, text=True, check=False)
    finally:
        shutil.rmtree(folder)
    found, lines = {}, done.stdout.splitlines()
    for line in lines:
        words = line.split()
        if words[0] == "LEAK":
            found.setdefault(int(words[1]), set()).add(words[4].removeprefix("sees="))
    total = int(lines[-1].removeprefix("leaks: "))
    if (total > 0) != (done.returncode == 1) or (total > 0) != bool(found):
        raise SystemExit("the auditor's count, lines and exit code disagree")
    return found


def envelope(to="peter@post.example", **more):
    return {"mail": "x", "from": "tr.anna@forening.example", "to": [{"address": to}], "protected": ["150365-4285"]} | more


def main():
    cases = [(envelope(), raw) for _, raw, _ in PLANTS]
    wanted = [(name, kind) for name, _, kind in PLANTS]
    orcpt = envelope(to="chef@region.example")
    orcpt["to"][0]["params"] = ["ORCPT=rfc822;mette+40post.example"]
    for name, e in (("ORCPT", orcpt), ("ENVID", envelope(params=["ENVID=mette@post.example"]))):
        cases.append((e, mail()))
        wanted.append((name, "address"))
    found = audit(cases)
    seen = 0
    for i, (name, kind) in enumerate(wanted):
        if kind in found.get(i, ()):
            seen += 1
        else:
            print("MISSED %s: %s" % (name, sorted(found.get(i, ()))))
    clean = [(envelope(visible=["lars@bæk.example"]), raw) for raw in CLEAN]
    clean.append((envelope(to="Peter+x@post.example"), mail("Cc: Peter <peter@post.example>\n")))
    clean.append((envelope(to="kontor@forening.example"), mail("Cc: mette@post.example\n")))  # the office may know
    false = audit(clean)
    for i, kinds in false.items():
        print("FALSE clean mail %d: %s" % (i, sorted(kinds)))
    print("planted: %d, found: %d" % (len(wanted), seen))
    return 0 if seen == len(wanted) and not false else 1


if __name__ == "__main__":
    sys.exit(main())
