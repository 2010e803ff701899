"""postrider message send, against our own server and against hosts that misbehave."""

import base64
import email
import email.policy
import json
import os
import pty
import random
import re
import select
import time

import pytest

from certificates import Authority
from hosts import CLOSE, KEEP_CLOSE, SILENT, Host
from ports import free_port
from server import POSTRIDER, TIMEOUT, environment, field, run, split_message, without_trace

ALICE, BOB = "alice@example.test", "bob@example.test"


@pytest.fixture(autouse=True)
def empty_mailboxes(shared):
    for address in (ALICE, BOB):
        shared.messages(address, delete=True)


@pytest.fixture
def make_host():
    hosts = []

    def make(**options):
        hosts.append(Host("127.0.0.1", free_port(), "mx.test", **options))
        return hosts[-1]

    yield make
    for host in hosts:
        host.close()
    assert not [fault for host in hosts for fault in host.faults]


def command(*words, status=0, input=b"", password=None):
    extra = {} if password is None else {"POSTRIDER_PASSWORD": password}
    done = run(POSTRIDER, "message", "send", *words, input=input, env=environment(extra))
    assert done.returncode == status, f"status {done.returncode}, not {status}\n{done.stdout}\n{done.stderr}"
    return done


def send(server, *words, service="submission", login=ALICE, ca=True, **options):
    """As alice, with the certificate checked, unless told otherwise."""
    given = ["--server", f"127.0.0.1:{server.ports[service]}"]
    given += ["--ca-file", server.folder / "tls-cert.pem"] if ca else []
    given += ["--user", login] if login else []
    options.setdefault("password", server.passwords[login] if login else None)
    return command(*given, *words, **options)


def send_to(host, *words, **options):
    return command("--server", f"127.0.0.1:{host.port}", "--from", "ann@example.org", *words, **options)


def one(server, address=BOB):
    messages = server.messages(address)
    assert len(messages) == 1
    return messages[0]


def read(raw):
    return email.message_from_bytes(raw, policy=email.policy.default)


# ---- ways in ----


@pytest.mark.parametrize("how", ["clear", "offered", "starttls", "tls"])
def test_it_arrives(server, how):
    words = ["--to", BOB, "--subject", "Привет, Bob", "--text", "one\n.\nтри\n", "--json"]
    if how in ("clear", "offered"):
        options = {"service": "smtp", "login": None, "ca": False}
        done = send(server, "--from", "Ann <ann@else.test>", *words, *(["--no-tls"] if how == "clear" else []), **options)
    else:
        done = send(server, *words, *(["--tls"] if how == "tls" else []), service="submissions" if how == "tls" else "submission")
    told = json.loads(done.stdout)
    message = read(one(server))
    assert message["Subject"] == "Привет, Bob" and message["To"] == BOB
    assert message.get_content() == "one\n.\nтри\n" or message.get_content() == "one\r\n.\r\nтри\r\n"
    assert message["Message-ID"] == f"<{told['messageId']}>"
    assert told["exit"] == 0 and told["accepted"] == 1 and told["problem"] == ""
    [recipient] = told["recipients"]
    assert recipient["address"] == BOB and recipient["result"] == "accepted" and recipient["code"] == 250
    assert recipient["text"] == f"kept as {told['queueId']}" and told["queueId"]
    assert told["verified"] == {"clear": "no TLS", "offered": "not verified"}.get(how, "pkix")
    assert told["tls"].startswith("TLSv1.3") == (how != "clear")


def test_the_report_for_people(server):
    done = send(server, "--to", BOB, "--text", "Hello")
    assert re.fullmatch(rb"bob@example\.test: accepted: 250 2\.0\.0 kept as \w+\n", done.stdout)
    assert done.stderr == b""


# ---- who it is ----


def test_a_wrong_password(server):
    done = send(server, "--to", BOB, "--text", "x", "--verbose", password="not this one", status=77)
    assert b"postrider: the login was refused: 535 5.7.8" in done.stderr
    secret = base64.b64encode(b"\0" + ALICE.encode() + b"\0not this one")
    assert b"> AUTH PLAIN ***\n" in done.stderr and secret not in done.stderr and b"not this one" not in done.stderr
    assert done.stdout == b"bob@example.test: not sent\n"
    assert server.messages(BOB) == []


def test_a_wrong_certificate(server, tmp_path):
    other = Authority(tmp_path / "ca").certificate
    done = send(server, "--ca-file", other, "--to", BOB, "--text", "x", ca=False, status=77)
    assert b"postrider: the certificate of 127.0.0.1 is not trusted: self-signed certificate" in done.stderr and b"--insecure" in done.stderr
    done = send(server, "--tls-name", "other.example.test", "--to", BOB, "--text", "x", status=77)
    assert b"does not name other.example.test" in done.stderr
    assert server.messages(BOB) == []
    done = send(server, "--insecure", "--to", BOB, "--text", "x", ca=False)
    assert b"was not checked" in done.stderr
    send(server, "--tls-name", "mail.example.test", "--to", BOB, "--text", "x")
    assert len(server.messages(BOB)) == 2


def test_a_password_in_clear(make_host):
    host = make_host(credentials=("ann", "secret"))
    words = ["--to", "bob@example.net", "--text", "x", "--no-tls", "--user", "ann"]
    done = send_to(host, *words, password="secret", status=77)
    assert b"offers no login that keeps the password safe" in done.stderr
    send_to(host, *words, "--insecure", password="secret")
    assert host.messages[0].login == "ann"


def test_no_tls_where_it_is_demanded(make_host):
    host = make_host()
    done = send_to(host, "--to", "bob@example.net", "--text", "x", "--starttls", "--insecure", status=69)
    assert b"the server offers no TLS" in done.stderr


def test_passwords_from_everywhere(server, tmp_path):
    password = server.passwords[ALICE]
    path = tmp_path / "password"
    path.write_text(password + "\nand more\n")
    words = ["--to", BOB, "--text", "x"]
    send(server, *words, "--password-file", path, password=None)
    send(server, *words, "--password-stdin", input=password.encode() + b"\r\n", password=None)
    send(server, *words, "--password-file", path, password="not this one")
    assert len(server.messages(BOB)) == 3
    path.write_text("")
    assert b"no password in" in send(server, *words, "--password-file", path, password=None, status=65).stderr
    send(server, *words, "--password-file", tmp_path / "none", password=None, status=66)
    done = send(server, "--to", BOB, "--password-stdin", input=b"x\n", password=None, status=64)
    assert b"standard input holds the password" in done.stderr


def test_the_terminal_is_asked(server):
    """The text comes on standard input, the password from the terminal, which doesn't show it."""
    words = [POSTRIDER, "message", "send", "--server", f"127.0.0.1:{server.ports['submission']}", "--ca-file", str(server.folder / "tls-cert.pem"),
             "--user", ALICE, "--to", BOB]
    source, sink = os.pipe()
    os.write(sink, b"the text\n")
    os.close(sink)
    pid, terminal = pty.fork()
    if pid == 0:
        os.dup2(source, 0)
        os.execve(words[0], words, environment())
    os.close(source)
    screen, typed, end = b"", False, time.monotonic() + TIMEOUT
    try:
        while time.monotonic() < end:
            ready, _, _ = select.select([terminal], [], [], 0.5)
            if not ready:
                continue
            try:
                piece = os.read(terminal, 65536)
            except OSError:
                break
            if not piece:
                break
            screen += piece
            if b"Password of alice@example.test at 127.0.0.1: " in screen and not typed:
                typed = True
                os.write(terminal, server.passwords[ALICE].encode() + b"\n")
        else:
            os.kill(pid, 9)
    finally:
        _, status = os.waitpid(pid, 0)
        os.close(terminal)
    assert status == 0 and b"accepted" in screen and server.passwords[ALICE].encode() not in screen, screen
    assert read(one(server)).get_content().strip() == "the text"


# ---- recipients ----


def test_a_refused_recipient(server):
    done = send(server, "--to", f"{BOB}, nobody@example.test", "--text", "x", "--json", status=69)
    told = {r["address"]: r for r in json.loads(done.stdout)["recipients"]}
    assert told[BOB]["result"] == "accepted"
    assert told["nobody@example.test"]["result"] == "refused" and told["nobody@example.test"]["code"] == 550
    assert told["nobody@example.test"]["stage"] == "RCPT" and told["nobody@example.test"]["local"] is False
    one(server)


def test_bcc_is_not_shown(server):
    send(server, "--to", BOB, "--bcc", f"Secret <{ALICE}>", "--text", "x")
    raw = one(server)
    assert "bcc" not in [name for name, _ in split_message(raw)[0]] and b"secret" not in raw.lower()
    assert field(raw, "to") == BOB.encode()
    assert without_trace(one(server, ALICE)) == without_trace(raw)


def test_more_recipients_than_fit(make_host):
    """A host that takes three at a time gets them in as many transactions as it needs, each once."""
    host = make_host()
    host.on("rcpt", lambda session, _: "452 4.5.3 too many" if len(session.recipients) == 3 else None)
    people = [f"p{i}@example.net" for i in range(8)]
    done = send_to(host, "--to", ", ".join(people), "--text", "x", "--json")
    assert json.loads(done.stdout)["accepted"] == 8
    assert sorted(r for m in host.messages for r in m.recipients) == people and len(host.messages) == 3
    host.on("rcpt", "452 4.5.3 none today")
    done = send_to(host, "--to", ", ".join(people), "--text", "x", "--json", status=75)
    assert {r["result"] for r in json.loads(done.stdout)["recipients"]} == {"deferred"}


def test_an_envelope_of_its_own(make_host):
    host = make_host()
    send_to(host, "--to", "bob@example.net", "--text", "x", "--sender", "", "--notify", "delay,FAILURE", "--ret", "hdrs")
    send_to(host, "--to", "bob@example.net", "--text", "x", "--sender", "list@example.org")
    first, second = host.messages
    assert first.sender == "" and first.parameters["RET"] == "HDRS" and first.recipient_parameters["bob@example.net"]["NOTIFY"] == "DELAY,FAILURE"
    assert int(first.parameters["SIZE"]) == len(first.data)
    assert second.sender == "list@example.org"


def test_addresses_in_any_script(make_host):
    host = make_host()
    send_to(host, "--to", "Bücher <bob@bücher.example>", "--text", "x")
    send_to(host, "--to", "жук@example.net", "--text", "x")
    first, second = host.messages
    assert first.recipients == ["bob@xn--bcher-kva.example"] and "SMTPUTF8" not in first.parameters
    assert second.recipients == ["жук@example.net"] and "SMTPUTF8" in second.parameters
    poor = make_host(extensions=("PIPELINING",))
    done = send_to(poor, "--to", "жук@example.net", "--text", "x", "--json", status=65)
    [recipient] = json.loads(done.stdout)["recipients"]
    assert recipient["local"] is True and recipient["status"] == "5.6.7" and poor.messages == []


# ---- content ----


def test_attachments_arrive_as_they_are(server, tmp_path):
    rng = random.Random(1)
    files = {"картинка №1.png": rng.randbytes(700_000), "empty.txt": b"", "a \"b\" c.pdf": bytes(range(256)) * 3, "x" * 200 + ".tar": b"\r\n.\r\n\n\r"}
    words = []
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
        words += ["--attach", tmp_path / name]
    (tmp_path / "page.html").write_text("<p>Grüße")
    send(server, "--to", BOB, "--text", "Grüße", "--html", tmp_path / "page.html", "--header", "X-Mood: schön", *words)
    message = read(one(server))
    found = {a.get_filename(): a.get_payload(decode=True) for a in message.iter_attachments()}
    assert found == files
    assert [a.get_content_type() for a in message.iter_attachments()] == ["image/png", "text/plain", "application/pdf", "application/x-tar"]
    assert message.get_body(("plain",)).get_content().strip() == "Grüße"
    assert message.get_body(("html",)).get_content().strip() == "<p>Grüße"
    assert message["X-Mood"] == "schön"


@pytest.mark.parametrize("extensions", [("PIPELINING", "CHUNKING", "SIZE"), ("PIPELINING",), ("CHUNKING",), ()], ids=lambda e: "+".join(e) or "none")
def test_the_same_by_every_way(make_host, tmp_path, extensions):
    host = make_host(extensions=extensions)
    content = random.Random(2).randbytes(300_000)
    (tmp_path / "file").write_bytes(content)
    send_to(host, "--to", "a@example.net, b@example.net", "--text", ".\n..\n", "--attach", tmp_path / "file")
    [message] = host.messages
    assert message.chunked == ("PIPELINING" in extensions and "CHUNKING" in extensions)
    [attachment] = read(message.data).iter_attachments()
    assert attachment.get_payload(decode=True) == content
    assert read(message.data).get_body(("plain",)).get_content().replace("\r\n", "\n") == ".\n..\n"


def test_the_text_from_standard_input(server):
    send(server, "--to", BOB, input="Съешь\nещё\n".encode())
    assert read(one(server)).get_content().replace("\r\n", "\n") == "Съешь\nещё\n"


READY = b"From: alice@example.test\nTo: bob@example.test\nBcc: alice@example.test\nSubject: x\nDate: Mon, 01 Jan 2024 10:00:00 +0000\n" \
        b"Message-ID: <own@example.test>\n\n.\n..two\nno end"


def test_a_ready_message(server, tmp_path):
    path = tmp_path / "ready.eml"
    path.write_bytes(READY)
    done = send(server, "--file", path, "--json")
    told = json.loads(done.stdout)
    assert told["messageId"] == "own@example.test" and {r["address"] for r in told["recipients"]} == {ALICE, BOB}
    expected = READY.replace(b"Bcc: alice@example.test\n", b"").replace(b"\n", b"\r\n") + b"\r\n"
    assert without_trace(one(server)) == expected and without_trace(one(server, ALICE)) == expected
    # From standard input, to somebody else than it names.
    for address in (ALICE, BOB):
        server.messages(address, delete=True)
    send(server, "--file", "-", "--to", BOB, input=READY)
    one(server)
    assert server.messages(ALICE) == []


def test_ready_messages_that_are_refused(tmp_path, make_host):
    host = make_host()
    path = tmp_path / "ready.eml"
    for content, problem in ((READY.replace(b"Subject: x", b"no field"), b"is not a header field"), (READY + b"\0", b"contains a NUL"),
                             (b"\nx", b"has no header"), (b"From: a@b.test\n\nx", b"who is to get it, with --to"), (b"To: a@b.test\n\nx", b"who sends it, with --from or --sender"),
                             (READY.replace(b"To: bob@example.test", b"To: bob"), b"bob is not an address: it has no domain (in the message's field To;")):
        path.write_bytes(content)
        done = command("--server", f"127.0.0.1:{host.port}", "--file", path, status=65)
        assert problem in done.stderr
    assert host.sessions == []


def test_eight_bits_for_a_host_that_takes_seven(make_host, tmp_path):
    host = make_host(extensions=("PIPELINING",))
    path = tmp_path / "ready.eml"
    path.write_bytes("From: ann@example.org\nTo: bob@example.net\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n"
                     "Content-Transfer-Encoding: 8bit\n\nGrüße\n".encode())
    send_to(host, "--file", path)
    assert host.messages[0].data.isascii() and read(host.messages[0].data).get_content().strip() == "Grüße"


# ---- what goes wrong ----


def test_the_dialogue(server):
    done = send(server, "--to", BOB, "--text", "x", "--verbose")
    shown = done.stderr.decode()
    assert re.search(r"^\* connected to 127\.0\.0\.1:\d+$", shown, re.M) and "* TLSv1.3" in shown
    assert "> STARTTLS\n< 220" in shown and "> AUTH PLAIN ***\n< 235" in shown and "> MAIL FROM:<alice@example.test>" in shown
    assert re.search(r"^> \(\d+ octets of the message\)$", shown, re.M) and "> QUIT\n< 221" in shown
    assert server.passwords[ALICE] not in shown and base64.b64encode(f"\0{ALICE}\0{server.passwords[ALICE]}".encode()).decode() not in shown


def test_troubles_of_a_host(make_host):
    host = make_host()
    words = ["--to", "bob@example.net", "--text", "x", "--json", "--timeout", "1"]
    for stage, action, status, result in (("connect", "554 5.7.1 not you", 69, "not-tried"), ("connect", "421 4.3.2 later", 75, "not-tried"),
                                          ("connect", CLOSE, 75, "not-tried"), ("connect", SILENT, 75, "not-tried"), ("mail", "451 4.3.0 later", 75, "deferred"),
                                          ("mail", SILENT, 75, "unknown"), ("rcpt", "550 5.1.1 nobody", 69, "refused"), ("end", "554 5.7.1 spam", 69, "refused"),
                                          ("end", KEEP_CLOSE, 75, "unknown"), ("quit", SILENT, 0, "accepted")):
        host.usual()
        host.on(stage, action)
        told = json.loads(send_to(host, *words, status=status).stdout)
        assert [r["result"] for r in told["recipients"]] == [result], (stage, action, told)
        assert told["exit"] == status and bool(told["problem"]) == (result in ("not-tried", "unknown") or action == SILENT and status != 0)


def test_nobody_listens():
    done = command("--server", f"127.0.0.1:{free_port()}", "--from", "a@b.test", "--to", "c@d.test", "--text", "x", status=75)
    assert b"no connection to 127.0.0.1" in done.stderr and b"refused" in done.stderr


def test_wrong_use(tmp_path):
    good = ["--from", "a@b.test", "--to", "c@d.test", "--text", "x"]
    for words in (["--text", "x"], ["--from", "a@b.test", "--text", "x"], [*good, "--file", "x"], [*good, "--nonsense"], [*good, "word"],
                  [*good, "--tls", "--no-tls"], [*good, "--notify", "never,delay"], [*good, "--ret", "some"], [*good, "--server", "a:b"],
                  [*good, "--timeout", "0"], [*good, "--header", "x"], [*good, "--no-tls", "--ca-file", "x"], [*good, "--password-stdin"]):
        assert command(*words, status=64).stderr.startswith(b"postrider: "), words
    for words in (["--from", "a", "--to", "c@d.test", "--text", "x"], [*good, "--to", "nobody"], [*good, "--header", "Bcc: x@y.test"],
                  [*good, "--subject", "two\nlines"]):
        assert command(*words, status=65).stderr.startswith(b"postrider: "), words
    for words in ([*good, "--attach", tmp_path / "none"], [*good, "--html", tmp_path / "none"], ["--file", tmp_path / "none"],
                  [*good, "--starttls", "--ca-file", tmp_path / "none"]):
        assert command(*words, status=66).stderr.startswith(b"postrider: "), words
