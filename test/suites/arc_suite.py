#!/usr/bin/env python3
"""Runs ValiMail's suite for RFC 8617 (arc_test_suite), which is not part of this tree.

    test/suites/arc_suite.py build/test/dkim_tool PATH/arc_test_suite

Of validation it expects the result of each chain; where the newest seal says that the chain was broken, the suite,
which is older than the RFC, expects none at all, and the RFC a failure. Of signing it expects each tag of both new
fields, b= among them, which holds only if each octet that was signed is the same.
"""
import json
import pathlib
import re
import subprocess
import sys
import tempfile

import yaml

NOW = "1600000000"


def put(folder, name, text):
    path = pathlib.Path(folder) / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return str(path)


def records(group):
    return "".join(f"{name} {' '.join(str(text).split())}\n" for name, text in (group.get("txt-records") or {}).items())


def crlf(message):
    return message.replace("\r\n", "\n").replace("\n", "\r\n")


def tags(value):
    """A field's tags, without the blanks in them."""
    return sorted(re.sub(r"\s+", "", tag) for tag in value.strip().strip(";").split(";"))


def field(message, name):
    found = re.search(rf"^{name}:(.*\n(?:[ \t].*\n)*)", message.replace("\r\n", "\n"), re.M)
    return found.group(1) if found else ""


def validate(tool, folder, group):
    """Name, whether it is right, what was found."""
    zone = put(folder, "zone", records(group))
    for name, case in group["tests"].items():
        path = put(folder, "message", crlf(case["message"] or ""))
        line = subprocess.run([tool, "verify", NOW, zone, path], capture_output=True, check=True, text=True).stdout
        found = json.loads(line)
        wanted = "none" if case["cv"] is None else case["cv"].strip().lower() or "fail"
        yield name, found["arc"] == wanted, f"{found['arc']} ({found['arc_words']}), wanted {wanted}"


def results_of(message):
    """authserv-id and results of the Authentication-Results of the message, joined as a sealer does."""
    first, rest = None, []
    for value in re.findall(r"^Authentication-Results:(.*\n(?:[ \t].*\n)*)", message, re.M | re.I):
        server, _, text = value.partition(";")
        first = first or server.strip()
        if server.strip() == first:
            rest.append(text.strip().rstrip(";"))
    return first, "; ".join(rest)


def seal(tool, folder, group):
    zone = put(folder, "zone", records(group))
    key = put(folder, "key", group["privatekey"])
    for name, case in group["tests"].items():
        message = case["message"] or ""
        path = put(folder, "message", crlf(message))
        _, text = results_of(message)
        text = crlf(text)
        run = subprocess.run([tool, "seal", str(case["t"]), zone, key, group["domain"], group["sel"], case["sig-headers"], case["srv-id"], text, path],
                             capture_output=True, text=True)
        sealed = run.stdout
        wrong = [kind for kind, header in (("AS", "ARC-Seal"), ("AMS", "ARC-Message-Signature"), ("AAR", "ARC-Authentication-Results"))
                 if tags(field(sealed, header) if run.returncode == 0 else "") != tags(case[kind] or "")]
        yield name, not wrong, f"{' '.join(wrong)} differ; {run.stderr.strip()}"


def main():
    tool, suite = sys.argv[1], pathlib.Path(sys.argv[2])
    failed = False
    for what, file, run in (("validation", "arc-draft-validation-tests.yml", validate), ("signing", "arc-draft-sign-tests.yml", seal)):
        good = count = 0
        with tempfile.TemporaryDirectory() as folder:
            for group in yaml.safe_load_all((suite / "tests" / file).read_text()):
                for name, right, found in run(tool, folder, group):
                    count += 1
                    good += right
                    if not right:
                        print(f"{name}: {found}")
        print(f"ARC suite, {what}: {good} of {count}")
        failed |= good != count
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
