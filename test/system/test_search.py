"""The search index of the real server: made behind the delivery by the content role, kept when processes end, made anew when it is asked for."""

import json

from server import wait_for

ALICE, BOB = "alice@example.test", "bob@example.test"


def status(server, address=None):
    return json.loads(server.cli("search", "status", *([address] if address else []), "--json").stdout)


def wait_until_indexed(server, messages, address=ALICE):
    def done():
        now = status(server, address)
        return now["waiting"] == 0 and now["messages"] == messages
    wait_for(done, what=f"the index of {messages} messages", pause=0.1)
    return status(server, address)


def deliver(server, count, address=ALICE):
    """So many messages more, and the index has them."""
    before = status(server, address)["messages"]
    with server.smtp() as client:
        for i in range(count):
            client.sendmail("a@else.test", [address], f"Subject: message {i}\r\n\r\nbody {i}\r\n".encode())
    return wait_until_indexed(server, before + count, address)


def test_mail_is_indexed_behind_its_delivery(server):
    now = deliver(server, 30)
    assert now["segments"] >= 1 and now["bytes"] > 0
    assert status(server, BOB) == {"messages": 0, "waiting": 0, "segments": 0, "bytes": 0}
    everything = status(server)
    assert everything["indexing"] == 1 and everything["reader"] == 1 and everything["messages"] >= 30


def test_the_index_stays_and_goes_on_after_a_restart(server):
    before = deliver(server, 5)
    mark = server.mark()
    server.kill_role("store")
    server.expect("role-ended")
    server.wait_event("role-ended", since=mark, role="store")
    wait_for(lambda: server.cli("search", "status", ALICE, check=False).returncode == 0, what="store to answer")
    assert status(server, ALICE)["messages"] == before["messages"]
    deliver(server, 3)


def test_it_goes_on_when_content_ends(server):
    mark = server.mark()
    server.kill_role("content")
    server.wait_event("role-ended", since=mark, role="content")
    server.expect("role-ended")
    deliver(server, 4)


def test_rebuild_makes_it_anew(server):
    before = deliver(server, 12)["messages"]
    server.cli("search", "rebuild", ALICE, "--wait")
    assert status(server, ALICE)["messages"] == before
    server.cli("search", "rebuild")
    wait_until_indexed(server, before)
    assert server.cli("search", "status", "nobody@example.test", check=False).returncode == 66


def test_segments_are_merged(server):
    for _ in range(9):
        deliver(server, 2)
    wait_for(lambda: status(server, ALICE)["segments"] < 8, what="segments to be merged", pause=0.1)


def test_store_check_knows_the_index(server):
    deliver(server, 10)
    server.cli("store", "check")


def test_without_an_index_nothing_is_made(make_server):
    server = make_server(search_index=False)
    with server.smtp() as client:
        client.sendmail("a@else.test", [ALICE], b"Subject: x\r\n\r\nx\r\n")
    assert status(server)["indexing"] == 0
    assert status(server, ALICE)["waiting"] == 1
