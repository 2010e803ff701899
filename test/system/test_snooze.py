"""Emails that were put off come back by themselves when their time has come, whatever the server went through meanwhile."""
import datetime
import http.client
import time

import pytest

from clock import Clock
from server import wait_for
from web_client import CORE, MAIL, Web

ALICE = "alice@example.test"
SNOOZE = "urn:ietf:params:jmap:mail:snooze"
DAY = 86400


@pytest.fixture
def clock(tmp_path):
    tmp_path.chmod(0o755)
    return Clock(tmp_path / "clock")


def date(seconds):
    return datetime.datetime.fromtimestamp(int(seconds), datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


class Mail(Web):
    def ask_one(self, method, **arguments):
        name, answer = self.call((method, {"accountId": self.account, **arguments}), using=(CORE, MAIL, SNOOZE))[0]
        assert name == method, answer
        return answer

    def ids(self):
        return self.ask_one("Email/query", sort=[{"property": "receivedAt"}])["ids"]

    def put_off(self, ids, until, **more):
        answer = self.ask_one("Email/set", update={i: {"snoozed": {"until": date(until), **more}} for i in ids})
        assert set(answer["updated"]) == set(ids), answer

    def email(self, number):
        return self.ask_one("Email/get", ids=[number], properties=["snoozed", "awokenAt", "mailboxIds", "keywords", "receivedAt"])["list"][0]

    def box(self, role):
        return self.ask_one("Mailbox/query", filter={"role": role})["ids"][0]


def back(server, number):
    with Mail(server, ALICE) as web:
        email = web.email(number)
        return email["mailboxIds"] == {web.box("inbox"): True} and email


def test_they_come_back_in_time(server):
    for i in range(3):
        server.deliver(ALICE, f"Subject: {i}\r\n\r\nx\r\n".encode())
    with Mail(server, ALICE) as web:
        first, second, third = web.ids()
        web.ask_one("Email/set", update={first: {"keywords/$seen": True}})
        received = web.email(first)["receivedAt"]
        state = web.ask_one("Email/get", ids=[])["state"]
        until = int(time.time()) + 5
        web.put_off([first], until, setKeywords={"$seen": False, "$flagged": True})
        web.put_off([second], until + DAY)
        assert web.email(first)["mailboxIds"] == {web.box("snoozed"): True}
        email = wait_for(lambda: back(server, first), what="the Email to come back", pause=0.02)
        late = time.time() - until
        # Of this, a busy machine takes most.
        assert 0 <= late < 15, late
        assert email["keywords"] == {"$flagged": True} and email["receivedAt"] == received
        assert email["snoozed"] is None and until <= datetime.datetime.fromisoformat(email["awokenAt"].replace("Z", "+00:00")).timestamp() <= until + 1
        changes = web.ask_one("Email/changes", sinceState=state)
        assert set(changes["updated"]) == {first, second}
        # It stands where it would stand had it come now.
        inbox = web.ask_one("Email/query", filter={"inMailbox": web.box("inbox")}, sort=[{"property": "snoozedUntil", "isAscending": False}])
        assert inbox["ids"] == [first, third]
        assert web.email(second)["snoozed"]["until"] == date(until + DAY)


def test_store_ends_and_the_clock_jumps(make_server, clock):
    server = make_server(environment=clock.environment)
    for i in range(6):
        server.deliver(ALICE, f"Subject: {i}\r\n\r\nx\r\n".encode())
    with Mail(server, ALICE) as web:
        ids = web.ids()
        web.put_off(ids[:5], clock.now() + 10 * DAY)
        web.put_off(ids[5:], clock.now() + 400 * DAY)
    asked, answered = reminders(server, clock)
    server.kill_role("store")
    wait_for(lambda: serves(server), what="store to serve again")
    assert not back(server, ids[0])
    clock.advance(-30 * DAY)
    assert not back(server, ids[0])
    clock.advance(41 * DAY)
    for number in ids[:5]:
        wait_for(lambda number=number: back(server, number), what="an Email to come back")
    # Of two reminders one was answered: it is over, and the mail stays where it lies.
    with Mail(server, ALICE) as web:
        archive, inbox = web.box("archive"), web.box("inbox")
        wait_for(lambda: web.email(answered)["snoozed"] is None, what="a reminder to be over")
        assert web.email(answered)["mailboxIds"] == {archive: True} and web.email(answered)["awokenAt"] is None
        wait_for(lambda: web.email(asked)["mailboxIds"] == {archive: True, inbox: True}, what="a reminder to come")
        assert web.email(asked)["awokenAt"]
    # Its time comes while nobody is there to see it.
    server.kill_role("store")
    clock.advance(400 * DAY)
    wait_for(lambda: serves(server), what="store to serve again")
    wait_for(lambda: back(server, ids[5]), what="the last Email to come back")


def reminders(server, clock):
    """Two mails in Archive with reminders, of which the second one is answered."""
    ids = []
    for name in ("asked", "answered"):
        server.deliver(ALICE, f"From: {ALICE}\r\nMessage-ID: <{name}@example.test>\r\nSubject: {name}\r\n\r\nx\r\n".encode())
        with Mail(server, ALICE) as web:
            number = web.ask_one("Email/query", filter={"subject": name})["ids"][0]
            web.ask_one("Email/set", update={number: {"mailboxIds": {web.box("archive"): True}}})
            web.put_off([number], clock.now() + 10 * DAY, unlessAnswered=True)
            assert web.email(number)["mailboxIds"] == {web.box("archive"): True, web.box("snoozed"): True}
            ids.append(number)
    server.deliver(ALICE, b"From: bob@example.test\r\nIn-Reply-To: <answered@example.test>\r\nReferences: <answered@example.test>\r\n"
                   b"Message-ID: <yes@example.test>\r\nSubject: Re: answered\r\n\r\nYes.\r\n")
    return ids


def serves(server):
    try:
        with Mail(server, ALICE) as web:
            return web.ids()
    except (AssertionError, KeyError, OSError, ValueError, http.client.HTTPException):
        return False


def test_many_come_back_at_once(server):
    """More than one step wakes, of several accounts."""
    count = 450
    people = {ALICE: set(), "bob@example.test": set()}
    for who in people:
        with Mail(server, who) as web:
            inbox = web.box("inbox")
            made = web.ask_one("Email/set", create={f"k{i}": {"mailboxIds": {inbox: True}, "subject": f"{i}"} for i in range(count)})
            assert len(made["created"]) == count
            people[who] = {e["id"] for e in made["created"].values()}
            web.put_off(people[who], time.time() + 2)
    for who in people:
        with Mail(server, who) as web:
            inbox = web.box("inbox")
            wait_for(lambda web=web, who=who, inbox=inbox: people[who] <= set(web.ask_one("Email/query", filter={"inMailbox": inbox})["ids"]), what="all to be back")
