"""Next hosts that break off, fail or talk nonsense at any stage of a transaction: the message arrives with the next attempt, once; twice only
where SMTP cannot exclude it (RFC 1047)."""

import pytest

from hosts import CLOSE, KEEP_CLOSE, RESET
from road import submit
from server import wait_for

ALICE = "alice@provider.example"
STAGES = ("connect", "ehlo", "mail", "rcpt", "data", "body", "end")


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("action", [CLOSE, RESET, "421 4.3.2 going down", "451 4.3.0 not now"])
def test_trouble_at_any_stage_is_gone_with_the_next_attempt(road, provider, company, stage, action):
    if stage == "body" and action not in (CLOSE, RESET):
        pytest.skip("nobody answers in the middle of a message")
    company.on(stage, action, times=1)
    road.publish()
    submit(provider, provider.sender, company.bob)
    company.wait_messages()
    wait_for(lambda: provider.find_events("relay-delivered", recipient=company.bob), what="the end")
    assert len(company.messages) == 1
    assert not provider.messages(ALICE), "nobody is told of an attempt that failed once"


@pytest.mark.parametrize("action, copies", [(CLOSE, 1), (KEEP_CLOSE, 2)])
def test_a_connection_that_ends_after_the_last_dot(road, provider, company, action, copies):
    """What was taken without a word is sent again: the only duplicate that SMTP leaves."""
    company.on("end", action, times=1)
    road.publish()
    submit(provider, provider.sender, company.bob)
    company.wait_messages(copies)
    wait_for(lambda: provider.find_events("relay-delivered", recipient=company.bob), what="the end")
    assert len(company.messages) == copies


@pytest.mark.parametrize("stage, reply", [
    ("connect", "220 " + "\n".join("x" * 70 for _ in range(100))), ("ehlo", "250 " + "\n".join(f"X-{n}" for n in range(500))),
    ("ehlo", "250 \xff\x00\x07 what"), ("mail", "250"), ("mail", "999 what is this"), ("rcpt", "25x"), ("data", "250 go on"), ("end", "354 more"),
    ("end", "what?"), ("end", "250 " + "x" * 3000)])
def test_nonsense_for_a_reply(road, provider, company, stage, reply):
    """Whatever a host says, the message is neither lost nor the relay hurt: it arrives, if need be with the next attempt."""
    company.on(stage, reply, times=1)
    road.publish()
    submit(provider, provider.sender, company.bob)
    company.wait_messages()


def test_an_endless_reply_ends(road, provider, company):
    def endless(session, _):
        try:
            while True:
                session.socket.sendall(b"250-more\r\n" * 1000)
        except OSError:
            return CLOSE
    company.on("ehlo", endless, times=1)
    road.publish()
    submit(provider, provider.sender, company.bob)
    company.wait_messages()
