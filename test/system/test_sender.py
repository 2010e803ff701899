"""Who sent it: SPF, DKIM and DMARC of mail that other servers bring, over the small internet of test/support/net.py."""

import smtplib
import subprocess

import pytest

from imap_client import connect
from road import wait_mail
from server import split_message

dkim = pytest.importorskip("dkim", reason="python3-dkim is not installed")

# Nobody's client is trusted here: all are checked.
NOBODY = ["127.255.255.255/32"]


def texts(record):
    """A TXT record of a zone file, in strings of at most 255 octets."""
    return " ".join(f'"{record[i:i + 255]}"' for i in range(0, len(record), 255))


class Sender:
    """A domain that proves its mail: an address that SPF allows, and a key."""

    def __init__(self, net, folder, policy, spf="v=spf1 ip4:{} -all"):
        self.domain, self.address = net.new_domain(), net.address()
        self.key = folder / f"{self.domain}.key"
        subprocess.run(["openssl", "genrsa", "-traditional", "-out", str(self.key), "2048"], check=True, capture_output=True)
        public = subprocess.run(["openssl", "rsa", "-in", str(self.key), "-pubout", "-outform", "PEM"], check=True, capture_output=True, text=True).stdout
        public = "".join(line for line in public.splitlines() if "-----" not in line)
        net.set(self.domain, "A", self.address)
        net.set(self.domain, "TXT", texts(spf.format(self.address)))
        net.set(f"s1._domainkey.{self.domain}", "TXT", texts(f"v=DKIM1; k=rsa; p={public}"))
        if policy:
            net.set(f"_dmarc.{self.domain}", "TXT", texts(f"v=DMARC1; p={policy}"))

    def mail(self, subject="Hello", signed=True, **fields):
        fields = {"From": f"Alice <alice@{self.domain}>", "To": "bob@partner.example", "Subject": subject, **fields}
        raw = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in fields.items()).encode() + b"\r\nHow are you?\r\n"
        if not signed:
            return raw
        return dkim.sign(raw, b"s1", self.domain.encode(), self.key.read_bytes(), include_headers=[b"from", b"to", b"subject"]) + raw


def send(server, address, sender, raw, recipient="bob@partner.example"):
    """As the host of that address; the reply."""
    host, port = server.address, server.smtp_port
    with smtplib.SMTP(host, port, local_hostname="mail.sender.example", source_address=(address, 0), timeout=30) as client:
        client.ehlo()
        assert client.docmd("MAIL", f"FROM:<{sender}>")[0] == 250
        assert client.docmd("RCPT", f"TO:<{recipient}>")[0] == 250
        return client.data(raw)


@pytest.fixture
def partner(road):
    made = road.postrider("mx.partner.example", "partner.example", ["bob"], trusted_networks=NOBODY)
    made.smtp_port = road.port
    return made


def results(raw):
    """The field that partner wrote, unfolded."""
    found = [value for name, value in split_message(raw)[0] if name == "authentication-results"]
    own = [value for value in found if value.startswith(b"mx.partner.example;")]
    assert len(own) == 1, found
    return " ".join(own[0].decode().split())


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
