"""Mail on its way, and everything that goes wrong there: next hosts that misbehave, DNS that lies or is silent. After each, the
message has arrived once, or its sender was told once; twice only where SMTP cannot exclude it (RFC 1047)."""

import os
import signal
import time

import pytest

from hosts import SILENT, Delay
from road import submit, wait_report
from server import field, wait_for

ALICE = "alice@provider.example"
STAGES = ("connect", "ehlo", "mail", "rcpt", "data", "body", "end")


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
    company.wait_messages()


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
    # The name server takes one zone after the other: a host that is named must be there first, or the mail fails, and rightly.
    road.publish()
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
    company.wait_messages(3)


def test_the_dns_role_dies(road, provider, company):
    road.publish()
    provider.kill_role("dns")
    submit(provider, provider.sender, company.bob)
    company.wait_messages()


def test_a_stopped_store_delays_and_loses_nothing(road, provider, company):
    company.on("end", Delay(0.3))
    road.publish()
    for _ in range(3):
        submit(provider, provider.sender, company.bob)
    company.wait_connections()
    store = provider.role_pid("store")
    os.kill(store, signal.SIGSTOP)
    time.sleep(1)
    os.kill(store, signal.SIGCONT)
    company.wait_messages(3)
    wait_for(lambda: len(provider.find_events("relay-delivered", recipient=company.bob)) == 3, what="three outcomes")
    assert len(company.messages) == 3 and field(company.messages[0].data, "Subject") == b"hello"
