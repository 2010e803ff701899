"""postrider mailbox: mailboxes made and listed, mail taken over from other programs' folders and written out again."""

import json
import mailbox
import os
import pathlib
import re
import subprocess
import time

import pytest

from server import ROOT, TIMEOUT, retrieve

ALICE, BOB = "alice@example.test", "bob@example.test"


@pytest.fixture
def account(server):
    """An account of the test's own."""
    server.number = getattr(server, "number", 0) + 1
    address = f"user{server.number}@example.test"
    server.add_account(address)
    return address


def listed(server, address):
    return {row["path"]: row for row in json.loads(server.cli("mailbox", "list", address, "--json").stdout)}


def letter(number, text="text"):
    return f"From: a@b.test\nSubject: number {number}\nMessage-ID: <{number}@import.test>\n\n{text}\n".encode()


def make_maildir(folder):
    """A Maildir++ as Dovecot leaves it: three mailboxes, flags, a keyword, UIDs and UIDLs."""
    for sub in ("", ".Entw&APw-rfe", ".Work.2024"):
        for part in ("cur", "new", "tmp"):
            (folder / sub / part).mkdir(parents=True)
    (folder / "cur/1000.a:2,S").write_bytes(letter(1))
    (folder / "cur/1001.b:2,FRa").write_bytes(letter(2))
    (folder / "new/1002.c").write_bytes(letter(3))
    (folder / "dovecot-keywords").write_text("0 $Junk\n")
    (folder / "dovecot-uidlist").write_text("3 V1275660208 N26 G00\n9 :1001.b\n24 Pkept-uidl :1000.a\n25 :1002.c\n")
    (folder / ".Entw&APw-rfe/cur/1003.d:2,D").write_bytes(letter(4))
    (folder / ".Work.2024/cur/1004.e:2,").write_bytes(letter(5))
    (folder / "subscriptions").write_text("V\t2\n\nEntw&APw-rfe\n")
    for path in folder.rglob("*"):
        if path.name.startswith("100"):
            os.utime(path, (1500000000, 1500000000))


def state(folder):
    """{mailbox: [(number, flags, date, rest of the name)]} of a Maildir++."""
    found = {}
    for box in [folder, *folder.glob(".*")]:
        if (box / "cur").is_dir():
            found["INBOX" if box == folder else box.name[1:]] = sorted(
                (int(re.search(rb"number (\d+)", path.read_bytes()).group(1)), path.name.rpartition(":2,")[2], int(path.stat().st_mtime))
                for path in (box / "cur").iterdir())
    return found


# ---- mailboxes ----


def test_mailboxes_are_made_listed_renamed_and_removed(server, account):
    server.cli("mailbox", "create", account, "Entwürfe/2024")
    server.cli("mailbox", "create", account, "送信済み", "--role", "archive", check=False)
    found = listed(server, account)
    assert {"INBOX", "Entwürfe", "Entwürfe/2024"} <= set(found)
    assert found["Entwürfe/2024"]["subscribed"] and found["Entwürfe/2024"]["messages"] == 0
    text = server.cli("mailbox", "list", account).stdout.decode()
    assert re.search(r"^ +0 +0 .*  Entwürfe/2024$", text, re.M), text
    assert b"already exists" in server.cli("mailbox", "create", account, "Entwürfe", status=65).stderr
    server.cli("mailbox", "rename", account, "Entwürfe", "Drafts of old")
    assert "Drafts of old/2024" in listed(server, account)
    assert b"no such mailbox" in server.cli("mailbox", "rename", account, "Nowhere", "x", status=66).stderr
    assert b"mailboxes below it" in server.cli("mailbox", "remove", account, "Drafts of old", status=65).stderr
    server.cli("mailbox", "remove", account, "Drafts of old/2024")
    server.cli("mailbox", "remove", account, "Drafts of old")
    assert "Drafts of old" not in listed(server, account)
    server.cli("mailbox", "list", "nobody@example.test", status=66)


def test_only_a_running_server_is_asked(make_server):
    made = make_server()
    made.stop()
    assert b"only a running one" in made.cli("mailbox", "list", ALICE, status=69).stderr


def test_a_mailbox_is_shared_accepted_and_left(server, account):
    owner = "owner-" + account
    server.add_account(owner)
    server.cli("mailbox", "create", owner, "Пікнік")
    server.cli("mailbox", "share", owner, "Пікнік", account, "read")
    assert "Пікнік" not in listed(server, account)
    given = json.loads(server.cli("mailbox", "shares", owner, "--json").stdout)
    assert given == [{"mailbox": "Пікнік", "with": account, "rights": "lrs"}]
    taken = json.loads(server.cli("mailbox", "shares", account, "--json").stdout)
    assert taken == [{"others_mailbox": "Пікнік", "from": owner, "rights": "lrs", "state": "invited"}]
    server.cli("mailbox", "accept", account, owner, "Пікнік")
    row = listed(server, account)["Пікнік"]
    assert row["owner"] == owner
    server.cli("mailbox", "leave", account, owner, "Пікнік")
    assert "Пікнік" not in listed(server, account)
    server.cli("mailbox", "accept", account, owner, "Nothing", status=66)
    server.cli("mailbox", "share", owner, "Пікнік", account, "none")
    assert json.loads(server.cli("mailbox", "shares", owner, "--json").stdout) == []
    server.cli("mailbox", "share", owner, "Пікнік", "nobody@nowhere.test", "read", status=66)


# ---- import ----


def test_a_maildir_is_taken_over_with_all_that_is_noted_of_it(server, account, tmp_path):
    make_maildir(tmp_path / "Maildir")
    done = server.cli("mailbox", "import", account, tmp_path / "Maildir")
    assert b"5 messages were added in 3 mailboxes; 0 were there already; 0 could not be imported" in done.stdout
    found = listed(server, account)
    assert {name: found[name]["messages"] for name in ("INBOX", "Entwürfe", "Work/2024")} == {"INBOX": 3, "Entwürfe": 1, "Work/2024": 1}
    assert found["INBOX"]["unread"] == 2
    assert found["Entwürfe"]["subscribed"] and not found["Work/2024"]["subscribed"]
    client = server.pop3(account)
    # In the order of the UIDs, with the UIDLs that POP3 programs know.
    assert [line.split()[1] for line in client.uidl()[1]] == [b"000000094c0907b0", b"kept-uidl", b"000000194c0907b0"]
    assert [retrieve(client, n) for n in (1, 2, 3)] == [letter(n).replace(b"\n", b"\r\n") for n in (2, 1, 3)]
    client.quit()


def test_a_second_import_adds_nothing(server, account, tmp_path):
    make_maildir(tmp_path / "Maildir")
    first = json.loads(server.cli("mailbox", "import", account, tmp_path / "Maildir", "--json").stdout)
    assert first == {"failed": [], "mailboxes": 3, "added": 5, "present": 0}
    (tmp_path / "Maildir/new/1010.z").write_bytes(letter(6))
    second = json.loads(server.cli("mailbox", "import", account, tmp_path / "Maildir", "--json").stdout)
    assert second == {"failed": [], "mailboxes": 3, "added": 1, "present": 5}
    # Two that are alike in the folder are two here, each time.
    (tmp_path / "Maildir/new/1011.y").write_bytes(letter(6))
    for added in (1, 0):
        assert json.loads(server.cli("mailbox", "import", account, tmp_path / "Maildir", "--json").stdout)["added"] == added
    assert listed(server, account)["INBOX"]["messages"] == 5


def test_what_cannot_be_read_is_told_and_the_rest_taken(server, account, tmp_path):
    make_maildir(tmp_path / "Maildir")
    (tmp_path / "secret").write_bytes(letter(99))
    (tmp_path / "Maildir/cur/1020.link:2,").symlink_to("../../secret")
    os.mkfifo(tmp_path / "Maildir/cur/1021.fifo:2,")
    done = server.cli("mailbox", "import", account, tmp_path / "Maildir", status=65)
    assert b"5 messages were added" in done.stdout and b"2 could not be imported" in done.stdout
    assert b"1020.link: it is a symbolic link" in done.stderr and b"1021.fifo" in done.stderr
    told = json.loads(server.cli("mailbox", "import", account, tmp_path / "Maildir", "--json", status=65).stdout)
    assert [row["message"] for row in told["failed"]] == ["1020.link", "1021.fifo"]
    assert b"no Maildir, no mbox" in server.cli("mailbox", "import", account, tmp_path / "Maildir/tmp", status=66).stderr
    server.cli("mailbox", "import", account, tmp_path / "nowhere", status=66)


def test_an_mbox_goes_where_it_is_told(server, account, tmp_path):
    box = mailbox.mbox(tmp_path / "old mail.mbox")
    for n in range(3):
        message = mailbox.mboxMessage(letter(n, "From the beginning"))
        message.set_flags("RO" if n else "O")
        box.add(message)
    box.flush()
    server.cli("mailbox", "import", account, tmp_path / "old mail.mbox")
    server.cli("mailbox", "import", account, tmp_path / "old mail.mbox", "--into", "Archiv/2001")
    found = listed(server, account)
    assert found["old mail"]["messages"] == 3 and found["old mail"]["unread"] == 1
    assert found["Archiv/2001/old mail"]["messages"] == 3


def test_large_messages_and_many(server, account, tmp_path):
    """Bodies that come in pieces, on credit, among small ones; more than one group of them."""
    for part in ("cur", "new", "tmp"):
        (tmp_path / "M" / part).mkdir(parents=True)
    sizes = {n: 3_000_000 if n == 50 else 700_000 if n % 40 == 7 else 300 for n in range(200)}
    for n, size in sizes.items():
        (tmp_path / f"M/cur/{1000 + n}.x:2,").write_bytes(letter(n, "x" * 70 + "\n" + ("y" * 76 + "\n") * (size // 77)))
    assert json.loads(server.cli("mailbox", "import", account, tmp_path / "M", "--json", timeout=TIMEOUT).stdout)["added"] == 200
    client = server.pop3(account)
    for n in (0, 7, 50, 199):
        assert retrieve(client, n + 1) == (tmp_path / f"M/cur/{1000 + n}.x:2,").read_bytes().replace(b"\n", b"\r\n")
    client.quit()


def test_a_full_quota_stops_it_and_more_room_lets_it_go_on(server, tmp_path):
    account = "small@example.test"
    server.add_account(account, "--quota", "100K")
    for part in ("cur", "new", "tmp"):
        (tmp_path / "M" / part).mkdir(parents=True)
    for n in range(100):
        (tmp_path / f"M/cur/{1000 + n}.x:2,").write_bytes(letter(n, "y" * 3000))
    done = server.cli("mailbox", "import", account, tmp_path / "M", status=77)
    assert b"quota" in done.stderr and b"goes on where it was" in done.stderr
    held = listed(server, account)["INBOX"]["messages"]
    assert held < 100
    server.cli("account", "quota", account, "10M")
    done = json.loads(server.cli("mailbox", "import", account, tmp_path / "M", "--json").stdout)
    assert done["added"] + done["present"] == 100 and done["present"] == held
    assert listed(server, account)["INBOX"]["messages"] == 100


def test_an_import_that_is_killed_goes_on(server, account, tmp_path):
    for part in ("cur", "new", "tmp"):
        (tmp_path / "M" / part).mkdir(parents=True)
    for n in range(1500):
        (tmp_path / f"M/cur/{1000 + n}.x:2,").write_bytes(letter(n))
    from server import POSTRIDER, environment
    process = subprocess.Popen([POSTRIDER, "--config", server.config, "mailbox", "import", account, tmp_path / "M"], env=environment(),
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    end = time.monotonic() + TIMEOUT
    while process.poll() is None and listed(server, account)["INBOX"]["messages"] == 0 and time.monotonic() < end:
        pass
    process.kill()
    process.wait()
    done = json.loads(server.cli("mailbox", "import", account, tmp_path / "M", "--json", timeout=TIMEOUT).stdout)
    assert done["added"] + done["present"] == 1500
    assert listed(server, account)["INBOX"]["messages"] == 1500


# ---- export ----


@pytest.mark.parametrize("form", ["maildir", "mbox", "eml"])
def test_what_is_written_out_comes_back_the_same(server, account, tmp_path, form):
    make_maildir(tmp_path / "Maildir")
    server.cli("mailbox", "import", account, tmp_path / "Maildir")
    done = server.cli("mailbox", "export", account, tmp_path / "out", "--format", form)
    assert re.match(rb"5 messages of \d+ mailboxes written", done.stdout), done.stdout
    again = f"again-{form}@example.test"
    server.add_account(again)
    server.cli("mailbox", "import", again, tmp_path / "out")
    server.cli("mailbox", "export", again, tmp_path / "there")
    server.cli("mailbox", "export", account, tmp_path / "here")
    assert state(tmp_path / "here") == state(tmp_path / "there")
    assert state(tmp_path / "here")["INBOX"] == [(1, "S", 1500000000), (2, "FRa", 1500000000), (3, "", 1500000000)]
    client = server.pop3(again)
    assert [line.split()[1] for line in client.uidl()[1]] == [b"000000094c0907b0", b"kept-uidl", b"000000194c0907b0"]
    client.quit()


def test_a_second_export_writes_what_is_new(server, account, tmp_path):
    make_maildir(tmp_path / "Maildir")
    server.cli("mailbox", "import", account, tmp_path / "Maildir")
    assert json.loads(server.cli("mailbox", "export", account, tmp_path / "out", "--json").stdout)["written"] == 5
    server.deliver(account, letter(6).replace(b"\n", b"\r\n"))
    second = json.loads(server.cli("mailbox", "export", account, tmp_path / "out", "--json").stdout)
    assert (second["written"], second["present"], second["failed"]) == (1, 5, 0)
    # Python reads it as any program does.
    assert len(mailbox.Maildir(tmp_path / "out", create=False)) == 4
    only = json.loads(server.cli("mailbox", "export", account, tmp_path / "one", "--mailbox", "Work/2024", "--json").stdout)
    assert (only["mailboxes"], only["written"]) == (1, 1)
    server.cli("mailbox", "export", account, tmp_path / "one", "--mailbox", "Nowhere", status=66)


def test_a_hundred_thousand_messages(server, account, tmp_path, request):
    if not request.config.getoption("--long"):
        pytest.skip("takes minutes: --long")
    load = ROOT / "build/test/bench/imap_load"
    subprocess.run([load, "maildir", tmp_path / "M", "100000", "4096"], check=True, stdout=subprocess.DEVNULL)
    done = json.loads(server.cli("mailbox", "import", account, tmp_path / "M", "--json", timeout=600).stdout)
    assert (done["added"], done["failed"]) == (100000, [])
    assert listed(server, account)["INBOX"]["messages"] == 100000
    assert pathlib.Path(server.folder).exists()
