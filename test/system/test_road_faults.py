"""Mail on its way, and everything that goes wrong there: next hosts that misbehave, DNS that lies or is silent, days that pass. After each, the
message has arrived once, or its sender was told once; twice only where SMTP cannot exclude it (RFC 1047)."""

import re
import time

import pytest

from clock import Clock
from hosts import CLOSE, KEEP_CLOSE, RESET, SILENT, Delay
from road import Report, submit, wait_mail, wait_report
from server import field, wait_for

ALICE = "alice@provider.example"
STAGES = ("connect", "ehlo", "mail", "rcpt", "data", "body", "end")
HOUR, DAY = 3600, 86400


def never(condition, seconds=0.5):
    """For what must not happen: looked at for a while, in which it has happened wherever it was wrong."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        assert not condition()
        time.sleep(0.05)


def deferred(provider, since, company):
    """An attempt has failed, and the message waits."""
    def look():
        return (provider.find_events("relay-deferred", since, destination=company.domain)
                or provider.find_events("destination-failed", since, destination=company.domain))
    return wait_for(look, what=f"a failed attempt at {company.domain}")


# ---- next hosts ----


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("action", [CLOSE, RESET, "421 4.3.2 going down", "451 4.3.0 not now"])
def test_trouble_at_any_stage_is_gone_with_the_next_attempt(road, provider, company, stage, action):
    if stage == "body" and action not in (CLOSE, RESET):
        pytest.skip("nobody answers in the middle of a message")
    company.on(stage, action, times=1)
    road.publish()
    submit(provider, provider.sender, company.bob)
    company.wait_messages()
    wait_for(lambda: provider.find_events("relay-delivered", recipient=company.bob), what="the end")
    assert len(company.messages) == 1
    assert not provider.messages(ALICE), "nobody is told of an attempt that failed once"


def test_a_host_that_is_down_for_a_while(road, provider, company):
    company.down()
    road.publish()
    mark = provider.mark()
    submit(provider, provider.sender, company.bob)
    deferred(provider, mark, company)
    company.up()
    company.wait_messages()


def test_a_slow_host_is_waited_for(road, provider, company):
    for stage in STAGES:
        company.on(stage, Delay(0.3))
    road.publish()
    submit(provider, provider.sender, [company.bob, f"carol@{company.domain}"])
    assert len(company.wait_messages()[0].recipients) == 2
    assert len(company.sessions) == 1


def test_greylisting(road, provider, company):
    company.greylist()
    road.publish()
    submit(provider, provider.sender, [company.bob, f"carol@{company.domain}"])
    wait_for(lambda: sum(len(m.recipients) for m in company.messages) == 2, what="both")
    assert not provider.messages(ALICE)


@pytest.mark.parametrize("action, copies", [(CLOSE, 1), (KEEP_CLOSE, 2)])
def test_a_connection_that_ends_after_the_last_dot(road, provider, company, action, copies):
    """What was taken without a word is sent again: the only duplicate that SMTP leaves."""
    company.on("end", action, times=1)
    road.publish()
    submit(provider, provider.sender, company.bob)
    company.wait_messages(copies)
    wait_for(lambda: provider.find_events("relay-delivered", recipient=company.bob), what="the end")
    assert len(company.messages) == copies


@pytest.mark.parametrize("reply, told", [("550 5.7.1 not you", True), ("451 4.7.1 later", False)])
def test_one_of_three_recipients_is_refused(road, provider, company, reply, told):
    company.on("rcpt", reply, match="bob@*", times=-1 if told else 1)
    road.publish()
    others = [f"{who}@{company.domain}" for who in ("ann", "carol")]
    submit(provider, provider.sender, [others[0], company.bob, others[1]])
    assert company.wait_messages()[0].recipients == others
    if told:
        report = wait_report(provider, provider.sender)[0]
        assert report.of(company.bob)["status"] == "5.7.1" and len(report.recipients) == 1
        never(lambda: len(company.messages) > 1)
    else:
        assert company.wait_messages(2)[1].recipients == [company.bob]
        assert not provider.messages(ALICE)


def test_too_many_recipients_for_one_transaction(road, provider, company):
    company.on("rcpt", lambda session, _: "452 4.5.3 too many" if len(session.recipients) == 3 else None)
    road.publish()
    everybody = [f"user{n}@{company.domain}" for n in range(10)]
    submit(provider, provider.sender, everybody)
    wait_for(lambda: sorted(r for m in company.messages for r in m.recipients) == sorted(everybody), what="all ten, once each")


def test_a_host_that_takes_few_messages_on_a_connection(road, provider, company):
    taken = {}

    def few(session, _):
        taken[session.number] = taken.get(session.number, 0) + 1
        return "421 4.7.0 enough" if taken[session.number] > 2 else None
    company.on("mail", few)
    road.publish()
    for _ in range(9):
        submit(provider, provider.sender, company.bob)
    company.wait_messages(9)
    never(lambda: len(company.messages) > 9)


@pytest.mark.parametrize("lack", ["8BITMIME", "SMTPUTF8", "CHUNKING", "DSN", "SIZE"])
def test_what_is_announced_and_then_refused(road, provider, company, lack):
    """The message goes without it, or the sender is told: it neither waits for days nor vanishes."""
    company.lacks = {lack}
    if lack == "CHUNKING":
        company.extensions += ["BINARYMIME"]
    road.publish()
    text = f"From: {provider.sender}\r\nSubject: Grüße\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nGrüße\r\n".encode()
    options = ["BODY=8BITMIME"] + (["SMTPUTF8"] if lack == "SMTPUTF8" else [])
    mark = provider.mark()
    submit(provider, provider.sender, company.bob, text, options, ["NOTIFY=SUCCESS,FAILURE"])
    wait_for(lambda: provider.find_events("relay-delivered", mark, recipient=company.bob)
             or provider.find_events("queue-notified", mark, recipient=company.bob, kind="failed"), what="an outcome")
    assert company.messages or wait_report(provider, provider.sender)


@pytest.mark.parametrize("stage, reply", [
    ("connect", "220 " + "\n".join("x" * 70 for _ in range(100))), ("ehlo", "250 " + "\n".join(f"X-{n}" for n in range(500))),
    ("ehlo", "250 \xff\x00\x07 what"), ("mail", "250"), ("mail", "999 what is this"), ("rcpt", "25x"), ("data", "250 go on"), ("end", "354 more"),
    ("end", "what?"), ("end", "250 " + "x" * 3000)])
def test_nonsense_for_a_reply(road, provider, company, stage, reply):
    """Whatever a host says, the message is neither lost nor the relay hurt: it arrives, if need be with the next attempt."""
    company.on(stage, reply, times=1)
    road.publish()
    submit(provider, provider.sender, company.bob)
    company.wait_messages()


def test_an_endless_reply_ends(road, provider, company):
    def endless(session, _):
        try:
            while True:
                session.socket.sendall(b"250-more\r\n" * 1000)
        except OSError:
            return CLOSE
    company.on("ehlo", endless, times=1)
    road.publish()
    submit(provider, provider.sender, company.bob)
    company.wait_messages()


def test_silent_hosts_hold_up_nobody_else(road, provider, company):
    """Thirty destinations that answer nothing, each at its own stage, and one that is well."""
    bad = [road.company() for _ in range(len(STAGES) * 4)]
    for number, host in enumerate(bad):
        host.on(STAGES[number % len(STAGES)], SILENT)
    road.publish()
    submit(provider, provider.sender, [host.bob for host in bad])
    for host in bad:
        host.wait_connections()
    for _ in range(5):
        submit(provider, provider.sender, company.bob)
    company.wait_messages(5)
    for host in bad:
        host.usual().down().up()
    for host in bad:
        host.wait_messages()


# ---- DNS ----


@pytest.mark.parametrize("lie", ["servfail", "refused", "tamper", "strip", "nxdomain"])
def test_without_true_names_mail_waits(road, provider, company, lie):
    """A signed zone: nothing is believed that is not proven, not even that there is no such domain."""
    road.publish()
    # Of data alone: a resolver that was lied to about keys does not ask for them again for a minute.
    rule = road.dns.rule(f"*{company.domain}", lie, "MX", "A")
    mark = provider.mark()
    submit(provider, provider.sender, company.bob)
    deferred(provider, mark, company)
    assert not company.sessions and not provider.messages(ALICE)
    rule.left = 0
    company.wait_messages(timeout=60)


def test_answers_that_need_tcp(road, provider, company):
    road.dns.rule(f"*{company.domain}", "truncate")
    road.publish()
    submit(provider, provider.sender, company.bob)
    company.wait_messages()


def test_names_change_while_mail_waits(road, provider, company):
    company.down()
    road.publish()
    mark = provider.mark()
    submit(provider, provider.sender, company.bob)
    deferred(provider, mark, company)
    other = road.host(f"new.{company.domain}")
    road.mx(company.domain, other.name)
    road.publish()
    other.wait_messages()


def test_a_domain_that_vanishes_while_mail_waits(road, provider, company):
    company.down()
    road.publish()
    mark = provider.mark()
    submit(provider, provider.sender, company.bob)
    deferred(provider, mark, company)
    road.set(company.domain, "MX", "0 .")
    road.publish()
    assert wait_report(provider, provider.sender)[0].of(company.bob)["action"] == "failed"


def test_the_resolver_dies_and_comes_back(road, provider, company):
    road.publish()
    rule = road.dns.rule("*", "drop")
    mark = provider.mark()
    for _ in range(3):
        submit(provider, provider.sender, company.bob)
    deferred(provider, mark, company)
    rule.left = 0
    company.wait_messages(3, timeout=60)


def test_the_dns_role_dies(road, provider, company):
    road.publish()
    provider.kill_role("dns")
    submit(provider, provider.sender, company.bob)
    company.wait_messages()


# ---- days ----


class Days:
    """A Postrider whose clock the test moves, and a host that turns mail away."""

    def __init__(self, net, **settings):
        self.clock, self.company = Clock(net.folder / "clock"), net.company()
        self.provider = net.postrider("mx.provider.example", "provider.example", ["alice"], environment=self.clock.environment, **settings)
        self.company.on("mail", "451 4.3.2 come back another day")
        net.publish()

    def attempts(self):
        """Also those on a connection that was still open."""
        return sum(line.startswith("MAIL") for session in list(self.company.sessions) for line in session.lines)

    def pass_until(self, ahead, step=HOUR):
        """The clock goes on in steps; in each, what is due happens before the next."""
        while self.clock.ahead < ahead:
            before = self.attempts()
            self.clock.advance(min(step, ahead - self.clock.ahead))
            deadline = time.monotonic() + 0.15
            while self.attempts() == before and time.monotonic() < deadline:
                time.sleep(0.02)

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


def test_a_stopped_store_delays_and_loses_nothing(road, provider, company):
    import os
    import signal

    company.on("end", Delay(0.3))
    road.publish()
    for _ in range(3):
        submit(provider, provider.sender, company.bob)
    company.wait_connections()
    store = provider.role_pids()["store"]
    os.kill(store, signal.SIGSTOP)
    time.sleep(1)
    os.kill(store, signal.SIGCONT)
    company.wait_messages(3)
    wait_for(lambda: len(provider.find_events("relay-delivered", recipient=company.bob)) == 3, what="three outcomes")
    assert len(company.messages) == 3 and field(company.messages[0].data, "Subject") == b"hello"
