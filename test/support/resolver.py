"""A name server's bad days: a relay in front of an authoritative server that loses, delays, refuses, falsifies or cuts answers by rule."""

import errno
import fnmatch
import socket
import struct
import threading
import time

from limits import TIMEOUT
from ports import PortTaken

TYPES = {"A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "MX": 15, "TXT": 16, "AAAA": 28, "DS": 43, "RRSIG": 46, "DNSKEY": 48, "TLSA": 52}
NAMES = {number: name for name, number in TYPES.items()}
SERVFAIL, NXDOMAIN, REFUSED = 2, 3, 5


def skip_name(data, at):
    while True:
        length = data[at]
        if length == 0:
            return at + 1
        if length >= 0xc0:
            return at + 2
        at += 1 + length


def question(data):
    """(name in small letters without the last dot, type, where the question ends)."""
    labels, at = [], 12
    while data[at]:
        labels.append(data[at + 1:at + 1 + data[at]].decode("ascii", "replace").lower())
        at += 1 + data[at]
    kind = struct.unpack(">H", data[at + 1:at + 3])[0]
    return ".".join(labels), NAMES.get(kind, str(kind)), at + 5


def records(data):
    """(type, start and end of its data) of each record, behind the question."""
    counts = struct.unpack(">HHHH", data[4:12])
    at = 12
    for _ in range(counts[0]):
        at = skip_name(data, at) + 4
    for _ in range(sum(counts[1:])):
        at = skip_name(data, at)
        kind, length = struct.unpack(">HxxxxxxH", data[at:at + 10])
        yield kind, at + 10, at + 10 + length
        at += 10 + length


def wire_name(name):
    return b"".join(bytes([len(label)]) + label.encode() for label in name.rstrip(".").split(".") if label) + b"\0"


def ask(address, port, name, kind, timeout=2):
    """A question by UDP, without EDNS; the whole answer, or None when none comes."""
    query = struct.pack(">HHHHHH", 4711, 0, 1, 0, 0, 0) + wire_name(name) + struct.pack(">HH", TYPES[kind], 1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(timeout)
        try:
            s.connect((address, port))
            s.send(query)
            return s.recv(4096)
        except OSError:
            return None


class Rule:
    """What is to be done with the questions for names of a pattern (as of file names) and, if given, types."""

    def __init__(self, pattern, action, types, argument, times):
        self.pattern, self.action, self.types, self.argument, self.left = pattern, action, types, argument, times

    def matches(self, name, kind):
        return self.left != 0 and fnmatch.fnmatchcase(name, self.pattern) and (not self.types or kind in self.types)


class Liar:
    """
    Listens on UDP and TCP at each of the addresses [(address, port)] and asks the server behind. PortTaken says that somebody else does.
    The rules' actions:
      drop       no answer                       delay      answers after `argument` seconds
      servfail, refused, nxdomain                that code, without records
      tamper     one bit of a signature changed  strip      all signatures removed, as by a forger (validators see both as bogus)
      address    another address in A records (`argument`): believed where nothing is signed
      truncate   by UDP, nothing but "ask by TCP"
      garbage    bytes that are no message
    """

    def __init__(self, server, listen):
        self.server, self.lock, self.rules, self.asked = server, threading.Condition(), [], []
        self.sockets, self.closed, self.port = [], False, listen[0][1]
        try:
            for address in listen:
                self.sockets.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
                self.sockets[-1].bind(address)
                self.sockets.append(socket.create_server(address, backlog=64))
        except OSError as error:
            self.close()
            raise (PortTaken if error.errno == errno.EADDRINUSE else AssertionError)(f"{listen}: {error}") from error
        for udp, tcp in zip(self.sockets[::2], self.sockets[1::2]):
            threading.Thread(target=self._udp, args=(udp,), daemon=True).start()
            threading.Thread(target=self._tcp, args=(tcp,), daemon=True).start()

    def close(self):
        self.closed = True
        for s in self.sockets:
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            s.close()

    # ---- what a test does ----

    def rule(self, pattern, action, *types, argument=None, times=-1):
        """From now on, for so many questions or for good; later rules come before earlier ones."""
        made = Rule(pattern.rstrip("."), action, types, argument, times)
        with self.lock:
            self.rules.insert(0, made)
        return made

    def clear(self):
        with self.lock:
            self.rules.clear()

    def mark(self):
        with self.lock:
            return len(self.asked)

    def wait_asked(self, pattern, kind=None, since=0, timeout=TIMEOUT):
        """Until somebody has asked for such a name, and type."""
        def found():
            return any(fnmatch.fnmatchcase(n, pattern) and kind in (None, k) for n, k in self.asked[since:])
        with self.lock:
            assert self.lock.wait_for(found, timeout), f"nobody asked for {pattern} {kind or ''}; asked: {self.asked[since:]}"

    # ---- questions and answers ----

    def _find(self, name, kind):
        with self.lock:
            self.asked.append((name, kind))
            self.lock.notify_all()
            for rule in self.rules:
                if rule.matches(name, kind):
                    rule.left -= rule.left > 0
                    return rule.action, rule.argument
        return None, None

    def _answer(self, query, by_tcp):
        try:
            name, kind, end = question(query)
        except IndexError:
            return None
        action, argument = self._find(name, kind)
        if action == "drop":
            return None
        if action == "delay":
            time.sleep(argument)
        if action == "garbage":
            return b"\x17" * 40
        codes = {"servfail": SERVFAIL, "refused": REFUSED, "nxdomain": NXDOMAIN}
        if action in codes:
            return query[:2] + bytes([0x84 | query[2] & 1, 0x80 | codes[action]]) + b"\0\1\0\0\0\0\0\0" + query[12:end]
        if action == "truncate" and not by_tcp:
            return query[:2] + bytes([0x86 | query[2] & 1, 0]) + b"\0\1\0\0\0\0\0\0" + query[12:end]
        if action == "strip":
            query = self._without_do(query)
        answer = self._ask_tcp(query) if by_tcp else self._ask_udp(query)
        if answer and action == "tamper":
            answer = self._change(answer, TYPES["RRSIG"], None)
        if answer and action == "address":
            answer = self._change(answer, TYPES["A"], socket.inet_aton(argument))
        return answer

    @staticmethod
    def _without_do(query):
        for kind, start, _ in records(query):
            if kind == 41:  # OPT: the flag stands where other records have their time to live
                query = query[:start - 4] + bytes([query[start - 4] & 0x7f]) + query[start - 3:]
        return query

    @staticmethod
    def _change(answer, wanted, data):
        for kind, start, end in records(answer):
            if kind == wanted:
                answer = answer[:start] + (data or answer[start:end - 1] + bytes([answer[end - 1] ^ 1])) + answer[end:]
        return answer

    def _ask_udp(self, query):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.settimeout(5)
            try:
                s.connect(self.server)
                s.send(query)
                return s.recv(65535)
            except OSError:
                return None

    def _ask_tcp(self, query):
        try:
            with socket.create_connection(self.server, 5) as s:
                s.sendall(struct.pack(">H", len(query)) + query)
                return read_frame(s)
        except OSError:
            return None

    def _udp(self, listener):
        def serve(query, peer):
            answer = self._answer(query, False)
            if answer and not self.closed:
                listener.sendto(answer, peer)

        while not self.closed:
            try:
                query, peer = listener.recvfrom(65535)
            except OSError:
                return
            threading.Thread(target=serve, args=(query, peer), daemon=True).start()

    def _tcp(self, listener):
        def serve(connection):
            with connection:
                connection.settimeout(TIMEOUT)
                try:
                    while query := read_frame(connection):
                        answer = self._answer(query, True)
                        if answer is None:
                            return
                        connection.sendall(struct.pack(">H", len(answer)) + answer)
                except OSError:
                    return

        while not self.closed:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(connection,), daemon=True).start()


def read_frame(s):
    data = b""
    while len(data) < 2 or len(data) < 2 + struct.unpack(">H", data[:2])[0]:
        piece = s.recv(65535)
        if not piece:
            return None
        data += piece
    return data[2:]
