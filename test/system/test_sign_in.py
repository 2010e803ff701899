"""Signing in as a browser does, by forms and by JSON: passwords, codes, passkeys, sessions, app passwords and tokens."""
import concurrent.futures
import html
import imaplib
import json
import re
import urllib.parse

import pytest

from browser import COOKIE, Browser, code, codes_on
from clock import Clock
from passkey import Passkey
from web_client import JSON, Web, basic

ALICE = "alice@example.test"
BOB = "bob@example.test"


def imap(server, password):
    client = imaplib.IMAP4_SSL("127.0.0.1", server.ports["imaps"], ssl_context=server.tls())
    try:
        client.login(ALICE, password)
        return None
    except imaplib.IMAP4.error as error:
        return str(error)
    finally:
        client.shutdown()


# ---- password and session ----

def test_a_password_gives_a_session(make_server):
    server = make_server()
    with Browser(server) as browser:
        wrong = browser.json_to("/auth/login", username=ALICE, password="not this one")
        nobody = browser.json_to("/auth/login", username="nobody@example.test", password="not this one")
        assert wrong.status == nobody.status == 401 and wrong.body == nobody.body and browser.cookie is None
        assert browser.get("/auth/account").status == 401
        assert browser.get("/account").fields["location"] == "/?sign-in&next=%2Faccount"
        assert browser.sign_in() == {"next": None, "address": ALICE}
        assert ALICE not in browser.cookie
        state = browser.state
        assert state["address"] == ALICE and [s["agent"] for s in state["sessions"]] == ["Mozilla/5.0 (X11; Linux x86_64) Firefox/128.0"]
        # The session opens JMAP too, and outlives a restart of the server.
        assert browser.get("/jmap/session").json["username"] == ALICE
    server.stop()
    server.start()
    with Browser(server) as again:
        again.cookie = browser.cookie
        assert again.get("/jmap/session").json["username"] == ALICE
        assert again.json_to("/auth/logout").status == 200 and again.cookie is None
        again.cookie = browser.cookie
        assert again.get("/jmap/session").status == 401
        assert again.get("/auth/account").status == 401 and again.cookie is None


def test_several_people_in_one_browser(make_server):
    server = make_server()
    with Browser(server) as alice, alice.beside(1) as bob, alice.beside(2) as nobody:
        alice.sign_in()
        assert bob.get("/account").fields["location"] == "/u/1/?sign-in&next=%2Faccount"
        page = bob.get("/").body.decode()
        assert 'action="/u/1/auth/login"' in page
        # The way in leads back to the same seat; what names another one is no place.
        wanted = bob.form_to("/auth/login", username=BOB, password="wrong", next="/settings/rules").body.decode()
        assert 'name="next" value="/settings/rules"' in wanted and 'name="next"' not in bob.get("/?sign-in&next=%2Fu%2F0%2Fmail%2Finbox").body.decode()
        done = bob.form_to("/auth/login", username=BOB, password=server.passwords[BOB], next="/settings/rules")
        assert done.fields["location"] == "/u/1/settings/rules" and set(alice.cookies) == {COOKIE, f"{COOKIE}-1"}
        assert alice.get("/auth/seats").json == {"seats": 5, "taken": [0, 1]}
        assert alice.ask("GET", "/auth/seats", fields={"Sec-Fetch-Site": "cross-site"}).status == 403
        # Each asks as itself, and what the server names for it stays in its seat.
        for browser, address, at in ((alice, ALICE, ""), (bob, BOB, "/u/1")):
            session = browser.get("/jmap/session").json
            assert session["username"] == address and browser.state["address"] == address
            urls = [session[name] for name in ("apiUrl", "downloadUrl", "uploadUrl", "eventSourceUrl")] + [session["capabilities"]["urn:ietf:params:jmap:websocket"]["url"]]
            assert [url.split(browser.host)[1].split("/jmap/")[0] for url in urls] == [at] * 5
            assert f'action="{at}/auth/password"' in browser.get("/account").body.decode()
        assert alice.get("/jmap/session").json["state"] != bob.get("/jmap/session").json["state"]
        # A prefix is no way around what guards a cookie, and opens nothing of a seat where nobody is.
        assert bob.ask("POST", "/jmap/api", "{}", {**JSON, "Origin": "https://example.net", "Sec-Fetch-Site": "cross-site"}).status == 403
        assert nobody.get("/jmap/session").status == 401 and nobody.get("/auth/account").status == 401
        assert [alice.get(path).status for path in ("/u/5/jmap/session", "/u/01/jmap/session", "/u//jmap/session", "/u/1/u/1/jmap/session", "/u/0/jmap/session")] == [404] * 5
        # A prefix that is escaped is none: the pages' scripts would act on another seat than the server.
        assert [alice.get(path).status for path in ("/%75/1/account", "/%75%2F1/jmap/session", "/u/%31/?sign-in", "/u/1%2Faccount")] == [404] * 4
        assert alice.get("/u/1/%6Amap/session").json["username"] == BOB
        assert alice.get(f"https://{alice.host}/u/1/jmap/session?a=b").json["username"] == BOB
        # A second step is asked for, and taken, in the seat where the first one was.
        secret, _ = codes_on(bob)
        second = nobody.form_to("/auth/login", username=BOB, password=server.passwords[BOB], next="/settings/rules").body.decode()
        assert 'action="/u/2/auth/code"' in second and 'href="/u/2/?sign-in&amp;next=%2Fsettings%2Frules"' in second
        ticket = re.search(r'name="ticket" value="([0-9a-f]{32})"', second).group(1)
        assert nobody.form_to("/auth/code", ticket=ticket, code=code(secret, 1), next="/settings/rules").fields["location"] == "/u/2/settings/rules"
        assert nobody.form_to("/auth/logout").fields["location"] == "/mail/inbox"
        # One goes, and is led to the other, who stays.
        out = alice.form_to("/auth/logout")
        assert out.fields["location"] == "/u/1/mail/inbox" and alice.get("/jmap/session").status == 401
        assert bob.get("/jmap/session").json["username"] == BOB
        assert bob.form_to("/auth/logout").fields["location"] == "/" and not any(alice.cookies.values())


def test_without_a_script(make_server):
    server = make_server()
    with Browser(server) as browser:
        page = browser.get("/").body.decode()
        assert 'action="/auth/login"' in page and 'name="password"' in page
        assert '<html lang="en" dir="ltr">' in page
        # In the language of the browser; but for that of the webmail, where somebody has chosen one.
        arabic = browser.ask("GET", "/", fields={"Accept-Language": "ar-EG,en;q=0.5"}).body.decode()
        assert '<html lang="ar" dir="rtl">' in arabic and "كلمة المرور" in arabic
        german = browser.ask("GET", "/", fields={"Accept-Language": "ar", "Cookie": "language=de"}).body.decode()
        assert '<html lang="de" dir="ltr">' in german and "Passwort" in german
        wrong = browser.form_to("/auth/login", username='"><b>@x', password="no")
        assert wrong.status == 401 and "That was not right" in wrong.body.decode() and "<b>" not in wrong.body.decode()
        done = browser.form_to("/auth/login", username=ALICE, password=server.passwords[ALICE])
        assert done.status == 303 and done.fields["location"] == "/mail/inbox" and browser.cookie
        assert browser.get("/.well-known/change-password").fields["location"] == "/account"
        page = browser.get("/account").body.decode()
        assert ALICE in page and "Firefox on Linux" in page and "this one" in page
        # No sentence is forgotten in other languages: what is left of Latin letters are names.
        for language in ("ar", "ja", "ru", "zh"):
            for page in (browser.ask("GET", "/account", fields={"Accept-Language": language}), browser.ask("POST", "/auth/codes/begin", "", {"Content-Type": "application/x-www-form-urlencoded", "Accept-Language": language})):
                text = re.sub(r"<[^>]*>|[\w.]+@[\w.]+|\b[A-Z2-7]{32}\b", " ", page.body.decode())
                assert f'lang="{language}"' in page.body.decode() and not set(re.findall(r"[A-Za-z]{2,}", text)) - {"Firefox", "Linux", "UTC", "JMAP"}, text
        assert browser.get("/").fields["location"] == "/mail/inbox"
        made = browser.form_to("/auth/passwords/add", ("opens", "imap"), name="<i>Phone</i>").body.decode()
        password = re.search(r'class="secret">([a-z0-9]{16})<', made).group(1)
        assert imap(server, password) is None
        page = browser.get("/account").body.decode()
        assert "&lt;i&gt;Phone&lt;/i&gt;" in page and "<i>" not in page
        secret = re.search(r"<code>([A-Z2-7]{32})</code>", begun := browser.form_to("/auth/codes/begin").body.decode()).group(1)
        ticket = re.search(r'name="ticket" value="([0-9a-f]{32})"', begun).group(1)
        assert "<svg" in begun
        codes = re.findall(r"<li><code>([a-z0-9-]{19})</code>", browser.form_to("/auth/codes/set", ticket=ticket, code=code(secret)).body.decode())
        assert len(codes) == 10
        assert browser.form_to("/auth/logout").fields["location"] == "/" and browser.cookie is None
        second = browser.form_to("/auth/login", username=ALICE, password=server.passwords[ALICE])
        ticket = re.search(r'name="ticket" value="([0-9a-f]{32})"', second.body.decode()).group(1)
        wrong = browser.form_to("/auth/code", ticket=ticket, code="aaaa-aaaa-aaaa-aaaa")
        assert wrong.status == 401 and ticket in wrong.body.decode() and browser.cookie is None
        done = browser.form_to("/auth/code", ticket=ticket, code=codes[0])
        assert done.status == 303 and browser.cookie and "that are left: 9" in browser.get("/account").body.decode()


def test_one_comes_back_to_where_one_was(make_server):
    server = make_server()
    own = server.passwords[ALICE]
    with Browser(server) as browser:
        # The place goes along from form to form, and a wrong password does not lose it.
        place = "/search/a%20b%26%22%3Cx/T1"
        page = browser.get("/?sign-in&next=" + urllib.parse.quote(place, safe="")).body.decode()
        hidden = f'<input type="hidden" name="next" value="{html.escape(place)}">'
        assert page.count(hidden) == 2  # with a password, and with a passkey
        assert browser.form_to("/auth/login", username=ALICE, password="no", next=place).body.decode().count(hidden) == 2
        done = browser.form_to("/auth/login", username=ALICE, password=own, next=place)
        assert done.status == 303 and done.fields["location"] == place
        assert browser.get("/?next=%2Fadmin").fields["location"] == "/admin"
        # Only to a page of this server: to no other host, and to no address that does something.
        for wrong in ("//evil.test/mail/inbox", "https://evil.test/", "/\\evil.test", "/mail/../auth/logout", "/mail/%2e%2e/auth/logout", "/auth/logout", "/jmap/api", "mail/inbox",
                      "/mail/x\r\nX-Other: 1", "/mail/x?y=1", "/mail/%zz", "/mail/" + "x" * 1024, "/", "javascript:alert(1)", "/mailx"):
            assert "evil" not in browser.get("/?sign-in&next=" + urllib.parse.quote(wrong, safe="")).body.decode()
            assert browser.get("/?next=" + urllib.parse.quote(wrong, safe="")).fields["location"] == "/mail/inbox", wrong
            assert browser.form_to("/auth/login", username=ALICE, password=own, next=wrong).fields["location"] == "/mail/inbox", wrong
        secret, _ = codes_on(browser)
        browser.cookie = None
        second = browser.form_to("/auth/login", username=ALICE, password=own, next="/settings/rules").body.decode()
        assert 'name="next" value="/settings/rules"' in second and 'href="/?sign-in&amp;next=%2Fsettings%2Frules"' in second
        ticket = re.search(r'name="ticket" value="([0-9a-f]{32})"', second).group(1)
        assert 'name="next" value="/settings/rules"' in browser.form_to("/auth/code", ticket=ticket, code="000000", next="/settings/rules").body.decode()
        assert browser.form_to("/auth/code", ticket=ticket, code=code(secret, 1), next="/settings/rules").fields["location"] == "/settings/rules"


def test_sessions_are_listed_and_ended(make_server):
    server = make_server()
    with Browser(server) as one, Browser(server) as two:
        one.sign_in()
        two.sign_in()
        assert two.get("/jmap/session").status == 200
        state = one.state
        other = next(s["id"] for s in state["sessions"] if s["id"] != state["session"])
        assert len(state["sessions"]) == 2
        mark = server.mark()
        assert one.json_to("/auth/sessions/end", id=other).status == 200
        server.wait_event("web-account-gone", since=mark)  # its channel has ended at once, and this one's has not
        assert two.get("/jmap/session").status == 401 and one.get("/jmap/session").status == 200
        assert one.json_to("/auth/sessions/end", id=other).status == 404
        # What is no number names no session: it is not "all others".
        two.cookie = None
        two.sign_in()
        for wrong in ("x", "-1", "1.5", 1.5, "18446744073709551616"):
            assert one.json_to("/auth/sessions/end", id=wrong).status == 404, wrong
        assert len(one.state["sessions"]) == 2
        two.cookie = None
        two.sign_in()
        assert one.json_to("/auth/sessions/end").status == 200
        assert two.get("/auth/account").status == 401 and [s["id"] for s in one.state["sessions"]] == [state["session"]]


def test_too_many_sessions(make_server):
    server = make_server()
    with Browser(server) as first, Browser(server) as others:
        first.sign_in()
        assert first.get("/jmap/session").status == 200
        # The one that was not used for longest makes room, and its channel ends with it.
        for _ in range(50):
            others.sign_in()
        server.wait_event("web-account-gone")
        assert first.get("/jmap/session").status == 401 and len(others.state["sessions"]) == 50


def test_dangerous_things_want_a_proof(make_server, tmp_path):
    clock = Clock(tmp_path / "clock")
    server = make_server(environment=clock.environment)
    with Browser(server) as browser:
        browser.sign_in()
        assert browser.state["proved"] > 0
        clock.advance(16 * 60)
        assert browser.state["proved"] == 0
        for path in ("/auth/passwords/add", "/auth/tokens/add", "/auth/password", "/auth/codes/begin", "/auth/codes/remove", "/auth/passkeys/begin",
                     "/auth/passkeys/remove", "/auth/passwords/remove", "/auth/recovery/make", "/auth/sessions/end", "/auth/codes/set", "/auth/passkeys/add"):
            answer = browser.json_to(path)
            assert answer.status == 403 and answer.json["reason"] == "unproved", path
        assert browser.json_to("/auth/prove", secret="wrong").json["reason"] == "wrong"
        assert browser.json_to("/auth/prove", secret=server.passwords[ALICE]).status == 200
        assert browser.json_to("/auth/passwords/add", name="x", opens=["imap"]).status == 200


def test_a_new_password_ends_everything_else(make_server):
    server = make_server()
    with Browser(server) as one, Browser(server) as two:
        one.sign_in()
        two.sign_in()
        old = server.passwords[ALICE]
        assert one.json_to("/auth/password", current="not this one", new="a much longer password").json["reason"] == "wrong"
        weak = one.json_to("/auth/password", current=old, new="password")
        assert weak.status == 400 and weak.json["detail"].startswith("This password cannot be used: ")
        question = json.dumps({"current": old, "new": "kurz"})
        german = one.ask("POST", "/auth/password", question, {"Content-Type": "application/json", "Accept-Language": "de"})
        assert german.json["detail"] == "Dieses Passwort geht nicht: es hat weniger als 10 Zeichen."
        assert one.json_to("/auth/password", current=old, new="entirely different words").status == 200
        assert two.get("/auth/account").status == 401 and one.get("/auth/account").status == 200
        assert imap(server, old) and imap(server, "entirely different words") is None


# ---- the second factor ----

def test_codes(make_server):
    server = make_server()
    password = server.passwords[ALICE]
    with Browser(server) as browser:
        browser.sign_in()
        secret, recovery = codes_on(browser)
        assert len(set(recovery)) == 10 and browser.state["codes"] and browser.state["recoveryCodes"] == 10
        app = browser.json_to("/auth/passwords/add", name="Phone", opens=["imap", "web"]).json["password"]
        assert browser.json_to("/auth/passwords/add", name="", opens=["imap"]).json["reason"] == "invalid"
        assert browser.json_to("/auth/passwords/add", name="x" * 200, opens=["imap"]).json["reason"] == "invalid"
    # Mail programs are told that they need an app password; HTTP programs as well.
    assert "app password" in imap(server, password) and imap(server, app) is None
    with Web(server) as web:
        assert web.ask("GET", "/jmap/session", fields=basic(server, ALICE)).status == 401
        assert web.ask("GET", "/jmap/session", fields=basic(server, ALICE, app)).status == 200
    with Browser(server) as browser:
        begun = browser.sign_in()
        assert begun["next"] == "second" and begun["second"] == {"code": True, "passkey": False} and browser.cookie is None
        # An app password opens no browser's session.
        assert browser.json_to("/auth/login", username=ALICE, password=app).status == 401
        fresh = code(secret, 1)
        assert browser.json_to("/auth/code", ticket=begun["ticket"], code=fresh).status == 200 and browser.cookie
        browser.cookie = None
        again = browser.sign_in()
        assert browser.json_to("/auth/code", ticket=again["ticket"], code=fresh).status == 401  # taken once
        assert browser.json_to("/auth/code", ticket=again["ticket"], code=recovery[3].upper()).status == 200
        assert browser.state["recoveryCodes"] == 9
        assert browser.json_to("/auth/codes/remove").status == 200 and not browser.state["secondFactor"]
    assert imap(server, password) is None


def test_guessing_codes_is_slowed_down(make_server):
    server = make_server()
    with Browser(server) as browser:
        browser.sign_in()
        codes_on(browser)
        browser.cookie = None
        reasons = []
        ticket = browser.sign_in()["ticket"]
        for _ in range(10):
            reasons.append(browser.json_to("/auth/code", ticket=ticket, code="0000").json["reason"])
        assert set(reasons) == {"wrong"}
        assert browser.json_to("/auth/code", ticket=ticket, code="0000").json["reason"] == "stale"


def test_passkeys(make_server):
    server = make_server()
    with Browser(server) as browser:
        browser.sign_in()
        key = Passkey(browser.origin)
        begun = browser.json_to("/auth/passkeys/begin").json
        assert begun["options"]["rp"]["id"] == "mail.example.test"
        made = key.make(begun["options"])
        done = browser.json_to("/auth/passkeys/add", ticket=begun["ticket"], name="Phone", **made)
        assert done.status == 200 and len(done.json["recoveryCodes"]) == 10
        assert browser.json_to("/auth/passkeys/add", ticket=begun["ticket"], name="Phone", **made).json["reason"] == "stale"
        assert [p["name"] for p in browser.state["passkeys"]] == ["Phone"] and browser.state["secondFactor"]
        browser.cookie = None
        # Alone: it has looked who its user is.
        begun = browser.json_to("/auth/passkey/options").json
        assert begun["options"]["allowCredentials"] == [] and begun["options"]["userVerification"] == "required"
        answer = key.sign(begun["options"])
        assert browser.json_to("/auth/passkey", ticket=begun["ticket"], **answer).json["address"] == ALICE and browser.cookie
        assert browser.json_to("/auth/passkey", ticket=begun["ticket"], **answer).json["reason"] == "stale"  # one challenge, one answer
        # As the proof of a session; and not for another session.
        begun = browser.json_to("/auth/passkey/options", prove=True).json
        assert browser.json_to("/auth/passkey", prove=True, ticket=begun["ticket"], **key.sign(begun["options"])).status == 200
        begun = browser.json_to("/auth/passkey/options", prove=True).json
        assert browser.json_to("/auth/passkey", ticket=begun["ticket"], **key.sign(begun["options"])).json["reason"] == "stale"
        browser.cookie = None
        # As the second step.
        second = browser.sign_in()
        assert second["second"] == {"code": False, "passkey": True}
        begun = browser.json_to("/auth/passkey/options", ticket=second["ticket"]).json
        assert len(begun["options"]["allowCredentials"]) == 1
        assert browser.json_to("/auth/passkey", ticket=begun["ticket"], **key.sign(begun["options"])).status == 200 and browser.cookie
        assert browser.json_to("/auth/passkeys/remove", id=browser.state["passkeys"][0]["id"]).status == 200


def test_passkeys_that_are_refused(make_server):
    server = make_server()
    with Browser(server) as browser:
        browser.sign_in()
        key = Passkey(browser.origin)
        begun = browser.json_to("/auth/passkeys/begin").json
        browser.json_to("/auth/passkeys/add", ticket=begun["ticket"], name="Phone", **key.make(begun["options"]))
        browser.cookie = None

        def refused(change=None):
            asked = browser.json_to("/auth/passkey/options").json
            answer = key.sign(asked["options"])
            if change:
                change(answer)
            told = browser.json_to("/auth/passkey", ticket=asked["ticket"], **answer)
            assert browser.cookie is None
            return told.status == 401 and told.json["reason"] == "wrong"
        key.flags = 1
        assert refused()  # nobody was verified
        key.flags = 5
        key.origin = "https://evil.test"
        assert refused()
        key.origin = browser.origin
        key.counter = 0
        assert refused()  # a copy
        key.counter = 5
        assert refused(lambda answer: answer.update(signature=answer["signature"][:-4] + "AAAA"))
        assert refused(lambda answer: answer.update(userHandle="AAAAAAAAAAA"))
        assert refused(lambda answer: answer.update(id="AAAA"))
        assert refused(lambda answer: answer.update(clientDataJSON="e30"))
        # Under another name of this server it is another site's.
        with Browser(server, "localhost") as other:
            asked = other.json_to("/auth/passkey/options").json
            key.site = "localhost"
            assert other.json_to("/auth/passkey", ticket=asked["ticket"], **key.sign(asked["options"])).status == 401


# ---- programs ----

def test_tokens(make_server):
    server = make_server()
    with Web(server) as web:
        question = {"username": ALICE, "password": server.passwords[ALICE], "program": True}
        answer = web.ask("POST", "/auth/login", json.dumps(question), JSON)
        assert answer.status == 200 and "set-cookie" not in answer.fields
        bearer = {"Authorization": "Bearer " + answer.json["token"]}
        assert web.ask("GET", "/jmap/session", fields=bearer).json["username"] == ALICE
        # It reads and writes mail; it changes nothing of how its owner signs in.
        for path in ("/auth/passwords/add", "/auth/password", "/auth/codes/begin", "/auth/prove"):
            assert web.ask("POST", path, "{}", {**JSON, **bearer}).status == 400, path
        assert web.ask("POST", "/auth/logout", "{}", {**JSON, **bearer}).status == 200
        assert web.ask("GET", "/jmap/session", fields=bearer).status == 401
    with Browser(server) as browser:
        browser.sign_in()
        token = browser.json_to("/auth/tokens/add", name="Backup").json["token"]
        with Web(server) as web:
            assert web.ask("GET", "/jmap/session", fields={"Authorization": f"Bearer {token}"}).status == 200
        made = next(s for s in browser.state["sessions"] if s["program"])
        assert made["agent"] == "Backup"


# ---- what fails ----

def test_a_dead_auth_is_told(make_server):
    server = make_server()
    with Browser(server) as browser:
        browser.sign_in()
        server.kill_role("auth")
        statuses = set()
        while 200 not in statuses:
            answer = browser.get("/auth/account")
            statuses.add(answer.status)
            assert answer.status in (200, 503) and (answer.status == 200 or answer.fields["retry-after"])
        browser.cookie = None
        browser.sign_in()


def test_one_brake_for_all_ways_in(make_server):
    """Wrong passwords in a browser lock mail programs too, and the other way round: an account is one."""
    server = make_server(connections_per_address=200)

    def guess(number):
        with Browser(server) as browser:
            return browser.json_to("/auth/login", username=ALICE, password=f"guess number {number}").json["reason"]
    with concurrent.futures.ThreadPoolExecutor(40) as pool:
        reasons = list(pool.map(guess, range(40)))
    assert reasons.count("wrong") == 20 and reasons.count("locked") == 20
    with Browser(server) as browser:
        answer = browser.json_to("/auth/login", username=ALICE, password=server.passwords[ALICE])
        assert answer.status == 429 and answer.fields["retry-after"] and browser.cookie is None
    assert "too many failed logins" in imap(server, server.passwords[ALICE])


# ---- the administrator ----

def test_an_administrator_helps(make_server):
    server = make_server()
    with Browser(server) as browser, Browser(server) as other:
        browser.sign_in()
        other.sign_in()
        listed = json.loads(server.cli("account", "sessions", ALICE, "--json").stdout)
        assert [s["agent"].split("/")[0] for s in listed] == ["Mozilla", "Mozilla"] and {s["address"] for s in listed} == {"127.0.0.1"}
        assert len(server.cli("account", "sessions", ALICE).stdout.splitlines()) == 2
        server.cli("account", "session-end", ALICE, str(listed[1]["id"]))
        server.cli("account", "session-end", ALICE, str(listed[1]["id"]), status=66)
        server.cli("account", "session-end", ALICE, "x", status=64)
        assert other.get("/auth/account").status == 401 and browser.get("/auth/account").status == 200
        server.cli("account", "two-step-off", ALICE, status=66)
        codes_on(browser)
        assert json.loads(server.cli("account", "show", ALICE, "--json").stdout)["two_step"] is True
        assert b"The password alone opens this account" in server.cli("account", "two-step-off", ALICE).stderr
        assert browser.state["secondFactor"] is False and imap(server, server.passwords[ALICE]) is None
        server.cli("account", "session-end", ALICE, "--all")
        assert browser.get("/auth/account").status == 401
        other.cookie = None
        other.sign_in()
        server.cli("account", "password", ALICE, "--password-stdin", input=b"another long password\n")
        assert other.get("/auth/account").status == 401


# ---- other sites ----

def test_pages_of_other_sites(make_server):
    server = make_server()
    with Browser(server) as browser:
        browser.sign_in()
        kept = browser.cookie
        for fields in ({"Origin": "https://evil.test", "Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.test"}, {"Origin": "null"},
                       {"Sec-Fetch-Site": "same-site"}, {"Sec-Fetch-Site": "cross-site"}):
            for kind in ("application/json", "application/x-www-form-urlencoded", "text/plain"):
                answer = browser.ask("POST", "/auth/logout", "{}", {"Content-Type": kind, **fields})
                assert answer.status == 403, (fields, kind)
                assert browser.ask("POST", "/auth/login", "{}", {"Content-Type": kind, **fields}).status == 403
        # Nor does a page of ours run what somebody was sent, whatever type its address names.
        for destination, status in (("script", 403), ("style", 403), ("worker", 403), ("empty", 200), ("image", 200)):
            assert browser.get("/jmap/session", Sec_Fetch_Dest=destination).status == status, destination
        assert browser.cookie == kept and browser.get("/auth/account").status == 200
        assert "access-control-allow-origin" not in browser.get("/auth/account").fields


@pytest.mark.parametrize("body, kind", [(b"{", "application/json"), (b"[]", "application/json"), (b"{}", "text/plain"), (b"a=%zz", "application/x-www-form-urlencoded"),
                                        (b"a=%ff", "application/x-www-form-urlencoded"), (b"&".join([b"a=b"] * 100), "application/x-www-form-urlencoded"),
                                        (b'{"username":{}}', "application/json")])
def test_what_makes_no_sense(server, body, kind):
    with Browser(server) as browser:
        assert browser.ask("POST", "/auth/login", body, {"Content-Type": kind}).status in (400, 413)
        assert browser.get("/").status == 200


def test_what_is_too_large(server):
    with Browser(server) as browser:
        browser.http.putrequest("POST", "/auth/login", skip_host=True)
        for name, value in {"Host": browser.host, "Origin": browser.origin, "Content-Type": "application/json", "Content-Length": "70000"}.items():
            browser.http.putheader(name, value)
        browser.http.endheaders()
        assert browser.http.getresponse().status == 413
