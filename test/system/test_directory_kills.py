"""
Accounts and domains that are removed, brought back and renamed while the process that does it is killed at any instant: afterwards each is wholly
there, or wholly gone and can be brought back whole.
"""

import base64
import hashlib
import json
import random
import subprocess
import time

import pytest

from limits import TIMEOUT
from server import POSTRIDER, environment, wait_for

ROUNDS, LONG_ROUNDS = 3, 40
CROWD = 120  # more accounts than one commit removes with their domain
ALICE, ANN, TEAM = "alice@example.test", "ann@example.test", "team@example.test"


@pytest.fixture
def rounds(request):
    return LONG_ROUNDS if request.config.getoption("--long") else ROUNDS


def rows(server, *words):
    return json.loads(server.cli(*words, "--json").stdout)


def addresses(server, domain="example.test"):
    return {a["address"] for a in rows(server, "account", "list", domain)}


def removed(server, kind):
    return {r.get("address") or r.get("name") for r in rows(server, kind, "list", "--removed")}


class Killer:
    """Kills commands at random instants of the time that they take: the command itself where no server runs, else the store that carries it out."""

    def __init__(self, server, seed):
        self.server, self.chance, self.longest = server, random.Random(seed), 0.05
        self.cut = 0

    def run(self, *words):
        """True when the command came to its end."""
        server = self.server
        live = server.process is not None
        pid = server.role_pid("store") if live else None
        command = subprocess.Popen([POSTRIDER, "--config", str(server.config), *words], env=environment(), stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        began = time.monotonic()
        try:
            command.wait(self.chance.uniform(0, self.longest))
        except subprocess.TimeoutExpired:
            if live:
                server.kill_role("store")
            else:
                command.kill()
            command.wait(60)
            self.cut += 1
            if live:
                wait_for(lambda: server.role_pids().get("store") not in (None, pid), what="the store is back")
                wait_for(lambda: server.cli("account", "list", check=False).returncode == 0, what="the server answers")
            return False
        self.longest = max(self.longest, 1.1 * (time.monotonic() - began))
        return command.returncode == 0


@pytest.fixture(params=["offline", "live"])
def killer(make_server, request):
    # A role that was killed is started again after longer and longer waits.
    if request.param == "live" and not request.config.getoption("--long"):
        pytest.skip("the store is killed in a long run (--long) only")
    server = make_server(start=False)
    server.cli("alias", "add", TEAM, ALICE, "bob@example.test")
    if request.param == "live":
        server.start()
        server.expect("role-ended", "channel-lost")
        server.deliver(ALICE, b"Subject: kept\r\n\r\nx\r\n")
    return Killer(server, len(request.param))


def test_an_account_goes_and_comes_whole(killer, rounds):
    server = killer.server
    before = rows(server, "account", "show", ALICE)
    for _ in range(rounds):
        killer.run("account", "remove", ALICE, "--yes")
        there, gone = ALICE in addresses(server), ALICE in removed(server, "account")
        assert there != gone
        if gone:
            killer.run("account", "restore", ALICE)
            assert (ALICE in addresses(server)) != (ALICE in removed(server, "account"))
            if ALICE not in addresses(server):
                server.cli("account", "restore", ALICE)
        assert rows(server, "account", "show", ALICE) == before
    assert server.cli("address", "explain", TEAM).returncode == 0


def test_a_rename_is_one_step(killer, rounds):
    server = killer.server
    old, new = ALICE, ANN
    for _ in range(rounds):
        killer.run("account", "rename", old, new, "--no-alias")
        found = addresses(server) & {old, new}
        assert len(found) == 1, found
        [team] = [a["targets"] for a in rows(server, "alias", "list") if a["address"] == TEAM]
        assert sorted(team) == sorted([*found, "bob@example.test"])
        if found == {new}:
            old, new = new, old


def test_a_domain_goes_and_comes_whole(killer, rounds):
    server = killer.server
    users = server.folder / "users"
    hashed = "{SHA}" + base64.b64encode(hashlib.sha1(b"langes wort im test").digest()).decode()
    users.write_text("".join(f"u{i:03}@crowd.test:{hashed}\n" for i in range(CROWD)))
    server.cli("domain", "add", "crowd.test")
    server.cli("account", "import", users, "--format", "passwd", timeout=TIMEOUT)
    whole = addresses(server, "crowd.test")
    assert len(whole) == CROWD
    for _ in range(rounds):
        killer.run("domain", "remove", "crowd.test", "--yes")
        # A removal that was cut can be ended as well as undone.
        if killer.chance.random() < 0.5 and "crowd.test" not in removed(server, "domain"):
            server.cli("domain", "remove", "crowd.test", "--yes")
            assert "crowd.test" in removed(server, "domain") and not server.cli("account", "list", "crowd.test", "--json", check=False).stdout.strip(b"[]\n ")
        killer.run("domain", "restore", "crowd.test")
        server.cli("domain", "restore", "crowd.test", check=False)
        assert "crowd.test" not in removed(server, "domain") and addresses(server, "crowd.test") == whole


def test_what_is_cut_is_no_damage(killer, rounds):
    server = killer.server
    for _ in range(rounds):
        killer.run("account", "remove", "bob@example.test", "--yes")
        killer.run("account", "restore", "bob@example.test")
    server.stop()
    checked = json.loads(server.cli("store", "check", "--json", timeout=TIMEOUT).stdout)
    assert not checked.get("damaged"), checked
