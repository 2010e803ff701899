"""`postrider dns check` and `dns update` against real name servers: NSD, BIND and Knot on loopback, the policy's web server among them."""

import http.server
import json
import socket
import ssl
import subprocess
import threading
import time

import pytest

from certificates import Authority
from name_servers import SECRET, Bind, Knot, Nsd, is_installed
from ports import free_network
from resolver import ask
from server import POSTRIDER, TIMEOUT, run

DOMAIN = "example.test"
ADDRESS = "192.0.2.7"
BASE = f"$ORIGIN {DOMAIN}.\n$TTL 60\n@ SOA ns host 1 60 60 60 60\n@ NS ns\nns A 127.0.0.1\n"


def name_server(kind, folder, zone, name=DOMAIN, **place):
    """One that serves the zone, from a file that is called so."""
    if not is_installed(kind):
        pytest.skip(f"{kind.NAME} is not installed")
    made = kind(folder, {name: "zone"}, **place)
    (folder / "zone").write_text(zone)
    return made


SERVERS = {"nsd": Nsd, "bind": Bind, "knot": Knot}


@pytest.fixture
def serve(tmp_path):
    running = []

    def start(kind, records, policy=Bind.policy, **place):
        made = name_server(SERVERS[kind], tmp_path / f"{kind}{len(running)}", BASE + records, **place)
        made.policy = policy
        running.append(made)
        return made.start()

    yield start
    for server in running:
        server.stop()


class Postrider:
    """The settings of a server that does not run: its commands ask name servers themselves."""

    def __init__(self, folder, server, **more):
        self.folder, self.path = folder, folder / "postrider.conf"
        self.server = server
        lines = {"hostname": f'"mail.{DOMAIN}"', "data": f'"{folder}/data"', "run": f'"{folder}/run"', "dns_server": f'"{server.at}"',
                 "pop3_listen": "{}", "pop3s_listen": "{}", "imap_listen": "{}", "submission_listen": "{}", **more}
        self.path.write_text("".join(f"{name} = {value}\n" for name, value in lines.items()))
        self.key = folder / "key"
        self.key.write_text(f'key "update-key" {{\n\talgorithm hmac-sha256;\n\tsecret "{SECRET}";\n}};\n')
        self.key.chmod(0o600)

    def dns(self, verb, *args, **options):
        return run(POSTRIDER, "--config", self.path, "dns", verb, DOMAIN, "--address", ADDRESS, "--server", self.server.at, *args, **options)

    def check(self, status=None):
        done = self.dns("check", "--json")
        assert status is None or done.returncode == status, done.stdout + done.stderr
        return json.loads(done.stdout)

    def update(self, *args, status=0):
        done = self.dns("update", "--key", self.key, *args, stdin=subprocess.DEVNULL)
        assert done.returncode == status, done.stdout + done.stderr
        return done


def said(found, text):
    hits = [f for f in found["findings"] if text in f["what"]]
    assert len(hits) == 1, (text, found["findings"])
    return hits[0]


def records_of(tmp_path, server):
    """What `dns zone` prints, without what lies in other zones."""
    made = Postrider(tmp_path, server)
    return run(POSTRIDER, "--config", made.path, "dns", "zone", DOMAIN, "--address", ADDRESS).stdout.decode()


def test_a_zone_that_was_printed_is_found_good(tmp_path, serve):
    empty = serve("nsd", "")
    good = serve("nsd", records_of(tmp_path, empty))
    made = Postrider(tmp_path, good)
    found = made.check()
    # The way back from the address lies in a zone that nobody serves here.
    assert [f["part"] for f in found["findings"]] == ["ptr"], found["findings"]
    assert {"mx", "spf", "dmarc", "tlsrpt", "srv", "servers"} <= set(found["checked"])
    assert found["zone"] == DOMAIN and found["spf"]["lookups"] == 1
    text = made.dns("check")
    assert text.returncode == 1 and b"SPF of example.test: 1 of 10 look-ups" in text.stdout and b"\nGood: " in text.stdout


def test_each_difference_is_told_with_the_record_that_mends_it(tmp_path, serve):
    made = Postrider(tmp_path, serve("nsd", f"""
@ MX 10 alias
alias CNAME mail
mail A 192.0.2.99
@ TXT "v=spf1 include:a.{DOMAIN} +all"
@ TXT "v=spf1 -all"
_dmarc TXT "v=DMARC1; p=rejekt"
_imaps._tcp SRV 0 1 994 mail
_25._tcp.mail TLSA 3 1 1 {'00' * 32}
"""))
    found = made.check(status=1)
    assert said(found, "is an alias (CNAME) of mail.example.test")["level"] == "fault"
    assert said(found, "No MX record of example.test names this host")["add"] == ["example.test. 3600 IN MX 10 mail.example.test."]
    assert said(found, "has 2 SPF records")["level"] == "fault"
    assert said(found, "p=rejekt means nothing")["part"] == "dmarc"
    assert said(found, "its zone is not signed")["level"] == "warning"
    srv = said(found, "_imaps._tcp does not lead to port 993")
    assert srv["remove"] == ["_imaps._tcp.example.test. 60 IN SRV 0 1 994 mail.example.test."]
    assert said(found, "has no A record for 192.0.2.7")["add"] == ["mail.example.test. 3600 IN A 192.0.2.7"]
    assert said(found, "leads to 192.0.2.99")["remove"] == ["mail.example.test. 60 IN A 192.0.2.99"]
    for finding in found["findings"]:
        assert finding["cost"] and (finding["mend"] or finding["add"] or finding["remove"]), finding


def test_the_policy_of_mta_sts_is_fetched_and_compared(tmp_path, serve):
    ca, answers = Authority(tmp_path / "ca"), {}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            body = answers["text"].encode()
            self.send_response(answers.get("status", 200))
            self.send_header("Content-Type", "text/plain")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    web = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    issued = ca.issue(f"mta-sts.{DOMAIN}")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(issued.chain, issued.key)
    web.socket = context.wrap_socket(web.socket, server_side=True)
    thread = threading.Thread(target=web.serve_forever, daemon=True)
    thread.start()
    try:
        made = Postrider(tmp_path, serve("nsd", f'@ MX 10 mail\nmail A {ADDRESS}\n_mta-sts TXT "v=STSv1; id=1"\nmta-sts A 127.0.0.1\n'),
                         ca_file=f'"{ca.certificate}"', https_port=str(web.server_address[1]))
        answers["text"] = "version: STSv1\r\nmode: enforce\r\nmx: other.example.test\r\nmax_age: 86400\r\n"
        assert said(made.check(), "does not name the MX host mail.example.test")["level"] == "fault"
        answers["text"] = answers["text"].replace("other", "mail")
        assert not [f for f in made.check()["findings"] if f["part"] == "mta-sts"]
        answers["status"] = 404
        assert "HTTP status 404" in said(made.check(), "cannot be fetched")["what"]
    finally:
        web.shutdown()
        web.server_close()
        thread.join(TIMEOUT)


def port_53():
    """Two addresses of this machine on which a name server may listen as strangers expect it."""
    network = free_network()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        try:
            s.bind((f"{network}.1", 53))
        except PermissionError:
            pytest.skip("only root may listen on port 53")
    return f"{network}.1", f"{network}.2"


def test_the_zones_own_servers_are_found_and_compared(tmp_path, serve):
    first, second = port_53()
    names = f"@ NS ns2\nns A {first}\nns2 A {second}\n"
    records = f'@ MX 10 mail\nmail A {ADDRESS}\n@ TXT "v=spf1 mx -all"\n'

    def zone(more):
        return BASE.replace("ns A 127.0.0.1\n", names) + more

    primary = name_server(Knot, tmp_path / "primary", zone(records), address=first, port=53).start()
    other = name_server(Nsd, tmp_path / "other", zone(records + '_dmarc TXT "v=DMARC1; p=none"\n'), address=second, port=53).start()
    old = name_server(Nsd, tmp_path / "resolver", zone(records + '_dmarc TXT "v=DMARC1; p=reject"\n').replace("host 1 ", "host 0 ")).start()
    try:
        made = Postrider(tmp_path, old)
        checked = json.loads(run(POSTRIDER, "--config", made.path, "dns", "check", DOMAIN, "--address", ADDRESS, "--json").stdout)
        assert sorted(checked["servers"]) == sorted([f"ns.{DOMAIN} ({first})", f"ns2.{DOMAIN} ({second})"])
        assert said(checked, "have different TXT records of _dmarc.example.test")["level"] == "warning"
        assert said(checked, "The resolver still has other TXT records of _dmarc.example.test")["level"] == "hint"
        # The primary is whom the SOA record names; the records that it lacks come there, and the edition changes.
        done = run(POSTRIDER, "--config", made.path, "dns", "update", DOMAIN, "--address", ADDRESS, "--key", made.key, stdin=subprocess.DEVNULL)
        assert done.returncode == 0 and b"added, 0 removed at ns.example.test" in done.stdout, done.stdout + done.stderr
        checked = json.loads(run(POSTRIDER, "--config", made.path, "dns", "check", DOMAIN, "--address", ADDRESS, "--json").stdout)
        assert said(checked, f"of the zone {DOMAIN}, but ")["part"] == "servers"
    finally:
        for server in (primary, other, old):
            server.stop()


def test_silent_servers_end_in_time(tmp_path, serve):
    made = Postrider(tmp_path, serve("nsd", ""))
    made.server.stop()
    began = time.monotonic()
    done = made.dns("check")
    assert done.returncode in (1, 69) and time.monotonic() - began < TIMEOUT
    assert b"cannot be" in done.stdout


def test_a_server_that_says_nothing_is_given_up(tmp_path):
    """Otherwise each round of the check would wait 5 seconds for it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))

        class Silent:
            at = f"127.0.0.1@{silent.getsockname()[1]}"

        began = time.monotonic()
        done = run(POSTRIDER, "--config", Postrider(tmp_path, Silent).path, "dns", "check", DOMAIN, "--address", ADDRESS)
        took = time.monotonic() - began
    assert done.returncode == 1 and b"no answer within 5 s" in done.stdout, done.stdout + done.stderr
    # The search for the zone, and one round.
    assert took < 30, took


@pytest.mark.parametrize("kind", ["bind", "knot"])
def test_an_update_makes_what_is_missing(tmp_path, serve, kind):
    made = Postrider(tmp_path, serve(kind, f'@ MX 10 mail\nmail A {ADDRESS}\n@ TXT "other=1"\n_dmarc TXT "v=DMARC1; p=none"\n'))
    shown = made.update("--dry-run")
    assert b"+ example.test. 3600 IN TXT" in shown.stdout and b"nothing to change" not in shown.stdout
    assert "has no SPF record" in str(made.check()["findings"]), "a dry run changes nothing"
    done = made.update()
    assert b"added, 0 removed" in done.stdout, done.stdout
    assert {f["level"] for f in made.check()["findings"] if f["part"] not in ("ptr",)} <= {"hint"}
    # What stood there is still there, and what was fine was left alone.
    assert b"other=1" in ask("127.0.0.1", made.server.port, DOMAIN, "TXT") and b"p=none" in ask("127.0.0.1", made.server.port, f"_dmarc.{DOMAIN}", "TXT")
    assert b"nothing to change" in made.update().stdout


@pytest.mark.parametrize("kind", ["bind", "knot"])
def test_nothing_is_removed_without_a_yes(tmp_path, serve, kind):
    made = Postrider(tmp_path, serve(kind, f"@ MX 10 mail\nmail A {ADDRESS}\n_imaps._tcp SRV 0 1 994 mail\n"))
    refused = made.update(status=77)
    assert b"--yes" in refused.stderr and b"Nothing was changed" in refused.stderr
    assert "_imaps._tcp does not lead" in str(made.check()["findings"])
    done = json.loads(made.update("--yes", "--json").stdout)
    assert done["changed"] and done["removals"] == 1
    assert "_imaps._tcp does not lead" not in str(made.check()["findings"])


def test_refusals_are_said_in_words(tmp_path, serve):
    server = serve("bind", f"@ MX 10 mail\nmail A {ADDRESS}\n", policy="grant other-key zonesub ANY;")
    made = Postrider(tmp_path, server)
    assert b"REFUSED" in made.update(status=69).stderr
    made.key.write_text(made.key.read_text().replace(SECRET, SECRET.replace("M", "N")))
    assert b"another secret, or another algorithm, under this key's name; but the answer is not signed" in made.update(status=69).stderr
    made.key.write_text(f"hmac-sha256:unknown-key:{SECRET}\n")
    assert b"does not know a key of this name; but the answer is not signed, so it may be anybody's" in made.update(status=69).stderr
    made.key.write_text(f"hmac-md5:update-key:{SECRET}\n")
    assert b"algorithm" in made.update(status=65).stderr
    made.key.chmod(0o640)
    assert b"chmod 600" in made.update(status=77).stderr
    made.key.unlink()
    assert b"cannot read the key" in made.update(status=66).stderr


def test_a_server_without_updates_is_named(tmp_path, serve):
    made = Postrider(tmp_path, serve("nsd", f"@ MX 10 mail\nmail A {ADDRESS}\n"))
    assert b"nothing was changed" in made.update(status=69).stderr


def test_the_setting_names_server_and_key(tmp_path, serve):
    server = serve("bind", f"@ MX 10 mail\nmail A {ADDRESS}\n")
    made = Postrider(tmp_path, server, dns_updates=f'{{"{DOMAIN} {server.at} {tmp_path}/key"}}')
    done = run(POSTRIDER, "--config", made.path, "dns", "update", DOMAIN, "--address", ADDRESS, "--server", server.at)
    assert done.returncode == 0, done.stderr
    assert b"added, 0 removed" in done.stdout
