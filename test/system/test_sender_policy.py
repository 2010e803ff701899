"""What becomes of mail whose sender is not proven: exceptions, trusted seals, and mail that says that it is from here."""

import signal

import pytest

from clock import Clock
from imap_client import connect
from road import wait_mail
from server import wait_for

dkim = pytest.importorskip("dkim", reason="python3-dkim is not installed")
pytest.importorskip("authres", reason="python3-authres is not installed")
from senders import Sender, make_partner, prove, results, send  # noqa: E402

BOB = "bob@partner.example"


def count(server, mailbox, address=BOB):
    with connect(server, address, secure=False) as client:
        status, data = client.select(mailbox)
        return int(data[0]) if status == "OK" else 0


def by_list(company, sealer, verdict="pass"):
    """A message of `company` that a list changed, which says by ARC what it had found."""
    raw = company.mail("By a list").replace(b"How are you?", b"How are you?\r\n--\r\nunsubscribe here")
    found = f"Authentication-Results: mx.{sealer.domain}; dmarc={verdict} header.from={company.domain}\r\n".encode() + raw
    fields = dkim.arc_sign(found, b"s1", sealer.domain.encode(), sealer.key.read_bytes(), f"mx.{sealer.domain}".encode(),
                           include_headers=[b"from", b"to", b"subject"])
    return b"".join(fields) + raw


@pytest.mark.parametrize("verdict", ["pass", "fail"])
def test_a_trusted_seal_speaks_for_what_a_list_changed(road, tmp_path, verdict):
    company, forwarder = Sender(road, tmp_path, "reject"), Sender(road, tmp_path, None)
    road.publish()
    partner = make_partner(road, arc_trusted=[forwarder.domain])
    road.publish()
    code, text = send(partner, forwarder.address, f"bounces@{forwarder.domain}", by_list(company, forwarder, verdict))
    if verdict == "fail":
        assert code == 550 and text.startswith(b"5.7.26 "), text
        return
    assert code == 250, text
    said = results(wait_mail(partner, BOB)[0])
    assert f'dmarc=fail (p=reject) reason="found genuine by a trusted server, {forwarder.domain}" header.from={company.domain}' in said
    assert f"arc=pass (1 seal, the last by {forwarder.domain})" in said
    partner.wait_event("sender-checked", action="taken", override="seal")


def test_a_seal_that_is_not_trusted_speaks_for_nothing(road, tmp_path):
    company, forwarder, other = (Sender(road, tmp_path, policy) for policy in ("reject", None, None))
    partner = make_partner(road, arc_trusted=[other.domain])
    road.publish()
    code, text = send(partner, forwarder.address, f"bounces@{forwarder.domain}", by_list(company, forwarder))
    assert code == 550 and text.startswith(b"5.7.26 "), text


def test_exceptions_for_senders_and_recipients(road, tmp_path):
    marked, off, company = (Sender(road, tmp_path, "reject") for _ in range(3))
    partner = make_partner(road, dmarc_exceptions=[f"from {marked.domain} mark", f"from {off.domain} off", "to careless.example off"])
    partner.cli("domain", "add", "careless.example")
    partner.add_account("carol@careless.example")
    road.publish()
    stranger = road.address()
    assert send(partner, stranger, f"x@{off.domain}", off.mail("Off", signed=False))[0] == 250
    assert b"policy of this server" in wait_mail(partner, BOB)[0]
    both = off.mail("An exception hides nobody", signed=False, From=f"x@{off.domain}, boss@{company.domain}")
    assert send(partner, stranger, f"x@{off.domain}", both)[0] == 550
    assert send(partner, stranger, f"x@{marked.domain}", marked.mail("Marked", signed=False))[0] == 250
    assert count(partner, "Junk") == 1
    assert send(partner, stranger, f"x@{company.domain}", company.mail("Neither", signed=False))[0] == 550
    assert send(partner, stranger, f"x@{company.domain}", company.mail("Carol", signed=False), "carol@careless.example")[0] == 250
    wait_mail(partner, "carol@careless.example")
    # One reply for both: who would have refused it finds it in Junk.
    assert send(partner, stranger, f"x@{company.domain}", company.mail("Both", signed=False), "carol@careless.example", BOB)[0] == 250
    wait_mail(partner, "carol@careless.example", 2)
    assert count(partner, "Junk") == 2


def test_junk_follows_on_every_path(road, tmp_path):
    """Alias, list of aliases, sub-address, catch-all, domain alias, and the queue for a message to very many."""
    company = Sender(road, tmp_path, "quarantine")
    partner = make_partner(road, recipients_max=200)
    names = [f"user{i}@partner.example" for i in range(105)]
    partner.add_account("carol@partner.example")
    partner.cli("alias", "add", "info@partner.example", BOB)
    partner.cli("alias", "add", "team@partner.example", BOB, "carol@partner.example")
    partner.cli("domain", "add", "all.example", "--catch-all", BOB)
    partner.cli("domain", "add", "second.example", "--alias-of", "partner.example")
    for name in names:
        partner.cli("alias", "add", name, BOB)
    road.publish()
    stranger, expected = road.address(), 0
    for recipient in ["info@partner.example", "team@partner.example", "bob+work@partner.example", "anybody@all.example", "bob@second.example"]:
        assert send(partner, stranger, f"x@{company.domain}", company.mail("Doubtful", signed=False), recipient)[0] == 250
        expected += 1
        assert count(partner, "Junk") == expected, recipient
    assert count(partner, "Junk", "carol@partner.example") == 1
    assert send(partner, stranger, f"x@{company.domain}", company.mail("Many", signed=False), *names)[0] == 250
    wait_for(lambda: count(partner, "Junk") == expected + 1, what="the queue's delivery, one copy for each mailbox", pause=0.2)
    assert count(partner, "INBOX") == 0


# ---- mail that says that it is from here ----

OURS = {"From": "Boss <boss@partner.example>"}


def expect_refused(reply):
    code, text = reply
    assert code == 550 and text.startswith(b"5.7.26 ") and b"partner.example, a domain of this server" in text and b"587" in text, text


@pytest.mark.parametrize("claim", ["author", "calendar", *(pytest.param(claim, marks=pytest.mark.long) for claim in ("subdomain of ours", "one of two authors", "sender", "list"))])
def test_what_claims_to_be_from_here_is_refused(road, tmp_path, claim):
    """Proven to be from somebody else, which is not enough. A calendar writes in a user's name, and names itself as Sender."""
    company = Sender(road, tmp_path, None)
    partner = make_partner(road)
    partner.cli("domain", "add", "sub.partner.example")
    road.publish()
    fields = {"author": OURS, "subdomain of ours": {"From": "boss@sub.partner.example"},
              "one of two authors": {"From": f"alice@{company.domain}, boss@partner.example"}, "sender": {},
              "calendar": {**OURS, "Sender": f"calendar@{company.domain}"},
              "list": {**OURS, "List-Id": f"<list.{company.domain}>"}}[claim]
    sender = BOB if claim == "sender" else f"alice@{company.domain}"
    reply = send(partner, company.address, sender, company.mail("Pay at once", **fields))
    if claim == "subdomain of ours":
        assert reply[0] == 550 and b"sub.partner.example" in reply[1]
    else:
        expect_refused(reply)


@pytest.mark.parametrize("proof", ["signature", "list", *(pytest.param(proof, marks=pytest.mark.long) for proof in ("spf", "rewritten", "no domain of ours"))])
def test_what_is_proven_to_be_from_here_is_taken(road, tmp_path, proof):
    """A list that changes nothing, a host that SPF names; and mail that we forwarded, and that comes back, is somebody else's."""
    company = Sender(road, tmp_path, None)
    partner = make_partner(road)
    own = prove(road, tmp_path, "partner.example", road.address())
    road.publish()
    if proof in ("signature", "list"):
        sender = BOB if proof == "signature" else f"bounces@{company.domain}"
        address, raw = company.address, own.mail(proof)
    elif proof == "spf":
        sender, address, raw = BOB, own.address, own.mail(proof, signed=False)
    elif proof == "rewritten":
        sender, address, raw = f"SRS0=abcd=ef={company.domain}=alice@partner.example", company.address, company.mail(proof)
    else:
        sender, address, raw = f"alice@{company.domain}", company.address, company.mail(proof, From=f"x@a.partner.example.{company.domain}")
    code, text = send(partner, address, sender, raw)
    assert code == 250, text
    wait_mail(partner, BOB)


def test_a_seal_speaks_for_our_own_mail_too(road, tmp_path):
    forwarder = Sender(road, tmp_path, None)
    partner = make_partner(road, arc_trusted=[forwarder.domain])
    own = prove(road, tmp_path, "partner.example", road.address())
    road.publish()
    assert send(partner, forwarder.address, f"bounces@{forwarder.domain}", by_list(own, forwarder))[0] == 250
    expect_refused(send(partner, forwarder.address, f"bounces@{forwarder.domain}", by_list(own, forwarder, "fail")))


@pytest.mark.parametrize("setting", ["mark", "off"])
def test_the_administrator_decides_about_claims(road, tmp_path, setting):
    company = Sender(road, tmp_path, None)
    partner = make_partner(road, own_domains=setting)
    road.publish()
    assert send(partner, company.address, BOB, company.mail("From here", **OURS))[0] == 250
    assert count(partner, "Junk" if setting == "mark" else "INBOX") == 1


def test_without_dns_what_claims_to_be_from_here_comes_again(road, tmp_path):
    company = Sender(road, tmp_path, None)
    partner = make_partner(road)
    own = prove(road, tmp_path, "partner.example", road.address())
    road.publish()
    road.dns.rule("s1._domainkey.partner.example", "drop")
    try:
        code, text = send(partner, company.address, f"x@{company.domain}", own.mail("Later"))
    finally:
        road.dns.clear()
    assert code == 451 and text.startswith(b"4.4.3 "), text


# ---- lists ----

def post(company, sealer, number, broken=False):
    """A post of `company` that came by the list of `sealer`, which signs for it; it may have changed the text."""
    fields = {"List_Id": f"The list <list.{sealer.domain}>", "Message_ID": f"<{number}@{company.domain}>"}
    raw = company.mail(f"Post {number}", **fields)
    if broken:
        raw = raw.replace(b"How are you?", b"How are you?\r\n--\r\nunsubscribe here")
    return dkim.sign(raw, b"s1", sealer.domain.encode(), sealer.key.read_bytes(), include_headers=[b"from", b"subject", b"list-id"]) + raw


def test_a_list_that_is_read_may_break_signatures(road, tmp_path):
    """Learnt from proven mail on several days; until then, and after its reader put it into Junk, the author's policy counts."""
    clock = Clock(tmp_path / "clock")
    company, sealer, other = (Sender(road, tmp_path, policy) for policy in ("reject", None, None))
    partner = make_partner(road, environment=clock.environment)
    partner.add_account("carol@partner.example")
    own = prove(road, tmp_path, "partner.example", road.address())
    road.publish()

    def bring(raw, *recipients, by=sealer):
        return send(partner, by.address, f"bounces@{by.domain}", raw, *recipients)

    for number in range(5):
        assert bring(post(company, sealer, number, broken=True))[0] == 550
        assert bring(post(company, sealer, number))[0] == 250
        clock.advance(4 * 24 * 3600)
    assert bring(post(company, sealer, 10, broken=True))[0] == 250
    got = wait_mail(partner, BOB, 6)[-1]
    assert 'reason="by a mailing list that is read here"' in results(got)
    assert count(partner, "Junk") == 0
    # Others do not read it; nor is a list of that name another domain's, or anybody's.
    assert bring(post(company, sealer, 11, broken=True), "carol@partner.example")[0] == 550
    assert bring(post(company, other, 12, broken=True).replace(f"list.{other.domain}".encode(), f"list.{sealer.domain}".encode()), by=other)[0] == 550
    for setting in (False, True):  # the administrator wants none of this, and takes it back
        mark = partner.mark()
        partner.write_config(list_exceptions=setting)
        partner.process.send_signal(signal.SIGHUP)
        partner.wait_event("reloaded", since=mark)
        if not setting:
            assert bring(post(company, sealer, 15, broken=True))[0] == 550
    # What claims to be from here is not believed, and not lost.
    assert bring(post(own, sealer, 13, broken=True))[0] == 250
    assert count(partner, "Junk") == 1
    with connect(partner, BOB, secure=False) as client:
        client.select("INBOX")
        assert client.uid("MOVE", "1", "Junk")[0] == "OK"
    assert bring(post(company, sealer, 14, broken=True))[0] == 550
