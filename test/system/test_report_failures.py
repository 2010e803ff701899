"""DMARC failure reports (RFC 9991): who gets one of what, what it tells and what it does not, and what is made of those that others send."""

import json
import signal
import smtplib

import pytest

dkim = pytest.importorskip("dkim", reason="python3-dkim is not installed")
from limits import TIMEOUT  # noqa: E402
from senders import NOBODY, Sender, make_partner, prove, send  # noqa: E402
from server import wait_for  # noqa: E402
from test_reports import parse, send_reports  # noqa: E402


def size_of(server):
    with smtplib.SMTP(server.address, server.smtp_port, timeout=TIMEOUT) as client:
        client.ehlo()
        return client.esmtp_features["size"]


def fields(raw):
    """The mail, the fields of its feedback, and what it tells of the message."""
    mail = parse(raw)
    assert mail.get_content_type() == "multipart/report" and mail.get_param("report-type") == "feedback-report"
    text, feedback, reported = mail.iter_parts()
    assert feedback.get_content_type() == "message/feedback-report" and reported.get_content_type() == "text/rfc822-headers"
    # Python takes a message of any kind for one with a header of its own.
    inner = feedback.get_payload()[0]
    return mail, {name.lower(): " ".join(value.split()) for name, value in inner.items()}, reported.get_content()


def test_who_asks_for_it_is_told_of_a_single_failure(road, tmp_path):
    taker, forger = road.company(), Sender(road, tmp_path, None)
    company = prove(road, tmp_path, taker.domain, road.address())
    road.set(f"_dmarc.{company.domain}", "TXT", f'"v=DMARC1; p=reject; ruf=mailto:ruf@{company.domain}"')
    partner = make_partner(road, failure_reports=True)
    assert send(partner, company.address, f"carol@{company.domain}", company.mail("Good"))[0] == 250
    bad = company.mail("Secret plans", Message_ID="<one@x.example>").replace(b"How are you?", b"Send money.")
    assert send(partner, forger.address, f"carol@{forger.domain}", bad)[0] == 550
    mail, feedback, reported = fields(taker.wait_messages()[0].data)
    assert taker.messages[0].sender == "" and taker.messages[0].recipients == [f"ruf@{company.domain}"]
    assert mail["Auto-Submitted"] == "auto-generated" and company.domain in mail["Subject"]
    assert feedback["feedback-type"] == "auth-failure" and feedback["version"] == "1" and feedback["auth-failure"] == "dmarc"
    assert feedback["identity-alignment"] == "dkim, spf" and feedback["delivery-result"] == "reject"
    assert feedback["source-ip"] == forger.address and feedback["reported-domain"] == company.domain and feedback["incidents"] == "1"
    assert feedback["dkim-domain"] == company.domain and feedback["dkim-selector"] == "s1"
    assert "dmarc=fail" in feedback["authentication-results"] and feedback["original-mail-from"].endswith(f"@{forger.domain}")
    assert "DKIM-Signature:" in reported and "Message-ID: <one@x.example>" in reported and f"@{company.domain}>" in reported
    raw = taker.messages[0].data.decode()
    for secret in ("carol", "alice", "Alice", "bob", "Secret", "money"):
        assert secret not in raw, secret


def test_alike_failures_and_reports_are_not_told(road, tmp_path):
    """One report tells of many that are alike; what has the null sender is told to nobody; and without the setting nothing is."""
    taker, forger = road.company(), Sender(road, tmp_path, None)
    company = prove(road, tmp_path, taker.domain, road.address())
    road.set(f"_dmarc.{company.domain}", "TXT", f'"v=DMARC1; p=none; rua=mailto:rua@{company.domain}; ruf=mailto:ruf@{company.domain}; fo=1"')
    partner = make_partner(road, failure_reports=True)
    assert send(partner, forger.address, "", company.mail("A bounce", signed=False))[0] == 250
    for number in range(3):
        assert send(partner, forger.address, f"x@{forger.domain}", company.mail(f"Bad {number}", signed=False))[0] == 250
    # Aligned by one of both: fo=1 asks for that, too.
    assert send(partner, company.address, f"x@{company.domain}", company.mail("Half", signed=False))[0] == 250
    told = [fields(m.data)[1] for m in taker.wait_messages(2)]
    assert sorted((t["identity-alignment"], t["incidents"], t["source-ip"]) for t in told) == [
        ("dkim", "1", company.address), ("dkim, spf", "3", forger.address)]
    partner.write_config(failure_reports=False, message_size_max="100K")
    partner.process.send_signal(signal.SIGHUP)
    wait_for(lambda: size_of(partner) == "102400", what="the new settings")
    other = Sender(road, tmp_path, None)
    road.publish()
    assert send(partner, other.address, f"x@{other.domain}", company.mail("Bad", signed=False))[0] == 250
    send_reports(partner)
    messages = taker.wait_messages(3)
    assert len(messages) == 3 and messages[-1].recipients == [f"rua@{company.domain}"]


def test_domains_ask_for_failures_of_one_mechanism(road, tmp_path):
    """fo=d and fo=s: also of mail that the other mechanism proves."""
    taker, second = road.company(), road.company()
    broken, moved = prove(road, tmp_path, taker.domain, road.address()), prove(road, tmp_path, second.domain, road.address())
    road.set(f"_dmarc.{broken.domain}", "TXT", f'"v=DMARC1; p=reject; ruf=mailto:ruf@{broken.domain}; fo=d"')
    road.set(f"_dmarc.{moved.domain}", "TXT", f'"v=DMARC1; p=reject; ruf=mailto:ruf@{moved.domain}; fo=S:x"')
    partner = make_partner(road, failure_reports=True)
    changed = broken.mail("Changed").replace(b"How are you?", b"How were you?")
    assert send(partner, broken.address, f"alice@{broken.domain}", changed)[0] == 250
    assert send(partner, road.address(), f"alice@{moved.domain}", moved.mail("From elsewhere"))[0] == 250
    _, signature, _ = fields(taker.wait_messages()[0].data)
    assert (signature["auth-failure"], signature["identity-alignment"], signature["delivery-result"]) == ("bodyhash", "dkim", "delivered")
    assert signature["dkim-domain"] == broken.domain and "spf-dns" not in signature
    _, spf, _ = fields(second.wait_messages()[0].data)
    assert (spf["auth-failure"], spf["identity-alignment"]) == ("spf", "spf") and "dkim-domain" not in spf
    assert spf["spf-dns"] == f'txt : {moved.domain} : "v=spf1 ip4:{moved.address} -all"'


def test_a_flood_of_forgeries_makes_no_flood_of_reports(road, tmp_path):
    """From each of many addresses another failure; ten are told in an hour. What a public suffix asks for is told to nobody."""
    taker, suffix = road.company(), road.company()
    company, public = prove(road, tmp_path, taker.domain, road.address()), prove(road, tmp_path, suffix.domain, road.address())
    road.set(f"_dmarc.{company.domain}", "TXT", f'"v=DMARC1; p=none; rua=mailto:rua@{company.domain}; ruf=mailto:ruf@{company.domain}"')
    road.set(f"_dmarc.{public.domain}", "TXT", f'"v=DMARC1; p=none; psd=y; rua=mailto:rua@{public.domain}; ruf=mailto:ruf@{public.domain}"')
    partner = make_partner(road, failure_reports=True)
    for number in range(13):
        forged = company.mail(f"Forged {number}", signed=False)
        assert send(partner, road.address(), "x@elsewhere.example", forged)[0] == 250
    assert send(partner, road.address(), "x@elsewhere.example", public.mail("Forged", signed=False))[0] == 250
    taker.wait_messages(10)
    send_reports(partner, 2)
    told = [m.recipients[0] for m in taker.wait_messages(11)]
    assert sorted(told) == [f"rua@{company.domain}"] + 10 * [f"ruf@{company.domain}"]
    assert [m.recipients for m in suffix.wait_messages(1)] == [[f"rua@{public.domain}"]]


def test_a_place_elsewhere_must_want_them(road, tmp_path):
    other, forger, company = road.company(), Sender(road, tmp_path, None), Sender(road, tmp_path, None)
    road.set(f"_dmarc.{company.domain}", "TXT", f'"v=DMARC1; p=none; ruf=mailto:ruf@{other.domain}"')
    partner = make_partner(road, failure_reports=True)
    assert send(partner, forger.address, f"x@{forger.domain}", company.mail("Bad", signed=False))[0] == 250
    partner.wait_event("failure-report-unwanted", domain=company.domain)
    assert other.messages == []


ARF = b"""From: reports@{0}\r\nTo: rua@owner.example\r\nMessage-ID: <arf@{0}>\r\nMIME-Version: 1.0\r\nSubject: FW: x\r
Content-Type: multipart/report; report-type=feedback-report; boundary=b\r\n\r\n--b\r\n\r\nA failure.\r\n--b\r
Content-Type: message/feedback-report\r\n\r\nFeedback-Type: auth-failure\r\nVersion: 1\r\nAuth-Failure: dmarc\r\nIdentity-Alignment: dkim, spf\r
Delivery-Result: reject\r\nSource-IP: 192.0.2.9\r\nReported-Domain: owner.example\r\nIncidents: 4\r\nArrival-Date: Tue, 1 Dec 2026 00:00:00 +0000\r
\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nFrom: =?utf-8?q?J=C3=BCrgen?= <j@owner.example>\r\nSubject: =?utf-8?b?R3LDvMOfZRtbMzFt?=\r\n\r\nHello\r
--b--\r\n"""


def test_others_failure_reports_are_shown_in_words(road, tmp_path):
    """As another program writes them, from a domain that proves itself, and from one that does not; a complaint is none."""
    owner = road.postrider("mx.owner.example", "owner.example", ["rua"], report_addresses=["rua@owner.example"], trusted_networks=NOBODY)
    owner.smtp_port = road.port
    company = Sender(road, tmp_path, "reject")
    road.publish()
    mark = owner.mark()
    report = ARF.replace(b"{0}", company.domain.encode())
    for raw in (company.sign(report), report.replace(b"auth-failure", b"abuse")):
        assert send(owner, company.address, f"reports@{company.domain}", raw, "rua@owner.example")[0] == 250
    owner.wait_event("report-kept", since=mark, domain="owner.example")
    owner.wait_event("report-not-read", since=mark)
    words = owner.cli("report", "failures").stdout.decode()
    assert words.startswith("2026-12-01T00:00:00Z  owner.example from 192.0.2.9, it was refused (4 messages)\n"), words
    assert "    author: Jürgen <j@owner.example>\n" in words and "    subject: Grüße" in words and "\x1b" not in words
    assert f"({company.domain} proven)" in words


def test_a_failure_report_crosses_from_server_to_server(road, tmp_path):
    owner = road.postrider("mx.owner.example", "owner.example", ["rua"], report_addresses=["rua@owner.example"], trusted_networks=NOBODY)
    owner.smtp_port = road.port
    forger = Sender(road, tmp_path, None)
    company = prove(road, tmp_path, "owner.example", owner.address)
    road.set("_dmarc.owner.example", "TXT", '"v=DMARC1; p=none; ruf=mailto:rua@owner.example"')
    partner = make_partner(road, failure_reports=True)
    mark = owner.mark()
    assert send(partner, forger.address, f"x@{forger.domain}", company.mail("Bad", signed=False))[0] == 250
    owner.wait_event("report-kept", since=mark, domain="owner.example", by="mx.partner.example")
    said = [json.loads(line) for line in owner.cli("report", "failures", "--json").stdout.splitlines()]
    assert len(said) == 1 and said[0]["domain"] == "owner.example" and said[0]["source"] == forger.address
    assert said[0]["delivery"] == "delivered" and said[0]["failed"] == "dmarc" and said[0]["author"].endswith("@owner.example>")
    words = owner.cli("report", "failures").stdout.decode()
    assert f"owner.example from {forger.address}, it was delivered" in words and "reported by mx.partner.example" in words
    assert [json.loads(line)["kind"] for line in owner.cli("report", "show", "--json").stdout.splitlines()] == ["failure"]
    assert owner.cli("report", "failures", "--domain", "other.example", "--json").stdout == b""
