"""A Cyrus of Debian's for measurements: what it does beside ours, over IMAP and JMAP, with TLS for the latter.

Its packages exclude Dovecot's, so that `scripts/setup bench` unpacks them below build/peers, and it runs from there as user `nobody`.
"""

import os
import pathlib
import shutil
import subprocess

from programs import end_program, listens, start_program

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
CYRUS = pathlib.Path(os.environ.get("CYRUS", ROOT / "build/peers/cyrus"))
PROGRAMS = CYRUS / "usr/lib/cyrus/bin"
# Messages that its indexer takes at once: more than any test has. Where there are more than fit, the indexer of Debian 12 (3.6.1)
# goes through the first batch again and again.
BATCH = 10_000_000
AS_USER = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]


def environment():
    libraries = next(CYRUS.glob("usr/lib/*/libcyrus.so.0")).parent
    return {**os.environ, "LD_LIBRARY_PATH": str(libraries)}


def is_installed():
    return os.geteuid() == 0 and (PROGRAMS / "httpd").exists() and shutil.which("saslpasswd2") is not None


class Cyrus:
    """Runs in the foreground below a folder that user `nobody` can reach; `imap` and `https` are its ports."""

    def __init__(self, folder, certificate, key, imap, https, users):
        self.folder, self.imap, self.https, self.users, self.process = pathlib.Path(folder), imap, https, users, None
        self.folder.mkdir(parents=True)
        for name in ("conf", "spool", "sock", "search"):
            (self.folder / name).mkdir()
        shutil.copy2(certificate, self.folder / "cert.pem")
        shutil.copy2(key, self.folder / "key.pem")
        self.settings = self.folder / "imapd.conf"
        self.settings.write_text(f"""configdirectory: {self.folder}/conf
partition-default: {self.folder}/spool
cyrus_user: nobody
cyrus_group: nogroup
servername: example.test
admins: cyrus
sasl_pwcheck_method: auxprop
sasl_auxprop_plugin: sasldb
sasl_sasldb_path: {self.folder}/sasldb2
sasl_mech_list: PLAIN
allowplaintext: yes
virtdomains: userid
defaultdomain: example.test
unixhierarchysep: yes
altnamespace: yes
conversations: 1
httpmodules: jmap
search_engine: xapian
search_batchsize: {BATCH}
defaultsearchtier: t1
t1searchpartition-default: {self.folder}/search
tls_server_cert: {self.folder}/cert.pem
tls_server_key: {self.folder}/key.pem
lmtpsocket: {self.folder}/sock/lmtp
idlesocket: {self.folder}/sock/idle
notifysocket: {self.folder}/sock/notify
""")
        (self.folder / "cyrus.conf").write_text(f"""START {{ recover cmd="{PROGRAMS}/ctl_cyrusdb -C {self.settings} -r" }}
SERVICES {{
  imap cmd="{PROGRAMS}/imapd -C {self.settings} -U 100" listen="127.0.0.1:{imap}" prefork=1 proto=tcp4
  https cmd="{PROGRAMS}/httpd -C {self.settings} -s -U 1000000" listen="127.0.0.1:{https}" prefork=4 proto=tcp4
}}
EVENTS {{ checkpoint cmd="{PROGRAMS}/ctl_cyrusdb -C {self.settings} -c" period=30 }}
""")
        for user, password in {**users, "cyrus": "bench-cyrus"}.items():
            subprocess.run(["saslpasswd2", "-p", "-c", "-f", self.folder / "sasldb2", "-u", "example.test", user], input=password.encode(), check=True)
        subprocess.run(["chown", "-R", "nobody:nogroup", self.folder], check=True)

    def run(self, program, *args):
        return subprocess.run([*AS_USER, PROGRAMS / program, "-C", self.settings, *args], env=environment(), check=True, capture_output=True)

    def start(self):
        self.process = start_program([*AS_USER, PROGRAMS / "master", "-C", self.settings, "-M", self.folder / "cyrus.conf", "-p",
                                      self.folder / "master.pid"],
                                     lambda: all(listens("127.0.0.1", port) for port in (self.imap, self.https)), self.folder / "log",
                                     env=environment())

    def fill(self, user, maildir):
        """The messages of a Maildir become the INBOX of a user who has logged in once."""
        where = self.run("mbpath", f"user/{user}").stdout.decode().strip()
        for number, path in enumerate(sorted(pathlib.Path(maildir).rglob("*")), 1):
            if path.is_file() and path.parent.name in ("cur", "new"):
                (pathlib.Path(where) / f"{number}.").write_bytes(path.read_bytes())
        subprocess.run(["chown", "-R", "nobody:nogroup", where], check=True)
        self.run("reconstruct", "-q", f"user/{user}")
        self.run("ctl_conversationsdb", "-b", user)
        self.run("squatter", "-v", f"user/{user}")

    def stop(self):
        end_program(self.process)
        self.process = None
