"""postrider demo, as README shows it: the commands that it prints, mail from one server to the other, and the second one stopped."""

import os
import pathlib
import re
import shlex
import shutil
import signal
import socket
import tempfile

import pytest

from server import POSTRIDER, TIMEOUT, environment, run, start_demo, wait_for

ALICE, BOB, CAROL = "alice@example.test", "bob@example.test", "carol@example.net"


class Demo:
    def __init__(self, folder):
        self.folder = folder
        self.process, self.said = start_demo(folder)
        self.base = self.process.base
        accounts = (folder / "demo-accounts").read_text() + (folder / "example.net" / "demo-accounts").read_text()
        self.passwords = dict(line.split() for line in accounts.splitlines())

    def as_user(self, who, words):
        done = run(*words, env=environment({"POSTRIDER_PASSWORD": self.passwords[who]}))
        assert done.returncode == 0, done.stderr
        return done.stdout.decode()

    def send(self, recipient, subject):
        return self.as_user(ALICE, [POSTRIDER, "message", "send", "--server", f"127.0.0.1:{self.base + 587}", "--ca-file", self.folder / "tls-cert.pem",
                                    "--user", ALICE, "--to", recipient, "--subject", subject, "--text", "x"])

    def fetch(self, who, address, folder):
        return self.as_user(who, [POSTRIDER, "message", "fetch", "--server", f"{address}:{self.base + 995}", "--ca-file", folder / "tls-cert.pem",
                                  "--user", who, "--wait", str(TIMEOUT), "--show"])


@pytest.fixture
def demo():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="postrider-"))
    made = Demo(folder)
    try:
        yield made
    finally:
        if made.process.poll() is None:
            made.process.kill()
        made.process.communicate(timeout=TIMEOUT)
        shutil.rmtree(folder, ignore_errors=True)


def answers(address, port):
    try:
        socket.create_connection((address, port), 1).close()
    except OSError:
        return False
    return True


def test_the_first_hour(demo):
    second = demo.folder / "example.net"
    # The commands that it prints work as they stand.
    first = shlex.split(re.search(r"^ *a first mail: (.*)$", demo.said, re.M)[1])
    assert "accepted" in demo.as_user(ALICE, first)
    assert "Hello" in demo.as_user(BOB, shlex.split(re.search(r"^ *to read it: (.*)$", demo.said, re.M)[1]))
    assert ALICE in run(*shlex.split(re.search(r"^ *administration: (.*)$", demo.said, re.M)[1])).stdout.decode()
    # A second demo in the same folder changes nothing there.
    ports = (demo.folder / "ports.conf").read_text()
    again = run(POSTRIDER, "demo", "--dir", demo.folder, "--port-base", str(demo.base + 1), env=environment())
    assert again.returncode == 77 and b"runs in" in again.stderr and b"--port-base" in again.stderr, again
    assert (demo.folder / "ports.conf").read_text() == ports
    # From one server to the other, and a report.
    demo.send(CAROL, "Across")
    assert "Across" in demo.fetch(CAROL, "127.0.0.2", second)
    # Who sent it is known; and mail in the name of a bank that sends none is refused.
    shown = run(POSTRIDER, "--config", second / "postrider.conf", "message", "show", CAROL, "INBOX").stdout.decode()
    assert shown.startswith("This message is proven to come from example.test.\n"), shown
    forged = run(POSTRIDER, "message", "send", "--server", f"127.0.0.2:{demo.base + 25}", "--no-tls", "--from", "security@bank.test", "--to", CAROL,
                 "--subject", "Your account", "--text", "Send us your password.", env=environment())
    assert forged.returncode == 69 and b"5.7.26" in forged.stdout + forged.stderr and b"bank.test" in forged.stdout + forged.stderr, forged
    demo.send("nobody@example.net", "Lost")
    assert "nobody@example.net was not delivered" in demo.fetch(ALICE, "127.0.0.1", demo.folder)
    # The second one reports it to the first: each command once, as README has them.
    assert b"1 report was sent" in run(POSTRIDER, "--config", second / "postrider.conf", "report", "send", "--now").stdout
    assert b"proven to be yours: 1 by SPF and DKIM" in run(POSTRIDER, "--config", demo.folder / "postrider.conf", "report", "dmarc", "--wait", "30").stdout
    # The second one is stopped alone, and its mail waits.
    os.kill(int((second / "pid").read_text()), signal.SIGTERM)
    wait_for(lambda: not answers("127.0.0.2", demo.base + 25), what="the second server's end")
    demo.send(CAROL, "Later")
    listed = run(POSTRIDER, "--config", demo.folder / "postrider.conf", "queue", "list")
    assert listed.returncode == 0 and CAROL.encode() in listed.stdout
    demo.process.send_signal(signal.SIGTERM)
    assert demo.process.wait(TIMEOUT) == 0 and not (second / "pid").exists()
