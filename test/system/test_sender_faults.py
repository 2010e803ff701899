"""Processes that end, and a server that stops, while the verdict on a message's sender is awaited: nothing is lost, nobody hangs."""

from concurrent.futures import ThreadPoolExecutor
import os
import signal
import smtplib

import pytest

from limits import TIMEOUT
from imap_client import connect

dkim = pytest.importorskip("dkim", reason="python3-dkim is not installed")
from senders import Sender, make_partner, send  # noqa: E402
from server import wait_for  # noqa: E402

BOB = "bob@partner.example"


@pytest.fixture
def waiting(road, tmp_path):
    """A server at which a message waits for its verdict: a name server says nothing about its author's policy."""
    company = Sender(road, tmp_path, "quarantine")
    partner = make_partner(road)
    road.publish()
    mark = road.dns.mark()
    road.dns.rule(f"_dmarc.{company.domain}", "drop")
    with ThreadPoolExecutor(1) as pool:
        reply = pool.submit(send, partner, company.address, f"a@{company.domain}", company.mail("Waits"))
        road.dns.wait_asked(f"_dmarc.{company.domain}", since=mark)
        try:
            yield partner, reply
        finally:
            road.dns.clear()


def count(server, mailbox):
    with connect(server, BOB, secure=False) as client:
        status, data = client.select(mailbox)
        return int(data[0]) if status == "OK" else 0


def outcome(reply):
    """250, another code, or 0: the connection ended without a reply."""
    try:
        return reply.result(40)[0]
    except smtplib.SMTPResponseException as e:
        return e.smtp_code
    except (smtplib.SMTPServerDisconnected, OSError):
        return 0


@pytest.mark.parametrize("role", ["store", "auth", "dns", "smtp"])
def test_a_role_ends_while_a_verdict_is_awaited(waiting, role):
    partner, reply = waiting
    before = partner.kill_role(role)
    partner.expect("smtp-not-kept")
    code = outcome(reply)
    assert code in ((250, 451) if role != "smtp" else (0,)), code
    wait_for(lambda: partner.role_pids().get(role, before) != before, what=f"{role} is there again")
    assert count(partner, "INBOX") == (code == 250)


def test_the_server_stops_while_a_verdict_is_awaited(waiting):
    partner, reply = waiting
    assert partner.stop() == 0
    code = outcome(reply)
    assert code in (0, 250, 421, 451)
    partner.start()
    assert count(partner, "INBOX") == (code == 250)


@pytest.mark.long
def test_store_ends_while_it_is_asked_about_a_list(road, tmp_path):
    """Mail of a list that may be read is refused for now, and not for good: lists drop readers whose mail is refused."""
    company, sealer = Sender(road, tmp_path, "reject"), Sender(road, tmp_path, None)
    partner = make_partner(road)
    road.publish()
    raw = company.mail("By a list", signed=False, List_Id=f"<list.{sealer.domain}>")
    raw = dkim.sign(raw, b"s1", sealer.domain.encode(), sealer.key.read_bytes(), include_headers=[b"from", b"list-id"]) + raw
    # Nobody reads it; and from now on auth knows of the author's domain that it is not here.
    assert send(partner, sealer.address, f"bounces@{sealer.domain}", raw)[0] == 550
    with smtplib.SMTP(partner.address, partner.smtp_port, source_address=(sealer.address, 0), timeout=TIMEOUT) as client, ThreadPoolExecutor(1) as pool:
        client.ehlo()
        assert client.mail(f"bounces@{sealer.domain}")[0] == client.rcpt(BOB)[0] == 250
        os.kill(partner.role_pid("store"), signal.SIGSTOP)
        reply = pool.submit(client.data, raw)
        with pytest.raises(TimeoutError):
            reply.result(2)  # it waits for store
        partner.kill_role("store")
        partner.expect("smtp-not-kept")
        code, text = reply.result(40)
        assert code == 451, text
