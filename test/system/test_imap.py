"""IMAP against the real server: logins, TLS, and what crosses processes; test/talk/imap has the conversations."""

import imaplib

import pytest

ALICE, BOB = "alice@example.test", "bob@example.test"
TIMEOUT = 20


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
