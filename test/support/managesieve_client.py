"""ManageSieve as it is on the wire (RFC 5804): commands out, responses as values in. Nothing is hidden or repaired."""

import base64
import hashlib
import hmac
import socket

from server import TIMEOUT, Raw


class Response:
    """`status`: OK, NO or BYE; `code`: what stands in brackets, or None; `text`; `lines`: what came before, each a list of strings and words."""

    def __init__(self, status, code, text, lines):
        self.status, self.code, self.text, self.lines = status, code, text, lines

    def __repr__(self):
        return f"{self.status} ({self.code}) {self.text!r} behind {self.lines!r}"


def quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def written(argument):
    """str: quoted; bytes: a literal; int: a number."""
    if isinstance(argument, bytes):
        return b"{%d+}\r\n" % len(argument) + argument
    return str(argument).encode() if isinstance(argument, int) else quoted(argument).encode()


class ManageSieve(Raw):
    def __init__(self, server, address=None, password=None, secure=True, source=None):
        super().__init__(socket.create_connection(("127.0.0.1", server.ports["managesieve"]), TIMEOUT, source_address=(source, 0) if source else None))
        self.server = server
        self.greeting = self.response()
        self.capabilities = capabilities_of(self.greeting)
        if secure and self.greeting.status == "OK":
            self.start_tls()
        if address:
            answer = self.log_in(address, password)
            assert answer.status == "OK", answer

    def start_tls(self):
        assert self.command("STARTTLS").status == "OK"
        self.secure(self.server.tls(check_hostname=False))
        self.file = self.socket.makefile("rb")
        # The capabilities come unasked, once TLS is up.
        self.capabilities = capabilities_of(self.response())

    def log_in(self, address, password=None):
        self.send_login(address, password)
        return self.response()

    def send_login(self, address, password=None):
        message = f"\0{address}\0{password or self.server.passwords[address]}".encode()
        self.send(f'AUTHENTICATE "PLAIN" {quoted(base64.b64encode(message).decode())}\r\n')

    def command(self, name, *arguments):
        self.send(b" ".join([name.encode(), *map(written, arguments)]) + b"\r\n")
        return self.response()

    # ---- what the server says ----

    def _octet(self):
        octet = self.file.read(1)
        if not octet:
            raise EOFError("the connection ended within a response")
        return octet

    def _until(self, ends):
        found = b""
        while True:
            octet = self._octet()
            if octet in ends:
                return found, octet
            found += octet

    def _item(self):
        """A string as bytes or a word as str, and the octet behind it; None for an empty line."""
        first = self._octet()
        if first == b'"':
            found = b""
            while True:
                octet = self._octet()
                if octet == b'"':
                    return found, self._octet()
                found += self._octet() if octet == b"\\" else octet
        if first == b"{":
            size = int(self._until((b"}",))[0])
            assert self.file.read(2) == b"\r\n"
            found = self.file.read(size)
            if len(found) != size:
                raise EOFError("the connection ended within a literal")
            return found, self._octet()
        if first == b"(":
            code, _ = self._until((b")", b" "))
            items, end = [code.decode()], _
            while end == b" ":
                item, end = self._item()
                items.append(item)
            return tuple(items), self._octet()
        word, end = self._until((b" ", b"\r", b"\n"))
        return (first + word).decode(), end

    def _line(self):
        items, end = [], b" "
        while end == b" ":
            item, end = self._item()
            items.append(item)
        assert end == b"\r" and self._octet() == b"\n", end
        return items

    def response(self):
        lines = []
        while True:
            line = self._line()
            if line[0] in ("OK", "NO", "BYE"):
                code = line[1] if len(line) > 1 and isinstance(line[1], tuple) else None
                text = line[-1].decode() if len(line) > 1 and isinstance(line[-1], bytes) else ""
                return Response(line[0], code[0] if code and len(code) == 1 else code, text, lines)
            lines.append(line)

    def challenge(self):
        """A challenge of SASL, decoded; or the response that came instead."""
        line = self._line()
        if isinstance(line[0], bytes):
            return base64.b64decode(line[0])
        code = line[1] if len(line) > 1 and isinstance(line[1], tuple) else None
        return Response(line[0], code, line[-1], [])

    # ---- in a word ----

    def scripts(self):
        answer = self.command("LISTSCRIPTS")
        assert answer.status == "OK", answer
        return {line[0].decode(): len(line) > 1 for line in answer.lines}

    def script(self, name):
        answer = self.command("GETSCRIPT", name)
        assert answer.status == "OK", answer
        return answer.lines[0][0]


def capabilities_of(answer):
    return {line[0].decode().upper(): line[1].decode() if len(line) > 1 else True for line in answer.lines}


def log_in_by_scram(client, address, password):
    """SCRAM-SHA-256 (RFC 7677) from the client's side; the last word is the server's, and it is checked."""
    nonce = base64.b64encode(hashlib.sha256(address.encode()).digest()).decode()
    first = f"n={address},r={nonce}"
    client.send('AUTHENTICATE "SCRAM-SHA-256" ' + quoted(base64.b64encode(f"n,,{first}".encode()).decode()) + "\r\n")
    said = client.challenge()
    if isinstance(said, Response):
        return said
    values = dict(part.split("=", 1) for part in said.decode().split(","))
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), base64.b64decode(values["s"]), int(values["i"]))
    key = hmac.digest(salted, b"Client Key", "sha256")
    without_proof = f"c={base64.b64encode(b'n,,').decode()},r={values['r']}"
    message = f"{first},{said.decode()},{without_proof}".encode()
    proof = bytes(a ^ b for a, b in zip(key, hmac.digest(hashlib.sha256(key).digest(), message, "sha256")))
    client.send(quoted(base64.b64encode(f"{without_proof},p={base64.b64encode(proof).decode()}".encode()).decode()) + "\r\n")
    answer = client.challenge()
    if answer.status == "OK":
        signature = hmac.digest(hmac.digest(salted, b"Server Key", "sha256"), message, "sha256")
        assert base64.b64decode(answer.code[1]) == b"v=" + base64.b64encode(signature)
    return answer
