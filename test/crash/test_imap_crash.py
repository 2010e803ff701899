"""kill -9 of store, imap or everything while several sessions work on an account by IMAP: what was said OK holds, a command that was cut off
has left nothing half done, and the account is what the model says (support/imap_crash.py)."""

import contextlib
import imaplib
import os
import random
import signal
import time

import imap_client
import imap_crash
import imap_wire
from server import ROLES, TIMEOUT, wait_for

TARGETS = ["store"] * 5 + ["imap"] * 4 + ["everything"] * 2 + ["auth", "keys"]
STEPS_BETWEEN = 12


class Killer:
    """Kills one thing in a round; the master waits longer before each restart of a role that keeps crashing, a new master begins anew."""

    def __init__(self, server, generator):
        self.server, self.random, self.killed = server, generator, []

    def begin(self):
        self.target = self.random.choice(TARGETS)
        if self.killed.count(self.target) == 2:
            self.target = "everything"
        if self.target == "everything":
            self.server.kill()
        else:
            os.kill(self.server.role_pid(self.target), signal.SIGKILL)

    def __call__(self, begun=False):
        if not begun:
            self.begin()
        if self.target == "everything":
            self.server.start()
            self.killed = []
        else:
            self.killed.append(self.target)
        wait_for(lambda: set(self.server.role_pids()) == set(ROLES), what="all roles")


def test_imap_sessions_and_kills(make_server, request):
    rounds = max(4, request.config.getoption("--rounds") // 4)
    seed = int(os.environ.get("POSTRIDER_SEED", random.randrange(1 << 30)))
    print(f"POSTRIDER_SEED={seed}")
    server = make_server(drain_seconds=1)
    server.expect("role-ended", "keys-unavailable", "cannot-send", "store-failed", "exit")
    address = "alice@example.test"

    def connect(_, log):
        end = time.monotonic() + TIMEOUT
        while True:
            wire = None
            try:
                wire = imap_wire.Wire(server.ports["imaps"], str(server.folder / "tls-cert.pem"), log)
                answer = wire.command("LOGIN", address, server.passwords[address])
                if answer.status == "OK":
                    # A role that has just come back may not reach all others yet.
                    if wire.command("STATUS", "INBOX", "(MESSAGES)").status == "OK":
                        return wire
            except OSError as error:
                log.append(f"-- {error!r}")
            if wire:
                wire.close()
            assert time.monotonic() < end, "no login any more"
            time.sleep(0.02)

    killer = Killer(server, random.Random(seed))
    walk = imap_crash.CrashWalk(connect, seed, killer, killer.begin)
    try:
        walk.start()
        for number in range(rounds):
            walk.run(STEPS_BETWEEN)
            walk.during(walk.crash_within if number % 3 else walk.crash_between)
    finally:
        walk.close()
    assert server.stop() == 0
    server.process = None
    done = server.cli("store", "check", timeout=120)
    assert done.returncode == 0, done.stdout


def test_a_copy_to_another_account_is_whole_or_nothing(make_server):
    """Store is killed between two steps of it: what the target has already goes again, and what the client was told is true."""
    messages, alice, bob = 4000, "alice@example.test", "bob@example.test"
    server = make_server(drain_seconds=1)
    server.expect("role-ended", "keys-unavailable", "cannot-send", "store-failed")
    shared = "Big"
    owner = imap_client.connect(server, alice)
    imap_client.ok(owner.create(shared))
    imap_client.append_many(owner, shared, [(b"Subject: %d\r\n\r\nx\r\n" % i, ()) for i in range(messages)])
    assert server.cli("mailbox", "share", alice, shared, bob, "read").returncode == 0
    assert server.cli("mailbox", "accept", bob, alice, shared).returncode == 0

    imap_client.ok(imap_client.connect(server, bob).create("Copy"))

    def count(client):
        return int(imap_client.ok(client.status("Copy", "(MESSAGES)"))[0].decode().split()[-1].rstrip(")"))

    def copy_and_kill():
        """What came before the end: the answer to the copy, or nothing."""
        copying, watching = (imap_client.connect(server, bob) for _ in range(2))
        imap_client.ok(copying.select(f'"Users/{alice}/{shared}"', readonly=True))
        copying.send(b"c UID COPY 1:* Copy\r\n")
        while count(watching) == 0:
            pass
        os.kill(server.role_pid("store"), signal.SIGKILL)
        said = []
        with contextlib.suppress(OSError, imaplib.IMAP4.abort):
            while line := copying.readline():
                said.append(line)
        return any(line.startswith(b"c OK") for line in said)

    cut = 0
    for _ in range(10):
        if cut == 3:
            break
        told = copy_and_kill()
        cut += not told
        wait_for(lambda: set(server.role_pids()) == set(ROLES), what="all roles")
        client = wait_for(lambda: logged_in(server, bob), what="a login")
        assert count(client) == (messages if told else 0)
        if told:
            imap_client.ok(client.select("Copy"))
            imap_client.ok(client.store("1:*", "+FLAGS.SILENT", "(\\Deleted)"))
            imap_client.ok(client.expunge())
    assert cut > 0, "each copy was done before store could be killed"
    client = imap_client.connect(server, bob)
    imap_client.ok(client.select(f'"Users/{alice}/{shared}"', readonly=True))
    imap_client.ok(client.copy("1:*", "Copy"))
    assert count(client) == messages
    assert server.stop() == 0
    server.process = None
    done = server.cli("store", "check", timeout=120)
    assert done.returncode == 0, done.stdout


def logged_in(server, address):
    try:
        return imap_client.connect(server, address)
    except (OSError, imaplib.IMAP4.error):
        return None
