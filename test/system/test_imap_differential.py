"""The same commands to Postrider and to Dovecot's imapd, and their answers side by side.

What random sessions say (support/imap_walk.py, every session up to date before each command), and what FETCH tells of messages of all kinds. A
difference that stays has its reason in a table below; any other fails.
"""

import pathlib
import re

import pytest

import dovecot
import imap_walk
import imap_wire
from imap_model import flags_of
from ports import free_port
from server import ROOT

STEPS = 200
USERS = {f"differ{n}@example.test": "peer-horse" for n in range(100)}

# What the walk says that only one of them does as the other, by command and difference: why.
WALK = {
    "EXPUNGE read-only": "Dovecot says OK and does nothing (DOVECOT in imap_walk.py)",
    "STORE read-only": "the same",
}

# What is told of messages otherwise, whatever they are; `is_known` says when.
KINDS = {
    "default charset": "Dovecot writes charset=us-ascii where the message says none; nothing asks for that",
    "last line": "a part's last line has no line end of its own, since that belongs to the boundary: it counts to us, not to Dovecot",
    "line end of a boundary": "a line end before a boundary is the boundary's (RFC 2046 section 5.1.1), also behind an inner closing boundary",
    "part of a leaf": "a part that is neither multipart nor a message has no part 1: nothing to us, the part itself to Dovecot",
}
STRUCTURE = ("BODY", "BODYSTRUCTURE")

# And those of single messages: the file, the items, why.
FETCHED = {
    "nested": (STRUCTURE, "the size of a message in it: see \"line end of a boundary\""),
    "forwarded-deep.eml": (STRUCTURE, "the same"),
    "byte-order-mark.eml": (("ENVELOPE", "BODY[HEADER.FIELDS (SUBJECT FROM X-NONE)]"), "a mark at the beginning does not hide the first field"),
    "folded": (("ENVELOPE",), "unfolding takes the line end away and leaves the TAB (RFC 5322 section 2.2.3); Dovecot makes it a blank"),
    "address-in-name.eml": (("ENVELOPE",), "a name with an at sign is read as its author meant it, not taken for a broken address"),
    "obsolete-addresses.eml": (("ENVELOPE",), "obsolete syntax is read"),
    "utf8-headers.eml": (("ENVELOPE",), "a client that did not enable UTF8=ACCEPT gets encoded words (RFC 6855 section 3)"),
    "bad-content-type.eml": (STRUCTURE, "what can be read of a broken field is kept"),
    "unquoted-names.eml": (STRUCTURE, "a file's name without quotes is read to its end"),
    "boundary-not-found.eml": ((*STRUCTURE, "BODY[1]", "BODY[1.MIME]", "BODY[1]<3.100000>"), "a multipart without parts is text: somebody wants to read it"),
    "no-boundary.eml": ((*STRUCTURE, "BODY[1]", "BODY[1.MIME]", "BODY[1]<3.100000>"), "the same"),
    "empty-parts.eml": (("BODY[1.MIME]",), "a header without fields ends with its empty line"),
    "garbage-before-header.eml": (("BODY[HEADER.FIELDS.NOT (RECEIVED TO)]",), "a line that is no field is no field without those names either"),
    "header-without-blank-line.eml": (("BODY[HEADER.FIELDS.NOT (RECEIVED TO)]",), "the same"),
    "header-only.eml": (("BODY[HEADER.FIELDS.NOT (RECEIVED TO)]",), "fields that were chosen always end with an empty line"),
    "message-global-encoded.eml": (STRUCTURE, "a message/global has an envelope and a structure in IMAP4rev2's grammar, also when it is encoded"),
}


@pytest.fixture(scope="module")
def peer(shared, shared_folder):
    if not dovecot.is_installed():
        pytest.skip("dovecot-imapd is not installed, or this is not root (scripts/setup check)")
    ports = {"imap": free_port(), "imaps": free_port()}
    made = dovecot.Dovecot(shared_folder / "dovecot", shared.folder / "tls-cert.pem", shared.folder / "tls-key.pem", ports,
                           location="sdbox:{}/mail/%u", users=USERS)
    try:
        yield made.start()
    finally:
        made.stop()


def login(server, address, log):
    wire = imap_wire.Wire(server.ports["imaps"], str(server.folder / "tls-cert.pem"), log)
    answer = wire.command("LOGIN", imap_wire.mailbox_name(address), imap_wire.mailbox_name(server.passwords[address]))
    assert answer.status == "OK", answer
    return wire


class Recorder:
    """A wire that writes down what was asked and answered, for a second server to be asked the same."""

    def __init__(self, wire, events):
        self.wire, self.events, self.number = wire, events, len(events)
        events.append((self.number, "open", None, None))

    def __getattr__(self, name):
        return getattr(self.wire, name)

    def command(self, *parts):
        answer = self.wire.command(*parts)
        self.events.append((self.number, "command", parts, answer))
        return answer

    def close(self):
        self.events.append((self.number, "close", None, None))
        self.wire.close()


def without_uidvalidity(code):
    return (code[0], tuple(code[1][1:])) if code and code[0] in ("APPENDUID", "COPYUID") else (code[0],) if code else None


COMPARED_CODES = {"APPENDUID", "COPYUID", "TRYCREATE", "ALREADYEXISTS", "NONEXISTENT", "READ-ONLY", "READ-WRITE"}


def plain(item, value):
    """A day below ten may be written with a blank or a zero before it (RFC 9051, date-day-fixed)."""
    return sorted(flags_of(value)) if item == "FLAGS" else value.lstrip(b" 0") if item == "INTERNALDATE" else value


def normal(parts, answer):
    """What an answer says, without what may differ from one server to the next: texts, UIDVALIDITYs, order, what comes unasked."""
    verb = parts[0].removeprefix("UID ").split()[0]
    codes = [c for c in [answer.code, *(r[1] for r in answer.all("OK"))] if c and c[0] in COMPARED_CODES]
    said = {"status": answer.status, "codes": sorted(without_uidvalidity(c) for c in codes)}
    if verb == "SEARCH":
        said["found"] = sorted(int(n) for r in answer.all("SEARCH") for n in r[1:] if not isinstance(n, list))
    elif verb == "RENAME" and answer.status == "NO":
        # The old name may not be there, and the new one may be: which is said first is free.
        said["codes"] = []
    elif verb == "LIST":
        said["names"] = sorted(str(r[3]) for r in answer.all("LIST"))
    elif verb == "STATUS":
        said["status of"] = [{k: v for k, v in r[2].items() if k != "UIDVALIDITY"} for r in answer.all("STATUS")]
    elif verb in ("SELECT", "EXAMINE"):
        said["exists"] = [r[1] for r in answer.all("EXISTS")]
        said["uidnext"] = answer.codes().get("UIDNEXT")
    elif verb == "FETCH":
        merged = {}
        for _, number, data in answer.all("FETCH"):
            merged.setdefault(number, {}).update({k: plain(k, v) for k, v in data.items() if k != "MODSEQ"})
        said["messages"] = merged
    elif verb in ("EXPUNGE", "MOVE", "NOOP"):
        # By the numbers before the first one: some begin at the end, some at the beginning.
        numbers = list(range(1, 1000))
        said["expunged"] = sorted(numbers.pop(r[1] - 1) for r in answer.all("EXPUNGE"))
    return said


def is_accepted(parts, one, other):
    verb = parts[0].removeprefix("UID ").split()[0]
    return f"{verb} read-only" in WALK and {one["status"], other["status"]} == {"OK", "NO"}


@pytest.mark.parametrize("seed", range(1, 5))
def test_the_same_sessions(server, peer, seed):
    address = f"differ{seed}@example.test"
    events, log = [], []
    server.add_account(address)
    walk = imap_walk.Walk(lambda _, log: Recorder(login(server, address, log), events), seed, plain=True, accepted=("move-read-only", "search-not-of-sizes"))
    try:
        walk.start().run(STEPS)
    finally:
        walk.close()
    wires = {"maker": login(peer, address, log)}
    for name in ("Archive", "Junk"):  # what accounts have here and not there
        wires["maker"].command("CREATE", name)
    for number, what, parts, answer in events:
        if what == "open":
            wires[number] = login(peer, address, log)
        elif what == "close":
            wires.pop(number).close()
        elif parts[0] != "CAPABILITY":
            ours, theirs = normal(parts, answer), normal(parts, wires[number].command(*parts))
            if ours != theirs and not is_accepted(parts, ours, theirs):
                raise AssertionError(f"seed {seed}: {parts}\nours:   {ours}\ntheirs: {theirs}\n" + "\n".join(log[-20:]))
    for wire in wires.values():
        wire.close()


# ---- what is told of messages ----

ITEMS = ["RFC822.SIZE", "ENVELOPE", "BODY", "BODYSTRUCTURE", "BODY[]", "BODY[HEADER]", "BODY[TEXT]", "BODY[1]", "BODY[1.MIME]", "BODY[2]",
         "BODY[2.MIME]", "BODY[1.1]", "BODY[2.HEADER]", "BODY[2.TEXT]", "BODY[2.1]", "BODY[1.2]", "BODY[3]", "BODY[HEADER.FIELDS (SUBJECT FROM X-NONE)]",
         "BODY[HEADER.FIELDS.NOT (RECEIVED TO)]", "BODY[]<7.30>", "BODY[TEXT]<0.12>", "BODY[1]<3.100000>", "BODY[1.HEADER]", "RFC822.HEADER", "RFC822.TEXT"]

GENERATED = {
    "plain": b"From: A <a@b.test>\r\nTo: c@d.test, \"E, F\" <e@f.test>\r\nSubject: Hello\r\nDate: Thu, 1 Jan 2026 10:00:00 +0100\r\n"
             b"Message-ID: <1@b.test>\r\nIn-Reply-To: <0@b.test>\r\n\r\nA line.\r\nAnother.\r\n",
    "group": b"From: a@b.test\r\nTo: friends: c@d.test, \"E\" <e@f.test>;, g@h.test\r\nCc: undisclosed:;\r\nSender: s@b.test\r\nReply-To: r@b.test\r\n"
             b"Bcc: z@b.test\r\n\r\nx\r\n",
    "mixed": b"From: a@b.test\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"=_b\"; x=\"a b\"\r\n\r\npreamble\r\n--=_b\r\n"
             b"Content-Type: text/plain; charset=utf-8; format=flowed\r\nContent-Language: en, de\r\nContent-ID: <part1@b.test>\r\n"
             b"Content-Description: first\r\n\r\none\r\n--=_b\r\nContent-Type: application/pdf; name=\"a.pdf\"\r\nContent-Transfer-Encoding: base64\r\n"
             b"Content-Disposition: attachment; filename=\"a.pdf\"; size=3\r\nContent-MD5: Q2hlY2sgSW50ZWdyaXR5IQ==\r\n\r\nQUJD\r\n--=_b--\r\nepilogue\r\n",
    "nested": b"From: a@b.test\r\nContent-Type: multipart/mixed; boundary=o\r\n\r\n--o\r\nContent-Type: multipart/alternative; boundary=i\r\n\r\n--i\r\n\r\n"
              b"plain\r\n--i\r\nContent-Type: text/html\r\n\r\n<p>html</p>\r\n--i--\r\n--o\r\nContent-Type: message/rfc822\r\n\r\n"
              b"From: inner@b.test\r\nSubject: inside\r\nContent-Type: multipart/mixed; boundary=m\r\n\r\n--m\r\n\r\nin\r\n--m\r\n"
              b"Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\nAAAA\r\n--m--\r\n--o--\r\n",
    "empty body": b"From: a@b.test\r\nSubject: nothing\r\n\r\n",
    "no header": b"\r\nonly a body\r\n",
    "report": b"From: a@b.test\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=r\r\n\r\n--r\r\n\r\ntext\r\n--r\r\n"
              b"Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; b.test\r\n\r\nFinal-Recipient: rfc822; c@d.test\r\n--r\r\n"
              b"Content-Type: text/rfc822-headers\r\n\r\nSubject: x\r\n--r--\r\n",
    "folded": b"From: a@b.test\r\nSubject: a\r\n folded\r\n\tsubject\r\nX-Long: " + b"y" * 2000 + b"\r\n\r\n" + b"z" * 3000 + b"\r\n",
    "encoded names": b"From: =?utf-8?q?J=C3=BCrgen?= <j@b.test>\r\nContent-Type: text/plain; name*=utf-8''%C3%A4.txt\r\n"
                     b"Content-Disposition: attachment; filename*0=\"long \"; filename*1=\"name.txt\"\r\n\r\nx\r\n",
}


def simple(value):
    """A structure without the default charset and without numbers of lines, in small letters."""
    if not isinstance(value, list):
        return value.lower() if isinstance(value, bytes) else value
    value = [simple(v) for v in value]
    if len(value) >= 8 and value[0] == b"text":
        pairs = list(zip(value[2] or [], (value[2] or [])[1:]))[::2]
        value[2] = [w for pair in pairs if pair != (b"charset", b"us-ascii") for w in pair] or None
        value[7] = "lines"
    if len(value) >= 10 and value[0] == b"message" and value[1] == b"rfc822":
        value[9] = "lines"
    return value


def is_known(name, item, one, other):
    """Whether the difference is among those above."""
    ours, theirs = one[item][1], other[item][1]
    if item in STRUCTURE and simple(ours) == simple(theirs):
        return True
    if isinstance(ours, bytes) and theirs == ours + b"\r\n":
        return True
    parent = item.rpartition(".")[0] + "]"
    if item in ("BODY[1.1]", "BODY[2.1]", "BODY[1.2]") and ours == b"" and theirs == other[parent][1]:
        return True
    return item in FETCHED.get(name, ((), ""))[0]


def lowered(value):
    """Media types and the like in small letters: their case says nothing."""
    if isinstance(value, list):
        return [lowered(v) for v in value]
    return value.lower() if isinstance(value, bytes) else value


def told(wire, body, items):
    """{item: value, or what was said instead} of a message that is appended for it."""
    answer = wire.command("APPEND", "INBOX", imap_wire.Literal(body))
    assert answer.status == "OK", answer
    uid = answer.code[1][1]
    answer = wire.command("SELECT", "INBOX")
    found = {}
    for item in items:
        peek = item.replace("BODY[", "BODY.PEEK[")
        answer = wire.command("UID FETCH", uid, f"({peek})")
        data = {}
        for _, _, more in answer.all("FETCH"):
            data.update(more)
        values = {k: v for k, v in data.items() if k not in ("UID", "FLAGS", "MODSEQ")}
        value = next(iter(values.values()), None)
        # A part that is not there is NIL or empty.
        absent = value is None and "[" in item
        found[item] = answer.status, lowered(value) if item in ("BODY", "BODYSTRUCTURE") else b"" if absent else value
    return found


def corpus():
    files = {path.name: re.sub(rb"\r?\n", b"\r\n", path.read_bytes()) for path in sorted(pathlib.Path(ROOT / "test/data/mail").glob("*.eml"))}
    # What cannot be appended is not asked for.
    return GENERATED | {name: body for name, body in files.items() if b"\0" not in body}


@pytest.mark.parametrize("name", corpus())
def test_the_same_message(server, peer, name):
    body = corpus()[name]
    log = []
    ours, theirs = login(server, "alice@example.test", log), login(peer, "alice@example.test", log)
    try:
        one, other = told(ours, body, ITEMS), told(theirs, body, ITEMS)
        differences = [f"{item}\n  ours:   {one[item]}\n  theirs: {other[item]}" for item in ITEMS
                       if one[item] != other[item] and not is_known(name, item, one, other)]
        assert not differences, "\n".join(differences)
    finally:
        ours.close()
        theirs.close()
