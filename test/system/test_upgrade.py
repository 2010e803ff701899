"""An upgrade: the new program takes the running one's place role by role, and nobody waits for it. What cannot work leaves the old one
in service, and whatever is killed meanwhile, nothing that was acknowledged is lost."""

import contextlib
import os
import pathlib
import shutil
import signal
import socket
import statistics
import subprocess
import threading
import time

import pytest

from managesieve_client import ManageSieve
from server import POSTRIDER, ROLES, TIMEOUT, Raw, field, wait_for

ALICE, BOB, CAROL, DAVE = "alice@example.test", "bob@example.test", "carol@example.test", "dave@example.test"
LARGE = b"x" * 76 + b"\r\n"


def role_states(server):
    """{(role, state)} of all processes."""
    return {(role["name"], role["state"]) for role in server.status()["roles"]}


def pids(server, finishing=False):
    return {role["name"]: role["pid"] for role in server.status()["roles"] if (role["state"] == "finishing") == finishing}


def totals(server):
    """The figures that only grow."""
    lines = (line.rpartition(" ") for line in server.cli("metrics").stdout.decode().splitlines())
    return {name: int(value) for name, _, value in lines if name.partition("{")[0].endswith("_total")}


class Connects:
    """Connects every 10 ms, and reads the greeting; failures and what each waited."""

    def __init__(self, server, service):
        self.port, self.waits, self.failures, self.over = server.ports[service], [], [], threading.Event()
        self.thread = threading.Thread(target=self.run)

    def run(self):
        while not self.over.wait(0.01):
            began = time.monotonic()
            try:
                with socket.create_connection(("127.0.0.1", self.port), TIMEOUT) as s:
                    greeting = s.recv(4)
                    if greeting[:1] not in (b"2", b"*", b"+"):
                        self.failures.append(greeting)
            except OSError as error:
                self.failures.append(error)
            self.waits.append(time.monotonic() - began)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()


class Mails:
    """Delivers one mail after the other, each over a connection of its own: what was acknowledged, what was refused, how long each took."""

    def __init__(self, server, recipient=ALICE, text=b"Subject: mail %d\r\n\r\nx\r\n"):
        self.server, self.recipient, self.text = server, recipient, text
        self.acknowledged, self.refused, self.waits, self.over = [], [], [], threading.Event()
        self.thread = threading.Thread(target=self.run)

    def run(self):
        number = 0
        while not self.over.is_set():
            number += 1
            began = time.monotonic()
            try:
                self.server.deliver(self.recipient, self.text % number)
                self.acknowledged.append(f"mail {number}".encode())
            except Exception as error:
                self.refused.append((number, repr(error)))
            self.waits.append(time.monotonic() - began)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()


def imap_session(server, account=ALICE):
    c = server.connect("imap")
    c.line()
    c.send(f"a LOGIN {account} {server.passwords[account]}\r\n")
    assert until(c, "a ").startswith("a OK")
    c.send("b SELECT INBOX\r\n")
    assert until(c, "b ").startswith("b OK")
    return c


def until(c, start):
    while True:
        raw = c.file.readline()
        assert raw, f"the connection has ended before {start!r}"
        text = raw.decode(errors="replace").rstrip("\r\n")
        if text.startswith(start) or (start == "EXISTS" and text.endswith("EXISTS")):
            return text


def hanging(server, recipient=ALICE, body=b"Subject: hangs\r\n\r\nhalf a line"):
    """A client that stops in the middle of its message."""
    c = server.connect("smtp")
    c.reply()
    for command in ("EHLO client.test", "MAIL FROM:<a@else.test>", f"RCPT TO:<{recipient}>"):
        assert c.ask(command).startswith("250")
    assert c.ask("DATA").startswith("354")
    c.send(body)
    return c


def small_window(server, service):
    """Takes next to nothing before it is read: what does not fit the server's own buffers waits in store."""
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    s.settimeout(TIMEOUT)
    s.connect(("127.0.0.1", server.ports[service]))
    return Raw(s)


def pop3_session(server, account, connection=None):
    c = connection or server.connect("pop3")
    c.line()
    for command in (f"USER {account}", f"PASS {server.passwords[account]}"):
        c.send(f"{command}\r\n")
        assert until(c, "+OK")
    return c


def test_sessions_go_on_and_nobody_waits(make_server):
    """A client that hangs in its message, an IMAP session that idles, POP3 with its maildrop open, and one that takes a large message slowly; mail and connections all the while."""
    server = make_server(drain_seconds=2, upgrade_seconds=600)
    server.add_account(CAROL)
    for number in range(3):
        assert server.deliver(CAROL, b"Subject: carol %d\r\n\r\nx\r\n" % number) == {}
    before = pids(server)
    server.add_account(DAVE)
    large = b"".join(b"%07d%s\r\n" % (number, b"y" * 69) for number in range(100000))
    assert server.deliver(DAVE, b"Subject: large\r\n\r\n" + large) == {}
    hangs, idles, drops, slow = hanging(server), imap_session(server), pop3_session(server, CAROL), pop3_session(server, DAVE, small_window(server, "pop3"))
    drops.send("RETR 1\r\n")
    assert until(drops, "Subject: ") == "Subject: carol 0" and until(drops, ".") == "."
    drops.send("DELE 1\r\n")
    assert until(drops, "+OK")
    idles.send("c IDLE\r\n")
    assert until(idles, "+")
    slow.send("RETR 1\r\n")  # it takes no more than the first line
    assert until(slow, "+OK")
    mark = server.mark()
    with Connects(server, "smtp") as smtp, Connects(server, "imap") as imap, Mails(server, BOB) as mails:
        wait_for(lambda: len(mails.acknowledged) > 3, what="mail")
        figures = wait_for(lambda: (t := totals(server))['postrider_connections_total{service="smtp"}'] and t, what="figures of smtp")
        server.process.send_signal(signal.SIGUSR2)
        upgraded = server.wait_event("upgraded", since=mark)
        wait_for(lambda: server.status()["state"] == "running", what="all roles")
        count = len(mails.acknowledged)
        wait_for(lambda: len(mails.acknowledged) > count + 3, what="more mail")
    # Also that of the reading which is under way.
    assert server.wait_event("sessions-passed", since=mark).fields["ended"] == "0"
    now = totals(server)
    assert [name for name, value in figures.items() if now[name] < value] == []
    after = pids(server)
    assert sorted(after) == sorted(ROLES) and not set(after.values()) & set(before.values())
    assert not smtp.failures and not imap.failures and not mails.refused
    print(f"pause of the store {upgraded.fields['pause_ms']} ms; the slowest greeting {1000 * max(smtp.waits + imap.waits):.0f} ms of "
          f"{len(smtp.waits + imap.waits)}, the slowest mail {1000 * max(mails.waits):.0f} ms of {len(mails.waits)}, "
          f"median {1000 * statistics.median(mails.waits):.0f} ms")
    # Who waited for a session of before would wait still: those are there, as follows.
    # The sessions of before are with the processes of before, and are served by the new store.
    kept = {role: before[role] for role in ("smtp", "imap", "pop3")}
    assert {role: pid for role, pid in pids(server, finishing=True).items() if role in ("smtp", "imap", "pop3", "managesieve", "web")} == kept
    mark = server.mark()
    server.deliver(ALICE, b"Subject: new\r\n\r\nx\r\n")
    server.wait_event("smtp-kept", since=mark)  # the new log hears the new processes
    assert until(idles, "EXISTS") == "* 1 EXISTS"
    idles.send("DONE\r\nd FETCH 1 BODY[HEADER.FIELDS (SUBJECT)]\r\n")
    assert until(idles, "c ").startswith("c OK") and until(idles, "Subject") == "Subject: new"
    assert until(idles, "d ").startswith("d OK")
    # What the slow one had begun to read comes whole, from the new store.
    while slow.file.readline() != b"\r\n":
        pass
    assert b"".join(iter(slow.file.readline, b".\r\n")) == large
    # The maildrop is as it was, and locked; what was marked before goes at its end.
    assert server.deliver(CAROL, b"Subject: carol 3\r\n\r\nx\r\n") == {}
    with contextlib.closing(server.connect("pop3")) as second:
        second.line()
        second.send(f"USER {CAROL}\r\nPASS {server.passwords[CAROL]}\r\n")
        assert "[IN-USE]" in until(second, "-ERR")
    drops.send("RETR 3\r\n")
    assert until(drops, "Subject: ") == "Subject: carol 2" and until(drops, ".") == "."
    drops.send("RETR 4\r\n")
    assert until(drops, "-ERR")
    drops.send("QUIT\r\n")
    assert until(drops, "+OK")
    assert sorted(field(m, "Subject") for m in server.messages(CAROL)) == [b"carol 1", b"carol 2", b"carol 3"]
    hangs.send("\r\n.\r\n")
    assert hangs.reply().startswith("250")
    assert hangs.ask("QUIT").startswith("221")
    idles.send("e LOGOUT\r\n")
    assert until(idles, "e ").startswith("e OK")
    slow.send("QUIT\r\n")
    assert until(slow, "+OK")
    for c in (hangs, idles, drops, slow):
        c.close()
    wait_for(lambda: not pids(server, finishing=True), what="the end of the processes before")
    assert sorted(field(m, "Subject") for m in server.messages()) == [b"hangs", b"new"]
    assert sorted(field(m, "Subject") for m in server.messages(BOB)) == sorted(mails.acknowledged)
    server.cli("store", "check")


# Runs for some tens of ms over a body of 32 KB, so that there is one under way whenever rules and store get successors.
SLOW = (b'require ["body", "fileinto", "mailbox"];\r\n' + b'if body :raw :matches "*x*x*x*y*z" { discard; }\r\n' * 40
        + b'fileinto :create "Filed";\r\n')


def test_rules_are_carried_out_all_the_while(make_server):
    """A run that is under way when rules or store gets a successor is not cut off: no mail is refused, and none is kept without its rules."""
    server = make_server(drain_seconds=60)
    with ManageSieve(server, BOB) as client:
        assert client.command("PUTSCRIPT", "rules", SLOW).status == "OK" and client.command("SETACTIVE", "rules").status == "OK"
    text = b"Subject: mail %d\r\n\r\n" + LARGE * 420
    with contextlib.ExitStack() as stack:
        mails = [stack.enter_context(Mails(server, BOB, text=text)) for _ in range(2)]
        for _ in range(2):
            count = sum(len(m.acknowledged) for m in mails)
            wait_for(lambda: sum(len(m.acknowledged) for m in mails) > count + 6, what="mail")
            # A second upgrade ends what the first has left, on a busy machine a run of rules as well.
            wait_for(lambda: not pids(server, finishing=True), what="the end of the processes before")
            server.cli("upgrade")
    assert not [m.refused for m in mails if m.refused]
    with contextlib.closing(imap_session(server, BOB)) as c:
        c.send("c STATUS INBOX (MESSAGES)\r\nd STATUS Filed (MESSAGES)\r\n")
        assert until(c, "* STATUS INBOX") == "* STATUS INBOX (MESSAGES 0)"
        assert until(c, "* STATUS Filed") == f"* STATUS Filed (MESSAGES {sum(len(m.acknowledged) for m in mails)})"


def test_a_second_upgrade_ends_what_the_first_has_left(make_server):
    """And a large message that hangs is told to come again, while others go through."""
    server = make_server(drain_seconds=1, upgrade_seconds=600)
    hangs, large = hanging(server), hanging(server, body=b"Subject: large\r\n\r\n" + LARGE * 6000)
    idles = imap_session(server)
    first = server.cli("upgrade")
    assert b"upgraded to version" in first.stdout
    assert ("smtp", "finishing") in role_states(server)
    mark = server.mark()
    with Connects(server, "smtp") as connects:
        assert server.cli("upgrade", "--json").stdout == b'{"upgraded":true}\n'
    server.wait_event("upgrade-begins", since=mark, clears=1)
    assert not connects.failures
    assert until(idles, "* BYE")
    assert hangs.line() == "" or hangs.socket.recv(1) == b""
    wait_for(lambda: not pids(server, finishing=True), what="the end of the processes before")
    for c in (hangs, large, idles):
        c.close()
    assert server.messages() == []


WRAPPER = r"""
#include <stdio.h>
#include <string.h>
#include <unistd.h>
extern char **environ;
int main(int argc, char **argv)
{
	if (argc > 2 && strcmp(argv[2], "--speaks") == 0) {
		if (ANOTHER)
			puts("99 0123456789abcdef");
		else
			execl(REAL, "postrider", "serve", "--speaks", (char *)0);
		return 0;
	}
	if (ANOTHER)
		execve(REAL, argv, environ);
	return 3;
}
"""


# A program whose store alone does not work: it ends before it is ready, or when the folder is its own.
WITHOUT_STORE = r"""
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
extern char **environ;
int main(int argc, char **argv)
{
	if (argc > 2 && strcmp(argv[2], "store") == 0) {
		if (AT_ONCE)
			return 3;
		setenv("POSTRIDER_TRY_ROLE", "store", 1);
		setenv("POSTRIDER_TRY", "exec", 1);
	}
	execve(REAL, argv, environ);
	return 4;
}
"""


def compiled(folder, name, text=WRAPPER, **defined):
    source, program = folder / f"{name}.c", folder / name
    source.write_text(text)
    options = [f"-D{key}={value}" for key, value in defined.items()]
    subprocess.run(["cc", f'-DREAL="{os.path.abspath(POSTRIDER)}"', *options, "-o", program, source], check=True)
    return program


def put(program, there):
    """As a package does: the file is another one, and the running program keeps its own."""
    shutil.copy2(program, f"{there}.new")
    os.rename(f"{there}.new", there)


@pytest.mark.skipif(shutil.which("cc") is None, reason="needs a compiler")
def test_a_program_that_does_not_work_takes_nobodys_place(make_server):
    server = make_server(start=False, drain_seconds=1).expect("upgrade-refused", "successor-ended")
    server.program = server.folder / "postrider"
    shutil.copy2(POSTRIDER, server.program)
    systemd = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    systemd.bind(str(server.folder / "notify"))
    systemd.settimeout(TIMEOUT)
    server.start(extra_environment={"NOTIFY_SOCKET": systemd.getsockname()})
    assert systemd.recv(1000) == b"READY=1"
    before, idles = pids(server), imap_session(server)
    cases = [(pathlib.Path(shutil.which("false")), b"does not say"), (compiled(server.folder, "ends", ANOTHER=0), b"ended at its start")]
    for program, why in cases:
        put(program, server.program)
        refused = server.cli("upgrade", status=70)
        assert why in refused.stdout
        assert pids(server) == before and server.status()["state"] == "running"
        assert server.deliver(ALICE, b"Subject: x\r\n\r\nx\r\n") == {}
    os.unlink(server.program)
    assert b"cannot be opened" in server.cli("upgrade", status=70).stdout
    idles.send("c NOOP\r\n")
    assert until(idles, "c ").startswith("c OK")
    assert len(server.messages()) == len(cases)
    # The good one is installed after all.
    put(POSTRIDER, server.program)
    server.cli("upgrade")
    now, program = pids(server), os.stat(server.program)
    assert not set(now.values()) & set(before.values())
    # The roles may not be looked into, but by root.
    if os.geteuid() == 0:
        assert [role for role, pid in now.items() if not os.path.samestat(os.stat(f"/proc/{pid}/exe"), program)] == []
    # One whose processes speak otherwise: all sessions end first, then it serves.
    put(compiled(server.folder, "another", ANOTHER=1), server.program)
    mark = server.mark()
    assert b"all sessions end first" in server.cli("upgrade").stdout
    server.wait_event("upgrade-drains-first", since=mark, version="99")
    assert until(idles, "* BYE")
    server.wait_event("ready", since=mark)
    # The first words since the start: all before went without any. systemd would kill a server that it believes to be stopping.
    with contextlib.closing(systemd):
        assert [systemd.recv(1000), systemd.recv(1000)] == [b"RELOADING=1", b"READY=1"]
    idles.close()
    assert server.deliver(ALICE, b"Subject: x\r\n\r\nx\r\n") == {}


@pytest.mark.long
@pytest.mark.skipif(shutil.which("cc") is None, reason="needs a compiler")
def test_a_store_that_does_not_work_leaves_the_mail_to_the_one_before(make_server):
    """The other roles are the new program's then, and serve with it; relay too. Later the upgrade is done again, with one that works."""
    server = make_server(start=False, drain_seconds=60).expect("upgrade-refused", "successor-ended", "role-ended", "forbidden-system-call")
    server.program = server.folder / "postrider"
    shutil.copy2(POSTRIDER, server.program)
    server.start()
    for at_once, why in ((1, b"a process of the new program ended at its start"), (0, b"the new program's store ended at its start")):
        before = pids(server)
        put(compiled(server.folder, f"without{at_once}", WITHOUT_STORE, AT_ONCE=at_once), server.program)
        # Store does not yield while a message is half told to it: the end of the successor comes first.
        hangs = hanging(server, body=b"Subject: large\r\n\r\n" + LARGE * 6000) if at_once else None
        with Mails(server, BOB) as mails:
            wait_for(lambda: len(mails.acknowledged) > 2, what="mail")
            assert why in server.cli("upgrade", status=70).stdout
            wait_for(lambda: server.status()["state"] == "running", what="all roles")
            count = len(mails.acknowledged)
            wait_for(lambda: len(mails.acknowledged) > count + 2, what="more mail")
        assert not set(mails.acknowledged) - {field(m, "Subject") for m in server.messages(BOB)}
        if hangs:
            hangs.send("\r\n.\r\n")
            assert hangs.reply().startswith("250")
            hangs.close()
        after = pids(server)
        assert (after["store"] == before["store"]) == bool(at_once)
        assert [role for role in ("smtp", "imap", "auth", "relay") if after[role] == before[role]] == []
    put(POSTRIDER, server.program)
    server.cli("upgrade")
    now = pids(server)
    assert not set(now.values()) & set(after.values())
    assert server.deliver(ALICE, b"Subject: x\r\n\r\nx\r\n") == {}
    server.cli("store", "check")


def test_a_stop_in_the_middle(make_server):
    server = make_server(drain_seconds=1)
    hangs = hanging(server)
    mark = server.mark()
    server.process.send_signal(signal.SIGUSR2)
    server.wait_event("upgrade-begins", since=mark)
    assert server.stop() == 0
    hangs.close()


@pytest.mark.parametrize("role", ["store", "smtp", "auth", "relay", "rules", "imap", "keys", "log"])
def test_whatever_is_killed_nothing_acknowledged_is_lost(make_server, role, request):
    long = request.config.getoption("--long")
    if role != "store" and not long:
        pytest.skip("takes minutes: --long")
    server = make_server(drain_seconds=1, crash_stop=False).expect("role-ended", "successor-ended", "upgrade-refused", "keys-unavailable")
    with Mails(server, BOB) as mails:
        for i in range(12 if long else 3):
            mark = server.mark()
            server.process.send_signal(signal.SIGUSR2)
            server.wait_event("upgrade-begins", since=mark)
            # At another moment each time, of whichever of the two processes of this name is found. It may have ended by itself.
            time.sleep(0.05 * i)
            with contextlib.suppress(ProcessLookupError):
                server.kill_role(role)
            wait_for(lambda: server.find_events("upgraded", since=mark) or server.find_events("upgrade-refused", since=mark), what="its end")
            wait_for(lambda: server.status()["state"] == "running", what="all roles")
    kept = sorted(field(m, "Subject") for m in server.messages(BOB))
    assert mails.acknowledged and not set(mails.acknowledged) - set(kept)
    server.cli("store", "check")
