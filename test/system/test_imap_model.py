"""Random commands of several sessions against a model of RFC 9051, through real sockets and processes (support/imap_walk.py).

Dovecot is walked through first: a model that it passes asks nothing of a server that the RFCs don't. A failure names its seed; POSTRIDER_SEED=N
repeats it alone.
"""

import itertools
import os

import pytest

import dovecot
import imap_walk
import imap_wire
from ports import free_port


STEPS = 250


def seeds(request, short, long):
    if "POSTRIDER_SEED" in os.environ:
        return [int(os.environ["POSTRIDER_SEED"])]
    return range(1, 1 + (long if request.config.getoption("--long") else short))


def connector(server, address):
    def connect(_, log):
        wire = imap_wire.Wire(server.ports["imaps"], str(server.folder / "tls-cert.pem"), log)
        answer = wire.command("LOGIN", imap_wire.mailbox_name(address), imap_wire.mailbox_name(server.passwords[address]))
        assert answer.status == "OK", answer
        return wire
    return connect


def walk(server, address, seed, steps=STEPS, **options):
    made = imap_walk.Walk(connector(server, address), seed, **options)
    try:
        made.start().run(steps)
    finally:
        made.close()
    return made


@pytest.fixture(scope="module")
def peer(shared, shared_folder):
    if not dovecot.is_installed():
        pytest.skip("dovecot-imapd is not installed, or this is not root (scripts/setup check)")
    ports = {"imap": free_port(), "imaps": free_port()}
    users = {f"walker{n}@example.test": "peer-horse" for n in range(400)}
    made = dovecot.Dovecot(shared_folder / "dovecot", shared.folder / "tls-cert.pem", shared.folder / "tls-key.pem", ports,
                           location="sdbox:{}/mail/%u", users=users)
    try:
        yield made.start()
    finally:
        made.stop()


accounts = itertools.count()


def new_account(server):
    address = f"walker{next(accounts)}@example.test"
    server.add_account(address)
    return address


def test_the_model_is_right_about_dovecot(peer, request):
    for number, seed in enumerate(seeds(request, 3, 100)):
        walk(peer, f"walker{number}@example.test", seed, accepted=imap_walk.DOVECOT)


def test_several_sessions_see_what_the_rfc_says(server, request):
    for seed in seeds(request, 6, 300):
        walk(server, new_account(server), seed)
