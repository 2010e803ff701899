"""Clients of other people: programs on jmap-jam and on jmap-client-ts, which sign in with a token, tour an account."""
import base64
import json
import shutil

import pytest

from server import ROOT, environment, run
from web_client import JSON, Web

ALICE = "alice@example.test"
NODE = ROOT / "test" / "node"


def subject(number):
    return f"=?utf-8?b?{base64.b64encode(f'Пікнік {number}'.encode()).decode()}?="


def token_of(server, address):
    """A token for programs, as a person makes one on the page of the account."""
    with Web(server) as web:
        origin = {"Origin": f"https://localhost:{server.ports['https']}", "Host": f"localhost:{server.ports['https']}"}
        answer = web.ask("POST", "/auth/login", json.dumps({"username": address, "password": server.passwords[address]}), {**JSON, **origin})
        assert answer.status == 200, answer.body
        cookie = answer.fields["set-cookie"].split(";")[0]
        answer = web.ask("POST", "/auth/tokens/add", json.dumps({"name": "tour"}), {**JSON, **origin, "Cookie": cookie})
        assert answer.status == 200, answer.body
        return answer.json["token"]


def test_two_clients_tour_an_account(server, request):
    if not request.config.getoption("--long"):
        pytest.skip("needs Node and packages of npm: --long")
    if shutil.which("node") is None or not (NODE / "node_modules" / "jmap-jam").exists():
        pytest.skip("Node or jmap-jam is not installed (scripts/setup long installs them)")
    for number in range(1, 4):
        server.deliver(ALICE, f"From: Carol <carol@else.test>\r\nTo: {ALICE}\r\nSubject: {subject(number)}\r\nMessage-ID: <tour-{number}@else.test>\r\n"
                              f"Content-Type: text/plain; charset=utf-8\r\n\r\nBring melon number {number}.\r\n".encode())
    told = {"base": f"https://localhost:{server.ports['https']}", "token": token_of(server, ALICE), "user": ALICE}
    done = run("node", NODE / "jmap_tour.mjs", json.dumps(told), env=environment({"NODE_EXTRA_CA_CERTS": str(server.folder / "tls-cert.pem")}))
    assert done.returncode == 0, (done.stdout + done.stderr).decode()
    assert "all as it must be" in done.stdout.decode()
