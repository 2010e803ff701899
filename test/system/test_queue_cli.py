"""postrider queue: what is asked of store, and how its answers are shown. A socket of the test plays the store."""

import getpass
import json
import os
import pathlib
import re
import shutil
import socket
import struct
import subprocess
import threading
import time

import pytest

from server import POSTRIDER, TIMEOUT

IPC = (pathlib.Path(__file__).resolve().parents[2] / "doc" / "ipc.md").read_text()  # checked against the source by ipc_index.py
COMMAND, OUTPUT = (int(re.search(rf"^\| {name} (\d+) \|", IPC, re.M).group(1)) for name in ("command", "output"))
RECORD = {"id": "Ab3dEf6hIj9l", "state": "waiting", "sender": "carol@example.net", "size": 4321, "arrived": 1795328706,
          "expires": 4000000000, "priority": 0,
          "recipients": [{"address": "joe@example.com", "destination": "example.com", "state": "waiting", "attempts": 3,
                          "last_attempt": 1795332000, "next_attempt": 3990000000, "status": "4.7.1",
                          "reply": "450 4.7.1 Greylisted \x1b[2J", "host": "mx.example.com", "tls": ""}],
          "destinations": [{"name": "example.com", "next_attempt": 0, "failures": 0, "failing_since": 0, "last_error": "", "status": "",
                            "active": False}]}


class Store:
    """Answers one question after the other with what the test says, and keeps the words."""

    def __init__(self, folder):
        (folder / "run").mkdir()
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(folder / "run" / "store"))
        self.listener.listen(5)
        self.config = folder / "postrider.conf"
        self.config.write_text(f'data = "{folder}/data"\nrun = "{folder}/run"\n')
        self.questions, self.pieces, self.status, self.hang_up = [], [], 0, False
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with connection:
                self.answer(connection)

    def answer(self, connection):
        file = connection.makefile("rb")
        length, kind, _, request = struct.unpack(">IHHI", file.read(12))
        payload = file.read(length)
        assert kind == COMMAND
        count, at, words = struct.unpack_from(">I", payload)[0], 4, []
        for _ in range(count):
            size = struct.unpack_from(">I", payload, at)[0]
            words.append(payload[at + 4:at + 4 + size].decode())
            at += 4 + size
        self.questions.append(words)
        for number, piece in enumerate(self.pieces):
            last = number == len(self.pieces) - 1
            if last and self.hang_up:
                return
            body = struct.pack(">I", len(piece)) + piece + struct.pack(">QQ", self.status if last else 0, last)
            connection.sendall(struct.pack(">IHHI", len(body), OUTPUT, 0, request) + body)

    def lines(self, *records, status=0, cut=None):
        text = b"".join(json.dumps(r).encode() + b"\n" for r in records)
        self.pieces = [text[:cut], text[cut:], b""] if cut else [text]
        self.status = status

    def cli(self, *words, status=0, environment=None):
        done = subprocess.run([POSTRIDER, "--config", self.config, "queue", *words], capture_output=True, timeout=TIMEOUT, check=False,
                              env={**os.environ, "TZ": "UTC", **(environment or {})})
        assert done.returncode == status, done.stderr.decode()
        return done


@pytest.fixture
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("q")
    made = Store(folder)
    yield made
    made.listener.close()
    shutil.rmtree(folder, ignore_errors=True)


def test_list_and_show(store):
    store.lines(RECORD, {**RECORD, "id": "second"}, cut=300)
    text = store.cli("list").stdout.decode()
    assert store.questions[-2:] == [["queue", "list"], ["queue", "stats"]]
    assert text.count("carol@example.net -> joe@example.com\n") == 2 and "\x1b" not in text
    assert "It will be tried again at example.com in " in text and "Greylisting" in text
    assert [m["id"] for m in json.loads(store.cli("list", "--json").stdout)] == ["Ab3dEf6hIj9l", "second"]
    shown = store.cli("show", "Ab3dEf6hIj9l", "second").stdout.decode()
    assert store.questions[-1] == ["queue", "show", "id=Ab3dEf6hIj9l", "id=second"]
    assert "  joe@example.com  waiting, 3 attempts, the last " in shown and "    450 4.7.1 Greylisted ?[2J\n" in shown
    store.lines()
    assert store.cli("list").stdout == b"The queue is empty.\n"
    assert store.cli("list", "--sender", "a@b.c").stdout == b"No message in the queue is like that.\n"
    assert json.loads(store.cli("list", "--json").stdout) == []


def test_filters(store):
    store.lines()
    store.cli("list", "--sender", "a@b.c", "--domain=x.y", "--error", "refused", "--older", "2h", "--limit", "5")
    assert store.questions[-2] == ["queue", "list", "sender=a@b.c", "domain=x.y", "error=refused", "older=7200", "limit=5"]
    store.cli("list", "--older", "3d")
    assert store.questions[-2] == ["queue", "list", "older=259200"]


def test_stats(store):
    store.lines({"messages": 12, "bytes": 34567, "held": 3, "active": 1, "notifying": 0, "destinations": 5, "oldest": int(time.time()) - 7200})
    assert store.cli("stats").stdout == (b"12 messages are in the queue, 34.6 KB, for 5 destinations: 3 held, 1 being sent, 0 being "
                                         b"reported on. The oldest came 2 hours ago.\n")
    assert json.loads(store.cli("stats", "--json").stdout)["held"] == 3


def test_actions_say_who_and_why(store):
    me = f"by={getpass.getuser()}"
    plain = {"SUDO_USER": ""}
    store.lines({"changed": 2})
    assert store.cli("retry", "A", "B", environment=plain).stdout == b"2 messages are due now\n"
    assert store.questions[-1] == ["queue", "retry", me, "id=A", "id=B"]
    store.cli("hold", "--all", "--why", "looks odd", environment=plain)
    assert store.questions[-1] == ["queue", "hold", "why=looks odd", me, "all=1"]
    before = int(time.time())
    store.cli("hold", "A", "--why", "w", "--for", "90m", environment=plain)
    until = next(int(w[6:]) for w in store.questions[-1] if w.startswith("until="))
    assert before + 5400 <= until <= time.time() + 5400
    store.cli("release", "--sender", "@b.c", environment=plain)
    assert store.questions[-1] == ["queue", "release", me, "sender=@b.c"]
    store.lines({"changed": 1})
    assert store.cli("delete", "A", "--why", "a virus", "--bounce", environment=plain).stdout == b"1 message is taken out of the queue\n"
    assert store.questions[-1] == ["queue", "delete", "why=a virus", me, "bounce=1", "id=A"]
    assert json.loads(store.cli("retry", "A", "--json", environment=plain).stdout) == {"changed": 1}
    if os.geteuid() == 0:
        store.cli("retry", "A", environment={"SUDO_USER": "alice"})
        assert "by=alice" in store.questions[-1]


def test_routes(store):
    store.lines({"changed": 1})
    for words, asked in ((["example.com", "smart:587"], ["domain=example.com", "to=smart:587"]),
                         (["Ab3dEf6hIj9l", "[2001:db8::1]:25"], ["id=Ab3dEf6hIj9l", "to=[2001:db8::1]:25"]),
                         (["example.com", "--mx"], ["domain=example.com", "to="])):
        said = b"the route is taken away; 1 message goes the usual way again\n" if "--mx" in words else b"the route is set; 1 message takes it now\n"
        assert store.cli("route", *words).stdout == said
        assert store.questions[-1][:2] == ["queue", "route"] and store.questions[-1][3:] == asked


def test_pauses(store):
    plain, me = {"SUDO_USER": ""}, f"by={getpass.getuser()}"
    store.lines({"changed": 1})
    assert b"sending to all destinations is paused" in store.cli("pause", "--why", "a test", environment=plain).stdout
    assert store.questions[-1] == ["queue", "pause", "why=a test", me]
    assert store.cli("resume", "--destination", "x.test", environment=plain).stdout == b"sending to x.test goes on\n"
    assert store.questions[-1] == ["queue", "resume", me, "domain=x.test"]
    store.lines({"changed": 0}, status=66)
    assert b"sending to x.test is paused already" in store.cli("pause", "--destination", "x.test", status=66).stderr
    paused = {"destination": "*", "since": 1795328706, "by": "root", "why": "a move"}
    told = b"Sending to all destinations has been paused since 2026-11-22 06:25:06 by root (a move); `postrider queue resume` goes on."
    store.lines({"messages": 0, "paused": [paused]})
    assert told in store.cli("stats").stdout
    destination = {**RECORD["destinations"][0], "paused": paused}
    store.lines({**RECORD, "destinations": [destination]})
    assert told[:-1] in store.cli("show", "Ab3dEf6hIj9l").stdout


def test_what_is_being_done(store):
    doing = {"active": True, "doing": "connect", "doing_host": "mx.example.com", "doing_address": "192.0.2.1:25", "doing_since": 1795328706}
    recipient = {**RECORD["recipients"][0], "next_attempt": 0, "attempts": 0, "reply": "", "status": ""}
    store.lines({**RECORD, "recipients": [recipient], "destinations": [{**RECORD["destinations"][0], **doing}]})
    said = store.cli("list").stdout
    assert b"This server has been connecting to mx.example.com at 192.0.2.1:25 since 2026-11-22 06:25:06 (" in said
    store.lines({**RECORD, "recipients": [recipient], "destinations": [{**RECORD["destinations"][0], **doing, "doing": "look up"}]})
    assert b"This server has been asking the DNS where mail for example.com goes since " in store.cli("list").stdout


def test_ages(store):
    row = {"name": "example.com", "messages": 3, "ages": [1, 0, 0, 0, 0, 0, 0, 0, 0, 2]}
    store.lines({"limits": [300, 600, 1200, 2400, 4800, 9600, 19200, 38400, 76800], "total": {**row, "name": ""}, "destinations": [row], "more": 4})
    table = store.cli("age", "--limit", "1").stdout.decode().splitlines()
    assert store.questions[-1] == ["queue", "age", "limit=1"]
    assert table[1].split() == ["destination", "all", "<5m", "<10m", "<20m", "<40m", "<1h20", "<2h40", "<5h20", "<10h40", "<21h20", "older"]
    assert table[3].split() == ["example.com", "3", "1", *["0"] * 8, "2"] and len({len(line) for line in table[1:4]}) == 1
    assert table[4] == "and 4 more destinations: --limit N shows more"


def test_content_is_passed_on_as_it_is(store):
    store.pieces, store.status = [b"Subject: x\r\n\r\n{\x00\n", b"second piece", b""], 0
    assert store.cli("cat", "Ab3dEf6hIj9l").stdout == b"Subject: x\r\n\r\n{\x00\nsecond piece"
    assert store.questions[-1] == ["queue", "cat", "id=Ab3dEf6hIj9l"]
    store.pieces = [b"Subject: x\r\n", b""]
    assert json.loads(store.cli("cat", "Ab3dEf6hIj9l", "--json").stdout) == {"message": "Subject: x\r\n"}
    store.pieces, store.status = [b"it has left the queue meanwhile\n"], 66
    done = store.cli("cat", "Ab3dEf6hIj9l", status=66)
    assert done.stdout == b"" and done.stderr == b"postrider: it has left the queue meanwhile\n"


def test_wrong_use_asks_nobody(store):
    for words in ([], ["what"], ["show"], ["retry"], ["hold", "A"], ["delete", "A"], ["delete", "--why", "x"], ["hold", "A", "--why", ""],
                  ["list", "--older", "soon"], ["list", "--limit", "0"], ["stats", "A"], ["route", "example.com"], ["list", "--odd"],
                  ["hold", "A", "--why", "x", "--for", "long"], ["cat"], ["cat", "A", "B"], ["pause", "x.test"], ["age", "A"], ["show", *["A"] * 150]):
        store.cli(*words, status=64)
    assert store.questions == []
    assert b"usage: postrider queue list" in store.cli("--help").stdout


def test_trouble(store):
    store.pieces, store.status = [b"the disk is full; try again later\n"], 75
    assert store.cli("retry", "A", status=75).stderr == b"postrider: the disk is full; try again later\n"
    store.lines(status=66)
    assert b"the queue has no such message" in store.cli("show", "A", status=66).stderr
    store.lines({"changed": 0}, status=66)
    done = store.cli("retry", "A", status=66)
    assert done.stdout == b"" and b"the queue has no such message" in done.stderr
    store.lines({"what": "is this"})
    assert b"cannot be understood" in store.cli("list", status=70).stderr
    store.pieces, store.status = [b"{\"id\"\n"], 0
    store.cli("show", "A", status=70)
    store.lines(RECORD, cut=10)
    store.hang_up = True
    assert b"ended the connection" in store.cli("list", status=75).stderr


def test_no_server(tmp_path):
    config = tmp_path / "c"
    config.write_text(f'run = "{tmp_path}"\n')
    done = subprocess.run([POSTRIDER, "--config", config, "queue", "list"], capture_output=True, timeout=TIMEOUT, check=False)
    assert done.returncode == 69 and b"no server answers" in done.stderr
