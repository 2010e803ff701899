"""Uploads and downloads (RFC 8620 section 6), as streams: nothing of a large one is ever held whole."""
import base64
import hashlib
import imaplib
import json
import re
import subprocess
import threading
import time

import pytest

from server import ENVIRONMENT, wait_for
from web_client import JSON, Answer, Web, basic

ALICE, BOB = "alice@example.test", "bob@example.test"
MB = 1 << 20
# The sanitizers keep what was freed for a while: no more of it than this.
LEAN = {"ASAN_OPTIONS": ENVIRONMENT["ASAN_OPTIONS"] + ":quarantine_size_mb=1:thread_local_quarantine_size_kb=64"}
ATTACHED = bytes(range(256)) * 1200
MESSAGE = (b"From: a@else.test\r\nSubject: with a file\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
           b"--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nGr=C3=BC=C3=9Fe, =\r\nB.\r\n"
           b"--b\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(ATTACHED).replace(b"\n", b"\r\n")
           + b"--b\r\nContent-Type: text/html\r\n\r\n<script>alert(1)</script>\r\n--b--\r\n")


def email_of(server, address=ALICE, message=MESSAGE):
    """The newest message of the inbox: the id that IMAP tells is JMAP's."""
    server.deliver(address, message)
    with imaplib.IMAP4_SSL("127.0.0.1", server.ports["imaps"], ssl_context=server.tls()) as client:
        client.login(address, server.passwords[address])
        client.select("INBOX", readonly=True)
        email = re.search(rb"EMAILID \(([^)]+)\)", client.fetch("*", "(EMAILID)")[1][0])[1].decode()
    with Web(server, address) as web:
        return web.call(("Email/get", {"accountId": web.account, "ids": [email], "properties": ["blobId", "bodyStructure"]}))[0][1]["list"][0]


def part_blobs(email):
    return [part["blobId"] for part in email["bodyStructure"]["subParts"]]


def test_an_upload_comes_back(server):
    with Web(server, ALICE) as web:
        answer = web.upload(b"Hello.\n", "text/x-anything; charset=utf-8")
        assert answer.status == 201 and answer.json == {"accountId": web.account, "blobId": answer.json["blobId"], "type": "text/x-anything; charset=utf-8", "size": 7}
        got = web.download(answer.json["blobId"], "a%20%22file%22%2F%D0%9F.txt", "text/html;x=%22y%22")
        assert got.status == 200 and got.body == b"Hello.\n"
        # The type is the one that was asked for, exactly, and no browser runs what it finds.
        assert got.fields["content-type"] == 'text/html;x="y"' and got.fields["x-content-type-options"] == "nosniff"
        assert got.fields["content-security-policy"] == "sandbox; default-src 'none'"
        assert got.fields["content-disposition"].startswith("attachment; filename=") and "filename*=UTF-8''a%20%22file%22%2F%D0%9F.txt" in got.fields["content-disposition"]
        assert got.fields["cache-control"] == "private, immutable, max-age=31536000"
        assert web.download(answer.json["blobId"], If_None_Match=got.fields["etag"]).status == 304
        assert web.upload(b"").json["size"] == 0
        # In pieces whose number nobody knows before.
        chunked = web.upload(iter([b"x" * 100000, b"y" * 100000]), encode_chunked=True)
        assert chunked.status == 201 and web.download(chunked.json["blobId"]).body == b"x" * 100000 + b"y" * 100000


def test_a_script_is_a_blob(server):
    """RFC 9661 section 2: a script's octets are fetched like any other, and are another blob once they change."""
    text = b"# " + b"x" * 300000 + b"\nkeep;\n"
    with Web(server, ALICE) as web:
        def put(**what):
            return web.call(("SieveScript/set", {"accountId": web.account, **what}), using=list(web.session["capabilities"]))[0][1]
        upload = web.upload(text).json["blobId"]
        script = put(create={"k": {"name": "Downloads", "blobId": upload}})["created"]["k"]
        got = web.download(script["blobId"], kind="application/sieve")
        assert got.status == 200 and got.body == text and got.fields["content-length"] == str(len(text))
        got = web.download(script["blobId"], Range="bytes=300000-300005")
        assert got.status == 206 and got.body == text[300000:300006]
        other = web.upload(b"stop;\n").json["blobId"]
        changed = put(update={script["id"]: {"blobId": other}})["updated"][script["id"]]
        assert web.download(script["blobId"]).status == 404 and web.download(changed["blobId"]).body == b"stop;\n"
        sieve = web.session["accounts"][web.account]["accountCapabilities"]["urn:ietf:params:jmap:sieve"]
        assert "fileinto" in sieve["sieveExtensions"] and sieve["notificationMethods"] == ["mailto"] and sieve["maxNumberRedirects"] == 4
        assert put(destroy=[script["id"]])["destroyed"] == [script["id"]]


def test_ranges(server):
    body = bytes(i * 7 & 255 for i in range(100000))
    with Web(server, ALICE) as web:
        blob = web.upload(body).json["blobId"]
        for field, status, first, last in (("bytes=0-9", 206, 0, 9), ("bytes=99990-", 206, 99990, 99999), ("bytes=-1", 206, 99999, 99999),
                                           ("bytes=0-999999", 206, 0, 99999), ("bytes=5-1", 200, 0, 99999), ("bytes=100000-", 416, 0, 0)):
            got = web.download(blob, Range=field)
            assert got.status == status, field
            if status != 416:
                assert got.body == body[first:last + 1], field
            if status == 206:
                assert got.fields["content-range"] == f"bytes {first}-{last}/100000"
        assert got.fields["content-range"] == "bytes */100000"


def test_parts_are_decoded_on_the_way(server):
    email = email_of(server)
    text, attached, page = part_blobs(email)
    with Web(server, ALICE) as web:
        assert web.download(text).body == "Grüße, B.".encode()
        assert web.download(attached).body == ATTACHED
        assert web.download(page, kind="text/html").body == b"<script>alert(1)</script>"
        got = web.download(attached, Range="bytes=1000-300000")
        assert got.status == 206 and got.body == ATTACHED[1000:300001] and got.fields["content-range"] == f"bytes 1000-300000/{len(ATTACHED)}"
        whole = web.download(email["blobId"], kind="message/rfc822")
        assert whole.body.endswith(MESSAGE) and int(whole.fields["content-length"]) == len(whole.body)
        # The same message as an upload.
        blob = web.upload(MESSAGE, "message/rfc822").json["blobId"]
        assert web.download(f"Q{blob[1:]}-2").body == ATTACHED
        head = web.ask("HEAD", f"/jmap/download/{web.account}/{email['blobId']}/x?type=text/plain")
        assert head.status == 200 and int(head.fields["content-length"]) == len(whole.body) and head.body == b""


def test_parts_of_mail_with_bare_line_ends(server):
    """Mail that came with LF alone is sent with CRLF, so that store's own offsets of its parts do not hold."""
    loose = MESSAGE.replace(b"\r\n", b"\n") + b"x" * 300000 + b"\n"
    with imaplib.IMAP4_SSL("127.0.0.1", server.ports["imaps"], ssl_context=server.tls()) as client:
        client.login(ALICE, server.passwords[ALICE])
        # As it comes: imaplib mends line ends of a literal by itself.
        tag = client._new_tag()
        client.send(tag + b" APPEND INBOX {%d}\r\n" % len(loose))
        assert client.readline().startswith(b"+")
        client.send(loose + b"\r\n")
        lines = iter(client.readline, b"")
        assert next(line for line in lines if line.startswith(tag)).startswith(tag + b" OK")
        client.select("INBOX", readonly=True)
        appended = re.search(rb"EMAILID \(([^)]+)\)", client.fetch("*", "(EMAILID)")[1][0])[1].decode()
    with Web(server, ALICE) as web:
        upload = web.upload(loose, "message/rfc822").json["blobId"]
        inbox = web.call(("Mailbox/query", {"accountId": web.account, "filter": {"role": "inbox"}}))[0][1]["ids"][0]
        made = web.call(("Email/import", {"accountId": web.account, "emails": {"a": {"blobId": upload, "mailboxIds": {inbox: True}}}}))
        imported = made[0][1]["created"]["a"]["id"]
        for email in (appended, imported):
            got = web.call(("Email/get", {"accountId": web.account, "ids": [email], "properties": ["blobId", "bodyStructure"]}))[0][1]["list"][0]
            text, attached, page = part_blobs(got)
            assert web.download(text).body == "Grüße, B.".encode()
            assert web.download(attached).body == ATTACHED
            assert web.download(page).body == b"<script>alert(1)</script>"
            part = web.download(attached, Range="bytes=1000-300000")
            assert part.status == 206 and part.body == ATTACHED[1000:300001]
            answer = web.call(("Blob/get", {"accountId": web.account, "ids": [text, attached, page], "properties": ["data:asBase64", "size"]}),
                              using=list(web.session["capabilities"]))[0][1]
            assert [base64.b64decode(one["data:asBase64"]) for one in answer["list"]] == ["Grüße, B.".encode(), ATTACHED, b"<script>alert(1)</script>"]
            assert web.download(text[:text.rindex("-")] + "-9").status == 404
            # A part goes into another mail.
            copy = web.call(("Email/set", {"accountId": web.account, "create": {"k": {"mailboxIds": {inbox: True}, "subject": "again", "attachments": [
                {"blobId": attached, "type": "application/octet-stream"}]}}}))[0][1]["created"]["k"]["id"]
            again = web.call(("Email/get", {"accountId": web.account, "ids": [copy], "properties": ["attachments"]}))[0][1]["list"][0]
            assert web.download(again["attachments"][0]["blobId"]).body == ATTACHED


def test_a_large_message_with_bare_line_ends_is_read_in_few_pieces(server):
    """Each piece is mended from the beginning on: the digests of all of it, and a range in its midst."""
    loose = b"Subject: large\n\n" + b"".join(b"line %d of many\n" % i for i in range(400000))
    whole = loose.replace(b"\n", b"\r\n")
    with Web(server, ALICE) as web:
        upload = web.upload(loose, "message/rfc822").json["blobId"]
        inbox = web.call(("Mailbox/query", {"accountId": web.account, "filter": {"role": "inbox"}}))[0][1]["ids"][0]
        made = web.call(("Email/import", {"accountId": web.account, "emails": {"a": {"blobId": upload, "mailboxIds": {inbox: True}}}}))
        blob = made[0][1]["created"]["a"]["blobId"]
        using = list(web.session["capabilities"])
        one = web.call(("Blob/get", {"accountId": web.account, "ids": [blob], "properties": ["digest:sha-256", "size"]}), using=using)[0][1]["list"][0]
        assert one["size"] == len(whole) and base64.b64decode(one["digest:sha-256"]) == hashlib.sha256(whole).digest()
        one = web.call(("Blob/get", {"accountId": web.account, "ids": [blob], "offset": 3000001, "length": 1000000, "properties": ["data:asText"]}),
                       using=using)[0][1]["list"][0]
        assert one["data:asText"].encode() == whole[3000001:4000001]


def test_what_is_not_ones_own(server):
    email = email_of(server)
    with Web(server, ALICE) as web:
        blob, account = web.upload(b"secret").json["blobId"], web.account
    with Web(server, BOB) as web:
        for name in (blob, email["blobId"], *part_blobs(email)):
            for path in (f"{account}/{name}", f"{web.account}/{name}", f"{web.account}/{name.replace(account[1:], web.account[1:], 1)}"):
                got = web.get(f"/jmap/download/{path}/x?type=text/plain")
                assert got.status == 404, path
        assert web.ask("POST", f"/jmap/upload/{account}", b"x").status == 404
        for path in ("A1", "A1/", f"{web.account}/B", f"{web.account}/Bx-1/x", f"{web.account}/U{web.account[1:]}-ffffff/x", f"{web.account}/../x"):
            assert web.get(f"/jmap/download/{path}?type=a").status in (400, 404), path
        own = web.upload(b"own").json["blobId"]
        assert web.download(own, kind="a%0d%0aX-Evil:%201").status == 400
    with Web(server) as web:
        assert web.get(f"/jmap/download/{account}/{blob}/x").status == 401


def test_too_large_an_upload_is_refused_before_it_comes(make_server):
    server = make_server(upload_size_max="1M")
    with Web(server, ALICE) as web:
        assert web.session["capabilities"]["urn:ietf:params:jmap:core"]["maxSizeUpload"] == MB
        web.http.putrequest("POST", f"/jmap/upload/{web.account}")
        for name, value in {**web.fields, "Content-Length": str(MB + 1)}.items():
            web.http.putheader(name, value)
        web.http.endheaders()
        answer = Answer(web.http.getresponse())
        assert answer.status == 413 and answer.json["limit"] == "maxSizeUpload"
    with Web(server, ALICE) as web:
        assert web.upload(b"x" * MB).status == 201


@pytest.mark.parametrize("version", ["1", pytest.param("2", marks=pytest.mark.long)])
def test_100_mb_pass_through(make_server, version):
    """Up and down, without any process growing by 8 MB."""
    server = make_server(environment=LEAN)
    size, piece = 100 * MB, bytes(range(256)) * 4096
    with Web(server, ALICE) as web:
        web.upload(piece)
        roles = ("web", "store", "auth", "keys")
        before = {role: server.memory(role) for role in roles}
        peak, done = dict(before), threading.Event()

        def watch():
            while not done.is_set():
                for role in roles:
                    peak[role] = max(peak[role], server.memory(role))
                time.sleep(0.02)
        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            if version == "1":
                answer = web.ask("POST", f"/jmap/upload/{web.account}", (piece for _ in range(100)), {"Content-Length": str(size)})
                assert answer.status == 201 and answer.json["size"] == size
                web.http.request("GET", f"/jmap/download/{web.account}/{answer.json['blobId']}/x?type=a/b", headers=web.fields)
                response, digest = web.http.getresponse(), hashlib.sha256()
                while data := response.read(MB):
                    digest.update(data)
            else:
                digest = through_curl(server, web.account, piece, size)
        finally:
            done.set()
            watcher.join()
        expected = hashlib.sha256()
        for _ in range(100):
            expected.update(piece)
        assert digest.hexdigest() == expected.hexdigest()
    grown = {role: (peak[role] - before[role]) / MB for role in roles}
    print("grown by MB:", {role: round(number, 1) for role, number in grown.items()})
    assert max(grown.values()) < 8, grown


def through_curl(server, account, piece, size):
    file = server.folder / "large"
    with file.open("wb") as f:
        for _ in range(size // len(piece)):
            f.write(piece)
    base = f"https://127.0.0.1:{server.ports['https']}/jmap"
    common = ["curl", "-sS", "--http2", "--cacert", str(server.folder / "tls-cert.pem"), "-u", f"{ALICE}:{server.passwords[ALICE]}"]
    answer = json.loads(subprocess.run([*common, "-H", "Content-Type: a/b", "-T", str(file), "-X", "POST", f"{base}/upload/{account}"], stdout=subprocess.PIPE, check=True).stdout)
    assert answer["size"] == size
    file.unlink()
    digest = hashlib.sha256()
    with subprocess.Popen([*common, f"{base}/download/{account}/{answer['blobId']}/x?type=a/b"], stdout=subprocess.PIPE) as curl:
        while data := curl.stdout.read(MB):
            digest.update(data)
    return digest


def test_a_slow_reader_holds_up_nothing_else(server):
    with Web(server, ALICE) as slow, Web(server, ALICE) as quick:
        blob = quick.upload(b"z" * (8 * MB)).json["blobId"]
        slow.http.request("GET", f"/jmap/download/{quick.account}/{blob}/x?type=a/b", headers=slow.fields)
        response = slow.http.getresponse()
        assert response.read(10) == b"z" * 10
        for _ in range(3):
            assert len(quick.download(blob).body) == 8 * MB
        assert quick.ask("POST", "/jmap/api", json.dumps({"using": ["urn:ietf:params:jmap:core"], "methodCalls": [["Core/echo", {}, "c"]]}), JSON).status == 200
        assert len(response.read()) == 8 * MB - 10


def test_uploads_that_do_not_go_on(server):
    """Sixteen may be under way; the next one is refused at once, and one that is given up makes room."""
    opened = []
    with Web(server, ALICE) as web:
        account = web.account
        for _ in range(17):
            client = Web(server, ALICE)
            client.http.putrequest("POST", f"/jmap/upload/{account}")
            for name, value in {**basic(server, ALICE), "Content-Length": "1000000"}.items():
                client.http.putheader(name, value)
            client.http.endheaders()
            client.http.send(b"x" * 1000)
            opened.append(client)
        answer = Answer(opened[-1].http.getresponse())
        assert answer.status == 400 and answer.json["limit"] == "maxConcurrentUpload"
        for client in opened:
            client.http.close()
        wait_for(lambda: web.upload(b"fits").status == 201, what="room for an upload")


def test_a_dead_store_ends_an_upload(make_server):
    server = make_server()
    with Web(server, ALICE) as web:
        web.http.putrequest("POST", f"/jmap/upload/{web.account}")
        for name, value in {**basic(server, ALICE), "Content-Length": "2000000"}.items():
            web.http.putheader(name, value)
        web.http.endheaders()
        web.http.send(b"x" * 100000)
        mark = server.mark()
        server.kill_role("store")
        server.wait_event("web-account-gone", since=mark)
        answer = Answer(web.http.getresponse())
        assert answer.status == 503 and answer.fields["retry-after"]
    with Web(server, ALICE) as web:
        wait_for(lambda: web.get("/jmap/session").status == 200, what="the account")
        assert web.upload(b"again").status == 201
