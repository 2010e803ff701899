"""Signing what is sent: each domain's keys, what others find when they verify it, what users are told, and the keys' life."""

import base64
import json
import pathlib
import signal
import smtplib
import subprocess
import tempfile
import time
import unittest.mock

import pytest

from clock import Clock
from limits import TIMEOUT
from road import Refused, submit, wait_mail
from server import field, split_message, wait_for

dkim = pytest.importorskip("dkim", reason="python3-dkim is not installed")

NOBODY = ["127.255.255.255/32"]
PERL_VERIFY = """
use Mail::DKIM::Verifier;
my %zone; open my $z, '<', shift or die; while (<$z>) { chomp; my ($n, $t) = split / /, $_, 2; $zone{$n} = $t; }
{ no warnings; *Mail::DKIM::DNS::query = sub { my ($n) = @_; return exists $zone{$n} ? (bless \\$zone{$n}, 'Answer') : (); }; }
package Answer; sub type { 'TXT' } sub txtdata { ${$_[0]} } sub char_str_list { ${$_[0]} }
package main;
my $v = Mail::DKIM::Verifier->new();
open my $f, '<:raw', shift or die; local $/; my $m = <$f>;
$v->PRINT($m); $v->CLOSE;
print join(' ', map { $_->algorithm . '=' . $_->result } $v->signatures), "\\n";
"""


def keys(server, domain):
    return json.loads(server.cli("dkim", "list", domain, "--json").stdout)


def publish(road, server, domain, dmarc="reject"):
    """Puts the records of all keys into the DNS, as `dkim show` prints them; and waits until the server, which looks each minute, has seen them."""
    for line in server.cli("dkim", "show", domain).stdout.decode().splitlines():
        name, _, rest = line.partition(". TXT ")
        road.set(name, "TXT", rest.rpartition(" ; ")[0])
    if dmarc:
        road.set(f"_dmarc.{domain}", "TXT", f'"v=DMARC1; p={dmarc}"')
    road.publish()

    def seen():
        # What it was told before that there is none, it believes for a second of the real time.
        server.clock.advance(61)
        return all(key["shown"] for key in keys(server, domain) if key["state"] == "active") and not any(
            key["state"] == "new" for key in keys(server, domain))
    wait_for(seen, what="the server to see the records")


@pytest.fixture
def sender(road, tmp_path):
    """A server that signs, with a domain and alice@ of its own; its keys are made, and their records published."""
    domain = road.new_domain()
    road.publish()  # before the server asks for its keys: a zone that is not served yet would be avoided for a minute
    clock = Clock(tmp_path / "clock")
    made = road.postrider(f"mx.{domain}", domain, ["alice"], environment=clock.environment, dkim_sign=True, trusted_networks=NOBODY,
                          queue_retry_min=1, queue_retry_max=2)
    made.domain, made.alice, made.clock = domain, f"alice@{domain}", clock
    wait_for(lambda: len(keys(made, domain)) == 2, what="both keys")
    road.set(domain, "TXT", f'"v=spf1 ip4:{made.address} -all"')
    publish(road, made, domain)
    yield made
    assert not made.finish()


def zone_of(server, domain):
    return {f"{key['name']}.": key["record"] for key in keys(server, domain)}


def verify(server, raw):
    """What dkimpy says of each signature, by its algorithm."""
    zone = zone_of(server, server.domain)

    def look_up(name, timeout=5):
        name = name.decode() if isinstance(name, bytes) else name
        return zone.get(name if name.endswith(".") else name + ".", "").encode() or None
    found = {}
    message = dkim.DKIM(raw)
    for number, (name, value) in enumerate((n, v) for n, v in split_message(raw)[0] if n == "dkim-signature"):
        algorithm = "ed25519" if b"a=ed25519" in value else "rsa"
        assert f"d={server.domain};".encode() in value
        assert b"l=" not in value.replace(b"rel", b"")
        try:
            with unittest.mock.patch("time.time", lambda now=time.time() + server.clock.ahead: now):
                found[algorithm] = message.verify(idx=number, dnsfunc=look_up)
        except dkim.ValidationError:
            found[algorithm] = False
    return found


def verify_by_perl(server, raw):
    with tempfile.TemporaryDirectory() as folder:
        zone, mail = pathlib.Path(folder) / "zone", pathlib.Path(folder) / "mail"
        zone.write_text("".join(f"{name.rstrip('.')} {record}\n" for name, record in zone_of(server, server.domain).items()))
        mail.write_bytes(raw)
        done = subprocess.run(["perl", "-e", PERL_VERIFY, str(zone), str(mail)], capture_output=True, text=True, check=True)
    return dict(word.rpartition("=")[::2] for word in done.stdout.split())


def results(raw, host):
    found = [value for name, value in split_message(raw)[0] if name == "authentication-results" and value.startswith(host.encode())]
    assert len(found) == 1, found
    return " ".join(found[0].decode().split())


def test_genuine_mail_is_proven_to_the_next_server(road, sender):
    partner_domain = road.new_domain()
    partner = road.postrider(f"mx.{partner_domain}", partner_domain, ["bob"], trusted_networks=NOBODY)
    road.publish()
    text = f"From: Alice <{sender.alice}>\r\nTo: bob@{partner_domain}\r\nSubject: Grüße\r\n\r\nHow are you?  \r\n\r\n".encode()
    submit(sender, sender.alice, f"bob@{partner_domain}", text, mail_options=["SMTPUTF8"])
    raw = wait_mail(partner, f"bob@{partner_domain}")[0]
    said = results(raw, f"mx.{partner_domain}")
    assert f"dmarc=pass (p=reject) header.from={sender.domain}" in said, said
    assert said.count("dkim=pass") == 2 and "a=ed25519-sha256" in said, said
    assert verify(sender, raw) == {"rsa": True, "ed25519": True}
    # Debian 12's Mail::DKIM knows RSA alone.
    assert verify_by_perl(sender, raw)["rsa-sha256"] == "pass"
    # What was added or changed on the way is found.
    assert verify(sender, raw.replace(b"How are you?", b"Send money.")) == {"rsa": False, "ed25519": False}
    assert verify(sender, b"Subject: Another one\r\n" + raw) == {"rsa": False, "ed25519": False}


def test_mail_that_stays_is_not_signed(road, sender):
    sender.add_account(f"carol@{sender.domain}")
    submit(sender, sender.alice, f"carol@{sender.domain}")
    raw = wait_mail(sender, f"carol@{sender.domain}")[0]
    assert field(raw, "DKIM-Signature") is None


def test_mail_converted_to_seven_bits_is_signed_as_it_leaves(road, sender):
    host = road.company(extensions=("PIPELINING", "SIZE 20000000"))
    road.publish()
    text = (f"From: Alice <{sender.alice}>\r\nTo: {host.bob}\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\nMIME-Version: 1.0\r\n"
            "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nSchöne Grüße.\r\n" + "Zeile für Zeile\r\n" * 20000).encode()
    submit(sender, sender.alice, host.bob, text, mail_options=["BODY=8BITMIME"])
    raw = host.wait_messages(1)[0].data
    assert raw.isascii() and b"Content-Transfer-Encoding: quoted-printable" in raw
    assert verify(sender, raw) == {"rsa": True, "ed25519": True}
    assert verify_by_perl(sender, raw)["rsa-sha256"] == "pass"


def test_answers_of_rules_are_signed_on_their_way(road, sender):
    partner_domain = road.new_domain()
    partner = road.postrider(f"mx.{partner_domain}", partner_domain, ["bob"], trusted_networks=NOBODY)
    host = road.company(extensions=("PIPELINING", "SIZE 20000000"))
    road.publish()
    sender.cli("vacation", "set", sender.alice, "--text", "Ich bin im Urlaub. Schöne Grüße!")
    submit(partner, f"bob@{partner_domain}", sender.alice)
    raw = wait_mail(partner, f"bob@{partner_domain}")[0]
    said = results(raw, f"mx.{partner_domain}")
    assert f"dmarc=pass (p=reject) header.from={sender.domain}" in said and said.count("dkim=pass") == 2, said
    assert verify(sender, raw) == {"rsa": True, "ed25519": True}
    # To a host of seven bits, too.
    sender.deliver(sender.alice, f"From: {host.bob}\r\nTo: {sender.alice}\r\nSubject: x\r\n\r\nx\r\n", sender=host.bob)
    raw = host.wait_messages(1)[0].data
    assert raw.isascii() and verify(sender, raw) == {"rsa": True, "ed25519": True}


def test_reports_are_signed_too(road, sender):
    stranger, refusing = road.company(), road.company()
    road.publish()
    refusing.on("rcpt", "550 5.1.1 no such user")
    sender.cli("alias", "add", f"old@{sender.domain}", refusing.bob)
    with smtplib.SMTP(sender.address, road.port, local_hostname=stranger.name, source_address=(road.address(), 0), timeout=TIMEOUT) as client:
        client.sendmail(stranger.bob, f"old@{sender.domain}", f"From: {stranger.bob}\r\nSubject: hello\r\n\r\nhello\r\n")
    raw = stranger.wait_messages(1)[0].data
    assert field(raw, "Auto-Submitted").startswith(b"auto-")
    assert field(raw, "From").rstrip(b">").endswith(f"postmaster@{sender.domain}".encode())
    assert verify(sender, raw) == {"rsa": True, "ed25519": True}


def test_what_is_forwarded_is_sealed(road, sender):
    """From a domain that proves its mail by SPF alone, which forwarding breaks: the next host can believe what was found here."""
    partner_domain, author = road.new_domain(), road.company()
    address = road.address()
    road.set(author.domain, "TXT", f'"v=spf1 ip4:{address} -all"')
    partner = road.postrider(f"mx.{partner_domain}", partner_domain, ["bob"], trusted_networks=NOBODY)
    road.publish()
    sender.cli("alias", "add", f"old@{sender.domain}", f"bob@{partner_domain}")
    with smtplib.SMTP(sender.address, road.port, local_hostname=author.name, source_address=(address, 0), timeout=TIMEOUT) as client:
        client.sendmail(author.bob, f"old@{sender.domain}", f"From: {author.bob}\r\nTo: old@{sender.domain}\r\nSubject: moved\r\n\r\nhello\r\n")
    raw = wait_mail(partner, f"bob@{partner_domain}")[0]
    said = results(raw, f"mx.{partner_domain}")
    assert "arc=pass" in said, said
    sealed = field(raw, "ARC-Authentication-Results").decode()
    assert sealed.startswith(f" i=1; mx.{sender.domain};") or sealed.startswith(f"i=1; mx.{sender.domain};"), sealed
    assert f"smtp.mailfrom={author.bob}" in sealed and "spf=pass" in sealed, sealed
    assert f"d={sender.domain};".encode() in field(raw, "ARC-Seal")
    zone = zone_of(sender, sender.domain)
    with unittest.mock.patch("time.time", lambda now=time.time() + sender.clock.ahead: now):
        cv, _, why = dkim.arc_verify(raw, dnsfunc=lambda name, timeout=5: zone.get(
            name.decode() if isinstance(name, bytes) else name, "").encode() or None)
    assert cv == b"pass", (cv, why)


def test_nothing_is_lost_while_keys_is_away(road, sender):
    host = road.company()
    road.publish()

    def send(number):
        """As a mail program, which comes again after 451; how often it had to."""
        for attempt in range(100):
            try:
                with sender.smtp("submission", login=sender.alice) as client:
                    client.mail(sender.alice)
                    client.rcpt(host.bob)
                    code, _ = client.data(f"From: {sender.alice}\r\nTo: {host.bob}\r\nSubject: number {number}\r\n\r\nhello\r\n")
            except (OSError, smtplib.SMTPException):
                code = 451  # no handshake without keys
            if code == 250:
                return attempt
            assert code == 451, code
            time.sleep(0.1)
        raise AssertionError("keys does not come back")
    sender.expect("role-crashed", "role-ended", "keys-unavailable")
    waited = []
    for number in range(12):
        if number % 4 == 1:
            send(f"{number}, first")  # keys is back
            with sender.smtp("submission", login=sender.alice) as client:
                client.mail(sender.alice)
                client.rcpt(host.bob)
                sender.kill_role("keys")  # within the transaction
                code, _ = client.data(f"From: {sender.alice}\r\nTo: {host.bob}\r\nSubject: extra {number}\r\n\r\nhello\r\n")
                assert code in (250, 451)
                waited.append(code == 451)
        send(number)
    messages = host.wait_messages(15 + waited.count(False))
    found = sorted(field(message.data, "Subject").decode() for message in messages if b"extra" not in field(message.data, "Subject"))
    assert found == sorted([f"number {number}" for number in range(12)] + [f"number {number}, first" for number in (1, 5, 9)])
    for message in messages:
        assert verify(sender, message.data) == {"rsa": True, "ed25519": True}


def test_users_are_told_what_others_would_refuse(road, sender):
    host = road.company()
    foreign, open_domain = road.new_domain(), road.new_domain()
    road.set(f"_dmarc.{foreign}", "TXT", '"v=DMARC1; p=reject"')
    road.set(f"_dmarc.{open_domain}", "TXT", '"v=DMARC1; p=none"')
    road.publish()

    def write_as(author):
        return submit(sender, sender.alice, host.bob, f"From: {author}\r\nTo: {host.bob}\r\nSubject: as {author}\r\n\r\nhello\r\n")
    with pytest.raises(Refused) as refused:
        write_as(f"ceo@{foreign}")
    code, text = refused.value.args[0]
    assert code == 550 and foreign.encode() in text and b"p=reject" in text and b"address of your own" in text
    # Nobody would refuse this one. It is signed by the domain that is proven to be alice's.
    write_as(f"ceo@{open_domain}")
    raw = host.wait_messages(1)[0].data
    assert verify(sender, raw) == {"rsa": True, "ed25519": True}
    # A name below the domain is not one of alice's addresses, and not signed as if it were.
    road.set(f"_dmarc.{sender.domain}", "TXT", '"v=DMARC1; p=reject; adkim=s; aspf=s"')
    road.publish()
    with pytest.raises(Refused):
        write_as(f"ceo@hr.{sender.domain}")


def test_a_new_domain_signs_at_once_and_its_users_are_told(road, sender):
    host = road.company()
    domain = road.new_domain()
    road.publish()
    since = sender.mark()
    sender.cli("domain", "add", domain)
    sender.add_account(f"dora@{domain}")
    sender.wait_event("signing-key-active", since=since, count=2, domain=domain)
    with sender.smtp("submission", login=f"dora@{domain}") as client:
        client.mail(f"dora@{domain}")
        client.rcpt(host.bob)
        code, text = client.data(f"From: dora@{domain}\r\nTo: {host.bob}\r\nSubject: early\r\n\r\nhello\r\n")
    assert code == 250 and f"the DNS does not show the key of {domain} yet".encode() in text, text
    assert text.split()[-1].isalnum() and len(text.split()[-1]) == 12
    sender.expect("sent-unproven")
    sender.domain, own = domain, sender.domain
    try:
        assert verify(sender, host.wait_messages(1)[0].data) == {"rsa": True, "ed25519": True}
    finally:
        sender.domain = own
    # A name above or below it is not signed by it, and what is not ours has no keys.
    assert sender.cli("dkim", "show", "else.example", status=66).stdout == b""
    # With the domain its keys go.
    sender.cli("account", "remove", f"dora@{domain}", "--yes")
    sender.cli("domain", "remove", domain, "--yes")
    assert keys(sender, domain) == []


def test_keys_are_kept_sealed(road, sender):
    data = sender.folder / "data"
    secret = data / "signing-secret"
    assert secret.stat().st_mode & 0o777 == 0o600 and secret.stat().st_size == 32
    before = keys(sender, sender.domain)
    assert sorted(key["algorithm"] for key in before) == ["ed25519", "rsa"]
    assert "BEGIN" not in json.dumps(before) and all(set(key) == {
        "domain", "selector", "algorithm", "state", "made", "active", "replaced", "retired", "shown", "looked", "wanted", "name", "record"} for key in before)
    rsa = next(key for key in before if key["algorithm"] == "rsa")
    public = base64.b64decode(rsa["record"].partition("p=")[2])
    # The modulus is in the data folder, as what is published; the private half of the key is nowhere as it is.
    shown = subprocess.run(["openssl", "rsa", "-pubin", "-inform", "DER", "-noout", "-modulus"], input=public, capture_output=True, check=True).stdout
    modulus = bytes.fromhex(shown.decode().strip().partition("=")[2])
    sender.stop()
    everything = b"".join(path.read_bytes() for path in data.rglob("*") if path.is_file())
    assert modulus not in everything
    sender.start()
    assert [key["selector"] for key in keys(sender, sender.domain)] == [key["selector"] for key in before]


def test_a_secret_that_is_lost_may_come_back(road, sender):
    """Without it keys cannot be opened, and it is said; they are replaced only by who wishes it."""
    secret = sender.folder / "data" / "signing-secret"
    before, kept = keys(sender, sender.domain), secret.read_bytes()
    sender.stop()
    secret.unlink()
    sender.expect("signing-key-unreadable")
    since = sender.mark()
    sender.start()
    sender.wait_event("signing-key-unreadable", since=since, count=2)
    made = sender.folder / "data" / "signing-secret"
    assert made.read_bytes() != kept
    raw = f"From: Alice <{sender.alice}>\r\nSubject: Not signed\r\n\r\nx\r\n".encode()
    assert submit(sender, sender.alice, "x@elsewhere.example", raw)
    assert [(k["selector"], k["state"]) for k in keys(sender, sender.domain)] == [(k["selector"], k["state"]) for k in before]
    lost = made.read_bytes()
    made.write_bytes(kept)
    since = sender.mark()
    sender.process.send_signal(signal.SIGHUP)
    sender.wait_event("reloaded", since=since)
    assert submit(sender, sender.alice, "x@elsewhere.example", raw)
    assert states(sender) == [("ed25519", "active"), ("rsa", "active")] and not sender.find_events("signing-key-unreadable", since=since)
    # It is lost for good: new keys, when somebody says so.
    sender.stop()
    made.write_bytes(lost)
    since = sender.mark()
    sender.start()
    sender.wait_event("signing-key-unreadable", since=since, count=2)
    sender.cli("dkim", "rotate", sender.domain, "--now")
    sender.wait_event("signing-key-active", since=since, count=2)
    assert states(sender) == [("ed25519", "active"), ("ed25519", "retired"), ("rsa", "active"), ("rsa", "retired")]


DAY = 86400


def states(server):
    return sorted((key["algorithm"], key["state"]) for key in keys(server, server.domain))


def test_keys_rotate_by_schedule(road, sender):
    host = road.company()
    road.publish()
    first = {key["algorithm"]: key["selector"] for key in keys(sender, sender.domain)}
    since = sender.mark()
    sender.clock.advance(180 * DAY)
    sender.wait_event("signing-key-made", since=since, count=2)
    # They are to be published, and do not sign before that.
    assert states(sender) == [("ed25519", "active"), ("ed25519", "new"), ("rsa", "active"), ("rsa", "new")]
    submit(sender, sender.alice, host.bob)
    before = host.wait_messages(1)[0].data
    assert all(f"s={selector};".encode() in before for selector in first.values())
    since = sender.mark()
    publish(road, sender, sender.domain, dmarc=None)
    sender.wait_event("signing-key-replaced", since=since, count=2)
    assert states(sender) == [("ed25519", "active"), ("ed25519", "replaced"), ("rsa", "active"), ("rsa", "replaced")]
    submit(sender, sender.alice, host.bob)
    after = host.wait_messages(2)[1].data
    assert not any(f"s={selector};".encode() in after for selector in first.values())
    # Mail of both keys can be verified, also after a restart.
    sender.stop()
    sender.start()
    assert verify(sender, before) == verify(sender, after) == {"rsa": True, "ed25519": True}
    since = sender.mark()
    sender.clock.advance(7 * DAY)
    sender.wait_event("signing-key-retired", since=since, count=2)
    assert "; its record can be taken out of the DNS" in sender.cli("dkim", "list").stdout.decode()
    assert first["rsa"] not in sender.cli("dkim", "show", sender.domain).stdout.decode()
    sender.clock.advance(30 * DAY)
    wait_for(lambda: states(sender) == [("ed25519", "active"), ("rsa", "active")], what="old keys to be forgotten")


def test_keys_rotate_at_once(road, sender):
    first = [key["selector"] for key in keys(sender, sender.domain)]
    since = sender.mark()
    assert b"nobody can verify" in sender.cli("dkim", "rotate", sender.domain, "--now").stdout
    sender.wait_event("signing-key-replaced", since=since, count=2)
    now = {key["selector"]: key["state"] for key in keys(sender, sender.domain)}
    assert all(now[selector] == "replaced" for selector in first) and len(now) == 4
    # Without --now; the wish is kept, whatever becomes of keys.
    since = sender.mark()
    sender.expect("role-crashed", "role-ended", "keys-unavailable")
    sender.kill_role("keys")
    sender.cli("dkim", "rotate", sender.domain)
    sender.wait_event("signing-key-made", since=since, count=2)
    assert [state for _, state in states(sender)] == ["active", "new", "replaced"] * 2
    assert sender.cli("dkim", "rotate", "else.example", status=66).stdout == b""


def test_keys_survive_a_start_without_their_secret(sender):
    """A disk that fails for a moment must not cost every domain its keys: they are there again with the secret."""
    before = [(key["selector"], key["state"]) for key in keys(sender, sender.domain)]
    secret = sender.folder / "data" / "signing-secret"
    kept = secret.read_bytes()
    sender.stop()
    secret.write_bytes(kept[:5])
    sender.expect("secret-not-kept", "signing-secret-missing")
    sender.start()
    assert [(key["selector"], key["state"]) for key in keys(sender, sender.domain)] == before
    secret.write_bytes(kept)
    since = sender.mark()
    sender.process.send_signal(signal.SIGHUP)
    sender.wait_event("reloaded", since=since)
    raw = f"From: Alice <{sender.alice}>\r\nSubject: Signed again\r\n\r\nx\r\n".encode()
    assert submit(sender, sender.alice, "x@elsewhere.example", raw)
    assert [(key["selector"], key["state"]) for key in keys(sender, sender.domain)] == before
    assert not sender.find_events("signing-key-retired", since=since)


def test_a_record_that_vanishes_is_noticed(road, sender):
    rsa = next(key for key in keys(sender, sender.domain) if key["algorithm"] == "rsa")
    road.set(rsa["name"], "TXT")
    road.publish()
    sender.expect("signing-key-not-shown")

    def noticed():
        sender.clock.advance(DAY + 1)  # the old answer is believed for a second of the real time
        return sender.find_events("signing-key-not-shown", domain=sender.domain)
    wait_for(noticed, what="the record to be missed")
    wait_for(lambda: [key["shown"] for key in keys(sender, sender.domain) if key["algorithm"] == "rsa"] == [None], what="the list to say so")
    assert "do NOT show its record" in sender.cli("dkim", "list", sender.domain).stdout.decode()
