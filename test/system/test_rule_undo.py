"""postrider rule log, rule undo: what rules did with mail that came, and taking it back."""

import json

import pytest

import imap_client
from server import wait_for

SCRIPT = """require ["fileinto", "mailbox", "imap4flags", "copy"];
# rule:[Invoices]
if header :contains "subject" "invoice" {
\taddflag ["\\\\Flagged", "paper"];
\tfileinto :create "Work/Invoices";
\tstop;
}
# rule:[Copies]
if header :contains "subject" "copy" { fileinto :copy :create "Copies"; }
# rule:[Mark]
if header :contains "subject" "mark" { addflag "\\\\Seen"; keep; }
# rule:[Away]
if header :contains "subject" "discard" { discard; }
"""


def boxes(server, whose):
    return {box["path"]: box["messages"] for box in json.loads(server.cli("mailbox", "list", whose, "--json").stdout) if box["messages"]}


def deliver(server, whose, *subjects):
    for subject in subjects:
        server.deliver(whose, f"Subject: {subject}\r\nFrom: joe@else.test\r\n\r\ntext\r\n".encode())


def log(server, whose, *words):
    return json.loads(server.cli("rule", "log", whose, *words, "--json").stdout)


@pytest.fixture
def ruled(server, tmp_path, request):
    """An account of its own for each test, with the script."""
    whose = f"{request.node.name.replace('_', '-')}@example.test"
    (tmp_path / "main.sieve").write_text(SCRIPT)
    server.add_account(whose)
    server.cli("rule", "put", whose, tmp_path / "main.sieve", "--activate")
    return whose


def test_why_mail_is_where_it_is(server, ruled):
    deliver(server, ruled, "plain", "your invoice", "a copy", "mark this", "discard this")
    wait_for(lambda: boxes(server, ruled) == {"INBOX": 3, "Work/Invoices": 1, "Copies": 1})
    entries = log(server, ruled)
    assert [[place["mailbox"] for place in entry["places"]] for entry in entries] == [["Work/Invoices"], ["Copies", "INBOX"], ["INBOX"]]
    invoice, = entries[0]["deeds"]
    assert invoice.pop("why") == "subject contains 'invoice'"
    assert invoice == {"action": "file", "line": 5, "target": "Work/Invoices", "flags": "\\Flagged paper", "rule": 1, "ruleName": "Invoices", "script": "main", "whyLine": 3}
    assert "Work/Invoices, UID 1\n    filed into Work/Invoices, with \\Flagged paper: rule 1, Invoices; in main; line 3: subject contains 'invoice'\n" in \
        server.cli("rule", "log", ruled).stdout.decode()
    # The message itself tells it, too.
    shown = server.cli("message", "show", ruled, "Work/Invoices").stdout.decode()
    assert shown.startswith("Rules did this with it when it came:\n    filed into Work/Invoices, with ") and "Subject  your invoice" in shown
    shown = json.loads(server.cli("message", "show", ruled, "Work/Invoices", "--json").stdout)
    assert [deed["ruleName"] for deed in shown["rules"]] == ["Invoices"] and shown["uid"] == 1
    assert [len(log(server, ruled, *words)) for words in (["Invoices"], ["1"], ["Nothing"], ["--since", "2099-01-01"], ["--since", "1h"])] == [1, 1, 0, 0, 3]


def test_taking_it_back(server, ruled):
    deliver(server, ruled, "your invoice", "invoice two", "invoice three", "a copy", "mark this")
    wait_for(lambda: boxes(server, ruled) == {"INBOX": 2, "Work/Invoices": 3, "Copies": 1})
    server.cli("rule", "undo", ruled, status=64)
    # One has been moved on: it stays.
    imap = imap_client.connect(server, ruled)
    imap.select("Work/Invoices")
    assert imap.uid("MOVE", "2", "Archive")[0] == "OK"
    done = server.cli("rule", "undo", ruled, "Invoices").stdout.decode()
    assert done == ("2 messages went back; of 2 the flags were taken off.\n"
                    "1 did not lie any more where a rule had put it, and stayed where it is.\n")
    assert boxes(server, ruled) == {"INBOX": 4, "Archive": 1, "Copies": 1}
    imap.select("INBOX")
    flags = b"".join(imap.uid("FETCH", "1:*", "(FLAGS)")[1])
    assert flags.count(b"FLAGS") == 4 and b"Flagged" not in flags and b"paper" not in flags
    imap.logout()
    again = json.loads(server.cli("rule", "undo", ruled, "Invoices", "--json").stdout)
    assert again == {"back": 0, "copiesRemoved": 0, "flagsRemoved": 0, "notThere": 3, "cannotBeTakenBack": 0}
    assert json.loads(server.cli("rule", "undo", ruled, "--since", "1h", "--json").stdout) == {
        "back": 0, "copiesRemoved": 1, "flagsRemoved": 1, "notThere": 3, "cannotBeTakenBack": 0}
    assert boxes(server, ruled) == {"INBOX": 4, "Archive": 1}


def test_the_last_copy_is_never_removed(server, ruled, tmp_path):
    # The copy in INBOX was removed by hand: what is left goes back there.
    deliver(server, ruled, "a copy")
    wait_for(lambda: boxes(server, ruled) == {"INBOX": 1, "Copies": 1})
    imap = imap_client.connect(server, ruled)
    imap.select("INBOX")
    assert imap.uid("STORE", "1:*", "+FLAGS", "(\\Deleted)")[0] == "OK" and imap.expunge()[0] == "OK"
    done = json.loads(server.cli("rule", "undo", ruled, "Copies", "--json").stdout)
    assert (done["back"], done["copiesRemoved"]) == (1, 0)
    assert boxes(server, ruled) == {"INBOX": 1}
    # What was filed twice goes back once.
    imap.select("INBOX")
    assert imap.uid("STORE", "1:*", "+FLAGS", "(\\Deleted)")[0] == "OK" and imap.expunge()[0] == "OK"
    imap.logout()
    (tmp_path / "main.sieve").write_text('require ["fileinto", "mailbox"]; # rule:[Twice]\nif true { fileinto :create "One"; fileinto :create "Two"; }')
    server.cli("rule", "put", ruled, tmp_path / "main.sieve", "--activate")
    deliver(server, ruled, "twice")
    wait_for(lambda: boxes(server, ruled) == {"One": 1, "Two": 1})
    done = json.loads(server.cli("rule", "undo", ruled, "--since", "1h", "--json").stdout)
    assert (done["back"], done["copiesRemoved"]) == (1, 1)
    assert boxes(server, ruled) == {"INBOX": 1}


def test_nobody_else_s_mail(server, ruled):
    server.add_account("other@example.test")
    deliver(server, "other@example.test", "your invoice")
    wait_for(lambda: boxes(server, "other@example.test") == {"INBOX": 1})
    assert "no rule did anything" in server.cli("rule", "log", "other@example.test").stdout.decode()
    assert json.loads(server.cli("rule", "undo", "other@example.test", "Invoices", "--json").stdout)["back"] == 0
