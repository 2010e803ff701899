"""TLS as other programs see it (openssl s_client): versions, names, keys of every kind, resumption, new certificates without a restart."""

import contextlib
import re
import signal
import socket
import ssl
import threading

import pytest

from clock import Clock
from limits import TIMEOUT
from server import Raw, run, wait_for

ALICE = "alice@example.test"
SERVICES = {"smtp": ["-starttls", "smtp"], "submission": ["-starttls", "smtp"], "submissions": [], "pop3": ["-starttls", "pop3"], "pop3s": []}


def certificate(folder, name, kind="EC", hosts=None):
    """A self-signed certificate and its key; (certificate, key) as paths."""
    options = {"EC": ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"], "P-384": ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384"],
               "RSA": ["-newkey", "rsa:2048"], "Ed25519": ["-newkey", "ed25519"]}[kind]
    cert, key = folder / f"{name}.pem", folder / f"{name}.key"
    done = run("openssl", "req", "-x509", *options, "-nodes", "-keyout", key, "-out", cert, "-days", "30", "-subj", f"/CN={name}",
               "-addext", "subjectAltName=" + ",".join(f"DNS:{h}" for h in (hosts or [name])))
    assert done.returncode == 0, done.stderr
    key.chmod(0o600)
    return cert, key


def s_client(server, service, *options, trusted=None, name="mail.example.test", input=b"QUIT\r\n"):
    done = run("openssl", "s_client", "-connect", f"127.0.0.1:{server.ports[service]}", "-servername", name, "-verify_hostname", name,
               "-verify_return_error", "-CAfile", trusted or server.folder / "tls-cert.pem", "-ign_eof",  # else it takes the Q of QUIT for its own command
               *SERVICES[service], *options, input=input)
    return done.returncode, (done.stdout + done.stderr).decode(errors="replace")


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("version", ["1_2", "1_3"])
def test_versions(server, service, version):
    status, text = s_client(server, service, f"-tls{version}")
    assert status == 0 and "Verification: OK" in text, text
    assert f"TLSv{version.replace('_', '.')}" in text


@pytest.mark.parametrize("service", ["smtp", "pop3s"])
@pytest.mark.parametrize("version", ["1", "1_1"])
def test_old_versions_are_refused(server, service, version):
    status, text = s_client(server, service, f"-tls{version}", "-cipher", "ALL:@SECLEVEL=0")
    assert status != 0 or "Cipher is (NONE)" in text


OLD_SUITES = "ECDHE-ECDSA-AES128-SHA:ECDHE-ECDSA-AES256-SHA384:ECDHE-RSA-AES128-SHA:ECDHE-RSA-AES256-SHA384:AES128-SHA:AES128-GCM-SHA256"


def test_old_suites_only_where_the_setting_says_so(make_server, server):
    """No CBC and no key exchange by RSA: Mozilla's intermediate configuration."""
    lenient = make_server(tls_cbc=True)
    for service in SERVICES:
        status, text = s_client(server, service, "-tls1_2", "-cipher", OLD_SUITES)
        assert status != 0 or "Cipher is (NONE)" in text
        status, text = s_client(lenient, service, "-tls1_2", "-cipher", OLD_SUITES)
        assert status == 0 and re.search(r"Cipher is ECDHE-\S+-SHA", text), text
        status, text = s_client(lenient, service, "-tls1_2", "-cipher", "AES128-SHA:AES256-GCM-SHA384")
        assert status != 0 or "Cipher is (NONE)" in text


@pytest.mark.parametrize("kind", ["EC", "P-384", "RSA", "Ed25519"])
def test_keys_of_every_kind(make_server, tmp_path, kind):
    cert, key = certificate(tmp_path, "mail.example.test", kind)
    server = make_server(tls_certificates=[cert], tls_keys=[key])
    for service, version in (("smtp", "1_2"), ("smtp", "1_3"), ("pop3s", "1_2"), ("pop3s", "1_3")):
        status, text = s_client(server, service, f"-tls{version}", trusted=cert)
        assert status == 0 and "Verification: OK" in text, (service, version, text)
        expected = {"EC": "ECDSA", "P-384": "ECDSA", "RSA": "RSA-PSS", "Ed25519": "Ed25519"}[kind]
        assert re.search(rf"(?i)Peer signature type: {expected}", text), text


def test_the_certificate_goes_by_the_name_the_client_asks_for(make_server, tmp_path):
    first, second = certificate(tmp_path, "mail.example.test", "EC"), certificate(tmp_path, "mail.second.test", "RSA", ["mail.second.test", "*.third.test"])
    server = make_server(tls_certificates=[first[0], second[0]], tls_keys=[first[1], second[1]])
    for name, trusted in (("mail.example.test", first), ("mail.second.test", second), ("any.third.test", second), ("MAIL.second.test", second)):
        for service in ("smtp", "pop3s"):
            status, text = s_client(server, service, name=name, trusted=trusted[0])
            assert status == 0 and "Verification: OK" in text, (name, service, text)
    # An unknown name, or none, gets the first.
    for options in (["-servername", "unknown.test"], ["-noservername"]):
        done = run("openssl", "s_client", "-connect", f"127.0.0.1:{server.ports['pop3s']}", *options, input=b"QUIT\r\n")
        assert b"CN = mail.example.test" in done.stdout


@pytest.mark.parametrize("service,right,wrong", [("submissions", "smtp", "pop3"), ("pop3s", "pop3", "imap"), ("pop3s", "pop3", "h2")])
def test_alpn(server, service, right, wrong):
    status, text = s_client(server, service, "-alpn", right)
    assert status == 0 and f"ALPN protocol: {right}" in text, text
    status, text = s_client(server, service, "-alpn", f"{wrong},{right}")
    assert status == 0 and f"ALPN protocol: {right}" in text, text
    status, text = s_client(server, service, "-alpn", wrong)
    assert status != 0 and "no application protocol" in text, text
    assert s_client(server, service)[0] == 0


@pytest.mark.parametrize("version", ["1_2", "1_3"])
@pytest.mark.parametrize("service", ["submissions", "pop3s", "smtp"])
def test_resumption(server, tmp_path, service, version):
    ticket = tmp_path / "session"
    status, text = s_client(server, service, f"-tls{version}", "-sess_out", ticket)
    assert status == 0 and "New, " in text, text
    status, text = s_client(server, service, f"-tls{version}", "-sess_in", ticket)
    assert status == 0 and "Reused, " in text, text


def test_resumption_outlives_a_killed_edge_role(make_server, tmp_path):
    server = make_server()
    assert s_client(server, "pop3s", "-sess_out", tmp_path / "session")[0] == 0
    mark = server.mark()
    server.kill_role("pop3")
    server.wait_event("role-ended", since=mark)
    status, text = wait_for(lambda: next((r for r in [s_client(server, "pop3s", "-sess_in", tmp_path / "session")] if r[0] == 0), None))
    assert "Reused, " in text


def test_the_ticket_key_changes_daily(make_server, tmp_path):
    clock = Clock(tmp_path / "clock")
    server = make_server(environment=clock.environment)
    ticket, later = tmp_path / "session", tmp_path / "later"

    def a_day_passes():
        clock.advance(86400 + 60)
        # Whoever comes first makes the edge ask for the key; its own signature comes behind the answer.
        assert "New, " in s_client(server, "pop3s")[1]

    for version in ("1_2", "1_3"):
        assert "New, " in s_client(server, "pop3s", f"-tls{version}", "-sess_out", ticket)[1]
        a_day_passes()
        # The key before still opens it, and what comes in return is the new key's.
        assert "Reused, " in s_client(server, "pop3s", f"-tls{version}", "-sess_in", ticket, "-sess_out", later)[1]
        a_day_passes()
        assert "New, " in s_client(server, "pop3s", f"-tls{version}", "-sess_in", ticket)[1]
    # (s_client keeps no second ticket of TLS 1.2.)
    assert "Reused, " in s_client(server, "pop3s", "-sess_in", later)[1]
    clock.advance(-86400 * 300)  # set back: nothing ends
    assert "Reused, " in s_client(server, "pop3s", "-sess_in", later)[1]


def peer(server, service="pop3s", trusted=None):
    context = ssl.create_default_context(cafile=trusted or server.folder / "tls-cert.pem")
    c = Raw(context.wrap_socket(socket.create_connection(("127.0.0.1", server.ports[service]), TIMEOUT), server_hostname="mail.example.test"))
    c.line()
    return c


def test_new_certificates_at_a_reload(make_server):
    server = make_server()
    old = (server.folder / "tls-cert.pem").read_bytes()
    (server.folder / "old.pem").write_bytes(old)
    with peer(server) as pop3, server.connect("submission") as c:
        c.reply()
        c.ask("EHLO client.test")
        assert c.ask("STARTTLS").startswith("220")
        c.secure(server.tls())
        fresh, key = certificate(server.folder, "mail.example.test", "RSA")
        (server.folder / "tls-cert.pem").write_bytes(fresh.read_bytes())
        (server.folder / "tls-key.pem").write_bytes(key.read_bytes())
        mark = server.mark()
        server.process.send_signal(signal.SIGHUP)
        server.wait_event("reloaded", since=mark)
        wait_for(lambda: s_client(server, "pop3s")[0] == 0, what="the new certificate")
        wait_for(lambda: s_client(server, "submission")[0] == 0, what="the new certificate")
        for _ in range(5):
            peer(server).close()
        # Who was there before stays.
        assert pop3.ask_pop3("NOOP").startswith("+OK")
        assert c.ask("EHLO client.test").startswith("250")
        assert c.ask("NOOP").startswith("250")


def spoil(folder, what):
    """Makes the pair in the folder unusable; what the complaint must name."""
    cert, key = folder / "tls-cert.pem", folder / "tls-key.pem"
    if what == "garbage certificate":
        cert.write_text("no certificate\n")
        return [cert]
    if what == "garbage key":
        key.write_text("no key\n")
        return [key]
    if what == "encrypted key":
        key.write_bytes(run("openssl", "genpkey", "-algorithm", "ED25519", "-aes256", "-pass", "pass:secret").stdout)
        return [key]
    if what == "missing":
        cert.unlink()
        return [cert]
    fresh, _ = certificate(folder, "other", "EC")
    fresh.replace(cert)
    return [cert, key]


BAD_PAIRS = ["garbage certificate", "garbage key", "encrypted key", "missing", "mismatch"]


@pytest.mark.parametrize("what", BAD_PAIRS)
def test_bad_certificates_at_a_reload_leave_the_old_ones(make_server, what):
    server = make_server().expect("reload-refused", "keys-unavailable")
    old = server.folder / "old.pem"
    old.write_bytes((server.folder / "tls-cert.pem").read_bytes())
    (server.folder / "tls-key.pem").replace(server.folder / "old.key")
    (server.folder / "tls-key.pem").write_bytes((server.folder / "old.key").read_bytes())
    named = spoil(server.folder, what)
    mark = server.mark()
    server.process.send_signal(signal.SIGHUP)
    refused = server.wait_event("reload-refused", since=mark)
    assert all(str(path) in refused.fields["reason"] for path in named), refused.line
    # Also when every role has been started anew: what was refused is nowhere.
    for role in (None, "keys", "pop3", "smtp"):
        if role:
            mark = server.mark()
            server.kill_role(role)
            server.wait_event("role-ended", since=mark)
        for service in ("pop3s", "smtp"):
            wait_for(lambda: s_client(server, service, trusted=old)[0] == 0, what=f"TLS after the end of {role}")


@pytest.mark.parametrize("what", BAD_PAIRS)
def test_bad_certificates_are_named_at_the_start(make_server, what):
    server = make_server(start=False)
    named = spoil(server.folder, what)
    for command in (["config", "check"], ["serve"]):
        done = server.cli(*command, status=78)
        assert all(str(path) in done.stderr.decode() for path in named), done.stderr
        assert done.stderr.count(b"\n") == 1, done.stderr
    if what == "mismatch":
        certificate(server.folder, "tls-cert", "EC", ["mail.example.test"])
        (server.folder / "tls-cert.key").replace(server.folder / "tls-key.pem")
        assert b"good" in server.cli("config", "check").stdout


def test_no_handshake_fails_while_certificates_change(make_server):
    server = make_server(connection_rate=1000000)
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    pairs = [[path.read_bytes() for path in certificate(server.folder, "mail.example.test", kind)] for kind in ("RSA", "EC")]
    failures, done, enough = [], threading.Event(), threading.Barrier(3)

    def connect_again_and_again():
        count = 0
        while not done.is_set():
            try:
                with context.wrap_socket(socket.create_connection(("127.0.0.1", server.ports["pop3s"]), TIMEOUT)) as c:
                    assert c.recv(3) == b"+OK"
            except (OSError, AssertionError) as e:
                failures.append(repr(e))
            count += 1
            if count == 20:
                enough.wait()

    clients = [threading.Thread(target=connect_again_and_again) for _ in range(2)]
    for client in clients:
        client.start()
    enough.wait()
    for i in range(12):
        (server.folder / "tls-key.pem").write_bytes(pairs[i % 2][1])
        (server.folder / "tls-cert.pem").write_bytes(pairs[i % 2][0])
        mark = server.mark()
        server.process.send_signal(signal.SIGHUP)
        server.wait_event("reloaded", since=mark)
    done.set()
    for client in clients:
        client.join()
    assert failures == []


@pytest.mark.parametrize("service", ["smtp", "submission", "pop3"])
def test_commands_before_starttls_are_discarded(server, service):
    with server.connect(service) as c:
        if service == "pop3":
            c.line()
            c.send(b"STLS\r\nCAPA\r\nUSER injected\r\n")
            assert c.line().startswith("+OK")
        else:
            c.reply()
            c.ask("EHLO client.test")
            c.send(b"STARTTLS\r\nEHLO injected.test\r\nMAIL FROM:<injected@else.test>\r\n")
            assert c.reply().startswith("220")
        c.secure(server.tls())
        if service == "pop3":
            # The next line is the answer to what is sent now, and to nothing else.
            assert c.ask_pop3("NOOP") == "+OK still here"
        else:
            assert c.ask("NOOP").endswith("still here")
            assert c.ask("MAIL FROM:<a@else.test>").startswith("50")  # what was said before TLS is forgotten
    server.wait_event("commands-before-tls")


def test_a_client_that_speaks_no_tls_to_a_tls_port(server):
    with server.connect("pop3s") as c:
        c.send(b"CAPA\r\nCAPA\r\nCAPA\r\n")
        with contextlib.suppress(ConnectionError):
            assert b"+OK" not in c.file.read()


def test_no_clear_passwords_from_afar(make_server):
    """From this machine passwords may go in clear; a PROXY header makes the client a stranger."""
    server = make_server(proxy_from=["127.0.0.0/8"])
    header = "PROXY TCP4 192.0.2.9 192.0.2.1 40000 110\r\n"
    with server.connect("pop3") as c:
        c.send(header)
        c.line()
        assert "USER" not in c.ask_pop3("CAPA", multiline=True)
        assert c.ask_pop3(f"USER {ALICE}").startswith("-ERR")
    with server.connect("submission") as c:
        c.send(header)
        c.reply()
        assert "AUTH" not in c.ask("EHLO client.test")
        assert c.ask("AUTH PLAIN AGEAYg==").startswith("5")
