"""Programs that people read their mail with, against IMAP: what they do arrives, and what they show is there.

IMAP_PEER=dovecot runs the same against Dovecot: a test that fails there asks for something that IMAP doesn't have.
"""

import email.message
import email.policy
import imaplib
import json
import os
import pathlib
import pty
import pwd
import re
import select
import shutil
import tempfile
import time

import pytest

import dovecot
from imap_client import NAME, append_many, connect, contents, context, empty, fetch, names, ok, quoted
from ports import free_port
from server import ROOT, TIMEOUT, environment, run

ALICE, BOB = "alice@example.test", "bob@example.test"
SCRIPTS = ["Entwürfe 2024", "送信済み", "Отправленные", "ההודעות שלי", "R&D", "a&b-c", "📬 Post", 'mit "Gänsefüßchen"']


@pytest.fixture(scope="module")
def peer(shared, tmp_path_factory):
    if os.environ.get("IMAP_PEER") != "dovecot":
        yield shared
        return
    made = dovecot.Dovecot(tmp_path_factory.mktemp("dovecot") / "d", shared.folder / "tls-cert.pem", shared.folder / "tls-key.pem",
                           {"imap": free_port(), "imaps": free_port()})
    # Not below a folder that only root can enter.
    for folder in made.folder.parents:
        if folder.stat().st_mode & 0o1 == 0:
            folder.chmod(0o755)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def imap(peer, shared):
    shared.forget_log()
    empty(peer)
    yield peer
    problems = shared.problems()
    assert not problems, "the log holds what was not expected:\n" + "\n".join(problems)


def letter(number=1, text="Съешь же ещё этих мягких французских булок\r\n"):
    message = email.message.EmailMessage(policy=email.policy.SMTP)
    message["From"], message["To"] = ALICE, BOB
    message["Subject"] = f"Привет, 你好, number {number}"
    message["Message-ID"] = f"<letter-{number}@example.test>"
    message["Date"] = f"Mon, 01 Jan 2024 10:00:{number % 60:02} +0000"
    message.set_content(text)
    return message.as_bytes()


def fill(server, mailbox, count, flags=()):
    client = connect(server)
    append_many(client, mailbox, [(letter(n), flags) for n in range(1, count + 1)])
    client.logout()


# ---- Python's imaplib ----


def test_imaplib_logs_in_every_way(imap):
    for how in ("clear", "starttls", "tls"):
        client = connect(imap, secure=how == "tls", login=False)
        if how == "starttls":
            ok(client.starttls(context(imap)))
        with pytest.raises(imaplib.IMAP4.error, match="AUTHENTICATIONFAILED"):
            client.login(ALICE, "wrong horse")
        if how == "tls":
            client.authenticate("PLAIN", lambda _: f"\0{ALICE}\0{imap.passwords[ALICE]}".encode())
        else:
            ok(client.login(ALICE, imap.passwords[ALICE]))
        ok(client.select())
        assert client.logout()[0] == "BYE"


def test_imaplib_makes_mailboxes_in_any_script(imap):
    client = connect(imap)
    for name in SCRIPTS:
        ok(client.create(quoted(name)))
        ok(client.subscribe(quoted(name)))
    ok(client.create(quoted("Arbeit/2024/März")))
    wanted = {quoted(name)[1:-1].replace('\\"', '"') for name in [*SCRIPTS, "Arbeit", "Arbeit/2024", "Arbeit/2024/März"]}
    assert wanted <= set(names(client))
    status, data = client.create(quoted(SCRIPTS[0]))
    assert status == "NO" and b"ALREADYEXISTS" in data[0]
    ok(client.rename(quoted("Arbeit"), quoted("Work")))
    assert quoted("Work/2024/März")[1:-1] in names(client)
    subscribed = [line for line in ok(client.lsub()) if line]
    assert len(subscribed) >= len(SCRIPTS)
    for name in SCRIPTS:
        ok(client.delete(quoted(name)))
    assert not wanted & {name for name in names(client) if not name.startswith("Work")}
    client.logout()


def test_imaplib_tours_a_mailbox(imap):
    client = connect(imap)
    ok(client.create("Tour"))
    for number, flags in ((1, "(\\Seen)"), (2, "(\\Flagged $Forwarded)"), (3, "()")):
        data = ok(client.append("Tour", flags, imaplib.Time2Internaldate(1704103200 + number), letter(number)))
        assert b"APPENDUID" in data[0]
    assert ok(client.select("Tour")) == [b"3"]
    found = fetch(client)
    assert [body for _, body in found.values()] == [letter(n) for n in (1, 2, 3)]
    assert [set(flags) for flags, _ in found.values()] == [{b"\\Seen"}, {b"\\Flagged", b"$Forwarded"}, set()]
    dates = [imaplib.Internaldate2tuple(part) for part in ok(client.fetch("1:3", "(INTERNALDATE)"))]
    assert [int(time.mktime(t)) for t in dates] == [1704103201, 1704103202, 1704103203]

    ok(client.store("3", "+FLAGS", "(\\Answered)"))
    assert ok(client.search(None, "ANSWERED")) == [b"3"]
    assert ok(client.search(None, "UNSEEN", "NOT", "FLAGGED")) == [b"3"]
    assert ok(client.search(None, "HEADER", "MESSAGE-ID", '"letter-2@"')) == [b"2"]
    client.literal = "привет".encode()
    assert ok(client.search("UTF-8", "SUBJECT")) == [b"1 2 3"]
    client.literal = "французских".encode()
    assert ok(client.search("UTF-8", "BODY")) == [b"1 2 3"]

    ok(client.create("Tour2"))
    assert b"COPYUID" in str(client.copy("1:2", "Tour2")).encode()
    uid = sorted(found)[2]
    typ, _ = client.uid("MOVE", str(uid), "Tour2")
    assert typ == "OK"
    assert ok(client.status("Tour2", "(MESSAGES UNSEEN)"))[0].endswith(b"(MESSAGES 3 UNSEEN 2)")
    ok(client.store("1", "+FLAGS", "(\\Deleted)"))
    assert ok(client.expunge())[-1] == b"1"  # the one before it is the move's
    ok(client.close())
    ok(client.select("Tour2"))
    assert sorted(body for _, body in fetch(client).values()) == sorted(letter(n) for n in (1, 2, 3))
    # A message seen in full is seen.
    ok(client.fetch("2", "(BODY[TEXT])"))
    assert ok(client.search(None, "SEEN")) == [b"1 2"]
    client.logout()


def test_imaplib_idles(imap):
    client, other = connect(imap), connect(imap)
    ok(client.select())
    client.send(b"I IDLE\r\n")
    assert client.readline().startswith(b"+")
    ok(other.append("INBOX", "", None, letter()))
    line = client.readline()
    while b"EXISTS" not in line:
        line = client.readline()
    assert line == b"* 1 EXISTS\r\n"
    client.send(b"DONE\r\n")
    while not line.startswith(b"I "):
        line = client.readline()
    assert line.startswith(b"I OK")
    client.logout()
    other.logout()


# ---- curl ----


def curl(server, path, *more):
    port = server.ports["imaps"]
    done = run("curl", "-sS", "--connect-to", f"{NAME}:{port}:127.0.0.1:{port}", "--cacert", server.folder / "tls-cert.pem", "--user",
               f"{ALICE}:{server.passwords[ALICE]}", f"imaps://{NAME}:{port}/{path}", *more)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_curl_appends_lists_searches_and_fetches(imap, tmp_path):
    (tmp_path / "letter.eml").write_bytes(letter())
    curl(imap, "", "-X", "CREATE Curl")
    assert b"Curl" in curl(imap, "")
    curl(imap, "Curl", "-T", tmp_path / "letter.eml")
    assert curl(imap, "Curl;MAILINDEX=1") == letter()
    assert curl(imap, "Curl;MAILINDEX=1;SECTION=HEADER.FIELDS%20(MESSAGE-ID)").strip() == b"Message-ID: <letter-1@example.test>"
    assert curl(imap, "Curl?FROM%20alice").strip() == b"* SEARCH 1"
    assert b"\\Seen" in curl(imap, "Curl", "-X", "FETCH 1 FLAGS")


# ---- mutt ----


def in_terminal(command, folder):
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(folder)
        os.execvpe(command[0], command, {**os.environ, "TERM": "xterm", "HOME": str(folder), "LANG": "C.UTF-8"})
    end, screen = time.monotonic() + TIMEOUT, b""
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
    assert status == 0, screen[-3000:]


def test_mutt_flags_and_saves(imap, tmp_path):
    fill(imap, "INBOX", 3)
    client = connect(imap)
    ok(client.create("Saved"))
    (tmp_path / "muttrc").write_text(f"""set ssl_verify_host=no ssl_verify_dates=no ssl_starttls=no certificate_file="{imap.folder}/tls-cert.pem"
set imap_user="{ALICE}" imap_pass="{imap.passwords[ALICE]}" quit=yes confirmappend=no confirmcreate=no sort=date wait_key=no move=no
set delete=yes folder="imaps://127.0.0.1:{imap.ports['imaps']}/"
push "<first-entry><flag-message><next-entry><save-message>=Saved<enter><quit>"
""")
    in_terminal(["mutt", "-n", "-F", str(tmp_path / "muttrc"), "-f", f"imaps://127.0.0.1:{imap.ports['imaps']}/INBOX"], tmp_path)
    held = contents(imap, mailboxes=["INBOX", "Saved"])
    assert len(held["INBOX"]) + len(held["Saved"]) == 3
    assert len(held["Saved"]) == 1
    assert [body for body, flags in held["INBOX"] if "\\Flagged" in b" ".join(flags).decode()] == [letter(1)]
    client.logout()


# ---- programs that fetch ----


def as_nobody():
    """getmail and fetchmail are meant for ordinary users; getmail refuses root."""
    if os.geteuid() != 0:
        return {}
    entry = pwd.getpwnam("nobody")
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


@pytest.fixture
def home():
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


def numbers(texts):
    return sorted(int(n) for text in texts for n in re.findall(rb"<letter-(\d+)@", text))


@pytest.mark.parametrize("how", ["starttls", "tls"])
def test_fetchmail_fetches(imap, home, how):
    fill(imap, "INBOX", 3)
    (home / "out").mkdir()
    (home / "out").chmod(0o777)
    config = put(home, "fetchmailrc", f"""set no bouncemail
poll 127.0.0.1 protocol IMAP port {imap.ports['imaps' if how == 'tls' else 'imap']}
  user "{ALICE}" password "{imap.passwords[ALICE]}" {'ssl' if how == 'tls' else 'sslproto "TLS1+"'}
  sslcommonname "{NAME}" sslcertfile "{imap.folder}/tls-cert.pem" sslcertck
  mda "cat > {home}/out/$$" nokeep
""")
    done = run("fetchmail", "-f", config, "--nodetach", "--nosyslog", env=environment({"HOME": str(home), "FETCHMAILHOME": str(home)}),
               **as_nobody())
    assert done.returncode == 0, done.stdout + done.stderr
    assert numbers(path.read_bytes() for path in (home / "out").iterdir()) == [1, 2, 3]
    assert contents(imap, mailboxes=["INBOX"]) == {"INBOX": []}


def test_getmail_fetches_and_knows_what_it_has(imap, home):
    fill(imap, "INBOX", 3)
    for part in ("cur", "new", "tmp"):
        (home / "Maildir" / part).mkdir(parents=True)
    for folder in (home / "Maildir", *(home / "Maildir").iterdir()):
        folder.chmod(0o777)
    os.chown(home / "Maildir", *(as_nobody().get("user", -1), as_nobody().get("group", -1)))
    put(home, "getmailrc", f"""[retriever]
type = SimpleIMAPSSLRetriever
server = 127.0.0.1
port = {imap.ports['imaps']}
username = {ALICE}
password = {imap.passwords[ALICE]}
mailboxes = ("INBOX",)
[destination]
type = Maildir
path = {home}/Maildir/
[options]
read_all = false
delete = false
""")
    for _ in range(2):  # the second time brings nothing: the UIDs are the same
        done = run("getmail", f"--getmaildir={home}", "--rcfile=getmailrc", env=environment({"HOME": str(home)}), **as_nobody())
        assert done.returncode == 0, done.stdout + done.stderr
        assert numbers(path.read_bytes() for path in (home / "Maildir" / "new").iterdir()) == [1, 2, 3]


# ---- imapflow ----

NODE = ROOT / "test" / "node"


def test_imapflow_tours_an_account(imap, request):
    if not request.config.getoption("--long"):
        pytest.skip("needs Node and packages of npm: --long")
    if shutil.which("node") is None or not (NODE / "node_modules" / "imapflow").exists():
        pytest.skip("Node or imapflow is not installed (scripts/setup long installs them)")
    told = {"port": imap.ports["imaps"], "user": ALICE, "pass": imap.passwords[ALICE], "certificate": str(imap.folder / "tls-cert.pem")}
    done = run("node", NODE / "imapflow_tour.mjs", json.dumps(told))
    assert done.returncode == 0, (done.stdout + done.stderr).decode()
    assert "all as it must be" in done.stdout.decode()
    moved = contents(imap, mailboxes=[quoted("Свято/Moved")[1:-1]])[quoted("Свято/Moved")[1:-1]]
    assert sorted(int(re.search(rb"<flow-(\d+)@", body).group(1)) for body, _ in moved) == [1, 2, 3]


def test_the_programs_are_there():
    """Who runs these tests without a program is told; `scripts/setup check` installs them all."""
    missing = [name for name in ("curl", "mutt", "fetchmail", "getmail", "mbsync", "offlineimap") if shutil.which(name) is None]
    if missing:
        pytest.skip(f"not installed, so not tested: {', '.join(missing)}")
