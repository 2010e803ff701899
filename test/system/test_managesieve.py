"""ManageSieve as programs and people meet it: logins, scripts, what is refused, what ends."""

import contextlib
import signal
import socket
import subprocess
import threading

import pytest

from managesieve_client import ManageSieve, log_in_by_scram
from server import TIMEOUT, environment, wait_for

ALICE, BOB = "alice@example.test", "bob@example.test"
FILES = b'require ["fileinto"];\r\nif header :contains "list-id" "example" {\r\n\tfileinto "Lists";\r\n}\r\n'


def test_a_user_edits_scripts(server):
    mark = server.mark()
    with ManageSieve(server, secure=False) as client:
        assert client.capabilities["VERSION"] == "1.0" and client.capabilities["STARTTLS"] is True
        assert {"fileinto", "variables", "imap4flags"} <= set(client.capabilities["SIEVE"].split())
        client.start_tls()
        assert "STARTTLS" not in client.capabilities and "PLAIN" in client.capabilities["SASL"].split()
        assert client.command("LISTSCRIPTS").status == "NO"
        assert client.log_in(ALICE).status == "OK"
        assert client.command("CAPABILITY").lines[-1] == [b"OWNER", ALICE.encode()]
        assert client.scripts() == {}
        assert client.command("HAVESPACE", "rules", len(FILES)).status == "OK"
        assert client.command("PUTSCRIPT", "rules", FILES).status == "OK"
        assert client.command("SETACTIVE", "rules").status == "OK"
        assert client.scripts() == {"rules": True} and client.script("rules") == FILES
        wrong = client.command("PUTSCRIPT", "rules", FILES.replace(b"fileinto \"", b"filinto \""))
        assert wrong.status == "NO" and wrong.text.startswith("line 3, column 2: "), wrong
        assert client.script("rules") == FILES
        assert client.command("CHECKSCRIPT", b"keep;").status == "OK"
        assert client.command("DELETESCRIPT", "rules").code == "ACTIVE"
        assert client.command("RENAMESCRIPT", "rules", "Правила").status == "OK"
        assert client.scripts() == {"Правила": True}
        assert client.command("SETACTIVE", "").status == "OK"
        assert client.command("DELETESCRIPT", "Правила").status == "OK"
        assert client.scripts() == {}
        assert client.command("LOGOUT").status == "OK" and client.file.read() == b""
    assert server.wait_event("managesieve-login", since=mark).fields["address"] == ALICE
    server.wait_event("managesieve-end", since=mark)


def test_the_domains_records_name_the_service(server):
    records = server.cli("dns", "records", "example.test").stdout.decode()
    assert f"_sieve._tcp.example.test. 3600 IN SRV 0 1 {server.ports['managesieve']} mail.example.test." in " ".join(records.split())


def test_a_script_as_large_as_any(server):
    text = b"# " + b"x" * 1021 + b"\r\n"
    largest = text * (1024 - 1) + b"# " + b"x" * 1016 + b"keep;"
    largest = largest[:1 << 20][:-8] + b"\r\nkeep;\r\n"[-8:]
    assert len(largest) == 1 << 20
    with ManageSieve(server, ALICE) as client:
        assert client.command("PUTSCRIPT", "large", largest).status == "OK"
        assert client.script("large") == largest
        assert client.command("PUTSCRIPT", "larger", largest + b" ").code == "QUOTA/MAXSIZE"
        assert client.command("HAVESPACE", "larger", len(largest) + 1).code == "QUOTA/MAXSIZE"
        assert client.scripts() == {"large": False}
        assert client.command("DELETESCRIPT", "large").status == "OK"


def sieve_connect(server, *words):
    command = ["sieve-connect", "--server", "127.0.0.1", "--port", str(server.ports["managesieve"]), "--user", ALICE, "--passwordfd", "0", "--4",
               "--tlscafile", str(server.folder / "tls-cert.pem"), "--authmech", "PLAIN", *words]
    done = subprocess.run(command, input=server.passwords[ALICE].encode() + b"\n", capture_output=True, timeout=TIMEOUT, check=False, env=environment(),
                          cwd=server.folder)
    assert done.returncode == 0, done.stdout.decode() + done.stderr.decode()
    return done.stdout.decode()


def test_sieve_connect(server):
    (server.folder / "rules.sieve").write_bytes(FILES)
    sieve_connect(server, "--localsieve", "rules.sieve", "--remotesieve", "rules", "--upload")
    sieve_connect(server, "--remotesieve", "rules", "--activate")
    assert '"rules" ACTIVE' in sieve_connect(server, "--list")
    sieve_connect(server, "--localsieve", "copy.sieve", "--remotesieve", "rules", "--download")
    assert (server.folder / "copy.sieve").read_bytes().split() == FILES.split()
    sieve_connect(server, "--localsieve", "rules.sieve", "--checkscript")
    sieve_connect(server, "--deactivate")
    sieve_connect(server, "--remotesieve", "rules", "--delete")
    with ManageSieve(server, ALICE) as client:
        assert client.scripts() == {}


def test_sievelib(server):
    managesieve = pytest.importorskip("sievelib.managesieve")
    client = managesieve.Client("127.0.0.1", server.ports["managesieve"])
    with ManageSieve(server, ALICE):
        pass
    assert client.connect(ALICE, server.passwords[ALICE], authmech="PLAIN")
    assert client.putscript("rules", FILES.decode()) and client.setactive("rules")
    assert client.listscripts() == ("rules", []) and client.getscript("rules").split() == FILES.decode().split()
    assert client.havespace("rules", 1000) and client.renamescript("rules", "others")
    assert not client.putscript("others", "kep;") and client.errmsg.startswith(b"line 1, column 1: ")
    assert client.setactive("") and client.deletescript("others")
    client.logout()


def test_app_passwords_open_what_they_are_for(server):
    mail = server.cli("account", "app-add", ALICE, "mail", "--protocols", "smtp,pop3,imap").stdout.decode().strip()
    rules = server.cli("account", "app-add", ALICE, "rules", "--protocols", "sieve").stdout.decode().strip()
    every = server.cli("account", "app-add", ALICE, "every").stdout.decode().strip()
    with ManageSieve(server) as client:
        assert client.log_in(ALICE, mail).status == "NO"
        assert log_in_by_scram(client, ALICE, mail).status == "NO"
        assert log_in_by_scram(client, ALICE, rules).status == "OK"
        assert client.command("AUTHENTICATE", "PLAIN").status == "NO"
        assert client.command("UNAUTHENTICATE").status == "OK" and client.command("LISTSCRIPTS").status == "NO"
        assert client.log_in(ALICE, rules).status == "OK" and client.scripts() == {}
        assert client.command("UNAUTHENTICATE").status == "OK"
        assert client.log_in(ALICE, every).status == "OK"
    with pytest.raises(Exception, match="AUTH"):
        server.pop3(ALICE, rules)
    for name in ("mail", "rules", "every"):
        server.cli("account", "app-remove", ALICE, name)


def test_guesses_are_braked(make_server):
    server = make_server(connections_per_address=1000, connection_rate=10000)
    clients = [ManageSieve(server, secure=False, source="127.0.0.77") for _ in range(25)]
    for number, client in enumerate(clients):
        client.send_login(ALICE, f"guess {number}")
    answers = [client.response() for client in clients]
    for client in clients:
        client.close()
    assert {a.status for a in answers} == {"NO"} and {a.code for a in answers} == {None, "TRYLATER"}
    assert sum(a.code is None for a in answers) == 20
    # From elsewhere its owner comes in; and the brake is the one that all protocols share.
    with ManageSieve(server, ALICE):
        pass
    with socket.create_connection(("127.0.0.1", server.ports["pop3"]), TIMEOUT, source_address=("127.0.0.77", 0)) as client, client.makefile("rb") as said:
        client.sendall(f"USER {ALICE}\r\nPASS guess\r\n".encode())
        assert b"[LOGIN-DELAY]" in b"".join(said.readline() for _ in range(3))


def test_scripts_are_their_owners(server):
    with ManageSieve(server, ALICE) as alice, ManageSieve(server, BOB) as bob:
        assert alice.command("PUTSCRIPT", "rules", FILES).status == "OK"
        assert alice.command("SETACTIVE", "rules").status == "OK"
        assert bob.scripts() == {}
        for command in (("GETSCRIPT", "rules"), ("SETACTIVE", "rules"), ("DELETESCRIPT", "rules"), ("RENAMESCRIPT", "rules", "mine")):
            assert bob.command(*command).code == "NONEXISTENT"
        assert bob.command("PUTSCRIPT", "rules", b"stop;").status == "OK"
        assert bob.command("DELETESCRIPT", "rules").status == "OK"
        assert alice.scripts() == {"rules": True} and alice.script("rules") == FILES
        assert alice.command("SETACTIVE", "").status == "OK" and alice.command("DELETESCRIPT", "rules").status == "OK"


def test_a_login_that_ends_ends_the_session(make_server):
    server = make_server()
    with ManageSieve(server, BOB) as client:
        server.cli("account", "disable", BOB)
        assert client.response().code == "TRYLATER" and client.file.read() == b""
    with ManageSieve(server) as client:
        assert client.log_in(BOB).status == "NO"


def test_what_no_client_says_ends_that_session_alone(server):
    with ManageSieve(server, ALICE) as good:
        for said in (b'PUTSCRIPT "x" {99999999999999999999+}\r\n', b'PUTSCRIPT "x" {16777217+}\r\n', b'PUTSCRIPT "x" {5}\r\n', b"x" * 20000 + b"\r\n"):
            with ManageSieve(server, ALICE) as bad:
                bad.send(said)
                assert bad.response().status == "BYE" and bad.file.read() == b""
        with ManageSieve(server) as stranger:
            stranger.send(b'AUTHENTICATE "PLAIN" {1000000+}\r\n')
            assert stranger.response().status == "BYE"
        # A client that stops within its script hinders nobody, and leaves nothing.
        with ManageSieve(server, ALICE) as slow:
            slow.send(b'PUTSCRIPT "half" {1000+}\r\nkeep;')
            assert good.scripts() == {}
        assert good.scripts() == {}


def test_many_connections(make_server):
    server = make_server(connections_max=40, connection_rate=1000)
    mark = server.mark()
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(ManageSieve(server, ALICE, secure=False)) for _ in range(40)]
        refused = stack.enter_context(ManageSieve(server, secure=False))
        assert refused.greeting.status == "BYE" and refused.greeting.code == "TRYLATER"
        for number, client in enumerate(clients):
            client.send(f'NOOP "{number}"\r\n')
        assert [client.response().code for client in clients] == [("TAG", str(number).encode()) for number in range(40)]
    server.wait_event("managesieve-end", since=mark, count=40)


def test_a_server_that_stops_says_so(make_server):
    server = make_server()
    with ManageSieve(server, ALICE) as client, ManageSieve(server) as stranger:
        pid = server.role_pid("managesieve")
        mark = server.mark()
        server.process.send_signal(signal.SIGHUP)
        server.wait_event("reloaded", since=mark)
        assert client.scripts() == {} and server.role_pid("managesieve") == pid
        server.stop()
        for open_one in (client, stranger):
            answer = open_one.response()
            assert answer.status == "BYE" and answer.code == "TRYLATER" and "stops" in answer.text


def test_a_store_that_dies_ends_sessions_and_no_script(make_server):
    server = make_server()
    with ManageSieve(server, ALICE) as client:
        assert client.command("PUTSCRIPT", "rules", FILES).status == "OK"
        server.kill_role("store")
        assert client.response().code == "TRYLATER"

    def comes_in():
        with contextlib.suppress(AssertionError, OSError, EOFError), ManageSieve(server, ALICE) as again:
            return again.script("rules") == FILES
        return False
    wait_for(comes_in, what="the store's return")


class Putter(threading.Thread):
    """Puts scripts of one name, each with its number in it, until its connection ends. `done`: the last number that was answered with OK."""

    def __init__(self, server, name):
        super().__init__(daemon=True)
        self.client, self.name, self.done, self.asked = ManageSieve(server, ALICE, secure=False), name, 0, 0

    def run(self):
        with contextlib.suppress(OSError, EOFError):
            while True:
                self.asked += 1
                answer = self.client.command("PUTSCRIPT", self.name, numbered(self.asked))
                if answer.status != "OK":
                    break
                self.done = self.asked


def numbered(number):
    return f"# {number}\r\n".encode() * 500 + b"keep;\r\n"


@pytest.mark.parametrize("role", ["store", "rules", "managesieve"])
def test_a_kill_within_putscript_leaves_whole_scripts(make_server, role):
    server = make_server()
    putters = [Putter(server, f"script {n}") for n in range(4)]
    for putter in putters:
        putter.start()
    wait_for(lambda: all(putter.done >= 2 for putter in putters), what="some scripts")
    before = {putter: putter.done for putter in putters}
    server.kill_role(role)
    # Without rules, a script that cannot be judged now is refused, and may be put later; the sessions go on.
    wait_for(lambda: all(not putter.is_alive() or role == "rules" and putter.done >= before[putter] + 3 for putter in putters), what="an end of each")

    def looked_at():
        with contextlib.suppress(AssertionError, OSError, EOFError), ManageSieve(server, ALICE, secure=False) as client:
            return {name: client.script(name) for name in client.scripts()}
        return None
    for putter in putters:
        putter.client.interrupt()
        putter.join(TIMEOUT)
        putter.client.close()
    found = wait_for(looked_at, what="the scripts")
    for putter in putters:
        number = int(found[putter.name].split()[1])
        assert putter.done <= number <= putter.asked and found[putter.name] == numbered(number)
