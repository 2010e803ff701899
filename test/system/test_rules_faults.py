"""Rules that cannot do their work: a message that ends their process, a script that wants too much, a disk that is full. The mail is kept."""

import pathlib
import smtplib
import threading

import pytest

from server import wait_for
from small_disk import needs_root, server_on_small_disk
from test_rules import message, notices, put, subjects

USER = "alice@example.test"
TEXT = "the quick brown fox jumps over the lazy dog\r\n"


LARGE = TEXT * 10000
PARTS = "--b\r\nX-Part: a\r\n\r\nhello\r\n" * 4000 + "--b--"


def searching(keys, comparator="i;ascii-casemap"):
    """A script that looks for so many words in the body, and finds none."""
    words = ", ".join(f'"absent {i}"' for i in range(keys))
    return f'require ["body", "fileinto"];\nif body :raw :comparator "{comparator}" :contains [{words}] {{ discard; }}\nfileinto "Archive";\n'


# Each of its loops asks all parts at each part, and keeps what it makes of them.
COLLECTING = """require ["foreverypart", "mime", "extracttext", "variables", "fileinto"];
foreverypart { if header :mime "content-type" :contains "multi" { foreverypart { set :upper "b" "${b}${b}${b}yy"; extracttext "t"; set "c" "${b}${b}${c}"; } } }
fileinto "Archive";
"""


def work(pid):
    """Ticks of the processor's time that a process has taken; 0 when it is gone."""
    try:
        fields = pathlib.Path("/proc", str(pid), "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    return int(fields[11]) + int(fields[12])


def test_a_message_that_ends_the_process(server):
    user = "ends@example.test"
    server.add_account(user)
    server.expect("role-ended", "channel-lost")
    put(server, user, searching(800))
    server.deliver(user, message("small"))
    assert subjects(server, user) == {"Archive": [("small",)]}
    sender = threading.Thread(target=server.deliver, args=(user, message("ends it", LARGE)))
    idle, mark = {}, server.mark()
    sender.start()
    while sender.is_alive():
        # Whenever it works on the message: what it takes while it only starts, and waits, is less.
        pid = server.role_pids().get("rules")
        if pid and work(pid) >= idle.setdefault(pid, work(pid)) + 20:
            server.kill_role("rules")
            wait_for(lambda: server.role_pids().get("rules") != pid, what="its end")
        sender.join(0.01)
    assert subjects(server, user)["INBOX"].count(("ends it",)) == 1
    assert "ended the process" in server.wait_event("rules-failed", mark).fields["why"]
    wait_for(lambda: notices(server, user), what="the notice")
    # The next ones go where they should, and nothing more is told.
    server.deliver(user, message("another"))
    assert subjects(server, user)["Archive"] == [("another",), ("small",)]
    assert len(notices(server, user)) == 1


@pytest.mark.parametrize("what, script, large", [
    ("work", searching(5000, "i;octet"), ("", LARGE)),
    ("memory", COLLECTING, ("Content-Type: multipart/mixed; boundary=b\r\n", PARTS)),
], ids=["work", "memory"])
def test_a_script_that_wants_too_much(server, what, script, large):
    user = f"{what}@example.test"
    server.add_account(user)
    put(server, user, script)
    server.deliver(user, message("small"))
    mark = server.mark()
    for i in range(2):
        server.deliver(user, message(f"large {i}", large[1], large[0]))
    failed = server.wait_event("rules-failed", mark, count=2, script="mine", line=2)
    assert f"more {what} " in failed.fields["why"]
    wait_for(lambda: notices(server, user), what="the notice")
    assert [s for s in subjects(server, user)["INBOX"] if s[0].startswith("large")] == [("large 0",), ("large 1",)]
    assert subjects(server, user)["Archive"] == [("small",)]
    assert len(notices(server, user)) == 1


def test_a_script_that_asks_again_and_again(server):
    """Each answer makes a script run from its beginning: the time for all of them together is what counts."""
    user = "asks@example.test"
    server.add_account(user)
    server.expect("role-ended", "channel-lost")
    look = "\n".join(f'if mailboxexists "Box {i}" {{ discard; }}' for i in range(150))
    put(server, user, f'require ["body", "mailbox", "fileinto"];\n{searching(100).splitlines()[1]}\n{look}\nfileinto "Archive";\n')
    mark = server.mark()
    server.deliver(user, message("large", LARGE))
    assert "too long over this message" in server.wait_event("rules-failed", mark, script="mine").fields["why"]
    assert ("large",) in subjects(server, user)["INBOX"] and not server.find_events("role-ended", since=mark)


def outcome(server, subject):
    try:
        server.deliver(USER, message(subject))
        return 250
    except smtplib.SMTPRecipientsRefused as error:
        return next(iter(error.recipients.values()))[0]
    except smtplib.SMTPResponseException as error:
        return error.smtp_code


@needs_root
def test_a_full_disk(make_server):
    with server_on_small_disk(make_server) as (server, disk):
        put(server, USER, 'require ["fileinto", "mailbox", "duplicate"]; if duplicate { discard; } elsif header :contains "subject" "work" { fileinto :create "Work"; }')
        assert outcome(server, "work before") == 250
        disk.fill()
        kept, number = ["work before"], 0
        while (code := outcome(server, f"work {number}")) == 250:  # until the lack is noticed
            kept.append(f"work {number}")
            number += 1
        assert code // 100 == 4
        disk.clear()
        # What was refused has left no mark of a duplicate: it is kept when it is sent again.
        wait_for(lambda: outcome(server, f"work {number}") == 250, what="service again")
        assert outcome(server, "plain") == 250
        assert subjects(server, USER) == {"Work": sorted((s,) for s in [*kept, f"work {number}"]), "INBOX": [("plain",)]}
        assert server.stop() == 0
