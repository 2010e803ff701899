"""`postrider dns`: the records that a domain should have, as text, JSON and a zone file that name servers load."""

import json
import shutil
import subprocess

import pytest

from server import POSTRIDER, run, wait_for

DOMAIN = "example.test"


@pytest.fixture
def settings(tmp_path):
    """Of a server that was never started: the commands need none."""
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "3", "-subj", "/O=Let's Encrypt/CN=x",
                    "-addext", "subjectAltName=DNS:mail.example.test", "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True)
    path = tmp_path / "postrider.conf"
    path.write_text(f'hostname = "mail.example.test"\ndata = "{tmp_path}/data"\nrun = "{tmp_path}/run"\npop3_listen = {{}}\n'
                    f'tls_certificates = {{"{certificate}"}}\ntls_keys = {{"{key}"}}\n')
    return path


def dns(settings, *args):
    return run(POSTRIDER, "--config", settings, "dns", *args)


def records(settings, *args):
    done = dns(settings, "records", DOMAIN, "--json", *args)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_every_record_is_named_with_its_reason(settings, tmp_path):
    found = records(settings, "--address", "192.0.2.7", "--address", "2001:db8::7")
    assert all(record["why"] and record["ttl"] > 0 for record in found)
    values = {(r["name"], r["type"]): r["data"] for r in found}
    assert values[DOMAIN, "MX"] == "10 mail.example.test."
    assert values["mail.example.test", "A"] == "192.0.2.7" and values["mail.example.test", "AAAA"] == "2001:db8::7"
    assert values["7.2.0.192.in-addr.arpa", "PTR"] == "mail.example.test."
    assert values["_pop3._tcp.example.test", "SRV"] == "0 0 0 ." and values["_pop3s._tcp.example.test", "SRV"] == "0 1 995 mail.example.test."
    assert values[DOMAIN, "CAA"] == '0 issue "letsencrypt.org"'
    der = subprocess.run(["openssl", "x509", "-in", str(tmp_path / "cert.pem"), "-noout", "-pubkey"], check=True, capture_output=True).stdout
    der = subprocess.run(["openssl", "pkey", "-pubin", "-outform", "DER"], input=der, check=True, capture_output=True).stdout
    digest = subprocess.run(["sha256sum"], input=der, check=True, capture_output=True, text=False).stdout.split()[0].decode()
    assert values["_25._tcp.mail.example.test", "TLSA"] == f"3 1 1 {digest}"
    assert not (tmp_path / "data").exists(), "a question must not make a data folder"
    text = dns(settings, "records", DOMAIN)
    assert b"mode: enforce\n        mx: mail.example.test\n" in text.stdout
    assert text.returncode == 0 and b"give them with --address" in text.stdout and b"MX (required)" in text.stdout


@pytest.mark.parametrize("checker", ["nsd-checkzone", "named-checkzone"])
def test_the_zone_file_loads(settings, tmp_path, checker):
    program = shutil.which(checker, path="/usr/sbin:/usr/bin:/sbin:/bin")
    if program is None:
        pytest.skip(f"{checker} is not installed")
    done = dns(settings, "zone", DOMAIN, "--address", "192.0.2.7", "--all")
    assert done.returncode == 0
    zone = tmp_path / "zone"
    zone.write_bytes(f"$TTL 60\n{DOMAIN}. IN SOA ns.{DOMAIN}. host.{DOMAIN}. 1 60 60 60 60\n{DOMAIN}. IN NS ns.{DOMAIN}.\nns.{DOMAIN}. IN A 192.0.2.1\n".encode() + done.stdout)
    checked = run(program, DOMAIN, zone)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert b"autoconfig.example.test. 3600 IN CNAME" in done.stdout
    assert b";(optional) autoconfig.example.test." in dns(settings, "zone", DOMAIN).stdout


@pytest.mark.parametrize("words, status", [([], 64), (["records"], 64), (["records", "a b"], 65), (["records", DOMAIN, "--address", "x"], 64), (["nothing"], 64)])
def test_wrong_use_is_said(settings, words, status):
    done = dns(settings, *words)
    assert done.returncode == status and done.stderr.startswith(b"postrider: ")


def test_keys_of_the_running_server_are_named(make_server):
    """They are made while the server runs, so they are waited for."""
    server = make_server(dkim_sign=True)

    def keys():
        done = run(POSTRIDER, "--config", server.config, "dns", "records", DOMAIN, "--json")
        return [r for r in json.loads(done.stdout) if r["part"] == "dkim"]

    found = wait_for(lambda: len(keys()) >= 2 and keys(), what="the keys of the domain")
    assert all(r["name"].endswith("._domainkey.example.test") and r["data"].startswith('"v=DKIM1; ') for r in found)
