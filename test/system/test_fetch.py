"""postrider message fetch, against our own server and against what is none."""

import contextlib
import json
import socket
import subprocess
import threading

import pytest

from certificates import Authority
from ports import free_port
from server import POSTRIDER, TIMEOUT, environment, run

ALICE = "alice@example.test"


@pytest.fixture(autouse=True)
def empty_mailbox(shared):
    shared.messages(ALICE, delete=True)


def words(server, *more, service="pop3s", ca=True):
    return [str(w) for w in (POSTRIDER, "message", "fetch", "--server", f"127.0.0.1:{server.ports[service]}", "--user", ALICE,
                             *(["--ca-file", server.folder / "tls-cert.pem"] if ca else []), *more)]


def fetch(server, *more, status=0, password=None, **options):
    done = run(*words(server, *more, **options), env=environment({"POSTRIDER_PASSWORD": password or server.passwords[ALICE]}))
    assert done.returncode == status, f"status {done.returncode}, not {status}\n{done.stdout}\n{done.stderr}"
    return done


def test_messages_come_as_they_are(server):
    for i in range(3):
        server.deliver(ALICE, f"Subject: number {i}\r\n\r\n.\r\n..dots\r\n{'x' * 900}\r\nпривет\r\n".encode() * (1 if i < 2 else 200))
    kept = server.messages(ALICE)
    assert fetch(server).stdout == kept[2]
    assert fetch(server, "1").stdout == kept[0]
    assert fetch(server, "2", "--starttls", service="pop3").stdout == kept[1]
    assert fetch(server, "2", "--no-tls", "--insecure", service="pop3", ca=False).stdout == kept[1]
    assert len(server.messages(ALICE)) == 3


def test_it_is_shown(server):
    server.deliver(ALICE, b"From: a@b.test\r\nSubject: =?utf-8?q?gr=C3=BC=C3=9F?=\r\n\r\nhello\r\n")
    assert "grüß" in fetch(server, "--show").stdout.decode()
    assert json.loads(fetch(server, "--show", "--json").stdout)["subject"] == "grüß"


def test_what_is_not_there(server):
    assert b"the mailbox holds 0" in fetch(server, status=66).stderr
    server.deliver(ALICE, b"Subject: x\r\n\r\nx\r\n")
    assert b"the mailbox holds 1" in fetch(server, "2", status=66).stderr


def test_it_waits(server):
    process = subprocess.Popen(words(server, "--wait", str(TIMEOUT)), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               env=environment({"POSTRIDER_PASSWORD": server.passwords[ALICE]}))
    server.deliver(ALICE, b"Subject: late\r\n\r\nx\r\n")
    out, errors = process.communicate(timeout=TIMEOUT)
    assert process.returncode == 0 and b"Subject: late\r\n" in out, errors


def test_who_it_is(server, tmp_path):
    done = fetch(server, "--verbose", password="not this one", status=77)
    assert b"postrider: the login was refused: -ERR [AUTH]" in done.stderr and b"> PASS ***\n" in done.stderr and b"not this one" not in done.stderr
    done = fetch(server, "--ca-file", Authority(tmp_path / "ca").certificate, ca=False, status=77)
    assert b"is not trusted" in done.stderr


@pytest.mark.parametrize("said", [b"220 mail.test ESMTP\r\n", b"x" * 100_000, b"+OK hello\r\n", b""], ids=["smtp", "endless", "silent", "closed"])
def test_what_is_no_server(said):
    port = free_port()
    listener = socket.create_server(("127.0.0.1", port))

    def serve():
        client, _ = listener.accept()
        with client, contextlib.suppress(OSError):
            client.sendall(said)
            while said and client.recv(1000):
                pass

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    done = run(POSTRIDER, "message", "fetch", "--server", f"127.0.0.1:{port}", "--user", ALICE, "--no-tls", "--insecure", "--timeout", "1",
               env=environment({"POSTRIDER_PASSWORD": "x"}))
    listener.close()
    assert done.returncode == (69 if said[:3] in (b"220", b"xxx") else 75) and done.stderr.startswith(b"postrider: "), done.stderr
    thread.join(TIMEOUT)


def test_wrong_use(server):
    for more in (["0"], ["x"], ["1", "2"], ["--nonsense"], ["--wait", "x"], ["--json"]):
        assert fetch(server, *more, status=64).stderr.startswith(b"postrider: "), more
    assert fetch(server, "--no-tls", ca=False, status=64).stderr.startswith(b"postrider: ")
    done = run(POSTRIDER, "message", "fetch", "--server", "127.0.0.1:1", env=environment())
    assert done.returncode == 64 and b"whose mailbox?" in done.stderr
