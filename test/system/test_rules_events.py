"""Scripts that run since somebody did something to a message by IMAP (RFC 6785)."""

import imaplib
import itertools

import pytest

from imap_client import connect, contents, fetch, ok
from server import wait_for
from web_client import Web

imaplib.Commands["SETMETADATA"] = ("AUTH", "SELECTED")
numbers = itertools.count(1)
ENTRY = "/shared/imapsieve/script"
WHY = '''require ["imapsieve", "environment", "variables", "imap4flags"];
if environment :matches "imap.cause" "*" { set "cause" "${1}"; }
if environment :matches "imap.mailbox" "*" { set "mailbox" "${1}"; }
if environment :matches "imap.user" "*@*" { set "user" "${1}"; }
if environment :is "phase" "post" { addflag "${cause}-${mailbox}-${user}"; }
if environment :contains "imap.changedflags" "\\\\Flagged" { addflag "starred"; }
'''


@pytest.fixture
def user(server):
    address = f"event{next(numbers)}@example.test"
    server.add_account(address)
    return address


@pytest.fixture
def web(server, user):
    with Web(server, user) as web:
        yield web


def put(server, address, name, text):
    server.cli("rule", "put", address, "-", "--name", name, input=text.encode())


def script_of(client, mailbox, name):
    ok(client._simple_command("SETMETADATA", f'"{mailbox}"', f'({ENTRY} {name})'))


def message(subject):
    return f"From: Someone <someone@else.test>\r\nSubject: {subject}\r\nMessage-ID: <{subject}@else.test>\r\n\r\nbody\r\n".encode()


def append(client, mailbox, subject, flags=None):
    ok(client.append(mailbox, flags, None, message(subject)))


def flags(client, mailbox):
    """{subject: flags}, once every message of the mailbox has been dealt with: a script that sets a last flag shows it."""
    ok(client.select(mailbox))
    return {body.split(b"Subject: ")[1].split(b"\r\n")[0].decode(): {f.decode() for f in found} for found, body in fetch(client).values()}


def test_each_cause_says_what_happened(server, user):
    put(server, user, "why", WHY)
    name = user.split("@")[0]
    with connect(server, user) as client:
        assert any(c.startswith("IMAPSIEVE=SIEVE://") for c in client.capabilities) or b"IMAPSIEVE=sieve://" in ok(client.capability())[0]
        ok(client.create("Work"))
        append(client, "INBOX", "before")
        script_of(client, "Work", '"why"')
        append(client, "Work", "appended", "\\Seen")
        wait_for(lambda: flags(client, "Work") == {"appended": {"\\Seen", f"APPEND-Work-{name}"}}, what="the script")
        ok(client.select("INBOX"))
        ok(client.copy("1", "Work"))
        wait_for(lambda: flags(client, "Work").get("before") == {f"COPY-Work-{name}"}, what="the script")
        ok(client.select("INBOX"))
        ok(client.uid("MOVE", "1", "Work"))
        wait_for(lambda: len(fetch_all(client, "Work")) == 3 and all(f"COPY-Work-{name}".encode() in f or f"APPEND-Work-{name}".encode() in f
                                                                                  for f, _ in fetch_all(client, "Work").values()), what="the script")
        ok(client.select("Work"))
        ok(client.uid("STORE", "1", "+FLAGS", "(\\Flagged \\Seen)"))
        wait_for(lambda: flags(client, "Work")["appended"] == {"\\Seen", "\\Flagged", f"APPEND-Work-{name}", f"FLAG-Work-{name}", "starred"}, what="the script")
        # A flag that was there is not changed, and what a script did is no event: nothing follows any more.
        mark = server.mark()
        ok(client.uid("STORE", "1", "+FLAGS", "(\\Flagged)"))
        ok(client.uid("STORE", "3", "+FLAGS", "(last)"))
        wait_for(lambda: f"FLAG-Work-{name}" in flags(client, "Work")["before"], what="the script")
        assert "starred" not in flags(client, "Work")["before"]
        assert not server.find_events("rules-failed", since=mark)


def fetch_all(client, mailbox):
    ok(client.select(mailbox))
    return fetch(client)


def test_what_scripts_do(server, user):
    other = f"other{user}"
    server.add_account(other)
    put(server, user, "do", f'''require ["fileinto", "mailbox", "copy", "imap4flags"];
        if header :is "subject" "drop" {{ discard; stop; }}
        if header :is "subject" "file" {{ fileinto :create :flags "filed" "Made/Here"; stop; }}
        if header :is "subject" "nowhere" {{ fileinto "Not/There"; stop; }}
        if header :is "subject" "copy" {{ fileinto :copy :create "Copies"; }}
        if header :is "subject" "send" {{ redirect :copy "{other}"; }}
        if header :is "subject" "unseen" {{ removeflag "\\\\Seen"; }}
        addflag "done";''')
    with connect(server, user) as client:
        ok(client.create("Work"))
        script_of(client, "", '"do"')  # of the whole account
        for subject in ("drop", "file", "nowhere", "copy", "send", "unseen", "plain"):
            append(client, "Work", subject, "\\Seen")
        wait_for(lambda: "done" in flags(client, "Work")["plain"], what="the last script")
        assert flags(client, "Work") == {"drop": {"\\Seen", "\\Deleted"}, "file": {"\\Seen", "\\Deleted"}, "nowhere": {"\\Seen"},
                                         "copy": {"\\Seen", "done"}, "send": {"\\Seen", "done"}, "unseen": {"done"}, "plain": {"\\Seen", "done"}}
        assert flags(client, "Made/Here") == {"file": {"filed"}}
        assert flags(client, "Copies") == {"copy": {"\\Seen"}}
        wait_for(lambda: [b.split(b"Subject: ")[1].split(b"\r\n")[0] for b, _ in contents(server, other).get("INBOX", [])] == [b"send"], what="the redirect")
        # An empty value switches it off for a mailbox.
        ok(client.create("Quiet"))
        script_of(client, "Quiet", '""')
        append(client, "Quiet", "first")
        append(client, "Work", "second")
        wait_for(lambda: "done" in flags(client, "Work")["second"], what="the script")
        assert flags(client, "Quiet") == {"first": set()}
        script_of(client, "", "NIL")
        mark = server.mark()
        append(client, "Work", "third")
        append(client, "Work", "fourth")
        assert flags(client, "Work")["third"] == set() and not server.find_events("event-script-ran", since=mark)


def test_a_script_that_cannot_run_leaves_the_message(server, user):
    put(server, user, "bad", 'require "reject"; reject "no";')
    put(server, user, "good", 'require "imap4flags"; addflag "good";')
    with connect(server, user) as client:
        ok(client.create("Work"))
        script_of(client, "Work", '"bad"')
        mark = server.mark()
        append(client, "Work", "first")
        server.wait_event("rules-failed", since=mark)
        assert flags(client, "Work") == {"first": set()}
        script_of(client, "Work", '"none of this name"')
        append(client, "Work", "second")
        server.wait_event("event-script-not-run", since=mark)
        script_of(client, "Work", '"good"')
        append(client, "Work", "third")
        wait_for(lambda: flags(client, "Work") == {"first": set(), "second": set(), "third": {"good"}}, what="the script")
        # The role that runs scripts ends: the next event meets a new one.
        server.kill_role("rules")
        append(client, "Work", "fourth")
        wait_for(lambda: flags(client, "Work")["fourth"] == {"good"}, what="the script")


def test_somebody_else_in_a_shared_mailbox(server, user):
    guest = f"guest{user}"
    server.add_account(guest)
    put(server, user, "why", WHY)
    with connect(server, user) as owner, connect(server, guest) as client:
        ok(owner.create("Team"))
        script_of(owner, "Team", '"why"')
        ok(owner.setacl("Team", guest, "lrswi"))
        ok(client.subscribe(f'"Users/{user}/Team"'))
        append(client, f'"Users/{user}/Team"', "by.guest")
        wait_for(lambda: flags(owner, "Team") == {"by.guest": {f"APPEND-Team-{guest.split('@')[0]}"}}, what="the script")


def change(web, email, patch):
    (_, answer), = web.call(("Email/set", {"accountId": web.account, "update": {email: patch}}))
    assert email in answer["updated"], answer


def test_what_jmap_does_is_an_event_too(server, user, web):
    put(server, user, "why", WHY)
    name = user.split("@")[0]
    appended, copied, flagged = (f"{cause}-Work-{name}" for cause in ("APPEND", "COPY", "FLAG"))
    with connect(server, user) as client:
        ok(client.create("Work"))
        append(client, "INBOX", "moved")
        script_of(client, "Work", '"why"')
        (_, boxes), (_, found) = web.call(("Mailbox/get", {"accountId": web.account}), ("Email/query", {"accountId": web.account}))
        box = {mailbox["name"].lower(): mailbox["id"] for mailbox in boxes["list"]}
        blob = web.upload(message("imported"), "message/rfc822").json["blobId"]
        (_, answer), = web.call(("Email/import", {"accountId": web.account, "emails": {"k": {"blobId": blob, "mailboxIds": {box["work"]: True}}}}))
        imported = answer["created"]["k"]["id"]
        wait_for(lambda: flags(client, "Work") == {"imported": {appended}}, what="the script")
        # Flagged where no script is, and moved to where one is: the script hears of the move alone.
        change(web, found["ids"][0], {"keywords/$flagged": True, f"mailboxIds/{box['inbox']}": None, f"mailboxIds/{box['work']}": True})
        wait_for(lambda: flags(client, "Work").get("moved") == {"\\Flagged", copied}, what="the script")
        change(web, imported, {"keywords/$flagged": True, "keywords/$seen": True})
        wait_for(lambda: flags(client, "Work")["imported"] == {"\\Seen", "\\Flagged", "starred", appended, flagged}, what="the script")
        # What is set already is no change, and what a script did is no event.
        mark = server.mark()
        change(web, imported, {"keywords/$flagged": True})
        change(web, found["ids"][0], {"keywords/$seen": True})
        wait_for(lambda: flagged in flags(client, "Work")["moved"], what="the script")
        assert flags(client, "Work") == {"imported": {"\\Seen", "\\Flagged", "starred", appended, flagged}, "moved": {"\\Seen", "\\Flagged", copied, flagged}}
        assert not server.find_events("rules-failed", since=mark)
