"""postrider rule apply: what a script would do with mail that is there, done, and taken back as one action."""

import json
import signal
import subprocess

import imap_client
from limits import TIMEOUT
from server import POSTRIDER

SCRIPT = """require ["fileinto", "mailbox", "imap4flags", "copy"];
# rule:[Invoices]
if header :contains "subject" "invoice" { addflag ["\\\\Flagged", "paper"]; fileinto :create "Work/Invoices"; stop; }
# rule:[Copies]
if header :contains "subject" "copy" { fileinto :copy :create "Copies"; }
# rule:[Mark]
if header :contains "subject" "mark" { addflag "\\\\Flagged"; keep; }
# rule:[Away]
if header :contains "subject" "spam" { discard; }
# rule:[Out]
if header :contains "subject" "send" { redirect "elsewhere@example.net"; }
# rule:[Lost]
if header :contains "subject" "lost" { fileinto "Nowhere"; }
"""


def boxes(server, whose):
    return {box["path"]: box["messages"] for box in json.loads(server.cli("mailbox", "list", whose, "--json").stdout) if box["messages"]}


def flags(server, whose, mailbox):
    imap = imap_client.connect(server, whose)
    imap.select(mailbox)
    answer = imap.uid("FETCH", "1:*", "(FLAGS)")[1]
    imap.logout()
    return b" ".join(answer)


def account(server, name, tmp_path, *subjects):
    whose = f"{name}@example.test"
    server.add_account(whose)
    (tmp_path / "tried.sieve").write_text(SCRIPT)
    imap = imap_client.connect(server, whose)
    imap_client.append_many(imap, "INBOX", [(f"Subject: {subject}\r\nFrom: joe@else.test\r\n\r\ntext\r\n".encode(), "") for subject in subjects])
    imap.logout()
    return whose


def test_one_action_and_back(server, tmp_path):
    whose = account(server, "applied", tmp_path, "plain", "your invoice", "a copy", "mark this", "spam", "send this", "lost and found", "invoice two")
    done = json.loads(server.cli("rule", "apply", whose, "--file", tmp_path / "tried.sieve", "--json").stdout)
    action = done.pop("action")
    assert done.pop("complaints") == [] and action > 0 and done == {"moved": 2, "copied": 1, "flagged": 3, "trashed": 1, "mailboxMissing": 1, "notDone": 1}
    assert boxes(server, whose) == {"INBOX": 5, "Work/Invoices": 2, "Copies": 1, "Trash": 1}
    filed = flags(server, whose, "Work/Invoices")
    assert filed.count(b"paper") == 2 and filed.count(b"Flagged") == 2
    entries = json.loads(server.cli("rule", "log", whose, "Invoices", "--json").stdout)
    assert len(entries) == 2 and entries[0]["deeds"][0]["why"] == "subject contains 'invoice'"
    # What a second look finds is what was left.
    again = json.loads(server.cli("rule", "apply", whose, "--file", tmp_path / "tried.sieve", "--query", "invoice", "--json").stdout)
    assert again["moved"] == 0
    back = json.loads(server.cli("rule", "undo", whose, "--action", str(action), "--json").stdout)
    assert back == {"back": 3, "copiesRemoved": 1, "flagsRemoved": 3, "notThere": 0, "cannotBeTakenBack": 0}
    assert boxes(server, whose) == {"INBOX": 8}
    inbox = flags(server, whose, "INBOX")
    assert b"paper" not in inbox and b"Flagged" not in inbox
    assert json.loads(server.cli("rule", "undo", whose, "--action", str(action), "--json").stdout)["back"] == 0
    # Flags that a message had before are left to it.
    imap = imap_client.connect(server, whose)
    imap.select("INBOX")
    imap.uid("STORE", "1:*", "+FLAGS", "(paper)")
    imap.logout()
    action = json.loads(server.cli("rule", "apply", whose, "--file", tmp_path / "tried.sieve", "--query", "invoice", "--json").stdout)["action"]
    server.cli("rule", "undo", whose, "--action", str(action))
    assert boxes(server, whose) == {"INBOX": 8} and flags(server, whose, "INBOX").count(b"paper") == 8 and b"Flagged" not in flags(server, whose, "INBOX")
    # In words.
    words = server.cli("rule", "apply", whose, "--file", tmp_path / "tried.sieve", "--query", "spam").stdout.decode()
    assert words.startswith("0 moved, 0 copied, 0 flagged, 1 put into Trash.\n`postrider rule undo applied@example.test --action ")


def test_a_copy_beside_a_move_and_called_twice(server, tmp_path):
    whose = account(server, "twice", tmp_path, "both", "one", "plain")
    (tmp_path / "tried.sieve").write_text("""require ["fileinto", "mailbox", "copy"];
        if header :is "subject" "both" { fileinto :copy :create "Copies"; fileinto :create "Work"; }
        if header :is "subject" "one" { fileinto :copy :create "Copies"; }""")
    apply = ["rule", "apply", whose, "--file", tmp_path / "tried.sieve", "--json"]
    first = json.loads(server.cli(*apply).stdout)
    assert (first["moved"], first["copied"]) == (1, 2)
    assert boxes(server, whose) == {"INBOX": 2, "Copies": 2, "Work": 1}
    second = json.loads(server.cli(*apply).stdout)
    assert (second["moved"], second["copied"]) == (0, 0)
    assert boxes(server, whose) == {"INBOX": 2, "Copies": 2, "Work": 1}
    # What had nothing left to do is still undone as what the first call did.
    server.cli("rule", "undo", whose, "--action", str(first["action"]))
    assert boxes(server, whose) == {"INBOX": 3}


def test_mailboxes_are_found_as_delivery_finds_them(server, tmp_path):
    whose = account(server, "found", tmp_path, "by use", "by id", "filed and discarded")
    imap = imap_client.connect(server, whose)
    imap.create("Wrong")
    imap.create("Right")
    shown = b" ".join(imap.select("Right")[1]) + b" ".join(value or b"" for value in imap.untagged_responses.get("MAILBOXID", []))
    identifier = shown.split(b"(")[-1].split(b")")[0].decode()
    imap.logout()
    assert identifier.startswith("M")
    (tmp_path / "found.sieve").write_text(f"""require ["fileinto", "mailboxid", "special-use"];
        if header :is "subject" "by use" {{ fileinto :specialuse "\\\\Junk" "Wrong"; }}
        elsif header :is "subject" "by id" {{ fileinto :mailboxid "{identifier}" "Wrong"; }}
        else {{ fileinto "Right"; discard; }}""")
    done = json.loads(server.cli("rule", "apply", whose, "--file", tmp_path / "found.sieve", "--json").stdout)
    assert (done["moved"], done["copied"], done["trashed"]) == (3, 0, 0)
    assert boxes(server, whose) == {"Junk": 1, "Right": 2}


def kill_within(server, *words):
    """The command, killed as soon as it has begun its work."""
    process = subprocess.Popen([POSTRIDER, "--config", server.config, *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return process


def test_interrupted(server, tmp_path):
    whose = account(server, "interrupted", tmp_path, *(f"invoice {number}" for number in range(200)))
    process = kill_within(server, "rule", "apply", whose, "--file", tmp_path / "tried.sieve")
    while boxes(server, whose).get("Work/Invoices", 0) < 5 and process.poll() is None:
        pass
    process.send_signal(signal.SIGKILL)
    process.communicate()
    there = boxes(server, whose)
    assert there.get("INBOX", 0) + there["Work/Invoices"] == 200
    # It goes on, and all of it goes back, in two pieces too.
    server.cli("rule", "apply", whose, "--file", tmp_path / "tried.sieve")
    assert boxes(server, whose) == {"Work/Invoices": 200}
    process = kill_within(server, "rule", "undo", whose, "Invoices")
    while boxes(server, whose).get("INBOX", 0) < 5 and process.poll() is None:
        pass
    process.send_signal(signal.SIGKILL)
    process.communicate()
    server.cli("rule", "undo", whose, "Invoices")
    assert boxes(server, whose) == {"INBOX": 200}
    assert flags(server, whose, "INBOX").count(b"paper") <= 1  # of the message at which it was interrupted


def killed_store(server, done, *words):
    """The command, while store is killed at some instant behind the first messages; it is called until it has finished."""
    process = kill_within(server, *words)
    while not done() and process.poll() is None:
        pass
    server.kill_role("store")
    process.communicate(timeout=TIMEOUT)
    status = process.returncode
    while process.returncode:
        process = subprocess.run([POSTRIDER, "--config", server.config, *map(str, words)], capture_output=True, check=False, timeout=TIMEOUT)
        assert process.returncode in (0, 75), process.stderr
    return status


def test_store_is_killed(make_server, tmp_path):
    server = make_server()
    server.expect("role-ended", "channel-lost")
    whose = account(server, "store", tmp_path, *(f"invoice {number}" for number in range(200)))
    (tmp_path / "tried.sieve").write_text("""require ["fileinto", "mailbox", "copy", "imap4flags"];
        addflag "paper"; fileinto :create "Work"; fileinto :create "Copies";""")
    status = killed_store(server, lambda: boxes(server, whose).get("Copies", 0) >= 5, "rule", "apply", whose, "--file", tmp_path / "tried.sieve")
    assert status == 75
    assert boxes(server, whose) == {"Work": 200, "Copies": 200}
    status = killed_store(server, lambda: boxes(server, whose).get("INBOX", 0) >= 5, "rule", "undo", whose, "--since", "1h")
    assert status == 75
    assert boxes(server, whose) == {"INBOX": 200}
    # The message at which it was interrupted may have had its flags by then: the second call found them there.
    assert flags(server, whose, "INBOX").count(b"paper") <= 1
    server.cli("store", "check")
