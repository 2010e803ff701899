"""TLS as other programs see it (openssl s_client): versions, names, keys of every kind, resumption, new certificates without a restart."""

import contextlib
import re
import signal
import socket
import ssl

import pytest

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


def peer(server, service="pop3s", trusted=None):
    context = ssl.create_default_context(cafile=trusted or server.folder / "tls-cert.pem")
    c = Raw(context.wrap_socket(socket.create_connection(("127.0.0.1", server.ports[service]), 30), server_hostname="mail.example.test"))
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


@pytest.mark.parametrize("what", ["garbage", "missing"])
def test_bad_certificates_at_a_reload_leave_the_old_ones(make_server, what):
    server = make_server().expect("certificate-unusable", "key-unusable", "file-unreadable", "reload-refused", "signature-refused")
    old = server.folder / "old.pem"
    old.write_bytes((server.folder / "tls-cert.pem").read_bytes())
    if what == "garbage":
        (server.folder / "tls-cert.pem").write_text("no certificate\n")
        (server.folder / "tls-key.pem").write_text("no key\n")
    else:
        (server.folder / "tls-cert.pem").unlink()
    mark = server.mark()
    server.process.send_signal(signal.SIGHUP)
    wait_for(lambda: [e for e in server.events[mark:] if e.level == "error" or e.name == "reloaded"], what="the reload")
    wait_for(lambda: [e for e in server.events[mark:] if e.level == "error"], what="an error in the log")
    for service in ("pop3s", "smtp"):
        status, text = s_client(server, service, trusted=old)
        assert status == 0, text


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
