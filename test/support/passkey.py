"""An authenticator in software, as a browser speaks for it: it makes passkeys (ES256) and signs with them (Web Authentication level 2)."""
import base64
import hashlib
import json
import struct

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

PRESENT, VERIFIED, CREDENTIAL = 1, 4, 64


def text(octets):
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def octets(words):
    return base64.urlsafe_b64decode(words + "=" * (-len(words) % 4))


def head(major, n):
    if n < 24:
        return bytes([major << 5 | n])
    return bytes([major << 5 | 24, n]) if n < 256 else bytes([major << 5 | 25]) + struct.pack(">H", n)


def cbor(value):
    if isinstance(value, int):
        return head(0, value) if value >= 0 else head(1, -1 - value)
    if isinstance(value, bytes):
        return head(2, len(value)) + value
    if isinstance(value, str):
        return head(3, len(value)) + value.encode()
    return head(5, len(value)) + b"".join(cbor(name) + cbor(member) for name, member in value.items())


class Passkey:
    def __init__(self, origin, verified=True):
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.id, self.origin, self.counter, self.handle, self.site = b"passkey-" + hashlib.sha256(origin.encode()).digest()[:8], origin, 0, b"", ""
        self.flags = PRESENT | (VERIFIED if verified else 0)

    def client_data(self, kind, challenge):
        return json.dumps({"type": f"webauthn.{kind}", "challenge": challenge, "origin": self.origin, "crossOrigin": False}).encode()

    def data(self, flags, more=b""):
        self.counter += 1
        return hashlib.sha256(self.site.encode()).digest() + bytes([self.flags | flags]) + struct.pack(">I", self.counter) + more

    def make(self, options):
        """What navigator.credentials.create gives for these options."""
        assert any(kind["alg"] == -7 for kind in options["pubKeyCredParams"]) and options["attestation"] == "none"
        self.site, self.handle = options["rp"]["id"], octets(options["user"]["id"])
        numbers = self.key.public_key().public_numbers()
        cose = cbor({1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")})
        data = self.data(CREDENTIAL, bytes(16) + struct.pack(">H", len(self.id)) + self.id + cose)
        return {"clientDataJSON": text(self.client_data("create", options["challenge"])),
                "attestationObject": text(cbor({"fmt": "none", "attStmt": {}, "authData": data}))}

    def sign(self, options):
        """What navigator.credentials.get gives."""
        allowed = [octets(one["id"]) for one in options["allowCredentials"]]
        assert not allowed or self.id in allowed
        assert options["rpId"] == self.site
        client, data = self.client_data("get", options["challenge"]), self.data(0)
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        return {"id": text(self.id), "clientDataJSON": text(client), "authenticatorData": text(data), "signature": text(signature), "userHandle": text(self.handle)}
