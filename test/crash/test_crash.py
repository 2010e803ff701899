"""kill -9 at random instants, of a role or of everything, while clients deliver and fetch: whatever was acknowledged is there afterwards,
byte for byte and once; what POP3 shows is consistent; the store is sound."""

import itertools
import os
import poplib
import random
import smtplib
import threading
import time

import pytest

from server import ROLES, retrieve, split_message, wait_for, without_trace

ADDRESSES = ["alice@example.test", "bob@example.test"]
CLIENTS, TARGETS = 4, ["store"] * 6 + ["everything"] * 3 + ["smtp", "pop3", "auth", "log", "keys", "dns"]


class Traffic:
    def __init__(self, server, seed):
        self.server, self.random = server, random.Random(seed)
        self.lock = threading.Lock()
        self.acknowledged = {}  # subject -> (addresses, message)
        self.uncertain = {}     # sent whole, without an answer: may be there or not, but never in part
        self.deleted, self.maybe_deleted = set(), set()
        self.stop = threading.Event()
        self.number, self.counter = 0, itertools.count()
        self.failures = []
        self.threads = [threading.Thread(target=self.guard, args=(self.deliver, i)) for i in range(CLIENTS)]
        self.threads.append(threading.Thread(target=self.guard, args=(self.fetch, 0)))

    def guard(self, work, number):
        generator = random.Random(self.random.random())
        while not self.stop.is_set():
            try:
                work(number, generator)
            except (OSError, EOFError, smtplib.SMTPException, poplib.error_proto):
                time.sleep(0.01)  # cut off, or refused for the time being: come again
            except Exception as error:  # anything else is a finding
                self.failures.append(repr(error))
                return

    def deliver(self, number, generator):
        service = "lmtp" if number == 0 else "smtp"
        with self.server.smtp(service) as client:
            while not self.stop.is_set():
                subject = f"{self.number}-{number}-{next(self.counter)}"
                size = generator.choice([10, 500, 4000, 4000, 4000, 20000, 20000, 150000])
                line = f"{subject} {generator.getrandbits(64):016x} {'x' * 800}".encode()
                body = b"\r\n".join([line] * (size // len(line) + 1))
                message = b"Subject: " + subject.encode() + b"\r\n\r\n" + body + b"\r\n"
                to = [generator.choice(ADDRESSES)] if service == "lmtp" else generator.sample(ADDRESSES, generator.choice([1, 2]))
                with self.lock:
                    self.uncertain[subject] = (to, message)
                refused = client.sendmail("a@else.test", to, message)
                with self.lock:
                    del self.uncertain[subject]
                    self.acknowledged[subject] = ([a for a in to if a not in refused], message)

    def fetch(self, _, generator):
        address = generator.choice(ADDRESSES)
        client = self.server.pop3(address)
        listing = [int(line.split()[1]) for line in client.list()[1]]
        assert client.stat() == (len(listing), sum(listing))
        gone = []
        for index in generator.sample(range(len(listing)), min(6, len(listing))):
            subject = self.check(client, index + 1, listing[index], address)
            if generator.random() < 0.3:
                client.dele(index + 1)
                gone.append((address, subject))
        # Nothing of this is lost before QUIT is answered, and everything after it; in between it may be either.
        with self.lock:
            self.maybe_deleted.update(gone)
        client.quit()
        with self.lock:
            self.maybe_deleted.difference_update(gone)
            self.deleted.update(gone)

    def check(self, client, number, size, address):
        raw = retrieve(client, number)
        assert len(raw) == size
        fields, _ = split_message(raw)
        subject = next(v for k, v in fields if k == "subject").decode()
        with self.lock:
            known = self.acknowledged.get(subject) or self.uncertain.get(subject)
        assert known is not None, subject
        assert without_trace(raw) == known[1], subject
        assert address in known[0], (subject, address)
        return subject

    def finish(self):
        self.stop.set()
        for thread in self.threads:
            thread.join(60)
        assert not any(t.is_alive() for t in self.threads)
        assert not self.failures, self.failures

    def verify(self, known):
        """All of it, while nobody delivers. `known`: UIDL -> subject, size of what an earlier round has read whole."""
        for address in ADDRESSES:
            client = self.server.pop3(address)
            listing = [int(line.split()[1]) for line in client.list()[1]]
            uidls = [line.split()[1] for line in client.uidl()[1]]
            assert client.stat() == (len(listing), sum(listing)) and len(set(uidls)) == len(listing)
            found = []
            for i, (uidl, size) in enumerate(zip(uidls, listing, strict=True)):
                if uidl not in known:
                    known[uidl] = self.check(client, i + 1, size, address), size
                assert known[uidl][1] == size
                found.append(known[uidl][0])
            client.quit()
            assert len(set(found)) == len(found), "a message is there twice"
            wanted = {s for s, (to, _) in self.acknowledged.items() if address in to}
            gone = {s for a, s in self.deleted if a == address}
            maybe = {s for a, s in self.maybe_deleted if a == address}
            missing = wanted - gone - maybe - set(found)
            assert not missing, f"{len(missing)} acknowledged messages of {address} are missing: {sorted(missing)[:5]}"
            assert not gone & set(found), "a deleted message is back"


def serving(server):
    """Every role is there and both ends of the line answer."""
    def look():
        try:
            if set(server.role_pids()) != set(ROLES):
                return False
            for address in ADDRESSES:
                server.pop3(address).quit()
            with server.smtp() as client:
                client.ehlo()
                client.mail("a@else.test")
                return client.rcpt(ADDRESSES[0])[0] == 250
        except (OSError, EOFError, smtplib.SMTPException, poplib.error_proto):
            return False

    wait_for(look, what="service")


@pytest.mark.parametrize("part", range(5))
def test_kill_at_random_instants(make_server, request, part):
    # In parts, so that each mailbox stays small enough to be looked at whole after each kill.
    rounds = (request.config.getoption("--rounds") + 4 - part) // 5
    seed = int(os.environ.get("POSTRIDER_SEED", random.randrange(1 << 30)))
    print(f"POSTRIDER_SEED={seed}")
    generator = random.Random(seed + part)
    server = make_server(drain_seconds=1)
    server.expect("role-ended", "keys-unavailable", "cannot-send", "store-failed", "exit")
    for address in ADDRESSES:
        server.pop3(address).quit()
    killed, known, traffic = [], {}, None
    for number in range(rounds):
        if number % 10 == 0:
            for address in ADDRESSES:
                server.messages(address, delete=True)
            traffic = None
        before = traffic
        traffic = Traffic(server, generator.random())
        if before:
            traffic.acknowledged, traffic.uncertain = before.acknowledged, before.uncertain
            traffic.deleted, traffic.maybe_deleted = before.deleted, before.maybe_deleted
        traffic.number = number
        for thread in traffic.threads:
            thread.start()
        time.sleep(generator.uniform(0.02, 0.35))
        target = generator.choice(TARGETS)
        # The master waits longer before each restart of a role that keeps crashing; a new master begins anew.
        if target == "everything" or killed.count(target) == 2:
            server.kill()
            server.start()
            killed = []
        else:
            server.kill_role(target)
            killed.append(target)
        serving(server)
        traffic.finish()
        serving(server)
        traffic.verify(known if number + 1 < rounds else {})
    assert server.stop() == 0
    server.process = None
    done = server.cli("store", "check", timeout=120)
    assert done.returncode == 0, done.stdout
