"""The small internet itself, with other programs than ours: what tests build on must hold without Postrider."""

import smtplib
import subprocess

import pytest

import foreign
from limits import TIMEOUT
from hosts import CLOSE, Host
from server import field, wait_for

BOB = "bob@company.example"


def resolve(net, name, kind):
    """(status, secure, insecure or bogus; the data), as a validating resolver of its own sees it now."""
    config = net.folder / "host.conf"
    stubs = "".join(f'stub-zone:\n  name: "{zone}."\n  stub-addr: {net.resolver}@{net.dns_port}\n' for zone in ("", "example"))
    config.write_text(f'server:\n  do-not-query-localhost: no\n  trust-anchor: "{net.zones[""].anchor()}"\n{stubs}')
    done = subprocess.run(["unbound-host", "-C", str(config), "-v", "-t", kind, name], capture_output=True, text=True, timeout=TIMEOUT, check=False)
    line = done.stdout.splitlines()[0]
    status = next((word for word in ("BOGUS", "insecure", "secure", "error") if f"({word}" in line), "?")
    return status, line.split(" (")[0].split(" ", 1)[1]


def test_names_are_signed_from_the_root_and_change_at_once(net):
    net.domain("company.example")
    net.domain("plain.example", signed=False)
    for name in ("company.example", "plain.example"):
        net.set(f"mx.{name}", "A", net.address())
        net.mx(name, f"mx.{name}")
    net.publish()
    assert resolve(net, "company.example", "MX") == ("secure", "mail is handled by 10 mx.company.example.")
    assert resolve(net, "plain.example", "MX") == ("insecure", "mail is handled by 10 mx.plain.example.")
    assert resolve(net, "nobody.example", "MX")[1].startswith("nobody.example not found: 3(NXDOMAIN)")
    net.mx("company.example", "mx.plain.example")
    net.publish()
    assert resolve(net, "company.example", "MX") == ("secure", "mail is handled by 10 mx.plain.example.")


@pytest.mark.parametrize("action, signed, plain", [
    ("tamper", "BOGUS", "insecure"), ("strip", "BOGUS", "BOGUS"), ("nxdomain", "BOGUS", "BOGUS"), ("servfail", "error", "error"),
    ("truncate", "secure", "insecure"), ("refused", "error", "error"),
])
def test_a_lie_is_found_out_where_names_are_signed(net, action, signed, plain):
    net.domain("company.example")
    net.domain("plain.example", signed=False)
    for name in ("company.example", "plain.example"):
        net.set(name, "A", net.address())
    net.publish()
    rule = net.dns.rule("*.example", action, "A", "DS") if action == "strip" else net.dns.rule("*.example", action, "A")
    assert resolve(net, "company.example", "A")[0] == signed
    assert resolve(net, "plain.example", "A")[0] == plain or action == "nxdomain"
    rule.left = 0
    assert resolve(net, "company.example", "A")[0] == "secure"


@pytest.mark.parametrize("first, second", [(foreign.Postfix, foreign.OpenSMTPD), (foreign.OpenSMTPD, foreign.Postfix)])
def test_other_servers_exchange_mail_in_it(make_net, first, second):
    for kind in (first, second):
        reason = foreign.missing(kind.__name__.lower())
        if reason:
            pytest.skip(reason)
    net = make_net(privileged=True)
    provider = net.foreign(first, "mx.provider.example", "provider.example", ["alice"])
    company = net.foreign(second, "mx.company.example", "company.example", ["bob"])
    net.publish()
    provider.start()
    company.start()
    with smtplib.SMTP(provider.address, provider.port) as client:
        client.sendmail("alice@provider.example", [BOB], b"Subject: across\r\n\r\nhello\r\n")
    wait_for(lambda: company.messages(BOB), what="the message")
    assert field(company.messages(BOB)[0], "Subject") == b"across"
    with smtplib.SMTP(provider.address, provider.port) as client:
        client.sendmail("alice@provider.example", ["nobody@company.example"], b"Subject: nowhere\r\n\r\nhello\r\n")
    wait_for(lambda: provider.messages("alice@provider.example"), what="the bounce")


def test_a_scripted_host_is_a_good_host(net):
    net.domain("company.example")
    host = net.host("mx.company.example")
    with smtplib.SMTP(host.address, host.port) as client:
        client.starttls()
        client.sendmail("a@else.example", [BOB, "carol@company.example"], b"Subject: dots\r\n\r\n.\r\n..x\r\n", mail_options=["BODY=8BITMIME"])
        host.on("rcpt", "451 4.7.1 later", match="carol@*", times=1)
        assert client.sendmail("a@else.example", [BOB, "carol@company.example"], b"\r\n") == {"carol@company.example": (451, b"4.7.1 later")}
        host.on("end", CLOSE)
        with pytest.raises(smtplib.SMTPServerDisconnected):
            client.sendmail("a@else.example", [BOB], b"\r\n")
    first, second = host.wait_messages(2)
    assert first.data == b"Subject: dots\r\n\r\n.\r\n..x\r\n" and first.tls["version"] and first.parameters["BODY"] == "8BITMIME"
    assert first.recipients == [BOB, "carol@company.example"] and second.recipients == [BOB]
    assert len(host.messages) == 2


def test_a_scripted_host_watches_its_client(net):
    host = Host(net.address(), net.port, "mx.company.example", extensions=["SIZE 1000"])
    with smtplib.SMTP(host.address, host.port) as client:
        client.ehlo()
        client.docmd("MAIL FROM:<a@else.example> BODY=8BITMIME")
        client.send(f"RCPT TO:<{BOB}>\r\nDATA\r\n")
        client.getreply()
        client.getreply()
        client.send("Größe\nx\r\n.\r\n".encode())
        client.getreply()
    host.close()
    assert [fault.split(": ", 2)[2] for fault in host.faults] == [
        "the parameter BODY=8BITMIME without 8BITMIME", "input is sent behind RCPT before its reply", "a bare CR or LF in DATA"]
