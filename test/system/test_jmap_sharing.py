"""Two people share a mailbox by JMAP: what each sees, may and is told; and IMAP says the same of it."""
import contextlib
import http.client
import json
import random
import threading

import pytest

from imap_client import connect, ok
from server import wait_for
from web_client import Web

ALICE, BOB, CAROL = "alice@example.test", "bob@example.test", "carol@example.test"
SHARE = "urn:ietf:params:jmap:mail:share"
PRINCIPALS = "urn:ietf:params:jmap:principals"
USING = ("urn:ietf:params:jmap:core", "urn:ietf:params:jmap:mail", SHARE, PRINCIPALS)
MESSAGE = b"From: bob@example.test\r\nSubject: for the team\r\n\r\nHello.\r\n"
READ = {"mayReadItems": True, "maySetSeen": True}
# Which letters of RFC 4314 a right stands for.
LETTERS = {"mayReadItems": "lr", "mayAddItems": "i", "mayRemoveItems": "te", "maySetSeen": "s", "maySetKeywords": "w",
           "mayCreateChild": "k", "mayRename": "x", "mayDelete": "x", "maySubmit": "p", "mayShare": "a"}


def add_carol(server):
    if CAROL not in server.passwords:
        server.add_account(CAROL)


def one(web, method, **arguments):
    name, answer = web.call((method, arguments), using=USING)[0]
    assert name == method, (name, answer)
    return answer


def principal(web, address):
    ids = one(web, "Principal/query", accountId=web.account, filter={"email": address})["ids"]
    assert len(ids) == 1
    return ids[0]


def make(web, name, share=None):
    wanted = {"name": name} | ({"shareWith": share} if share is not None else {})
    answer = one(web, "Mailbox/set", accountId=web.account, create={"m": wanted})
    assert answer["created"], answer
    return answer["created"]["m"]["id"]


def share(web, mailbox, patch):
    answer = one(web, "Mailbox/set", accountId=web.account, update={mailbox: patch})
    assert answer["updated"] == {mailbox: None}, answer


def shared_with(web, mailbox):
    return one(web, "Mailbox/get", accountId=web.account, ids=[mailbox], properties=["shareWith"])["list"][0]["shareWith"]


def test_the_other_one_is_told_and_sees_it(server):
    with Web(server, ALICE) as alice, Web(server, BOB) as bob:
        account, theirs = alice.account, bob.account
        before = one(bob, "ShareNotification/get", accountId=theirs)["state"]
        mailbox = make(alice, "Team told", {principal(alice, BOB): READ})
        changes = one(bob, "ShareNotification/changes", accountId=theirs, sinceState=before)
        note, = one(bob, "ShareNotification/get", accountId=theirs, ids=changes["created"])["list"]
        assert (note["objectAccountId"], note["objectId"], note["oldRights"], note["name"]) == (account, mailbox, None, "Team told")
        assert note["changedBy"]["email"] == ALICE and note["newRights"]["mayReadItems"] and not note["newRights"]["mayAddItems"]
        session = bob.session
        assert session["accounts"][account]["name"] == ALICE and not session["accounts"][account]["isPersonal"]
        owner = session["accounts"][account]["accountCapabilities"]["urn:ietf:params:jmap:principals:owner"]
        assert owner == {"accountIdForPrincipal": theirs, "principalId": note["changedBy"]["principalId"]}
        seen, = one(bob, "Principal/get", accountId=theirs, ids=[owner["principalId"]])["list"]
        assert seen["email"] == ALICE and list(seen["accounts"]) == [account]

        def look():
            listed = one(bob, "Mailbox/get", accountId=account, properties=["name", "isSubscribed", "shareWith"])["list"]
            return {m["id"]: (m["isSubscribed"], m["shareWith"]) for m in listed}
        assert look()[mailbox] == (False, None)
        one(bob, "Mailbox/set", accountId=account, update={mailbox: {"isSubscribed": True}})
        assert look()[mailbox] == (True, None)
        with connect(server, BOB) as imap:
            assert any(b"Team told" in line for line in ok(imap.lsub('""', "*")) if line)
        share(alice, mailbox, {"shareWith": None})
        assert mailbox not in look() if account in bob.session["accounts"] else True
        last = one(bob, "ShareNotification/query", accountId=theirs, sort=[{"property": "created", "isAscending": False}], limit=1)["ids"]
        assert one(bob, "ShareNotification/get", accountId=theirs, ids=last)["list"][0]["newRights"] is None
        assert one(bob, "ShareNotification/set", accountId=theirs, destroy=last)["destroyed"] == last


def test_an_upload_to_a_shared_account_is_the_uploaders_alone(server):
    add_carol(server)
    with Web(server, ALICE) as alice, Web(server, BOB) as bob, Web(server, CAROL) as carol:
        account = alice.account
        mailbox = make(alice, "Team drop", {principal(alice, BOB): READ})

        def put(web):
            return web.ask("POST", f"/jmap/upload/{account}", MESSAGE, {"Content-Type": "message/rfc822"})
        assert put(bob).status == 404 and put(carol).status == 404  # to read is not to put something there
        share(alice, mailbox, {f"shareWith/{principal(alice, BOB)}/mayAddItems": True})
        answer = put(bob)
        assert answer.status == 201 and answer.json["accountId"] == account
        blob = answer.json["blobId"]

        def get(web):
            return web.get(f"/jmap/download/{account}/{blob}/x?type=message/rfc822")
        assert get(bob).body == MESSAGE
        assert get(alice).body != MESSAGE and get(carol).status == 404
        given = {"k": {"blobId": blob, "mailboxIds": {mailbox: True}}}
        for web in (alice, carol):
            name, refused = web.call(("Email/import", {"accountId": account, "emails": given}))[0]
            assert name == "error" or refused["created"] is None
        made = one(bob, "Email/import", accountId=account, emails=given)
        assert made["created"], made
        read, = one(alice, "Email/get", accountId=account, ids=[made["created"]["k"]["id"]], properties=["subject", "mailboxIds"])["list"]
        assert read["subject"] == "for the team" and read["mailboxIds"] == {mailbox: True}
        # Between the two accounts it is copied, and back.
        copied = one(bob, "Email/copy", fromAccountId=account, accountId=bob.account,
                     create={"c": {"id": read["id"], "mailboxIds": {make(bob, "Copies"): True}}})
        assert copied["created"], copied
        again = one(bob, "Email/copy", fromAccountId=bob.account, accountId=account,
                    create={"c": {"id": copied["created"]["c"]["id"], "mailboxIds": {mailbox: True}}})
        assert again["created"], again
        share(alice, mailbox, {"shareWith": None})
        assert put(bob).status == 404


def test_a_group_is_a_principal(server):
    add_carol(server)
    server.cli("group", "add", "sharers@example.test", ALICE, BOB)
    with Web(server, ALICE) as alice, Web(server, BOB) as bob, Web(server, CAROL) as carol, connect(server, ALICE) as imap:
        before = {web: one(web, "ShareNotification/get", accountId=web.account)["state"] for web in (alice, bob, carol)}
        found = one(alice, "Principal/query", accountId=alice.account, filter={"type": "group", "name": "sharers"})["ids"]
        group, = one(alice, "Principal/get", accountId=alice.account, ids=found)["list"]
        assert (group["type"], group["name"], group["email"], group["accounts"]) == ("group", "sharers@example.test", None, None)
        mailbox = make(alice, "Grouped", {found[0]: READ})
        assert list(shared_with(alice, mailbox)) == found
        assert b"group:sharers@example.test" in imap.getacl("Grouped")[1][0]

        # Each member is told, but for whoever does it, and finds the mailbox in the session.
        def told(web, count):
            ids = one(web, "ShareNotification/changes", accountId=web.account, sinceState=before[web])["created"]
            return len(ids) == count and one(web, "ShareNotification/get", accountId=web.account, ids=ids[-1:])["list"][0]
        for web in (bob, carol):
            if web is carol:
                # Who joins later is told then.
                assert not told(carol, 1) and alice.account not in carol.session["accounts"]
                server.cli("group", "add", "sharers@example.test", CAROL)
            note = wait_for(lambda: told(web, 1), what="the news of the group's mailbox")
            assert (note["objectId"], note["name"], note["oldRights"], note["newRights"]["mayReadItems"]) == (mailbox, "Grouped", None, True)
            assert note["changedBy"]["email"] == ALICE and alice.account in web.session["accounts"]
            seen, = one(web, "Mailbox/get", accountId=alice.account, ids=[mailbox], properties=["name", "isSubscribed"])["list"]
            assert seen == {"id": mailbox, "name": "Grouped", "isSubscribed": False}
        share(alice, mailbox, {f"shareWith/{found[0]}": None})
        assert shared_with(alice, mailbox) is None
        for web in (bob, carol):
            assert wait_for(lambda: told(web, 2), what="the news that it is over")["newRights"] is None
            assert one(web, "Mailbox/get", accountId=alice.account, ids=[mailbox])["list"] == [] if alice.account in web.session["accounts"] else True
        assert one(alice, "ShareNotification/changes", accountId=alice.account, sinceState=before[alice])["created"] == []
    # They know each other by this group: other tests of this server look at who does.
    server.cli("group", "remove", "sharers@example.test", ALICE, BOB, CAROL)


@pytest.mark.long
def test_who_joins_is_told_of_many_mailboxes(make_server):
    """More than one look takes at once: 1,200 mailboxes, of which the group has 80 far apart."""
    server = make_server()
    add_carol(server)
    server.cli("group", "add", "many@example.test", ALICE, BOB)
    with Web(server, ALICE) as alice, Web(server, CAROL) as carol:
        group = one(alice, "Principal/query", accountId=alice.account, filter={"type": "group", "name": "many"})["ids"][0]
        for first in range(0, 1200, 100):
            wanted = {f"m{n}": {"name": f"Joined {n}", **({"shareWith": {group: READ}} if n % 15 == 0 else {})} for n in range(first, first + 100)}
            assert len(one(alice, "Mailbox/set", accountId=alice.account, create=wanted)["created"]) == 100
        server.cli("group", "add", "many@example.test", CAROL)

        def seen():
            if alice.account not in carol.session["accounts"]:
                return set()
            return {m["name"] for m in one(carol, "Mailbox/get", accountId=alice.account, ids=None, properties=["name"])["list"]}
        wait_for(lambda: {f"Joined {n}" for n in range(0, 1200, 15)} <= seen(), what="all mailboxes of the group")


def test_the_administrator_says_who_sees_whom(server):
    add_carol(server)
    server.cli("group", "add", "pair@example.test", ALICE, CAROL)

    def seen(web):
        found = one(web, "Principal/get", accountId=web.account, properties=["name"])
        return {p["name"] for p in found["list"]}

    def become(value, expected):
        server.write_config(people_seen=value)
        server.cli("reload")
        with Web(server, ALICE) as alice:
            wait_for(lambda: expected(seen(alice)), what=f"people_seen = {value}")
    with Web(server, ALICE) as alice:
        whole = seen(alice)
        hidden = principal(alice, BOB)
        assert {ALICE, BOB, CAROL, "pair@example.test"} <= whole
    become("groups", lambda names: {ALICE, CAROL, "pair@example.test"} <= names and BOB not in names)
    with Web(server, ALICE) as alice:
        # A number that one remembers, or guesses, is no way to whom one may not see.
        assert one(alice, "Principal/get", accountId=alice.account, ids=[hidden])["notFound"] == [hidden]
        refused = one(alice, "Mailbox/set", accountId=alice.account, create={"m": {"name": "Guessed", "shareWith": {hidden: READ}}})
        assert refused["notCreated"]["m"]["properties"] == ["shareWith"]
    become("nobody", lambda names: ALICE in names and CAROL not in names)
    become("domain", lambda names: names == whole)


def test_one_message_goes_into_as_many_mailboxes_as_it_may(server):
    with Web(server, ALICE) as alice:
        account = alice.account
        most = alice.session["accounts"][account]["accountCapabilities"]["urn:ietf:params:jmap:mail"]["maxMailboxesPerEmail"]
        boxes = {make(alice, f"Many {i}"): True for i in range(most)}
        blob = alice.upload(MESSAGE, "message/rfc822").json["blobId"]
        made = one(alice, "Email/import", accountId=account, emails={"k": {"blobId": blob, "mailboxIds": boxes}})
        assert made["created"], made
        there, = one(alice, "Email/get", accountId=account, ids=[made["created"]["k"]["id"]], properties=["mailboxIds"])["list"]
        assert there["mailboxIds"] == boxes
        boxes[make(alice, "One more")] = True
        assert one(alice, "Email/import", accountId=account, emails={"k": {"blobId": blob, "mailboxIds": boxes}})["notCreated"]["k"]["type"] == "tooManyMailboxes"


def acl(imap, mailbox):
    """Who has which letters, by IMAP; the old rights c and d stand for others."""
    kind, lines = imap.getacl(mailbox)
    assert kind == "OK"
    words = lines[0].decode().replace('"', "").split()[len(mailbox.split()):]
    return {who: set(rights) - set("cd") for who, rights in zip(words[::2], words[1::2]) if who in (BOB, CAROL)}


def test_imap_and_jmap_say_the_same(server):
    dice = random.Random(9670)
    add_carol(server)
    with Web(server, ALICE) as alice, connect(server, ALICE) as imap:
        mailbox = make(alice, "Both")
        people = {BOB: principal(alice, BOB), CAROL: principal(alice, CAROL)}
        for _ in range(30):
            who = dice.choice(list(people))
            if dice.random() < 0.5:
                letters = "".join(letter for letter in "lrswipkxtea" if dice.random() < 0.5)
                ok(imap.setacl("Both", who, letters or '""'))
            else:
                rights = {name: dice.random() < 0.5 for name in LETTERS}
                rights["mayDelete"] = rights["mayRename"]
                share(alice, mailbox, {f"shareWith/{people[who]}": rights} if dice.random() < 0.7 else {f"shareWith/{people[who]}": None})
                letters = acl(imap, "Both").get(who, set())
                if letters:
                    assert {name for name in LETTERS if set(LETTERS[name]) <= letters} >= {name for name, yes in rights.items() if yes}
            by_imap = acl(imap, "Both")
            by_jmap = shared_with(alice, mailbox) or {}
            assert set(by_jmap) == {people[who] for who, letters in by_imap.items() if letters}
            for who, letters in by_imap.items():
                assert by_jmap[people[who]] == {name: set(needs) <= letters for name, needs in LETTERS.items()}, (who, letters)
        share(alice, mailbox, {"shareWith": {}})
        assert acl(imap, "Both") == {} and shared_with(alice, mailbox) is None


def test_store_ends_while_mailboxes_are_shared(server):
    with Web(server, ALICE) as alice, Web(server, BOB) as bob:
        account = alice.account
        who = principal(alice, BOB)
        boxes = [make(alice, f"Killed share {i}") for i in range(40)]
        told = []

        def give():
            try:
                told.append(one(alice, "Mailbox/set", accountId=account, update={box: {f"shareWith/{who}": READ} for box in boxes}))
            except (AssertionError, OSError) as error:
                told.append(error)
        giver = threading.Thread(target=give)
        giver.start()
        with contextlib.suppress(AssertionError, OSError):
            wait_for(lambda: len(one(bob, "ShareNotification/query", accountId=bob.account)["ids"]) > 3, what="some", pause=0.001)
        server.kill_role("store")
        giver.join()

    def serves():
        with contextlib.suppress(OSError, http.client.HTTPException, json.JSONDecodeError, KeyError), Web(server, ALICE) as web:
            return web.get("/jmap/session").status == 200
        return False
    wait_for(serves, what="the web to serve again")
    # Each is shared and told of, or neither.
    with Web(server, ALICE) as alice, Web(server, BOB) as bob:
        given = {box for box in boxes if shared_with(alice, box)}
        notes = one(bob, "ShareNotification/get", accountId=bob.account)["list"]
        assert {note["objectId"] for note in notes if note["objectId"] in boxes} == given
        seen = one(bob, "Mailbox/get", accountId=account, properties=["name"])["list"] if given else []
        assert given <= {m["id"] for m in seen}
