"""Mail with rules while processes are killed at any instant: what was acknowledged is there, once, and where its rules want it or in INBOX."""

import random
import smtplib
import threading
import time

import pytest

from imap_client import contents
from server import wait_for
from test_rules import message, put

MESSAGES = 60
KILLS = 5  # the master waits longer each time before it starts a role again
SCRIPT = """require ["fileinto", "mailbox", "duplicate"];
    if duplicate { discard; stop; }
    if header :contains "subject" "work" { fileinto :create "Work"; }
    elsif header :contains "subject" "none" { discard; }"""


def send_all(server, user, acknowledged):
    """Each until it is acknowledged: what a sender does. One that was tried again may be there already, and its rules know."""
    for i in range(MESSAGES):
        subject = f"{('work', 'plain', 'none')[i % 3]} {i}"
        while True:
            try:
                server.deliver(user, message(subject))
                break
            except (smtplib.SMTPException, OSError):
                time.sleep(0.05)
        acknowledged.append(subject)


@pytest.mark.parametrize("roles", [["rules"], ["store"]])
def test_nothing_is_lost_or_doubled(make_server, roles):
    server = make_server()
    server.expect("role-ended", "channel-lost", "rules-failed")
    user = "killed@example.test"
    server.add_account(user)
    put(server, user, SCRIPT)
    server.deliver(user, message("plain first"))
    acknowledged, chance = [], random.Random(len(roles) + len(roles[0]))
    sender = threading.Thread(target=send_all, args=(server, user, acknowledged))
    sender.start()
    for _ in range(KILLS):
        role = chance.choice(roles)
        if role in server.role_pids():
            server.kill_role(role)
        time.sleep(chance.uniform(0.02, 0.4))
    sender.join()
    assert len(acknowledged) == MESSAGES
    found = wait_for(lambda: attempt(lambda: contents(server, user)), what="the mailboxes")
    where = {}
    for mailbox, messages in found.items():
        for body, _ in messages:
            subject = next(line[9:] for line in body.decode().split("\r\n") if line.startswith("Subject: "))
            where.setdefault(subject, []).append(mailbox)
    for subject in acknowledged:
        kind = subject.split()[0]
        places = where.get(subject, [])
        # Kept without its rules, when they could not be run twice: in INBOX, and never nowhere but where a rule says so.
        assert len(places) <= 1, (subject, places)
        assert places in (["Work"], ["INBOX"]) if kind == "work" else places == ["INBOX"] if kind == "plain" else places in ([], ["INBOX"]), (subject, places)
    assert any(places == ["Work"] for places in where.values())


def attempt(what):
    try:
        return what()
    except Exception:
        return None
