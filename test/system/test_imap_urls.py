"""URLs that show a message (URLAUTH), against the real server: from one user's session to another's, through store's directory."""

import imaplib
import re

from imap_client import connect, ok

ALICE, BOB = "alice@example.test", "bob@example.test"
MAIL = b"""From: alice@example.test\r
Subject: outer\r
MIME-Version: 1.0\r
Content-Type: multipart/mixed; boundary=b\r
\r
--b\r
\r
Bring the melon.\r
--b\r
Content-Type: message/rfc822\r
\r
Subject: inner\r
MIME-Version: 1.0\r
Content-Type: multipart/alternative; boundary=c\r
\r
--c\r
Content-Transfer-Encoding: base64\r
\r
SGVsbG8sIHdvcmxk\r
--c\r
Content-Type: text/html; charset=utf-8\r
Content-Disposition: inline\r
\r
<p>Hello\r
--c--\r
--b--\r
"""


def asked(client, command, *arguments):
    """All that comes with this answer, as one text."""
    client.untagged_responses.clear()
    ok(client._simple_command(command, *arguments))
    parts = client.untagged_responses.get(command, [])
    return b"".join(b"".join(p) if isinstance(p, tuple) else p for p in parts).decode()


def generate(client, rest):
    return asked(client, "GENURLAUTH", f'"imap://{ALICE}/INBOX/;uid={rest}"', "INTERNAL").strip(' "')


def described(client, url):
    answer = asked(client, "URLFETCH", f'("{url}" BODYPARTSTRUCTURE)')
    assert "BODYPARTSTRUCTURE" in answer, answer
    return answer[answer.index("(BODYPARTSTRUCTURE"):]


def fetched(client, url):
    answer = asked(client, "URLFETCH", f'"{url}"')
    assert answer.startswith(f'"{url}" ')
    return answer[len(url) + 3:]


def test_a_url_shows_its_part_to_another_user_until_the_account_is_disabled(server):
    for command in ("GENURLAUTH", "URLFETCH"):
        imaplib.Commands[command] = ("AUTH", "SELECTED")
    alice, bob = connect(server, ALICE), connect(server, BOB)
    uid = re.search(rb"APPENDUID \d+ (\d+)", ok(alice.append("INBOX", None, None, MAIL))[0])[1].decode()
    text = generate(alice, uid + "/;section=1;urlauth=authuser")
    assert fetched(bob, text) == "{16}Bring the melon."
    # What bob is told of a part is what its owner is told, and nothing around it.
    for section in ("1", "2", "2.1", "2.2"):
        url = generate(alice, f"{uid}/;section={section};urlauth=authuser")
        assert described(bob, url) == described(alice, url)
    inner = described(bob, generate(alice, uid + "/;section=2;urlauth=user+bob"))
    assert "inner" in inner and "html" in inner and "outer" not in inner
    whole = generate(alice, uid + ";urlauth=anonymous")
    assert "outer" in fetched(bob, whole)
    # Submission's are none of a session's.
    assert fetched(bob, generate(alice, uid + ";urlauth=submit+bob")) == "NIL"
    # An account that is disabled shows nothing, and its URLs are good again with it.
    server.cli("account", "disable", ALICE)
    try:
        assert fetched(bob, text) == "NIL"
        assert fetched(bob, whole) == "NIL"
    finally:
        server.cli("account", "enable", ALICE)
    assert fetched(bob, text) == "{16}Bring the melon."
    alice = connect(server, ALICE)
    ok(alice.select())
    ok(alice.uid("STORE", uid, "+FLAGS", "(\\Deleted)"))
    ok(alice.uid("EXPUNGE", uid))
    assert fetched(bob, text) == "NIL"
    bob.logout()
    alice.logout()
