#!/usr/bin/env python3
"""Writes the corpus that the leak auditor is run over: the same octets every time.

    corpus.py DIRECTORY

For every mail NAME.json says what goes over SMTP and what may become of it,
beside NAME.eml, the octets. people.json says who is who. Groups:

  doors     members are among the readers or in sight, in every field and shape
            that names them; a copy may be edited or held
  lists     a body or a file lists members whom the header does not name: no copy
            may be sent in clear
  ordinary  nobody is to be hidden: every octet but the gateway's Received stays
  agreed    the same, because everybody in it agreed to be seen

The shapes are those of mail programs, written here by hand; all people and
addresses are made up.
"""

import json
import os
import sys

import calendars
import everyday
import hostile
import insides
import ordinary
import shapes
import wild
from people import EMPLOYER, MEMBERS, OFFICE, PEOPLE, REP, mailbox
from programs import PROGRAMS

LANGUAGES = ["da", "nb", "sv", "en", "fi"]


class Corpus:
    def __init__(self, folder):
        self.folder, self.count = folder, 0
        os.makedirs(folder, exist_ok=True)
        self.json("people", PEOPLE)

    def json(self, name, value):
        with open(os.path.join(self.folder, name + ".json"), "w", encoding="utf-8") as f:
            json.dump(value, f, ensure_ascii=False, indent=1, sort_keys=True)

    def add(self, group, door, raw, to, **more):
        """Adds a mail. Each has a reverse-path of its own, by which its copies are known."""
        self.count += 1
        name = "%s%04d" % (group[0], self.count)
        raw = raw if isinstance(raw, bytes) else raw.encode()
        raw = raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        sender = more.pop("sender", REP["address"])
        local, _, domain = sender.partition("@")
        envelope = {
            "mail": name, "group": group, "door": door, "from": "%s+%s@%s" % (local, name, domain),
            "to": [{"address": a, "orcpt": more.get("orcpt", {}).get(a, "")} for a in to],
            "envid": more.get("envid", ""), "visible": more.get("visible", []), "protected": more.get("protected", []),
        }
        self.json(name, envelope)
        with open(os.path.join(self.folder, name + ".eml"), "wb") as f:
            f.write(raw)


def pick(n, count):
    """Returns count members, others for each n."""
    return [MEMBERS[(n + i) % len(MEMBERS)] for i in range(count)]


def recipient_doors(c):
    """To and Cc as every program writes them, in every language."""
    n = 0
    for program in PROGRAMS:
        for language in LANGUAGES[n % 2::2]:
            a, b, d = pick(n, 3)
            for door, to, cc, extra in (
                ("To", [a, b], [], []),
                ("To and Cc", [a, OFFICE], [b, EMPLOYER], []),
                ("Cc beside the employer", [EMPLOYER], [d], [a]),
            ):
                readers = [p["address"] for p in to + cc + extra]
                c.add("doors", "%s, %s, %s" % (door, program.name, language), program.mail(language, to, cc), readers)
            n += 1


def field_doors(c):
    """Every other field that names readers, in every program's order."""
    for n, program in enumerate(PROGRAMS):
        a, b, d, e = people = pick(n, 4)
        readers = [a["address"], b["address"], d["address"], e["address"], OFFICE["address"]]
        for i, (door, fields) in enumerate(shapes.fields(*people)):
            raw = program.mail(LANGUAGES[i % 5], [a, OFFICE], [b], fields=fields)
            c.add("doors", "%s, %s" % (door, program.name), raw, readers)
    # Nobody is named but in the field. What the sender's own words say, and what only a sum tells, is no door then.
    words = ("Thread-Topic", "Keywords", "Comments", "Newsgroup", "References", "md5")
    for n, (door, _) in enumerate(f for f in shapes.fields(*pick(0, 4)) if not f[0].startswith(words)):
        program = PROGRAMS[n % len(PROGRAMS)]
        fields = dict(shapes.fields(*pick(n, 4)))[door]
        raw = program.mail(LANGUAGES[n % 5], [OFFICE], [], fields=fields)
        c.add("doors", "%s alone, %s" % (door, program.name), raw, [p["address"] for p in pick(n + 4, 2) + [OFFICE]])


def syntax_doors(c):
    """Mailbox lists as old, odd and hostile writers make them."""
    for n, (door, fields) in enumerate(shapes.syntax(*pick(1, 4))):
        a, b, d, e = pick(1, 4)
        raw = PROGRAMS[n % len(PROGRAMS)].mail(LANGUAGES[n % 5], [], [], to_field="".join(fields))
        c.add("doors", "syntax: " + door, raw, [a["address"], b["address"], d["address"], EMPLOYER["address"]])


def envelope_doors(c):
    """ORCPT and ENVID, which travel at SMTP level."""
    for n, program in enumerate(PROGRAMS):
        a, b, d = pick(n, 3)
        raw = program.mail(LANGUAGES[n % 5], [a, b], [OFFICE])
        c.add("doors", "ORCPT", raw, [a["address"], b["address"]], orcpt={a["address"]: "holdet@forening.example", b["address"]: d["ascii"]})
        c.add("doors", "ENVID", raw, [a["address"], b["address"]], envid="id-%s" % a["ascii"])


def inside_doors(c):
    """Quoted header blocks, nested messages, calendars, sealed mail, numbers."""
    n = 0
    for door, build in insides.QUOTED:
        for language in LANGUAGES:
            a, b, d, e = pick(n, 4)
            program = PROGRAMS[n % len(PROGRAMS)]
            kind, text = build(language, OFFICE, [a, REP, b], [d])
            raw = program.wrap(language, [OFFICE], [], kind, text, n)
            c.add("doors", "quoted: %s, %s" % (door, language), raw, [OFFICE["address"], d["address"], e["address"]])
            kind, text = build(language, OFFICE, [a, EMPLOYER], [b])
            raw = program.wrap(language, [a], [b], kind, text, n + 1)
            c.add("doors", "quoted and To: %s, %s" % (door, language), raw, [a["address"], b["address"], EMPLOYER["address"]])
            n += 1
    for n, (door, fields, kind, text) in enumerate(insides.nested(pick)):
        a, d = pick(n + 2, 2)
        raw = PROGRAMS[n % len(PROGRAMS)].envelope(LANGUAGES[n % 5], [OFFICE], [], fields) + kind + "\n\n" + text
        c.add("doors", "nested: " + door, raw, [OFFICE["address"], a["address"], d["address"], EMPLOYER["address"]])
    for n, (door, kind, text) in enumerate(calendars.invitations(pick)):
        a, d = pick(n, 2)
        raw = PROGRAMS[n % len(PROGRAMS)].envelope(LANGUAGES[n % 5], [a, d], [OFFICE], "") + kind + "\n\n" + text
        c.add("doors", "calendar: " + door, raw, [a["address"], d["address"], OFFICE["address"]])
    for n, program in enumerate(PROGRAMS):
        a, b, d = pick(n, 3)
        text = "Hej,\n\nCPR-nummer 150365-4285 står i sagen.\n"
        raw = program.wrap(LANGUAGES[n % 5], [a, b], [OFFICE], "plain", text, n)
        c.add("doors", "number and members", raw, [a["address"], b["address"], d["address"]], protected=["150365-4285"])
        raw = program.wrap(LANGUAGES[n % 5], [MEMBERS[0], MEMBERS[1]], [], "plain", text, n)
        c.add("doors", "sealed copies", raw, [MEMBERS[0]["address"], MEMBERS[1]["address"]], protected=["150365-4285"])


def hostile_doors(c):
    """What somebody finds who looks for a way around all that."""
    hostile.add(c, pick, PROGRAMS, LANGUAGES)
    wrap = [calendars.alternative, calendars.attached, calendars.alone]
    for n, (door, kind, text) in enumerate(hostile.calendars(pick, [calendars.google, calendars.outlook], wrap)):
        a, d = pick(n, 2)
        raw = PROGRAMS[n % len(PROGRAMS)].envelope(LANGUAGES[n % 5], [a, d], [OFFICE], "") + kind + "\n\n" + text
        c.add("doors", "hostile calendar: " + door, raw, [a["address"], d["address"], OFFICE["address"]])


def main():
    c = Corpus(sys.argv[1])
    recipient_doors(c)
    field_doors(c)
    syntax_doors(c)
    envelope_doors(c)
    inside_doors(c)
    hostile_doors(c)
    wild.add(c, pick, PROGRAMS, LANGUAGES)
    doors = c.count
    ordinary.add(c)
    everyday.add(c)
    everyday.add_agreed(c)
    print("doors: %d, ordinary: %d" % (doors, c.count - doors))


if __name__ == "__main__":
    main()
