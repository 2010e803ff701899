"""In whose name a user may write: the From field, the envelope, and what the message says of its sender."""

ALICE, BOB = "alice@example.test", "bob@example.test"


def fields_of(raw, name):
    return [line.split(b":", 1)[1].strip() for line in raw.split(b"\r\n\r\n", 1)[0].split(b"\r\n") if line.lower().startswith(name.lower() + b":")]


def submitted(server, sender, text):
    """The reply to the message's end."""
    with server.smtp("submission", login=ALICE) as client:
        assert client.mail(sender)[0] == 250 and client.rcpt(BOB)[0] == 250
        return client.data(text)


def test_a_user_writes_as_nobody_else(server):
    assert server.cli("alias", "add", "sales@example.test", ALICE).returncode == 0
    # Somebody else's address here, in whatever form: alone, among others, in a second field, hidden behind a name.
    for head in (b"From: bob@example.test", b"From: Bob <BOB@Example.Test>", b"From: alice@example.test, bob@example.test",
                 b"From: alice@example.test\r\nFrom: bob@example.test", b'From: "alice@example.test" <bob@example.test>',
                 b"From: alice@example.test <bob+x@example.test>", b"From: bob@example.test <alice@example.test>", b"From: nobody-at-all@example.test"):
        for sender in (ALICE, ""):
            code, text = submitted(server, sender, head + b"\r\nSubject: no\r\n\r\nx\r\n")
            assert code == 550 and b"From field is not yours" in text, (head, sender, text)
    assert server.messages(BOB) == []
    # Own addresses, by alias and with a tag; no Sender is needed where the envelope says the same.
    for head, sender, expected in (
            (b"From: Alice <alice@example.test>", ALICE, []),
            (b"From: alice@example.test", "", []),
            (b"From: sales@example.test", "sales@example.test", []),
            (b"From: sales@example.test", ALICE, []),
            (b"From: sales@example.test", "", []),
            (b"From: alice@example.test, sales@example.test", ALICE, [b"<alice@example.test>"]),  # two authors need a sender
            (b"From: alice+x@example.test\r\nSender: bob@example.test", "alice+x@example.test", []),
            # Another domain's: the message says who sent it, whatever it said itself.
            (b"From: ceo@bank.test", ALICE, [b"<alice@example.test>"]),
            (b"From: ceo@bank.test", "", [b"<alice@example.test>"]),
            (b"From: ceo@bank.test\r\nSender: ceo@bank.test", "sales@example.test", [b"<sales@example.test>"]),
            (b"From: alice@example.test, ceo@bank.test", ALICE, [b"<alice@example.test>"]),
            (b"From: no address at all", ALICE, [b"<alice@example.test>"])):
        assert submitted(server, sender, head + b"\r\nSubject: yes\r\n\r\nx\r\n")[0] == 250, (head, sender)
        raw = server.messages(BOB, delete=True)[0]
        assert fields_of(raw, b"Sender") == expected, raw
    # Without any From it is the user's own.
    assert submitted(server, ALICE, b"Subject: none\r\n\r\nx\r\n")[0] == 250
    assert fields_of(server.messages(BOB, delete=True)[0], b"From") == [b"<alice@example.test>"]


def test_what_the_administrator_says_of_authors(make_server):
    strict = make_server(foreign_from="refuse", own_from="sender", received_login=True)
    assert submitted(strict, ALICE, b"From: ceo@bank.test\r\n\r\nx\r\n")[0] == 550
    assert submitted(strict, ALICE, b"From: bob@example.test\r\n\r\nx\r\n")[0] == 250
    raw = strict.pop3(BOB).retr(1)[1]
    assert b"Sender: <alice@example.test>" in raw
    assert any(b"(authenticated as alice@example.test)" in line for line in raw)
    open_to_all = make_server(foreign_from="off", own_from="off")
    assert submitted(open_to_all, ALICE, b"From: bob@example.test\r\nSender: x@y.test\r\n\r\nx\r\n")[0] == 250
    raw = open_to_all.pop3(BOB).retr(1)[1]
    assert b"Sender: x@y.test" in raw and not any(b"authenticated" in line for line in raw)
