#!/usr/bin/env python3
"""DKIM and ARC against other implementations, dkimpy (python3-dkim), Mail::DKIM (libmail-dkim-perl) and OpenDKIM: they verify
what we sign, also after what relays do to it, and we verify what they sign; and all have one opinion of what was changed.

    test/system/dkim_differential.py build/test/dkim_tool [MAILS [SEED]]
"""
import json
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time

try:
    import dkim
except ImportError:
    sys.exit(77)  # skipped: scripts/setup check installs it

DOMAIN = "example.org"
NOW = int(time.time())
PERL_VERIFY = """
use Mail::DKIM::Verifier;
my %zone; open my $z, '<', shift or die; while (<$z>) { chomp; my ($n, $t) = split / /, $_, 2; $zone{$n} = $t; }
{ no warnings; *Mail::DKIM::DNS::query = sub { my ($n) = @_; return exists $zone{$n} ? (bless \\$zone{$n}, 'Answer') : (); }; }
package Answer; sub type { 'TXT' } sub txtdata { ${$_[0]} } sub char_str_list { ${$_[0]} }
package main;
for my $file (@ARGV) {
    my $v = Mail::DKIM::Verifier->new();
    open my $f, '<:raw', $file or die; local $/; my $m = <$f>;
    $v->PRINT($m); $v->CLOSE; print $v->result, "\\n";
}
"""
PERL_SIGN = """
use Mail::DKIM::Signer; use Mail::DKIM::PrivateKey;
my ($key, $selector, $method) = splice @ARGV, 0, 3;
for my $file (@ARGV) {
    my $s = Mail::DKIM::Signer->new(Algorithm => 'rsa-sha256', Method => $method, Domain => 'example.org', Selector => $selector, KeyFile => $key);
    open my $f, '<:raw', $file or die; local $/; my $m = <$f>; close $f;
    $s->PRINT($m); $s->CLOSE;
    my $field = $s->signature->as_string; $field =~ s/\\r?\\n/\\r\\n/g;
    open my $o, '>:raw', "$file.perl" or die; print $o $field, "\\r\\n", $m; close $o;
}
"""
WORDS = ["a", "word", "and", "Größe", "x" * 70, ".", "From ", "--", "\t", "  ", " ", "=20", "日本", "<b>", "1;2", "a=b"]


def blanks(r):
    return r.choice([" ", " ", " ", "  ", "\t", " \t "])


def text(r, most):
    return blanks(r).join(r.choice(WORDS) for _ in range(r.randrange(most)))


def field(r, name):
    body = "".join((r.choice(["\r\n ", "\r\n\t", " ", " "]) if i else r.choice([" ", "", "  "])) + r.choice(["one", "<a@b.example>", "è", "x" * 60, "c=d;", "e:f", "\t g"])
                   for i in range(r.randrange(1, 8)))
    return f"{r.choice([name, name, name.lower(), name.upper()])}:{body}{r.choice(['', '', ' ', chr(9)])}\r\n"


def mail(r):
    """A header with From, any of the others, in any order; a body of any lines."""
    names = ["From"] + r.sample(["To", "Subject", "Date", "Message-ID", "Cc", "X-A", "Received", "List-Id", "Content-Type", "MIME-Version", "References", "X-A", "Received"], r.randrange(9))
    r.shuffle(names)
    lines = [r.choice(["", "", " ", "\t", text(r, 12), text(r, 12), text(r, 60)]) for _ in range(r.randrange(14))]
    return ("".join(field(r, name) for name in names) + "\r\n" + "".join(line + "\r\n" for line in lines)).encode()


def relay(r, message):
    """What relaxed signatures survive: folds and blanks moved, names in another case, fields above, lines at the end."""
    head, body = message.split(b"\r\n\r\n", 1) if b"\r\n\r\n" in message else (message[:-2], b"")
    fields = re.findall(rb"[^\r\n]+(?:\r\n[ \t][^\r\n]*)*", head)
    out = [b"Received: from a by b"]
    for one in fields:
        name, value = one.split(b":", 1)
        if name.lower() != b"dkim-signature" and r.random() < 0.5:
            value = re.sub(rb"[ \t]+", lambda _: r.choice([b" ", b"  ", b"\t", b" \t"]), re.sub(rb"\r\n", b"", value))
            name = name.swapcase()
        out.append(name + b":" + value)
    body = b"".join(re.sub(rb"(?<=[^ \t])[ \t]+(?=[^ \t])", lambda _: r.choice([b" ", b"\t "]), line) + r.choice([b"", b" ", b"\t"]) + b"\r\n" for line in body.split(b"\r\n")[:-1])
    return b"\r\n".join(out) + b"\r\n\r\n" + body + b"\r\n" * r.randrange(3)


def change(r, message):
    """One letter of the message, below the fields of signatures, becomes another."""
    end = message.index(b"\r\n")
    while message[end + 2:end + 3] in (b" ", b"\t") or message[end + 2:end + 6] == b"ARC-":
        end = message.index(b"\r\n", end + 2)
    places = [i for i in range(end + 2, len(message)) if chr(message[i]).isalnum() and message[i] < 128]
    at = r.choice(places)
    return message[:at] + bytes([message[at] ^ 1]) + message[at + 1:]


class Peers:
    def __init__(self, tool, folder):
        self.tool, self.folder = tool, pathlib.Path(folder)
        self.zone, self.records, self.keys = self.folder / "zone", {}, {}
        for selector, kind in (("rsa", ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"]), ("ed", ["-algorithm", "ED25519"])):
            key = self.folder / f"{selector}.pem"
            subprocess.run(["openssl", "genpkey", "-quiet", *kind, "-out", key], check=True, stderr=subprocess.DEVNULL)
            self.keys[selector] = key
            self.records[f"{selector}._domainkey.{DOMAIN}"] = subprocess.run([tool, "record", key], check=True, capture_output=True, text=True).stdout.strip()
        self.zone.write_text("".join(f"{name} {record}\n" for name, record in self.records.items()))

    def put(self, name, content):
        (self.folder / name).write_bytes(content)
        return str(self.folder / name)

    def sign(self, selector, paths):
        subprocess.run([self.tool, "sign", str(NOW), self.keys[selector], DOMAIN, selector, *paths], check=True)
        return [path + ".signed" for path in paths]

    def verify(self, paths):
        out = subprocess.run([self.tool, "verify", str(NOW), self.zone, *paths], check=True, capture_output=True, text=True).stdout
        return [json.loads(line) for line in out.splitlines()]

    def dkimpy(self, path):
        try:
            return dkim.verify(pathlib.Path(path).read_bytes(), dnsfunc=lambda name, timeout=5: self.records.get(name.decode().rstrip("."), "").encode() or None)
        except dkim.DKIMException:
            return False

    def perl(self, script, *args):
        return subprocess.run(["perl", "-e", script, *map(str, args)], check=True, capture_output=True, text=True).stdout.split()

    def opendkim(self, paths):
        """Whether each is good, as it says in its test mode; of mail whose From it cannot read it says that it is not signed, whatever stands there: None."""
        config = self.folder / "opendkim.conf"
        config.write_text(f"Mode v\nTestPublicKeys {self.zone}\nSyslog no\n")
        said = subprocess.run([shutil.which("opendkim", path="/usr/sbin:/usr/bin"), "-x", config, "-v", "-t", ",".join(paths)], capture_output=True, text=True)
        found = dict(re.findall(r"^opendkim: (\S+): verification .*?(succeeded|failed)\b", said.stdout + said.stderr, re.M))
        return [found.get(path) and found[path] == "succeeded" for path in paths]

    def dkimpy_sign(self, path, canonicalize):
        message = pathlib.Path(path).read_bytes()
        key = self.keys["rsa"].read_bytes()
        names = sorted({name.lower() for name in re.findall(rb"^([!-9;-~]+):", message.split(b"\r\n\r\n")[0], re.M)} - {b"received"})
        signed = dkim.sign(message, b"rsa", DOMAIN.encode(), key, canonicalize=canonicalize, include_headers=names + [b"from"])
        return self.put(pathlib.Path(path).name + ".dkimpy", signed + message)


def differ(what, paths, ours, theirs):
    """Prints where they differ; how often."""
    wrong = [(path, a, b) for path, a, b in zip(paths, ours, theirs, strict=True) if a != b]
    for path, a, b in wrong[:2]:
        print(f"{what}: {a} here, {b} there\n{pathlib.Path(path).read_bytes()!r}")
    print(f"{what}: {len(paths)} mails, {len(wrong)} differ")
    return len(wrong)


def run(peers, r, count):
    paths = [peers.put(f"m{i}", mail(r)) for i in range(count)]
    wrong = 0
    for selector in ("rsa", "ed"):
        signed = peers.sign(selector, paths)
        relayed = [peers.put(f"{selector}{i}.relayed", relay(r, pathlib.Path(p).read_bytes())) for i, p in enumerate(signed)]
        changed = [peers.put(f"{selector}{i}.changed", change(r, pathlib.Path(p).read_bytes())) for i, p in enumerate(signed)]
        for what, group, right in (("signed", signed, True), ("relayed", relayed, True), ("changed", changed, None)):
            ours = [found["result"] == "pass" for found in peers.verify(group)]
            if right is not None:
                wrong += differ(f"{selector}, {what}, by ourselves", group, ours, [right] * len(group))
            wrong += differ(f"{selector}, {what}, by dkimpy", group, ours, [peers.dkimpy(p) for p in group])
            if shutil.which("opendkim", path="/usr/sbin:/usr/bin"):
                judged = [(path, mine, other) for path, mine, other in zip(group, ours, peers.opendkim(group), strict=True) if other is not None]
                assert len(judged) > len(group) / 4, "OpenDKIM judges too few"
                wrong += differ(f"{selector}, {what}, by OpenDKIM", *zip(*judged))
            if selector == "rsa":  # Debian 12's Mail::DKIM knows no Ed25519
                wrong += differ(f"{selector}, {what}, by Mail::DKIM", group, ours, [w == "pass" for w in peers.perl(PERL_VERIFY, peers.zone, *group)])
    for method in ("simple/simple", "relaxed/relaxed", "simple/relaxed", "relaxed/simple"):
        canonicalize = tuple(part.encode() for part in method.split("/"))
        theirs = [peers.dkimpy_sign(p, canonicalize) for p in paths]
        wrong += differ(f"by dkimpy, {method}", theirs, [f["result"] for f in peers.verify(theirs)], ["pass"] * count)
        wrong += differ(f"by dkimpy, {method}, by itself", theirs, [peers.dkimpy(p) for p in theirs], [True] * count)
        peers.perl(PERL_SIGN, peers.keys["rsa"], "rsa", method, *paths)
        theirs = [p + ".perl" for p in paths]
        wrong += differ(f"by Mail::DKIM, {method}", theirs, [f["result"] for f in peers.verify(theirs)], ["pass"] * count)
    return wrong + chains(peers, paths)


def chains(peers, paths):
    """Two sets of ARC by us, judged by dkimpy, which knows RSA alone there."""
    def judge(path):
        return dkim.arc_verify(pathlib.Path(path).read_bytes(), dnsfunc=lambda name, timeout=5: peers.records[name.decode().rstrip(".")].encode())[0].decode()

    sealed = []
    for path in paths:
        for results in ("spf=pass", "arc=pass"):
            content = subprocess.run([peers.tool, "seal", str(NOW), peers.zone, peers.keys["rsa"], DOMAIN, "rsa", "", "mx.example.net", results, path],
                                     check=True, capture_output=True).stdout
            path = peers.put(pathlib.Path(path).name + ".arc", content)
        sealed.append(path)
    wrong = 0
    changed = [peers.put(f"{i}.changed", change(random.Random(i), pathlib.Path(p).read_bytes())) for i, p in enumerate(sealed)]
    for what, group in (("sealed", sealed), ("sealed and changed", changed)):
        ours = [found["arc"] for found in peers.verify(group)]
        wrong += differ(f"{what}, by dkimpy", group, ours, [judge(p) for p in group])
        if group is sealed:
            wrong += differ(f"{what}, by ourselves", group, ours, ["pass"] * len(group))
    return wrong


def main():
    if subprocess.run(["perl", "-MMail::DKIM", "-e1"], stderr=subprocess.DEVNULL).returncode != 0:
        return 77
    count, seed = [int(arg) for arg in (sys.argv[2:4] + ["40", "1"][len(sys.argv[2:4]):])]
    with tempfile.TemporaryDirectory() as folder:
        wrong = run(Peers(sys.argv[1], folder), random.Random(seed), count)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
