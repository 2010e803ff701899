"""Bad input and faults: the right protocol error, bounded memory, and other clients served meanwhile."""

import os
import resource
import smtplib
import socket
import struct
import time

import pytest

from limits import TIMEOUT
from server import ENVIRONMENT, field, wait_for
from small_disk import needs_root, server_on_small_disk

ALICE, BOB = "alice@example.test", "bob@example.test"
MEGABYTE = 1 << 20


@pytest.fixture(autouse=True)
def empty_mailboxes(request):
    if "server" in request.fixturenames:
        shared = request.getfixturevalue("shared")
        for address in (ALICE, BOB):
            shared.messages(address, delete=True)


def served(server):
    assert server.deliver(BOB, b"Subject: others\r\n\r\nx\r\n") == {}
    assert len(server.messages(BOB, delete=True)) == 1


def greeted(server, service="smtp"):
    c = server.connect(service)
    c.reply() if service != "pop3" else c.line()
    if service in ("smtp", "submission"):
        c.ask("EHLO client.test")
    return c


@pytest.mark.parametrize("service", ["smtp", "pop3", "pop3s"])
def test_a_thousand_connections_that_say_nothing(make_server, service, pytestconfig):
    role = "smtp" if service == "smtp" else "pop3"
    # pop3 keeps one for each account's channel.
    possible = (resource.getrlimit(resource.RLIMIT_NOFILE)[0] - 200) // (1 if role == "smtp" else 2)
    count = min(possible, 10000 if pytestconfig.getoption("--long") else 1000)
    if count < 900:
        pytest.skip("too few descriptors here")
    server = make_server(connections_max=count + 100)
    served(server)
    before = server.memory(role)
    silent = [socket.create_connection(("127.0.0.1", server.ports[service]), TIMEOUT) for _ in range(count)]
    try:
        if service != "pop3s":
            for s in silent:
                assert s.recv(1)
        served(server)
        # The sanitizers keep much around each allocation; without them it is 12 KB.
        assert server.memory(role) - before < count * 64 * 1024
    finally:
        for s in silent:
            s.close()
    served(server)


def test_a_message_that_trickles(make_server, pytestconfig):
    if not pytestconfig.getoption("--long"):
        pytest.skip("takes five minutes; with --long")
    server = make_server(data_rate_min=10)
    with greeted(server) as slow, greeted(server) as fast:
        for c in (slow, fast):
            c.ask("MAIL FROM:<a@else.test>")
            c.ask(f"RCPT TO:<{ALICE}>")
            assert c.ask("DATA").startswith("354")
        for _ in range(31):
            slow.send("x" * 20)
            fast.send("x" * 200 + "\r\n")
            time.sleep(10)
        slow.send("x")
        assert slow.reply().startswith("421 4.4.2")
        assert slow.file.read() == b""
        fast.send("\r\n.\r\n")
        assert fast.reply().startswith("250")
    server.wait_event("slow-sender")


def test_connections_per_address(make_server):
    server = make_server(trusted_networks=[], connections_per_address=5, connection_rate=1000)
    held = [greeted(server) for _ in range(5)]
    with server.connect("smtp") as c:
        assert c.reply().startswith("421")
    for c in held:
        c.close()

    def again():
        with server.connect("smtp") as c:
            return c.reply().startswith("220")

    wait_for(again, what="room for a connection")
    server.wait_event("connection-refused", reason="connections_per_address")


def test_connection_and_message_rates(make_server):
    server = make_server(trusted_networks=[], connection_rate=10, messages_rate=3)
    with greeted(server) as c:
        replies = []
        for _ in range(5):
            replies.append(c.ask("MAIL FROM:<a@else.test>")[:3])
            c.ask("RSET")
        assert replies == ["250"] * 3 + ["450"] * 2
    replies = []
    for _ in range(12):
        with server.connect("smtp") as c:
            replies.append(c.reply()[:3])
    assert "220" in replies and replies[-1] == "421"


def test_no_line_is_written_at_a_strangers_pace(make_server):
    """MAIL after the rate, again and again: the connection ends, and so does the log."""
    server = make_server(trusted_networks=[], connection_rate=1000, messages_rate=1)
    refused = 0
    for _ in range(6):
        with greeted(server) as c:
            c.send("MAIL FROM:<a@else.test>\r\nRSET\r\n" * 200)
            said = [line[:3] for line in c.file.read().decode().splitlines()]
        assert said[-1] == "421" and len(said) < 205
        refused += said.count("450")
    assert refused > 250
    assert server.wait_event("lines-left-out", event="smtp-refused").fields["example"] == "127.0.0.1"

    def left():
        return sum(int(e.fields["count"]) for e in server.find_events("lines-left-out", event="smtp-refused"))

    wait_for(lambda: len(server.find_events("smtp-refused")) + left() == refused)
    assert len(server.find_events("smtp-refused")) < 240


def test_early_talkers(make_server):
    server = make_server(trusted_networks=[], greeting_delay_ms=1500)
    with server.connect("smtp") as c:
        c.send("EHLO early.test\r\n")
        assert c.reply().startswith("554")
    with server.connect("smtp") as c:
        assert c.reply().startswith("220")


@pytest.mark.parametrize("service", ["smtp", "submission", "pop3"])
def test_errors_floods_nul_bytes_and_endless_lines(server, service):
    for flood in (b"NONSENSE\r\n" * 1000, b"\0\0\0\r\n" * 1000, b"x" * 100000 + b"\r\n", b"x" * 3 * MEGABYTE, bytes(range(256)) * 400):
        c = greeted(server, service)
        try:
            c.send(flood)
            c.socket.shutdown(socket.SHUT_WR)
            text = c.file.read()
            assert not flood.endswith(b"\n") or text.startswith((b"5", b"-ERR")), text[:100]
        except ConnectionError:
            pass  # it had enough
        c.close()
    served(server)


def test_an_oversized_line_costs_one_error(server):
    with greeted(server) as c:
        assert c.ask("NOOP " + "x" * 20000).startswith("500")
        assert c.ask("NOOP").startswith("250")
    with greeted(server, "pop3") as c:
        assert c.ask_pop3("USER " + "x" * 20000).startswith("-ERR")
        assert c.ask_pop3("NOOP").startswith("+OK")


def test_ten_gigabytes_announced(server):
    with greeted(server) as c:
        assert c.ask("MAIL FROM:<a@else.test> SIZE=10737418240").startswith("552")
        assert c.ask("MAIL FROM:<a@else.test> SIZE=99999999999999999999999").startswith(("501", "552"))
        assert c.ask("MAIL FROM:<a@else.test>").startswith("250")


def test_more_than_the_limit_sent(make_server):
    server = make_server(message_size_max="1M")
    before = server.memory("smtp")
    with greeted(server) as c:
        c.ask("MAIL FROM:<a@else.test>")
        c.ask(f"RCPT TO:<{BOB}>")
        c.ask("DATA")
        for _ in range(200):
            c.send(b"x" * 76 + b"\r\n" + (b"y" * 76 + b"\r\n") * 800)
        c.send(b".\r\n")
        assert c.reply().startswith("552")
        c.ask("MAIL FROM:<a@else.test>")
        c.ask(f"RCPT TO:<{BOB}>")
        c.send(b"BDAT 3000000 LAST\r\n" + b"z" * 3000000)
        assert c.reply().startswith("552")
        assert c.ask("NOOP").startswith("250")
    assert server.memory("smtp") - before < 16 * MEGABYTE
    assert server.messages(BOB) == []
    served(server)


def test_a_hundred_and_one_recipients(server):
    with greeted(server) as c:
        c.ask("MAIL FROM:<a@else.test>")
        replies = [c.ask(f"RCPT TO:<alice+{i}@example.test>")[:3] for i in range(101)]
        assert replies == ["250"] * 100 + ["452"]
        c.ask("DATA")
        c.send(b"Subject: many\r\n\r\nx\r\n.\r\n")
        assert c.reply().startswith("250")
    assert [field(m, "Subject") for m in server.messages()] == [b"many"]


def test_many_thousand_recipients(server):
    with greeted(server) as c:
        c.ask("MAIL FROM:<a@else.test>")
        c.socket.settimeout(TIMEOUT)
        replies = ""
        try:
            for _ in range(20):
                c.send(f"RCPT TO:<{BOB}>\r\n" * 500)
                for _ in range(500):
                    replies = c.reply()
                    if not replies:
                        raise ConnectionError
        except (ConnectionError, OSError):
            pass  # too many errors end the session
    served(server)


@pytest.mark.parametrize("kind", ["deep", "wide", "long header", "many fields", "endless boundary"])
def test_hostile_mime(server, kind):
    if kind == "deep":
        message = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (i, i) for i in range(20000))
    elif kind == "wide":
        message = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\nx\r\n" * 200000
    elif kind == "long header":
        message = b"Subject: " + b"\r\n ".join(b"x" * 900 for _ in range(3000)) + b"\r\n\r\nx\r\n"
    elif kind == "many fields":
        message = b"".join(b"X-%d: y\r\n" % i for i in range(100000)) + b"\r\nx\r\n"
    else:
        message = b"Content-Type: multipart/mixed; boundary=" + b"=?utf-8?q?" * 90 + b"\r\n\r\n" + b"--\r\n" * 100000
    before = server.memory("smtp")
    try:
        server.deliver(ALICE, b"Subject: hostile\r\n" + message)
        assert len(server.messages()) == 1
    except smtplib.SMTPResponseException as error:
        assert 400 <= error.smtp_code < 600
    assert server.memory("smtp") - before < 64 * MEGABYTE
    served(server)


def test_a_large_message_grows_nobody(make_server):
    """50 MB in and out; the sanitizers' own bookkeeping is allowed for, what they keep of freed memory is not kept."""
    server = make_server(environment={"ASAN_OPTIONS": ENVIRONMENT["ASAN_OPTIONS"] + ":quarantine_size_mb=1:thread_local_quarantine_size_kb=64"})
    served(server)
    roles = ("smtp", "store", "pop3")
    before = {role: server.memory(role) for role in roles}
    line = b"x" * 998 + b"\r\n"
    with greeted(server) as c:
        c.ask("MAIL FROM:<a@else.test>")
        c.ask(f"RCPT TO:<{ALICE}>")
        c.ask("DATA")
        for _ in range(50):
            c.send(line * 1000)
        c.send(b".\r\n")
        assert c.reply().startswith("250")
    with greeted(server, "pop3") as c:
        c.ask_pop3(f"USER {ALICE}")
        c.ask_pop3(f"PASS {server.passwords[ALICE]}")
        c.send("RETR 1\r\nDELE 1\r\nQUIT\r\n")
        total = 0
        while piece := c.socket.recv(1 << 20):
            total += len(piece)
        assert total > 50 * 1000 * 1000
    for role in roles:
        assert server.memory(role) - before[role] < 24 * MEGABYTE, role


def test_slow_clients_hold_nobody_up(server):
    slow = [greeted(server) for _ in range(20)]
    for c in slow:
        c.send(b"MAIL FR")
    reader = greeted(server, "pop3")
    server.deliver(ALICE, b"Subject: large\r\n\r\n" + (b"x" * 70 + b"\r\n") * 80000)
    reader.ask_pop3(f"USER {ALICE}")
    reader.ask_pop3(f"PASS {server.passwords[ALICE]}")
    reader.send("RETR 1\r\n" * 50)  # and does not read
    served(server)
    for c in slow:
        c.send("OM:<a@else.test>\r\n")
        assert c.reply().startswith("250")
        c.close()
    reader.close()


def test_a_silent_client_is_sent_away(make_server):
    server = make_server(timeout_command=5, timeout_data=5, pop3_idle=5)
    with greeted(server) as idle, greeted(server) as sending, greeted(server, "pop3") as pop3:
        sending.ask("MAIL FROM:<a@else.test>")
        sending.ask(f"RCPT TO:<{BOB}>")
        sending.ask("DATA")
        pop3.ask_pop3(f"USER {ALICE}")
        pop3.ask_pop3(f"PASS {server.passwords[ALICE]}")
        pop3.ask_pop3("NOOP")
        assert idle.reply().startswith("421") and sending.reply().startswith("421")
        assert not pop3.line().startswith("+OK")
    assert server.messages(BOB) == []


# ---- guessing ----


def guess(server, address, source="127.0.0.1"):
    """The reply to a wrong password from an address of loopback."""
    s = socket.socket()
    s.settimeout(TIMEOUT)
    s.bind((source, 0))
    s.connect(("127.0.0.1", server.ports["pop3"]))
    with s, s.makefile("rb") as f:
        f.readline()
        s.sendall(f"USER {address}\r\n".encode())
        f.readline()
        s.sendall(f"PASS wrong-{os.urandom(4).hex()}\r\n".encode())
        return f.readline().decode()


def test_guessing_is_slowed_and_the_owner_is_not_locked_out(make_server):
    server = make_server()
    server.pop3().quit()  # the owner, from 127.0.0.1
    replies = []
    # From elsewhere: 127.9.0.x are other addresses.
    for i in range(40):
        began = time.monotonic()
        replies.append(guess(server, ALICE, f"127.9.0.{1 + i % 3}"))
        if "[LOGIN-DELAY]" in replies[-1] or time.monotonic() - began > 1.5:
            break
    else:
        pytest.fail("forty guesses cost nothing")
    assert "[AUTH]" in replies[0]
    # The quickest of some: other things than the guesses slow them down, too.
    took = []
    for _ in range(5):
        began = time.monotonic()
        server.pop3().quit()
        took.append(time.monotonic() - began)
    assert min(took) < 5, took
    # Unknown names are answered alike.
    assert guess(server, "nobody@example.test", "127.8.0.1") == replies[0]


# ---- other people's words about the client ----


def proxy_v2(address, port, extensions=b""):
    return (b"\r\n\r\n\0\r\nQUIT\n" + b"\x21\x11" + struct.pack("!H4s4sHH", 12 + len(extensions), socket.inet_aton(address),
            socket.inet_aton("192.0.2.1"), port, 25) + extensions)


@pytest.mark.parametrize("header", [b"PROXY TCP4 192.0.2.9 192.0.2.1 4000 25\r\n", proxy_v2("192.0.2.9", 4000)])
def test_proxy_header_from_configured_addresses_only(make_server, server, header):
    proxied = make_server(proxy_from=["127.0.0.0/8"])
    with proxied.connect("smtp") as c:
        for byte in header:
            c.send(bytes([byte]))
        c.reply()
        c.ask("EHLO client.test")
        c.ask("MAIL FROM:<a@else.test>")
        c.ask(f"RCPT TO:<{BOB}>")
        c.ask("DATA")
        c.send(b"Subject: proxied\r\n\r\nx\r\n.\r\n")
        assert c.reply().startswith("250")
        c.ask("QUIT")
    with proxied.connect("smtp") as c:
        c.send("EHLO client.test\r\n")  # no header, from an address that must send one
        assert c.line() == ""
    with proxied.connect("pop3") as c:
        c.send(header)
        c.line()
        c.ask_pop3("QUIT")
    # Elsewhere the header is only a bad command.
    with server.connect("smtp") as c:
        c.reply()
        c.send(header)
        assert c.reply().startswith("500")
    event = proxied.wait_event("smtp-kept")
    assert event.fields["client"] == "192.0.2.9"


@pytest.mark.parametrize("size", [4, 1000, 65535 - 12])
def test_a_proxy_header_is_read_whole(make_server, size):
    """Its extensions (a certificate, an authority) are passed over, all of them, in whatever pieces they come."""
    proxied = make_server(proxy_from=["127.0.0.0/8"])
    # A command in the extensions is none, and the first one behind them is.
    extensions = b"\x20" + struct.pack("!H", size - 3) + (b"NOOP\r\n" * (size // 6 + 1))[:size - 3]
    header = proxy_v2("192.0.2.9", 4000, extensions)
    for pieces in ([header], [header[:20], header[20:30], header[30:-1], header[-1:]]):
        with proxied.connect("smtp") as c:
            for piece in pieces:
                c.send(piece)
            assert c.reply().startswith("220")
            assert c.ask("EHLO client.test").startswith("250")
            assert c.ask("QUIT").startswith("221")


def test_xclient_from_configured_addresses_only(make_server, server):
    trusting = make_server(xclient_from=["127.0.0.1/32"])
    with greeted(trusting) as c:
        assert "XCLIENT" in c.ask("EHLO client.test")
        # What is no address is refused, and the proxy's own never stands for it.
        for bad in ("192.0.2.777", "192.0.2.7+00x", "IPv6:192.0.2.7", "[192.0.2.7]", "", "mail.else.test", "192.0.2.7 COLOUR=red"):
            assert c.ask(f"XCLIENT ADDR={bad}").startswith("501 5.5.4")
        assert c.ask("XCLIENT ADDR=192.0.2.7 NAME=mail.else.test").startswith("220")
        c.ask("EHLO mail.else.test")
        c.ask("MAIL FROM:<a@else.test>")
        c.ask(f"RCPT TO:<{BOB}>")
        c.ask("DATA")
        c.send(b"Subject: x\r\n\r\nx\r\n.\r\n")
        assert c.reply().startswith("250")
    assert trusting.wait_event("smtp-kept").fields["client"] == "192.0.2.7"
    with greeted(server) as c:
        assert "XCLIENT" not in c.ask("EHLO client.test")
        assert c.ask("XCLIENT ADDR=192.0.2.7").startswith("5")


def test_xclient_without_an_address_leaves_no_rights(make_server):
    """Who logs in without TLS must come from this machine: the proxy does, a client whose address it doesn't know does not."""
    server = make_server(xclient_from=["127.0.0.1/32"])
    for said in ("ADDR=[UNAVAILABLE]", "ADDR=[TEMPUNAVAIL] NAME=mail.else.test", "NAME=mail.else.test"):
        with greeted(server, "submission") as c:
            assert "AUTH" in c.ask("EHLO proxy.test")
            assert c.ask(f"XCLIENT {said}").startswith("220")
            assert "AUTH" not in c.ask("EHLO mail.else.test")
            # More of the same client, and its address after all.
            assert c.ask("XCLIENT HELO=mail.else.test").startswith("220")
            assert "AUTH" not in c.ask("EHLO mail.else.test")
            assert c.ask("XCLIENT ADDR=127.0.0.1").startswith("220")
            assert "AUTH" in c.ask("EHLO client.test")
            assert c.ask("XCLIENT HELO=client.test").startswith("220")
            assert "AUTH" in c.ask("EHLO client.test")
    with greeted(server) as c:
        assert c.ask("XCLIENT ADDR=[UNAVAILABLE]").startswith("220")
        c.ask("EHLO mail.else.test")
        c.ask("MAIL FROM:<a@else.test>")
        c.ask(f"RCPT TO:<{BOB}>")
        c.ask("DATA")
        c.send(b"Subject: x\r\n\r\nx\r\n.\r\n")
        assert c.reply().startswith("250")
    assert server.wait_event("smtp-kept").fields["client"] == "?"


# ---- the disk ----


@needs_root
def test_a_disk_that_is_nearly_full(make_server):
    with server_on_small_disk(make_server) as (server, disk):
        assert server.deliver(ALICE, b"Subject: before\r\n\r\nx\r\n") == {}
        disk.fill()

        def outcome():
            try:
                server.deliver(ALICE, b"Subject: more\r\n\r\nx\r\n")
                return 250
            except smtplib.SMTPRecipientsRefused as error:
                return next(iter(error.recipients.values()))[0]
            except smtplib.SMTPResponseException as error:
                return error.smtp_code

        wait_for(lambda: outcome() == 452, what="452")
        # Reading and deleting go on.
        count = len(server.messages())
        assert count >= 1 and len(server.messages(delete=True)) == count and server.messages() == []
        disk.clear()
        wait_for(lambda: outcome() == 250, what="service again")
        assert server.stop() == 0
        server.cli("store", "check")


@pytest.mark.parametrize("service,half,rest", [("smtp", "NO", "OP\r\n"), ("submission", "EH", "LO x\r\n"), ("pop3", "CA", "PA\r\n")])
def test_half_a_command_costs_nothing(server, service, half, rest):
    role = "pop3" if service == "pop3" else "smtp"

    def ticks():
        with open(f"/proc/{server.role_pid(role)}/stat") as f:
            return sum(int(n) for n in f.read().rpartition(")")[2].split()[11:13])

    with greeted(server, service) as c:
        c.send(half)
        before = ticks()
        served(server)
        time.sleep(0.5)  # what is looked for is work without cause
        assert ticks() - before < 20
        c.send(rest)
        assert c.line().startswith(("2", "+OK"))
