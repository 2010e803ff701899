"""What tests ask of an IMAP server in a line or two, through Python's imaplib."""

import imaplib
import re
import ssl
import subprocess

from server import TIMEOUT

imaplib._MAXLINE = 64 << 20
NAME = "mail.example.test"


def context(server):
    made = ssl.create_default_context(cafile=str(server.folder / "tls-cert.pem"))
    made.check_hostname = False
    return made


def connect(server, address="alice@example.test", secure=True, login=True):
    if secure:
        client = imaplib.IMAP4_SSL("127.0.0.1", server.ports["imaps"], ssl_context=context(server), timeout=TIMEOUT)
    else:
        client = imaplib.IMAP4("127.0.0.1", server.ports["imap"], timeout=TIMEOUT)
    if login:
        client.login(address, server.passwords[address])
    return client


def quoted(name):
    """A mailbox's name as IMAP4rev1 has it: modified UTF-7, quoted."""
    out, waiting = "", ""

    def flush():
        nonlocal out, waiting
        if waiting:
            import base64
            out += "&" + base64.b64encode(waiting.encode("utf-16-be")).decode().rstrip("=").replace("/", ",") + "-"
            waiting = ""
    for c in name:
        if " " <= c <= "~":
            flush()
            out += "&-" if c == "&" else c
        else:
            waiting += c
    flush()
    return '"' + out.replace("\\", "\\\\").replace('"', '\\"') + '"'


def ok(answer):
    status, data = answer
    assert status == "OK", answer
    return data


def names(client, pattern="*"):
    """The names that LIST tells, as they come on the wire."""
    found = []
    for line in ok(client.list('""', f'"{pattern}"')):
        if isinstance(line, tuple):
            found.append(line[1].decode())
        elif line:
            text = re.match(rb'\([^)]*\) (?:"[^"]*"|NIL) (.*)', line).group(1).decode()
            found.append(text[1:-1].replace('\\"', '"').replace("\\\\", "\\") if text.startswith('"') else text)
    return found


def fetch(client, what="(UID FLAGS BODY.PEEK[])"):
    """{uid: (flags, body)} of the selected mailbox."""
    found = {}
    for part in ok(client.uid("FETCH", "1:*", what)):
        if isinstance(part, tuple):
            uid = int(re.search(rb"UID (\d+)", part[0]).group(1))
            flags = re.search(rb"FLAGS \(([^)]*)\)", part[0]).group(1).split()
            found[uid] = (frozenset(flags) - {b"\\Recent"}, part[1])
    return found


def contents(server, address="alice@example.test", mailboxes=None):
    """{mailbox: sorted list of (body, flags)}: all that an account holds."""
    client = connect(server, address)
    try:
        found = {}
        for name in mailboxes or names(client):
            ok(client.select(f'"{name}"', readonly=True))
            found[name] = sorted((body, tuple(sorted(flags))) for flags, body in fetch(client).values())
        return found
    finally:
        client.logout()


def empty(server, address="alice@example.test"):
    """No message, and no mailbox but those that every account has."""
    client = connect(server, address)
    try:
        for name in sorted(names(client), key=len, reverse=True):
            if client.select(f'"{name}"')[0] == "OK":
                ok(client.uid("STORE", "1:*", "+FLAGS.SILENT", "(\\Deleted)"))
                ok(client.expunge())
                client.close()
            if name.upper() != "INBOX" and name not in ("Drafts", "Sent", "Junk", "Trash", "Archive"):
                client.unsubscribe(f'"{name}"')
                client.delete(f'"{name}"')
    finally:
        client.logout()


def append_many(client, mailbox, messages):
    """Messages with LITERAL+, as many at a time as fit; each is (body, flags)."""
    tag = 0
    for begin in range(0, len(messages), 50):
        part = messages[begin:begin + 50]
        out = b""
        for body, flags in part:
            tag += 1
            out += b"M%d APPEND %s (%s) {%d+}\r\n%s\r\n" % (tag, mailbox.encode(), " ".join(flags).encode(), len(body), body)
        client.send(out)
        for _ in part:
            while not (line := client.readline()).startswith(b"M"):
                assert line.startswith(b"*"), line
            assert line.split()[1] == b"OK", line


def has(program, *version):
    """Whether a program is there and starts."""
    try:
        return subprocess.run([program, *(version or ["--version"])], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode in (0, 1)
    except OSError:
        return False
