#!/usr/bin/env python3
"""Compares our MIME parser with Python's email package over messages.

    mime_differential.py MESSAGE_TOOL [FOLDER...]      (without a folder: test/data/mail)

Every file of the folders is read as one message by both. Compared are the tree of parts, media types, charsets,
file names, and each leaf's raw body, byte for byte. A difference is named after its cause where the cause is a
decision of ours (CLASSES below says which and why); any other is unexplained, is printed, and makes the exit status 1.
"""

import collections
import email
import email.policy
import json
import pathlib
import re
import subprocess
import sys

CLASSES = {
    "text instead of an empty multipart":
        "a multipart without boundary or parts is text/plain to us: somebody wants to read what is in it",
    "encoded message kept whole":
        "a message in base64 or quoted-printable (forbidden for rfc822, RFC 2046, 5.2.1) is a leaf to us, whose content is opened apart",
    "unreadable media type":
        "where Content-Type breaks the grammar we keep what can be read of it",
    "file name in an encoded word or raw 8-bit":
        "we decode RFC 2047 in parameters and guess raw 8-bit text, since that is how such names are written",
    "file name cleaned":
        "directories and control characters are no part of a file name (RFC 2183, 2.3)",
    "field name with blanks before the colon":
        "obsolete syntax (RFC 5322, 4.5), which ends the header for Python",
    "body of a report":
        "message/delivery-status is a leaf to us; Python takes its blocks for messages",
    "broken line in a header":
        "a line that is no field ends no header where a known field follows: it ends it for Python",
    "text behind a boundary":
        "a line need only begin with a boundary (RFC 2046, 5.1.1), and Dovecot and others read so: Python wants it to end there",
    "limit": "past a limit of ours the rest is opaque",
    "bare CR": "a bare CR ends a line for Python, and not for us nor for SMTP",
    "nested multiparts with one boundary":
        "a boundary belongs to the innermost open multipart to us, to the outermost for Python",
    "boundary that ends with two hyphens": "we look for the longest match, Python takes the first for a closing one",
    "empty part": "two boundaries in succession enclose an empty part to us, nothing for Python",
    "folded boundary": "a fold in a quoted boundary is no part of it (RFC 5322, 3.2.4), which Python compares literally",
    "other message types": "only rfc822 and global are messages to us; Python parses message/news, partial and so on",
    "last line end of an unclosed multipart":
        "without a closing boundary no line end belongs to one: Python takes one away all the same",
    "charset": "RFC 2231 forms and comments in charsets",
    "part without a blank line": "a part whose header meets the next boundary has an empty body for both, placed apart",
}


def ours(tool, files):
    out = subprocess.run([tool, "structure", *map(str, files)], stdout=subprocess.PIPE, check=True).stdout
    return [json.loads(line) for line in out.splitlines()]


def python_tree(message, depth=0):
    """The parts depth first, as (depth, part); reports' blocks left out."""
    yield depth, message
    if message.get_content_type() == "message/delivery-status":
        return
    if message.is_multipart():
        for part in message.get_payload():
            yield from python_tree(part, depth + 1)


def our_tree(structure):
    depths = []
    for part in structure["parts"]:
        depths.append(depths[part["parent"]] + 1 if part["parent"] >= 0 else 0)
        yield depths[-1], part


def leaf_bytes(part):
    payload = part._payload  # get_payload() would decode it
    if not isinstance(payload, str):
        return None
    return payload.encode("ascii", "surrogateescape")


def python_name(part):
    name = part.get_filename()
    return name if name else None


def name_with_blanks(raw):
    return re.search(rb"^[!-9;-~]+[ \t]+:", raw, re.MULTILINE) is not None


class Comparison:
    def __init__(self):
        self.found = collections.Counter()
        self.unexplained = []
        self.parts = 0
        self.trailed = False

    def differs(self, path, what, cause=None):
        if cause is None:
            self.unexplained.append(f"{path}: {what}")
        else:
            assert cause in CLASSES, cause
            self.found[cause] += 1

    def message(self, path, raw, structure):
        defects = {d for p in structure["parts"] for d in p["defects"]}
        self.trailed = any("follows a boundary" in d for d in defects)
        message = email.message_from_bytes(raw, policy=email.policy.compat32)
        theirs, mine = list(python_tree(message)), list(our_tree(structure))
        if [d for d, _ in theirs] != [d for d, _ in mine]:
            return self.differs(path, f"tree: {self.outline(theirs, mine)}", self.why_tree(raw, theirs, mine, defects))
        for number, ((_, their_part), (_, our_part)) in enumerate(zip(theirs, mine)):
            self.parts += 1
            self.part(f"{path} part {number}", raw, their_part, our_part)

    @staticmethod
    def outline(theirs, mine):
        return "%s\n    against %s" % (
            " ".join("%d:%s" % (d, p.get_content_type()) for d, p in theirs),
            " ".join("%d:%s/%s" % (d, p["type"], p["subtype"]) for d, p in mine))

    @staticmethod
    def why_tree(raw, theirs, mine, defects):
        if any("too many" in d or "too deeply" in d or "too long" in d for d in defects):
            return "limit"
        if b"\r" in raw.replace(b"\r\n", b""):
            return "bare CR"
        encoded = any(p["type"] == "message" and p["encoding"] in ("base64", "quoted-printable") for _, p in mine)
        if encoded or any("transfer-encoding" in d.lower() for d in defects):
            return "encoded message kept whole"
        if any("follows a boundary" in d for d in defects):
            return "text behind a boundary"
        if any("is not a field" in d for d in defects):
            return "broken line in a header"
        if any("content-type" in d.lower() for d in defects):
            return "unreadable media type"
        if any((p.get_boundary() or "").endswith("--") for _, p in theirs):
            return "boundary that ends with two hyphens"
        boundaries = [p.get_boundary() for _, p in theirs if p.get_boundary()]
        if len(set(boundaries)) < len(boundaries):
            return "nested multiparts with one boundary"
        if any("\n" in (p.get("Content-Type") or "").partition("boundary")[2].split(";")[0] for _, p in theirs):
            return "folded boundary"
        if any(p["type"] == "message" and p["subtype"] not in ("rfc822", "global") for _, p in mine):
            return "other message types"
        if any(p["size"] == 0 for _, p in mine):
            return "empty part"
        return "field name with blanks before the colon" if name_with_blanks(raw) else None

    def part(self, where, raw, theirs, mine):
        their_type, our_type = theirs.get_content_type(), f"{mine['type']}/{mine['subtype']}"
        defects = " ".join(mine["defects"])
        if their_type != our_type:
            cause = None
            if "read as text" in defects:
                cause = "text instead of an empty multipart"
            elif "Content-Type" in defects:
                cause = "unreadable media type"
            elif "is not a field" in defects:
                cause = "broken line in a header"
            elif self.trailed:
                cause = "text behind a boundary"
            self.differs(where, f"type {their_type} against {our_type}", cause)
        self.charset(where, theirs, mine)
        self.name(where, theirs, mine)
        body = leaf_bytes(theirs)
        if body is None or theirs.get_content_type() == "message/delivery-status":
            return
        our_body = raw[mine["bodyOffset"]:mine["bodyOffset"] + mine["size"]]
        if body == our_body or mine["type"] == "multipart":
            return
        cause = None
        if b"\r" in raw.replace(b"\r\n", b""):
            cause = "bare CR"
        elif our_body in (body + b"\n", body + b"\r\n") and mine["bodyOffset"] + mine["size"] == len(raw):
            cause = "last line end of an unclosed multipart"
        elif "is not a field" in defects:
            cause = "broken line in a header"
        elif self.trailed:
            cause = "text behind a boundary"
        elif not our_body:
            cause = "empty part"
        elif name_with_blanks(raw):
            cause = "field name with blanks before the colon"
        elif "too long" in defects or "too many" in defects:
            cause = "limit"
        elif "read as text" in defects:
            cause = "text instead of an empty multipart"
        elif body.strip() == our_body.strip() and "blank line" in defects:
            cause = "part without a blank line"
        self.differs(where, f"body {body[:60]!r} ({len(body)}) against {our_body[:60]!r} ({len(our_body)})", cause)

    def charset(self, where, theirs, mine):
        their_charset, our_charset = theirs.get_content_charset(), mine.get("charset")
        if (their_charset or "") != (our_charset or "").lower():
            cause = "charset" if not our_charset or not our_charset.isalnum() else None
            if mine["defects"]:
                cause = "unreadable media type"
            self.differs(where, f"charset {their_charset} against {our_charset}", cause)

    def name(self, where, theirs, mine):
        their_name, our_name = python_name(theirs), mine.get("fileName")
        if their_name == our_name:
            return
        cause = None
        try:
            text = their_name or ""
            if "=?" in text or not text.isascii() or not (our_name or "").isascii():
                cause = "file name in an encoded word or raw 8-bit"
            elif "/" in text or "\\" in text or not text.isprintable() or text.strip() != text:
                cause = "file name cleaned"
            elif mine["defects"]:
                cause = "unreadable media type"
        except (UnicodeError, TypeError):
            cause = "file name in an encoded word or raw 8-bit"
        self.differs(where, f"name {their_name!r} against {our_name!r}", cause)


def main():
    tool = sys.argv[1]
    default = pathlib.Path(__file__).resolve().parent.parent / "data" / "mail"
    folders = [pathlib.Path(f) for f in sys.argv[2:]] or [default]
    files = sorted(f for folder in folders for f in folder.rglob("*") if f.is_file())
    comparison = Comparison()
    for start in range(0, len(files), 200):
        some = files[start:start + 200]
        for path, structure in zip(some, ours(tool, some)):
            comparison.message(path, path.read_bytes(), structure)
    print(f"{len(files)} messages, {comparison.parts} parts compared")
    for cause, count in comparison.found.most_common():
        print(f"{count:6} {cause}: {CLASSES[cause]}")
    for line in comparison.unexplained:
        print("unexplained:", line)
    return 1 if comparison.unexplained or not files else 0


if __name__ == "__main__":
    sys.exit(main())
