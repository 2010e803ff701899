"""The wall clock jumps, as it does on a machine whose battery is empty: days ahead, a year back. Deadlines are of another clock, and
nothing that is kept goes by the time."""

import pytest

from clock import Clock
from server import field, wait_for

ALICE, BOB = "alice@example.test", "bob@example.test"
DAY = 86400


@pytest.fixture
def clock(tmp_path):
    tmp_path.chmod(0o755)
    return Clock(tmp_path / "clock")


def subjects(server, address=ALICE):
    return [field(m, "Subject").decode() for m in server.messages(address)]


def test_sessions_take_no_notice(make_server, clock):
    server = make_server(environment=clock.environment)
    server.deliver(ALICE, b"Subject: first\r\n\r\nx\r\n")
    pop3 = server.pop3(secure=True)
    with server.connect("smtp") as c:
        c.reply()
        c.ask("EHLO client.test")
        for jump in (30 * DAY, -400 * DAY, 3 * DAY):
            clock.advance(jump)
            assert pop3.stat()[0] == 1
            assert c.ask("MAIL FROM:<a@else.test>").startswith("250")
            clock.advance(jump)
            assert c.ask(f"RCPT TO:<{ALICE}>").startswith("250")
            assert c.ask("DATA").startswith("354")
            clock.advance(jump)
            assert pop3.retr(1)[0].startswith(b"+OK")
            c.send("Subject: later\r\n\r\nx\r\n.\r\n")
            assert c.reply().startswith("250")
    pop3.dele(1)
    pop3.quit()
    assert subjects(server) == ["later"] * 3


def test_logins_and_their_brake_take_no_notice(make_server, clock):
    server = make_server(environment=clock.environment)
    for jump in (0, 100 * DAY, -1000 * DAY):
        clock.advance(jump)
        with pytest.raises(Exception, match=r"\[AUTH\]"):
            server.pop3(BOB, password="wrong-and-known-to-be")
        server.pop3(BOB).quit()
        server.pop3(BOB).quit()  # remembered


def test_the_resolver_forgets_what_it_would_believe_too_long(make_server, clock):
    server = make_server(environment=clock.environment, sender_null_mx=True, dns_server="127.0.0.1@9")
    server.deliver(ALICE, b"Subject: before\r\n\r\nx\r\n")
    pid = server.role_pid("dns")
    clock.advance(-10 * DAY)
    mark = server.mark()
    server.deliver(ALICE, b"Subject: meanwhile\r\n\r\nx\r\n")
    server.wait_event("role-tries-again", since=mark, role="dns")
    wait_for(lambda: server.role_pids().get("dns", pid) != pid, what="another dns")
    server.deliver(ALICE, b"Subject: after\r\n\r\nx\r\n")
    assert subjects(server) == ["before", "meanwhile", "after"]


def test_mail_keeps_its_order_and_its_names(make_server, clock):
    server = make_server(environment=clock.environment)
    jumps = [0, 40 * DAY, -500 * DAY, 1, -DAY, 900 * DAY]
    for number, jump in enumerate(jumps):
        clock.advance(jump)
        server.deliver(ALICE, f"Subject: {number}\r\n\r\nx\r\n".encode())
    client = server.pop3()
    names = [line.split()[1] for line in client.uidl()[1]]
    client.quit()
    assert len(set(names)) == len(jumps)
    assert subjects(server) == [str(n) for n in range(len(jumps))]
    # Also after a start in another year.
    for jump in (-3000 * DAY, 5000 * DAY):
        clock.advance(jump)
        assert server.stop() == 0
        server.start()
        client = server.pop3()
        assert [line.split()[1] for line in client.uidl()[1]][:len(names)] == names
        client.quit()
        server.deliver(ALICE, b"Subject: more\r\n\r\nx\r\n")
    assert subjects(server)[len(jumps):] == ["more", "more"]
    assert server.cli("store", "check").returncode == 0


def test_deleted_mail_comes_back_whatever_the_clock_said(make_server, clock):
    server = make_server(environment=clock.environment)
    for number, jump in enumerate((-100 * DAY, 300 * DAY)):
        server.deliver(ALICE, f"Subject: {number}\r\n\r\nx\r\n".encode())
        server.messages(delete=True)
        clock.advance(jump)
    assert b" 2 messages" in server.cli("mailbox", "undelete", ALICE).stdout
    assert sorted(subjects(server)) == ["0", "1"]
