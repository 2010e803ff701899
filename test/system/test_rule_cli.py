"""postrider rule: scripts put, shown and made active, refused with the place of each error; and kept over kills and full disks."""

import json
import random
import re
import threading

import pytest

from imap_client import contents
from server import POSTRIDER, TIMEOUT, run, wait_for
from small_disk import needs_root, server_on_small_disk

ALICE, BOB = "alice@example.test", "bob@example.test"
GOOD = b'require ["fileinto"];\nif header :contains "subject" "invoice" {\n\tfileinto "Work";\n}\n'
BAD = b'keep;\nfileinto "a";\n\tdiscrd; # \xd1\x89\n'


def scripts(server, whose=ALICE):
    return {row["name"]: row for row in json.loads(server.cli("rule", "list", whose, "--json").stdout)}


def text_of(server, name, whose=ALICE):
    return server.cli("rule", "show", whose, name).stdout


@pytest.fixture
def good(tmp_path):
    (tmp_path / "good.sieve").write_bytes(GOOD)
    return tmp_path / "good.sieve"


@pytest.fixture
def bad(tmp_path):
    (tmp_path / "bad.sieve").write_bytes(BAD)
    return tmp_path / "bad.sieve"


def test_a_script_from_its_file_to_its_end(server, good):
    assert server.cli("rule", "list", ALICE).stdout == b"alice@example.test has no scripts\n"
    mark = server.mark()
    assert server.cli("rule", "put", ALICE, good).stdout == b""
    assert server.wait_event("script-put", since=mark, by="admin").fields["name"] == "good"
    assert text_of(server, "good") == GOOD
    row = scripts(server)["good"]
    assert row["active"] is False and row["size"] == len(GOOD) and row["warnings"] == 0
    server.cli("rule", "put", ALICE, "-", "--name", "Мої правила", "--activate", input=b"stop;\n")
    assert {name: row["active"] for name, row in scripts(server).items()} == {"good": False, "Мої правила": True}
    lines = server.cli("rule", "list", ALICE).stdout.decode().splitlines()
    assert len(lines) == 3 and re.fullmatch(r"active +6 B  \d{4}-\d\d-\d\d \d\d:\d\d  Мої правила", lines[2]), lines
    server.cli("rule", "remove", ALICE, "Мої правила", status=77)
    server.cli("rule", "activate", ALICE, "good")
    assert server.wait_event("script-active", since=mark).fields["name"] == "good"
    server.cli("rule", "rename", ALICE, "good", "better")
    assert server.wait_event("script-renamed", since=mark, to="better").fields["name"] == "good"
    assert {name: row["active"] for name, row in scripts(server).items()} == {"better": True, "Мої правила": False}
    server.cli("rule", "rename", ALICE, "better", "Мої правила", status=65)
    server.cli("rule", "activate", ALICE, "--none")
    server.cli("rule", "remove", ALICE, "better")
    server.cli("rule", "remove", ALICE, "Мої правила")
    assert scripts(server) == {}
    for verb in (["show", ALICE, "x"], ["activate", ALICE, "x"], ["remove", ALICE, "x"], ["rename", ALICE, "x", "y"], ["list", "nobody@example.test"]):
        server.cli("rule", *verb, status=66)
    for name in ("a/b", "..", "a\nb", "", "x" * 129):
        assert b"no name for a script" in server.cli("rule", "put", ALICE, good, "--name", name, status=65).stderr
    assert scripts(server) == {}


def test_errors_show_their_place(server, good, bad):
    done = server.cli("rule", "put", ALICE, bad, status=65)
    assert b"has 2 errors, and was not put down" in done.stderr
    told = done.stdout.decode().splitlines()
    assert len(told) == 6
    assert told[0].startswith(f"{bad}:2:1: error: ") and told[1:3] == ['     2 | fileinto "a";', "       | ^"]
    assert told[3].startswith(f"{bad}:3:2: error: ") and "discard" in told[3]
    assert told[4:6] == ["     3 |  discrd; # щ", "       |  ^"]
    assert scripts(server) == {}
    answer = json.loads(server.cli("rule", "put", ALICE, bad, "--json", status=65).stdout)
    assert answer["put"] is False and [(c["line"], c["column"], c["severity"]) for c in answer["complaints"]] == [(2, 1, "error"), (3, 2, "error")]
    # A good one is not lost for a bad one.
    server.cli("rule", "put", ALICE, good, "--name", "main", "--activate")
    server.cli("rule", "put", ALICE, bad, "--name", "main", status=65)
    assert text_of(server, "main") == GOOD and scripts(server)["main"]["active"]
    server.cli("rule", "activate", ALICE, "--none")
    server.cli("rule", "remove", ALICE, "main")


def test_check_needs_no_server(good, bad):
    assert run(POSTRIDER, "rule", "check", good).returncode == 0
    here = run(POSTRIDER, "rule", "check", bad)
    assert here.returncode == 65 and here.stdout.count(b": error: ") == 2
    assert json.loads(run(POSTRIDER, "rule", "check", good, "--json").stdout) == {"complaints": [], "good": True}
    assert run(POSTRIDER, "rule", "check", "/nowhere/x").returncode == 66
    long_line = run(POSTRIDER, "rule", "check", "-", input=b"keep; " * 100 + b"nonsense; " + b"keep; " * 100)
    where, shown, mark = long_line.stdout.decode().splitlines()
    assert ":1:601: error: " in where
    assert shown[mark.index("^"):].startswith("nonsense;") and len(shown) < 130 and shown.startswith("     1 | ...") and shown.endswith("...")


def test_the_server_s_scripts(server, good):
    assert server.cli("rule", "list", "--server").stdout == b"the server has no scripts\n"
    for place in ("before", "after", "global"):
        server.cli("rule", "put", "--server", place, good)
    rows = json.loads(server.cli("rule", "list", "--server", "--json").stdout)
    assert [(row["place"], row["name"]) for row in rows] == [("before", "good"), ("after", "good"), ("global", "good")]
    assert server.cli("rule", "show", "--server", "global", "good").stdout == GOOD
    # They are nobody's.
    assert scripts(server) == {}
    server.cli("rule", "show", ALICE, "good", status=66)
    server.cli("rule", "activate", "--server", "before", "good", status=64)
    server.cli("rule", "put", "--server", "beside", good, status=64)
    server.cli("rule", "rename", "--server", "after", "good", "better")
    for place, name in (("before", "good"), ("after", "better"), ("global", "good")):
        server.cli("rule", "remove", "--server", place, name)
    assert json.loads(server.cli("rule", "list", "--server", "--json").stdout) == []


def test_scripts_that_are_included(server):
    """By name, from the account's own and from the server's: each mail meets what is there when it comes."""
    include = b'require ["include", "fileinto"]; include :global "lists"; include :personal "friends";'
    server.add_account("reader@example.test")
    server.cli("rule", "put", "reader@example.test", "-", "--name", "main", "--activate", input=include)

    def put(whose, name, subject, mailbox):
        text = f'require ["fileinto", "mailbox"]; if header :contains "subject" "{subject}" {{ fileinto :create "{mailbox}"; stop; }}'
        server.cli("rule", "put", *whose, "-", "--name", name, input=text.encode())

    def where(subject):
        server.deliver("reader@example.test", f"Subject: {subject}\r\n\r\nx\r\n".encode())
        found = {box: len(messages) for box, messages in contents(server, "reader@example.test").items() if messages}
        new = {box: count - seen.get(box, 0) for box, count in found.items() if count != seen.get(box, 0)}
        seen.update(found)
        return new

    seen = {}
    put(["--server", "global"], "lists", "list", "Lists")
    put(["reader@example.test"], "friends", "friend", "Friends")
    assert where("the list") == {"Lists": 1} and where("a friend") == {"Friends": 1} and where("else") == {"INBOX": 1}
    put(["--server", "global"], "lists", "list", "Elsewhere")
    assert where("the list") == {"Elsewhere": 1}
    # Somebody else's are not hers: neither by name nor as the server's.
    server.cli("rule", "remove", "reader@example.test", "friends")
    put([BOB], "friends", "friend", "Bobs")
    before = where("a friend")
    assert before.keys() == {"INBOX"}, before
    server.cli("rule", "remove", "--server", "global", "lists")
    server.cli("rule", "remove", BOB, "friends")


def test_wrong_use(server):
    for words in (["rule"], ["rule", "list"], ["rule", "show", ALICE], ["rule", "put", ALICE], ["rule", "put", ALICE, "-"], ["rule", "activate", ALICE],
                  ["rule", "activate", ALICE, "x", "--none"], ["rule", "nonsense"]):
        server.cli(*words, status=64, input=b"keep;")


def test_a_script_goes_with_its_account_and_stays_through_upkeep(server, good):
    server.add_account("gone@example.test")
    server.cli("rule", "put", "gone@example.test", good, "--activate")
    server.cli("rule", "put", BOB, good, "--activate")
    for verb in ("pack", "compact", "check"):
        server.cli("store", verb)
    assert text_of(server, "good", BOB) == GOOD and text_of(server, "good", "gone@example.test") == GOOD
    server.cli("account", "remove", "gone@example.test", "--yes", "--now")
    server.add_account("gone@example.test")
    assert scripts(server, "gone@example.test") == {}
    # The index is made anew from snapshot and log.
    server.cli("rule", "put", "--server", "global", good)
    assert server.stop() == 0
    server.cli("store", "rebuild")
    server.cli("store", "check")
    server.start()
    assert text_of(server, "good", BOB) == GOOD and scripts(server, BOB)["good"]["active"]
    assert server.cli("rule", "show", "--server", "global", "good").stdout == GOOD
    server.cli("rule", "remove", "--server", "global", "good")
    server.cli("rule", "activate", BOB, "--none")
    server.cli("rule", "remove", BOB, "good")


# ---- what goes wrong ----


class Writer(threading.Thread):
    """Puts one script after the other, two names in turn, each active at once. `answered`: the text that was last answered with 0, of each name;
    `active`: the name of the last of these; `asked`: the last one of all, which may have got no answer."""

    def __init__(self, server, number, found):
        super().__init__(daemon=True)
        self.server, self.asked, self.halt, self.any = server, number, threading.Event(), False
        self.answered = {name: text for name, (text, _) in found.items()}
        self.active = next((name for name, (_, active) in found.items() if active), None)

    def name(self):
        return f"s{self.asked % 2}"

    def text(self):
        return f"# {self.asked}\nkeep;\n".encode()

    def run(self):
        while not self.halt.is_set():
            self.asked += 1
            if self.server.cli("rule", "put", ALICE, "-", "--name", self.name(), "--activate", input=self.text(), check=False).returncode:
                return
            self.answered[self.name()], self.active, self.any = self.text(), self.name(), True


def kill_all(server):
    server.kill()
    server.start()


def state(server):
    """{name: (text, active)}, once the server answers again."""
    done = wait_for(lambda: (d := server.cli("rule", "list", ALICE, "--json", check=False)).returncode == 0 and d, what="an answer")
    return {row["name"]: (text_of(server, row["name"]), row["active"]) for row in json.loads(done.stdout)}


@pytest.mark.parametrize("whom", ["store", pytest.param("rules", marks=pytest.mark.long), pytest.param("all", marks=pytest.mark.long)])
def test_kills_while_scripts_are_put(make_server, whom):
    server = make_server()
    rng = random.Random(whom)
    number, found = 0, {}
    for _ in range(6):
        writer = Writer(server, number, found)
        writer.start()
        wait_for(lambda: writer.any or not writer.is_alive(), what="the first answer")
        # Some instant of a later one.
        writer.halt.wait(rng.uniform(0, 0.3))
        kill_all(server) if whom == "all" else server.kill_role(whom)
        writer.halt.set()
        writer.join(TIMEOUT)
        found = state(server)
        before = dict(writer.answered)
        # What was answered is there, whole; of the one that got no answer all or nothing.
        in_flight = found.get(writer.name(), (None,))[0] == writer.text()
        after = before | {writer.name(): writer.text()} if in_flight else before
        assert {name: text for name, (text, _) in found.items()} == after
        assert [name for name, (_, active) in found.items() if active] == [writer.name() if in_flight else writer.active]
        number = writer.asked
    server.cli("store", "check")


@needs_root
def test_a_full_disk(make_server, good):
    with server_on_small_disk(make_server) as (server, disk):
        server.cli("rule", "put", ALICE, good, "--name", "first", "--activate")
        disk.fill()
        wait_for(lambda: server.cli("rule", "put", ALICE, good, "--name", "more", check=False).returncode == 75, what="75")
        assert b"the disk is nearly full" in server.cli("rule", "put", ALICE, good, "--name", "more", status=75).stderr
        # Reading goes on, and removing.
        assert text_of(server, "first") == GOOD
        for name in set(scripts(server)) - {"first"}:
            server.cli("rule", "remove", ALICE, name)
        disk.clear()
        wait_for(lambda: server.cli("rule", "put", ALICE, good, "--name", "more", check=False).returncode == 0, what="service again")
        assert set(scripts(server)) == {"first", "more"}
        assert server.stop() == 0
