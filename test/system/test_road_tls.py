"""TLS on the way out: what is offered, what DNSSEC and MTA-STS demand, and that a demand which cannot be met is never passed over."""

import poplib
import time

import pytest

from clock import Clock
from hosts import CLOSE, GARBAGE, SILENT, policy
from road import submit, wait_report
from server import wait_for

ALICE = "alice@provider.example"


def answers(provider):
    try:
        return provider.messages(ALICE) == []
    except (OSError, EOFError, poplib.error_proto):
        return False


def deferred(provider, since, company):
    """The message waits: the event that says why."""
    return provider.wait_event("destination-failed", since=since, destination=company.domain)


def never_in_clear(host):
    assert not host.messages
    for session in host.sessions:
        assert not any(line.upper().startswith(("MAIL", "RCPT", "DATA")) for line in session.lines), session.lines


# ---- where nothing is demanded ----


def test_tls_is_used_where_it_is_offered_whatever_the_certificate(road, provider, company):
    company.secure(road.ca.issue("someone.else.example", self_signed=True))
    road.publish()
    mark = provider.mark()
    submit(provider, provider.sender, company.bob)
    message = company.wait_messages()[0]
    assert message.tls["version"] == "TLSv1.3" and message.tls["name"] == company.name
    event = provider.wait_event("relay-delivered", since=mark, recipient=company.bob)
    assert event.fields["tls"].startswith("TLSv1.3 ") and event.fields.get("verified", "") in ("", "not verified")


@pytest.mark.parametrize("action", [GARBAGE, CLOSE, "454 4.7.0 not now"])
def test_broken_tls_is_not_worse_than_none(road, provider, company, action):
    company.on("starttls", action)
    road.publish()
    submit(provider, provider.sender, company.bob)
    assert company.wait_messages()[0].tls is None


def test_sessions_are_resumed(road, provider, company):
    road.publish()
    for number in range(2):
        submit(provider, provider.sender, company.bob)
        company.wait_messages(number + 1)
        company.down().up()  # a connection that is still open would be used again, without a handshake
    assert [m.tls["resumed"] for m in company.messages] == [False, True]


def test_a_policy_of_ones_own(net):
    company = net.company()
    provider = net.postrider("mx.provider.example", "provider.example", ["alice"], queue_retry_min=1, queue_retry_max=2,
                             tls_policies=[f"{company.domain} verify"])
    company.secure(net.ca.issue(company.name, self_signed=True))
    net.publish()
    mark = provider.mark()
    submit(provider, ALICE, company.bob)
    deferred(provider, mark, company)
    never_in_clear(company)
    company.secure(net.ca.issue(company.name))
    assert company.wait_messages()[0].tls


# ---- DANE (RFC 7672) ----


@pytest.mark.parametrize("usage, selector, matching, depth, self_signed", [
    (3, 1, 1, 0, True), (3, 0, 2, 0, True), (3, 1, 0, 0, True), (2, 0, 1, 1, False), (2, 1, 1, 1, False)])
def test_dane_with_the_right_certificate(road, provider, company, usage, selector, matching, depth, self_signed):
    certificate = road.ca.issue(company.name, self_signed=self_signed)
    company.secure(certificate)
    road.tlsa(company.name, certificate.tlsa(usage, selector, matching, depth))
    road.publish()
    mark = provider.mark()
    submit(provider, provider.sender, company.bob)
    company.wait_messages()
    event = provider.wait_event("relay-delivered", since=mark, recipient=company.bob)
    assert "dane" in event.fields["verified"].lower()


def test_dane_ee_asks_for_no_name_and_no_date(road, provider, company):
    """RFC 7672 section 3.1.1."""
    certificate = road.ca.issue("quite.another.example", days=-1, self_signed=True)
    company.secure(certificate)
    road.tlsa(company.name, certificate.tlsa())
    road.publish()
    submit(provider, provider.sender, company.bob)
    company.wait_messages()


def test_dane_with_a_wrong_certificate_waits_until_it_is_right(road, provider, company):
    good, bad = road.ca.issue(company.name, self_signed=True), road.ca.issue(company.name, self_signed=True)
    company.secure(bad)
    road.tlsa(company.name, good.tlsa())
    road.publish()
    mark = provider.mark()
    submit(provider, provider.sender, company.bob)
    assert deferred(provider, mark, company).fields["status"].startswith("4.7.")
    never_in_clear(company)
    company.secure(good)
    assert company.wait_messages()[0].tls


@pytest.mark.parametrize("problem", ["name", "expired"])
def test_dane_ta_asks_for_name_and_date(road, provider, company, problem):
    """RFC 7672 section 3.1.2: with usage 2 it is an ordinary chain."""
    company.secure(road.ca.issue("other.example") if problem == "name" else road.ca.issue(company.name, days=-1))
    road.tlsa(company.name, road.ca.issue(company.name).tlsa(2, 0, 1, 1))
    road.publish()
    mark = provider.mark()
    submit(provider, provider.sender, company.bob)
    deferred(provider, mark, company)
    never_in_clear(company)


@pytest.mark.parametrize("trouble", ["no STARTTLS", "refused", "garbage"])
def test_dane_allows_no_way_back_to_clear(road, provider, company, trouble):
    certificate = road.ca.issue(company.name)
    company.secure(None if trouble == "no STARTTLS" else certificate)
    if trouble != "no STARTTLS":
        company.on("starttls", "454 4.7.0 not now" if trouble == "refused" else GARBAGE)
    road.tlsa(company.name, certificate.tlsa())
    road.publish()
    mark = provider.mark()
    submit(provider, provider.sender, company.bob)
    deferred(provider, mark, company)
    never_in_clear(company)


@pytest.mark.parametrize("lie", ["tamper", "servfail", "drop"])
def test_without_an_answer_about_tlsa_nothing_is_sent(road, provider, company, lie):
    """RFC 7672 section 2.1.2: a signed zone whose TLSA records cannot be had is under attack or broken."""
    road.tlsa(company.name, road.ca.issue(company.name).tlsa())
    road.publish()
    rule = road.dns.rule(f"_*._tcp.{company.name}", lie, "TLSA")
    mark = provider.mark()
    submit(provider, provider.sender, company.bob)
    deferred(provider, mark, company)
    assert not company.messages
    rule.left = 0
    certificate = road.ca.issue(company.name)
    company.secure(certificate)
    road.tlsa(company.name, certificate.tlsa())
    road.publish()
    company.wait_messages()


def test_tlsa_records_without_signatures_mean_nothing(road, provider):
    host = road.company(signed=False)
    road.tlsa(host.name, "3 1 1 " + "00" * 32)
    road.publish()
    submit(provider, provider.sender, host.bob)
    assert host.wait_messages()[0].tls


def test_another_host_that_can_be_trusted_is_used(road, provider, company):
    other = road.host(f"mx2.{company.domain}")
    road.mx(company.domain, company.name, other.name)
    road.tlsa(company.name, "3 1 1 " + "00" * 32)
    road.publish()
    submit(provider, provider.sender, company.bob)
    other.wait_messages()
    never_in_clear(company)


# ---- MTA-STS (RFC 8461) ----


def test_a_policy_is_fetched_once_and_followed(road, provider, company):
    web = road.policy_host(company.domain, policy("enforce", company.name))
    road.publish()
    mark = provider.mark()
    for number in range(3):
        submit(provider, provider.sender, company.bob)
        company.wait_messages(number + 1)
    assert web.fetched == 1
    event = provider.wait_event("relay-delivered", since=mark, recipient=company.bob)
    assert event.fields["verified"] == "pkix"


@pytest.mark.parametrize("trouble", ["name", "self-signed", "expired", "no STARTTLS", "other MX"])
def test_an_enforced_policy_that_cannot_be_met(road, provider, company, trouble):
    bad = {"name": lambda: road.ca.issue("other.example"), "self-signed": lambda: road.ca.issue(company.name, self_signed=True),
           "expired": lambda: road.ca.issue(company.name, days=-1), "no STARTTLS": lambda: None}.get(trouble)
    if bad:
        company.secure(bad())
    road.policy_host(company.domain, policy("enforce", company.name if bad else "mx.elsewhere.example"))
    road.publish()
    mark = provider.mark()
    submit(provider, provider.sender, company.bob)
    assert deferred(provider, mark, company).fields["status"].startswith("4.7.")
    never_in_clear(company)


@pytest.mark.parametrize("mode", ["testing", "none"])
def test_a_policy_that_demands_nothing(road, provider, company, mode):
    company.secure(road.ca.issue(company.name, self_signed=True))
    road.policy_host(company.domain, policy(mode, company.name))
    road.publish()
    submit(provider, provider.sender, company.bob)
    company.wait_messages()


@pytest.mark.parametrize("trouble", ["certificate", "404", "redirect", "huge", "not a policy", "silent", "type"])
def test_a_policy_that_cannot_be_had_is_none(road, provider, company, trouble):
    """RFC 8461 section 3.3: without a policy in memory, mail goes as if there were none."""
    company.secure(road.ca.issue(company.name, self_signed=True))
    text = policy("enforce", "mx.elsewhere.example")
    web = road.policy_host(company.domain, text, certificate=road.ca.issue("other.example") if trouble == "certificate" else None)

    def respond(handler):
        if trouble == "redirect":
            handler.send_response(301)
            handler.send_header("Location", "https://elsewhere.example/")
            handler.end_headers()
        elif trouble == "silent":
            time.sleep(5)
        else:
            handler.send_response(200)
            handler.send_header("Content-Type", "text/plain")
            handler.end_headers()
            handler.wfile.write(text.encode() + b"x: y\r\n" * 100000)
    if trouble == "404":
        web.status = 404
    elif trouble == "not a policy":
        web.text = "hello"
    elif trouble == "type":
        web.kind = "text/html"
    elif trouble != "certificate":
        web.respond = respond
    road.publish()
    submit(provider, provider.sender, company.bob)
    # A silent server is waited for; the message is not lost meanwhile.
    company.wait_messages()


def test_a_policy_in_memory_outlives_its_server_and_changes_with_its_id(road, provider, company):
    web = road.policy_host(company.domain, policy("enforce", company.name))
    road.publish()
    submit(provider, provider.sender, company.bob)
    company.wait_messages()
    good, bad = company.certificate, road.ca.issue(company.name, self_signed=True)
    web.status = 500
    company.secure(bad)
    company.down().up()
    mark = provider.mark()
    submit(provider, provider.sender, company.bob)
    deferred(provider, mark, company)
    never = len(company.messages)
    assert never == 1
    web.status, web.text = 200, policy("none")
    road.set(f"_mta-sts.{company.domain}", "TXT", '"v=STSv1; id=2;"')
    road.publish()
    company.wait_messages(2)
    assert good is not bad


@pytest.mark.parametrize("end", ["kill relay", "kill store", "restart"])
def test_a_policy_in_force_outlives_what_ends_before_it(net, end):
    """RFC 8461 section 5.1; whoever can end a process, or only wait for it, gains nothing by it."""
    company = net.company()
    provider = net.postrider("mx.provider.example", "provider.example", ["alice"], queue_retry_min=1, queue_retry_max=2, log_level=0)
    web = net.policy_host(company.domain, policy("enforce", company.name))
    net.publish()
    submit(provider, ALICE, company.bob)
    company.wait_messages()
    provider.wait_event("memo-kept", memo=company.domain)
    web.status = 500
    net.set(f"_mta-sts.{company.domain}", "TXT")
    net.publish()
    company.secure(net.ca.issue(company.name, self_signed=True))
    company.down().up()
    mark = provider.mark()
    if end == "restart":
        provider.stop()
        provider.start()
    else:
        provider.expect("role-ended")
        pid = provider.kill_role(end.split()[1])
        wait_for(lambda: provider.role_pids().get(end.split()[1], pid) != pid and answers(provider), what="the role again")
    submit(provider, ALICE, company.bob)
    deferred(provider, mark, company)
    assert len(company.messages) == 1


def test_a_silent_host_does_not_hold_up_the_others(road, provider, company):
    other = road.company()
    company.on("starttls", SILENT)
    road.publish()
    submit(provider, provider.sender, company.bob)
    company.wait_connections()
    submit(provider, provider.sender, other.bob)
    other.wait_messages()


def test_the_sender_is_told_when_a_demand_was_never_met(net):
    """After five days, in plain words, that the encryption that the other side asks for was not to be had."""
    clock, company = Clock(net.folder / "clock"), net.company()
    provider = net.postrider("mx.provider.example", "provider.example", ["alice"], environment=clock.environment)
    provider.expect("simulated-clock")
    net.tlsa(company.name, "3 1 1 " + "00" * 32)
    net.publish()
    mark = provider.mark()
    submit(provider, ALICE, company.bob)
    deferred(provider, mark, company)
    clock.advance(6 * 86400)
    wait_for(lambda: any(r.recipients[0]["action"] == "failed" for r in wait_report(provider, ALICE)), what="the last report")
    never_in_clear(company)
