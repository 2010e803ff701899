"""Masked addresses: a user makes one, gets its mail, sends from it, and turns it off; it is nobody else's."""

import json

from server import wait_for
from web_client import Web

ALICE, BOB = "alice@example.test", "bob@example.test"
CORE, MAIL, SUBMISSION = "urn:ietf:params:jmap:core", "urn:ietf:params:jmap:mail", "urn:ietf:params:jmap:submission"
USING = (CORE, MAIL, SUBMISSION, "urn:postrider:params:jmap:maskedemail")


def one(web, method, **given):
    return web.call((method, {"accountId": web.account, **given}), using=USING)[0][1]


def rcpt(server, address):
    with server.smtp() as client:
        client.ehlo()
        assert client.mail("shop@else.test")[0] == 250
        return client.rcpt(address)[0]


def submit(server, login, sender):
    with server.smtp("submission", login=login) as client:
        code = client.mail(sender)[0]
        if code != 250:
            return code
        assert client.rcpt(ALICE)[0] == 250
        return client.data(f"From: {sender}\r\nSubject: from it\r\n\r\nx\r\n".encode())[0]


def listed(server):
    return {a["address"]: a for a in json.loads(server.cli("alias", "list", "--json").stdout) if a.get("masked")}


def test_the_life_of_one(server):
    with Web(server, ALICE) as alice, Web(server, BOB) as bob:
        made = one(alice, "MaskedEmail/set", create={"k": {"emailPrefix": "shop", "forDomain": "shop.example"}})["created"]["k"]
        address = made["email"]
        assert address.startswith("shop.") and address.endswith("@example.test")
        assert listed(server)[address] == {"address": address, "targets": [ALICE], "masked": True, "on": True}

        server.deliver(address, b"Subject: to the masked one\r\n\r\nx\r\n")
        find = {"filter": {"subject": "to the masked one"}}
        wait_for(lambda: one(alice, "Email/query", **find)["ids"], what="the mail")
        assert one(bob, "Email/query", **find)["ids"] == []
        assert made["lastMessageAt"] is None
        now, = one(alice, "MaskedEmail/get", ids=[made["id"]], properties=["lastMessageAt"])["list"]
        assert now["lastMessageAt"] >= made["createdAt"]

        # Its owner sends from it, and nobody else.
        assert "k" in one(alice, "Identity/set", create={"k": {"name": "A", "email": address}})["created"]
        assert one(bob, "Identity/set", create={"k": {"name": "B", "email": address}})["notCreated"]["k"]["type"] == "forbiddenFrom"
        assert submit(server, ALICE, address) == 250
        assert submit(server, BOB, address) == 550

        # Off: no mail comes, and none goes. The administrator sees so, and takes it for nobody else by mistake.
        assert made["id"] in one(alice, "MaskedEmail/set", update={made["id"]: {"state": "disabled"}})["updated"]
        assert rcpt(server, address) == 550
        assert submit(server, ALICE, address) == 550
        assert listed(server)[address]["on"] is False
        server.cli("alias", "add", address, BOB, status=65)
        server.cli("forward", address, "--off", status=65)
        server.cli("account", "add", address, "--generate", status=65)
        assert rcpt(server, address) == 550

        assert made["id"] in one(alice, "MaskedEmail/set", update={made["id"]: {"state": "enabled"}})["updated"]
        assert rcpt(server, address) == 250
        server.cli("alias", "remove", address, "--yes")
        assert rcpt(server, address) == 550
        assert one(alice, "MaskedEmail/set", update={made["id"]: {"state": "disabled"}})["notUpdated"][made["id"]]["type"] == "forbidden"


def test_a_domain_has_a_number_of_its_own(make_server):
    server = make_server(masked_domains=["other.test 5", "example.test 1"])
    with Web(server, ALICE) as alice:
        first, second = (one(alice, "MaskedEmail/set", create={"k": {}}) for _ in range(2))
        assert first["created"] and second["notCreated"]["k"]["type"] == "overQuota"


def test_so_many_and_no_more(server):
    with Web(server, BOB) as bob:
        made = [one(bob, "MaskedEmail/set", create={"k": {}}) for _ in range(21)]
    assert len({answer["created"]["k"]["email"] for answer in made[:20]}) == 20
    assert made[20]["notCreated"]["k"]["type"] == "rateLimit"
