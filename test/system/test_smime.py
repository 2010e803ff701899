"""Signatures of S/MIME by JMAP (RFC 9219): real messages, made by openssl(1), looked at by the role that holds nothing."""
import subprocess

import pytest

from certificates import openssl
from limits import TIMEOUT
from server import wait_for
from web_client import CORE, MAIL, Web

ALICE, BOB = "alice@example.test", "bob@example.test"
SIGNER = "alice@else.test"
SMIME = "urn:ietf:params:jmap:smimeverify"
USING = (CORE, MAIL, SMIME)
PROPERTIES = ["subject", "smimeStatus", "smimeStatusAtDelivery", "smimeErrors", "smimeVerifiedAt"]


class Authority:
    """Whoever says whose a certificate is."""

    def __init__(self, folder, name):
        self.folder, self.count = folder / name, 0
        self.folder.mkdir()
        self.key, self.certificate = self.folder / "ca.key", self.folder / "ca.pem"
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-subj", f"/CN={name}",
                "-addext", "keyUsage=critical,keyCertSign", "-keyout", self.key, "-out", self.certificate)

    def issue(self, address, days=30):
        self.count += 1
        key, request, certificate, extensions = (self.folder / f"{self.count}.{end}" for end in ("key", "csr", "pem", "ext"))
        extensions.write_text(f"subjectAltName=email:{address}\nextendedKeyUsage=emailProtection\n")
        openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=Somebody", "-keyout", key, "-out", request)
        openssl("x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self.key, "-set_serial", str(self.count), "-days", days,
                "-extfile", extensions, "-out", certificate)
        return certificate, key


def signed(signer, subject, *options, author=f"Alice <{SIGNER}>", text=b"Bring the melon.\n"):
    """A message as openssl writes it: multipart/signed; with -nodetach application/pkcs7-mime."""
    certificate, key = signer
    return openssl("cms", "-sign", "-text", "-signer", certificate, "-inkey", key, "-from", author, "-to", BOB, "-subject", subject, *options,
                   input=text).replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path, "Trusted")


def test_signatures(make_server, authority, tmp_path):
    stranger = Authority(tmp_path, "Stranger")
    alice, expired = authority.issue(SIGNER), authority.issue(SIGNER, days=-1)
    good = signed(alice, "detached")
    # What is expected of each: status, and what its errors speak of.
    mail = {
        "detached": (good, "signed/verified", ()),
        "opaque": (signed(alice, "opaque", "-nodetach"), "signed/verified", ()),
        "changed": (good.replace(b"detached", b"changed").replace(b"melon", b"cake "), "signed/failed", ("changed",)),
        "other author": (signed(alice, "other author", author="Boss <boss@else.test>"), "signed/failed", ("another address",)),
        "stranger": (signed(stranger.issue(SIGNER), "stranger"), "signed/failed", ("nobody whom this server trusts",)),
        "expired": (signed(expired, "expired"), "signed/failed", ("expired",)),
        "weak": (signed(alice, "weak", "-md", "sha1"), "signed/failed", ("forged",)),
        "no certificate": (signed(alice, "no certificate", "-nocerts"), "signed/failed", ("not in the message",)),
        "encrypted": (openssl("cms", "-encrypt", "-aes128", "-from", SIGNER, "-to", BOB, "-subject", "encrypted", alice[0], input=b"x\n")
                      .replace(b"\n", b"\r\n"), None, ()),
        "plain": (f"From: {SIGNER}\r\nSubject: plain\r\n\r\nHello.\r\n".encode(), None, ()),
    }
    server = make_server(smime_anchors=str(authority.certificate))
    for message, _, _ in mail.values():
        server.deliver(BOB, message)
    with Web(server, BOB) as web:
        session = web.session
        assert session["capabilities"][SMIME] == session["accounts"][web.account]["accountCapabilities"][SMIME] == {}
        wait_for(lambda: len(web.call(("Email/query", {"accountId": web.account}))[0][1]["ids"]) == len(mail), what="all mail")

        def found(condition):
            """The subjects of the emails that a filter finds."""
            answers = web.call(("Email/query", {"accountId": web.account, "filter": condition}),
                               ("Email/get", {"accountId": web.account, "#ids": {"resultOf": "c0", "name": "Email/query", "path": "/ids"},
                                              "properties": PROPERTIES}), using=USING)
            assert answers[0][0] == "Email/query", answers
            return {entry["subject"]: entry for entry in answers[1][1]["list"]}

        everything = found({})
        assert set(everything) == set(mail)
        for subject, (_, status, errors) in mail.items():
            entry = everything[subject]
            assert (entry["smimeStatus"], entry["smimeStatusAtDelivery"]) == (status, status), entry
            assert (entry["smimeErrors"] is None) == (status != "signed/failed"), entry
            assert (entry["smimeVerifiedAt"] is None) == (status is None), entry
            assert all(any(error in text for text in entry["smimeErrors"]) for error in errors), entry
            assert len(entry["smimeErrors"] or ()) == len(errors), entry
        verified = {subject for subject, (_, status, _) in mail.items() if status == "signed/verified"}
        some = {subject for subject, (_, status, _) in mail.items() if status}
        assert set(found({"hasSmime": True})) == some and set(found({"hasSmime": False})) == set(mail) - some
        assert set(found({"hasVerifiedSmime": True})) == set(found({"hasVerifiedSmimeAtDelivery": True})) == verified
        assert set(found({"operator": "NOT", "conditions": [{"hasVerifiedSmime": True}]})) == set(mail) - verified
        assert set(found({"hasVerifiedSmime": True, "text": "melon"})) <= verified
        # openssl thinks the same of what it can judge alone.
        for subject in ("detached", "changed", "stranger"):
            done = subprocess.run(["openssl", "cms", "-verify", "-CAfile", str(authority.certificate), "-purpose", "smimesign", "-out", "/dev/null"],
                                  input=mail[subject][0], capture_output=True, timeout=TIMEOUT, check=False)
            assert (done.returncode == 0) == (mail[subject][1] == "signed/verified"), (subject, done.stderr)
    # Nobody else learns anything of it.
    with Web(server, ALICE) as other:
        ids = [entry["id"] for entry in everything.values()]
        (name, answer), = other.call(("Email/get", {"accountId": other.account, "ids": ids, "properties": PROPERTIES}), using=USING)
        assert name == "Email/get" and answer["list"] == [] and set(answer["notFound"]) == set(ids)
    # Another authority is trusted from a reload on, and this one no more.
    server.write_config(smime_anchors=str(stranger.certificate))
    server.cli("reload")
    with Web(server, BOB) as web:
        assert set(found_again(web)) == {"stranger"}


def found_again(web):
    answers = web.call(("Email/query", {"accountId": web.account, "filter": {"hasVerifiedSmime": True}}),
                       ("Email/get", {"accountId": web.account, "#ids": {"resultOf": "c0", "name": "Email/query", "path": "/ids"}, "properties": ["subject"]}),
                       using=USING)
    return [entry["subject"] for entry in answers[1][1]["list"]]
