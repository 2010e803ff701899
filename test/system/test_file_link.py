"""Files behind links: who has the URL of one fetches it without an account, in pieces and after a cut, until its owner takes it back."""
import json
import re
import socket
import ssl

from clock import Clock
from server import TIMEOUT, wait_for
from web_client import CORE, MAIL, Web

ALICE, BOB = "alice@example.test", "bob@example.test"
FILE_LINK = "urn:postrider:params:jmap:filelink"
USING = (CORE, MAIL, "urn:ietf:params:jmap:blob", FILE_LINK)
MB = 1 << 20
DAY = 86400
BODY = bytes(range(256)) * 1000
# More than the buffers between store and a client that takes nothing.
LARGE = 24 * MB


def setting(web, **what):
    return web.call(("FileLink/set", {"accountId": web.account, **what}), using=USING)[0][1]


def make(web, body, name="Plans.zip", **given):
    blob = web.upload(body).json["blobId"]
    return setting(web, create={"k": {"blobId": blob, "name": name, **given}})["created"]["k"]


def seen(web, link):
    return web.call(("FileLink/get", {"accountId": web.account, "ids": [link["id"]]}), using=USING)[0][1]["list"][0]


def path_of(link):
    return "/" + link["url"].split("/", 3)[3]


class Taking:
    """A client that has asked for a file, and takes little of it."""

    def __init__(self, server, path):
        plain = socket.socket()
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
        plain.settimeout(TIMEOUT)
        plain.connect(("127.0.0.1", server.ports["https"]))
        self.socket = server.tls(check_hostname=False).wrap_socket(plain)
        self.socket.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        self.got = b""
        while b"\r\n\r\n" not in self.got or len(self.got) < 100000:
            self.got += self.socket.recv(65536)
        self.got = self.got.partition(b"\r\n\r\n")[2]

    def rest(self):
        """All that still comes."""
        pieces = [self.got]
        try:
            while piece := self.socket.recv(MB):
                pieces.append(piece)
        except (ssl.SSLError, ConnectionResetError):
            pass
        self.socket.close()
        return b"".join(pieces)


def test_the_life_of_one(server):
    with Web(server, ALICE) as alice, Web(server) as anybody:
        about = alice.session["accounts"][alice.account]["accountCapabilities"][FILE_LINK]
        assert about["maxDays"] == 30 and about["space"] == 2 << 30 and about["attachMax"] >= MB
        link = make(alice, BODY, "Größe <1>.zip", type="text/html")
        assert link["size"] == len(BODY) and link["downloads"] == 0
        path = path_of(link)

        # A page for people, in their language, which fetches nothing.
        page = anybody.get(path, Accept_Language="de", Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="navigate", Sec_Fetch_Dest="document")
        text = page.body.decode()
        assert page.status == 200 and 'lang="de"' in text and "Größe &lt;1&gt;.zip" in text and ALICE in text and "256,0 kB" in text
        assert re.search(r'<time datetime="[\dTZ:-]+">\d+\. (Januar|Februar|März|April|Mai|Juni|Juli|August|September|Oktober|November|Dezember) \d{4}, \d\d:\d\d UTC<', text)
        assert "<script" not in text and page.fields["x-robots-tag"] == "noindex" and page.fields["cache-control"] == "no-store"
        octets = re.search(r'class="button"[^>]* href="([^"]+)"', text)[1]

        # The octets, as an attachment of no type.
        got = anybody.get(octets, Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="navigate", Sec_Fetch_Dest="document")
        assert got.status == 200 and got.body == BODY and got.fields["content-type"] == "application/octet-stream"
        assert got.fields["content-disposition"].endswith("filename*=UTF-8''Gr%C3%B6%C3%9Fe%20%3C1%3E.zip")
        assert got.fields["x-content-type-options"] == "nosniff" and got.fields["content-security-policy"] == "sandbox; default-src 'none'"
        assert got.fields["referrer-policy"] == "no-referrer" and got.fields["cache-control"] == "private, no-store"
        tag = got.fields["etag"]
        server.wait_event("file-fetched", address=ALICE, status=200, bytes=len(BODY))
        wait_for(lambda: seen(alice, link)["downloads"] == 1, what="the download is counted")
        assert seen(alice, link)["lastDownload"] >= link["created"]
        assert anybody.get(octets, Sec_Fetch_Dest="script").status == 403

        # In pieces, which count when they reach the end.
        head = anybody.ask("HEAD", octets)
        assert head.status == 200 and int(head.fields["content-length"]) == len(BODY)
        for field, first, last in (("bytes=0-9", 0, 9), ("bytes=100-199", 100, 199)):
            got = anybody.get(path + "/any name".replace(" ", "%20"), Range=field, If_Range=tag)
            assert got.status == 206 and got.body == BODY[first:last + 1] and got.fields["content-range"] == f"bytes {first}-{last}/{len(BODY)}"
        assert anybody.get(octets, Range="bytes=100-", If_Range='"other"').body == BODY
        assert anybody.get(octets, Range=f"bytes={len(BODY)}-").status == 416
        assert anybody.get(octets, If_None_Match=tag).status == 304
        assert anybody.get(octets, Range=f"bytes={len(BODY) - 5}-").body == BODY[-5:]
        wait_for(lambda: seen(alice, link)["downloads"] == 3, what="and so are the others")

        # Nobody learns why there is none.
        name, secret = path[:-22], path[-22:]
        other = secret[:-1] + ("A" if secret[-1] != "A" else "Q")
        wrong = [name + other, name + secret[:21], name.replace("F1-", "F7777-") + secret, re.sub(r"-\w+-$", "-77-", name) + secret, "/file/", "/file/x/y"]
        answers = {(answer.status, answer.body) for answer in map(anybody.get, wrong)}
        assert len(answers) == 1 and answers.pop()[0] == 404
        assert anybody.get(name + other + "/x").status == 404
        assert anybody.ask("POST", path, b"x").status == 405

        # While the account is disabled, there is none either.
        server.cli("account", "disable", ALICE)
        assert anybody.get(path).status == 404 and anybody.get(octets).status == 404
        server.cli("account", "enable", ALICE)
        assert anybody.get(octets, Range="bytes=0-4").body == BODY[:5]

    # Whom it annoys has an administrator remove it: by what was sent, whole.
    listed, = json.loads(server.cli("file", "list", ALICE, "--json").stdout)
    assert (listed["owner"], listed["name"], listed["size"], listed["downloads"]) == (ALICE, "Größe <1>.zip", len(BODY), 3)
    assert "Größe <1>.zip" in server.cli("file", "list", ALICE).stdout.decode()
    everybodys, = json.loads(server.cli("file", "list", "--json").stdout)
    assert everybodys == listed
    first, second = server.cli("file", "list").stdout.decode().splitlines()
    assert first == ALICE and "Größe <1>.zip" in second
    of_alice = json.loads(server.cli("account", "show", ALICE, "--json").stdout)
    assert (of_alice["file_links"], of_alice["file_link_bytes"]) == (1, len(BODY))
    assert "  file links      1 (256.0 KB)" in server.cli("account", "show", ALICE).stdout.decode()
    asked = server.cli("account", "remove", ALICE, status=77)
    assert "1 file behind links (256.0 KB), which nobody can fetch then" in (asked.stdout + asked.stderr).decode()
    server.cli("file", "remove", f"https://mail.example.test{name}{other}", status=66)
    server.cli("file", "remove", "https://mail.example.test/mail/inbox", status=64)
    server.cli("file", "remove", ALICE, "7777", status=66)
    assert ALICE in server.cli("file", "remove", f"{link['url']}/x?y").stdout.decode()
    server.cli("file", "remove", ALICE, str(listed["number"]), status=66)
    assert server.cli("file", "list", ALICE, "--json").stdout == b"[]\n"
    assert server.cli("file", "list", "--json").stdout == b"[]\n"
    assert server.cli("file", "list").stdout == b"Nobody has any file links.\n"
    assert "file links" not in server.cli("account", "show", ALICE).stdout.decode()
    with Web(server) as anybody:
        assert anybody.get(path).status == 404 and anybody.get(octets).status == 404


def test_a_download_goes_on_after_a_cut(make_server):
    server = make_server(upgrade_seconds=600)
    body = BODY * (LARGE // len(BODY))
    with Web(server, ALICE) as alice:
        link = make(alice, body)
    path = path_of(link) + "/x"

    def goes_on(taking):
        got = taking.rest()
        assert 100000 <= len(got) < len(body) and body.startswith(got)
        with Web(server) as anybody:
            rest = wait_for(lambda: (answer := anybody.get(path, Range=f"bytes={len(got)}-")).status == 206 and answer, what="the rest")
        assert got + rest.body == body

    taking = Taking(server, path)
    server.kill_role("store")
    goes_on(taking)
    server.wait_running()
    taking = Taking(server, path)
    server.cli("upgrade")
    goes_on(taking)
    with Web(server, ALICE) as alice:
        wait_for(lambda: seen(alice, link)["downloads"] == 2, what="what was taken to the end")
        # What its owner takes back ends, whoever is about to take it.
        taking = Taking(server, path)
        assert setting(alice, destroy=[link["id"]])["destroyed"] == [link["id"]]
    assert len(taking.rest()) < len(body)
    with Web(server) as anybody:
        assert anybody.get(path).status == 404


def test_time_and_space(make_server, tmp_path):
    tmp_path.chmod(0o755)
    clock = Clock(tmp_path / "clock")
    server = make_server(environment=clock.environment, file_link_space="1M", file_link_days=3)
    with Web(server, ALICE) as alice:
        first = make(alice, b"x" * (MB - 10))
        blob = alice.upload(b"y" * 11).json["blobId"]
        refused = setting(alice, create={"k": {"blobId": blob, "name": "y"}})["notCreated"]["k"]
        assert refused["type"] == "overQuota"
        assert make(alice, b"z" * 10)["size"] == 10
    clock.advance(3 * DAY + 10)
    with Web(server) as anybody, Web(server, ALICE) as alice:
        assert anybody.get(path_of(first)).status == 404
        assert alice.call(("FileLink/get", {"accountId": alice.account}), using=USING)[0][1]["list"] == []
        assert make(alice, b"x" * MB)["size"] == MB
    with Web(server, BOB) as bob:
        small = bob.upload(b"x").json["blobId"]
        many = setting(bob, create={f"k{i}": {"blobId": small, "name": "x"} for i in range(101)})
        assert len(many["created"]) == 100 and [refused["type"] for refused in many["notCreated"].values()] == ["rateLimit"]
    server.write_config(file_link_space="1M", file_link_days=0)
    server.cli("reload")
    server.add_account("carol@example.test")
    with Web(server, "carol@example.test") as carol, Web(server, BOB) as bob:
        assert FILE_LINK not in carol.session["capabilities"]
        # Who was there before is told when it comes to it.
        refused = setting(bob, create={"k": {"blobId": small, "name": "x"}})["notCreated"]["k"]
        assert refused["type"] == "forbidden"
