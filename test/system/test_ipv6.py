"""The server on IPv6: every service on [::1], from the greeting to the trace field, and clients that are counted by their /64."""

import contextlib
import poplib
import smtplib
import socket

import pytest

from limits import TIMEOUT
from ports import free_port
from server import Raw, field

ALICE = "alice@example.test"
SERVICES = ["smtp", "submission", "submissions", "lmtp", "pop3", "pop3s"]


def has_ipv6():
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET6) as s:
        s.bind(("::1", 0))
        return True
    return False


pytestmark = pytest.mark.skipif(not has_ipv6(), reason="this machine has no ::1")


@pytest.fixture
def start(make_server):
    """A server that listens on [::1], and on IPv4 as well: the same port, two sockets."""
    def started(**settings):
        server = make_server(start=False)
        server.write_config(**{f"{s}_listen": [f"127.0.0.1:{server.ports[s]}", f"[::1]:{server.ports[s]}"] for s in SERVICES}, **settings)
        return server.start()
    return started


def connect(server, service):
    return Raw(socket.create_connection(("::1", server.ports[service]), TIMEOUT))


def test_a_message_by_every_way_in_and_out(start):
    server = start()
    context = server.tls(check_hostname=False)
    message = "Subject: {}\r\n\r\nx\r\n"
    with smtplib.SMTP("::1", server.ports["smtp"], "client.test", timeout=TIMEOUT) as c:
        c.sendmail("a@else.test", [ALICE], message.format("smtp"))
    with smtplib.SMTP("::1", server.ports["submission"], "client.test", timeout=TIMEOUT) as c:
        c.starttls(context=context)
        c.login(ALICE, server.passwords[ALICE])
        c.sendmail(ALICE, [ALICE], message.format("submission"))
    with smtplib.SMTP_SSL("::1", server.ports["submissions"], "client.test", timeout=TIMEOUT, context=context) as c:
        c.login(ALICE, server.passwords[ALICE])
        c.sendmail(ALICE, [ALICE], message.format("submissions"))
    with smtplib.LMTP("::1", server.ports["lmtp"], "client.test", timeout=TIMEOUT) as c:
        c.sendmail("a@else.test", [ALICE], message.format("lmtp"))
    for client in (poplib.POP3("::1", server.ports["pop3"], timeout=TIMEOUT), poplib.POP3_SSL("::1", server.ports["pop3s"], timeout=TIMEOUT, context=context)):
        client.user(ALICE)
        client.pass_(server.passwords[ALICE])
        assert client.stat()[0] == 4
        client.quit()
    found = server.messages()
    assert [field(m, "Subject").decode() for m in found] == ["smtp", "submission", "submissions", "lmtp"]
    for m in found:
        # RFC 5321 section 4.1.3: the tag stands before the address.
        assert b"[IPv6:::1]" in field(m, "Received"), field(m, "Received")
    assert server.deliver(ALICE, b"Subject: v4\r\n\r\nx\r\n") == {}
    assert b"[127.0.0.1]" in field(server.messages()[-1], "Received")


def test_loopback_is_loopback(start):
    """What is allowed without TLS from this machine, is so on IPv6."""
    server = start()
    with connect(server, "pop3") as c:
        c.line()
        assert c.ask_pop3(f"USER {ALICE}").startswith("+OK")
    with connect(server, "submission") as c:
        c.reply()
        assert "AUTH" in c.ask("EHLO client.test")


def test_a_network_counts_as_one(start):
    server = start(proxy_from=["::1/128"], connections_per_address=3, trusted_networks=[])

    def come(address):
        c = connect(server, "smtp")
        c.send(f"PROXY TCP6 {address} 2001:db8:ffff::1 40000 25\r\n")
        return c, c.line()

    kept = []
    for host in range(3):
        c, said = come(f"2001:db8:0:1::{host + 1:x}")
        assert said.startswith("220"), said
        kept.append(c)
    c, said = come("2001:db8:0:1:ffff::1")  # another host of the same /64
    assert said.startswith("421")
    assert c.line() == ""
    c.close()
    server.wait_event("connection-refused", client="2001:db8:0:1:ffff::1")
    c, said = come("2001:db8:0:2::1")
    assert said.startswith("220")
    kept.append(c)
    for c in kept:
        c.close()


def test_xclient_and_networks(start):
    server = start(xclient_from=["::1/128"])
    with connect(server, "smtp") as c:
        c.reply()
        assert "XCLIENT" in c.ask("EHLO client.test")
        assert c.ask("XCLIENT ADDR=IPv6:2001:db8::5 NAME=far.test").startswith("220")
        c.ask("EHLO far.test")
        c.ask("MAIL FROM:<a@else.test>")
        c.ask(f"RCPT TO:<{ALICE}>")
        c.ask("DATA")
        assert c.ask("Subject: from afar\r\n\r\nx\r\n.").startswith("250")
    assert b"[IPv6:2001:db8::5]" in field(server.messages()[0], "Received")
    with server.connect("smtp") as c:  # IPv4 is another network
        c.reply()
        assert "XCLIENT" not in c.ask("EHLO client.test")


def test_an_address_that_this_machine_lacks_is_named(make_server):
    server = make_server(start=False)
    server.write_config(smtp_listen=[f"[2001:db8::1]:{free_port()}"])
    done = server.cli("serve", check=False)
    assert done.returncode == 78
    assert b"smtp_listen" in done.stderr and b"this machine has no address 2001:db8::1" in done.stderr
