"""
That each role of a running server is confined, as root and as an ordinary user: what it tries is refused, or it dies of it. All that none may do
is tried by test/unit/process/test_sandbox.c, which starts no server for each.
"""

import os

import pytest

from server import ROLES

# A file, a process, and the net, by which the roles' profiles differ.
FORBIDDEN = ["create", "exec", "socket"]

# What a role's work needs, and only that.
ALLOWED = {("dns", "socket"), ("relay", "socket")}

# As in production, where a forbidden call is death, and with the trap that names it.
WAYS = [("root", "kill"), ("nobody", "trap")] if os.geteuid() == 0 else [(None, "kill"), (None, "trap")]


# Of the ways that none takes in production, one role of each profile is enough for a short check.
SHOWN = ("relay", "dns", "store", "content")


@pytest.mark.parametrize("role,user,mode", [pytest.param(role, *way, marks=[pytest.mark.long] if way != WAYS[0] and role not in SHOWN else [])
                                            for way in WAYS for role in ROLES])
def test_a_role_cannot(make_server, role, user, mode):
    server = make_server(start=False, user=None if user == "root" else user, crash_stop=True)
    server.expect("role-ended", "exit", "forbidden-system-call", "keys-unavailable", "role-cannot-serve")
    for what in (w for w in FORBIDDEN if (role, w) not in ALLOWED):
        mark = server.mark()
        server.launch({"POSTRIDER_TRY_ROLE": role, "POSTRIDER_TRY": what, "POSTRIDER_SANDBOX": mode})
        server.process.wait(30)
        server.reader.join(30)
        server.process = None
        # The log role's own last words may be lost with it; the master says how it ended on its own standard error.
        ended = [e.line for e in server.events[mark:] if f"the role {role} ended" in e.line]
        tried = server.find_events("sandbox-try", mark, what=what)
        called = server.find_events("forbidden-system-call", mark)
        refused = any("status 87" in line or "status 86" in line or "signal 31" in line for line in ended)
        assert refused, (what, ended, [e.line for e in tried + called], server.tail(12))
        if mode == "kill":
            # Without the trap nothing of it comes to pass either.
            assert not [e for e in tried if e.fields.get("result") == "0"], what
    assert not os.path.exists("/tmp/postrider-sandbox-test")
