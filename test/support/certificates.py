"""Certificates for hosts of a test's net, made with the `openssl` command, and the TLSA records that pin them (RFC 6698)."""

import hashlib
import pathlib
import subprocess

from limits import TIMEOUT


def openssl(*args, input=None):
    done = subprocess.run(["openssl", *map(str, args)], input=input, capture_output=True, timeout=TIMEOUT, check=False)
    assert done.returncode == 0, f"openssl {args}: {done.stderr.decode(errors='replace')}"
    return done.stdout


class Certificate:
    """A chain (the certificate first) and its key, as PEM files."""

    def __init__(self, chain, key):
        self.chain, self.key = pathlib.Path(chain), pathlib.Path(key)

    def tlsa(self, usage=3, selector=1, matching=1, depth=0):
        """The data of a TLSA record: by default DANE-EE with the public key's SHA-256. depth 1 is the issuer's (usage 2)."""
        parts = self.chain.read_text().split("-----BEGIN CERTIFICATE-----")[1:]
        pem = ("-----BEGIN CERTIFICATE-----" + parts[depth]).encode()
        if selector == 1:
            public = openssl("x509", "-pubkey", "-noout", input=pem)
            data = openssl("pkey", "-pubin", "-outform", "DER", input=public)
        else:
            data = openssl("x509", "-outform", "DER", input=pem)
        data = {0: data, 1: hashlib.sha256(data).digest(), 2: hashlib.sha512(data).digest()}[matching]
        return f"{usage} {selector} {matching} {data.hex()}"


class Authority:
    """A CA of the test's own; `certificate` is what clients are to trust."""

    def __init__(self, folder, name="Test CA"):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.count = 0
        self.key, self.certificate = self.folder / "ca-key.pem", self.folder / "ca-cert.pem"
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-subj", f"/CN={name}",
                "-keyout", self.key, "-out", self.certificate)

    def issue(self, *names, days=30, self_signed=False):
        """A certificate for these host names. days=-1 makes one that has expired."""
        self.count += 1
        base = self.folder / f"{self.count}-{names[0].replace('*', 'any')}"
        key, request, chain, extensions = (base.with_name(base.name + end) for end in (".key", ".csr", ".pem", ".ext"))
        subject = ["-subj", f"/CN={names[0]}"]
        extensions.write_text("subjectAltName=" + ",".join(f"DNS:{name}" for name in names) + "\n")
        openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", *subject, "-keyout", key, "-out", request)
        signer = ["-signkey", key] if self_signed else ["-CA", self.certificate, "-CAkey", self.key, "-set_serial", str(1000 + self.count)]
        openssl("x509", "-req", "-in", request, *signer, "-days", days, "-extfile", extensions, "-out", chain)
        if not self_signed:
            chain.write_text(chain.read_text() + self.certificate.read_text())
        for path in (key, chain):
            path.chmod(0o644)
        return Certificate(chain, key)
