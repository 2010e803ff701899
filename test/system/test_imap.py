"""IMAP against the real server: logins, TLS, and what crosses processes; test/talk/imap has the conversations."""

import imaplib
import smtplib
import zlib

import pytest

from server import TIMEOUT

ALICE, BOB = "alice@example.test", "bob@example.test"


def session(server, address=ALICE, secure=False, password=None):
    """A session that has logged in."""
    if secure:
        client = imaplib.IMAP4_SSL("127.0.0.1", server.ports["imaps"], ssl_context=server.tls(check_hostname=False), timeout=TIMEOUT)
    else:
        client = imaplib.IMAP4("127.0.0.1", server.ports["imap"], timeout=TIMEOUT)
    client.login(address, password or server.passwords[address])
    return client


def test_logins_in_clear_and_with_tls(server):
    for secure in (False, True):
        client = session(server, secure=secure)
        assert client.state == "AUTH"
        assert client.noop()[0] == "OK"
        assert client.logout()[0] == "BYE"
    client = imaplib.IMAP4("127.0.0.1", server.ports["imap"], timeout=TIMEOUT)
    assert "STARTTLS" in client.capabilities
    client.starttls(server.tls(check_hostname=False))
    client.authenticate("PLAIN", lambda _: f"\0{ALICE}\0{server.passwords[ALICE]}".encode())
    assert client.noop()[0] == "OK"
    client.logout()


def test_a_wrong_password_opens_nothing(server):
    client = imaplib.IMAP4("127.0.0.1", server.ports["imap"], timeout=TIMEOUT)
    with pytest.raises(imaplib.IMAP4.error, match="AUTHENTICATIONFAILED"):
        client.login(ALICE, "wrong")
    with pytest.raises(imaplib.IMAP4.error):
        client.select()
    client.shutdown()


def test_a_session_ends_when_its_right_does(server):
    """A new password takes all sessions with it."""
    client = session(server, BOB)
    server.cli("account", "password", BOB, "--password-stdin", input=server.passwords[BOB].encode())
    with pytest.raises(imaplib.IMAP4.abort):
        for _ in range(1000):
            client.noop()


def test_sessions_are_told_of_a_stop(server):
    with server.connect("imap") as c:
        assert c.line().startswith("* OK")
        server.stop()
        assert c.line().startswith("* BYE [UNAVAILABLE]")
        assert c.line() == ""
    server.start()


# ---- compression (RFC 4978) ----


class Deflated:
    """A session behind COMPRESS DEFLATE, which speaks in raw deflate."""

    def __init__(self, server):
        self.raw = server.connect("imap")
        self.pack, self.unpack = zlib.compressobj(9, zlib.DEFLATED, -15), zlib.decompressobj(-15)
        self.left = b""
        self.raw.line()
        self.raw.send(f"a LOGIN {ALICE} {{{len(server.passwords[ALICE].encode())}+}}\r\n{server.passwords[ALICE]}\r\n")
        while not (line := self.raw.line()).startswith("a "):
            pass
        assert line.startswith("a OK")
        self.raw.send("b COMPRESS DEFLATE\r\n")
        assert self.raw.line().startswith("b OK")

    def send(self, text):
        self.raw.socket.sendall(self.pack.compress(text.encode()) + self.pack.flush(zlib.Z_SYNC_FLUSH))

    def line(self):
        while b"\r\n" not in self.left:
            received = self.raw.socket.recv(65536)
            if not received:
                return ""
            self.left += self.unpack.decompress(received)
        line, self.left = self.left.split(b"\r\n", 1)
        return line.decode()


def test_compressed_sessions_speak_on(server):
    c = Deflated(server)
    for i in range(3):
        c.send(f"c{i} NOOP\r\nd{i} CAPABILITY\r\n")
        assert c.line().startswith(f"c{i} OK")
        assert "COMPRESS" not in c.line()
        assert c.line().startswith(f"d{i} OK")
    c.send("e COMPRESS DEFLATE\r\n")
    assert c.line().startswith("e NO [COMPRESSIONACTIVE]")
    c.send("f LOGOUT\r\n")
    assert c.line().startswith("* BYE")
    assert c.line().startswith("f OK")
    assert c.line() == ""


def test_what_is_not_compressed_ends_a_compressed_session(server):
    c = Deflated(server)
    c.raw.send("g NOOP\r\n")
    with pytest.raises((ConnectionError, EOFError, AssertionError)):
        assert c.line() != ""
    assert session(server).noop()[0] == "OK"


def test_a_bomb_costs_no_memory(server):
    """64 MB of blanks in 64 KB: a line that is too long, and not a byte of it is kept."""
    c = Deflated(server)
    try:
        c.send("h NOOP " + " " * (64 << 20) + "\r\n")
    except ConnectionError:
        pass
    assert session(server).noop()[0] == "OK"
    assert server.memory("imap") < 100 << 20


# ---- a draft is sent from where it lies (RFC 4467, RFC 4468) ----


def test_a_draft_is_sent_without_a_second_upload(server):
    """It is larger than a frame between processes, so that it comes in pieces; its URL is worth nothing to others."""
    body = b"From: alice@example.test\r\nTo: bob@example.test\r\nSubject: a draft\r\n\r\n" + b"It lies on the server.\r\n" * 40000
    client = session(server, secure=True)
    client.create("Ideas")
    uid = client.append("Ideas", r"(\Draft)", None, body)[1][0].split(b"]")[0].split()[-1].decode()
    rump = f"imap://alice@example.test/Ideas/;UID={uid};EXPIRE=2099-01-01T00:00:00Z;URLAUTH=submit+alice"
    imaplib.Commands["GENURLAUTH"] = ("AUTH",)
    client._simple_command("GENURLAUTH", f'"{rump}"', "INTERNAL")
    url = client.response("GENURLAUTH")[1][0].decode().strip('"')
    client.logout()

    def burl(address):
        with smtplib.SMTP_SSL("127.0.0.1", server.ports["submissions"], context=server.tls(check_hostname=False), timeout=TIMEOUT) as smtp:
            smtp.login(address, server.passwords[address])
            smtp.ehlo()
            assert smtp.esmtp_features["burl"] == "imap"
            smtp.mail(address)
            smtp.rcpt(BOB)
            return smtp.docmd("BURL", f"{url} LAST")

    code, text = burl(BOB)
    assert (code, text[:5]) == (554, b"5.7.0")
    assert burl(ALICE)[0] == 250
    client = session(server, BOB)
    client.select()
    message = client.fetch(client.search(None, "SUBJECT", '"a draft"')[1][0].split()[-1], "(BODY.PEEK[])")[1][0][1]
    assert message.endswith(body.partition(b"\r\n\r\n")[2])
    client.logout()
