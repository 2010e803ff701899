"""Mail through the whole system: the programs people use submit and fetch, what they sent comes out as it went in."""

import email
import email.message
import email.policy
import os
import pathlib
import pty
import pwd
import re
import select
import smtplib
import tempfile
import time

import pytest

from name_servers import Nsd
from server import TIMEOUT, environment, field, retrieve, run, split_message, wait_for, without_trace

ALICE, BOB = "alice@example.test", "bob@example.test"
NAME = "mail.example.test"


@pytest.fixture(autouse=True)
def empty_mailboxes(shared):
    for address in (ALICE, BOB):
        shared.messages(address, delete=True)


@pytest.fixture(scope="module")
def letter(tmp_path_factory):
    """Text in three scripts, a picture, a file with a Russian name: as a mail program would write it."""
    message = email.message.EmailMessage(policy=email.policy.SMTP)
    message["From"], message["To"] = ALICE, BOB
    message["Subject"] = "Привет, 你好, 😀"
    message["Message-ID"] = "<letter@example.test>"
    message["Date"] = "Mon, 01 Jan 2024 10:00:00 +0000"
    message.set_content("Съешь же ещё этих мягких французских булок\r\n你好，世界\r\n.\r\n..\r\n😀\r\n")
    message.add_attachment(bytes(range(256)) * 40, maintype="image", subtype="png", filename="картинка.png")
    path = tmp_path_factory.mktemp("mail") / "letter.eml"
    path.write_bytes(message.as_bytes())
    return path


def one(server, address=BOB):
    messages = server.messages(address)
    assert len(messages) == 1
    return messages[0]


def same_letter(raw, letter):
    got, sent = (email.message_from_bytes(b, policy=email.policy.default) for b in (raw, letter.read_bytes()))
    assert got["Subject"] == sent["Subject"]
    for a, b in zip(got.walk(), sent.walk(), strict=True):
        assert a.get_content_type() == b.get_content_type()
        assert a.get_filename() == b.get_filename()
        if not a.is_multipart():
            x, y = a.get_content(), b.get_content()
            if isinstance(x, str):
                x, y = x.replace("\r\n", "\n"), y.replace("\r\n", "\n")
            assert x == y


# ---- programs that submit ----


@pytest.mark.parametrize("how", ["clear", "starttls", "tls"])
def test_swaks_submits(server, letter, how):
    service = "submissions" if how == "tls" else "submission"
    options = {"clear": [], "starttls": ["--tls"], "tls": ["--tls-on-connect"]}[how]
    done = run("swaks", "--server", "127.0.0.1", "--port", server.ports[service], "--from", ALICE, "--to", BOB, "--auth", "PLAIN",
               "--auth-user", ALICE, "--auth-password", server.passwords[ALICE], "--ehlo", "client.test", "--data", f"@{letter}", *options)
    assert done.returncode == 0, done.stdout
    assert without_trace(one(server)) == letter.read_bytes() + b"\r\n"  # swaks adds a line end


@pytest.mark.parametrize("how", ["clear", "starttls", "tls"])
def test_curl_submits(server, letter, how):
    service = "submissions" if how == "tls" else "submission"
    options = {"clear": [], "starttls": ["--ssl-reqd"], "tls": []}[how]
    port = server.ports[service]
    done = run("curl", "-sS", "--url", f"{'smtps' if how == 'tls' else 'smtp'}://{NAME}:{port}/client.test", "--connect-to",
               f"{NAME}:{port}:127.0.0.1:{port}", "--cacert", server.folder / "tls-cert.pem", "--user", f"{ALICE}:{server.passwords[ALICE]}",
               "--mail-from", ALICE, "--mail-rcpt", BOB, "--upload-file", letter, *options)
    assert done.returncode == 0, done.stderr
    assert without_trace(one(server)) == letter.read_bytes()


@pytest.mark.parametrize("how", ["clear", "starttls", "tls"])
def test_msmtp_submits(server, letter, how, tmp_path):
    service = "submissions" if how == "tls" else "submission"
    config = tmp_path / "msmtprc"
    config.write_text(f"""account default
host 127.0.0.1
port {server.ports[service]}
domain client.test
from {ALICE}
auth plain
user {ALICE}
password {server.passwords[ALICE]}
tls {'off' if how == 'clear' else 'on'}
tls_starttls {'on' if how == 'starttls' else 'off'}
tls_trust_file {server.folder}/tls-cert.pem
tls_host_override {NAME}
""")
    config.chmod(0o600)
    done = run("msmtp", "-C", config, BOB, input=letter.read_bytes().replace(b"\r\n", b"\n"))
    assert done.returncode == 0, done.stderr
    same_letter(one(server), letter)


# ---- programs that fetch ----


def three_messages(server):
    sent = [f"Subject: number {i}\r\n\r\nline one\r\n.dot\r\nпривет {i}\r\n".encode() for i in range(3)]
    for message in sent:
        server.deliver(ALICE, message)
    return sent


def gathered(path):
    """What a program put into a folder or an mbox file, without its own fields and line ends."""
    path = pathlib.Path(path)
    if path.is_dir():
        texts = [p.read_bytes() for p in sorted(path.rglob("*")) if p.is_file()]
    else:
        texts = re.split(rb"(?m)^From \S.*\n", path.read_bytes())[1:]
    return sorted(re.findall(rb"number (\d)", t)[0] + t.replace(b"\r\n", b"\n").partition(b"\n\n")[2].rstrip(b"\n") for t in texts)


def expected(sent):
    return sorted(re.findall(rb"number (\d)", t)[0] + t.replace(b"\r\n", b"\n").partition(b"\n\n")[2].rstrip(b"\n") for t in sent)


def as_nobody():
    """getmail and fetchmail are meant for ordinary users; getmail refuses root."""
    if os.geteuid() != 0:
        return {}
    entry = pwd.getpwnam("nobody")
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


@pytest.fixture
def home():
    """A folder that belongs to the user whom as_nobody means."""
    with tempfile.TemporaryDirectory(prefix="postrider-home-") as name:
        folder = pathlib.Path(name)
        if os.geteuid() == 0:
            os.chown(folder, as_nobody()["user"], as_nobody()["group"])
        yield folder


def put(folder, name, text):
    path = folder / name
    path.write_text(text)
    path.chmod(0o600)
    if os.geteuid() == 0:
        os.chown(path, as_nobody()["user"], as_nobody()["group"])
    return path


@pytest.mark.parametrize("how", ["stls", "tls"])
def test_fetchmail_fetches(server, home, how):
    sent = three_messages(server)
    (home / "out").mkdir()
    (home / "out").chmod(0o777)
    config = put(home, "fetchmailrc", f"""set no bouncemail
poll 127.0.0.1 protocol POP3 port {server.ports['pop3s' if how == 'tls' else 'pop3']}
  user "{ALICE}" password "{server.passwords[ALICE]}" {'ssl' if how == 'tls' else 'sslproto "TLS1+"'}
  sslcommonname "{NAME}" sslcertfile "{server.folder}/tls-cert.pem" sslcertck
  mda "cat > {home}/out/$$" nokeep
""")
    done = run("fetchmail", "-f", config, "--nodetach", "--nosyslog", env=environment({"HOME": str(home), "FETCHMAILHOME": str(home)}),
               **as_nobody())
    assert done.returncode == 0, done.stdout + done.stderr
    assert gathered(home / "out") == expected(sent)
    assert server.messages() == []


@pytest.mark.parametrize("how", ["stls", "tls"])
def test_mpop_fetches(server, home, how):
    sent = three_messages(server)
    config = put(home, "mpoprc", f"""account default
host 127.0.0.1
port {server.ports['pop3s' if how == 'tls' else 'pop3']}
user {ALICE}
password {server.passwords[ALICE]}
auth user
tls on
tls_starttls {'off' if how == 'tls' else 'on'}
tls_trust_file {server.folder}/tls-cert.pem
tls_host_override {NAME}
delivery mbox {home}/mbox
uidls_file {home}/uidls
keep off
""")
    done = run("mpop", "-C", config, env=environment({"HOME": str(home)}), **as_nobody())
    assert done.returncode == 0, done.stdout + done.stderr
    assert gathered(home / "mbox") == expected(sent)
    assert server.messages() == []


def test_getmail_fetches_as_an_ordinary_user_and_knows_what_it_has(server, home):
    sent = three_messages(server)
    for part in ("cur", "new", "tmp"):
        (home / "Maildir" / part).mkdir(parents=True)
    for folder in (home / "Maildir", *(home / "Maildir").iterdir()):
        folder.chmod(0o777)
    put(home, "getmailrc", f"""[retriever]
type = SimplePOP3SSLRetriever
server = 127.0.0.1
port = {server.ports['pop3s']}
username = {ALICE}
password = {server.passwords[ALICE]}
timeout = 15
[destination]
type = Maildir
path = {home}/Maildir/
[options]
read_all = false
delete = false
""")
    os.chown(home / "Maildir", *(as_nobody().get("user", -1), as_nobody().get("group", -1)))

    def fetch():
        return run("getmail", f"--getmaildir={home}", "--rcfile=getmailrc", env=environment({"HOME": str(home)}), **as_nobody())

    done = fetch()
    for _ in range(5):
        # It has a process of its own put each message away, and waits until its time is over if that one ends before the wait began.
        if b"timed out" not in done.stdout + done.stderr:
            break
        for file in [*(home / "Maildir" / "new").iterdir(), *home.glob("oldmail-*")]:
            file.unlink()
        done = fetch()
    assert done.returncode == 0, done.stdout + done.stderr
    assert gathered(home / "Maildir" / "new") == expected(sent)
    assert fetch().returncode == 0  # brings nothing: the UIDLs are the same
    assert gathered(home / "Maildir" / "new") == expected(sent)


def test_curl_fetches(server, letter):
    server.deliver(ALICE, letter.read_bytes())
    port = server.ports["pop3s"]
    base = ["curl", "-sS", "--connect-to", f"{NAME}:{port}:127.0.0.1:{port}", "--cacert", server.folder / "tls-cert.pem", "--user",
            f"{ALICE}:{server.passwords[ALICE]}"]
    listing = run(*base, f"pop3s://{NAME}:{port}/")
    assert listing.returncode == 0, listing.stderr
    assert re.fullmatch(rb"1 \d+\r\n", listing.stdout)
    done = run(*base, f"pop3s://{NAME}:{port}/1")
    assert without_trace(done.stdout) == letter.read_bytes()


def test_mutt_reads_and_saves(server, letter, tmp_path):
    server.deliver(ALICE, letter.read_bytes())
    saved = tmp_path / "saved"
    (tmp_path / "muttrc").write_text(f"""set ssl_verify_host=no ssl_verify_dates=no ssl_force_tls=no ssl_starttls=no
set pop_delete=no quit=yes confirmappend=no confirmcreate=no mbox_type=mbox sort=date wait_key=no move=no
set copy=no delete=no folder="{tmp_path}"
push "<copy-message>{saved}<enter><quit>"
""")
    port = server.ports["pop3"]
    url = f"pop://{ALICE.replace('@', '%40')}:{server.passwords[ALICE]}@127.0.0.1:{port}/"
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(tmp_path)
        os.execvpe("mutt", ["mutt", "-n", "-F", str(tmp_path / "muttrc"), "-f", url],
                   {**os.environ, "TERM": "xterm", "HOME": str(tmp_path), "LANG": "C.UTF-8"})
    end = time.monotonic() + TIMEOUT
    screen = b""
    try:
        while time.monotonic() < end:
            ready, _, _ = select.select([terminal], [], [], 0.5)
            try:
                piece = os.read(terminal, 65536) if ready else b" "
            except OSError:
                break
            if not piece:
                break
            screen += piece if ready else b""
        else:
            os.kill(pid, 9)
    finally:
        _, status = os.waitpid(pid, 0)
        os.close(terminal)
    assert status == 0, screen[-2000:]
    same_letter(saved.read_bytes().partition(b"\n")[2], letter)


# ---- byte for byte ----

MESSAGES = {
    "plain": b"Subject: x\r\n\r\nhello\r\n",
    "dots": b"Subject: dots\r\n\r\n.\r\n..\r\n.a\r\n...\r\n\r\n.\r\n",
    "cyrillic": "Subject: Привет\r\n\r\nСъешь ещё этих булок\r\n".encode(),
    "koi8": b"Subject: koi\r\nContent-Type: text/plain; charset=koi8-r\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
            + "Привет".encode("koi8-r") + b"\r\n",
    "chinese": "Subject: 你好\r\n\r\n世界和平\r\n".encode(),
    "emoji": "Subject: 😀\r\n\r\n👩‍👩‍👧‍👦 🇺🇦\r\n".encode(),
    "8-bit": b"Subject: all bytes\r\n\r\n" + bytes(b for b in range(1, 256) if b not in (10, 13)) + b"\r\n",
    "no header": b"\r\nonly a body\r\n",
    "only header": b"Subject: nothing else\r\n\r\n",
    "longest line": b"Subject: long\r\n\r\n" + b"x" * 998 + b"\r\n",
    "empty lines": b"Subject: empty\r\n\r\n\r\n\r\n\r\n",
    "trailing blanks": b"Subject: blanks \t\r\nX-Folded: a\r\n\t b \r\n\r\n  \t \r\n",
    "large": b"Subject: large\r\n\r\n" + b"".join(b"%075d\r\n" % i for i in range(40000)),
}


@pytest.mark.parametrize("name", MESSAGES)
def test_data_survives_byte_for_byte(server, name):
    # smtplib would mend line ends; the bytes go out as they are here.
    with server.connect("smtp") as c:
        c.reply()
        assert c.ask("EHLO client.test").startswith("250")
        assert c.ask("MAIL FROM:<a@else.test> BODY=8BITMIME").startswith("250")
        assert c.ask(f"RCPT TO:<{BOB}>").startswith("250")
        assert c.ask("DATA").startswith("354")
        c.send(re.sub(rb"(?m)^\.", b"..", MESSAGES[name]) + b".\r\n")
        assert c.reply().startswith("250")
    assert without_trace(one(server)) == MESSAGES[name]


def as_lines(binary):
    """What POP3 makes of a binary message: lines, and no NUL."""
    lines = re.sub(rb"\r\n|\r|\n", b"\r\n", binary).replace(b"\0", b"?")
    return lines if lines.endswith(b"\r\n") else lines + b"\r\n"


@pytest.mark.parametrize("name", ["nul", "bare ends", "all", "no end"])
def test_a_binary_message_is_lines_to_pop3(server, name):
    head = b"Subject: binary\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: binary\r\n\r\n"
    body = {"nul": b"a\0b\0\0\r\n", "bare ends": b"a\nb\rc\n\r\n.\n.\r\n.\r\n..\r\n", "all": bytes(range(256)) * 700 + b"\r\n",
            "no end": b"the last line has no end"}[name]
    message = head + body
    with server.connect("smtp") as c:
        c.reply()
        c.ask("EHLO client.test")
        assert c.ask("MAIL FROM:<a@else.test> BODY=BINARYMIME").startswith("250")
        assert c.ask(f"RCPT TO:<{BOB}>").startswith("250")
        cut = len(message) // 3
        c.send(b"BDAT %d\r\n" % cut + message[:cut] + b"BDAT %d LAST\r\n" % (len(message) - cut) + message[cut:])
        assert c.reply().startswith("250") and c.reply().startswith("250")
    assert without_trace(one(server)) == as_lines(message)
    # One size, whoever asks, and it is RETR's.
    client = server.pop3(BOB)
    octets = len(retrieve(client, 1))
    assert client.stat() == (1, octets) and client.list(1) == b"+OK 1 %d" % octets
    client.quit()


def test_binary_needs_bdat(server):
    with server.connect("smtp") as c:
        c.reply()
        c.ask("EHLO client.test")
        c.ask("MAIL FROM:<a@else.test> BODY=BINARYMIME")
        c.ask(f"RCPT TO:<{BOB}>")
        assert c.ask("DATA").startswith("503")


@pytest.mark.parametrize("end", [b"\n.\n", b"\r.\r", b"\n.\r\n", b"\r\n.\n", b"\r.\r\n"])
def test_bare_line_ends_neither_end_nor_split_a_message(server, end):
    with server.connect("smtp") as c:
        c.reply()
        c.ask("EHLO client.test")
        c.ask("MAIL FROM:<a@else.test>")
        c.ask(f"RCPT TO:<{BOB}>")
        c.ask("DATA")
        c.send(b"Subject: x\r\n\r\nfirst" + end + b"MAIL FROM:<smuggled@else.test>\r\n\r\n.\r\n")
        assert c.reply().startswith("550 5.6.11")
        assert c.ask("NOOP").startswith("250")
    assert server.messages(BOB) == []


# ---- sessions ----


def test_several_messages_in_a_session(server):
    with server.smtp() as client:
        for i in range(5):
            client.sendmail("a@else.test", [ALICE, BOB], f"Subject: {i}\r\n\r\nbody {i}\r\n".encode())
        client.rset()
        client.sendmail("a@else.test", [BOB], b"Subject: last\r\n\r\nx\r\n")
    assert [field(m, "Subject") for m in server.messages(ALICE)] == [b"0", b"1", b"2", b"3", b"4"]
    assert [field(m, "Subject") for m in server.messages(BOB)] == [b"0", b"1", b"2", b"3", b"4", b"last"]


def test_a_transaction_cut_off_delivers_nothing(server):
    c = server.connect("smtp")
    c.reply()
    c.send(f"EHLO client.test\r\nMAIL FROM:<a@else.test>\r\nRCPT TO:<{BOB}>\r\nDATA\r\n")
    for _ in range(4):
        c.reply()
    c.send("Subject: half\r\n\r\nhalf a message\r\n")
    c.close()
    server.deliver(BOB, b"Subject: whole\r\n\r\nx\r\n")
    assert field(one(server), "Subject") == b"whole"


def test_trace_fields(server):
    server.deliver(BOB, b"Subject: x\r\nReturn-Path: <forged@else.test>\r\n\r\nx\r\n", sender="real@else.test")
    fields = split_message(one(server))[0]
    assert [v for k, v in fields if k == "return-path"] == [b"<real@else.test>"]
    received = [v for k, v in fields if k == "received"]
    assert len(received) == 1 and b"from client.test ([127.0.0.1])" in received[0] and b"for <bob@example.test>" in received[0]


# ---- submission ----


def test_submission_adds_date_and_message_id_and_removes_bcc(server):
    with server.smtp("submission", login=ALICE) as client:
        client.sendmail(ALICE, [BOB], f"From: {ALICE}\r\nTo: {BOB}\r\nBcc: secret@example.test,\r\n\tother@example.test\r\n"
                        "bCC: third@example.test\r\nSubject: x\r\n\r\nBcc: this is text\r\n".encode())
    raw = one(server)
    assert field(raw, "Date") and re.fullmatch(rb"<[^<>@\s]+@mail\.example\.test>", field(raw, "Message-ID"))
    assert field(raw, "Bcc") is None and b"secret" not in raw and b"third" not in raw and b"other@" not in raw
    assert split_message(raw)[1] == b"Bcc: this is text\r\n"


def test_what_a_submitted_message_has_stays(server, letter):
    with server.smtp("submissions", login=ALICE) as client:
        client.sendmail(ALICE, [BOB], letter.read_bytes())
    raw = one(server)
    assert [v for k, v in split_message(raw)[0] if k in ("date", "message-id")] == [b"<letter@example.test>", b"Mon, 01 Jan 2024 10:00:00 +0000"]


def refused(code, function, *args):
    with pytest.raises((smtplib.SMTPResponseException, smtplib.SMTPRecipientsRefused)) as caught:
        function(*args)
    error = caught.value
    got = next(iter(error.recipients.values())) if isinstance(error, smtplib.SMTPRecipientsRefused) else (error.smtp_code, error.smtp_error)
    assert got[0] == code, got
    return got[1].decode()


def test_submission_only_after_a_login(server):
    with server.smtp("submission") as client:
        assert "5.7.0" in refused(530, client.sendmail, ALICE, [BOB], b"Subject: x\r\n\r\nx\r\n")


def test_sender_must_belong_to_the_account(server):
    with server.smtp("submission", login=ALICE) as client:
        assert "5.7.1" in refused(550, client.sendmail, BOB, [BOB], b"Subject: x\r\n\r\nx\r\n")
        assert "5.7.1" in refused(550, client.sendmail, "someone@else.test", [BOB], b"Subject: x\r\n\r\nx\r\n")
        # His own with a tag, and in other letters, are his.
        assert client.sendmail("alice+lists@example.test", [BOB], b"Subject: tag\r\n\r\nx\r\n") == {}
        assert client.sendmail("Alice@EXAMPLE.test", [BOB], b"Subject: case\r\n\r\nx\r\n") == {}
    assert [field(m, "Subject") for m in server.messages(BOB)] == [b"tag", b"case"]


def test_wrong_password(server):
    with server.smtp("submission") as client:
        assert "5.7.8" in refused(535, client.login, ALICE, "wrong")
        assert "5.7.8" in refused(535, client.login, "nobody@example.test", "wrong")


# ---- the sender's domain ----


@pytest.fixture
def name_server(tmp_path):
    # Not below .test: the resolver answers that by itself (RFC 6761).
    zones = {"nomail.example": "@ MX 0 .", "mail.example": "@ MX 10 mx\nmx A 192.0.2.1", "plain.example": "@ A 192.0.2.2"}
    for name, records in zones.items():
        (tmp_path / name).write_text(f"$ORIGIN {name}.\n$TTL 60\n@ SOA ns.{name}. host.{name}. 1 60 60 60 60\n@ NS ns.{name}.\nns A 127.0.0.1\n{records}\n")
    made = Nsd(tmp_path, {name: name for name in zones}).start()
    yield made.at
    made.stop()


@pytest.mark.parametrize("user", [None, "nobody"])
def test_senders_whose_domain_takes_no_mail(make_server, name_server, user):
    if user and os.geteuid() != 0:
        pytest.skip("needs root to become another user")
    server = make_server(user=user, sender_null_mx=True, dns_server=name_server)
    with server.smtp() as client:
        client.ehlo()
        assert client.mail("a@nomail.example")[0] == 550
        for good in ("a@mail.example", "a@plain.example", "a@nothing.example", "a@[127.0.0.1]"):
            assert client.mail(good)[0] == 250, good
            client.rset()
        for i in range(50):
            assert client.mail(f"a@host{i}.mail.example")[0] == 250
            client.rset()
        assert client.docmd("MAIL FROM:<>")[0] == 250
    server.kill_role("dns")
    server.wait_event("role-ended", role="dns")
    with server.smtp() as client:
        client.ehlo()
        # Without dns the mail is taken; with it the refusal is back.
        wait_for(lambda: client.mail("a@nomail.example")[0] == 550 or client.rset()[0] != 250, what="dns again")
