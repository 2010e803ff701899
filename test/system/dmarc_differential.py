#!/usr/bin/env python3
"""DMARC against OpenDMARC's library (libopendmarc2): made-up records, authors and proven domains; each difference is one that is listed here.

    test/system/dmarc_differential.py build/test/spf_tool [ROUNDS [SEED [SHOWN]]]
"""
import collections
import ctypes
import pathlib
import random
import re
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "suites"))
from spf_tool import Tool

try:
    library = ctypes.CDLL("libopendmarc.so.2")
except OSError:
    sys.exit(77)  # skipped: scripts/setup bench installs it

# Long names: OpenDMARC's list takes short ones before a suffix for suffixes.
ORGANIZATION = "company.example"
AUTHORS = ["company.example", "news.company.example", "x.y.company.example", "news.company.example", "x.y.company.example"]
PROVEN = [None, None, "company.example", "news.company.example", "x.y.company.example", "y.company.example", "m.another.example", "m.other.example", "m.mycompany.example", "another.example"]
# What opendmarc.h calls its answers.
ANSWERS = {15: "pass", 16: "reject", 17: "quarantine", 18: "none"}


class Peer:
    def __init__(self, folder):
        pointer, text, number = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int
        library.opendmarc_policy_connect_init.restype = pointer
        library.opendmarc_policy_connect_init.argtypes = [text, number]
        library.opendmarc_policy_store_from_domain.argtypes = [pointer, text]
        library.opendmarc_policy_store_spf.argtypes = [pointer, text, number, number, text]
        library.opendmarc_policy_store_dkim.argtypes = [pointer, text, text, number, text]
        library.opendmarc_policy_store_dmarc.argtypes = [pointer, text, text, text]
        library.opendmarc_get_policy_to_enforce.argtypes = [pointer]
        library.opendmarc_policy_connect_shutdown.argtypes = [pointer]
        # Its list of public suffixes, where we walk the tree.
        suffixes = pathlib.Path(folder, "suffixes")
        suffixes.write_text("com\nexample\n")
        assert library.opendmarc_tld_read_file(str(suffixes).encode(), b"//", b"*.", b"!") == 0

    def judge(self, record, author, at_organization, spf, dkim):
        """at_organization: the record stands there, and the author's own name has none."""
        passed = 1
        context = library.opendmarc_policy_connect_init(b"192.0.2.1", 4)
        try:
            library.opendmarc_policy_store_from_domain(context, author.encode())
            if spf:
                library.opendmarc_policy_store_spf(context, spf.encode(), passed, 0, b"x")
            if dkim:
                library.opendmarc_policy_store_dkim(context, dkim.encode(), b"s", passed, b"x")
            if library.opendmarc_policy_store_dmarc(context, record.encode(), author.encode(), ORGANIZATION.encode() if at_organization else None) != 0:
                return "no record"
            return ANSWERS[library.opendmarc_get_policy_to_enforce(context)]
        finally:
            library.opendmarc_policy_connect_shutdown(context)


def make_record(r):
    policies = ["none", "quarantine", "reject"]
    tags = [r.choice(["v=DMARC1"] * 30 + ["v=DMARC2", "v=dmarc1", "DMARC1"]), f"p={r.choice(policies)}" if r.random() < 0.95 else r.choice(["p=", "p=x", "sp=none"])]
    more = [f"sp={r.choice(policies)}", f"adkim={r.choice('rs')}", f"aspf={r.choice('rs')}", "rua=mailto:d@company.example", "ruf=mailto:d@company.example", "fo=1", "ri=3600", "pct=100",
            "unknown=x", "rf=afrf"]
    tags += r.sample(more, r.randrange(5))
    blank = r.choice(["", "", " "])
    return f"{r.choice(['', ' '])};{r.choice(['', ' '])}".join(tag.replace("=", f"{blank}={blank}", 1) if i else tag for i, tag in enumerate(tags)) + r.choice(["", ";"])


# Why OpenDMARC decides otherwise: whether it is so, and the reason.
KNOWN = [
    (lambda record, ours, theirs: ours == "no record" and not record.startswith("v") or record.startswith("v=dmarc1"),
     "it reads a record without v=, or with v= in another case (RFC 9989 section 4.7: the first tag, and its value as it stands)"),
    (lambda record, ours, theirs: theirs == "no record" and not re.search(r"(^|;)\s*p\s*=\s*(none|quarantine|reject)\b", record),
     "a record without a policy: RFC 9989 section 4.7 takes it as none, RFC 7489 had no policy then"),
    (lambda record, ours, theirs: theirs == "pass" and re.search(r"a(dkim|spf)\s*=\s*s", record),
     "it takes a name below the author's domain for aligned where the record is strict; section 4.4 wants the same name"),
]


def explain(*what):
    return next((number for number, (holds, _) in enumerate(KNOWN) if holds(*what)), None)


def main():
    with tempfile.TemporaryDirectory() as folder:
        tool, peer = Tool(sys.argv[1]), Peer(folder)
    rounds, seed, most = (int(word) for word in (sys.argv[2:] + ["5000", "1", "5"][len(sys.argv) - 2:]))
    r = random.Random(seed)
    alike, reasons, wrong = collections.Counter(), collections.Counter(), []
    for _ in range(rounds):
        record, author = make_record(r), r.choice(AUTHORS)
        at_organization = author != ORGANIZATION and r.random() < 0.7
        spf, dkim = r.choice(PROVEN), r.choice(PROVEN)
        zone = [(name, "A", "good", "192.0.2.1") for name in {*AUTHORS, *PROVEN} - {None}]
        # With the same record above, who belongs to the organization is the same for both, whether by a walk or by a list.
        tool.zone(zone + [(f"_dmarc.{name}", "TXT", "good", record) for name in {ORGANIZATION, ORGANIZATION if at_organization else author}])
        result, policy = tool.dmarc(author, spf, dkim)
        ours = "pass" if result == "pass" else "no record" if result == "none" else policy
        theirs = peer.judge(record, author, at_organization, spf, dkim)
        if ours == theirs:
            alike[ours] += 1
            continue
        reason = explain(record, ours, theirs)
        if reason is None:
            wrong.append((record, author, at_organization, spf, dkim, ours, theirs))
        else:
            reasons[reason] += 1
    print(f"dmarc_differential: {rounds} messages, alike {sum(alike.values())} ({', '.join(f'{n} {k}' for k, n in alike.most_common())}); "
          f"otherwise for a known reason {sum(reasons.values())}; for none {len(wrong)}")
    for reason, count in sorted(reasons.items()):
        print(f"    {count}: {KNOWN[reason][1]}")
    for record, author, at_organization, spf, dkim, ours, theirs in wrong[:most]:
        print(f"seed {seed}: {record!r} at {ORGANIZATION if at_organization else author}, author {author}, spf {spf}, dkim {dkim}: ours {ours}, OpenDMARC {theirs}")
    ended = tool.close()
    assert rounds < 500 or all(alike[answer] > rounds / 50 for answer in ("pass", "reject", "quarantine", "none", "no record")), alike
    return 1 if wrong or ended else 0


if __name__ == "__main__":
    sys.exit(main())
