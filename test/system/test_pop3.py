"""POP3 against the real server: the maildrop's lock, deletion in the UPDATE state alone, UIDLs that stay, logins of every mechanism,
rights that end when they are taken away."""

import hashlib
import hmac
import os
import poplib
import re
import socket
import ssl

import pytest

from limits import TIMEOUT
from server import Raw, b64, field, wait_for, without_trace

ALICE, BOB = "alice@example.test", "bob@example.test"


@pytest.fixture(autouse=True)
def empty_mailboxes(shared):
    for address in (ALICE, BOB):
        shared.messages(address, delete=True)


def fill(server, count, address=ALICE):
    with server.smtp() as client:
        for i in range(count):
            client.sendmail("a@else.test", [address], f"Subject: {i}\r\n\r\nbody {i}\r\n".encode())


def session(server, address=ALICE, password=None):
    """A raw session that has logged in."""
    c = server.connect("pop3")
    c.line()
    assert c.ask_pop3(f"USER {address}").startswith("+OK")
    assert c.ask_pop3(f"PASS {password or server.passwords[address]}").startswith("+OK")
    return c


def uidls(server, address=ALICE):
    client = server.pop3(address)
    try:
        return [line.split()[1].decode() for line in client.uidl()[1]]
    finally:
        client.quit()


# ---- the lock ----


def test_a_second_session_is_told_in_use(server):
    with session(server):
        with pytest.raises(poplib.error_proto, match=r"\[IN-USE\]"):
            server.pop3()
        assert server.messages(BOB) == []  # somebody else's is not locked


@pytest.mark.parametrize("how", ["quit", "close", "reset"])
def test_the_lock_ends_with_the_session(server, how):
    c = session(server)
    if how == "quit":
        c.ask_pop3("QUIT")
    if how == "reset":
        c.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    c.close()

    def free():
        try:
            server.pop3().quit()
            return True
        except poplib.error_proto as error:
            assert b"IN-USE" in error.args[0]
            return False

    wait_for(free, what="the lock's end")


def test_the_lock_ends_when_the_role_is_killed(make_server):
    server = make_server()
    fill(server, 3)
    with session(server) as c:
        c.ask_pop3("DELE 1")
        mark = server.mark()
        server.kill_role("pop3")
        server.wait_event("role-ended", since=mark, role="pop3")
        assert c.line() == ""
    wait_for(lambda: "pop3" in server.role_pids(), what="pop3 again")
    assert len(server.messages()) == 3


# ---- deletion ----


def test_only_quit_deletes(server):
    fill(server, 3)
    with session(server) as c:
        assert c.ask_pop3("DELE 2").startswith("+OK")
        assert c.ask_pop3("RETR 2").startswith("-ERR")
        assert c.ask_pop3("DELE 2").startswith("-ERR")
        assert c.ask_pop3("STAT").startswith("+OK 2 ")
    wait_for(lambda: len(server.find_events("pop3-maildrop")) > 0)
    assert len(wait_for_messages(server)) == 3
    with session(server) as c:
        c.ask_pop3("DELE 1")
        c.ask_pop3("RSET")
        assert c.ask_pop3("STAT").startswith("+OK 3 ")
        c.ask_pop3("DELE 2")
        assert c.ask_pop3("QUIT").startswith("+OK")
    assert [field(m, "Subject") for m in server.messages()] == [b"0", b"2"]


def wait_for_messages(server, address=ALICE):
    """The mailbox's messages, once a session that was cut off has given the lock back."""

    def look():
        try:
            return [server.messages(address)]
        except poplib.error_proto as error:
            assert b"IN-USE" in error.args[0]
            return None

    return wait_for(look, what="the lock's end")[0]


def test_mail_that_arrives_during_a_session_appears_in_the_next(server):
    fill(server, 1)
    with session(server) as c:
        fill(server, 2)
        assert c.ask_pop3("STAT").startswith("+OK 1 ")
        assert c.ask_pop3("RETR 2").startswith("-ERR")
        c.ask_pop3("DELE 1")
        c.ask_pop3("QUIT")
    assert len(server.messages()) == 2


# ---- names that stay ----


def test_uidls_stay_over_restarts_and_crashes(make_server):
    server = make_server()
    fill(server, 5)
    first = uidls(server)
    assert len(set(first)) == 5 and all(re.fullmatch(r"[\x21-\x7e]{1,70}", u) for u in first)
    assert server.stop() == 0
    server.start()
    assert uidls(server) == first
    mark = server.mark()
    server.kill_role("store")
    server.wait_event("role-ended", since=mark, role="store")
    server.expect("keys-unavailable")

    def again():
        try:
            return uidls(server)
        except (poplib.error_proto, OSError):
            return None

    assert wait_for(again, what="store again") == first
    client = server.pop3()
    client.dele(3)
    client.quit()
    fill(server, 1)
    last = uidls(server)
    assert last[:4] == first[:2] + first[3:] and last[4] not in first


# ---- commands ----


def test_top_of_a_large_message(server):
    lines = [b"%070d" % i for i in range(20000)]
    server.deliver(ALICE, b"Subject: large\r\nX-Long: " + b"y" * 900 + b"\r\n\r\n" + b"\r\n".join(lines) + b"\r\n.\r\nlast\r\n")
    client = server.pop3()
    for count in (0, 1, 1000, 15000, 20000, 20001, 50000):
        got = client.top(1, count)[1]
        blank = got.index(b"")
        assert got[blank + 1:] == (lines + [b".", b"last"])[:count]
    client.quit()


def test_top_numbers_that_are_none(server):
    fill(server, 1)
    with session(server) as c:
        for bad in ("TOP 1", "TOP 1 -1", "TOP 0 1", "TOP 2 1", "TOP 1 x", "TOP 99999999999999999999 1", "RETR 0", "RETR x", "LIST 2", "UIDL 0"):
            assert c.ask_pop3(bad).startswith("-ERR"), bad
        assert c.ask_pop3("NOOP").startswith("+OK")


def test_a_thousand_commands_at_once(server):
    fill(server, 20)
    with session(server) as c:
        c.send(b"".join(b"RETR %d\r\nNOOP\r\nTOP %d 0\r\nLIST %d\r\n" % (i % 20 + 1, i % 20 + 1, i % 20 + 1) for i in range(250)) + b"QUIT\r\n")
        text = c.file.read()
    bodies = re.findall(rb"\r\nbody (\d+)\r\n\.\r\n\+OK still here", text)
    assert [int(b) for b in bodies] == [i % 20 for i in range(250)]
    assert text.endswith(b"+OK goodbye\r\n")
    assert len(re.findall(rb"(?m)^\+OK", text)) == 1001


def test_capabilities(server):
    with server.connect("pop3") as c:
        assert re.search(r"<[^@>]+@mail\.example\.test>", c.line())
        capa = c.ask_pop3("CAPA", multiline=True)
        for name in ("TOP", "UIDL", "RESP-CODES", "AUTH-RESP-CODE", "PIPELINING", "EXPIRE", "LOGIN-DELAY", "IMPLEMENTATION", "SASL", "STLS",
                     "UTF8", "LANG", "USER"):
            assert re.search(rf"(?m)^{name}\b", capa), name
        assert c.ask_pop3("STLS").startswith("+OK")
        c.secure(server.tls())
        assert "STLS" not in c.ask_pop3("CAPA", multiline=True)
        assert c.ask_pop3("STAT").startswith("-ERR")


# ---- logins ----


def app_password(server, name, *options, address=ALICE):
    return server.cli("account", "app-add", address, name, *options).stdout.decode().strip()


@pytest.fixture
def readable(server):
    password = app_password(server, "old program", "--readable")
    yield password
    server.cli("account", "app-remove", ALICE, "old program", check=False)


@pytest.fixture
def app(server):
    password = app_password(server, "laptop")
    yield password
    server.cli("account", "app-remove", ALICE, "laptop", check=False)


def apop(server, password, address=ALICE):
    c = server.connect("pop3")
    stamp = re.search(r"<.*>", c.line())[0]
    return c, c.ask_pop3(f"APOP {address} {hashlib.md5((stamp + password).encode()).hexdigest()}")


def cram_md5(server, password, address=ALICE):
    from base64 import b64decode
    c = server.connect("pop3")
    c.line()
    challenge = b64decode(c.ask_pop3("AUTH CRAM-MD5").removeprefix("+ "))
    return c, c.ask_pop3(b64(f"{address} " + hmac.new(password.encode(), challenge, "md5").hexdigest()))


@pytest.mark.parametrize("login", [apop, cram_md5])
def test_shared_secrets_are_app_passwords_made_for_them(server, readable, app, login):
    fill(server, 1)
    c, reply = login(server, readable)
    assert reply.startswith("+OK"), reply
    assert c.ask_pop3("STAT").startswith("+OK 1 ")
    c.ask_pop3("QUIT")
    c.close()
    for wrong in (server.passwords[ALICE], app, "wrong"):
        c, reply = login(server, wrong)
        assert reply.startswith("-ERR [AUTH]"), reply
        c.close()
    c, reply = login(server, readable, "nobody@example.test")
    assert reply.startswith("-ERR [AUTH]")
    c.close()
    # A password that the server can read opens nothing else.
    with pytest.raises(poplib.error_proto, match="AUTH"):
        server.pop3(password=readable)


class Scram:
    """The client side of RFC 5802, far enough to be wrong on purpose."""

    def __init__(self, c, user, password, mechanism="SCRAM-SHA-256", flag="n", binding=b""):
        self.c, self.user, self.password = c, user, password
        self.mechanism, self.flag, self.binding = mechanism, flag, binding
        self.hash = "sha1" if "SHA-1" in mechanism else "sha256"

    def run(self, nonce=None):
        """The server's last reply."""
        from base64 import b64decode
        nonce = nonce or os.urandom(12).hex()
        header, bare = f"{self.flag},,", f"n={self.user},r={nonce}"
        reply = self.c.ask_pop3(f"AUTH {self.mechanism} {b64(header + bare)}")
        if not reply.startswith("+ "):
            return reply
        first = b64decode(reply[2:]).decode()
        values = dict(part.split("=", 1) for part in first.split(","))
        assert values["r"].startswith(nonce) and int(values["i"]) >= 4096
        salted = hashlib.pbkdf2_hmac(self.hash, self.password.encode(), b64decode(values["s"]), int(values["i"]))
        final = f"c={b64(header.encode() + self.binding)},r={values['r']}"
        message = f"{bare},{first},{final}".encode()
        key = hmac.digest(salted, b"Client Key", self.hash)
        signature = hmac.digest(hashlib.new(self.hash, key).digest(), message, self.hash)
        proof = bytes(a ^ b for a, b in zip(key, signature))
        reply = self.c.ask_pop3(b64(f"{final},p={b64(proof)}"))
        if reply.startswith("+ "):
            verifier = hmac.digest(hmac.digest(salted, b"Server Key", self.hash), message, self.hash)
            assert b64decode(reply[2:]).decode() == "v=" + b64(verifier)
            reply = self.c.ask_pop3(b"")
        return reply


def tls_session(server, version=None):
    context = server.tls()
    if version:
        context.maximum_version = version
    c = Raw(context.wrap_socket(socket.create_connection(("127.0.0.1", server.ports["pop3s"]), TIMEOUT), server_hostname="mail.example.test"))
    c.line()
    return c


@pytest.mark.parametrize("mechanism", ["SCRAM-SHA-256", "SCRAM-SHA-1"])
def test_scram_with_an_app_password(server, app, readable, mechanism):
    with server.connect("pop3") as c:
        c.line()
        for wrong in (server.passwords[ALICE], readable, "wrong"):
            assert Scram(c, ALICE, wrong, mechanism).run().startswith("-ERR [AUTH]")
        assert Scram(c, "nobody@example.test", app, mechanism).run().startswith("-ERR [AUTH]")
        assert Scram(c, ALICE, app, mechanism).run().startswith("+OK")
        assert c.ask_pop3("STAT").startswith("+OK")


@pytest.mark.parametrize("mechanism", ["SCRAM-SHA-256-PLUS", "SCRAM-SHA-1-PLUS"])
def test_scram_bound_to_the_channel(server, app, mechanism):
    with tls_session(server, ssl.TLSVersion.TLSv1_2) as c:
        binding = c.socket.get_channel_binding("tls-unique")
        assert Scram(c, ALICE, app, mechanism, "p=tls-unique", bytes(len(binding))).run().startswith("-ERR")
        assert Scram(c, ALICE, app, mechanism, "n").run().startswith("-ERR")
        assert Scram(c, ALICE, app, mechanism, "p=tls-exporter", binding).run().startswith("-ERR")
        assert Scram(c, ALICE, app, mechanism, "p=tls-unique", binding).run().startswith("+OK")
    with server.connect("pop3") as c:
        c.line()
        assert Scram(c, ALICE, app, mechanism, "p=tls-unique", binding).run().startswith("-ERR")


def test_scram_downgrade_is_noticed(make_server):
    """A client that can bind and was told that the server cannot, by somebody in between (RFC 5802 section 6)."""
    server = make_server(login_mechanisms=["SCRAM-SHA-256-PLUS", "SCRAM-SHA-256", "PLAIN"])
    app = app_password(server, "laptop")
    with tls_session(server) as c:
        assert "SCRAM-SHA-256-PLUS" in c.ask_pop3("CAPA", multiline=True)
        assert Scram(c, ALICE, app, flag="y").run().startswith("-ERR")
        assert Scram(c, ALICE, app, flag="n").run().startswith("+OK")
    with server.connect("pop3") as c:
        c.line()
        assert "PLUS" not in c.ask_pop3("CAPA", multiline=True)
        assert Scram(c, ALICE, app, flag="y").run().startswith("+OK")


def test_scram_of_a_client_that_could_bind_where_binding_is_not_announced(make_server):
    server = make_server(login_mechanisms=["SCRAM-SHA-256", "PLAIN"])
    app = app_password(server, "laptop")
    with tls_session(server) as c:
        assert "PLUS" not in c.ask_pop3("CAPA", multiline=True)
        assert Scram(c, ALICE, app, flag="y").run().startswith("+OK")


def test_scram_with_the_main_password_only_where_its_owner_opted_in(make_server):
    server = make_server(allow_main_password_scram=True)
    with server.connect("pop3") as c:
        c.line()
        assert Scram(c, ALICE, server.passwords[ALICE]).run().startswith("-ERR")
        new = server.cli("account", "password", ALICE, "--generate", "--scram").stdout.decode().split()[1]
        assert Scram(c, ALICE, new).run().startswith("+OK")


def test_app_passwords_open_their_protocols_only(server):
    only_smtp = app_password(server, "mailer", "--protocols", "smtp")
    only_pop3 = app_password(server, "reader", "--protocols", "pop3")
    try:
        with pytest.raises(poplib.error_proto, match="AUTH"):
            server.pop3(password=only_smtp)
        server.pop3(password=only_pop3).quit()
        with server.smtp("submission") as client:
            client.login(ALICE, only_smtp)
        with server.smtp("submission") as client, pytest.raises(Exception, match="5.7.8"):
            client.login(ALICE, only_pop3)
    finally:
        server.cli("account", "app-remove", ALICE, "mailer")
        server.cli("account", "app-remove", ALICE, "reader")


def test_last_use_is_noted(server, app):
    import json

    def used():
        return json.loads(server.cli("account", "show", ALICE, "--json").stdout)["app_passwords"][0]["last_used"]

    assert used() is None
    server.pop3(password=app).quit()
    wait_for(used, what="the note")


@pytest.mark.parametrize("how", ["app-remove", "password", "disable"])
def test_a_right_that_is_taken_away_ends_live_sessions(make_server, how):
    server = make_server()
    fill(server, 2)
    app = app_password(server, "laptop")
    with session(server, ALICE, app) as c, session(server, BOB) as other:
        c.ask_pop3("DELE 1")
        if how == "app-remove":
            server.cli("account", "app-remove", ALICE, "laptop")
        elif how == "password":
            server.cli("account", "password", ALICE, "--generate")
        else:
            server.cli("account", "disable", ALICE)
        assert not c.ask_pop3("RETR 2", multiline=True).startswith("+OK")
        assert other.ask_pop3("NOOP").startswith("+OK")
    if how == "app-remove":
        with pytest.raises(poplib.error_proto, match="AUTH"):
            server.pop3(password=app)
        assert len(server.messages()) == 2


@pytest.mark.parametrize("how", ["app-remove", "password", "disable"])
def test_a_right_that_is_taken_away_ends_submission(make_server, how):
    server = make_server()
    app = app_password(server, "laptop")
    with server.smtp("submission") as client:
        client.login(ALICE, app if how == "app-remove" else server.passwords[ALICE])
        assert client.sendmail(ALICE, [BOB], b"Subject: before\r\n\r\nx\r\n") == {}
        if how == "app-remove":
            server.cli("account", "app-remove", ALICE, "laptop")
        elif how == "password":
            server.cli("account", "password", ALICE, "--generate")
        else:
            server.cli("account", "disable", ALICE)
        with pytest.raises(Exception):
            client.sendmail(ALICE, [BOB], b"Subject: after\r\n\r\nx\r\n")
    assert [field(m, "Subject") for m in server.messages(BOB)] == [b"before"]


def test_the_old_password_is_forgotten_at_once(make_server):
    server = make_server()
    old = server.passwords[ALICE]
    server.pop3(password=old).quit()
    new = server.cli("account", "password", ALICE, "--generate").stdout.decode().split()[1]
    with pytest.raises(poplib.error_proto, match="AUTH"):
        server.pop3(password=old)
    server.pop3(password=new).quit()


def test_a_large_message_goes_out_whole(server):
    message = b"Subject: large\r\n\r\n" + b"".join(b"%078d\r\n" % i for i in range(100000))
    server.deliver(ALICE, message)
    fill(server, 3)
    got = server.messages()
    assert without_trace(got[0]) == message and len(got) == 4
