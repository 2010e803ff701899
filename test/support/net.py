"""
A small internet on loopback: hosts with an address each, all SMTP servers on one port, and a DNS of their own, signed from its root on.

NSD serves the zones; a Liar stands before it (`net.dns`, see resolver.py). Whoever is to live in the net gets `net.settings(...)`: the root as
a stub zone and its key as trust anchor. Zones may change at any time: `publish` returns when the change is served.
"""

import base64
import contextlib
import hashlib
import os
import pathlib
import shutil
import struct
import subprocess
import time

import foreign
from certificates import Authority
from hosts import Host, PolicyHost, ReportHost
from limits import TIMEOUT
from name_servers import Nsd
from ports import free_network, free_port, on_free_port
from resolver import Liar, ask, wire_name
from server import Server

TOP = "example"  # resolvers answer .test by themselves (RFC 6761)
TTL = 1          # seconds; what changes is seen after them


def run(*args, cwd):
    done = subprocess.run([str(a) for a in args], cwd=cwd, capture_output=True, text=True, timeout=TIMEOUT, check=False)
    assert done.returncode == 0, f"{args}: {done.stdout}{done.stderr}"
    return done.stdout


class Zone:
    """Records by (owner, type); owners are full names without the last dot."""

    def __init__(self, net, name, signed):
        self.net, self.name, self.signed = net, name, signed
        self.label = name or "root"
        self.records, self.serial, self.changed = {}, 0, True
        self.key = run("ldns-keygen", "-k", "-a", "ECDSAP256SHA256", "-r", "/dev/urandom", name or ".", cwd=net.folder).strip() if signed else None

    def anchor(self):
        """The DS record of its key, as one line (RFC 4509)."""
        flags, protocol, algorithm, key = (self.net.folder / f"{self.key}.key").read_text().split(";")[0].split()[-4:]
        key = struct.pack(">HBB", int(flags), int(protocol), int(algorithm)) + base64.b64decode(key)
        digest = hashlib.sha256(wire_name(self.name) + key).hexdigest()
        return f"{self.name}. IN DS {int(self.key.rpartition('+')[2])} {algorithm} 2 {digest}"

    def set(self, owner, kind, *data):
        """All records of that name and type; none takes them away."""
        self.records.pop((owner, kind), None)
        if data:
            self.records[owner, kind] = list(data)
        self.changed = True

    def write(self):
        self.serial += 1
        lines = [f"{self.name}. {TTL} IN SOA ns.{TOP}. host.{TOP}. {self.serial} 60 60 86400 {TTL}", f"{self.name}. {TTL} IN NS ns.{TOP}."]
        lines += [f"{owner}. {TTL} IN {kind} {datum}" for (owner, kind), data in self.records.items() for datum in data]
        plain, served = self.net.folder / f"{self.label}.plain", self.net.folder / f"{self.label}.zone"
        plain.write_text("\n".join(lines) + "\n")
        if self.signed:
            run("ldns-signzone", "-o", self.name or ".", "-f", f"{served}.new", plain, self.key, cwd=self.net.folder)
            os.replace(f"{served}.new", served)
        else:
            os.replace(plain, served)
        self.changed = False


class Net:
    def __init__(self, folder, templates=None, privileged=False):
        """
        privileged: SMTP on port 25 and a resolver on port 53, for programs that know no others; needs root. templates: a function of a
        domain and the names of its accounts that gives a data folder with them, for Postriders.
        """
        self.templates, self.hosts, self.servers, self.companies = templates, [], [], 0
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o755)
        self.prefix, self.next = free_network(), 10
        self.port, self.https_port = 25 if privileged else free_port(), free_port()
        self.ca = Authority(self.folder / "ca")
        self.zones, self.closing = {}, contextlib.ExitStack()
        self.resolver, self.server = f"{self.prefix}.3", f"{self.prefix}.2"
        try:
            self._zone("", True)
            self._zone(TOP, True).set(f"ns.{TOP}", "A", self.server)
            for zone in self.zones.values():
                zone.write()
            self.nsd = Nsd(self.folder, self._files(), address=self.server)
            self.nsd.more = self._nsd_more()
            self.closing.callback(self.nsd.stop)
            self.nsd.start()
            more = [(self.resolver, 53)] if privileged else []
            self.dns = on_free_port(lambda port: Liar((self.server, self.nsd.port), [(self.resolver, port), *more]))
            self.closing.callback(self.dns.close)
            self.dns_port = self.dns.port
        except BaseException:
            self.close()
            raise

    def close(self):
        self.closing.close()

    # ---- hosts and names ----

    def address(self):
        """A new one for a host of this net."""
        self.next += 1
        assert self.next < 255, "the net is full"
        return f"{self.prefix}.{self.next}"

    def domain(self, name, signed=True):
        """A zone for it, so that it can hold records; below .example. Unsigned ones are insecure delegations."""
        return self.zones.get(name) or self._zone(name, signed)

    def new_domain(self, signed=True):
        """One with a name that nobody has used, so that nothing is remembered of it."""
        self.companies += 1
        return self.domain(f"company{self.companies}.example", signed).name

    def zone_of(self, owner):
        labels = owner.split(".")
        return next(self.zones[name] for i in range(len(labels) + 1) if (name := ".".join(labels[i:])) in self.zones)

    def set(self, owner, kind, *data):
        self.zone_of(owner).set(owner, kind, *data)

    def mx(self, domain, *hosts):
        """In the order of preference; a tuple of names shares one."""
        data = []
        for number, names in enumerate(hosts):
            data += [f"{10 * (number + 1)} {name}." for name in ([names] if isinstance(names, str) else names)]
        self.set(domain, "MX", *data)

    def publish(self):
        """Signs and serves what has changed; returns when questions are answered with it."""
        changed = [zone for zone in self.zones.values() if zone.changed]
        for zone in changed:
            zone.write()
        if changed:
            self.nsd.zones = self._files()
            self.nsd.configure()
            self._control("reconfig")
            self._control("reload")
            for zone in changed:
                self._wait_served(zone)
        return self

    def settings(self, address, **more):
        """What a Postrider needs to live here at that address."""
        return {
            "relay_port": self.port,
            "relay_networks": ["127.0.0.0/8", "::1"],
            "relay_source": [address],
            # The zone that has others below it is a stub of its own: of one server for both, a resolver takes the child's word on DS else.
            "dns_server": f"{self.resolver}@{self.dns_port}",
            "dns_stubs": [f"{TOP}. {self.resolver}@{self.dns_port}"],
            "dns_anchors": [self.zones[""].anchor()],
            "ca_file": str(self.ca.certificate),
            "https_port": self.https_port,
            **more,
        }

    # ---- who lives here ----

    def host(self, name, certificate=True, **options):
        """A scripted host (hosts.py) of that name; with a good certificate, another one, or None."""
        address = self.address()
        self.set(name, "A", address)
        made = Host(address, self.port, name, certificate=self.ca.issue(name) if certificate is True else certificate, **options)
        self.hosts.append(made)
        self.closing.callback(made.close)
        return made

    def company(self, signed=True, **options):
        """A new domain with one host; `domain` and `bob`, an address there, are the host's."""
        domain = self.new_domain(signed)
        made = self.host(f"mx.{domain}", **options)
        made.domain, made.bob = domain, f"bob@{domain}"
        self.mx(domain, made.name)
        return made

    @contextlib.contextmanager
    def guests(self):
        """Hosts that come meanwhile go at the end, and no lie of the name server stays. Gives their list, whole after the end."""
        guests, before = [], len(self.hosts)
        with contextlib.ExitStack() as stack:
            self.closing, kept = stack, self.closing
            try:
                yield guests
            finally:
                self.closing = kept
                self.dns.clear()
                guests += self.hosts[before:]
                del self.hosts[before:]

    def policy_host(self, domain, text, certificate=None, ident="1"):
        """An MTA-STS policy for the domain, and the record that tells of it."""
        name, address = f"mta-sts.{domain}", self.address()
        self.set(name, "A", address)
        self.set(f"_mta-sts.{domain}", "TXT", f'"v=STSv1; id={ident};"')
        made = PolicyHost(address, self.https_port, certificate or self.ca.issue(name), text)
        self.closing.callback(made.close)
        return made

    def report_host(self, name, certificate=None):
        """A host of that name that takes reports by HTTPS."""
        address = self.address()
        self.set(name, "A", address)
        made = ReportHost(address, self.https_port, certificate or self.ca.issue(name))
        self.closing.callback(made.close)
        return made

    def tlsa(self, name, *data):
        self.set(f"_{self.port}._tcp.{name}", "TLSA", *data)

    def postrider(self, name, domain=None, accounts=(), start=True, user=None, environment=None, **settings):
        """A Postrider of that name, which keeps the domain's mail, and is a Server (server.py) for the rest."""
        address = self.address()
        self.set(name, "A", address)
        made = Server(self.folder / f"p{len(self.servers)}", self.templates(domain, accounts), {}, user=user, environment=environment)
        certificate = self.ca.issue(name)
        made.address = address
        shutil.copy(self.ca.certificate, made.folder / "tls-cert.pem")  # what a Server's own clients trust
        made.write_config(hostname=name, tls_certificates=[str(certificate.chain)], tls_keys=[str(certificate.key)],
                          smtp_listen=[f"{address}:{self.port}", f"127.0.0.1:{made.ports['smtp']}"], **{**self.settings(address), **settings})
        certificate.key.chmod(0o600)
        self.servers.append(made)
        self.closing.callback(made.end)
        if domain:
            self.domain(domain)
            self.mx(domain, name)
        return made.start() if start else made

    def foreign(self, kind, name, domain, accounts=(), **options):
        """A foreign.Postfix or foreign.OpenSMTPD, which keeps the domain's mail."""
        address = self.address()
        self.domain(domain)
        self.set(name, "A", address)
        self.mx(domain, name)
        if kind is foreign.Postfix:
            options["next_port"] = self.port
        made = kind(self.folder / name, address, self.port, name, [f"{account}@{domain}" for account in accounts],
                    resolver=self.resolver if self.port == 25 else None, **options)
        self.closing.callback(made.stop)
        return made

    def finish(self):
        """The orderly end of all Postriders, and everything that went wrong unnoticed."""
        problems = []
        for server in self.servers:
            problems += server.finish()
        for host in self.hosts:
            problems += host.faults
        return problems

    # ---- the name server ----

    def _zone(self, name, signed):
        zone = self.zones[name] = Zone(self, name, signed)
        if name:
            parent = self.zone_of(name.partition(".")[2])
            for owner, kind in [key for key in parent.records if key[0] == name or key[0].endswith("." + name)]:
                zone.records[owner, kind] = parent.records.pop((owner, kind))
            parent.set(name, "NS", f"ns.{TOP}.")
            if signed:
                parent.set(name, "DS", zone.anchor().partition(" DS ")[2])
        return zone

    def _files(self):
        return {zone.name or ".": f"{zone.label}.zone" for zone in self.zones.values()}

    def _nsd_more(self):
        return f"""  minimal-responses: yes
  rrl-ratelimit: 0
  rrl-whitelist-ratelimit: 0
remote-control:
  control-enable: yes
  control-interface: "{self.folder}/nsd.ctl"
"""

    def _control(self, verb):
        run("nsd-control", "-c", self.folder / "nsd.conf", verb, cwd=self.folder)

    def _wait_served(self, zone):
        end = time.monotonic() + TIMEOUT
        while True:
            answer = ask(self.server, self.nsd.port, zone.name, "SOA", timeout=0.5)
            # The serial is the fifth number from the end of the record's data.
            if answer and answer[7] == 1 and zone.serial.to_bytes(4, "big") in answer:
                return
            assert self.nsd.process.poll() is None and time.monotonic() < end, f"NSD does not serve {zone.label}: {self.nsd.log()}"
            time.sleep(0.01)
