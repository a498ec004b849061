"""Ordinary mail, in which nobody is to be hidden and nothing is to change."""

import insides
from people import EMPLOYER, MEMBERS, OFFICE, OFFICE2, PRIVATE, REP, STRANGER
from programs import PROGRAMS
from words import WORDS

TAG = "TR – fortroligt "  # it stands in the subject already, or the gateway writes it there


def add(c):
    n = 0
    for program in PROGRAMS:
        for language in ("da", "nb", "sv", "en", "fi"):
            a = MEMBERS[n % len(MEMBERS)]
            w = WORDS[language]
            subject = TAG + w["subject"]
            mine = [a["address"]]
            keep = lambda door, raw, to, **more: c.add("ordinary", "%s, %s, %s" % (door, program.name, language), raw, [p["address"] for p in to], **more)
            keep("one member", program.mail(language, [a], [], subject=subject), [a], visible=mine)
            keep("one member and the office", program.mail(language, [a], [OFFICE, OFFICE2], subject=subject), [a, OFFICE, OFFICE2], visible=mine)
            keep("the office", program.mail(language, [OFFICE], [OFFICE2], subject=subject, fields="Reply-To: %s\n" % REP["address"]), [OFFICE, OFFICE2])
            keep("no member", program.mail(language, [EMPLOYER, STRANGER], [], sender=PRIVATE), [EMPLOYER, STRANGER], sender=PRIVATE["address"])
            keep("no member, as representative", program.mail(language, [EMPLOYER], [STRANGER], subject=subject), [EMPLOYER, STRANGER])
            door, build = insides.QUOTED[n % len(insides.QUOTED)]
            kind, text = build(language, a, [a, REP], [OFFICE])
            keep("reply to one member: " + door, program.wrap(language, [a], [], kind, text, n, subject=subject), [a], visible=mine)
            kind, text = build(language, EMPLOYER, [EMPLOYER, STRANGER], [])
            keep("quoted strangers: " + door, program.wrap(language, [EMPLOYER], [STRANGER], kind, text, n, sender=PRIVATE), [EMPLOYER, STRANGER], sender=PRIVATE["address"])
            n += 1
