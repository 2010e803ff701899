"""A Dovecot of Debian's for tests and measurements: what a client does must come out alike there and here."""

import os
import pathlib
import pwd
import shutil

from programs import end_program, listens, start_program

USERS = ("alice@example.test", "bob@example.test")
OWNER = "mail"


def is_installed():
    return os.geteuid() == 0 and shutil.which("dovecot") is not None and pathlib.Path("/usr/lib/dovecot/imap").exists()


class Dovecot:
    """Runs in the foreground below a folder. `ports`, `passwords` and `folder` are as those of server.Server."""

    def __init__(self, folder, certificate, key, ports, location="maildir:{}/mail/%u", users=None, more=""):
        self.folder = pathlib.Path(folder)
        self.ports = ports
        self.passwords = {who: f"peer-horse-{who.partition('@')[0]}" for who in USERS} | (users or {})
        self.process = None
        self.folder.mkdir(parents=True)
        self.folder.chmod(0o755)
        shutil.copy2(certificate, self.folder / "tls-cert.pem")
        shutil.copy2(key, self.folder / "tls-key.pem")
        (self.folder / "tls-cert.pem").chmod(0o644)
        (self.folder / "mail").mkdir()
        entry = pwd.getpwnam(OWNER)
        os.chown(self.folder / "mail", entry.pw_uid, entry.pw_gid)
        (self.folder / "users").write_text("".join(f"{who}:{{PLAIN}}{password}::::::\n" for who, password in self.passwords.items()))
        self.config = self.folder / "dovecot.conf"
        self.config.write_text(f"""protocols = imap
listen = 127.0.0.1
base_dir = {self.folder}/run
log_path = /dev/stderr
ssl = yes
ssl_cert = <{self.folder}/tls-cert.pem
ssl_key = <{self.folder}/tls-key.pem
disable_plaintext_auth = no
mail_location = {location.format(self.folder)}
mail_uid = {entry.pw_uid}
mail_gid = {entry.pw_gid}
first_valid_uid = 1
first_valid_gid = 1
mail_max_userip_connections = 20000
passdb {{
  driver = passwd-file
  args = {self.folder}/users
}}
userdb {{
  driver = static
  args = uid={entry.pw_uid} gid={entry.pw_gid} home={self.folder}/mail/%u
}}
namespace inbox {{
  inbox = yes
  separator = /
  mailbox Drafts {{
    special_use = \\Drafts
    auto = create
  }}
  mailbox Sent {{
    special_use = \\Sent
    auto = create
  }}
  mailbox Trash {{
    special_use = \\Trash
    auto = create
  }}
}}
service imap-login {{
  inet_listener imap {{
    port = {ports['imap']}
  }}
  inet_listener imaps {{
    port = {ports['imaps']}
    ssl = yes
  }}
}}
service anvil {{
  client_limit = 30000
}}
{more}
""")

    def start(self):
        self.process = start_program(["dovecot", "-F", "-c", self.config], lambda: listens("127.0.0.1", self.ports["imap"]), self.folder / "log")
        return self

    def stop(self):
        end_program(self.process)
        self.process = None

    terminate = end = stop
