"""Whose mail it is: addresses lead where they should, and each recipient has the reply that is its own."""

import smtplib

import pytest

from server import field

ALICE, BOB = "alice@example.test", "bob@example.test"


@pytest.fixture(autouse=True)
def empty_mailboxes(shared):
    for address in (ALICE, BOB):
        shared.messages(address, delete=True)


def one(server, address=BOB):
    messages = server.messages(address)
    assert len(messages) == 1
    return messages[0]


def refused(code, function, *args):
    with pytest.raises((smtplib.SMTPResponseException, smtplib.SMTPRecipientsRefused)) as caught:
        function(*args)
    error = caught.value
    got = next(iter(error.recipients.values())) if isinstance(error, smtplib.SMTPRecipientsRefused) else (error.smtp_code, error.smtp_error)
    assert got[0] == code, got
    return got[1].decode()


def test_unknown_and_foreign_recipients(server):
    with server.smtp() as client:
        assert "5.1.1" in refused(550, client.sendmail, "a@else.test", ["nobody@example.test"], b"x")
        assert "5.7.1" in refused(550, client.sendmail, "a@else.test", ["x@foreign.test"], b"x")
        assert "5.7.1" in refused(550, client.sendmail, ALICE, ["x@foreign.test"], b"x")
        assert client.sendmail("a@else.test", ["nobody@example.test", BOB], b"Subject: x\r\n\r\nx\r\n") == {
            "nobody@example.test": (550, b"5.1.1 there is no such mailbox here")}
    assert len(server.messages(BOB)) == 1
    with server.smtp("submission", login=ALICE) as client:
        # A user's mail goes anywhere; what becomes of it then is the queue's matter.
        assert client.mail(ALICE)[0] == 250
        assert client.rcpt("x@foreign.test")[0] == 250


def test_lmtp_replies_for_each_recipient(server):
    server.cli("account", "quota", BOB, "1K")
    try:
        with server.connect("lmtp") as c:
            c.reply()
            assert c.ask("LHLO client.test").startswith("250")
            assert c.ask("MAIL FROM:<a@else.test>").startswith("250")
            assert c.ask(f"RCPT TO:<{ALICE}>").startswith("250")
            assert c.ask("RCPT TO:<nobody@example.test>").startswith("550")
            assert c.ask(f"RCPT TO:<{BOB}>").startswith("250")
            assert c.ask("DATA").startswith("354")
            c.send(b"Subject: lmtp\r\n\r\n" + b"x" * 900 + b"\r\n" + b"y" * 900 + b"\r\n.\r\n")
            # More than all of Bob's quota: trying again would be of no use.
            assert [c.reply()[:9], c.reply()[:9]] == ["250 2.0.0", "552 5.2.3"]
            assert c.ask("NOOP").startswith("250")
    finally:
        server.cli("account", "quota", BOB, "0")
    assert field(one(server, ALICE), "Subject") == b"lmtp"
    assert server.messages(BOB) == []


def test_lmtp_has_one_reply_for_all_behind_an_alias(server):
    # If one of them were refused, the client would come again, and the other get the message twice.
    server.cli("alias", "add", "both@example.test", ALICE, BOB)
    server.cli("account", "quota", BOB, "1K")
    try:
        with server.connect("lmtp") as c:
            c.reply()
            assert c.ask("LHLO client.test").startswith("250")
            assert c.ask("MAIL FROM:<a@else.test>").startswith("250")
            assert c.ask("RCPT TO:<both@example.test>").startswith("250")
            assert c.ask(f"RCPT TO:<{BOB}>").startswith("250")
            assert c.ask("DATA").startswith("354")
            c.send(b"Subject: both\r\n\r\n" + b"x" * 900 + b"\r\n" + b"y" * 900 + b"\r\n.\r\n")
            assert [c.reply()[:9], c.reply()[:9]] == ["250 2.0.0", "250 2.0.0"]
    finally:
        server.cli("account", "quota", BOB, "0")
        server.cli("alias", "remove", "both@example.test", "--yes")
    assert field(one(server, ALICE), "Subject") == b"both"
    # bob is told besides that his mailbox is full.
    subjects = [field(m, "Subject") for m in server.messages(BOB)]
    assert subjects.count(b"both") == 1 and len(subjects) == 2


def test_a_message_whose_size_was_not_announced_meets_the_quota_too(server):
    server.cli("account", "quota", BOB, "1K")
    try:
        with server.smtp() as client:
            client.ehlo()
            client.mail("a@else.test")
            assert client.rcpt(BOB)[0] == 250
            code, text = client.data(b"Subject: x\r\n\r\n" + b"x" * 900 + b"\r\n" + b"y" * 900 + b"\r\n")
            assert (code, text[:5]) == (552, b"5.2.3")
    finally:
        server.cli("account", "quota", BOB, "0")
    assert server.messages(BOB) == []


def test_quota_refuses_with_452_and_takes_mail_again(server):
    server.cli("account", "quota", BOB, "8K")
    try:
        with server.smtp() as client:
            assert client.sendmail("a@else.test", [BOB], b"Subject: fits\r\n\r\n" + b"x" * 900 + b"\r\n") == {}
            assert "4.2.2" in refused(452, client.sendmail, "a@else.test", [BOB], b"Subject: large\r\n\r\n" + (b"x" * 900 + b"\r\n") * 8)
            # What is announced is refused before it is sent; for good, when even the empty mailbox is too small.
            for size, refusal in ((7500, (452, b"4.2.2")), (20000, (552, b"5.2.3"))):
                client.ehlo()
                client.mail("a@else.test", [f"SIZE={size}"])
                code, text = client.rcpt(BOB)
                assert (code, text[:5]) == refusal
                client.rset()
        assert len(server.messages(BOB, delete=True)) == 1
        assert server.deliver(BOB, b"Subject: again\r\n\r\nx\r\n") == {}
    finally:
        server.cli("account", "quota", BOB, "0")


def test_a_circle_of_aliases_is_refused_for_good(server):
    server.cli("alias", "add", "ring@example.test", "loop@example.test")
    refusal = server.cli("alias", "add", "loop@example.test", "ring@example.test", status=65)
    assert b"would lead back to itself" in refusal.stderr
    # Nobody sees a circle that comes about by domains alone.
    server.cli("domain", "add", "second.test", "--alias-of", "example.test")
    server.cli("domain", "add", "third.test", "--alias-of", "second.test")
    server.cli("alias", "add", "dead@example.test", "nobody@example.test")
    try:
        with server.smtp() as client:
            client.ehlo()
            client.mail("a@else.test")
            assert client.rcpt("alice@third.test") == (550, b"5.4.6 the aliases behind this address lead in a circle, or are nested too deeply")
            assert client.rcpt("dead@example.test") == (550, b"5.1.1 there is no such mailbox here")
            assert client.rcpt("ring@example.test")[0] == 550
    finally:
        for alias in ("ring@example.test", "dead@example.test"):
            server.cli("alias", "remove", alias, "--yes")
        for domain in ("third.test", "second.test"):
            server.cli("domain", "remove", domain, "--yes")


def test_sub_addresses_aliases_catch_all_and_alias_domains(server):
    server.cli("alias", "add", "team@example.test", ALICE, BOB)
    server.cli("alias", "add", "info@example.test", "team@example.test")
    server.cli("domain", "add", "other.test", "--alias-of", "example.test")
    server.cli("domain", "add", "all.test", "--catch-all", BOB)
    try:
        for recipient, to_alice, to_bob in (
                ("alice+tag@example.test", 1, 0), ("team@example.test", 1, 1), ("info@example.test", 1, 1), ("TEAM@Example.Test", 1, 1),
                ("alice@other.test", 1, 0), ("alice+x@other.test", 1, 0), ("whoever@all.test", 0, 1)):
            assert server.deliver(recipient, b"Subject: x\r\n\r\nx\r\n") == {}, recipient
            counts = [len(server.messages(a, delete=True)) for a in (ALICE, BOB)]
            assert counts == [to_alice, to_bob], recipient
        # One message for two names of the same person is one message.
        assert server.deliver(["team@example.test", ALICE, "alice+a@example.test"], b"Subject: x\r\n\r\nx\r\n") == {}
        assert [len(server.messages(a)) for a in (ALICE, BOB)] == [1, 1]
        with server.smtp("submission", login=ALICE) as client:
            assert client.sendmail("team@example.test", [BOB], b"Subject: as the team\r\n\r\nx\r\n") == {}
    finally:
        server.cli("alias", "remove", "info@example.test", "--yes")
        server.cli("alias", "remove", "team@example.test", "--yes")
        server.cli("domain", "remove", "other.test", "--yes")
        server.cli("domain", "remove", "all.test", "--yes")
    with server.smtp() as client:
        refused(550, client.sendmail, "a@else.test", ["team@example.test"], b"x")
        refused(550, client.sendmail, "a@else.test", ["alice@other.test"], b"x")


def test_postmaster_and_abuse_are_always_there(server):
    server.cli("domain", "add", "second.test")
    try:
        for recipient in ("postmaster@example.test", "abuse@example.test", "Postmaster@second.test", "abuse@second.test"):
            assert server.deliver(recipient, b"Subject: x\r\n\r\nx\r\n") == {}, recipient
        with server.smtp() as client:
            client.ehlo()
            client.mail("a@else.test")
            assert client.docmd("RCPT TO:<postmaster>")[0] == 250
            assert client.data(b"Subject: to the postmaster\r\n\r\nx\r\n")[0] == 250
    finally:
        server.cli("domain", "remove", "second.test", "--yes")
    assert len(server.messages(ALICE)) == 5


def test_disabled_account(server):
    server.add_account("gone@example.test")
    server.cli("account", "disable", "gone@example.test")
    with server.smtp() as client:
        assert "5.2.1" in refused(550, client.sendmail, "a@else.test", ["gone@example.test"], b"x")
    with server.smtp("submission") as client:
        refused(535, client.login, "gone@example.test", server.passwords["gone@example.test"])
    server.cli("account", "enable", "gone@example.test")
    assert server.deliver("gone@example.test", b"Subject: back\r\n\r\nx\r\n") == {}
    assert len(server.messages("gone@example.test")) == 1
    server.cli("account", "remove", "gone@example.test", "--yes")
    with server.smtp() as client:
        assert "5.1.1" in refused(550, client.sendmail, "a@else.test", ["gone@example.test"], b"x")


def test_addresses_in_any_script(server):
    user = "пользователь@почта.test"
    server.cli("domain", "add", "почта.test")
    server.add_account(user)
    try:
        with server.connect("smtp") as c:
            c.reply()
            assert "SMTPUTF8" in c.ask("EHLO client.test")
            assert c.ask("MAIL FROM:<отправитель@пример.test>").startswith("553")
            assert c.ask("MAIL FROM:<отправитель@пример.test> SMTPUTF8").startswith("250")
            assert c.ask(f"RCPT TO:<{user}>").startswith("250")
            assert c.ask("DATA").startswith("354")
            c.send("From: отправитель@пример.test\r\nSubject: Тема\r\n\r\nтекст\r\n.\r\n")
            assert c.reply().startswith("250")
            # The same mailbox by the A-label of its domain.
            assert c.ask("MAIL FROM:<a@else.test> SMTPUTF8").startswith("250")
            assert c.ask("RCPT TO:<пользователь@xn--80a1acny.test>").startswith("250")
            assert c.ask("DATA").startswith("354")
            c.send("Subject: second\r\n\r\nx\r\n.\r\n")
            assert c.reply().startswith("250")
        with server.connect("pop3") as c:
            c.line()
            assert c.ask_pop3("UTF8").startswith("+OK")
            assert c.ask_pop3(f"USER {user}").startswith("+OK")
            assert c.ask_pop3(f"PASS {server.passwords[user]}").startswith("+OK")
            assert c.ask_pop3("STAT").startswith("+OK 2 ")
            text = c.ask_pop3("RETR 1", multiline=True)
            assert "Subject: Тема" in text and "Return-Path: <отправитель@пример.test>" in text
            c.ask_pop3("QUIT")
    finally:
        server.cli("account", "remove", user, "--yes")
        server.cli("domain", "remove", "почта.test", "--yes")
