"""
Pictures of messages that lie on other hosts, and lists that somebody leaves with one click (RFC 8058): what is asked of whom. And what is
known of a recipient before mail is sent.
"""
import http.client
import http.server
import json

import pytest

from hosts import HttpsHost
from road import submit
from server import TIMEOUT
from web_client import JSON, Web

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 100


class Person(Web):
    """The net's servers have certificates of their names, and none of 127.0.0.1."""

    def __init__(self, server):
        super().__init__(server, server.sender)
        self.http = http.client.HTTPSConnection("127.0.0.1", server.ports["https"], timeout=TIMEOUT, context=server.tls(check_hostname=False))

    def picture(self, url, path="/picture", fields=()):
        return self.ask("POST", path, json.dumps({"url": url}), {**JSON, **dict(fields)})


class Host(HttpsHost):
    """Answers as `pages` says: path -> (status, fields, body); notes (method, path, fields, body) of each request."""

    def __init__(self, address, port, certificate):
        self.pages, self.asked = {}, []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def answer(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                outer.asked.append((self.command, self.path, dict(self.headers), body))
                status, fields, body = outer.pages.get(self.path, (404, {}, b"none"))
                self.send_response(status)
                for name, value in {"Content-Length": str(len(body)), **fields}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = answer

            def log_message(self, *_):
                pass

        super().__init__(address, port, certificate, Handler)


@pytest.fixture
def host(road, provider):
    name = f"pictures{road.number}.example"
    address = road.address()
    road.set(name, "A", address)
    made = Host(address, road.https_port, road.ca.issue(name))
    road.closing.callback(made.close)
    made.name = name
    road.publish()
    return made


def test_a_picture_comes_by_way_of_the_server_and_tells_nothing_of_the_reader(provider, host):
    large = PNG + bytes(range(256)) * 4000
    host.pages = {"/a.png?x=1": (200, {"Content-Type": "text/html", "Set-Cookie": "a=b"}, PNG), "/large": (200, {}, large),
                  "/there": (302, {"Location": "/a.png?x=1"}, b""), "/gone": (410, {}, PNG),
                  "/again": (301, {"Location": f"https://{host.name}/there"}, b""), "/": (200, {}, PNG)}
    with Person(provider) as web:
        got = web.picture(f"https://{host.name}/a.png?x=1#part")
        assert (got.status, got.body, got.fields["content-type"]) == (200, PNG, "image/png")
        assert got.fields["x-content-type-options"] == "nosniff" and "sandbox" in got.fields["content-security-policy"] and "set-cookie" not in got.fields
        method, path, fields, body = host.asked[0]
        assert (method, path, body) == ("GET", "/a.png?x=1", b"")
        assert not {"Cookie", "Referer", "Authorization", "Accept-Language", "X-Forwarded-For", "From"} & set(fields), fields
        assert provider.sender not in str(fields)
        assert web.picture(f"https://{host.name}/large").body == large
        assert web.picture(f"http://{host.name}").body == PNG, "what is asked for in the clear is asked for by TLS"
        assert web.picture(f"https://{host.name}/again").body == PNG
        assert [path for _, path, _, _ in host.asked[-3:]] == ["/again", "/there", "/a.png?x=1"]
        assert web.picture(f"https://{host.name}/gone").status == 404


def test_only_pictures_are_given_and_redirects_end(provider, host):
    host.pages = {"/page": (200, {"Content-Type": "image/png"}, b"<script>1</script>"), "/svg": (200, {"Content-Type": "image/svg+xml"}, b"<svg/>"),
                  "/huge": (200, {}, PNG + bytes(5 << 20)), "/empty": (200, {}, b""),
                  "/round": (302, {"Location": "/round"}, b""), "/clear": (302, {"Location": f"http://{host.name}:80/x"}, b""),
                  "/inside": (302, {"Location": "https://127.0.0.1/"}, b""), "/file": (302, {"Location": "file:///etc/passwd"}, b"")}
    with Person(provider) as web:
        for path in ("/page", "/svg", "/empty", "/round", "/clear", "/file"):
            assert web.picture(f"https://{host.name}{path}").status == 404, path
        assert web.picture(f"https://{host.name}/huge").status == 502
        assert web.picture(f"https://{host.name}/inside").status in (404, 502)
        assert sum(path == "/round" for _, path, _, _ in host.asked) == 4


def test_no_url_leads_into_a_private_net(provider, host):
    with Person(provider) as web:
        before = len(host.asked)
        for url in ("https://127.0.0.1/", "https://127.1/", "https://0x7f000001/", "https://2130706433/", "https://017700000001/", "https://[::1]/", "https://[::ffff:127.0.0.1]/",
                    "https://[fe80::1]/", "https://100.64.0.1/", "https://10.0.0.1/", "https://192.168.0.1/", "https://169.254.169.254/latest", "https://0/", "https://localhost/",
                    "https://localhost./", f"https://{host.name}:8443/", f"https://a@{host.name}/", "ftp://x.example/", "javascript:1", "//x.example/", "/x", "x", "",
                    "https://", "https:///x", f"https://{host.name}/a b", f"https://{host.name}/\r\nX: y", f"https://{'a' * 300}.example/", "https://x.example/" + "a" * 5000):
            answer = web.picture(url)
            assert answer.status in (400, 404, 502), (url, answer.status, answer.body)
        assert len(host.asked) == before


def test_who_may_ask(provider, host):
    host.pages = {"/a": (200, {}, PNG)}
    url = f"https://{host.name}/a"
    with Person(provider) as web:
        assert web.picture(url, fields={"Origin": "https://evil.test"}).status == 403
        assert web.picture(url, fields={"Sec-Fetch-Site": "cross-site"}).status == 403
        assert web.ask("POST", "/picture", f"url={url}", {"Content-Type": "application/x-www-form-urlencoded"}).status == 400
        assert web.ask("POST", "/picture", "{", JSON).status == 400
        assert web.ask("GET", "/picture?url=" + url).status == 405
        web.fields = {}
        assert web.picture(url).status == 401
        assert host.asked == []


def test_a_list_is_left_with_one_click(provider, host):
    host.pages = {"/leave?who=1": (200, {}, b"You are unsubscribed."), "/moved": (302, {"Location": "/leave?who=1"}, b""), "/no": (500, {}, b"")}
    with Person(provider) as web:
        assert web.picture(f"https://{host.name}/leave?who=1", "/unsubscribe").status == 204
        method, path, fields, body = host.asked[0]
        assert (method, path, body) == ("POST", "/leave?who=1", b"List-Unsubscribe=One-Click")
        assert fields["Content-Type"] == "application/x-www-form-urlencoded" and "Cookie" not in fields
        assert web.picture(f"https://{host.name}/moved", "/unsubscribe").status == 404
        assert web.picture(f"https://{host.name}/no", "/unsubscribe").status == 404
        assert web.picture(f"http://{host.name}/leave?who=1", "/unsubscribe").status == 404
        assert len(host.asked) == 3


RECIPIENTS = ("urn:ietf:params:jmap:core", "urn:postrider:params:jmap:recipients")


def check(web, *addresses):
    answers = web.call(*(("Recipient/check", {"accountId": web.account, "addresses": addresses[i:i + 50]}) for i in range(0, len(addresses), 50)), using=RECIPIENTS)
    found = {one["email"]: (one["state"], one["tls"]) for answer in answers for one in answer[1]["list"]}
    assert set(found) == set(addresses)
    return found


def test_what_is_known_of_recipients(road, provider):
    """Of addresses here as RCPT says; of domains elsewhere by DNS and DANE. Nobody is connected to for it, and nobody learns who else writes there."""
    company, strict, null = road.company(), road.company(), road.new_domain()
    strict.secure(certificate := road.ca.issue(strict.name))
    road.tlsa(strict.name, certificate.tlsa())
    road.set(null, "MX", "0 .")
    road.publish()
    mark = provider.mark()
    submit(provider, provider.sender, company.bob)
    assert provider.wait_event("relay-delivered", since=mark, recipient=company.bob).fields["tls"]
    with Person(provider) as web:
        here = provider.sender.partition("@")[2]
        assert check(web, provider.sender, f"nobody@{here}", "no address", company.bob, f"rose@{company.domain}", strict.bob, f"rose@{null}", "rose@nowhere.example") == {
            provider.sender: ("good", None), f"nobody@{here}": ("noSuchUser", None), "no address": ("malformed", None),
            company.bob: ("good", "unknown"), f"rose@{company.domain}": ("good", "unknown"), strict.bob: ("good", "proven"),
            f"rose@{null}": ("takesNoMail", None), "rose@nowhere.example": ("noSuchDomain", None)}
        assert strict.sessions == []

        # So many domains in a minute, and so many addresses: these are more than two minutes have. What is known already is told beyond that.
        some, all_of_them = {("noSuchDomain", None), ("unknown", None)}, [f"rose@none{i}.example" for i in range(125)]
        assert set(check(web, *all_of_them).values()) == some
        assert check(web, strict.bob) == {strict.bob: ("good", "proven")}
        assert set(check(web, *(f"x{i}@{here}" for i in range(450))).values()) == {("noSuchUser", None), ("unknown", None)}
