"""What a user sends over JMAP: it arrives once, signed; it can be taken back; it waits for its time over restarts and kills."""
import http.client
import json
import signal

import pytest

import imap_client
from clock import Clock
from road import wait_mail
from server import TIMEOUT, field, run, split_message, wait_for
from web_client import CORE, MAIL, Web

NOBODY = ["127.255.255.255/32"]
USING = (CORE, MAIL, "urn:ietf:params:jmap:submission")
TRACING = (CORE, MAIL, "urn:postrider:params:jmap:trace")


@pytest.fixture
def two(net, tmp_path):
    """Alice's server, whose clock the test moves, and bob's."""
    clock = Clock(tmp_path / "clock")
    near, far = net.new_domain(), net.new_domain()
    net.publish()
    sender = net.postrider(f"mx.{near}", near, ["alice", "carol"], environment=clock.environment, dkim_sign=True, trusted_networks=NOBODY,
                           queue_retry_min=1, queue_retry_max=2)
    partner = net.postrider(f"mx.{far}", far, ["bob"], trusted_networks=NOBODY)
    net.publish()
    sender.alice, sender.carol, sender.bob, sender.clock, sender.domain = f"alice@{near}", f"carol@{near}", f"bob@{far}", clock, near
    partner.bob = sender.bob
    return sender, partner


class Person(Web):
    """Alice's session; it may be opened anew whenever a role has ended."""

    def __init__(self, server, address):
        super().__init__(server, address)
        # Its certificate is for its name, and the connection goes to its number.
        self.http = http.client.HTTPSConnection("127.0.0.1", server.ports["https"], timeout=TIMEOUT, context=imap_client.context(server))

    def draft(self, subject, to, more=""):
        """A message in her mailbox, and its id."""
        server = self.server
        text = f"From: Alice <{server.alice}>\r\nTo: {to}\r\n{more}Subject: {subject}\r\n\r\nHello.\r\n"
        client = imap_client.connect(server, server.alice)
        imap_client.ok(client.append("INBOX", None, None, text.encode()))
        client.logout()
        found = []

        def look():
            found[:] = self.call(("Email/query", {"accountId": self.account, "filter": {"subject": subject}}), using=USING)[0][1]["ids"]
            return found
        wait_for(look, what="the draft")
        return found[0]

    def identity(self):
        return self.call(("Identity/get", {"accountId": self.account}), using=USING)[0][1]["list"][0]["id"]

    def send(self, email, envelope=None):
        create = {"emailId": email, "identityId": self.identity()}
        if envelope:
            create["envelope"] = envelope
        answer = self.call(("EmailSubmission/set", {"accountId": self.account, "create": {"k": create}}), using=USING)[0][1]
        assert answer["notCreated"] is None, answer
        return answer["created"]["k"]

    def look(self, submission):
        return self.call(("EmailSubmission/get", {"accountId": self.account, "ids": [submission]}), using=USING)[0][1]["list"][0]

    def cancel(self, submission):
        change = {submission: {"undoStatus": "canceled"}}
        return self.call(("EmailSubmission/set", {"accountId": self.account, "update": change}), using=USING)[0][1]


def way_of(person, number):
    return person.call(("MessageTrace/get", {"accountId": person.account, "ids": [number]}), using=TRACING)[0][1]["list"][0]["steps"]


def held(server, seconds, to=None):
    return {"mailFrom": {"email": server.alice, "parameters": {"HOLDFOR": str(seconds)}}, "rcptTo": [{"email": to or server.bob}]}


def test_it_arrives_signed_and_without_bcc(two):
    sender, partner = two
    wait_for(lambda: len(json.loads(sender.cli("dkim", "list", sender.domain, "--json").stdout)) == 2, what="both keys")
    with Person(sender, sender.alice) as alice:
        email = alice.draft("lunch", f"{sender.bob}, {sender.carol}", f"Bcc: {sender.alice}\r\n")
        sent = alice.send(email)
        raw = wait_mail(partner, sender.bob)[0]
        assert field(raw, "Bcc") is None and field(raw, "Message-ID") and field(raw, "Date")
        signatures = [value for name, value in split_message(raw)[0] if name == "dkim-signature"]
        assert len(signatures) == 2 and all(f"d={sender.domain};".encode() in value for value in signatures)
        assert field(wait_mail(sender, sender.carol)[0], "DKIM-Signature") is None

        def told():
            now = alice.look(sent["id"])
            states = {address: status["delivered"] for address, status in now["deliveryStatus"].items()}
            return now["undoStatus"] == "final" and states == {sender.bob: "unknown", sender.carol: "yes", sender.alice: "yes"}
        wait_for(told, what="what became of it")
        assert alice.look(sent["id"])["deliveryStatus"][sender.bob]["smtpReply"].startswith("250")
        # Too late.
        assert alice.cancel(sent["id"])["notUpdated"][sent["id"]]["type"] == "cannotUnsend"
        # She sees its way from the one id to the other, and not where carol keeps it.
        way = way_of(alice, sent["id"])
        steps = {(step["event"], step["recipient"]) for step in way}
        assert {("relayed", sender.bob), ("delivered", sender.carol), ("submitted", None)} <= steps, way
        assert "INBOX" not in json.dumps(way) and len({step["messageId"] for step in way}) == 2, way
        # Nor to whom an alias leads.
        team = f"team@{sender.domain}"
        sender.cli("alias", "add", team, sender.carol)
        sent = alice.send(alice.draft("all of you", team))

        def is_kept():
            return any(step["event"] in ("kept", "delivered") for step in way_of(alice, sent["id"]))
        wait_for(is_kept, what="its way")
        assert sender.carol not in json.dumps(way_of(alice, sent["id"])), way_of(alice, sent["id"])
    # Carol sees how it came to her, and not to whom else.
    with Person(sender, sender.carol) as carol:
        email = carol.call(("Email/query", {"accountId": carol.account, "filter": {"subject": "lunch"}}))[0][1]["ids"][0]
        way = way_of(carol, email)
        assert [step["event"] for step in way] == ["accepted", "delivered"] and way[1]["recipient"] == sender.carol, way
        assert sender.bob not in json.dumps(way), way
    # The trace follows it on the command line, too.
    story = sender.cli("trace", sender.bob).stdout.decode()
    assert "completed and signed" in story and "its time has come" in story, story


def test_it_is_taken_back_within_the_hold(two):
    sender, partner = two
    with Person(sender, sender.alice) as alice:
        sent = alice.send(alice.draft("hasty", sender.bob), held(sender, 3600))
        assert sent["undoStatus"] == "pending"
        record = json.loads(sender.cli("queue", "list", "--json").stdout)
        shown = sender.cli("queue", "show", record["messages"][0]["id"] if isinstance(record, dict) else record[0]["id"]).stdout.decode()
        assert "its sender can take it back" in shown, shown
        assert alice.cancel(sent["id"])["updated"] == {sent["id"]: None}
        assert alice.look(sent["id"])["undoStatus"] == "canceled"
        sender.clock.advance(7200)
        # What is sent after it arrives, and it does not.
        alice.send(alice.draft("later", sender.bob))
        assert [field(raw, "Subject").strip() for raw in wait_mail(partner, sender.bob)] == [b"later"]


def test_it_waits_for_its_time_over_a_restart(two):
    sender, partner = two
    with Person(sender, sender.alice) as alice:
        sent = alice.send(alice.draft("tomorrow", sender.bob), held(sender, 86400))
    sender.stop()
    sender.start()
    with Person(sender, sender.alice) as alice:
        assert alice.look(sent["id"])["undoStatus"] == "pending"
        assert not partner.messages(sender.bob)
        sender.clock.advance(86400 + 60)
        assert len(wait_mail(partner, sender.bob)) == 1
        wait_for(lambda: alice.look(sent["id"])["undoStatus"] == "final", what="its end")


@pytest.mark.parametrize("role", ["relay", "store"])
def test_each_is_sent_once_whatever_ends(two, role):
    """The role is killed again and again while submissions are on their way: each arrives, and once."""
    sender, partner = two
    with Person(sender, sender.alice) as alice:
        email = alice.draft("once", sender.bob)
        numbers = [alice.send(email, held(sender, 60 + i))["id"] for i in range(30)]
    killed = None
    for _ in range(5):
        # One that was killed is listed for a moment yet.
        wait_for(lambda: sender.role_pids().get(role, killed) != killed, what=f"a new {role}")
        sender.clock.advance(18)
        killed = sender.kill_role(role, signal.SIGKILL)

    def all_final():
        with Person(sender, sender.alice) as again:
            listed = again.call(("EmailSubmission/get", {"accountId": again.account, "ids": numbers}), using=USING)[0]
            return listed[0] == "EmailSubmission/get" and all(s["undoStatus"] == "final" for s in listed[1]["list"])
    sender.clock.advance(60)
    wait_for(lambda: safely(all_final), what="all to be handed in")
    wait_for(lambda: safely(lambda: empty(sender)), what="an empty queue")
    raws = partner.messages(sender.bob)
    handed = [field(raw, "Message-ID") for raw in raws]
    # A host that was told twice by a killed relay (RFC 1047) got the same message again: no second one was made.
    assert len(set(handed)) == len(numbers), (len(raws), len(set(handed)))


def empty(server):
    return not server.cli("queue", "list", "--json", check=False).stdout.strip(b" \n[]")


def safely(condition):
    """A role that is being started anew answers with an error meanwhile."""
    try:
        return condition()
    except (AssertionError, OSError, KeyError, IndexError):
        return False


def test_curl_sends(two):
    """As the README has it: a list of calls, and nothing else."""
    sender, partner = two
    with Person(sender, sender.alice) as alice:
        account, identity, email = alice.account, alice.identity(), alice.draft("by curl", sender.bob)
    calls = {"using": list(USING), "methodCalls": [
        ["EmailSubmission/set", {"accountId": account, "create": {"k": {"emailId": email, "identityId": identity}}}, "0"]]}
    done = run("curl", "-sS", "--max-time", str(TIMEOUT), "--cacert", sender.folder / "tls-cert.pem", "--resolve",
               f"mx.{sender.domain}:{sender.ports['https']}:127.0.0.1", "-u", f"{sender.alice}:{sender.passwords[sender.alice]}",
               "-H", "Content-Type: application/json", "-d", json.dumps(calls), f"https://mx.{sender.domain}:{sender.ports['https']}/jmap/api")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["methodResponses"][0][1]["created"]["k"]["undoStatus"] == "pending"
    assert len(wait_mail(partner, sender.bob)) == 1


def test_out_of_office_is_set(two):
    sender, partner = two
    using = (CORE, "urn:ietf:params:jmap:vacationresponse")
    with Person(sender, sender.alice) as alice:
        account = alice.account

        def put(**changes):
            return alice.call(("VacationResponse/set", {"accountId": account, "update": {"singleton": changes}}), using=using)[0][1]

        def look():
            return alice.call(("VacationResponse/get", {"accountId": account}), using=using)[0][1]
        before = look()["state"]
        answer = put(isEnabled=True, subject="Away", textBody="Back on Monday.\r\nAlice", fromDate="2020-03-01T00:00:00Z")
        assert answer["updated"] == {"singleton": None} and answer["oldState"] == before != answer["newState"], answer
        found = look()
        assert found["state"] == answer["newState"]
        assert found["list"][0] == {"id": "singleton", "isEnabled": True, "subject": "Away", "textBody": "Back on Monday.\nAlice", "htmlBody": None,
                                    "fromDate": "2020-03-01T00:00:00Z", "toDate": None}
        assert "Back on Monday." in sender.cli("vacation", "show", sender.alice).stdout.decode()
        # Without a text the server says something of its own, and says that it does.
        assert put(textBody=None)["updated"]["singleton"]["textBody"]
        assert put(isEnabled=False, subject=None, fromDate=None)["updated"] == {"singleton": None}
        assert not look()["list"][0]["isEnabled"]
