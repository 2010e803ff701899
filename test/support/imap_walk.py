"""Random commands of several sessions on one account, each answer held against the model (imap_model.py)."""

import datetime
import random

from imap_model import KEYWORDS, SYSTEM, Mailbox, Truth, View, flags_of, search_program, stored
from imap_wire import TIMEOUT, Literal, mailbox_name, numbers, set_text

SESSIONS = 3
NAMES = ("alpha", "beta", "gamma", "delta & co", "beta/one", "alpha/two")
# What Dovecot does otherwise than the model, and why that is accepted.
DOVECOT = {
    "expunge-read-only": "EXPUNGE in a mailbox that was opened read-only says OK and does nothing, where RFC 9051 section 6.4.3 has NO",
    "store-read-only": "so does STORE",
    "search-not-of-sizes": "NOT (SMALLER 400 SMALLER 150) leaves out messages of 200 octets: it is made simpler than it is",
    "move-read-only": "MOVE in a mailbox that was opened read-only moves",
}
CHANGED_WITHIN = 10  # seconds in which a session that idles hears of a change
MESSAGES_MAX = 40    # of a mailbox: enough for sets of all kinds


class Session:
    def __init__(self, walk, number):
        self.walk, self.number = walk, number
        self.wire = self.view = None
        self.enabled = set()
        self.remembered = {}  # name -> (UIDVALIDITY, modseq, {uid: flags}) of a mailbox that was left: for QRESYNC

    def open(self):
        self.wire = self.walk.connect(self.number)
        self.view, self.enabled = None, set()

    def command(self, *parts, expunges=True, hear=True):
        """Sends, and applies what comes to the view."""
        answer = self.wire.command(*parts)
        if hear:
            self.hear(answer, expunges)
        return answer

    def hear(self, answer, expunges=True):
        if not self.view:
            return
        self.view.hear(answer.untagged, expunges)
        first, last = self.view.unknown()
        if first:
            self.view.hear(self.walk.expect(self.wire.command("FETCH", f"{first}:{last}", "(UID)"), "OK").untagged, False)
            assert self.view.unknown() == (0, 0), "FETCH told no UIDs"

    def leave(self):
        """What a client that can QRESYNC keeps of a mailbox."""
        v = self.view
        if v and "QRESYNC" in self.enabled and v.modseq and v.is_settled() and all(s.flags is not None for s in v.seen):
            self.remembered[v.name] = (v.mailbox.uidvalidity, v.modseq, {s.uid: s.flags for s in v.seen})
        self.view = None


class Walk:
    """`connect(number, log)` gives a Wire that has logged in. `plain`: no commands whose text or outcome depends on the
    server (modseqs, what a session was not told yet): each session hears of each change at once.
    `accepted`: names of what a server does otherwise (DOVECOT below)."""

    def __init__(self, connect, seed, plain=False, accepted=()):
        self.accepted = accepted
        self.random, self.seed, self.plain = random.Random(seed), seed, plain
        self.log, self.steps = [], 0
        self.connector = connect
        self.bodies = 0
        self.truth = Truth()
        self.sessions = [Session(self, n) for n in range(SESSIONS)]

    def connect(self, number):
        return self.connector(number, self.log)

    def start(self):
        for session in self.sessions:
            session.open()
        first = self.sessions[0]
        self.capabilities = {str(w).upper() for w in first.wire.command("CAPABILITY").all("CAPABILITY")[0][1:]}
        for name in self.listed(first):
            if name != "INBOX":
                self.truth.mailboxes.setdefault(name, Mailbox())
        return self

    def close(self):
        for session in self.sessions:
            if session.wire:
                session.wire.close()

    def run(self, steps):
        self.during(lambda: self.walk(steps))

    def walk(self, steps):
        for _ in range(steps):
            self.step()
            for session in self.sessions if self.plain else ():
                self.settle(session)
        for session in self.sessions:
            self.settle(session)
        self.check_all(self.sessions[0])

    def during(self, work):
        """Does it, and shows what was said before a rule was broken."""
        try:
            work()
        except AssertionError as error:
            shown = "\n".join(self.log[-40:])
            raise AssertionError(f"seed {self.seed}, step {self.steps}: {error}\nthe last that was said:\n{shown}") from error

    def step(self):
        self.steps += 1
        session = self.random.choice(self.sessions)
        if session.view is None:
            table = UNSELECTED
        else:
            table = SELECTED
        operations, weights = zip(*table)
        operation = self.random.choices(operations, weights)[0]
        self.log.append(f"-- {self.steps}: session {session.number} {operation.__name__}")
        operation(self, session)

    # ---- what operations share ----

    def expect(self, answer, status, why=""):
        assert answer.status == status, f"{status} was due{' ' + why if why else ''}: {answer}"
        return answer

    def body(self):
        self.bodies += 1
        r = self.random
        words = " ".join(f"w{r.randrange(60)}w" for _ in range(r.choice([3, 20, 300])))
        return (f"From: a{self.bodies}@example.test\r\nSubject: t{r.randrange(7)}t number {self.bodies}\r\nX-Number: {r.randrange(60)}\r\n"
                f"Message-ID: <{self.seed}.{self.bodies}@example.test>\r\n\r\n{words}\r\n").encode()

    def date(self):
        return datetime.datetime(2026, 1, 1, 12, 0, 0) + datetime.timedelta(days=self.random.randrange(60), seconds=self.random.randrange(30000))

    def flags(self):
        return frozenset(self.random.sample(SYSTEM + KEYWORDS, self.random.randrange(4)))

    def name(self, session=None, free=False):
        """A mailbox that is there; `free`: that no session has selected."""
        selected = {s.view.name for s in self.sessions if s.view}
        names = sorted(n for n in self.truth.mailboxes if not free or n not in selected)
        return self.random.choice(names) if names else None

    def some(self, session):
        """Messages as a set of the view: (text, uids, whether by UID)."""
        view, r = session.view, self.random
        uids = view.uids()
        by_uid = r.random() < 0.5
        chosen = r.sample(uids, min(len(uids), r.choice([1, 1, 2, 5]))) if r.random() < 0.8 else uids
        if r.random() < 0.1 and uids:
            chosen = uids[-1:]
            return "*", chosen, by_uid
        if r.random() < 0.15 and uids:
            chosen = uids[r.randrange(len(uids)):]
            first = chosen[0] if by_uid else view.number(chosen[0])
            return (f"{first}:*" if r.random() < 0.5 else f"*:{first}"), chosen, by_uid
        if not chosen:
            return None, [], by_uid
        return set_text(chosen if by_uid else [view.number(u) for u in chosen]), sorted(chosen), by_uid

    def fetched(self, view, answer):
        """{uid: all that FETCH responses said of it}, by the numbers of a view before the command."""
        found = {}
        for _, number, data in answer.all("FETCH"):
            found.setdefault(view[number - 1] if number <= len(view) else int(data["UID"]), {}).update(data)
        return found

    def listed(self, session, pattern="*"):
        names = []
        for _, attributes, _, name in session.command("LIST", '""', f'"{pattern}"').all("LIST"):
            lower = {a.lower() for a in attributes}
            text = name.decode() if isinstance(name, bytes) else name
            if not lower & {"\\noselect", "\\nonexistent"}:
                names.append("INBOX" if text.upper() == "INBOX" else text.replace("&-", "&"))
        return names

    def quoted(self, name):
        return mailbox_name(name.replace("&", "&-"))

    def resolve(self, session, name):
        """Asks what a mailbox holds, where the RFC leaves it to the server, and takes that for the truth."""
        told = {}
        wire = self.connect(session.number)
        try:
            answer = self.expect(wire.command("EXAMINE", self.quoted(name)), "OK")
            self.truth.note_uidvalidity(name, int(answer.codes()["UIDVALIDITY"][0]))
            uidnext = int(answer.codes()["UIDNEXT"][0])
            for _, _, data in wire.command("FETCH", "1:*", "(UID FLAGS BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])").all("FETCH") if answer.all("EXISTS")[0][1] else ():
                told[int(data["UID"])] = (flags_of(data["FLAGS"]), next(v for k, v in data.items() if k.startswith("BODY[")))
        finally:
            wire.close()
        return told, uidnext

    def settle(self, session):
        if not session.view:
            return
        self.expect(session.command("NOOP"), "OK")
        session.view.settle()

    def check_all(self, session):
        """Everything that the account holds, at the end."""
        session.leave()
        assert sorted(self.listed(session)) == sorted(self.truth.mailboxes)
        for name, mailbox in sorted(self.truth.mailboxes.items()):
            answer = self.expect(session.command("EXAMINE", self.quoted(name), hear=False), "OK")
            assert answer.all("EXISTS")[0][1] == len(mailbox.messages), f"{name}: {answer}"
            if not mailbox.messages:
                continue
            answer = self.expect(session.command("FETCH", "1:*", "(UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[])", hear=False), "OK")
            held = {int(d["UID"]): d for _, _, d in answer.all("FETCH")}
            assert list(held) == mailbox.uids(), f"{name} holds {list(held)}, not {mailbox.uids()}"
            for uid, message in mailbox.messages.items():
                self.check_message(message, held[uid])

    def check_message(self, message, data):
        assert data["BODY[]"] == message.body, f"UID {message.uid}: another body"
        assert int(data["RFC822.SIZE"]) == len(message.body)
        assert flags_of(data["FLAGS"]) == message.flags, f"UID {message.uid}: {data['FLAGS']}, not {message.flags}"
        date = datetime.datetime.strptime(data["INTERNALDATE"].decode().strip(), "%d-%b-%Y %H:%M:%S %z")
        assert date == message.date.replace(tzinfo=datetime.timezone.utc), f"UID {message.uid}: {date}, not {message.date}"

    # ---- selecting ----

    def select(self, session):
        name = self.name()
        readonly = self.random.random() < 0.2
        verb = "EXAMINE" if readonly else "SELECT"
        session.leave()
        known = session.remembered.get(name) if "QRESYNC" in session.enabled and not self.plain else None
        if known and known[0] == self.truth.mailboxes[name].uidvalidity and self.random.random() < 0.8:
            self.select_again(session, name, verb, known)
            return
        condstore = " (CONDSTORE)" if self.random.random() < 0.3 and "CONDSTORE" in self.capabilities and not self.plain else ""
        answer = self.expect(session.command(verb, self.quoted(name) + condstore, hear=False), "OK")
        self.selected(session, name, answer, readonly)

    def selected(self, session, name, answer, readonly):
        codes, mailbox = answer.codes(), self.truth.mailboxes[name]
        self.truth.note_uidvalidity(name, int(codes["UIDVALIDITY"][0]))
        assert int(codes["UIDNEXT"][0]) == mailbox.uidnext, f"UIDNEXT of {name} is {codes['UIDNEXT']}, not {mailbox.uidnext}"
        assert answer.code[0] == ("READ-ONLY" if readonly else "READ-WRITE"), answer.code
        flags = set(answer.all("FLAGS")[0][1])
        used = set().union(*(m.flags for m in mailbox.messages.values())) if mailbox.messages else set()
        assert used <= flags, f"FLAGS of {name} lacks {used - flags}"
        session.view = View(self.truth, name, answer.all("EXISTS")[0][1], readonly, "QRESYNC" in session.enabled)
        if "HIGHESTMODSEQ" in codes:
            session.view.modseq = int(codes["HIGHESTMODSEQ"][0])
            highest = max([m.modseq or 0 for m in mailbox.messages.values()], default=0)
            assert session.view.modseq >= highest, f"HIGHESTMODSEQ {session.view.modseq} of {name}, where a message has {highest}"

    def select_again(self, session, name, verb, known):
        """QRESYNC: what a client kept, and what the server says of it, are the truth together (RFC 7162 section 3.2.5)."""
        uidvalidity, modseq, kept = known
        answer = self.expect(session.command(verb, f"{self.quoted(name)} (QRESYNC ({uidvalidity} {modseq}))", hear=False), "OK")
        self.selected(session, name, answer, verb == "EXAMINE")
        view = session.view
        for seen in view.seen:
            seen.flags = kept.get(seen.uid)
        vanished = set().union(*(r[2] for r in answer.all("VANISHED")))
        for response in answer.all("VANISHED"):
            assert response[1], "VANISHED without (EARLIER) in SELECT"
        for _, number, data in answer.all("FETCH"):
            assert "UID" in data and "MODSEQ" in data
            view.hear_fetch(number, data)
        there = set(view.uids())
        assert not vanished & there, f"vanished, and there: {vanished & there}"
        assert set(kept) - there <= vanished, f"gone, and not told: {set(kept) - there - vanished}"
        for seen in view.seen:
            flags = view.mailbox.messages[seen.uid].flags
            if seen.uid in kept or seen.flags is not None:
                assert seen.flags == flags, f"UID {seen.uid} has {sorted(flags)}; after QRESYNC a client has {sorted(seen.flags or ())}"
            else:
                raise AssertionError(f"UID {seen.uid} is new since modseq {modseq}, and was not told")

    def enable(self, session):
        if self.plain or "QRESYNC" not in self.capabilities or session.view:
            return
        what = self.random.choice(["CONDSTORE", "QRESYNC"])
        self.expect(session.command("ENABLE", what), "OK")
        session.enabled.add(what)

    def leave(self, session):
        verb = self.random.choice(["CLOSE", "UNSELECT"])
        view = session.view
        if verb == "CLOSE" and not view.readonly:
            self.expunged(session, lambda: self.expect(session.command("CLOSE", hear=False), "OK"), None)
        else:
            session.leave()
            self.expect(session.command(verb), "OK")
        session.view = None

    def reconnect(self, session):
        session.leave()
        if self.random.random() < 0.5:
            self.logout(session)
        session.wire.close()
        session.open()

    def logout(self, session):
        tag = session.wire.send("LOGOUT")
        found = []
        while (data := session.wire.line()).startswith(b"* "):
            found.append(data)
        assert any(d.upper().startswith(b"* BYE") for d in found), "no BYE before the answer to LOGOUT"
        assert data.startswith(f"{tag} OK".encode()), data

    def noop(self, session):
        self.expect(session.command(self.random.choice(["NOOP", "CHECK"]) if session.view and "IMAP4REV1" in self.capabilities else "NOOP"), "OK")
        if session.view:
            self.settle(session)

    def status(self, session):
        name = self.name()
        # Of the selected one, RFC 9051 section 6.3.11 promises nothing.
        if session.view and session.view.name == name:
            return
        answer = self.expect(session.command("STATUS", self.quoted(name), "(MESSAGES UIDNEXT UIDVALIDITY UNSEEN)"), "OK")
        told, mailbox = answer.all("STATUS")[0][2], self.truth.mailboxes[name]
        self.truth.note_uidvalidity(name, int(told["UIDVALIDITY"]))
        unseen = sum("\\Seen" not in m.flags for m in mailbox.messages.values())
        expected = (len(mailbox.messages), mailbox.uidnext, unseen)
        found = tuple(int(told[k]) for k in ("MESSAGES", "UIDNEXT", "UNSEEN"))
        assert found == expected, f"STATUS of {name} says {found}, not {expected}"

    def list(self, session):
        found = self.listed(session)
        assert sorted(found) == sorted(self.truth.mailboxes), f"LIST says {sorted(found)}, not {sorted(self.truth.mailboxes)}"

    # ---- mailboxes ----

    def create(self, session):
        name = self.random.choice(NAMES)
        parent = name.rpartition("/")[0]
        if parent and parent not in self.truth.mailboxes:
            return
        answer = session.command("CREATE", self.quoted(name))
        self.expect(answer, "NO" if name in self.truth.mailboxes else "OK")
        if answer.status == "NO":
            assert answer.code and answer.code[0] == "ALREADYEXISTS", f"CREATE of what is there: {answer}"
        else:
            self.truth.mailboxes[name] = Mailbox()

    def delete(self, session):
        name = self.random.choice(NAMES)
        if any(s.view and s.view.name == name for s in self.sessions) or any(n.startswith(name + "/") for n in self.truth.mailboxes):
            return
        answer = session.command("DELETE", self.quoted(name))
        if name in self.truth.mailboxes:
            self.expect(answer, "OK")
            del self.truth.mailboxes[name]
        else:
            self.expect(answer, "NO")
            assert answer.code and answer.code[0] == "NONEXISTENT", f"DELETE of what is not there: {answer}"

    def rename(self, session):
        old, new = self.random.choice(NAMES), self.random.choice(NAMES)
        tree = [n for n in self.truth.mailboxes if n == old or n.startswith(old + "/")]
        selected = {s.view.name for s in self.sessions if s.view}
        parent = new.rpartition("/")[0]
        if selected & set(tree) or new == old or new.startswith(old + "/") or (parent and parent not in self.truth.mailboxes):
            return
        if any((new + n[len(old):]) in self.truth.mailboxes for n in tree if n != old) or (parent and parent in tree):
            return
        answer = session.command("RENAME", self.quoted(old), self.quoted(new))
        if old in self.truth.mailboxes and new not in self.truth.mailboxes:
            self.expect(answer, "OK")
            for name in tree:
                moved = self.truth.mailboxes.pop(name)
                self.truth.mailboxes[new + name[len(old):]] = moved
                # A server may give it another UIDVALIDITY (RFC 9051 section 6.3.6 asks for uniqueness alone).
                moved.uidvalidity = None
                for s in self.sessions:
                    s.remembered.pop(name, None)
                    s.remembered.pop(new + name[len(old):], None)
            self.renamed(session, [new + n[len(old):] for n in tree])
        else:
            self.expect(answer, "NO")

    def renamed(self, session, names):
        """The UIDVALIDITY may be the old one, which this name has not had before; or one that it had, if it comes home."""
        for name in names:
            told = int(self.expect(session.command("STATUS", self.quoted(name), "(UIDVALIDITY)"), "OK").all("STATUS")[0][2]["UIDVALIDITY"])
            self.truth.mailboxes[name].uidvalidity = told
            self.truth.told.setdefault(name, set()).add(told)

    # ---- messages ----

    def append(self, session):
        name = self.name() if self.random.random() < 0.95 else "nowhere"
        mailbox = self.truth.mailboxes.get(name)
        if mailbox and len(mailbox.messages) >= MESSAGES_MAX:
            return
        body, flags, date = self.body(), self.flags(), self.date()
        answer = session.wire.command("APPEND", self.quoted(name), f"({' '.join(sorted(flags))})", f'"{date:%d-%b-%Y %H:%M:%S} +0000"', Literal(body))
        if mailbox is None:
            self.expect(answer, "NO")
            assert answer.code and answer.code[0] == "TRYCREATE", answer
        else:
            self.expect(answer, "OK")
            uid = mailbox.add(body, flags, date)
            self.truth.note_uidvalidity(name, int(answer.code[1][0]))
            assert answer.code[0] == "APPENDUID" and int(answer.code[1][1]) == uid, f"APPENDUID of UID {uid}: {answer.code}"
        session.hear(answer)

    def fetch(self, session):
        text, uids, by_uid = self.some(session)
        if not text:
            return
        before = session.view.uids()
        answer = session.command(("UID " if by_uid else "") + "FETCH", text, "(UID FLAGS INTERNALDATE RFC822.SIZE)", expunges=by_uid)
        self.answered(session, answer, uids, before, lambda m, d: {"UID", "FLAGS", "INTERNALDATE", "RFC822.SIZE"} <= set(d))

    def answered(self, session, answer, uids, before, good):
        """Each message that is there was told of. One that another session has expunged may be, and the answer may be NO then."""
        there = [u for u in uids if session.view.exists(u)]
        if len(there) == len(uids):
            self.expect(answer, "OK")
        found = self.fetched(before, answer)
        if answer.status == "OK":
            for uid in there:
                assert uid in found and good(session.view.mailbox.messages[uid], found[uid]), f"UID {uid} was not told of: {found.get(uid)}"
        return found

    def read(self, session):
        """A body, which marks it as seen."""
        text, uids, by_uid = self.some(session)
        if not text or len(uids) > 5:
            return
        view, before = session.view, session.view.uids()
        peek = self.random.random() < 0.5
        if not peek and not view.readonly:
            for uid in uids:
                if view.exists(uid):
                    view.mailbox.messages[uid].flags |= {"\\Seen"}
        section = self.random.choice(["", "TEXT", "HEADER"])
        item = f"BODY{'.PEEK' if peek else ''}[{section}]"
        answer = session.command(("UID " if by_uid else "") + "FETCH", text, f"(UID {item})", expunges=by_uid)

        def good(message, data):
            head, _, rest = message.body.partition(b"\r\n\r\n")
            return data.get(f"BODY[{section}]") == {"": message.body, "TEXT": rest, "HEADER": head + b"\r\n\r\n"}[section]
        self.answered(session, answer, uids, before, good)

    def store(self, session):
        text, uids, by_uid = self.some(session)
        if not text:
            return
        view, before = session.view, session.view.uids()
        mode, given = self.random.choice(["+FLAGS", "-FLAGS", "FLAGS"]), self.flags()
        silent = self.random.random() < 0.4
        old = {u: view.mailbox.messages[u].flags for u in uids if view.exists(u)}
        if not view.readonly:
            for uid in old:
                view.mailbox.messages[uid].flags = stored(old[uid], mode, given)
            view.before = old
        words = f"({' '.join(sorted(given))})" if self.random.random() < 0.8 or not given else " ".join(sorted(given))
        answer = session.command(("UID " if by_uid else "") + "STORE", text, mode + (".SILENT" if silent else ""), words, expunges=by_uid)
        view.before = {}
        if silent and not view.readonly:
            # What was told in its course was from before it, or from after it, where doing it again changes nothing.
            for seen in [view.find(uid) for uid in uids if view.find(uid)]:
                seen.flags = stored(seen.flags, mode, given) if seen.flags is not None or mode == "FLAGS" else None
        if view.readonly:
            self.expect(answer, "OK" if "store-read-only" in self.accepted else "NO")
            return
        changed = [u for u in old if view.exists(u) and old[u] != view.mailbox.messages[u].flags]
        if len(old) == len(uids):
            self.expect(answer, "OK")
        found = self.fetched(before, answer)
        for uid in changed:
            assert silent or "FLAGS" in found.get(uid, {}), f"the new flags of UID {uid} were not told"
            assert silent or view.find(uid).flags == view.mailbox.messages[uid].flags, f"the last flags told of UID {uid} were the old ones"

    def store_unless_changed(self, session):
        """STORE UNCHANGEDSINCE (RFC 7162 section 3.1.3)."""
        view = session.view
        if self.plain or "CONDSTORE" not in self.capabilities or view.readonly or not view.seen:
            return
        self.settle(session)
        uid = self.random.choice(view.uids() or [0])
        if not uid:
            return
        answer = self.expect(session.command("UID FETCH", str(uid), "(FLAGS MODSEQ)"), "OK")
        message = view.mailbox.messages[uid]
        modseq = message.modseq
        assert modseq, f"no MODSEQ in {answer}"
        fails = self.random.random() < 0.5 and modseq > 1
        flag = self.random.choice(SYSTEM[:4] + KEYWORDS)
        before = message.flags
        if not fails:
            message.flags |= {flag}
        answer = session.command("UID STORE", str(uid), f"(UNCHANGEDSINCE {modseq - 1 if fails else modseq})", "+FLAGS", f"({flag})")
        self.expect(answer, "OK")
        modified = [numbers(v) for r in [answer.code] if r and r[0] == "MODIFIED" for v in r[1]]
        assert modified == ([[uid]] if fails else []), f"MODIFIED {modified}"
        if not fails and before != message.flags:
            assert message.modseq > modseq, "STORE told no new MODSEQ"

    def search(self, session):
        view, by_uid = session.view, self.random.random() < 0.5
        text, matches = search_program(self.random, view)
        if "search-not-of-sizes" in self.accepted and "NOT" in text and text.count("SMALLER") + text.count("LARGER") > 1:
            return
        before = view.uids()
        doubtful = {u for u in before if view.exists(u) and view.is_doubtful(u)}
        answer = self.expect(session.command(("UID " if by_uid else "") + "SEARCH", text, expunges=by_uid), "OK")
        found = []
        for response in answer.all("SEARCH"):
            found += [int(n) for n in response[1:] if not isinstance(n, list)]
        if not by_uid:
            assert all(1 <= n <= len(before) for n in found), f"numbers beyond {len(before)}: {found}"
            found = [before[n - 1] for n in found]
        assert len(found) == len(set(found)), f"a message twice: {found}"
        for uid in before:
            # A change of another session that this one was not told of yet may be known to the search, or not.
            if view.exists(uid) and uid not in doubtful:
                expected = matches(view.mailbox.messages[uid])
                assert (uid in found) == expected, f"SEARCH {text}: UID {uid} was {'' if uid in found else 'not '}found"
        # A server may know of new ones that it has not announced, if UIDs are asked for.
        strange = [u for u in found if u not in before and not (by_uid and view.exists(u) and matches(view.mailbox.messages[u]))]
        assert not strange, f"SEARCH {text} found {strange}"

    def copy(self, session, verb="COPY"):
        view = session.view
        if verb == "MOVE" and view.readonly and "move-read-only" in self.accepted:
            return
        text, uids, by_uid = self.some(session)
        name = self.name() if self.random.random() < 0.95 else "nowhere"
        target = self.truth.mailboxes.get(name)
        if not text or (target and len(target.messages) + len(uids) > MESSAGES_MAX):
            return
        there = [u for u in uids if view.exists(u)]
        answer = session.wire.command(("UID " if by_uid else "") + verb, text, self.quoted(name))
        if target is None or (verb == "MOVE" and view.readonly):
            self.expect(answer, "NO")
            if target is None and not view.readonly:
                assert answer.code and answer.code[0] == "TRYCREATE", answer
        else:
            if len(there) == len(uids):
                self.expect(answer, "OK")
            if answer.status == "OK" and there:
                self.copied(view, there, name, answer)
            if answer.status == "OK" and verb == "MOVE":
                for uid in there:
                    del view.mailbox.messages[uid]
        session.hear(answer)
        if answer.status == "OK" and verb == "MOVE" :
            left = [u for u in view.uids() if u in uids and u in there]
            assert not left, f"moved, and not told to be gone: {left}"

    def copied(self, view, there, name, answer):
        target = self.truth.mailboxes[name]
        code = answer.codes().get("COPYUID")
        assert code, f"no COPYUID: {answer}"
        self.truth.note_uidvalidity(name, int(code[0]))
        sources, targets = numbers(code[1]), numbers(code[2])
        assert sources == there, f"COPYUID says that {sources} were copied, not {there}"
        made = [target.add(m.body, m.flags, m.date) for m in [view.mailbox.messages[u] for u in there]]
        assert targets == made, f"COPYUID says that they became {targets}, not {made}"

    def move(self, session):
        if "MOVE" in self.capabilities:
            self.copy(session, "MOVE")

    def expunge(self, session):
        view = session.view
        if view.readonly:
            self.expect(session.command("EXPUNGE"), "OK" if "expunge-read-only" in self.accepted else "NO")
            return
        if self.random.random() < 0.4:
            text, uids, _ = self.some(session)
            if text:
                text = set_text(uids)
                self.expunged(session, lambda: self.expect(session.command("UID EXPUNGE", text, hear=False), "OK"), set(uids))
            return
        self.expunged(session, lambda: self.expect(session.command("EXPUNGE", hear=False), "OK"), None)

    def expunged(self, session, command, only):
        """All of the view that the session knows as \\Deleted go; others may, and are then looked up."""
        view, mailbox = session.view, session.view.mailbox
        known = {u for u in view.uids() if not view.exists(u) or not view.is_doubtful(u)}
        doomed = [m.uid for m in mailbox.messages.values() if "\\Deleted" in m.flags and (only is None or m.uid in only)]
        doubtful = [u for u in doomed if u not in known]
        answer = command()
        for uid in doomed:
            if uid in known:
                del mailbox.messages[uid]
        if doubtful:
            told, _ = self.resolve(session, view.name)
            for uid in doubtful:
                if uid not in told:
                    del mailbox.messages[uid]
        session.hear(answer)

    def idle(self, session):
        """Others change things while this one idles; it hears of all of them."""
        others = [s for s in self.sessions if s is not session and s.view and s.view.mailbox is session.view.mailbox and not s.view.readonly]
        view = session.view
        if not others or "IDLE" not in self.capabilities or self.plain:
            return
        self.settle(session)
        if view.seen:
            self.expect(session.command("FETCH", "1:*", "(FLAGS)", expunges=False), "OK")
        tag, found = session.wire.idle()
        view.hear(found)
        session.wire.socket.settimeout(CHANGED_WITHIN)
        for _ in range(self.random.randrange(1, 4)):
            other = self.random.choice(others)
            operation = self.random.choice([Walk.append, Walk.store, Walk.expunge, Walk.copy, Walk.move])
            self.log.append(f"-- meanwhile session {other.number} {operation.__name__}")
            operation(self, other)
            while not view.is_settled():
                try:
                    view.hear([session.wire.read()])
                except TimeoutError:
                    view.settle()
                    raise
        session.wire.socket.settimeout(TIMEOUT)
        answer = self.expect(session.wire.idle_done(tag), "OK")
        session.hear(answer)
        self.settle(session)


UNSELECTED = [(Walk.select, 12), (Walk.append, 6), (Walk.status, 3), (Walk.list, 1), (Walk.create, 3), (Walk.delete, 1), (Walk.rename, 2),
              (Walk.enable, 2), (Walk.noop, 1), (Walk.reconnect, 1)]
SELECTED = [(Walk.fetch, 8), (Walk.store, 12), (Walk.search, 8), (Walk.append, 8), (Walk.copy, 5), (Walk.move, 4), (Walk.expunge, 4),
            (Walk.noop, 6), (Walk.read, 4), (Walk.leave, 3), (Walk.select, 3), (Walk.status, 2), (Walk.list, 1), (Walk.create, 1),
            (Walk.delete, 1), (Walk.rename, 1), (Walk.idle, 3), (Walk.store_unless_changed, 3), (Walk.reconnect, 1)]
