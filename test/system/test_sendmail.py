"""`postrider sendmail`: what cron, scripts and mail programs of the machine send through the local socket."""

import email
import os
import pathlib
import pwd
import shutil
import smtplib
import socket
import subprocess

import pytest
from server import POSTRIDER, environment, run, wait_for

NOBODY = "nobody"
CRON = b"""From: root (Cron Daemon)
To: root
Subject: Cron <root@host> run-parts /etc/cron.daily
MIME-Version: 1.0
Content-Type: text/plain; charset=UTF-8
Content-Transfer-Encoding: 8bit
X-Cron-Env: <SHELL=/bin/sh>

.hidden was missing
""" + "Größe: 12\n".encode()


def sendmail(server, *words, input=b"Subject: x\n\ntext\n", status=0, user=None, config=True):
    options = {}
    if user:
        entry = pwd.getpwnam(user)
        options = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    before = ("--config", server.config) if config else ()
    done = run(POSTRIDER, *before, "sendmail", *words, input=input, **options)
    assert done.returncode == status, f"{words}: status {done.returncode}, not {status}\n{done.stdout}\n{done.stderr}"
    return done


def mails(server, address="alice@example.test"):
    return [email.message_from_bytes(m) for m in server.messages(address, delete=True)]


@pytest.fixture
def post(server):
    """alice answers for the server; root, and whoever runs the tests, may send."""
    server.cli("alias", "postmaster", "alice@example.test")
    mails(server)
    mails(server, "bob@example.test")
    return server


def test_mail_of_cron_comes_to_the_postmaster(post):
    # As Debian's cron calls it.
    sendmail(post, "-i", "-FCronDaemon", "-B8BITMIME", "-oem", "root", input=CRON)
    [mail] = mails(post)
    assert mail["From"] == "Cron Daemon <root@mail.example.test>" and mail["To"] == "root@mail.example.test"
    assert mail["Date"] and mail["Message-ID"].endswith("@mail.example.test>")
    assert mail["Return-Path"].endswith("@mail.example.test>")
    assert mail.get_payload(decode=True).decode().splitlines() == [".hidden was missing", "Größe: 12"]
    # Any user of the machine, and reports about such mail, come there as well; an address of somebody else's domain does not.
    sendmail(post, "www-data", "daemon@MAIL.example.test")
    post.deliver("root@mail.example.test", b"Subject: a report\r\n\r\n", sender="")
    assert len(mails(post)) == 2
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        post.deliver("daemon@mail.example.test", b"Subject: spam\r\n\r\n")
    explained = post.cli("address", "explain", "root@mail.example.test").stdout.decode()
    assert "must always reach a person" in explained and "alice@example.test" in explained


def test_the_header_names_the_recipients(post):
    text = b"To: alice@example.test\nCc: Bob <bob@example.test>\nBcc: root,\n alice@example.test\nSubject: three\nFrom: bob@example.test\n\ntext\n"
    done = sendmail(post, "-t", "-i", "-v", input=text)
    assert b"250" in done.stdout
    [one], [two] = mails(post), mails(post, "bob@example.test")
    for mail in (one, two):
        assert mail["Bcc"] is None and mail["From"] == "bob@example.test" and mail["Subject"] == "three"
        assert "local user" in mail["Received"]
    # -f is the envelope's, and From's where there is none; -F its name. Addresses may follow, and those of the header are added.
    sendmail(post, "-oi", "-f", "bob@example.test", "-F", "Bob Böttcher", "-t", "--", "alice@example.test", input=b"To: bob@example.test\n\n.\nmore\n")
    [mail], [_] = mails(post), mails(post, "bob@example.test")
    assert mail["Return-Path"] == "<bob@example.test>"
    name, address = email.utils.parseaddr(str(email.header.make_header(email.header.decode_header(mail["From"]))))
    assert (name, address) == ("Bob Böttcher", "bob@example.test")
    assert mail.get_payload().splitlines() == [".", "more"]
    # Without -i a dot alone ends it; without a header all of it is text.
    sendmail(post, "-f<>", "alice@example.test", input=b"only text\n.\nnot this\n")
    [mail] = mails(post)
    assert mail["Return-Path"] == "<>" and mail["Subject"] is None and mail.get_payload() == "only text\r\n"


def test_what_is_wrong_is_said(post):
    cases = [
        (64, (), b"", b"no recipient"),
        (64, ("-t",), b"Subject: x\n\n", b"names no recipient"),
        (64, ("-bd",), b"", b"postrider serve"),
        (64, ("-N", "sometimes", "alice@example.test"), b"", b"-N takes"),
        (64, ("--nonsense", "alice@example.test"), b"", b"usage"),
        (65, ("alice@example.test bob",), b"", b"list of addresses"),
        (65, ("-f", "a@b@c d", "alice@example.test"), b"", b"list of addresses"),
        (67, ("alice@example.test", "nobody@example.test"), b"Subject: x\n\n", b"nothing was sent"),
        # An option behind an address is an address, and none that can be read.
        (65, ("alice@example.test", "-X/tmp/evil"), b"Subject: x\n\n", b"list of addresses"),
    ]
    for status, words, text, said in cases:
        done = sendmail(post, *words, input=text, status=status)
        assert said in done.stderr and b"\x1b" not in done.stderr, (words, done.stderr)
    assert mails(post) == []
    # No address brings a command along.
    text = b"To: alice@example.test\r\nX: \rRCPT TO:<bob@example.test>\nCc: \"\x1b[31m\r\n\" <alice@example.test>\nSubject: a\0b\n\ntext\n"
    run(POSTRIDER, "--config", post.config, "sendmail", "-t", input=text)
    assert mails(post, "bob@example.test") == []
    mails(post)


def test_who_is_not_listed_may_not_send(post):
    if os.geteuid() != 0:
        pytest.skip("only root can be somebody else")
    done = sendmail(post, "alice@example.test", user=NOBODY, status=77)
    assert b"nobody may not send" in done.stderr and b"local_senders nobody" in done.stderr
    # The client's word for who it is does not count: the server asks the kernel.
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(post.folder / "run/sendmail"))
        assert client.recv(1000).startswith(b"220 ")
    mark = post.mark()
    post.write_config(local_senders=["root", NOBODY])
    post.cli("reload")
    post.wait_event("reloaded", since=mark)
    wait_for(lambda: run(POSTRIDER, "--config", post.config, "sendmail", "-bv", "alice@example.test", user=pwd.getpwnam(NOBODY).pw_uid).returncode == 0,
             what="smtp knows the new list")
    sendmail(post, "alice@example.test", user=NOBODY)
    [mail] = mails(post)
    assert "nobody@mail.example.test" in mail["From"] and "(local user nobody)" in mail["Received"]


def test_without_a_server_the_caller_must_try_again(make_server):
    server = make_server(start=False)
    done = sendmail(server, "root", status=75)
    assert b"was not kept" in done.stderr
    assert sendmail(server, "-bs", status=75, input=b"").stdout.startswith(b"421 ")
    assert sendmail(server, "-I").stdout == b""


def test_other_names_and_other_ways(post, tmp_path):
    called = dict(env=environment({"POSTRIDER_CONFIG": str(post.config)}))
    for name in ("sendmail", "mailq", "newaliases"):
        (tmp_path / name).symlink_to(pathlib.Path(POSTRIDER).resolve())
    assert run(tmp_path / "newaliases", **called).returncode == 0
    assert b"queue is empty" in run(tmp_path / "mailq", **called).stdout
    assert run(tmp_path / "sendmail", "-q", **called).returncode == 0
    assert run(tmp_path / "sendmail", "-t", input=b"To: alice@example.test\nSubject: link\n\n", **called).returncode == 0
    done = run(tmp_path / "sendmail", "-bv", "alice@example.test", "nobody@example.test", **called)
    assert done.returncode == 67 and done.stdout.splitlines() == [b"alice@example.test: would be taken", b"nobody@example.test: would be refused"]
    talk = b"EHLO me\r\nMAIL FROM:<root@mail.example.test>\r\nRCPT TO:<alice@example.test>\r\nDATA\r\n"
    process = subprocess.Popen([tmp_path / "sendmail", "-bs"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, **called)
    process.stdin.write(talk)
    process.stdin.flush()
    while not process.stdout.readline().startswith(b"354"):
        pass
    said = process.communicate(b"Subject: by hand\r\n\r\ntext\r\n.\r\nQUIT\r\n")[0]
    assert b"250 " in said and b"221 " in said
    assert [m["Subject"] for m in mails(post)] == ["link", "by hand"]


@pytest.mark.parametrize("program", ["mail", "mutt"])
def test_mail_programs_send(post, tmp_path, program):
    path = shutil.which(program)
    if path is None:
        pytest.skip(f"there is no {program}")
    link = tmp_path / "sendmail"
    link.symlink_to(pathlib.Path(POSTRIDER).resolve())
    variables = environment({"POSTRIDER_CONFIG": str(post.config), "HOME": str(tmp_path), "sendmail": str(link), "MAILRC": "/dev/null"})
    (tmp_path / ".muttrc").write_text(f'set sendmail="{link} -oem -oi"\nset copy=no\n')
    words = {"mail": ("-s", "by mail", "alice@example.test"), "mutt": ("-s", "by mail", "--", "alice@example.test")}[program]
    done = run(path, *words, input=b"text\n", env=variables)
    assert done.returncode == 0, done.stderr
    [mail] = wait_for(lambda: mails(post), what="the mail")
    assert mail["Subject"] == "by mail" and mail.get_payload().strip() == "text"
