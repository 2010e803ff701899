"""The commands, of the running server and of the data folder while none runs: the same words, the same answers."""

import json
import os
import pathlib
import re
import time

import pytest

from certificates import Authority
from server import POSTRIDER, ROOT, SERVICES, field, run

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
    both.cli("domain", "remove", "example.test", status=77)  # nobody said yes
    both.cli("domain", "remove", "second.test", "--yes")
    both.cli("domain", "remove", "second.test", "--yes", status=66)
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
    # A password that opens nothing is not shown.
    assert both.cli("account", "add", "carol@example.test", "--generate", status=65).stdout == b""
    assert both.cli("account", "add", "dave@nothing.test", "--generate", status=66).stdout == b""
    both.cli("account", "admin", "carol@example.test", "on")
    assert {a["address"]: a["administrator"] for a in rows(both, "account", "list")} == {ADMIN: True, ALICE: False, BOB: False, "carol@example.test": True}
    assert rows(both, "account", "show", "carol@example.test")["administrator"]
    both.cli("account", "admin", "carol@example.test", "perhaps", status=64)
    both.cli("account", "admin", "carol@example.test", "off")
    assert not rows(both, "account", "show", "carol@example.test")["administrator"]
    both.cli("account", "remove", "carol@example.test", "--yes")
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
    assert b"of this name already" in both.cli("account", "app-add", ALICE, name, status=65).stderr
    both.cli("account", "app-add", ALICE, "x", "--protocols", "nonsense", status=64)
    both.cli("account", "app-remove", ALICE, "nothing", status=66)
    both.cli("account", "app-remove", ALICE, name)
    assert rows(both, "account", "show", ALICE)["app_passwords"] == []


def test_aliases(both):
    both.cli("alias", "add", "team@example.test", ALICE, BOB)
    both.cli("alias", "add", '"a b"@example.test', ALICE)
    assert {a["address"]: a["targets"] for a in rows(both, "alias", "list")} == {"team@example.test": [ALICE, BOB], '"a b"@example.test': [ALICE]}
    both.cli("alias", "remove", '"a b"@example.test', "--yes")
    both.cli("alias", "remove", "team@example.test", "--yes")
    both.cli("alias", "remove", "team@example.test", "--yes", status=66)
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
    assert not list((server.folder / "data").rglob("index-bad"))  # the next start would rebuild for nothing
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


def check_settings(config, text, *words):
    config.write_text(text)
    return run(POSTRIDER, "--config", config, "config", "check", *words)


# What stands in the file; what is said of it, with the line; whether the server starts with it all the same.
MISTAKES = [
    ('hostnme = "a.test"', ":1: hostnme: there is no such setting; did you mean hostname?", False),
    ("connections_max = 1", ":1: connections_max: \"1\" is not possible; expected a number from 10 to 1000000, in connections", False),
    ("errors_max = many", ":1: errors_max:", False),
    ("message_size_max = 12X", "expected a size from 64K to 1T", False),
    ("tls_cbc = maybe", ":1: tls_cbc: \"maybe\" is not possible; expected true or false", False),
    ("errors_max = {3, 4}", ":1: errors_max: a list is not possible", False),
    ("errors_max = 7\n\nerrors_max = 8", ":3: errors_max: it is set already in line 1 of", False),
    ('hostname = "x', ":1: hostname: the text does not end on its line", False),
    ('hostname "x"', ":1: hostname: there is no = behind the name", False),
    ('pop3_listen = {"127.0.0.1:1110"\nerrors_max = 7', ":1: pop3_listen: the list that begins here has no end", False),
    ('trusted_networks = {\n"10.0.0.0/8",\n"192.0.2.0/33"}', ':3: trusted_networks: "192.0.2.0/33": an IPv4 network has a length from /0 to /32', False),
    ('relay_networks = {"2001:db8::/129"}', "an IPv6 network has a length from /0 to /128", False),
    ('proxy_from = {"lan"}', ':1: proxy_from: "lan": it is no network', False),
    ('login_mechanisms = {"DIGEST-MD5"}', ':1: login_mechanisms: "DIGEST-MD5": the server knows no such mechanism', False),
    ('login_mechanisms = {"PLAN"}', "did you mean PLAIN?", False),
    ('hostname = ""', ":1: hostname:", False),
    ('hostname = "mail example"', "it is no host's name; expected a host's full name, such as mail.example.org", False),
    ('hostname = "192.0.2.1"', "it is an address, not a name", False),
    ('hostname = "localhost"', ":1: warning: hostname: other servers refuse mail", True),
    ("errors_max = 7", ": warning: hostname: other servers refuse mail", True),
    ('data = "{tmp}/none"', ":1: warning: data: there is no folder {tmp}/none: the server makes it at its start, with no accounts and no mail in it", True),
    ('data = "{tmp}/none/none"', ":1: data: {tmp}/none/none cannot be made: there is no folder {tmp}/none", False),
    ('run = "{tmp}/none/none"', ":1: run: {tmp}/none/none cannot be made", False),
    ('ca_file = "{tmp}/none"', ":1: warning: ca_file: cannot read {tmp}/none: No such file or directory", True),
    ("queue_retry_min = 3000\nqueue_retry_max = 2999", ":1: queue_retry_min: it is longer than queue_retry_max", False),
    ('smtp_listen = {"127.0.0.1"}', ':1: smtp_listen: "127.0.0.1": the port is missing; expected an IP address and a port', False),
    ('smtp_listen = {"mail.example.org:25"}', "there is no IP address before the port", False),
    ('smtp_listen = {"127.0.0.1:0"}', "the port is no number from 1 to 65535", False),
    ('smtp_listen = {"::1:25"}', "an IPv6 address stands in [ and ]", False),
    ('smtp_listen = {"192.0.2.77:25"}', ":1: smtp_listen: this machine has no address 192.0.2.77", False),
    ('smtp_listen = {"127.0.0.1:25"}\nlmtp_listen = {"127.0.0.1:25"}', ':2: lmtp_listen: "127.0.0.1:25": this port is taken by "127.0.0.1:25" in smtp_listen', False),
    ('lmtp_listen = {"127.0.0.1:25"}', ':1: lmtp_listen: "127.0.0.1:25": this port is taken by "0.0.0.0:25" in smtp_listen', False),
    ('dns_server = "ns.example.org"', ':1: dns_server: "ns.example.org": it is no address of a name server', False),
    ('routes = {"* smtp:a.test user=x password_file={tmp}/none"}', ":1: routes: cannot read {tmp}/none", False),
    ('routes = {"b\u00fccher.example smtp:a.test"}', "xn--", False),
    ('routes = {"* smtp:a.test", "* smtp:b.test"}', '"*" stands here twice', False),
    ('relay_domains = {"example.net {tmp}/none"}', ":1: relay_domains: cannot read {tmp}/none", False),
    ('dns_anchors = {"file:{tmp}/none"}', ":1: dns_anchors: cannot read {tmp}/none", False),
    ('dns_anchors = {"rubbish"}', "it is neither a DS nor a DNSKEY record", False),
    ('own_from = "refuze"', "expected refuse, sender or off; did you mean refuse?", False),
    ('language = "tlh"', ":1: warning: language:", True),
    ('report_from = "not an address"', "it is no mail address", False),
    ('relay_source = {"127.0.0.1", "127.0.0.2"}', "there are two addresses of one kind", False),
    ('include("{tmp}/none")', ":1: include: cannot read {tmp}/none", False),
    ('include("postrider.conf")', "it has been read already", False),
]


@pytest.mark.parametrize("text,said,starts", MISTAKES)
def test_config_check_tells_what_is_wrong(tmp_path, text, said, starts):
    config = tmp_path / "postrider.conf"
    text, said = text.replace("{tmp}", str(tmp_path)), said.replace("{tmp}", str(tmp_path))
    done = check_settings(config, text + "\n")
    assert done.returncode == (0 if starts else 78) and said in done.stderr.decode(), done.stderr.decode()
    assert all(line.startswith(f"postrider: {config}") for line in done.stderr.decode().splitlines()), done.stderr
    found = json.loads(check_settings(config, text + "\n", "--json").stdout)
    assert found["good"] == starts and found["errors"] + found["warnings"] == len(found["findings"])
    if not starts:
        # The server says the same words, and does not start.
        served = run(POSTRIDER, "--config", config, "serve")
        assert served.returncode == 78 and served.stderr == done.stderr


def test_config_check_tells_all_at_once(tmp_path):
    config = tmp_path / "postrider.conf"
    texts = [text.replace("{tmp}", str(tmp_path)) for text, _, starts in MISTAKES
             if not starts and text.startswith(("login_", "own_from", "relay_domains", "dns_server", "tls_cbc", "hostnme")) and "PLAN" not in text]
    found = json.loads(check_settings(config, "\n".join(texts) + "\n", "--json").stdout)
    errors = [f for f in found["findings"] if f["level"] == "error"]
    assert [f["line"] for f in errors] == list(range(1, len(texts) + 1)), errors
    assert all(f["file"] == str(config) and f["problem"] for f in errors)


def test_config_check_looks_at_certificates(make_server, tmp_path):
    server = make_server(start=False)
    assert server.cli("config", "check").stdout.endswith(b": good\n")
    authority = Authority(tmp_path)
    for days, said in ((-1, b"expired on"), (3, b"expires on")):
        made = authority.issue("mail.example.test", days=days)
        server.write_config(tls_certificates=[str(made.chain)], tls_keys=[str(made.key)])
        pathlib.Path(made.key).chmod(0o600)
        done = server.cli("config", "check")
        assert said in done.stderr and b"usable, with 1 warning" in done.stdout, done
    server.write_config(hostname="other.example.test")
    done = server.cli("config", "check")
    assert b"no certificate is for the hostname other.example.test; the first is for mail.example.test" in done.stderr
    pathlib.Path(made.key).chmod(0o644)
    assert b"others than its owner may read" in server.cli("config", "check").stderr


def test_config_set_keeps_the_rest_of_the_file(tmp_path):
    config = tmp_path / "postrider.conf"
    before = '# mine\nhostname = "mail.example.org" # and this\n\n# routes = {}\nlog_level = 1\ninclude("more.conf")\n'
    config.write_text(before)
    config.chmod(0o640)
    (tmp_path / "more.conf").write_text("  errors_max = 7 // seven\n")

    def config_(*words, status=0):
        done = run(POSTRIDER, "--config", config, "config", *words)
        assert done.returncode == status, done
        return done

    assert config_("get", "errors_max").stdout == b"7\n"
    said = config_("set", "errors_max", "9")
    assert (tmp_path / "more.conf").read_text() == "  errors_max = 9 // seven\n" and b"more.conf:1: errors_max = 9 (it was 7)" in said.stdout
    assert config.read_text() == before and b"reload" in said.stdout
    config_("set", "hostname", 'mx.example.org')
    config_("set", "routes", "* smtp:a.test", "b.test smtp:c.test")
    assert config.read_text() == before.replace("mail.example", "mx.example").replace("# routes = {}\n", '# routes = {}\nroutes = {"* smtp:a.test", "b.test smtp:c.test"}\n')
    assert config.stat().st_mode & 0o777 == 0o640
    config_("set", "routes", "--add", "d.test smtp:e.test")
    config_("set", "routes", "--remove", "* smtp:a.test")
    assert config_("get", "routes").stdout == b"b.test smtp:c.test\nd.test smtp:e.test\n"
    told = json.loads(config_("set", "smtp_listen", "127.0.0.1:2525", "--json").stdout)
    assert told["takesEffect"] == "restart" and told["value"] == ["127.0.0.1:2525"] and told["changed"]
    assert config_("get", "smtp_listen").stdout == b"127.0.0.1:2525\n"
    assert not json.loads(config_("set", "smtp_listen", "127.0.0.1:2525", "--json").stdout)["changed"]
    config_("set", "smtp_listen", "--default")
    config_("set", "routes", "--default")
    config_("set", "hostname", "mail.example.org")
    assert config.read_text() == before
    # What the server would refuse changes nothing.
    refused = config_("set", "log_level", "9", status=78)
    assert b"log_level" in refused.stderr and b"nothing was changed" in refused.stderr and config.read_text() == before
    assert b"did you mean log_level?" in config_("set", "log_leval", "1", status=66).stderr
    config_("set", "log_level", status=64)
    config_("set", "log_level", "1", "2", status=64)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["more.conf", "postrider.conf"]


def test_config_set_changes_a_certificate_with_its_key(make_server, tmp_path):
    server = make_server(start=False)
    authority = Authority(tmp_path)
    one, other = (authority.issue(name, days=90) for name in ("mail.example.test", "other.example.test"))
    for made in (one, other):
        pathlib.Path(made.key).chmod(0o600)

    def set_(*words, status=0):
        done = server.cli("config", "set", *words, status=status)
        pairs = [server.cli("config", "get", name).stdout.decode().split() for name in ("tls_certificates", "tls_keys")]
        return done, list(zip(*pairs, strict=True))

    said, pairs = set_("tls_certificates", one.chain, "--key", one.key)
    assert pairs == [(str(one.chain), str(one.key))] and b"tls_keys = " in said.stdout and b"reload" in said.stdout
    assert set_("tls_certificates", "--add", other.chain, "--key", other.key)[1] == pairs + [(str(other.chain), str(other.key))]
    assert set_("tls_certificates", "--remove", one.chain, "--key", one.key)[1] == [(str(other.chain), str(other.key))]
    # Half a pair, and two halves that do not fit, change nothing.
    for words in (["tls_certificates", one.chain], ["tls_keys", one.key], ["tls_certificates", "--add", one.chain]):
        refused, pairs = set_(*words, status=78)
        assert b"--key FILE" in refused.stderr and pairs == [(str(other.chain), str(other.key))]
    refused, pairs = set_("tls_certificates", one.chain, "--key", other.key, status=78)
    assert b"is not the key of" in refused.stderr and pairs == [(str(other.chain), str(other.key))]
    set_("hostname", "mail.example.test", "--key", one.key, status=64)
    set_("tls_certificates", one.chain, other.chain, "--key", one.key, status=64)
    set_("tls_certificates", "--default", "--key", one.key, status=64)
    # In files of their own there is no one step for both.
    config = pathlib.Path(server.config)
    text = config.read_text()
    line = next(line for line in text.splitlines() if line.startswith("tls_keys"))
    config.write_text(text.replace(line, 'include("keys.conf")'))
    (config.parent / "keys.conf").write_text(line + "\n")
    refused, pairs = set_("tls_certificates", one.chain, "--key", one.key, status=78)
    assert b"different files" in refused.stderr and pairs == [(str(other.chain), str(other.key))]


def test_the_languages_are_those_of_the_mailboxes():
    form = (ROOT / "src/config/setting_form.c").read_text()
    known = re.findall(r'"(\w+)"', re.search(r"languages\[\] = \{(.*?)NULL", form, re.S)[1])
    assert known == re.findall(r'(?m)^    \{"(\w\w)", \{', (ROOT / "src/account/roles.c").read_text())


def test_somebody_who_is_not_root_checks_what_he_may(make_server, tmp_path):
    """A key that only the server may read is no mistake; what else is wrong is told as ever."""
    if os.geteuid() != 0:
        pytest.skip("needs root, to become somebody else")
    server = make_server(start=False)
    server.config.chmod(0o644)
    server.folder.parent.chmod(0o755)
    done = run(POSTRIDER, "--config", server.config, "config", "check", user=65534, group=65534, extra_groups=[])
    assert done.returncode == 0 and b"tls-key.pem: Permission denied (the server may be allowed to: run this check as root)" in done.stderr, done
    server.write_config(errors_max=1)
    assert run(POSTRIDER, "--config", server.config, "config", "check", user=65534, group=65534, extra_groups=[]).returncode == 78


def test_config_show(tmp_path):
    config = tmp_path / "postrider.conf"
    config.write_text('hostname = "mail.example.org"\nerrors_max = 20\nquota_default = 5G\n')
    shown = run(POSTRIDER, "--config", config, "config", "show", "--changed").stdout.decode()
    assert shown == f'hostname = "mail.example.org"  # {config}:1\nquota_default = "5G"  # {config}:3\n'
    whole = run(POSTRIDER, "--config", config, "config", "show").stdout
    # It is a configuration file itself, with the same settings.
    (tmp_path / "again.conf").write_bytes(whole)
    again = run(POSTRIDER, "--config", tmp_path / "again.conf", "config", "show").stdout
    assert re.sub(rb"  # .*", b"", again) == re.sub(rb"  # .*", b"", whole)
    one = json.loads(run(POSTRIDER, "--config", config, "config", "get", "quota_default", "--json").stdout)
    assert one["value"] == 5 << 30 and one["default"] == 0 and one["line"] == 3 and one["file"] == str(config)


def test_the_manual_page_has_every_setting():
    """postrider.conf(5) against the program's own table: kind, description, default and range of each setting."""
    def words(text):
        return " ".join(text.replace("\\(dq", '"').replace("\\(ga", "`").split())

    def sizes(text):
        return re.sub(r"(\d+)([KMGT])?", lambda m: str(int(m[1]) << {None: 0, "K": 10, "M": 20, "G": 30, "T": 40}[m[2]]), text)

    page = (ROOT / "doc/man/postrider.conf.5").read_text()
    items = {name: (kind, text) for name, kind, text in re.findall(r"(?ms)^\.It Ic (\w+) No \((.*?)\)\n(.*?)(?=^\.(?:It|El))", page)}
    table = run(POSTRIDER, "config", "manual").stdout.decode()
    settings = re.findall(r"(?ms)^\.It Ic (\w+) No \((.*?)\)\n(.*?)\n((?:Takes|Commands) .*?)\n(?:Example:\n\.Li (.*?)\n)?Default:\n\.Ql (.*?)\n"
                          r"(?:\(a (?:size|number) (.*?)(?:,.*?)?\)\.\n)?(?=\.It|\Z)", table)
    assert len(settings) > 50 and set(items) == {s[0] for s in settings}
    for name, kind, description, effect, example, default, bounds in settings:
        item = words(items[name][1])
        assert items[name][0] == kind, name
        assert item.startswith(words(description)), name
        assert effect in item, name
        assert not example or f"Example: .Li {words(example)} ." in item, name
        said = re.search(r"Default:(?: \.Li)? (.*?)(?: ; from (.*?))?[ .]*$", item)
        assert said[1].rstrip(" .") == ("empty" if default in ('""', "{}") else default), name
        assert sizes(said[2] or "") == sizes(bounds.removeprefix("from ").strip()), name


def test_every_setting_has_what_a_person_needs(tmp_path):
    """Kind, unit, effect and text of each row of the table; an example wherever the default is empty, which is a good value."""
    config = tmp_path / "postrider.conf"
    config.write_text("")
    settings = json.loads(run(POSTRIDER, "--config", config, "config", "show", "--json").stdout)
    example = run(POSTRIDER, "config", "example").stdout.decode()
    assert {s["name"] for s in settings} == set(re.findall(r"(?m)^# (\w+) = ", example))
    by_example = {}
    for block in example.split("\n\n"):
        shown = re.search(r"Example: (.*) (\w+) = .*$", " ".join(line.removeprefix("# ") for line in block.splitlines()))
        if shown:
            by_example[shown[2]] = shown[1]
    for s in settings:
        assert s["takesEffect"] in ("reload", "restart", "command") and s["text"].endswith("."), s
        assert (s["unit"] != "") == (s["kind"] in ("number", "size")), s
        assert s["value"] == s["default"] and s["isDefault"] and s["file"] is None, s
        if s["value"] in ("", []):
            config.write_text(f"{s['name']} = {by_example[s['name']]}\n" + ("tls_keys = {\"k\"}\n" if s["name"] == "tls_certificates" else ""))
            done = json.loads(run(POSTRIDER, "--config", config, "config", "check", "--json").stdout)
            # Only what the example names may be missing on this machine: its files and addresses.
            assert all(f["problem"].startswith(("cannot read", "this machine has", "tls_certificates names 0")) for f in done["findings"] if f["level"] == "error"), done


def test_the_examples_of_the_manual_page_are_good(tmp_path):
    """Each block of settings in postrider.conf(5), with the files that it names."""
    page = (ROOT / "doc/man/postrider.conf.5").read_text().partition(".Sh EXAMPLES")[2]
    blocks = [b for b in re.findall(r"(?ms)^\.Bd -literal -offset indent\n(.*?)^\.Ed", page) if b.startswith("hostname")]
    assert len(blocks) == 5
    config = tmp_path / "postrider.conf"
    for block in blocks:
        for path in set(re.findall(r"/etc/postrider/[\w.]+", block)):
            file = tmp_path / pathlib.Path(path).name
            file.write_text("ann@example.net\n")
            file.chmod(0o600)
            block = block.replace(path, str(file))
        found = json.loads(check_settings(config, block, "--json").stdout)
        assert all(str(tmp_path) in f["problem"] and "PEM" in f["problem"] for f in found["findings"] if f["level"] == "error"), found


def doctor(server, **levels):
    """What the doctor finds: rows by what they say; and its exit status, which the levels demand."""
    done = server.cli("doctor", "--json", check=False)
    found = json.loads(done.stdout)
    assert done.returncode == (70 if any(f["level"] == "error" for f in found) else 0)
    for f in found:
        assert f["level"] in ("ok", "note", "warning", "error") and f["good"] == (f["level"] in ("ok", "note")) and f["where"] and f["check"]
        # Whatever is told to be wrong can be mended, and costs something.
        assert f["level"] in ("ok", "note") or f["mend"], f
    return found


def finds(found, level, check, where=""):
    return [f for f in found if f["level"] == level and re.search(check, f["check"]) and f["where"].startswith(where)]


def test_doctor(server):
    text = server.cli("doctor").stdout
    assert b"relays for nobody" in text and b"\nerror" not in text and b" 0 errors\n" in text, text
    found = doctor(server)
    assert not [f for f in found if f["level"] == "error"]
    for service in SERVICES:
        assert finds(found, "ok", "", f"{service} "), service
    for service in ("smtp", "submission", "imap", "managesieve"):
        assert finds(found, "ok", r"STARTTLS works \(TLSv1.3\), with a certificate until 20", service), service
    for service in ("submissions", "imaps", "pop3s", "https"):
        assert finds(found, "ok", r"^TLS works \(TLSv1.3\)", service), service
    assert finds(found, "ok", "STLS works", "pop3 ")
    for service in ("submission", "submissions"):
        assert finds(found, "ok", "takes no mail without a login", service)
    for service in ("imap", "imaps", "pop3", "pop3s", "managesieve", "https"):
        assert finds(found, "ok", "shows nothing without a login", service)
    # The certificate is the test's own; that is told once, and not for each service.
    assert len(finds(found, "warning", "proves nothing to strangers: ")) == 1
    # How large disk and limits are is this machine's matter.
    assert any("are free" in f["check"] for f in found) and any("files" in f["check"] for f in found if f["where"] == "limits")
    assert finds(found, "ok", "it is empty", "queue")
    assert finds(found, "ok", "mail to postmaster@example.test is taken", "example.test")
    assert finds(found, "note", "nothing says when", "backup")


def test_doctor_without_a_server(make_server):
    server = make_server(start=False)
    found = doctor(server)
    assert finds(found, "error", "it does not run", "server")
    assert len(finds(found, "error", "does not answer: Connection refused")) == len(SERVICES)


def test_doctor_counts_what_waits(make_server):
    server = make_server(relay_domains=["backup.test"], routes=["backup.test smtp:127.0.0.1:1 tls=none"])
    for number, waits in ((1, "1 message waits"), (2, "2 messages wait")):
        server.deliver("ann@backup.test", b"Subject: %d\r\n\r\nHello\r\n" % number)
        assert finds(doctor(server), "ok", f"^{waits}, the oldest for less than an hour$", "queue")


def test_doctor_finds_what_is_wrong(make_server, tmp_path):
    authority = Authority(tmp_path)
    old = authority.issue("mail.example.test", days=-1)
    mark = tmp_path / "backup"
    mark.write_text("")
    os.utime(mark, (time.time() - 3 * 86400, time.time() - 3 * 86400))
    server = make_server(require_tls_login=False, own_domains="off", tls_certificates=[str(old.chain)], tls_keys=[str(old.key)],
                         backup_mark=str(mark), disk_reserve="1T", trusted_networks=["0.0.0.0/0"]).expect("disk-nearly-full")
    server.config.chmod(0o666)
    (server.folder / "data").chmod(0o755)
    server.cli("domain", "add", "lonely.test")
    server.cli("queue", "pause", "--destination", "example.net", "--why", "their move")
    found = doctor(server)
    assert [f["mend"] for f in finds(found, "warning", "mail to example.net is paused: their move", "queue")] == ["postrider queue resume --destination example.net"]
    assert finds(found, "error", "it is false", "setting require_tls_login") and finds(found, "warning", "it is off", "setting own_domains")
    assert len(finds(found, "error", "the certificate expired on")) == 1 and finds(found, "warning", "expired on", "setting tls_certificates")
    assert finds(found, "warning", "others than its owner may read", "setting tls_keys")
    assert finds(found, "error", "the last one was made 72 hours ago", "backup")
    assert finds(found, "error", "are free", "disk") and finds(found, "error", "networks of strangers", "setting trusted_networks")
    assert finds(found, "error", "others than its owner may write to", "files") and finds(found, "error", "others than its owner may look into", "files")
    server.write_config(hostname="other.example.test")  # which the running server does not know yet
    assert finds(doctor(server), "error", "the certificate is not for other.example.test, but for mail.example.test")


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
        assert run(POSTRIDER, command, "-h").stdout == done.stdout
    # Behind a subcommand stand its own lines, and what explains their words.
    whole = run(POSTRIDER, "account", "--help", text=True).stdout
    own = run(POSTRIDER, "account", "quota", "--help", text=True).stdout.split("\n\n")[1]
    assert own.startswith("usage: postrider account quota ADDRESS") and own.splitlines()[1].startswith("       SIZE: ") and len(own.splitlines()) == 2
    assert "SIZE:" not in run(POSTRIDER, "account", "enable", "--help", text=True).stdout
    assert "account disable|enable" in run(POSTRIDER, "account", "enable", "--help", text=True).stdout
    assert "[--skip-existing]" in run(POSTRIDER, "account", "import", "--help", text=True).stdout
    assert run(POSTRIDER, "account", "nonsense", "--help", text=True).stdout == whole
    assert run(POSTRIDER, "trace", "add", "--help").stdout == run(POSTRIDER, "trace", "--help").stdout
    assert b"missing argument: SIZE, or --messages N" in server.cli("account", "quota", ALICE, status=64).stderr
    assert b"there is no command 'confg'; did you mean config?" in run(POSTRIDER, "confg").stderr
    assert run(POSTRIDER, "-h").stdout == run(POSTRIDER, "--help").stdout


def test_what_only_changes_says_so_as_json(both):
    both.add_account("carol@example.test")
    for command in (["account", "disable", "carol@example.test"], ["account", "enable", "carol@example.test"], ["account", "quota", "carol@example.test", "1G"],
                    ["account", "admin", "carol@example.test", "on"], ["group", "add", "team@example.test", "carol@example.test"]):
        assert rows(both, *command) == {"verb": command[1], "subject": command[2]}
    assert both.cli("account", "disable", "carol@example.test").stdout.strip() in ("", b"")
    assert not both.cli("account", "enable", "nobody@example.test", "--json", status=66).stdout.strip()


def test_mailboxes_say_so_as_json(server):
    assert rows(server, "mailbox", "create", ALICE, "Plans") == {"verb": "create", "subject": ALICE}
    assert rows(server, "mailbox", "remove", ALICE, "Plans") == {"verb": "remove", "subject": ALICE}


def commands():
    listed = run(POSTRIDER, "--help").stdout.decode()
    return re.findall(r"(?m)^  ([a-z]+) +\S", listed)


def test_every_option_is_explained():
    """Those that the source takes, those of `--help` and those of the manual are the same, and `--help` says of each what it does."""
    used, told = set(), set()
    for command in commands():
        said = run(POSTRIDER, command, "--help").stdout.decode()
        usage, _, explained = said.partition("\noptions:\n")
        options = set(re.findall(r"--[a-z][a-z-]*[a-z]", usage))
        rows = dict(re.findall(r"(?m)^  (--[a-z-]+) +(\S.*)$", explained))
        assert options == set(rows), (command, options ^ set(rows))
        used |= options
    for path in (ROOT / "src/cli").glob("*.c"):
        if path.name not in ("option_texts.c", "completion.c"):
            told |= set(re.findall(r'"(--[a-z][a-z-]*[a-z])"', path.read_text()))
    told -= {"--help", "--version", "--speaks"}  # --speaks: what one master asks another before an upgrade
    assert told <= used | {"--config"}, f"nothing tells of {sorted(told - used)}"
    page = (ROOT / "doc/man/postrider.1").read_text()
    described = set(re.findall(r"-([a-z][a-z-]*[a-z])", re.sub(r"(?m)^\.\\.*$", "", page)))
    assert {option[2:] for option in used} <= described, f"postrider(1) lacks {sorted(o for o in used if o[2:] not in described)}"


def test_an_unknown_subcommand_is_told_alike():
    for command in commands():
        done = run(POSTRIDER, command, "nonsense")
        if b"subcommand" not in done.stderr:
            continue
        assert done.returncode == 64 and b"unknown subcommand 'nonsense'; choose one of: " in done.stderr, command
        verbs = set(re.findall(rf"postrider {command} ([a-z|-]+)", run(POSTRIDER, command, "--help").stdout.decode()))
        verbs = {verb for choice in verbs for verb in choice.split("|") if verb and not verb.startswith("-")}
        line = done.stderr.decode().splitlines()[0]
        assert verbs <= set(line.partition("one of: ")[2].split(", ")), (command, line)
