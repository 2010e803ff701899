"""All Emails of a query changed at once, and changed back, while store ends in the middle of it."""
import http.client

from limits import TIMEOUT
from server import wait_for
from web_client import CORE, MAIL, Web

ALICE = "alice@example.test"
ACT = "urn:postrider:params:jmap:query-act"
COUNT = 3000


class Mail(Web):
    def ask_one(self, method, **arguments):
        name, answer = self.call((method, {"accountId": self.account, **arguments}), using=(CORE, MAIL, ACT))[0]
        assert name == method, answer
        return answer

    def box(self, role):
        return self.ask_one("Mailbox/query", filter={"role": role})["ids"][0]

    def act(self, number):
        return self.ask_one("QueryAct/get", ids=[number])["list"][0]


def ask(server, question):
    """None while the server does not answer."""
    try:
        with Mail(server, ALICE) as web:
            return question(web)
    except (AssertionError, KeyError, OSError, ValueError, http.client.HTTPException):
        return None


def wait_until(server, number, state):
    return wait_for(lambda: ask(server, lambda web: (act := web.act(number))["state"] == state and act), what=f"the act to be {state}", timeout=TIMEOUT)


def test_an_act_goes_on_where_it_was(server):
    with Mail(server, ALICE) as web:
        inbox, archive = web.box("inbox"), web.box("archive")
        web.ask_one("Email/set", create={f"k{i}": {"mailboxIds": {inbox: True}, "keywords": {"$seen": True} if i % 3 == 0 else {},
                                                  "subject": f"{i}"} for i in range(COUNT)})
        before = {e["id"]: (e["mailboxIds"], e["keywords"]) for e in web.ask_one("Email/get", ids=None, properties=["mailboxIds", "keywords"])["list"]}
        assert len(before) == COUNT
        act = web.ask_one("Email/queryAct", filter={"inMailbox": inbox}, update={"mailboxIds": {archive: True}, "keywords/$seen": True, "keywords/done": True})
        assert act["total"] == COUNT
        number = act["queryActId"]
        # Others go on meanwhile.
        assert web.ask_one("Email/query", limit=1)["ids"]
        wait_for(lambda: web.act(number)["finished"] > 0, what="some of it", pause=0.001)
    server.kill_role("store")
    act = wait_until(server, number, "done")
    assert (act["finished"], act["failed"]) == (COUNT, 0)
    with Mail(server, ALICE) as web:
        emails = web.ask_one("Email/get", ids=None, properties=["mailboxIds", "keywords"])["list"]
        assert all(e["mailboxIds"] == {archive: True} and e["keywords"] == {"$seen": True, "done": True} for e in emails)
        assert web.ask_one("QueryAct/set", update={number: {"state": "undone"}})["updated"] == {number: None}
        wait_for(lambda: web.act(number)["undone"] > 0, what="some of it undone", pause=0.001)
    server.kill_role("store")
    assert wait_until(server, number, "undone")["undone"] == COUNT
    with Mail(server, ALICE) as web:
        emails = web.ask_one("Email/get", ids=None, properties=["mailboxIds", "keywords"])["list"]
        assert {e["id"]: (e["mailboxIds"], e["keywords"]) for e in emails} == before
