#!/usr/bin/env python3
"""SPF against another implementation, pyspf (python3-spf): the same zones, made up, and the same clients; each difference is one that is listed here.

    test/system/spf_differential.py build/test/spf_tool [ZONES [SEED [SHOWN]]]
"""
import collections
import pathlib
import random
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "suites"))
try:
    import spf
except ImportError:
    sys.exit(77)  # skipped: scripts/setup check installs it

from spf_tool import Tool

CLIENTS_EACH = 4
NAMES = [f"{n}.example" for n in ("a", "b", "c", "d", "e")] + ["mail.a.example", "x.b.example", "none.example"]
ADDRESSES = ["192.0.2.1", "192.0.2.77", "192.0.2.200", "198.51.100.9", "203.0.113.5", "2001:db8::1", "2001:db8:1::77", "2001:db8::ff"]
RESULTS = {"none", "neutral", "pass", "fail", "softfail", "temperror", "permerror"}


# ---- zones ----

def address(r):
    return r.choice(ADDRESSES)


def prefix(r):
    return r.choice(["", "", "", "/32", "/24", "/8", "/0", "//64", "/24//32", "//128"])


def target(r):
    return r.choice(["", "", ":" + r.choice(NAMES), ":" + r.choice(NAMES), ":%{d}", ":mail.%{d2}", ":%{d1r}.b.example"])


def term(r):
    kind = r.randrange(14)
    sign = r.choice(["", "", "", "+", "-", "~", "?"])
    if kind < 3:
        a = address(r)
        return sign + (f"ip6:{a}{r.choice(['', '/64', '/32', '/128'])}" if ":" in a else f"ip4:{a}{r.choice(['', '/24', '/25', '/8', '/32'])}")
    if kind < 5:
        return sign + "a" + target(r) + prefix(r)
    if kind < 7:
        return sign + "mx" + target(r) + prefix(r)
    if kind < 10:
        return sign + "include:" + r.choice(NAMES + ["%{d2}"])
    if kind == 10:
        return sign + "exists:" + r.choice(["%{i}.sbl.example", "%{ir}.sbl.example", "%{l}.a.example", "%{s}.b.example", "mail.%{d}", "%{h}", "%{v}.c.example"])
    if kind == 11:
        return sign + "ptr" + r.choice(["", ":b.example"])
    if kind == 12:
        return r.choice(["unknown=%{d}", "x-1=", "foo.bar=a b".split()[0]])
    return r.choice(["ip4:300.0.0.1", "ip6:1::2::3", "a:/24", "include:", "all:x", "mx/33", "ip4:192.0.2.0/33", "exists", "%{d}", "unknown", "a:%{x}.example", "redirect="]) \
        if r.random() < 0.15 else sign + "ip4:192.0.2.0/26"


def record(r):
    terms = [term(r) for _ in range(r.randrange(1, 5))]
    end = r.randrange(6)
    if end < 3:
        terms.append(r.choice(["-", "~", "?", "+", ""]) + "all")
    elif end < 5:
        terms.append("redirect=" + r.choice(NAMES + ["%{d2}"]))
    if r.random() < 0.1:
        terms.insert(0, "exp=mail.a.example")
    return " ".join(["v=spf1", *terms])


def make_zone(r):
    zone = collections.defaultdict(list)  # (name, type) -> values; None: it fails
    for name in NAMES[:-1]:
        for _ in range(r.choice([0, 1, 1, 2])):
            a = address(r)
            zone[name, "AAAA" if ":" in a else "A"].append(a)
        for i in range(r.choice([0, 0, 1, 2, 2, 12 if r.random() < 0.05 else 1])):
            zone[name, "MX"].append((10 * i, r.choice(NAMES)))
        if r.random() < 0.85:
            zone[name, "TXT"].append(record(r))
        if r.random() < 0.04:
            zone[name, "TXT"].append(record(r))
        if r.random() < 0.2:
            zone[name, "TXT"].append(r.choice(["v=spf10 all", "hello", "V=SPF1 -all", "v=spf1"]))
        if r.random() < 0.05:
            zone[name, r.choice(["A", "MX", "TXT", "AAAA"])] = None
    for a in ADDRESSES:
        if r.random() < 0.6:
            reverse = spf.reverse_dots(a) + ".in-addr.arpa" if ":" not in a else None
            if reverse:
                zone[reverse, "PTR"] += [r.choice(NAMES) for _ in range(r.choice([1, 1, 2]))]
            zone[f"{a}.sbl.example", "A"].append("127.0.0.2")
    return zone


def ours_of(zone):
    out = []
    for (name, kind), values in zone.items():
        if values is None:
            out.append((name, kind, "failed", None))
        else:
            out += [(name, kind, "good", value) for value in values]
    return out


def use_zone(zone):
    def look(name, qtype, strict=True, timeout=20):
        values = zone.get((name.lower().rstrip("."), qtype), [])
        if values is None:
            raise spf.TempError("DNS timeout")
        return [((name, qtype), [v.encode()] if qtype == "TXT" else v) for v in values]
    spf.DNSLookup = look


# ---- the differences that are known ----

# Why pyspf decides otherwise: a part of its own words, whether a zone must have something besides, and the reason.
KNOWN = [
    ("permerror", "Void lookup limit", None,
     "it counts each name without an address behind mx and ptr; RFC 7208 section 4.6.4 limits terms whose answer is empty"),
    ("permerror", "include has trivial recursion", None, "it refuses a record that includes itself at once; section 4.6.4 lets terms before it match"),
    ("permerror", "MUST appear at most once", None, "section 6 says so of redirect and exp only, and unknown modifiers are passed over"),
    ("temperror", "DNS timeout", "ptr", "section 5.5: a name of the client whose addresses cannot be had is passed over"),
]


def explain(zone, theirs, why):
    """The reason's place in the list, or None."""
    for number, (result, words, needed, _) in enumerate(KNOWN):
        records = [text for (_, kind), values in zone.items() if kind == "TXT" for text in values or []]
        if theirs == result and words in why and (needed is None or any(needed in text for text in records)):
            return number
    return None


def main():
    tool = Tool(sys.argv[1])
    zones, seed, most = (int(word) for word in (sys.argv[2:] + ["1500", "1", "5"][len(sys.argv) - 2:]))
    r = random.Random(seed)
    alike, reasons, wrong = collections.Counter(), collections.Counter(), []
    for number in range(zones):
        zone = make_zone(r)
        tool.zone(ours_of(zone))
        use_zone(zone)
        for _ in range(CLIENTS_EACH):
            client, helo = address(r), r.choice(NAMES)
            sender = f"{r.choice(['alice', 'b.c', 'x+y'])}@{r.choice(NAMES)}" if r.random() < 0.9 else ""
            ours = tool.check(client, helo, sender, "mx.example")[0]
            theirs, _, why = spf.query(i=client, s=sender, h=helo, receiver="mx.example", timeout=0, querytime=0).check()
            if ours == theirs:
                alike[ours] += 1
                continue
            reason = explain(zone, theirs, why)
            if reason is None:
                wrong.append((number, client, helo, sender, ours, theirs, why, zone))
            else:
                reasons[reason] += 1
    print(f"spf_differential: {zones} zones, alike {sum(alike.values())} ({', '.join(f'{n} {k}' for k, n in alike.most_common())}); "
          f"otherwise for a known reason {sum(reasons.values())}; for none {len(wrong)}")
    for reason, count in sorted(reasons.items()):
        print(f"    {count}: {KNOWN[reason][3]}")
    for number, client, helo, sender, ours, theirs, why, zone in wrong[:most]:
        print(f"zone {number} of seed {seed}: client {client} helo {helo} sender {sender}: ours {ours}, pyspf {theirs} ({why})")
        for (name, kind), values in zone.items():
            print("   ", name, kind, values)
    ended = tool.close()
    assert zones < 500 or all(alike[result] > zones / 100 for result in RESULTS - {"temperror"}), alike  # it is no test that meets one result alone
    return 1 if wrong or ended else 0


if __name__ == "__main__":
    sys.exit(main())
