"""The commands, of the running server and of the data folder while none runs: the same words, the same answers."""

import json
import re

import pytest

from server import POSTRIDER, ROOT, field, run

ADMIN, ALICE, BOB = "admin@example.test", "alice@example.test", "bob@example.test"


@pytest.fixture(params=["live", "offline"])
def both(make_server, request):
    return make_server(start=request.param == "live")


def rows(server, *args):
    return json.loads(server.cli(*args, "--json").stdout)


def test_domains(both):
    both.cli("domain", "add", "second.test", "--catch-all", ALICE)
    both.cli("domain", "add", "third.test", "--alias-of", "example.test")
    listed = {d["name"]: d for d in rows(both, "domain", "list")}
    assert set(listed) == {"example.test", "second.test", "third.test"}
    assert listed["second.test"]["catch_all"] == ALICE and listed["third.test"]["alias_of"] == "example.test"
    both.cli("domain", "set", "second.test", "--catch-all", "", "--disable")
    listed = {d["name"]: d for d in rows(both, "domain", "list")}
    assert listed["second.test"]["catch_all"] == "" and listed["second.test"]["disabled"] is True
    both.cli("domain", "set", "second.test", "--enable")
    assert not {d["name"]: d for d in rows(both, "domain", "list")}["second.test"]["disabled"]
    both.cli("domain", "add", "second.test", status=65)
    both.cli("domain", "set", "nothing.test", status=66)
    both.cli("domain", "remove", "example.test", status=65)  # it has accounts
    both.cli("domain", "remove", "second.test")
    both.cli("domain", "remove", "second.test", status=66)
    both.cli("domain", "add", "not a domain", status=65)


def test_accounts(both):
    both.add_account("carol@example.test", "--quota", "5M")
    shown = rows(both, "account", "show", "carol@example.test")
    assert shown["quota"] == 5 << 20 and shown["messages"] == 0
    both.cli("account", "quota", "carol@example.test", "1G")
    assert rows(both, "account", "show", "carol@example.test")["quota"] == 1 << 30
    both.cli("account", "disable", "carol@example.test")
    assert {a["address"]: a["disabled"] for a in rows(both, "account", "list")} == {ADMIN: False, ALICE: False, BOB: False, "carol@example.test": True}
    assert [a["address"] for a in rows(both, "account", "list", "example.test")] == [ADMIN, ALICE, BOB, "carol@example.test"]
    both.cli("account", "enable", "carol@example.test")
    both.cli("account", "add", "carol@example.test", "--generate", status=65)
    both.cli("account", "add", "dave@nothing.test", "--generate", status=66)
    both.cli("account", "admin", "carol@example.test", "on")
    assert {a["address"]: a["administrator"] for a in rows(both, "account", "list")} == {ADMIN: True, ALICE: False, BOB: False, "carol@example.test": True}
    assert rows(both, "account", "show", "carol@example.test")["administrator"]
    both.cli("account", "admin", "carol@example.test", "perhaps", status=64)
    both.cli("account", "admin", "carol@example.test", "off")
    assert not rows(both, "account", "show", "carol@example.test")["administrator"]
    both.cli("account", "remove", "carol@example.test")
    for verb in (["show"], ["remove"], ["disable"], ["password"]):
        both.cli("account", *verb, "carol@example.test", *(["--generate"] if verb == ["password"] else []), status=66)


@pytest.mark.parametrize("password,reason", [(b"abc", b"fewer than 10"), (b"aaaaaaaaaaaaaaaa", b""), (b"password123", b""),
                                             (b"alice@example.test", b""), (b"qwertyuiop", b""), (b"", b"")])
def test_weak_passwords_are_refused_with_a_reason(server, password, reason):
    done = server.cli("account", "password", ALICE, "--password-stdin", input=password + b"\n", status=65)
    assert re.search(reason, done.stderr) and len(done.stderr) > 30, done.stderr
    server.pop3().quit()


def test_a_good_password_is_taken(both):
    both.cli("account", "password", BOB, "--password-stdin", input="грибной дождь 47 над рекой\n".encode())
    if both.process is None:
        both.start()
    with both.connect("pop3") as c:
        c.line()
        c.ask_pop3(f"USER {BOB}")
        assert c.ask_pop3("PASS грибной дождь 47 над рекой").startswith("+OK")


def test_app_passwords(both):
    name = 'my "old" phone \\ телефон'
    password = both.cli("account", "app-add", ALICE, name, "--protocols", "pop3").stdout.decode().strip()
    assert re.fullmatch(r"[a-z0-9]{16}", password)
    assert [a["name"] for a in rows(both, "account", "show", ALICE)["app_passwords"]] == [name]
    both.cli("account", "app-add", ALICE, "x", "--protocols", "nonsense", status=64)
    both.cli("account", "app-remove", ALICE, "nothing", status=66)
    both.cli("account", "app-remove", ALICE, name)
    assert rows(both, "account", "show", ALICE)["app_passwords"] == []


def test_aliases(both):
    both.cli("alias", "add", "team@example.test", ALICE, BOB)
    both.cli("alias", "add", '"a b"@example.test', ALICE)
    assert {a["address"]: a["targets"] for a in rows(both, "alias", "list")} == {"team@example.test": [ALICE, BOB], '"a b"@example.test': [ALICE]}
    both.cli("alias", "remove", '"a b"@example.test')
    both.cli("alias", "remove", "team@example.test")
    both.cli("alias", "remove", "team@example.test", status=66)
    both.cli("alias", "postmaster", BOB)


def test_groups(both):
    both.cli("group", "add", "team@example.test", ALICE, BOB)
    assert rows(both, "group", "list", "example.test") == ["team@example.test"]
    assert rows(both, "group", "list", "team@example.test") == [ALICE, BOB]
    both.cli("group", "add", "team@example.test", "nobody@example.test", status=66)
    both.cli("group", "remove", "team@example.test", BOB)
    assert rows(both, "group", "list", "team@example.test") == [ALICE]
    both.cli("group", "remove", "team@example.test", ALICE)
    both.cli("group", "list", "team@example.test", status=66)


def test_undelete_and_purge(server):
    for i in range(3):
        server.deliver(BOB, f"Subject: {i}\r\n\r\nx\r\n".encode())
    assert len(server.messages(BOB, delete=True)) == 3 and server.messages(BOB) == []
    assert b"3 messages brought back" in server.cli("mailbox", "undelete", BOB).stdout
    assert sorted(field(m, "Subject") for m in server.messages(BOB, delete=True)) == [b"0", b"1", b"2"]
    assert b"3 messages" in server.cli("mailbox", "purge", BOB).stdout
    assert b"0 messages" in server.cli("mailbox", "undelete", BOB).stdout
    server.cli("mailbox", "undelete", "nobody@example.test", status=66)


def test_undelete_offline(make_server):
    server = make_server()
    server.deliver(BOB, b"Subject: x\r\n\r\nx\r\n")
    server.messages(BOB, delete=True)
    assert server.stop() == 0
    assert b"1 message brought back" in server.cli("mailbox", "undelete", BOB).stdout
    server.start()
    assert len(server.messages(BOB)) == 1


def test_store_commands(make_server):
    server = make_server()
    for i in range(5):
        server.deliver(BOB, f"Subject: {i}\r\n\r\nx\r\n".encode())
    for verb in ("check", "compact", "pack", "stats"):
        assert isinstance(rows(server, "store", verb), dict)
        assert server.cli("store", verb).stdout
    server.cli("store", "rebuild", status=75)
    server.cli("store", "nonsense", status=64)
    assert server.stop() == 0
    for verb in ("check", "compact", "pack", "rebuild", "check"):
        assert isinstance(rows(server, "store", verb), dict)
    server.cli("store", "stats", status=69)
    server.start()
    assert len(server.messages(BOB)) == 5


def test_config(make_server, tmp_path):
    server = make_server(start=False)
    assert server.cli("config", "check").stdout.endswith(b": good\n")
    example = tmp_path / "example.conf"
    example.write_bytes(run(POSTRIDER, "config", "example").stdout)
    assert run(POSTRIDER, "--config", example, "config", "check").returncode == 0
    # Every setting of the example, with its default, is a good setting.
    example.write_text(re.sub(r"(?m)^# (\w+ = )", r"\1", example.read_text()))
    done = run(POSTRIDER, "--config", example, "config", "check")
    assert done.returncode == 0, done.stderr
    assert b".It Ic hostname" in run(POSTRIDER, "config", "manual").stdout
    for text in ("nonsense = 1\n", "connections_max = 1\n", "hostname = \"\"\n", "hostname = \"x\n", "message_size_max = 12X\n"):
        example.write_text(text)
        done = run(POSTRIDER, "--config", example, "config", "check")
        assert done.returncode == 78 and done.stderr.startswith(f"postrider: {example}:".encode()), (text, done.stderr)
    done = run(POSTRIDER, "--config", tmp_path / "missing", "config", "check")
    assert done.returncode == 78 and b"missing" in done.stderr


def test_the_manual_page_has_every_setting():
    """postrider.conf(5) against the program's own table: kind, description, default and range of each setting."""
    def words(text):
        return " ".join(text.replace("\\(dq", '"').replace("\\(ga", "`").split())

    def sizes(text):
        return re.sub(r"(\d+)([KMGT])?", lambda m: str(int(m[1]) << {None: 0, "K": 10, "M": 20, "G": 30, "T": 40}[m[2]]), text)

    page = (ROOT / "doc/man/postrider.conf.5").read_text()
    items = dict(re.findall(r"(?ms)^\.It Ic (\w+) No \([a-z ]+\)\n(.*?)(?=^\.(?:It|El))", page))
    table = run(POSTRIDER, "config", "manual").stdout.decode()
    settings = re.findall(r"(?ms)^\.It Ic (\w+)\n(.*?)\nDefault:\n\.Ql (.*?)\n(?:\((.*?)\)\.\n)?(?=\.It|\Z)", table)
    assert len(settings) > 50 and set(items) == {s[0] for s in settings}
    for name, description, default, bounds in settings:
        item = words(items[name])
        assert item.startswith(words(description)), name
        said = re.search(r"Default:(?: \.Li)? (.*?)(?: ; from (.*?))?[ .]*$", item)
        assert said[1].rstrip(" .") == ("empty" if default in ('""', "{}") else default), name
        assert sizes(said[2] or "") == bounds.removeprefix("from ").strip(), name


def test_doctor(server):
    done = server.cli("doctor")
    assert b"relays for nobody" in done.stdout and b"BAD" not in done.stdout
    findings = rows(server, "doctor")
    assert len(findings) >= 6 and all(f["good"] for f in findings)


def test_doctor_without_a_server(make_server):
    server = make_server(start=False)
    assert server.cli("doctor", check=False).returncode == 70
    assert not all(f["good"] for f in json.loads(server.cli("doctor", "--json", check=False).stdout))


def test_wrong_use(server):
    for words in (["account"], ["account", "nonsense"], ["account", "add"], ["account", "list", "a", "b"], ["domain", "list", "--nonsense"],
                  ["nonsense"], ["alias", "add", "x@example.test"], ["config"], ["mailbox", "undelete", ALICE, "--days", "x"],
                  ["account", "quota", ALICE, "12X"]):
        done = server.cli(*words, status=64)
        assert done.stderr.startswith(b"postrider: ")
    assert b"usage" in run(POSTRIDER, "--help").stdout
    for command in ("serve", "demo", "domain", "account", "alias", "mailbox", "store", "message", "doctor", "config"):
        done = run(POSTRIDER, command, "--help")
        assert done.returncode == 0 and b"usage: postrider " + command.encode() in done.stdout
