"""What hostile or broken clients of IMAP do: each costs the server bounded memory, gets an answer or its end, and others are served meanwhile."""

import contextlib
import pathlib
import resource
import socket
import time

import pytest

from imap_client import append_many, connect, ok
from server import ENVIRONMENT, TIMEOUT, Server

ALICE, BOB = "alice@example.test", "bob@example.test"
MEGABYTE = 1 << 20
MANY = 100_000
# The sanitizers keep much around small allocations, and what was freed: of the latter only this much here.
LEAN = {"ASAN_OPTIONS": ENVIRONMENT["ASAN_OPTIONS"] + ":quarantine_size_mb=4:thread_local_quarantine_size_kb=64"}
COMMAND_COSTS = 24 * MEGABYTE  # 16 MB, its text, and what the sanitizers put around them


def served(server):
    """Bob gets a mail and reads it."""
    assert server.deliver(BOB, b"Subject: others\r\n\r\nx\r\n") == {}
    client = connect(server, BOB)
    try:
        ok(client.select())
        assert b"others" in ok(client.fetch("*", "(BODY[HEADER])"))[0][1]
        ok(client.store("1:*", "+FLAGS.SILENT", "(\\Deleted)"))
        ok(client.expunge())
    finally:
        client.logout()


def session(server, address=ALICE, select=True):
    """A logged-in connection without TLS, of which each octet is ours."""
    c = server.connect("imap", timeout=TIMEOUT)
    c.line()
    secret = server.passwords[address].encode()
    c.send(b"l LOGIN %s {%d+}\r\n%s\r\n" % (address.encode(), len(secret), secret))
    assert until(c, "l")[-1].startswith("l OK")
    if select:
        c.send("s SELECT INBOX\r\n")
        assert until(c, "s")[-1].startswith("s OK")
    return c


def until(c, tag):
    """The lines up to the tagged one; the last may be BYE, or the end."""
    lines = []
    while True:
        lines.append(c.line())
        if not lines[-1] or lines[-1].startswith((f"{tag} ", "* BYE")):
            return lines


@pytest.fixture(scope="module")
def lean(template, shared_folder):
    """A server of this file's own, with some messages."""
    shared_folder.chmod(0o755)
    made = Server(pathlib.Path(shared_folder) / "lean", template, {}, environment=LEAN)
    try:
        made.start()
        client = connect(made)
        append_many(client, "INBOX", [(b"Subject: %d\r\n\r\ntext\r\n" % n, []) for n in range(20)])
        client.logout()
        yield made
        problems = made.finish()
        assert not problems, "the log holds what was not expected:\n" + "\n".join(problems)
    finally:
        made.end()


@pytest.fixture
def server(lean):
    lean.forget_log()
    yield lean
    problems = lean.problems()
    assert not problems, "the log holds what was not expected:\n" + "\n".join(problems)


def numbers(separator=","):
    return separator.join(str(n) for n in range(1, 2 * MANY, 2))


# Each is far beyond what a program sends; some fit into a command's 256 KB, others don't.
LONG = {
    "a set of 100,000 numbers": lambda: f"UID FETCH {numbers()} FLAGS",
    "a set of 60,000 digits": lambda: f"UID SEARCH UID {','.join('123456789'[n % 9] for n in range(60_000))}",
    "100,000 items of a fetch": lambda: f"FETCH 1 ({' '.join(['UID'] * MANY)})",
    "60,000 items of a fetch": lambda: f"FETCH 1 ({' '.join(['UID'] * 60_000)})",
    "100,000 header fields": lambda: f"FETCH 1 (BODY.PEEK[HEADER.FIELDS ({' '.join(['X'] * MANY)})])",
    "100,000 keywords": lambda: f"STORE 1 +FLAGS ({' '.join(f'k{n}' for n in range(MANY))})",
    "25,000 keywords": lambda: f"STORE 1 +FLAGS ({' '.join(f'k{n}' for n in range(25_000))})",
    "100,000 keys of a search": lambda: "SEARCH " + " ".join(["SEEN"] * MANY),
    "40,000 keys of a search": lambda: "SEARCH " + " ".join(["SEEN"] * 40_000),
    "a search nested 100,000 times": lambda: "SEARCH " + "(" * MANY + "ALL" + ")" * MANY,
    "60,000 times NOT": lambda: "SEARCH " + "NOT " * 60_000 + "ALL",
    "30,000 times OR": lambda: "SEARCH " + "OR " * 30_000 + " ".join(["SEEN"] * 30_001),
    "a list nested in ID": lambda: "ID " + "(" * MANY + ")" * MANY,
    "100,000 fields of ID": lambda: "ID (" + " ".join(['"a" "b"'] * MANY) + ")",
    "100,000 patterns of LIST": lambda: f'LIST "" ({" ".join(["*"] * MANY)})',
    "a pattern of 100,000 wildcards": lambda: 'LIST "" "' + "*%" * (MANY // 2) + '"',
    "a mailbox 100,000 levels deep": lambda: 'CREATE "' + "a/" * MANY + 'b"',
    "a name of 200,000 octets": lambda: 'CREATE "' + "a" * 200_000 + '"',
    "100,000 keys of a sort": lambda: f"SORT ({' '.join(['DATE'] * MANY)}) UTF-8 ALL",
    "100,000 entries of metadata": lambda: f'GETMETADATA "" ({" ".join(["/private/a"] * MANY)})',
    "100,000 groups of NOTIFY": lambda: "NOTIFY SET " + "(personal (MessageNew MessageExpunge)) " * MANY,
    "100,000 mailboxes of a search": lambda: f"ESEARCH IN (mailboxes ({' '.join(['INBOX'] * MANY)})) ALL",
    "100,000 capabilities": lambda: "ENABLE" + " X" * MANY,
    "a section 100,000 levels deep": lambda: "FETCH 1 BODY.PEEK[" + ".".join(["1"] * MANY) + "]",
    "a tag without an end": lambda: "t" * 300_000,
}


@pytest.mark.parametrize("what", LONG)
def test_a_command_of_a_hundred_thousand(server, what):
    before = server.memory("imap"), server.memory("store")
    c = session(server)
    c.send(f"x {LONG[what]()}\r\n")
    last = until(c, "x")[-1]
    assert last.startswith(("x OK", "x NO", "x BAD", "* BYE", "* BAD")) or last == "", last
    served(server)
    assert server.memory("imap") - before[0] < COMMAND_COSTS and server.memory("store") - before[1] < COMMAND_COSTS
    if last.startswith("x "):  # the session goes on
        c.send("y NOOP\r\n")
        assert until(c, "y")[-1].startswith("y OK")
    c.close()


def test_a_stranger_gets_little_room(server):
    """Without a login, a command is as long as a login can be."""
    before = server.memory("imap")
    strangers = []
    for _ in range(100):
        c = server.connect("imap")
        c.line()
        with contextlib.suppress(OSError):  # it may be sent away meanwhile
            c.send("x ID (" + '"a" "' + "b" * 5 * MEGABYTE)
        strangers.append(c)
    served(server)
    assert server.memory("imap") - before < 100 * 256 * 1024
    for c in strangers:
        c.close()


LITERALS = ["x APPEND INBOX {50000000}", "x APPEND INBOX {50000000+}", "x SELECT {200000+}", "x SEARCH SUBJECT {200000}", "x LOGIN {10000+}"]


def test_literals_that_never_come(server):
    """Each is announced, and some octets of it are sent. What waits for the rest is a few kilobytes, and the text that did come."""
    before = server.memory("imap"), server.memory("store")
    waiting = []
    for number in range(100):
        c = session(server)
        c.send(LITERALS[number % len(LITERALS)] + "\r\n")
        if "+}" not in LITERALS[number % len(LITERALS)]:
            assert c.line().startswith("+")
        c.send("a" * 1000)
        waiting.append(c)
    served(server)
    assert server.memory("imap") - before[0] < 100 * 64 * 1024
    assert server.memory("store") - before[1] < 100 * 64 * 1024
    for c in waiting:
        c.close()
    served(server)


LARGE = [(command, size) for command in ("APPEND INBOX", "CREATE") for size in (4_000_000_000, 99_999_999_999_999_999_999)] + [("CREATE", 300_000)]


@pytest.mark.parametrize("how", ["", "+"])
@pytest.mark.parametrize("command,size", LARGE)
def test_a_literal_that_is_too_large_is_refused_before_it_comes(server, command, size, how):
    before = server.memory("imap")
    c = session(server)
    c.send(f"x {command} {{{size}{how}}}\r\n")
    if how and size < MEGABYTE:  # it is on its way already, and read to its end
        c.send("a" * size + "\r\n")
    last = until(c, "x")[-1]
    assert last.startswith(("x NO", "x BAD", "* BYE")), last
    served(server)
    assert server.memory("imap") - before < 16 * MEGABYTE
    c.close()


def test_clients_that_ask_for_much_and_do_not_read(server):
    """Twenty that ask 1,000 times for 20 MB and take nothing: what is ready for them stays small, and their later commands wait in their sockets."""
    client = connect(server)
    ok(client.create("Large"))
    append_many(client, "Large", [(b"Subject: %d\r\n\r\n" % n + b"line of text\r\n" * 150_000, []) for n in range(10)])
    before = server.memory("imap"), server.memory("store")
    flooding = []
    for _ in range(20):
        c = session(server, select=False)
        c.send("s SELECT Large\r\n")
        until(c, "s")
        c.socket.settimeout(0.5)
        with contextlib.suppress(OSError):
            c.send("f FETCH 1:* (BODY.PEEK[] ENVELOPE BODYSTRUCTURE)\r\n" * 1000)
        flooding.append(c)
    served(server)
    ok(client.select("Large", readonly=True))
    assert len(ok(client.fetch("1", "(BODY.PEEK[])"))[0][1]) > 2_000_000
    assert server.memory("imap") - before[0] < 20 * 2 * MEGABYTE
    assert server.memory("store") - before[1] < 20 * 4 * MEGABYTE
    for c in flooding:
        c.close()
    served(server)
    ok(client.delete("Large"))
    client.logout()


def test_one_that_asks_for_everything_at_once_holds_nobody_up(server):
    """500 commands in one write, from each of ten sessions: between two of them others have their turn."""
    busy = [session(server) for _ in range(10)]
    for c in busy:
        c.send("".join(f'b{n} UID FETCH 1:* (FLAGS UID ENVELOPE)\r\n' if n % 2 else f"b{n} SEARCH TEXT nowhere\r\n" for n in range(500)))
    served(server)
    for c in busy:
        last = until(c, "b499")[-1]
        assert last.startswith("b499 OK"), last
        c.close()


@pytest.mark.parametrize("service", ["imap", "imaps"])
def test_connections_that_say_nothing(make_server, service, pytestconfig):
    possible = (resource.getrlimit(resource.RLIMIT_NOFILE)[0] - 200) // 2
    count = min(possible, 10_000 if pytestconfig.getoption("--long") else 1000)
    if count < 900:
        pytest.skip("too few descriptors here")
    server = make_server(environment=LEAN, connections_max=count + 100)
    served(server)
    before = server.memory("imap")
    silent = [socket.create_connection(("127.0.0.1", server.ports[service]), TIMEOUT) for _ in range(count)]
    if service == "imap":
        for s in silent:
            assert s.recv(1)
    served(server)
    # The sanitizers keep much around each allocation.
    assert server.memory("imap") - before < count * 64 * 1024
    for s in silent:
        s.close()
    served(server)


def test_sessions_that_idle_are_told_of_a_delivery_and_cost_little(make_server, pytestconfig):
    possible = (resource.getrlimit(resource.RLIMIT_NOFILE)[0] - 200) // 2
    count = min(possible, 5000 if pytestconfig.getoption("--long") else 300)
    server = make_server(environment=LEAN, connections_max=count + 100)
    before = server.memory("imap"), server.memory("store")
    idle = []
    for _ in range(count):
        c = session(server)
        c.send("i IDLE\r\n")
        assert c.line().startswith("+")
        idle.append(c)
    assert server.memory("imap") - before[0] < count * 64 * 1024
    assert server.memory("store") - before[1] < count * 64 * 1024
    served(server)
    begin = time.monotonic()
    server.deliver(ALICE, b"Subject: to all\r\n\r\nx\r\n")
    for c in idle:
        assert c.line() == "* 1 EXISTS"
    assert time.monotonic() - begin < TIMEOUT
    for c in idle:
        c.close()
    served(server)
