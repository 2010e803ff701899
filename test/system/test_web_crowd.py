"""Crowds before the web role: thousands of uploads that never end, of hundreds of people at once."""

import contextlib
import resource
import socket

import pytest

from server import ENVIRONMENT, TIMEOUT, wait_for
from web_client import Web, basic

ALICE = "alice@example.test"
EACH = 16  # uploads of a user at once
BEGUN = 4096  # octets of each that have come
LEAN = {"ASAN_OPTIONS": ENVIRONMENT["ASAN_OPTIONS"] + ":quarantine_size_mb=1:thread_local_quarantine_size_kb=64"}
# Connection, TLS and what has come of the upload. The sanitizers keep much around each allocation; without them it is about 60 KB.
MEMORY_EACH = 512 * 1024


def begin_upload(server, tls, source, account, fields):
    """A connection on which an upload of 1 MB has begun, and does not go on."""
    plain = socket.create_connection(("127.0.0.1", server.ports["https"]), TIMEOUT, source_address=(source, 0))
    client = tls.wrap_socket(plain, server_hostname="mail.example.test")
    # Under another name of the host they would be another session's.
    host = f"127.0.0.1:{server.ports['https']}"
    client.sendall(f"POST /jmap/upload/{account} HTTP/1.1\r\nHost: {host}\r\n{fields}Content-Length: 1000000\r\n\r\n".encode() + b"x" * BEGUN)
    return client


def test_ten_thousand_uploads_that_do_not_go_on(make_server, request):
    """They cost web a bounded memory each, end by themselves or with their connections, and keep nobody else from anything."""
    people = 625 if request.config.getoption("--long") else 12
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    people = min(people, (files - 1000) // 2 // EACH)
    if people < 10:
        pytest.skip("too few descriptors here")
    server = make_server(environment=LEAN, connections_max=people * EACH + 200)
    crowd, tls = [f"p{i}@example.test" for i in range(people)], server.tls()
    for who in crowd:
        server.add_account(who)
    with Web(server, ALICE) as web, contextlib.ExitStack() as stack:
        assert web.upload(b"before").status == 201
        before, uploads = server.memory("web"), []
        for number, who in enumerate(crowd):
            source = f"127.0.{number // 250 + 1}.{number % 250 + 1}"
            fields = "".join(f"{name}: {value}\r\n" for name, value in basic(server, who).items())
            with Web(server, who, source=source) as own:
                account = own.account
            uploads += [stack.enter_context(begin_upload(server, tls, source, account, fields)) for _ in range(EACH)]
            if number == 0:
                # Its uploads have begun: one more of the same person is too many.
                with Web(server, who, source=source) as own:
                    wait_for(lambda: own.ask("POST", f"/jmap/upload/{account}", b"x").status == 400, what="the limit")
        assert web.upload(b"meanwhile").status == 201
        each = (server.memory("web") - before) / len(uploads)
        print(f"{len(uploads)} uploads under way: {each / 1024:.1f} KB of web's memory each")
        assert each < MEMORY_EACH
        assert web.upload(b"and now").status == 201
    # With their connections they are over: there is room again for each of them.
    with Web(server, crowd[0], source="127.0.1.1") as own:
        wait_for(lambda: own.upload(b"fits").status == 201, what="room for an upload")
