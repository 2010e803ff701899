"""
Ports and addresses of loopback that no other test uses, whatever runs beside: another worker, another tree, another user.

Each is held by a lease: the name of an abstract socket (unix(7)) is as local to the network namespace as a port is, belongs to one process
alone, and is free again when that process ends, however it ends. What is no test of ours can still take a port that we hold: a resolver's
library asks from any port of UDP. Hence `on_free_port`, which tries again on another one.

As a program, for tests in other languages: `ports.py OFFSET...` prints what free_base gives, and holds it until its input ends.
"""

import contextlib
import errno
import itertools
import pathlib
import random
import re
import socket
import sys

# Blocks of ports, below those that the kernel gives to clients, so that no connection takes one meanwhile.
_FIRST, _BLOCK = 10000, 100
# A worker goes round in these: by then the server that a port was given to is long gone, and there is room for two dozen workers.
_MOST_BLOCKS = 8
# `postrider demo` spreads its ports: where it may begin, so that its highest one is below _FIRST too.
_BASES = range(4000, 5700)
_ATTEMPTS = 5

_leases = []
_ports, _given = [], itertools.count()


def lease(name):
    """Whether this process holds the name from now on until it ends."""
    held = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        held.bind(f"\0postrider-test {name}")
    except OSError:
        held.close()
        return False
    _leases.append(held)
    return True


def _last():
    path = pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range")
    first_for_clients = int(path.read_text().split()[0]) if path.exists() else 32768
    # Where clients get nearly all ports, there is nothing below them.
    return first_for_clients if first_for_clients >= _FIRST + 20 * _BLOCK else 32768


def is_free(port):
    """For a listener on any address of this machine, by TCP and by UDP."""
    with contextlib.ExitStack() as stack:
        for family, address in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")):
            for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                try:
                    made = stack.enter_context(socket.socket(family, kind))
                    if family == socket.AF_INET6:
                        made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                    made.bind((address, port))
                except OSError as error:  # any other says that there is no IPv6 here
                    if error.errno == errno.EADDRINUSE:
                        return False
    return True


def _lease_block():
    starts = list(range(_FIRST, _last() - _BLOCK, _BLOCK))
    random.shuffle(starts)
    for start in starts:
        if lease(f"ports {start}"):
            _ports.extend(range(start, start + _BLOCK))
            return
    assert _ports, f"each port from {_FIRST} on belongs to another test run; does one of them hang? (`ss -xa | grep postrider-test`)"


def free_port():
    """A port that only this process gives away, and that nobody listens on."""
    for _ in range(_MOST_BLOCKS * _BLOCK):
        number = next(_given)
        if number >= len(_ports) and len(_ports) < _MOST_BLOCKS * _BLOCK:
            _lease_block()
        port = _ports[number % len(_ports)]
        if is_free(port):
            return port
    raise AssertionError("somebody listens on each port of this worker")


def free_base(offsets):
    """What `postrider demo` adds to each of these standard ports, the name server's among them."""
    apart = {abs(a - b) for a in offsets for b in offsets}
    bases = []
    for base in _BASES:
        # Those before it have none of its ports.
        if not any(base - other in apart for other in bases):
            bases.append(base)
    random.shuffle(bases)
    for base in bases:
        if all(is_free(base + offset) for offset in offsets) and lease(f"base {base}"):
            return base
    raise AssertionError("no room for another demo")


def free_network():
    """The first three numbers of loopback addresses that no other test uses: "127.4.200"."""
    while True:
        network = f"127.{random.randrange(1, 255)}.{random.randrange(0, 255)}"
        if lease(f"network {network}"):
            return network


class PortTaken(AssertionError):
    """A program could not listen where it should."""


def is_taken(said):
    """Whether a program that did not start says that it is for its port: in the words of the C library, of BIND or of Python."""
    return re.search(rb"address already in use|address in use|creating IPv[46] interface \S+ failed", said.encode() if isinstance(said, str) else said, re.I) is not None


def on_free_port(start):
    """What start(port) gives, on a port where it does not say PortTaken."""
    for _ in range(_ATTEMPTS - 1):
        with contextlib.suppress(PortTaken):
            return start(free_port())
    return start(free_port())


if __name__ == "__main__":
    print(free_base([int(word) for word in sys.argv[1:]]), flush=True)
    sys.stdin.read()
