"""Who sent it: SPF, DKIM and DMARC of mail that other servers bring, over the small internet of test/support/net.py."""

from concurrent.futures import ThreadPoolExecutor
import smtplib

import pytest

from limits import TIMEOUT
from imap_client import connect
from road import wait_mail

dkim = pytest.importorskip("dkim", reason="python3-dkim is not installed")
from senders import Sender, make_partner, results, send  # noqa: E402


@pytest.fixture
def partner(road):
    return make_partner(road)


def test_genuine_mail_is_proven(road, partner, tmp_path):
    company = Sender(road, tmp_path, "reject")
    road.publish()
    forged = "mx.partner.example; dmarc=pass header.from=partner.example"
    raw = company.mail("Genuine", Authentication_Results=forged)
    code, text = send(partner, company.address, f"alice@{company.domain}", raw)
    assert code == 250, text
    got = wait_mail(partner, "bob@partner.example")[0]
    said = results(got)
    assert f"dmarc=pass (p=reject) header.from={company.domain}" in said
    assert f"spf=pass smtp.mailfrom=alice@{company.domain}" in said
    assert f"dkim=pass header.d={company.domain} header.s=s1 header.a=rsa-sha256" in said
    assert got.endswith(b"\r\n\r\nHow are you?\r\n")


@pytest.mark.parametrize("name", ["Return-Path", "Received", "Authentication-Results"])
def test_signatures_are_over_what_came(road, partner, tmp_path, name):
    """Return-Path goes on the way in, our Received comes, and results in our name go; a signature may cover each."""
    company, other = Sender(road, tmp_path, "reject"), Sender(road, tmp_path, None)
    road.publish()
    signed = {"Return-Path": {"Return_Path": f"<alice@{company.domain}>"}, "Received": {},
              "Authentication-Results": {"Authentication_Results": "mx.partner.example; spf=pass"}}[name]
    raw = company.mail(name, signed=False, **signed)
    signer = dkim.DKIM(raw)
    signer.should_not_sign = set()
    raw = signer.sign(b"s1", company.domain.encode(), company.key.read_bytes(), canonicalize=(b"simple", b"simple"),
                      include_headers=[b"from", b"subject", name.lower().encode()]) + raw
    code, text = send(partner, other.address, f"alice@{other.domain}", raw)
    assert code == 250, text
    assert f"dmarc=pass (p=reject) header.from={company.domain}" in results(wait_mail(partner, "bob@partner.example")[0])


def test_mail_of_a_list_is_proven_by_its_signature_alone(road, partner, tmp_path):
    company = Sender(road, tmp_path, "reject")
    elsewhere = Sender(road, tmp_path, None)
    road.publish()
    assert send(partner, elsewhere.address, f"list-bounces@{elsewhere.domain}", company.mail("By a list"))[0] == 250
    said = results(wait_mail(partner, "bob@partner.example")[0])
    assert f"dmarc=pass (p=reject) header.from={company.domain}" in said and f"spf=pass smtp.mailfrom=list-bounces@{elsewhere.domain}" in said


@pytest.mark.parametrize("forgery", ["unsigned", "changed", "subdomain"])
def test_forged_mail_is_refused_in_the_dialogue(road, partner, tmp_path, forgery):
    company = Sender(road, tmp_path, "reject")
    other = Sender(road, tmp_path, None)
    road.publish()
    raw = company.mail("Forged", signed=forgery == "changed")
    if forgery == "changed":
        raw = raw.replace(b"How are you?", b"Pay at once.")
    if forgery == "subdomain":
        raw = raw.replace(f"alice@{company.domain}".encode(), f"alice@pay.{company.domain}".encode())
    code, text = send(partner, other.address, f"alice@{other.domain}", raw)
    assert code == 550 and text.startswith(b"5.7.26 ") and company.domain.encode() in text, text
    event = partner.wait_event("sender-checked", author=f"pay.{company.domain}" if forgery == "subdomain" else company.domain)
    assert event.fields["dmarc"] == "fail"


def test_a_key_without_an_answer_opens_no_way_around_a_policy(road, partner, tmp_path):
    """A forger names a key that no name server gives an answer about; and genuine mail is not refused for good."""
    company, other = Sender(road, tmp_path, "reject"), Sender(road, tmp_path, None)
    road.publish()
    road.dns.rule(f"s1._domainkey.{company.domain}", "servfail")
    try:
        for raw in (company.mail("Forged").replace(b"How are you?", b"Pay at once."), company.mail("Genuine")):
            code, text = send(partner, other.address, f"alice@{other.domain}", raw)
            assert code == 451 and text.startswith(b"4.4.3 ") and company.domain.encode() in text, text
    finally:
        road.dns.clear()


def test_quarantine_goes_into_junk(road, partner, tmp_path):
    company = Sender(road, tmp_path, "quarantine")
    road.publish()
    with connect(partner, "bob@partner.example", secure=False) as client:
        assert send(partner, road.address(), f"x@{company.domain}", company.mail("Doubtful", signed=False))[0] == 250
        assert client.select("Junk")[1] == [b"1"]
        raw = client.fetch("1", "(BODY.PEEK[])")[1][0][1]
        assert "dmarc=fail (p=quarantine)" in results(raw) and "spf=fail" in results(raw)


def test_more_authors_than_are_looked_at_go_into_junk(road, partner, tmp_path):
    company, other = Sender(road, tmp_path, "reject"), Sender(road, tmp_path, None)
    road.publish()
    authors = ", ".join([f"a{i}@a{i}.{other.domain}" for i in range(4)] + [f"boss@{company.domain}"])
    with connect(partner, "bob@partner.example", secure=False) as client:
        assert send(partner, other.address, f"x@{other.domain}", other.mail("Many", From=authors))[0] == 250
        assert client.select("Junk")[1] == [b"1"]
        assert "dmarc=permerror" in results(client.fetch("1", "(BODY.PEEK[])")[1][0][1])


def test_a_silent_name_server_delays_nobody_for_ever(road, partner, tmp_path):
    company = Sender(road, tmp_path, "reject")
    road.publish()
    road.dns.rule(f"_dmarc.{company.domain}", "drop")
    try:
        assert send(partner, company.address, f"alice@{company.domain}", company.mail("Slow"))[0] == 250
    finally:
        road.dns.clear()
    assert "dmarc=temperror" in results(wait_mail(partner, "bob@partner.example")[0])


@pytest.mark.long
def test_checks_have_so_much_memory_and_no_more(road, tmp_path):
    """Large headers are refused for now while ordinary mail goes on; when they are gone, all is as before."""
    company = Sender(road, tmp_path, "reject")
    partner = make_partner(road, sender_check_memory="1M")
    road.publish()
    large = company.mail("Large")
    large = b"".join(b"X-%d: " % i + b"x" * 900 + b"\r\n" for i in range(700)) + large
    with smtplib.SMTP(partner.address, partner.smtp_port, source_address=(company.address, 0), timeout=TIMEOUT) as client:
        client.ehlo()
        client.docmd("MAIL", f"FROM:<alice@{company.domain}>")
        client.docmd("RCPT", "TO:<bob@partner.example>")
        assert client.docmd("DATA")[0] == 354
        client.send(large)
        partner.wait_event("sender-check-memory")
        assert send(partner, company.address, f"alice@{company.domain}", company.mail("Ordinary"))[0] == 250
        client.send(b".\r\n")
        code, text = client.getreply()
        assert code == 451 and text.startswith(b"4.3.2 "), text
    partner.expect("sender-check-memory", "smtp-not-kept")
    assert send(partner, company.address, f"alice@{company.domain}", company.mail("Again"))[0] == 250
    assert len(wait_mail(partner, "bob@partner.example", 2)) == 2


@pytest.mark.long
def test_a_name_server_that_is_silent_for_some_delays_no_others(road, partner, tmp_path):
    """Ten senders; nothing is heard of one. Mail of the others comes through while that one's check waits."""
    senders = [Sender(road, tmp_path, "reject") for _ in range(10)]
    road.publish()
    silent, *others = senders
    road.dns.rule(f"_dmarc.{silent.domain}", "drop")
    try:
        with ThreadPoolExecutor(3 + len(others)) as pool:
            waits = [pool.submit(send, partner, silent.address, f"a@{silent.domain}", silent.mail(f"Silent {i}")) for i in range(3)]
            # All at once: how long nine take in turns is a matter of the machine, and the silent one's time is limited.
            quick = [pool.submit(send, partner, c.address, f"a@{c.domain}", c.mail(f"Quick {number}")) for number, c in enumerate(others)]
            assert all(q.result()[0] == 250 for q in quick)
            assert not any(w.done() for w in waits), "the silent one was to wait longer than all others took"
            assert len(wait_mail(partner, "bob@partner.example", len(others))) == len(others)
            assert all(w.result()[0] == 250 for w in waits)
    finally:
        road.dns.clear()
