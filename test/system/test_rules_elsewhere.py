"""What rules do with mail beyond their own mailboxes: it is sent on, or refused, in the dialogue or by a report."""

import email
import email.policy
import itertools
import smtplib

import pytest

import imap_client
from hosts import Host
from ports import free_port
from server import wait_for
from test_rules import message, notices, put, subjects
from test_rules_events import script_of

numbers = itertools.count(1)
SENDER = "someone@else.test"


@pytest.fixture
def next_host():
    host = Host("127.0.0.1", free_port(), "mx.else.test")
    yield host
    host.close()
    assert host.faults == []


@pytest.fixture
def road(make_server, next_host):
    """A server whose mail for everywhere goes to the scripted host."""
    return make_server(routes=[f"* smtp:127.0.0.1:{next_host.port}"], mta_sts=False, queue_retry_min=3600, queue_retry_max=3600)


def add(server, count=1):
    addresses = [f"elsewhere{next(numbers)}@example.test" for _ in range(count)]
    for address in addresses:
        server.add_account(address)
    return addresses if count > 1 else addresses[0]


def test_mail_is_sent_on(road, next_host):
    ann, joe = add(road, 2)
    put(road, ann, f'''require "copy";
        if header :is "subject" "out" {{ redirect "friend@far.test"; }}
        elsif header :is "subject" "both" {{ redirect :copy "friend@far.test"; }}
        elsif header :is "subject" "in" {{ redirect "{joe}"; }}
        elsif header :is "subject" "self" {{ redirect "{ann}"; }}
        elsif header :is "subject" "nobody" {{ redirect "nobody@example.test"; }}''')
    put(road, joe, 'require "fileinto"; fileinto "Archive";')
    for subject in ("out", "both", "in", "self", "nobody"):
        road.deliver(ann, message(subject))
    wait_for(lambda: len(next_host.messages) == 2, what="the messages")
    for m in next_host.messages:
        assert m.recipients == ["friend@far.test"]
        assert m.sender != SENDER and m.sender.endswith("@example.test")  # rewritten: it is ours to answer for (SRS)
    wait_for(lambda: subjects(road, joe) == {"Archive": [("in",)]}, what="the message of another user")
    wait_for(lambda: notices(road, ann), what="the notice")
    assert [s for s, *_ in subjects(road, ann)["INBOX"]] == ["Your rules need your attention", "both", "nobody", "self"]


def test_who_is_added_later_has_rules_too(road, next_host):
    """An alias is corrected, and what waited for its wrong address is requeued: ann has the mail, joe sends it on."""
    ann, joe = add(road, 2)
    put(road, joe, 'redirect "friend@far.test";')
    road.cli("queue", "pause", "--destination", "wrong.test", "--why", "a test")
    road.cli("alias", "add", "team@example.test", ann, "jo@wrong.test")
    road.deliver("team@example.test", message("for the team"))
    wait_for(lambda: subjects(road, ann) == {"INBOX": [("for the team",)]}, what="the message")
    road.cli("alias", "remove", "team@example.test", "--yes")
    road.cli("alias", "add", "team@example.test", ann, joe)
    road.cli("queue", "requeue", "--all")
    wait_for(lambda: next_host.messages, what="the message that is sent on")
    assert [m.recipients for m in next_host.messages] == [["friend@far.test"]]
    assert subjects(road, ann) == {"INBOX": [("for the team",)]} and subjects(road, joe) == {}


def test_what_a_program_put_there_is_sent_on_as_the_host_can_take_it(make_server):
    """Mail of 8 bits, to a host that takes 7; and a header in UTF-8, which such a host cannot take at all."""
    old = Host("127.0.0.1", free_port(), "old.else.test", extensions=["PIPELINING"])
    server = make_server(routes=[f"* smtp:127.0.0.1:{old.port}"], mta_sts=False)
    ann = "alice@example.test"
    server.cli("rule", "put", ann, "-", "--name", "on", input=b'redirect "friend@far.test";')
    with imap_client.connect(server, ann) as client:
        script_of(client, "", '"on"')
        imap_client.ok(client.append("INBOX", None, None, "From: b@else.test\r\nSubject: Greetings\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
                                     "Content-Transfer-Encoding: 8bit\r\n\r\nSchöne Grüße\r\n".encode()))
        wait_for(lambda: old.messages or old.faults, what="the message")
        imap_client.ok(client.append("INBOX", None, None, "From: b@else.test\r\nSubject: Grüße\r\n\r\nraw\r\n".encode()))
        told = lambda: [body for body, _ in imap_client.contents(server, ann)["INBOX"] if b"SMTPUTF8 not known there" in body]
        wait_for(lambda: told() or len(old.messages) > 1, what="the report")
    old.close()
    assert len(old.messages) == 1
    assert old.faults == [] and old.messages[0].data.isascii()
    found = email.message_from_bytes(old.messages[0].data, policy=email.policy.default)
    assert (found["Subject"], found.get_content().strip()) == ("Greetings", "Schöne Grüße")


def test_redirects_never_go_in_circles(road, next_host):
    ann, joe = add(road, 2)
    put(road, ann, f'redirect "{joe}"; redirect "friend@far.test";')
    put(road, joe, f'redirect "{ann}";')
    road.deliver(ann, message("round"))
    # To joe, back to ann, who has sent it on already: so it stays with her.
    wait_for(lambda: subjects(road, ann), what="the message")
    wait_for(lambda: len(next_host.messages) == 1, what="the message that went out")
    assert subjects(road, ann) == {"INBOX": [("round",)]} and subjects(road, joe) == {}
    # The same from outside: what comes back was sent there before.
    road.deliver(ann, next_host.messages[0].data.decode())
    wait_for(lambda: subjects(road, ann) == {"INBOX": [("round",), ("round",)]}, what="the message that came back")
    assert len(next_host.messages) == 1


def test_mail_without_an_identifier_never_goes_in_circles(road, next_host):
    ann, joe = add(road, 2)
    put(road, ann, f'redirect "{joe}"; redirect "friend@far.test";')
    put(road, joe, f'redirect "{ann}";')
    nameless = "\r\n".join(line for line in message("round").split("\r\n") if not line.startswith("Message-ID:"))
    road.deliver(ann, nameless)
    wait_for(lambda: subjects(road, ann), what="the message")
    wait_for(lambda: len(next_host.messages) == 1, what="the message that went out")
    assert subjects(road, ann) == {"INBOX": [("round",)]} and subjects(road, joe) == {}
    road.deliver(ann, next_host.messages[0].data.decode())
    wait_for(lambda: subjects(road, ann) == {"INBOX": [("round",), ("round",)]}, what="the message that came back")
    # Another one is not taken for it.
    road.deliver(ann, nameless.replace("body", "other words"))
    wait_for(lambda: len(next_host.messages) == 2, what="the other message")


def test_who_is_refused_is_told_of_no_delivery(road, next_host):
    ann = add(road)
    put(road, ann, 'require "ereject"; if header :is "subject" "no" { ereject "I do not want this."; }')
    with road.smtp("smtp") as client:
        with pytest.raises(smtplib.SMTPDataError) as refused:
            client.sendmail(SENDER, [ann], message("no"), rcpt_options=["NOTIFY=SUCCESS"])
        assert refused.value.smtp_code == 550
        client.sendmail(SENDER, [ann], message("yes"), rcpt_options=["NOTIFY=SUCCESS"])
    wait_for(lambda: any(b"Subject: yes" in m.data for m in next_host.messages), what="the report of the other message")
    assert len(next_host.messages) == 1 and subjects(road, ann) == {"INBOX": [("yes",)]}


def test_an_account_sends_on_so_much_in_an_hour(road, next_host):
    ann, joe = add(road, 2)
    road.cli("alias", "add", "many@example.test", *[f"friend{n}@far.test" for n in range(50)])
    put(road, ann, 'redirect "many@example.test";')
    put(road, joe, 'redirect "many@example.test";')
    for n in range(20):
        road.deliver(ann, message(f"n{n}"))
    assert subjects(road, ann) == {}
    for subject in ("above", "more"):
        road.deliver(ann, message(subject))
    wait_for(lambda: len(subjects(road, ann).get("INBOX", [])) == 3, what="what is kept, and the notice")
    assert sorted(s for s, *_ in subjects(road, ann)["INBOX"]) == ["Your rules need your attention", "above", "more"]
    assert b"sent on 1000 mails" in notices(road, ann)[0]
    assert b"which sends on no more in this hour" in road.cli("trace", ann).stdout
    sent_on = lambda: sum(len(m.recipients) for m in next_host.messages)
    wait_for(lambda: sent_on() == 1000, what="all that was sent on")
    # It is counted in the account, so it outlives the server; another's has a count of its own.
    assert road.stop() == 0
    road.start()
    road.deliver([ann, joe], message("third"))
    wait_for(lambda: ("third",) in subjects(road, ann)["INBOX"], what="the third one above the limit")
    assert subjects(road, joe) == {}
    wait_for(lambda: sent_on() == 1050, what="the other's")


def test_mail_is_refused_in_the_dialogue(server):
    ann, joe = add(server, 2)
    put(server, ann, 'require "reject"; if header :is "subject" "no" { reject text:\nI do not want this.\nNever.\n.\n; }')
    with pytest.raises(smtplib.SMTPDataError) as refused:
        server.deliver(ann, message("no"))
    assert refused.value.smtp_code == 550 and refused.value.smtp_error == b"5.7.1 I do not want this.\n5.7.1 Never."
    # Each recipient of LMTP has a reply of its own.
    with server.smtp("lmtp") as client:
        client.ehlo_or_helo_if_needed()
        client.docmd("MAIL", f"FROM:<{SENDER}>")
        for address in (ann, joe):
            assert client.rcpt(address)[0] == 250
        client.docmd("DATA")
        client.send(message("no") + ".\r\n")
        replies = [client.getreply(), client.getreply()]
    assert [code for code, _ in replies] == [550, 250] and b"I do not want this." in replies[0][1]
    assert subjects(server, ann) == {} and subjects(server, joe) == {"INBOX": [("no",)]}
    # What has no sender is kept: there is nobody to be told.
    server.deliver(ann, message("no"), sender="")
    assert subjects(server, ann) == {"INBOX": [("no",)]}


def test_mail_is_refused_by_a_report(road, next_host):
    ann, joe = add(road, 2)
    put(road, ann, 'require "ereject"; ereject "I do not want this.";')
    assert road.deliver([ann, joe], message("to two")) == {}
    wait_for(lambda: next_host.messages, what="the report")
    report = email.message_from_bytes(next_host.messages[0].data)
    assert next_host.messages[0].sender == "" and next_host.messages[0].recipients == [SENDER]
    status = report.get_payload(1).as_string()
    assert "Action: failed" in status and "Status: 5.7.1" in status and ann in status and joe not in status
    assert "I do not want this." in report.get_payload(0).get_payload()
    assert subjects(road, ann) == {} and subjects(road, joe) == {"INBOX": [("to two",)]}
