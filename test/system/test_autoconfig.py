"""What mail programs ask for when somebody has typed an address: the requests of Thunderbird, Outlook and Apple's programs, as these send them."""
import plistlib
import re
import subprocess
import xml.etree.ElementTree as ElementTree

import pytest

from limits import TIMEOUT
from web_client import Web

ALICE, NOBODY = "alice@example.test", "nobody@example.test"
OUTLOOK = "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a"
ANSWERS = "{http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006}"


def discover(address, schema=OUTLOOK):
    return (f'<?xml version="1.0" encoding="utf-8"?><Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006">'
            f"<Request><EMailAddress>{address}</EMailAddress><AcceptableResponseSchema>{schema}</AcceptableResponseSchema></Request></Autodiscover>").encode()


@pytest.mark.parametrize("path, host", [("/.well-known/autoconfig/mail/config-v1.1.xml", "example.test"), ("/mail/config-v1.1.xml", "autoconfig.example.test")])
def test_thunderbird(server, path, host):
    with Web(server) as web:
        answer = web.get(f"{path}?emailaddress=alice%40example.test", Host=host)
        assert answer.status == 200 and answer.fields["content-type"].startswith("text/xml")
        provider = ElementTree.fromstring(answer.body).find("emailProvider")
        assert provider.get("id") == provider.findtext("domain") == "example.test"
        found = {(s.tag, s.get("type"), int(s.findtext("port")), s.findtext("socketType")) for s in provider if s.tag.endswith("Server")}
        assert found == {("incomingServer", "imap", server.ports["imaps"], "SSL"), ("incomingServer", "imap", server.ports["imap"], "STARTTLS"),
                         ("incomingServer", "pop3", server.ports["pop3s"], "SSL"), ("incomingServer", "pop3", server.ports["pop3"], "STARTTLS"),
                         ("outgoingServer", "smtp", server.ports["submissions"], "SSL"), ("outgoingServer", "smtp", server.ports["submission"], "STARTTLS")}
        assert {s.findtext("username") for s in provider if s.tag.endswith("Server")} == {"%EMAILADDRESS%"}
        # Nobody learns who exists.
        assert web.get(f"{path}?emailaddress=nobody%40example.test", Host=host).body == answer.body
        assert ElementTree.fromstring(web.get(path, Host="autoconfig.example.test").body).find("emailProvider").get("id") in ("example.test", "mail.example.test")
        evil = web.get(f"{path}?emailaddress=%3Cx%3E%40%3C%26%22")
        assert b"<x>" not in evil.body and ElementTree.fromstring(evil.body) is not None


@pytest.mark.parametrize("path", ["/autodiscover/autodiscover.xml", "/Autodiscover/Autodiscover.xml"])
def test_outlook(server, path):
    with Web(server) as web:
        kind = {"Content-Type": "text/xml"}
        answer = web.ask("POST", path, discover(ALICE), kind)
        assert answer.status == 200
        account = ElementTree.fromstring(answer.body).find(f"{{{OUTLOOK}}}Response/{{{OUTLOOK}}}Account")
        found = {(p.findtext(f"{{{OUTLOOK}}}Type"), int(p.findtext(f"{{{OUTLOOK}}}Port"))): p.findtext(f"{{{OUTLOOK}}}LoginName") for p in account.findall(f"{{{OUTLOOK}}}Protocol")}
        assert found[("IMAP", server.ports["imaps"])] == found[("SMTP", server.ports["submissions"])] == ALICE
        assert web.ask("POST", path, discover(NOBODY), kind).body == answer.body.replace(ALICE.encode(), NOBODY.encode())
        for body, code in ((b"", "600"), (b"<x>", "600"), (discover("no address"), "600"), (discover(ALICE, "http://schemas.microsoft.com/exchange/autodiscover/mobilesync/responseschema/2006"), "601")):
            told = web.ask("POST", path, body, kind)
            assert told.status == 200
            assert ElementTree.fromstring(told.body).findtext(f"{ANSWERS}Response/{ANSWERS}Error/{ANSWERS}ErrorCode") == code
        assert web.ask("POST", path, b"x" * 20000, kind).status == 413


def test_outlook_in_json(server):
    with Web(server) as web:
        for path in ("/autodiscover/autodiscover.json?Email=alice%40example.test&Protocol=Autodiscoverv1", "/autodiscover/autodiscover.json/v1.0/alice%40example.test?Protocol=AutodiscoverV1"):
            told = web.get(path, Host="autodiscover.example.test").json
            assert told == {"Protocol": "AutodiscoverV1", "Url": "https://autodiscover.example.test/autodiscover/autodiscover.xml"}
        for query in ("", "?Protocol=ActiveSync", "?Protocol="):
            told = web.get(f"/autodiscover/autodiscover.json{query}")
            assert told.status == 400 and told.json["ErrorCode"]


def signed(server, body):
    """What was signed, as openssl finds it, by the certificate of this host."""
    done = subprocess.run(["openssl", "cms", "-verify", "-inform", "DER", "-CAfile", str(server.settings["tls_certificates"][0]), "-purpose", "any"],
                          input=body, capture_output=True, timeout=TIMEOUT, check=False)
    assert done.returncode == 0, done.stderr
    altered = body.replace(b"EmailTypeIMAP", b"EmailTypeIMAQ")
    assert altered != body and subprocess.run(["openssl", "cms", "-verify", "-inform", "DER", "-noverify"], input=altered, capture_output=True, timeout=TIMEOUT,
                                              check=False).returncode != 0
    return done.stdout


def test_a_certificate_of_another_name_signs_no_profile(make_server):
    server = make_server(hostname="other.example.test")
    with Web(server) as web:
        profile = plistlib.loads(web.get("/mobileconfig?address=alice%40example.test").body)
        assert profile["PayloadContent"][0]["IncomingMailServerHostName"] == "other.example.test"


def test_apple(server):
    with Web(server) as web:
        answer = web.get("/mobileconfig?address=alice%40example.test")
        assert answer.fields["content-type"].startswith("application/x-apple-aspen-config")
        text = signed(server, answer.body)
        profile = plistlib.loads(text)
        mail = profile["PayloadContent"][0]
        assert profile["PayloadType"] == "Configuration" and mail["PayloadType"] == "com.apple.mail.managed"
        assert mail["EmailAddress"] == mail["IncomingMailServerUsername"] == mail["OutgoingMailServerUsername"] == ALICE
        assert mail["IncomingMailServerPortNumber"] == server.ports["imaps"] and mail["IncomingMailServerUseSSL"] is True
        assert mail["OutgoingMailServerPortNumber"] == server.ports["submissions"] and mail["EmailAccountType"] == "EmailTypeIMAP"
        assert signed(server, web.get("/mobileconfig?address=alice%40example.test").body) == text  # the same profile, which replaces the first
        assert plistlib.loads(signed(server, web.get("/mobileconfig?address=nobody%40example.test").body))["PayloadUUID"] != profile["PayloadUUID"]
        # Nobody gets a sentence signed that looks like this server's; the profile comes all the same.
        sentence = web.get("/mobileconfig?address=%22Install%20this%20now%22%40example.test").body
        assert plistlib.loads(sentence)["PayloadDisplayName"] == '"Install this now"@example.test'
        assert web.get("/mobileconfig").status == web.get("/mobileconfig?address=x").status == 400


def test_the_page_for_people(server):
    with Web(server) as web:
        page = web.get("/setup?address=alice%40example.test").body.decode()
        # A code for Apple's devices and one for Thunderbird on Android.
        assert page.count("<svg") == 2 and "/mobileconfig?address=alice%40example.test" in page
        assert f"port {server.ports['imaps']}" in page and f"<bdi>{ALICE}</bdi>" in page
        # Thunderbird reads none of an address beyond ASCII; without an address there is nothing to scan.
        assert web.get("/setup?address=%C3%A4%40example.test").body.decode().count("<svg") == 1
        assert "<svg" not in web.get("/setup").body.decode() and "<b>" not in web.get("/setup?address=%3Cb%3E%40x").body.decode()
        lines = {line for line in re.findall(r">([^<>\n]{12,})<", page) if " " in line and "port " not in line} - {"iPhone, iPad, Mac"}
        assert len(lines) > 5
        for language in ("de", "es", "fr", "ru", "zh", "ja", "ar"):
            told = web.get("/setup?address=alice%40example.test", **{"Accept-Language": language}).body.decode()
            assert f'<html lang="{language}"' in told
            assert not [line for line in lines if f">{line}<" in told]


def test_policy_and_what_is_not_there(server):
    with Web(server) as web:
        policy = web.get("/.well-known/mta-sts.txt", Host="mta-sts.example.test")
        assert policy.status == 200 and policy.fields["content-type"].startswith("text/plain")
        assert b"version: STSv1\r\nmode: enforce\r\nmx: mail.example.test\r\n" in policy.body
        assert web.get("/.well-known/mta-sts.txt", Host="mail.example.test").status == 404
        # Programs look at port 443 alone (test_zone_plan.c has what they find there), and under this name.
        for host in ("ua-auto-config.example.test", "mail.example.test"):
            assert web.get("/.well-known/user-agent-configuration.json", Host=host).status == 404
        for path in ("/.well-known/carddav", "/.well-known/caldav"):
            assert web.get(path).status == 404
