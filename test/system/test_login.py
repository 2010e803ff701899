"""Logins that somebody guesses at: what is braked, and who is not kept out."""

import concurrent.futures
import socket

import pytest

from server import TIMEOUT, Raw, wait_for

ALICE, BOB = "alice@example.test", "bob@example.test"


def pop3_from(server, source):
    c = Raw(socket.create_connection(("127.0.0.1", server.ports["pop3"]), TIMEOUT, source_address=(source, 0)))
    assert c.line().startswith("+OK")
    return c


def login(server, source, address, password):
    """The server's answer, in words."""
    with pop3_from(server, source) as c:
        assert c.ask_pop3(f"USER {address}").startswith("+OK")
        return c.ask_pop3(f"PASS {password}")


def guess_at_once(server, guesses):
    """All connections stand and have named their user before the first password is sent; guesses: (source, address)."""
    connections = [pop3_from(server, source) for source, _ in guesses]
    for c, (_, address) in zip(connections, guesses):
        assert c.ask_pop3(f"USER {address}").startswith("+OK")
    for number, c in enumerate(connections):
        c.send(f"PASS guess-number-{number}\r\n")
    with concurrent.futures.ThreadPoolExecutor(len(connections)) as pool:
        answers = list(pool.map(Raw.line, connections))
    for c in connections:
        c.close()
    assert not any(answer.startswith("+OK") for answer in answers)
    return answers


@pytest.mark.long
def test_limits_hold_for_hundreds_at_once_and_keep_no_owner_out(make_server):
    server = make_server(connections_per_address=1000, connections_max=1000, connection_rate=10000)
    apps = {who: server.cli("account", "app-add", who, "phone").stdout.decode().strip() for who in (ALICE, BOB)}
    # Both owners have logged in from here, and alice from another place as well; auth forgets its counts, and keeps that.
    server.pop3(ALICE).quit()
    server.pop3(BOB).quit()
    assert login(server, "127.0.0.2", ALICE, server.passwords[ALICE]).startswith("+OK")
    server.kill_role("auth")
    wait_for(lambda: "[AUTH]" in login(server, "127.5.5.5", "nobody@example.test", "x"), what="auth's return")
    from_one = [("127.0.0.77", ALICE)] * 150
    from_many = [(f"127.7.{i}.1", BOB) for i in range(150)]
    answers = guess_at_once(server, from_one + from_many)
    assert sum("[AUTH]" in answer for answer in answers[:150]) == 20
    assert sum("[AUTH]" in answer for answer in answers[150:]) == 30
    assert sum("[LOGIN-DELAY]" in answer for answer in answers) == 250
    # From where they are known, both come in, with no wait; from a locked address they don't with the main password.
    server.pop3(ALICE).quit()
    server.pop3(BOB).quit()
    assert login(server, "127.0.0.77", ALICE, server.passwords[ALICE]).startswith("-ERR")
    assert login(server, "127.9.9.9", BOB, server.passwords[BOB]).startswith("-ERR")
    # With an app password they do, from anywhere.
    assert login(server, "127.0.0.77", ALICE, apps[ALICE]).startswith("+OK")
    assert login(server, "127.9.9.9", BOB, apps[BOB]).startswith("+OK")
    # A place is known for one account and not for another; nobody else suffers.
    assert login(server, "127.0.0.2", BOB, server.passwords[BOB]).startswith("-ERR")
    assert login(server, "127.0.0.2", ALICE, server.passwords[ALICE]).startswith("+OK")
    assert login(server, "127.9.9.9", ALICE, server.passwords[ALICE]).startswith("+OK")

