#!/usr/bin/env python3
"""Runs openspf's suite for RFC 7208 (rfc7208-tests.yml of the pyspf project), which is not part of this tree.

    test/suites/spf_suite.py build/test/spf_tool PATH/rfc7208-tests.yml
"""
import sys

import yaml

from spf_tool import Tool

KINDS = ("A", "AAAA", "MX", "PTR", "TXT", "CNAME")


def records_of(zone):
    """The suite's conventions: SPF stands for TXT where a name has no TXT of its own; TIMEOUT is an answer to what follows."""
    out = []
    for name, entries in zone.items():
        failed = "TIMEOUT" in entries
        given = [next(iter(e.items())) for e in entries if isinstance(e, dict)]
        if not any(kind == "TXT" for kind, _ in given):
            given += [("TXT", value) for kind, value in given if kind == "SPF"]
        known = {kind for kind, value in given if value != "NONE"}
        for kind, value in given:
            if kind not in KINDS:
                continue
            if value == "TIMEOUT":
                out.append((name, kind, "failed", None))
            elif value != "NONE":
                out.append((name, kind, "good", value))
        if failed:
            out += [(name, kind, "failed", None) for kind in KINDS if kind not in known]
        if not given and not failed:
            out.append((name, "CNAME", "good", None))
    follow_aliases(out)
    return out


def follow_aliases(records):
    for name, kind, _, value in list(records):
        if kind == "CNAME" and value:
            records += [(name, k, s, v) for n, k, s, v in list(records) if n.lower() == value.lower() and k != "CNAME"]


def accepted(expected):
    return expected if isinstance(expected, list) else [expected]


def run(tool, suite):
    good = bad = 0
    for group in yaml.safe_load_all(suite):
        if not group:
            continue
        tool.zone(records_of(group["zonedata"]))
        for name, case in group["tests"].items():
            result, _, _, explanation = tool.check(case["host"], case["helo"], case["mailfrom"], case.get("receiver", ""))
            right = result in accepted(case["result"])
            wanted = case.get("explanation")
            if right and wanted and result == "fail":
                right = (explanation or "DEFAULT") == wanted
            good, bad = good + right, bad + (not right)
            if not right:
                print(f"{name}: {result} {explanation!r}, wanted {case['result']} {wanted!r}")
    print(f"SPF suite: {good} of {good + bad}")
    return bad == 0


def main():
    tool = Tool(sys.argv[1])
    with open(sys.argv[2], encoding="utf-8") as suite:
        good = run(tool, suite)
    return 0 if tool.close() == 0 and good else 1


if __name__ == "__main__":
    sys.exit(main())
