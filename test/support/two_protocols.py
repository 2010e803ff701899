"""Random operations on one account by IMAP and by JMAP, and what both say of it afterwards, held against each other.

There is no model: IMAP tells what lies in each mailbox (EMAILID, THREADID, flags), and JMAP must tell the same in its own words (RFC 8621
sections 2 and 4.1.1, RFC 8474). What a JMAP client was told before, with the changes since, must be what it is told now.
"""

import contextlib
import datetime
import http.client
import json
import random
import time

from imap_model import KEYWORDS, SYSTEM
from imap_wire import Literal, Wire, mailbox_name, numbers, set_text
from limits import TIMEOUT
from web_client import CORE, JSON, MAIL, Web

NAMES = ("alpha", "beta", "gamma", "beta/one", "gamma/two")
WORDS = {"\\Seen": "$seen", "\\Answered": "$answered", "\\Flagged": "$flagged", "\\Draft": "$draft"}
EMAIL = ["id", "mailboxIds", "keywords", "threadId", "size", "receivedAt", "blobId"]
COUNTS = ["id", "name", "parentId", "totalEmails", "unreadEmails", "totalThreads", "unreadThreads"]
MESSAGES_MAX = 60  # of a mailbox
USING = [CORE, MAIL, "urn:postrider:params:jmap:query-act"]
PAGE = 7           # of /changes: small, so that one is made of several


def text_of(value):
    value = value[0] if isinstance(value, list) else value
    return value.decode() if isinstance(value, bytes) else value


class Told:
    """What a JMAP client has been told: Emails by their ids, the ids of a query, and the states of both and of Mailboxes."""

    def __init__(self):
        self.emails, self.mailboxes, self.state, self.mailbox_state = {}, {}, None, None
        self.query, self.query_state = [], None


class Walk:
    """`server`: of support/server.py. `lost`: that commands may end with their connection, because something is killed."""

    def __init__(self, server, address, seed):
        self.server, self.address = server, address
        self.random, self.seed, self.log = random.Random(seed), seed, []
        self.bodies, self.told = 0, Told()
        self.wire = self.web = None

    # ---- connections ----

    def open(self):
        self.close()
        end = time.monotonic() + TIMEOUT
        while True:
            try:
                self.wire = Wire(self.server.ports["imaps"], str(self.server.folder / "tls-cert.pem"), self.log)
                self.web = Web(self.server, self.address)
                if self.wire.command("LOGIN", self.address, self.server.passwords[self.address]).status == "OK":
                    self.account = self.web.account
                    self.mailbox_ids()
                    return self
            except (OSError, AssertionError, ValueError, KeyError, http.client.HTTPException) as error:
                self.log.append(f"-- {error!r}")
            self.close()
            assert time.monotonic() < end, "no login any more"
            time.sleep(0.02)

    def close(self):
        if self.wire:
            self.wire.close()
        if self.web:
            self.web.http.close()
        self.wire = self.web = None

    # ---- the walk ----

    def during(self, work):
        """Does it, and shows what was said before a rule was broken."""
        try:
            return work()
        except AssertionError as error:
            shown = "\n".join(str(line)[:600] for line in self.log[-60:])
            raise AssertionError(f"seed {self.seed}: {error}\nthe last that was said:\n{shown}") from error

    def run(self, steps):
        operations, weights = zip(*OPERATIONS)
        for _ in range(steps):
            operation = self.random.choices(operations, weights)[0]
            self.log.append(f"-- {operation.__name__}")
            operation(self)

    def run_and_lose(self, steps, kill):
        """The same, while `kill` ends something at some step: what was under way then may be done or not."""
        doomed = self.random.randrange(steps)
        for step in range(steps):
            if step == doomed:
                kill()
            with contextlib.suppress(OSError, http.client.HTTPException):
                self.run(1)
                continue
            self.log.append("-- the connection was lost")
            self.open()

    def command(self, *parts):
        return self.wire.command(*parts)

    def ask(self, method, arguments):
        request = {"using": USING, "methodCalls": [[method, {"accountId": self.account, **arguments}, "0"]]}
        answer = self.web.ask("POST", "/jmap/api", json.dumps(request), JSON)
        if answer.status == 503:
            raise ConnectionError(answer.body)
        assert answer.status == 200, (answer.status, answer.body)
        name, found, _ = answer.json["methodResponses"][0]
        self.log.append(f"< {name} {json.dumps(found)}")
        return name, found

    def call(self, method, **arguments):
        self.log.append(f"> {method} {json.dumps(arguments)}")
        name, found = self.ask(method, arguments)
        if name == "error":
            # Store may be away for a moment, which both protocols may say.
            assert found["type"] in ("serverUnavailable", "serverFail", "serverPartialFail"), found
            raise ConnectionError(found["type"])
        assert name == method, found
        return found

    # ---- what IMAP says ----

    def names(self):
        return [text_of(r[3]) for r in self.command("LIST", '""', '"*"').all("LIST")]

    def mailbox_ids(self):
        """{name: MAILBOXID}."""
        found = {}
        for name in self.names():
            answer = self.command("STATUS", mailbox_name(name), "(MAILBOXID)")
            if answer.status != "OK":
                raise ConnectionError(str(answer))
            found[name] = text_of(answer.all("STATUS")[0][2]["MAILBOXID"])
        return found

    def fetch(self, name, items):
        answer = self.command("EXAMINE", mailbox_name(name))
        if answer.status != "OK":
            raise ConnectionError(str(answer))
        if not answer.all("EXISTS")[0][1]:
            return []
        answer = self.command("FETCH", "1:*", items)
        if answer.status != "OK":
            raise ConnectionError(str(answer))
        return [data for _, _, data in answer.all("FETCH")]

    def by_imap(self):
        """{email id: what JMAP has to say of it}. A message that is marked as deleted is none to JMAP."""
        emails, mailboxes = {}, self.mailbox_ids()
        for name, mailbox in mailboxes.items():
            for data in self.fetch(name, "(UID FLAGS INTERNALDATE RFC822.SIZE EMAILID THREADID)"):
                if "\\Deleted" in data["FLAGS"]:
                    continue
                date = datetime.datetime.strptime(text_of(data["INTERNALDATE"]).strip(), "%d-%b-%Y %H:%M:%S %z").astimezone(datetime.timezone.utc)
                email = emails.setdefault(text_of(data["EMAILID"]), {"mailboxIds": {}, "keywords": {}, "threadId": text_of(data["THREADID"]),
                                                                     "size": int(data["RFC822.SIZE"]), "receivedAt": f"{date:%Y-%m-%dT%H:%M:%SZ}"})
                email["mailboxIds"][mailbox] = True
                email["keywords"].update({WORDS.get(f, f.lower()): True for f in data["FLAGS"] if f != "\\Recent"})
        return emails, mailboxes

    # ---- what JMAP says ----

    def by_jmap(self):
        ids = self.call("Email/query", calculateTotal=True, limit=2000)
        assert ids["total"] == len(ids["ids"]) == len(set(ids["ids"])), ids
        emails = self.call("Email/get", ids=ids["ids"], properties=EMAIL)
        assert emails["notFound"] == []
        mailboxes = self.call("Mailbox/get", ids=None, properties=COUNTS)
        return {e["id"]: e for e in emails["list"]}, emails["state"], {m["id"]: m for m in mailboxes["list"]}, mailboxes["state"]

    def check(self):
        """Both say the same."""
        there, names = self.by_imap()
        emails, state, mailboxes, mailbox_state = self.by_jmap()
        assert set(emails) == set(there), f"JMAP alone knows {set(emails) - set(there)}, IMAP alone {set(there) - set(emails)}"
        for number, wanted in there.items():
            found = {key: emails[number][key] for key in wanted}
            assert found == wanted, f"{number}: JMAP says {found}, IMAP {wanted}"
        self.check_mailboxes(mailboxes, names, there)
        self.check_changes(emails, mailboxes)
        self.told.emails, self.told.state = emails, state
        self.told.mailboxes, self.told.mailbox_state = mailboxes, mailbox_state
        self.check_bodies(emails, names)

    def check_mailboxes(self, mailboxes, names, there):
        def path(mailbox):
            parent = mailbox["parentId"]
            return (path(mailboxes[parent]) + "/" if parent else "") + mailbox["name"]

        # The inbox alone is called otherwise.
        assert {m for n, m in names.items() if n != "INBOX"} <= set(mailboxes)
        assert {path(mailboxes[m]) for n, m in names.items() if n != "INBOX"} == set(names) - {"INBOX"}
        assert set(names.values()) == set(mailboxes), f"IMAP has {names}, JMAP {sorted(mailboxes)}"
        for number, mailbox in mailboxes.items():
            inside = [e for e in there.values() if number in e["mailboxIds"]]
            unread = [e for e in inside if not {"$seen", "$draft"} & set(e["keywords"])]
            found = {k: mailbox[k] for k in ("totalEmails", "unreadEmails", "totalThreads")}
            wanted = {"totalEmails": len(inside), "unreadEmails": len(unread), "totalThreads": len({e["threadId"] for e in inside})}
            assert found == wanted, f"{path(mailbox)} has {found}, and there are {wanted}"

    def check_bodies(self, emails, names):
        """The octets of a few."""
        name = self.random.choice(sorted(names))
        for data in self.fetch(name, "(EMAILID FLAGS BODY.PEEK[])")[-3:]:
            if "\\Deleted" not in data["FLAGS"]:
                blob = self.web.download(emails[text_of(data["EMAILID"])]["blobId"])
                assert blob.status == 200 and blob.body == data["BODY[]"], f"{text_of(data['EMAILID'])}: other octets"

    # ---- what changed since ----

    def pages(self, method, state):
        created, updated, destroyed = set(), set(), set()
        while True:
            found = self.call(method, sinceState=state, maxChanges=PAGE)
            assert len(found["created"]) + len(found["updated"]) + len(found["destroyed"]) <= PAGE, found
            created |= set(found["created"])
            updated |= set(found["updated"])
            destroyed |= set(found["destroyed"])
            assert found["newState"] != state or not found["hasMoreChanges"], f"{method} does not come on from {state}"
            state = found["newState"]
            if not found["hasMoreChanges"]:
                # One that came and went between two pages may stand in both.
                return created - destroyed, updated - destroyed - created, destroyed

    def check_changes(self, emails, mailboxes):
        if self.told.state:
            self.check_kind("Email/changes", self.told.state, self.told.emails, emails)
            self.check_kind("Mailbox/changes", self.told.mailbox_state, self.told.mailboxes, mailboxes)
        self.check_query()

    def check_kind(self, method, state, before, now):
        created, updated, destroyed = self.pages(method, state)
        assert created == set(now) - set(before), f"{method}: created {created}, new are {set(now) - set(before)}"
        gone = set(before) - set(now)
        # What was made and destroyed in between may be told as destroyed.
        assert gone <= destroyed and not destroyed & set(now), f"{method}: destroyed {destroyed}, gone are {gone}"
        other = {number for number in set(before) & set(now) if before[number] != now[number]}
        assert other <= updated, f"{method}: updated {updated}; {other - updated} changed: " + ", ".join(f"{before[n]} -> {now[n]}" for n in other - updated)

    def check_query(self):
        """The ids that a client has of a query, with what queryChanges says, are the ids of now (RFC 8620 section 5.6)."""
        asked = {"filter": {"notKeyword": "$seen"}, "sort": [{"property": "receivedAt", "isAscending": False}]}
        if self.told.query_state:
            name, found = self.ask("Email/queryChanges", {**asked, "sinceQueryState": self.told.query_state})
            if name == "Email/queryChanges":
                ids = [number for number in self.told.query if number not in found["removed"]]
                for added in found["added"]:
                    ids.insert(added["index"], added["id"])
            else:
                assert found["type"] == "cannotCalculateChanges", found
                ids = None
        now = self.call("Email/query", **asked, limit=2000)
        assert not self.told.query_state or ids is None or ids == now["ids"], f"with its changes the query has {ids}, asked anew {now['ids']}"
        self.told.query, self.told.query_state = now["ids"], now["queryState"]

    # ---- operations by IMAP ----

    def body(self):
        self.bodies += 1
        before = self.random.randrange(self.bodies)
        answers = f"References: <{self.seed}.{before}@example.test>\r\n" if before and self.random.random() < 0.4 else ""
        return (f"From: a{self.bodies}@example.test\r\nSubject: t{before if answers else self.bodies}t\r\nDate: Mon, 5 Jan 2026 10:00:00 +0000\r\n"
                f"Message-ID: <{self.seed}.{self.bodies}@example.test>\r\n{answers}\r\n{'word ' * self.random.randrange(40)}\r\n").encode()

    def date(self):
        return datetime.datetime(2026, 1, 1, 12) + datetime.timedelta(seconds=self.random.randrange(5000000))

    def flags(self):
        return sorted(self.random.sample(SYSTEM + KEYWORDS, self.random.randrange(4)))

    def mailbox(self):
        return self.random.choice(self.names())

    def append(self):
        flags, name = " ".join(self.flags()), self.mailbox()
        for _ in range(self.random.choice([1, 1, 4])):
            self.command("APPEND", mailbox_name(name), f"({flags})", f'"{self.date():%d-%b-%Y %H:%M:%S} +0000"', Literal(self.body()))

    def selected(self):
        """Opens a mailbox; some UIDs in it as a set, or nothing."""
        answer = self.command("SELECT", mailbox_name(self.mailbox()))
        if answer.status != "OK" or not answer.all("EXISTS")[0][1]:
            return None
        found = self.command("UID SEARCH", "RETURN (ALL) ALL").all("ESEARCH")
        text = next((v for r in found for k, v in zip(r, r[1:]) if k == "ALL"), None)
        if not text:
            return None
        uids = numbers(text_of(text))
        return set_text(self.random.sample(uids, min(len(uids), self.random.choice([1, 1, 2, 5]))))

    def store(self):
        if uids := self.selected():
            self.command("UID STORE", uids, self.random.choice(["+FLAGS", "+FLAGS", "-FLAGS", "FLAGS.SILENT"]), f"({' '.join(self.flags())})")

    def copy(self):
        if uids := self.selected():
            self.command(self.random.choice(["UID COPY", "UID MOVE"]), uids, mailbox_name(self.mailbox()))

    def expunge(self):
        if self.selected():
            self.command("EXPUNGE")

    def tree(self):
        name = self.random.choice(NAMES)
        self.command(self.random.choice(["CREATE", "CREATE", "DELETE"]), mailbox_name(name))
        if self.random.random() < 0.2:
            self.command("RENAME", mailbox_name(name), mailbox_name(self.random.choice(NAMES)))

    # ---- operations by JMAP ----

    def emails(self, most=5):
        ids = self.call("Email/query", limit=200)["ids"]
        return self.random.sample(ids, min(len(ids), self.random.randrange(1, most + 1)))

    def boxes(self):
        found = self.call("Mailbox/get", ids=None, properties=["id"])["list"]
        return [m["id"] for m in self.random.sample(found, min(len(found), self.random.choice([1, 1, 1, 2, 3])))]

    def keywords(self):
        return {WORDS.get(f, f.lower()): True for f in self.flags() if f != "\\Deleted"}

    def imports(self):
        blob = self.web.ask("POST", f"/jmap/upload/{self.account}", self.body(), {"Content-Type": "message/rfc822"})
        if blob.status == 201:
            self.call("Email/import", emails={"a": {"blobId": blob.json["blobId"], "mailboxIds": dict.fromkeys(self.boxes(), True),
                                                    "keywords": self.keywords(), "receivedAt": f"{self.date():%Y-%m-%dT%H:%M:%SZ}"}})

    def make(self):
        self.call("Email/set", create={"a": {"mailboxIds": dict.fromkeys(self.boxes(), True), "keywords": {"$draft": True, **self.keywords()},
                                             "subject": "a draft", "textBody": [{"partId": "1"}], "bodyValues": {"1": {"value": "text"}}}})

    def change(self):
        whole, word = self.random.random() < 0.3, self.random.choice(["$seen", "$flagged", "work", "$forwarded"])
        patch = {"keywords": self.keywords()} if whole else {f"keywords/{word}": self.random.choice([True, None])}
        self.call("Email/set", update={number: patch for number in self.emails()})

    def move(self):
        boxes, add = self.boxes(), self.random.random() < 0.4
        patch = {f"mailboxIds/{number}": True for number in boxes} if add else {"mailboxIds": dict.fromkeys(boxes, True)}
        self.call("Email/set", update={number: patch for number in self.emails()})

    def destroy(self):
        self.call("Email/set", destroy=self.emails(3))

    def destroy_mailbox(self):
        found = self.call("Mailbox/get", ids=None, properties=["id", "name"])["list"]
        if doomed := [m["id"] for m in found if m["name"] in ("alpha", "one", "two")]:
            self.call("Mailbox/set", destroy=[self.random.choice(doomed)], onDestroyRemoveEmails=True)

    def act(self):
        filter = {"hasKeyword": self.random.choice(["$flagged", "work", "$seen"])}
        patch = self.random.choice([{"keywords/later": True}, {"mailboxIds": dict.fromkeys(self.boxes()[:1], True)}])
        self.ask("Email/queryAct", {"filter": filter, "update": patch})


OPERATIONS = [(Walk.append, 8), (Walk.store, 10), (Walk.copy, 8), (Walk.expunge, 4), (Walk.tree, 4), (Walk.imports, 8), (Walk.make, 2),
              (Walk.change, 8), (Walk.move, 8), (Walk.destroy, 3), (Walk.destroy_mailbox, 1), (Walk.act, 2)]
