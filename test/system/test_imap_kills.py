"""kill -9 of the store, or of everything, while sessions append, move, flag and expunge: what was said OK holds, a message that was moved is in one place,
and what was not answered has happened or has not, but never half.
"""

import imaplib
import random
import re
import threading
import time

import pytest

from imap_client import append_many, connect, fetch, ok
from server import TIMEOUT, wait_for

ALICE = "alice@example.test"
BOXES = ("Appended", "From", "To", "Flagged", "Expunged")


def letter(number):
    return f"Subject: number {number}\r\nMessage-ID: <kill-{number}@example.test>\r\n\r\ntext {number}\r\n".encode()


def number_of(body):
    return int(re.search(rb"<kill-(\d+)@", body).group(1))


def held(client, name):
    """{number: (uid, flags)}; a message that is there twice fails."""
    ok(client.select(f'"{name}"', readonly=True))
    found = {}
    for uid, (flags, body) in fetch(client).items():
        number = number_of(body)
        assert number not in found, f"{name}: message {number} is there twice"
        assert body == letter(number)
        found[number] = (uid, flags)
    return found


class Worker(threading.Thread):
    """One session that does one thing again and again until its connection ends. `done`: what was answered with OK; `asked`: what was asked at all."""

    def __init__(self, server, work, numbers):
        super().__init__(daemon=True)
        self.client = connect(server, secure=False)
        self.work, self.numbers = work, numbers
        self.asked, self.done, self.problem = set(), set(), None

    def run(self):
        try:
            getattr(self, self.work)()
        except (imaplib.IMAP4.abort, OSError, EOFError):
            pass
        except Exception as error:  # noqa: BLE001 (shown by the test)
            # "NO [UNAVAILABLE]" while the store is away is an answer; anything else is not.
            if "UNAVAILABLE" not in str(error):
                self.problem = error

    def step(self, number, *command):
        self.asked.add(number)
        status, data = getattr(self.client, command[0])(*command[1:])
        if status != "OK":
            raise AssertionError(f"{command}: {status} {data}")
        self.done.add(number)

    def append(self):
        for number in self.numbers:
            self.step(number, "append", "Appended", "", None, letter(number))

    def move(self):
        uids = {n: uid for n, (uid, _) in held(self.client, "From").items()}
        ok(self.client.select("From"))
        for number in self.numbers:
            self.step(number, "uid", "MOVE", str(uids[number]), "To")

    def flag(self):
        uids = {n: uid for n, (uid, _) in held(self.client, "Flagged").items()}
        ok(self.client.select("Flagged"))
        for number in self.numbers:
            self.step(number, "uid", "STORE", str(uids[number]), "+FLAGS.SILENT", "(\\Flagged $Work)")

    def expunge(self):
        uids = {n: uid for n, (uid, _) in held(self.client, "Expunged").items()}
        ok(self.client.select("Expunged"))
        for number in self.numbers:
            ok(self.client.uid("STORE", str(uids[number]), "+FLAGS.SILENT", "(\\Deleted)"))
            self.step(number, "uid", "EXPUNGE", str(uids[number]))


def one_round(server, rng, count, everything):
    client = connect(server, secure=False)
    for name in BOXES:
        if client.select(name)[0] != "OK":
            ok(client.create(name))
            ok(client.select(name))
        ok(client.uid("STORE", "1:*", "+FLAGS.SILENT", "(\\Deleted)"))
        ok(client.expunge())
    for name in ("From", "Flagged", "Expunged"):
        append_many(client, name, [(letter(n), []) for n in range(count)])
    client.logout()
    workers = {work: Worker(server, work, list(range(count))) for work in ("append", "move", "flag", "expunge")}
    for worker in workers.values():
        worker.start()
    # Not before there is something to lose.
    wait_for(lambda: any(worker.done for worker in workers.values()), what="the first answer", pause=0.001)
    time.sleep(rng.uniform(0, 0.2))
    if everything:
        server.kill()
        server.start()
    else:
        server.kill_role("store")
    for worker in workers.values():
        worker.join(TIMEOUT)
        assert not worker.is_alive(), f"the session that {worker.work}s got no answer"
        assert worker.problem is None, f"{worker.work}: {worker.problem!r}"
    check(server, workers, count)


def logged_in(server):
    try:
        return connect(server, secure=False)
    except (OSError, imaplib.IMAP4.error, imaplib.IMAP4.abort):
        return None


def check(server, workers, count):
    client = wait_for(lambda: logged_in(server), what="a login after the kill")
    found = {name: held(client, name) for name in BOXES}
    client.logout()
    append, move, flag, expunge = (workers[work] for work in ("append", "move", "flag", "expunge"))
    assert append.done <= set(found["Appended"]) <= append.asked
    moved = set(found["To"])
    assert not moved & set(found["From"]), "a message that was moved is in both places"
    assert moved | set(found["From"]) == set(range(count)), "a message that was moved is in no place"
    assert move.done <= moved <= move.asked
    wanted = {b"\\Flagged", b"$Work"}
    for number, (_, flags) in found["Flagged"].items():
        assert flags & wanted in (wanted, frozenset()), f"half of the flags of message {number}"
        assert number not in flag.done or flags & wanted == wanted, f"the flags of message {number} were answered with OK, and are gone"
        assert number in flag.asked or not flags & wanted
    assert set(found["Flagged"]) == set(range(count))
    assert not expunge.done & set(found["Expunged"]), "a message that was expunged is back"
    assert set(range(count)) - expunge.asked <= set(found["Expunged"])


@pytest.mark.parametrize("what", ["store", "everything"])
def test_what_was_answered_holds(make_server, request, what):
    rounds = max(3, request.config.getoption("--rounds") // 10) if request.config.getoption("--long") else 3
    server = make_server()
    server.expect("role-ended", "exit")
    rng = random.Random(5)
    for _ in range(rounds):
        one_round(server, rng, 150, what == "everything")
