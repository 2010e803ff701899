"""The daily look at a domain's records: told once when something changes, by the log and to the postmaster; and not when nothing does."""

import email
import json
import signal

import pytest

from certificates import Authority
from clock import Clock
from name_servers import Nsd
from ports import on_free_port
from resolver import Liar
from server import field, wait_for
from test_dns_check import name_server

DAY = 86400
# Not below test., of which the resolver's library knows that it is nowhere; nor an address of a network for documentation.
DOMAIN, ADDRESS = "postal.example", "198.18.0.7"
ALICE = "alice@example.test"


class World:
    """NSD that serves the root, with all names in it, behind a relay that can fail."""

    def __init__(self, folder):
        self.keys, self.more = "", ""
        self.nsd = name_server(Nsd, folder / "nsd", self.zone(), name=".").start()
        self.dns = on_free_port(lambda port: Liar(("127.0.0.1", self.nsd.port), [("127.0.0.1", port)]))
        self.port = self.dns.port

    def zone(self, dmarc=f"p=none; rua=mailto:postmaster@{DOMAIN}"):
        return f"""$ORIGIN .
$TTL 0
. SOA ns.example. host.example. 1 1 1 1 0
. NS ns.example.
ns.example. A 127.0.0.1
{DOMAIN}. MX 10 mail.{DOMAIN}.
{DOMAIN}. TXT "v=spf1 mx -all"
mail.{DOMAIN}. A {ADDRESS}
mail.{DOMAIN}. TXT "v=spf1 a -all"
7.0.18.198.in-addr.arpa. PTR mail.{DOMAIN}.
_dmarc.{DOMAIN}. TXT "v=DMARC1; {dmarc}"
{self.keys}{self.more}"""

    def publish(self, zone):
        (self.nsd.folder / "zone").write_text(zone)
        self.nsd.restart()

    def close(self):
        self.dns.close()
        self.nsd.stop()


@pytest.fixture
def world(tmp_path):
    made = World(tmp_path)
    yield made
    made.close()


@pytest.fixture
def clock(tmp_path):
    tmp_path.chmod(0o755)
    return Clock(tmp_path / "clock")


@pytest.fixture
def server(make_server, clock, world):
    """With the domain, whose keys are published: so their way from new to active changes nothing."""
    made = make_server(environment=clock.environment, log_level=0, dns_server=f"127.0.0.1@{world.port}", hostname=f"mail.{DOMAIN}",
                       dkim_sign=True)
    made.cli("domain", "add", DOMAIN)

    def keys():
        return [r for r in json.loads(made.cli("dns", "records", DOMAIN, "--json").stdout) if r["part"] == "dkim"]

    wait_for(lambda: len(keys()) == 2, what="the keys of the domain")
    world.keys = "".join(f"{r['name']}. TXT {r['data']}\n" for r in keys())
    return made


def look(server, clock, ahead=DAY + 3700):
    """Lets so much time pass, and waits for the look that it brings about, to its end."""
    seen = server.mark()
    clock.advance(ahead)
    assert server.wait_event("records-looked-at", since=seen).fields["domains"] == "2"


def notices(server, count=0):
    """What postmaster was told of the domain, once there is so much; the other one of the server has no records."""
    return wait_for(lambda: len(told(server)) >= count and [told(server)], what="the notice")[0]


def told(server):
    subject = f"The DNS records of {DOMAIN} have changed".encode()
    return [email.message_from_bytes(m).get_payload(decode=True) for m in server.messages(ALICE) if field(m, "Subject") == subject]


def test_a_change_is_told_once(server, clock, world):
    world.publish(world.zone(dmarc="p=rejekt"))
    look(server, clock, 3700)
    event = server.wait_event("records-wrong", domain=DOMAIN)
    assert event.fields["wrong"] == "1" and "postrider dns check" in event.fields["do"]
    assert notices(server) == [], "the first look is only logged"
    # The doctor says it too, without being ill of it.
    said = [f for f in json.loads(server.cli("doctor", "--json", check=False).stdout) if f["where"] == DOMAIN]
    wrong = [f for f in said if "postrider dns check" in f["mend"]]
    assert [f["check"] for f in wrong if f["level"] == "warning" and f["cost"]] == ["In the DMARC record, p=rejekt means nothing."], said
    assert all(f["level"] != "error" or "postmaster" in f["check"] for f in said), said
    look(server, clock)
    assert notices(server) == []
    world.publish(world.zone())
    look(server, clock)
    server.wait_event("records-changed", domain=DOMAIN)
    said = notices(server, 1)
    assert len(said) == 1 and b"No longer so:" in said[0] and b"p=rejekt means nothing" in said[0] and b"Nothing is wrong any more." in said[0]
    look(server, clock)
    world.publish(world.zone(dmarc="p=rejekt"))
    look(server, clock)
    said = notices(server, 2)
    assert len(said) == 2 and b"New:" in said[1] and b"p=rejekt means nothing" in said[1] and b"postrider dns check" in said[1]


def test_silence_is_no_news_and_a_restart_knows_what_was_seen(server, clock, world):
    world.publish(world.zone())
    look(server, clock, 3700)
    world.dns.rule("*", "servfail")
    look(server, clock)
    assert not server.find_events("records-changed", domain=DOMAIN)
    server.stop()
    # Before the server is back: what it asks at its start it would remember as failed for some seconds.
    world.dns.clear()
    world.publish(world.zone(dmarc="p=rejekt"))
    server.start()
    seen = server.mark()
    look(server, clock)
    server.wait_event("records-changed", since=seen, domain=DOMAIN)
    assert not server.find_events("records-wrong", seen, domain=DOMAIN)
    assert len(notices(server, 1)) == 1


def test_the_certificate_is_held_against_its_records(server, clock, world, tmp_path):
    """Those that the server has now: another one after a reload, whose key the record does not name."""
    ca = Authority(tmp_path / "ca")
    first, second = ca.issue(f"mail.{DOMAIN}"), ca.issue(f"mail.{DOMAIN}")
    server.stop()
    server.write_config(tls_certificates=[str(first.chain)], tls_keys=[str(first.key)])
    server.start()
    world.more = f"_25._tcp.mail.{DOMAIN}. TLSA {first.tlsa()}\n"
    world.publish(world.zone())
    look(server, clock, 3700)
    # That the zone is not signed, and no more than that.
    assert server.wait_event("records-wrong", domain=DOMAIN).fields["wrong"] == "1"
    server.write_config(tls_certificates=[str(second.chain)], tls_keys=[str(second.key)])
    seen = server.mark()
    server.process.send_signal(signal.SIGHUP)
    server.wait_event("reloaded", since=seen)
    look(server, clock)
    said = notices(server, 1)
    assert len(said) == 1 and b"New:" in said[0] and f"No TLSA record of mail.{DOMAIN} is that of its certificate's key".encode() in said[0]
    world.more = f"_25._tcp.mail.{DOMAIN}. TLSA {second.tlsa()}\n"
    world.publish(world.zone())
    look(server, clock)
    said = notices(server, 2)
    assert len(said) == 2 and b"No longer so:" in said[1] and b"is that of its certificate's key" in said[1]


def test_who_wants_no_look_has_none(server, clock, world):
    world.publish(world.zone())
    server.stop()
    server.write_config(dns_watch=False)
    server.start()
    mark, seen = world.dns.mark(), server.mark()
    clock.advance(2 * DAY)
    server.deliver(ALICE, b"Subject: meanwhile\r\n\r\nx\r\n")
    assert not server.find_events("records-looked-at", seen)
    assert ("_dmarc." + DOMAIN, "TXT") not in world.dns.asked[mark:]
