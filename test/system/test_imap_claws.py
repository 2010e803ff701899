"""Claws Mail on IMAP: it logs in by a password that is typed, finds the folders, and counts what is in them as the server does."""

import os
import pathlib
import shutil
import subprocess

import pytest

from display import Display
from imap_client import append_many, connect, contents, ok
from server import TIMEOUT, wait_for

ALICE = "alice@example.test"
ACCOUNT = """[Account: 1]
account_name=alice
is_default=1
name=Alice
address={address}
protocol=1
receive_server=127.0.0.1
smtp_server=127.0.0.1
user_id={address}
config_version=4
receive_at_get_all=1
ssl_imap=0
set_imapport=1
imap_port={port}
"""
# Without one for each of these it asks for them in a window of its own, before everything else.
ITEMS = "".join(f'<folderitem path="{path}" name="{path}" type="{kind}" />' for path, kind in
                (("INBOX", "inbox"), ("Drafts", "draft"), ("Sent", "outbox"), ("Trash", "trash"), ("Queue", "queue")))
FOLDERS = f"""<?xml version="1.0" encoding="UTF-8"?>
<folderlist config_version="4"><folder type="imap" account_id="1" name="alice">{ITEMS}</folder></folderlist>
"""


class Claws:
    def __init__(self, server, display, folder):
        self.display, self.folder = display, folder
        folder.mkdir()
        (folder / "accountrc").write_text("[config_version:4]\n" + ACCOUNT.format(address=ALICE, port=server.ports["imap"]))
        (folder / "clawsrc").write_text("[Common]\nconfig_version=4\n")
        (folder / "folderlist.xml").write_text(FOLDERS)
        self.window = subprocess.Popen(self.words("--online"), env=self.environment(), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL)

    def words(self, *words):
        return ["claws-mail", "--alternate-config-dir", str(self.folder), *words]

    def environment(self):
        return self.display.environment(self.folder.parent)

    def tell(self, *words):
        """To the one that runs; what it answers."""
        return subprocess.run(self.words(*words), env=self.environment(), capture_output=True, timeout=TIMEOUT, check=False, text=True).stdout

    def see(self, title):
        found = subprocess.run(["xdotool", "search", "--name", title], env=self.environment(), capture_output=True, text=True, timeout=TIMEOUT, check=False)
        return found.stdout.split()

    def answer(self, title, text):
        """Types into the window with this title, and waits until it has gone."""
        window = wait_for(lambda: self.see(title), what=f"the window {title}")[0]
        subprocess.run(["xdotool", "windowfocus", "--sync", window, "type", text], env=self.environment(), timeout=TIMEOUT, check=True)
        self.press(window, "Return")
        wait_for(lambda: not self.see(title), what=f"the window {title} to close")

    def press(self, window, key):
        for words in (["windowfocus", "--sync", window], ["key", key]):
            subprocess.run(["xdotool", *words], env=self.environment(), timeout=TIMEOUT, check=True)

    def end(self):
        self.window.kill()
        self.window.wait(TIMEOUT)


@pytest.fixture
def claws(server, tmp_path, request):
    if not request.config.getoption("--long"):
        pytest.skip("starts a large program: --long")
    if missing := [name for name in ("claws-mail", "Xvfb", "xdotool") if shutil.which(name) is None]:
        pytest.skip(f"not installed: {', '.join(missing)} (scripts/setup long installs it)")
    display = Display(tmp_path)
    made = Claws(server, display, tmp_path / "claws")
    try:
        yield made
    finally:
        if folder := os.environ.get("CLAWS_SHOTS"):
            display.screenshot(pathlib.Path(folder) / "claws.png")
        made.end()
        display.close()


def count_of(claws, mailbox):
    """Unread messages, and all."""
    return [tuple(int(n) for n in line.split()[1:3]) for line in claws.tell("--status-full").splitlines() if line.endswith(f"/{mailbox}")]


def test_claws_mail_does_what_its_user_does(server, claws):
    """It reads, marks as read, and moves into the trash; and counts as the server does."""
    client = connect(server, ALICE)
    ok(client.select())
    append_many(client, "INBOX", [(b"Subject: claws %d\r\n\r\nx\r\n" % i, ()) for i in range(3)])
    last = ok(client.uid("SEARCH", "SUBJECT", "claws"))[0].split()[-1].decode()
    claws.answer("Input password", server.passwords[ALICE])
    claws.tell("--receive-all")
    wait_for(lambda: count_of(claws, "INBOX") == [(3, 3)], what="three unread messages")

    claws.tell("--select", f"#imap/alice/INBOX/{last}")
    wait_for(lambda: ok(client.uid("SEARCH", "SEEN")) == [last.encode()], what="the message to be seen")
    window = claws.see("Claws Mail")[-1]
    claws.press(window, "Delete")
    wait_for(lambda: [b"claws 2" in body for body, _ in contents(server, ALICE, ["Trash"])["Trash"]] == [True], what="the message in the trash")
    client.logout()
