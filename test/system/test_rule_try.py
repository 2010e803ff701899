"""postrider rule try: what a script would do with mail that is there; nothing is changed."""

import json

import pytest

BOB = "bob@example.test"
SCRIPT = """require ["fileinto", "mailbox", "imap4flags", "envelope", "date", "relational"];
# rule:[Invoices]
if header :contains "subject" "invoice" {
\taddflag "\\\\Seen";
\tfileinto :create "Work/Invoices";
\tstop;
}
if envelope :is "from" "shop@example.net" { redirect "elsewhere@example.net"; }
if size :over 100K { discard; }
if currentdate :value "lt" "year" "2001" { fileinto "Old"; }
"""


@pytest.fixture
def script(tmp_path):
    (tmp_path / "tried.sieve").write_text(SCRIPT)
    return tmp_path / "tried.sieve"


def put(server, tmp_path, name, *messages):
    folder = tmp_path / name
    folder.mkdir()
    for number, message in enumerate(messages):
        (folder / f"{number}.eml").write_bytes(message.replace("\n", "\r\n").encode())
    server.cli("mailbox", "import", BOB, folder, "--format", "eml")


def listing(server):
    return server.cli("mailbox", "list", BOB, "--json").stdout


def message(number, subject="hello", sender="joe@example.net", text="text", day="Mon, 2 Nov 2026 12:00:00 +0000"):
    return f"Return-Path: <{sender}>\nDate: {day}\nFrom: {sender}\nTo: {BOB}\nSubject: {subject}\nMessage-ID: <{number}@try.test>\n\n{text}\n"


def test_what_would_happen(server, script, tmp_path):
    put(server, tmp_path, "Tried", message(1), message(2, "Your invoice 17"), message(3, "An offer", "shop@example.net"), message(4, text="long " * 30000),
        message(5, "=?utf-8?q?invoice_=E2=82=AC?="))
    before = listing(server)
    told = json.loads(server.cli("rule", "try", BOB, "--file", script, "--mailbox", "Tried", "--json").stdout)
    assert told["messages"] == 5 and told["more"] == 0
    deeds = {one["subject"]: one["deeds"] for one in told["touched"]}
    assert sorted(deeds) == ["=?utf-8?q?invoice_=E2=82=AC?=", "An offer", "Your invoice 17", "hello"]
    filed, = deeds["Your invoice 17"]
    assert filed.pop("why") and filed == {"action": "file", "line": 5, "target": "Work/Invoices", "flags": "\\Seen", "create": True, "rule": 1, "ruleName": "Invoices",
                                          "whyLine": 3}
    assert [deed["action"] for deed in deeds["An offer"]] == ["redirect"] and deeds["An offer"][0]["target"] == "elsewhere@example.net"
    assert [deed["action"] for deed in deeds["hello"]] == ["discard"] and deeds["hello"][0]["line"] == 9
    words = server.cli("rule", "try", BOB, "--file", script, "--mailbox", "Tried").stdout.decode()
    assert "2026-" in words and "  Your invoice 17\n    filed into Work/Invoices, which is made if it isn't there, with \\Seen: rule 1, Invoices; line 3: " in words
    assert words.endswith("5 messages: 2 filed, 1 redirected, 1 discarded, 1 as it is.\n")
    # Nothing was done, and the mailbox that would be made is not there.
    assert listing(server) == before and b"Invoices" not in before
    # A script of the account's, and all messages.
    server.cli("rule", "put", BOB, script)
    every = json.loads(server.cli("rule", "try", BOB, "tried", "--mailbox", "Tried", "--all", "--json").stdout)
    assert len(every["touched"]) == 5 and every["touched"][0]["deeds"] == [{"action": "keep", "line": 0}]
    server.cli("rule", "remove", BOB, "tried")


def test_which_messages(server, script, tmp_path):
    put(server, tmp_path, "Chosen", message(11, "invoice one"), message(12, "invoice two", text="a needle in it"), message(13, "invoice three"))
    def subjects(*words):
        told = json.loads(server.cli("rule", "try", BOB, "--file", script, "--mailbox", "Chosen", *words, "--json").stdout)
        return told["messages"], [one["subject"] for one in told["touched"]]
    assert subjects("--query", "NEEDLE") == (1, ["invoice two"])
    assert subjects("--query", "haystack") == (0, [])
    assert subjects("--since", "3650")[0] == 3
    assert subjects("--since", "2099-01-01") == (0, [])
    assert subjects("--since", "2000-01-01", "--query", "invoice") == (3, ["invoice one", "invoice two", "invoice three"])


def test_what_is_refused(server, script, tmp_path):
    put(server, tmp_path, "Refused", message(21))
    (tmp_path / "bad.sieve").write_text("keep;\nfilinto \"x\";\n")
    bad = server.cli("rule", "try", BOB, "--file", tmp_path / "bad.sieve", "--mailbox", "Refused", status=65)
    assert b"bad.sieve:2:1: error: " in bad.stdout and b"has 1 error, and was not tried" in bad.stderr
    server.cli("rule", "try", BOB, "--file", script, "--mailbox", "Nowhere", status=66)
    server.cli("rule", "try", BOB, "nothing", "--mailbox", "Refused", status=66)
    server.cli("rule", "try", BOB, "--file", script, "--since", "yesterday", status=64)
    server.cli("rule", "try", BOB, status=64)
    # Without a message that it could be tried on, its errors are told all the same.
    nobody = server.cli("rule", "try", BOB, "--file", tmp_path / "bad.sieve", "--mailbox", "Refused", "--since", "2099-01-01", status=65)
    assert b"bad.sieve:2:1: error: " in nobody.stdout and b"was not tried" in nobody.stderr
    # A script that fails over a message is told of, and the next one is tried.
    (tmp_path / "fails.sieve").write_text('require ["variables", "fileinto"];\nif header :matches "Subject" "*" { set "to" "${1}"; }\nif address :is "from" "joe@example.net" { redirect "${to}"; }\n')
    failed = json.loads(server.cli("rule", "try", BOB, "--file", tmp_path / "fails.sieve", "--mailbox", "Refused", "--json").stdout)
    deed, = failed["touched"][0]["deeds"]
    assert [(one["line"], one["severity"]) for one in failed["complaints"]] == [(1, "warning")]
    assert deed["line"] == 3 and "hello" in deed["failed"]
