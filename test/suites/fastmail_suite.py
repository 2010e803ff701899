#!/usr/bin/env python3
"""Runs fastmail's JMAP-TestSuite, which is not part of this tree, against a server that is started for it.

    git clone https://github.com/fastmail/JMAP-TestSuite FOLDER
    POSTRIDER=build/postrider test/suites/fastmail_suite.py FOLDER [--lib LIB]... [--only t/Email/get] [--report FILE]

What Debian does not have of the Perl modules that it asks for (JMAP::Tester, JSON::Typist, Process::Status, Test::Deep::HashRec) is named by
--lib, a folder `lib` each. The suite was written along drafts of RFC 8621: files that ask for what the RFC does not say are listed below with what it
is. Prints each file that fails, with these words or with the first of its failures, and the sum; status 1 when one failed that is not listed.
"""
import argparse
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))

from server import POSTRIDER, Server, make_template

DOMAIN = "example.test"

# What a file asks for, and no RFC does.
DIFFERENT = {
    "that an error has no description (RFC 8620 sections 3.6.1 and 5.3 allow one)": """Email/import/one-fails-another-succeeds
        Email/set/create/blob-not-found Email/set/create/content-transfer-encoding-not-allowed Email/set/create/header-header-field-name
        Email/set/create/minimum-properties-required Email/set/create/no-duplicate-header-representations Email/set/create/no-size-with-partid
        Email/set/create/only-one-part-in-html-body Email/set/create/only-one-part-in-text-body Mailbox/set/destroy/mailbox-has-email-error
        Mailbox/set/update/basic""",
    "a member \"arguments\" in the error invalidArguments": "Email/get/max-body-value-bytes Email/import/bad-values",
    "an empty object where nothing failed (RFC 8620 section 5.3: or null)": "Email/import/good-imports",
    "a total without calculateTotal (RFC 8620 section 5.5)": """Email/query/filtering Email/query/no-existing-entities Email/queryChanges/simple
        Mailbox/query/filtering-with-filter-operators Mailbox/query/sorting-and-limiting""",
    "that a multipart has the size 0, of which the RFC says nothing": "Email/get/attachments Email/get/body-structure-and-attachments",
    "an empty list of parts in a part that is no multipart (RFC 8621 section 4.1.4: null)": "Email/get/body-properties",
    "a download without the type that the template needs": "Email/get/text-body",
    "that a text is written in us-ascii, where the server may choose (RFC 8621 section 4.6)": """Email/set/create/attachments-using-blob-id
        Email/set/create/attachments Email/set/create/body-structure-subparts Email/set/create/body-structure Email/set/create/html-body
        Email/set/create/text-body""",
    "that isTruncated may be null (RFC 8621 section 4.6: false or left out)": "Email/set/create/email-body-value-restrictions",
    "that an account begins with an inbox alone": "Mailbox/get/no-existing-entities Mailbox/query/no-existing-entities",
    "that new mailboxes are not subscribed, and sorted by 10": """Mailbox/get/limiting-properties-in-response Mailbox/get/some-entities
        Mailbox/set/create/defaults-omitted""",
    "that a creation names what the server sets (RFC 8620 section 5.3 allows it in an update)": "Mailbox/set/create/immutable-fields",
    "onDestroyRemoveMessages, which is onDestroyRemoveEmails": """Mailbox/set/destroy/mailbox-has-child-error
        Mailbox/set/destroy/on-destroy-remove-messages-true-mail-in-other-boxes
        Mailbox/set/destroy/on-destroy-remove-messages-true-mail-only-here""",
    "\"isPrimary\" of an account, where the RFC has primaryAccounts": "core/jmap-session-resource",
}
REASONS = {f"t/{name}.t": reason for reason, names in DIFFERENT.items() for name in names.split()}


def adapter(server):
    """What Postrider.pm is given."""
    base = f"https://localhost:{server.ports['https']}"
    return {"adapter": "Postrider", "session_uri": f"{base}/.well-known/jmap", "domain": DOMAIN,
            "add_account": [POSTRIDER, "--config", str(server.config), "account", "add", "--password-stdin"]}


def run_file(test, suite, environment, libraries):
    """Whether it passed, and what it said."""
    command = ["perl", *(word for folder in libraries for word in ("-I", str(folder))), str(test)]
    done = subprocess.run(command, cwd=suite, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300, check=False)
    return done.returncode == 0, done.stdout


def run_all(server, suite, work, options):
    (work / "adapter.json").write_text(json.dumps(adapter(server)))
    place = work / "lib/JMAP/TestSuite/ServerAdapter"
    place.mkdir(parents=True)
    shutil.copy(HERE / "Postrider.pm", place)
    (work / "account-locks").mkdir()
    libraries = [work / "lib", suite / "lib", *(path.resolve() for path in options.lib)]
    environment = {**os.environ, "JMAP_SERVER_ADAPTER_FILE": str(work / "adapter.json"), "PERL_LWP_SSL_CA_FILE": str(server.folder / "tls-cert.pem")}
    tests = sorted(path for path in (suite / "t").rglob("*.t") if options.only in str(path))
    report, failed, different = [], 0, 0
    for test in tests:
        name = str(test.relative_to(suite))
        good, said = run_file(test, suite, environment, libraries)
        report.append(f"==== {name}\n{said}")
        if good:
            continue
        if name in REASONS:
            different += 1
            print(f"differs: {name}: it wants {REASONS[name]}")
            continue
        failed += 1
        print(f"fail: {name}")
        for line in re.findall(r"^ *# *(?:Caught|Compar|Extra|Missing|got|expect).*", said, re.M)[:6]:
            print(f"    {line.strip()}")
    print(f"{len(tests)} files, {len(tests) - failed - different} passed, {different} differ, {failed} failed")
    if options.report:
        options.report.write_text("\n".join(report))
    return failed == 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("suite", type=pathlib.Path)
    parser.add_argument("--lib", type=pathlib.Path, action="append", default=[])
    parser.add_argument("--only", default="", help="files with this in their path")
    parser.add_argument("--report", type=pathlib.Path, help="keeps there what all files said")
    options = parser.parse_args()
    work = pathlib.Path(tempfile.mkdtemp(prefix="postrider-fastmail-"))
    work.chmod(0o755)
    template = make_template()
    server = Server(work / "server", template, {})
    try:
        server.start()
        good = run_all(server, options.suite.resolve(), work, options)
        for problem in server.finish():
            print(problem)
            good = False
    finally:
        server.end()
        shutil.rmtree(work, ignore_errors=True)
        shutil.rmtree(template, ignore_errors=True)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
