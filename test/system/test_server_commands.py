"""status, reload and stop: what an administrator does with the running server by the command line."""

import json
import os

from server import ROLES, TIMEOUT, wait_for


def status(server):
    return json.loads(server.cli("status", "--json").stdout)


def test_status_tells_each_role_and_its_restarts(make_server):
    server = make_server().expect("role-ended")
    told = status(server)
    assert told["state"] == "running" and told["pid"] == server.process.pid
    assert told["since"].endswith("Z") and told["config"] == str(server.config)
    assert [role["name"] for role in told["roles"]] == ROLES
    pids = server.role_pids()
    for role in told["roles"]:
        assert role["pid"] == pids[role["name"]] and role["state"] == "ready" and role["restarts"] == 0
        assert 1 << 20 < role["memory"] < 1 << 32, role
    assert {"service": "pop3", "address": f"127.0.0.1:{server.ports['pop3']}"} in told["listeners"]
    words = server.cli("status").stdout.decode()
    assert "running" in words and all(role in words for role in ROLES)
    server.kill_role("pop3")
    told = wait_for(lambda: (now := json.loads(server.cli("status", "--json", check=False).stdout))["state"] == "running" and now, what="pop3 again")
    assert {role["name"]: role["restarts"] for role in told["roles"] if role["restarts"]} == {"pop3": 1}


def test_reload_is_told_whether_it_holds(make_server):
    server = make_server()
    server.write_config(drain_seconds=3)
    out = server.cli("reload")
    assert b"every role has the new settings" in out.stdout
    server.wait_event("reloaded")
    text = server.config.read_text()
    server.config.write_text(text + 'nonsense = "x"\n')
    out = server.cli("reload", status=78)
    assert b"nonsense" in out.stderr and b"stay in force" in out.stderr
    # What only the server can know.
    server.config.write_text(text.replace(f'127.0.0.1:{server.ports["pop3"]}', f'127.0.0.1:{server.ports["pop3"]}", "127.0.0.1:1'))
    server.expect("reload-refused")
    out = server.cli("reload", status=78)
    assert b"only at a restart" in out.stderr and b"stay in force" in out.stderr
    assert json.loads(server.cli("reload", "--json", status=78).stdout) == {"reloaded": False}
    server.config.write_text(text)
    assert json.loads(server.cli("reload", "--json").stdout) == {"reloaded": True}


def test_stop_waits_for_the_end(make_server):
    server = make_server()
    pids = list(server.role_pids().values())
    out = server.cli("stop")
    assert out.stdout == b"stopped\n"
    assert server.process.wait(TIMEOUT) == 0
    assert not any(os.path.exists(f"/proc/{pid}") for pid in pids)
    out = server.cli("stop", status=69)
    assert b"no server runs" in out.stderr
    assert json.loads(server.cli("status", "--json", status=69).stdout) == {"state": "stopped"}
    assert b"no server runs" in server.cli("reload", status=69).stderr


def test_the_socket_is_its_owners(make_server):
    server = make_server()
    path = server.folder / "run" / "master"
    assert path.stat().st_mode & 0o777 == 0o600
    assert server.cli("status", "word", status=64).stderr
