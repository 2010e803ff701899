"""Name servers by others on loopback, each with zones from files of its folder: NSD, BIND and Knot."""

import contextlib
import os
import pathlib
import shutil
import time

from ports import PortTaken, on_free_port
from programs import TIMEOUT, end_program, start_program
from resolver import ask

SECRET = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="  # of "update-key", with which BIND and Knot take updates


class NameServer:
    """
    A process that serves `zones`, {name: file in the folder}. Its `port` is chosen when it starts; one that must be known before is given,
    and waited for when somebody else has it just then.
    """

    def __init__(self, folder, zones=None, address="127.0.0.1", port=None):
        self.folder, self.zones, self.address, self.port = pathlib.Path(folder), dict(zones or {}), address, port
        self.folder.mkdir(exist_ok=True)
        self.process = None

    def configure(self):
        """Writes the settings for address, port and zones; the command."""
        raise NotImplementedError

    def start(self):
        if self.port is None:
            self.process = on_free_port(self._start)
        else:
            end = time.monotonic() + TIMEOUT
            while self.process is None:
                with contextlib.suppress(PortTaken) if time.monotonic() < end else contextlib.nullcontext():
                    self.process = self._start(self.port)
        return self

    def _start(self, port):
        self.port = port
        return start_program(self.configure(), self.answers, self.folder / "log", cwd=self.folder)

    def answers(self):
        return ask(self.address, self.port, next(iter(self.zones), "."), "SOA", timeout=1)

    def stop(self):
        end_program(self.process)
        self.process = None

    def restart(self):
        self.stop()
        return self.start()

    def log(self):
        return (self.folder / "log").read_text(errors="replace")

    @property
    def at(self):
        return f"{self.address}@{self.port}"


class Nsd(NameServer):
    NAME = "nsd"
    more = "remote-control:\n  control-enable: no\n"  # further lines of the section "server", and this section

    def configure(self):
        path = self.folder / "nsd.conf"
        text = f"""server:
  ip-address: {self.address}
  port: {self.port}
  username: ""
  chroot: ""
  zonesdir: "{self.folder}"
  database: ""
  pidfile: "{self.folder}/nsd.pid"
  xfrdfile: "{self.folder}/xfrd.state"
  zonelistfile: "{self.folder}/zone.list"
  server-count: 1
{self.more}"""
        text += "".join(f'zone:\n  name: "{name}"\n  zonefile: "{file}"\n' for name, file in self.zones.items())
        path.write_text(text)
        return ["nsd", "-d", "-c", path]


class Bind(NameServer):
    NAME = "named"
    policy = "grant update-key zonesub ANY;"

    def configure(self):
        path = self.folder / "named.conf"
        path.write_text(f"""key "update-key" {{ algorithm hmac-sha256; secret "{SECRET}"; }};
options {{ directory "{self.folder}"; listen-on port {self.port} {{ {self.address}; }}; listen-on-v6 {{ none; }}; pid-file "{self.folder}/pid";
  recursion no; session-keyfile "{self.folder}/session.key"; dnssec-validation no; }};
controls {{ }};
""" + "".join(f'zone "{name}" {{ type primary; file "{self.folder}/{file}"; update-policy {{ {self.policy} }}; }};\n'
              for name, file in self.zones.items()))
        os.chmod(self.folder, 0o777)
        # With -g it says on standard error why it ends.
        return ["named", "-g", "-c", path, "-n", "1"]


class Knot(NameServer):
    NAME = "knotd"

    def configure(self):
        path = self.folder / "knot.conf"
        path.write_text(f"""server:
    rundir: "{self.folder}"
    listen: {self.address}@{self.port}
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
database:
    storage: "{self.folder}"
    journal-db-max-size: 10M
    kasp-db-max-size: 10M
    timer-db-max-size: 10M
    catalog-db-max-size: 10M
key:
  - id: update-key
    algorithm: hmac-sha256
    secret: {SECRET}
acl:
  - id: update
    key: update-key
    action: update
zone:
""" + "".join(f'  - domain: {name}\n    file: "{self.folder}/{file}"\n    acl: update\n' for name, file in self.zones.items()))
        return ["knotd", "-c", path]


def is_installed(kind):
    return shutil.which(kind.NAME) is not None
