"""Nobody reaches another's account by its ids: every method of JMAP, with another's ids in every argument.

The methods are those of the tables in src/jmap, so that a new one is walked as soon as it is there.
"""
import itertools
import json
import pathlib
import re

import pytest

from server import wait_for
from web_client import Web

ALICE, BOB = "alice@example.test", "bob@example.test"
MARK = "xyzzysecret"
COUNT = itertools.count(1)
ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
METHODS = sorted({name for path in (ROOT / "src/jmap").glob("*.c") for name in re.findall(r'\{"([A-Z]\w+/\w+)",', path.read_text())})
# Whoever is no administrator gets none of these, whatever account it names.
ADMINISTRATION = "urn:postrider:params:jmap:administration"
ADMINISTERS = {name for path in (ROOT / "src/jmap").glob("*.c") for name in re.findall(r'\{"([A-Z]\w+/\w+)", JMAP_ADMINISTRATION', path.read_text())}
MESSAGE = f"From: {MARK}@else.test\r\nTo: bob@example.test\r\nSubject: {MARK} subject\r\nMessage-ID: <{MARK}@else.test>\r\n" \
    "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n" \
    f"--x\r\nContent-Type: text/plain\r\n\r\n{MARK} text\r\n--x\r\nContent-Type: message/rfc822\r\n\r\nSubject: {MARK} within\r\n\r\nb\r\n--x--\r\n"


def find(web, account, subject):
    return web.call(("Email/query", {"accountId": account, "filter": {"subject": subject}}))[0][1]["ids"]


def furnish(server, address, mark):
    """Something of each kind in an account, and the ids of it. The server has seen other tests."""
    mark = f"{mark}{next(COUNT)}"
    server.deliver(address, MESSAGE.replace(MARK, mark).encode())
    with Web(server, address) as web:
        session = web.session
        account = web.account
        using = list(session["capabilities"])
        made = web.call(("Mailbox/set", {"accountId": account, "create": {"m": {"name": f"{mark} mailbox"}}}))[0][1]["created"]
        upload = web.upload(MESSAGE.replace(MARK, mark).encode(), "message/rfc822").json["blobId"]
        email = wait_for(lambda: find(web, account, mark), what="the mail, which rules may look at first")[0]
        got, = web.call(("Email/get", {"accountId": account, "ids": [email], "properties": ["threadId", "blobId", "mailboxIds", "bodyStructure"]}))
        entry = got[1]["list"][0]
        ids = {"accountId": account, "mailbox": made["m"]["id"], "inbox": next(iter(entry["mailboxIds"])), "email": email,
               "thread": entry["threadId"], "blob": entry["blobId"], "upload": upload,
               "part": entry["bodyStructure"]["subParts"][0]["blobId"], "message": entry["bodyStructure"]["subParts"][1]["blobId"]}
        named = dict(web.call(("MaskedEmail/get", {"accountId": account}), using=using))["MaskedEmail/get"]["list"]
        if not named:
            named = web.call(("MaskedEmail/set", {"accountId": account, "create": {"k": {"description": mark}}}), using=using)[0][1]["created"].values()
        ids["maskedemail"] = list(named)[0]["id"]
        given = {"blobId": upload, "name": mark}
        ids["filelink"] = web.call(("FileLink/set", {"accountId": account, "create": {"k": given}}), using=using)[0][1]["created"]["k"]["id"]
        for kind in ("Identity", "SieveScript", "Quota", "EmailSubmission", "VacationResponse"):
            if f"{kind}/get" in METHODS:
                name, answer = web.call((f"{kind}/get", {"accountId": account, "ids": None}), using=using)[0]
                if name != "error" and answer["list"]:
                    ids[kind.lower()] = answer["list"][0]["id"]
        given = {"emails": {"k": {"blobId": upload, "mailboxIds": {ids["mailbox"]: True}}}}
        gone = web.call(("Email/import", {"accountId": account, **given}))[0][1]["created"]["k"]["id"]
        web.call(("Email/set", {"accountId": account, "destroy": [gone]}))
        ids["deleted"] = web.call(("DeletedEmail/query", {"accountId": account}), using=using)[0][1]["ids"][0]
        return ids


def everything(ids):
    return [value for name, value in ids.items() if name != "accountId"]


def arguments(method, ids):
    """Calls of a method with these ids in every place that takes one."""
    kind, verb = method.split("/")
    every = everything(ids)
    mailboxes = {ids["inbox"]: True, ids["mailbox"]: True}
    body = {"textBody": [{"partId": "1"}], "bodyValues": {"1": {"value": "x"}}}
    state = "1"
    special = {
        "Core/echo": [{"ids": every}],
        "Mailbox/set": [{"create": {"k": {"name": "k", "parentId": ids["mailbox"]}}},
                        {"update": {value: {"name": "mine", "parentId": ids["inbox"], "isSubscribed": False} for value in every}},
                        {"destroy": every, "onDestroyRemoveEmails": True}],
        "Email/get": [{"ids": every, "properties": ["subject", "bodyValues", "headers", "preview", "keywords"], "fetchAllBodyValues": True}],
        "Email/set": [{"create": {"k": {"mailboxIds": mailboxes, **body}}},
                      {"create": {f"k{i}": {"mailboxIds": {ids["own"]: True}, "attachments": [{"blobId": value}]} for i, value in enumerate(every)}},
                      {"update": {value: {"keywords/$flagged": True} for value in every}},
                      {"update": {value: {"mailboxIds": {ids["own"]: True}} for value in every}},
                      {"update": {ids["own_email"]: {"mailboxIds": mailboxes}}},
                      {"destroy": every}],
        "Email/import": [{"emails": {f"k{i}": {"blobId": value, "mailboxIds": {ids["own"]: True}} for i, value in enumerate(every)}},
                         {"emails": {"k": {"blobId": ids["own_upload"], "mailboxIds": mailboxes}}}],
        "Email/copy": [{"fromAccountId": other, "create": {f"k{i}": {"id": value, "mailboxIds": {ids["own"]: True}} for i, value in enumerate(every)},
                        "onSuccessDestroyOriginal": True} for other in {ids["accountId"], ids["own_account"]}],
        "Email/parse": [{"blobIds": every, "fetchAllBodyValues": True, "properties": ["subject", "bodyValues", "preview"]}],
        "Email/query": [{"filter": {"inMailbox": ids["mailbox"]}}, {"filter": {"inMailboxOtherThan": [ids["mailbox"]]}},
                        {"anchor": ids["email"]}, {"filter": {"text": MARK}}],
        "Email/queryChanges": [{"sinceQueryState": state, "filter": {"inMailbox": ids["mailbox"]}, "upToId": ids["email"]}],
        "Mailbox/query": [{"filter": {"parentId": ids["mailbox"]}}, {"anchor": ids["mailbox"]}],
        "Mailbox/queryChanges": [{"sinceQueryState": state, "filter": {"parentId": ids["mailbox"]}}],
        "SearchSnippet/get": [{"filter": {"text": MARK}, "emailIds": every}],
        "EmailSubmission/set": [{"create": {f"k{i}": {"emailId": value, "identityId": ids.get(key, ids["email"])}
                                            for i, value in enumerate(every) for key in ("identity", "own_identity")}},
                                {"update": {value: {"undoStatus": "canceled"} for value in every}}, {"destroy": every}],
        "EmailSubmission/query": [{"filter": {"emailIds": every, "threadIds": every, "identityIds": every}}],
        "EmailSubmission/queryChanges": [{"sinceQueryState": state, "filter": {"emailIds": every}}],
        "Identity/set": [{"update": {value: {"name": "mine"} for value in every}}, {"destroy": every}],
        "MaskedEmail/set": [{"update": {value: {"state": "disabled", "description": "mine"} for value in every}}, {"destroy": every}],
        "FileLink/set": [{"create": {f"k{i}": {"blobId": value, "name": "mine"} for i, value in enumerate(every)}},
                         {"update": {value: {"name": "mine"} for value in every}}, {"destroy": every}],
        "VacationResponse/set": [{"update": {value: {"isEnabled": False, "subject": "mine"} for value in every}}],
        "SieveScript/set": [{"create": {f"k{i}": {"name": f"k{i}", "blobId": value} for i, value in enumerate(every)}},
                            {"update": {value: {"name": "mine"} for value in every}},
                            *({"onSuccessActivateScript": value} for value in every), {"destroy": every}],
        "SieveScript/validate": [{"blobId": value} for value in every],
        "Blob/copy": [{"fromAccountId": other, "blobIds": every} for other in {ids["accountId"], ids["own_account"]}],
        "Blob/get": [{"ids": every, "properties": ["data", "size", "digest:sha"]}],
        "Blob/upload": [{"create": {f"k{i}": {"data": [{"blobId": value}], "type": "text/plain"} for i, value in enumerate(every)}}],
        "Blob/lookup": [{"ids": every, "typeNames": ["Email", "Mailbox", "Thread"]}],
        "MDN/send": [{"identityId": ids.get("identity", ids["email"]), "send": {f"k{i}": {"forEmailId": value,
                      "disposition": {"actionMode": "manual-action", "sendingMode": "mdn-sent-manually", "type": "displayed"}} for i, value in enumerate(every)}}],
        "MDN/parse": [{"blobIds": every}],
        "Email/queryAct": [{"filter": {"inMailbox": ids["mailbox"]}, "update": {"keywords/$flagged": True}},
                           {"filter": {"text": MARK}, "exceptIds": every, "update": {"mailboxIds": mailboxes}},
                           {"filter": {"inMailbox": ids["inbox"]}, "destroy": True}],
        # Functions of texts: there is no id in them.
        "SieveRules/read": [{"text": "keep;"}],
        "SieveRules/write": [{"text": "keep;", "changes": []}],
        "SieveRules/try": [{"text": "keep;", "emailIds": every}],
        "SieveRules/note": [{"number": 1, "notes": {value: {"from": ids["mailbox"], "action": "keep", "ruleName": "mine"} for value in every}}],
        "Recipient/check": [{"addresses": every}],
        "DeletedEmail/get": [{"ids": every}],
        "DeletedEmail/query": [{}, {"filter": {"inMailbox": ids["mailbox"]}}, {"anchor": ids["deleted"]}],
        "DeletedEmail/restore": [{"ids": every}, {"ids": every, "mailboxId": ids["mailbox"]}],
    }
    usual = {"get": [{"ids": every}, {"ids": None}], "changes": [{"sinceState": state}], "query": [{}], "queryChanges": [{"sinceQueryState": state}],
             "set": [{"update": {value: {} for value in every}}, {"destroy": every}]}
    found = special.get(method, usual.get(verb))
    assert found, f"{method}: say here where it takes ids"
    return found


def picture(server, address):
    """All that there is, as its owner sees it."""
    with Web(server, address) as web:
        account, using = web.account, list(web.session["capabilities"])
        calls = [("Mailbox/get", {"accountId": account, "ids": None}),
                 ("Email/query", {"accountId": account}),
                 ("Email/get", {"accountId": account, "ids": web.call(("Email/query", {"accountId": account}))[0][1]["ids"],
                                "properties": ["mailboxIds", "keywords", "subject", "blobId"]})]
        calls += [(f"{kind}/get", {"accountId": account, "ids": None}) for kind in ("Identity", "SieveScript", "EmailSubmission", "VacationResponse", "MaskedEmail", "FileLink")
                  if f"{kind}/get" in METHODS]
        answers = [answer for _, answer in web.call(*calls, using=using)]
        for answer in answers:
            for volatile in ("state", "queryState"):
                answer.pop(volatile, None)
        return answers


@pytest.fixture
def accounts(server):
    return furnish(server, ALICE, "mine"), furnish(server, BOB, MARK)


def with_own(victim, own):
    return {**victim, "own": own["inbox"], "own_email": own["email"], "own_upload": own["upload"], "own_account": own["accountId"],
            "own_identity": own.get("identity", own["email"])}


def ask(web, using, method, account, given):
    whole = dict(given) if method.startswith(("PushSubscription", "Core")) else {"accountId": account, **given}
    return web.call((method, whole), using=using)


def test_no_method_reaches_another_account(server, accounts):
    alice, bob = accounts
    before = picture(server, BOB)
    attack = with_own(bob, alice)
    with Web(server, ALICE) as web:
        assert ADMINISTRATION not in web.session["capabilities"] and ADMINISTERS
        using = [*web.session["capabilities"], ADMINISTRATION]
        assert bob["accountId"] not in web.session["accounts"]
        for method in METHODS:
            for given in arguments(method, attack):
                # By the account's id: there is no such account.
                if not method.startswith(("PushSubscription", "Core")):
                    name, answer = ask(web, using, method, bob["accountId"], given)[0]
                    assert name == "error" and answer["type"] == ("forbidden" if method in ADMINISTERS else "accountNotFound"), (method, given, answer)
                # By ids of things, in the own account.
                answers = ask(web, using, method, alice["accountId"], given)
                assert MARK not in json.dumps(answers).replace(json.dumps(given)[1:-1], "") or method == "Core/echo", (method, given, answers)
                told = answers[0][1]
                for made in ("updated", "destroyed", "copied", "parsed", "restored"):
                    reached = set(told.get(made) or ()) & set(everything(bob))
                    # Of these the ids are alike in all accounts, and mean the own one.
                    assert reached <= {bob.get("vacationresponse"), bob.get("quota")}, (method, given, answers)
    assert picture(server, BOB) == before


def test_the_same_calls_reach_the_own_account(server, accounts):
    """So that the test above is not passed by calls that nobody could make."""
    alice, _ = accounts
    reached = {"get": set(), "set": set(), "restore": set()}
    with Web(server, ALICE) as web:
        using = list(web.session["capabilities"])
        own = with_own(alice, alice)
        for method in METHODS:
            verb = method.split("/")[1]
            for given in arguments(method, own):
                if "destroy" in given:
                    continue
                name, answer = ask(web, using, method, alice["accountId"], given)[0]
                if verb == "get" and name != "error":
                    reached["get"].add(method) if answer.get("list") else None
                if verb == "set" and name != "error" and (answer.get("updated") or answer.get("created")):
                    reached["set"].add(method)
                if answer.get("restored"):
                    reached["restore"].add(method)
    assert reached["restore"] == {"DeletedEmail/restore"}
    for method in ("Mailbox/get", "Email/get", "Thread/get", "MaskedEmail/get"):
        assert method in reached["get"]
    for method in ("Mailbox/set", "Email/set", "MaskedEmail/set"):
        assert method in reached["set"]


def test_what_is_not_shared_of_a_shared_account(server, accounts):
    """bob shares one mailbox, to be read: what is in the other one, and all writing, stays his."""
    alice, bob = accounts
    server.deliver(BOB, MESSAGE.replace(MARK, "shared").encode())
    with Web(server, BOB) as web:
        # The secrets are in the mailbox that nobody shares.
        secrets = find(web, bob["accountId"], MARK)
        shared = wait_for(lambda: find(web, bob["accountId"], "shared"), what="the mail that is shared")[0]
        moved = {"update": {id: {"mailboxIds": {bob["mailbox"]: True}} for id in secrets}}
        assert set(web.call(("Email/set", {"accountId": bob["accountId"], **moved}))[0][1]["updated"]) == set(secrets)
    server.cli("mailbox", "share", BOB, "INBOX", ALICE, "read")
    server.cli("mailbox", "accept", ALICE, BOB, "INBOX")
    before = picture(server, BOB)
    attack = with_own(bob, alice)
    with Web(server, ALICE) as web:
        using = list(web.session["capabilities"])
        assert bob["accountId"] in web.session["accounts"]
        visible = web.call(("Email/query", {"accountId": bob["accountId"]}))[0][1]["ids"]
        assert visible == [shared]
        for method in METHODS:
            if method.startswith(("PushSubscription", "Core")):
                continue
            for given in arguments(method, attack):
                if given.get("fromAccountId") == bob["accountId"]:
                    continue
                answers = ask(web, using, method, bob["accountId"], given)
                assert MARK not in json.dumps(answers).replace(json.dumps(given)[1:-1], ""), (method, given, answers)
        # Of what is shared nothing can be changed either.
        for given in ({"update": {shared: {"keywords/$flagged": True}}}, {"update": {shared: {"mailboxIds": {bob["mailbox"]: True}}}}, {"destroy": [shared]}):
            name, answer = web.call(("Email/set", {"accountId": bob["accountId"], **given}))[0]
            assert name == "error" or answer.get("notUpdated") or answer.get("notDestroyed"), answer
    assert picture(server, BOB) == before
