"""A running Postrider for tests: started on free ports, waited for by its log, looked at through its log and /proc."""

import base64
import contextlib
import functools
import json
import os
import pathlib
import poplib
import pwd
import re
import shlex
import shutil
import signal
import smtplib
import socket
import ssl
import subprocess
import tempfile
import threading
import time

from limits import TIMEOUT
from ports import free_base, free_port

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
# The program with the sanitizers; and the one that users get, if it is built, which starts in a quarter of the time.
POSTRIDER = os.environ.get("POSTRIDER", str(ROOT / "build-check" / "postrider"))
SHIPPED = str(ROOT / "build" / "postrider") if (ROOT / "build" / "postrider").exists() and "POSTRIDER" not in os.environ else POSTRIDER


def listed_words(what):
    """What the program itself says that there is: the words of its lines."""
    out = subprocess.run([POSTRIDER, "config", what], stdout=subprocess.PIPE, text=True, check=True).stdout
    return [line.split() for line in out.splitlines()]


def listed(what):
    return [words[0] for words in listed_words(what)]


ROLES = listed("roles")
SERVICES = listed("services")
MAX_LINE = 1 << 20
poplib._MAXLINE = MAX_LINE

ENVIRONMENT = {
    "POSTRIDER_SANDBOX": "trap",
    # The leak check needs ptrace, which no role may use; the symbolizer needs fork. Of where memory came from, four callers say enough.
    "ASAN_OPTIONS": "detect_leaks=0:symbolize=0:allocator_may_return_null=1:quarantine_size_mb=16:malloc_context_size=4",
    "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=0",
}


def environment(extra=None):
    env = {k: v for k, v in os.environ.items() if k not in ("NOTIFY_SOCKET", "LISTEN_FDS", "LISTEN_PID")}
    env.update(ENVIRONMENT)
    env.update(extra or {})
    return env


def run(*args, timeout=TIMEOUT, **options):
    options.setdefault("env", environment())
    return subprocess.run([str(a) for a in args], capture_output=True, timeout=timeout, check=False, **options)


def wait_for(condition, timeout=TIMEOUT, what="the condition", pause=0.02):
    """For what no event tells: asks again and again, up to a limit."""
    end = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"{what} did not come about within {timeout} s")
        time.sleep(pause)


def value_text(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, (list, tuple)):
        return "{" + ", ".join(f'"{v}"' for v in value) + "}"
    return f'"{value}"'


# The demo's own, and no service's.
NAME_SERVER_OFFSET = 53


def start_demo(folder):
    """`postrider demo` in the folder, with free ports: the process (its `base` is what it adds to each standard port), and what it said."""
    offsets = [int(words[1]) for words in listed_words("services") if words[1:] and words[1].isdigit() and words[1] != "0"]
    for _ in range(2):
        base = free_base([*offsets, NAME_SERVER_OFFSET])
        with tempfile.TemporaryFile() as errors:
            process = subprocess.Popen([SHIPPED, "demo", "--dir", str(folder), "--port-base", str(base)], env=environment(),
                                       stdout=subprocess.PIPE, stderr=errors)
            process.base, said, ready = base, "", False
            for line in process.stdout:
                said += line.decode(errors="replace")
                ready = line.startswith(b"postrider ready")
                if ready:
                    break
            errors.seek(0)
            complaints = errors.read().decode(errors="replace")
        # A resolver may ask from the name server's port just now; the demo goes on without it.
        if ready and "is taken" not in complaints:
            return process, said
        if ready:
            process.terminate()
        process.communicate(timeout=TIMEOUT)
    raise AssertionError(f"the demo ended with status {process.returncode} before it was ready:\n{said}{complaints}")


def make_template():
    """
    example.test with alice and bob, and a certificate, made by the program itself. It has no keys that sign: the demo's name server would show
    them, and a server made from this folder would miss them in its own DNS. The demo leaves settings alone that are there already.
    """
    folder = pathlib.Path(tempfile.mkdtemp(prefix="postrider-template-"))
    settings = {"hostname": "mail.example.test", "data": f"{folder}/data", "run": f"{folder}/run", "tls_certificates": [f"{folder}/tls-cert.pem"],
                "tls_keys": [f"{folder}/tls-key.pem"], "dkim_sign": False}
    (folder / "postrider.conf").write_text("".join(f"{name} = {value_text(value)}\n" for name, value in settings.items())
                                           + f'include("{folder}/ports.conf")\n')
    process, said = start_demo(folder)
    process.send_signal(signal.SIGTERM)
    said += process.communicate(timeout=TIMEOUT)[0].decode(errors="replace")
    assert process.returncode == 0, f"the demo did not stop:\n{said}"
    shutil.rmtree(folder / "run", ignore_errors=True)
    copy_sparse(folder / "data", folder / "sparse")
    shutil.rmtree(folder / "data")
    (folder / "sparse").rename(folder / "data")
    return folder


def copy_sparse(source, target):
    """A store's folder, for this user: 129 MB that are nearly all zeros, which each server would read and write."""
    subprocess.run(["cp", "-R", "--preserve=mode,timestamps", "--sparse=always", str(source), str(target)], check=True)


class Event:
    def __init__(self, line):
        self.line = line
        parts = line.split(" ", 4)
        self.good = len(parts) >= 5 and bool(re.match(r"\d{4}-\d\d-\d\dT", parts[0]))
        if not self.good:
            self.level = self.role = self.id = self.name = self.rest = ""
            return
        self.level, self.role, self.id = parts[1:4]
        self.name, _, self.rest = parts[4].partition(" ")

    @functools.cached_property
    def fields(self):
        """Most lines are looked at by their name alone."""
        try:
            return dict(word.partition("=")[::2] for word in shlex.split(self.rest))
        except ValueError:
            return {}


def is_running(pid):
    """Any of its threads: the first may have ended while another still has its files open."""
    with contextlib.suppress(OSError):
        for stat in pathlib.Path("/proc", str(pid), "task").glob("*/stat"):
            with contextlib.suppress(OSError):
                if stat.read_text().rpartition(")")[2].split()[0] not in ("Z", "X"):
                    return True
    return False


class Server:
    program = POSTRIDER  # of those that are made from now on

    def __init__(self, folder, template, settings, user=None, wrapper=(), environment=None):
        self.folder, self.user, self.wrapper = pathlib.Path(folder), user, list(wrapper)
        self.environment = environment or {}
        self.program = self.tool = Server.program  # a test that replaces the first still asks with the second
        self.process = self.reader = None
        self.events, self.changed = [], threading.Condition()
        self.expected, self.checked = set(), 0
        self.killed = []  # where in the log, and which role
        self.folder.mkdir()
        self.folder.chmod(0o755)
        for name in ("data", "tls-cert.pem", "tls-key.pem", "demo-accounts"):
            source = pathlib.Path(template) / name
            if source.is_dir():
                copy_sparse(source, self.folder / name)
            else:
                shutil.copy2(source, self.folder / name)
        (self.folder / "tls-cert.pem").chmod(0o644)  # clients that are other users check it
        if user:
            entry = pwd.getpwnam(user)
            for path in [self.folder, *self.folder.rglob("*")]:
                os.chown(path, entry.pw_uid, entry.pw_gid)
        self.passwords = dict(line.split() for line in (self.folder / "demo-accounts").read_text().splitlines())
        self.ports = {service: free_port() for service in SERVICES}
        self.config = self.folder / "postrider.conf"
        self.settings = {
            "hostname": "mail.example.test",
            "data": str(self.folder / "data"),
            "run": str(self.folder / "run"),
            "tls_certificates": [str(self.folder / "tls-cert.pem")],
            "tls_keys": [str(self.folder / "tls-key.pem")],
            "disk_reserve": "1M",
            "sender_null_mx": False,
            "dkim_sign": False,  # keys take time to make; the tests of what they sign switch it on
            "drain_seconds": 3,
            **{f"{service}_listen": [f"127.0.0.1:{port}"] for service, port in self.ports.items()},
            **settings,
        }
        self.write_config()

    # ---- its life ----

    def write_config(self, **settings):
        self.settings.update(settings)
        self.config.write_text("".join(f"{name} = {value_text(value)}\n" for name, value in self.settings.items()))

    def launch(self, extra_environment=None, **options):
        command = [*self.wrapper, str(self.program), "serve", "--config", str(self.config)]
        if self.user:
            entry = pwd.getpwnam(self.user)
            options.setdefault("user", entry.pw_uid)
            options.setdefault("group", entry.pw_gid)
            options.setdefault("extra_groups", [])
        self.process = subprocess.Popen(command, env=environment({**self.environment, **(extra_environment or {})}), cwd=self.folder,
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, **options)
        self.reader = threading.Thread(target=self._read, args=(self.process.stderr,), daemon=True)
        self.reader.start()
        return self

    def start(self, **options):
        mark = self.mark()
        self.launch(**options)
        self.wait_event("ready", since=mark)
        return self

    def _read(self, stream):
        for line in stream:
            with self.changed:
                self.events.append(Event(line.decode(errors="replace").rstrip("\n")))
                self.changed.notify_all()
        with self.changed:
            self.changed.notify_all()

    def stop(self, signal_number=signal.SIGTERM, timeout=TIMEOUT):
        """Asks it to end; its exit status."""
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.process.send_signal(signal_number)
        status = self.process.wait(timeout)
        self.reader.join(timeout)
        self.process = None
        return status

    def end(self):
        """After a test, whatever its outcome: nothing that it started may live on."""
        if self.process is None:
            return
        children = self.role_pids()
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        for pid in children.values():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait(TIMEOUT)
        self.reader.join(TIMEOUT)
        self.process = None

    def finish(self):
        """The orderly end, and what the log holds that the test did not expect."""
        problems = []
        if self.process is not None:
            try:
                status = self.stop()
                if status != 0 and "exit" not in self.expected:
                    problems.append(f"the server ended with status {status}")
            except subprocess.TimeoutExpired:
                self.end()
                problems.append("the server did not end after SIGTERM; its last lines:\n" + self.tail())
        return problems + self.problems()

    # ---- the log ----

    def mark(self):
        with self.changed:
            return len(self.events)

    def forget_log(self):
        with self.changed:
            self.checked = len(self.events)

    def expect(self, *names):
        """Error lines with these event names are part of the test."""
        self.expected.update(names)
        return self

    def problems(self):
        with self.changed:
            events = self.events[self.checked:]
            self.checked = len(self.events)
        return [e.line for e in events
                if (e.good and e.level == "error" and e.name not in self.expected)
                or ((not e.good or e.name == "stray-line")
                    and re.search(r"Sanitizer|runtime error|^\s*#\d|=\"?\s*#\d|SUMMARY", e.line))]

    def tail(self, count=25, since=0, without=()):
        """The last lines, without those of some roles."""
        with self.changed:
            return "\n".join([e.line for e in self.events[since:] if e.role not in without][-count:])

    def find_events(self, name, since=0, **fields):
        with self.changed:
            return [e for e in self.events[since:] if e.name == name and all(
                (e.role if k == "role_" else e.fields.get(k)) == str(v) for k, v in fields.items())]

    def wait_event(self, name, since=0, timeout=TIMEOUT, count=1, **fields):
        """The event with these fields, once it is in the log; fails when the server ends without it."""
        end = time.monotonic() + timeout
        while True:
            with self.changed:
                seen = len(self.events)
            found = self.find_events(name, since, **fields)
            if len(found) >= count:
                return found[-1]
            left = end - time.monotonic()
            alive = self.reader is not None and self.reader.is_alive()
            if left <= 0 or not alive:
                raise AssertionError(f"no {name} {fields} in the log{'' if alive else ' and the server has ended'}:\n{self.tail()}")
            with self.changed:
                if len(self.events) == seen:
                    self.changed.wait(min(left, 0.5))

    # ---- its processes ----

    def role_pids(self):
        """{role: pid} of the running roles."""
        found = {}
        master = self.process.pid
        for entry in os.listdir("/proc"):
            if not entry.isdigit():
                continue
            try:
                stat = pathlib.Path("/proc", entry, "stat").read_text()
                # Not the name in `stat`: it is the thread's.
                words = pathlib.Path("/proc", entry, "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            fields = stat.rpartition(")")[2].split()
            if int(fields[1]) == master and fields[0] != "Z" and len(words) > 2 and words[1] == b"role":
                found[words[2].decode()] = int(entry)
        return found

    def role_pid(self, role):
        """Once it runs: a role that has ended is back in a moment."""
        return wait_for(lambda: self.role_pids().get(role), what=f"the role {role}")

    def status(self):
        """What `postrider status --json` says."""
        said = self.cli("status", "--json", check=False)
        assert said.stdout, said.stderr
        return json.loads(said.stdout)

    def wait_running(self):
        """Until every role answers: a login before would be told to come again. Right after a kill, master believes that it still does."""
        for since, role in self.killed:
            self.wait_event("role-ended", since=since, role=role)
        self.killed.clear()
        wait_for(lambda: self.status()["state"] == "running", what="all roles")

    def kill_role(self, role, signal_number=signal.SIGKILL):
        self.expect("role-ended")
        pid = self.role_pid(role)
        self.killed.append((self.mark(), role))
        os.kill(pid, signal_number)
        return pid

    def kill(self):
        """As if the power had gone: all processes at once. Returns when none of them has a file open any more."""
        pids = [self.process.pid, *self.role_pids().values()]
        for pid in pids:
            # The master is the first; a role that has seen its end may be gone before its turn.
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait(TIMEOUT)
        wait_for(lambda: not any(is_running(pid) for pid in pids), what="the end of all processes")
        self.reader.join(TIMEOUT)
        self.process = None

    def memory(self, role):
        """Bytes of anonymous and shared memory, mapped files apart."""
        text = pathlib.Path("/proc", str(self.role_pid(role)), "status").read_text()
        numbers = dict(re.findall(r"^(\w+):\s+(\d+) kB", text, re.M))
        return 1024 * (int(numbers["RssAnon"]) + int(numbers["RssShmem"]))

    # ---- its command line ----

    def cli(self, *args, check=True, input=None, timeout=TIMEOUT, status=None):
        options = {"env": environment(self.environment)}
        if self.user:
            entry = pwd.getpwnam(self.user)
            options |= {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
        done = run(self.tool, "--config", self.config, *args, input=input, timeout=timeout, **options)
        if status is not None:
            assert done.returncode == status, f"{args}: status {done.returncode}, not {status}\n{done.stdout}\n{done.stderr}"
        elif check:
            assert done.returncode == 0, f"{args}: status {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def add_account(self, address, *options):
        text = self.cli("account", "add", address, "--generate", *options).stdout.decode()
        self.passwords[address] = text.split()[1]
        return self.passwords[address]

    # ---- clients ----

    def tls(self, **options):
        context = ssl.create_default_context(cafile=str(self.folder / "tls-cert.pem"))
        for name, value in options.items():
            setattr(context, name, value)
        return context

    def connect(self, service, timeout=TIMEOUT):
        """A raw connection that reads by lines."""
        return Raw(socket.create_connection(("127.0.0.1", self.ports[service]), timeout))

    def smtp(self, service="smtp", login=None, secure=True):
        if service == "submissions":
            context = self.tls(check_hostname=False)
            client = smtplib.SMTP_SSL("127.0.0.1", self.ports[service], "client.test", timeout=TIMEOUT, context=context)
        elif service == "lmtp":
            client = smtplib.LMTP("127.0.0.1", self.ports[service], "client.test", timeout=TIMEOUT)
        else:
            client = smtplib.SMTP("127.0.0.1", self.ports[service], "client.test", timeout=TIMEOUT)
        if service == "submission" and secure:
            client.starttls(context=self.tls(check_hostname=False))
        if login:
            client.login(login, self.passwords[login])
        return client

    def deliver(self, recipient, message, sender="someone@else.test", service="smtp", options=()):
        with self.smtp(service) as client:
            return client.sendmail(sender, recipient if isinstance(recipient, list) else [recipient], message, options)

    def pop3(self, address="alice@example.test", password=None, secure=False):
        if secure:
            client = poplib.POP3_SSL("127.0.0.1", self.ports["pop3s"], timeout=TIMEOUT, context=self.tls(check_hostname=False))
        else:
            client = poplib.POP3("127.0.0.1", self.ports["pop3"], timeout=TIMEOUT)
        try:
            client.user(address)
            client.pass_(password or self.passwords[address])
        except Exception:
            client.close()
            raise
        return client

    def messages(self, address="alice@example.test", delete=False):
        """Every message of a mailbox, as bytes with CR LF, without the trace fields that the server put on top."""
        client = self.pop3(address)
        try:
            count = client.stat()[0]
            found = [retrieve(client, number + 1) for number in range(count)]
            if delete:
                for number in range(count):
                    client.dele(number + 1)
        finally:
            client.quit()
        return found


def retrieve(client, number):
    """RETR without poplib's splitting: the bytes as they were sent, dots unstuffed."""
    client._putcmd(f"RETR {number}")
    client._getresp()
    raw = bytearray(b"\r\n")
    # Lines end in CR LF: only CR LF dot CR LF ends it, only CR LF dot begins a doubled one.
    while not raw.endswith(b"\r\n.\r\n"):
        piece = client.file.readline()
        assert piece, "the connection ended within a message"
        raw += piece
    return bytes(raw)[:-3].replace(b"\r\n..", b"\r\n.")[2:]


def split_message(raw):
    """(fields, body): the fields as a list of (name, unfolded value)."""
    head, _, body = raw.partition(b"\r\n\r\n")
    fields = []
    for line in head.split(b"\r\n"):
        if line[:1] in (b" ", b"\t") and fields:
            fields[-1] = (fields[-1][0], fields[-1][1] + b" " + line.strip())
        else:
            name, _, value = line.partition(b":")
            fields.append((name.decode(errors="replace").lower(), value.strip()))
    return fields, body


def field(raw, name):
    return next((value for key, value in split_message(raw)[0] if key == name.lower()), None)


def without_trace(raw):
    """The message as its sender wrote it: Return-Path, Received and the like stand before the first other field."""
    while True:
        match = re.match(rb"(?i)(return-path|received|delivered-to|x-original-to):[^\r\n]*\r\n([ \t][^\r\n]*\r\n)*", raw)
        if not match:
            return raw
        raw = raw[match.end():]


class Raw:
    """A socket with lines, for what no client library would send."""

    def __init__(self, sock):
        self.socket = sock
        self.file = sock.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        with contextlib.suppress(OSError):
            self.file.close()
        with contextlib.suppress(OSError):
            self.socket.close()

    def interrupt(self):
        """Ends the conversation of another thread, which hears of an end and closes for itself: a file must not go while somebody reads it."""
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)

    def send(self, data):
        self.socket.sendall(data.encode() if isinstance(data, str) else data)

    def line(self):
        return self.file.readline().decode(errors="replace").rstrip("\r\n")

    def reply(self):
        """A whole SMTP reply, as text."""
        lines = []
        while True:
            text = self.line()
            lines.append(text)
            if len(text) < 4 or text[3] != "-":
                return "\n".join(lines)

    def ask(self, command):
        self.send(command + "\r\n" if isinstance(command, str) else command + b"\r\n")
        return self.reply()

    def ask_pop3(self, command, multiline=False):
        self.send(command + "\r\n" if isinstance(command, str) else command + b"\r\n")
        first = self.line()
        if not multiline or not first.startswith("+OK"):
            return first
        lines = [first]
        while True:
            text = self.line()
            if text == ".":
                return "\n".join(lines)
            lines.append(text)

    def secure(self, context, name="mail.example.test"):
        self.file.close()
        self.socket = context.wrap_socket(self.socket, server_hostname=name)
        self.file = self.socket.makefile("rb")
        return self


def b64(data):
    return base64.b64encode(data.encode() if isinstance(data, str) else data).decode()
