"""The dns role against real name servers: DNSSEC, aliases, failures, time limits; and next hosts found through it."""

import os
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile
import threading
import time

import pytest

from name_servers import Nsd
from ports import free_port
from server import POSTRIDER, TIMEOUT, environment, wait_for

ROAD_TOOL = str(pathlib.Path(POSTRIDER).resolve().parent / "test" / "road_tool")
A, CNAME, MX, TXT, AAAA, TLSA = 1, 5, 15, 16, 28, 52
DIGEST = "00" * 32

GOOD = f"""
@ MX 10 mx
@ MX 20 mx.plain.example.
mx A 192.0.2.1
mx AAAA 2001:db8::1
_25._tcp.mx TLSA 3 1 1 {DIGEST}
www CNAME mx
out CNAME mx.plain.example.
_25._tcp.out TLSA 2 0 1 {DIGEST}
alias MX 10 out
none MX 0 .
text TXT "v=STSv1; " "id=1;"
a+b:c TXT "odd"
later A 192.0.2.9
_25._tcp.odd TLSA 0 0 1 {DIGEST}
odd A 192.0.2.3
"""
PLAIN = "@ MX 10 mx\nmx A 192.0.2.2\n@ A 192.0.2.4\n"


class Zones(Nsd):
    """NSD with zones, some of them signed."""

    def __init__(self, folder):
        super().__init__(folder, port=free_port())
        self.anchors = folder / "anchors"

    def add(self, name, records, sign=None):
        """sign: None, or further arguments for ldns-signzone."""
        file = self.folder / name
        file.write_text(f"$ORIGIN {name}.\n$TTL 60\n@ SOA ns.{name}. host.{name}. 1 60 60 60 60\n@ NS ns.{name}.\nns A 127.0.0.1\n{records}\n")
        if sign is not None:
            key = subprocess.run(["ldns-keygen", "-a", "ECDSAP256SHA256", "-k", name], cwd=self.folder, check=True, capture_output=True,
                                 text=True, timeout=TIMEOUT).stdout.strip()
            subprocess.run(["ldns-signzone", *sign, name, key], cwd=self.folder, check=True, capture_output=True, timeout=TIMEOUT)
            file = file.with_name(name + ".signed")
            with self.anchors.open("a") as out:
                out.write(f"; {name}\n\n" + (self.folder / f"{key}.key").read_text())
        self.zones[name] = file.name


class Tool:
    """A dns role with settings of its own, and questions to it."""

    def __init__(self, folder, **settings):
        config = folder / f"{free_port()}.conf"
        lines = []
        for name, value in settings.items():
            value = "{" + ", ".join(f'"{v}"' for v in value) + "}" if isinstance(value, list) else f'"{value}"'
            lines.append(f"{name} = {value}\n")
        config.write_text("".join(lines))
        config.chmod(0o644)
        self.process = subprocess.Popen([ROAD_TOOL, str(config)], env=environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.asked = 0
        self.answers = {}

    def say(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def read(self):
        line = self.process.stdout.readline()
        assert line, "the tool has ended"
        return line.rstrip("\n")

    def ask(self, name, kind, ms=10000):
        self.say(f"ask {name} {kind} {ms}")
        self.asked += 1
        return self.asked

    def wait(self, count=None):
        """All answers, or the first so many, by number."""
        count = count or self.asked
        self.say(f"wait {count}")
        while len(self.answers) < count:
            number, rest = self.read().split(" ", 1)
            rest, _, why = rest.partition(" why=")
            self.answers[int(number)] = dict((f.split("=", 1) if "=" in f else (f, "")) for f in rest.split(" ")) | {"why": why}
        return self.answers

    def answer(self, name, kind, ms=10000):
        number = self.ask(name, kind, ms)
        return self.wait()[number]

    def hosts(self, domain, port=25):
        """The verdict, and the hosts."""
        self.say(f"hosts {domain} {port}")
        line = self.read()
        head, _, reason = line.partition(" reason=")
        verdict = dict(f.split("=", 1) for f in head.split(" ")) | {"reason": reason}
        return verdict, [dict(f.split("=", 1) for f in self.read().split(" ")) for _ in range(int(verdict["count"]))]

    def stop(self):
        self.process.stdin.close()
        assert self.process.wait(TIMEOUT) == 0


@pytest.fixture(scope="module")
def folder():
    made = pathlib.Path(tempfile.mkdtemp(prefix="postrider-dns-", dir=os.environ.get("TMPDIR", "/tmp")))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture(scope="module")
def zones(folder):
    made = Zones(folder)
    made.add("good.example", GOOD, sign=[])
    made.add("plain.example", PLAIN)
    made.add("stale.example", PLAIN, sign=["-i", "20200101", "-e", "20200201"])
    made.add("inner.good.example", PLAIN)
    # The anchor's zone, served without its signatures: somebody has taken them out.
    made.add("bare.example", PLAIN, sign=[])
    made.zones["bare.example"] = "bare.example"
    # Names have records that the signer saw, and one that it did not.
    made.add("forged.example", "mx A 192.0.2.1\n@ MX 10 mx", sign=[])
    signed = folder / "forged.example.signed"
    signed.write_text(re.sub(r"192\.0\.2\.1\b", "192.0.2.66", signed.read_text()))
    made.start()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def tool(zones):
    made = Tool(zones.folder, dns_server=f"127.0.0.1@{zones.port}", dns_anchors=[f"file:{zones.anchors}"])
    yield made
    made.stop()


def test_answers_say_what_was_validated(tool):
    got = tool.answer("mx.good.example", A)
    assert (got["status"], got["secure"], got["bogus"], got["records"], got["canonical"]) == ("0", "1", "0", "c0000201", ""), got
    assert 0 < int(got["ttl"]) <= 60
    got = tool.answer("mx.plain.example", A)
    assert (got["status"], got["secure"], got["records"]) == ("0", "0", "c0000202")
    got = tool.answer("nothing.good.example", MX)
    assert (got["status"], got["secure"], got["count"]) == ("3", "1", "0")
    got = tool.answer("nothing.plain.example", MX)
    assert (got["status"], got["secure"]) == ("3", "0")
    got = tool.answer("mx.good.example", TXT)
    assert (got["status"], got["secure"], got["count"]) == ("0", "1", "0")
    got = tool.answer("text.good.example", TXT)
    assert bytes.fromhex(got["records"]) == b"\x09v=STSv1; \x05id=1;"
    assert len(tool.answer("good.example", MX)["records"].split(",")) == 2


def test_names_of_any_characters_are_asked_for(tool):
    got = tool.answer('A+b:c.good.example', TXT)
    assert (got["status"], got["secure"], bytes.fromhex(got["records"])) == ("0", "1", b"\x03odd")
    assert tool.answer("a\\b.good.example", TXT)["status"] == "3"


def test_answers_name_what_stands_behind_aliases(tool):
    got = tool.answer("www.good.example", A)
    assert (got["canonical"].rstrip("."), got["secure"], got["records"]) == ("mx.good.example", "1", "c0000201")
    # A signed alias that leads out of the signed zone.
    got = tool.answer("out.good.example", A)
    assert (got["canonical"].rstrip("."), got["secure"], got["records"]) == ("mx.plain.example", "0", "c0000202")
    got = tool.answer("out.good.example", CNAME)
    assert (got["secure"], got["count"]) == ("1", "1")


@pytest.mark.parametrize("zone,why", [("stale.example", "expired"), ("bare.example", ""), ("forged.example", "")])
def test_what_does_not_validate_is_no_answer(tool, zone, why):
    got = tool.answer(f"mx.{zone}", A)
    assert (got["status"], got["bogus"], got["secure"], got["count"], got["records"]) == ("2", "1", "0", "0", ""), got
    assert got["why"] and why in got["why"]


def test_a_question_has_its_time(zones):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        made = Tool(zones.folder, dns_stubs=[f"silent.example 127.0.0.1@{silent.getsockname()[1]}", f"plain.example 127.0.0.1@{zones.port}"],
                    dns_server=f"127.0.0.1@{zones.port}")
        slow = made.ask("a.silent.example", A, 400)
        fast = made.ask("mx.plain.example", A, 10000)
        answers = made.wait()
        assert answers[fast]["status"] == "0"
        assert answers[slow]["status"] == "2" and answers[slow]["bogus"] == "0"
        assert answers[slow]["why"] == "no answer within 1 s"
        assert 390 <= int(answers[slow]["ms"]) < 60000
        # Thousands of one zone hinder nobody, and an asker who leaves takes its questions along.
        first = made.asked + 1
        for i in range(1999):
            made.ask(f"h{i}.silent.example", A, 200000)
        fast = made.ask("a.plain.example", A)
        # Of one zone some hundred wait; the others are refused at once.
        answers = made.wait(2 + 1999 - 499 + 1)
        assert answers[fast]["status"] == "3" and int(answers[fast]["ms"]) < 100000
        refused = [a for number, a in answers.items() if number >= first and a.get("why") == "too many questions of this zone are under way"]
        assert len(refused) >= 1490
        made.say("leave")
        assert sum("lost" in a for a in made.wait().values()) + len(refused) >= 1990
        assert made.answer("plain.example", A)["status"] == "0"
        made.stop()


@pytest.mark.long
def test_silent_zones_have_no_more_than_their_share(zones):
    """Eight hundred questions of one silent zone, and three hundred zones that are silent: others are answered meanwhile, and what is known
    at once; and a zone that was silent is waited for less."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        port = silent.getsockname()[1]
        made = Tool(zones.folder, dns_stubs=[f"plain.example 127.0.0.1@{zones.port}", f"inner.good.example 127.0.0.1@{zones.port}"],
                    dns_server=f"127.0.0.1@{port}")
        assert made.answer("mx.plain.example", A)["status"] == "0"
        for i in range(800):
            made.ask(f"h{i}.silent.example", A, 30000)
        for i in range(300):
            made.ask(f"mx.silent{i}.example", A, 30000)
        asked = time.monotonic()
        known, fresh, other = made.ask("mx.plain.example", A, 30000), made.ask("nobody.plain.example", A, 30000), made.ask("mx.inner.good.example", A, 30000)
        made.say(f"wait {made.asked}")
        while not {known, fresh, other} <= made.answers.keys():
            number, rest = made.read().split(" ", 1)
            made.answers[int(number)] = dict(f.split("=", 1) for f in rest.partition(" why=")[0].split(" ") if "=" in f)
        assert made.answers[known]["status"] == "0" and int(made.answers[known]["ms"]) < 2000
        assert made.answers[fresh]["status"] == "3" and int(made.answers[fresh]["ms"]) < 2000
        assert made.answers[other]["status"] == "0" and time.monotonic() - asked < 12, "a zone that nobody knows waits for its turn among its kind"
        while len(made.answers) < made.asked:
            number, rest = made.read().split(" ", 1)
            made.answers[int(number)] = {}
        assert int(made.answer("z.silent.example", A, 30000)["ms"]) < 9000
        made.stop()


class Late:
    """A name server that keeps its answers back until told."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.asked, self.go = threading.Event(), threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while True:
            data, peer = self.socket.recvfrom(4096)
            if not data or data[:2] == b"XX":
                return
            self.asked.set()
            self.go.wait(TIMEOUT)
            end = data.index(b"\0", 12) + 5
            kind = data[end - 4:end - 2]
            answer = b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\xc0\0\2\7" if kind == b"\0\1" else b""
            self.socket.sendto(data[:2] + b"\x84\0\0\1" + bytes([0, 1 if answer else 0]) + b"\0\0\0\0" + data[12:end] + answer, peer)

    def stop(self):
        self.go.set()
        self.socket.sendto(b"XX", self.socket.getsockname())
        self.thread.join(TIMEOUT)
        self.socket.close()


def test_an_answer_that_comes_too_late_serves_the_next(folder):
    late = Late()
    made = Tool(folder, dns_stubs=[f"late.example 127.0.0.1@{late.socket.getsockname()[1]}"], dns_server="127.0.0.1@9")
    first = made.answer("a.late.example", A, 300)
    assert first["status"] == "2" and late.asked.is_set()
    late.go.set()
    got = wait_for(lambda: (lambda a: a if a["status"] == "0" else None)(made.answer("a.late.example", A, 5000)), what="the answer")
    assert got["records"] == "c0000207"
    made.stop()
    late.stop()


def test_a_name_server_that_returns_is_asked_again(folder):
    sub = folder / "returns"
    sub.mkdir()
    mine = Zones(sub)
    mine.add("returns.example", "\n".join(f"h{i} A 192.0.2.1" for i in range(100)))
    made = Tool(folder, dns_server=f"127.0.0.1@{mine.port}")
    for i in range(4):
        assert made.answer(f"h{i}.returns.example", A, 2000)["status"] == "2"
    mine.start()
    try:
        count = iter(range(10, 100))
        wait_for(lambda: made.answer(f"h{next(count)}.returns.example", A, 2000)["status"] == "0", timeout=TIMEOUT, what="the server's return", pause=1)
    finally:
        mine.stop()
    made.stop()


def test_zones_may_be_excepted_from_validation(zones):
    """An unsigned zone below a signed one that knows nothing of it."""
    server = f"127.0.0.1@{zones.port}"
    for word, want in (("", ("2", "1", "")), (" insecure", ("0", "0", "c0000202"))):
        made = Tool(zones.folder, dns_server=server, dns_stubs=[f"inner.good.example {server}{word}"], dns_anchors=[f"file:{zones.anchors}"])
        got = made.answer("mx.inner.good.example", A)
        assert (got["status"], got["bogus"], got["records"]) == want, got
        assert made.answer("mx.good.example", A)["secure"] == "1"
        made.stop()


def test_questions_that_are_none(tool):
    assert tool.answer("good.example", 0)["why"] == "this is no question"
    for kind in (65536, 1 << 31):
        assert "not-sent" in tool.answer("good.example", kind)  # no message can say it
    assert tool.answer("a..b", A)["status"] in ("2", "3")
    assert tool.answer("a" * 64 + ".example", A)["status"] in ("2", "3")
    assert tool.answer("mx.good.example", A)["status"] == "0"


def test_next_hosts(tool):
    verdict, hosts = tool.hosts("good.example")
    assert verdict["verdict"] == "hosts" and [h["host"] for h in hosts] == ["mx.good.example", "mx.plain.example"]
    first, second = hosts
    assert (first["mx_secure"], first["address_secure"], first["dane"], first["base"]) == ("1", "1", "verify", "mx.good.example")
    assert first["addresses"] == "2001:db8::1,192.0.2.1" and first["names"] == "mx.good.example,good.example"
    assert (second["mx_secure"], second["address_secure"], second["dane"]) == ("1", "0", "none")
    # A signed alias to an unsigned host: the alias's own TLSA records count.
    verdict, hosts = tool.hosts("alias.good.example")
    assert (hosts[0]["host"], hosts[0]["canonical"], hosts[0]["dane"], hosts[0]["base"]) == (
        "out.good.example", "mx.plain.example", "verify", "out.good.example")
    verdict, hosts = tool.hosts("odd.good.example")
    assert (hosts[0]["host"], hosts[0]["dane"]) == ("odd.good.example", "encrypt")
    verdict, hosts = tool.hosts("odd.good.example", 26)
    assert hosts[0]["dane"] == "none"


@pytest.mark.parametrize("domain,verdict,enhanced,reason", [
    ("none.good.example", "permanent", "5.1.10", "null MX"),
    ("nothing.good.example", "permanent", "5.1.2", "there is no domain"),
    ("text.good.example", "permanent", "5.4.4", "neither a mail host nor an address"),
    ("stale.example", "temporary", "4.4.3", "cannot be looked up"),
    ("forged.example", "temporary", "4.4.3", "the addresses of mx.forged.example cannot be looked up"),
    ("elsewhere.test", "permanent", "5.1.2", ""),
    ("refused.example", "temporary", "4.4.3", "cannot be looked up"),
])
def test_where_no_mail_goes(tool, domain, verdict, enhanced, reason):
    got, hosts = tool.hosts(domain)
    assert (got["verdict"], got["enhanced"], hosts) == (verdict, enhanced, []), got
    assert reason in got["reason"]


@pytest.mark.parametrize("zone", ["company.test", "home.arpa", "10.in-addr.arpa"])
def test_zones_of_private_use_are_asked_when_they_have_a_server(tmp_path, zone):
    """The library says by itself that there is nothing in them (RFC 6303, RFC 6761), unless dns_stubs names a server."""
    made = Zones(tmp_path)
    made.add(zone, "mx A 192.0.2.5")
    made.start()
    tool = Tool(tmp_path, dns_stubs=[f"{zone} 127.0.0.1@{made.port} insecure"])
    try:
        assert tool.answer(f"mx.{zone}", A)["status"] == "0"
        assert tool.answer("mx.other.test", A)["status"] == "3"
    finally:
        tool.stop()
        made.stop()
