"""Reports between servers: what is counted of mail that comes, to whom a report of it goes, what is made of those that others send."""

import email
import email.message
import email.policy
import gzip
import io
import json
import xml.etree.ElementTree as xml
import zipfile

import pytest

from certificates import Authority
from hosts import policy
from road import submit
from server import wait_for

dkim = pytest.importorskip("dkim", reason="python3-dkim is not installed")
from senders import NOBODY, Sender, make_partner, prove, send  # noqa: E402

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


@pytest.mark.parametrize("wanted", [False, True])
def test_reports_go_elsewhere_only_where_they_are_wanted(road, partner, tmp_path, wanted):
    """RFC 9990 section 3."""
    company, other = Sender(road, tmp_path, "none"), road.company()
    road.set(f"_dmarc.{company.domain}", "TXT", f'"v=DMARC1; p=none; rua=mailto:reports@{other.domain}"')
    if wanted:
        road.set(f"{company.domain}._report._dmarc.{other.domain}", "TXT", '"v=DMARC1;"')
    road.publish()
    assert send(partner, company.address, f"alice@{company.domain}", company.mail("One"))[0] == 250
    said = send_reports(partner)
    assert (said["sent"], said["unwanted"]) == ((1, 0) if wanted else (0, 1))
    if wanted:
        _, _, report = report_in(other.wait_messages()[0].data)
        assert len(list(report.iter(NAMESPACE + "record"))) == 1


# ---- TLS (RFC 8460) ----


def tls_report(company, count):
    raw = company.wait_messages(count)[-1].data
    mail = parse(raw)
    assert mail.get_content_type() == "multipart/report" and mail.get_param("report-type") == "tlsrpt"
    assert mail["TLS-Report-Domain"] == company.domain and mail["TLS-Report-Submitter"] == "mx.provider.example"
    part = next(p for p in mail.walk() if p.get_content_type() == "application/tlsrpt+gzip")
    return json.loads(gzip.decompress(part.get_content()))


@pytest.mark.parametrize("trouble", [None, "certificate"])
def test_domains_learn_how_mail_to_them_was_encrypted(road, provider, company, trouble):
    road.policy_host(company.domain, policy("enforce", company.name))
    road.set(f"_smtp._tls.{company.domain}", "TXT", f'"v=TLSRPTv1; rua=mailto:tls@{company.domain}"')
    if trouble:
        company.secure(road.ca.issue("other.example"))
    road.publish()
    mark = provider.mark()
    submit(provider, provider.sender, company.bob)
    if trouble:
        provider.wait_event("destination-failed", since=mark, destination=company.domain)
        company.secure(road.ca.issue(company.name))
    company.wait_messages()

    def reported():
        provider.cli("report", "send", "--now")
        return provider.find_events("report-sent", since=mark, domain=company.domain, outcome="sent")
    wait_for(reported, what="the report", pause=0.5)
    report = tls_report(company, 2)
    found = report["policies"][0]
    assert found["policy"]["policy-type"] == "sts" and found["policy"]["policy-domain"] == company.domain
    assert "mode: enforce" in found["policy"]["policy-string"] and found["policy"]["mx-host"] == [company.name]
    assert found["summary"]["total-successful-session-count"] + found["summary"]["total-failure-session-count"] >= 1
    if trouble:
        assert found["failure-details"][0]["result-type"] == "certificate-host-mismatch"
        assert found["failure-details"][0]["receiving-mx-hostname"] == company.name


@pytest.mark.parametrize("trouble, kind", [
    (None, None), ("certificate", "certificate-host-mismatch"), ("host", "validation-failure"), ("authority", "certificate-not-trusted")])
def test_domains_learn_what_a_policy_that_is_tested_would_have_cost(road, provider, company, trouble, kind):
    """RFC 8461 section 5, mode testing: mail goes on, and the report tells what would have failed."""
    road.policy_host(company.domain, policy("testing", "other.example" if trouble == "host" else company.name))
    road.set(f"_smtp._tls.{company.domain}", "TXT", f'"v=TLSRPTv1; rua=mailto:tls@{company.domain}"')
    if trouble == "certificate":
        company.secure(road.ca.issue("other.example"))
    elif trouble == "authority":
        company.secure(Authority(road.folder / "stranger").issue(company.name))
    road.publish()
    submit(provider, provider.sender, company.bob)
    company.wait_messages()
    report(provider, company.domain, "sent")
    found = tls_report(company, 2)["policies"][0]
    assert found["policy"]["policy-type"] == "sts" and "mode: testing" in found["policy"]["policy-string"]
    summary = found["summary"]
    assert (summary["total-successful-session-count"], summary["total-failure-session-count"]) == ((0, 1) if trouble else (1, 0))
    assert [(f["result-type"], f["receiving-mx-hostname"]) for f in found.get("failure-details", [])] == ([(kind, company.name)] if trouble else [])


def test_domains_learn_that_their_policy_allows_none_of_their_hosts(road, provider, company):
    road.policy_host(company.domain, policy("enforce", "other.example"))
    name = f"reports.{company.domain}"
    host = road.report_host(name)
    road.set(f"_smtp._tls.{company.domain}", "TXT", f'"v=TLSRPTv1; rua=https://{name}/"')
    road.publish()
    mark = provider.mark()
    submit(provider, provider.sender, company.bob)
    provider.wait_event("destination-failed", since=mark, destination=company.domain)
    report(provider, company.domain, "sent")
    found = json.loads(gzip.decompress(host.posts[-1][2]))["policies"][0]
    assert found["summary"]["total-failure-session-count"] >= 1 and found["failure-details"][0]["result-type"] == "validation-failure"


def report(server, domain, outcome):
    """Has reports sent until one about this domain has this outcome; its event."""
    def done():
        server.cli("report", "send", "--now")
        return server.find_events("report-sent", domain=domain, outcome=outcome)
    wait_for(done, what=f"the outcome {outcome}", pause=0.3)
    return server.find_events("report-sent", domain=domain, outcome=outcome)[-1]


def test_a_tls_report_goes_by_https(road, provider, company):
    """RFC 8460 section 5.4: posted, packed; what the host does not take is kept and tried again; no certificate, no report."""
    name = f"reports.{company.domain}"
    host = road.report_host(name)
    road.set(f"_smtp._tls.{company.domain}", "TXT", f'"v=TLSRPTv1; rua=https://{name}/tls?x=1#y"')
    road.publish()
    submit(provider, provider.sender, company.bob)
    company.wait_messages()
    host.status = 503
    assert "503" in report(provider, company.domain, "later").fields["reason"]
    host.status = 201
    report(provider, company.domain, "sent")
    path, fields, body = host.posts[-1]
    assert path == "/tls?x=1" and fields["Host"] == name and fields["Content-Type"] == "application/tlsrpt+gzip"
    found = json.loads(gzip.decompress(body))
    assert found["policies"][0]["policy"]["policy-domain"] == company.domain
    assert found["policies"][0]["summary"]["total-successful-session-count"] == 1
    first = json.loads(gzip.decompress(host.posts[0][2]))
    assert (first["report-id"], first["policies"]) == (found["report-id"], found["policies"]), "it is the same report again"
    assert company.messages[1:] == [], "and not by mail"


def test_a_host_that_proves_nothing_gets_no_tls_report(road, provider, company):
    name = f"reports.{company.domain}"
    host = road.report_host(name, road.ca.issue("other.example"))
    road.set(f"_smtp._tls.{company.domain}", "TXT", f'"v=TLSRPTv1; rua=https://{name}/"')
    road.publish()
    submit(provider, provider.sender, company.bob)
    company.wait_messages()
    assert "certificate" in report(provider, company.domain, "later").fields["reason"]
    assert host.posts == []


# ---- reports of others ----


OLD = """<?xml version="1.0"?><feedback><report_metadata><org_name>Old &amp; Co</org_name><email>x@y.example</email><report_id>77</report_id>
<date_range><begin>1700000000</begin><end>1700086399</end></date_range></report_metadata>
<policy_published><domain>owner.example</domain><p>none</p></policy_published>
<record><row><source_ip>192.0.2.1</source_ip><count>5</count><policy_evaluated><disposition>none</disposition><dkim>pass</dkim>
<spf>pass</spf></policy_evaluated></row><identifiers><header_from>owner.example</header_from></identifiers><auth_results>
<dkim><domain>owner.example</domain><result>pass</result></dkim></auth_results></record>
<record><row><source_ip>198.51.100.9</source_ip><count>2</count><policy_evaluated><disposition>none</disposition><dkim>fail</dkim>
<spf>fail</spf></policy_evaluated></row><identifiers><header_from>owner.example</header_from></identifiers><auth_results>
<spf><domain>list.example</domain><result>pass</result></spf></auth_results></record></feedback>"""

TLS = json.dumps({
    "organization-name": "Sender", "date-range": {"start-datetime": "2026-04-01T00:00:00Z", "end-datetime": "2026-04-01T23:59:59Z"},
    "contact-info": "x@y.example", "report-id": "9", "policies": [{
        "policy": {"policy-type": "sts", "policy-string": ["version: STSv1"], "policy-domain": "owner.example"},
        "summary": {"total-successful-session-count": 10, "total-failure-session-count": 3},
        "failure-details": [{"result-type": "certificate-expired", "receiving-mx-hostname": "mx.owner.example", "failed-session-count": 3}]}]})


def report_mail(company, content, kind, name):
    mail = email.message.EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = f"reports@{company.domain}", "rua@owner.example", "Report"
    mail.set_content("A report.")
    mail.add_attachment(content, maintype="application", subtype=kind, filename=name)
    return company.sign(mail.as_bytes(policy=email.policy.SMTP))


@pytest.fixture
def owner(road):
    made = road.postrider("mx.owner.example", "owner.example", ["rua"], report_addresses=["rua@owner.example"], trusted_networks=NOBODY)
    made.smtp_port = road.port
    return made


def shown(server, what, *options):
    done = server.cli("report", what, "--json", *options)
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize("proven", [True, False])
def test_a_report_crosses_from_server_to_server(road, owner, partner, tmp_path, proven):
    """One whose author is proven counts; another one, which anybody may have written, counts for who wishes it."""
    company, forger = prove(road, tmp_path, "owner.example", owner.address), Sender(road, tmp_path, None)
    road.set("_dmarc.owner.example", "TXT", '"v=DMARC1; p=none; rua=mailto:rua@owner.example"')
    road.set("_dmarc.partner.example", "TXT", '"v=DMARC1; p=none"')
    road.set("mx.partner.example", "TXT", f'"v=spf1 {f"ip4:{partner.address}" if proven else ""} -all"')
    road.publish()
    assert send(partner, company.address, "alice@owner.example", company.mail("Good"))[0] == 250
    assert send(partner, forger.address, f"x@{forger.domain}", company.mail("Bad", signed=False))[0] == 250
    mark = owner.mark()
    send_reports(partner)
    owner.wait_event("report-kept", since=mark, domain="owner.example", by="mx.partner.example")
    if not proven:
        said = shown(owner, "dmarc", "--no-names")[0]
        assert (said["reports"], said["messages"], said["unproven_reports"], said["unproven_messages"]) == (0, 0, 1, 2)
        assert said["what_if"]["reject"] == {"delivered": 0, "junk": 0, "refused": 0} and said["sources"] == []
        words = owner.cli("report", "dmarc", "--no-names").stdout.decode()
        assert "1 report about owner.example, of 2 messages, came by mail whose author nothing proves" in words and "p=reject" not in words
    anyhow = () if proven else ("--unproven",)
    said = shown(owner, "dmarc", "--no-names", *anyhow)[0]
    assert said["domain"] == "owner.example" and said["policy"] == "none" and said["reports"] == 1
    assert said["unproven_reports"] == (0 if proven else 1)
    assert (said["messages"], said["proven"], said["others_proof"]) == (2, 1, 1)
    assert said["what_if"]["reject"] == {"delivered": 1, "junk": 0, "refused": 1}
    assert {s["address"]: s["proven"] for s in said["sources"]} == {owner.address: 1, forger.address: 0}
    words = owner.cli("report", "dmarc", "--no-names", *anyhow).stdout.decode()
    assert "1 of them (50.0 %) was proven to be yours" in words and "p=reject" in words and forger.address in words
    assert len(owner.messages("rua@owner.example")) == 1, "it is delivered as well"
    # Mail to an address for reports is not reported on.
    assert send_reports(owner, 0)["sent"] == 0


def test_reports_in_every_packing_are_read_and_shown(road, owner, tmp_path):
    company = Sender(road, tmp_path, "reject")
    road.publish()
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("report.xml", OLD.replace(">77<", ">78<"))
    bomb = gzip.compress(b"<feedback>" + b" " * (33 << 20))
    mails = [(gzip.compress(OLD.encode()), "gzip", "r.xml.gz"), (zipped.getvalue(), "zip", "r.zip"), (TLS.encode(), "tlsrpt+json", "r.json"),
             (gzip.compress(OLD.encode()), "gzip", "again.xml.gz"), (bomb, "gzip", "bomb.xml.gz"), (b"\x1f\x8bnonsense", "gzip", "bad.gz")]
    mark = owner.mark()
    for content, kind, name in mails:
        assert send(owner, company.address, f"reports@{company.domain}", report_mail(company, content, kind, name), "rua@owner.example")[0] == 250
    owner.wait_event("report-kept", since=mark, count=3)
    owner.wait_event("report-not-read", since=mark, count=2)
    said = shown(owner, "dmarc", "--no-names")[0]
    assert (said["reports"], said["messages"], said["proven"], said["others_proof"]) == (2, 14, 10, 4)
    assert said["what_if"]["quarantine"] == {"delivered": 10, "junk": 4, "refused": 0}
    assert {r["from"] for r in shown(owner, "show")} == {company.domain}
    assert shown(owner, "dmarc", "--since", "30") == [] and shown(owner, "dmarc", "--domain", "other.example") == []
    tls = shown(owner, "tls")[0]
    assert tls["policies"] == [{"what": "owner.example under sts", "good": 10, "failed": 3}]
    assert tls["failures"] == [{"what": "certificate-expired at mx.owner.example", "good": 0, "failed": 3}]
    assert "certificate-expired at mx.owner.example: 3" in owner.cli("report", "tls").stdout.decode()
    assert owner.stop() == 0
    owner.start()
    assert len(shown(owner, "show")) == 3, "they are kept over a restart"
