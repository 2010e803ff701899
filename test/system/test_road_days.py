"""Mail that waits for days, on a clock that the test moves."""

import re
import time

from clock import Clock
from road import Report, submit, wait_mail, wait_report
from server import wait_for

ALICE = "alice@provider.example"
HOUR, DAY = 3600, 86400


def never(condition, seconds=0.5):
    """For what must not happen: looked at for a while, in which it has happened wherever it was wrong."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        assert not condition()
        time.sleep(0.05)


class Days:
    """A Postrider whose clock the test moves, and a host that turns mail away."""

    def __init__(self, net, **settings):
        self.clock, self.company = Clock(net.folder / "clock"), net.company()
        self.provider = net.postrider("mx.provider.example", "provider.example", ["alice"], environment=self.clock.environment, **settings)
        self.held = False
        self.company.on("mail", "451 4.3.2 come back another day")
        net.publish()

    def attempts(self):
        """Also those on a connection that was still open."""
        return sum(line.startswith("MAIL") for session in list(self.company.sessions) for line in session.lines)

    def due(self):
        """Whether a recipient's next attempt is due, and not yet in the log. What is held has none before its time."""
        last = {}
        with self.provider.changed:
            events = list(self.provider.events)
        for e in events:
            if e.name == "queue-added" and not self.held:
                last[e.id, e.fields["recipient"]] = 1
            if e.name in ("relay-deferred", "relay-delivered", "relay-failed", "queue-expired"):
                last[e.id, e.fields["recipient"]] = int(e.fields.get("next", 0))
        return any(0 < at <= self.clock.now() for at in last.values())

    def pass_until(self, ahead, step=HOUR):
        """The clock goes on in steps; in each, what is due happens before the next."""
        while True:
            wait_for(lambda: not self.due(), what="the attempts that are due")
            if self.clock.ahead >= ahead:
                return
            self.clock.advance(min(step, ahead - self.clock.ahead))

    def told(self):
        return [Report(raw) for raw in self.provider.messages(ALICE)]


def test_five_days_of_attempts(net):
    days = Days(net)
    submit(days.provider, ALICE, days.company.bob, "From: alice@provider.example\r\nSubject: patience\r\n\r\nx\r\n")
    wait_for(lambda: days.attempts() == 1, what="the first attempt")
    days.pass_until(3 * HOUR + 3500, step=600)
    assert not days.told() and 5 <= days.attempts() <= 25
    days.pass_until(4 * HOUR + 60)
    delay = wait_report(days.provider, ALICE)[0]
    told = delay.of(days.company.bob)
    assert told["action"] == "delayed" and told["status"].startswith("4.") and "will-retry-until" in told
    assert "come back another day" in told["diagnostic-code"] and days.company.bob in delay.text
    days.pass_until(5 * DAY - HOUR, step=2 * HOUR)
    assert len(days.told()) == 1 and 25 <= days.attempts() <= 100
    days.pass_until(5 * DAY + HOUR)
    last = wait_mail(days.provider, ALICE, 2)[1]
    told = Report(last).of(days.company.bob)
    assert told["action"] == "failed" and "come back another day" in told["diagnostic-code"] and b"patience" in last
    attempts = days.attempts()
    days.pass_until(8 * DAY, step=6 * HOUR)
    assert len(days.told()) == 2 and days.attempts() == attempts, "it is over"


def test_a_host_that_is_back_after_three_days(net):
    days = Days(net)
    submit(days.provider, ALICE, days.company.bob)
    wait_for(lambda: days.attempts() == 1, what="the first attempt")
    days.pass_until(3 * DAY, step=2 * HOUR)
    days.company.usual()
    days.pass_until(3 * DAY + 5 * HOUR)
    days.company.wait_messages()
    days.pass_until(9 * DAY, step=12 * HOUR)
    assert [report.of(days.company.bob)["action"] for report in days.told()] == ["delayed"] and len(days.company.messages) == 1


def test_who_is_told_what_he_asked_for(net):
    days = Days(net, queue_warn_hours=1, queue_give_up_days=1)
    wishes = {"never": "NEVER", "failure": "FAILURE", "delay": "DELAY"}
    for who, notify in wishes.items():
        submit(days.provider, ALICE, f"{who}@{days.company.domain}", rcpt_options=[f"NOTIFY={notify}"])
    days.pass_until(2 * DAY, step=HOUR)
    seen = wait_for(lambda: len(days.told()) >= 2 and days.told(), what="two reports")
    actions = {r["final-recipient"].rpartition(";")[2].strip().partition("@")[0]: r["action"] for report in seen for r in report.recipients}
    assert actions == {"failure": "failed", "delay": "delayed"} and len(seen) == 2


def test_a_message_that_is_not_to_be_sent_yet(net):
    """RFC 4865: held for a day, then sent; its five days begin then."""
    days = Days(net)
    days.company.usual()
    days.held = True
    submit(days.provider, ALICE, days.company.bob, mail_options=[f"HOLDFOR={DAY}"])
    days.pass_until(DAY - HOUR)
    assert not days.company.sessions and not days.company.messages
    days.pass_until(DAY + 60)
    days.company.wait_messages()
    assert not days.told()


def test_a_message_that_comes_too_late(net):
    """RFC 2852: with BY=600;R, it is given back when it could not be delivered within ten minutes."""
    days = Days(net)
    days.company.extensions.append("DELIVERBY")  # to others such a message may not be given at all
    submit(days.provider, ALICE, days.company.bob, mail_options=["BY=600;R"])
    wait_for(lambda: days.attempts() == 1, what="the first attempt")
    days.pass_until(500, step=100)
    assert not days.told()
    days.pass_until(700, step=100)
    told = wait_report(days.provider, ALICE)[0].of(days.company.bob)
    assert told["action"] == "failed" and told["status"] == "5.4.7"


# ---- at home ----


def test_a_loop_of_two_servers_ends(net):
    """Aliases that lead to each other, at two servers: the hops are counted, and the sender is told once."""
    provider = net.postrider("mx.provider.example", "provider.example", ["alice"], received_max=10)
    company = net.postrider("mx.company.example", "company.example", ["bob"], received_max=10)
    provider.cli("alias", "add", "loop@provider.example", "loop@company.example")
    company.cli("alias", "add", "loop@company.example", "loop@provider.example")
    net.publish()
    submit(provider, ALICE, "loop@provider.example")
    report = wait_report(provider, ALICE)[0]
    assert report.recipients[0]["action"] == "failed" and re.match(r"5\.4\.6", report.recipients[0]["status"])
    never(lambda: len(provider.messages(ALICE)) > 1)
