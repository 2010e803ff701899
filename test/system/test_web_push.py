"""JMAP by WebSocket (RFC 8887), and what is pushed: by WebSocket and by event streams."""
import asyncio
import contextlib
import imaplib
import json
import subprocess

import pytest
import websockets

from server import TIMEOUT
from web_client import CORE, Web, basic

ALICE, BOB = "alice@example.test", "bob@example.test"


@contextlib.asynccontextmanager
async def socket_of(server, address=ALICE, subprotocols=("jmap",), fields=(), port=None):
    url = f"wss://127.0.0.1:{server.ports['https']}/jmap/ws"
    async with websockets.connect(url, ssl=server.tls(), subprotocols=list(subprotocols) or None, open_timeout=TIMEOUT, max_size=None,
                                  extra_headers={**basic(server, address), **dict(fields)}) as socket:
        yield socket


def request(number, *calls, using=(CORE,)):
    return json.dumps({"@type": "Request", "id": number, "using": list(using),
                       "methodCalls": [[method, arguments, f"c{i}"] for i, (method, arguments) in enumerate(calls)]})


async def receive(socket):
    return json.loads(await asyncio.wait_for(socket.recv(), TIMEOUT))


def test_requests_by_websocket(server):
    async def converse():
        async with socket_of(server) as socket:
            assert socket.subprotocol == "jmap"
            await socket.send(request("R1", ("Core/echo", {"a": 1})))
            answer = await receive(socket)
            assert answer["@type"] == "Response" and answer["requestId"] == "R1" and answer["methodResponses"] == [["Core/echo", {"a": 1}, "c0"]]
            # Many at once are answered all, each once.
            for number in range(40):
                await socket.send(request(f"N{number}", ("Core/echo", {"n": number})))
            answers = {}
            while len(answers) < 40:
                answer = await receive(socket)
                answers[answer["requestId"]] = answer["methodResponses"][0][1]["n"]
            assert answers == {f"N{n}": n for n in range(40)}
            for wrong, kind in (("{", "notJSON"), ('{"@type":"Request","id":"x"}', "notRequest"), ('{"@type":"Other"}', "notRequest")):
                await socket.send(wrong)
                answer = await receive(socket)
                assert answer["@type"] == "RequestError" and answer["type"].endswith(kind), answer
            large = request("L", ("Core/echo", {"text": "x" * 3_000_000}))
            await socket.send(large)
            assert len((await receive(socket))["methodResponses"][0][1]["text"]) == 3_000_000
            await asyncio.wait_for(await socket.ping(), TIMEOUT)
            await socket.send(b"\x00")
            with pytest.raises(websockets.ConnectionClosed):
                await receive(socket)
            assert socket.close_code == 1003
    asyncio.run(converse())


def test_who_may_open_a_websocket(server):
    async def status(expected, **options):
        with pytest.raises(websockets.InvalidStatusCode) as refused:
            async with socket_of(server, **options):
                pass
        assert refused.value.status_code == expected, options

    async def converse():
        await status(400, subprotocols=())
        await status(400, subprotocols=("chat",))
        await status(401, fields=basic(server, ALICE, "wrong"))
        # A page of another site makes the browser open it, with a password that it has kept.
        await status(403, fields={"Origin": "https://evil.test"})
        await status(403, fields={"Sec-Fetch-Site": "cross-site"})
        async with socket_of(server, fields={"Origin": f"https://127.0.0.1:{server.ports['https']}"}):
            pass
    asyncio.run(converse())
    with Web(server, ALICE) as web:
        answer = web.get("/jmap/ws")
        assert answer.status == 426 and answer.fields["upgrade"] == "websocket"


def test_websockets_of_a_person_are_bounded(server):
    async def converse():
        async with contextlib.AsyncExitStack() as stack:
            for _ in range(32):
                await stack.enter_async_context(socket_of(server, BOB))
            with pytest.raises(websockets.InvalidStatusCode) as refused:
                await stack.enter_async_context(socket_of(server, BOB))
            assert refused.value.status_code == 429
            async with socket_of(server, ALICE):
                pass
    asyncio.run(converse())


def test_a_stop_closes_websockets_after_their_answers(make_server):
    server = make_server()

    async def converse():
        async with socket_of(server) as socket:
            for number in range(20):
                await socket.send(request(f"R{number}", ("Core/echo", {"text": "x" * 1000})))
            await receive(socket)
            stopping = asyncio.get_running_loop().run_in_executor(None, server.stop)
            with contextlib.suppress(websockets.ConnectionClosed):
                while True:
                    await receive(socket)
            assert socket.close_code == 1012
            assert await stopping == 0
    asyncio.run(converse())


# ---- push ----

async def read_event(reader):
    """(event, id, data) of an event stream; comments and "retry" are passed over."""
    event = {}
    while True:
        line = (await asyncio.wait_for(reader.readline(), TIMEOUT)).decode()
        assert line, "the stream has ended"
        name, _, value = line.rstrip("\n").partition(":")
        if line == "\n" and "data" in event:
            return event.get("event"), event.get("id"), json.loads(event["data"])
        if name in ("event", "id", "data"):
            event[name] = value.strip()


@contextlib.asynccontextmanager
async def events_of(server, address=ALICE, query="types=*&closeafter=no&ping=0", **fields):
    """The lines of an event stream, without the coding in chunks: by HTTP/1.0 there is none."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.ports["https"], ssl=server.tls(), server_hostname="mail.example.test")
    head = "".join(f"{name}: {value}\r\n" for name, value in {"Host": "mail.example.test", **basic(server, address), **fields}.items())
    writer.write(f"GET /jmap/events?{query} HTTP/1.0\r\n{head}\r\n".encode())
    status = (await asyncio.wait_for(reader.readline(), TIMEOUT)).decode()
    header = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), TIMEOUT)).decode().lower()
    assert " 200 " in status and "content-type: text/event-stream" in header, (status, header)
    try:
        yield reader
    finally:
        writer.close()


def deliver(server, address=ALICE):
    server.deliver(address, b"Subject: news\r\n\r\nHello.\r\n")


async def later(function, *args):
    return await asyncio.get_running_loop().run_in_executor(None, function, *args)


async def first_state(server, reader_or_socket):
    """The watch begins when it is asked for: the first change is made until it is told."""
    while True:
        await later(deliver, server)
        with contextlib.suppress(asyncio.TimeoutError):
            if isinstance(reader_or_socket, asyncio.StreamReader):
                return await asyncio.wait_for(read_event(reader_or_socket), 5)
            return json.loads(await asyncio.wait_for(reader_or_socket.recv(), 5))


def test_an_event_stream_tells_what_changes(server):
    async def converse():
        async with events_of(server) as reader:
            event, number, data = await first_state(server, reader)
            assert event == "state" and data["@type"] == "StateChange" and number.isdigit()
            (account, changed), = data["changed"].items()
            assert account.startswith("A") and {"Email", "EmailDelivery", "Mailbox", "Thread"} <= set(changed), changed
        # Who comes again is told at once what it missed.
        await later(deliver, server)
        async with events_of(server, **{"Last-Event-ID": number}) as reader:
            event, again, data = await read_event(reader)
            assert "Email" in data["changed"][account] and int(again) > int(number)
        # Only what is wanted; and no more than one, if so wished.
        async with events_of(server, query="types=Identity,EmailDelivery&closeafter=state&ping=0") as reader:
            _, _, data = await first_state(server, reader)
            assert set(data["changed"][account]) == {"EmailDelivery"}
            assert await asyncio.wait_for(reader.read(), TIMEOUT) == b""
    asyncio.run(converse())


def test_parameters_of_an_event_stream(server):
    with Web(server, ALICE) as web:
        for query in ("types=*&closeafter=maybe", "types=*&ping=x", "types=*&ping=-1", "types=%ff"):
            assert web.get(f"/jmap/events?{query}").status == 400, query
        # HEAD has its end, and the connection goes on.
        assert web.ask("HEAD", "/jmap/events?types=*").status == 200
        assert web.get("/jmap/session").status == 200
    with Web(server) as web:
        assert web.get("/jmap/events?types=*").status == 401


def test_a_websocket_is_pushed_to(server):
    async def converse():
        async with socket_of(server) as socket:
            await socket.send(json.dumps({"@type": "WebSocketPushEnable", "dataTypes": ["Email", "Mailbox"]}))
            change = await first_state(server, socket)
            assert change["@type"] == "StateChange"
            (changed,) = change["changed"].values()
            assert set(changed) == {"Email", "Mailbox"}
            await socket.send(json.dumps({"@type": "WebSocketPushDisable"}))
            await socket.send(request("R", ("Core/echo", {})))
            while (await receive(socket))["@type"] != "Response":
                pass
            await later(deliver, server)
            await socket.send(request("S", ("Core/echo", {})))
            assert (await receive(socket))["requestId"] == "S"
            # From an earlier state on: what it missed comes at once.
            await socket.send(json.dumps({"@type": "WebSocketPushEnable", "dataTypes": None, "pushState": change["pushState"]}))
            missed = await receive(socket)
            assert missed["@type"] == "StateChange" and int(missed["pushState"]) > int(change["pushState"])
    asyncio.run(converse())


def test_others_hear_nothing(server):
    async def converse():
        async with events_of(server, BOB) as reader, socket_of(server, BOB) as socket:
            await socket.send(json.dumps({"@type": "WebSocketPushEnable", "dataTypes": None}))
            async with socket_of(server) as other:
                await other.send(json.dumps({"@type": "WebSocketPushEnable", "dataTypes": None}))
                await first_state(server, other)
            await later(deliver, server, BOB)
            _, _, data = await read_event(reader)
            assert len(data["changed"]) == 1
            change = await receive(socket)
            assert change["changed"].keys() == data["changed"].keys()
    asyncio.run(converse())


def test_a_restart_of_store_ends_streams_and_they_come_again(make_server):
    server = make_server()

    async def converse():
        async with events_of(server) as reader, socket_of(server) as socket:
            await socket.send(json.dumps({"@type": "WebSocketPushEnable", "dataTypes": None}))
            await first_state(server, socket)
            await later(server.kill_role, "store")
            with contextlib.suppress(asyncio.IncompleteReadError):
                while await asyncio.wait_for(reader.readline(), TIMEOUT):
                    pass
            with pytest.raises(websockets.ConnectionClosed):
                while True:
                    await receive(socket)
            assert socket.close_code == 1012
        for _ in range(100):
            with contextlib.suppress(AssertionError):
                async with events_of(server) as reader:
                    await first_state(server, reader)
                    return
            await asyncio.sleep(0.1)
        raise AssertionError("no stream after the restart")
    asyncio.run(converse())


def append(server, address, mailbox):
    with imaplib.IMAP4_SSL("127.0.0.1", server.ports["imaps"], ssl_context=server.tls()) as client:
        client.login(address, server.passwords[address])
        assert client.append(mailbox, None, None, b"Subject: shared\r\n\r\nHello.\r\n")[0] == "OK"


def test_what_others_share_is_told(make_server):
    """The account of the one who shares stands beside one's own, with the states that its methods tell."""
    server = make_server()
    server.cli("mailbox", "create", ALICE, "Plans")
    server.cli("mailbox", "create", ALICE, "Secret")
    server.cli("mailbox", "share", ALICE, "Plans", BOB, "read")
    server.cli("mailbox", "accept", BOB, ALICE, "Plans")

    async def converse():
        with Web(server, BOB) as web:
            own = web.account
            other = next(number for number, account in web.session["accounts"].items() if not account["isPersonal"])
        async with events_of(server, BOB) as reader:
            while True:
                await later(append, server, ALICE, "Plans")
                with contextlib.suppress(asyncio.TimeoutError):
                    _, number, data = await asyncio.wait_for(read_event(reader), 5)
                    if other in data["changed"]:
                        break
            assert {"Email", "Mailbox", "Thread"} <= set(data["changed"][other]) and own not in data["changed"]
            with Web(server, BOB) as web:
                state = web.call(("Email/get", {"accountId": other, "ids": []}))[0][1]["state"]
            # Each change is told; the last one tells the state that methods tell.
            while data["changed"][other]["Email"] != state:
                _, _, data = await asyncio.wait_for(read_event(reader), TIMEOUT)
            # What is not shared is not told: the next event is of what is.
            await later(append, server, ALICE, "Secret")
            await later(append, server, ALICE, "Plans")
            _, _, data = await read_event(reader)
            assert other in data["changed"]
    asyncio.run(converse())


@pytest.mark.parametrize("version", ["--http1.1", "--http2"])
def test_an_event_stream_as_curl_reads_it(server, version):
    url = f"https://127.0.0.1:{server.ports['https']}/jmap/events?types=EmailDelivery&closeafter=state&ping=30"
    with subprocess.Popen(["curl", "-sSN", version, "--max-time", str(TIMEOUT), "--cacert", server.folder / "tls-cert.pem",
                           "-u", f"{ALICE}:{server.passwords[ALICE]}", url], stdout=subprocess.PIPE) as curl:
        assert curl.stdout.readline() == b"retry: 3000\n"
        while curl.poll() is None:
            deliver(server)
            with contextlib.suppress(subprocess.TimeoutExpired):
                curl.wait(0.5)
        text = curl.stdout.read().decode()
    assert curl.returncode == 0 and text.count("event: state\n") == 1 and '"EmailDelivery"' in text, text
