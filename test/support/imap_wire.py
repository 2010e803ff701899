"""IMAP as it is on the wire: commands with literals out, responses as values in. Nothing is hidden or repaired, unlike in a client's library."""

import contextlib
import socket
import ssl

from limits import TIMEOUT



class Closed(OSError):
    """The server has closed the connection, or said BYE."""


class Literal(bytes):
    """What is sent as a literal."""


class Answer:
    """What a command brought about: its tagged response, and the untagged ones before it, in their order."""

    def __init__(self, status, code, text, untagged):
        self.status, self.code, self.text, self.untagged = status, code, text, untagged

    def all(self, name):
        return [r for r in self.untagged if r[0] == name]

    def codes(self):
        """{name: value} of the response codes, also of untagged OKs."""
        found = {r[1][0]: r[1][1] for r in self.untagged if r[0] == "OK" and r[1]}
        if self.code:
            found[self.code[0]] = self.code[1]
        return found

    def __str__(self):
        return f"{self.status} {self.code} {self.text} {self.untagged}"


class Reader:
    """Values from a response: atoms and numbers as str, strings as bytes, NIL as None, lists as lists."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def peek(self):
        return self.data[self.at:self.at + 1]

    def value(self):
        while self.peek() == b" ":
            self.at += 1
        c = self.peek()
        if c == b"(":
            return self.sequence(b")")
        if c == b'"':
            return self.quoted()
        if c == b"{":
            end = self.data.index(b"}\r\n", self.at)
            length = int(self.data[self.at + 1:end])
            self.at = end + 3 + length
            return self.data[end + 3:end + 3 + length]
        return self.atom()

    def sequence(self, end):
        self.at += 1
        found = []
        while True:
            while self.peek() == b" ":
                self.at += 1
            if self.peek() == end:
                self.at += 1
                return found
            assert self.at < len(self.data), f"a list without end: {self.data}"
            found.append(self.value())

    def quoted(self):
        self.at += 1
        found = bytearray()
        while self.peek() != b'"':
            assert self.at < len(self.data), f"a string without end: {self.data}"
            self.at += self.peek() == b"\\"
            found += self.peek()
            self.at += 1
        self.at += 1
        return bytes(found)

    def atom(self):
        begin, depth = self.at, 0
        # The section of BODY[HEADER.FIELDS (SUBJECT)] belongs to the atom.
        while self.at < len(self.data):
            c = self.peek()
            depth += (c == b"[") - (c == b"]")
            if depth <= 0 and c in b" )" and c:
                break
            self.at += 1
        word = self.data[begin:self.at].decode("utf-8", "surrogateescape")
        assert word, f"no value at {begin}: {self.data}"
        return None if word.upper() == "NIL" else word

    def rest(self):
        found = []
        while self.data[self.at:].strip(b" "):
            found.append(self.value())
        return found


def response_text(data):
    """(code, text) of "[UIDNEXT 5] words": the code is (name, values)."""
    if not data.startswith(b"["):
        return None, data.decode("utf-8", "replace")
    code, _, text = data[1:].partition(b"]")
    name, _, values = code.partition(b" ")
    return (name.decode().upper(), Reader(values).rest()), text.decode("utf-8", "replace").strip()


def numbers(text):
    """The numbers of a set: "1:3,5" -> [1, 2, 3, 5]."""
    found = []
    for part in text.split(","):
        first, _, last = part.partition(":")
        low, high = sorted((int(first), int(last or first)))
        found += range(low, high + 1)
    return found


def set_text(values):
    """A set of numbers, as short as it can be."""
    values, parts = sorted(values), []
    for n in values:
        if parts and parts[-1][1] == n - 1:
            parts[-1][1] = n
        else:
            parts.append([n, n])
    return ",".join(str(a) if a == b else f"{a}:{b}" for a, b in parts)


def pairs(values):
    """A list of names and values as a dict."""
    return {name.upper(): value for name, value in zip(values[::2], values[1::2])}


def untagged(data):
    """(name, ...) of a line without its "* ": ("EXISTS", 5), ("FETCH", 3, {...}), ("OK", code, text), ("VANISHED", earlier, uids) ..."""
    first, _, rest = data.partition(b" ")
    word = first.decode().upper()
    if word in ("OK", "NO", "BAD", "BYE", "PREAUTH"):
        return (word, *response_text(rest))
    if word.isdigit():
        name, _, rest = rest.partition(b" ")
        name = name.decode().upper()
        return (name, int(word), pairs(Reader(rest).value())) if name == "FETCH" else (name, int(word))
    values = Reader(rest).rest()
    if word == "VANISHED":
        earlier = values[0] == ["EARLIER"]
        return (word, earlier, numbers(values[-1]))
    if word == "STATUS":
        return (word, values[0], pairs(values[1]))
    return (word, *values)


class Wire:
    """One connection. `log` gets what goes over it, as lines for a person."""

    def __init__(self, port, cafile, log=None):
        context = ssl.create_default_context(cafile=cafile)
        context.check_hostname = False
        plain = socket.create_connection(("127.0.0.1", port), TIMEOUT)
        self.log = log if log is not None else []
        try:
            self.socket = context.wrap_socket(plain)
        except OSError:
            plain.close()
            raise
        self.file = self.socket.makefile("rb")
        self.tag = 0
        self.greeting = self.read()
        if self.greeting[0] == "BYE":
            raise Closed("BYE")

    def close(self):
        with contextlib.suppress(OSError, ValueError):
            self.file.close()
        with contextlib.suppress(OSError):
            self.socket.close()

    def line(self):
        """A whole response, literals and all, without its last CR LF."""
        data = bytearray()
        while True:
            piece = self.file.readline()
            if not piece.endswith(b"\r\n"):
                raise Closed("the connection ended")
            data += piece
            if not piece.endswith(b"}\r\n") or not piece[piece.rfind(b"{") + 1:-3].isdigit():
                self.log.append(f"S: {bytes(data[:300])!r}")
                return bytes(data[:-2])
            length = int(piece[piece.rfind(b"{") + 1:-3])
            body = self.file.read(length)
            if len(body) < length:
                raise Closed("the connection ended in a literal")
            data += body

    def read(self):
        """The next untagged response."""
        data = self.line()
        assert data.startswith(b"* "), f"an untagged response was expected: {data}"
        return untagged(data[2:])

    def send(self, *parts):
        """Sends a command: str as it is, Literal as a literal that waits for nobody. Returns its tag."""
        self.tag += 1
        tag = f"A{self.tag}"
        out = tag.encode()
        for part in parts:
            text = part if isinstance(part, bytes) else part.encode("utf-8", "surrogateescape")
            out += b" {%d+}\r\n%s" % (len(text), text) if isinstance(part, Literal) else b" " + text
        self.log.append(f"C: {out[:300]!r}")
        self.socket.sendall(out + b"\r\n")
        return tag

    def answer(self, tag):
        found = []
        while True:
            data = self.line()
            if data.startswith(b"* "):
                found.append(untagged(data[2:]))
                if found[-1][0] == "BYE":
                    raise Closed(f"BYE {found[-1][2]}")
                continue
            word, _, rest = data.partition(b" ")
            assert word == tag.encode(), f"neither untagged nor the answer to {tag}: {data}"
            status, _, rest = rest.partition(b" ")
            return Answer(status.decode(), *response_text(rest), found)

    def command(self, *parts):
        return self.answer(self.send(*parts))

    def idle(self):
        """Begins to idle; what comes is read by idle_wait, and idle_done ends it."""
        tag = self.send("IDLE")
        found = []
        while not (data := self.line()).startswith(b"+"):
            found.append(untagged(data[2:]))
        return tag, found

    def idle_done(self, tag):
        self.log.append("C: DONE")
        self.socket.sendall(b"DONE\r\n")
        return self.answer(tag)


def mailbox_name(name):
    """A name as IMAP4rev1 writes it, quoted."""
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
