#!/usr/bin/env python3
"""Reads the delivery reports that we write with Python's email package, and ours with theirs.

    dsn_differential.py REPORT_TOOL MESSAGE_TOOL

Reports with seeded random fields are written by the one tool. Python must find in them what was put in: header, human
part, each field of the status part, and the returned part byte for byte. Then `message show --json` must find the same.
"""

import email
import email.policy
import email.utils
import json
import pathlib
import random
import subprocess
import sys
import tempfile

REPORTS = 150
ACTIONS = ["failed", "delayed", "delivered", "relayed", "expanded"]
REPLIES = ["550 5.1.1 No such user", "550-5.7.1 first\n550 5.7.1 second line with  two blanks", "450 4.7.1 later",
           "552 too large " + "word " * 60, "554 x" * 90, ""]
OWN = [("connection refused", "no connection to 192.0.2.1:25"), ("timed out", ""), ("message too large", "550 5.3.4 it looks like a reply")]
SUBJECTS = ["Lunch", "", "Grüße aus Köln", "x" * 300, "日本語の件名"]


def make(rng, number):
    utf8 = rng.random() < 0.3
    what = rng.randrange(3)
    report = {"mta": "mail.example.net", "postmaster": "postmaster@example.net", "to": f"carol{number}@example.net",
              "message_id": f"r{number}@mail.example.net", "boundary": "b" * 10 + f"{number:010}",
              "now": 1795332306 + number, "arrival": 1795000000, "subject": rng.choice(SUBJECTS),
              "original_id": rng.choice(["", f"o{number}@example.net"]), "envid": rng.choice(["", "QQ-123"]),
              "queue_id": "Ab3dEf6hIj9l", "return": what}
    if utf8:
        report["utf8"] = 1
    recipients = []
    for i in range(rng.randrange(1, 6)):
        local = rng.choice(["joe", "o'hara+tag", "jö", "x" * 64, '"a b"'])
        action = rng.choice(ACTIONS)
        r = {"recipient": action, "final": f"{local}@example{i}.com", "reply": rng.choice(REPLIES),
             "remote": rng.choice(["", "mx.example.com"]), "stage": rng.choice(["RCPT", "", "connect"]),
             "last_attempt": 1795332000, "status": rng.choice(["", "5.1.1", "4.4.7"])}
        if rng.random() < 0.3:
            r["reply"] = ""
            r["cause"], r["words"] = rng.choice(OWN)
        if rng.random() < 0.5:
            r["original_type"], r["original"] = "rfc822", f"first{i}@example.org"
        if action == "delayed":
            r["retry_until"] = 1795900000
        recipients.append(r)
    body = rng.choice([b"A: b\r\n\r\nhello\r\n", b"A: b\r\n\r\nno end", b"A: \xc3\xbc\r\n\r\n\xff\xfe\r\n"])
    if what == 1:
        body = body.partition(b"\r\n\r\n")[0] + b"\r\n"
    if what == 0:
        body = b""
    if any(octet > 127 for octet in body):
        report["content"] = 1
    return report, recipients, body


def write(tool, report, recipients, body):
    words = [f"{k}={v}" for k, v in report.items()] + [f"{k}={v}" for r in recipients for k, v in r.items()]
    return subprocess.run([tool, *words], input=body, stdout=subprocess.PIPE, check=True).stdout


def address(field):
    """The address of a typed field, decoded."""
    kind, _, value = field.partition(";")
    if kind.strip() == "utf-8":
        while "\\x{" in value:
            before, _, rest = value.partition("\\x{")
            code, _, rest = rest.partition("}")
            value = before + chr(int(code, 16)) + rest
    return value.strip()


def compare(report, recipients, body, whole):
    message = email.message_from_bytes(whole, policy=email.policy.compat32)
    modern = email.message_from_bytes(whole, policy=email.policy.default)
    is_global = b"message/global-delivery-status" in whole
    assert not message.defects and message.get_content_type() == "multipart/report"
    assert message.get_param("report-type") == "delivery-status"
    assert message["Auto-Submitted"] == "auto-replied" and message["To"] == f"<{report['to']}>"
    assert message["In-Reply-To"] == (f"<{report['original_id']}>" if report["original_id"] else None)
    assert email.utils.parsedate_to_datetime(message["Date"]).timestamp() == report["now"]
    parts = message.get_payload()
    assert len(parts) == (3 if report["return"] else 2)

    text = modern.get_payload()[0].get_content()
    flat = " ".join(text.replace(">", " ").split())
    if report["subject"] and len(report["subject"]) < 100:
        assert report["subject"] in flat
    for r in recipients:
        assert " ".join(r.get("original", r["final"]).split()) in flat
        if r["recipient"] in ("failed", "delayed") and len(r["reply"]) < 100:
            assert " ".join(r["reply"].split()) in flat, (r["reply"], flat)

    if is_global:
        # Python reads these as one message: its blocks are cut apart here.
        raw = whole.partition(b"message/global-delivery-status\r\nContent-Transfer-Encoding: 8bit\r\n\r\n")[2]
        raw = raw.partition(b"\r\n--=_")[0]
        blocks = [email.message_from_string(block.decode() + "\r\n\r\n") for block in raw.split(b"\r\n\r\n")]
    else:
        assert parts[1].get_content_type() == "message/delivery-status"
        blocks = [block for block in parts[1].get_payload() if block.keys()]
    assert blocks[0]["Reporting-MTA"] == "dns; mail.example.net" and len(blocks) == 1 + len(recipients)
    assert (blocks[0]["Original-Envelope-Id"] or "") == report["envid"]
    for r, block in zip(recipients, blocks[1:]):
        assert block["Action"] == r["recipient"]
        assert address(block["Final-Recipient"]) == r["final"], (block["Final-Recipient"], r)
        if "original" in r:
            assert address(block["Original-Recipient"]) == r["original"]
        if r["status"]:
            assert block["Status"] == r["status"]
        kind, _, said = (block["Diagnostic-Code"] or "; ").partition(";")
        words = ": ".join(w for w in (r["cause"], r["words"]) if w) if "cause" in r else r["reply"]
        assert " ".join(said.split()) == " ".join(words.split()), (said, words)
        assert kind == ("x-postrider" if "cause" in r else "smtp" if words else "")
        met = "cause" not in r or (r["cause"] != "timed out" and r["stage"] == "RCPT")
        assert ("Remote-MTA" in block) == bool(r["remote"] and met)  # RFC 3464 section 2.3.5
        assert email.utils.parsedate_to_datetime(block["Last-Attempt-Date"]).timestamp() == r["last_attempt"]
        assert ("Will-Retry-Until" in block) == (r["recipient"] == "delayed")
    if report["return"]:
        tail = b"\r\n--=_" + report["boundary"].encode() + b"--\r\n"
        assert whole.endswith(b"\r\n\r\n" + body + tail)


def compare_ours(tool, path, report, recipients):
    shown = json.loads(subprocess.run([tool, "show", path], stdout=subprocess.PIPE, check=True).stdout)["deliveryReport"]
    assert shown["reportingMta"] == report["mta"] and shown.get("envelopeId", "") == report["envid"]
    assert [r["final"] for r in shown["recipients"]] == [r["final"] for r in recipients]
    assert [r["action"] for r in shown["recipients"]] == [r["recipient"] for r in recipients]
    assert [r.get("original") for r in shown["recipients"]] == [r.get("original") for r in recipients]


def main():
    report_tool, message_tool = sys.argv[1:3]
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "report.eml")
        for number in range(REPORTS):
            report, recipients, body = make(random.Random(number), number)
            whole = write(report_tool, report, recipients, body)
            path.write_bytes(whole)
            try:
                compare(report, recipients, body, whole)
                compare_ours(message_tool, path, report, recipients)
            except Exception:
                print(f"report {number}:\n{whole.decode(errors='replace')}")
                raise
    print(f"{REPORTS} reports read alike")


main()
