"""The web role as browsers and programs meet it: HTTP, what every answer says, who may ask."""
import concurrent.futures
import json
import os
import signal

import pytest

from server import TIMEOUT, run
from web_client import JSON, Web, basic

ALICE, BOB = "alice@example.test", "bob@example.test"
ECHO = json.dumps({"using": ["urn:ietf:params:jmap:core"], "methodCalls": [["Core/echo", {"a": 1}, "c"]]})

# What every answer has, whatever it is.
SECURITY = {
    "strict-transport-security": "max-age=31536000",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
}


def curl(server, *options, service="https"):
    done = run("curl", "-sS", "--max-time", str(TIMEOUT), "--cacert", server.folder / "tls-cert.pem", *options)
    assert done.returncode == 0, done.stderr
    return done.stdout.decode()


def test_the_domain_names_the_service(server):
    records = server.cli("dns", "records", "example.test").stdout.decode()
    assert f"_jmap._tcp.example.test. 3600 IN SRV 0 1 {server.ports['https']} mail.example.test." in " ".join(records.split())


@pytest.mark.parametrize("version", ["--http1.1", "--http2"])
def test_both_versions(server, version):
    url = f"https://127.0.0.1:{server.ports['https']}"
    page = curl(server, version, "-w", "\n%{http_version} %{http_code}", f"{url}/")
    assert "<h1>Sign in</h1>" in page and page.rsplit("\n", 1)[1] == ("2 200" if version == "--http2" else "1.1 200")
    answer = curl(server, version, "-u", f"{ALICE}:{server.passwords[ALICE]}", "-H", "Content-Type: application/json", "-d", ECHO, f"{url}/jmap/api")
    assert json.loads(answer)["methodResponses"] == [["Core/echo", {"a": 1}, "c"]]


def test_every_answer_protects_its_reader(server):
    with Web(server) as web:
        for method, path, status in (("GET", "/", 200), ("GET", "/page.css", 200), ("GET", "/nothing", 404), ("GET", "/jmap/session", 401),
                                     ("DELETE", "/", 405), ("OPTIONS", "/jmap/api", 204), ("BREW", "/", 501)):
            answer = web.ask(method, path)
            assert answer.status == status, (method, path, answer.status)
            # A page with forms tells its own server, and nobody else, where they come from.
            security = {**SECURITY, "referrer-policy": "same-origin"} if (method, path) == ("GET", "/") else SECURITY
            assert security.items() <= answer.fields.items(), (path, answer.fields)
            policy = answer.fields["content-security-policy"]
            assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy and "unsafe" not in policy
            assert answer.fields["cache-control"] in ("no-store", "no-cache")
            assert "server" not in answer.fields and "set-cookie" not in answer.fields
        assert web.ask("DELETE", "/").fields["allow"] == "GET, HEAD, OPTIONS"


def test_files_are_sent_once(server):
    with Web(server) as web:
        first = web.get("/page.css")
        again = web.get("/page.css", If_None_Match=f'"other", {first.fields["etag"]}')
        assert again.status == 304 and again.body == b"" and again.fields["etag"] == first.fields["etag"]
        head = web.ask("HEAD", "/page.css")
        assert head.status == 200 and head.body == b"" and int(head.fields["content-length"]) == len(first.body)


# ---- port 80 ----

def test_clear_text_leads_to_https(server):
    with Web(server, ALICE, service="http") as web:
        port = server.ports["https"]
        answer = web.get("/a%20b/?x=%41", Host=f"mail.example.test:{server.ports['http']}")
        assert answer.status == 301 and answer.fields["location"] == f"https://mail.example.test:{port}/a%20b/?x=%41"
        assert "strict-transport-security" not in answer.fields
        # Nothing is served, and whoever sent a password sees that something is wrong.
        assert web.ask("POST", "/jmap/api", ECHO, JSON).status == 403
        assert web.get("/.well-known/acme-challenge/token").status == 404
        # What the path holds cannot become another field or another host.
        answer = web.get("/%0d%0aX-Evil:%20yes//evil.test/")
        assert answer.status == 400 or "x-evil" not in answer.fields
        assert web.get("//evil.test/").fields["location"] == f"https://127.0.0.1:{port}//evil.test/"


def test_a_trusted_proxy_says_how_it_was_reached(make_server):
    server = make_server(trusted_proxies=["127.0.0.7/32"])
    proxied = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "198.51.100.1, 192.0.2.7", "Host": "mail.example.test"}
    with Web(server, ALICE, service="http", source="127.0.0.7") as web:
        assert web.ask("POST", "/jmap/api", ECHO, {**JSON, **proxied}).status == 200
        assert web.ask("GET", "/jmap/session", fields=proxied).json["apiUrl"] == "https://mail.example.test/jmap/api"
        # The last one that the proxy names is the client; what the client said itself stands before it.
        assert server.wait_event("web-login").fields["client"] == "192.0.2.7"
        assert web.ask("GET", "/", fields={**proxied, "X-Forwarded-Proto": "http"}).status == 301
    # Anybody else who says so is not believed.
    with Web(server, ALICE, service="http", source="127.0.0.8") as web:
        assert web.ask("GET", "/", fields=proxied).status == 301


# ---- who asks ----

def test_basic(server):
    mark = server.mark()
    with Web(server, ALICE) as web:
        for _ in range(3):
            assert web.get("/jmap/session").json["username"] == ALICE
    # A password takes time to check: it is, once, and not for each request.
    assert len(server.find_events("web-login", since=mark, address=ALICE)) <= 1
    for fields in ({}, basic(server, ALICE, "wrong"), {"Authorization": "Basic ?"}, {"Authorization": "Basic " + "QUJD" * 1000},
                   {"Authorization": "Bearer x"}):
        with Web(server) as web:
            answer = web.ask("GET", "/jmap/session", fields=fields)
            assert answer.status == 401 and answer.fields["www-authenticate"].startswith("Basic "), fields
            assert answer.fields["content-type"] == "application/problem+json" and answer.json["status"] == 401
    # In a browser no window of its own asks for a password.
    with Web(server) as web:
        assert "www-authenticate" not in web.get("/jmap/session", Sec_Fetch_Mode="cors").fields


def test_requests_at_once_ask_auth_once(make_server):
    server = make_server()

    def ask(_):
        with Web(server, ALICE) as web:
            return web.get("/jmap/session").status
    with concurrent.futures.ThreadPoolExecutor(10) as pool:
        assert set(pool.map(ask, range(10))) == {200}
    assert len(server.find_events("web-login")) == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may look at the descriptors of a role")
def test_names_of_this_server_cost_little(make_server):
    """Whatever a client calls us, store opens a limited number of channels for its account."""
    server = make_server()
    store = server.role_pid("store")

    def descriptors():
        return len(os.listdir(f"/proc/{store}/fd"))
    before = descriptors()
    with Web(server, ALICE) as web:
        for n in range(100):
            assert web.get("/jmap/session", Host=f"m{n}.example.test").status == 200
        assert 32 <= descriptors() - before <= 64 + 16
    assert not server.find_events("web-users-full")


def test_a_changed_password_ends_what_the_old_one_opened(make_server):
    server = make_server()
    with Web(server, ALICE) as web:
        assert web.get("/jmap/session").status == 200
        server.cli("account", "password", ALICE, "--password-stdin", input=b"another long password\n")
        server.wait_event("web-account-gone")
        assert web.get("/jmap/session").status == 401
    with Web(server, ALICE, "another long password") as web:
        assert web.get("/jmap/session").status == 200


# ---- other sites ----

def test_programs_of_other_sites(server):
    """A page elsewhere may use JMAP with a password that it has itself (CORS)."""
    origin = {"Origin": "https://client.test"}
    with Web(server) as web:
        asked = web.ask("OPTIONS", "/jmap/api", fields={**origin, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"})
        assert asked.status == 204 and asked.fields["access-control-allow-origin"] == "*"
        assert "Authorization" in asked.fields["access-control-allow-headers"] and "POST" in asked.fields["access-control-allow-methods"]
        assert "access-control-allow-credentials" not in asked.fields
        assert "access-control-allow-origin" not in web.ask("OPTIONS", "/", fields=origin).fields
    with Web(server, ALICE) as web:
        cross = {**origin, "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors"}
        answer = web.ask("POST", "/jmap/api", ECHO, {**JSON, **cross})
        assert answer.status == 200 and answer.fields["access-control-allow-origin"] == "*"


def test_forms_of_other_sites(server):
    """The browser would add a password that it has kept: nothing is done for such a request."""
    with Web(server, ALICE) as web:
        for site, mode in (("cross-site", "no-cors"), ("cross-site", "navigate"), ("same-site", "no-cors")):
            form = {"Origin": "https://evil.test", "Sec-Fetch-Site": site, "Sec-Fetch-Mode": mode, "Content-Type": "text/plain"}
            assert web.ask("POST", "/jmap/api", ECHO, form).status == 403
            assert web.ask("POST", f"/jmap/upload/{web.account}", b"x", form).status == 403
        # A page of ours, and a program.
        own = {"Origin": f"https://127.0.0.1:{server.ports['https']}", "Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors"}
        assert web.ask("POST", "/jmap/api", ECHO, {**JSON, **own}).status == 200


# ---- what ends ----

def test_a_dead_store_is_told_and_forgotten(make_server):
    server = make_server()
    with Web(server, ALICE) as web:
        assert web.get("/jmap/session").status == 200
        mark = server.mark()
        server.kill_role("store")
        server.wait_event("web-account-gone", since=mark)
        statuses = set()
        while 200 not in statuses:
            answer = web.get("/jmap/session")
            statuses.add(answer.status)
            assert answer.status in (200, 503)
            assert answer.status == 200 or answer.fields["retry-after"]
        assert web.ask("POST", "/jmap/api", ECHO, JSON).status == 200


def test_a_stop_answers_what_was_asked(make_server):
    server = make_server()
    with Web(server, ALICE) as web:
        assert web.get("/jmap/session").status == 200
        assert server.stop() == 0
        with pytest.raises(OSError):
            web.get("/jmap/session")


def test_a_reload_takes_new_certificates_and_drops_nobody(make_server):
    server = make_server()
    with Web(server, ALICE) as web:
        assert web.get("/jmap/session").status == 200
        mark = server.mark()
        server.process.send_signal(signal.SIGHUP)
        server.wait_event("reloaded", since=mark)
        assert web.get("/jmap/session").status == 200
