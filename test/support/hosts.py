"""
Scripted next hosts: an SMTP or LMTP server that behaves well until a test says otherwise, and keeps what it was sent.

A good host takes everything, announces what it can do, and watches the client: what breaks the protocol is noted in `faults`, which must be
empty at the end of a test. `on(stage, action)` makes it misbehave at a stage:

    connect ehlo helo starttls auth mail rcpt data body end bdat rset quit

`body` comes with the first bytes of a message, `end` with its last; by LMTP `end` comes once for each recipient. An action is a reply as text
("451 4.7.1 later"; a stage that is answered with 4 or 5 has not happened), one of the words below, a `Delay`, or a function of the session and
the stage's argument that gives an action, or None for the usual.
"""

import contextlib
import base64
import fnmatch
import http.server
import re
import socket
import ssl
import struct
import threading
import time

from server import TIMEOUT

CLOSE = "close"      # the connection ends without a word
RESET = "reset"      # the same, by RST
SILENT = "silent"    # nothing, until the client goes away
KEEP_CLOSE = "keep"  # at `end`: the message is kept, and the connection ends without an answer
GARBAGE = "garbage"  # at `starttls`: 220, then bytes that are no TLS

EXTENSIONS = ("PIPELINING", "SIZE 20000000", "8BITMIME", "SMTPUTF8", "CHUNKING", "DSN", "ENHANCEDSTATUSCODES")
COMMAND_MAX = 2048
# Which extension a parameter of MAIL or RCPT belongs to.
PARAMETERS = {"BODY": "8BITMIME", "SMTPUTF8": "SMTPUTF8", "SIZE": "SIZE", "RET": "DSN", "ENVID": "DSN", "NOTIFY": "DSN", "ORCPT": "DSN",
              "REQUIRETLS": "REQUIRETLS", "MT-PRIORITY": "MT-PRIORITY", "BY": "DELIVERBY", "HOLDFOR": "FUTURERELEASE", "AUTH": "AUTH"}


class Delay:
    """The usual, so many seconds later."""

    def __init__(self, seconds):
        self.seconds = seconds


class Message:
    """One that was taken: envelope with parameters, bytes without the dots that SMTP adds, and what it came over."""

    def __init__(self, session, sender, recipients, data):
        self.sender, self.parameters = sender
        self.recipients = [address for address, _ in recipients]
        self.recipient_parameters = dict(recipients)
        self.data, self.tls, self.hello, self.peer, self.login = data, session.tls, session.hello, session.peer, session.login
        self.chunked, self.connection, self.at = session.chunked, session.number, time.monotonic()


class Gone(Exception):
    """The connection is over."""


class Session:
    def __init__(self, host, sock, peer, number):
        self.host, self.socket, self.peer, self.number = host, sock, peer[0], number
        self.input, self.hello, self.tls, self.login, self.chunked = b"", None, None, None, False
        self.extensions, self.lines = set(), []
        self.reset()

    def reset(self):
        self.sender, self.recipients, self.chunks = None, [], None

    def fault(self, text):
        self.host.fault(f"connection {self.number}: {text}")

    # ---- bytes ----

    def receive(self):
        try:
            piece = self.socket.recv(65536)
        except (OSError, ssl.SSLError):
            raise Gone from None
        if not piece:
            raise Gone
        self.input += piece

    def line(self):
        while b"\n" not in self.input:
            if len(self.input) > COMMAND_MAX:
                self.fault("a command without an end")
                raise Gone
            self.receive()
        line, _, self.input = self.input.partition(b"\n")
        if not line.endswith(b"\r"):
            self.fault(f"a line without CR: {line!r}")
        text = line.rstrip(b"\r").decode("utf-8", "surrogateescape")
        self.lines.append(text)
        return text

    def reply(self, text):
        code, _, rest = text.partition(" ")
        words = rest.split("\n")
        wire = "".join(f"{code}{'-' if i < len(words) - 1 else ' '}{word}\r\n" for i, word in enumerate(words))
        try:
            self.socket.sendall(wire.encode())
        except OSError:
            raise Gone from None

    def silence(self):
        while True:
            self.receive()

    # ---- actions ----

    def act(self, stage, argument=""):
        """The reply that a test wants here; None for the usual one. Does not return when the connection is to end."""
        action = self.host.action(stage, argument)
        while callable(action):
            action = action(self, argument)
        if isinstance(action, Delay):
            self.host.closing.wait(action.seconds)
            return None
        if action == SILENT:
            self.silence()
        if action == RESET:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        if action in (CLOSE, RESET):
            raise Gone
        if action and action.startswith("421"):
            self.reply(action)
            raise Gone
        return action

    def usual(self, stage, argument, reply):
        """Says the reply, or the test's; whether it was a good one."""
        reply = self.act(stage, argument) or reply
        self.reply(reply)
        return reply[0] in "23"

    # ---- the dialogue ----

    def run(self):
        if not self.usual("connect", "", f"220 {self.host.name} {'LMTP' if self.host.lmtp else 'ESMTP'} ready"):
            raise Gone
        while True:
            line = self.line()
            verb, _, argument = line.partition(" ")
            verb = verb.upper()
            if self.input and not self.may_pipeline(verb):
                self.fault(f"input is sent behind {verb} before its reply")
            getattr(self, "do_" + verb.lower(), self.unknown)(argument)
            if "PIPELINING" in self.host.lacks:
                self.input = b""

    def may_pipeline(self, verb):
        if verb == "BDAT":
            return True  # its own data
        return "PIPELINING" in self.extensions and verb in ("MAIL", "RCPT", "RSET", "NOOP")

    def unknown(self, _):
        self.reply("500 5.5.1 what?")

    def do_ehlo(self, argument):
        if not self.host.esmtp or self.host.lmtp:
            self.reply("502 5.5.1 no such command")
        else:
            self.greet(argument)

    def do_lhlo(self, argument):
        if not self.host.lmtp:
            self.reply("500 5.5.1 this is not LMTP")
        else:
            self.greet(argument)

    def greet(self, argument):
        offered = [e for e in self.host.extensions]
        if self.host.certificate and not self.tls:
            offered.append("STARTTLS")
        if self.host.credentials and (self.tls or not self.host.certificate):
            offered.append("AUTH PLAIN LOGIN")
        if self.usual("ehlo", argument, "250 " + "\n".join([self.host.name, *offered])):
            self.hello, self.extensions = argument, {e.split()[0] for e in offered}
            self.reset()

    def do_helo(self, argument):
        if self.usual("helo", argument, f"250 {self.host.name}"):
            self.hello, self.extensions = argument, set()
            self.reset()

    def do_starttls(self, _):
        action = self.act("starttls")
        if action and action != GARBAGE or not self.host.certificate:
            self.reply(action or "502 5.5.1 no such command")
            return
        self.reply("220 2.0.0 go on")
        if action == GARBAGE:
            self.socket.sendall(b"this is no handshake at all\r\n" * 20)
            self.silence()
        if self.input:
            self.fault("input is sent behind STARTTLS")
        try:
            self.socket = self.host.context.wrap_socket(self.socket, server_side=True)
        except (OSError, ssl.SSLError) as error:
            self.host.handshake_failed(str(error))
            raise Gone from None
        self.tls = {"version": self.socket.version(), "cipher": self.socket.cipher()[0], "name": self.host.asked_name, "resumed": self.socket.session_reused}
        self.hello, self.extensions = None, set()
        self.reset()

    def do_auth(self, argument):
        mechanism, _, response = argument.partition(" ")
        words = []
        if mechanism.upper() == "PLAIN":
            if not response:
                self.reply("334 ")
                response = self.line()
            words = base64.b64decode(response).decode().split("\0")[1:]
        elif mechanism.upper() == "LOGIN":
            for prompt in ("VXNlcm5hbWU6", "UGFzc3dvcmQ6"):
                self.reply("334 " + prompt)
                words.append(base64.b64decode(self.line()).decode())
        if not self.tls and self.host.certificate:
            self.fault("a password in clear")
        good = tuple(words) == self.host.credentials
        if self.usual("auth", argument, "235 2.7.0 welcome" if good else "535 5.7.8 no"):
            self.login = words[0]

    # MAIL and RCPT: the path, and parameters that were announced.
    def parse(self, argument, prefix):
        match = re.fullmatch(prefix + r":<((?:\"(?:[^\"\\]|\\.)*\"|[^>\"])*)>(.*)", argument, re.I)
        if not match:
            self.fault(f"not a path: {argument}")
            self.reply("501 5.5.4 what?")
            return None
        parameters = {}
        for word in match[2].split():
            name, _, value = word.partition("=")
            parameters[name.upper()] = value
            extension = PARAMETERS.get(name.upper(), name.upper())
            if extension not in self.extensions and not (value == "BINARYMIME" and "BINARYMIME" in self.extensions):
                self.fault(f"the parameter {word} without {extension}")
            if extension in self.host.lacks:
                self.reply(f"555 5.5.4 {name} is not known here")
                return None
        return match[1], parameters

    def do_mail(self, argument):
        parsed = self.parse(argument, "FROM")
        if parsed is None:
            return
        if self.sender is not None:
            self.fault("a second MAIL")
        limit = self.host.size
        if limit and int(parsed[1].get("SIZE", 0)) > limit:
            self.reply(self.act("mail", argument) or f"552 5.3.4 more than {limit} bytes")
        elif self.usual("mail", parsed[0], "250 2.1.0 yes"):
            self.sender, self.recipients, self.chunked = parsed, [], False

    def do_rcpt(self, argument):
        parsed = self.parse(argument, "TO")
        if parsed is None:
            return
        if self.sender is None:
            self.reply("503 5.5.1 MAIL first")
        elif self.usual("rcpt", parsed[0], "250 2.1.5 yes"):
            self.recipients.append(parsed)

    def do_data(self, _):
        if not self.recipients:
            self.reply("554 5.5.1 no recipients" if self.sender else "503 5.5.1 MAIL first")
            return
        if not self.usual("data", "", "354 go on"):
            return
        begun = False
        while not self.input.startswith(b".\r\n") and b"\r\n.\r\n" not in self.input:
            if self.input and not begun:
                begun = True
                self.act("body")
            self.receive()
        end = self.input.find(b"\r\n.\r\n")
        raw, self.input = (b"", self.input[3:]) if self.input.startswith(b".\r\n") else (self.input[:end + 2], self.input[end + 5:])
        self.check_lines(raw)
        raw = raw[1:] if raw.startswith(b".") else raw
        self.finish(raw.replace(b"\r\n.", b"\r\n"))

    def check_lines(self, raw):
        if re.search(rb"(?<!\r)\n|\r(?!\n)", raw):
            self.fault("a bare CR or LF in DATA")
        if any(len(line) > 998 for line in raw.split(b"\r\n")):
            self.fault("a line of more than 998 bytes")
        eight = self.sender[1].get("BODY", "").upper() == "8BITMIME" or "SMTPUTF8" in self.sender[1]
        if not eight and not raw.isascii():
            self.fault("8-bit text without BODY=8BITMIME")

    def do_bdat(self, argument):
        words = argument.upper().split()
        size, last = int(words[0]), words[1:] == ["LAST"]
        if "CHUNKING" not in self.extensions:
            self.fault("BDAT without CHUNKING")
        while len(self.input) < size:
            self.receive()
        data, self.input = self.input[:size], self.input[size:]
        if "CHUNKING" in self.host.lacks:
            self.reply("502 5.5.1 no such command")
            return
        if not self.recipients:
            self.reply("503 5.5.1 no recipients")
            return
        if not self.chunks:
            self.act("body")
        self.chunked, self.chunks = True, (self.chunks or b"") + data
        if last:
            self.finish(self.chunks)
        else:
            self.usual("bdat", argument, f"250 2.0.0 {size} bytes")

    def finish(self, data):
        host, keepers, replies = self.host, [], []
        for recipient in (self.recipients if host.lmtp else [("", {})]):
            action = self.act("end", recipient[0])
            if host.size and len(data) > host.size:
                action = action or f"552 5.3.4 more than {host.size} bytes"
            replies.append(action or "250 2.0.0 accepted")
            if replies[-1] == KEEP_CLOSE or replies[-1][0] == "2":
                keepers += [recipient] if host.lmtp else self.recipients
        if keepers:
            host.keep(Message(self, self.sender, keepers, data))
        self.reset()
        for reply in replies:
            if reply == KEEP_CLOSE:
                raise Gone
            self.reply(reply)

    def do_rset(self, _):
        if self.usual("rset", "", "250 2.0.0 yes"):
            self.reset()

    def do_noop(self, _):
        self.reply("250 2.0.0 yes")

    def do_quit(self, _):
        self.usual("quit", "", "221 2.0.0 bye")
        raise Gone


class Host:
    """
    certificate: offers STARTTLS. extensions: what EHLO announces; `lacks`: of these, what it refuses when it is used (PIPELINING: what was sent
    ahead is lost). esmtp=False: HELO alone. size: the largest message. credentials: (name, password) for AUTH.
    """

    def __init__(self, address, port, name, certificate=None, extensions=EXTENSIONS, lacks=(), esmtp=True, lmtp=False, size=0, credentials=None):
        self.address, self.port, self.name, self.extensions, self.lacks = address, port, name, list(extensions), set(lacks)
        self.esmtp, self.lmtp, self.size, self.credentials = esmtp, lmtp, size, credentials
        self.changed, self.closing = threading.Condition(), threading.Event()
        self.messages, self.faults, self.handshakes, self.sessions, self.rules = [], [], [], [], []
        self.listener, self.asked_name = None, None
        self.secure(certificate)
        self.up()

    def secure(self, certificate):
        """From the next connection on; None offers no TLS."""
        self.certificate = certificate
        if certificate:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(certificate.chain, certificate.key)
            self.context.sni_callback = self._note_name

    def _note_name(self, _, name, __):
        self.asked_name = name

    # ---- its life ----

    def up(self):
        if self.listener:
            return self
        self.listener = socket.create_server((self.address, self.port), backlog=128)
        threading.Thread(target=self._accept, args=(self.listener,), daemon=True).start()
        return self

    def down(self):
        """The port is closed, and every connection ends at once."""
        if self.listener:
            shut(self.listener)
            self.listener = None
        with self.changed:
            sessions = list(self.sessions)
        for session in sessions:
            # Its own thread closes it: a number that is free while somebody still reads from it would be another socket's soon.
            with contextlib.suppress(OSError):
                session.socket.shutdown(socket.SHUT_RDWR)
        return self

    def close(self):
        self.closing.set()
        self.down()

    def _accept(self, listener):
        while True:
            try:
                sock, peer = listener.accept()
            except OSError:
                return
            with self.changed:
                session = Session(self, sock, peer, len(self.sessions))
                self.sessions.append(session)
                self.changed.notify_all()
            threading.Thread(target=self._serve, args=(session,), daemon=True).start()

    @staticmethod
    def _serve(session):
        session.socket.settimeout(600)
        try:
            session.run()
        except Gone:
            pass
        finally:
            # With what was not read still there, close would send RST and take the last reply away from the client.
            try:
                session.socket.shutdown(socket.SHUT_WR)
            except OSError:
                pass
            session.socket.close()

    # ---- what a test does ----

    def on(self, stage, action, match="*", times=-1):
        """At this stage, when its argument (an address, a parameter) has this pattern; so many times, or always. Later rules come first."""
        with self.changed:
            self.rules.insert(0, [stage, action, match, times])
        return self

    def usual(self):
        """Forgets every rule: a good host again."""
        with self.changed:
            self.rules.clear()
        return self

    def greylist(self, reply="451 4.7.1 greylisted, come again"):
        """Each pair of sender and recipient is turned away when it comes first."""
        seen = set()

        def answer(session, recipient):
            triple = (session.peer, session.sender[0], recipient)
            if triple in seen:
                return None
            seen.add(triple)
            return reply
        return self.on("rcpt", answer)

    def action(self, stage, argument):
        with self.changed:
            for rule in self.rules:
                if rule[0] == stage and rule[3] != 0 and fnmatch.fnmatchcase(argument, rule[2]):
                    rule[3] -= rule[3] > 0
                    return rule[1]
        return None

    def wait_messages(self, count=1, timeout=TIMEOUT, **fields):
        """All messages, when there are so many."""
        return self._wait(self.messages, count, timeout, "messages")

    def wait_connections(self, count=1, timeout=TIMEOUT):
        return self._wait(self.sessions, count, timeout, "connections")

    def wait_handshakes(self, count=1, timeout=TIMEOUT):
        """The handshakes that failed, as OpenSSL says it on this side."""
        return self._wait(self.handshakes, count, timeout, "failed handshakes")

    def _wait(self, found, count, timeout, what):
        with self.changed:
            assert self.changed.wait_for(lambda: len(found) >= count, timeout), f"{self.name}: {len(found)} {what}, not {count}"
            return list(found)

    # ---- what its sessions tell ----

    def keep(self, message):
        with self.changed:
            self.messages.append(message)
            self.changed.notify_all()

    def fault(self, text):
        with self.changed:
            self.faults.append(f"{self.name}: {text}")

    def handshake_failed(self, text):
        with self.changed:
            self.handshakes.append(text)
            self.changed.notify_all()


def shut(sock):
    try:
        sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    sock.close()


def policy(mode, *hosts, max_age=86400):
    """The text of an MTA-STS policy (RFC 8461 section 3.2)."""
    return f"version: STSv1\r\nmode: {mode}\r\n" + "".join(f"mx: {host}\r\n" for host in hosts) + f"max_age: {max_age}\r\n"


class HttpsHost:
    """An HTTPS server with this handler of requests."""

    def __init__(self, address, port, certificate, handler):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate.chain, certificate.key)
        self.server = http.server.ThreadingHTTPServer((address, port), handler, bind_and_activate=False)
        self.server.daemon_threads = True
        self.server.handle_error = lambda *_: None  # a client that does not trust us is what some tests are about
        self.server.allow_reuse_address = True
        self.server.server_bind()
        self.server.server_activate()
        # The handshake belongs to each connection's own thread, not to the loop that accepts.
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=self.server.serve_forever, daemon=True, kwargs={"poll_interval": 0.05}).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class PolicyHost(HttpsHost):
    """An HTTPS server with one MTA-STS policy, which counts how often it was fetched. `respond(handler)` may answer in its place."""

    def __init__(self, address, port, certificate, text):
        self.text, self.status, self.kind, self.respond, self.fetched = text, 200, "text/plain", None, 0
        self.changed = threading.Condition()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                with outer.changed:
                    outer.fetched += 1
                    outer.changed.notify_all()
                if outer.respond:
                    outer.respond(self)
                elif self.path != "/.well-known/mta-sts.txt":
                    self.send_error(404)
                else:
                    body = outer.text.encode()
                    self.send_response(outer.status)
                    self.send_header("Content-Type", outer.kind)
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)

            def log_message(self, *_):
                pass

        super().__init__(address, port, certificate, Handler)

    def wait_fetched(self, count=1, timeout=TIMEOUT):
        with self.changed:
            assert self.changed.wait_for(lambda: self.fetched >= count, timeout), f"the policy was fetched {self.fetched} times, not {count}"


class ReportHost(HttpsHost):
    """An HTTPS server that takes what is posted there: (path, fields, body) of each; answers with `status`."""

    def __init__(self, address, port, certificate):
        self.posts, self.status = [], 201
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.posts.append((self.path, self.headers, body))
                self.send_response(outer.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        super().__init__(address, port, certificate, Handler)
