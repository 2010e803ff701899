"""What the other tests rely on: ports that nobody else uses, and programs whose failure to start is known at once."""

import contextlib
import socket
import subprocess
import sys
import time

import pytest

import ports
from name_servers import Bind, Knot, Nsd, is_installed
from programs import TIMEOUT, start_program
from resolver import ask

ZONE = "$ORIGIN example.test.\n$TTL 60\n@ SOA ns host 1 60 60 60 60\n@ NS ns\nns A 127.0.0.1\n"


@pytest.mark.parametrize("by", [socket.SOCK_DGRAM, socket.SOCK_STREAM], ids=["UDP", "TCP"])
@pytest.mark.parametrize("kind", [Nsd, Bind, Knot], ids=["nsd", "bind", "knot"])
def test_a_name_server_takes_another_port_when_its_own_is_taken(tmp_path, monkeypatch, kind, by):
    if not is_installed(kind):
        pytest.skip(f"{kind.NAME} is not installed")
    (tmp_path / "zone").write_text(ZONE)
    with socket.socket(socket.AF_INET, by) as taker:
        # As a resolver's library does it, between the choice of the port and its use.
        taken = ports.free_port()
        taker.bind(("0.0.0.0", taken))
        if by == socket.SOCK_STREAM:
            taker.listen()
        other = ports.free_port()
        choices = [other, taken]
        monkeypatch.setattr(ports, "free_port", choices.pop)
        server = kind(tmp_path, {"example.test": "zone"}).start()
        try:
            assert server.port == other and not choices
            assert ask("127.0.0.1", other, "example.test", "SOA")
        finally:
            server.stop()


def test_a_program_that_ends_is_known_at_once_and_says_why(tmp_path):
    began = time.monotonic()
    with pytest.raises(AssertionError, match="ended with status 3.*\n.*no such zone"):
        start_program([sys.executable, "-c", "print('no such zone'); raise SystemExit(3)"], lambda: False, tmp_path / "log")
    assert time.monotonic() - began < TIMEOUT / 2


def test_no_other_process_is_given_the_same_ports():
    """Neither while it runs beside this one, nor another kind of lease."""
    mine = {ports.free_port() for _ in range(150)}
    code = "import ports; print(*{ports.free_port() for _ in range(150)}); print(ports.lease('once'))"
    others = [subprocess.Popen([sys.executable, "-c", code + "; input()"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               cwd=ports.__file__.rpartition("/")[0], text=True) for _ in range(3)]
    try:
        found = [set(map(int, other.stdout.readline().split())) for other in others]
        held = [other.stdout.readline().strip() for other in others]
    finally:
        for other in others:
            with contextlib.suppress(BrokenPipeError):
                other.communicate("\n", timeout=TIMEOUT)
    assert len(mine.union(*found)) == len(mine) + sum(map(len, found)) and all(len(each) > 100 for each in found)
    assert sorted(held) == ["False", "False", "True"]
    assert ports.lease("once"), "a lease ends with its process"
