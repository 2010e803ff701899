"""postrider trace: what became of a message, asked of the running server and read from the files while none runs."""

import json
import re

import pytest

from server import wait_for

ALICE, BOB = "alice@example.test", "bob@example.test"
LETTER = b"From: someone@else.test\r\nMessage-ID: <one@else.test>\r\nSubject: x\r\n\r\nhello\r\n"


def submit(server, recipients, message=LETTER, sender="someone@else.test"):
    """The id under which the server took the message."""
    with server.smtp() as client:
        client.ehlo_or_helo_if_needed()
        client.mail(sender)
        for recipient in recipients:
            assert client.rcpt(recipient)[0] == 250
        code, text = client.data(message)
        assert code == 250, text
        return re.search(rb"kept as (\S+)", text).group(1).decode()


def traced(server, what, *options, status=0):
    return json.loads(server.cli("trace", what, "--json", *options, status=status).stdout)


@pytest.mark.parametrize("live", [True, False], ids=["live", "offline"])
def test_local_mail(make_server, live):
    server = make_server()
    first = submit(server, [ALICE, BOB])
    second = submit(server, [BOB], b"Message-ID: <two@else.test>\r\n\r\nx\r\n", sender="")
    if not live:
        server.stop()
    for what in (first, "one@else.test", "<ONE@else.test>", ALICE.upper(), "someone@else.test", "@else.test"):
        found = traced(server, what)
        assert [m["id"] for m in found] == [first], what
    events = traced(server, first)[0]["events"]
    assert [e["event"] for e in events] == ["accepted", "kept", "kept"]
    assert events[0]["sender"] == "someone@else.test" and events[0]["message_id"] == "one@else.test"
    assert {e["recipient"] for e in events[1:]} == {ALICE, BOB}
    # Of several the newest comes first.
    assert [m["id"] for m in traced(server, BOB)] == [second, first]
    assert [m["id"] for m in traced(server, BOB, "--limit", "1")] == [second]
    text = server.cli("trace", first).stdout.decode()
    assert text.startswith(f"{first}\n") and f"delivered to {ALICE}'s mailbox, folder INBOX\n" in text
    assert text.endswith("  Now: It has reached all its recipients: it is in mailboxes here, or other servers have accepted it and are "
                         "now responsible for it.\n")
    done = server.cli("trace", BOB, "--limit", "1")
    assert b"--limit N shows more" in done.stderr
    assert traced(server, "nobody@example.test", status=66) == []
    assert b"no record of nobody@example.test in the last 30 days (setting: trace_days)" in server.cli("trace", "nobody@example.test", status=66).stderr


def test_every_id_and_both_recipients(make_server):
    """The commonest question: I wrote to info@ and nothing came."""
    server = make_server(trusted_networks=[])
    server.cli("alias", "add", "info@example.test", BOB)
    with server.smtp() as client:
        client.ehlo_or_helo_if_needed()
        client.mail("someone@else.test")
        assert client.rcpt("nobody@example.test")[0] == 550
        assert client.rcpt("info@example.test")[0] == 250
        code, text = client.data(b"Message-ID: <one@else.test>\r\nSubject: The =?utf-8?q?M=C3=A4rz?= invoice\r\n\r\nx\r\n")
        assert code == 250
    message = re.search(rb"kept as (\S+)", text).group(1).decode()
    session = server.wait_event("smtp-kept").id
    assert re.search(rb"\bid " + session.encode(), server.messages(BOB)[0])
    for what in (message, "info@example.test", BOB, session, "one@else.test"):
        found = traced(server, what)
        assert [m["id"] for m in found] == [message, session], what
    kept = found[0]["events"][1]
    assert kept["recipient"] == BOB and kept["original"] == "info@example.test"
    assert f"delivered to {BOB}'s mailbox, folder INBOX (written to info@example.test)" in server.cli("trace", message).stdout.decode()
    # What was refused stands there, too, and is found by whom it was for.
    refused = traced(server, "nobody@example.test")[0]["events"][0]
    assert refused["event"] == "rejected" and refused["code"] == 550 and refused["reply"] == "550 5.1.1 there is no such mailbox here"
    for options in (["--subject", "märz INVOICE"], ["--since", "1h"], [BOB, "--subject", "invoice", "--since", "1h"]):
        assert [m["id"] for m in json.loads(server.cli("trace", *options, "--json").stdout)][0] == message, options
    assert "invoice" not in json.dumps(found).lower() and "subject" not in json.dumps(found)
    server.cli("trace", "--subject", "invoices", status=66)
    server.cli("trace", BOB, "--until", "2020-01-01", status=66)
    server.cli("trace", "--since", "yesterday", status=64)
    # A user's own.
    assert [m["id"] for m in traced(server, message, "--for", BOB)] == [message]
    traced(server, message, "--for", ALICE, status=66)


def test_a_flood_of_refusals_pushes_nothing_out(make_server):
    server = make_server(trusted_networks=[])
    for number in range(3):
        with server.smtp() as client:
            client.ehlo_or_helo_if_needed()
            client.mail("someone@else.test")
            for _ in range(5):
                client.rcpt(f"nobody{number}@example.test")
    found = traced(server, "@example.test")
    assert sum(e["event"] == "rejected" for m in found for e in m["events"]) == 10


def test_hostile_texts_stay_one_line(make_server):
    server = make_server()
    trick = submit(server, [BOB], b"Message-ID: <a\x1b[2J =\"b@c>\r\n\r\nx\r\n")
    done = server.cli("trace", trick)
    assert b"\x1b" not in done.stdout and done.stdout.count(b"\n") == 4
    assert traced(server, trick)[0]["id"] == trick


def test_wrong_use(make_server):
    server = make_server()
    for words in ([], ["a", "b"], ["a", "--days", "0"], ["a", "--days", "x"], ["a", "--limit", "1001"], ["a", "--odd"]):
        server.cli("trace", *words, status=64)
    assert traced(server, "x" * 3000, status=66) == []


def test_goes_on_when_it_cannot_write(make_server):
    """The trace is worth no mail: without its folder lines are dropped, and the log says so once."""
    server = make_server(start=False)
    blocked = server.folder / "data" / "trace"
    blocked.write_text("in the way")
    server.start()
    mark = server.mark()
    submit(server, [BOB])
    server.wait_event("trace-dropped", since=mark)
    submit(server, [BOB])
    assert len(server.messages(BOB)) == 2
    assert len(server.find_events("trace-dropped")) == 1
    blocked.unlink()
    after = submit(server, [BOB])
    wait_for(lambda: [m["id"] for m in traced(server, after)] == [after])
    server.wait_event("trace-resumed")
