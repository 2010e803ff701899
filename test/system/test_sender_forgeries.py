"""Each kind of forgery ends as the standards say, and what is made to be hard to check costs nobody anything."""

import smtplib

import pytest

from limits import TIMEOUT
from road import wait_mail

dkim = pytest.importorskip("dkim", reason="python3-dkim is not installed")
from senders import Sender, make_partner, results, send, texts  # noqa: E402

BOB = "bob@partner.example"


@pytest.fixture
def partner(road):
    return make_partner(road)


@pytest.fixture
def company(road, tmp_path):
    return Sender(road, tmp_path, "reject")


@pytest.fixture
def other(road, tmp_path):
    return Sender(road, tmp_path, None)


def expect_refused(reply, domain):
    code, text = reply
    assert code == 550 and text.startswith(b"5.7.26 ") and domain.encode() in text, text


def expect_taken(server, reply, *said):
    assert reply[0] == 250, reply
    found = results(wait_mail(server, BOB)[-1])
    for words in said:
        assert words in found, found


# ---- forgeries ----

def test_other_domain(road, partner, company, other):
    """Proven to be from somebody else: by SPF and a signature that are good, and not the author's."""
    road.publish()
    raw = other.mail("Other", From=f"Alice <alice@{company.domain}>")
    expect_refused(send(partner, other.address, f"alice@{other.domain}", raw), company.domain)


def test_lookalike_subdomain(road, partner, company, other):
    """A name below the company's is under its policy; one that only looks like it is its owner's."""
    road.publish()
    raw = other.mail("Below", From=f"billing@pay.{company.domain}")
    expect_refused(send(partner, other.address, f"a@{other.domain}", raw), company.domain)
    lookalike = f"{company.domain}.{other.domain}"
    reply = send(partner, other.address, f"a@{other.domain}", other.mail("Beside", From=f"billing@{lookalike}"))
    expect_taken(partner, reply, f"dmarc=none header.from={lookalike}")


def test_broken_body(road, partner, company, other):
    road.publish()
    raw = company.mail("Broken").replace(b"How are you?", b"Pay to my new account.")
    expect_refused(send(partner, other.address, f"alice@{company.domain}", raw), company.domain)


def test_replayed_signature(road, partner, company, other):
    """As it was, whoever brings it: the signature says nothing else. With another field for readers it proves nothing."""
    road.publish()
    genuine = company.mail("Replayed")
    reply = send(partner, other.address, f"x@{other.domain}", genuine)
    expect_taken(partner, reply, f"dmarc=pass (p=reject) header.from={company.domain}")
    for added in (b"Subject: Pay at once\r\n", b"From: Boss <boss@" + other.domain.encode() + b">\r\n", b"Content-Type: text/html\r\n"):
        reply = send(partner, other.address, f"x@{other.domain}", added + genuine)
        if added.startswith(b"Content-Type"):
            assert reply[0] == 250, "a field that was not signed: readers' affair"
        else:
            expect_refused(reply, company.domain)


class Expired(dkim.DKIM):
    """Its signature was good for a day in 2001."""

    def gen_header(self, fields, *rest, **more):
        fields = [(b"t", b"1000000000") if name == b"t" else (name, value) for name, value in fields]
        return super().gen_header([*fields[:-1], (b"x", b"1000086400"), fields[-1]], *rest, **more)


def test_expired_signature(road, partner, company, other):
    road.publish()
    raw = company.mail("Expired", signed=False)
    field = Expired(raw).sign(b"s1", company.domain.encode(), company.key.read_bytes(), include_headers=[b"from", b"to", b"subject"])
    assert b"x=1000086400" in field
    expect_refused(send(partner, other.address, f"alice@{company.domain}", field + raw), company.domain)


def test_spf_of_a_shared_host(road, partner, tmp_path, other):
    """A host that many domains name: in its own name it proves nothing of the author, in the author's it does."""
    company = Sender(road, tmp_path, "reject", f"v=spf1 ip4:{{}} ip4:{other.address} -all")
    road.publish()
    raw = company.mail("Shared", signed=False)
    expect_refused(send(partner, other.address, f"a@{other.domain}", raw), company.domain)
    expect_taken(partner, send(partner, other.address, f"a@{company.domain}", raw), "dmarc=pass", "spf=pass")


@pytest.mark.parametrize("where", ["above", "below", "one field"])
def test_double_from(road, partner, company, other, where):
    """One reader shows the first author, another the last: each must be proven."""
    road.publish()
    second = f"From: Boss <boss@{company.domain}>\r\n".encode()
    raw = other.mail("Double")
    if where == "above":
        raw = second + raw
    elif where == "below":
        raw = raw.replace(b"\r\n\r\n", b"\r\n" + second + b"\r\n", 1)
    else:
        raw = other.mail("Double", From=f"a@{other.domain}, boss@{company.domain}")
    expect_refused(send(partner, other.address, f"a@{other.domain}", raw), company.domain)


def test_unsigned_list(road, partner, company, other):
    """A list that takes signatures away and lets From stand is refused; one that writes its own From is itself."""
    road.publish()
    fields = {"List_Id": f"<list.{other.domain}>"}
    raw = company.mail("List", signed=False, **fields)
    expect_refused(send(partner, other.address, f"bounces@{other.domain}", raw), company.domain)
    own = other.mail("List", From=f'"Alice via list" <list@{other.domain}>', Reply_To=f"alice@{company.domain}", **fields)
    expect_taken(partner, send(partner, other.address, f"bounces@{other.domain}", own), f"header.from={other.domain}", "spf=pass")


def test_domains_in_any_script(road, partner, other):
    """A domain beyond ASCII has its policy, in whatever form the author is written."""
    domain = "xn--bcher-kva.example"
    road.domain(domain)
    road.set(f"_dmarc.{domain}", "TXT", '"v=DMARC1; p=reject"')
    road.set(domain, "A", other.address)
    road.publish()
    for author, utf8 in ((f"a@{domain}", False), ("a@bücher.example", True), ("ä@BÜCHER.example", True)):
        raw = other.mail("Script", signed=False, From=author)
        with smtplib.SMTP(partner.address, partner.smtp_port, source_address=(other.address, 0), timeout=TIMEOUT) as client:
            client.ehlo()
            assert client.docmd("MAIL", f"FROM:<a@{other.domain}>" + (" SMTPUTF8" if utf8 else ""))[0] == 250
            assert client.docmd("RCPT", f"TO:<{BOB}>")[0] == 250
            expect_refused(client.data(raw), domain)


# ---- what is made to be hard ----

def test_an_spf_bomb_ends(road, partner, tmp_path):
    company = Sender(road, tmp_path, "none", "v=spf1 include:b0.{0} -all")
    spf = [f"v=spf1 include:b{2 * i + 1}.{company.domain} include:b{2 * i + 2}.{company.domain} mx ptr -all" for i in range(20)]
    road.set(company.domain, "TXT", texts(f"v=spf1 include:b0.{company.domain} -all"))
    for number, record in enumerate(spf):
        road.set(f"b{number}.{company.domain}", "TXT", texts(record))
    road.publish()
    expect_taken(partner, send(partner, company.address, f"a@{company.domain}", company.mail("Bomb")), "spf=permerror", "dmarc=pass")


def test_two_hundred_signatures_are_few(road, partner, company, other):
    """Of those of others as many are looked at as there is a limit for; a stranger's do not help the forger."""
    road.publish()
    one = other.mail("Many").partition(b"From:")[0]
    raw = company.mail("Many", signed=False)
    expect_refused(send(partner, other.address, f"a@{other.domain}", one * 200 + raw), company.domain)
    expect_taken(partner, send(partner, company.address, f"a@{company.domain}", one * 200 + raw), "spf=pass", "dmarc=pass")


@pytest.mark.parametrize("trouble", ["loop of names", "large answers", "many answers"])
def test_odd_answers_stop_no_mail(road, partner, tmp_path, trouble):
    company = Sender(road, tmp_path, None)
    policy = f"_dmarc.{company.domain}"
    if trouble == "loop of names":
        road.set(policy, "CNAME", f"a.{policy}.")
        road.set(f"a.{policy}", "CNAME", f"{policy}.")
    elif trouble == "large answers":
        road.set(policy, "TXT", texts("v=DMARC1; p=reject; x=" + "y" * 50000))
    else:
        road.set(policy, "TXT", *[texts(f"v=DMARC1; p=reject; x={i}" + "y" * 200) for i in range(200)])
    road.publish()
    raw = company.mail("Odd")
    assert send(partner, company.address, f"a@{company.domain}", raw)[0] == 250
    assert "dmarc=" in results(wait_mail(partner, BOB)[0])
    partner.wait_event("sender-checked", author=company.domain)
