"""Programs that keep a copy of all mail: mbsync and offlineimap, both ways, with changes on both sides. Nothing may be lost, doubled or changed, and afterwards
both sides hold the same. mbsync is ended by SIGKILL in between. IMAP_PEER=dovecot runs the same against Dovecot.
"""

import mailbox
import os
import random
import re
import shutil
import signal
import subprocess
import time

import pytest

import dovecot
from imap_client import append_many, connect, fetch, ok
from ports import free_port
from server import TIMEOUT, environment

ALICE = "alice@example.test"
FLAGS = {"S": "\\Seen", "R": "\\Answered", "F": "\\Flagged", "D": "\\Draft"}


@pytest.fixture
def peer(make_server, tmp_path_factory):
    server = make_server()
    if os.environ.get("IMAP_PEER") != "dovecot":
        yield server
        return
    folder = tmp_path_factory.mktemp("dovecot")
    made = dovecot.Dovecot(folder / "d", server.folder / "tls-cert.pem", server.folder / "tls-key.pem", {"imap": free_port(), "imaps": free_port()})
    for above in made.folder.parents:
        if above.stat().st_mode & 0o1 == 0:
            above.chmod(0o755)
    made.start()
    yield made
    made.stop()


def letter(number):
    return (f"From: a@b.test\r\nSubject: number {number}\r\nMessage-ID: <sync-{number}@example.test>\r\n\r\n{'text ' * (number % 40)}\r\n").encode()


def number_of(body):
    return int(re.search(rb"<sync-(\d+)@", body).group(1))


class Mbsync:
    name = "mbsync"
    survives_kill = True

    def __init__(self, server, folder):
        self.folder, self.mail = folder, folder / "mail"
        self.mail.mkdir()
        (folder / "mbsyncrc").write_text(f"""FSync no

IMAPAccount there
Host 127.0.0.1
Port {server.ports['imap']}
User {ALICE}
Pass "{server.passwords[ALICE]}"
SSLType None
AuthMechs LOGIN

IMAPStore there
Account there

MaildirStore here
Path {self.mail}/
Inbox {self.mail}/INBOX
SubFolders Verbatim

Channel all
Far :there:
Near :here:
Patterns INBOX Work
Create Both
Expunge Both
Sync All
SyncState *
CopyArrivalDate yes
""")

    def command(self):
        return ["mbsync", "-c", self.folder / "mbsyncrc", "all"]

    def maildir(self, name):
        return mailbox.Maildir(self.mail / name, create=False)


class OfflineIMAP:
    name = "offlineimap"
    # Ended by SIGKILL between APPEND's OK and its own note of it, it uploads the message again, whatever the server: of 24 runs with
    # four such ends each 6 had doubles on Dovecot, and 5 on Postrider.
    survives_kill = False

    def __init__(self, server, folder):
        self.folder, self.mail = folder, folder / "mail"
        self.mail.mkdir()
        (folder / "rc").write_text(f"""[general]
accounts = all
metadata = {folder}/meta
socktimeout = {TIMEOUT}
fsync = False
ui = quiet
[Account all]
localrepository = here
remoterepository = there
[Repository here]
type = Maildir
localfolders = {self.mail}
sync_deletes = yes
[Repository there]
type = IMAP
remotehost = 127.0.0.1
remoteport = {server.ports['imap']}
remoteuser = {ALICE}
remotepass = {server.passwords[ALICE]}
ssl = no
starttls = no
auth_mechanisms = PLAIN
maxconnections = 2
folderfilter = lambda name: name in ('INBOX', 'Work')
""")

    def command(self):
        return ["offlineimap", "-c", self.folder / "rc", "-o"]

    def maildir(self, name):
        return mailbox.Maildir(self.mail / name, create=False)


def run_whole(program):
    done = subprocess.run([str(word) for word in program.command()], capture_output=True, timeout=600, check=False,
                          env=environment({"HOME": str(program.folder)}))
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]


def run_and_kill(program, seconds):
    """Ends it in the middle, so that neither side knows what the other has taken."""
    process = subprocess.Popen([str(word) for word in program.command()], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                               env=environment({"HOME": str(program.folder)}), start_new_session=True)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(TIMEOUT)
    lock = program.folder / "meta"
    for stale in [*lock.rglob("*.lock"), *lock.rglob("pid")] if lock.exists() else []:
        stale.unlink()


def here(program, name):
    """{number: flags} of the local copy; a message that is there twice fails."""
    found = {}
    for message in program.maildir(name):
        number = number_of(message.as_bytes())
        assert number not in found, f"{name}: message {number} is there twice, here"
        found[number] = frozenset(FLAGS[f] for f in message.get_flags() if f in FLAGS)
    return found


def there(server, name):
    client = connect(server, secure=False)
    ok(client.select(name, readonly=True))
    found = {}
    for flags, body in fetch(client, "(UID FLAGS BODY.PEEK[HEADER])").values():
        number = number_of(body)
        assert number not in found, f"{name}: message {number} is there twice, on the server"
        found[number] = frozenset(f.decode() for f in flags if f.decode() in FLAGS.values())
    client.logout()
    return found


class Model:
    """What must be in each mailbox, on both sides, once they are synchronised."""

    def __init__(self, rng):
        self.rng, self.next = rng, 1
        self.boxes = {"INBOX": {}, "Work": {}}

    def fresh(self, count):
        self.next += count
        return range(self.next - count, self.next)

    def change_there(self, server, count):
        client = connect(server, secure=False)
        for name, held in self.boxes.items():
            added = [(n, "\\Seen" if n % 3 else "") for n in self.fresh(count)]
            append_many(client, name, [(letter(n), [flag] if flag else []) for n, flag in added])
            ok(client.select(name))
            found = {number_of(body): uid for uid, (_, body) in fetch(client, "(UID FLAGS BODY.PEEK[HEADER])").items()}
            picked = self.rng.sample(sorted(held), min(len(held), count // 2))
            for number in picked[::2]:
                ok(client.uid("STORE", str(found[number]), "+FLAGS", "(\\Flagged)"))
                held[number] = held[number] | {"\\Flagged"}
            for number in picked[1::2]:
                ok(client.uid("STORE", str(found[number]), "+FLAGS", "(\\Deleted)"))
                del held[number]
            ok(client.expunge())
            held.update({n: frozenset([flag] if flag else []) for n, flag in added})
        client.logout()

    def change_here(self, program, count, taken):
        """taken: numbers that the program has brought here; the others cannot be changed here yet."""
        for name, held in self.boxes.items():
            box = program.maildir(name)
            for number in self.fresh(count):
                message = mailbox.MaildirMessage(letter(number).replace(b"\r\n", b"\n"))
                message.set_subdir("cur")
                message.set_flags("F")
                box.add(message)
                held[number] = frozenset(["\\Flagged"])
            keys = {number_of(box.get_bytes(key)): key for key in box.keys()}
            picked = self.rng.sample(sorted(taken[name] & held.keys()), min(len(taken[name] & held.keys()), count // 2))
            for number in picked[::2]:
                message = box[keys[number]]
                message.add_flag("R")
                box[keys[number]] = message
                held[number] = held[number] | {"\\Answered"}
            for number in picked[1::2]:
                box.remove(keys[number])
                del held[number]

    def check(self, server, program):
        for name, held in self.boxes.items():
            assert there(server, name) == held, f"{program.name}, {name}: the server's side"
            assert here(program, name) == held, f"{program.name}, {name}: this side"


def synchronise(server, program, count, rounds, seed=1):
    rng = random.Random(seed)
    model = Model(rng)
    client = connect(server, secure=False)
    ok(client.create("Work"))
    ok(client.subscribe("Work"))
    client.logout()
    model.change_there(server, count)
    begin = time.monotonic()
    run_whole(program)
    whole = time.monotonic() - begin
    model.check(server, program)
    for _ in range(rounds):
        taken = {name: set(held) for name, held in model.boxes.items()}
        model.change_there(server, max(4, count // 10))
        for name in taken:
            taken[name] &= set(model.boxes[name])
        model.change_here(program, max(4, count // 10), taken)
        if program.survives_kill:
            run_and_kill(program, rng.uniform(0.05, max(0.3, whole / 4)))
        run_whole(program)
        run_whole(program)  # what was cut off in the first run may need two
        model.check(server, program)


@pytest.mark.parametrize("make", [Mbsync, OfflineIMAP], ids=lambda made: made.name)
def test_a_copy_is_kept_both_ways(peer, tmp_path, make):
    if shutil.which(make.name) is None:
        pytest.skip(f"{make.name} is not installed: scripts/setup check installs it")
    synchronise(peer, make(peer, tmp_path), count=150, rounds=2)


@pytest.mark.parametrize("make", [Mbsync, OfflineIMAP], ids=lambda made: made.name)
def test_a_large_copy_is_kept_both_ways(peer, tmp_path, make, request):
    if not request.config.getoption("--long"):
        pytest.skip("takes minutes: --long")
    synchronise(peer, make(peer, tmp_path), count=5000, rounds=4, seed=7)
