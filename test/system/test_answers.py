"""What rules send: answers, out of office, notifications. The answers of vacation are composed by rules, sent by store, carried by relay."""

import email
import email.policy
import itertools
import json
import smtplib
import time

import pytest

from limits import TIMEOUT
from hosts import Host
from imap_client import contents
from ports import free_port
from server import wait_for

JOE = "joe@company.example"
numbers = itertools.count(1)


@pytest.fixture
def next_host():
    host = Host("127.0.0.1", free_port(), "mx.company.example")
    yield host
    host.close()
    assert host.faults == []


@pytest.fixture
def road(make_server, next_host):
    """A server whose mail for everywhere goes to the scripted host."""
    return make_server(routes=[f"* smtp:127.0.0.1:{next_host.port}"], mta_sts=False)


def put(server, address, text):
    server.cli("rule", "put", address, "-", "--name", "mine", "--activate", input=text.encode())


def letter(to, subject="Lunch", sender=JOE, fields=""):
    number = next(numbers)
    return f"From: Joe <{sender}>\r\nTo: {to}\r\nSubject: {subject}\r\nMessage-ID: <{number}@company.example>\r\n{fields}\r\nbody\r\n"


def parsed(data):
    return email.message_from_bytes(data.replace(b"\r\n", b"\n"), policy=email.policy.default)


def received(host, count):
    """Whatever the host has got, when it is as many."""
    wait_for(lambda: len(host.messages) >= count, what=f"{count} messages at the next host")
    return host.messages


def nothing_waits(server):
    """All that was sent has gone: what is not there by now does not come."""
    wait_for(lambda: server.cli("queue", "list", "--json", check=False).stdout == b"[]\n", what="an empty queue")


def marker(server, host):
    """Behind everything that has been sent before: an answer that always goes, so that the test need not wait for what must not come."""
    put(server, "bob@example.test", 'require "vacation"; vacation "Marker.";')
    sender = f"marker{next(numbers)}@company.example"
    server.deliver("bob@example.test", letter("bob@example.test", "marker"), sender=sender)
    wait_for(lambda: any(m.recipients == [sender] for m in host.messages), what="the marker")
    return sender


def answered(server, address, *options):
    return sorted(p["address"] for p in json.loads(server.cli("vacation", "answered", address, *options, "--json").stdout))


def test_a_sender_is_answered_once(road, next_host):
    put(road, "alice@example.test", 'require "vacation"; vacation :days 3 :subject "Away" "I am away.";')
    road.deliver("alice@example.test", letter("alice@example.test"), sender=JOE)
    message, = received(next_host, 1)
    assert (message.sender, message.recipients, message.recipient_parameters[JOE].get("NOTIFY")) == ("", [JOE], "NEVER")
    answer = parsed(message.data)
    assert {name: answer[name] for name in ("From", "To", "Subject", "Auto-Submitted", "In-Reply-To", "References")} == {
        "From": "alice@example.test", "To": JOE, "Subject": "Away", "Auto-Submitted": "auto-replied",
        "In-Reply-To": "<1@company.example>", "References": "<1@company.example>"}
    assert answer.get_content() == "I am away.\n"
    assert answered(road, "alice@example.test", "--all") == [JOE]
    # The next mail, in any spelling of the sender, gets none; nor after everything has been killed and has begun anew.
    road.deliver("alice@example.test", letter("alice@example.test"), sender="JOE@Company.example")
    road.kill_role("store")
    wait_for(lambda: road.cli("rule", "list", "alice@example.test", check=False).returncode == 0, what="the store")
    road.deliver("alice@example.test", letter("alice@example.test"), sender=JOE)
    # Another sender gets one, and another answer is another one.
    road.deliver("alice@example.test", letter("alice@example.test"), sender="ann@company.example")
    received(next_host, 2)
    put(road, "alice@example.test", 'require "vacation"; vacation "I am still away.";')
    road.deliver("alice@example.test", letter("alice@example.test"), sender=JOE)
    received(next_host, 3)
    nothing_waits(road)
    assert [m.recipients[0] for m in next_host.messages] == [JOE, "ann@company.example", JOE]
    road.expect("role-died")


@pytest.mark.parametrize("sender, to, fields", [
    (JOE, "alice@example.test", "List-Id: <list.company.example>\r\n"),
    (JOE, "alice@example.test", "Precedence: bulk\r\n"),
    (JOE, "alice@example.test", "Auto-Submitted: auto-generated\r\n"),
    (JOE, "alice@example.test", "X-Auto-Response-Suppress: OOF\r\n"),
    (JOE, "somebody@company.example", ""),
    ("", "alice@example.test", ""),
    ("owner-list@company.example", "alice@example.test", ""),
    ("alice@example.test", "alice@example.test", ""),
], ids=["list", "bulk", "auto", "suppress", "not-to-me", "null", "owner", "myself"])
def test_programs_and_lists_are_not_answered(shared_road, sender, to, fields):
    server, host = shared_road
    address = f"user{next(numbers)}@example.test"
    server.add_account(address)
    put(server, address, 'require "vacation"; vacation "I am away.";')
    server.deliver(address, letter(to.replace("alice@example.test", address), fields=fields), sender=sender.replace("alice@example.test", address))
    before = len(host.messages)
    sent = marker(server, host)
    assert [m.recipients for m in host.messages[before:]] == [[sent]]
    assert answered(server, address, "--all") == []


@pytest.fixture(scope="module")
def shared_road(template, shared_folder):
    import conftest
    host = Host("127.0.0.1", free_port(), "mx.company.example")
    servers = []
    try:
        yield conftest._factory(template, shared_folder, servers)(routes=[f"* smtp:127.0.0.1:{host.port}"], mta_sts=False), host
        conftest._finish(servers)
        assert host.faults == []
    finally:
        for made in servers:
            made.end()
        host.close()


def test_two_that_are_away_leave_each_other_alone(road):
    for name in ("alice", "bob"):
        put(road, f"{name}@example.test", f'require "vacation"; vacation :days 1 "{name} is away.";')
    with road.smtp("submission", login="bob@example.test") as client:
        client.sendmail("bob@example.test", ["alice@example.test"], letter("alice@example.test", sender="bob@example.test"))
    wait_for(lambda: road.messages("bob@example.test"), what="alice's answer")
    nothing_waits(road)
    answer, = [parsed(m) for m in road.messages("bob@example.test")]
    assert (answer["From"], answer["Return-Path"], answer["Delivered-To"]) == ("alice@example.test", "<>", "bob@example.test")
    assert answer.get_content() == "alice is away.\n"
    assert len(road.messages("alice@example.test")) == 1
    assert answered(road, "bob@example.test", "--all") == []


def test_a_notification_goes_out(road, next_host):
    put(road, "alice@example.test", """require ["enotify", "fcc"];
        notify :message "Mail for you" :fcc "Sent" :importance "1" "mailto:phone@company.example?cc=pager@company.example&x-kind=mail&from=boss@else.test";""")
    road.deliver("alice@example.test", letter("alice@example.test"), sender=JOE)
    message, = received(next_host, 1)
    assert (message.sender, sorted(message.recipients)) == ("alice@example.test", ["pager@company.example", "phone@company.example"])
    note = parsed(message.data)
    assert {name: note[name] for name in ("From", "To", "Cc", "Subject", "X-kind", "Importance", "Auto-Submitted")} == {
        "From": "alice@example.test", "To": "phone@company.example", "Cc": "pager@company.example", "Subject": "Mail for you", "X-kind": "mail",
        "Importance": "high", "Auto-Submitted": 'auto-notified; owner-email="alice@example.test"'}
    assert "Subject: Lunch" in note.get_content()
    (sent, flags), = contents(road, "alice@example.test", ["Sent"])["Sent"]
    assert (parsed(sent)["Subject"], flags) == ("Mail for you", (b"\\Seen",))
    # One for mail of the null sender has the null sender; none is told of another notification.
    road.deliver("alice@example.test", letter("alice@example.test"), sender="")
    assert received(next_host, 2)[1].sender == ""
    road.deliver("alice@example.test", message.data.decode(), sender=JOE)
    nothing_waits(road)
    assert len(next_host.messages) == 2


def test_kills_neither_double_nor_lose_what_is_noted(road, next_host):
    put(road, "alice@example.test", 'require "vacation"; vacation "I am away.";')
    senders = [f"sender{i}@company.example" for i in range(12)]
    for turn in range(3):
        for i, sender in enumerate(senders):
            while True:
                try:
                    road.deliver("alice@example.test", letter("alice@example.test"), sender=sender)
                    break
                except (OSError, smtplib.SMTPException):
                    time.sleep(0.1)
            role = ("store", "rules", "relay")[turn]
            if i % 4 == turn:
                wait_for(lambda role=role: role in road.role_pids(), what=role)
                road.kill_role(role)
    received(next_host, len(senders))
    nothing_waits(road)
    # What relay had sent when it was killed may go out again, as the same message.
    answers = {}
    for message in next_host.messages:
        answers.setdefault(message.recipients[0], set()).add(parsed(message.data)["Message-ID"])
    assert {sender: len(ids) for sender, ids in answers.items()} == {sender: 1 for sender in senders}
    assert answered(road, "alice@example.test", "--all") == sorted(senders)
    road.expect("role-died", "rules-not-run", "rules-failed")


def test_a_copy_is_kept(road, next_host):
    put(road, "alice@example.test", """require ["fcc", "vacation", "mailbox", "imap4flags", "special-use"];
        if envelope "from" "joe@company.example" { vacation :fcc "Answers" :create :flags "told" "I am away."; }
        else { vacation :fcc "Nowhere" :specialuse "\\\\Sent" "Away."; }""".replace('"fcc",', '"fcc", "envelope",'))
    road.deliver("alice@example.test", letter("alice@example.test"), sender=JOE)
    road.deliver("alice@example.test", letter("alice@example.test"), sender="ann@company.example")
    received(next_host, 2)
    found = contents(road, "alice@example.test")
    (copy, flags), = found["Answers"]
    assert (parsed(copy)["Auto-Submitted"], parsed(copy)["To"], flags) == ("auto-replied", JOE, (b"told",))
    (copy, flags), = found["Sent"]
    assert (parsed(copy).get_content(), flags) == ("Away.\n", (b"\\Seen",))
    assert len(found["INBOX"]) == 2
    # A copy that has no mailbox to go to, or for which none can be made, does not hold up the answer.
    put(road, "alice@example.test", 'require ["fcc", "vacation"]; vacation :fcc "Nowhere" "Away again.";')
    road.deliver("alice@example.test", letter("alice@example.test"), sender=JOE)
    put(road, "alice@example.test", 'require ["fcc", "vacation", "mailbox"]; vacation :fcc "/Sent//x" :create "Away once more.";')
    road.deliver("alice@example.test", letter("alice@example.test"), sender=JOE)
    received(next_host, 4)
    assert "Nowhere" not in contents(road, "alice@example.test")


def test_out_of_office_is_a_setting(road, next_host):
    alice = "alice@example.test"
    assert "has never set" in road.cli("vacation", "show", alice).stdout.decode()
    assert road.cli("vacation", "on", alice, status=65).stderr.endswith(b"use vacation set\n")
    put(road, alice, 'require "fileinto"; fileinto "Archive";')
    road.cli("vacation", "set", alice, "--subject", "Away", "--text", "I am away until \"Friday\".", "--inside", "example.test,company.example",
             "--inside-text", "Ask Bob.", "--from", "2020-01-01", "--until", "2099-12-31 18:00", "--every", "2")
    shown = json.loads(road.cli("vacation", "show", alice, "--json").stdout)
    assert (shown["isEnabled"], shown["textBody"], shown["inside"], shown["period"]) == (
        True, 'I am away until "Friday".', ["example.test", "company.example"], 172800)
    # It is no script that anybody edits.
    assert [s["name"] for s in json.loads(road.cli("rule", "list", alice, "--json").stdout)] == ["mine"]
    road.deliver(alice, letter(alice), sender=JOE)
    road.deliver(alice, letter(alice), sender="ann@elsewhere.example")
    road.deliver(alice, letter(alice), sender="ann@elsewhere.example")
    texts = {m.recipients[0]: parsed(m.data).get_content() for m in received(next_host, 2)}
    assert texts == {JOE: "Ask Bob.\n", "ann@elsewhere.example": 'I am away until "Friday".\n'}
    assert answered(road, alice) == ["ann@elsewhere.example", JOE]
    assert len(contents(road, alice)["Archive"]) == 3
    # Off, it answers nobody; on again, nobody anew; set again, everybody.
    road.cli("vacation", "off", alice)
    road.deliver(alice, letter(alice), sender="eve@elsewhere.example")
    assert "is off" in road.cli("vacation", "show", alice).stdout.decode()
    road.cli("vacation", "on", alice)
    road.deliver(alice, letter(alice), sender="ann@elsewhere.example")
    road.cli("vacation", "set", alice, "--text", "Later.", "--inside", "company.example", "--inside-only")
    assert answered(road, alice) == []
    road.deliver(alice, letter(alice), sender="ann@elsewhere.example")
    road.deliver(alice, letter(alice), sender=JOE)
    assert [m.recipients[0] for m in received(next_host, 3)][2:] == [JOE]
    road.cli("vacation", "set", alice, "--text", "x", "--until", "2020-01-01")
    assert "and over" in road.cli("vacation", "show", alice).stdout.decode()
    road.deliver(alice, letter(alice), sender=JOE)
    road.cli("vacation", "set", alice, "--text", "x", "--inside", "*.example", status=65)
    road.cli("vacation", "set", alice, "--text", "x", "--from", "soon", status=64)
    # What the server throws away behind all of them is answered to nobody.
    road.cli("vacation", "set", alice, "--text", "x")
    put(road, alice, "keep;")
    road.cli("rule", "put", "--server", "after", "-", "--name", "waste", input=b'if header :contains "subject" "waste" { discard; }')
    road.deliver(alice, letter(alice).replace("Subject: ", "Subject: waste "), sender="kim@elsewhere.example")
    road.cli("rule", "remove", "--server", "after", "waste")
    nothing_waits(road)
    assert len(next_host.messages) == 3


def test_out_of_office_keeps_the_mail(road, next_host):
    """It is the only script, and says nothing of where mail goes: the mail goes where it would without."""
    bob = "bob@example.test"
    road.cli("vacation", "set", bob, "--text", "I am away.")
    road.deliver(bob, letter(bob), sender=JOE)
    assert [m.recipients[0] for m in received(next_host, 1)] == [JOE]
    assert len(contents(road, bob)["INBOX"]) == 1
    # A script of the server before it decides, or one behind it.
    road.cli("rule", "put", "--server", "before", "-", "--name", "first", input=b'if header :contains "subject" "never" { discard; }')
    road.deliver(bob, letter(bob), sender=JOE)
    road.cli("rule", "remove", "--server", "before", "first")
    road.cli("rule", "put", "--server", "after", "-", "--name", "last", input=b'require "fileinto"; fileinto "Archive";')
    road.deliver(bob, letter(bob), sender=JOE)
    road.cli("rule", "remove", "--server", "after", "last")
    boxes = contents(road, bob)
    assert (len(boxes["INBOX"]), len(boxes["Archive"])) == (2, 1)


def test_a_letter_by_swaks_is_answered(road, next_host):
    import shutil
    import subprocess
    if shutil.which("swaks") is None:
        pytest.skip("swaks is not installed")
    road.cli("vacation", "set", "alice@example.test", "--text", "Gone fishing.")
    subprocess.run(["swaks", "--server", f"127.0.0.1:{road.ports['smtp']}", "--from", JOE, "--to", "alice@example.test", "--silent", "2"], check=True,
                   timeout=TIMEOUT)
    message, = received(next_host, 1)
    assert parsed(message.data).get_content() == "Gone fishing.\n"
