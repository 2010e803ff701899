#!/usr/bin/env python3
"""Runs jmapio's jmap-test-suite, which is not part of this tree, against a server that is started for it.

    git clone https://github.com/jmapio/jmap-test-suite FOLDER; cd FOLDER; npm install; npx tsc
    POSTRIDER=build/postrider test/suites/jmap_suite.py FOLDER [--filter 'email/*'] [--report FILE]

The server has two accounts, and the second one shares its INBOX with the first, so that the tests between accounts run. What the push tests want
of smee.io is skipped where it cannot be reached. Prints each test that fails or is skipped, and the sum; status 1 when a required one fails.
"""
import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))

from server import Server, make_template

ALICE, BOB = "alice@example.test", "bob@example.test"


def share_inbox(server):
    """Bob gives alice all rights to his INBOX, and she accepts."""
    server.cli("mailbox", "share", BOB, "INBOX", ALICE, "all")
    server.cli("mailbox", "accept", ALICE, BOB, "INBOX")


def config(server):
    return {
        "sessionUrl": f"https://localhost:{server.ports['https']}/.well-known/jmap",
        "serverInfo": "Postrider",
        "users": {"primary": {"username": ALICE, "password": server.passwords[ALICE]}, "secondary": {"username": BOB, "password": server.passwords[BOB]}},
        "authMethod": "basic",
        "timeout": 30000,
        "verbose": False,
    }


def run_suite(server, suite, work, pattern):
    (work / "config.json").write_text(json.dumps(config(server)))
    report = work / "report.json"
    command = ["node", str(suite / "dist" / "cli.js"), "-c", str(work / "config.json"), "-f", "-o", str(report)]
    if pattern:
        command += ["--filter", pattern]
    done = subprocess.run(command, env={**os.environ, "NODE_EXTRA_CA_CERTS": str(server.folder / "tls-cert.pem"), "NO_COLOR": "1"},
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if not report.exists():
        print(done.stdout)
        return None
    return json.loads(report.read_text())


def tell(report):
    """Each test that did not pass, with what it says; whether no required one failed."""
    good = True
    for test in report["results"]:
        if test["status"] == "pass":
            continue
        required = test["required"]
        good = good and not (required and test["status"] == "fail")
        print(f"{test['status']}{'' if required else ' (recommended)'}: {test['testId']}: {test.get('error', '')}")
    print(json.dumps(report["summary"]))
    return good


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("suite", type=pathlib.Path)
    parser.add_argument("--filter")
    parser.add_argument("--report", type=pathlib.Path, help="keeps the report of the suite there, with all that was said")
    options = parser.parse_args()
    work = pathlib.Path(tempfile.mkdtemp(prefix="postrider-jmap-"))
    work.chmod(0o755)
    template = make_template()
    server = Server(work / "server", template, {})
    try:
        server.start()
        share_inbox(server)
        report = run_suite(server, options.suite.resolve(), work, options.filter)
        good = report is not None and tell(report)
        if report and options.report:
            shutil.copy(work / "report.json", options.report)
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
