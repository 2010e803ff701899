"""What RFC 9051 (and 7162, 6851, 4315) says of an account that several sessions use at once, in memory.

The truth is what the account holds. A session's view is what its client knows, from nothing but the responses that came: which UIDs have which
sequence numbers, and which flags it was told. Commands are given one after another, so the truth is known at each moment; what a server may
choose is when it tells a session of others' changes, within the rules. Each rule that is broken is an AssertionError.
"""

import datetime

SYSTEM = ("\\Answered", "\\Flagged", "\\Deleted", "\\Seen", "\\Draft")
KEYWORDS = ("$Forwarded", "$Junk", "work", "Later", "x-1")
RECENT = "\\Recent"


def flags_of(values):
    return frozenset(v for v in values if v.lower() != RECENT.lower())


class Message:
    def __init__(self, uid, body, flags, date):
        self.uid, self.body, self.flags, self.date = uid, body, frozenset(flags), date
        self.modseq = None   # the last one told, and the flags that it was told for
        self.told_with = None


class Mailbox:
    def __init__(self):
        self.uidvalidity, self.uidnext = None, 1
        self.messages = {}  # by UID, in order

    def uids(self):
        return list(self.messages)

    def add(self, body, flags, date):
        """The next message; its UID."""
        message = Message(self.uidnext, body, flags, date)
        self.messages[message.uid] = message
        self.uidnext += 1
        return message.uid


class Truth:
    """An account. `told` keeps the UIDVALIDITYs that each name ever had."""

    def __init__(self, names=("INBOX",)):
        self.mailboxes = {name: Mailbox() for name in names}
        self.told = {}

    def note_uidvalidity(self, name, value):
        mailbox = self.mailboxes[name]
        assert 0 < value < 1 << 32
        if mailbox.uidvalidity is None:
            assert value not in self.told.get(name, ()), f"UIDVALIDITY {value} of an earlier {name} came again"
            mailbox.uidvalidity = value
            self.told.setdefault(name, set()).add(value)
        assert value == mailbox.uidvalidity, f"UIDVALIDITY of {name} was {mailbox.uidvalidity}, and is {value}"


class Seen:
    """A message as a session knows it."""

    def __init__(self, uid):
        self.uid, self.flags = uid, None


class View:
    """The selected mailbox as one session knows it."""

    def __init__(self, truth, name, count, readonly, qresync):
        self.truth, self.name, self.readonly, self.qresync = truth, name, readonly, qresync
        self.mailbox = truth.mailboxes[name]
        uids = self.mailbox.uids()
        assert count == len(uids), f"{name} was selected with {count} messages, and has {len(uids)}"
        self.seen = [Seen(uid) for uid in uids]
        self.last = self.mailbox.uidnext - 1  # no message up to here is new
        self.known = {uid: self.mailbox.messages[uid].flags for uid in uids}  # flags at the last moment when all was told
        self.modseq = None
        self.before = {}  # flags before the command that is under way, which may be told in its course

    def uids(self):
        return [s.uid for s in self.seen]

    def find(self, uid):
        return next((s for s in self.seen if s.uid == uid), None)

    def number(self, uid):
        return self.uids().index(uid) + 1

    def is_doubtful(self, uid):
        """Whether the flags that the session knows, or may know, are others than the truth."""
        message = self.mailbox.messages[uid]
        return message.flags != self.known.get(uid, message.flags)

    def exists(self, uid):
        return uid in self.mailbox.messages

    # ---- responses ----

    def hear(self, responses, expunges=True):
        """Applies what came. `expunges`: whether sequence numbers may change now (RFC 9051 section 7.5.1)."""
        for response in responses:
            kind = response[0]
            if kind == "EXPUNGE":
                assert expunges, "EXPUNGE during FETCH, STORE or SEARCH"
                assert not self.qresync, "EXPUNGE after ENABLE QRESYNC, where VANISHED is due"
                self.hear_expunge(response[1])
            elif kind == "VANISHED":
                assert not response[1], "VANISHED (EARLIER) that nobody asked for"
                assert expunges, "VANISHED during FETCH, STORE or SEARCH"
                self.hear_vanished(response[2])
            elif kind == "EXISTS":
                self.hear_exists(response[1])
            elif kind == "FETCH":
                self.hear_fetch(response[1], response[2])

    def gone(self, seen):
        assert seen.uid is None or not self.exists(seen.uid), f"UID {seen.uid} was told to be expunged, and is there"

    def hear_expunge(self, number):
        assert 1 <= number <= len(self.seen), f"EXPUNGE {number} of {len(self.seen)} messages"
        self.gone(self.seen.pop(number - 1))

    def hear_vanished(self, uids):
        for uid in uids:
            seen = self.find(uid)
            # RFC 7162 section 3.2.10: a set may name UIDs that the session never knew.
            if seen:
                self.seen.remove(seen)
            assert not self.exists(uid), f"UID {uid} has vanished, and is there"

    def hear_exists(self, count):
        assert count >= len(self.seen), f"EXISTS {count}, though {len(self.seen)} are known and none was told to be gone"
        new = [uid for uid in self.mailbox.uids() if uid > self.last]
        more = count - len(self.seen)
        ever = self.mailbox.uidnext - 1 - self.last
        assert more <= ever, f"EXISTS {count}: {len(self.seen)} are known and {ever} have come"
        if len(new) == ever:
            self.seen += [Seen(uid) for uid in new[:more]]
            self.last += more
        else:
            # Some of those that have come are gone again: which of them are told of now, only their UIDs say.
            self.seen += [Seen(None) for _ in range(more)]

    def hear_fetch(self, number, data):
        assert 1 <= number <= len(self.seen), f"FETCH {number} of {len(self.seen)} messages"
        seen = self.seen[number - 1]
        if "UID" in data and seen.uid is None:
            self.hear_uid(number, seen, int(data["UID"]))
        if "UID" in data:
            assert int(data["UID"]) == seen.uid, f"message {number} was UID {seen.uid}, and is {data['UID']}"
        message = self.mailbox.messages.get(seen.uid)
        if "FLAGS" in data:
            flags = flags_of(data["FLAGS"])
            if message and flags != self.before.get(seen.uid):
                assert flags == message.flags, f"flags of UID {seen.uid}: {sorted(flags)}, not {sorted(message.flags)}"
                self.known[seen.uid] = flags
            seen.flags = flags
        if "MODSEQ" in data and message:
            self.hear_modseq(message, int(data["MODSEQ"][0]), seen.flags if "FLAGS" in data else message.flags)

    def hear_uid(self, number, seen, uid):
        before = max([s.uid for s in self.seen[:number - 1] if s.uid is not None], default=0)
        assert max(self.last, before) < uid < self.mailbox.uidnext, f"UID {uid} behind {max(self.last, before)}, and before {self.mailbox.uidnext}"
        seen.uid = uid
        if self.unknown() == (0, 0):
            self.last = self.seen[-1].uid

    def unknown(self):
        """The first and the last number of messages whose UIDs are not known yet; 0 and 0: there is none."""
        found = [n for n, seen in enumerate(self.seen, 1) if seen.uid is None]
        return (found[0], found[-1]) if found else (0, 0)

    def hear_modseq(self, message, modseq, flags):
        if message.modseq is not None:
            assert modseq >= message.modseq, f"MODSEQ of UID {message.uid} fell from {message.modseq} to {modseq}"
            if message.told_with != flags:
                assert modseq > message.modseq, f"MODSEQ of UID {message.uid} is still {modseq} though its flags have changed"
        message.modseq, message.told_with = modseq, flags
        self.modseq = max(self.modseq or 0, modseq)

    def settle(self):
        """After NOOP: all that has happened is known."""
        assert self.uids() == self.mailbox.uids(), f"{self.name} holds {self.mailbox.uids()}, the session knows {self.uids()}"
        for seen in self.seen:
            flags = self.mailbox.messages[seen.uid].flags
            assert seen.flags is None or seen.flags == flags, \
                f"UID {seen.uid} of {self.name} has {sorted(flags)}, the session was told {sorted(seen.flags)}"
        self.last = self.mailbox.uidnext - 1
        self.known = {uid: m.flags for uid, m in self.mailbox.messages.items()}

    def is_settled(self):
        try:
            self.settle()
        except AssertionError:
            return False
        return True


def stored(flags, mode, given):
    if mode.startswith("+"):
        return flags | given
    return flags - given if mode.startswith("-") else frozenset(given)


def search_keys(random, view):
    """(text, whether a message matches) of a random key, by what the truth says."""
    flag = random.choice(SYSTEM)
    word = random.choice(KEYWORDS)
    size = random.choice([150, 400, 2000])
    number = random.randrange(1, 60)
    uids = view.uids() or [1]
    low, high = sorted(random.choices(uids, k=2))
    day = datetime.date(2026, 1, 1) + datetime.timedelta(random.randrange(60))
    simple = [
        ("ALL", lambda m: True),
        (flag[1:].upper(), lambda m: flag in m.flags),
        ("UN" + flag[1:].upper(), lambda m: flag not in m.flags),
        (f"KEYWORD {word}", lambda m: word in m.flags),
        (f"UNKEYWORD {word}", lambda m: word not in m.flags),
        (f"LARGER {size}", lambda m: len(m.body) > size),
        (f"SMALLER {size}", lambda m: len(m.body) < size),
        (f"SUBJECT \"t{number % 7}t\"", lambda m: b"t%dt" % (number % 7) in m.body.partition(b"\r\n\r\n")[0]),
        (f"BODY \"w{number}w\"", lambda m: b"w%dw" % number in m.body.partition(b"\r\n\r\n")[2]),
        (f"TEXT \"W{number}W\"", lambda m: b"w%dw" % number in m.body),
        (f"UID {low}:{high}", lambda m: low <= m.uid <= high),
        (f"UID {high}:{low}", lambda m: low <= m.uid <= high),
        (f"SINCE {day:%-d-%b-%Y}", lambda m: m.date.date() >= day),
        (f"BEFORE {day:%-d-%b-%Y}", lambda m: m.date.date() < day),
        (f"ON {day:%-d-%b-%Y}", lambda m: m.date.date() == day),
        (f"HEADER X-Number \"{number}\"", lambda m: str(number).encode() in m.body.partition(b"X-Number: ")[2].partition(b"\r\n")[0]),
    ]
    return random.choice(simple)


def search_program(random, view, depth=2):
    text, matches = search_keys(random, view)
    choice = random.random()
    if depth == 0 or choice < 0.5:
        return text, matches
    other, also = search_program(random, view, depth - 1)
    if choice < 0.65:
        return f"{text} {other}", lambda m: matches(m) and also(m)
    if choice < 0.8:
        return f"OR ({text}) ({other})", lambda m: matches(m) or also(m)
    if choice < 0.9:
        return f"NOT ({other})", lambda m: not also(m)
    return f"({text} {other})", lambda m: matches(m) and also(m)
