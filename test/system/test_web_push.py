"""JMAP by WebSocket (RFC 8887), and what is pushed: by WebSocket and by event streams."""
import asyncio
import contextlib
import json

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
