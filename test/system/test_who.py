"""One question, one command: who is logged in and out again, whether a password opens an account, where mail for an address goes, how it leaves."""

import imaplib
import json
import re
import ssl

import pytest

ALICE, BOB = "alice@example.test", "bob@example.test"


@pytest.fixture
def server(make_server):
    return make_server()


def answered(server, *words, status=0, **options):
    return json.loads(server.cli(*words, "--json", status=status, **options).stdout)


def log_in(server):
    client = imaplib.IMAP4("127.0.0.1", server.ports["imap"])
    client.starttls(ssl._create_unverified_context())
    client.login(BOB, server.passwords[BOB])
    return client


def test_who_and_kick(server):
    assert answered(server, "who") == [] and b"Nobody is logged in." in server.cli("who").stdout
    client = log_in(server)
    session, = answered(server, "who")
    assert session["address"] == BOB and session["service"] == "imap" and session["client"] == "127.0.0.1"
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ", session["since"])
    assert answered(server, "who", ALICE) == [] and answered(server, "who", BOB.upper()) == [session]
    assert re.match(rf"{BOB} +imap +127\.0\.0\.1 +since ".encode(), server.cli("who").stdout)
    assert b"1 session of bob@example.test ended" in server.cli("kick", BOB).stdout
    server.wait_event("imap-end", ended="by the server")
    with pytest.raises(imaplib.IMAP4.error):
        for _ in range(2):
            client.noop()
    assert answered(server, "who") == []
    assert answered(server, "kick", ALICE) == {"ended": 0}
    server.cli("kick", "nobody@example.test", status=66)
    change = server.wait_event("directory-change", operation="kick", subject=BOB)
    assert change.fields["result"] == "done" and change.fields["by"]
    log_in(server).logout()  # nobody was locked out
    server.stop()
    server.cli("who", status=69)
    server.cli("kick", BOB, status=69)


def test_auth(server):
    right = server.passwords[BOB].encode()

    def test(password, status=0):
        return answered(server, "auth", "test", BOB, "--password-stdin", input=password + b"\n", status=status)

    every = ["submission", "imap", "pop3", "managesieve", "web"]
    assert test(right) == {"address": BOB, "right": True, "disabled": False, "twoStep": False, "credential": "main password", "opens": every}
    assert test(b"wrong", status=77)["right"] is False
    phone = server.cli("account", "app-add", BOB, "Phone", "--protocols", "imap,smtp").stdout.split()[-1]
    found = test(phone)
    assert found["credential"] == "app password" and found["name"] == "Phone" and found["opens"] == ["submission", "imap"]
    done = server.cli("auth", "test", BOB, "--password-stdin", input=phone + b"\n")
    assert done.stdout == b"bob@example.test: the password is right: it is the app password 'Phone'.\nIt opens: submission, imap.\n"
    # An alias of one account opens it, as in a login; one of two opens none.
    server.cli("alias", "add", "robert@example.test", BOB)
    server.cli("alias", "add", "both@example.test", BOB, ALICE)
    assert answered(server, "auth", "test", "robert@example.test", "--password-stdin", input=right + b"\n")["address"] == BOB
    server.cli("auth", "test", "both@example.test", "--password-stdin", input=right + b"\n", status=66)
    server.cli("account", "disable", BOB)
    found = test(right, status=77)
    assert found["right"] and found["disabled"] and found["opens"] == []
    server.cli("auth", "test", "nobody@example.test", "--password-stdin", input=b"x\n", status=66)
    server.cli("auth", "test", status=64)
    # Nothing is counted against the account.
    assert server.find_events("login-failed") == []


def steps(server, address, status=0):
    found = answered(server, "address", "explain", address, status=status)
    return [(s["step"], s["address"], s.get("to")) for s in found["steps"]]


def test_explain(server):
    server.cli("alias", "add", "info@example.test", BOB, "x@else.test")
    server.cli("domain", "add", "ex.test", "--alias-of", "example.test")
    assert steps(server, BOB) == [("account", BOB, None)]
    assert steps(server, "Info+Tag@ex.test") == [
        ("domain-alias", "info+tag@ex.test", "info+tag@example.test"), ("sub-address", "info+tag@example.test", "info@example.test"),
        ("alias", "info@example.test", BOB), ("account", BOB, None), ("alias", "info@example.test", "x@else.test"), ("remote", "x@else.test", None)]
    assert steps(server, "nobody@example.test", status=66) == [("unknown", "nobody@example.test", None)]
    assert steps(server, "x@else.test", status=66) == [("not-ours", "x@else.test", None)]
    assert steps(server, "postmaster@example.test")[0][0] == "duty"
    server.cli("domain", "set", "example.test", "--catch-all", ALICE)
    assert steps(server, "nobody@example.test") == [("catch-all", "nobody@example.test", ALICE), ("account", ALICE, None)]
    server.cli("account", "disable", BOB)
    assert ("account-disabled", BOB, None) in steps(server, "info@example.test")
    text = server.cli("address", "explain", "nobody@example.test").stdout.decode()
    assert text.startswith(f"1. nobody@example.test does not exist, so the domain's catch-all has it: {ALICE}.\n2. {ALICE} has a mailbox here.\n")
    assert f"  mailbox of {ALICE}: 0 messages, 0 B\n" in text
    # The way is the one that SMTP takes.
    with server.smtp() as client:
        client.ehlo_or_helo_if_needed()
        client.mail("a@else.test")
        assert client.rcpt("nobody@example.test")[0] == 250 and client.rcpt(BOB)[0] == 550
    server.stop()
    assert steps(server, "nobody@example.test")[0][0] == "catch-all"
    server.cli("address", "explain", status=64)


def test_route(make_server):
    server = make_server(routes=["* smtp:192.0.2.1:26", ".company.example smtp:192.0.2.2 tls=verify"], tls_policies=["other.example encrypt"])
    found = answered(server, "route", "joe@mail.company.example")
    assert found["route"] == {"kind": "smtp", "host": "192.0.2.2"} and found["hosts"][0]["tls"] == "TLS in any case, with a certificate for its name"
    assert found["waiting"] == 0 and found["hosts"][0]["addresses"] == ["192.0.2.2:25"]
    found = answered(server, "route", "joe@Other.example")
    assert found["hosts"][0]["addresses"] == ["192.0.2.1:26"] and found["hosts"][0]["tls"] == "TLS in any case, whoever answers"
    text = server.cli("route", "company.example").stdout.decode()
    assert text.startswith("By a route: smtp to 192.0.2.1 (setting routes)\n") and text.endswith("Nothing waits for it in the queue.\n")
    server.cli("route", "@", status=64)
    server.cli("route", status=64)
