#!/usr/bin/env python3
"""Runs Pigeonhole's test suite for Sieve, which is not part of this tree.

    test/suites/sieve_suite.py build/test/sieve_suite PATH/pigeonhole/tests

Prints what failed, and how many tests passed. What we do not have, and where we differ on purpose, stands below with
its reason; a test that is listed there and passes is told, too. Returns 1 when there is something to be told.
"""
import collections
import pathlib
import re
import subprocess
import sys

# Files, by how they begin: why none of their tests is run.
LEFT_OUT = {
    "plugins/extprograms/": "scripts start no programs: vnd.dovecot.execute, filter and pipe are not there",
    "extensions/vnd.dovecot/environment/": "vnd.dovecot.environment is Dovecot's own",
    "extensions/vnd.dovecot/report/": "vnd.dovecot.report is Dovecot's own",
    "failures/": "these are meant to fail; that they do so is what is tested",
}

WORDING = "it asks for Pigeonhole's words"
SETTING = "it needs a setting of Dovecot's that we do not have"
FROM = "an answer comes from the owner's addresses alone, whatever :from says"
PHRASE = "the field To of an answer has the address alone, without its name"
INCLUDED = "a script is compiled for itself; those that it includes are looked at when it runs"
WORDS = "texts of scripts are UTF-8; encoded words in them are text like any other"
COUNT = "it counts Pigeonhole's errors; each of ours is told once, at its place"

# (file, test): why it fails.
DIFFERENCES = {
    ("compile/errors", "Parser errors (FIXME: count only)"): COUNT,
    ("compile/errors", "Header errors"): WORDING,
    ("compile/errors", "Address errors"): WORDING,
    ("compile/errors", "Stop errors (FIXME: count only)"): COUNT,
    ("compile/errors", "Outgoing address errors (FIXME: count only)"): "an address may hold UTF-8 here (RFC 6531)",
    ("compile/errors", "Typos"): WORDING,
    ("execute/errors", "Action limit"): WORDING,
    ("execute/errors", "Redirect limit"): WORDING,
    ("execute/errors", "Fileinto bad UTF-8 in folder name"): WORDING,
    ("extensions/envelope", "Envelope - Non-standard hostnames"): "SMTP refuses a domain that begins with a hyphen, so no envelope has one",
    ("extensions/environment/basic", "Name"): "it asks whether the name is Pigeonhole Sieve",
    ("execute/errors-cpu-limit", "CPU limit"): "regular expressions take linear time here: the script ends before its time does",
    ("extensions/editheader/errors", "Invalid field value"): "it counts BELL in a header field twice: as no error, and as one",
    ("extensions/editheader/errors", "Size limit"): SETTING,
    ("extensions/editheader/errors", "Size limit at runtime"): SETTING,
    ("extensions/editheader/protected", "Configured protected"): SETTING,
    ("extensions/editheader/protected", "Configured forbid_add/forbid_delete"): SETTING,
    ("extensions/enotify/limits", "Notify configured limit"): SETTING,
    ("extensions/enotify/limits", "Notify max action limit"): WORDING,
    ("extensions/enotify/limits", "Notify prohibited"): SETTING,
    ("extensions/enotify/limits", "Notify prohibited after reload"): SETTING,
    ("extensions/enotify/mailto", "Simple"): "the field X-Sieve is Pigeonhole's own",
    ("extensions/enotify/mailto", "Envelope"): "a notification has the null sender, so that no report answers it",
    ("extensions/enotify/mailto", "Envelope :from"): "a notification has the null sender, so that no report answers it",
    ("extensions/enotify/mailto", "Envelope config - sender"): SETTING,
    ("extensions/enotify/mailto", "Envelope config - recipient"): SETTING,
    ("extensions/enotify/mailto", "Envelope config - user_email"): SETTING,
    ("extensions/enotify/mailto", "UTF-8 address"): WORDS,
    ("extensions/enotify/mailto", "Long message"): "subjects are cut at 500 octets; it wants 256 characters",
    ("extensions/imap4flags/errors", "Invalid Syntax"): COUNT,
    ("extensions/include/errors", "Generic"): INCLUDED,
    ("extensions/include/errors", "Circular - direct"): INCLUDED,
    ("extensions/include/errors", "Circular - one intermittent"): INCLUDED,
    ("extensions/include/errors", "Circular - two intermittent"): INCLUDED,
    ("extensions/include/errors", "Include limit"): INCLUDED,
    ("extensions/include/errors", "Depth limit"): INCLUDED,
    ("extensions/regex/errors", "Runtime errors"): "an expression that a variable has made wrong matches nothing; it tells that as well",
    ("extensions/relational/errors", "Syntax errors"): COUNT,
    ("extensions/vacation/message", "Subject - configured, no subject"): SETTING,
    ("extensions/vacation/message", "Subject - configured, full variable"): SETTING,
    ("extensions/vacation/message", "Extremely long japanese subject"): "subjects are cut at 500 octets; it wants 256 characters",
    ("extensions/vacation/message", "Reply to"): PHRASE,
    ("extensions/vacation/message", "Reply to sender"): PHRASE,
    ("extensions/vacation/message", "Reply to unknown"): PHRASE,
    ("extensions/vacation/message", "Reply to (ignored envelope)"): SETTING,
    ("extensions/vacation/message", "Variables"): FROM,
    ("extensions/vacation/message", "Send from recipient"): "an answer has the null sender (RFC 3834 section 3.3)",
    ("extensions/vacation/reply", "Reply for any recipient"): SETTING,
    ("extensions/vacation/smtp", "Basic"): FROM,
    ("extensions/vacation/smtp", "Envelope.to != To"): FROM,
    ("extensions/vacation/utf-8", "MIME Encoded Subject"): WORDS,
    ("extensions/vacation/utf-8", "MIME Encoded From"): WORDS,
    ("extensions/variables/errors", "Limits (FIXME: count only)"): "that a script sets too many variables is told when it does",
    ("extensions/variables/limits", "Variable size limit"): SETTING,
}


def name_of(path, tests):
    return str(path.relative_to(tests).with_suffix(""))


def play(driver, name, path):
    """Tests that passed, failures as {test: why}, and why the file was left out."""
    run = subprocess.run([driver, str(path)], capture_output=True, encoding="utf-8", errors="replace")
    passed, failures, left_out = 0, {}, None
    if run.returncode not in (0, 1):
        left_out = f"the driver ended with {run.returncode}: {run.stderr.strip()}"
    for line in run.stdout.splitlines():
        _, _, rest = line.partition(": ")
        if rest.startswith("FAILED: "):
            said = rest[len("FAILED: "):]
            known = [test for file, test in DIFFERENCES if file == name and said.startswith(test + ": ")]
            test = known[0] if known else said.partition(": ")[0]
            failures[test] = said[len(test) + 2:]
        elif rest.startswith("left out: "):
            left_out = rest[len("left out: "):]
        elif count := re.match(r"(\d+) passed, \d+ failed", rest):
            passed = int(count.group(1))
    return passed, failures, left_out


def main():
    driver, tests = sys.argv[1], pathlib.Path(sys.argv[2])
    passed = told = 0
    seen, files = collections.Counter(), collections.Counter()
    for path in sorted(tests.rglob("*.svtest")):
        name = name_of(path, tests)
        reason = next((why for prefix, why in LEFT_OUT.items() if name.startswith(prefix)), None)
        if reason:
            files[reason] += 1
            continue
        good, failures, left_out = play(driver, name, path)
        passed += good
        for test, why in failures.items():
            reason = DIFFERENCES.get((name, test))
            if reason:
                seen[(name, test)] += 1
            else:
                print(f"{name}: {test}: {why}")
                told += 1
        if left_out:
            print(f"{name}: left out: {left_out}")
            told += 1
    for key in DIFFERENCES:
        if not seen[key]:
            print(f"{key[0]}: {key[1]}: is listed as a difference, but passes, or is not there")
            told += 1
    for reason, count in files.items():
        print(f"left out: {count} files: {reason}")
    for (name, test), count in seen.items():
        print(f"differs: {name}: {test}: {DIFFERENCES[(name, test)]}")
    print(f"Pigeonhole's suite: {passed} passed, {sum(seen.values())} differ for a reason, {told} to be looked at")
    return 1 if told else 0


if __name__ == "__main__":
    sys.exit(main())
