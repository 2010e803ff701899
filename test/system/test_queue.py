"""postrider queue and trace on mail that is on its way: what an administrator of a running server sees of it and does with it."""

import email
import email.policy
import json
import re

import pytest

from hosts import Host
from ports import free_port
from server import wait_for

ALICE = "alice@example.test"
JOE = "joe@company.example"


@pytest.fixture
def next_host():
    host = Host("127.0.0.1", free_port(), "mx.company.example")
    yield host
    host.close()
    assert host.faults == []


@pytest.fixture
def road(make_server, next_host):
    """A server whose mail for everywhere goes to the scripted host."""
    return make_server(routes=[f"* smtp:127.0.0.1:{next_host.port}"], mta_sts=False, queue_retry_min=3600, queue_retry_max=3600)


def submit(server, recipients, subject="hello", options=(), rcpt_options=()):
    """The id under which the server took the message."""
    with server.smtp("submission", login=ALICE) as client:
        client.ehlo_or_helo_if_needed()
        assert client.mail(ALICE, options)[0] == 250
        for recipient in recipients:
            assert client.rcpt(recipient, rcpt_options)[0] == 250
        code, text = client.data(f"From: {ALICE}\r\nSubject: {subject}\r\nMessage-ID: <{subject}@example.test>\r\n\r\nbody\r\n")
        assert code == 250, text
        return re.search(rb"kept as (\S+)", text).group(1).decode()


def trace(server, what, status=0):
    return json.loads(server.cli("trace", what, "--json", status=status).stdout)


def queue(server, *words, status=0):
    return json.loads(server.cli("queue", *words, "--json", status=status).stdout)


def wait_traced(server, message, event):
    def look():
        found = trace(server, message)
        return next((e for e in found[0]["events"] if e["event"] == event), None)
    return wait_for(look, what=f"{event} in the trace")


def wait_deferred(server, message):
    """Its destination rests: nothing will happen to it by itself for an hour."""
    wait_for(lambda: any(m["id"] == message and m["state"] == "waiting" and (m["recipients"][0].get("attempts") or any(
        d.get("failures") for d in m["destinations"])) for m in queue(server, "list")), what="a deferred message")


def bounces(server, address=ALICE):
    return [email.message_from_bytes(m, policy=email.policy.default) for m in server.messages(address)]


def add_list(server, members):
    """A list of this server with so many members, as an administrator makes one: aliases to aliases."""
    made = 0
    while len(members) > 1:
        parts = [[]]
        for member in members:
            if len(parts[-1]) == 40 or sum(len(m) for m in parts[-1]) + len(member) > 1000:  # an alias takes one entry
                parts.append([])
            parts[-1].append(member)
        members = ["all@example.test"] if len(parts) == 1 else [f"part{made + i}@example.test" for i in range(len(parts))]
        made += len(parts)
        for name, part in zip(members, parts):
            server.cli("alias", "add", name, *part)


def test_a_thousand_recipients_get_it_once_each(road, next_host):
    """In one transaction: mailboxes here, some of them twice under two names, and addresses of many other domains."""
    people = [f"u{i}@example.test" for i in range(105)]
    for person in people:
        road.add_account(person)
    doubles = [f"u{i}+again@example.test" for i in range(20)]
    others = [f"r{i}@d{i % 300}.example" for i in range(1000 - len(people) - len(doubles))]
    with road.smtp("submission", login=ALICE) as client:
        client.ehlo()
        assert client.mail(ALICE)[0] == 250
        for address in (*people, *doubles, *others):
            assert client.rcpt(address)[0] == 250
        assert client.rcpt("one-more@company.example")[0] == 452
        code, text = client.data(f"From: {ALICE}\r\nSubject: all\r\nMessage-ID: <all@example.test>\r\n\r\nbody\r\n")
        assert code == 250, text
        assert client.noop()[0] == 250
    wait_for(lambda: queue(road, "stats")["messages"] == 0, what="an empty queue")
    relayed = [r for m in next_host.messages for r in m.recipients]
    assert sorted(relayed) == sorted(others)
    kept = [e["recipient"] for m in trace(road, "<all@example.test>") for e in m["events"] if e["event"] == "delivered"]
    assert len(kept) == len(set(kept)) and {a.replace("+again", "") for a in kept} == set(people)
    for person in (people[0], people[19], people[20], people[-1]):
        assert len(road.messages(person)) == 1
    # Strangers reach as many by a list.
    add_list(road, [*people, ALICE])
    road.deliver("all@example.test", b"Subject: list\r\nMessage-ID: <list@else.test>\r\n\r\nx\r\n")
    wait_for(lambda: queue(road, "stats")["messages"] == 0, what="an empty queue")
    for person in (people[0], people[50], people[-1]):
        assert len(road.messages(person)) == 2
    # And what fails is told to all of it, when the list was the sender.
    next_host.on("rcpt", "550 5.1.1 nobody here", match="nobody*")
    with road.smtp("submission", login=ALICE) as client:
        client.sendmail("all@example.test", ["nobody@company.example"], b"From: all@example.test\r\nSubject: lost\r\n\r\nx\r\n")
    road.wait_event("dsn-sent")
    wait_for(lambda: queue(road, "stats")["messages"] == 0, what="an empty queue")
    for person in (people[0], people[50], people[-1]):
        assert len(road.messages(person)) == 3
    assert road.cli("store", "check").returncode == 0


def long_address(local, length):
    """With a domain of as many labels as that takes."""
    rest = length - len(local) - len("@.company.example")
    labels = [min(60, rest - at) for at in range(0, rest, 61)]
    return f"{local}@{'.'.join('x' * n for n in labels)}.company.example"


@pytest.mark.long
def test_a_thousand_long_addresses(road, next_host):
    """What they take is counted as it is said to store: all that is answered 250 at RCPT finds room at DATA."""
    orcpt = ["ORCPT=rfc822;" + "o" * 480]
    with road.smtp("submission", login=ALICE) as client:
        client.ehlo()
        assert client.mail(ALICE)[0] == 250
        assert {client.rcpt(long_address(f"r{i:04}", 100))[0] for i in range(1000)} == {250}
        assert client.data(f"From: {ALICE}\r\nSubject: a\r\n\r\nbody\r\n")[0] == 250
        # As many as there is room for, and not one more than that.
        assert client.mail(ALICE)[0] == 250
        taken = 0
        while client.rcpt(long_address(f"s{taken:04}", 250) if taken % 2 else f"alice+{taken:058}@example.test", orcpt)[0] == 250:
            taken += 1
        assert 900 < taken < 1000
        assert client.data(f"From: {ALICE}\r\nSubject: b\r\n\r\nbody\r\n")[0] == 250
    add_list(road, [ALICE, *[long_address(f"t{i:04}", 190) for i in range(999)]])
    with road.smtp() as client:
        client.ehlo()
        assert client.mail(long_address("sender", 250))[0] == 250
        # Alone it is too much, whatever else the message goes to: coming again is of no use.
        code, text = client.rcpt("all@example.test", orcpt)
        assert code == 550 and b"5.3.5" in text
        assert client.rcpt("all@example.test")[0] == 250
        assert client.data("Subject: c\r\n\r\nbody\r\n")[0] == 250
    wait_for(lambda: queue(road, "stats")["messages"] == 0, what="an empty queue")
    relayed = [r for m in next_host.messages for r in m.recipients]
    assert [sum(r.startswith(letter) for r in relayed) for letter in 'rst'] == [1000, taken // 2, 999]
    assert [m["Subject"] for m in bounces(road)] == ["b", "c"]


def test_what_gets_through(road, next_host):
    message = submit(road, [JOE, "ann@company.example"])
    next_host.wait_messages()
    wait_traced(road, message, "done")
    found = trace(road, "<hello@example.test>")
    assert [m["id"] for m in found] == [message]
    events = found[0]["events"]
    relayed = [e for e in events if e["event"] == "relayed"]
    assert {e["recipient"] for e in relayed} == {JOE, "ann@company.example"}
    assert all(e["reply"].startswith("250 2.0.0 accepted") and str(next_host.port) in e["address"] for e in relayed)
    assert found[0]["state"].startswith("It has reached all its recipients")
    assert queue(road, "list") == []
    assert queue(road, "stats")["messages"] == 0
    assert b"The queue is empty." in road.cli("queue", "stats").stdout


def test_attempts_stand_under_the_message(make_server):
    """A host that does not listen: each attempt is told with the message that waited for it."""
    port = free_port()
    server = make_server(routes=[f"* smtp:127.0.0.1:{port}"], mta_sts=False, queue_retry_min=3600, queue_retry_max=3600)
    message = submit(server, [JOE])
    attempt = wait_traced(server, message, "attempt")
    assert attempt["destination"] == "company.example" and attempt["address"] == f"127.0.0.1:{port}" and attempt["cause"] == "connection refused"
    text = server.cli("trace", message).stdout.decode()
    assert re.search(rf"  tried \S+ at 127\.0\.0\.1:{port} for company\.example, in vain; this server noted: ", text), text
    assert queue(server, "age")["destinations"][0]["name"] == "company.example"


def test_a_pause_outlives_a_restart(road, next_host):
    road.cli("queue", "pause", "--destination", "company.example", "--why", "they move")
    message = submit(road, [JOE])
    # It is in the queue as soon as its 250 was given.
    assert [m["id"] for m in queue(road, "list")] == [message] and queue(road, "stats")["messages"] == 1
    content = road.cli("queue", "cat", message).stdout
    assert content.endswith(b"\r\n\r\nbody\r\n") and b"Subject: hello\r\n" in content
    other = submit(road, ["jim@other.example"], subject="other")
    wait_traced(road, other, "done")
    road.stop()
    road.start()
    shown = road.cli("queue", "show", message).stdout.decode()
    assert "Sending to company.example has been paused since " in shown and "(they move)" in shown
    assert [p["destination"] for p in queue(road, "stats")["paused"]] == ["company.example"]
    assert [m["id"] for m in trace(road, JOE)] == [message] and len(trace(road, JOE)[0]["events"]) == 2
    road.cli("queue", "pause", "--destination", "Company.example", status=66)
    road.cli("queue", "resume", "--destination", "company.example")
    wait_traced(road, message, "relayed")
    assert "paused" not in queue(road, "stats")
    road.cli("queue", "pause")
    third = submit(road, [JOE], subject="third")
    road.cli("queue", "resume")
    wait_traced(road, third, "relayed")
    road.cli("queue", "cat", third, status=66)


def test_one_that_is_put_off(road, next_host):
    next_host.on("rcpt", "450 4.7.1 Greylisted, come again")
    message = submit(road, [JOE])
    wait_traced(road, message, "deferred")
    wait_deferred(road, message)
    listed = queue(road, "list")
    assert [m["id"] for m in listed] == [message] and listed[0]["sender"] == ALICE
    recipient = listed[0]["recipients"][0]
    assert recipient["address"] == JOE and recipient["state"] == "waiting" and recipient["attempts"] == 1
    assert recipient["reply"] == "450 4.7.1 Greylisted, come again" and recipient["status"] == "4.7.1"
    # One command tells why it is stuck, when it goes on, and what to do.
    for words in (["queue", "list"], ["queue", "show", message], ["trace", message]):
        text = road.cli(*words).stdout.decode()
        assert "defers the first message from a sender that it does not know yet" in text, text
        assert "in an hour" in text or "minutes" in text
        assert "Greylisting" in text
    assert queue(road, "stats")["messages"] == 1
    for filters in (["--sender", ALICE.upper()], ["--sender", "@example.test"], ["--domain", "Company.example"], ["--error", "greylisted"],
                    ["--older", "0s"], ["--sender", ALICE, "--domain", "company.example"]):
        assert [m["id"] for m in queue(road, "list", *filters)] == [message], filters
    for filters in (["--sender", "bob@example.test"], ["--domain", "other.example"], ["--error", "refused"], ["--older", "1d"],
                    ["--sender", ALICE, "--domain", "other.example"]):
        assert queue(road, "list", *filters) == [], filters
    # The host is willing now, and the administrator does not want to wait for an hour.
    next_host.usual()
    assert queue(road, "retry", message) == {"changed": 1}
    next_host.wait_messages()
    wait_traced(road, message, "done")
    road.cli("queue", "retry", message, status=66)
    assert [e["event"] for e in trace(road, message)[0]["events"]][-3:] == ["retried", "relayed", "done"]


def test_hold_and_release(road, next_host):
    next_host.on("rcpt", "450 4.2.1 not now", times=1)
    message = submit(road, [JOE])
    wait_traced(road, message, "deferred")
    wait_deferred(road, message)
    assert queue(road, "hold", message, "--why", "looks odd") == {"changed": 1}
    assert queue(road, "show", message)[0]["state"] == "held"
    text = road.cli("queue", "show", message).stdout.decode()
    assert re.search(r"It is held by \S+ \(looks odd\) and stays until somebody releases it", text), text
    # Held means held: an attempt is asked for, and other mail goes to the same host.
    road.cli("queue", "retry", "--all", check=False)
    submit(road, ["other@company.example"], "other")
    assert next_host.wait_messages()[0].recipients == ["other@company.example"]
    assert queue(road, "show", message)[0]["state"] == "held"
    assert queue(road, "release", message, "--why", "was fine") == {"changed": 1}
    road.cli("queue", "retry", message, check=False)
    assert next_host.wait_messages(2)[1].recipients == [JOE]
    wait_traced(road, message, "done")
    events = {e["event"]: e for e in trace(road, message)[0]["events"]}
    assert events["held"]["why"] == "looks odd" and events["released"]["why"] == "was fine" and events["held"]["by"]


def test_delete_with_and_without_a_bounce(road, next_host):
    next_host.down()
    silent, told = submit(road, [JOE], "silent"), submit(road, [JOE], "told")
    wait_deferred(road, silent)
    wait_deferred(road, told)
    road.cli("queue", "delete", silent, status=64)  # without a reason
    assert queue(road, "delete", silent, "--why", "a mistake") == {"changed": 1}
    assert queue(road, "delete", told, "--why", "a virus", "--bounce") == {"changed": 1}
    bounce = wait_for(lambda: bounces(road), what="the bounce")[0]
    assert "told@example.test" in bounce["References"] and bounce["Auto-Submitted"].startswith("auto-")
    assert queue(road, "list") == []
    assert len(bounces(road)) == 1
    states = {m["id"]: m["state"] for m in trace(road, JOE)}
    assert re.match(r"It was taken out of the queue by \S+ \(a mistake\)\.$", states[silent])
    assert re.match(r"It was taken out of the queue by \S+ \(a virus\), and its sender was told\.$", states[told])


def test_one_that_is_refused(road, next_host, tmp_path):
    next_host.on("rcpt", "550 5.1.1 no such user here", match="joe@*")
    message = submit(road, [JOE, "ann@company.example"], "lunch")
    next_host.wait_messages()
    raw = wait_for(lambda: road.messages(ALICE), what="the bounce")[0]
    bounce = email.message_from_bytes(raw, policy=email.policy.default)
    assert bounce.get_content_type() == "multipart/report" and bounce["In-Reply-To"] == "<lunch@example.test>"
    text = bounce.get_payload()[0].get_content()
    assert JOE in text and "This address does not exist there." in text and "550 5.1.1 no such user here" in text
    assert "ann@" not in text and "Subject: lunch" in text and message in text
    status = bounce.get_payload()[1].get_payload()[1]
    assert status["Action"] == "failed" and status["Status"] == "5.1.1" and JOE in status["Final-Recipient"]
    # The trace leads from the message to its report and back.
    found = wait_for(lambda: (f := trace(road, message)) and len(f) == 2 and f, what="the report in the trace")
    assert found[0]["id"] == message
    notified = next(e for e in found[0]["events"] if e["event"] == "notified")
    assert notified["dsn"] == found[1]["id"] and notified["to"] == ALICE
    assert "did not get it: this address does not exist there. Its sender was told." in found[0]["state"]
    assert [m["id"] for m in trace(road, found[1]["id"])] == [message, found[1]["id"]]
    # `message show` says the same of the mail that alice got.
    path = tmp_path / "bounce.eml"
    path.write_bytes(raw)
    shown = road.cli("message", "show", str(path)).stdout.decode()
    assert f"{JOE} was not delivered (5.1.1)\n    This address does not exist there." in shown


def test_a_route_around_a_dead_host(make_server, next_host):
    server = make_server(routes=[f"* smtp:127.0.0.1:{free_port()}"], mta_sts=False, queue_retry_min=3600, queue_retry_max=3600)
    message = submit(server, [JOE])
    wait_deferred(server, message)
    text = server.cli("trace", message).stdout.decode()
    assert "because the recipient's mail server is switched off or accepts no connections" in text, text
    assert "Nobody listens at that host and port" in text
    server.cli("queue", "route", "company.example", "smtp:", status=64)
    assert queue(server, "route", "company.example", f"127.0.0.1:{next_host.port}", "--why", "their server burns") == {"changed": 1}
    server.cli("queue", "retry", message, check=False)
    next_host.wait_messages()
    wait_traced(server, message, "done")
