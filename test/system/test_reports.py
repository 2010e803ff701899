"""Reports between servers: what is counted of mail that comes, to whom a report of it goes, what is made of those that others send."""

import email
import email.policy
import gzip
import json
import xml.etree.ElementTree as xml

import pytest

from server import wait_for

dkim = pytest.importorskip("dkim", reason="python3-dkim is not installed")
from senders import Sender, make_partner, prove, send  # noqa: E402

NAMESPACE = "{urn:ietf:params:xml:ns:dmarc-2.0}"


def parse(raw):
    return email.message_from_bytes(raw, policy=email.policy.default)


def report_in(raw):
    """The mail, and the XML that it carries."""
    mail = parse(raw)
    parts = [p for p in mail.walk() if p.get_content_type() == "application/gzip"]
    assert len(parts) == 1, mail.as_string()[:2000]
    return mail, parts[0], xml.fromstring(gzip.decompress(parts[0].get_content()))


def text(node, path):
    found = node.find("/".join(NAMESPACE + name for name in path.split("/")))
    return None if found is None else found.text


def send_reports(server, expected=1):
    """Counts reach store within about a second: until so many are sent."""
    sent = []

    def done():
        sent.append(json.loads(server.cli("report", "send", "--now", "--json").stdout))
        return sum(s["sent"] + s["unwanted"] for s in sent) >= expected
    wait_for(done, what="the reports", pause=0.3)
    return sent[-1]


@pytest.fixture
def partner(road):
    return make_partner(road)


def test_who_asks_for_it_gets_a_report_of_mail_in_its_name(road, partner, tmp_path):
    taker, forger = road.company(), Sender(road, tmp_path, None)
    company = prove(road, tmp_path, taker.domain, road.address())
    road.set(f"_dmarc.{company.domain}", "TXT", f'"v=DMARC1; p=none; rua=mailto:rua@{company.domain}!10m"')
    road.publish()
    for number in range(3):
        assert send(partner, company.address, f"alice@{company.domain}", company.mail(f"Good {number}"))[0] == 250
    assert send(partner, forger.address, f"x@{forger.domain}", company.mail("Bad", signed=False))[0] == 250
    send_reports(partner)
    mail, part, report = report_in(taker.wait_messages()[0].data)
    assert taker.messages[0].sender == "" and taker.messages[0].recipients == [f"rua@{company.domain}"]
    assert mail["Subject"].startswith(f"Report Domain: {company.domain} Submitter: mx.partner.example Report-ID: <")
    assert part.get_filename().startswith(f"mx.partner.example!{company.domain}!") and part.get_filename().endswith(".xml.gz")
    assert mail["Auto-Submitted"] == "auto-generated"
    assert text(report, "policy_published/domain") == company.domain and text(report, "policy_published/p") == "none"
    rows = {text(r, "row/source_ip"): r for r in report.iter(NAMESPACE + "record")}
    good, bad = rows[company.address], rows[forger.address]
    assert text(good, "row/count") == "3" and text(bad, "row/count") == "1"
    assert text(good, "row/policy_evaluated/dkim") == text(good, "row/policy_evaluated/spf") == "pass"
    assert text(bad, "row/policy_evaluated/dkim") == text(bad, "row/policy_evaluated/spf") == "fail"
    assert text(good, "auth_results/dkim/selector") == "s1" and text(good, "identifiers/header_from") == company.domain
    assert text(bad, "auth_results/spf/domain") == forger.domain and text(bad, "auth_results/spf/result") == "pass"
    # What is reported is counted no more.
    assert send_reports(partner, 0) == {"sent": 0, "unwanted": 0, "later": 0}


def test_reports_go_elsewhere_only_where_they_are_wanted(road, partner, tmp_path):
    """RFC 9990 section 3."""
    company, other = Sender(road, tmp_path, "none"), road.company()
    road.set(f"_dmarc.{company.domain}", "TXT", f'"v=DMARC1; p=none; rua=mailto:reports@{other.domain}"')
    road.publish()
    assert send(partner, company.address, f"alice@{company.domain}", company.mail("One"))[0] == 250
    assert send_reports(partner)["unwanted"] == 1
    road.set(f"{company.domain}._report._dmarc.{other.domain}", "TXT", '"v=DMARC1;"')
    road.publish()
    assert send(partner, company.address, f"alice@{company.domain}", company.mail("Two"))[0] == 250
    send_reports(partner)
    _, _, report = report_in(other.wait_messages()[0].data)
    assert len(list(report.iter(NAMESPACE + "record"))) == 1
