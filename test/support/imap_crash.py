"""The walk of imap_walk.py while processes are killed: between commands, and in the middle of one.

What was answered OK holds. Of the command that was under way, what may be left is written down before: a message that was appended is there
whole or not at all, a copy is there whole or not at all, a moved message is in one of two places, flags are the old or the new ones.
"""

import time

from imap_model import stored
from imap_walk import MESSAGES_MAX, Walk
from imap_wire import Literal, set_text


class CrashWalk(Walk):
    """`kill()` kills something at random, and returns when the server serves again, or is about to."""

    def __init__(self, connect, seed, kill, begin_kill):
        super().__init__(connect, seed)
        self.kill, self.begin_kill = kill, begin_kill

    def open_again(self):
        for session in self.sessions:
            session.wire.close()
            session.leave()
            session.open()

    def crash_between(self):
        self.log.append("-- killed between commands")
        self.kill()
        self.open_again()
        self.check_all(self.sessions[0])
        self.open_again()

    def crash_within(self):
        """Begins a command, kills while it runs, and looks at what is left."""
        session = self.random.choice(self.sessions)
        name = self.name()
        self.select_plainly(session, name)
        begin = self.random.choice([self.begin_append, self.begin_store, self.begin_copy, self.begin_move, self.begin_expunge])
        begun = begin(session, name)
        if begun is None:
            return
        parts, names, check = begun
        self.log.append(f"-- killed within {parts[0]}")
        tag = session.wire.send(*parts)
        time.sleep(self.random.choice([0, 0, 0.0005, 0.001, 0.003]))
        self.begin_kill()
        try:
            answer = session.wire.answer(tag)
        except OSError:
            answer = None
        self.kill(begun=True)
        self.open_again()
        said_ok = answer is not None and answer.status == "OK"
        check({n: self.look(n) for n in names}, said_ok)
        self.check_all(self.sessions[0])
        self.open_again()

    def select_plainly(self, session, name):
        session.leave()
        answer = self.expect(session.command("SELECT", self.quoted(name), hear=False), "OK")
        self.selected(session, name, answer, False)

    def look(self, name):
        """{uid: (flags, Message-ID)}, and the next UID, which may have grown without a message."""
        told, uidnext = self.resolve(self.sessions[0], name)
        mailbox = self.truth.mailboxes[name]
        assert uidnext >= mailbox.uidnext and all(uid < uidnext for uid in told)
        mailbox.uidnext = uidnext
        return {uid: (flags, field.partition(b":")[2].strip()) for uid, (flags, field) in told.items()}

    def identity_of(self, body):
        return body.partition(b"Message-ID: ")[2].partition(b"\r\n")[0]

    def identity(self, message):
        return self.identity_of(message.body)

    def new(self, name, held):
        """What has come into a mailbox."""
        return {uid: what for uid, what in held.items() if uid not in self.truth.mailboxes[name].messages}

    def take(self, name, came, sources):
        """New messages of a mailbox, which are copies of these, become part of the truth."""
        mailbox = self.truth.mailboxes[name]
        by_id = {self.identity(m): m for m in sources}
        for uid, (flags, identity) in sorted(came.items()):
            source = by_id[identity]
            assert flags == source.flags, f"UID {uid} of {name} came with {flags}, not {source.flags}"
            after = mailbox.uidnext
            mailbox.uidnext = uid
            mailbox.add(source.body, flags, source.date)
            mailbox.uidnext = after

    # ---- commands: (what is sent, mailboxes to look at, a function that judges what is there) ----

    def begin_append(self, session, name):
        mailbox = self.truth.mailboxes[name]
        if len(mailbox.messages) >= MESSAGES_MAX:
            return None
        body, flags, date = self.body(), self.flags(), self.date()

        def check(held, said_ok):
            came = self.new(name, held[name])
            assert len(came) == 1 if said_ok else len(came) <= 1, f"appended once, {len(came)} came; OK was {'' if said_ok else 'not '}said"
            for uid, what in came.items():
                assert what == (flags, self.identity_of(body)), what
                after = mailbox.uidnext
                mailbox.uidnext = uid
                mailbox.add(body, flags, date)
                mailbox.uidnext = after
        return ("APPEND", self.quoted(name), f"({' '.join(sorted(flags))})", f'"{date:%d-%b-%Y %H:%M:%S} +0000"', Literal(body)), [name], check

    def begin_store(self, session, name):
        text, uids, _ = self.some(session)
        if not text:
            return None
        mailbox = self.truth.mailboxes[name]
        mode, given = self.random.choice(["+FLAGS", "-FLAGS", "FLAGS"]), self.flags()

        def check(held, said_ok):
            for uid in uids:
                old = mailbox.messages[uid].flags
                new = stored(old, mode, given)
                found = held[name][uid][0]
                assert found == new or (not said_ok and found == old), f"UID {uid} had {old}, was to have {new}, and has {found}"
                mailbox.messages[uid].flags = found
        return ("UID STORE", set_text(uids), mode, f"({' '.join(sorted(given))})"), [name], check

    def begin_copy(self, session, name, verb="UID COPY"):
        text, uids, _ = self.some(session)
        target = self.name()
        if not text or (verb == "UID MOVE" and target == name) or len(self.truth.mailboxes[target].messages) + len(uids) > MESSAGES_MAX:
            return None
        mailbox = self.truth.mailboxes[name]
        sources = [mailbox.messages[u] for u in uids]

        def check_copy(held, said_ok):
            came = self.new(target, held[target])
            assert len(came) == len(uids) if said_ok else len(came) in (0, len(uids)), f"{len(came)} of {len(uids)} were copied"
            self.take(target, came, sources)

        def check_move(held, said_ok):
            came = self.new(target, held[target])
            moved = {identity for _, identity in came.values()}
            left = {self.identity(m) for m in sources if m.uid in held[name]}
            assert not moved & left, f"in both places: {moved & left}"
            assert moved | left == {self.identity(m) for m in sources}, "a moved message is in no place"
            assert not (said_ok and left), f"moved, and still there: {left}"
            self.take(target, came, [m for m in sources if self.identity(m) in moved])
            for message in sources:
                if self.identity(message) in moved:
                    del mailbox.messages[message.uid]
        check = check_copy if verb == "UID COPY" else check_move
        return (verb, set_text(uids), self.quoted(target)), sorted({name, target}), check

    def begin_move(self, session, name):
        return self.begin_copy(session, name, "UID MOVE")

    def begin_expunge(self, session, name):
        mailbox = self.truth.mailboxes[name]
        doomed = [m.uid for m in mailbox.messages.values() if "\\Deleted" in m.flags]

        def check(held, said_ok):
            for uid in doomed:
                assert not (said_ok and uid in held[name]), f"UID {uid} was expunged, and is there"
                if uid not in held[name]:
                    del mailbox.messages[uid]
        return ("EXPUNGE",), [name], check
