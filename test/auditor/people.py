"""The people of the corpus, and how their names and addresses are written."""

import base64


def person(name, address, **more):
    local, _, domain = address.partition("@")
    return {"name": name, "address": address, "ascii": local + "@" + domain.encode("idna").decode()} | more


MEMBERS = [
    person("Mette Sørensen", "mette@post.example"),
    person("Peter Ægidius", "peter@post.example"),
    person("Ingrid Østergård", "ingrid@post.example"),
    person("Lars Bæk", "lars@bæk.example"),
    person("Karin Öberg", "karin.oberg@brev.example"),
    person("Jürgen Møller-Krogh", "jmk@post.example"),
    person("Siri Ånes", "siri.anes@fjell.example"),
    person("Päivi Mäkelä", "paivi@posti.example"),
    person("Bo Friis", "bo_friis-tr@post.example"),
    person("Åsa Lindqvist", "asa.l@brev.example"),
]
OFFICE = person("Sekretariat, Foreningen", "sekretariat@forening.example")
OFFICE2 = person("Jens Kontor", "jens@forening.example")
REP = person("Anna Holm", "tr.anna@forening.example")
PRIVATE = person("Anna Holm", "anna.holm@region.example")
EMPLOYER = person("Ole Lund", "ole.lund@region.example")
STRANGER = person("Café Blå, Ærø", "kaffe@blaa.example")

PEOPLE = {
    "unit": ["*@forening.example", REP["address"], PRIVATE["address"]],
    "members": [{"address": m["address"], "names": [m["name"]]} for m in MEMBERS],
    "roster": "Navn;E-mail\n" + "".join("%s;%s\n" % (m["name"], m["address"]) for m in MEMBERS),
}


def ascii_only(text):
    return all(ord(c) < 128 for c in text)


def able(text, charset):
    """Returns the charset, or the next larger one that can write the text."""
    try:
        text.encode(charset)
        return charset
    except UnicodeEncodeError:
        return "windows-1252" if charset == "iso-8859-1" and able(text, "windows-1252") == "windows-1252" else "utf-8"


def in_words(text, encode):
    """Returns encoded words of at most 75 characters, cut between letters (RFC 2047 §2)."""
    words, now = [], ""
    for c in text:
        if len(encode(now + c)) > 75:
            words.append(now)
            now = ""
        now += c
    return "\n ".join(map(encode, words + [now]))


def q_word(text, charset="iso-8859-1"):
    """Returns encoded words as Outlook and Apple Mail write them (RFC 2047 §4.2)."""
    charset = able(text, charset)
    letter = lambda o: chr(o) if chr(o).isalnum() and o < 128 else "_" if o == 32 else "=%02X" % o
    return in_words(text, lambda t: "=?%s?Q?%s?=" % (charset, "".join(map(letter, t.encode(charset)))))


def b_word(text, charset="utf-8"):
    """Returns encoded words as Gmail and Exchange write them (RFC 2047 §4.1)."""
    charset = able(text, charset)
    return in_words(text, lambda t: "=?%s?B?%s?=" % (charset, base64.b64encode(t.encode(charset)).decode()))


def phrase(name, style):
    """Returns a display name in one of the styles q, b, quoted, raw, last-first."""
    if style == "last-first":
        first, _, last = name.rpartition(" ")
        name = "%s, %s" % (last, first)
    if style == "raw" or ascii_only(name):
        return '"%s"' % name if set(name) & set(',.@"') else name
    if style == "b":
        return b_word(name)
    return q_word(name, "iso-8859-1" if style == "q" else "utf-8")


def mailbox(who, style="q"):
    """Returns name and address as a header field has them."""
    if style == "bare":
        return who["address"] if ascii_only(who["address"]) else who["ascii"]
    address = who["address"] if style == "raw" else who["ascii"]
    return "%s <%s>" % (phrase(who["name"], style), address)


def listed(people, style, joint=",\n "):
    return joint.join(mailbox(p, style) for p in people)
