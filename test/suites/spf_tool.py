"""Speaks with test/support/spf_tool.c: a zone, and what SPF says of a client over it."""
import ipaddress
import subprocess

TYPES = {"A": 1, "CNAME": 5, "PTR": 12, "MX": 15, "TXT": 16, "AAAA": 28}


def wire_name(name):
    out = b""
    for label in name.rstrip(".").split("."):
        if label:
            out += bytes([len(label)]) + label.encode("latin-1")
    return out + b"\0"


def wire_text(strings):
    return b"".join(bytes([len(part)]) + part for part in strings)


def wire(kind, value):
    """Record data as on the wire; TXT takes a text or a list of strings."""
    if kind in ("A", "AAAA"):
        return ipaddress.ip_address(value).packed
    if kind in ("PTR", "CNAME"):
        return wire_name(value)
    if kind == "MX":
        return value[0].to_bytes(2, "big") + wire_name(value[1])
    strings = [value] if isinstance(value, (str, bytes)) else value
    octets = [s if isinstance(s, bytes) else s.encode("utf-8") for s in strings]
    pieces = []
    for text in octets:
        pieces += [text[i:i + 255] for i in range(0, len(text), 255)] or [b""]
    return wire_text(pieces)


class Tool:
    def __init__(self, program):
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8")

    def say(self, *fields):
        self.process.stdin.write("\t".join(fields) + "\n")

    def zone(self, records):
        """records: (name, type, status, value or None)"""
        self.say("zone")
        for name, kind, status, value in records:
            self.say("record", name, str(TYPES[kind]), status, "-" if value is None else wire(kind, value).hex() or "-")

    def check(self, address, helo, sender, receiver=""):
        local, _, domain = sender.rpartition("@") if sender else ("", "", helo)
        texts = [text.encode("utf-8").hex() or "-" for text in (helo, local, domain, receiver)]
        self.say("spf", address, *texts)
        self.process.stdin.flush()
        result, cause, lookups, explanation = self.process.stdout.readline().rstrip("\n").split("\t")
        return result, int(cause), int(lookups), explanation

    def dmarc(self, author, spf, dkim):
        """Domains that have passed, or None: the result, and the policy for this author."""
        self.say("dmarc", author, spf or "-", dkim or "-")
        self.process.stdin.flush()
        return tuple(self.process.stdout.readline().rstrip("\n").split("\t"))

    def close(self):
        self.process.stdin.close()
        return self.process.wait(10)
