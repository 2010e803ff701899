"""Administration by JMAP: who may, and when; each method, with what is refused; what is logged; the command lines."""
import base64
import json
import pathlib
import re
import shlex
import time

import pytest

from browser import Browser, code, codes_on
from clock import Clock
from ports import free_port
from server import wait_for
from web_client import CORE, JSON, MAIL, Web

ADMIN, ALICE, BOB = "admin@example.test", "alice@example.test", "bob@example.test"
URN = "urn:postrider:params:jmap:administration"
ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
METHODS = sorted({name for path in (ROOT / "src/jmap").glob("jmap_admin_*.c") for name in re.findall(r'\{"([A-Z]\w+/\w+)", JMAP_ADMINISTRATION', path.read_text())})


class Page(Browser):
    """A browser of the administrator."""

    def __init__(self, server, address=ADMIN, password=None):
        super().__init__(server)
        self.who = address
        answer = self.json_to("/auth/login", username=address, password=password or server.passwords[address])
        assert answer.status == 200, answer.body

    def open(self):
        return self.json_to("/auth/administration")

    def jmap(self, *calls, using=(CORE, URN)):
        return self.call(*((name, {"accountId": self.account, **arguments}) for name, arguments in calls), using=using)

    def one(self, method, **arguments):
        (name, answer), = self.jmap((method, arguments))
        assert name == method, (method, arguments, answer)
        return answer

    def error(self, method, **arguments):
        (name, answer), = self.jmap((method, arguments))
        assert name == "error", (method, answer)
        return answer["type"]


@pytest.fixture
def page(make_server):
    server = make_server()
    with Page(server) as page:
        assert page.open().json == {"next": None, "idleSeconds": 900}
        yield page


def call_of(method):
    """Arguments with which a method would do something."""
    return {"get": {"ids": ["A1"] if method.startswith("Trace") else None}, "query": {"filter": {"text": "x"}} if method.startswith("Trace") else {}, "set": {"destroy": ["A1"]}}[method.split("/")[1]]


# ---- who may ----

def test_nobody_else_administers(make_server):
    server = make_server()
    assert len(METHODS) > 15
    # Somebody else, in a browser that has just signed in.
    with Page(server, ALICE) as alice:
        assert URN not in alice.session["capabilities"] and not alice.state["administrator"]
        refused = alice.open()
        assert refused.status == 403 and refused.json["reason"] == "forbidden"
        for method in METHODS:
            assert alice.error(method, **call_of(method)) == "forbidden", method
            assert alice.jmap((method, call_of(method)), using=(CORE, MAIL))[0][1]["type"] == "unknownMethod", method
    # The administrator's password, and a program's token, in the hands of a program.
    with Web(server, ADMIN) as program:
        assert URN not in program.session["capabilities"]
        for method in METHODS:
            answer, = program.call((method, {"accountId": program.account, **call_of(method)}), using=(CORE, URN))
            assert answer[1]["type"] == "forbidden", method
        assert program.ask("POST", "/auth/administration", "{}", JSON).status == 401
    with Browser(server) as browser:
        token = browser.json_to("/auth/login", username=ADMIN, password=server.passwords[ADMIN], program=True).json["token"]
    with Web(server) as program:
        program.fields = {"Authorization": f"Bearer {token}"}
        answer, = program.call(("Person/get", {"accountId": program.account, "ids": None}), using=(CORE, URN))
        assert answer[1]["type"] == "forbidden"
        assert program.ask("POST", "/auth/administration", "{}", JSON).status == 401
    # The administrator, who has not opened administration.
    with Page(server) as admin:
        assert URN in admin.session["capabilities"] and admin.session["primaryAccounts"][URN] == admin.account and admin.state["administrator"]
        for method in METHODS:
            assert admin.error(method, **call_of(method)) == "forbidden", method
        # A page of another site, whatever it says that it is.
        for fields in ({"Origin": "https://evil.test"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}):
            assert admin.ask("POST", "/auth/administration", "{}", {**JSON, **fields}).status == 403
        # Somebody's password beside the cookie: it is no page that asks so.
        for address in (ALICE, ADMIN):
            basic = "Basic " + base64.b64encode(f"{address}:{server.passwords[address]}".encode()).decode()
            assert admin.ask("POST", "/auth/administration", "{}", {**JSON, "Authorization": basic}).status == 401
        assert admin.error("Person/get", ids=None) == "forbidden"
        assert admin.open().status == 200
        assert [a["address"] for a in admin.one("Person/get", ids=None, properties=["address"])["list"]] == [ADMIN, ALICE, BOB]
        for fields in ({"Origin": "https://evil.test"}, {"Sec-Fetch-Site": "cross-site"}):
            request = json.dumps({"using": [CORE, URN], "methodCalls": [["Person/get", {"accountId": admin.account, "ids": None}, "0"]]})
            assert admin.ask("POST", "/jmap/api", request, {**JSON, **fields}).status == 403
        # It is this session's: another one of the same person has not got it.
        with Page(server) as other:
            assert other.error("Person/get", ids=None) == "forbidden"
        # Taken away: at once.
        server.cli("account", "admin", ADMIN, "off")

        def is_over():
            answer = admin.get("/jmap/session")
            # The session's channel to store is a new one now: until it is there, the page is told to come again.
            assert answer.status in (200, 503), answer.status
            return answer.status == 200 and URN not in answer.json["capabilities"]
        wait_for(is_over, what="the end of the administrator's right")
        assert admin.error("Person/get", ids=None) == "forbidden"
        assert admin.open().json["reason"] == "forbidden"


def test_it_ends(make_server):
    server = make_server()
    with Page(server) as page, Page(server) as other:
        assert page.open().status == 200
        page.one("Person/get", ids=None)
        # The session ends, elsewhere.
        mine = page.state["session"]
        assert other.json_to("/auth/sessions/end", id=mine).status == 200
        # A question in the moment of the end gets 503.
        wait_for(lambda: page.get("/jmap/session").status == 401, what="the end of the session")
        assert page.open().status == 401
        # Store goes: it is closed, and opened again.
        assert other.open().status == 200
        other.one("Health/get", ids=None)
        server.kill_role("store")
        wait_for(lambda: other.get("/jmap/session").status == 200, what="the account after store's restart")
        assert other.error("Health/get", ids=None) == "forbidden"
        assert other.open().status == 200
        other.one("Health/get", ids=None)


# ---- when it ends by itself ----

IDLE, ALL, PROOF = 900, 12 * 3600, 900


@pytest.fixture
def clock(tmp_path):
    tmp_path.chmod(0o755)
    return Clock(tmp_path / "clock")


def ends(server, clock, seconds):
    """Lets so much time pass, in which both channels come to their end."""
    seen = server.mark()
    clock.advance(seconds)
    for role in ("auth", "store"):
        server.wait_event("administration-ended", since=seen, role_=role, address=ADMIN, reason="time")


def is_closed(page):
    for method, arguments in (("Person/get", {"ids": None}), ("QueueEntry/query", {}), ("Setting/get", {"ids": None}), ("Health/get", {"ids": None}),
                              ("QueueEntry/set", {"destroy": ["nosuchthing1"]}), ("Person/set", {"destroy": ["A1"]})):
        assert page.error(method, **arguments) == "forbidden", method
    (name, answer), = page.jmap(("Person/set", {"create": {"k": {"address": "late@example.test", "password": "seven wet horses"}}}))
    assert (answer if name == "error" else answer["notCreated"]["k"])["type"] == "forbidden"


def clock_step(clock):
    """How many codes the server's clock is ahead of this machine's."""
    return int(clock.now()) // 30 - int(time.time()) // 30


def asks(page):
    """Of both ends."""
    assert page.one("Health/get", ids=None)["list"]


def test_it_ends_when_nothing_is_asked(make_server, clock):
    server = make_server(environment=clock.environment)
    with Page(server) as page:
        secret, _ = codes_on(page)
        assert page.open().status == 200
        # Each question gives it another 15 minutes.
        for _ in range(3):
            clock.advance(IDLE - 20)
            asks(page)
        # The proof is older by now, and is none any more for another opening; the channels go on.
        assert page.open().json["reason"] == "unproved"
        asks(page)
        ends(server, clock, IDLE + 1)
        is_closed(page)
        assert page.open().json["reason"] == "unproved"
        # The password proves nothing where there is a second step.
        assert page.json_to("/auth/prove", secret=server.passwords[ADMIN]).status != 200
        assert page.open().json["reason"] == "unproved"
        is_closed(page)
        assert page.json_to("/auth/prove", secret=code(secret, clock_step(clock))).status == 200
        assert page.open().status == 200
        asks(page)
        # Whatever was asked of an account's own things meanwhile keeps nothing open.
        clock.advance(IDLE - 20)
        page.jmap(("Mailbox/get", {"ids": None}), using=(CORE, MAIL))
        ends(server, clock, 21)
        is_closed(page)
        page.jmap(("Mailbox/get", {"ids": None}), using=(CORE, MAIL))
    assert "late@example.test" not in server.cli("account", "list").stdout.decode()


def test_it_ends_after_half_a_day(make_server, clock):
    """However much is asked."""
    server = make_server(environment=clock.environment)
    with Page(server) as page:
        assert page.open().status == 200
        step, passed = IDLE - 30, 0
        while passed + step < ALL:
            clock.advance(step)
            passed += step
            asks(page)
        ends(server, clock, ALL - passed + 1)
        is_closed(page)
        assert page.open().json["reason"] == "unproved"
        assert page.json_to("/auth/prove", secret=server.passwords[ADMIN]).status == 200
        assert page.open().status == 200
        asks(page)


def test_an_old_session_opens_nothing(make_server, clock):
    server = make_server(environment=clock.environment)
    with Page(server) as page:
        clock.advance(PROOF + 1)
        assert page.open().json["reason"] == "unproved"
        is_closed(page)
        assert page.json_to("/auth/prove", secret="wrong").status == 401
        assert page.open().json["reason"] == "unproved"
        assert page.json_to("/auth/prove", secret=server.passwords[ADMIN]).status == 200
        clock.advance(PROOF - 20)
        assert page.open().status == 200
        asks(page)


# ---- persons ----

def test_persons(page):
    server = page.server
    made = page.one("Person/set", create={
        "good": {"address": "Dora@example.test", "password": "seven wet horses", "quota": 1 << 20},
        "weak": {"address": "weak@example.test", "password": "password1"},
        "there": {"address": ALICE, "password": "seven wet horses"},
        "nowhere": {"address": "a@nowhere.test", "password": "seven wet horses"},
        "none": {"address": "none@example.test"},
        "odd": {"address": "odd@example.test", "password": "seven wet horses", "isAdministrator": True},
        "noaddress": {"address": "", "password": "seven wet horses"}})
    dora = made["created"]["good"]["id"]
    assert {key: error["type"] for key, error in made["notCreated"].items()} == {
        "weak": "weakPassword", "there": "alreadyExists", "nowhere": "invalidProperties", "none": "invalidProperties",
        "odd": "invalidProperties", "noaddress": "invalidProperties"}
    assert made["commands"] == {"good": "postrider account add dora@example.test && postrider account quota dora@example.test 1048576"}
    got = page.one("Person/get", ids=[dora, "A999", "x"])
    assert got["notFound"] == ["A999", "x"]
    person, = got["list"]
    assert person["address"] == "dora@example.test" and person["quota"] == 1 << 20 and person["quotaMessages"] is None
    assert not person["isDisabled"] and not person["isAdministrator"] and not person["hasSecondStep"]
    assert person["sessions"] == person["appPasswords"] == [] and person["lastUsed"] is None and "password" not in person
    assert person["command"] == "postrider account show dora@example.test"
    # What was said is true: by the command line, and by signing in.
    assert json.loads(server.cli("account", "show", "dora@example.test", "--json").stdout)["quota"] == 1 << 20
    with Page(server, "dora@example.test", "seven wet horses") as hers:
        assert len(page.one("Person/get", ids=[dora])["list"][0]["sessions"]) == 1
        secret, _ = codes_on(hers)
        assert page.one("Person/get", ids=[dora], properties=["hasSecondStep"])["list"] == [{"id": dora, "hasSecondStep": True}]
        changed = page.one("Person/set", update={dora: {"hasSecondStep": False, "quota": None, "quotaMessages": 10}})
        assert changed["updated"] == {dora: None}
        assert changed["commands"][dora].split(" && ") == [
            "postrider account quota dora@example.test 0", "postrider account quota dora@example.test --messages 10",
            "postrider account two-step-off dora@example.test"]
    with Page(server, "dora@example.test", "seven wet horses") as hers:
        assert page.one("Person/set", update={dora: {"sessions": []}})["updated"] == {dora: None}
        wait_for(lambda: hers.get("/auth/account").status == 401, what="the end of the session")
    assert page.one("Person/set", update={dora: {"password": "eight dry donkeys"}})["updated"] == {dora: None}
    with Page(server, "dora@example.test", "eight dry donkeys"):
        pass
    assert page.one("Person/set", update={dora: {"isDisabled": True}})["updated"] == {dora: None}
    assert page.one("Person/get", ids=[dora], properties=["isDisabled", "address"])["list"] == [{"id": dora, "address": "dora@example.test", "isDisabled": True}]
    with Browser(server) as browser:
        assert browser.json_to("/auth/login", username="dora@example.test", password="eight dry donkeys").status == 401
    assert page.one("Person/query", filter={"isDisabled": True})["ids"] == [dora]
    wrong = page.one("Person/set", update={dora: {"isAdministrator": True}, "A999": {"quota": 1}, "x": {"quota": 1}})
    assert {key: error["type"] for key, error in wrong["notUpdated"].items()} == {dora: "invalidProperties", "A999": "notFound", "x": "notFound"}
    gone = page.one("Person/set", destroy=[dora, "x"])
    assert gone["destroyed"] == [dora] and gone["notDestroyed"]["x"]["type"] == "notFound"
    assert page.one("Person/get", ids=[dora])["notFound"] == [dora]
    changes = server.find_events("administration", by=ADMIN)
    assert {"Dora@example.test", "dora@example.test"} & {event.fields["subject"] for event in changes} and len(changes) > 8


def test_administrators_are_left_alone(page):
    server = page.server
    own = page.account
    for update in ({"isDisabled": True}, {"password": "seven wet horses"}, {"hasSecondStep": False}, {"sessions": []}):
        refused = page.one("Person/set", update={own: update})["notUpdated"][own]
        assert refused["type"] == "forbidden" and "command line" in refused["description"], update
    assert page.one("Person/set", destroy=[own])["notDestroyed"][own]["type"] == "forbidden"
    assert page.one("Person/set", update={own: {"quota": 1 << 30}})["updated"] == {own: None}
    with Page(server):
        pass


def test_queries_of_persons(page):
    for i in range(3):
        page.server.add_account(f"many{i}@example.test")
    everybody = page.one("Person/query", calculateTotal=True)
    assert everybody["total"] == len(everybody["ids"]) and everybody["canCalculateChanges"] is False
    assert everybody["command"] == "postrider account list"
    some = page.one("Person/query", filter={"text": "LIC"})
    assert page.one("Person/get", ids=some["ids"], properties=["address"])["list"] == [{"id": some["ids"][0], "address": ALICE}]
    assert page.one("Person/query", filter={"isAdministrator": True})["ids"] == [page.account]
    assert page.one("Person/query", filter={"domain": "nowhere.test"})["ids"] == []
    assert page.one("Person/query", position=1, limit=1)["ids"] == everybody["ids"][1:2]
    assert page.error("Person/query", filter={"colour": "red"}) == "unsupportedFilter"
    assert page.error("Person/query", filter={"operator": "NOT", "conditions": [{"text": "a"}]}) == "unsupportedFilter"
    assert page.error("Person/query", sort=[{"property": "address"}]) == "unsupportedSort"
    assert page.error("Person/get", ids=None, properties=["password"]) == "invalidArguments"


# ---- domains and aliases ----

def test_domains(make_server):
    server = make_server(dkim_sign=True)
    with Page(server) as page:
        assert page.open().status == 200
        look_at_domains(server, page)


def look_at_domains(server, page):
    made = page.one("Domain/set", create={"d": {"name": "Second.test", "catchAll": ALICE}, "there": {"name": "example.test"}, "odd": {"name": "a b"},
                                          "more": {"name": "x.test", "separator": "++"}})
    assert made["created"]["d"] == {"id": "second_test", "name": "second.test", "separator": "+"}
    assert {key: error["type"] for key, error in made["notCreated"].items()} == {"there": "alreadyExists", "odd": "invalidProperties", "more": "invalidProperties"}
    assert made["commands"]["d"] == f"postrider domain add second.test --catch-all {ALICE} --separator +"
    got = page.one("Domain/get", ids=["second_test", "nowhere"])
    domain, = got["list"]
    assert got["notFound"] == ["nowhere"] and got["command"] == "postrider domain list"
    assert (domain["name"], domain["catchAll"], domain["aliasOf"], domain["isDisabled"], domain["records"]) == ("second.test", ALICE, None, False, None)
    wait_for(lambda: page.one("Domain/get", ids=["second_test"], properties=["keys"])["list"][0]["keys"], what="the domain's keys")
    key = page.one("Domain/get", ids=["second_test"])["list"][0]["keys"][0]
    assert set(key) == {"selector", "algorithm", "state", "isPublished"} and key["algorithm"] in ("rsa", "ed25519") and key["state"] in ("new", "active")
    assert page.one("Domain/get", ids=["second_test"], properties=["wanted"])["list"] == [{"id": "second_test", "wanted": None}]
    assert page.one("Domain/set", update={"second_test": {"look": True}})["commands"]["second_test"] == "postrider dns check second.test"
    wanted = wait_for(lambda: page.one("Domain/get", ids=["second_test"], properties=["wanted"])["list"][0]["wanted"], what="the records that it should have")
    mx, = [one for one in wanted if one["part"] == "mx"]
    assert (mx["name"], mx["type"], mx["need"], mx["ttl"]) == ("second.test", "MX", "required", 3600) and mx["data"].startswith("10 ") and mx["why"].endswith(".")
    assert {"spf", "dkim", "dmarc"} <= {one["part"] for one in wanted}
    # The command line wants the same of the host.
    of_host = lambda records: sorted((one["name"].rstrip("."), one["type"], one["data"]) for one in records if one["part"] in ("mx", "address", "ptr"))
    assert of_host(json.loads(server.cli("dns", "records", "second.test", "--json").stdout)) == of_host(wanted)
    wrong = page.one("Domain/set", update={"second_test": {"look": True, "catchAll": None}})["notUpdated"]
    assert wrong["second_test"]["type"] == "invalidProperties"
    assert page.one("Domain/set", update={"second_test": {"isDisabled": True, "catchAll": None}})["updated"] == {"second_test": None}
    assert json.loads(server.cli("domain", "list", "--json").stdout)[-1]["disabled"] is True
    kept = page.one("Domain/get", ids=["second_test"], properties=["catchAll", "separator", "isDisabled"])["list"]
    assert kept == [{"id": "second_test", "catchAll": None, "separator": "+", "isDisabled": True}]
    wrong = page.one("Domain/set", update={"second_test": {"name": "third.test"}, "nowhere": {"isDisabled": True}}, destroy=["example_test", "x"])
    assert {key: error["type"] for key, error in wrong["notUpdated"].items()} == {"second_test": "invalidProperties", "nowhere": "notFound"}
    assert {key: error["type"] for key, error in wrong["notDestroyed"].items()} == {"example_test": "domainNotEmpty", "x": "notFound"}
    assert page.one("Domain/query", filter={"text": "SECOND"})["ids"] == ["second_test"]
    assert page.one("Domain/set", destroy=["second_test"])["destroyed"] == ["second_test"]
    assert page.one("Domain/query")["ids"] == ["example_test"]


def test_aliases(page):
    made = page.one("Alias/set", create={"t": {"address": "Team@example.test", "targets": [ALICE, BOB]}, "o": {"address": '"a b"@example.test', "targets": [ALICE]},
                                         "there": {"address": ALICE, "targets": [BOB]}, "none": {"address": "n@example.test", "targets": []},
                                         "loop": {"address": "loop@example.test", "targets": ["loop@example.test"]},
                                         "nowhere": {"address": "x@nowhere.test", "targets": [ALICE]}, "odd": {"address": "o@example.test", "targets": ["no address"]}})
    team, odd = made["created"]["t"]["id"], made["created"]["o"]["id"]
    assert {key: error["type"] for key, error in made["notCreated"].items()} == {
        "there": "alreadyExists", "none": "invalidProperties", "loop": "loop", "nowhere": "notFound", "odd": "invalidProperties"}
    assert made["commands"]["t"] == f"postrider alias add team@example.test {ALICE} {BOB}"
    assert shlex.split(made["commands"]["o"]) == ["postrider", "alias", "add", '"a b"@example.test', ALICE]
    again = page.one("Alias/set", create={"t": {"address": "team@example.test", "targets": [BOB]}})
    assert again["notCreated"]["t"]["type"] == "alreadyExists"
    assert page.one("Alias/get", ids=[team, "x", odd])["list"] == [{"id": team, "address": "team@example.test", "targets": [ALICE, BOB], "command": "postrider address explain team@example.test"},
                                                                {"id": odd, "address": '"a b"@example.test', "targets": [ALICE],
                                                                 "command": "postrider address explain '\"a b\"@example.test'"}]
    assert {a["id"] for a in page.one("Alias/get", ids=None)["list"]} == {team, odd}
    assert page.one("Alias/set", update={team: {"targets": [BOB, "far@else.test"]}})["updated"] == {team: None}
    assert page.one("Alias/query", filter={"text": "far@"})["ids"] == [team]
    assert page.one("Alias/query", filter={"domain": "example.test", "text": "TEAM"})["ids"] == [team]
    wrong = page.one("Alias/set", update={team: {"address": "b@example.test"}, "noneAexample_test": {"targets": [ALICE]}, "x": {"targets": [ALICE]}}, destroy=["otherAexample_test"])
    assert {key: error["type"] for key, error in wrong["notUpdated"].items()} == {team: "invalidProperties", "noneAexample_test": "notFound", "x": "notFound"}
    assert wrong["notDestroyed"]["otherAexample_test"]["type"] == "notFound"
    assert page.one("Alias/set", destroy=[team, odd])["destroyed"] == [team, odd]


# ---- the queue, traces ----

def test_the_queue(make_server):
    """Mail for elsewhere goes where nobody listens, and waits."""
    server = make_server(routes=[f"* smtp:127.0.0.1:{free_port()}", "other.test smtp:127.0.0.1:9"], mta_sts=False, queue_retry_min=3600, queue_retry_max=3600)
    with Page(server) as page:
        assert page.open().status == 200
        look_at_queue(server, page)


def look_at_queue(server, page):
    for subject in ("one", "two"):
        send(server, subject)
    ids = wait_for(lambda: (found := page.one("QueueEntry/query")["ids"]) and len(found) == 2 and found, what="two messages in the queue")
    entry, = page.one("QueueEntry/get", ids=ids[:1])["list"]
    assert entry["sender"] == ALICE and entry["recipients"][0]["address"] == "far@unreachable.test" and not entry["isHeld"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", entry["arrivedAt"]) and entry["command"] == f"postrider queue show {ids[0]}"
    assert {e["id"] for e in page.one("QueueEntry/get", ids=None, properties=["state"])["list"]} == set(ids)
    assert page.one("QueueEntry/get", ids=["nosuchthing1"])["notFound"] == ["nosuchthing1"]
    assert page.one("QueueEntry/query", filter={"sender": BOB})["ids"] == []
    assert page.one("QueueEntry/query", filter={"domain": "unreachable.test", "sender": "@example.test", "olderThan": 0})["ids"] == ids
    assert page.error("QueueEntry/query", filter={"olderThan": "x"}) == "unsupportedFilter"
    held = page.one("QueueEntry/set", update={ids[0]: {"isHeld": True, "heldWhy": "it's odd"}, ids[1]: {"isHeld": True}})
    assert held["updated"] == {ids[0]: None} and held["notUpdated"][ids[1]]["properties"] == ["heldWhy"]
    assert shlex.split(held["commands"][ids[0]]) == ["postrider", "queue", "hold", ids[0], "--why", "it's odd"]
    entry, = page.one("QueueEntry/get", ids=ids[:1])["list"]
    assert entry["isHeld"] and entry["heldWhy"] == "it's odd" and entry["heldBy"] == ADMIN
    assert page.one("QueueEntry/set", update={ids[0]: {"isHeld": False}})["updated"] == {ids[0]: None}
    assert page.one("QueueEntry/set", update={ids[0]: {"retryNow": True}, ids[1]: {"route": "127.0.0.1:9"}})["updated"] == {ids[0]: None, ids[1]: None}
    # Whoever has breached the web does not read mail by leading it to a host of his own.
    led = page.one("QueueEntry/set", update={ids[1]: {"route": "127.0.0.1:10"}})["notUpdated"][ids[1]]
    assert "setting routes" in led["description"] and led["type"] == "invalidProperties"
    assert page.one("QueueEntry/get", ids=[ids[1]])["list"][0]["destinations"][0]["route"] in ("127.0.0.1:9", "smtp:127.0.0.1:9")
    assert page.one("QueueEntry/set", update={ids[1]: {"route": None}})["updated"] == {ids[1]: None}
    wrong = page.one("QueueEntry/set", create={"k": {}}, update={ids[1]: {"route": "127.0.0.1:99999"}, "nosuchthing1": {"retryNow": True}, ids[0]: {"size": 1}})
    assert wrong["notCreated"]["k"]["type"] == "forbidden"
    assert {key: error["type"] for key, error in wrong["notUpdated"].items()} == {ids[1]: "invalidProperties", "nosuchthing1": "notFound", ids[0]: "invalidProperties"}
    gone = page.one("QueueEntry/set", destroy=[ids[0]], why="not wanted")
    assert gone["destroyed"] == [ids[0]] and shlex.split(gone["commands"][ids[0]])[1:] == ["queue", "delete", ids[0], "--why", "not wanted"]
    # Nobody's name but the administrator's own gets into the trace.
    trace, = page.one("Trace/get", ids=[ids[0]])["list"]
    events = {event["event"]: event for event in trace["events"]}
    assert events["deleted"]["by"] == ADMIN and events["deleted"]["why"] == "not wanted" and trace["state"]
    assert ids[0] in page.one("Trace/query", filter={"text": ALICE})["ids"]
    assert page.one("Trace/query", filter={"text": "nobody@nowhere.test"})["ids"] == []
    assert page.error("Trace/query", filter={}) == "unsupportedFilter" and page.error("Trace/get", ids=None) == "requestTooLarge"


def send(server, subject):
    with server.smtp("submission", login=ALICE) as client:
        client.sendmail(ALICE, ["far@unreachable.test"], f"Subject: {subject}\r\n\r\nx\r\n".encode())


# ---- health, settings, reports ----

def test_health_and_settings(page):
    health, = page.one("Health/get", ids=None)["list"]
    assert health["id"] == "singleton" and health["queue"]["messages"] == 0 and health["queue"]["byAge"] == [0] * 5 and health["queue"]["oldest"] is None
    assert health["storage"]["freeOctets"] > 0 and not health["storage"]["isReadOnly"]
    assert health["certificates"][0]["names"] and health["certificates"][0]["expires"] > time.strftime("%Y-%m-%d")
    assert [s["name"] for s in health["settings"]] == ["dkim_sign"]
    # The processes: what `postrider status` says.
    told = json.loads(page.server.cli("status", "--json").stdout)["roles"]
    assert [(r["name"], r["process"], r["since"], r["restarts"], r["state"]) for r in health["roles"]] == [
        (r["name"], r["pid"], r["since"], r["restarts"], r["state"]) for r in told]
    assert all(r["memoryOctets"] > 0 and r["state"] == "ready" for r in health["roles"])
    assert len(health["logins"]) == 24 and len(health["mail"]) == 48 and health["domains"] == []
    with Browser(page.server) as browser:
        browser.json_to("/auth/login", username=BOB, password="wrong")
    page.server.deliver(BOB, b"Subject: x\r\n\r\nx\r\n")
    health, = page.one("Health/get", ids=["singleton"], properties=["logins", "mail"])["list"]
    assert set(health) == {"id", "logins", "mail"}
    assert sum(hour["refused"] for hour in health["logins"]) == 1 and sum(hour["delivered"] for hour in health["mail"]) == 1
    assert page.one("Health/get", ids=["x"])["notFound"] == ["x"]
    settings = {s["id"]: s for s in page.one("Setting/get", ids=None)["list"]}
    assert settings["hostname"]["kind"] == "text" and settings["hostname"]["value"] and not settings["hostname"]["isDefault"]
    assert isinstance(settings["https_listen"]["value"], list) and settings["dkim_sign"]["value"] is False and settings["dkim_sign"]["default"] is True
    assert page.one("Setting/get", ids=["hostname", "nosuch"])["notFound"] == ["nosuch"]
    assert page.error("Setting/set", update={"hostname": {"value": "x"}}) == "forbidden"
    assert page.one("Report/query")["ids"] == [] and page.one("Report/get", ids=None)["list"] == []
    assert page.error("Report/query", filter={"after": "yesterday"}) == "unsupportedFilter"
