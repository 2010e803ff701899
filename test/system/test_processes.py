"""The life of the processes: a role that dies is back within a second and nothing is lost; start, reload and stop; an upgrade is in test_upgrade.py."""

import email.utils
import os
import pathlib
import poplib
import re
import select
import signal
import socket
import subprocess
import threading
import time

import pytest

from clock import Clock
from limits import TIMEOUT
from ports import free_port
from server import ENVIRONMENT, POSTRIDER, ROLES, SERVICES, environment, field, run, wait_for

ALICE = "alice@example.test"
ROOT = os.geteuid() == 0


def answers(server):
    try:
        server.pop3().quit()
        with server.smtp() as client:
            client.ehlo()
            client.mail("a@else.test")
            return client.rcpt(ALICE)[0] == 250
    except (OSError, EOFError, poplib.error_proto, Exception) as error:
        if isinstance(error, AssertionError):
            raise
        return False


def test_a_killed_role_is_back_at_once_and_nothing_is_lost(make_server):
    server = make_server().expect("keys-unavailable")
    sent = 0
    for role in ROLES:
        server.deliver(ALICE, f"Subject: {role}\r\n\r\nx\r\n".encode())
        sent += 1
        pid = server.kill_role(role)
        wait_for(lambda: server.role_pids().get(role, pid) != pid and answers(server), what=f"{role} again")
    assert [field(m, "Subject").decode() for m in server.messages()] == ROLES and sent == len(ROLES)


def test_while_store_is_away_mail_is_deferred(make_server):
    server = make_server(crash_stop=False)
    with server.smtp() as client:
        client.ehlo()
        pid = server.role_pid("store")
        os.kill(pid, signal.SIGSTOP)
        client.putcmd("MAIL FROM:<a@else.test>")
        assert client.getreply()[0] == 250
        client.putcmd(f"RCPT TO:<{ALICE}>")
        server.expect("role-ended")
        os.kill(pid, signal.SIGKILL)
        assert client.getreply()[0] in (250, 451)
    wait_for(lambda: answers(server), what="store again")


def test_while_keys_is_stopped_handshakes_wait_and_nobody_else(make_server):
    """Sixty handshakes, and a bounce to an address that only keys can tell from another: all of them wait, and everybody else is served at once."""
    server = make_server(trusted_networks=["127.0.0.0/8"])
    served = [server.connect(service) for service in ("smtp", "pop3") for _ in range(3)]
    for c in served:
        c.line()
    pid = server.role_pid("keys")
    os.kill(pid, signal.SIGSTOP)
    secured, began = [], time.monotonic()

    def shake(service):
        with socket.create_connection(("127.0.0.1", server.ports[service]), TIMEOUT) as raw, server.tls(check_hostname=False).wrap_socket(raw) as s:
            secured.append((service, time.monotonic() - began))
            s.recv(10)

    threads = [threading.Thread(target=shake, args=(service,)) for service in ("submissions", "pop3s") for _ in range(30)]
    bounce = server.connect("smtp")
    try:
        for thread in threads:
            thread.start()
        bounce.reply()
        bounce.ask("EHLO client.test")
        bounce.ask("MAIL FROM:<>")
        bounce.send(b"RCPT TO:<SRS0=abcd=EF=else.test=joe@example.test>\r\n")
        # In clear nobody notices: each reply comes though keys can answer nothing, again and again.
        for _ in range(20):
            assert [c.ask_pop3("NOOP")[:4] for c in served] == ["250 "] * 3 + ["+OK "] * 3
            time.sleep(0.02)
        assert server.deliver(ALICE, b"Subject: meanwhile\r\n\r\nx\r\n") == {}
        assert not secured
    finally:
        os.kill(pid, signal.SIGCONT)
    for thread in threads:
        thread.join(30)
    assert len(secured) == len(threads)
    assert bounce.reply().startswith("550")
    for c in [*served, bounce]:
        c.close()


def test_a_disk_that_cannot_read_is_named(make_server):
    """An I/O error below the index arrives as SIGBUS."""
    server = make_server(environment={"ASAN_OPTIONS": ENVIRONMENT["ASAN_OPTIONS"] + ":handle_sigbus=0"}).expect("disk-failed", "role-ended")
    mark = server.mark()
    server.kill_role("store", signal.SIGBUS)
    event = server.wait_event("disk-failed", since=mark)
    assert event.fields["folder"] == str(server.settings["data"])
    device = os.stat(server.settings["data"]).st_dev
    assert event.fields["device"] == f"{os.major(device)}:{os.minor(device)}"
    wait_for(lambda: answers(server), what="store again")
    mark = server.mark()
    server.kill_role("auth", signal.SIGBUS)
    server.wait_event("role-ended", since=mark)
    assert not [e for e in server.events[mark:] if e.name == "disk-failed"]


def flip_keys(path, pattern):
    """One bit in the last byte of each key like this; free pages of the map hold old copies."""
    content = bytearray(path.read_bytes())
    places = [match.end() - 1 for match in re.finditer(pattern, content, re.DOTALL)]
    for place in places:
        content[place] ^= 1
    path.write_bytes(content)
    return len(places)


def test_a_flipped_bit_in_a_key_heals_by_itself(make_server):
    """The entry of a message is hidden by it: who fetches the message misses it, and store makes its index anew."""
    server = make_server().expect("index-distrusted", "role-ended", "index-inspected", "index-rebuild", "message-unreadable")
    server.deliver(ALICE, b"Subject: whole\r\n\r\nx\r\n")
    server.stop()
    index = pathlib.Path(server.settings["data"]) / "1/index/data.mdb"
    assert flip_keys(index, rb"\x03.{7}E\x00{7}.") > 0  # an account's shard, E, and a small number
    server.start()
    client = server.pop3()
    assert client.stat()[0] == 1
    with pytest.raises(poplib.error_proto, match=r"SYS/TEMP"):
        client.retr(1)
    server.wait_event("index-distrusted")
    wait_for(lambda: answers(server), what="store again")
    assert [field(m, "Subject") for m in server.messages()] == [b"whole"]
    assert server.cli("store", "check").returncode == 0


def test_store_waits_for_a_file_that_it_cannot_read(make_server):
    """Neither does the server stop, nor does store go on without the file: mail is deferred until the file can be read."""
    server = make_server()
    server.deliver(ALICE, b"Subject: before\r\n\r\nx\r\n")
    server.kill_role("store")  # its log is ahead of its index
    wait_for(lambda: answers(server), what="store again")
    server.stop()
    newest = max(pathlib.Path(server.settings["data"]).glob("1/volumes/*.log"))
    newest.rename(server.folder / "aside")
    newest.symlink_to(newest.name)  # ELOOP, for root as well
    server.expect("log-unreadable", "store-open-failed")
    mark = server.mark()
    server.launch()
    server.wait_event("role-tries-again", since=mark, count=4)  # three ends in a row would stop a server with a wrong setting
    with server.smtp() as client:
        client.ehlo()
        client.mail("a@else.test")
        assert client.rcpt(ALICE)[0] == 451
    event = server.find_events("log-unreadable", since=mark)[0]
    assert int(event.fields["file"]) == int(newest.stem, 16) and "position" in event.fields and event.fields["error"]
    newest.unlink()
    (server.folder / "aside").rename(newest)
    wait_for(lambda: answers(server), what="store again")
    server.deliver(ALICE, b"Subject: after\r\n\r\nx\r\n")
    assert [field(m, "Subject") for m in server.messages()] == [b"before", b"after"]


def test_whoever_comes_before_the_server_is_ready_waits_and_is_served(make_server):
    """Store is held before it is ready. Nobody is greeted until it goes on, and then the first login works."""
    server = make_server()
    while True:
        server.stop()
        mark = server.mark()
        server.launch()
        pid = wait_for(lambda: server.role_pids().get("store"), pause=0, what="store's process")
        os.kill(pid, signal.SIGSTOP)
        # The master knows by now what store had said; the log may be slower.
        if {role["name"]: role["state"] for role in server.status()["roles"]}["store"] == "starting":
            break
        os.kill(pid, signal.SIGCONT)  # too late
    wait_for(lambda: {"imap", "pop3", "smtp"} <= set(server.role_pids()), what="the others")
    imap, pop3, smtp = (server.connect(service) for service in ("imap", "pop3", "smtp"))
    word = server.passwords[ALICE]
    imap.send(f"a LOGIN {ALICE} {{{len(word.encode())}+}}\r\n{word}\r\n")
    # However long it takes: a fast machine shows an early greeting here, a slow one below, by a login that fails.
    assert select.select([imap.socket, pop3.socket, smtp.socket], [], [], 0.3)[0] == []
    assert not server.find_events("ready", since=mark)
    os.kill(pid, signal.SIGCONT)
    assert imap.line().startswith("* OK")
    assert imap.line().startswith("a OK")
    assert pop3.line().startswith("+OK")
    pop3.send(f"USER {ALICE}\r\n")
    assert pop3.line().startswith("+OK")
    pop3.send(f"PASS {word}\r\n")
    assert pop3.line().startswith("+OK")
    assert smtp.line().startswith("220")
    smtp.send("EHLO client.test\r\n")
    assert smtp.reply().startswith("250")
    smtp.send(f"MAIL FROM:<a@else.test>\r\nRCPT TO:<{ALICE}>\r\n")
    assert smtp.line().startswith("250")
    assert smtp.line().startswith("250")
    server.wait_event("ready", since=mark)


def test_a_sender_that_cannot_be_looked_up_now_is_asked_to_come_again(make_server):
    server = make_server(crash_stop=False)
    with server.smtp("submission", login=ALICE) as client:
        pid = server.role_pid("store")
        os.kill(pid, signal.SIGSTOP)
        client.putcmd(f"MAIL FROM:<{ALICE}>")
        server.kill_role("store")
        assert client.getreply()[0] == 451
    wait_for(lambda: answers(server), what="store again")


def test_when_the_master_dies_every_role_ends(make_server):
    server = make_server().expect("exit")
    pids = server.role_pids()
    assert sorted(pids) == sorted(ROLES)
    server.process.kill()
    server.process.wait(30)
    wait_for(lambda: not any(pathlib.Path(f"/proc/{p}").exists() for p in pids.values()), what="the roles' end")
    server.process = None
    server.start()
    assert answers(server)


def test_sigterm_drains(make_server):
    server = make_server(drain_seconds=20)
    with server.connect("smtp") as busy, server.connect("smtp") as idle:
        for c in (busy, idle):
            c.reply()
            c.ask("EHLO client.test")
        busy.ask("MAIL FROM:<a@else.test>")
        busy.ask(f"RCPT TO:<{ALICE}>")
        assert busy.ask("DATA").startswith("354")
        server.process.send_signal(signal.SIGTERM)
        assert idle.reply().startswith("421")
        with pytest.raises(OSError):
            server.connect("smtp")
        busy.send("Subject: late\r\n\r\nx\r\n.\r\n")
        assert busy.reply().startswith("250")
        busy.ask("QUIT")
    assert server.process.wait(30) == 0
    server.process = None
    server.start()
    assert [field(m, "Subject") for m in server.messages()] == [b"late"]


def test_sigterm_ends_what_does_not_end_by_itself(make_server):
    server = make_server(drain_seconds=1)
    with server.connect("smtp") as c:
        c.reply()
        c.ask("EHLO client.test")
        c.ask("MAIL FROM:<a@else.test>")
        c.ask(f"RCPT TO:<{ALICE}>")
        c.ask("DATA")
        assert server.stop() == 0


def test_sigint_is_an_orderly_end_too(make_server):
    assert make_server().stop(signal.SIGINT) == 0


def test_a_bad_file_at_sighup_keeps_the_old_settings(make_server):
    server = make_server()
    good = server.config.read_text()
    for bad in ("hostname = \"unfinished\n", good + "no_such_setting = 1\n", good + "message_size_max = 1\n", good + "errors_max = \"x\"\n"):
        server.config.write_text(bad)
        mark = server.mark()
        server.expect("reload-refused")
        server.process.send_signal(signal.SIGHUP)
        event = server.wait_event("reload-refused", since=mark)
        assert event.fields["reason"]
        assert answers(server)
    server.config.write_text(good + "message_size_max = 100K\n")
    mark = server.mark()
    server.process.send_signal(signal.SIGHUP)
    server.wait_event("reloaded", since=mark)

    def size():
        with server.smtp() as client:
            client.ehlo()
            return client.esmtp_features["size"] == "102400"

    wait_for(size, what="the new setting")


def failing_start(server):
    server.expect("exit", "keys-unavailable", "file-unreadable", "key-unusable", "role-ended", "role-cannot-serve", "certificate-unusable")
    server.launch()
    status = server.process.wait(30)
    server.reader.join(30)
    server.process = None
    return status, [e.line for e in server.events]


def test_a_port_that_is_taken(make_server):
    server = make_server(start=False)
    with socket.socket() as s:
        s.bind(("127.0.0.1", server.ports["submission"]))
        s.listen()
        status, lines = failing_start(server)
    assert status == 69 and len(lines) == 1, lines
    assert str(server.ports["submission"]) in lines[0] and "another program listens there" in lines[0]


@pytest.mark.parametrize("what", ["missing", "unreadable", "garbage"])
def test_a_key_that_cannot_be_read(make_server, what):
    server = make_server(start=False, user="nobody" if ROOT else None)
    key = server.folder / "tls-key.pem"
    if what == "missing":
        key.unlink()
    elif what == "garbage":
        key.write_text("no key")
    else:
        key.chmod(0)
    status, lines = failing_start(server)
    assert status != 0
    assert any("tls-key.pem" in line for line in lines), lines


def test_a_second_server_on_the_same_folder(make_server):
    server = make_server()
    other = server.folder / "other.conf"
    text = server.config.read_text()
    for service in SERVICES:
        text = text.replace(str(server.ports[service]), str(free_port()))
    # Even with a folder for sockets of its own it must not get at the data.
    for run_folder in ("run2", "run"):
        other.write_text(text.replace(f"{server.folder}/run", f"{server.folder}/{run_folder}"))
        done = run(POSTRIDER, "serve", "--config", other)
        assert done.returncode != 0
        assert b"data" in done.stderr or b"another" in done.stderr or b"busy" in done.stderr, done.stderr
        assert answers(server)
    server.cli("account", "list")


def test_listen_fds(make_server):
    """systemd's protocol: the sockets are bound by somebody else, and may be blocking ones."""
    server = make_server(start=False)
    sockets = []
    for service in SERVICES:
        s = socket.socket()
        s.bind(("127.0.0.1", server.ports[service]))
        s.listen(10)
        sockets.append(s)
    fds = [s.fileno() for s in sockets]
    script = ("import os,sys\n"
              f"fds={fds}\n"
              "high=[os.dup(fd) for fd in fds]\n"
              "import fcntl\n"
              "high=[fcntl.fcntl(fd, fcntl.F_DUPFD, 100) for fd in fds]\n"
              "for i,fd in enumerate(high): os.dup2(fd, 3+i, inheritable=True)\n"
              "os.environ.update(LISTEN_FDS=str(len(fds)), LISTEN_PID=str(os.getpid()))\n"
              "os.execv(sys.argv[1], sys.argv[1:])\n")
    server.wrapper = ["/usr/bin/python3", "-c", script]
    server.start(pass_fds=fds)
    for s in sockets:
        s.close()
    for _ in range(3):
        assert answers(server)
    assert server.deliver(ALICE, b"Subject: x\r\n\r\nx\r\n") == {}


def test_sd_notify(make_server):
    server = make_server(start=False)
    path = str(server.folder / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
        s.bind(path)
        s.settimeout(TIMEOUT)
        server.start(extra_environment={"NOTIFY_SOCKET": path})
        assert s.recv(1000) == b"READY=1"
        server.process.send_signal(signal.SIGHUP)
        assert s.recv(1000).startswith(b"RELOADING=1")
        assert s.recv(1000).startswith(b"READY=1")
        assert server.stop() == 0
        assert s.recv(1000) == b"STOPPING=1"


@pytest.mark.skipif(not ROOT, reason="needs root to start as root")
def test_started_as_root_every_role_has_its_own_user(make_server):
    server = make_server()
    seen = set()
    for role, pid in server.role_pids().items():
        status = pathlib.Path(f"/proc/{pid}/status").read_text()
        for kind in ("Uid", "Gid"):
            numbers = next(line for line in status.splitlines() if line.startswith(kind)).split()[1:]
            assert len(set(numbers)) == 1 and numbers[0] != "0", (role, kind, numbers)
        seen.add(numbers[0])
        assert "Groups:\t\n" in status or "Groups:\t \n" in status
        assert "CapEff:\t0000000000000000" in status and "NoNewPrivs:\t1" in status and "Seccomp:\t2" in status
    assert len(seen) == len(ROLES)


@pytest.mark.skipif(not ROOT, reason="needs root to become an ordinary user")
def test_as_an_ordinary_user_everything_works(make_server):
    server = make_server(user="nobody")
    server.deliver(ALICE, b"Subject: x\r\n\r\nx\r\n")
    assert len(server.messages()) == 1
    with server.smtp("submission", login=ALICE) as client:
        assert client.sendmail(ALICE, [ALICE], b"Subject: y\r\n\r\nx\r\n") == {}
    server.cli("alias", "add", "info@example.test", ALICE)
    server.cli("store", "check")
    mark = server.mark()
    server.process.send_signal(signal.SIGHUP)
    server.wait_event("reloaded", since=mark)
    assert answers(server)


@pytest.mark.skipif(not ROOT, reason="needs root to look into other users' processes")
def test_only_store_has_files_of_the_data_folder_open(make_server):
    server = make_server()
    server.deliver(ALICE, b"Subject: x\r\n\r\nx\r\n")
    client = server.pop3()
    client.retr(1)
    data = str(server.folder / "data")
    for role, pid in server.role_pids().items():
        links = []
        for name in os.listdir(f"/proc/{pid}/fd"):
            try:
                links.append(os.readlink(f"/proc/{pid}/fd/{name}"))
            except OSError:
                pass
        maps = pathlib.Path(f"/proc/{pid}/maps").read_text()
        inside = [link for link in links if link.startswith(data)]
        assert bool(inside) == (role == "store"), (role, inside)
        assert role == "store" or data not in maps
    client.quit()


def test_a_log_that_nobody_reads_blocks_nobody(make_server):
    server = make_server(start=False)
    process = subprocess.Popen([POSTRIDER, "serve", "--config", str(server.config)], env=environment(), cwd=server.folder,
                               stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        server.process, server.reader = process, None
        wait_for(lambda: answers(server), what="the start")
        for _ in range(30):
            with server.smtp() as client:
                client.noop()
        # Each leaves a line in the log, which holds 64 KB and then blocks its writer.
        for _ in range(400):
            with server.connect("smtp") as c:
                c.reply()
                c.ask("EHLO client.test")
                c.send(b"MAIL FROM:<a@else.test>\r\nRCPT TO:<nobody@example.test>\r\nRCPT TO:<nobody@foreign.test>\r\nQUIT\r\n")
                c.file.read()
        assert server.deliver(ALICE, b"Subject: x\r\n\r\nx\r\n") == {}
    finally:
        process.terminate()
        process.stderr.read()
        process.wait(30)
        server.process = None


def test_a_simulated_clock_moves_while_the_server_runs_and_is_announced(make_server, tmp_path):
    tmp_path.chmod(0o755)
    clock = Clock(tmp_path / "clock")
    server = make_server(environment=clock.environment)
    assert server.wait_event("simulated-clock").level == "warning"
    days = []
    for _ in range(2):
        server.deliver(ALICE, b"Subject: when\r\n\r\nx\r\n")
        received = field(server.messages(delete=True)[0], "Received").decode().rpartition(";")[2]
        days.append((email.utils.parsedate_to_datetime(received.partition("(")[0].strip()).timestamp() - time.time()) / 86400)
        clock.advance(5 * 86400)
    assert abs(days[0]) < 0.5 and abs(days[1] - 5) < 0.5
