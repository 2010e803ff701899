"""What senders are told: reports as they lie in a mailbox or arrive at another host, read with Python's email package and with our own."""

import contextlib
import email
import email.policy
import json
import re

import pytest

from clock import Clock
from road import Report
from server import wait_for

ALICE, BOB, NOBODY = "alice@provider.example", "bob@provider.example", "nobody@company.example"
HOUR, DAY = 3600, 86400
LETTER = b"From: alice@provider.example\r\nMessage-ID: <letter@provider.example>\r\nSubject: =?utf-8?q?Caf=C3=A9?=\r\n\r\nthe text\r\n"


@pytest.fixture
def clock(tmp_path):
    tmp_path.chmod(0o755)
    return Clock(tmp_path / "clock")


class World:
    """Alice's and Bob's provider, and a company whose host knows no nobody@."""

    def __init__(self, net, clock, extensions=None, **settings):
        net.domain("company.example")
        options = {} if extensions is None else {"extensions": extensions}
        self.host = net.host("mx.company.example", **options)
        self.host.on("rcpt", "550 5.1.1 <nobody@company.example>: no such user", match="nobody*")
        net.mx("company.example", "mx.company.example")
        self.server = net.postrider("mx.provider.example", "provider.example", ["alice", "bob"], environment=clock.environment, **settings)
        self.clock = clock
        net.publish()

    def send(self, recipients, message=LETTER, options=(), sender=ALICE):
        """recipients: {address: its parameters}."""
        with self.server.smtp("submission", login=sender) as client:
            client.ehlo_or_helo_if_needed()
            assert client.mail(sender, options)[0] == 250
            for address, parameters in recipients.items():
                code, text = client.rcpt(address, parameters)
                assert code == 250, text
            code, text = client.data(message)
            assert code == 250, text
            return text.split()[-1].decode()

    def told(self, count=1, since=0, **fields):
        return self.server.wait_event("dsn-sent", count=count, since=since, **fields)

    def settled(self):
        """Nothing is left in the queue: whatever was to be told has been told."""
        wait_for(lambda: json.loads(self.server.cli("queue", "stats", "--json").stdout)["messages"] == 0, what="an empty queue")

    def reports(self, address=ALICE):
        return [Report(raw) for raw in self.server.messages(address, delete=True)]


def actions(report):
    return {value(r["final-recipient"]): r["action"] for r in report.recipients}


def value(text):
    """Behind the type: "rfc822; joe@example.com"."""
    return text.partition(";")[2].strip()


def check_mime(raw):
    mail = email.message_from_bytes(raw, policy=email.policy.default)
    assert not any(part.defects for part in mail.walk()), [part.defects for part in mail.walk()]
    return list(mail.walk())


def message_show(server, raw, tmp_path):
    path = tmp_path / "report.eml"
    path.write_bytes(raw)
    return json.loads(server.cli("message", "show", "--json", path).stdout)


def test_a_failure_comes_back_with_the_words_of_the_remote(net, clock, tmp_path):
    world = World(net, clock)
    number = world.send({NOBODY: ["ORCPT=rfc822;Nobody+2Bx@company.example"]}, options=["ENVID=my+2Benvelope", "RET=FULL"])
    dsn = world.told(to=ALICE, about=number, action="failed").id
    [report] = world.reports()
    [recipient] = report.recipients
    check_mime(report.raw)
    mail = report.message
    assert mail["From"] == "Mail Delivery System <postmaster@provider.example>" and mail["To"] == ALICE
    assert mail["Message-ID"] == f"<{dsn}@mx.provider.example>" and mail["In-Reply-To"] == "<letter@provider.example>"
    assert report.about["reporting-mta"] == "dns; mx.provider.example" and report.about["original-envelope-id"] == "my+envelope"
    assert value(recipient["final-recipient"]) == NOBODY and recipient["action"] == "failed"
    assert value(recipient["original-recipient"]) == "Nobody+x@company.example"
    assert recipient["status"] == "5.1.1" and recipient["remote-mta"] == "dns; mx.company.example"
    assert recipient["diagnostic-code"] == "smtp; 550 5.1.1 <nobody@company.example>: no such user"
    words = " ".join(report.text.split())
    assert "This address does not exist there." in words and "Subject: Café" in words and number in words
    [*_, returned] = mail.walk()
    assert returned["Message-ID"] == "<letter@provider.example>" and returned.get_content() == "the text\r\n"
    # And as our own reader sees it; the summary in the mailbox was made by relay.
    shown = message_show(world.server, report.raw, tmp_path)
    assert shown["subject"] == "Your message could not be delivered: Nobody+x@company.example"
    assert [(r["final"], r["action"]) for r in shown["deliveryReport"]["recipients"]] == [(NOBODY, "failed")]
    # The trace leads from the message to its report.
    world.settled()
    assert dsn in [message["id"] for message in json.loads(world.server.cli("trace", number, "--json").stdout)]


def test_who_is_told_what_notify_says(net, clock):
    world = World(net, clock, extensions=["PIPELINING", "8BITMIME"])
    world.server.cli("alias", "add", "team@provider.example", ALICE, BOB)
    world.host.on("rcpt", "451 4.2.0 later", match="slow*")
    world.send({
        "nobody1@company.example": ["NOTIFY=NEVER"],
        "nobody2@company.example": ["NOTIFY=SUCCESS"],
        "nobody3@company.example": ["NOTIFY=DELAY"],
        "nobody4@company.example": ["NOTIFY=FAILURE"],
        "nobody5@company.example": ["NOTIFY=SUCCESS,FAILURE,DELAY"],
        "nobody6@company.example": [],
        "friend1@company.example": [],
        "friend2@company.example": ["NOTIFY=NEVER"],
        "friend3@company.example": ["NOTIFY=FAILURE,DELAY"],
        "friend4@company.example": ["NOTIFY=SUCCESS", "ORCPT=rfc822;friend4@company.example"],
        "slow1@company.example": [],
        "slow2@company.example": ["NOTIFY=DELAY"],
        "slow3@company.example": ["NOTIFY=FAILURE"],
        "slow4@company.example": ["NOTIFY=NEVER"],
        BOB: ["NOTIFY=SUCCESS"],
        "alice+x@provider.example": [],
        "team@provider.example": ["NOTIFY=SUCCESS"],
    })
    world.host.wait_messages(1)
    # Local success, expansion and what the company said may come as one report or several.
    found = {}

    def collect():
        for raw in world.server.messages(ALICE, delete=True):
            if b"report-type=delivery-status" in raw.partition(b"\r\n\r\n")[0]:
                found.update(actions(Report(raw)))
        return found
    expected = {"nobody4@company.example": "failed", "nobody5@company.example": "failed", "nobody6@company.example": "failed",
                "friend4@company.example": "relayed", BOB: "delivered", "team@provider.example": "expanded"}
    wait_for(lambda: collect().keys() >= expected.keys(), what="the reports")
    assert found == expected
    found.clear()
    world.clock.advance(5 * HOUR)
    expected = {"slow1@company.example": "delayed", "slow2@company.example": "delayed"}
    wait_for(lambda: collect().keys() >= expected.keys(), what="the warning")
    assert found == expected
    found.clear()
    world.clock.advance(5 * DAY)
    expected = {"slow1@company.example": "failed", "slow3@company.example": "failed"}
    wait_for(lambda: collect().keys() >= expected.keys(), what="the end")
    world.settled()
    assert collect() == expected


def test_a_host_that_knows_of_reports_gets_the_duty(net, clock):
    """RFC 3461 section 5.2.3: what was asked for goes on; we tell nothing."""
    world = World(net, clock)
    world.send({"friend@company.example": ["NOTIFY=SUCCESS", "ORCPT=rfc822;friend@company.example"]}, options=["ENVID=one", "RET=HDRS"])
    [message] = world.host.wait_messages(1)
    assert message.parameters["ENVID"] == "one" and message.parameters["RET"] == "HDRS"
    assert message.recipient_parameters["friend@company.example"]["NOTIFY"] == "SUCCESS"
    world.settled()
    assert world.reports() == []


def test_what_comes_back(net, clock):
    world = World(net, clock, message_size_max="10M")
    body = b"sixty-four bytes of text, and with the end of the line it is 64\r\n"
    for size, options, whole in [(1000, [], True), (60_000, [], False), (60_000, ["RET=FULL"], True), (900_000, ["RET=FULL"], True),
                                 (2_000_000, ["RET=FULL"], False), (1000, ["RET=HDRS"], False)]:
        message = LETTER + body * (size // len(body))
        mark = world.server.mark()
        world.send({NOBODY: []}, message, options)
        world.told(since=mark)
        [report] = world.reports()
        kinds = [part.get_content_type() for part in check_mime(report.raw)]
        if whole:
            assert "message/rfc822" in kinds
            assert report.raw.count(b"sixty-four bytes") == message.count(b"sixty-four bytes")
        else:
            assert "text/rfc822-headers" in kinds
            assert b"sixty-four" not in report.raw and b"Message-ID: <letter@provider.example>" in report.raw
            assert len(report.raw) < 10_000


def test_a_sender_elsewhere_is_told_by_his_host(net, clock):
    """Mail from outside that an alias leads out again. The report names the address that was written to, and is itself reported to nobody."""
    world = World(net, clock)
    net.domain("elsewhere.example")
    home = net.host("mx.elsewhere.example")
    net.mx("elsewhere.example", "mx.elsewhere.example")
    net.publish()
    world.server.cli("alias", "add", "gone@provider.example", NOBODY)
    world.server.deliver("gone@provider.example", LETTER, sender="Carl@Elsewhere.Example")
    [message] = home.wait_messages(1)
    assert message.sender == "" and message.recipients == ["Carl@Elsewhere.Example"]
    assert message.recipient_parameters["Carl@Elsewhere.Example"]["NOTIFY"] == "NEVER"
    report = Report(b"Return-Path: <>\r\n" + message.data)
    assert report.message["From"] == "Mail Delivery System <postmaster@provider.example>"
    [recipient] = report.recipients
    assert value(recipient["original-recipient"]) == "gone@provider.example"
    # The report itself can't be delivered: that is the end of it.
    home.on("rcpt", "550 5.1.1 no such user")
    world.server.deliver("gone@provider.example", LETTER, sender="dora@elsewhere.example")
    world.told(2)
    world.settled()
    assert len(home.messages) == 1 and len(world.server.find_events("dsn-sent")) == 2


def test_the_null_sender_is_told_nothing(net, clock):
    world = World(net, clock)
    world.server.cli("alias", "add", "gone@provider.example", NOBODY)
    world.server.deliver("gone@provider.example", LETTER, sender="")
    world.host.wait_connections(1)
    world.settled()
    assert world.server.find_events("dsn-sent") == []


def test_many_are_gathered(net, clock):
    world = World(net, clock)
    count = 60
    numbers = {world.send({NOBODY: ["NOTIFY=FAILURE"]}) for _ in range(count)}
    world.server.wait_event("relay-failed", count=count)

    def told():
        return {event.fields["about"] for event in world.server.find_events("dsn-sent")}
    wait_for(lambda: len(told()) >= 10, what="the first reports")
    # What waits for more comes after ten minutes; what failed only then, after ten more.
    for _ in range(5):
        world.clock.advance(601)
        with contextlib.suppress(AssertionError):
            wait_for(lambda: told() == numbers, timeout=3)
            break
    assert told() == numbers
    mails = world.server.messages(ALICE)
    events = [event.fields["about"] for event in world.server.find_events("dsn-sent")]
    assert len(events) == len(set(events)) == count, "one of them was told twice"
    assert 10 < len(mails) <= 20
    reported = 0
    for raw in mails:
        reported += sum(part.get_content_type() == "message/delivery-status" for part in check_mime(raw))
    assert reported == count


@pytest.mark.parametrize("role", ["relay", "store", "auth"])
def test_a_dead_role_costs_no_report(net, clock, role):
    """
    Each report at least once: the death of a process may double one.
    The mailbox is asked and not the log, since a store that dies between its commit and its answer leaves relay nothing to log.
    """
    world = World(net, clock, queue_retry_min=1)
    names = {f"letter-{number}" for number in range(9)}
    for name in names:
        world.send({NOBODY: []}, options=[f"ENVID={name}"])
    world.server.kill_role(role)
    world.server.wait_running()
    found = []

    def everybody():
        world.clock.advance(10)
        found.extend(name for raw in world.server.messages(ALICE, delete=True) for name in re.findall(r"(?m)^Original-Envelope-Id: (\S+)", raw.decode()))
        return set(found) == names
    wait_for(everybody, what="all reports")
    world.settled()
