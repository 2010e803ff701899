"""The search index of the real server: made behind the delivery by the content role, kept when processes end, made anew when it is asked for."""

import email.message
import imaplib
import io
import json
import os
import pathlib
import re
import signal
import zipfile

from limits import TIMEOUT
from server import wait_for

ALICE, BOB = "alice@example.test", "bob@example.test"

# The index is made behind all else: with sanitizers, on cores that other tests use, it takes its time.
INDEX_S = 2 * TIMEOUT


def status(server, address=None):
    return json.loads(server.cli("search", "status", *([address] if address else []), "--json").stdout)


def wait_until_indexed(server, messages, address=ALICE):
    def done():
        now = status(server, address)
        return now["waiting"] == 0 and now["messages"] == messages
    wait_for(done, timeout=INDEX_S, what=f"the index of {messages} messages", pause=0.1)
    return status(server, address)


def deliver(server, count, address=ALICE):
    """So many messages more, and the index has them."""
    before = status(server, address)["messages"]
    with server.smtp() as client:
        for i in range(count):
            client.sendmail("a@else.test", [address], f"Subject: message {i}\r\n\r\nbody {i}\r\n".encode())
    return wait_until_indexed(server, before + count, address)


def test_mail_is_indexed_behind_its_delivery(server):
    now = deliver(server, 30)
    assert now["segments"] >= 1 and now["bytes"] > 0
    other = status(server, BOB)
    assert other["waiting"] == 0 and (other["segments"] > 0) == (other["messages"] > 0)
    everything = status(server)
    assert everything["indexing"] == 1 and everything["reader"] == 1 and everything["messages"] >= 30


def test_the_index_stays_and_goes_on_after_a_restart(server):
    before = deliver(server, 5)
    mark = server.mark()
    server.kill_role("store")
    server.expect("role-ended")
    server.wait_event("role-ended", since=mark, role="store")
    wait_for(lambda: server.cli("search", "status", ALICE, check=False).returncode == 0, what="store to answer")
    assert status(server, ALICE)["messages"] == before["messages"]
    deliver(server, 3)


def test_it_goes_on_when_content_ends(server):
    mark = server.mark()
    server.kill_role("content")
    server.wait_event("role-ended", since=mark, role="content")
    server.expect("role-ended")
    deliver(server, 4)


def processor_seconds(pid):
    """Of a process; 0 when it is gone."""
    try:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return 0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def end_while_it_reads(server, seconds, mark):
    """Ends content as the limit of its time does, each time that it has used so much of the processor, until the message is left out.
    How often it took."""
    ended = set()

    def left_out():
        if server.find_events("search-message-not-read", mark, why="it ends the process that reads it"):
            return True
        pid = server.role_pids().get("content")
        if pid and pid not in ended and processor_seconds(pid) > seconds:
            ended.add(pid)
            os.kill(pid, signal.SIGPROF)
        return False
    wait_for(left_out, timeout=INDEX_S, what="the message to be left out", pause=0.005)
    return len(ended)


def test_a_message_that_ends_content_again_and_again_is_left_out(server):
    """From outside it cannot be told when content has all of the message and begins to read; an end before that counts less. So it is ended
    after half of the time that such a message took before, and once more if that was too early."""
    words = "\r\n".join(f"w{i} x{i * 7919}" for i in range(300000))
    large = f"Subject: dear\r\n\r\n{words}\r\nlastofall\r\n".encode()
    before = deliver(server, 1)["messages"]
    content = server.role_pid("content")
    idle = processor_seconds(content)
    with server.smtp() as client:
        client.sendmail("a@else.test", [ALICE], large)
    wait_until_indexed(server, before + 1)
    half = (idle + processor_seconds(content)) / 2
    server.expect("role-ended")
    # One that has used nothing yet reads the next.
    mark = server.mark()
    server.kill_role("content")
    server.wait_event("role-ended", since=mark, role="content")
    mark = server.mark()
    with server.smtp() as client:
        client.sendmail("a@else.test", [ALICE], large)
    ends = end_while_it_reads(server, half, mark)
    # The others go on, and what it says is found all the same, by reading it.
    wait_until_indexed(server, before + 2)
    assert ends >= 2 and len(server.find_events("role-ended", mark, role="content")) == ends
    deliver(server, 3)
    assert len(search(server, "BODY", "lastofall", address=ALICE)) == 2


def test_rebuild_makes_it_anew(server):
    before = deliver(server, 12)["messages"]
    server.cli("search", "rebuild", ALICE, "--wait", timeout=INDEX_S)
    assert status(server, ALICE)["messages"] == before
    server.cli("search", "rebuild")
    wait_until_indexed(server, before)
    assert server.cli("search", "status", "nobody@example.test", check=False).returncode == 66
    # People get words and units.
    one, every = (server.cli("search", "status", *words).stdout.decode() for words in ([ALICE], []))
    assert re.search(rf"^messages in the index +{before}$", one, re.M) and re.search(r"^what it takes on the disk +[\d.]+ [KM]?B$", one, re.M)
    assert re.search(r"^an index is kept +yes$", every, re.M) and re.search(r"^accounts whose mail waits for it +\d+$", every, re.M)


def test_segments_are_merged(server):
    for _ in range(9):
        deliver(server, 2)
    wait_for(lambda: status(server, ALICE)["segments"] < 8, what="segments to be merged", pause=0.1)


def test_store_check_knows_the_index(server):
    deliver(server, 10)
    server.cli("store", "check")


def test_without_an_index_nothing_is_made(make_server):
    server = make_server(search_index=False)
    with server.smtp() as client:
        client.sendmail("a@else.test", [ALICE], b"Subject: x\r\n\r\nx\r\n")
    assert status(server)["indexing"] == 0
    assert status(server, ALICE)["waiting"] == 1


# ---- as a mail program sees it ----


def document(text):
    """A word processor's file."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        z.writestr("[Content_Types].xml", '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>')
        z.writestr("word/document.xml", '<?xml version="1.0"?><w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>'
                   f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:body></w:document>")
    return out.getvalue()


def with_attachment(subject, text):
    m = email.message.EmailMessage()
    m["From"], m["To"], m["Subject"] = "a@else.test", BOB, subject
    m.set_content("see the attachment")
    m.add_attachment(document(text), maintype="application", subtype="vnd.openxmlformats-officedocument.wordprocessingml.document", filename="plan.docx")
    return m.as_bytes()


def search(server, *keys, address=BOB):
    client = imaplib.IMAP4("127.0.0.1", server.ports["imap"], timeout=TIMEOUT)
    try:
        client.starttls(server.tls())
        client.login(address, server.passwords[address])
        client.select("INBOX")
        code, found = client.search(None, *keys)
        assert code == "OK", found
        return [int(n) for n in found[0].split()]
    finally:
        client.logout()


def test_a_search_finds_what_stands_in_an_attachment(server):
    server.messages(BOB, delete=True)
    before = status(server, BOB)["messages"]
    with server.smtp() as client:
        client.sendmail("a@else.test", [BOB], with_attachment("first", "the hydraulic turbine").replace(b"\n", b"\r\n"))
        client.sendmail("a@else.test", [BOB], with_attachment("second", "a wooden boat").replace(b"\n", b"\r\n"))
    wait_until_indexed(server, before + 2, BOB)
    assert search(server, "BODY", "hydraulic") == [1]
    assert search(server, "TEXT", "wooden") == [2]
    assert search(server, "TEXT", "attachment") == [1, 2]
    assert search(server, "SUBJECT", "second") == [2]
    assert search(server, "BODY", "steam") == []


def test_a_search_is_exact_before_and_after_indexing(server):
    """What the index knows, and what is read, are one answer: a phrase, a fragment, letters of other scripts."""
    server.messages(BOB, delete=True)
    before = status(server, BOB)["messages"]
    texts = ["gr\u00fc\u00dfe aus wien", "GR\u00dc\u00dfE AUS LINZ", "aus gr\u00fc\u00dfe", "\u4f1a\u8b70\u306e\u4ef6"]
    with server.smtp() as client:
        for text in texts:
            client.sendmail("a@else.test", [BOB], f"Subject: x\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n".encode(), mail_options=["BODY=8BITMIME"])

    def answers():
        def find(text):
            client = imaplib.IMAP4("127.0.0.1", server.ports["imap"], timeout=TIMEOUT)
            try:
                client.starttls(server.tls())
                client.login(BOB, server.passwords[BOB])
                client.select("INBOX")
                client.literal = text.encode()
                return client.search("UTF-8", "BODY")[1][0].split()
            finally:
                client.logout()
        return [find(text) for text in ("gr\u00fc\u00dfe aus", "\u00dc\u00dfe", "\u8b70\u306e", "\u4ef6", "wien linz")]

    expected = [[b"1", b"2"], [b"1", b"2", b"3"], [b"4"], [b"4"], []]
    assert answers() == expected
    wait_until_indexed(server, before + 4, BOB)
    assert answers() == expected
