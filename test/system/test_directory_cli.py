"""Accounts, domains and aliases by the commands: what is removed and brought back, renamed, imported, forwarded; and what wrong use is told."""

import base64
import hashlib
import json
import poplib
import shlex

import pytest

from server import field, run, wait_for

ADMIN, ALICE, BOB = "admin@example.test", "alice@example.test", "bob@example.test"


@pytest.fixture(params=["live", "offline"])
def both(make_server, request):
    return make_server(start=request.param == "live")


def rows(server, *args):
    return json.loads(server.cli(*args, "--json").stdout)


def test_a_domain_goes_with_all_that_is_in_it_and_comes_back(both):
    both.cli("alias", "add", "team@example.test", ALICE, BOB)
    both.cli("group", "add", "staff@example.test", ALICE)
    both.cli("domain", "add", "other.test", "--catch-all", ALICE)
    both.cli("alias", "add", "boss@other.test", ALICE)
    told = both.cli("domain", "remove", "example.test", status=77)
    said = told.stdout.decode()
    for line in ("3 accounts", "1 alias in it", "aliases that lead to it: boss@other.test", "whose catch-all it is: other.test", "1 group",
                 "postmaster of this server", "`postrider domain restore example.test` brings all of it back"):
        assert line in said, said
    assert b"--yes; nothing was changed" in told.stderr
    gone = json.loads(both.cli("domain", "remove", "example.test", "--yes", "--json").stdout)
    assert gone["removed"] == "example.test" and gone["accounts"] == 3 and gone["aliases"] == ["boss@other.test"] and gone["until"].endswith("Z")
    assert [d["name"] for d in rows(both, "domain", "list")] == ["other.test"]
    assert [d["name"] for d in rows(both, "domain", "list", "--removed")] == ["example.test"]
    both.cli("account", "show", ALICE, status=66)
    assert b"restore example.test" in both.cli("domain", "add", "example.test", status=65).stderr
    both.cli("domain", "restore", "example.test")
    assert {a["address"] for a in rows(both, "account", "list", "example.test")} == {ADMIN, ALICE, BOB}
    assert rows(both, "group", "list", "staff@example.test") == [ALICE]
    assert {a["address"] for a in rows(both, "alias", "list", "example.test")} == {"team@example.test"}
    both.cli("domain", "restore", "example.test", status=66)
    both.cli("domain", "remove", "example.test", "--yes", "--now")
    assert rows(both, "domain", "list", "--removed") == []
    both.cli("domain", "restore", "example.test", status=66)
    both.cli("domain", "add", "example.test")
    assert rows(both, "account", "list", "example.test") == []


def test_an_alias_says_how_it_is_made_again(both):
    both.cli("alias", "add", "it's@example.test", ALICE, BOB)
    both.cli("alias", "add", "more@example.test", "it's@example.test")
    both.cli("alias", "remove", "it's@example.test", status=77)
    said = both.cli("alias", "remove", "it's@example.test", "--yes").stdout.decode()
    assert "aliases that lead to it: more@example.test" in said
    undo = [line for line in said.splitlines() if line.startswith("To undo this: postrider ")][0]
    both.cli(*shlex.split(undo.removeprefix("To undo this: postrider ")))
    assert {a["address"]: a["targets"] for a in rows(both, "alias", "list")}["it's@example.test"] == [ALICE, BOB]


def rcpt(server, address):
    with server.smtp() as c:
        c.ehlo()
        c.mail("someone@else.test")
        return c.rcpt(address)[0]


def test_a_removed_account_is_out_of_reach_and_comes_back_whole(make_server):
    server = make_server()
    server.deliver(BOB, b"Subject: kept\r\n\r\nx\r\n")
    server.cli("alias", "add", "sales@example.test", BOB)
    reader = server.pop3(BOB)
    said = server.cli("account", "remove", BOB, status=77).stdout.decode()
    for line in ("1 message", "lead to it: sales@example.test", "lead to nobody else", "`postrider account restore bob@example.test`"):
        assert line in said, said
    server.cli("account", "remove", BOB, "--yes")
    with pytest.raises((poplib.error_proto, OSError, EOFError)):  # its session ends
        while True:
            reader.noop()
    with pytest.raises(poplib.error_proto):
        server.pop3(BOB)
    assert rcpt(server, BOB) == 550 and rcpt(server, "sales@example.test") == 550
    assert b"still kept" in server.cli("account", "add", BOB, "--generate", status=65).stderr
    assert [a["name"] for a in rows(server, "account", "list", "--removed")] == [BOB]
    assert server.stop() == 0
    server.start()
    server.cli("account", "restore", BOB)
    assert [field(m, "Subject") for m in server.messages(BOB)] == [b"kept"]
    assert rcpt(server, "sales@example.test") == 250
    server.cli("account", "remove", BOB, "--yes", "--now")
    server.cli("account", "restore", BOB, status=66)
    server.add_account(BOB)
    assert server.messages(BOB) == []


def hashed(scheme, password):
    """As another server keeps it, made by other code than ours: crypt(3) by perl, digests by Python."""
    if scheme.startswith("$"):
        return run("perl", "-e", "print crypt($ARGV[0], $ARGV[1])", password, scheme).stdout.decode()
    salt = b"salt\x01" if scheme.startswith("SS") else b""
    digest = hashlib.new({"SSHA": "sha1"}.get(scheme, scheme.removeprefix("S").lower()), password.encode() + salt).digest()
    return "{%s}" % scheme + base64.b64encode(digest + salt).decode()


def test_users_of_another_server_are_imported_and_their_hashes_replaced(make_server):
    server = make_server()
    users = {"bcrypt": "$2y$05$abcdefghijklmnopqrstuu", "sha512": "$6$rounds=5000$saltsalt", "old": "$1$abcdefgh", "yes": "$y$j9T$saltsaltsalt", "salted": "SSHA256", "bare": "SSHA"}
    lines = [f"{name}:{hashed(how, name + ' geheim')}:1000:1000::/home/{name}::userdb_quota_rule=*:storage=5M" for name, how in users.items()]
    lines += ["# a comment", "", "plain@example.test:{PLAIN}plain geheim"]
    path = server.folder / "passwd"
    path.write_text("\n".join(lines) + "\n")
    # Everything that is wrong, at once, and nothing is changed.
    bad = server.folder / "bad"
    bad.write_text("\n".join([lines[0], "nocolon", "alice:{OTP}x", "zoe@nowhere.test:" + hashed("SSHA", "x"), lines[0], "bob:" + hashed("SSHA", "x"), "new:{SSHA}short"]))
    told = server.cli("account", "import", bad, "--domain", "example.test", status=65)
    for said in (":2: expected user:{SCHEME}hash", ":3: alice: this scheme", ":4: nowhere.test is not set up here", ":5: bcrypt@example.test stands in line 1 already",
                 ":6: bob@example.test exists already", ":7: new: this is no hash of its scheme"):
        assert said in told.stderr.decode(), (said, told.stderr)
    assert b"nothing was changed" in told.stdout
    told = json.loads(server.cli("account", "import", bad, "--domain", "example.test", "--json", status=65).stdout)
    assert {e["line"] for e in told["errors"]} == {2, 3, 4, 5, 6, 7} and told["added"] == 0
    assert b"7 accounts would be added" in server.cli("account", "import", path, "--domain", "example.test", "--dry-run").stdout
    server.cli("account", "show", "bcrypt@example.test", status=66)
    done = json.loads(server.cli("account", "import", path, "--domain", "example.test", "--json").stdout)
    assert done["added"] == 7 and done["errors"] == [] and done["weak"] == 3
    assert b"0 accounts were added, 7 existed already" in server.cli("account", "import", path, "--domain", "example.test", "--skip-existing").stdout
    listed = {a["address"]: a for a in rows(server, "account", "list", "example.test")}
    assert listed["old@example.test"]["weak_password"] and listed["old@example.test"]["password"] == "CRYPT"
    assert listed["bcrypt@example.test"]["quota"] == 5 << 20 and not listed["bcrypt@example.test"]["weak_password"]
    assert listed["plain@example.test"]["password"] == "ARGON2ID"
    found = [f for f in json.loads(server.cli("doctor", "--json", check=False).stdout) if f["where"] == "accounts"]
    assert len(found) == 1 and "3 imported passwords" in found[0]["check"], found
    for name in [*users, "plain"]:
        address = f"{name}@example.test"
        with pytest.raises(poplib.error_proto):
            server.pop3(address, password="falsch")
        server.pop3(address, password=f"{name} geheim").quit()
        wait_for(lambda: rows(server, "account", "show", address)["password"] == "ARGON2ID", what="the new hash")
        server.pop3(address, password=f"{name} geheim").quit()


def test_an_import_says_before_what_is_taken(both):
    both.cli("alias", "add", "busy@example.test", ALICE)
    both.cli("account", "remove", BOB, "--yes")
    path = both.folder / "users"
    path.write_text("".join(f"{name}:{{PLAIN}}langes wort\n" for name in ("new", "busy", "bob")))
    told = both.cli("account", "import", path, "--domain", "example.test", status=65)
    for said in (b":2: busy@example.test is an alias", b":3: bob@example.test was removed here"):
        assert said in told.stderr, told.stderr
    assert b"nothing was changed" in told.stdout
    both.cli("account", "show", "new@example.test", status=66)
    both.cli("alias", "remove", "busy@example.test", "--yes")
    both.cli("account", "remove", BOB, "--yes", "--now")
    assert b"3 accounts were added" in both.cli("account", "import", path, "--domain", "example.test").stdout


def test_users_are_imported_from_a_table(both):
    path = both.folder / "users.csv"
    path.write_text('address,password,quota,aliases\r\n"carol@example.test","with ""quotes"", and a comma",1G,c@example.test carla@example.test\r\ndave@example.test,langes wort,,\r\n')
    assert b"2 accounts were added" in both.cli("account", "import", path).stdout
    assert {a["address"]: a["targets"] for a in rows(both, "alias", "list")} == {"c@example.test": ["carol@example.test"], "carla@example.test": ["carol@example.test"]}
    path.write_text("address,colour\nx@example.test,red\n")
    assert b":1: the first line names the columns" in both.cli("account", "import", path, status=65).stderr


def test_an_account_gets_another_address(both):
    both.cli("alias", "add", "team@example.test", ALICE, BOB)
    both.cli("domain", "add", "all.test", "--catch-all", BOB)
    both.cli("account", "rename", BOB, ALICE, status=65)
    both.cli("account", "rename", "nobody@example.test", "x@example.test", status=66)
    both.cli("account", "rename", BOB, "rob@all.test")
    shown = rows(both, "account", "show", "rob@all.test")
    assert BOB in shown["aliases"] and shown["disabled"] is False
    both.cli("account", "rename", "rob@all.test", "robert@example.test", "--no-alias")
    aliases = {a["address"]: a["targets"] for a in rows(both, "alias", "list")}
    assert aliases == {"team@example.test": [ALICE, BOB], BOB: ["robert@example.test"]}
    both.cli("account", "show", "rob@all.test", status=66)


def test_who_had_another_address_logs_in_with_either(make_server):
    server = make_server()
    server.deliver(BOB, b"Subject: kept\r\n\r\nx\r\n")
    server.cli("account", "rename", BOB, "rob@example.test")
    for address in (BOB, "rob@example.test"):
        client = server.pop3(address, password=server.passwords[BOB])
        assert client.stat()[0] == 1
        client.quit()
    assert rcpt(server, BOB) == 250
    # Nor does a login by an alias of several people say anything.
    server.cli("alias", "add", "both@example.test", ALICE, "rob@example.test")
    with pytest.raises(poplib.error_proto):
        server.pop3("both@example.test", password=server.passwords[BOB])


def test_what_leads_nowhere_is_said(both):
    assert b"nobody@example.test does not exist here" in both.cli("alias", "add", "dead@example.test", "nobody@example.test").stderr
    assert b"does not exist here" in both.cli("domain", "add", "all.test", "--catch-all", "nobody@example.test").stderr
    assert b"nowhere.test is not set up here" in both.cli("domain", "add", "third.test", "--alias-of", "nowhere.test").stderr
    shown = rows(both, "domain", "show", "all.test")
    assert shown["postmaster_reads"] == [ALICE] and shown["catch_all"] == "nobody@example.test"
    assert both.cli("alias", "postmaster").stdout.decode().strip() == ALICE
    both.cli("domain", "add", "bücher.test")
    assert "bücher.test (xn--bcher-kva.test)" in both.cli("domain", "list").stdout.decode()
    assert [d["shown"] for d in rows(both, "domain", "list") if d["name"] == "xn--bcher-kva.test"] == ["bücher.test"]


def test_mail_is_forwarded_with_and_without_a_copy(make_server):
    server = make_server()
    server.cli("forward", ALICE, "--to", BOB, "--keep")
    server.deliver(ALICE, b"Subject: both\r\n\r\nx\r\n")
    wait_for(lambda: len(server.messages(BOB)) == 1, what="the forwarded mail")
    assert len(server.messages(ALICE)) == 1
    # In place of it, without a copy.
    assert json.loads(server.cli("forward", ALICE, "--to", BOB, "--json").stdout) == {"address": ALICE, "to": [BOB], "keep": False}
    server.deliver(ALICE, b"Subject: only bob\r\n\r\nx\r\n")
    wait_for(lambda: len(server.messages(BOB)) == 2, what="the redirected mail")
    assert len(server.messages(ALICE)) == 1
    # Who forwards to who forwards back: it ends by itself, and nothing is lost.
    server.cli("forward", BOB, "--to", ALICE, "--keep")
    server.deliver(BOB, b"Subject: circle\r\n\r\nx\r\n")
    wait_for(lambda: b"circle" in [field(m, "Subject") for m in server.messages(BOB)], what="the mail that went in a circle")
    server.cli("forward", ALICE, "--off")
    server.cli("forward", ALICE, "--off", status=66)
    server.deliver(ALICE, b"Subject: stays\r\n\r\nx\r\n")
    assert b"stays" in [field(m, "Subject") for m in server.messages(ALICE)]
    server.cli("alias", "add", "back@example.test", ALICE)
    assert b"in a circle" in server.cli("forward", ALICE, "--to", "back@example.test", status=65).stderr
    # An address without a mailbox becomes an alias.
    server.cli("forward", "sales@example.test", "--to", ALICE, "--to", BOB)
    assert {a["address"]: a["targets"] for a in rows(server, "alias", "list")}["sales@example.test"] == [ALICE, BOB]
    assert b"no mailbox" in server.cli("forward", "sales@example.test", "--to", ALICE, "--keep", status=65).stderr


@pytest.mark.parametrize("words,said", [
    (["account", "foo"], "unknown subcommand 'foo'; choose one of: add, "), (["queue"], "a subcommand is missing; choose one of: list, show"),
    (["config", "foo"], "unknown subcommand 'foo'; choose one of: check, "), (["report"], "a subcommand is missing; choose one of: dmarc, "),
    (["message", "foo"], "unknown subcommand 'foo'; choose one of: show, "), (["message", "show"], "missing argument: FILE"),
    (["message", "extract", "a"], "missing argument: PART"), (["config", "get"], "missing argument: NAME"),
    (["dns", "check"], "missing argument: DOMAIN"), (["rule", "check"], "missing argument: FILE"),
    (["account", "enable"], "missing argument: ADDRESS"), (["mailbox", "leave", "a@x.test"], "missing argument: OWNER"),
    (["queue", "route", "a.test"], "missing argument: HOST"), (["queue", "cat"], "missing argument: ID"),
    (["message", "structure", "a", "b"], "unexpected argument 'b'"), (["trace"], "missing argument: ID, ADDRESS, --subject, "),
    (["account", "quota"], "missing argument: ADDRESS"), (["alias", "add", "a@x.test"], "missing argument: TARGET"),
    (["account", "quota", "a@x.test", "5", "MB"], "unexpected argument 'MB'"), (["account", "add", "a@x.test", "--quota"], "--quota needs a value behind it"),
    (["account", "list", "--nonsense"], "unknown option '--nonsense' here")])
def test_wrong_use_is_told_in_words(server, words, said):
    assert said in server.cli(*words, status=64).stderr.decode()


def test_help_is_had_by_its_short_name_too(server):
    assert b"usage: postrider" in server.cli("-h").stdout and b"usage: postrider account" in server.cli("account", "add", "-h").stdout
