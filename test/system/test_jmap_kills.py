"""What is written by JMAP when store ends in the middle: each Email is whole or not there."""
import contextlib
import http.client
import threading

from server import wait_for
from web_client import Web

ALICE = "alice@example.test"
COUNT = 400


def test_store_ends_while_emails_are_made(server):
    with Web(server, ALICE) as web, Web(server, ALICE) as other:
        account = web.account
        box = web.call(("Mailbox/set", {"accountId": account, "create": {"m": {"name": "Killed"}}}))[0][1]["created"]["m"]["id"]
        blob = web.upload(bytes(range(256)) * 40).json["blobId"]
        wanted = {f"k{i}": {"mailboxIds": {box: True}, "keywords": {"$draft": True, f"k{i}": True}, "subject": f"number {i}",
                            "textBody": [{"partId": "1"}], "bodyValues": {"1": {"value": f"text {i}"}},
                            "attachments": [{"blobId": blob, "name": "file"}]} for i in range(COUNT)}
        told = []

        def make():
            try:
                told.append(web.call(("Email/set", {"accountId": account, "create": wanted}))[0])
            except (AssertionError, OSError) as error:
                told.append(("lost", {"type": str(error)}))
        maker = threading.Thread(target=make)
        maker.start()
        wait_for(lambda: len(there(other, account, box)) > 20, what="some Emails", pause=0.001)
        server.kill_role("store")
        maker.join()
    name, answer = told[0]
    # All of them were made before store ended, or the client is told that it has to look.
    assert (name == "Email/set" and len(answer["created"]) == COUNT) or name in ("error", "lost"), told
    assert name != "error" or answer["type"] == "serverPartialFail"
    wait_for(lambda: serves(server), what="the web to serve again")
    with Web(server, ALICE) as web:
        ids = there(web, account, box)
        assert 20 < len(ids) <= COUNT
        emails = web.call(("Email/get", {"accountId": account, "ids": ids, "properties": ["subject", "keywords", "mailboxIds", "bodyValues", "attachments"],
                                         "fetchTextBodyValues": True, "bodyProperties": ["partId", "size", "blobId"]}))[0][1]["list"]
        for email in emails:
            number = email["subject"].split()[1]
            assert email["keywords"] == {"$draft": True, f"k{number}": True} and email["mailboxIds"] == {box: True}
            assert [value["value"] for value in email["bodyValues"].values()] == [f"text {number}"]
            assert [part["size"] for part in email["attachments"]] == [256 * 40]
        assert web.download(emails[-1]["attachments"][0]["blobId"]).body == bytes(range(256)) * 40
        # The counts are those of what is there, and writing goes on.
        assert web.call(("Mailbox/get", {"accountId": account, "ids": [box]}))[0][1]["list"][0]["totalEmails"] == len(ids)
        gone = web.call(("Email/set", {"accountId": account, "destroy": ids}))[0][1]["destroyed"]
        assert set(gone) == set(ids) and there(web, account, box) == []


def serves(server):
    with contextlib.suppress(OSError, http.client.HTTPException), Web(server, ALICE) as web:
        return web.get("/jmap/session").status == 200
    return False


def there(web, account, box):
    name, answer = web.call(("Email/query", {"accountId": account, "filter": {"inMailbox": box}}))[0]
    return answer["ids"] if name != "error" else []
