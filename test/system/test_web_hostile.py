"""Clients of the web role that mean ill, or do not go on."""
import concurrent.futures
import contextlib
import json
import re
import socket
import ssl
import time

import pytest

from server import ENVIRONMENT, TIMEOUT, run, wait_for
from web_client import JSON, Web, basic

ALICE = "alice@example.test"
ECHO = json.dumps({"using": ["urn:ietf:params:jmap:core"], "methodCalls": [["Core/echo", {"a": 1}, "c"]]})
LEAN = {"ASAN_OPTIONS": ENVIRONMENT["ASAN_OPTIONS"] + ":quarantine_size_mb=1:thread_local_quarantine_size_kb=64"}


def secure(server, before=b"", source=None):
    plain = socket.create_connection(("127.0.0.1", server.ports["https"]), TIMEOUT, source_address=(source, 0) if source else None)
    if before:
        plain.sendall(before)
    return server.tls().wrap_socket(plain, server_hostname="mail.example.test")


def read_all(sock):
    data = b""
    with contextlib.suppress(ssl.SSLError, ConnectionError):
        while piece := sock.recv(65536):
            data += piece
    return data


def test_requests_that_are_never_complete(make_server, request):
    """Hundreds of them hold up nobody, and cost little each."""
    server = make_server(environment=LEAN, connections_per_address=1000)
    count = 2000 if request.config.getoption("--long") else 200
    with Web(server, ALICE) as web, contextlib.ExitStack() as stack:
        assert web.get("/jmap/session").status == 200
        begun, opened = time.monotonic(), []
        for i in range(count):
            opened.append(stack.enter_context(secure(server)))
            opened[-1].sendall((b"GET / HTTP/1.1\r\nHost: a\r\nX-A: ", b"POST /jmap/api HTTP/1.1\r\nHost: a\r\nContent-Length: 10000000\r\n\r\nxx", b"PRI * HT")[i % 3])
        assert web.ask("POST", "/jmap/api", ECHO, JSON).status == 200
        # Who isn't signed in brings no body: the answer comes without it.
        assert b" 401 " in opened[1].recv(4096)
        if request.config.getoption("--long"):
            for number in (0, 2, count - 2):
                read_all(opened[number])
            assert 20 < time.monotonic() - begun < 60
            assert web.get("/").status == 200


def test_a_proxy_names_its_client(make_server):
    server = make_server(proxy_from=["127.0.0.9/32"])
    with secure(server, b"PROXY TCP4 192.0.2.9 127.0.0.1 1000 443\r\n", source="127.0.0.9") as client:
        fields = "".join(f"{name}: {value}\r\n" for name, value in basic(server, ALICE).items())
        client.sendall(f"GET /jmap/session HTTP/1.1\r\nHost: mail.example.test\r\nConnection: close\r\n{fields}\r\n".encode())
        assert read_all(client).startswith(b"HTTP/1.1 200 ")
    assert server.wait_event("web-login").fields["client"] == "192.0.2.9"


def test_connections_of_an_address_are_bounded(make_server):
    server = make_server(trusted_networks=[], connections_per_address=5)
    with contextlib.ExitStack() as stack:
        for _ in range(5):
            stack.enter_context(secure(server))
        with pytest.raises((ssl.SSLError, OSError)):
            secure(server)
        answer = b""
        with socket.create_connection(("127.0.0.1", server.ports["http"]), TIMEOUT) as clear:
            answer = clear.recv(1000)
        assert answer.startswith(b"HTTP/1.1 503 ") and b"retry-after" in answer.lower()
    assert server.wait_event("connection-refused").fields["reason"] == "connections_per_address"


def test_a_flood_of_requests_over_http_2(server):
    done = run("h2load", "-n", "3000", "-c", "10", "-m", "50", f"https://127.0.0.1:{server.ports['https']}/page.css")
    text = done.stdout.decode()
    assert re.search(r"3000 succeeded, 0 failed", text), text


def test_guesses_are_braked(make_server):
    """Auth answers each one later than the one before, and then none; here that is told."""
    server = make_server()

    def guess(number):
        with Web(server) as web:
            return web.ask("GET", "/jmap/session", fields=basic(server, ALICE, f"guess {number}")).status
    with concurrent.futures.ThreadPoolExecutor(40) as pool:
        statuses = list(pool.map(guess, range(40)))
    assert 401 in statuses and 429 in statuses and set(statuses) <= {401, 429, 503}, statuses


def test_a_response_that_nobody_takes(make_server):
    """Large ones wait in memory, within a bound; whoever asks for more is told to come later."""
    server = make_server(environment=LEAN)
    large = json.dumps({"using": ["urn:ietf:params:jmap:core"], "methodCalls": [["Core/echo", {"text": "x" * 9_000_000}, "c"]]})
    with contextlib.ExitStack() as stack:
        takers = []
        for _ in range(16):
            web = stack.enter_context(Web(server, ALICE))
            web.http.request("POST", "/jmap/api", large, {**web.fields, **JSON})
            takers.append(web)
        with Web(server, ALICE) as web:
            def refused():
                answer = web.get("/jmap/session")
                return answer.status == 400 and answer.json["limit"] == "maxConcurrentRequests"
            wait_for(refused, what="the limit of requests at once")
            assert server.memory("web") < 700 << 20
            for taker in takers:
                taker.http.close()
            wait_for(lambda: web.get("/jmap/session").status == 200, what="room")
