"""What the tests of senders share: domains that prove their mail, hosts that bring it, and what was found out about it."""

import smtplib
import subprocess

import dkim

from limits import TIMEOUT
from server import split_message

# Nobody's client is trusted there: all are checked.
NOBODY = ["127.255.255.255/32"]


def texts(record):
    """A TXT record of a zone file, in strings of at most 255 octets."""
    return " ".join(f'"{record[i:i + 255]}"' for i in range(0, len(record), 255))


class Sender:
    """A domain that proves its mail: an address that SPF allows, and a key."""

    def __init__(self, net, folder, policy, spf="v=spf1 ip4:{} -all"):
        self.domain, self.address = net.new_domain(), net.address()
        self.publish(net, folder, policy, spf)

    def publish(self, net, folder, policy, spf):
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
        return self.sign(raw) if signed else raw

    def sign(self, raw):
        return dkim.sign(raw, b"s1", self.domain.encode(), self.key.read_bytes(), include_headers=[b"from", b"to", b"subject"]) + raw


def send(server, address, sender, raw, *recipients):
    """As the host of that address; the reply."""
    host, port = server.address, server.smtp_port
    with smtplib.SMTP(host, port, local_hostname="mail.sender.example", source_address=(address, 0), timeout=TIMEOUT) as client:
        client.ehlo()
        assert client.docmd("MAIL", f"FROM:<{sender}>")[0] == 250
        for recipient in recipients or ["bob@partner.example"]:
            assert client.docmd("RCPT", f"TO:<{recipient}>")[0] == 250
        return client.data(raw)


def results(raw):
    """The field that partner wrote, unfolded."""
    found = [value for name, value in split_message(raw)[0] if name == "authentication-results"]
    own = [value for value in found if value.startswith(b"mx.partner.example;")]
    assert len(own) == 1, found
    return " ".join(own[0].decode().split())


def make_partner(road, environment=None, **settings):
    """
    partner.example's server with bob, where nobody is trusted. Its zone is there before it starts and asks for its keys' records: it
    would remember from the zone above that there is no such name, nor others beside it.
    """
    made = road.postrider("mx.partner.example", "partner.example", ["bob"], start=False, environment=environment, trusted_networks=NOBODY, **settings)
    made.smtp_port = road.port
    road.publish()
    return made.start()


def prove(net, folder, domain, address):
    """A Sender for a domain that is there already: partner.example's own host."""
    made = Sender.__new__(Sender)
    made.domain, made.address = domain, address
    made.publish(net, folder, None, "v=spf1 ip4:{} -all")
    return made
