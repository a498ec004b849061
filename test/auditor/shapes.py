"""Fields that name readers, and lists of mailboxes in odd shapes."""

import base64
import hashlib

from people import EMPLOYER, OFFICE, REP, b_word, listed, mailbox, q_word

KEYDATA = base64.b64encode(hashlib.sha512(b"a made-up key").digest() * 3).decode()


def fields(a, b, c, d):
    """Yields each door and the fields that open it. All four are members; a and b stand in To and Cc."""
    one, two, three = mailbox(a, "q"), mailbox(b, "b"), mailbox(c, "q")
    x, y, z = a["ascii"], b["ascii"], c["ascii"]
    yield "Bcc", "Bcc: %s\n" % listed([c, d], "q")
    yield "empty Bcc", "Bcc:\n"
    yield "Bcc raw", "Bcc: %s\n" % listed([c, d], "raw")
    yield "Reply-To", "Reply-To: %s, %s\n" % (mailbox(REP), one)
    yield "Reply-To all", "Reply-To: %s\n" % listed([a, b, c], "b")
    yield "Mail-Followup-To", "Mail-Followup-To: %s, %s\n" % (x, y)
    yield "Mail-Reply-To", "Mail-Reply-To: %s\n" % three
    yield "Resent-To", "Resent-From: %s\nResent-To: %s\nResent-Cc: %s\nResent-Date: Fri, 20 Nov 2026 08:10:00 +0100\n" % (mailbox(REP), one, three)
    yield "Resent-Bcc", "Resent-From: %s\nResent-Bcc: %s\n" % (mailbox(REP), three)
    yield "Resent-Reply-To", "Resent-From: %s\nResent-Reply-To: %s\n" % (mailbox(REP), one)
    yield "Apparently-To", "Apparently-To: %s\nApparently-To: <%s>\n" % (x, y)
    yield "X-Envelope-To", "X-Envelope-To: <%s>, <%s>\n" % (x, z)
    yield "Envelope-To", "Envelope-To: %s\n" % z
    yield "X-Original-To", "X-Original-To: %s\nDelivered-To: %s\n" % (x, x)
    yield "X-Rcpt-To", "X-RCPT-TO: <%s>\nX-Receiver: %s\n" % (x, y)
    yield "X-Google-Original", "X-Google-Original-To: %s\nX-Gm-Original-To: %s\nX-Forwarded-To: %s\nX-Forwarded-For: %s %s\n" % (x, y, x, x, y)
    yield "X-Google-Original-Cc", "X-Google-Original-Cc: %s\nX-Gm-Message-State: %s\n" % (one, base64.b64encode(("to=%s;cc=%s" % (x, y)).encode()).decode())
    yield "X-MS-Exchange", ("X-MS-Exchange-Organization-Recipient-P2-Type: Bcc\nX-MS-Exchange-CrossTenant-Recipients: %s;%s\n"
                            "X-MS-Exchange-ForwardingLoop: %s;4\nX-MS-Exchange-Parent-Message-Id: <1@x.example>\n" % (x, y, x))
    yield "X-MS-Exchange expanded", "X-MS-Exchange-Organization-OriginalEnvelopeRecipients: %s;\n %s\nX-MS-Exchange-Transport-EndToEndLatency: 00:00:01\n" % (x, z)
    yield "X-To", "X-To: %s\nX-Cc: %s\nX-Recipients: %s %s\n" % (one, two, x, y)
    yield "X-Zimbra", "X-Zimbra-Bcc: %s\nX-Authenticated-Recipient: %s\n" % (y, x)
    yield "X-Mozilla draft", "X-Mozilla-Draft-Info: internal/draft; vcard=0\nX-Identity-Key: id1\nFCC: imap://%s@mail.example/Sent\n" % x.replace("@", "%40")
    yield "Thread-Topic", "Thread-Topic: %s\n" % q_word("Møde med " + a["name"])
    yield "Thread-Topic raw", "Thread-Topic: Møde med %s og %s\n" % (a["name"], b["name"])
    yield "Thread-Topic of a reader", "Thread-Topic: %s\n" % b_word("Sag: %s, %s" % (c["name"], d["name"]))
    yield "Keywords", "Keywords: %s, møde, %s\n" % (q_word(a["name"], "utf-8"), x)
    yield "Comments", "Comments: til %s og %s\n" % (q_word(a["name"], "utf-8"), y)
    yield "Autocrypt-Gossip", "Autocrypt-Gossip: addr=%s; keydata=\n %s\nAutocrypt-Gossip: addr=%s; keydata=%s\n" % (x, KEYDATA, y, KEYDATA)
    yield "Autocrypt", "Autocrypt: addr=%s; prefer-encrypt=mutual; keydata=%s\n" % (REP["address"], KEYDATA)
    yield "Disposition-Notification-To", "Disposition-Notification-To: %s, %s\n" % (mailbox(REP), one)
    yield "Return-Receipt-To", "Return-Receipt-To: %s\nX-Confirm-Reading-To: %s\nRead-Receipt-To: <%s>\n" % (one, x, y)
    yield "Original-Recipient", "Original-Recipient: rfc822;%s\nX-Original-Recipient: %s\n" % (x, y)
    yield "Received for", ("Received: from [192.0.2.1] by mx.example with ESMTPSA id 4711\n\tfor <%s>; Fri, 20 Nov 2026 08:12:44 +0100\n"
                           "Received: from a by b for %s ; Fri, 20 Nov 2026 08:12:43 +0100\n" % (x, y))
    yield "Received for two", "Received: from a by b for <%s>,<%s>; Fri, 20 Nov 2026 08:12:43 +0100\n" % (x, y)
    yield "X-Received", "X-Received: by 2002:a05:1 with SMTP id x for <%s>; Fri, 20 Nov 2026 08:12:43 +0100\n" % x
    yield "Return-Path", "Return-Path: <bounce-%s@lists.forening.example>\n" % x.replace("@", "=")
    yield "List-*", ("List-Unsubscribe: <https://l.example/u?e=%s>,\n <mailto:leave-%s@lists.forening.example>\nList-Id: x <x.forening.example>\n"
                     % (x.replace("@", "%40"), y.replace("@", "=")))
    yield "References", "References: <1.%s> <2@x.example>\nIn-Reply-To: <%s>\n" % (x, x)
    yield "Errors-To", "Errors-To: %s\nX-Sender: %s\nX-Report-Abuse: %s\n" % (x, REP["address"], y)
    yield "Sieve", "X-Sieve-Redirected-From: %s\nX-Redirected-To: %s\nX-ResentTo: %s\n" % (x, y, z)
    yield "Newsgroup style", "To-Name: %s\nX-Distribution: %s\n" % (q_word(a["name"], "utf-8"), q_word("%s; %s" % (a["name"], b["name"]), "utf-8"))
    yield "md5 of a reader", "X-Gravatar: %s\n" % hashlib.md5(a["address"].encode()).hexdigest()
    yield "Subject names a reader", "X-Subject: %s\n" % q_word("til " + x, "utf-8")


def syntax(a, b, c, d):
    """Yields a name and a To (and Cc) field as it stands in the header."""
    x, y, z = a["ascii"], b["ascii"], c["ascii"]
    first, last = a["name"].split()[0], a["name"].split()[-1]
    yield "upper case", "TO: <%s>, <%s>\nCC: %s\n" % (x.upper(), y.upper(), z.title())
    yield "no blank", "To:%s,%s,%s\n" % (x, y, mailbox(EMPLOYER))
    yield "folded anywhere", "To:\n %s\n <%s>\n ,\n\t%s\n" % (q_word(a["name"], "utf-8"), x, y)
    yield "group", "To: Holdet: %s, %s;, %s\n" % (mailbox(a), mailbox(b), mailbox(EMPLOYER))
    yield "group with an encoded name", "To: %s:%s,%s;\n" % (q_word("Bestyrelsen på værket", "utf-8"), x, y)
    yield "two groups", "To: A: %s;, B: %s, %s;\n" % (x, y, EMPLOYER["address"])
    yield "two To fields", "To: %s\nTo: %s\nCc: %s\nCc: %s\n" % (x, y, z, EMPLOYER["address"])
    yield "comments", "To: (%s) %s (%s), %s (kollega)\n" % (first, x, last, y)
    yield "comments inside", "To: %s, %s\n" % (x.replace("@", "(x)@(y)"), y.replace(".", "(z).", 1))
    yield "blanks inside", "To: %s , %s\n" % (x.replace("@", " @ "), y.replace("@", "@\n "))
    yield "plus tags", "To: %s, %s\n" % (x.replace("@", "+arbejde@"), y.replace("@", "+tr@"))
    yield "quoted local part", 'To: "%s"@%s, %s\n' % (x.split("@")[0], x.split("@")[1], y)
    yield "escaped local part", 'To: "\\%s"@%s, %s\n' % (x.split("@")[0], x.split("@")[1], y)
    yield "source route", "To: <@a.example,@b.example:%s>, <%s>\n" % (x, y)
    yield "trailing dot", "To: <%s.>, <%s>\n" % (x, y)
    yield "empty elements", "To: ,, %s,,\n ,%s,\n" % (x, y)
    yield "semicolons", "To: %s; %s\n" % (x, y)
    yield "semicolons with names", "To: %s; %s; %s\n" % (mailbox(a), mailbox(b), mailbox(EMPLOYER))
    yield "single quotes", "To: '%s' <%s>, '%s' <%s>\n" % (first, x, y, y)
    yield "address as name", 'To: "%s" <%s>, "%s" <%s>\n' % (x, x, y, y)
    yield "address of another as name", 'To: "%s" <%s>, %s\n' % (x, EMPLOYER["address"], mailbox(b))
    yield "via a list", 'To: "%s via Listen" <%s>, %s, %s\n' % (a["name"], EMPLOYER["address"], mailbox(a), mailbox(b))
    yield "encoded address", "To: %s <%s>, %s <%s>\n" % (b_word(x), x, b_word(y), y)
    yield "encoded word split in a letter", "To: =?utf-8?B?%s?= =?utf-8?Q?x?= <%s>, %s\n" % (b_word("Ø")[10:-2], x, y)
    yield "unknown charset", "To: =?x-unknown?Q?M=F8de?= <%s>, %s\n" % (x, y)
    yield "Windows-1252 name", "To: %s <%s>, %s <%s>\n" % (q_word(a["name"], "windows-1252"), x, b_word(b["name"], "iso-8859-15"), y)
    yield "language in an encoded word", "To: =?utf-8*da?Q?%s?= <%s>, %s\n" % (first, x, y)
    yield "raw UTF-8", "To: %s <%s>, %s <%s>\n" % (a["name"], a["address"], b["name"], b["address"])
    yield "many", "To: %s\n" % ",\n ".join([x, y, z] + ["gaest%d@region.example" % i for i in range(60)])
    yield "members last", "To: %s\n" % ",\n ".join(["gaest%d@region.example" % i for i in range(20)] + [x, y])
    yield "old route names", "To: %s <%s>,\n\t%s\n\t<%s>\n" % (first, x, last, y)
    yield "fullwidth at", "To: <%s>, %s\n" % (x, y.replace("@", "＠"))
    yield "zero width", "To: <%s>, <%s>\n" % (x, y.replace("@", "​@"))
    yield "broken quote", 'To: "%s <%s>, %s\n' % (first, x, y)
    yield "name in three words", "To: =?utf-8?Q?%s?= =?utf-8?Q?_?=\n =?utf-8?Q?%s?= <%s>, %s\n" % (
        q_word(first, "utf-8")[10:-2], q_word(last, "utf-8")[10:-2], x, y)
    yield "office between", "To: %s, %s, %s\n" % (mailbox(a), mailbox(OFFICE), mailbox(b))
