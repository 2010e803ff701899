"""Mail servers by others, from Debian's packages, each a private instance in a throw-away folder on a loopback address of its own.

Both need root: Postfix's processes have users of their own; OpenSMTPD has fixed paths, which a mount namespace leads into the folder.
`missing()` says why they cannot run here.
"""

import contextlib
import grp
import os
import pathlib
import pwd
import re
import shlex
import shutil
import signal
import subprocess

from limits import TIMEOUT
from programs import listens, start_program

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
# Not installed but unpacked: its package and Postfix's exclude one another.
OPENSMTPD = pathlib.Path(os.environ.get("OPENSMTPD", ROOT / "build" / "peers" / "opensmtpd"))
POSTFIX_DAEMONS = pathlib.Path("/usr/lib/postfix/sbin")
MAILBOX_USER = "nobody"

# Debian's master.cf without what is not used here; nothing is chrooted, since a chroot would need files of its own.
MASTER_CF = """\
{address}:{port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
virtual unix - n n - - virtual
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""
SPOOL = [(name, "root", 0o700) for name in ("active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming", "private",
                                            "saved", "trace")]
SPOOL += [("public", "postdrop", 0o710), ("maildrop", "postdrop", 0o730)]


def missing(name):
    """Why this one cannot run here; None if it can."""
    if os.geteuid() != 0:
        return f"{name} needs root"
    if name == "postfix" and not (POSTFIX_DAEMONS / "master").exists():
        return "Postfix is not installed (scripts/setup check installs it where no other mail server is)"
    if name == "opensmtpd" and not (OPENSMTPD / "usr/sbin/smtpd").exists():
        return "OpenSMTPD is not unpacked (scripts/setup check does)"
    return None


def namespace(binds, command):
    """The command in a mount namespace of its own, where each place {place: file or folder} shows what it is bound to."""
    script = ["mount --make-rprivate /"]
    script += [f"mount --bind {shlex.quote(str(source))} {shlex.quote(str(place))}" for place, source in binds.items()]
    script.append("exec " + " ".join(shlex.quote(str(word)) for word in command))
    return ["unshare", "--mount", "sh", "-e", "-c", "\n".join(script)]


def descendants(pid):
    children = {}
    for entry in os.listdir("/proc"):
        with contextlib.suppress(OSError, ValueError):
            stat = pathlib.Path("/proc", entry, "stat").read_text().rpartition(")")[2].split()
            children.setdefault(int(stat[1]), []).append(int(entry))
    found, left = [], [pid]
    while left:
        for child in children.get(left.pop(), []):
            found.append(child)
            left.append(child)
    return found


class Foreign:
    """A process in the foreground, its log, its mailboxes (Maildir, one for each address)."""

    def __init__(self, folder, address, port, hostname, resolver=None):
        self.folder, self.address, self.port, self.hostname = pathlib.Path(folder), address, port, hostname
        self.process = None
        self.folder.mkdir(parents=True)
        self.folder.chmod(0o755)
        self.log_path = self.folder / "log"
        self.mail = self.folder / "mail"
        self.mail.mkdir()
        shutil.chown(self.mail, MAILBOX_USER)
        self.binds = {}
        if resolver:
            # Neither can be told another port than 53.
            (self.folder / "resolv.conf").write_text(f"nameserver {resolver}\noptions timeout:2 attempts:2\n")
            self.binds["/etc/resolv.conf"] = self.folder / "resolv.conf"

    def launch(self, command):
        self.process = start_program(command, lambda: listens(self.address, self.port), self.log_path, cwd=self.folder)
        return self

    def stop(self):
        """Ends it and whatever it started."""
        if self.process is None:
            return
        pids = descendants(self.process.pid)
        self.process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(10)
        for pid in [self.process.pid, *pids]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait(TIMEOUT)
        self.process = None

    terminate = stop

    def log(self):
        return self.log_path.read_text(errors="replace")

    def messages(self, address):
        """Every message of a mailbox, oldest first, with CR LF as on the wire."""
        found = [path for part in ("new", "cur") for path in (self.mail / address / part).glob("*")]
        return [re.sub(rb"\r?\n", b"\r\n", path.read_bytes()) for path in sorted(found, key=lambda p: (p.stat().st_mtime_ns, p.name))]


class Postfix(Foreign):
    def __init__(self, folder, address, port, hostname, mailboxes=(), resolver=None, next_port=None, settings=None):
        super().__init__(folder, address, port, hostname, resolver)
        for name in ("etc", "data", "spool", "spool/pid"):
            (self.folder / name).mkdir()
        shutil.chown(self.folder / "data", "postfix")
        # As `postfix start` would make them, which takes seconds for its checks.
        for name, group, mode in SPOOL:
            path = self.folder / "spool" / name
            path.mkdir()
            shutil.chown(path, "postfix", group)
            path.chmod(mode)
        (self.folder / "etc/master.cf").write_text(MASTER_CF.format(address=address, port=port))
        (self.folder / "etc/users").write_text("".join(f"{who} {who}/\n" for who in mailboxes))
        owner = pwd.getpwnam(MAILBOX_USER)
        self.settings = {
            "compatibility_level": "3.6",
            "queue_directory": self.folder / "spool",
            "data_directory": self.folder / "data",
            # Must be an address that an interface bears; that of master.cf counts. The other is known as its own by this.
            "inet_interfaces": "127.0.0.1",
            "proxy_interfaces": address,
            "inet_protocols": "ipv4",
            "myhostname": hostname,
            "mydestination": "",
            "mynetworks": "127.0.0.0/8",
            "alias_maps": "",
            "smtp_bind_address": address,
            "maillog_file": "/dev/stdout",
            "maillog_file_prefixes": "/dev",
            "smtp_tcp_port": next_port or 25,
            "virtual_mailbox_domains": " ".join(sorted({who.rpartition("@")[2] for who in mailboxes})),
            "virtual_mailbox_base": self.mail,
            "virtual_mailbox_maps": f"texthash:{self.folder}/etc/users",
            "virtual_uid_maps": f"static:{owner.pw_uid}",
            "virtual_gid_maps": f"static:{owner.pw_gid}",
            **(settings or {}),
        }

    def start(self):
        (self.folder / "etc/main.cf").write_text("".join(f"{name} = {value}\n" for name, value in self.settings.items()))
        return self.launch(namespace(self.binds, [POSTFIX_DAEMONS / "master", "-c", self.folder / "etc", "-s"]))

    def command(self, *args):
        done = subprocess.run([str(a) for a in args], capture_output=True, text=True, timeout=TIMEOUT, check=True)
        return done.stdout

    def flush(self):
        """Tries everything at once that waits."""
        self.command("postqueue", "-c", self.folder / "etc", "-f")

    def queue(self):
        return self.command("postqueue", "-c", self.folder / "etc", "-j").splitlines()


class OpenSMTPD(Foreign):
    USERS = {"opensmtpd": 61901, "opensmtpq": 61902}

    def __init__(self, folder, address, port, hostname, mailboxes=(), resolver=None, config=None):
        """config: the text of smtpd.conf after `listen`; without it, mail for its mailboxes is kept and all other mail goes where DNS says."""
        super().__init__(folder, address, port, hostname, resolver)
        for name in ("var/spool/smtpd", "var/lib/opensmtpd/empty", "run", "libexec"):
            (self.folder / name).mkdir(parents=True)
        (self.folder / "var/spool/smtpd").chmod(0o711)
        (self.folder / "var/run").symlink_to("/run")
        shutil.copytree(OPENSMTPD / "usr/libexec/opensmtpd", self.folder / "libexec/opensmtpd")
        users = "".join(f"{name}:x:{uid}:{uid}::/:/bin/false\n" for name, uid in self.USERS.items() if not self.known(pwd.getpwnam, name))
        groups = "".join(f"{name}:x:{uid}:\n" for name, uid in self.USERS.items() if not self.known(grp.getgrnam, name))
        (self.folder / "passwd").write_text(pathlib.Path("/etc/passwd").read_text() + users)
        (self.folder / "group").write_text(pathlib.Path("/etc/group").read_text() + groups)
        # It looks at its own mode before it asks the server.
        self.smtpctl = self.folder / "smtpctl"
        shutil.copy2(OPENSMTPD / "usr/sbin/smtpctl", self.smtpctl)
        os.chown(self.smtpctl, 0, self.USERS["opensmtpq"])
        self.smtpctl.chmod(0o2555)
        self.binds.update({
            "/etc/passwd": self.folder / "passwd",
            "/etc/group": self.folder / "group",
            "/usr/libexec": self.folder / "libexec",
            "/var": self.folder / "var",
            "/run": self.folder / "run",
        })
        domains = sorted({who.rpartition("@")[2] for who in mailboxes})
        own = f"""\
table domains {{ {", ".join(f'"{d}"' for d in domains)} }}
table users {{ {", ".join(f'"{who}" = "{MAILBOX_USER}"' for who in mailboxes)} }}
action "keep" maildir "{self.mail}/%{{rcpt}}" virtual <users>
match from any for domain <domains> action "keep"
""" if mailboxes else ""
        self.config = config if config is not None else own + 'action "out" relay\nmatch from any for any action "out"\n'
        self.options = ""

    @staticmethod
    def known(look_up, name):
        with contextlib.suppress(KeyError):
            return look_up(name)

    def start(self):
        path = self.folder / "smtpd.conf"
        path.write_text(f"listen on {self.address} port {self.port} hostname {self.hostname} {self.options}\n{self.config}")
        path.chmod(0o600)
        return self.launch(namespace(self.binds, [OPENSMTPD / "usr/sbin/smtpd", "-d", "-f", path]))

    def control(self, *args):
        """smtpctl beside the running server."""
        command = ["nsenter", "-t", str(self.process.pid), "-m", str(self.smtpctl), *args]
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT, check=False)
        assert done.returncode == 0, f"smtpctl {args}: {done.stdout}{done.stderr}"
        return done.stdout

    def flush(self):
        self.control("schedule", "all")

    def queue(self):
        return self.control("show", "queue").splitlines()
