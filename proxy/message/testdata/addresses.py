"""Reads address lists with Python's two parsers: JSON lines in, JSON lines out.

Each line that comes is a whole header; each that goes is what they find in To
and Cc: the parser of old (email.utils) and that of today (email.policy).
"""

import email
import email.policy
import email.utils
import json
import sys


def old(raw):
    message = email.message_from_bytes(raw)
    return [a for name in ("To", "Cc") for _, a in email.utils.getaddresses([str(v) for v in message.get_all(name, [])]) if a]


def new(raw):
    found = []
    message = email.message_from_bytes(raw, policy=email.policy.default)
    for name in ("To", "Cc"):
        try:
            for field in message.get_all(name, []):
                found += [str(a.addr_spec) for a in field.addresses]
        except Exception:  # it gives up on some; what it found before counts
            continue
    return found


for line in sys.stdin:
    octets = json.loads(line).encode("utf-8")
    print(json.dumps({"old": old(octets), "new": new(octets)}))
