"""Rules run when mail is kept: what scripts want done with it, by real processes. test/frames/rules has the dialogue between store and rules."""

import itertools

import pytest

from imap_client import connect, contents, ok
from server import wait_for

numbers = itertools.count(1)


@pytest.fixture
def user(server):
    """The address of a new account."""
    address = f"user{next(numbers)}@example.test"
    server.add_account(address)
    return address


def put(server, address, text, name="mine"):
    server.cli("rule", "put", address, "-", "--name", name, "--activate", input=text.encode())


def message(subject, body="body", fields=""):
    return f"From: Someone <someone@else.test>\r\nTo: users@example.test\r\nSubject: {subject}\r\nMessage-ID: <{subject.replace(' ', '.')}@else.test>\r\n{fields}\r\n{body}\r\n"


def subjects(server, address):
    """{mailbox: [(subject, flags)]} of those that are not empty."""
    found = {}
    for mailbox, messages in contents(server, address).items():
        for body, flags in messages:
            header = body.split(b"\r\n\r\n")[0].decode()
            found.setdefault(mailbox, []).append((next(line[9:] for line in header.split("\r\n") if line.startswith("Subject: ")), *(f.decode() for f in flags)))
    return {mailbox: sorted(messages) for mailbox, messages in found.items()}


def notices(server, address):
    return [body for body, _ in contents(server, address, ["INBOX"])["INBOX"] if b"Subject: Your rules need your attention" in body]


def test_a_script_files_flags_and_discards(server, user):
    put(server, user, """require ["fileinto", "imap4flags", "mailbox", "special-use", "copy"];
        # rule:[Invoices]
        if header :contains "subject" "invoice" { fileinto :create :flags ["\\\\Flagged", "money"] "Work/Bills"; }
        elsif header :is "subject" "junk" { discard; }
        elsif header :is "subject" "spam" { fileinto :specialuse "\\\\Junk" "Nowhere"; }
        elsif header :is "subject" "both" { fileinto :copy "Archive"; }
        elsif header :is "subject" "seen" { keep :flags "\\\\Seen"; }
        elsif header :is "subject" "gone" { fileinto "Gone"; }
        elsif size :over 2M { fileinto "Archive"; }""")
    for subject in ("your invoice", "junk", "spam", "both", "seen", "plain"):
        server.deliver(user, message(subject))
    server.deliver(user, message("large", "x" * 70 + "\r\n" + ("y" * 70 + "\r\n") * 45000))
    assert subjects(server, user) == {
        "INBOX": [("both",), ("plain",), ("seen", "\\Seen")], "Work/Bills": [("your invoice", "\\Flagged", "money")],
        "Junk": [("spam",)], "Archive": [("both",), ("large",)]}
    # A mailbox that is not there: the message is in INBOX, and its owner is told, once.
    server.deliver(user, message("gone"))
    server.deliver(user, message("gone"))
    wait_for(lambda: notices(server, user), what="the notice")
    assert [s for s, *_ in subjects(server, user)["INBOX"]].count("gone") == 2
    assert len(notices(server, user)) == 1


def test_rules_are_each_accounts_own(server, user):
    bob = f"bob.{user}"
    server.add_account(bob)
    put(server, user, 'require "fileinto"; fileinto "Archive";')
    server.deliver([user, bob], message("to two"))
    assert subjects(server, user) == {"Archive": [("to two",)]}
    assert subjects(server, bob) == {"INBOX": [("to two",)]}
    # Changed, taken away: the next mail goes by what holds then.
    put(server, user, 'require "fileinto"; fileinto "Trash";', name="other")
    server.deliver(user, message("second"))
    server.cli("rule", "activate", user, "--none")
    server.deliver(user, message("third"))
    assert subjects(server, user) == {"Archive": [("to two",)], "Trash": [("second",)], "INBOX": [("third",)]}


def test_scripts_of_the_server_run_before_and_behind(server, user):
    put(server, user, 'require "fileinto"; if header :is "subject" "mine" { fileinto "Archive"; }')
    server.cli("rule", "put", "--server", "before", "-", "--name", "first", input=b'require "fileinto"; if header :is "subject" "bad" { discard; }')
    server.cli("rule", "put", "--server", "after", "-", "--name", "last", input=b'require "fileinto"; if header :is "subject" "rest" { fileinto "Trash"; }')
    for subject in ("bad", "mine", "rest", "plain"):
        server.deliver(user, message(subject))
    assert subjects(server, user) == {"Archive": [("mine",)], "Trash": [("rest",)], "INBOX": [("plain",)]}
    server.cli("rule", "remove", "--server", "before", "first")
    server.deliver(user, message("bad"))
    assert ("bad",) in subjects(server, user)["INBOX"]

def test_scripts_include_others(server, user):
    """One of one's own, and one of the server; the newest version of each counts, and which script did it is told."""
    put(server, user, 'require ["include", "variables"]; global "where"; set "where" "Archive"; include :global "all"; include "parts";')
    server.cli("rule", "put", user, "-", "--name", "parts", input=b'require ["include", "fileinto", "variables"]; if header :is "subject" "mine" { fileinto "${global.where}"; }')
    server.cli("rule", "put", "--server", "global", "-", "--name", "all", input=b'require ["regex", "fileinto"]; if header :regex "subject" "^(all|each)$" { fileinto "Trash"; }')
    for subject in ("mine", "each", "plain"):
        server.deliver(user, message(subject))
    assert subjects(server, user) == {"Archive": [("mine",)], "Trash": [("each",)], "INBOX": [("plain",)]}
    server.cli("rule", "put", user, "-", "--name", "parts", input=b'require "fileinto"; fileinto "Junk";')
    server.deliver(user, message("second"))
    assert subjects(server, user)["Junk"] == [("second",)]
    # One that is gone keeps the mail.
    server.cli("rule", "remove", "--server", "global", "all")
    server.deliver(user, message("third"))
    assert ("third",) in subjects(server, user)["INBOX"]


def test_a_script_that_fails_keeps_the_mail_and_its_owner_is_told_once(server, user):
    many = "".join(f'fileinto "Box {i}";\n' for i in range(33))
    put(server, user, f'require "fileinto";\n{many}')
    for i in range(3):
        server.deliver(user, message(f"failed {i}"))
    server.wait_event("rules-failed", count=3, script="mine", line=34)
    wait_for(lambda: notices(server, user), what="the notice")
    # Changed, and wrong again: that is news.
    put(server, user, f'require "fileinto";\n# changed\n{many}')
    server.deliver(user, message("failed again"))
    wait_for(lambda: len(notices(server, user)) == 2, what="the second notice")
    assert b'line 35' in notices(server, user)[1] or b'line 35' in notices(server, user)[0]
    assert sorted(s for s, *_ in subjects(server, user)["INBOX"] if s.startswith("failed")) == ["failed 0", "failed 1", "failed 2", "failed again"]


def test_mail_goes_on_when_rules_ends(server, user):
    server.expect("role-ended", "channel-lost")
    put(server, user, 'require "fileinto"; fileinto "Archive";')
    server.deliver(user, message("one"))
    for i in range(5):
        mark = server.mark()
        server.kill_role("rules")
        server.deliver(user, message(f"after {i}"))
        server.wait_event("role-ended", since=mark, role="rules")
    found = subjects(server, user)
    assert sorted(s for box in found.values() for s, *_ in box) == sorted(["one"] + [f"after {i}" for i in range(5)])
    assert list(found) == ["Archive"]


def test_the_header_is_changed(server, user):
    put(server, user, """require ["editheader", "fileinto"];
        addheader "X-Rule" "yes";
        deleteheader "X-Old";
        if header :is "subject" "first" { deleteheader "Subject"; addheader :last "Subject" "changed"; }
        if header :is "subject" "changed" { fileinto "Archive"; }""")
    large = "x" * 70 + "\r\n" + ("y" * 70 + "\r\n") * 20000
    server.deliver(user, message("first", fields="X-Old: gone\r\n"))
    server.deliver(user, message("large", large, fields="X-Old: stays\r\n"))
    found = contents(server, user)
    (changed, _), = found["Archive"]
    head, _, body = changed.partition(b"\r\n\r\n")
    assert b"X-Rule: yes\r\n" in head and b"X-Old" not in head and head.count(b"Subject: ") == 1 and body == b"body\r\n"
    assert head.count(b"Return-Path: ") == 1 and head.count(b"Delivered-To: ") == 1
    # What is known of a message follows its new header; one that is larger than scripts see is kept as it came.
    client = connect(server, user)
    ok(client.select("Archive", readonly=True))
    assert b'"changed"' in ok(client.fetch("1", "(ENVELOPE BODYSTRUCTURE)"))[0]
    client.logout()
    (kept, _), = found["INBOX"]
    assert b"X-Old: stays" in kept and b"X-Rule" not in kept and len(kept) > len(large)


def test_what_was_seen_is_seen_once(server, user):
    put(server, user, 'require ["duplicate", "fileinto"]; if duplicate { fileinto "Trash"; }')
    for _ in range(3):
        server.deliver(user, message("again"))
    assert subjects(server, user) == {"INBOX": [("again",)], "Trash": [("again",), ("again",)]}
